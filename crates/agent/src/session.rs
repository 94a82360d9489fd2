//! One session: from the hub's order to its end.
//!
//! 1. What the hub orders is checked by [`admission`] before anything else happens: the ticket, the
//!    roles, the owner's pause and rules.
//! 2. The session's id is written down ([`seen`]) and its ticket logged, so that neither can be used
//!    again, not even after a crash.
//! 3. The worker tells the hub where this computer can be reached, and goes on to tell whenever that
//!    changes; it finds a route to the other one, and hands the link to the mover.
//! 4. Whatever ends it (the work, a fault, the owner, the hub), the link is closed within a second of
//!    a stop, and the core hears exactly one [`SessionEvent::Ended`].

pub(crate) mod admission;
mod line;
pub(crate) mod seen;
mod ticket_log;
mod whereabouts;
mod worker;

use std::sync::{Arc, OnceLock};

use outport_link::CloseCode;
use outport_protocol::{
    control::{Candidate, SessionState},
    report::Counts,
};
use outport_types::{Code, Line, Problem, Route};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub(crate) use self::{
    admission::{Admitted, admit},
    seen::SeenSessions,
    ticket_log::TicketLog,
    whereabouts::Whereabouts,
    worker::{Job, Touch, keep_in_touch, run, seen_by_hub},
};

/// What a session tells the agent's core.
#[expect(clippy::large_enum_variant, reason = "few are on their way at a time")]
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SessionEvent {
    /// Where this computer can be reached for it.
    Candidates(Vec<Candidate>),
    /// The hub's UDP port saw it: whether at an address that is not its own.
    Seen { translated: bool },
    /// The link is up.
    Connected(Route),
    /// How what it travels over does; only the latest counts.
    Line(Line),
    /// How far the work is; only the latest counts.
    Progress { counts: Counts, rate: u64 },
    /// So many reports are durable in the task's journal.
    Reported(u64),
    /// It is over; nothing of it moves any more.
    Ended(SessionState),
}

/// Ends a session from outside; the first reason given is the one that counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop {
    mover: outport_mover::session::Stop,
    reason: Arc<OnceLock<StopReason>>,
}

/// Why a session is ended from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// The owner paused this computer.
    Paused,
    /// The agent closes.
    Closing,
    /// The hub said so.
    Revoked,
    /// The hub did not renew the lease.
    LeaseOver,
}

/// The core's grip on a session.
#[derive(Clone, Debug)]
pub(crate) struct SessionHandle {
    /// Ends it.
    pub(crate) stop: Stop,
    /// Where the other side can be reached.
    pub(crate) peer_candidates: mpsc::Sender<Vec<Candidate>>,
    /// Cancelled when nothing of it moves any more.
    pub(crate) quiet: CancellationToken,
}

impl Stop {
    /// Ends the session.
    pub(crate) fn stop(&self, reason: StopReason) {
        let code = reason.close_code();
        self.reason.set(reason).ok();
        self.mover.stop(code);
    }

    /// What the mover listens to.
    pub(crate) fn mover(&self) -> &outport_mover::session::Stop {
        &self.mover
    }

    /// Waits for the end.
    pub(crate) async fn stopped(&self) {
        self.mover.stopped().await;
    }

    /// Why it was ended, if it was.
    pub(crate) fn reason(&self) -> Option<&StopReason> {
        self.reason.get()
    }
}

impl StopReason {
    /// What the other agent is told.
    pub(crate) fn close_code(&self) -> CloseCode {
        match self {
            Self::Paused => CloseCode::Paused,
            Self::Closing => CloseCode::Shutdown,
            Self::Revoked | Self::LeaseOver => CloseCode::Revoked,
        }
    }

    /// What the hub is told.
    pub(crate) fn state(&self, endpoint: &str) -> SessionState {
        match self {
            Self::Paused | Self::Closing | Self::Revoked => SessionState::Stopped,
            Self::LeaseOver => SessionState::Broken {
                problem: Problem::new(Code::LeaseOver, [("endpoint", endpoint.into())]),
                retry: true,
            },
        }
    }
}
