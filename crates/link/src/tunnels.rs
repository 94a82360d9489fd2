//! Connections to the relay's HTTPS port, which whoever has the endpoint knows how to open: through
//! which proxies, and with which certificates to trust.
//!
//! [`outport_protocol::tunnel`] tells what is said on one before it carries anything.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf as _, Bytes, BytesMut};
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _, future::BoxFuture};
use outport_protocol::{
    relay::{RelaySide, RelayToken},
    tunnel::{TUNNEL_MESSAGE_BYTES_MAX, TUNNEL_READY, TunnelUse},
};
use outport_types::SessionId;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::timeout,
};

/// What opens connections to the relay's HTTPS port.
pub trait Tunnels: fmt::Debug + Send + Sync {
    /// Opens one more.
    fn open(&self) -> BoxFuture<'_, io::Result<Box<dyn Messages>>>;
}

/// One connection, as whole messages.
pub trait Messages:
    Stream<Item = io::Result<Bytes>> + Sink<Bytes, Error = io::Error> + fmt::Debug + Send + Unpin
{
}
impl<M> Messages for M where
    M: Stream<Item = io::Result<Bytes>>
        + Sink<Bytes, Error = io::Error>
        + fmt::Debug
        + Send
        + Unpin
{
}

/// Who speaks to the relay, and with which token.
#[derive(Clone, Debug)]
pub(crate) struct Bearer {
    pub(crate) session: SessionId,
    pub(crate) side: RelaySide,
    pub(crate) token: RelayToken,
}

impl Bearer {
    /// Opens a connection and says what for, up to where the relay has only to say that it carries.
    pub(crate) async fn join(
        &self,
        tunnels: &dyn Tunnels,
        wanted: TunnelUse,
    ) -> io::Result<Joining> {
        let joining = async {
            let mut messages = tunnels.open().await?;
            let nonce = messages.next().await.ok_or_else(closed)??;
            let nonce = nonce[..].try_into().map_err(|_| no_relay())?;
            let join = self.token.join(self.session, self.side, wanted, &nonce);
            messages.send(Bytes::copy_from_slice(&join.encode())).await?;
            Ok(Joining(messages))
        };
        timeout(JOIN_LIMIT, joining).await.unwrap_or_else(|late| Err(late.into()))
    }
}

/// A connection on which the relay's word is waited for.
#[derive(Debug)]
pub(crate) struct Joining(Box<dyn Messages>);

impl Joining {
    /// The connection, once it carries.
    pub(crate) async fn ready(mut self) -> io::Result<Box<dyn Messages>> {
        let word = timeout(READY_LIMIT, self.0.next()).await?.ok_or_else(closed)??;
        if word == TUNNEL_READY[..] { Ok(self.0) } else { Err(no_relay()) }
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionRefused, "the relay does not take this connection")
}

fn no_relay() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "what answers there is no relay")
}

/// A connection whose messages are one stream of bytes each way.
#[derive(Debug)]
pub struct ByteLine<M> {
    messages: M,
    /// What arrived and was not read yet.
    arrived: Bytes,
    closes: bool,
}

impl<M: Messages> ByteLine<M> {
    /// One whose end is that of the connection: a direction that ends by itself says so in the bytes,
    /// as TLS does. A WebSocket that closes does so in both directions, and the other one may go on.
    pub(crate) fn new(messages: M) -> Self {
        Self { messages, arrived: Bytes::new(), closes: false }
    }

    /// One that closes the connection when it is shut down.
    pub fn that_closes(messages: M) -> Self {
        Self { closes: true, ..Self::new(messages) }
    }

    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        message: impl FnOnce() -> Bytes,
    ) -> Poll<io::Result<usize>> {
        ready!(self.messages.poll_ready_unpin(cx))?;
        let message = message();
        let bytes = message.len();
        self.messages.start_send_unpin(message)?;
        Poll::Ready(Ok(bytes))
    }
}

impl<M: Messages> AsyncRead for ByteLine<M> {
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

impl<M: Messages> AsyncWrite for ByteLine<M> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let bytes = &bytes[..bytes.len().min(TUNNEL_MESSAGE_BYTES_MAX)];
        self.get_mut().poll_send(cx, || Bytes::copy_from_slice(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().poll_send(cx, || {
            let bytes: usize = pieces.iter().map(|piece| piece.len()).sum();
            let mut message = BytesMut::with_capacity(bytes.min(TUNNEL_MESSAGE_BYTES_MAX));
            for piece in pieces {
                let room = TUNNEL_MESSAGE_BYTES_MAX - message.len();
                message.extend_from_slice(&piece[..piece.len().min(room)]);
            }
            message.freeze()
        })
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().messages.poll_flush_unpin(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.closes {
            this.messages.poll_close_unpin(cx)
        } else {
            this.messages.poll_flush_unpin(cx)
        }
    }
}

/// How long it may take to get to the relay, through proxies, and to be heard.
const JOIN_LIMIT: Duration = Duration::from_secs(8);
/// How long the relay may take then; for a stream it waits for the other side.
const READY_LIMIT: Duration = Duration::from_secs(8);
