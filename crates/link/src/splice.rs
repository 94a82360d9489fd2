//! Data streams that a relay splices, where one of both sides has no UDP.
//!
//! The link's QUIC then goes through a connection to the relay's HTTPS port ([`crate::wire`]), packet
//! by packet, in which two congestion controls get into each other's way. So it carries the control
//! stream only, and data change over to connections of their own, one a stream, each spliced by the
//! relay with one of the other side: TCP on both halves of the way, TLS between the two agents.
//!
//! What both say of it on the control stream, between welcome and first frame:
//!
//! | who | says | and means |
//! | --- | --- | --- |
//! | acceptor | splice: no, if you must, yes | what it would like |
//! | dialler | the same | what it would like; where both can and one wants to, both begin |
//! | dialler | up, or port 0 | all streams stand, or not |
//! | acceptor | up, or port 0 | the same; both up: over to them |

use std::{io, time::Duration};

use futures_util::future::try_join_all;
use outport_protocol::tunnel::TunnelUse;
use quinn::{RecvStream, SendStream};
use tokio::time::timeout;
use tracing::debug;

use crate::{
    quic::Joined,
    sealed::{Parties, Sealed, out_of_turn},
    tunnels::{Bearer, ByteLine, Tunnels},
    word::{Wish, Word},
};

/// This side's way to the relay's HTTPS port.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Door<'a> {
    pub(crate) tunnels: &'a dyn Tunnels,
    pub(crate) bearer: &'a Bearer,
    /// Whether the link's QUIC goes this way.
    pub(crate) is_taken: bool,
}

/// Agrees with the other side whether the relay is to splice the data streams, and has it done;
/// `None` when they stay on QUIC.
///
/// # Errors
/// When the other side does not keep to the exchange; the connection is of no use then.
pub(crate) async fn change_over(
    joined: &mut Joined,
    parties: Parties<'_>,
    door: Option<Door<'_>>,
) -> io::Result<Option<Vec<Sealed>>> {
    let dialled = joined.dialled;
    let parties = Parties { count: parties.count.min(SPLICED_STREAMS_MAX), ..parties };
    let (say, hear) = (&mut joined.control.0, &mut joined.control.1);
    let exchange = async {
        let door = agree(door, dialled, say, hear).await?;
        let Some(door) = door else { return Ok(None) };
        let streams = timeout(OPEN_LIMIT, open(parties, door, dialled)).await;
        let streams = match streams.unwrap_or_else(|late| Err(late.into())) {
            Ok(streams) => Some(streams),
            Err(error) => {
                debug!(%error, "the relay does not splice");
                None
            }
        };
        let own = if streams.is_some() { Word::Up } else { Word::Port(0) };
        let theirs = if dialled {
            own.say(say).await?;
            Word::hear(hear).await?
        } else {
            let theirs = Word::hear(hear).await?;
            own.say(say).await?;
            theirs
        };
        match theirs {
            Word::Up => Ok(streams),
            Word::Port(0) => Ok(None),
            Word::Port(_) | Word::Splice(_) | Word::Heard => Err(out_of_turn()),
        }
    };
    timeout(CHANGE_LIMIT, exchange).await.unwrap_or_else(|late| Err(late.into()))
}

/// The way that is taken, if both take it.
async fn agree<'a>(
    door: Option<Door<'a>>,
    dialled: bool,
    say: &mut SendStream,
    hear: &mut RecvStream,
) -> io::Result<Option<Door<'a>>> {
    let own = match door {
        None => Wish::No,
        Some(Door { is_taken: false, .. }) => Wish::IfYouMust,
        Some(Door { is_taken: true, .. }) => Wish::Yes,
    };
    let theirs = if dialled {
        let theirs = Word::hear(hear).await?;
        Word::Splice(own).say(say).await?;
        theirs
    } else {
        Word::Splice(own).say(say).await?;
        Word::hear(hear).await?
    };
    let Word::Splice(theirs) = theirs else { return Err(out_of_turn()) };
    let both_can = Wish::No < own.min(theirs);
    Ok(door.filter(|_| both_can && Wish::Yes == own.max(theirs)))
}

/// Opens all streams; they stand when this side has heard of the other one on each.
async fn open(parties: Parties<'_>, door: Door<'_>, dialled: bool) -> io::Result<Vec<Sealed>> {
    let (caller, host) = (parties.caller()?, parties.host()?);
    let attempt = parties.naming.attempt;
    let one = async |number: u8| {
        let wanted = TunnelUse::Stream { attempt, number };
        let joining = door.bearer.join(door.tunnels, wanted).await?;
        let line = Box::new(ByteLine::new(joining.ready().await?));
        if dialled {
            return caller.call(line, number).await;
        }
        match host.greet(line).await? {
            (named, sealed) if named == number => Ok(sealed),
            _ => Err(out_of_turn()),
        }
    };
    try_join_all(parties.numbers().map(one)).await
}

/// Several congestion windows share what a bad line takes from each; more would only cost more
/// connections at proxies, which count them.
const SPLICED_STREAMS_MAX: usize = 4;
/// How long all streams together may take to stand.
const OPEN_LIMIT: Duration = Duration::from_secs(8);
/// How long all of the exchange may take; the other side may wait for as long as this one.
const CHANGE_LIMIT: Duration = Duration::from_secs(12);
