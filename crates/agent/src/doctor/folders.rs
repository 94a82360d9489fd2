//! Whether the shared folders can be used as they are shared.

use std::{path::Path, sync::Arc};

use outport_control::{Folder, FolderStatus};
use outport_types::{Access, Code, Fact, FactCode, Problem};

use super::report::{Report, Topic};
use crate::{
    config::{Config, FolderConfig},
    folders,
};

pub(super) async fn examine(config: Arc<Config>, report: &mut Report) {
    if config.folders.is_empty() {
        return report.warn(Topic::Folders, Problem::new(Code::NothingShared, []));
    }
    let looked = crate::blocking(move || {
        let looked: Vec<_> = folders::list(&config)
            .into_iter()
            .zip(&config.folders)
            .map(|(folder, of)| look(folder, of))
            .collect();
        looked
    })
    .await;
    for look in looked {
        match look {
            Ok(fact) => report.found(Topic::Folders, outport_control::Verdict::Ok, fact),
            Err(problem) => report.fail(Topic::Folders, problem),
        }
    }
}

fn look(folder: Folder, of: &FolderConfig) -> Result<Fact, Problem> {
    let path = || [("path", folder.path.as_str().into())];
    let wrong = |code| Err(Problem::new(code, path()));
    match folder.status {
        FolderStatus::Missing => wrong(Code::FolderMissing),
        FolderStatus::NotADirectory => wrong(Code::FolderReplaced),
        FolderStatus::Unreadable => wrong(Code::FolderUnreadable),
        FolderStatus::Available if of.access == Access::ReadWrite && !is_writable(&of.path) => {
            wrong(Code::FolderUnwritable)
        }
        FolderStatus::Available if of.access.can_write() => {
            Ok(Fact::new(FactCode::FolderReadWrite, path()))
        }
        FolderStatus::Available => Ok(Fact::new(FactCode::FolderReadOnly, path())),
    }
}

/// Whether the system would let us write, asked without leaving anything behind.
fn is_writable(dir: &Path) -> bool {
    #[cfg(unix)]
    {
        use rustix::fs::{Access as Right, AtFlags, CWD, accessat};
        accessat(CWD, dir, Right::WRITE_OK | Right::EXEC_OK, AtFlags::EACCESS)
            .or_else(|_| accessat(CWD, dir, Right::WRITE_OK | Right::EXEC_OK, AtFlags::empty()))
            .is_ok()
    }
    #[cfg(not(unix))]
    std::fs::metadata(dir).is_ok_and(|metadata| !metadata.permissions().readonly())
}
