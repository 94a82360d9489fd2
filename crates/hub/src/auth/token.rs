//! The token endpoint: every way to come by a token.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use outport_api::auth::{TokenAnswer, names, oauth_code};
use outport_types::{AccountId, IdentityId};
use sea_orm::{ActiveModelTrait as _, EntityTrait as _, Set};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{
    client::{self, Client, ClientKind},
    consent, dependent, device,
    grant::{self, Issued, NewGrant, Refreshed},
    id_token,
    scope::{ScopeError, ScopeRequest},
};
use crate::{
    accounts,
    http::{AuthError, ClientAddress, FormFields},
    random::Secret,
    state::HubState,
    store::entity::{account, code, grant as grant_row},
};

/// `POST /v2/oauth2/token`
pub(super) async fn token(
    State(hub): State<HubState>,
    headers: HeaderMap,
    address: ClientAddress,
    form: FormFields,
) -> Result<Response, AuthError> {
    let client = client::authenticate(&hub, &headers, &form, address).await?;
    let answer = match form.required("grant_type")? {
        names::grant::CLIENT_CREDENTIALS => client_credentials(&hub, client, &form).await?,
        names::grant::AUTHORIZATION_CODE => authorization_code(&hub, client, &form).await?,
        names::grant::REFRESH_TOKEN => refresh_token(&hub, client, &form).await?,
        names::grant::DEVICE_CODE => device::poll(&hub, client, &form).await?,
        names::grant::DEPENDENT_TOKEN => {
            let tokens = dependent::exchange(&hub, client, &form).await?;
            return Ok(Json(tokens).into_response());
        }
        _ => {
            let message = "This hub does not know this grant type.";
            return Err(AuthError::bad_request(message).oauth(oauth_code::UNSUPPORTED_GRANT_TYPE));
        }
    };
    let empty = || AuthError::internal("a grant without tokens");
    Ok(Json(answer.ok_or_else(empty)?).into_response())
}

/// A code or refresh token that is no good; the official clients act on OAuth's word.
pub(super) fn invalid_grant(message: &str) -> AuthError {
    AuthError::new(StatusCode::BAD_REQUEST, "INVALID_GRANT", message)
        .oauth(oauth_code::INVALID_GRANT)
}

/// A scope that cannot be granted.
pub(super) fn invalid_scope(error: &ScopeError) -> AuthError {
    AuthError::new(StatusCode::BAD_REQUEST, "INVALID_SCOPE", format!("Cannot grant this: {error}."))
        .oauth(oauth_code::INVALID_SCOPE)
}

async fn client_credentials(
    hub: &HubState,
    client: Client,
    form: &FormFields,
) -> Result<Option<TokenAnswer>, AuthError> {
    let refuse = || {
        let message = "Only an application that an administrator registered can do this.";
        AuthError::bad_request(message).oauth(oauth_code::UNAUTHORIZED_CLIENT)
    };
    let account = match (client.kind, client.account) {
        (ClientKind::Application, Some(account)) => account,
        (
            ClientKind::Application
            | ClientKind::Public
            | ClientKind::Template
            | ClientKind::Instance,
            _,
        ) => return Err(refuse()),
    };
    let found = account::Entity::find_by_id(account.uuid()).one(hub.store.read()).await?;
    if found.is_none_or(|account| account.disabled) {
        return Err(AuthError::unauthenticated("This application's account is closed."));
    }
    let scopes = form.get("scope").unwrap_or(DEFAULT_SCOPES);
    let request = ScopeRequest::parse(scopes).map_err(|error| invalid_scope(&error))?;
    if request.items.is_empty() {
        return Err(invalid_scope(&ScopeError::Syntax));
    }
    if let Some(error) = client::find_unserved(&hub.store, &request).await? {
        return Err(invalid_scope(&error));
    }
    let identity = primary_identity(hub, account).await?.ok_or_else(refuse)?;
    let (now, lifetimes) = (hub.clock.now(), hub.config.tokens.clone());
    let write = hub.store.write(move |tx| {
        Box::pin(async move {
            consent::record(tx, client.id, identity, &request.items, false, now).await?;
            let new =
                NewGrant { client: client.id, account, identity, session: None, signed_in_at: now };
            let id = grant::create(tx, new, now).await?;
            Ok::<_, AuthError>(
                Issued::for_all(tx, id, request.groups(), false, &lifetimes, now).await?,
            )
        })
    });
    Ok(grant::answer(&write.await?, None, None))
}

async fn authorization_code(
    hub: &HubState,
    client: Client,
    form: &FormFields,
) -> Result<Option<TokenAnswer>, AuthError> {
    let presented = Secret::presented(form.required("code")?);
    let redirect_uri = form.required("redirect_uri")?.to_owned();
    let verifier = form.get("code_verifier").map(str::to_owned);
    let (now, lifetimes) = (hub.clock.now(), hub.config.tokens.clone());
    let write = hub.store.write(move |tx| {
        Box::pin(async move {
            let found = code::Entity::find_by_id(presented.hash().to_vec()).one(tx).await?;
            let Some(code) = found else { return Ok(Err("The code is unknown.")) };
            let owner = grant_row::Entity::find_by_id(code.grant_id).one(tx).await?;
            if owner.is_none_or(|grant| {
                grant.client_id != client.id.uuid() || grant.revoked_at.is_some()
            }) {
                return Ok(Err("The code is not for this client."));
            }
            if code.used_at.is_some() {
                // Somebody else has seen the code: nothing that came of it can be trusted.
                grant::revoke(tx, code.grant_id, now).await?;
                return Ok(Err("The code was used before. All tokens that came of it have ended."));
            }
            if code.expires_at <= now.millis() {
                return Ok(Err("The code has expired."));
            }
            if code.redirect_uri != redirect_uri {
                return Ok(Err("The redirect address is not the one that the code was sent to."));
            }
            if !proves(code.challenge.as_deref(), verifier.as_deref()) {
                return Ok(Err("The code verifier does not fit."));
            }
            let mut used: code::ActiveModel = code.clone().into();
            used.used_at = Set(Some(now.millis()));
            used.update(tx).await?;
            let request = ScopeRequest::parse(&code.scope).map_err(AuthError::internal)?;
            let groups = request.groups();
            let issued =
                Issued::for_all(tx, code.grant_id, groups, code.offline, &lifetimes, now).await?;
            Ok::<_, AuthError>(Ok((issued, code)))
        })
    });
    let (issued, code) = write.await?.map_err(invalid_grant)?;
    let id_token = id_token::for_answer(hub, code.grant_id, &issued, code.nonce.as_deref()).await?;
    Ok(grant::answer(&issued, id_token, code.state))
}

async fn refresh_token(
    hub: &HubState,
    client: Client,
    form: &FormFields,
) -> Result<Option<TokenAnswer>, AuthError> {
    let presented = Secret::presented(form.required("refresh_token")?);
    let (now, lifetimes) = (hub.clock.now(), hub.config.tokens.clone());
    let write = hub.store.write(move |tx| {
        Box::pin(async move {
            Ok::<_, AuthError>(grant::refresh(tx, &client, &presented, &lifetimes, now).await?)
        })
    });
    match write.await? {
        Refreshed::Issued { issued, grant } => {
            let issued = [issued];
            let id_token = id_token::for_answer(hub, grant, &issued, None).await?;
            Ok(grant::answer(&issued, id_token, None))
        }
        Refreshed::Refused => Err(invalid_grant("The refresh token is unknown or has ended.")),
        Refreshed::Stolen => {
            tracing::warn!("a replaced refresh token was used; its grant has ended");
            Err(invalid_grant("The refresh token was replaced before. Sign in again."))
        }
    }
}

/// The identity that stands for an account.
pub(super) async fn primary_identity(
    hub: &HubState,
    account: AccountId,
) -> Result<Option<IdentityId>, AuthError> {
    let identities = accounts::identities_of(hub.store.read(), account.uuid()).await?;
    Ok(identities.first().map(|identity| IdentityId::from_uuid(identity.id)))
}

/// PKCE, method S256: whoever exchanges the code is who asked for it.
fn proves(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (None, Some(_)) | (Some(_), None) => false,
        (Some(challenge), Some(verifier)) => {
            let hashed = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
            hashed.as_bytes().ct_eq(challenge.as_bytes()).into()
        }
    }
}

/// What an application gets that names no scope.
const DEFAULT_SCOPES: &str =
    "openid profile email urn:globus:auth:scope:auth.globus.org:view_identity_set";
