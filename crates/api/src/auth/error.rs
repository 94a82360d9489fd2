//! How the Auth API says no.

use outport_types::{Problem, RequestId};
use serde::{Deserialize, Serialize};

/// The body of every answer of the Auth API that is no success: the service's own form and
/// OAuth's in one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthError {
    pub errors: Vec<AuthErrorItem>,
    /// One of [`oauth_code`] on OAuth routes, else the code of the first item.
    pub error: String,
    pub error_description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// The same in Outport's own words, for clients that know them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// One thing that was wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthErrorItem {
    /// One of [`auth_code`].
    pub code: String,
    pub detail: String,
    pub title: String,
    /// The HTTP status as text.
    pub status: String,
    pub id: RequestId,
}

/// Codes of the Auth API's own form.
pub mod auth_code {
    /// 401.
    pub const UNAUTHORIZED: &str = "UNAUTHORIZED";
    /// 403.
    pub const FORBIDDEN: &str = "FORBIDDEN";
    /// 404.
    pub const NOT_FOUND: &str = "NOT_FOUND";
    /// 400.
    pub const BAD_REQUEST: &str = "BAD_REQUEST";
    /// 409.
    pub const CONFLICT: &str = "CONFLICT";
    /// 429.
    pub const TOO_MANY_REQUESTS: &str = "TOO_MANY_REQUESTS";
    /// 500.
    pub const INTERNAL: &str = "INTERNAL_ERROR";
}

/// Codes of OAuth (RFC 6749, 8628).
pub mod oauth_code {
    pub const INVALID_REQUEST: &str = "invalid_request";
    pub const INVALID_CLIENT: &str = "invalid_client";
    pub const INVALID_GRANT: &str = "invalid_grant";
    pub const INVALID_SCOPE: &str = "invalid_scope";
    pub const UNAUTHORIZED_CLIENT: &str = "unauthorized_client";
    pub const UNSUPPORTED_GRANT_TYPE: &str = "unsupported_grant_type";
    pub const UNSUPPORTED_RESPONSE_TYPE: &str = "unsupported_response_type";
    /// The person refused.
    pub const ACCESS_DENIED: &str = "access_denied";
    /// The person has not decided yet; poll again.
    pub const AUTHORIZATION_PENDING: &str = "authorization_pending";
    /// Poll again, five seconds less often from now on.
    pub const SLOW_DOWN: &str = "slow_down";
    /// The device code is too old.
    pub const EXPIRED_TOKEN: &str = "expired_token";
}
