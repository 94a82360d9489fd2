//! What this computer asked the hub for, so that it can ask again.
//!
//! The hub does not tell what a task was asked to do, item by item; whoever asked knows. The last
//! ones are kept in one file of the profile. It is a convenience: what cannot be read or written is
//! forgotten, and said in the log.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
};

use outport_control::{NewDeletion, NewTransfer, Paths};
use outport_types::TaskId;
use serde::{Deserialize, Serialize};

use crate::files::{Readers, read_bounded, write_atomic};

/// The last submissions of a profile. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Submissions {
    file: PathBuf,
    kept: Arc<Mutex<Kept>>,
    /// One change at a time on the disk.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug, Default)]
struct Kept {
    read: bool,
    /// The newest last.
    list: Vec<Submission>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Submission {
    task: TaskId,
    asked: Asked,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Asked {
    Transfer(NewTransfer),
    Delete(NewDeletion),
}

impl Submissions {
    pub(crate) fn new(paths: &Paths) -> Self {
        let file = paths.state_dir.join("submissions.json");
        Self { file, kept: Arc::default(), turn: Arc::default() }
    }

    /// Reads the file, once.
    pub(crate) async fn load(&self) {
        let _turn = self.turn.lock().await;
        if self.kept().read {
            return;
        }
        let file = self.file.clone();
        let list = crate::blocking(move || read(&file)).await;
        let mut kept = self.kept();
        kept.read = true;
        kept.list = list;
    }

    /// Whether a task can be asked for again; known after [`load`](Self::load).
    pub(crate) fn holds(&self, task: TaskId) -> bool {
        self.kept().list.iter().any(|kept| kept.task == task)
    }

    /// What a task asked for.
    pub(crate) fn asked(&self, task: TaskId) -> Option<Asked> {
        let kept = self.kept();
        kept.list.iter().find(|kept| kept.task == task).map(|kept| kept.asked.clone())
    }

    /// Keeps what became a task; the oldest make room.
    pub(crate) async fn remember(&self, task: TaskId, asked: Asked) {
        self.load().await;
        let _turn = self.turn.lock().await;
        let list = {
            let mut kept = self.kept();
            kept.list.retain(|kept| kept.task != task);
            kept.list.push(Submission { task, asked });
            trim(&mut kept.list);
            kept.list.clone()
        };
        let file = self.file.clone();
        if let Err(error) = crate::blocking(move || write(&file, &list)).await {
            tracing::warn!(%error, "a submission is not kept over a restart");
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Lets go of the oldest beyond the number, and of those that are too long to keep.
fn trim(list: &mut Vec<Submission>) {
    let mut bytes = 0;
    let mut first = list.len();
    while 0 < first && list.len() - first < SUBMISSIONS_MAX {
        let long = serde_json::to_vec(&list[first - 1]).map_or(FILE_BYTES_MAX, |text| text.len());
        if FILE_BYTES_MAX / 2 < bytes + long {
            break;
        }
        bytes += long;
        first -= 1;
    }
    list.drain(..first);
}

fn read(file: &std::path::Path) -> Vec<Submission> {
    let content = match read_bounded(file, FILE_BYTES_MAX) {
        Ok(content) => content.unwrap_or_else(|| b"[]".to_vec()),
        Err(error) => {
            tracing::warn!(%error, "earlier submissions cannot be read");
            return Vec::new();
        }
    };
    serde_json::from_slice(&content).unwrap_or_else(|error| {
        tracing::warn!(%error, "earlier submissions are forgotten");
        Vec::new()
    })
}

fn write(file: &std::path::Path, list: &[Submission]) -> std::io::Result<()> {
    if let Some(dir) = file.parent() {
        outport_control::ensure_private_dir(dir)?;
    }
    let content = serde_json::to_vec(list).map_err(std::io::Error::other)?;
    write_atomic(file, &content, Readers::Owner)
}

/// Older ones are looked up by nobody.
const SUBMISSIONS_MAX: usize = 100;
/// A few of the largest that somebody can pick by hand.
const FILE_BYTES_MAX: usize = 8 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use outport_control::Profile;
    use outport_types::EndpointId;

    use super::*;

    #[tokio::test]
    async fn the_last_submissions_are_kept_over_restarts() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::below(home.path(), Profile::default());
        let submissions = Submissions::new(&paths);
        let tasks: Vec<_> = (0..SUBMISSIONS_MAX + 5).map(|_| TaskId::random()).collect();
        for task in &tasks {
            submissions.remember(*task, deletion("/x")).await;
        }
        let again = Submissions::new(&paths);
        again.load().await;
        assert!(!again.holds(tasks[4]) && again.holds(tasks[5]));
        assert_eq!(again.asked(tasks[104]), Some(deletion("/x")));
    }

    #[test]
    fn what_is_too_long_is_not_kept() {
        let long = "x".repeat(FILE_BYTES_MAX);
        let mut list: Vec<_> = ["/a", &long, "/b"]
            .map(|path| Submission { task: TaskId::random(), asked: deletion(path) })
            .into();
        trim(&mut list);
        assert_eq!(list.len(), 1);
        assert_eq!(list[0].asked, deletion("/b"));
    }

    fn deletion(path: &str) -> Asked {
        Asked::Delete(NewDeletion {
            collection: EndpointId::from_bytes([1; 16]),
            paths: vec![path.to_owned()],
            recursive: false,
            ignore_missing: false,
            label: None,
            deadline: None,
            submission: None,
        })
    }
}
