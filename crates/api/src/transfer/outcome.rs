//! What the Transfer API answers when something was done.

use outport_types::{EndpointId, RequestId, SubmissionId, TaskId};
use serde::{Deserialize, Serialize};

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "result")]
pub struct OperationResult {
    /// One of [`code`].
    pub code: String,
    pub message: String,
    pub request_id: RequestId,
    /// The path that was asked for.
    #[serde(default)]
    pub resource: String,
}

/// What came of `mkdir`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "mkdir_result")]
pub struct MkdirResult {
    /// [`code::DIRECTORY_CREATED`].
    pub code: String,
    pub message: String,
    pub request_id: RequestId,
    #[serde(default)]
    pub resource: String,
}

/// A new endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "endpoint_create_result")]
pub struct EndpointCreateResult {
    /// [`code::CREATED`].
    pub code: String,
    pub message: String,
    pub id: EndpointId,
    /// What binds a computer to it, once; null for guest collections.
    pub globus_connect_setup_key: Option<String>,
    pub request_id: RequestId,
    #[serde(default)]
    pub resource: String,
}

/// A fresh id that makes a submission idempotent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "submission_id")]
pub struct SubmissionIdDocument {
    pub value: SubmissionId,
}

/// What came of a submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmissionResult {
    #[serde(rename = "DATA_TYPE")]
    pub data_type: SubmissionResultType,
    /// [`code::ACCEPTED`], or [`code::DUPLICATE`] when the submission id was used before.
    pub code: String,
    pub message: String,
    pub task_id: TaskId,
    pub submission_id: SubmissionId,
    pub task_link: Link,
    pub request_id: RequestId,
    #[serde(default)]
    pub resource: String,
}

/// What kind of submission was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubmissionResultType {
    #[serde(rename = "transfer_result")]
    Transfer,
    #[serde(rename = "delete_result")]
    Delete,
}

/// A reference to another document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "link")]
pub struct Link {
    pub href: String,
    pub rel: String,
    pub resource: String,
    pub title: String,
}

impl Link {
    /// The link from a submission to its task.
    pub fn to_task(task: TaskId) -> Self {
        Self {
            href: format!("task/{task}?format=json"),
            rel: "related".to_owned(),
            resource: "task".to_owned(),
            title: "related task".to_owned(),
        }
    }
}

/// The codes of successes.
pub mod code {
    /// 201: made.
    pub const CREATED: &str = "Created";
    /// Changed.
    pub const UPDATED: &str = "Updated";
    /// Deleted.
    pub const DELETED: &str = "Deleted";
    /// 202: the task is stored and will be worked on.
    pub const ACCEPTED: &str = "Accepted";
    /// 202: the submission id was used before; the answer names its task.
    pub const DUPLICATE: &str = "Duplicate";
    /// The directory was made.
    pub const DIRECTORY_CREATED: &str = "DirectoryCreated";
    /// The file was renamed.
    pub const FILE_RENAMED: &str = "FileRenamed";
    /// The task is over now.
    pub const CANCELED: &str = "Canceled";
    /// 202: the task ends as soon as its agents have stopped.
    pub const CANCEL_ACCEPTED: &str = "CancelAccepted";
    /// The task was over before.
    pub const TASK_COMPLETE: &str = "TaskComplete";
}
