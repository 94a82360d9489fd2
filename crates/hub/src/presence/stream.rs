//! A WebSocket's binary messages as a stream of bytes.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::extract::ws::WebSocket;
use bytes::{Buf as _, Bytes};
use futures_util::{SinkExt as _, StreamExt as _};
use outport_protocol::control::CHANNEL_MESSAGE_BYTES_MAX;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::sockets::Messages;

/// What TLS runs on.
#[derive(Debug)]
pub(crate) struct ByteStream {
    messages: Messages,
    /// What arrived and was not read yet: one message at most.
    arrived: Bytes,
}

impl ByteStream {
    pub(super) fn new(socket: WebSocket) -> Self {
        Self { messages: Messages::new(socket), arrived: Bytes::new() }
    }
}

impl AsyncRead for ByteStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.arrived.is_empty() {
            match ready!(this.messages.poll_next_unpin(cx)) {
                Some(message) => this.arrived = message?,
                None => return Poll::Ready(Ok(())),
            }
        }
        let bytes = this.arrived.len().min(buffer.remaining());
        buffer.put_slice(&this.arrived[..bytes]);
        this.arrived.advance(bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ByteStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.messages.poll_ready_unpin(cx))?;
        let taken = bytes.len().min(CHANNEL_MESSAGE_BYTES_MAX);
        this.messages.start_send_unpin(Bytes::copy_from_slice(&bytes[..taken]))?;
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().messages.poll_flush_unpin(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().messages.poll_close_unpin(cx)
    }
}
