//! Small disks, in the place of directories.

use std::{
    ffi::CString,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use rustix::mount::{MountFlags, UnmountFlags, mount, mount_remount, unmount};
use tempfile::NamedTempFile;

use crate::process::run;

/// A disk of one megabyte that holds what the directory in whose place it is held. Dropped, the
/// directory is there again as it was.
#[derive(Debug)]
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Whether this process may mount.
    pub fn possible() -> bool {
        rustix::process::geteuid().is_root()
    }

    /// Puts the disk in the place of a directory of plain files.
    ///
    /// # Errors
    /// When it cannot be mounted or filled.
    pub fn in_place_of(dir: &Path) -> Result<Self> {
        let mut files = Vec::new();
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            if path.is_file() {
                files.push((fs::read(&path)?, fs::metadata(&path)?.permissions(), path));
            }
        }
        let rights = fs::metadata(dir)?.permissions();
        mount("tmpfs", dir, "tmpfs", MountFlags::empty(), c"size=1m").context("a small disk")?;
        let disk = Self(dir.to_owned());
        fs::set_permissions(dir, rights)?;
        for (content, rights, path) in files {
            fs::write(&path, content)?;
            fs::set_permissions(&path, rights)?;
        }
        Ok(disk)
    }

    /// Lets nobody write to it, or everybody again.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_read_only(&self, read_only: bool) -> Result<()> {
        let flags = if read_only { MountFlags::RDONLY } else { MountFlags::empty() };
        mount_remount(&self.0, flags, c"size=1m").context("the disk is mounted again")
    }

    /// Makes it so many megabytes large.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn enlarge(&self, megabytes: u32) -> Result<()> {
        let size = CString::new(format!("size={megabytes}m"))?;
        mount_remount(&self.0, MountFlags::empty(), size.as_c_str()).context("a larger disk")
    }

    /// Leaves no room on it; the file that takes it all can be removed.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub fn fill(&self) -> Result<PathBuf> {
        let path = self.0.join("everything");
        let mut file = fs::File::create(&path)?;
        match io::copy(&mut io::repeat(0), &mut file) {
            Err(error) if error.kind() == io::ErrorKind::StorageFull => Ok(path),
            Err(error) => Err(error).context("the disk is filled"),
            Ok(_) => unreachable!("it has an end"),
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        unmount(&self.0, UnmountFlags::DETACH).ok(); // a test that failed has said why
    }
}

/// A disk on which a directory may hold so much and no more. It is gone when dropped.
#[derive(Debug)]
pub struct QuotaDisk {
    mounted: PathBuf,
    bounded: PathBuf,
    _image: NamedTempFile,
}

impl QuotaDisk {
    /// Mounts such a disk on an empty directory; what [`Self::bounded`] holds is limited, in megabytes.
    ///
    /// # Errors
    /// When it cannot be made or mounted.
    pub fn on(dir: &Path, megabytes: u32) -> Result<Self> {
        let image = NamedTempFile::new()?;
        image.as_file().set_len(IMAGE_BYTES)?;
        sh(Command::new("mkfs.btrfs").arg("-q").arg(image.path()))?;
        sh(Command::new("mount").args(["-t", "btrfs", "-o", "loop"]).arg(image.path()).arg(dir))?;
        let disk = Self { mounted: dir.to_owned(), bounded: dir.join("bounded"), _image: image };
        sh(Command::new("btrfs").args(["quota", "enable"]).arg(dir))?;
        sh(Command::new("btrfs").args(["subvolume", "create"]).arg(&disk.bounded))?;
        disk.set(megabytes)?;
        Ok(disk)
    }

    /// The directory that is limited.
    pub fn bounded(&self) -> &Path {
        &self.bounded
    }

    /// Limits it to so many megabytes from now on.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set(&self, megabytes: u32) -> Result<()> {
        let limit = format!("{megabytes}M");
        sh(Command::new("btrfs").args(["qgroup", "limit", &limit]).arg(&self.bounded))
    }
}

impl Drop for QuotaDisk {
    fn drop(&mut self) {
        unmount(&self.mounted, UnmountFlags::DETACH).ok(); // a test that failed has said why
    }
}

fn sh(command: &mut Command) -> Result<()> {
    let done = run(command, LIMIT)?;
    ensure!(done.code == Some(0), "{command:?} failed: {}", done.stderr.trim());
    Ok(())
}

/// The least that this kind of disk takes.
const IMAGE_BYTES: u64 = 256 * 1024 * 1024;
const LIMIT: Duration = Duration::from_secs(60);
