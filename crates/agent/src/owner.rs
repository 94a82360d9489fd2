//! What is asked of the hub in the name of whoever is signed in.
//!
//! Screens ask here and never the hub: the tokens stay with the agent, and what the hub says comes
//! out as the views of `control`, or as a problem with a remedy.

mod collections;
mod register;
mod submissions;
mod tasks;
mod views;

use std::sync::Arc;

use outport_api::client::{Client, ClientError, HubUrl, Trust};
use outport_control::{
    Account, Command, Diagnostics, DoctorReport, Limits, Paths, ProxyView, Reply, Snapshot,
};
use outport_types::{Chain, Code, EndpointId, Problem};
use tokio::sync::Mutex;

pub(crate) use self::{
    register::Step,
    submissions::Submissions,
    views::{follow, task_view},
};
use crate::{
    commands,
    config::{Config, InForce},
    diagnostics, doctor,
    registration::Registration,
    tokens::TokenStore,
};

/// Asks the hub for whoever is signed in. Clones share their connections.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    paths: Paths,
    tokens: TokenStore,
    /// What an agent works by, which is not the file when that has a mistake.
    config: Option<InForce>,
    submissions: Submissions,
    kept: Arc<Mutex<Option<Kept>>>,
}

/// A client, and what it was made for.
#[derive(Debug)]
struct Kept {
    hub: HubUrl,
    trust: Trust,
    client: Client,
}

/// Who asks: what is needed to tell one's own from others'.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    /// The identity that is signed in, `smith@hub`.
    pub(crate) username: String,
    /// The endpoint that this computer is, at the same hub.
    pub(crate) here: Option<EndpointId>,
    pub(crate) submissions: Submissions,
}

impl Owner {
    pub(crate) fn new(paths: &Paths, tokens: TokenStore) -> Self {
        let submissions = Submissions::new(paths);
        Self { paths: paths.clone(), tokens, config: None, submissions, kept: Arc::default() }
    }

    /// The same in an agent, which works by the config in force.
    pub(crate) fn of_agent(paths: &Paths, tokens: TokenStore, config: InForce) -> Self {
        Self { config: Some(config), ..Self::new(paths, tokens) }
    }

    fn in_force(&self) -> Option<Arc<Config>> {
        self.config.as_ref().map(|config| Arc::clone(&config.borrow()))
    }

    /// Answers what needs no running agent, but the hub or the profile's files.
    pub(crate) async fn answer(&self, command: Command) -> Result<Reply, Problem> {
        match command {
            Command::Collections(query) => self.collections(query).await.map(Reply::Collections),
            Command::Collection { name } => self.collection(&name).await.map(Reply::Collection),
            Command::List(query) => self.list(query).await.map(Reply::Listing),
            Command::Stat { collection, path } => {
                self.stat(collection, &path).await.map(Reply::Entry)
            }
            Command::MakeFolder { collection, path } => done(self.mkdir(collection, &path).await),
            Command::RenameFile(rename) => done(self.rename(rename).await),
            Command::Transfer(asked) => self.transfer(asked).await.map(Reply::Submitted),
            Command::Delete(asked) => self.delete(asked).await.map(Reply::Submitted),
            Command::Tasks(query) => self.tasks(query).await.map(Reply::Tasks),
            Command::Task { task } => self.task(task).await.map(Box::new).map(Reply::Task),
            Command::TaskFiles { task, marker } => {
                self.task_files(task, marker).await.map(Reply::TaskFiles)
            }
            Command::TaskSkips { task, marker } => {
                self.task_skips(task, marker).await.map(Reply::TaskSkips)
            }
            Command::TaskDifferences { task, marker } => {
                self.task_differences(task, marker).await.map(Reply::TaskDifferences)
            }
            Command::CancelTask { task } => done(self.cancel(task).await),
            Command::RetryTask { task } => self.retry(task).await.map(Reply::Submitted),
            Command::UpdateTask(change) => done(self.update(change).await),
            Command::CheckName { name } => self.check_name(name).await.map(Reply::NameCheck),
            Command::RenameComputer { name } => done(self.rename_computer(&name).await),
            Command::CheckHub { address } => {
                crate::sign_in::check_hub(&self.tokens, &address).await.map(Reply::Hub)
            }
            Command::Account => {
                self.tokens.account().await.map(Reply::Account).map_err(|error| error.problem())
            }
            Command::Token { resource_server } => {
                let token = TokenStore::token(&self.tokens, &resource_server).await;
                token.map(Reply::Token).map_err(|error| error.problem())
            }
            Command::FoldersList => {
                commands::folders(&self.paths, self.in_force()).await.map(Reply::Folders)
            }
            Command::FoldersTest { path } => {
                let tested = commands::test_folder(&self.paths, self.in_force(), path).await;
                tested.map(Reply::FolderTest)
            }
            Command::Limits => self.limits().await.map(Reply::Limits),
            Command::Proxy => self.proxy().await.map(Reply::Proxy),
            Command::Doctor => Ok(Reply::Doctor(self.examine().await)),
            Command::Preset => Ok(Reply::Preset(crate::preset::read().await)),
            Command::Pause { .. }
            | Command::Resume
            | Command::Stop
            | Command::FoldersAdd(_)
            | Command::FoldersRemove { .. }
            | Command::Setup { .. }
            | Command::MoveKey { .. }
            | Command::SignIn(_)
            | Command::SignOut
            | Command::BeginSignIn { .. }
            | Command::CancelSignIn
            | Command::Register(_)
            | Command::RemoveComputer { .. }
            | Command::SaveSettings(_)
            | Command::SaveLimits(_)
            | Command::SaveProxy(_)
            | Command::ClearProxy
            | Command::DoctorTo { .. }
            | Command::Diagnostics => Err(Problem::new(Code::AgentNotRunning, [])),
        }
    }

    async fn limits(&self) -> Result<Limits, Problem> {
        commands::limits(&self.paths, self.in_force()).await
    }

    async fn proxy(&self) -> Result<ProxyView, Problem> {
        commands::proxy(&self.paths, self.in_force()).await
    }

    /// Checks connection and folders.
    async fn examine(&self) -> DoctorReport {
        doctor::examine(&self.paths, &self.tokens, self.in_force()).await
    }

    /// What helps whoever helps.
    pub(crate) async fn diagnostics(&self, state: Option<Snapshot>) -> Diagnostics {
        diagnostics::collect(&self.paths, &self.examine().await, state).await
    }

    /// A client of the hub at which somebody is signed in.
    pub(crate) async fn client(&self) -> Result<Client, Problem> {
        let account = self.account().await?;
        let signed_out = || Problem::new(Code::SignedOut, [("hub", account.hub.as_str().into())]);
        let hub: HubUrl = account.hub.parse().map_err(|_| signed_out())?;
        let trust = self.tokens.trust(&hub).await?;
        let mut kept = self.kept.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.hub == hub && kept.trust == trust) {
            return Ok(kept.client.clone());
        }
        let client = Client::new(hub.clone(), &trust, Arc::new(self.tokens.clone()))
            .map_err(|error| refusal(&error, &hub))?;
        *kept = Some(Kept { hub, trust, client: client.clone() });
        Ok(client)
    }

    /// Who is signed in; a problem when nobody is.
    pub(crate) async fn account(&self) -> Result<Account, Problem> {
        let account = self.tokens.account().await.map_err(|error| error.problem())?;
        account.ok_or_else(|| Problem::new(Code::SignedOut, [("hub", "HUB".into())]))
    }

    /// Who asks.
    pub(crate) async fn asker(&self) -> Result<Asker, Problem> {
        let account = self.account().await?;
        let registration = self.registration().await;
        let here = registration
            .filter(|registration| registration.hub.to_string() == account.hub)
            .map(|registration| registration.endpoint);
        self.submissions.load().await;
        let submissions = self.submissions.clone();
        Ok(Asker { username: account.username, here, submissions })
    }

    /// What this computer is registered as.
    async fn registration(&self) -> Option<Registration> {
        let paths = self.paths.clone();
        crate::blocking(move || Registration::load(&paths)).await.ok()
    }
}

/// What a person is told of a question that came to nothing.
pub(crate) fn refusal(error: &ClientError, hub: &HubUrl) -> Problem {
    tracing::debug!(error = %Chain(error), "the hub did not answer as hoped");
    error.problem_at(hub)
}

fn done(result: Result<(), Problem>) -> Result<Reply, Problem> {
    result.map(|()| Reply::Done)
}
