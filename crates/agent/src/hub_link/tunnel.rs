//! Connections to the relay at the hub's HTTPS port: on the way to the hub that the control channel
//! takes, through the same proxies and with the same certificates.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::{FutureExt as _, Sink, SinkExt as _, Stream, StreamExt as _, future::BoxFuture};
use outport_api::client::{HubUrl, Trust};
use outport_control::Paths;
use outport_link::{Messages, Tunnels, tune_tcp};
use outport_protocol::tunnel::{NONCE_BYTES, TUNNEL_MESSAGE_BYTES_MAX, TUNNEL_PATH};
use rustls::ClientConfig;
use tokio::{io::BufReader, sync::OnceCell};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use super::{
    bytes::io_error,
    dial::{Carrier, DialError, connect, encrypt_with, outer_config, upgrade},
};
use crate::{config::InForce, trust};

/// Sees whether the hub's relay takes connections, without joining anything.
pub(crate) async fn knock(hub: &HubUrl, trust: &Trust) -> Result<(), DialError> {
    let (stream, _) = connect(hub, trust).await?;
    let stream = encrypt_with(hub, outer_config(trust).await?, stream).await?;
    let mut socket = upgrade(hub, stream, TUNNEL_PATH, TUNNEL_MESSAGE_BYTES_MAX).await?;
    match socket.next().await {
        Some(Ok(Message::Binary(nonce))) if nonce.len() == NONCE_BYTES => Ok(()),
        Some(Err(error)) => Err(DialError::Seal(io_error(error))),
        Some(Ok(_)) | None => Err(DialError::NoStatement),
    }
}

/// What opens connections to the hub's relay, for one session.
#[derive(Debug)]
pub(crate) struct HubTunnels {
    hub: HubUrl,
    paths: Paths,
    config: InForce,
    /// The way there, and whom the outer encryption trusts: found once, as a session opens several at
    /// once.
    way: OnceCell<(Trust, Arc<ClientConfig>)>,
}

impl HubTunnels {
    pub(crate) fn new(hub: HubUrl, paths: Paths, config: InForce) -> Self {
        Self { hub, paths, config, way: OnceCell::new() }
    }

    async fn dial(&self) -> io::Result<WebSocketStream<Box<dyn Carrier>>> {
        let way = self.way.get_or_try_init(async || {
            let config = self.config.borrow().clone();
            let trust = trust::load(&self.paths, Some(config), &self.hub).await;
            let trust = trust.map_err(|problem| io::Error::other(problem.message))?;
            let outer = outer_config(&trust).await.map_err(io::Error::other)?;
            Ok::<_, io::Error>((trust, outer))
        });
        let (trust, outer) = way.await?;
        self.dial_by(trust, outer.clone()).await.map_err(io::Error::other)
    }

    async fn dial_by(
        &self,
        trust: &Trust,
        outer: Arc<ClientConfig>,
    ) -> Result<WebSocketStream<Box<dyn Carrier>>, DialError> {
        let (stream, _) = connect(&self.hub, trust).await?;
        if let Err(error) = tune_tcp(&stream) {
            tracing::debug!(%error, "a connection to the relay stays as the system makes it");
        }
        let stream = BufReader::with_capacity(FETCH_BYTES, stream);
        let stream = encrypt_with(&self.hub, outer, stream).await?;
        upgrade(&self.hub, stream, TUNNEL_PATH, TUNNEL_MESSAGE_BYTES_MAX).await
    }
}

impl Tunnels for HubTunnels {
    fn open(&self) -> BoxFuture<'_, io::Result<Box<dyn Messages>>> {
        async move { Ok(Box::new(Tunnel(self.dial().await?)) as Box<dyn Messages>) }.boxed()
    }
}

/// A WebSocket's binary messages.
#[derive(Debug)]
struct Tunnel(WebSocketStream<Box<dyn Carrier>>);

impl Stream for Tunnel {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            return Poll::Ready(match ready!(self.0.poll_next_unpin(cx)) {
                None | Some(Ok(Message::Close(_))) => None,
                Some(Ok(Message::Binary(bytes))) => Some(Ok(bytes)),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Ok(Message::Text(_))) => {
                    let message = "text where only binary messages belong";
                    Some(Err(io::Error::new(io::ErrorKind::InvalidData, message)))
                }
                Some(Err(error)) => Some(Err(io_error(error))),
            });
        }
    }
}

impl Sink<Bytes> for Tunnel {
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

/// What is fetched from the system at once, as TLS asks for a quarter of a record at a time.
const FETCH_BYTES: usize = 128 * 1024;
