//! The page on which a person connects a device that has no browser.

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use outport_types::{AccountId, ClientId, IdentityId};

use super::{
    browser::{Browser, SignedIn},
    consent::{self, Asker, Destination},
    page::{Frame, PageError, message, problem, render},
    sign_in::{self, Next, SignInReason},
    text::fill,
};
use crate::{
    auth::{
        client::Client,
        device::{self, display_user_code, find_waiting},
        grant::NewGrant,
        scope::ScopeRequest,
    },
    http::{FormFields, QueryFields},
    limiter::Attempt,
    state::HubState,
    store::{StoreError, entity::device_code},
};

#[derive(Template)]
#[template(path = "device.html")]
struct DevicePage {
    frame: Frame,
    code: String,
    error: Option<String>,
}

/// `GET /device[?user_code=...]`: asks for the code, or fills in the one of the address.
pub(super) async fn get(
    State(hub): State<HubState>,
    browser: Browser,
    query: Result<QueryFields, crate::http::AuthError>,
) -> Result<Response, PageError> {
    let QueryFields(query) = query.unwrap_or_default();
    let code = letters(query.get("user_code").unwrap_or_default());
    if browser.signed_in.is_none() {
        let next = Next::parse(&format!("/device?user_code={code}"));
        return sign_in::show(&hub, &browser, &next, SignInReason::default());
    }
    let page = DevicePage { frame: Frame::new(&hub, &browser), code, error: None };
    render(StatusCode::OK, &browser, &page, None)
}

/// `POST /device`: first the code, then the answer.
pub(super) async fn post(
    State(hub): State<HubState>,
    browser: Browser,
    form: FormFields,
) -> Result<Response, PageError> {
    let frame = Frame::new(&hub, &browser);
    if !browser.is_own_form(&hub, &form) {
        return problem(&hub, &browser, StatusCode::FORBIDDEN, frame.t.error_form);
    }
    let typed = letters(form.get("user_code").unwrap_or_default());
    let Some(signed_in) = browser.signed_in.clone() else {
        let next = Next::parse(&format!("/device?user_code={typed}"));
        return sign_in::show(&hub, &browser, &next, SignInReason::default());
    };
    // By account and not by address: whoever guesses needs an account that can be closed.
    let key = signed_in.account.id.to_string();
    if let Err(pause) = hub.limiter.attempt(Attempt::DeviceCode, &key) {
        let seconds = (pause.retry_after.as_secs() + 1).to_string();
        let error = Some(fill(frame.t.too_many, "seconds", &seconds));
        let page = DevicePage { frame, code: typed, error };
        return render(StatusCode::TOO_MANY_REQUESTS, &browser, &page, None);
    }
    let found = find_waiting(hub.store.read(), &typed, hub.clock.now()).await?;
    let client = match &found {
        Some(row) => Client::find(&hub.store, ClientId::from_uuid(row.client_id)).await?,
        None => None,
    };
    let (Some(row), Some(client)) = (found, client) else {
        let error = Some(frame.t.device_unknown.to_owned());
        let page = DevicePage { frame, code: typed, error };
        return render(StatusCode::NOT_FOUND, &browser, &page, None);
    };
    hub.limiter.take_back(Attempt::DeviceCode, &key);
    let (answered, title, text) = match form.get("answer") {
        Some("allow") => {
            let allowed = allow(&hub, &signed_in, &client, row).await?;
            (allowed, frame.t.device_done, frame.t.device_done_text)
        }
        Some(_) => (deny(&hub, row).await?, frame.t.device_denied, frame.t.device_denied_text),
        None => return ask(&hub, &browser, &signed_in, &client, &row),
    };
    if answered {
        return message(&hub, &browser, StatusCode::OK, title, text);
    }
    let error = Some(frame.t.device_unknown.to_owned());
    let page = DevicePage { frame, code: typed, error };
    render(StatusCode::NOT_FOUND, &browser, &page, None)
}

fn ask(
    hub: &HubState,
    browser: &Browser,
    signed_in: &SignedIn,
    client: &Client,
    row: &device_code::Model,
) -> Result<Response, PageError> {
    let scopes = ScopeRequest::parse(&row.scope)?;
    let shown = display_user_code(&row.user_code);
    let asker = Asker {
        client,
        scopes: &scopes,
        offline: row.offline,
        destination: Destination::Device(&shown),
    };
    let hidden = vec![("user_code", row.user_code.clone())];
    let other = format!("/outport/sign-in?next=/device%3Fuser_code={shown}");
    consent::show(hub, browser, signed_in, &asker, "/device", hidden, &other)
}

async fn allow(
    hub: &HubState,
    signed_in: &SignedIn,
    client: &Client,
    row: device_code::Model,
) -> Result<bool, PageError> {
    let scopes = ScopeRequest::parse(&row.scope)?;
    let identity = signed_in.primary().ok_or("an account without an identity")?.id;
    let identity = IdentityId::from_uuid(identity);
    let now = hub.clock.now();
    let new = NewGrant {
        client: client.id,
        account: AccountId::from_uuid(signed_in.account.id),
        identity,
        session: Some(signed_in.session),
        signed_in_at: signed_in.at,
    };
    let write = hub.store.write(move |tx| {
        Box::pin(
            async move { Ok::<_, StoreError>(device::allow(tx, row, &scopes, new, now).await?) },
        )
    });
    Ok(write.await?)
}

async fn deny(hub: &HubState, row: device_code::Model) -> Result<bool, PageError> {
    let now = hub.clock.now();
    let write = hub.store.write(move |tx| {
        Box::pin(async move { Ok::<_, StoreError>(device::deny(tx, row, now).await?) })
    });
    Ok(write.await?)
}

/// What of a typed code can matter, bounded.
fn letters(typed: &str) -> String {
    let plain = typed.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-');
    plain.take(CODE_CHARS_MAX).collect::<String>().to_ascii_uppercase()
}

/// A code with its dash, and some room for a slip.
const CODE_CHARS_MAX: usize = 12;
