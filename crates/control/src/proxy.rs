//! The proxy between this computer and its hub: what is set, and what is used.

use outport_types::Problem;
use serde::{Deserialize, Serialize};

use crate::{account::Secret, command::KeyPlace};

/// What is set about the proxy, and what comes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ProxyView {
    /// `system`, `none`, or an address like `http://proxy.example.org:3128`.
    pub set: String,
    /// For which proxy a password is kept.
    pub login: Option<KeptLogin>,
    /// What everything to the hub goes through; `None` where it goes straight. Before a hub is known it is
    /// what holds for most.
    pub used: Option<ProxyUse>,
    /// Why none can be used, though one should be.
    pub problem: Option<Problem>,
}

/// User and password that are kept for a proxy, without the password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct KeptLogin {
    /// The proxy's address; no other one is told.
    pub proxy: String,
    /// The user.
    pub user: String,
    /// Where the password is kept.
    pub place: KeyPlace,
}

/// A proxy that is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ProxyUse {
    /// Its address.
    pub address: String,
    /// As whom, where it is told.
    pub user: Option<String>,
    /// Who named it.
    pub source: ProxySource,
}

/// Who names a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum ProxySource {
    /// The owner's config.
    Config,
    /// A variable of the environment.
    Environment,
    /// The settings of the operating system.
    System,
}

/// What shall be set about the proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct NewProxy {
    /// `system`, `none`, or an address.
    pub proxy: String,
    /// As whom, for a proxy that wants to know; an address without a user is told nobody.
    pub user: Option<String>,
    /// The user's password; the one that is kept for the same proxy and user, unless given.
    pub password: Option<Secret>,
    /// Where the password shall be kept; where this computer's key is, unless given.
    pub place: Option<KeyPlace>,
}
