//! Two directories and a pair of links in one process.
#![cfg(unix)]

mod attributes;
mod checksums;
mod disks;
mod extras;
mod hard_links;
mod look;
mod names;
mod options;
mod progress;
mod renamed;
mod rig;
mod sparse;

use std::{
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use outport_protocol::report::Report;
use outport_types::{Code, EventCode, SyncLevel};

use self::rig::{Rig, tree};
use super::*;
use crate::testing::World;

const FINISHED: SessionEnd = SessionEnd::Finished { succeeded: true };
const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn a_tree_arrives_as_it_is() {
    let rig = Rig::new();
    let world = &rig.world;
    world.dir("src/empty/deeper");
    world.file("src/zero", "");
    world.file("src/small", "hello");
    world.file("src/block", pattern(MIB, 1));
    world.file("src/block-and-a-byte", pattern(MIB + 1, 2));
    world.file("src/large", pattern(5 * MIB + 12345, 3));
    for n in 0..300 {
        world.file(&format!("src/many/{}/f{n}", n % 7), format!("content {n}"));
    }
    for odd in [" ", "a,b", "100%", "new\nline", "\"quoted\"", "...", "e\u{301}", "\u{e9}", "~"] {
        world.file(&format!("src/odd/{odd}"), odd);
    }
    let latin = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"latin\xe9");
    std::fs::write(world.top.join("src/odd").join(latin), "bytes").unwrap();
    let tool = world.file("src/tool", "#!/bin/sh");
    std::fs::set_permissions(tool, std::fs::Permissions::from_mode(0o755)).unwrap();

    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(tree(&world.top.join("dst")), tree(&world.top.join("src")));
    let mode = std::fs::metadata(world.top.join("dst/tool")).unwrap().permissions().mode();
    assert_eq!(mode & 0o100, 0o100);

    let reports = rig.reports();
    let transferred = |report: &&Report| matches!(report, Report::Transferred(_));
    let files = reports.iter().filter(transferred).count();
    assert_eq!(files, tree(&world.top.join("src")).values().flatten().count());
    let Some(Report::Finished(finished)) = reports.last() else {
        panic!("{:?}", reports.last());
    };
    assert_eq!(finished.failure, None);
    assert_eq!(finished.counts.files_done, files as u64);
    let large = pattern(5 * MIB + 12345, 3);
    let digest = outport_types::Digest(*blake3::hash(&large).as_bytes());
    assert!(reports.iter().any(|report| matches!(report,
        Report::Transferred(file) if file.destination == world.path("dst/large")
            && file.digest == digest && file.size == large.len() as u64)));
}

#[tokio::test]
async fn a_single_file_goes_where_it_is_told_and_parents_are_made() {
    let mut rig = Rig::new();
    rig.world.file("src/one", "content");
    rig.world.link("src/link", "one");
    rig.items(&[("src/one", "dst/new/deep/two"), ("src/link", "dst/linked")]);
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(std::fs::read(rig.world.top.join("dst/new/deep/two")).unwrap(), b"content");
    assert_eq!(std::fs::read(rig.world.top.join("dst/linked")).unwrap(), b"content");
    assert!(!rig.world.top.join("dst/linked").is_symlink());
}

#[tokio::test]
async fn links_and_special_files_are_left_out_and_told() {
    let rig = Rig::new();
    rig.world.file("src/x", "");
    rig.world.link("src/link", "x");
    rig.world.link("src/out", "/etc/passwd");
    let fifo = rig.world.top.join("src/fifo");
    let mode = rustix::fs::Mode::RUSR;
    rustix::fs::mknodat(rustix::fs::CWD, fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(tree(&rig.world.top.join("dst")).len(), 1);
    let skipped = rig.reports().into_iter().filter(
        |report| matches!(report, Report::Skipped(s) if s.problem.code == Code::SkippedKind),
    );
    assert_eq!(skipped.count(), 3);
}

#[tokio::test]
async fn what_is_the_same_is_not_sent_again() {
    let mut rig = Rig::new();
    rig.transfer().options.sync_level = Some(SyncLevel::Checksum);
    rig.world.file("src/same", "same");
    rig.world.file("src/other", "new!");
    rig.world.file("dst/same", "same");
    rig.world.file("dst/other", "old!");
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(std::fs::read(rig.world.top.join("dst/other")).unwrap(), b"new!");
    let counts = rig.received.borrow().counts;
    assert_eq!((counts.files_done, counts.files_unchanged), (1, 1));
}

#[test]
fn a_final_name_shows_the_old_or_the_new_content_at_every_instant() {
    let rig = Rig::new();
    let (old, new) = (pattern(3 * MIB, 1), pattern(3 * MIB + 5, 2));
    rig.world.file("src/file", &new);
    let target = rig.world.file("dst/file", &old);
    let done = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut seen = 0;
            while !done.load(Ordering::Acquire) {
                let content = std::fs::read(&target).unwrap();
                assert!(content == old || content == new, "{} bytes", content.len());
                seen += 1;
            }
            seen
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let ends = runtime.block_on(rig.run());
        done.store(true, Ordering::Release);
        assert_eq!(ends, [FINISHED, FINISHED]);
        watcher.join().unwrap()
    });
    assert!(0 < seen);
    assert_eq!(std::fs::read(&target).unwrap(), new);
}

#[tokio::test]
async fn unreadable_sources_fail_the_task_or_are_skipped_as_asked() {
    for skip in [false, true] {
        let mut rig = Rig::new();
        rig.transfer().options.skip_source_errors = skip;
        rig.world.file("src/good", "good");
        rig.world.file("src/secret/x", "secret");
        rig.rules = rig.world.rules(&["ro:src", "rw:dst"]);
        rig.items(&[("src", "dst"), ("src/missing", "dst/missing")]);
        let ends = rig.run().await;
        assert_eq!(std::fs::read(rig.world.top.join("dst/good")).unwrap(), b"good");
        let succeeded = SessionEnd::Finished { succeeded: skip };
        assert_eq!(ends, [succeeded.clone(), succeeded]);
        let Some(Report::Finished(finished)) = rig.reports().pop() else {
            panic!("no end");
        };
        assert_eq!(finished.failure.map(|problem| problem.code), (!skip).then_some(Code::NotFound));
    }
}

#[tokio::test]
async fn a_denied_part_of_the_source_is_not_spoken_of() {
    let mut rig = Rig::new();
    rig.world.file("src/good", "good");
    rig.world.file("src/secret/x", "secret");
    rig.rules = rig.world.rules(&["ro:src", "rw:dst", "no:src/secret"]);
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(tree(&rig.world.top.join("dst")).len(), 1);
    assert!(!format!("{:?}", rig.reports()).contains("secret"));
}

#[tokio::test]
async fn a_read_only_destination_is_refused_before_anything_is_read() {
    let mut rig = Rig::new();
    rig.world.file("src/x", "content");
    rig.world.dir("dst");
    rig.rules = rig.world.rules(&["ro:src", "ro:dst"]);
    let [_, received] = rig.run().await;
    let SessionEnd::Refused { problem, retry } = received else {
        panic!("{received:?}");
    };
    assert_eq!((problem.code, retry), (Code::ReadOnly, outport_types::Retry::Never));
    assert_eq!(tree(&rig.world.top.join("dst")).len(), 0);
}

#[tokio::test]
async fn a_session_that_is_cut_goes_on_where_it_was() {
    let rig = Rig::new();
    for n in 0..200 {
        rig.world.file(&format!("src/small/{n}"), pattern(3000 + n, n));
    }
    rig.world.file("src/large", pattern(40 * MIB + 17, 9));
    let (ends, rounds) = rig.run_cut(&rig.disk, |round| 5 + 13 * round).await;
    assert_eq!(ends, [FINISHED, FINISHED]);
    assert!(5 < rounds, "it was cut {rounds} times only");
    assert_eq!(tree(&rig.world.top.join("dst")), tree(&rig.world.top.join("src")));
    // Each file is reported once, and no temporary file is left.
    let mut files: Vec<_> = rig
        .reports()
        .into_iter()
        .filter_map(|report| match report {
            Report::Transferred(file) => Some(file.destination),
            Report::Skipped(_) | Report::Event(_) | Report::Finished(_) | Report::Difference(_) => {
                None
            }
        })
        .collect();
    files.sort();
    assert_eq!(files.len(), 201);
    files.dedup();
    assert_eq!(files.len(), 201);
}

#[tokio::test]
async fn a_pause_ends_all_movement_within_its_time_and_keeps_what_is_verified() {
    let rig = Rig::new();
    rig.world.file("src/large", pattern(64 * MIB, 9));
    let slow = rig.slow(Duration::from_millis(10));
    let session = rig.start(&slow.store(), &rig.disk);
    let pause = async {
        slow.read.wait(8).await;
        let asked = Instant::now();
        rig.stop.stop(CloseCode::Paused);
        asked
    };
    let (ends, asked) = tokio::join!(session, pause);
    let took = asked.elapsed();
    assert!(took < Duration::from_millis(800), "{took:?}");
    assert!(ends.contains(&SessionEnd::Stopped(CloseCode::Paused)), "{ends:?}");
    let reads = slow.read.count();
    let rig = rig.again();
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(slow.read.count(), reads, "nothing was read after the end");
    assert_eq!(tree(&rig.world.top.join("dst")), tree(&rig.world.top.join("src")));
}

#[tokio::test]
async fn what_was_verified_before_a_pause_is_not_sent_again() {
    const BYTES: usize = 64 * MIB;
    let rig = Rig::new();
    rig.world.file("src/large", pattern(BYTES, 9));
    let slow = rig.slow(Duration::from_millis(10));
    let session = rig.start(&slow.store(), &rig.disk);
    let pause = async {
        slow.read.wait(40).await;
        rig.stop.stop(CloseCode::Paused);
    };
    tokio::join!(session, pause);
    let held = rig.received.borrow().counts.bytes_done as usize;
    assert!(8 * MIB < held && held < BYTES, "{held} bytes were verified");
    let rig = rig.again();
    let (source, destination) = (rig.slow(Duration::ZERO), rig.slow(Duration::ZERO));
    let ends = rig.start(&source.store(), &destination.store()).await;
    assert_eq!(ends, [FINISHED, FINISHED]);
    assert_eq!(tree(&rig.world.top.join("dst")), tree(&rig.world.top.join("src")));
    // What is held is read at the source once, to be compared; only the rest crosses the link.
    assert!(source.bytes_read() <= BYTES, "{} bytes were read", source.bytes_read());
    assert_eq!(destination.bytes_written(), BYTES - held);
    let sent = rig.sent.borrow().counts;
    assert_eq!((sent.bytes_done as usize, sent.files_done, sent.scan_done), (BYTES, 1, true));
}

#[tokio::test]
async fn what_is_denied_during_a_session_is_not_read_any_more() {
    let rig = Rig::new();
    rig.world.file("src/open", "open");
    rig.world.file("src/sub/large", pattern(64 * MIB, 9));
    let slow = rig.slow(Duration::from_millis(10));
    let session = rig.start(&slow.store(), &rig.disk);
    let deny = async {
        slow.read.wait(8).await;
        let list = rig.world.rule_list(&["ro:src", "rw:dst", "no:src/sub"]);
        rig.rules.replace(crate::rules::Rules::new(&list).unwrap());
        slow.read.count()
    };
    let (ends, reads) = tokio::join!(session, deny);
    assert_eq!(ends[1], SessionEnd::Finished { succeeded: false });
    assert!(slow.read.count() < reads + 16, "{} after {reads}", slow.read.count());
    assert!(!rig.world.top.join("dst/sub/large").exists());
    assert_eq!(std::fs::read(rig.world.top.join("dst/open")).unwrap(), b"open");
    let Some(Report::Finished(finished)) = rig.reports().pop() else {
        panic!("no end");
    };
    assert_eq!(finished.failure.map(|problem| problem.code), Some(Code::NotShared));
}

#[tokio::test]
async fn a_full_disk_fails_the_task_at_once_where_that_was_asked_for() {
    let mut rig = Rig::new();
    rig.transfer().options.fail_on_quota = true;
    for n in 0..20 {
        rig.world.file(&format!("src/{n}"), pattern(5000, n));
    }
    let full = rig.full(usize::MAX);
    let session = rig.start(&rig.disk, &full);
    let ends = tokio::time::timeout(Duration::from_secs(30), session).await;
    assert_eq!(ends.expect("no room is waited for")[1], SessionEnd::Finished { succeeded: false });
    let Some(Report::Finished(finished)) = rig.reports().pop() else {
        panic!("no end");
    };
    assert_eq!(finished.failure.map(|problem| problem.code), Some(Code::NoSpaceFailed));
    assert_eq!(tree(&rig.world.top.join("dst")).len(), 0, "nothing is left");
}

#[tokio::test]
async fn what_a_cancelled_task_left_is_swept_with_its_journal() {
    let rig = Rig::new();
    rig.world.file("src/sub/large", pattern(64 * MIB, 9));
    rig.world.file("dst/sub/.outport-part-another-task", "not ours");
    let slow = rig.slow(Duration::from_millis(5));
    let session = rig.start(&slow.store(), &rig.disk);
    let pause = async {
        slow.read.wait(30).await;
        rig.stop.stop(CloseCode::Revoked);
    };
    tokio::join!(session, pause);
    let left = || std::fs::read_dir(rig.world.top.join("dst/sub")).unwrap().count();
    assert_eq!(left(), 2);
    let params = rig.params(&rig.disk, &rig.received);
    let sweep = SweepParams {
        task: params.task,
        orders: params.orders,
        rules: params.rules,
        store: params.store,
        stop: Stop::new(),
    };
    sweep_task(sweep.clone(), rig.journal()).await.unwrap();
    assert_eq!(left(), 1);
    assert!(!rig.journal().path.exists());
    // Again is fine: there is nothing any more.
    sweep_task(sweep, rig.journal()).await.unwrap();
}

#[tokio::test]
async fn a_folder_that_is_taken_away_ends_the_session() {
    let rig = Rig::new();
    rig.world.file("src/large", pattern(64 * MIB, 9));
    let slow = rig.slow(Duration::from_millis(10));
    let session = rig.start(&slow.store(), &rig.disk);
    let removal = async {
        slow.read.wait(8).await;
        rig.rules.replace(crate::rules::Rules::new(&rig.world.rule_list(&["rw:dst"])).unwrap());
        Instant::now()
    };
    let (ends, removed) = tokio::join!(session, removal);
    assert!(removed.elapsed() < Duration::from_secs(1));
    assert!(
        ends.iter().any(|end| matches!(end,
            SessionEnd::Refused { problem, .. } if problem.code == Code::FolderRemoved)),
        "{ends:?}"
    );
    assert!(!rig.world.top.join("dst/large").exists());
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_read_arrives_in_one_version() {
    let rig = Rig::new();
    let path = rig.world.file("src/growing", pattern(8 * MIB, 1));
    let slow = rig.slow(Duration::from_millis(5));
    let store = slow.store();
    let session = rig.start(&store, &rig.disk);
    let change = async {
        slow.read.wait(3).await;
        std::fs::write(&path, pattern(9 * MIB, 2)).unwrap();
    };
    let (ends, ()) = tokio::join!(session, change);
    assert_eq!(ends, [FINISHED, FINISHED]);
    assert_eq!(std::fs::read(rig.world.top.join("dst/growing")).unwrap(), pattern(9 * MIB, 2));
    let changed = |report: &Report| matches!(report, Report::Event(event) if event.code == EventCode::FileChanged);
    assert!(rig.reports().iter().any(changed));
}

#[tokio::test]
async fn what_reads_back_differently_is_sent_again() {
    let rig = Rig::new();
    rig.world.file("src/large", pattern(4 * MIB, 1));
    rig.world.file("src/small", "small");
    let rotten = rig.rotten(2);
    assert_eq!(rig.start(&rig.disk, &rotten).await, [FINISHED, FINISHED]);
    assert_eq!(tree(&rig.world.top.join("dst")), tree(&rig.world.top.join("src")));
    let mismatch = |report: &Report| matches!(report, Report::Event(event) if event.code == EventCode::ChecksumMismatch);
    assert!(rig.reports().iter().any(mismatch));
}

#[tokio::test]
async fn a_disk_that_is_full_for_a_while_delays_but_does_not_fail() {
    let rig = Rig::new();
    for n in 0..20 {
        rig.world.file(&format!("src/{n}"), pattern(5000, n));
    }
    rig.world.file("src/large", pattern(4 * MIB, 1));
    let full = rig.full(5);
    assert_eq!(rig.start(&rig.disk, &full).await, [FINISHED, FINISHED]);
    assert_eq!(tree(&rig.world.top.join("dst")), tree(&rig.world.top.join("src")));
    let quota =
        |report: &Report| matches!(report, Report::Event(event) if event.code == EventCode::Quota);
    assert!(rig.reports().iter().any(quota));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_file_system_is_waited_for() {
    if !crate::testing::is_root("a small file system") {
        return;
    }
    let rig = Rig::new();
    let small = rig.small_disk();
    rig.world.file("dst/ballast", pattern(5 * MIB, 1));
    rig.world.file("src/large", pattern(6 * MIB, 2));
    rig.world.file("src/small", pattern(5000, 3));
    let session = rig.start(&rig.disk, &rig.disk);
    let room = async {
        let quota = |progress: &Progress| 1 <= progress.counts.files_done;
        rig.received.subscribe().wait_for(quota).await.unwrap();
        std::fs::remove_file(rig.world.top.join("dst/ballast")).unwrap();
    };
    let (ends, ()) = tokio::join!(session, room);
    assert_eq!(ends, [FINISHED, FINISHED]);
    assert_eq!(tree(&rig.world.top.join("dst")), tree(&rig.world.top.join("src")));
    let quota =
        |report: &Report| matches!(report, Report::Event(event) if event.code == EventCode::Quota);
    assert!(rig.reports().iter().any(quota));
    drop(small);
}

#[tokio::test]
async fn what_the_system_refuses_to_open_is_told_with_its_reason() {
    let mut rig = Rig::new();
    rig.transfer().options.skip_source_errors = true;
    rig.world.file("src/good", "good");
    rig.world.file("src/secret", "secret");
    rig.world.file("src/large-secret", pattern(2 * MIB, 1));
    assert_eq!(rig.start(&rig.locked("secret"), &rig.disk).await, [FINISHED, FINISHED]);
    assert_eq!(tree(&rig.world.top.join("dst")).len(), 1);
    let refused = rig.reports().into_iter().filter(
        |report| matches!(report, Report::Skipped(s) if s.problem.code == Code::OsPermission),
    );
    assert_eq!(refused.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn directories_swapped_for_links_lead_neither_side_out() {
    let rig = Rig::new();
    for n in 0..200 {
        rig.world.file(&format!("src/sub/{n}"), format!("inside {n}"));
    }
    rig.world.dir("dst/sub");
    rig.world.file("outside/0", "SECRET");
    rig.world.file("outside/1", "SECRET");
    let done = Arc::new(AtomicBool::new(false));
    let swappers = ["src", "dst"].map(|side| {
        let (top, done) = (rig.world.top.clone(), done.clone());
        std::thread::spawn(move || {
            let (swap, real) = (top.join(side).join("sub"), top.join(side).join("away"));
            while !done.load(Ordering::Acquire) {
                // Whatever the session does meanwhile may make a step fail; the next round goes on.
                std::fs::rename(&swap, &real).ok();
                std::os::unix::fs::symlink(top.join("outside"), &swap).ok();
                std::fs::remove_file(&swap).ok();
                std::fs::rename(&real, &swap).ok();
            }
        })
    });
    for _ in 0..20 {
        let rig = Rig { orders: Rig::new().orders, ..rig.again() };
        let mut rig = rig;
        rig.transfer().options.skip_source_errors = true;
        rig.items(&[("src", "dst")]);
        rig.run().await;
    }
    done.store(true, Ordering::Release);
    swappers.into_iter().for_each(|swapper| swapper.join().unwrap());
    assert_eq!(tree(&rig.world.top.join("outside")).len(), 2, "something was written outside");
    let arrived = tree(&rig.world.top.join("dst"));
    let leaked = arrived.values().flatten().any(|content| content == b"SECRET");
    assert!(!leaked, "something was read outside");
    assert!(!arrived.is_empty());
}

#[tokio::test]
async fn both_sides_can_be_one_computer_but_not_one_tree() {
    let mut rig = Rig::new();
    rig.world.file("src/sub/x", "content");
    rig.world.link("dst/into", "../src/sub");
    rig.rules = rig.world.rules(&["rw:src", "rw:dst"]);
    rig.items(&[("src", "dst/copy")]);
    assert_eq!(rig.run_local().await, FINISHED);
    assert_eq!(tree(&rig.world.top.join("dst/copy")), tree(&rig.world.top.join("src")));
    for inside in ["src", "src/sub", "src/new", "dst/into", "dst/into/new/deep"] {
        let mut rig = rig.again();
        rig.items(&[("src", inside)]);
        let SessionEnd::Refused { problem, .. } = rig.run_local().await else {
            panic!("{inside} was taken");
        };
        assert_eq!(problem.code, Code::SameTree, "{inside}");
    }
    let mut rig = rig.again();
    rig.items(&[("src/sub/x", "dst/into/x")]);
    assert!(matches!(rig.run_local().await, SessionEnd::Refused { .. }));
}

#[tokio::test]
async fn sides_with_different_tickets_do_not_begin() {
    let rig = Rig::new();
    rig.world.file("src/x", "content");
    let (left, right) = outport_link::pair();
    let mut sender = rig.params(&rig.disk, &rig.sent);
    sender.ticket = b"another".to_vec();
    let receiver = rig.params(&rig.disk, &rig.received);
    let ends = tokio::join!(run_sender(sender, left), run_receiver(receiver, rig.journal(), right));
    let ticket = |end: &SessionEnd| matches!(end, SessionEnd::Violation(Violation::Ticket));
    assert!(ticket(&ends.0) || ticket(&ends.1), "{ends:?}");
    assert!(!rig.world.top.join("dst/x").exists());
}

/// Content that is different everywhere.
fn pattern(bytes: usize, seed: usize) -> Vec<u8> {
    let mut content = vec![0; bytes];
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    hasher.finalize_xof().fill(&mut content);
    content
}
