//! What the owner of this computer allows: folders, and what is denied below them.
//!
//! The longest rule that a path is in decides, in whatever order the rules were given.
//! This module compares names only, for explaining; what is really reachable is decided by the
//! [`resolver`](crate::resolver), which follows the identity of directories on the disk.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use outport_types::{Access, CollectionPath, Name};
use tokio::sync::watch;

use crate::{
    resolver::Places,
    system_path::{System, SystemPathError, from_host},
};

/// The rules as the agent's config has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleList {
    /// The folders that the owner made accessible.
    pub folders: Vec<FolderRule>,
    /// Files and directories that are not, although they stand in a folder.
    pub denied: Vec<PathBuf>,
    /// Folders that are closed to who is not in the local network, and of whom these rules are: denied
    /// too, but told as what they are where a tree is walked.
    pub near_only: Vec<PathBuf>,
    /// The home directory whose dot files need an explicit folder of their own; `None` when the
    /// owner said that dot files are shared like everything else.
    pub dot_files_of: Option<PathBuf>,
    /// What `/~/` stands for; the first folder when not set.
    pub default_directory: Option<PathBuf>,
}

/// A directory (or a single file) that the owner made accessible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderRule {
    /// Its path on this system.
    pub path: PathBuf,
    /// What may be done in it.
    pub access: Access,
    /// Whether guest collections may stand on it.
    pub shareable: bool,
}

/// A rule that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// The path is none.
    #[error("`{path}` cannot be in a rule")]
    BadPath {
        /// As it was given.
        path: String,
        /// Why not.
        source: SystemPathError,
    },
    /// Two rules for one path.
    #[error("`{path}` has two rules")]
    Twice {
        /// The path.
        path: CollectionPath,
    },
    /// The default directory is not in a folder.
    #[error("the default directory `{path}` is in no folder")]
    DefaultNotShared {
        /// The path.
        path: CollectionPath,
    },
}

/// The rules, checked.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    rules: BTreeMap<CollectionPath, Rule>,
    near_only: Vec<CollectionPath>,
    dot_files_of: Option<CollectionPath>,
    default_directory: Option<CollectionPath>,
    generation: u64,
}

/// What a rule says about its path and everything below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Accessible.
    Folder {
        /// What may be done.
        access: Access,
        /// Whether guest collections may stand on it.
        shareable: bool,
    },
    /// Not accessible.
    Denied,
}

/// What is allowed somewhere, and because of which rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What may be done; `None` is nothing.
    pub access: Option<Access>,
    /// Whether guest collections may stand on it.
    pub shareable: bool,
    /// What decides.
    pub because: Because,
}

/// Which rule decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// The folder at this path.
    Folder(CollectionPath),
    /// The deny rule for this path.
    Denied(CollectionPath),
    /// The dot files of this home directory need a folder of their own.
    HomeDotFiles(CollectionPath),
    /// No rule speaks of the path, and what no rule speaks of is denied.
    NoRule,
}

impl Rules {
    /// Checks a list of rules.
    ///
    /// # Errors
    /// When one of them cannot be; then none is taken.
    pub fn new(list: &RuleList) -> Result<Self, RulesError> {
        let mut rules = BTreeMap::new();
        let folders = list.folders.iter().map(|folder| {
            let rule = Rule::Folder { access: folder.access, shareable: folder.shareable };
            (&folder.path, rule)
        });
        let denied = list.denied.iter().chain(&list.near_only).map(|path| (path, Rule::Denied));
        for (path, rule) in folders.chain(denied) {
            let path = read(path)?;
            if rules.insert(path.clone(), rule).is_some() {
                return Err(RulesError::Twice { path });
            }
        }
        let dot_files_of = list.dot_files_of.as_deref().map(read).transpose()?;
        let default_directory = match (&list.default_directory, list.folders.first()) {
            (Some(path), _) => Some(read(path)?),
            (None, Some(folder)) => Some(read(&folder.path)?),
            (None, None) => None,
        };
        let near_only = list.near_only.iter().map(read).collect::<Result<_, _>>()?;
        let generation = next_generation();
        let rules = Self { rules, near_only, dot_files_of, default_directory, generation };
        match &rules.default_directory {
            Some(path) if rules.explain(path).access.is_none() => {
                Err(RulesError::DefaultNotShared { path: path.clone() })
            }
            Some(_) | None => Ok(rules),
        }
    }

    /// What is allowed at a path, by its names alone.
    pub fn explain(&self, path: &CollectionPath) -> Explanation {
        let mut said = Explanation { access: None, shareable: false, because: Because::NoRule };
        for names in 0..=path.names().len() {
            let (above, rest) = path.names().split_at(names);
            if let Some((place, rule)) = self.rule_at(above) {
                said = explanation(place, *rule);
            } else if let Some((name, home)) = above.split_last()
                && said.access.is_some()
                && self.is_home(home)
                && is_dot_file(name)
                && self.rule_at(above).is_none()
            {
                let home = Because::HomeDotFiles(self.dot_files_of.clone().unwrap_or_default());
                said = Explanation { access: None, shareable: false, because: home };
            }
            if rest.is_empty() {
                break;
            }
        }
        said
    }

    /// What `/~/` stands for.
    pub fn default_directory(&self) -> Option<&CollectionPath> {
        self.default_directory.as_ref()
    }

    /// The home directory whose dot files are denied.
    pub fn dot_files_of(&self) -> Option<&CollectionPath> {
        self.dot_files_of.as_ref()
    }

    /// Every rule with its path, in the order of paths.
    pub fn iter(&self) -> impl Iterator<Item = (&CollectionPath, Rule)> {
        self.rules.iter().map(|(path, rule)| (path, *rule))
    }

    /// The folders, in the order of paths.
    pub fn folders(&self) -> impl Iterator<Item = &CollectionPath> {
        self.rules.iter().filter(|(_, rule)| **rule != Rule::Denied).map(|(path, _)| path)
    }

    /// The names directly in a directory of folders that are closed to who is not in the local network.
    pub(crate) fn near_only_in<'a>(
        &'a self,
        directory: &'a [Name],
    ) -> impl Iterator<Item = &'a Name> {
        let split = self.near_only.iter().filter_map(|path| path.names().split_last());
        split.filter(|(_, above)| same_names(above, directory)).map(|(name, _)| name)
    }

    /// The names directly below `path` that lead to a folder; `None` when none does.
    pub fn leads_to(&self, path: &CollectionPath) -> Option<Vec<Name>> {
        let depth = path.names().len();
        let below = self.folders().filter(|folder| {
            folder.names().get(..depth).is_some_and(|above| same_names(above, path.names()))
        });
        let mut names: Vec<_> = below.filter_map(|folder| folder.names().get(depth)).collect();
        names.sort_unstable();
        names.dedup();
        (!names.is_empty()).then(|| names.into_iter().cloned().collect())
    }

    /// Changes with every new set of rules.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    fn rule_at(&self, names: &[Name]) -> Option<(&CollectionPath, &Rule)> {
        self.rules.iter().find(|(path, _)| same_names(path.names(), names))
    }

    fn is_home(&self, names: &[Name]) -> bool {
        self.dot_files_of.as_ref().is_some_and(|home| same_names(home.names(), names))
    }
}

/// The rules in force, for many readers; a new set takes the place of the old at once.
#[derive(Clone, Debug)]
pub struct LiveRules {
    now: Arc<watch::Sender<Arc<Rules>>>,
    /// What is known of the disk where they stand.
    places: Arc<Places>,
}

impl LiveRules {
    /// Starts with a first set.
    pub fn new(rules: Rules) -> Self {
        Self::with_places(rules, Places::new())
    }

    /// The rules in force now.
    pub fn now(&self) -> Arc<Rules> {
        self.now.borrow().clone()
    }

    /// Puts a new set in force.
    pub fn replace(&self, rules: Rules) {
        self.now.send_replace(Arc::new(rules));
    }

    /// Tells when the rules change.
    pub fn watch(&self) -> watch::Receiver<Arc<Rules>> {
        self.now.subscribe()
    }

    pub(crate) fn with_places(rules: Rules, places: Places) -> Self {
        let now = Arc::new(watch::Sender::new(Arc::new(rules)));
        Self { now, places: Arc::new(places) }
    }

    pub(crate) fn places(&self) -> &Arc<Places> {
        &self.places
    }
}

/// Whether a name counts as a dot file.
pub(crate) fn is_dot_file(name: &Name) -> bool {
    name.as_bytes().first() == Some(&b'.')
}

/// Whether two names are the same to the disks of this system.
pub(crate) fn same_name(a: &Name, b: &Name) -> bool {
    a == b || (System::HOST.folds_case() && System::HOST.fold(a) == System::HOST.fold(b))
}

/// Whether two lists of names are the same to the disks of this system.
pub(crate) fn same_names(a: &[Name], b: &[Name]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_name(a, b))
}

fn explanation(place: &CollectionPath, rule: Rule) -> Explanation {
    match rule {
        Rule::Folder { access, shareable } => {
            Explanation { access: Some(access), shareable, because: Because::Folder(place.clone()) }
        }
        Rule::Denied => {
            Explanation { access: None, shareable: false, because: Because::Denied(place.clone()) }
        }
    }
}

fn read(path: impl AsRef<Path>) -> Result<CollectionPath, RulesError> {
    let path = path.as_ref();
    from_host(path)
        .map_err(|source| RulesError::BadPath { path: path.display().to_string(), source })
}

fn next_generation() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_rule_decides_whatever_the_order() {
        let folders =
            [("/a", Access::ReadOnly), ("/a/b", Access::ReadWrite), ("/a/b/c/d", Access::ReadOnly)];
        for turn in 0..folders.len() {
            let mut folders = folders;
            folders.rotate_left(turn);
            let rules = Rules::new(&list(&folders, &["/a/b/c"])).unwrap();
            for (path, access) in [
                ("/a/x", Some(Access::ReadOnly)),
                ("/a/b", Some(Access::ReadWrite)),
                ("/a/b/x/y", Some(Access::ReadWrite)),
                ("/a/b/c", None),
                ("/a/b/c/x", None),
                ("/a/b/c/d/x", Some(Access::ReadOnly)),
                ("/ab", None),
                ("/", None),
            ] {
                assert_eq!(rules.explain(&path.parse().unwrap()).access, access, "{path}");
            }
        }
    }

    #[test]
    fn an_explanation_names_the_rule_that_decides() {
        let mut list = list(
            &[("/home/ann", Access::ReadWrite), ("/home/ann/.config/lab", Access::ReadOnly)],
            &["/home/ann/private"],
        );
        list.dot_files_of = Some("/home/ann".into());
        let rules = Rules::new(&list).unwrap();
        let because = |path: &str| rules.explain(&path.parse().unwrap()).because;
        let path = |text: &str| text.parse::<CollectionPath>().unwrap();
        assert_eq!(because("/home/ann/x"), Because::Folder(path("/home/ann")));
        assert_eq!(because("/home/ann/private/x"), Because::Denied(path("/home/ann/private")));
        assert_eq!(because("/home/ann/.ssh/id"), Because::HomeDotFiles(path("/home/ann")));
        assert_eq!(because("/home/ann/.config"), Because::HomeDotFiles(path("/home/ann")));
        assert_eq!(
            because("/home/ann/.config/lab/x"),
            Because::Folder(path("/home/ann/.config/lab"))
        );
        assert_eq!(because("/home/ann/x/.hidden"), Because::Folder(path("/home/ann")));
        assert_eq!(because("/etc/passwd"), Because::NoRule);
    }

    #[test]
    fn the_default_directory_is_the_first_folder_unless_set() {
        let mut list = list(&[("/b", Access::ReadOnly), ("/a", Access::ReadOnly)], &[]);
        let of = |list: &RuleList| Rules::new(list).unwrap().default_directory().cloned();
        assert_eq!(of(&list), Some("/b".parse().unwrap()));
        list.default_directory = Some("/a/sub".into());
        assert_eq!(of(&list), Some("/a/sub".parse().unwrap()));
        list.default_directory = Some("/home".into());
        assert!(matches!(Rules::new(&list), Err(RulesError::DefaultNotShared { .. })));
        assert_eq!(of(&RuleList::default()), None);
    }

    #[test]
    fn a_bad_rule_refuses_the_whole_list() {
        let bad = list(&[("/a", Access::ReadOnly), ("relative", Access::ReadOnly)], &[]);
        assert!(matches!(Rules::new(&bad), Err(RulesError::BadPath { .. })));
        let twice = list(&[("/a", Access::ReadOnly), ("/a/", Access::ReadWrite)], &[]);
        assert!(matches!(Rules::new(&twice), Err(RulesError::Twice { .. })));
        let both = list(&[("/a", Access::ReadOnly)], &["/a"]);
        assert!(matches!(Rules::new(&both), Err(RulesError::Twice { .. })));
    }

    #[test]
    fn ancestors_know_what_leads_to_a_folder() {
        let rules = Rules::new(&list(
            &[("/home/ann/x", Access::ReadOnly), ("/srv", Access::ReadOnly)],
            &["/opt"],
        ))
        .unwrap();
        let names = |path: &str| {
            rules
                .leads_to(&path.parse().unwrap())
                .map(|names| names.iter().map(|name| name.text().into_owned()).collect::<Vec<_>>())
        };
        assert_eq!(names("/"), Some(vec!["home".to_owned(), "srv".to_owned()]));
        assert_eq!(names("/home/ann"), Some(vec!["x".to_owned()]));
        assert_eq!(names("/home/ann/x"), None);
        assert_eq!(names("/opt"), None);
    }

    fn list(folders: &[(&str, Access)], denied: &[&str]) -> RuleList {
        RuleList {
            folders: folders
                .iter()
                .map(|(path, access)| FolderRule {
                    path: path.into(),
                    access: *access,
                    shareable: false,
                })
                .collect(),
            denied: denied.iter().map(PathBuf::from).collect(),
            ..RuleList::default()
        }
    }
}
