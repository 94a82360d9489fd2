//! What a check of the connection and the folders found.

use serde::{Deserialize, Serialize};

/// Everything that was checked, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoctorReport {
    /// The checks.
    pub checks: Vec<Check>,
}

impl DoctorReport {
    /// Whether nothing failed.
    pub fn is_well(&self) -> bool {
        self.checks.iter().all(|check| check.verdict != Verdict::Failed)
    }
}

/// One thing that was checked. It holds no secret, so it can be shown to anybody who helps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// A stable word for programs, `tls`.
    pub name: String,
    /// What it is for people, `Encryption (TLS)`.
    pub title: String,
    /// How it went.
    pub verdict: Verdict,
    /// What was found and what to do.
    pub text: String,
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, but not as well as it could.
    Warning,
    /// It does not work.
    Failed,
    /// It was not checked, because something before it failed or is not set up.
    Skipped,
}
