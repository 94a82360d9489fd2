//! The way through a relay: a socket of its own, a proof that its address is ours, and QUIC on it.
//!
//! To QUIC the other side is the relay's address. The relay knows this side's address, not the port
//! that other agents dial, so nobody else's packets come in: what is not from the relay is dropped
//! before QUIC sees it. [`outport_protocol::relay`] tells what is said to the relay; it is said again
//! every [`KEEP_EVERY`], and at once after a change of network, and then the relay sends to the new
//! address. QUIC does not notice: a relayed link bears a change of address by itself.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use outport_protocol::{
    relay::{RelayAnswer, RelayHello, RelaySide, RelayToken},
    secret::SecretKey,
};
use outport_types::SessionId;
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
    transport::BindError,
};

/// Where a relay is, and what proves a part in a session there.
#[derive(Clone, Debug)]
pub struct RelayWay {
    /// Its addresses, the best first; one is used.
    pub addresses: Vec<SocketAddr>,
    /// The session's token.
    pub token: RelayToken,
    /// Which side of the session this agent is.
    pub side: RelaySide,
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
}

/// A way through a relay; closed when dropped.
#[derive(Debug)]
pub(crate) struct Relayed {
    pub(crate) quinn: quinn::Endpoint,
    /// The relay's addresses in plain form.
    addresses: Vec<SocketAddr>,
    /// The address at which the relay forwards for this side.
    pub(crate) bound: watch::Receiver<Option<SocketAddr>>,
    _open: DropGuard,
}

impl Relayed {
    /// Opens the socket and begins to prove itself to the relay.
    pub(crate) fn open(
        ground: &Ground<'_>,
        session: SessionId,
        way: RelayWay,
    ) -> Result<Self, BindError> {
        let RelayWay { addresses, token, side } = way;
        let addresses: Vec<_> = addresses.into_iter().map(canonical).collect();
        let (sort_in, answers) = mpsc::channel(ANSWERS_MAX);
        let letterbox = Letterbox { relays: addresses.clone(), session, side, sort_in };
        let any_port = ground.address.map(|address| SocketAddr::new(address.ip(), 0));
        let socket = SharedSocket::bind(any_port, Arc::new(letterbox));
        let socket = Arc::new(socket.map_err(BindError::Socket)?);
        let (workers, stop) = (ground.workers, ground.stop.child_token());
        let registry = ground.registry.clone();
        let quinn = accept::listen(socket.clone(), ground.key, registry, workers, stop.clone())?;
        let (tell, bound) = watch::channel(None);
        let keeper = Keeper {
            socket,
            relays: addresses.clone(),
            chosen: None,
            unanswered: 0,
            session,
            token,
            side,
            answers,
            bound: tell,
            moved: ground.moved.clone(),
        };
        let (endpoint, over, all_over) = (quinn.clone(), stop.clone(), ground.stop.clone());
        workers.spawn(async move {
            over.run_until_cancelled(keeper.run()).await;
            let (code, why) = match all_over.is_cancelled() {
                true => (CloseCode::Shutdown, "the agent shuts down"),
                false => (CloseCode::Superseded, ""),
            };
            endpoint.close(code.into(), why.as_bytes());
            timeout(CLOSE_LIMIT, endpoint.wait_idle()).await.ok(); // the other side may be gone
        });
        Ok(Self { quinn, addresses, bound, _open: stop.drop_guard() })
    }

    /// Whether a connection to this address is one through the relay.
    pub(crate) fn leads_to(&self, remote: SocketAddr) -> bool {
        self.addresses.contains(&canonical(remote))
    }
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
    session: SessionId,
    token: RelayToken,
    side: RelaySide,
    answers: mpsc::Receiver<(RelayAnswer, SocketAddr)>,
    bound: watch::Sender<Option<SocketAddr>>,
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
        let hello = RelayHello { session: self.session, side: self.side }.encode();
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
        if answer.bound {
            self.bound.send_if_modified(|bound| bound.replace(from) != Some(from));
        } else {
            let (session, side) = (self.session, self.side);
            let proof = self.token.prove(session, side, answer.nonce, answer.observed);
            self.say(&proof.encode(), from).await;
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
