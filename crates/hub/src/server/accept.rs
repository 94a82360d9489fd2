//! The loop that accepts connections, and what one connection may do.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{Router, body::Body, extract::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

use crate::{http::Peer, limiter::address_key, state::HubState};

/// Everything that a connection needs.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) router: Router,
    pub(super) state: HubState,
    pub(super) acceptor: Option<TlsAcceptor>,
    pub(super) connections: TaskTracker,
    pub(super) cut: CancellationToken,
}

impl Server {
    /// Accepts until the hub stops.
    pub(super) async fn run(self, listener: TcpListener) {
        let stop = self.state.stop.clone();
        stop.run_until_cancelled(self.accept_all(listener)).await;
    }

    async fn accept_all(&self, listener: TcpListener) {
        let limits = &self.state.config.limits;
        let places = Arc::new(Semaphore::new(limits.connections as usize));
        let addresses = Addresses::default();
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let (socket, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, mostly: trying at once would burn a processor.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            // All connections come from the proxy where there is one.
            let max = match self.state.config.behind_proxy {
                true => u32::MAX,
                false => limits.connections_per_address,
            };
            let Some(share) = addresses.enter(peer.ip(), max) else {
                tracing::debug!(%peer, "too many connections from one address");
                continue;
            };
            let server = self.clone();
            self.connections.spawn(async move {
                let cut = server.cut.clone();
                cut.run_until_cancelled(server.serve(socket, peer, place, share)).await;
            });
        }
    }

    async fn serve(
        self,
        socket: TcpStream,
        peer: SocketAddr,
        _place: OwnedSemaphorePermit,
        _share: Share,
    ) {
        let gauge = self.state.metrics.connections.clone();
        gauge.inc();
        let _open = Open(gauge);
        socket.set_nodelay(true).ok();
        // Who reads nothing would else hold its place for ever.
        #[cfg(target_os = "linux")]
        rustix::net::sockopt::set_tcp_user_timeout(&socket, UNREAD_MILLIS).ok();
        match &self.acceptor {
            None => self.speak_http(socket, peer).await,
            Some(acceptor) => {
                match tokio::time::timeout(TLS_TIMEOUT, acceptor.accept(socket)).await {
                    Ok(Ok(stream)) => self.speak_http(stream, peer).await,
                    Ok(Err(error)) => tracing::debug!(%peer, %error, "the TLS handshake failed"),
                    Err(_) => tracing::debug!(%peer, "the TLS handshake took too long"),
                }
            }
        }
    }

    async fn speak_http<S>(&self, stream: S, peer: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let router = self.router.clone();
        let header_timeout = Duration::from_secs(self.state.config.limits.header_seconds.into());
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            let answer = router.clone().oneshot(request);
            async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(header_timeout)
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let result = tokio::select! {
            result = connection.as_mut() => result,
            () = self.state.stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.as_mut().await
            }
        };
        if let Err(error) = result {
            tracing::debug!(%peer, %error, "the connection ended early");
        }
    }
}

/// How many connections each address has.
#[derive(Clone, Debug, Default)]
struct Addresses(Arc<Mutex<HashMap<String, u32>>>);

/// One connection's part of its address's share.
#[derive(Debug)]
struct Share {
    addresses: Addresses,
    address: String,
}

impl Addresses {
    fn enter(&self, address: IpAddr, max: u32) -> Option<Share> {
        let address = address_key(address);
        let mut counts = self.lock();
        let count = counts.entry(address.clone()).or_insert(0);
        if max <= *count {
            return None;
        }
        *count += 1;
        Some(Share { addresses: self.clone(), address })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut counts = self.addresses.lock();
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

struct Open(prometheus_client::metrics::gauge::Gauge);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The time for a TLS handshake.
const TLS_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an answer may lie unread.
#[cfg(target_os = "linux")]
const UNREAD_MILLIS: u32 = 60_000;
/// The pause after a failed accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Headers of a request; browsers send about 20.
const HEADERS_MAX: usize = 100;
/// The head of a request: an authorization request has a query of some kilobytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
