//! Data that is held to a limit, on real sockets.

use std::time::{Duration, Instant};

use bytes::Bytes;
use outport_link::{CloseCode, DataFrame, Link, Throttle};
use outport_types::RateLimit;
use tokio::time::sleep;
use tokio_util::task::TaskTracker;

use crate::rig::Pair;

#[tokio::test(flavor = "multi_thread")]
async fn data_keeps_to_a_limit_within_a_twentieth_and_evenly() {
    keeps_to_a_limit(Pair::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_over_tcp_keeps_to_a_limit_as_well() {
    keeps_to_a_limit(Pair::with_tcp(true, true)).await;
}

async fn keeps_to_a_limit(pair: Pair) {
    let (left, right) = pair.links().await;
    left.handle.hold_to(vec![Throttle::new(RateLimit::new(RATE).ok())]);
    let (sending, receiving) = flow(left, right);
    let handle = receiving.handle.clone();
    let reading = TaskTracker::new().spawn(read(receiving));
    handle.data_received_more(RATE / 2).await; // the path has found its pace
    let (began, before, mut last) = (Instant::now(), handle.data_received(), 0);
    let mut most: f64 = 0.0;
    let mut looked = began;
    while began.elapsed() < Duration::from_secs(4) {
        sleep(Duration::from_millis(100)).await;
        let now = handle.data_received() - before;
        // A busy machine looks late, and then sees more.
        let late = looked.elapsed().as_secs_f64() / 0.1;
        most = most.max((now - last) as f64 / late.max(1.0));
        (last, looked) = (now, Instant::now());
    }
    let rate = (handle.data_received() - before) as f64 / began.elapsed().as_secs_f64();
    let off = rate / RATE as f64 - 1.0;
    // What disturbs the machine makes it slower, and nothing makes it faster.
    assert!((-0.25..0.05).contains(&off), "{rate} instead of {RATE}");
    assert!(most < RATE as f64 / 4.0, "{most} bytes in a tenth of a second");
    sending.abort();
    reading.abort();
    pair.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn control_frames_and_a_close_do_not_wait_for_a_limit() {
    let pair = Pair::new();
    let (left, right) = pair.links().await;
    left.handle.hold_to(vec![Throttle::new(Some(RateLimit::MIN))]);
    let (control, handle) = (left.control_out.clone(), left.handle.clone());
    let (sending, mut right) = flow(left, right);
    while right.handle.data_received() == 0 {
        right.handle.data_received_more(0).await;
    }
    let began = Instant::now();
    for n in 0..100_u8 {
        control.send(Bytes::from(vec![n; 1000])).await.unwrap();
        assert_eq!(right.control_in.recv().await.unwrap().unwrap()[0], n);
    }
    handle.close(CloseCode::Paused, "");
    right.handle.closed().await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    sending.abort();
    pair.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_other_side_allows_is_what_travels() {
    let pair = Pair::new();
    let (left, right) = pair.links().await;
    left.handle.allow(Some(300_000));
    let allowing = left.handle.clone();
    let (sending, right) = flow(left, right);
    right.handle.data_received_more(299_999).await;
    assert_eq!((allowing.data_sent(), right.handle.data_received()), (300_000, 300_000));
    allowing.allow(Some(50_000));
    right.handle.data_received_more(349_999).await;
    allowing.allow(None);
    right.handle.data_received_more(2_000_000).await;
    sending.abort();
    pair.shutdown().await;
}

/// Sends frames for as long as it may.
fn flow(left: Link, right: Link) -> (tokio::task::JoinHandle<()>, Link) {
    let sending = TaskTracker::new().spawn(async move {
        let frame = DataFrame::new("head", vec![7; 700_000]);
        while left.data_out.send(frame.clone()).await.is_ok() {}
    });
    (sending, right)
}

async fn read(mut link: Link) {
    while let Ok(Some(_)) = link.data_in.recv().await {}
}

const RATE: u64 = 5_000_000;
