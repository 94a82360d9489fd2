//! Where on the disk the rules stand at the moment.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use cap_std::{ambient_authority, fs::Dir};
use outport_types::{Access, CollectionPath, Name};

use super::places::{Answer, Places};
use crate::{
    refused::Refused,
    rules::{Rule, Rules, is_dot_file, same_names},
    stat::{FileId, Stat},
    system_path::{from_host, to_host},
};

/// Every rule with the place that its path leads to now.
///
/// The owner may write a path that goes through links (`/tmp` on macOS); both the path as written
/// and the place behind it stand for the rule, and so does the identity of what is there.
#[derive(Debug)]
pub(super) struct Anchors {
    rules: Arc<Rules>,
    anchors: Vec<Anchor>,
    home: Option<Anchor>,
    made: Instant,
}

#[derive(Debug)]
pub(super) struct Anchor {
    /// As the owner wrote it.
    literal: CollectionPath,
    /// Without links; names that do not exist yet are kept as written.
    pub(super) physical: CollectionPath,
    /// What stands there, if anything does.
    pub(super) id: Option<FileId>,
    pub(super) rule: Rule,
    /// What the ways to it go through.
    way: Vec<FileId>,
    /// Its disk does not answer: all this is what was known before.
    hangs: bool,
    /// Nothing was known before either.
    is_unknown: bool,
}

/// What stands at the path of a rule.
#[derive(Debug)]
pub(super) struct Seen {
    physical: CollectionPath,
    id: Option<FileId>,
    way: Vec<FileId>,
}

/// The rule that a path is under before any disk is touched.
#[derive(Debug)]
pub(super) enum Start<'a> {
    /// This folder, whose path has so many names.
    Folder(&'a Anchor, usize),
    /// No folder.
    Nowhere,
}

impl Anchors {
    pub(super) fn new(rules: Arc<Rules>, places: &Arc<Places>) -> Self {
        let paths = rules.iter().map(|(path, _)| path).chain(rules.dot_files_of());
        let mut answers = places.look(&paths.collect::<Vec<_>>()).into_iter();
        let named = rules.iter().zip(&mut answers);
        let anchors = named.map(|((path, rule), answer)| Anchor::new(path, rule, answer)).collect();
        let home = rules.dot_files_of().zip(answers.next());
        let home = home.map(|(path, answer)| Anchor::new(path, Rule::Denied, answer));
        Self { rules, anchors, home, made: Instant::now() }
    }

    /// Whether it is known what the rules deny. While the disk behind one that denies has not
    /// answered once, links could lead to what it denies, so nothing is reachable.
    ///
    /// # Errors
    /// When it is not.
    pub(super) fn check(&self) -> Result<(), Refused> {
        let mut denying = self.anchors.iter().chain(&self.home);
        if denying.any(|anchor| anchor.is_unknown && anchor.rule == Rule::Denied) {
            return Err(no_answer().into());
        }
        Ok(())
    }

    pub(super) fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    pub(super) fn made(&self) -> Instant {
        self.made
    }

    /// The rule with the longest path above `names`, written or real; of equals, the one that denies.
    pub(super) fn start(&self, names: &[Name]) -> Start<'_> {
        let mut best: Option<(&Anchor, usize)> = None;
        for anchor in &self.anchors {
            for path in [&anchor.literal, &anchor.physical] {
                let depth = path.names().len();
                let above = names.get(..depth).is_some_and(|above| same_names(above, path.names()));
                let longer = best.is_none_or(|(other, best)| {
                    best < depth || (best == depth && stricter(anchor.rule, other.rule))
                });
                if above && longer {
                    best = Some((anchor, depth));
                }
            }
        }
        let Some((anchor, depth)) = best.filter(|(anchor, _)| anchor.rule != Rule::Denied) else {
            return Start::Nowhere;
        };
        Start::Folder(anchor, depth)
    }

    /// What the rules say of one thing in a directory: by its path, and by what it is.
    pub(super) fn rule_of(&self, physical: &[Name], id: Option<FileId>) -> Option<Rule> {
        let mut said: Option<Rule> = None;
        for anchor in &self.anchors {
            let by_id = id.is_some() && anchor.id == id;
            let by_path = || {
                same_names(anchor.physical.names(), physical)
                    || same_names(anchor.literal.names(), physical)
            };
            if (by_id || by_path()) && said.is_none_or(|other| stricter(anchor.rule, other)) {
                said = Some(anchor.rule);
            }
        }
        match (said, physical.split_last()) {
            (None, Some((name, parent))) if is_dot_file(name) && self.is_home(parent, None) => {
                Some(Rule::Denied)
            }
            (said, _) => said,
        }
    }

    /// Whether a directory is the home whose dot files are denied.
    pub(super) fn is_home(&self, physical: &[Name], id: Option<FileId>) -> bool {
        self.home.as_ref().is_some_and(|home| {
            (id.is_some() && home.id == id)
                || same_names(home.physical.names(), physical)
                || same_names(home.literal.names(), physical)
        })
    }

    /// The names in a directory that a rule speaks of, with what it says.
    pub(super) fn named_in(&self, physical: &[Name]) -> Vec<(Name, Rule)> {
        let mut named: Vec<(Name, Rule)> = Vec::new();
        for anchor in &self.anchors {
            for path in [&anchor.literal, &anchor.physical] {
                let Some((name, parent)) = path.names().split_last() else {
                    continue;
                };
                if same_names(parent, physical) && !named.contains(&(name.clone(), anchor.rule)) {
                    named.push((name.clone(), anchor.rule));
                }
            }
        }
        named
    }

    /// What is denied by identity.
    pub(super) fn is_denied(&self, id: FileId) -> bool {
        self.anchors.iter().any(|anchor| anchor.rule == Rule::Denied && anchor.id == Some(id))
    }

    /// Whether any rule denies something that exists.
    pub(super) fn denies_ids(&self) -> bool {
        self.anchors.iter().any(|anchor| anchor.rule == Rule::Denied && anchor.id.is_some())
    }

    /// The names directly below `at` that lead to a folder; `None` when none does.
    pub(super) fn leads_to(&self, at: &[Name]) -> Option<Vec<Name>> {
        let mut names: Vec<Name> = self
            .anchors
            .iter()
            .filter(|anchor| anchor.rule != Rule::Denied)
            .flat_map(|anchor| [&anchor.literal, &anchor.physical])
            .filter(|path| path.names().get(..at.len()).is_some_and(|above| same_names(above, at)))
            .filter_map(|path| path.names().get(at.len()).cloned())
            .collect();
        names.sort_unstable();
        names.dedup();
        (!names.is_empty()).then_some(names)
    }

    /// Whether a rule stands on this thing or below it, so that moving it would change what the
    /// rule means.
    pub(super) fn holds_rule(&self, physical: &[Name], id: FileId) -> bool {
        let all = || self.anchors.iter().chain(&self.home);
        let by_name = all().flat_map(|anchor| [&anchor.literal, &anchor.physical]).any(|path| {
            let above = path.names().get(..physical.len());
            above.is_some_and(|above| same_names(above, physical))
        });
        by_name || all().any(|anchor| anchor.way.contains(&id))
    }
}

impl Anchor {
    fn new(path: &CollectionPath, rule: Rule, Answer { seen, hangs }: Answer) -> Self {
        let is_unknown = seen.is_none();
        let (physical, id, way) = match seen {
            Some(seen) => (seen.physical.clone(), seen.id, seen.way.clone()),
            None => (path.clone(), None, Vec::new()),
        };
        Self { literal: path.clone(), physical, id, rule, way, hangs, is_unknown }
    }
}

impl Seen {
    /// Asks the disk, which may take for ever.
    pub(super) fn look(path: &CollectionPath) -> Self {
        let physical = physical(path);
        let id = to_host(&physical).ok().and_then(|path| id_of(&path).ok());
        let mut way = Vec::new();
        way_to(path, &mut way);
        if physical != *path {
            way_to(&physical, &mut way);
        }
        Self { physical, id, way }
    }
}

/// What the way to a path goes through.
fn way_to(path: &CollectionPath, way: &mut Vec<FileId>) {
    for depth in 1..=path.names().len() {
        let above = CollectionPath::from_names(path.names()[..depth].to_vec()).ok();
        way.extend(above.and_then(|above| id_of(&to_host(&above).ok()?).ok()));
    }
}

fn no_answer() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "a disk does not answer")
}

/// Whether `a` allows less than `b`.
fn stricter(a: Rule, b: Rule) -> bool {
    let rank = |rule| match rule {
        Rule::Denied => 0,
        Rule::Folder { access: Access::ReadOnly, .. } => 1,
        Rule::Folder { access: Access::ReadWrite, .. } => 2,
    };
    rank(a) < rank(b)
}

/// The place behind a path; what does not exist yet keeps its name.
fn physical(path: &CollectionPath) -> CollectionPath {
    let names = path.names();
    for depth in (0..=names.len()).rev() {
        let above = CollectionPath::from_names(names[..depth].to_vec());
        let Some(real) = above.ok().and_then(|above| canonical(&above)) else {
            continue;
        };
        let whole = [real.names(), &names[depth..]].concat();
        return CollectionPath::from_names(whole).unwrap_or_else(|_| path.clone());
    }
    path.clone()
}

fn canonical(path: &CollectionPath) -> Option<CollectionPath> {
    let real: PathBuf = std::fs::canonicalize(to_host(path).ok()?).ok()?;
    from_host(&real).ok()
}

/// What stands at a path that is free of links, without opening it.
#[cfg(unix)]
fn id_of(path: &Path) -> io::Result<FileId> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::symlink_metadata(path)?;
    Ok(FileId { device: metadata.dev(), inode: metadata.ino() })
}

/// What stands at a path that is free of links; Windows tells it for open files only.
#[cfg(windows)]
fn id_of(path: &Path) -> io::Result<FileId> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        let root = Dir::open_ambient_dir(path, ambient_authority())?;
        return Ok(Stat::new(&root.dir_metadata()?).id);
    };
    let parent = Dir::open_ambient_dir(parent, ambient_authority())?;
    Ok(Stat::new(&parent.symlink_metadata(name)?).id)
}

impl Anchor {
    /// Opens the folder itself.
    pub(super) fn open(&self) -> io::Result<(Dir, FileId)> {
        if self.hangs {
            return Err(no_answer());
        }
        let path = to_host(&self.physical)
            .map_err(|problem| io::Error::new(io::ErrorKind::InvalidInput, problem))?;
        let dir = Dir::open_ambient_dir(path, ambient_authority())?;
        let id = Stat::new(&dir.dir_metadata()?).id;
        Ok((dir, id))
    }
}
