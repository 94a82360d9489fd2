//! Directories that a session has open, by what the protocol calls them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use outport_protocol::{
    control::FileKind,
    journal::Way,
    orders::TransferOrders,
    session::{Dir, DirId, Place, below},
};
use outport_types::{CollectionPath, Name, Purpose, Symlinks};

use crate::{
    refused::Refused,
    resolver::{Directory, Resolved, Resolver, Right},
};

/// Which end of a transfer's items is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Source,
    Destination,
}

/// Opens directories through the resolver and keeps those that were used last.
#[derive(Debug)]
pub(crate) struct OpenDirs {
    resolver: Arc<Resolver>,
    orders: Arc<TransferOrders>,
    side: Side,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    directories: HashMap<DirId, (Directory, u64)>,
    uses: u64,
}

impl OpenDirs {
    pub(crate) fn new(resolver: Arc<Resolver>, orders: Arc<TransferOrders>, side: Side) -> Self {
        Self { resolver, orders, side, open: Mutex::default() }
    }

    /// The directory and the name in it that a place means.
    ///
    /// # Errors
    /// When it is not accessible.
    pub(crate) fn place(&self, place: &Place) -> Result<(Directory, Name), Refused> {
        match (&place.name, self.side) {
            (Some(name), Side::Source) => Ok((self.directory(&place.dir)?, name.clone())),
            (Some(name), Side::Destination) => {
                Ok((self.directory(&place.dir)?, place.naming.of(name)))
            }
            (None, Side::Source) => match self.resolver.behind(self.item(&place.dir)?)? {
                Resolved::Place(found) => Ok((found.directory().clone(), found.name().clone())),
                Resolved::Directory(_) => Err(Refused::IsADirectory),
                Resolved::Above { .. } => Err(Refused::NotShared),
            },
            (None, Side::Destination) => {
                let found = self.resolver.place(self.item(&place.dir)?, self.need())?;
                Ok((found.directory().clone(), place.local_name(found.name())))
            }
        }
    }

    /// The directory behind the protocol's word for it.
    ///
    /// # Errors
    /// When it is not accessible.
    pub(crate) fn directory(&self, dir: &Dir) -> Result<Directory, Refused> {
        // Up to what is open, then down again.
        let mut way = Vec::new();
        let mut at = Some(dir.clone());
        let mut open = None;
        while let Some(dir) = at {
            if let Some(known) = self.known(dir.id()) {
                open = Some(known);
                break;
            }
            at = match dir.place() {
                Some(Place { dir, name: Some(_), .. }) => Some(dir),
                // An item is opened by its own path.
                Some(Place { name: None, .. }) | None => None,
            };
            way.push(dir);
        }
        for dir in way.into_iter().rev() {
            let directory = self.open_one(open.as_ref(), &dir)?;
            self.keep(dir.id(), &directory);
            open = Some(directory);
        }
        open.ok_or(Refused::NotShared)
    }

    /// The directory that a journal names; for an item that is a file, the one that holds it.
    ///
    /// # Errors
    /// When it is not accessible.
    pub(crate) fn at_way(&self, way: &Way, above: bool) -> Result<Directory, Refused> {
        let item = self.item(&Dir::above(way.item))?;
        if above {
            return Ok(self.resolver.place(item, Right::Write)?.directory().clone());
        }
        let path = below(item, way.names.clone()).ok_or(Refused::NotFound)?;
        self.resolver.directory(&path, Right::Write)
    }

    /// The file behind a place: what a link there leads to, where the task follows links.
    ///
    /// # Errors
    /// When it is not accessible.
    pub(crate) fn file(&self, place: &Place) -> Result<(Directory, Name), Refused> {
        let (directory, name) = self.place(place)?;
        if place.name.is_none() || !self.follows() || directory.stat(&name)?.kind != FileKind::Link
        {
            return Ok((directory, name));
        }
        let path = directory.asked().join(&name).map_err(|_| Refused::NotFound)?;
        match self.resolver.behind(&path)? {
            Resolved::Place(found) => Ok((found.directory().clone(), found.name().clone())),
            Resolved::Directory(_) => Err(Refused::IsADirectory),
            Resolved::Above { .. } => Err(Refused::NotShared),
        }
    }

    /// Whether links below an item are followed.
    pub(crate) fn follows(&self) -> bool {
        self.side == Side::Source && self.orders.options.symlinks == Symlinks::Follow
    }

    /// What the side does to its disk: a check writes nowhere, a preview where a transfer would.
    pub(crate) fn need(&self) -> Right {
        match self.side {
            Side::Destination if self.orders.options.purpose != Purpose::Check => Right::Write,
            Side::Destination | Side::Source => Right::Read,
        }
    }

    /// Forgets all that is open, because rules or disks changed.
    pub(crate) fn forget(&self) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).directories.clear();
    }

    /// What resolves its paths.
    pub(crate) fn resolver(&self) -> &Arc<Resolver> {
        &self.resolver
    }

    /// What is to be done.
    pub(crate) fn orders(&self) -> &TransferOrders {
        &self.orders
    }

    /// How many items the transfer has.
    pub(crate) fn items(&self) -> usize {
        self.orders.items.len()
    }

    /// The path of the item that `dir` belongs to.
    pub(crate) fn item(&self, dir: &Dir) -> Result<&CollectionPath, Refused> {
        let item = self.orders.items.get(dir.item() as usize).ok_or(Refused::NotFound)?;
        Ok(match self.side {
            Side::Source => &item.source,
            Side::Destination => &item.destination,
        })
    }

    fn open_one(&self, parent: Option<&Directory>, dir: &Dir) -> Result<Directory, Refused> {
        let item = self.item(dir)?;
        let need = self.need();
        match (dir.place(), self.side) {
            (None, _) => Ok(self.resolver.place(item, need)?.directory().clone()),
            (Some(Place { name: None, .. }), _) => self.resolver.directory(item, need),
            (Some(Place { name: Some(name), naming, .. }), side) => {
                let parent = parent.ok_or(Refused::NotShared)?;
                match side {
                    Side::Source if self.follows() => self.resolver.child(parent, &name, need),
                    // What the manifest calls a directory was no link when it was listed.
                    Side::Source => self.resolver.child_nofollow(parent, &name, need),
                    Side::Destination => self.resolver.child(parent, &naming.of(&name), need),
                }
            }
        }
    }

    fn known(&self, id: DirId) -> Option<Directory> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.uses += 1;
        let uses = open.uses;
        let (directory, used) = open.directories.get_mut(&id)?;
        *used = uses;
        let directory = directory.clone();
        if self.resolver.is_current(&directory) {
            return Some(directory);
        }
        open.directories.clear();
        None
    }

    fn keep(&self, id: DirId, directory: &Directory) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if OPEN_DIRS_MAX <= open.directories.len() {
            let mut uses: Vec<u64> = open.directories.values().map(|(_, used)| *used).collect();
            let (_, middle, _) = uses.select_nth_unstable(OPEN_DIRS_MAX / 2);
            let middle = *middle;
            open.directories.retain(|_, (_, used)| middle < *used);
        }
        open.uses += 1;
        let uses = open.uses;
        open.directories.insert(id, (directory.clone(), uses));
    }
}

/// Directories kept open by one side of a session; half of them are closed when there are more.
const OPEN_DIRS_MAX: usize = 128;
