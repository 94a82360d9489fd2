//! Links through a relay's HTTPS port, with the real relay behind connections that are made here.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt as _, TryStreamExt as _, future::BoxFuture};
use outport_link::{DataFrame, EstablishError, Link, Messages, RelayWay, Tunnels};
use outport_protocol::relay::{RelaySide, RelayToken};
use outport_relay::{Counts, Relay, RelayLimits, RelayOptions};
use outport_types::{AccountId, Route};
use tokio::{io::DuplexStream, net::UdpSocket, time::timeout};
use tokio_util::{
    codec::{Framed, LengthDelimitedCodec},
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::{
    better::carries_over_a_move,
    rig::{self, LIMIT, Pair},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_without_udp_meet_at_the_relays_https_port_which_can_read_nothing() {
    let pair = Pair::new();
    let relay = TestRelay::open(&pair).await;
    relay.tell(&pair, [Reach::Https; 2]);
    ends_by_direction_told(&pair).await;
    let heard = relay.heard.lock().unwrap().clone();
    assert!(1_000_000 < heard.len(), "the relay carried it");
    for text in [&[7; 100][..], b"last", relay.token.as_bytes()] {
        assert!(!heard.windows(text.len()).any(|seen| seen == text));
    }
    assert!(1_000_000 < relay.counts.now().spliced_bytes);
    pair.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_without_udp_meets_one_that_has_it_whichever_leads() {
    for reach in [[Reach::Https, Reach::Both], [Reach::Both, Reach::Https]] {
        let pair = Pair::new();
        let relay = TestRelay::open(&pair).await;
        relay.tell(&pair, reach);
        let (mut left, mut right) = links(&pair).await;
        let body = vec![7; 1024 * 1024];
        for (from, to) in
            [(&left.data_out, &mut right.data_in), (&right.data_out, &mut left.data_in)]
        {
            for _ in 0..8 {
                from.send(DataFrame::new("header", body.clone())).await.unwrap();
                assert_eq!(to.recv().await.unwrap().unwrap().body, body);
            }
        }
        let carried = relay.counts.now();
        assert!(16 * 1024 * 1024 < carried.spliced_bytes, "{carried:?}");
        assert!(carried.forwarded_bytes < 1024 * 1024, "data are not packets: {carried:?}");
        pair.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_other_side_has_udp_only_data_stay_in_packets() {
    let pair = Pair::new();
    let relay = TestRelay::open(&pair).await;
    relay.tell(&pair, [Reach::Https, Reach::Udp]);
    let (left, right) = pair.establish().await;
    let (left, mut right) = (left.unwrap(), right.unwrap());
    assert_eq!((left.handle.route(), right.handle.route()), (Route::Tunnel, Route::Relay));
    let body = vec![7; 1024 * 1024];
    left.data_out.send(DataFrame::new("header", body.clone())).await.unwrap();
    assert_eq!(right.data_in.recv().await.unwrap().unwrap().body, body);
    assert_eq!(relay.counts.now().spliced_bytes, 0);
    pair.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn udp_and_straight_ways_come_before_it() {
    let pair = Pair::new();
    let relay = TestRelay::open(&pair).await;
    relay.tell(&pair, [Reach::Both; 2]);
    let (left, right) = pair.establish().await;
    let routes = [left.unwrap(), right.unwrap()].map(|link| link.handle.route());
    assert_eq!(routes, [Route::Relay; 2]);
    assert_eq!(relay.counts.now().tunnels, 0);
    let pair = Pair::new();
    let relay = TestRelay::open(&pair).await;
    relay.tell(&pair, [Reach::Https; 2]);
    let (left, right) = pair.links().await;
    assert_eq!((left.handle.route(), right.handle.route()), (Route::Lan, Route::Lan));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_breaks_is_opened_anew_and_what_went_beside_it_ends_the_link() {
    let pair = Pair::new();
    let relay = TestRelay::open(&pair).await;
    relay.tell(&pair, [Reach::Https, Reach::Udp]);
    let (left, right) = pair.establish().await;
    let (left, mut right) = (left.unwrap(), right.unwrap());
    relay.cut();
    left.data_out.send(DataFrame::new("", vec![1; 100_000])).await.unwrap();
    let frame = timeout(LIMIT, right.data_in.recv()).await.unwrap().unwrap().unwrap();
    assert_eq!(frame.body, vec![1; 100_000], "packets are repeated");

    let pair = Pair::new();
    let relay = TestRelay::open(&pair).await;
    relay.tell(&pair, [Reach::Https; 2]);
    let (left, right) = links(&pair).await;
    relay.cut();
    timeout(LIMIT, left.handle.closed()).await.unwrap();
    timeout(LIMIT, right.handle.closed()).await.unwrap();
    let (left, mut right) = links(&pair).await;
    left.data_out.send(DataFrame::new("", vec![2; 1000])).await.unwrap();
    assert_eq!(right.data_in.recv().await.unwrap().unwrap().body, vec![2; 1000]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_moves_to_the_relays_udp_when_that_gets_through_again() {
    for (closed, only_relayed) in
        [([true, true], false), ([true, false], true), ([false, true], false)]
    {
        let pair = Pair::new().only_relayed(only_relayed, only_relayed);
        let relay = TestRelay::open(&pair).await;
        let walls = [Wall::before(&relay).await, Wall::before(&relay).await];
        for (wall, closed) in walls.iter().zip(closed) {
            wall.open.store(!closed, Ordering::SeqCst);
        }
        relay.tell_of(&pair, [Reach::Both; 2], walls.each_ref().map(|wall| wall.address));
        let links = links(&pair).await;
        let opened = async {
            walls.iter().for_each(|wall| wall.open.store(true, Ordering::SeqCst));
            tokio::join!(pair.left.expectation.better(), pair.right.expectation.better())
        };
        carries_over_a_move(links, opened, Route::Relay).await;
        assert!(1_000_000 < relay.counts.now().forwarded_bytes);
        pair.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_whose_udp_stays_blocked_looks_in_vain_and_loses_nothing() {
    let pair = Pair::new();
    let relay = TestRelay::open(&pair).await;
    let walls = [Wall::before(&relay).await, Wall::before(&relay).await];
    relay.tell_of(&pair, [Reach::Both; 2], walls.each_ref().map(|wall| wall.address));
    let (left, mut right) = links(&pair).await;
    walls[0].open.store(true, Ordering::SeqCst);
    let looking =
        async { tokio::join!(pair.left.expectation.better(), pair.right.expectation.better()) };
    timeout(Duration::from_secs(9), looking).await.unwrap_err();
    left.data_out.send(DataFrame::new("", "still there")).await.unwrap();
    assert_eq!(right.data_in.recv().await.unwrap().unwrap().body, "still there");
    assert_eq!((left.handle.route(), left.handle.end()), (Route::Tunnel, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_way_to_the_relay_says_stands_in_the_error() {
    let pair = Pair::new();
    let relay = TestRelay::open(&pair).await;
    relay.shut.store(true, Ordering::SeqCst);
    relay.tell(&pair, [Reach::Https; 2]);
    let wait = Duration::from_millis(800);
    let error = pair.left.expectation.establish(wait).await.unwrap_err();
    assert!(matches!(error, EstablishError::NoRoute { .. }));
    let text = error.to_string();
    assert!(text.contains("(tunnel)") && text.contains("the proxy wants a password"), "{text}");
}

/// What a side reaches of the relay.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Udp,
    Https,
    Both,
}

/// Links that go through the HTTPS port, data beside QUIC.
async fn links(pair: &Pair) -> (Link, Link) {
    let (left, right) = pair.establish().await;
    let (left, right) = (left.unwrap(), right.unwrap());
    assert_eq!((left.handle.route(), right.handle.route()), (Route::Tunnel, Route::Tunnel));
    (left, right)
}

async fn ends_by_direction_told(pair: &Pair) {
    let (left, mut right) = links(pair).await;
    let sending = async {
        for n in 0..100_u8 {
            left.data_out.send(DataFrame::new(vec![n], vec![7; 20_000])).await.unwrap();
        }
        left.data_out.finish().await.unwrap();
        left.control_out.send(Bytes::from_static(b"last")).await.unwrap();
        left.control_out.finish().await.unwrap();
    };
    let receiving = async {
        let mut seen = 0;
        while let Some(frame) = right.data_in.recv().await.unwrap() {
            assert_eq!(frame.body, vec![7; 20_000]);
            seen += 1;
        }
        seen
    };
    let ((), seen) = tokio::join!(sending, receiving);
    assert_eq!(seen, 100);
    assert_eq!(right.control_in.recv().await.unwrap().unwrap(), "last");
    assert_eq!(right.control_in.recv().await, Ok(None));
    left.handle.delivered().await.unwrap();
    right.data_out.send(DataFrame::new("", "back")).await.unwrap();
    let mut data_in = left.data_in;
    assert_eq!(data_in.recv().await.unwrap().unwrap().body, "back");
}

/// The relay, and the way to its HTTPS port.
#[derive(Debug)]
struct TestRelay {
    address: SocketAddr,
    relay: Relay,
    token: RelayToken,
    counts: Arc<Counts>,
    heard: Arc<Mutex<Vec<u8>>>,
    cut: Arc<Mutex<CancellationToken>>,
    shut: Arc<AtomicBool>,
    workers: TaskTracker,
    _alive: DropGuard,
}

impl TestRelay {
    async fn open(pair: &Pair) -> Self {
        let socket = UdpSocket::bind(rig::any_port()).await.unwrap();
        let address = socket.local_addr().unwrap();
        let (counts, stop) = (Arc::new(Counts::default()), CancellationToken::new());
        let limits = Some(RelayLimits::default());
        let options = RelayOptions { limits, secret: [9; 32], nonces: [8; 32], alone: false };
        let (relay, port) = Relay::new(options, counts.clone());
        let (workers, stopped) = (TaskTracker::new(), stop.clone());
        workers.spawn(async move { port.serve(&socket, &stopped).await });
        let session = pair.left.expectation.session();
        let token = relay.open(session, AccountId::from_bytes([1; 16])).await.unwrap();
        Self {
            address,
            relay,
            token,
            counts,
            heard: Arc::default(),
            cut: Arc::default(),
            shut: Arc::default(),
            workers,
            _alive: stop.drop_guard(),
        }
    }

    /// Tells both sides what they reach of the relay, and of nothing else.
    fn tell(&self, pair: &Pair, reach: [Reach; 2]) {
        self.tell_of(pair, reach, [self.address; 2]);
    }

    /// The same where each side knows the UDP port by an address of its own.
    fn tell_of(&self, pair: &Pair, reach: [Reach; 2], udp: [SocketAddr; 2]) {
        let sides = [(&pair.left, RelaySide::Sender), (&pair.right, RelaySide::Receiver)];
        for (((agent, side), reach), udp) in sides.into_iter().zip(reach).zip(udp) {
            let door: Arc<dyn Tunnels> = Arc::new(Door {
                relay: self.relay.clone(),
                heard: self.heard.clone(),
                cut: self.cut.clone(),
                shut: self.shut.clone(),
                workers: self.workers.clone(),
            });
            agent.expectation.add_relay(RelayWay {
                addresses: if reach == Reach::Https { Vec::new() } else { vec![udp] },
                token: self.token.clone(),
                pass: None,
                side,
                tunnels: (reach != Reach::Udp).then_some(door),
            });
        }
    }

    /// Cuts all connections that there are.
    fn cut(&self) {
        std::mem::take(&mut *self.cut.lock().unwrap()).cancel();
    }
}

/// A firewall before the relay's UDP port, shut until somebody opens it.
struct Wall {
    address: SocketAddr,
    open: Arc<AtomicBool>,
    _alive: DropGuard,
}

impl Wall {
    async fn before(relay: &TestRelay) -> Self {
        let front = Arc::new(UdpSocket::bind(rig::any_port()).await.unwrap());
        let (address, open) = (front.local_addr().unwrap(), Arc::<AtomicBool>::default());
        let (stop, is_open, relay_address) =
            (CancellationToken::new(), open.clone(), relay.address);
        let (workers, stopped) = (relay.workers.clone(), stop.clone());
        let forwarding = async move {
            let mut behind: BTreeMap<SocketAddr, Arc<UdpSocket>> = BTreeMap::new();
            let mut packet = vec![0; 65_536];
            loop {
                let (bytes, from) = front.recv_from(&mut packet).await.unwrap();
                if !is_open.load(Ordering::SeqCst) {
                    continue;
                }
                let back = match behind.get(&from) {
                    Some(back) => back.clone(),
                    None => {
                        let back = Arc::new(UdpSocket::bind(rig::any_port()).await.unwrap());
                        back.connect(relay_address).await.unwrap();
                        behind.insert(from, back.clone());
                        let (front, stopped, own) = (front.clone(), stopped.clone(), back.clone());
                        workers.spawn(async move {
                            stopped.run_until_cancelled(bring_back(&own, &front, from)).await;
                        });
                        back
                    }
                };
                back.send(&packet[..bytes]).await.ok(); // as networks lose packets
            }
        };
        let stopped = stop.clone();
        relay.workers.spawn(async move { stopped.run_until_cancelled(forwarding).await });
        Self { address, open, _alive: stop.drop_guard() }
    }
}

async fn bring_back(back: &UdpSocket, front: &UdpSocket, to: SocketAddr) {
    let mut packet = vec![0; 65_536];
    while let Ok(bytes) = back.recv(&mut packet).await {
        front.send_to(&packet[..bytes], to).await.ok();
    }
}

#[derive(Debug)]
struct Door {
    relay: Relay,
    heard: Arc<Mutex<Vec<u8>>>,
    cut: Arc<Mutex<CancellationToken>>,
    shut: Arc<AtomicBool>,
    workers: TaskTracker,
}

impl Tunnels for Door {
    fn open(&self) -> BoxFuture<'_, io::Result<Box<dyn Messages>>> {
        async {
            if self.shut.load(Ordering::SeqCst) {
                return Err(io::Error::other("the proxy wants a password"));
            }
            let (own, theirs) = tokio::io::duplex(CONNECTION_BYTES);
            let heard = self.heard.clone();
            let theirs = messages(theirs)
                .inspect_ok(move |message| heard.lock().unwrap().extend_from_slice(message));
            let cut = self.cut.lock().unwrap().clone();
            let (relay, nonce) = (self.relay.clone(), rand_nonce());
            self.workers.spawn(async move {
                cut.run_until_cancelled(relay.tunnel(theirs, nonce, || {})).await;
            });
            Ok(Box::new(messages(own)) as Box<dyn Messages>)
        }
        .boxed()
    }
}

fn rand_nonce() -> [u8; 24] {
    std::array::from_fn(|_| fastrand::u8(..))
}

/// One end of a connection.
fn messages(end: DuplexStream) -> impl Messages + outport_relay::Messages {
    Framed::new(end, LengthDelimitedCodec::new()).map_ok(BytesMut::freeze)
}

/// What is on its way in each direction.
const CONNECTION_BYTES: usize = 64 * 1024;
