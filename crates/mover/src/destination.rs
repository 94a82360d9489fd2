//! What a receiver asks of the disk, carried out.

mod checksum;
mod compare;
mod extras;
mod hard_links;
mod look;
mod settle;
mod spelling;
mod write;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    fs::File,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use bytes::Bytes;
use outport_link::BufferPool;
use outport_protocol::{
    orders::TransferOrders,
    session::{
        BufferId, Dir, Fault, Key,
        receiver::{ReceiverEffect, ReceiverEvent, Temp},
    },
};
use outport_types::{Name, TaskId};
use tokio_util::sync::CancellationToken;

use self::{checksum::Checksums, extras::Kept, look::Tellings, spelling::Spellings};
use crate::{
    digests::DigestCache,
    dirs::{OpenDirs, Side},
    journal_file::JournalFile,
    refused::Refused,
    resolver::Resolver,
    source::BUFFER_BYTES,
    stat::FileId,
    store::Store,
};

/// The receiver's side of this computer's disks. Shared by the threads of one session.
#[derive(Debug)]
pub(crate) struct Destination {
    store: Arc<dyn Store>,
    dirs: OpenDirs,
    task: TaskId,
    /// Whether what is written is read back later, by which a wrong piece is noticed just as well as
    /// on arrival: it is hashed once and not twice.
    reads_back: bool,
    stop: CancellationToken,
    pool: BufferPool,
    digests: Option<Arc<DigestCache>>,
    buffers: Mutex<HashMap<BufferId, Bytes>>,
    files: Mutex<OpenFiles>,
    /// Whose turn it is to write to a file, by entry; a few files share one.
    turns: [Mutex<()>; 64],
    checksums: Mutex<Checksums>,
    /// A handle on each file system that is written to, open since before the first write there:
    /// only so does a sync of the whole file system tell of every error.
    file_systems: Mutex<BTreeMap<u64, FileSystem>>,
    journal: Mutex<JournalFile>,
    /// What stands here and not at the source.
    extras: Mutex<Kept>,
    /// How far the one that is told now is told, in a preview or a check.
    telling: Mutex<Tellings>,
    /// Where the items of a transfer of several ended up: directories, and names in them.
    tops: Mutex<HashMap<(FileId, Option<Name>), Dir>>,
    /// Directories that this session made: nothing stands in them but what it put there.
    made: Mutex<HashSet<Key>>,
}

/// A file system that is written to.
#[derive(Clone, Debug)]
struct FileSystem {
    on_it: Arc<File>,
    /// Whether what was written is read back through the handle that wrote it.
    one_handle: bool,
    /// Whether room for a file is planned before it is written.
    plans_room: bool,
}

/// Temporary files that are open for writing, by entry. What is not among them is opened again.
#[derive(Debug, Default)]
struct OpenFiles {
    files: HashMap<u64, Arc<File>>,
    order: VecDeque<u64>,
}

impl Destination {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        resolver: Arc<Resolver>,
        task: TaskId,
        orders: Arc<TransferOrders>,
        journal: JournalFile,
        stop: CancellationToken,
    ) -> Self {
        Self {
            store,
            reads_back: orders.options.verify,
            dirs: OpenDirs::new(resolver, orders, Side::Destination),
            task,
            stop,
            pool: BufferPool::new(BUFFER_BYTES, FREE_BUFFERS_MAX),
            digests: None,
            buffers: Mutex::default(),
            files: Mutex::default(),
            turns: [const { Mutex::new(()) }; 64],
            checksums: Mutex::default(),
            file_systems: Mutex::default(),
            journal: Mutex::new(journal),
            extras: Mutex::default(),
            telling: Mutex::default(),
            tops: Mutex::default(),
            made: Mutex::default(),
        }
    }

    /// With digests of files that were read before.
    pub(crate) fn with_digests(mut self, digests: Arc<DigestCache>) -> Self {
        self.digests = Some(digests);
        self
    }

    /// Keeps the body of a data frame that arrived.
    pub(crate) fn keep(&self, buffer: BufferId, body: Bytes) {
        lock(&self.buffers).insert(buffer, body);
    }

    /// Lets go of the body of a data frame.
    pub(crate) fn forget(&self, buffer: BufferId) {
        lock(&self.buffers).remove(&buffer);
    }

    /// Carries out an effect on the calling thread; `None` for those that are not answered.
    pub(crate) fn carry_out(&self, effect: ReceiverEffect) -> Option<ReceiverEvent> {
        Some(match effect {
            ReceiverEffect::Compare { id, entries } => {
                let mut spellings = Spellings::default();
                let results = entries.iter().map(|entry| self.compare(&mut spellings, entry));
                ReceiverEvent::Compared {
                    id,
                    results: results.map(|result| result.map_err(Fault::from)).collect(),
                }
            }
            ReceiverEffect::Digest { id, place } => {
                ReceiverEvent::Digested { id, result: self.digest(&place).map_err(Fault::from) }
            }
            ReceiverEffect::CheckHeld { id, temp, blocks, sparse, nodes } => {
                let values = self.check_held(&temp, blocks, sparse, &nodes);
                ReceiverEvent::Hashed { id, values: values.unwrap_or(vec![None; nodes.len()]) }
            }
            ReceiverEffect::Create { id, temp, room } => {
                ReceiverEvent::Created { id, result: self.create(&temp, room).map_err(Fault::from) }
            }
            ReceiverEffect::Write { id, buffer, writes } => {
                ReceiverEvent::Written { id, results: self.write(buffer, &writes) }
            }
            ReceiverEffect::MakeHoles { id, temp, blocks, nodes } => {
                ReceiverEvent::HolesMade { id, results: self.make_holes(&temp, blocks, &nodes) }
            }
            ReceiverEffect::Forget { buffer } => {
                self.forget(buffer);
                return None;
            }
            ReceiverEffect::SyncFiles { id, files } => self.sync_files(id, &files),
            ReceiverEffect::ReadBack { id, parts } => {
                ReceiverEvent::ReadBack { id, agree: self.read_back(&parts) }
            }
            ReceiverEffect::AppendJournal { id, bytes } => {
                let result = lock(&self.journal).append(&bytes).map_err(Refused::from);
                ReceiverEvent::Done { id, result: result.map_err(Fault::from) }
            }
            ReceiverEffect::Place { id, files } => {
                ReceiverEvent::Placed { id, results: self.place(&files) }
            }
            ReceiverEffect::HardLink { id, links } => {
                let results = links.iter().map(|link| self.hard_link(link)).collect();
                ReceiverEvent::HardLinked { id, results }
            }
            ReceiverEffect::SyncDirs { id, dirs } => {
                ReceiverEvent::Done { id, result: self.sync_dirs(&dirs).map_err(Fault::from) }
            }
            ReceiverEffect::FindExtras { id, dir, names } => {
                let result = match self.find_extras(&dir, &names) {
                    // What was not made for a look holds nothing.
                    Err(Refused::NotFound) if self.looks() => Ok(0),
                    found => found.map_err(Fault::from),
                };
                ReceiverEvent::ExtrasFound { id, result }
            }
            ReceiverEffect::RemoveExtras { id, time } => self.remove_extras(id, time),
            ReceiverEffect::SeeExtras { id } => self.see_extras(id),
            ReceiverEffect::FinishDirs { id, dirs } => {
                ReceiverEvent::DirsFinished { id, results: self.finish_dirs(&dirs) }
            }
            ReceiverEffect::Sweep { id } => {
                ReceiverEvent::Done { id, result: self.sweep().map_err(Fault::from) }
            }
        })
    }

    /// Whether an effect brings to the disk what was written: that waits long, and must not keep
    /// writes from going on.
    pub(crate) fn is_slow(effect: &ReceiverEffect) -> bool {
        match effect {
            ReceiverEffect::SyncFiles { .. }
            | ReceiverEffect::ReadBack { .. }
            | ReceiverEffect::AppendJournal { .. }
            | ReceiverEffect::Place { .. }
            | ReceiverEffect::SyncDirs { .. }
            | ReceiverEffect::FinishDirs { .. }
            | ReceiverEffect::RemoveExtras { .. }
            | ReceiverEffect::Sweep { .. } => true,
            ReceiverEffect::Compare { .. }
            | ReceiverEffect::FindExtras { .. }
            | ReceiverEffect::SeeExtras { .. }
            | ReceiverEffect::Digest { .. }
            | ReceiverEffect::CheckHeld { .. }
            | ReceiverEffect::Create { .. }
            | ReceiverEffect::Write { .. }
            | ReceiverEffect::MakeHoles { .. }
            | ReceiverEffect::HardLink { .. }
            | ReceiverEffect::Forget { .. } => false,
        }
    }

    /// What resolves the paths of this side.
    pub(crate) fn resolver(&self) -> &Arc<Resolver> {
        self.dirs.resolver()
    }

    /// Lets go of all open files and directories, because the rules changed.
    pub(crate) fn close_all(&self) {
        self.dirs.forget();
        *lock(&self.files) = OpenFiles::default();
    }

    fn keep_open(&self, file: u64, handle: File) -> Arc<File> {
        let handle = Arc::new(handle);
        let mut open = lock(&self.files);
        if open.files.insert(file, handle.clone()).is_none() {
            open.order.push_back(file);
        }
        while open_files_max() < open.order.len() {
            if let Some(oldest) = open.order.pop_front() {
                open.files.remove(&oldest);
            }
        }
        handle
    }

    /// The open handle of a temporary file, opened again when it was closed meanwhile.
    fn handle(&self, temp: &Temp) -> Result<Arc<File>, Refused> {
        if let Some(open) = lock(&self.files).files.get(&temp.file) {
            return Ok(open.clone());
        }
        let (directory, _) = self.dirs.place(&temp.place)?;
        let file = self.store.reopen(&directory, &temp.name, true)?;
        Ok(self.keep_open(temp.file, file))
    }

    fn close(&self, files: &BTreeSet<u64>) {
        let mut open = lock(&self.files);
        open.files.retain(|file, _| !files.contains(file));
        open.order.retain(|file| !files.contains(file));
    }

    fn unless_stopped(&self) -> Result<(), Refused> {
        if self.stop.is_cancelled() { Err(Refused::Stopped) } else { Ok(()) }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many temporary files one session keeps open: all that are not finished, where the system lets
/// a program have that many, and a quarter of what it lets it have elsewhere. To open one again costs
/// as much as to write it.
fn open_files_max() -> usize {
    static MAX: OnceLock<usize> = OnceLock::new();
    *MAX.get_or_init(|| (files_max() / 4).clamp(OPEN_FILES_MIN, OPEN_FILES_MAX))
}

#[cfg(unix)]
fn files_max() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

/// Windows has no such limit.
#[cfg(windows)]
const fn files_max() -> usize {
    usize::MAX
}

/// Systems let a program have 256 files open at least.
const OPEN_FILES_MIN: usize = 64;
/// As many small files as one session has between arrival and their final names.
const OPEN_FILES_MAX: usize = 8192;
/// Unused buffers kept for reading back.
const FREE_BUFFERS_MAX: usize = 4;
