//! Connections to the HTTPS port, for sides whose UDP does not get out: packets in the place of UDP,
//! and streams that are spliced with those of the other side. [`outport_protocol::tunnel`] tells how.
//!
//! A connection that joined nothing costs its place in the handshake and a moment. One that joined
//! holds a message or two: nothing is fetched from one side that the other has not taken, so who is
//! slow slows down the other, and the relay keeps nothing for them.

use std::{
    collections::HashMap,
    fmt, io,
    sync::{Mutex, PoisonError, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{
    Sink, SinkExt as _, Stream, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use outport_protocol::{
    relay::RelaySide,
    tunnel::{TUNNEL_READY, TunnelJoin, TunnelNonce, TunnelUse},
};
use outport_types::SessionId;
use tokio::{
    sync::{mpsc, oneshot},
    time::{sleep, timeout},
};

use crate::{
    counts::Count,
    limits::WINDOW,
    port::{Brought, Door, Order, Relay},
    table::{Admitted, TunnelId},
};

/// One connection, as whole messages.
pub trait Messages:
    Stream<Item = io::Result<Bytes>> + Sink<Bytes, Error = io::Error> + Send + Unpin
{
}
impl<M: Stream<Item = io::Result<Bytes>> + Sink<Bytes, Error = io::Error> + Send + Unpin> Messages
    for M
{
}

type Connection = Box<dyn Messages>;

/// Why a connection carries nothing any more.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TunnelError {
    /// This relay forwards nothing.
    #[error("nothing is relayed here")]
    Off,
    /// Whoever connected did not say in time what it wants.
    #[error("it did not say in time what it wants")]
    Slow,
    /// It said something else.
    #[error("it said something else than what it wants")]
    Malformed,
    /// It holds no token of that session, or has too many streams.
    #[error("it may not join that session")]
    Refused,
    /// Nobody came to the other end of a stream.
    #[error("the other side did not come")]
    Alone,
    /// The session is over, or may carry no more today.
    #[error("the session may carry no more")]
    Over,
    /// The connection broke.
    #[error("the connection broke")]
    Broken(#[from] io::Error),
}

/// Streams of which one side has come.
pub(crate) type Pairs = Mutex<HashMap<Meeting, Waiting>>;

/// Where the two ends of a stream meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Meeting {
    session: SessionId,
    wanted: TunnelUse,
}

/// Who waits for the other end.
pub(crate) struct Waiting {
    side: RelaySide,
    tunnel: TunnelId,
    give: oneshot::Sender<Connection>,
}

impl Relay {
    /// Serves a connection to the HTTPS port until it ends. `nonce` are 24 random bytes; `joined` is
    /// called when it has shown that it may be here.
    ///
    /// # Errors
    /// When it carries nothing, or no more.
    pub async fn tunnel(
        &self,
        connection: impl Messages + 'static,
        nonce: TunnelNonce,
        joined: impl FnOnce(),
    ) -> Result<(), TunnelError> {
        let door = self.door.as_ref().ok_or(TunnelError::Off)?;
        let mut connection: Connection = Box::new(connection);
        let saying = async {
            connection.send(Bytes::copy_from_slice(&nonce)).await?;
            let said = connection.next().await.ok_or(TunnelError::Malformed)??;
            TunnelJoin::decode(&said).ok_or(TunnelError::Malformed)
        };
        let join = timeout(JOIN_LIMIT, saying).await.map_err(|_| TunnelError::Slow)??;
        let tunnel = TunnelId(door.tunnels.fetch_add(1, Ordering::Relaxed));
        let (packets, for_it) = mpsc::channel(PACKETS_MAX);
        let (answer, answered) = oneshot::channel();
        let order = Order::Join { join, nonce, tunnel, packets, answer };
        door.orders.send(order).await.map_err(|_| TunnelError::Off)?;
        let admitted = answered.await.ok().flatten().ok_or(TunnelError::Refused)?;
        joined();
        let _here = Here::new(&door.counts.tunnels);
        let over = admitted.over.clone();
        let carrying = async {
            match join.wanted {
                TunnelUse::Packets => carry_packets(door, tunnel, connection, for_it).await,
                TunnelUse::Stream { .. } => meet(door, tunnel, &join, connection, admitted).await,
            }
        };
        let carried = over.run_until_cancelled(carrying).await;
        if join.wanted == TunnelUse::Packets {
            door.orders.send(Order::Leave { tunnel }).await.ok(); // the port is closed
        }
        carried.unwrap_or(Err(TunnelError::Over))
    }
}

/// Takes packets from a connection to the port, and those for it back.
async fn carry_packets(
    door: &Door,
    tunnel: TunnelId,
    mut connection: Connection,
    mut for_it: mpsc::Receiver<Bytes>,
) -> Result<(), TunnelError> {
    connection.send(Bytes::from_static(&TUNNEL_READY)).await?;
    let (mut out, mut back) = connection.split();
    let outwards = async {
        // Without its queue at the port the connection is of no use to its side any more.
        while let Some(packet) = for_it.recv().await {
            out.feed(packet).await?;
            while let Ok(packet) = for_it.try_recv() {
                out.feed(packet).await?;
            }
            out.flush().await?;
        }
        Ok(())
    };
    let inwards = async {
        while let Some(packet) = back.next().await {
            let packet = packet?;
            if door.brought.send(Brought::Packet(tunnel, packet)).await.is_err() {
                break;
            }
        }
        Ok(())
    };
    tokio::select! {
        ended = outwards => ended,
        ended = inwards => ended,
    }
}

/// Waits for the other end of a stream, or joins the one that waits. Who came first carries for both.
async fn meet(
    door: &Door,
    tunnel: TunnelId,
    join: &TunnelJoin,
    connection: Connection,
    admitted: Admitted,
) -> Result<(), TunnelError> {
    let meeting = Meeting { session: join.session, wanted: join.wanted };
    let (give, given) = oneshot::channel();
    let other = {
        let mut pairs = door.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        match pairs.remove(&meeting) {
            Some(waiting) if waiting.side != join.side => Some(waiting),
            // Nobody yet, or this side once more, whose earlier connection is given up.
            Some(_) | None => {
                pairs.insert(meeting, Waiting { side: join.side, tunnel, give });
                None
            }
        }
    };
    if let Some(Waiting { give, .. }) = other {
        return give.send(connection).map_err(|_| TunnelError::Alone);
    }
    let _forget = Forget { door, meeting, tunnel };
    let other = timeout(MEET_LIMIT, given).await.ok().and_then(Result::ok);
    let other = other.ok_or(TunnelError::Alone)?;
    let carried = splice(door, join.session, connection, other).await;
    drop(admitted);
    carried
}

/// Carries messages both ways until either side ends.
async fn splice(
    door: &Door,
    session: SessionId,
    mut one: Connection,
    mut other: Connection,
) -> Result<(), TunnelError> {
    for connection in [&mut one, &mut other] {
        connection.send(Bytes::from_static(&TUNNEL_READY)).await?;
    }
    let ((one_out, one_back), (other_out, other_back)) = (one.split(), other.split());
    tokio::select! {
        ended = carry(door, session, one_back, other_out) => ended,
        ended = carry(door, session, other_back, one_out) => ended,
    }
}

async fn carry(
    door: &Door,
    session: SessionId,
    mut from: SplitStream<Connection>,
    mut to: SplitSink<Connection, Bytes>,
) -> Result<(), TunnelError> {
    while let Some(message) = from.next().await {
        let message = message?;
        if door.is_limited {
            let mut left = message.len();
            while left != 0 {
                left -= may_go(door, session, left).await?;
            }
        }
        door.counts.spliced_bytes.add(message.len());
        to.send(message).await?;
    }
    Ok(())
}

/// How many of `bytes` may go, when that is more than none.
async fn may_go(door: &Door, session: SessionId, bytes: usize) -> Result<usize, TunnelError> {
    loop {
        let (answer, answered) = oneshot::channel();
        let asked = door.brought.send(Brought::Toll { session, bytes, answer }).await;
        asked.map_err(|_| TunnelError::Off)?;
        match answered.await.ok().flatten().ok_or(TunnelError::Over)? {
            0 => sleep(WINDOW / 2).await,
            room => return Ok(room),
        }
    }
}

/// Takes who waits out of the meeting place again, unless somebody else waits there by now.
struct Forget<'a> {
    door: &'a Door,
    meeting: Meeting,
    tunnel: TunnelId,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        let mut pairs = self.door.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        if pairs.get(&self.meeting).is_some_and(|waiting| waiting.tunnel == self.tunnel) {
            pairs.remove(&self.meeting);
        }
    }
}

/// One that is counted while it is there.
struct Here<'a>(&'a Count);

impl<'a> Here<'a> {
    fn new(count: &'a Count) -> Self {
        count.add(1);
        Self(count)
    }
}

impl Drop for Here<'_> {
    fn drop(&mut self) {
        self.0.take(1);
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").field("side", &self.side).finish_non_exhaustive()
    }
}

/// How long whoever connects may take to say what it wants; the slowest satellite needs a second.
const JOIN_LIMIT: Duration = Duration::from_secs(5);
/// How long an end of a stream waits for the other one.
const MEET_LIMIT: Duration = Duration::from_secs(10);
/// Packets that wait for a connection, a third of a megabyte at most on usual networks.
const PACKETS_MAX: usize = 256;

#[cfg(test)]
mod tests;
