//! Every request has an id, a span, a place in the metrics, and the headers that no answer lacks.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use outport_types::RequestId;
use tracing::Instrument as _;

use crate::state::HubState;

tokio::task_local! {
    static CURRENT: Current;
}

struct Current {
    id: RequestId,
    path: String,
}

/// The id of the request that this code answers.
pub(crate) fn current_id() -> RequestId {
    CURRENT.try_with(|current| current.id).unwrap_or_else(|_| RequestId::random())
}

/// The path of the request that this code answers, as the Transfer API's `resource`.
pub(crate) fn current_path() -> String {
    CURRENT
        .try_with(|current| current.path.strip_prefix("/v0.10").unwrap_or(&current.path).to_owned())
        .unwrap_or_default()
}

/// The outermost layer.
pub(crate) async fn track(State(hub): State<HubState>, request: Request, next: Next) -> Response {
    let id = RequestId::random();
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    // The pattern, not the path: paths and queries carry names and codes.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "other".to_owned(), |matched| matched.as_str().to_owned());
    let span = tracing::info_span!("request", %id, %method, route);
    let started = Instant::now();
    let answer = CURRENT.scope(Current { id, path }, next.run(request));
    let mut response = answer.instrument(span.clone()).await;
    let took = started.elapsed();
    let status = response.status().as_u16();
    hub.metrics.request(method.as_str(), &route, status, took);
    span.in_scope(|| tracing::debug!(status, took_ms = took.as_millis(), "answered"));
    put_headers(&hub, id, &mut response);
    response
}

fn put_headers(hub: &HubState, id: RequestId, response: &mut Response) {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    let mut default = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(header::CACHE_CONTROL, "no-store");
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::X_FRAME_OPTIONS, "DENY");
    default(header::REFERRER_POLICY, "same-origin");
    default(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    if hub.is_https() {
        default(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}
