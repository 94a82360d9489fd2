//! The hub's keys of the day, vouched for by its root key.
//!
//! Agents pin the *root* key when they are set up.
//! The root signs statements: which key signs tickets, which key answers on the control channel,
//! until when, and (some day) which root comes next.
//! A stolen ticket key is of use for days, not for ever, and a root can be retired without
//! visiting a thousand laptops.

use outport_types::{PublicKey, UnixTime};
use serde::{Deserialize, Serialize};

use crate::{
    codec::{DecodeError, decode, encode},
    secret::{BadSignature, KeySignature, Purpose, SecretKey, verify},
};

/// Which keys act for the hub, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The root that signs this.
    pub root: PublicKey,
    /// Grows with every statement; an agent never goes back to an older one.
    pub serial: u64,
    /// Signs tickets.
    pub ticket_key: PublicKey,
    /// Answers inside the control channel.
    pub channel_key: PublicKey,
    /// From when on the keys hold, in hub time.
    pub not_before: UnixTime,
    /// Until when the keys hold, in hub time.
    pub not_after: UnixTime,
    /// The root that agents shall pin from now on.
    pub successor: Option<PublicKey>,
}

/// A statement with its signature, as it travels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedStatement {
    /// The encoded [`Statement`]; signatures are over bytes, never over what they mean.
    pub body: Vec<u8>,
    /// The root's signature over `body`.
    pub signature: KeySignature,
}

/// Why a statement is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// It does not decode.
    #[error("the hub's statement of keys does not decode")]
    Malformed(#[source] DecodeError),
    /// It is of another root.
    #[error("the statement is of another hub than the one that this computer knows")]
    OtherRoot,
    /// The signature is wrong.
    #[error("the statement is not signed by the hub's root key")]
    Signature(#[source] BadSignature),
    /// An older one than the agent has seen.
    #[error("the statement is older than one seen before")]
    Older,
}

impl SignedStatement {
    /// Signs a statement with the root key.
    pub fn sign(statement: &Statement, root: &SecretKey) -> Self {
        let body = encode(statement);
        let signature = root.sign(Purpose::Statement, &body);
        Self { body, signature }
    }

    /// Checks the statement against the pinned root and the newest serial seen.
    ///
    /// Its times are the caller's to compare, with hub time.
    ///
    /// # Errors
    /// When it is malformed, of another root, badly signed or older than `serial_seen`.
    pub fn verify(&self, root: &PublicKey, serial_seen: u64) -> Result<Statement, StatementError> {
        let statement: Statement =
            decode(&self.body, STATEMENT_BYTES_MAX).map_err(StatementError::Malformed)?;
        if statement.root != *root {
            return Err(StatementError::OtherRoot);
        }
        verify(root, Purpose::Statement, &self.body, &self.signature)
            .map_err(StatementError::Signature)?;
        if statement.serial < serial_seen {
            return Err(StatementError::Older);
        }
        Ok(statement)
    }

    /// Encodes it for the first message of the control channel.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads the first message of the control channel.
    ///
    /// # Errors
    /// When the bytes are no statement.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode(bytes, STATEMENT_BYTES_MAX * 2)
    }
}

/// A statement has three keys and a few numbers; four times that leaves room for later versions.
const STATEMENT_BYTES_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_believed_from_its_root_only_and_never_backwards() {
        let root = SecretKey::from_seed(&[1; 32]);
        let statement = Statement {
            root: root.public(),
            serial: 5,
            ticket_key: PublicKey([2; 32]),
            channel_key: PublicKey([3; 32]),
            not_before: UnixTime::from_seconds(100),
            not_after: UnixTime::from_seconds(200),
            successor: None,
        };
        let signed = SignedStatement::sign(&statement, &root);
        let read = SignedStatement::from_bytes(&signed.to_bytes()).unwrap();
        assert_eq!(read.verify(&root.public(), 5), Ok(statement.clone()));
        assert_eq!(read.verify(&root.public(), 6), Err(StatementError::Older));

        let other = SecretKey::from_seed(&[9; 32]);
        assert_eq!(read.verify(&other.public(), 0), Err(StatementError::OtherRoot));
        let forged = SignedStatement::sign(&statement, &other);
        assert!(matches!(forged.verify(&root.public(), 0), Err(StatementError::Signature(_))));
        let mut torn = signed;
        torn.body.truncate(10);
        assert!(matches!(torn.verify(&root.public(), 0), Err(StatementError::Malformed(_))));
    }
}
