//! Frames of the control channel: four bytes of length and JSON.

use serde::{Serialize, de::DeserializeOwned};

/// Why bytes of the control channel are no message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Longer than any message may be.
    #[error("a message of {bytes} bytes where at most {CONTROL_FRAME_BYTES_MAX} are allowed")]
    TooLong {
        /// What its head claims.
        bytes: usize,
    },
    /// Not a message of this version.
    #[error("a message that this version does not know")]
    Malformed(#[source] serde_json::Error),
}

/// The bytes of one message.
///
/// # Errors
/// When the message is longer than the other side would take.
pub fn encode_frame<T: Serialize>(message: &T) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message).map_err(FrameError::Malformed)?;
    let bytes = frame.len() - 4;
    if CONTROL_FRAME_BYTES_MAX < bytes {
        return Err(FrameError::TooLong { bytes });
    }
    frame[..4].copy_from_slice(&(bytes as u32).to_be_bytes());
    Ok(frame)
}

/// Cuts a stream of bytes into messages.
#[derive(Debug, Default)]
pub struct FrameDecoder {
    buffer: Vec<u8>,
    /// Bytes of `buffer` that are decoded already.
    taken: usize,
}

impl FrameDecoder {
    /// Takes bytes that arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.taken == self.buffer.len() {
            self.buffer.clear();
            self.taken = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message, if there is one. Call it until it returns `None` before each
    /// further [`push`](Self::push): that is what bounds the buffer.
    ///
    /// # Errors
    /// When the peer sent what is no message; the channel must then be closed.
    pub fn poll<T: DeserializeOwned>(&mut self) -> Result<Option<T>, FrameError> {
        let waiting = &self.buffer[self.taken..];
        let Some((head, rest)) = waiting.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let bytes = u32::from_be_bytes(*head) as usize;
        if CONTROL_FRAME_BYTES_MAX < bytes {
            return Err(FrameError::TooLong { bytes });
        }
        let Some(body) = rest.get(..bytes) else {
            self.buffer.drain(..self.taken);
            self.taken = 0;
            return Ok(None);
        };
        let message = serde_json::from_slice(body).map_err(FrameError::Malformed)?;
        self.taken += 4 + bytes;
        Ok(Some(message))
    }
}

/// Room for orders of many items and for a listing of 100,000 names.
pub const CONTROL_FRAME_BYTES_MAX: usize = 32 * 1024 * 1024;
