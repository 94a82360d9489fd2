//! Sign-in of a computer without a browser (RFC 8628): it shows a short code, the person types it
//! on the hub's page in a browser anywhere, and the computer, which keeps asking, gets its tokens.

use axum::{Json, extract::State, http::HeaderMap};
use outport_api::{
    self as document,
    auth::{DeviceAnswer, TokenAnswer, oauth_code},
};
use outport_types::UnixTime;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _,
    QueryFilter as _, Set,
};

use super::{
    client::{self, Client},
    consent,
    grant::{self, Issued, NewGrant},
    id_token,
    scope::{ScopeError, ScopeRequest},
    token::{invalid_grant, invalid_scope},
};
use crate::{
    http::{AuthError, ClientAddress, FormFields},
    limiter::Attempt,
    random::{Secret, random_bytes},
    state::HubState,
    store::{Tx, entity::device_code},
};

/// What the person answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Pending,
    Allowed,
    Denied,
    /// The tokens were fetched.
    Done,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Done => "done",
        }
    }

    fn from_word(word: &str) -> Self {
        [Self::Pending, Self::Allowed, Self::Denied]
            .into_iter()
            .find(|answer| answer.word() == word)
            .unwrap_or(Self::Done)
    }
}

/// `POST /v2/oauth2/device_authorization`
pub(super) async fn begin(
    State(hub): State<HubState>,
    headers: HeaderMap,
    address: ClientAddress,
    form: FormFields,
) -> Result<Json<DeviceAnswer>, AuthError> {
    let client = client::authenticate(&hub, &headers, &form, address).await?;
    let request = ScopeRequest::parse(form.required("scope")?).map_err(|e| invalid_scope(&e))?;
    if request.items.is_empty() {
        return Err(invalid_scope(&ScopeError::Syntax));
    }
    if let Some(error) = client::find_unserved(&hub.store, &request).await? {
        return Err(invalid_scope(&error));
    }
    hub.limiter.attempt(Attempt::AnonymousCreation, &address.key())?;
    let (secret, user_code) = (Secret::random(), random_user_code());
    let lifetime = hub.config.tokens.device_code_seconds;
    let row = device_code::ActiveModel {
        code_hash: Set(secret.hash().to_vec()),
        user_code: Set(user_code.clone()),
        client_id: Set(client.id.uuid()),
        scope: Set(form.required("scope")?.to_owned()),
        offline: Set(request.offline || form.get("access_type") == Some("offline")),
        answer: Set(Verdict::Pending.word().to_owned()),
        grant_id: Set(None),
        interval_ms: Set(INTERVAL_MS),
        polled_at: Set(None),
        expires_at: Set(hub.clock.now().plus_seconds(lifetime.into()).millis()),
    };
    let write = hub.store.write(move |tx| {
        Box::pin(async move {
            row.insert(tx).await?;
            Ok::<_, AuthError>(())
        })
    });
    write.await?;
    let shown = display_user_code(&user_code);
    Ok(Json(DeviceAnswer {
        device_code: document::Secret::new(secret.reveal()),
        verification_uri: hub.url("device"),
        verification_uri_complete: Some(hub.url(&format!("device?user_code={shown}"))),
        user_code: shown,
        expires_in: lifetime.into(),
        interval: INTERVAL_MS.unsigned_abs() / 1000,
    }))
}

/// The device asks whether the person has answered.
pub(super) async fn poll(
    hub: &HubState,
    client: Client,
    form: &FormFields,
) -> Result<Option<TokenAnswer>, AuthError> {
    let presented = Secret::presented(form.required("device_code")?);
    let (now, lifetimes) = (hub.clock.now(), hub.config.tokens.clone());
    let write = hub.store.write(move |tx| {
        Box::pin(async move {
            let found = device_code::Entity::find_by_id(presented.hash().to_vec()).one(tx).await?;
            let Some(row) = found.filter(|row| row.client_id == client.id.uuid()) else {
                return Ok(Err(oauth_code::INVALID_GRANT));
            };
            if row.expires_at <= now.millis() {
                return Ok(Err(oauth_code::EXPIRED_TOKEN));
            }
            let mut change: device_code::ActiveModel = row.clone().into();
            change.polled_at = Set(Some(now.millis()));
            let early = row.polled_at.is_some_and(|at| {
                now.millis() < at.saturating_add(row.interval_ms).saturating_sub(SLACK_MS)
            });
            let outcome = match (Verdict::from_word(&row.answer), row.grant_id) {
                (Verdict::Pending, _) if early => {
                    change.interval_ms = Set(row.interval_ms.saturating_add(SLOW_DOWN_MS));
                    Err(oauth_code::SLOW_DOWN)
                }
                (Verdict::Pending, _) => Err(oauth_code::AUTHORIZATION_PENDING),
                (Verdict::Denied, _) => Err(oauth_code::ACCESS_DENIED),
                (Verdict::Allowed, Some(grant)) => {
                    change.answer = Set(Verdict::Done.word().to_owned());
                    let request = ScopeRequest::parse(&row.scope).map_err(AuthError::internal)?;
                    let groups = request.groups();
                    let issued =
                        Issued::for_all(tx, grant, groups, row.offline, &lifetimes, now).await?;
                    Ok((issued, grant))
                }
                (Verdict::Allowed | Verdict::Done, _) => Err(oauth_code::INVALID_GRANT),
            };
            change.update(tx).await?;
            Ok::<_, AuthError>(outcome)
        })
    });
    let (issued, grant) = write.await?.map_err(waiting)?;
    let id_token = id_token::for_answer(hub, grant, &issued, None).await?;
    Ok(grant::answer(&issued, id_token, None))
}

/// The waiting request behind the code that a person typed.
pub(crate) async fn find_waiting(
    db: &impl ConnectionTrait,
    typed: &str,
    now: UnixTime,
) -> Result<Option<device_code::Model>, DbErr> {
    let code: String =
        typed.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    if code.len() != USER_CODE_LETTERS {
        return Ok(None);
    }
    let found =
        device_code::Entity::find().filter(device_code::Column::UserCode.eq(code)).one(db).await?;
    Ok(found.filter(|row| is_waiting(row, now)))
}

fn is_waiting(row: &device_code::Model, now: UnixTime) -> bool {
    row.answer == Verdict::Pending.word() && now.millis() < row.expires_at
}

/// The row as it stands in the transaction, if nobody answered since it was read.
async fn still_waiting(
    tx: &Tx,
    row: device_code::Model,
    now: UnixTime,
) -> Result<Option<device_code::Model>, DbErr> {
    let found = device_code::Entity::find_by_id(row.code_hash).one(tx).await?;
    Ok(found.filter(|row| is_waiting(row, now)))
}

/// Lets the device have what it asked for, in the name of the grant's identity; whether it still
/// waited.
pub(crate) async fn allow(
    tx: &Tx,
    row: device_code::Model,
    scopes: &ScopeRequest,
    new: NewGrant,
    now: UnixTime,
) -> Result<bool, DbErr> {
    let Some(row) = still_waiting(tx, row, now).await? else { return Ok(false) };
    consent::record(tx, new.client, new.identity, &scopes.items, row.offline, now).await?;
    let grant = grant::create(tx, new, now).await?;
    let mut row: device_code::ActiveModel = row.into();
    row.answer = Set(Verdict::Allowed.word().to_owned());
    row.grant_id = Set(Some(grant));
    row.update(tx).await?;
    Ok(true)
}

/// Tells the device that the person said no; whether it still waited.
pub(crate) async fn deny(tx: &Tx, row: device_code::Model, now: UnixTime) -> Result<bool, DbErr> {
    let Some(row) = still_waiting(tx, row, now).await? else { return Ok(false) };
    let mut row: device_code::ActiveModel = row.into();
    row.answer = Set(Verdict::Denied.word().to_owned());
    row.update(tx).await?;
    Ok(true)
}

/// The code as people read it: `WDJB-MJHT`.
pub(crate) fn display_user_code(code: &str) -> String {
    let (left, right) = code.split_at_checked(USER_CODE_LETTERS / 2).unwrap_or((code, ""));
    format!("{left}-{right}")
}

fn waiting(word: &'static str) -> AuthError {
    match word {
        oauth_code::INVALID_GRANT => invalid_grant("The device code is unknown or was used."),
        oauth_code::EXPIRED_TOKEN => {
            AuthError::bad_request("The code has expired. Begin again.").oauth(word)
        }
        oauth_code::ACCESS_DENIED => AuthError::bad_request("The person said no.").oauth(word),
        oauth_code::SLOW_DOWN => AuthError::bad_request("Ask less often.").oauth(word),
        _ => AuthError::bad_request("The person has not answered yet.").oauth(word),
    }
}

/// Eight of twenty letters, 34 bits: few enough to type; guesses are limited and it lives minutes.
fn random_user_code() -> String {
    let mut code = String::with_capacity(USER_CODE_LETTERS);
    while code.len() < USER_CODE_LETTERS {
        for byte in random_bytes::<16>() {
            let letters = u8::try_from(LETTERS.len()).unwrap_or(u8::MAX);
            // Bytes beyond the last whole round would make some letters likelier.
            if byte < u8::MAX / letters * letters && code.len() < USER_CODE_LETTERS {
                code.push(char::from(LETTERS[usize::from(byte % letters)]));
            }
        }
    }
    code
}

/// No vowels, so that no words come about; no letters that look alike.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const USER_CODE_LETTERS: usize = 8;
/// The least time between two questions of a device: somebody sits there and waits.
const INTERVAL_MS: i64 = 2000;
/// How much longer who asks too often must wait, as RFC 8628 says.
const SLOW_DOWN_MS: i64 = 5000;
/// A device that waits its interval by its own clock is not early.
const SLACK_MS: i64 = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_codes_are_readable_and_differ() {
        let codes: std::collections::BTreeSet<_> = (0..100).map(|_| random_user_code()).collect();
        assert_eq!(codes.len(), 100);
        for code in codes {
            assert!(code.bytes().all(|letter| LETTERS.contains(&letter)), "{code}");
            assert_eq!(display_user_code(&code).len(), 9);
        }
    }
}
