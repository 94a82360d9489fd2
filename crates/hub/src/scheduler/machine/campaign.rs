//! The machine under random histories: after each step, what must always hold is checked against
//! agents that do as they are told; at the end, everything that can finish does.

use std::collections::{BTreeMap, BTreeSet};

use outport_protocol::control::SessionState;
use outport_types::{AccountId, Code, EndpointId, Problem, Route, SessionId, TaskId, UnixTime};

use super::{Action, Bounds, ConnectionId, HeldSession, Input, Machine, Phase, TaskSpec};

#[test]
fn no_history_breaks_the_bounds_or_loses_a_task() {
    for seed in 0..400 {
        let mut world = World::new(seed);
        for _ in 0..200 {
            world.step();
            world.check();
        }
        world.finish();
    }
}

const BOUNDS: Bounds = Bounds { sessions_per_user: 4, sessions_per_endpoint: 3 };
const ENDPOINTS: u8 = 5;
const ACCOUNTS: u8 = 3;

struct World {
    seed: u64,
    rng: fastrand::Rng,
    machine: Machine,
    now: UnixTime,
    agents: BTreeMap<EndpointId, Agent>,
    /// Tasks as the store has them, with the session that is stored.
    tasks: BTreeMap<TaskId, (TaskSpec, Option<HeldSession>)>,
    next: u64,
}

/// An agent that obeys.
#[derive(Default)]
struct Agent {
    connection: Option<ConnectionId>,
    paused: bool,
    held: BTreeSet<SessionId>,
}

impl World {
    fn new(seed: u64) -> Self {
        let agents = (1..=ENDPOINTS).map(|n| (endpoint(n), Agent::default())).collect();
        Self {
            seed,
            rng: fastrand::Rng::with_seed(seed),
            machine: Machine::new(BOUNDS, fastrand::Rng::with_seed(seed)),
            now: UnixTime::from_seconds(1_000_000),
            agents,
            tasks: BTreeMap::new(),
            next: 0,
        }
    }

    fn step(&mut self) {
        let id = endpoint(self.rng.u8(1..=ENDPOINTS));
        match self.rng.u8(0..12) {
            0..3 => self.submit(),
            3 | 4 => self.connect(id),
            5 => self.disconnect(id),
            6 => {
                let paused = self.rng.bool();
                self.pause(id, paused);
            }
            7 | 8 => self.session_event(id),
            9 => self.over(),
            10 => {
                let seconds = self.rng.i64(1..700);
                self.pass(seconds);
            }
            _ => self.restart(),
        }
        self.obey();
    }

    fn submit(&mut self) {
        self.next += 1;
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.next.to_be_bytes());
        let spec = TaskSpec {
            id: TaskId::from_bytes(bytes),
            owner: AccountId::from_bytes([self.rng.u8(1..=ACCOUNTS); 16]),
            source: endpoint(self.rng.u8(1..=ENDPOINTS)),
            destination: endpoint(self.rng.u8(1..=ENDPOINTS)),
            deadline: self.now.plus_seconds(1_000_000_000),
            is_new: true,
            session: None,
        };
        self.tasks.insert(spec.id, (spec.clone(), None));
        self.input(Input::Submitted(spec));
    }

    fn connect(&mut self, id: EndpointId) {
        self.next += 1;
        let connection = ConnectionId(self.next);
        let agent = self.agents.get_mut(&id).unwrap();
        agent.connection = Some(connection);
        let sessions = agent.held.iter().copied().collect();
        let paused = agent.paused;
        self.input(Input::Connected { endpoint: id, connection, paused, sessions });
    }

    fn disconnect(&mut self, id: EndpointId) {
        let agent = self.agents.get_mut(&id).unwrap();
        if self.rng.bool() {
            agent.held.clear(); // it was killed
        }
        if let Some(connection) = agent.connection.take() {
            self.input(Input::Disconnected { endpoint: id, connection });
        }
    }

    fn pause(&mut self, id: EndpointId, paused: bool) {
        let agent = self.agents.get_mut(&id).unwrap();
        agent.paused = paused;
        if paused {
            agent.held.clear();
        }
        if let Some(connection) = agent.connection {
            self.input(Input::Paused { endpoint: id, connection, paused });
        }
    }

    fn session_event(&mut self, id: EndpointId) {
        let agent = self.agents.get_mut(&id).unwrap();
        let held: Vec<_> = agent.held.iter().copied().collect();
        let (Some(session), Some(_)) = (self.rng.choice(held), agent.connection) else { return };
        let problem = Problem::new(Code::NoRoute, []);
        let state = match self.rng.u8(0..5) {
            0 => SessionState::Broken { problem, retry: true },
            1 => SessionState::Refused { problem, retry: true },
            2 => SessionState::Stopped,
            3 => SessionState::Done,
            _ => SessionState::Connected { route: Route::Lan },
        };
        if !matches!(state, SessionState::Connected { .. }) {
            agent.held.remove(&session);
        }
        self.input(Input::Session { endpoint: id, session, state });
    }

    fn over(&mut self) {
        let ids: Vec<_> = self.tasks.keys().copied().collect();
        if let Some(task) = self.rng.choice(ids) {
            self.tasks.remove(&task);
            let finished = self.rng.bool();
            self.input(Input::Over { task, finished });
        }
    }

    /// The hub starts anew with what its store has.
    fn restart(&mut self) {
        self.obey();
        self.machine = Machine::new(BOUNDS, fastrand::Rng::with_seed(self.next));
        for agent in self.agents.values_mut() {
            agent.connection = None;
        }
        let stored: Vec<_> = self.tasks.values().cloned().collect();
        for (spec, session) in stored {
            self.input(Input::Submitted(TaskSpec { is_new: false, session, ..spec }));
        }
    }

    fn pass(&mut self, seconds: i64) {
        self.now = self.now.plus_seconds(seconds);
        self.machine.handle_timeout(self.now);
    }

    fn input(&mut self, input: Input) {
        self.machine.handle(input, self.now);
    }

    /// Carries out what the machine says.
    fn obey(&mut self) {
        while let Some(action) = self.machine.poll_action() {
            match action {
                Action::Start { task, session, source, destination, expires } => {
                    for end in [source, destination] {
                        let agent = self.agents.get_mut(&end).unwrap();
                        assert!(agent.connection.is_some(), "seed {}: away", self.seed);
                        assert!(!agent.paused, "seed {}: paused", self.seed);
                        agent.held.insert(session);
                    }
                    self.tasks.get_mut(&task).unwrap().1 =
                        Some(HeldSession { id: session, expires });
                }
                Action::Revoke { endpoint, session, .. } => {
                    let agent = self.agents.get_mut(&endpoint).unwrap();
                    assert!(agent.connection.is_some(), "seed {}: nobody hears", self.seed);
                    agent.held.remove(&session);
                }
                Action::Renewed { task, session, expires } => {
                    self.tasks.get_mut(&task).unwrap().1 =
                        Some(HeldSession { id: session, expires });
                }
                Action::Ended { task, session } => {
                    if let Some((_, held)) = self.tasks.get_mut(&task)
                        && held.is_some_and(|held| held.id == session)
                    {
                        *held = None;
                    }
                }
                Action::TaskOver { endpoint, task } => {
                    let sessions = &self.machine.sessions;
                    let agent = self.agents.get_mut(&endpoint).unwrap();
                    agent.held.retain(|id| sessions.get(id).is_some_and(|s| s.task != task));
                }
                Action::Fail { task, failure } => {
                    panic!("seed {}: {task} failed: {failure:?}", self.seed);
                }
                Action::Renew { .. }
                | Action::PeerCandidates { .. }
                | Action::Note { .. }
                | Action::Changed { .. } => {}
            }
        }
    }

    fn check(&self) {
        let seed = self.seed;
        let machine = &self.machine;
        assert_eq!(machine.tasks.len(), self.tasks.len(), "seed {seed}: every task is known");
        let mut of_user = BTreeMap::<_, usize>::new();
        let mut at = BTreeMap::<_, usize>::new();
        for (id, task) in &machine.tasks {
            let Phase::Running(session) = task.phase else { continue };
            assert_eq!(machine.sessions[&session].task, *id, "seed {seed}");
            *of_user.entry(task.owner).or_default() += 1;
            for end in task.ends() {
                *at.entry(end).or_default() += 1;
            }
        }
        let sessions = of_user.values().sum::<usize>();
        assert_eq!(machine.sessions.len(), sessions, "seed {seed}: one session a running task");
        for n in 1..=ACCOUNTS {
            let account = AccountId::from_bytes([n; 16]);
            let running = of_user.get(&account).copied().unwrap_or_default();
            assert_eq!(machine.turns.running_of(account), running, "seed {seed}");
        }
        for (id, agent) in &self.agents {
            let running = at.get(id).copied().unwrap_or_default();
            assert_eq!(machine.turns.running_at(*id), running, "seed {seed}");
            if agent.connection.is_some() {
                for session in &agent.held {
                    let known = machine.sessions.contains_key(session);
                    assert!(known, "seed {seed}: a session goes on that the hub forgot");
                }
            }
        }
    }

    /// Lets everybody be there and finish what they are given.
    fn finish(&mut self) {
        for n in 1..=ENDPOINTS {
            self.pause(endpoint(n), false);
            self.connect(endpoint(n));
        }
        self.obey();
        for _ in 0..10_000 {
            if self.tasks.is_empty() {
                return;
            }
            let running = self.machine.tasks.iter().find_map(|(id, task)| match task.phase {
                Phase::Running(_) => Some(*id),
                Phase::Waiting | Phase::Queued | Phase::BackingOff => None,
            });
            match running {
                Some(task) => {
                    self.tasks.remove(&task);
                    self.input(Input::Over { task, finished: true });
                }
                None => {
                    let next = self.machine.poll_timeout().expect("something wakes it up");
                    self.now = self.now.max(next);
                    self.machine.handle_timeout(self.now);
                }
            }
            self.obey();
            self.check();
        }
        panic!("seed {}: {} tasks are stuck", self.seed, self.tasks.len());
    }
}

fn endpoint(n: u8) -> EndpointId {
    EndpointId::from_bytes([n; 16])
}
