//! More connections of one leg: its strands.
//!
//! A strand carries data, as the streams of the leg's own connection do, and no control frames. Who
//! dialled the leg dials strands too, from a socket of its own each, so that networks that look at
//! addresses and ports take them for what they are: connections of their own, with a share of their own.
//!
//! 1. The hello of a strand names the link's attempt, its leg, and the strand. The other side takes it
//!    while the link runs on that leg.
//! 2. Both begin to read its streams and say *heard*; who is told that puts frames there, as when a link
//!    moves ([`super`]).
//! 3. A strand is left as a leg is: by an end of its streams that says so. Who reads that leaves it too.
//!
//! Whether a strand is worth it is decided by [`super::width`].

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use outport_types::{PublicKey, SessionId};
use quinn::{ClientConfig, TokioRuntime};
use tokio::{
    sync::{OwnedSemaphorePermit, watch},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{
    Legs, LostUnlessMoved, Standing, ended,
    width::{CONNECTIONS_MAX, Pace, Step, Width},
};
use crate::{
    discover::Pending,
    end::{CloseCode, LinkEnd},
    establish::connect,
    hello::Hello,
    join::{DialFailure, offer, welcome},
    leg::{Leg, Streams},
    quic::{Joined, close, remote_address},
    registry::Arrival,
    socket::SharedSocket,
    tcp::Stalls,
    transport,
};

/// Dials the strands of the links to one agent.
#[derive(Debug)]
pub(crate) struct Widener {
    pub(crate) endpoint: quinn::Endpoint,
    pub(crate) client: ClientConfig,
    pub(crate) peer: PublicKey,
    pub(crate) session: SessionId,
    /// To whom links with strands broke lately.
    pub(crate) broken: Arc<Stalls>,
    /// How long the rate is measured before and after.
    pub(crate) measure: Duration,
    pub(crate) stop: CancellationToken,
}

impl Widener {
    /// Sees to it that a link has as many connections as make it faster, until it ends.
    pub(crate) async fn watch_over(self, legs: Arc<Legs>) {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => {}
            end = legs.end.wait() => {
                let was_wide = !legs.standing().strands.is_empty();
                if was_wide && matches!(end, LinkEnd::Lost { .. }) {
                    self.broken.note(self.peer, &io::ErrorKind::TimedOut.into());
                }
            }
            () = self.widen(&legs) => {}
        }
    }

    async fn widen(&self, legs: &Arc<Legs>) {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let pace =
            Pace { measure: self.measure, settle: self.measure / 2, rest: RESTS * self.measure };
        let mut width = Width::new(pace, processors, Instant::now());
        let mut leg = legs.number();
        loop {
            sleep(self.measure / LOOKS).await;
            let now = Instant::now();
            let is_another = std::mem::replace(&mut leg, legs.number()) != leg;
            if is_another || legs.widens_at().is_none() || legs.flow.is_limited() {
                width.begin_anew(now, legs.standing().strands.len() + 1);
            }
            match width.see(now, legs.carried()) {
                Step::Wait => {}
                Step::More => {
                    let outcome = self.dial(legs).await;
                    debug!(session = %self.session, ?outcome, "a connection more");
                    width.came(Instant::now(), outcome.is_ok());
                }
                Step::Fewer => {
                    debug!(session = %self.session, "it made nothing faster");
                    legs.leave_youngest();
                }
            }
        }
    }

    async fn dial(&self, legs: &Arc<Legs>) -> Result<(), DialFailure> {
        if self.broken.concern(&self.peer) {
            return Err(broken("links with several connections broke lately"));
        }
        let Some((leg, remote)) = legs.widens_at() else {
            return Err(broken("not on this way"));
        };
        let Ok(place) = legs.places.clone().try_acquire_owned() else {
            return Err(broken("there are as many as may be"));
        };
        let socket = self.socket().map_err(|error| broken(&error.to_string()))?;
        let connection = connect(&socket, self.client.clone(), remote).await?;
        let strand = u8::try_from(legs.standing().strands.len() + 1).unwrap_or(u8::MAX);
        let attempt = legs.attempt();
        let hello = Hello { streams: STREAMS, session: self.session, attempt, leg, strand };
        let joined = match timeout(OFFER_LIMIT, offer(connection.clone(), hello)).await {
            Ok(Ok(joined)) if joined.peer_attempt == legs.peer_attempt() => joined,
            Ok(Err(failure)) => return Err(failure),
            Ok(Ok(_)) | Err(_) => {
                close(&connection, CloseCode::Superseded, "");
                return Err(DialFailure::NoAnswer);
            }
        };
        let added = legs.add(leg, joined, Some(socket), place).await;
        added.map_err(|error| broken(&error.to_string()))
    }

    /// A socket of its own, at the address of the agent's.
    fn socket(&self) -> io::Result<quinn::Endpoint> {
        let socket = fresh_socket(self.endpoint.local_addr()?)?;
        let (config, runtime) = (transport::endpoint(), Arc::new(TokioRuntime));
        quinn::Endpoint::new_with_abstract_socket(config, None, socket, runtime)
    }
}

impl Legs {
    /// Takes in a strand that the other side dialled, if it may have one; not where this side is to hold
    /// back, of which the other knows nothing.
    pub(crate) fn take_strand(self: &Arc<Self>, arrival: Arrival) {
        let place = self.places.clone().try_acquire_owned();
        let is_wanted = self.standing().may_have(&arrival) && !self.flow.is_limited();
        let (Ok(place), true) = (place, is_wanted) else {
            return close(&arrival.connection, CloseCode::Superseded, "no strand is wanted");
        };
        let legs = self.clone();
        self.workers.spawn(async move {
            let leg = arrival.hello.leg;
            let added = match welcome(arrival, legs.attempt()).await {
                Ok(joined) => legs.add(leg, joined, None, place).await,
                Err(failure) => Err(io::Error::other(failure)),
            };
            if let Err(error) = added {
                debug!(%error, "a connection more did not come up");
            }
        });
    }

    /// Widens the link by a connection on which both sides agreed.
    async fn add(
        self: &Arc<Self>,
        number: u8,
        joined: Joined,
        socket: Option<quinn::Endpoint>,
        place: OwnedSemaphorePermit,
    ) -> io::Result<()> {
        let Some(wires) = self.wires().clone() else {
            close(&joined.connection, CloseCode::Superseded, "");
            return Err(ended());
        };
        let (leg, Streams { mut control, data }) = Leg::strand(number, joined, self.path(), socket);
        let leg = Arc::new(leg);
        let mut unless_up = LostUnlessMoved { legs: self, leg: &leg, moved: false };
        let data = self.read(&leg, data, &wires);
        self.say_heard(&mut control).await?;
        unless_up.moved = true;
        drop(unless_up);
        let is_late = !self.standing().take_in(leg.clone());
        // No control frame waits for room here.
        let (_, calm) = watch::channel(false);
        self.write(&leg, data, &calm, &wires);
        if is_late {
            leg.leave();
        }
        let legs = self.clone();
        self.workers.spawn(async move {
            legs.clone().see_to(leg.clone()).await;
            // Mostly it is closed already; but not by what ends all that goes by the agent's socket.
            let code = match legs.end.now() {
                Some(LinkEnd::Local { code, .. } | LinkEnd::Peer { code, .. }) => code,
                Some(LinkEnd::Lost { .. } | LinkEnd::Violation { .. }) | None => {
                    CloseCode::Superseded
                }
            };
            close(leg.connection(), code, "");
            drop((control, place));
        });
        Ok(())
    }

    /// Goes on without a strand.
    pub(super) fn leave(&self, strand: &Arc<Leg>) {
        self.standing().lay_off(strand);
        strand.leave();
    }

    fn leave_youngest(&self) {
        let youngest = self.standing().strands.last().cloned();
        if let Some(youngest) = youngest {
            self.leave(&youngest);
        }
    }

    /// Has the strands that this side dialled go on from the address that it has now.
    pub(crate) fn rebind_strands(&self, address: SocketAddr) {
        let strands = self.standing().strands.clone();
        for socket in strands.iter().filter_map(|strand| strand.socket()) {
            let fresh = fresh_socket(address);
            if let Err(error) = fresh.and_then(|fresh| socket.rebind_abstract(fresh)) {
                debug!(%error, "a connection more cannot follow to another address");
            }
        }
    }

    /// The leg and where the other side is reached, where that may have more connections.
    fn widens_at(&self) -> Option<(u8, SocketAddr)> {
        let standing = self.standing();
        let now = Some(&standing.now).filter(|leg| leg.can_widen())?;
        // In the form of its socket's family.
        Some((now.number(), now.connection().remote_address()))
    }

    fn number(&self) -> u8 {
        self.standing().now.number()
    }

    /// Bytes of data that went both ways.
    fn carried(&self) -> u64 {
        self.flow.sent() + self.flow.received()
    }
}

impl Standing {
    /// Whether a connection that came may be a strand: of the leg that the link runs on, by QUIC, and from
    /// the computer that the leg leads to.
    fn may_have(&self, arrival: &Arrival) -> bool {
        let Arrival { hello, connection, .. } = arrival;
        let of_now = hello.leg == self.now.number() && self.now.is_straight_quic();
        of_now && remote_address(connection).ip() == remote_address(self.now.connection()).ip()
    }

    /// Takes a strand in; `false` when the link has gone over to another leg meanwhile.
    fn take_in(&mut self, strand: Arc<Leg>) -> bool {
        let is_current = strand.number() == self.now.number();
        if is_current {
            self.strands.push(strand);
        } else {
            self.before.push(strand);
        }
        is_current
    }

    fn lay_off(&mut self, strand: &Arc<Leg>) {
        if let Some(at) = self.strands.iter().position(|other| Arc::ptr_eq(other, strand)) {
            let strand = self.strands.remove(at);
            self.before.push(strand);
        }
    }
}

fn fresh_socket(address: SocketAddr) -> io::Result<Arc<SharedSocket>> {
    let address = SocketAddr::new(address.ip(), 0);
    SharedSocket::bind(Some(address), false, Arc::new(Pending::default())).map(Arc::new)
}

fn broken(reason: &str) -> DialFailure {
    DialFailure::Broken { reason: reason.to_owned() }
}

/// Strands of a link at once, whoever dialled them.
pub(super) const STRANDS_MAX: usize = CONNECTIONS_MAX - 1;
/// How long the rate is measured.
pub(crate) const MEASURE: Duration = Duration::from_secs(3);
/// How often it is looked at meanwhile.
const LOOKS: u32 = 12;
/// A try in vain costs little; ten times as long as it takes nothing is tried.
const RESTS: u32 = 10;
/// Data streams of a strand.
const STREAMS: u8 = 4;
/// How long the other side may take to take a strand.
const OFFER_LIMIT: Duration = Duration::from_secs(3);
