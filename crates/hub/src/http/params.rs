//! The parameters of a query as the Transfer API's clients send them: some come more than once,
//! and an empty one is one that was left out.

use std::convert::Infallible;

use axum::{extract::FromRequestParts, http::request::Parts};

use super::TransferError;
use crate::state::HubState;

/// A query, name by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    pub(crate) fn parse(query: &str) -> Self {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        let filled = pairs.filter(|(_, value)| !value.is_empty());
        Self(filled.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The value of a parameter; the last one, when it comes more than once.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().rev().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// A flag, in any of the ways in which Python and people spell it.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, TransferError> {
        match self.get(name) {
            None => Ok(None),
            Some("1" | "true" | "True") => Ok(Some(true)),
            Some("0" | "false" | "False") => Ok(Some(false)),
            Some(_) => Err(TransferError::bad_request(format!("{name} must be 0 or 1."))),
        }
    }

    /// A number, or `default`; at most `max`.
    pub(crate) fn number(&self, name: &str, default: u64, max: u64) -> Result<u64, TransferError> {
        let Some(text) = self.get(name) else { return Ok(default) };
        let number: u64 = text
            .parse()
            .map_err(|_| TransferError::bad_request(format!("{name} must be a whole number.")))?;
        Ok(number.min(max))
    }
}

impl FromRequestParts<HubState> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &HubState) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_repeat_and_may_be_empty() {
        let params = Params::parse("filter=type:dir&filter=name:~*.txt&filter=&show_hidden=0&n=5");
        assert_eq!(params.all("filter").collect::<Vec<_>>(), ["type:dir", "name:~*.txt"]);
        assert_eq!(params.flag("show_hidden").unwrap(), Some(false));
        assert!(params.flag("n").is_err());
        assert_eq!(params.number("n", 1, 3).unwrap(), 3);
        assert_eq!(params.number("absent", 1, 3).unwrap(), 1);
        assert!(params.number("filter", 1, 3).is_err());
    }
}
