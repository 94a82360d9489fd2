//! Moments as files and documents name them.

use std::{fmt, str::FromStr};

use ::time::{
    OffsetDateTime, PrimitiveDateTime, format_description::well_known::Rfc3339,
    macros::format_description,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment since 1970 in UTC, to the nanosecond; file times before 1970 are negative.
///
/// In documents it is RFC 3339 with `+00:00`, in frames a pair of numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "specta", derive(specta::Type), specta(type = String))]
pub struct UnixTime {
    /// Whole seconds, rounded down.
    pub seconds: i64,
    /// The rest, below 1,000,000,000.
    pub nanos: u32,
}

impl UnixTime {
    /// The moment `seconds` after 1970.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self { seconds, nanos: 0 }
    }

    /// The moment `millis` milliseconds after 1970.
    pub const fn from_millis(millis: i64) -> Self {
        Self {
            seconds: millis.div_euclid(1000),
            nanos: (millis.rem_euclid(1000) * 1_000_000) as u32,
        }
    }

    /// Milliseconds since 1970, for stores.
    pub const fn millis(self) -> i64 {
        self.seconds.saturating_mul(1000).saturating_add((self.nanos / 1_000_000) as i64)
    }

    /// The moment `seconds` later.
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self { seconds: self.seconds.saturating_add(seconds), nanos: self.nanos }
    }

    /// Reads the forms that scripts send: RFC 3339, or `YYYY-MM-DD[ HH:MM[:SS]]` meant in UTC.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn parse_loose(text: &str) -> Result<Self, ParseTimeError> {
        let text = text.trim();
        if let Ok(moment) = OffsetDateTime::parse(text, &Rfc3339) {
            return Ok(Self::from_datetime(moment));
        }
        let text = text.replacen('T', " ", 1);
        let seconds = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
        let full = match text.len() {
            10 => format!("{text} 00:00:00"),
            16 => format!("{text}:00"),
            _ => text,
        };
        let moment = PrimitiveDateTime::parse(&full, seconds).map_err(|_| ParseTimeError)?;
        Ok(Self::from_datetime(moment.assume_utc()))
    }

    fn from_datetime(moment: OffsetDateTime) -> Self {
        Self { seconds: moment.unix_timestamp(), nanos: moment.nanosecond() }
    }

    fn datetime(self) -> OffsetDateTime {
        let nanos = i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanos);
        let clamped = nanos.clamp(YEAR_1, YEAR_10000 - 1);
        OffsetDateTime::from_unix_timestamp_nanos(clamped).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

/// The text is no date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date and time: write 2026-01-31 12:00:00 or 2026-01-31T12:00:00+00:00")]
pub struct ParseTimeError;

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = self.datetime();
        let (date, time) = (t.date(), t.time());
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+00:00",
            date.year(),
            u8::from(date.month()),
            date.day(),
            time.hour(),
            time.minute(),
            time.second()
        )
    }
}

impl FromStr for UnixTime {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, ParseTimeError> {
        Self::parse_loose(text)
    }
}

#[derive(Serialize, Deserialize)]
struct Pair(i64, u32);

impl Serialize for UnixTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            Pair(self.seconds, self.nanos).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for UnixTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom);
        }
        let Pair(seconds, nanos) = Pair::deserialize(deserializer)?;
        if 1_000_000_000 <= nanos {
            return Err(serde::de::Error::custom("nanoseconds beyond a second"));
        }
        Ok(Self { seconds, nanos })
    }
}

/// The first moment of the year 1, in nanoseconds; documents name no earlier one.
const YEAR_1: i128 = -62_135_596_800 * 1_000_000_000;
/// The first moment of the year 10000, in nanoseconds; documents have four digits for a year.
const YEAR_10000: i128 = 253_402_300_800 * 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_back_in_every_form_that_scripts_send() {
        let noon = UnixTime::from_seconds(1_769_860_800);
        assert_eq!(noon.to_string(), "2026-01-31T12:00:00+00:00");
        for text in [
            "2026-01-31T12:00:00+00:00",
            "2026-01-31T12:00:00Z",
            "2026-01-31 12:00:00",
            "2026-01-31 12:00",
            "2026-01-31T13:00:00+01:00",
        ] {
            assert_eq!(text.parse(), Ok(noon), "{text}");
        }
        assert!("yesterday".parse::<UnixTime>().is_err());
    }

    #[test]
    fn absurd_file_times_are_shown_as_the_nearest_date() {
        assert_eq!(UnixTime::from_seconds(i64::MAX).to_string(), "9999-12-31T23:59:59+00:00");
        assert_eq!(UnixTime::from_seconds(i64::MIN).to_string(), "0001-01-01T00:00:00+00:00");
    }
}
