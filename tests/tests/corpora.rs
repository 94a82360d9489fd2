//! Replays what fuzzing found, with the compiler that everybody has.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../fuzz/src/targets.rs"]
mod targets;

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::targets::TARGETS;

#[test]
fn every_target_survives_its_corpus() {
    for target in TARGETS {
        for bytes in corpus(target.name) {
            (target.run)(&bytes);
        }
    }
}

#[test]
fn every_target_survives_what_nearly_is_its_corpus() {
    let mut random = fastrand::Rng::with_seed(1);
    for target in TARGETS {
        for bytes in corpus(target.name) {
            for _ in 0..MUTATIONS {
                (target.run)(&mutated(bytes.clone(), &mut random));
            }
        }
    }
}

#[test]
fn every_target_has_a_corpus_and_every_corpus_a_target() {
    let folders = fs::read_dir(corpora()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut folders: Vec<_> = folders.map(|name| name.to_string_lossy().into_owned()).collect();
    folders.sort();
    let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(folders, names, "fuzz/corpus and fuzz/src/targets.rs, in order");
    for name in names {
        assert_ne!(corpus(name).len(), 0, "{name}");
    }
}

/// Of each input; the whole takes a second or two.
const MUTATIONS: usize = 3000;

fn mutated(mut bytes: Vec<u8>, random: &mut fastrand::Rng) -> Vec<u8> {
    for _ in 0..random.usize(1..4) {
        let at = random.usize(..=bytes.len());
        match random.u8(..4) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, random.u8(..)),
            2 if at < bytes.len() => bytes[at] = random.u8(..),
            3 if at < bytes.len() => bytes[at] ^= 1 << random.u8(..8),
            _ => bytes.extend_from_within(at..),
        }
    }
    bytes
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let mut files: Vec<_> =
        fs::read_dir(corpora().join(target)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| fs::read(file).unwrap()).collect()
}

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus")
}
