//! All routes of the hub, put together from the areas.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{
    auth,
    http::{AuthError, BodyLimit, ClientAddress, read_whole_body, shape_of, track},
    pages,
    state::HubState,
};

/// Every area brings a router; each with the limit of its bodies.
pub(super) fn router(hub: &HubState) -> Router {
    Router::new()
        .merge(area(operator(), BodyLimit::SMALL))
        .merge(area(auth::router(), BodyLimit::SMALL))
        .merge(area(pages::router(), BodyLimit::SMALL))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(hub.clone(), track))
        .with_state(hub.clone())
}

fn area(routes: Router<HubState>, limit: BodyLimit) -> Router<HubState> {
    routes.layer(middleware::from_fn_with_state(limit, read_whole_body))
}

fn operator() -> Router<HubState> {
    Router::new().route("/healthz", get(health)).route("/metrics", get(metrics))
}

/// Says whether the hub can do its work: serve, and read its database.
async fn health(State(hub): State<HubState>) -> Response {
    match hub.store.read().ping().await {
        Ok(()) if !hub.stop.is_cancelled() => "ok\n".into_response(),
        Ok(()) => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response(),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "database\n").into_response()
        }
    }
}

async fn metrics(
    State(hub): State<HubState>,
    client: ClientAddress,
) -> Result<Response, AuthError> {
    if !hub.config.metrics_open && !client.0.to_canonical().is_loopback() {
        return Err(AuthError::forbidden("Metrics are shown to this computer only."));
    }
    let text = hub.metrics.text().map_err(AuthError::internal)?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

async fn unknown(request: Request) -> Response {
    let message = "There is nothing at this address.";
    shape_of(request.uri().path(), StatusCode::NOT_FOUND, message)
}

async fn wrong_method(request: Request) -> Response {
    let message = "This address does not answer to this method.";
    shape_of(request.uri().path(), StatusCode::METHOD_NOT_ALLOWED, message)
}
