//! Counts, durations and dates as people read and type them.

use std::time::Duration;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use outport_types::UnixTime;

/// `5,000`
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place != 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 file`, `5,000 files`
pub(crate) fn counted(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    match thing.strip_suffix('y') {
        Some(stem) if number != 1 => format!("{} {stem}ies", count(number)),
        _ => format!("{} {thing}{plural}", count(number)),
    }
}

/// `40 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`: two units are enough to plan with.
pub(crate) fn duration(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let Some(first) = units.iter().position(|(size, _)| *size <= seconds) else {
        return "0 s".to_owned();
    };
    let (size, name) = units[first];
    let text = format!("{} {name}", seconds / size);
    let Some((next_size, next_name)) = units.get(first + 1) else { return text };
    match seconds % size / next_size {
        0 => text,
        rest => format!("{text} {rest} {next_name}"),
    }
}

/// How long ago, or in how long, a moment is.
pub(crate) fn distance(time: UnixTime, now: UnixTime) -> String {
    let seconds = now.seconds.saturating_sub(time.seconds);
    match seconds {
        -4..=4 => "now".to_owned(),
        5.. => format!("{} ago", rough(seconds.unsigned_abs())),
        _ => format!("in {}", rough(seconds.unsigned_abs())),
    }
}

fn rough(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let found = units.into_iter().find(|(size, _)| *size <= seconds).unwrap_or((1, "s"));
    format!("{} {}", seconds / found.0, found.1)
}

/// `2026-01-31 13:00`, in a time zone.
pub(crate) fn local_minute(time: UnixTime, zone: &TimeZone) -> String {
    match Timestamp::from_second(time.seconds) {
        Ok(moment) => moment.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string(),
        Err(_) => time.to_string(),
    }
}

/// The wall clock.
pub(crate) fn now() -> UnixTime {
    UnixTime::from_seconds(Timestamp::now().as_second())
}

/// Why a text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a duration like 30m, 2h, 1h30m or 3d")]
pub(crate) struct ParseDurationError;

/// Reads `90s`, `30m`, `2h`, `1h30m`, `3d`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, ParseDurationError> {
    let mut total: u64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(ParseDurationError);
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or(ParseDurationError)?;
        let number: u64 = rest[..digits].parse().map_err(|_| ParseDurationError)?;
        let after = &rest[digits..];
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let seconds = match &after[..letters] {
            "s" | "sec" => 1,
            "m" | "min" => 60,
            "h" => 3600,
            "d" => 86_400,
            "w" => 7 * 86_400,
            _ => return Err(ParseDurationError),
        };
        total = number
            .checked_mul(seconds)
            .and_then(|part| total.checked_add(part))
            .filter(|sum| *sum <= DURATION_SECONDS_MAX)
            .ok_or(ParseDurationError)?;
        rest = after[letters..].trim_start();
    }
    if total == 0 { Err(ParseDurationError) } else { Ok(Duration::from_secs(total)) }
}

/// Why a text is no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a moment like 2026-01-31 12:00, 2026-01-31T12:00:00+01:00, or as a duration: 2d")]
pub(crate) struct ParseMomentError;

/// Reads a date and time (in local time where it names no offset), or a duration from now on.
pub(crate) fn parse_moment(text: &str) -> Result<UnixTime, ParseMomentError> {
    let text = text.trim();
    if let Ok(duration) = parse_duration(text) {
        return Ok(now().plus_seconds(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)));
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(UnixTime::from_seconds(moment.as_second()));
    }
    let civil: DateTime = text.parse().map_err(|_| ParseMomentError)?;
    let zoned = civil.to_zoned(TimeZone::system()).map_err(|_| ParseMomentError)?;
    Ok(UnixTime::from_seconds(zoned.timestamp().as_second()))
}

/// A hundred years: longer ones are slips of the keyboard.
const DURATION_SECONDS_MAX: u64 = 100 * 366 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_things_counted() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "file"), "1 file");
        assert_eq!(counted(2, "directory"), "2 directories");
        assert_eq!(counted(1, "directory"), "1 directory");
    }

    #[test]
    fn durations_have_two_units_at_most() {
        for (seconds, text) in [
            (0, "0 s"),
            (40, "40 s"),
            (200, "3 min 20 s"),
            (7500, "2 h 5 min"),
            (7200, "2 h"),
            (273_600, "3 d 4 h"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn typed_durations_are_read_and_slips_refused() {
        for (text, seconds) in [
            ("90s", 90),
            ("30m", 1800),
            ("2h", 7200),
            ("1h30m", 5400),
            ("3d", 259_200),
            ("1h 5m", 3900),
        ] {
            assert_eq!(parse_duration(text).map(|d| d.as_secs()), Ok(seconds), "{text}");
        }
        for bad in ["", "2", "h", "2x", "-2h", "0s", "99999999999999999999h", "9999999d", "2h3"] {
            assert!(parse_duration(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn moments_are_read_in_each_form() {
        let noon = UnixTime::from_seconds(1_769_860_800);
        assert_eq!(parse_moment("2026-01-31T12:00:00+00:00"), Ok(noon));
        assert_eq!(parse_moment("2026-01-31T13:00:00+01:00"), Ok(noon));
        assert!(parse_moment("2026-01-31 12:00").is_ok());
        assert!(now() < parse_moment("2d").unwrap());
        assert!(parse_moment("tomorrow").is_err());
    }

    #[test]
    fn distances_are_rough() {
        let noon = UnixTime::from_seconds(1_769_860_800);
        assert_eq!(distance(noon, noon), "now");
        assert_eq!(distance(noon, noon.plus_seconds(7300)), "2 h ago");
        assert_eq!(distance(noon.plus_seconds(90), noon), "in 1 min");
    }
}
