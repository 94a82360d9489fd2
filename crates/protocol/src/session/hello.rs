//! The first frame in either direction, the same in every version.
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | `outport/` |
//! | 2 | the oldest version that the side speaks, big-endian |
//! | 2 | the newest |
//! | 32 | SHA-256 of the body of the ticket, as the side's own hub gave it |

use sha2::{Digest as _, Sha256};

use super::{ProtocolVersion, Violation};

/// Opens a session in either direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The number of the oldest version that the side speaks.
    pub oldest: u16,
    /// The number of the newest.
    pub newest: u16,
    /// The SHA-256 of the body of the ticket.
    pub ticket: [u8; 32],
}

impl Hello {
    /// The hello of this program, for the body of the ticket that the own hub gave.
    pub fn new(ticket_body: &[u8]) -> Self {
        Self {
            oldest: ProtocolVersion::OLDEST.number(),
            newest: ProtocolVersion::NEWEST.number(),
            ticket: Sha256::digest(ticket_body).into(),
        }
    }

    /// The bytes of the frame.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HELLO_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.oldest.to_be_bytes());
        bytes.extend_from_slice(&self.newest.to_be_bytes());
        bytes.extend_from_slice(&self.ticket);
        bytes
    }

    /// Reads the first frame that the other side sent.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, Violation> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(Violation::NoHello)?;
        let (oldest, rest) = rest.split_first_chunk::<2>().ok_or(Violation::NoHello)?;
        let (newest, rest) = rest.split_first_chunk::<2>().ok_or(Violation::NoHello)?;
        Ok(Self {
            oldest: u16::from_be_bytes(*oldest),
            newest: u16::from_be_bytes(*newest),
            ticket: rest.try_into().map_err(|_| Violation::NoHello)?,
        })
    }

    /// Checks the other side's hello against the own one, and says which version is spoken.
    ///
    /// # Errors
    /// When the tickets differ or no version is common: the session must not begin.
    pub fn agree(&self, theirs: &Self) -> Result<ProtocolVersion, Violation> {
        if self.ticket != theirs.ticket {
            return Err(Violation::Ticket);
        }
        ProtocolVersion::agree(theirs.oldest, theirs.newest)
            .ok_or(Violation::Version { oldest: theirs.oldest, newest: theirs.newest })
    }
}

/// How long a hello is.
pub const HELLO_BYTES: usize = 8 + 2 + 2 + 32;
const MAGIC: &[u8; 8] = b"outport/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hellos_are_pinned_and_read_back() {
        let hello = Hello::new(b"ticket");
        let bytes = hello.encode();
        assert_eq!(&bytes[..12], b"outport/\0\x01\0\x01");
        assert_eq!(bytes.len(), HELLO_BYTES);
        assert_eq!(Hello::decode(&bytes), Ok(hello));
        for cut in 0..bytes.len() {
            assert_eq!(Hello::decode(&bytes[..cut]), Err(Violation::NoHello));
        }
        assert_eq!(Hello::decode(&[bytes, vec![0]].concat()), Err(Violation::NoHello));
    }

    #[test]
    fn another_ticket_or_no_common_version_ends_the_session() {
        let own = Hello::new(b"ticket");
        assert_eq!(own.agree(&own), Ok(ProtocolVersion::V1));
        assert_eq!(own.agree(&Hello::new(b"replayed")), Err(Violation::Ticket));
        let newer = Hello { oldest: 2, newest: 3, ..own };
        assert_eq!(own.agree(&newer), Err(Violation::Version { oldest: 2, newest: 3 }));
    }
}
