//! Postcard with limits: what is too long is refused before anything is allocated for it.

use serde::{Serialize, de::DeserializeOwned};

/// The bytes do not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// More bytes than this kind of message may have.
    #[error("{got} bytes where at most {max} are allowed")]
    TooLong {
        /// How many there were.
        got: usize,
        /// How many there may be.
        max: usize,
    },
    /// The bytes are not in the format.
    #[error("malformed")]
    Malformed,
    /// Bytes are left after the end.
    #[error("bytes after the end")]
    Trailing,
}

/// Encodes a message of our own.
pub fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    postcard::to_stdvec(message).expect("our messages have no unsized parts")
}

/// Decodes exactly one message from at most `max` bytes.
///
/// # Errors
/// When the bytes are too many, malformed, or followed by others.
pub fn decode<T: DeserializeOwned>(bytes: &[u8], max: usize) -> Result<T, DecodeError> {
    if max < bytes.len() {
        return Err(DecodeError::TooLong { got: bytes.len(), max });
    }
    let (message, rest) = postcard::take_from_bytes(bytes).map_err(|_| DecodeError::Malformed)?;
    if rest.is_empty() { Ok(message) } else { Err(DecodeError::Trailing) }
}
