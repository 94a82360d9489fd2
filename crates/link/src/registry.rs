//! Which sessions are expected with which keys: what the handshake asks, and where a connection goes
//! that named its session.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use outport_protocol::tls::AllowPeer;
use outport_types::{PublicKey, SessionId};
use quinn::{Connection, RecvStream, SendStream};
use tokio::sync::Notify;

use crate::{end::CloseCode, hello::Hello, legs::Legs, quic::close};

/// Why a session cannot be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpectError {
    /// Both sides are one agent; [`crate::pair`] is for that.
    #[error("both sides of the session are this agent")]
    OwnKey,
    /// The key is no key that can be dialled.
    #[error("the other side's key cannot be used")]
    BadKey,
    /// The session is expected already.
    #[error("the session is expected already")]
    Already,
    /// Too many sessions at once.
    #[error("{max} sessions are expected already, and no more are possible")]
    TooMany {
        /// The most.
        max: usize,
    },
}

/// A connection that the other side dialled and named a session on.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) connection: Connection,
    pub(crate) hello: Hello,
    pub(crate) control: (SendStream, RecvStream),
    pub(crate) data: Vec<(SendStream, RecvStream)>,
}

/// All sessions that are expected at the moment.
#[derive(Debug, Default)]
pub(crate) struct Registry(Mutex<BTreeMap<(PublicKey, SessionId), Entry>>);

#[derive(Debug)]
struct Entry {
    arrivals: VecDeque<Arrival>,
    arrived: Arc<Notify>,
    link: Option<Arc<Legs>>,
}

/// What became of a connection that named a session. Connections are closed outside the lock: the
/// handshake asks the registry while it holds a connection's own lock.
enum Sorted {
    In { stale: Option<Arc<Legs>>, crowded_out: Option<Arrival> },
    Strand { link: Arc<Legs>, arrival: Arrival },
    LostTheRace,
    Unknown,
}

impl Registry {
    /// Expects a session; what comes back is notified when a connection for it arrived.
    pub(crate) fn expect(
        &self,
        peer: PublicKey,
        session: SessionId,
    ) -> Result<Arc<Notify>, ExpectError> {
        let mut entries = self.locked();
        if entries.contains_key(&(peer, session)) {
            return Err(ExpectError::Already);
        }
        if SESSIONS_MAX <= entries.len() {
            return Err(ExpectError::TooMany { max: SESSIONS_MAX });
        }
        let arrived = Arc::new(Notify::new());
        let entry = Entry { arrivals: VecDeque::new(), arrived: arrived.clone(), link: None };
        entries.insert((peer, session), entry);
        Ok(arrived)
    }

    pub(crate) fn forget(&self, peer: PublicKey, session: SessionId) {
        // Dropped outside the lock, as connections are closed by it.
        let forgotten = self.locked().remove(&(peer, session));
        drop(forgotten);
    }

    /// Remembers the link of a session, gives up the one before, and closes what lost the race.
    pub(crate) fn linked(&self, peer: PublicKey, session: SessionId, link: Arc<Legs>) {
        let attempt = link.peer_attempt();
        let (before, losers) = match self.locked().get_mut(&(peer, session)) {
            Some(entry) => {
                let arrivals = std::mem::take(&mut entry.arrivals);
                let (losers, others) =
                    arrivals.into_iter().partition(|arrival| arrival.hello.attempt == attempt);
                entry.arrivals = others;
                (entry.link.replace(link), losers)
            }
            None => (None, VecDeque::new()),
        };
        for loser in losers {
            close(&loser.connection, CloseCode::Superseded, "");
        }
        if let Some(before) = before {
            before.lose("a new link took its place");
        }
    }

    /// Hands a connection to the session that it names, or closes it.
    pub(crate) fn arrived(&self, peer: PublicKey, arrival: Arrival) {
        let connection = arrival.connection.clone();
        match self.sort_in(peer, arrival) {
            Sorted::In { stale, crowded_out } => {
                if let Some(stale) = stale {
                    stale.lose("the other side lost it and dials anew");
                }
                if let Some(oldest) = crowded_out {
                    close(&oldest.connection, CloseCode::Superseded, "");
                }
            }
            Sorted::Strand { link, arrival } => link.take_strand(arrival),
            Sorted::LostTheRace => close(&connection, CloseCode::Superseded, ""),
            Sorted::Unknown => {
                close(&connection, CloseCode::NotExpected, "no such session is expected");
            }
        }
    }

    /// The oldest connection of a session that has not been looked at.
    pub(crate) fn take(&self, peer: PublicKey, session: SessionId) -> Option<Arrival> {
        self.locked().get_mut(&(peer, session))?.arrivals.pop_front()
    }

    /// The living link of a session.
    pub(crate) fn link(&self, peer: PublicKey, session: SessionId) -> Option<Arc<Legs>> {
        let link = self.locked().get(&(peer, session))?.link.clone();
        link.filter(|link| !link.has_ended())
    }

    /// Whether a connection of a session waits to be looked at.
    pub(crate) fn has_arrivals(&self, peer: PublicKey, session: SessionId) -> bool {
        let entries = self.locked();
        entries.get(&(peer, session)).is_some_and(|entry| !entry.arrivals.is_empty())
    }

    fn sort_in(&self, peer: PublicKey, arrival: Arrival) -> Sorted {
        let mut entries = self.locked();
        let Some(entry) = entries.get_mut(&(peer, arrival.hello.session)) else {
            return Sorted::Unknown;
        };
        let living = entry.link.as_ref().filter(|link| !link.has_ended());
        let Hello { attempt, leg, strand, .. } = arrival.hello;
        if strand != 0 {
            let link = living.filter(|link| link.peer_attempt() == attempt).cloned();
            return link.map_or(Sorted::LostTheRace, |link| Sorted::Strand { link, arrival });
        }
        let stale = match living {
            Some(link) if link.peer_attempt() == attempt => {
                if leg != link.next() {
                    return Sorted::LostTheRace;
                }
                None
            }
            // It would move a link that is none here.
            Some(_) | None if leg != 0 => return Sorted::LostTheRace,
            Some(_) | None => living.cloned(),
        };
        let full = entry.arrivals.len() == ARRIVALS_MAX;
        let crowded_out = if full { entry.arrivals.pop_front() } else { None };
        entry.arrivals.push_back(arrival);
        entry.arrived.notify_one();
        Sorted::In { stale, crowded_out }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.locked().is_empty()
    }

    /// All links that have not ended.
    pub(crate) fn living(&self) -> Vec<Arc<Legs>> {
        let entries = self.locked();
        let links = entries.values().filter_map(|entry| entry.link.clone());
        links.filter(|link| !link.has_ended()).collect()
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<(PublicKey, SessionId), Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AllowPeer for Registry {
    fn allows(&self, key: &PublicKey) -> bool {
        let first = SessionId::from_bytes([0; 16]);
        let last = SessionId::from_bytes([u8::MAX; 16]);
        self.locked().range((*key, first)..=(*key, last)).next().is_some()
    }
}

/// Sessions expected at once, far more than an agent works on.
const SESSIONS_MAX: usize = 1024;
/// Connections of one session that wait to be looked at: one for each way that the other side has.
const ARRIVALS_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_allowed_while_a_session_with_it_is_expected() {
        let registry = Registry::default();
        let (peer, other) = (PublicKey([5; 32]), PublicKey([6; 32]));
        let sessions = [SessionId::from_bytes([0; 16]), SessionId::from_bytes([255; 16])];
        assert!(!registry.allows(&peer));
        for session in sessions {
            registry.expect(peer, session).unwrap();
            assert!(matches!(registry.expect(peer, session), Err(ExpectError::Already)));
        }
        assert!(registry.allows(&peer) && !registry.allows(&other));
        registry.forget(peer, sessions[0]);
        assert!(registry.allows(&peer));
        registry.forget(peer, sessions[1]);
        assert!(!registry.allows(&peer));
    }

    #[test]
    fn the_number_of_sessions_is_bounded() {
        let registry = Registry::default();
        let expect = || registry.expect(PublicKey([1; 32]), SessionId::random());
        for _ in 0..SESSIONS_MAX {
            expect().unwrap();
        }
        assert!(matches!(expect(), Err(ExpectError::TooMany { .. })));
    }
}
