//! A place in a collection as people type it: `smith#WorkPC:/data`, `WorkPC:~/x`, an id and a path.

use std::{fmt, str::FromStr};

use outport_types::{EndpointRef, NameError};

/// An endpoint and, perhaps, a path in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    pub endpoint: EndpointRef,
    /// Absolute, or below `/~/`; `None` when nothing was typed.
    pub path: Option<String>,
}

/// Why a text names no place: its endpoint is none, as of a path that stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; a place is smith#WorkPC:/path, or WorkPC:/path for your own")]
pub(crate) struct LocationError(#[from] NameError);

impl Location {
    /// The path, or the default directory.
    pub(crate) fn path_or_default(&self) -> &str {
        self.path.as_deref().unwrap_or(DEFAULT_DIRECTORY)
    }

    /// The place of `relative` below this one; an absolute path stands for itself.
    pub(crate) fn join(&self, relative: &str) -> String {
        if relative.starts_with('/') || relative.starts_with('~') {
            return full(relative);
        }
        let base = self.path_or_default().trim_end_matches('/');
        format!("{base}/{relative}")
    }
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        let (endpoint, path) = match text.split_once(':') {
            Some((endpoint, path)) => (endpoint, Some(path).filter(|path| !path.is_empty())),
            None => (text, None),
        };
        Ok(Self { endpoint: endpoint.parse()?, path: path.map(full) })
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.endpoint, self.path_or_default())
    }
}

/// A path as the API takes it: what does not start with `/` is below the default directory.
fn full(path: &str) -> String {
    match path {
        "~" => DEFAULT_DIRECTORY.to_owned(),
        path if path.starts_with('/') => path.to_owned(),
        path if path.starts_with("~/") => format!("/{path}"),
        path => format!("{DEFAULT_DIRECTORY}{path}"),
    }
}

/// Where a path that is not typed leads.
pub(crate) const DEFAULT_DIRECTORY: &str = "/~/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_typed_in_many_ways() {
        let id = "00000000-0000-0000-0000-000000000001";
        for (typed, endpoint, path) in [
            ("smith#WorkPC:/data/a:b", "smith#WorkPC", "/data/a:b"),
            ("WorkPC", "WorkPC", "/~/"),
            ("WorkPC:", "WorkPC", "/~/"),
            ("WorkPC:~", "WorkPC", "/~/"),
            ("WorkPC:~/x", "WorkPC", "/~/x"),
            ("WorkPC:x y", "WorkPC", "/~/x y"),
            (&format!("{id}:/x"), id, "/x"),
        ] {
            let place: Location = typed.parse().unwrap();
            assert_eq!(place.endpoint.to_string(), endpoint, "{typed}");
            assert_eq!(place.path_or_default(), path, "{typed}");
        }
    }

    #[test]
    fn a_path_alone_is_told_how_places_are_written() {
        for typed in ["/data/x", "", ":/x", "~/x", "a#b#c:/x"] {
            let error = typed.parse::<Location>().unwrap_err().to_string();
            assert!(error.contains("; a place is smith#WorkPC:/path"), "{typed}: {error}");
        }
    }

    #[test]
    fn batch_lines_are_below_the_place_unless_absolute() {
        let place: Location = "WorkPC:/data/".parse().unwrap();
        assert_eq!(place.join("a/b"), "/data/a/b");
        assert_eq!(place.join("/x"), "/x");
        assert_eq!(place.join("~/x"), "/~/x");
        let home: Location = "WorkPC".parse().unwrap();
        assert_eq!(home.join("a"), "/~/a");
    }
}
