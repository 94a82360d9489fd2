//! Deleting trees: entry by entry, in bounded memory, and again from where it was stopped.

use std::{io, sync::Arc};

use cap_fs_ext::DirExt as _;
use outport_protocol::{control::FileKind, session::is_trash};
use outport_types::{CollectionPath, Filter, FilterKind, Glob, Name, UnixTime};

use crate::{
    refused::Refused,
    resolver::{Directory, Place, Resolved, Resolver, Right},
    stat::{FileId, Stat},
    system_path::{is_reserved, name_from_host, name_to_host},
};

/// A deletion of one path with all that it holds.
///
/// Links are removed themselves and never followed. What a rule of the owner denies or protects
/// stays, and with it the directories above it. Stopped at any point and run again, it goes on.
#[derive(Debug)]
pub struct DeleteTree<'a> {
    resolver: &'a Resolver,
    recursive: bool,
    ignore_missing: bool,
    /// For extras: what stays, with the directories that hold it.
    spared: Option<Spared>,
}

/// What stays of an extra, however deep in it.
#[derive(Debug)]
pub(crate) struct Spared {
    /// What it hides stays.
    pub(crate) filter: Arc<Filter>,
    /// What other tasks have unfinished stays; the names of this one's begin so.
    pub(crate) own_prefix: String,
    /// When the extra was found: nobody saw what came later.
    pub(crate) found: UnixTime,
}

/// What was deleted, told as it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// A file, a link or something special.
    File,
    /// An empty directory.
    Directory,
}

/// Something that stays, and why.
#[derive(Debug)]
pub struct TreeFault {
    /// What stays.
    pub path: CollectionPath,
    /// Whether it is a directory.
    pub is_directory: bool,
    /// Why.
    pub refused: Refused,
}

/// What a deletion tells while it goes on.
pub trait DeleteWatch {
    /// Something is gone.
    fn deleted(&mut self, what: Deleted);
    /// Something stays.
    fn fault(&mut self, fault: TreeFault);
    /// Whether to stop now.
    fn stopped(&self) -> bool;
    /// Whether what stands in a directory is counted before anything in it is deleted.
    fn counts(&self) -> bool {
        false
    }
    /// So many entries more were found, if they are counted.
    fn found(&mut self, _entries: u64) {}
}

/// A directory whose entries are being removed.
struct Level {
    path: CollectionPath,
    id: FileId,
    /// `None` when it was closed for want of handles; opened again when its turn comes.
    directory: Option<Directory>,
    /// Something in it could not be removed, so it stays as well.
    stays: bool,
    /// Names that stay, so that they are passed over when the directory is read again.
    kept: Vec<Name>,
    /// More stays than can be remembered, so the directory is not read again.
    given_up: bool,
}

impl<'a> DeleteTree<'a> {
    /// Deletes on behalf of whom `resolver` resolves.
    pub fn new(resolver: &'a Resolver, recursive: bool, ignore_missing: bool) -> Self {
        Self { resolver, recursive, ignore_missing, spared: None }
    }

    /// Leaves what is spared and what is mounted, and the directories that hold something of that
    /// kind.
    pub(crate) fn sparing(mut self, spared: Spared) -> Self {
        self.spared = Some(spared);
        self
    }

    /// Deletes what stands at a place that is open; its path is not walked again.
    ///
    /// # Errors
    /// Only when it was stopped; what stays is told to `watch`.
    pub(crate) fn at(&self, place: &Place, watch: &mut impl DeleteWatch) -> Result<(), Refused> {
        let path = place.directory().asked().join(place.name()).map_err(|_| Refused::NotFound)?;
        self.told(&path, self.one_at(path.clone(), place, watch), watch)
    }

    /// Deletes what stands at `path`; with `globs`, everything that its last name fits.
    ///
    /// # Errors
    /// Only when it was stopped; what stays is told to `watch`.
    pub fn run(
        &self,
        path: &CollectionPath,
        globs: bool,
        watch: &mut impl DeleteWatch,
    ) -> Result<(), Refused> {
        let last = path.file_name().map(|name| name.text().into_owned()).unwrap_or_default();
        let whole = if globs && Glob::is_pattern(&last) {
            self.matching(path, &Glob::new(&last, false), watch)
        } else {
            self.one(path, watch)
        };
        self.told(path, whole, watch)
    }

    fn told(
        &self,
        path: &CollectionPath,
        whole: Result<(), Refused>,
        watch: &mut impl DeleteWatch,
    ) -> Result<(), Refused> {
        match whole {
            Ok(()) => Ok(()),
            Err(Refused::Stopped) => Err(Refused::Stopped),
            Err(Refused::NotFound) if self.ignore_missing => Ok(()),
            Err(refused) => {
                let is_directory = matches!(refused, Refused::IsADirectory | Refused::NotEmpty);
                watch.fault(TreeFault { path: path.clone(), is_directory, refused });
                Ok(())
            }
        }
    }

    fn matching(
        &self,
        path: &CollectionPath,
        glob: &Glob,
        watch: &mut impl DeleteWatch,
    ) -> Result<(), Refused> {
        let parent = self.resolver.full_path(path)?.parent().unwrap_or_default();
        let Resolved::Directory(directory) = self.resolver.look(&parent)? else {
            return Err(Refused::NotShared);
        };
        let mut any = false;
        // One entry at a time is removed while the directory is read; a name that is missed because
        // of that is found in the next round, and rounds end when nothing fits any more.
        let mut kept: Vec<Name> = Vec::new();
        loop {
            let mut round = Vec::new();
            for entry in directory.entries()? {
                if watch.stopped() {
                    return Err(Refused::Stopped);
                }
                let name = entry?.name;
                if glob.fits(&name.text()) && !kept.contains(&name) {
                    round.push(name);
                    if ROUND_ENTRIES_MAX <= round.len() {
                        break;
                    }
                }
            }
            if round.is_empty() {
                return if any { Ok(()) } else { Err(Refused::NotFound) };
            }
            for name in round {
                if watch.stopped() {
                    return Err(Refused::Stopped);
                }
                any = true;
                let path = parent.join(&name).map_err(|_| Refused::NotFound)?;
                match self.one(&path, watch) {
                    Ok(()) | Err(Refused::NotFound) => {}
                    Err(Refused::Stopped) => return Err(Refused::Stopped),
                    Err(refused) => watch.fault(TreeFault { path, is_directory: false, refused }),
                }
                // What cannot even be looked at stays as well.
                if is_gone(&directory, &name) {
                    continue;
                }
                if KEPT_NAMES_MAX <= kept.len() {
                    return Err(Refused::NotEmpty);
                }
                kept.push(name);
            }
        }
    }

    fn one(&self, path: &CollectionPath, watch: &mut impl DeleteWatch) -> Result<(), Refused> {
        let path = self.resolver.full_path(path)?;
        let place = self.resolver.place(&path, Right::Delete)?;
        self.one_at(path, &place, watch)
    }

    fn one_at(
        &self,
        path: CollectionPath,
        place: &Place,
        watch: &mut impl DeleteWatch,
    ) -> Result<(), Refused> {
        let stat = place.stat()?;
        if stat.kind != FileKind::Dir {
            if self.resolver.holds_rule(place)? {
                return Err(Refused::FolderItself);
            }
            watch.found(1);
            place.directory().dir().remove_file_or_symlink(name_to_host(place.name()))?;
            watch.deleted(Deleted::File);
            return Ok(());
        }
        if !self.recursive {
            if self.resolver.holds_rule(place)? {
                return Err(Refused::FolderItself);
            }
            watch.found(1);
            place.directory().dir().remove_dir(name_to_host(place.name()))?;
            watch.deleted(Deleted::Directory);
            return Ok(());
        }
        self.tree(path, place, watch)
    }

    fn tree(
        &self,
        path: CollectionPath,
        top: &Place,
        watch: &mut impl DeleteWatch,
    ) -> Result<(), Refused> {
        let directory = self.resolver.child_nofollow(top.directory(), top.name(), Right::Read)?;
        if self.spared.is_some() && is_mounted(top.directory(), &directory) {
            return Err(Refused::OtherDisk);
        }
        watch.found(1);
        count(&directory, watch)?;
        let mut levels = vec![Level::new(path, directory)];
        while let Some(level) = levels.last_mut() {
            if watch.stopped() {
                return Err(Refused::Stopped);
            }
            let directory = match &level.directory {
                Some(directory) => directory.clone(),
                None => self.again(level)?,
            };
            level.directory = Some(directory.clone());
            match self.sweep(level, &directory, watch)? {
                Some(below) => {
                    below.directory.iter().try_for_each(|directory| count(directory, watch))?;
                    if let Some(above) = levels.len().checked_sub(OPEN_LEVELS_MAX) {
                        levels[above].directory = None;
                    }
                    levels.push(below);
                }
                None => {
                    // Windows removes no directory of which a handle is open.
                    drop(directory);
                    let Some(mut done) = levels.pop() else { break };
                    done.directory = None;
                    self.finish(done, top, levels.last_mut(), watch)?;
                }
            }
        }
        Ok(())
    }

    /// Opens a directory again that was closed for want of handles: it must be the same.
    fn again(&self, level: &Level) -> Result<Directory, Refused> {
        let directory = self.resolver.directory(&level.path, Right::Read)?;
        if directory.id() == level.id { Ok(directory) } else { Err(Refused::NotFound) }
    }

    /// Removes what can be removed in a directory; the first directory found in it comes back.
    fn sweep(
        &self,
        level: &mut Level,
        directory: &Directory,
        watch: &mut impl DeleteWatch,
    ) -> Result<Option<Level>, Refused> {
        while !level.given_up {
            let mut removed = 0_usize;
            for entry in directory.dir().entries()? {
                if watch.stopped() {
                    return Err(Refused::Stopped);
                }
                let Ok(name) = name_from_host(&entry?.file_name()) else {
                    if !std::mem::replace(&mut level.stays, true) {
                        let (path, refused) = (level.path.clone(), Refused::NotEmpty);
                        watch.fault(TreeFault { path, is_directory: true, refused });
                    }
                    continue;
                };
                if level.kept.contains(&name) {
                    continue;
                }
                match self.remove(level, directory, &name, watch) {
                    Ok(Removed::Gone) => removed += 1,
                    Ok(Removed::Below(below)) => return Ok(Some(below)),
                    Ok(Removed::Hidden) => {
                        level.stays = true;
                        level.pass_over(name);
                        if level.given_up {
                            return Ok(None);
                        }
                    }
                    Err(Refused::NotFound) => {}
                    Err(Refused::Stopped) => return Err(Refused::Stopped),
                    Err(refused) => {
                        level.stays = true;
                        self.tell(level, &name, refused, watch);
                        level.pass_over(name);
                        if level.given_up {
                            return Ok(None);
                        }
                    }
                }
            }
            // Entries can be missed while others of the same directory are removed.
            if removed == 0 {
                break;
            }
        }
        Ok(None)
    }

    fn remove(
        &self,
        level: &Level,
        directory: &Directory,
        name: &Name,
        watch: &mut impl DeleteWatch,
    ) -> Result<Removed, Refused> {
        let host = name_to_host(name);
        // What an unfinished transfer left in a tree goes with the tree.
        if is_reserved(name) {
            if self.spared.as_ref().is_some_and(|spared| spared.is_on_its_way(name)) {
                return Ok(Removed::Hidden);
            }
            directory.check(Right::Delete)?;
            directory.dir().remove_file_or_symlink(host)?;
            return Ok(Removed::Gone);
        }
        directory.allow(name, Right::Read)?;
        let stat = directory.stat(name)?;
        let is_dir = stat.kind == FileKind::Dir;
        if let Some(spared) = &self.spared {
            if spared.hides(name, &stat) {
                return Ok(Removed::Hidden);
            }
            if stat.id.device != directory.id().device {
                return Err(Refused::OtherDisk);
            }
            spared.unless_later(&stat)?;
        }
        if is_dir {
            let below = self.resolver.child_nofollow(directory, name, Right::Read)?;
            if self.spared.is_some() && is_mounted(directory, &below) {
                return Err(Refused::OtherDisk);
            }
            let path = level.path.join(name).map_err(|_| Refused::NotFound)?;
            return Ok(Removed::Below(Level::new(path, below)));
        }
        directory.allow(name, Right::Delete)?;
        directory.dir().remove_file_or_symlink(host)?;
        watch.deleted(Deleted::File);
        Ok(Removed::Gone)
    }

    /// Removes a directory that is empty now; one in which something stays, stays as well.
    fn finish(
        &self,
        done: Level,
        top: &Place,
        above: Option<&mut Level>,
        watch: &mut impl DeleteWatch,
    ) -> Result<(), Refused> {
        let name = done.path.file_name().cloned().unwrap_or_else(|| top.name().clone());
        let outcome = if done.stays {
            Err(Refused::NotEmpty)
        } else {
            let parent = match &above {
                Some(level) => match &level.directory {
                    Some(directory) => directory.clone(),
                    None => self.again(level)?,
                },
                None => top.directory().clone(),
            };
            let name = if above.is_some() { &name } else { top.name() };
            remove_directory(self.resolver, &parent, name)
        };
        match (outcome, above) {
            (Ok(()), _) => watch.deleted(Deleted::Directory),
            (Err(Refused::NotFound), None) => {}
            // It is gone, or what is above it was moved away: it is not tried again.
            (Err(Refused::NotFound), Some(above)) => above.pass_over(name),
            // That something below stays was told where it stays.
            (Err(_), None) if done.stays => {}
            (Err(refused), None) => {
                watch.fault(TreeFault { path: done.path, is_directory: true, refused });
            }
            (Err(refused), Some(above)) => {
                above.stays = true;
                above.pass_over(name);
                if !done.stays {
                    watch.fault(TreeFault { path: done.path, is_directory: true, refused });
                }
            }
        }
        Ok(())
    }

    /// What is denied is not spoken of: that the directory is not empty says enough.
    fn tell(&self, level: &Level, name: &Name, refused: Refused, watch: &mut impl DeleteWatch) {
        let (path, is_directory, refused) = if let Refused::NotShared = refused {
            (level.path.clone(), true, Refused::NotEmpty)
        } else {
            (level.path.join(name).unwrap_or_default(), false, refused)
        };
        watch.fault(TreeFault { path, is_directory, refused });
    }
}

impl Level {
    fn new(path: CollectionPath, directory: Directory) -> Self {
        let id = directory.id();
        let directory = Some(directory);
        Self { path, id, directory, stays: false, kept: Vec::new(), given_up: false }
    }

    /// Remembers a name that is not to be tried again.
    fn pass_over(&mut self, name: Name) {
        if self.kept.len() < KEPT_NAMES_MAX {
            self.kept.push(name);
        } else {
            self.given_up = true;
            self.stays = true;
        }
    }
}

impl Spared {
    /// Whether something stays without being told.
    pub(crate) fn hides(&self, name: &Name, stat: &Stat) -> bool {
        let is_dir = stat.kind == FileKind::Dir;
        let kind = if is_dir { FilterKind::Dir } else { FilterKind::File };
        is_trash(name.as_bytes()) || !self.filter.admits(name, kind)
    }

    /// Whether a reserved name is another task's.
    pub(crate) fn is_on_its_way(&self, name: &Name) -> bool {
        !name.as_bytes().starts_with(self.own_prefix.as_bytes())
    }

    /// What came or changed after the extra was found stays and is told. A directory is none of
    /// that: its times change when something goes from it.
    pub(crate) fn unless_later(&self, stat: &Stat) -> Result<(), Refused> {
        // Where nothing but the content's time tells a change, one in the future keeps a file.
        let last = if cfg!(unix) { stat.changed } else { stat.changed.max(stat.modified) };
        if stat.kind == FileKind::Dir || last < self.found {
            return Ok(());
        }
        Err(Refused::Disk(io::Error::other("it changed after the extras were found")))
    }
}

/// Counts what stands in a directory, where that is asked for; one that cannot be read has nothing.
fn count(directory: &Directory, watch: &mut impl DeleteWatch) -> Result<(), Refused> {
    if !watch.counts() {
        return Ok(());
    }
    let mut found = 0;
    for _ in directory.dir().entries().into_iter().flatten() {
        found += 1;
        if found % COUNTED_BETWEEN_LOOKS == 0 && watch.stopped() {
            return Err(Refused::Stopped);
        }
    }
    watch.found(found);
    Ok(())
}

/// Whether a directory is not on the file system of another one, or there by another mount.
pub(crate) fn is_mounted(above: &Directory, directory: &Directory) -> bool {
    above.id().device != directory.id().device || mount_of(above) != mount_of(directory)
}

/// The number of the mount that shows a directory: one disk can be shown by several.
#[cfg(target_os = "linux")]
fn mount_of(directory: &Directory) -> Option<u64> {
    use rustix::fs::{AtFlags, StatxFlags, statx};
    let found = statx(directory.dir(), c".", AtFlags::empty(), StatxFlags::MNT_ID).ok()?;
    let told = StatxFlags::from_bits_retain(found.stx_mask).contains(StatxFlags::MNT_ID);
    told.then_some(found.stx_mnt_id)
}

#[cfg(not(target_os = "linux"))]
fn mount_of(_: &Directory) -> Option<u64> {
    None
}

enum Removed {
    Gone,
    Hidden,
    Below(Level),
}

/// Whether nothing stands at a name any more, as far as the disk tells.
fn is_gone(directory: &Directory, name: &Name) -> bool {
    let found = directory.dir().symlink_metadata(name_to_host(name));
    found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn remove_directory(resolver: &Resolver, parent: &Directory, name: &Name) -> Result<(), Refused> {
    parent.allow(name, Right::Delete)?;
    let place = resolver
        .place(&parent.asked().join(name).map_err(|_| Refused::NotFound)?, Right::Delete)?;
    if resolver.holds_rule(&place)? {
        return Err(Refused::FolderItself);
    }
    match parent.dir().remove_dir(name_to_host(name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => Ok(other?),
    }
}

/// Directories kept open on the way down; deeper trees open the upper ones again on the way up.
const OPEN_LEVELS_MAX: usize = 64;
/// Entries that are counted before somebody may have said to stop: a moment's work.
const COUNTED_BETWEEN_LOOKS: u64 = 1024;
/// Names remembered that could not be removed; a directory with more is given up.
const KEPT_NAMES_MAX: usize = 1024;
/// Names that fit a pattern and are removed before the directory is read again.
const ROUND_ENTRIES_MAX: usize = 1024;
