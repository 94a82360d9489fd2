//! What a journal says about earlier sessions of its task, small enough to be kept in memory.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io::Read,
};

use outport_types::{Digest, Finding, TaskId};

use super::{
    encode_start,
    reader::{ReadError, Reader},
    record::{Record, Way},
};
use crate::{
    blocks::HeldNode,
    report::Counts,
    session::{FileStamp, Key, Naming, VersionToken},
};

/// How far a journal goes, whatever it says of single files.
#[derive(Debug, Default)]
pub struct Outline {
    start: Option<Vec<u8>>,
    valid_bytes: u64,
    reports: u64,
    finished: Option<bool>,
}

/// What a journal says about earlier sessions of its task.
///
/// A finished file costs 32 bytes and its share of a hash table: a million stay below 80 MB. One that
/// has another name than its own costs 20 more.
#[derive(Debug, Default)]
pub struct Recovered {
    pub(crate) outline: Outline,
    pub(crate) held: HashMap<Key, HeldFile>,
    pub(crate) placing: HashMap<Key, PlacingFile>,
    done: HashMap<Key, DoneFile>,
    /// Files that have, or are about to have, another name than their own.
    naming: HashMap<Key, Naming>,
    pub(crate) skipped: HashSet<Key>,
    /// What a preview or a check has listed.
    pub(crate) listed: HashMap<Key, Finding>,
    pub(crate) touched: HashSet<Key>,
    /// What was done, as far as it is known after a restart.
    pub(crate) counts: Counts,
}

/// A file that was brought to its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct DoneFile {
    check: u64,
    size: u64,
}

/// Blocks of an unfinished file that were durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldFile {
    /// Which version of the file.
    pub token: VersionToken,
    /// Its size.
    pub size: u64,
    /// The temporary file.
    pub temp: FileStamp,
    /// The blocks, by their first.
    pub nodes: BTreeMap<u32, HeldNode>,
}

/// A file that was whole and about to be renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacingFile {
    /// Which version of the file.
    pub token: VersionToken,
    /// The temporary file.
    pub temp: FileStamp,
    /// The digest.
    pub digest: Digest,
}

/// Why a journal cannot be gone on from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecoverError {
    /// It cannot be read.
    #[error("the journal cannot be read")]
    Read(#[from] ReadError),
    /// It is of another task, or of other orders.
    #[error("the journal belongs to another task")]
    Other,
}

impl Outline {
    /// Reads the journal of a task; an empty or torn one counts as far as it goes.
    ///
    /// # Errors
    /// When the disk fails, or the journal is of another version, task or orders.
    pub fn read(input: impl Read, task: TaskId, orders: [u8; 32]) -> Result<Self, RecoverError> {
        Self::read_all(input, task, orders, drop)
    }

    fn read_all(
        input: impl Read,
        task: TaskId,
        orders: [u8; 32],
        mut take: impl FnMut(Record),
    ) -> Result<Self, RecoverError> {
        let mut reader = Reader::new(input);
        match reader.next_record()? {
            Some(Record::Header { task: of, orders: digest, .. }) => {
                if (of, digest) != (task, orders) {
                    return Err(RecoverError::Other);
                }
            }
            Some(_) | None => return Ok(Self::new(task, orders)),
        }
        let mut outline = Self::default();
        while let Some(record) = reader.next_record()? {
            outline.reports += u64::from(record.is_report());
            if let Record::Finished { failure, .. } = &record {
                outline.finished = Some(failure.is_none());
            }
            take(record);
        }
        outline.valid_bytes = reader.valid_bytes();
        Ok(outline)
    }

    fn new(task: TaskId, orders: [u8; 32]) -> Self {
        Self { start: Some(encode_start(task, orders)), ..Self::default() }
    }

    /// What must be written first: cut the journal to [`Outline::valid_bytes`], append this, then
    /// flush the file and the directory that holds it, always: a process that was killed may have
    /// left records that never reached the disk, and they count from now on.
    pub fn start(&self) -> &[u8] {
        self.start.as_deref().unwrap_or_default()
    }

    /// How much of the file is a journal.
    pub fn valid_bytes(&self) -> u64 {
        self.valid_bytes
    }

    /// The number of the last report in it.
    pub fn reports(&self) -> u64 {
        self.reports
    }

    /// Whether the work is over, and whether all of it succeeded.
    pub fn finished(&self) -> Option<bool> {
        self.finished
    }
}

impl Recovered {
    /// Nothing is known: a new journal begins with [`Outline::start`].
    pub fn new(task: TaskId, orders: [u8; 32]) -> Self {
        Self { outline: Outline::new(task, orders), ..Self::default() }
    }

    /// Reads the journal of a task, as [`Outline::read`] does.
    ///
    /// # Errors
    /// The same.
    pub fn read(input: impl Read, task: TaskId, orders: [u8; 32]) -> Result<Self, RecoverError> {
        let mut recovered = Self::default();
        let outline = Outline::read_all(input, task, orders, |record| recovered.take(record))?;
        Ok(Self { outline, ..recovered })
    }

    /// How far the journal goes.
    pub fn outline(&self) -> &Outline {
        &self.outline
    }

    /// Whether an earlier session worked on the task.
    pub fn is_resumed(&self) -> bool {
        self.outline.start.is_none()
    }

    /// What was counted, as far as the journal knows.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// How many files are done.
    pub fn done_files(&self) -> usize {
        self.done.len()
    }

    /// Whether this version of a file was brought to its destination and still stands there.
    pub(crate) fn is_done(&self, key: &Key, token: VersionToken, stamp: &FileStamp) -> bool {
        self.done.get(key).is_some_and(|done| done.check == stamp.check(&token.0))
    }

    /// Forgets a file that was brought to its destination, and says how large it was.
    pub(crate) fn forget_done(&mut self, key: &Key) -> Option<u64> {
        let done = self.done.remove(key)?;
        // What was asked for is not asked for again, and by the time that all files are known, which
        // takes the most memory, this is to take none.
        if DONE_KEPT_MIN < self.done.capacity() && self.done.len() < self.done.capacity() / 4 {
            self.done.shrink_to(2 * self.done.len());
        }
        Some(done.size)
    }

    /// Whether any version of a file was brought to its destination.
    pub(crate) fn was_done(&self, key: &Key) -> bool {
        self.done.contains_key(key)
    }

    /// Which name an earlier session gave to a file, or was about to.
    pub(crate) fn naming(&self, key: &Key) -> Naming {
        self.naming.get(key).copied().unwrap_or_default()
    }

    fn learn_name(&mut self, key: Key, naming: Naming) {
        if naming.is_own() {
            self.naming.remove(&key);
        } else {
            self.naming.insert(key, naming);
        }
    }

    fn take(&mut self, record: Record) {
        match record {
            Record::Header { .. } => {}
            Record::Touched { dir, above } => {
                self.touched.insert(dir.dir_key(above));
            }
            Record::Held { file, token, size, temp, nodes } => {
                let held = HeldFile { token, size, temp, nodes: BTreeMap::new() };
                let slot = self.held.entry(file.key()).or_insert_with(|| held.clone());
                if (slot.token, slot.size) != (token, size) || !slot.temp.is_same_file(&temp) {
                    *slot = held; // another version or another temporary file
                }
                slot.temp = temp;
                slot.nodes.extend(nodes.into_iter().map(|node| (node.id.first, node)));
            }
            Record::Placing { file, token, temp, digest, naming } => {
                let key = file.key();
                self.learn_name(key, naming);
                self.held.remove(&key);
                self.placing.insert(key, PlacingFile { token, temp, digest });
            }
            Record::Done { file, token, stamp, naming, .. } => {
                let key = file.key();
                self.learn_name(key, naming);
                self.held.remove(&key);
                self.placing.remove(&key);
                let done = DoneFile { check: stamp.check(&token.0), size: stamp.size };
                // The same file in another version takes the place of the first.
                let before = self.done.insert(key, done);
                self.counts.files_done += u64::from(before.is_none());
                let gone = before.map_or(0, |before| before.size);
                let bytes = self.counts.bytes_done.saturating_sub(gone);
                self.counts.bytes_done = bytes.saturating_add(stamp.size);
            }
            Record::Skipped { entry, .. } => {
                self.skipped.insert(entry.key());
            }
            Record::Event { .. } => {}
            Record::Difference { entry, finding, .. } => {
                self.listed.insert(entry.key(), finding);
            }
            Record::Sums { bytes_received, faults, deleted } => {
                self.counts.bytes_received = bytes_received;
                self.counts.faults = faults;
                self.counts.deleted = deleted;
            }
            Record::Finished { counts, .. } => self.counts = counts,
        }
    }
}

impl Way {
    /// The key that the session's places have.
    pub fn key(&self) -> Key {
        Key::of_way(self.item, &self.names)
    }

    fn dir_key(&self, above: bool) -> Key {
        if above { Key::above(self.item) } else { self.key() }
    }
}

/// So few places in the table of finished files are not worth a change.
const DONE_KEPT_MIN: usize = 4096;
