//! What the hub must be told of the tasks that this computer is the authority for.
//!
//! The task's journal is the store: reports are in it before they are sent, numbered 1, 2, 3 …, and
//! stay until the hub has acknowledged the last of them. After a restart the files say what is left.
//! A directory for each task holds its orders, which give the reports their paths, and its journal.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use outport_mover::{
    journal_file::{JournalFile, ReportTail},
    reports,
    rules::LiveRules,
    session::{JournalParams, Stop, SweepParams, sweep_task},
    store::Disk,
};
use outport_protocol::{
    codec,
    control::{AgentMessage, Start},
    orders::{Orders, Work},
    report::{Happening, REPORTS_PER_MESSAGE_MAX, Report, Transferred},
};
use outport_types::{Chain, EventCode, TaskId};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::{
    clock::local_now,
    core::News,
    files::{Readers, read_bounded, write_atomic},
};

/// All tasks of which something is kept.
#[derive(Debug)]
pub(crate) struct Outbox {
    dir: PathBuf,
    tasks: BTreeMap<TaskId, TaskBox>,
}

/// What is kept of one task.
#[derive(Debug, Default)]
struct TaskBox {
    /// `None` when the files of an earlier run cannot be read: kept until the hub says it is over.
    orders: Option<Arc<Orders>>,
    /// Reports that are durable in the journal.
    durable: u64,
    /// Reports that the hub has stored.
    acknowledged: u64,
    /// Reports that were sent on the present channel.
    sent: u64,
    /// Whether the hub said on the present channel how far it is. Until then one report is sent, so
    /// that it says so, and not thousands that it has already.
    confirmed: bool,
    /// The number of the last report of all, once it was seen.
    finished: Option<u64>,
    /// What follows the journal; away while a worker reads.
    tail: Option<ReportTail>,
    reading: bool,
    /// Nothing more is to be told: the rest can go.
    over: bool,
    removing: bool,
}

/// What workers of the outbox come back with.
#[derive(Debug)]
pub(crate) enum OutboxEvent {
    /// Reports were read.
    Read { task: TaskId, tail: Option<ReportTail>, reports: Vec<(u64, Report)> },
    /// What was left of a task is gone.
    Removed { task: TaskId, gone: bool },
}

impl OutboxEvent {
    pub(crate) fn task(&self) -> TaskId {
        match self {
            Self::Read { task, .. } | Self::Removed { task, .. } => *task,
        }
    }
}

impl Outbox {
    /// Finds what earlier runs left. It reads every journal once.
    pub(crate) fn load(state_dir: &Path) -> io::Result<Self> {
        let dir = state_dir.join("tasks");
        outport_control::ensure_private_dir(&dir)?;
        let mut tasks = BTreeMap::new();
        for entry in fs::read_dir(&dir)? {
            let name = entry?.file_name();
            let Some(task) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
            let loaded = load_task(&dir.join(&name), task).unwrap_or_else(|error| {
                tracing::warn!(%task, %error, "what is kept of a task cannot be read");
                TaskBox::default()
            });
            tasks.insert(task, loaded);
        }
        Ok(Self { dir, tasks })
    }

    /// The tasks of which something is kept.
    pub(crate) fn tasks(&self) -> impl Iterator<Item = TaskId> {
        self.tasks.keys().copied()
    }

    /// A session of a task begins.
    pub(crate) fn begin(&mut self, start: &Start) {
        let kept = self.tasks.entry(start.orders.task).or_default();
        if kept.orders.is_none() {
            kept.orders = Some(Arc::new(start.orders.clone()));
        }
        kept.acknowledged = kept.acknowledged.max(start.reported);
        kept.sent = kept.sent.max(kept.acknowledged);
        kept.confirmed = true;
        kept.over = false;
    }

    /// So many reports of a task are durable.
    pub(crate) fn durable(&mut self, task: TaskId, reports: u64) {
        if let Some(kept) = self.tasks.get_mut(&task) {
            kept.durable = kept.durable.max(reports);
        }
    }

    /// A channel begins: what was sent on another may be lost.
    pub(crate) fn connected(&mut self) {
        for kept in self.tasks.values_mut() {
            kept.sent = kept.acknowledged;
            kept.confirmed = false;
        }
    }

    /// The hub has stored the reports up to `last`.
    pub(crate) fn acknowledged(&mut self, task: TaskId, last: u64) {
        let Some(kept) = self.tasks.get_mut(&task) else { return };
        kept.acknowledged = kept.acknowledged.max(last);
        kept.sent = kept.sent.max(last);
        kept.confirmed = true;
        if kept.finished.is_some_and(|finished| finished <= last) {
            kept.over = true;
        }
    }

    /// The hub needs nothing more of a task.
    pub(crate) fn over(&mut self, task: TaskId) {
        if let Some(kept) = self.tasks.get_mut(&task) {
            kept.over = true;
        }
    }

    /// Lets workers read what may be sent now.
    pub(crate) fn read_more(&mut self, tracker: &TaskTracker, news: &mpsc::Sender<News>) {
        for (task, kept) in &mut self.tasks {
            let unconfirmed = kept.sent.saturating_sub(kept.acknowledged);
            let most = if kept.confirmed { UNCONFIRMED_MAX } else { 1 };
            if kept.reading || kept.over || kept.durable <= kept.sent || most <= unconfirmed {
                continue;
            }
            let Some(orders) = kept.orders.clone() else { continue };
            kept.reading = true;
            let (task, tail) = (*task, kept.tail.take());
            let max = if kept.confirmed { REPORTS_PER_MESSAGE_MAX } else { 1 };
            let read = Read { task, orders, after: kept.sent, last: kept.durable, max };
            let (journal, news) = (journal_file(&self.dir, task), news.clone());
            tracker.spawn(async move {
                let event = crate::blocking(move || read.read(&journal, tail)).await;
                news.send(News::Outbox(event)).await.ok();
            });
        }
    }

    /// Takes back what a worker read; the message that it becomes, if any.
    pub(crate) fn take(&mut self, event: OutboxEvent) -> Option<AgentMessage> {
        match event {
            OutboxEvent::Removed { task, gone } => {
                let kept = self.tasks.get_mut(&task)?;
                kept.removing = false;
                // A session that began meanwhile made it anew.
                if gone && kept.over {
                    self.tasks.remove(&task);
                }
                None
            }
            OutboxEvent::Read { task, tail, mut reports } => {
                let kept = self.tasks.get_mut(&task)?;
                kept.reading = false;
                kept.tail = tail;
                if let Some((number, _)) =
                    reports.iter().find(|(_, report)| matches!(report, Report::Finished(_)))
                {
                    kept.finished = Some(*number);
                }
                // The hub may have said meanwhile that it has some of them, or have gone.
                reports.retain(|(number, _)| kept.sent < *number);
                let first = reports.first()?.0;
                if first != kept.sent + 1 {
                    kept.tail = None; // read again from where the channel is now
                    return None;
                }
                kept.sent = reports.last()?.0;
                let reports = reports.into_iter().map(|(_, report)| report).collect();
                Some(AgentMessage::Reports { task, first, reports })
            }
        }
    }

    /// Removes what is kept of a task that is over, unfinished files included.
    pub(crate) fn remove_if_over(
        &mut self,
        task: TaskId,
        rules: &LiveRules,
        tracker: &TaskTracker,
        news: &mpsc::Sender<News>,
    ) {
        let Some(kept) = self.tasks.get_mut(&task) else { return };
        if !kept.over || kept.reading || kept.removing {
            return;
        }
        kept.removing = true;
        kept.tail = None;
        let (dir, orders) = (self.dir.join(task.to_string()), kept.orders.clone());
        let (rules, news) = (rules.clone(), news.clone());
        tracker.spawn(async move {
            let gone = match remove_task(dir, task, orders, rules).await {
                Ok(()) => true,
                Err(error) => {
                    tracing::warn!(%task, %error, "what is left of a task cannot be removed");
                    false
                }
            };
            news.send(News::Outbox(OutboxEvent::Removed { task, gone })).await.ok();
        });
    }
}

/// Makes the directory of a task, with its orders; sessions do it before they touch the journal.
pub(crate) fn prepare_task(state_dir: &Path, orders: &Orders) -> io::Result<PathBuf> {
    let tasks = state_dir.join("tasks");
    let dir = tasks.join(orders.task.to_string());
    outport_control::ensure_private_dir(&dir)?;
    let file = dir.join(ORDERS_FILE);
    if !file.exists() {
        write_atomic(&file, &codec::encode(orders), Readers::Owner)?;
        crate::files::sync_dir(&tasks)?;
    }
    Ok(journal_file(&tasks, orders.task))
}

/// One reading of a journal.
#[derive(Debug)]
struct Read {
    task: TaskId,
    orders: Arc<Orders>,
    after: u64,
    last: u64,
    max: usize,
}

impl Read {
    fn read(self, journal: &Path, tail: Option<ReportTail>) -> OutboxEvent {
        let Self { task, orders, after, last, max } = self;
        let tail = tail.map_or_else(|| ReportTail::open(journal, task, orders.digest()), Ok);
        let mut tail = match tail {
            Ok(tail) => tail,
            Err(error) => {
                tracing::warn!(%task, %error, "the journal cannot be read");
                return OutboxEvent::Read { task, tail: None, reports: Vec::new() };
            }
        };
        let records = match tail.next(after, last, max) {
            Ok(records) => records,
            Err(error) => {
                tracing::warn!(%task, error = %Chain(&error), "the journal cannot be read");
                return OutboxEvent::Read { task, tail: None, reports: Vec::new() };
            }
        };
        let mut bytes = 0;
        let mut reports = Vec::with_capacity(records.len());
        for (number, record) in records {
            // What does not fit the orders still has its number, and no number may be left out.
            let report = reports::report(&orders, record).unwrap_or_else(unreadable);
            bytes += json_bytes(&report);
            if MESSAGE_BYTES_MAX < bytes && !reports.is_empty() {
                // The rest is read again, so the tail must go back.
                return OutboxEvent::Read { task, tail: None, reports };
            }
            reports.push((number, report));
        }
        OutboxEvent::Read { task, tail: Some(tail), reports }
    }
}

/// How many bytes a report has in a message, or a little more: to write it down only to count them
/// would take as long as to send it.
fn json_bytes(report: &Report) -> usize {
    if let Report::Transferred(Transferred { source, destination, .. }) = report {
        let names = source.names().iter().chain(destination.names());
        let escaped: usize = names.map(|name| 1 + ESCAPED_MAX * name.as_bytes().len()).sum();
        if escaped <= SHORT_PATHS_BYTES {
            return escaped + BESIDE_PATHS_BYTES;
        }
    }
    serde_json::to_vec(report).map_or(0, |json| json.len())
}

fn load_task(dir: &Path, task: TaskId) -> io::Result<TaskBox> {
    let content = read_bounded(&dir.join(ORDERS_FILE), ORDERS_BYTES_MAX)?;
    let content = content.ok_or(io::ErrorKind::NotFound)?;
    let orders: Orders = codec::decode(&content, ORDERS_BYTES_MAX).map_err(io::Error::other)?;
    if orders.task != task {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the orders are another task's"));
    }
    let journal = dir.join(JOURNAL_FILE);
    let durable = if journal.exists() {
        // Opening makes durable what is in it, and cuts off what a crash tore.
        let opened = JournalFile::open_outline(&journal, task, orders.digest());
        opened.map_err(io::Error::other)?.1.reports()
    } else {
        0
    };
    Ok(TaskBox { orders: Some(Arc::new(orders)), durable, ..TaskBox::default() })
}

fn journal_file(tasks: &Path, task: TaskId) -> PathBuf {
    tasks.join(task.to_string()).join(JOURNAL_FILE)
}

/// Removes the unfinished files of a task, then what is kept of it.
async fn remove_task(
    dir: PathBuf,
    task: TaskId,
    orders: Option<Arc<Orders>>,
    rules: LiveRules,
) -> io::Result<()> {
    if let Some(orders) = orders
        && let Work::Transfer(transfer) = &orders.work
    {
        let journal = JournalParams { path: dir.join(JOURNAL_FILE), orders: orders.digest() };
        let params = SweepParams {
            task,
            orders: Arc::new(transfer.clone()),
            rules,
            store: Arc::new(Disk),
            stop: Stop::new(),
        };
        sweep_task(params, journal).await.map_err(io::Error::other)?;
    }
    crate::blocking(move || match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    })
    .await
}

fn unreadable() -> Report {
    Report::Event(Happening {
        code: EventCode::EndpointError,
        time: local_now(),
        problem: None,
        details: Some("a record of the journal does not fit the task".to_owned()),
    })
}

const ORDERS_FILE: &str = "orders";
const JOURNAL_FILE: &str = "journal";
/// Ten thousand items with long paths.
const ORDERS_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Reports on their way that the hub has not acknowledged: a second's worth of small files.
const UNCONFIRMED_MAX: u64 = 4096;
/// A byte of a name that is no text, or nothing to see, is told in up to so many.
const ESCAPED_MAX: usize = 6;
/// Such paths are counted by their names alone: a whole message of them has room.
const SHORT_PATHS_BYTES: usize = 7 * 1024;
/// What else a report of a file has: keys, a number, a digest.
const BESIDE_PATHS_BYTES: usize = 256;
/// Well below what a frame may have.
const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
