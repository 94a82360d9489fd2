//! The data, and how it lives.

use std::time::Duration;

use outport_control::{
    BoardState, Collection, Direction, Event, FolderStatus, Happening, Here, Phase, Power,
    ProxyView, SessionView, SignInState, SignInView, Snapshot, SpeedPoint, TaskBoard, TaskView,
};
use outport_types::{
    AgentState, Code, EndpointId, Problem, Route, SessionId, TaskId, TaskKind, TaskStatus,
};

use super::{data, files::Files};
use crate::{clock::local_now, core::show::notice};

/// Everything that the demonstration knows.
#[derive(Debug)]
pub(super) struct World {
    pub(super) shown: Snapshot,
    pub(super) proxy: ProxyView,
    pub(super) tasks: Vec<TaskView>,
    pub(super) collections: Vec<Collection>,
    pub(super) files: Files,
    /// Bytes since the last point of speed: sent and received.
    moved: (u64, u64),
    since_point: Duration,
}

impl World {
    pub(super) fn new() -> Self {
        let now = local_now();
        let begun = Snapshot::begun(env!("CARGO_PKG_VERSION"), "demo", std::process::id());
        let shown = Snapshot {
            endpoint: Some(data::endpoint("WorkPC")),
            account: Some(data::account()),
            connected_since: Some(now.plus_seconds(-7_260)),
            power: Power { on_battery: Some(false), metered: None, awake: true },
            suggested_name: "WorkPC".to_owned(),
            folders: data::folders(),
            default_directory: "/home/smith/Data/cohorts".parse().ok(),
            speed: data::speed(now),
            events: data::events(now),
            ..begun
        };
        let mut world = Self {
            shown,
            proxy: data::no_proxy(),
            tasks: data::tasks(now),
            collections: data::collections(now),
            files: Files::new(now),
            moved: (0, 0),
            since_point: Duration::ZERO,
        };
        world.sort();
        world
    }

    /// The data as an agent would show it.
    pub(super) fn snapshot(&self) -> Snapshot {
        let signed_in = self.shown.account.is_some();
        let sessions = self.sessions();
        let mut notices = Vec::new();
        for folder in self.shown.folders.iter().filter(|f| f.status == FolderStatus::Missing) {
            let args = [("path", folder.path.as_str().into())];
            notices.push(notice(Problem::new(Code::FolderMissing, args)));
        }
        if self.shown.endpoint.is_none() {
            notices.insert(0, notice(Problem::new(Code::NotSetUp, [])));
        }
        let state = match (self.is_paused(), &self.shown.endpoint) {
            (_, None) => AgentState::Attention,
            (true, Some(_)) => AgentState::Paused,
            (false, Some(_)) if sessions.is_empty() => AgentState::Online,
            (false, Some(_)) => AgentState::Transferring,
        };
        let power = Power { awake: !sessions.is_empty(), ..self.shown.power };
        let tasks = if signed_in { self.tasks.clone() } else { Vec::new() };
        Snapshot {
            state,
            power,
            sessions,
            notices,
            tasks: TaskBoard {
                state: if signed_in { BoardState::Live } else { BoardState::SignedOut },
                problem: None,
                as_of: signed_in.then(local_now),
                tasks,
            },
            ..self.shown.clone()
        }
    }

    fn is_paused(&self) -> bool {
        self.shown.paused.is_some() || self.shown.held.is_some()
    }

    fn sessions(&self) -> Vec<SessionView> {
        if self.is_paused() || self.shown.endpoint.is_none() {
            return Vec::new();
        }
        let running = self.tasks.iter().filter(|task| runs(task));
        let view = |task: &TaskView| {
            let (direction, peer) = match task.here? {
                Here::Source => (Direction::Sending, task.destination.as_ref()),
                Here::Destination => (Direction::Receiving, Some(&task.source)),
                Here::Both => (Direction::Copying, None),
            };
            Some(SessionView {
                session: SessionId::from_uuid(task.id.uuid()),
                task: task.id,
                direction,
                peer: peer.map(|place| place.name.clone()),
                phase: if task.route.is_some() { Phase::Working } else { Phase::Connecting },
                route: task.route,
                line: task.line,
                progress: task.progress,
                started: task.requested,
            })
        };
        let mut sessions: Vec<_> = running.filter_map(view).collect();
        sessions.sort_by_key(|session| (session.started, session.session));
        sessions
    }

    /// Lets some time pass.
    pub(super) fn step(&mut self, time: Duration) {
        if self.shown.paused.is_some_and(|pause| crate::pause::is_over(&pause, local_now())) {
            self.shown.paused = None;
            self.happened(None, Happening::PauseOver, "the pause is over");
        }
        if !self.is_paused() && self.shown.endpoint.is_some() {
            for index in 0..self.tasks.len() {
                self.work_on(index, time);
            }
        }
        self.since_point += time;
        if Duration::from_secs(SpeedPoint::SECONDS) <= self.since_point {
            self.since_point = Duration::ZERO;
            let (sent, received) = std::mem::take(&mut self.moved);
            let per_second = |bytes: u64| bytes / SpeedPoint::SECONDS;
            let time = local_now();
            let point = SpeedPoint { time, sent: per_second(sent), received: per_second(received) };
            self.shown.speed.push(point);
            if Snapshot::SPEED_MAX < self.shown.speed.len() {
                self.shown.speed.remove(0);
            }
        }
        self.sort();
    }

    fn work_on(&mut self, index: usize, time: Duration) {
        let Some(task) = self.tasks.get_mut(index).filter(|task| runs(task)) else { return };
        if task.route.is_none() && task.kind == TaskKind::Transfer {
            task.route = Some(if fastrand::bool() { Route::Direct } else { Route::Lan });
            return; // the first step finds the way
        }
        let progress = &mut task.progress;
        let wobble = fastrand::u64(92..=108);
        progress.rate = (progress.rate.max(20_000_000) * wobble / 100).min(118_000_000);
        let bytes = (progress.rate as f64 * time.as_secs_f64()) as u64;
        let bytes = bytes.min(progress.bytes_found - progress.bytes_done);
        progress.bytes_done += bytes;
        progress.bytes_settled = progress.bytes_done;
        let left = progress.bytes_found - progress.bytes_done;
        progress.files_done = match progress.bytes_found {
            0 => progress.files_found,
            found => {
                (progress.files_found as f64 * progress.bytes_done as f64 / found as f64) as u64
            }
        };
        progress.eta_seconds = left.checked_div(progress.rate);
        match task.here {
            Some(Here::Source) => self.moved.0 += bytes,
            Some(Here::Destination | Here::Both) => self.moved.1 += bytes,
            None => {}
        }
        if left == 0 {
            self.finish(index);
        }
    }

    fn finish(&mut self, index: usize) {
        let Some(task) = self.tasks.get_mut(index) else { return };
        task.status = TaskStatus::Succeeded;
        task.completed = Some(local_now());
        (task.route, task.line) = (None, None);
        task.progress.files_done = task.progress.files_found;
        task.progress.eta_seconds = None;
        let id = task.id;
        let direction = match task.here {
            Some(Here::Source) => Direction::Sending,
            Some(Here::Destination) => Direction::Receiving,
            Some(Here::Both) => Direction::Copying,
            None => return,
        };
        let peer = match direction {
            Direction::Sending => task.destination.as_ref().map(|place| place.name.clone()),
            Direction::Receiving => Some(task.source.name.clone()),
            Direction::Copying | Direction::Deleting => None,
        };
        self.happened(Some(id), Happening::SessionFinished { direction, peer }, "finished");
    }

    /// Active ones first, as the agent sorts them.
    fn sort(&mut self) {
        self.tasks.sort_by_key(|task| {
            let ended = task.status != TaskStatus::Active;
            (ended, std::cmp::Reverse(task.completed.unwrap_or(task.requested)), task.id)
        });
        self.tasks.truncate(TaskBoard::TASKS_MAX);
    }

    pub(super) fn add(&mut self, task: TaskView) -> TaskId {
        let id = task.id;
        self.tasks.insert(0, task);
        self.sort();
        id
    }

    pub(super) fn task(&mut self, id: TaskId) -> Result<&mut TaskView, Problem> {
        let found = self.tasks.iter_mut().find(|task| task.id == id);
        found.ok_or_else(|| Problem::new(Code::TaskNotFound, [("task", id.to_string().into())]))
    }

    /// A collection that can be worked in now.
    pub(super) fn reachable(&self, id: EndpointId) -> Result<(), Problem> {
        let Some(found) = self.collections.iter().find(|found| found.id == id) else {
            let args = [("endpoint", id.to_string().into())];
            return Err(Problem::new(Code::EndpointNotFound, args));
        };
        let about = |code| Problem::new(code, [("endpoint", found.name.as_str().into())]);
        match (found.online, found.paused) {
            (Some(false), _) => Err(about(Code::NotConnected)),
            (Some(true) | None, Some(true)) => Err(about(Code::EndpointPaused)),
            (Some(true) | None, Some(false) | None) => Ok(()),
        }
    }

    pub(super) fn happened(&mut self, task: Option<TaskId>, what: Happening, text: &str) {
        let text = text.to_owned();
        self.shown.events.push(Event { time: local_now(), task, what, text, problem: None });
        if Snapshot::EVENTS_MAX < self.shown.events.len() {
            self.shown.events.remove(0);
        }
    }

    pub(super) fn sign_in_is(&mut self, state: SignInState) {
        if let Some(view) = &mut self.shown.sign_in {
            view.state = state;
        }
    }

    /// Somebody said yes, unless the sign-in was given up meanwhile.
    pub(super) fn signed_in(&mut self) {
        if let Some(SignInView { .. }) = self.shown.sign_in.take() {
            self.shown.account = Some(data::account());
        }
    }
}

/// Whether a task moves anything now.
pub(super) fn runs(task: &TaskView) -> bool {
    task.status == TaskStatus::Active && task.waiting.is_none()
}
