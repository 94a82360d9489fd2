//! What earlier connections found out about the lines to other agents, so that the next one need not find
//! it out again: it takes round trips, and many transfers are over before.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use outport_types::PublicKey;
use quinn::Connection;

use crate::{
    congestion::{self, Capacity, Found},
    quic::remote_address,
};

/// The lines to other agents. Forgotten after some time, and when this computer moves.
#[derive(Debug, Default)]
pub(crate) struct KnownLines(Mutex<BTreeMap<Way, Known>>);

/// The lines to one agent.
#[derive(Clone, Debug)]
pub(crate) struct KnownLinesTo {
    lines: Arc<KnownLines>,
    peer: PublicKey,
}

/// An agent, and the address that it is reached at.
type Way = (PublicKey, IpAddr);

#[derive(Clone, Copy, Debug)]
struct Known {
    capacity: Capacity,
    at: Instant,
}

impl KnownLines {
    pub(crate) fn to(self: &Arc<Self>, peer: PublicKey) -> KnownLinesTo {
        KnownLinesTo { lines: self.clone(), peer }
    }

    /// Forgets everything: the lines begin elsewhere now.
    pub(crate) fn forget(&self) {
        self.lines().clear();
    }

    fn of(&self, way: Way, now: Instant) -> Option<Capacity> {
        self.lines().get(&way).filter(|known| known.is_fresh(now)).map(|known| known.capacity)
    }

    /// `is_all` is whether that was all that the line carried, and not only all that there was to send.
    fn note(&self, way: Way, capacity: Capacity, is_all: bool, now: Instant) {
        let mut lines = self.lines();
        lines.retain(|_, known| known.is_fresh(now));
        let says_less = |known: &Known| capacity.rate <= known.capacity.rate;
        if !is_all && lines.get(&way).is_some_and(says_less) {
            return;
        }
        if LINES_MAX <= lines.len() && !lines.contains_key(&way) {
            let oldest = lines.iter().min_by_key(|(_, known)| known.at).map(|(way, _)| *way);
            lines.retain(|way, _| Some(*way) != oldest);
        }
        lines.insert(way, Known { capacity, at: now });
    }

    fn lines(&self) -> MutexGuard<'_, BTreeMap<Way, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KnownLinesTo {
    /// Tells a connection that is about to carry content what to expect.
    pub(crate) fn tell(&self, connection: &Connection) {
        if let Some(capacity) = self.lines.of(self.way(connection), Instant::now()) {
            congestion::expect(connection, capacity);
        }
    }

    /// Learns from a connection that carries no more.
    pub(crate) fn learn(&self, connection: &Connection) {
        if let Some(Found { capacity, is_all }) = congestion::found_by(connection) {
            self.lines.note(self.way(connection), capacity, is_all, Instant::now());
        }
    }

    fn way(&self, connection: &Connection) -> Way {
        (self.peer, remote_address(connection).ip())
    }
}

impl Known {
    fn is_fresh(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.at) < FRESH
    }
}

/// How long a line is taken to be as it was.
const FRESH: Duration = Duration::from_secs(600);
const LINES_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use outport_protocol::secret::SecretKey;

    use super::*;

    fn way(n: u8) -> Way {
        (SecretKey::from_seed(&[1; 32]).public(), IpAddr::from([10, 0, 0, n]))
    }

    fn carrying(rate: f64) -> Capacity {
        Capacity { rate, rtt: Duration::from_millis(10) }
    }

    #[test]
    fn a_line_is_known_for_some_time_and_until_the_computer_moves() {
        let (lines, now) = (KnownLines::default(), Instant::now());
        lines.note(way(1), carrying(1e6), true, now);
        let before_its_end = now + FRESH - Duration::from_secs(1);
        assert_eq!(lines.of(way(1), before_its_end), Some(carrying(1e6)));
        assert_eq!(lines.of(way(2), now), None);
        assert_eq!(lines.of(way(1), now + FRESH), None);
        lines.forget();
        assert_eq!(lines.of(way(1), now), None);
    }

    #[test]
    fn who_had_little_to_send_says_only_that_a_line_carries_as_much() {
        let (lines, now) = (KnownLines::default(), Instant::now());
        lines.note(way(1), carrying(1e6), true, now);
        lines.note(way(1), carrying(1e5), false, now);
        assert_eq!(lines.of(way(1), now), Some(carrying(1e6)));
        lines.note(way(1), carrying(2e6), false, now);
        assert_eq!(lines.of(way(1), now), Some(carrying(2e6)));
        lines.note(way(1), carrying(5e5), true, now);
        assert_eq!(lines.of(way(1), now), Some(carrying(5e5)));
    }

    #[test]
    fn as_many_lines_are_known_as_may_be_and_the_oldest_goes() {
        let (lines, now) = (KnownLines::default(), Instant::now());
        let many = LINES_MAX as u64 + 1;
        for n in 0..many {
            let way = (way(1).0, IpAddr::from((n as u32).to_be_bytes()));
            lines.note(way, carrying(1e6), true, now + Duration::from_millis(n));
        }
        assert_eq!(lines.lines().len(), LINES_MAX);
        assert_eq!(lines.of((way(1).0, IpAddr::from([0; 4])), now), None);
    }
}
