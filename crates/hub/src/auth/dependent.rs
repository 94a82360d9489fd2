//! Tokens by which a resource server acts for whoever called it.

use outport_api::auth::Token;
use outport_types::{AccountId, ClientId, IdentityId, UnixTime};

use super::{
    client::Client,
    consent,
    grant::{self, FoundToken, Issued, NewGrant, TokenKind},
    scope::{ScopeItem, ScopeRequest},
    token::{invalid_grant, invalid_scope},
};
use crate::{
    http::{AuthError, FormFields},
    random::Secret,
    state::HubState,
};

/// Exchanges a token that the client received as a resource server for tokens of its own, within
/// what the person allowed; the answer is an array.
pub(super) async fn exchange(
    hub: &HubState,
    client: Client,
    form: &FormFields,
) -> Result<Vec<Token>, AuthError> {
    let presented = Secret::presented(form.required("token")?);
    let wanted = match form.get("scope") {
        Some(text) => Some(ScopeRequest::parse(text).map_err(|error| invalid_scope(&error))?),
        None => None,
    };
    let offline = form.get("access_type") == Some("offline");
    let now = hub.clock.now();
    let found = FoundToken::find(hub.store.read(), presented.hash()).await?;
    let Some(found) = found else { return Err(invalid_grant("The token is unknown.")) };
    let meant = found.token.kind == TokenKind::Access.word()
        && found.token.resource_server == client.id.to_string();
    if !meant || !found.is_active(hub.store.read(), now).await? {
        return Err(invalid_grant("The token is not for this resource server, or has ended."));
    }
    let mut request = allowed(hub, &found).await?;
    if let Some(wanted) = wanted {
        let names = wanted.names();
        request.items.retain(|item| names.contains(&item.name.as_str()));
    }
    let new = NewGrant {
        client: client.id,
        account: AccountId::from_uuid(found.grant.account_id),
        identity: IdentityId::from_uuid(found.grant.identity_id),
        session: found.grant.session_id,
        signed_in_at: UnixTime::from_millis(found.grant.signed_in_at),
    };
    let lifetimes = hub.config.tokens.clone();
    let write = hub.store.write(move |tx| {
        Box::pin(async move {
            let id = grant::create(tx, new, now).await?;
            Ok::<_, AuthError>(
                Issued::for_all(tx, id, request.groups(), offline, &lifetimes, now).await?,
            )
        })
    });
    Ok(write.await?.iter().map(Issued::document).collect())
}

/// The scopes right below those of the token, in the person's consent to the token's client.
async fn allowed(hub: &HubState, found: &FoundToken) -> Result<ScopeRequest, AuthError> {
    let client = ClientId::from_uuid(found.grant.client_id);
    let identity = IdentityId::from_uuid(found.grant.identity_id);
    let consents = consent::of_client(hub.store.read(), client, identity).await?;
    let granted: Vec<&str> = found.token.scope.split(' ').collect();
    let roots: Vec<i64> = consents
        .iter()
        .filter(|row| consent::path_of(row).len() == 1)
        .filter(|row| granted.contains(&row.scope_name.as_str()))
        .map(|row| row.id)
        .collect();
    let below = consents.iter().filter(|row| match consent::path_of(row)[..] {
        [root, _] => roots.contains(&root),
        _ => false,
    });
    let text: Vec<_> = below.map(|row| row.scope_name.as_str()).collect();
    let mut request = ScopeRequest::default();
    for name in text {
        let known = request.items.iter().any(|item: &ScopeItem| item.name == name);
        if !known {
            request.items.push(ScopeItem {
                name: name.to_owned(),
                optional: false,
                dependents: Vec::new(),
            });
        }
    }
    Ok(request)
}
