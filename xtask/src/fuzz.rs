//! `cargo xtask fuzz`: throws bytes at every parser that faces a peer.
//!
//! The targets are plain functions, listed in `fuzz/src/targets.rs`.
//! Their corpora are committed and replayed by an ordinary test, so only finding new inputs needs
//! this command.

use std::fs;

use anyhow::{Result, bail};

use crate::{sh::Sh, steps::Outcome, tree};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which target to fuzz; all of them if none is named
    target: Option<String>,
    /// How long each target is fuzzed
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    fuzz(args)
}

/// The step of the full test run.
pub(crate) fn all_for_a_minute() -> Result<Outcome> {
    fuzz(&Args { target: None, seconds: 60 })?;
    Ok(Outcome::Passed)
}

fn fuzz(args: &Args) -> Result<()> {
    if !Sh::new("cargo").words("fuzz --version").succeeds() {
        Sh::cargo().words("install --locked cargo-fuzz").run()?;
    }
    let known = targets()?;
    let chosen = match &args.target {
        Some(target) if !known.contains(target) => {
            bail!("there is no target `{target}`; there are: {}", known.join(", "))
        }
        Some(target) => vec![target.clone()],
        None => known,
    };
    for target in chosen {
        fuzz_one(&target, args.seconds)?;
    }
    Ok(())
}

/// One program holds all targets, so that a new one is a line in a table and nothing links twice.
/// The environment tells it which one to run.
fn fuzz_one(target: &str, seconds: u32) -> Result<()> {
    // New inputs go to a folder that is not tracked; what is worth keeping is copied by hand.
    let found = tree::root().join("fuzz/found").join(target);
    let artifacts = tree::root().join("fuzz/artifacts").join(target);
    fs::create_dir_all(&found)?;
    fs::create_dir_all(&artifacts)?;
    println!("--- {target}, {seconds} s");
    Sh::cargo()
        .words("fuzz run any")
        .arg(&found)
        .arg(tree::root().join("fuzz/corpus").join(target))
        .words(&format!("-- -max_total_time={seconds} -timeout=10 -print_final_stats=1"))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .env("OUTPORT_FUZZ_TARGET", target)
        .env("RUSTC_BOOTSTRAP", "1") // lets the pinned stable compiler take what only nightly may
        .run()
}

/// The names of the targets. Each has a folder of inputs, which a test compares with the table.
fn targets() -> Result<Vec<String>> {
    let mut names: Vec<_> = fs::read_dir(tree::root().join("fuzz/corpus"))?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_>>()?;
    names.sort();
    Ok(names)
}
