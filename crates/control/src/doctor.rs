//! What a check of the connection and the folders found.

use outport_types::Problem;
use serde::{Deserialize, Serialize};

/// Everything that was checked, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
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
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Check {
    /// A stable word for programs, `tls`.
    pub name: String,
    /// What it is for people, `Encryption (TLS)`.
    pub title: String,
    /// How it went.
    pub verdict: Verdict,
    /// What was found and what to do, in English.
    pub text: String,
    /// What is wrong, for screens that speak another language; `None` when nothing is.
    pub problem: Option<Problem>,
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
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
