//! Small files that must never be half written or readable by others.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::Path,
};

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Its owner only.
    Owner,
    /// Whoever the system's usual rules let.
    Usual,
}

/// Lets this program have many files open at once: what arrives stays open until it is whole and safe.
/// The usual limit is as low as it is for old programs that cannot count further.
#[cfg(unix)]
pub(crate) fn allow_many() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.unwrap_or(FILES_MAX).min(FILES_MAX);
    if current.is_some_and(|current| current < wanted) {
        // Refused is no harm: files are closed and opened again then.
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).ok();
    }
    make_room();
}

/// Has the system make its table of open files large at once. It doubles it otherwise whenever it is
/// full, and each time all threads that open a file wait for 10 to 30 ms.
#[cfg(target_os = "linux")]
fn make_room() {
    let Ok(any) = File::open("/dev/null") else { return };
    // Where so many are not permitted, the table grows as it did.
    rustix::io::fcntl_dupfd_cloexec(&any, TABLE_FILES - 1).ok();
}

#[cfg(all(unix, not(target_os = "linux")))]
const fn make_room() {}

#[cfg(windows)]
pub(crate) const fn allow_many() {}

/// Several sessions with thousands of small files each.
#[cfg(unix)]
const FILES_MAX: u64 = 32 * 1024;
/// One session with as many small files as it keeps open, and what else is open: 130 KB of table.
#[cfg(target_os = "linux")]
const TABLE_FILES: i32 = 16 * 1024;

/// Replaces a file so that it holds the old or the new content at every instant, power loss
/// included.
pub(crate) fn write_atomic(path: &Path, content: &[u8], readers: Readers) -> io::Result<()> {
    let dir = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut fresh_name = std::ffi::OsString::from(".");
    fresh_name.push(name);
    fresh_name.push(format!(".{}.new", std::process::id()));
    let fresh = dir.join(fresh_name);
    let written = write_new(&fresh, content, readers).and_then(|()| fs::rename(&fresh, path));
    if let Err(error) = written {
        fs::remove_file(&fresh).ok();
        return Err(error);
    }
    sync_dir(dir)
}

/// Reads a whole file that has at most `max` bytes; `None` when it does not exist.
pub(crate) fn read_bounded(path: &Path, max: usize) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut content = Vec::new();
    file.take(max as u64 + 1).read_to_end(&mut content)?;
    if max < content.len() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is too long"));
    }
    Ok(Some(content))
}

/// Opens a file for appending, readable by its owner only.
pub(crate) fn append_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    private(&mut options);
    options.open(path)
}

/// Makes what happened in a directory durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    // Windows has no such call; its directories follow the file's own flush.
    #[cfg(unix)]
    File::open(dir)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}

fn write_new(path: &Path, content: &[u8], readers: Readers) -> io::Result<()> {
    // What a killed process of the same number left behind is ours to remove.
    fs::remove_file(path).ok();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    if readers == Readers::Owner {
        private(&mut options);
    }
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        write_atomic(&path, b"one", Readers::Owner).unwrap();
        write_atomic(&path, b"two", Readers::Owner).unwrap();
        assert_eq!(read_bounded(&path, 3).unwrap().unwrap(), b"two");
        assert!(read_bounded(&path, 2).is_err());
        assert_eq!(read_bounded(&dir.path().join("none"), 2).unwrap(), None);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
