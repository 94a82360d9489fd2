//! From a session and some addresses to one link: both sides dial, one side chooses.
//!
//! 1. Both sides dial every address that they know of the other at once. That opens the mappings of
//!    routers on the way, so that one of both gets through where neither could alone.
//! 2. The side with the smaller key decides which connection stays, so that both end with the same
//!    one: a near route before a far one, and of two equal ones the one that it dialled itself.
//!    It waits a moment for a better one when something worse came up first.
//! 3. The other side names the session on everything that it dialled and waits to be taken.
//! 4. What was not chosen is closed quietly. What failed is dialled again, a little later each
//!    time: the other side may not have heard of the session yet.
//! 5. Where there are relays, both also dial each other through them, at the same time, by UDP or else
//!    by the HTTPS port. What goes straight has a moment to come up before a relayed connection is
//!    taken, and of several relays the nearest is.
//! 6. Addresses may be added at any time. When time is up, the error says what was tried.
//!
//! While a link lives, the same race is run for a connection over a better way, see [`crate::legs`].

use std::{collections::BTreeMap, fmt, net::SocketAddr, time::Duration};

use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use outport_protocol::control::{Candidate, CandidateKind};
use outport_types::{Chain, PublicKey, Route, SessionId};
use quinn::{ClientConfig, ConnectError, Connection};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep, sleep_until, timeout},
};

use crate::{
    address::{self, Interface},
    end::CloseCode,
    hello::Hello,
    join::{DialFailure, dial_failure, offer, welcome},
    link::Link,
    quic::{Joined, close, remote_address},
    registry::{Arrival, Registry},
    relayed::{Ground, RelayWay, Relayed},
    transport::transport_to,
    wire::FAR_END,
};

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EstablishError {
    /// Nothing that was tried led to the other side.
    #[error("no way to the other side was found within {waited:?}; {tried}")]
    NoRoute {
        /// How long.
        waited: Duration,
        /// What was tried, for people.
        tried: Tried,
    },
    /// The endpoint shuts down.
    #[error("the endpoint shuts down")]
    Stopped,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

/// Every address that was tried and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried(pub Vec<Try>);

/// One address that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Try {
    /// The address.
    pub address: SocketAddr,
    /// How the link would have travelled.
    pub route: Route,
    /// What came of it last.
    pub failure: DialFailure,
}

/// All ways to the other side, and the link over the best of them.
#[derive(Debug)]
pub struct Survey {
    /// Everything that was tried, and from where the other side came.
    pub ways: Vec<Way>,
    /// `None` when nothing leads there.
    pub link: Option<Link>,
}

/// One way to the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The address that was dialled, a relay's own for a way through it; `None` for its HTTPS port.
    pub address: Option<SocketAddr>,
    /// How the other side knew it, if it named it.
    pub kind: Option<CandidateKind>,
    /// How the link would travel.
    pub route: Route,
    /// Whether the other side came from there by itself.
    pub inwards: bool,
    /// How long a packet and its answer took.
    pub outcome: Result<Duration, DialFailure>,
}

/// What a race needs to know.
#[derive(Debug)]
pub(crate) struct Course<'a> {
    pub(crate) endpoint: quinn::Endpoint,
    pub(crate) registry: &'a Registry,
    pub(crate) client: ClientConfig,
    pub(crate) peer: PublicKey,
    pub(crate) leads: bool,
    pub(crate) hello: Hello,
    pub(crate) arrived: &'a Notify,
    pub(crate) candidates: watch::Receiver<Vec<Candidate>>,
    pub(crate) interfaces: Vec<Interface>,
    pub(crate) relays: watch::Receiver<Vec<RelayWay>>,
    pub(crate) ways: Ways,
    /// What goes this way, or a worse one, is not looked for.
    pub(crate) better_than: Option<Route>,
    /// How long nothing is chosen, so that every way has its time.
    pub(crate) patience: Duration,
    pub(crate) ground: Ground<'a>,
}

/// Which ways to the other side may be taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ways {
    /// All that there are.
    #[default]
    All,
    /// Those through a relay.
    Relayed,
    /// Those inside one network.
    Near,
}

impl Ways {
    fn admit(self, route: Route) -> bool {
        match self {
            Self::All => true,
            Self::Relayed => route.is_relayed(),
            Self::Near => route <= Route::Lan,
        }
    }
}

/// The race for one link.
pub(crate) struct Race<'a> {
    course: Course<'a>,
    known: BTreeMap<SocketAddr, Dial>,
    dials: FuturesUnordered<BoxFuture<'static, Dialled>>,
    offers: FuturesUnordered<BoxFuture<'static, Offered>>,
    ready: Vec<Ready>,
    choose_at: Option<Instant>,
    /// Where the other side came from, for as many as are worth telling.
    arrived: Vec<Way>,
    relayed: Vec<Relayed>,
    /// How many of the relays that were told have been tried.
    opened: usize,
    began: Instant,
}

/// How an address does.
#[derive(Debug)]
struct Dial {
    route: Route,
    tries: u32,
    failure: Option<DialFailure>,
    /// How long a packet and its answer took when it came up.
    rtt: Option<Duration>,
}

struct Dialled {
    address: SocketAddr,
    outcome: Result<Connection, DialFailure>,
}

struct Offered {
    /// The address, if this side dialled.
    address: Option<SocketAddr>,
    outcome: Result<Joined, DialFailure>,
}

/// A connection that the leading side may choose.
enum Ready {
    Dialled { address: SocketAddr, connection: Connection },
    Arrived(Arrival),
}

enum Step {
    NewCandidates,
    NewRelay,
    Arrived(Arrival),
    Dialled(Dialled),
    Offered(Offered),
    ChooseNow,
}

impl<'a> Race<'a> {
    pub(crate) fn new(course: Course<'a>) -> Self {
        let mut race = Self {
            course,
            known: BTreeMap::new(),
            dials: FuturesUnordered::new(),
            offers: FuturesUnordered::new(),
            ready: Vec::new(),
            choose_at: None,
            arrived: Vec::new(),
            relayed: Vec::new(),
            opened: 0,
            began: Instant::now(),
        };
        race.dial_new();
        race.open_relayed();
        race
    }

    /// Runs until a connection is agreed on; the caller sets the limit.
    pub(crate) async fn run(&mut self) -> (Joined, Route) {
        loop {
            let step = self.next_step().await;
            if let Some(joined) = self.apply(step) {
                let route = self.route_of(&joined.connection);
                return (joined, route);
            }
        }
    }

    /// The way through a relay that leads to this address, for a link that goes it.
    pub(crate) fn take_relayed(&mut self, remote: SocketAddr) -> Option<Relayed> {
        let at = self.relayed.iter().position(|relayed| relayed.route_to(remote).is_some())?;
        Some(self.relayed.swap_remove(at))
    }

    /// What was tried so far.
    pub(crate) fn tried(&self) -> Tried {
        let trouble = self.relayed.iter().find_map(Relayed::trouble);
        let tries = self.known.iter().map(|(address, dial)| {
            let failure = dial.failure.clone().unwrap_or(DialFailure::NoAnswer);
            if let Some(minutes) = self.used_up(*address).filter(|_| dial.rtt.is_none()) {
                let failure = DialFailure::UsedUp { minutes };
                return Try { address: *address, route: dial.route, failure };
            }
            match &trouble {
                // Then UDP got no answer either, and this says more.
                Some(trouble) if dial.route == Route::Relay && dial.rtt.is_none() => Try {
                    address: *address,
                    route: Route::Tunnel,
                    failure: DialFailure::Unreachable { reason: trouble.clone() },
                },
                Some(_) | None => Try { address: *address, route: dial.route, failure },
            }
        });
        Tried(tries.collect())
    }

    /// In how many minutes the relay at this address forwards again what it does not now.
    fn used_up(&self, address: SocketAddr) -> Option<u16> {
        let mut relayed = self.relayed.iter();
        relayed.find(|relayed| relayed.route_to(address).is_some())?.used_up()
    }

    /// All ways that were tried so far, and those that the other side found by itself.
    pub(crate) fn ways(&self) -> Vec<Way> {
        let candidates = self.course.candidates.borrow();
        let kind_of = |address: SocketAddr| {
            let is_it = |named: &&Candidate| {
                let Candidate { address: named, .. } = **named;
                (named.ip().to_canonical(), named.port()) == (address.ip(), address.port())
            };
            candidates.iter().find(is_it).map(|named| named.kind)
        };
        let Tried(tried) = self.tried();
        let dialled = tried.into_iter().map(|Try { address, route, failure }| {
            let rtt = self.known.get(&address).and_then(|dial| dial.rtt);
            let is_far = address == FAR_END || route == Route::Tunnel;
            Way {
                address: Some(address).filter(|_| !is_far),
                kind: kind_of(address).filter(|_| !route.is_relayed()),
                route,
                inwards: false,
                outcome: rtt.ok_or(failure),
            }
        });
        let mut ways: Vec<Way> = dialled.collect();
        for arrived in &self.arrived {
            let is_known =
                |way: &Way| way.address == arrived.address && (way.inwards || way.outcome.is_ok());
            if !ways.iter().any(is_known) {
                ways.push(arrived.clone());
            }
        }
        ways
    }

    /// The only await of the loop. Every branch may be dropped and polled anew.
    async fn next_step(&mut self) -> Step {
        loop {
            let Course { registry, peer, hello, arrived, candidates, relays, .. } =
                &mut self.course;
            if let Some(arrival) = registry.take(*peer, hello.session) {
                return Step::Arrived(arrival);
            }
            let choose_at = self.choose_at;
            tokio::select! {
                Some(dialled) = self.dials.next() => return Step::Dialled(dialled),
                Some(offered) = self.offers.next() => return Step::Offered(offered),
                Ok(()) = candidates.changed() => return Step::NewCandidates,
                Ok(()) = relays.changed() => return Step::NewRelay,
                () = sleep_until(choose_at.unwrap_or_else(Instant::now)), if choose_at.is_some() => {
                    return Step::ChooseNow;
                }
                () = arrived.notified() => {}
            }
        }
    }

    fn apply(&mut self, step: Step) -> Option<Joined> {
        match step {
            Step::NewCandidates => self.dial_new(),
            Step::NewRelay => self.open_relayed(),
            Step::Arrived(arrival) => self.take_arrival(arrival),
            Step::Dialled(Dialled { address, outcome: Ok(connection) }) => {
                self.came_up(address, &connection);
                if self.course.leads {
                    self.ready.push(Ready::Dialled { address, connection });
                } else {
                    self.offer(address, connection);
                }
            }
            Step::Dialled(Dialled { address, outcome: Err(failure) }) => {
                self.failed(address, failure);
            }
            Step::Offered(Offered { outcome: Ok(joined), .. }) => return Some(joined),
            Step::Offered(Offered { address: Some(address), outcome: Err(failure) }) => {
                self.failed(address, failure);
            }
            Step::Offered(Offered { address: None, outcome: Err(_) }) => {}
            Step::ChooseNow => {}
        }
        self.choose(Instant::now());
        None
    }

    /// Dials the addresses that were not known before.
    fn dial_new(&mut self) {
        let candidates = self.course.candidates.borrow_and_update().clone();
        let wanted = address::worth_dialling(&self.course.interfaces, &candidates);
        for &address in &wanted {
            if self.known.contains_key(&address) || !self.has_room(&wanted) {
                continue;
            }
            let route = address::route(&self.course.interfaces, address.ip());
            if !self.course.ways.admit(route) || !self.is_better(route) {
                continue;
            }
            self.known.insert(address, Dial { route, tries: 0, failure: None, rtt: None });
            self.dial(address, Duration::ZERO);
        }
    }

    /// Makes room for another address, if need be by giving up one that failed and is not named any more.
    fn has_room(&mut self, wanted: &[SocketAddr]) -> bool {
        if self.known.len() < ADDRESSES_MAX {
            return true;
        }
        let is_old = |(address, dial): &(&SocketAddr, &Dial)| {
            dial.failure.is_some() && !dial.route.is_relayed() && !wanted.contains(address)
        };
        let old = self.known.iter().find(is_old).map(|(address, _)| *address);
        old.is_some_and(|old| self.known.remove(&old).is_some())
    }

    /// Opens the ways through the relays that were told since.
    fn open_relayed(&mut self) {
        if !self.course.ways.admit(Route::Relay) {
            self.course.relays.mark_unchanged();
            return;
        }
        let ways = self.course.relays.borrow_and_update()[self.opened..].to_vec();
        for way in ways {
            self.opened += 1;
            let address = way.addresses.first().copied().unwrap_or(FAR_END);
            if self.known.contains_key(&address) {
                continue;
            }
            let opened = Relayed::open(&self.course.ground, self.course.hello.session, way);
            let failure = match opened {
                Ok(relayed) => {
                    self.relayed.push(relayed);
                    None
                }
                Err(error) => Some(DialFailure::Unreachable { reason: Chain(&error).to_string() }),
            };
            let is_open = failure.is_none();
            self.known.insert(address, Dial { route: Route::Relay, tries: 0, failure, rtt: None });
            if is_open {
                self.dial(address, Duration::ZERO);
            }
        }
    }

    fn dial(&mut self, address: SocketAddr, pause: Duration) {
        let client = self.course.client.clone();
        let mut relayed = self.relayed.iter();
        let outcome = match relayed.find(|relayed| relayed.route_to(address).is_some()) {
            Some(relayed) => {
                let reached = relayed.reached();
                async move {
                    match timeout(DIAL_LIMIT, reached).await {
                        Ok(Some((endpoint, relay))) => connect(&endpoint, client, relay).await,
                        Ok(None) | Err(_) => Err(DialFailure::NoAnswer),
                    }
                }
                .boxed()
            }
            None => {
                let endpoint = self.course.endpoint.clone();
                async move { connect(&endpoint, client, address).await }.boxed()
            }
        };
        self.dials.push(
            async move {
                sleep(pause).await;
                Dialled { address, outcome: outcome.await }
            }
            .boxed(),
        );
    }

    fn came_up(&mut self, address: SocketAddr, connection: &Connection) {
        let route = self.route_of(connection);
        if let Some(dial) = self.known.get_mut(&address) {
            dial.route = route;
            dial.rtt.get_or_insert(connection.rtt());
        }
    }

    fn failed(&mut self, address: SocketAddr, failure: DialFailure) {
        let Some(dial) = self.known.get_mut(&address) else { return };
        dial.failure = Some(failure);
        dial.tries += 1;
        let pause = (PAUSE_FIRST * 2_u32.pow(dial.tries.min(8) - 1)).min(PAUSE_MAX);
        self.dial(address, pause);
    }

    fn take_arrival(&mut self, arrival: Arrival) {
        if arrival.connection.close_reason().is_some() {
            return;
        }
        if !self.course.ways.admit(self.route_of(&arrival.connection)) {
            return close(&arrival.connection, CloseCode::Superseded, "not by this way");
        }
        let Hello { leg, .. } = arrival.hello;
        let worse = self.course.leads && !self.is_better(self.route_of(&arrival.connection));
        if leg != self.course.hello.leg || worse {
            return close(&arrival.connection, CloseCode::Superseded, "not looked for");
        }
        let (remote, route) =
            (remote_address(&arrival.connection), self.route_of(&arrival.connection));
        if !route.is_relayed() && self.arrived.len() < READY_MAX {
            let outcome = Ok(arrival.connection.rtt());
            let address = Some(remote);
            self.arrived.push(Way { address, kind: None, route, inwards: true, outcome });
        }
        if READY_MAX <= self.ready.len() {
            close(&arrival.connection, CloseCode::Superseded, "too many at once");
        } else if self.course.leads {
            self.ready.push(Ready::Arrived(arrival));
        } else {
            // The other side leads, and has chosen by naming the session.
            self.welcome(arrival);
        }
    }

    /// The leading side's choice, one at a time.
    fn choose(&mut self, now: Instant) {
        self.drop_broken();
        if !self.offers.is_empty() || !self.course.leads {
            self.choose_at = None;
            return;
        }
        let patient_until = self.began + self.course.patience;
        if now < patient_until {
            self.choose_at = Some(patient_until);
            return;
        }
        let ranks = self.ready.iter().map(|ready| self.rank(ready)).enumerate();
        let Some((best, rank)) = ranks.min_by_key(|(_, rank)| *rank) else {
            self.choose_at = None;
            return;
        };
        let hoped_for = self.known.values().filter(|dial| dial.failure.is_none());
        let hopes = hoped_for.map(|dial| (dial.route, Duration::ZERO, 0)).any(|hope| hope < rank);
        // Straight ways may not even be known yet, and both sides gain by them for the whole session.
        let may_go_straight = rank.0.is_relayed() && self.course.ways.admit(Route::Direct);
        let better_may_come = hopes || may_go_straight;
        let until = if rank.0 == Route::Tunnel {
            // It came up last, so everything else has had its time; or there is nothing else.
            let wait = if self.course.ground.without_udp { Duration::ZERO } else { TUNNEL_WAIT };
            (self.began + wait).max(now)
        } else {
            now + if may_go_straight { STRAIGHT_WAIT } else { BETTER_WAIT }
        };
        let choose_at = *self.choose_at.get_or_insert(until);
        if better_may_come && now < choose_at {
            return;
        }
        self.choose_at = None;
        match self.ready.swap_remove(best) {
            Ready::Dialled { address, connection } => self.offer(address, connection),
            Ready::Arrived(arrival) => self.welcome(arrival),
        }
    }

    /// Forgets connections that ended while they waited: the acceptor may refuse a key only after
    /// the dialler takes the handshake for done.
    fn drop_broken(&mut self) {
        let (living, broken): (Vec<Ready>, Vec<Ready>) = std::mem::take(&mut self.ready)
            .into_iter()
            .partition(|ready| ready.connection().close_reason().is_none());
        self.ready = living;
        for ready in broken {
            match (&ready, ready.connection().close_reason()) {
                (Ready::Dialled { address, .. }, Some(reason)) => {
                    self.failed(*address, dial_failure(&reason));
                }
                (Ready::Dialled { .. } | Ready::Arrived(_), _) => {}
            }
        }
    }

    fn is_better(&self, route: Route) -> bool {
        self.course.better_than.is_none_or(|known| route < known)
    }

    /// Near before far (the order of [`Route`], and between relays the time that a packet and its
    /// answer take), then dialled before accepted.
    fn rank(&self, ready: &Ready) -> (Route, Duration, u8) {
        let (connection, accepted) = match ready {
            Ready::Dialled { connection, .. } => (connection, 0),
            Ready::Arrived(arrival) => (&arrival.connection, 1),
        };
        let route = self.route_of(connection);
        let several = route == Route::Relay && 1 < self.relayed.len();
        (route, if several { connection.rtt() } else { Duration::ZERO }, accepted)
    }

    fn offer(&mut self, address: SocketAddr, connection: Connection) {
        let (hello, leads) = (self.course.hello, self.course.leads);
        self.offers.push(
            async move {
                let offered = offer(connection.clone(), hello);
                let outcome = if leads {
                    timeout(OFFER_LIMIT, offered).await.unwrap_or(Err(DialFailure::NoAnswer))
                } else {
                    // The other side takes as long as it takes to choose.
                    offered.await
                };
                if outcome.is_err() {
                    close(&connection, CloseCode::Superseded, "");
                }
                Offered { address: Some(address), outcome }
            }
            .boxed(),
        );
    }

    fn welcome(&mut self, arrival: Arrival) {
        let attempt = self.course.hello.attempt;
        self.offers.push(
            async move { Offered { address: None, outcome: welcome(arrival, attempt).await } }
                .boxed(),
        );
    }

    fn route_of(&self, connection: &Connection) -> Route {
        let remote = remote_address(connection);
        let relayed = self.relayed.iter().find_map(|relayed| relayed.route_to(remote));
        relayed.unwrap_or_else(|| address::route(&self.course.interfaces, remote.ip()))
    }
}

impl Ready {
    fn connection(&self) -> &Connection {
        match self {
            Self::Dialled { connection, .. } => connection,
            Self::Arrived(arrival) => &arrival.connection,
        }
    }
}

impl Drop for Race<'_> {
    fn drop(&mut self) {
        for ready in self.ready.drain(..) {
            close(ready.connection(), CloseCode::Superseded, "");
        }
    }
}

pub(crate) async fn connect(
    endpoint: &quinn::Endpoint,
    mut client: ClientConfig,
    address: SocketAddr,
) -> Result<Connection, DialFailure> {
    client.transport_config(transport_to(address));
    let name = outport_protocol::tls::SERVER_NAME;
    let connecting = endpoint.connect_with(client, address, name).map_err(|error| match error {
        ConnectError::InvalidRemoteAddress(_) => {
            DialFailure::Unreachable { reason: "this computer has no such network".into() }
        }
        ConnectError::EndpointStopping
        | ConnectError::CidsExhausted
        | ConnectError::InvalidServerName(_)
        | ConnectError::NoDefaultClientConfig
        | ConnectError::UnsupportedVersion => DialFailure::Broken { reason: error.to_string() },
    })?;
    match timeout(DIAL_LIMIT, connecting).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(dial_failure(&error)),
        Err(_) => Err(DialFailure::NoAnswer),
    }
}

/// What the first frame of this side says.
pub(crate) fn first_frame(session: SessionId, streams: u8) -> Result<Hello, EstablishError> {
    let mut attempt = [0; 8];
    getrandom::fill(&mut attempt).map_err(|_| EstablishError::Random)?;
    Ok(Hello { streams, session, attempt: u64::from_be_bytes(attempt), leg: 0, strand: 0 })
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no address of it is known");
        }
        f.write_str("tried")?;
        for (i, Try { address, route, failure }) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            if *address == FAR_END {
                write!(f, "{comma} the relay ({route}): {failure}")?;
            } else {
                write!(f, "{comma} {address} ({route}): {failure}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Race<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Race").field("known", &self.known).finish_non_exhaustive()
    }
}

/// How long a worse connection waits for a better one: a local network answers within this.
const BETTER_WAIT: Duration = Duration::from_millis(250);
/// How long a relayed connection waits for a straight one. A relayed one takes more round trips to
/// come up, so this is what a straight one may take beyond them: one repeated first packet.
const STRAIGHT_WAIT: Duration = Duration::from_millis(400);
/// How long after the begin of a race what goes through the relay's HTTPS port waits for anything else.
const TUNNEL_WAIT: Duration = Duration::from_millis(600);
/// How long a survey gives every way: a dial that nobody answers, and what comes before it.
pub(crate) const SURVEY_TIME: Duration = Duration::from_millis(3_500);
/// After this a dial begins anew, with first packets close together again.
const DIAL_LIMIT: Duration = Duration::from_secs(3);
/// How long the other side may take to answer a chosen connection.
const OFFER_LIMIT: Duration = Duration::from_secs(3);
/// The pause before an address is dialled again, doubled each time.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_millis(1600);
/// Connections to choose among; the other side dials no more than our own addresses.
const READY_MAX: usize = 32;
/// Addresses dialled at once for one session, those that came later included.
const ADDRESSES_MAX: usize = 32;
