//! Looking what stands at a destination, and making directories.

use outport_protocol::{
    blocks::{Blocks, Cv, NodeId},
    control::FileKind,
    session::{
        Dir, LinkTarget, Naming, Place,
        receiver::{AtDestination, Compare, CompareWhat, Compared, Linked, Temp},
        replacement,
    },
};
use outport_types::{Conflict, Digest, Name, Names};

use super::{Destination, lock, spelling::Spellings};
use crate::{
    hashing::{Hashing, Sparse},
    refused::Refused,
    resolver::{Directory, OpenFile, Right},
    source::remember,
    stat::{FileId, Stat},
    system_path::NameProblem,
};

impl Destination {
    pub(super) fn compare(
        &self,
        spellings: &mut Spellings,
        entry: &Compare,
    ) -> Result<Compared, Refused> {
        self.unless_stopped()?;
        match &entry.what {
            CompareWhat::Dir => {
                Ok(Compared::Dir { made: self.make_directory(spellings, &entry.place)? })
            }
            CompareWhat::File { temp } => self.look(spellings, &entry.place, temp.as_ref()),
            CompareWhat::Link { target, temp, replace } => {
                let replace = (temp, *replace);
                Ok(Compared::Link(self.make_link(spellings, &entry.place, target, replace)?))
            }
        }
    }

    /// Makes sure that a directory stands at a place; says whether it was made. Where nothing is to
    /// be changed, it says whether it would be.
    fn make_directory(&self, spellings: &mut Spellings, place: &Place) -> Result<bool, Refused> {
        let Some(name) = &place.name else {
            return self.make_top(spellings, &place.dir);
        };
        let directory = match self.dirs.directory(&place.dir) {
            Err(Refused::NotFound) if self.looks() => return self.unless_refused(place, true),
            directory => directory?,
        };
        self.unless_replaced(&directory, place)?;
        let name = &place.naming.of(name);
        directory.allow(name, self.dirs.need())?;
        let made = match self.looks() {
            true if self.store.stat(&directory, name)?.is_none() => return Ok(true),
            true => Err(Refused::Exists),
            false => self.store.make_directory(&directory, name),
        };
        match made {
            Ok(()) => {
                if let Err(refused) = self.unless_respelled(spellings, &directory, name) {
                    // Under the other name it would be taken for somebody's.
                    self.store.remove_directory(&directory, name).ok();
                    return Err(refused);
                }
                self.remember_made(place);
                Ok(true)
            }
            Err(Refused::Exists) => {
                self.unless_clash(spellings, &directory, name)?;
                self.resolver().child(&directory, name, self.dirs.need())?;
                Ok(false)
            }
            Err(refused) => Err(refused),
        }
    }

    /// The same for the place of an item.
    fn make_top(&self, spellings: &mut Spellings, item: &Dir) -> Result<bool, Refused> {
        let path = self.dirs.item(item)?;
        let (directory, made) = match self.resolver().directory(path, self.dirs.need()) {
            Ok(directory) => (directory, false),
            Err(Refused::NotFound) if self.looks() => {
                let place = Place { dir: item.clone(), name: None, naming: Naming::OWN };
                return self.unless_refused(&place, true);
            }
            Err(Refused::NotFound) => {
                crate::ops::make_directory(self.resolver(), path, true)?;
                (self.resolver().directory(path, Right::Write)?, true)
            }
            Err(refused) => return Err(refused),
        };
        // Somebody may spell the only item as the disk permits; another item can have made it.
        if self.has_many_items() {
            self.claim(item, directory.id(), None)?;
            // What holds a folder is not ours to look into.
            if let Ok(top) = self.resolver().place(path, self.dirs.need()) {
                self.unless_clash(spellings, top.directory(), top.name())?;
            }
        }
        Ok(made)
    }

    /// Makes sure that a link stands at a place; says what became of it. Where nothing is to be
    /// changed, it says what would.
    fn make_link(
        &self,
        spellings: &mut Spellings,
        place: &Place,
        target: &LinkTarget,
        (temp, replace): (&Name, bool),
    ) -> Result<Linked, Refused> {
        let (directory, name) = match self.dirs.place(place) {
            Err(Refused::NotFound) if self.looks() => {
                return self.unless_refused(place, Linked::Made);
            }
            found => found?,
        };
        self.unless_replaced(&directory, place)?;
        directory.allow(&name, self.dirs.need())?;
        let Some(stat) = self.store.stat(&directory, &name)? else {
            if self.looks() {
                return Ok(Linked::Made);
            }
            self.store.make_link(&directory, &name, target)?;
            if let Err(refused) = self.unless_respelled(spellings, &directory, &name) {
                self.store.remove(&directory, &name)?;
                return Err(refused);
            }
            return Ok(Linked::Made);
        };
        directory.allow_id(stat.id)?;
        self.unless_clash(spellings, &directory, &name)?;
        let gives_free_names = self.dirs.orders().options.conflict == Conflict::Rename;
        match stat.kind {
            FileKind::Dir if !gives_free_names => return Err(Refused::IsADirectory),
            FileKind::Special if !gives_free_names => return Err(Refused::Exists),
            FileKind::Link => {
                if self.store.read_link(&directory, &name)?.as_ref() == Some(target) {
                    return Ok(Linked::Stood);
                }
            }
            FileKind::File | FileKind::Dir | FileKind::Special => {}
        }
        if !replace {
            return Ok(Linked::Kept);
        }
        if self.looks() {
            return Ok(Linked::Replaced);
        }
        self.store.remove(&directory, temp)?;
        self.store.make_link(&directory, temp, target)?;
        if let Err(refused) = self.store.place(&directory, temp, &name) {
            self.store.remove(&directory, temp)?;
            return Err(refused);
        }
        Ok(Linked::Replaced)
    }

    /// Where an earlier transfer gave something another name, it is found again under that.
    fn unless_replaced(&self, directory: &Directory, place: &Place) -> Result<(), Refused> {
        let Some(name) = &place.name else { return Ok(()) };
        let names = self.dirs.orders().options.names;
        if names == Names::Fail || !place.naming.is_own() {
            return Ok(());
        }
        // What cannot be here at all is told by what is done next.
        let nothing = matches!(self.store.stat(directory, &place.naming.of(name)), Ok(None));
        if nothing && self.store.stat(directory, &replacement(name))?.is_some() {
            return Err(Refused::BadName(NameProblem::Replaced));
        }
        Ok(())
    }

    fn look(
        &self,
        spellings: &mut Spellings,
        place: &Place,
        temp: Option<&Name>,
    ) -> Result<Compared, Refused> {
        let (directory, name) = match self.dirs.place(place) {
            Err(Refused::NotFound) if self.looks() => {
                let found = AtDestination::Nothing;
                return self.unless_refused(place, Compared::File { found, temp: None });
            }
            Err(Refused::NotFound) if place.name.is_none() => {
                let parent = self.dirs.item(&place.dir)?.parent().ok_or(Refused::NotShared)?;
                crate::ops::make_directory(self.resolver(), &parent, true)?;
                self.dirs.place(place)?
            }
            other => other?,
        };
        self.unless_replaced(&directory, place)?;
        directory.allow(&name, self.dirs.need())?;
        if place.name.is_none() && self.has_many_items() {
            self.claim(&place.dir, directory.id(), Some(name.clone()))?;
        }
        let stat = match self.is_made(&place.dir) {
            true => None,
            false => self.store.stat(&directory, &name)?,
        };
        let found = match stat {
            None => AtDestination::Nothing,
            Some(stat) => {
                directory.allow_id(stat.id)?;
                self.unless_clash(spellings, &directory, &name)?;
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
        // What has another name as well is not to be written to by this one.
        let is_ours = |stat: &Stat| stat.kind == FileKind::File && stat.names <= 1;
        let temp = temp.filter(is_ours).map(|stat| stat.stamp());
        Ok(Compared::File { found, temp })
    }

    fn remember_made(&self, place: &Place) {
        let mut made = lock(&self.made);
        if made.len() < MADE_MAX {
            made.insert(place.key());
        }
    }

    /// Looks at every name in a directory from now on.
    pub(super) fn forget_made(&self, dir: &Dir) {
        lock(&self.made).remove(&dir.key());
    }

    /// Whether nothing can stand in a directory but what came since it was made. What came is found
    /// when files get their names, where it would be found if it came after a look.
    fn is_made(&self, dir: &Dir) -> bool {
        // What one item puts in a directory of another is compared.
        !self.has_many_items() && lock(&self.made).contains(&dir.key())
    }

    /// On disks that take two names for one, what stands there must be called exactly so: else two
    /// files of the source would become one.
    pub(super) fn unless_clash(
        &self,
        spellings: &mut Spellings,
        directory: &Directory,
        name: &Name,
    ) -> Result<(), Refused> {
        if spellings.is_exact(&*self.store, directory, name)? {
            Ok(())
        } else {
            Err(Refused::BadName(NameProblem::Clash))
        }
    }

    /// What was just made must be called as it was asked: else it would stand in the way of another
    /// file of the source, which has the name that the disk made of it.
    pub(super) fn unless_respelled(
        &self,
        spellings: &mut Spellings,
        directory: &Directory,
        name: &Name,
    ) -> Result<(), Refused> {
        if spellings.is_kept(&*self.store, directory, name)? {
            Ok(())
        } else {
            Err(Refused::BadName(NameProblem::Respelled))
        }
    }

    /// Two items with different paths must not end at one place, by case or by links.
    fn claim(&self, item: &Dir, directory: FileId, name: Option<Name>) -> Result<(), Refused> {
        let mut tops = lock(&self.tops);
        let first = tops.entry((directory, name)).or_insert_with(|| item.clone());
        if self.dirs.item(first)? == self.dirs.item(item)? {
            Ok(())
        } else {
            Err(Refused::BadName(NameProblem::Clash))
        }
    }

    fn has_many_items(&self) -> bool {
        1 < self.dirs.items()
    }

    pub(super) fn digest(&self, place: &Place) -> Result<Digest, Refused> {
        let (directory, name) = self.dirs.place(place)?;
        let OpenFile { file, stat } = self.store.open(&directory, &name)?;
        if let Some(digest) = self.digests.as_ref().and_then(|known| known.get(&stat)) {
            return Ok(digest);
        }
        let sparse = Sparse::whole(&*self.store, &file, stat.is_sparse);
        let digest = self.hashing().file(&file, stat.size, sparse)?;
        remember(self.digests.as_deref(), &stat, &Stat::of_open(&file)?, digest);
        Ok(digest)
    }

    pub(super) fn check_held(
        &self,
        temp: &Temp,
        blocks: Blocks,
        is_sparse: bool,
        nodes: &[NodeId],
    ) -> Result<Vec<Option<Cv>>, Refused> {
        let (directory, _) = self.dirs.place(&temp.place)?;
        let file = self.store.reopen(&directory, &temp.name, false)?;
        let sparse = Sparse::unfinished(&*self.store, &file, is_sparse);
        self.hashing().nodes(&file, blocks, nodes, sparse)
    }

    pub(super) fn hashing(&self) -> Hashing<'_> {
        Hashing { store: &*self.store, pool: &self.pool, stop: &self.stop }
    }
}

/// Directories that a session remembers to have made; in others every name is looked at.
const MADE_MAX: usize = 64 * 1024;
