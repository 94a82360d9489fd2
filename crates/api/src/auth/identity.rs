//! People and applications as the Auth API shows them.

use outport_types::IdentityId;
use serde::{Deserialize, Serialize};

/// Who a token speaks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Userinfo {
    pub sub: IdentityId,
    pub preferred_username: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub organization: Option<String>,
    pub identity_provider: Option<String>,
    pub identity_provider_display_name: Option<String>,
    /// Seconds since 1970.
    pub last_authentication: Option<i64>,
    /// With the scope `view_identity_set` only; the primary identity is among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_set: Option<Vec<LinkedIdentity>>,
}

/// One of a person's identities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkedIdentity {
    pub sub: IdentityId,
    pub username: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub organization: Option<String>,
    pub identity_provider: Option<String>,
    pub identity_provider_display_name: Option<String>,
    /// Seconds since 1970.
    pub last_authentication: Option<i64>,
}

/// The answer of `GET /v2/api/identities`; unknown ones are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identities {
    pub identities: Vec<Identity>,
}

/// An identity as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub id: IdentityId,
    pub username: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub organization: Option<String>,
    /// `used`, `unused`, `private` or `closed`.
    pub status: Option<String>,
    pub identity_provider: Option<String>,
    /// `login` or `service`.
    pub identity_type: Option<String>,
}
