//! The names people type: handles and endpoint names.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An account's short name, unique at its hub: what stands before the `#`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Handle(String);

impl Handle {
    /// The handle as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An endpoint's name, unique among its owner's endpoints whatever the case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EndpointName(String);

impl EndpointName {
    /// The name as its owner spelt it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which two names are compared.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

/// Owner and endpoint together: `smith#WorkPC`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CanonicalName {
    /// Who owns the endpoint.
    pub owner: Handle,
    /// What the owner called it.
    pub endpoint: EndpointName,
}

/// Why a text is no handle or no endpoint name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing was given.
    #[error("a name cannot be empty")]
    Empty,
    /// More characters than a name may have.
    #[error("a name has at most {max} characters")]
    TooLong {
        /// The limit.
        max: usize,
    },
    /// A character that a handle cannot hold.
    #[error(
        "a handle has lower-case letters, digits and `-` only, and starts and ends with a letter or digit"
    )]
    NotAHandle,
    /// A character that an endpoint name cannot hold.
    #[error(
        "an endpoint name has letters, digits, spaces and `-_.()` only, and starts with a letter or digit and does not end with a space"
    )]
    NotAnEndpointName,
    /// No `#` between owner and endpoint.
    #[error("write the owner and the endpoint with a # between them, like smith#WorkPC")]
    NoOwner,
}

impl FromStr for Handle {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        bounded(text, HANDLE_CHARS_MAX)?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let inside = text.chars().all(|c| plain(c) || c == '-');
        if !inside || !text.starts_with(plain) || !text.ends_with(plain) {
            return Err(NameError::NotAHandle);
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for EndpointName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        bounded(text, ENDPOINT_CHARS_MAX)?;
        let inside = text.chars().all(|c| c.is_alphanumeric() || " -_.()".contains(c));
        if !inside || !text.starts_with(char::is_alphanumeric) || text.ends_with(' ') {
            return Err(NameError::NotAnEndpointName);
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for CanonicalName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (owner, endpoint) = text.split_once('#').ok_or(NameError::NoOwner)?;
        Ok(Self { owner: owner.parse()?, endpoint: endpoint.parse()? })
    }
}

fn bounded(text: &str, max: usize) -> Result<(), NameError> {
    match text.chars().count() {
        0 => Err(NameError::Empty),
        chars if max < chars => Err(NameError::TooLong { max }),
        _ => Ok(()),
    }
}

macro_rules! text_form {
    ($($name:ident),+) => {$(
        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.to_string()
            }
        }
    )+};
}
text_form!(Handle, EndpointName, CanonicalName);

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for EndpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for CanonicalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}#{}", self.owner, self.endpoint))
    }
}

/// A handle stands in front of every path that people type; longer ones would wrap.
const HANDLE_CHARS_MAX: usize = 39;
/// Room for "Confocal microscope 3 (basement)" with some to spare.
const ENDPOINT_CHARS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_lower_case_words() {
        for good in ["smith", "a", "0x", "anna-lena", "lab3"] {
            assert_eq!(good.parse::<Handle>().map(String::from).as_deref(), Ok(good));
        }
        for bad in ["", "Smith", "-a", "a-", "a_b", "a b", "é", &"a".repeat(40)] {
            assert!(bad.parse::<Handle>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn endpoint_names_are_what_people_call_computers() {
        for good in ["WorkPC", "Büro 2", "node.lab-3_(old)"] {
            assert_eq!(good.parse::<EndpointName>().map(String::from).as_deref(), Ok(good));
        }
        for bad in ["", " a", "a ", "a#b", "a/b", "a:b", "a\nb", "a\u{202e}b", &"a".repeat(65)] {
            assert!(bad.parse::<EndpointName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn canonical_names_read_back() {
        let name: CanonicalName = "smith#WorkPC".parse().unwrap();
        assert_eq!(name.to_string(), "smith#WorkPC");
        assert_eq!("smith".parse::<CanonicalName>(), Err(NameError::NoOwner));
    }
}
