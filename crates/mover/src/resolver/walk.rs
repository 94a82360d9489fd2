//! One walk from a folder to what a path names, component by component, never following.

use std::{collections::VecDeque, io, path::Component, sync::Arc};

use cap_fs_ext::DirExt as _;
use cap_std::fs::Dir;
use outport_protocol::control::FileKind;
use outport_types::{Access, CollectionPath, Name};

use super::{
    anchors::{Anchors, Start},
    rights::Rights,
};
use crate::{
    refused::Refused,
    rules::Rule,
    stat::{FileId, Stat},
    system_path::{NameProblem, System, is_reserved, name_from_host, name_to_host},
};

/// An open directory, and what may be done in it.
#[derive(Clone, Debug)]
pub(super) struct Here {
    pub(super) dir: Arc<Dir>,
    pub(super) id: FileId,
    /// `None` where the way only leads through.
    pub(super) access: Option<Access>,
    /// Where it really is: no links in it.
    pub(super) physical: Vec<Name>,
    /// What was passed on the way from the folder, this directory last.
    pub(super) passed: Vec<FileId>,
}

/// What a walk does with the last name of its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Last {
    /// Goes into it: it must be a directory.
    Enter,
    /// Follows it if it is a link, and stops before what is not.
    Follow,
    /// Stops before it, whatever it is.
    Keep,
}

/// Where a walk ended.
#[derive(Debug)]
pub(super) enum Found {
    /// In this directory.
    Directory(Here),
    /// Before this name in this directory.
    Place(Here, Name),
    /// Above a folder: these names lead on.
    Above(Vec<Name>, Vec<Name>),
}

/// One step still to go.
#[derive(Debug)]
pub(super) struct Part {
    step: Step,
    /// What a grant allows from the place on where this step ends.
    granted: Option<Rights>,
}

#[derive(Debug)]
enum Step {
    Name(Name),
    Up,
}

/// The state of one walk.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    anchors: &'a Anchors,
    todo: VecDeque<Part>,
    /// Places from which on a grant allows something.
    pub(super) roots: Vec<(Vec<Name>, Rights)>,
    /// How many links were expanded.
    pub(super) links: usize,
    /// Where the walk was when it ended with an error.
    pub(super) at: Vec<Name>,
}

/// What stands at a name.
enum Child {
    Directory(Here),
    Link,
    Other,
    Missing,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        anchors: &'a Anchors,
        parts: impl IntoIterator<Item = Part>,
        roots: Vec<(Vec<Name>, Rights)>,
    ) -> Self {
        Self { anchors, todo: parts.into_iter().collect(), roots, links: 0, at: Vec::new() }
    }

    /// Walks to the end.
    pub(super) fn run(&mut self, from: Option<Here>, last: Last) -> Result<Found, Refused> {
        self.anchors.check()?;
        let mut at = match from {
            Some(here) => here,
            None => match self.enter_folder()? {
                Found::Directory(here) => here,
                above @ (Found::Above(..) | Found::Place(..)) => return Ok(above),
            },
        };
        loop {
            let Some(part) = self.todo.pop_front() else {
                return self.end(at);
            };
            let name = match part.step {
                Step::Name(name) => name,
                Step::Up => {
                    at.physical.pop();
                    self.restart(at.physical, part.granted);
                    match self.enter_folder()? {
                        Found::Directory(here) => at = here,
                        above @ (Found::Above(..) | Found::Place(..)) => return Ok(above),
                    }
                    continue;
                }
            };
            check_name(&name)?;
            let is_last = self.todo.is_empty();
            let mut below = at.physical.clone();
            below.push(name.clone());
            self.at.clone_from(&below);
            if at.access.is_none()
                && self.anchors.leads_to(&below).is_none()
                && !self.is_folder(&below)
            {
                return Err(Refused::NotShared);
            }
            // What a rule denies is not spoken of, be it missing, a file or a link.
            let silent = at.access.is_none()
                || self.anchors.rule_of(&below, None) == Some(Rule::Denied)
                || self.is_dot_file_of_home(&at, &name);
            if is_last && last == Last::Keep {
                self.grant(&below, part.granted);
                return self.place(at, name);
            }
            match self.child(&at, &name, below)? {
                Child::Directory(here) => {
                    self.grant(&here.physical, part.granted);
                    if is_last && last == Last::Follow {
                        return self.place(at, name);
                    }
                    at = here;
                }
                Child::Link if !silent => match self.expand(at, &name, part.granted)? {
                    Found::Directory(here) => at = here,
                    above @ (Found::Above(..) | Found::Place(..)) => return Ok(above),
                },
                Child::Link | Child::Other | Child::Missing if silent => {
                    return Err(Refused::NotShared);
                }
                Child::Link => return Err(Refused::NotShared),
                Child::Other | Child::Missing if is_last && last == Last::Follow => {
                    let mut below = at.physical.clone();
                    below.push(name.clone());
                    self.grant(&below, part.granted);
                    return self.place(at, name);
                }
                Child::Other => return Err(Refused::NotADirectory),
                Child::Missing => return Err(Refused::NotFound),
            }
        }
    }

    /// Starts at the folder that the names to go are in; no disk is touched for any other path.
    fn enter_folder(&mut self) -> Result<Found, Refused> {
        let names = self.fold_up();
        let Start::Folder(anchor, depth) = self.anchors.start(&names) else {
            return match self.anchors.leads_to(&names) {
                Some(below) => Ok(Found::Above(names, below)),
                None => {
                    self.at = names;
                    Err(Refused::NotShared)
                }
            };
        };
        let physical = anchor.physical.names().to_vec();
        let passed: Vec<_> = self.todo.drain(..depth).filter_map(|part| part.granted).collect();
        for rights in passed {
            self.roots.push((physical.clone(), rights));
        }
        let (dir, id) = anchor.open().map_err(Refused::from)?;
        // What is opened must be what the rule was found to stand on a moment ago.
        if anchor.id != Some(id) {
            return Err(Refused::NotShared);
        }
        let access = match self.anchors.rule_of(&physical, Some(id)) {
            Some(Rule::Folder { access, .. }) => Some(access),
            Some(Rule::Denied) | None => None,
        };
        Ok(Found::Directory(Here { dir: Arc::new(dir), id, access, physical, passed: vec![id] }))
    }

    /// Takes `..` out of steps that start at the top, by names.
    fn fold_up(&mut self) -> Vec<Name> {
        let mut flat: VecDeque<Part> = VecDeque::with_capacity(self.todo.len());
        let mut names = Vec::with_capacity(self.todo.len());
        while let Some(part) = self.todo.pop_front() {
            match &part.step {
                Step::Name(name) => {
                    names.push(name.clone());
                    flat.push_back(part);
                }
                Step::Up => {
                    names.pop();
                    flat.pop_back();
                    match (part.granted, flat.back_mut()) {
                        (Some(rights), Some(last)) => last.granted = Some(rights),
                        (Some(rights), None) => self.roots.push((Vec::new(), rights)),
                        (None, _) => {}
                    }
                }
            }
        }
        self.todo = flat;
        names
    }

    fn restart(&mut self, physical: Vec<Name>, granted: Option<Rights>) {
        self.grant(&physical, granted);
        for name in physical.into_iter().rev() {
            self.todo.push_front(Part { step: Step::Name(name), granted: None });
        }
    }

    /// Puts what a link says in the place of its name.
    fn expand(&mut self, at: Here, name: &Name, granted: Option<Rights>) -> Result<Found, Refused> {
        self.links += 1;
        if LINKS_MAX < self.links {
            return Err(Refused::LinkLoop);
        }
        let target = at.dir.read_link_contents(name_to_host(name)).map_err(Refused::from)?;
        let mut from_top = false;
        let mut parts = Vec::new();
        for component in target.components() {
            let step = match component {
                Component::Prefix(prefix) => Step::Name(drive(&prefix).ok_or(Refused::NotShared)?),
                Component::RootDir => {
                    from_top = true;
                    continue;
                }
                Component::CurDir => continue,
                Component::ParentDir => Step::Up,
                Component::Normal(name) => {
                    Step::Name(name_from_host(name).map_err(|_| Refused::NotShared)?)
                }
            };
            parts.push(Part { step, granted: None });
        }
        if STEPS_MAX < self.todo.len() + parts.len() {
            return Err(Refused::LinkLoop);
        }
        match parts.last_mut() {
            Some(part) => part.granted = granted,
            None if from_top => self.grant(&[], granted),
            None => self.grant(&at.physical, granted),
        }
        for part in parts.into_iter().rev() {
            self.todo.push_front(part);
        }
        if from_top { self.enter_folder() } else { Ok(Found::Directory(at)) }
    }

    fn child(&self, at: &Here, name: &Name, below: Vec<Name>) -> Result<Child, Refused> {
        let host = name_to_host(name);
        if System::HOST.may_be_short_name(name)
            && !is_listed(&at.dir, name).map_err(Refused::from)?
        {
            return Ok(Child::Missing);
        }
        let refused = |error: io::Error| match at.access {
            Some(_) => Refused::from(error),
            None => Refused::NotShared,
        };
        let dir = match at.dir.open_dir_nofollow(&host) {
            Ok(dir) => dir,
            Err(error) => {
                return match at.dir.symlink_metadata(&host).map(|found| Stat::new(&found).kind) {
                    Ok(FileKind::Link) => Ok(Child::Link),
                    Ok(FileKind::Dir) => Err(refused(error)),
                    Ok(FileKind::File | FileKind::Special) => Ok(Child::Other),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Child::Missing),
                    Err(error) => Err(refused(error)),
                };
            }
        };
        let id = Stat::new(&dir.dir_metadata().map_err(refused)?).id;
        let access = match self.anchors.rule_of(&below, Some(id)) {
            Some(Rule::Folder { access, .. }) => Some(access),
            Some(Rule::Denied) => None,
            None if self.is_dot_file_of_home(at, name) => None,
            None => at.access,
        };
        let mut passed = at.passed.clone();
        passed.push(id);
        Ok(Child::Directory(Here { dir: Arc::new(dir), id, access, physical: below, passed }))
    }

    fn end(&self, at: Here) -> Result<Found, Refused> {
        if at.access.is_some() {
            return Ok(Found::Directory(at));
        }
        match self.anchors.leads_to(&at.physical) {
            Some(below) => Ok(Found::Above(at.physical, below)),
            None => Err(Refused::NotShared),
        }
    }

    /// Nothing is kept, made or removed by name in a directory that only leads through.
    fn place(&self, at: Here, name: Name) -> Result<Found, Refused> {
        if at.access.is_some() {
            refuse_short_name(&at.dir, &name)?;
            return Ok(Found::Place(at, name));
        }
        let mut below = at.physical;
        below.push(name);
        match self.anchors.leads_to(&below) {
            Some(names) => Ok(Found::Above(below, names)),
            None => Err(Refused::NotShared),
        }
    }

    fn is_dot_file_of_home(&self, at: &Here, name: &Name) -> bool {
        crate::rules::is_dot_file(name) && self.anchors.is_home(&at.physical, Some(at.id))
    }

    fn is_folder(&self, physical: &[Name]) -> bool {
        matches!(self.anchors.rule_of(physical, None), Some(Rule::Folder { .. }))
    }

    fn grant(&mut self, physical: &[Name], granted: Option<Rights>) {
        if let Some(rights) = granted {
            self.roots.push((physical.to_vec(), rights));
        }
    }
}

impl Part {
    pub(super) fn name(name: Name, granted: Option<Rights>) -> Self {
        Self { step: Step::Name(name), granted }
    }
}

/// Refuses names that mean something else here, and those that are reserved.
pub(super) fn check_name(name: &Name) -> Result<(), Refused> {
    if is_reserved(name) {
        return Err(Refused::BadName(NameProblem::Reserved));
    }
    System::HOST.check_name(name).map_err(Refused::BadName)
}

/// Refuses a name by which Windows would reach a file of another, longer name, which rules know
/// by the longer one only.
pub(super) fn refuse_short_name(dir: &Dir, name: &Name) -> Result<(), Refused> {
    if is_short_name(System::HOST, dir, name)? {
        return Err(Refused::BadName(NameProblem::Short));
    }
    Ok(())
}

pub(super) fn is_short_name(system: System, dir: &Dir, name: &Name) -> io::Result<bool> {
    Ok(system.may_be_short_name(name)
        && dir.symlink_metadata(name_to_host(name)).is_ok()
        && !is_listed(dir, name)?)
}

/// Whether a directory lists exactly this name, so that it is no short form of another.
fn is_listed(dir: &Dir, name: &Name) -> io::Result<bool> {
    for entry in dir.entries()? {
        let listed = name_from_host(&entry?.file_name());
        if listed.is_ok_and(|listed| crate::rules::same_name(&listed, name)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn drive(prefix: &std::path::PrefixComponent<'_>) -> Option<Name> {
    use std::path::Prefix;
    match prefix.kind() {
        Prefix::Disk(letter) | Prefix::VerbatimDisk(letter) => {
            Name::from_bytes(vec![letter.to_ascii_uppercase()]).ok()
        }
        Prefix::Verbatim(_) | Prefix::VerbatimUNC(..) | Prefix::DeviceNS(_) | Prefix::UNC(..) => {
            None
        }
    }
}

/// The path that `names` spell.
pub(super) fn path_of(names: &[Name]) -> CollectionPath {
    CollectionPath::from_names(names.to_vec()).unwrap_or_default()
}

/// As many links as Linux follows in one path.
const LINKS_MAX: usize = 40;
/// Longer than any path; what expands further leads in circles.
const STEPS_MAX: usize = 4096;
