//! What the tests of this crate share.

#[cfg(target_os = "linux")]
mod folding;

use std::path::{Path, PathBuf};

use outport_protocol::ticket::Grant;
use outport_types::{Access, CollectionPath, Name};
use tempfile::TempDir;

#[cfg(target_os = "linux")]
pub(crate) use self::folding::FoldingDisk;
use crate::{
    ops::{DeleteWatch, Deleted, TreeFault},
    resolver::Resolver,
    rules::{FolderRule, LiveRules, RuleList, Rules},
    system_path::from_host,
};

/// A directory of its own, with rules that name places in it.
pub(crate) struct World {
    pub(crate) top: PathBuf,
    _dir: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let dir = TempDir::with_prefix("outport-mover-").unwrap();
        Self { top: dir.path().canonicalize().unwrap(), _dir: dir }
    }

    /// Makes a file (and what is above it) with a content.
    pub(crate) fn file(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.top.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn dir(&self, path: &str) -> PathBuf {
        let path = self.top.join(path);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    #[cfg(unix)]
    pub(crate) fn link(&self, path: &str, target: impl AsRef<Path>) {
        let path = self.top.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    /// Rules for places in this world: `rw:data`, `ro:data/x`, `no:data/y`.
    pub(crate) fn rule_list(&self, rules: &[&str]) -> RuleList {
        let mut list = RuleList::default();
        for rule in rules {
            let (kind, path) = rule.split_once(':').unwrap();
            let path = self.top.join(path);
            match kind {
                "no" => list.denied.push(path),
                "near" => list.near_only.push(path),
                "home" => list.dot_files_of = Some(path),
                "ro" | "rw" => {
                    let access = if kind == "rw" { Access::ReadWrite } else { Access::ReadOnly };
                    list.folders.push(FolderRule { path, access, shareable: false });
                }
                other => panic!("no rule {other}"),
            }
        }
        list
    }

    pub(crate) fn rules(&self, rules: &[&str]) -> LiveRules {
        LiveRules::new(Rules::new(&self.rule_list(rules)).unwrap())
    }

    /// A resolver to which everything is granted.
    pub(crate) fn resolver(&self, rules: &[&str]) -> Resolver {
        Resolver::new(self.rules(rules), &[Grant::all(CollectionPath::ROOT)], "smith#WorkPC")
    }

    /// The collection path of a place in this world.
    pub(crate) fn path(&self, path: &str) -> CollectionPath {
        from_host(&self.top.join(path)).unwrap()
    }
}

pub(crate) fn name(text: impl AsRef<[u8]>) -> Name {
    Name::from_bytes(text.as_ref()).unwrap()
}

/// Counts what a deletion tells.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) files: usize,
    pub(crate) directories: usize,
    pub(crate) faults: Vec<TreeFault>,
    pub(crate) stop_after: Option<usize>,
}

impl DeleteWatch for Told {
    fn deleted(&mut self, what: Deleted) {
        match what {
            Deleted::File => self.files += 1,
            Deleted::Directory => self.directories += 1,
        }
    }

    fn fault(&mut self, fault: TreeFault) {
        self.faults.push(fault);
    }

    fn stopped(&self) -> bool {
        self.stop_after.is_some_and(|after| after <= self.files + self.directories)
    }
}

/// Whether this run may make things that only root can; else the test is skipped.
#[cfg(target_os = "linux")]
pub(crate) fn is_root(what: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        skip(&format!("{what} needs root"));
    }
    root
}

/// Ends a test that cannot run on this machine, as `outport_tests::skip` does: `cargo xtask test` sets
/// the variables, lists the reasons, and says where nothing may be skipped.
#[cfg(target_os = "linux")]
pub(crate) fn skip(reason: &str) {
    use std::io::Write as _;
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    assert!(std::env::var_os("OUTPORT_NO_SKIP").is_none(), "must not be skipped here: {reason}");
    let line = format!("SKIPPED: {test}: {reason}\n");
    if let Some(list) = std::env::var_os("OUTPORT_SKIPPED") {
        let mut list = std::fs::File::options().append(true).create(true).open(list).unwrap();
        list.write_all(line.as_bytes()).unwrap();
    }
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}
