//! The key that a hub shares with a relay on another computer: a file of one line.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::{random::random_bytes, secrets};

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RelayKeyError {
    #[error("cannot read the relay's key in {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write the relay's key to {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error(
        "{} is no relay's key: it is one line of 44 letters, as `outport relay` made it",
        path.display()
    )]
    Damaged { path: PathBuf },
}

/// Reads a key.
pub(super) fn read(path: &Path) -> Result<[u8; 32], RelayKeyError> {
    let unreadable = |source| RelayKeyError::Read { path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(unreadable)?;
    let mut text = Zeroizing::new(String::new());
    match file.take(LENGTH_MAX).read_to_string(&mut text) {
        Err(error) if error.kind() != io::ErrorKind::InvalidData => return Err(unreadable(error)),
        Err(_) | Ok(_) => {}
    }
    let bytes = STANDARD.decode(text.trim()).ok().map(Zeroizing::new);
    let key = bytes.and_then(|bytes| bytes.as_slice().try_into().ok());
    key.ok_or_else(|| RelayKeyError::Damaged { path: path.to_owned() })
}

/// Reads a key, or makes one where no file is; says whether it was made.
pub(super) fn read_or_make(path: &Path) -> Result<([u8; 32], bool), RelayKeyError> {
    match read(path) {
        Err(RelayKeyError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
        read => return Ok((read?, false)),
    }
    let key = random_bytes::<32>();
    let mut line = Zeroizing::new(STANDARD.encode(key));
    line.push('\n');
    let unwritable = |source| RelayKeyError::Write { path: path.to_owned(), source };
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| unwritable(io::ErrorKind::InvalidInput.into()))?;
    secrets::replace(dir.unwrap_or(Path::new(".")), name, line.as_bytes()).map_err(unwritable)?;
    Ok((key, true))
}

/// More than a key has, with the end of its line.
const LENGTH_MAX: u64 = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_by_both() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("relay.key");
        let (key, made) = read_or_make(&path).unwrap();
        assert!(made);
        assert_eq!(read_or_make(&path).unwrap(), (key, false));
        assert_eq!(read(&path).unwrap(), key);
    }

    #[test]
    fn what_is_no_key_is_not_taken_for_one_and_not_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("relay.key");
        for damaged in ["", "no key", "AAAA\n", &"A".repeat(5000)] {
            fs::write(&path, damaged).unwrap();
            assert!(matches!(read_or_make(&path), Err(RelayKeyError::Damaged { .. })), "{damaged}");
            assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
        }
        fs::write(&path, [0xff; 44]).unwrap();
        assert!(matches!(read(&path), Err(RelayKeyError::Damaged { .. })));
        let nowhere = dir.path().join("no/such/folder.key");
        assert!(matches!(read_or_make(&nowhere), Err(RelayKeyError::Write { .. })));
    }
}
