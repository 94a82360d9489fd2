//! An agent that closes in the middle of a session, and comes back when the task is over.

use super::*;

#[tokio::test]
async fn closed_in_the_middle_it_ends_in_time_and_sweeps_when_the_task_is_over() {
    let mut pair = Pair::new().await;
    pair.write_large().await;
    let session = pair.begin("large", "copy").await;
    pair.wait_until_moving(session).await;
    pair.right.stop().await; // within its ten seconds
    assert!(!pair.right.folder().join("copy").exists(), "no half file");
    assert_eq!(unfinished(&pair.right), 1, "what is verified is kept");

    pair.right.start().await;
    pair.to_right = pair.right.hub.accept().await;
    assert_eq!(pair.to_right.hello.outstanding, [pair.task]);
    assert_eq!(unfinished(&pair.right), 1, "the task may go on yet");
    // As the hub answers where the task was cancelled, or expired meanwhile.
    pair.to_right.say(&HubMessage::TaskOver { task: pair.task }).await;
    let dir = pair.right.paths.state_dir.join("tasks").join(pair.task.to_string());
    wait_until(|| !dir.exists() && unfinished(&pair.right) == 0).await;
    pair.end().await;
}

#[tokio::test]
async fn a_task_that_is_over_stops_its_session_within_a_second_and_leaves_nothing() {
    let mut pair = Pair::new().await;
    pair.write_large().await;
    let session = pair.begin("large", "copy").await;
    pair.wait_until_moving(session).await;
    let over = HubMessage::TaskOver { task: pair.task };
    for channel in [&mut pair.to_left, &mut pair.to_right] {
        channel.say(&over).await;
    }
    let ended = async {
        let (left, right) =
            tokio::join!(pair.to_left.end_of(session), pair.to_right.end_of(session));
        [left, right]
    };
    let ended = timeout(Duration::from_secs(1), ended).await.expect("within a second");
    assert_eq!(ended, [SessionState::Stopped, SessionState::Stopped]);
    let dir = pair.right.paths.state_dir.join("tasks").join(pair.task.to_string());
    wait_until(|| !dir.exists() && unfinished(&pair.right) == 0).await;
    assert!(!pair.right.folder().join("copy").exists());
    pair.end().await;
}

/// Files in a folder that a session has not finished.
fn unfinished(rig: &Rig) -> usize {
    let names = fs::read_dir(rig.folder()).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().starts_with(".outport-part-")).count()
}
