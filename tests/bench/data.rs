//! The trees that are copied, in memory.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

/// One large file of `mebibytes`.
pub(crate) fn large(path: &Path, mebibytes: u64) -> Result<()> {
    let mut file = File::create(path)?;
    let mut piece = vec![0; 1024 * 1024];
    let mut rng = fastrand::Rng::with_seed(7);
    for _ in 0..mebibytes {
        rng.fill(&mut piece);
        file.write_all(&piece)?;
    }
    Ok(())
}

/// `directories` of `files` each, 10 KiB a file.
pub(crate) fn small(top: &Path, directories: usize, files: usize) -> Result<()> {
    let mut rng = fastrand::Rng::with_seed(8);
    let mut content = vec![0; 10 * 1024];
    for directory in 0..directories {
        let directory = top.join(format!("d{directory:03}"));
        fs::create_dir_all(&directory)?;
        for file in 0..files {
            rng.fill(&mut content);
            fs::write(directory.join(format!("f{file:03}.dat")), &content)?;
        }
    }
    Ok(())
}

/// Real files of all sizes: the first `bytes` of the system's libraries.
pub(crate) fn mixed(top: &Path, bytes: u64) -> Result<()> {
    let mut left = bytes;
    copy_until(Path::new("/usr/lib"), top, &mut left)?;
    ensure!(left < bytes / 4, "the system's libraries are too small for this");
    Ok(())
}

fn copy_until(from: &Path, to: &Path, left: &mut u64) -> Result<()> {
    let mut names: Vec<PathBuf> =
        fs::read_dir(from)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    names.sort();
    for path in names {
        let meta = fs::symlink_metadata(&path)?;
        let target = to.join(path.file_name().context("an entry has a name")?);
        if meta.is_dir() {
            copy_until(&path, &target, left)?;
        } else if meta.is_file() && meta.len() < *left {
            fs::create_dir_all(to)?;
            fs::copy(&path, target)?;
            *left -= meta.len();
        }
    }
    Ok(())
}

/// Changes every hundredth file of a tree, in one place and with another time.
pub(crate) fn change_one_percent(top: &Path, round: u8) -> Result<()> {
    let mut files = Vec::new();
    list(top, &mut files)?;
    files.sort();
    for path in files.iter().step_by(100) {
        let mut content = Vec::new();
        File::open(path)?.read_to_end(&mut content)?;
        let middle = content.len() / 2;
        if let Some(byte) = content.get_mut(middle) {
            *byte = byte.wrapping_add(1);
        }
        content.push(round);
        fs::write(path, content)?;
    }
    Ok(())
}

fn list(top: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(top)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            list(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Files and bytes of a tree or a file.
pub(crate) fn size(top: &Path) -> Result<(u64, u64)> {
    if top.is_file() {
        return Ok((1, fs::metadata(top)?.len()));
    }
    let mut files = Vec::new();
    list(top, &mut files)?;
    let mut bytes = 0;
    for file in &files {
        bytes += fs::metadata(file)?.len();
    }
    Ok((files.len() as u64, bytes))
}
