//! Who calls: the account behind a bearer token, checked for the API at hand.

use std::marker::PhantomData;

use axum::{extract::FromRequestParts, http::request::Parts};
use outport_api::auth::names::{scope, server};
use outport_types::{AccountId, ClientId, Handle, IdentityId};
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _};

use super::{ApiError, AuthShape, OutportShape, Shape, TransferShape};
use crate::{
    random::{Secret, SecretHash},
    state::HubState,
    store::entity::{account, grant, identity, token},
};

/// An API that has tokens of its own.
pub(crate) trait Audience: 'static {
    /// The resource servers that its tokens may name.
    const RESOURCE_SERVERS: &'static [&'static str];
    /// The scopes of which a token needs one; none means that any token for it will do.
    const SCOPES: &'static [&'static str];
    /// How it writes errors.
    type Errors: Shape;
}

/// The Transfer API.
#[derive(Debug)]
pub(crate) enum TransferApi {}
/// What Outport's own API tells about tasks: for whoever may use Transfer.
#[derive(Debug)]
pub(crate) enum TaskApi {}
/// The Auth API's own resources.
#[derive(Debug)]
pub(crate) enum AuthApi {}
/// Outport's own API, where endpoints are registered: part of Transfer, and also open to tokens
/// that can do nothing else.
#[derive(Debug)]
pub(crate) enum OutportApi {}

impl Audience for TransferApi {
    const RESOURCE_SERVERS: &'static [&'static str] = &[server::TRANSFER];
    const SCOPES: &'static [&'static str] = &[scope::TRANSFER_ALL];
    type Errors = TransferShape;
}

impl Audience for TaskApi {
    const RESOURCE_SERVERS: &'static [&'static str] = &[server::TRANSFER];
    const SCOPES: &'static [&'static str] = &[scope::TRANSFER_ALL];
    type Errors = OutportShape;
}

impl Audience for AuthApi {
    const RESOURCE_SERVERS: &'static [&'static str] = &[server::AUTH];
    const SCOPES: &'static [&'static str] = &[];
    type Errors = AuthShape;
}

impl Audience for OutportApi {
    const RESOURCE_SERVERS: &'static [&'static str] = &[server::TRANSFER, "outport"];
    const SCOPES: &'static [&'static str] =
        &[scope::TRANSFER_ALL, "https://outport.dev/scopes/agent"];
    type Errors = OutportShape;
}

/// The account behind the request's token, which is good for the API `A`.
///
/// As an extractor it answers 401 for a token that is missing, unknown, expired, revoked or meant
/// for another API, and 403 for one that lacks the scope.
#[derive(Clone, Debug)]
pub(crate) struct Caller<A> {
    pub(crate) account: AccountId,
    pub(crate) handle: Handle,
    pub(crate) is_admin: bool,
    /// The identity that `sub` names; always one of `identities`.
    pub(crate) identity: IdentityId,
    /// Its name, `handle@domain`.
    pub(crate) username: String,
    /// Every identity of the account, for permission checks.
    pub(crate) identities: Vec<IdentityId>,
    pub(crate) client: ClientId,
    pub(crate) scopes: Vec<String>,
    /// What the access token is known by.
    token: SecretHash,
    audience: PhantomData<fn() -> A>,
}

impl<A> Caller<A> {
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope)
    }
}

impl<A: Audience> Caller<A> {
    /// Whether the access token is still good; what lasts longer than one answer asks now and then.
    pub(crate) async fn may_go_on(&self, hub: &HubState) -> Result<bool, DbErr> {
        Ok(good_token::<A>(hub, self.token).await?.is_some())
    }
}

impl<A: Audience> FromRequestParts<HubState> for Caller<A> {
    type Rejection = ApiError<A::Errors>;

    async fn from_request_parts(
        parts: &mut Parts,
        hub: &HubState,
    ) -> Result<Self, Self::Rejection> {
        let presented = bearer(parts).ok_or_else(|| {
            ApiError::unauthenticated("This needs an access token in the Authorization header.")
        })?;
        let caller = find::<A>(hub, &presented).await?;
        let caller = caller.ok_or_else(|| {
            ApiError::unauthenticated("The access token is unknown, expired or revoked.")
        })?;
        let suffices = A::SCOPES.is_empty() || A::SCOPES.iter().any(|s| caller.has_scope(s));
        if !suffices {
            let message = format!("The access token needs the scope {}.", A::SCOPES.join(" or "));
            return Err(ApiError::forbidden(message).with("required_scopes", A::SCOPES));
        }
        Ok(caller)
    }
}

fn bearer(parts: &Parts) -> Option<Secret> {
    let value = parts.headers.get("authorization")?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::presented(token.trim()))
}

async fn find<A: Audience>(hub: &HubState, presented: &Secret) -> Result<Option<Caller<A>>, DbErr> {
    let hash = presented.hash();
    let Some((token, grant, account)) = good_token::<A>(hub, hash).await? else {
        return Ok(None);
    };
    let identities = identity::Entity::find()
        .filter(identity::Column::AccountId.eq(account.id))
        .all(hub.store.read())
        .await?;
    let Some(own) = identities.iter().find(|identity| identity.id == grant.identity_id) else {
        return Ok(None);
    };
    let handle = account.handle.parse().map_err(|error| DbErr::Type(format!("handle: {error}")))?;
    Ok(Some(Caller {
        account: AccountId::from_uuid(account.id),
        handle,
        is_admin: account.is_admin,
        identity: IdentityId::from_uuid(own.id),
        username: own.username.clone(),
        identities: identities.iter().map(|row| IdentityId::from_uuid(row.id)).collect(),
        client: ClientId::from_uuid(grant.client_id),
        scopes: token.scope.split(' ').map(str::to_owned).collect(),
        token: hash,
        audience: PhantomData,
    }))
}

/// The access token, what it was granted by, and whose it is; `None` unless all of it is in force.
async fn good_token<A: Audience>(
    hub: &HubState,
    hash: SecretHash,
) -> Result<Option<(token::Model, grant::Model, account::Model)>, DbErr> {
    let now = hub.clock.now().millis();
    let found = token::Entity::find_by_id(hash.to_vec()).one(hub.store.read()).await?;
    let Some(token) = found.filter(|token| {
        token.kind == "access"
            && A::RESOURCE_SERVERS.contains(&token.resource_server.as_str())
            && token.revoked_at.is_none()
            && now < token.expires_at
    }) else {
        return Ok(None);
    };
    let found = grant::Entity::find_by_id(token.grant_id).one(hub.store.read()).await?;
    let Some(grant) = found.filter(|grant| grant.revoked_at.is_none()) else {
        return Ok(None);
    };
    let found = account::Entity::find_by_id(grant.account_id).one(hub.store.read()).await?;
    Ok(found.filter(|account| !account.disabled).map(|account| (token, grant, account)))
}
