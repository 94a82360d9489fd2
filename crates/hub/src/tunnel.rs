//! `GET /outport/v1/relay`: where the relay takes sides whose UDP does not get out.
//!
//! Who may join what is the relay's to say; here is the door. Only a bounded number of connections
//! that have not joined anything is open at a time, and no address has more than half of them.

use axum::{
    extract::{State, WebSocketUpgrade},
    response::Response,
};
use outport_protocol::tunnel::TUNNEL_MESSAGE_BYTES_MAX;
use outport_types::Chain;

use crate::{
    http::ClientAddress,
    presence::come_back,
    random::random_bytes,
    sockets::{Messages, take_up},
    state::HubState,
};

/// Takes a connection for the relay, or says when to come back.
pub(crate) async fn join(
    State(hub): State<HubState>,
    client: ClientAddress,
    upgrade: WebSocketUpgrade,
) -> Response {
    if hub.stop.is_cancelled() {
        return come_back();
    }
    let Some(place) = hub.tunnels.enter(client.0) else {
        return come_back();
    };
    take_up(hub, upgrade, TUNNEL_MESSAGE_BYTES_MAX, async move |hub, socket| {
        let joined = || drop(place);
        let served = hub.relay.tunnel(Messages::new(socket), random_bytes(), joined).await;
        if let Err(error) = served {
            tracing::debug!(error = %Chain(&error), "a connection for the relay is over");
        }
    })
}
