//! A task, followed until it is over: by live events, or by asking again and again where a hub or a
//! proxy does not let them through. A hub that is away is waited for.

use std::time::Duration;

use outport_api::{
    client::{Client, ClientError, EventStream},
    live::LiveEvent,
    transfer::Task,
};
use outport_types::{Bytes, Line, NiceStatus, Purpose, Rate, Route, TaskId, TaskKind, TaskStatus};
use tokio::time::{Instant, sleep, sleep_until};

use crate::{
    differences::sentence,
    failure::{Exit, Failure},
    human::{count, counted, duration},
    printer::{Moment, Paint, Printer, Text},
    signals::asked_to_stop,
};

/// Follows a task until it is over, and answers with it as it ended.
///
/// Ctrl-C and the end of `limit` leave the task running and say how to go on.
pub(crate) async fn follow(
    printer: &Printer,
    client: &Client,
    id: TaskId,
    limit: Option<Duration>,
) -> Result<Task, Failure> {
    let until = limit.map(|limit| Instant::now() + limit);
    let expired = async {
        match until {
            Some(until) => sleep_until(until).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        task = watch(printer, client, id) => task,
        () = expired => Err(goes_on(Exit::TimedOut, "It takes longer.", id)),
        stopped = asked_to_stop() => {
            stopped.map_err(|error| {
                Failure::new(Exit::Failed, "Signals cannot be listened for.").because(error)
            })?;
            Err(goes_on(Exit::Interrupted, "No longer watched.", id))
        }
    }
}

/// Says how a task ended: a line, or the failure that it is.
pub(crate) fn conclude(printer: &Printer, task: &Task) -> Result<(), Failure> {
    match task.status {
        TaskStatus::Succeeded => {
            printer.fact(task, |printer| printer.line(summary(task)));
            Ok(())
        }
        TaskStatus::Failed => {
            if printer.is_json() {
                printer.json(task);
            }
            Err(failed(task))
        }
        TaskStatus::Active => {
            printer.fact(task, |printer| printer.line(moment(task).numbers));
            Ok(())
        }
    }
}

/// The failure that a task ended with.
pub(crate) fn failed(task: &Task) -> Failure {
    let reason = match &task.fatal_error {
        Some(error) => error.description.clone(),
        None => "The task failed.".to_owned(),
    };
    let code = task.fatal_error.as_ref().map_or("FAILED", |error| &error.code);
    let text = format!("{reason} `outport tasks events {}` says more.", task.task_id);
    Failure { code: code.to_owned(), ..Failure::new(Exit::Failed, text) }
}

async fn watch(printer: &Printer, client: &Client, id: TaskId) -> Result<Task, Failure> {
    let mut feed = Feed { client, id, source: Source::Unknown, pause: PAUSE_MIN };
    let mut progress = printer.progress();
    let mut task: Option<Task> = None;
    loop {
        match feed.next().await {
            Ok(Change::Task(next)) => task = Some(*next),
            Ok(Change::Progress { files, directories, extras }) => {
                if let Some(task) = &mut task {
                    (task.files, task.directories) = (files, directories);
                    task.outport = Some(*extras);
                }
            }
            Err(error) if error.is_transient() => {
                progress.show(&away(&error));
                feed.wait().await;
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        let Some(task) = &task else { continue };
        if task.status != TaskStatus::Active {
            return Ok(task.clone());
        }
        progress.show(&moment(task));
    }
}

/// Where news of a task comes from.
struct Feed<'a> {
    client: &'a Client,
    id: TaskId,
    source: Source,
    pause: Duration,
}

enum Source {
    /// Nothing was tried yet, or it broke.
    Unknown,
    Live(Box<EventStream>),
    /// Live events do not come through: the task is asked for.
    Asking,
}

enum Change {
    Task(Box<Task>),
    Progress { files: u64, directories: u64, extras: Box<outport_api::transfer::TaskExtras> },
}

impl Feed<'_> {
    async fn next(&mut self) -> Result<Change, ClientError> {
        let outcome = self.try_next().await;
        match &outcome {
            Ok(_) => self.pause = PAUSE_MIN,
            Err(_) => self.source = Source::Unknown,
        }
        outcome
    }

    /// Waits before the next try, longer each time.
    async fn wait(&mut self) {
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
    }

    async fn try_next(&mut self) -> Result<Change, ClientError> {
        loop {
            match &mut self.source {
                Source::Unknown => {
                    self.source = match self.client.events(Some(self.id)).await {
                        Ok(stream) => Source::Live(Box::new(stream)),
                        Err(error) if error.is_transient() => return Err(error),
                        Err(_) => Source::Asking,
                    };
                    // Read after the stream is open, so that nothing falls between the two.
                    return self.document().await;
                }
                Source::Live(stream) => match stream.next().await? {
                    Some(event) => match Self::change(self.id, event) {
                        Some(News::Change(change)) => return Ok(change),
                        Some(News::Reread) => return self.document().await,
                        None => {}
                    },
                    None => {
                        sleep(PAUSE_MIN).await; // a hub that closes at once is not hurried
                        self.source = Source::Unknown;
                    }
                },
                Source::Asking => {
                    sleep(ASK_PAUSE).await;
                    return self.document().await;
                }
            }
        }
    }

    async fn document(&self) -> Result<Change, ClientError> {
        Ok(Change::Task(Box::new(self.client.task(self.id).await?)))
    }

    fn change(id: TaskId, event: LiveEvent) -> Option<News> {
        match event {
            LiveEvent::Task { task } if task.task_id == id => {
                Some(News::Change(Change::Task(task)))
            }
            LiveEvent::Progress { task_id, files, directories, progress } if task_id == id => {
                let extras = Box::new(progress);
                Some(News::Change(Change::Progress { files, directories, extras }))
            }
            LiveEvent::Resync => Some(News::Reread),
            LiveEvent::Hello { .. }
            | LiveEvent::Task { .. }
            | LiveEvent::Progress { .. }
            | LiveEvent::TaskEvent { .. }
            | LiveEvent::Endpoint { .. }
            | LiveEvent::EndpointRemoved { .. }
            | LiveEvent::Unknown => None,
        }
    }
}

enum News {
    Change(Change),
    Reread,
}

/// What is shown of a task at one moment.
pub(crate) fn moment(task: &Task) -> Moment {
    let extras = task.outport.clone().unwrap_or_default();
    let state = waiting(task);
    let is_waiting = !state.is_empty();
    if task.kind == TaskKind::Delete {
        let is_idle = is_waiting && extras.deleted == 0;
        let numbers = match is_idle {
            true => String::new(),
            false => format!("{}/{}+ deleted", count(extras.deleted), count(task.files)),
        };
        return Moment { fraction: None, state, numbers };
    }
    if task.files == 0 && !extras.scan_done {
        let numbers = if is_waiting { "" } else { "looking at the source" };
        return Moment { fraction: None, state, numbers: numbers.to_owned() };
    }
    let found = if extras.scan_done { "" } else { "+" };
    if task.purpose() != Purpose::Transfer {
        let (done, all) = (count(extras.files_done), count(task.files));
        let numbers = format!("{done}/{all}{found} files compared");
        let fraction = (extras.scan_done && task.files != 0)
            .then(|| extras.files_done as f64 / task.files as f64);
        return Moment { fraction, state, numbers };
    }
    let mut parts = vec![
        format!("{}/{}{found} files", count(extras.files_done), count(task.files)),
        format!("{}/{}{found}", Bytes(extras.bytes_settled), Bytes(extras.bytes_found)),
    ];
    if !is_waiting && extras.rate != 0 {
        parts.push(Rate(extras.rate).to_string());
        let left = extras.bytes_found.saturating_sub(extras.bytes_settled);
        if extras.scan_done {
            parts.push(format!("{} left", duration(left / extras.rate)));
        }
    }
    parts.extend(extras.route.filter(|_| !is_waiting).map(|route| travels(route, extras.line)));
    let fraction = (extras.scan_done && extras.bytes_found != 0)
        .then(|| extras.bytes_settled as f64 / extras.bytes_found as f64);
    Moment { fraction, state, numbers: parts.join(" · ") }
}

/// How a session travels, and how that does.
pub(crate) fn travels(route: Route, line: Option<Line>) -> String {
    match line {
        Some(line) => format!("{route}, {line}"),
        None => route.to_string(),
    }
}

/// Why an active task stands still; empty when it does not.
fn waiting(task: &Task) -> String {
    let Some(status) = &task.nice_status else { return String::new() };
    match status.known() {
        Some(NiceStatus::Ok) => String::new(),
        Some(NiceStatus::Queued) => "queued".to_owned(),
        Some(
            NiceStatus::NotConnected
            | NiceStatus::Paused
            | NiceStatus::ConnectFailed
            | NiceStatus::PermissionDenied
            | NiceStatus::EndpointError
            | NiceStatus::Quota
            | NiceStatus::PausedByAdmin,
        )
        | None => {
            let reason = task.nice_status_details.clone().unwrap_or_else(|| status.to_string());
            format!("waiting: {}", reason.trim_end_matches('.'))
        }
    }
}

/// What a finished task did, in a line.
pub(crate) fn summary(task: &Task) -> Text {
    let extras = task.outport.clone().unwrap_or_default();
    let seconds = task
        .completion_time
        .map_or(0, |end| end.seconds.saturating_sub(task.request_time.seconds).unsigned_abs());
    let did = match task.kind {
        TaskKind::Delete => format!("{} deleted", counted(extras.deleted, "entry")),
        TaskKind::Transfer if task.purpose() != Purpose::Transfer => sentence(task),
        TaskKind::Transfer => {
            let checked = if task.verify_checksum { ", verified" } else { ", not read back" };
            let unchanged = match task.files_skipped {
                0 => String::new(),
                skipped => format!(", {} left out or up to date", count(skipped)),
            };
            let moved = extras.options.keep_deleted;
            let deleted = match extras.deleted {
                0 => String::new(),
                deleted if moved => format!(", {} moved away", count(deleted)),
                deleted => format!(", {} deleted", count(deleted)),
            };
            format!(
                "{} and {} transferred{checked}{unchanged}{deleted}",
                counted(task.files_transferred, "file"),
                Bytes(task.bytes_transferred)
            )
        }
    };
    Text::new().add(Paint::Good, "Done: ").plain(format!("{did}, in {}.", duration(seconds)))
}

fn away(error: &ClientError) -> Moment {
    let reason = match error.problem() {
        Some(problem) => problem.message,
        None => error.to_string(),
    };
    Moment {
        fraction: None,
        state: format!("waiting for the hub: {}", reason.trim_end_matches('.')),
        numbers: String::new(),
    }
}

fn goes_on(exit: Exit, what: &str, id: TaskId) -> Failure {
    let text = format!(
        "{what} The task goes on: `outport tasks wait {id}` follows it again, \
         `outport tasks cancel {id}` ends it."
    );
    Failure::new(exit, text)
}

/// The first pause after a hub went away.
const PAUSE_MIN: Duration = Duration::from_millis(500);
/// The longest pause: a person is watching.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// How often a task is asked for where live events do not come through; as often as the official
/// command does.
const ASK_PAUSE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
