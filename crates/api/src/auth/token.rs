//! Tokens, and what they are good for.

use std::collections::BTreeMap;

use outport_types::IdentityId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::wire::{Secret, or_default};

/// A token for one resource server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    pub access_token: Secret,
    /// Names of top-level scopes, separated by spaces.
    pub scope: String,
    pub resource_server: String,
    /// Seconds that the access token is good for.
    pub expires_in: u64,
    /// `Bearer`.
    pub token_type: String,
    /// With `access_type=offline` only; a refresh always repeats it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret>,
}

/// What the token endpoint answers: the first token, and those of the other resource servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenAnswer {
    #[serde(flatten)]
    pub first: Token,
    /// A signed statement of who the person is, when `openid` was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<Secret>,
    /// What the authorization request said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Always there, empty when there are no others.
    #[serde(default, deserialize_with = "or_default")]
    pub other_tokens: Vec<Token>,
}

impl TokenAnswer {
    /// All tokens of the answer.
    pub fn tokens(&self) -> impl Iterator<Item = &Token> {
        std::iter::once(&self.first).chain(&self.other_tokens)
    }
}

/// The answer of validation and revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    pub active: bool,
}

/// What a token is good for; of an inactive one, only that it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Introspection {
    pub active: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_type: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aud: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// When it was asked for with `include=session_info`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_info: Option<SignInSession>,
}

/// How and when the person proved who they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SignInSession {
    pub session_id: Option<String>,
    #[serde(default)]
    pub authentications: BTreeMap<IdentityId, Authentication>,
}

/// One proof of one identity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Authentication {
    /// Seconds since 1970.
    pub auth_time: i64,
    pub idp: Option<String>,
    pub acr: Option<String>,
    pub amr: Option<Vec<String>>,
    #[serde(default)]
    pub custom_claims: BTreeMap<String, Value>,
}
