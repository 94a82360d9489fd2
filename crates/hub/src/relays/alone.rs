//! A relay on a computer of its own. It hears nothing from the hub: whoever proves a token with the pass
//! that belongs to it is let in.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use axum::{Router, http::StatusCode, routing::get};
use outport_relay::{Counts, Port, Relay, RelayLimits, RelayOptions};
use tokio::net::{TcpListener, UdpSocket};
use tokio_util::sync::CancellationToken;

use super::key::{self, RelayKeyError};
use crate::{config::RELAY_RATE_MIN, listen, metrics, random::random_bytes};

/// How it is run.
#[derive(Clone, Debug)]
pub struct LoneRelayOptions {
    /// The address and UDP port; by default every address of the computer and port 7440.
    pub listen: Option<SocketAddr>,
    /// The file of the key that it shares with the hub; made where there is none.
    pub key: PathBuf,
    /// How much it forwards.
    pub limits: RelayLimits,
    /// Where `/metrics` is shown.
    pub metrics: Option<SocketAddr>,
}

/// A relay that was set up.
#[derive(Debug)]
pub struct LoneRelay {
    socket: UdpSocket,
    port: Port,
    counts: Arc<Counts>,
    metrics: Option<TcpListener>,
    made_key: bool,
}

/// Why it does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoneRelayError {
    #[error(transparent)]
    Key(#[from] RelayKeyError),
    #[error("cannot open the UDP port {listen}")]
    Udp { listen: SocketAddr, source: io::Error },
    #[error("cannot listen on {listen} for those who ask for metrics")]
    Metrics { listen: SocketAddr, source: io::Error },
    #[error(
        "{bytes} bytes per second are too little for a connection to live on: write {min} or more"
    )]
    TooSlow { bytes: u64, min: u64 },
    #[error("the system's sockets fail")]
    Serve(#[from] io::Error),
}

impl LoneRelay {
    /// Opens the port and reads or makes the key.
    ///
    /// # Errors
    /// When one of both fails, or a limit is too low.
    pub async fn bind(options: LoneRelayOptions) -> Result<Self, LoneRelayError> {
        let LoneRelayOptions { listen, key, limits, metrics } = options;
        let RelayLimits { rate, session_rate, user_rate, user_bytes_per_day: _ } = limits;
        for bytes in [rate, session_rate, user_rate].into_iter().flatten() {
            if bytes < RELAY_RATE_MIN {
                return Err(LoneRelayError::TooSlow { bytes, min: RELAY_RATE_MIN });
            }
        }
        let socket = open(listen)?;
        let metrics = match metrics {
            Some(listen) => {
                let bound = TcpListener::bind(listen).await;
                Some(bound.map_err(|source| LoneRelayError::Metrics { listen, source })?)
            }
            None => None,
        };
        let (secret, made_key) = key::read_or_make(&key)?;
        let counts = Arc::new(Counts::default());
        let options =
            RelayOptions { limits: Some(limits), secret, nonces: random_bytes(), alone: true };
        let (_, port) = Relay::new(options, counts.clone());
        Ok(Self { socket, port, counts, metrics, made_key })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Where it shows metrics.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref()?.local_addr().ok()
    }

    /// Whether there was no key before.
    pub fn has_made_key(&self) -> bool {
        self.made_key
    }

    /// Forwards until then.
    ///
    /// # Errors
    /// When the system's sockets fail.
    pub async fn serve(self, until: impl Future<Output = ()>) -> Result<(), LoneRelayError> {
        let Self { socket, port, counts, metrics, .. } = self;
        let showing = async {
            match metrics {
                Some(listener) => {
                    let text = move || async move {
                        metrics::relay_text(&counts).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
                    };
                    axum::serve(listener, Router::new().route("/metrics", get(text))).await
                }
                None => std::future::pending().await,
            }
        };
        let stop = CancellationToken::new();
        tokio::select! {
            () = until => Ok(()),
            served = port.serve(&socket, &stop) => Ok(served?),
            shown = showing => Ok(shown?),
        }
    }
}

/// Both families where the computer has both.
fn open(listen: Option<SocketAddr>) -> Result<UdpSocket, LoneRelayError> {
    if let Some(listen) = listen {
        let opened = listen::udp(listen);
        return opened.map_err(|source| LoneRelayError::Udp { listen, source });
    }
    let both = SocketAddr::from((Ipv6Addr::UNSPECIFIED, PORT));
    if let Ok(socket) = listen::udp(both) {
        return Ok(socket);
    }
    let listen = SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT));
    listen::udp(listen).map_err(|source| LoneRelayError::Udp { listen, source })
}

/// As a hub's, unless told otherwise.
const PORT: u16 = 7440;
