//! Names that are another name, or none, at the destination.

use super::{
    disks::{Folding, Respelling, WithoutName},
    *,
};
use crate::{resolver::Right, store::Disk};

/// What arrived and how it was told: files reported as transferred, events of names, and the end.
fn outcome(rig: &Rig, ends: &[SessionEnd; 2]) -> (usize, usize, bool) {
    let (mut done, mut clashes) = (0, 0);
    for report in rig.reports() {
        match report {
            Report::Transferred(_) => done += 1,
            Report::Event(event) if event.code == EventCode::NameNotRepresentable => clashes += 1,
            Report::Event(_) | Report::Skipped(_) | Report::Finished(_) | Report::Difference(_) => {
            }
        }
    }
    (done, clashes, ends[1] == FINISHED)
}

fn content(rig: &Rig, path: &str) -> Vec<u8> {
    std::fs::read(rig.world.top.join(path)).unwrap()
}

fn folding() -> Arc<dyn Store> {
    Arc::new(Folding)
}

#[tokio::test]
async fn two_names_that_are_one_at_the_destination_never_become_one_file() {
    for (first, second) in
        [("README", "readme"), ("caf\u{e9}", "cafe\u{301}"), ("\u{c9}", "\u{e9}")]
    {
        let rig = Rig::new();
        rig.world.file(&format!("src/{first}"), "one");
        rig.world.file(&format!("src/{second}"), "other");
        let ends = rig.start(&rig.disk, &folding()).await;
        assert_eq!(outcome(&rig, &ends), (1, 1, false), "{first}");
        let arrived = tree(&rig.world.top.join("dst"));
        assert_eq!(arrived.len(), 1, "what is reported is there, and no more: {arrived:?}");
        let (path, there) = arrived.iter().next().unwrap();
        let of_source = std::fs::read(rig.world.top.join("src").join(path)).unwrap();
        assert_eq!(there.as_deref(), Some(&*of_source), "it is the one that is reported");
        // The next try finds the same, and touches nothing.
        let mut rig = Rig { orders: Rig::new().orders, ..rig.again() };
        rig.items(&[("src", "dst")]);
        let ends = rig.start(&rig.disk, &folding()).await;
        assert_eq!(outcome(&rig, &ends), (1, 1, false), "{first}, again");
        assert_eq!(tree(&rig.world.top.join("dst")), arrived);
    }
}

#[tokio::test]
async fn two_directories_that_are_one_at_the_destination_are_not_merged() {
    let rig = Rig::new();
    rig.world.file("src/Data/x", "upper");
    rig.world.file("src/data/x", "lower");
    rig.world.file("src/data/y", "lower");
    let ends = rig.start(&rig.disk, &folding()).await;
    let arrived = tree(&rig.world.top.join("dst"));
    let files = arrived.values().flatten().count();
    assert_eq!(outcome(&rig, &ends), (files, 1, false));
    let dir = if arrived.contains_key(Path::new("Data")) { "Data" } else { "data" };
    let whole = tree(&rig.world.top.join("src").join(dir));
    assert_eq!(tree(&rig.world.top.join("dst").join(dir)), whole);
    assert_eq!(arrived.len(), 1 + whole.len(), "only one of them is there");
}

#[tokio::test]
async fn what_has_exactly_the_same_name_is_replaced_on_a_disk_that_folds() {
    for store in [folding(), Arc::new(Disk)] {
        let rig = Rig::new();
        for name in ["Data/README", "caf\u{e9}", "\u{416}", "7"] {
            rig.world.file(&format!("src/{name}"), "new");
            rig.world.file(&format!("dst/{name}"), "old");
        }
        assert_eq!(rig.start(&rig.disk, &store).await, [FINISHED, FINISHED]);
        assert_eq!(tree(&rig.world.top.join("dst")), tree(&rig.world.top.join("src")));
    }
}

#[tokio::test]
async fn a_file_that_came_under_another_case_meanwhile_is_not_replaced() {
    let rig = Rig::new();
    rig.world.file("src/large", pattern(16 * MIB, 1));
    let slow = rig.slow(Duration::from_millis(10));
    let session = rig.start(&slow.store(), &folding());
    let other = async {
        slow.read.wait(4).await;
        rig.world.file("dst/LARGE", "somebody's");
    };
    let (ends, ()) = tokio::join!(session, other);
    assert_eq!(outcome(&rig, &ends), (0, 1, false));
    assert_eq!(content(&rig, "dst/LARGE"), b"somebody's");
    assert_eq!(tree(&rig.world.top.join("dst")).len(), 1, "nothing unfinished is left");
}

#[tokio::test]
async fn items_that_end_at_one_place_by_two_names_are_refused() {
    let mut rig = Rig::new();
    rig.world.file("src/a/x", "a");
    rig.world.file("src/b/x", "b");
    rig.world.dir("dst/real");
    rig.world.link("dst/link", "real");
    rig.items(&[("src/a", "dst/real"), ("src/b", "dst/link")]);
    let ends = rig.run().await;
    assert_eq!(outcome(&rig, &ends), (1, 1, false));
    assert_eq!(content(&rig, "dst/real/x"), b"a");
    let mut rig = Rig { orders: Rig::new().orders, ..rig.again() };
    rig.items(&[("src/a/x", "dst/real/new"), ("src/b/x", "dst/link/new")]);
    let ends = rig.run().await;
    assert_eq!(outcome(&rig, &ends), (1, 1, false));
    assert_eq!(content(&rig, "dst/real/new"), b"a");
}

#[tokio::test]
async fn a_name_that_the_disk_writes_in_another_way_is_refused() {
    for (odd, plain) in [("caf\u{e9}", "cafe\u{301}"), ("etc.", "etc")] {
        let rig = Rig::new();
        rig.world.file(&format!("src/{odd}"), "odd");
        rig.world.file(&format!("src/{plain}"), "plain");
        let ends = rig.start(&rig.disk, &(Arc::new(Respelling) as Arc<dyn Store>)).await;
        assert_eq!(outcome(&rig, &ends), (1, 1, false), "{odd}");
        assert_eq!(content(&rig, &format!("dst/{plain}")), b"plain");
        assert_eq!(tree(&rig.world.top.join("dst")).len(), 1);
    }
}

#[tokio::test]
async fn what_was_placed_before_a_cut_is_known_again_on_a_disk_that_folds() {
    let rig = Rig::new();
    for n in 0..100 {
        rig.world.file(&format!("src/{}/Name{n}", n % 3), pattern(3000 + n, n));
    }
    rig.world.file("src/0/NAME0", "clash");
    rig.world.file("src/caf\u{e9}", pattern(20 * MIB, 1));
    let (ends, rounds) = rig.run_cut(&folding(), |round| 5 + 7 * round).await;
    let (done, clashes, succeeded) = outcome(&rig, &ends);
    assert_eq!((done, succeeded), (101, false));
    assert!(0 < clashes);
    assert!(3 < rounds, "it was cut {rounds} times only");
    let arrived = tree(&rig.world.top.join("dst"));
    assert_eq!(arrived.values().flatten().count(), 101);
    for (path, there) in arrived {
        if let Some(there) = there {
            assert!(there == content(&rig, &format!("src/{}", path.display())));
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_system_that_folds_case_keeps_one_of_two_names_whole() {
    let rig = Rig::new();
    let Some(_disk) = crate::testing::FoldingDisk::mount(&rig.world.dir("dst")) else {
        return;
    };
    for n in 0..40 {
        rig.world.file(&format!("src/sub/Name{n}"), format!("upper {n}"));
        rig.world.file(&format!("src/sub/name{n}"), format!("the lower one {n}"));
    }
    rig.world.file("src/large", pattern(3 * MIB + 5, 1));
    rig.world.file("src/Large", pattern(3 * MIB + 7, 2));
    rig.world.file("src/Dir/x", "upper");
    rig.world.file("src/dir/x", "lower");
    let ends = rig.run().await;
    assert_eq!(outcome(&rig, &ends), (42, 42, false));
    let arrived = tree(&rig.world.top.join("dst"));
    assert_eq!(arrived.values().flatten().count(), 42);
    for (path, there) in &arrived {
        let source = rig.world.top.join("src").join(path);
        assert_eq!(there.is_none(), source.is_dir(), "{}", path.display());
        if let Some(there) = there {
            assert!(*there == std::fs::read(source).unwrap(), "{}", path.display());
        }
    }
}

#[tokio::test]
async fn a_name_that_the_destination_cannot_have_costs_that_file_only_and_is_named() {
    let rig = Rig::new();
    rig.world.file("src/CON", "x");
    rig.world.file("src/other", "y");
    let without: Arc<dyn Store> = Arc::new(WithoutName("CON"));
    let ends = rig.start(&rig.disk, &without).await;
    assert_eq!(outcome(&rig, &ends), (1, 1, false));
    assert_eq!(tree(&rig.world.top.join("dst")).len(), 1);
    let Some(Report::Finished(finished)) = rig.reports().pop() else { panic!("no end") };
    let failure = finished.failure.unwrap();
    assert_eq!(failure.code, Code::BadName);
    assert!(failure.message.contains("CON"), "{failure}");
}

#[tokio::test]
async fn paths_longer_than_the_system_takes_in_one_call_arrive() {
    let rig = Rig::new();
    let resolver = rig.world.resolver(&["rw:src", "rw:dst"]);
    let part = crate::testing::name("d".repeat(200));
    let (mut from, mut to) = (rig.world.path("src"), rig.world.path("dst"));
    for _ in 0..24 {
        (from, to) = (from.join(&part).unwrap(), to.join(&part).unwrap());
        crate::ops::make_directory(&resolver, &from, false).unwrap();
    }
    assert!(4096 < from.to_string().len());
    resolver.directory(&from, Right::Write).unwrap().dir().write("leaf", b"deep").unwrap();
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    let there = resolver.directory(&to, Right::Read).unwrap();
    assert_eq!(there.dir().read("leaf").unwrap(), b"deep");
}
