//! Links of several connections: when they become so, and what becomes of what they carry.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::time::Duration;

use outport_link::{Endpoint, EndpointOptions, Link, LinkHandle, Throttle};
use outport_types::RateLimit;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use crate::{
    better::{carries, carries_until},
    policed::{Policed, Share},
    rig::{self, LIMIT, Pair},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_each_connection_has_a_share_a_link_takes_several() {
    let (pair, path, left, right) = linked(Share::Each, MEASURE).await;
    let watched = [left.handle.clone(), right.handle.clone()];
    carries_while(left, right, async {
        for handle in &watched {
            has_connections(handle, |connections| 3 <= connections).await;
        }
        // They follow this computer to another address, as the first one does.
        pair.left.endpoint.rebind().unwrap();
    })
    .await;
    assert!(6 <= path.callers(), "{} addresses", path.callers());
    pair.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_makes_nothing_faster_is_given_up() {
    let (pair, path, left, right) = linked(Share::All, MEASURE).await;
    let watched = [left.handle.clone(), right.handle.clone()];
    carries_while(left, right, async {
        for wanted in [2, 1] {
            for handle in &watched {
                has_connections(handle, |connections| connections == wanted).await;
            }
        }
    })
    .await;
    assert!(2 <= path.callers(), "{} addresses", path.callers());
    pair.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_side_that_holds_back_takes_no_connection_more() {
    let (pair, path, left, right) = linked(Share::All, MEASURE / 4).await;
    right.handle.hold_to(vec![Throttle::new(RateLimit::new(HELD_TO).ok())]);
    let watched = [left.handle.clone(), right.handle.clone()];
    carries_while(right, left, async {
        // The first is the link's own; two more are asked for, and refused.
        while path.callers() < 3 {
            for handle in &watched {
                assert_eq!((handle.stats().connections, handle.end()), (1, None));
            }
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    pair.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_is_finished_at_any_moment_of_that_ends_as_it_should() {
    for frames in [10, 30, 60, 90, 120, 150] {
        let (pair, _path, left, right) = linked(Share::Each, Duration::from_millis(40)).await;
        let carrying = async {
            tokio::join!(
                carries(left.control_out, left.data_out, right.control_in, right.data_in, frames),
                carries(right.control_out, right.data_out, left.control_in, left.data_in, 20),
            );
            left.handle.delivered().await.unwrap();
            right.handle.delivered().await.unwrap();
        };
        timeout(LIMIT, carrying).await.unwrap();
        assert_eq!((left.handle.end(), right.handle.end()), (None, None));
        drop(pair);
    }
}

/// A link from left to right over a path that polices, whose left side may widen it.
async fn linked(share: Share, measure: Duration) -> (Pair, Policed, Link, Link) {
    let options = EndpointOptions {
        address: Some(rig::any_port()),
        without_tcp: true,
        measure: Some(measure),
        ..EndpointOptions::default()
    };
    let left = Endpoint::bind(rig::key(1), &options).unwrap();
    let pair = Pair::between(&left, &rig::endpoint(2));
    let path = Policed::to(pair.right.endpoint.local_address().unwrap(), share);
    pair.left.expectation.add_candidates(&[rig::candidate(path.entry)]);
    let (left, right) = pair.establish().await;
    (pair, path, left.unwrap(), right.unwrap())
}

/// Carries frames to the right until that is done, and some more; each must come once.
async fn carries_while(left: Link, right: Link, what: impl Future<Output = ()>) {
    let done = watch::Sender::new(false);
    let doing = async {
        timeout(2 * LIMIT, what).await.unwrap();
        done.send_replace(true);
    };
    let handle = left.handle.clone();
    tokio::join!(
        doing,
        carries_until(left.control_out, left.data_out, right.control_in, right.data_in, &done)
    );
    timeout(LIMIT, handle.delivered()).await.unwrap().unwrap();
    assert_eq!(handle.end(), None);
}

async fn has_connections(handle: &LinkHandle, enough: impl Fn(u8) -> bool) {
    while !enough(handle.stats().connections) {
        assert_eq!(handle.end(), None);
        sleep(Duration::from_millis(10)).await;
    }
}

/// Long enough for a rate to be one on a busy machine.
const MEASURE: Duration = Duration::from_secs(1);
/// Bytes a second; less than the path carries.
const HELD_TO: u64 = 1_000_000;
