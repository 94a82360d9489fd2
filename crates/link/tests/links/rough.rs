//! Links on paths that lose, change and die.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{net::UdpSocket, ops::Range, time::Duration};

use bytes::Bytes;
use outport_link::{DataFrame, Endpoint, EndpointOptions, Link, LinkEnd};
use tokio::time::{Instant, timeout};

use crate::{
    path::{Character, Path},
    rig::{self, LIMIT, Pair, Side},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_arrives_over_a_path_that_loses_one_packet_in_a_hundred() {
    let pair = Pair::new();
    let character = Character {
        seed: 7,
        loss: 0.01,
        delay: Duration::from_millis(10),
        packet_bytes_max: 1_472,
    };
    let (_path, left, mut right) = linked_over(&pair, character).await;
    let frames = 96;
    let sending = send_numbered(&left, 0..frames);
    let receiving = receive_numbered(&mut right, frames);
    timeout(4 * LIMIT, async { tokio::join!(sending, receiving) }).await.unwrap();
    let stats = left.handle.stats();
    assert!(100 < stats.lost_packets, "{stats}");
    assert!(stats.packet_bytes <= 1_472, "{stats}");
    assert_eq!(left.handle.end(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_frames_get_through_while_data_fills_the_path() {
    let pair = Pair::new();
    let character = Character {
        seed: 11,
        loss: 0.002,
        delay: Duration::from_millis(20),
        packet_bytes_max: 1_472,
    };
    let (_path, mut left, mut right) = linked_over(&pair, character).await;
    let Link { control_in: right_in, control_out: right_out, data_in, .. } = &mut right;
    let bulk = async {
        let frame = DataFrame::new("", vec![1; 1024 * 1024]);
        loop {
            left.data_out.send(frame.clone()).await.unwrap();
        }
    };
    let drain = async { while data_in.recv().await.unwrap().is_some() {} };
    let echo = async {
        while let Some(frame) = right_in.recv().await.unwrap() {
            right_out.send(frame).await.unwrap();
        }
    };
    let mut slowest = Duration::ZERO;
    let ask = async {
        for _ in 0..40 {
            let asked = Instant::now();
            left.control_out.send(Bytes::from_static(b"are you there?")).await.unwrap();
            left.control_in.recv().await.unwrap().unwrap();
            slowest = slowest.max(asked.elapsed());
        }
    };
    tokio::select! {
        () = bulk => {}
        () = drain => {}
        () = echo => {}
        () = ask => {}
    }
    assert!(slowest < Duration::from_secs(2), "an answer took {slowest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_that_takes_large_packets_gets_them() {
    let pair = Pair::new();
    let (left, mut right) = pair.links().await;
    let frames = 32;
    tokio::join!(send_numbered(&left, 0..frames), receive_numbered(&mut right, frames));
    let stats = left.handle.stats();
    assert!(8_000 < stats.packet_bytes, "{stats}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_was_dialled_follows_its_dialler_to_another_address() {
    let pair = Pair::new();
    pair.tell(Side::Left);
    let (left, right) = pair.establish().await;
    let (left, mut right) = (left.unwrap(), right.unwrap());
    let before = right.handle.stats().remote;
    let sending = async {
        send_numbered(&left, 0..8).await;
        pair.left.endpoint.rebind().unwrap();
        send_numbered(&left, 8..16).await;
    };
    // Streams overtake each other: later frames may be here before the earlier ones.
    let receiving = receive_numbered(&mut right, 16);
    timeout(LIMIT, async { tokio::join!(sending, receiving) }).await.unwrap();
    assert_ne!(right.handle.stats().remote, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_was_asked_for_is_taken_once_it_is_free_and_kept_from_then_on() {
    let other = UdpSocket::bind(rig::any_port()).unwrap();
    let address = other.local_addr().unwrap();
    let strict =
        EndpointOptions { address: Some(address), without_tcp: true, ..EndpointOptions::default() };
    assert!(Endpoint::bind(rig::key(1), &strict).is_err(), "somebody else has the port");
    let options = EndpointOptions { otherwise_any: true, ..strict };
    let left = Endpoint::bind(rig::key(1), &options).unwrap();
    assert_ne!(left.local_address().unwrap().port(), address.port());
    drop(other);
    left.rebind().unwrap();
    assert_eq!(left.local_address().unwrap(), address);

    let pair = Pair::between(&left, &rig::endpoint(2));
    pair.tell(Side::Left);
    let (link, other_end) = pair.establish().await;
    let (link, mut other_end) = (link.unwrap(), other_end.unwrap());
    let sending = async {
        send_numbered(&link, 0..8).await;
        left.rebind().unwrap();
        left.rebind().unwrap();
        send_numbered(&link, 8..16).await;
    };
    let receiving = receive_numbered(&mut other_end, 16);
    timeout(LIMIT, async { tokio::join!(sending, receiving) }).await.unwrap();
    assert_eq!(other_end.handle.stats().remote, Some(address));
    assert_eq!(link.handle.end(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_was_accepted_is_lost_with_its_address_and_dialled_anew() {
    let pair = Pair::new();
    pair.tell(Side::Right);
    let (left, right) = pair.establish().await;
    let (left, right) = (left.unwrap(), right.unwrap());
    pair.left.endpoint.rebind().unwrap();
    assert!(matches!(left.handle.closed().await, LinkEnd::Lost { .. }));
    // The right side has not heard of it yet; that the left side dials anew tells it.
    let (new_left, mut new_right) = timeout(LIMIT, pair.links()).await.unwrap();
    assert!(matches!(right.handle.closed().await, LinkEnd::Lost { .. } | LinkEnd::Peer { .. }));
    new_left.control_out.send(Bytes::from_static(b"again")).await.unwrap();
    assert_eq!(new_right.control_in.recv().await.unwrap().unwrap(), "again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_path_is_noticed_within_seconds_and_at_once_when_asked() {
    let pair = Pair::new();
    let character =
        Character { seed: 1, loss: 0.0, delay: Duration::ZERO, packet_bytes_max: 65_536 };
    let (path, left, right) = linked_over(&pair, character).await;
    assert_eq!(pair.right.endpoint.drop_dead().await, 0, "a living link gets packets all the time");
    path.cut();
    let asked = async {
        assert_eq!(pair.right.endpoint.drop_dead().await, 1);
        right.handle.closed().await
    };
    let limit = Duration::from_secs(15);
    let ended = timeout(limit, async { tokio::join!(asked, left.handle.closed()) }).await.unwrap();
    assert!(matches!(ended, (LinkEnd::Lost { .. }, LinkEnd::Lost { .. })), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn little_waits_unsent_on_a_slow_path() {
    let pair = Pair::new();
    // Some 90 packets under way and 100 ms for each make about a megabyte a second at the most.
    let character = Character {
        seed: 3,
        loss: 0.05,
        delay: Duration::from_millis(50),
        packet_bytes_max: 1_472,
    };
    let (path, left, right) = linked_over(&pair, character).await;
    path.cut();
    let frame = DataFrame::new("", vec![1; 512 * 1024]);
    let mut taken = 0;
    while timeout(Duration::from_millis(500), left.data_out.send(frame.clone())).await.is_ok() {
        taken += frame.len();
    }
    assert!(taken <= 2 * 1024 * 1024, "{taken} bytes were taken though nothing gets through");
    drop(right);
}

async fn linked_over(pair: &Pair, character: Character) -> (Path, Link, Link) {
    let target = pair.right.endpoint.local_address().unwrap();
    let path = Path::to(target, character).await;
    pair.left.expectation.add_candidates(&[rig::candidate(path.entry)]);
    let (left, right) = pair.establish().await;
    (path, left.unwrap(), right.unwrap())
}

/// Sends so many MiB, each with its number and filled with it.
async fn send_numbered(link: &Link, frames: Range<u8>) {
    for n in frames {
        link.data_out.send(DataFrame::new(vec![n], vec![n; 1024 * 1024])).await.unwrap();
    }
}

async fn receive_numbered(link: &mut Link, frames: u8) {
    let mut missing: Vec<u8> = (0..frames).collect();
    while !missing.is_empty() {
        let frame = link.data_in.recv().await.unwrap().unwrap();
        let n = frame.header[0];
        assert_eq!(frame.body.len(), 1024 * 1024);
        assert!(frame.body.iter().all(|byte| *byte == n), "frame {n}");
        let at = missing.iter().position(|left| *left == n);
        missing.remove(at.unwrap_or_else(|| panic!("frame {n} came once more")));
    }
}
