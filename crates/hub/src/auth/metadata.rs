//! What clients may know beforehand: the routes, and the key of identity tokens.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, header},
};
use outport_api::auth::{
    JwkSet, OpenidConfiguration,
    names::{grant, route, scope},
};

use crate::state::HubState;

/// `GET /.well-known/openid-configuration`
pub(super) async fn openid_configuration(
    State(hub): State<HubState>,
) -> Cacheable<OpenidConfiguration> {
    let url = |route: &str| hub.url(route.trim_start_matches('/'));
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    cacheable(OpenidConfiguration {
        issuer: hub.base_url.to_string(),
        authorization_endpoint: url(route::AUTHORIZE),
        token_endpoint: url(route::TOKEN),
        userinfo_endpoint: url(route::USERINFO),
        jwks_uri: url(route::JWKS),
        revocation_endpoint: Some(url(route::REVOKE)),
        introspection_endpoint: Some(url(route::INTROSPECT)),
        device_authorization_endpoint: Some(url(route::DEVICE)),
        scopes_supported: words(&[scope::OPENID, scope::PROFILE, scope::EMAIL, "offline_access"]),
        response_types_supported: words(&["code"]),
        grant_types_supported: words(&[
            grant::AUTHORIZATION_CODE,
            grant::CLIENT_CREDENTIALS,
            grant::REFRESH_TOKEN,
            grant::DEVICE_CODE,
        ]),
        subject_types_supported: words(&["public"]),
        id_token_signing_alg_values_supported: words(&["RS256"]),
        token_endpoint_auth_methods_supported: words(&[
            "client_secret_basic",
            "client_secret_post",
            "none",
        ]),
        claims_supported: words(&["sub", "name", "email", "preferred_username", "auth_time"]),
        code_challenge_methods_supported: words(&["S256"]),
    })
}

/// `GET /jwk.json`
pub(super) async fn jwks(State(hub): State<HubState>) -> Cacheable<JwkSet> {
    cacheable(hub.keys.identity_tokens.jwks())
}

type Cacheable<T> = ([(HeaderName, &'static str); 1], Json<T>);

fn cacheable<T>(value: T) -> Cacheable<T> {
    ([(header::CACHE_CONTROL, "max-age=300")], Json(value))
}
