//! Sign-in on a machine without a browser (RFC 8628).

use outport_types::ClientId;
use serde::{Deserialize, Serialize};

use crate::wire::Secret;

/// The form that starts it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRequest {
    pub client_id: ClientId,
    /// Scopes, separated by spaces.
    #[serde(default)]
    pub scope: String,
}

/// What the person is shown, and what the device polls with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceAnswer {
    pub device_code: Secret,
    /// The code to type, `WDJB-MJHT`.
    pub user_code: String,
    pub verification_uri: String,
    /// The same with the code in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_uri_complete: Option<String>,
    /// Seconds that both codes are good for.
    pub expires_in: u64,
    /// Seconds between two polls.
    #[serde(default = "interval_seconds")]
    pub interval: u64,
}

/// What RFC 8628 says where an answer says nothing.
const fn interval_seconds() -> u64 {
    5
}
