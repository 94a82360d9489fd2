//! Versions of the session's protocol and how two sides agree on one.

use serde::{Deserialize, Serialize};

/// A version of the protocol between two agents; each variant says what changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ProtocolVersion {
    /// The first: manifest, wants with held ranges, pieces, credit for entries and for content.
    V1,
}

impl ProtocolVersion {
    /// The oldest version that this program speaks.
    pub const OLDEST: Self = Self::V1;
    /// The newest version that this program speaks.
    pub const NEWEST: Self = Self::V1;

    /// The number that travels in a [`Hello`](super::Hello).
    pub const fn number(self) -> u16 {
        match self {
            Self::V1 => 1,
        }
    }

    /// The version behind a number; `None` when this program does not know it.
    pub const fn from_number(number: u16) -> Option<Self> {
        match number {
            1 => Some(Self::V1),
            _ => None,
        }
    }

    /// The newest version that both sides speak, from what the other side says of itself.
    pub fn agree(oldest: u16, newest: u16) -> Option<Self> {
        let both = newest.min(Self::NEWEST.number());
        let version = Self::from_number(both)?;
        (oldest <= both && Self::OLDEST <= version).then_some(version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_common_version_is_taken() {
        assert_eq!(ProtocolVersion::agree(1, 1), Some(ProtocolVersion::V1));
        assert_eq!(ProtocolVersion::agree(1, 9), Some(ProtocolVersion::V1));
        assert_eq!(ProtocolVersion::agree(2, 9), None);
        assert_eq!(ProtocolVersion::agree(0, 0), None);
        assert_eq!(ProtocolVersion::agree(9, 1), None, "a range that is upside down");
    }
}
