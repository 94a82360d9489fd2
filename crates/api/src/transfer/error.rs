//! How the Transfer API says no.

use outport_types::{Problem, RequestId};
use serde::{Deserialize, Serialize};

/// The body of every answer of the Transfer API that is no success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferError {
    /// One of [`error_code`]; third-party programs compare these strings.
    pub code: String,
    pub message: String,
    pub request_id: RequestId,
    /// The path that was asked for.
    pub resource: String,
    /// The scopes to consent to, with code [`error_code::CONSENT_REQUIRED`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_scopes: Vec<String>,
    /// The same in Outport's own words, for clients that know them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// The codes of the Transfer API's errors, as its clients compare them.
pub mod error_code {
    /// 400: malformed.
    pub const BAD_REQUEST: &str = "ClientError.BadRequest";
    /// 400: a transfer without items.
    pub const NO_TRANSFER_ITEMS: &str = "ClientError.BadRequest.NoTransferItems";
    /// 400: a deletion without items.
    pub const NO_DELETE_ITEMS: &str = "ClientError.BadRequest.NoDeleteItems";
    /// 401: no, an expired, a revoked or another service's token.
    pub const AUTHENTICATION_FAILED: &str = "ClientError.AuthenticationFailed";
    /// 403: no right on the object.
    pub const PERMISSION_DENIED: &str = "PermissionDenied";
    /// 403: the endpoint or an access rule refuses the path.
    pub const ENDPOINT_PERMISSION_DENIED: &str = "EndpointPermissionDenied";
    /// 403: the person must consent first.
    pub const CONSENT_REQUIRED: &str = "ConsentRequired";
    /// 404: no such endpoint, or not the caller's to see.
    pub const ENDPOINT_NOT_FOUND: &str = "EndpointNotFound";
    /// 404: the endpoint was deleted.
    pub const ENDPOINT_DELETED: &str = "EndpointDeleted";
    /// 404: an unknown bookmark.
    pub const BOOKMARK_NOT_FOUND: &str = "BookmarkNotFound";
    /// 404: a missing directory on `ls`, an unknown task.
    pub const CLIENT_NOT_FOUND: &str = "ClientError.NotFound";
    /// 404: nothing there on `stat`.
    pub const NOT_FOUND: &str = "NotFound";
    /// 409: the name is taken.
    pub const EXISTS: &str = "Exists";
    /// 409: in contradiction to what is there.
    pub const CONFLICT: &str = "Conflict";
    /// 429: too many requests.
    pub const TOO_MANY_REQUESTS: &str = "ClientError.TooManyRequests";
    /// 500: the hub's own fault.
    pub const INTERNAL: &str = "InternalError";
    /// 502: a listing failed at the endpoint.
    pub const DIR_LISTING_FAILED: &str = "ExternalError.DirListingFailed";
    /// 502: what should be listed is no directory.
    pub const DIR_LISTING_NOT_DIRECTORY: &str = "ExternalError.DirListingFailed.NotDirectory";
    /// 502: the endpoint is not connected.
    pub const DIR_LISTING_DISCONNECTED: &str = "ExternalError.DirListingFailed.GCDisconnected";
    /// 502: the directory holds too much for one listing.
    pub const DIR_LISTING_SIZE_LIMIT: &str = "ExternalError.DirListingFailed.SizeLimit";
    /// 502: the endpoint's system refuses.
    pub const DIR_LISTING_PERMISSION_DENIED: &str =
        "ExternalError.DirListingFailed.PermissionDenied";
    /// 502: the directory exists already.
    pub const MKDIR_EXISTS: &str = "ExternalError.MkdirFailed.Exists";
    /// 502: the endpoint's system refuses.
    pub const MKDIR_PERMISSION_DENIED: &str = "ExternalError.MkdirFailed.PermissionDenied";
    /// 502: any other fault at the endpoint.
    pub const EXTERNAL: &str = "ExternalError";
    /// 502: the endpoint does not work as it should.
    pub const ENDPOINT: &str = "EndpointError";
    /// 503: try again in a moment; clients always do.
    pub const SERVICE_UNAVAILABLE: &str = "ServiceUnavailable";
}
