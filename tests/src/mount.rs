//! Small disks, in the place of directories.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use rustix::mount::{MountFlags, UnmountFlags, mount, mount_remount, unmount};

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
