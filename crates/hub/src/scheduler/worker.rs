//! The one worker that owns the machine.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use outport_protocol::{
    control::{HubMessage, SessionState},
    report::Counts,
};
use outport_types::{
    AccountId, Chain, Code, EndpointId, EventCode, Line, NiceStatus, Problem, RequestId, Route,
    SessionId, TaskId, UnixTime,
};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _,
    sea_query::Expr,
};
use tokio::{
    sync::oneshot,
    time::{Instant, sleep_until},
};
use uuid::Uuid;

use super::{
    Command, Inbox, Live, Progress,
    machine::{Action, Bounds, Failure, HeldSession, Input, Machine, Note, TaskSpec},
    start::{OpenError, Opening, check_rights, open},
    writes::Write,
};
use crate::{
    clock::Clock,
    endpoints::{Endpoints, with_names},
    events::{Change, Events},
    keys::KeyRing,
    metrics::TaskMetrics,
    presence::Presence,
    relays::Relays,
    store::{Store, StoreError, entity::task},
    task_events::EventRow,
};

/// Feeds the machine and carries out what it says.
pub(crate) struct Worker {
    machine: Machine,
    inbox: Inbox,
    surroundings: Surroundings,
    facts: BTreeMap<TaskId, Facts>,
    /// When counts that are only in memory are stored.
    flush_at: Option<Instant>,
    hold_at: Instant,
}

/// What the worker acts on.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) keys: KeyRing,
    pub(crate) presence: Presence,
    pub(crate) endpoints: Endpoints,
    pub(crate) events: Events,
    pub(crate) metrics: TaskMetrics,
    pub(crate) relays: Relays,
}
/// What the worker knows of an active task beside the machine.
#[derive(Debug)]
struct Facts {
    owner: AccountId,
    fence: i64,
    counts: Option<Counts>,
    rate: u64,
    /// The one that is stored.
    route: Option<Route>,
    /// How the line of that session does.
    line: Option<(SessionId, Line)>,
    shown_at: Option<Instant>,
    is_unsaved: bool,
}

enum Event {
    Commands,
    Due,
    FlushDue,
    HoldDue,
    Over,
}

/// What a round of actions comes to.
#[derive(Default)]
struct Plan {
    /// For agents, at once.
    first: Vec<(EndpointId, HubMessage)>,
    /// For the store.
    writes: Vec<Write>,
    /// For agents, once that is stored.
    then: Vec<(EndpointId, HubMessage)>,
    /// For listeners.
    changes: Vec<Change>,
}

impl Worker {
    pub(crate) fn new(inbox: Inbox, surroundings: Surroundings, tasks_per_user: usize) -> Self {
        let bounds = Bounds {
            sessions_per_user: tasks_per_user.max(1),
            sessions_per_endpoint: SESSIONS_PER_ENDPOINT_MAX,
        };
        Self {
            machine: Machine::new(bounds, fastrand::Rng::new()),
            inbox,
            surroundings,
            facts: BTreeMap::new(),
            flush_at: None,
            hold_at: Instant::now() + HOLD_RENEWAL,
        }
    }

    /// Takes over what is stored, then serves until the last handle is gone.
    pub(crate) async fn run(mut self) {
        while let Err(error) = self.load().await {
            tracing::error!(error = %Chain(&error), "cannot load the tasks; trying again");
            tokio::time::sleep(STORE_PAUSE).await;
        }
        self.carry_out().await;
        let mut commands = Vec::with_capacity(BATCH_MAX);
        loop {
            match self.next_event(&mut commands).await {
                Event::Commands => self.obey(&mut commands).await,
                Event::Due => {
                    let now = self.surroundings.clock.now();
                    self.machine.handle_timeout(now);
                    self.carry_out().await;
                }
                Event::FlushDue => self.flush().await,
                Event::HoldDue => self.hold().await,
                Event::Over => return,
            }
        }
    }

    /// The only await of the loop. Every branch may be dropped and polled anew.
    async fn next_event(&mut self, commands: &mut Vec<Command>) -> Event {
        let due = self.machine.poll_timeout();
        let due_at = due.unwrap_or_default();
        let flush_at = self.flush_at.unwrap_or(self.hold_at);
        tokio::select! {
            taken = self.inbox.commands.recv_many(commands, BATCH_MAX) => {
                if taken == 0 { Event::Over } else { Event::Commands }
            }
            () = self.surroundings.clock.sleep_until(due_at), if due.is_some() => Event::Due,
            () = sleep_until(flush_at), if self.flush_at.is_some() => Event::FlushDue,
            () = sleep_until(self.hold_at) => Event::HoldDue,
        }
    }

    async fn obey(&mut self, commands: &mut Vec<Command>) {
        let now = self.surroundings.clock.now();
        let mut settled: Vec<oneshot::Sender<()>> = Vec::new();
        for command in commands.drain(..) {
            match command {
                Command::Input(mut input, done) => {
                    self.explain(&mut input);
                    if let Input::Submitted(spec) = &*input {
                        self.facts.entry(spec.id).or_insert_with(|| Facts::new(spec.owner, 1));
                        let change = Change::Task { owner: spec.owner, task: spec.id };
                        self.surroundings.events.publish(change);
                    }
                    self.machine.handle(*input, now);
                    settled.extend(done);
                }
                Command::Progress(progress) => self.progress(&progress),
                Command::Line { endpoint, task, session, line } => {
                    self.line(endpoint, task, session, line);
                }
                Command::Live { tasks, reply } => {
                    let live = |task| Some((task, self.live(task)?));
                    reply.send(tasks.into_iter().filter_map(live).collect()).ok();
                }
            }
        }
        self.carry_out().await;
        for done in settled {
            done.send(()).ok(); // who asked did not wait
        }
    }

    /// Says what is behind it where agents lost each other because nothing is relayed for them any more:
    /// they only see that nothing comes.
    fn explain(&self, input: &mut Input) {
        if let Input::Session {
            session, state: SessionState::Broken { problem, retry: true }, ..
        } = input
            && let Some(why) = self.day_used(*session, problem.code)
        {
            *problem = why;
        }
    }

    fn day_used(&self, session: SessionId, said: Code) -> Option<Problem> {
        let facts = self.facts.get(&self.machine.task_of(session)?)?;
        let was_relayed = said == Code::LinkBroken && facts.route.is_some_and(Route::is_relayed);
        let left = self.surroundings.relays.own.left(facts.owner)?;
        if left.bytes != 0 || !(was_relayed || said == Code::NoRoute) {
            return None;
        }
        let until = UnixTime::from_seconds(i64::try_from(left.until).unwrap_or(i64::MAX));
        Some(Problem::new(Code::RelayDayUsed, [("until", until.to_string().into())]))
    }

    fn live(&self, task: TaskId) -> Option<Live> {
        let mut standing = self.machine.standing(task)?.clone();
        let facts = self.facts.get(&task)?;
        if standing.status == NiceStatus::Ok && facts.has_no_room() {
            standing.status = NiceStatus::Quota;
            standing.endpoint = self.machine.destination(task);
        }
        let rate = if standing.route.is_some() { facts.rate } else { 0 };
        let of_now = |(session, _): &(SessionId, Line)| self.machine.works_on(*session, task);
        let line = facts.line.filter(of_now).filter(|_| standing.route.is_some());
        let line = line.map(|(_, line)| line);
        Some(Live { standing, counts: facts.counts, rate, line })
    }

    /// Takes the word of the side that sends, which knows what gets lost.
    fn line(&mut self, endpoint: EndpointId, task: TaskId, session: SessionId, line: Line) {
        let believed =
            self.machine.works_on(session, task) && self.machine.source(task) == Some(endpoint);
        if let Some(facts) = self.facts.get_mut(&task).filter(|_| believed) {
            facts.line = Some((session, line.rounded()));
        }
    }

    fn progress(&mut self, progress: &Progress) {
        let Progress { endpoint, task, session, counts, rate } = *progress;
        let believed =
            self.machine.works_on(session, task) && self.machine.is_authority(endpoint, task);
        let Some(facts) = self.facts.get_mut(&task).filter(|_| believed) else { return };
        let now = Instant::now();
        let had_no_room = facts.has_no_room();
        facts.counts = Some(counts);
        facts.rate = rate;
        facts.is_unsaved = true;
        self.flush_at.get_or_insert(now + FLUSH_INTERVAL);
        if had_no_room != counts.no_room {
            let change = Change::Task { owner: facts.owner, task };
            self.surroundings.events.publish(change);
        }
        if facts.shown_at.is_none_or(|shown| shown + SHOW_INTERVAL <= now) {
            facts.shown_at = Some(now);
            let change = Change::Progress { owner: facts.owner, task };
            self.surroundings.events.publish(change);
        }
    }

    /// Takes over the active tasks of the store.
    async fn load(&mut self) -> Result<(), StoreError> {
        let holder = self.inbox.holder;
        let now = self.surroundings.clock.now();
        let until = now.plus_seconds(HELD_SECONDS).millis();
        self.surroundings
            .store
            .write(move |tx| {
                Box::pin(async move {
                    task::Entity::update_many()
                        .filter(task::Column::Status.eq("ACTIVE"))
                        .filter(
                            // What was submitted before this ran is held already.
                            task::Column::Holder.is_null().or(task::Column::Holder.ne(holder)),
                        )
                        .col_expr(task::Column::Holder, Expr::value(holder))
                        .col_expr(task::Column::HeldUntil, Expr::value(until))
                        .col_expr(task::Column::Fence, Expr::col(task::Column::Fence).add(1))
                        .exec(tx)
                        .await?;
                    Ok::<_, StoreError>(())
                })
            })
            .await?;
        let rows = task::Entity::find()
            .filter(task::Column::Status.eq("ACTIVE"))
            .order_by_asc(task::Column::RequestedAt)
            .all(self.surroundings.store.read())
            .await?;
        tracing::info!(tasks = rows.len(), "active tasks taken over");
        for row in rows {
            let spec = spec_of(&row);
            let counts = super::start::stored_counts(&row);
            let facts = Facts { counts: Some(counts), ..Facts::new(spec.owner, row.fence) };
            self.facts.insert(spec.id, facts);
            if let Some(held) = spec.session.filter(|_| spec.source != spec.destination) {
                // Its agents may hold a relayed link, and prove themselves anew.
                self.surroundings.relays.open(held.id, spec.owner).await;
            }
            self.machine.handle(Input::Submitted(spec), now);
        }
        Ok(())
    }

    /// Does what the machine says, until it says no more.
    async fn carry_out(&mut self) {
        loop {
            let actions: Vec<_> = std::iter::from_fn(|| self.machine.poll_action()).collect();
            if actions.is_empty() {
                break;
            }
            let plan = self.plan(actions).await;
            for (endpoint, message) in plan.first {
                self.surroundings.presence.send(endpoint, message).await;
            }
            self.save(plan.writes).await;
            for (endpoint, message) in plan.then {
                self.surroundings.presence.send(endpoint, message).await;
            }
            for change in plan.changes {
                self.surroundings.events.publish(change);
            }
            let machine = &self.machine;
            self.facts.retain(|task, _| machine.standing(*task).is_some());
        }
        let (tasks, sessions) = self.machine.counts();
        self.surroundings.metrics.set(tasks, sessions);
    }

    async fn plan(&mut self, actions: Vec<Action>) -> Plan {
        let mut plan = Plan::default();
        let names = self.names(&actions).await;
        let mut over: BTreeSet<SessionId> = actions.iter().filter_map(ended).collect();
        for action in actions {
            match action {
                Action::Start { session, .. } if over.contains(&session) => {}
                Action::Start { task, session, source, destination, expires } => {
                    let issued = self.surroundings.clock.now();
                    let opening = Opening { task, session, source, destination, issued, expires };
                    self.open(opening, &mut plan).await;
                }
                Action::Renewed { task, session, expires } => match self.may_go_on(task).await {
                    true => plan.writes.push(Write::Session { task, session, expires }),
                    false => {
                        over.insert(session);
                        let ends = self.machine.ends_of(task);
                        if let Some(destination) = ends.last() {
                            self.end_for_rights(task, *destination, &mut plan);
                        }
                    }
                },
                Action::Renew { session, .. } if over.contains(&session) => {}
                Action::Renew { endpoint, session, expires } => {
                    plan.then.push((endpoint, HubMessage::Renew { session, expires }));
                }
                Action::Revoke { endpoint, session, reason } => {
                    plan.first.push((endpoint, HubMessage::Revoke { session, reason }));
                }
                Action::PeerCandidates { endpoint, session, candidates } => {
                    let message = HubMessage::PeerCandidates { session, candidates };
                    plan.then.push((endpoint, message));
                }
                Action::TaskOver { endpoint, task } => {
                    plan.then.push((endpoint, HubMessage::TaskOver { task }));
                }
                Action::Ended { task, session } => {
                    self.surroundings.relays.own.close(session).await;
                    plan.writes.push(Write::NoSession { task, session });
                }
                Action::Fail { task, failure } => self.fail(task, failure, &mut plan),
                Action::Note { task, note } => {
                    let event = self.event_of(note, &names);
                    self.push_event(task, event, &mut plan);
                }
                Action::Changed { task } => {
                    let route = self.machine.standing(task).and_then(|standing| standing.route);
                    if let Some(facts) = self.facts.get_mut(&task) {
                        if let Some(route) = route
                            && facts.route.replace(route) != Some(route)
                        {
                            plan.writes.push(Write::Route { task, route });
                        }
                        plan.changes.push(Change::Task { owner: facts.owner, task });
                    }
                }
            }
        }
        plan
    }

    /// Writes the messages of a new session into the plan, or takes the session back.
    async fn open(&mut self, opening: Opening, plan: &mut Plan) {
        let Opening { task, session, source, destination, issued, expires } = opening;
        let relays = match self.facts.get(&task).filter(|_| source != destination) {
            Some(facts) => self.surroundings.relays.open(session, facts.owner).await,
            None => Vec::new(),
        };
        match open(&self.surroundings.store, &self.surroundings.keys, opening, &relays).await {
            Ok(messages) => {
                plan.writes.push(Write::Session { task, session, expires });
                plan.then.extend(messages);
            }
            Err(OpenError::Rights) => self.end_for_rights(task, destination, plan),
            Err(error @ (OpenError::Store(_) | OpenError::Orders(_))) => {
                tracing::error!(%task, error = %Chain(&error), "cannot open a session");
                let request = RequestId::random().to_string();
                let problem = Problem::new(Code::Internal, [("request", request.into())]);
                let state = SessionState::Broken { problem, retry: true };
                let endpoint = destination;
                self.machine.handle(Input::Session { endpoint, session, state }, issued);
            }
        }
    }

    /// Whether those who work for a task may still do so: its account may have been closed since.
    async fn may_go_on(&self, task: TaskId) -> bool {
        let ends = self.machine.ends_of(task);
        match check_rights(&self.surroundings.store, task, &ends).await {
            Ok(()) => true,
            Err(OpenError::Rights) => false,
            Err(error @ (OpenError::Store(_) | OpenError::Orders(_))) => {
                // What cannot be read now is read at the next renewal.
                tracing::warn!(%task, error = %Chain(&error), "cannot look up a task's rights");
                true
            }
        }
    }

    fn end_for_rights(&mut self, task: TaskId, endpoint: EndpointId, plan: &mut Plan) {
        let args = [("endpoint", endpoint.to_string().into())];
        let problem = Problem::new(Code::EndpointNotFound, args);
        self.fail(task, Failure::Problem(problem), plan);
        let now = self.surroundings.clock.now();
        self.machine.handle(Input::Over { task, finished: false }, now);
    }

    fn fail(&self, task: TaskId, failure: Failure, plan: &mut Plan) {
        let at = self.surroundings.clock.now();
        let (code, problem) = match failure {
            Failure::Expired { deadline } => {
                let args = [("deadline", deadline.to_string().into())];
                (EventCode::Expired, Problem::new(Code::Expired, args))
            }
            Failure::Problem(problem) => (EventCode::Failed, problem),
        };
        let event = EventRow::of_problem(code, at, &problem);
        let Some(facts) = self.facts.get(&task) else { return };
        if let Some(counts) = facts.counts {
            plan.writes.push(Write::Counts { task, counts: Box::new(counts) });
        }
        let owner = facts.owner;
        let document = Arc::new(event.document());
        plan.changes.push(Change::TaskEvent { owner, task, event: document });
        plan.changes.push(Change::Task { owner, task });
        let event = Box::new(event);
        plan.writes.push(Write::Failed { task, at, failure: Box::new(problem), event });
        self.surroundings.metrics.ended("FAILED");
    }

    fn push_event(&self, task: TaskId, event: EventRow, plan: &mut Plan) {
        if let Some(facts) = self.facts.get(&task) {
            let (owner, document) = (facts.owner, Arc::new(event.document()));
            plan.changes.push(Change::TaskEvent { owner, task, event: document });
            plan.writes.push(Write::Event { task, event: Box::new(event) });
        }
    }

    fn event_of(&self, note: Note, names: &BTreeMap<Uuid, String>) -> EventRow {
        let now = self.surroundings.clock.now();
        let Note { code, endpoint, problem, route } = note;
        if let Some(problem) = problem {
            return EventRow::of_problem(code, now, &with_names(problem, names));
        }
        let name = endpoint.and_then(|id| names.get(&id.uuid())).cloned().unwrap_or_default();
        let about = |code| Problem::new(code, [("endpoint", name.as_str().into())]).message;
        let details = if code == EventCode::Paused {
            about(Code::EndpointPaused)
        } else if code == EventCode::NotConnected {
            about(Code::NotConnected)
        } else if code == EventCode::Unpaused {
            format!("{name} was resumed by its owner.")
        } else if code == EventCode::Connected {
            format!("{name} is connected.")
        } else {
            route.map(|route| format!("The route is {route}.")).unwrap_or_default()
        };
        EventRow::new(code, now, details)
    }

    /// The names of the endpoints that notes are about.
    async fn names(&self, actions: &[Action]) -> BTreeMap<Uuid, String> {
        let about = |action: &Action| {
            let Action::Note { task, note } = action else { return None };
            let ends = self.machine.ends_of(*task);
            Some(note.endpoint.into_iter().chain(ends).map(EndpointId::uuid))
        };
        let ids: BTreeSet<_> = actions.iter().filter_map(about).flatten().collect();
        if ids.is_empty() {
            return BTreeMap::new();
        }
        match self.surroundings.endpoints.names(ids).await {
            Ok(names) => names.into_iter().map(|(id, name)| (id, name.to_string())).collect(),
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "cannot read the names of endpoints");
                BTreeMap::new()
            }
        }
    }

    /// Stores what only memory knows of how far tasks are.
    async fn flush(&mut self) {
        self.flush_at = None;
        let mut writes = Vec::new();
        for (task, facts) in &mut self.facts {
            if let Some(counts) = facts.counts.filter(|_| facts.is_unsaved) {
                facts.is_unsaved = false;
                writes.push(Write::Counts { task: *task, counts: Box::new(counts) });
            }
        }
        self.save(writes).await;
    }

    /// Lengthens this process's hold on its tasks.
    async fn hold(&mut self) {
        self.hold_at = Instant::now() + HOLD_RENEWAL;
        if !self.facts.is_empty() {
            let until = self.surroundings.clock.now().plus_seconds(HELD_SECONDS);
            self.save(vec![Write::Hold { holder: self.inbox.holder, until }]).await;
        }
    }

    /// Stores; waits out a store that does not take it for a while.
    async fn save(&self, writes: Vec<Write>) {
        if writes.is_empty() {
            return;
        }
        let fence = |write: &Write| {
            write.task().and_then(|task| self.facts.get(&task)).map_or(0, |facts| facts.fence)
        };
        let writes: Arc<[(Write, i64)]> =
            writes.into_iter().map(|write| (write.clone(), fence(&write))).collect();
        for _ in 0..STORE_TRIES {
            let mine = Arc::clone(&writes);
            let stored = self.surroundings.store.write(move |tx| {
                Box::pin(async move {
                    for (write, fence) in &*mine {
                        if !write.apply(tx, *fence).await? {
                            tracing::debug!(?write, "a write did not count");
                        }
                    }
                    Ok::<_, StoreError>(())
                })
            });
            match stored.await {
                Ok(()) | Err(StoreError::Closed) => return,
                Err(error) => {
                    tracing::error!(error = %Chain(&error), "the scheduler cannot store");
                    tokio::time::sleep(STORE_PAUSE).await;
                }
            }
        }
        // What agents and people see goes on; after a restart the hub would know a little less.
        tracing::error!(writes = writes.len(), "the scheduler gave up storing");
    }
}

impl Facts {
    fn new(owner: AccountId, fence: i64) -> Self {
        Self {
            owner,
            fence,
            counts: None,
            rate: 0,
            route: None,
            line: None,
            shown_at: None,
            is_unsaved: false,
        }
    }

    /// Whether it waits for room at the destination, as its agent said last.
    fn has_no_room(&self) -> bool {
        self.counts.is_some_and(|counts| counts.no_room)
    }
}

fn ended(action: &Action) -> Option<SessionId> {
    let Action::Ended { session, .. } = action else { return None };
    Some(*session)
}

fn spec_of(row: &task::Model) -> TaskSpec {
    let held = |(id, expires)| HeldSession {
        id: SessionId::from_uuid(id),
        expires: UnixTime::from_millis(expires),
    };
    TaskSpec {
        id: TaskId::from_uuid(row.id),
        owner: AccountId::from_uuid(row.account_id),
        source: EndpointId::from_uuid(row.source_id),
        destination: EndpointId::from_uuid(row.destination_id),
        deadline: UnixTime::from_millis(row.deadline),
        is_new: false,
        session: row.session_id.zip(row.session_expires).map(held),
    }
}

/// Sessions of one endpoint at the same time: enough to keep a line busy with small tasks, few
/// enough that each gets somewhere.
const SESSIONS_PER_ENDPOINT_MAX: usize = 8;
/// Commands that share one transaction.
const BATCH_MAX: usize = 64;
/// How much of what an agent says about its progress a crash of the hub forgets.
const FLUSH_INTERVAL: Duration = Duration::from_secs(10);
/// Listeners see four changes a second of each task.
const SHOW_INTERVAL: Duration = Duration::from_millis(250);
/// How long a process holds its tasks without saying so again.
const HELD_SECONDS: i64 = 90;
const HOLD_RENEWAL: Duration = Duration::from_secs(30);
/// Between two tries to store.
const STORE_PAUSE: Duration = Duration::from_secs(1);
const STORE_TRIES: usize = 10;
