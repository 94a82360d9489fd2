//! What a transfer can be asked for: each test fails when its option is ignored.

use std::{
    fs::{File, FileTimes, Permissions},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use outport_types::{Conflict, FilterKind, FilterRule, Name, Symlinks, TransferOptions};

use super::*;
use crate::{
    digests::tests::eager,
    refused::Refused,
    resolver::Directory,
    store::{Disk, Store},
    system_path::name_to_host,
};

/// What the last end of a transfer told as left out, by its last name, with the kind.
fn left(rig: &Rig) -> Vec<(String, String)> {
    let skipped = rig.reports().into_iter().filter_map(|report| match report {
        Report::Skipped(skipped) => Some((
            skipped.source.file_name().unwrap().text().into_owned(),
            skipped.problem.args["kind"].to_string(),
        )),
        Report::Transferred(_) | Report::Event(_) | Report::Finished(_) | Report::Difference(_) => {
            None
        }
    });
    let mut skipped: Vec<_> = skipped.collect();
    skipped.sort();
    skipped
}

fn names(top: &Path) -> Vec<String> {
    let names = tree(top).into_keys().map(|path| path.to_str().unwrap().to_owned());
    names.collect()
}

fn date(path: &Path, modified: SystemTime) {
    File::open(path).unwrap().set_times(FileTimes::new().set_modified(modified)).unwrap();
}

fn modified(path: &Path) -> SystemTime {
    path.symlink_metadata().unwrap().modified().unwrap()
}

/// A source in which each file of the destination differs in another way.
fn differing() -> Rig {
    let rig = Rig::new();
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    let new = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000);
    for (name, source, destination, source_is_newer) in [
        ("same", "same", "same", false),
        ("size", "longer", "short", false),
        ("newer", "new!", "old!", true),
        ("content", "one", "two", false),
    ] {
        let from = rig.world.file(&format!("src/{name}"), source);
        let to = rig.world.file(&format!("dst/{name}"), destination);
        date(&from, if source_is_newer { new } else { old });
        date(&to, old);
    }
    rig.world.file("src/missing", "here");
    rig
}

#[tokio::test]
async fn each_sync_level_copies_what_it_says_and_no_more() {
    for (level, copied) in [
        (None, vec!["content", "missing", "newer", "same", "size"]),
        (Some(SyncLevel::Exists), vec!["missing"]),
        (Some(SyncLevel::Size), vec!["missing", "size"]),
        (Some(SyncLevel::Mtime), vec!["missing", "newer", "size"]),
        (Some(SyncLevel::Checksum), vec!["content", "missing", "newer", "size"]),
    ] {
        let mut rig = differing();
        rig.transfer().options.sync_level = level;
        assert_eq!(rig.run().await, [FINISHED, FINISHED]);
        let done = rig.reports().into_iter().filter_map(|report| match report {
            Report::Transferred(file) => Some(file.source.file_name()?.text().into_owned()),
            Report::Skipped(_) | Report::Event(_) | Report::Finished(_) | Report::Difference(_) => {
                None
            }
        });
        let mut done: Vec<_> = done.collect();
        done.sort();
        assert_eq!(done, copied, "{level:?}");
    }
}

#[tokio::test]
async fn a_taken_place_is_kept_or_given_up_as_asked() {
    for (conflict, copied) in [(Conflict::Overwrite, 6), (Conflict::Skip, 1), (Conflict::Newer, 2)]
    {
        let mut rig = differing();
        rig.transfer().options.conflict = conflict;
        rig.world.file("src/linked", "a link stands there");
        rig.world.link("dst/linked", "anything");
        assert_eq!(rig.run().await, [FINISHED, FINISHED]);
        assert_eq!(rig.received.borrow().counts.files_done, copied, "{conflict}");
        let link = rig.world.top.join("dst/linked");
        assert_eq!(link.is_symlink(), conflict != Conflict::Overwrite, "{conflict}");
    }
}

#[tokio::test]
async fn a_link_takes_a_taken_place_only_if_that_is_asked() {
    for conflict in [Conflict::Overwrite, Conflict::Skip, Conflict::Newer] {
        let mut rig = linked();
        rig.transfer().options.symlinks = Symlinks::Keep;
        rig.transfer().options.conflict = conflict;
        let file = rig.world.file("dst/to-file", "mine");
        assert_eq!(rig.run().await, [FINISHED, FINISHED]);
        assert_eq!(file.is_symlink(), conflict == Conflict::Overwrite, "{conflict}");
    }
}

#[tokio::test]
async fn a_second_comparison_by_content_reads_nothing() {
    let mut rig = Rig::new();
    rig.transfer().options.sync_level = Some(SyncLevel::Checksum);
    for (name, content) in [("a", pattern(2 * MIB, 1)), ("b", b"small".to_vec())] {
        rig.world.file(&format!("src/{name}"), &content);
        rig.world.file(&format!("dst/{name}"), &content);
    }
    rig.digests = Some(eager(&rig.world.top.join("digests")));
    for (read, task) in [(2 * (2 * MIB + 5), 1), (0, 2)] {
        rig.orders.task = TaskId::from_bytes([task; 16]);
        let counting = rig.slow(Duration::ZERO);
        let store = counting.store();
        assert_eq!(rig.start(&store, &store).await, [FINISHED, FINISHED]);
        assert_eq!(counting.bytes_read(), read);
        assert_eq!(rig.received.borrow().counts.files_unchanged, 2);
    }
}

#[tokio::test]
async fn times_of_files_and_directories_are_kept_to_the_nanosecond_when_asked() {
    for preserve in [true, false] {
        let mut rig = Rig::new();
        rig.transfer().options.preserve_times = preserve;
        rig.world.file("src/deep/er/file", "content");
        rig.world.dir("src/empty");
        let at = SystemTime::UNIX_EPOCH + Duration::new(1_234_567_890, 123_456_789);
        for path in ["src/deep/er/file", "src/deep/er", "src/deep", "src/empty", "src"] {
            date(&rig.world.top.join(path), at);
        }
        assert_eq!(rig.run().await, [FINISHED, FINISHED]);
        for path in ["dst/deep/er/file", "dst/deep/er", "dst/deep", "dst/empty", "dst"] {
            assert_eq!(modified(&rig.world.top.join(path)) == at, preserve, "{path} {preserve}");
        }
    }
}

#[tokio::test]
async fn permissions_are_kept_as_they_are_only_when_asked() {
    for exact in [true, false] {
        let mut rig = Rig::new();
        rig.transfer().options.preserve_permissions = exact;
        let file = rig.world.file("src/dir/file", "content");
        let dir = rig.world.dir("src/dir");
        std::fs::set_permissions(file, Permissions::from_mode(0o4777)).unwrap();
        std::fs::set_permissions(dir, Permissions::from_mode(0o777)).unwrap();
        assert_eq!(rig.run().await, [FINISHED, FINISHED]);
        for (path, mode) in [("dst/dir/file", 0o777), ("dst/dir", 0o777)] {
            let found = rig.world.top.join(path).metadata().unwrap().mode() & 0o7777;
            assert_eq!(found == mode, exact, "{path} {found:o}");
            assert_eq!(found & 0o7000, 0, "nobody gets the rights of another user");
        }
    }
}

#[tokio::test]
async fn a_directory_keeps_its_own_group_and_sticky_bits() {
    let mut rig = Rig::new();
    rig.transfer().options.preserve_permissions = true;
    std::fs::set_permissions(rig.world.dir("src/lab"), Permissions::from_mode(0o755)).unwrap();
    let there = rig.world.dir("dst/lab");
    std::fs::set_permissions(&there, Permissions::from_mode(0o3770)).unwrap();
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(there.metadata().unwrap().mode() & 0o7777, 0o3755);
}

#[tokio::test]
async fn a_file_that_came_while_another_was_copied_stays_where_that_was_asked_for() {
    let asked: [fn(&mut TransferOptions); 3] = [
        |options| options.conflict = Conflict::Skip,
        |options| options.sync_level = Some(SyncLevel::Exists),
        |_| {},
    ];
    for (ask, stays) in asked.into_iter().zip([true, true, false]) {
        let mut rig = Rig::new();
        ask(&mut rig.transfer().options);
        rig.world.file("src/file", "ours");
        let busy: Arc<dyn Store> = Arc::new(Busy);
        let ends = rig.start(&rig.disk, &busy).await;
        assert_eq!(ends == [FINISHED, FINISHED], !stays, "{ends:?}");
        let content = std::fs::read(rig.world.top.join("dst/file")).unwrap();
        assert_eq!(content == b"theirs", stays, "{}", content.escape_ascii());
    }
}

/// A disk on which somebody takes each name just before a file gets it.
#[derive(Debug)]
struct Busy;

impl Store for Busy {
    fn place_new(&self, directory: &Directory, temp: &Name, name: &Name) -> Result<(), Refused> {
        directory.dir().write(name_to_host(name), "theirs")?;
        Disk.place_new(directory, temp, name)
    }
}

#[tokio::test]
async fn the_owner_of_a_directory_can_go_on_in_it_whatever_its_permissions_are() {
    let mut rig = Rig::new();
    rig.transfer().options.preserve_permissions = true;
    let dir = rig.world.dir("src/locked");
    std::fs::set_permissions(dir, Permissions::from_mode(0o555)).unwrap();
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    let mode = rig.world.top.join("dst/locked").metadata().unwrap().mode() & 0o777;
    assert_eq!(mode, 0o755);
}

/// Links of every kind.
fn linked() -> Rig {
    let rig = Rig::new();
    rig.world.file("src/dir/file", "content");
    rig.world.link("src/to-file", "dir/file");
    rig.world.link("src/to-dir", "dir");
    rig.world.link("src/dir/up", "..");
    rig.world.link("src/out", "/etc/passwd");
    rig.world.link("src/broken", "nothing");
    rig
}

#[tokio::test]
async fn links_are_left_out_unless_asked_for() {
    let rig = linked();
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(names(&rig.world.top.join("dst")), ["dir", "dir/file"]);
    let left: Vec<_> = left(&rig).into_iter().map(|(name, _)| name).collect();
    assert_eq!(left, ["broken", "out", "to-dir", "to-file", "up"]);
    assert_eq!(rig.received.borrow().counts.links_skipped, 5);
}

#[tokio::test]
async fn links_that_are_kept_say_the_same_and_are_not_followed() {
    let mut rig = linked();
    rig.transfer().options.symlinks = Symlinks::Keep;
    // A file and another link stand where links shall be.
    let file = rig.world.file("dst/to-file", "in the way");
    rig.world.link("dst/to-dir", "elsewhere");
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    for (path, target) in [
        ("to-file", "dir/file"),
        ("to-dir", "dir"),
        ("dir/up", ".."),
        ("out", "/etc/passwd"),
        ("broken", "nothing"),
    ] {
        let link = rig.world.top.join("dst").join(path);
        assert_eq!(std::fs::read_link(link).unwrap(), PathBuf::from(target));
    }
    assert!(file.is_symlink());
    assert!(left(&rig).is_empty());
    assert_eq!(rig.received.borrow().counts.links_done, 5);
    let parts = std::fs::read_dir(rig.world.top.join("dst")).unwrap();
    let parts = parts.filter(|entry| {
        entry.as_ref().unwrap().file_name().to_string_lossy().starts_with(".outport-part-")
    });
    assert_eq!(parts.count(), 0);
}

#[tokio::test]
async fn a_link_leaves_what_exists_when_that_is_enough() {
    let mut rig = linked();
    rig.transfer().options.symlinks = Symlinks::Keep;
    rig.transfer().options.sync_level = Some(SyncLevel::Exists);
    rig.world.file("dst/to-file", "mine");
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(std::fs::read(rig.world.top.join("dst/to-file")).unwrap(), b"mine");
}

#[tokio::test]
async fn a_link_never_takes_the_place_of_a_directory() {
    let mut rig = linked();
    rig.transfer().options.symlinks = Symlinks::Keep;
    rig.world.file("dst/to-file/precious", "mine");
    let failed = SessionEnd::Finished { succeeded: false };
    assert_eq!(rig.run().await, [failed.clone(), failed]);
    assert_eq!(std::fs::read(rig.world.top.join("dst/to-file/precious")).unwrap(), b"mine");
}

#[tokio::test]
async fn links_are_followed_inside_the_folders_and_loops_are_found() {
    let mut rig = linked();
    rig.transfer().options.symlinks = Symlinks::Follow;
    rig.world.link("src/dir/self", "self");
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(
        names(&rig.world.top.join("dst")),
        ["dir", "dir/file", "to-dir", "to-dir/file", "to-file"]
    );
    assert_eq!(std::fs::read(rig.world.top.join("dst/to-file")).unwrap(), b"content");
    let (looped, nowhere) = ("symbolic link to a directory above it", "nothing in the folders");
    let left = left(&rig);
    for (name, kind) in [("up", looped), ("self", looped), ("out", nowhere), ("broken", nowhere)] {
        let mut told = left.iter().filter(|(left, _)| left == name);
        assert!(told.all(|(_, told)| told.contains(kind)), "{name}: {left:?}");
    }
    // In `to-dir` the same two stand again.
    assert_eq!(left.len(), 6, "{left:?}");
}

#[tokio::test]
async fn large_files_behind_links_are_copied_whole() {
    let mut rig = Rig::new();
    rig.transfer().options.symlinks = Symlinks::Follow;
    let content = pattern(3 * MIB + 17, 4);
    rig.world.file("src/deep/large", &content);
    rig.world.link("src/link", "deep/large");
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(std::fs::read(rig.world.top.join("dst/link")).unwrap(), content);
}

#[tokio::test]
async fn the_first_rule_of_a_filter_that_matches_decides() {
    let rule = |include, only, name: &str| FilterRule { include, only, name: name.to_owned() };
    let mut rig = Rig::new();
    rig.transfer().options.filters = vec![
        rule(false, Some(FilterKind::Dir), "cache"),
        rule(true, Some(FilterKind::File), "keep.tmp"),
        rule(false, Some(FilterKind::File), "*.tmp"),
    ];
    for path in ["a.txt", "b.tmp", "keep.tmp", "cache/c.txt", "sub/cache/d.txt", "sub/cache.tmp"] {
        rig.world.file(&format!("src/{path}"), "content");
    }
    rig.world.file("src/x.tmp/e.txt", "in a directory");
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(
        names(&rig.world.top.join("dst")),
        ["a.txt", "keep.tmp", "sub", "x.tmp", "x.tmp/e.txt"]
    );
    assert_eq!(rig.received.borrow().counts.files_found, 3);
}

#[tokio::test]
async fn without_verification_nothing_is_read_back() {
    for verify in [true, false] {
        let mut rig = Rig::new();
        rig.transfer().options.verify = verify;
        rig.world.file("src/file", pattern(2 * MIB, 1));
        let (reads, writes) = (rig.slow(Duration::ZERO), rig.slow(Duration::ZERO));
        let ends = rig.start(&reads.store(), &writes.store()).await;
        assert_eq!(ends, [FINISHED, FINISHED]);
        assert_eq!(writes.bytes_read(), if verify { 2 * MIB } else { 0 });
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn files_are_worked_on_by_threads_that_yield_if_the_task_or_the_owner_wants_it() {
    for (task, owner) in [(false, false), (true, false), (false, true)] {
        let mut rig = Rig::new();
        rig.transfer().options.background = task;
        rig.background = owner;
        rig.world.file("src/file", pattern(2 * MIB, 1));
        let (source, destination) = (Arc::new(Watched::default()), Arc::new(Watched::default()));
        let stores: [Arc<dyn Store>; 2] = [source.clone(), destination.clone()];
        assert_eq!(rig.start(&stores[0], &stores[1]).await, [FINISHED, FINISHED]);
        for disk in [source, destination] {
            let seen = disk.yields.lock().unwrap().clone();
            assert_eq!(seen, [task || owner].into(), "task {task}, owner {owner}");
        }
    }
}

/// A disk that notes whether the threads that read from it yield to other programs.
#[cfg(target_os = "linux")]
#[derive(Debug, Default)]
struct Watched {
    yields: std::sync::Mutex<std::collections::BTreeSet<bool>>,
}

#[cfg(target_os = "linux")]
impl Store for Watched {
    fn read_at(&self, file: &File, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        self.yields.lock().unwrap().insert(crate::session::yielding::yields());
        Disk.read_at(file, buffer, offset)
    }
}
