//! Reading directories for the manifest.

use outport_protocol::{
    control::FileKind,
    session::{
        EffectId, Fault,
        sender::{Found, Listed, SenderEvent},
    },
};
use outport_types::Name;

use super::{
    Source, lock,
    sorter::{Sorted, Sorter},
};
use crate::{
    refused::Refused,
    resolver::{Directory, Resolved, Right},
    stat::Stat,
};

/// A directory of which entries are still to come.
#[derive(Debug)]
pub(super) struct Scan {
    directory: Directory,
    names: Sorted,
    /// Why not all names could be read.
    incomplete: Option<Fault>,
}

impl Scan {
    pub(super) fn new(directory: Directory) -> Result<Self, Refused> {
        let mut sorter = Sorter::new();
        let mut incomplete = None;
        for entry in directory.entries()? {
            match entry {
                Ok(entry) => sorter.push(entry.name)?,
                Err(error) => {
                    incomplete = Some(Refused::from(error).fault());
                    break;
                }
            }
        }
        Ok(Self { directory, names: sorter.sorted()?, incomplete })
    }
}

impl Source {
    /// What stands at the path of an item, links followed.
    pub(super) fn root(&self, item: u32) -> Result<Found, Refused> {
        let dir = outport_protocol::session::Dir::above(item);
        let path = self.dirs.item(&dir)?;
        match self.resolver().behind(path)? {
            Resolved::Directory(_) => Ok(Found::Dir),
            Resolved::Place(place) => {
                let stat = place.stat()?;
                if stat.kind == FileKind::Dir {
                    self.resolver().directory(path, Right::Read)?;
                }
                Ok(found(&stat))
            }
            Resolved::Above { .. } => Err(Refused::NotShared),
        }
    }

    /// The next entries of a scan; it is kept while there are more.
    pub(super) fn scan(
        &self,
        id: EffectId,
        scan: Result<Scan, Refused>,
        entries_max: usize,
    ) -> SenderEvent {
        let mut scan = match scan {
            Ok(scan) => scan,
            Err(refused) => {
                let end = Some(Err(refused.fault()));
                return SenderEvent::Scanned { id, entries: Vec::new(), end };
            }
        };
        if !self.resolver().is_current(&scan.directory) {
            match self.reopened(&scan.directory) {
                Ok(directory) => scan.directory = directory,
                Err(refused) => {
                    let end = Some(Err(refused.fault()));
                    return SenderEvent::Scanned { id, entries: Vec::new(), end };
                }
            }
        }
        let mut entries = Vec::new();
        while entries.len() < entries_max {
            let name = match scan.names.next() {
                Some(Ok(name)) => name,
                Some(Err(error)) => {
                    let end = Some(Err(Refused::from(error).fault()));
                    return SenderEvent::Scanned { id, entries, end };
                }
                None => {
                    let end = Some(scan.incomplete.map_or(Ok(()), Err));
                    return SenderEvent::Scanned { id, entries, end };
                }
            };
            if self.stop.is_cancelled() {
                let end = Some(Err(Refused::Stopped.fault()));
                return SenderEvent::Scanned { id, entries, end };
            }
            entries.extend(look(&scan.directory, name));
        }
        lock(&self.scans).insert(id, scan);
        SenderEvent::Scanned { id, entries, end: None }
    }

    /// The same directory under the rules that are in force now.
    fn reopened(&self, directory: &Directory) -> Result<Directory, Refused> {
        let now = self.resolver().directory(directory.asked(), Right::Read)?;
        if now.id() == directory.id() { Ok(now) } else { Err(Refused::NotFound) }
    }
}

/// What an entry is; `None` when it vanished or is not to be spoken of.
fn look(directory: &Directory, name: Name) -> Option<Listed> {
    match directory.stat(&name) {
        Ok(stat) => Some(Listed { name, found: Ok(found(&stat)) }),
        Err(Refused::NotFound | Refused::NotShared) => None,
        Err(refused) => Some(Listed { name, found: Err(refused.fault()) }),
    }
}

fn found(stat: &Stat) -> Found {
    match (stat.kind, stat.left) {
        (FileKind::Dir, _) => Found::Dir,
        (FileKind::File, _) => Found::File(stat.meta()),
        (FileKind::Link | FileKind::Special, Some(kind)) => Found::Left(kind),
        (FileKind::Link | FileKind::Special, None) => {
            Found::Left(outport_protocol::session::LeftKind::Other)
        }
    }
}
