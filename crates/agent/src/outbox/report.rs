//! Records of a journal as the hub is told them: with paths and names instead of numbers.

use outport_protocol::{
    journal::{Failure, Record, Way},
    orders::{Orders, Work},
    report::{Finished, Happening, Report, Skipped, Transferred},
    session::Fault,
};
use outport_types::{CollectionPath, Problem};

/// The report that a record is; `None` for what only the journal needs.
pub(super) fn report(record: Record, orders: &Orders) -> Option<Report> {
    let names = Names(orders);
    Some(match record {
        Record::Done { file, token: _, stamp, digest } => Report::Transferred(Transferred {
            source: names.path(&file, false),
            destination: names.path(&file, true),
            size: stamp.size,
            digest,
        }),
        Record::Skipped { entry, is_directory, is_error: _, at_destination, time, fault } => {
            Report::Skipped(Skipped {
                source: names.path(&entry, false),
                destination: names.has_destination().then(|| names.path(&entry, true)),
                is_directory,
                time,
                problem: names.problem(&entry, at_destination, &fault),
            })
        }
        Record::Event { code, time, entry, at_destination, fault } => Report::Event(Happening {
            code,
            time,
            problem: Some(names.problem(&entry, at_destination, &fault)),
            details: None,
        }),
        Record::Finished { time, failure, counts } => Report::Finished(Finished {
            time,
            failure: failure.map(|Failure { entry, at_destination, fault }| {
                names.problem(&entry, at_destination, &fault)
            }),
            counts,
        }),
        Record::Header { .. }
        | Record::Touched { .. }
        | Record::Held { .. }
        | Record::Placing { .. }
        | Record::Sums { .. } => return None,
    })
}

/// What numbers and sides of a journal stand for.
struct Names<'a>(&'a Orders);

impl Names<'_> {
    fn path(&self, way: &Way, at_destination: bool) -> CollectionPath {
        let item = way.item as usize;
        let top = match &self.0.work {
            Work::Transfer(orders) => orders
                .items
                .get(item)
                .map(|item| if at_destination { &item.destination } else { &item.source }),
            Work::Delete(orders) => orders.paths.get(item),
        };
        // A journal is our own; one that was tampered with names the root at worst.
        let mut names = top.map(|top| top.names().to_vec()).unwrap_or_default();
        names.extend_from_slice(&way.names);
        CollectionPath::from_names(names).unwrap_or_default()
    }

    fn has_destination(&self) -> bool {
        match &self.0.work {
            Work::Transfer(_) => true,
            Work::Delete(_) => false,
        }
    }

    fn problem(&self, way: &Way, at_destination: bool, fault: &Fault) -> Problem {
        let endpoint = match &self.0.work {
            Work::Transfer(orders) if at_destination => &orders.destination_name,
            Work::Transfer(orders) => &orders.source_name,
            Work::Delete(orders) => &orders.endpoint_name,
        };
        fault.problem(&self.path(way, at_destination), endpoint)
    }
}

#[cfg(test)]
mod tests {
    use outport_protocol::{
        orders::{TransferItem, TransferOrders},
        report::Counts,
        session::{FileStamp, VersionToken},
    };
    use outport_types::{Code, Digest, EndpointId, EventCode, Name, TaskId, UnixTime};

    use super::*;

    #[test]
    fn records_become_reports_with_full_paths_and_names() {
        let orders = orders();
        let file = way(&["sub", "file"]);
        let done = Record::Done {
            file: file.clone(),
            token: VersionToken([0; 16]),
            stamp: FileStamp { device: 1, inode: 2, size: 3, mtime: UnixTime::default() },
            digest: Digest([4; 32]),
        };
        let Some(Report::Transferred(transferred)) = report(done, &orders) else { panic!() };
        assert_eq!(transferred.source.to_string(), "/a/sub/file");
        assert_eq!(transferred.destination.to_string(), "/b/sub/file");
        assert_eq!(transferred.size, 3);

        let refused = Record::Event {
            code: EventCode::PermissionDenied,
            time: UnixTime::default(),
            entry: file,
            at_destination: true,
            fault: Fault::never(Code::OsPermission, ""),
        };
        let Some(Report::Event(event)) = report(refused, &orders) else { panic!() };
        let problem = event.problem.unwrap();
        assert!(problem.message.contains("ann#Cluster") && problem.message.contains("/b/sub/file"));

        let finished = Record::Finished {
            time: UnixTime::default(),
            failure: None,
            counts: Counts::default(),
        };
        assert!(matches!(report(finished, &orders), Some(Report::Finished(_))));
        let touched = Record::Touched { dir: way(&[]), above: false };
        assert_eq!(report(touched, &orders), None);
    }

    #[test]
    fn an_item_that_no_order_has_is_no_panic() {
        let strange = Way { item: 9, names: vec![] };
        assert_eq!(Names(&orders()).path(&strange, true), CollectionPath::ROOT);
    }

    fn way(names: &[&str]) -> Way {
        let names = names.iter().map(|name| Name::from_bytes(name.as_bytes()).unwrap()).collect();
        Way { item: 0, names }
    }

    fn orders() -> Orders {
        let item = TransferItem {
            source: "/a".parse().unwrap(),
            destination: "/b".parse().unwrap(),
            recursive: None,
        };
        let transfer = TransferOrders {
            source: EndpointId::from_bytes([1; 16]),
            source_name: "ann#WorkPC".to_owned(),
            destination: EndpointId::from_bytes([2; 16]),
            destination_name: "ann#Cluster".to_owned(),
            items: vec![item],
            sync_level: None,
            verify: true,
            preserve_times: false,
            skip_source_errors: false,
            fail_on_quota: false,
        };
        Orders { task: TaskId::from_bytes([3; 16]), work: Work::Transfer(transfer) }
    }
}
