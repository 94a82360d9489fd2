//! What answers the control socket and the desktop app.

use std::sync::Arc;

use outport_control::{BoxFuture, Command, Handler, Paths, Reply, Snapshot};
use outport_types::{Code, Problem};
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio_util::task::TaskTracker;

use crate::{
    commands,
    config::{Config, InForce},
    core::{CoreCommand, Order},
    doctor,
    lock::{LockError, ProfileLock},
    log,
    tokens::TokenStore,
};

/// Answers for a running agent.
#[derive(Clone, Debug)]
pub(crate) struct AgentHandler {
    pub(crate) paths: Paths,
    pub(crate) orders: mpsc::Sender<Order>,
    pub(crate) states: watch::Receiver<Arc<Snapshot>>,
    pub(crate) tokens: TokenStore,
    pub(crate) tracker: TaskTracker,
    pub(crate) udp_port: u16,
    /// What the agent works by, which is not the file when that has a mistake.
    pub(crate) config: InForce,
    /// Held from an edit of the config until the agent works by it, so that edits come in order.
    pub(crate) edits: Arc<Mutex<()>>,
}

impl AgentHandler {
    fn in_force(&self) -> Option<Arc<Config>> {
        Some(Arc::clone(&self.config.borrow()))
    }

    async fn order(&self, command: CoreCommand) -> Result<Reply, Problem> {
        let (answer, answered) = oneshot::channel();
        let closing =
            || Problem::new(Code::EndpointClosing, [("endpoint", "this computer".into())]);
        self.orders.send(Order { command, answer }).await.map_err(|_| closing())?;
        answered.await.map_err(|_| closing())??;
        Ok(Reply::Done)
    }

    async fn answer(&self, command: Command) -> Result<Reply, Problem> {
        let paths = &self.paths;
        match command {
            Command::Pause { until } => self.order(CoreCommand::Pause { until }).await,
            Command::Resume => self.order(CoreCommand::Resume).await,
            Command::Stop => self.order(CoreCommand::Stop).await,
            Command::FoldersList => {
                commands::folders(paths, self.in_force()).await.map(Reply::Folders)
            }
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
            Command::FoldersTest { path } => {
                commands::test_folder(paths, self.in_force(), path).await.map(Reply::FolderTest)
            }
            Command::Doctor => {
                let report = doctor::examine(paths, &self.tokens, self.in_force()).await;
                Ok(Reply::Doctor(report))
            }
            Command::Setup { key, place } => {
                let set_up = commands::set_up(paths, key, place).await?;
                let identity = commands::load_identity(paths, self.udp_port).await?;
                self.order(CoreCommand::Identity(Box::new(identity))).await?;
                Ok(Reply::SetUp(set_up))
            }
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
            Command::Account => account(&self.tokens).await,
            Command::Token { resource_server } => token(&self.tokens, &resource_server).await,
        }
    }
}

impl Handler for AgentHandler {
    fn snapshots(&self) -> Result<watch::Receiver<Arc<Snapshot>>, Problem> {
        Ok(self.states.clone())
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
    tracker: TaskTracker,
}

impl Offline {
    /// Answers for a profile.
    pub fn new(paths: &Paths) -> Self {
        Self { paths: paths.clone(), tokens: TokenStore::new(paths), tracker: TaskTracker::new() }
    }

    async fn answer(&self, command: Command) -> Result<Reply, Problem> {
        let paths = &self.paths;
        match command {
            Command::Pause { .. } | Command::Resume | Command::Stop => Err(self.not_running()),
            Command::FoldersList => commands::folders(paths, None).await.map(Reply::Folders),
            Command::FoldersAdd(folder) => {
                let (_, folders) = commands::add_folder(paths, folder).await?;
                Ok(Reply::Folders(folders))
            }
            Command::FoldersRemove { path } => {
                let (_, folders) = commands::remove_folder(paths, path).await?;
                Ok(Reply::Folders(folders))
            }
            Command::FoldersTest { path } => {
                commands::test_folder(paths, None, path).await.map(Reply::FolderTest)
            }
            Command::Doctor => Ok(Reply::Doctor(doctor::examine(paths, &self.tokens, None).await)),
            Command::Setup { key, place } => {
                let _lock = self.keep_agents_away().await?;
                commands::set_up(paths, key, place).await.map(Reply::SetUp)
            }
            Command::MoveKey { to } => {
                let _lock = self.keep_agents_away().await?;
                commands::move_key(paths, to).await.map(|()| Reply::Done)
            }
            Command::SignIn(sign_in) => {
                self.tokens.sign_in(sign_in).await.map_err(|error| error.problem())?;
                Ok(Reply::Done)
            }
            Command::SignOut => {
                self.tokens.sign_out().await.map_err(|error| error.problem())?;
                Ok(Reply::Done)
            }
            Command::Account => account(&self.tokens).await,
            Command::Token { resource_server } => token(&self.tokens, &resource_server).await,
        }
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

async fn account(tokens: &TokenStore) -> Result<Reply, Problem> {
    tokens.account().await.map(Reply::Account).map_err(|error| error.problem())
}

async fn token(tokens: &TokenStore, resource_server: &str) -> Result<Reply, Problem> {
    let token = tokens.token(resource_server).await;
    token.map(Reply::Token).map_err(|error| error.problem())
}

/// Lines read ahead of a reader; more would only be memory.
const LOG_LINES_AHEAD: usize = 512;
