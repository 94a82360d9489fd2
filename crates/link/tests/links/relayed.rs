//! Links through a relay. The relay here keeps to the protocol and to nothing more; the real one is
//! tested where it lives.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use outport_link::{DataFrame, DialFailure, EstablishError, Link, RelayWay};
use outport_protocol::relay::{RelayAnswer, RelayHello, RelayProof, RelaySide, RelayToken};
use outport_types::Route;
use tokio::{
    net::UdpSocket,
    time::{sleep, timeout},
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::rig::{self, LIMIT, Pair, Side};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_cannot_reach_each_other_meet_at_the_relay_and_it_can_read_nothing() {
    let (pair, relay) = (Pair::new(), TestRelay::open().await);
    relay.tell(&pair);
    let (left, mut right) = relay.links(&pair).await;
    let secret = b"what nobody on the way may read".repeat(1000);
    left.data_out.send(DataFrame::new("header", secret.clone())).await.unwrap();
    assert_eq!(right.data_in.recv().await.unwrap().unwrap().body, secret);
    right.control_out.send(Bytes::from_static(b"the answer is sealed as well")).await.unwrap();
    let mut control_in = left.control_in;
    assert_eq!(control_in.recv().await.unwrap().unwrap(), "the answer is sealed as well");
    let carried = relay.carried();
    assert!(secret.len() < carried.len(), "the relay carried it");
    for text in [&b"nobody on the way"[..], b"answer is sealed", b"header", &[9; 32]] {
        assert!(!carried.windows(text.len()).any(|seen| seen == text));
    }
    pair.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_straight_way_is_taken_where_there_is_one() {
    for _ in 0..5 {
        let (pair, relay) = (Pair::new(), TestRelay::open().await);
        relay.tell(&pair);
        let (left, right) = pair.links().await;
        assert_eq!((left.handle.route(), right.handle.route()), (Route::Lan, Route::Lan));
        pair.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_is_told_of_late_is_taken() {
    let (pair, relay) = (Pair::new(), TestRelay::open().await);
    let tell = async {
        tokio::task::yield_now().await;
        relay.tell(&pair);
    };
    let ((left, right), ()) = tokio::join!(pair.establish(), tell);
    assert_eq!(left.unwrap().handle.route(), Route::Relay);
    assert_eq!(right.unwrap().handle.route(), Route::Relay);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_through_a_relay_only_takes_no_straight_way() {
    for (left_only, right_only) in [(true, false), (false, true), (true, true)] {
        let pair = Pair::new().only_relayed(left_only, right_only);
        let relay = TestRelay::open().await;
        relay.tell(&pair);
        // The other side has heard of an address all the same.
        pair.tell(if left_only { Side::Right } else { Side::Left });
        let (left, right) = pair.establish().await;
        assert_eq!(left.unwrap().handle.route(), Route::Relay);
        assert_eq!(right.unwrap().handle.route(), Route::Relay);
    }
    let pair = Pair::new().only_relayed(true, false);
    pair.tell(Side::Left);
    let error = pair.left.expectation.establish(Duration::from_millis(300)).await.unwrap_err();
    assert!(matches!(error, EstablishError::NoRoute { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_relays_the_nearest_is_taken_whichever_was_told_first() {
    for far_first in [true, false] {
        let pair = Pair::new();
        let (near, far) = (TestRelay::open().await, TestRelay::open_far(FAR).await);
        let told = if far_first { [&far, &near] } else { [&near, &far] };
        for relay in told {
            relay.tell(&pair);
        }
        let (left, mut right) = near.links(&pair).await;
        let before = [&near, &far].map(|relay| relay.carried().len());
        left.data_out.send(DataFrame::new("", vec![1; 1_000_000])).await.unwrap();
        right.data_in.recv().await.unwrap().unwrap();
        let [near, far] = [near.carried().len() - before[0], far.carried().len() - before[1]];
        assert!(1_000_000 < near && far < 500_000, "{near} and {far} bytes");
        pair.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_does_not_answer_is_no_harm_where_another_one_does() {
    let (pair, relay) = (Pair::new(), TestRelay::open().await);
    let deaf = std::net::UdpSocket::bind(rig::any_port()).unwrap();
    let address = deaf.local_addr().unwrap();
    pair.left.expectation.add_relay(way(address, RelaySide::Sender));
    pair.right.expectation.add_relay(way(address, RelaySide::Receiver));
    relay.tell(&pair);
    relay.links(&pair).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relayed_link_does_not_change_over_to_tcp() {
    let (pair, relay) = (Pair::with_tcp(true, true), TestRelay::open().await);
    relay.tell(&pair);
    relay.links(&pair).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_starts_anew_learns_both_sides_again_and_the_link_goes_on() {
    let (pair, relay) = (Pair::new(), TestRelay::open().await);
    relay.tell(&pair);
    let (left, mut right) = relay.links(&pair).await;
    for round in 0..2_u8 {
        relay.forget();
        left.data_out.send(DataFrame::new("", vec![round; 100_000])).await.unwrap();
        let frame = timeout(LIMIT, right.data_in.recv()).await.unwrap().unwrap().unwrap();
        assert_eq!(frame.body, vec![round; 100_000]);
    }
    assert_eq!(left.handle.end(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_network_leaves_a_relayed_link_alone() {
    let (pair, relay) = (Pair::new(), TestRelay::open().await);
    relay.tell(&pair);
    let (left, mut right) = relay.links(&pair).await;
    pair.left.endpoint.rebind().unwrap();
    pair.right.endpoint.rebind().unwrap();
    left.data_out.send(DataFrame::new("", vec![1; 100_000])).await.unwrap();
    right.data_in.recv().await.unwrap().unwrap();
    assert_eq!((left.handle.end(), right.handle.end()), (None, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_does_not_answer_is_said_to_be_so() {
    let pair = Pair::new();
    let deaf = std::net::UdpSocket::bind(rig::any_port()).unwrap();
    let address = deaf.local_addr().unwrap();
    pair.left.expectation.add_relay(way(address, RelaySide::Sender));
    let error = pair.left.expectation.establish(Duration::from_millis(400)).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&format!("{address} (relay): no answer")), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_forwards_no_more_today_is_said_to_be_so() {
    let (pair, relay) = (Pair::new(), TestRelay::open().await);
    relay.state.lock().unwrap().used_up = Some(90);
    relay.tell(&pair);
    let error = pair.left.expectation.establish(Duration::from_millis(800)).await.unwrap_err();
    let EstablishError::NoRoute { tried, .. } = error else { panic!("{error}") };
    let [only] = &tried.0[..] else { panic!("{tried}") };
    assert_eq!(only.failure, DialFailure::UsedUp { minutes: 90 });
    assert!(tried.to_string().contains("forwards nothing more for 90 minutes"), "{tried}");
}

/// A relay on loopback, for one session.
pub(crate) struct TestRelay {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    _alive: DropGuard,
}

#[derive(Default)]
struct State {
    bound: BTreeMap<RelaySide, SocketAddr>,
    carried: Vec<u8>,
    /// In how many minutes something is forwarded again.
    used_up: Option<u16>,
}

impl TestRelay {
    pub(crate) async fn open() -> Self {
        Self::open_far(Duration::ZERO).await
    }

    /// One through which every packet takes so long.
    async fn open_far(delay: Duration) -> Self {
        let socket = Arc::new(UdpSocket::bind(rig::any_port()).await.unwrap());
        let address = socket.local_addr().unwrap();
        let (state, stop) = (Arc::new(Mutex::new(State::default())), CancellationToken::new());
        let (shared, running) = (state.clone(), stop.clone());
        let workers = TaskTracker::new();
        let serving = workers.clone();
        serving.spawn(async move {
            let mut packet = vec![0; 65_536];
            let serving = async {
                loop {
                    let (length, from) = socket.recv_from(&mut packet).await.unwrap();
                    let sent = shared.lock().unwrap().answer(&packet[..length], from);
                    let Some((to, answer)) = sent else { continue };
                    let socket = socket.clone();
                    workers.spawn(async move {
                        sleep(delay).await;
                        socket.send_to(&answer, to).await.ok(); // the test may be over
                    });
                }
            };
            running.run_until_cancelled(serving).await;
        });
        Self { address, state, _alive: stop.drop_guard() }
    }

    /// Tells both sides of the relay, and of nothing else.
    pub(crate) fn tell(&self, pair: &Pair) {
        pair.left.expectation.add_relay(way(self.address, RelaySide::Sender));
        pair.right.expectation.add_relay(way(self.address, RelaySide::Receiver));
    }

    pub(crate) async fn links(&self, pair: &Pair) -> (Link, Link) {
        let (left, right) = pair.establish().await;
        let (left, right) = (left.unwrap(), right.unwrap());
        assert_eq!((left.handle.route(), right.handle.route()), (Route::Relay, Route::Relay));
        (left, right)
    }

    fn forget(&self) {
        self.state.lock().unwrap().bound.clear();
    }

    /// Waits until nothing goes this way any more: a living link says something every half second.
    pub(crate) async fn falls_quiet(&self) {
        let mut before = usize::MAX;
        while before != self.carried().len() {
            before = self.carried().len();
            sleep(Duration::from_millis(1500)).await;
        }
    }

    fn carried(&self) -> Vec<u8> {
        self.state.lock().unwrap().carried.clone()
    }
}

impl State {
    fn answer(&mut self, packet: &[u8], from: SocketAddr) -> Option<(SocketAddr, Vec<u8>)> {
        let answer = |session, side, bound| {
            let used_up = self.used_up.filter(|_| bound);
            let nonce = [1; 24];
            let answer = RelayAnswer { session, side, bound, observed: from, used_up, nonce };
            Some((from, answer.encode().to_vec()))
        };
        if let Some(RelayHello { session, side }) = RelayHello::decode(packet) {
            return answer(session, side, self.bound.get(&side) == Some(&from));
        }
        if let Some(proof) = RelayProof::decode(packet) {
            assert!(token().accepts(&proof, from));
            self.bound.insert(proof.side, from);
            return answer(proof.session, proof.side, true);
        }
        if self.used_up.is_some() {
            return None;
        }
        let side = self.bound.iter().find(|(_, address)| **address == from)?.0.other();
        self.carried.extend_from_slice(packet);
        Some((*self.bound.get(&side)?, packet.to_vec()))
    }
}

fn way(address: SocketAddr, side: RelaySide) -> RelayWay {
    RelayWay { addresses: vec![address], token: token(), pass: None, side, tunnels: None }
}

/// A continent away, where the other one is on this computer.
const FAR: Duration = Duration::from_millis(40);

fn token() -> RelayToken {
    RelayToken::from_bytes([9; 32])
}
