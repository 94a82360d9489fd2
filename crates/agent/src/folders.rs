//! The folders as screens show them, and what would be allowed at a path.

use std::{fs, io, path::Path};

use outport_control::{Folder, FolderDecision, FolderStatus, FolderTest};
use outport_mover::{
    resolver::Resolver,
    rules::{Because, Explanation, LiveRules},
    system_path::{from_host, to_host},
};
use outport_protocol::ticket::Grant;
use outport_types::{Access, Code, CollectionPath, Problem, escape_bytes};

use crate::config::{Config, FolderConfig, canonical, host_path};

/// The folders with their state on the disk. It looks at the disk, which may take long.
pub(crate) fn list(config: &Config) -> Vec<Folder> {
    config.folders.iter().map(look).collect()
}

/// What would be allowed at a path of this computer, and which rule says so. It looks at the disk.
pub(crate) fn test(config: &Config, path: &str) -> Result<FolderTest, Problem> {
    let given = host_path(path);
    let place = from_host(&given).map_err(|error| {
        Problem::new(Code::BadPath, [("path", path.into()), ("reason", error.to_string().into())])
    })?;
    let resolved = canonical(&given).ok().map(|real| text_of(&real));
    let rules = config.rules.clone();
    let leads_to_folder = rules.leads_to(&place).is_some();
    // The resolver follows links as a session would, so a link into a refused place is refused.
    let everything = [Grant::all(CollectionPath::ROOT)];
    let resolver = Resolver::new(LiveRules::new(rules), &everything, "");
    let Explanation { access, shareable, because } = resolver.explain(&place);
    let far = Resolver::new(LiveRules::new(config.far_rules.clone()), &everything, "");
    let local_only = access.is_some() && far.explain(&place).access.is_none();
    let decision = match (access, &because) {
        (Some(Access::ReadOnly), _) => FolderDecision::ReadOnly,
        (Some(Access::ReadWrite), _) => FolderDecision::ReadWrite,
        (None, Because::NoRule) if leads_to_folder => FolderDecision::LeadsToFolder,
        (None, Because::NoRule) => FolderDecision::NotShared,
        (None, Because::Folder(_) | Because::Denied(_) | Because::HomeDotFiles(_)) => {
            FolderDecision::Denied
        }
    };
    let rule = match &because {
        Because::Folder(rule) | Because::Denied(rule) => Some(rule_text(rule)),
        Because::HomeDotFiles(home) => Some(format!("{}/.*", rule_text(home))),
        Because::NoRule => None,
    };
    Ok(FolderTest { path: path.to_owned(), resolved, decision, shareable, local_only, rule })
}

fn look(folder: &FolderConfig) -> Folder {
    Folder {
        path: text_of(&folder.path),
        collection_path: from_host(&folder.path).unwrap_or_default(),
        access: folder.access,
        shareable: folder.shareable,
        local_only: folder.local_only,
        deny: folder.deny.iter().map(|path| text_of(path)).collect(),
        status: status(&folder.path),
    }
}

fn status(path: &Path) -> FolderStatus {
    match fs::metadata(path) {
        Ok(found) if !found.is_dir() => FolderStatus::NotADirectory,
        Ok(_) => match fs::read_dir(path) {
            Ok(_) => FolderStatus::Available,
            Err(_) => FolderStatus::Unreadable,
        },
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => FolderStatus::Unreadable,
        Err(_) => FolderStatus::Missing,
    }
}

fn rule_text(rule: &CollectionPath) -> String {
    to_host(rule).map_or_else(|_| rule.to_string(), |path| text_of(&path))
}

/// A path of this computer as control clients see it.
pub(crate) fn text_of(path: &Path) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        escape_bytes(path.as_os_str().as_bytes()).into_owned()
    }
    #[cfg(not(unix))]
    escape_bytes(path.to_string_lossy().as_bytes()).into_owned()
}
