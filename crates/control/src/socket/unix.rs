//! A Unix socket in a directory that only its owner can enter.
//!
//! The path of a socket has room for about a hundred bytes. Where the runtime directory is longer,
//! the socket goes into a fresh directory with a random name. A predictable name outside the owner's
//! own directories is never used. A file in the state directory says where the socket is.

use std::{
    env,
    ffi::OsString,
    fs, io,
    os::unix::{
        ffi::{OsStrExt as _, OsStringExt as _},
        fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
    },
    path::{Path, PathBuf},
};

use rustix::process::geteuid;
use tokio::net::{UnixListener, UnixStream};

use super::{ADDRESS_FILE, ListenError, random_name};
use crate::paths::{Paths, ensure_private_dir};

pub(crate) type Stream = UnixStream;

/// The agent's end of the control socket. Dropping it removes the socket.
#[derive(Debug)]
pub struct Listener {
    socket: UnixListener,
    path: PathBuf,
    /// A directory with a random name that goes with the socket.
    random_dir: Option<PathBuf>,
    /// The file that says where the socket is.
    address: PathBuf,
}

impl Listener {
    /// Listens for the clients of a profile, replacing what an agent that was killed left behind.
    /// The caller holds the profile's lock: that, and not the socket, says who is the agent.
    ///
    /// # Errors
    /// When the directory is not private, something else is in the way, or the system refuses.
    pub fn bind(paths: &Paths) -> Result<Self, ListenError> {
        for dir in [&paths.state_dir, &paths.runtime_dir] {
            ensure_private_dir(dir)
                .map_err(|source| ListenError::Directory { dir: dir.clone(), source })?;
        }
        let address = paths.state_dir.join(ADDRESS_FILE);
        remove_stale(&address);
        let usual = paths.runtime_dir.join(SOCKET_FILE);
        let (path, random_dir) = if usual.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
            (usual, None)
        } else {
            let dir = random_dir()
                .map_err(|source| ListenError::Directory { dir: env::temp_dir(), source })?;
            (dir.join(SOCKET_FILE), Some(dir))
        };
        let socket = listen(&path)?;
        let this = Self { socket, path, random_dir, address };
        fs::write(&this.address, this.path.as_os_str().as_bytes())
            .map_err(|source| ListenError::Listen { path: this.address.clone(), source })?;
        Ok(this)
    }

    /// Waits for a client of the same user; others are turned away without a word.
    ///
    /// # Errors
    /// When the system does not hand out connections any more.
    pub(crate) async fn accept(&self) -> io::Result<Stream> {
        loop {
            let (stream, _) = self.socket.accept().await?;
            match check_peer(&stream) {
                Ok(()) => return Ok(stream),
                Err(error) => tracing::warn!(%error, "turned away a control client"),
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        fs::remove_file(&self.address).ok();
        fs::remove_file(&self.path).ok();
        if let Some(dir) = &self.random_dir {
            fs::remove_dir(dir).ok();
        }
    }
}

/// Connects to the agent of a profile.
pub(crate) async fn connect(paths: &Paths) -> io::Result<Stream> {
    let path = read_address(&paths.state_dir.join(ADDRESS_FILE))?;
    check_owner(path.parent().unwrap_or(&path))?;
    let stream = UnixStream::connect(&path).await?;
    check_peer(&stream)?;
    Ok(stream)
}

fn read_address(address: &Path) -> io::Result<PathBuf> {
    let bytes = fs::read(address)?;
    if SOCKET_PATH_BYTES_MAX < bytes.len() {
        return Err(io::ErrorKind::NotFound.into()); // no agent wrote that
    }
    Ok(PathBuf::from(OsString::from_vec(bytes)))
}

fn listen(path: &Path) -> Result<UnixListener, ListenError> {
    let failed = |source| ListenError::Listen { path: path.to_owned(), source };
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => fs::remove_file(path).map_err(failed)?,
        Ok(_) => return Err(ListenError::InTheWay { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let socket = UnixListener::bind(path).map_err(failed)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(socket)
}

/// Makes a private directory with a random name.
fn random_dir() -> io::Result<PathBuf> {
    let dir = env::temp_dir().join(random_name(RANDOM_PREFIX)?);
    fs::DirBuilder::new().mode(0o700).create(&dir)?;
    Ok(dir)
}

/// Removes what an agent that was killed left behind: its socket, and the random directory of one.
fn remove_stale(address: &Path) {
    let Ok(path) = read_address(address) else { return };
    let is_socket = fs::symlink_metadata(&path).is_ok_and(|found| found.file_type().is_socket());
    if let Some(dir) = path.parent().filter(|dir| is_socket && check_owner(dir).is_ok()) {
        fs::remove_file(&path).ok();
        let name = dir.file_name().unwrap_or_default().as_bytes();
        if dir.parent() == Some(&env::temp_dir()) && name.starts_with(RANDOM_PREFIX.as_bytes()) {
            fs::remove_dir(dir).ok(); // only ever an empty directory
        }
    }
    fs::remove_file(address).ok();
}

fn check_owner(dir: &Path) -> io::Result<()> {
    let found = fs::symlink_metadata(dir)?;
    if found.is_dir() && found.uid() == geteuid().as_raw() && found.mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        "the directory of the control socket is not private",
    ))
}

fn check_peer(stream: &UnixStream) -> io::Result<()> {
    if stream.peer_cred()?.uid() == geteuid().as_raw() {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        "the other side of the control socket is another user",
    ))
}

const RANDOM_PREFIX: &str = "outport-";
const SOCKET_FILE: &str = "control.sock";
/// macOS has room for 103 bytes and the NUL, Linux for 107.
const SOCKET_PATH_BYTES_MAX: usize = 103;

#[cfg(test)]
mod tests;
