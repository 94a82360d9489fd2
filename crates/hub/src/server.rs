//! The hub as a service: bind, serve, stop.

mod absent;
mod accept;
mod routes;
mod tls;

use std::{io, net::SocketAddr, path::PathBuf, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

use crate::{
    accounts::{self, Link, LinkPurpose},
    auth::sweep_forever,
    clock::Clock,
    config::{ConfigError, HubConfig},
    keys::KeysError,
    listen,
    random::Secret,
    relays::RelayKeyError,
    state::HubState,
    store::StoreError,
};

/// A hub that runs.
///
/// Dropping it stops it without waiting; [`Hub::shutdown`] stops it in good order.
#[derive(Debug)]
pub struct Hub {
    local_addr: SocketAddr,
    state: HubState,
    connections: TaskTracker,
    /// Ends connections that outlast the grace period.
    cut: CancellationToken,
    listening: CancellationToken,
    first_admin_key: Option<Secret>,
}

impl Hub {
    /// Opens the data directory, listens and begins to serve.
    ///
    /// # Errors
    /// When a setting cannot be used, the data belongs to another hub or version, or the port is
    /// taken.
    pub async fn bind(config: HubConfig) -> Result<Self, StartError> {
        Self::bind_with_clock(config, Clock::system()).await
    }

    /// As [`Hub::bind`], with a clock that the caller can move.
    ///
    /// # Errors
    /// As [`Hub::bind`].
    pub async fn bind_with_clock(config: HubConfig, clock: Clock) -> Result<Self, StartError> {
        config.check()?;
        let acceptor = tls::acceptor(&config)?;
        let listen = config.listen;
        let listener =
            listen::tcp(listen).map_err(|source| StartError::Listen { listen, source })?;
        let local_addr =
            listener.local_addr().map_err(|source| StartError::Listen { listen, source })?;
        let state = HubState::open(config, clock, local_addr).await?;
        let first_admin_key = first_admin_key(&state).await?;
        state.workers.spawn(sweep_forever(state.clone()));
        let connections = TaskTracker::new();
        let cut = CancellationToken::new();
        let listening = CancellationToken::new();
        let server = accept::Server {
            router: routes::router(&state),
            state: state.clone(),
            acceptor,
            connections: connections.clone(),
            cut: cut.clone(),
        };
        let ended = listening.clone();
        connections.spawn(async move {
            let _ended = ended.drop_guard();
            server.run(listener).await;
        });
        tracing::info!(%local_addr, url = %state.base_url, "listening");
        Ok(Self { local_addr, state, connections, cut, listening, first_admin_key })
    }

    /// The address that the hub listens on, with the port that the system chose.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// How browsers and agents reach the hub.
    pub fn url(&self) -> &Url {
        &self.state.base_url
    }

    /// Where the first administrator makes an account, if there is none yet.
    ///
    /// The link works once; the one of an earlier start no longer does.
    pub fn first_admin_link(&self) -> Option<String> {
        let key = self.first_admin_key.as_ref()?;
        Some(self.state.url(&format!("outport/welcome?key={}", key.reveal())))
    }

    /// Waits until the hub no longer listens.
    pub async fn join(&self) {
        self.listening.cancelled().await;
    }

    /// Stops: no new connections, running requests finish, everything is stored.
    ///
    /// Takes at most ten seconds.
    pub async fn shutdown(self) {
        self.state.stop.cancel();
        self.connections.close();
        if tokio::time::timeout(GRACE, self.connections.wait()).await.is_err() {
            tracing::warn!(open = self.connections.len(), "cutting connections that do not end");
            self.cut.cancel();
            self.connections.wait().await;
        }
        let workers = self.state.workers.clone();
        drop(self);
        workers.close();
        if tokio::time::timeout(GRACE, workers.wait()).await.is_err() {
            tracing::error!(running = workers.len(), "workers did not end");
        }
        tracing::info!("stopped");
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.state.stop.cancel();
    }
}

async fn first_admin_key(state: &HubState) -> Result<Option<Secret>, StoreError> {
    if accounts::has_admin(state.store.read()).await? {
        return Ok(None);
    }
    let (now, hours) = (state.clock.now(), state.config.tokens.link_hours);
    let write = state.store.write(move |tx| {
        Box::pin(async move {
            let purpose = LinkPurpose::FirstAdmin;
            Ok::<_, StoreError>(Link::create(tx, purpose, now, hours).await?)
        })
    });
    Ok(Some(write.await?))
}

/// Why a hub does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("cannot listen on {listen}")]
    Listen { listen: SocketAddr, source: io::Error },
    #[error("cannot open the UDP port {listen}")]
    ListenUdp { listen: SocketAddr, source: io::Error },
    #[error("cannot use the hub's keys")]
    Keys(#[from] KeysError),
    #[error(transparent)]
    RelayKey(#[from] RelayKeyError),
    #[error("cannot use the data directory {}", dir.display())]
    Data { dir: PathBuf, source: io::Error },
    #[error("another hub uses the data directory {}", dir.display())]
    AlreadyRunning { dir: PathBuf },
    #[error("cannot open the database")]
    Store(#[from] StoreError),
    #[error("cannot use the certificate or key in {}", path.display())]
    Tls { path: PathBuf, source: Box<dyn std::error::Error + Send + Sync> },
}

/// How long running requests have to finish, and then the workers to store what they hold.
const GRACE: Duration = Duration::from_secs(5);
