//! What a client may ask about its tokens: validate, introspect, revoke.

use std::collections::BTreeMap;

use axum::{Json, extract::State, http::HeaderMap};
use outport_api::auth::{Activity, Authentication, Introspection, SignInSession};
use outport_types::{ClientId, IdentityId};
use sea_orm::EntityTrait as _;

use super::{
    client::{self, Client},
    grant::{FoundToken, TokenKind},
};
use crate::{
    accounts::LOCAL_PROVIDER,
    http::{AuthError, ClientAddress, FormFields},
    random::Secret,
    state::HubState,
    store::entity::{account, client as client_row, grant, identity},
};

/// `POST /v2/oauth2/token/validate`
pub(super) async fn validate(
    State(hub): State<HubState>,
    headers: HeaderMap,
    address: ClientAddress,
    form: FormFields,
) -> Result<Json<Activity>, AuthError> {
    let client = client::authenticate(&hub, &headers, &form, address).await?;
    let active = visible(&hub, &client, &form).await?.is_some();
    Ok(Json(Activity { active }))
}

/// `POST /v2/oauth2/token/introspect`
pub(super) async fn introspect(
    State(hub): State<HubState>,
    headers: HeaderMap,
    address: ClientAddress,
    form: FormFields,
) -> Result<Json<Introspection>, AuthError> {
    let client = client::authenticate(&hub, &headers, &form, address).await?;
    let inactive = || Json(Introspection::default());
    let Some(FoundToken { token, grant }) = visible(&hub, &client, &form).await? else {
        return Ok(inactive());
    };
    let db = hub.store.read();
    let account = account::Entity::find_by_id(grant.account_id).one(db).await?;
    let identity = identity::Entity::find_by_id(grant.identity_id).one(db).await?;
    let (Some(account), Some(identity)) = (account, identity) else { return Ok(inactive()) };
    let wanted = form.get("include").unwrap_or_default();
    let with_session = wanted.split(',').any(|word| word == "session_info");
    Ok(Json(Introspection {
        active: true,
        sub: Some(identity.id.to_string()),
        username: Some(identity.username),
        name: Some(account.display_name),
        email: account.email,
        client_id: Some(grant.client_id.to_string()),
        token_type: Some("Bearer".to_owned()),
        aud: vec![token.resource_server, grant.client_id.to_string()],
        scope: Some(token.scope),
        iss: Some(hub.base_url.to_string()),
        iat: Some(token.created_at / 1000),
        nbf: Some(token.created_at / 1000),
        exp: Some(token.expires_at / 1000),
        session_info: with_session.then(|| session_info(&grant)),
    }))
}

/// How the person signed in who stands behind a grant; nothing for an application.
fn session_info(grant: &grant::Model) -> SignInSession {
    let proof = Authentication {
        auth_time: grant.signed_in_at / 1000,
        idp: Some(LOCAL_PROVIDER.to_string()),
        acr: None,
        amr: Some(vec!["pwd".to_owned()]),
        custom_claims: BTreeMap::new(),
    };
    let identity = grant.signed_in_as.map(IdentityId::from_uuid);
    SignInSession {
        session_id: grant.session_id.map(|id| id.to_string()),
        authentications: identity.map(|identity| (identity, proof)).into_iter().collect(),
    }
}

/// `POST /v2/oauth2/token/revoke`
///
/// Whoever holds a token may end it, so nothing is proven; but a client ends only its own tokens,
/// or, as a template, those of the clients made from it. The answer is always the same.
pub(super) async fn revoke(
    State(hub): State<HubState>,
    headers: HeaderMap,
    form: FormFields,
) -> Result<Json<Activity>, AuthError> {
    let done = Json(Activity { active: false });
    let (Some(client), Some(token)) = (client::named(&headers, &form), form.get("token")) else {
        return Ok(done);
    };
    let found = FoundToken::find(hub.store.read(), Secret::presented(token).hash()).await?;
    let Some(found) = found else { return Ok(done) };
    if is_family(&hub, client, ClientId::from_uuid(found.grant.client_id)).await? {
        let now = hub.clock.now();
        let write = hub.store.write(move |tx| {
            Box::pin(async move { Ok::<_, AuthError>(found.revoke(tx, now).await?) })
        });
        write.await?;
    }
    Ok(done)
}

/// The token that a form presents, if it is good and this client may know about it.
async fn visible(
    hub: &HubState,
    client: &Client,
    form: &FormFields,
) -> Result<Option<FoundToken>, AuthError> {
    let presented = Secret::presented(form.required("token")?);
    let Some(found) = FoundToken::find(hub.store.read(), presented.hash()).await? else {
        return Ok(None);
    };
    let own = found.grant.client_id == client.id.uuid();
    // A resource server may look into the access tokens that are meant for it.
    let received = found.token.kind == TokenKind::Access.word()
        && !client.kind.is_public()
        && found.token.resource_server == client.id.to_string();
    let active = found.is_active(hub.store.read(), hub.clock.now()).await?;
    Ok((active && (own || received)).then_some(found))
}

async fn is_family(hub: &HubState, asking: ClientId, owner: ClientId) -> Result<bool, AuthError> {
    if asking == owner {
        return Ok(true);
    }
    let owner = client_row::Entity::find_by_id(owner.uuid()).one(hub.store.read()).await?;
    Ok(owner.is_some_and(|owner| owner.template_id == Some(asking.uuid())))
}
