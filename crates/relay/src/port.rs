//! The UDP port: takes packets from the socket, and from connections where UDP does not get out, and
//! does with them what [`crate::table`] says.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use outport_protocol::{
    relay::{NonceKey, RelayHello, RelayProof, RelayToken, is_forwarded},
    tunnel::{TunnelJoin, TunnelNonce, TunnelUse},
};
use outport_types::{AccountId, SessionId};
use tokio::{
    net::UdpSocket,
    sync::{mpsc, oneshot},
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::{
    batch::{Batch, BatchSocket, Packets, Run},
    counts::Counts,
    discovery::Discovery,
    limits::RelayLimits,
    table::{Admitted, Place, Seat, Source, Table, TunnelId},
    tunnel::Pairs,
    uses::{DayUses, Uses},
};

/// What a relay is made of.
#[derive(Clone, Debug)]
pub struct RelayOptions {
    /// How much it forwards; `None` is nothing at all.
    pub limits: Option<RelayLimits>,
    /// What the tokens of sessions are made from. The same after a new start, so that links that
    /// were up go on.
    pub secret: [u8; 32],
    /// 32 random bytes, other ones at every start.
    pub nonces: [u8; 32],
    /// Whether it runs without the hub: whoever has a pass made with the secret is let in.
    pub alone: bool,
}

/// The hub's way to the relay; clones share it.
#[derive(Clone, Debug)]
pub struct Relay {
    secret: Arc<[u8; 32]>,
    /// Nothing is relayed without.
    pub(crate) door: Option<Door>,
}

/// What connections to the HTTPS port and the hub share with the port.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) orders: mpsc::Sender<Order>,
    /// What came over connections.
    pub(crate) brought: mpsc::Sender<Brought>,
    pub(crate) pairs: Arc<Pairs>,
    pub(crate) tunnels: Arc<AtomicU64>,
    pub(crate) counts: Arc<Counts>,
    /// Whether streams must ask before they carry.
    pub(crate) is_limited: bool,
    uses: Arc<Uses>,
    user_bytes_per_day: Option<u64>,
}

/// What a user may still have forwarded today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Bytes, as of a second ago.
    pub bytes: u64,
    /// When it is counted anew, in seconds of the world's time.
    pub until: u64,
}

/// What serves the UDP port.
#[derive(Debug)]
pub struct Port {
    table: Option<Table>,
    orders: mpsc::Receiver<Order>,
    brought: mpsc::Receiver<Brought>,
    /// Where the packets for a connection go.
    tunnels: HashMap<TunnelId, mpsc::Sender<Bytes>>,
    discovery: Discovery,
    counts: Arc<Counts>,
    started: Instant,
}

/// What the port is asked for.
#[derive(Debug)]
pub(crate) enum Order {
    Open {
        session: SessionId,
        token: RelayToken,
        user: AccountId,
    },
    Close {
        session: SessionId,
    },
    /// A connection wants to join; what comes for it goes into `packets`.
    Join {
        join: TunnelJoin,
        nonce: TunnelNonce,
        tunnel: TunnelId,
        packets: mpsc::Sender<Bytes>,
        answer: oneshot::Sender<Option<Admitted>>,
    },
    /// A connection is no more.
    Leave {
        tunnel: TunnelId,
    },
    /// What users had before a restart.
    Restore(DayUses),
}

/// What connections bring.
#[derive(Debug)]
pub(crate) enum Brought {
    /// A packet.
    Packet(TunnelId, Bytes),
    /// Bytes of a stream; how many may go now, `None` when none will.
    Toll { session: SessionId, bytes: usize, answer: oneshot::Sender<Option<usize>> },
}

enum Event {
    Order(Order),
    Brought(Brought),
    Readable,
    Sweep,
}

impl Relay {
    /// Makes the way and its end.
    pub fn new(options: RelayOptions, counts: Arc<Counts>) -> (Self, Port) {
        let RelayOptions { limits, secret, nonces, alone } = options;
        let (orders, inbox) = mpsc::channel(ORDERS_MAX);
        let (brought, arrived) = mpsc::channel(BROUGHT_MAX);
        let nonces = NonceKey::from_bytes(nonces);
        let mut table = limits.map(|limits| Table::new(limits, nonces, counts.clone()));
        if let Some(table) = table.as_mut().filter(|_| alone) {
            table.let_in_by_pass(secret);
        }
        let door = limits.map(|limits| Door {
            orders,
            brought,
            pairs: Arc::default(),
            tunnels: Arc::default(),
            counts: counts.clone(),
            is_limited: limits != RelayLimits::default(),
            uses: table.as_ref().map(Table::uses).unwrap_or_default(),
            user_bytes_per_day: limits.user_bytes_per_day,
        });
        let port = Port {
            table,
            orders: inbox,
            brought: arrived,
            tunnels: HashMap::new(),
            discovery: Discovery::new(),
            counts,
            started: Instant::now(),
        };
        (Self { secret: Arc::new(secret), door }, port)
    }

    /// Lets both sides of a session in, and says with which token; `None` where nothing is relayed.
    pub async fn open(&self, session: SessionId, user: AccountId) -> Option<RelayToken> {
        let token = RelayToken::of_session(&self.secret, session);
        let order = Order::Open { session, token: token.clone(), user };
        self.door.as_ref()?.orders.send(order).await.ok()?;
        Some(token)
    }

    /// Whether it forwards anything.
    pub fn is_on(&self) -> bool {
        self.door.is_some()
    }

    /// What a user may still have forwarded today; `None` is as much as comes, or nothing for anybody.
    pub fn left(&self, user: AccountId) -> Option<Left> {
        let door = self.door.as_ref()?;
        let bytes = door.user_bytes_per_day?.saturating_sub(door.uses.of(user));
        Some(Left { bytes, until: door.uses.day_ends() })
    }

    /// What users had today, those for whom it changed since this was asked last.
    pub fn uses(&self) -> DayUses {
        self.door.as_ref().map(|door| door.uses.changed()).unwrap_or_default()
    }

    /// Counts what users had before a restart, if it is still that day.
    pub async fn restore(&self, uses: DayUses) {
        if let Some(door) = &self.door {
            door.orders.send(Order::Restore(uses)).await.ok(); // the port is closed
        }
    }

    /// Says that a session is over.
    pub async fn close(&self, session: SessionId) {
        if let Some(door) = &self.door {
            door.orders.send(Order::Close { session }).await.ok(); // the port is closed
        }
    }
}

impl Port {
    /// A second port, which tells agents where it sees them and does nothing else: who is seen at
    /// another address there is behind a router that takes another one for each target.
    pub fn second(counts: Arc<Counts>) -> Self {
        let options = RelayOptions { limits: None, secret: [0; 32], nonces: [0; 32], alone: false };
        Relay::new(options, counts).1
    }

    /// Serves `socket` until told to stop.
    ///
    /// # Errors
    /// When the runtime's I/O is gone; what packets cause is no reason.
    pub async fn serve(mut self, socket: &UdpSocket, stop: &CancellationToken) -> io::Result<()> {
        let socket = BatchSocket::new(socket)?;
        let served = stop.run_until_cancelled(self.serve_all(&socket)).await;
        if let Some(table) = &mut self.table {
            table.tell();
        }
        served.unwrap_or(Ok(()))
    }

    async fn serve_all(&mut self, socket: &BatchSocket<'_>) -> io::Result<()> {
        let mut batch = Batch::new();
        let mut sweeps = interval(SWEEP_EVERY);
        sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failures = 0_u32;
        self.sweep();
        loop {
            let event = tokio::select! {
                biased;
                // Orders first: whoever was told of a session shall not come before it.
                Some(order) = self.orders.recv() => Event::Order(order),
                _ = sweeps.tick() => Event::Sweep,
                readable = socket.readable() => {
                    readable?;
                    Event::Readable
                }
                Some(brought) = self.brought.recv() => Event::Brought(brought),
            };
            match event {
                Event::Order(order) => self.obey(order),
                Event::Brought(brought) => self.take_brought(socket, brought),
                Event::Sweep => self.sweep(),
                Event::Readable => {
                    failures = self.receive(socket, &mut batch, failures);
                    // A flood keeps nobody's connection from passing.
                    if let Ok(brought) = self.brought.try_recv() {
                        self.take_brought(socket, brought);
                    }
                    if failures < FAILURES_MAX {
                        // So that a flood does not keep others from running.
                        tokio::task::yield_now().await;
                    } else {
                        sleep(FAILURE_PAUSE).await;
                    }
                }
            }
        }
    }

    fn sweep(&mut self) {
        let now = self.started.elapsed();
        if let Some(table) = &mut self.table {
            table.sweep(now, clock());
        }
    }

    fn obey(&mut self, order: Order) {
        let now = self.started.elapsed();
        let Some(table) = &mut self.table else { return };
        match order {
            Order::Open { session, token, user } => table.open(session, token, user, now),
            Order::Close { session } => table.close(session, now),
            Order::Join { join, nonce, tunnel, packets, answer } => {
                let admitted = table.join(&join, &nonce, tunnel, now);
                if admitted.is_some() && join.wanted == TunnelUse::Packets {
                    self.tunnels.insert(tunnel, packets);
                }
                if answer.send(admitted).is_err() {
                    table.leave(tunnel);
                    self.tunnels.remove(&tunnel);
                }
            }
            Order::Leave { tunnel } => {
                table.leave(tunnel);
                self.tunnels.remove(&tunnel);
            }
            Order::Restore(uses) => table.restore(&uses),
        }
    }

    /// Takes what came over a connection, and some of what waits behind it.
    fn take_brought(&mut self, socket: &BatchSocket<'_>, first: Brought) {
        let now = self.started.elapsed();
        let mut next = Some(first);
        for left in (0..BROUGHT_AT_ONCE).rev() {
            match next {
                Some(Brought::Packet(tunnel, packet)) => {
                    self.forward_tunnelled(socket, tunnel, packet, now);
                }
                Some(Brought::Toll { session, bytes, answer }) => {
                    let table = self.table.as_mut();
                    let room = table.and_then(|table| table.pass(session, bytes, 1, now));
                    answer.send(room).ok(); // the stream is no more
                }
                None => return,
            }
            next = if left == 0 { None } else { self.brought.try_recv().ok() };
        }
    }

    fn forward_tunnelled(
        &mut self,
        socket: &BatchSocket<'_>,
        tunnel: TunnelId,
        packet: Bytes,
        now: Duration,
    ) {
        let Some(table) = &mut self.table else { return };
        if !is_forwarded(&packet) {
            return self.counts.ignored.add(1);
        }
        match table.forward(Source::Tunnel(tunnel), packet.len(), packet.len(), now) {
            Some((Seat::Tunnel(other), _)) => self.send_tunnelled(other, packet),
            Some((Seat::Udp(place), _)) => {
                let unsent = socket.send(&packet, packet.len(), place, None);
                self.count(packet.len(), packet.len(), unsent);
            }
            None if table.has(tunnel) => {}
            // Its side joined by something else since; without its queue the connection ends.
            None => drop(self.tunnels.remove(&tunnel)),
        }
    }

    /// A connection that does not keep up loses packets, as a line does.
    fn send_tunnelled(&mut self, to: TunnelId, packet: Bytes) {
        let bytes = packet.len();
        let sent = self.tunnels.get(&to).is_some_and(|queue| queue.try_send(packet).is_ok());
        self.count(bytes, bytes, usize::from(!sent));
    }

    fn count(&self, bytes: usize, packet: usize, unsent: usize) {
        self.counts.dropped_unsent.add(unsent);
        let sent = bytes.div_ceil(packet).saturating_sub(unsent);
        self.counts.forwarded_packets.add(sent);
        self.counts.forwarded_bytes.add(bytes.min(sent.saturating_mul(packet)));
    }

    /// Takes what is there, up to a bound; says how many failures in a row there were by now.
    fn receive(&mut self, socket: &BatchSocket<'_>, batch: &mut Batch, before: u32) -> u32 {
        let mut failures = before;
        for _ in 0..ROUNDS {
            match socket.receive(batch) {
                Ok(count) => {
                    failures = 0;
                    let now = self.started.elapsed();
                    for packets in batch.filled(count) {
                        self.handle(socket, packets, now);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // Systems report here that an earlier packet found nobody. Whoever can cause that
                // can cause it often, so it never ends the service.
                Err(error) => {
                    debug!(%error, "a packet could not be received");
                    failures = failures.saturating_add(1);
                    break;
                }
            }
        }
        failures
    }

    fn handle(&mut self, socket: &BatchSocket<'_>, packets: Packets<'_>, now: Duration) {
        for run in packets.runs(is_forwarded) {
            match run {
                Run::Own(packet) => self.answer(socket, packet, packets.from, now),
                Run::Forwarded(bytes) => self.forward(socket, bytes, &packets, now),
            }
        }
    }

    fn forward(&mut self, socket: &BatchSocket<'_>, bytes: &[u8], of: &Packets<'_>, now: Duration) {
        let Some(table) = &mut self.table else {
            return self.counts.ignored.add(bytes.len().div_ceil(of.packet));
        };
        let from = Source::Address(of.from.address);
        match table.forward(from, bytes.len(), of.packet, now) {
            Some((Seat::Udp(place), room)) => {
                let unsent = socket.send(&bytes[..room], of.packet, place, of.ecn());
                self.count(room, of.packet, unsent);
            }
            Some((Seat::Tunnel(tunnel), room)) => {
                for packet in bytes[..room].chunks(of.packet) {
                    self.send_tunnelled(tunnel, Bytes::copy_from_slice(packet));
                }
            }
            None => {}
        }
    }

    /// Answers at once or not at all: who gets no answer asks again.
    fn answer(&mut self, socket: &BatchSocket<'_>, packet: &[u8], from: Place, now: Duration) {
        if let Some(nonce) = Discovery::nonce(packet) {
            let answer = self.discovery.answer(nonce, from.address, now, &self.counts);
            if let Some(answer) = answer {
                socket.send(&answer, answer.len(), from, None);
            }
            return;
        }
        let answer = match (&mut self.table, RelayHello::decode(packet)) {
            (Some(table), Some(hello)) => table.hello(hello, from, now),
            (Some(table), None) => {
                if let Some(proof) = RelayProof::decode(packet) {
                    table.prove(&proof, from, now)
                } else if let Some((proof, pass)) = RelayProof::decode_with(packet) {
                    table.prove_by_pass(&proof, &pass, from, (now, clock()))
                } else {
                    return self.counts.ignored.add(1);
                }
            }
            (None, _) => return self.counts.ignored.add(1),
        };
        if let Some(answer) = answer {
            let answer = answer.encode();
            socket.send(&answer, answer.len(), from, None);
        }
    }
}

/// The world's time, in seconds.
fn clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Orders that wait; the hub has one more only when it starts another session.
const ORDERS_MAX: usize = 1024;
/// What all connections brought and the port has not looked at; whoever brings more waits itself.
const BROUGHT_MAX: usize = 256;
/// How much of it is taken in one go.
const BROUGHT_AT_ONCE: usize = 64;
/// Batches taken in one go.
const ROUNDS: usize = 16;
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// After so many failures in a row there is a pause between them, lest they take a whole processor.
const FAILURES_MAX: u32 = 1000;
const FAILURE_PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
pub(crate) mod tests;
