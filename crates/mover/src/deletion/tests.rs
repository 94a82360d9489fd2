//! Delete tasks from their orders to their reports.
#![cfg(unix)]

use outport_link::CloseCode;
use outport_protocol::{
    orders::{Orders, Work},
    report::Report,
};
use outport_types::{Code, EndpointId};

use super::*;
use crate::{reports::report, testing::World};

#[tokio::test]
async fn a_tree_is_deleted_and_the_end_is_reported() {
    let world = World::new();
    world.file("data/tree/a/x", "");
    world.file("data/tree/y", "");
    let rig = Rig::new(&world, &["rw:data"], &["data/tree"]);
    assert_eq!(rig.run().await, SessionEnd::Finished { succeeded: true });
    assert!(!world.top.join("data/tree").exists());
    let reports = rig.reports();
    let [Report::Finished(finished)] = &reports[..] else {
        panic!("{reports:?}");
    };
    assert_eq!((finished.counts.deleted, finished.failure.clone()), (4, None));
    assert_eq!(rig.progress.borrow().reports_durable, 1);
    // Once more changes nothing and says nothing new.
    assert_eq!(rig.run().await, SessionEnd::Finished { succeeded: true });
    assert_eq!(rig.reports().len(), 1);
}

#[tokio::test]
async fn what_stays_is_told_once_and_fails_the_task() {
    let world = World::new();
    world.file("data/tree/fixed/x", "");
    world.file("data/tree/y", "");
    let rig = Rig::new(&world, &["rw:data", "ro:data/tree/fixed"], &["data/tree", "data/missing"]);
    assert_eq!(rig.run().await, SessionEnd::Finished { succeeded: false });
    assert!(world.top.join("data/tree/fixed/x").exists());
    assert!(!world.top.join("data/tree/y").exists());
    let reports = rig.reports();
    let codes: Vec<_> = reports
        .iter()
        .map(|report| match report {
            Report::Skipped(skipped) => skipped.problem.code,
            Report::Finished(finished) => finished.failure.clone().unwrap().code,
            Report::Event(_) | Report::Transferred(_) | Report::Difference(_) => {
                panic!("{report:?}")
            }
        })
        .collect();
    assert_eq!(codes, [Code::ReadOnly, Code::NotFound, Code::ReadOnly]);
}

#[tokio::test]
async fn a_stopped_deletion_goes_on_in_the_next_run() {
    let world = World::new();
    for n in 0..100 {
        world.file(&format!("data/tree/{n}"), "");
    }
    let rig = Rig::new(&world, &["rw:data"], &["data/tree"]);
    rig.stop.stop(CloseCode::Paused);
    assert_eq!(rig.run().await, SessionEnd::Stopped(CloseCode::Paused));
    assert!(world.top.join("data/tree/0").exists());
    let rig = Rig { stop: Stop::new(), ..rig };
    assert_eq!(rig.run().await, SessionEnd::Finished { succeeded: true });
}

#[tokio::test]
async fn a_deletion_that_is_stopped_again_and_again_gets_there_and_counts_everything_once() {
    let world = World::new();
    for dir in 0..100 {
        for file in 0..200 {
            world.file(&format!("data/tree/{dir}/{file}"), "");
        }
    }
    world.file("data/first/x", "");
    let all = 100 * 200 + 100 + 1 + 2;
    let mut rig = Rig::new(&world, &["rw:data"], &["data/first", "data/tree"]);
    let mut runs = 0;
    loop {
        runs += 1;
        let before = rig.progress.borrow().counts.deleted;
        let (stop, mut far) = (rig.stop.clone(), rig.progress.subscribe());
        // As soon as anything is told, which is four times a second at most.
        let stopping = tokio_util::task::TaskTracker::new().spawn(async move {
            far.wait_for(|progress| before < progress.counts.deleted).await.ok();
            stop.stop(CloseCode::Paused);
        });
        let end = rig.run().await;
        stopping.abort();
        let counts = rig.progress.borrow().counts;
        assert!(before <= counts.deleted, "a later run knows what an earlier one deleted");
        if end == (SessionEnd::Finished { succeeded: true }) {
            assert_eq!((counts.deleted, counts.files_found), (all, all), "after {runs} runs");
            break;
        }
        assert_eq!(end, SessionEnd::Stopped(CloseCode::Paused));
        rig = Rig { stop: Stop::new(), ..rig };
    }
    assert!(!world.top.join("data/tree").exists() && !world.top.join("data/first").exists());
    assert_eq!(rig.reports().len(), 1, "only the end");
}

#[tokio::test]
async fn what_an_earlier_run_deleted_is_no_fault_of_a_later_one() {
    let world = World::new();
    world.file("data/first/x", "");
    world.file("data/second", "");
    let rig = Rig::new(&world, &["rw:data"], &["data/first", "data/second", "data/missing"]);
    let text = std::fs::read(world.top.join("data/second")).unwrap();
    assert_eq!(rig.run().await, SessionEnd::Finished { succeeded: false });
    // The journal as a kill just before the end leaves it: the end is cut off.
    let journal = rig.journal();
    let bytes = std::fs::read(&journal.path).unwrap();
    std::fs::write(&journal.path, &bytes[..bytes.len() - 3]).unwrap();
    world.file("data/second", text);
    assert_eq!(rig.run().await, SessionEnd::Finished { succeeded: false });
    let reports = rig.reports();
    let [Report::Skipped(missing), Report::Finished(finished)] = &reports[..] else {
        panic!("{reports:?}");
    };
    assert_eq!(missing.problem.code, Code::NotFound);
    assert!(missing.source.to_string().ends_with("/missing"), "{missing:?}");
    assert_eq!(finished.counts.errors_skipped, 1);
}

struct Rig<'a> {
    world: &'a World,
    rules: LiveRules,
    orders: Orders,
    delete: Arc<DeleteOrders>,
    stop: Stop,
    progress: watch::Sender<Progress>,
}

impl<'a> Rig<'a> {
    fn new(world: &'a World, rules: &[&str], paths: &[&str]) -> Self {
        let delete = DeleteOrders {
            endpoint: EndpointId::from_bytes([1; 16]),
            endpoint_name: "smith#WorkPC".into(),
            paths: paths.iter().map(|path| world.path(path)).collect(),
            recursive: true,
            ignore_missing: false,
            globs: false,
        };
        let orders =
            Orders { task: TaskId::from_bytes([2; 16]), work: Work::Delete(delete.clone()) };
        Self {
            world,
            rules: world.rules(rules),
            orders,
            delete: Arc::new(delete),
            stop: Stop::new(),
            progress: watch::Sender::default(),
        }
    }

    fn journal(&self) -> JournalParams {
        JournalParams { path: self.world.top.join("journal"), orders: self.orders.digest() }
    }

    async fn run(&self) -> SessionEnd {
        let params = DeleteParams {
            task: self.orders.task,
            orders: self.delete.clone(),
            grants: vec![Grant::all(CollectionPath::ROOT)],
            rules: self.rules.clone(),
            hub_time: UnixTime::from_seconds(1000),
            stop: self.stop.clone(),
            progress: self.progress.clone(),
        };
        run_deletion(params, self.journal()).await
    }

    fn reports(&self) -> Vec<Report> {
        let journal = self.journal();
        let mut tail =
            crate::journal_file::ReportTail::open(&journal.path, self.orders.task, journal.orders)
                .unwrap();
        let records = tail.next(0, u64::MAX, 1000).unwrap();
        records.into_iter().filter_map(|(_, record)| report(&self.orders, record)).collect()
    }
}
