//! Errors as each API's clients read them.
//!
//! What the client sees is `code` and `message`; the cause goes to the log.

use std::{error::Error, fmt, marker::PhantomData, time::Duration};

use axum::{
    Json,
    extract::rejection::{JsonRejection, PathRejection, QueryRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use outport_api::{
    auth::{auth_code, oauth_code},
    transfer::error_code,
};
use outport_types::{Chain, Problem};
use sea_orm::DbErr;
use serde_json::{Map, Value, json};

use super::request;
use crate::{limiter::TooMany, store::StoreError};

/// An error in the shape `S` of one API.
pub(crate) struct ApiError<S> {
    inner: Box<Inner>,
    shape: PhantomData<fn() -> S>,
}

#[derive(Debug)]
struct Inner {
    status: StatusCode,
    code: String,
    message: String,
    /// OAuth's word for it, where the answer is one of OAuth's.
    oauth: Option<&'static str>,
    problem: Option<Problem>,
    extra: Map<String, Value>,
    retry_after: Option<Duration>,
    challenge: bool,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// How one API writes an error down; the Transfer API alone has words of its own for the codes.
pub(crate) trait Shape: 'static {
    /// The code for a missing or bad token.
    const UNAUTHENTICATED: &'static str = auth_code::UNAUTHORIZED;
    /// The code for a token that does not suffice.
    const FORBIDDEN: &'static str = auth_code::FORBIDDEN;
    /// The code for a request that makes no sense.
    const BAD_REQUEST: &'static str = auth_code::BAD_REQUEST;
    /// The code for too many requests.
    const TOO_MANY: &'static str = auth_code::TOO_MANY_REQUESTS;
    /// The code for a fault of the hub.
    const INTERNAL: &'static str = auth_code::INTERNAL;
    /// The code for a path that leads nowhere.
    const NOT_FOUND: &'static str = auth_code::NOT_FOUND;

    fn body(parts: &ErrorParts<'_>) -> Value;
}

/// What a body is made of.
#[derive(Debug)]
pub(crate) struct ErrorParts<'a> {
    status: StatusCode,
    code: &'a str,
    message: &'a str,
    oauth: Option<&'static str>,
    problem: Option<&'a Problem>,
    request_id: String,
    resource: String,
}

/// `{code, message, request_id, resource}`, of the Transfer API.
#[derive(Debug)]
pub(crate) enum TransferShape {}
/// `{errors: [...], error, error_description}`, of the Auth API.
#[derive(Debug)]
pub(crate) enum AuthShape {}
/// `{error: {code, detail, status}}`, of the Timers and Flows APIs.
#[derive(Debug)]
enum ServiceShape {}
/// `{code, args, message, request_id}`, of Outport's own API.
#[derive(Debug)]
pub(crate) enum OutportShape {}

pub(crate) type TransferError = ApiError<TransferShape>;
pub(crate) type AuthError = ApiError<AuthShape>;
pub(crate) type OutportError = ApiError<OutportShape>;

impl<S: Shape> ApiError<S> {
    pub(crate) fn new(
        status: StatusCode,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            inner: Box::new(Inner {
                status,
                code: code.into(),
                message: message.into(),
                oauth: None,
                problem: None,
                extra: Map::new(),
                retry_after: None,
                challenge: false,
                source: None,
            }),
            shape: PhantomData,
        }
    }

    /// A request that makes no sense.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, S::BAD_REQUEST, message)
    }

    /// No token, or one that is unknown, expired or revoked: the client renews it and comes again.
    pub(crate) fn unauthenticated(message: impl Into<String>) -> Self {
        let mut error = Self::new(StatusCode::UNAUTHORIZED, S::UNAUTHENTICATED, message);
        error.inner.challenge = true;
        error
    }

    /// A good token that does not suffice.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, S::FORBIDDEN, message)
    }

    /// An error of our own; the client learns nothing but the request's id.
    pub(crate) fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let mut error = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            S::INTERNAL,
            "Something went wrong inside the hub. Its log says more under this request's id.",
        );
        error.inner.source = Some(source.into());
        error
    }

    /// A problem of the catalogue, as an answer.
    pub(crate) fn problem(status: StatusCode, code: impl Into<String>, problem: Problem) -> Self {
        let mut error = Self::new(status, code, problem.message.clone());
        error.inner.problem = Some(problem);
        error
    }

    /// Adds a field that clients act on, such as `required_scopes`.
    #[must_use]
    pub(crate) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.inner.extra.insert(field.to_owned(), value.into());
        self
    }

    /// Names OAuth's own word for the error.
    #[must_use]
    pub(crate) fn oauth(mut self, word: &'static str) -> Self {
        self.inner.oauth = Some(word);
        self
    }
}

impl Shape for TransferShape {
    const UNAUTHENTICATED: &'static str = error_code::AUTHENTICATION_FAILED;
    const FORBIDDEN: &'static str = error_code::PERMISSION_DENIED;
    const BAD_REQUEST: &'static str = error_code::BAD_REQUEST;
    const TOO_MANY: &'static str = error_code::TOO_MANY_REQUESTS;
    const INTERNAL: &'static str = error_code::INTERNAL;
    const NOT_FOUND: &'static str = error_code::CLIENT_NOT_FOUND;

    fn body(parts: &ErrorParts<'_>) -> Value {
        let mut body = json!({
            "code": parts.code,
            "message": parts.message,
            "request_id": parts.request_id,
            "resource": parts.resource,
        });
        put_problem(&mut body, parts);
        body
    }
}

impl Shape for AuthShape {
    fn body(parts: &ErrorParts<'_>) -> Value {
        // For this one, the official clients look for OAuth's word in place of a text.
        let detail =
            parts.oauth.filter(|word| *word == oauth_code::INVALID_GRANT).unwrap_or(parts.message);
        let mut body = json!({
            "errors": [{
                "code": parts.code,
                "detail": detail,
                "title": parts.message,
                "status": parts.status.as_u16().to_string(),
                "id": parts.request_id,
            }],
            "error": parts.oauth.unwrap_or(parts.code),
            "error_description": parts.message,
            "request_id": parts.request_id,
        });
        put_problem(&mut body, parts);
        body
    }
}

impl Shape for ServiceShape {
    fn body(parts: &ErrorParts<'_>) -> Value {
        json!({
            "error": {
                "code": parts.code,
                "detail": parts.message,
                "status": parts.status.as_u16(),
            },
            "request_id": parts.request_id,
        })
    }
}

impl Shape for OutportShape {
    fn body(parts: &ErrorParts<'_>) -> Value {
        let (code, args) = match parts.problem {
            Some(problem) => (problem.code.word(), json!(problem.args)),
            None => (parts.code, json!({})),
        };
        json!({
            "code": code,
            "args": args,
            "message": parts.message,
            "request_id": parts.request_id,
        })
    }
}

impl<S: Shape> IntoResponse for ApiError<S> {
    fn into_response(self) -> Response {
        let inner = self.inner;
        // A problem at an endpoint is no error of the hub's.
        if inner.status.is_server_error() && inner.problem.is_none() {
            let cause = inner.source.as_deref().map(|source| Chain(source).to_string());
            tracing::error!(code = inner.code, cause, "request failed: {}", inner.message);
        } else {
            tracing::debug!(status = inner.status.as_u16(), code = inner.code, "request refused");
        }
        let mut body = S::body(&ErrorParts {
            status: inner.status,
            code: &inner.code,
            message: &inner.message,
            oauth: inner.oauth,
            problem: inner.problem.as_ref(),
            request_id: request::current_id().to_string(),
            resource: request::current_path(),
        });
        if let Value::Object(fields) = &mut body {
            fields.extend(inner.extra);
        }
        let mut response = (inner.status, Json(body)).into_response();
        let headers = response.headers_mut();
        if let Some(wait) = inner.retry_after {
            headers.insert(header::RETRY_AFTER, (wait.as_secs() + 1).into());
        }
        if inner.challenge {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The plain answer of a path: the shape of the API that the path belongs to.
pub(crate) fn shape_of(path: &str, status: StatusCode, message: &str) -> Response {
    let transfer = ["/v0.10/", "/v2/tunnels", "/v2/stream_access_points"];
    let service = ["/v2/timer", "/jobs", "/flows", "/runs", "/registered_apis", "/web_inputs"];
    if transfer.iter().any(|prefix| path.starts_with(prefix)) {
        plain::<TransferShape>(status, message)
    } else if service.iter().any(|prefix| path.starts_with(prefix)) {
        plain::<ServiceShape>(status, message)
    } else if path.starts_with("/outport/") {
        plain::<OutportShape>(status, message)
    } else {
        plain::<AuthShape>(status, message)
    }
}

fn plain<S: Shape>(status: StatusCode, message: &str) -> Response {
    let code = match status {
        StatusCode::NOT_FOUND => S::NOT_FOUND,
        _ => S::BAD_REQUEST,
    };
    ApiError::<S>::new(status, code, message).into_response()
}

/// The same in Outport's own words, for clients that know them.
fn put_problem(body: &mut Value, parts: &ErrorParts<'_>) {
    if let Some(problem) = parts.problem {
        body["problem"] = json!(problem);
    }
}

impl<S> fmt::Debug for ApiError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<S> fmt::Display for ApiError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)
    }
}

impl<S> Error for ApiError<S> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.inner.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

impl<S: Shape> From<StoreError> for ApiError<S> {
    fn from(error: StoreError) -> Self {
        Self::internal(error)
    }
}

impl<S: Shape> From<DbErr> for ApiError<S> {
    fn from(error: DbErr) -> Self {
        Self::internal(error)
    }
}

impl<S: Shape> From<TooMany> for ApiError<S> {
    fn from(pause: TooMany) -> Self {
        let seconds = pause.retry_after.as_secs() + 1;
        let message = format!("Too many attempts. Try again in {seconds} seconds.");
        let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, S::TOO_MANY, message);
        error.inner.retry_after = Some(pause.retry_after);
        error
    }
}

impl<S: Shape> From<JsonRejection> for ApiError<S> {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), S::BAD_REQUEST, rejection.body_text())
    }
}

impl<S: Shape> From<QueryRejection> for ApiError<S> {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_request(rejection.body_text())
    }
}

impl<S: Shape> From<PathRejection> for ApiError<S> {
    fn from(rejection: PathRejection) -> Self {
        Self::bad_request(rejection.body_text())
    }
}
