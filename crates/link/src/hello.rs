//! The first bytes on a new connection: which session it is for, and the answer.
//!
//! 1. Who dialled opens the control stream and writes a [`Hello`]: version, session, the dialler's
//!    attempt, how many data streams there will be. It opens those at once, each with one byte, its
//!    number. Until then the acceptor only knows the key, which may be in several sessions.
//! 2. The acceptor looks for a session of that name that it expects with that key. If there is
//!    none the connection is closed with `NotExpected`.
//! 3. One of both decides which connection stays, see [`crate::establish`]. When the acceptor takes
//!    it, it answers with a [`Welcome`] on the control stream, and both have a link.
//!
//! An attempt is a random number of one call of `establish`. It tells a connection that lost the
//! race (same attempt as the link's: closed quietly) from one that means that the other side's link
//! broke and it dials anew (another attempt: the old link is given up at once).
//!
//! A link may move from one connection to a better one, its next leg: see [`crate::legs`]. The hello of
//! that one has the attempt of the link, and the leg's number. A leg may be widened by more connections,
//! its strands: see [`crate::legs`]. Their hello has the strand's number too.
//!
//! | frame | bytes |
//! | --- | --- |
//! | hello | magic 4, version 1, streams 1, session 16, attempt 8, leg 1, strand 1: 32 |
//! | welcome | magic 4, version 1, attempt 8: 13 |

use outport_types::SessionId;

/// What the dialler says first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hello {
    pub(crate) streams: u8,
    pub(crate) session: SessionId,
    pub(crate) attempt: u64,
    /// Which leg of its link this is to be, from 0.
    pub(crate) leg: u8,
    /// Which connection of that leg, from 0.
    pub(crate) strand: u8,
}

/// What the acceptor answers when the connection is to stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Welcome {
    pub(crate) attempt: u64,
}

/// The other side's first bytes are not what they must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HelloError {
    #[error("the first bytes are not those of a link")]
    Magic,
    #[error("version {theirs} of the link is not spoken here, only {ours}")]
    Version { theirs: u8, ours: u8 },
    #[error("a link of {streams} data streams was asked for, and 1 to {max} are possible")]
    Streams { streams: u8, max: u8 },
}

impl Hello {
    pub(crate) const BYTES: usize = 32;

    pub(crate) fn encode(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..4].copy_from_slice(&HELLO_MAGIC);
        bytes[4] = VERSION;
        bytes[5] = self.streams;
        bytes[6..22].copy_from_slice(self.session.as_bytes());
        bytes[22..30].copy_from_slice(&self.attempt.to_be_bytes());
        bytes[30..].copy_from_slice(&[self.leg, self.strand]);
        bytes
    }

    pub(crate) fn decode(bytes: &[u8; Self::BYTES]) -> Result<Self, HelloError> {
        check(&bytes[..5], &HELLO_MAGIC)?;
        let streams = bytes[5];
        if !(1..=STREAMS_MAX).contains(&streams) {
            return Err(HelloError::Streams { streams, max: STREAMS_MAX });
        }
        let (mut session, mut attempt) = ([0; 16], [0; 8]);
        session.copy_from_slice(&bytes[6..22]);
        attempt.copy_from_slice(&bytes[22..30]);
        let session = SessionId::from_bytes(session);
        let (attempt, [leg, strand]) = (u64::from_be_bytes(attempt), [bytes[30], bytes[31]]);
        Ok(Self { streams, session, attempt, leg, strand })
    }
}

impl Welcome {
    pub(crate) const BYTES: usize = 13;

    pub(crate) fn encode(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..4].copy_from_slice(&WELCOME_MAGIC);
        bytes[4] = VERSION;
        bytes[5..].copy_from_slice(&self.attempt.to_be_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8; Self::BYTES]) -> Result<Self, HelloError> {
        check(&bytes[..5], &WELCOME_MAGIC)?;
        let mut attempt = [0; 8];
        attempt.copy_from_slice(&bytes[5..]);
        Ok(Self { attempt: u64::from_be_bytes(attempt) })
    }
}

fn check(start: &[u8], magic: &[u8; 4]) -> Result<(), HelloError> {
    if !start.starts_with(magic) {
        return Err(HelloError::Magic);
    }
    match start[4] {
        VERSION => Ok(()),
        theirs => Err(HelloError::Version { theirs, ours: VERSION }),
    }
}

/// The most data streams of a link.
pub const STREAMS_MAX: u8 = 16;
const VERSION: u8 = 5;
const HELLO_MAGIC: [u8; 4] = *b"OPLh";
const WELCOME_MAGIC: [u8; 4] = *b"OPLw";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hello_and_welcome_read_back_and_are_pinned() {
        let session = SessionId::from_bytes([7; 16]);
        let hello = Hello { streams: 8, session, attempt: 258, leg: 3, strand: 4 };
        let bytes = hello.encode();
        assert_eq!(bytes[..6], *b"OPLh\x05\x08");
        assert_eq!(bytes[22..], [0, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
        assert_eq!(Hello::decode(&bytes), Ok(hello));
        let welcome = Welcome { attempt: 258 };
        assert_eq!(welcome.encode(), *b"OPLw\x05\0\0\0\0\0\0\x01\x02");
        assert_eq!(Welcome::decode(&welcome.encode()), Ok(welcome));
    }

    #[test]
    fn other_versions_magics_and_stream_counts_are_refused() {
        let session = SessionId::from_bytes([0; 16]);
        let good = Hello { streams: 1, session, attempt: 0, leg: 0, strand: 0 };
        for (at, value) in [(0, 0), (4, 2), (5, 0), (5, 17), (5, 255)] {
            let mut bytes = good.encode();
            bytes[at] = value;
            assert!(Hello::decode(&bytes).is_err(), "{at} {value}");
        }
    }
}
