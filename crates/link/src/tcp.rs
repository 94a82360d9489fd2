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
//! | acceptor | port, or 0 | dial me there for as long as this takes; 0: stay with QUIC, and no more is said |
//! | dialler | up | all streams stand: over to TCP |
//! | dialler | port, or 0 | you cannot be reached, dial me; 0: stay with QUIC |
//! | acceptor, to a port | up, or 0 | as above |
//!
//! A socket listens only while the other side's word is waited for, on the one address over which
//! the connection runs, and lets in nobody but the peer. [`crate::sealed`] has the rest.
//!
//! QUIC may go on where TCP does not: a router forgot the connection, or lets only small packets
//! through. The system notices that nobody answers and the link is lost; the next one to the same
//! peer stays on QUIC ([`Stalls`]), or it would be lost again and again. So it does where firewalls
//! let TCP through in neither direction without a word: content would wait for that every time.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures_util::{StreamExt as _, future::try_join_all, stream::FuturesUnordered};
use outport_types::PublicKey;
use quinn::{Connection, RecvStream, SendStream};
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};
use tracing::debug;

use crate::{
    address::socket_toward,
    quic::{Joined, remote_address},
    sealed::{Host, Parties, Sealed, out_of_turn},
    word::Word,
};

/// Agrees with the other side whether the data streams change over to TCP, and does it; `None` when
/// they stay on QUIC. `near` is up to which round trip this side would have TCP; `None` when not at
/// all. What went wrong before is in `stalls`, and so is from then on what goes wrong now.
///
/// # Errors
/// When the other side does not keep to the exchange; the connection is of no use then.
pub(crate) async fn change_over(
    joined: &mut Joined,
    parties: Parties<'_>,
    near: Option<Duration>,
    stalls: &Stalls,
) -> io::Result<Option<Vec<Sealed>>> {
    let near = near.filter(|_| !stalls.concern(&parties.peer));
    let place = near.and_then(|near| near_place(&joined.connection, near));
    let parties = Parties { count: parties.count.min(TCP_STREAMS_MAX), ..parties };
    let way = Way { parties, place, stalls };
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
    let own = socket_toward(remote).and_then(|socket| socket.local_addr()).ok()?;
    Some(Place { own: own.ip(), theirs: remote.ip() })
}

struct Way<'a> {
    parties: Parties<'a>,
    place: Option<Place>,
    stalls: &'a Stalls,
}

impl Way<'_> {
    async fn as_dialler(
        &self,
        say: &mut SendStream,
        hear: &mut RecvStream,
    ) -> io::Result<Option<Vec<Sealed>>> {
        let port = match Word::hear(hear).await? {
            Word::Port(0) => return Ok(None),
            Word::Port(port) => port,
            Word::Up | Word::Splice(_) | Word::Heard => return Err(out_of_turn()),
        };
        let Some(place) = self.place else {
            Word::Port(0).say(say).await?;
            return Ok(None);
        };
        let error = match self.dial(SocketAddr::new(place.theirs, port)).await {
            Ok(streams) => {
                Word::Up.say(say).await?;
                return Ok(Some(streams));
            }
            Err(error) => error,
        };
        debug!(%error, "the other side cannot be dialled over TCP");
        let (port, accepting) = self.listen().await;
        Word::Port(port).say(say).await?;
        if port == 0 {
            return Ok(None);
        }
        match accepting.until(Word::hear(hear)).await? {
            (Word::Up, streams) => streams.map(Some).ok_or_else(out_of_turn),
            (Word::Port(0), _) => {
                self.stalls.note(self.parties.peer, &error);
                Ok(None)
            }
            (Word::Port(_) | Word::Splice(_) | Word::Heard, _) => Err(out_of_turn()),
        }
    }

    async fn as_acceptor(
        &self,
        say: &mut SendStream,
        hear: &mut RecvStream,
    ) -> io::Result<Option<Vec<Sealed>>> {
        let (port, accepting) = self.listen().await;
        Word::Port(port).say(say).await?;
        if port == 0 {
            // Far away content does not wait for an answer to this.
            return Ok(None);
        }
        let port = match accepting.until(Word::hear(hear)).await? {
            (Word::Up, streams) => return streams.map(Some).ok_or_else(out_of_turn),
            (Word::Port(port), _) => port,
            (Word::Splice(_) | Word::Heard, _) => return Err(out_of_turn()),
        };
        let (Some(place), true) = (self.place, port != 0) else { return Ok(None) };
        match self.dial(SocketAddr::new(place.theirs, port)).await {
            Ok(streams) => {
                Word::Up.say(say).await?;
                Ok(Some(streams))
            }
            Err(error) => {
                debug!(%error, "the other side cannot be dialled over TCP either");
                self.stalls.note(self.parties.peer, &error);
                Word::Port(0).say(say).await?;
                Ok(None)
            }
        }
    }

    async fn dial(&self, to: SocketAddr) -> io::Result<Vec<Sealed>> {
        let caller = self.parties.caller()?;
        let one = async |number: u8| {
            let tcp = timeout(CONNECT_LIMIT, TcpStream::connect(to)).await??;
            tune(&tcp)?;
            caller.call(Box::new(tcp), number).await
        };
        let all = try_join_all(self.parties.numbers().map(one));
        timeout(DIAL_LIMIT, all).await.unwrap_or_else(|late| Err(late.into()))
    }

    /// Listens, if this side would have TCP; the port is 0 otherwise.
    async fn listen(&self) -> (u16, Accepting) {
        let count = self.parties.count;
        let nobody = (0, Accepting { listener: None, count });
        let Some(place) = self.place else { return nobody };
        let Ok(host) = self.parties.host() else { return nobody };
        let Ok(listener) = TcpListener::bind((place.own, 0)).await else { return nobody };
        let Ok(address) = listener.local_addr() else { return nobody };
        (address.port(), Accepting { listener: Some((listener, host)), count })
    }
}

/// Takes the other side's streams in, for as long as its word is waited for.
struct Accepting {
    listener: Option<(TcpListener, Host)>,
    count: usize,
}

impl Accepting {
    /// What the other side says, and all streams, if they stand by then.
    async fn until(
        self,
        word: impl Future<Output = io::Result<Word>>,
    ) -> io::Result<(Word, Option<Vec<Sealed>>)> {
        let Some((listener, host)) = self.listener else { return Ok((word.await?, None)) };
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
                        let host = &host;
                        greeting.push(async move {
                            tune(&tcp)?;
                            host.greet(Box::new(tcp)).await
                        });
                    }
                }
            }
        };
        Ok((word, places.into_iter().collect()))
    }
}

/// Makes a TCP connection fit to carry content: what is dropped is gone at once, sent or not; and
/// little waits in the system's own buffers, so that what has been paused does not go on from there.
/// Who waits for content asks now and then whether anybody is there, and who sends does not wait for
/// an answer for ever.
///
/// # Errors
/// When the system refuses.
pub fn tune(tcp: &TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let socket = SockRef::from(tcp);
    socket.set_linger(Some(Duration::ZERO))?;
    let asking = TcpKeepalive::new().with_time(ASK_AFTER).with_interval(ASK_EVERY);
    socket.set_tcp_keepalive(&asking.with_retries(ASK_TIMES))?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        socket.set_tcp_notsent_lowat(UNSENT_BYTES)?;
        socket.set_tcp_user_timeout(Some(ASK_AFTER + ASK_EVERY * ASK_TIMES))?;
    }
    Ok(())
}

/// To whom TCP stood still lately, or did not get through at all, while QUIC did.
#[derive(Debug, Default)]
pub(crate) struct Stalls(Mutex<HashMap<PublicKey, Instant>>);

impl Stalls {
    /// A connection to `peer` broke, or did not come up.
    pub(crate) fn note(&self, peer: PublicKey, error: &io::Error) {
        // One that was cut or refused comes up again, or does not: that costs no more than the try.
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

/// Up to this round trip TCP is the better carrier. Measured: with 0.1 ms TCP needs half of the
/// processor time, with 10 ms and a little loss QUIC is as fast as the line and TCP may not be.
pub(crate) const NEAR: Duration = Duration::from_millis(5);
/// The same inside one network, where a longer round trip means that somebody is busy, not far away.
pub(crate) const NEAR_IN_ONE_NETWORK: Duration = Duration::from_millis(50);
/// Few are enough near by; each has a frame under way that is lost when the link ends in its middle.
const TCP_STREAMS_MAX: usize = 4;
/// How long all of the exchange may take, on a busy computer.
const CHANGE_LIMIT: Duration = Duration::from_secs(5);
/// How long a near computer may take to answer a call: many round trips; a firewall says nothing.
const CONNECT_LIMIT: Duration = Duration::from_millis(200);
/// The same for all handshakes together, on a busy computer; both may have to dial in turn.
const DIAL_LIMIT: Duration = Duration::from_secs(2);
/// When nobody answers for ten seconds the connection is dead, as for QUIC.
const ASK_AFTER: Duration = Duration::from_secs(4);
const ASK_EVERY: Duration = Duration::from_secs(2);
const ASK_TIMES: u32 = 3;
/// How long TCP to a peer is not tried again after that.
const STALLED_FOR: Duration = Duration::from_secs(600);
/// Handshakes at once: all streams, and some strangers.
const GREETING_MAX: usize = 24;
/// What the system may hold beyond what is under way.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT_BYTES: u32 = 512 * 1024;

#[cfg(test)]
mod tests {
    use outport_protocol::secret::SecretKey;

    use super::*;

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
}
