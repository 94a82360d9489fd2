//! The key that signs identity tokens.

use std::{fmt, io, path::Path};

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use outport_api::auth::{Jwk, JwkSet};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Signs with RS256; the key is a file beside the database.
pub(crate) struct Signer {
    key: KeyPair,
    key_id: String,
}

impl Signer {
    /// Reads the key in the data directory, or makes it.
    pub(crate) fn load(data: &Path) -> io::Result<Self> {
        let der = crate::secrets::load_or_create(data, FILE_NAME, || {
            let key = KeyPair::generate(KeySize::Rsa2048).map_err(io::Error::other)?;
            let der: Pkcs8V1Der<'_> = key.as_der().map_err(io::Error::other)?;
            Ok(Zeroizing::new(der.as_ref().to_vec()))
        })?;
        let key = KeyPair::from_pkcs8(&der)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let digest = Sha256::digest(key.public_key().modulus().big_endian_without_leading_zero());
        let key_id = URL_SAFE_NO_PAD.encode(&digest[..12]);
        Ok(Self { key, key_id })
    }

    /// The public half, as a set of one key: the official clients try only the first.
    pub(crate) fn jwks(&self) -> JwkSet {
        let public = self.key.public_key();
        JwkSet {
            keys: vec![Jwk {
                kty: "RSA".to_owned(),
                key_use: Some("sig".to_owned()),
                alg: Some("RS256".to_owned()),
                kid: Some(self.key_id.clone()),
                n: URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
                e: URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
            }],
        }
    }

    /// Signs claims as a JSON Web Token.
    pub(crate) fn sign(&self, claims: &Value) -> Result<String, aws_lc_rs::error::Unspecified> {
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": self.key_id});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        let random = SystemRandom::new();
        self.key.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

const FILE_NAME: &str = "id-token-key.der";

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

    use super::*;

    #[test]
    fn tokens_verify_with_the_published_key_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let token = Signer::load(dir.path()).unwrap().sign(&json!({"sub": "x"})).unwrap();
        let jwks = Signer::load(dir.path()).unwrap().jwks();
        let part = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        RsaPublicKeyComponents { n: part(&jwks.keys[0].n), e: part(&jwks.keys[0].e) }
            .verify(
                &RSA_PKCS1_2048_8192_SHA256,
                signed.as_bytes(),
                &URL_SAFE_NO_PAD.decode(signature).unwrap(),
            )
            .unwrap();
    }
}
