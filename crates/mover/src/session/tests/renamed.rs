//! Other names: of what cannot have its own at the destination, and of what finds it taken.

use std::collections::BTreeMap;

use outport_protocol::session::replacement;
use outport_types::{Conflict, Extras, Name, Names, Symlinks};

use super::{
    disks::{Folding, Respelling, WithoutName},
    *,
};
use crate::{refused::Refused, resolver::Directory, store::Disk, testing::name};

/// How each file was told: its name at the source, its name at the destination.
fn transferred(rig: &Rig) -> BTreeMap<String, String> {
    let done = rig.reports().into_iter().filter_map(|report| match report {
        Report::Transferred(file) => Some((
            file.source.file_name()?.text().into_owned(),
            file.destination.file_name()?.text().into_owned(),
        )),
        Report::Skipped(_) | Report::Event(_) | Report::Finished(_) | Report::Difference(_) => None,
    });
    done.collect()
}

/// What was told of other names: the path that was asked for and the name that it has.
fn told(rig: &Rig) -> Vec<(String, String)> {
    let told = rig.told(EventCode::Renamed).into_iter();
    told.map(|(path, name)| (path.rsplit('/').next().unwrap().to_owned(), name)).collect()
}

fn other(text: &str) -> String {
    replacement(&name(text)).text().into_owned()
}

/// A later task that copies what is not the same.
fn later(rig: &Rig) -> Rig {
    let mut later = Rig { orders: Rig::new().orders, ..rig.again() };
    let transfer = rig.orders.clone();
    later.orders.work = transfer.work;
    later.transfer().options.sync_level = Some(SyncLevel::Checksum);
    later
}

fn renaming() -> Rig {
    let mut rig = Rig::new();
    rig.transfer().options.names = Names::Rename;
    rig
}

/// What stands below `dst`, by its path.
fn arrived(rig: &Rig) -> BTreeMap<String, String> {
    let all = tree(&rig.world.top.join("dst")).into_iter();
    let files = all.filter_map(|(path, content)| {
        Some((path.to_str()?.to_owned(), String::from_utf8(content?).unwrap()))
    });
    files.collect()
}

fn map<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

#[tokio::test]
async fn what_cannot_have_its_name_gets_another_one_and_is_found_again_by_it() {
    let (upper, accent, dot) = (other("readme"), other("cafe\u{301}"), other("etc."));
    let folding: Arc<dyn Store> = Arc::new(Folding);
    let respelling: Arc<dyn Store> = Arc::new(Respelling);
    let without: Arc<dyn Store> = Arc::new(WithoutName("CON"));
    let cases = [
        (&folding, ["README", "readme"], ["README", &upper]),
        (&folding, ["caf\u{e9}", "cafe\u{301}"], ["cafe\u{301}", &other("caf\u{e9}")]),
        (&respelling, ["etc", "etc."], ["etc", &dot]),
        (&without, ["CON", "other"], ["other", &other("CON")]),
    ];
    assert_ne!(accent, other("caf\u{e9}"));
    for (store, sources, [plain, odd]) in cases {
        let rig = renaming();
        for source in sources {
            rig.world.file(&format!("src/{source}"), source);
        }
        assert_eq!(rig.start(&rig.disk, store).await, [FINISHED, FINISHED], "{sources:?}");
        let there = arrived(&rig);
        let names: Vec<_> = there.keys().map(String::as_str).collect();
        let mut expected = vec![plain, odd];
        expected.sort_unstable();
        assert_eq!(names, expected);
        let said = transferred(&rig);
        assert!(said.iter().all(|(source, at)| there[at] == *source), "{said:?} {there:?}");
        assert_eq!(told(&rig).len(), 1);
        assert_eq!(told(&rig)[0].1, odd);
        // A later task finds both, and an extra is none of them.
        let mut again = later(&rig);
        again.transfer().options.extras = Extras::Delete;
        assert_eq!(again.start(&rig.disk, store).await, [FINISHED, FINISHED]);
        assert_eq!(again.received.borrow().counts.files_unchanged, 2);
        assert_eq!((arrived(&rig), told(&again)), (there, Vec::new()));
    }
}

#[tokio::test]
async fn a_directory_that_cannot_have_its_name_holds_all_that_it_held() {
    let rig = renaming();
    for dir in ["Data", "data"] {
        rig.world.file(&format!("src/{dir}/deep/x"), dir);
        rig.world.file(&format!("src/{dir}/y"), dir);
    }
    let folding: Arc<dyn Store> = Arc::new(Folding);
    assert_eq!(rig.start(&rig.disk, &folding).await, [FINISHED, FINISHED]);
    let odd = other("data");
    let there = arrived(&rig);
    for (path, content) in [("Data/deep/x", "Data"), ("Data/y", "Data")] {
        assert_eq!(there[path], content);
        assert_eq!(there[&path.replace("Data", &odd)], "data");
    }
    assert_eq!(there.len(), 4);
    assert_eq!(told(&rig), [("data".to_owned(), odd.clone())]);
    let told_of = rig.reports().into_iter().filter_map(|report| match report {
        Report::Transferred(file) => Some(file.destination.to_string()),
        Report::Event(_) | Report::Skipped(_) | Report::Finished(_) | Report::Difference(_) => None,
    });
    assert_eq!(told_of.filter(|path| path.contains(&odd)).count(), 2);
    let mut again = later(&rig);
    again.transfer().options.extras = Extras::Delete;
    assert_eq!(again.start(&rig.disk, &folding).await, [FINISHED, FINISHED]);
    assert_eq!(again.received.borrow().counts.files_unchanged, 4);
    assert_eq!(arrived(&rig), there);
}

#[tokio::test]
async fn a_file_that_has_another_name_keeps_it_when_the_one_in_its_way_is_gone() {
    let rig = renaming();
    rig.world.file("src/README", "one");
    rig.world.file("src/readme", "other");
    let folding: Arc<dyn Store> = Arc::new(Folding);
    assert_eq!(rig.start(&rig.disk, &folding).await, [FINISHED, FINISHED]);
    std::fs::remove_file(rig.world.top.join("src/README")).unwrap();
    std::fs::remove_file(rig.world.top.join("dst/README")).unwrap();
    let again = later(&rig);
    assert_eq!(again.start(&rig.disk, &folding).await, [FINISHED, FINISHED]);
    assert_eq!(arrived(&rig), map([(&other("readme"), "other")]));
}

#[tokio::test]
async fn a_name_that_looks_replaced_never_takes_that_of_a_replaced_one() {
    let rig = renaming();
    let odd = other("CON");
    rig.world.file("src/CON", "odd");
    rig.world.file(&format!("src/{odd}"), "looks so");
    let without: Arc<dyn Store> = Arc::new(WithoutName("CON"));
    assert_eq!(rig.start(&rig.disk, &without).await, [FINISHED, FINISHED]);
    assert_eq!(arrived(&rig), map([(&odd, "odd"), (&other(&odd), "looks so")]));
}

#[tokio::test]
async fn a_name_longer_than_the_disk_takes_is_cut() {
    let rig = renaming();
    rig.world.file("src/a", "x");
    let long = "y".repeat(255);
    rig.world.file(&format!("src/{long}"), "long");
    let without: Arc<dyn Store> = Arc::new(ShortNames);
    assert_eq!(rig.start(&rig.disk, &without).await, [FINISHED, FINISHED]);
    assert_eq!(arrived(&rig), map([("a", "x"), (&other(&long), "long")]));
}

/// A disk with short names that says so only when one is made, as eCryptfs does.
#[derive(Debug)]
struct ShortNames;

impl Store for ShortNames {
    fn place_new(&self, directory: &Directory, temp: &Name, name: &Name) -> Result<(), Refused> {
        if 143 < name.as_bytes().len() {
            return Err(Refused::of_name(std::io::ErrorKind::InvalidFilename.into()));
        }
        Disk.place_new(directory, temp, name)
    }
}

#[tokio::test]
async fn what_finds_its_name_taken_comes_beside_it() {
    let mut rig = Rig::new();
    rig.transfer().options.conflict = Conflict::Rename;
    rig.transfer().options.symlinks = Symlinks::Keep;
    rig.world.file("src/data.csv", "new");
    rig.world.file("dst/data.csv", "old");
    rig.world.file("dst/data (2).csv", "older");
    rig.world.file("src/dir", "a file");
    rig.world.file("dst/dir/x", "a directory stands there");
    rig.world.file("src/free", "free");
    rig.world.link("src/link", "free");
    rig.world.file("dst/link", "a file");
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    let expected = map([
        ("data.csv", "old"),
        ("data (2).csv", "older"),
        ("data (3).csv", "new"),
        ("dir/x", "a directory stands there"),
        ("dir (2)", "a file"),
        ("free", "free"),
        ("link", "a file"),
    ]);
    assert_eq!(arrived(&rig), expected);
    let link = std::fs::read_link(rig.world.top.join("dst/link (2)")).unwrap();
    assert_eq!(link, Path::new("free"));
    let names = [("data.csv", "data (3).csv"), ("dir", "dir (2)"), ("free", "free")];
    assert_eq!(transferred(&rig), map(names));
    assert_eq!(told(&rig).len(), 3);
    // What is equal, under whatever name, is not copied.
    let again = later(&rig);
    assert_eq!(again.run().await, [FINISHED, FINISHED]);
    assert_eq!(again.received.borrow().counts.files_unchanged, 3);
    assert_eq!(arrived(&rig), expected);
}

#[tokio::test]
async fn an_item_that_is_a_file_comes_beside_what_has_its_name() {
    let mut rig = Rig::new();
    rig.transfer().options.conflict = Conflict::Rename;
    rig.world.file("src/a", "new");
    rig.world.file("dst/b.txt", "old");
    rig.items(&[("src/a", "dst/b.txt")]);
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(arrived(&rig), map([("b.txt", "old"), ("b (2).txt", "new")]));
    assert_eq!(transferred(&rig), map([("a", "b (2).txt")]));
}

#[tokio::test]
async fn two_files_that_want_the_same_free_name_both_come() {
    let mut rig = Rig::new();
    rig.transfer().options.conflict = Conflict::Rename;
    rig.world.file("src/x", "x");
    rig.world.file("src/x (2)", "x two");
    rig.world.file("dst/x", "old");
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    let there = arrived(&rig);
    assert_eq!(there.len(), 3);
    assert_eq!(there["x"], "old");
    let said = transferred(&rig);
    assert_eq!(there[&said["x"]], "x");
    assert_eq!(there[&said["x (2)"]], "x two");
}

#[tokio::test]
async fn a_free_name_is_given_once_however_often_the_transfer_is_cut() {
    let mut rig = Rig::new();
    rig.transfer().options.conflict = Conflict::Rename;
    for n in 0..60 {
        rig.world.file(&format!("src/{n}"), pattern(3000 + n, n));
        rig.world.file(&format!("dst/{n}"), "old");
    }
    rig.world.file("src/large", pattern(20 * MIB, 1));
    rig.world.file("dst/large", "old");
    let (ends, rounds) = rig.run_cut(&rig.disk, |round| 5 + 7 * round).await;
    assert_eq!(ends, [FINISHED, FINISHED]);
    assert!(3 < rounds, "it was cut {rounds} times only");
    let there = tree(&rig.world.top.join("dst"));
    assert_eq!(there.len(), 122);
    for (path, content) in there {
        let path = path.to_str().unwrap();
        let expected = match path.strip_suffix(" (2)") {
            Some(own) => std::fs::read(rig.world.top.join("src").join(own)).unwrap(),
            None => b"old".to_vec(),
        };
        assert!(content.unwrap() == expected, "{path}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_system_that_folds_case_gets_all_files_of_both_cases() {
    let rig = renaming();
    let Some(_disk) = crate::testing::FoldingDisk::mount(&rig.world.dir("dst")) else {
        return;
    };
    for n in 0..40 {
        rig.world.file(&format!("src/Sub/Name{n}"), format!("upper {n}"));
        rig.world.file(&format!("src/Sub/name{n}"), format!("the lower one {n}"));
        rig.world.file(&format!("src/sub/name{n}"), format!("of the lower one {n}"));
    }
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    let there = arrived(&rig);
    assert_eq!(there.len(), 120);
    let sources = tree(&rig.world.top.join("src"));
    let mut contents: Vec<_> = sources.into_values().flatten().collect();
    let mut found: Vec<_> = there.into_values().map(String::into_bytes).collect();
    contents.sort();
    found.sort();
    assert_eq!(found, contents);
    let again = later(&rig);
    assert_eq!(again.run().await, [FINISHED, FINISHED]);
    assert_eq!(again.received.borrow().counts.files_unchanged, 120);
}
