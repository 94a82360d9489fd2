//! Links that move to a better way while they carry.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::time::Duration;

use bytes::Bytes;
use outport_link::{
    ControlReceiver, ControlSender, DataFrame, DataReceiver, DataSender, Link, LinkHandle,
};
use outport_types::Route;
use tokio::{sync::watch, time::timeout};

use crate::{
    relayed::TestRelay,
    rig::{LIMIT, Pair, Side},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relayed_link_moves_to_a_straight_way_and_loses_and_repeats_nothing() {
    let pair = Pair::new();
    let relay = TestRelay::open().await;
    moves_while_it_carries(&pair, &relay, Route::Lan).await;
    pair.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_data_change_over_to_tcp_there_where_that_is_faster() {
    let pair = Pair::with_tcp(true, true);
    let relay = TestRelay::open().await;
    moves_while_it_carries(&pair, &relay, Route::Tcp).await;
    pair.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_is_finished_at_any_moment_of_its_move_ends_as_it_should() {
    for frames in [0, 1, 3, 10, 30, 100, 300] {
        let (pair, relay) = (Pair::new(), TestRelay::open().await);
        relay.tell(&pair);
        let (left, right) = relay.links(&pair).await;
        let carrying = async {
            tokio::join!(
                carries(left.control_out, left.data_out, right.control_in, right.data_in, frames),
                carries(right.control_out, right.data_out, left.control_in, left.data_in, 20),
            );
            left.handle.delivered().await.unwrap();
            right.handle.delivered().await.unwrap();
        };
        let moving = async {
            improve(&pair).await;
            std::future::pending().await
        };
        tokio::select! {
            done = timeout(LIMIT, carrying) => done.unwrap(),
            () = moving => {}
        }
        assert_eq!((left.handle.end(), right.handle.end()), (None, None));
        pair.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_finished_before_the_move_stays_finished() {
    let (pair, relay) = (Pair::new(), TestRelay::open().await);
    relay.tell(&pair);
    let (left, mut right) = relay.links(&pair).await;
    left.control_out.send(Bytes::from_static(b"last")).await.unwrap();
    left.control_out.finish().await.unwrap();
    left.data_out.finish().await.unwrap();
    left.handle.delivered().await.unwrap();
    improve(&pair).await;
    assert_eq!(right.control_in.recv().await.unwrap().unwrap(), "last");
    assert_eq!(right.control_in.recv().await, Ok(None));
    assert_eq!(right.data_in.recv().await, Ok(None));
    carries(right.control_out, right.data_out, left.control_in, left.data_in, 50).await;
    left.handle.delivered().await.unwrap();
    right.handle.delivered().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_side_that_does_not_look_keeps_its_link() {
    let (pair, relay) = (Pair::new(), TestRelay::open().await);
    relay.tell(&pair);
    let (left, mut right) = relay.links(&pair).await;
    pair.tell(Side::Left);
    let alone = timeout(Duration::from_secs(8), pair.left.expectation.better());
    alone.await.unwrap_err();
    left.data_out.send(DataFrame::new("", "still there")).await.unwrap();
    assert_eq!(right.data_in.recv().await.unwrap().unwrap().body, "still there");
    assert_eq!((left.handle.route(), left.handle.end()), (Route::Relay, None));
    // And when the other side looks as well, they find it.
    assert_eq!(improve(&pair).await, (Route::Lan, Route::Lan));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_through_a_relay_only_stays_there() {
    let (pair, relay) = (Pair::new().only_relayed(true, false), TestRelay::open().await);
    relay.tell(&pair);
    let (left, right) = relay.links(&pair).await;
    timeout(Duration::from_secs(6), improve(&pair)).await.unwrap_err();
    assert_eq!((left.handle.route(), right.handle.route()), (Route::Relay, Route::Relay));
    assert_eq!((left.handle.end(), right.handle.end()), (None, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_has_moved_bears_the_loss_of_what_it_left() {
    let (pair, relay) = (Pair::new(), TestRelay::open().await);
    relay.tell(&pair);
    let (left, mut right) = relay.links(&pair).await;
    assert_eq!(improve(&pair).await, (Route::Lan, Route::Lan));
    relay.falls_quiet().await;
    drop(relay);
    // Longer than a relayed connection may be silent.
    timeout(Duration::from_secs(11), left.handle.closed()).await.unwrap_err();
    left.data_out.send(DataFrame::new("", "here")).await.unwrap();
    assert_eq!(right.data_in.recv().await.unwrap().unwrap().body, "here");
    left.handle.close(outport_link::CloseCode::Done, "");
    right.handle.closed().await;
}

/// Both sides look, learn where the other one is, and look on until both have found it.
async fn improve(pair: &Pair) -> (Route, Route) {
    let tell = async {
        pair.tell(Side::Left);
        pair.tell(Side::Right);
    };
    let looking = (pair.left.expectation.better(), pair.right.expectation.better());
    let (left, right, ()) = tokio::join!(looking.0, looking.1, tell);
    (left, right)
}

/// Frames go in both directions before, while and after the link moves; all of them arrive once, and
/// control frames in order.
async fn moves_while_it_carries(pair: &Pair, relay: &TestRelay, then: Route) {
    relay.tell(pair);
    let links = relay.links(pair).await;
    carries_over_a_move(links, improve(pair), then).await;
}

/// The same for links that stand, and a move that is waited for.
pub(crate) async fn carries_over_a_move(
    (left, right): (Link, Link),
    improve: impl Future<Output = (Route, Route)>,
    then: Route,
) {
    let handles = [left.handle.clone(), right.handle.clone()];
    let moved = watch::Sender::new(false);
    let moving = async {
        enough(&handles).await;
        assert_eq!(timeout(LIMIT, improve).await.unwrap(), (then, then));
        moved.send_replace(true);
    };
    tokio::join!(
        moving,
        carries_until(left.control_out, left.data_out, right.control_in, right.data_in, &moved),
        carries_until(right.control_out, right.data_out, left.control_in, left.data_in, &moved),
    );
    for handle in handles {
        timeout(LIMIT, handle.delivered()).await.unwrap().unwrap();
        let stats = handle.stats();
        assert_eq!((stats.route, stats.unsent_bytes), (then, 0));
        assert!(handle.data_sent() < stats.bytes_sent, "those of both ways: {stats}");
    }
}

/// Waits until something has come on both sides.
async fn enough(handles: &[LinkHandle; 2]) {
    for handle in handles {
        handle.data_received_more(1_000_000).await;
    }
}

/// Frames that are sent until the link has moved, and some more.
pub(crate) async fn carries_until(
    control_out: ControlSender,
    data_out: DataSender,
    control_in: ControlReceiver,
    data_in: DataReceiver,
    moved: &watch::Sender<bool>,
) {
    let sending = async {
        let (mut sent, mut after) = (0, 0);
        while after < 200 {
            send(&control_out, &data_out, sent).await;
            sent += 1;
            after += u32::from(*moved.borrow());
        }
        data_out.finish().await.unwrap();
        control_out.finish().await.unwrap();
        sent
    };
    let (sent, (controls, data)) = tokio::join!(sending, receive(control_in, data_in));
    let all: Vec<u32> = (0..sent).collect();
    assert!(controls == all, "control frames keep their order");
    assert!(data == all, "data frames come once");
}

pub(crate) async fn carries(
    control_out: ControlSender,
    data_out: DataSender,
    control_in: ControlReceiver,
    data_in: DataReceiver,
    frames: u32,
) {
    let sending = async {
        for n in 0..frames {
            send(&control_out, &data_out, n).await;
        }
        data_out.finish().await.unwrap();
        control_out.finish().await.unwrap();
    };
    let ((), (controls, data)) = tokio::join!(sending, receive(control_in, data_in));
    let all: Vec<u32> = (0..frames).collect();
    assert_eq!((controls, data), (all.clone(), all));
}

async fn send(control_out: &ControlSender, data_out: &DataSender, n: u32) {
    let number = Bytes::copy_from_slice(&n.to_be_bytes());
    control_out.send(number.clone()).await.unwrap();
    let body = vec![n as u8; 10_000 + (n as usize * 977) % 50_000];
    data_out.send(DataFrame::new(number, body)).await.unwrap();
}

/// All control frames as they came, and all data frames in order of their numbers.
async fn receive(
    mut control_in: ControlReceiver,
    mut data_in: DataReceiver,
) -> (Vec<u32>, Vec<u32>) {
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
    let controls = async {
        let mut seen = Vec::new();
        while let Some(frame) = control_in.recv().await.unwrap() {
            seen.push(number(&frame));
        }
        seen
    };
    let data = async {
        let mut seen = Vec::new();
        while let Some(frame) = data_in.recv().await.unwrap() {
            let n = number(&frame.header);
            assert!(frame.body.iter().all(|byte| *byte == n as u8));
            assert_eq!(frame.body.len(), 10_000 + (n as usize * 977) % 50_000);
            seen.push(n);
        }
        seen.sort_unstable();
        seen
    };
    tokio::join!(controls, data)
}
