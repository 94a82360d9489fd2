//! What answers the control socket and the desktop app.

use std::{sync::Arc, time::Duration};

use outport_control::{
    BoxFuture, Command, Handler, KeyPlace, NewComputer, NewProxy, Paths, Reply, Secret, Settings,
    Snapshot,
};
use outport_types::{Code, Problem};
use tokio::{
    sync::{Mutex, Notify, mpsc, oneshot, watch},
    time::timeout,
};
use tokio_util::task::TaskTracker;

use crate::{
    commands,
    config::{Config, Ports},
    core::{CoreCommand, Order, order},
    doctor,
    lock::{LockError, ProfileLock},
    log,
    owner::{Owner, Step},
    sign_in::SignInDesk,
    tokens::TokenStore,
};

/// Answers for a running agent.
#[derive(Clone, Debug)]
pub(crate) struct AgentHandler {
    pub(crate) paths: Paths,
    pub(crate) orders: mpsc::Sender<Order>,
    pub(crate) states: watch::Receiver<Arc<Snapshot>>,
    /// Rung when somebody begins to look at the state.
    pub(crate) watched: Arc<Notify>,
    pub(crate) tokens: TokenStore,
    pub(crate) owner: Owner,
    pub(crate) sign_ins: SignInDesk,
    pub(crate) tracker: TaskTracker,
    pub(crate) ports: Ports,
    /// Held from an edit of the config until the agent works by it, so that edits come in order.
    pub(crate) edits: Arc<Mutex<()>>,
}

impl AgentHandler {
    async fn order(&self, command: CoreCommand) -> Result<Reply, Problem> {
        order(&self.orders, command).await.map(|()| Reply::Done)
    }

    async fn answer(&self, command: Command) -> Result<Reply, Problem> {
        let paths = &self.paths;
        #[expect(clippy::wildcard_enum_match_arm, reason = "the owner names every other one")]
        match command {
            Command::Pause { until } => self.order(CoreCommand::Pause { until }).await,
            Command::Resume => self.order(CoreCommand::Resume).await,
            Command::Stop => self.order(CoreCommand::Stop).await,
            Command::FoldersAdd(folder) => {
                let _in_order = self.edits.lock().await;
                let (config, folders) = commands::add_folder(paths, folder).await?;
                self.order(CoreCommand::Config(Box::new(config), folders.clone())).await?;
                Ok(Reply::Folders(folders))
            }
            Command::FoldersRemove { path } => {
                let _in_order = self.edits.lock().await;
                let (config, folders) = commands::remove_folder(paths, path).await?;
                self.order(CoreCommand::Config(Box::new(config), folders.clone())).await?;
                Ok(Reply::Folders(folders))
            }
            Command::SaveSettings(settings) => self.save_settings(settings).await,
            Command::SaveLimits(limits) => {
                let _in_order = self.edits.lock().await;
                let (config, folders) = commands::save_limits(paths, limits).await?;
                let saved = config.limits.clone();
                self.order(CoreCommand::Config(Box::new(config), folders)).await?;
                Ok(Reply::Limits(saved))
            }
            Command::SaveProxy(wish) => self.save_proxy(Some(wish)).await,
            Command::ClearProxy => self.save_proxy(None).await,
            Command::Setup { key, place } => self.set_up(key, place).await,
            Command::Register(computer) => self.register(computer).await,
            Command::RemoveComputer { only_here } => self.remove_computer(only_here).await,
            Command::BeginSignIn { hub, way } => {
                self.sign_ins.begin(&hub, way).await.map(Reply::SignIn)
            }
            Command::CancelSignIn => self.sign_ins.cancel().await.map(|()| Reply::Done),
            Command::MoveKey { to } => {
                let _in_order = self.edits.lock().await;
                let public = commands::copy_key(paths, to).await?.key;
                self.order(CoreCommand::KeyPlace(to)).await?;
                commands::forget_key(paths, public, to).await;
                Ok(Reply::Done)
            }
            Command::SignIn(sign_in) => {
                let account = sign_in.account.clone();
                self.tokens.sign_in(sign_in).await.map_err(|error| error.problem())?;
                self.order(CoreCommand::Account(Some(account))).await
            }
            Command::SignOut => {
                self.tokens.sign_out().await.map_err(|error| error.problem())?;
                self.order(CoreCommand::Account(None)).await
            }
            Command::DoctorTo { peer } => self.doctor_to(peer).await,
            Command::Diagnostics => {
                let state = Snapshot::clone(&self.states.borrow());
                Ok(Reply::Diagnostics(self.owner.diagnostics(Some(state)).await))
            }
            other => self.owner.answer(other).await,
        }
    }

    /// Finds the ways to another computer.
    async fn doctor_to(&self, peer: String) -> Result<Reply, Problem> {
        let peer: String = peer.trim().chars().take(PEER_CHARS_MAX).collect();
        let here = self.states.borrow().endpoint.as_ref().map(|endpoint| endpoint.name.clone());
        let (told, probed) = oneshot::channel();
        self.order(CoreCommand::Probe { peer: peer.clone(), told }).await?;
        let late = || {
            let args =
                [("endpoint", peer.as_str().into()), ("seconds", PROBE_LIMIT.as_secs().into())];
            Problem::new(Code::EndpointTimeout, args)
        };
        let probed = match timeout(PROBE_LIMIT, probed).await {
            Ok(Ok(probed)) => probed,
            Ok(Err(_)) | Err(_) => Err(late()),
        };
        let here = here.map_or_else(|| "this computer".to_owned(), |name| name.to_string());
        Ok(Reply::Doctor(doctor::examine_peer(&here, &peer, probed)))
    }

    async fn save_settings(&self, settings: Settings) -> Result<Reply, Problem> {
        let _in_order = self.edits.lock().await;
        let (config, folders) = commands::save_settings(&self.paths, settings).await?;
        let saved = config.settings;
        self.order(CoreCommand::Config(Box::new(config), folders)).await?;
        Ok(Reply::Settings(saved))
    }

    /// Sets the proxy, or forgets all about it.
    async fn save_proxy(&self, wish: Option<NewProxy>) -> Result<Reply, Problem> {
        let _in_order = self.edits.lock().await;
        let (config, folders) = commands::save_proxy(&self.paths, wish).await?;
        let config = Arc::new(config);
        self.order(CoreCommand::Config(Box::new(Config::clone(&config)), folders)).await?;
        // The password may be another one, which the config does not say.
        self.order(CoreCommand::Redial).await?;
        commands::proxy(&self.paths, Some(config)).await.map(Reply::Proxy)
    }

    async fn set_up(&self, key: Secret, place: KeyPlace) -> Result<Reply, Problem> {
        let set_up = commands::set_up(&self.paths, key, place).await?;
        let identity = commands::load_identity(&self.paths, self.ports).await?;
        self.order(CoreCommand::Identity(Box::new(identity))).await?;
        Ok(Reply::SetUp(set_up))
    }

    async fn register(&self, computer: NewComputer) -> Result<Reply, Problem> {
        match self.owner.register(&computer).await? {
            Step::Done(set_up) => Ok(Reply::SetUp(set_up)),
            Step::Bind(key) => self.set_up(key, computer.place).await,
        }
    }

    async fn remove_computer(&self, only_here: bool) -> Result<Reply, Problem> {
        if !only_here {
            self.owner.delete_computer().await?;
        }
        let name = commands::forget(&self.paths).await?;
        self.order(CoreCommand::NoIdentity(name)).await
    }
}

impl Handler for AgentHandler {
    fn snapshots(&self) -> Result<watch::Receiver<Arc<Snapshot>>, Problem> {
        let states = self.states.clone();
        self.watched.notify_waiters();
        Ok(states)
    }

    fn call(&self, command: Command) -> BoxFuture<'_, Result<Reply, Problem>> {
        Box::pin(self.answer(command))
    }

    fn log(
        &self,
        lines: usize,
        follow: bool,
    ) -> BoxFuture<'_, Result<mpsc::Receiver<String>, Problem>> {
        let lines = read_log(&self.paths, &self.tracker, lines, follow);
        Box::pin(std::future::ready(Ok(lines)))
    }
}

/// Answers for a profile whose agent does not run, in the process of a command.
///
/// What needs a running agent is refused with [`Code::AgentNotRunning`], or with the name of the
/// computer where it runs.
#[derive(Clone, Debug)]
pub struct Offline {
    paths: Paths,
    tokens: TokenStore,
    owner: Owner,
    tracker: TaskTracker,
}

impl Offline {
    /// Answers for a profile.
    pub fn new(paths: &Paths) -> Self {
        let tokens = TokenStore::new(paths);
        let owner = Owner::new(paths, tokens.clone());
        Self { paths: paths.clone(), tokens, owner, tracker: TaskTracker::new() }
    }

    async fn answer(&self, command: Command) -> Result<Reply, Problem> {
        let paths = &self.paths;
        #[expect(clippy::wildcard_enum_match_arm, reason = "the owner names every other one")]
        match command {
            Command::Pause { .. }
            | Command::Resume
            | Command::Stop
            | Command::DoctorTo { .. }
            | Command::BeginSignIn { .. }
            | Command::CancelSignIn => Err(self.not_running()),
            Command::FoldersAdd(folder) => {
                let (_, folders) = commands::add_folder(paths, folder).await?;
                Ok(Reply::Folders(folders))
            }
            Command::FoldersRemove { path } => {
                let (_, folders) = commands::remove_folder(paths, path).await?;
                Ok(Reply::Folders(folders))
            }
            Command::SaveSettings(settings) => {
                let (config, _) = commands::save_settings(paths, settings).await?;
                Ok(Reply::Settings(config.settings))
            }
            Command::SaveLimits(limits) => {
                let (config, _) = commands::save_limits(paths, limits).await?;
                Ok(Reply::Limits(config.limits))
            }
            Command::SaveProxy(wish) => self.save_proxy(Some(wish)).await,
            Command::ClearProxy => self.save_proxy(None).await,
            Command::Setup { key, place } => {
                let _lock = self.keep_agents_away().await?;
                commands::set_up(paths, key, place).await.map(Reply::SetUp)
            }
            Command::MoveKey { to } => {
                let _lock = self.keep_agents_away().await?;
                commands::move_key(paths, to).await.map(|()| Reply::Done)
            }
            Command::Register(computer) => {
                let _lock = self.keep_agents_away().await?;
                match self.owner.register(&computer).await? {
                    Step::Done(set_up) => Ok(Reply::SetUp(set_up)),
                    Step::Bind(key) => {
                        commands::set_up(paths, key, computer.place).await.map(Reply::SetUp)
                    }
                }
            }
            Command::RemoveComputer { only_here } => {
                let _lock = self.keep_agents_away().await?;
                if !only_here {
                    self.owner.delete_computer().await?;
                }
                commands::forget(paths).await.map(|_| Reply::Done)
            }
            Command::SignIn(sign_in) => {
                self.tokens.sign_in(sign_in).await.map_err(|error| error.problem())?;
                Ok(Reply::Done)
            }
            Command::SignOut => {
                self.tokens.sign_out().await.map_err(|error| error.problem())?;
                Ok(Reply::Done)
            }
            Command::Diagnostics => Ok(Reply::Diagnostics(self.owner.diagnostics(None).await)),
            other => self.owner.answer(other).await,
        }
    }

    async fn save_proxy(&self, wish: Option<NewProxy>) -> Result<Reply, Problem> {
        let (config, _) = commands::save_proxy(&self.paths, wish).await?;
        commands::proxy(&self.paths, Some(Arc::new(config))).await.map(Reply::Proxy)
    }

    /// No agent may start while this computer's identity changes.
    async fn keep_agents_away(&self) -> Result<ProfileLock, Problem> {
        let paths = self.paths.clone();
        let taken = crate::blocking(move || {
            let dir = &paths.state_dir;
            outport_control::ensure_private_dir(dir)
                .map_err(|source| LockError::Io { dir: dir.clone(), source })?;
            ProfileLock::take(&paths)
        });
        taken.await.map_err(|error| error.problem())
    }

    fn not_running(&self) -> Problem {
        match crate::lock::holder(&self.paths) {
            Some(holder) => LockError::Held { holder }.problem(),
            None => Problem::new(Code::AgentNotRunning, []),
        }
    }
}

impl Handler for Offline {
    fn snapshots(&self) -> Result<watch::Receiver<Arc<Snapshot>>, Problem> {
        Err(self.not_running())
    }

    fn call(&self, command: Command) -> BoxFuture<'_, Result<Reply, Problem>> {
        Box::pin(self.answer(command))
    }

    fn log(
        &self,
        lines: usize,
        follow: bool,
    ) -> BoxFuture<'_, Result<mpsc::Receiver<String>, Problem>> {
        let lines = read_log(&self.paths, &self.tracker, lines, follow);
        Box::pin(std::future::ready(Ok(lines)))
    }
}

fn read_log(
    paths: &Paths,
    tracker: &TaskTracker,
    lines: usize,
    follow: bool,
) -> mpsc::Receiver<String> {
    let (out, read) = mpsc::channel(LOG_LINES_AHEAD);
    tracker.spawn(log::send(log::file(paths), lines, follow, out));
    read
}

/// Longer than a hub lets two agents look for ways.
const PROBE_LIMIT: Duration = Duration::from_secs(35);
/// More than a full name has.
const PEER_CHARS_MAX: usize = 200;
/// Lines read ahead of a reader; more would only be memory.
const LOG_LINES_AHEAD: usize = 512;
