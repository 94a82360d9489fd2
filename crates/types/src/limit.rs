//! How fast something may go at most, as people write it and documents carry it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The most bytes per second of something; never so few that nothing would ever get done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type), specta(type = u64))]
#[serde(try_from = "u64", into = "u64")]
pub struct RateLimit(u64);

impl RateLimit {
    /// The smallest limit: slower than any modem that is left.
    pub const MIN: Self = Self(1024);
    /// The largest limit, a petabyte per second: sums of it stay inside 64 bits.
    pub const MAX: Self = Self(1_000_000_000_000_000);

    /// So many bytes per second.
    ///
    /// # Errors
    /// When that is less than [`Self::MIN`] or more than [`Self::MAX`].
    pub fn new(bytes_per_second: u64) -> Result<Self, RateLimitError> {
        if bytes_per_second < Self::MIN.0 {
            return Err(RateLimitError::TooSmall);
        }
        if Self::MAX.0 < bytes_per_second {
            return Err(RateLimitError::TooLarge);
        }
        Ok(Self(bytes_per_second))
    }

    /// How many bytes per second that is.
    pub const fn bytes_per_second(self) -> u64 {
        self.0
    }
}

/// Why something is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RateLimitError {
    /// It is no number with a unit.
    #[error("write a number and a unit, like 20 MB/s (bytes) or 8 Mbit/s (bits)")]
    Malformed,
    /// `Mb/s` is read by some as bytes and by others as bits.
    #[error("a small b can mean bytes or bits: write MB/s for bytes or Mbit/s for bits")]
    Ambiguous,
    /// Nothing would ever get done.
    #[error("the smallest limit is 1 KiB/s")]
    TooSmall,
    /// No computer needs it.
    #[error("the largest limit is 1000000 GB/s")]
    TooLarge,
}

impl TryFrom<u64> for RateLimit {
    type Error = RateLimitError;

    fn try_from(bytes_per_second: u64) -> Result<Self, RateLimitError> {
        Self::new(bytes_per_second)
    }
}

impl From<RateLimit> for u64 {
    fn from(limit: RateLimit) -> Self {
        limit.0
    }
}

impl FromStr for RateLimit {
    type Err = RateLimitError;

    /// Reads `20 MB/s`, `1.5 GiB/s`, `500kB`, `8 Mbit/s`, `8 Mbps`.
    fn from_str(text: &str) -> Result<Self, RateLimitError> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = (&text[..digits], text[digits..].trim_start());
        let number: f64 = number.parse().map_err(|_| RateLimitError::Malformed)?;
        let bytes = number * bytes_of(unit)?;
        if bytes < Self::MIN.0 as f64 {
            return Err(RateLimitError::TooSmall);
        }
        if (Self::MAX.0 as f64) < bytes {
            return Err(RateLimitError::TooLarge);
        }
        Self::new(bytes.round() as u64)
    }
}

/// How many bytes one of a unit is.
fn bytes_of(unit: &str) -> Result<f64, RateLimitError> {
    let (unit, divisor) = match unit.strip_suffix("/s") {
        Some(unit) => (unit, None),
        None => match unit.strip_suffix("bps") {
            Some(prefix) => (prefix, Some(8.0)),
            None => (unit, None),
        },
    };
    let (prefix, divisor) = match (divisor, unit.strip_suffix("bit"), unit.strip_suffix('B')) {
        (Some(divisor), ..) => (unit, divisor),
        (None, Some(prefix), _) => (prefix, 8.0),
        (None, None, Some(prefix)) => (prefix, 1.0),
        (None, None, None) if unit.ends_with('b') => return Err(RateLimitError::Ambiguous),
        (None, None, None) => return Err(RateLimitError::Malformed),
    };
    let many = UNITS.iter().find(|(_, name)| name.eq_ignore_ascii_case(prefix));
    many.map(|(bytes, _)| *bytes as f64 / divisor).ok_or(RateLimitError::Malformed)
}

impl fmt::Display for RateLimit {
    /// In the largest unit in which it is a whole number, so that it reads back as the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |(bytes, _): &&(u64, &str)| self.0.is_multiple_of(*bytes);
        let largest = UNITS.iter().filter(whole).max_by_key(|(bytes, _)| *bytes);
        let (bytes, prefix) = largest.copied().unwrap_or((1, ""));
        f.pad(&format!("{} {prefix}B/s", self.0 / bytes))
    }
}

const UNITS: [(u64, &str); 9] = [
    (1, ""),
    (1000, "k"),
    (1 << 10, "Ki"),
    (1_000_000, "M"),
    (1 << 20, "Mi"),
    (1_000_000_000, "G"),
    (1 << 30, "Gi"),
    (1_000_000_000_000, "T"),
    (1 << 40, "Ti"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_bits_are_told_apart() {
        for (text, bytes) in [
            ("20 MB/s", 20_000_000),
            ("20MB", 20_000_000),
            (" 1.5 GiB/s ", 1_610_612_736),
            ("8 Mbit/s", 1_000_000),
            ("8Mbps", 1_000_000),
            ("100 kB/s", 100_000),
            ("100 KB/s", 100_000),
            ("10 KiB/s", 10_240),
            ("4096 B/s", 4096),
        ] {
            assert_eq!(text.parse::<RateLimit>().map(u64::from), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_could_be_misread_or_never_ends_is_refused() {
        use RateLimitError::{Ambiguous, Malformed, TooLarge, TooSmall};
        for (text, why) in [
            ("20", Malformed),
            ("fast", Malformed),
            ("", Malformed),
            ("-5 MB/s", Malformed),
            ("1.2.3 MB/s", Malformed),
            ("20 XB/s", Malformed),
            ("20 Mb/s", Ambiguous),
            ("20mb", Ambiguous),
            ("0 MB/s", TooSmall),
            ("1 kB/s", TooSmall),
            ("8 kbit/s", TooSmall),
            ("99999999 TB/s", TooLarge),
        ] {
            assert_eq!(text.parse::<RateLimit>(), Err(why), "{text}");
        }
        assert!(serde_json::from_str::<RateLimit>("1023").is_err());
        assert_eq!(serde_json::from_str::<RateLimit>("1024").unwrap(), RateLimit::MIN);
    }

    #[test]
    fn a_limit_reads_back_as_it_was_written() {
        for bytes in [1024, 1025, 10_000, 10_240, 1_000_000, 1_048_576, 20_000_000, 1_234_567_890] {
            let limit = RateLimit::new(bytes).unwrap();
            assert_eq!(limit.to_string().parse(), Ok(limit), "{limit}");
        }
        assert_eq!(RateLimit::new(20_000_000).unwrap().to_string(), "20 MB/s");
        assert_eq!(RateLimit::MIN.to_string(), "1 KiB/s");
    }
}
