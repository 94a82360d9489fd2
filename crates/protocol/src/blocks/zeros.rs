//! The values of parts of a file that are nothing but zeros.
//!
//! BLAKE3 counts the chunks of a file while it hashes them, so zeros have another value at each place
//! and no value can be derived from another one. What is hashed most, whole gibibytes at the beginning
//! of a file, stands in a table; the rest is hashed, at the pace of memory that the processor has at
//! hand.

use std::ops::Range;

use outport_types::Digest;

use super::{BLOCK_BYTES, Blocks, Cv, NodeId};

impl Blocks {
    /// The value of a subtree of zeros; `None` when the file has no such subtree, or when it is larger
    /// than holes are told.
    pub fn zeros(self, node: NodeId) -> Option<Cv> {
        let span = self.span(node)?;
        if HOLE_LEVEL_MAX < node.level {
            return None;
        }
        if self.block_bytes == BLOCK_BYTES && span.len() == 1 << HOLE_LEVEL_MAX {
            let known = known(node.first >> HOLE_LEVEL_MAX);
            let is_whole = self.span_bytes(&span) == TABLED_BYTES;
            if let Some(known) = known.filter(|_| is_whole) {
                return Some(known);
            }
        }
        Some(self.hash_zeros(node, &span))
    }

    /// A row of blocks as subtrees that holes are told in, as few as there can be.
    pub fn hole_nodes(self, blocks: Range<u32>) -> impl Iterator<Item = NodeId> {
        let end = blocks.end.min(self.count());
        let mut first = blocks.start;
        std::iter::from_fn(move || {
            let left = end.checked_sub(first).filter(|left| 0 < *left)?;
            let fitting = (left.ilog2() as u8).min(self.levels().saturating_sub(1));
            let aligned = (first.trailing_zeros() as u8).min(HOLE_LEVEL_MAX);
            let node = NodeId { first, level: aligned.min(fitting) };
            first += 1 << node.level;
            Some(node)
        })
    }

    fn hash_zeros(self, node: NodeId, span: &Range<u32>) -> Cv {
        let mut hasher = self.hasher(node);
        let mut left = self.span_bytes(span);
        while 0 < left {
            let bytes = left.min(ZEROS.len() as u64);
            hasher.update(&ZEROS[..bytes as usize]);
            left -= bytes;
        }
        hasher.finish()
    }
}

/// The value of a whole gibibyte of zeros, by how many come before it.
fn known(gibibyte: u32) -> Option<Cv> {
    let at = LINE_BYTES.checked_mul(gibibyte as usize)?;
    let digits = TABLE.get(at..at + LINE_BYTES)?.trim_end();
    Some(digits.parse::<Digest>().ok()?.0)
}

/// Holes are told in subtrees of at most this level: the value of 1 GiB is hashed in a moment, so that
/// no other work waits long for it.
pub const HOLE_LEVEL_MAX: u8 = 10;
const TABLED_BYTES: u64 = 1 << 30;
/// The values of the first gibibytes of zeros, a line each; `tests/zeros.rs` makes it.
static TABLE: &str = include_str!("zeros.txt");
/// Hex digits and a line feed.
const LINE_BYTES: usize = 65;
/// Few enough to stay near the processor, as many as it hashes side by side.
static ZEROS: [u8; 256 * 1024] = [0; 256 * 1024];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_have_the_value_that_hashing_them_makes() {
        for size in [1, 1023, 1024, 1025, 5000, 40_000] {
            let blocks = Blocks::with_block_bytes(size, 1024).unwrap();
            let content = vec![0; size as usize];
            let mut tree = crate::blocks::BlockTree::new(blocks);
            for node in blocks.hole_nodes(0..blocks.count()) {
                tree.insert(node, blocks.zeros(node).unwrap()).unwrap();
            }
            assert_eq!(tree.digest().unwrap().0, *blake3::hash(&content).as_bytes(), "{size}");
        }
    }

    #[test]
    fn a_gibibyte_that_the_file_ends_in_is_not_taken_from_the_table() {
        for size in [TABLED_BYTES - 5, TABLED_BYTES + 5] {
            let blocks = Blocks::new(size).unwrap();
            let mut tree = crate::blocks::BlockTree::new(blocks);
            for node in blocks.hole_nodes(0..blocks.count()) {
                tree.insert(node, blocks.zeros(node).unwrap()).unwrap();
            }
            let mut whole = blake3::Hasher::new();
            let mut left = size as usize;
            while 0 < left {
                let bytes = left.min(ZEROS.len());
                whole.update(&ZEROS[..bytes]);
                left -= bytes;
            }
            assert_eq!(tree.digest().unwrap().0, *whole.finalize().as_bytes(), "{size}");
        }
    }

    #[test]
    fn a_row_of_blocks_falls_into_few_subtrees() {
        let blocks = Blocks::new(100 << 30).unwrap();
        let nodes: Vec<NodeId> = blocks.hole_nodes(5..blocks.count()).collect();
        assert!(nodes.len() < 120, "{}", nodes.len());
        let mut next = 5;
        for node in nodes {
            let span = blocks.span(node).unwrap();
            assert_eq!(span.start, next);
            next = span.end;
        }
        assert_eq!(next, blocks.count());
        assert_eq!(blocks.hole_nodes(7..7).count(), 0);
    }
}
