//! `cargo xtask test`: everything that the continuous integration runs, and nothing else.

use anyhow::Result;

use crate::{
    check, deny, fuzz, nextest,
    platforms::{self, Extent},
    screens, setup,
    sh::Sh,
    sim,
    skips::{self, Skips},
    steps::{Outcome, Steps},
    tidy,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run the long form of every campaign too; done before work is called finished
    #[arg(long)]
    full: bool,
}

/// Tells the tests to take the long form of what they do.
const FULL: &str = "OUTPORT_FULL";
const SIM_SEEDS_FULL: u64 = 100_000;

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut steps = Steps::default();
    let skips = Skips::fresh()?;
    let mut closing = Vec::new();

    steps.step("setup", setup::for_tests);
    steps.step("format", check::format);
    steps.step("tidy", || tidy::run().map(|()| Outcome::Passed));
    steps.step("deny", deny::run);
    // The pages go into the app, so they come before anything is compiled.
    steps.step("screens", || screens::check_and_build(&skips));
    steps.step("clippy", check::clippy);
    steps.step("doc", doc);
    // The app as well would take another quarter of an hour on a machine that never did it.
    let extent = if args.full { Extent::Desktop } else { Extent::Headless };
    steps.step("check-platforms", || platforms::check(&platforms::ALL, extent));
    // The tests start the real programs, so those are built before, with the same features.
    steps.step("build", build);
    steps.step("test", || {
        let sh = |sh: Sh| if args.full { sh.env(FULL, "1") } else { sh };
        nextest::workspace(&mut closing, |command| sh(skips.apply(command)))
    });
    steps.step("doc tests", || cargo("test --quiet --workspace --doc"));
    if args.full {
        steps.step("sim", || {
            sim::run(&sim::Args { seeds: SIM_SEEDS_FULL, from: 0 }).map(|()| Outcome::Passed)
        });
        steps.step("fuzz", fuzz::all_for_a_minute);
    }

    let reasons = skips.reasons()?;
    if !reasons.is_empty() {
        let verb = if skips::are_failures() { "must run here, but were" } else { "were" };
        println!("\ntests that {verb} skipped:");
        reasons.iter().for_each(|reason| println!("  {reason}"));
    }
    let result = steps.finish();
    closing.iter().for_each(|line| println!("{line}"));
    result
}

/// Builds every crate and program of the workspace in the one profile that tests and demo use.
///
/// Always the whole workspace: a part of it alone would be built with fewer features, and then
/// everything twice.
pub(crate) fn build() -> Result<Outcome> {
    cargo("build --workspace --locked")
}

fn doc() -> Result<Outcome> {
    Sh::cargo()
        .words("doc --workspace --no-deps --document-private-items --locked")
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()?;
    Ok(Outcome::Passed)
}

fn cargo(words: &str) -> Result<Outcome> {
    Sh::cargo().words(words).run()?;
    Ok(Outcome::Passed)
}
