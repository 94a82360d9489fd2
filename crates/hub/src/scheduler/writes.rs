//! What the scheduler stores, in one transaction.
//!
//! Every write names the fencing number under which this process holds the task: a process that
//! lost it changes nothing.

use outport_protocol::report::Counts;
use outport_types::{Problem, Route, SessionId, TaskId, UnixTime};
use sea_orm::{
    ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, UpdateMany, sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    store::{Tx, entity::task},
    task_events::{self, EventRow},
};

/// One thing to store.
#[derive(Clone, Debug)]
pub(super) enum Write {
    /// The session that works on a task, and until when.
    Session { task: TaskId, session: SessionId, expires: UnixTime },
    /// The session is over.
    NoSession { task: TaskId, session: SessionId },
    /// The task failed.
    Failed { task: TaskId, at: UnixTime, failure: Box<Problem>, event: Box<EventRow> },
    /// Something happened.
    Event { task: TaskId, event: Box<EventRow> },
    /// How far it is.
    Counts { task: TaskId, counts: Box<Counts> },
    /// How its content travels.
    Route { task: TaskId, route: Route },
    /// The tasks are still this process's.
    Hold { holder: Uuid, until: UnixTime },
}

impl Write {
    /// Stores it; says whether it counted.
    pub(super) async fn apply(&self, tx: &Tx, fence: i64) -> Result<bool, DbErr> {
        use task::Column;
        let counted = match self {
            Self::Session { task, session, expires } => {
                held(*task, fence)
                    .col_expr(Column::SessionId, Expr::value(session.uuid()))
                    .col_expr(Column::SessionExpires, Expr::value(expires.millis()))
                    .exec(tx)
                    .await?
                    .rows_affected
            }
            Self::NoSession { task, session } => {
                held(*task, fence)
                    .filter(Column::SessionId.eq(session.uuid()))
                    .col_expr(Column::SessionId, Expr::value(Option::<Uuid>::None))
                    .col_expr(Column::SessionExpires, Expr::value(Option::<i64>::None))
                    .exec(tx)
                    .await?
                    .rows_affected
            }
            Self::Failed { task, at, failure, event } => {
                let failure = serde_json::to_string(failure).unwrap_or_default();
                let failed = held(*task, fence)
                    .filter(Column::Status.eq("ACTIVE"))
                    .col_expr(Column::Status, Expr::value("FAILED"))
                    .col_expr(Column::CompletedAt, Expr::value(at.millis()))
                    .col_expr(Column::Failure, Expr::value(failure))
                    .col_expr(Column::SessionId, Expr::value(Option::<Uuid>::None))
                    .col_expr(Column::SessionExpires, Expr::value(Option::<i64>::None))
                    .exec(tx)
                    .await?
                    .rows_affected;
                if failed != 0 {
                    task_events::insert_last(tx, *task, event).await?;
                }
                failed
            }
            Self::Event { task, event } => {
                return task_events::insert(tx, *task, event).await;
            }
            Self::Counts { task, counts } => {
                let counts = serde_json::to_string(counts).unwrap_or_default();
                held(*task, fence)
                    .filter(Column::Status.eq("ACTIVE"))
                    .col_expr(Column::Counts, Expr::value(counts))
                    .exec(tx)
                    .await?
                    .rows_affected
            }
            Self::Route { task, route } => {
                held(*task, fence)
                    .col_expr(Column::Route, Expr::value(route.word()))
                    .exec(tx)
                    .await?
                    .rows_affected
            }
            Self::Hold { holder, until } => {
                task::Entity::update_many()
                    .filter(Column::Holder.eq(*holder))
                    .filter(Column::Status.eq("ACTIVE"))
                    .col_expr(Column::HeldUntil, Expr::value(until.millis()))
                    .exec(tx)
                    .await?
                    .rows_affected
            }
        };
        Ok(counted != 0)
    }

    /// The task that it is about.
    pub(super) fn task(&self) -> Option<TaskId> {
        match self {
            Self::Session { task, .. }
            | Self::NoSession { task, .. }
            | Self::Failed { task, .. }
            | Self::Event { task, .. }
            | Self::Counts { task, .. }
            | Self::Route { task, .. } => Some(*task),
            Self::Hold { .. } => None,
        }
    }
}

fn held(task: TaskId, fence: i64) -> UpdateMany<task::Entity> {
    task::Entity::update_many()
        .filter(task::Column::Id.eq(task.uuid()))
        .filter(task::Column::Fence.eq(fence))
}
