//! Previews and checks: what differs is told as a transfer would find it, and nothing is changed.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use outport_protocol::{control::FileKind, report::Difference, session::replacement};
use outport_types::{
    Conflict, Differences, Extras, FilterKind, FilterRule, Finding, Names, Purpose, Symlinks, Tally,
};

use super::*;
use crate::testing::name;

const FAILED: SessionEnd = SessionEnd::Finished { succeeded: false };

/// Two trees that differ in every way.
fn trees(purpose: Purpose) -> Rig {
    let mut rig = Rig::new();
    rig.transfer().options.purpose = purpose;
    rig.transfer().options.sync_level = Some(SyncLevel::Checksum);
    let world = &rig.world;
    world.file("src/new", "12345");
    world.file("src/dir/new", "1");
    world.file("src/fresh/deep/new", "123");
    world.file("src/same", "same");
    world.file("dst/same", "same");
    world.file("src/other", "other");
    world.file("dst/other", "OTHER");
    world.file("src/longer", "longer");
    world.file("dst/longer", "long");
    world.dir("dst/dir");
    world.file("dst/gone", "1234567");
    world.file("dst/dir/gone", "12");
    world.file("dst/old/a", "123");
    world.file("dst/old/b/c", "1");
    world.link("dst/old/link", "../../outside");
    world.file("outside/precious", "mine");
    rig
}

/// Every file, directory and link with all that a look could leave on it.
fn everything(top: &Path) -> Vec<(PathBuf, u32, u64, [i64; 4], String)> {
    let (mut all, mut todo) = (Vec::new(), vec![top.to_path_buf()]);
    while let Some(path) = todo.pop() {
        let found = path.symlink_metadata().unwrap();
        let times = [found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()];
        let content = if found.is_file() {
            fs::read_to_string(&path).unwrap()
        } else if found.is_symlink() {
            fs::read_link(&path).unwrap().to_str().unwrap().to_owned()
        } else {
            todo.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            String::new()
        };
        all.push((path, found.mode(), found.ino(), times, content));
    }
    all.sort();
    all
}

/// Runs a session that changes nothing at either side.
async fn looks(rig: &Rig) -> [SessionEnd; 2] {
    let trees = ["src", "dst", "outside"].map(|name| rig.world.dir(name));
    let before = trees.clone().map(|tree| everything(&tree));
    let ends = rig.run().await;
    assert_eq!(trees.map(|tree| everything(&tree)), before);
    ends
}

fn differences(rig: &Rig) -> Vec<Difference> {
    let reports = rig.reports().into_iter();
    let differences = reports.filter_map(|report| match report {
        Report::Difference(difference) => Some(difference),
        Report::Transferred(_) | Report::Skipped(_) | Report::Event(_) | Report::Finished(_) => {
            None
        }
    });
    differences.collect()
}

/// What was told: how it differs, and where at the destination.
fn told(rig: &Rig) -> Vec<(Finding, String)> {
    let top = rig.world.path("dst").to_string();
    let path = |path: String| path.strip_prefix(&top).unwrap().trim_start_matches('/').to_owned();
    let told = differences(rig).into_iter();
    let told = told.map(|one| (one.finding, path(one.destination.to_string())));
    let mut told: Vec<_> = told.collect();
    told.sort();
    told
}

fn counted(rig: &Rig) -> Differences {
    let Some(Report::Finished(finished)) = rig.reports().pop() else { panic!("no end") };
    finished.counts.differences.expect("only looked at")
}

fn pairs(finding: Finding, paths: &[&str]) -> Vec<(Finding, String)> {
    paths.iter().map(|path| (finding, (*path).to_owned())).collect()
}

const NEW: &[&str] = &["dir/new", "fresh", "fresh/deep", "fresh/deep/new", "new"];
const EXTRA: &[&str] = &["dir/gone", "gone", "old", "old/a", "old/b", "old/b/c", "old/link"];

#[tokio::test]
async fn a_preview_tells_what_a_transfer_would_do_and_does_nothing_of_it() {
    for extras in [Extras::Stay, Extras::Delete, Extras::Trash] {
        let mut rig = trees(Purpose::Preview);
        rig.transfer().options.extras = extras;
        assert_eq!(looks(&rig).await, [FINISHED, FINISHED]);
        let mut expected = pairs(Finding::New, NEW);
        expected.extend(pairs(Finding::Different, &["longer", "other"]));
        let mut counts = Differences {
            same: Tally { files: 1, directories: 2, bytes: 4 },
            new: Tally { files: 3, directories: 2, bytes: 9 },
            different: Tally { files: 2, directories: 0, bytes: 11 },
            ..Differences::default()
        };
        if extras != Extras::Stay {
            expected.extend(pairs(Finding::Extra, EXTRA));
            counts.extra = Tally { files: 5, directories: 2, bytes: 7 + 2 + 3 + 1 };
        }
        assert_eq!((told(&rig), counted(&rig)), (expected, counts), "{extras}");

        // The same orders, meant: exactly that happens.
        rig.transfer().options.purpose = Purpose::Transfer;
        assert_eq!(rig.run().await, [FINISHED, FINISHED]);
        let done = rig.received.borrow().counts;
        assert_eq!(done.files_done, counts.new.files + counts.different.files);
        assert_eq!(done.files_unchanged, counts.same.files);
        let gone = if extras == Extras::Delete { counts.extra.entries() } else { done.deleted };
        assert_eq!(done.deleted, gone);
        let at = |path: &str| rig.world.top.join(path).symlink_metadata().is_ok();
        assert_eq!(at("dst/old/link"), extras == Extras::Stay);
    }
}

#[tokio::test]
async fn sizes_of_both_sides_and_kinds_are_told() {
    let mut rig = trees(Purpose::Preview);
    rig.transfer().options.extras = Extras::Delete;
    looks(&rig).await;
    let all = differences(&rig);
    let one = |path: &str| {
        let path = rig.world.path(&format!("dst/{path}"));
        let found = all.iter().find(|one| one.destination == path).unwrap();
        (found.kind, found.source_size, found.destination_size)
    };
    assert_eq!(one("longer"), (FileKind::File, Some(6), Some(4)));
    assert_eq!(one("new"), (FileKind::File, Some(5), None));
    assert_eq!(one("gone"), (FileKind::File, None, Some(7)));
    assert_eq!(one("fresh"), (FileKind::Dir, None, None));
    assert_eq!(one("old"), (FileKind::Dir, None, None));
    assert_eq!(one("old/link"), (FileKind::Link, None, None));
}

#[tokio::test]
async fn a_preview_knows_conflicts_filters_and_links() {
    let mut rig = trees(Purpose::Preview);
    rig.world.link("src/link", "a");
    rig.world.link("src/taken", "b");
    rig.world.file("dst/taken", "a file");
    let options = &mut rig.transfer().options;
    options.conflict = Conflict::Skip;
    options.extras = Extras::Delete;
    options.symlinks = Symlinks::Keep;
    let hide =
        |name: &str, only| FilterRule { include: false, only: Some(only), name: name.into() };
    options.filters = vec![hide("fresh", FilterKind::Dir), hide("c", FilterKind::File)];
    assert_eq!(looks(&rig).await, [FINISHED, FINISHED]);
    let mut expected = pairs(Finding::New, &["dir/new", "link", "new"]);
    expected.extend(pairs(Finding::Kept, &["longer", "other", "same", "taken"]));
    // What holds something that the filter hides stays.
    let extra = ["dir/gone", "gone", "old/a", "old/link"];
    expected.extend(pairs(Finding::Extra, &extra));
    assert_eq!(told(&rig), expected);
}

#[tokio::test]
async fn a_preview_fails_where_the_transfer_would_and_then_deletes_nothing() {
    let mut rig = trees(Purpose::Preview);
    rig.transfer().options.extras = Extras::Delete;
    rig.world.file("src/old", "a directory stands there");
    assert_eq!(looks(&rig).await, [FAILED, FAILED]);
    assert_eq!(counted(&rig).extra, Tally::default());

    let rig = trees(Purpose::Preview);
    let mut rig = Rig { rules: rig.world.rules(&["ro:src", "ro:dst"]), ..rig };
    let [_, received] = looks(&rig).await;
    assert!(matches!(received, SessionEnd::Refused { .. }), "{received:?}");

    rig.rules = rig.world.rules(&["ro:src", "rw:dst", "ro:dst/fresh"]);
    assert_eq!(looks(&rig).await, [FAILED, FAILED]);
    let Some(Report::Finished(finished)) = rig.reports().pop() else { panic!("no end") };
    assert_eq!(finished.failure.unwrap().code, Code::ReadOnly);
}

#[tokio::test]
async fn a_preview_lists_nothing_twice_when_it_is_begun_again() {
    let mut rig = trees(Purpose::Preview);
    rig.transfer().options.extras = Extras::Delete;
    for n in 0..2000 {
        rig.world.file(&format!("src/many/{n}"), "x");
    }
    let slow = rig.slow(Duration::from_millis(50));
    let tasks = tokio_util::task::TaskTracker::new();
    let first = tasks.spawn(rig.start(&slow.store(), &slow.store()));
    slow.read.wait(1).await;
    rig.stop.stop(outport_link::CloseCode::Paused);
    first.await.unwrap();
    let again = rig.again();
    assert_eq!(looks(&again).await, [FINISHED, FINISHED]);
    let told = told(&again);
    let mut once = told.clone();
    once.dedup();
    assert_eq!(told.len(), once.len());
    let (found, listed) = (counted(&again), |finding| {
        told.iter().filter(|(told, _)| *told == finding).count() as u64
    });
    for finding in Finding::ALL {
        assert_eq!(found.of(*finding).entries(), listed(*finding), "{finding}");
    }
    assert_eq!(found.new.files, 2003);
}

#[tokio::test]
async fn a_check_compares_what_may_only_be_read() {
    let mut rig = trees(Purpose::Check);
    rig.rules = rig.world.rules(&["ro:src", "ro:dst"]);
    assert_eq!(looks(&rig).await, [FINISHED, FINISHED]);
    let mut expected = pairs(Finding::New, NEW);
    expected.extend(pairs(Finding::Different, &["longer", "other"]));
    expected.extend(pairs(Finding::Extra, EXTRA));
    assert_eq!(told(&rig), expected);
}

#[tokio::test]
async fn a_check_compares_as_exactly_as_it_is_asked_to() {
    for (level, differ) in [
        (SyncLevel::Exists, &[][..]),
        (SyncLevel::Size, &["longer"]),
        (SyncLevel::Mtime, &["longer", "older"]),
        (SyncLevel::Checksum, &["longer", "other"]),
    ] {
        let mut rig = trees(Purpose::Check);
        rig.transfer().options.sync_level = Some(level);
        let now = SystemTime::now();
        for path in ["same", "other", "longer", "older"] {
            for (top, age) in [("src", 100), ("dst", 100)] {
                let file = rig.world.top.join(top).join(path);
                if path == "older" {
                    rig.world.file(&format!("{top}/{path}"), "12345");
                }
                // What is newer at the destination differs as well.
                let age = if path == "older" && top == "src" { age + 50 } else { age };
                let file = fs::File::options().append(true).open(file).unwrap();
                file.set_modified(now - Duration::from_secs(age)).unwrap();
            }
        }
        assert_eq!(looks(&rig).await, [FINISHED, FINISHED]);
        let found: Vec<_> = told(&rig)
            .into_iter()
            .filter_map(|(finding, path)| (finding == Finding::Different).then_some(path))
            .collect();
        assert_eq!(found, differ, "{level}");
    }
}

#[tokio::test]
async fn in_a_check_other_kinds_of_things_differ_and_an_empty_side_is_no_failure() {
    let mut rig = Rig::new();
    rig.transfer().options.purpose = Purpose::Check;
    rig.transfer().options.sync_level = Some(SyncLevel::Checksum);
    rig.world.file("dst/only", "x");
    assert_eq!(looks(&rig).await, [FINISHED, FINISHED]);
    assert_eq!(told(&rig), pairs(Finding::Extra, &["only"]));

    rig.world.file("src/a/x", "a directory here, a file there");
    rig.world.file("dst/a", "");
    rig.world.file("src/b", "a file here, a directory there");
    rig.world.dir("dst/b");
    rig.world.file("src/c", "a file here, a link there");
    rig.world.link("dst/c", "only");
    let mut other = Rig { orders: rig.orders.clone(), ..rig.again() };
    other.orders.task = TaskId::random();
    fs::remove_file(rig.journal().path).unwrap();
    assert_eq!(looks(&other).await, [FINISHED, FINISHED]);
    let mut expected = pairs(Finding::Different, &["a", "b", "c"]);
    expected.extend(pairs(Finding::Extra, &["only"]));
    assert_eq!(told(&other), expected);
}

#[tokio::test]
async fn what_a_check_cannot_read_is_no_difference_but_a_failure() {
    if rustix::process::geteuid().is_root() {
        return;
    }
    let rig = trees(Purpose::Check);
    let locked = rig.world.top.join("dst/other");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    assert_eq!(rig.run().await, [FAILED, FAILED]);
}

#[tokio::test]
async fn one_computer_can_check_a_tree_against_itself() {
    let mut rig = trees(Purpose::Check);
    rig.items(&[("src", "src")]);
    rig.rules = rig.world.rules(&["ro:src"]);
    assert_eq!(rig.run_local().await, FINISHED);
    let found = counted(&rig);
    assert!(found.is_none() && found.same.files == 6, "{found:?}");
}

#[tokio::test]
async fn a_tree_that_is_missing_is_all_new() {
    let mut rig = trees(Purpose::Preview);
    rig.items(&[("src", "dst/not/there/yet")]);
    assert_eq!(looks(&rig).await, [FINISHED, FINISHED]);
    let found = counted(&rig);
    assert_eq!((found.new.files, found.new.directories), (6, 4));
    assert_eq!(found.same, Tally::default());
}

#[tokio::test]
async fn a_preview_tells_the_names_that_a_transfer_would_give() {
    let mut rig = trees(Purpose::Preview);
    rig.transfer().options.conflict = Conflict::Rename;
    assert_eq!(looks(&rig).await, [FINISHED, FINISHED]);
    let mut expected = pairs(Finding::New, NEW);
    expected.extend(pairs(Finding::New, &["longer (2)", "other (2)"]));
    expected.sort();
    assert_eq!(told(&rig), expected);
}

#[tokio::test]
async fn what_an_earlier_transfer_gave_another_name_is_compared_under_it() {
    for purpose in [Purpose::Preview, Purpose::Check] {
        let mut rig = Rig::new();
        rig.transfer().options.purpose = purpose;
        rig.transfer().options.names = Names::Rename;
        rig.transfer().options.sync_level = Some(SyncLevel::Checksum);
        let [same, other, dir] = ["same", "other", "dir"].map(|own| replacement(&name(own)));
        rig.world.file("src/same", "same");
        rig.world.file(&format!("dst/{same}"), "same");
        rig.world.file("src/other", "other");
        rig.world.file(&format!("dst/{other}"), "OTHER");
        rig.world.file("src/dir/new", "new");
        rig.world.file(&format!("dst/{dir}/gone"), "gone");
        assert_eq!(looks(&rig).await, [FINISHED, FINISHED], "{purpose}");
        let mut expected = pairs(Finding::New, &[&format!("{dir}/new")]);
        expected.extend(pairs(Finding::Different, &[&other.text()]));
        if purpose == Purpose::Check {
            expected.extend(pairs(Finding::Extra, &[&format!("{dir}/gone")]));
        }
        assert_eq!(told(&rig), expected, "{purpose}");
    }
}
