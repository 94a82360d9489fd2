//! Checksums that somebody gave for a file, computed while it is written.
//!
//! They can only be computed from the beginning to the end, and blocks come in any order. What comes in
//! turn is hashed from memory; what came ahead of its turn is read again as soon as it is its turn,
//! while the system still has it in memory, and what an earlier session wrote is read once.
//! That all of it was the content that arrived is known in the end from the digest of what was hashed.

use std::{
    collections::{BTreeSet, HashMap},
    fs::File,
    sync::{Arc, Mutex},
};

use outport_protocol::{
    blocks::{BlockTree, Blocks, NodeId},
    session::receiver::{Checked, Temp, Write},
};
use outport_types::{ChecksumAlgorithm, ExternalChecksum};

use super::{Destination, lock};
use crate::{refused::Refused, source::BUFFER_BYTES};

/// The checksums of files that are being written, by entry.
#[derive(Debug, Default)]
pub(super) struct Checksums(HashMap<u64, (Blocks, Arc<Mutex<Running>>)>);

/// The checksum of the beginning of a file.
#[derive(Debug)]
struct Running {
    hasher: Hasher,
    blocks: Blocks,
    /// What of the content was hashed.
    tree: BlockTree,
    /// The next block in turn.
    next: u32,
    /// Blocks that were written ahead of their turn.
    ahead: BTreeSet<u32>,
}

#[derive(Debug)]
enum Hasher {
    Md5(md5::Md5),
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
}

impl Destination {
    /// Takes a block that was just written into the checksum of its file, if it has one.
    pub(super) fn hash_along(&self, write: &Write, bytes: &[u8]) {
        let Some(wanted) = self.wanted_checksum(&write.temp) else { return };
        let running = lock(&self.checksums).of(&write.temp, wanted.algorithm(), write.blocks);
        let mut running = lock(&running);
        if write.block != running.next {
            if running.next < write.block && running.ahead.len() < AHEAD_MAX {
                running.ahead.insert(write.block);
            }
            return;
        }
        running.take(write.block, bytes);
        let next = running.next;
        if running.ahead.contains(&next) {
            // What cannot be read now is read in the end, and its fault told then.
            self.catch_up(&mut running, &write.temp, false).ok();
        }
    }

    /// Whether a whole file has the checksum that somebody gave for it.
    ///
    /// # Errors
    /// When it has another one, or cannot be read.
    pub(super) fn check_checksum(&self, temp: &Temp, wanted: &Checked) -> Result<(), Refused> {
        let algorithm = wanted.checksum.algorithm();
        let running = lock(&self.checksums).take(temp, algorithm, wanted.blocks);
        let mut running = lock(&running);
        self.catch_up(&mut running, temp, true)?;
        if running.tree.digest() != Some(wanted.digest) {
            // Another version was written over what was hashed: all of it again.
            *running = Running::new(algorithm, wanted.blocks);
            self.catch_up(&mut running, temp, true)?;
        }
        if running.tree.digest() != Some(wanted.digest) {
            return Err(Refused::Disk(std::io::Error::other("it reads back differently")));
        }
        let found = running.hasher.finish();
        if found == wanted.checksum.value() {
            return Ok(());
        }
        let found = ExternalChecksum::of_value(algorithm, &found).map(|found| found.hex());
        Err(Refused::Checksum {
            algorithm,
            found: found.unwrap_or_default(),
            wanted: wanted.checksum.hex(),
        })
    }

    /// Only an item that is a file has one.
    fn wanted_checksum(&self, temp: &Temp) -> Option<&ExternalChecksum> {
        if temp.place.name.is_some() {
            return None;
        }
        let items = &self.dirs.orders().items;
        items.get(temp.place.dir.item() as usize)?.checksum.as_ref()
    }

    /// Hashes what comes in turn and stands in the file: what came ahead, or all of it.
    fn catch_up(&self, running: &mut Running, temp: &Temp, all: bool) -> Result<(), Refused> {
        if running.next == running.blocks.count() {
            return Ok(());
        }
        let (directory, _) = self.dirs.place(&temp.place)?;
        let file = self.store.reopen(&directory, &temp.name, false)?;
        let mut buffer = self.pool.take(BUFFER_BYTES);
        while running.next < running.blocks.count()
            && (all || running.ahead.contains(&running.next))
        {
            self.unless_stopped()?;
            let block = running.next;
            let bytes = running.blocks.bytes(block) as usize;
            let room = &mut buffer.as_mut()[..bytes];
            self.read_block(&file, room, running.blocks.offset(block))?;
            running.take(block, room);
        }
        Ok(())
    }

    /// What is behind the end of the file counts as zeros: it gets its size later, and the digest of
    /// what was hashed tells in the end whether that was right.
    fn read_block(&self, file: &File, room: &mut [u8], offset: u64) -> Result<(), Refused> {
        let read = self.store.read_at(file, room, offset)?;
        room[read..].fill(0);
        Ok(())
    }
}

impl Checksums {
    fn of(
        &mut self,
        temp: &Temp,
        algorithm: ChecksumAlgorithm,
        blocks: Blocks,
    ) -> Arc<Mutex<Running>> {
        let new = || (blocks, Arc::new(Mutex::new(Running::new(algorithm, blocks))));
        let running = self.0.entry(temp.file).or_insert_with(new);
        // A version of another size was written before.
        if running.0 != blocks {
            *running = new();
        }
        running.1.clone()
    }

    fn take(
        &mut self,
        temp: &Temp,
        algorithm: ChecksumAlgorithm,
        blocks: Blocks,
    ) -> Arc<Mutex<Running>> {
        let running = self.of(temp, algorithm, blocks);
        self.0.remove(&temp.file);
        running
    }
}

impl Running {
    fn new(algorithm: ChecksumAlgorithm, blocks: Blocks) -> Self {
        let hasher = match algorithm {
            ChecksumAlgorithm::Md5 => Hasher::Md5(md5::Md5::default()),
            ChecksumAlgorithm::Sha1 => Hasher::Sha1(sha1::Sha1::default()),
            ChecksumAlgorithm::Sha256 => Hasher::Sha256(sha2::Sha256::default()),
            ChecksumAlgorithm::Sha512 => Hasher::Sha512(sha2::Sha512::default()),
        };
        let tree = BlockTree::new(blocks);
        Self { hasher, blocks, tree, next: 0, ahead: BTreeSet::new() }
    }

    fn take(&mut self, block: u32, bytes: &[u8]) {
        self.hasher.update(bytes);
        // Blocks come in turn, so none is there already.
        let _ = self.tree.insert(NodeId { first: block, level: 0 }, self.blocks.hash(block, bytes));
        self.ahead.remove(&block);
        self.next += 1;
    }
}

impl Hasher {
    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(hasher) => md5::Digest::update(hasher, bytes),
            Self::Sha1(hasher) => sha1::Digest::update(hasher, bytes),
            Self::Sha256(hasher) => sha2::Digest::update(hasher, bytes),
            Self::Sha512(hasher) => sha2::Digest::update(hasher, bytes),
        }
    }

    fn finish(&self) -> Vec<u8> {
        match self {
            Self::Md5(hasher) => md5::Digest::finalize(hasher.clone()).to_vec(),
            Self::Sha1(hasher) => sha1::Digest::finalize(hasher.clone()).to_vec(),
            Self::Sha256(hasher) => sha2::Digest::finalize(hasher.clone()).to_vec(),
            Self::Sha512(hasher) => sha2::Digest::finalize(hasher.clone()).to_vec(),
        }
    }
}

/// Blocks of one file that are remembered as written ahead; what is not is read in the end.
const AHEAD_MAX: usize = 4096;
