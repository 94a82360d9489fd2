//! Messages on the bytes of a channel.

use std::io;

use outport_protocol::control::{FrameDecoder, FrameError, HubMessage, encode_frame};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Why a channel cannot be used any longer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChannelError {
    #[error("the channel broke")]
    Io(#[from] io::Error),
    #[error("the agent sent what is no message")]
    Frame(#[from] FrameError),
    #[error("the agent sent more than {max} bytes before it was let in")]
    TooMuch { max: usize },
    #[error("the agent closed the channel")]
    Closed,
}

/// Reads messages.
#[derive(Debug)]
pub(super) struct FrameReader<R> {
    stream: R,
    decoder: FrameDecoder,
    chunk: Box<[u8]>,
    /// Bytes that may still come; a stranger gets few.
    budget: usize,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    pub(super) fn new(stream: R, budget: usize) -> Self {
        Self {
            stream,
            decoder: FrameDecoder::default(),
            chunk: vec![0; CHUNK_BYTES].into(),
            budget,
        }
    }

    /// Lifts the bound on what may come; each message has its own.
    pub(super) fn trust(&mut self) {
        self.budget = usize::MAX;
    }

    pub(super) fn stream_mut(&mut self) -> &mut R {
        &mut self.stream
    }

    /// The next message. Not to be dropped half-way: what was read would be kept, but the
    /// caller would not know.
    pub(super) async fn next<T: DeserializeOwned>(&mut self) -> Result<T, ChannelError> {
        loop {
            if let Some(message) = self.decoder.poll()? {
                return Ok(message);
            }
            let read = self.stream.read(&mut self.chunk).await?;
            if read == 0 {
                return Err(ChannelError::Closed);
            }
            if self.budget < read {
                return Err(ChannelError::TooMuch { max: HELLO_BYTES_MAX });
            }
            if self.budget != usize::MAX {
                self.budget -= read;
            }
            self.decoder.push(&self.chunk[..read]);
        }
    }
}

/// Writes one message and flushes it.
pub(super) async fn write_frame<W: AsyncWrite + Unpin>(
    stream: &mut W,
    message: &HubMessage,
) -> Result<(), ChannelError> {
    stream.write_all(&encode_frame(message)?).await?;
    stream.flush().await?;
    Ok(())
}

/// As much as one TLS record holds.
const CHUNK_BYTES: usize = 16 * 1024;
/// Room for a hello that names as many tasks and sessions as it may.
pub(super) const HELLO_BYTES_MAX: usize = 1024 * 1024;
