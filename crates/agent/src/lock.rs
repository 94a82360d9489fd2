//! One agent per profile, on shared home directories too.
//!
//! 1. The lock file is locked through the operating system, which lets go of it when a process ends
//!    however it ends. On one computer that decides.
//! 2. Some network file systems lock on one computer only, or not at all. So the holder also writes
//!    who it is beside the lock, and again every [`BEAT_EVERY`]. A holder on another computer whose
//!    last beat is younger than [`BEAT_AGE_MAX`] is alive. Ages are measured by the file system's
//!    clock, through a file of our own, because the clocks of two computers differ.
//! 3. Two that start in the same instant both write; a beat that finds another name in the file knows
//!    that it has lost.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use outport_control::Paths;
use outport_types::{Code, Problem};
use serde::{Deserialize, Serialize};

use crate::files::{Readers, read_bounded, write_atomic};

/// The right to be the agent of a profile; ends when it is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct ProfileLock {
    _file: File,
    holder_file: PathBuf,
    holder: Holder,
}

/// Who holds a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The computer.
    pub host: String,
    /// The process on it.
    pub pid: u32,
    /// A number that no other start has.
    start: String,
}

/// Why a profile could not be taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another agent has it.
    #[error("an agent for this profile runs already on {} (process {})", holder.host, holder.pid)]
    Held {
        /// Which one.
        holder: Holder,
    },
    /// The lock cannot be used.
    #[error("cannot use the lock in `{}`", dir.display())]
    Io {
        /// Where.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl LockError {
    /// What a person is told.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Held { holder } => Problem::new(
                Code::AgentRunning,
                [("host", holder.host.as_str().into()), ("pid", u64::from(holder.pid).into())],
            ),
            Self::Io { dir, source } => Problem::new(
                Code::StateUnusable,
                [("path", dir.display().to_string().into()), ("reason", source.to_string().into())],
            ),
        }
    }
}

impl ProfileLock {
    /// Takes the profile.
    pub(crate) fn take(paths: &Paths) -> Result<Self, LockError> {
        Self::take_as(&paths.state_dir, &this_host(), BEAT_AGE_MAX)
    }

    fn take_as(dir: &Path, host: &str, age_max: Duration) -> Result<Self, LockError> {
        let failed = |source| LockError::Io { dir: dir.to_owned(), source };
        let holder_file = dir.join(HOLDER_FILE);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(dir.join(LOCK_FILE))
            .map_err(failed)?;
        let locked_here = match try_lock(&file) {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => {
                let holder = read_holder(&holder_file).unwrap_or_else(Holder::unknown);
                return Err(LockError::Held { holder });
            }
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => false,
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        };
        if let Some(holder) = read_holder(&holder_file) {
            // The system's lock tells about this computer; only without it does the beat count here.
            let elsewhere = holder.host != host || !locked_here;
            if elsewhere && age(&holder_file, dir).map_err(failed)? < age_max {
                return Err(LockError::Held { holder });
            }
        }
        let holder =
            Holder { host: host.to_owned(), pid: std::process::id(), start: start_number() };
        let lock = Self { _file: file, holder_file, holder };
        lock.write().map_err(failed)?;
        Ok(lock)
    }

    /// Says that the holder is alive; who holds it now, when it was lost to another.
    pub(crate) fn beat(&self) -> io::Result<Option<Holder>> {
        match read_holder(&self.holder_file) {
            Some(holder) if holder != self.holder => Ok(Some(holder)),
            Some(_) | None => {
                self.write()?;
                Ok(None)
            }
        }
    }

    fn write(&self) -> io::Result<()> {
        let text = serde_json::to_vec(&self.holder).map_err(io::Error::other)?;
        write_atomic(&self.holder_file, &text, Readers::Usual)
    }
}

impl Drop for ProfileLock {
    fn drop(&mut self) {
        if read_holder(&self.holder_file).as_ref() == Some(&self.holder) {
            fs::remove_file(&self.holder_file).ok();
        }
    }
}

/// Who holds the profile, as far as can be told without taking it. One that was killed on this computer
/// holds it no more, though its name still stands there.
pub fn holder(paths: &Paths) -> Option<Holder> {
    holder_as(&paths.state_dir, &this_host())
}

fn holder_as(dir: &Path, host: &str) -> Option<Holder> {
    let file = dir.join(HOLDER_FILE);
    let holder = read_holder(&file)?;
    if holder.host == host && is_let_go_of(dir) {
        return None;
    }
    (age(&file, dir).ok()? < BEAT_AGE_MAX).then_some(holder)
}

/// Whether the system says that no process of this computer has the lock.
fn is_let_go_of(dir: &Path) -> bool {
    File::open(dir.join(LOCK_FILE)).is_ok_and(|file| file.try_lock_shared().is_ok())
}

/// Takes the lock, unless an agent has it: who only asks for it ([`is_let_go_of`]) has it for an instant.
fn try_lock(file: &File) -> Result<(), TryLockError> {
    for _ in 1..LOCK_TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            tried => return tried,
        }
    }
    file.try_lock()
}

fn this_host() -> String {
    hostname::get()
        .map_or_else(|_| "unknown".to_owned(), |name| name.to_string_lossy().into_owned())
}

impl Holder {
    fn unknown() -> Self {
        Self { host: "this computer".to_owned(), pid: 0, start: String::new() }
    }
}

fn read_holder(file: &Path) -> Option<Holder> {
    let content = read_bounded(file, HOLDER_BYTES_MAX).ok()??;
    serde_json::from_slice(&content).ok()
}

/// How old a file is by the clock that its file system stamps files with.
fn age(file: &Path, dir: &Path) -> io::Result<Duration> {
    let stamped = match fs::metadata(file) {
        Ok(metadata) => metadata.modified()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Duration::MAX),
        Err(error) => return Err(error),
    };
    let probe = dir.join(format!(".clock.{}", std::process::id()));
    let now = (|| {
        fs::write(&probe, b"?")?;
        fs::metadata(&probe)?.modified()
    })();
    fs::remove_file(&probe).ok();
    let now: SystemTime = now?;
    Ok(now.duration_since(stamped).unwrap_or_default())
}

fn start_number() -> String {
    format!("{:032x}", fastrand::u128(..))
}

/// How often the holder says that it is alive.
pub(crate) const BEAT_EVERY: Duration = Duration::from_secs(15);
/// Four beats may be lost before a holder on another computer is taken for dead.
const BEAT_AGE_MAX: Duration = Duration::from_secs(60);
/// Tries before a lock is taken for an agent's.
const LOCK_TRIES: u32 = 5;
const LOCK_PAUSE: Duration = Duration::from_millis(10);
const LOCK_FILE: &str = "agent.lock";
const HOLDER_FILE: &str = "agent.holder";
/// A host name and two numbers.
const HOLDER_BYTES_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_agent_is_refused_with_the_name_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let first = ProfileLock::take_as(dir.path(), "node1", BEAT_AGE_MAX).unwrap();
        let refused = ProfileLock::take_as(dir.path(), "node1", BEAT_AGE_MAX).unwrap_err();
        let problem = refused.problem();
        assert_eq!(problem.code, Code::AgentRunning);
        assert!(problem.message.contains("node1"), "{problem}");
        assert!(problem.message.contains(&std::process::id().to_string()), "{problem}");
        drop(first);
        assert!(ProfileLock::take_as(dir.path(), "node1", BEAT_AGE_MAX).is_ok());
    }

    #[test]
    fn a_holder_on_another_computer_counts_as_long_as_it_beats() {
        let dir = tempfile::tempdir().unwrap();
        let left_behind = Holder { host: "node1".to_owned(), pid: 7, start: "x".to_owned() };
        let file = dir.path().join("agent.holder");
        fs::write(&file, serde_json::to_vec(&left_behind).unwrap()).unwrap();
        let refused = ProfileLock::take_as(dir.path(), "node2", BEAT_AGE_MAX).unwrap_err();
        assert!(matches!(refused, LockError::Held { holder } if holder.host == "node1"));
        // On its own computer the system's lock says that it is dead.
        drop(ProfileLock::take_as(dir.path(), "node1", BEAT_AGE_MAX).unwrap());
        fs::write(&file, serde_json::to_vec(&left_behind).unwrap()).unwrap();
        assert!(ProfileLock::take_as(dir.path(), "node2", Duration::ZERO).is_ok());
    }

    #[test]
    fn one_that_was_killed_on_this_computer_is_no_holder_whatever_its_name_says() {
        let dir = tempfile::tempdir().unwrap();
        let lock = ProfileLock::take_as(dir.path(), "node1", BEAT_AGE_MAX).unwrap();
        let name = fs::read(dir.path().join(HOLDER_FILE)).unwrap();
        assert_eq!(holder_as(dir.path(), "node1").as_ref(), Some(&lock.holder));
        assert_eq!(holder_as(dir.path(), "node1").as_ref(), Some(&lock.holder), "asking is all");
        drop(lock);
        fs::write(dir.path().join(HOLDER_FILE), name).unwrap();
        assert_eq!(holder_as(dir.path(), "node1"), None);
        assert!(holder_as(dir.path(), "node2").is_some(), "elsewhere its last beat counts");
    }

    #[test]
    fn who_asks_for_the_holder_keeps_nobody_from_starting() {
        let dir = tempfile::tempdir().unwrap();
        drop(ProfileLock::take_as(dir.path(), "node1", BEAT_AGE_MAX).unwrap());
        let asking = File::open(dir.path().join(LOCK_FILE)).unwrap();
        asking.try_lock_shared().unwrap();
        std::thread::scope(|scope| {
            let taking =
                scope.spawn(|| ProfileLock::take_as(dir.path(), "node1", BEAT_AGE_MAX).is_ok());
            drop(asking);
            assert!(taking.join().unwrap());
        });
    }

    #[test]
    fn who_loses_the_race_learns_it_with_the_next_beat() {
        let dir = tempfile::tempdir().unwrap();
        let lock = ProfileLock::take_as(dir.path(), "node1", BEAT_AGE_MAX).unwrap();
        assert_eq!(lock.beat().unwrap(), None);
        let winner = Holder { host: "node2".to_owned(), pid: 7, start: "x".to_owned() };
        let file = dir.path().join("agent.holder");
        fs::write(&file, serde_json::to_vec(&winner).unwrap()).unwrap();
        assert_eq!(lock.beat().unwrap(), Some(winner));
        drop(lock);
        assert!(file.exists(), "the winner's name stays");
    }
}
