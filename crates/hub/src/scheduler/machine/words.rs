//! What goes into the machine and what comes out of it.

use outport_protocol::control::{Candidate, RevokeReason, SessionState};
use outport_types::{
    AccountId, EndpointId, EventCode, NiceStatus, Problem, Route, SessionId, TaskId, UnixTime,
};

/// What bounds the work; more waits for its turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Sessions that one account's tasks may hold at the same time.
    pub(crate) sessions_per_user: usize,
    /// Sessions that one endpoint takes part in at the same time.
    pub(crate) sessions_per_endpoint: usize,
}

/// What the machine knows about a task.
#[derive(Clone, Debug)]
pub(crate) struct TaskSpec {
    pub(crate) id: TaskId,
    pub(crate) owner: AccountId,
    /// Where files are read; for a deletion, where they are deleted.
    pub(crate) source: EndpointId,
    /// Where files are written; the same as the source for a deletion.
    pub(crate) destination: EndpointId,
    pub(crate) deadline: UnixTime,
    /// Whether it was just submitted, rather than found in the store at the start.
    pub(crate) is_new: bool,
    /// The session that was going on when the hub stopped.
    pub(crate) session: Option<HeldSession>,
}

/// A session of an earlier run of the hub.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeldSession {
    pub(crate) id: SessionId,
    pub(crate) expires: UnixTime,
}

/// Tells one connection of an endpoint from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConnectionId(pub(crate) u64);

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// A task was stored, or was found in the store at the start.
    Submitted(TaskSpec),
    /// The task ended in the store: its agent finished it, or somebody cancelled it.
    Over { task: TaskId, finished: bool },
    /// The deadline of a task was changed.
    DeadlineMoved { task: TaskId, deadline: UnixTime },
    /// An agent was let in.
    Connected {
        endpoint: EndpointId,
        connection: ConnectionId,
        paused: bool,
        /// The sessions that go on at the agent.
        sessions: Vec<SessionId>,
    },
    /// A connection is gone.
    Disconnected { endpoint: EndpointId, connection: ConnectionId },
    /// The owner paused or resumed.
    Paused { endpoint: EndpointId, connection: ConnectionId, paused: bool },
    /// How a session stands at one side.
    Session { endpoint: EndpointId, session: SessionId, state: SessionState },
    /// Where one side can be reached.
    Candidates { endpoint: EndpointId, session: SessionId, candidates: Vec<Candidate> },
    /// The endpoint was set up with another key: whoever held the old one has no part in anything.
    KeyReplaced { endpoint: EndpointId },
    /// The endpoint was deleted.
    Removed { endpoint: EndpointId, problem: Problem },
}

/// Something to do, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Store the session, then tell both sides.
    Start {
        task: TaskId,
        session: SessionId,
        source: EndpointId,
        destination: EndpointId,
        expires: UnixTime,
    },
    /// Tell one side that the ticket holds longer.
    Renew { endpoint: EndpointId, session: SessionId, expires: UnixTime },
    /// Store that the ticket holds longer.
    Renewed { task: TaskId, session: SessionId, expires: UnixTime },
    /// Tell one side to end the session within a second.
    Revoke { endpoint: EndpointId, session: SessionId, reason: RevokeReason },
    /// Tell one side where the other can be reached.
    PeerCandidates { endpoint: EndpointId, session: SessionId, candidates: Vec<Candidate> },
    /// Tell an endpoint that what it keeps of a task can go.
    TaskOver { endpoint: EndpointId, task: TaskId },
    /// Store that the task has no session any more.
    Ended { task: TaskId, session: SessionId },
    /// Store that the task failed.
    Fail { task: TaskId, failure: Failure },
    /// Store an event.
    Note { task: TaskId, note: Note },
    /// Tell those who watch that the task stands differently.
    Changed { task: TaskId },
}

/// Why a task failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The deadline passed.
    Expired { deadline: UnixTime },
    /// An agent says that no later try can help, or an endpoint is gone.
    Problem(Problem),
}

/// An event of a task, as the hub itself sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) code: EventCode,
    /// Whom it is about.
    pub(crate) endpoint: Option<EndpointId>,
    pub(crate) problem: Option<Problem>,
    pub(crate) route: Option<Route>,
}

/// Where a task stands, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) status: NiceStatus,
    /// Whom the status is about.
    pub(crate) endpoint: Option<EndpointId>,
    /// What an agent said about it.
    pub(crate) problem: Option<Problem>,
    /// How the link travels, once it is up.
    pub(crate) route: Option<Route>,
    /// When the next try begins.
    pub(crate) retry_at: Option<UnixTime>,
}

impl Standing {
    pub(crate) fn of(status: NiceStatus) -> Self {
        Self { status, endpoint: None, problem: None, route: None, retry_at: None }
    }

    pub(super) fn at(status: NiceStatus, endpoint: EndpointId) -> Self {
        Self { endpoint: Some(endpoint), ..Self::of(status) }
    }
}
