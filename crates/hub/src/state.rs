//! What every route can reach.

use std::{io, net::SocketAddr, ops::Deref, sync::Arc};

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

use crate::{
    clock::Clock,
    config::HubConfig,
    limiter::Limiter,
    metrics::Metrics,
    server::StartError,
    store::{DataLock, Store},
};

/// The hub as its routes see it; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct HubState(Arc<Shared>);

/// What [`HubState`] points to.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: HubConfig,
    /// How browsers and agents reach the hub, with a `/` at the end.
    pub(crate) base_url: Url,
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) limiter: Limiter,
    pub(crate) metrics: Metrics,
    /// Everything that runs beside the requests; shutdown waits for it.
    pub(crate) workers: TaskTracker,
    /// Fires when the hub begins to stop: whatever waits for long must end.
    pub(crate) stop: CancellationToken,
    _lock: DataLock,
}

impl HubState {
    /// Opens the data directory for the hub that listens on `local`.
    pub(crate) async fn open(
        config: HubConfig,
        clock: Clock,
        local: SocketAddr,
    ) -> Result<Self, StartError> {
        let dir = config.data.clone();
        let data = |source: io::Error| StartError::Data { dir: dir.clone(), source };
        crate::secrets::make_private_dir(&dir).map_err(data)?;
        let lock = DataLock::take(&dir)
            .map_err(data)?
            .ok_or_else(|| StartError::AlreadyRunning { dir: dir.clone() })?;
        let workers = TaskTracker::new();
        let store = Store::open(&dir, &workers).await?;
        let base_url = match &config.public_url {
            Some(url) => url.clone(),
            None => default_url(&config, local)?,
        };
        Ok(Self(Arc::new(Shared {
            limiter: Limiter::new(config.limits.clone(), clock.clone()),
            metrics: Metrics::new(),
            stop: CancellationToken::new(),
            config,
            base_url,
            clock,
            store,
            workers,
            _lock: lock,
        })))
    }

    /// Whether browsers reach the hub by TLS, here or at the proxy in front.
    pub(crate) fn is_https(&self) -> bool {
        self.base_url.scheme() == "https"
    }

    /// The address of one of the hub's own pages or routes; `path` starts without a `/`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }
}

impl Deref for HubState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

fn default_url(config: &HubConfig, local: SocketAddr) -> Result<Url, StartError> {
    let scheme = if config.has_tls() { "https" } else { "http" };
    let text = if local.ip().is_unspecified() {
        format!("{scheme}://localhost:{}", local.port())
    } else {
        format!("{scheme}://{local}")
    };
    Url::parse(&text).map_err(|source| StartError::BaseUrl { text, source })
}
