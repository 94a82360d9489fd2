//! Frames, the unit that a link carries, and how they lie on a stream.
//!
//! | stream | head | then |
//! | --- | --- | --- |
//! | control | 4 bytes: length | the frame |
//! | data | 4 bytes: length of the header, 4 bytes: length of the body | header, body |
//!
//! Numbers are big-endian. A length beyond its limit ends the link before anything is allocated. A head
//! of nothing but ones is the last of its stream: the direction goes on over another connection.

use bytes::{Bytes, BytesMut};

/// The longest control frame: what its payload may take, and the little that stands before it.
pub const CONTROL_FRAME_BYTES_MAX: usize = 256 * 1024 + 1024;
/// The longest header of a data frame.
pub const DATA_HEADER_BYTES_MAX: usize = 256 * 1024;
/// The longest data frame, header and body together.
pub const DATA_FRAME_BYTES_MAX: usize = 2 * 1024 * 1024;

/// The head that says that control frames go on elsewhere.
pub(crate) const CONTROL_LEAVES: [u8; 4] = [u8::MAX; 4];
/// The head that says that data frames go on elsewhere.
pub(crate) const DATA_LEAVES: [u8; DataHead::BYTES] = [u8::MAX; DataHead::BYTES];

/// A data frame to be sent: it says by itself what it is, because order between frames is not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataFrame {
    /// What the body is.
    pub header: Bytes,
    /// The content, in as many pieces as it happens to lie in; they arrive as one.
    pub body: Vec<Bytes>,
}

/// A data frame as it arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArrivedFrame {
    /// What the body is.
    pub header: Bytes,
    /// The content.
    pub body: Bytes,
}

impl DataFrame {
    /// A frame with a body that lies in one piece.
    pub fn new(header: impl Into<Bytes>, body: impl Into<Bytes>) -> Self {
        Self { header: header.into(), body: vec![body.into()] }
    }

    /// Header and body together, as the limits count them.
    pub fn len(&self) -> usize {
        self.header.len() + self.body_len()
    }

    /// Whether it holds nothing at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn body_len(&self) -> usize {
        self.body.iter().map(Bytes::len).sum()
    }

    /// Whether it may be sent.
    pub(crate) fn fits(&self) -> bool {
        self.header.len() <= DATA_HEADER_BYTES_MAX && self.len() <= DATA_FRAME_BYTES_MAX
    }

    /// The pieces to write, in order, the head first.
    pub(crate) fn into_pieces(self) -> Vec<Bytes> {
        let head = DataHead { header: self.header.len(), body: self.body_len() };
        let mut pieces = Vec::with_capacity(self.body.len() + 2);
        pieces.push(Bytes::copy_from_slice(&head.encode()));
        pieces.push(self.header);
        pieces.extend(self.body);
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }

    /// The frame as the other side of a link in memory sees it; copies only what lies in pieces.
    pub(crate) fn arrive(mut self) -> ArrivedFrame {
        let body = match self.body.len() {
            0 => Bytes::new(),
            1 => self.body.remove(0),
            _ => {
                let mut whole = BytesMut::with_capacity(self.body_len());
                self.body.iter().for_each(|piece| whole.extend_from_slice(piece));
                whole.freeze()
            }
        };
        ArrivedFrame { header: self.header, body }
    }
}

/// What stands before a data frame on its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DataHead {
    pub(crate) header: usize,
    pub(crate) body: usize,
}

/// The other side announced a frame that nobody may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a frame of {bytes} bytes was announced, and {max} is the most")]
pub(crate) struct FrameTooLong {
    pub(crate) bytes: usize,
    pub(crate) max: usize,
}

impl DataHead {
    pub(crate) const BYTES: usize = 8;

    pub(crate) fn encode(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..4].copy_from_slice(&(self.header as u32).to_be_bytes());
        bytes[4..].copy_from_slice(&(self.body as u32).to_be_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: [u8; Self::BYTES]) -> Result<Self, FrameTooLong> {
        let [a, b, c, d, e, f, g, h] = bytes;
        let header = u32::from_be_bytes([a, b, c, d]) as usize;
        let body = u32::from_be_bytes([e, f, g, h]) as usize;
        if DATA_HEADER_BYTES_MAX < header {
            return Err(FrameTooLong { bytes: header, max: DATA_HEADER_BYTES_MAX });
        }
        match header.checked_add(body) {
            Some(whole) if whole <= DATA_FRAME_BYTES_MAX => Ok(Self { header, body }),
            Some(bytes) => Err(FrameTooLong { bytes, max: DATA_FRAME_BYTES_MAX }),
            None => Err(FrameTooLong { bytes: usize::MAX, max: DATA_FRAME_BYTES_MAX }),
        }
    }
}

/// Reads the length that stands before a control frame.
pub(crate) fn control_length(bytes: [u8; 4]) -> Result<usize, FrameTooLong> {
    let bytes = u32::from_be_bytes(bytes) as usize;
    if CONTROL_FRAME_BYTES_MAX < bytes {
        return Err(FrameTooLong { bytes, max: CONTROL_FRAME_BYTES_MAX });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_read_back_and_are_pinned() {
        let head = DataHead { header: 3, body: 0x0010_0000 };
        assert_eq!(head.encode(), [0, 0, 0, 3, 0, 16, 0, 0]);
        assert_eq!(DataHead::decode(head.encode()), Ok(head));
    }

    #[test]
    fn a_length_beyond_its_limit_is_refused_before_anything_is_allocated() {
        for (header, body) in [
            (DATA_HEADER_BYTES_MAX + 1, 0),
            (0, DATA_FRAME_BYTES_MAX + 1),
            (1, DATA_FRAME_BYTES_MAX),
            (u32::MAX as usize, u32::MAX as usize),
        ] {
            assert!(DataHead::decode(DataHead { header, body }.encode()).is_err());
        }
        assert!(control_length([255; 4]).is_err());
        assert_eq!(control_length([0, 0, 0, 9]), Ok(9));
    }

    #[test]
    fn pieces_arrive_as_one() {
        let frame = DataFrame {
            header: Bytes::from_static(b"h"),
            body: vec![Bytes::from_static(b"ab"), Bytes::new(), Bytes::from_static(b"c")],
        };
        assert_eq!(frame.len(), 4);
        let arrived = frame.clone().arrive();
        assert_eq!((&arrived.header[..], &arrived.body[..]), (&b"h"[..], &b"abc"[..]));
        assert_eq!(frame.into_pieces().concat(), [0, 0, 0, 1, 0, 0, 0, 3, b'h', b'a', b'b', b'c']);
    }
}
