//! The routes of endpoints: make, show, change, delete, find.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use outport_api::transfer::{
    Endpoint, EndpointCreateResult, EndpointSettings, OperationResult, code,
};
use outport_protocol::control::HubMessage;
use outport_types::{AccountId, Code, EndpointId, EndpointName, EndpointRef, Problem};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, Set,
};

use super::{EndpointError, canonical_name, search, settings::Settings, setup};
use crate::{
    events::Change,
    http::{
        Caller, JsonBody, OutportApi, OutportError, OutportShape, TransferApi, TransferError,
        TransferShape, current_id, current_path,
    },
    rights::{Rights, rights},
    scheduler::Input,
    state::HubState,
    store::{
        StoreError,
        entity::{account, agent_key, endpoint, setup_key},
        is_unique_violation,
    },
};

/// The routes under `/v0.10`.
pub(crate) fn transfer_routes() -> Router<HubState> {
    Router::new()
        .route("/endpoint", post(create))
        .route("/endpoint/{ep}", get(show).put(update).delete(delete))
        .route("/endpoint_search", get(search::search))
}

/// The routes under `/outport/v1`.
pub(crate) fn outport_routes() -> Router<HubState> {
    Router::new()
        .route("/setup", post(setup::bind))
        .route("/endpoint/{ep}/setup_key", post(setup::renew))
        .route("/endpoint_by_name/{name}", get(show_by_name))
}

impl HubState {
    /// The endpoint that a path or document names, with what the caller may do with it.
    pub(crate) async fn endpoint_for<A>(
        &self,
        caller: &Caller<A>,
        named: impl Into<EndpointRef>,
    ) -> Result<(endpoint::Model, Rights), EndpointError> {
        let named = named.into();
        let not_found = || EndpointError::NotFound { id: named.to_string() };
        let found = self.endpoints.find_named(caller.account, &named).await?;
        let row = found.ok_or_else(not_found)?;
        let rights = rights(caller, &row);
        if !rights.see {
            return Err(not_found());
        }
        if row.deleted_at.is_some() {
            let names = self.endpoints.names([row.id]).await?;
            let name = names.get(&row.id).map(ToString::to_string).unwrap_or_default();
            return Err(EndpointError::Deleted { name });
        }
        Ok((row, rights))
    }
}

/// Reads an id out of a path; what is none names no endpoint.
pub(crate) fn parse_id(text: &str) -> Result<EndpointId, EndpointError> {
    text.parse().map_err(|_| EndpointError::NotFound { id: text.chars().take(100).collect() })
}

async fn create(
    State(hub): State<HubState>,
    caller: Caller<TransferApi>,
    JsonBody(asked, _): JsonBody<EndpointSettings, TransferShape>,
) -> Result<(StatusCode, Json<EndpointCreateResult>), TransferError> {
    if asked.is_globus_connect != Some(true) {
        return Err(EndpointError::NotGlobusConnect.into());
    }
    let name = asked_name(&asked)?.ok_or(EndpointError::NoName)?;
    let mut settings = Settings::default();
    settings.apply(&asked)?;
    let now = hub.clock.now();
    let id = EndpointId::random();
    let row = endpoint::ActiveModel {
        id: Set(id.uuid()),
        account_id: Set(caller.account.uuid()),
        identity_id: Set(caller.identity.uuid()),
        name: Set(name.as_str().to_owned()),
        folded: Set(name.folded()),
        public: Set(asked.public.unwrap_or(false)),
        settings: Set(settings.to_text()),
        words: Set(settings.words(caller.handle.as_str(), name.as_str())),
        key: Set(None),
        host: Set(None),
        software: Set(None),
        system: Set(None),
        agent_directory: Set(None),
        paused: Set(false),
        paused_until: Set(None),
        last_seen: Set(None),
        created_at: Set(now.millis()),
        deleted_at: Set(None),
    };
    let (setup_key, secret_row) = setup::new_key(&hub, id);
    let account = caller.account;
    let taken = name.as_str().to_owned();
    hub.store
        .write(move |tx| {
            Box::pin(async move {
                let has = endpoint::Entity::find()
                    .filter(endpoint::Column::AccountId.eq(account.uuid()))
                    .filter(endpoint::Column::DeletedAt.is_null())
                    .count(tx)
                    .await?;
                if ENDPOINTS_MAX <= has {
                    return Err(EndpointError::TooMany { max: ENDPOINTS_MAX as usize });
                }
                row.insert(tx).await.map_err(|error| name_taken(error, taken))?;
                secret_row.insert(tx).await?;
                Ok(())
            })
        })
        .await?;
    hub.events.publish(Change::Endpoint { owner: account, endpoint: id });
    let result = EndpointCreateResult {
        code: code::CREATED.to_owned(),
        message: format!("Endpoint {}#{name} created.", caller.handle),
        id,
        globus_connect_setup_key: Some(setup_key.to_string()),
        request_id: current_id(),
        resource: current_path(),
    };
    Ok((StatusCode::CREATED, Json(result)))
}

async fn show(
    State(hub): State<HubState>,
    caller: Caller<TransferApi>,
    Path(ep): Path<String>,
) -> Result<Json<Endpoint>, TransferError> {
    let found = hub.endpoint_for(&caller, parse_id(&ep)?).await?;
    Ok(Json(one_document(&hub, found).await?))
}

async fn show_by_name(
    State(hub): State<HubState>,
    caller: Caller<OutportApi>,
    Path(name): Path<String>,
) -> Result<Json<Endpoint>, OutportError> {
    let not_found = |_| EndpointError::NotFound { id: name.chars().take(150).collect() };
    let named: EndpointRef = name.parse().map_err(not_found)?;
    let found = hub.endpoint_for(&caller, named).await?;
    Ok(Json(one_document(&hub, found).await?))
}

async fn one_document(
    hub: &HubState,
    found: (endpoint::Model, Rights),
) -> Result<Endpoint, StoreError> {
    let mut documents = hub.documents().endpoints(vec![found]).await?;
    Ok(documents.pop().expect("one row makes one document"))
}

async fn update(
    State(hub): State<HubState>,
    caller: Caller<TransferApi>,
    Path(ep): Path<String>,
    JsonBody(asked, _): JsonBody<EndpointSettings, TransferShape>,
) -> Result<Json<OperationResult>, TransferError> {
    let id = parse_id(&ep)?;
    let (row, rights) = hub.endpoint_for(&caller, id).await?;
    if !rights.manage {
        return Err(EndpointError::Forbidden { what: "change this endpoint" }.into());
    }
    let new_name = asked_name(&asked)?;
    let owner_row = account::Entity::find_by_id(row.account_id).one(hub.store.read()).await?;
    let handle = owner_row.map(|owner| owner.handle).unwrap_or_default();
    let owner = AccountId::from_uuid(row.account_id);
    let name = hub
        .store
        .write(move |tx| {
            Box::pin(async move {
                // Read again inside the transaction: two updates at once shall both count.
                let found = endpoint::Entity::find_by_id(id.uuid()).one(tx).await?;
                let row = found.ok_or_else(|| EndpointError::NotFound { id: id.to_string() })?;
                let mut settings = Settings::from_text(&row.settings);
                settings.apply(&asked)?;
                let name = match new_name {
                    Some(name) => name.as_str().to_owned(),
                    None => row.name.clone(),
                };
                let full = canonical_name(&handle, &name)?;
                let row = endpoint::ActiveModel {
                    id: Set(row.id),
                    name: Set(name.clone()),
                    folded: Set(full.endpoint.folded()),
                    public: Set(asked.public.unwrap_or(row.public)),
                    settings: Set(settings.to_text()),
                    words: Set(settings.words(&handle, &name)),
                    ..Default::default()
                };
                row.update(tx).await.map_err(|error| name_taken(error, name))?;
                Ok::<_, EndpointError>(full)
            })
        })
        .await?;
    if name.endpoint.as_str() != row.name {
        hub.presence.send(id, HubMessage::Renamed { name }).await;
    }
    hub.events.publish(Change::Endpoint { owner, endpoint: id });
    Ok(Json(done(code::UPDATED, "Endpoint updated successfully.")))
}

async fn delete(
    State(hub): State<HubState>,
    caller: Caller<TransferApi>,
    Path(ep): Path<String>,
) -> Result<Json<OperationResult>, TransferError> {
    let id = parse_id(&ep)?;
    let (row, rights) = hub.endpoint_for(&caller, id).await?;
    if !rights.manage {
        return Err(EndpointError::Forbidden { what: "delete this endpoint" }.into());
    }
    let names = hub.endpoints.names([row.id]).await?;
    let name = names.get(&row.id).map(ToString::to_string).unwrap_or_default();
    let worker = hub.clone();
    hub.see_through(async move {
        remove(&worker, &row).await?;
        let problem = Problem::new(Code::EndpointRemoved, [("endpoint", name.into())]);
        // Its sessions end before its channel does.
        worker.scheduler.settle(Input::Removed { endpoint: id, problem: problem.clone() }).await;
        let refused = HubMessage::Refused { problem, retry_after_seconds: None };
        worker.presence.dismiss(id, refused).await;
        let owner = AccountId::from_uuid(row.account_id);
        worker.events.publish(Change::EndpointRemoved { owner, endpoint: id });
        Ok::<_, StoreError>(())
    })
    .await?;
    Ok(Json(done(code::DELETED, "Endpoint deleted successfully.")))
}

/// Marks an endpoint as deleted: its name is free again, its keys are worth nothing.
async fn remove(hub: &HubState, row: &endpoint::Model) -> Result<(), StoreError> {
    let now = hub.clock.now().millis();
    let id = row.id;
    let folded = format!("{}\n{id}", row.folded);
    hub.store
        .write(move |tx| {
            Box::pin(async move {
                let row = endpoint::ActiveModel {
                    id: Set(id),
                    folded: Set(folded),
                    key: Set(None),
                    deleted_at: Set(Some(now)),
                    ..Default::default()
                };
                row.update(tx).await?;
                setup_key::Entity::delete_many()
                    .filter(setup_key::Column::EndpointId.eq(id))
                    .exec(tx)
                    .await?;
                agent_key::Entity::update_many()
                    .col_expr(agent_key::Column::ReplacedAt, now.into())
                    .filter(agent_key::Column::EndpointId.eq(id))
                    .filter(agent_key::Column::ReplacedAt.is_null())
                    .exec(tx)
                    .await?;
                Ok(())
            })
        })
        .await
}

/// The answer to a change.
pub(crate) fn done(code: &str, message: impl Into<String>) -> OperationResult {
    OperationResult {
        code: code.to_owned(),
        message: message.into(),
        request_id: current_id(),
        resource: current_path(),
    }
}

fn asked_name(asked: &EndpointSettings) -> Result<Option<EndpointName>, EndpointError> {
    match &asked.display_name {
        None => Ok(None),
        Some(None) => Err(EndpointError::NoName),
        Some(Some(name)) => {
            name.trim().parse().map(Some).map_err(|source| EndpointError::Name { source })
        }
    }
}

fn name_taken(error: sea_orm::DbErr, name: String) -> EndpointError {
    if is_unique_violation(&error) { EndpointError::NameTaken { name } } else { error.into() }
}

/// The shape of errors under `/outport/v1`.
pub(super) type Outport = OutportShape;
/// More computers than a person has, and no way to fill the database.
const ENDPOINTS_MAX: u64 = 1000;
