//! What the hub tells everybody about itself: its name, key and time, before anybody signs in.

use axum::{Json, Router, extract::State, routing::get};
use outport_api::hub::{ABOUT_PATH, AboutHub};

use crate::state::HubState;

/// The route of `/outport/v1/hub`.
pub(crate) fn routes() -> Router<HubState> {
    Router::new().route(ABOUT_PATH, get(about))
}

async fn about(State(hub): State<HubState>) -> Json<AboutHub> {
    Json(AboutHub {
        software: concat!("outport ", env!("CARGO_PKG_VERSION")).to_owned(),
        name: hub.config.name.clone(),
        public_url: hub.base_url.as_str().trim_end_matches('/').to_owned(),
        root: hub.ring.root(),
        hub_time: hub.clock.now(),
        udp: hub.udp.clone(),
        udp_second: hub.udp_second.clone(),
        relays: hub.relays.addresses(),
    })
}
