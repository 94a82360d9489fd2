//! `endpoint_search`.

use std::collections::BTreeSet;

use axum::{Json, extract::State};
use outport_api::transfer::EndpointList;
use outport_types::IdentityId;
use sea_orm::{
    ColumnTrait as _, Condition, DbErr, EntityTrait as _, ExprTrait as _, Order, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
    sea_query::{Expr, LikeExpr},
};
use uuid::Uuid;

use super::{EndpointError, VARIABLES_MAX};
use crate::{
    http::{Caller, Params, TransferApi, TransferError},
    rights::rights,
    state::HubState,
    store::entity::{endpoint, task},
};

pub(super) async fn search(
    State(hub): State<HubState>,
    caller: Caller<TransferApi>,
    params: Params,
) -> Result<Json<EndpointList>, TransferError> {
    let limit = params.number("limit", LIMIT_DEFAULT, LIMIT_MAX)?;
    let offset = params.number("offset", 0, OFFSET_MAX)?;
    let mut condition = scope(&hub, &caller, &params).await?;
    for word in params.get("filter_fulltext").unwrap_or_default().split_whitespace() {
        let pattern = format!("%{}%", escape(&word.to_lowercase()));
        let like = LikeExpr::new(pattern).escape('\\');
        condition = condition.add(Expr::col(endpoint::Column::Words).like(like));
    }
    if let Some(owner) = params.get("filter_owner_id") {
        let owner: IdentityId =
            owner.parse().map_err(|_| EndpointError::BadRequest("filter_owner_id".to_owned()))?;
        condition = condition.add(endpoint::Column::IdentityId.eq(owner.uuid()));
    }
    let kinds: BTreeSet<_> =
        params.all("filter_entity_type").flat_map(|kinds| kinds.split(',')).collect();
    let other_kind = !kinds.is_empty() && !kinds.contains("GCP_mapped_collection");
    let none = other_kind
        || params.get("filter_host_endpoint").is_some()
        || params.flag("filter_non_functional")? == Some(true);
    let mut rows = if none {
        Vec::new()
    } else {
        endpoint::Entity::find()
            .filter(endpoint::Column::DeletedAt.is_null())
            .filter(condition)
            .order_by(endpoint::Column::Folded, Order::Asc)
            .order_by(endpoint::Column::Id, Order::Asc)
            .offset(offset)
            .limit(limit + 1)
            .all(hub.store.read())
            .await?
    };
    let has_next_page = limit < rows.len() as u64;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let rows = rows.into_iter().map(|row| {
        let rights = rights(&caller, &row);
        (row, rights)
    });
    let data = hub.documents().endpoints(rows.collect()).await?;
    Ok(Json(EndpointList { data, has_next_page, limit, offset }))
}

/// What the scope lets through.
async fn scope(
    hub: &HubState,
    caller: &Caller<TransferApi>,
    params: &Params,
) -> Result<Condition, TransferError> {
    let own = endpoint::Column::AccountId.eq(caller.account.uuid());
    let seen = Condition::any().add(own.clone()).add(endpoint::Column::Public.eq(true));
    match params.get("filter_scope").unwrap_or("all") {
        "all" if params.get("filter_fulltext").is_none() => {
            let message = "filter_scope all needs filter_fulltext.";
            Err(TransferError::bad_request(message))
        }
        "all" => Ok(Condition::all().add(seen)),
        "my-endpoints" | "my-gcp-endpoints" | "administered-by-me" => Ok(Condition::all().add(own)),
        "recently-used" => Ok(used(hub, caller, false).await?.add(seen)),
        "in-use" => Ok(used(hub, caller, true).await?.add(seen)),
        "shared-by-me" | "shared-with-me" => {
            Ok(Condition::all().add(endpoint::Column::Id.is_in(Vec::<Uuid>::new())))
        }
        other => {
            let message = format!("filter_scope {other:?} is unknown.");
            Err(TransferError::bad_request(message))
        }
    }
}

/// The endpoints of the caller's last tasks.
async fn used(
    hub: &HubState,
    caller: &Caller<TransferApi>,
    active_only: bool,
) -> Result<Condition, DbErr> {
    let mut query = task::Entity::find()
        .filter(task::Column::AccountId.eq(caller.account.uuid()))
        .order_by(task::Column::RequestedAt, Order::Desc)
        .limit(VARIABLES_MAX as u64 / 2);
    if active_only {
        query = query.filter(task::Column::Status.eq("ACTIVE"));
    }
    let rows = query.all(hub.store.read()).await?;
    let ids: BTreeSet<_> =
        rows.iter().flat_map(|row| [row.source_id, row.destination_id]).collect();
    Ok(Condition::all().add(endpoint::Column::Id.is_in(ids)))
}

fn escape(word: &str) -> String {
    word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

const LIMIT_DEFAULT: u64 = 100;
const LIMIT_MAX: u64 = 1000;
/// Clients stop at 1000; nobody pages further than this.
const OFFSET_MAX: u64 = 1_000_000;
