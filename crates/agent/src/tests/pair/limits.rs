//! Limits of agents and tasks, between two agents that really move files.

use outport_control::Limits;
use outport_types::RateLimit;

use super::*;

#[tokio::test]
async fn a_limit_of_either_side_or_of_the_task_is_kept() {
    for limited in [Limited::Sender, Limited::Receiver, Limited::Task] {
        let mut pair = Pair::new().await;
        let file = pair.left.folder().join("some");
        fs::write(file, vec![7; SOME_BYTES as usize]).unwrap();
        let limit = RateLimit::new(SOME_BYTES / 4).ok();
        match limited {
            Limited::Sender => set(&pair.left, limit, None).await,
            Limited::Receiver => set(&pair.right, None, limit).await,
            Limited::Task => pair.limit = limit,
        }
        let session = pair.begin("some", "copy").await;
        let began = tokio::time::Instant::now();
        if limited == Limited::Sender {
            let held = pair.left.wait_for(|state| state.limits.holds_upload).await;
            assert_eq!((held.limits.upload, held.limits.holds_download), (limit, false));
        }
        if limited == Limited::Receiver {
            let held = pair.right.wait_for(|state| state.limits.holds_download).await;
            assert_eq!((held.limits.download, held.limits.holds_upload), (limit, false));
        }
        let task = pair.task;
        pair.to_right.reports(task).await;
        let took = began.elapsed().as_secs_f64();
        // A little for the way there and for making it durable.
        assert!((3.8..15.0).contains(&took), "{limited:?}: {took} s");
        assert_eq!(pair.to_left.end_of(session).await, SessionState::Done);
        pair.end().await;
    }
}

#[tokio::test]
async fn under_the_slowest_limit_a_pause_is_quick_and_a_change_is_in_force_at_once() {
    for receiver in [false, true] {
        let mut pair = Pair::new().await;
        pair.write_large().await;
        let slow = RateLimit::new(10_000).ok();
        let limits = if receiver { (None, slow) } else { (slow, None) };
        let rig = if receiver { &pair.right } else { &pair.left };
        set(rig, limits.0, limits.1).await;
        let session = pair.begin("large", "copy").await;
        let rig = if receiver { &pair.right } else { &pair.left };
        rig.wait_for(|state| state.limits.holds_upload || state.limits.holds_download).await;
        let pausing = tokio::time::Instant::now();
        rig.client().await.pause(None).await.unwrap();
        assert!(pausing.elapsed() < Duration::from_secs(1), "{:?}", pausing.elapsed());
        rig.client().await.resume().await.unwrap();
        let other = if receiver { &mut pair.to_left } else { &mut pair.to_right };
        let reason = RevokeReason::PeerAway;
        other.say(&HubMessage::Revoke { session, reason }).await;
        assert_eq!(other.end_of(session).await, SessionState::Stopped);

        let session = pair.begin("large", "copy").await;
        let rig = if receiver { &pair.right } else { &pair.left };
        rig.wait_for(|state| state.limits.holds_upload || state.limits.holds_download).await;
        set(rig, None, None).await;
        let task = pair.task;
        let reports = timeout(Duration::from_secs(60), pair.to_right.reports(task)).await.unwrap();
        assert!(matches!(reports.last(), Some(Report::Finished(end)) if end.failure.is_none()));
        assert_eq!(pair.to_left.end_of(session).await, SessionState::Done);
        pair.end().await;
    }
}

/// What a limit is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limited {
    Sender,
    Receiver,
    Task,
}

async fn set(rig: &Rig, upload: Option<RateLimit>, download: Option<RateLimit>) {
    let limits = Limits { upload, download, ..Limits::default() };
    assert_eq!(rig.client().await.save_limits(limits.clone()).await.unwrap(), limits);
}

const SOME_BYTES: u64 = 12_000_000;
