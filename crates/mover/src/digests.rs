//! Digests of files that were read before, so that comparing a tree again costs no reading.
//!
//! A table of fixed size in a file of the agent. A digest stands there under a hash of device,
//! inode, size, modification time and change time, as the open handle said them before and after
//! the file was read; the change time is among them because a program can set the other one. Each
//! slot has a check of its own, so what a crash tore is a digest that is not known, and the table
//! is never flushed.
//!
//! A file that changed within the last moments is not entered: it could change again within the
//! same tick of the file system's clock, and look the same.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
    time::{Duration, SystemTime},
};

use outport_types::Digest;

use crate::{
    stat::{Stat, system_time},
    store::{Disk, Store as _},
};

/// Digests of files that were read before.
#[derive(Debug)]
pub struct DigestCache {
    file: File,
    settled: Duration,
}

impl DigestCache {
    /// Opens the table of an agent, or begins a new one.
    ///
    /// # Errors
    /// When it can be neither opened nor made.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::with_settled(path, SETTLED)
    }

    fn with_settled(path: &Path, settled: Duration) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self { file: options.open(path)?, settled })
    }

    /// The digest of a file, if it was read in this state before.
    pub(crate) fn get(&self, stat: &Stat) -> Option<Digest> {
        let key = stat.meta().token.0;
        let mut set = [0; SET_BYTES];
        let read = Disk.read_at(&self.file, &mut set, place(&key)).ok()?;
        set[..read].chunks_exact(SLOT_BYTES).find_map(|slot| of_slot(slot, &key))
    }

    /// Remembers the digest of a file that was read from its beginning to its end in this state.
    ///
    /// What cannot be remembered is read again one day.
    pub(crate) fn put(&self, stat: &Stat, digest: Digest) {
        if !self.is_settled(stat) {
            return;
        }
        let key = stat.meta().token.0;
        let mut set = [0; SET_BYTES];
        if Disk.read_at(&self.file, &mut set, place(&key)).is_err() {
            return;
        }
        let mut slots = set.chunks_exact(SLOT_BYTES);
        let free = slots.position(|slot| slot[..16] == key || slot == [0; SLOT_BYTES]);
        // In a full set one of them has to go; the key says which, so that it is not always the first.
        let at = free.unwrap_or(usize::from(key[15]) % SET_SLOTS);
        let mut slot = [0; SLOT_BYTES];
        slot[..16].copy_from_slice(&key);
        slot[16..48].copy_from_slice(&digest.0);
        let sum = check(&slot[..48]);
        slot[48..].copy_from_slice(&sum);
        let offset = place(&key) + (at * SLOT_BYTES) as u64;
        if let Err(error) = Disk.write_at(&self.file, &slot, offset) {
            tracing::debug!(%error, "a digest is not remembered");
        }
    }

    fn is_settled(&self, stat: &Stat) -> bool {
        if cfg!(windows) {
            return false; // what is known there of a file does not tell when it was last changed
        }
        let before = SystemTime::now().checked_sub(self.settled);
        let times = [stat.modified, stat.changed].map(system_time);
        before.is_some_and(|before| times.iter().all(|time| time.is_some_and(|at| at < before)))
    }
}

/// Where the set of a key begins.
fn place(key: &[u8; 16]) -> u64 {
    let (start, _) = key.split_at(8);
    let number = start.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    (number % SETS) * SET_BYTES as u64
}

fn of_slot(slot: &[u8], key: &[u8; 16]) -> Option<Digest> {
    if slot[..16] != key[..] || slot[48..] != check(&slot[..48]) {
        return None;
    }
    Some(Digest(slot[16..48].try_into().ok()?))
}

fn check(bytes: &[u8]) -> [u8; 16] {
    let mut check = [0; 16];
    check.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
    check
}

/// Key, digest and check.
const SLOT_BYTES: usize = 64;
/// Slots in which a key may stand; they are read at once.
const SET_SLOTS: usize = 8;
const SET_BYTES: usize = SET_SLOTS * SLOT_BYTES;
/// 2 million digests in 128 MiB, of which the disk holds what was written.
const SETS: u64 = 256 * 1024;
/// Coarser than the clock of any file system, and longer than a system waits before it writes down
/// when a file was last written to by way of memory.
const SETTLED: Duration = Duration::from_secs(120);

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use super::*;

    /// A cache that enters what changed just now.
    pub(crate) fn eager(path: &Path) -> Arc<DigestCache> {
        Arc::new(DigestCache::with_settled(path, Duration::ZERO).unwrap())
    }

    fn stat(path: &Path) -> Stat {
        Stat::of_open(&File::open(path).unwrap()).unwrap()
    }

    #[test]
    fn a_digest_is_known_until_the_file_changes() {
        let temp = tempfile::tempdir().unwrap();
        let cache = eager(&temp.path().join("digests"));
        let path = temp.path().join("file");
        std::fs::write(&path, "one").unwrap();
        let before = stat(&path);
        assert_eq!(cache.get(&before), None);
        cache.put(&before, Digest([7; 32]));
        assert_eq!(cache.get(&before), Some(Digest([7; 32])));
        std::fs::write(&path, "three").unwrap();
        assert_eq!(cache.get(&stat(&path)), None);
    }

    #[test]
    fn a_file_that_changed_just_now_is_not_entered() {
        let temp = tempfile::tempdir().unwrap();
        let cache = DigestCache::open(&temp.path().join("digests")).unwrap();
        let path = temp.path().join("file");
        std::fs::write(&path, "one").unwrap();
        cache.put(&stat(&path), Digest([7; 32]));
        assert_eq!(cache.get(&stat(&path)), None);
    }

    #[test]
    fn a_torn_slot_is_not_believed() {
        let temp = tempfile::tempdir().unwrap();
        let table = temp.path().join("digests");
        let cache = eager(&table);
        let path = temp.path().join("file");
        std::fs::write(&path, "one").unwrap();
        let stat = stat(&path);
        cache.put(&stat, Digest([7; 32]));
        let at = place(&stat.meta().token.0) + 20;
        Disk.write_at(&OpenOptions::new().write(true).open(&table).unwrap(), b"x", at).unwrap();
        assert_eq!(cache.get(&stat), None);
    }
}
