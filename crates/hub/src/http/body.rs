//! Bodies are read whole, within a size and a time, before any handler runs.

use std::time::Duration;

use axum::{
    body::{Body, HttpBody as _, to_bytes},
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::Response,
};

use super::shape_of;

/// How large a body of an area's routes may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimit {
    pub(crate) bytes_max: usize,
    pub(crate) timeout: Duration,
}

/// Forms and small documents.
pub(crate) const SMALL_BYTES: usize = 64 * 1024;

/// A layer that reads the body, so that a client that dribbles holds a connection but no handler.
///
/// `Router::layer(middleware::from_fn_with_state(limit, read_whole_body))`
pub(crate) async fn read_whole_body(
    State(limit): State<BodyLimit>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let path = parts.uri.path();
    let reading = to_bytes(body, limit.bytes_max);
    match tokio::time::timeout(limit.timeout, reading).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(_)) => {
            let message = format!("The body has more than {} bytes.", limit.bytes_max);
            shape_of(path, StatusCode::PAYLOAD_TOO_LARGE, &message)
        }
        Err(_) => shape_of(path, StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time."),
    }
}
