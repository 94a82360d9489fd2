//! One authorization request: its address, and the secrets that tie the answer to it.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use outport_types::ClientId;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::{Secret, auth::names::route, client::HubUrl};

/// An authorization request that waits for the browser to come back.
#[derive(Clone)]
pub struct AuthorizationRequest {
    url: Url,
    redirect_uri: String,
    state: Secret,
    verifier: Secret,
}

impl AuthorizationRequest {
    /// Makes a request with a fresh state and verifier.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn new(
        hub: &HubUrl,
        client_id: ClientId,
        redirect_uri: String,
        scopes: &[&str],
    ) -> Result<Self, getrandom::Error> {
        let (state, verifier) = (random()?, random()?);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose()));
        let mut url = hub.at(route::AUTHORIZE);
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &client_id.to_string())
            .append_pair("redirect_uri", &redirect_uri)
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", state.expose())
            .append_pair("access_type", "offline")
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(Self { url, redirect_uri, state, verifier })
    }

    /// Where the browser goes.
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// Where the browser comes back to.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Whether this is the state that went out.
    pub fn is_own_state(&self, state: &str) -> bool {
        // Guesses cannot be timed: a wrong one is answered with a page, whatever it shares.
        Sha256::digest(state) == Sha256::digest(self.state.expose())
    }

    pub(super) const fn verifier(&self) -> &Secret {
        &self.verifier
    }
}

impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("redirect_uri", &self.redirect_uri)
            .finish_non_exhaustive()
    }
}

fn random() -> Result<Secret, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{auth::names, client::SCOPES};

    #[test]
    fn the_challenge_fits_the_verifier_and_every_request_has_its_own() {
        let hub = "localhost:7440".parse().unwrap();
        let make = || {
            let back = "http://127.0.0.1:9/".to_owned();
            AuthorizationRequest::new(&hub, names::OUTPORT_CLIENT, back, SCOPES).unwrap()
        };
        let (one, two) = (make(), make());
        assert_ne!(one.state, two.state);
        assert_ne!(one.verifier, two.verifier);
        assert!(one.is_own_state(one.state.expose()) && !one.is_own_state(two.state.expose()));
        let pair = |name: &str| {
            one.url()
                .query_pairs()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let digest = Sha256::digest(one.verifier.expose());
        assert_eq!(pair("code_challenge"), Some(URL_SAFE_NO_PAD.encode(digest)));
        assert_eq!(pair("redirect_uri").as_deref(), Some("http://127.0.0.1:9/"));
        assert!(!format!("{one:?}").contains(one.state.expose()));
    }
}
