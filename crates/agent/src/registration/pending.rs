//! A set-up on its way: the key that was made for it, until it is known whether the hub took it.
//!
//! The hub may bind the key and its answer be lost. Then the same setup key with the same key gets
//! the same answer once more; a new key would be refused as another computer.

use std::path::PathBuf;

use outport_control::{KeyPlace, Paths, Secret};
use outport_protocol::secret::SecretKey;
use outport_types::PublicKey;
use serde::{Deserialize, Serialize};

use super::Registration;
use crate::{
    files::{Readers, read_bounded, sync_dir, write_atomic},
    identity::{self, KeyError},
};

#[derive(Serialize, Deserialize)]
struct Pending {
    setup_key: Secret,
    key: PublicKey,
    place: KeyPlace,
}

/// The key for a set-up: that of the same set-up begun before, or a new one.
pub(super) fn begin(
    paths: &Paths,
    setup_key: &Secret,
    place: KeyPlace,
) -> Result<SecretKey, KeyError> {
    if let Some(pending) = load(paths) {
        let same = pending.setup_key == *setup_key && pending.place == place;
        match identity::load(paths, pending.place, &pending.key) {
            Ok(key) if same => return Ok(key),
            Ok(_) | Err(_) => give_up(paths),
        }
    }
    let key = identity::create(paths, place)?;
    let pending = Pending { setup_key: setup_key.clone(), key: key.public(), place };
    let file = file(paths);
    let kept = serde_json::to_vec(&pending)
        .map_err(std::io::Error::other)
        .and_then(|content| write_atomic(&file, &content, Readers::Owner));
    if let Err(source) = kept {
        identity::forget(paths, place, &key.public());
        return Err(KeyError::File { file, source });
    }
    Ok(key)
}

/// The set-up came to nothing: its key is of no use. A set-up that was finished, and whose end only
/// could not be written down, leaves the key to the registration.
pub(super) fn give_up(paths: &Paths) {
    let in_use = Registration::load(paths).ok().map(|registration| registration.key);
    if let Some(pending) = load(paths).filter(|pending| in_use != Some(pending.key)) {
        identity::forget(paths, pending.place, &pending.key);
    }
    finish(paths);
}

/// The set-up is over.
pub(super) fn finish(paths: &Paths) {
    if std::fs::remove_file(file(paths)).is_ok() {
        sync_dir(&paths.state_dir).ok(); // what is left behind is used again or given up
    }
}

/// The setup key of a set-up of which nobody knows how it ended.
pub(crate) fn broken_off(paths: &Paths) -> Option<Secret> {
    load(paths).map(|pending| pending.setup_key)
}

fn load(paths: &Paths) -> Option<Pending> {
    let content = read_bounded(&file(paths), PENDING_BYTES_MAX).ok()??;
    serde_json::from_slice(&content).ok()
}

fn file(paths: &Paths) -> PathBuf {
    paths.state_dir.join("set-up.json")
}

/// A setup key, a key and a word.
const PENDING_BYTES_MAX: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use outport_control::Profile;

    use super::*;

    #[test]
    fn the_same_set_up_has_the_same_key_until_it_is_over() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::below(home.path(), Profile::default());
        std::fs::create_dir_all(&paths.state_dir).unwrap();
        let [one, other] = ["one", "other"].map(Secret::new);
        let first = begin(&paths, &one, KeyPlace::File).unwrap().public();
        assert_eq!(begin(&paths, &one, KeyPlace::File).unwrap().public(), first);
        assert_eq!(broken_off(&paths), Some(one.clone()));
        let second = begin(&paths, &other, KeyPlace::File).unwrap().public();
        assert_ne!(second, first);
        assert!(identity::load(&paths, KeyPlace::File, &first).is_err(), "it was given up");
        finish(&paths);
        assert_eq!(broken_off(&paths), None);
        assert!(identity::load(&paths, KeyPlace::File, &second).is_ok(), "it is in use now");
        give_up(&paths);
    }
}
