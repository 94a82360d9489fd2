//! How a side of a session gets through the relay's HTTPS port, where UDP does not get out.
//!
//! 1. The agent opens a WebSocket at [`TUNNEL_PATH`], as a browser could, through whatever proxies
//!    and inspecting firewalls stand in between. All that follows are binary messages.
//! 2. The relay sends a [nonce](TunnelNonce), another one for every connection.
//! 3. The agent sends [`TunnelJoin`]: session, side, [what for](TunnelUse), and the token's MAC over
//!    all of it and the nonce. The token itself is never sent, so whoever reads along, even inside
//!    the outer encryption, has nothing for a connection of its own.
//! 4. The relay answers with [`TUNNEL_READY`]: for packets at once, for a stream as soon as the other
//!    side has joined the same one. What does not hold is closed without a word.
//! 5. For packets, every message from then on is one packet of QUIC, to or from the other side, on
//!    whatever way that one is joined. Of a stream all messages go over to the other side, in order,
//!    as fast as it takes them.

use outport_types::SessionId;

use crate::relay::{RelaySide, RelayToken, mac};

/// What the relay gives for one connection.
pub type TunnelNonce = [u8; NONCE_BYTES];

/// "Here I am, this is what I want, and I hold the token."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TunnelJoin {
    /// The session.
    pub session: SessionId,
    /// Which side speaks.
    pub side: RelaySide,
    /// What the connection is for.
    pub wanted: TunnelUse,
    /// See [`RelayToken::join`].
    pub mac: [u8; 32],
}

/// What a connection through the relay's HTTPS port carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TunnelUse {
    /// Packets of QUIC, in the place of UDP.
    Packets,
    /// One of the streams on which the two sides agreed.
    Stream {
        /// The attempt of the link that it belongs to, as both sides know it.
        attempt: u64,
        /// Its number.
        number: u8,
    },
}

impl RelayToken {
    /// Proves to the relay that gave `nonce` that this side holds the token.
    pub fn join(
        &self,
        session: SessionId,
        side: RelaySide,
        wanted: TunnelUse,
        nonce: &TunnelNonce,
    ) -> TunnelJoin {
        let unproved = TunnelJoin { session, side, wanted, mac: [0; 32] };
        TunnelJoin { mac: self.join_mac(&unproved, nonce), ..unproved }
    }

    /// Whether a join on the connection that was given `nonce` holds; takes the same time whatever is
    /// wrong.
    pub fn accepts_join(&self, join: &TunnelJoin, nonce: &TunnelNonce) -> bool {
        let expected = self.join_mac(join, nonce);
        blake3::Hash::from_bytes(expected) == blake3::Hash::from_bytes(join.mac)
    }

    fn join_mac(&self, join: &TunnelJoin, nonce: &TunnelNonce) -> [u8; 32] {
        mac(self.as_bytes(), JOIN_DOMAIN, &[&join.encode()[..SAID_BYTES], nonce])
    }
}

impl TunnelJoin {
    /// The message to send.
    pub fn encode(&self) -> [u8; JOIN_BYTES] {
        let mut message = [0; JOIN_BYTES];
        message[..8].copy_from_slice(&JOIN_MAGIC);
        message[8..24].copy_from_slice(self.session.as_bytes());
        message[24] = self.side.number();
        if let TunnelUse::Stream { attempt, number } = self.wanted {
            message[25] = 1;
            message[26] = number;
            message[32..40].copy_from_slice(&attempt.to_be_bytes());
        }
        message[SAID_BYTES..].copy_from_slice(&self.mac);
        message
    }

    /// Reads a message; `None` when it is something else.
    pub fn decode(message: &[u8]) -> Option<Self> {
        let message: &[u8; JOIN_BYTES] = message.try_into().ok()?;
        if !message.starts_with(&JOIN_MAGIC) || message[27..32] != [0; 5] {
            return None;
        }
        let attempt = u64::from_be_bytes(message[32..40].try_into().ok()?);
        let wanted = match (message[25], message[26], attempt) {
            (0, 0, 0) => TunnelUse::Packets,
            (1, number, attempt) => TunnelUse::Stream { attempt, number },
            _ => return None,
        };
        Some(Self {
            session: SessionId::from_bytes(message[8..24].try_into().ok()?),
            side: RelaySide::from_number(message[24])?,
            wanted,
            mac: message[SAID_BYTES..].try_into().ok()?,
        })
    }
}

/// Where the relay takes connections, below the hub's URL.
pub const TUNNEL_PATH: &str = "/outport/v1/relay";
/// The longest message.
pub const TUNNEL_MESSAGE_BYTES_MAX: usize = 128 * 1024;
/// Bytes of a nonce.
pub const NONCE_BYTES: usize = 24;
/// Bytes of a join.
pub const JOIN_BYTES: usize = 72;
/// What the relay says when a connection carries from now on.
pub const TUNNEL_READY: [u8; 8] = *b"\x0eOPrtTR1";
const JOIN_MAGIC: [u8; 8] = *b"\x0eOPrtTJ1";
/// Bytes of a join before its MAC.
const SAID_BYTES: usize = 40;
const JOIN_DOMAIN: &[u8] = b"outport tunnel join v1\0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_read_back_and_are_pinned() {
        for wanted in [TunnelUse::Packets, TunnelUse::Stream { attempt: 258, number: 3 }] {
            for side in RelaySide::ALL {
                let join = token().join(SESSION, side, wanted, &[1; 24]);
                assert_eq!(TunnelJoin::decode(&join.encode()), Some(join));
            }
        }
        let bytes = join().encode();
        assert_eq!(bytes[..8], *b"\x0eOPrtTJ1");
        assert_eq!(bytes[8..24], [7; 16]);
        assert_eq!(bytes[24..40], [1, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
    }

    #[test]
    fn other_messages_are_refused() {
        let good = join().encode();
        assert_eq!(TunnelJoin::decode(&good[1..]), None);
        for (at, value) in [(0, 0), (24, 4), (25, 0), (25, 2), (27, 1), (31, 1)] {
            let mut bad = good;
            bad[at] = value;
            assert_eq!(TunnelJoin::decode(&bad), None, "{at}");
        }
    }

    #[test]
    fn a_join_holds_for_its_token_session_side_use_and_nonce_only() {
        let (join, nonce) = (join(), [1; 24]);
        assert!(token().accepts_join(&join, &nonce));
        assert!(!token().accepts_join(&join, &[2; 24]), "it cannot be repeated");
        assert!(!RelayToken::from_bytes([8; 32]).accepts_join(&join, &nonce));
        let session = SessionId::from_bytes([9; 16]);
        assert!(!token().accepts_join(&TunnelJoin { session, ..join }, &nonce));
        let side = join.side.other();
        assert!(!token().accepts_join(&TunnelJoin { side, ..join }, &nonce));
        for wanted in [
            TunnelUse::Packets,
            TunnelUse::Stream { attempt: 258, number: 4 },
            TunnelUse::Stream { attempt: 259, number: 3 },
        ] {
            assert!(!token().accepts_join(&TunnelJoin { wanted, ..join }, &nonce));
        }
    }

    fn join() -> TunnelJoin {
        let wanted = TunnelUse::Stream { attempt: 258, number: 3 };
        token().join(SESSION, RelaySide::Receiver, wanted, &[1; 24])
    }

    fn token() -> RelayToken {
        RelayToken::from_bytes([5; 32])
    }

    const SESSION: SessionId = SessionId::from_bytes([7; 16]);
}
