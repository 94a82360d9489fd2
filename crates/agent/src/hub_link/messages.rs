//! A WebSocket's binary messages: whole, as the relay takes them, and as one stream of bytes, as the
//! control channel is.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use outport_link::ByteLine;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, Message},
};

use super::dial::Carrier;

/// A WebSocket's binary messages; text is an error.
#[derive(Debug)]
pub(crate) struct BinaryMessages<S>(WebSocketStream<S>);

/// What the control channel's inner encryption runs on.
pub(crate) type ChannelBytes = ByteLine<BinaryMessages<Box<dyn Carrier>>>;

/// Reads and writes bytes over a WebSocket, and closes it with them.
pub(crate) fn channel_bytes(socket: WebSocketStream<Box<dyn Carrier>>) -> ChannelBytes {
    ByteLine::that_closes(BinaryMessages::new(socket))
}

impl<S> BinaryMessages<S> {
    pub(super) fn new(socket: WebSocketStream<S>) -> Self {
        Self(socket)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for BinaryMessages<S> {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            return Poll::Ready(match ready!(self.0.poll_next_unpin(cx)) {
                None | Some(Ok(Message::Close(_))) => None,
                Some(Ok(Message::Binary(bytes))) => Some(Ok(bytes)),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Ok(Message::Text(_))) => {
                    let error = "text where only binary messages belong";
                    Some(Err(io::Error::new(io::ErrorKind::InvalidData, error)))
                }
                Some(Err(error)) => Some(Err(io_error(error))),
            });
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Bytes> for BinaryMessages<S> {
    type Error = io::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_ready_unpin(cx).map_err(io_error)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Bytes) -> io::Result<()> {
        self.0.start_send_unpin(Message::Binary(message)).map_err(io_error)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush_unpin(cx).map_err(io_error)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_close_unpin(cx).map_err(io_error)
    }
}

pub(super) fn io_error(error: tungstenite::Error) -> io::Error {
    if let tungstenite::Error::Io(error) = error { error } else { io::Error::other(error) }
}
