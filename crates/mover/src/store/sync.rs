//! Making durable what was written.

use std::io;

use cap_std::fs::Dir;

/// Makes the names in a directory durable.
#[cfg(unix)]
pub(crate) fn sync_directory(dir: &Dir) -> io::Result<()> {
    match open_directory(dir) {
        Ok(open) => open.sync_all(),
        // One that may be written but not read cannot be synced by itself.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            rustix::fs::sync();
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Opens a directory for what a handle that only leads on cannot do.
#[cfg(unix)]
pub(crate) fn open_directory(dir: &Dir) -> io::Result<std::fs::File> {
    use rustix::fs::{Mode, OFlags, openat};
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(openat(dir, c".", flags, Mode::empty())?.into())
}

/// Windows journals names itself, and has no call for directories.
#[cfg(windows)]
pub(crate) fn sync_directory(_: &Dir) -> io::Result<()> {
    Ok(())
}

/// Windows has nothing to do with such a handle.
#[cfg(windows)]
pub(crate) fn open_directory(_: &Dir) -> io::Result<std::fs::File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Brings everything on a file's file system to the disk for good.
#[cfg(target_os = "linux")]
pub(super) fn sync_file_system(on_it: &std::fs::File) -> Option<io::Result<()>> {
    Some(rustix::fs::syncfs(on_it).map_err(io::Error::from))
}

/// Other systems have no call that waits for all of it.
#[cfg(not(target_os = "linux"))]
pub(super) fn sync_file_system(_: &std::fs::File) -> Option<io::Result<()>> {
    None
}

/// Whether the kernel keeps a file system itself, with one cache for all handles of a file.
#[cfg(target_os = "linux")]
pub(super) fn is_local(on_it: &std::fs::File) -> bool {
    let found = rustix::fs::fstatfs(on_it).map(|found| found.f_type as u32);
    found.is_ok_and(|kind| LOCAL.contains(&kind))
}

/// Elsewhere nothing is known of it.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_local(_: &std::fs::File) -> bool {
    false
}

/// Whether a file system lies in memory.
#[cfg(target_os = "linux")]
pub(super) fn is_memory(on_it: &std::fs::File) -> bool {
    rustix::fs::fstatfs(on_it).is_ok_and(|found| found.f_type as u32 == TMPFS)
}

/// Elsewhere nothing is known of it.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_memory(_: &std::fs::File) -> bool {
    false
}

#[cfg(target_os = "linux")]
const TMPFS: u32 = 0x0102_1994;
/// `f_type` of ext2 to ext4, XFS, Btrfs, F2FS, bcachefs, ZFS and tmpfs; see statfs(2).
#[cfg(target_os = "linux")]
const LOCAL: [u32; 7] =
    [0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0xca45_1a4e, 0x2fc1_2fc1, TMPFS];
