//! What people do with single files and directories: list, look, make, rename, delete.

mod list;
mod owners;
mod tree;

use outport_protocol::control::{FileEntry, FileKind};
use outport_types::{CollectionPath, Name};

pub(crate) use self::tree::{Spared, is_mounted};
pub use self::{
    list::{LISTING_ENTRIES_MAX, list},
    tree::{DeleteTree, DeleteWatch, Deleted, TreeFault},
};
use crate::{
    refused::Refused,
    resolver::{Place, Resolved, Resolver, Right},
    stat::Stat,
    system_path::name_to_host,
};

/// What stands at a path; a link is followed where that is allowed.
///
/// # Errors
/// When the path is not accessible or nothing stands there.
pub fn stat(resolver: &Resolver, path: &CollectionPath) -> Result<FileEntry, Refused> {
    let name = resolver.full_path(path)?.file_name().cloned();
    match resolver.behind(path)? {
        Resolved::Place(place) => {
            let stat = place.stat()?;
            Ok(entry(name, &stat, None))
        }
        Resolved::Directory(directory) => {
            directory.check(Right::Read)?;
            let stat = Stat::new(&directory.dir().dir_metadata()?);
            Ok(entry(name, &stat, None))
        }
        Resolved::Above { .. } => Ok(above(name)),
    }
}

/// Makes a directory, durable when this returns; with `parents` also those above it, and then one
/// that exists is fine.
///
/// # Errors
/// When it may not or cannot be made.
pub fn make_directory(
    resolver: &Resolver,
    path: &CollectionPath,
    parents: bool,
) -> Result<(), Refused> {
    let path = resolver.full_path(path)?;
    if parents {
        // Up to what exists, then down again; the depth of a path is bounded.
        let exists = |depth: &usize| {
            let above = CollectionPath::from_names(path.names()[..*depth].to_vec());
            above.is_ok_and(|above| match resolver.place_for_directory(&above) {
                Err(Refused::NotFound) => false,
                Ok(place) => place.directory().is_taken(place.name()),
                Err(_) => true,
            })
        };
        let depth = path.names().len();
        let first = (0..=depth).rev().find(exists).unwrap_or(0) + 1;
        for depth in first..=depth {
            let above = CollectionPath::from_names(path.names()[..depth].to_vec());
            match make_one(resolver, &above.map_err(|_| Refused::NotFound)?) {
                Ok(()) | Err(Refused::Exists) => {}
                Err(refused) => return Err(refused),
            }
        }
        if first <= depth { Ok(()) } else { must_be_directory(resolver, &path) }
    } else {
        make_one(resolver, &path)
    }
}

/// Which of the two paths of a rename a refusal speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenamePath {
    From,
    To,
}

/// A rename that was not made.
#[derive(Debug, thiserror::Error)]
#[error("cannot be renamed")]
pub struct NotRenamed {
    pub about: RenamePath,
    #[source]
    pub refused: Refused,
}

/// Gives a file or directory another name or place; never in the place of something else.
///
/// # Errors
/// When it may not or cannot be.
pub fn rename(
    resolver: &Resolver,
    from: &CollectionPath,
    to: &CollectionPath,
) -> Result<(), NotRenamed> {
    let from = resolver.place(from, Right::Write).map_err(NotRenamed::from)?;
    let to = resolver.place(to, Right::Write).map_err(NotRenamed::to)?;
    let moved = from.stat().map_err(NotRenamed::from)?;
    if resolver.holds_rule(&from).map_err(NotRenamed::from)? {
        return Err(NotRenamed::from(Refused::FolderItself));
    }
    // What is moved must not end where a rule speaks of what was there before.
    match to.stat() {
        Err(Refused::NotFound) => {}
        // The same thing: another case of its own name.
        Ok(there) if there.id == moved.id && moved.kind != FileKind::Link => {}
        Ok(_) => return Err(NotRenamed::to(Refused::Exists)),
        Err(refused) => return Err(NotRenamed::to(refused)),
    }
    if moved.kind == FileKind::Dir {
        let directory = resolver
            .child(from.directory(), from.name(), Right::Write)
            .map_err(NotRenamed::from)?;
        if directory.contains(to.directory()) {
            return Err(NotRenamed::from(Refused::InsideItself));
        }
    }
    rename_new(&from, &to).map_err(|refused| {
        let about_target =
            matches!(refused, Refused::Exists | Refused::BadName(_) | Refused::NoSpace(_));
        if about_target { NotRenamed::to(refused) } else { NotRenamed::from(refused) }
    })?;
    sync_directory(&from).map_err(NotRenamed::from)?;
    sync_directory(&to).map_err(NotRenamed::to)
}

/// Moves what stands at one open place to another, free one on the same disk; both directories are
/// the caller's to flush.
pub(crate) fn move_place(resolver: &Resolver, from: &Place, to: &Place) -> Result<(), Refused> {
    if resolver.holds_rule(from)? {
        return Err(Refused::FolderItself);
    }
    if to.directory().is_taken(to.name()) {
        return Err(Refused::Exists);
    }
    rename_new(from, to)
}

impl NotRenamed {
    fn from(refused: Refused) -> Self {
        Self { about: RenamePath::From, refused }
    }

    fn to(refused: Refused) -> Self {
        Self { about: RenamePath::To, refused }
    }
}

fn make_one(resolver: &Resolver, path: &CollectionPath) -> Result<(), Refused> {
    let place = match resolver.place_for_directory(path) {
        Err(Refused::FolderItself) => return Err(Refused::Exists),
        place => place?,
    };
    place.directory().dir().create_dir(name_to_host(place.name()))?;
    sync_directory(&place)
}

fn must_be_directory(resolver: &Resolver, path: &CollectionPath) -> Result<(), Refused> {
    resolver.directory(path, Right::Write).map(drop)
}

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn rename_new(from: &Place, to: &Place) -> Result<(), Refused> {
    use rustix::{fs::RenameFlags, io::Errno};
    let (old, new) = (name_to_host(from.name()), name_to_host(to.name()));
    let (old_dir, new_dir) = (from.directory().dir(), to.directory().dir());
    match rustix::fs::renameat_with(old_dir, &old, new_dir, &new, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        // Another case of the same name "exists", and some file systems lack the flag: what stood
        // there was looked at a moment ago.
        Err(Errno::EXIST) if from.stat()?.id == to.stat()?.id => {
            Ok(old_dir.rename(old, new_dir, new)?)
        }
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            Ok(old_dir.rename(old, new_dir, new)?)
        }
        Err(error) => Err(std::io::Error::from(error).into()),
    }
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn rename_new(from: &Place, to: &Place) -> Result<(), Refused> {
    let (old, new) = (name_to_host(from.name()), name_to_host(to.name()));
    Ok(from.directory().dir().rename(old, to.directory().dir(), new)?)
}

fn sync_directory(place: &Place) -> Result<(), Refused> {
    Ok(crate::store::sync_directory(place.directory().dir())?)
}

/// What people are told of a file.
fn entry(name: Option<Name>, stat: &Stat, link_target: Option<String>) -> FileEntry {
    FileEntry {
        name,
        kind: stat.kind,
        size: stat.size,
        modified: stat.modified,
        mode: stat.mode,
        user: owners::user(stat.user),
        group: owners::group(stat.group),
        link_target,
    }
}

/// What people are told of a directory above the folders: nothing that the disk says.
fn above(name: Option<Name>) -> FileEntry {
    FileEntry {
        name,
        kind: FileKind::Dir,
        size: 0,
        modified: outport_types::UnixTime::default(),
        mode: 0o555,
        user: String::new(),
        group: String::new(),
        link_target: None,
    }
}

#[cfg(test)]
mod tests;
