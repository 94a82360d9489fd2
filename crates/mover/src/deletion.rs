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
/// What is gone is gone, so a later run of the same task goes on where this one was stopped. The
/// count of what was deleted starts anew with each run; everything else is in the journal.
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
    journal: JournalFile,
    resolver: Resolver,
    finished: Option<bool>,
    told: Told,
}

/// What was told and waits for the journal.
struct Told {
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
        let (known, failure) = told_before(&journal.path).map_err(|error| broken(&error))?;
        let endpoint = &params.orders.endpoint_name;
        let resolver = Resolver::new(params.rules.clone(), &params.grants, endpoint);
        let now = Instant::now();
        let told = Told {
            stop: params.stop.clone(),
            progress: params.progress.clone(),
            began: now,
            hub_time: params.hub_time,
            counts: Counts::default(),
            reports: recovered.reports(),
            known,
            failure,
            waiting: Vec::new(),
            waiting_reports: 0,
            published: now,
            path: (0, 0),
            passing: Vec::new(),
        };
        Ok(Self { params, journal: file, resolver, finished: recovered.finished(), told })
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
            self.append()?;
            deleted?;
        }
        let succeeded = self.told.failure.is_none();
        let record = Record::Finished {
            time: self.told.time(),
            failure: self.told.failure.clone(),
            counts: Counts { scan_done: true, ..self.told.counts },
        };
        self.told.write(&record);
        self.append()?;
        Ok(succeeded)
    }

    /// Deletes one path; what may work a little later is tried again a few times.
    fn delete(&mut self, number: usize, path: &CollectionPath) -> Result<(), Ended> {
        let full = self.resolver.full_path(path);
        let names = full.map_or(path.names().len(), |full| full.names().len());
        self.told.path = (u32::try_from(number).unwrap_or(u32::MAX), names);
        let orders = &self.params.orders;
        let delete = DeleteTree::new(&self.resolver, orders.recursive, orders.ignore_missing);
        for pause in RETRY_PAUSES.iter().map(Some).chain([None]) {
            self.told.passing.clear();
            match delete.run(path, orders.globs, &mut self.told) {
                Ok(()) => {}
                Err(Refused::Stopped) => return Err(Ended::Stopped),
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

    fn append(&mut self) -> Result<(), Ended> {
        let records = std::mem::take(&mut self.told.waiting);
        if !records.is_empty() {
            self.journal.append(&records).map_err(|error| Ended::Broken(error.to_string()))?;
        }
        self.told.reports += std::mem::take(&mut self.told.waiting_reports);
        self.told.publish();
        Ok(())
    }
}

impl Told {
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
        if PROGRESS_INTERVAL <= self.published.elapsed() {
            self.publish();
        }
    }

    fn fault(&mut self, fault: TreeFault) {
        match fault.refused.retry() {
            Retry::Backoff if self.passing.len() < PASSING_MAX => self.passing.push(fault),
            Retry::Backoff | Retry::Never => self.skipped(&fault),
        }
    }

    fn stopped(&self) -> bool {
        self.stop.is_stopped()
    }
}

/// What earlier runs told: which entries, and the first that makes the task fail.
fn told_before(
    path: &Path,
) -> Result<(HashSet<Key>, Option<Failure>), outport_protocol::journal::ReadError> {
    let mut reader = Reader::new(BufReader::new(File::open(path)?));
    let mut known = HashSet::new();
    let mut failure = None;
    while let Some(record) = reader.next_record()? {
        if let Record::Skipped { entry, at_destination, fault, .. } = record {
            known.insert(entry.key());
            failure.get_or_insert(Failure { entry, at_destination, fault });
        }
    }
    Ok((known, failure))
}

/// Pauses before what failed is tried again.
const RETRY_PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(3)];
/// A stop is noticed after this at the latest.
const PAUSE_STEP: Duration = Duration::from_millis(50);
/// Faults told of one task; a tree that cannot be deleted at all says nothing new after these.
const SKIPPED_MAX: usize = 10_000;
/// Faults of one try that are kept for the next.
const PASSING_MAX: usize = 1000;
/// Four times a second is as often as anybody looks.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests;
