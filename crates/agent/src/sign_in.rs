//! Sign-in through the agent: the browser or a code, seen in the snapshot, given up when asked.
//!
//! The tokens never leave the agent. A caller gets the address to open; what comes of it shows in
//! the snapshot, so that a window that was closed meanwhile misses nothing.

use std::sync::{Arc, Mutex};

use outport_api::{
    auth::{TokenAnswer, names},
    client::{Auth, BrowserSignIn, DeviceSignIn, HubUrl, HubUrlError, SignInError},
};
use outport_control::{
    Account, HubFacts, Secret, SignIn, SignInState, SignInView, SignInWay, TokenSet,
};
use outport_types::{Chain, Code, Problem};
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    clock::local_now,
    core::{CoreCommand, Order, order},
    owner::refusal,
    portal,
    tokens::{TokenStore, expires_in},
};

/// The one sign-in that may be on its way. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct SignInDesk {
    pub(crate) tokens: TokenStore,
    pub(crate) orders: mpsc::Sender<Order>,
    pub(crate) tracker: TaskTracker,
    /// Cancelled when the agent ends.
    pub(crate) stop: CancellationToken,
    current: Arc<Mutex<CancellationToken>>,
}

/// What somebody has to do, and the wait for it.
enum Waiting {
    Browser(BrowserSignIn),
    Device(DeviceSignIn),
}

impl SignInDesk {
    pub(crate) fn new(
        tokens: TokenStore,
        orders: mpsc::Sender<Order>,
        tracker: TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        let current = Arc::new(Mutex::new(stop.child_token()));
        Self { tokens, orders, tracker, stop, current }
    }

    /// Begins a sign-in in place of any other.
    pub(crate) async fn begin(&self, hub: &str, way: SignInWay) -> Result<SignInView, Problem> {
        let mine = self.replace();
        let begun = self.prepare(hub, way).await;
        if mine.is_cancelled() {
            return Err(Problem::new(Code::SignInExpired, [])); // another one began meanwhile
        }
        let (auth, waiting, view) = match begun {
            Ok(begun) => begun,
            Err(problem) => {
                self.show(None).await?; // the one before is over all the same
                return Err(problem);
            }
        };
        self.show(Some(view.clone())).await?;
        let (desk, shown) = (self.clone(), view.clone());
        self.tracker.spawn(async move {
            mine.run_until_cancelled(desk.wait(auth, waiting, shown)).await;
        });
        Ok(view)
    }

    async fn prepare(
        &self,
        hub: &str,
        way: SignInWay,
    ) -> Result<(Auth, Waiting, SignInView), Problem> {
        let hub = parse_address(hub)?;
        let auth = auth_of(&self.tokens, &hub).await?;
        // Whoever is no hub is found out here and not in the browser.
        auth.hub_info().await.map_err(|error| refusal(&error, &hub))?;
        let (waiting, url, code, limit) = match way {
            SignInWay::Browser => {
                let sign_in = auth.browser().await.map_err(|error| no_browser(&error))?;
                let (url, limit) = (sign_in.url().to_string(), sign_in.time_left());
                (Waiting::Browser(sign_in), url, None, limit)
            }
            SignInWay::Code => {
                let sign_in = auth.device().await.map_err(|error| refusal(&error, &hub))?;
                let url = sign_in.verification_uri_complete();
                let url = url.unwrap_or_else(|| sign_in.verification_uri()).to_owned();
                let (code, limit) = (sign_in.user_code().to_owned(), sign_in.time_left());
                (Waiting::Device(sign_in), url, Some(code), limit)
            }
        };
        let seconds = i64::try_from(limit.as_secs()).unwrap_or(i64::MAX);
        let view = SignInView {
            hub: hub.to_string(),
            way,
            state: SignInState::Waiting,
            url,
            code,
            expires: local_now().plus_seconds(seconds),
            problem: None,
        };
        Ok((auth, waiting, view))
    }

    /// Gives up the sign-in that is on its way, or forgets the one that failed.
    pub(crate) async fn cancel(&self) -> Result<(), Problem> {
        self.replace();
        self.show(None).await
    }

    /// Ends the sign-in before, and answers with what will end this one.
    fn replace(&self) -> CancellationToken {
        let fresh = self.stop.child_token();
        let mut current = self.current.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        current.cancel();
        *current = fresh.clone();
        fresh
    }

    async fn wait(&self, auth: Auth, waiting: Waiting, mut view: SignInView) {
        let answer = match waiting {
            Waiting::Browser(sign_in) => sign_in.finish().await,
            Waiting::Device(sign_in) => sign_in.finish().await,
        };
        let outcome = match answer {
            Ok(answer) => {
                view.state = SignInState::Finishing;
                self.show(Some(view.clone())).await.ok();
                self.keep(&auth, &answer).await
            }
            Err(error) => {
                tracing::info!(error = %Chain(&error), "nobody signed in");
                Err(problem_of(&error, auth.hub()))
            }
        };
        if let Err(problem) = outcome {
            view.state = SignInState::Failed;
            view.problem = Some(problem);
            self.show(Some(view)).await.ok(); // an agent that ends shows nothing
        }
    }

    async fn keep(&self, auth: &Auth, answer: &TokenAnswer) -> Result<(), Problem> {
        let sign_in = signed_in(auth, answer).await?;
        let account = sign_in.account.clone();
        self.tokens.sign_in(sign_in).await.map_err(|error| error.problem())?;
        tracing::info!("signed in");
        order(&self.orders, CoreCommand::Account(Some(account))).await?;
        self.show(None).await
    }

    async fn show(&self, view: Option<SignInView>) -> Result<(), Problem> {
        order(&self.orders, CoreCommand::SignIn(view)).await
    }
}

/// Makes a sign-in that can be kept out of the hub's answer: asks whose it is.
///
/// # Errors
/// When the hub does not say.
pub async fn signed_in(auth: &Auth, answer: &TokenAnswer) -> Result<SignIn, Problem> {
    let hub = auth.hub();
    let for_auth = answer.tokens().find(|token| token.resource_server == names::server::AUTH);
    let for_auth = for_auth.ok_or_else(|| {
        let reason = "its answer does not say who signed in";
        Problem::new(Code::NotAHub, [("hub", hub.to_string().into()), ("reason", reason.into())])
    })?;
    let person =
        auth.userinfo(&for_auth.access_token).await.map_err(|error| refusal(&error, hub))?;
    let handle = person.preferred_username.split('@').next().unwrap_or_default();
    let account = Account {
        hub: hub.to_string(),
        handle: handle.to_owned(),
        username: person.preferred_username.clone(),
    };
    let tokens = answer.tokens().map(|token| TokenSet {
        resource_server: token.resource_server.clone(),
        access_token: Secret::new(token.access_token.expose()),
        refresh_token: token.refresh_token.as_ref().map(|token| Secret::new(token.expose())),
        expires: expires_in(token.expires_in),
        scope: token.scope.clone(),
    });
    let client_id = names::OUTPORT_CLIENT.to_string();
    Ok(SignIn { account, client_id, tokens: tokens.collect() })
}

/// What a hub says about itself, by its address as people write it.
pub(crate) async fn check_hub(tokens: &TokenStore, address: &str) -> Result<HubFacts, Problem> {
    let hub = parse_address(address)?;
    let trust = tokens.trust(&hub).await?;
    let auth = Auth::new(hub.clone(), &trust).map_err(|error| refusal(&error, &hub))?;
    let about = match auth.hub_info().await {
        Ok(about) => about,
        Err(error) => {
            let problem = refusal(&error, &hub);
            if matches!(problem.code, Code::HubUnreachable | Code::HubUntrusted) {
                return Err(portal::explain(problem, &hub, &trust).await);
            }
            return Err(problem);
        }
    };
    Ok(HubFacts {
        url: hub.to_string(),
        name: about.name,
        software: about.software,
        fingerprint: about.root.fingerprint().to_string(),
        clock_off_seconds: about.hub_time.seconds.saturating_sub(local_now().seconds),
    })
}

async fn auth_of(tokens: &TokenStore, hub: &HubUrl) -> Result<Auth, Problem> {
    let trust = tokens.trust(hub).await?;
    Auth::new(hub.clone(), &trust).map_err(|error| refusal(&error, hub))
}

/// The hub behind what somebody typed, pasted or clicked on: an address or an `outport://` link,
/// whose path says what to open there and is not meant for us.
fn parse_address(text: &str) -> Result<HubUrl, Problem> {
    let text = text.trim();
    let address = match text.strip_prefix(LINK_SCHEME) {
        Some(rest) => rest.split(['/', '?', '#']).next().unwrap_or_default(),
        None => text,
    };
    address.parse().map_err(|error: HubUrlError| {
        let (address, reason) = match &error {
            HubUrlError::NotOne { text } => (text.clone(), "write it like https://hub.example.org"),
            HubUrlError::Plain { url } => {
                (url.clone(), "it is not encrypted, and plain http is for this computer only")
            }
            HubUrlError::NotBare { url } => {
                (url.clone(), "it has more than a host and a port, so leave the rest out")
            }
            _ => (text.to_owned(), "it cannot be read"),
        };
        let args = [("address", address.into()), ("reason", reason.into())];
        Problem::new(Code::BadHubAddress, args)
    })
}

/// What a person is told of a sign-in that came to nothing.
fn problem_of(error: &SignInError, hub: &HubUrl) -> Problem {
    match error {
        SignInError::Denied { message } => {
            Problem::new(Code::SignInRefused, [("reason", message.as_str().into())])
        }
        SignInError::Expired => Problem::new(Code::SignInExpired, []),
        SignInError::Listen(error) => no_browser(error),
        SignInError::Client(error) => refusal(error, hub),
        _ => Problem::new(Code::SignInRefused, [("reason", Chain(error).to_string().into())]),
    }
}

fn no_browser(error: &outport_api::client::ListenError) -> Problem {
    let reason = Chain(error).to_string();
    Problem::new(Code::SignInNoBrowser, [("reason", reason.into())])
}

/// How links into Outport begin.
const LINK_SCHEME: &str = "outport://";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_is_found_behind_what_people_type_and_click() {
        for (text, hub) in [
            ("hub.example.org", "https://hub.example.org"),
            (" https://hub.example.org/ ", "https://hub.example.org"),
            ("outport://hub.example.org", "https://hub.example.org"),
            ("outport://hub.example.org:7440/activity/5?x#y", "https://hub.example.org:7440"),
            ("outport://127.0.0.1:7440/", "http://127.0.0.1:7440"),
        ] {
            assert_eq!(parse_address(text).unwrap().to_string(), hub, "{text}");
        }
        for text in ["", "outport://", "http://hub.example.org", "https://hub/x", "a b"] {
            assert_eq!(parse_address(text).unwrap_err().code, Code::BadHubAddress, "{text}");
        }
    }
}
