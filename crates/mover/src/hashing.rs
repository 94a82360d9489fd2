//! Hashing files and parts of them; holes that the disk tells are not read.

use std::{fs::File, ops::Range};

use outport_link::BufferPool;
use outport_protocol::blocks::{BlockTree, Blocks, Cv, NodeId};
use outport_types::Digest;
use tokio_util::sync::CancellationToken;

use crate::{
    refused::Refused,
    source::BUFFER_BYTES,
    store::{Store, map_holes},
};

/// What hashing needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hashing<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) pool: &'a BufferPool,
    pub(crate) stop: &'a CancellationToken,
}

/// How a file is read that has holes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sparse {
    /// What the disk tells as a hole is not read.
    skips: bool,
    /// It gets its size later: what is behind its end counts as zeros.
    grows: bool,
}

impl Sparse {
    /// A file that stands.
    pub(crate) fn whole(store: &dyn Store, file: &File, is_sparse: bool) -> Self {
        Self { skips: is_sparse && store.tells_holes(file), grows: false }
    }

    /// A file that is being written.
    pub(crate) fn unfinished(store: &dyn Store, file: &File, is_sparse: bool) -> Self {
        Self { grows: is_sparse, ..Self::whole(store, file, is_sparse) }
    }
}

impl Hashing<'_> {
    /// Hashes parts of a file; a part that is not there in full has no value.
    pub(crate) fn nodes(
        &self,
        file: &File,
        blocks: Blocks,
        nodes: &[NodeId],
        sparse: Sparse,
    ) -> Result<Vec<Option<Cv>>, Refused> {
        nodes.iter().map(|node| self.node(file, blocks, *node, sparse)).collect()
    }

    /// Hashes a file from its beginning to its end.
    pub(crate) fn file(&self, file: &File, size: u64, sparse: Sparse) -> Result<Digest, Refused> {
        if sparse.skips
            && let Some(blocks) = Blocks::new(size).filter(|blocks| !blocks.is_single())
            && let Some(digest) = self.sparse_file(file, blocks)?
        {
            return Ok(digest);
        }
        let mut buffer = self.pool.take(BUFFER_BYTES);
        let mut hasher = blake3::Hasher::new();
        let mut at = 0;
        loop {
            self.unless_stopped()?;
            let read = self.store.read_at(file, buffer.as_mut(), at)?;
            hasher.update(&buffer.as_mut()[..read]);
            at += read as u64;
            if read < buffer.as_mut().len() {
                return Ok(Digest(*hasher.finalize().as_bytes()));
            }
        }
    }

    /// The digest of a file by way of its blocks; `None` when it is not as large as it was.
    fn sparse_file(&self, file: &File, blocks: Blocks) -> Result<Option<Digest>, Refused> {
        let mut tree = BlockTree::new(blocks);
        let mut from = 0;
        while from < blocks.count() {
            let (holes, until) = map_holes(self.store, file, blocks, from)?;
            let until = until.max(from + 1);
            for hole in holes {
                if !self.insert_data(file, &mut tree, blocks, from..hole.start)? {
                    return Ok(None);
                }
                for node in blocks.hole_nodes(hole.clone()) {
                    self.unless_stopped()?;
                    let Some(value) = blocks.zeros(node) else { return Ok(None) };
                    if tree.insert(node, value).is_err() {
                        return Ok(None);
                    }
                }
                from = hole.end;
            }
            if !self.insert_data(file, &mut tree, blocks, from..until)? {
                return Ok(None);
            }
            from = from.max(until);
        }
        let is_same = file.metadata()?.len() == blocks.size();
        Ok(tree.digest().filter(|_| is_same))
    }

    fn insert_data(
        &self,
        file: &File,
        tree: &mut BlockTree,
        blocks: Blocks,
        row: Range<u32>,
    ) -> Result<bool, Refused> {
        for first in row {
            let node = NodeId { first, level: 0 };
            let value = self.node(file, blocks, node, Sparse::default())?;
            if value.is_none_or(|value| tree.insert(node, value).is_err()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn node(
        &self,
        file: &File,
        blocks: Blocks,
        node: NodeId,
        sparse: Sparse,
    ) -> Result<Option<Cv>, Refused> {
        let Some(span) = blocks.span(node) else { return Ok(None) };
        let mut at = blocks.offset(span.start);
        let end = at + blocks.span_bytes(&span);
        if sparse.skips && !sparse.grows && file.metadata()?.len() < end {
            return Ok(None);
        }
        let mut hasher = None;
        let mut buffer = self.pool.take(BUFFER_BYTES);
        while at < end {
            self.unless_stopped()?;
            let mut room = (end - at).min(BUFFER_BYTES as u64);
            if sparse.skips {
                let data = self.store.next_data(file, at)?.unwrap_or(end).min(end);
                if data == end
                    && hasher.is_none()
                    && let Some(zeros) = blocks.zeros(node)
                {
                    return Ok(Some(zeros));
                }
                if at < data {
                    let bytes = (data - at).min(BUFFER_BYTES as u64);
                    buffer.as_mut()[..bytes as usize].fill(0);
                    let hasher = hasher.get_or_insert_with(|| blocks.hasher(node));
                    hasher.update(&buffer.as_mut()[..bytes as usize]);
                    at += bytes;
                    continue;
                }
                room = room.min(self.store.next_hole(file, at)?.saturating_sub(at).max(1));
            }
            let room = &mut buffer.as_mut()[..room as usize];
            let read = self.store.read_at(file, room, at)?;
            if read < room.len() {
                if !sparse.grows {
                    return Ok(None);
                }
                room[read..].fill(0);
            }
            hasher.get_or_insert_with(|| blocks.hasher(node)).update(room);
            at += room.len() as u64;
        }
        Ok(Some(hasher.unwrap_or_else(|| blocks.hasher(node)).finish()))
    }

    fn unless_stopped(&self) -> Result<(), Refused> {
        if self.stop.is_cancelled() { Err(Refused::Stopped) } else { Ok(()) }
    }
}
