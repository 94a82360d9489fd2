//! Signing in with a password.

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

use super::{
    browser::{self, Browser},
    page::{Frame, PageError, problem, redirect, render},
    text::fill,
};
use crate::{
    accounts::{self, AccountKind, Password, PasswordError},
    config::Registration,
    http::{AuthError, FormFields, QueryFields},
    limiter::{Attempt, TooMany},
    metrics::OutcomeLabels,
    state::HubState,
    store::{StoreError, entity::account},
};

/// The page that asks for handle and password.
#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    intro: String,
    note: Option<String>,
    /// Words of the app that sent the person here, shown as its own.
    quote: Option<(String, String)>,
    error: Option<String>,
    login: String,
    next: String,
    can_register: bool,
}

/// What a sign-in page says beside the form.
#[derive(Clone, Debug, Default)]
pub(super) struct SignInReason {
    pub(super) app: Option<String>,
    pub(super) note: Option<String>,
    /// A message of the app.
    pub(super) message: Option<String>,
    /// The name to put into the form.
    pub(super) login: Option<String>,
}

/// Shows the sign-in page; `next` is where the browser goes afterwards.
pub(super) fn show(
    hub: &HubState,
    browser: &Browser,
    next: &Next,
    reason: SignInReason,
) -> Result<Response, PageError> {
    page(hub, browser, StatusCode::OK, next, reason, None)
}

/// `GET /outport/sign-in[?next=...]`
pub(super) async fn get(
    State(hub): State<HubState>,
    browser: Browser,
    query: Result<QueryFields, AuthError>,
) -> Result<Response, PageError> {
    let QueryFields(query) = query.unwrap_or_default();
    let next = Next::parse(query.get("next").unwrap_or_default());
    show(&hub, &browser, &next, SignInReason::default())
}

/// `POST /outport/sign-in`
pub(super) async fn post(
    State(hub): State<HubState>,
    browser: Browser,
    form: FormFields,
) -> Result<Response, PageError> {
    let frame = Frame::new(&hub, &browser);
    if !browser.is_own_form(&hub, &form) {
        return problem(&hub, &browser, StatusCode::FORBIDDEN, frame.t.error_form);
    }
    let next = Next::parse(form.get("next").unwrap_or_default());
    let login: String =
        form.get("login").unwrap_or_default().chars().take(LOGIN_CHARS_MAX).collect();
    let password = Password::typed(form.get("password").unwrap_or_default());
    let again = |status, text: String| {
        let reason = SignInReason { login: Some(login.clone()), ..SignInReason::default() };
        page(&hub, &browser, status, &next, reason, Some(text))
    };
    match check(&hub, &browser, &login, password).await? {
        Outcome::Right(account) => enter(&hub, &browser, *account, &next).await,
        Outcome::Wrong => again(StatusCode::UNAUTHORIZED, frame.t.wrong_password.to_owned()),
        Outcome::Closed => again(StatusCode::FORBIDDEN, frame.t.account_closed.to_owned()),
        Outcome::Busy => again(StatusCode::SERVICE_UNAVAILABLE, frame.t.busy.to_owned()),
        Outcome::TooMany(pause) => {
            let seconds = (pause.retry_after.as_secs() + 1).to_string();
            let text = fill(frame.t.too_many, "seconds", &seconds);
            again(StatusCode::TOO_MANY_REQUESTS, text)
        }
    }
}

/// `POST /outport/sign-out`
pub(super) async fn sign_out(
    State(hub): State<HubState>,
    browser: Browser,
    form: FormFields,
) -> Result<Response, PageError> {
    if !browser.is_own_form(&hub, &form) {
        let text = Frame::new(&hub, &browser).t.error_form;
        return problem(&hub, &browser, StatusCode::FORBIDDEN, text);
    }
    browser.sign_out(&hub).await?;
    redirect("/", browser.sign_out_cookies())
}

/// Signs the browser in and sends it on.
pub(super) async fn enter(
    hub: &HubState,
    browser: &Browser,
    account: account::Model,
    next: &Next,
) -> Result<Response, PageError> {
    let identities = accounts::identities_of(hub.store.read(), account.id).await?;
    let identity = identities.first().ok_or("an account without an identity")?.id;
    let (id, hours, now) = (account.id, hub.config.tokens.browser_hours, hub.clock.now());
    let cookie = hub.store.write(move |tx| {
        Box::pin(async move {
            Ok::<_, StoreError>(browser::sign_in(tx, id, identity, hours, now).await?)
        })
    });
    let cookie = cookie.await?;
    // The old session ends with the new one's beginning, so that none is left behind.
    browser.sign_out(hub).await?;
    redirect(next.as_str(), browser.sign_in_cookies(hub, &cookie, &account))
}

/// Where a browser goes after it signed in: one of the hub's own pages, never anywhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Next(String);

impl Next {
    pub(super) fn home() -> Self {
        Self("/".to_owned())
    }

    /// The page that a form names; anything unexpected becomes the first page.
    pub(super) fn parse(text: &str) -> Self {
        let path = text.split('?').next().unwrap_or_default();
        let known = ["/v2/oauth2/authorize", "/device"].contains(&path);
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if known && plain { Self(text.to_owned()) } else { Self::home() }
    }

    fn as_str(&self) -> &str {
        &self.0
    }
}

enum Outcome {
    Right(Box<account::Model>),
    Wrong,
    Closed,
    Busy,
    TooMany(TooMany),
}

async fn check(
    hub: &HubState,
    browser: &Browser,
    login: &str,
    password: Password,
) -> Result<Outcome, PageError> {
    let found = accounts::by_login(hub.store.read(), login).await?;
    let found = found.filter(|account| account.kind == AccountKind::Person.word());
    let known = found.as_ref().is_some_and(|account| browser.knows(hub, account));
    let name = found.as_ref().map_or_else(|| login.to_lowercase(), |a| a.id.to_string());
    let address = browser.address.key();
    // A browser that its owner has used before is counted on its own: neither strangers who guess
    // nor neighbours behind the same address can make its owner wait.
    let (by_account, by_address) = match known {
        true => (Attempt::PasswordOfKnownBrowser, None),
        false => (Attempt::PasswordOfAccount, Some(Attempt::SecretFromAddress)),
    };
    // The address first: one that must wait cannot make the account wait, too.
    let counted = by_address.map_or(Ok(()), |attempt| hub.limiter.attempt(attempt, &address));
    let counted = counted.and_then(|()| hub.limiter.attempt(by_account, &name));
    if let Err(pause) = counted {
        count(hub, "paused");
        return Ok(Outcome::TooMany(pause));
    }
    let stored = found.as_ref().and_then(|account| account.password.clone());
    let right = match hub.passwords.verify(password, stored).await {
        Ok(right) => right,
        Err(PasswordError::Busy) => return Ok(Outcome::Busy),
        Err(error) => return Err(error.into()),
    };
    let Some(account) = found.filter(|_| right) else {
        count(hub, "wrong");
        tracing::debug!("a password was wrong");
        return Ok(Outcome::Wrong);
    };
    hub.limiter.forgive(by_account, &name);
    if let Some(attempt) = by_address {
        hub.limiter.take_back(attempt, &address);
    }
    if account.disabled {
        return Ok(Outcome::Closed);
    }
    count(hub, "right");
    Ok(Outcome::Right(Box::new(account)))
}

fn count(hub: &HubState, outcome: &'static str) {
    hub.metrics.sign_ins.get_or_create(&OutcomeLabels { outcome }).inc();
}

fn page(
    hub: &HubState,
    browser: &Browser,
    status: StatusCode,
    next: &Next,
    reason: SignInReason,
    error: Option<String>,
) -> Result<Response, PageError> {
    let frame = Frame::new(hub, browser);
    let intro = match &reason.app {
        Some(app) => fill(frame.t.sign_in_to, "app", app),
        None => frame.t.sign_in_plain.to_owned(),
    };
    let app = reason.app.unwrap_or_default();
    let said = fill(frame.t.app_says, "app", &app);
    let page = SignInPage {
        intro,
        note: reason.note,
        quote: reason.message.map(|message| (said, message)),
        error,
        login: reason.login.unwrap_or_default(),
        next: next.as_str().to_owned(),
        can_register: hub.config.registration == Registration::Open,
        frame,
    };
    render(status, browser, &page, None)
}

/// As long as an address of e-mail can be.
const LOGIN_CHARS_MAX: usize = 254;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_a_browser_stays_at_the_hub() {
        for own in ["/device", "/device?user_code=AB-C", "/v2/oauth2/authorize?a=b%0a"] {
            assert_eq!(Next::parse(own).as_str(), own);
        }
        for foreign in [
            "https://evil.example/",
            "//evil.example/device",
            "/\\evil.example",
            "/device/../x",
            "/device\n",
            "/device?\r\nx: y",
            "javascript:alert(1)",
            "",
        ] {
            assert_eq!(Next::parse(foreign), Next::home(), "{foreign}");
        }
    }
}
