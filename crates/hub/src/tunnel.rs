//! `GET /outport/v1/relay`: where the relay takes sides whose UDP does not get out.
//!
//! Who may join what is the relay's to say; here is the door. Only a bounded number of connections
//! that have not joined anything is open at a time, and no address has more than half of them.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    response::Response,
};
use bytes::Bytes;
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use outport_protocol::tunnel::TUNNEL_MESSAGE_BYTES_MAX;
use outport_types::Chain;

use crate::{http::ClientAddress, presence::come_back, random::random_bytes, state::HubState};

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
    // Shutdown waits for this, although the library spawns it.
    let worker = hub.workers.token();
    upgrade
        .max_message_size(TUNNEL_MESSAGE_BYTES_MAX)
        .max_frame_size(TUNNEL_MESSAGE_BYTES_MAX)
        .max_write_buffer_size(4 * TUNNEL_MESSAGE_BYTES_MAX)
        .write_buffer_size(0)
        .on_upgrade(move |socket| async move {
            let joined = || drop(place);
            let serving = hub.relay.tunnel(Messages(socket), random_bytes(), joined);
            if let Some(Err(error)) = hub.stop.run_until_cancelled(serving).await {
                tracing::debug!(error = %Chain(&error), "a connection for the relay is over");
            }
            drop(worker);
        })
}

/// A WebSocket's binary messages; anything else is not meant for the relay.
#[derive(Debug)]
struct Messages(WebSocket);

impl Stream for Messages {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            return Poll::Ready(match ready!(self.0.poll_next_unpin(cx)) {
                None | Some(Ok(Message::Close(_))) => None,
                Some(Ok(Message::Binary(bytes))) => Some(Ok(bytes)),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Text(_))) => {
                    let message = "text where bytes are expected";
                    Some(Err(io::Error::new(io::ErrorKind::InvalidData, message)))
                }
                Some(Err(error)) => Some(Err(io::Error::other(error))),
            });
        }
    }
}

impl Sink<Bytes> for Messages {
    type Error = io::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_ready_unpin(cx).map_err(io::Error::other)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Bytes) -> io::Result<()> {
        self.0.start_send_unpin(Message::Binary(message)).map_err(io::Error::other)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush_unpin(cx).map_err(io::Error::other)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_close_unpin(cx).map_err(io::Error::other)
    }
}
