//! The owner's sign-in, as it is handed to the agent that keeps it.

use std::fmt;

use outport_types::UnixTime;
use serde::{Deserialize, Serialize};

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Account {
    /// The hub's URL.
    pub hub: String,
    /// The account's handle, `smith`.
    pub handle: String,
    /// The identity, `smith@hub.example.org`.
    pub username: String,
}

/// Text that is never printed: a token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text; the caller sends it where it belongs and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A finished sign-in: what a command or the app hands over after the browser came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// Who signed in, and where.
    pub account: Account,
    /// The OAuth client that asked, needed to refresh.
    pub client_id: String,
    /// One set per resource server.
    pub tokens: Vec<TokenSet>,
}

/// The tokens of one resource server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenSet {
    /// Which part of the hub's API they are for, `transfer.api.globus.org`.
    pub resource_server: String,
    /// What requests carry.
    pub access_token: Secret,
    /// What gets a new one; `None` when the sign-in ends with the access token.
    pub refresh_token: Option<Secret>,
    /// When the access token ends.
    pub expires: UnixTime,
    /// What it allows, separated by spaces.
    pub scope: String,
}

/// An access token that is valid now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The hub that it is for.
    pub hub: String,
    /// What requests carry.
    pub access_token: Secret,
    /// When it ends.
    pub expires: UnixTime,
}
