//! Connections as agents and as everybody else would make them; packets go through a real port.

use bytes::BytesMut;
use futures_util::TryStreamExt as _;
use outport_protocol::relay::RelayToken;
use tokio::{io::DuplexStream, task::JoinHandle};
use tokio_util::{
    codec::{Framed, LengthDelimitedCodec},
    task::TaskTracker,
};

use super::*;
use crate::{
    RelayLimits,
    port::tests::{Asker, LIMIT, QUIC, Rig},
    table::STREAMS_MAX,
};

#[tokio::test]
async fn packets_pass_between_a_side_with_udp_and_one_without_and_between_two_without() {
    let port = Rig::open(Some(RelayLimits::default())).await;
    let (session, token) = port.session(1).await;
    let mut left = Guest::knock(&port);
    left.join(&token, session, RelaySide::Sender, TunnelUse::Packets).await;
    assert!(left.is_ready().await);
    let right = Asker::new(&port).await;
    right.bind(session, RelaySide::Receiver, &token).await;
    for n in 0..20_u8 {
        let packet = vec![QUIC | n; 1200 + usize::from(n)];
        left.say(&packet).await;
        assert_eq!(right.receive().await, packet);
        right.send(&packet).await;
        assert_eq!(left.hear().await, packet);
    }
    let mut late = Guest::knock(&port);
    late.join(&token, session, RelaySide::Receiver, TunnelUse::Packets).await;
    assert!(late.is_ready().await);
    left.say(&[0x0e; 100]).await;
    left.say(&[QUIC; 7]).await;
    assert_eq!(late.hear().await, [QUIC; 7], "what is no packet of QUIC is dropped");
    late.say(&[QUIC; 8]).await;
    assert_eq!(left.hear().await, [QUIC; 8]);
    let counted = port.counts.now();
    assert_eq!((counted.forwarded_packets, counted.bound, counted.tunnels), (42, 2, 2));
    drop(left);
    port.until(|counted| (counted.bound, counted.tunnels) == (1, 1)).await;
    port.close().await;
}

#[tokio::test]
async fn a_side_that_joins_anew_takes_its_own_place_and_the_old_connection_ends() {
    let port = Rig::open(Some(RelayLimits::default())).await;
    let (session, token) = port.session(1).await;
    let mut old = Guest::knock(&port);
    old.join(&token, session, RelaySide::Sender, TunnelUse::Packets).await;
    assert!(old.is_ready().await);
    let (new, other) = (Asker::new(&port).await, Asker::new(&port).await);
    new.bind(session, RelaySide::Sender, &token).await;
    other.bind(session, RelaySide::Receiver, &token).await;
    other.send(&[QUIC; 5]).await;
    assert_eq!(new.receive().await, [QUIC; 5]);
    old.say(&[QUIC; 6]).await;
    assert!(old.connection.next().await.is_none());
    port.close().await;
}

#[tokio::test]
async fn streams_meet_whoever_comes_first_and_go_over_in_order_both_ways() {
    let port = Rig::open(Some(RelayLimits::default())).await;
    let (session, token) = port.session(1).await;
    let stream = |number| TunnelUse::Stream { attempt: 9, number };
    let (mut left, mut right) = (Guest::knock(&port), Guest::knock(&port));
    let mut other_number = Guest::knock(&port);
    left.join(&token, session, RelaySide::Sender, stream(0)).await;
    other_number.join(&token, session, RelaySide::Receiver, stream(1)).await;
    right.join(&token, session, RelaySide::Receiver, stream(0)).await;
    assert!(left.is_ready().await && right.is_ready().await);
    for n in 0..100_u8 {
        left.say(&[n; 1000]).await;
        right.say(&[n, 1]).await;
        assert_eq!(right.hear().await, [n; 1000]);
        assert_eq!(left.hear().await, [n, 1]);
    }
    assert_eq!(port.counts.now().spliced_bytes, 100 * 1002);
    drop(left);
    assert!(right.connection.next().await.is_none(), "the end goes over as well");
    right.served.await.unwrap().unwrap();
    port.close().await;
}

#[tokio::test]
async fn nobody_joins_without_the_sessions_token_and_the_nonce_of_this_connection() {
    let port = Rig::open(Some(RelayLimits::default())).await;
    let ((session, token), (other, other_token)) = (port.session(1).await, port.session(2).await);
    let unknown = SessionId::random();
    for wanted in [TunnelUse::Packets, TunnelUse::Stream { attempt: 1, number: 0 }] {
        for (token, session) in [(&other_token, session), (&token, other), (&token, unknown)] {
            let mut guest = Guest::knock(&port);
            guest.join(token, session, RelaySide::Sender, wanted).await;
            assert!(!guest.is_ready().await);
            assert!(matches!(guest.served.await.unwrap(), Err(TunnelError::Refused)));
        }
        let (mut heard, mut thief) = (Guest::knock(&port), Guest::knock(&port));
        let nonce = heard.hear().await.try_into().unwrap();
        let join = token.join(session, RelaySide::Sender, wanted, &nonce).encode();
        thief.hear().await;
        thief.say(&join).await;
        assert!(matches!(thief.served.await.unwrap(), Err(TunnelError::Refused)), "repeated");
        heard.say(&join).await;
    }
    let mut rambler = Guest::knock(&port);
    rambler.hear().await;
    rambler.say(b"GET / HTTP/1.1").await;
    assert!(matches!(rambler.served.await.unwrap(), Err(TunnelError::Malformed)));
    assert_eq!(port.counts.now().proofs_refused, 8);
    port.close().await;
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_and_who_waits_alone_is_let_go_of() {
    let port = Rig::open(Some(RelayLimits::default())).await;
    let (session, token) = port.session(1).await;
    let (silent, mut alone) = (Guest::knock(&port), Guest::knock(&port));
    let wanted = TunnelUse::Stream { attempt: 1, number: 0 };
    alone.join(&token, session, RelaySide::Sender, wanted).await;
    assert!(matches!(silent.served.await.unwrap(), Err(TunnelError::Slow)));
    assert!(matches!(alone.served.await.unwrap(), Err(TunnelError::Alone)));
    let pairs = &port.relay.door.as_ref().unwrap().pairs;
    assert!(pairs.lock().unwrap().is_empty());
    port.close().await;
}

#[tokio::test]
async fn a_session_has_so_many_streams_and_no_more() {
    let port = Rig::open(Some(RelayLimits::default())).await;
    let (session, token) = port.session(1).await;
    let mut guests = Vec::new();
    for number in 0..STREAMS_MAX as u8 {
        let mut guest = Guest::knock(&port);
        let wanted = TunnelUse::Stream { attempt: 1, number };
        guest.join(&token, session, RelaySide::Sender, wanted).await;
        guests.push(guest);
    }
    port.until(|counted| counted.tunnels == STREAMS_MAX as u64).await;
    let mut beyond = Guest::knock(&port);
    let wanted = TunnelUse::Stream { attempt: 2, number: 0 };
    beyond.join(&token, session, RelaySide::Sender, wanted).await;
    assert!(matches!(beyond.served.await.unwrap(), Err(TunnelError::Refused)));
    assert_eq!(port.counts.now().streams_refused, 1);
    port.close().await;
}

#[tokio::test]
async fn a_stream_keeps_to_the_limits_and_ends_with_the_users_day() {
    let limits = RelayLimits {
        session_rate: Some(10_000_000),
        user_bytes_per_day: Some(4_000_000),
        ..RelayLimits::default()
    };
    let port = Rig::open(Some(limits)).await;
    let (session, token) = port.session(1).await;
    let wanted = TunnelUse::Stream { attempt: 1, number: 0 };
    let (mut left, mut right) = (Guest::knock(&port), Guest::knock(&port));
    left.join(&token, session, RelaySide::Sender, wanted).await;
    right.join(&token, session, RelaySide::Receiver, wanted).await;
    assert!(left.is_ready().await && right.is_ready().await);
    let began = std::time::Instant::now();
    let saying =
        async { while left.connection.send(Bytes::from_static(&[1; 100_000])).await.is_ok() {} };
    let hearing = async {
        let mut heard = 0;
        while let Some(Ok(message)) = right.connection.next().await {
            heard += message.len();
        }
        heard
    };
    let ((), heard) = tokio::join!(saying, hearing);
    let took = began.elapsed().as_secs_f64();
    assert!((4_000_000..4_200_000).contains(&heard), "{heard}");
    // A quarter of a second's worth may go at once.
    assert!(0.1 < took, "{took}");
    port.close().await;
}

/// Somebody who connected.
struct Guest {
    connection: Connection,
    served: JoinHandle<Result<(), TunnelError>>,
}

impl Guest {
    fn knock(port: &Rig) -> Self {
        let (own, theirs) = tokio::io::duplex(CONNECTION_BYTES);
        let (relay, nonce) = (port.relay.clone(), *SessionId::random().as_bytes());
        let nonce = [&nonce[..], &[0; 8]].concat().try_into().unwrap();
        let serving = async move { relay.tunnel(messages(theirs), nonce, || {}).await };
        let served = TaskTracker::new().spawn(serving);
        Self { connection: Box::new(messages(own)), served }
    }

    async fn join(
        &mut self,
        token: &RelayToken,
        session: SessionId,
        side: RelaySide,
        wanted: TunnelUse,
    ) {
        let nonce = self.hear().await.try_into().unwrap();
        self.say(&token.join(session, side, wanted, &nonce).encode()).await;
    }

    async fn is_ready(&mut self) -> bool {
        let ready = timeout(LIMIT, self.connection.next()).await.unwrap();
        ready.is_some_and(|ready| ready.unwrap() == TUNNEL_READY[..])
    }

    async fn say(&mut self, message: &[u8]) {
        self.connection.send(Bytes::copy_from_slice(message)).await.ok(); // it may have been turned away
    }

    async fn hear(&mut self) -> Vec<u8> {
        timeout(LIMIT, self.connection.next()).await.unwrap().unwrap().unwrap().to_vec()
    }
}

/// One end of a connection.
fn messages(end: DuplexStream) -> impl Messages {
    Framed::new(end, LengthDelimitedCodec::new()).map_ok(BytesMut::freeze)
}

/// What is on its way in each direction.
const CONNECTION_BYTES: usize = 64 * 1024;
