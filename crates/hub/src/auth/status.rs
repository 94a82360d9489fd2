//! What a client may ask about its tokens: validate, introspect, revoke.

use axum::{Json, extract::State, http::HeaderMap};
use outport_types::ClientId;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};

use super::{
    client::{self, Client},
    grant::{FoundToken, TokenKind},
};
use crate::{
    http::{AuthError, ClientAddress, FormFields},
    random::Secret,
    state::HubState,
    store::entity::{account, client as client_row, identity},
};

/// `POST /v2/oauth2/token/validate`
pub(super) async fn validate(
    State(hub): State<HubState>,
    headers: HeaderMap,
    address: ClientAddress,
    form: FormFields,
) -> Result<Json<Value>, AuthError> {
    let client = client::authenticate(&hub, &headers, &form, address).await?;
    let active = visible(&hub, &client, &form).await?.is_some();
    Ok(Json(json!({"active": active})))
}

/// `POST /v2/oauth2/token/introspect`
pub(super) async fn introspect(
    State(hub): State<HubState>,
    headers: HeaderMap,
    address: ClientAddress,
    form: FormFields,
) -> Result<Json<Value>, AuthError> {
    let client = client::authenticate(&hub, &headers, &form, address).await?;
    let inactive = || Json(json!({"active": false}));
    let Some(FoundToken { token, grant }) = visible(&hub, &client, &form).await? else {
        return Ok(inactive());
    };
    let db = hub.store.read();
    let account = account::Entity::find_by_id(grant.account_id).one(db).await?;
    let identity = identity::Entity::find_by_id(grant.identity_id).one(db).await?;
    let (Some(account), Some(identity)) = (account, identity) else { return Ok(inactive()) };
    let mut answer = json!({
        "active": true,
        "sub": identity.id,
        "username": identity.username,
        "name": account.display_name,
        "email": account.email,
        "scope": token.scope,
        "client_id": grant.client_id,
        "token_type": "Bearer",
        "aud": [token.resource_server, grant.client_id],
        "iss": hub.base_url.as_str(),
        "iat": token.created_at / 1000,
        "nbf": token.created_at / 1000,
        "exp": token.expires_at / 1000,
    });
    let wanted = form.get("include").unwrap_or_default();
    if wanted.split(',').any(|word| word == "session_info") {
        let mut authentications = json!({});
        if let Some(identity) = grant.signed_in_as {
            authentications[identity.to_string()] = json!({
                "auth_time": grant.signed_in_at / 1000,
                "idp": crate::accounts::LOCAL_PROVIDER,
                "acr": null,
                "amr": ["pwd"],
                "custom_claims": {},
            });
        }
        answer["session_info"] =
            json!({"session_id": grant.session_id, "authentications": authentications});
    }
    Ok(Json(answer))
}

/// `POST /v2/oauth2/token/revoke`
///
/// Whoever holds a token may end it, so nothing is proven; but a client ends only its own tokens,
/// or, as a template, those of the clients made from it. The answer is always the same.
pub(super) async fn revoke(
    State(hub): State<HubState>,
    headers: HeaderMap,
    form: FormFields,
) -> Result<Json<Value>, AuthError> {
    let done = Json(json!({"active": false}));
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
