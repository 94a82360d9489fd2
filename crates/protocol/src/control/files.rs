//! What listings ask and answer.

use outport_types::{CollectionPath, Name, UnixTime};
use serde::{Deserialize, Serialize};

/// What a directory listing asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListQuery {
    /// The directory; `None` is the default directory.
    pub path: Option<CollectionPath>,
    /// Whether names that start with a dot are listed.
    pub show_hidden: bool,
    /// How entries are sorted; by name when empty.
    pub order: Vec<ListingOrder>,
    /// Which entries are listed; all when no filter is given, else those that any of them lets pass.
    pub filters: Vec<Filter>,
    /// Entries to leave out from the start.
    pub offset: u64,
    /// Entries to answer at most.
    pub limit: u64,
}

/// One key of a sort order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingOrder {
    /// What is compared.
    pub field: OrderField,
    /// Whether the largest comes first.
    pub descending: bool,
}

/// What entries can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderField {
    /// The name, byte by byte.
    Name,
    /// The size.
    Size,
    /// File or directory.
    Type,
    /// The modification time.
    LastModified,
    /// The permission bits.
    Permissions,
    /// The owning user.
    User,
    /// The owning group.
    Group,
}

/// Clauses that must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// The clauses.
    pub clauses: Vec<Clause>,
}

/// One condition on an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clause {
    /// The name fits one of the positive patterns (if there are any) and none of the negated.
    Name(Vec<Pattern>),
    /// The kind is one of these.
    Kind(Vec<FileKind>),
    /// Modified in this span.
    Modified {
        /// From this moment on.
        from: Option<UnixTime>,
        /// Up to this moment.
        to: Option<UnixTime>,
    },
    /// A size in this span.
    Size {
        /// At least this.
        from: Option<u64>,
        /// At most this.
        to: Option<u64>,
    },
}

/// A pattern for names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    /// The text, or a glob with `*`, `?` and `[]`.
    pub text: String,
    /// Whether it is a glob, matched without regard to case, rather than an exact name.
    pub glob: bool,
    /// Whether names that fit are left out.
    pub negated: bool,
}

/// A directory's entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The directory that was listed, `~` resolved.
    pub path: CollectionPath,
    /// The entries asked for, in order.
    pub entries: Vec<FileEntry>,
    /// How many there are in all that pass the filters.
    pub total: u64,
}

/// One file or directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its name; empty only for the root.
    pub name: Option<Name>,
    /// What it is; for a link, what it leads to.
    pub kind: FileKind,
    /// Its size in bytes.
    pub size: u64,
    /// When it was modified.
    pub modified: UnixTime,
    /// Permission bits, as on Unix.
    pub mode: u32,
    /// The owning user, by name where known.
    pub user: String,
    /// The owning group, by name where known.
    pub group: String,
    /// Where a link leads, as it is written in the link; only where that is accessible.
    pub link_target: Option<String>,
}

/// What kind of thing stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A directory.
    Dir,
    /// A regular file.
    File,
    /// A link that leads nowhere accessible.
    Link,
    /// A device, socket or pipe, which is never opened.
    Special,
}
