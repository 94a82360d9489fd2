//! Learning the address that the hub's UDP port sees, from the socket that links use.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use outport_protocol::discovery::{DiscoveryAnswer, DiscoveryRequest, PathProbe, is_discovery};
use tokio::{sync::oneshot, time::timeout};

use crate::socket::{OwnPackets, SharedSocket};

/// Why the own address as seen from outside is not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoverError {
    /// Nothing came back.
    #[error("{hub} did not answer over UDP within {waited:?}; a firewall may block UDP")]
    NoAnswer {
        /// Who was asked.
        hub: SocketAddr,
        /// How long.
        waited: Duration,
    },
    /// The system does not send there.
    #[error("cannot send to {hub}")]
    Send {
        /// Who was to be asked.
        hub: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

impl DiscoverError {
    /// Whether the computer has no network that leads there: that says nothing of UDP.
    pub(crate) fn leads_nowhere(&self) -> bool {
        use io::ErrorKind::{AddrNotAvailable, HostUnreachable, NetworkUnreachable};
        let nowhere = [AddrNotAvailable, HostUnreachable, NetworkUnreachable];
        matches!(self, Self::Send { source, .. } if nowhere.contains(&source.kind()))
    }
}

/// Questions that wait for their answer.
#[derive(Debug, Default)]
pub(crate) struct Pending(Mutex<BTreeMap<[u8; 16], Question>>);

#[derive(Debug)]
struct Question {
    hub: SocketAddr,
    reply: oneshot::Sender<SocketAddr>,
}

impl Pending {
    /// Takes an answer; whoever did not get the question cannot know its nonce.
    pub(crate) fn answered(&self, answer: &DiscoveryAnswer, from: SocketAddr) {
        let mut questions = self.locked();
        let expected = questions
            .get(&answer.nonce)
            .is_some_and(|question| canonical(question.hub) == canonical(from));
        if expected && let Some(question) = questions.remove(&answer.nonce) {
            // Whoever asked may have gone; then nobody wants to know.
            let _ = question.reply.send(canonical(answer.observed));
        }
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<[u8; 16], Question>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OwnPackets for Pending {
    fn take(&self, packet: &[u8], from: SocketAddr) -> bool {
        // Requests are for the hub; whoever sends us one gets nothing.
        if let Some(answer) = DiscoveryAnswer::decode(packet) {
            self.answered(&answer, from);
        }
        is_discovery(packet)
    }
}

/// Takes the question back when whoever asked goes away.
struct Asked<'a> {
    pending: &'a Pending,
    nonce: [u8; 16],
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.pending.locked().remove(&self.nonce);
    }
}

/// Asks `hub` where it sees this socket, a few times, as UDP loses packets.
pub(crate) async fn observed_address(
    socket: &SharedSocket,
    pending: &Pending,
    hub: SocketAddr,
) -> Result<SocketAddr, DiscoverError> {
    let nonce = fresh_nonce()?;
    ask(socket, pending, hub, nonce, &DiscoveryRequest { nonce }.encode(), &PAUSES).await
}

/// Sees whether `hub` answers to a packet of so many bytes; loss looks as a packet that is too long.
pub(crate) async fn path_carries(
    socket: &SharedSocket,
    pending: &Pending,
    hub: SocketAddr,
    bytes: usize,
) -> Result<(), DiscoverError> {
    let nonce = fresh_nonce()?;
    let packet = PathProbe { nonce }.encode(bytes);
    ask(socket, pending, hub, nonce, &packet, &PROBE_PAUSES).await.map(drop)
}

async fn ask(
    socket: &SharedSocket,
    pending: &Pending,
    hub: SocketAddr,
    nonce: [u8; 16],
    packet: &[u8],
    pauses: &[Duration],
) -> Result<SocketAddr, DiscoverError> {
    let (reply, mut answer) = oneshot::channel();
    pending.locked().insert(nonce, Question { hub, reply });
    let _asked = Asked { pending, nonce };
    let mut waited = Duration::ZERO;
    for &pause in pauses {
        socket.send_own(packet, hub).await.map_err(|source| DiscoverError::Send { hub, source })?;
        if let Ok(Ok(observed)) = timeout(pause, &mut answer).await {
            return Ok(observed);
        }
        waited += pause;
    }
    Err(DiscoverError::NoAnswer { hub, waited })
}

fn fresh_nonce() -> Result<[u8; 16], DiscoverError> {
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(|_| DiscoverError::Random)?;
    Ok(nonce)
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// How long each question waits for its answer: soon at first, as most losses are single.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_millis(1000),
    Duration::from_millis(2000),
];
/// The same for a packet of a size: an answer to the shortest came before, so it is not far.
const PROBE_PAUSES: [Duration; 3] =
    [Duration::from_millis(300), Duration::from_millis(500), Duration::from_millis(700)];
