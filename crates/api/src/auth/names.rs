//! The names that are compiled into clients: resource servers, scopes, client ids, routes.

use outport_types::ClientId;
use uuid::{Uuid, uuid};

/// The client id of the `outport` command and of the desktop app: a public client (no secret, PKCE
/// or device code), known to every hub. Redirects to any port of the loopback address are fine.
pub const OUTPORT_CLIENT: ClientId =
    ClientId::from_uuid(uuid!("0c7a6352-8a1e-4b0f-9d3a-6e5127b4c810"));

/// The template clients of the official `globus` command, one per environment of that service.
pub const GLOBUS_CLI_TEMPLATES: [Uuid; 6] = [
    uuid!("95fdeba8-fac2-42bd-a357-e068d82ff78e"),
    uuid!("b2867dbb-0846-4579-8486-dc70763d700b"),
    uuid!("33b6a241-bce4-4359-9c6d-09f88b3c9eef"),
    uuid!("e0c31fd1-663b-44e1-840f-f4304bb9ee7a"),
    uuid!("0ebfd058-452f-40c3-babf-5a6b16a7b337"),
    uuid!("3029c3cb-c8d9-4f2b-979c-c53330aa7327"),
];

/// Resource servers.
pub mod server {
    /// Identities and sign-in.
    pub const AUTH: &str = "auth.globus.org";
    /// Files, tasks, endpoints; also everything under `/outport/v1`.
    pub const TRANSFER: &str = "transfer.api.globus.org";
    /// Groups.
    pub const GROUPS: &str = "groups.api.globus.org";
    /// Search, which a hub does not have, but for which it gives tokens.
    pub const SEARCH: &str = "search.api.globus.org";
    /// Timers.
    pub const TIMERS: &str = "524230d7-ea86-4a52-8312-86065a9e0417";
    /// Flows, which a hub does not have, but for which it gives tokens.
    pub const FLOWS: &str = "flows.globus.org";
}

/// Scopes.
pub mod scope {
    /// Who the person is.
    pub const OPENID: &str = "openid";
    /// The person's name and username.
    pub const PROFILE: &str = "profile";
    /// The person's address.
    pub const EMAIL: &str = "email";
    /// All identities of the person.
    pub const VIEW_IDENTITY_SET: &str = "urn:globus:auth:scope:auth.globus.org:view_identity_set";
    /// Look other identities up.
    pub const VIEW_IDENTITIES: &str = "urn:globus:auth:scope:auth.globus.org:view_identities";
    /// Everything of Transfer.
    pub const TRANSFER_ALL: &str = "urn:globus:auth:scope:transfer.api.globus.org:all";
    /// Everything of Groups.
    pub const GROUPS_ALL: &str = "urn:globus:auth:scope:groups.api.globus.org:all";
    /// Everything of Search.
    pub const SEARCH_ALL: &str = "urn:globus:auth:scope:search.api.globus.org:all";
    /// Timers of transfers.
    pub const TIMERS: &str =
        "https://auth.globus.org/scopes/524230d7-ea86-4a52-8312-86065a9e0417/timer";
    /// Everything of Flows.
    pub const FLOWS_ALL: &str =
        "https://auth.globus.org/scopes/eec9b274-0c81-4334-bdc2-54e90e689b9a/all";
}

/// Paths below the hub's address.
pub mod route {
    /// The discovery document.
    pub const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
    /// The keys that sign id tokens.
    pub const JWKS: &str = "/jwk.json";
    /// The sign-in and consent page.
    pub const AUTHORIZE: &str = "/v2/oauth2/authorize";
    /// The page that shows a code for copying.
    pub const AUTH_CODE: &str = "/v2/web/auth-code";
    /// Tokens.
    pub const TOKEN: &str = "/v2/oauth2/token";
    /// Whether a refresh token is still good.
    pub const VALIDATE: &str = "/v2/oauth2/token/validate";
    /// What a token is good for.
    pub const INTROSPECT: &str = "/v2/oauth2/token/introspect";
    /// The end of a token.
    pub const REVOKE: &str = "/v2/oauth2/token/revoke";
    /// The start of a sign-in on another device (RFC 8628).
    pub const DEVICE: &str = "/v2/oauth2/device_authorization";
    /// The page on which a person types the code that a device shows.
    pub const DEVICE_PAGE: &str = "/device";
    /// Who the token speaks for.
    pub const USERINFO: &str = "/v2/oauth2/userinfo";
    /// Identities by id or username.
    pub const IDENTITIES: &str = "/v2/api/identities";
    /// Client registration.
    pub const CLIENTS: &str = "/v2/api/clients";
}

/// Grant types of the token endpoint.
pub mod grant {
    /// A code from the browser.
    pub const AUTHORIZATION_CODE: &str = "authorization_code";
    /// A refresh token.
    pub const REFRESH_TOKEN: &str = "refresh_token";
    /// An application for itself.
    pub const CLIENT_CREDENTIALS: &str = "client_credentials";
    /// A code shown on another device.
    pub const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
    /// A token for a service further on.
    pub const DEPENDENT_TOKEN: &str = "urn:globus:auth:grant_type:dependent_token";
}
