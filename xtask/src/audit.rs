//! `cargo xtask audit`: known vulnerabilities of the dependencies.
//!
//! Not part of the test run, which must give the same answer tomorrow for the same commit.

use anyhow::Result;

use crate::{deny, sh::Sh};

pub(crate) fn run() -> Result<()> {
    deny::install_if_missing()?;
    Sh::cargo().words("deny --all-features check advisories").run()
}
