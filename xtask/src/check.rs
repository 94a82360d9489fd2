//! `cargo xtask check`: the fast part of the test run, for every few minutes.

use anyhow::Result;

use crate::{
    nextest,
    sh::Sh,
    skips::Skips,
    steps::{Outcome, Steps},
    tidy,
};

pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::default();
    let skips = Skips::fresh()?;
    let mut closing = Vec::new();
    steps.step("format", format);
    steps.step("tidy", || tidy::run().map(|()| Outcome::Passed));
    steps.step("clippy", clippy);
    steps.step("unit tests", || nextest::libraries(&mut closing, |sh| skips.apply(sh)));
    let result = steps.finish();
    closing.iter().for_each(|line| println!("{line}"));
    result
}

pub(crate) fn format() -> Result<Outcome> {
    Sh::cargo().words("fmt --all --check").run()?;
    Ok(Outcome::Passed)
}

pub(crate) fn clippy() -> Result<Outcome> {
    Sh::cargo().words("clippy --workspace --all-targets --locked -- -D warnings").run()?;
    Ok(Outcome::Passed)
}
