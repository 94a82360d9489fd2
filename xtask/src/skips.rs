//! What was skipped, and whether skipping is allowed.
//!
//! A test that cannot run where it is calls `outport_tests::skip`, which reads the two variables
//! set here: one makes skipping a failure, the other names the file that collects the reasons.

use std::{env, fs, path::PathBuf};

use anyhow::Result;

use crate::{sh::Sh, tree};

/// Set for tests where a skipped test is a failure.
pub(crate) const NO_SKIP: &str = "OUTPORT_NO_SKIP";
/// Names the file to which tests append why they were skipped.
pub(crate) const SKIPPED: &str = "OUTPORT_SKIPPED";

/// The collected reasons of one run.
#[derive(Debug)]
pub(crate) struct Skips {
    file: PathBuf,
}

impl Skips {
    /// Starts with no reason collected.
    pub(crate) fn fresh() -> Result<Self> {
        let file = tree::target_dir().join("skipped.txt");
        fs::create_dir_all(tree::target_dir())?;
        fs::write(&file, "")?;
        Ok(Self { file })
    }

    /// Tells a test run where to write and whether it may skip at all.
    pub(crate) fn apply(&self, sh: Sh) -> Sh {
        let sh = sh.env(SKIPPED, &self.file);
        if are_failures() { sh.env(NO_SKIP, "1") } else { sh }
    }

    /// The reasons, one a line, in order and each once.
    pub(crate) fn reasons(&self) -> Result<Vec<String>> {
        let mut reasons: Vec<_> =
            fs::read_to_string(&self.file)?.lines().map(str::to_owned).collect();
        reasons.sort();
        reasons.dedup();
        Ok(reasons)
    }
}

/// Whether this machine must be able to run everything: root on Linux, and every `CI`.
pub(crate) fn are_failures() -> bool {
    env::var_os("CI").is_some() || (cfg!(target_os = "linux") && is_root())
}

/// Whether this runs as root. Never so on Windows.
pub(crate) fn is_root() -> bool {
    cfg!(unix) && Sh::new("id").arg("-u").output().is_ok_and(|id| id.trim() == "0")
}
