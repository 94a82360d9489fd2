//! The only way from a path of the collection to anything on the disk.
//!
//! 1. The rules say which folder a path is in. For any other path the answer is
//!    [`Refused::NotShared`] before a disk is touched, so it cannot tell what stands there.
//! 2. From the folder's handle the walk goes on name by name, each opened relative to the handle
//!    before it and never following a link. A directory that is swapped for a link between two
//!    steps is found to be a link; a directory that was opened stays the one it was.
//! 3. A link is read and its text walked: from the same directory when it is relative, else from
//!    the handle of the folder that holds the target. A target in no folder is `NotShared`.
//! 4. The rule in force is that of the deepest rule passed, and rules are known by the identity of
//!    what they stand on as well as by path: another spelling, a short name or a link reaches the
//!    same rule. (A second mount of the inside of a denied directory is another place: the system's
//!    administrator made it.)
//! 5. What the hub granted counts from the place behind the granted path on, so a link inside a
//!    granted subtree does not lead out of it.
//!    A folder below a denied directory is reached by its own path only: who walks or copies a tree
//!    sees nothing of the denied directory, and so nothing of what is in it.
//! 6. Hard links are files like any other: what the owner linked into a folder is in that folder.
//!    Only a link to a file that a rule denies is denied with it.

mod anchors;
mod directory;
mod places;
mod rights;
mod walk;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use outport_protocol::ticket::Grant;
use outport_types::{CollectionPath, Name};

use self::{
    anchors::Anchors,
    rights::{Grants, Rights},
    walk::{Found, Last, Part, Walk, path_of},
};
pub(crate) use self::{directory::never_wait, places::Places};
pub use self::{
    directory::{Directory, Entry, OpenFile, Place},
    rights::Right,
};
use crate::{
    refused::Refused,
    rules::{Explanation, LiveRules, Rule, Rules},
};

/// Resolves paths for one asker: a request of the hub, or a session.
#[derive(Debug)]
pub struct Resolver {
    rules: LiveRules,
    grants: Grants,
    endpoint: Arc<str>,
    anchors: Mutex<Option<Arc<Anchors>>>,
}

/// What stands behind a path.
#[derive(Debug)]
pub enum Resolved {
    /// A directory that is inside a folder.
    Directory(Directory),
    /// A name in such a directory; whether anything stands there is not known yet.
    Place(Place),
    /// A directory above folders, of which only these names are shown.
    Above {
        /// Its path.
        path: CollectionPath,
        /// The names that lead to folders.
        names: Vec<Name>,
    },
}

impl Resolver {
    /// Starts for somebody who may touch what `grants` say, at the endpoint of this name.
    pub fn new(rules: LiveRules, grants: &[Grant], endpoint: &str) -> Self {
        // A grant below `/~/` counts for the default directory of this moment, under both names.
        let full = |grant: &Grant| Grant {
            path: full_path(&rules.now(), &grant.path).unwrap_or_else(|_| grant.path.clone()),
            ..grant.clone()
        };
        let granted: Vec<_> =
            grants.iter().flat_map(|grant| [grant.clone(), full(grant)]).collect();
        Self {
            rules,
            grants: Grants::new(&granted),
            endpoint: endpoint.into(),
            anchors: Mutex::default(),
        }
    }

    /// The endpoint's name, for texts.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The rules that it follows.
    pub fn rules(&self) -> &LiveRules {
        &self.rules
    }

    /// Opens a directory.
    ///
    /// # Errors
    /// When it is not accessible or no directory.
    pub fn directory(&self, path: &CollectionPath, need: Right) -> Result<Directory, Refused> {
        match self.resolve(path, Last::Enter)? {
            Resolved::Directory(directory) => {
                directory.check(need)?;
                Ok(directory)
            }
            Resolved::Above { .. } | Resolved::Place(_) => Err(Refused::NotShared),
        }
    }

    /// Opens a directory to look into it, which the ancestors of folders allow too.
    ///
    /// # Errors
    /// When it is not accessible or no directory.
    pub fn look(&self, path: &CollectionPath) -> Result<Resolved, Refused> {
        let resolved = self.resolve(path, Last::Enter)?;
        if let Resolved::Directory(directory) = &resolved {
            directory.check(Right::Read)?;
        }
        Ok(resolved)
    }

    /// Finds the directory and the name that a path means, the last name followed if it is a link.
    ///
    /// # Errors
    /// When the directory is not accessible.
    pub fn behind(&self, path: &CollectionPath) -> Result<Resolved, Refused> {
        let resolved = self.resolve(path, Last::Follow)?;
        if let Resolved::Directory(directory) = &resolved {
            directory.check(Right::Read)?;
        }
        Ok(resolved)
    }

    /// Finds the directory that holds the last name of a path, links not followed there.
    ///
    /// # Errors
    /// When the directory is not accessible, or the path is a folder itself.
    pub fn place(&self, path: &CollectionPath, need: Right) -> Result<Place, Refused> {
        match self.resolve(path, Last::Keep)? {
            Resolved::Place(place) => {
                place.directory().allow(place.name(), need)?;
                Ok(place)
            }
            Resolved::Directory(_) => Err(Refused::FolderItself),
            Resolved::Above { .. } => Err(Refused::NotShared),
        }
    }

    /// Finds the place of a directory that is to be made: it is granted itself, or it leads to
    /// something that is.
    ///
    /// # Errors
    /// When it may not be made, or what would hold it is not there.
    pub fn place_for_directory(&self, path: &CollectionPath) -> Result<Place, Refused> {
        let place = match self.resolve(path, Last::Keep)? {
            Resolved::Place(place) => place,
            Resolved::Directory(_) => return Err(Refused::FolderItself),
            Resolved::Above { .. } => return Err(Refused::NotShared),
        };
        match place.directory().allow(place.name(), Right::Write) {
            Err(Refused::NotShared) if self.grants.leads_to_write(&self.full_path(path)?) => {
                place.directory().allow_by_rules(place.name(), Right::Write)?;
            }
            other => other?,
        }
        Ok(place)
    }

    /// Opens a directory inside one that is open, following a link where that is allowed.
    ///
    /// # Errors
    /// When it is not accessible or no directory.
    pub fn child(
        &self,
        parent: &Directory,
        name: &Name,
        need: Right,
    ) -> Result<Directory, Refused> {
        let anchors = self.anchors(ANCHORS_AGE_MAX);
        let asked = parent.asked().join(name).unwrap_or_default();
        let part = Part::name(name.clone(), self.grants.at(asked.names()));
        let mut walk = Walk::new(&anchors, [part], parent.roots().to_vec());
        let found = walk.run(Some(parent.here().clone()), Last::Enter)?;
        let Found::Directory(here) = found else {
            return Err(Refused::NotShared);
        };
        let directory = Directory::new(here, asked, walk.roots, anchors);
        directory.check(need)?;
        Ok(directory)
    }

    /// Opens a directory inside one that is open; a link is refused.
    ///
    /// # Errors
    /// When it is not accessible or no directory.
    pub fn child_nofollow(
        &self,
        parent: &Directory,
        name: &Name,
        need: Right,
    ) -> Result<Directory, Refused> {
        let child = self.child(parent, name, need)?;
        if parent.stat(name)?.id == child.id() { Ok(child) } else { Err(Refused::NotADirectory) }
    }

    /// Whether a directory that was opened before is still where it was and as it was allowed.
    ///
    /// # Errors
    /// When it is elsewhere now, or the rules or what stands on the way have changed.
    pub fn check_again(&self, directory: &Directory, need: Right) -> Result<(), Refused> {
        let now = self.directory(directory.asked(), need)?;
        if now.id() == directory.id() { Ok(()) } else { Err(Refused::NotFound) }
    }

    /// Whether a directory was opened under the rules that are in force now.
    pub fn is_current(&self, directory: &Directory) -> bool {
        directory.generation() == self.rules.now().generation()
    }

    /// Whether moving or removing what stands at a place would change what a rule means.
    pub fn holds_rule(&self, place: &Place) -> Result<bool, Refused> {
        let anchors = self.anchors(ANCHORS_AGE_MAX);
        let mut physical = place.directory().here().physical.clone();
        physical.push(place.name().clone());
        Ok(anchors.holds_rule(&physical, place.stat()?.id))
    }

    /// The path with `/~/` replaced by the default directory.
    ///
    /// # Errors
    /// When there is no default directory.
    pub fn full_path(&self, path: &CollectionPath) -> Result<CollectionPath, Refused> {
        full_path(&self.rules.now(), path)
    }

    /// What is allowed at a path and which rule decides, as the disk is now.
    pub fn explain(&self, path: &CollectionPath) -> Explanation {
        let rules = self.rules.now();
        let by_name = rules.explain(path);
        let Ok(full) = self.full_path(path) else {
            return by_name;
        };
        let anchors = self.anchors(Duration::ZERO);
        let mut walk = Walk::new(&anchors, self.parts(&full).0, Vec::new());
        let (rule, at) = match walk.run(None, Last::Follow) {
            Ok(Found::Place(here, name)) => {
                let at = [&*here.physical, std::slice::from_ref(&name)].concat();
                let directory = Directory::new(here, full, Vec::new(), anchors.clone());
                (directory.rule_of(&name), at)
            }
            Ok(Found::Directory(here)) => {
                let at = here.physical.clone();
                (Directory::new(here, full, Vec::new(), anchors.clone()).rule(), at)
            }
            Err(Refused::NotShared) => (None, walk.at),
            Ok(Found::Above(..)) | Err(_) => return by_name,
        };
        let real = rules.explain(&path_of(&at));
        // A rule that is written through a link is named as it is written.
        let because =
            if rule.is_some() == real.access.is_some() { real.because } else { by_name.because };
        match rule {
            Some(Rule::Folder { access, shareable }) => {
                Explanation { access: Some(access), shareable, because }
            }
            Some(Rule::Denied) | None => Explanation { access: None, shareable: false, because },
        }
    }

    fn resolve(&self, path: &CollectionPath, last: Last) -> Result<Resolved, Refused> {
        let full = self.full_path(path)?;
        let anchors = self.anchors(ANCHORS_AGE_MAX);
        let (parts, top) = self.parts(&full);
        let roots = top.map(|rights| (Vec::new(), rights)).into_iter().collect();
        let mut walk = Walk::new(&anchors, parts, roots);
        let found = walk.run(None, last).map_err(|refused| {
            // What is not granted is not spoken of; where a link led out of what is, neither.
            let covered = |(root, rights): &(Vec<Name>, Rights)| {
                rights.has(Right::Read) && walk.at.starts_with(root)
            };
            let on_the_way =
                walk.links == 0 && (self.grants.speaks_of(path) || self.grants.speaks_of(&full));
            if on_the_way || walk.roots.iter().any(covered) { refused } else { Refused::NotShared }
        })?;
        match found {
            Found::Directory(here) => {
                Ok(Resolved::Directory(Directory::new(here, full, walk.roots, anchors)))
            }
            Found::Place(here, name) => {
                let parent = full.parent().unwrap_or_default();
                let directory = Directory::new(here, parent, walk.roots, anchors);
                Ok(Resolved::Place(Place::new(directory, name)))
            }
            Found::Above(at, names) => Ok(Resolved::Above { path: path_of(&at), names }),
        }
    }

    /// The names of a path, each with what is granted from there on, and what is granted at the top.
    fn parts(&self, full: &CollectionPath) -> (Vec<Part>, Option<Rights>) {
        let parts = (1..=full.names().len()).map(|depth| {
            let granted = self.grants.at(&full.names()[..depth]);
            Part::name(full.names()[depth - 1].clone(), granted)
        });
        (parts.collect(), self.grants.at(&[]))
    }

    /// Where the rules stand, looked up anew when that is longer ago than `age` or they changed.
    fn anchors(&self, age: Duration) -> Arc<Anchors> {
        let rules = self.rules.now();
        let known = self.anchors.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(anchors) = known
            && anchors.rules().generation() == rules.generation()
            && anchors.made().elapsed() < age
        {
            return anchors;
        }
        // Looked up without the lock, for that can take a while.
        let anchors = Arc::new(Anchors::new(rules, self.rules.places()));
        *self.anchors.lock().unwrap_or_else(PoisonError::into_inner) = Some(anchors.clone());
        anchors
    }
}

fn full_path(rules: &Rules, path: &CollectionPath) -> Result<CollectionPath, Refused> {
    if !path.starts_at_default() {
        return Ok(path.clone());
    }
    let default = rules.default_directory().ok_or(Refused::NoDefaultDirectory)?;
    let names = [default.names(), &path.names()[1..]].concat();
    CollectionPath::from_names(names).map_err(|_| Refused::NotShared)
}

/// How long the places of rules are taken for known; a rule whose path does not go through links
/// is recognised by its path at once all the same.
const ANCHORS_AGE_MAX: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;
