//! How single values travel in documents.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// A word from a list that may grow: what this version does not know is kept as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Word<T> {
    /// A word that this version knows.
    Known(T),
    /// A word of a newer version.
    Other(String),
}

impl<T> Word<T> {
    /// The value, when this version knows it.
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Other(_) => None,
        }
    }
}

impl<T> From<T> for Word<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<T: fmt::Display> fmt::Display for Word<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(value) => value.fmt(f),
            Self::Other(word) => f.pad(word),
        }
    }
}

/// A token, code or password: travels as text and is never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself; the caller keeps it out of logs and messages.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Reads a missing or null value as the type's default: clients send explicit nulls.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a null as `true`; a missing value needs `#[serde(default = "yes")]` beside it.
pub(crate) fn or_yes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(true))
}

pub(crate) const fn yes() -> bool {
    true
}

/// Tells an explicit null (`Some(None)`, "clear it") from an absent key (`None`, "leave it").
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// A sync level, which travels as its number.
pub(crate) mod sync_level {
    use outport_types::SyncLevel;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(
        level: &Option<SyncLevel>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        level.map(SyncLevel::number).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SyncLevel>, D::Error> {
        let Some(number) = Option::<i64>::deserialize(deserializer)? else { return Ok(None) };
        u64::try_from(number)
            .ok()
            .and_then(SyncLevel::from_number)
            .map(Some)
            .ok_or_else(|| D::Error::custom("sync_level is 0, 1, 2 or 3"))
    }
}

#[cfg(test)]
mod tests {
    use outport_types::EventCode;

    use super::*;

    #[test]
    fn words_of_a_newer_version_are_kept() {
        let known: Word<EventCode> = serde_json::from_str("\"STARTED\"").unwrap();
        assert_eq!(known, Word::Known(EventCode::Started));
        let other: Word<EventCode> = serde_json::from_str("\"LATER\"").unwrap();
        assert_eq!(other.to_string(), "LATER");
        assert_eq!(serde_json::to_string(&other).unwrap(), "\"LATER\"");
    }

    #[test]
    fn secrets_do_not_print() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(…)");
        assert_eq!(serde_json::to_string(&Secret::new("hunter2")).unwrap(), "\"hunter2\"");
    }
}
