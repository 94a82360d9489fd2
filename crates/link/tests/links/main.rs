//! Two endpoints on loopback: links come up, carry, end, and survive what they must.

mod better;
mod hostile;
mod limits;
mod path;
mod policed;
mod relayed;
mod rig;
mod rough;
mod strands;
mod tcp;
mod tunnel;

use std::time::Duration;

use bytes::Bytes;
use outport_link::{
    CloseCode, DataFrame, DialFailure, Endpoint, EndpointOptions, EstablishError, LinkEnd, Way,
};
use outport_protocol::{
    control::CandidateKind,
    discovery::{DiscoveryAnswer, DiscoveryRequest},
};
use outport_types::Route;

use crate::rig::{Pair, Side};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sides_dial_and_end_with_the_same_link() {
    for _ in 0..10 {
        let pair = Pair::new();
        let (mut left, mut right) = pair.links().await;
        assert_eq!(left.handle.route(), Route::Lan);
        left.control_out.send(Bytes::from_static(b"to the right")).await.unwrap();
        right.control_out.send(Bytes::from_static(b"to the left")).await.unwrap();
        assert_eq!(right.control_in.recv().await.unwrap().unwrap(), "to the right");
        assert_eq!(left.control_in.recv().await.unwrap().unwrap(), "to the left");
        pair.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_side_that_knows_an_address_is_enough() {
    for dialler in [Side::Left, Side::Right] {
        let pair = Pair::new();
        pair.tell(dialler);
        let (left, right) = pair.establish().await;
        let (left, mut right) = (left.unwrap(), right.unwrap());
        left.data_out.send(DataFrame::new("header", "body")).await.unwrap();
        assert_eq!(right.data_in.recv().await.unwrap().unwrap().body, "body");
        pair.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_comes_later_is_dialled() {
    let pair = Pair::new();
    let establish = pair.establish();
    let tell = async {
        tokio::task::yield_now().await;
        pair.tell(Side::Left);
    };
    let ((left, right), ()) = tokio::join!(establish, tell);
    left.unwrap();
    right.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_direction_ends_by_itself_and_the_sender_learns_that_all_arrived() {
    rig::ends_by_direction(&Pair::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_close_tells_both_sides_who_and_why() {
    let pair = Pair::new();
    let (left, mut right) = pair.links().await;
    left.handle.close(CloseCode::Paused, "by its owner");
    left.handle.close(CloseCode::Done, "too late");
    let reason = "by its owner".to_owned();
    let end = LinkEnd::Peer { code: CloseCode::Paused, reason: reason.clone() };
    assert_eq!(right.handle.closed().await, end);
    assert_eq!(right.data_in.recv().await, Err(end));
    assert_eq!(left.handle.closed().await, LinkEnd::Local { code: CloseCode::Paused, reason });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_sessions_between_the_same_keys_are_told_apart() {
    let pair = Pair::new();
    let other = pair.another_session();
    let ((left, _right), (other_left, mut other_right)) = tokio::join!(pair.links(), other.links());
    other_left.control_out.send(Bytes::from_static(b"other")).await.unwrap();
    assert_eq!(other_right.control_in.recv().await.unwrap().unwrap(), "other");
    assert_eq!(left.handle.end(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_loss_the_same_session_gets_a_new_link_and_the_old_one_ends() {
    let pair = Pair::new();
    let (left, right) = pair.links().await;
    // The left side loses its link without a word reaching the right side.
    left.handle.close(CloseCode::Dropped, "");
    let (new_left, mut new_right) = pair.links().await;
    assert!(matches!(right.handle.closed().await, LinkEnd::Lost { .. } | LinkEnd::Peer { .. }));
    new_left.control_out.send(Bytes::from_static(b"again")).await.unwrap();
    assert_eq!(new_right.control_in.recv().await.unwrap().unwrap(), "again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_shuts_down_says_so() {
    let pair = Pair::new();
    let (_left, right) = pair.links().await;
    pair.left.endpoint.shutdown(Duration::from_secs(5)).await;
    let end = right.handle.closed().await;
    assert!(matches!(end, LinkEnd::Peer { code: CloseCode::Shutdown, .. }), "{end}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_way_the_error_says_what_was_tried() {
    let pair = Pair::new();
    let deaf = std::net::UdpSocket::bind(rig::any_port()).unwrap();
    let nowhere = rig::candidate(deaf.local_addr().unwrap());
    pair.left.expectation.add_candidates(&[nowhere]);
    let error = pair.left.expectation.establish(Duration::from_millis(400)).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&nowhere.address.to_string()), "{text}");
    assert!(text.contains("no answer"), "{text}");
    let EstablishError::NoRoute { tried, .. } = error else { panic!("{text}") };
    assert_eq!(tried.0.len(), 1);
    let error = pair.right.expectation.establish(Duration::from_millis(10)).await.unwrap_err();
    assert!(error.to_string().contains("no address of it is known"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_survey_tells_of_every_way_and_takes_the_best() {
    let (pair, deaf) = (Pair::new(), std::net::UdpSocket::bind(rig::any_port()).unwrap());
    let nowhere = rig::candidate(deaf.local_addr().unwrap());
    for side in [&pair.left, &pair.right] {
        side.expectation.add_candidates(&[nowhere]);
    }
    pair.tell(Side::Left);
    let (left, right) = tokio::join!(
        pair.left.expectation.survey(rig::LIMIT),
        pair.right.expectation.survey(rig::LIMIT)
    );
    let (left, right) = (left.unwrap(), right.unwrap());
    assert_eq!(left.link.unwrap().handle.route(), Route::Lan);
    assert_eq!(right.link.unwrap().handle.route(), Route::Lan);
    let [left_at, right_at] =
        [&pair.left, &pair.right].map(|side| side.endpoint.local_address().unwrap());
    let way = |ways: &[Way], address| ways.iter().find(|way| way.address == address).cloned();
    let silent = Err(DialFailure::NoAnswer);
    for survey in [&left.ways, &right.ways] {
        assert_eq!(way(survey, Some(nowhere.address)).unwrap().outcome, silent, "{survey:?}");
        assert_eq!(survey.len(), 2, "{survey:?}");
    }
    let dialled = way(&left.ways, Some(right_at)).unwrap();
    assert!(dialled.outcome.is_ok() && !dialled.inwards, "{dialled:?}");
    assert_eq!(dialled.kind, Some(CandidateKind::Local));
    let came = way(&right.ways, Some(left_at)).unwrap();
    assert!(came.outcome.is_ok() && came.inwards, "nobody told it of that one: {came:?}");

    let alone = Pair::new();
    alone.left.expectation.add_candidates(&[nowhere]);
    let survey = alone.left.expectation.survey(Duration::from_millis(300)).await.unwrap();
    assert!(survey.link.is_none());
    assert_eq!(survey.ways.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_that_the_hub_sees_is_learnt_over_the_socket_of_the_links() {
    let hub = tokio::net::UdpSocket::bind(rig::any_port()).await.unwrap();
    let hub_address = hub.local_addr().unwrap();
    let answering = async {
        let mut packet = [0; 100];
        // The first question is lost.
        for lost in [true, false] {
            let (length, from) = hub.recv_from(&mut packet).await.unwrap();
            let DiscoveryRequest { nonce } = DiscoveryRequest::decode(&packet[..length]).unwrap();
            if lost {
                continue;
            }
            let guess =
                DiscoveryAnswer { nonce: [0; 16], observed: "192.0.2.1:1".parse().unwrap() };
            hub.send_to(&guess.encode(), from).await.unwrap();
            let answer = DiscoveryAnswer { nonce, observed: "192.0.2.7:7".parse().unwrap() };
            hub.send_to(&answer.encode(), from).await.unwrap();
        }
    };
    let endpoint = Endpoint::bind(rig::key(1), &EndpointOptions::default()).unwrap();
    let (observed, ()) = tokio::join!(endpoint.observed_address(hub_address), answering);
    assert_eq!(observed.unwrap(), "192.0.2.7:7".parse().unwrap());
}
