//! Data streams over TLS and TCP, for two computers that are near each other.
//!
//! QUIC finds the way, proves the keys, carries the control stream and notices when the other side
//! goes. But it costs by the packet, and on a fast network near by TCP moves the same bytes for half
//! of that; so there the data streams change over, one TCP connection each, sealed with the same
//! pinned keys. Farther away QUIC stays: its congestion control bears loss and distance, and most
//! systems' TCP does not.
//!
//! What both say of it on the control stream, between welcome and first frame:
//!
//! | who | says | and means |
//! | --- | --- | --- |
//! | acceptor | port, or 0 | dial me there for as long as this takes; 0: not this way |
//! | dialler | up | all streams stand: over to TCP |
//! | dialler | port, or 0 | you cannot be reached, dial me; 0: stay with QUIC |
//! | acceptor, to a port | up, or 0 | as above |
//!
//! A socket listens only while the other side's word is waited for, on the one address over which
//! the connection runs, and lets in nobody but the peer. Who dials names session, attempt and stream
//! ([`Naming`]), and the stream stands when its number comes back.
//!
//! The end of a stream is confirmed over QUIC, on the stream of the same number that it replaces:
//! TCP itself does not tell when the other side has read all.
//!
//! QUIC may go on where TCP does not: a router forgot the connection, or lets only small packets
//! through. The system notices that nobody answers and the link is lost; the next one to the same
//! peer stays on QUIC ([`Stalls`]), or it would be lost again and again.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::{Buf as _, Bytes};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use outport_protocol::{
    secret::SecretKey,
    tls::{self, ALPN_LINK, AllowPeer, SERVER_NAME},
};
use outport_types::{PublicKey, SessionId};
use quinn::{Connection, RecvStream, SendStream, VarInt};
use rustls::pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::{
        AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader, ReadBuf, ReadHalf, WriteHalf,
    },
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use tracing::debug;

use crate::{
    pump::StreamOut,
    quic::{Joined, remote_address},
};

/// A TCP connection, sealed. TLS asks the system for a quarter of a record at a time, so what came is
/// fetched for it in large pieces.
pub(crate) type Sealed = TlsStream<BufReader<TcpStream>>;

/// A data stream as it lies on TCP: the connection, and the QUIC stream that it replaces.
#[derive(Debug)]
pub(crate) struct TcpStreams {
    sealed: Sealed,
    replaced: (SendStream, RecvStream),
}

/// What one side needs to change over.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(crate) key: &'a SecretKey,
    pub(crate) peer: PublicKey,
    pub(crate) session: SessionId,
    /// This side's attempt.
    pub(crate) attempt: u64,
    /// Up to which round trip this side would have TCP; `None` when not at all.
    pub(crate) near: Option<Duration>,
}

/// Agrees with the other side whether the data streams change over to TCP, and does it; `None` when
/// they stay on QUIC.
///
/// # Errors
/// When the other side does not keep to the exchange; the connection is of no use then.
pub(crate) async fn change_over(
    joined: &mut Joined,
    change: &Change<'_>,
) -> io::Result<Option<Vec<Sealed>>> {
    let place = change.near.and_then(|near| near_place(&joined.connection, near));
    let attempt = if joined.dialled { change.attempt } else { joined.peer_attempt };
    let way = Way {
        change,
        place,
        naming: Naming { session: change.session, attempt },
        count: joined.data.len().min(TCP_STREAMS_MAX),
    };
    let (say, hear) = (&mut joined.control.0, &mut joined.control.1);
    let exchange = async {
        if joined.dialled {
            way.as_dialler(say, hear).await
        } else {
            way.as_acceptor(say, hear).await
        }
    };
    timeout(CHANGE_LIMIT, exchange).await.unwrap_or_else(|late| Err(late.into()))
}

/// Pairs what came up with the streams that it replaces.
pub(crate) fn replace(
    sealed: Vec<Sealed>,
    replaced: Vec<(SendStream, RecvStream)>,
) -> Vec<TcpStreams> {
    let pairs = sealed.into_iter().zip(replaced);
    pairs.map(|(sealed, replaced)| TcpStreams { sealed, replaced }).collect()
}

/// Where the two would meet over TCP.
#[derive(Clone, Copy, Debug)]
struct Place {
    own: IpAddr,
    theirs: IpAddr,
}

/// Both addresses of a connection, if it is short enough for TCP to be the better carrier.
fn near_place(connection: &Connection, near: Duration) -> Option<Place> {
    let remote = remote_address(connection);
    let path = connection.stats().path;
    let reachable = match remote.ip() {
        IpAddr::V4(_) => true,
        // Such an address means nothing without the interface.
        IpAddr::V6(ip) => !ip.is_unicast_link_local(),
    };
    if !reachable || near < path.min_rtt.min(path.rtt) {
        return None;
    }
    // The system knows from which address it would go there.
    let any: IpAddr = match remote.ip() {
        IpAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    };
    let probe = UdpSocket::bind((any, 0)).ok()?;
    probe.connect(remote).ok()?;
    Some(Place { own: probe.local_addr().ok()?.ip(), theirs: remote.ip() })
}

struct Way<'a> {
    change: &'a Change<'a>,
    place: Option<Place>,
    naming: Naming,
    count: usize,
}

impl Way<'_> {
    async fn as_dialler(
        &self,
        say: &mut SendStream,
        hear: &mut RecvStream,
    ) -> io::Result<Option<Vec<Sealed>>> {
        let Word::Port(port) = Word::hear(hear).await? else { return Err(out_of_turn()) };
        let (Some(place), true) = (self.place, port != 0) else {
            Word::Port(0).say(say).await?;
            return Ok(None);
        };
        match self.dial(SocketAddr::new(place.theirs, port)).await {
            Ok(streams) => {
                Word::Up.say(say).await?;
                return Ok(Some(streams));
            }
            Err(error) => debug!(%error, "the other side cannot be dialled over TCP"),
        }
        let (port, accepting) = self.listen().await;
        Word::Port(port).say(say).await?;
        if port == 0 {
            return Ok(None);
        }
        match accepting.until(Word::hear(hear)).await? {
            (Word::Up, streams) => streams.map(Some).ok_or_else(out_of_turn),
            (Word::Port(0), _) => Ok(None),
            (Word::Port(_), _) => Err(out_of_turn()),
        }
    }

    async fn as_acceptor(
        &self,
        say: &mut SendStream,
        hear: &mut RecvStream,
    ) -> io::Result<Option<Vec<Sealed>>> {
        let (port, accepting) = self.listen().await;
        Word::Port(port).say(say).await?;
        let port = match accepting.until(Word::hear(hear)).await? {
            (Word::Up, streams) => return streams.map(Some).ok_or_else(out_of_turn),
            (Word::Port(port), _) => port,
        };
        let (Some(place), true) = (self.place, port != 0) else { return Ok(None) };
        match self.dial(SocketAddr::new(place.theirs, port)).await {
            Ok(streams) => {
                Word::Up.say(say).await?;
                Ok(Some(streams))
            }
            Err(error) => {
                debug!(%error, "the other side cannot be dialled over TCP either");
                Word::Port(0).say(say).await?;
                Ok(None)
            }
        }
    }

    async fn dial(&self, to: SocketAddr) -> io::Result<Vec<Sealed>> {
        let config = tls::client_config(self.change.key, self.change.peer, ALPN_LINK)
            .map_err(io::Error::other)?;
        let connector = TlsConnector::from(Arc::new(config));
        let name = ServerName::try_from(SERVER_NAME).map_err(io::Error::other)?;
        let one = async |number: u8| {
            let tcp = timeout(CONNECT_LIMIT, TcpStream::connect(to)).await??;
            let tcp = prepare(tcp)?;
            let mut sealed = connector
                .connect_with(name.clone(), tcp, |tls| tls.set_buffer_limit(Some(BUFFER_BYTES)))
                .await?;
            sealed.write_all(&self.naming.encode(number)).await?;
            sealed.flush().await?;
            let mut answer = [0];
            sealed.read_exact(&mut answer).await?;
            if answer == [number] { Ok(sealed.into()) } else { Err(out_of_turn()) }
        };
        let numbers = 0..u8::try_from(self.count).unwrap_or(u8::MAX);
        let all = futures_util::future::try_join_all(numbers.map(one));
        timeout(DIAL_LIMIT, all).await.unwrap_or_else(|late| Err(late.into()))
    }

    /// Listens, if this side would have TCP; the port is 0 otherwise.
    async fn listen(&self) -> (u16, Accepting) {
        let nobody = (0, Accepting { listener: None, naming: self.naming, count: self.count });
        let Some(place) = self.place else { return nobody };
        let only = Arc::new(Only(self.change.peer));
        let Ok(config) = tls::server_config(self.change.key, only, ALPN_LINK) else {
            return nobody;
        };
        let Ok(listener) = TcpListener::bind((place.own, 0)).await else { return nobody };
        let Ok(address) = listener.local_addr() else { return nobody };
        let listener = Some((listener, TlsAcceptor::from(Arc::new(config))));
        (address.port(), Accepting { listener, naming: self.naming, count: self.count })
    }
}

/// Takes the other side's streams in, for as long as its word is waited for.
struct Accepting {
    listener: Option<(TcpListener, TlsAcceptor)>,
    naming: Naming,
    count: usize,
}

impl Accepting {
    /// What the other side says, and all streams, if they stand by then.
    async fn until(
        self,
        word: impl Future<Output = io::Result<Word>>,
    ) -> io::Result<(Word, Option<Vec<Sealed>>)> {
        let Some((listener, acceptor)) = self.listener else { return Ok((word.await?, None)) };
        let mut places: Vec<Option<Sealed>> = Vec::new();
        places.resize_with(self.count, || None);
        let mut greeting = FuturesUnordered::new();
        let mut word = std::pin::pin!(word);
        let word = loop {
            tokio::select! {
                word = &mut word => break word?,
                Some(named) = greeting.next() => match named {
                    Ok((number, sealed)) => {
                        if let Some(place @ None) = places.get_mut(usize::from(number)) {
                            *place = Some(sealed);
                        }
                    }
                    Err(error) => debug!(%error, "somebody dialled and was not let in"),
                },
                taken = listener.accept(), if greeting.len() < GREETING_MAX => {
                    if let Ok((tcp, _)) = taken {
                        greeting.push(greet(tcp, &acceptor, self.naming));
                    }
                }
            }
        };
        Ok((word, places.into_iter().collect()))
    }
}

/// Takes in who dialled, if it is the peer and names this session.
async fn greet(tcp: TcpStream, acceptor: &TlsAcceptor, naming: Naming) -> io::Result<(u8, Sealed)> {
    let tcp = prepare(tcp)?;
    let accepted = acceptor.accept_with(tcp, |tls| tls.set_buffer_limit(Some(BUFFER_BYTES)));
    let mut sealed = accepted.await?;
    let mut named = [0; Naming::BYTES];
    sealed.read_exact(&mut named).await?;
    let number = named[Naming::BYTES - 1];
    if named != naming.encode(number) {
        return Err(out_of_turn());
    }
    sealed.write_all(&[number]).await?;
    sealed.flush().await?;
    Ok((number, sealed.into()))
}

/// What is dropped is gone at once, sent or not; and little waits in the system's own buffers, so
/// that what has been paused does not go on from there. Who waits for content asks now and then
/// whether anybody is there, and who sends does not wait for an answer for ever.
fn prepare(tcp: TcpStream) -> io::Result<BufReader<TcpStream>> {
    tcp.set_nodelay(true)?;
    let socket = SockRef::from(&tcp);
    socket.set_linger(Some(Duration::ZERO))?;
    let asking = TcpKeepalive::new().with_time(ASK_AFTER).with_interval(ASK_EVERY);
    socket.set_tcp_keepalive(&asking.with_retries(ASK_TIMES))?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        socket.set_tcp_notsent_lowat(UNSENT_BYTES)?;
        socket.set_tcp_user_timeout(Some(ASK_AFTER + ASK_EVERY * ASK_TIMES))?;
    }
    Ok(BufReader::with_capacity(FETCH_BYTES, tcp))
}

/// To whom TCP stood still lately, while QUIC did not.
#[derive(Debug, Default)]
pub(crate) struct Stalls(Mutex<HashMap<PublicKey, Instant>>);

impl Stalls {
    /// A connection to `peer` broke.
    pub(crate) fn note(&self, peer: PublicKey, error: &io::Error) {
        // One that was cut comes up again, or does not: that costs no more than the try.
        if error.kind() == io::ErrorKind::TimedOut {
            let mut stalls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            stalls.retain(|_, since| since.elapsed() < STALLED_FOR);
            stalls.insert(peer, Instant::now());
        }
    }

    /// Whether content for `peer` had better stay on QUIC.
    pub(crate) fn concern(&self, peer: &PublicKey) -> bool {
        let stalls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stalls.get(peer).is_some_and(|since| since.elapsed() < STALLED_FOR)
    }
}

/// One word of the exchange, three bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Port(u16),
    Up,
}

impl Word {
    async fn say(self, stream: &mut SendStream) -> io::Result<()> {
        Ok(stream.write_all(&self.encode()).await?)
    }

    async fn hear(stream: &mut RecvStream) -> io::Result<Self> {
        let mut bytes = [0; 3];
        stream.read_exact(&mut bytes).await.map_err(io::Error::other)?;
        Self::decode(bytes).ok_or_else(out_of_turn)
    }

    fn encode(self) -> [u8; 3] {
        match self {
            Self::Port(port) => [1, port.to_be_bytes()[0], port.to_be_bytes()[1]],
            Self::Up => [2, 0, 0],
        }
    }

    fn decode(bytes: [u8; 3]) -> Option<Self> {
        match bytes {
            [1, a, b] => Some(Self::Port(u16::from_be_bytes([a, b]))),
            [2, 0, 0] => Some(Self::Up),
            _ => None,
        }
    }
}

/// What who dials says first on a TCP connection: magic 4, version 1, session 16, the attempt of who
/// dialled QUIC 8, the stream's number 1.
#[derive(Clone, Copy, Debug)]
struct Naming {
    session: SessionId,
    attempt: u64,
}

impl Naming {
    const BYTES: usize = 30;

    fn encode(self, number: u8) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..5].copy_from_slice(b"OPLt\x01");
        bytes[5..21].copy_from_slice(self.session.as_bytes());
        bytes[21..29].copy_from_slice(&self.attempt.to_be_bytes());
        bytes[29] = number;
        bytes
    }
}

/// Lets one key in.
#[derive(Debug)]
struct Only(PublicKey);

impl AllowPeer for Only {
    fn allows(&self, key: &PublicKey) -> bool {
        *key == self.0
    }
}

fn out_of_turn() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the other side does not keep to the exchange")
}

/// Bytes that went over TCP, as QUIC counts its own.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub(crate) sent: AtomicU64,
    pub(crate) received: AtomicU64,
}

impl TcpStreams {
    /// Both directions, each for a worker of its own.
    pub(crate) fn split(self, counted: &Arc<Counted>) -> (TcpOut, TcpIn) {
        let (back, out) = tokio::io::split(self.sealed);
        let (confirmed, confirm) = self.replaced;
        (
            TcpOut { half: out, confirmed, counted: counted.clone() },
            TcpIn { half: back, confirm, counted: counted.clone() },
        )
    }
}

/// The sending half of a stream over TCP.
#[derive(Debug)]
pub(crate) struct TcpOut {
    half: WriteHalf<Sealed>,
    confirmed: SendStream,
    counted: Arc<Counted>,
}

/// The receiving half of a stream over TCP.
#[derive(Debug)]
pub(crate) struct TcpIn {
    half: ReadHalf<Sealed>,
    confirm: RecvStream,
    counted: Arc<Counted>,
}

impl TcpIn {
    /// Tells the other side that all has been read.
    pub(crate) fn confirm(mut self) {
        // Fails only when the connection is gone, which whoever waits for this learns by itself.
        let _ = self.confirm.stop(ALL_READ);
    }
}

impl StreamOut for TcpOut {
    async fn write_some(&mut self, pieces: &mut [Bytes]) -> io::Result<usize> {
        let Some(first) = pieces.first_mut() else { return Ok(0) };
        let written = self.half.write(first).await?;
        first.advance(written);
        self.counted.sent.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.half.flush().await
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.half.shutdown().await?;
        match self.confirmed.stopped().await {
            Ok(Some(ALL_READ)) => Ok(()),
            Ok(_) => Err(io::Error::other("the other side stopped reading")),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsyncRead for TcpIn {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = std::pin::Pin::new(&mut self.half).poll_read(cx, buffer);
        let bytes = buffer.filled().len() - before;
        self.counted.received.fetch_add(bytes as u64, Ordering::Relaxed);
        read
    }
}

/// Up to this round trip TCP is the better carrier. Measured: with 0.1 ms TCP needs half of the
/// processor time, with 10 ms and a little loss QUIC is as fast as the line and TCP may not be.
pub(crate) const NEAR: Duration = Duration::from_millis(5);
/// Few are enough near by; each has a frame under way that is lost when the link ends in its middle.
const TCP_STREAMS_MAX: usize = 4;
/// How long all of the exchange may take, on a busy computer.
const CHANGE_LIMIT: Duration = Duration::from_secs(5);
/// How long a near computer may take to answer a call: many round trips; a firewall says nothing.
const CONNECT_LIMIT: Duration = Duration::from_millis(300);
/// The same for all handshakes together, on a busy computer; both may have to dial in turn.
const DIAL_LIMIT: Duration = Duration::from_secs(2);
/// When nobody answers for ten seconds the connection is dead, as for QUIC.
const ASK_AFTER: Duration = Duration::from_secs(4);
const ASK_EVERY: Duration = Duration::from_secs(2);
const ASK_TIMES: u32 = 3;
/// How long TCP to a peer is not tried again after it stood still.
const STALLED_FOR: Duration = Duration::from_secs(600);
/// Handshakes at once: all streams, and some strangers.
const GREETING_MAX: usize = 24;
/// What TLS may hold sealed: several records in one call.
const BUFFER_BYTES: usize = 256 * 1024;
/// What is fetched from the system at once: some records.
const FETCH_BYTES: usize = 128 * 1024;
/// What the system may hold beyond what is under way.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT_BYTES: u32 = 512 * 1024;
const ALL_READ: VarInt = VarInt::from_u32(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_and_nothing_else_does() {
        for word in [Word::Port(0), Word::Port(7440), Word::Port(u16::MAX), Word::Up] {
            assert_eq!(Word::decode(word.encode()), Some(word));
        }
        for other in [[0, 0, 0], [2, 0, 1], [3, 0, 0], [255; 3]] {
            assert_eq!(Word::decode(other), None);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn tcp_that_stood_still_is_not_tried_for_a_while_and_one_that_was_cut_is() {
        let [still, cut] = [1, 2].map(|seed| SecretKey::from_seed(&[seed; 32]).public());
        let stalls = Stalls::default();
        stalls.note(still, &io::ErrorKind::TimedOut.into());
        stalls.note(cut, &io::ErrorKind::ConnectionReset.into());
        assert!(stalls.concern(&still) && !stalls.concern(&cut));
        tokio::time::advance(STALLED_FOR).await;
        assert!(!stalls.concern(&still));
    }

    #[test]
    fn a_naming_is_pinned() {
        let naming = Naming { session: SessionId::from_bytes([7; 16]), attempt: 258 };
        let bytes = naming.encode(3);
        assert_eq!(bytes[..5], *b"OPLt\x01");
        assert_eq!(bytes[5..21], [7; 16]);
        assert_eq!(bytes[21..], [0, 0, 0, 0, 0, 0, 1, 2, 3]);
    }
}
