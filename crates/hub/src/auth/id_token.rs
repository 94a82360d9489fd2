//! Identity tokens: who signed in, signed for the client that asked.

use sea_orm::EntityTrait as _;
use serde_json::json;
use uuid::Uuid;

use super::grant::Issued;
use crate::{
    accounts,
    http::AuthError,
    state::HubState,
    store::entity::{account, grant},
};

/// The identity token that belongs to an answer, if `openid` was granted.
pub(crate) async fn for_answer(
    hub: &HubState,
    grant: Uuid,
    issued: &[Issued],
    nonce: Option<&str>,
) -> Result<Option<String>, AuthError> {
    if !issued.iter().any(Issued::has_openid) {
        return Ok(None);
    }
    let db = hub.store.read();
    let Some(grant) = grant::Entity::find_by_id(grant).one(db).await? else { return Ok(None) };
    let Some(account) = account::Entity::find_by_id(grant.account_id).one(db).await? else {
        return Ok(None);
    };
    let identities = accounts::identities_of(db, account.id).await?;
    let username = identities
        .iter()
        .find(|identity| identity.id == grant.identity_id)
        .map(|identity| identity.username.clone());
    let now = hub.clock.now().seconds;
    let mut claims = json!({
        "iss": hub.base_url.as_str(),
        "aud": grant.client_id.to_string(),
        "sub": grant.identity_id.to_string(),
        "iat": now,
        "exp": now.saturating_add(hub.config.tokens.access_seconds.into()),
        "auth_time": grant.signed_in_at / 1000,
        "preferred_username": username,
        "name": account.display_name,
        "email": account.email,
    });
    if let Some(nonce) = nonce {
        claims["nonce"] = nonce.into();
    }
    let signed = hub.keys.identity_tokens.sign(&claims).map_err(AuthError::internal)?;
    Ok(Some(signed))
}
