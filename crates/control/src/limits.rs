//! How fast content may leave and come to a computer, and when.

use std::{fmt, str::FromStr};

use outport_types::{RateLimit, UnixTime};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What the owner set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Limits {
    /// For content that leaves, when no row of the timetable says otherwise; `None` is as fast as it
    /// goes.
    pub upload: Option<RateLimit>,
    /// The same for content that comes.
    pub download: Option<RateLimit>,
    /// For content through a relay or the hub's HTTPS port, each way; `None` is as fast as it goes.
    pub relay: Option<RateLimit>,
    /// Times at which other limits hold; the first row that has a moment decides about it. At most
    /// [`Limits::ROWS_MAX`].
    pub timetable: Vec<LimitRow>,
}

impl Limits {
    /// Rows that a timetable may have: one for each hour of a week, and some.
    pub const ROWS_MAX: usize = 200;

    /// Whether nothing is ever limited.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A time of the week at which other limits hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LimitRow {
    /// The days on which it begins.
    pub days: Days,
    /// When it begins, by the computer's clock.
    pub from: TimeOfDay,
    /// When it ends; on the next day, if that is not after its beginning.
    pub to: TimeOfDay,
    /// For content that leaves; `None` is as fast as it goes.
    pub upload: Option<RateLimit>,
    /// The same for content that comes.
    pub download: Option<RateLimit>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "everybody knows them")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    /// All of them, as a week goes.
    pub const ALL: [Self; 7] =
        [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    /// The word that files and commands use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        }
    }

    fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|day| day.word().eq_ignore_ascii_case(word))
    }
}

/// Some days of the week: at least one, in order, each once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type), specta(type = Vec<Day>))]
#[serde(try_from = "Vec<Day>", into = "Vec<Day>")]
pub struct Days(Vec<Day>);

impl Days {
    /// Every day.
    pub fn all() -> Self {
        Self(Day::ALL.to_vec())
    }

    /// The days.
    pub fn iter(&self) -> impl Iterator<Item = Day> + '_ {
        self.0.iter().copied()
    }

    /// Whether a day is one of them.
    pub fn contains(&self, day: Day) -> bool {
        self.0.contains(&day)
    }
}

/// Why a text names no days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write days like mon-fri or sat,sun (mon, tue, wed, thu, fri, sat, sun)")]
pub struct DaysError;

impl TryFrom<Vec<Day>> for Days {
    type Error = DaysError;

    fn try_from(mut days: Vec<Day>) -> Result<Self, DaysError> {
        days.sort_unstable();
        days.dedup();
        if days.is_empty() { Err(DaysError) } else { Ok(Self(days)) }
    }
}

impl From<Days> for Vec<Day> {
    fn from(days: Days) -> Self {
        days.0
    }
}

impl FromStr for Days {
    type Err = DaysError;

    /// Reads `mon-fri`, `sat,sun`, `fri-mon`.
    fn from_str(text: &str) -> Result<Self, DaysError> {
        let mut days = Vec::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let read = |word: &str| Day::read(word.trim()).ok_or(DaysError);
            let (first, last) = (read(first)?, read(last)?);
            let week = Day::ALL.into_iter().cycle().skip_while(|day| *day != first);
            for day in week.take(Day::ALL.len()) {
                days.push(day);
                if day == last {
                    break;
                }
            }
        }
        Self::try_from(days)
    }
}

impl fmt::Display for Days {
    /// As it is read: runs of three and more days as `mon-fri`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = Vec::new();
        let runs = self.0.chunk_by(|day, next| *day as u8 + 1 == *next as u8);
        for run in runs {
            match run {
                [first, _, .., last] => parts.push(format!("{}-{}", first.word(), last.word())),
                few => parts.extend(few.iter().map(|day| day.word().to_owned())),
            }
        }
        f.pad(&parts.join(","))
    }
}

/// A time on a computer's clock, to the minute: `08:30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "specta", derive(specta::Type), specta(type = String))]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// The minutes since midnight; below 1440.
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

/// Why a text is no time of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a time like 08:30, from 00:00 to 23:59")]
pub struct TimeOfDayError;

impl FromStr for TimeOfDay {
    type Err = TimeOfDayError;

    fn from_str(text: &str) -> Result<Self, TimeOfDayError> {
        let (hours, minutes) = text.trim().split_once(':').ok_or(TimeOfDayError)?;
        let number = |digits: &str, max: u16| {
            let all = (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
            let number = digits.parse::<u16>().ok().filter(|number| all && *number < max);
            number.ok_or(TimeOfDayError)
        };
        if minutes.len() != 2 {
            return Err(TimeOfDayError);
        }
        Ok(Self(number(hours, 24)? * 60 + number(minutes, 60)?))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:02}:{:02}", self.0 / 60, self.0 % 60))
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What the owner set, and what of it holds now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LimitsView {
    /// What is set.
    pub set: Limits,
    /// The limit in force for content that leaves.
    pub upload: Option<RateLimit>,
    /// The limit in force for content that comes.
    pub download: Option<RateLimit>,
    /// The row of the timetable that says so, from 0; `None` when none does.
    pub row: Option<u32>,
    /// Until when that holds; `None` is until somebody changes it.
    pub until: Option<UnixTime>,
    /// Whether content that leaves is held back by its limit at the moment.
    pub holds_upload: bool,
    /// The same for content that comes.
    pub holds_download: bool,
    /// The same for content through a relay, whichever way.
    pub holds_relay: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_they_are_written() {
        for (text, shown) in [
            ("mon-fri", "mon-fri"),
            ("sun, sat", "sat,sun"),
            ("Fri-Mon", "mon,fri-sun"),
            ("mon-sun", "mon-sun"),
            ("wed,wed", "wed"),
        ] {
            let days: Days = text.parse().unwrap();
            assert_eq!(days.to_string(), shown);
            assert_eq!(shown.parse(), Ok(days));
        }
        for text in ["", "monday", "mon-", "mon;tue"] {
            assert_eq!(text.parse::<Days>(), Err(DaysError), "{text}");
        }
        assert!(serde_json::from_str::<Days>("[]").is_err());
    }

    #[test]
    fn a_time_is_hours_and_minutes() {
        for text in ["00:00", "08:30", "23:59"] {
            assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), text);
        }
        assert_eq!("8:05".parse::<TimeOfDay>().unwrap().minutes(), 485);
        for text in ["24:00", "12:60", "12", "12:5", "-1:00", "+1:00", "1:2:3", ""] {
            assert_eq!(text.parse::<TimeOfDay>(), Err(TimeOfDayError), "{text}");
        }
    }
}
