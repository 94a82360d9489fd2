//! The header of a data frame: which pieces of which files its body holds.

use serde::{Deserialize, Serialize};

use super::bounded;
use crate::codec::{self, DecodeError};

/// The header of a data frame. The body is the pieces' bytes, one after the other, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pieces {
    /// The pieces, in the order in which their bytes stand in the body.
    #[serde(deserialize_with = "bounded::list::<_, _, PIECES_PER_FRAME_MAX>")]
    pub pieces: Vec<Piece>,
}

/// One block of one file; files of one block are never cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The entry of the file.
    pub file: u64,
    /// The attempt that wanted it.
    pub attempt: u16,
    /// Which block.
    pub block: u32,
    /// How many bytes.
    pub bytes: u32,
    /// The block's chaining value; for a file of one block its digest.
    pub hash: [u8; 32],
    /// Whether the file ended with this piece as [`HowEnded::Complete`](super::HowEnded::Complete):
    /// only for files of one block, which need no end of their own, unless attributes are kept.
    pub complete: bool,
}

impl Pieces {
    /// The bytes of the header.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads a header, for a body of `body_bytes`.
    ///
    /// # Errors
    /// When it is malformed or its pieces do not fill the body exactly.
    pub fn decode(header: &[u8], body_bytes: usize) -> Result<Self, DecodeError> {
        let pieces: Self = codec::decode(header, HEADER_BYTES_MAX)?;
        if body_bytes as u64 != pieces.body_bytes() || pieces.pieces.is_empty() {
            return Err(DecodeError::Malformed);
        }
        Ok(pieces)
    }

    /// How long the body is.
    pub fn body_bytes(&self) -> u64 {
        self.pieces.iter().map(|piece| u64::from(piece.bytes)).sum()
    }
}

/// Pieces in one data frame: small files share a frame.
pub const PIECES_PER_FRAME_MAX: usize = 1024;
/// The longest header: more than so many pieces of the longest form.
pub const HEADER_BYTES_MAX: usize = 64 * 1024;
