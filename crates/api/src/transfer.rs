//! The documents of the Transfer API, version 0.10.

mod endpoint;
mod error;
mod files;
mod options;
mod outcome;
mod submission;
mod task;

pub use self::{
    endpoint::{Endpoint, EndpointExtras, EndpointList, EndpointSettings, EntityType},
    error::{TransferError, error_code},
    files::{FileDocument, FileList, FileTime, FileType, Mkdir, Rename},
    options::{ConflictPolicy, NamePolicy, RecursiveSymlinks, TransferExtras},
    outcome::{
        EndpointCreateResult, Link, MkdirResult, OperationResult, SubmissionIdDocument,
        SubmissionResult, SubmissionResultType, code,
    },
    submission::{
        DeleteItem, DeleteSubmission, FilterMethod, FilterRule, FilterType, TransferItem,
        TransferSubmission,
    },
    task::{
        Event, EventList, FatalError, PauseReasons, SkippedError, SkippedErrors,
        SuccessfulTransfer, SuccessfulTransfers, Task, TaskExtras, TaskList, TaskUpdate,
    },
};

/// What every path of this API starts with.
pub const PREFIX: &str = "/v0.10";
