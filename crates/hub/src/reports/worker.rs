//! The one worker that applies reports.

use std::{collections::BTreeMap, io, sync::Arc, time::Duration};

use outport_protocol::{
    control::HubMessage,
    report::{Counts, Difference, Finished, Report, Skipped, Transferred},
};
use outport_types::{
    AccountId, Chain, DIFFERENCES_LISTED_MAX, EndpointId, EventCode, Finding, TaskId, UnixTime,
};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, UpdateMany, sea_query::Expr};
use uuid::Uuid;

use super::{
    Inbox, Job,
    lists::{Extent, List, Lists},
};
use crate::{
    clock::Clock,
    endpoints::VARIABLES_MAX,
    events::{Change, Events},
    metrics::TaskMetrics,
    presence::Presence,
    scheduler::{Input, Scheduler},
    store::{Store, StoreError, Tx, entity::task},
    task_events::{self, EventRow},
};

/// Applies the reports of all agents.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) inbox: Inbox,
    pub(crate) store: Store,
    pub(crate) lists: Lists,
    pub(crate) presence: Presence,
    pub(crate) scheduler: Scheduler,
    pub(crate) events: Events,
    pub(crate) metrics: TaskMetrics,
    pub(crate) clock: Clock,
}

/// What a round of reports makes of one task.
#[derive(Clone, Debug)]
struct Applied {
    task: TaskId,
    owner: AccountId,
    is_active: bool,
    requested: UnixTime,
    reported: u64,
    /// How many of the reports are new.
    new: u64,
    /// How many of them are of files that arrived, and how large those are.
    files: u64,
    bytes: u64,
    /// The lists are let go of when they are in their files.
    transferred: Vec<Transferred>,
    skipped: Vec<Skipped>,
    differences: Vec<Difference>,
    transferred_extent: Extent,
    skipped_extent: Extent,
    differences_extent: Extent,
    events: Vec<EventRow>,
    finished: Option<Finished>,
}

/// Why reports cannot be applied now.
#[derive(Debug, thiserror::Error)]
enum ApplyError {
    #[error("the database does not take them")]
    Store(#[from] StoreError),
    #[error("the list files do not take them")]
    Lists(#[from] io::Error),
}

impl Worker {
    /// Serves until the last handle is gone.
    pub(crate) async fn run(mut self) {
        let mut jobs = Vec::with_capacity(ROUND_MAX);
        while self.inbox.0.recv_many(&mut jobs, ROUND_MAX).await != 0 {
            while let Err(error) = self.round(&jobs).await {
                // A full disk, mostly. Meanwhile the queue fills, and agents are read no further.
                tracing::error!(error = %Chain(&error), "reports cannot be applied");
                tokio::time::sleep(PAUSE).await;
            }
            jobs.clear();
        }
    }

    async fn round(&self, jobs: &[Job]) -> Result<(), ApplyError> {
        let rows = self.rows(jobs).await?;
        let mut applied: BTreeMap<TaskId, Applied> = BTreeMap::new();
        let now = self.clock.now();
        let mut acks: BTreeMap<TaskId, EndpointId> = BTreeMap::new();
        for job in jobs {
            let row = rows.get(&job.task.uuid());
            let Some(row) = row.filter(|row| row.destination_id == job.endpoint.uuid()) else {
                tracing::debug!(task = %job.task, "reports on somebody else's task");
                let over = HubMessage::TaskOver { task: job.task };
                self.presence.send(job.endpoint, over).await;
                continue;
            };
            acks.insert(job.task, job.endpoint);
            applied.entry(job.task).or_insert_with(|| Applied::of(row)).take(job, now);
        }
        let mut applied: Vec<_> = applied.into_values().collect();
        self.append(&mut applied).await?;
        self.commit(&applied).await?;
        for done in applied {
            if let Some(endpoint) = acks.get(&done.task) {
                let ack = HubMessage::ReportAck { task: done.task, last: done.reported };
                self.presence.send(*endpoint, ack).await;
            }
            self.tell(done).await;
        }
        Ok(())
    }

    async fn rows(&self, jobs: &[Job]) -> Result<BTreeMap<Uuid, task::Model>, ApplyError> {
        let mut rows = BTreeMap::new();
        let ids: std::collections::BTreeSet<_> = jobs.iter().map(|job| job.task.uuid()).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        for some in ids.chunks(VARIABLES_MAX) {
            let found = task::Entity::find()
                .filter(task::Column::Id.is_in(some.iter().copied()))
                .all(self.store.read())
                .await
                .map_err(StoreError::from)?;
            rows.extend(found.into_iter().map(|row| (row.id, row)));
        }
        Ok(rows)
    }

    /// Appends the lists to their files and fills in the new extents.
    async fn append(&self, applied: &mut Vec<Applied>) -> Result<(), ApplyError> {
        let lists = self.lists.clone();
        let mut taken = std::mem::take(applied);
        let appended = tokio::task::spawn_blocking(move || {
            for one in &mut taken {
                let (list, extent) = (List::Transferred, one.transferred_extent);
                let grown = lists.append(one.task, list, extent, &one.transferred);
                one.transferred_extent = unless_damaged(one.task, extent, grown)?;
                let (list, extent) = (List::Skipped, one.skipped_extent);
                let grown = lists.append(one.task, list, extent, &one.skipped);
                one.skipped_extent = unless_damaged(one.task, extent, grown)?;
                let (list, extent) = (List::Differences, one.differences_extent);
                let grown = lists.append(one.task, list, extent, &one.differences);
                one.differences_extent = unless_damaged(one.task, extent, grown)?;
                (one.transferred, one.skipped, one.differences) = Default::default();
            }
            Ok::<_, io::Error>(taken)
        });
        *applied = appended.await.map_err(io::Error::other)??;
        Ok(())
    }

    async fn commit(&self, applied: &[Applied]) -> Result<(), ApplyError> {
        let applied: Arc<[Applied]> = applied.to_vec().into();
        let write = self.store.write(move |tx| {
            Box::pin(async move {
                for one in &*applied {
                    one.store(tx).await?;
                }
                Ok::<_, StoreError>(())
            })
        });
        Ok(write.await?)
    }

    /// Tells everybody else what was applied.
    async fn tell(&self, done: Applied) {
        let Applied { task, owner, files, bytes, events, finished, is_active, new, .. } = done;
        self.metrics.reported(new, files, bytes);
        for event in &events {
            let event = Arc::new(event.document());
            self.events.publish(Change::TaskEvent { owner, task, event });
        }
        if let Some(finished) = finished.filter(|_| is_active) {
            let status = if finished.failure.is_none() { "SUCCEEDED" } else { "FAILED" };
            self.metrics.ended(status);
            self.scheduler.tell(Input::Over { task, finished: true }).await;
            self.events.publish(Change::Task { owner, task });
        }
    }
}

/// Gives a list up that somebody damaged: everything else of the task goes on without it.
fn unless_damaged(task: TaskId, extent: Extent, grown: io::Result<Extent>) -> io::Result<Extent> {
    match grown {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            tracing::error!(%task, %error, "a list of files is damaged");
            Ok(extent)
        }
        grown => grown,
    }
}

impl Applied {
    fn of(row: &task::Model) -> Self {
        let number = |value: i64| u64::try_from(value).unwrap_or_default();
        Self {
            task: TaskId::from_uuid(row.id),
            owner: AccountId::from_uuid(row.account_id),
            is_active: row.status == "ACTIVE",
            requested: UnixTime::from_millis(row.requested_at),
            reported: number(row.reported),
            new: 0,
            files: 0,
            bytes: 0,
            transferred: Vec::new(),
            skipped: Vec::new(),
            differences: Vec::new(),
            transferred_extent: Extent {
                bytes: number(row.transferred_bytes),
                blocks: number(row.transferred_blocks),
                records: number(row.transferred_records),
            },
            skipped_extent: Extent {
                bytes: number(row.skipped_bytes),
                blocks: number(row.skipped_blocks),
                records: number(row.skipped_records),
            },
            differences_extent: Extent {
                bytes: number(row.differences_bytes),
                blocks: number(row.differences_blocks),
                records: number(row.differences_records),
            },
            events: Vec::new(),
            finished: None,
        }
    }

    /// Takes what is new of a message.
    fn take(&mut self, job: &Job, now: UnixTime) {
        let next = self.reported + 1;
        if next < job.first {
            tracing::debug!(task = %self.task, next, first = job.first, "reports are missing");
            return;
        }
        let known = usize::try_from(next - job.first).unwrap_or(usize::MAX);
        for report in job.reports.iter().skip(known) {
            if self.finished.is_some() {
                return; // nothing comes after the end
            }
            self.reported += 1;
            self.new += 1;
            match report {
                Report::Transferred(file) => {
                    self.files += 1;
                    self.bytes = self.bytes.saturating_add(file.size);
                    self.transferred.push(file.clone());
                }
                Report::Skipped(skipped) => self.skipped.push(skipped.clone()),
                Report::Difference(difference) => {
                    // An agent that finds more to list than it may would fill the disk.
                    let listed = self.differences_extent.records + self.differences.len() as u64;
                    if listed < DIFFERENCES_MAX {
                        self.differences.push(difference.clone());
                    }
                }
                Report::Event(happening) => {
                    let of_problem = happening.problem.as_ref().map(|p| p.message.as_str());
                    let details = [of_problem, happening.details.as_deref()];
                    let details = details.into_iter().flatten().collect::<Vec<_>>().join(" ");
                    // No agent speaks of the future.
                    let time = happening.time.min(now);
                    self.events.push(EventRow::new(happening.code, time, details));
                }
                Report::Finished(finished) => {
                    let time = end_of(finished.time, self.requested, now);
                    self.finish(Finished { time, ..finished.clone() });
                }
            }
        }
    }

    fn finish(&mut self, finished: Finished) {
        let (code, details) = match &finished.failure {
            None => (EventCode::Succeeded, String::new()),
            Some(problem) => (EventCode::Failed, problem.message.clone()),
        };
        if self.is_active {
            self.events.push(EventRow::new(code, finished.time, details));
        }
        self.finished = Some(finished);
    }

    async fn store(&self, tx: &Tx) -> Result<(), StoreError> {
        use task::Column;
        let signed = |number: u64| Expr::value(i64::try_from(number).unwrap_or(i64::MAX));
        let this = || task::Entity::update_many().filter(Column::Id.eq(self.task.uuid()));
        this()
            .col_expr(Column::Reported, signed(self.reported))
            .col_expr(Column::TransferredBytes, signed(self.transferred_extent.bytes))
            .col_expr(Column::TransferredBlocks, signed(self.transferred_extent.blocks))
            .col_expr(Column::TransferredRecords, signed(self.transferred_extent.records))
            .col_expr(Column::SkippedBytes, signed(self.skipped_extent.bytes))
            .col_expr(Column::SkippedBlocks, signed(self.skipped_extent.blocks))
            .col_expr(Column::SkippedRecords, signed(self.skipped_extent.records))
            .col_expr(Column::DifferencesBytes, signed(self.differences_extent.bytes))
            .col_expr(Column::DifferencesBlocks, signed(self.differences_extent.blocks))
            .col_expr(Column::DifferencesRecords, signed(self.differences_extent.records))
            .exec(tx)
            .await?;
        if let Some(finished) = &self.finished {
            end(this(), finished).exec(tx).await?;
        }
        for event in &self.events {
            // How it ended is stored however much happened before.
            if matches!(event.code, EventCode::Succeeded | EventCode::Failed) {
                task_events::insert_last(tx, self.task, event).await?;
            } else {
                task_events::insert(tx, self.task, event).await?;
            }
        }
        Ok(())
    }
}

/// When a task ended: now, as agents know the time by the second only, unless the report was long
/// on its way.
fn end_of(told: UnixTime, requested: UnixTime, now: UnixTime) -> UnixTime {
    if now <= told.plus_seconds(PROMPT_SECONDS) { now } else { told.max(requested) }
}

/// Ends a task as its agent says, unless it is over already.
fn end(update: UpdateMany<task::Entity>, finished: &Finished) -> UpdateMany<task::Entity> {
    use task::Column;
    let counts: &Counts = &finished.counts;
    let status = if finished.failure.is_none() { "SUCCEEDED" } else { "FAILED" };
    let failure = finished.failure.as_ref().and_then(|p| serde_json::to_string(p).ok());
    update
        .filter(Column::Status.eq("ACTIVE"))
        .col_expr(Column::Status, Expr::value(status))
        .col_expr(Column::CompletedAt, Expr::value(finished.time.millis()))
        .col_expr(Column::Failure, Expr::value(failure))
        .col_expr(Column::Counts, Expr::value(serde_json::to_string(counts).unwrap_or_default()))
        .col_expr(Column::SessionId, Expr::value(Option::<Uuid>::None))
        .col_expr(Column::SessionExpires, Expr::value(Option::<i64>::None))
}

/// Messages that share one transaction.
const ROUND_MAX: usize = 64;
/// A report that took longer was held up.
const PROMPT_SECONDS: i64 = 5;
/// What all agents together list of one task, if each finding is as often as may be.
const DIFFERENCES_MAX: u64 = DIFFERENCES_LISTED_MAX * Finding::ALL.len() as u64;
/// The pause when nothing can be stored.
const PAUSE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use outport_protocol::report::Happening;

    use super::*;

    #[test]
    fn each_report_counts_once_and_in_order() {
        let mut applied = applied();
        applied.take(&job(1, &[event(), event()]), NOW);
        applied.take(&job(1, &[event(), event(), event()]), NOW);
        assert_eq!((applied.reported, applied.events.len()), (3, 3));
        applied.take(&job(2, &[event()]), NOW);
        assert_eq!(applied.reported, 3, "all of it is known");
        applied.take(&job(9, &[event()]), NOW);
        assert_eq!(applied.reported, 3, "what comes after a gap is not taken");
    }

    #[test]
    fn nothing_comes_after_the_end() {
        let mut applied = applied();
        let finished =
            Finished { time: UnixTime::from_seconds(5), failure: None, counts: Counts::default() };
        applied.take(&job(1, &[Report::Finished(finished), event()]), NOW);
        assert_eq!((applied.reported, applied.events.len()), (1, 1));
    }

    const NOW: UnixTime = UnixTime::from_seconds(1_000_000);

    fn applied() -> Applied {
        Applied {
            task: TaskId::random(),
            owner: AccountId::random(),
            is_active: true,
            requested: UnixTime::from_seconds(0),
            reported: 0,
            new: 0,
            files: 0,
            bytes: 0,
            transferred: Vec::new(),
            skipped: Vec::new(),
            differences: Vec::new(),
            transferred_extent: Extent::default(),
            skipped_extent: Extent::default(),
            differences_extent: Extent::default(),
            events: Vec::new(),
            finished: None,
        }
    }

    fn job(first: u64, reports: &[Report]) -> Job {
        let (endpoint, task) = (EndpointId::random(), TaskId::random());
        Job { endpoint, task, first, reports: reports.to_vec() }
    }

    fn event() -> Report {
        Report::Event(Happening {
            code: EventCode::FileChanged,
            time: UnixTime::from_seconds(1),
            problem: None,
            details: None,
        })
    }
}
