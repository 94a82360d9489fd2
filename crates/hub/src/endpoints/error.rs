//! What can be wrong with a request about an endpoint.

use axum::http::StatusCode;
use outport_api::transfer::error_code;
use outport_types::{Code, NameError, PathError, Problem};
use sea_orm::DbErr;

use crate::{
    http::{ApiError, Shape},
    store::StoreError,
};

/// Why a request about an endpoint fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum EndpointError {
    #[error("there is no endpoint {id}, or the caller has no right to see it")]
    NotFound { id: String },
    #[error("the endpoint {name} was deleted")]
    Deleted { name: String },
    #[error("you may not {what}: it is not yours")]
    Forbidden { what: &'static str },
    #[error("only endpoints with an agent can be made here: is_globus_connect must be true")]
    NotGlobusConnect,
    #[error("display_name is missing; it becomes the endpoint's name")]
    NoName,
    #[error("display_name: {source}")]
    Name { source: NameError },
    #[error("you have an endpoint {name} already; names are compared without regard to case")]
    NameTaken { name: String },
    #[error("an account can have {max} endpoints")]
    TooMany { max: usize },
    #[error("the field {field} has more than {max} characters")]
    TooLong { field: &'static str, max: usize },
    #[error("default_directory: {source}")]
    DefaultDirectory { source: PathError },
    #[error("force_verify and disable_verify contradict each other")]
    VerifyBoth,
    #[error("this hub does not know {field}; leave it out")]
    Unsupported { field: &'static str },
    #[error("{0}")]
    BadRequest(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DbErr> for EndpointError {
    fn from(error: DbErr) -> Self {
        Self::Store(error.into())
    }
}

impl EndpointError {
    fn problem(&self) -> Option<Problem> {
        match self {
            Self::NotFound { id } => {
                Some(Problem::new(Code::EndpointNotFound, [("endpoint", id.as_str().into())]))
            }
            Self::Deleted { name } => {
                Some(Problem::new(Code::EndpointRemoved, [("endpoint", name.as_str().into())]))
            }
            Self::Forbidden { .. }
            | Self::NotGlobusConnect
            | Self::NoName
            | Self::Name { .. }
            | Self::NameTaken { .. }
            | Self::TooMany { .. }
            | Self::TooLong { .. }
            | Self::DefaultDirectory { .. }
            | Self::VerifyBoth
            | Self::Unsupported { .. }
            | Self::BadRequest(_)
            | Self::Store(_) => None,
        }
    }
}

impl<S: Shape> From<EndpointError> for ApiError<S> {
    fn from(error: EndpointError) -> Self {
        let (status, code) = match &error {
            EndpointError::NotFound { .. } => {
                (StatusCode::NOT_FOUND, error_code::ENDPOINT_NOT_FOUND)
            }
            EndpointError::Deleted { .. } => (StatusCode::NOT_FOUND, error_code::ENDPOINT_DELETED),
            EndpointError::Forbidden { .. } => {
                (StatusCode::FORBIDDEN, error_code::PERMISSION_DENIED)
            }
            EndpointError::NameTaken { .. } => (StatusCode::CONFLICT, error_code::EXISTS),
            EndpointError::TooMany { .. } => (StatusCode::CONFLICT, error_code::CONFLICT),
            EndpointError::NotGlobusConnect
            | EndpointError::NoName
            | EndpointError::Name { .. }
            | EndpointError::TooLong { .. }
            | EndpointError::DefaultDirectory { .. }
            | EndpointError::VerifyBoth
            | EndpointError::Unsupported { .. }
            | EndpointError::BadRequest(_) => (StatusCode::BAD_REQUEST, S::BAD_REQUEST),
            EndpointError::Store(_) => return Self::internal(error),
        };
        match error.problem() {
            Some(problem) => Self::problem(status, code, problem),
            None => {
                let mut message = error.to_string();
                // The name of a field stays as it is.
                let is_field = message.split([' ', ':']).next().is_some_and(|w| w.contains('_'));
                if let Some(first) = message.get_mut(..1).filter(|_| !is_field) {
                    first.make_ascii_uppercase();
                }
                Self::new(status, code, message + ".")
            }
        }
    }
}
