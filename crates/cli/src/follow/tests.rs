use outport_api::transfer::TaskExtras;
use outport_types::Route;
use serde_json::json;

use super::*;
use crate::printer::Captured;

#[test]
fn a_running_task_shows_what_is_done_and_left() {
    let task = running();
    let shown = moment(&task);
    assert_eq!(shown.state, "");
    assert_eq!(shown.numbers, "1,204/5,000 files · 1.2 GB/5.0 GB · 94 MB/s · 40 s left · direct");
    assert_eq!(shown.fraction, Some(0.248));
}

#[test]
fn while_the_source_is_read_nobody_knows_how_much_there_is() {
    let mut task = running();
    task.outport.as_mut().unwrap().scan_done = false;
    let shown = moment(&task);
    assert_eq!(shown.fraction, None);
    assert_eq!(shown.numbers, "1,204/5,000+ files · 1.2 GB/5.0 GB+ · 94 MB/s · direct");
}

#[test]
fn a_task_that_waits_says_why() {
    let mut task = running();
    task.nice_status = Some(NiceStatus::Paused.into());
    task.nice_status_details = Some("smith#WorkPC is paused by its owner.".to_owned());
    let shown = moment(&task);
    assert_eq!(shown.state, "waiting: smith#WorkPC is paused by its owner");
    assert_eq!(shown.numbers, "1,204/5,000 files · 1.2 GB/5.0 GB");
}

#[test]
fn before_there_are_numbers_there_are_words() {
    let mut task = running();
    task.files = 0;
    task.outport = None;
    assert_eq!(moment(&task).numbers, "looking at the source");
    task.nice_status = Some(NiceStatus::Queued.into());
    let shown = moment(&task);
    assert_eq!((shown.state.as_str(), shown.numbers.as_str()), ("queued", ""));
    task.kind = TaskKind::Delete;
    assert_eq!(moment(&task), shown);
}

#[test]
fn how_a_task_ended_is_said_and_is_the_exit_status() {
    let mut task = running();
    task.status = TaskStatus::Succeeded;
    task.completion_time = Some(task.request_time.plus_seconds(54));
    task.files_transferred = 5000;
    task.bytes_transferred = 5_000_000_000;
    let screen = Captured::text();
    conclude(&screen.printer(), &task).unwrap();
    assert_eq!(screen.out(), "Done: 5,000 files and 5.0 GB transferred, verified, in 54 s.\n");
    task.status = TaskStatus::Failed;
    task.fatal_error = Some(outport_api::transfer::FatalError {
        code: "PERMISSION_DENIED".to_owned(),
        description: "/x is in a read-only folder.".to_owned(),
    });
    let failure = conclude(&screen.printer(), &task).unwrap_err();
    assert_eq!((failure.exit, failure.code.as_str()), (Exit::Failed, "PERMISSION_DENIED"));
    assert!(failure.message.starts_with("/x is in a read-only folder. `outport tasks events"));
}

#[test]
fn what_was_removed_at_the_destination_is_told_at_the_end() {
    let mut task = running();
    task.status = TaskStatus::Succeeded;
    for (moved, words) in [(false, ", 7 deleted, in"), (true, ", 7 moved away, in")] {
        let extras = task.outport.as_mut().unwrap();
        (extras.deleted, extras.options.keep_deleted) = (7, moved);
        let screen = Captured::text();
        conclude(&screen.printer(), &task).unwrap();
        assert!(screen.out().contains(words), "{}", screen.out());
    }
}

#[test]
fn news_of_other_tasks_is_not_taken_for_this_one() {
    let task = running();
    let other = LiveEvent::Task { task: Box::new(task.clone()) };
    assert!(Feed::change(TaskId::random(), other.clone()).is_none());
    assert!(matches!(Feed::change(task.task_id, other), Some(News::Change(Change::Task(_)))));
    assert!(matches!(Feed::change(task.task_id, LiveEvent::Resync), Some(News::Reread)));
}

fn running() -> Task {
    let mut task: Task = serde_json::from_value(json!({
        "task_id": "00000000-0000-0000-0000-000000000003", "type": "TRANSFER",
        "status": "ACTIVE", "owner_id": "00000000-0000-0000-0000-000000000009",
        "request_time": "2026-01-31T12:00:00+00:00", "nice_status": "OK", "files": 5000,
        "source_endpoint_id": "00000000-0000-0000-0000-000000000001", "verify_checksum": true
    }))
    .unwrap();
    task.outport = Some(TaskExtras {
        bytes_found: 5_000_000_000,
        scan_done: true,
        files_done: 1204,
        bytes_done: 1_000_000_000,
        bytes_settled: 1_240_000_000,
        deleted: 0,
        rate: 94_000_000,
        route: Some(Route::Direct),
        ..TaskExtras::default()
    });
    task
}
