//! Whether the owner paused this computer, over restarts.

use std::{io, path::PathBuf};

use outport_control::{Paths, Pause};
use outport_types::UnixTime;

use crate::files::{Readers, read_bounded, write_atomic};

/// The pause in force at `now`; one that has run out is none. What cannot be read counts as a pause:
/// an owner who paused must not find files moving because a disk failed.
pub(crate) fn load(paths: &Paths, now: UnixTime) -> Option<Pause> {
    match read_bounded(&file(paths), PAUSE_BYTES_MAX) {
        Ok(None) => None,
        Ok(Some(content)) => match serde_json::from_slice::<Pause>(&content) {
            Ok(pause) => Some(pause).filter(|pause| !is_over(pause, now)),
            Err(_) => Some(Pause { since: now, until: None }),
        },
        Err(error) => {
            tracing::warn!(%error, "cannot read whether this computer is paused");
            Some(Pause { since: now, until: None })
        }
    }
}

/// Makes a pause, or its end, last.
pub(crate) fn save(paths: &Paths, pause: Option<&Pause>) -> io::Result<()> {
    let file = file(paths);
    match pause {
        Some(pause) => {
            let content = serde_json::to_vec(pause).map_err(io::Error::other)?;
            write_atomic(&file, &content, Readers::Owner)
        }
        None => match std::fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => crate::files::sync_dir(&paths.state_dir),
        },
    }
}

/// Whether a pause has ended by itself. This computer's clock decides, as its owner reads it.
pub(crate) fn is_over(pause: &Pause, now: UnixTime) -> bool {
    pause.until.is_some_and(|until| until <= now)
}

fn file(paths: &Paths) -> PathBuf {
    paths.state_dir.join("paused.json")
}

/// Two moments.
const PAUSE_BYTES_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use outport_control::Profile;

    use super::*;

    #[test]
    fn a_pause_lasts_over_restarts_and_ends_at_its_time() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::below(home.path(), Profile::default());
        std::fs::create_dir_all(&paths.state_dir).unwrap();
        let at = UnixTime::from_seconds;
        assert_eq!(load(&paths, at(0)), None);
        let pause = Pause { since: at(100), until: Some(at(200)) };
        save(&paths, Some(&pause)).unwrap();
        assert_eq!(load(&paths, at(199)), Some(pause));
        assert_eq!(load(&paths, at(200)), None);
        let forever = Pause { since: at(100), until: None };
        save(&paths, Some(&forever)).unwrap();
        assert_eq!(load(&paths, at(1_000_000)), Some(forever));
        save(&paths, None).unwrap();
        save(&paths, None).unwrap();
        assert_eq!(load(&paths, at(150)), None);
    }

    #[test]
    fn a_damaged_file_counts_as_paused() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::below(home.path(), Profile::default());
        std::fs::create_dir_all(&paths.state_dir).unwrap();
        std::fs::write(file(&paths), b"{").unwrap();
        assert!(load(&paths, UnixTime::from_seconds(5)).is_some());
    }
}
