//! Events of tasks: their words, their rows, their documents.

use outport_api::transfer::Event;
use outport_types::{EventCode, Problem, TaskId, UnixTime};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, DbErr, EntityTrait as _, ExprTrait as _,
    QueryFilter as _, Set, sea_query::Expr,
};

use crate::store::{
    Tx,
    entity::{task, task_event},
};

/// An event on its way into the store.
#[derive(Clone, Debug)]
pub(crate) struct EventRow {
    pub(crate) code: EventCode,
    pub(crate) time: UnixTime,
    pub(crate) details: String,
}

impl EventRow {
    pub(crate) fn new(code: EventCode, time: UnixTime, details: impl Into<String>) -> Self {
        let mut details: String = details.into();
        if let Some((end, _)) = details.char_indices().nth(DETAILS_CHARS_MAX) {
            details.truncate(end);
        }
        Self { code, time, details }
    }

    /// An event that a problem explains.
    pub(crate) fn of_problem(code: EventCode, time: UnixTime, problem: &Problem) -> Self {
        Self::new(code, time, problem.message.clone())
    }

    /// As the API shows it.
    pub(crate) fn document(&self) -> Event {
        Event {
            code: self.code.into(),
            time: self.time,
            is_error: is_error(self.code),
            description: describe(self.code).to_owned(),
            details: self.details.clone(),
        }
    }
}

/// Stores an event, unless the task has too many; says whether it did.
pub(crate) async fn insert(tx: &Tx, id: TaskId, event: &EventRow) -> Result<bool, DbErr> {
    let counted = task::Entity::update_many()
        .filter(task::Column::Id.eq(id.uuid()))
        .filter(task::Column::Events.lt(EVENTS_MAX))
        .col_expr(task::Column::Events, Expr::col(task::Column::Events).add(1))
        .exec(tx)
        .await?;
    if counted.rows_affected != 0 {
        insert_last(tx, id, event).await?;
    }
    Ok(counted.rows_affected != 0)
}

/// Stores an event that a task has once, however many it has.
pub(crate) async fn insert_last(tx: &Tx, id: TaskId, event: &EventRow) -> Result<(), DbErr> {
    let row = task_event::ActiveModel {
        task_id: Set(id.uuid()),
        code: Set(event.code.word().to_owned()),
        is_error: Set(is_error(event.code)),
        time: Set(event.time.millis()),
        description: Set(describe(event.code).to_owned()),
        details: Set(event.details.clone()),
        ..Default::default()
    };
    row.insert(tx).await?;
    Ok(())
}

/// A row as the API shows it.
pub(crate) fn document(row: task_event::Model) -> Event {
    let code = EventCode::from_word(&row.code);
    Event {
        code: code.map_or(outport_api::Word::Other(row.code), Into::into),
        time: UnixTime::from_millis(row.time),
        is_error: row.is_error,
        description: row.description,
        details: row.details,
    }
}

/// Whether people should look at it.
fn is_error(code: EventCode) -> bool {
    match code {
        EventCode::Started
        | EventCode::RouteChanged
        | EventCode::Progress
        | EventCode::Succeeded
        | EventCode::Paused
        | EventCode::Unpaused
        | EventCode::Connected
        | EventCode::Renamed
        | EventCode::AttributesNotKept
        | EventCode::HardLinksNotKept
        | EventCode::Skipped => false,
        EventCode::Failed
        | EventCode::Canceled
        | EventCode::Expired
        | EventCode::NotConnected
        | EventCode::ConnectFailed
        | EventCode::ConnectionBroken
        | EventCode::PermissionDenied
        | EventCode::FileNotFound
        | EventCode::FileChanged
        | EventCode::ChecksumMismatch
        | EventCode::Quota
        | EventCode::NameNotRepresentable
        | EventCode::WrongType
        | EventCode::EndpointError => true,
    }
}

fn describe(code: EventCode) -> &'static str {
    match code {
        EventCode::Started => "started",
        EventCode::RouteChanged => "a better route",
        EventCode::Progress => "progress",
        EventCode::Succeeded => "succeeded",
        EventCode::Failed => "failed",
        EventCode::Canceled => "canceled",
        EventCode::Expired => "expired",
        EventCode::Paused => "paused by the owner of an endpoint",
        EventCode::Unpaused => "resumed by the owner of an endpoint",
        EventCode::NotConnected => "an endpoint is not connected",
        EventCode::Connected => "an endpoint is connected again",
        EventCode::ConnectFailed => "the endpoints cannot reach each other",
        EventCode::ConnectionBroken => "the connection between the endpoints broke",
        EventCode::PermissionDenied => "permission denied",
        EventCode::FileNotFound => "file not found",
        EventCode::FileChanged => "a file changed while it was read",
        EventCode::ChecksumMismatch => "a checksum did not agree",
        EventCode::Quota => "no room at the destination",
        EventCode::NameNotRepresentable => "a name cannot exist at the destination",
        EventCode::Renamed => "another name at the destination",
        EventCode::AttributesNotKept => "attributes that could not be kept",
        EventCode::HardLinksNotKept => "a hard link that could not be kept",
        EventCode::WrongType => "a file stands where a directory comes, or the other way round",
        EventCode::EndpointError => "endpoint error",
        EventCode::Skipped => "left out",
    }
}

/// Events of one task; an agent that finds more to say would fill the database.
const EVENTS_MAX: i64 = 10_000;
/// More than any sentence has.
const DETAILS_CHARS_MAX: usize = 4096;
