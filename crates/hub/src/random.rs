//! Secrets and ids that nobody can guess.

use std::{fmt, io, path::Path};

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// A 256-bit secret as its holder sees it; the hub keeps only [`Secret::hash`].
#[derive(Clone)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    /// Makes a fresh secret.
    pub(crate) fn random() -> Self {
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(random_bytes::<32>())))
    }

    /// Wraps what a caller presented, whatever it is.
    pub(crate) fn presented(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// What is stored in its place: enough to recognise it, useless to present.
    pub(crate) fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The secret itself, for the one answer that tells it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The SHA-256 of a secret; what a database holds.
///
/// A plain hash is enough, because the secrets are random and too many to try.
#[derive(Clone, Copy)]
pub(crate) struct SecretHash(pub(crate) [u8; 32]);

impl SecretHash {
    /// The hash as a store keeps it.
    pub(crate) fn to_vec(self) -> Vec<u8> {
        self.0.to_vec()
    }

    /// Whether a stored hash is this one, in constant time.
    pub(crate) fn matches(&self, stored: &[u8]) -> bool {
        self.0.as_slice().ct_eq(stored).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(..)")
    }
}

/// Marks what the hub hands to browsers, so that it recognises it later.
pub(crate) struct CookieKey(hmac::Key);

impl CookieKey {
    /// Reads the key in the data directory, or makes it.
    pub(crate) fn load(data: &Path) -> io::Result<Self> {
        let bytes = crate::secrets::load_or_create(data, "cookie.key", || {
            Ok(Zeroizing::new(random_bytes::<32>().to_vec()))
        })?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// A mark that only this hub can make; `purpose` keeps marks of different meaning apart.
    pub(crate) fn mark(&self, purpose: &str, text: &str) -> String {
        let tag = hmac::sign(&self.0, format!("{purpose}\0{text}").as_bytes());
        URL_SAFE_NO_PAD.encode(tag.as_ref())
    }

    /// Whether a mark is the one that [`CookieKey::mark`] makes.
    pub(crate) fn is_mark(&self, purpose: &str, text: &str, mark: &str) -> bool {
        self.mark(purpose, text).as_bytes().ct_eq(mark.as_bytes()).into()
    }
}

impl fmt::Debug for CookieKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieKey(..)")
    }
}

/// What the relay's tokens are made from: read from the data directory, or made. It outlives a restart,
/// as the sessions do.
pub(crate) fn relay_secret(data: &Path) -> io::Result<[u8; 32]> {
    let bytes = crate::secrets::load_or_create(data, "relay.key", || {
        Ok(Zeroizing::new(random_bytes::<32>().to_vec()))
    })?;
    let damaged = |_| io::Error::other("relay.key has not 32 bytes; restore it, or remove it");
    bytes.as_slice().try_into().map_err(damaged)
}

/// Bytes from the operating system's random source.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has randomness once it runs programs");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_recognised_by_its_hash_and_never_printed() {
        let secret = Secret::random();
        let again = Secret::presented(secret.reveal());
        assert!(again.hash().matches(&secret.hash().to_vec()));
        assert!(!Secret::random().hash().matches(&secret.hash().to_vec()));
        assert!(!format!("{secret:?}{:?}", secret.hash()).contains(secret.reveal()));
    }
}
