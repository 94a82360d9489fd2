//! Connections to the relay at the hub's HTTPS port: on the way to the hub that the control channel
//! takes, through the same proxies and with the same certificates.

use std::{io, sync::Arc};

use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture};
use outport_api::client::{HubUrl, Trust};
use outport_control::Paths;
use outport_link::{Messages, Tunnels, tune_tcp};
use outport_protocol::tunnel::{NONCE_BYTES, TUNNEL_MESSAGE_BYTES_MAX, TUNNEL_PATH};
use rustls::ClientConfig;
use tokio::{io::BufReader, sync::OnceCell};

use super::{
    dial::{Carrier, DialError, connect, encrypt_with, outer_config, upgrade},
    messages::BinaryMessages,
};
use crate::{config::InForce, trust};

/// Sees whether the hub's relay takes connections, without joining anything.
pub(crate) async fn knock(hub: &HubUrl, trust: &Trust) -> Result<(), DialError> {
    let mut messages = dial(hub, trust, outer_config(trust).await?).await?;
    match messages.next().await {
        Some(Ok(nonce)) if nonce.len() == NONCE_BYTES => Ok(()),
        Some(Err(error)) => Err(DialError::Seal(error)),
        Some(Ok(_)) | None => Err(DialError::NoRelay),
    }
}

async fn dial(
    hub: &HubUrl,
    trust: &Trust,
    outer: Arc<ClientConfig>,
) -> Result<BinaryMessages<Box<dyn Carrier>>, DialError> {
    let (stream, _) = connect(hub, trust).await?;
    if let Err(error) = tune_tcp(&stream) {
        tracing::debug!(%error, "a connection to the relay stays as the system makes it");
    }
    let stream = BufReader::with_capacity(FETCH_BYTES, stream);
    let stream = encrypt_with(hub, outer, stream).await?;
    let socket = upgrade(hub, stream, TUNNEL_PATH, TUNNEL_MESSAGE_BYTES_MAX).await?;
    Ok(BinaryMessages::new(socket))
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

    async fn find_way(&self) -> io::Result<(Trust, Arc<ClientConfig>)> {
        let config = self.config.borrow().clone();
        let trust = trust::load(&self.paths, Some(config), &self.hub).await;
        let trust = trust.map_err(|problem| io::Error::other(problem.message))?;
        let outer = outer_config(&trust).await.map_err(io::Error::other)?;
        Ok((trust, outer))
    }
}

impl Tunnels for HubTunnels {
    fn open(&self) -> BoxFuture<'_, io::Result<Box<dyn Messages>>> {
        async move {
            let (trust, outer) = self.way.get_or_try_init(|| self.find_way()).await?;
            let messages = dial(&self.hub, trust, outer.clone()).await;
            Ok(Box::new(messages.map_err(io::Error::other)?) as Box<dyn Messages>)
        }
        .boxed()
    }
}

/// What is fetched from the system at once, as TLS asks for a quarter of a record at a time.
const FETCH_BYTES: usize = 128 * 1024;
