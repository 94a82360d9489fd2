//! Tokens by which a resource server acts for whoever called it.

use std::collections::BTreeSet;

use outport_api::auth::{Token, oauth_code};
use outport_types::{AccountId, ClientId, IdentityId, UnixTime};

use super::{
    client::{Client, ClientKind},
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
    match client.kind {
        ClientKind::Application => (),
        // Anybody can be or make one of these: no person means to trust it with more.
        ClientKind::Public | ClientKind::Template | ClientKind::Instance => {
            let message = "Only an application that an administrator registered can do this.";
            return Err(AuthError::bad_request(message).oauth(oauth_code::UNAUTHORIZED_CLIENT));
        }
    }
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
    let Allowed { mut request, lasting } = allowed(hub, &found).await?;
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
            let mut issued = Vec::new();
            for group in request.groups() {
                let offline = offline && group.names.iter().all(|name| lasting.contains(name));
                let groups = vec![group];
                issued.extend(Issued::for_all(tx, id, groups, offline, &lifetimes, now).await?);
            }
            Ok::<_, AuthError>(issued)
        })
    });
    Ok(write.await?.iter().map(Issued::document).collect())
}

/// What a resource server may have.
struct Allowed {
    request: ScopeRequest,
    /// Those of its names that the person allowed while away as well.
    lasting: BTreeSet<String>,
}

/// The scopes right below those of the token, in the person's consent to the token's client.
async fn allowed(hub: &HubState, found: &FoundToken) -> Result<Allowed, AuthError> {
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
    let mut allowed = Allowed { request: ScopeRequest::default(), lasting: BTreeSet::new() };
    for row in below {
        let name = &row.scope_name;
        if row.allows_refresh {
            allowed.lasting.insert(name.clone());
        }
        let known = allowed.request.items.iter().any(|item: &ScopeItem| item.name == *name);
        if !known {
            allowed.request.items.push(ScopeItem {
                name: name.clone(),
                optional: false,
                dependents: Vec::new(),
            });
        }
    }
    Ok(allowed)
}
