//! Sign-in: in the browser of this computer, or on another device.
//!
//! In the browser: a listener on a random port of the loopback address, a verifier that never
//! leaves this process (PKCE), and a state that only the browser that we sent can bring back. Who
//! sees the code in transit cannot use it, and who brings another code is not believed.

mod device;
mod loopback;
mod request;

use outport_types::ClientId;
use reqwest::Method;
use serde::{Serialize, de::DeserializeOwned};

pub use self::{
    device::{DevicePoll, DeviceSignIn},
    loopback::{BrowserSignIn, ListenError},
    request::AuthorizationRequest,
};
use super::{
    ClientError, HubUrl, Trust,
    http::{Ask, Body, Http},
    transfer::hub_info,
};
use crate::{
    Secret,
    auth::{
        Activity, DeviceAnswer, Token, TokenAnswer, Userinfo,
        names::{self, grant, route, scope},
    },
    hub::AboutHub,
};

/// A hub at which nobody is signed in yet.
#[derive(Clone, Debug)]
pub struct Auth {
    http: Http,
    client_id: ClientId,
}

/// Why a sign-in came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// The person, or the hub, said no.
    #[error("the sign-in was refused: {message}")]
    Denied {
        /// What the hub says about it.
        message: String,
    },
    /// Nobody came back in time.
    #[error("the sign-in took too long")]
    Expired,
    /// No page could be served for the browser to come back to.
    #[error("cannot listen for the browser")]
    Listen(#[source] ListenError),
    /// The hub could not be asked.
    #[error("the hub does not complete the sign-in")]
    Client(#[source] ClientError),
}

impl Auth {
    /// The sign-in of `hub`, for Outport's own programs.
    ///
    /// # Errors
    /// When the extra certificates cannot be read, or the system has no usable TLS.
    pub fn new(hub: HubUrl, trust: &Trust) -> Result<Self, ClientError> {
        Ok(Self { http: Http::new(hub, trust)?, client_id: names::OUTPORT_CLIENT })
    }

    /// The hub.
    pub fn hub(&self) -> &HubUrl {
        self.http.hub()
    }

    /// What the hub tells everybody about itself.
    ///
    /// # Errors
    /// As for every request.
    pub async fn hub_info(&self) -> Result<AboutHub, ClientError> {
        hub_info(&self.http).await
    }

    /// Starts a sign-in in the browser: the caller opens its address there.
    ///
    /// # Errors
    /// When no port of the loopback address can be had.
    pub async fn browser(&self) -> Result<BrowserSignIn, ListenError> {
        BrowserSignIn::listen(self.clone()).await
    }

    /// Starts a sign-in on another device: the caller shows its code and address.
    ///
    /// # Errors
    /// As for every request.
    pub async fn device(&self) -> Result<DeviceSignIn, ClientError> {
        let id = self.client_id.to_string();
        let scope = SCOPES.join(" ");
        let form = [("client_id", id.as_str()), ("scope", &scope)];
        let answer: DeviceAnswer = self.post(route::DEVICE, &form, "device code").await?;
        Ok(DeviceSignIn::new(self.clone(), answer))
    }

    /// Gets a new access token. The refresh token in the answer replaces the one that was given;
    /// it is the same one where the hub did not send another.
    ///
    /// # Errors
    /// As for every request; `invalid_grant` when the sign-in is over.
    pub async fn refresh(&self, refresh_token: &Secret) -> Result<Token, ClientError> {
        let id = self.client_id.to_string();
        let form = [
            ("grant_type", grant::REFRESH_TOKEN),
            ("refresh_token", refresh_token.expose()),
            ("client_id", &id),
        ];
        let answer: TokenAnswer = self.post(route::TOKEN, &form, "token").await?;
        let mut token = answer.first;
        token.refresh_token.get_or_insert_with(|| refresh_token.clone());
        Ok(token)
    }

    /// Ends a token at the hub; an unknown one is no error.
    ///
    /// # Errors
    /// As for every request.
    pub async fn revoke(&self, token: &Secret) -> Result<(), ClientError> {
        let id = self.client_id.to_string();
        let form = [("token", token.expose()), ("client_id", id.as_str())];
        let Activity { .. } = self.post(route::REVOKE, &form, "answer").await?;
        Ok(())
    }

    /// Who an access token for the Auth API speaks for.
    ///
    /// # Errors
    /// As for every request.
    pub async fn userinfo(&self, access_token: &Secret) -> Result<Userinfo, ClientError> {
        let ask = Ask { bearer: Some(access_token), ..Ask::default() };
        self.http.ask(Method::GET, route::USERINFO, ask, "user").await
    }

    /// Binds the key of a computer to an endpoint, with the documents of the protocol crate: they are
    /// signed, so nobody needs to be signed in.
    ///
    /// # Errors
    /// As for every request.
    pub async fn set_up<T: DeserializeOwned>(
        &self,
        request: &(impl Serialize + Sync),
    ) -> Result<T, ClientError> {
        let body =
            serde_json::to_vec(request).expect("documents have text keys and finite numbers");
        let ask = Ask { body: Body::Json(body), ..Ask::default() };
        self.http.ask(Method::POST, SETUP_PATH, ask, "set-up").await
    }

    async fn exchange(
        &self,
        code: &Secret,
        request: &AuthorizationRequest,
    ) -> Result<TokenAnswer, ClientError> {
        let id = self.client_id.to_string();
        let form = [
            ("grant_type", grant::AUTHORIZATION_CODE),
            ("code", code.expose()),
            ("redirect_uri", request.redirect_uri()),
            ("code_verifier", request.verifier().expose()),
            ("client_id", &id),
        ];
        self.post(route::TOKEN, &form, "token").await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &[(&'static str, &str)],
        what: &'static str,
    ) -> Result<T, ClientError> {
        let ask = Ask { body: Body::Form(form), ..Ask::default() };
        self.http.ask(Method::POST, path, ask, what).await
    }
}

/// What Outport's own programs ask for: who the person is, and everything of Transfer.
pub const SCOPES: &[&str] = &[
    scope::OPENID,
    scope::PROFILE,
    scope::EMAIL,
    scope::VIEW_IDENTITY_SET,
    scope::TRANSFER_ALL,
    "offline_access",
];

/// Where the key of a computer is bound to an endpoint.
const SETUP_PATH: &str = "/outport/v1/setup";
