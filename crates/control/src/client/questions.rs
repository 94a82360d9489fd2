//! What screens ask: the way in, the settings, the files and tasks at the hub.
//!
//! Every question fails as all do: the agent refuses, or is gone.

use outport_types::{EndpointId, TaskId};

use super::{CallError, Client};
use crate::{
    collection::{Collection, CollectionQuery, Entry, ListQuery, Listing, RenameFile},
    command::{Command, Reply, SetUp},
    limits::Limits,
    proxy::{NewProxy, ProxyView},
    settings::{Diagnostics, Preset, Settings},
    sign_in::{HubFacts, NameCheck, NewComputer, SignInView, SignInWay},
    task::{
        NewDeletion, NewTransfer, TaskChange, TaskDetail, TaskDifferences, TaskFiles, TaskQuery,
        TaskSkips, TaskView,
    },
};

/// Asks, and takes the one answer that fits.
macro_rules! ask {
    ($client:expr, $command:expr, $reply:ident) => {
        match $client.call($command).await? {
            Reply::$reply(answer) => Ok(answer),
            // Every other answer is a wrong one.
            _ => Err(CallError::Confused),
        }
    };
}

impl Client {
    /// What a hub says about itself, by its address as people write it.
    ///
    /// # Errors
    /// As for every question; it says why an address is none, or the hub does not answer.
    pub async fn check_hub(&mut self, address: String) -> Result<HubFacts, CallError> {
        ask!(self, Command::CheckHub { address }, Hub)
    }

    /// Begins to sign in. The caller opens the address in the answer; the rest shows in the snapshot.
    ///
    /// # Errors
    /// As for every question.
    pub async fn begin_sign_in(
        &mut self,
        hub: String,
        way: SignInWay,
    ) -> Result<SignInView, CallError> {
        ask!(self, Command::BeginSignIn { hub, way }, SignIn)
    }

    /// Gives up the sign-in that is on its way, or forgets the one that failed.
    ///
    /// # Errors
    /// As for every question.
    pub async fn cancel_sign_in(&mut self) -> Result<(), CallError> {
        self.done(Command::CancelSignIn).await
    }

    /// Whether this computer can have a name.
    ///
    /// # Errors
    /// As for every question; somebody must be signed in.
    pub async fn check_name(&mut self, name: String) -> Result<NameCheck, CallError> {
        ask!(self, Command::CheckName { name }, NameCheck)
    }

    /// Makes this computer an endpoint of whoever is signed in. The same again is harmless.
    ///
    /// # Errors
    /// As for every question; `NAME_TAKEN` when another computer has the name.
    pub async fn register(&mut self, computer: NewComputer) -> Result<SetUp, CallError> {
        ask!(self, Command::Register(computer), SetUp)
    }

    /// Gives this computer another name at the hub.
    ///
    /// # Errors
    /// As for every question.
    pub async fn rename_computer(&mut self, name: String) -> Result<(), CallError> {
        self.done(Command::RenameComputer { name }).await
    }

    /// Removes this computer from the hub and its key from this computer; files stay.
    ///
    /// # Errors
    /// As for every question; with `only_here` the hub is not asked.
    pub async fn remove_computer(&mut self, only_here: bool) -> Result<(), CallError> {
        self.done(Command::RemoveComputer { only_here }).await
    }

    /// What a centre set in advance.
    ///
    /// # Errors
    /// As for every question.
    pub async fn preset(&mut self) -> Result<Preset, CallError> {
        ask!(self, Command::Preset, Preset)
    }

    /// Changes the settings; answers with those in force.
    ///
    /// # Errors
    /// As for every question.
    pub async fn save_settings(&mut self, settings: Settings) -> Result<Settings, CallError> {
        ask!(self, Command::SaveSettings(settings), Settings)
    }

    /// Changes how fast content may leave and come; answers with what is set now.
    ///
    /// # Errors
    /// As for every question.
    pub async fn save_limits(&mut self, limits: Limits) -> Result<Limits, CallError> {
        ask!(self, Command::SaveLimits(limits), Limits)
    }

    /// How fast content may leave and come, as it is set.
    ///
    /// # Errors
    /// As for every question.
    pub async fn limits(&mut self) -> Result<Limits, CallError> {
        ask!(self, Command::Limits, Limits)
    }

    /// Which proxy is set and used.
    ///
    /// # Errors
    /// As for every question.
    pub async fn proxy(&mut self) -> Result<ProxyView, CallError> {
        ask!(self, Command::Proxy, Proxy)
    }

    /// Sets the proxy; answers with what comes of it.
    ///
    /// # Errors
    /// As for every question; it says why an address is none, or where the password cannot be kept.
    pub async fn save_proxy(&mut self, proxy: NewProxy) -> Result<ProxyView, CallError> {
        ask!(self, Command::SaveProxy(proxy), Proxy)
    }

    /// Goes back to the proxy that the system names, and forgets the password.
    ///
    /// # Errors
    /// As for every question.
    pub async fn clear_proxy(&mut self) -> Result<ProxyView, CallError> {
        ask!(self, Command::ClearProxy, Proxy)
    }

    /// Puts together what helps whoever helps.
    ///
    /// # Errors
    /// As for every question.
    pub async fn diagnostics(&mut self) -> Result<Diagnostics, CallError> {
        ask!(self, Command::Diagnostics, Diagnostics)
    }

    /// Finds collections.
    ///
    /// # Errors
    /// As for every question.
    pub async fn collections(
        &mut self,
        query: CollectionQuery,
    ) -> Result<Vec<Collection>, CallError> {
        ask!(self, Command::Collections(query), Collections)
    }

    /// The collection that somebody names: `smith#WorkPC`, `WorkPC` or an id.
    ///
    /// # Errors
    /// As for every question.
    pub async fn collection(&mut self, name: String) -> Result<Collection, CallError> {
        ask!(self, Command::Collection { name }, Collection)
    }

    /// Lists a directory.
    ///
    /// # Errors
    /// As for every question; what the collection refuses is refused with its reason.
    pub async fn list(&mut self, query: ListQuery) -> Result<Listing, CallError> {
        ask!(self, Command::List(query), Listing)
    }

    /// Looks at one path.
    ///
    /// # Errors
    /// As for every question.
    pub async fn stat(&mut self, collection: EndpointId, path: String) -> Result<Entry, CallError> {
        ask!(self, Command::Stat { collection, path }, Entry)
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// As for every question.
    pub async fn make_folder(
        &mut self,
        collection: EndpointId,
        path: String,
    ) -> Result<(), CallError> {
        self.done(Command::MakeFolder { collection, path }).await
    }

    /// Renames a file or a directory.
    ///
    /// # Errors
    /// As for every question.
    pub async fn rename_file(&mut self, rename: RenameFile) -> Result<(), CallError> {
        self.done(Command::RenameFile(rename)).await
    }

    /// Asks for a transfer.
    ///
    /// # Errors
    /// As for every question.
    pub async fn transfer(&mut self, transfer: NewTransfer) -> Result<TaskId, CallError> {
        ask!(self, Command::Transfer(transfer), Submitted)
    }

    /// Asks for a deletion.
    ///
    /// # Errors
    /// As for every question.
    pub async fn delete_files(&mut self, deletion: NewDeletion) -> Result<TaskId, CallError> {
        ask!(self, Command::Delete(deletion), Submitted)
    }

    /// Finds tasks, the newest first.
    ///
    /// # Errors
    /// As for every question.
    pub async fn tasks(&mut self, query: TaskQuery) -> Result<Vec<TaskView>, CallError> {
        ask!(self, Command::Tasks(query), Tasks)
    }

    /// All about one task.
    ///
    /// # Errors
    /// As for every question.
    pub async fn task(&mut self, task: TaskId) -> Result<TaskDetail, CallError> {
        ask!(self, Command::Task { task }, Task).map(|detail| *detail)
    }

    /// A page of the files of a task that are safe at the destination.
    ///
    /// # Errors
    /// As for every question.
    pub async fn task_files(
        &mut self,
        task: TaskId,
        marker: Option<u64>,
    ) -> Result<TaskFiles, CallError> {
        ask!(self, Command::TaskFiles { task, marker }, TaskFiles)
    }

    /// A page of what a task left out.
    ///
    /// # Errors
    /// As for every question.
    pub async fn task_skipped(
        &mut self,
        task: TaskId,
        marker: Option<u64>,
    ) -> Result<TaskSkips, CallError> {
        ask!(self, Command::TaskSkips { task, marker }, TaskSkips)
    }

    /// A page of what a preview or a check found.
    ///
    /// # Errors
    /// As for every question.
    pub async fn task_differences(
        &mut self,
        task: TaskId,
        marker: Option<u64>,
    ) -> Result<TaskDifferences, CallError> {
        ask!(self, Command::TaskDifferences { task, marker }, TaskDifferences)
    }

    /// Ends a task; what is done stays.
    ///
    /// # Errors
    /// As for every question.
    pub async fn cancel_task(&mut self, task: TaskId) -> Result<(), CallError> {
        self.done(Command::CancelTask { task }).await
    }

    /// Asks again for what a task asked for.
    ///
    /// # Errors
    /// As for every question; `CANNOT_RETRY` when this computer did not submit it.
    pub async fn retry_task(&mut self, task: TaskId) -> Result<TaskId, CallError> {
        ask!(self, Command::RetryTask { task }, Submitted)
    }

    /// Changes a task's label or deadline.
    ///
    /// # Errors
    /// As for every question.
    pub async fn update_task(&mut self, change: TaskChange) -> Result<(), CallError> {
        self.done(Command::UpdateTask(change)).await
    }
}
