//! The UDP port: takes packets from the socket and does with them what [`crate::table`] says.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use outport_protocol::{
    discovery::DiscoveryRequest,
    relay::{NonceKey, RelayHello, RelayProof, RelayToken, is_forwarded},
};
use outport_types::{AccountId, SessionId};
use tokio::{
    net::UdpSocket,
    sync::mpsc,
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::{
    batch::{Batch, BatchSocket, Packets, Run},
    counts::Counts,
    discovery::Discovery,
    limits::RelayLimits,
    table::{Place, Table},
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
}

/// The hub's way to the relay; clones share it.
#[derive(Clone, Debug)]
pub struct Relay {
    secret: Arc<[u8; 32]>,
    orders: Option<mpsc::Sender<Order>>,
}

/// What serves the UDP port.
#[derive(Debug)]
pub struct Port {
    table: Option<Table>,
    orders: mpsc::Receiver<Order>,
    discovery: Discovery,
    counts: Arc<Counts>,
    started: Instant,
}

#[derive(Debug)]
enum Order {
    Open { session: SessionId, token: RelayToken, user: AccountId },
    Close { session: SessionId },
}

enum Event {
    Order(Order),
    Readable,
    Sweep,
}

impl Relay {
    /// Makes the way and its end.
    pub fn new(options: RelayOptions, counts: Arc<Counts>) -> (Self, Port) {
        let RelayOptions { limits, secret, nonces } = options;
        let (orders, inbox) = mpsc::channel(ORDERS_MAX);
        let nonces = NonceKey::from_bytes(nonces);
        let table = limits.map(|limits| Table::new(limits, nonces, counts.clone()));
        let orders = table.is_some().then_some(orders);
        let port = Port {
            table,
            orders: inbox,
            discovery: Discovery::new(),
            counts,
            started: Instant::now(),
        };
        (Self { secret: Arc::new(secret), orders }, port)
    }

    /// Lets both sides of a session in, and says with which token; `None` where nothing is relayed.
    pub async fn open(&self, session: SessionId, user: AccountId) -> Option<RelayToken> {
        let token = RelayToken::of_session(&self.secret, session);
        let order = Order::Open { session, token: token.clone(), user };
        self.orders.as_ref()?.send(order).await.ok()?;
        Some(token)
    }

    /// Says that a session is over.
    pub async fn close(&self, session: SessionId) {
        if let Some(orders) = &self.orders {
            orders.send(Order::Close { session }).await.ok(); // the port is closed
        }
    }
}

impl Port {
    /// Serves `socket` until told to stop.
    ///
    /// # Errors
    /// When the runtime's I/O is gone; what packets cause is no reason.
    pub async fn serve(mut self, socket: &UdpSocket, stop: &CancellationToken) -> io::Result<()> {
        let socket = BatchSocket::new(socket)?;
        match stop.run_until_cancelled(self.serve_all(&socket)).await {
            Some(stopped) => stopped,
            None => Ok(()),
        }
    }

    async fn serve_all(&mut self, socket: &BatchSocket<'_>) -> io::Result<()> {
        let mut batch = Batch::new();
        let mut sweeps = interval(SWEEP_EVERY);
        sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failures = 0_u32;
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
            };
            match event {
                Event::Order(order) => self.obey(order),
                Event::Sweep => {
                    let now = self.started.elapsed();
                    if let Some(table) = &mut self.table {
                        table.sweep(now, today());
                    }
                }
                Event::Readable => {
                    failures = self.receive(socket, &mut batch, failures);
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

    fn obey(&mut self, order: Order) {
        let now = self.started.elapsed();
        let Some(table) = &mut self.table else { return };
        match order {
            Order::Open { session, token, user } => table.open(session, token, user, now),
            Order::Close { session } => table.close(session, now),
        }
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
        let found = table.forward(of.from.address, bytes.len(), of.packet, now);
        let Some((to, room)) = found else { return };
        let unsent = socket.send(&bytes[..room], of.packet, to, of.ecn());
        self.counts.dropped_unsent.add(unsent);
        let sent = room.div_ceil(of.packet).saturating_sub(unsent);
        self.counts.forwarded_packets.add(sent);
        self.counts.forwarded_bytes.add(room.min(sent.saturating_mul(of.packet)));
    }

    /// Answers at once or not at all: who gets no answer asks again.
    fn answer(&mut self, socket: &BatchSocket<'_>, packet: &[u8], from: Place, now: Duration) {
        if let Some(request) = DiscoveryRequest::decode(packet) {
            let answer = self.discovery.answer(request, from.address, now, &self.counts);
            if let Some(answer) = answer {
                socket.send(&answer, answer.len(), from, None);
            }
            return;
        }
        let answer = match (&mut self.table, RelayHello::decode(packet)) {
            (Some(table), Some(hello)) => table.hello(hello, from, now),
            (Some(table), None) => match RelayProof::decode(packet) {
                Some(proof) => table.prove(&proof, from, now),
                None => return self.counts.ignored.add(1),
            },
            (None, _) => return self.counts.ignored.add(1),
        };
        if let Some(answer) = answer {
            let answer = answer.encode();
            socket.send(&answer, answer.len(), from, None);
        }
    }
}

/// The day, in the world's time.
fn today() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400)
}

/// Orders that wait; the hub has one more only when it starts another session.
const ORDERS_MAX: usize = 1024;
/// Batches taken in one go.
const ROUNDS: usize = 16;
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// After so many failures in a row there is a pause between them, lest they take a whole processor.
const FAILURES_MAX: u32 = 1000;
const FAILURE_PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests;
