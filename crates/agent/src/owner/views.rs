//! Documents of the hub as screens show them.

use outport_api::{
    client::Client,
    transfer::{
        Endpoint, EntityType, Event, FileDocument, FileList, FileType, SkippedErrors,
        SuccessfulTransfers, Task, TaskExtras,
    },
};
use outport_control::{
    Collection, CollectionKind, Entry, EntryKind, Failure, Here, Listing, Place, Progress,
    TaskDifference, TaskDifferences, TaskEvent, TaskFile, TaskFiles, TaskSkip, TaskSkips, TaskView,
    Waiting,
};
use outport_mover::system_path::to_host;
use outport_types::{CollectionPath, EndpointId, NiceStatus, TaskKind, TaskStatus};

use super::Asker;

pub(super) fn collection(endpoint: Endpoint, asker: &Asker) -> Collection {
    let name = endpoint.title();
    let extras = endpoint.outport.unwrap_or_default();
    Collection {
        id: endpoint.id,
        name,
        display_name: endpoint.display_name,
        is_mine: endpoint.owner_string == asker.username,
        owner: endpoint.owner_string,
        kind: match endpoint.entity_type {
            EntityType::Mapped => CollectionKind::Computer,
            EntityType::Guest => CollectionKind::Guest,
            EntityType::Other => CollectionKind::Other,
        },
        description: endpoint.description,
        online: endpoint.gcp_connected,
        paused: endpoint.gcp_paused,
        paused_until: extras.paused_until,
        is_this_computer: asker.here == Some(endpoint.id),
        system: extras.system,
        last_seen: extras.last_seen,
        default_directory: endpoint.default_directory,
    }
}

pub(super) fn listing(list: FileList) -> Listing {
    Listing {
        collection: list.endpoint,
        path: list.path,
        absolute_path: list.absolute_path,
        entries: list.data.into_iter().map(entry).collect(),
        offset: list.offset,
        total: list.total,
        rename_supported: list.rename_supported,
    }
}

pub(super) fn entry(file: FileDocument) -> Entry {
    Entry {
        name: file.name,
        kind: match file.file_type {
            FileType::File => EntryKind::File,
            FileType::Dir => EntryKind::Folder,
            FileType::InvalidSymlink => EntryKind::BrokenLink,
            FileType::Other => EntryKind::Other,
        },
        size: file.size,
        modified: file.last_modified.map(|time| time.0),
        permissions: file.permissions,
        user: file.user,
        link_target: file.link_target,
    }
}

/// A task as screens show it.
pub(crate) fn task_view(task: Task, asker: &Asker) -> TaskView {
    let (progress, options) = (progress(&task), task.options());
    let extras = task.outport.unwrap_or_default();
    let place = |id, names: [Option<String>; 2]| Place { id, name: title(id, names) };
    let destination = task
        .destination_endpoint_id
        .map(|id| place(id, [task.destination_endpoint, task.destination_endpoint_display_name]));
    let waiting = task
        .nice_status
        .filter(|nice| task.status == TaskStatus::Active && nice.known() != Some(&NiceStatus::Ok))
        .map(|nice| Waiting {
            code: nice.to_string(),
            text: task.nice_status_details.or(task.nice_status_short_description),
        });
    TaskView {
        id: task.task_id,
        kind: task.kind,
        status: task.status,
        label: task.label.filter(|label| !label.is_empty()),
        here: here(asker.here, task.source_endpoint_id, task.destination_endpoint_id),
        source: place(
            task.source_endpoint_id,
            [task.source_endpoint, task.source_endpoint_display_name],
        ),
        destination,
        requested: task.request_time,
        completed: task.completion_time,
        deadline: task.deadline,
        waiting,
        failure: task
            .fatal_error
            .map(|error| Failure { code: error.code, text: error.description }),
        progress,
        route: extras.route,
        line: extras.line,
        faults: task.faults,
        options,
        differences: extras.differences,
        can_retry: asker.submissions.holds(task.task_id),
    }
}

/// How far a task is, with how long it still takes where that can be told.
fn progress(task: &Task) -> Progress {
    let extras = by_files(task.outport.clone().unwrap_or_default());
    let left = extras.bytes_found.saturating_sub(extras.bytes_settled);
    let runs = task.status == TaskStatus::Active;
    let rate = if runs { extras.rate } else { task.effective_bytes_per_second };
    Progress {
        files_found: task.files,
        bytes_found: extras.bytes_found,
        scan_done: extras.scan_done,
        files_done: match task.kind {
            TaskKind::Transfer => extras.files_done,
            TaskKind::Delete => extras.deleted,
        },
        bytes_done: extras.bytes_done,
        bytes_settled: extras.bytes_settled,
        skipped: task.files_skipped + task.subtasks_skipped_errors,
        rate,
        eta_seconds: left.checked_div(rate).filter(|_| runs && extras.scan_done),
    }
}

/// How long is left and how far it is, after a report of progress alone.
pub(crate) fn follow(view: &mut TaskView, files: u64, extras: &TaskExtras) {
    let extras = &by_files(extras.clone());
    let left = extras.bytes_found.saturating_sub(extras.bytes_settled);
    view.progress = Progress {
        files_found: files,
        bytes_found: extras.bytes_found,
        scan_done: extras.scan_done,
        files_done: match view.kind {
            TaskKind::Transfer => extras.files_done,
            TaskKind::Delete => extras.deleted,
        },
        bytes_done: extras.bytes_done,
        bytes_settled: extras.bytes_settled,
        skipped: view.progress.skipped,
        rate: extras.rate,
        eta_seconds: left.checked_div(extras.rate).filter(|_| extras.scan_done),
    };
    view.route = extras.route;
    view.line = extras.line;
    view.differences = extras.differences;
}

/// What only looks moves no bytes: how far it is, is told by its files alone.
fn by_files(extras: TaskExtras) -> TaskExtras {
    match extras.differences {
        Some(_) => TaskExtras { bytes_found: 0, bytes_done: 0, bytes_settled: 0, ..extras },
        None => extras,
    }
}

fn here(
    own: Option<EndpointId>,
    source: EndpointId,
    destination: Option<EndpointId>,
) -> Option<Here> {
    let own = own?;
    match (source == own, destination == Some(own)) {
        (true, true) => Some(Here::Both),
        (true, false) => Some(Here::Source),
        (false, true) => Some(Here::Destination),
        (false, false) => None,
    }
}

fn title(id: EndpointId, names: [Option<String>; 2]) -> String {
    names.into_iter().flatten().next().unwrap_or_else(|| id.to_string())
}

pub(super) fn event(event: Event) -> TaskEvent {
    TaskEvent {
        code: event.code.to_string(),
        time: event.time,
        is_error: event.is_error,
        text: event.description,
        details: event.details,
    }
}

/// A page of files; `comes_here` says whether their destination is this computer.
pub(super) fn files(page: SuccessfulTransfers, comes_here: bool) -> TaskFiles {
    let files = page.data.into_iter().map(|file| TaskFile {
        local_path: local_path(&file.destination_path).filter(|_| comes_here),
        source_path: file.source_path,
        destination_path: file.destination_path,
        size: file.size,
        checksum: file.checksum,
        algorithm: file.checksum_algorithm,
    });
    TaskFiles { files: files.collect(), next: page.next_marker }
}

pub(super) fn skips(page: SkippedErrors) -> TaskSkips {
    let entries = page.data.into_iter().map(|skipped| TaskSkip {
        path: skipped.source_path,
        destination_path: skipped.destination_path,
        code: skipped.error_code,
        text: skipped.error_details,
        time: skipped.error_time,
        is_folder: skipped.is_directory,
    });
    TaskSkips { entries: entries.collect(), next: page.next_marker }
}

pub(super) fn differences(page: outport_api::hub::TaskDifferences) -> TaskDifferences {
    let entries = page.data.into_iter().map(|difference| TaskDifference {
        finding: difference.finding,
        kind: difference.kind,
        source_path: difference.source_path,
        destination_path: difference.destination_path,
        source_size: difference.source_size,
        destination_size: difference.destination_size,
    });
    TaskDifferences { entries: entries.collect(), next: page.next_marker }
}

/// Where on this computer a path of its collection is; `None` below `/~/`, which the owner may move.
pub(super) fn local_path(path: &str) -> Option<String> {
    let path: CollectionPath = path.parse().ok()?;
    let text = path.to_string();
    if text == "/~" || text.starts_with("/~/") {
        return None;
    }
    to_host(&path).ok()?.to_str().map(str::to_owned)
}

/// The hub that a client speaks with refuses.
pub(super) fn refused_by(
    client: &Client,
) -> impl Fn(outport_api::client::ClientError) -> outport_types::Problem + '_ {
    |error| super::refusal(&error, client.hub())
}
