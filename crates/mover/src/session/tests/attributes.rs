//! Extended attributes arrive if that is asked, and what cannot be kept is told.
#![cfg(target_os = "linux")]

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    path::Path,
    sync::Arc,
};

use outport_protocol::session::Attribute;
use outport_types::SyncLevel;
use rustix::fs::{XattrFlags, fsetxattr};

use super::*;
use crate::store::{Disk, Store};

fn give(path: &Path, attributes: &[(&str, &[u8])]) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    for (name, value) in attributes {
        fsetxattr(&file, format!("user.{name}"), value, XattrFlags::empty()).unwrap();
    }
}

fn attributes(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let all = Disk.attributes(&File::open(path).unwrap());
    assert_eq!(all.left(), 0);
    let all = all.list().iter();
    all.map(|one| (String::from_utf8(one.name.clone()).unwrap(), one.value.clone())).collect()
}

/// What was told of attributes that were not kept: of which file, and why.
fn told(rig: &Rig) -> Vec<(String, String)> {
    rig.told(EventCode::AttributesNotKept)
}

/// Files of all sizes with attributes, of which one stands at the destination with others.
fn tagged() -> Rig {
    let rig = Rig::new();
    give(&rig.world.file("src/small", "small"), &[("tag", b"red"), ("empty", b"")]);
    give(&rig.world.file("src/empty", ""), &[("tag", b"blue")]);
    give(&rig.world.file("src/large", pattern(3 * MIB, 1)), &[("odd\u{e9}", b"\0\xff")]);
    rig.world.file("src/none", "none");
    give(&rig.world.file("dst/small", "old"), &[("tag", b"old"), ("mine", b"kept")]);
    rig
}

#[tokio::test]
async fn files_have_the_attributes_of_the_source_only_if_that_is_asked() {
    for keeps in [true, false] {
        let mut rig = tagged();
        rig.transfer().options.preserve_xattrs = keeps;
        assert_eq!(rig.run().await, [FINISHED, FINISHED]);
        assert_eq!(tree(&rig.world.top.join("dst")), tree(&rig.world.top.join("src")));
        for name in ["small", "empty", "large", "none"] {
            let there = attributes(&rig.world.top.join("dst").join(name));
            let here = attributes(&rig.world.top.join("src").join(name));
            assert_eq!(there, if keeps { here } else { BTreeMap::new() }, "{name}");
        }
        assert_eq!(told(&rig), []);
    }
}

#[tokio::test]
async fn a_file_that_is_not_copied_again_keeps_the_attributes_that_it_has() {
    let mut rig = tagged();
    rig.transfer().options.preserve_xattrs = true;
    rig.transfer().options.sync_level = Some(SyncLevel::Exists);
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(attributes(&rig.world.top.join("dst/small"))["mine"], b"kept");
    assert_eq!(attributes(&rig.world.top.join("dst/large")).len(), 1);
}

#[tokio::test]
async fn attributes_that_are_too_large_or_too_many_are_told_and_the_file_arrives() {
    let mut rig = Rig::new();
    rig.transfer().options.preserve_xattrs = true;
    let from = rig.world.file("src/file", "content");
    let many: Vec<String> = (0..66).map(|n| format!("a{n:02}")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
    give(&from, &many);
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(attributes(&rig.world.top.join("dst/file")).len(), 64);
    let [(path, reason)] = &told(&rig)[..] else { panic!("{:?}", told(&rig)) };
    assert!(path.contains("src/file") && reason.contains("2 cannot be read"), "{path}: {reason}");
}

/// A disk that takes no attribute called `secret`.
#[derive(Debug)]
struct Picky;

impl Store for Picky {
    fn give_attributes(&self, file: &File, wanted: &[Attribute]) -> std::io::Result<Vec<Vec<u8>>> {
        let (taken, refused): (Vec<_>, Vec<_>) =
            wanted.iter().cloned().partition(|one| one.name != b"secret");
        let mut names = Disk.give_attributes(file, &taken)?;
        names.extend(refused.into_iter().map(|one| one.name));
        Ok(names)
    }
}

#[tokio::test]
async fn attributes_that_the_destination_cannot_take_are_named_and_the_file_arrives() {
    let mut rig = Rig::new();
    rig.transfer().options.preserve_xattrs = true;
    give(&rig.world.file("src/file", "content"), &[("tag", b"red"), ("secret", b"x")]);
    let picky: Arc<dyn Store> = Arc::new(Picky);
    assert_eq!(rig.start(&rig.disk, &picky).await, [FINISHED, FINISHED]);
    assert_eq!(attributes(&rig.world.top.join("dst/file")).len(), 1);
    let [(path, reason)] = &told(&rig)[..] else { panic!("{:?}", told(&rig)) };
    assert!(path.contains("dst/file") && reason.contains("secret"), "{path}: {reason}");
}

#[tokio::test]
async fn attributes_outlive_a_stop_and_what_changed_meanwhile() {
    let mut rig = Rig::new();
    rig.transfer().options.preserve_xattrs = true;
    let from = rig.world.file("src/large", pattern(64 * MIB, 9));
    give(&from, &[("tag", b"red"), ("gone", b"soon")]);
    let slow = rig.slow(Duration::from_millis(10));
    let session = rig.start(&slow.store(), &rig.disk);
    let pause = async {
        slow.read.wait(30).await;
        rig.stop.stop(CloseCode::Paused);
    };
    tokio::join!(session, pause);
    let file = OpenOptions::new().write(true).open(&from).unwrap();
    rustix::fs::fremovexattr(&file, "user.gone").unwrap();
    let rig = rig.again();
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    let there = attributes(&rig.world.top.join("dst/large"));
    assert_eq!(there, BTreeMap::from([("tag".to_owned(), b"red".to_vec())]));
}
