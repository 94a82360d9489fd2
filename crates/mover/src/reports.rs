//! Journal records as the hub is told them.

use outport_protocol::{
    journal::{Record, Way},
    orders::{Orders, Work},
    report::{Difference, Finished, Happening, Report, Skipped, Transferred},
    session::{Fault, Naming, below},
};
use outport_types::{CollectionPath, Name, Problem};

/// What the hub is told of a record of the journal of a task; `None` for records that are no
/// reports, and for those that do not fit the orders.
pub fn report(orders: &Orders, record: Record) -> Option<Report> {
    let paths = Paths(orders);
    match record {
        Record::Done { file, stamp, digest, naming, at, .. } => {
            Some(Report::Transferred(Transferred {
                source: paths.source(&file)?,
                destination: paths.stands_at(&file, naming, &at)?,
                size: stamp.size,
                digest,
            }))
        }
        Record::Skipped { entry, is_directory, at_destination, time, fault, .. } => {
            Some(Report::Skipped(Skipped {
                source: paths.source(&entry)?,
                destination: paths.destination(&entry),
                is_directory,
                time,
                problem: paths.problem(&entry, at_destination, &fault)?,
            }))
        }
        Record::Event { code, time, entry, at_destination, fault } => {
            Some(Report::Event(Happening {
                code,
                time,
                problem: Some(paths.problem(&entry, at_destination, &fault)?),
                details: None,
            }))
        }
        Record::Finished { time, failure, counts } => Some(Report::Finished(Finished {
            time,
            failure: match failure {
                Some(failure) => {
                    Some(paths.problem(&failure.entry, failure.at_destination, &failure.fault)?)
                }
                None => None,
            },
            counts,
        })),
        Record::Difference { entry, finding, kind, source_size, destination_size, naming, at } => {
            Some(Report::Difference(Difference {
                source: paths.source(&entry)?,
                destination: paths.stands_at(&entry, naming, &at)?,
                finding,
                kind,
                source_size,
                destination_size,
            }))
        }
        Record::Header { .. }
        | Record::Touched { .. }
        | Record::Held { .. }
        | Record::Placing { .. }
        | Record::Sums { .. } => None,
    }
}

struct Paths<'a>(&'a Orders);

impl Paths<'_> {
    fn source(&self, way: &Way) -> Option<CollectionPath> {
        let item = way.item as usize;
        let top = match &self.0.work {
            Work::Transfer(orders) => &orders.items.get(item)?.source,
            Work::Delete(orders) => orders.paths.get(item)?,
        };
        below(top, way.names.clone())
    }

    fn destination(&self, way: &Way) -> Option<CollectionPath> {
        match &self.0.work {
            Work::Transfer(orders) => {
                let item = orders.items.get(way.item as usize)?;
                below(&item.destination, way.names.clone())
            }
            Work::Delete(_) => None,
        }
    }

    fn stands_at(&self, way: &Way, naming: Naming, at: &[Name]) -> Option<CollectionPath> {
        match &self.0.work {
            Work::Transfer(orders) => Some(way.stands_at(naming, at, orders)),
            Work::Delete(_) => None,
        }
    }

    fn problem(&self, way: &Way, at_destination: bool, fault: &Fault) -> Option<Problem> {
        let path = if at_destination { self.destination(way)? } else { self.source(way)? };
        let endpoint = match (&self.0.work, at_destination) {
            (Work::Transfer(orders), false) => &orders.source_name,
            (Work::Transfer(orders), true) => &orders.destination_name,
            (Work::Delete(orders), _) => &orders.endpoint_name,
        };
        Some(fault.problem(&path, endpoint))
    }
}
