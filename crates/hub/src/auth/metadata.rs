//! What clients may know beforehand: the routes, and the key of identity tokens.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, header},
};
use serde_json::{Value, json};

use crate::state::HubState;

/// `GET /.well-known/openid-configuration`
pub(super) async fn openid_configuration(State(hub): State<HubState>) -> Cacheable {
    let url = |path: &str| hub.url(path);
    cacheable(json!({
        "issuer": hub.base_url.as_str(),
        "authorization_endpoint": url("v2/oauth2/authorize"),
        "token_endpoint": url("v2/oauth2/token"),
        "device_authorization_endpoint": url("v2/oauth2/device_authorization"),
        "introspection_endpoint": url("v2/oauth2/token/introspect"),
        "revocation_endpoint": url("v2/oauth2/token/revoke"),
        "userinfo_endpoint": url("v2/oauth2/userinfo"),
        "jwks_uri": url("jwk.json"),
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "response_types_supported": ["code"],
        "grant_types_supported": [
            "authorization_code",
            "client_credentials",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "name", "email", "preferred_username", "auth_time"],
    }))
}

/// `GET /jwk.json`
pub(super) async fn jwks(State(hub): State<HubState>) -> Cacheable {
    cacheable(hub.keys.identity_tokens.jwks())
}

type Cacheable = ([(HeaderName, &'static str); 1], Json<Value>);

fn cacheable(value: Value) -> Cacheable {
    ([(header::CACHE_CONTROL, "max-age=300")], Json(value))
}
