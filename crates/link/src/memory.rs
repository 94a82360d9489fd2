//! A link inside one process: both sides are one agent, or a test.

use std::sync::Arc;

use outport_types::Route;
use tokio::sync::watch;

use crate::{
    budget::Budget,
    carrier::Carrier,
    end::{CloseCode, End, LinkEnd},
    flow::Flow,
    link::{Lanes, Link, LinkStats, crossed_lanes},
};

/// Makes two links that lead to each other, with the bounds that every link has.
pub fn pair() -> (Link, Link) {
    let [left, right] = crossed_lanes();
    let (left_end, right_end) = (Arc::new(End::new()), Arc::new(End::new()));
    let (to_right, to_left) = (Budget::new(UNSENT_BYTES), Budget::new(UNSENT_BYTES));
    (
        side(left, to_right, left_end.clone(), right_end.clone()),
        side(right, to_left, right_end, left_end),
    )
}

fn side(
    (lanes, undelivered): (Lanes, watch::Sender<usize>),
    budget: Arc<Budget>,
    own: Arc<End>,
    other: Arc<End>,
) -> Link {
    let carrier = Memory { other, undelivered, budget: budget.clone() };
    Link::assemble(lanes, budget, Flow::new(), own, Box::new(carrier))
}

#[derive(Debug)]
struct Memory {
    other: Arc<End>,
    undelivered: watch::Sender<usize>,
    budget: Arc<Budget>,
}

impl Carrier for Memory {
    fn close(&self, code: CloseCode, reason: &str) {
        self.other.settle(LinkEnd::Peer { code, reason: reason.to_owned() });
    }

    fn stats(&self) -> LinkStats {
        let unsent_bytes = self.budget.used() as u64;
        LinkStats { unsent_bytes, ..LinkStats::still(Route::Local) }
    }

    fn arrives_at_once(&self) -> bool {
        true
    }

    fn finished(&self) {
        self.undelivered.send_modify(|streams| *streams -= 1);
    }
}

/// Enough for the next frames to be ready while one is worked on.
const UNSENT_BYTES: usize = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::FutureExt as _;

    use super::*;
    use crate::{
        frame::{CONTROL_FRAME_BYTES_MAX, DATA_FRAME_BYTES_MAX, DataFrame},
        link::SendError,
    };

    #[tokio::test]
    async fn frames_arrive_and_each_direction_ends_by_itself() {
        let (left, mut right) = pair();
        left.control_out.send(Bytes::from_static(b"one")).await.unwrap();
        left.control_out.finish().await.unwrap();
        left.data_out.send(DataFrame::new("header", "body")).await.unwrap();
        left.data_out.finish().await.unwrap();
        left.handle.delivered().await.unwrap();

        assert_eq!(right.control_in.recv().await.unwrap().unwrap(), "one");
        assert_eq!(right.control_in.recv().await, Ok(None));
        let frame = right.data_in.recv().await.unwrap().unwrap();
        assert_eq!((&frame.header[..], &frame.body[..]), (&b"header"[..], &b"body"[..]));
        assert_eq!(right.data_in.recv().await, Ok(None));

        right.control_out.send(Bytes::from_static(b"back")).await.unwrap();
        let mut control_in = left.control_in;
        assert_eq!(control_in.recv().await.unwrap().unwrap(), "back");
    }

    #[tokio::test]
    async fn what_was_sent_before_the_other_side_closed_still_arrives() {
        let (left, mut right) = pair();
        left.data_out.send(DataFrame::new("h", "b")).await.unwrap();
        left.handle.close(CloseCode::Paused, "by its owner");
        assert!(right.data_in.recv().await.unwrap().is_some());
        let end = LinkEnd::Peer { code: CloseCode::Paused, reason: "by its owner".into() };
        assert_eq!(right.data_in.recv().await, Err(end.clone()));
        assert_eq!(right.handle.closed().await, end);
        let sent = right.control_out.send(Bytes::new()).await;
        assert_eq!(sent, Err(SendError::Ended(end)));
    }

    #[tokio::test]
    async fn after_a_close_on_this_side_nothing_more_is_handed_out() {
        let (left, mut right) = pair();
        left.data_out.send(DataFrame::new("h", "b")).await.unwrap();
        right.handle.close(CloseCode::Paused, "");
        assert!(matches!(right.data_in.recv().await, Err(LinkEnd::Local { .. })));
    }

    #[tokio::test]
    async fn a_link_that_is_let_go_of_ends_on_the_other_side() {
        let (left, mut right) = pair();
        drop(left);
        let end = right.control_in.recv().await.unwrap_err();
        assert_eq!(end, LinkEnd::Peer { code: CloseCode::Dropped, reason: String::new() });
    }

    #[tokio::test]
    async fn unread_frames_hold_the_sender_back_and_a_dropped_send_sends_nothing() {
        let (left, mut right) = pair();
        let frame = DataFrame::new("", vec![7; 1024 * 1024]);
        for _ in 0..4 {
            left.data_out.send(frame.clone()).now_or_never().unwrap().unwrap();
        }
        assert!(left.data_out.send(frame.clone()).now_or_never().is_none());
        for _ in 0..4 {
            assert!(right.data_in.recv().now_or_never().unwrap().unwrap().is_some());
        }
        assert!(right.data_in.recv().now_or_never().is_none());
        assert_eq!(left.handle.stats().unsent_bytes, 0);
    }

    #[tokio::test]
    async fn frames_beyond_the_limits_are_refused() {
        let (left, _right) = pair();
        let long = Bytes::from(vec![0; CONTROL_FRAME_BYTES_MAX + 1]);
        assert!(matches!(left.control_out.send(long).await, Err(SendError::TooLong { .. })));
        let long = DataFrame::new("h", vec![0; DATA_FRAME_BYTES_MAX]);
        assert!(matches!(left.data_out.send(long).await, Err(SendError::TooLong { .. })));
        let other = left.data_out.clone();
        left.data_out.finish().await.unwrap();
        assert_eq!(other.send(DataFrame::default()).await, Err(SendError::Finished));
    }
}
