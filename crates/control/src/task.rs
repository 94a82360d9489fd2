//! The owner's tasks at the hub, as screens show them and as they are asked for.

use outport_types::{
    Differences, EndpointId, FilterKind, Finding, Line, Problem, Route, SubmissionId, TaskId,
    TaskKind, TaskStatus, TransferOptions, UnixTime,
};
use serde::{Deserialize, Serialize};

use crate::snapshot::Progress;

/// The owner's tasks as far as they are known now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct TaskBoard {
    /// Whether they are known.
    pub state: BoardState,
    /// Why the hub cannot be asked, when it cannot.
    pub problem: Option<Problem>,
    /// When the hub was last heard of them.
    pub as_of: Option<UnixTime>,
    /// Those that go on, the newest first; then those that ended lately, the last one first.
    /// At most [`TaskBoard::TASKS_MAX`].
    pub tasks: Vec<TaskView>,
}

impl TaskBoard {
    /// A few screenfuls; the hub has the rest.
    pub const TASKS_MAX: usize = 100;
}

/// Whether the owner's tasks are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum BoardState {
    /// Nobody is signed in whose they could be.
    #[default]
    SignedOut,
    /// Nobody looks, so the hub is not asked.
    Idle,
    /// The hub is being asked.
    Connecting,
    /// The hub tells every change.
    Live,
    /// The hub cannot be asked; what is shown may be old.
    Away,
}

/// One task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct TaskView {
    /// Its id.
    pub id: TaskId,
    /// What kind of work.
    pub kind: TaskKind,
    /// Whether it goes on, and how it ended.
    pub status: TaskStatus,
    /// What its owner calls it.
    pub label: Option<String>,
    /// Where the files are.
    pub source: Place,
    /// Where they go; `None` for a deletion.
    pub destination: Option<Place>,
    /// What this computer has to do with it.
    pub here: Option<Here>,
    /// When it was asked for.
    pub requested: UnixTime,
    /// When it ended.
    pub completed: Option<UnixTime>,
    /// When it is given up.
    pub deadline: Option<UnixTime>,
    /// Why it goes on but does not run.
    pub waiting: Option<Waiting>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// How far it is.
    pub progress: Progress,
    /// How it travels at the moment.
    pub route: Option<Route>,
    /// How that does.
    pub line: Option<Line>,
    /// Faults that were overcome by trying again.
    pub faults: u64,
    /// How it is done; of a transfer only.
    pub options: Option<TransferOptions>,
    /// What it found by now; of previews and checks only.
    pub differences: Option<Differences>,
    /// Whether this computer can submit it again, because it submitted it.
    pub can_retry: bool,
}

/// One end of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Place {
    /// The collection.
    pub id: EndpointId,
    /// What people call it.
    pub name: String,
}

/// What this computer has to do with a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum Here {
    /// The files come from here.
    Source,
    /// The files come here.
    Destination,
    /// Both.
    Both,
}

/// Why a task goes on but does not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Waiting {
    /// The hub's word for it, `GC_PAUSED`.
    pub code: String,
    /// The hub's sentence.
    pub text: Option<String>,
}

/// Why a task failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Failure {
    /// The hub's word for it, `PERMISSION_DENIED`.
    pub code: String,
    /// The hub's sentence.
    pub text: String,
}

/// Which tasks are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct TaskQuery {
    /// Only in this state.
    pub status: Option<TaskStatus>,
    /// Only of this kind.
    pub kind: Option<TaskKind>,
    /// Only with labels that match this pattern.
    pub label: Option<String>,
    /// How many at most, the newest first.
    pub limit: u32,
}

/// All about one task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct TaskDetail {
    /// The task.
    pub task: TaskView,
    /// What happened to it, the newest first.
    pub events: Vec<TaskEvent>,
    /// What those say who paused it.
    pub pauses: Vec<String>,
    /// Where on this computer its files come to, when they come here.
    pub local_path: Option<String>,
}

/// Something that happened to a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct TaskEvent {
    /// The hub's word for it, `STARTED`.
    pub code: String,
    /// When.
    pub time: UnixTime,
    /// Whether it is a fault.
    pub is_error: bool,
    /// A few words.
    pub text: String,
    /// More of it, or nothing.
    pub details: String,
}

/// A page of the files that are safe at the destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct TaskFiles {
    /// The files.
    pub files: Vec<TaskFile>,
    /// What asks for the next page; `None` at the end.
    pub next: Option<u64>,
}

/// A file that is safe at the destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct TaskFile {
    /// Where it came from.
    pub source_path: String,
    /// Where it is.
    pub destination_path: String,
    /// Its size.
    pub size: Option<u64>,
    /// Its digest.
    pub checksum: Option<String>,
    /// How the digest is made.
    pub algorithm: Option<String>,
    /// Where it is on this computer, when it came here.
    pub local_path: Option<String>,
}

/// A page of what was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct TaskSkips {
    /// What was left out.
    pub entries: Vec<TaskSkip>,
    /// What asks for the next page; `None` at the end.
    pub next: Option<u64>,
}

/// Something that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct TaskSkip {
    /// Where it is.
    pub path: String,
    /// Where it would have been.
    pub destination_path: Option<String>,
    /// The hub's word for the reason.
    pub code: String,
    /// The reason.
    pub text: String,
    /// When.
    pub time: Option<UnixTime>,
    /// Whether it is a directory.
    pub is_folder: bool,
}

/// A page of what a preview or a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct TaskDifferences {
    /// What was found, in the order in which it was found.
    pub entries: Vec<TaskDifference>,
    /// What asks for the next page; `None` at the end.
    pub next: Option<u64>,
}

/// Something in which source and destination differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct TaskDifference {
    /// How.
    pub finding: Finding,
    /// Whatever is no directory is a file here.
    pub kind: FilterKind,
    /// Where it is at the source, or would be.
    pub source_path: String,
    /// Where it is at the destination, or would be.
    pub destination_path: String,
    /// The size of the file at the source.
    pub source_size: Option<u64>,
    /// The size of the file at the destination.
    pub destination_size: Option<u64>,
}

/// A transfer to be asked of the hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct NewTransfer {
    /// From which collection.
    pub source: EndpointId,
    /// To which collection.
    pub destination: EndpointId,
    /// What.
    pub items: Vec<NewItem>,
    /// What it is called.
    pub label: Option<String>,
    /// How it is done.
    pub options: TransferOptions,
    /// When it is given up.
    pub deadline: Option<UnixTime>,
    /// What makes it the same task when it is asked for again; the agent takes one, when there is
    /// none.
    pub submission: Option<SubmissionId>,
}

/// One file or directory of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct NewItem {
    /// Where it is.
    pub source_path: String,
    /// Where it shall be.
    pub destination_path: String,
    /// Whether it is a directory; found out, when there is none.
    pub recursive: Option<bool>,
}

/// A deletion to be asked of the hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct NewDeletion {
    /// In which collection.
    pub collection: EndpointId,
    /// What.
    pub paths: Vec<String>,
    /// Whether directories are removed with what they hold.
    pub recursive: bool,
    /// Whether what is not there is no fault.
    pub ignore_missing: bool,
    /// What it is called.
    pub label: Option<String>,
    /// When it is given up.
    pub deadline: Option<UnixTime>,
    /// As for a transfer.
    pub submission: Option<SubmissionId>,
}

/// What changes about a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct TaskChange {
    /// Which task.
    pub task: TaskId,
    /// Its label from now on; an empty one removes it, none leaves it.
    pub label: Option<String>,
    /// Its deadline from now on; none leaves it.
    pub deadline: Option<UnixTime>,
}
