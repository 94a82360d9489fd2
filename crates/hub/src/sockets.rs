//! WebSockets, as agents open them.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{
    extract::{
        WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    response::Response,
};
use bytes::Bytes;
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};

use crate::state::HubState;

/// Makes a request a WebSocket for messages up to a length, and has it served until that is over or
/// the hub stops.
pub(crate) fn take_up<F>(
    hub: HubState,
    upgrade: WebSocketUpgrade,
    message_bytes_max: usize,
    serve: impl FnOnce(HubState, WebSocket) -> F + Send + 'static,
) -> Response
where
    F: Future<Output = ()> + Send,
{
    // Shutdown waits for this, although the library spawns it.
    let worker = hub.workers.token();
    upgrade
        .max_message_size(message_bytes_max)
        .max_frame_size(message_bytes_max)
        .max_write_buffer_size(4 * message_bytes_max)
        .write_buffer_size(0)
        .on_upgrade(move |socket| async move {
            let stop = hub.stop.clone();
            stop.run_until_cancelled(serve(hub, socket)).await;
            drop(worker);
        })
}

/// A WebSocket's binary messages; text is an error.
#[derive(Debug)]
pub(crate) struct Messages(WebSocket);

impl Messages {
    pub(crate) fn new(socket: WebSocket) -> Self {
        Self(socket)
    }
}

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
