//! What screens are shown, out of the state as it is.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use outport_control::{
    Account, BoardState, EndpointFacts, Event, Folder, FolderStatus, Happening, Notice,
    SessionView, Severity, SignInView, Snapshot, TaskBoard,
};
use outport_types::{AgentState, Code, Problem, TaskId};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Core, hub::HubPhase};
use crate::clock::local_now;

/// What is only there to be shown.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) account: Option<Account>,
    pub(super) sign_in: Option<SignInView>,
    pub(super) board: TaskBoard,
    suggested_name: String,
    pub(super) folders: Vec<Folder>,
    /// When the folders are looked at next.
    pub(super) folders_due: Instant,
    /// The last look, cancelled when it has come back.
    pub(super) folders_look: Option<CancellationToken>,
    events: VecDeque<Event>,
    notices: BTreeMap<Code, Notice>,
}

impl Shown {
    pub(super) fn new(account: Option<Account>) -> Self {
        Self {
            account,
            sign_in: None,
            board: TaskBoard::default(),
            suggested_name: crate::host::suggested_name(),
            folders: Vec::new(),
            folders_due: Instant::now(),
            folders_look: None,
            events: VecDeque::new(),
            notices: BTreeMap::new(),
        }
    }

    /// Writes down that something happened.
    pub(super) fn event(
        &mut self,
        task: Option<TaskId>,
        what: Happening,
        text: &str,
        problem: Option<Problem>,
    ) {
        if Snapshot::EVENTS_MAX <= self.events.len() {
            self.events.pop_front();
        }
        let text = text.to_owned();
        self.events.push_back(Event { time: local_now(), task, what, text, problem });
    }

    /// Shows a problem until it is [cleared](Self::clear_notice).
    pub(super) fn notice_problem(&mut self, problem: Problem) {
        self.notices.insert(problem.code, notice(problem));
    }

    pub(super) fn has_notice(&self, code: Code) -> bool {
        self.notices.contains_key(&code)
    }

    pub(super) fn clear_notice(&mut self, code: Code) {
        self.notices.remove(&code);
    }
}

impl Core {
    /// Takes in what is known of the owner's tasks.
    pub(super) fn take_board(&mut self, board: TaskBoard) {
        match &board.problem {
            // The hub ended the sign-in: nothing of the hub's is shown until somebody signs in.
            Some(problem) if problem.code == Code::SignedOut && self.shown.account.is_some() => {
                self.shown.notice_problem(problem.clone());
            }
            Some(_) | None if board.state == BoardState::Live => {
                self.shown.clear_notice(Code::SignedOut);
            }
            Some(_) | None => {}
        }
        self.shown.board = board;
    }

    /// Shows the state as it is now; the one place from which screens learn anything.
    pub(super) fn publish(&mut self) {
        self.review_awake();
        self.review_reach();
        let snapshot = self.snapshot();
        self.state.send_if_modified(|shown| {
            let changed = **shown != snapshot;
            if changed {
                *shown = Arc::new(snapshot);
            }
            changed
        });
    }

    fn snapshot(&self) -> Snapshot {
        let sessions = self.sessions.iter().map(|(session, running)| SessionView {
            session: *session,
            task: running.task,
            direction: running.direction,
            peer: running.peer.clone(),
            phase: running.phase,
            route: running.route,
            line: running.line,
            progress: running.progress(),
            started: running.started,
        });
        let mut sessions: Vec<_> = sessions.collect();
        sessions.sort_by_key(|view| (view.started, view.session));
        Snapshot {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            profile: self.paths.profile.to_string(),
            pid: std::process::id(),
            state: self.agent_state(),
            endpoint: self.identity.as_ref().map(|identity| EndpointFacts {
                id: identity.registration.endpoint,
                name: identity.registration.name.to_string(),
                owner: identity.registration.owner.clone(),
                hub: identity.registration.hub.to_string(),
                fingerprint: identity.registration.key.fingerprint().to_string(),
            }),
            account: self.shown.account.clone(),
            connected_since: self.hub.connected_since,
            proxy: self.hub.proxy.clone(),
            reach: self.reaching.shown(),
            paused: self.pause,
            held: self.holding.held,
            power: self.holding.power,
            settings: self.config.settings,
            limits: self.limits_view(),
            suggested_name: self.shown.suggested_name.clone(),
            sign_in: self.shown.sign_in.clone(),
            tasks: self.shown.board.clone(),
            speed: self.speed.points(),
            folders: self.shown.folders.clone(),
            default_directory: self.config.rules.default_directory().cloned(),
            sessions,
            events: self.shown.events.iter().cloned().collect(),
            notices: self.notices(),
        }
    }

    fn agent_state(&self) -> AgentState {
        let grave = self.shown.notices.values().any(|notice| notice.severity == Severity::Error);
        if self.is_paused() {
            return AgentState::Paused;
        }
        match self.hub.phase {
            HubPhase::Connected if !self.sessions.is_empty() => AgentState::Transferring,
            HubPhase::Connected if grave => AgentState::Attention,
            HubPhase::Connected => AgentState::Online,
            HubPhase::None | HubPhase::Resting => AgentState::Attention,
            HubPhase::Dialling | HubPhase::Waiting if grave => AgentState::Attention,
            HubPhase::Dialling => AgentState::Connecting,
            HubPhase::Waiting => AgentState::Offline,
        }
    }

    fn notices(&self) -> Vec<Notice> {
        let mut notices: Vec<_> = self.shown.notices.values().cloned().collect();
        for folder in &self.shown.folders {
            let code = match folder.status {
                FolderStatus::Available => continue,
                FolderStatus::Missing => Code::FolderMissing,
                FolderStatus::NotADirectory => Code::FolderReplaced,
                FolderStatus::Unreadable => Code::FolderUnreadable,
            };
            notices.push(notice(Problem::new(code, [("path", folder.path.as_str().into())])));
        }
        notices.sort_by_key(|notice| notice.severity);
        notices
    }
}

/// A problem as a notice.
pub(crate) fn notice(problem: Problem) -> Notice {
    let (title, severity) = heading(problem.code);
    Notice {
        code: problem.code,
        title: title.to_owned(),
        text: problem.message.clone(),
        severity,
        problem,
    }
}

/// A few words for a problem, and how grave it is.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most codes are about files, not about the agent"
)]
fn heading(code: Code) -> (&'static str, Severity) {
    match code {
        Code::NotSetUp => ("Not set up", Severity::Error),
        Code::EndpointRemoved => ("Removed from the hub", Severity::Error),
        Code::KeyReplaced => ("Another computer took this one's place", Severity::Error),
        Code::KeyUnknown => ("Not known at the hub", Severity::Error),
        Code::KeyUnavailable => ("The key cannot be used", Severity::Error),
        Code::HubKeyChanged => ("This may not be your hub", Severity::Error),
        Code::HubUntrusted => ("The hub's certificate is not trusted", Severity::Error),
        Code::VersionUnsupported => ("Versions do not fit", Severity::Error),
        Code::StateUnusable => ("Files of Outport cannot be used", Severity::Warning),
        Code::BadConfig => ("The config has a mistake", Severity::Error),
        Code::HubUnreachable => ("The hub cannot be reached", Severity::Warning),
        Code::NetworkSignIn => ("This network wants a sign-in", Severity::Error),
        Code::ProxyUnreachable => ("The proxy cannot be reached", Severity::Warning),
        Code::BadProxy | Code::ProxyRefused => ("The proxy does not help", Severity::Error),
        Code::ProxyNeedsLogin | Code::ProxyLoginWrong | Code::ProxyLoginUnavailable => {
            ("The proxy wants a user and a password", Severity::Error)
        }
        Code::SignedOut => ("Sign in again", Severity::Warning),
        Code::ListenUnavailable => ("Another port is used", Severity::Warning),
        Code::FolderMissing | Code::FolderReplaced | Code::FolderUnreadable => {
            ("A folder cannot be used", Severity::Warning)
        }
        _ => ("Something needs your attention", Severity::Warning),
    }
}
