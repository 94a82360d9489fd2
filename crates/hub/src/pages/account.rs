//! Pages that make an account or set a password: by one-time link, or by open registration.

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use outport_types::{Handle, IdentityId};
use sea_orm::EntityTrait as _;

use super::{
    browser::Browser,
    page::{Frame, PageError, message, problem, render},
    sign_in::{self, Next},
    text::{Texts, fill},
};
use crate::{
    accounts::{
        self, AccountKind, LOCAL_PROVIDER, Link, LinkPurpose, NewAccount, Password, PasswordError,
        display_text,
    },
    config::Registration,
    http::{AuthError, FormFields, QueryFields},
    limiter::Attempt,
    random::Secret,
    state::HubState,
    store::{StoreError, entity::account},
};

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    title: &'static str,
    intro: String,
    button: &'static str,
    action: &'static str,
    key: Option<String>,
    /// With a handle and a name to choose, not only a password.
    makes_account: bool,
    handle: String,
    display_name: String,
    email: String,
    error: Option<&'static str>,
}

/// What a form makes: which page it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The first administrator, by link.
    Welcome,
    /// Anybody, where registration is open.
    Register,
    /// A password, by link.
    Password,
}

impl Form {
    const fn action(self) -> &'static str {
        match self {
            Self::Welcome => "/outport/welcome",
            Self::Register => "/outport/register",
            Self::Password => "/outport/password",
        }
    }
}

/// A form that may be shown and filled in.
struct Open {
    form: Form,
    link: Option<(Link, Secret)>,
    /// The account whose password is chosen.
    account: Option<account::Model>,
}

/// `GET /outport/welcome?key=...`
pub(super) async fn welcome(
    State(hub): State<HubState>,
    browser: Browser,
    query: Result<QueryFields, AuthError>,
) -> Result<Response, PageError> {
    get(&hub, &browser, Form::Welcome, query.unwrap_or_default().0).await
}

/// `GET /outport/password?key=...`
pub(super) async fn password(
    State(hub): State<HubState>,
    browser: Browser,
    query: Result<QueryFields, AuthError>,
) -> Result<Response, PageError> {
    get(&hub, &browser, Form::Password, query.unwrap_or_default().0).await
}

/// `GET /outport/register`
pub(super) async fn register(
    State(hub): State<HubState>,
    browser: Browser,
) -> Result<Response, PageError> {
    get(&hub, &browser, Form::Register, FormFields::default()).await
}

/// `POST /outport/welcome`
pub(super) async fn post_welcome(
    State(hub): State<HubState>,
    browser: Browser,
    form: FormFields,
) -> Result<Response, PageError> {
    post(&hub, &browser, Form::Welcome, form).await
}

/// `POST /outport/password`
pub(super) async fn post_password(
    State(hub): State<HubState>,
    browser: Browser,
    form: FormFields,
) -> Result<Response, PageError> {
    post(&hub, &browser, Form::Password, form).await
}

/// `POST /outport/register`
pub(super) async fn post_register(
    State(hub): State<HubState>,
    browser: Browser,
    form: FormFields,
) -> Result<Response, PageError> {
    post(&hub, &browser, Form::Register, form).await
}

async fn get(
    hub: &HubState,
    browser: &Browser,
    form: Form,
    query: FormFields,
) -> Result<Response, PageError> {
    match open(hub, form, query.get("key")).await? {
        Some(open) => show(hub, browser, &open, &FormFields::default(), None),
        None => closed(hub, browser, form),
    }
}

async fn post(
    hub: &HubState,
    browser: &Browser,
    kind: Form,
    form: FormFields,
) -> Result<Response, PageError> {
    let t = Frame::new(hub, browser).t;
    if !browser.is_own_form(hub, &form) {
        return problem(hub, browser, StatusCode::FORBIDDEN, t.error_form);
    }
    let Some(open) = open(hub, kind, form.get("key")).await? else {
        return closed(hub, browser, kind);
    };
    let text = form.get("password").unwrap_or_default();
    if text != form.get("repeat").unwrap_or_default() {
        return show(hub, browser, &open, &form, Some(t.passwords_differ));
    }
    let typed = form.get("handle").unwrap_or_default().trim().to_lowercase();
    let handle = match &open.account {
        Some(account) => account.handle.parse(),
        None => typed.parse::<Handle>(),
    };
    let Ok(handle) = handle else {
        return show(hub, browser, &open, &form, Some(t.handle_bad));
    };
    let password = match Password::chosen(text, handle.as_str()) {
        Ok(password) => password,
        Err(error) => return show(hub, browser, &open, &form, Some(password_text(t, error))),
    };
    if kind == Form::Register
        && hub.limiter.attempt(Attempt::AnonymousCreation, &browser.address.key()).is_err()
    {
        return show(hub, browser, &open, &form, Some(t.busy));
    }
    let hash = match hub.passwords.hash(password).await {
        Ok(hash) => hash,
        Err(PasswordError::Busy) => return show(hub, browser, &open, &form, Some(t.busy)),
        Err(error) => return Err(error.into()),
    };
    match save(hub, kind, &open, handle, hash, &form).await? {
        Saved::Account(account) => sign_in::enter(hub, browser, *account, &Next::home()).await,
        Saved::Taken => show(hub, browser, &open, &form, Some(t.handle_taken)),
        Saved::LinkGone => closed(hub, browser, kind),
    }
}

/// The form, if it may be used.
async fn open(hub: &HubState, form: Form, key: Option<&str>) -> Result<Option<Open>, PageError> {
    let db = hub.store.read();
    if form == Form::Register {
        let allowed = hub.config.registration == Registration::Open;
        return Ok(allowed.then_some(Open { form, link: None, account: None }));
    }
    let Some(key) = key.map(Secret::presented) else { return Ok(None) };
    let Some(link) = Link::find(db, &key, hub.clock.now()).await? else { return Ok(None) };
    let account = match (form, link.purpose) {
        (Form::Welcome, LinkPurpose::FirstAdmin) => match accounts::has_admin(db).await? {
            true => return Ok(None),
            false => None,
        },
        (Form::Password, LinkPurpose::Password { account }) => {
            let found = account::Entity::find_by_id(account).one(db).await?;
            match found.filter(|account| !account.disabled) {
                Some(account) => Some(account),
                None => return Ok(None),
            }
        }
        (Form::Welcome | Form::Password | Form::Register, _) => return Ok(None),
    };
    Ok(Some(Open { form, link: Some((link, key)), account }))
}

enum Saved {
    Account(Box<account::Model>),
    Taken,
    LinkGone,
}

async fn save(
    hub: &HubState,
    kind: Form,
    open: &Open,
    handle: Handle,
    hash: String,
    form: &FormFields,
) -> Result<Saved, PageError> {
    let now = hub.clock.now();
    let key = open.link.as_ref().map(|(_, key)| key.clone());
    let existing = open.account.as_ref().map(|account| account.id);
    let new = NewAccount {
        kind: AccountKind::Person,
        display_name: display_text(form.get("display_name").unwrap_or_default(), handle.as_str()),
        email: form.get("email").map(|text| display_text(text, "")).filter(|text| !text.is_empty()),
        password: Some(hash.clone()),
        is_admin: kind == Form::Welcome,
        identity: IdentityId::random(),
        username: format!("{handle}@{}", hub.identity_domain()),
        provider: LOCAL_PROVIDER,
        handle,
    };
    let write = hub.store.write(move |tx| {
        Box::pin(async move {
            // Somebody may have been made one by other means since the link was sent.
            if new.is_admin && accounts::has_admin(tx).await? {
                return Ok(None);
            }
            if let Some(key) = key {
                // Looked up again inside the transaction: of two who hold it, one wins.
                match Link::find(tx, &key, now).await? {
                    Some(link) => link.spend(tx, now).await?,
                    None => return Ok(None),
                }
            }
            let id = match existing {
                Some(id) => {
                    accounts::set_password(tx, id, hash).await?;
                    id
                }
                None => accounts::create(tx, new, now).await?.uuid(),
            };
            Ok::<_, StoreError>(account::Entity::find_by_id(id).one(tx).await?)
        })
    });
    match write.await {
        Ok(Some(account)) => Ok(Saved::Account(Box::new(account))),
        Ok(None) => Ok(Saved::LinkGone),
        Err(error) if error.is_conflict() => Ok(Saved::Taken),
        Err(error) => Err(error.into()),
    }
}

fn show(
    hub: &HubState,
    browser: &Browser,
    open: &Open,
    form: &FormFields,
    error: Option<&'static str>,
) -> Result<Response, PageError> {
    let frame = Frame::new(hub, browser);
    let t = frame.t;
    let handle = open.account.as_ref().map(|account| account.handle.clone());
    let (title, intro, button) = match open.form {
        Form::Welcome => (t.welcome_title, t.welcome_text.to_owned(), t.make_account),
        Form::Register => (t.register_title, t.register_text.to_owned(), t.make_account),
        Form::Password => {
            let intro = fill(t.password_text, "handle", handle.as_deref().unwrap_or_default());
            (t.password_title, intro, t.save_password)
        }
    };
    let typed = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let page = AccountPage {
        title,
        intro,
        button,
        action: open.form.action(),
        key: open.link.as_ref().map(|(_, key)| key.reveal().to_owned()),
        makes_account: open.account.is_none(),
        handle: handle.unwrap_or_else(|| typed("handle")),
        display_name: typed("display_name"),
        email: typed("email"),
        error,
        frame,
    };
    let status = if error.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    render(status, browser, &page, None)
}

fn closed(hub: &HubState, browser: &Browser, form: Form) -> Result<Response, PageError> {
    let t = Frame::new(hub, browser).t;
    match form {
        Form::Welcome | Form::Password => {
            message(hub, browser, StatusCode::GONE, t.link_used_title, t.link_used_text)
        }
        Form::Register => problem(hub, browser, StatusCode::FORBIDDEN, t.error_closed),
    }
}

fn password_text(t: &Texts, error: PasswordError) -> &'static str {
    match error {
        PasswordError::TooShort => t.password_short,
        PasswordError::TooLong => t.password_long,
        PasswordError::TooSimple => t.password_simple,
        PasswordError::Busy | PasswordError::Failed => t.busy,
    }
}
