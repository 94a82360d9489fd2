//! `GET /outport/v1/agent`: where agents knock.

use axum::{
    extract::{State, WebSocketUpgrade, ws::WebSocket},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use outport_protocol::control::{
    AgentStatus, CHANNEL_MESSAGE_BYTES_MAX, CONTROL_VERSION, Hello, HubMessage, Welcome,
};
use outport_types::{Chain, Code, Problem, PublicKey};
use tokio_util::sync::CancellationToken;

use super::{
    admission::{COME_BACK_SECONDS, Place},
    connection::{Connection, Ears, Handle, Order, SILENCE_MAX, read_all, write_all},
    frames::write_frame,
    handshake::{Guest, HandshakeError, refuse, shake},
};
use crate::{
    endpoints::{Registered, Standing},
    http::{ClientAddress, OutportError},
    scheduler::{ConnectionId, Input},
    sockets::take_up,
    state::HubState,
};

/// Takes an agent in, or says when to come back.
pub(crate) async fn connect(
    State(hub): State<HubState>,
    client: ClientAddress,
    upgrade: WebSocketUpgrade,
) -> Response {
    if hub.stop.is_cancelled() {
        return come_back();
    }
    let Some(place) = hub.admission.enter(client.0) else {
        hub.metrics.agents.turned_away.inc();
        return come_back();
    };
    hub.metrics.agents.observe_most(hub.admission.most());
    take_up(hub, upgrade, CHANNEL_MESSAGE_BYTES_MAX, async move |hub, socket| {
        serve(&hub, socket, place).await;
    })
}

/// What is answered where there is no place now.
pub(crate) fn come_back() -> Response {
    // Spread out, or all would come back together.
    let seconds = fastrand::u64(COME_BACK_SECONDS..=2 * COME_BACK_SECONDS);
    let problem = Problem::new(Code::HubBusy, [("seconds", seconds.into())]);
    let busy = OutportError::problem(StatusCode::SERVICE_UNAVAILABLE, "HUB_BUSY", problem);
    let mut response = busy.into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

async fn serve(hub: &HubState, socket: WebSocket, place: Place) {
    let guest = match shake(hub, socket).await {
        Ok(guest) => guest,
        Err(error) => {
            hub.metrics.agents.handshake(outcome_word(&error));
            tracing::debug!(error = %Chain(&error), "an agent was not let in");
            return;
        }
    };
    let cut = CancellationToken::new();
    let (handle, orders) = Handle::new(cut.clone());
    let endpoint = guest.registered.endpoint;
    let Some(id) = hub.presence.register(endpoint, handle, guest.hello.status.clone()).await else {
        return; // the hub stops
    };
    hub.metrics.agents.connected.inc();
    let gone = cut.run_until_cancelled(attend(hub, guest, id, orders, place)).await;
    hub.metrics.agents.connected.dec();
    tracing::debug!(%endpoint, why = gone.unwrap_or("cut"), "an agent's channel is over");
    leave(hub, endpoint, id).await;
}

/// Welcomes a guest that has its place in the registry, and serves it until it goes.
async fn attend(
    hub: &HubState,
    guest: Guest,
    id: ConnectionId,
    orders: tokio::sync::mpsc::Receiver<Order>,
    place: Place,
) -> &'static str {
    let Guest { reader, mut writer, registered, key, hello, keys } = guest;
    let endpoint = registered.endpoint;
    // The key may have lost its place while the guest was on its way to the registry, which from
    // now on tells it.
    match hub.endpoints.standing_of(&key).await {
        Ok(Standing::Registered(_)) => {}
        Ok(Standing::Refused(problem)) => {
            refuse(writer, reader, problem, None).await;
            return "no longer registered";
        }
        Err(error) => {
            tracing::error!(error = %Chain(&error), "cannot look a key up");
            return "the database does not answer";
        }
    }
    let welcome = HubMessage::Welcome(welcome(hub, registered));
    if write_frame(&mut writer, &welcome).await.is_err() {
        return "gone before the welcome";
    }
    let present = hub.ring.day();
    if present.statement != keys.statement {
        let statement = HubMessage::Statement { statement: present.statement.clone() };
        write_frame(&mut writer, &statement).await.ok();
    }
    drop(place);
    hub.metrics.agents.handshake("welcome");
    let ears = Ears {
        presence: hub.presence.clone(),
        scheduler: hub.scheduler.clone(),
        reports: hub.reports.clone(),
        endpoints: hub.endpoints.clone(),
        probes: hub.probes.clone(),
        clock: hub.clock.clone(),
    };
    let (connection, hear, to_write) = Connection::new(endpoint, id, ears, orders);
    let over = CancellationToken::new();
    let serving = async {
        let why = connection.run().await;
        over.cancel();
        why
    };
    // The writer goes on until it has written what was decided, a dismissal for one.
    let (why, (), _, _, _) = tokio::join!(
        serving,
        write_all(writer, to_write),
        over.run_until_cancelled(read_all(reader, hear)),
        over.run_until_cancelled(announce(hub, endpoint, id, hello)),
        over.run_until_cancelled(watch(hub, endpoint, key)),
    );
    why
}

fn welcome(hub: &HubState, registered: Registered) -> Welcome {
    Welcome {
        version: CONTROL_VERSION,
        hub_time: hub.clock.now(),
        endpoint: registered.endpoint,
        name: registered.name,
        owner: registered.owner,
        udp: hub.udp.clone(),
        silence_seconds_max: SILENCE_MAX.as_secs(),
        probes: true,
    }
}

/// Tells everybody that the agent is there.
async fn announce(
    hub: &HubState,
    endpoint: outport_types::EndpointId,
    connection: ConnectionId,
    hello: Hello,
) {
    let Hello { versions: _, software, system, status, outstanding, sessions } = hello;
    hub.endpoints.arrived(endpoint, &software, &system, &status).await;
    let AgentStatus { paused, default_directory: _, probes: _ } = status;
    let paused = paused.is_some();
    // First what ended while it was away, so that it does not start what is over.
    hub.reports.greet(endpoint, outstanding).await;
    hub.scheduler.tell(Input::Connected { endpoint, connection, paused, sessions }).await;
    hub.endpoints.changed(endpoint).await;
}

/// Sees to it that an agent goes whose account was closed by another process: the command line
/// writes to the store only.
async fn watch(hub: &HubState, endpoint: outport_types::EndpointId, key: PublicKey) {
    loop {
        hub.clock.sleep_until(hub.clock.now().plus_seconds(STANDING_SECONDS)).await;
        let problem = match hub.endpoints.standing_of(&key).await {
            Ok(Standing::Registered(_)) => continue,
            // Whoever replaced it has seen to it, and its successor may have the place by now.
            Ok(Standing::Refused(problem)) if problem.code == Code::KeyReplaced => continue,
            Ok(Standing::Refused(problem)) => problem,
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "cannot look a key up");
                continue;
            }
        };
        tracing::info!(%endpoint, code = ?problem.code, "an agent lost its place");
        // Its sessions end before its channel does.
        hub.scheduler.settle(Input::Removed { endpoint, problem: problem.clone() }).await;
        let refused = HubMessage::Refused { problem, retry_after_seconds: None };
        hub.presence.dismiss(endpoint, refused).await;
        return;
    }
}

async fn leave(hub: &HubState, endpoint: outport_types::EndpointId, connection: ConnectionId) {
    let was_present = hub.presence.unregister(endpoint, connection).await;
    if hub.stop.is_cancelled() {
        return; // everybody leaves, and nobody is to be told
    }
    hub.scheduler.tell(Input::Disconnected { endpoint, connection }).await;
    if was_present {
        hub.endpoints.left(endpoint).await;
        hub.endpoints.changed(endpoint).await;
    }
}

fn outcome_word(error: &HandshakeError) -> &'static str {
    match error {
        HandshakeError::TooSlow => "too_slow",
        HandshakeError::WebSocket(_) | HandshakeError::Channel(_) => "broken",
        HandshakeError::Tls(_) | HandshakeError::OtherProtocol | HandshakeError::NoKey => "tls",
        HandshakeError::NotHello => "malformed",
        HandshakeError::Refused(_) => "refused",
        HandshakeError::Store(_) => "failed",
    }
}

/// How long an agent may stay whose account was closed.
const STANDING_SECONDS: i64 = 60;
