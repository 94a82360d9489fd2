//! The machine, input by input.

use outport_protocol::control::{RevokeReason, SessionState};
use outport_types::{
    AccountId, Code, EndpointId, EventCode, NiceStatus, Problem, Route, SessionId, TaskId, UnixTime,
};

use super::{
    Action, Bounds, ConnectionId, Failure, HeldSession, Input, Machine, Note, TaskSpec,
    sessions::LEASE_SECONDS,
};

#[test]
fn a_task_starts_when_both_endpoints_are_there() {
    let mut rig = Rig::new();
    rig.submit(1);
    assert_eq!(rig.status(1), Some(NiceStatus::NotConnected));
    rig.connect(A, 1);
    assert_eq!(rig.status(1), Some(NiceStatus::NotConnected));
    rig.connect(B, 2);
    let session = rig.started();
    assert_eq!(rig.status(1), Some(NiceStatus::Queued), "until the link is up");
    rig.state(A, session, SessionState::Connected { route: Route::Lan });
    assert_eq!(rig.status(1), Some(NiceStatus::Ok));
    assert!(rig.has_note(EventCode::Started));
    rig.input(Input::Over { task: task(1), finished: true });
    assert_eq!(rig.status(1), None);
    let actions = rig.take();
    assert!(actions.contains(&Action::TaskOver { endpoint: A, task: task(1) }), "{actions:?}");
    assert!(!actions.iter().any(|action| matches!(action, Action::Revoke { .. })));
    assert_eq!(rig.machine.counts(), (0, 0));
}

#[test]
fn a_better_route_is_noted_once_and_shown() {
    let mut rig = Rig::new();
    rig.connect(A, 1);
    rig.connect(B, 2);
    rig.submit(1);
    let session = rig.started();
    let connected = |route| SessionState::Connected { route };
    rig.state(A, session, connected(Route::Relay));
    rig.state(B, session, connected(Route::Relay));
    assert!(!rig.has_note(EventCode::RouteChanged));
    rig.state(B, session, connected(Route::Direct));
    let note = |action: &Action| is_note(action, EventCode::RouteChanged);
    let actions = rig.take();
    let Some(Action::Note { note: Note { route, .. }, .. }) = actions.iter().find(|a| note(a))
    else {
        panic!("{actions:?}")
    };
    assert_eq!(*route, Some(Route::Direct));
    rig.state(A, session, connected(Route::Direct));
    assert!(!rig.has_note(EventCode::RouteChanged), "both say so");
}

#[test]
fn what_the_two_sides_call_one_route_is_no_change() {
    let mut rig = Rig::new();
    let session = rig.running();
    for endpoint in [B, A] {
        let route = if endpoint == A { Route::Direct } else { Route::Lan };
        rig.state(endpoint, session, SessionState::Connected { route });
    }
    assert!(!rig.has_note(EventCode::RouteChanged));
}

#[test]
fn a_cancelled_task_is_revoked_on_both_sides_at_once() {
    let mut rig = Rig::new();
    let session = rig.running();
    rig.input(Input::Over { task: task(1), finished: false });
    let actions = rig.take();
    for endpoint in [A, B] {
        let reason = RevokeReason::TaskOver;
        assert!(actions.contains(&Action::Revoke { endpoint, session, reason }));
    }
}

#[test]
fn a_pause_revokes_the_peer_and_a_resume_starts_anew() {
    let mut rig = Rig::new();
    let session = rig.running();
    rig.pause(B, 2, true);
    assert_eq!(rig.status(1), Some(NiceStatus::Paused));
    let actions = rig.take();
    let reason = RevokeReason::PeerAway;
    assert!(actions.contains(&Action::Revoke { endpoint: A, session, reason }));
    assert!(actions.iter().any(|a| is_note(a, EventCode::Paused)));
    rig.state(B, session, SessionState::Stopped);
    rig.pause(B, 2, false);
    assert_ne!(rig.started(), session, "an ended session is never opened again");
}

#[test]
fn a_hub_that_was_away_adopts_what_still_runs() {
    let mut rig = Rig::new();
    let held = SessionId::random();
    rig.submit_held(1, held, 600);
    rig.connect_with(A, 1, vec![held]);
    rig.connect_with(B, 2, vec![held]);
    let actions = rig.take();
    assert!(!actions.iter().any(|action| matches!(action, Action::Start { .. })), "{actions:?}");
    assert!(!actions.iter().any(|action| matches!(action, Action::Revoke { .. })));
    // Less than half of the lease is left at the next renewal.
    rig.pass(300);
    assert!(rig.take().iter().any(|action| matches!(action, Action::Renew { .. })));
}

#[test]
fn a_session_that_one_side_lost_is_replaced() {
    let mut rig = Rig::new();
    let held = SessionId::random();
    rig.submit_held(1, held, 600);
    rig.connect_with(A, 1, vec![held]);
    rig.connect_with(B, 2, vec![]);
    let actions = rig.take();
    let reason = RevokeReason::PeerAway;
    assert!(actions.contains(&Action::Revoke { endpoint: A, session: held, reason }));
    assert!(actions.iter().any(|action| matches!(action, Action::Start { .. })));
}

#[test]
fn sessions_that_the_hub_does_not_know_are_revoked() {
    let mut rig = Rig::new();
    let stray = SessionId::random();
    rig.connect_with(A, 1, vec![stray]);
    let reason = RevokeReason::Replaced;
    assert_eq!(rig.take(), [Action::Revoke { endpoint: A, session: stray, reason }]);
}

#[test]
fn a_lost_channel_stops_nothing_until_the_lease_is_over() {
    let mut rig = Rig::new();
    let session = rig.running();
    rig.input(Input::Disconnected { endpoint: B, connection: ConnectionId(2) });
    assert_eq!(rig.status(1), Some(NiceStatus::NotConnected));
    rig.pass(LEASE_SECONDS / 2 + 1);
    let actions = rig.take();
    assert!(!actions.iter().any(|a| matches!(a, Action::Revoke { .. } | Action::Renew { .. })));
    rig.connect_with(B, 3, vec![session]);
    assert!(rig.take().iter().any(|a| matches!(a, Action::Renew { endpoint: B, .. })));
    assert_eq!(rig.status(1), Some(NiceStatus::Ok));

    rig.input(Input::Disconnected { endpoint: B, connection: ConnectionId(3) });
    rig.pass(LEASE_SECONDS);
    let reason = RevokeReason::PeerAway;
    assert!(rig.take().contains(&Action::Revoke { endpoint: A, session, reason }));
}

#[test]
fn broken_sessions_come_back_with_growing_pauses() {
    let mut rig = Rig::new();
    rig.connect(A, 1);
    rig.connect(B, 2);
    rig.submit(1);
    let mut pauses = Vec::new();
    for _ in 0..12 {
        let session = rig.started();
        rig.state(B, session, broken(true));
        assert_eq!(rig.status(1), Some(NiceStatus::ConnectFailed));
        let next = rig.next_start().expect("a pause has an end");
        pauses.push(next.millis() - rig.now.millis());
        rig.take();
        rig.now = next;
        rig.machine.handle_timeout(next);
    }
    assert!((500..=1000).contains(&pauses[0]), "{pauses:?}");
    assert!(pauses.iter().all(|pause| *pause <= 300_000), "{pauses:?}");
    assert!(150_000 <= pauses[11], "{pauses:?}");
}

#[test]
fn a_problem_that_no_try_can_help_fails_the_task() {
    let mut rig = Rig::new();
    let session = rig.running();
    rig.state(B, session, broken(false));
    let actions = rig.take();
    let failed = |a: &Action| matches!(a, Action::Fail { failure: Failure::Problem(_), .. });
    assert!(actions.iter().any(failed));
    assert_eq!(rig.machine.counts(), (0, 0));
}

#[test]
fn a_task_that_misses_its_deadline_fails() {
    let mut rig = Rig::new();
    rig.submit(1);
    rig.pass(DEADLINE_SECONDS);
    let deadline = START.plus_seconds(DEADLINE_SECONDS);
    let failure = Failure::Expired { deadline };
    assert!(rig.take().contains(&Action::Fail { task: task(1), failure }));
}

#[test]
fn a_moved_deadline_counts() {
    let mut rig = Rig::new();
    rig.submit(1);
    let deadline = START.plus_seconds(2 * DEADLINE_SECONDS);
    rig.input(Input::DeadlineMoved { task: task(1), deadline });
    rig.pass(DEADLINE_SECONDS + 1);
    assert!(!rig.take().iter().any(|action| matches!(action, Action::Fail { .. })));
    rig.pass(DEADLINE_SECONDS);
    assert!(rig.take().iter().any(|action| matches!(action, Action::Fail { .. })));
}

#[test]
fn agents_that_never_connect_are_tried_again() {
    let mut rig = Rig::new();
    rig.connect(A, 1);
    rig.connect(B, 2);
    rig.submit(1);
    let session = rig.started();
    rig.pass(121);
    let actions = rig.take();
    let reason = RevokeReason::PeerAway;
    assert!(actions.contains(&Action::Revoke { endpoint: A, session, reason }));
    assert!(actions.iter().any(|a| is_note(a, EventCode::ConnectFailed)));
    rig.pass(2);
    assert_ne!(rig.started(), session);
}

#[test]
fn strangers_cannot_speak_for_a_session() {
    let mut rig = Rig::new();
    let session = rig.running();
    rig.connect(C, 9);
    rig.take();
    rig.state(C, session, broken(false));
    rig.input(Input::Candidates { endpoint: C, session, candidates: Vec::new() });
    assert_eq!(rig.take(), []);
    assert!(!rig.machine.is_authority(A, task(1)), "the sender does not report");
    assert!(rig.machine.is_authority(B, task(1)));
}

#[test]
fn candidates_reach_the_other_side() {
    let mut rig = Rig::new();
    let session = rig.running();
    rig.input(Input::Candidates { endpoint: A, session, candidates: Vec::new() });
    let candidates = Vec::new();
    assert_eq!(rig.take(), [Action::PeerCandidates { endpoint: B, session, candidates }]);
}

#[test]
fn a_new_key_or_a_deletion_ends_sessions() {
    let mut rig = Rig::new();
    let session = rig.running();
    rig.input(Input::KeyReplaced { endpoint: A });
    let reason = RevokeReason::Rights;
    let actions = rig.take();
    assert!(actions.contains(&Action::Revoke { endpoint: B, session, reason }));
    let problem = Problem::new(Code::EndpointRemoved, [("endpoint", "a#a".into())]);
    rig.input(Input::Removed { endpoint: A, problem });
    assert!(rig.take().iter().any(|action| matches!(action, Action::Fail { .. })));
    assert_eq!(rig.machine.counts(), (0, 0));
}

#[test]
fn the_end_of_an_old_connection_changes_nothing() {
    let mut rig = Rig::new();
    rig.running();
    rig.input(Input::Disconnected { endpoint: B, connection: ConnectionId(1) });
    assert_eq!(rig.status(1), Some(NiceStatus::Ok));
    assert_eq!(rig.take(), []);
}

#[test]
fn a_deletion_runs_on_one_agent() {
    let mut rig = Rig::new();
    rig.connect(A, 1);
    rig.input(Input::Submitted(TaskSpec { destination: A, ..spec(1) }));
    let session = rig.started();
    rig.pause(A, 1, true);
    let revoked = |a: &Action| matches!(a, Action::Revoke { session: s, .. } if *s == session);
    assert_eq!(rig.take().iter().filter(|action| revoked(action)).count(), 1);
}

const A: EndpointId = EndpointId::from_bytes([0xa; 16]);
const B: EndpointId = EndpointId::from_bytes([0xb; 16]);
const C: EndpointId = EndpointId::from_bytes([0xc; 16]);
const START: UnixTime = UnixTime::from_seconds(1_000_000);
const DEADLINE_SECONDS: i64 = 100_000;

struct Rig {
    machine: Machine,
    now: UnixTime,
}

impl Rig {
    fn new() -> Self {
        let bounds = Bounds { sessions_per_user: 10, sessions_per_endpoint: 10 };
        Self { machine: Machine::new(bounds, fastrand::Rng::with_seed(7)), now: START }
    }

    /// A rig in which the first task runs.
    fn running(&mut self) -> SessionId {
        self.connect(A, 1);
        self.connect(B, 2);
        self.submit(1);
        let session = self.started();
        self.state(A, session, SessionState::Connected { route: Route::Direct });
        self.take();
        session
    }

    fn input(&mut self, input: Input) {
        self.machine.handle(input, self.now);
    }

    fn submit(&mut self, n: u8) {
        self.input(Input::Submitted(spec(n)));
    }

    fn submit_held(&mut self, n: u8, session: SessionId, seconds: i64) {
        let held = HeldSession { id: session, expires: self.now.plus_seconds(seconds) };
        self.input(Input::Submitted(TaskSpec { session: Some(held), is_new: false, ..spec(n) }));
    }

    fn connect(&mut self, endpoint: EndpointId, connection: u64) {
        self.connect_with(endpoint, connection, Vec::new());
    }

    fn connect_with(&mut self, endpoint: EndpointId, connection: u64, sessions: Vec<SessionId>) {
        let connection = ConnectionId(connection);
        self.input(Input::Connected { endpoint, connection, paused: false, sessions });
    }

    fn pause(&mut self, endpoint: EndpointId, connection: u64, paused: bool) {
        self.input(Input::Paused { endpoint, connection: ConnectionId(connection), paused });
    }

    fn state(&mut self, endpoint: EndpointId, session: SessionId, state: SessionState) {
        self.input(Input::Session { endpoint, session, state });
    }

    fn pass(&mut self, seconds: i64) {
        self.now = self.now.plus_seconds(seconds);
        self.machine.handle_timeout(self.now);
    }

    fn next_start(&self) -> Option<UnixTime> {
        self.machine.poll_timeout()
    }

    fn take(&mut self) -> Vec<Action> {
        std::iter::from_fn(|| self.machine.poll_action()).collect()
    }

    fn has_note(&mut self, code: EventCode) -> bool {
        self.take().iter().any(|action| is_note(action, code))
    }

    /// The session that was just started.
    fn started(&mut self) -> SessionId {
        let actions = self.take();
        let started = actions.iter().find_map(|action| {
            let Action::Start { session, .. } = action else { return None };
            Some(*session)
        });
        started.unwrap_or_else(|| panic!("nothing started: {actions:?}"))
    }

    fn status(&self, n: u8) -> Option<NiceStatus> {
        self.machine.standing(task(n)).map(|standing| standing.status)
    }
}

fn spec(n: u8) -> TaskSpec {
    TaskSpec {
        id: task(n),
        owner: AccountId::from_bytes([1; 16]),
        source: A,
        destination: B,
        deadline: START.plus_seconds(DEADLINE_SECONDS),
        is_new: true,
        session: None,
    }
}

fn task(n: u8) -> TaskId {
    TaskId::from_bytes([n; 16])
}

fn broken(retry: bool) -> SessionState {
    let problem = Problem::new(Code::LinkBroken, [("endpoint", "a#b".into())]);
    SessionState::Broken { problem, retry }
}

fn is_note(action: &Action, code: EventCode) -> bool {
    matches!(action, Action::Note { note, .. } if note.code == code)
}
