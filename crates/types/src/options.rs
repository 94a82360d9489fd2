//! How a transfer is done: what a person or script may choose, once for both sides of it.
//!
//! | option | decided by |
//! | --- | --- |
//! | `purpose` | both: only with `transfer` anything is changed |
//! | `symlinks`, `filters`, `skip_source_errors` | the sender, while it scans |
//! | `sync_level`, `conflict`, `names` | the receiver, when it compares |
//! | `extras`, `empty_source` | the receiver, when everything else is done |
//! | `limit` | the sender, while it sends |
//! | `background` | both, for the threads that work on files; the sender, while it sends |
//! | `preserve_xattrs` | both: the sender reads them, the receiver gives them |
//! | `preserve_hard_links` | both: the sender tells which names are one file, the receiver makes them one |
//! | `verify`, `preserve_times`, `preserve_permissions`, `fail_on_quota` | the receiver, when it makes files durable |

use serde::{Deserialize, Serialize};

use crate::{
    Conflict, Extras, FilterKind, Glob, Name, Names, Purpose, RateLimit, Symlinks, SyncLevel,
};

/// How a transfer is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(default)]
pub struct TransferOptions {
    /// What it is asked for; but for a transfer itself, nothing is changed at either side.
    pub purpose: Purpose,
    /// When a file that exists at the destination is copied again; `None` is always.
    pub sync_level: Option<SyncLevel>,
    /// What becomes of a file whose place is taken, whatever the level says.
    pub conflict: Conflict,
    /// What becomes of a name below an item that cannot be at the destination.
    pub names: Names,
    /// Whether what was written is read again before it counts.
    pub verify: bool,
    /// Whether files and directories keep their modification times.
    pub preserve_times: bool,
    /// Whether files and directories get the permission bits of the source as they are, and not
    /// less what this computer's user takes away from new files.
    pub preserve_permissions: bool,
    /// Whether files have the extended attributes of the source.
    pub preserve_xattrs: bool,
    /// Whether names below an item that are one file at the source are one file at the destination.
    pub preserve_hard_links: bool,
    /// What becomes of symbolic links below an item.
    pub symlinks: Symlinks,
    /// Which entries below an item take part; the first rule that matches decides, and what none
    /// matches takes part.
    pub filters: Vec<FilterRule>,
    /// What becomes of what stands at the destination and not at the source.
    pub extras: Extras,
    /// Whether that is so for an item too whose directory is empty at the source.
    pub empty_source: bool,
    /// Whether unreadable source entries are left out instead of failing the task.
    pub skip_source_errors: bool,
    /// Whether a full destination fails the task instead of waiting for room.
    pub fail_on_quota: bool,
    /// How fast its content may travel at most.
    pub limit: Option<RateLimit>,
    /// Whether it gives way to other programs of both computers, and on the line between them.
    pub background: bool,
}

impl Default for TransferOptions {
    fn default() -> Self {
        Self {
            purpose: Purpose::Transfer,
            sync_level: None,
            conflict: Conflict::Overwrite,
            names: Names::Fail,
            verify: true,
            preserve_times: false,
            preserve_permissions: false,
            preserve_xattrs: false,
            preserve_hard_links: false,
            symlinks: Symlinks::Skip,
            filters: Vec::new(),
            extras: Extras::Stay,
            empty_source: false,
            skip_source_errors: false,
            fail_on_quota: false,
            limit: None,
            background: false,
        }
    }
}

impl TransferOptions {
    /// Whether only to look: nothing is changed at either side.
    pub fn only_looks(&self) -> bool {
        self.purpose != Purpose::Transfer
    }

    /// Whether what stands at the destination only is looked for.
    pub fn seeks_extras(&self) -> bool {
        self.extras != Extras::Stay || self.purpose == Purpose::Check
    }
}

/// One rule of a filter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FilterRule {
    /// Whether what matches takes part.
    pub include: bool,
    /// What it looks at; `None` is everything.
    pub only: Option<FilterKind>,
    /// A pattern for names: `*`, `?`, `[abc]`, `[!abc]`.
    pub name: String,
}

/// The rules of a filter, read once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter(Vec<(bool, Option<FilterKind>, Glob)>);

impl Filter {
    /// Reads rules.
    pub fn new(rules: &[FilterRule]) -> Self {
        let rules = rules.iter();
        Self(rules.map(|rule| (rule.include, rule.only, Glob::new(&rule.name, false))).collect())
    }

    /// Whether an entry of this name takes part.
    pub fn admits(&self, name: &Name, kind: FilterKind) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let text = name.text();
        let of_kind = |only: &Option<FilterKind>| only.is_none_or(|only| only == kind);
        let first = self.0.iter().find(|(_, only, glob)| of_kind(only) && glob.fits(&text));
        first.is_none_or(|(include, ..)| *include)
    }
}

/// Rules that one transfer may have.
pub const FILTER_RULES_MAX: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(include: bool, only: Option<FilterKind>, name: &str) -> FilterRule {
        FilterRule { include, only, name: name.to_owned() }
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let filter = Filter::new(&[
            rule(true, None, "keep.tmp"),
            rule(false, Some(FilterKind::File), "*.tmp"),
            rule(false, Some(FilterKind::Dir), "cache"),
        ]);
        for (name, kind, admits) in [
            ("keep.tmp", FilterKind::File, true),
            ("other.tmp", FilterKind::File, false),
            ("other.tmp", FilterKind::Dir, true),
            ("cache", FilterKind::Dir, false),
            ("cache", FilterKind::File, true),
            ("anything", FilterKind::File, true),
        ] {
            let name = Name::from_bytes(name.as_bytes()).unwrap();
            assert_eq!(filter.admits(&name, kind), admits, "{name} {kind:?}");
        }
    }

    #[test]
    fn a_filter_without_rules_admits_all() {
        let name = Name::from_bytes(b"anything".as_slice()).unwrap();
        assert!(Filter::new(&[]).admits(&name, FilterKind::Dir));
    }

    #[test]
    fn options_read_back_and_absent_ones_are_the_default() {
        let options = TransferOptions {
            symlinks: Symlinks::Keep,
            filters: vec![rule(false, Some(FilterKind::Dir), ".git")],
            ..TransferOptions::default()
        };
        let text = serde_json::to_string(&options).unwrap();
        assert_eq!(serde_json::from_str::<TransferOptions>(&text).unwrap(), options);
        let empty: TransferOptions = serde_json::from_str("{}").unwrap();
        assert_eq!(empty, TransferOptions::default());
    }
}
