//! A typed client of the hub.
//!
//! Tokens come from a [`Bearer`] before every request and are never printed or kept here.
//! Answers are bounded, every request has an end, and what the hub says no with arrives as it said
//! it: with Outport's own words where it has them, else with the contract's code.

mod error;
mod events;
mod http;
mod hub_url;
mod proxy;
mod sign_in;
mod transfer;

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use outport_types::Problem;

pub use self::{
    error::{ClientError, Refusal},
    events::EventStream,
    hub_url::{HubUrl, HubUrlError},
    proxy::{Proxy, ProxyAddress, ProxyAddressError, ProxyError, ProxyKind, ProxyLogin},
    sign_in::{
        Auth, AuthorizationRequest, BrowserSignIn, DevicePoll, DeviceSignIn, ListenError, SCOPES,
        SignInError,
    },
    transfer::{EndpointScope, LsQuery, TaskFilter},
};
use crate::Secret;

/// A hub, and the right to speak with it.
///
/// Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: http::Http,
    bearer: Arc<dyn Bearer>,
}

/// A future behind a pointer, so that bearers can be chosen at run time.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Whoever has good access tokens.
pub trait Bearer: Send + Sync + fmt::Debug {
    /// A token for this resource server that is valid now.
    ///
    /// # Errors
    /// When nobody is signed in, or the sign-in is over.
    fn token<'a>(&'a self, resource_server: &'a str) -> BoxFuture<'a, Result<Secret, Problem>>;
}

/// How the hub is reached and recognised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// Certificates of authorities to trust beside the system's, as PEM: a private CA.
    pub extra_roots_pem: Option<Vec<u8>>,
    /// The proxy to go through; straight without one, whatever environment and system say.
    pub proxy: Option<Proxy>,
}

impl Client {
    /// A client of `hub` that speaks for `bearer`.
    ///
    /// # Errors
    /// When the extra certificates cannot be read, or the system has no usable TLS.
    pub fn new(hub: HubUrl, trust: &Trust, bearer: Arc<dyn Bearer>) -> Result<Self, ClientError> {
        Ok(Self { http: http::Http::new(hub, trust)?, bearer })
    }

    /// The hub that it speaks with.
    pub fn hub(&self) -> &HubUrl {
        self.http.hub()
    }
}

#[cfg(test)]
mod tests;
