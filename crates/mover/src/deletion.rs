//! A delete task: what is deleted is told in the same records as what is transferred.

use std::{
    collections::HashSet,
    fs::File,
    io::BufReader,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use outport_protocol::{
    journal::{Failure, Reader, Record, Way, encode_record},
    orders::DeleteOrders,
    report::Counts,
    session::{Fault, Key},
    ticket::Grant,
};
use outport_types::{Chain, CollectionPath, Retry, TaskId, UnixTime};
use tokio::{sync::watch, task::spawn_blocking};

use crate::{
    journal_file::JournalFile,
    ops::{DeleteTree, DeleteWatch, Deleted, TreeFault},
    refused::Refused,
    resolver::{Resolver, Right},
    rules::LiveRules,
    session::{Broken, JournalParams, Progress, SessionEnd, Stop},
};

/// What a deletion needs to know.
#[derive(Clone, Debug)]
pub struct DeleteParams {
    /// The task.
    pub task: TaskId,
    /// What is to be deleted.
    pub orders: Arc<DeleteOrders>,
    /// What the ticket lets be touched.
    pub grants: Vec<Grant>,
    /// The rules of this computer's owner.
    pub rules: LiveRules,
    /// The hub's time now.
    pub hub_time: UnixTime,
    /// Ends the deletion.
    pub stop: Stop,
    /// Where it tells how far it is, at most four times a second.
    pub progress: watch::Sender<Progress>,
}

/// Deletes what the orders name.
///
/// What is gone is gone, so a later run of the same task goes on where this one was stopped. What was
/// counted is in the journal, at most a second old; and so is what was begun with, because what is
/// not there any more may have been deleted by an earlier run.
pub async fn run_deletion(params: DeleteParams, journal: JournalParams) -> SessionEnd {
    let stop = params.stop.clone();
    match spawn_blocking(move || Deletion::start(params, &journal)?.run()).await {
        Ok(Ok(succeeded)) => SessionEnd::Finished { succeeded },
        Ok(Err(Ended::Stopped)) => SessionEnd::Stopped(stop.code()),
        Ok(Err(Ended::Broken(why))) => SessionEnd::Broken { why: Broken::Disk(why) },
        Err(_) => SessionEnd::Broken { why: Broken::Worker },
    }
}

enum Ended {
    Stopped,
    Broken(String),
}

struct Deletion {
    params: DeleteParams,
    resolver: Resolver,
    /// The paths that earlier runs began with.
    begun: HashSet<u32>,
    finished: Option<bool>,
    told: Told,
}

/// What was told and waits for the journal.
struct Told {
    journal: JournalFile,
    /// The journal cannot be written any more.
    broken: Option<String>,
    /// When the journal learnt of the counts.
    kept: Instant,
    stop: Stop,
    progress: watch::Sender<Progress>,
    began: Instant,
    hub_time: UnixTime,
    counts: Counts,
    reports: u64,
    /// Told in this run or before.
    known: HashSet<Key>,
    failure: Option<Failure>,
    waiting: Vec<u8>,
    waiting_reports: u64,
    published: Instant,
    /// What faults are told of now: the number of the path, and how many names it has.
    path: (u32, usize),
    /// Faults of this try that may be gone at the next.
    passing: Vec<TreeFault>,
}

impl Deletion {
    fn start(params: DeleteParams, journal: &JournalParams) -> Result<Self, Ended> {
        let broken = |error: &dyn std::error::Error| Ended::Broken(Chain(error).to_string());
        let (file, recovered) = JournalFile::open(&journal.path, params.task, journal.orders)
            .map_err(|error| broken(&error))?;
        let Before { known, begun, failure } =
            told_before(&journal.path).map_err(|error| broken(&error))?;
        let before = recovered.counts();
        let counts = Counts {
            deleted: before.deleted,
            files_found: before.deleted + known.len() as u64,
            faults: before.faults,
            errors_skipped: known.len() as u64,
            ..Counts::default()
        };
        let endpoint = &params.orders.endpoint_name;
        let resolver = Resolver::new(params.rules.clone(), &params.grants, endpoint);
        let now = Instant::now();
        let told = Told {
            journal: file,
            broken: None,
            kept: now,
            stop: params.stop.clone(),
            progress: params.progress.clone(),
            began: now,
            hub_time: params.hub_time,
            counts,
            reports: recovered.outline().reports(),
            known,
            failure,
            waiting: Vec::new(),
            waiting_reports: 0,
            published: now,
            path: (0, 0),
            passing: Vec::new(),
        };
        Ok(Self { params, resolver, begun, finished: recovered.outline().finished(), told })
    }

    fn run(mut self) -> Result<bool, Ended> {
        if let Some(succeeded) = self.finished {
            self.told.publish();
            return Ok(succeeded);
        }
        for number in 0..self.params.orders.paths.len() {
            let path = self.params.orders.paths[number].clone();
            let deleted = self.delete(number, &path);
            // Whatever came of it, what was told so far is kept.
            self.told.keep()?;
            deleted?;
        }
        let succeeded = self.told.failure.is_none();
        let record = Record::Finished {
            time: self.told.time(),
            failure: self.told.failure.clone(),
            counts: Counts { scan_done: true, ..self.told.counts },
        };
        self.told.write(&record);
        self.told.append()?;
        Ok(succeeded)
    }

    /// Deletes one path; what may work a little later is tried again a few times.
    fn delete(&mut self, number: usize, path: &CollectionPath) -> Result<(), Ended> {
        let full = self.resolver.full_path(path);
        let names = full.map_or(path.names().len(), |full| full.names().len());
        let item = u32::try_from(number).unwrap_or(u32::MAX);
        self.told.path = (item, names);
        let mut begun = self.begun.contains(&item);
        if !begun {
            let dir = Way { item, names: Vec::new() };
            self.told.write(&Record::Touched { dir, above: false });
            self.told.append()?;
        }
        let orders = &self.params.orders;
        let before = self.told.counts;
        for pause in RETRY_PAUSES.iter().map(Some).chain([None]) {
            self.told.passing.clear();
            // What is still there is found anew.
            let deleted = self.told.counts.deleted - before.deleted;
            self.told.counts.files_found = before.files_found + deleted;
            let may_be_missing = orders.ignore_missing || std::mem::replace(&mut begun, true);
            let delete = DeleteTree::new(&self.resolver, orders.recursive, may_be_missing);
            match delete.run(path, orders.globs, &mut self.told) {
                Ok(()) => {}
                Err(Refused::Stopped) => {
                    return Err(self.told.broken.take().map_or(Ended::Stopped, Ended::Broken));
                }
                Err(refused) => return Err(Ended::Broken(refused.fault().reason)),
            }
            match pause {
                Some(pause) if !self.told.passing.is_empty() => {
                    self.told.counts.faults += self.told.passing.len() as u64;
                    let until = Instant::now() + *pause;
                    while Instant::now() < until {
                        if self.told.stop.is_stopped() {
                            return Err(Ended::Stopped);
                        }
                        std::thread::sleep(PAUSE_STEP);
                    }
                }
                Some(_) | None => break,
            }
        }
        for fault in std::mem::take(&mut self.told.passing) {
            self.told.skipped(&fault);
        }
        // That names are gone is durable once the directory that held the path is.
        if let Ok(place) = self.resolver.place(path, Right::Read) {
            let synced = crate::store::sync_directory(place.directory().dir());
            synced.map_err(|error| Ended::Broken(error.to_string()))?;
        }
        Ok(())
    }
}

impl Told {
    /// Has the journal know what was counted and told so far.
    fn keep(&mut self) -> Result<(), Ended> {
        let Counts { deleted, faults, bytes_received, .. } = self.counts;
        self.write(&Record::Sums { bytes_received, faults, deleted });
        self.append()
    }

    fn append(&mut self) -> Result<(), Ended> {
        let records = std::mem::take(&mut self.waiting);
        if !records.is_empty() {
            self.journal.append(&records).map_err(|error| Ended::Broken(error.to_string()))?;
        }
        self.reports += std::mem::take(&mut self.waiting_reports);
        self.kept = Instant::now();
        self.publish();
        Ok(())
    }

    fn skipped(&mut self, fault: &TreeFault) {
        let (item, names) = self.path;
        // What a pattern found stands beside the path, not below it, and is told as the path.
        let names = fault.path.names().get(names..).unwrap_or_default().to_vec();
        let entry = Way { item, names };
        let told: Fault = fault.refused.fault();
        self.failure.get_or_insert_with(|| Failure {
            entry: entry.clone(),
            at_destination: false,
            fault: told.clone(),
        });
        if SKIPPED_MAX <= self.known.len() || !self.known.insert(entry.key()) {
            return;
        }
        self.counts.errors_skipped += 1;
        let record = Record::Skipped {
            entry,
            is_directory: fault.is_directory,
            is_error: true,
            at_destination: false,
            time: self.time(),
            fault: told,
        };
        self.write(&record);
    }

    fn write(&mut self, record: &Record) {
        self.waiting_reports += u64::from(record.is_report());
        encode_record(record, &mut self.waiting);
    }

    fn time(&self) -> UnixTime {
        let seconds = i64::try_from(self.began.elapsed().as_secs()).unwrap_or(0);
        self.hub_time.plus_seconds(seconds)
    }

    fn publish(&mut self) {
        self.published = Instant::now();
        let progress = Progress { counts: self.counts, rate: 0, reports_durable: self.reports };
        self.progress.send_if_modified(|slot| std::mem::replace(slot, progress) != progress);
    }
}

impl DeleteWatch for Told {
    fn deleted(&mut self, _: Deleted) {
        self.counts.deleted += 1;
        if KEEP_INTERVAL <= self.kept.elapsed() {
            if let Err(Ended::Broken(why)) = self.keep() {
                self.broken = Some(why);
            }
        } else if PROGRESS_INTERVAL <= self.published.elapsed() {
            self.publish();
        }
    }

    fn counts(&self) -> bool {
        true
    }

    fn found(&mut self, entries: u64) {
        self.counts.files_found += entries;
    }

    fn fault(&mut self, fault: TreeFault) {
        match fault.refused.retry() {
            Retry::Backoff if self.passing.len() < PASSING_MAX => self.passing.push(fault),
            Retry::Backoff | Retry::Never => self.skipped(&fault),
        }
    }

    fn stopped(&self) -> bool {
        self.stop.is_stopped() || self.broken.is_some()
    }
}

/// What earlier runs told: which entries, the first that makes the task fail, and the paths that they
/// began with.
#[derive(Default)]
struct Before {
    known: HashSet<Key>,
    begun: HashSet<u32>,
    failure: Option<Failure>,
}

fn told_before(path: &Path) -> Result<Before, outport_protocol::journal::ReadError> {
    let mut reader = Reader::new(BufReader::new(File::open(path)?));
    let mut before = Before::default();
    while let Some(record) = reader.next_record()? {
        match record {
            Record::Skipped { entry, at_destination, fault, .. } => {
                before.known.insert(entry.key());
                before.failure.get_or_insert(Failure { entry, at_destination, fault });
            }
            Record::Touched { dir, .. } => {
                before.begun.insert(dir.item);
            }
            Record::Header { .. }
            | Record::Held { .. }
            | Record::Placing { .. }
            | Record::Done { .. }
            | Record::Event { .. }
            | Record::Difference { .. }
            | Record::Sums { .. }
            | Record::Finished { .. } => {}
        }
    }
    Ok(before)
}

/// Pauses before what failed is tried again.
const RETRY_PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(3)];
/// A stop is noticed after this at the latest.
const PAUSE_STEP: Duration = Duration::from_millis(50);
/// Faults told of one task; a tree that cannot be deleted at all says nothing new after these.
const SKIPPED_MAX: usize = 10_000;
/// Faults of one try that are kept for the next.
const PASSING_MAX: usize = 1000;
/// How often the journal learns what was deleted.
const KEEP_INTERVAL: Duration = Duration::from_secs(1);
/// Four times a second is as often as anybody looks.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests;
