//! The sessions that run: begun, watched, ended.

use std::sync::Arc;

use outport_control::{Direction, Happening, Phase, Progress};
use outport_protocol::{
    control::{AgentMessage, CANDIDATES_MAX, Candidate, SessionState, Start},
    orders::Work,
    report::Counts,
    ticket::Role,
};
use outport_types::{Chain, Code, Line, Problem, Route, SessionId, TaskId, UnixTime};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

use super::Core;
use crate::{
    clock::local_now,
    hub_link::HubTunnels,
    outbox::OutboxEvent,
    session::{
        self, Admitted, Job, SessionEvent, SessionHandle, Stop, StopReason, admission::Gate, admit,
    },
};

/// A session that runs.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) handle: SessionHandle,
    pub(super) task: TaskId,
    pub(super) direction: Direction,
    pub(super) peer: Option<String>,
    pub(super) started: UnixTime,
    /// Until when its ticket holds, in hub time.
    pub(super) expires: UnixTime,
    pub(super) phase: Phase,
    pub(super) route: Option<Route>,
    pub(super) line: Option<Line>,
    /// What the hub was told about where this computer is.
    pub(super) candidates: Vec<Candidate>,
    pub(super) counts: Counts,
    pub(super) rate: u64,
    /// Since when it has this rate, or when that was last counted.
    pub(super) rate_since: Instant,
}

impl Running {
    fn new(handle: SessionHandle, start: &Start, admitted: &Admitted) -> Self {
        Self {
            handle,
            task: start.orders.task,
            direction: direction(start, admitted.role),
            peer: peer_name(start, admitted.role),
            started: local_now(),
            expires: admitted.ticket.expires,
            phase: Phase::Connecting,
            route: None,
            line: None,
            candidates: Vec::new(),
            counts: Counts::default(),
            rate: 0,
            rate_since: Instant::now(),
        }
    }
}

impl Core {
    /// Begins a session, or says why not.
    pub(super) fn start_session(&mut self, start: Start, now: Instant) {
        let session = start.session;
        if self.sessions.contains_key(&session) {
            tracing::debug!(%session, "the hub orders a session that runs already");
            return;
        }
        match self.admit(&start, now) {
            Ok(admitted) => self.spawn_session(start, admitted),
            Err((problem, retry)) => {
                let state = SessionState::Refused { problem, retry };
                self.hub.say(AgentMessage::Session { session, state });
            }
        }
    }

    fn admit(&mut self, start: &Start, now: Instant) -> Result<Admitted, (Problem, bool)> {
        let name = self.name();
        let not_ready = || (Problem::new(Code::NotConnected, [("endpoint", "?".into())]), true);
        let (Some(identity), Some(statement), Some(clock)) =
            (&self.identity, &self.hub.statement, &self.hub.clock)
        else {
            return Err(not_ready()); // orders come on a channel, and a channel has all three
        };
        let gate = Gate {
            statement,
            now: clock.hub_time(now),
            own: &identity.registration.key,
            endpoint: identity.registration.endpoint,
            paused: self.is_paused(),
            seen: &self.seen,
            running: self.sessions.len(),
            sessions_max: self.config.sessions_max,
            rules: &self.rules,
            far_rules: &self.far_rules,
            gateway_rules: &self.gateway_rules,
        };
        admit(start, &gate).map_err(|refusal| {
            tracing::warn!(
                session = %start.session,
                error = %Chain(&refusal),
                "an order of the hub is refused"
            );
            (refusal.problem(&name), refusal.retry())
        })
    }

    fn spawn_session(&mut self, start: Start, admitted: Admitted) {
        let Some(identity) = &self.identity else { return };
        let (session, task) = (start.session, start.orders.task);
        // One session of a task at a time: they write the same journal.
        let before: Vec<_> = self
            .sessions
            .values()
            .filter(|running| running.task == task)
            .map(|running| {
                running.handle.stop.stop(StopReason::Revoked);
                running.handle.quiet.clone()
            })
            .collect();
        self.seen.insert(session);
        let (peer_candidates, inbox) = mpsc::channel(CANDIDATE_LISTS_MAX);
        let handle = SessionHandle {
            stop: Stop::default(),
            peer_candidates,
            quiet: CancellationToken::new(),
        };
        let running = Running::new(handle.clone(), &start, &admitted);
        let (direction, peer) = (running.direction, running.peer.clone());
        let what = Happening::SessionBegan { direction, peer };
        self.shown.event(Some(task), what, &began(&running), None);
        self.speed.begin(Instant::now());
        tracing::info!(%session, %task, direction = ?running.direction, "a session begins");
        if running.direction != Direction::Sending {
            self.outbox.begin(&start); // this side is the authority, and keeps the journal
        }
        let job = Job {
            start,
            admitted,
            endpoint: identity.endpoint.clone(),
            name: self.name(),
            hub_time: self.hub_time(),
            udp: self.hub.udp.clone(),
            reach: self.reaching.follow(),
            relay: self.config.settings.relay,
            tunnels: Arc::new(HubTunnels::new(
                identity.registration.hub.clone(),
                self.paths.clone(),
                self.in_force.subscribe(),
            )),
            peer_candidates: inbox,
            before,
            state_dir: self.paths.state_dir.clone(),
            tickets: self.tickets.clone(),
            limits: self.limits.throttles.clone(),
            background: self.config.settings.background,
            stop: handle.stop.clone(),
            events: self.session_events.clone(),
            tracker: self.tracker.clone(),
        };
        let quiet = handle.quiet;
        self.tracker.spawn(async move {
            let _quiet = quiet.drop_guard();
            session::run(job).await;
        });
        self.sessions.insert(session, running);
    }

    pub(super) fn peer_candidates(&mut self, session: SessionId, mut list: Vec<Candidate>) {
        list.truncate(CANDIDATES_MAX);
        if self.probes.has(session) {
            return self.probe_candidates(session, list);
        }
        if let Some(running) = self.sessions.get(&session) {
            // One that finds no room is no loss: whoever sent so many sends more.
            running.handle.peer_candidates.try_send(list).ok();
        }
    }

    pub(super) fn session_event(&mut self, session: SessionId, event: SessionEvent) {
        if self.probes.has(session) {
            return self.probe_event(session, event);
        }
        let Some(running) = self.sessions.get_mut(&session) else { return };
        let task = running.task;
        match event {
            SessionEvent::Candidates(candidates) => {
                running.candidates.clone_from(&candidates);
                self.hub.say(AgentMessage::Candidates { session, candidates });
            }
            SessionEvent::Seen { translated } => self.reaching.seen(translated),
            SessionEvent::Connected(route) => {
                if running.route.replace(route) != Some(route) {
                    let peer = running.peer.clone();
                    let text = match &peer {
                        Some(peer) => format!("connected with {peer}: {route}"),
                        None => format!("connected: {route}"),
                    };
                    let what = Happening::SessionRoute { route, peer };
                    self.shown.event(Some(task), what, &text, None);
                }
                running.phase = Phase::Working;
                running.line = None;
                let state = SessionState::Connected { route };
                self.hub.say(AgentMessage::Session { session, state });
            }
            SessionEvent::Line(line) => {
                running.line = Some(line);
                // Who sends knows what gets lost.
                if running.direction == Direction::Sending {
                    self.hub.say(AgentMessage::Line { task, session, line });
                }
            }
            SessionEvent::Progress { counts, rate } => {
                let now = Instant::now();
                let while_long = now.saturating_duration_since(running.rate_since);
                self.speed.moved(running.direction, running.rate, while_long);
                running.counts = counts;
                running.rate = rate;
                running.rate_since = now;
                // The receiving side is the authority; two would contradict each other.
                if running.direction != Direction::Sending {
                    self.hub.say(AgentMessage::Progress { task, session, counts, rate });
                }
            }
            SessionEvent::Reported(durable) => {
                self.outbox.durable(task, durable);
                self.send_reports();
            }
            SessionEvent::Ended(state) => {
                self.flow(Instant::now());
                let over = self.sessions.remove(&session);
                let (text, problem) = ended(&state);
                let what = end_of(&state, over.as_ref());
                self.shown.event(Some(task), what, text, problem.clone());
                let why = problem.as_ref().map(|problem| tracing::field::display(problem.code));
                tracing::info!(%session, %task, outcome = text, why, "a session is over");
                self.hub.say(AgentMessage::Session { session, state });
                self.remove_what_is_over(task);
            }
        }
    }

    /// Counts what moved until now at the rates of now.
    pub(super) fn flow(&mut self, now: Instant) {
        for running in self.sessions.values_mut() {
            let while_long = now.saturating_duration_since(running.rate_since);
            self.speed.moved(running.direction, running.rate, while_long);
            running.rate_since = now;
        }
    }

    pub(super) fn stop_session(&mut self, session: SessionId, reason: StopReason) {
        if let Some(running) = self.sessions.get_mut(&session) {
            running.phase = Phase::Ending;
            running.handle.stop.stop(reason);
        }
    }

    pub(super) fn stop_sessions(&mut self, reason: &StopReason) {
        for running in self.sessions.values_mut() {
            running.phase = Phase::Ending;
            running.handle.stop.stop(reason.clone());
        }
    }

    /// Ends sessions whose lease the hub did not renew.
    pub(super) fn end_leases(&mut self, now: Instant) {
        let Some(clock) = &self.hub.clock else { return };
        let hub_now = clock.hub_time(now);
        for (session, running) in &mut self.sessions {
            if running.expires <= hub_now && running.phase != Phase::Ending {
                tracing::warn!(%session, "the hub did not renew the lease");
                running.phase = Phase::Ending;
                running.handle.stop.stop(StopReason::LeaseOver);
            }
        }
    }

    pub(super) fn task_over(&mut self, task: TaskId) {
        for running in self.sessions.values_mut().filter(|running| running.task == task) {
            running.phase = Phase::Ending;
            running.handle.stop.stop(StopReason::Revoked);
        }
        self.outbox.over(task);
        self.remove_what_is_over(task);
    }

    /// Removes what is kept of a task that is over, once no session works on it.
    fn remove_what_is_over(&mut self, task: TaskId) {
        let busy = self.sessions.values().any(|running| running.task == task);
        if !busy {
            self.outbox.remove_if_over(task, &self.rules, &self.tracker, &self.news);
        }
    }

    pub(super) fn outbox_event(&mut self, event: OutboxEvent) {
        let task = event.task();
        if let Some(message) = self.outbox.take(event) {
            self.hub.say(message);
        }
        self.send_reports();
        self.remove_what_is_over(task);
    }

    pub(super) fn report_ack(&mut self, task: TaskId, last: u64) {
        self.outbox.acknowledged(task, last);
        self.send_reports();
        self.remove_what_is_over(task);
    }

    /// Reads what the hub has not been told, as far as it may be told more now.
    pub(super) fn send_reports(&mut self) {
        if self.hub.is_connected() {
            self.outbox.read_more(&self.tracker, &self.news);
        }
    }
}

impl Running {
    /// How far it is, for screens.
    pub(super) fn progress(&self) -> Progress {
        let counts = &self.counts;
        Progress {
            files_found: counts.files_found,
            bytes_found: counts.bytes_found,
            scan_done: counts.scan_done,
            files_done: match self.direction {
                Direction::Deleting => counts.deleted,
                Direction::Sending | Direction::Receiving | Direction::Copying => {
                    counts.files_settled()
                }
            },
            bytes_done: counts.bytes_done,
            bytes_settled: counts.bytes_settled(),
            skipped: counts.links_skipped + counts.errors_skipped,
            rate: self.rate,
            eta_seconds: counts.bytes_left().and_then(|left| left.checked_div(self.rate)),
        }
    }
}

fn direction(start: &Start, role: Role) -> Direction {
    match (&start.orders.work, role) {
        (Work::Delete(_), _) => Direction::Deleting,
        (Work::Transfer(_), Role::Sender) => Direction::Sending,
        (Work::Transfer(_), Role::Receiver) => Direction::Receiving,
        (Work::Transfer(_), Role::Both) => Direction::Copying,
    }
}

fn peer_name(start: &Start, role: Role) -> Option<String> {
    match (&start.orders.work, role) {
        (Work::Delete(_), _) | (Work::Transfer(_), Role::Both) => None,
        (Work::Transfer(orders), Role::Sender) => Some(orders.destination_name.clone()),
        (Work::Transfer(orders), Role::Receiver) => Some(orders.source_name.clone()),
    }
}

fn began(running: &Running) -> String {
    let peer = running.peer.as_deref().unwrap_or("this computer");
    match running.direction {
        Direction::Sending => format!("sending to {peer}"),
        Direction::Receiving => format!("receiving from {peer}"),
        Direction::Copying => "copying inside this computer".to_owned(),
        Direction::Deleting => "deleting".to_owned(),
    }
}

fn end_of(state: &SessionState, over: Option<&Running>) -> Happening {
    let peer = over.and_then(|running| running.peer.clone());
    let Some(direction) = over.map(|running| running.direction) else {
        return Happening::Other; // an event of a session that was never here
    };
    match state {
        SessionState::Refused { .. } => Happening::SessionRefused { direction, peer },
        SessionState::Broken { .. } => Happening::SessionInterrupted { direction, peer },
        SessionState::Stopped => Happening::SessionStopped { direction, peer },
        SessionState::Done | SessionState::Connected { .. } => {
            Happening::SessionFinished { direction, peer }
        }
    }
}

fn ended(state: &SessionState) -> (&'static str, Option<Problem>) {
    match state {
        SessionState::Connected { .. } => ("connected", None),
        SessionState::Refused { problem, .. } => ("refused", Some(problem.clone())),
        SessionState::Broken { problem, .. } => ("interrupted", Some(problem.clone())),
        SessionState::Stopped => ("stopped", None),
        SessionState::Done => ("finished", None),
    }
}

/// Lists of addresses that wait for a worker; each replaces the one before.
const CANDIDATE_LISTS_MAX: usize = 8;
