//! A deletion: one computer, no link.
//!
//! What is gone is gone, so a deletion that was stopped is simply run again; what it found to stay
//! and how it ended go into the journal together at the end, once.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use outport_mover::{
    journal_file::JournalFile,
    ops::{DeleteTree, DeleteWatch, Deleted, TreeFault},
    refused::Refused,
    resolver::Resolver,
};
use outport_protocol::{
    control::SessionState,
    journal::{Failure, Record, Way, encode_record},
    orders::DeleteOrders,
    report::Counts,
};
use outport_types::{Chain, Code, CollectionPath, Problem, Route, SessionId, TaskId, UnixTime};
use tokio::sync::mpsc;

use super::{Job, SessionEvent};

/// Deletes what the orders name.
pub(crate) async fn run(job: &Job, orders: DeleteOrders, journal: PathBuf) -> SessionState {
    let session = job.start.session;
    job.events.send((session, SessionEvent::Connected(Route::Local))).await.ok();
    let deletion = Deletion {
        resolver: Arc::new(Resolver::new(
            job.admitted.rules.clone(),
            &job.admitted.ticket.sender.grants,
            &job.name,
        )),
        orders,
        task: job.start.orders.task,
        digest: job.start.orders.digest(),
        stop: job.stop.clone(),
        events: job.events.clone(),
        session,
        hub_time: job.hub_time,
        began: Instant::now(),
        counts: Counts::default(),
        told: Instant::now(),
        item: 0,
        stays: BTreeMap::new(),
    };
    let name = job.name.clone();
    match crate::blocking(move || deletion.run(&journal)).await {
        Ok(durable) => {
            job.events.send((session, SessionEvent::Reported(durable))).await.ok();
            SessionState::Done
        }
        Err(Failed::Stopped) => SessionState::Stopped,
        Err(Failed::Journal(reason)) => {
            let args = [
                ("endpoint", name.into()),
                ("path", "its own files".into()),
                ("reason", reason.into()),
            ];
            SessionState::Broken { problem: Problem::new(Code::Disk, args), retry: true }
        }
    }
}

enum Failed {
    Stopped,
    Journal(String),
}

struct Deletion {
    resolver: Arc<Resolver>,
    orders: DeleteOrders,
    task: TaskId,
    digest: [u8; 32],
    stop: super::Stop,
    events: mpsc::Sender<(SessionId, SessionEvent)>,
    session: SessionId,
    hub_time: UnixTime,
    began: Instant,
    counts: Counts,
    told: Instant,
    /// Which path of the orders is worked on.
    item: u32,
    /// What stays, by its place in the orders and its path.
    stays: BTreeMap<(u32, CollectionPath), (bool, Refused)>,
}

impl Deletion {
    /// Deletes, and answers with the number of reports that are durable.
    fn run(mut self, journal: &Path) -> Result<u64, Failed> {
        let failed = |error: &dyn std::error::Error| Failed::Journal(Chain(error).to_string());
        let (mut file, recovered) =
            JournalFile::open(journal, self.task, self.digest).map_err(|error| failed(&error))?;
        if recovered.finished().is_some() {
            return Ok(recovered.reports()); // killed between the end and the last word about it
        }
        let paths = self.orders.paths.clone();
        for (item, path) in (0..).zip(&paths) {
            self.item = item;
            self.delete(path)?;
        }
        let (records, reports) = self.records();
        file.append(&records).map_err(|error| failed(&error))?;
        Ok(recovered.reports() + reports)
    }

    fn delete(&mut self, path: &CollectionPath) -> Result<(), Failed> {
        let (recursive, ignore) = (self.orders.recursive, self.orders.ignore_missing);
        let globs = self.orders.globs;
        let resolver = Arc::clone(&self.resolver);
        match DeleteTree::new(&resolver, recursive, ignore).run(path, globs, self) {
            Ok(()) => Ok(()),
            Err(_) => Err(Failed::Stopped),
        }
    }

    /// Everything that there is to report, ready for the journal.
    fn records(&self) -> (Vec<u8>, u64) {
        let mut bytes = Vec::new();
        let mut reports = 0;
        let mut push = |record: &Record| {
            encode_record(record, &mut bytes);
            reports += 1;
        };
        let time = self.now();
        for ((item, path), (is_directory, refused)) in &self.stays {
            push(&Record::Skipped {
                entry: self.way(*item, path),
                is_directory: *is_directory,
                is_error: true,
                at_destination: false,
                time,
                fault: refused.fault(),
            });
        }
        let first = self.stays.iter().next();
        let failure = first.map(|((item, path), (_, refused))| Failure {
            entry: self.way(*item, path),
            at_destination: false,
            fault: refused.fault(),
        });
        push(&Record::Finished { time, failure, counts: self.counts });
        (bytes, reports)
    }

    /// How the journal names a path; one that no item holds is named by its item.
    fn way(&self, item: u32, path: &CollectionPath) -> Way {
        let top = self.orders.paths.get(item as usize);
        let top = top.and_then(|top| self.resolver.full_path(top).ok());
        let names = match top {
            Some(top) if path.is_inside(&top) => path.names()[top.names().len()..].to_vec(),
            Some(_) | None => Vec::new(),
        };
        Way { item, names }
    }

    fn now(&self) -> UnixTime {
        let seconds = i64::try_from(self.began.elapsed().as_secs()).unwrap_or(i64::MAX);
        self.hub_time.plus_seconds(seconds)
    }
}

impl DeleteWatch for Deletion {
    fn deleted(&mut self, _: Deleted) {
        self.counts.deleted += 1;
        if PROGRESS_EVERY <= self.told.elapsed() {
            self.told = Instant::now();
            let event = SessionEvent::Progress { counts: self.counts, rate: 0 };
            // A core that is behind gets the next one.
            self.events.try_send((self.session, event)).ok();
        }
    }

    fn fault(&mut self, fault: TreeFault) {
        self.counts.errors_skipped += 1;
        if self.stays.len() < STAYS_MAX {
            let key = (self.item, fault.path);
            self.stays.insert(key, (fault.is_directory, fault.refused));
        }
    }

    fn stopped(&self) -> bool {
        self.stop.reason().is_some()
    }
}

/// Paths that stay and are named one by one; the count tells of all.
const STAYS_MAX: usize = 10_000;
const PROGRESS_EVERY: Duration = Duration::from_millis(250);
