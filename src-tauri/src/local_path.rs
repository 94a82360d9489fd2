//! Paths of this computer as text for screens: what is not Unicode takes the escape of `outport_types`.

use std::path::{Path, PathBuf};

/// A path as the screens and the agent write it.
pub(crate) fn to_text(path: &Path) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;

        outport_types::escape_bytes(path.as_os_str().as_bytes()).into_owned()
    }
    // A name on Windows that is not Unicode cannot be shared, so nothing is lost.
    #[cfg(not(unix))]
    path.display().to_string()
}

/// The path behind a text.
pub(crate) fn from_text(text: &str) -> PathBuf {
    #[cfg(unix)]
    {
        use std::{ffi::OsString, os::unix::ffi::OsStringExt as _};

        PathBuf::from(OsString::from_vec(outport_types::unescape_str(text)))
    }
    #[cfg(not(unix))]
    PathBuf::from(text)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};

    use super::*;

    #[test]
    fn every_path_comes_back_as_it_was() {
        for bytes in [&b"/home/smith/data"[..], "/Übersicht".as_bytes(), b"/odd\xff\x80name"] {
            let path = Path::new(OsStr::from_bytes(bytes));
            assert_eq!(from_text(&to_text(path)), path);
        }
    }
}
