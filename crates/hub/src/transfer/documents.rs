//! Tasks as the API shows them.

use std::collections::BTreeMap;

use outport_api::transfer::{
    DeleteSubmission, FatalError, FilterRule, RecursiveSymlinks, Task, TaskExtras, TransferExtras,
    TransferSubmission,
};
use outport_protocol::report::Counts;
use outport_types::{
    CanonicalName, Code, EndpointId, Extras, IdentityId, NiceStatus, Problem, Route, TaskId,
    TaskKind, TaskStatus, TransferOptions, UnixTime,
};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    clock::Clock,
    endpoints::{Documents, Endpoints, with_names},
    scheduler::{Live, Scheduler, Standing},
    store::entity::task,
};

/// What a task was asked to do, beside its items.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Options {
    #[serde(flatten)]
    pub(super) transfer: TransferOptions,
    pub(super) encrypt: bool,
    /// Kept for the mails that come with a later version.
    pub(super) notify_succeeded: bool,
    pub(super) notify_failed: bool,
    pub(super) notify_inactive: bool,
}

impl Options {
    pub(super) fn of_transfer(asked: &TransferSubmission) -> Self {
        Self {
            transfer: asked.options(),
            encrypt: true,
            notify_succeeded: asked.notify_on_succeeded,
            notify_failed: asked.notify_on_failed,
            notify_inactive: asked.notify_on_inactive,
        }
    }

    pub(super) fn of_delete(asked: &DeleteSubmission) -> Self {
        Self {
            // Nothing is copied, so nothing is read back.
            transfer: TransferOptions { verify: false, ..TransferOptions::default() },
            notify_succeeded: asked.notify_on_succeeded,
            notify_failed: asked.notify_on_failed,
            notify_inactive: asked.notify_on_inactive,
            ..Self::default()
        }
    }

    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("flags and a level have a JSON form")
    }

    fn from_text(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

/// Makes documents of rows, with what else they need.
#[derive(Clone, Debug)]
pub(crate) struct TaskDocuments {
    pub(crate) endpoints: Endpoints,
    pub(crate) documents: Documents,
    pub(crate) scheduler: Scheduler,
    pub(crate) clock: Clock,
}

impl TaskDocuments {
    /// The documents of tasks, in the same order.
    pub(crate) async fn tasks(&self, rows: Vec<task::Model>) -> Result<Vec<Task>, DbErr> {
        let active = rows.iter().filter(|row| row.status == TaskStatus::Active.word());
        let active = active.map(|row| TaskId::from_uuid(row.id)).collect();
        let live = self.scheduler.live(active).await;
        let ends = rows.iter().flat_map(|row| [row.source_id, row.destination_id]);
        let names = self.endpoints.names(ends).await?;
        let users = self.documents.usernames(rows.iter().map(|row| row.identity_id)).await?;
        let now = self.clock.now();
        let documents = rows.into_iter().map(|row| {
            let live = live.get(&TaskId::from_uuid(row.id));
            let username = users.get(&row.identity_id).cloned();
            document(&row, live, &names, username, now)
        });
        documents.collect()
    }

    /// How far a task is.
    pub(crate) async fn progress(&self, id: TaskId) -> Option<(Counts, TaskExtras)> {
        let live = self.scheduler.live(vec![id]).await.remove(&id)?;
        let counts = live.counts?;
        Some((counts, extras(&counts, None, Some(&live))))
    }
}

fn document(
    row: &task::Model,
    live: Option<&Live>,
    names: &BTreeMap<Uuid, CanonicalName>,
    username: Option<String>,
    now: UnixTime,
) -> Result<Task, DbErr> {
    let bad = |what: &str| DbErr::Type(format!("{what} of task {}", row.id));
    let status = TaskStatus::from_word(&row.status).ok_or_else(|| bad("status"))?;
    let kind = TaskKind::from_word(&row.kind).ok_or_else(|| bad("kind"))?;
    let options = Options::from_text(&row.options);
    let asked = &options.transfer;
    let counts = counts_of(row, live);
    let requested = UnixTime::from_millis(row.requested_at);
    let completed = row.completed_at.map(UnixTime::from_millis);
    let name = |id: Uuid| names.get(&id).map(ToString::to_string);
    let short = |id: Uuid| names.get(&id).map(|name| name.endpoint.to_string());
    let is_delete = kind == TaskKind::Delete;
    let other_end = Some(row.destination_id).filter(|_| !is_delete);
    let standing = status_fields(status, live, names);
    let subtasks = Subtasks::of(kind, status, row.failure.as_deref(), &counts);
    let extras = extras(&counts, row.route.as_deref(), live);
    Ok(Task {
        task_id: TaskId::from_uuid(row.id),
        kind,
        status,
        label: row.label.clone(),
        owner_id: IdentityId::from_uuid(row.identity_id),
        username,
        request_time: requested,
        completion_time: completed,
        deadline: Some(UnixTime::from_millis(row.deadline)),
        is_paused: standing.is_paused,
        is_ok: standing.is_ok,
        nice_status: standing.status.map(Into::into),
        nice_status_details: standing.details,
        nice_status_short_description: standing.short,
        nice_status_expires_in: None,
        fatal_error: row.failure.as_deref().and_then(fatal_error),
        faults: counts.faults,
        files: if is_delete { counts.deleted.max(counts.files_found) } else { counts.files_found },
        directories: counts.directories_found,
        symlinks: counts.links_skipped + counts.links_done,
        files_skipped: counts.files_unchanged + subtasks.skipped,
        files_transferred: counts.files_done,
        bytes_transferred: counts.bytes_done,
        bytes_checksummed: if asked.verify { counts.bytes_done } else { 0 },
        effective_bytes_per_second: average(counts.bytes_done, requested, completed.unwrap_or(now)),
        subtasks_total: subtasks.total,
        subtasks_succeeded: subtasks.succeeded,
        subtasks_pending: subtasks.pending,
        subtasks_retrying: 0,
        subtasks_failed: subtasks.failed,
        subtasks_canceled: subtasks.canceled,
        subtasks_expired: subtasks.expired,
        subtasks_skipped_errors: subtasks.skipped,
        source_endpoint: name(row.source_id),
        source_endpoint_id: EndpointId::from_uuid(row.source_id),
        source_endpoint_display_name: short(row.source_id),
        destination_endpoint: other_end.and_then(name),
        destination_endpoint_id: other_end.map(EndpointId::from_uuid),
        destination_endpoint_display_name: other_end.and_then(short),
        sync_level: asked.sync_level,
        encrypt_data: options.encrypt,
        verify_checksum: asked.verify,
        preserve_timestamp: asked.preserve_times,
        delete_destination_extra: asked.extras != Extras::Stay,
        skip_source_errors: asked.skip_source_errors,
        fail_on_quota_errors: asked.fail_on_quota,
        filter_rules: filter_rules(asked),
        history_deleted: false,
        recursive_symlinks: (!is_delete).then(|| recursive_symlinks(asked)),
        command: None,
        canceled_by_admin: None,
        canceled_by_admin_message: None,
        outport: Some(TaskExtras { options: TransferExtras::of(asked), ..extras }),
    })
}

/// How far it is, as its agent or the store says.
fn counts_of(row: &task::Model, live: Option<&Live>) -> Counts {
    let stored = || serde_json::from_str(&row.counts).unwrap_or_default();
    live.and_then(|live| live.counts).unwrap_or_else(stored)
}

fn filter_rules(asked: &TransferOptions) -> Option<Vec<FilterRule>> {
    let rules: Vec<_> = asked.filters.iter().map(FilterRule::from).collect();
    (!rules.is_empty()).then_some(rules)
}

fn recursive_symlinks(asked: &TransferOptions) -> String {
    RecursiveSymlinks::from(asked.symlinks).word().to_owned()
}

fn extras(counts: &Counts, route: Option<&str>, live: Option<&Live>) -> TaskExtras {
    TaskExtras {
        bytes_found: counts.bytes_found,
        scan_done: counts.scan_done,
        files_done: looked_at(counts)
            .map_or(counts.files_settled(), |files| files + counts.files_given_up),
        bytes_done: counts.bytes_done,
        bytes_settled: counts.bytes_settled(),
        deleted: counts.deleted,
        rate: live.map(|live| live.rate).unwrap_or_default(),
        // While no session has a link the last one's would mislead; what is over tells how it went.
        route: match live {
            Some(live) => live.standing.route,
            None => route.and_then(Route::from_word),
        },
        line: live.and_then(|live| live.line),
        problem: live
            .and_then(|live| live.standing.problem.as_ref())
            .map(|problem| problem.code.word().to_owned()),
        links_done: counts.links_done,
        differences: counts.differences,
        options: TransferExtras::default(),
    }
}

/// Files that a preview or a check has looked at; none for other tasks.
fn looked_at(counts: &Counts) -> Option<u64> {
    counts.differences.map(|found| found.files())
}

/// How a task stands, in the fields of its document.
#[derive(Default)]
struct StatusFields {
    status: Option<NiceStatus>,
    details: Option<String>,
    short: Option<String>,
    is_ok: Option<bool>,
    is_paused: bool,
}

fn status_fields(
    status: TaskStatus,
    live: Option<&Live>,
    names: &BTreeMap<Uuid, CanonicalName>,
) -> StatusFields {
    if status != TaskStatus::Active {
        return StatusFields::default();
    }
    let queued = Standing::of(NiceStatus::Queued);
    let standing = live.map_or(&queued, |live| &live.standing);
    let is_fine = matches!(standing.status, NiceStatus::Ok | NiceStatus::Queued);
    StatusFields {
        status: Some(standing.status),
        details: details(standing, names),
        short: Some(short(standing.status).to_owned()),
        is_ok: Some(is_fine),
        is_paused: matches!(standing.status, NiceStatus::Paused | NiceStatus::PausedByAdmin),
    }
}

/// Where a task stands, as a sentence.
fn details(standing: &Standing, names: &BTreeMap<Uuid, CanonicalName>) -> Option<String> {
    let name = standing.endpoint.and_then(|id| names.get(&id.uuid())).map(ToString::to_string);
    let about = |code| {
        let name = name.clone().unwrap_or_default();
        Problem::new(code, [("endpoint", name.into())]).message
    };
    let sentence = match (&standing.problem, standing.status) {
        (Some(problem), _) => {
            let names = names.iter().map(|(id, name)| (*id, name.to_string())).collect();
            with_names(problem.clone(), &names).message
        }
        (None, NiceStatus::Paused) => about(Code::EndpointPaused),
        (None, NiceStatus::NotConnected) => about(Code::NotConnected),
        (None, NiceStatus::Quota) => about(Code::WaitsForRoom),
        (None, NiceStatus::Queued) => "The task waits for its turn, or begins just now.".to_owned(),
        (
            None,
            NiceStatus::Ok
            | NiceStatus::ConnectFailed
            | NiceStatus::PermissionDenied
            | NiceStatus::EndpointError
            | NiceStatus::PausedByAdmin,
        ) => return None,
    };
    match standing.retry_at {
        Some(at) => Some(format!("{sentence} The next try is at {at}.")),
        None => Some(sentence),
    }
}

fn short(status: NiceStatus) -> &'static str {
    match status {
        NiceStatus::Ok => "ok",
        NiceStatus::Queued => "queued",
        NiceStatus::NotConnected => "endpoint not connected",
        NiceStatus::Paused => "paused by its owner",
        NiceStatus::ConnectFailed => "endpoints cannot connect",
        NiceStatus::PermissionDenied => "permission denied",
        NiceStatus::EndpointError => "endpoint error",
        NiceStatus::Quota => "no room at the destination",
        NiceStatus::PausedByAdmin => "paused by an administrator",
    }
}

fn fatal_error(failure: &str) -> Option<FatalError> {
    let problem: Problem = serde_json::from_str(failure).ok()?;
    let code = contract_word(problem.code).to_owned();
    Some(FatalError { code, description: problem.message })
}

/// The word that the contract has for a problem with a file, else our own.
pub(super) fn contract_word(code: Code) -> &'static str {
    const DENIED: &[Code] = &[
        Code::NotShared,
        Code::ReadOnly,
        Code::OsPermission,
        Code::FolderRemoved,
        Code::LocalOnlySkipped,
    ];
    if code == Code::NotFound {
        "FILE_NOT_FOUND"
    } else if DENIED.contains(&code) {
        "PERMISSION_DENIED"
    } else if code == Code::NoSpace || code == Code::NoSpaceFailed {
        "QUOTA_EXCEEDED"
    } else if code == Code::SkippedKind {
        "UNSUPPORTED_FILE_TYPE"
    } else {
        code.word()
    }
}

/// The files of a task as the contract counts them.
#[derive(Default)]
struct Subtasks {
    total: u64,
    succeeded: u64,
    pending: u64,
    failed: u64,
    canceled: u64,
    expired: u64,
    skipped: u64,
}

impl Subtasks {
    fn of(kind: TaskKind, status: TaskStatus, failure: Option<&str>, counts: &Counts) -> Self {
        match kind {
            TaskKind::Transfer => Self::of_transfer(status, failure, counts),
            TaskKind::Delete => Self::of_deletion(counts),
        }
    }

    /// Nobody counts beforehand what a deletion will find; what it cannot delete fails it.
    fn of_deletion(counts: &Counts) -> Self {
        let (succeeded, failed) = (counts.deleted, counts.errors_skipped);
        Self { total: succeeded + failed, succeeded, failed, ..Self::default() }
    }

    fn of_transfer(status: TaskStatus, failure: Option<&str>, counts: &Counts) -> Self {
        let total = counts.files_found + counts.directories_found;
        let files = looked_at(counts).unwrap_or(counts.files_done + counts.files_unchanged);
        let settled = files + counts.directories_done;
        let succeeded = settled.min(total);
        let open = total.saturating_sub(succeeded + counts.errors_skipped);
        let skipped = counts.errors_skipped;
        let mut this = Self { total, succeeded, skipped, ..Self::default() };
        let failure: Option<Problem> = failure.and_then(|text| serde_json::from_str(text).ok());
        match (status, failure.map(|problem| problem.code)) {
            (TaskStatus::Succeeded, _) => {}
            (TaskStatus::Active, _) => this.pending = open,
            (TaskStatus::Failed, Some(Code::Canceled)) => this.canceled = open,
            (TaskStatus::Failed, Some(Code::Expired)) => this.expired = open,
            (TaskStatus::Failed, Some(_) | None) => this.failed = open,
        }
        this
    }
}

fn average(bytes: u64, from: UnixTime, to: UnixTime) -> u64 {
    let millis = to.millis().saturating_sub(from.millis());
    let Ok(millis @ 1..) = u64::try_from(millis) else { return 0 };
    u64::try_from(u128::from(bytes) * 1000 / u128::from(millis)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_are_bytes_a_second() {
        let at = UnixTime::from_seconds;
        assert_eq!(average(1000, at(10), at(12)), 500);
        assert_eq!(average(1000, at(10), at(10)), 0);
        assert_eq!(average(u64::MAX, at(0), at(1)), u64::MAX);
    }

    #[test]
    fn open_work_is_counted_by_how_the_task_ended() {
        let counts = Counts { files_found: 10, files_done: 4, ..Counts::default() };
        let canceled = Problem::new(Code::Canceled, [("who", "smith".into())]);
        let text = serde_json::to_string(&canceled).unwrap();
        let of = |status, failure| Subtasks::of(TaskKind::Transfer, status, failure, &counts);
        assert_eq!(of(TaskStatus::Failed, Some(text.as_str())).canceled, 6);
        assert_eq!(of(TaskStatus::Active, None).pending, 6);
        assert_eq!(fatal_error(&text).unwrap().code, "CANCELED");
    }

    #[test]
    fn a_deletion_counts_what_it_deleted_and_what_it_could_not() {
        let counts = Counts { deleted: 3, errors_skipped: 1, ..Counts::default() };
        let of = Subtasks::of(TaskKind::Delete, TaskStatus::Failed, None, &counts);
        assert_eq!((of.total, of.succeeded, of.failed, of.skipped), (4, 3, 1, 0));
    }
}
