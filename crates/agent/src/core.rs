//! The agent's one owner of state: everything that happens becomes an [`Event`], one at a time.
//!
//! [`Core::next_event`] is the only wait; what follows from an event is decided without waiting, and
//! whatever takes time (disk, network, sessions) is a worker that comes back with an event. So there
//! are no locks, and the order of things is the order of events.

mod closing;
mod commands;
mod holding;
mod hub;
mod limits;
mod probes;
mod reach;
mod requests;
mod sessions;
pub(crate) mod show;
mod speed;

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use outport_control::{
    Account, Folder, Happening, Paths, Pause, Phase, Power, Snapshot, TaskBoard,
};
use outport_link::Endpoint;
use outport_mover::rules::LiveRules;
use outport_protocol::{
    control::{AgentMessage, AgentStatus, Outcome, Paused},
    secret::SecretKey,
};
use outport_types::{Code, Problem, RequestId, SessionId, UnixTime};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep_until},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) use self::{
    commands::{CoreCommand, Order, order},
    holding::Holding,
    reach::{Reach, Reaching},
};
use self::{
    hub::Hub, limits::LimitsInForce, probes::Probes, requests::Requests, sessions::Running,
    show::Shown, speed::Speed,
};
use crate::{
    clock::local_now,
    config::{Config, ConfigError},
    disk::Disk,
    hub_link::{HubEvent, Shake},
    lock::Holder,
    network::NetworkEvent,
    outbox::{Outbox, OutboxEvent},
    registration::Registration,
    session::{SeenSessions, SessionEvent, TicketLog},
};

/// Everything that can happen to an agent.
#[derive(Debug)]
enum Event {
    /// The channel to the hub.
    Hub(HubEvent),
    /// A session.
    Session(SessionId, SessionEvent),
    /// The owner.
    Order(Order),
    /// The computer's network.
    Network(NetworkEvent),
    /// A worker of our own.
    News(News),
    /// There is room on the channel to the hub.
    CanSend(mpsc::OwnedPermit<AgentMessage>),
    /// Something may be due.
    Tick,
}

/// What workers come back with.
#[derive(Debug)]
pub(crate) enum News {
    /// The config file was read again.
    Config(Box<Result<Config, ConfigError>>),
    /// The folders were looked at.
    Folders { of: Arc<Config>, folders: Vec<Folder> },
    /// A request was carried out on the channel with this number.
    Answered { channel: u64, request: RequestId, outcome: Outcome },
    /// Reports were read, or a task's files removed.
    Outbox(OutboxEvent),
    /// Another agent took the profile.
    LockLost(Holder),
    /// The key of this computer was loaded, or not.
    Identity(Box<Result<Identity, Problem>>),
    /// What the computer says about its power and network.
    Power(Power),
    /// The sleep guard was taken or let go.
    Awake(bool),
    /// The router opened a port to this computer, or closed it.
    Mapped(Option<SocketAddr>),
    /// The owner's tasks at the hub.
    Board(TaskBoard),
    /// A pause, or its end, was made to last, or not.
    PauseKept(Result<(), Problem>),
}

/// Who this computer is at its hub.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) registration: Registration,
    pub(crate) key: SecretKey,
    pub(crate) endpoint: Endpoint,
    /// Why it does not listen where its owner wants it to.
    pub(crate) missed: Option<Problem>,
}

/// What the core is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) paths: Paths,
    pub(crate) tracker: TaskTracker,
    /// Cancelled when the agent shall end.
    pub(crate) stop: CancellationToken,
    pub(crate) disk: Disk,
    /// Shows the config in force; it holds the one to begin with.
    pub(crate) in_force: watch::Sender<Arc<Config>>,
    /// The config could not be read at the start.
    pub(crate) config_error: Option<ConfigError>,
    pub(crate) pause: Option<Pause>,
    pub(crate) seen: SeenSessions,
    pub(crate) tickets: TicketLog,
    pub(crate) outbox: Outbox,
    pub(crate) account: Option<Account>,
    pub(crate) holding: Holding,
    pub(crate) reaching: Reaching,
    /// Tells the worker of the tasks to begin anew.
    pub(crate) board_kick: watch::Sender<u64>,
    pub(crate) log: Option<crate::log::LogControl>,
    pub(crate) orders: mpsc::Receiver<Order>,
    pub(crate) network: mpsc::Receiver<NetworkEvent>,
    pub(crate) news: mpsc::Sender<News>,
    pub(crate) newsbox: mpsc::Receiver<News>,
    pub(crate) state: watch::Sender<Arc<Snapshot>>,
}

/// The agent.
#[derive(Debug)]
pub(crate) struct Core {
    paths: Paths,
    tracker: TaskTracker,
    stop: CancellationToken,
    disk: Disk,

    orders: mpsc::Receiver<Order>,
    network: mpsc::Receiver<NetworkEvent>,
    news: mpsc::Sender<News>,
    newsbox: mpsc::Receiver<News>,
    session_events: mpsc::Sender<(SessionId, SessionEvent)>,
    session_inbox: mpsc::Receiver<(SessionId, SessionEvent)>,

    config: Arc<Config>,
    /// Shows the config to all who work by it.
    in_force: watch::Sender<Arc<Config>>,
    rules: LiveRules,
    far_rules: LiveRules,
    gateway_rules: LiveRules,
    identity: Option<Identity>,
    hub: Hub,
    shake: watch::Sender<Shake>,
    /// Since a pause began, what takes the place of answers that are on their way.
    recall: watch::Sender<Option<Problem>>,
    pause: Option<Pause>,
    sessions: BTreeMap<SessionId, Running>,
    seen: SeenSessions,
    tickets: TicketLog,
    outbox: Outbox,
    requests: Requests,
    probes: Probes,
    shown: Shown,
    speed: Speed,
    holding: Holding,
    reaching: Reaching,
    limits: LimitsInForce,
    board_kick: watch::Sender<u64>,
    log: Option<crate::log::LogControl>,
    state: watch::Sender<Arc<Snapshot>>,
    /// Who took the profile from this agent.
    taken_over: Option<Holder>,
}

impl Core {
    pub(crate) fn new(parts: Parts) -> Self {
        let (session_events, session_inbox) = mpsc::channel(SESSION_EVENTS_MAX);
        let config = parts.in_force.borrow().clone();
        let rules = LiveRules::new(config.rules.clone());
        let far_rules = LiveRules::new(config.far_rules.clone());
        let gateway_rules = LiveRules::new(config.gateway_rules.clone());
        let mut shown = Shown::new(parts.account);
        if let Some(error) = &parts.config_error {
            shown.notice_problem(error.problem());
        }
        Self {
            paths: parts.paths,
            tracker: parts.tracker,
            stop: parts.stop,
            disk: parts.disk,
            orders: parts.orders,
            network: parts.network,
            news: parts.news,
            newsbox: parts.newsbox,
            session_events,
            session_inbox,
            config,
            in_force: parts.in_force,
            rules,
            far_rules,
            gateway_rules,
            identity: None,
            hub: Hub::default(),
            shake: watch::Sender::new(Shake::default()),
            recall: watch::Sender::new(None),
            pause: parts.pause,
            sessions: BTreeMap::new(),
            seen: parts.seen,
            tickets: parts.tickets,
            outbox: parts.outbox,
            requests: Requests::default(),
            probes: Probes::default(),
            shown,
            speed: Speed::default(),
            holding: parts.holding,
            reaching: parts.reaching,
            limits: LimitsInForce::default(),
            board_kick: parts.board_kick,
            log: parts.log,
            state: parts.state,
            taken_over: None,
        }
    }

    /// Works until the agent shall end; gives itself back for the orderly end.
    pub(crate) async fn run(mut self) -> Self {
        self.look_at_folders();
        self.review_limits();
        self.publish();
        loop {
            let event = self.next_event().await;
            let Some(event) = event else { return self };
            self.apply(event, Instant::now());
            self.publish();
        }
    }

    /// Who took the profile, where that is why the agent ends.
    pub(crate) fn taken_over(&self) -> Option<Holder> {
        self.taken_over.clone()
    }

    /// The only wait. Every branch may be dropped and polled anew.
    async fn next_event(&mut self) -> Option<Event> {
        let wake = self.next_wake();
        let listening = self.hub.outgoing.len() < OUTGOING_MAX; // a hub that does not read is not heard
        let wanted = self.hub.wanted();
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            order = self.orders.recv() => order.map(Event::Order),
            news = self.newsbox.recv() => news.map(Event::News),
            session = self.session_inbox.recv() => {
                session.map(|(session, event)| Event::Session(session, event))
            }
            event = self.network.recv() => event.map(Event::Network),
            permit = Hub::room(wanted) => Some(Event::CanSend(permit)),
            event = Hub::event(&mut self.hub.events), if listening => Some(Event::Hub(event)),
            () = sleep_until(wake) => Some(Event::Tick),
        }
    }

    fn apply(&mut self, event: Event, now: Instant) {
        match event {
            Event::Hub(event) => self.hub_event(event, now),
            Event::Session(session, event) => self.session_event(session, event),
            Event::Order(order) => self.order(order),
            Event::Network(event) => self.network_event(event, now),
            Event::News(news) => self.news(news),
            Event::CanSend(permit) => self.hub.send_next(permit),
            Event::Tick => self.tick(now),
        }
    }

    fn news(&mut self, news: News) {
        match news {
            News::Config(read) => match *read {
                Ok(config) => self.take_config(config),
                Err(error) => {
                    tracing::warn!(error = %outport_types::Chain(&error), "the config is refused");
                    self.shown.notice_problem(error.problem());
                }
            },
            News::Folders { of, folders } if Arc::ptr_eq(&of, &self.config) => {
                self.shown.folders = folders;
            }
            News::Folders { .. } => self.look_at_folders(), // of a config that was replaced meanwhile
            News::Answered { channel, request, outcome } => {
                self.request_answered(channel, request, outcome);
            }
            News::Outbox(event) => self.outbox_event(event),
            News::LockLost(holder) => {
                tracing::error!(host = holder.host, pid = holder.pid, "the profile was taken over");
                self.taken_over = Some(holder);
                self.stop.cancel();
            }
            News::Identity(identity) => self.take_identity(*identity),
            News::Power(power) => self.take_power(power),
            News::Awake(awake) => self.holding.power.awake = awake,
            News::Mapped(address) => self.reaching.mapped(address),
            News::Board(board) => self.take_board(board),
            News::PauseKept(Ok(())) => self.shown.clear_notice(Code::StateUnusable),
            News::PauseKept(Err(problem)) => self.shown.notice_problem(problem),
        }
    }

    fn network_event(&mut self, event: NetworkEvent, now: Instant) {
        let endpoint = self.identity.as_ref().map(|identity| identity.endpoint.clone());
        match event {
            NetworkEvent::Woke { slept } => {
                tracing::info!(seconds = slept.as_secs(), "the computer slept");
                if let Some(clock) = &mut self.hub.clock {
                    clock.slept(slept);
                }
                self.shake.send_modify(|shake| shake.wakes += 1);
                self.board_kick.send_modify(|kicks| *kicks += 1);
                self.shown.event(None, Happening::Woke, "the computer woke up", None);
                if let Some(endpoint) = endpoint {
                    self.drop_dead_links(endpoint);
                }
                self.reaching.moved(); // leases ran out meanwhile
                self.tick(now);
            }
            NetworkEvent::Changed { addresses, lost } => {
                tracing::info!("the network of this computer changed");
                self.shake.send_modify(|shake| {
                    shake.changes += 1;
                    shake.addresses = addresses;
                });
                self.board_kick.send_modify(|kicks| *kicks += 1);
                self.shown.event(None, Happening::NetworkChanged, "the network changed", None);
                match endpoint {
                    Some(endpoint) if lost || !endpoint.is_where_asked() => {
                        self.rebind();
                        self.drop_dead_links(endpoint);
                    }
                    Some(endpoint) => endpoint.has_more_addresses(),
                    None => {}
                }
                self.reaching.moved();
            }
        }
    }

    /// Lets sessions find another route where theirs is dead.
    fn drop_dead_links(&self, endpoint: Endpoint) {
        self.tracker.spawn(async move {
            endpoint.drop_dead().await;
        });
    }

    /// Does what is due by a clock.
    fn tick(&mut self, now: Instant) {
        let local = local_now();
        if self.pause.is_some_and(|pause| crate::pause::is_over(&pause, local)) {
            self.resume(Happening::PauseOver, "the pause is over");
        }
        self.end_leases(now);
        self.review_limits();
        if self.speed.due.is_some_and(|due| due <= now) {
            self.flow(now);
            self.speed.step(!self.sessions.is_empty(), local, now);
        }
        if self.shown.folders_due <= now {
            self.look_at_folders();
            if self.shown.has_notice(Code::StateUnusable) {
                self.keep_pause(self.pause); // what an owner decided must last once there is room again
            }
        }
    }

    /// When something is due next.
    fn next_wake(&self) -> Instant {
        let now = Instant::now();
        let mut wake = self.shown.folders_due;
        wake = self.speed.due.map_or(wake, |due| wake.min(due));
        let pause_over = self.pause.and_then(|pause| pause.until);
        for until in [pause_over, self.limits.until()].into_iter().flatten() {
            // The owner's clock may be set meanwhile: it is looked at again now and then.
            let seconds = until.seconds.saturating_sub(local_now().seconds).clamp(0, 30);
            wake = wake.min(now + Duration::from_secs(seconds.unsigned_abs()));
        }
        if let Some(clock) = &self.hub.clock {
            let living = self.sessions.values().filter(|running| running.phase != Phase::Ending);
            let leases = living.map(|running| clock.instant_of(running.expires));
            wake = leases.fold(wake, Instant::min);
        }
        // A clock that stands still between two looks must not become a busy loop.
        wake.max(now + TICK_MIN)
    }

    /// Looks at the folders on the disk, which may hang on a drive that is away.
    fn look_at_folders(&mut self) {
        self.shown.folders_due = Instant::now() + FOLDERS_EVERY;
        let (config, news) = (self.config.clone(), self.news.clone());
        if self.shown.folders_look.as_ref().is_some_and(|look| !look.is_cancelled()) {
            return; // the last look still waits for the disk
        }
        let done = CancellationToken::new();
        self.shown.folders_look = Some(done.clone());
        self.tracker.spawn(async move {
            let done = done.drop_guard();
            let of = Arc::clone(&config);
            let folders = crate::blocking(move || crate::folders::list(&config)).await;
            drop(done); // what comes of it may be another look
            news.send(News::Folders { of, folders }).await.ok();
        });
    }

    /// What the hub shows of this computer.
    fn status(&self) -> AgentStatus {
        AgentStatus {
            paused: match (self.pause, self.holding.held) {
                (Some(pause), _) => Some(Paused { until: pause.until }),
                (None, Some(_)) => Some(Paused { until: None }),
                (None, None) => None,
            },
            default_directory: self.config.rules.default_directory().cloned(),
            probes: true,
        }
    }

    /// This computer's full name; a stand-in before it has one.
    fn name(&self) -> String {
        match &self.identity {
            Some(identity) => identity.registration.name.to_string(),
            None => "this computer".to_owned(),
        }
    }

    fn hub_time(&self) -> UnixTime {
        match &self.hub.clock {
            Some(clock) => clock.hub_time(Instant::now()),
            None => local_now(),
        }
    }
}

/// Events of sessions that wait: each has at most a few a second.
const SESSION_EVENTS_MAX: usize = 256;
/// Messages for the hub that wait; beyond, the hub is not listened to until it reads.
const OUTGOING_MAX: usize = 1024;
/// Often enough for a drive that was plugged in to show up while its owner watches.
const FOLDERS_EVERY: Duration = Duration::from_secs(5);
const TICK_MIN: Duration = Duration::from_millis(20);

/// Reply to an order.
pub(crate) type Answer = oneshot::Sender<Result<(), Problem>>;
