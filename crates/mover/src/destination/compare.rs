//! Looking what stands at a destination, and making directories.

use outport_protocol::{
    blocks::{Blocks, Cv, NodeId},
    control::FileKind,
    session::{
        Place,
        receiver::{AtDestination, Compare, CompareWhat, Compared, Temp},
    },
};
use outport_types::{Digest, Name};

use super::Destination;
use crate::{
    refused::Refused,
    resolver::{Directory, OpenFile, Right},
    source::{hash_file, hash_nodes},
    system_path::{NameProblem, System, name_from_host, to_host},
};

impl Destination {
    pub(super) fn compare(&self, entry: &Compare) -> Result<Compared, Refused> {
        self.unless_stopped()?;
        match &entry.what {
            CompareWhat::Dir => Ok(Compared::Dir { made: self.make_directory(&entry.place)? }),
            CompareWhat::File { temp } => self.look(&entry.place, temp.as_ref()),
        }
    }

    /// Makes sure that a directory stands at a place; says whether it was made.
    fn make_directory(&self, place: &Place) -> Result<bool, Refused> {
        let Some(name) = &place.name else {
            let path = self.dirs.item(&place.dir)?;
            return match self.resolver().directory(path, Right::Write) {
                Ok(_) => Ok(false),
                Err(Refused::NotFound) => {
                    crate::ops::make_directory(self.resolver(), path, true)?;
                    Ok(true)
                }
                Err(refused) => Err(refused),
            };
        };
        let directory = self.dirs.directory(&place.dir)?;
        directory.allow(name, Right::Write)?;
        match self.store.make_directory(&directory, name) {
            Ok(()) => Ok(true),
            Err(Refused::Exists) => {
                self.unless_clash(&directory, name)?;
                self.resolver().child(&directory, name, Right::Write)?;
                Ok(false)
            }
            Err(refused) => Err(refused),
        }
    }

    fn look(&self, place: &Place, temp: Option<&Name>) -> Result<Compared, Refused> {
        let (directory, name) = match self.dirs.place(place) {
            Err(Refused::NotFound) if place.name.is_none() => {
                let parent = self.dirs.item(&place.dir)?.parent().ok_or(Refused::NotShared)?;
                crate::ops::make_directory(self.resolver(), &parent, true)?;
                self.dirs.place(place)?
            }
            other => other?,
        };
        directory.allow(&name, Right::Write)?;
        let found = match self.store.stat(&directory, &name)? {
            None => AtDestination::Nothing,
            Some(stat) => {
                directory.allow_id(stat.id)?;
                self.unless_clash(&directory, &name)?;
                match stat.kind {
                    FileKind::File => AtDestination::File(stat.stamp()),
                    FileKind::Dir => AtDestination::Dir,
                    FileKind::Link => AtDestination::Link,
                    FileKind::Special => AtDestination::Special,
                }
            }
        };
        let temp = match temp {
            Some(temp) => self.store.stat(&directory, temp)?,
            None => None,
        };
        let temp = temp.filter(|stat| stat.kind == FileKind::File).map(|stat| stat.stamp());
        Ok(Compared::File { found, temp })
    }

    /// On disks that take two names for one, what stands there must have been called exactly so:
    /// else two files of the source would become one.
    fn unless_clash(&self, directory: &Directory, name: &Name) -> Result<(), Refused> {
        if !System::HOST.folds_case() {
            return Ok(());
        }
        let path = directory.physical().join(name).map_err(|_| Refused::NotFound)?;
        let host = to_host(&path).map_err(Refused::BadName)?;
        let real = std::fs::canonicalize(host)?;
        let stored = real.file_name().and_then(|stored| name_from_host(stored).ok());
        match stored {
            Some(stored) if stored != *name && crate::rules::same_name(&stored, name) => {
                Err(Refused::BadName(NameProblem::Clash))
            }
            Some(_) | None => Ok(()),
        }
    }

    pub(super) fn digest(&self, place: &Place) -> Result<Digest, Refused> {
        let (directory, name) = self.dirs.place(place)?;
        let OpenFile { file, .. } = self.store.open(&directory, &name)?;
        hash_file(&*self.store, &file, &self.pool, &self.stop)
    }

    pub(super) fn check_held(
        &self,
        temp: &Temp,
        blocks: Blocks,
        nodes: &[NodeId],
    ) -> Result<Vec<Option<Cv>>, Refused> {
        let (directory, _) = self.dirs.place(&temp.place)?;
        let file = self.store.reopen(&directory, &temp.name, false)?;
        hash_nodes(&*self.store, &file, blocks, nodes, &self.pool, &self.stop)
    }
}
