//! A WebSocket's binary messages as one stream of bytes.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, Bytes};
use futures_util::{Sink as _, Stream as _};
use outport_protocol::control::CHANNEL_MESSAGE_BYTES_MAX;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, Message},
};

/// Reads and writes bytes over a WebSocket.
#[derive(Debug)]
pub(crate) struct MessageBytes<S> {
    socket: WebSocketStream<S>,
    /// What arrived and was not read yet.
    arrived: Bytes,
}

impl<S> MessageBytes<S> {
    pub(crate) fn new(socket: WebSocketStream<S>) -> Self {
        Self { socket, arrived: Bytes::new() }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for MessageBytes<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.arrived.is_empty() {
            match ready!(Pin::new(&mut this.socket).poll_next(context)) {
                Some(Ok(Message::Binary(bytes))) => this.arrived = bytes,
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_))) | None => return Poll::Ready(Ok(())),
                Some(Ok(Message::Text(_))) => {
                    let error = "text where only binary messages belong";
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
                }
                Some(Err(error)) => return Poll::Ready(Err(io_error(error))),
            }
        }
        let bytes = this.arrived.len().min(buffer.remaining());
        buffer.put_slice(&this.arrived[..bytes]);
        this.arrived.advance(bytes);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for MessageBytes<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let socket = &mut self.socket;
        ready!(Pin::new(&mut *socket).poll_ready(context)).map_err(io_error)?;
        let bytes = &bytes[..bytes.len().min(CHANNEL_MESSAGE_BYTES_MAX)];
        let message = Message::Binary(Bytes::copy_from_slice(bytes));
        Pin::new(socket).start_send(message).map_err(io_error)?;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context).map_err(io_error)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_close(context).map_err(io_error)
    }
}

pub(super) fn io_error(error: tungstenite::Error) -> io::Error {
    if let tungstenite::Error::Io(error) = error { error } else { io::Error::other(error) }
}
