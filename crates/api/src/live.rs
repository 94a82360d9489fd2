//! What `GET /outport/v1/events` sends while something changes.
//!
//! Server-sent events: `event:` is the `type` of the message, `data:` the message as JSON in one
//! line. Every change carries the whole document, so that a client needs no history: it reads the
//! lists once after [`LiveEvent::Hello`] or [`LiveEvent::Resync`] and then replaces what it has.

use outport_types::{EndpointId, RequestId, TaskId, UnixTime};
use serde::{Deserialize, Serialize};

use crate::transfer::{Endpoint, Event, Task, TaskExtras};

/// The path of the stream.
pub const EVENTS_PATH: &str = "/outport/v1/events";

/// What a listener asks for; everything of the caller's, when nothing is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsQuery {
    /// Only what concerns this task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
}

/// One message of the stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveEvent {
    /// The first message: from here on nothing is missed.
    Hello {
        /// The hub's clock.
        hub_time: UnixTime,
        request_id: RequestId,
    },
    /// The listener was too slow and missed something: read the lists again.
    Resync,
    /// A task changed its state, label, deadline or reason; new ones too.
    Task { task: Box<Task> },
    /// A task's work goes on; at most four a second and task, only the latest counts.
    Progress { task_id: TaskId, files: u64, directories: u64, progress: TaskExtras },
    /// Something happened to a task.
    TaskEvent { task_id: TaskId, event: Event },
    /// An endpoint changed, came, went or was paused.
    Endpoint { endpoint: Box<Endpoint> },
    /// An endpoint was deleted.
    EndpointRemoved { id: EndpointId },
    /// A message of a newer version, to be ignored.
    #[serde(other)]
    Unknown,
}

impl LiveEvent {
    /// The `type`, which is also the name of the server-sent event.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Resync => "resync",
            Self::Task { .. } => "task",
            Self::Progress { .. } => "progress",
            Self::TaskEvent { .. } => "task_event",
            Self::Endpoint { .. } => "endpoint",
            Self::EndpointRemoved { .. } => "endpoint_removed",
            Self::Unknown => "unknown",
        }
    }
}
