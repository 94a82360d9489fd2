//! QUIC as a carrier: a connection, its streams, and what keeps its send window in step with the path.

use std::{
    fmt, io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt as _, future::BoxFuture};
use outport_types::Route;
use quinn::{Connection, ConnectionError, ConnectionStats, PathStats, RecvStream, SendStream};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tokio_util::task::TaskTracker;

use crate::{
    budget::Budget,
    carrier::Carrier,
    end::{CloseCode, End, LinkEnd, shown_reason},
    flow::Flow,
    link::{Link, LinkStats, lanes},
    pump::{self, Fault, StreamOut},
    relayed::is_relayed,
    sealed::{self, Counted, Sealed},
    wire::FAR_END,
};

/// A connection on which both sides agreed, with all its streams.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) connection: Connection,
    pub(crate) control: (SendStream, RecvStream),
    pub(crate) data: Vec<(SendStream, RecvStream)>,
    /// The other side's attempt, see [`crate::hello`].
    pub(crate) peer_attempt: u64,
    /// Whether this side dialled; only then can a straight connection follow a change of address.
    pub(crate) dialled: bool,
}

/// What is kept of a link by whoever must be able to end it from outside.
#[derive(Clone, Debug)]
pub(crate) struct LinkGrip {
    pub(crate) end: Arc<End>,
    pub(crate) connection: Connection,
    pub(crate) peer_attempt: u64,
    /// Whether it can follow a change of this side's address.
    pub(crate) follows: bool,
}

/// Makes the link that runs on a connection; its workers run on `workers` until it ends. `over_tcp`
/// are its data streams when they have changed over; `broke` hears why one of them broke by itself.
pub(crate) fn start(
    joined: Joined,
    over_tcp: Option<Vec<Sealed>>,
    route: Route,
    workers: &TaskTracker,
    broke: impl Fn(&io::Error) + Clone + Send + Sync + 'static,
) -> (Link, LinkGrip) {
    let Joined { connection, control, data, peer_attempt, dialled } = joined;
    let beside = over_tcp.is_some();
    let route = if beside { beside_quic(route) } else { route };
    let counted = Arc::new(Counted::default());
    let streams = over_tcp.as_ref().map_or(data.len(), Vec::len);
    let (lanes, wires) = lanes(streams);
    let end = Arc::new(End::new());
    let budget = Budget::new(UNSENT_BYTES_MIN);
    let rates = Arc::new(Rates::default());
    let flow = Flow::new();

    let open = Arc::new(AtomicUsize::new(streams));
    let (urgent, calm) = watch::channel(false);
    let broke = beside.then_some(broke);
    let worker = |moving: BoxFuture<'static, Result<(), Fault>>| {
        workers.spawn(mind(moving, end.clone(), connection.clone(), broke.clone()));
    };
    match over_tcp {
        None => {
            for (outward, inward) in data {
                let (queue, confirm) = (wires.data_out.clone(), wires.undelivered.clone());
                let (ends, flows) = (end.clone(), flow.clone());
                let moving = pump::write_data(queue, outward, calm.clone(), ends, flows, confirm);
                worker(moving.boxed());
                let (queue, flows) = (wires.data_in.clone(), flow.clone());
                worker(pump::read_data(inward, queue, end.clone(), flows, open.clone()).boxed());
            }
        }
        Some(sealed) => {
            for streams in sealed::replace(sealed, data) {
                let (outward, inward) = streams.split(&counted);
                let (queue, confirm) = (wires.data_out.clone(), wires.undelivered.clone());
                let (ends, flows) = (end.clone(), flow.clone());
                let moving = pump::write_data(queue, outward, calm.clone(), ends, flows, confirm);
                worker(unless_ended(end.clone(), moving).boxed());
                let (queue, open) = (wires.data_in.clone(), open.clone());
                let (until, reading, flows) = (end.clone(), end.clone(), flow.clone());
                let moving = async move {
                    let mut inward = inward;
                    pump::read_data(&mut inward, queue, reading, flows, open).await?;
                    inward.confirm();
                    Ok(())
                };
                worker(unless_ended(until, moving).boxed());
            }
        }
    }
    let (outward, inward) = control;
    // What is asked for goes before what is carried; this fails on a closed stream only.
    let _ = outward.set_priority(CONTROL_PRIORITY);
    let queue = wires.control_out;
    let confirm = wires.undelivered;
    worker(pump::write_control(queue, outward, urgent, end.clone(), confirm).boxed());
    worker(pump::read_control(inward, wires.control_in, end.clone()).boxed());

    // Data beside QUIC do not follow a change of address.
    let follows = !beside && (dialled || is_relayed(route));
    let budget_there = budget.clone();
    let carrier = Quic { connection: connection.clone(), counted, route, rates, budget };
    workers.spawn(Meter::of(&carrier).run(end.clone()));
    let link = Link::assemble(lanes, budget_there, flow, end.clone(), Box::new(carrier));
    (link, LinkGrip { end, connection, peer_attempt, follows })
}

/// How a link travels whose data go beside QUIC.
fn beside_quic(route: Route) -> Route {
    if is_relayed(route) { Route::Tunnel } else { Route::Tcp }
}

impl LinkGrip {
    /// Gives the link up, because it is known or said to be dead.
    pub(crate) fn lose(&self, cause: &str) {
        let end = LinkEnd::Lost { cause: cause.to_owned() };
        self.end.settle_after(end, || close(&self.connection, CloseCode::Superseded, ""));
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.end.now().is_some()
    }

    /// Datagrams received so far; a living link gets some every few seconds.
    pub(crate) fn received(&self) -> u64 {
        self.connection.stats().udp_rx.datagrams
    }
}

/// What QUIC does by itself when a connection ends: nothing moves after the end of the link.
async fn unless_ended(
    end: Arc<End>,
    moving: impl Future<Output = Result<(), Fault>>,
) -> Result<(), Fault> {
    tokio::select! {
        biased;
        _ = end.wait() => Ok(()),
        moved = moving => moved,
    }
}

/// Closes a connection, telling the other side why.
pub(crate) fn close(connection: &Connection, code: CloseCode, reason: &str) {
    connection.close(code.into(), reason.as_bytes());
}

/// Why a connection is no more, in the words of a link.
pub(crate) fn why_ended(error: &ConnectionError) -> LinkEnd {
    let lost = |cause: String| LinkEnd::Lost { cause };
    match error {
        ConnectionError::ApplicationClosed(close) => LinkEnd::Peer {
            code: CloseCode::from_number(close.error_code.into_inner()),
            reason: shown_reason(&close.reason),
        },
        ConnectionError::LocallyClosed => {
            LinkEnd::Local { code: CloseCode::Shutdown, reason: "the agent shuts down".into() }
        }
        ConnectionError::TimedOut => lost("nothing was heard from the other side".into()),
        ConnectionError::Reset => lost("the other side does not know the link any more".into()),
        ConnectionError::ConnectionClosed(close) => {
            lost(format!("the other side's transport gave up ({})", close.error_code))
        }
        ConnectionError::TransportError(error) => {
            lost(format!("the transport gave up ({})", error.code))
        }
        ConnectionError::VersionMismatch => lost("no common version of QUIC".into()),
        ConnectionError::CidsExhausted => lost("too many connections at once".into()),
    }
}

/// Sees a worker to its end; one that fails ends the link. `broke` hears why what runs over TCP broke
/// by itself.
async fn mind(
    moving: BoxFuture<'static, Result<(), Fault>>,
    end: Arc<End>,
    connection: Connection,
    broke: Option<impl Fn(&io::Error) + Sync>,
) {
    let Err(fault) = moving.await else { return };
    // Most often the other side closed the link, and its word comes over QUIC.
    if let (Some(broke), Fault::Broken(error)) = (&broke, &fault)
        && timeout(WORD_WAIT, end.wait()).await.is_err()
    {
        broke(error);
    }
    judge(&fault, &end, &connection, broke.is_some());
}

/// A stream of QUIC that breaks while its connection lives was broken by the other side; one of TCP
/// breaks by itself.
fn judge(fault: &Fault, end: &End, connection: &Connection, over_tcp: bool) {
    let what = match fault {
        Fault::TooLong(too_long) => too_long.to_string(),
        Fault::Broken(_) if connection.close_reason().is_some() => return,
        Fault::Broken(error) if over_tcp => {
            let cause = format!("a TCP connection broke ({error})");
            end.settle_after(LinkEnd::Lost { cause }, || {
                close(connection, CloseCode::Superseded, "");
            });
            return;
        }
        Fault::Broken(error) => format!("a stream was broken off ({error})"),
    };
    let reason = crate::end::cut_reason(&what).to_owned();
    end.settle_after(LinkEnd::Violation { what }, || {
        close(connection, CloseCode::Violation, &reason);
    });
}

#[derive(Debug)]
struct Quic {
    connection: Connection,
    counted: Arc<Counted>,
    route: Route,
    rates: Arc<Rates>,
    budget: Arc<Budget>,
}

impl Carrier for Quic {
    fn close(&self, code: CloseCode, reason: &str) {
        close(&self.connection, code, reason);
    }

    fn stats(&self) -> LinkStats {
        let stats = self.connection.stats();
        LinkStats {
            route: self.route,
            remote: Some(remote_address(&self.connection)).filter(|remote| *remote != FAR_END),
            rtt: stats.path.rtt,
            sent_packets: stats.path.sent_packets,
            lost_packets: stats.path.lost_packets,
            bytes_sent: stats.udp_tx.bytes + self.counted.sent.load(Ordering::Relaxed),
            bytes_received: stats.udp_rx.bytes + self.counted.received.load(Ordering::Relaxed),
            rate_sent: self.rates.sent.load(Ordering::Relaxed),
            rate_received: self.rates.received.load(Ordering::Relaxed),
            packet_bytes: stats.path.current_mtu,
            unsent_bytes: self.budget.used() as u64,
        }
    }
}

/// Where the other side is, in the plain form of its family.
pub(crate) fn remote_address(connection: &Connection) -> SocketAddr {
    let remote = connection.remote_address();
    SocketAddr::new(remote.ip().to_canonical(), remote.port())
}

/// Bytes per second lately.
#[derive(Debug, Default)]
struct Rates {
    sent: AtomicU64,
    received: AtomicU64,
}

/// Looks at the connection many times a second, and notices its end.
struct Meter {
    connection: Connection,
    /// How long it may hear nothing.
    silence_max: Duration,
    counted: Arc<Counted>,
    budget: Arc<Budget>,
    rates: Arc<Rates>,
}

impl Meter {
    fn of(quic: &Quic) -> Self {
        Self {
            connection: quic.connection.clone(),
            silence_max: if is_relayed(quic.route) { RELAY_SILENCE_MAX } else { SILENCE_MAX },
            counted: quic.counted.clone(),
            budget: quic.budget.clone(),
            rates: quic.rates.clone(),
        }
    }

    async fn run(self, end: Arc<End>) {
        let mut ticks = interval(METER_PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut sent, mut received, mut at) = (0, 0, Instant::now());
        let mut silence = Silence::default();
        loop {
            tokio::select! {
                biased;
                error = self.connection.closed() => {
                    end.settle(end.intended().unwrap_or_else(|| why_ended(&error)));
                    return;
                }
                now = ticks.tick() => {
                    let stats = self.connection.stats();
                    let passed = now.saturating_duration_since(at);
                    let all_sent = stats.udp_tx.bytes + self.counted.sent.load(Ordering::Relaxed);
                    let all_received =
                        stats.udp_rx.bytes + self.counted.received.load(Ordering::Relaxed);
                    smooth(&self.rates.sent, all_sent - sent, passed);
                    smooth(&self.rates.received, all_received - received, passed);
                    (sent, received, at) = (all_sent, all_received, now);
                    self.adjust(&stats.path);
                    if silence.is_dead(&stats, passed, self.silence_max) {
                        let cause = "nothing was heard from the other side".to_owned();
                        end.settle_after(LinkEnd::Lost { cause }, || {
                            close(&self.connection, CloseCode::Superseded, "");
                        });
                        return;
                    }
                }
            }
        }
    }

    /// What waits above QUIC follows the rate. What QUIC keeps follows the congestion window, with
    /// as much again for what is acknowledged behind a gap, and a little to wake up on; and on a
    /// short path it stays below what the other side's socket holds while its process waits for a
    /// processor, which congestion control does not know of.
    fn adjust(&self, path: &PathStats) {
        let rate = self.rates.sent.load(Ordering::Relaxed);
        let quarter_second = usize::try_from(rate / 4).unwrap_or(UNSENT_BYTES_MAX);
        self.budget.set_limit(quarter_second.clamp(UNSENT_BYTES_MIN, UNSENT_BYTES_MAX));
        let wake_up = SEND_SLACK_BYTES_MIN + (rate / 20).min(SEND_SLACK_BYTES_MAX);
        let wanted = path.cwnd.saturating_mul(2).saturating_add(wake_up);
        let on_the_path = (rate as f64 * path.min_rtt.as_secs_f64()) as u64;
        let bearable = SOCKET_HOLDS_BYTES.saturating_add(on_the_path.saturating_mul(2));
        self.connection.set_send_window(wanted.min(bearable).min(SEND_WINDOW_BYTES_MAX));
    }
}

/// For how long a connection that speaks has heard nothing.
#[derive(Debug, Default)]
struct Silence {
    heard: u64,
    said: u64,
    lasted: Duration,
}

impl Silence {
    /// Takes what was counted, `passed` after the last time; whether the other side is gone.
    fn is_dead(&mut self, stats: &ConnectionStats, passed: Duration, max: Duration) -> bool {
        let (heard, said) = (stats.udp_rx.datagrams, stats.udp_tx.datagrams);
        if heard != self.heard {
            *self = Self { heard, said, lasted: Duration::ZERO };
            return false;
        }
        // While this computer slept or had no time for us, nothing could be heard.
        self.lasted += passed.min(2 * METER_PERIOD);
        max.max(4 * stats.path.rtt) <= self.lasted && self.said + 2 <= said
    }
}

/// An exponential average over about half a second.
fn smooth(rate: &AtomicU64, bytes: u64, passed: Duration) {
    let seconds = passed.as_secs_f64();
    if seconds <= 0.0 {
        return;
    }
    let weight = 1.0 - (-seconds / RATE_MEMORY_SECONDS).exp();
    let before = rate.load(Ordering::Relaxed) as f64;
    let now = bytes as f64 / seconds;
    rate.store((before + weight * (now - before)) as u64, Ordering::Relaxed);
}

impl StreamOut for SendStream {
    async fn write_some(&mut self, pieces: &mut [Bytes]) -> io::Result<usize> {
        Ok(self.write_chunks(pieces).await?.bytes)
    }

    async fn finish(&mut self) -> io::Result<()> {
        Self::finish(self).map_err(io::Error::other)?;
        match self.stopped().await {
            Ok(None) => Ok(()),
            Ok(Some(_)) => Err(io::Error::other("the other side stopped reading")),
            Err(error) => Err(error.into()),
        }
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meter").finish_non_exhaustive()
    }
}

/// How often the meter looks: a window follows a path that grows within a few round trips.
const METER_PERIOD: Duration = Duration::from_millis(50);
/// A living connection says something every half second; one that leads straight is given up when
/// four of these are missing, and another way is looked for.
const SILENCE_MAX: Duration = Duration::from_secs(2);
/// Relays start anew, and computers change networks without a word to QUIC.
const RELAY_SILENCE_MAX: Duration = Duration::from_secs(10);
const RATE_MEMORY_SECONDS: f64 = 0.5;
/// Bytes accepted and not yet on their way, whatever the rate: a few packs of small files.
const UNSENT_BYTES_MIN: usize = 256 * 1024;
/// A quarter of a second at half a gigabit; faster paths do not need more to be kept full.
const UNSENT_BYTES_MAX: usize = 16 * 1024 * 1024;
const SEND_SLACK_BYTES_MIN: u64 = 64 * 1024;
const SEND_SLACK_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// What a socket's buffer surely holds: half of what is asked for. Measured on loopback: with 2 MiB
/// nothing is lost, with 32 MiB every sixth packet.
const SOCKET_HOLDS_BYTES: u64 = 2 * 1024 * 1024;
/// All that may be under way at once, and kept in memory for repetition.
const SEND_WINDOW_BYTES_MAX: u64 = 32 * 1024 * 1024;
const CONTROL_PRIORITY: i32 = 1;
/// How long the other side's reason may come after a TCP connection that broke.
const WORD_WAIT: Duration = Duration::from_millis(500);
