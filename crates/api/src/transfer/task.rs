//! Tasks, their events and their lists of files.

use outport_types::{
    Differences, EndpointId, EventCode, IdentityId, Line, NiceStatus, Purpose, Route, SyncLevel,
    TaskId, TaskKind, TaskStatus, UnixTime,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{options::TransferExtras, submission::FilterRule};
use crate::wire::{Word, or_default, present, sync_level};

/// One transfer or deletion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "task")]
pub struct Task {
    pub task_id: TaskId,
    #[serde(rename = "type")]
    pub kind: TaskKind,
    pub status: TaskStatus,
    pub label: Option<String>,
    pub owner_id: IdentityId,
    /// The owner's username.
    pub username: Option<String>,
    pub request_time: UnixTime,
    /// Null while the task goes on.
    pub completion_time: Option<UnixTime>,
    pub deadline: Option<UnixTime>,

    #[serde(default)]
    pub is_paused: bool,
    /// Whether nothing holds the task up; null when it is over.
    pub is_ok: Option<bool>,
    /// Why an active task stands where it stands; null when it is over.
    pub nice_status: Option<Word<NiceStatus>>,
    /// The reason as a sentence: `smith#WorkPC is paused by its owner.`
    pub nice_status_details: Option<String>,
    pub nice_status_short_description: Option<String>,
    pub nice_status_expires_in: Option<i64>,
    /// Why the task failed.
    pub fatal_error: Option<FatalError>,

    /// Faults that were overcome by trying again.
    #[serde(default)]
    pub faults: u64,
    /// Files found so far.
    #[serde(default)]
    pub files: u64,
    #[serde(default)]
    pub directories: u64,
    #[serde(default)]
    pub symlinks: u64,
    #[serde(default, deserialize_with = "or_default")]
    pub files_skipped: u64,
    #[serde(default, deserialize_with = "or_default")]
    pub files_transferred: u64,
    #[serde(default)]
    pub bytes_transferred: u64,
    #[serde(default)]
    pub bytes_checksummed: u64,
    #[serde(default, deserialize_with = "or_default")]
    pub effective_bytes_per_second: u64,

    #[serde(default)]
    pub subtasks_total: u64,
    #[serde(default)]
    pub subtasks_succeeded: u64,
    #[serde(default)]
    pub subtasks_pending: u64,
    #[serde(default)]
    pub subtasks_retrying: u64,
    #[serde(default)]
    pub subtasks_failed: u64,
    #[serde(default)]
    pub subtasks_canceled: u64,
    #[serde(default)]
    pub subtasks_expired: u64,
    #[serde(default)]
    pub subtasks_skipped_errors: u64,

    /// `owner#name` of the source; of the collection, for a deletion.
    pub source_endpoint: Option<String>,
    pub source_endpoint_id: EndpointId,
    pub source_endpoint_display_name: Option<String>,
    /// Null for a deletion.
    pub destination_endpoint: Option<String>,
    pub destination_endpoint_id: Option<EndpointId>,
    pub destination_endpoint_display_name: Option<String>,

    #[serde(default, with = "sync_level")]
    pub sync_level: Option<SyncLevel>,
    #[serde(default)]
    pub encrypt_data: bool,
    #[serde(default)]
    pub verify_checksum: bool,
    #[serde(default)]
    pub preserve_timestamp: bool,
    #[serde(default)]
    pub delete_destination_extra: bool,
    #[serde(default)]
    pub skip_source_errors: bool,
    #[serde(default)]
    pub fail_on_quota_errors: bool,
    pub filter_rules: Option<Vec<FilterRule>>,
    #[serde(default)]
    pub history_deleted: bool,
    pub recursive_symlinks: Option<String>,
    pub command: Option<String>,
    pub canceled_by_admin: Option<String>,
    pub canceled_by_admin_message: Option<String>,

    /// What Outport knows beyond the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outport: Option<TaskExtras>,
}

impl Task {
    /// What the task is for.
    pub fn purpose(&self) -> Purpose {
        self.outport.as_ref().map(|extras| extras.options.purpose).unwrap_or_default()
    }

    /// What a preview or a check found by now.
    pub fn differences(&self) -> Differences {
        self.outport.as_ref().and_then(|extras| extras.differences).unwrap_or_default()
    }
}

/// What Outport tells about a task beyond the contract: what a progress bar needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskExtras {
    /// Bytes of the files found so far.
    pub bytes_found: u64,
    /// Whether everything is found that there is.
    pub scan_done: bool,
    /// Files that nothing more will happen to: durable, unchanged or given up.
    pub files_done: u64,
    /// Bytes durable at the destination, of unfinished files too.
    pub bytes_done: u64,
    /// Bytes that nothing more will happen to: with those of files that needed no copy or were given
    /// up.
    pub bytes_settled: u64,
    /// Entries deleted, for deletions.
    pub deleted: u64,
    /// Bytes of content per second at the moment.
    pub rate: u64,
    /// How the link between the agents travels, while there is one.
    pub route: Option<Route>,
    /// How that does, while there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
    /// The code of the problem that keeps an active task from going on, while there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Symbolic links made at the destination.
    #[serde(skip_serializing_if = "is_zero")]
    pub links_done: u64,
    /// What a preview or a check found by now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differences: Option<Differences>,
    /// What was asked for that the contract has no word for.
    #[serde(skip_serializing_if = "TransferExtras::is_empty")]
    pub options: TransferExtras,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Why a task failed for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FatalError {
    /// `PERMISSION_DENIED`, `FILE_NOT_FOUND`, `CANCELED`, `EXPIRED` and the like.
    pub code: String,
    pub description: String,
}

/// One page of `task_list`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "task_list")]
pub struct TaskList {
    #[serde(rename = "DATA")]
    pub data: Vec<Task>,
    pub total: u64,
    #[serde(default)]
    pub length: u64,
    #[serde(default)]
    pub limit: u64,
    #[serde(default)]
    pub offset: u64,
}

/// What `PUT task/{id}` changes: `None` leaves it, `Some(None)` clears it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "task")]
pub struct TaskUpdate {
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub label: Option<Option<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<UnixTime>,
}

/// Something that happened to a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "event")]
pub struct Event {
    pub code: Word<EventCode>,
    pub time: UnixTime,
    #[serde(default)]
    pub is_error: bool,
    pub description: String,
    /// Text for people, or JSON as text.
    #[serde(default, deserialize_with = "or_default")]
    pub details: String,
}

/// One page of `event_list`, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "event_list")]
pub struct EventList {
    #[serde(rename = "DATA")]
    pub data: Vec<Event>,
    pub total: u64,
    #[serde(default)]
    pub length: u64,
    #[serde(default)]
    pub limit: u64,
    #[serde(default)]
    pub offset: u64,
}

/// A file that is durable at the destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "successful_transfer")]
pub struct SuccessfulTransfer {
    pub source_path: String,
    pub destination_path: String,
    pub size: Option<u64>,
    pub checksum: Option<String>,
    /// `BLAKE3`, unless the item came with another.
    pub checksum_algorithm: Option<String>,
}

/// One page of `successful_transfers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "successful_transfers")]
pub struct SuccessfulTransfers {
    #[serde(rename = "DATA")]
    pub data: Vec<SuccessfulTransfer>,
    pub marker: Option<u64>,
    /// What asks for the next page; null at the end.
    pub next_marker: Option<u64>,
}

/// Something that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "skipped_error")]
pub struct SkippedError {
    pub source_path: String,
    pub destination_path: Option<String>,
    pub error_code: String,
    #[serde(default, deserialize_with = "or_default")]
    pub error_details: String,
    pub error_time: Option<UnixTime>,
    #[serde(default)]
    pub is_directory: bool,
    pub checksum_algorithm: Option<String>,
    pub external_checksum: Option<String>,
}

/// One page of `skipped_errors`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "skipped_errors")]
pub struct SkippedErrors {
    #[serde(rename = "DATA")]
    pub data: Vec<SkippedError>,
    pub marker: Option<u64>,
    /// What asks for the next page; null at the end.
    pub next_marker: Option<u64>,
}

/// Who paused a task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "pause_info_limited")]
pub struct PauseReasons {
    /// Administrators' rules; a hub of this version has none.
    #[serde(default, deserialize_with = "or_default")]
    pub pause_rules: Vec<Value>,
    pub source_pause_message: Option<String>,
    pub source_pause_message_share: Option<String>,
    pub destination_pause_message: Option<String>,
    pub destination_pause_message_share: Option<String>,
}
