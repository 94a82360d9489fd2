//! Live changes, for those who listen.
//!
//! What is sent around inside the hub is small: which task or endpoint of whom changed.
//! Each listener makes the documents itself when it can send them, so that nobody's silence costs
//! anything, and changes that come faster than a listener reads become one.

mod stream;

use std::sync::Arc;

use outport_api::transfer::Event;
use outport_types::{AccountId, EndpointId, TaskId};
use tokio::sync::broadcast;

pub(crate) use self::stream::{LISTENERS_MAX, listen};

/// Where changes are published; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    changes: broadcast::Sender<Change>,
}

/// Something of somebody's changed.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// A task's state, label, deadline or reason.
    Task { owner: AccountId, task: TaskId },
    /// How far a task is.
    Progress { owner: AccountId, task: TaskId },
    /// Something happened to a task.
    TaskEvent { owner: AccountId, task: TaskId, event: Arc<Event> },
    /// An endpoint's settings or presence.
    Endpoint { owner: AccountId, endpoint: EndpointId },
    /// An endpoint was deleted.
    EndpointRemoved { owner: AccountId, endpoint: EndpointId },
}

impl Change {
    fn owner(&self) -> AccountId {
        match self {
            Self::Task { owner, .. }
            | Self::Progress { owner, .. }
            | Self::TaskEvent { owner, .. }
            | Self::Endpoint { owner, .. }
            | Self::EndpointRemoved { owner, .. } => *owner,
        }
    }
}

impl Events {
    pub(crate) fn new() -> Self {
        Self { changes: broadcast::Sender::new(CHANGES_MAX) }
    }

    /// Tells whoever listens.
    pub(crate) fn publish(&self, change: Change) {
        self.changes.send(change).ok(); // nobody listens
    }

    /// Whether anybody listens at all.
    pub(crate) fn is_heard(&self) -> bool {
        self.changes.receiver_count() != 0
    }

    fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }
}

/// Changes kept for a listener that is behind; one that misses some is told to read anew.
const CHANGES_MAX: usize = 4096;
