//! What every route of the hub has in common: requests with ids, errors as JSON, callers.

mod body;
mod caller;
mod error;
mod form;
mod params;
mod peer;
mod request;

use url::{Host, Url};

pub(crate) use body::{BodyLimit, SMALL_BYTES, read_whole_body};
pub(crate) use caller::{AuthApi, Caller, OutportApi, TaskApi, TransferApi};
pub(crate) use error::{
    ApiError, AuthError, AuthShape, OutportError, OutportShape, Shape, TransferError,
    TransferShape, shape_of,
};
pub(crate) use form::{FormFields, JsonBody, QueryFields};
pub(crate) use params::Params;
pub(crate) use peer::{ClientAddress, Peer};
pub(crate) use request::{current_id, current_path, track};

/// Whether a URL's host can only be this computer.
pub(crate) fn is_loopback_host(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
