//! The file that a journal is, and the reports in it.

use std::{
    collections::BTreeSet,
    fs::{File, OpenOptions},
    io::{self, BufReader, Read, Write as _},
    path::{Path, PathBuf},
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

use outport_protocol::journal::{
    Outline, ReadError, Reader, Record, RecoverError, Recovered, Way, encode_start,
};
use outport_types::TaskId;

/// The open journal of one task. Nobody else may write it meanwhile.
#[derive(Debug)]
pub struct JournalFile {
    file: File,
    path: PathBuf,
    task: TaskId,
    orders: [u8; 32],
    bytes: u64,
    /// Set when the file may hold more than it should and that could not be undone.
    damaged: bool,
    _claim: Claim,
}

/// The right of one session of this program to use a journal: threads of an earlier one that still
/// wait for a disk hold it until they are done.
#[derive(Debug)]
struct Claim(PathBuf);

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The disk fails.
    #[error("the journal {path} cannot be used")]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An earlier session of the task is still at work.
    #[error("an earlier session still waits for a disk and holds the journal {path}")]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// What is in it is not of this task, or of a version that is not known.
    #[error("the journal {path} cannot be gone on from")]
    Recover {
        /// The file.
        path: PathBuf,
        /// Why.
        source: RecoverError,
    },
}

impl JournalFile {
    /// Opens the journal of a task, or makes it; what it says of earlier sessions comes with it.
    ///
    /// When this returns, the file and its beginning are durable and its torn end is gone.
    ///
    /// # Errors
    /// When the disk fails, or the file is another task's.
    pub fn open(
        path: &Path,
        task: TaskId,
        orders: [u8; 32],
    ) -> Result<(Self, Recovered), JournalError> {
        let whose = (task, orders);
        Self::open_by(path, whose, |input| Recovered::read(input, task, orders), Recovered::outline)
    }

    /// The same for who does not go on from there: nothing of single files is kept in memory.
    ///
    /// # Errors
    /// The same.
    pub fn open_outline(
        path: &Path,
        task: TaskId,
        orders: [u8; 32],
    ) -> Result<(Self, Outline), JournalError> {
        let whose = (task, orders);
        Self::open_by(path, whose, |input| Outline::read(input, task, orders), |outline| outline)
    }

    fn open_by<R>(
        path: &Path,
        (task, orders): (TaskId, [u8; 32]),
        read: impl FnOnce(BufReader<&File>) -> Result<R, RecoverError>,
        outline: impl FnOnce(&R) -> &Outline,
    ) -> Result<(Self, R), JournalError> {
        let claim = Claim::wait(path).ok_or_else(|| JournalError::Busy { path: path.into() })?;
        let disk = |source| JournalError::Disk { path: path.into(), source };
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        private(&mut options);
        let mut file = options.open(path).map_err(disk)?;
        let found = read(BufReader::with_capacity(READ_BUFFER_BYTES, &file))
            .map_err(|source| JournalError::Recover { path: path.into(), source })?;
        let outline = outline(&found);
        let mut begin = || -> io::Result<u64> {
            file.set_len(outline.valid_bytes())?;
            file.write_all(outline.start())?;
            file.sync_all()?;
            sync_parent(path)?;
            Ok(outline.valid_bytes() + outline.start().len() as u64)
        };
        let bytes = begin().map_err(disk)?;
        let path = path.into();
        Ok((Self { file, path, task, orders, bytes, damaged: false, _claim: claim }, found))
    }

    /// Appends records, durable when this returns; when it fails the journal is as it was.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn append(&mut self, records: &[u8]) -> io::Result<()> {
        if self.damaged {
            return Err(io::Error::other("an earlier failure could not be undone"));
        }
        match self.file.write_all(records).and_then(|()| self.file.sync_data()) {
            Ok(()) => {
                self.bytes += records.len() as u64;
                Ok(())
            }
            Err(error) => {
                let undone = self.file.set_len(self.bytes).and_then(|()| self.file.sync_all());
                self.damaged = undone.is_err();
                Err(error)
            }
        }
    }

    /// Tells every directory in which temporary files may stand; for an item that is a file, the
    /// item itself.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub(crate) fn touched(&self) -> Result<Touched, ReadError> {
        let file = File::open(&self.path)?;
        let input = BufReader::with_capacity(READ_BUFFER_BYTES, file.take(self.bytes));
        Ok(Touched(Reader::new(input)))
    }

    /// Follows the reports of this journal.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn reports(&self) -> io::Result<ReportTail> {
        ReportTail::open(&self.path, self.task, self.orders)
    }
}

/// The directories that a journal names.
pub(crate) struct Touched(Reader<BufReader<io::Take<File>>>);

impl Iterator for Touched {
    type Item = Result<(Way, bool), ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.0.next_record() {
                Ok(Some(Record::Touched { dir, above })) => return Some(Ok((dir, above))),
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Reads the reports of a journal that may still grow, in order, each once.
#[derive(Debug)]
pub struct ReportTail {
    path: PathBuf,
    start: Vec<u8>,
    /// How much of the file has been read.
    at: u64,
    /// The number of the last report that was read.
    number: u64,
}

impl ReportTail {
    /// Begins at the first report of a journal.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path, task: TaskId, orders: [u8; 32]) -> io::Result<Self> {
        File::open(path)?;
        let start = encode_start(task, orders);
        Ok(Self { path: path.into(), at: start.len() as u64, start, number: 0 })
    }

    /// The next reports after number `after` and up to number `last`, at most `max`, each with its
    /// number. Only what the journal's owner called durable may be asked for.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn next(
        &mut self,
        after: u64,
        last: u64,
        max: usize,
    ) -> Result<Vec<(u64, Record)>, ReadError> {
        let mut reports = Vec::new();
        if last <= self.number {
            return Ok(reports);
        }
        let mut file = File::open(&self.path)?;
        io::Seek::seek(&mut file, io::SeekFrom::Start(self.at))?;
        // Each time the reader sees the beginning of a journal, and then goes on where it was.
        let whole = io::Cursor::new(&self.start).chain(file);
        let mut reader = Reader::new(BufReader::with_capacity(READ_BUFFER_BYTES, whole));
        reader.next_record()?;
        while self.number < last && reports.len() < max {
            let Some(record) = reader.next_record()? else {
                break;
            };
            if record.is_report() {
                self.number += 1;
                if after < self.number {
                    reports.push((self.number, record));
                }
            }
        }
        self.at += reader.valid_bytes().saturating_sub(self.start.len() as u64);
        Ok(reports)
    }
}

impl Claim {
    /// Waits until no other session uses the journal; `None` when that takes too long.
    fn wait(path: &Path) -> Option<Self> {
        let claimed = CLAIMED.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut claimed, waited) = CLAIMED
            .1
            .wait_timeout_while(claimed, CLAIM_TIMEOUT, |claimed| claimed.contains(path))
            .unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return None;
        }
        claimed.insert(path.into());
        Some(Self(path.into()))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        CLAIMED.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
        CLAIMED.1.notify_all();
    }
}

static CLAIMED: (Mutex<BTreeSet<PathBuf>>, Condvar) = (Mutex::new(BTreeSet::new()), Condvar::new());
/// How long a new session waits for an old one of its task to let go.
const CLAIM_TIMEOUT: Duration = Duration::from_secs(30);

/// Makes the name of a new file durable.
fn sync_parent(path: &Path) -> io::Result<()> {
    if cfg!(unix)
        && let Some(parent) = path.parent()
    {
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

#[cfg(windows)]
fn private(_: &mut OpenOptions) {}

/// Records are small; a journal of a million files is 200 MB.
const READ_BUFFER_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use outport_protocol::{journal::encode_record, session::Fault};
    use outport_types::{Code, EventCode, UnixTime};

    use super::*;
    use crate::testing::World;

    #[test]
    fn a_journal_goes_on_after_a_torn_end() {
        let world = World::new();
        let path = world.top.join("journal");
        let task = TaskId::from_bytes([3; 16]);
        let (mut journal, recovered) = JournalFile::open(&path, task, [7; 32]).unwrap();
        assert_eq!(recovered.outline().reports(), 0);
        journal.append(&event()).unwrap();
        journal.append(&event()).unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();

        let (mut journal, recovered) = JournalFile::open(&path, task, [7; 32]).unwrap();
        assert_eq!(recovered.outline().reports(), 1);
        journal.append(&event()).unwrap();
        drop(journal);
        let (journal, recovered) = JournalFile::open(&path, task, [7; 32]).unwrap();
        assert_eq!(recovered.outline().reports(), 2);
        drop(journal);
        let other = JournalFile::open(&path, task, [8; 32]);
        assert!(matches!(other, Err(JournalError::Recover { .. })));
    }

    #[test]
    fn reports_are_followed_while_the_journal_grows() {
        let world = World::new();
        let path = world.top.join("journal");
        let (mut journal, _) =
            JournalFile::open(&path, TaskId::from_bytes([3; 16]), [7; 32]).unwrap();
        let mut tail = journal.reports().unwrap();
        let mut numbers = |after, last, max| -> Vec<u64> {
            tail.next(after, last, max).unwrap().iter().map(|(number, _)| *number).collect()
        };
        assert!(numbers(0, 0, 10).is_empty());
        for _ in 0..5 {
            journal.append(&event()).unwrap();
        }
        assert_eq!(numbers(0, 2, 10), [1, 2]);
        assert_eq!(numbers(0, 5, 2), [3, 4]);
        journal.append(&event()).unwrap();
        assert_eq!(numbers(5, 6, 10), [6]);
        assert!(numbers(6, 6, 10).is_empty());
    }

    fn event() -> Vec<u8> {
        let record = Record::Event {
            code: EventCode::PermissionDenied,
            time: UnixTime::from_seconds(5),
            entry: Way { item: 0, names: Vec::new() },
            at_destination: false,
            fault: Fault::never(Code::NotShared, ""),
        };
        let mut bytes = Vec::new();
        encode_record(&record, &mut bytes);
        bytes
    }
}
