//! Tasks: lists, single ones, changes, events and files.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use outport_api::hub::{TaskDifference, TaskDifferences};
use outport_api::transfer::{
    EventList, OperationResult, PauseReasons, SkippedError, SkippedErrors, SuccessfulTransfer,
    SuccessfulTransfers, Task, TaskList, TaskUpdate, code, error_code,
};
use outport_protocol::{
    control::FileKind,
    report::{Difference, Skipped, Transferred},
};
use outport_types::{Code, EventCode, FilterKind, Problem, TaskId};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, Order, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, Set, sea_query::Expr,
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{
    checks::check_label,
    documents::contract_word,
    task_filter::{parse_filter, parse_order},
};
use crate::{
    endpoints::done,
    events::Change,
    http::{
        ApiError, Caller, JsonBody, OutportError, Params, Shape, TaskApi, TransferApi,
        TransferError, TransferShape,
    },
    reports::lists::{Extent, List},
    scheduler::Input,
    state::HubState,
    store::{
        StoreError,
        entity::{task, task_event},
    },
    task_events::{self, EventRow},
};

pub(super) async fn list(
    State(hub): State<HubState>,
    caller: Caller<TransferApi>,
    params: Params,
) -> Result<Json<TaskList>, TransferError> {
    let limit = params.number("limit", TASKS_DEFAULT, TASKS_MAX)?;
    let offset = params.number("offset", 0, OFFSET_MAX)?;
    let bad = |error: &dyn std::error::Error| TransferError::bad_request(error.to_string());
    let mut query = task::Entity::find().filter(task::Column::AccountId.eq(caller.account.uuid()));
    for filter in params.all("filter") {
        query = query.filter(parse_filter(filter).map_err(|error| bad(&error))?);
    }
    let total = query.clone().count(hub.store.read()).await?;
    for (column, order) in parse_order(params.get("orderby")).map_err(|error| bad(&error))? {
        query = query.order_by(column, order);
    }
    let rows = query
        .order_by(task::Column::Id, Order::Asc)
        .offset(offset)
        .limit(limit)
        .all(hub.store.read())
        .await?;
    let data = hub.task_documents().tasks(rows).await?;
    Ok(Json(TaskList { length: data.len() as u64, data, total, limit, offset }))
}

pub(super) async fn show(
    State(hub): State<HubState>,
    caller: Caller<TransferApi>,
    Path(task): Path<String>,
) -> Result<Json<Task>, TransferError> {
    let row = own(&hub, &caller, &task).await?;
    let mut documents = hub.task_documents().tasks(vec![row]).await?;
    Ok(Json(documents.pop().expect("one row makes one document")))
}

pub(super) async fn update(
    State(hub): State<HubState>,
    caller: Caller<TransferApi>,
    Path(task): Path<String>,
    JsonBody(asked, _): JsonBody<TaskUpdate, TransferShape>,
) -> Result<Json<OperationResult>, TransferError> {
    let row = own(&hub, &caller, &task).await?;
    let now = hub.clock.now();
    check_label(asked.label.as_ref().and_then(|label| label.as_deref()))?;
    if asked.deadline.is_some_and(|deadline| deadline <= now) {
        return Err(TransferError::bad_request("The deadline has passed already."));
    }
    if asked.deadline.is_some() && row.status != "ACTIVE" {
        let message = "The task is over; its deadline cannot be moved any more.";
        return Err(TransferError::new(StatusCode::CONFLICT, error_code::CONFLICT, message));
    }
    let id = TaskId::from_uuid(row.id);
    let (owner, deadline) = (caller.account, asked.deadline);
    let changed = task::ActiveModel {
        id: Set(row.id),
        label: asked.label.map_or(sea_orm::NotSet, Set),
        deadline: deadline.map_or(sea_orm::NotSet, |deadline| Set(deadline.millis())),
        ..Default::default()
    };
    let worker = hub.clone();
    hub.see_through(async move {
        if changed.is_changed() {
            let write = worker.store.write(move |tx| {
                Box::pin(async move {
                    changed.update(tx).await?;
                    Ok::<_, StoreError>(())
                })
            });
            write.await?;
        }
        if let Some(deadline) = deadline {
            worker.scheduler.tell(Input::DeadlineMoved { task: id, deadline }).await;
        }
        worker.events.publish(Change::Task { owner, task: id });
        Ok::<_, StoreError>(())
    })
    .await?;
    Ok(Json(done(code::UPDATED, "Updated the task successfully.")))
}

pub(super) async fn cancel(
    State(hub): State<HubState>,
    caller: Caller<TransferApi>,
    Path(task): Path<String>,
) -> Result<Json<OperationResult>, TransferError> {
    let row = own(&hub, &caller, &task).await?;
    let id = TaskId::from_uuid(row.id);
    let now = hub.clock.now();
    let problem = Problem::new(Code::Canceled, [("who", caller.username.clone().into())]);
    let event = EventRow::of_problem(EventCode::Canceled, now, &problem);
    let live = hub.scheduler.live(vec![id]).await.remove(&id).and_then(|live| live.counts);
    let counts = live.and_then(|counts| serde_json::to_string(&counts).ok());
    let owner = caller.account;
    let worker = hub.clone();
    let canceled = hub
        .see_through(async move {
            let stored = event.clone();
            let failure = serde_json::to_string(&problem).unwrap_or_default();
            let write = worker.store.write(move |tx| {
                Box::pin(async move {
                    let counts = counts.unwrap_or(row.counts);
                    let ended = task::Entity::update_many()
                        .filter(task::Column::Id.eq(id.uuid()))
                        .filter(task::Column::Status.eq("ACTIVE"))
                        .col_expr(task::Column::Status, Expr::value("FAILED"))
                        .col_expr(task::Column::CompletedAt, Expr::value(now.millis()))
                        .col_expr(task::Column::Failure, Expr::value(failure))
                        .col_expr(task::Column::Counts, Expr::value(counts))
                        .col_expr(task::Column::SessionId, Expr::value(Option::<Uuid>::None))
                        .col_expr(task::Column::SessionExpires, Expr::value(Option::<i64>::None))
                        .exec(tx)
                        .await?;
                    if ended.rows_affected != 0 {
                        task_events::insert_last(tx, id, &stored).await?;
                    }
                    Ok::<_, StoreError>(ended.rows_affected != 0)
                })
            });
            let canceled = write.await?;
            if canceled {
                worker.metrics.tasks.ended("CANCELED");
                worker.scheduler.settle(Input::Over { task: id, finished: false }).await;
                let event = event.document().into();
                worker.events.publish(Change::TaskEvent { owner, task: id, event });
                worker.events.publish(Change::Task { owner, task: id });
            }
            Ok::<_, StoreError>(canceled)
        })
        .await?;
    Ok(Json(if canceled {
        done(code::CANCELED, "The task has been cancelled successfully.")
    } else {
        done(code::TASK_COMPLETE, "The task completed before the cancel request was processed.")
    }))
}

pub(super) async fn events(
    State(hub): State<HubState>,
    caller: Caller<TransferApi>,
    Path(task): Path<String>,
    params: Params,
) -> Result<Json<EventList>, TransferError> {
    let row = own(&hub, &caller, &task).await?;
    let limit = params.number("limit", EVENTS_DEFAULT, EVENTS_MAX)?;
    let offset = params.number("offset", 0, OFFSET_MAX)?;
    let mut query = task_event::Entity::find().filter(task_event::Column::TaskId.eq(row.id));
    for filter in params.all("filter") {
        let is_error = match filter {
            "is_error:1" | "is_error:true" => true,
            "is_error:0" | "is_error:false" => false,
            other => {
                let message = format!("Events cannot be filtered by {other:?}.");
                return Err(TransferError::bad_request(message));
            }
        };
        query = query.filter(task_event::Column::IsError.eq(is_error));
    }
    let total = query.clone().count(hub.store.read()).await?;
    let rows = query
        .order_by(task_event::Column::Id, Order::Desc)
        .offset(offset)
        .limit(limit)
        .all(hub.store.read())
        .await?;
    let data: Vec<_> = rows.into_iter().map(task_events::document).collect();
    Ok(Json(EventList { length: data.len() as u64, data, total, limit, offset }))
}

pub(super) async fn transferred(
    State(hub): State<HubState>,
    caller: Caller<TransferApi>,
    Path(task): Path<String>,
    params: Params,
) -> Result<Json<SuccessfulTransfers>, TransferError> {
    let row = own(&hub, &caller, &task).await?;
    let extent = extent(row.transferred_bytes, row.transferred_blocks, row.transferred_records);
    let page: Page<Transferred> = page(&hub, row.id, List::Transferred, extent, &params).await?;
    let data = page.records.into_iter().map(|file| SuccessfulTransfer {
        source_path: file.source.to_string(),
        destination_path: file.destination.to_string(),
        size: Some(file.size),
        checksum: Some(file.digest.to_string()),
        checksum_algorithm: Some("BLAKE3".to_owned()),
    });
    let (marker, next_marker) = (page.marker, page.next);
    Ok(Json(SuccessfulTransfers { data: data.collect(), marker, next_marker }))
}

pub(super) async fn skipped(
    State(hub): State<HubState>,
    caller: Caller<TransferApi>,
    Path(task): Path<String>,
    params: Params,
) -> Result<Json<SkippedErrors>, TransferError> {
    let row = own(&hub, &caller, &task).await?;
    let extent = extent(row.skipped_bytes, row.skipped_blocks, row.skipped_records);
    let page: Page<Skipped> = page(&hub, row.id, List::Skipped, extent, &params).await?;
    let data = page.records.into_iter().map(|skipped| SkippedError {
        source_path: skipped.source.to_string(),
        destination_path: skipped.destination.map(|path| path.to_string()),
        error_code: contract_word(skipped.problem.code).to_owned(),
        error_details: skipped.problem.message,
        error_time: Some(skipped.time),
        is_directory: skipped.is_directory,
        checksum_algorithm: None,
        external_checksum: None,
    });
    let (marker, next_marker) = (page.marker, page.next);
    Ok(Json(SkippedErrors { data: data.collect(), marker, next_marker }))
}

pub(super) async fn differences(
    State(hub): State<HubState>,
    caller: Caller<TaskApi>,
    Path(task): Path<String>,
    params: Params,
) -> Result<Json<TaskDifferences>, OutportError> {
    let row = own(&hub, &caller, &task).await?;
    let extent = extent(row.differences_bytes, row.differences_blocks, row.differences_records);
    let page: Page<Difference> = page(&hub, row.id, List::Differences, extent, &params).await?;
    let data = page.records.into_iter().map(|difference| TaskDifference {
        finding: difference.finding,
        kind: match difference.kind {
            FileKind::Dir => FilterKind::Dir,
            FileKind::File | FileKind::Link | FileKind::Special => FilterKind::File,
        },
        is_link: difference.kind == FileKind::Link,
        source_path: difference.source.to_string(),
        destination_path: difference.destination.to_string(),
        source_size: difference.source_size,
        destination_size: difference.destination_size,
    });
    let (marker, next_marker) = (page.marker, page.next);
    Ok(Json(TaskDifferences { data: data.collect(), marker, next_marker }))
}

pub(super) async fn pause_info(
    State(hub): State<HubState>,
    caller: Caller<TransferApi>,
    Path(task): Path<String>,
) -> Result<Json<PauseReasons>, TransferError> {
    let row = own(&hub, &caller, &task).await?;
    let ids = [row.source_id, row.destination_id];
    let names = hub.endpoints.names(ids).await?;
    let ends = ids.map(outport_types::EndpointId::from_uuid);
    let seen = hub.presence.look(ends.to_vec()).await;
    let message = |n: usize| {
        let paused = seen.get(&ends[n])?.status.paused?;
        let name = names.get(&ids[n]).map(ToString::to_string).unwrap_or_default();
        let problem = Problem::new(Code::EndpointPaused, [("endpoint", name.into())]);
        Some(match paused.until {
            Some(until) => format!("{} Until {until}.", problem.message),
            None => problem.message,
        })
    };
    Ok(Json(PauseReasons {
        pause_rules: Vec::new(),
        source_pause_message: message(0),
        source_pause_message_share: None,
        destination_pause_message: message(1),
        destination_pause_message_share: None,
    }))
}

/// The row of one of the caller's own tasks; an administrator sees all.
async fn own<A, S: Shape>(
    hub: &HubState,
    caller: &Caller<A>,
    text: &str,
) -> Result<task::Model, ApiError<S>> {
    let not_found = || {
        let shown: String = text.chars().take(100).collect();
        let problem = Problem::new(Code::TaskNotFound, [("task", shown.into())]);
        ApiError::problem(StatusCode::NOT_FOUND, S::NOT_FOUND, problem)
    };
    let id: TaskId = text.parse().map_err(|_| not_found())?;
    let found = task::Entity::find_by_id(id.uuid()).one(hub.store.read()).await?;
    found
        .filter(|row| row.account_id == caller.account.uuid() || caller.is_admin)
        .ok_or_else(not_found)
}

struct Page<T> {
    records: Vec<T>,
    marker: Option<u64>,
    next: Option<u64>,
}

async fn page<T: DeserializeOwned + Send + 'static, S: Shape>(
    hub: &HubState,
    task: Uuid,
    list: List,
    extent: Extent,
    params: &Params,
) -> Result<Page<T>, ApiError<S>> {
    let marker = match params.get("marker") {
        None => None,
        Some(text) => Some(text.parse::<u64>().map_err(|_| {
            ApiError::bad_request("marker must be what the page before named next_marker.")
        })?),
    };
    let first = marker.unwrap_or_default();
    let lists = hub.lists.clone();
    let task = TaskId::from_uuid(task);
    let reading =
        tokio::task::spawn_blocking(move || lists.read(task, list, extent, first, RECORDS_MAX));
    let records: Vec<T> = reading.await.map_err(ApiError::internal)?.map_err(ApiError::internal)?;
    let next = first.saturating_add(records.len() as u64);
    Ok(Page { records, marker, next: (next < extent.records).then_some(next) })
}

fn extent(bytes: i64, blocks: i64, records: i64) -> Extent {
    let number = |value: i64| u64::try_from(value).unwrap_or_default();
    Extent { bytes: number(bytes), blocks: number(blocks), records: number(records) }
}

const TASKS_DEFAULT: u64 = 10;
const TASKS_MAX: u64 = 1000;
const EVENTS_DEFAULT: u64 = 10;
const EVENTS_MAX: u64 = 1000;
/// Clients stop at 1000; nobody pages further than this.
const OFFSET_MAX: u64 = 1_000_000;
/// Records of one page of a list of files.
const RECORDS_MAX: usize = 1000;
