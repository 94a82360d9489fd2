//! The repository: where it is and which files belong to it.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::sh::Sh;

/// The top of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Where builds go; shared by all that this program starts.
pub(crate) fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Every file that is tracked, or new and not ignored, relative to the root, in order.
pub(crate) fn files() -> Result<Vec<PathBuf>> {
    let listed =
        Sh::new("git").words("ls-files -z --cached --others --exclude-standard").output()?;
    let mut files: Vec<_> = listed.split_terminator('\0').map(PathBuf::from).collect();
    files.retain(|file| root().join(file).is_file()); // deleted, but not yet committed so
    files.sort();
    files.dedup();
    Ok(files)
}
