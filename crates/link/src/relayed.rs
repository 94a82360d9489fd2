//! The ways through a relay: a UDP socket of its own, a proof that its address is ours, and QUIC on it;
//! or, where UDP does not get out, QUIC through a connection to the relay's HTTPS port.
//!
//! To QUIC the other side is the relay's address. The relay knows this side's address, not the port
//! that other agents dial, so nobody else's packets come in: what is not from the relay is dropped
//! before QUIC sees it. [`outport_protocol::relay`] tells what is said to the relay; it is said again
//! every [`KEEP_EVERY`], and at once after a change of network, and then the relay sends to the new
//! address. QUIC does not notice: a relayed link bears a change of address by itself.
//!
//! A relay that answers no hello within [`UDP_WAIT`], or where no UDP gets through, is joined by a wire ([`crate::wire`]) instead, and
//! that is settled then for as long as this way is open: one seat cannot be had by both. Whether UDP
//! gets through later is tried on the side's second seat ([`crate::better`]).

use std::{
    io,
    net::SocketAddr,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use outport_protocol::{
    relay::{RelayAnswer, RelayHello, RelayPass, RelaySide, RelayToken},
    secret::SecretKey,
};
use outport_types::{Chain, Route, SessionId};
use quinn::AsyncUdpSocket;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until, timeout},
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};
use tracing::debug;

use crate::{
    accept,
    end::CloseCode,
    registry::Registry,
    socket::{OwnPackets, SharedSocket},
    splice::Door,
    transport::BindError,
    tunnels::{Bearer, Tunnels},
    wire::{self, FAR_END},
};

/// Where a relay is, and what proves a part in a session there.
#[derive(Clone, Debug)]
pub struct RelayWay {
    /// Its addresses, the best first; one is used. None where their names cannot be resolved.
    pub addresses: Vec<SocketAddr>,
    /// The session's token.
    pub token: RelayToken,
    /// What it wants to be told when it does not hear from the hub.
    pub pass: Option<RelayPass>,
    /// Which side of the session this agent is.
    pub side: RelaySide,
    /// What opens connections to its HTTPS port, where one knows how.
    pub tunnels: Option<Arc<dyn Tunnels>>,
}

/// What a way through a relay needs of the endpoint.
#[derive(Debug)]
pub(crate) struct Ground<'a> {
    pub(crate) key: &'a SecretKey,
    pub(crate) registry: &'a Arc<Registry>,
    pub(crate) workers: &'a TaskTracker,
    pub(crate) stop: &'a CancellationToken,
    /// The address of its socket; by default every address of the computer.
    pub(crate) address: Option<SocketAddr>,
    /// Changes when the computer may have other addresses.
    pub(crate) moved: watch::Receiver<u64>,
    /// Whether UDP is known not to get through.
    pub(crate) without_udp: bool,
}

/// A way through a relay; closed when dropped.
#[derive(Debug)]
pub(crate) struct Relayed {
    by_udp: quinn::Endpoint,
    by_wire: Option<quinn::Endpoint>,
    bearer: Bearer,
    tunnels: Option<Arc<dyn Tunnels>>,
    /// The relay's addresses in plain form.
    addresses: Vec<SocketAddr>,
    bound: watch::Receiver<Option<Bound>>,
    used_up: watch::Receiver<Option<u16>>,
    trouble: Trouble,
    _open: DropGuard,
}

/// How the relay reaches this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    /// By UDP, from this address of the relay.
    Udp(SocketAddr),
    /// By a connection to its HTTPS port.
    Wire,
}

/// Why there is no connection to the HTTPS port.
type Trouble = Arc<Mutex<Option<String>>>;

impl Relayed {
    /// Opens the socket and begins to prove itself to the relay.
    pub(crate) fn open(
        ground: &Ground<'_>,
        session: SessionId,
        way: RelayWay,
    ) -> Result<Self, BindError> {
        let RelayWay { addresses, token, pass, side, tunnels } = way;
        let addresses: Vec<_> = addresses.into_iter().map(canonical).collect();
        let bearer = Bearer { session, side, token };
        let (sort_in, answers) = mpsc::channel(ANSWERS_MAX);
        let letterbox = Letterbox { relays: addresses.clone(), session, side, sort_in };
        let any_port = ground.address.map(|address| SocketAddr::new(address.ip(), 0));
        let socket = SharedSocket::bind(any_port, true, Arc::new(letterbox));
        let socket = Arc::new(socket.map_err(BindError::Socket)?);
        let (workers, stop) = (ground.workers, ground.stop.child_token());
        let listen = |socket: Arc<dyn AsyncUdpSocket>| {
            let registry = ground.registry.clone();
            accept::listen(socket, ground.key, registry, workers, stop.clone())
        };
        let by_udp = listen(socket.clone())?;
        let (tell, bound) = watch::channel(None);
        let (answered, udp_answers) = watch::channel(false);
        let (tell_used_up, used_up) = watch::channel(None);
        let keeper = Keeper {
            socket,
            relays: addresses.clone(),
            chosen: None,
            unanswered: 0,
            bearer: bearer.clone(),
            pass,
            answers,
            answered,
            bound: tell.clone(),
            used_up: tell_used_up,
            moved: ground.moved.clone(),
        };
        let trouble = Trouble::default();
        let mut by_wire = None;
        let wired = match &tunnels {
            None => None,
            Some(tunnels) => {
                let (socket, wire) = wire::wire();
                by_wire = Some(listen(socket)?);
                let (tunnels, bearer) = (tunnels.clone(), bearer.clone());
                let (trouble, moved) = (trouble.clone(), ground.moved.clone());
                Some(async move {
                    let stands = || {
                        tell.send_if_modified(|bound| {
                            bound.replace(Bound::Wire) != Some(Bound::Wire)
                        });
                    };
                    let fails = |error: &io::Error| {
                        let mut trouble = trouble.lock().unwrap_or_else(PoisonError::into_inner);
                        *trouble = Some(Chain(error).to_string());
                    };
                    wire.keep(&*tunnels, &bearer, moved, stands, fails).await;
                })
            }
        };
        let (endpoints, over) = ([Some(by_udp.clone()), by_wire.clone()], stop.clone());
        let all_over = ground.stop.clone();
        let no_udp = addresses.is_empty() || ground.without_udp;
        workers.spawn(async move {
            over.run_until_cancelled(keep(keeper, wired, udp_answers, no_udp)).await;
            let (code, why) = match all_over.is_cancelled() {
                true => (CloseCode::Shutdown, "the agent shuts down"),
                false => (CloseCode::Superseded, ""),
            };
            for endpoint in endpoints.into_iter().flatten() {
                endpoint.close(code.into(), why.as_bytes());
                timeout(CLOSE_LIMIT, endpoint.wait_idle()).await.ok(); // the other side may be gone
            }
        });
        let _open = stop.drop_guard();
        Ok(Self { by_udp, by_wire, bearer, tunnels, addresses, bound, used_up, trouble, _open })
    }

    /// How a connection to this address goes through the relay, if it does.
    pub(crate) fn route_to(&self, remote: SocketAddr) -> Option<Route> {
        let remote = canonical(remote);
        if remote == FAR_END {
            return Some(Route::Tunnel);
        }
        self.addresses.contains(&remote).then_some(Route::Relay)
    }

    /// Waits until the relay reaches this side; what to dial then, and from where.
    pub(crate) fn reached(
        &self,
    ) -> impl Future<Output = Option<(quinn::Endpoint, SocketAddr)>> + Send + use<> {
        let mut bound = self.bound.clone();
        let (by_udp, by_wire) = (self.by_udp.clone(), self.by_wire.clone());
        async move {
            // What is waited for holds a lock, so it is let go of at once.
            let bound = bound.wait_for(Option::is_some).await.ok().and_then(|bound| *bound);
            match bound? {
                Bound::Udp(relay) => Some((by_udp, relay)),
                Bound::Wire => Some((by_wire?, FAR_END)),
            }
        }
    }

    /// Why the relay does not reach this side, where that is known.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// In how many minutes the relay forwards anything again, where it says that it does not now.
    pub(crate) fn used_up(&self) -> Option<u16> {
        *self.used_up.borrow()
    }

    /// What keeps it open when only its connections are needed.
    pub(crate) fn into_guard(self) -> DropGuard {
        self._open
    }

    /// The way to its HTTPS port.
    pub(crate) fn door(&self) -> Option<Door<'_>> {
        let tunnels = &**self.tunnels.as_ref()?;
        let is_taken = *self.bound.borrow() == Some(Bound::Wire);
        Some(Door { tunnels, bearer: &self.bearer, is_taken })
    }
}

/// Keeps the relay reaching this side, by UDP if that gets through in time.
async fn keep(
    keeper: Keeper,
    wired: Option<impl Future<Output = ()>>,
    mut udp_answers: watch::Receiver<bool>,
    no_udp: bool,
) {
    let Some(wired) = wired else { return keeper.run().await };
    let mut keeping = pin!(keeper.run());
    if !no_udp {
        let answered = tokio::select! {
            () = &mut keeping => return,
            answered = timeout(UDP_WAIT, udp_answers.wait_for(|answered| *answered)) => {
                answered.is_ok()
            }
        };
        if answered {
            return keeping.await;
        }
    }
    wired.await;
}

/// Where the relay's answers come in.
#[derive(Debug)]
struct Letterbox {
    relays: Vec<SocketAddr>,
    session: SessionId,
    side: RelaySide,
    sort_in: mpsc::Sender<(RelayAnswer, SocketAddr)>,
}

impl OwnPackets for Letterbox {
    fn hears(&self, from: SocketAddr) -> bool {
        self.relays.contains(&canonical(from))
    }

    fn take(&self, packet: &[u8], from: SocketAddr) -> bool {
        let Some(answer) = RelayAnswer::decode(packet) else { return false };
        if (answer.session, answer.side) == (self.session, self.side) {
            // One that finds no room is asked for again.
            self.sort_in.try_send((answer, canonical(from))).ok();
        }
        true
    }

    fn roams(&self) -> bool {
        true
    }
}

/// Sees to it that the relay knows the address of this side.
struct Keeper {
    socket: Arc<SharedSocket>,
    relays: Vec<SocketAddr>,
    /// The one that answered first: from there the relay sees one address of this side.
    chosen: Option<SocketAddr>,
    unanswered: u32,
    bearer: Bearer,
    pass: Option<RelayPass>,
    answers: mpsc::Receiver<(RelayAnswer, SocketAddr)>,
    /// Whether the relay answered anything.
    answered: watch::Sender<bool>,
    bound: watch::Sender<Option<Bound>>,
    /// In how many minutes the relay forwards again what it does not now.
    used_up: watch::Sender<Option<u16>>,
    moved: watch::Receiver<u64>,
}

enum Event {
    Answered(RelayAnswer, SocketAddr),
    AskAgain,
}

impl Keeper {
    async fn run(mut self) {
        let mut pause = PAUSE_FIRST;
        loop {
            self.ask().await;
            let mut until = Instant::now() + pause;
            pause = (2 * pause).min(KEEP_EVERY);
            while let Event::Answered(answer, from) = self.next_event(until).await {
                if answer.bound {
                    until = Instant::now() + KEEP_EVERY;
                } else {
                    // What is said now may get lost, and everything waits for it.
                    pause = PAUSE_FIRST;
                    until = Instant::now() + pause;
                }
                self.answered(&answer, from).await;
            }
        }
    }

    async fn next_event(&mut self, until: Instant) -> Event {
        tokio::select! {
            Some((answer, from)) = self.answers.recv() => Event::Answered(answer, from),
            Ok(()) = self.moved.changed() => Event::AskAgain,
            () = sleep_until(until) => Event::AskAgain,
        }
    }

    async fn ask(&mut self) {
        if UNANSWERED_MAX <= self.unanswered && self.bound.borrow().is_none() {
            self.chosen = None;
        }
        self.unanswered = self.unanswered.saturating_add(1);
        let Bearer { session, side, .. } = self.bearer;
        let hello = RelayHello { session, side }.encode();
        let relays = match &self.chosen {
            Some(chosen) => std::slice::from_ref(chosen),
            None => &self.relays[..],
        };
        for relay in relays {
            self.say(&hello, *relay).await;
        }
    }

    async fn answered(&mut self, answer: &RelayAnswer, from: SocketAddr) {
        if *self.chosen.get_or_insert(from) != from {
            return;
        }
        self.unanswered = 0;
        self.answered.send_replace(true);
        if answer.bound {
            self.used_up.send_replace(answer.used_up);
            let now = Bound::Udp(from);
            self.bound.send_if_modified(|bound| bound.replace(now) != Some(now));
        } else {
            let Bearer { session, side, ref token } = self.bearer;
            let proof = token.prove(session, side, answer.nonce, answer.observed);
            match &self.pass {
                Some(pass) => self.say(&proof.encode_with(pass), from).await,
                None => self.say(&proof.encode(), from).await,
            }
        }
    }

    async fn say(&self, packet: &[u8], to: SocketAddr) {
        if let Err(error) = self.socket.send_own(packet, to).await {
            // Without a network; it is said again.
            debug!(relay = %to, %error, "nothing can be sent to the relay");
        }
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// How long the relay may take to answer over UDP: a hello and its repetition, from anywhere on earth.
const UDP_WAIT: Duration = Duration::from_millis(450);
/// The pause before a question is repeated, doubled each time up to [`KEEP_EVERY`].
const PAUSE_FIRST: Duration = Duration::from_millis(250);
/// How often the relay is asked whether all still stands: a router that gave this side another
/// address, or a relay that started anew, costs no more than that.
pub(crate) const KEEP_EVERY: Duration = Duration::from_secs(2);
/// Questions without an answer before the relay's other addresses are tried again.
const UNANSWERED_MAX: u32 = 3;
/// Answers that wait; one question is out at a time.
const ANSWERS_MAX: usize = 4;
/// How long the other side may take to hear that the way is closed.
const CLOSE_LIMIT: Duration = Duration::from_secs(3);
