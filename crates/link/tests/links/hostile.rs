//! Whoever comes with bad keys, bad words or bad intent is turned away, and the agent goes on.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{net::SocketAddr, time::Duration};

use outport_link::{CloseCode, DialFailure, EstablishError, Link, LinkEnd};
use outport_protocol::tls::{self, ALPN_CONTROL, ALPN_LINK, SERVER_NAME};
use outport_types::SessionId;
use quinn::{ConnectionError, RecvStream, SendStream, VarInt, crypto::rustls::QuicClientConfig};
use tokio::{net::UdpSocket, time::timeout};

use crate::rig::{self, LIMIT, Pair};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_is_refused_in_the_handshake() {
    let pair = Pair::new();
    let refused = match Raw::dial(&pair, 9, ALPN_LINK).await {
        // A dialler takes the handshake for done before the acceptor has looked at its key.
        Ok(stranger) => stranger.connection.closed().await,
        Err(refused) => refused,
    };
    assert!(refused.to_string().contains("49"), "access denied: {refused}");
    still_works(&pair).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_answers_with_another_key_is_not_talked_to() {
    let pair = Pair::new();
    let impostor = rig::endpoint(9);
    let _expected = impostor.expect(SessionId::random(), pair.left.endpoint.public_key()).unwrap();
    let address = impostor.local_address().unwrap();
    pair.left.expectation.add_candidates(&[rig::candidate(address)]);
    let error = pair.left.expectation.establish(Duration::from_secs(1)).await.unwrap_err();
    let EstablishError::NoRoute { tried, .. } = error else { panic!("{error}") };
    assert_eq!(tried.0[0].failure, DialFailure::WrongKey);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_application_protocol_is_refused() {
    let pair = Pair::new();
    let error = Raw::dial(&pair, 1, ALPN_CONTROL).await.unwrap_err();
    assert!(error.to_string().contains("120"), "no application protocol: {error}");
    still_works(&pair).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_not_expected_is_refused_though_the_key_is_known() {
    let pair = Pair::new();
    let raw = Raw::dial(&pair, 1, ALPN_LINK).await.unwrap();
    let _streams = raw.name(SessionId::random(), 8).await;
    assert_closed(&raw.connection.closed().await, CloseCode::NotExpected);
    still_works(&pair).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_names_no_session_is_closed_in_time() {
    let pair = Pair::new();
    let silent = Raw::dial(&pair, 1, ALPN_LINK).await.unwrap();
    let dawdling = Raw::dial(&pair, 1, ALPN_LINK).await.unwrap();
    let (mut out, _back) = dawdling.connection.open_bi().await.unwrap();
    out.write_all(b"OPLh\x05").await.unwrap();
    let closed = timeout(Duration::from_secs(9), async {
        tokio::join!(silent.connection.closed(), dawdling.connection.closed())
    });
    let (one, other) = closed.await.unwrap();
    assert_closed(&one, CloseCode::NotExpected);
    assert_closed(&other, CloseCode::NotExpected);
    still_works(&pair).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn first_bytes_that_are_no_hello_are_a_violation() {
    let pair = Pair::new();
    for first in [[0; 32], [0xff; 32], *b"OPLh\x03\x08aaaaaaaaaaaaaaaabbbbbbbbcd"] {
        let raw = Raw::dial(&pair, 1, ALPN_LINK).await.unwrap();
        let (mut out, _back) = raw.connection.open_bi().await.unwrap();
        out.write_all(&first).await.unwrap();
        assert_closed(&raw.connection.closed().await, CloseCode::Violation);
    }
    still_works(&pair).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_announced_too_long_ends_the_link() {
    for on_control in [true, false] {
        let pair = Pair::new();
        let (raw, mut streams, mut link) = linked(&pair).await;
        let stream = &mut streams[usize::from(!on_control)].0;
        stream.write_all(&[0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 0]).await.unwrap();
        let end = link.handle.closed().await;
        assert!(matches!(end, LinkEnd::Violation { .. }), "{end}");
        assert!(link.control_in.recv().await.is_err());
        assert_closed(&raw.connection.closed().await, CloseCode::Violation);
        still_works(&pair.another_session()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_what_nobody_may_on_the_change_to_tcp_gets_no_link() {
    // No word at all; that streams stand which nobody dialled; what is said through a relay only; an
    // invitation where none was asked for and nobody listens.
    for word in [[9; 3], [2, 0, 0], [3, 0, 2], [1, 0, 9]] {
        let pair = Pair::with_tcp(true, true);
        let raw = Raw::dial(&pair, 1, ALPN_LINK).await.unwrap();
        let session = pair.right.expectation.session();
        let (_streams, link) = tokio::join!(
            raw.offer(session, 8, ATTEMPT, [0, 0], &word),
            pair.right.expectation.establish(LIMIT)
        );
        let link = link.unwrap();
        if word == [1, 0, 9] {
            assert_eq!(link.handle.route(), outport_types::Route::Lan);
        } else {
            let end = link.handle.closed().await;
            assert!(matches!(end, LinkEnd::Local { .. }), "{end}");
        }
        drop(link);
        still_works(&pair.another_session()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_answers_that_data_stay_with_quic_talks_out_of_turn() {
    let pair = Pair::new();
    let raw = Raw::dial(&pair, 1, ALPN_LINK).await.unwrap();
    let session = pair.right.expectation.session();
    // Where the acceptor offers no TCP, the first frame comes next: this is none.
    let (_streams, link) = tokio::join!(
        raw.offer(session, 8, ATTEMPT, [0, 0], &[1, 0, 0, 0]),
        pair.right.expectation.establish(LIMIT)
    );
    let end = link.unwrap().handle.closed().await;
    assert!(matches!(end, LinkEnd::Violation { .. }), "{end}");
    still_works(&pair.another_session()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_moves_only_to_its_next_leg_and_only_by_the_rules() {
    let pair = Pair::new();
    let (_raw, _streams, link) = linked(&pair).await;
    let session = pair.right.expectation.session();
    for (attempt, leg) in [(ATTEMPT, 0), (ATTEMPT, 2), (ATTEMPT, 255), ([8; 8], 1)] {
        let raw = Raw::dial(&pair, 1, ALPN_LINK).await.unwrap();
        let _streams = raw.offer(session, 8, attempt, [leg, 0], &[]).await;
        assert_closed(&raw.connection.closed().await, CloseCode::Superseded);
        assert_eq!(link.handle.end(), None);
    }
    // Who leads wants a better way than this one.
    let raw = Raw::dial(&pair, 1, ALPN_LINK).await.unwrap();
    let _streams = raw.offer(session, 8, ATTEMPT, [1, 0], &[]).await;
    tokio::select! {
        error = raw.connection.closed() => assert_closed(&error, CloseCode::Superseded),
        route = pair.right.expectation.better() => panic!("it moved to {route}"),
    }
    assert_eq!(link.handle.end(), None);

    // Who follows is told that it is heard, or else.
    let pair = Pair::swapped();
    let (_raw, _streams, link) = linked_as(2, &pair).await;
    let session = pair.right.expectation.session();
    let raw = Raw::dial(&pair, 2, ALPN_LINK).await.unwrap();
    let _streams = raw.offer(session, 8, ATTEMPT, [1, 0], &[2, 0, 0]).await;
    let end = tokio::select! {
        end = link.handle.closed() => end,
        route = pair.right.expectation.better() => panic!("it moved to {route}"),
    };
    assert!(matches!(end, LinkEnd::Lost { .. }), "{end}");
    still_works(&pair.another_session()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_takes_in_strands_of_its_own_leg_and_only_so_many() {
    let pair = Pair::new();
    let (_raw, mut streams, mut link) = linked(&pair).await;
    let session = pair.right.expectation.session();
    for (attempt, leg) in [(ATTEMPT, 1), (ATTEMPT, 255), ([8; 8], 0)] {
        let raw = Raw::dial(&pair, 1, ALPN_LINK).await.unwrap();
        let _streams = raw.offer(session, 4, attempt, [leg, 1], &[]).await;
        assert_closed(&raw.connection.closed().await, CloseCode::Superseded);
    }
    // What holds is taken in when both have said that they hear, and what comes there is data.
    let mut strands = Vec::new();
    for strand in 1..=3 {
        let raw = Raw::dial(&pair, 1, ALPN_LINK).await.unwrap();
        let mut strand = raw.offer(session, 4, ATTEMPT, [0, strand], HEARD).await;
        let mut answer = [0; 13 + 3];
        strand[0].1.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer[13..], *HEARD);
        strand[2].0.write_all(&[0, 0, 0, 1, 0, 0, 0, 1, b'h', b'b']).await.unwrap();
        let frame = link.data_in.recv().await.unwrap().unwrap();
        assert_eq!((&frame.header[..], &frame.body[..]), (&b"h"[..], &b"b"[..]));
        strands.push((raw, strand));
    }
    assert_eq!(link.handle.stats().connections, 4);
    let raw = Raw::dial(&pair, 1, ALPN_LINK).await.unwrap();
    let _streams = raw.offer(session, 4, ATTEMPT, [0, 4], HEARD).await;
    assert_closed(&raw.connection.closed().await, CloseCode::Superseded);
    assert_eq!(link.handle.end(), None);

    // What is finished is so when all of it is, and not before.
    for (out, _) in &mut streams[1..] {
        out.finish().unwrap();
    }
    let (_, strand) = &mut strands[0];
    strand[1].0.write_all(&[0, 0, 0, 1, 0, 0, 0, 0, b'z']).await.unwrap();
    assert_eq!(link.data_in.recv().await.unwrap().unwrap().header, "z");
    for (out, _) in strands.iter_mut().flat_map(|(_, strand)| &mut strand[1..]) {
        out.finish().unwrap();
    }
    assert_eq!(link.data_in.recv().await, Ok(None));

    // One that breaks the rules is a link that does.
    let (_, strand) = &mut strands[1];
    strand[0].0.reset(VarInt::from_u32(1)).unwrap();
    strands[2].0.connection.close(VarInt::from(CloseCode::Violation), b"");
    let end = link.handle.closed().await;
    assert!(matches!(end, LinkEnd::Peer { code: CloseCode::Violation, .. }), "{end}");
    still_works(&pair.another_session()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_dials_a_strand_and_does_not_say_that_it_hears_loses_the_link() {
    for words in [&[2, 0, 0][..], &[]] {
        let pair = Pair::new();
        let (_raw, _streams, link) = linked(&pair).await;
        let raw = Raw::dial(&pair, 1, ALPN_LINK).await.unwrap();
        let session = pair.right.expectation.session();
        let _streams = raw.offer(session, 4, ATTEMPT, [0, 1], words).await;
        let end = timeout(LIMIT, link.handle.closed()).await.unwrap();
        assert!(matches!(end, LinkEnd::Lost { .. }), "{end}");
        still_works(&pair.another_session()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_goes_on_after_it_said_that_it_does_not_ends_the_link() {
    for on_control in [true, false] {
        let pair = Pair::new();
        let (_raw, mut streams, link) = linked(&pair).await;
        let stream = &mut streams[usize::from(!on_control)].0;
        let leaves = if on_control { 4 } else { 8 };
        stream.write_all(&[vec![0xff; leaves], vec![0]].concat()).await.unwrap();
        let end = link.handle.closed().await;
        assert!(matches!(end, LinkEnd::Violation { .. }), "{end}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_broken_off_ends_the_link() {
    for break_off in [
        |stream: &mut SendStream| stream.reset(VarInt::from_u32(1)).unwrap(),
        // The end of a stream inside a frame.
        |stream: &mut SendStream| stream.finish().unwrap(),
    ] {
        let pair = Pair::new();
        let (_raw, mut streams, link) = linked(&pair).await;
        let stream = &mut streams[3].0;
        stream.write_all(&[0, 0, 0, 9, 0, 0, 0, 9, 1, 2, 3]).await.unwrap();
        break_off(stream);
        let end = link.handle.closed().await;
        assert!(matches!(end, LinkEnd::Violation { .. }), "{end}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_packets_change_nothing() {
    let pair = Pair::new();
    let target = pair.right.endpoint.local_address().unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut rng = fastrand::Rng::with_seed(5);
    for length in (0..1500).step_by(7) {
        let mut packet = vec![0; length];
        rng.fill(&mut packet);
        socket.send_to(&packet, target).await.unwrap();
        // What looks like the start of a QUIC connection, and like a packet of ours.
        if let [first, rest @ ..] = packet.as_mut_slice() {
            *first = 0xc3;
            if let Some(version) = rest.get_mut(..4) {
                version.copy_from_slice(&[0, 0, 0, 1]);
            }
        }
        socket.send_to(&packet, target).await.unwrap();
        packet.truncate(48);
        if let Some(magic) = packet.get_mut(..8) {
            magic.copy_from_slice(b"\x0eOPrtDA1");
        }
        socket.send_to(&packet, target).await.unwrap();
    }
    still_works(&pair).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_half_open_handshakes_does_not_keep_a_known_peer_out() {
    let pair = Pair::new();
    let target = pair.right.endpoint.local_address().unwrap();
    // First packets of many handshakes, caught by somebody who will not go on with them.
    let dialler = Raw::endpoint(rig::any_port());
    let mut packets = Vec::new();
    for _ in 0..FLOOD {
        let sink = UdpSocket::bind(rig::any_port()).await.unwrap();
        let config = client(9, &pair, ALPN_LINK);
        let dial = dialler.connect_with(config, sink.local_addr().unwrap(), SERVER_NAME).unwrap();
        let mut packet = vec![0; 2000];
        let length = sink.recv(&mut packet).await.unwrap();
        packet.truncate(length);
        packets.push(packet);
        drop(dial);
    }
    let mut deaf = Vec::new();
    for packet in packets {
        let socket = UdpSocket::bind(rig::any_port()).await.unwrap();
        socket.send_to(&packet, target).await.unwrap();
        deaf.push(socket);
    }
    still_works(&pair).await;
    let mut proofs_asked = 0;
    for socket in deaf {
        let mut answer = [0; 2000];
        if socket.try_recv(&mut answer).is_ok() && answer[0] & LONG_HEADER_TYPE == RETRY {
            proofs_asked += 1;
        }
    }
    assert!(0 < proofs_asked, "a crowd must prove its addresses");
}

/// Both agents of the pair still find each other.
async fn still_works(pair: &Pair) {
    let (left, mut right) = timeout(LIMIT, pair.links()).await.unwrap();
    left.control_out.send("still".into()).await.unwrap();
    assert_eq!(right.control_in.recv().await.unwrap().unwrap(), "still");
}

fn assert_closed(error: &ConnectionError, code: CloseCode) {
    let ConnectionError::ApplicationClosed(closed) = error else { panic!("{error}") };
    assert_eq!(closed.error_code, VarInt::from(code), "{error}");
}

type Streams = Vec<(SendStream, RecvStream)>;

/// A link of the right agent with a left side that says what the test makes it say.
async fn linked(pair: &Pair) -> (Raw, Streams, Link) {
    linked_as(1, pair).await
}

async fn linked_as(own: u8, pair: &Pair) -> (Raw, Streams, Link) {
    let raw = Raw::dial(pair, own, ALPN_LINK).await.unwrap();
    let session = pair.right.expectation.session();
    let (streams, link) =
        tokio::join!(raw.name(session, 8), pair.right.expectation.establish(LIMIT));
    (raw, streams, link.unwrap())
}

/// A dialler of the right agent that keeps no rules.
#[derive(Debug)]
struct Raw {
    connection: quinn::Connection,
    _endpoint: quinn::Endpoint,
}

impl Raw {
    fn endpoint(address: SocketAddr) -> quinn::Endpoint {
        quinn::Endpoint::client(address).unwrap()
    }

    async fn dial(pair: &Pair, own: u8, alpn: &[u8]) -> Result<Self, ConnectionError> {
        let endpoint = Self::endpoint(rig::any_port());
        let target = pair.right.endpoint.local_address().unwrap();
        let config = client(own, pair, alpn);
        let connection = endpoint.connect_with(config, target, SERVER_NAME).unwrap().await?;
        Ok(Self { connection, _endpoint: endpoint })
    }

    /// Says the first words as they are on the wire.
    async fn name(&self, session: SessionId, streams: u8) -> Streams {
        self.offer(session, streams, ATTEMPT, [0, 0], &[]).await
    }

    /// The same for any leg of any link, with words on what carries the data.
    async fn offer(
        &self,
        session: SessionId,
        streams: u8,
        attempt: [u8; 8],
        leg_and_strand: [u8; 2],
        words: &[u8],
    ) -> Streams {
        let mut opened = Vec::new();
        let (mut out, back) = self.connection.open_bi().await.unwrap();
        let named = [session.as_bytes(), &attempt[..], &leg_and_strand].concat();
        let hello = [&b"OPLh\x05"[..], &[streams], &named, words];
        out.write_all(&hello.concat()).await.unwrap();
        opened.push((out, back));
        for number in 0..streams {
            let (mut out, back) = self.connection.open_bi().await.unwrap();
            out.write_all(&[number]).await.unwrap();
            opened.push((out, back));
        }
        opened
    }
}

fn client(own: u8, pair: &Pair, alpn: &[u8]) -> quinn::ClientConfig {
    let tls = tls::client_config(&rig::key(own), pair.right.endpoint.public_key(), alpn).unwrap();
    quinn::ClientConfig::new(std::sync::Arc::new(QuicClientConfig::try_from(tls).unwrap()))
}

/// The word that one hears.
const HEARD: &[u8] = &[4, 0, 0];
/// The attempt of whoever keeps no rules.
const ATTEMPT: [u8; 8] = [7; 8];
/// More than an endpoint takes on without a proof of address, and less than it takes from one
/// address, as there is only one here.
const FLOOD: usize = 44;
/// The bits of a QUIC packet's first byte that tell a retry from other packets with a long header.
const LONG_HEADER_TYPE: u8 = 0xf0;
const RETRY: u8 = 0xf0;
