//! User and password for one proxy: in a file of the profile that only its owner can read, the
//! password in the keyring where the computer's key is.

use std::{
    fs, io,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use outport_api::{
    Secret,
    client::{ProxyAddress, ProxyLogin},
};
use outport_control::{KeptLogin, KeyPlace, Paths, ensure_private_dir};
use outport_types::{Chain, Code, Problem};
use serde::{Deserialize, Serialize};

use crate::{
    files::{Readers, read_bounded, sync_dir, write_atomic},
    identity::{KeyError, keyring_entry},
};

/// Why user and password cannot be had or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum LoginError {
    #[error("cannot use `{}`", file.display())]
    File { file: PathBuf, source: io::Error },
    #[error("`{}` is damaged; set user and password again", file.display())]
    Damaged { file: PathBuf },
    #[error("the keyring does not help")]
    Keyring(#[source] KeyError),
    #[error("the keyring of the operating system does not hold it")]
    NotInKeyring,
}

impl LoginError {
    /// What a person is told.
    pub(crate) fn problem(&self, proxy: &ProxyAddress) -> Problem {
        self.about(&proxy.to_string())
    }

    /// The same where it is not known which proxy it is about.
    pub(super) fn problem_of_file(&self, paths: &Paths) -> Problem {
        self.about(&file(paths).display().to_string())
    }

    fn about(&self, proxy: &str) -> Problem {
        let args = [("proxy", proxy.into()), ("reason", Chain(self).to_string().into())];
        Problem::new(Code::ProxyLoginUnavailable, args)
    }
}

/// The file as it is written.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptFile {
    /// Another one each time that it is written.
    id: u64,
    proxy: ProxyAddress,
    user: String,
    place: KeyPlace,
    /// Absent where the keyring has it.
    password: Option<outport_control::Secret>,
}

impl KeptFile {
    pub(super) fn load(paths: &Paths) -> Result<Option<Self>, LoginError> {
        let file = file(paths);
        let content = read_bounded(&file, FILE_BYTES_MAX)
            .map_err(|source| LoginError::File { file: file.clone(), source })?;
        let Some(content) = content else { return Ok(None) };
        serde_json::from_slice(&content).map(Some).map_err(|_| LoginError::Damaged { file })
    }

    pub(super) fn shown(&self) -> KeptLogin {
        KeptLogin { proxy: self.proxy.to_string(), user: self.user.clone(), place: self.place }
    }
}

/// What is kept for a proxy. It waits for the keyring, which may ask its owner.
pub(super) fn load(paths: &Paths, proxy: &ProxyAddress) -> Result<Option<ProxyLogin>, LoginError> {
    let Some(kept) = KeptFile::load(paths)?.filter(|kept| kept.proxy == *proxy) else {
        return Ok(None);
    };
    let password = match (kept.place, kept.password) {
        (KeyPlace::File, Some(password)) => Secret::new(password.expose()),
        (KeyPlace::File, None) => return Err(LoginError::Damaged { file: file(paths) }),
        (KeyPlace::Keyring, _) => in_keyring(paths, kept.id)?,
    };
    let login = ProxyLogin::new(kept.user, password);
    login.map(Some).map_err(|_| LoginError::Damaged { file: file(paths) })
}

/// The password that was kept with the file of this number. The keyring is asked once: it may ask its
/// owner in turn, and every request to the hub needs the password.
fn in_keyring(paths: &Paths, id: u64) -> Result<Secret, LoginError> {
    static LAST: Mutex<Option<(u64, Secret)>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, password)) = last.as_ref().filter(|(of, _)| *of == id) {
        return Ok(password.clone());
    }
    let entry = keyring_entry(&name(paths)).map_err(LoginError::Keyring)?;
    match entry.get_password() {
        Ok(text) => Ok(last.insert((id, Secret::new(text))).1.clone()),
        Err(keyring::Error::NoEntry) => Err(LoginError::NotInKeyring),
        Err(error) => Err(LoginError::Keyring(KeyError::Keyring(error))),
    }
}

/// Keeps user and password for a proxy, in place of any other.
pub(super) fn keep(
    paths: &Paths,
    proxy: &ProxyAddress,
    login: &ProxyLogin,
    place: KeyPlace,
) -> Result<(), LoginError> {
    let file = file(paths);
    let failed = |source| LoginError::File { file: file.clone(), source };
    ensure_private_dir(&paths.state_dir).map_err(failed)?;
    let password = match place {
        KeyPlace::Keyring => {
            let entry = keyring_entry(&name(paths)).map_err(LoginError::Keyring)?;
            let kept = entry.set_password(login.password.expose());
            kept.map_err(|error| LoginError::Keyring(KeyError::Keyring(error)))?;
            None
        }
        KeyPlace::File => {
            forget_in_keyring(paths);
            Some(outport_control::Secret::new(login.password.expose()))
        }
    };
    let (id, proxy, user) = (fastrand::u64(..), proxy.clone(), login.user.clone());
    let kept = KeptFile { id, proxy, user, place, password };
    let content = serde_json::to_vec(&kept).map_err(|error| failed(io::Error::other(error)))?;
    write_atomic(&file, &content, Readers::Owner).map_err(failed)
}

/// Forgets what is kept.
pub(super) fn forget(paths: &Paths) -> Result<(), LoginError> {
    forget_in_keyring(paths);
    let file = file(paths);
    match fs::remove_file(&file) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(LoginError::File { file, source })
        }
        Ok(()) => {
            sync_dir(&paths.state_dir).ok();
            Ok(())
        }
        Err(_) => Ok(()),
    }
}

/// A keyring is asked for nothing where nothing was put into it.
fn forget_in_keyring(paths: &Paths) {
    let in_keyring =
        matches!(KeptFile::load(paths), Ok(Some(kept)) if kept.place == KeyPlace::Keyring);
    if in_keyring && let Ok(entry) = keyring_entry(&name(paths)) {
        entry.delete_credential().ok(); // what is left is overwritten by the next
    }
}

/// What the keyring knows it by.
fn name(paths: &Paths) -> String {
    format!("{} proxy", paths.profile)
}

fn file(paths: &Paths) -> PathBuf {
    paths.state_dir.join("proxy.json")
}

/// An address, a user and a password of 255 bytes each, escaped.
const FILE_BYTES_MAX: usize = 8 * 1024;
