//! A file as blocks that are hashed, sent and checked each on its own, and the digest of the whole.
//!
//! BLAKE3 is a tree: a block's *chaining value* is a node of it, so the digest of the whole file comes
//! from the values of its blocks, in whatever order they arrive, without reading anything twice.
//! A file of one block is a tree without inner nodes: its only value is its digest.
//!
//! Nothing here reads files; callers hash what they hold in memory.

mod zeros;

use std::{collections::BTreeMap, ops::Range};

use blake3::{
    Hasher,
    hazmat::{HasherExt as _, Mode, merge_subtrees_non_root, merge_subtrees_root},
};
use outport_types::Digest;
use serde::{Deserialize, Serialize};

pub use zeros::HOLE_LEVEL_MAX;

/// The chaining value of a subtree; of a file of one block, its digest.
pub type Cv = [u8; 32];

/// How a file of some size lies in blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    size: u64,
    block_bytes: u32,
}

/// A subtree over `1 << level` blocks from `first`, fewer at the end of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId {
    /// The first block, a multiple of `1 << level`.
    pub first: u32,
    /// How many times two blocks were joined.
    pub level: u8,
}

/// A subtree with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldNode {
    /// Which blocks.
    pub id: NodeId,
    /// Their joint chaining value.
    pub cv: Cv,
}

/// The known part of a file's tree. Siblings are joined at once, so that few values are kept.
#[derive(Clone, Debug)]
pub struct BlockTree {
    blocks: Blocks,
    level_max: u8,
    covered: u32,
    nodes: BTreeMap<u32, (u8, Cv)>,
}

/// Hashes the bytes of one subtree as they are read.
#[derive(Debug)]
pub struct NodeHasher {
    hasher: Hasher,
    whole: bool,
    at_start: bool,
}

/// A value was given twice, or for blocks that the file does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the blocks do not fit the file")]
pub struct BadNode;

impl Blocks {
    /// The blocks of a file of `size` bytes; `None` when it is larger than [`FILE_BYTES_MAX`].
    pub const fn new(size: u64) -> Option<Self> {
        Self::with_block_bytes(size, BLOCK_BYTES)
    }

    /// The same with other blocks, for tests: a power of two of at least 1 KiB.
    pub const fn with_block_bytes(size: u64, block_bytes: u32) -> Option<Self> {
        let fits = size <= FILE_BYTES_MAX && size / (block_bytes as u64) < u32::MAX as u64;
        if fits { Some(Self { size, block_bytes }) } else { None }
    }

    /// The size of the file.
    pub const fn size(self) -> u64 {
        self.size
    }

    /// How many blocks there are; an empty file has one, which is empty.
    pub const fn count(self) -> u32 {
        let blocks = self.size.div_ceil(self.block_bytes as u64);
        if blocks == 0 { 1 } else { blocks as u32 }
    }

    /// Whether the file is one block, whose value is the file's digest.
    pub const fn is_single(self) -> bool {
        self.count() == 1
    }

    /// Where a block begins.
    pub const fn offset(self, block: u32) -> u64 {
        block as u64 * self.block_bytes as u64
    }

    /// How long a block is; zero for blocks that there are not.
    pub fn bytes(self, block: u32) -> u32 {
        let rest = self.size.saturating_sub(self.offset(block));
        rest.min(u64::from(self.block_bytes)) as u32
    }

    /// The blocks of a subtree, or `None` when the file has no such subtree.
    pub fn span(self, node: NodeId) -> Option<Range<u32>> {
        let top = self.levels();
        let count = self.count();
        let fits = node.level < top.max(1) && node.first < count;
        if !fits || node.first.trailing_zeros() < u32::from(node.level) {
            return None;
        }
        let end = u64::from(node.first) + (1_u64 << node.level);
        Some(node.first..end.min(u64::from(count)) as u32)
    }

    /// How many bytes a row of blocks holds.
    pub fn span_bytes(self, blocks: &Range<u32>) -> u64 {
        self.offset(blocks.end).min(self.size).saturating_sub(self.offset(blocks.start))
    }

    /// The value of a block that lies in memory.
    pub fn hash(self, block: u32, bytes: &[u8]) -> Cv {
        let mut hasher = self.hasher(NodeId { first: block, level: 0 });
        hasher.update(bytes);
        hasher.finish()
    }

    /// Hashes a subtree; its bytes come next, from [`Blocks::offset`] of its first block on.
    pub fn hasher(self, node: NodeId) -> NodeHasher {
        let mut hasher = Hasher::new();
        hasher.set_input_offset(self.offset(node.first));
        NodeHasher { hasher, whole: self.is_single(), at_start: self.offset(node.first) == 0 }
    }

    /// How often blocks are joined until one is left.
    const fn levels(self) -> u8 {
        self.count().next_power_of_two().trailing_zeros() as u8
    }

    /// The level up to which subtrees are joined: the lowest that keeps a list of them short, so
    /// that little is sent again when one differs.
    fn level_max(self) -> u8 {
        let mut level = 0;
        while (NODES_PER_WANT_MAX as u64) << level < u64::from(self.count()) {
            level += 1;
        }
        level
    }
}

impl NodeHasher {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
    }

    /// The value.
    pub fn finish(&self) -> Cv {
        let is_empty = self.hasher.count() == 0;
        if self.at_start && (self.whole || is_empty) {
            *self.hasher.finalize().as_bytes()
        } else if is_empty {
            // A node of no bytes does not exist; who asks for one gets a value that fits nothing.
            [0; 32]
        } else {
            self.hasher.finalize_non_root()
        }
    }
}

impl BlockTree {
    /// A tree of which nothing is known.
    pub fn new(blocks: Blocks) -> Self {
        Self { blocks, level_max: blocks.level_max(), covered: 0, nodes: BTreeMap::new() }
    }

    /// Takes the value of a subtree.
    ///
    /// # Errors
    /// When the file has no such subtree or part of it is known already; nothing changes then.
    pub fn insert(&mut self, node: NodeId, cv: Cv) -> Result<(), BadNode> {
        let span = self.blocks.span(node).ok_or(BadNode)?;
        let before = self.nodes.range(..span.end).next_back();
        if before.is_some_and(|(first, (level, _))| span.start < self.end(*first, *level)) {
            return Err(BadNode);
        }
        self.covered += span.end - span.start;
        self.join(node, cv);
        Ok(())
    }

    /// Whether the value of a block is known.
    pub fn has(&self, block: u32) -> bool {
        self.covering(block).is_some()
    }

    /// Forgets a block, and whatever it was joined with.
    pub fn forget(&mut self, block: u32) {
        if let Some(span) = self.covering(block) {
            self.nodes.remove(&span.start);
            self.covered -= span.end - span.start;
        }
    }

    /// How many blocks are known.
    pub fn covered(&self) -> u32 {
        self.covered
    }

    /// How many bytes the known blocks hold.
    pub fn covered_bytes(&self) -> u64 {
        let spans = self.nodes.iter().map(|(first, (level, _))| *first..self.end(*first, *level));
        spans.map(|span| self.blocks.span_bytes(&span)).sum()
    }

    /// What is known, in ascending order.
    pub fn nodes(&self) -> impl Iterator<Item = HeldNode> + '_ {
        self.nodes.iter().map(|(first, (level, cv))| HeldNode {
            id: NodeId { first: *first, level: *level },
            cv: *cv,
        })
    }

    /// The digest of the file once every block is known.
    pub fn digest(&self) -> Option<Digest> {
        if self.covered < self.blocks.count() {
            return None;
        }
        let mut values: Vec<Cv> = Vec::with_capacity(self.nodes.len());
        let mut rows: Vec<(u8, Cv)> = Vec::new();
        // Nodes come in order, each as large as its place allows: join the last two while they are
        // siblings, as in counting up in binary; what is left over joins from the right.
        for (level, cv) in self.nodes.values().copied() {
            let (mut level, mut cv) = (level, cv);
            while let Some((left_level, left)) = rows.last().copied() {
                let is_last_pair = left_level + 1 == self.blocks.levels();
                if left_level != level || is_last_pair {
                    break;
                }
                rows.pop();
                cv = merge_subtrees_non_root(&left, &cv, Mode::Hash);
                level += 1;
            }
            rows.push((level, cv));
        }
        values.extend(rows.into_iter().map(|(_, cv)| cv));
        let mut right = values.pop()?;
        while let Some(left) = values.pop() {
            if values.is_empty() {
                let root = merge_subtrees_root(&left, &right, Mode::Hash);
                return Some(Digest(*root.as_bytes()));
            }
            right = merge_subtrees_non_root(&left, &right, Mode::Hash);
        }
        Some(Digest(right))
    }

    fn covering(&self, block: u32) -> Option<Range<u32>> {
        let (first, (level, _)) = self.nodes.range(..=block).next_back()?;
        let span = *first..self.end(*first, *level);
        span.contains(&block).then_some(span)
    }

    fn end(&self, first: u32, level: u8) -> u32 {
        (u64::from(first) + (1_u64 << level)).min(u64::from(self.blocks.count())) as u32
    }

    fn join(&mut self, node: NodeId, cv: Cv) {
        let (mut node, mut cv) = (node, cv);
        // The last join makes the root, which is another function than the others.
        while node.level < self.level_max && node.level + 1 < self.blocks.levels() {
            let step = 1_u32 << node.level;
            let is_left = node.first & step == 0;
            let sibling = if is_left { node.first.saturating_add(step) } else { node.first - step };
            if is_left && self.blocks.count() <= sibling {
                node.level += 1; // nothing stands to the right: the parent is the child
                continue;
            }
            match self.nodes.get(&sibling) {
                Some((level, other)) if *level == node.level => {
                    let (left, right) = if is_left { (&cv, other) } else { (other, &cv) };
                    cv = merge_subtrees_non_root(left, right, Mode::Hash);
                    self.nodes.remove(&sibling);
                    node = NodeId { first: node.first & !step, level: node.level + 1 };
                }
                Some(_) | None => break,
            }
        }
        self.nodes.insert(node.first, (node.level, cv));
    }
}

/// The size of a block: large enough that a hash per block costs nothing, small enough that a
/// frame holds one and little is sent again.
pub const BLOCK_BYTES: u32 = 1024 * 1024;
/// The largest file: more than any file system of today takes, and block numbers stay in 32 bits.
pub const FILE_BYTES_MAX: u64 = 1 << 51;
/// Subtrees that one want offers at most: what a file of 2 GiB has as blocks.
pub const NODES_PER_WANT_MAX: usize = 2048;

#[cfg(test)]
mod tests;
