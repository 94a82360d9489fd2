//! Single turns of the sender. What whole sessions do is shown in `outport-sim`.

use std::sync::Arc;

use outport_types::{EndpointId, TaskId, TransferOptions, UnixTime};

use super::*;
use crate::{
    blocks::{HeldNode, NodeId},
    orders::{TransferItem, TransferOrders},
    session::{Ask, FileEnd, HowEnded, Limits, VersionToken, Want},
};

#[test]
fn a_receiver_that_breaks_a_rule_ends_the_session() {
    let held = |first, level| HeldNode { id: NodeId { first, level }, cv: [0; 32] };
    let content = |held| Ask::Content { held };
    let broken = [
        (Frame::Release(vec![Span { first: 0, count: 9 }]), Violation::File),
        (Frame::Release(vec![Span { first: u64::MAX, count: 1 }]), Violation::File),
        (Frame::Want(vec![want(7, 1, Ask::Digest)]), Violation::File),
        (Frame::Want(vec![want(0, 0, Ask::Digest)]), Violation::Attempt),
        (Frame::Want(vec![want(0, 2, Ask::Digest)]), Violation::Attempt),
        (Frame::Want(vec![want(0, 1, content(vec![held(3, 0)]))]), Violation::Blocks),
        (Frame::Want(vec![want(0, 1, content(vec![held(1, 1)]))]), Violation::Blocks),
        (Frame::Want(vec![want(0, 1, content(vec![held(1, 0), held(0, 0)]))]), Violation::Blocks),
        (Frame::Want(vec![want(0, 1, content(vec![held(0, 1), held(1, 0)]))]), Violation::Blocks),
        (Frame::Credit { total: 1 }, Violation::Shrinks),
        (Frame::Manifest(vec![]), Violation::Unexpected),
        (Frame::Bye, Violation::Unexpected),
    ];
    for (frame, violation) in broken {
        let mut sender = begun();
        assert_eq!(sender.handle_frame(frame.clone(), Now::ZERO), Err(violation), "{frame:?}");
        assert!(sender.poll_frame().is_none() && sender.poll_effect().is_none());
    }
}

#[test]
fn a_want_of_another_version_is_answered_with_what_the_file_is_now() {
    let mut sender = begun();
    let other = Want { token: VersionToken([2; 16]), ..want(0, 1, Ask::Content { held: vec![] }) };
    sender.handle_frame(Frame::Want(vec![other]), Now::ZERO).unwrap();
    let how = HowEnded::Changed { meta: meta() };
    let ends = Frame::Ends(vec![FileEnd { file: 0, attempt: 1, how }]);
    assert_eq!(sender.poll_frame(), Some(ends));
    assert!(sender.poll_effect().is_none(), "nothing is read");
}

#[test]
fn the_end_is_answered_and_nothing_is_read_any_more() {
    let mut sender = begun();
    let want = want(0, 1, Ask::Content { held: vec![] });
    sender.handle_frame(Frame::Want(vec![want]), Now::ZERO).unwrap();
    sender.handle_frame(Frame::Finished { succeeded: true }, Now::ZERO).unwrap();
    assert_eq!(sender.finished(), Some(true));
    assert_eq!(sender.poll_frame(), Some(Frame::Bye));
    assert!(sender.poll_effect().is_none());
}

/// A sender that has said that its one item is a file of three blocks.
fn begun() -> Sender {
    let orders = TransferOrders {
        source: EndpointId::from_bytes([1; 16]),
        source_name: "smith#WorkPC".into(),
        destination: EndpointId::from_bytes([2; 16]),
        destination_name: "smith#Cluster".into(),
        items: vec![TransferItem {
            source: "/src/a".parse().expect("a path"),
            destination: "/dst/a".parse().expect("a path"),
            recursive: None,
            checksum: None,
        }],
        options: TransferOptions { preserve_times: true, ..TransferOptions::default() },
    };
    let mut sender = Sender::new(Config {
        task: TaskId::from_bytes([7; 16]),
        orders: Arc::new(orders),
        limits: Limits { block_bytes: 1024, ..Limits::V1 },
        started: UnixTime::from_seconds(1_700_000_000),
    });
    let Some(SenderEffect::Root { id, .. }) = sender.poll_effect() else { panic!("no root") };
    sender.handle_event(SenderEvent::Root { id, found: Ok(Found::File(meta())) }, Now::ZERO);
    let item = Entry::Item(ItemRoot::File(meta()));
    assert!(matches!(sender.poll_frame(), Some(Frame::Manifest(entries)) if entries[0] == item));
    sender
}

fn want(file: u64, attempt: u16, ask: Ask) -> Want {
    Want { file, attempt, token: meta().token, ask }
}

fn meta() -> Meta {
    let mtime = UnixTime::from_seconds(1);
    Meta { size: 3000, mtime, mode: 0o644, token: VersionToken([1; 16]), sparse: false }
}
