//! A named pipe with a random name and rights for its owner only.
//!
//! Pipe names are one space for all users, so a fixed name could be taken by somebody else first.
//! The agent draws a random one and writes it into the profile's state directory, which other
//! users can neither read nor write: who finds the name there talks to the right agent.

use std::{fs, io, path::Path};

use interprocess::os::windows::{
    named_pipe::{
        PipeListenerOptions, pipe_mode,
        tokio::{DuplexPipeStream, PipeListener},
    },
    security_descriptor::SecurityDescriptor,
};

use super::{ADDRESS_FILE, ListenError, random_name};
use crate::paths::{Paths, ensure_private_dir};

pub(crate) type Stream = DuplexPipeStream<pipe_mode::Bytes>;

/// The agent's end of the control pipe. Dropping it removes the pipe.
#[derive(Debug)]
pub struct Listener {
    pipe: PipeListener<pipe_mode::Bytes, pipe_mode::Bytes>,
    address: std::path::PathBuf,
}

impl Listener {
    /// Listens for the clients of a profile. The caller holds the profile's lock.
    ///
    /// # Errors
    /// When the directory cannot be made or the system refuses.
    pub fn bind(paths: &Paths) -> Result<Self, ListenError> {
        let dir = &paths.state_dir;
        ensure_private_dir(dir)
            .map_err(|source| ListenError::Directory { dir: dir.clone(), source })?;
        let address = dir.join(ADDRESS_FILE);
        let pipe = listen(&address)
            .map_err(|source| ListenError::Listen { path: address.clone(), source })?;
        Ok(Self { pipe, address })
    }

    /// Waits for a client; the pipe's rights let in only the same user.
    ///
    /// # Errors
    /// When the system does not hand out connections any more.
    pub(crate) async fn accept(&self) -> io::Result<Stream> {
        self.pipe.accept().await
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        fs::remove_file(&self.address).ok();
    }
}

/// Connects to the agent of a profile.
pub(crate) async fn connect(paths: &Paths) -> io::Result<Stream> {
    let name = fs::read_to_string(paths.state_dir.join(ADDRESS_FILE))?;
    if !name.starts_with(PIPE_PREFIX) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not the name of a pipe"));
    }
    DuplexPipeStream::connect_by_path(Path::new(&name)).await
}

fn listen(address: &Path) -> io::Result<PipeListener<pipe_mode::Bytes, pipe_mode::Bytes>> {
    let name = random_name(PIPE_PREFIX)?;
    let rights = SecurityDescriptor::deserialize(OWNER_ONLY)?;
    let pipe = PipeListenerOptions::new()
        .path(Path::new(&name))
        .security_descriptor(Some(rights))
        .create_tokio_duplex::<pipe_mode::Bytes>()?;
    fs::write(address, &name)?;
    Ok(pipe)
}

const PIPE_PREFIX: &str = r"\\.\pipe\outport-";
/// Protected from inheritance; everything for the owner, nothing for anybody else.
const OWNER_ONLY: &widestring::U16CStr = widestring::u16cstr!("D:P(A;;GA;;;OW)");
