//! Seeds that must pass, and wrong shells that must be noticed.

use outport_sim::{Mutation, run};

#[test]
fn two_thousand_seeds_pass_but_for_those_known_to_be_open() {
    let wrong: Vec<_> = (0..SEEDS)
        .filter(|seed| !OPEN.contains(seed))
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

/// Seeds that fail and whose cause is not mended yet: three that do not come to an end, two that
/// leave a temporary name, one that leaves a time. A mended seed leaves this list; none is added.
const OPEN: [u64; 6] = [537, 623, 833, 1036, 1418, 1808];
/// What the normal run tries; `cargo xtask test --full` tries a hundred thousand.
const SEEDS: u64 = 2_000;
/// The rarest of the mutations shows once in about a hundred seeds.
const SEEDS_FOR_A_MUTATION: u64 = 600;
