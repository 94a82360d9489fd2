//! What stands under `/outport/v1` beside live events.
//!
//! The binding of a key (`POST /outport/v1/setup`) has its documents in the protocol crate, because
//! they are signed.

use outport_types::{
    EndpointId, FilterKind, Finding, Problem, PublicKey, RequestId, TaskId, UnixTime,
};
use serde::{Deserialize, Serialize};

/// The path of [`AboutHub`].
pub const ABOUT_PATH: &str = "/outport/v1/hub";

/// The path below which `owner#name` (the `#` escaped) answers with its endpoint document.
pub const BY_NAME_PATH: &str = "/outport/v1/endpoint_by_name";

/// What a hub tells everybody about itself: `GET /outport/v1/hub`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutHub {
    /// Program and version, `outport 0.1.0`.
    pub software: String,
    /// What its administrator calls it.
    pub name: String,
    /// How it is reached.
    pub public_url: String,
    /// Its root key, whose fingerprint an administrator can read out.
    pub root: PublicKey,
    /// Its clock.
    pub hub_time: UnixTime,
    /// The UDP port for address discovery as `HOST:PORT`; null when there is none.
    pub udp: Option<String>,
    /// A second such port at the same host, by which agents tell what kind of router they are behind;
    /// null when there is none.
    #[serde(default)]
    pub udp_second: Option<String>,
    /// The UDP ports of the relays that sessions are offered, as `HOST:PORT`, the hub's own first.
    #[serde(default)]
    pub relays: Vec<String>,
}

/// The answer of `POST /outport/v1/endpoint/{id}/setup_key`: a new key for an endpoint, for a
/// computer that is set up again. The one before becomes useless.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSetupKey {
    pub endpoint: EndpointId,
    pub setup_key: String,
    pub expires: UnixTime,
}

/// The path of what a preview or a check found, a page of [`TaskDifferences`] at a time.
pub fn differences_path(task: TaskId) -> String {
    format!("/outport/v1/task/{task}/differences")
}

/// One page of what a preview or a check found, in the order in which it was found.
///
/// Of each finding the first hundred thousand are listed; the task's document counts all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "differences")]
pub struct TaskDifferences {
    #[serde(rename = "DATA")]
    pub data: Vec<TaskDifference>,
    pub marker: Option<u64>,
    /// What asks for the next page; null at the end.
    pub next_marker: Option<u64>,
}

/// Something in which source and destination differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "DATA_TYPE", rename = "difference")]
pub struct TaskDifference {
    pub finding: Finding,
    /// Whatever is no directory is a file here.
    #[serde(rename = "type")]
    pub kind: FilterKind,
    /// Whether it is a symbolic link.
    #[serde(default)]
    pub is_link: bool,
    pub source_path: String,
    pub destination_path: String,
    /// The size of the file at the source; null where it stands not there, or is no file.
    pub source_size: Option<u64>,
    /// The same at the destination.
    pub destination_size: Option<u64>,
}

/// The body of every answer under `/outport/v1` that is no success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutportError {
    #[serde(flatten)]
    pub problem: Problem,
    pub request_id: RequestId,
}
