//! The browser of a request: who is signed in there, in which language, and whether a form is ours.
//!
//! Three cookies, all `HttpOnly` and `SameSite=Lax`, and `__Host-` where the hub has TLS:
//! the session (random, stored as a hash), a random value that forms must answer to (against forms
//! on foreign pages), and the accounts that signed in here before (so that strangers who guess
//! cannot lock their owners out).

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use outport_types::{Language, UnixTime};
use sea_orm::{ActiveModelTrait as _, EntityTrait as _, Set};
use uuid::Uuid;

use super::text::preferred;
use crate::{
    accounts,
    http::{ClientAddress, FormFields},
    random::Secret,
    state::HubState,
    store::{
        StoreError, Tx,
        entity::{account, browser, identity},
    },
};

/// The browser of a request.
#[derive(Clone, Debug)]
pub(super) struct Browser {
    pub(super) language: Language,
    pub(super) address: ClientAddress,
    pub(super) signed_in: Option<SignedIn>,
    form_key: Secret,
    form_key_is_new: bool,
    known: Vec<(Uuid, String)>,
    foreign: bool,
    secure: bool,
}

/// Who is signed in in a browser.
#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    pub(super) account: account::Model,
    /// The account's identities, the primary one first.
    pub(super) identities: Vec<identity::Model>,
    pub(super) session: Uuid,
    pub(super) at: UnixTime,
    cookie: Secret,
}

impl SignedIn {
    /// The identity that stands for the account.
    pub(super) fn primary(&self) -> Option<&identity::Model> {
        self.identities.first()
    }

    /// The name to greet the person with.
    pub(super) fn username(&self) -> &str {
        self.primary().map_or(&self.account.handle, |identity| &identity.username)
    }
}

impl Browser {
    /// What a form of this browser must bring along.
    pub(super) fn form_token(&self, hub: &HubState) -> String {
        hub.keys.cookies.mark("form", self.form_key.reveal())
    }

    /// Whether a form was made by this hub for this browser.
    pub(super) fn is_own_form(&self, hub: &HubState, form: &FormFields) -> bool {
        let token = form.get("form_token").unwrap_or_default();
        !self.foreign
            && !self.form_key_is_new
            && hub.keys.cookies.is_mark("form", self.form_key.reveal(), token)
    }

    /// Whether this account has signed in here before, with the password that it has now.
    pub(super) fn knows(&self, hub: &HubState, account: &account::Model) -> bool {
        let mut marks = self.known.iter().filter(|(id, _)| *id == account.id);
        marks.any(|(_, mark)| hub.keys.cookies.is_mark("known", &known_text(account), mark))
    }

    /// The cookies that every page sets.
    pub(super) fn page_cookies(&self) -> Vec<HeaderValue> {
        match self.form_key_is_new {
            true => self.cookie(FORM, self.form_key.reveal(), None).into_iter().collect(),
            false => Vec::new(),
        }
    }

    /// The cookies that a sign-in sets: the new session, and that the account is known here.
    pub(super) fn sign_in_cookies(
        &self,
        hub: &HubState,
        session: &Secret,
        account: &account::Model,
    ) -> Vec<HeaderValue> {
        let mark = hub.keys.cookies.mark("known", &known_text(account));
        let mut known = vec![format!("{}.{mark}", account.id.simple())];
        let others = self.known.iter().filter(|(id, _)| *id != account.id).take(KNOWN_MAX - 1);
        known.extend(others.map(|(id, mark)| format!("{}.{mark}", id.simple())));
        let hours = i64::from(hub.config.tokens.browser_hours);
        let session = self.cookie(SESSION, session.reveal(), Some(hours * 3600));
        let known = self.cookie(KNOWN, &known.join("~"), Some(KNOWN_SECONDS));
        session.into_iter().chain(known).collect()
    }

    /// The cookie that ends a session.
    pub(super) fn sign_out_cookies(&self) -> Vec<HeaderValue> {
        self.cookie(SESSION, "", Some(0)).into_iter().collect()
    }

    /// Forgets the session of this browser.
    pub(super) async fn sign_out(&self, hub: &HubState) -> Result<(), StoreError> {
        let Some(signed_in) = &self.signed_in else { return Ok(()) };
        let hash = signed_in.cookie.hash().to_vec();
        let write = hub.store.write(move |tx| {
            Box::pin(async move {
                browser::Entity::delete_by_id(hash).exec(tx).await?;
                Ok::<_, StoreError>(())
            })
        });
        write.await
    }

    fn cookie(&self, name: &str, value: &str, seconds: Option<i64>) -> Option<HeaderValue> {
        let mut text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax", self.name(name));
        if self.secure {
            text.push_str("; Secure");
        }
        if let Some(seconds) = seconds {
            text.push_str(&format!("; Max-Age={seconds}"));
        }
        HeaderValue::from_str(&text).ok()
    }

    fn name(&self, name: &str) -> String {
        cookie_name(self.secure, name)
    }
}

/// Stores a session of a browser and returns its cookie's value.
pub(super) async fn sign_in(
    tx: &Tx,
    account: Uuid,
    identity: Uuid,
    hours: u32,
    now: UnixTime,
) -> Result<Secret, sea_orm::DbErr> {
    let cookie = Secret::random();
    browser::ActiveModel {
        cookie_hash: Set(cookie.hash().to_vec()),
        session_id: Set(Uuid::new_v4()),
        account_id: Set(account),
        identity_id: Set(identity),
        signed_in_at: Set(now.millis()),
        expires_at: Set(now.plus_seconds(i64::from(hours) * 3600).millis()),
    }
    .insert(tx)
    .await?;
    Ok(cookie)
}

impl FromRequestParts<HubState> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, hub: &HubState) -> Result<Self, Infallible> {
        let address = ClientAddress::from_request_parts(parts, hub).await?;
        let secure = hub.is_https();
        let cookie = |name: &str| read_cookie(&parts.headers, &cookie_name(secure, name));
        let form_key = cookie(FORM).filter(|text| text.len() == SECRET_CHARS);
        let signed_in = match cookie(SESSION) {
            Some(text) => {
                find_session(hub, Secret::presented(&text)).await.unwrap_or_else(|error| {
                    tracing::error!(%error, "cannot look up a browser's session");
                    None
                })
            }
            None => None,
        };
        let site = parts.headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
        Ok(Self {
            language: preferred(&parts.headers),
            address,
            signed_in,
            form_key_is_new: form_key.is_none(),
            form_key: form_key.map_or_else(Secret::random, |text| Secret::presented(&text)),
            known: cookie(KNOWN).map(|text| read_known(&text)).unwrap_or_default(),
            foreign: matches!(site, Some("cross-site" | "same-site")),
            secure,
        })
    }
}

async fn find_session(hub: &HubState, cookie: Secret) -> Result<Option<SignedIn>, sea_orm::DbErr> {
    let db = hub.store.read();
    let found = browser::Entity::find_by_id(cookie.hash().to_vec()).one(db).await?;
    let Some(row) = found.filter(|row| hub.clock.now().millis() < row.expires_at) else {
        return Ok(None);
    };
    let account = account::Entity::find_by_id(row.account_id).one(db).await?;
    let Some(account) = account.filter(|account| !account.disabled) else { return Ok(None) };
    let identities = accounts::identities_of(db, account.id).await?;
    let at = UnixTime::from_millis(row.signed_in_at);
    Ok(Some(SignedIn { account, identities, session: row.session_id, at, cookie }))
}

fn cookie_name(secure: bool, name: &str) -> String {
    if secure { format!("__Host-{name}") } else { name.to_owned() }
}

fn read_cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
}

fn read_known(text: &str) -> Vec<(Uuid, String)> {
    let items = text.split('~').take(KNOWN_MAX);
    items
        .filter_map(|item| item.split_once('.'))
        .filter_map(|(id, mark)| Some((Uuid::try_parse(id).ok()?, mark.to_owned())))
        .filter(|(_, mark)| mark.len() == SECRET_CHARS)
        .collect()
}

/// Changes with the password, so that a thief of an old cookie gains nothing.
fn known_text(account: &account::Model) -> String {
    format!("{} {}", account.id, account.password.as_deref().unwrap_or_default())
}

const SESSION: &str = "outport_session";
const FORM: &str = "outport_form";
const KNOWN: &str = "outport_known";
/// Accounts that one browser remembers; families and labs share computers.
const KNOWN_MAX: usize = 5;
const KNOWN_SECONDS: i64 = 400 * 86_400;
/// 256 bits in base64.
const SECRET_CHARS: usize = 43;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_among_others() {
        let value = HeaderValue::from_static("a=1; outport_form=xyz ;outport_formy=2");
        let headers: HeaderMap = [(header::COOKIE, value)].into_iter().collect();
        assert_eq!(read_cookie(&headers, "outport_form").as_deref(), Some("xyz"));
        assert_eq!(read_cookie(&headers, "form"), None);
    }
}
