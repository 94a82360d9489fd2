//! An open directory inside a folder, and what may be done by name in it.

use std::{io, sync::Arc};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, OpenOptions};
use outport_protocol::control::FileKind;
use outport_types::{Access, CollectionPath, Name};

use super::{
    anchors::Anchors,
    rights::{Right, Rights},
    walk::{Here, check_name, path_of, refuse_short_name},
};
use crate::{
    refused::Refused,
    rules::{Rule, is_dot_file, same_name},
    stat::{FileId, Stat},
    system_path::{is_reserved, name_from_host, name_to_host},
};

/// An open directory inside a folder. Cheap to clone; the handle closes with the last clone.
#[derive(Clone, Debug)]
pub struct Directory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    here: Here,
    asked: CollectionPath,
    roots: Vec<(Vec<Name>, Rights)>,
    anchors: Arc<Anchors>,
    /// Names in it that rules speak of.
    named: Vec<(Name, Rule)>,
    /// Whether its dot files are denied.
    is_home: bool,
    /// What the hub granted for everything in it.
    rights: Rights,
    /// Whether a grant stands on something below it, so that names differ.
    has_deeper_grants: bool,
    /// Whether identities of files must be looked at.
    denies_ids: bool,
}

/// A name in an open directory.
#[derive(Clone, Debug)]
pub struct Place {
    directory: Directory,
    name: Name,
}

/// A file that was opened to be read, and what it was at that moment.
#[derive(Debug)]
pub struct OpenFile {
    /// The file.
    pub file: std::fs::File,
    /// From the open handle.
    pub stat: Stat,
}

/// An entry of a directory, as the directory lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: Name,
    /// Its kind, where the directory tells; links are links.
    pub kind: Option<FileKind>,
}

impl Directory {
    pub(super) fn new(
        here: Here,
        asked: CollectionPath,
        roots: Vec<(Vec<Name>, Rights)>,
        anchors: Arc<Anchors>,
    ) -> Self {
        let above = |root: &&(Vec<Name>, Rights)| here.physical.starts_with(&root.0);
        let rights =
            roots.iter().filter(above).fold(Rights::default(), |all, root| all.and(root.1));
        let has_deeper_grants = roots
            .iter()
            .any(|root| here.physical.len() < root.0.len() && root.0.starts_with(&here.physical));
        let named = anchors.named_in(&here.physical);
        let is_home = anchors.is_home(&here.physical, Some(here.id));
        let denies_ids = anchors.denies_ids();
        let inner = Inner {
            here,
            asked,
            roots,
            anchors,
            named,
            is_home,
            rights,
            has_deeper_grants,
            denies_ids,
        };
        Self(Arc::new(inner))
    }

    /// Which directory it is.
    pub fn id(&self) -> FileId {
        self.0.here.id
    }

    /// The path by which it was asked for, `/~/` resolved.
    pub fn asked(&self) -> &CollectionPath {
        &self.0.asked
    }

    /// Where it really is.
    pub fn physical(&self) -> CollectionPath {
        path_of(&self.0.here.physical)
    }

    /// Whether `other` is this directory or was reached through it.
    pub fn contains(&self, other: &Self) -> bool {
        other.0.here.passed.contains(&self.id())
            || other.0.here.physical.starts_with(&self.0.here.physical)
    }

    /// The directories that it is in, as far as they were passed on the way to it.
    pub(crate) fn above(&self) -> Vec<FileId> {
        let passed = &self.0.here.passed;
        passed.iter().copied().filter(|id| *id != self.id()).collect()
    }

    /// A name in it.
    pub(crate) fn place(&self, name: Name) -> Place {
        Place::new(self.clone(), name)
    }

    /// Whether a rule of the owner denies names in it, whatever stands there.
    pub(crate) fn denies_names(&self) -> bool {
        self.0.is_home || self.0.named.iter().any(|(_, rule)| matches!(rule, Rule::Denied))
    }

    /// The names in it that stand there and are only for who is in the local network.
    pub(crate) fn near_only(&self) -> Vec<Name> {
        let rules = self.0.anchors.rules();
        let places = [&*self.0.here.physical, self.asked().names()];
        let mut names: Vec<_> =
            places.into_iter().flat_map(|place| rules.near_only_in(place)).cloned().collect();
        names.sort_unstable();
        names.dedup();
        names.retain(|name| self.dir().symlink_metadata(name_to_host(name)).is_ok());
        names
    }

    /// The rule in force, if it is a folder's.
    pub fn rule(&self) -> Option<Rule> {
        let rules = self.0.anchors.rules();
        let shareable =
            rules.explain(&self.physical()).shareable || rules.explain(self.asked()).shareable;
        self.0.here.access.map(|access| Rule::Folder { access, shareable })
    }

    /// The rule in force for one name in it; `None` where nothing is allowed.
    pub(super) fn rule_of(&self, name: &Name) -> Option<Rule> {
        let access = self.access_of(name)?;
        let found = self.dir().symlink_metadata(name_to_host(name));
        if found.is_ok_and(|found| self.allow_id(Stat::new(&found).id).is_err()) {
            return None;
        }
        match self.rule() {
            Some(Rule::Folder { shareable, .. }) => Some(Rule::Folder { access, shareable }),
            Some(Rule::Denied) | None => None,
        }
    }

    /// Whether something may be done to everything in it that no other rule names.
    ///
    /// # Errors
    /// When it may not.
    pub fn check(&self, need: Right) -> Result<(), Refused> {
        allows(self.0.here.access, self.0.rights, need)
    }

    /// Whether something may be done to a name in it.
    ///
    /// # Errors
    /// When it may not, or the name cannot be here.
    pub fn allow(&self, name: &Name, need: Right) -> Result<(), Refused> {
        check_name(name)?;
        allows(self.access_of(name), self.rights_of(name), need)?;
        refuse_short_name(self.dir(), name)
    }

    /// Whether the owner's rules alone let something be done to a name in it.
    pub(super) fn allow_by_rules(&self, name: &Name, need: Right) -> Result<(), Refused> {
        check_name(name)?;
        allows(self.access_of(name), Rights::ALL, need)?;
        refuse_short_name(self.dir(), name)
    }

    /// Whether anything stands at a name, for whoever may make it.
    pub(crate) fn is_taken(&self, name: &Name) -> bool {
        self.dir().symlink_metadata(name_to_host(name)).is_ok()
    }

    /// What stands at a name in it, links not followed.
    ///
    /// # Errors
    /// When nothing does, or it is denied.
    pub fn stat(&self, name: &Name) -> Result<Stat, Refused> {
        self.allow(name, Right::Read)?;
        let stat = Stat::new(&self.dir().symlink_metadata(name_to_host(name))?);
        self.allow_id(stat.id)?;
        Ok(stat)
    }

    /// Opens what was seen to be a regular file, to read it; never follows a link, never waits for a
    /// pipe that took its place.
    ///
    /// # Errors
    /// When it is no regular file, denied, or cannot be opened.
    pub fn open_file(&self, name: &Name) -> Result<OpenFile, Refused> {
        self.allow(name, Right::Read)?;
        let mut options = OpenOptions::new();
        options.read(true).follow(FollowSymlinks::No);
        never_wait(&mut options);
        let file = match self.dir().open_with(name_to_host(name), &options) {
            Ok(file) => file,
            Err(error) => return Err(self.why_not_opened(name, error)),
        };
        let stat = Stat::new(&file.metadata()?);
        self.allow_id(stat.id)?;
        refuse_other_kinds(stat.kind)?;
        Ok(OpenFile { file: file.into_std(), stat })
    }

    /// The entries of it that somebody may see, in the order in which the disk has them.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn entries(&self) -> Result<impl Iterator<Item = io::Result<Entry>> + use<>, Refused> {
        let directory = self.clone();
        Ok(self.dir().entries()?.filter_map(move |entry| {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => return Some(Err(error)),
            };
            // A name that is none of ours cannot be asked for either.
            let name = name_from_host(&entry.file_name()).ok()?;
            directory.shows(&name).then(|| {
                let kind = entry.file_type().ok().map(|kind| {
                    if kind.is_dir() {
                        FileKind::Dir
                    } else if kind.is_symlink() {
                        FileKind::Link
                    } else if kind.is_file() {
                        FileKind::File
                    } else {
                        FileKind::Special
                    }
                });
                Ok(Entry { name, kind })
            })
        }))
    }

    /// The names in it that are reserved for files on their way.
    pub(crate) fn reserved_names(&self) -> Result<Vec<Name>, Refused> {
        let mut names = Vec::new();
        for entry in self.dir().entries()? {
            names.extend(name_from_host(&entry?.file_name()).ok().filter(is_reserved));
        }
        Ok(names)
    }

    /// The open handle.
    pub(crate) fn dir(&self) -> &Dir {
        &self.0.here.dir
    }

    /// Whether something that was opened or seen by name is denied by what it is.
    pub(crate) fn allow_id(&self, id: FileId) -> Result<(), Refused> {
        if self.0.denies_ids && self.0.anchors.is_denied(id) {
            Err(Refused::NotShared)
        } else {
            Ok(())
        }
    }

    /// Whether a name is listed: not our own files, nothing denied, but what leads to a folder.
    fn shows(&self, name: &Name) -> bool {
        if is_reserved(name) {
            return false;
        }
        if self.0.named.is_empty() && !self.0.is_home {
            return true;
        }
        self.access_of(name).is_some() || {
            let below = [&*self.0.here.physical, std::slice::from_ref(name)].concat();
            self.0.anchors.leads_to(&below).is_some()
        }
    }

    pub(super) fn access_of(&self, name: &Name) -> Option<Access> {
        let said = self.0.named.iter().filter(|(named, _)| same_name(named, name));
        let mut access = self.0.here.access;
        let mut is_named = false;
        for (_, rule) in said {
            let of_rule = match rule {
                Rule::Folder { access, .. } => Some(*access),
                Rule::Denied => None,
            };
            access = if is_named { access.min(of_rule) } else { of_rule };
            is_named = true;
        }
        if !is_named && self.0.is_home && is_dot_file(name) { None } else { access }
    }

    fn rights_of(&self, name: &Name) -> Rights {
        if !self.0.has_deeper_grants {
            return self.0.rights;
        }
        let below = [&*self.0.here.physical, std::slice::from_ref(name)].concat();
        let at = self.0.roots.iter().filter(|root| below.starts_with(&root.0));
        at.fold(Rights::default(), |all, root| all.and(root.1))
    }

    /// Opening a link or a socket fails in many ways; what stands there says which it was.
    fn why_not_opened(&self, name: &Name, error: io::Error) -> Refused {
        match self.stat(name).map(|stat| stat.kind) {
            Ok(FileKind::Link | FileKind::Special) => Refused::Special,
            Ok(FileKind::Dir) => Refused::IsADirectory,
            Ok(FileKind::File) => error.into(),
            Err(refused) => refused,
        }
    }

    pub(super) fn here(&self) -> &Here {
        &self.0.here
    }

    pub(super) fn roots(&self) -> &[(Vec<Name>, Rights)] {
        &self.0.roots
    }

    pub(super) fn generation(&self) -> u64 {
        self.0.anchors.rules().generation()
    }
}

impl Place {
    pub(super) fn new(directory: Directory, name: Name) -> Self {
        Self { directory, name }
    }

    /// The directory.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The name in it.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Where it really is.
    pub fn physical(&self) -> CollectionPath {
        let parent = self.directory.physical();
        parent.join(&self.name).unwrap_or(parent)
    }

    /// What stands there, links not followed.
    ///
    /// # Errors
    /// When nothing does, or it is denied.
    pub fn stat(&self) -> Result<Stat, Refused> {
        self.directory.stat(&self.name)
    }
}

fn refuse_other_kinds(kind: FileKind) -> Result<(), Refused> {
    match kind {
        FileKind::File => Ok(()),
        FileKind::Dir => Err(Refused::IsADirectory),
        FileKind::Link | FileKind::Special => Err(Refused::Special),
    }
}

fn allows(access: Option<Access>, rights: Rights, need: Right) -> Result<(), Refused> {
    let Some(access) = access else {
        return Err(Refused::NotShared);
    };
    if !rights.has(need) {
        return Err(Refused::NotShared);
    }
    match need {
        Right::Read => Ok(()),
        Right::Write | Right::Delete if access.can_write() => Ok(()),
        Right::Write | Right::Delete => Err(Refused::ReadOnly),
    }
}

/// A pipe without a writer would keep us waiting, a terminal would become ours.
#[cfg(unix)]
pub(crate) fn never_wait(options: &mut OpenOptions) {
    use cap_std::fs::OpenOptionsExt as _;
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    options.custom_flags(flags.bits() as i32);
}

#[cfg(windows)]
pub(crate) fn never_wait(_: &mut OpenOptions) {}
