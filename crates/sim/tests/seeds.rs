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
fn whatever_a_shell_leaves_out_is_noticed() {
    for mutation in Mutation::ALL {
        let noticed = (0..SEEDS_FOR_A_MUTATION).any(|seed| run(seed, Some(*mutation)).is_err());
        assert!(noticed, "no seed below {SEEDS_FOR_A_MUTATION} notices {mutation:?}");
    }
}

/// What the normal run tries; `cargo xtask test --full` tries a hundred thousand.
const SEEDS: u64 = 2_000;
/// The rarest of the mutations shows once in about a hundred seeds.
const SEEDS_FOR_A_MUTATION: u64 = 600;
