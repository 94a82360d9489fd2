//! A key that the hub may have bound already, although its answer never came.
//!
//! A setup key works once. The key of this computer is therefore noted before the hub is asked, and
//! taken again when the owner tries again: the hub answers the same computer a second time.

use std::{fs, path::PathBuf};

use outport_control::{KeyPlace, Paths};
use outport_protocol::secret::SecretKey;
use outport_types::{EndpointId, PublicKey};
use serde::{Deserialize, Serialize};

use super::{Registration, RegistrationError, SetupError};
use crate::{
    files::{Readers, read_bounded, write_atomic},
    identity,
};

#[derive(Debug, Serialize, Deserialize)]
struct Pending {
    endpoint: EndpointId,
    key: PublicKey,
    key_place: KeyPlace,
}

/// The key to become an endpoint with: the one of the last try, or a new one.
pub(super) fn key(
    paths: &Paths,
    endpoint: EndpointId,
    place: KeyPlace,
) -> Result<SecretKey, SetupError> {
    if let Some(last) = load(paths)
        && (last.endpoint, last.key_place) == (endpoint, place)
        && let Ok(key) = identity::load(paths, place, &last.key)
    {
        return Ok(key);
    }
    give_up(paths);
    let key = identity::create(paths, place).map_err(SetupError::Key)?;
    let pending = Pending { endpoint, key: key.public(), key_place: place };
    let content = serde_json::to_vec(&pending).expect("ids and keys are text");
    let file = file(paths);
    if let Err(source) = write_atomic(&file, &content, Readers::Owner) {
        identity::forget(paths, place, &key.public());
        return Err(SetupError::Keep(RegistrationError::File { file, source }));
    }
    Ok(key)
}

/// The hub said no: the key of the last try will never be used.
pub(super) fn give_up(paths: &Paths) {
    if let Some(last) = load(paths)
        && Registration::load(paths).ok().is_none_or(|now| now.key != last.key)
    {
        identity::forget(paths, last.key_place, &last.key);
    }
    done(paths);
}

/// The key is registered.
pub(super) fn done(paths: &Paths) {
    fs::remove_file(file(paths)).ok();
}

/// Whether a key that is bound to an endpoint is the one of the last try here.
pub(crate) fn is_pending(paths: &Paths, endpoint: EndpointId, fingerprint: &str) -> bool {
    load(paths).is_some_and(|last| {
        last.endpoint == endpoint && last.key.fingerprint().to_string() == fingerprint
    })
}

fn load(paths: &Paths) -> Option<Pending> {
    let content = read_bounded(&file(paths), PENDING_BYTES_MAX).ok()??;
    serde_json::from_slice(&content).ok()
}

fn file(paths: &Paths) -> PathBuf {
    paths.state_dir.join("setup-pending.json")
}

const PENDING_BYTES_MAX: usize = 4 * 1024;
