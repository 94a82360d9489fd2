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
