//! How people and scripts name an endpoint.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{CanonicalName, EndpointId, EndpointName, NameError};

/// An endpoint as people and scripts name it: `smith#WorkPC`, `WorkPC` (one's own), or an id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum EndpointRef {
    /// By its id.
    Id(EndpointId),
    /// By owner and name.
    Canonical(CanonicalName),
    /// By its name among one's own.
    Own(EndpointName),
}

impl FromStr for EndpointRef {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.parse() {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) if text.contains('#') => text.parse().map(Self::Canonical),
            Err(_) => text.parse().map(Self::Own),
        }
    }
}

impl TryFrom<String> for EndpointRef {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<EndpointRef> for String {
    fn from(named: EndpointRef) -> Self {
        named.to_string()
    }
}

impl From<EndpointId> for EndpointRef {
    fn from(id: EndpointId) -> Self {
        Self::Id(id)
    }
}

impl fmt::Display for EndpointRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Canonical(name) => name.fmt(f),
            Self::Own(name) => name.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_named_by_id_or_by_name() {
        let id = "00000000-0000-0000-0000-000000000001";
        let read = |text: &str| text.parse::<EndpointRef>();
        assert!(matches!(read(id), Ok(EndpointRef::Id(_))));
        assert!(matches!(read("smith#WorkPC"), Ok(EndpointRef::Canonical(_))));
        assert!(matches!(read("Büro 2"), Ok(EndpointRef::Own(_))));
        for text in [id, "smith#WorkPC", "Büro 2"] {
            assert_eq!(read(text).map(String::from).as_deref(), Ok(text));
        }
        assert_eq!(read("Smith#WorkPC"), Err(NameError::NotAHandle));
        assert_eq!(read("/data"), Err(NameError::NotAnEndpointName));
        assert_eq!(read(""), Err(NameError::Empty));
    }
}
