//! A peer that lies: takes honest frames and makes something else of them.

use outport_protocol::{
    blocks::{HeldNode, NodeId},
    session::{
        Ask, Attribute, Attributes, DirMeta, Entry, Fault, FileEnd, Frame, HowEnded, ItemRoot,
        LinkRole, LinkTarget, Meta, Piece, Pieces, Span, Totals, VersionToken, Want,
    },
};
use outport_types::{Code, Digest, Name, UnixTime};

/// Makes something else of a control frame: other bits, another value, another frame, twice, or never.
pub fn distort(rng: &mut fastrand::Rng, bytes: &[u8], earlier: &[Vec<u8>]) -> Vec<Vec<u8>> {
    match rng.u8(..8) {
        0 => vec![],
        1 => vec![bytes.to_vec(), bytes.to_vec()],
        2 => vec![rng.choice(earlier).cloned().unwrap_or_default(), bytes.to_vec()],
        3..=4 => {
            let mut bytes = bytes.to_vec();
            for _ in 0..rng.usize(1..4) {
                let at = rng.usize(..bytes.len().max(1));
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = rng.u8(..);
                }
            }
            vec![bytes]
        }
        5 => vec![invented(rng).encode(), bytes.to_vec()],
        _ => match Frame::decode(bytes) {
            Ok(frame) => vec![changed(rng, frame).encode()],
            Err(_) => vec![bytes.to_vec()],
        },
    }
}

/// Makes something else of a data frame.
pub fn distort_data(
    rng: &mut fastrand::Rng,
    mut header: Pieces,
    mut body: Vec<u8>,
) -> (Vec<u8>, Vec<u8>) {
    match rng.u8(..6) {
        0 => {
            let mut bytes = header.encode();
            let at = rng.usize(..bytes.len());
            bytes[at] = rng.u8(..);
            return (bytes, body);
        }
        1 => body.truncate(rng.usize(..=body.len())),
        2 => damage(rng, &mut body),
        3 => header.pieces.extend(header.pieces.clone()),
        _ => {
            let at = rng.usize(..header.pieces.len());
            let piece = &mut header.pieces[at];
            match rng.u8(..6) {
                0 => piece.file = some_number(rng),
                1 => piece.attempt = rng.u16(..4),
                2 => piece.block = some_number(rng) as u32,
                3 => piece.bytes = some_number(rng) as u32,
                4 => piece.hash[0] ^= 1,
                _ => piece.complete = !piece.complete,
            }
        }
    }
    (header.encode(), body)
}

/// Turns a bit of a body.
pub fn damage(rng: &mut fastrand::Rng, body: &mut [u8]) {
    if !body.is_empty() {
        let at = rng.usize(..body.len());
        body[at] ^= 1 << rng.u8(..8);
    }
}

fn changed(rng: &mut fastrand::Rng, frame: Frame) -> Frame {
    match frame {
        Frame::Manifest(mut entries) => {
            let at = rng.usize(..=entries.len());
            match rng.u8(..3) {
                0 => entries.insert(at, entry(rng)),
                1 if at < entries.len() => drop(entries.remove(at)),
                _ => entries.reverse(),
            }
            Frame::Manifest(entries)
        }
        Frame::Release(mut spans) => {
            let span = Span { first: some_number(rng), count: some_number(rng) as u32 };
            spans.push(span);
            Frame::Release(spans)
        }
        Frame::Want(mut wants) => {
            if let Some(want) = wants.first_mut() {
                match rng.u8(..4) {
                    0 => want.file = some_number(rng),
                    1 => want.attempt = rng.u16(..),
                    2 => want.ask = Ask::Content { held: vec![node(rng), node(rng)] },
                    _ => want.token = VersionToken([3; 16]),
                }
            }
            Frame::Want(wants)
        }
        Frame::Credit { total } => Frame::Credit { total: total ^ some_number(rng) },
        Frame::Matched { file, attempt, mut nodes } => {
            nodes.push(node(rng).id);
            Frame::Matched { file, attempt, nodes }
        }
        Frame::Holes { file, attempt, mut nodes } => {
            match rng.u8(..4) {
                0 => nodes.extend(nodes.clone()),
                1 => nodes.iter_mut().for_each(|node| node.id.level += 1),
                2 => nodes.iter_mut().for_each(|node| node.cv[0] ^= 1),
                _ => nodes.push(node(rng)),
            }
            Frame::Holes { file, attempt, nodes }
        }
        Frame::Ends(mut ends) => {
            if let Some(end) = ends.first_mut() {
                *end = file_end(rng, end.file, end.attempt);
            }
            Frame::Ends(ends)
        }
        Frame::Finished { succeeded } => Frame::Finished { succeeded: !succeeded },
        Frame::Bye | Frame::Pace(_) | Frame::GiveWay => invented(rng),
    }
}

fn invented(rng: &mut fastrand::Rng) -> Frame {
    match rng.u8(..10) {
        0 => Frame::Manifest(vec![entry(rng)]),
        1 => Frame::Release(vec![Span { first: some_number(rng), count: 1 }]),
        2 => {
            let ask = if rng.bool() { Ask::Digest } else { Ask::Content { held: vec![] } };
            let token = VersionToken([rng.u8(..); 16]);
            Frame::Want(vec![Want { file: some_number(rng), attempt: rng.u16(..4), token, ask }])
        }
        3 => Frame::Credit { total: some_number(rng) },
        4 => Frame::Matched {
            file: some_number(rng),
            attempt: rng.u16(..4),
            nodes: vec![node(rng).id],
        },
        5 => {
            let file = some_number(rng);
            Frame::Ends(vec![file_end(rng, file, 1)])
        }
        6 => Frame::Finished { succeeded: rng.bool() },
        7 => Frame::Pace(rng.bool().then(|| some_number(rng))),
        8 => Frame::GiveWay,
        _ => Frame::Bye,
    }
}

fn entry(rng: &mut fastrand::Rng) -> Entry {
    let names: [&[u8]; 5] = [b"a", b"zz", b".outport-part-0123", b".OUTPORT-PART-x", b"\xff\xfe"];
    let name = Name::from_bytes(*rng.choice(&names).expect("not empty")).expect("a name");
    let meta = Meta {
        size: some_number(rng),
        mtime: UnixTime::from_seconds(5),
        mode: 0,
        token: VersionToken([rng.u8(..); 16]),
        sparse: false,
    };
    match rng.u8(..9) {
        0 => Entry::Item(ItemRoot::Dir(DirMeta::default())),
        1 => Entry::Item(ItemRoot::File(meta)),
        2 => Entry::Open { dir: some_number(rng) },
        3 if meta.token.0[0].is_multiple_of(4) => {
            let first = meta.token.0[0].into();
            Entry::HardLink { name, meta, role: LinkRole::Further { first, last: true } }
        }
        3 => Entry::File { name, meta },
        4 => Entry::Dir { name, meta: DirMeta::default() },
        5 => Entry::Unreadable { name, fault: Fault::never(Code::Disk, "x".repeat(300)) },
        6 => Entry::Close { incomplete: None, part: rng.bool() },
        7 => Entry::Link { name, target: LinkTarget::new(*b"/etc").expect("it is one") },
        _ => Entry::End(Totals::default()),
    }
}

fn file_end(rng: &mut fastrand::Rng, file: u64, attempt: u16) -> FileEnd {
    let how = match rng.u8(..3) {
        0 => {
            let tag = Attribute { name: b"lie".to_vec(), value: vec![1] };
            let attributes = Attributes::new(rng.bool().then_some(tag));
            HowEnded::Complete { digest: Digest([rng.u8(..); 32]), attributes }
        }
        1 => HowEnded::Changed {
            meta: Meta {
                size: some_number(rng),
                mtime: UnixTime::from_seconds(6),
                mode: 0,
                token: VersionToken([rng.u8(..); 16]),
                sparse: false,
            },
        },
        _ => HowEnded::Failed(Fault::backoff(Code::Disk, "a lie")),
    };
    FileEnd { file, attempt, how }
}

fn node(rng: &mut fastrand::Rng) -> HeldNode {
    let id = NodeId { first: some_number(rng) as u32, level: rng.u8(..40) };
    HeldNode { id, cv: [rng.u8(..); 32] }
}

fn some_number(rng: &mut fastrand::Rng) -> u64 {
    match rng.u8(..4) {
        0 => rng.u64(..4),
        1 => rng.u64(..64),
        2 => rng.u64(..1 << 20),
        _ => rng.u64(..),
    }
}

/// A piece that nobody asked for.
pub fn unasked(rng: &mut fastrand::Rng) -> (Vec<u8>, Vec<u8>) {
    let body = vec![7; rng.usize(..2000)];
    let piece = Piece {
        file: some_number(rng),
        attempt: rng.u16(..3),
        block: rng.u32(..3),
        bytes: body.len() as u32,
        hash: *blake3::hash(&body).as_bytes(),
        complete: rng.bool(),
    };
    (Pieces { pieces: vec![piece] }.encode(), body)
}
