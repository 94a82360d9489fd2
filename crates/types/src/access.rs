//! What an owner allows in a folder.

use serde::{Deserialize, Serialize};

/// What may be done in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Listed and read.
    ReadOnly,
    /// Listed, read, written, renamed and deleted.
    ReadWrite,
}

impl Access {
    /// Whether anything may be changed.
    pub const fn can_write(self) -> bool {
        matches!(self, Self::ReadWrite)
    }
}
