//! Listings and single files.

use std::fmt;

use outport_types::{EndpointId, ParseTimeError, UnixTime};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::wire::or_default;

/// A moment as file documents write it: a space where other dates have a `T`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileTime(pub UnixTime);

impl fmt::Display for FileTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.to_string().replacen('T', " ", 1))
    }
}

impl std::str::FromStr for FileTime {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, ParseTimeError> {
        text.replacen(' ', "T", 1).parse().map(Self)
    }
}

impl Serialize for FileTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FileTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What stands at a path; for a link that leads somewhere, what it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileType {
    File,
    Dir,
    /// A link that leads nowhere accessible.
    InvalidSymlink,
    /// A device, socket or pipe.
    #[serde(other)]
    Other,
}

/// One file or directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "file")]
pub struct FileDocument {
    /// Its name; `/` for the root. Bytes that are not UTF-8 are escaped.
    pub name: String,
    #[serde(rename = "type")]
    pub file_type: FileType,
    #[serde(default, deserialize_with = "or_default")]
    pub size: u64,
    /// Four octal digits, `0644`.
    pub permissions: Option<String>,
    pub user: Option<String>,
    pub group: Option<String>,
    pub last_modified: Option<FileTime>,
    pub link_target: Option<String>,
    pub link_size: Option<u64>,
    pub link_user: Option<String>,
    pub link_group: Option<String>,
    pub link_last_modified: Option<FileTime>,
}

/// The answer of `ls`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "file_list")]
pub struct FileList {
    pub endpoint: EndpointId,
    /// The directory, with `/` at its end: clients append names to it.
    pub path: String,
    pub absolute_path: Option<String>,
    /// How many entries this page has.
    #[serde(default)]
    pub length: u64,
    /// How many entries pass the filters in all.
    #[serde(default)]
    pub total: u64,
    #[serde(default)]
    pub limit: u64,
    #[serde(default)]
    pub offset: u64,
    #[serde(default)]
    pub rename_supported: bool,
    #[serde(default)]
    pub symlink_supported: bool,
    #[serde(rename = "DATA")]
    pub data: Vec<FileDocument>,
}

/// What `mkdir` asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "mkdir")]
pub struct Mkdir {
    pub path: String,
}

/// What `rename` asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "rename")]
pub struct Rename {
    pub old_path: String,
    pub new_path: String,
}
