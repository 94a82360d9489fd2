//! Decides when tasks run: a state machine without I/O or clock.
//!
//! 1. A task waits until both its endpoints are connected and not paused, and then for its
//!    [turn](turns).
//! 2. [`Action::Start`] opens a session with a lease. Both agents hear of it and say when the link
//!    is up, when it breaks, and when the work is done.
//! 3. The lease is renewed at half of its time, as long as both agents are connected to the hub.
//!    An agent that loses only its channel to the hub goes on; when it is back, it names the
//!    sessions that it holds. Those that the hub knows are adopted, the others revoked.
//!    So a hub that is away for minutes, or starts anew, stops nothing that runs.
//! 4. A session that ends before the task does is followed by another one, after a pause that
//!    grows, until the task is over or its deadline passes.
//! 5. Whatever ends a session early (a cancelled task, a pause, a new key, a deleted endpoint)
//!    revokes it at every side that may still hold it.
//!
//! What the agents report is believed only from an endpoint that is a side of the session, and of
//! the session that the hub knows for the task.

mod sessions;
mod timers;
mod turns;
mod words;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use outport_protocol::control::RevokeReason;
use outport_types::{
    AccountId, EndpointId, EventCode, NiceStatus, Problem, SessionId, TaskId, UnixTime,
};

pub(crate) use self::words::{
    Action, Bounds, ConnectionId, Failure, HeldSession, Input, Note, Standing, TaskSpec,
};
use self::{
    sessions::Session,
    timers::{Timer, Timers},
    turns::{Lane, Turns},
};

/// Every active task, every connected endpoint, and every session.
#[derive(Debug)]
pub(crate) struct Machine {
    tasks: BTreeMap<TaskId, Task>,
    endpoints: BTreeMap<EndpointId, Endpoint>,
    sessions: BTreeMap<SessionId, Session>,
    turns: Turns,
    timers: Timers,
    actions: VecDeque<Action>,
    rng: fastrand::Rng,
}

#[derive(Debug)]
struct Task {
    owner: AccountId,
    source: EndpointId,
    destination: EndpointId,
    phase: Phase,
    standing: Standing,
    deadline: UnixTime,
    /// Sessions that ended early, since one that lasted.
    attempts: u32,
    /// When the hub last stored an event of a kind.
    noted: BTreeMap<(EventCode, Option<EndpointId>), UnixTime>,
    /// Endpoints of which an event says that they are away.
    away: BTreeSet<EndpointId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// An endpoint is away or paused.
    Waiting,
    /// It is in the queue.
    Queued,
    /// It pauses after a session that ended early.
    BackingOff,
    /// A session works on it.
    Running(SessionId),
}

#[derive(Debug, Default)]
struct Endpoint {
    connection: Option<ConnectionId>,
    paused: bool,
    /// Active tasks that it is a side of.
    tasks: BTreeSet<TaskId>,
}

impl Machine {
    pub(crate) fn new(bounds: Bounds, rng: fastrand::Rng) -> Self {
        Self {
            tasks: BTreeMap::new(),
            endpoints: BTreeMap::new(),
            sessions: BTreeMap::new(),
            turns: Turns::new(bounds),
            timers: Timers::default(),
            actions: VecDeque::new(),
            rng,
        }
    }

    /// Takes in what happened.
    pub(crate) fn handle(&mut self, input: Input, now: UnixTime) {
        match input {
            Input::Submitted(spec) => self.submitted(&spec, now),
            Input::Over { task, finished } => {
                if finished && let Some(session) = self.session_of(task) {
                    // The agents end it between themselves.
                    self.forget_session(session);
                }
                self.remove(task, RevokeReason::TaskOver);
            }
            Input::DeadlineMoved { task, deadline } => {
                if let Some(known) = self.tasks.get_mut(&task) {
                    known.deadline = deadline;
                    self.timers.set(Timer::Deadline(task), deadline);
                }
            }
            Input::Connected { endpoint, connection, paused, sessions } => {
                self.connected(endpoint, connection, paused, &sessions, now);
            }
            Input::Disconnected { endpoint, connection } => {
                self.disconnected(endpoint, connection, now);
            }
            Input::Paused { endpoint, connection, paused } => {
                self.paused(endpoint, connection, paused, now);
            }
            Input::Session { endpoint, session, state } => {
                self.session_state(endpoint, session, state, now);
            }
            Input::Candidates { endpoint, session, candidates } => {
                if let Some(peer) = self.sessions.get(&session).and_then(|s| s.peer_of(endpoint)) {
                    let action = Action::PeerCandidates { endpoint: peer, session, candidates };
                    self.actions.push_back(action);
                }
            }
            Input::KeyReplaced { endpoint } => self.key_replaced(endpoint, now),
            Input::Removed { endpoint, problem } => self.removed(endpoint, &problem),
        }
        self.dispatch(now);
    }

    /// Does what is due by `now`.
    pub(crate) fn handle_timeout(&mut self, now: UnixTime) {
        while let Some(timer) = self.timers.pop(now) {
            match timer {
                Timer::Deadline(task) => self.expired(task),
                Timer::BackOff(task) => self.settle(task, now),
                Timer::Renew(session) => self.renew(session, now),
                Timer::Lease(session) => self.lease_over(session, now),
                Timer::Connect(session) => self.never_connected(session, now),
                Timer::Report(session) => self.never_reported(session, now),
            }
        }
        self.dispatch(now);
    }

    /// When [`Machine::handle_timeout`] has something to do.
    pub(crate) fn poll_timeout(&self) -> Option<UnixTime> {
        self.timers.next()
    }

    /// The next thing to do.
    pub(crate) fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Where an active task stands.
    pub(crate) fn standing(&self, task: TaskId) -> Option<&Standing> {
        self.tasks.get(&task).map(|task| &task.standing)
    }

    /// The endpoints of an active task.
    pub(crate) fn ends_of(&self, task: TaskId) -> Vec<EndpointId> {
        self.tasks.get(&task).map(Task::ends).unwrap_or_default()
    }

    /// Whether the endpoint may report on the task: it is the side that writes.
    pub(crate) fn is_authority(&self, endpoint: EndpointId, task: TaskId) -> bool {
        self.destination(task) == Some(endpoint)
    }

    /// Where an active task brings its files.
    pub(crate) fn destination(&self, task: TaskId) -> Option<EndpointId> {
        self.tasks.get(&task).map(|task| task.destination)
    }

    /// Where an active task takes its files from.
    pub(crate) fn source(&self, task: TaskId) -> Option<EndpointId> {
        self.tasks.get(&task).map(|task| task.source)
    }

    /// What a session works on.
    pub(crate) fn task_of(&self, session: SessionId) -> Option<TaskId> {
        self.sessions.get(&session).map(|session| session.task)
    }

    /// Whether the session is the one that works on the task now.
    pub(crate) fn works_on(&self, session: SessionId, task: TaskId) -> bool {
        self.tasks.get(&task).is_some_and(|task| task.phase == Phase::Running(session))
    }

    /// Active tasks and sessions, for the metrics.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.tasks.len(), self.sessions.len())
    }

    /// Active tasks that the endpoint is a side of.
    pub(crate) fn tasks_at(&self, endpoint: EndpointId) -> impl Iterator<Item = TaskId> + '_ {
        self.endpoints.get(&endpoint).into_iter().flat_map(|known| known.tasks.iter().copied())
    }

    fn submitted(&mut self, spec: &TaskSpec, now: UnixTime) {
        if self.tasks.contains_key(&spec.id) {
            return;
        }
        let task = Task {
            owner: spec.owner,
            source: spec.source,
            destination: spec.destination,
            phase: Phase::Waiting,
            standing: Standing::of(NiceStatus::Queued),
            deadline: spec.deadline,
            attempts: 0,
            noted: BTreeMap::new(),
            away: BTreeSet::new(),
        };
        for end in task.ends() {
            self.endpoints.entry(end).or_default().tasks.insert(spec.id);
        }
        self.tasks.insert(spec.id, task);
        self.timers.set(Timer::Deadline(spec.id), spec.deadline);
        match spec.session {
            Some(held) if now < held.expires => self.adopt(spec.id, held, now),
            Some(held) => {
                self.actions.push_back(Action::Ended { task: spec.id, session: held.id });
                self.settle(spec.id, now);
            }
            None => self.settle(spec.id, now),
        }
        if spec.is_new {
            self.note_obstacle(spec.id, now);
        }
    }

    /// Says in the events of a new task what it waits for.
    fn note_obstacle(&mut self, id: TaskId, now: UnixTime) {
        let Some(task) = self.tasks.get_mut(&id) else { return };
        let Standing { status, endpoint: Some(endpoint), .. } = task.standing else { return };
        let code = if status == NiceStatus::Paused {
            EventCode::Paused
        } else {
            task.away.insert(endpoint);
            EventCode::NotConnected
        };
        self.note(id, code, Some(endpoint), now);
    }

    /// Takes a task that is over out of everything.
    fn remove(&mut self, id: TaskId, reason: RevokeReason) {
        let Some(task) = self.tasks.get(&id) else { return };
        if let Phase::Running(session) = task.phase {
            self.end_session(session, reason);
        }
        let Some(task) = self.tasks.remove(&id) else { return };
        self.turns.leave(id);
        self.timers.clear(Timer::Deadline(id));
        self.timers.clear(Timer::BackOff(id));
        for end in task.ends() {
            let Some(endpoint) = self.endpoints.get_mut(&end) else { continue };
            endpoint.tasks.remove(&id);
            if endpoint.connection.is_some() {
                self.actions.push_back(Action::TaskOver { endpoint: end, task: id });
            }
            let of_owner = |other: &TaskId| self.tasks.get(other).map(|t| t.owner);
            if !endpoint.tasks.iter().any(|other| of_owner(other) == Some(task.owner)) {
                self.turns.forget(end, task.owner);
            }
            if endpoint.tasks.is_empty() && endpoint.connection.is_none() {
                self.endpoints.remove(&end);
            }
        }
    }

    fn fail(&mut self, id: TaskId, failure: Failure) {
        self.actions.push_back(Action::Fail { task: id, failure });
        self.remove(id, RevokeReason::TaskOver);
    }

    fn expired(&mut self, id: TaskId) {
        if let Some(deadline) = self.tasks.get(&id).map(|task| task.deadline) {
            self.fail(id, Failure::Expired { deadline });
        }
    }

    fn removed(&mut self, endpoint: EndpointId, problem: &Problem) {
        let tasks: Vec<_> = self.tasks_at(endpoint).collect();
        for task in tasks {
            self.fail(task, Failure::Problem(problem.clone()));
        }
        self.endpoints.remove(&endpoint);
    }

    fn connected(
        &mut self,
        id: EndpointId,
        connection: ConnectionId,
        paused: bool,
        held: &[SessionId],
        now: UnixTime,
    ) {
        let endpoint = self.endpoints.entry(id).or_default();
        if endpoint.connection.is_some_and(|present| connection < present) {
            return;
        }
        endpoint.connection = Some(connection);
        endpoint.paused = paused;
        for session in held {
            if !self.sessions.get(session).is_some_and(|known| known.has_side(id)) {
                let reason = RevokeReason::Replaced;
                self.actions.push_back(Action::Revoke { endpoint: id, session: *session, reason });
            }
        }
        let tasks: Vec<_> = self.tasks_at(id).collect();
        for task in tasks {
            if self.tasks.get_mut(&task).is_some_and(|task| task.away.remove(&id)) {
                self.note(task, EventCode::Connected, Some(id), now);
            }
            if let Some(session) = self.session_of(task) {
                if held.contains(&session) && !paused {
                    self.side_is_back(session, id, now);
                } else {
                    self.end_session(session, RevokeReason::PeerAway);
                }
            }
            // What kept the last session from lasting may have changed with the connection.
            self.timers.clear(Timer::BackOff(task));
            self.settle(task, now);
        }
    }

    fn disconnected(&mut self, id: EndpointId, connection: ConnectionId, now: UnixTime) {
        let Some(endpoint) = self.endpoints.get_mut(&id) else { return };
        if endpoint.connection != Some(connection) {
            return; // an old connection, replaced already
        }
        endpoint.connection = None;
        let tasks: Vec<_> = endpoint.tasks.iter().copied().collect();
        if tasks.is_empty() {
            self.endpoints.remove(&id);
        }
        for task in tasks {
            if let Some(task) = self.tasks.get_mut(&task) {
                task.away.insert(id);
            }
            self.note(task, EventCode::NotConnected, Some(id), now);
            self.settle(task, now);
        }
    }

    fn paused(&mut self, id: EndpointId, connection: ConnectionId, paused: bool, now: UnixTime) {
        let Some(endpoint) = self.endpoints.get_mut(&id) else { return };
        if endpoint.connection != Some(connection) || endpoint.paused == paused {
            return;
        }
        endpoint.paused = paused;
        let code = if paused { EventCode::Paused } else { EventCode::Unpaused };
        let tasks: Vec<_> = endpoint.tasks.iter().copied().collect();
        for task in tasks {
            self.note(task, code, Some(id), now);
            if let Some(session) = self.session_of(task)
                && paused
            {
                self.end_session(session, RevokeReason::PeerAway);
            }
            self.timers.clear(Timer::BackOff(task));
            self.settle(task, now);
        }
    }

    fn key_replaced(&mut self, endpoint: EndpointId, now: UnixTime) {
        let tasks: Vec<_> = self.tasks_at(endpoint).collect();
        for task in tasks {
            if let Some(session) = self.session_of(task) {
                self.end_session(session, RevokeReason::Rights);
            }
            self.settle(task, now);
        }
    }

    /// Puts a task without a session where it belongs, and says so.
    fn settle(&mut self, id: TaskId, now: UnixTime) {
        let Some(task) = self.tasks.get(&id) else { return };
        let obstacle = self.obstacle(task);
        if let Phase::Running(session) = task.phase {
            // A session goes on while a side is away; people are told that it is away.
            let running = self.sessions.get(&session).map(Session::standing);
            self.stand(id, obstacle.or(running).unwrap_or(Standing::of(NiceStatus::Queued)));
            return;
        }
        let waits = self.timers.is_set(Timer::BackOff(id));
        let lane = task.lane();
        let (phase, standing) = match obstacle {
            Some(standing) => (Phase::Waiting, standing),
            None if waits => (Phase::BackingOff, task.standing.clone()),
            None => (Phase::Queued, Standing::of(NiceStatus::Queued)),
        };
        if phase == Phase::Queued {
            self.turns.join(id, lane, now);
        } else {
            self.turns.leave(id);
        }
        if let Some(task) = self.tasks.get_mut(&id) {
            task.phase = phase;
        }
        self.stand(id, standing);
    }

    /// What keeps the task's agents from working on it.
    fn obstacle(&self, task: &Task) -> Option<Standing> {
        let away = |end: &EndpointId| {
            self.endpoints.get(end).is_none_or(|endpoint| endpoint.connection.is_none())
        };
        let paused = |end: &EndpointId| self.endpoints.get(end).is_some_and(|e| e.paused);
        let ends = task.ends();
        let absent = ends.iter().find(|end| away(end));
        let resting = ends.iter().find(|end| paused(end));
        match (resting, absent) {
            (Some(end), _) => Some(Standing::at(NiceStatus::Paused, *end)),
            (None, Some(end)) => Some(Standing::at(NiceStatus::NotConnected, *end)),
            (None, None) => None,
        }
    }

    /// The only place where a standing changes: those who watch are told.
    fn stand(&mut self, id: TaskId, standing: Standing) {
        if let Some(task) = self.tasks.get_mut(&id)
            && task.standing != standing
        {
            task.standing = standing;
            self.actions.push_back(Action::Changed { task: id });
        }
    }

    /// Starts whatever can start.
    fn dispatch(&mut self, now: UnixTime) {
        while let Some(task) = self.turns.next(now) {
            self.start(task, now);
        }
    }

    fn session_of(&self, task: TaskId) -> Option<SessionId> {
        match self.tasks.get(&task)?.phase {
            Phase::Running(session) => Some(session),
            Phase::Waiting | Phase::Queued | Phase::BackingOff => None,
        }
    }

    /// Stores an event, unless the same one was stored a moment ago: a flapping network would fill
    /// the list with it.
    fn note(&mut self, id: TaskId, code: EventCode, endpoint: Option<EndpointId>, now: UnixTime) {
        self.note_in_full(id, Note { code, endpoint, problem: None, route: None }, now);
    }

    fn note_in_full(&mut self, id: TaskId, note: Note, now: UnixTime) {
        let Some(task) = self.tasks.get_mut(&id) else { return };
        let last = task.noted.entry((note.code, note.endpoint)).or_insert(NEVER);
        if last.plus_seconds(NOTE_AGAIN_SECONDS) <= now {
            *last = now;
            self.actions.push_back(Action::Note { task: id, note });
        }
    }
}

impl Task {
    /// Its endpoints, each once.
    fn ends(&self) -> Vec<EndpointId> {
        if self.source == self.destination {
            vec![self.source]
        } else {
            vec![self.source, self.destination]
        }
    }

    fn lane(&self) -> Lane {
        Lane { owner: self.owner, source: self.source, destination: self.destination }
    }
}

const NEVER: UnixTime = UnixTime::from_seconds(i64::MIN / 2);
/// How soon the same event is stored again.
const NOTE_AGAIN_SECONDS: i64 = 60;

#[cfg(test)]
mod campaign;
#[cfg(test)]
mod tests;
