//! How an agent sees what the hub's HTTPS port carries for it.
//!
//! 1. The agent opens a WebSocket at [`MEASURE_PATH`], and both prove their keys inside it as on the
//!    control channel, under a protocol name of its own ([`ALPN_MEASURE`](crate::tls::ALPN_MEASURE)).
//!    Only agents that are registered get further.
//! 2. The agent sends a [`MeasureRequest`]: which way.
//! 3. The hub answers with [`MeasureTerms`]: how much it takes part in, which is nothing where it was
//!    asked too often or measures for others.
//! 4. Inwards the hub sends bytes that mean nothing, as many as it offered and no longer than
//!    [`MEASURE_MS`]; outwards the agent does, and the hub says every [`COUNT_EVERY_MS`] with
//!    [`encode_count`] how many have come. Nothing is kept. Either side ends it by closing.
//!
//! Or it asks what the relay still forwards for its account today ([`MeasureRequest::Left`]), and the
//! hub answers with [`DayLeft`] and closes.
//!
//! Or it wants to see what the relays carry over UDP ([`MeasureRequest::Relays`]). The hub answers with
//! [`RelayTerms`]: a session of which the agent holds both sides, so that what goes out from it comes
//! back to it and to nobody else. The session is over when the agent closes.

use outport_types::SessionId;
use serde::{Deserialize, Serialize};

use crate::control::{FrameError, RelayOffer, encode_frame};

/// What an agent asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasureRequest {
    /// The hub shall send.
    Inwards,
    /// The agent will send.
    Outwards,
    /// Nothing flows.
    Left,
    /// Bytes will flow through a relay.
    Relays,
}

/// How far the hub goes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeasureTerms {
    /// How many bytes at most; 0 is not now.
    pub bytes_max: u64,
    /// Bytes per second that a session may have through the relay; `None` is no limit.
    pub rate_max: Option<u64>,
}

/// What the relay still forwards for an account today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayLeft {
    /// So many bytes; `None` is as many as come.
    pub bytes: Option<u64>,
    /// When it is counted anew, in seconds of the world's time.
    pub until: u64,
}

/// How far the hub goes along when relays are to carry something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayTerms {
    /// The session; the agent has both of its sides.
    pub session: SessionId,
    /// How many bytes of content at most.
    pub bytes_max: u64,
    /// As for any session; none is not now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relays: Vec<RelayOffer>,
}

impl MeasureRequest {
    /// The bytes to send.
    pub fn encode(self) -> [u8; REQUEST_BYTES] {
        let mut bytes = [0; REQUEST_BYTES];
        bytes[..8].copy_from_slice(&REQUEST_MAGIC);
        bytes[8] = match self {
            Self::Inwards => 0,
            Self::Outwards => 1,
            Self::Left => 2,
            Self::Relays => 3,
        };
        bytes
    }

    /// Reads a request; `None` when it is something else.
    pub fn decode(bytes: &[u8; REQUEST_BYTES]) -> Option<Self> {
        match bytes.strip_prefix(&REQUEST_MAGIC)? {
            [0, 0, 0, 0, 0, 0, 0, 0] => Some(Self::Inwards),
            [1, 0, 0, 0, 0, 0, 0, 0] => Some(Self::Outwards),
            [2, 0, 0, 0, 0, 0, 0, 0] => Some(Self::Left),
            [3, 0, 0, 0, 0, 0, 0, 0] => Some(Self::Relays),
            _ => None,
        }
    }
}

impl MeasureTerms {
    /// The bytes to send.
    pub fn encode(self) -> [u8; TERMS_BYTES] {
        let mut bytes = [0; TERMS_BYTES];
        bytes[..8].copy_from_slice(&TERMS_MAGIC);
        bytes[8..16].copy_from_slice(&self.bytes_max.to_be_bytes());
        bytes[16..].copy_from_slice(&self.rate_max.unwrap_or(0).to_be_bytes());
        bytes
    }

    /// Reads an answer; `None` when it is something else.
    pub fn decode(bytes: &[u8; TERMS_BYTES]) -> Option<Self> {
        let (numbers, _) = bytes.strip_prefix(&TERMS_MAGIC)?.as_chunks::<8>();
        let &[bytes_max, rate_max] = numbers else { return None };
        let rate_max = Some(u64::from_be_bytes(rate_max)).filter(|rate| *rate != 0);
        Some(Self { bytes_max: u64::from_be_bytes(bytes_max), rate_max })
    }
}

impl DayLeft {
    /// The bytes to send.
    pub fn encode(self) -> [u8; TERMS_BYTES] {
        let mut bytes = [0; TERMS_BYTES];
        bytes[..8].copy_from_slice(&LEFT_MAGIC);
        bytes[8..16].copy_from_slice(&self.bytes.unwrap_or(u64::MAX).to_be_bytes());
        bytes[16..].copy_from_slice(&self.until.to_be_bytes());
        bytes
    }

    /// Reads an answer; `None` when it is something else.
    pub fn decode(bytes: &[u8; TERMS_BYTES]) -> Option<Self> {
        let (numbers, _) = bytes.strip_prefix(&LEFT_MAGIC)?.as_chunks::<8>();
        let &[left, until] = numbers else { return None };
        let left = Some(u64::from_be_bytes(left)).filter(|left| *left != u64::MAX);
        Some(Self { bytes: left, until: u64::from_be_bytes(until) })
    }
}

impl RelayTerms {
    /// The bytes to send: four of length, and JSON.
    ///
    /// # Errors
    /// When it names more relays than any hub has.
    pub fn encode(&self) -> Result<Vec<u8>, FrameError> {
        encode_frame(self)
    }

    /// Reads what follows the length, [`RELAY_TERMS_BYTES_MAX`] at most; `None` when it is something
    /// else.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// How many bytes have come since the beginning.
pub fn encode_count(count: u64) -> [u8; COUNT_BYTES] {
    count.to_be_bytes()
}

/// Reads what [`encode_count`] makes.
pub fn decode_count(bytes: [u8; COUNT_BYTES]) -> u64 {
    u64::from_be_bytes(bytes)
}

/// Where the hub measures, below its URL.
pub const MEASURE_PATH: &str = "/outport/v1/measure";
/// How long bytes flow.
pub const MEASURE_MS: u64 = 1_000;
/// How often the hub says how many have come.
pub const COUNT_EVERY_MS: u64 = 50;
/// The most that a hub offers: a third of a second of a gigabit.
pub const MEASURE_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Bytes of a request.
pub const REQUEST_BYTES: usize = 16;
/// Bytes of the hub's terms.
pub const TERMS_BYTES: usize = 24;
/// The most that is read of what relays are offered with: all that a session has, and long names.
pub const RELAY_TERMS_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a count.
pub const COUNT_BYTES: usize = 8;
const REQUEST_MAGIC: [u8; 8] = *b"\x0eOPrtMR1";
const TERMS_MAGIC: [u8; 8] = *b"\x0eOPrtMT1";
const LEFT_MAGIC: [u8; 8] = *b"\x0eOPrtML1";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::RelayToken;

    #[test]
    fn requests_and_terms_read_back() {
        for request in [
            MeasureRequest::Inwards,
            MeasureRequest::Outwards,
            MeasureRequest::Left,
            MeasureRequest::Relays,
        ] {
            assert_eq!(MeasureRequest::decode(&request.encode()), Some(request));
        }
        for rate_max in [None, Some(7)] {
            let terms = MeasureTerms { bytes_max: MEASURE_BYTES_MAX, rate_max };
            assert_eq!(MeasureTerms::decode(&terms.encode()), Some(terms));
        }
        for bytes in [None, Some(0), Some(7)] {
            let left = DayLeft { bytes, until: 1_800_000_000 };
            assert_eq!(DayLeft::decode(&left.encode()), Some(left));
            assert_eq!(MeasureTerms::decode(&left.encode()), None);
        }
        assert_eq!(decode_count(encode_count(1 << 40)), 1 << 40);
        let session = SessionId::from_bytes([7; 16]);
        let offer = RelayOffer {
            address: "relay.example.org:7440".to_owned(),
            token: RelayToken::from_bytes([5; 32]),
            pass: None,
        };
        let terms = RelayTerms { session, bytes_max: 1 << 20, relays: vec![offer] };
        let bytes = terms.encode().unwrap();
        assert_eq!(bytes[..4], (bytes.len() as u32 - 4).to_be_bytes());
        assert_eq!(RelayTerms::decode(&bytes[4..]), Some(terms));
    }

    #[test]
    fn anything_else_is_nothing() {
        assert_eq!(MeasureRequest::decode(&[0; REQUEST_BYTES]), None);
        assert_eq!(MeasureTerms::decode(&[0; TERMS_BYTES]), None);
        assert_eq!(RelayTerms::decode(b"{}"), None);
        let mut request = MeasureRequest::Inwards.encode();
        request[15] = 1;
        assert_eq!(MeasureRequest::decode(&request), None);
    }
}
