//! Names that cannot be on the disk, names that are taken, and names at which nothing stands.

use outport_protocol::session::{
    Fault, Place,
    receiver::{AtDestination, Compare, CompareWhat, Compared, Linked},
    replacement,
};
use outport_types::{Code, Conflict, Name, Names};

use super::Rx;
use crate::{
    disk::{Disk, Ino},
    mutation::Mutation,
};

impl Rx {
    pub(super) fn gives_free_names(&self) -> bool {
        self.config.orders.options.conflict == Conflict::Rename
    }

    /// Whether a name can be on this disk, and no earlier transfer gave it another one.
    pub(super) fn takes(&self, place: &Place, dir: Ino, name: &Name, disk: &Disk) -> bool {
        let Some(own) = &place.name else { return true };
        let is_replaced = self.config.orders.options.names == Names::Rename
            && place.naming.is_own()
            && disk.at(dir, name).is_none()
            && disk.at(dir, &replacement(own)).is_some();
        !self.is_bad(name) && !is_replaced
    }

    /// What is said of a place where nothing stands when only to look.
    pub(super) fn absent(&self, entry: &Compare) -> Result<Compared, Fault> {
        if entry.place.name.is_some() && self.is_bad(&self.name(&entry.place)) {
            return Err(Fault::never(Code::BadName, ""));
        }
        Ok(match entry.what {
            CompareWhat::Dir => Compared::Dir { made: true },
            CompareWhat::File { .. } => {
                Compared::File { found: AtDestination::Nothing, temp: None }
            }
            CompareWhat::Link { .. } => Compared::Link(Linked::Made),
        })
    }

    /// Whether a name cannot be on this disk, which is so only where another one is asked for.
    pub(super) fn is_bad(&self, name: &Name) -> bool {
        let replaces = self.config.orders.options.names == Names::Rename;
        replaces && is_bad(name) && !self.is(Mutation::TakeBadNames)
    }
}

/// Whether a name cannot be on the disk that is written.
pub fn is_bad(name: &Name) -> bool {
    name.as_bytes().contains(&b'\n')
}
