//! One connection under a link, and its streams: a leg's own, or a strand that makes it wider.

use std::{
    fmt, io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use outport_types::Route;
use quinn::{Connection, ConnectionStats, RecvStream, SendStream};
use tokio::{
    io::{AsyncRead, ReadBuf},
    sync::watch,
};
use tokio_util::sync::DropGuard;

use crate::{
    known::KnownLinesTo,
    link::LinkStats,
    meter::{Rates, SILENCE_MAX},
    pump::StreamOut,
    quic::{Joined, remote_address},
    sealed::{self, Counted, Sealed, SealedIn, SealedOut},
    wire::FAR_END,
};

/// A connection on which both sides agreed, ready to carry a link.
pub(crate) struct Prepared {
    pub(crate) joined: Joined,
    /// How it travels.
    pub(crate) path: Route,
    /// Its data streams, where they have changed over.
    pub(crate) beside: Option<Vec<Sealed>>,
    /// What is known of the line, and hears of it; `None` for what shares it with others of the link, and
    /// through relays.
    pub(crate) known: Option<KnownLinesTo>,
    /// What keeps the way open, where that takes more than the connection.
    pub(crate) way: Option<DropGuard>,
    /// How long nothing may be heard.
    pub(crate) silence_max: Duration,
    /// Hears why a stream beside QUIC broke by itself.
    pub(crate) broke: Box<dyn Fn(&io::Error) + Send + Sync>,
}

/// One connection under a link.
pub(crate) struct Leg {
    number: u8,
    connection: Connection,
    path: Route,
    /// Whether data go beside QUIC.
    beside: bool,
    /// Whether it can follow a change of this side's address.
    follows: bool,
    silence_max: Duration,
    counted: Arc<Counted>,
    rates: Rates,
    known: Option<KnownLinesTo>,
    left: watch::Sender<bool>,
    /// Workers that have not come to the end of their streams.
    busy: watch::Sender<usize>,
    way: Mutex<Option<DropGuard>>,
    broke: Box<dyn Fn(&io::Error) + Send + Sync>,
    /// Whether this side dialled it.
    dialled: bool,
    kind: Kind,
}

/// What a connection is to its link.
#[derive(Debug)]
enum Kind {
    /// A leg's own.
    Own,
    /// One of a leg's others. Who dialled it did so from a socket of its own.
    Strand { socket: Option<quinn::Endpoint> },
}

/// The streams of a leg.
#[derive(Debug)]
pub(crate) struct Streams {
    pub(crate) control: (SendStream, RecvStream),
    pub(crate) data: Vec<(DataOut, DataIn)>,
}

/// The sending half of a data stream.
#[derive(Debug)]
pub(crate) enum DataOut {
    Quic(SendStream),
    Beside(SealedOut),
}

/// The receiving half of a data stream.
#[derive(Debug)]
pub(crate) enum DataIn {
    Quic(RecvStream),
    Beside(SealedIn),
}

impl Leg {
    pub(crate) fn new(number: u8, prepared: Prepared) -> (Self, Streams) {
        Self::of_kind(Kind::Own, number, prepared)
    }

    /// A connection beside the leg's own, over the same way. `socket` is what it was dialled from.
    pub(crate) fn strand(
        number: u8,
        joined: Joined,
        path: Route,
        socket: Option<quinn::Endpoint>,
    ) -> (Self, Streams) {
        let prepared = Prepared {
            joined,
            path,
            beside: None,
            known: None,
            way: None,
            silence_max: SILENCE_MAX,
            broke: Box::new(|_| ()),
        };
        Self::of_kind(Kind::Strand { socket }, number, prepared)
    }

    fn of_kind(kind: Kind, number: u8, prepared: Prepared) -> (Self, Streams) {
        let Prepared { joined, path, beside: sealed, known, way, silence_max, broke } = prepared;
        let Joined { connection, control, data, peer_attempt: _, dialled } = joined;
        if let Some(known) = &known {
            known.tell(&connection);
        }
        let (counted, beside) = (Arc::new(Counted::default()), sealed.is_some());
        let data = match sealed {
            None => data.into_iter().map(|(o, i)| (DataOut::Quic(o), DataIn::Quic(i))).collect(),
            Some(sealed) => {
                let streams = sealed::replace(sealed, data).into_iter();
                let halves = streams.map(|streams| streams.split(&counted));
                halves.map(|(o, i)| (DataOut::Beside(o), DataIn::Beside(i))).collect()
            }
        };
        let leg = Self {
            number,
            connection,
            path,
            beside,
            // Data beside QUIC do not follow.
            follows: !beside && (dialled || path.is_relayed()),
            counted,
            rates: Rates::default(),
            known,
            left: watch::Sender::new(false),
            busy: watch::Sender::new(0),
            way: Mutex::new(way),
            silence_max,
            broke,
            dialled,
            kind,
        };
        (leg, Streams { control, data })
    }

    /// How long nothing may be heard before it is given up.
    pub(crate) fn silence_max(&self) -> Duration {
        self.silence_max
    }

    pub(crate) fn number(&self) -> u8 {
        self.number
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The way of its QUIC.
    pub(crate) fn path(&self) -> Route {
        self.path
    }

    pub(crate) fn follows(&self) -> bool {
        self.follows
    }

    /// Whether this side may dial more connections beside it: it knows that the other side is reached
    /// there.
    pub(crate) fn can_widen(&self) -> bool {
        self.dialled && self.is_straight_quic()
    }

    /// Whether it may have strands.
    pub(crate) fn is_straight_quic(&self) -> bool {
        !self.beside && !self.path.is_relayed()
    }

    pub(crate) fn is_strand(&self) -> bool {
        match self.kind {
            Kind::Own => false,
            Kind::Strand { .. } => true,
        }
    }

    /// The socket that it was dialled from, where that is its own.
    pub(crate) fn socket(&self) -> Option<&quinn::Endpoint> {
        match &self.kind {
            Kind::Own => None,
            Kind::Strand { socket } => socket.as_ref(),
        }
    }

    pub(crate) fn is_beside(&self) -> bool {
        self.beside
    }

    pub(crate) fn rates(&self) -> &Rates {
        &self.rates
    }

    /// Tells its workers that the link goes on over another one.
    pub(crate) fn leave(&self) {
        self.left.send_replace(true);
    }

    pub(crate) fn is_left(&self) -> bool {
        *self.left.borrow()
    }

    pub(crate) fn left(&self) -> watch::Receiver<bool> {
        self.left.subscribe()
    }

    pub(crate) fn one_more_works(&self) {
        self.busy.send_modify(|busy| *busy += 1);
    }

    pub(crate) fn one_is_done(&self) {
        self.busy.send_modify(|busy| *busy -= 1);
    }

    /// Waits until the link has left, and all that was on the way has arrived on both sides.
    pub(crate) async fn is_empty(&self) {
        let (mut left, mut busy) = (self.left.subscribe(), self.busy.subscribe());
        // The senders live in self.
        let _ = left.wait_for(|left| *left).await;
        let _ = busy.wait_for(|busy| *busy == 0).await;
    }

    /// Lets go of what kept the way open, and keeps what was found out about it.
    pub(crate) fn close_way(&self) {
        if let Some(known) = &self.known {
            known.learn(&self.connection);
        }
        drop(self.way.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    pub(crate) fn broke(&self, error: &io::Error) {
        (self.broke)(error);
    }

    /// Bytes that went out and came in so far.
    pub(crate) fn bytes(&self, stats: &ConnectionStats) -> (u64, u64) {
        let Counted { sent, received } = &*self.counted;
        let sent = stats.udp_tx.bytes + sent.load(Ordering::Relaxed);
        (sent, stats.udp_rx.bytes + received.load(Ordering::Relaxed))
    }

    /// How it does at the moment.
    pub(crate) fn stats(&self) -> LinkStats {
        let stats = self.connection.stats();
        let (bytes_sent, bytes_received) = self.bytes(&stats);
        LinkStats {
            route: self.route(),
            remote: Some(remote_address(&self.connection)).filter(|remote| *remote != FAR_END),
            rtt: stats.path.rtt,
            rtt_min: stats.path.min_rtt,
            sent_packets: stats.path.sent_packets,
            lost_packets: stats.path.lost_packets,
            bytes_sent,
            bytes_received,
            rate_sent: self.rates.sent.load(Ordering::Relaxed),
            rate_received: self.rates.received.load(Ordering::Relaxed),
            packet_bytes: stats.path.current_mtu,
            connections: 1,
            unsent_bytes: 0,
        }
    }

    /// How its data travel.
    fn route(&self) -> Route {
        match (self.beside, self.path.is_relayed()) {
            (false, _) => self.path,
            (true, true) => Route::Tunnel,
            (true, false) => Route::Tcp,
        }
    }
}

impl DataIn {
    /// Tells the other side that all has been read, where it does not learn that by itself.
    pub(crate) fn confirm(self) {
        match self {
            Self::Quic(_) => {}
            Self::Beside(stream) => stream.confirm(),
        }
    }
}

impl StreamOut for DataOut {
    async fn write_some(&mut self, pieces: &mut [Bytes]) -> io::Result<usize> {
        match self {
            Self::Quic(stream) => stream.write_some(pieces).await,
            Self::Beside(stream) => stream.write_some(pieces).await,
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Quic(stream) => StreamOut::flush(stream).await,
            Self::Beside(stream) => stream.flush().await,
        }
    }

    async fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Quic(stream) => StreamOut::finish(stream).await,
            Self::Beside(stream) => stream.finish().await,
        }
    }
}

impl AsyncRead for DataIn {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Quic(stream) => AsyncRead::poll_read(Pin::new(stream), cx, buffer),
            Self::Beside(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl fmt::Debug for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, path, beside, .. } = self;
        f.debug_struct("Leg")
            .field("number", number)
            .field("path", path)
            .field("beside", beside)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").field("path", &self.path).finish_non_exhaustive()
    }
}
