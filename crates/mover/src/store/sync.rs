//! Making durable what was written.

use std::io;

use cap_std::fs::Dir;

/// Makes the names in a directory durable.
#[cfg(unix)]
pub(crate) fn sync_directory(dir: &Dir) -> io::Result<()> {
    // The handle may be one that only leads on; for this it must be open to be read.
    use rustix::fs::{Mode, OFlags, fsync, openat};
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    match openat(dir, c".", flags, Mode::empty()) {
        Ok(open) => Ok(fsync(open)?),
        // One that may be written but not read cannot be synced by itself.
        Err(rustix::io::Errno::ACCESS) => {
            rustix::fs::sync();
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// Windows journals names itself, and has no call for directories.
#[cfg(windows)]
pub(crate) fn sync_directory(_: &Dir) -> io::Result<()> {
    Ok(())
}
