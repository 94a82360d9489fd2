//! Trees of files made from a seed, and compared to the last byte.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufWriter, Read as _, Write as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context as _, Result, bail};
use fastrand::Rng;
use sha2::{Digest as _, Sha256};

/// What a tree shall hold.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Small files, up to 32 KiB each, spread over directories.
    pub small_files: usize,
    /// Large files.
    pub large_files: usize,
    /// The size of each large file.
    pub large_bytes: u64,
}

/// Makes a tree; the same seed makes the same tree.
///
/// # Errors
/// When the disk refuses.
pub fn make(root: &Path, plan: Plan, seed: u64) -> Result<()> {
    let mut rng = Rng::with_seed(seed);
    fs::create_dir_all(root.join("empty/inner"))?;
    for i in 0..plan.small_files {
        let folder = root.join(format!("set {:02}/run-{:02}", i / 997, i / 61 % 17));
        fs::create_dir_all(&folder)?;
        let name = match i % 50 {
            0 => format!("Übersicht, {i} %2C \"quoted\".csv"),
            1 => format!("empty {i}"),
            _ => format!("sample-{i:06}.dat"),
        };
        let bytes = if i % 50 == 1 { 0 } else { rng.usize(1..32 * 1024) };
        let mut content = vec![0; bytes];
        rng.fill(&mut content);
        fs::write(folder.join(name), content)?;
    }
    for i in 0..plan.large_files {
        fill(&root.join(format!("large-{i}.bin")), plan.large_bytes, &mut rng)?;
    }
    Ok(())
}

/// Writes a file of `bytes` bytes that no compression or block de-duplication can shorten.
///
/// # Errors
/// When the disk refuses.
pub fn fill(path: &Path, bytes: u64, rng: &mut Rng) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut block = vec![0; 1 << 20];
    rng.fill(&mut block);
    let mut left = bytes;
    while 0 < left {
        block[..8].copy_from_slice(&rng.u64(..).to_le_bytes());
        let part = left.min(block.len() as u64) as usize;
        file.write_all(&block[..part])?;
        left -= part as u64;
    }
    Ok(file.flush()?)
}

/// Every path below `root` with its digest; directories have `None`.
///
/// # Errors
/// When something cannot be read.
pub fn digests(root: &Path) -> Result<BTreeMap<PathBuf, Option<[u8; 32]>>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            let name = path.strip_prefix(root)?.to_owned();
            if path.is_dir() {
                found.insert(name, None);
                waiting.push(path);
            } else {
                found.insert(name, Some(digest(&path)?));
            }
        }
    }
    Ok(found)
}

/// Every path below `root`, whatever becomes of it meanwhile.
///
/// # Errors
/// When a directory cannot be read.
pub fn names(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            found.push(path.strip_prefix(root)?.to_owned());
            if path.is_dir() {
                waiting.push(path);
            }
        }
    }
    Ok(found)
}

/// What stands in a folder, to see whether anything still arrives.
#[derive(Debug, PartialEq, Eq)]
pub struct Held(Vec<(PathBuf, u64, Option<SystemTime>)>);

impl Held {
    /// Looks now.
    ///
    /// # Errors
    /// When a directory cannot be read.
    pub fn of(folder: &Path) -> Result<Self> {
        let mut held = Vec::new();
        for name in names(folder)? {
            let Ok(kind) = fs::symlink_metadata(folder.join(&name)) else { continue }; // just gone
            if !kind.is_dir() {
                held.push((name, kind.len(), kind.modified().ok()));
            }
        }
        held.sort();
        Ok(Self(held))
    }

    /// Whether all of it stood there `before`; some of that may be gone.
    pub fn is_rest_of(&self, before: &Self) -> bool {
        self.0.iter().all(|file| before.0.contains(file))
    }
}

/// The SHA-256 of a file.
///
/// # Errors
/// When it cannot be read.
pub fn digest(path: &Path) -> Result<[u8; 32]> {
    digest_of(File::open(path).with_context(|| path.display().to_string())?)
}

/// The SHA-256 of what is left to read of a file.
///
/// # Errors
/// When it cannot be read.
pub fn digest_of(mut file: File) -> Result<[u8; 32]> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let bytes = file.read(&mut buffer)?;
        if bytes == 0 {
            return Ok(hash.finalize().into());
        }
        hash.update(&buffer[..bytes]);
    }
}

/// Fails with the first differences when two trees are not the same, names included.
///
/// # Errors
/// When they differ or cannot be read.
pub fn compare(left: &Path, right: &Path) -> Result<()> {
    let (a, b) = (digests(left)?, digests(right)?);
    if a == b {
        return Ok(());
    }
    let differs = |name: &&PathBuf| a.get(*name) != b.get(*name);
    let mut names: Vec<_> = a.keys().chain(b.keys()).filter(differs).collect();
    names.dedup();
    names.truncate(10);
    bail!("{} and {} differ, first in {names:?}", left.display(), right.display())
}

/// The bytes of all files below `root`.
///
/// # Errors
/// When something cannot be read.
pub fn bytes(root: &Path) -> Result<u64> {
    let mut total = 0;
    let mut waiting = vec![root.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.metadata()?;
            if kind.is_dir() {
                waiting.push(entry.path());
            } else {
                total += kind.len();
            }
        }
    }
    Ok(total)
}
