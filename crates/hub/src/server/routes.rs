//! All routes of the hub, put together from the areas.

use std::time::Duration;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};

use outport_api::{live::EVENTS_PATH, transfer::PREFIX};
use outport_protocol::{control::CONTROL_PATH, measure::MEASURE_PATH, tunnel::TUNNEL_PATH};
use outport_types::Chain;

use super::absent::absent_part;
use crate::{
    about, auth, endpoints, events,
    http::{AuthError, BodyLimit, ClientAddress, SMALL_BYTES, read_whole_body, shape_of, track},
    measure, pages, presence,
    state::HubState,
    transfer, tunnel,
};

/// Every area brings a router.
pub(super) fn router(hub: &HubState) -> Router {
    Router::new()
        .merge(area(hub, operator(), SMALL_BYTES))
        .merge(area(hub, about::routes(), SMALL_BYTES))
        .merge(area(hub, auth::router(), SMALL_BYTES))
        .merge(area(hub, pages::router(), SMALL_BYTES))
        .nest(PREFIX, area(hub, endpoints::transfer_routes(), SMALL_BYTES))
        .nest(PREFIX, area(hub, transfer::routes(), SMALL_BYTES))
        .nest(PREFIX, area(hub, transfer::submission_routes(), transfer::SUBMISSION_BYTES_MAX))
        .nest("/outport/v1", area(hub, endpoints::outport_routes(), SMALL_BYTES))
        .nest("/outport/v1", area(hub, transfer::outport_routes(), SMALL_BYTES))
        .merge(area(hub, live(), SMALL_BYTES))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(hub.clone(), track))
        .with_state(hub.clone())
}

/// The routes of an area, whose bodies have at most `bytes_max`.
fn area(hub: &HubState, routes: Router<HubState>, bytes_max: usize) -> Router<HubState> {
    let timeout = Duration::from_secs(hub.config.limits.body_seconds.into());
    let limit = BodyLimit { bytes_max, timeout };
    routes.layer(middleware::from_fn_with_state(limit, read_whole_body))
}

/// What stays open.
fn live() -> Router<HubState> {
    Router::new()
        .route(CONTROL_PATH, get(presence::connect))
        .route(EVENTS_PATH, get(events::listen))
        .route(TUNNEL_PATH, get(tunnel::join))
        .route(MEASURE_PATH, get(measure::connect))
}

fn operator() -> Router<HubState> {
    Router::new().route("/healthz", get(health)).route("/metrics", get(metrics))
}

/// Says whether the hub can do its work: serve, read its database and write to it.
async fn health(State(hub): State<HubState>) -> Response {
    match hub.store.check().await {
        Ok(()) if !hub.stop.is_cancelled() => "ok\n".into_response(),
        Ok(()) => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response(),
        Err(error) => {
            tracing::error!(error = %Chain(&error), "the database does not answer");
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
    let path = request.uri().path();
    let message = match absent_part(path) {
        Some(part) => format!("This hub does not have {part} yet."),
        None => "There is nothing at this address.".to_owned(),
    };
    shape_of(path, StatusCode::NOT_FOUND, &message)
}

async fn wrong_method(request: Request) -> Response {
    let message = "This address does not answer to this method.";
    shape_of(request.uri().path(), StatusCode::METHOD_NOT_ALLOWED, message)
}
