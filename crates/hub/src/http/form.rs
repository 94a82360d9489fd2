//! Forms, queries and documents, with errors in the shape of the API at hand.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{header, request::Parts},
};
use serde::de::DeserializeOwned;

use super::{ApiError, AuthError, Shape};
use crate::state::HubState;

/// The fields of a form, each present once at most and not empty.
#[derive(Clone, Default)]
pub(crate) struct FormFields(BTreeMap<String, String>);

/// The fields of a query, each present once at most and not empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct QueryFields(pub(crate) FormFields);

/// A JSON document in the body.
#[derive(Debug)]
pub(crate) struct JsonBody<T, S>(pub(crate) T, pub(crate) PhantomData<fn() -> S>);

impl FormFields {
    /// Reads `name=value&...`; a name that comes twice is refused, since which one counts would
    /// be a guess.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, AuthError> {
        let mut fields = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(text) {
            if value.is_empty() {
                continue;
            }
            if fields.len() == FIELDS_MAX {
                return Err(AuthError::bad_request("The form has too many fields."));
            }
            if fields.insert(name.into_owned(), value.into_owned()).is_some() {
                let message = "A parameter is given more than once.";
                return Err(AuthError::bad_request(message).oauth("invalid_request"));
            }
        }
        Ok(Self(fields))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a field that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, AuthError> {
        self.get(name).ok_or_else(|| {
            AuthError::bad_request(format!("The parameter {name} is missing."))
                .oauth("invalid_request")
        })
    }

    /// Whether a flag is set, in any of the ways in which Python and browsers spell it.
    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some("true" | "True" | "1" | "on" | "yes"))
    }
}

impl FromRequest<HubState> for FormFields {
    type Rejection = AuthError;

    async fn from_request(request: Request, hub: &HubState) -> Result<Self, AuthError> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_form = kind.is_empty() || kind.starts_with("application/x-www-form-urlencoded");
        let body = Bytes::from_request(request, hub)
            .await
            .map_err(|_| AuthError::bad_request("The body cannot be read."))?;
        if !is_form && !body.is_empty() {
            let message = "A form (application/x-www-form-urlencoded) is expected.";
            return Err(AuthError::bad_request(message).oauth("invalid_request"));
        }
        Self::parse(&body)
    }
}

impl FromRequestParts<HubState> for QueryFields {
    type Rejection = AuthError;

    async fn from_request_parts(parts: &mut Parts, _: &HubState) -> Result<Self, AuthError> {
        FormFields::parse(parts.uri.query().unwrap_or_default().as_bytes()).map(Self)
    }
}

impl<T: DeserializeOwned, S: Shape> FromRequest<HubState> for JsonBody<T, S> {
    type Rejection = ApiError<S>;

    async fn from_request(request: Request, hub: &HubState) -> Result<Self, ApiError<S>> {
        let Json(value) = Json::<T>::from_request(request, hub).await?;
        Ok(Self(value, PhantomData))
    }
}

impl fmt::Debug for FormFields {
    /// Names only: values are passwords, codes and tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// More fields than any form of ours or of OAuth has.
const FIELDS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_that_comes_twice_is_refused() {
        let fields = FormFields::parse(b"a=1&b=x%20y+z&empty=").unwrap();
        assert_eq!((fields.get("a"), fields.get("b")), (Some("1"), Some("x y z")));
        assert_eq!(fields.get("empty"), None);
        assert!(FormFields::parse(b"scope=a&scope=b").is_err());
        let many: String = (0..100).map(|i| format!("f{i}=1&")).collect();
        assert!(FormFields::parse(many.as_bytes()).is_err());
        assert!(
            !format!("{:?}", FormFields::parse(b"password=hunter2").unwrap()).contains("hunter2")
        );
    }
}
