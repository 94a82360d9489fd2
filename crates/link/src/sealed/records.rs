//! The records of TLS 1.3 (RFC 8446, section 5), for content in bulk.
//!
//! rustls proves the keys and makes those that seal. Its own records would be copied three times
//! where they arrive; here they are opened straight into where their content belongs.

use aws_lc_rs::{
    aead::{
        AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey,
    },
    error::Unspecified,
};
use bytes::{Buf as _, Bytes};
use rustls::{ConnectionTrafficSecrets, crypto::cipher::Iv};

use super::handshake::Secret;

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Alert,
    Handshake,
    Content,
}

/// Why something is no record.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum RecordError {
    #[error("something that is not sealed came where records are")]
    NotSealed,
    #[error("a record is longer than TLS lets it be")]
    TooLong,
    #[error("a record was not sealed by the other side, or not as the next one")]
    Forged,
    #[error("a record holds something of kind {0} that has no place there")]
    Kind(u8),
    #[error("no more records can be sealed with this key")]
    UsedUp,
    #[error("the cryptographic library does not take a key")]
    Key,
}

/// A key of one direction, and the number of the next record.
#[derive(Debug)]
struct TrafficKey {
    key: LessSafeKey,
    iv: [u8; NONCE_LEN],
    number: u64,
}

/// What seals records.
#[derive(Debug)]
pub(super) struct Sealer(TrafficKey);

/// What opens records.
#[derive(Debug)]
pub(super) struct Opener(TrafficKey);

impl TrafficKey {
    fn new((number, secrets): &Secret) -> Result<Self, RecordError> {
        let (algorithm, key, iv) = match secrets {
            ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (&AES_128_GCM, key, iv),
            ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (&AES_256_GCM, key, iv),
            ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (&CHACHA20_POLY1305, key, iv),
            _ => return Err(RecordError::Key),
        };
        let key = UnboundKey::new(algorithm, key.as_ref()).map_err(|_| RecordError::Key)?;
        let iv = <[u8; NONCE_LEN]>::try_from(Iv::as_ref(iv)).map_err(|_| RecordError::Key)?;
        Ok(Self { key: LessSafeKey::new(key), iv, number: *number })
    }

    /// The next record's nonce, which is used once.
    fn nonce(&mut self) -> Result<Nonce, RecordError> {
        let mut nonce = self.iv;
        for (byte, number) in nonce[NONCE_LEN - 8..].iter_mut().zip(self.number.to_be_bytes()) {
            *byte ^= number;
        }
        self.number = self.number.checked_add(1).ok_or(RecordError::UsedUp)?;
        Ok(Nonce::assume_unique_for_key(nonce))
    }
}

impl Sealer {
    pub(super) fn new(secret: &Secret) -> Result<Self, RecordError> {
        TrafficKey::new(secret).map(Self)
    }

    /// How many records this key has sealed.
    pub(super) fn sealed(&self) -> u64 {
        self.0.number
    }

    /// Puts a record of the front of `pieces` behind `out`, and shortens them by what it holds, which
    /// is said.
    pub(super) fn seal(
        &mut self,
        kind: Kind,
        pieces: &mut [Bytes],
        out: &mut Vec<u8>,
    ) -> Result<usize, RecordError> {
        let content = pieces.iter().map(Bytes::len).sum::<usize>().min(CONTENT_BYTES_MAX);
        let header = header(content + 1 + TAG_BYTES);
        out.extend_from_slice(&header);
        let start = out.len();
        let mut left = content;
        for piece in pieces {
            let bytes = piece.len().min(left);
            out.extend_from_slice(&piece[..bytes]);
            piece.advance(bytes);
            left -= bytes;
        }
        out.push(kind.number());
        let nonce = self.0.nonce()?;
        let sealed =
            self.0.key.seal_in_place_separate_tag(nonce, Aad::from(header), &mut out[start..]);
        let tag = sealed.map_err(|Unspecified| RecordError::UsedUp)?;
        out.extend_from_slice(tag.as_ref());
        Ok(content)
    }
}

impl Opener {
    pub(super) fn new(secret: &Secret) -> Result<Self, RecordError> {
        TrafficKey::new(secret).map(Self)
    }

    /// Opens the next record into the front of `out`, which has room for it; says what it holds and
    /// how much of that there is.
    pub(super) fn open(
        &mut self,
        record: Record<'_>,
        out: &mut [u8],
    ) -> Result<(Kind, usize), RecordError> {
        let nonce = self.0.nonce()?;
        let (body, tag) = record.sealed.split_at(record.room());
        let out = &mut out[..record.room()];
        let opened =
            self.0.key.open_separate_gather(nonce, Aad::from(record.header), body, tag, out);
        opened.map_err(|Unspecified| RecordError::Forged)?;
        // What is behind the last byte that is not zero only hides how much there is.
        let last = out.iter().rposition(|byte| *byte != 0).ok_or(RecordError::Kind(0))?;
        if CONTENT_BYTES_MAX < last {
            return Err(RecordError::TooLong);
        }
        Ok((Kind::numbered(out[last])?, last))
    }
}

/// A record that is there as a whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    header: [u8; HEADER_BYTES],
    sealed: &'a [u8],
}

impl<'a> Record<'a> {
    /// The first record of what came, if all of it did.
    pub(super) fn first(came: &'a [u8]) -> Result<Option<Self>, RecordError> {
        let Some((header, rest)) = came.split_first_chunk::<HEADER_BYTES>() else {
            return Ok(None);
        };
        let [kind, major, _, high, low] = *header;
        if kind != APPLICATION_DATA || major != 3 {
            return Err(RecordError::NotSealed);
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        match length {
            0..=TAG_BYTES => Err(RecordError::NotSealed),
            SEALED_BYTES_TOO_LONG.. => Err(RecordError::TooLong),
            _ => Ok(rest.get(..length).map(|sealed| Self { header: *header, sealed })),
        }
    }

    /// How much room its content takes while it is opened.
    pub(super) fn room(&self) -> usize {
        self.sealed.len() - TAG_BYTES
    }

    /// How much of what came it is.
    pub(super) fn bytes(&self) -> usize {
        HEADER_BYTES + self.sealed.len()
    }
}

impl Kind {
    fn number(self) -> u8 {
        match self {
            Self::Alert => 21,
            Self::Handshake => 22,
            Self::Content => APPLICATION_DATA,
        }
    }

    fn numbered(number: u8) -> Result<Self, RecordError> {
        let all = [Self::Alert, Self::Handshake, Self::Content];
        let found = all.into_iter().find(|kind| kind.number() == number);
        found.ok_or(RecordError::Kind(number))
    }
}

/// A record looks like content of TLS 1.2 from outside.
fn header(sealed: usize) -> [u8; HEADER_BYTES] {
    let [high, low] = (sealed as u16).to_be_bytes();
    [APPLICATION_DATA, 3, 3, high, low]
}

const APPLICATION_DATA: u8 = 23;
const HEADER_BYTES: usize = 5;
const TAG_BYTES: usize = 16;
/// What one record holds at most.
pub(super) const CONTENT_BYTES_MAX: usize = 16 * 1024;
/// What a record is allowed to grow by in all.
const SEALED_BYTES_TOO_LONG: usize = CONTENT_BYTES_MAX + 256 + 1;
/// A whole record at its longest.
pub(super) const RECORD_BYTES_MAX: usize = HEADER_BYTES + SEALED_BYTES_TOO_LONG - 1;
