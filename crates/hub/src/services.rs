//! Everything of the hub that lives beside its routes, put together in one place.

use std::{net::SocketAddr, sync::Arc};

use outport_relay::{Counts, Port, Relay, RelayOptions};
use outport_types::Chain;
use tokio::{net::UdpSocket, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

use crate::{
    clock::Clock,
    config::HubConfig,
    endpoints::{Documents, Endpoints},
    events::{Events, LISTENERS_MAX},
    keys::{KeyRing, KeysError},
    listen,
    measure::Measuring,
    metrics::Metrics,
    presence::{Admission, Presence},
    probes::Probes,
    random::random_bytes,
    relays::{self, Ledger, Relays},
    reports::{self, Reports, lists::Lists},
    scheduler::{self, Scheduler, Surroundings},
    store::Store,
    transfer::TaskDocuments,
};

/// The ways to the hub's actors, and what they share with its routes.
#[derive(Debug)]
pub(crate) struct Services {
    /// The hub's root key and keys of the day.
    pub(crate) ring: KeyRing,
    /// Who may shake hands now.
    pub(crate) admission: Admission,
    /// What forwards between agents that cannot reach each other.
    pub(crate) relay: Relay,
    /// That, and those on other computers.
    pub(crate) relays: Relays,
    /// Who may knock at its door now.
    pub(crate) tunnels: Admission,
    /// Which agents are connected.
    pub(crate) presence: Presence,
    /// When tasks run.
    pub(crate) scheduler: Scheduler,
    /// Which agents look for the ways to each other.
    pub(crate) probes: Probes,
    /// What agents report.
    pub(crate) reports: Reports,
    /// What the store knows of endpoints.
    pub(crate) endpoints: Endpoints,
    /// Live changes.
    pub(crate) events: Events,
    /// Places for those who listen to them.
    pub(crate) listeners: Arc<Semaphore>,
    /// Lists of files, in files.
    pub(crate) lists: Lists,
    /// How agents reach the UDP port, `HOST:PORT`.
    pub(crate) udp: Option<String>,
    /// How they reach the second one.
    pub(crate) udp_second: Option<String>,
    /// Who measures.
    pub(crate) measuring: Measuring,
}

/// What the services stand on.
#[derive(Debug)]
pub(crate) struct Ground<'a> {
    pub(crate) config: &'a HubConfig,
    pub(crate) base_url: &'a Url,
    pub(crate) clock: &'a Clock,
    pub(crate) store: &'a Store,
    pub(crate) metrics: &'a Metrics,
    pub(crate) workers: &'a TaskTracker,
    pub(crate) stop: &'a CancellationToken,
    pub(crate) udp: UdpSocket,
    pub(crate) udp_second: Option<UdpSocket>,
    pub(crate) relay_secret: [u8; 32],
    pub(crate) other_relays: Vec<relays::Other>,
}

impl Services {
    /// Starts the actors; they run until the hub stops.
    pub(crate) fn start(ground: Ground<'_>) -> Result<Self, KeysError> {
        let Ground { config, base_url, clock, store, metrics, workers, stop, .. } = ground;
        let Ground { udp, udp_second, relay_secret, other_relays, .. } = ground;
        let told = public_udp(config, base_url, &udp);
        let told_second = udp_second.as_ref().and_then(|udp| beside(told.as_deref()?, udp));
        let counts = Arc::new(Counts::default());
        metrics.relay(&counts);
        let options = RelayOptions {
            limits: config.relay.limits(),
            secret: relay_secret,
            nonces: random_bytes(),
            alone: false,
        };
        let (relay, port) = Relay::new(options, counts.clone());
        let relays = Relays::new(relay.clone(), told.clone(), other_relays, clock.clone());
        let is_counted = config.relay.user_bytes_per_day != 0;
        let ledger = is_counted.then(|| Ledger::new(relay.clone(), store.clone()));
        let ring = KeyRing::open(&config.data, clock, workers, stop.clone())?;
        let presence = Presence::spawn(&ring, workers, stop.clone());
        let events = Events::new();
        let endpoints = Endpoints::new(store.clone(), clock.clone(), events.clone());
        let lists = Lists::new(&config.data);
        let (scheduler, commands) = Scheduler::channel();
        let (reports, jobs) = Reports::channel(store.clone(), presence.clone());
        let surroundings = Surroundings {
            store: store.clone(),
            clock: clock.clone(),
            keys: ring.clone(),
            presence: presence.clone(),
            endpoints: endpoints.clone(),
            events: events.clone(),
            metrics: metrics.tasks.clone(),
            relays: relays.clone(),
        };
        let probes = Probes::new(&surroundings, workers, stop);
        let per_user = usize::try_from(config.max_active_tasks_per_user).unwrap_or(usize::MAX);
        let working = scheduler::Worker::new(commands, surroundings, per_user).run();
        let reporting = reports::Worker {
            inbox: jobs,
            store: store.clone(),
            lists: lists.clone(),
            presence: presence.clone(),
            scheduler: scheduler.clone(),
            events: events.clone(),
            metrics: metrics.tasks.clone(),
            clock: clock.clone(),
        };
        run(workers, stop, working);
        run(workers, stop, reporting.run());
        serve_relay(workers, stop, serve_udp(port, udp, stop.clone()), ledger);
        let second = udp_second.map(|udp| serve_udp(Port::second(counts), udp, stop.clone()));
        second.into_iter().for_each(|serving| run(workers, stop, serving));
        Ok(Self {
            ring,
            admission: Admission::default(),
            relay,
            relays,
            tunnels: Admission::default(),
            presence,
            scheduler,
            probes,
            reports,
            endpoints,
            events,
            listeners: Arc::new(Semaphore::new(LISTENERS_MAX)),
            lists,
            udp: told,
            udp_second: told_second,
            measuring: Measuring::default(),
        })
    }

    /// Makes documents of endpoints.
    pub(crate) fn documents(&self, store: &Store) -> Documents {
        Documents { store: store.clone(), presence: self.presence.clone() }
    }

    /// Makes documents of tasks.
    pub(crate) fn task_documents(&self, store: &Store, clock: &Clock) -> TaskDocuments {
        TaskDocuments {
            endpoints: self.endpoints.clone(),
            documents: self.documents(store),
            scheduler: self.scheduler.clone(),
            clock: clock.clone(),
        }
    }
}

/// Opens the UDP port: the one that is set, or the one with the number of the TCP port.
pub(crate) fn bind_udp(
    config: &HubConfig,
    tcp: SocketAddr,
) -> Result<UdpSocket, (SocketAddr, std::io::Error)> {
    let address = config.udp_listen.unwrap_or(tcp);
    let chosen_by_system = config.udp_listen.is_none() && config.listen.port() == 0;
    match listen::udp(address) {
        Err(_) if chosen_by_system => {
            // Somebody else has that number; agents are told another one.
            let any = SocketAddr::new(address.ip(), 0);
            listen::udp(any).map_err(|error| (any, error))
        }
        bound => bound.map_err(|error| (address, error)),
    }
}

/// Opens the second UDP port, which is missed by nobody unless it is set.
pub(crate) async fn bind_second_udp(
    config: &HubConfig,
    first: &UdpSocket,
) -> Result<Option<UdpSocket>, (SocketAddr, std::io::Error)> {
    if let Some(address) = config.udp_second_listen {
        return UdpSocket::bind(address).await.map(Some).map_err(|error| (address, error));
    }
    let Ok(first) = first.local_addr() else { return Ok(None) };
    match UdpSocket::bind(SocketAddr::new(first.ip(), 0)).await {
        Ok(socket) => Ok(Some(socket)),
        Err(error) => {
            tracing::warn!(%error, "there is no second UDP port");
            Ok(None)
        }
    }
}

/// A port at the host of another.
fn beside(told: &str, socket: &UdpSocket) -> Option<String> {
    let (host, _) = told.rsplit_once(':')?;
    Some(format!("{host}:{}", socket.local_addr().ok()?.port()))
}

fn public_udp(config: &HubConfig, base_url: &Url, socket: &UdpSocket) -> Option<String> {
    if config.public_udp.is_some() {
        return config.public_udp.clone();
    }
    let port = socket.local_addr().ok()?.port();
    Some(format!("{}:{port}", base_url.host_str()?))
}

fn run(
    workers: &TaskTracker,
    stop: &CancellationToken,
    work: impl Future<Output = ()> + Send + 'static,
) {
    let stop = stop.clone();
    workers.spawn(async move {
        stop.run_until_cancelled(work).await;
    });
}

/// Serves the first port, and keeps what it forwards for whom where that is limited.
fn serve_relay(
    workers: &TaskTracker,
    stop: &CancellationToken,
    serving: impl Future<Output = ()> + Send + 'static,
    ledger: Option<Ledger>,
) {
    if let Some(ledger) = ledger.clone() {
        run(workers, stop, ledger.keep());
    }
    workers.spawn(async move {
        serving.await;
        if let Some(ledger) = ledger {
            ledger.save().await;
        }
    });
}

async fn serve_udp(port: Port, socket: UdpSocket, stop: CancellationToken) {
    if let Err(error) = port.serve(&socket, &stop).await {
        tracing::error!(error = %Chain(&error), "the UDP port is closed");
    }
}
