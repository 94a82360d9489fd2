//! Deleting at the destination what is not at the source, and all the ways in which it must not.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, atomic::AtomicUsize},
    time::UNIX_EPOCH,
};

use outport_types::{Extras, FilterKind, FilterRule, Name, Symlinks, UnixTime};

use super::{disks::Folding, *};
use crate::{refused::Refused, resolver::Directory, store::Disk};

const FAILED: SessionEnd = SessionEnd::Finished { succeeded: false };

/// A destination with more than the source has.
fn more() -> Rig {
    let mut rig = Rig::new();
    rig.transfer().options.extras = Extras::Delete;
    rig.world.file("src/both", "new");
    rig.world.file("src/dir/kept", "kept");
    for path in ["both", "gone", "dir/kept", "dir/gone", "old/a", "old/b/c", "old/.hidden"] {
        rig.world.file(&format!("dst/{path}"), "old");
    }
    rig.world.file("outside/precious", "mine");
    rig.world.link("dst/link", "../outside");
    rig.world.link("dst/old/link", "../../outside");
    a_moment_later(&rig);
    rig
}

/// What is made just when the search begins could be from after it: clocks of disks tick slowly.
fn a_moment_later(rig: &Rig) {
    let probe = rig.world.file("clock", "");
    let changed = || {
        let found = probe.metadata().unwrap();
        (found.ctime(), found.ctime_nsec())
    };
    let made = changed();
    while changed() == made {
        fs::write(&probe, "").unwrap();
    }
    fs::remove_file(probe).unwrap();
}

fn names(top: &Path) -> Vec<String> {
    let names = tree(top).into_keys().map(|path| path.to_str().unwrap().to_owned());
    names.collect()
}

fn stands(rig: &Rig, path: &str) -> bool {
    rig.world.top.join(path).symlink_metadata().is_ok()
}

/// Why the last task failed.
fn failure(rig: &Rig) -> Code {
    let Some(Report::Finished(finished)) = rig.reports().pop() else { panic!("no end") };
    finished.failure.unwrap().code
}

fn hide(name: &str, only: FilterKind) -> Vec<FilterRule> {
    vec![FilterRule { include: false, only: Some(only), name: name.into() }]
}

/// Does something between the search for extras and their removal: when the first directory gets
/// its time, all of it was searched.
struct Meanwhile {
    deed: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    left: AtomicUsize,
}

impl std::fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meanwhile")
    }
}

impl Meanwhile {
    /// After so many directories.
    fn after(directories: usize, deed: impl FnOnce() + Send + 'static) -> Arc<dyn Store> {
        let deed: Box<dyn FnOnce() + Send> = Box::new(deed);
        Arc::new(Self { deed: Mutex::new(Some(deed)), left: AtomicUsize::new(directories) })
    }
}

impl Store for Meanwhile {
    fn finish_directory(
        &self,
        directory: &Directory,
        mode: Option<u32>,
        modified: Option<UnixTime>,
    ) -> io::Result<()> {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1
            && let Some(deed) = self.deed.lock().unwrap().take()
        {
            deed();
        }
        Disk.finish_directory(directory, mode, modified)
    }
}

#[tokio::test]
async fn extras_go_when_asked_and_stay_when_not() {
    for extras in [Extras::Delete, Extras::Stay] {
        let mut rig = more();
        rig.transfer().options.extras = extras;
        assert_eq!(rig.run().await, [FINISHED, FINISHED]);
        let stays = extras == Extras::Stay;
        for path in ["dst/gone", "dst/dir/gone", "dst/old/b/c", "dst/old/.hidden", "dst/link"] {
            assert_eq!(stands(&rig, path), stays, "{path}");
        }
        assert_eq!(fs::read(rig.world.top.join("dst/both")).unwrap(), b"new");
        assert!(stands(&rig, "dst/dir/kept") && stands(&rig, "outside/precious"));
        // gone, link, dir/gone, and old with its five
        assert_eq!(rig.received.borrow().counts.deleted, if stays { 0 } else { 9 });
    }
}

#[tokio::test]
async fn what_a_filter_hides_stays_with_the_directories_that_hold_it() {
    let mut rig = more();
    rig.transfer().options.filters = hide(".hidden", FilterKind::File);
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(
        names(&rig.world.top.join("dst")),
        ["both", "dir", "dir/kept", "old", "old/.hidden"]
    );
}

#[tokio::test]
async fn what_is_hidden_at_the_source_is_no_extra_whatever_it_is_at_the_destination() {
    let mut rig = more();
    rig.world.file("src/gone/x", "a directory here, a file there");
    rig.world.link("src/old", "a link here, a directory there");
    rig.transfer().options.filters =
        [hide("gone", FilterKind::Dir), hide("old", FilterKind::File)].concat();
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert!(stands(&rig, "dst/gone") && stands(&rig, "dst/old/b/c"));
    assert!(!stands(&rig, "dst/dir/gone"));
}

#[tokio::test]
async fn what_was_left_out_at_the_source_is_no_extra() {
    let mut rig = more();
    rig.transfer().options.symlinks = Symlinks::Skip;
    rig.world.link("src/link", "anything");
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert!(stands(&rig, "dst/link") && !stands(&rig, "dst/gone"));
}

#[tokio::test]
async fn where_the_owner_of_the_source_denies_names_everything_stays() {
    let mut rig = more();
    rig.world.file("src/gone", "denied");
    rig.rules = rig.world.rules(&["ro:src", "no:src/gone", "rw:dst"]);
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert!(stands(&rig, "dst/gone") && stands(&rig, "dst/old/a"));
    assert!(!stands(&rig, "dst/dir/gone"), "nothing is denied there");
}

#[tokio::test]
async fn a_folder_that_is_only_for_the_local_network_is_listed_as_left_out_and_no_extra() {
    let mut rig = more();
    rig.world.file("src/gone/x", "for those who are near");
    rig.world.file("src/gone/open/y", "for everybody, by its own path");
    let near = ["near:src/gone", "near:src/unplugged"];
    let rules = [&["ro:src", "ro:src/gone/open", "rw:dst"], &near[..]].concat();
    rig.rules = rig.world.rules(&rules);
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    let left = rig.reports().into_iter().filter_map(|report| match report {
        Report::Skipped(left) => Some((left.source, left.problem.code)),
        Report::Transferred(_) | Report::Event(_) | Report::Finished(_) | Report::Difference(_) => {
            None
        }
    });
    let folder = rig.world.path("src/gone");
    assert_eq!(left.collect::<Vec<_>>(), [(folder, Code::LocalOnlySkipped)]);
    assert!(stands(&rig, "dst/gone") && !stands(&rig, "dst/gone/x"));
    assert!(!stands(&rig, "dst/dir/gone"));
}

#[tokio::test]
async fn what_the_owner_of_the_destination_denies_stays() {
    let mut rig = more();
    rig.rules = rig.world.rules(&["ro:src", "rw:dst", "no:dst/gone", "no:dst/old/b"]);
    assert_eq!(rig.run().await, [FAILED, FAILED]);
    assert!(stands(&rig, "dst/gone") && stands(&rig, "dst/old/b/c"));
    assert_eq!(failure(&rig), Code::NotEmpty);
}

#[tokio::test]
async fn nothing_is_deleted_when_anything_failed() {
    let mut rig = more();
    rig.items(&[("src", "dst"), ("src/missing", "dst-2")]);
    rig.rules = rig.world.rules(&["rw:"]);
    assert_eq!(rig.run().await, [FAILED, FAILED]);
    assert!(stands(&rig, "dst/gone"));
    let rig = more();
    rig.world.file("src/old", "a directory stands there");
    assert_eq!(rig.run().await, [FAILED, FAILED]);
    assert!(stands(&rig, "dst/old/a") && stands(&rig, "dst/gone"));
}

#[tokio::test]
async fn an_empty_source_deletes_nothing_unless_that_is_allowed() {
    for allowed in [false, true] {
        let mut rig = Rig::new();
        rig.transfer().options.extras = Extras::Delete;
        rig.transfer().options.empty_source = allowed;
        // That errors are skipped is no permission.
        rig.transfer().options.skip_source_errors = true;
        rig.world.file("dst/precious", "mine");
        let end = SessionEnd::Finished { succeeded: allowed };
        assert_eq!(rig.run().await, [end.clone(), end]);
        assert_eq!(stands(&rig, "dst/precious"), !allowed);
        if !allowed {
            assert_eq!(failure(&rig), Code::SourceEmpty);
        }
    }
}

#[tokio::test]
async fn a_missing_source_deletes_nothing_even_if_errors_are_skipped() {
    let mut rig = more();
    rig.transfer().options.skip_source_errors = true;
    rig.transfer().options.empty_source = true;
    fs::rename(rig.world.top.join("src"), rig.world.top.join("away")).unwrap();
    rig.world.dir("src");
    rig.items(&[("src/missing", "dst")]);
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert!(stands(&rig, "dst/gone") && stands(&rig, "dst/both"));
}

#[tokio::test]
async fn a_session_that_ends_early_deletes_nothing_and_the_next_one_finishes_the_work() {
    let mut rig = more();
    for n in 0..40 {
        rig.world.file(&format!("src/dir/large-{n}"), pattern(MIB, n));
    }
    let slow = rig.slow(Duration::from_millis(20));
    let stop = async {
        slow.read.wait(5).await;
        rig.stop.stop(outport_link::CloseCode::Paused);
    };
    tokio::join!(rig.start(&slow.store(), &rig.disk), stop);
    assert!(stands(&rig, "dst/gone") && stands(&rig, "dst/dir/gone"));
    // What the next session finds is what counts, not what the first one saw.
    rig.world.file("src/gone", "it came back");
    rig = rig.again();
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(fs::read(rig.world.top.join("dst/gone")).unwrap(), b"it came back");
    assert!(!stands(&rig, "dst/dir/gone"));
}

#[tokio::test]
async fn what_a_link_of_the_destination_leads_to_is_not_cleaned_up() {
    let mut rig = more();
    rig.rules = rig.world.rules(&["ro:src", "rw:dst", "rw:outside"]);
    rig.world.file("src/linked/new", "content");
    rig.world.link("dst/linked", "../outside");
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert!(stands(&rig, "outside/precious") && stands(&rig, "outside/new"));
    assert!(!stands(&rig, "dst/gone"));
}

#[tokio::test]
async fn a_destination_that_is_a_link_itself_keeps_everything() {
    let mut rig = more();
    rig.rules = rig.world.rules(&["ro:src", "rw:"]);
    rig.world.link("alias", "dst");
    rig.items(&[("src", "alias")]);
    assert_eq!(rig.run().await, [FAILED, FAILED]);
    assert!(stands(&rig, "dst/gone") && stands(&rig, "dst/dir/gone"));
    assert_eq!(failure(&rig), Code::DestinationLink);
    let told = rig.reports().into_iter().filter(|report| matches!(report, Report::Event(_)));
    assert_eq!(told.count(), 1, "once, and not for each directory");
}

#[tokio::test]
async fn what_took_the_place_of_an_extra_stays() {
    let rig = more();
    let (old, away) = (rig.world.top.join("dst/old"), rig.world.top.join("away"));
    let swap = Meanwhile::after(2, move || {
        fs::rename(&old, away).unwrap();
        fs::create_dir(&old).unwrap();
        fs::write(old.join("precious"), "new").unwrap();
    });
    assert_eq!(rig.start(&rig.disk, &swap).await, [FINISHED, FINISHED]);
    assert!(stands(&rig, "dst/old/precious") && stands(&rig, "away/a"));
    assert!(!stands(&rig, "dst/gone"));
}

#[tokio::test]
async fn an_extra_that_changed_since_it_was_found_stays() {
    let rig = more();
    let gone = rig.world.top.join("dst/gone");
    let change = Meanwhile::after(2, move || fs::write(gone, "new").unwrap());
    assert_eq!(rig.start(&rig.disk, &change).await, [FINISHED, FINISHED]);
    assert_eq!(fs::read(rig.world.top.join("dst/gone")).unwrap(), b"new");
    assert!(!stands(&rig, "dst/dir/gone"));
}

#[tokio::test]
async fn a_directory_that_became_a_link_leads_nowhere() {
    let rig = more();
    rig.world.file("outside/gone", "mine");
    let (dir, away) = (rig.world.top.join("dst/dir"), rig.world.top.join("away"));
    let swap = Meanwhile::after(2, move || {
        fs::rename(&dir, away).unwrap();
        std::os::unix::fs::symlink("../outside", dir).unwrap();
    });
    rig.start(&rig.disk, &swap).await;
    assert!(stands(&rig, "outside/gone") && stands(&rig, "outside/precious"));
    assert!(stands(&rig, "away/gone"));
}

#[tokio::test]
async fn on_a_disk_that_folds_case_another_case_of_a_name_is_no_extra() {
    for folds in [true, false] {
        let rig = more();
        // Left out, so that nothing else compares the names.
        rig.world.link("src/GONE", "anything");
        let disk: Arc<dyn Store> = if folds { Arc::new(Folding) } else { rig.disk.clone() };
        assert_eq!(rig.start(&rig.disk, &disk).await, [FINISHED, FINISHED]);
        assert_eq!(stands(&rig, "dst/gone"), folds);
        assert!(!stands(&rig, "dst/dir/gone"));
    }
}

#[tokio::test]
async fn what_other_transfers_have_unfinished_is_no_extra() {
    let rig = more();
    let part = rig.world.file("dst/.outport-part-0123456789abcdef", "on its way");
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert!(part.exists() && !stands(&rig, "dst/gone"));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_is_mounted_in_an_extra_stays() {
    if !crate::testing::is_root("mounting a disk") {
        return;
    }
    for extras in [Extras::Delete, Extras::Trash] {
        let mut rig = more();
        rig.transfer().options.extras = extras;
        let place = rig.world.dir("dst/old/mounted");
        let _disk = rig.small_disk_at(&place);
        let precious = rig.world.file("dst/old/mounted/precious", "mine");
        assert_eq!(rig.run().await, [FAILED, FAILED]);
        assert!(precious.exists() && !stands(&rig, "dst/gone"));
    }
}

/// Another directory shown in the place of this one, until it is dropped.
#[cfg(target_os = "linux")]
struct Bound(PathBuf);

#[cfg(target_os = "linux")]
impl Bound {
    fn at(place: PathBuf, shown: &Path) -> Self {
        rustix::mount::mount_bind(shown, &place).unwrap();
        Self(place)
    }
}

#[cfg(target_os = "linux")]
impl Drop for Bound {
    fn drop(&mut self) {
        rustix::mount::unmount(&self.0, rustix::mount::UnmountFlags::DETACH).ok();
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_is_mounted_on_a_directory_that_the_source_has_too_stays() {
    if !crate::testing::is_root("mounting a disk") {
        return;
    }
    for extras in [Extras::Delete, Extras::Trash] {
        let mut rig = more();
        rig.transfer().options.extras = extras;
        rig.world.dir("src/drive/below");
        let place = rig.world.dir("dst/drive");
        let _disk = rig.small_disk_at(&place);
        let there = ["dst/drive/precious", "dst/drive/below/precious"];
        for path in there {
            rig.world.file(path, "mine");
        }
        assert_eq!(rig.run().await, [FINISHED, FINISHED]);
        assert!(there.iter().all(|path| stands(&rig, path)) && !stands(&rig, "dst/gone"));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_another_mount_shows_of_the_same_disk_stays() {
    if !crate::testing::is_root("mounting a disk") {
        return;
    }
    for (extras, path, end) in [
        (Extras::Delete, "drive", FINISHED),
        (Extras::Trash, "drive", FINISHED),
        (Extras::Delete, "old/mounted", FAILED),
        (Extras::Trash, "old/mounted", FAILED),
        (Extras::Delete, "mounted", FAILED),
        (Extras::Trash, "mounted", FAILED),
    ] {
        let mut rig = more();
        rig.transfer().options.extras = extras;
        rig.world.dir("src/drive/below");
        rig.world.file("outside/below/precious", "mine");
        let place = rig.world.dir(&format!("dst/{path}"));
        let _bound = Bound::at(place, &rig.world.top.join("outside"));
        assert_eq!(rig.run().await, [end.clone(), end], "{path}");
        for path in ["outside/precious", "outside/below/precious"] {
            assert!(stands(&rig, path), "{path}");
        }
        assert!(!stands(&rig, "dst/gone"));
    }
}

#[tokio::test]
async fn what_came_into_an_extra_after_the_search_stays_and_fails_the_task() {
    for extras in [Extras::Delete, Extras::Trash] {
        let mut rig = more();
        rig.transfer().options.extras = extras;
        let (new, moved) = ("dst/old/b/new", "dst/old/b/moved");
        let [to_new, to_moved] = [new, moved].map(|path| rig.world.top.join(path));
        let old = rig.world.file("elsewhere", "its own time is from before");
        fs::File::options().write(true).open(&old).unwrap().set_modified(UNIX_EPOCH).unwrap();
        let write = Meanwhile::after(2, move || {
            fs::write(to_new, "mine").unwrap();
            fs::rename(old, to_moved).unwrap();
        });
        assert_eq!(rig.start(&rig.disk, &write).await, [FAILED, FAILED]);
        assert!(stands(&rig, new) && stands(&rig, moved) && !stands(&rig, "dst/gone"));
        assert_eq!(stands(&rig, "dst/old/a"), extras == Extras::Trash);
        let told = rig.reports().into_iter().filter(|report| matches!(report, Report::Skipped(_)));
        assert_eq!(told.count(), if extras == Extras::Delete { 2 } else { 1 });
    }
}

#[tokio::test]
async fn what_other_transfers_have_unfinished_in_an_extra_stays() {
    for extras in [Extras::Delete, Extras::Trash] {
        let mut rig = more();
        rig.transfer().options.extras = extras;
        let part = rig.world.file("dst/old/b/.outport-part-0123456789abcdef", "on its way");
        assert_eq!(rig.run().await, [FINISHED, FINISHED]);
        assert!(part.exists() && !stands(&rig, "dst/gone"));
    }
}

#[tokio::test]
async fn however_wide_a_directory_is_it_is_moved_away() {
    let mut rig = more();
    rig.transfer().options.extras = Extras::Trash;
    for n in 0..200 {
        rig.world.file(&format!("dst/old/wide/{n}/x"), "old");
    }
    a_moment_later(&rig);
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert!(!stands(&rig, "dst/old"));
    assert!(trash(&rig).join("old/wide/199/x").exists());
}

#[tokio::test]
async fn a_folder_for_what_is_moved_away_changes_no_time() {
    let mut rig = Rig::new();
    rig.transfer().options.extras = Extras::Trash;
    rig.world.file("src/dir/kept", "kept");
    rig.world.file("dst/dir/gone", "old");
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert!(trash(&rig).join("dir/gone").exists());
    let time = |side: &str| rig.world.top.join(side).metadata().unwrap().modified().unwrap();
    assert_eq!(time("src"), time("dst"));
}

#[tokio::test]
async fn an_item_inside_another_ones_destination_is_found_by_where_it_is() {
    let mut rig = more();
    rig.rules = rig.world.rules(&["ro:src", "rw:dst", "rw:dst/old"]);
    rig.items(&[("src", "dst"), ("src/dir", "dst/old/brought")]);
    assert_eq!(rig.run().await, [FAILED, FAILED]);
    assert!(stands(&rig, "dst/old/brought/kept") && stands(&rig, "dst/gone"));
}

#[tokio::test]
async fn an_item_inside_another_ones_destination_is_found_by_what_it_is() {
    let mut rig = more();
    rig.rules = rig.world.rules(&["ro:src", "rw:"]);
    rig.world.link("elsewhere", "dst/old");
    rig.items(&[("src", "dst"), ("src/dir", "elsewhere/brought"), ("src/both", "elsewhere/file")]);
    assert_eq!(rig.run().await, [FAILED, FAILED]);
    assert!(stands(&rig, "dst/old/brought/kept") && stands(&rig, "dst/old/file"));
    assert!(stands(&rig, "dst/gone"));
}

#[tokio::test]
async fn a_source_inside_the_destination_is_refused_before_anything_moves() {
    for (extras, refused) in [(Extras::Delete, true), (Extras::Trash, true), (Extras::Stay, false)]
    {
        let mut rig = more();
        rig.transfer().options.extras = extras;
        rig.rules = rig.world.rules(&["rw:"]);
        rig.world.link("alias", "dst");
        for destination in ["dst", "alias"] {
            rig.orders.task = TaskId::random();
            rig.items(&[("dst/old", destination)]);
            let end = rig.run_local().await;
            let code = match &end {
                SessionEnd::Refused { problem, .. } => Some(problem.code),
                SessionEnd::Finished { .. }
                | SessionEnd::Stopped(_)
                | SessionEnd::Broken { .. }
                | SessionEnd::Violation(_) => None,
            };
            assert_eq!(code, refused.then_some(Code::SameTree), "{end:?}");
            assert!(stands(&rig, "dst/gone") && stands(&rig, "dst/old/a"));
        }
    }
}

fn trash(rig: &Rig) -> PathBuf {
    let task = rig.orders.task.to_string();
    rig.world.top.join(format!("dst/.outport-trash/1970-01-01-{}", &task[..8]))
}

#[tokio::test]
async fn what_would_be_deleted_can_be_kept_in_a_dated_folder() {
    let mut rig = more();
    rig.transfer().options.extras = Extras::Trash;
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    let trash = trash(&rig);
    assert_eq!(
        names(&trash),
        ["dir", "dir/gone", "gone", "old", "old/.hidden", "old/a", "old/b", "old/b/c"]
    );
    assert!(trash.join("link").is_symlink());
    assert_eq!(names(&rig.world.top.join("dst/dir")), ["kept"]);
    // The next time the trash is no extra, also where it is in one, and it is never sent on.
    rig.world.file("dst/another/.Outport-Trash/precious", "mine");
    rig.world.file("dst/another/gone", "old");
    a_moment_later(&rig);
    rig.transfer().options.extras = Extras::Delete;
    rig.orders.task = TaskId::random();
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert!(trash.join("gone").exists());
    assert_eq!(
        names(&rig.world.top.join("dst/another")),
        [".Outport-Trash", ".Outport-Trash/precious"]
    );
    rig.items(&[("dst", "copy")]);
    rig.rules = rig.world.rules(&["rw:"]);
    rig.orders.task = TaskId::random();
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert!(stands(&rig, "copy/both") && !stands(&rig, "copy/.outport-trash"));
}

#[tokio::test]
async fn what_is_moved_away_takes_the_place_of_nothing() {
    let mut rig = more();
    rig.transfer().options.extras = Extras::Trash;
    let there = trash(&rig).join("gone");
    rig.world.file(there.to_str().unwrap(), "first");
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(fs::read(&there).unwrap(), b"first");
    assert_eq!(fs::read(there.with_file_name("gone.1")).unwrap(), b"old");
}

#[tokio::test]
async fn a_trash_that_is_a_link_takes_nothing_in() {
    let mut rig = more();
    rig.transfer().options.extras = Extras::Trash;
    rig.rules = rig.world.rules(&["ro:src", "rw:"]);
    rig.world.link("dst/.outport-trash", "../outside");
    assert_eq!(rig.run().await, [FAILED, FAILED]);
    assert!(stands(&rig, "dst/gone") && stands(&rig, "dst/old/a"));
    assert_eq!(names(&rig.world.top.join("outside")), ["precious"]);
}

#[tokio::test]
async fn a_directory_that_holds_what_stays_is_not_moved_away() {
    let mut rig = more();
    rig.transfer().options.extras = Extras::Trash;
    rig.transfer().options.filters = hide(".hidden", FilterKind::File);
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert!(stands(&rig, "dst/old/.hidden") && stands(&rig, "dst/old/a"));
    assert!(!stands(&rig, "dst/gone"));
}

#[tokio::test]
async fn times_of_directories_are_kept_although_something_went_from_them() {
    for extras in [Extras::Delete, Extras::Trash] {
        let mut rig = more();
        rig.transfer().options.extras = extras;
        assert_eq!(rig.run().await, [FINISHED, FINISHED]);
        for path in ["", "dir"] {
            let time = |side: &str| {
                rig.world.top.join(side).join(path).metadata().unwrap().modified().unwrap()
            };
            assert_eq!(time("src"), time("dst"), "{path} {extras}");
        }
    }
}

#[tokio::test]
async fn extras_that_cannot_be_removed_are_told_and_fail_the_task() {
    #[derive(Debug)]
    struct Stuck;
    impl Store for Stuck {
        fn make_directory(&self, directory: &Directory, name: &Name) -> Result<(), Refused> {
            if crate::system_path::name_to_host(name).to_string_lossy().contains("trash") {
                return Err(io::Error::from(io::ErrorKind::PermissionDenied).into());
            }
            Disk.make_directory(directory, name)
        }
    }
    let mut rig = more();
    rig.transfer().options.extras = Extras::Trash;
    let disk: Arc<dyn Store> = Arc::new(Stuck);
    assert_eq!(rig.start(&rig.disk, &disk).await, [FAILED, FAILED]);
    assert_eq!(failure(&rig), Code::OsPermission);
    let told = rig.reports().into_iter().filter(|report| matches!(report, Report::Skipped(_)));
    // gone, link, old and dir/gone
    assert_eq!(told.count(), 4);
    assert!(stands(&rig, "dst/gone") && stands(&rig, "dst/both"));
}
