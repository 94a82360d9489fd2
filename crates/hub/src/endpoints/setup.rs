//! Setup keys: how a computer becomes an endpoint.
//!
//! A setup key is good for one use, for a day, and for one endpoint; the hub keeps its hash only.
//! Using it binds the agent's key, and takes the place of whatever key was bound before: that agent
//! is told so and its sessions end.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use outport_api::hub::NewSetupKey;
use outport_protocol::{
    control::HubMessage,
    setup_key::{SetupAnswer, SetupKey, SetupRequest},
};
use outport_types::{AccountId, Code, EndpointId, Problem, UnixTime};
use sea_orm::{ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, QueryFilter as _, Set};
use sha2::{Digest as _, Sha256};

use super::{EndpointError, bounded, canonical_name, routes::parse_id};
use crate::{
    events::Change,
    http::{Caller, ClientAddress, JsonBody, OutportApi, OutportError},
    limiter::Attempt,
    random::random_bytes,
    scheduler::Input,
    state::HubState,
    store::{
        StoreError, Tx,
        entity::{account, agent_key, endpoint, setup_key},
    },
};

/// A fresh setup key, and the row that recognises it.
pub(super) fn new_key(hub: &HubState, endpoint: EndpointId) -> (SetupKey, setup_key::ActiveModel) {
    let secret = random_bytes::<16>();
    let now = hub.clock.now();
    let row = setup_key::ActiveModel {
        secret_hash: Set(hash(&secret)),
        endpoint_id: Set(endpoint.uuid()),
        created_at: Set(now.millis()),
        expires_at: Set(now.plus_seconds(VALID_SECONDS).millis()),
        used_at: Set(None),
    };
    let address = hub.base_url.as_str().trim_end_matches('/').to_owned();
    (SetupKey { hub: address, root: hub.ring.root(), endpoint, secret }, row)
}

/// `POST endpoint/{ep}/setup_key`: a new key; the ones before become useless.
pub(super) async fn renew(
    State(hub): State<HubState>,
    caller: Caller<OutportApi>,
    Path(ep): Path<String>,
) -> Result<(StatusCode, Json<NewSetupKey>), OutportError> {
    let id = parse_id(&ep)?;
    let (_, rights) = hub.endpoint_for(&caller, id).await?;
    if !rights.manage {
        return Err(EndpointError::Forbidden { what: "set this endpoint up" }.into());
    }
    let (key, row) = new_key(&hub, id);
    let expires = hub.clock.now().plus_seconds(VALID_SECONDS);
    hub.store
        .write(move |tx| {
            Box::pin(async move {
                setup_key::Entity::delete_many()
                    .filter(setup_key::Column::EndpointId.eq(id.uuid()))
                    .filter(setup_key::Column::UsedAt.is_null())
                    .exec(tx)
                    .await?;
                row.insert(tx).await?;
                Ok::<_, StoreError>(())
            })
        })
        .await?;
    let answer = NewSetupKey { endpoint: id, setup_key: key.to_string(), expires };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// `POST setup`: an agent presents its setup key and its own.
pub(super) async fn bind(
    State(hub): State<HubState>,
    client: ClientAddress,
    JsonBody(request, _): JsonBody<SetupRequest, super::routes::Outport>,
) -> Result<Json<SetupAnswer>, OutportError> {
    hub.limiter.attempt(Attempt::SetupKey, &client.key())?;
    let root = hub.ring.root();
    let Some(secret) = request.secret_bytes().filter(|_| request.verify(&root).is_ok()) else {
        return Err(refused("it is not for this hub, or it is damaged"));
    };
    let now = hub.clock.now();
    let key = request.key;
    let asked = request.endpoint;
    let worker = hub.clone();
    let bound = hub
        .see_through(async move {
            let write = worker
                .store
                .write(move |tx| Box::pin(async move { bind_in(tx, request, &secret, now).await }));
            let bound = write.await?;
            if bound.replaces {
                dismiss_former(&worker, asked, &bound.name).await;
            }
            Ok::<_, BindError>(bound)
        })
        .await
        .map_err(|error| match error {
            BindError::Refused(reason) => refused(reason),
            BindError::Store(error) => error.into(),
        })?;
    hub.limiter.take_back(Attempt::SetupKey, &client.key());
    tracing::info!(endpoint = %asked, fingerprint = %key.fingerprint(), "a key was bound");
    hub.events.publish(Change::Endpoint { owner: bound.owner, endpoint: asked });
    Ok(Json(SetupAnswer { endpoint: asked, name: bound.name, root }))
}

/// Ends the sessions of the agent whose key was replaced, and tells it why.
async fn dismiss_former(hub: &HubState, endpoint: EndpointId, name: &str) {
    hub.scheduler.settle(Input::KeyReplaced { endpoint }).await;
    let problem = Problem::new(Code::KeyReplaced, [("endpoint", name.into())]);
    let refused = HubMessage::Refused { problem, retry_after_seconds: None };
    hub.presence.dismiss(endpoint, refused).await;
}

struct Bound {
    name: String,
    owner: AccountId,
    /// Whether an agent with another key has to go.
    replaces: bool,
}

enum BindError {
    Refused(&'static str),
    Store(StoreError),
}

impl<E: Into<StoreError>> From<E> for BindError {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

async fn bind_in(
    tx: &Tx,
    request: SetupRequest,
    secret: &[u8; 16],
    now: UnixTime,
) -> Result<Bound, BindError> {
    let found = setup_key::Entity::find_by_id(hash(secret)).one(tx).await?;
    let held = found
        .filter(|held| held.endpoint_id == request.endpoint.uuid())
        .ok_or(BindError::Refused("the hub does not know it; a newer one may have replaced it"))?;
    let row = endpoint::Entity::find_by_id(held.endpoint_id).one(tx).await?;
    let row = row
        .filter(|row| row.deleted_at.is_none())
        .ok_or(BindError::Refused("its endpoint was deleted"))?;
    let owner = account::Entity::find_by_id(row.account_id).one(tx).await?;
    let owner = owner
        .filter(|owner| !owner.disabled)
        .ok_or(BindError::Refused("the account of its endpoint is closed"))?;
    let name = canonical_name(&owner.handle, &row.name)?.to_string();
    let owner = AccountId::from_uuid(owner.id);
    let key = request.key.0.to_vec();
    if held.used_at.is_some() {
        // The same computer asks again when the first answer was lost on its way.
        if row.key.as_deref() == Some(&request.key.0) {
            return Ok(Bound { name, owner, replaces: false });
        }
        return Err(BindError::Refused("it was used already"));
    }
    if held.expires_at <= now.millis() {
        return Err(BindError::Refused("it expired"));
    }
    let known = agent_key::Entity::find_by_id(key.clone()).one(tx).await?;
    if known.as_ref().is_some_and(|known| known.endpoint_id != row.id) {
        return Err(BindError::Refused("this computer's key belongs to another endpoint"));
    }
    let replaces = row.key.as_ref().is_some_and(|present| *present != key);
    store_key(tx, &request, &row, held, known.is_some(), now).await?;
    Ok(Bound { name, owner, replaces })
}

async fn store_key(
    tx: &Tx,
    request: &SetupRequest,
    row: &endpoint::Model,
    held: setup_key::Model,
    known: bool,
    now: UnixTime,
) -> Result<(), StoreError> {
    let key = request.key.0.to_vec();
    let host = bounded(&request.host);
    let mut used: setup_key::ActiveModel = held.into();
    used.used_at = Set(Some(now.millis()));
    used.update(tx).await?;
    agent_key::Entity::update_many()
        .col_expr(agent_key::Column::ReplacedAt, now.millis().into())
        .filter(agent_key::Column::EndpointId.eq(row.id))
        .filter(agent_key::Column::ReplacedAt.is_null())
        .exec(tx)
        .await?;
    let bound = agent_key::ActiveModel {
        key: Set(key.clone()),
        endpoint_id: Set(row.id),
        host: Set(host.clone()),
        bound_at: Set(now.millis()),
        replaced_at: Set(None),
    };
    if known {
        bound.update(tx).await?;
    } else {
        bound.insert(tx).await?;
    }
    let endpoint = endpoint::ActiveModel {
        id: Set(row.id),
        key: Set(Some(key)),
        host: Set(Some(host)),
        ..Default::default()
    };
    endpoint.update(tx).await?;
    Ok(())
}

fn refused(reason: &'static str) -> OutportError {
    let problem = Problem::new(Code::BadSetupKey, [("reason", reason.into())]);
    OutportError::problem(StatusCode::FORBIDDEN, "BAD_SETUP_KEY", problem)
}

fn hash(secret: &[u8; 16]) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}

/// How long a setup key is good for: a day, to carry it to another computer.
const VALID_SECONDS: i64 = 24 * 3600;
