//! Writing what arrived.

use std::{fs::File, sync::Arc};

use bytes::Bytes;
use outport_protocol::{
    blocks::{BLOCK_BYTES, Blocks, HeldNode},
    session::{
        BufferId,
        receiver::{Temp, Write, WriteResult},
    },
};

use super::{Destination, FileSystem, lock};
use crate::{
    refused::Refused,
    resolver::{Directory, Right},
    stat::Stat,
    store::{open_directory, write_sparse},
};

impl Destination {
    pub(super) fn create(&self, temp: &Temp, room: Option<u64>) -> Result<(), Refused> {
        self.unless_stopped()?;
        let file = self.create_file(temp)?;
        if let Some(room) = room.filter(|room| u64::from(BLOCK_BYTES) < *room)
            && self.plans_room(&file)?
        {
            self.store.reserve(&file, room)?;
        }
        self.keep_open(temp.file, file);
        Ok(())
    }

    fn plans_room(&self, file: &File) -> Result<bool, Refused> {
        let device = Stat::of_open(file)?.id.device;
        Ok(lock(&self.file_systems).get(&device).is_none_or(|known| known.plans_room))
    }

    pub(super) fn write(&self, buffer: BufferId, writes: &[Write]) -> Vec<WriteResult> {
        let body = lock(&self.buffers).get(&buffer).cloned().unwrap_or_default();
        let results = writes.iter().map(|write| match self.write_one(&body, write) {
            Ok(true) => WriteResult::Written,
            Ok(false) => WriteResult::Differs,
            Err(refused) => WriteResult::Failed(refused.fault()),
        });
        results.collect()
    }

    /// Writes a piece if it is what its value says, as far as that is not seen later.
    fn write_one(&self, body: &Bytes, write: &Write) -> Result<bool, Refused> {
        self.unless_stopped()?;
        let end = write.start.saturating_add(write.bytes as usize);
        let Some(bytes) = body.get(write.start..end) else {
            return Ok(false);
        };
        if bytes.len() as u64 != u64::from(write.blocks.bytes(write.block)) {
            return Ok(false);
        }
        if !self.reads_back && write.blocks.hash(write.block, bytes) != write.hash {
            return Ok(false);
        }
        let offset = write.blocks.offset(write.block);
        if write.create {
            let file = self.create_file(&write.temp)?;
            self.write_bytes(&file, write, bytes, offset)?;
            self.keep_open(write.temp.file, file);
        } else {
            let file = self.handle(&write.temp)?;
            let turns = &self.turns;
            // Systems let one write to a file at a time, and a thread that waits for it there is busy.
            let _turn = lock(&turns[write.temp.file as usize % turns.len()]);
            self.write_bytes(&file, write, bytes, offset)?;
        }
        self.hash_along(write, bytes);
        Ok(true)
    }

    fn write_bytes(
        &self,
        file: &File,
        write: &Write,
        bytes: &[u8],
        offset: u64,
    ) -> std::io::Result<()> {
        match write.sparse {
            true => write_sparse(&*self.store, file, bytes, offset),
            false => self.store.write_at(file, bytes, offset),
        }
    }

    pub(super) fn make_holes(
        &self,
        temp: &Temp,
        blocks: Blocks,
        nodes: &[HeldNode],
    ) -> Vec<WriteResult> {
        let results = nodes.iter().map(|node| match self.make_hole(temp, blocks, node) {
            Ok(true) => WriteResult::Written,
            Ok(false) => WriteResult::Differs,
            Err(refused) => WriteResult::Failed(refused.fault()),
        });
        results.collect()
    }

    /// Makes part of a file zeros, if its value is that of zeros.
    fn make_hole(&self, temp: &Temp, blocks: Blocks, node: &HeldNode) -> Result<bool, Refused> {
        self.unless_stopped()?;
        let Some(span) = blocks.span(node.id) else { return Ok(false) };
        if blocks.zeros(node.id) != Some(node.cv) {
            return Ok(false);
        }
        let handle = self.handle(temp)?;
        self.store.zero(&handle, blocks.offset(span.start), blocks.span_bytes(&span))?;
        Ok(true)
    }

    fn create_file(&self, temp: &Temp) -> Result<File, Refused> {
        let (directory, name) = self.dirs.place(&temp.place)?;
        directory.allow(&name, Right::Write)?;
        self.know_file_system(&directory)?;
        self.store.create(&directory, &temp.name)
    }

    pub(super) fn know_file_system(&self, directory: &Directory) -> Result<(), Refused> {
        let device = directory.id().device;
        let mut known = lock(&self.file_systems);
        if !known.contains_key(&device) && known.len() < FILE_SYSTEMS_MAX {
            // One that cannot be opened is not among them, and its files are synced one by one.
            if let Ok(open) = open_directory(directory.dir()) {
                let one_handle = self.store.shows_all_handles_the_same(&open);
                let plans_room = self.store.plans_room(&open);
                let on_it = Arc::new(open);
                known.insert(device, FileSystem { on_it, one_handle, plans_room });
            }
        }
        Ok(())
    }
}

/// File systems that one session keeps a handle on.
const FILE_SYSTEMS_MAX: usize = 16;
