//! Checksums that people bring along: what a file must be, by somebody else's word.

use std::{fmt, str::FromStr};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::ChecksumAlgorithm;

/// What a file must be, by a checksum that came another way than the file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct ExternalChecksum {
    algorithm: ChecksumAlgorithm,
    value: Vec<u8>,
}

/// Why a text is no checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChecksumError {
    /// Something else than hex digits.
    #[error("a checksum is written in hex digits")]
    NotHex,
    /// Not as many digits as the algorithm gives.
    #[error("a {algorithm} checksum has {} hex digits, not {digits}", .algorithm.digits())]
    Length {
        /// The algorithm.
        algorithm: ChecksumAlgorithm,
        /// How many there are.
        digits: usize,
    },
    /// As many digits as no algorithm gives.
    #[error("no algorithm (MD5, SHA1, SHA256, SHA512) gives a checksum of {digits} hex digits")]
    NoAlgorithm {
        /// How many there are.
        digits: usize,
    },
}

/// A word that names no algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the algorithms are MD5, SHA1, SHA256 and SHA512")]
pub struct UnknownAlgorithm;

impl ChecksumAlgorithm {
    /// How many hex digits a checksum has.
    pub const fn digits(self) -> usize {
        2 * self.bytes()
    }

    /// How many bytes a checksum has.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

impl FromStr for ChecksumAlgorithm {
    type Err = UnknownAlgorithm;

    /// Upper or lower case, with a hyphen or without: people write `sha-256` too.
    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        let word = text.to_ascii_uppercase().replace('-', "");
        Self::from_word(&word).ok_or(UnknownAlgorithm)
    }
}

impl ExternalChecksum {
    /// Reads the hex digits of a checksum; without an algorithm their number tells it.
    ///
    /// # Errors
    /// When the text is no checksum of that algorithm.
    pub fn read(text: &str, algorithm: Option<ChecksumAlgorithm>) -> Result<Self, ChecksumError> {
        let text = text.trim();
        if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ChecksumError::NotHex);
        }
        let digits = text.len();
        let fits = |algorithm: &ChecksumAlgorithm| algorithm.digits() == digits;
        let algorithm = match algorithm {
            Some(algorithm) if fits(&algorithm) => algorithm,
            Some(algorithm) => return Err(ChecksumError::Length { algorithm, digits }),
            None => {
                let known = ChecksumAlgorithm::ALL.iter().copied().find(fits);
                known.ok_or(ChecksumError::NoAlgorithm { digits })?
            }
        };
        let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or_default() as u8;
        let value = text.as_bytes().chunks_exact(2);
        let value = value.map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect();
        Ok(Self { algorithm, value })
    }

    /// The checksum with this value; `None` when it has another length.
    pub fn of_value(algorithm: ChecksumAlgorithm, value: &[u8]) -> Option<Self> {
        (value.len() == algorithm.bytes()).then(|| Self { algorithm, value: value.to_vec() })
    }

    /// Which algorithm it is of.
    pub fn algorithm(&self) -> ChecksumAlgorithm {
        self.algorithm
    }

    /// The bytes.
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// The hex digits, in lower case.
    pub fn hex(&self) -> String {
        HEXLOWER.encode(&self.value)
    }
}

impl fmt::Display for ExternalChecksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.algorithm, self.hex())
    }
}

#[derive(Serialize, Deserialize)]
struct Parts {
    algorithm: ChecksumAlgorithm,
    value: String,
}

impl From<ExternalChecksum> for Parts {
    fn from(checksum: ExternalChecksum) -> Self {
        Self { algorithm: checksum.algorithm, value: checksum.hex() }
    }
}

impl TryFrom<Parts> for ExternalChecksum {
    type Error = ChecksumError;

    fn try_from(parts: Parts) -> Result<Self, ChecksumError> {
        Self::read(&parts.value, Some(parts.algorithm))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_digits_tells_the_algorithm_and_must_agree_with_one_that_is_named() {
        let read =
            |digits: usize, algorithm| ExternalChecksum::read(&"aB".repeat(digits / 2), algorithm);
        for algorithm in ChecksumAlgorithm::ALL.iter().copied() {
            let digits = 2 * algorithm.bytes();
            let checksum = read(digits, None).unwrap();
            assert_eq!(checksum.algorithm(), algorithm);
            assert_eq!(checksum.hex(), "ab".repeat(digits / 2));
            assert_eq!(read(digits, Some(algorithm)).unwrap(), checksum);
            let text = serde_json::to_string(&checksum).unwrap();
            assert_eq!(serde_json::from_str::<ExternalChecksum>(&text).unwrap(), checksum);
        }
        let error = read(40, Some(ChecksumAlgorithm::Md5)).unwrap_err();
        assert_eq!(error.to_string(), "a MD5 checksum has 32 hex digits, not 40");
        assert_eq!(read(10, None), Err(ChecksumError::NoAlgorithm { digits: 10 }));
        assert_eq!(ExternalChecksum::read("xyz", None), Err(ChecksumError::NotHex));
        assert_eq!(ExternalChecksum::read("", None), Err(ChecksumError::NoAlgorithm { digits: 0 }));
        let lie = r#"{"algorithm":"MD5","value":"00"}"#;
        assert!(serde_json::from_str::<ExternalChecksum>(lie).is_err());
    }

    #[test]
    fn algorithms_are_read_as_people_write_them() {
        for text in ["SHA256", "sha256", "sha-256", "SHA-256"] {
            assert_eq!(text.parse(), Ok(ChecksumAlgorithm::Sha256));
        }
        assert_eq!("crc32".parse::<ChecksumAlgorithm>(), Err(UnknownAlgorithm));
    }
}
