//! What is recovered from journals. Their bytes are pinned in `tests/wire.rs`.

use outport_types::{Digest, TaskId, UnixTime};

use super::*;
use crate::{
    blocks::{HeldNode, NodeId},
    report::Counts,
    session::{FileStamp, Key, Naming, VersionToken},
};

#[test]
fn a_journal_of_another_task_or_of_other_orders_is_refused() {
    let journal = encode_start(TASK, ORDERS);
    assert!(Recovered::read(&journal[..], TASK, ORDERS).is_ok());
    let other = TaskId::from_bytes([2; 16]);
    for (task, orders) in [(other, ORDERS), (TASK, [1; 32])] {
        let read = Recovered::read(&journal[..], task, orders);
        assert!(matches!(read, Err(RecoverError::Other)));
    }
}

#[test]
fn a_journal_of_a_newer_format_is_refused_and_not_overwritten() {
    let mut journal = MAGIC.to_vec();
    let version = FORMAT_VERSION + 1;
    encode_record(&Record::Header { version, task: TASK, orders: ORDERS }, &mut journal);
    let read = Recovered::read(&journal[..], TASK, ORDERS);
    assert!(matches!(read, Err(RecoverError::Read(ReadError::Version(2)))));
}

#[test]
fn a_journal_without_a_whole_header_begins_anew() {
    let whole = encode_start(TASK, ORDERS);
    for cut in 0..whole.len() {
        let recovered = Recovered::read(&whole[..cut], TASK, ORDERS).unwrap();
        assert!(!recovered.is_resumed());
        let outline = recovered.outline();
        assert_eq!((outline.valid_bytes(), outline.start()), (0, &whole[..]));
    }
    let recovered = Recovered::read(&whole[..], TASK, ORDERS).unwrap();
    assert!(recovered.is_resumed());
    let outline = recovered.outline();
    assert_eq!((outline.valid_bytes(), outline.start()), (whole.len() as u64, &[][..]));
}

#[test]
fn blocks_are_held_of_one_version_in_one_temporary_file_only() {
    let held = |version, inode, first| Record::Held {
        file: way(),
        token: VersionToken([version; 16]),
        size: 9000,
        temp: stamp(inode),
        nodes: vec![HeldNode { id: NodeId { first, level: 0 }, cv: [9; 32] }],
    };
    let blocks = |records: &[Record]| {
        let recovered = recovered(records);
        let held = recovered.held.get(&way().key()).expect("something is held");
        held.nodes.keys().copied().collect::<Vec<_>>()
    };
    assert_eq!(blocks(&[held(1, 1, 0), held(1, 1, 2)]), [0, 2]);
    assert_eq!(blocks(&[held(1, 1, 0), held(2, 1, 2)]), [2], "another version");
    assert_eq!(blocks(&[held(1, 1, 0), held(1, 2, 2)]), [2], "another temporary file");
}

#[test]
fn a_file_is_done_only_while_the_very_same_one_stands_there() {
    let token = VersionToken([1; 16]);
    let (temp, digest) = (stamp(4), Digest([5; 32]));
    let naming = Naming::OWN;
    let placing = Record::Placing { file: way(), token, temp, digest, naming };
    let done = Record::Done { file: way(), token, stamp: temp, digest, naming, at: Vec::new() };
    let key: Key = way().key();
    let before = recovered(std::slice::from_ref(&placing));
    assert!(before.placing.contains_key(&key) && !before.is_done(&key, token, &temp));
    let after = recovered(&[placing, done]);
    assert!(!after.placing.contains_key(&key) && after.is_done(&key, token, &temp));
    assert!(!after.is_done(&key, VersionToken([2; 16]), &temp), "another version at the source");
    assert!(!after.is_done(&key, token, &stamp(5)), "another file at the destination");
    assert_eq!((after.outline().reports(), after.done_files()), (1, 1));
}

#[test]
fn a_finished_journal_says_how() {
    let counts = Counts { files_done: 3, ..Counts::default() };
    let time = UnixTime::from_seconds(1);
    let recovered = recovered(&[Record::Finished { time, failure: None, counts }]);
    assert_eq!((recovered.outline().finished(), recovered.counts), (Some(true), counts));
}

const TASK: TaskId = TaskId::from_bytes([1; 16]);
const ORDERS: [u8; 32] = [7; 32];

fn recovered(records: &[Record]) -> Recovered {
    let mut journal = encode_start(TASK, ORDERS);
    records.iter().for_each(|record| encode_record(record, &mut journal));
    Recovered::read(&journal[..], TASK, ORDERS).expect("it is whole")
}

fn way() -> Way {
    Way { item: 0, names: vec![] }
}

fn stamp(inode: u64) -> FileStamp {
    FileStamp { device: 1, inode, size: 9000, mtime: UnixTime::from_seconds(2) }
}
