//! What a check of the connection and the folders found.

use outport_types::{Fact, Problem};
use serde::{Deserialize, Serialize};

/// What a check came to, and everything that was checked, in order.
///
/// It holds no secret, no password, no home and no name of a person, so it can be shown to anybody who
/// helps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DoctorReport {
    /// The verdict in a sentence or a few, the one that counts most first.
    pub summary: Vec<Fact>,
    /// The checks.
    pub checks: Vec<Check>,
}

impl DoctorReport {
    /// Whether nothing failed.
    pub fn is_well(&self) -> bool {
        self.checks.iter().all(|check| check.verdict != Verdict::Failed)
    }
}

/// One thing that was checked; more than one may have the same name.
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
    /// The same with its code, where nothing is wrong; `None` beside a problem.
    pub fact: Option<Fact>,
    /// What is wrong, with its code; `None` when nothing is.
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
