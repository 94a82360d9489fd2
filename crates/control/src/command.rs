//! What may be asked of an agent, and its answers.

use outport_types::{EndpointId, UnixTime};
use serde::{Deserialize, Serialize};

use crate::{
    account::{Account, SignIn, Token},
    doctor::DoctorReport,
    folder::{Folder, FolderTest, NewFolder},
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
}

/// Where an agent's key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// What set-up made of this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
