//! All that any screen shows of an agent, as one value.

use outport_types::{
    AgentState, Code, CollectionPath, EndpointId, Line, Problem, Route, SessionId, TaskId, UnixTime,
};
use serde::{Deserialize, Serialize};

use crate::{
    account::Account,
    folder::Folder,
    limits::LimitsView,
    proxy::ProxyUse,
    settings::{Hold, HoldReason, Power, Settings},
    sign_in::SignInView,
    task::TaskBoard,
};

/// Everything that the tray, the window and the command line show of one agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Snapshot {
    /// The agent's version.
    pub version: String,
    /// The profile that it runs for.
    pub profile: String,
    /// Its process.
    pub pid: u32,
    /// What it is doing, in one word.
    pub state: AgentState,
    /// The endpoint that this computer is; `None` before set-up.
    pub endpoint: Option<EndpointFacts>,
    /// Who is signed in; `None` when nobody is.
    pub account: Option<Account>,
    /// Since when the hub is connected; `None` while it is not.
    pub connected_since: Option<UnixTime>,
    /// The proxy that the hub is reached through, or was last looked for; `None` where it goes straight.
    #[serde(default)]
    pub proxy: Option<ProxyUse>,
    /// Where other computers reach this one from outside, beside what they find out themselves.
    #[serde(default)]
    pub reach: Reach,
    /// Set while the owner has it paused.
    pub paused: Option<Pause>,
    /// Set while a setting holds its work back.
    pub held: Option<Hold>,
    /// What the computer says about its power and network.
    pub power: Power,
    /// What the owner set.
    pub settings: Settings,
    /// How fast content may leave and come.
    pub limits: LimitsView,
    /// A name for this computer, made of its host's.
    pub suggested_name: String,
    /// A sign-in on its way, or one that failed.
    pub sign_in: Option<SignInView>,
    /// The folders that the owner shares.
    pub folders: Vec<Folder>,
    /// Where `/~/` leads.
    pub default_directory: Option<CollectionPath>,
    /// What is going on, oldest first.
    pub sessions: Vec<SessionView>,
    /// The owner's tasks at the hub.
    pub tasks: TaskBoard,
    /// How fast content moved in the last hour, oldest first; where there is no point, nothing moved.
    /// At most [`Snapshot::SPEED_MAX`].
    pub speed: Vec<SpeedPoint>,
    /// What happened lately, newest last; at most [`Snapshot::EVENTS_MAX`].
    pub events: Vec<Event>,
    /// What the owner should know, gravest first.
    pub notices: Vec<Notice>,
}

impl Snapshot {
    /// What is shown of an agent that has only begun.
    pub fn begun(version: &str, profile: &str, pid: u32) -> Self {
        Self {
            version: version.to_owned(),
            profile: profile.to_owned(),
            pid,
            state: AgentState::Connecting,
            endpoint: None,
            account: None,
            connected_since: None,
            proxy: None,
            reach: Reach::default(),
            paused: None,
            held: None,
            power: Power::default(),
            settings: Settings::default(),
            limits: LimitsView::default(),
            suggested_name: String::new(),
            sign_in: None,
            folders: Vec::new(),
            default_directory: None,
            sessions: Vec::new(),
            tasks: TaskBoard::default(),
            speed: Vec::new(),
            events: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// Events that a snapshot holds: a screenful; the log has the rest.
    pub const EVENTS_MAX: usize = 50;
    /// An hour of [`SpeedPoint::SECONDS`].
    pub const SPEED_MAX: usize = 240;
}

/// Addresses at which other computers reach this one from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Reach {
    /// What the owner named.
    pub advertised: Vec<String>,
    /// The port that the router has opened to this computer for now.
    pub mapped: Option<String>,
}

/// How fast content moved for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SpeedPoint {
    /// When the while ended.
    pub time: UnixTime,
    /// Bytes per second that left this computer.
    pub sent: u64,
    /// Bytes per second that came to this computer or were copied inside it.
    pub received: u64,
}

impl SpeedPoint {
    /// How long one point stands for.
    pub const SECONDS: u64 = 15;
}

/// The endpoint that a computer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct EndpointFacts {
    /// Its id.
    pub id: EndpointId,
    /// Its full name, `smith#WorkPC`.
    pub name: String,
    /// Whose it is, as the hub says; empty until the hub was reached once.
    pub owner: String,
    /// The hub's URL.
    pub hub: String,
    /// The fingerprint of its key, for people to compare.
    pub fingerprint: String,
}

/// A pause by the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Pause {
    /// When it began.
    pub since: UnixTime,
    /// When it ends by itself; `None` is when the owner says so.
    pub until: Option<UnixTime>,
}

/// One session as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SessionView {
    /// The session.
    pub session: SessionId,
    /// The task that it works on.
    pub task: TaskId,
    /// Which way the files go.
    pub direction: Direction,
    /// The other computer's name; `None` when there is none.
    pub peer: Option<String>,
    /// How far the session itself is.
    pub phase: Phase,
    /// How it travels, once it is known.
    pub route: Option<Route>,
    /// How that does, once it was looked at.
    pub line: Option<Line>,
    /// How far the work is.
    pub progress: Progress,
    /// When it began.
    pub started: UnixTime,
}

/// Which way files go in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From this computer.
    Sending,
    /// To this computer.
    Receiving,
    /// Inside this computer.
    Copying,
    /// Files are deleted here.
    Deleting,
}

/// How far a session itself is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The two computers look for a route.
    Connecting,
    /// Files are compared and moved.
    Working,
    /// It is ending.
    Ending,
}

/// How far the work of a session is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Progress {
    /// Files found at the source so far.
    pub files_found: u64,
    /// Their bytes.
    pub bytes_found: u64,
    /// Whether everything is found that there is.
    pub scan_done: bool,
    /// Files that nothing more will happen to: durable, unchanged, given up or deleted.
    pub files_done: u64,
    /// Bytes of content that are durable, of unfinished files too; at the sender, what it sent.
    pub bytes_done: u64,
    /// Bytes that nothing more will happen to: with those of files that needed no copy or were given
    /// up.
    pub bytes_settled: u64,
    /// What was left out.
    pub skipped: u64,
    /// Bytes of content per second at the moment.
    pub rate: u64,
    /// Seconds left at this rate; `None` while it cannot be told.
    pub eta_seconds: Option<u64>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Event {
    /// When.
    pub time: UnixTime,
    /// The task that it is about, if it is about one.
    pub task: Option<TaskId>,
    /// What.
    pub what: Happening,
    /// The same in English.
    pub text: String,
    /// What went wrong, when something did.
    pub problem: Option<Problem>,
}

/// What happened, for screens that speak another language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Happening {
    /// The agent is closing.
    Closing,
    /// The owner paused it.
    Paused,
    /// The owner resumed it.
    Resumed,
    /// The pause ended by itself.
    PauseOver,
    /// A setting holds its work back.
    Held {
        /// Why.
        reason: HoldReason,
    },
    /// Nothing holds its work back any more, or the owner said to go on.
    Released {
        /// What did.
        reason: HoldReason,
    },
    /// The config was read again.
    ConfigRead,
    /// The key is kept at another place.
    KeyMoved,
    /// The computer became an endpoint.
    SetUp {
        /// Its full name.
        name: String,
    },
    /// The computer is no endpoint any more.
    Removed {
        /// The name that it had.
        name: String,
    },
    /// The network of the computer changed.
    NetworkChanged,
    /// The computer slept and woke.
    Woke,
    /// A session began.
    SessionBegan {
        /// Which way the files go.
        direction: Direction,
        /// The other computer, if there is one.
        peer: Option<String>,
    },
    /// A session found its route, or another one.
    SessionRoute {
        /// How it travels.
        route: Route,
        /// The other computer, if there is one.
        peer: Option<String>,
    },
    /// A session did all that it had to.
    SessionFinished {
        /// Which way the files went.
        direction: Direction,
        /// The other computer, if there is one.
        peer: Option<String>,
    },
    /// A session was stopped by the hub or the owner.
    SessionStopped {
        /// Which way the files went.
        direction: Direction,
        /// The other computer, if there is one.
        peer: Option<String>,
    },
    /// A session broke off; it is tried again where that can help.
    SessionInterrupted {
        /// Which way the files went.
        direction: Direction,
        /// The other computer, if there is one.
        peer: Option<String>,
    },
    /// A session was refused.
    SessionRefused {
        /// Which way the files would have gone.
        direction: Direction,
        /// The other computer, if there is one.
        peer: Option<String>,
    },
    /// Something that this version does not know.
    #[serde(other)]
    #[cfg_attr(feature = "specta", specta(skip))]
    Other,
}

/// Something that the owner should know as long as it stands here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Notice {
    /// What kind of notice.
    pub code: Code,
    /// A few words.
    pub title: String,
    /// What happened and what to do, in English.
    pub text: String,
    /// How grave it is.
    pub severity: Severity,
    /// The same for screens that speak another language.
    pub problem: Problem,
}

/// How grave a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing works until the owner does something.
    Error,
    /// Something does not work as the owner may think.
    Warning,
    /// Good to know.
    Information,
}
