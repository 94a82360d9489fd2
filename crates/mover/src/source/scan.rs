//! Reading directories for the manifest.

use outport_protocol::{
    control::FileKind,
    session::{
        Dir, DirMeta, EffectId, Fault, LeftKind,
        sender::{Found, LinkedId, Listed, SenderEvent, Told},
    },
};
use outport_types::{Name, Symlinks};

use super::{
    Source, lock,
    sorter::{Sorted, Sorter},
};
use crate::{
    refused::Refused,
    resolver::{Directory, Resolved, Right},
    stat::{FileId, Stat},
};

/// A directory of which entries are still to come.
#[derive(Debug)]
pub(super) struct Scan {
    directory: Directory,
    names: Sorted,
    /// Why not all names could be read.
    incomplete: Option<Fault>,
    /// Whether everything in it is told, as far as is known.
    told: Told,
    /// Names that are told as left out, because who asks is not in the local network.
    near_only: Vec<Name>,
    /// Where links are followed: the directory and those that it is in, to find loops.
    above: Vec<FileId>,
}

impl Scan {
    fn new(directory: Directory, above: Vec<FileId>) -> Result<Self, Refused> {
        let mut sorter = Sorter::new();
        // Told whatever is in them, so none of the entries.
        let near_only = directory.near_only();
        for name in &near_only {
            sorter.push(name.clone())?;
        }
        let mut incomplete = None;
        for entry in directory.entries()? {
            match entry {
                // One that leads to an open folder is among the entries.
                Ok(entry) if near_only.contains(&entry.name) => {}
                Ok(entry) => sorter.push(entry.name)?,
                Err(error) => {
                    incomplete = Some(Refused::from(error).fault());
                    break;
                }
            }
        }
        // Said whatever stands there: that nothing is denied would tell as much.
        let told = if directory.denies_names() { Told::Part } else { Told::All };
        let names = sorter.sorted()?;
        Ok(Self { directory, names, incomplete, told, near_only, above })
    }
}

impl Source {
    /// What stands at the path of an item, links followed.
    pub(super) fn root(&self, item: u32) -> Result<Found, Refused> {
        let dir = Dir::above(item);
        let path = self.dirs.item(&dir)?;
        match self.resolver().behind(path)? {
            Resolved::Directory(directory) => Ok(Found::Dir(meta_of(&directory)?)),
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

    pub(super) fn begin_scan(&self, dir: &Dir) -> Result<Scan, Refused> {
        let directory = self.dirs.directory(dir)?;
        let mut above = Vec::new();
        let mut at = self.dirs.follows().then(|| dir.clone());
        while let Some(dir) = at {
            above.push(self.dirs.directory(&dir)?.id());
            at = dir.place().filter(|place| place.name.is_some()).map(|place| place.dir);
        }
        Scan::new(directory, above)
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
                    let end = Some(scan.incomplete.map_or(Ok(scan.told), Err));
                    return SenderEvent::Scanned { id, entries, end };
                }
            };
            if self.stop.is_cancelled() {
                let end = Some(Err(Refused::Stopped.fault()));
                return SenderEvent::Scanned { id, entries, end };
            }
            entries.extend(self.look_at(&mut scan, name));
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

impl Source {
    /// What an entry is; `None` when it vanished or is not to be spoken of.
    fn look_at(&self, scan: &mut Scan, name: Name) -> Option<Listed> {
        if scan.near_only.contains(&name) {
            return Some(Listed { name, found: Ok(Found::Left(LeftKind::LocalOnly)) });
        }
        let stat = match scan.directory.stat(&name) {
            Ok(stat) => stat,
            // It may have been given another name: an extra it is not.
            Err(Refused::NotFound) => {
                let told = self.dirs.orders().options.seeks_extras();
                let found = Ok(Found::Left(LeftKind::Hidden));
                return told.then_some(Listed { name, found });
            }
            Err(Refused::NotShared) => {
                scan.told = Told::Part;
                return None;
            }
            Err(refused) => return Some(Listed { name, found: Err(refused.fault()) }),
        };
        if stat.kind != FileKind::Link {
            return Some(Listed { name, found: Ok(self.found(&stat)) });
        }
        let found = match self.dirs.orders().options.symlinks {
            Symlinks::Skip => Found::Left(LeftKind::Link),
            Symlinks::Keep => match self.store.read_link(&scan.directory, &name) {
                Ok(Some(target)) => Found::Link(target),
                Ok(None) => Found::Left(LeftKind::Link),
                Err(error) => {
                    return Some(Listed { name, found: Err(Refused::from(error).fault()) });
                }
            },
            Symlinks::Follow => match self.follow(scan, &name) {
                Ok(found) => found,
                Err(Refused::LinkLoop) => Found::Left(LeftKind::Loop),
                // A disk that fails is no link to nothing.
                Err(refused @ (Refused::Disk(_) | Refused::Permission(_))) => {
                    return Some(Listed { name, found: Err(refused.fault()) });
                }
                // Whether it leads out of the folders or to nothing is not told apart.
                Err(_) => Found::Left(LeftKind::Nowhere),
            },
        };
        Some(Listed { name, found: Ok(found) })
    }

    /// What stands at a name itself.
    fn found(&self, stat: &Stat) -> Found {
        let keeps = self.dirs.orders().options.preserve_hard_links;
        if keeps && stat.kind == FileKind::File && 1 < stat.names {
            let id = LinkedId { device: stat.id.device, inode: stat.id.inode };
            return Found::HardLink { meta: stat.meta(), id, names: stat.names };
        }
        found(stat)
    }

    /// What a link leads to.
    fn follow(&self, scan: &Scan, name: &Name) -> Result<Found, Refused> {
        let path = scan.directory.asked().join(name).map_err(|_| Refused::NotFound)?;
        let directory = match self.resolver().behind(&path)? {
            Resolved::Place(place) => {
                let stat = place.stat()?;
                if stat.kind != FileKind::Dir {
                    return Ok(found(&stat));
                }
                self.resolver().directory(&path, Right::Read)?
            }
            Resolved::Directory(directory) => directory,
            Resolved::Above { .. } => return Err(Refused::NotShared),
        };
        if scan.above.contains(&directory.id()) {
            return Err(Refused::LinkLoop);
        }
        Ok(Found::Dir(meta_of(&directory)?))
    }
}

fn meta_of(directory: &Directory) -> Result<DirMeta, Refused> {
    Ok(Stat::new(&directory.dir().dir_metadata()?).dir_meta())
}

fn found(stat: &Stat) -> Found {
    match (stat.kind, stat.left) {
        (FileKind::Dir, _) => Found::Dir(stat.dir_meta()),
        (FileKind::File, _) => Found::File(stat.meta()),
        (FileKind::Link | FileKind::Special, Some(kind)) => Found::Left(kind),
        (FileKind::Link | FileKind::Special, None) => Found::Left(LeftKind::Other),
    }
}
