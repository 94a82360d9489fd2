//! The frames of the control socket.

use std::io;

use outport_types::Problem;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::{
    command::{Command, Reply},
    snapshot::Snapshot,
};

/// The version of this exchange that this program speaks.
pub const VERSION: u32 = 2;

/// The first frame, from the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientHello {
    /// The oldest and the newest version that it speaks.
    pub versions: (u32, u32),
    /// What it is, for the log: `outport 0.1.0`.
    pub program: String,
}

/// The agent's answer to the first frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "hello", rename_all = "snake_case")]
pub enum ServerHello {
    /// Both speak this version.
    Welcome {
        /// The version to use.
        version: u32,
        /// What answers, `outport 0.1.0`.
        program: String,
    },
    /// There is no version that both speak, or too many clients are connected.
    Refused {
        /// Why.
        problem: Problem,
    },
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Request {
    /// The state now: one [`Response::Snapshot`].
    Status,
    /// The state now and whenever it changes, until the client closes.
    Subscribe,
    /// Lines of the log; ends with [`Response::End`] unless they are followed.
    Log {
        /// How many of the last lines.
        lines: u32,
        /// Whether those that come are wanted too.
        follow: bool,
    },
    /// A command: one [`Response::Reply`].
    Call {
        /// Which.
        command: Command,
    },
}

/// What the agent sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", content = "value", rename_all = "snake_case")]
pub enum Response {
    /// The state.
    Snapshot(Box<Snapshot>),
    /// Lines of the log, in order.
    Lines(Vec<String>),
    /// What came of a command.
    Reply(Reply),
    /// The question cannot be answered, or the command failed.
    Failed(Problem),
    /// No more lines.
    End,
}

/// Why a frame could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The socket failed.
    #[error("the control socket failed")]
    Io(#[source] io::Error),
    /// The other side closed.
    #[error("the other side closed the control socket")]
    Closed,
    /// A frame is longer than any may be.
    #[error("a frame of {bytes} bytes where at most {max} are allowed")]
    TooLong {
        /// What its head claims.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// A frame is no message of this version.
    #[error("a frame that this version does not know")]
    Malformed(#[source] serde_json::Error),
}

/// Writes one message.
///
/// # Errors
/// When it is longer than `max`, or the socket fails.
pub async fn write<T: Serialize>(
    socket: &mut (impl AsyncWrite + Unpin),
    message: &T,
    max: usize,
) -> Result<(), WireError> {
    let mut frame = vec![0; HEAD_BYTES];
    serde_json::to_writer(&mut frame, message).map_err(WireError::Malformed)?;
    let bytes = frame.len() - HEAD_BYTES;
    if max < bytes {
        return Err(WireError::TooLong { bytes, max });
    }
    frame[..HEAD_BYTES].copy_from_slice(&(bytes as u32).to_be_bytes());
    socket.write_all(&frame).await.map_err(WireError::Io)?;
    socket.flush().await.map_err(WireError::Io)
}

/// Reads one message. Dropping the future half-way loses the frame, so it must not be raced.
///
/// # Errors
/// When the frame is longer than `max` or malformed, the socket fails, or the other side closed.
pub async fn read<T: DeserializeOwned>(
    socket: &mut (impl AsyncRead + Unpin),
    max: usize,
) -> Result<T, WireError> {
    let mut head = [0; HEAD_BYTES];
    socket.read_exact(&mut head).await.map_err(closed_or_failed)?;
    let bytes = u32::from_be_bytes(head) as usize;
    if max < bytes {
        return Err(WireError::TooLong { bytes, max });
    }
    let mut body = vec![0; bytes];
    socket.read_exact(&mut body).await.map_err(closed_or_failed)?;
    serde_json::from_slice(&body).map_err(WireError::Malformed)
}

fn closed_or_failed(error: io::Error) -> WireError {
    let closed = matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
    );
    if closed { WireError::Closed } else { WireError::Io(error) }
}

/// A client sends commands; the largest is a transfer of some thousand files that somebody picked.
pub const REQUEST_BYTES_MAX: usize = 2 * 1024 * 1024;
/// An agent sends snapshots; the largest has a thousand folders with their rules.
pub const RESPONSE_BYTES_MAX: usize = 8 * 1024 * 1024;

const HEAD_BYTES: usize = 4;
