//! What may be asked of an agent, and its answers.

use outport_types::{EndpointId, TaskId, UnixTime};
use serde::{Deserialize, Serialize};

use crate::{
    account::{Account, SignIn, Token},
    collection::{Collection, CollectionQuery, Entry, ListQuery, Listing, RenameFile},
    doctor::DoctorReport,
    folder::{Folder, FolderTest, NewFolder},
    limits::Limits,
    proxy::{NewProxy, ProxyView},
    settings::{Diagnostics, Preset, Settings},
    sign_in::{HubFacts, NameCheck, NewComputer, SignInView, SignInWay},
    task::{
        NewDeletion, NewTransfer, TaskChange, TaskDetail, TaskDifferences, TaskFiles, TaskQuery,
        TaskSkips, TaskView,
    },
};

/// Something that the agent shall do or say. [`Client`](crate::Client) has a method for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Stop all work within a second; [`Reply::Done`] when nothing moves any more.
    Pause {
        /// When to resume without being told.
        until: Option<UnixTime>,
    },
    /// Go on.
    Resume,
    /// End the agent; [`Reply::Done`] comes first, the connection ends when it is gone.
    Stop,
    /// The folders as they are; [`Reply::Folders`].
    FoldersList,
    /// Share a folder, or change one that is shared; [`Reply::Folders`].
    FoldersAdd(NewFolder),
    /// Stop sharing a folder; [`Reply::Folders`].
    FoldersRemove {
        /// Its path, as [`Folder::path`] has it.
        path: String,
    },
    /// What would be allowed at a path; [`Reply::FolderTest`].
    FoldersTest {
        /// An absolute path of this computer.
        path: String,
    },
    /// Check connection and folders; [`Reply::Doctor`].
    Doctor,
    /// Find the ways to another computer of the account, and see what the best one carries; takes some
    /// seconds. [`Reply::Doctor`].
    DoctorTo {
        /// Its id, its full name, or its name without the owner.
        peer: String,
    },
    /// Become the endpoint that a setup key names; [`Reply::SetUp`].
    Setup {
        /// The text of the setup key.
        key: crate::Secret,
        /// Where this computer's own key shall be kept.
        place: KeyPlace,
    },
    /// Keep this computer's key at another place from now on; [`Reply::Done`].
    MoveKey {
        /// Where.
        to: KeyPlace,
    },
    /// Keep a finished sign-in; [`Reply::Done`].
    SignIn(SignIn),
    /// Forget the sign-in, at the hub too; [`Reply::Done`].
    SignOut,
    /// Who is signed in; [`Reply::Account`].
    Account,
    /// An access token for the owner's own use, refreshed when needed; [`Reply::Token`].
    Token {
        /// Which part of the hub's API it is for.
        resource_server: String,
    },
    /// What a hub says about itself; [`Reply::Hub`].
    CheckHub {
        /// Its address as people write it, or an `outport://` link.
        address: String,
    },
    /// Begin to sign in, in place of any other sign-in on its way; [`Reply::SignIn`].
    BeginSignIn {
        /// The hub's address.
        hub: String,
        /// How.
        way: SignInWay,
    },
    /// Give up the sign-in that is on its way, or forget the one that failed; [`Reply::Done`].
    CancelSignIn,
    /// Whether this computer can have a name; [`Reply::NameCheck`].
    CheckName {
        /// The name, without the owner.
        name: String,
    },
    /// Become an endpoint of whoever is signed in; the same again is harmless; [`Reply::SetUp`].
    Register(NewComputer),
    /// Give this computer another name at the hub; [`Reply::Done`].
    RenameComputer {
        /// The new name, without the owner.
        name: String,
    },
    /// Remove this computer from the hub, and its key from this computer; [`Reply::Done`].
    RemoveComputer {
        /// Leave the hub out of it, because it cannot be asked.
        only_here: bool,
    },
    /// What a centre set in advance; [`Reply::Preset`].
    Preset,
    /// Change the settings; [`Reply::Settings`].
    SaveSettings(Settings),
    /// Change how fast content may leave and come; [`Reply::Limits`].
    SaveLimits(Limits),
    /// How fast content may leave and come, as it is set; [`Reply::Limits`].
    Limits,
    /// Which proxy is set and used; [`Reply::Proxy`].
    Proxy,
    /// Set the proxy; [`Reply::Proxy`].
    SaveProxy(NewProxy),
    /// Go back to the proxy that the system names, and forget the password; [`Reply::Proxy`].
    ClearProxy,
    /// What helps whoever helps; [`Reply::Diagnostics`].
    Diagnostics,
    /// Find collections; [`Reply::Collections`].
    Collections(CollectionQuery),
    /// The collection that somebody names; [`Reply::Collection`].
    Collection {
        /// `smith#WorkPC`, `WorkPC` (one's own) or an id.
        name: String,
    },
    /// List a directory; [`Reply::Listing`].
    List(ListQuery),
    /// Look at one path; [`Reply::Entry`].
    Stat {
        /// In which collection.
        collection: EndpointId,
        /// Where.
        path: String,
    },
    /// Make a directory; [`Reply::Done`].
    MakeFolder {
        /// In which collection.
        collection: EndpointId,
        /// Where.
        path: String,
    },
    /// Rename a file or a directory; [`Reply::Done`].
    RenameFile(RenameFile),
    /// Ask for a transfer; [`Reply::Submitted`].
    Transfer(NewTransfer),
    /// Ask for a deletion; [`Reply::Submitted`].
    Delete(NewDeletion),
    /// Find tasks; [`Reply::Tasks`].
    Tasks(TaskQuery),
    /// All about one task; [`Reply::Task`].
    Task {
        /// Which.
        task: TaskId,
    },
    /// The files of a task that are safe; [`Reply::TaskFiles`].
    TaskFiles {
        /// Which task.
        task: TaskId,
        /// What the last page named for the next.
        marker: Option<u64>,
    },
    /// What a task left out; [`Reply::TaskSkips`].
    TaskSkips {
        /// Which task.
        task: TaskId,
        /// What the last page named for the next.
        marker: Option<u64>,
    },
    /// What a preview or a check found; [`Reply::TaskDifferences`].
    TaskDifferences {
        /// Which task.
        task: TaskId,
        /// What the last page named for the next.
        marker: Option<u64>,
    },
    /// End a task; what is done stays; [`Reply::Done`].
    CancelTask {
        /// Which.
        task: TaskId,
    },
    /// Ask again for what a task asked for; [`Reply::Submitted`].
    RetryTask {
        /// Which.
        task: TaskId,
    },
    /// Change a task; [`Reply::Done`].
    UpdateTask(TaskChange),
}

/// Where an agent's key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "kebab-case")]
pub enum KeyPlace {
    /// In the keyring of the operating system.
    Keyring,
    /// In a file that only its owner can read.
    File,
}

/// The answer to a [`Command`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", content = "value", rename_all = "snake_case")]
pub enum Reply {
    /// It is done.
    Done,
    /// The folders as they are now.
    Folders(Vec<Folder>),
    /// What would be allowed.
    FolderTest(FolderTest),
    /// What was found.
    Doctor(DoctorReport),
    /// The computer is an endpoint now.
    SetUp(SetUp),
    /// Who is signed in.
    Account(Option<Account>),
    /// The token.
    Token(Token),
    /// What the hub says about itself.
    Hub(HubFacts),
    /// The sign-in as it begins.
    SignIn(SignInView),
    /// Whether the name can be had.
    NameCheck(NameCheck),
    /// What a centre set in advance.
    Preset(Preset),
    /// The settings in force.
    Settings(Settings),
    /// What is set about how fast content may go.
    Limits(Limits),
    /// Which proxy is set and used.
    Proxy(ProxyView),
    /// What helps whoever helps.
    Diagnostics(Diagnostics),
    /// The collections that were found.
    Collections(Vec<Collection>),
    /// The collection.
    Collection(Collection),
    /// The directory.
    Listing(Listing),
    /// What stands there.
    Entry(Entry),
    /// The task that was made, or was there already.
    Submitted(TaskId),
    /// The tasks that were found.
    Tasks(Vec<TaskView>),
    /// The task.
    Task(Box<TaskDetail>),
    /// Files that are safe.
    TaskFiles(TaskFiles),
    /// What was left out.
    TaskSkips(TaskSkips),
    /// What differs.
    TaskDifferences(TaskDifferences),
}

/// What set-up made of this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SetUp {
    /// The endpoint's id.
    pub endpoint: EndpointId,
    /// Its full name, `smith#WorkPC`.
    pub name: String,
    /// The hub's URL.
    pub hub: String,
    /// The fingerprint of the new key, for the owner to compare.
    pub fingerprint: String,
    /// Where the key is kept.
    pub place: KeyPlace,
}
