//! What the owner is told by the desktop's notifications: gathered for a moment, then told at once.

use std::{collections::BTreeSet, time::Duration};

use outport_control::{Severity, Snapshot, TaskView};
use outport_types::{Problem, TaskId, TaskStatus};
use tokio::time::Instant;

use super::Controller;
use crate::{gui::Notification, page::Page, words::fill};

/// News that wait to be told together.
#[derive(Debug, Default)]
pub(super) struct Notices {
    finished: Vec<Ended>,
    failed: Vec<Ended>,
    /// What needs the owner; only the latest counts.
    needed: Option<Problem>,
    due: Option<Instant>,
}

/// A task that ended.
#[derive(Debug)]
struct Ended {
    task: TaskId,
    name: String,
    /// Why it failed.
    text: Option<String>,
}

impl Notices {
    /// When something must be told.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Finds what is new between two states. The first state is no news: it was so before.
    pub(super) fn compare(&mut self, old: Option<&Snapshot>, new: &Snapshot, now: Instant) {
        let Some(old) = old else { return };
        self.take_tasks(old, new);
        let known: BTreeSet<_> = old.notices.iter().map(|notice| notice.code).collect();
        let fresh = new
            .notices
            .iter()
            .find(|notice| notice.severity == Severity::Error && !known.contains(&notice.code));
        // A computer that is being set up is full of notices, and its owner is looking at them.
        if let Some(notice) = fresh
            && new.endpoint.is_some()
        {
            self.needed = Some(notice.problem.clone());
        }
        if !(self.finished.is_empty() && self.failed.is_empty() && self.needed.is_none()) {
            self.due.get_or_insert(now + GATHER);
        }
    }

    fn take_tasks(&mut self, old: &Snapshot, new: &Snapshot) {
        let active = |task: &&TaskView| task.status == TaskStatus::Active;
        let was_active: BTreeSet<_> =
            old.tasks.tasks.iter().filter(active).map(|task| task.id).collect();
        // Nothing came of what only looked, and who asked for it looks at what it found.
        let moved = |task: &TaskView| !task.options.as_ref().is_some_and(|o| o.only_looks());
        let ended = |task: &&TaskView| was_active.contains(&task.id) && moved(task);
        for task in new.tasks.tasks.iter().filter(ended) {
            let failure = task.failure.as_ref();
            let text = failure.map(|failure| failure.text.clone());
            let ended = Ended { task: task.id, name: name_of(task), text };
            match task.status {
                TaskStatus::Active => {}
                TaskStatus::Succeeded => self.finished.push(ended),
                // Who cancelled a task knows it.
                TaskStatus::Failed if failure.is_some_and(|f| f.code == CANCELED) => {}
                TaskStatus::Failed => self.failed.push(ended),
            }
        }
    }
}

impl Controller {
    /// Tells what was gathered, unless the owner is looking at it anyway.
    pub(super) fn flush_notices(&mut self) {
        let notices = std::mem::take(&mut self.notices);
        if self.gui.is_in_front() {
            return;
        }
        let (words, wanted) = (self.words(), self.settings.notify.clone());
        let groups = [
            (wanted.finished, notices.finished, words.finished, words.finished_many),
            (wanted.failed, notices.failed, words.failed, words.failed_many),
        ];
        for (wanted, ended, one, many) in groups {
            if wanted && let Some(notification) = group(&ended, one, many, words.and_more) {
                self.gui.notify(notification);
            }
        }
        if let Some(problem) = notices.needed.filter(|_| wanted.needs_you) {
            let (title, text) = (words.needs_you.to_owned(), problem.text(words.language()));
            self.gui.notify(Notification { title, text, page: Page::Overview });
        }
    }
}

/// What a person calls a task: its label, else where its files go.
pub(super) fn name_of(task: &TaskView) -> String {
    match (&task.label, &task.destination) {
        (Some(label), _) => one_line(label),
        (None, Some(destination)) => {
            format!("{} → {}", one_line(&task.source.name), one_line(&destination.name))
        }
        (None, None) => one_line(&task.source.name),
    }
}

/// What others called something, fit for a line of a dialog: toolkits take no NUL, for one.
pub(super) fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect()
}

/// One notification for all that ended in the same way.
fn group(ended: &[Ended], one: &str, many: &str, and_more: &str) -> Option<Notification> {
    match ended {
        [] => None,
        [task] => {
            let text = match &task.text {
                Some(text) => format!("{}\n{text}", task.name),
                None => task.name.clone(),
            };
            let page = Page::Activity { task: Some(task.task) };
            Some(Notification { title: one.to_owned(), text, page })
        }
        several => {
            let mut names: Vec<_> =
                several.iter().take(NAMES_MAX).map(|task| task.name.clone()).collect();
            if NAMES_MAX < several.len() {
                names.push(fill(and_more, &[&(several.len() - NAMES_MAX).to_string()]));
            }
            Some(Notification {
                title: fill(many, &[&several.len().to_string()]),
                text: names.join("\n"),
                page: Page::Activity { task: None },
            })
        }
    }
}

/// A label may be as long as the hub allows; a dialog is not.
const NAME_CHARS_MAX: usize = 120;
/// The hub's word for a task that somebody cancelled.
const CANCELED: &str = "CANCELED";
/// Tasks that end one after the other are told together.
const GATHER: Duration = Duration::from_secs(2);
/// Names in one notification; desktops cut longer ones.
const NAMES_MAX: usize = 3;
