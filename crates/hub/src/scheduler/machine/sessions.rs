//! Sessions from their start to their end.

use std::collections::BTreeMap;

use outport_protocol::control::{RevokeReason, SessionState};
use outport_types::{
    Code, EndpointId, EventCode, NiceStatus, Problem, Route, SessionId, TaskId, UnixTime,
};

use super::{
    Machine, Phase,
    timers::Timer,
    words::{Action, Failure, HeldSession, Note, Standing},
};

/// A session that at least one side may hold.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) task: TaskId,
    sides: BTreeMap<EndpointId, Side>,
    expires: UnixTime,
    /// Since when the link is up, and how it travels.
    up: Option<(UnixTime, Route)>,
    /// How it travels as each side sees it.
    seen: BTreeMap<EndpointId, Route>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// It was told, or says that it holds the session.
    In,
    /// It said that the session is over for it.
    Out,
}

impl Session {
    fn new(task: TaskId, sides: BTreeMap<EndpointId, Side>, expires: UnixTime) -> Self {
        Self { task, sides, expires, up: None, seen: BTreeMap::new() }
    }

    pub(super) fn has_side(&self, endpoint: EndpointId) -> bool {
        self.sides.contains_key(&endpoint)
    }

    /// The other side; `None` inside one computer, and for strangers.
    pub(super) fn peer_of(&self, endpoint: EndpointId) -> Option<EndpointId> {
        self.has_side(endpoint)
            .then(|| self.sides.keys().copied().find(|side| *side != endpoint))
            .flatten()
    }

    pub(super) fn standing(&self) -> Standing {
        match self.up {
            Some((_, route)) => Standing { route: Some(route), ..Standing::of(NiceStatus::Ok) },
            None => Standing::of(NiceStatus::Queued),
        }
    }
}

impl Machine {
    /// Opens a session for a task whose places are taken.
    pub(super) fn start(&mut self, id: TaskId, now: UnixTime) {
        let Some(task) = self.tasks.get_mut(&id) else { return };
        let session = SessionId::random();
        let expires = now.plus_seconds(LEASE_SECONDS);
        task.phase = Phase::Running(session);
        let (source, destination) = (task.source, task.destination);
        let sides = task.ends().into_iter().map(|end| (end, Side::In)).collect();
        self.sessions.insert(session, Session::new(id, sides, expires));
        self.timers.set(Timer::Connect(session), now.plus_seconds(CONNECT_SECONDS_MAX));
        self.set_lease(session, expires);
        self.actions.push_back(Action::Start { task: id, session, source, destination, expires });
        self.settle(id, now);
    }

    /// Takes over a session that an earlier run of the hub started.
    pub(super) fn adopt(&mut self, id: TaskId, held: HeldSession, now: UnixTime) {
        let Some(task) = self.tasks.get_mut(&id) else { return };
        task.phase = Phase::Running(held.id);
        let lane = task.lane();
        let sides = task.ends().into_iter().map(|end| (end, Side::In)).collect();
        self.sessions.insert(held.id, Session::new(id, sides, held.expires));
        self.turns.take(lane);
        self.set_lease(held.id, held.expires);
        self.settle(id, now);
    }

    /// An agent that was away says that it still holds the session.
    pub(super) fn side_is_back(&mut self, id: SessionId, endpoint: EndpointId, now: UnixTime) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.sides.insert(endpoint, Side::In);
        if session.expires.plus_seconds(-LEASE_SECONDS / 2) <= now {
            self.renew(id, now);
        }
    }

    pub(super) fn session_state(
        &mut self,
        endpoint: EndpointId,
        id: SessionId,
        state: SessionState,
        now: UnixTime,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some(side) = session.sides.get_mut(&endpoint) else { return };
        let task = session.task;
        match state {
            SessionState::Connected { route } => {
                let moved = session.seen.insert(endpoint, route).is_some_and(|seen| seen != route);
                let code = match session.up {
                    None => Some(EventCode::Started),
                    Some((_, known)) => {
                        (moved && known != route).then_some(EventCode::RouteChanged)
                    }
                };
                session.up = Some((session.up.map_or(now, |(since, _)| since), route));
                self.timers.clear(Timer::Connect(id));
                if let Some(code) = code {
                    let note = Note { code, endpoint: None, problem: None, route: Some(route) };
                    self.note_in_full(task, note, now);
                }
                self.settle(task, now);
            }
            SessionState::Refused { problem, retry } | SessionState::Broken { problem, retry } => {
                *side = Side::Out;
                self.broken(id, endpoint, problem, retry, now);
            }
            SessionState::Stopped => {
                *side = Side::Out;
                self.end_session(id, RevokeReason::PeerAway);
                // Its pause or its goodbye is on the way; until then it would only refuse.
                self.back_off(task, STOPPED_PAUSE_MS, now);
                self.stand(task, Standing::of(NiceStatus::Queued));
                self.settle(task, now);
            }
            SessionState::Done => {
                *side = Side::Out;
                self.timers.set(Timer::Report(id), now.plus_seconds(REPORT_SECONDS_MAX));
            }
        }
    }

    fn broken(
        &mut self,
        id: SessionId,
        endpoint: EndpointId,
        problem: Problem,
        retry: bool,
        now: UnixTime,
    ) {
        let Some(session) = self.sessions.get(&id) else { return };
        let task = session.task;
        let lasted = session.up.is_some_and(|(since, _)| since.plus_seconds(LASTED_SECONDS) <= now);
        self.end_session(id, RevokeReason::PeerAway);
        let (code, status) = words_of(&problem);
        let note =
            Note { code, endpoint: Some(endpoint), problem: Some(problem.clone()), route: None };
        self.note_in_full(task, note, now);
        if !retry {
            self.fail(task, Failure::Problem(problem));
            return;
        }
        let Some(known) = self.tasks.get_mut(&task) else { return };
        known.attempts = if lasted { 1 } else { known.attempts.saturating_add(1) };
        let pause = pause_ms(known.attempts);
        let retry_at = self.back_off(task, pause, now);
        let standing = Standing {
            problem: Some(problem),
            retry_at: Some(retry_at),
            ..Standing::at(status, endpoint)
        };
        self.stand(task, standing);
        self.settle(task, now);
    }

    /// Ends a session: gives its places back and revokes it at every side that may hold it. An agent
    /// that says it does not may be about to hear of the start; a revocation too many harms nobody.
    pub(super) fn end_session(&mut self, id: SessionId, reason: RevokeReason) {
        let Some(session) = self.sessions.remove(&id) else { return };
        for timer in [Timer::Renew(id), Timer::Lease(id), Timer::Connect(id), Timer::Report(id)] {
            self.timers.clear(timer);
        }
        for (endpoint, side) in session.sides {
            let connected = self.endpoints.get(&endpoint).is_some_and(|e| e.connection.is_some());
            if side == Side::In && connected {
                self.actions.push_back(Action::Revoke { endpoint, session: id, reason });
            }
        }
        if let Some(task) = self.tasks.get_mut(&session.task) {
            task.phase = Phase::Waiting;
            let lane = task.lane();
            self.turns.give_back(lane);
        }
        self.actions.push_back(Action::Ended { task: session.task, session: id });
    }

    /// Forgets a session that ends by itself.
    pub(super) fn forget_session(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.sides.values_mut().for_each(|side| *side = Side::Out);
            self.end_session(id, RevokeReason::TaskOver);
        }
    }

    /// Lengthens the lease if both sides can be told.
    pub(super) fn renew(&mut self, id: SessionId, now: UnixTime) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let here = |end: &EndpointId| {
            self.endpoints.get(end).is_some_and(|endpoint| endpoint.connection.is_some())
        };
        if !session.sides.keys().all(here) {
            return; // asked again when the one who is away is back
        }
        let expires = now.plus_seconds(LEASE_SECONDS);
        session.expires = expires;
        let renewed = Action::Renewed { task: session.task, session: id, expires };
        self.actions.push_back(renewed);
        for endpoint in session.sides.keys() {
            let action = Action::Renew { endpoint: *endpoint, session: id, expires };
            self.actions.push_back(action);
        }
        self.set_lease(id, expires);
    }

    /// The agents stop by themselves when the lease is over.
    pub(super) fn lease_over(&mut self, id: SessionId, now: UnixTime) {
        let Some(task) = self.sessions.get(&id).map(|session| session.task) else { return };
        self.end_session(id, RevokeReason::PeerAway);
        self.settle(task, now);
    }

    pub(super) fn never_connected(&mut self, id: SessionId, now: UnixTime) {
        let Some(session) = self.sessions.get(&id) else { return };
        let Some(task) = self.tasks.get(&session.task) else { return };
        let (source, destination) = (task.source, task.destination);
        let problem = Problem::new(
            Code::NoRoute,
            [
                ("source", source.to_string().into()),
                ("destination", destination.to_string().into()),
            ],
        );
        self.broken(id, destination, problem, true, now);
    }

    pub(super) fn never_reported(&mut self, id: SessionId, now: UnixTime) {
        let Some(task) = self.sessions.get(&id).map(|session| session.task) else { return };
        self.end_session(id, RevokeReason::Replaced);
        if let Some(known) = self.tasks.get_mut(&task) {
            known.attempts = known.attempts.saturating_add(1);
            let pause = pause_ms(known.attempts);
            self.back_off(task, pause, now);
        }
        self.stand(task, Standing::of(NiceStatus::Queued));
        self.settle(task, now);
    }

    /// Lets a task pause; returns until when.
    fn back_off(&mut self, task: TaskId, pause_ms: u64, now: UnixTime) -> UnixTime {
        // Tasks that broke together shall not come back together.
        let jittered = self.rng.u64(pause_ms / 2..=pause_ms);
        let until = UnixTime::from_millis(now.millis().saturating_add_unsigned(jittered));
        self.timers.set(Timer::BackOff(task), until);
        until
    }

    fn set_lease(&mut self, id: SessionId, expires: UnixTime) {
        self.timers.set(Timer::Renew(id), expires.plus_seconds(-LEASE_SECONDS / 2));
        self.timers.set(Timer::Lease(id), expires);
    }
}

/// The event and the status that fit a problem that ended a session.
fn words_of(problem: &Problem) -> (EventCode, NiceStatus) {
    use NiceStatus as Status;
    let words: &[(&[Code], EventCode, Status)] = &[
        (
            &[Code::NoRoute, Code::LocalNetworkOnly, Code::RelayDayUsed],
            EventCode::ConnectFailed,
            Status::ConnectFailed,
        ),
        (
            &[Code::NotConnected, Code::HubUnreachable, Code::EndpointClosing],
            EventCode::NotConnected,
            Status::NotConnected,
        ),
        (&[Code::EndpointPaused], EventCode::Paused, Status::Paused),
        (&[Code::NoSpace, Code::NoSpaceFailed], EventCode::Quota, Status::Quota),
        (
            &[Code::NotShared, Code::ReadOnly, Code::OsPermission, Code::FolderRemoved],
            EventCode::PermissionDenied,
            Status::PermissionDenied,
        ),
        (&[Code::NotFound], EventCode::FileNotFound, Status::EndpointError),
        (&[Code::EndpointBusy], EventCode::EndpointError, Status::Queued),
        (&[Code::Disk, Code::Internal], EventCode::EndpointError, Status::EndpointError),
        (&[Code::PeerViolation], EventCode::ConnectionBroken, Status::EndpointError),
    ];
    let found = words.iter().find(|(codes, ..)| codes.contains(&problem.code));
    // Whatever else it was, the two are not connected now.
    let otherwise = (EventCode::ConnectionBroken, Status::ConnectFailed);
    found.map_or(otherwise, |(_, event, status)| (*event, *status))
}

/// The pause after so many sessions that ended early.
fn pause_ms(attempts: u32) -> u64 {
    let doublings = attempts.saturating_sub(1).min(16);
    (BACK_OFF_MS_MIN << doublings).min(BACK_OFF_MS_MAX)
}

/// How long a ticket holds: long enough for a hub that is replaced at leisure, short enough that
/// what an unreachable agent may still do ends by itself.
pub(super) const LEASE_SECONDS: i64 = 15 * 60;
/// The time for two agents to find a route, racing all of them.
const CONNECT_SECONDS_MAX: i64 = 120;
/// The time for the last reports of a session that is done.
const REPORT_SECONDS_MAX: i64 = 60;
/// A link that was up for so long was no failed attempt.
const LASTED_SECONDS: i64 = 60;
/// The pause after a session that an agent stopped on purpose.
const STOPPED_PAUSE_MS: u64 = 2_000;
/// The first pause after a session that broke.
const BACK_OFF_MS_MIN: u64 = 1_000;
/// The longest one; an endpoint that comes back or is resumed ends it at once.
const BACK_OFF_MS_MAX: u64 = 5 * 60 * 1000;
