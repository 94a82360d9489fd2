//! What every route can reach.

use std::{io, net::SocketAddr, ops::Deref, path::Path, sync::Arc};

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

use crate::{
    accounts::{self, Passwords},
    auth::{Signer, client},
    clock::Clock,
    config::HubConfig,
    endpoints::Documents,
    limiter::Limiter,
    metrics::Metrics,
    random::{self, CookieKey},
    relays::Other,
    server::StartError,
    services::{Ground, Services, bind_second_udp, bind_udp},
    store::{DataLock, Store},
    transfer::TaskDocuments,
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
    pub(crate) passwords: Passwords,
    pub(crate) keys: Keys,
    services: Services,
    /// Everything that runs beside the requests; shutdown waits for it.
    pub(crate) workers: TaskTracker,
    /// Fires when the hub begins to stop: whatever waits for long must end.
    pub(crate) stop: CancellationToken,
    _lock: DataLock,
}

/// The hub's private keys, each a file in the data directory.
#[derive(Debug)]
pub(crate) struct Keys {
    /// Signs identity tokens.
    pub(crate) identity_tokens: Signer,
    /// Marks the browsers that signed in before.
    pub(crate) cookies: CookieKey,
}

impl Keys {
    fn load(dir: &Path) -> io::Result<Self> {
        Ok(Self { identity_tokens: Signer::load(dir)?, cookies: CookieKey::load(dir)? })
    }
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
        let base_url = base_url(&config, Some(local));
        std::fs::write(dir.join(URL_NAME), base_url.as_str()).map_err(data)?;
        let keys_dir = dir.clone();
        let loading = tokio::task::spawn_blocking(move || Keys::load(&keys_dir));
        let keys = loading.await.map_err(io::Error::other).and_then(|keys| keys).map_err(data)?;
        client::ensure_built_in(&store, clock.now()).await?;
        let relay_secret = random::relay_secret(&dir).map_err(data)?;
        let others = &config.relay.others;
        let other_relays = others.iter().map(Other::read).collect::<Result<_, _>>()?;
        let udp = bind_udp(&config, local);
        let udp = udp.map_err(|(listen, source)| StartError::ListenUdp { listen, source })?;
        let second = bind_second_udp(&config, &udp).await;
        let udp_second =
            second.map_err(|(listen, source)| StartError::ListenUdp { listen, source })?;
        let (metrics, stop) = (Metrics::new(), CancellationToken::new());
        let services = Services::start(Ground {
            config: &config,
            base_url: &base_url,
            clock: &clock,
            store: &store,
            metrics: &metrics,
            workers: &workers,
            stop: &stop,
            udp,
            udp_second,
            relay_secret,
            other_relays,
        });
        let services = services?;
        Ok(Self(Arc::new(Shared {
            limiter: Limiter::new(config.limits.clone(), clock.clone()),
            metrics,
            passwords: Passwords::new(),
            keys,
            services,
            stop,
            config,
            base_url,
            clock,
            store,
            workers,
            _lock: lock,
        })))
    }

    /// Makes documents of endpoints.
    pub(crate) fn documents(&self) -> Documents {
        self.services.documents(&self.store)
    }

    /// Makes documents of tasks.
    pub(crate) fn task_documents(&self) -> TaskDocuments {
        self.services.task_documents(&self.store, &self.clock)
    }

    /// Runs `work` to its end, even if the client goes away meanwhile: what is stored and what is
    /// told to the hub's actors belongs together.
    pub(crate) async fn see_through<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        match self.workers.spawn(work).await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Only a runtime that ends cancels it, and then nobody waits for the answer.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// The provider part of the hub's own identities.
    pub(crate) fn identity_domain(&self) -> String {
        accounts::identity_domain(&self.config, &self.base_url)
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

impl Deref for Shared {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.services
    }
}

/// How browsers reach the hub: as set, or as it listens, or as it listened when it last started.
pub(crate) fn base_url(config: &HubConfig, local: Option<SocketAddr>) -> Url {
    if let Some(url) = &config.public_url {
        return url.clone();
    }
    let noted = || {
        let text = std::fs::read_to_string(config.data.join(URL_NAME)).ok()?;
        Url::parse(text.trim()).ok()
    };
    match local {
        Some(local) => url_of(config, local),
        None => noted().unwrap_or_else(|| url_of(config, config.listen)),
    }
}

fn url_of(config: &HubConfig, local: SocketAddr) -> Url {
    let scheme = if config.has_tls() { "https" } else { "http" };
    let text = match local.ip().is_unspecified() {
        true => format!("{scheme}://localhost:{}", local.port()),
        false => format!("{scheme}://{local}"),
    };
    Url::parse(&text).expect("a scheme and a socket address make a URL")
}

/// Where the address is noted for commands that work on the data directory of a running hub.
const URL_NAME: &str = "hub.url";
