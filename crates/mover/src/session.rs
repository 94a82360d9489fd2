//! Sessions with real disks: what drives the protocol's machines.
//!
//! One driver per side feeds its machine with frames of the link, answers of the disk and the time,
//! and hands on what comes back. Everything that touches a disk happens on a few threads of the
//! session's own, so a slow disk never holds up the link; content passes from disk to link and from
//! link to disk in reference-counted buffers that the machines know by number only.
//!
//! What bounds the memory is what the machines have open: the window of entries and the credit of
//! content, both settled by the protocol's version.

mod deference;
mod driver;
mod local;
mod pace;
mod receiving;
mod sending;
mod stop;
mod sweep;
mod workers;
mod yielding;

use std::{path::PathBuf, sync::Arc};

use outport_link::{CloseCode, LinkEnd};
use outport_protocol::{
    orders::TransferOrders,
    report::Counts,
    session::{Config, Limits, Violation},
    ticket::Grant,
};
use outport_types::{Problem, Retry, TaskId, UnixTime};
use tokio::sync::watch;

pub use self::{
    local::run_local,
    pace::AgentLimits,
    receiving::run_receiver,
    sending::run_sender,
    stop::Stop,
    sweep::{SweepParams, sweep_task},
};
use crate::{digests::DigestCache, refused::Refused, rules::LiveRules, store::Store};

/// What one side of a session needs to know.
#[derive(Clone, Debug)]
pub struct SessionParams {
    /// The task.
    pub task: TaskId,
    /// What is to be done.
    pub orders: Arc<TransferOrders>,
    /// The body of the ticket, as the own hub gave it.
    pub ticket: Vec<u8>,
    /// What the ticket lets this side touch.
    pub grants: Vec<Grant>,
    /// The rules of this computer's owner.
    pub rules: LiveRules,
    /// The hub's time now.
    pub hub_time: UnixTime,
    /// Ends the session from this side.
    pub stop: Stop,
    /// Where the side tells how far it is, at most four times a second.
    pub progress: watch::Sender<Progress>,
    /// The disks.
    pub store: Arc<dyn Store>,
    /// Digests of files that were read before.
    pub digests: Option<Arc<DigestCache>>,
    /// How fast content may leave and come to this computer.
    pub limits: AgentLimits,
    /// Whether this computer's owner wants all transfers to give way to others.
    pub background: bool,
}

/// What only the receiving side needs.
#[derive(Clone, Debug)]
pub struct JournalParams {
    /// The task's journal.
    pub path: PathBuf,
    /// The digest of the orders, as in the ticket.
    pub orders: [u8; 32],
}

/// How far one side is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// What is done; at the sender only what it sent and read.
    pub counts: Counts,
    /// Bytes of content per second at the moment.
    pub rate: u64,
    /// The number of the last report that is durable; the hub may be told up to it.
    pub reports_durable: u64,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionEnd {
    /// The work is over; the journal has the outcome.
    Finished {
        /// Whether everything was done.
        succeeded: bool,
    },
    /// This side was told to stop.
    Stopped(CloseCode),
    /// It ended before the work was over; the task goes on in another session.
    Broken {
        /// Why.
        why: Broken,
    },
    /// The other side broke the rules.
    Violation(Violation),
    /// This side may not or cannot do what is asked; nothing more was moved.
    Refused {
        /// Why.
        problem: Problem,
        /// Whether trying again later can help.
        retry: Retry,
    },
}

/// Why a session ended too early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Broken {
    /// The link ended.
    #[error("the link ended")]
    Link(#[source] LinkEnd),
    /// The other side finished the control stream before the work was over.
    #[error("the other side left before the work was over")]
    Left,
    /// The own disk or journal does not work.
    #[error("the disk or the journal of this side does not work: {0}")]
    Disk(String),
    /// A thread of this side ended in the middle of its work.
    #[error("a worker of this side failed")]
    Worker,
}

impl SessionParams {
    /// Whether the owner or the task wants work to give way to others.
    fn yields(&self) -> bool {
        self.background || self.orders.options.background
    }

    fn config(&self) -> Config {
        Config {
            task: self.task,
            orders: self.orders.clone(),
            limits: Limits::V1,
            started: self.hub_time,
        }
    }
}

impl SessionEnd {
    fn refused(refused: &Refused, path: &outport_types::CollectionPath, endpoint: &str) -> Self {
        Self::Refused { problem: refused.problem(path, endpoint), retry: refused.retry() }
    }
}

#[cfg(test)]
mod tests;
