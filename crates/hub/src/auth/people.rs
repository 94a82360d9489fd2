//! Who somebody is: userinfo, identities, their providers and consents.

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::{Path, State},
};
use outport_api::auth::{Identities, Identity, LinkedIdentity, Userinfo, names::scope};
use outport_types::{Handle, IdentityId};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, Set, sea_query::OnConflict};
use serde_json::{Value, json};
use uuid::Uuid;

use super::consent;
use crate::{
    accounts::{self, AccountKind, CLIENT_DOMAIN, CLIENT_PROVIDER, LOCAL_PROVIDER},
    http::{AuthApi, AuthError, Caller, QueryFields},
    limiter::Attempt,
    state::HubState,
    store::entity::{account, browser, identity},
};

/// `GET /v2/oauth2/userinfo`
pub(super) async fn userinfo(
    State(hub): State<HubState>,
    caller: Caller<AuthApi>,
) -> Result<Json<Userinfo>, AuthError> {
    let db = hub.store.read();
    let account = account::Entity::find_by_id(caller.account.uuid()).one(db).await?;
    let account = account.ok_or_else(|| AuthError::unauthenticated("The account is gone."))?;
    let sign_ins =
        browser::Entity::find().filter(browser::Column::AccountId.eq(account.id)).all(db).await?;
    let last = |id: Uuid| {
        let own = sign_ins.iter().filter(|row| row.identity_id == id);
        own.map(|row| row.signed_in_at / 1000).max()
    };
    let identity_set = match caller.has_scope(scope::VIEW_IDENTITY_SET) {
        true => Some(
            accounts::identities_of(db, account.id)
                .await?
                .into_iter()
                .map(|row| LinkedIdentity {
                    sub: IdentityId::from_uuid(row.id),
                    last_authentication: last(row.id),
                    username: row.username,
                    name: row.name.or_else(|| Some(account.display_name.clone())),
                    email: row.email,
                    organization: row.organization,
                    identity_provider: Some(row.provider.to_string()),
                    identity_provider_display_name: Some(provider_name(&hub, row.provider)),
                })
                .collect(),
        ),
        false => None,
    };
    let provider = match account.kind == AccountKind::Application.word() {
        true => CLIENT_PROVIDER,
        false => LOCAL_PROVIDER,
    };
    Ok(Json(Userinfo {
        sub: caller.identity,
        name: caller.has_scope(scope::PROFILE).then_some(account.display_name),
        email: account.email.filter(|_| caller.has_scope(scope::EMAIL)),
        organization: None,
        identity_provider: Some(provider.to_string()),
        identity_provider_display_name: Some(provider_name(&hub, provider)),
        last_authentication: last(caller.identity.uuid()),
        preferred_username: caller.username,
        identity_set,
    }))
}

/// `GET /v2/api/identities`
pub(super) async fn identities(
    State(hub): State<HubState>,
    caller: Caller<AuthApi>,
    QueryFields(query): QueryFields,
) -> Result<Json<Identities>, AuthError> {
    let rows = match (query.get("ids"), query.get("usernames")) {
        (Some(ids), None) => {
            let ids: Vec<Uuid> =
                list(ids)?.iter().filter_map(|text| Uuid::try_parse(text).ok()).collect();
            let filter = identity::Column::Id.is_in(ids);
            identity::Entity::find().filter(filter).all(hub.store.read()).await?
        }
        (None, Some(names)) => {
            by_name(&hub, &caller, list(names)?, query.flag("provision")).await?
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(AuthError::bad_request("Give either ids or usernames."));
        }
    };
    let identities = rows
        .into_iter()
        .map(|row| {
            let own = row.account_id == Some(caller.account.uuid());
            let status = if row.account_id.is_some() { "used" } else { "unused" };
            Identity {
                id: IdentityId::from_uuid(row.id),
                username: row.username,
                name: row.name,
                // Addresses are for their owners.
                email: row.email.filter(|_| own),
                organization: row.organization,
                status: Some(status.to_owned()),
                identity_provider: Some(row.provider.to_string()),
                identity_type: Some("login".to_owned()),
            }
        })
        .collect();
    Ok(Json(Identities { identities }))
}

/// `GET /v2/api/identity_providers`
pub(super) async fn identity_providers(
    State(hub): State<HubState>,
    _caller: Caller<AuthApi>,
    QueryFields(query): QueryFields,
) -> Result<Json<Value>, AuthError> {
    let domain = hub.identity_domain();
    let all = [
        (LOCAL_PROVIDER, hub.config.name.clone(), domain),
        (CLIENT_PROVIDER, "Applications".to_owned(), CLIENT_DOMAIN.to_owned()),
    ];
    let ids = query.get("ids").map(list).transpose()?;
    let domains = query.get("domains").map(list).transpose()?;
    let shown: Vec<Value> = all
        .into_iter()
        .filter(|(id, _, domain)| match (&ids, &domains) {
            (Some(ids), _) => ids.contains(&id.to_string()),
            (None, Some(domains)) => domains.contains(domain),
            (None, None) => true,
        })
        .map(|(id, name, domain)| {
            json!({
                "id": id,
                "name": name,
                "short_name": name,
                "domains": [domain],
                "alternative_names": [],
            })
        })
        .collect();
    Ok(Json(json!({"identity_providers": shown})))
}

/// `GET /v2/api/identities/{id}/consents`
pub(super) async fn consents(
    State(hub): State<HubState>,
    caller: Caller<AuthApi>,
    Path(id): Path<String>,
    QueryFields(query): QueryFields,
) -> Result<Json<Value>, AuthError> {
    let id = id.parse().ok().filter(|id: &IdentityId| caller.identities.contains(id));
    let id = id.ok_or_else(|| AuthError::forbidden("Consents are shown to their owner only."))?;
    let all = query.flag("all");
    if all && !caller.has_scope(VIEW_CONSENTS) {
        let message = "The consents to other clients need the scope view_consents.";
        return Err(AuthError::forbidden(message));
    }
    let rows = match all {
        true => consent::of_identity(hub.store.read(), id).await?,
        false => consent::of_client(hub.store.read(), caller.client, id).await?,
    };
    let shown: Vec<Value> = rows.iter().map(consent::json).collect();
    Ok(Json(json!({"consents": shown})))
}

async fn by_name(
    hub: &HubState,
    caller: &Caller<AuthApi>,
    names: BTreeSet<String>,
    provision: bool,
) -> Result<Vec<identity::Model>, AuthError> {
    let find = |names: &BTreeSet<String>| {
        identity::Entity::find().filter(identity::Column::Username.is_in(names.clone()))
    };
    let mut rows = find(&names).all(hub.store.read()).await?;
    if !provision {
        return Ok(rows);
    }
    let domain = hub.identity_domain();
    let missing: BTreeSet<String> = names
        .into_iter()
        .filter(|name| rows.iter().all(|row| row.username != *name))
        .filter(|name| may_provision(name, &domain))
        .collect();
    if missing.is_empty() {
        return Ok(rows);
    }
    for _ in &missing {
        hub.limiter.attempt(Attempt::Provision, &caller.account.to_string())?;
    }
    let now = hub.clock.now();
    let write = hub.store.write(move |tx| {
        Box::pin(async move {
            let new = missing.iter().map(|name| identity::ActiveModel {
                id: Set(Uuid::new_v4()),
                account_id: Set(None),
                username: Set(name.clone()),
                name: Set(None),
                email: Set(None),
                organization: Set(None),
                provider: Set(Uuid::nil()),
                is_primary: Set(false),
                created_at: Set(now.millis()),
            });
            let mut made = Vec::with_capacity(missing.len());
            for row in new {
                // Two may ask for the same name at once.
                let known = identity::Entity::insert(row.clone())
                    .on_conflict(
                        OnConflict::column(identity::Column::Username).do_nothing().to_owned(),
                    )
                    .exec_without_returning(tx)
                    .await;
                known?;
            }
            made.extend(
                identity::Entity::find()
                    .filter(identity::Column::Username.is_in(missing.clone()))
                    .all(tx)
                    .await?,
            );
            Ok::<_, AuthError>(made)
        })
    });
    rows.extend(write.await?);
    Ok(rows)
}

/// Place-holders are for people of other domains, and for handles here that could still be taken.
fn may_provision(name: &str, own_domain: &str) -> bool {
    let Some((local, domain)) = name.split_once('@') else { return false };
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._+".contains(c);
    let dotted = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    let written = (1..=64).contains(&local.len())
        && (1..=190).contains(&domain.len())
        && local.chars().all(plain)
        && domain.chars().all(dotted)
        && domain.split('.').all(|label| !label.is_empty());
    written && domain != CLIENT_DOMAIN && (domain != own_domain || local.parse::<Handle>().is_ok())
}

fn list(text: &str) -> Result<BTreeSet<String>, AuthError> {
    let items: BTreeSet<String> = text
        .split(',')
        .map(|item| item.trim().to_lowercase())
        .filter(|item| !item.is_empty())
        .collect();
    if LOOKUP_MAX < items.len() {
        let message = format!("At most {LOOKUP_MAX} can be asked for at once.");
        return Err(AuthError::bad_request(message));
    }
    Ok(items)
}

fn provider_name(hub: &HubState, provider: Uuid) -> String {
    match provider {
        CLIENT_PROVIDER => "Applications".to_owned(),
        _ => hub.config.name.clone(),
    }
}

const VIEW_CONSENTS: &str = "urn:globus:auth:scope:auth.globus.org:view_consents";
/// As in the contract.
const LOOKUP_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_holders_are_names_that_somebody_could_have() {
        for good in ["ann@uni.example", "a.b+c@x-y.example", "smith@hub.example"] {
            assert!(may_provision(good, "hub.example"), "{good}");
        }
        for bad in [
            "ann",
            "@x",
            "a@",
            "a@b@c",
            "a b@c",
            "a@b..c",
            "x@clients.auth.globus.org",
            "a_b@hub.example",
        ] {
            assert!(!may_provision(bad, "hub.example"), "{bad}");
        }
    }
}
