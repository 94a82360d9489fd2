//! The key that this computer is known by, and where it is kept.
//!
//! The place is chosen at set-up and stays. A key that cannot be had is a problem with a remedy:
//! a new key would be another computer to the hub, so none is ever made on the way.

use std::{fs, io, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use outport_control::{KeyPlace, Paths};
use outport_protocol::secret::SecretKey;
use outport_types::{Code, Problem, PublicKey};
use zeroize::Zeroizing;

use crate::files::{Readers, read_bounded, write_atomic};

/// Why the key cannot be had or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The system gave no random bytes.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
    /// This computer has no keyring, or none that answers this process.
    #[error("the keyring of the operating system cannot be reached")]
    NoKeyring(#[source] &'static keyring::Error),
    /// The keyring is locked or refuses.
    #[error("the keyring of the operating system does not give access")]
    Keyring(#[source] keyring::Error),
    /// The keyring is there and does not hold the key.
    #[error("the keyring of the operating system does not hold the key of this computer")]
    NotInKeyring,
    /// The file cannot be read or written.
    #[error("cannot use the key file `{}`", file.display())]
    File {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others can read the file.
    #[error("other users can read the key file `{}`; set its permissions to 600", file.display())]
    Exposed {
        /// Which file.
        file: PathBuf,
    },
    /// What is kept is not the key that was registered.
    #[error("what is kept is not the key that this computer was registered with")]
    OtherKey,
}

impl KeyError {
    /// What a person is told.
    pub fn problem(&self) -> Problem {
        let reason = outport_types::Chain(self).to_string();
        Problem::new(Code::KeyUnavailable, [("reason", reason.into())])
    }
}

/// Makes a key and keeps it. It waits for the keyring, which may ask its owner.
pub(crate) fn create(paths: &Paths, place: KeyPlace) -> Result<SecretKey, KeyError> {
    let (key, seed) = make()?;
    keep(paths, place, &key.public(), &Zeroizing::new(URL_SAFE_NO_PAD.encode(*seed)))?;
    Ok(key)
}

/// A new key, and what it is made from, which brings it back.
pub(crate) fn make() -> Result<(SecretKey, Zeroizing<[u8; 32]>), KeyError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed).map_err(KeyError::Random)?;
    Ok((SecretKey::from_seed(&seed), seed))
}

/// The key that belongs to `public`. It waits for the keyring, which may ask its owner.
pub(crate) fn load(
    paths: &Paths,
    place: KeyPlace,
    public: &PublicKey,
) -> Result<SecretKey, KeyError> {
    key_of(&read(paths, place, public)?, public)
}

/// Keeps a key at another place too, and reads it back there. It waits for the keyring, which may ask
/// its owner.
pub(crate) fn copy(
    paths: &Paths,
    public: &PublicKey,
    from: KeyPlace,
    to: KeyPlace,
) -> Result<(), KeyError> {
    let text = read(paths, from, public)?;
    key_of(&text, public)?;
    keep(paths, to, public, &text)?;
    load(paths, to, public).map(drop)
}

/// Removes a key that is no longer registered; one that cannot be removed is of no use to anybody.
pub(crate) fn forget(paths: &Paths, place: KeyPlace, public: &PublicKey) {
    match place {
        KeyPlace::Keyring => {
            if let Ok(entry) = entry(paths, public) {
                entry.delete_credential().ok();
            }
        }
        KeyPlace::File => {
            fs::remove_file(file(paths, public)).ok();
        }
    }
}

fn keep(
    paths: &Paths,
    place: KeyPlace,
    public: &PublicKey,
    text: &Zeroizing<String>,
) -> Result<(), KeyError> {
    match place {
        KeyPlace::Keyring => entry(paths, public)?.set_password(text).map_err(KeyError::Keyring),
        KeyPlace::File => {
            let file = file(paths, public);
            write_atomic(&file, text.as_bytes(), Readers::Owner)
                .map_err(|source| KeyError::File { file, source })
        }
    }
}

fn read(paths: &Paths, place: KeyPlace, public: &PublicKey) -> Result<Zeroizing<String>, KeyError> {
    match place {
        KeyPlace::Keyring => match entry(paths, public)?.get_password() {
            Ok(text) => Ok(Zeroizing::new(text)),
            Err(keyring::Error::NoEntry) => Err(KeyError::NotInKeyring),
            Err(error) => Err(KeyError::Keyring(error)),
        },
        KeyPlace::File => read_file(file(paths, public)),
    }
}

fn key_of(text: &str, public: &PublicKey) -> Result<SecretKey, KeyError> {
    let seed = Zeroizing::new(URL_SAFE_NO_PAD.decode(text.trim()).map_err(|_| KeyError::OtherKey)?);
    let seed = <[u8; 32]>::try_from(seed.as_slice()).map_err(|_| KeyError::OtherKey)?;
    let key = SecretKey::from_seed(&Zeroizing::new(seed));
    if key.public() == *public { Ok(key) } else { Err(KeyError::OtherKey) }
}

fn entry(paths: &Paths, public: &PublicKey) -> Result<keyring_core::Entry, KeyError> {
    keyring_entry(&user(paths, public))
}

/// A place in the keyring of the operating system.
pub(crate) fn keyring_entry(name: &str) -> Result<keyring_core::Entry, KeyError> {
    // `keyring` knows the keyring of each system; a test has put one of its own in its place.
    if keyring_core::get_default_store().is_none() {
        keyring::Entry::store_status().as_ref().map_err(KeyError::NoKeyring)?;
    }
    keyring_core::Entry::new(KEYRING_SERVICE, name).map_err(KeyError::Keyring)
}

fn user(paths: &Paths, public: &PublicKey) -> String {
    format!("{} {public}", paths.profile)
}

fn file(paths: &Paths, public: &PublicKey) -> PathBuf {
    let fingerprint = public.fingerprint().to_string();
    let short: String = fingerprint.split(' ').take(4).collect();
    paths.state_dir.join(format!("identity-{short}.key"))
}

fn read_file(file: PathBuf) -> Result<Zeroizing<String>, KeyError> {
    let failed = |source| KeyError::File { file: file.clone(), source };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let found = fs::metadata(&file).map_err(failed)?;
        if found.mode() & 0o077 != 0 {
            return Err(KeyError::Exposed { file });
        }
    }
    let content = read_bounded(&file, KEY_FILE_BYTES_MAX).map_err(failed)?;
    let content = content.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
    String::from_utf8(content).map(Zeroizing::new).map_err(|_| KeyError::OtherKey)
}

const KEYRING_SERVICE: &str = "outport";
/// 43 characters and a line break.
const KEY_FILE_BYTES_MAX: usize = 64;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
