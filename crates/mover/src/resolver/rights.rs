//! What the hub lets somebody touch, beside what the owner's rules allow.

use std::collections::BTreeMap;

use outport_protocol::ticket::Grant;
use outport_types::{CollectionPath, Name};

/// What an operation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Listing and reading.
    Read,
    /// Creating, changing and renaming.
    Write,
    /// Removing.
    Delete,
}

/// Several rights together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rights {
    read: bool,
    write: bool,
    delete: bool,
}

/// The grants of one request or one ticket.
#[derive(Clone, Debug, Default)]
pub(super) struct Grants(BTreeMap<CollectionPath, Rights>);

impl Grants {
    pub(super) fn new(grants: &[Grant]) -> Self {
        let mut all: BTreeMap<CollectionPath, Rights> = BTreeMap::new();
        for grant in grants {
            let rights = Rights { read: grant.read, write: grant.write, delete: grant.delete };
            let known = all.entry(grant.path.clone()).or_default();
            *known = known.and(rights);
        }
        Self(all)
    }

    /// What is granted from exactly this path on.
    pub(super) fn at(&self, names: &[Name]) -> Option<Rights> {
        self.0.get(&super::walk::path_of(names)).copied()
    }

    /// Whether a grant stands on `path`, above it or below it.
    pub(super) fn speaks_of(&self, path: &CollectionPath) -> bool {
        let below = self.0.range(path.clone()..).next();
        below.is_some_and(|(granted, _)| granted.is_inside(path))
            || (0..=path.names().len()).any(|depth| self.at(&path.names()[..depth]).is_some())
    }

    /// Whether something below `path` may be written.
    pub(super) fn leads_to_write(&self, path: &CollectionPath) -> bool {
        let below = self.0.range(path.clone()..).take_while(|(granted, _)| granted.is_inside(path));
        below.into_iter().any(|(_, rights)| rights.write)
    }
}

impl Rights {
    pub(super) const ALL: Self = Self { read: true, write: true, delete: true };

    pub(super) fn and(self, other: Self) -> Self {
        Self {
            read: self.read || other.read,
            write: self.write || other.write,
            delete: self.delete || other.delete,
        }
    }

    pub(super) fn has(self, right: Right) -> bool {
        match right {
            Right::Read => self.read,
            Right::Write => self.write,
            Right::Delete => self.delete,
        }
    }
}
