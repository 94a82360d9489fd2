//! Why something on a disk did not work, in the form that crosses the link and enters the journal.

use outport_types::{Code, CollectionPath, Problem, Retry};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Why something on a disk did not work: less than a [`Problem`], which both sides can build from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What kind of problem it is.
    #[serde(serialize_with = "write_code", deserialize_with = "read_code")]
    pub code: Code,
    /// Whether trying again can help.
    pub retry: Retry,
    /// What the catalogue's text needs beside path and endpoint: the reason, the kind, the maximum.
    #[serde(deserialize_with = "read_reason")]
    pub reason: String,
}

impl Fault {
    /// A fault that goes away only when a person changes something.
    pub fn never(code: Code, reason: impl Into<String>) -> Self {
        Self { code, retry: Retry::Never, reason: cut(reason.into()) }
    }

    /// A fault that may be gone a little later.
    pub fn backoff(code: Code, reason: impl Into<String>) -> Self {
        Self { code, retry: Retry::Backoff, reason: cut(reason.into()) }
    }

    /// Whether the disk or a quota is full.
    pub fn is_no_space(&self) -> bool {
        self.code == Code::NoSpace
    }

    /// What a person is told: this fault happened to `path` on `endpoint`.
    pub fn problem(&self, path: &CollectionPath, endpoint: &str) -> Problem {
        let place = [("path", path.to_string().into()), ("endpoint", endpoint.into())];
        let mut problem = Problem::new(self.code, place);
        if !self.reason.is_empty() {
            let name = if self.code == Code::SkippedKind {
                "kind"
            } else if self.code == Code::ListingTooLong {
                "max"
            } else {
                "reason"
            };
            problem.args.insert(name.to_owned(), self.reason.as_str().into());
            problem.message = problem.text(outport_types::Language::En);
        }
        problem
    }
}

/// How much of a reason crosses the link.
pub const REASON_BYTES_MAX: usize = 512;

fn cut(mut reason: String) -> String {
    reason.truncate(reason.floor_char_boundary(REASON_BYTES_MAX));
    reason
}

/// Codes travel as their words: the order of the catalogue is not part of the protocol.
fn write_code<S: Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.word())
}

/// A code that a newer peer knows and this program does not is still a failure of a disk.
fn read_code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Code, D::Error> {
    let word = <&str>::deserialize(deserializer)?;
    if CODE_BYTES_MAX < word.len() {
        return Err(D::Error::custom("a code that is too long"));
    }
    Ok(Code::ALL.iter().copied().find(|code| code.word() == word).unwrap_or(Code::Disk))
}

fn read_reason<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let reason = <&str>::deserialize(deserializer)?;
    if REASON_BYTES_MAX < reason.len() {
        return Err(D::Error::custom("a reason that is too long"));
    }
    // It will be shown to people, on terminals too.
    Ok(reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect())
}

/// Longer than any word of the catalogue.
const CODE_BYTES_MAX: usize = 64;
