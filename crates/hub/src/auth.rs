//! The OAuth 2 authorization server, in the shape that the official Globus clients speak to.
//!
//! A person consents once (`grant`), from which come tokens, one for each resource server.
//! Tokens are random, stored as hashes, and name exactly one resource server and its scopes.

pub(crate) mod client;
mod clients;
pub(crate) mod consent;
mod dependent;
pub(crate) mod device;
pub(crate) mod grant;
mod id_token;
mod metadata;
mod people;
pub(crate) mod scope;
mod signer;
mod status;
mod sweep;
mod token;

use axum::{
    Router,
    routing::{delete, get, post},
};

pub(crate) use signer::Signer;
pub(crate) use sweep::sweep_forever;

use crate::state::HubState;

/// The routes that programs call; those for browsers are in `pages`.
pub(crate) fn router() -> Router<HubState> {
    Router::new()
        .route("/.well-known/openid-configuration", get(metadata::openid_configuration))
        .route("/jwk.json", get(metadata::jwks))
        .route("/v2/oauth2/token", post(token::token))
        .route("/v2/oauth2/token/validate", post(status::validate))
        .route("/v2/oauth2/token/introspect", post(status::introspect))
        .route("/v2/oauth2/token/revoke", post(status::revoke))
        .route("/v2/oauth2/device_authorization", post(device::begin))
        .route("/v2/oauth2/userinfo", get(people::userinfo))
        .route("/v2/api/identities", get(people::identities))
        .route("/v2/api/identities/{id}/consents", get(people::consents))
        .route("/v2/api/identity_providers", get(people::identity_providers))
        .route("/v2/api/clients", post(clients::create))
        .route("/v2/api/clients/{id}", delete(clients::delete))
}
