//! Files with holes: they arrive with the same content, take as little room, and cost as little.
#![cfg(target_os = "linux")]

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::PathBuf,
    sync::Arc,
};

use outport_types::{ChecksumAlgorithm, ExternalChecksum};

use super::*;
use crate::store::Store;

/// Makes a file of that size with content at some places, and holes elsewhere.
fn sparse(rig: &Rig, name: &str, size: u64, content: &[(u64, usize)]) -> PathBuf {
    let path = rig.world.file(name, "");
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(size).unwrap();
    for (n, (at, bytes)) in content.iter().enumerate() {
        file.write_all_at(&pattern(*bytes, n), *at).unwrap();
    }
    file.sync_all().unwrap();
    path
}

fn room(path: &std::path::Path) -> u64 {
    path.metadata().unwrap().blocks() * 512
}

fn dst(rig: &Rig, name: &str) -> PathBuf {
    rig.world.top.join("dst").join(name)
}

const M: u64 = MIB as u64;
const G: u64 = 1 << 30;

/// Some MiB in many places of a large file: at its beginning, across borders of blocks, less than a
/// block, next to each other, and near its end.
const SCATTERED: &[(u64, usize)] = &[
    (0, 5000),
    (3 * M - 100, 200),
    (7 * M, 2 * MIB),
    (9 * M + 4096, 4096),
    (40 * M + 1, 1),
    (63 * M + 17, 1000),
];

#[tokio::test]
async fn holes_arrive_as_holes_and_cost_nothing_on_the_way() {
    for verify in [true, false] {
        let mut rig = Rig::new();
        rig.transfer().options.verify = verify;
        let size = 64 * M + 12345;
        let from = sparse(&rig, "src/file", size, SCATTERED);
        sparse(&rig, "src/nothing", 10 * M, &[]);
        sparse(&rig, "src/small", 300_000, &[(200_000, 10)]);
        let (reads, writes) = (rig.slow(Duration::ZERO), rig.slow(Duration::ZERO));
        let ends = rig.start(&reads.store(), &writes.store()).await;
        assert_eq!(ends, [FINISHED, FINISHED]);
        assert_eq!(tree(&rig.world.top.join("dst")), tree(&rig.world.top.join("src")));
        let (taken, at_source) = (room(&dst(&rig, "file")), room(&from));
        assert!(taken <= at_source + 64 * 1024, "{taken} bytes, {at_source} at the source");
        assert_eq!(room(&dst(&rig, "nothing")), 0);
        assert!(room(&dst(&rig, "small")) <= 64 * 1024, "{}", room(&dst(&rig, "small")));
        // Blocks with content are read and sent whole, others not at all.
        assert!(reads.bytes_read() <= 9 * MIB, "{} bytes read", reads.bytes_read());
        assert!(writes.bytes_written() <= 3 * MIB, "{} written", writes.bytes_written());
        let counts = rig.received.borrow().counts;
        assert_eq!(counts.bytes_done, size + 10 * M + 300_000);
        assert!(counts.bytes_received <= 9 * M, "{} bytes sent", counts.bytes_received);
        assert_eq!(rig.sent.borrow().counts.bytes_done, counts.bytes_done);
    }
}

#[tokio::test]
async fn a_hundred_gibibytes_with_a_few_of_content_are_neither_read_nor_written() {
    let rig = Rig::new();
    let content = [(0, MIB), (33 * G + 5, MIB), (70 * G, 3 * MIB), (100 * G - 9, 9)];
    sparse(&rig, "src/disk.img", 100 * G, &content);
    let (reads, writes) = (rig.slow(Duration::ZERO), rig.slow(Duration::ZERO));
    let ends = rig.start(&reads.store(), &writes.store()).await;
    assert_eq!(ends, [FINISHED, FINISHED]);
    let there = File::open(dst(&rig, "disk.img")).unwrap();
    assert_eq!(there.metadata().unwrap().len(), 100 * G);
    for (n, (at, bytes)) in content.into_iter().enumerate() {
        let mut read = vec![0; bytes];
        there.read_exact_at(&mut read, at).unwrap();
        assert!(read == pattern(bytes, n), "at {at}");
    }
    let taken = room(&dst(&rig, "disk.img"));
    assert!(taken <= 6 * M, "{taken} bytes");
    assert!(reads.bytes_read() <= 8 * MIB, "{} bytes read", reads.bytes_read());
    assert!(writes.bytes_read() <= 8 * MIB, "{} bytes read back", writes.bytes_read());
    assert_eq!(rig.received.borrow().counts.bytes_done, 100 * G);

    // By content, neither side reads what it knows to be a hole.
    let mut rig = rig.again();
    rig.orders.task = TaskId::random();
    rig.transfer().options.sync_level = Some(SyncLevel::Checksum);
    let (reads, writes) = (rig.slow(Duration::ZERO), rig.slow(Duration::ZERO));
    assert_eq!(rig.start(&reads.store(), &writes.store()).await, [FINISHED, FINISHED]);
    assert_eq!(rig.received.borrow().counts.files_unchanged, 1);
    assert!(reads.bytes_read() <= 8 * MIB, "{} bytes read", reads.bytes_read());
    assert!(writes.bytes_read() <= 8 * MIB, "{} bytes read", writes.bytes_read());
}

#[tokio::test]
async fn what_stood_where_a_hole_comes_is_gone() {
    for verify in [true, false] {
        let mut rig = Rig::new();
        rig.transfer().options.verify = verify;
        let from = rig.world.file("src/file", pattern(48 * MIB, 7));
        let slow = rig.slow(Duration::from_millis(10));
        let session = rig.start(&slow.store(), &rig.disk);
        let pause = async {
            slow.read.wait(40).await;
            rig.stop.stop(CloseCode::Paused);
        };
        tokio::join!(session, pause);
        assert!(0 < rig.received.borrow().counts.bytes_done, "some of it is there");
        // The same file, with most of its content gone.
        std::fs::remove_file(&from).unwrap();
        sparse(&rig, "src/file", 50 * M, &[(M + 5, 10), (20 * M, MIB), (45 * M, 100)]);
        let rig = rig.again();
        assert_eq!(rig.run().await, [FINISHED, FINISHED]);
        assert_eq!(tree(&rig.world.top.join("dst")), tree(&rig.world.top.join("src")));
    }
}

#[tokio::test]
async fn a_file_with_holes_goes_on_after_a_stop_with_what_it_has() {
    let rig = Rig::new();
    let content: Vec<(u64, usize)> = (0..40).map(|n| (n * 16 * M, MIB)).collect();
    sparse(&rig, "src/file", 640 * M + 3, &content);
    let slow = rig.slow(Duration::from_millis(10));
    let session = rig.start(&slow.store(), &rig.disk);
    let pause = async {
        slow.read.wait(25).await;
        rig.stop.stop(CloseCode::Paused);
    };
    tokio::join!(session, pause);
    let rig = rig.again();
    let (reads, writes) = (rig.slow(Duration::ZERO), rig.slow(Duration::ZERO));
    assert_eq!(rig.start(&reads.store(), &writes.store()).await, [FINISHED, FINISHED]);
    assert_eq!(tree(&rig.world.top.join("dst")), tree(&rig.world.top.join("src")));
    assert!(writes.bytes_written() < 40 * MIB, "{} written", writes.bytes_written());
    assert!(reads.bytes_read() <= 41 * MIB, "{} read", reads.bytes_read());
    assert!(room(&dst(&rig, "file")) <= 42 * M, "{}", room(&dst(&rig, "file")));
}

/// A disk whose word on holes is not taken, and which tells of nothing but holes.
#[derive(Debug)]
struct Unreliable;

impl Store for Unreliable {
    fn tells_holes(&self, _: &File) -> bool {
        false
    }

    fn next_data(&self, _: &File, _: u64) -> std::io::Result<Option<u64>> {
        Ok(None)
    }
}

#[tokio::test]
async fn a_disk_that_is_not_known_to_tell_its_holes_right_is_read_and_its_zeros_are_holes() {
    let rig = Rig::new();
    let from = sparse(&rig, "src/file", 64 * M + 12345, SCATTERED);
    let disk: Arc<dyn Store> = Arc::new(Unreliable);
    assert_eq!(rig.start(&disk, &disk).await, [FINISHED, FINISHED]);
    assert_eq!(tree(&rig.world.top.join("dst")), tree(&rig.world.top.join("src")));
    let (taken, at_source) = (room(&dst(&rig, "file")), room(&from));
    assert!(taken <= at_source + 64 * 1024, "{taken} bytes, {at_source} at the source");
    assert!(rig.received.borrow().counts.bytes_received <= 9 * M);
}

/// A disk that makes no holes.
#[derive(Debug)]
struct Keeping;

impl Store for Keeping {
    fn zero(&self, _: &File, _: u64, _: u64) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_hole_that_is_none_is_noticed_when_it_is_read_back() {
    let rig = Rig::new();
    let from = rig.world.file("src/file", pattern(8 * MIB, 7));
    let slow = rig.slow(Duration::from_millis(20));
    let session = rig.start(&slow.store(), &rig.disk);
    let pause = async {
        slow.read.wait(6).await;
        rig.stop.stop(CloseCode::Paused);
    };
    tokio::join!(session, pause);
    std::fs::remove_file(&from).unwrap();
    sparse(&rig, "src/file", 8 * M, &[(7 * M, 10)]);
    let rig = rig.again();
    let keeping: Arc<dyn Store> = Arc::new(Keeping);
    let ends = rig.start(&rig.disk, &keeping).await;
    assert_eq!(ends[1], SessionEnd::Finished { succeeded: false });
    assert!(!dst(&rig, "file").exists(), "what is not right does not get its name");
}

#[tokio::test]
async fn a_file_with_holes_can_have_a_checksum_from_elsewhere() {
    let mut rig = Rig::new();
    let from = sparse(&rig, "src/file", 20 * M + 5, &[(0, 10), (7 * M, MIB), (9 * M + 5, 9)]);
    let value = <sha2::Sha256 as sha2::Digest>::digest(std::fs::read(from).unwrap());
    rig.items(&[("src/file", "dst/file")]);
    let checksum = ExternalChecksum::of_value(ChecksumAlgorithm::Sha256, &value);
    rig.transfer().items[0].checksum = checksum;
    assert_eq!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(tree(&rig.world.top.join("dst")), tree(&rig.world.top.join("src")));
    assert!(room(&dst(&rig, "file")) <= 2 * M);
}
