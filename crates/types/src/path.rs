//! Paths as users of a collection see them: absolute, with `/`, whatever the system.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::escape::{escape_bytes, unescape_str};

/// One component of a path: a file name as bytes, never empty, `.`, `..`, with `/` or NUL.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<[u8]>);

impl Name {
    /// Takes the bytes of a file name.
    ///
    /// # Errors
    /// When the bytes can be no single file name.
    pub fn from_bytes(bytes: impl Into<Box<[u8]>>) -> Result<Self, PathError> {
        let bytes = bytes.into();
        match &*bytes {
            b"" => Err(PathError::EmptyName),
            b"." | b".." => Err(PathError::Dots),
            name if NAME_BYTES_MAX < name.len() => Err(PathError::NameTooLong),
            name if name.contains(&0) => Err(PathError::Nul),
            name if name.contains(&b'/') => Err(PathError::SlashInName),
            _ => Ok(Self(bytes)),
        }
    }

    /// The bytes of the name.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The name as text; bytes that are not UTF-8 are escaped.
    pub fn text(&self) -> Cow<'_, str> {
        escape_bytes(&self.0)
    }
}

/// An absolute path inside a collection, checked once and then trusted.
///
/// `//`, `.` and a trailing `/` are folded away; `..` is refused rather than resolved, because
/// what it means depends on links that only the endpoint can see.
/// `/~/…` is kept as it is: only the agent knows its default directory.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "specta", derive(specta::Type), specta(type = String))]
pub struct CollectionPath(Vec<Name>);

impl CollectionPath {
    /// The top of the collection, `/`.
    pub const ROOT: Self = Self(Vec::new());

    /// Builds a path from checked names.
    ///
    /// # Errors
    /// When the whole is longer than a path may be.
    pub fn from_names(names: Vec<Name>) -> Result<Self, PathError> {
        let bytes: usize = names.iter().map(|name| name.0.len() + 1).sum();
        if PATH_BYTES_MAX < bytes || PATH_NAMES_MAX < names.len() {
            return Err(PathError::TooLong);
        }
        Ok(Self(names))
    }

    /// The path of `name` inside this directory.
    ///
    /// # Errors
    /// When the whole is longer than a path may be.
    pub fn join(&self, name: &Name) -> Result<Self, PathError> {
        let mut names = self.0.clone();
        names.push(name.clone());
        Self::from_names(names)
    }

    /// The directory that holds this path; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        let (_, parent) = self.0.split_last()?;
        Some(Self(parent.to_vec()))
    }

    /// The last component; `None` for the root.
    pub fn file_name(&self) -> Option<&Name> {
        self.0.last()
    }

    /// The components from the top down.
    pub fn names(&self) -> &[Name] {
        &self.0
    }

    /// Whether this is `base` or below it, by names alone.
    pub fn is_inside(&self, base: &Self) -> bool {
        self.0.starts_with(&base.0)
    }

    /// Whether the path starts at the collection's default directory, `/~/`.
    pub fn starts_at_default(&self) -> bool {
        self.0.first().is_some_and(|name| name.as_bytes() == b"~")
    }
}

/// Why a text is no path of a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// It does not start with `/` or `~`.
    #[error("a path starts with / (or with ~/ for the default directory)")]
    NotAbsolute,
    /// A component is empty.
    #[error("a file name cannot be empty")]
    EmptyName,
    /// A component is `..`.
    #[error("a path cannot contain `..`")]
    Dots,
    /// A component contains `/`.
    #[error("a file name cannot contain /")]
    SlashInName,
    /// The path contains a NUL byte.
    #[error("a path cannot contain a NUL byte")]
    Nul,
    /// A component is longer than any file system takes.
    #[error("a file name has at most {NAME_BYTES_MAX} bytes")]
    NameTooLong,
    /// The path is longer than any system takes.
    #[error("a path has at most {PATH_BYTES_MAX} bytes")]
    TooLong,
}

impl FromStr for CollectionPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let text = if text == "~" || text.starts_with("~/") {
            Cow::Owned(format!("/{text}"))
        } else {
            Cow::Borrowed(text)
        };
        if !text.starts_with('/') {
            return Err(PathError::NotAbsolute);
        }
        if PATH_BYTES_MAX * 3 < text.len() {
            return Err(PathError::TooLong); // no escape is longer than three bytes a byte
        }
        let names = text.split('/').filter(|name| !matches!(*name, "" | "."));
        Self::from_names(
            names.map(|name| Name::from_bytes(unescape_str(name))).collect::<Result<_, _>>()?,
        )
    }
}

impl fmt::Display for CollectionPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("/");
        }
        self.0.iter().try_for_each(|name| write!(f, "/{}", name.text()))
    }
}

impl fmt::Debug for CollectionPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string(), f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text(), f)
    }
}

impl Serialize for CollectionPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CollectionPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_bytes(unescape_str(&text)).map_err(serde::de::Error::custom)
    }
}

/// NTFS takes 255 UTF-16 units, up to 765 bytes; Linux takes 255 bytes and refuses more itself.
const NAME_BYTES_MAX: usize = 1024;
/// Twice what Linux takes for a whole path, and what Windows takes with long paths.
const PATH_BYTES_MAX: usize = 32 * 1024;
/// Deeper trees than this are loops or attacks.
const PATH_NAMES_MAX: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fold_and_read_back() {
        for (typed, meant) in [
            ("/", "/"),
            ("//a//b/", "/a/b"),
            ("/a/./b", "/a/b"),
            ("~", "/~"),
            ("~/x", "/~/x"),
            ("/~/x", "/~/x"),
            ("/C/Users/Ann", "/C/Users/Ann"),
            ("/with, comma%2C and \"quote\"\n", "/with, comma%2C and \"quote\"\n"),
        ] {
            assert_eq!(typed.parse::<CollectionPath>().unwrap().to_string(), meant);
        }
    }

    #[test]
    fn what_is_no_path_is_refused_with_its_reason() {
        assert_eq!("a/b".parse::<CollectionPath>(), Err(PathError::NotAbsolute));
        assert_eq!("".parse::<CollectionPath>(), Err(PathError::NotAbsolute));
        assert_eq!("/a/../b".parse::<CollectionPath>(), Err(PathError::Dots));
        assert_eq!("/a\0b".parse::<CollectionPath>(), Err(PathError::Nul));
        assert_eq!(
            format!("/{}", "a".repeat(1025)).parse::<CollectionPath>(),
            Err(PathError::NameTooLong)
        );
        assert_eq!("/abc".repeat(9000).parse::<CollectionPath>(), Err(PathError::TooLong));
    }

    #[test]
    fn escapes_cannot_smuggle_a_separator() {
        // Only bytes from 0x80 on have an escape, so `/`, `.` and NUL cannot hide in one.
        let path: CollectionPath = "/a\u{efaf}b".parse().unwrap();
        assert_eq!(path.names()[0].as_bytes(), b"a\xafb");
    }

    #[test]
    fn inside_is_by_component() {
        let base: CollectionPath = "/data/a".parse().unwrap();
        assert!("/data/a/b".parse::<CollectionPath>().unwrap().is_inside(&base));
        assert!(!"/data/ab".parse::<CollectionPath>().unwrap().is_inside(&base));
    }
}
