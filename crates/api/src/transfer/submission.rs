//! What a person or a script asks for: transfers and deletions.
//!
//! Paths are text as it was typed; the hub parses them and answers what is wrong.

use outport_types::{EndpointRef, Purpose, SubmissionId, SyncLevel, UnixTime};
use serde::{Deserialize, Serialize};

use super::{ConflictPolicy, NamePolicy, RecursiveSymlinks, TransferExtras};
use crate::wire::{or_default, or_yes, sync_level, yes};

/// A transfer from one collection to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "transfer")]
pub struct TransferSubmission {
    pub submission_id: SubmissionId,
    pub source_endpoint: EndpointRef,
    pub destination_endpoint: EndpointRef,
    #[serde(rename = "DATA")]
    pub data: Vec<TransferItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// When an existing file is copied again; always, when absent.
    #[serde(default, with = "sync_level", skip_serializing_if = "Option::is_none")]
    pub sync_level: Option<SyncLevel>,
    #[serde(default = "yes", deserialize_with = "or_yes")]
    pub verify_checksum: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub preserve_timestamp: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub encrypt_data: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub skip_source_errors: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub fail_on_quota_errors: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub delete_destination_extra: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<UnixTime>,
    #[serde(default = "yes", deserialize_with = "or_yes")]
    pub notify_on_succeeded: bool,
    #[serde(default = "yes", deserialize_with = "or_yes")]
    pub notify_on_failed: bool,
    #[serde(default = "yes", deserialize_with = "or_yes")]
    pub notify_on_inactive: bool,
    /// The first rule that matches decides; what none matches is included.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub filter_rules: Vec<FilterRule>,
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "is_ignore")]
    pub recursive_symlinks: RecursiveSymlinks,
    /// What the contract has no word for.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "TransferExtras::is_empty"
    )]
    pub outport: TransferExtras,
}

impl TransferSubmission {
    /// A transfer of `data` with everything else as it is by default.
    pub fn new(
        submission_id: SubmissionId,
        source_endpoint: impl Into<EndpointRef>,
        destination_endpoint: impl Into<EndpointRef>,
        data: Vec<TransferItem>,
    ) -> Self {
        Self {
            submission_id,
            source_endpoint: source_endpoint.into(),
            destination_endpoint: destination_endpoint.into(),
            data,
            label: None,
            sync_level: None,
            verify_checksum: true,
            preserve_timestamp: false,
            encrypt_data: true,
            skip_source_errors: false,
            fail_on_quota_errors: false,
            delete_destination_extra: false,
            deadline: None,
            notify_on_succeeded: true,
            notify_on_failed: true,
            notify_on_inactive: true,
            filter_rules: Vec::new(),
            recursive_symlinks: RecursiveSymlinks::Ignore,
            outport: TransferExtras {
                purpose: Purpose::Transfer,
                preserve_permissions: false,
                preserve_xattrs: false,
                preserve_hard_links: false,
                conflict: ConflictPolicy::Overwrite,
                names: NamePolicy::Fail,
                keep_deleted: false,
                allow_empty_source: false,
                limit: None,
                background: false,
            },
        }
    }
}

fn is_ignore(symlinks: &RecursiveSymlinks) -> bool {
    *symlinks == RecursiveSymlinks::Ignore
}

/// One file or directory of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "transfer_item")]
pub struct TransferItem {
    pub source_path: String,
    pub destination_path: String,
    /// Absent: the agent finds out whether the source is a directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recursive: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_checksum: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum_algorithm: Option<String>,
}

impl TransferItem {
    /// The item that copies `source_path` to `destination_path`, whatever it is.
    pub fn new(source_path: impl Into<String>, destination_path: impl Into<String>) -> Self {
        Self {
            source_path: source_path.into(),
            destination_path: destination_path.into(),
            recursive: None,
            external_checksum: None,
            checksum_algorithm: None,
        }
    }
}

/// A deletion from one collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "delete")]
pub struct DeleteSubmission {
    pub submission_id: SubmissionId,
    pub endpoint: EndpointRef,
    #[serde(rename = "DATA")]
    pub data: Vec<DeleteItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub recursive: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub ignore_missing: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub interpret_globs: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<UnixTime>,
    #[serde(default = "yes", deserialize_with = "or_yes")]
    pub notify_on_succeeded: bool,
    #[serde(default = "yes", deserialize_with = "or_yes")]
    pub notify_on_failed: bool,
    #[serde(default = "yes", deserialize_with = "or_yes")]
    pub notify_on_inactive: bool,
}

impl DeleteSubmission {
    /// A deletion of `data` with everything else as it is by default.
    pub fn new(
        submission_id: SubmissionId,
        endpoint: impl Into<EndpointRef>,
        data: Vec<DeleteItem>,
    ) -> Self {
        Self {
            submission_id,
            endpoint: endpoint.into(),
            data,
            label: None,
            recursive: false,
            ignore_missing: false,
            interpret_globs: false,
            deadline: None,
            notify_on_succeeded: true,
            notify_on_failed: true,
            notify_on_inactive: true,
        }
    }
}

/// One path of a deletion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "delete_item")]
pub struct DeleteItem {
    pub path: String,
}

/// Which files of a recursive item take part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "filter_rule")]
pub struct FilterRule {
    #[serde(default)]
    pub method: FilterMethod,
    /// Files or directories only; both, when absent.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub filter_type: Option<FilterType>,
    /// A glob for the name.
    pub name: String,
}

/// What a filter rule does with what it matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FilterMethod {
    Include,
    #[default]
    Exclude,
}

/// What a filter rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FilterType {
    File,
    Dir,
}
