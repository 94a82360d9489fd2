//! Collections of the hub, and what stands in them.

use outport_types::{EndpointId, UnixTime};
use serde::{Deserialize, Serialize};

/// Which collections are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CollectionQuery {
    /// Among which.
    pub scope: CollectionScope,
    /// Words of names, descriptions and owners; [`CollectionScope::All`] needs some.
    pub text: Option<String>,
    /// How many at most.
    pub limit: u32,
}

/// Among which collections is looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum CollectionScope {
    /// The owner's.
    Mine,
    /// Those that the owner used lately.
    Recent,
    /// Those that others share with the owner.
    Shared,
    /// All that the owner may see.
    All,
}

/// A place of files at the hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Collection {
    /// Its id.
    pub id: EndpointId,
    /// What people call it: `smith#WorkPC`, or its display name.
    pub name: String,
    /// Its name without the owner.
    pub display_name: Option<String>,
    /// Whose it is, `smith@hub.example.org`.
    pub owner: String,
    /// What it is.
    pub kind: CollectionKind,
    /// What its owner says about it.
    pub description: Option<String>,
    /// Whether its computer is connected; `None` where that is not known.
    pub online: Option<bool>,
    /// Whether its owner paused it; `None` where that is not known.
    pub paused: Option<bool>,
    /// When the pause ends by itself.
    pub paused_until: Option<UnixTime>,
    /// Whether it is this computer.
    pub is_this_computer: bool,
    /// Whether whoever is signed in owns it.
    pub is_mine: bool,
    /// The system of its computer.
    pub system: Option<String>,
    /// When its computer was last connected.
    pub last_seen: Option<UnixTime>,
    /// Where `/~/` leads.
    pub default_directory: Option<String>,
}

/// What a collection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum CollectionKind {
    /// A computer as its owner sees it.
    Computer,
    /// A part of one that is shared with others.
    Guest,
    /// Something that this version does not know.
    Other,
}

/// Which part of a directory is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ListQuery {
    /// In which collection.
    pub collection: EndpointId,
    /// Which directory; the default one, when there is none.
    pub path: Option<String>,
    /// Whether names that start with a dot are listed.
    pub show_hidden: bool,
    /// By what the entries are sorted; names decide between equals.
    pub sort: SortBy,
    /// Whether the last comes first.
    pub descending: bool,
    /// A part of the name, in upper or lower case.
    pub filter: Option<String>,
    /// Entries to leave out.
    pub offset: u32,
    /// Entries to answer at most.
    pub limit: u32,
}

/// By what entries are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum SortBy {
    /// The name.
    #[default]
    Name,
    /// The size.
    Size,
    /// The time of the last change.
    Modified,
    /// Directories, files, others.
    Type,
}

/// A part of a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Listing {
    /// In which collection.
    pub collection: EndpointId,
    /// Which directory, with `/` at its end.
    pub path: String,
    /// The same without `~`, where the hub knows it.
    pub absolute_path: Option<String>,
    /// What stands in it.
    pub entries: Vec<Entry>,
    /// How many entries were left out before these.
    pub offset: u64,
    /// How many there are in all.
    pub total: u64,
    /// Whether things can be renamed here.
    pub rename_supported: bool,
}

/// A file, a directory or something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Entry {
    /// Its name; bytes that are not UTF-8 are escaped.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
    /// Its size.
    pub size: u64,
    /// When it was last changed.
    pub modified: Option<UnixTime>,
    /// Four octal digits, `0644`.
    pub permissions: Option<String>,
    /// Whose it is there.
    pub user: Option<String>,
    /// Where it leads, when it is a link.
    pub link_target: Option<String>,
}

/// What an entry is; of a link that leads somewhere, what it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A file.
    File,
    /// A directory.
    Folder,
    /// A link that leads nowhere accessible.
    BrokenLink,
    /// A device, socket or pipe.
    Other,
}

/// A new name for something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RenameFile {
    /// In which collection.
    pub collection: EndpointId,
    /// Where it is.
    pub old_path: String,
    /// Where it shall be.
    pub new_path: String,
}
