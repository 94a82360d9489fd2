//! Transfers that give way to other programs.

use outport_control::Settings;

use super::*;

#[tokio::test]
async fn files_are_worked_on_by_threads_that_yield_where_the_owner_wants_it() {
    let mut pair = Pair::new().await;
    pair.write_large().await;
    let settings = Settings { background: true, ..Settings::default() };
    assert_eq!(pair.left.client().await.save_settings(settings).await.unwrap(), settings);
    let text = fs::read_to_string(config_file(&pair.left.paths)).unwrap();
    assert!(text.contains("[transfer]\nbackground = true"), "{text}");
    let session = pair.begin("large", "copy").await;
    pair.wait_until_moving(session).await;
    let nices = |name: &str| {
        let threads = fs::read_dir("/proc/self/task").unwrap().map(|entry| entry.unwrap().path());
        let called = |thread: &std::path::PathBuf| {
            fs::read_to_string(thread.join("comm")).is_ok_and(|comm| comm.trim() == name)
        };
        let nice = |thread: std::path::PathBuf| {
            let stat = fs::read_to_string(thread.join("stat")).ok()?;
            stat.rsplit_once(')')?.1.split_whitespace().nth(16)?.parse::<i32>().ok()
        };
        threads.filter(called).filter_map(nice).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(nices("outport-read"), [10].into());
    assert_eq!(nices("outport-write"), [0].into(), "the other computer's owner did not ask for it");
    pair.end().await;
}

/// Only the round trips of QUIC tell when others want the line.
#[tokio::test]
async fn content_stays_on_quic_whoever_wants_it_to_leave_the_line_to_others() {
    for wanted in [Wanted::Nobody, Wanted::Task, Wanted::Source, Wanted::Destination] {
        let mut pair = Pair::new().await;
        pair.write_large().await;
        let settings = Settings { background: true, ..Settings::default() };
        match wanted {
            Wanted::Nobody => {}
            Wanted::Task => pair.background = true,
            Wanted::Source => drop(pair.left.client().await.save_settings(settings).await),
            Wanted::Destination => drop(pair.right.client().await.save_settings(settings).await),
        }
        let session = pair.begin("large", "copy").await;
        let route = pair.wait_until_moving(session).await;
        let usual = if wanted == Wanted::Nobody { Route::Tcp } else { Route::Lan };
        assert_eq!(route, usual, "{wanted:?}");
        pair.end().await;
    }
}

/// By whom it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Nobody,
    Task,
    Source,
    Destination,
}
