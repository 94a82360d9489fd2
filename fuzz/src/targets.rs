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
    setup_key::SetupKey,
    statement::{SignedStatement, Statement},
    ticket::{SignedTicket, Ticket},
};
use outport_types::{
    CanonicalName, CollectionPath, Digest, EndpointName, Handle, Name, PublicKey, TaskId, UnixTime,
    escape_bytes, unescape_str,
};
use serde::de::DeserializeOwned;

/// One parser.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&[u8]),
}

/// All of them.
pub(crate) const TARGETS: &[Target] = &[
    Target { name: "control_agent_message", run: control_stream::<AgentMessage> },
    Target { name: "control_hub_message", run: control_stream::<HubMessage> },
    Target { name: "discovery", run: discovery },
    Target { name: "file_name", run: file_name },
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

/// Names as bytes from a disk, and as text from a peer.
fn file_name(bytes: &[u8]) {
    assert_eq!(unescape_str(&escape_bytes(bytes)), bytes);
    if let Ok(name) = Name::from_bytes(bytes) {
        assert_eq!(unescape_str(&name.text()), bytes);
    }
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

/// More than any of the messages may have.
const BYTES_MAX: usize = 1 << 20;
