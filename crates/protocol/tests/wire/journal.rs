//! Records of the journal.

use outport_protocol::{
    blocks::{HeldNode, NodeId},
    control::FileKind,
    journal::{Failure, Reader, Record, Recovered, Way, encode_record, encode_start},
    report::Counts,
    session::{Fault, FileStamp, Naming, VersionToken},
};
use outport_types::{Code, Differences, Digest, EventCode, Finding, Tally, TaskId};

use crate::{complete, hex, name, pinned, time};

#[test]
fn every_record_of_a_journal_keeps_its_bytes() {
    let mut forms = vec![("start", hex(&start()))];
    let records = records();
    for record in &records {
        let mut bytes = Vec::new();
        encode_record(record, &mut bytes);
        forms.push((kind(record), hex(&bytes)));
    }
    complete(records.iter().map(kind), 9);
    pinned("journal", &forms);
}

#[test]
fn a_journal_reads_back_up_to_wherever_it_is_torn() {
    let (mut journal, mut ends) = (start(), vec![start().len()]);
    for record in records() {
        encode_record(&record, &mut journal);
        ends.push(journal.len());
    }
    for cut in 0..=journal.len() {
        let whole = ends.iter().filter(|end| **end <= cut).count();
        let mut reader = Reader::new(&journal[..cut]);
        let read: Vec<_> =
            std::iter::from_fn(|| reader.next_record().expect("in memory")).collect();
        assert_eq!(read.len(), whole, "cut at {cut}");
        let valid = if whole == 0 { 0 } else { ends[whole - 1] };
        assert_eq!(reader.valid_bytes(), valid as u64, "cut at {cut}");
        assert_eq!(read.get(1..).unwrap_or_default(), &records()[..whole.saturating_sub(1)]);
    }
}

#[test]
fn a_damaged_byte_ends_the_journal_and_is_never_believed() {
    let mut journal = start();
    records().iter().for_each(|record| encode_record(record, &mut journal));
    let header = start().len();
    for at in header..journal.len() {
        let mut damaged = journal.clone();
        damaged[at] ^= 1;
        let mut reader = Reader::new(&damaged[..]);
        let mut read = 0;
        while let Some(record) = reader.next_record().expect("in memory") {
            assert!(read == 0 || record == records()[read - 1], "damaged at {at}");
            read += 1;
        }
        assert!(reader.valid_bytes() <= at as u64);
        let recovered = Recovered::read(&damaged[..], TASK, [2; 32]).expect("the header is whole");
        assert_eq!(recovered.outline().valid_bytes(), reader.valid_bytes());
    }
}

const TASK: TaskId = TaskId::from_bytes([1; 16]);

fn start() -> Vec<u8> {
    encode_start(TASK, [2; 32])
}

/// All but the header, which only begins a journal.
fn records() -> Vec<Record> {
    let way = Way { item: 3, names: vec![name(b"dir"), name(b"a\xff")] };
    let token = VersionToken([5; 16]);
    let stamp = FileStamp { device: 66, inode: 1 << 33, size: 3000, mtime: time(9) };
    let fault = Fault::backoff(Code::NoSpace, "why");
    let failure = Failure { entry: way.clone(), at_destination: true, fault: fault.clone() };
    let nodes = vec![HeldNode { id: NodeId { first: 4, level: 0 }, cv: [8; 32] }];
    let counts = counts();
    vec![
        Record::Touched { dir: way.clone(), above: false },
        Record::Held { file: way.clone(), token, size: 3000, temp: stamp, nodes },
        Record::Placing {
            file: way.clone(),
            token,
            temp: stamp,
            digest: Digest([6; 32]),
            naming: Naming { is_replaced: false, copy: 1 },
        },
        Record::Done {
            file: way.clone(),
            token,
            stamp,
            digest: Digest([6; 32]),
            naming: Naming { is_replaced: true, copy: 0 },
            at: vec![name(b"dir"), name(b"other")],
        },
        Record::Skipped {
            entry: way.clone(),
            is_directory: false,
            is_error: true,
            at_destination: false,
            time: time(10),
            fault: fault.clone(),
        },
        Record::Event {
            code: EventCode::Quota,
            time: time(11),
            entry: way.clone(),
            at_destination: true,
            fault,
        },
        Record::Sums { bytes_received: 300, faults: 2, deleted: 4 },
        Record::Finished { time: time(12), failure: None, counts },
        Record::Finished { time: time(12), failure: Some(failure), counts },
        Record::Finished {
            time: time(12),
            failure: None,
            counts: Counts { differences: Some(differences()), ..counts },
        },
        Record::Difference {
            entry: way,
            finding: Finding::Kept,
            kind: FileKind::File,
            source_size: Some(300),
            destination_size: None,
            naming: Naming { is_replaced: true, copy: 1 },
            at: vec![name(b"local")],
        },
    ]
}

fn counts() -> Counts {
    Counts {
        files_found: 1,
        bytes_found: 2,
        directories_found: 3,
        scan_done: true,
        files_done: 4,
        bytes_done: 5,
        files_unchanged: 6,
        bytes_unchanged: 14,
        directories_done: 7,
        links_done: 13,
        links_skipped: 8,
        errors_skipped: 9,
        files_given_up: 15,
        bytes_given_up: 16,
        deleted: 10,
        bytes_received: 11,
        faults: 12,
        no_room: true,
        differences: None,
    }
}

fn differences() -> Differences {
    let tally = |files| Tally { files, directories: 2, bytes: 300 };
    Differences {
        same: tally(1),
        new: tally(2),
        different: tally(3),
        kept: tally(4),
        extra: tally(5),
    }
}

fn kind(record: &Record) -> &'static str {
    match record {
        Record::Header { .. } => "header",
        Record::Touched { .. } => "touched",
        Record::Held { .. } => "held",
        Record::Placing { .. } => "placing",
        Record::Done { .. } => "done",
        Record::Skipped { .. } => "skipped",
        Record::Event { .. } => "event",
        Record::Sums { .. } => "sums",
        Record::Finished { .. } => "finished",
        Record::Difference { .. } => "difference",
    }
}
