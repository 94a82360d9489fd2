//! The rules of `deny.toml` for dependencies: duplicates, licences and where they come from.

use anyhow::Result;

use crate::{sh::Sh, steps::Outcome};

pub(crate) fn run() -> Result<Outcome> {
    if let Err(err) = install_if_missing() {
        return Ok(Outcome::Skipped(format!("cargo-deny is not there: {err:#}")));
    }
    // Offline: what it reads are Cargo.lock and the sources that the build fetched.
    Sh::cargo()
        .words("deny --all-features --locked check --hide-inclusion-graph")
        .words("-D unmatched-skip -D unnecessary-skip") // no exception outlives its reason
        .words("bans licenses sources")
        .run()?;
    Ok(Outcome::Passed)
}

/// Builds cargo-deny once; it then stays in cargo's own folder of programs.
pub(crate) fn install_if_missing() -> Result<()> {
    if Sh::cargo().words("deny --version").succeeds() {
        return Ok(());
    }
    // It runs for two seconds, so optimising it costs minutes and saves nothing.
    Sh::cargo()
        .words("install --locked cargo-deny")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .run()
}
