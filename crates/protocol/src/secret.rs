//! Ed25519 keys that sign for one named purpose at a time.

use std::fmt;

use ed25519_dalek::{
    Signature, Signer as _, SigningKey, VerifyingKey,
    pkcs8::{EncodePrivateKey as _, EncodePublicKey as _},
};
use outport_types::PublicKey;
use serde::{Deserialize, Serialize};

/// What a signature is for; the same bytes signed for one purpose mean nothing for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The hub's root key vouches for the keys of the day.
    Statement,
    /// A ticket key lets two agents hold a session.
    Ticket,
    /// An agent proves that it holds the key that it asks the hub to register.
    Setup,
}

impl Purpose {
    const fn domain(self) -> &'static [u8] {
        match self {
            Self::Statement => b"outport statement v1\0",
            Self::Ticket => b"outport ticket v1\0",
            Self::Setup => b"outport setup v1\0",
        }
    }
}

/// A secret Ed25519 key; wiped when dropped, never printed.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// Takes 32 random bytes, which the caller draws from the operating system.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The 32 bytes to store; the caller keeps them secret.
    pub fn to_seed(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs `message` for `purpose`.
    pub fn sign(&self, purpose: Purpose, message: &[u8]) -> KeySignature {
        KeySignature::from_bytes(self.0.sign(&prefixed(purpose, message)).to_bytes())
    }

    /// The key as PKCS #8, as TLS libraries take it.
    pub fn to_pkcs8_der(&self) -> Vec<u8> {
        let document = self.0.to_pkcs8_der().expect("an Ed25519 key always has a PKCS #8 form");
        document.as_bytes().to_vec()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", self.public())
    }
}

/// A signature made by [`SecretKey::sign`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySignature {
    r: [u8; 32],
    s: [u8; 32],
}

impl KeySignature {
    /// Wraps the 64 bytes of a signature.
    pub fn from_bytes(bytes: [u8; 64]) -> Self {
        let (mut r, mut s) = ([0; 32], [0; 32]);
        r.copy_from_slice(&bytes[..32]);
        s.copy_from_slice(&bytes[32..]);
        Self { r, s }
    }

    /// The 64 bytes of the signature.
    pub fn to_bytes(self) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&self.r);
        bytes[32..].copy_from_slice(&self.s);
        bytes
    }
}

/// The signature is not of that key over that message for that purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not fit the key")]
pub struct BadSignature;

/// Checks a signature strictly: no weak keys, no second forms.
///
/// # Errors
/// When the key is no key or the signature is not its.
pub fn verify(
    key: &PublicKey,
    purpose: Purpose,
    message: &[u8],
    signature: &KeySignature,
) -> Result<(), BadSignature> {
    let key = VerifyingKey::from_bytes(&key.0).map_err(|_| BadSignature)?;
    let signature = Signature::from_bytes(&signature.to_bytes());
    key.verify_strict(&prefixed(purpose, message), &signature).map_err(|_| BadSignature)
}

/// The key as SubjectPublicKeyInfo, as TLS shows a raw public key; `None` when it is no key.
pub fn public_key_to_spki_der(key: &PublicKey) -> Option<Vec<u8>> {
    let key = VerifyingKey::from_bytes(&key.0).ok()?;
    key.to_public_key_der().ok().map(|document| document.as_bytes().to_vec())
}

/// The key inside a SubjectPublicKeyInfo; `None` unless it is an Ed25519 key in canonical form.
pub fn public_key_from_spki_der(der: &[u8]) -> Option<PublicKey> {
    let (head, key) = der.split_at_checked(ED25519_SPKI_HEAD.len())?;
    if head != ED25519_SPKI_HEAD {
        return None;
    }
    let key = PublicKey(key.try_into().ok()?);
    VerifyingKey::from_bytes(&key.0).ok().filter(|key| !key.is_weak()).map(|_| key)
}

fn prefixed(purpose: Purpose, message: &[u8]) -> Vec<u8> {
    [purpose.domain(), message].concat()
}

/// What stands before the 32 key bytes in every Ed25519 SubjectPublicKeyInfo (RFC 8410).
const ED25519_SPKI_HEAD: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_key_purpose_and_message_only() {
        let key = SecretKey::from_seed(&[1; 32]);
        let other = SecretKey::from_seed(&[2; 32]);
        let signature = key.sign(Purpose::Ticket, b"message");
        assert_eq!(verify(&key.public(), Purpose::Ticket, b"message", &signature), Ok(()));
        assert!(verify(&key.public(), Purpose::Setup, b"message", &signature).is_err());
        assert!(verify(&key.public(), Purpose::Ticket, b"massage", &signature).is_err());
        assert!(verify(&other.public(), Purpose::Ticket, b"message", &signature).is_err());
        assert!(verify(&PublicKey([0; 32]), Purpose::Ticket, b"message", &signature).is_err());
    }

    #[test]
    fn spki_reads_back_and_refuses_other_shapes() {
        let key = SecretKey::from_seed(&[3; 32]).public();
        let der = public_key_to_spki_der(&key).unwrap();
        assert_eq!(public_key_from_spki_der(&der), Some(key));
        assert_eq!(public_key_from_spki_der(&der[1..]), None);
        assert_eq!(public_key_from_spki_der(&[]), None);
        let mut weak = der;
        weak[12..].fill(0);
        assert_eq!(public_key_from_spki_der(&weak), None);
    }

    #[test]
    fn debug_shows_no_secret() {
        let key = SecretKey::from_seed(&[9; 32]);
        assert!(!format!("{key:?}").contains("9, 9"));
    }
}
