//! Data that changes over to TCP between computers that are near each other.

use bytes::Bytes;
use outport_link::{CloseCode, DataFrame, LinkEnd};
use outport_types::Route;

use crate::rig::{Pair, ends_by_direction};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn near_computers_move_their_data_over_tcp_and_it_ends_as_on_any_carrier() {
    for _ in 0..5 {
        let pair = Pair::with_tcp(true, true);
        ends_by_direction(&pair).await;
        pair.shutdown().await;
    }
    let pair = Pair::with_tcp(true, true);
    let (mut left, mut right) = pair.links().await;
    assert_eq!((left.handle.route(), right.handle.route()), (Route::Tcp, Route::Tcp));
    let body = vec![7; 1024 * 1024];
    for (from, to) in [(&left.data_out, &mut right.data_in), (&right.data_out, &mut left.data_in)] {
        for _ in 0..20 {
            from.send(DataFrame::new("header", body.clone())).await.unwrap();
            assert_eq!(to.recv().await.unwrap().unwrap().body, body);
        }
    }
    let content = 20 * body.len() as u64;
    for stats in [left.handle.stats(), right.handle.stats()] {
        assert!(content <= stats.bytes_sent && content <= stats.bytes_received, "{stats:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_one_side_wants_no_tcp_data_stays_where_it_is() {
    for (left, right) in [(true, false), (false, true)] {
        let pair = Pair::with_tcp(left, right);
        let (left, mut right) = pair.links().await;
        assert_eq!((left.handle.route(), right.handle.route()), (Route::Lan, Route::Lan));
        left.data_out.send(DataFrame::new("header", "body")).await.unwrap();
        assert_eq!(right.data_in.recv().await.unwrap().unwrap().body, "body");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_wants_no_tcp_stays_where_it_is() {
    for (left, right) in [(true, false), (false, true)] {
        let pair = Pair::with_tcp(true, true).without_tcp(left, right);
        let (left, right) = pair.links().await;
        assert_eq!((left.handle.route(), right.handle.route()), (Route::Lan, Route::Lan));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_close_ends_what_moves_over_tcp_on_both_sides() {
    let pair = Pair::with_tcp(true, true);
    let (left, mut right) = pair.links().await;
    // Nobody reads on the right, so that much of this is under way when the link is closed.
    let sending = async {
        loop {
            let frame = DataFrame::new("header", vec![1; 1024 * 1024]);
            if let Err(error) = left.data_out.send(frame).await {
                return error;
            }
        }
    };
    let closing = async {
        let first = right.data_in.recv().await.unwrap().unwrap();
        right.handle.close(CloseCode::Paused, "by its owner");
        first.body.len()
    };
    let (error, first) = tokio::join!(sending, closing);
    assert_eq!(first, 1024 * 1024);
    let end = LinkEnd::Peer { code: CloseCode::Paused, reason: "by its owner".into() };
    assert_eq!(left.handle.closed().await, end, "{error}");
    assert!(right.data_in.recv().await.is_err(), "nothing comes after this side closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_shuts_down_ends_its_links_over_tcp_too() {
    let pair = Pair::with_tcp(true, true);
    let (left, mut right) = pair.links().await;
    left.control_out.send(Bytes::from_static(b"last")).await.unwrap();
    assert_eq!(right.control_in.recv().await.unwrap().unwrap(), "last");
    pair.shutdown().await;
    assert!(left.handle.end().is_some() && right.handle.end().is_some());
}
