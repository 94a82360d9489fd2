//! The port on real sockets, spoken to as agents and as everybody else would.

use std::net::SocketAddr;

use outport_protocol::{
    discovery::{DiscoveryAnswer, DiscoveryRequest},
    relay::{RelayAnswer, RelaySide},
};
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::task::TaskTracker;

use super::*;
use crate::counts::Counted;

#[tokio::test]
async fn a_request_is_answered_with_the_address_that_it_came_from() {
    let port = Rig::open(Some(RelayLimits::default())).await;
    let asker = Asker::new(&port).await;
    asker.send(&DiscoveryRequest { nonce: [7; 16] }.encode()).await;
    let answer = DiscoveryAnswer::decode(&asker.receive().await).unwrap();
    assert_eq!(answer.nonce, [7; 16]);
    assert_eq!(answer.observed, asker.0.local_addr().unwrap());
    port.close().await;
}

#[tokio::test]
async fn anything_else_is_dropped_and_the_port_goes_on() {
    let port = Rig::open(Some(RelayLimits::default())).await;
    let asker = Asker::new(&port).await;
    let request = DiscoveryRequest { nonce: [8; 16] }.encode();
    let answer = DiscoveryAnswer { nonce: [1; 16], observed: "192.0.2.1:1".parse().unwrap() };
    let long = [&request[..], &[0]].concat();
    for junk in [&[0; 1][..], &request[1..], &[255; 1400], &long, &answer.encode()] {
        asker.send(junk).await;
    }
    asker.send(&request).await;
    assert_eq!(DiscoveryAnswer::decode(&asker.receive().await).unwrap().nonce, [8; 16]);
    let counted = port.counts.now();
    assert_eq!((counted.ignored, counted.dropped_strangers), (3, 2), "{counted:?}");
    assert_eq!(counted.discovery_answered, 1);
    port.close().await;
}

#[tokio::test]
async fn who_asks_too_often_is_left_without_an_answer() {
    let port = Rig::open(None).await;
    let asker = Asker::new(&port).await;
    for n in 0..2000_u128 {
        asker.send(&DiscoveryRequest { nonce: n.to_be_bytes() }.encode()).await;
        if n % 50 == 0 {
            tokio::task::yield_now().await;
        }
    }
    port.until(|counted| 0 < counted.discovery_limited).await;
    assert!(port.counts.now().discovery_answered <= 400, "at most two periods' worth");
    port.close().await;
}

#[tokio::test]
async fn packets_pass_in_both_directions_once_both_sides_proved_themselves() {
    let port = Rig::open(Some(RelayLimits::default())).await;
    let (session, token) = port.session(1).await;
    let (left, right) = (Asker::new(&port).await, Asker::new(&port).await);
    left.bind(session, RelaySide::Sender, &token).await;
    right.bind(session, RelaySide::Receiver, &token).await;
    for n in 0..50_u8 {
        let packet = vec![QUIC | (n % 16); 100 + usize::from(n)];
        left.send(&packet).await;
        assert_eq!(right.receive().await, packet);
        right.send(&packet).await;
        assert_eq!(left.receive().await, packet);
    }
    let counted = port.counts.now();
    assert_eq!((counted.forwarded_packets, counted.sessions, counted.bound), (100, 1, 2));
    assert_eq!(counted.forwarded_bytes, 2 * (50 * 100 + 49 * 50 / 2));
    port.close().await;
}

#[tokio::test]
async fn only_packets_of_quic_are_forwarded() {
    let port = Rig::open(Some(RelayLimits::default())).await;
    let (session, token) = port.session(1).await;
    let (left, right) = (Asker::new(&port).await, Asker::new(&port).await);
    left.bind(session, RelaySide::Sender, &token).await;
    right.bind(session, RelaySide::Receiver, &token).await;
    for byte in [0, 0x0e, 0x3f, 0x80, 0xbf] {
        left.send(&[byte; 500]).await;
    }
    left.send(&[QUIC; 500]).await;
    assert_eq!(right.receive().await, [QUIC; 500]);
    assert_eq!(port.counts.now().ignored, 5);
    port.close().await;
}

#[tokio::test]
async fn strangers_get_nothing_through_and_nothing_back() {
    let port = Rig::open(Some(RelayLimits::default())).await;
    let (session, token) = port.session(1).await;
    let (other_session, other_token) = port.session(2).await;
    let (left, right) = (Asker::new(&port).await, Asker::new(&port).await);
    left.bind(session, RelaySide::Sender, &token).await;
    right.bind(session, RelaySide::Receiver, &token).await;
    let thief = Asker::new(&port).await;
    thief.send(&[QUIC; 100]).await;
    // What the thief heard on the wire, and what it has from a session of its own.
    let answer = left.hello(session, RelaySide::Sender).await;
    let proof = |token: &RelayToken, answer: RelayAnswer| {
        token.prove(answer.session, answer.side, answer.nonce, answer.observed).encode()
    };
    thief.send(&proof(&token, answer)).await;
    let own = thief.hello(other_session, RelaySide::Sender).await;
    thief.send(&proof(&RelayToken::from_bytes([0; 32]), own)).await;
    thief.send(&proof(&other_token, RelayAnswer { session, ..own })).await;
    let unknown = SessionId::random();
    thief.send(&RelayHello { session: unknown, side: RelaySide::Sender }.encode()).await;
    port.until(|counted| counted.proofs_refused == 4).await;
    thief.send(&[QUIC; 100]).await;
    port.until(|counted| counted.dropped_strangers == 2).await;
    right.send(&[QUIC; 42]).await;
    assert_eq!(left.receive().await, [QUIC; 42], "the first thing to come, and to the right one");
    let counted = port.counts.now();
    assert_eq!((counted.forwarded_packets, counted.bound), (1, 2));
    thief.hears_nothing();
    port.close().await;
}

#[tokio::test]
async fn no_answer_is_longer_than_its_question() {
    let port = Rig::open(Some(RelayLimits::default())).await;
    let (session, token) = port.session(1).await;
    let asker = Asker::new(&port).await;
    let hello = RelayHello { session, side: RelaySide::Sender }.encode();
    asker.send(&hello).await;
    let answer = asker.receive().await;
    assert!(answer.len() <= hello.len());
    let answer = RelayAnswer::decode(&answer).unwrap();
    let proof = token.prove(session, RelaySide::Sender, answer.nonce, answer.observed).encode();
    asker.send(&proof).await;
    assert!(asker.receive().await.len() <= proof.len());
    port.close().await;
}

#[tokio::test]
async fn a_relay_that_is_switched_off_answers_nobody_and_gives_no_token() {
    let port = Rig::open(None).await;
    let session = SessionId::random();
    assert_eq!(port.relay.open(session, AccountId::random()).await, None);
    let asker = Asker::new(&port).await;
    asker.send(&RelayHello { session, side: RelaySide::Sender }.encode()).await;
    asker.send(&[QUIC; 100]).await;
    port.until(|counted| counted.ignored == 2).await;
    asker.hears_nothing();
    port.close().await;
}

#[tokio::test]
async fn a_session_that_goes_on_is_known_after_a_new_start() {
    let before = Rig::open(Some(RelayLimits::default())).await;
    let (session, token) = before.session(1).await;
    before.close().await;
    let port = Rig::open(Some(RelayLimits::default())).await;
    let user = AccountId::from_bytes([1; 16]);
    assert_eq!(port.relay.open(session, user).await.as_ref(), Some(&token));
    let (left, right) = (Asker::new(&port).await, Asker::new(&port).await);
    left.bind(session, RelaySide::Sender, &token).await;
    right.bind(session, RelaySide::Receiver, &token).await;
    left.send(&[QUIC; 9]).await;
    assert_eq!(right.receive().await, [QUIC; 9]);
    port.close().await;
}

/// A port that is served.
pub(crate) struct Rig {
    address: SocketAddr,
    pub(crate) relay: Relay,
    pub(crate) counts: Arc<Counts>,
    stop: CancellationToken,
    serving: JoinHandle<io::Result<()>>,
}

impl Rig {
    pub(crate) async fn open(limits: Option<RelayLimits>) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let (counts, stop) = (Arc::new(Counts::default()), CancellationToken::new());
        let options = RelayOptions { limits, secret: [5; 32], nonces: [6; 32], alone: false };
        let (relay, port) = Relay::new(options, counts.clone());
        let serving = TaskTracker::new().spawn({
            let stop = stop.clone();
            async move { port.serve(&socket, &stop).await }
        });
        Self { address, relay, counts, stop, serving }
    }

    pub(crate) async fn session(&self, user: u8) -> (SessionId, RelayToken) {
        let session = SessionId::random();
        let token = self.relay.open(session, AccountId::from_bytes([user; 16])).await.unwrap();
        (session, token)
    }

    /// Waits until the port counted what it must.
    pub(crate) async fn until(&self, test: impl Fn(&Counted) -> bool) {
        let waiting = async {
            while !test(&self.counts.now()) {
                tokio::task::yield_now().await;
            }
        };
        timeout(LIMIT, waiting).await.unwrap_or_else(|_| panic!("{:?}", self.counts.now()));
    }

    pub(crate) async fn close(self) {
        self.stop.cancel();
        self.serving.await.unwrap().unwrap();
    }
}

/// A side that has UDP.
pub(crate) struct Asker(UdpSocket);

impl Asker {
    pub(crate) async fn new(port: &Rig) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(port.address).await.unwrap();
        Self(socket)
    }

    pub(crate) async fn send(&self, packet: &[u8]) {
        self.0.send(packet).await.unwrap();
    }

    pub(crate) async fn receive(&self) -> Vec<u8> {
        let mut packet = [0; 2000];
        let length = timeout(LIMIT, self.0.recv(&mut packet)).await.unwrap().unwrap();
        packet[..length].to_vec()
    }

    async fn hello(&self, session: SessionId, side: RelaySide) -> RelayAnswer {
        self.send(&RelayHello { session, side }.encode()).await;
        RelayAnswer::decode(&self.receive().await).unwrap()
    }

    pub(crate) async fn bind(&self, session: SessionId, side: RelaySide, token: &RelayToken) {
        let RelayAnswer { nonce, observed, bound, .. } = self.hello(session, side).await;
        assert!(!bound);
        assert_eq!(observed, self.0.local_addr().unwrap());
        self.send(&token.prove(session, side, nonce, observed).encode()).await;
        assert!(RelayAnswer::decode(&self.receive().await).unwrap().bound);
    }

    /// Everything that was sent before has been dealt with, so what is not there does not come.
    fn hears_nothing(&self) {
        let nothing = self.0.try_recv(&mut [0; 2000]).unwrap_err();
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
    }
}

/// The first byte of a packet of QUIC.
pub(crate) const QUIC: u8 = 0x40;
/// Longer than anything here takes, so that a hanging test fails.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);
