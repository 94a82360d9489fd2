//! Frames between two agents.

use outport_protocol::{
    blocks::{HeldNode, NodeId},
    session::{
        Ask, Attribute, Attributes, DirMeta, Entry, Fault, FileEnd, Frame, HowEnded, ItemRoot,
        LeftKind, LinkRole, LinkTarget, Meta, Piece, Pieces, Span, Totals, VersionToken, Want,
    },
};
use outport_types::{Code, Digest};

use crate::{complete, hex, name, pinned, time};

#[test]
fn every_frame_of_a_session_keeps_its_bytes() {
    let mut forms = Vec::new();
    for frame in frames() {
        let bytes = frame.encode();
        assert_eq!(Frame::decode(&bytes), Ok(frame.clone()));
        forms.push((kind(&frame), hex(&bytes)));
    }
    complete(forms.iter().map(|(kind, _)| *kind), 11);
    let header = Pieces { pieces: vec![piece(0, true), piece(1, false)] };
    assert_eq!(Pieces::decode(&header.encode(), 2000), Ok(header.clone()));
    forms.push(("data header", hex(&header.encode())));
    pinned("session", &forms);
}

fn frames() -> Vec<Frame> {
    let fault = Fault::never(Code::OsPermission, "why");
    let entries = vec![
        Entry::Item(ItemRoot::File(meta())),
        Entry::Item(ItemRoot::Dir(dir_meta())),
        Entry::Item(ItemRoot::Unreadable(fault.clone())),
        Entry::Open { dir: 1 },
        Entry::File { name: name(b"a\xff"), meta: meta() },
        Entry::Dir { name: name("é".as_bytes()), meta: dir_meta() },
        Entry::Link { name: name(b"k"), target: link(b"../a\xff") },
        Entry::Left { name: name(b"l"), kind: LeftKind::Link },
        Entry::Left { name: name(b"p"), kind: LeftKind::Pipe },
        Entry::Left { name: name(b"s"), kind: LeftKind::Socket },
        Entry::Left { name: name(b"v"), kind: LeftKind::Device },
        Entry::Left { name: name(b"x"), kind: LeftKind::Other },
        Entry::Left { name: name(b"xl"), kind: LeftKind::Loop },
        Entry::Left { name: name(b"xn"), kind: LeftKind::Nowhere },
        Entry::Left { name: name(b"xo"), kind: LeftKind::Hidden },
        Entry::Left { name: name(b"xz"), kind: LeftKind::LocalOnly },
        Entry::Unreadable { name: name(b"z"), fault: Fault::backoff(Code::Disk, "") },
        Entry::Close { incomplete: None, part: true },
        Entry::Close { incomplete: Some(fault.clone()), part: false },
        Entry::HardLink { name: name(b"h"), meta: meta(), role: LinkRole::First },
        Entry::HardLink { name: name(b"hf"), meta: meta(), role: further(300, false) },
        Entry::HardLink { name: name(b"hl"), meta: meta(), role: further(300, true) },
        Entry::HardLink { name: name(b"ho"), meta: meta(), role: LinkRole::Apart },
        Entry::End(Totals { files: 2, bytes: 6000, directories: 2 }),
    ];
    let node = |first, level| NodeId { first, level };
    let held =
        vec![HeldNode { id: node(0, 2), cv: [8; 32] }, HeldNode { id: node(4, 0), cv: [9; 32] }];
    let hole = HeldNode { id: node(1024, 10), cv: [7; 32] };
    let attribute =
        |name: &[u8], value: &[u8]| Attribute { name: name.into(), value: value.into() };
    let attributes = [attribute(b"tag", b"red"), attribute(b"a\xff", b"")];
    let attributes = Attributes::new(attributes).leaving(2);
    let want = |ask| Want { file: 4, attempt: 300, token: VersionToken([5; 16]), ask };
    let end = |how| FileEnd { file: 4, attempt: 300, how };
    vec![
        Frame::Manifest(entries),
        Frame::Release(vec![Span { first: 0, count: 4 }, Span { first: 1 << 40, count: 1 }]),
        Frame::Want(vec![want(Ask::Content { held }), want(Ask::Digest)]),
        Frame::Credit { total: 58_720_257 },
        Frame::Matched { file: 4, attempt: 300, nodes: vec![node(0, 2)] },
        Frame::Ends(vec![
            end(HowEnded::Complete { digest: Digest([6; 32]), attributes: Attributes::default() }),
            end(HowEnded::Complete { digest: Digest([6; 32]), attributes }),
            end(HowEnded::Changed { meta: meta() }),
            end(HowEnded::Failed(fault)),
        ]),
        Frame::Finished { succeeded: false },
        Frame::Finished { succeeded: true },
        Frame::Bye,
        Frame::Pace(None),
        Frame::Pace(Some(20_000)),
        Frame::Holes { file: 4, attempt: 300, nodes: vec![hole] },
        Frame::GiveWay,
    ]
}

fn kind(frame: &Frame) -> &'static str {
    match frame {
        Frame::Manifest(_) => "manifest",
        Frame::Release(_) => "release",
        Frame::Want(_) => "want",
        Frame::Credit { .. } => "credit",
        Frame::Matched { .. } => "matched",
        Frame::Ends(_) => "ends",
        Frame::Finished { .. } => "finished",
        Frame::Bye => "bye",
        Frame::Pace(_) => "pace",
        Frame::Holes { .. } => "holes",
        Frame::GiveWay => "give way",
    }
}

fn meta() -> Meta {
    Meta { size: 3000, mtime: time(-1), mode: 0o644, token: VersionToken([5; 16]), sparse: true }
}

fn link(text: &[u8]) -> LinkTarget {
    LinkTarget::new(text).expect("a link can say it")
}

fn further(first: u64, last: bool) -> LinkRole {
    LinkRole::Further { first, last }
}

fn dir_meta() -> DirMeta {
    DirMeta { mtime: time(7), mode: 0o755 }
}

fn piece(block: u32, complete: bool) -> Piece {
    Piece { file: 4, attempt: 300, block, bytes: 1000, hash: [7; 32], complete }
}
