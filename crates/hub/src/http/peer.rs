//! Where a request comes from.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::{extract::FromRequestParts, http::request::Parts};

use crate::{limiter::address_key, state::HubState};

/// The other end of the TCP connection; the server puts it into every request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// The address of the client: the peer, or whom the trusted proxy in front names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl ClientAddress {
    /// The key under which its attempts are counted.
    pub(crate) fn key(self) -> String {
        address_key(self.0)
    }
}

impl FromRequestParts<HubState> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, hub: &HubState) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<Peer>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        if !hub.config.behind_proxy {
            return Ok(Self(peer));
        }
        // Only what the proxy itself appended can be trusted: the last entry.
        let named = parts
            .headers
            .get_all("x-forwarded-for")
            .iter()
            .next_back()
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.rsplit(',').next())
            .and_then(|value| value.trim().parse().ok());
        Ok(Self(named.unwrap_or(peer)))
    }
}
