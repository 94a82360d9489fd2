//! What the owner sets once, what follows from it, and what helps when something goes wrong.

use outport_types::{Problem, UnixTime};
use serde::{Deserialize, Serialize};

use crate::folder::NewFolder;

/// What the owner sets beside the folders; part of the agent's config.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Settings {
    /// Whether work stops while the computer runs on its battery.
    pub pause_on_battery: bool,
    /// Whether work stops while the network counts what it carries.
    pub pause_on_metered: bool,
    /// Whether the computer is kept from falling asleep while files move.
    pub keep_awake: KeepAwake,
    /// Whether transfers that begin from now on give way to other programs, and on the line.
    #[serde(default)]
    pub background: bool,
    /// Whether content goes through the relay of the hub, in transfers that begin from now on.
    #[serde(default)]
    pub relay: RelayUse,
    /// Whether the router is asked for a port while files move.
    #[serde(default = "yes")]
    pub port_mapping: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            pause_on_battery: false,
            pause_on_metered: false,
            keep_awake: KeepAwake::default(),
            background: false,
            relay: RelayUse::default(),
            port_mapping: true,
        }
    }
}

const fn yes() -> bool {
    true
}

/// Whether content goes through a relay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum RelayUse {
    /// Straight, or not at all.
    Never,
    /// Where the other computer cannot be reached straight.
    #[default]
    Auto,
    /// Through a relay, or not at all.
    Only,
}

impl RelayUse {
    /// The word for it in the config.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Auto => "auto",
            Self::Only => "only",
        }
    }
}

/// When the computer is kept awake while files move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum KeepAwake {
    /// Never.
    Never,
    /// Unless it runs on its battery.
    #[default]
    OnMains,
    /// Always.
    Always,
}

/// What the computer says about its power and network, and what is made of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Power {
    /// Whether it runs on its battery; `None` when the system does not say.
    pub on_battery: Option<bool>,
    /// Whether the network counts what it carries; `None` when the system does not say, or nothing
    /// depends on it.
    pub metered: Option<bool>,
    /// Whether it is being kept awake.
    pub awake: bool,
}

/// A pause that follows from a setting and ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Hold {
    /// Why.
    pub reason: HoldReason,
    /// When it began.
    pub since: UnixTime,
}

/// Why work is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// The computer runs on its battery.
    Battery,
    /// The network counts what it carries.
    Metered,
}

/// What a centre set in advance for the computers that it installs Outport on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Preset {
    /// The file that says so; `None` when there is none.
    pub file: Option<String>,
    /// The address of the hub.
    pub hub: Option<String>,
    /// The name of this computer, the host's name filled in.
    pub name: Option<String>,
    /// The folders to share.
    pub folders: Vec<NewFolder>,
    /// The settings.
    pub settings: Option<Settings>,
    /// Whether the app starts when the owner signs in to the computer.
    pub start_at_login: Option<bool>,
    /// What is wrong with the file, when it cannot be used.
    pub problem: Option<Problem>,
}

/// What helps whoever helps: versions, the state, the checks, the config and the end of the log,
/// without secrets, names of files and addresses of people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Diagnostics {
    /// A name for a file of it.
    pub name: String,
    /// All of it.
    pub text: String,
}
