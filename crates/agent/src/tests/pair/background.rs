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
