//! A running agent: started, asked, stopped.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use outport_control::{
    Handler, ListenError, Listener, Paths, Power, Settings, Snapshot, ensure_private_dir, serve,
};
use outport_types::{Chain, Code, Problem};
use tokio::{
    sync::{Notify, mpsc, watch},
    task::{JoinError, JoinHandle},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    board::{BoardWorker, Watchers},
    clock::local_now,
    commands,
    config::{self, Config, ConfigError, Listen, Ports, config_file},
    core::{Core, Holding, News, Order, Parts, Reaching},
    disk::Disk,
    handler::AgentHandler,
    lock::{BEAT_EVERY, Holder, LockError, ProfileLock},
    log::LogControl,
    network,
    outbox::Outbox,
    owner::Owner,
    pause,
    port_mapping::{self, HomeRouter, Wish},
    power::{self, Surroundings, ThisComputer},
    session::{SeenSessions, TicketLog, seen},
    shutdown,
    sign_in::SignInDesk,
    tokens::TokenStore,
};

/// What an agent is started with.
#[derive(Debug)]
pub struct AgentOptions {
    /// The files of the profile.
    pub paths: Paths,
    /// The log of this process, so that the config's level applies to it.
    pub log: Option<LogControl>,
    /// Where to listen, in the place of what the config says.
    pub listen: Option<SocketAddr>,
    /// Where other computers reach this one, in the place of what the config says; at most
    /// [`ADVERTISED_MAX`](crate::ADVERTISED_MAX).
    pub advertise: Vec<SocketAddr>,
}

impl AgentOptions {
    /// An agent that does as its config says.
    pub fn new(paths: Paths, log: Option<LogControl>) -> Self {
        Self { paths, log, listen: None, advertise: Vec::new() }
    }
}

/// An agent that runs in this process. Dropping it lets it run; [`Agent::stop`] and then
/// [`Agent::join`] end it in order.
#[derive(Debug)]
pub struct Agent {
    handler: Arc<AgentHandler>,
    stop: CancellationToken,
    runner: JoinHandle<Option<Holder>>,
}

/// Why an agent could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The profile is taken.
    #[error("the profile cannot be taken")]
    Lock(#[source] LockError),
    /// The agent's own files cannot be used.
    #[error("cannot use `{}`", dir.display())]
    State {
        /// Where.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Commands could not reach it.
    #[error("the control socket cannot be made")]
    Listen(#[source] ListenError),
}

/// An agent that ended otherwise than it was told to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndError {
    /// Two worked for one profile, and this one had to give way.
    #[error("another agent took the profile over: on {} (process {})", holder.host, holder.pid)]
    TakenOver {
        /// The other one.
        holder: Holder,
    },
    /// It broke.
    #[error("the agent failed")]
    Failed(#[source] JoinError),
}

impl StartError {
    /// What a person is told.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Lock(error) => error.problem(),
            Self::State { dir, source } => state_unusable(dir, &source.to_string()),
            Self::Listen(error) => {
                state_unusable(&PathBuf::from("the control socket"), &Chain(error).to_string())
            }
        }
    }
}

impl Agent {
    /// Starts the agent of a profile; when this returns, it answers commands.
    ///
    /// A computer that is not set up yet, a key that cannot be had, a config with a mistake and a
    /// hub that is away are not errors here: they are notices of a running agent.
    ///
    /// # Errors
    /// When another agent has the profile, or its files or the control socket cannot be used.
    pub async fn start(options: AgentOptions) -> Result<Self, StartError> {
        Self::start_in(options, Arc::new(ThisComputer::default())).await
    }

    /// Starts the agent on a computer that tells what a test wants.
    #[expect(clippy::too_many_lines, reason = "every part of an agent, once")]
    pub(crate) async fn start_in(
        options: AgentOptions,
        surroundings: Arc<dyn Surroundings>,
    ) -> Result<Self, StartError> {
        let AgentOptions { paths, log, listen, advertise } = options;
        crate::files::allow_many();
        let of = paths.clone();
        let files = crate::blocking(move || Files::open(&of)).await?;
        let listener = Listener::bind(&paths).map_err(StartError::Listen)?;

        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let (orders, order_inbox) = mpsc::channel::<Order>(ORDERS_MAX);
        let (news, newsbox) = mpsc::channel(NEWS_MAX);
        let (network_events, network_inbox) = mpsc::channel(NETWORK_EVENTS_MAX);
        let begun = Snapshot::begun(
            env!("CARGO_PKG_VERSION"),
            &paths.profile.to_string(),
            std::process::id(),
        );
        let (state, states) = watch::channel(Arc::new(begun));
        let (board_kick, kicks) = watch::channel(0);
        let settings = files.config.settings;
        let holding = Holding::new(settings, first_look(&surroundings, settings).await);
        let (disk, disk_worker) = Disk::new();
        let in_force = watch::Sender::new(Arc::new(files.config));
        let config = in_force.subscribe();
        let tokens = TokenStore::of_agent(&paths, config.clone());
        let account = tokens.account().await.unwrap_or_default();
        let set = config.borrow().ports;
        let ports = Ports { listen: listen.map_or(set.listen, Listen::At), ..set };
        let watchers = Watchers { states: state.clone(), bell: Arc::new(Notify::new()) };
        let owner = Owner::of_agent(&paths, tokens.clone(), config);
        let board = BoardWorker {
            owner: owner.clone(),
            news: news.clone(),
            kicks,
            watchers: watchers.clone(),
            stop: stop.clone(),
        };
        tracker.spawn(board.run());
        let set = holding.settings.subscribe();
        tracker.spawn(power::watch(surroundings.clone(), set, news.clone(), stop.clone()));
        let awake = holding.awake.subscribe();
        tracker.spawn(power::guard(surroundings.clone(), awake, news.clone(), stop.clone()));
        let (wish, wishes) = watch::channel(Wish::default());
        let holding_ports =
            port_mapping::hold(HomeRouter, wishes, news.clone(), tracker.clone(), stop.clone());
        tracker.spawn(holding_ports);
        let parts = Parts {
            paths: paths.clone(),
            tracker: tracker.clone(),
            stop: stop.clone(),
            disk,
            in_force,
            config_error: files.config_error,
            pause: files.pause,
            seen: files.seen,
            tickets: files.tickets,
            outbox: files.outbox,
            account,
            holding,
            reaching: Reaching::new(advertise, wish),
            board_kick,
            log,
            orders: order_inbox,
            network: network_inbox,
            news: news.clone(),
            newsbox,
            state,
        };
        tracker.spawn(disk_worker.run());
        tracker.spawn(network::watch(surroundings, network_events, stop.clone()));
        tracker.spawn(follow_config(paths.clone(), news.clone(), tracker.clone(), stop.clone()));
        tracker.spawn(load_identity(paths.clone(), ports, news.clone()));
        let lock = Arc::new(files.lock);
        tracker.spawn(beat(lock.clone(), news, stop.clone()));

        let sign_ins =
            SignInDesk::new(tokens.clone(), orders.clone(), tracker.clone(), stop.clone());
        let handler = Arc::new(AgentHandler {
            paths,
            orders,
            states,
            watched: watchers.bell,
            tokens,
            owner,
            sign_ins,
            tracker: tracker.clone(),
            ports,
            edits: Arc::default(),
        });
        let (connections, hang_up) = (TaskTracker::new(), CancellationToken::new());
        let answering = Arc::clone(&handler);
        connections.spawn(serve(listener, answering, connections.clone(), hang_up.clone()));
        let runner = TaskTracker::new().spawn(async move {
            let core = Core::new(parts).run().await;
            let taken_over = core.taken_over();
            shutdown::shutdown(core, &tracker).await;
            // Who waits for the end on a control connection sees it when all else is done.
            drop(lock);
            hang_up.cancel();
            connections.close();
            connections.wait().await;
            taken_over
        });
        Ok(Self { handler, stop, runner })
    }

    /// Answers in memory what the control socket answers.
    pub fn handler(&self) -> Arc<dyn Handler> {
        Arc::clone(&self.handler) as Arc<dyn Handler>
    }

    /// Begins the end.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits for the end, which comes at most ten seconds after it began.
    ///
    /// # Errors
    /// When it ended by itself.
    pub async fn join(self) -> Result<(), EndError> {
        match self.runner.await {
            Ok(None) => Ok(()),
            Ok(Some(holder)) => Err(EndError::TakenOver { holder }),
            Err(error) => Err(EndError::Failed(error)),
        }
    }
}

/// What is read at the start.
struct Files {
    lock: ProfileLock,
    config: Config,
    config_error: Option<ConfigError>,
    pause: Option<outport_control::Pause>,
    seen: SeenSessions,
    tickets: TicketLog,
    outbox: Outbox,
}

impl Files {
    fn open(paths: &Paths) -> Result<Self, StartError> {
        let failed = |dir: &PathBuf| {
            let dir = dir.clone();
            move |source| StartError::State { dir, source }
        };
        for dir in [&paths.state_dir, &paths.config_dir] {
            ensure_private_dir(dir).map_err(failed(dir))?;
        }
        let dir = &paths.state_dir;
        let lock = ProfileLock::take(paths).map_err(StartError::Lock)?;
        let (config, config_error) = match Config::load(paths) {
            Ok(config) => (config, None),
            // No rules were in force before, so nothing is shared until the mistake is gone.
            Err(error) => (Config::nothing_shared(paths), Some(error)),
        };
        Ok(Self {
            lock,
            config,
            config_error,
            pause: pause::load(paths, local_now()),
            seen: SeenSessions::load(&seen::file(dir)).map_err(failed(dir))?,
            tickets: TicketLog::open(dir).map_err(failed(dir))?,
            outbox: Outbox::load(dir).map_err(failed(dir))?,
        })
    }
}

async fn load_identity(paths: Paths, ports: Ports, news: mpsc::Sender<News>) {
    let identity = commands::load_identity(&paths, ports).await;
    news.send(News::Identity(Box::new(identity))).await.ok();
}

/// Reads the config again whenever it may have changed.
async fn follow_config(
    paths: Paths,
    news: mpsc::Sender<News>,
    tracker: TaskTracker,
    stop: CancellationToken,
) {
    let (changed, mut changes) = mpsc::channel(1);
    tracker.spawn(config::watch(config_file(&paths), changed, stop));
    while changes.recv().await.is_some() {
        let of = paths.clone();
        let config = crate::blocking(move || Config::load(&of)).await;
        if news.send(News::Config(Box::new(config))).await.is_err() {
            return;
        }
    }
}

/// Says now and then that this agent has the profile.
async fn beat(lock: Arc<ProfileLock>, news: mpsc::Sender<News>, stop: CancellationToken) {
    while stop.run_until_cancelled(sleep(BEAT_EVERY)).await.is_some() {
        let lock = lock.clone();
        match crate::blocking(move || lock.beat()).await {
            Ok(None) => {}
            Ok(Some(holder)) => {
                news.send(News::LockLost(holder)).await.ok();
                return;
            }
            Err(error) => tracing::warn!(%error, "cannot say that this agent is alive"),
        }
    }
}

/// What the computer says before anything can move, where a setting depends on it.
async fn first_look(surroundings: &Arc<dyn Surroundings>, settings: Settings) -> Power {
    if !settings.pause_on_battery && !settings.pause_on_metered {
        return Power::default();
    }
    let computer = Arc::clone(surroundings);
    let looking = crate::blocking(move || power::look(&*computer, &settings));
    // A system that does not answer is asked again by the worker; the start does not wait for it.
    timeout(FIRST_LOOK_LIMIT, looking).await.unwrap_or_default()
}

fn state_unusable(dir: &std::path::Path, reason: &str) -> Problem {
    Problem::new(
        Code::StateUnusable,
        [("path", dir.display().to_string().into()), ("reason", reason.into())],
    )
}

const FIRST_LOOK_LIMIT: Duration = Duration::from_secs(1);
/// Commands that wait for the core, which answers at once.
const ORDERS_MAX: usize = 32;
/// What workers bring; each has at most one piece.
const NEWS_MAX: usize = 256;
const NETWORK_EVENTS_MAX: usize = 8;
