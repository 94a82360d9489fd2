//! The socket itself: a Unix socket or a named pipe that only its owner can open.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::{io, path::PathBuf};

#[cfg(unix)]
pub use self::unix::Listener;
#[cfg(unix)]
pub(crate) use self::unix::{Stream, connect};
#[cfg(windows)]
pub use self::windows::Listener;
#[cfg(windows)]
pub(crate) use self::windows::{Stream, connect};

/// Why the agent cannot be reached for commands.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// The directory of the socket cannot be made private.
    #[error("cannot make the private directory `{}`", dir.display())]
    Directory {
        /// Which.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something that is no socket stands in its place.
    #[error("`{}` is in the way of the control socket", path.display())]
    InTheWay {
        /// Where.
        path: PathBuf,
    },
    /// The socket cannot be made.
    #[error("cannot listen on the control socket `{}`", path.display())]
    Listen {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The file in the state directory that says where the socket is. The agent and its clients may
/// have different environments (a service, a terminal, cron), and so different ideas of where the
/// runtime directory is; the state directory is the same for all.
const ADDRESS_FILE: &str = "control.address";

/// A name that nobody can guess, so that nobody can take it first.
fn random_name(prefix: &str) -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{prefix}{hex}"))
}
