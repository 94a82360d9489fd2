//! The table of the values of zeros. `OUTPORT_ZEROS=<gibibytes>` makes it anew.

use outport_protocol::blocks::{Blocks, Cv, FILE_BYTES_MAX, HOLE_LEVEL_MAX, NodeId};
use outport_types::Digest;

#[test]
fn the_table_has_what_hashing_makes() {
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/src/blocks/zeros.txt");
    if let Some(gibibytes) = std::env::var("OUTPORT_ZEROS").ok().and_then(|n| n.parse().ok()) {
        let line = |gibibyte| format!("{}\n", Digest(hashed(gibibyte)));
        let lines: String = (0..gibibytes).map(line).collect();
        return std::fs::write(table, lines).unwrap();
    }
    let table = std::fs::read_to_string(table).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    let count = lines.len() as u32;
    for gibibyte in [0, 1, count / 3, count - 1] {
        let value = hashed(gibibyte);
        assert_eq!(lines[gibibyte as usize], Digest(value).to_string(), "gibibyte {gibibyte}");
        assert_eq!(file().zeros(node(gibibyte)), Some(value), "gibibyte {gibibyte}");
    }
    assert_eq!(file().zeros(node(count)), Some(hashed(count)), "behind the table");
}

fn hashed(gibibyte: u32) -> Cv {
    let zeros = vec![0; 1 << 20];
    let mut hasher = file().hasher(node(gibibyte));
    for _ in 0..1 << HOLE_LEVEL_MAX {
        hasher.update(&zeros);
    }
    hasher.finish()
}

/// A file in which each gibibyte is a whole subtree.
fn file() -> Blocks {
    Blocks::new(FILE_BYTES_MAX).expect("it is no larger than it may be")
}

fn node(gibibyte: u32) -> NodeId {
    NodeId { first: gibibyte << HOLE_LEVEL_MAX, level: HOLE_LEVEL_MAX }
}
