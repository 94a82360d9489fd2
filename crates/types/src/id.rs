//! One type per kind of id, so that no two can be confused.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "specta", derive(specta::Type))]
        #[serde(transparent)]
        pub struct $name(#[cfg_attr(feature = "specta", specta(type = String))] Uuid);

        impl $name {
            /// Makes a fresh random id.
            pub fn random() -> Self {
                Self(Uuid::new_v4())
            }

            /// Wraps an id that was stored or received.
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// Wraps the 16 bytes of an id.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The id as a plain UUID, for stores.
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// The id's 16 bytes, for signatures and frames.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.as_hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                Uuid::try_parse(text).map(Self).map_err(|_| ParseIdError)
            }
        }
    )+};
}

ids! {
    /// An account at a hub.
    AccountId,
    /// One identity `name@domain` of an account.
    IdentityId,
    /// An endpoint; also the id of its mapped collection, or of a guest collection.
    EndpointId,
    /// A transfer or deletion asked of the hub.
    TaskId,
    /// What makes a submission idempotent.
    SubmissionId,
    /// One conversation between two agents.
    SessionId,
    /// The hub's signed statement that a session may be held.
    TicketId,
    /// An OAuth client: an application.
    ClientId,
    /// One request, as the logs and the error answers name it.
    RequestId,
}

/// The text is not a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id: 32 hexadecimal digits in five groups are expected")]
pub struct ParseIdError;
