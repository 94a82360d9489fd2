//! Every parser that faces a peer, as a function over bytes.
//!
//! A target panics when it finds something wrong: a parser that panics does so by itself, and where
//! a value can be written again, writing and reading it must give the same.
//! A new target is a line of [`TARGETS`] and a folder of inputs, `fuzz/corpus/<name>`.
//!
//! `cargo xtask fuzz` looks for new inputs; `tests/tests/corpora.rs` replays the committed ones.

use std::{fmt, str::FromStr};

use outport_protocol::{
    codec,
    control::{AgentMessage, FrameDecoder, HubMessage},
    discovery::{DiscoveryAnswer, DiscoveryRequest},
    journal::{Outbox, Reader, Record, Recovered, encode_record, encode_start},
    orders::{TransferItem, TransferOrders},
    relay::{RelayAnswer, RelayHello, RelayProof, is_forwarded},
    session::{
        BufferId, Config, Frame, Hello, Limits, Now, Pieces, ProtocolVersion, Receiver, Sender,
    },
    setup_key::SetupKey,
    statement::{SignedStatement, Statement},
    ticket::{SignedTicket, Ticket},
};
use outport_types::{
    CanonicalName, CollectionPath, Digest, EndpointId, EndpointName, EndpointRef, Handle, Name,
    PublicKey, TaskId, TransferOptions, UnixTime, escape_bytes, unescape_str,
};
use serde::de::DeserializeOwned;

/// One parser.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&[u8]),
}

/// All of them.
pub(crate) const TARGETS: &[Target] = &[
    Target { name: "content_pieces", run: content_pieces },
    Target { name: "control_agent_message", run: control_stream::<AgentMessage> },
    Target { name: "control_hub_message", run: control_stream::<HubMessage> },
    Target { name: "discovery", run: discovery },
    Target { name: "file_name", run: file_name },
    Target { name: "journal", run: journal },
    Target { name: "journal_record", run: journal_record },
    Target { name: "relay", run: relay },
    Target { name: "session_frames", run: session_frames },
    Target { name: "session_hello", run: session_hello },
    Target { name: "setup_key", run: setup_key },
    Target { name: "statement", run: statement },
    Target { name: "ticket", run: ticket },
    Target { name: "words", run: words },
];

/// A stream of the control channel, arriving in two pieces.
fn control_stream<M: DeserializeOwned + fmt::Debug>(bytes: &[u8]) {
    let mut decoder = FrameDecoder::default();
    for piece in [&bytes[..bytes.len() / 2], &bytes[bytes.len() / 2..]] {
        decoder.push(piece);
        loop {
            match decoder.poll::<M>() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
}

fn discovery(bytes: &[u8]) {
    if let Some(request) = DiscoveryRequest::decode(bytes) {
        let again = DiscoveryRequest::decode(&request.encode()).map(|request| request.nonce);
        assert_eq!(again, Some(request.nonce));
    }
    if let Some(answer) = DiscoveryAnswer::decode(bytes) {
        let again = DiscoveryAnswer::decode(&answer.encode()).map(|answer| answer.observed);
        assert_eq!(again, Some(answer.observed));
    }
}

/// A packet is of one kind at most, and none of these is taken for one to be forwarded.
fn relay(bytes: &[u8]) {
    let hello = RelayHello::decode(bytes);
    let answer = RelayAnswer::decode(bytes);
    let proof = RelayProof::decode(bytes);
    let kinds = [hello.is_some(), answer.is_some(), proof.is_some(), is_forwarded(bytes)];
    assert!(kinds.into_iter().filter(|is| *is).count() <= 1);
    if let Some(hello) = hello {
        assert_eq!(RelayHello::decode(&hello.encode()), Some(hello));
    }
    if let Some(answer) = answer {
        let again = RelayAnswer::decode(&answer.encode()).map(|again| again.observed);
        assert_eq!(again, Some(answer.observed));
    }
    if let Some(proof) = proof {
        assert_eq!(RelayProof::decode(&proof.encode()), Some(proof));
    }
}

/// Names as bytes from a disk, and as text from a peer.
fn file_name(bytes: &[u8]) {
    assert_eq!(unescape_str(&escape_bytes(bytes)), bytes);
    if let Ok(name) = Name::from_bytes(bytes) {
        assert_eq!(unescape_str(&name.text()), bytes);
    }
}

/// The header of a data frame, for the body that it says and for another one.
fn content_pieces(bytes: &[u8]) {
    let Ok(header) = codec::decode::<Pieces>(bytes, BYTES_MAX) else { return };
    let Ok(body) = usize::try_from(header.body_bytes()) else { return };
    let Ok(read) = Pieces::decode(bytes, body) else { return };
    assert_eq!(Pieces::decode(&read.encode(), body).as_ref(), Ok(&read));
    assert!(Pieces::decode(bytes, body + 1).is_err(), "a body that is not filled");
    let mut receiver = Receiver::new(config(), Recovered::new(TASK, ORDERS));
    let _ = receiver.handle_pieces(BufferId(1), read, Now::ZERO);
    drain(&mut receiver);
}

/// A journal as it stands on a disk, whatever a crash left of it.
fn journal(bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    let mut records = Vec::new();
    while let Ok(Some(record)) = reader.next_record() {
        records.push(record);
    }
    let valid = usize::try_from(reader.valid_bytes()).expect("it is in memory");
    let mut again = Reader::new(&bytes[..valid]);
    for record in &records {
        assert_eq!(again.next_record().ok().flatten().as_ref(), Some(record));
    }
    if let Ok(recovered) = Recovered::read(bytes, TASK, ORDERS) {
        assert!(recovered.outline().valid_bytes() <= bytes.len() as u64);
        drain(&mut Receiver::new(config(), recovered));
    }
}

/// A record past its checksum, which no random input has.
fn journal_record(bytes: &[u8]) {
    let Ok(record) = codec::decode::<Record>(bytes, BYTES_MAX) else { return };
    let again = codec::decode::<Record>(&codec::encode(&record), BYTES_MAX);
    assert!(again.is_ok_and(|again| again == record));
    if matches!(record, Record::Header { .. }) || JOURNALLED_MAX < bytes.len() {
        return;
    }
    let mut journal = encode_start(TASK, ORDERS);
    encode_record(&record, &mut journal);
    let recovered = Recovered::read(&journal[..], TASK, ORDERS).expect("it is whole");
    assert_eq!(recovered.outline().reports(), u64::from(record.is_report()));
    let orders = config().orders;
    let reports = Outbox::new(Reader::new(&journal[..]), &orders).next_after(0);
    assert_eq!(reports.is_ok_and(|report| report.is_some()), record.is_report());
    drain(&mut Receiver::new(config(), recovered));
}

/// What a peer says after its hello, cut into frames as on the control stream, to either side.
fn session_frames(bytes: &[u8]) {
    let mut receiver = Receiver::new(config(), Recovered::new(TASK, ORDERS));
    let mut sender = Sender::new(config());
    let mut rest = bytes;
    while let Some((head, tail)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*head)).unwrap_or(usize::MAX);
        let frame = tail.get(..length).unwrap_or(tail);
        rest = &tail[frame.len()..];
        let Ok(frame) = Frame::decode(frame) else { return };
        let again = codec::decode::<Frame>(&frame.encode(), BYTES_MAX);
        assert!(again.is_ok_and(|again| again == frame));
        let _ = receiver.handle_frame(frame.clone(), Now::ZERO);
        let _ = sender.handle_frame(frame, Now::ZERO);
        drain(&mut receiver);
        while sender.poll_effect().is_some() || sender.poll_frame().is_some() {}
    }
}

/// The first frame, and what two sides make of it.
fn session_hello(bytes: &[u8]) {
    let Ok(theirs) = Hello::decode(bytes) else { return };
    assert_eq!(theirs.encode(), bytes);
    let own = Hello { ticket: theirs.ticket, ..Hello::new(b"ticket") };
    if let Ok(version) = own.agree(&theirs) {
        let number = version.number();
        assert!((theirs.oldest..=theirs.newest).contains(&number));
        assert!((own.oldest..=own.newest).contains(&number));
        assert_eq!(ProtocolVersion::from_number(number), Some(version));
    }
    let other = Hello { ticket: theirs.ticket.map(|byte| !byte), ..own };
    assert!(other.agree(&theirs).is_err(), "another ticket");
}

/// Takes whatever a receiver has to say and to do.
fn drain(receiver: &mut Receiver) {
    while receiver.poll_effect().is_some() || receiver.poll_frame().is_some() {}
    let _ = receiver.poll_timeout();
}

/// A session of two items, one found out to be a file or a directory, one a directory.
fn config() -> Config {
    let path = |text: &str| text.parse::<CollectionPath>().expect("a path");
    let item = |source, destination, recursive| TransferItem {
        source: path(source),
        destination: path(destination),
        recursive,
        checksum: None,
    };
    let orders = TransferOrders {
        source: EndpointId::from_bytes([1; 16]),
        source_name: "smith#WorkPC".into(),
        destination: EndpointId::from_bytes([2; 16]),
        destination_name: "smith#Cluster".into(),
        items: vec![item("/src/a", "/dst/a", None), item("/src/b", "/dst/b", Some(true))],
        options: TransferOptions { preserve_times: true, ..TransferOptions::default() },
    };
    let started = UnixTime::from_seconds(1_700_000_000);
    Config { task: TASK, orders: orders.into(), limits: Limits::V1, started }
}

fn setup_key(bytes: &[u8]) {
    reads_back::<SetupKey>(bytes);
    // Past the checksum, which no random input has.
    if let Ok(key) = codec::decode::<SetupKey>(bytes, BYTES_MAX) {
        assert!(key.to_string().parse::<SetupKey>().is_ok_and(|again| again == key));
    }
}

fn statement(bytes: &[u8]) {
    let _ = codec::decode::<Statement>(bytes, BYTES_MAX);
    if let Ok(signed) = SignedStatement::from_bytes(bytes) {
        assert!(SignedStatement::from_bytes(&signed.to_bytes()).is_ok_and(|again| again == signed));
    }
}

fn ticket(bytes: &[u8]) {
    let _ = codec::decode::<SignedTicket>(bytes, BYTES_MAX);
    if let Ok(ticket) = codec::decode::<Ticket>(bytes, BYTES_MAX) {
        assert!(
            codec::decode(&codec::encode(&ticket), BYTES_MAX)
                .is_ok_and(|again: Ticket| again == ticket)
        );
    }
}

/// The words that people and peers type.
fn words(bytes: &[u8]) {
    reads_back::<CanonicalName>(bytes);
    reads_back::<CollectionPath>(bytes);
    reads_back::<Digest>(bytes);
    reads_back::<EndpointName>(bytes);
    reads_back::<EndpointRef>(bytes);
    reads_back::<Handle>(bytes);
    reads_back::<PublicKey>(bytes);
    reads_back::<TaskId>(bytes);
    // Documents show whole seconds, so only what is shown reads back.
    if let Some(time) =
        std::str::from_utf8(bytes).ok().and_then(|text| text.parse::<UnixTime>().ok())
    {
        reads_back::<UnixTime>(time.to_string().as_bytes());
    }
}

/// Whether what a text was understood as is written so that it is understood the same.
fn reads_back<T: FromStr + fmt::Display + PartialEq>(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(value) = text.parse::<T>() {
        assert!(value.to_string().parse::<T>().is_ok_and(|again| again == value), "{value}");
    }
}

/// The task and the digest of the orders of every journal here.
const TASK: TaskId = TaskId::from_bytes([1; 16]);
const ORDERS: [u8; 32] = [2; 32];
/// Escapes may make a record three times as long when it is written again.
const JOURNALLED_MAX: usize = 64 * 1024;
/// More than any of the messages may have.
const BYTES_MAX: usize = 1 << 20;
