//! Names that are one file stay one file if that is asked, and nothing else becomes one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    sync::Arc,
};

use outport_types::{Conflict, Extras, FilterRule, Finding, Name, Purpose};
use tokio::sync::watch;

use super::*;
use crate::{
    resolver::{Directory, OpenFile},
    store::{Disk, Store},
    system_path::name_to_host,
};

/// The names of a tree that are one file, each file by its first name.
fn groups(top: &Path) -> BTreeSet<Vec<String>> {
    let mut files: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for (path, content) in tree(top) {
        if content.is_some() {
            let inode = fs::symlink_metadata(top.join(&path)).unwrap().ino();
            files.entry(inode).or_default().push(path.to_str().unwrap().to_owned());
        }
    }
    files.into_values().collect()
}

fn group(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A task that keeps hard links.
fn keeping() -> Rig {
    let mut rig = Rig::new();
    rig.transfer().options.preserve_hard_links = true;
    rig
}

/// The same with files of each size that have several names.
fn several() -> Rig {
    let rig = keeping();
    tie(&rig, "src/a", "small", &["src/b", "src/dir/c"]);
    tie(&rig, "src/dir/large", pattern(3 * MIB + 7, 1), &["src/z/large"]);
    tie(&rig, "src/empty", "", &["src/none"]);
    rig.world.file("src/alone", "alone");
    rig
}

/// A file with other names.
fn tie(rig: &Rig, first: &str, content: impl AsRef<[u8]>, others: &[&str]) -> PathBuf {
    let file = rig.world.file(first, content);
    for other in others {
        let other = rig.world.top.join(other);
        fs::create_dir_all(other.parent().unwrap()).unwrap();
        fs::hard_link(&file, other).unwrap();
    }
    file
}

fn source(rig: &Rig) -> PathBuf {
    rig.world.top.join("src")
}

fn destination(rig: &Rig) -> PathBuf {
    rig.world.top.join("dst")
}

/// Runs the same again as another task, and says what it counted.
async fn run_anew(rig: &mut Rig) -> Counts {
    rig.orders.task = TaskId::random();
    rig.received.send_replace(Progress::default());
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    rig.received.borrow().counts
}

fn told(rig: &Rig) -> Vec<(String, String)> {
    rig.told(EventCode::HardLinksNotKept)
}

#[tokio::test]
async fn names_of_one_file_stay_one_file_only_if_that_is_asked() {
    for keeps in [true, false] {
        let mut rig = several();
        rig.transfer().options.preserve_hard_links = keeps;
        assert_eq!(rig.run().await, [FINISHED, FINISHED]);
        assert_eq!(tree(&destination(&rig)), tree(&source(&rig)));
        assert_eq!(groups(&destination(&rig)) == groups(&source(&rig)), keeps);
        let counts = rig.received.borrow().counts;
        let once = (3 * MIB + 7 + 5 + 5) as u64;
        assert_eq!(counts.bytes_received == once, keeps, "{} bytes came", counts.bytes_received);
        assert_eq!((counts.files_done, counts.files_found), (8, 8));
        assert_eq!(counts.bytes_done, counts.bytes_found);
        let transferred = |report: &Report| matches!(report, Report::Transferred(_));
        assert_eq!(rig.reports().iter().filter(|report| transferred(report)).count(), 8);
        assert_eq!(told(&rig), []);
    }
}

#[tokio::test]
async fn thousands_of_names_arrive_in_one_session() {
    let rig = keeping();
    let file = rig.world.file("src/0/0", "content");
    for n in 1..10_000 {
        let dir = rig.world.top.join(format!("src/{}", n % 50));
        fs::create_dir_all(&dir).unwrap();
        fs::hard_link(&file, dir.join(n.to_string())).unwrap();
    }
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(fs::metadata(destination(&rig).join("0/0")).unwrap().nlink(), 10_000);
    assert_eq!(rig.received.borrow().counts.bytes_received, 7);
}

#[tokio::test]
async fn what_is_one_file_already_is_not_touched_again() {
    for level in SyncLevel::ALL {
        let mut rig = several();
        assert_eq!(rig.run().await, [FINISHED, FINISHED]);
        let inode = |rig: &Rig| fs::metadata(destination(rig).join("b")).unwrap().ino();
        let before = inode(&rig);
        rig.transfer().options.sync_level = Some(*level);
        let counts = run_anew(&mut rig).await;
        assert_eq!((counts.files_unchanged, counts.bytes_received), (8, 0), "{level:?}");
        assert_eq!(inode(&rig), before);
        assert_eq!(groups(&destination(&rig)), groups(&source(&rig)));
    }
    // Without a level all is copied again, and one file again.
    let mut rig = several();
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(run_anew(&mut rig).await.files_done, 8);
    assert_eq!(groups(&destination(&rig)), groups(&source(&rig)));
}

#[tokio::test]
async fn files_that_came_apart_become_one_without_being_sent_again() {
    for (level, one) in [
        (SyncLevel::Exists, false),
        (SyncLevel::Size, true),
        (SyncLevel::Mtime, true),
        (SyncLevel::Checksum, true),
    ] {
        let mut rig = several();
        rig.transfer().options.preserve_hard_links = false;
        assert_eq!(rig.run().await, [FINISHED, FINISHED]);
        rig.transfer().options.preserve_hard_links = true;
        rig.transfer().options.sync_level = Some(level);
        assert_eq!(run_anew(&mut rig).await.bytes_received, 0, "{level:?}");
        assert_eq!(groups(&destination(&rig)) == groups(&source(&rig)), one, "{level:?}");
    }
}

#[tokio::test]
async fn nothing_becomes_one_file_with_what_has_another_content() {
    // The first is there with another content, which the level takes for the same.
    for level in [SyncLevel::Exists, SyncLevel::Size, SyncLevel::Mtime] {
        let mut rig = keeping();
        rig.transfer().options.sync_level = Some(level);
        tie(&rig, "src/a", "right", &["src/b", "src/c"]);
        rig.world.file("dst/a", "wrong");
        assert_eq!(rig.run().await, [FINISHED, FINISHED]);
        let read = |name| fs::read_to_string(destination(&rig).join(name)).unwrap();
        assert_eq!(
            (read("a"), read("b"), read("c")),
            ("wrong".into(), "right".into(), "right".into())
        );
        assert_eq!(groups(&destination(&rig)), [group(&["a"]), group(&["b", "c"])].into());
    }
}

#[tokio::test]
async fn a_taken_place_is_kept_or_given_up_as_for_any_file() {
    for (conflict, there) in [
        (Conflict::Overwrite, vec![group(&["a", "b", "c"])]),
        (Conflict::Skip, vec![group(&["a", "c"]), group(&["b"])]),
        (Conflict::Newer, vec![group(&["a", "c"]), group(&["b"])]),
        (Conflict::Rename, vec![group(&["a", "b (2)", "c"]), group(&["b"])]),
    ] {
        let mut rig = keeping();
        rig.transfer().options.conflict = conflict;
        tie(&rig, "src/a", "right", &["src/b", "src/c"]);
        rig.world.file("dst/b", "mine");
        assert_eq!(rig.run().await, [FINISHED, FINISHED]);
        assert_eq!(groups(&destination(&rig)), there.into_iter().collect(), "{conflict}");
        let content = fs::read_to_string(destination(&rig).join("b")).unwrap();
        assert_eq!(content == "mine", conflict != Conflict::Overwrite, "{conflict}");
    }
}

#[tokio::test]
async fn the_next_name_takes_the_part_of_a_first_that_is_left_out() {
    let mut rig = keeping();
    tie(&rig, "src/a.tmp", "content", &["src/b", "src/c"]);
    let rule = FilterRule { include: false, only: None, name: "*.tmp".to_owned() };
    rig.transfer().options.filters = vec![rule];
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(groups(&destination(&rig)), [group(&["b", "c"])].into());
    assert_eq!(rig.received.borrow().counts.bytes_received, 7);
}

#[tokio::test]
async fn names_of_two_items_are_files_of_their_own() {
    let mut rig = keeping();
    rig.items(&[("src/x", "dst/x"), ("src/y", "dst/y")]);
    tie(&rig, "src/x/a", "content", &["src/x/b", "src/y/a", "src/y/b"]);
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(groups(&destination(&rig)), [group(&["x/a", "x/b"]), group(&["y/a", "y/b"])].into());
}

/// A disk on which something happens to `a` whenever it is opened to be read.
#[derive(Debug)]
struct Restless(fn(&Path));

impl Store for Restless {
    fn open(&self, directory: &Directory, name: &Name) -> Result<OpenFile, Refused> {
        if name.text() == "a" {
            let path = crate::system_path::to_host(&directory.physical().join(name).unwrap());
            (self.0)(&path.unwrap());
        }
        Disk.open(directory, name)
    }
}

#[tokio::test]
async fn the_next_name_takes_the_part_of_a_first_that_vanishes() {
    let mut rig = keeping();
    rig.transfer().options.skip_source_errors = true;
    tie(&rig, "src/a", "content", &["src/b", "src/c", "src/d"]);
    let restless: Arc<dyn Store> = Arc::new(Restless(|path| fs::remove_file(path).unwrap_or(())));
    assert_eq!(rig.start(&restless, &rig.disk).await, [FINISHED, FINISHED]);
    assert_eq!(groups(&destination(&rig)), [group(&["b", "c", "d"])].into());
    assert_eq!(fs::read(destination(&rig).join("d")).unwrap(), b"content");
    let counts = rig.received.borrow().counts;
    assert_eq!((counts.errors_skipped, counts.files_done, counts.files_given_up), (1, 3, 1));
}

#[tokio::test]
async fn a_first_that_changes_brings_its_other_names_along() {
    for bytes in [7, 3 * MIB] {
        let rig = keeping();
        tie(&rig, "src/a", pattern(bytes, 1), &["src/b", "src/c"]);
        // It changes once, between the search and the first look at it.
        let restless: Arc<dyn Store> = Arc::new(Restless(|path| {
            if fs::metadata(path).unwrap().len() as usize != 3 * MIB + 5 {
                fs::write(path, pattern(3 * MIB + 5, 2)).unwrap();
            }
        }));
        assert_eq!(rig.start(&restless, &rig.disk).await, [FINISHED, FINISHED]);
        assert_eq!(tree(&destination(&rig)), tree(&source(&rig)));
        assert_eq!(groups(&destination(&rig)), [group(&["a", "b", "c"])].into());
    }
}

/// A disk that counts the names that it gives.
#[derive(Debug, Default)]
struct Counting(watch::Sender<usize>);

impl Store for Counting {
    fn hard_link(&self, from: (&Directory, &Name), to: (&Directory, &Name)) -> io::Result<()> {
        self.0.send_modify(|given| *given += 1);
        Disk.hard_link(from, to)
    }
}

#[tokio::test]
async fn many_files_with_several_names_outlive_one_kill_after_the_other() {
    let rig = keeping();
    for n in 0..150 {
        let (first, second) = (format!("src/a/{n}"), format!("src/b/{n}"));
        let content = pattern(if n % 50 == 7 { 2 * MIB } else { 10 + n }, n);
        tie(&rig, &first, content, &[&second, &format!("src/c/{n}")]);
    }
    let mut kills = 0;
    loop {
        let disk = Arc::new(Counting::default());
        let store: Arc<dyn Store> = disk.clone();
        let session = rig.start(&rig.disk, &store);
        let mut given = disk.0.subscribe();
        tokio::select! {
            ends = session => {
                assert_eq!(ends, [FINISHED, FINISHED]);
                break;
            }
            _ = given.wait_for(|given| 10 + 30 * kills <= *given) => kills += 1,
        }
    }
    assert!(1 < kills, "{kills} kills");
    assert_eq!(tree(&destination(&rig)), tree(&source(&rig)));
    assert_eq!(groups(&destination(&rig)), groups(&source(&rig)));
}

/// A disk that gives so many names to a file, and fails in this way then.
#[derive(Debug)]
struct FewNames(u64, io::ErrorKind);

impl Store for FewNames {
    fn hard_link(
        &self,
        (from, name): (&Directory, &Name),
        to: (&Directory, &Name),
    ) -> io::Result<()> {
        if self.0 <= from.stat(name).unwrap().names {
            return Err(self.1.into());
        }
        Disk.hard_link((from, name), to)
    }
}

#[tokio::test]
async fn names_that_a_disk_does_not_give_are_files_of_their_own_and_told() {
    for kind in
        [io::ErrorKind::Unsupported, io::ErrorKind::PermissionDenied, io::ErrorKind::CrossesDevices]
    {
        let rig = several();
        let disk: Arc<dyn Store> = Arc::new(FewNames(1, kind));
        assert_eq!(rig.start(&rig.disk, &disk).await, [FINISHED, FINISHED], "{kind}");
        assert_eq!(tree(&destination(&rig)), tree(&source(&rig)), "{kind}");
        assert_eq!(groups(&destination(&rig)).len(), 8, "{kind}");
        let told = told(&rig);
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told.iter().all(|(path, reason)| path.contains("/dst/") && 5 < reason.len()));
        assert_eq!(rig.received.borrow().counts.files_done, 8);
    }
}

#[tokio::test]
async fn a_file_with_more_names_than_a_disk_gives_becomes_as_few_files_as_can_be() {
    let rig = keeping();
    tie(&rig, "src/a", "content", &["src/b", "src/c", "src/d", "src/e", "src/f", "src/g"]);
    let disk: Arc<dyn Store> = Arc::new(FewNames(3, io::ErrorKind::TooManyLinks));
    assert_eq!(rig.start(&rig.disk, &disk).await, [FINISHED, FINISHED]);
    assert_eq!(tree(&destination(&rig)), tree(&source(&rig)));
    assert_eq!(groups(&destination(&rig)).len(), 3);
    assert_eq!(told(&rig), []);
}

/// A disk on which somebody puts something else in the place of `a` before it gets another name.
#[derive(Debug)]
struct Swapped(PathBuf, fn(&Path, &Path));

impl Store for Swapped {
    fn hard_link(
        &self,
        (from, name): (&Directory, &Name),
        to: (&Directory, &Name),
    ) -> io::Result<()> {
        if name.text() == "a" {
            from.dir().remove_file(name_to_host(name))?;
            let path = crate::system_path::to_host(&from.physical().join(name).unwrap());
            (self.1)(&self.0, &path.unwrap());
        }
        Disk.hard_link((from, name), to)
    }
}

#[tokio::test]
async fn no_name_ever_leads_to_what_somebody_put_in_the_place_of_a_file() {
    let swaps: [fn(&Path, &Path); 3] = [
        |outside, path| symlink(outside, path).unwrap(),
        |outside, path| fs::hard_link(outside, path).unwrap(),
        |_, path| fs::write(path, "theirs").unwrap(),
    ];
    for swap in swaps {
        let rig = keeping();
        tie(&rig, "src/a", "content", &["src/b", "src/c"]);
        let outside = rig.world.file("outside/precious", "precious");
        let disk: Arc<dyn Store> = Arc::new(Swapped(outside.clone(), swap));
        assert_eq!(rig.start(&rig.disk, &disk).await, [FINISHED, FINISHED]);
        for name in ["b", "c"] {
            let path = destination(&rig).join(name);
            assert_eq!(fs::read(&path).unwrap(), b"content");
            assert!(fs::symlink_metadata(&path).unwrap().is_file());
        }
        assert_eq!(groups(&destination(&rig)).iter().filter(|names| 1 < names.len()).count(), 1);
        assert_eq!(fs::read(&outside).unwrap(), b"precious");
        assert!(fs::metadata(&outside).unwrap().nlink() <= 2);
        let left = fs::read_dir(destination(&rig)).unwrap().count();
        assert_eq!(left, 3, "temporary names are left");
    }
}

#[tokio::test]
async fn a_file_of_the_destination_with_a_name_elsewhere_is_never_written_to() {
    let rig = keeping();
    tie(&rig, "src/a", "content", &["src/b"]);
    let outside = tie(&rig, "outside/precious", "precious", &["dst/a", "dst/b"]);
    fs::set_permissions(&outside, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(fs::read(&outside).unwrap(), b"precious");
    let now = fs::metadata(&outside).unwrap();
    assert_eq!((now.nlink(), now.permissions().mode() & 0o777), (1, 0o600));
    assert_eq!(groups(&destination(&rig)), [group(&["a", "b"])].into());
}

#[tokio::test]
async fn what_nobody_may_write_gets_other_names_all_the_same() {
    let mut rig = keeping();
    rig.transfer().options.preserve_permissions = true;
    let file = tie(&rig, "src/a", "content", &["src/b", "src/c"]);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(groups(&destination(&rig)), groups(&source(&rig)));
    let mode = fs::metadata(destination(&rig).join("c")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o400);
}

#[tokio::test]
async fn a_name_that_the_source_has_no_more_goes_and_leaves_the_others() {
    let mut rig = keeping();
    rig.transfer().options.sync_level = Some(SyncLevel::Mtime);
    rig.transfer().options.extras = Extras::Trash;
    tie(&rig, "src/a", "content", &["src/b", "src/c"]);
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    fs::remove_file(source(&rig).join("a")).unwrap();
    let counts = run_anew(&mut rig).await;
    assert_eq!((counts.deleted, counts.files_unchanged), (1, 2));
    let names = groups(&destination(&rig));
    let [names] = names.iter().collect::<Vec<_>>()[..] else { panic!("{names:?}") };
    assert_eq!(names[1..], group(&["b", "c"]), "what was moved away is still one file with them");
}

#[tokio::test]
async fn a_preview_tells_what_would_become_one_file_and_makes_nothing() {
    let mut rig = keeping();
    rig.transfer().options.sync_level = Some(SyncLevel::Mtime);
    tie(&rig, "src/a", "content", &["src/b", "src/c"]);
    tie(&rig, "src/d", "other", &["src/e"]);
    fs::copy(source(&rig).join("a"), destination(&rig).join("a")).unwrap();
    fs::hard_link(destination(&rig).join("a"), destination(&rig).join("b")).unwrap();
    fs::copy(source(&rig).join("a"), destination(&rig).join("c")).unwrap();
    let before = groups(&destination(&rig));
    rig.transfer().options.purpose = Purpose::Preview;
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(groups(&destination(&rig)), before);
    let differences = rig.received.borrow().counts.differences.unwrap();
    let of = |finding| differences.of(finding).files;
    assert_eq!((of(Finding::New), of(Finding::Different), differences.same.files), (2, 1, 2));

    rig.transfer().options.purpose = Purpose::Transfer;
    let counts = run_anew(&mut rig).await;
    assert_eq!((counts.files_done, counts.files_unchanged), (3, 2));
    assert_eq!(groups(&destination(&rig)), groups(&source(&rig)));
}
