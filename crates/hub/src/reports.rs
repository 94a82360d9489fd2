//! What agents report: applied once, in order, however often it arrives.
//!
//! 1. A task's reports are numbered from 1. The task's row knows the number of the last one that
//!    was applied; what comes again is left out, and what comes after a gap is not taken.
//! 2. One worker applies the reports of all agents, whatever waits together in one transaction.
//! 3. Long lists go to [files](lists) first, behind the length that the row vouches for, and the
//!    row's new length is part of the transaction: a crash in between leaves bytes that do not
//!    count and are written over.
//! 4. Only when all that is durable the agent hears that its reports are stored.

pub(crate) mod lists;
mod worker;

use outport_protocol::{control::HubMessage, report::Report};
use outport_types::{Chain, EndpointId, TaskId};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use tokio::sync::mpsc;

pub(crate) use self::worker::Worker;
use crate::{
    endpoints::VARIABLES_MAX,
    presence::Presence,
    store::{Store, entity::task},
};

/// The way to the worker; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Reports {
    jobs: mpsc::Sender<Job>,
    store: Store,
    presence: Presence,
}

/// Reports of one message.
#[derive(Debug)]
struct Job {
    endpoint: EndpointId,
    task: TaskId,
    first: u64,
    reports: Vec<Report>,
}

/// The worker's end of the way.
#[derive(Debug)]
pub(crate) struct Inbox(mpsc::Receiver<Job>);

impl Reports {
    /// Makes the way and its end.
    pub(crate) fn channel(store: Store, presence: Presence) -> (Self, Inbox) {
        let (jobs, inbox) = mpsc::channel(JOBS_MAX);
        (Self { jobs, store, presence }, Inbox(inbox))
    }

    /// Hands reports in; returns when there is room for them, not when they are applied.
    pub(crate) async fn take(
        &self,
        endpoint: EndpointId,
        task: TaskId,
        first: u64,
        reports: Vec<Report>,
    ) {
        self.jobs.send(Job { endpoint, task, first, reports }).await.ok(); // the hub stops
    }

    /// Tells an agent that came back how its tasks stand: what is stored of their reports, and
    /// which of them are over.
    pub(crate) async fn greet(&self, endpoint: EndpointId, outstanding: Vec<TaskId>) {
        for some in outstanding.chunks(VARIABLES_MAX) {
            let rows = task::Entity::find()
                .filter(task::Column::Id.is_in(some.iter().map(|task| task.uuid())))
                .all(self.store.read())
                .await;
            let rows = match rows {
                Ok(rows) => rows,
                Err(error) => {
                    // The agent reports anyhow, and asks again when it comes back.
                    tracing::warn!(error = %Chain(&error), "cannot read tasks");
                    return;
                }
            };
            for task in some {
                let row = rows.iter().find(|row| row.id == task.uuid());
                let row = row.filter(|row| is_end(row, endpoint));
                for message in standing(*task, row, endpoint) {
                    self.presence.send(endpoint, message).await;
                }
            }
        }
    }
}

fn standing(task: TaskId, row: Option<&task::Model>, endpoint: EndpointId) -> Vec<HubMessage> {
    let Some(row) = row else { return vec![HubMessage::TaskOver { task }] };
    let mut messages = Vec::new();
    if row.destination_id == endpoint.uuid() {
        let last = u64::try_from(row.reported).unwrap_or_default();
        messages.push(HubMessage::ReportAck { task, last });
    }
    if row.status != "ACTIVE" {
        messages.push(HubMessage::TaskOver { task });
    }
    messages
}

fn is_end(row: &task::Model, endpoint: EndpointId) -> bool {
    [row.source_id, row.destination_id].contains(&endpoint.uuid())
}

/// Messages of reports that wait; whoever has one more waits, and is read no further.
const JOBS_MAX: usize = 64;
