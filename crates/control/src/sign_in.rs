//! Becoming somebody at a hub, and becoming one of their computers.

use outport_types::{Problem, UnixTime};
use serde::{Deserialize, Serialize};

use crate::command::KeyPlace;

/// What a hub says about itself to anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct HubFacts {
    /// Its address in full.
    pub url: String,
    /// What its administrator calls it.
    pub name: String,
    /// Program and version, `outport 0.1.0`.
    pub software: String,
    /// The fingerprint of its root key, which its administrator can read out.
    pub fingerprint: String,
    /// How many seconds its clock is ahead of this computer's.
    pub clock_off_seconds: i64,
}

/// How somebody signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum SignInWay {
    /// In the browser of this computer.
    Browser,
    /// With a code that is typed on any device.
    Code,
}

/// A sign-in on its way. It ends by success, which shows as [`Snapshot::account`](crate::Snapshot).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SignInView {
    /// The hub's URL.
    pub hub: String,
    /// How.
    pub way: SignInWay,
    /// How far it is.
    pub state: SignInState,
    /// What to open: the page of the hub, with the code in it where the hub gives that.
    pub url: String,
    /// What to type there, when it is a code.
    pub code: Option<String>,
    /// When nobody waits for it any more.
    pub expires: UnixTime,
    /// Why it failed.
    pub problem: Option<Problem>,
}

/// How far a sign-in is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum SignInState {
    /// The person has not decided yet.
    Waiting,
    /// The person said yes; the agent asks the hub who it is.
    Finishing,
    /// It came to nothing.
    Failed,
}

/// Whether this computer can have a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct NameCheck {
    /// The name that was asked about.
    pub name: String,
    /// With its owner, `smith#WorkPC`.
    pub full_name: String,
    /// What stands in the way.
    pub state: NameState,
    /// The same as a sentence; `None` when nothing does.
    pub problem: Option<Problem>,
}

/// Whether a name can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum NameState {
    /// Nobody has it.
    Free,
    /// This computer has it.
    ThisComputer,
    /// An endpoint of the owner has it that no computer is yet; registering takes it.
    YoursUnused,
    /// Another computer of the owner has it; registering takes its place only when told so.
    YoursInUse,
    /// No endpoint can be called that.
    Invalid,
}

/// What this computer shall be at its owner's hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct NewComputer {
    /// Its name, without the owner.
    pub name: String,
    /// Whether it may take the place of the computer that has the name.
    pub replace: bool,
    /// Where its key is kept.
    pub place: KeyPlace,
}
