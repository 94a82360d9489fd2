//! The journal as the durable outbox: what the hub is told, built from the records.

use std::io::Read;

use outport_types::{CollectionPath, Name, Problem};

use super::{
    reader::{ReadError, Reader},
    record::{Failure, Record, Way},
};
use crate::{
    orders::TransferOrders,
    report::{Difference, Finished, Happening, Report, Skipped, Transferred},
    session::{Fault, Naming, below},
};

/// Reads the reports of a journal in order, each with its number.
///
/// Only reports up to [`Receiver::reports_durable`](crate::session::Receiver::reports_durable) may be
/// sent: what is not durable yet may never have happened.
#[derive(Debug)]
pub struct Outbox<'a, R> {
    reader: Reader<R>,
    orders: &'a TransferOrders,
    number: u64,
}

impl<'a, R: Read> Outbox<'a, R> {
    /// Reads a journal from its beginning.
    pub fn new(reader: Reader<R>, orders: &'a TransferOrders) -> Self {
        Self { reader, orders, number: 0 }
    }

    /// The next report after number `seen`, with its own number; `None` at the end.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn next_after(&mut self, seen: u64) -> Result<Option<(u64, Report)>, ReadError> {
        while let Some(record) = self.reader.next_record()? {
            if !record.is_report() {
                continue;
            }
            self.number += 1;
            if seen < self.number
                && let Some(report) = record.report(self.orders)
            {
                return Ok(Some((self.number, report)));
            }
        }
        Ok(None)
    }
}

impl Record {
    /// What the hub is told; `None` for records that are no reports.
    pub fn report(&self, orders: &TransferOrders) -> Option<Report> {
        let report = match self {
            Self::Header { .. }
            | Self::Touched { .. }
            | Self::Held { .. }
            | Self::Placing { .. }
            | Self::Sums { .. } => return None,
            Self::Done { file, stamp, digest, naming, at, .. } => {
                Report::Transferred(Transferred {
                    source: file.source(orders),
                    destination: file.stands_at(*naming, at, orders),
                    size: stamp.size,
                    digest: *digest,
                })
            }
            Self::Skipped { entry, is_directory, at_destination, time, fault, .. } => {
                Report::Skipped(Skipped {
                    source: entry.source(orders),
                    destination: Some(entry.destination(orders)),
                    is_directory: *is_directory,
                    time: *time,
                    problem: entry.problem(fault, *at_destination, orders),
                })
            }
            Self::Event { code, time, entry, at_destination, fault } => Report::Event(Happening {
                code: *code,
                time: *time,
                problem: Some(entry.problem(fault, *at_destination, orders)),
                details: None,
            }),
            Self::Finished { time, failure, counts } => Report::Finished(Finished {
                time: *time,
                failure: failure.as_ref().map(|failure| failure.problem(orders)),
                counts: *counts,
            }),
            Self::Difference {
                entry,
                finding,
                kind,
                source_size,
                destination_size,
                naming,
                at,
            } => Report::Difference(Difference {
                source: entry.source(orders),
                destination: entry.stands_at(*naming, at, orders),
                finding: *finding,
                kind: *kind,
                source_size: *source_size,
                destination_size: *destination_size,
            }),
        };
        Some(report)
    }
}

impl Failure {
    fn problem(&self, orders: &TransferOrders) -> Problem {
        self.entry.problem(&self.fault, self.at_destination, orders)
    }
}

impl Way {
    /// The path at the source; of the item when the whole is longer than a path may be.
    pub fn source(&self, orders: &TransferOrders) -> CollectionPath {
        let item = orders.items.get(self.item as usize);
        let item = item.map(|item| item.source.clone()).unwrap_or_default();
        below(&item, self.names.clone()).unwrap_or(item)
    }

    /// The path at the destination; of the item when the whole is longer than a path may be.
    pub fn destination(&self, orders: &TransferOrders) -> CollectionPath {
        let item = orders.items.get(self.item as usize);
        let item = item.map(|item| item.destination.clone()).unwrap_or_default();
        below(&item, self.names.clone()).unwrap_or(item)
    }

    /// Where a finished file stands at the destination, or what a look saw stands or would.
    pub fn stands_at(
        &self,
        naming: Naming,
        at: &[Name],
        orders: &TransferOrders,
    ) -> CollectionPath {
        let names = if at.is_empty() { &self.names } else { at };
        let local = Self { item: self.item, names: names.to_vec() };
        let path = local.destination(orders);
        match (self.names.is_empty(), path.parent(), path.file_name()) {
            (true, Some(parent), Some(name)) => parent.join(&naming.of(name)).unwrap_or(path),
            _ => path,
        }
    }

    fn problem(&self, fault: &Fault, at_destination: bool, orders: &TransferOrders) -> Problem {
        if at_destination {
            fault.problem(&self.destination(orders), &orders.destination_name)
        } else {
            fault.problem(&self.source(orders), &orders.source_name)
        }
    }
}
