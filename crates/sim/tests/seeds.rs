//! Seeds that must pass, and wrong shells that must be noticed.

use outport_sim::{Mutation, run};

#[test]
fn two_thousand_seeds_pass() {
    let wrong: Vec<_> = (0..SEEDS)
        .filter_map(|seed| run(seed, None).err().map(|wrong| format!("seed {seed}: {wrong}")))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn seeds_that_failed_once_pass() {
    for seed in KEPT {
        let ran = run(seed, None);
        assert!(ran.is_ok(), "seed {seed}: {}", ran.unwrap_err());
    }
}

#[test]
fn whatever_a_shell_leaves_out_is_noticed() {
    for mutation in Mutation::ALL {
        let noticed = (0..SEEDS_FOR_A_MUTATION).any(|seed| run(seed, Some(*mutation)).is_err());
        assert!(noticed, "no seed below {SEEDS_FOR_A_MUTATION} notices {mutation:?}");
    }
}

/// Seeds that showed a fault once: sessions that stood still (a file that waited for its flush and that
/// nothing woke again), temporary names and a time that were left, holes of a file that had none when
/// it was listed, and a second copy of what could not be compared at first. Whoever mends what a seed
/// showed adds it here; none is taken away.
const KEPT: [u64; 9] = [537, 623, 833, 1036, 1418, 1808, 29368, 30409, 44764];
/// What the normal run tries; `cargo xtask test --full` tries a hundred thousand.
const SEEDS: u64 = 2_000;
/// The rarest of the mutations shows once in about a hundred seeds.
const SEEDS_FOR_A_MUTATION: u64 = 600;
