//! The text that binds a new computer to an endpoint: `outport setup KEY`.
//!
//! It carries the hub's address, the hub's root key and a one-time secret, so that whoever has it
//! needs to trust nobody else; it is single use, expires at the hub, and can only bind a key to
//! that one endpoint.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use outport_types::{EndpointId, PublicKey};
use serde::{Deserialize, Serialize};

use crate::{
    codec::{decode, encode},
    secret::{BadSignature, KeySignature, Purpose, SecretKey, verify},
};

/// What a setup key says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupKey {
    /// The hub's public URL.
    pub hub: String,
    /// The hub's root key, to be pinned.
    pub root: PublicKey,
    /// The endpoint that it is for.
    pub endpoint: EndpointId,
    /// The one-time secret.
    pub secret: [u8; 16],
}

/// Why a text is no setup key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetupKeyError {
    /// It does not look like one.
    #[error("a setup key starts with `{PREFIX}`")]
    NotOne,
    /// Some characters are missing or changed.
    #[error("the setup key is damaged: copy all of it")]
    Damaged,
}

impl fmt::Display for SetupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut body = encode(self);
        body.extend_from_slice(&crc32fast::hash(&body).to_be_bytes());
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(body))
    }
}

impl fmt::Debug for SetupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetupKey")
            .field("hub", &self.hub)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl FromStr for SetupKey {
    type Err = SetupKeyError;

    fn from_str(text: &str) -> Result<Self, SetupKeyError> {
        let body = text.trim().strip_prefix(PREFIX).ok_or(SetupKeyError::NotOne)?;
        let body = URL_SAFE_NO_PAD.decode(body).map_err(|_| SetupKeyError::Damaged)?;
        let (body, sum) = body.split_last_chunk::<4>().ok_or(SetupKeyError::Damaged)?;
        if crc32fast::hash(body).to_be_bytes() != *sum {
            return Err(SetupKeyError::Damaged);
        }
        decode(body, SETUP_KEY_BYTES_MAX).map_err(|_| SetupKeyError::Damaged)
    }
}

/// What an agent sends to `POST /outport/v1/setup` to bind its key to an endpoint.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupRequest {
    /// The endpoint, as the setup key names it.
    pub endpoint: EndpointId,
    /// The one-time secret as URL-safe base64; the hub keeps only its hash.
    pub secret: String,
    /// The key to bind.
    pub key: PublicKey,
    /// Proof that the sender holds that key, as URL-safe base64.
    pub proof: String,
    /// What the computer calls itself, for the owner to recognise.
    pub host: String,
}

/// What the hub answers when the key is bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupAnswer {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Its full name, `smith#WorkPC`.
    pub name: String,
    /// The hub's root key again; it must be the one in the setup key.
    pub root: PublicKey,
}

impl SetupKey {
    /// Builds the request that binds `key`.
    pub fn request(&self, key: &SecretKey, host: &str) -> SetupRequest {
        let proof = key.sign(Purpose::Setup, &self.proof_message(&key.public()));
        SetupRequest {
            endpoint: self.endpoint,
            secret: URL_SAFE_NO_PAD.encode(self.secret),
            key: key.public(),
            proof: URL_SAFE_NO_PAD.encode(proof.to_bytes()),
            host: host.to_owned(),
        }
    }

    fn proof_message(&self, key: &PublicKey) -> Vec<u8> {
        proof_message(&self.root, self.endpoint, &self.secret, key)
    }
}

impl fmt::Debug for SetupRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetupRequest")
            .field("endpoint", &self.endpoint)
            .field("key", &self.key)
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

impl SetupRequest {
    /// The one-time secret; `None` when it is malformed.
    pub fn secret_bytes(&self) -> Option<[u8; 16]> {
        URL_SAFE_NO_PAD.decode(&self.secret).ok()?.try_into().ok()
    }

    /// Checks that the sender holds the key that it asks to bind at the hub with this root.
    ///
    /// # Errors
    /// When the proof is malformed or not of that key.
    pub fn verify(&self, root: &PublicKey) -> Result<(), BadSignature> {
        let secret = self.secret_bytes().ok_or(BadSignature)?;
        let proof = URL_SAFE_NO_PAD.decode(&self.proof).map_err(|_| BadSignature)?;
        let proof = KeySignature::from_bytes(proof.try_into().map_err(|_| BadSignature)?);
        let message = proof_message(root, self.endpoint, &secret, &self.key);
        verify(&self.key, Purpose::Setup, &message, &proof)
    }
}

fn proof_message(
    root: &PublicKey,
    endpoint: EndpointId,
    secret: &[u8; 16],
    key: &PublicKey,
) -> Vec<u8> {
    [&root.0[..], endpoint.as_bytes(), secret, &key.0].concat()
}

/// So that people and scanners of leaked secrets can tell what it is.
const PREFIX: &str = "outport-setup-";
/// The keys and a URL of up to 500 characters or so.
const SETUP_KEY_BYTES_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setup_key_reads_back_and_shows_damage() {
        let text = sample().to_string();
        assert_eq!(format!(" {text}\n").parse(), Ok(sample()));
        assert_eq!("hello".parse::<SetupKey>(), Err(SetupKeyError::NotOne));
        assert_eq!(text[..text.len() - 1].parse::<SetupKey>(), Err(SetupKeyError::Damaged));
        assert!(!format!("{:?}", sample()).contains('7'), "the secret is not shown");
    }

    #[test]
    fn a_request_proves_its_key_to_that_hub() {
        let key = SecretKey::from_seed(&[1; 32]);
        let request = sample().request(&key, "laptop");
        assert_eq!(request.verify(&PublicKey([4; 32])), Ok(()));
        assert!(request.verify(&PublicKey([5; 32])).is_err());
        let stolen = SetupRequest { key: SecretKey::from_seed(&[2; 32]).public(), ..request };
        assert!(stolen.verify(&PublicKey([4; 32])).is_err());
    }

    fn sample() -> SetupKey {
        SetupKey {
            hub: "https://hub.example.org".to_owned(),
            root: PublicKey([4; 32]),
            endpoint: EndpointId::from_bytes([0; 16]),
            secret: [7; 16],
        }
    }
}
