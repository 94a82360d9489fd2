//! Checksums that somebody gave for a file.

use std::collections::BTreeMap;

use outport_types::{ChecksumAlgorithm, ExternalChecksum};

use super::*;

fn checksum(algorithm: ChecksumAlgorithm, content: &[u8]) -> ExternalChecksum {
    let value = match algorithm {
        ChecksumAlgorithm::Md5 => <md5::Md5 as md5::Digest>::digest(content).to_vec(),
        ChecksumAlgorithm::Sha1 => <sha1::Sha1 as sha1::Digest>::digest(content).to_vec(),
        ChecksumAlgorithm::Sha256 => <sha2::Sha256 as sha2::Digest>::digest(content).to_vec(),
        ChecksumAlgorithm::Sha512 => <sha2::Sha512 as sha2::Digest>::digest(content).to_vec(),
    };
    ExternalChecksum::of_value(algorithm, &value).unwrap()
}

/// A transfer of files, each of which must be something.
fn checked(files: &[(&str, &[u8], ExternalChecksum)]) -> Rig {
    let mut rig = Rig::new();
    let mut items = Vec::new();
    for (name, content, _) in files {
        rig.world.file(&format!("src/{name}"), content);
        items.push((format!("src/{name}"), format!("dst/{name}")));
    }
    let items: Vec<_> = items.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    rig.items(&items);
    for (item, (_, _, checksum)) in rig.transfer().items.iter_mut().zip(files) {
        item.checksum = Some(checksum.clone());
    }
    rig
}

fn failure(rig: &Rig) -> outport_types::Problem {
    let Some(Report::Finished(finished)) = rig.reports().pop() else { panic!("no end") };
    finished.failure.expect("a failure")
}

#[tokio::test]
async fn a_file_that_is_what_was_said_arrives_by_every_algorithm() {
    let large = pattern(20 * MIB + 17, 3);
    for algorithm in ChecksumAlgorithm::ALL.iter().copied() {
        let (small, empty): (&[u8], &[u8]) = (b"small", b"");
        let rig = checked(&[
            ("empty", empty, checksum(algorithm, empty)),
            ("large", &large, checksum(algorithm, &large)),
            ("small", small, checksum(algorithm, small)),
        ]);
        assert_eq!(rig.run().await, [FINISHED, FINISHED], "{algorithm}");
        assert_eq!(tree(&rig.world.top.join("dst")), tree(&rig.world.top.join("src")));
    }
}

#[tokio::test]
async fn a_file_that_is_something_else_never_gets_its_name_and_both_values_are_told() {
    let large = pattern(3 * MIB, 3);
    for algorithm in ChecksumAlgorithm::ALL.iter().copied() {
        let wanted = checksum(algorithm, b"what it was to be");
        for content in [&b"small"[..], &large] {
            let right = checksum(ChecksumAlgorithm::Md5, b"right");
            let rig = checked(&[("bad", content, wanted.clone()), ("good", b"right", right)]);
            rig.world.file("dst/bad", "old");
            assert_ne!(rig.run().await, [FINISHED, FINISHED]);
            let there = tree(&rig.world.top.join("dst"));
            let expected: BTreeMap<_, _> = [("bad", "old"), ("good", "right")]
                .map(|(name, content)| (name.into(), Some(content.as_bytes().to_vec())))
                .into();
            assert!(there == expected, "nothing else is there, under no name");
            let failure = failure(&rig);
            assert_eq!(failure.code, Code::ExternalChecksum);
            let found = checksum(algorithm, content).hex();
            for part in [algorithm.word(), &found, &wanted.hex(), "bad"] {
                assert!(failure.message.contains(part), "{part}: {failure}");
            }
            let told = rig.reports().into_iter().filter(|report| match report {
                Report::Event(event) => event.code == EventCode::ChecksumMismatch,
                Report::Transferred(_)
                | Report::Skipped(_)
                | Report::Difference(_)
                | Report::Finished(_) => false,
            });
            assert_eq!(told.count(), 1);
        }
    }
}

#[tokio::test]
async fn what_an_earlier_session_brought_counts_too() {
    let content = pattern(40 * MIB, 1);
    let right = checksum(ChecksumAlgorithm::Sha256, &content);
    for (wanted, arrives) in [(right, true), (checksum(ChecksumAlgorithm::Sha256, b"x"), false)] {
        let rig = checked(&[("large", &content, wanted)]);
        let (ends, rounds) = rig.run_cut(&rig.disk, |round| 20 + 20 * round).await;
        assert_eq!(ends == [FINISHED, FINISHED], arrives);
        assert!(0 < rounds, "it was never cut");
        let there = tree(&rig.world.top.join("dst"));
        assert_eq!(there.len(), usize::from(arrives));
        assert!(there.into_values().all(|there| there.as_ref() == Some(&content)));
    }
}

#[tokio::test]
async fn a_small_file_is_not_read_again_for_its_checksum() {
    let mut rig = checked(&[("a", b"small", checksum(ChecksumAlgorithm::Sha1, b"small"))]);
    rig.transfer().options.verify = false;
    let counted = rig.slow(Duration::ZERO);
    let ends = rig.start(&rig.disk, &counted.store()).await;
    assert_eq!((ends, counted.bytes_read()), ([FINISHED, FINISHED], 0));
}

#[tokio::test]
async fn a_directory_has_no_checksum() {
    let mut rig = Rig::new();
    rig.world.file("src/dir/x", "x");
    rig.items(&[("src/dir", "dst/dir")]);
    rig.transfer().items[0].checksum = Some(checksum(ChecksumAlgorithm::Md5, b""));
    assert_ne!(rig.run().await, [FINISHED, FINISHED]);
    assert_eq!(failure(&rig).code, Code::ChecksumOfDirectory);
    assert!(tree(&rig.world.top.join("dst")).is_empty());
}
