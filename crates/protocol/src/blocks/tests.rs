use proptest::prelude::*;

use super::*;

const SMALL: u32 = 1024;

fn content(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|i| (i * 31 + i / 1024) as u8).collect()
}

fn cv(blocks: Blocks, content: &[u8], node: NodeId) -> Cv {
    let span = blocks.span(node).unwrap();
    let end = blocks.offset(span.end).min(blocks.size()) as usize;
    let mut hasher = blocks.hasher(node);
    content[blocks.offset(span.start) as usize..end].chunks(700).for_each(|c| hasher.update(c));
    hasher.finish()
}

proptest! {
    #[test]
    fn the_digest_is_that_of_the_whole_in_whatever_order_blocks_arrive(
        size in 0_usize..40_000, seed: u64, cap in 0_u8..5,
    ) {
        let content = content(size);
        let blocks = Blocks::with_block_bytes(size as u64, SMALL).unwrap();
        let mut order: Vec<u32> = (0..blocks.count()).collect();
        let mut state = seed | 1;
        for i in (1..order.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            order.swap(i, (state >> 33) as usize % (i + 1));
        }
        let mut tree = BlockTree::new(blocks);
        tree.level_max = cap;
        for block in order {
            prop_assert_eq!(tree.digest(), None);
            let node = NodeId { first: block, level: 0 };
            tree.insert(node, cv(blocks, &content, node)).unwrap();
            prop_assert_eq!(tree.insert(node, [0; 32]), Err(BadNode));
        }
        prop_assert_eq!(tree.digest(), Some(Digest(*blake3::hash(&content).as_bytes())));
        prop_assert_eq!(tree.covered_bytes(), size as u64);

        // What the tree joined can be hashed directly, and makes the same tree again.
        let mut again = BlockTree::new(blocks);
        for node in tree.nodes() {
            prop_assert_eq!(cv(blocks, &content, node.id), node.cv);
            again.insert(node.id, node.cv).unwrap();
        }
        prop_assert_eq!(again.digest(), tree.digest());
    }

    #[test]
    fn forgetting_and_learning_again_changes_nothing(size in 2_000_usize..30_000, at: prop::sample::Index) {
        let content = content(size);
        let blocks = Blocks::with_block_bytes(size as u64, SMALL).unwrap();
        let mut tree = BlockTree::new(blocks);
        tree.level_max = 2;
        let learn = |tree: &mut BlockTree| for first in 0..blocks.count() {
            if !tree.has(first) {
                let node = NodeId { first, level: 0 };
                tree.insert(node, cv(blocks, &content, node)).unwrap();
            }
        };
        learn(&mut tree);
        tree.forget(at.index(blocks.count() as usize) as u32);
        prop_assert_eq!(tree.digest(), None);
        learn(&mut tree);
        prop_assert_eq!(tree.digest(), Some(Digest(*blake3::hash(&content).as_bytes())));
    }

    #[test]
    fn no_subtree_that_a_peer_makes_up_panics(size in 0_u64..1 << 52, first: u32, level: u8) {
        if let Some(blocks) = Blocks::new(size) {
            let node = NodeId { first, level };
            let mut tree = BlockTree::new(blocks);
            prop_assert_eq!(tree.insert(node, [0; 32]).is_ok(), blocks.span(node).is_some());
        }
    }
}

#[test]
fn the_edges_of_sizes() {
    for (size, count) in [(0, 1), (1, 1), (1 << 20, 1), ((1 << 20) + 1, 2), (5 << 20, 5)] {
        assert_eq!(Blocks::new(size).unwrap().count(), count);
    }
    assert_eq!(Blocks::new(0).unwrap().bytes(0), 0);
    assert_eq!(Blocks::new((1 << 20) + 1).unwrap().bytes(1), 1);
    assert_eq!(Blocks::new((1 << 20) + 1).unwrap().bytes(2), 0);
    assert!(Blocks::new(FILE_BYTES_MAX).is_some());
    assert!(Blocks::new(FILE_BYTES_MAX + 1).is_none());
    assert!(Blocks::new(u64::MAX).is_none());
}

#[test]
fn a_block_of_no_bytes_has_a_value_that_fits_nothing() {
    for size in [0, 1, 5 << 20] {
        let blocks = Blocks::new(size).unwrap();
        for first in [0, 1, 3, 9] {
            let empty = blocks.hasher(NodeId { first, level: 0 }).finish();
            assert_ne!(empty, blocks.hash(first, b"x"));
        }
    }
    assert_eq!(Blocks::new(0).unwrap().hash(0, b""), *blake3::hash(b"").as_bytes());
}

#[test]
fn a_tree_of_a_huge_file_keeps_few_values() {
    let blocks = Blocks::new(1 << 40).unwrap();
    let mut tree = BlockTree::new(blocks);
    for first in 0..1 << 16 {
        tree.insert(NodeId { first, level: 0 }, [7; 32]).unwrap();
    }
    assert_eq!(tree.nodes().count(), 128);
    assert_eq!(tree.nodes().next().unwrap().id.level, 9);
}
