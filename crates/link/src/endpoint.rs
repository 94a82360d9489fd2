//! An agent's place in the network: one UDP socket, its addresses, and the sessions it expects.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use outport_protocol::{
    control::{Candidate, RELAYS_MAX},
    secret::SecretKey,
};
use outport_types::{PublicKey, Route, SessionId};
use quinn::ClientConfig;
use tokio::{
    sync::{self, Notify, watch},
    time::{sleep, timeout},
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};
use tracing::debug;

use crate::{
    accept, address,
    discover::{self, DiscoverError, Pending},
    end::CloseCode,
    establish::{Course, EstablishError, Race, SURVEY_TIME, Survey, Ways, first_frame},
    hello::{Hello, STREAMS_MAX},
    known::KnownLines,
    leg::Prepared,
    legs::{self, Legs, Widener},
    link::Link,
    meter::{LAST_RELAY_SILENCE_MAX, SILENCE_MAX},
    quic::{self, Joined},
    registry::{ExpectError, Registry},
    relayed::{Ground, RelayWay, Relayed},
    sealed::{Naming, Parties, Sealed},
    socket::SharedSocket,
    splice,
    tcp::{self, Stalls},
    transport::{self, BindError},
};

/// How an endpoint is bound.
#[derive(Clone, Debug, Default)]
pub struct EndpointOptions {
    /// The socket's address; by default every address of the computer and any port. A port other
    /// than 0 is kept whatever becomes of the network.
    pub address: Option<SocketAddr>,
    /// Whether any other port will do while that one cannot be had.
    pub otherwise_any: bool,
    /// Data streams of the links that it dials, 8 by default, 16 at most.
    pub streams: Option<u8>,
    /// Whether data stays on QUIC where TCP would be faster.
    pub without_tcp: bool,
    /// Up to which round trip TCP is taken for faster; as measured, unless set.
    pub near: Option<Duration>,
    /// How long a link's rate is measured before it is given a connection more, and with it; some
    /// seconds, unless set.
    pub measure: Option<Duration>,
}

/// An agent's end of all its links. Clones are the same endpoint; the last one takes it down.
#[derive(Clone, Debug)]
pub struct Endpoint {
    inner: Arc<Inner>,
    _alive: Arc<DropGuard>,
}

/// A session that may be opened from either side while this lives; strangers stay out.
#[derive(Debug)]
pub struct Expectation {
    pub(crate) inner: Arc<Inner>,
    pub(crate) session: SessionId,
    pub(crate) peer: PublicKey,
    client: ClientConfig,
    pub(crate) candidates: watch::Sender<Vec<Candidate>>,
    pub(crate) arrived: Arc<Notify>,
    pub(crate) relays: watch::Sender<Vec<RelayWay>>,
    pub(crate) ways: Ways,
    without_tcp: bool,
    /// One establishment at a time.
    pub(crate) establishing: sync::Mutex<()>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    key: SecretKey,
    pub(crate) streams: u8,
    without_tcp: bool,
    near: Duration,
    stalls: Arc<Stalls>,
    /// To whom links of several connections broke.
    broken: Arc<Stalls>,
    measure: Duration,
    known: Arc<KnownLines>,
    /// The address that the socket was asked for.
    address: Option<SocketAddr>,
    otherwise_any: bool,
    /// Changes when packets may go out from another address.
    moved: watch::Sender<u64>,
    /// Changes when the computer may have other addresses, be it that it has one more.
    pub(crate) readdressed: watch::Sender<u64>,
    quinn: quinn::Endpoint,
    socket: RwLock<Arc<SharedSocket>>,
    pending: Arc<Pending>,
    /// Whether the hub answered over UDP since the computer moved.
    udp_answers: Mutex<Option<bool>>,
    pub(crate) registry: Arc<Registry>,
    workers: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl Endpoint {
    /// Opens the socket and starts to accept; must be called inside a tokio runtime.
    ///
    /// # Errors
    /// When the system gives no socket.
    pub fn bind(key: SecretKey, options: &EndpointOptions) -> Result<Self, BindError> {
        let pending = Arc::new(Pending::default());
        let EndpointOptions { address, otherwise_any, .. } = *options;
        let socket = SharedSocket::bind(address, otherwise_any, pending.clone());
        let socket = Arc::new(socket.map_err(BindError::Socket)?);
        let registry = Arc::new(Registry::default());
        let (workers, stop) = (TaskTracker::new(), CancellationToken::new());
        let quinn = accept::listen(socket.clone(), &key, registry.clone(), &workers, stop.clone())?;
        let streams = options.streams.unwrap_or(STREAMS_DEFAULT).clamp(1, STREAMS_MAX);
        let socket = RwLock::new(socket);
        let alive = Arc::new(stop.clone().drop_guard());
        let without_tcp = options.without_tcp;
        let near = options.near.unwrap_or(tcp::NEAR);
        let inner = Inner {
            key,
            streams,
            without_tcp,
            near,
            stalls: Arc::default(),
            broken: Arc::default(),
            measure: options.measure.unwrap_or(legs::MEASURE),
            known: Arc::default(),
            address,
            otherwise_any,
            moved: watch::Sender::new(0),
            readdressed: watch::Sender::new(0),
            quinn,
            socket,
            pending,
            udp_answers: Mutex::default(),
            registry,
            workers,
            stop,
        };
        Ok(Self { inner: Arc::new(inner), _alive: alive })
    }

    /// The key that the other sides pin.
    pub fn public_key(&self) -> PublicKey {
        self.inner.key.public()
    }

    /// The socket's own address.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.inner.quinn.local_addr()
    }

    /// Whether its socket is at the port that was asked for, where one was.
    pub fn is_where_asked(&self) -> bool {
        let asked_for = self.inner.address.map_or(0, |address| address.port());
        asked_for == 0 || self.local_address().is_ok_and(|local| local.port() == asked_for)
    }

    /// Where the computer's own networks reach this endpoint.
    ///
    /// # Errors
    /// When the system does not tell its interfaces.
    pub fn local_candidates(&self) -> io::Result<Vec<Candidate>> {
        Ok(address::candidates(&address::interfaces()?, self.local_address()?))
    }

    /// Where the hub's UDP port at `hub` sees this endpoint; asks at most four times in four seconds.
    /// While it has never answered, links do not wait for UDP.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn observed_address(&self, hub: SocketAddr) -> Result<SocketAddr, DiscoverError> {
        let (socket, before) = (self.inner.socket(), *self.inner.moved.borrow());
        let observed = discover::observed_address(&socket, &self.inner.pending, hub).await;
        let learned = !observed.as_ref().is_err_and(DiscoverError::leads_nowhere);
        if learned && before == *self.inner.moved.borrow() {
            let mut answers = self.inner.udp_answers();
            *answers = Some(observed.is_ok() || *answers == Some(true));
        }
        observed
    }

    /// Sees whether UDP packets with `bytes` of payload get from this endpoint to the hub's UDP port in
    /// one piece; asks at most three times in a second and a half.
    ///
    /// # Errors
    /// When the system does not send one, or none is answered.
    pub async fn path_carries(&self, hub: SocketAddr, bytes: usize) -> Result<(), DiscoverError> {
        let socket = self.inner.socket();
        discover::path_carries(&socket, &self.inner.pending, hub, bytes).await
    }

    /// Lets `peer` in for `session`, until what comes back is dropped.
    ///
    /// # Errors
    /// When it cannot be expected.
    pub fn expect(&self, session: SessionId, peer: PublicKey) -> Result<Expectation, ExpectError> {
        if peer == self.public_key() {
            return Err(ExpectError::OwnKey);
        }
        let client = transport::client(&self.inner.key, peer).map_err(|error| {
            debug!(%peer, %error, "cannot dial this key");
            ExpectError::BadKey
        })?;
        let arrived = self.inner.registry.expect(peer, session)?;
        Ok(Expectation {
            inner: self.inner.clone(),
            session,
            peer,
            client,
            candidates: watch::Sender::new(Vec::new()),
            relays: watch::Sender::new(Vec::new()),
            ways: Ways::All,
            without_tcp: self.inner.without_tcp,
            arrived,
            establishing: sync::Mutex::new(()),
        })
    }

    /// Changes whenever the computer may have other addresses, its own or those that others see.
    pub fn readdressed(&self) -> watch::Receiver<u64> {
        self.inner.readdressed.subscribe()
    }

    /// Looks for better ways, as the computer has an address more.
    pub fn has_more_addresses(&self) {
        self.inner.readdressed.send_modify(|times| *times += 1);
    }

    /// Moves to a new socket after a change of network. Links that this side dialled go on from the
    /// new address; the others cannot and end as lost, and are dialled anew by whoever needs them.
    /// The port is another one, unless one was asked for: tell the hub the candidates again.
    ///
    /// # Errors
    /// When the system gives no socket; the old one stays.
    pub fn rebind(&self) -> Result<(), BindError> {
        let before = self.local_address().map_err(BindError::Socket)?;
        let asked_for = self.inner.address.filter(|address| address.port() != 0);
        let socket = match asked_for {
            // Whoever knows this port must find somebody there at every moment, and there is no
            // second socket beside the first. Handed over again it is as good as new.
            Some(address) if address.port() == before.port() => self.inner.socket(),
            Some(address) => self.fresh_socket(address, self.inner.otherwise_any)?,
            // The same family, as connections keep the form of their addresses.
            None => self.fresh_socket(SocketAddr::new(before.ip(), 0), false)?,
        };
        self.inner.quinn.rebind_abstract(socket.clone()).map_err(BindError::Socket)?;
        *self.inner.socket.write().unwrap_or_else(PoisonError::into_inner) = socket;
        self.inner.moved();
        for link in self.inner.registry.living() {
            if link.follows() {
                link.rebind_strands(before);
            } else {
                link.lose("the network of this computer changed");
            }
        }
        Ok(())
    }

    fn fresh_socket(
        &self,
        address: SocketAddr,
        otherwise_any: bool,
    ) -> Result<Arc<SharedSocket>, BindError> {
        let socket = SharedSocket::bind(Some(address), otherwise_any, self.inner.pending.clone());
        socket.map(Arc::new).map_err(BindError::Socket)
    }

    /// Gives up every link that hears nothing for [`DEAD_AFTER`], as after waking from sleep; says
    /// how many it were.
    pub async fn drop_dead(&self) -> usize {
        // Routers may have given this computer's packets another address meanwhile.
        self.inner.moved();
        let living = self.inner.registry.living();
        let heard: Vec<u64> = living.iter().map(|link| link.received()).collect();
        sleep(DEAD_AFTER).await;
        let dead = living.iter().zip(heard).filter(|(link, heard)| link.received() <= *heard);
        dead.map(|(link, _)| link.lose("nothing was heard after the computer woke up")).count()
    }

    /// Ends all links, tells the other sides, and waits until all is quiet, for `limit` at most.
    pub async fn shutdown(&self, limit: Duration) {
        self.inner.stop.cancel();
        self.inner.quinn.close(CloseCode::Shutdown.into(), b"the agent shuts down");
        self.inner.workers.close();
        let quiet = async {
            self.inner.workers.wait().await;
            self.inner.quinn.wait_idle().await;
        };
        if timeout(limit, quiet).await.is_err() {
            debug!("the endpoint did not become quiet in time");
        }
    }
}

impl Expectation {
    /// The session that is expected.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// Tells where the other side may be reached; may be called at any time, also while dialling.
    pub fn add_candidates(&self, candidates: &[Candidate]) {
        self.candidates.send_if_modified(|known| {
            let newest = address::newest_first(candidates, known);
            let is_news = newest.iter().any(|candidate| !known.contains(candidate));
            *known = newest;
            is_news
        });
    }

    /// Tells of a relay that forwards between the two; may be called at any time, for each of
    /// several. The nearest is taken.
    pub fn add_relay(&self, way: RelayWay) {
        self.relays.send_if_modified(|known| {
            let leads_there = !way.addresses.is_empty() || way.tunnels.is_some();
            let is_new = leads_there && known.len() < RELAYS_MAX;
            if is_new {
                known.push(way);
            }
            is_new
        });
    }

    /// Takes no other ways than these.
    #[must_use]
    pub fn only(mut self, ways: Ways) -> Self {
        self.ways = ways;
        self
    }

    /// Keeps data on QUIC, as far as UDP gets through, also where TCP would be faster.
    #[must_use]
    pub fn without_tcp(mut self, without: bool) -> Self {
        self.without_tcp |= without;
        self
    }

    /// Finds the best way to the other side, which does the same at the same time.
    ///
    /// May be called again when the link ended, for as long as the session lives.
    ///
    /// # Errors
    /// When none is found within `limit`; the error says what was tried.
    pub async fn establish(&self, limit: Duration) -> Result<Link, EstablishError> {
        let _turn = self.establishing.lock().await;
        let (mut race, attempt) = self.race(Duration::ZERO)?;
        let link = self.run(&mut race, attempt, limit).await?;
        link.ok_or_else(|| EstablishError::NoRoute { waited: limit, tried: race.tried() })
    }

    /// Tries every way to the other side, which does the same at the same time, and takes the best one
    /// once each had its time.
    ///
    /// # Errors
    /// When the endpoint shuts down. That nothing leads there is none.
    pub async fn survey(&self, limit: Duration) -> Result<Survey, EstablishError> {
        let _turn = self.establishing.lock().await;
        let (mut race, attempt) = self.race(SURVEY_TIME)?;
        let link = self.run(&mut race, attempt, limit).await?;
        Ok(Survey { ways: race.ways(), link })
    }

    fn race(&self, patience: Duration) -> Result<(Race<'_>, u64), EstablishError> {
        let hello = first_frame(self.session, self.inner.streams)?;
        let course = Course { patience, ..self.course(hello, self.relays.subscribe(), None) };
        Ok((Race::new(course), hello.attempt))
    }

    /// Makes what comes of a race a link; `None` when nothing does in time.
    async fn run(
        &self,
        race: &mut Race<'_>,
        attempt: u64,
        limit: Duration,
    ) -> Result<Option<Link>, EstablishError> {
        let inner = &self.inner;
        let found = tokio::select! {
            biased;
            () = inner.stop.cancelled() => return Err(EstablishError::Stopped),
            found = timeout(limit, race.run()) => found,
        };
        let Ok((joined, route)) = found else { return Ok(None) };
        let remote = quic::remote_address(&joined.connection);
        let relayed = race.take_relayed(remote);
        let prepared = self.prepare(joined, route, relayed, attempt).await;
        let (link, legs) = Legs::begin(prepared, attempt, &inner.workers);
        inner.registry.linked(self.peer, self.session, legs.clone());
        inner.workers.spawn(self.widener().watch_over(legs));
        debug!(session = %self.session, route = %link.handle.route(), %remote, "the link is up");
        Ok(Some(link))
    }

    fn widener(&self) -> Widener {
        let inner = &self.inner;
        Widener {
            endpoint: inner.quinn.clone(),
            client: self.client.clone(),
            peer: self.peer,
            session: self.session,
            broken: inner.broken.clone(),
            measure: inner.measure,
            stop: inner.stop.clone(),
        }
    }

    /// What a race for a connection needs.
    pub(crate) fn course(
        &self,
        hello: Hello,
        relays: watch::Receiver<Vec<RelayWay>>,
        better_than: Option<Route>,
    ) -> Course<'_> {
        let inner = &self.inner;
        Course {
            endpoint: inner.quinn.clone(),
            registry: &inner.registry,
            client: self.client.clone(),
            peer: self.peer,
            leads: inner.key.public() < self.peer,
            hello,
            arrived: &self.arrived,
            candidates: self.candidates.subscribe(),
            interfaces: address::interfaces().unwrap_or_default(),
            relays,
            ways: self.ways,
            better_than,
            patience: Duration::ZERO,
            ground: Ground {
                key: &inner.key,
                registry: &inner.registry,
                workers: &inner.workers,
                stop: &inner.stop,
                address: inner.address,
                moved: inner.moved.subscribe(),
                without_udp: *inner.udp_answers() == Some(false),
            },
        }
    }

    /// Makes a connection ready to carry a link: its data change over where that is faster.
    pub(crate) async fn prepare(
        &self,
        mut joined: Joined,
        path: Route,
        relayed: Option<Relayed>,
        attempt: u64,
    ) -> Prepared {
        let beside = self.change_over(&mut joined, path, relayed.as_ref(), attempt).await;
        let (stalls, peer) = (self.inner.stalls.clone(), self.peer);
        let straight = relayed.is_none();
        let broke = Box::new(move |error: &io::Error| {
            if straight {
                stalls.note(peer, error);
            }
        });
        // Another relay may still answer.
        let may_be_replaced = straight || 1 < self.relays.borrow().len();
        let silence_max = if may_be_replaced { SILENCE_MAX } else { LAST_RELAY_SILENCE_MAX };
        let way = relayed.map(Relayed::into_guard);
        // What lies behind a relay may be another line every time.
        let known = straight.then(|| self.inner.known.to(peer));
        Prepared { joined, path, beside, known, way, silence_max, broke }
    }

    /// Moves the data streams off QUIC where that is faster. When that goes wrong the connection is
    /// closed, and whoever gets the link learns of its end at once.
    async fn change_over(
        &self,
        joined: &mut Joined,
        route: Route,
        relayed: Option<&Relayed>,
        attempt: u64,
    ) -> Option<Vec<Sealed>> {
        let inner = &self.inner;
        let near =
            if route == Route::Lan { inner.near.max(tcp::NEAR_IN_ONE_NETWORK) } else { inner.near };
        let attempt = if joined.dialled { attempt } else { joined.peer_attempt };
        let parties = Parties {
            key: &inner.key,
            peer: self.peer,
            naming: Naming { session: self.session, attempt },
            count: joined.data.len(),
        };
        let changing = async {
            match relayed {
                Some(relayed) => splice::change_over(joined, parties, relayed.door()).await,
                None => {
                    let near = (!self.without_tcp).then_some(near);
                    tcp::change_over(joined, parties, near, &inner.stalls).await
                }
            }
        };
        let changed = tokio::select! {
            biased;
            () = inner.stop.cancelled() => return None,
            changed = changing => changed,
        };
        match changed {
            Ok(streams) => streams,
            Err(error) => {
                debug!(%error, "no agreement on what carries the data");
                quic::close(&joined.connection, CloseCode::Superseded, "");
                None
            }
        }
    }
}

impl Drop for Expectation {
    fn drop(&mut self) {
        self.inner.registry.forget(self.peer, self.session);
    }
}

impl Inner {
    fn moved(&self) {
        for watched in [&self.moved, &self.readdressed] {
            watched.send_modify(|times| *times += 1);
        }
        *self.udp_answers() = None;
        self.known.forget();
    }

    fn udp_answers(&self) -> MutexGuard<'_, Option<bool>> {
        self.udp_answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn socket(&self) -> Arc<SharedSocket> {
        self.socket.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// How long an [`Expectation::establish`] may reasonably take: a few dials of the slowest path.
pub const ESTABLISH_LIMIT: Duration = Duration::from_secs(15);
/// A living link hears something every half second.
pub const DEAD_AFTER: Duration = Duration::from_secs(2);
const STREAMS_DEFAULT: u8 = 8;
