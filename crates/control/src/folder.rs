//! Folders as screens and commands speak of them.
//!
//! Paths of the computer are text here, for people and JSON; a byte that is not UTF-8 takes the
//! escape of `outport_types`, so every path comes back as it was.

use outport_types::{Access, CollectionPath};
use serde::{Deserialize, Serialize};

/// A directory that the owner shares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Folder {
    /// Where it is on this computer.
    pub path: String,
    /// Where it is in the collection.
    pub collection_path: CollectionPath,
    /// What may be done in it.
    pub access: Access,
    /// Whether guest collections may be made of it.
    pub shareable: bool,
    /// Whether its content moves inside the local network only.
    pub local_only: bool,
    /// What below it is refused, as paths of this computer.
    pub deny: Vec<String>,
    /// Whether it can be used at the moment.
    pub status: FolderStatus,
}

/// Whether a folder can be used at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum FolderStatus {
    /// It is there.
    Available,
    /// It is not there: removed, or on a drive that is not connected.
    Missing,
    /// Something else stands there.
    NotADirectory,
    /// The operating system refuses to open it.
    Unreadable,
}

/// A folder to be added, or to be changed when its path is shared already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct NewFolder {
    /// Where it is on this computer: absolute; a command resolves `.` and `~` itself.
    pub path: String,
    /// What may be done in it.
    pub access: Access,
    /// Whether guest collections may be made of it.
    pub shareable: bool,
    /// Whether its content moves inside the local network only.
    pub local_only: bool,
    /// What below it is refused, absolute or relative to it.
    pub deny: Vec<String>,
    /// Whether the owner said yes to sharing a home, a whole disk or a hidden directory.
    pub confirmed: bool,
}

/// What would be allowed at a path, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FolderTest {
    /// The path that was asked about.
    pub path: String,
    /// Where it leads when every link is followed; `None` when nothing stands there.
    pub resolved: Option<String>,
    /// What would be allowed.
    pub decision: FolderDecision,
    /// Whether a guest collection could be made of it.
    pub shareable: bool,
    /// Whether its content would move inside the local network only.
    pub local_only: bool,
    /// The rule that decides: a folder's path, or a refused path below one.
    pub rule: Option<String>,
}

/// What would be allowed at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "kebab-case")]
pub enum FolderDecision {
    /// Nothing: no folder contains it.
    NotShared,
    /// Nothing: a rule below a folder refuses it.
    Denied,
    /// Only what leads to a folder is listed.
    LeadsToFolder,
    /// Listing and reading.
    ReadOnly,
    /// Listing, reading and writing.
    ReadWrite,
}
