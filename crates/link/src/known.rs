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
pub(crate) struct KnownLines(Mutex<Lines>);

#[derive(Debug, Default)]
struct Lines {
    by_way: BTreeMap<Way, Known>,
    /// How often this computer moved.
    moves: u64,
}

/// The lines to one agent, until this computer moves.
#[derive(Clone, Debug)]
pub(crate) struct KnownLinesTo {
    lines: Arc<KnownLines>,
    peer: PublicKey,
    moves: u64,
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
        KnownLinesTo { lines: self.clone(), peer, moves: self.lines().moves }
    }

    /// Forgets everything: the lines begin elsewhere now. Connections from before have nothing to say
    /// of them.
    pub(crate) fn forget(&self) {
        let mut lines = self.lines();
        lines.by_way.clear();
        lines.moves += 1;
    }

    fn of(&self, way: Way, now: Instant) -> Option<Capacity> {
        let lines = self.lines();
        lines.by_way.get(&way).filter(|known| known.is_fresh(now)).map(|known| known.capacity)
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    /// `is_all` is whether that was all that the line carried, and not only all that there was to send.
    fn note(&mut self, way: Way, Found { capacity, is_all }: Found, now: Instant) {
        let lines = &mut self.by_way;
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
        if let Some(found) = congestion::found_by(connection) {
            self.note(self.way(connection), found, Instant::now());
        }
    }

    fn note(&self, way: Way, found: Found, now: Instant) {
        let mut lines = self.lines.lines();
        if self.moves == lines.moves {
            lines.note(way, found, now);
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

    fn way(n: u32) -> Way {
        (SecretKey::from_seed(&[1; 32]).public(), IpAddr::from(n.to_be_bytes()))
    }

    fn carrying(rate: f64) -> Capacity {
        Capacity { rate, rtt: Duration::from_millis(10) }
    }

    fn all(rate: f64) -> Found {
        Found { capacity: carrying(rate), is_all: true }
    }

    fn at_least(rate: f64) -> Found {
        Found { capacity: carrying(rate), is_all: false }
    }

    #[test]
    fn a_line_is_known_for_some_time() {
        let (lines, now) = (Arc::new(KnownLines::default()), Instant::now());
        lines.to(way(1).0).note(way(1), all(1e6), now);
        let before_its_end = now + FRESH - Duration::from_secs(1);
        assert_eq!(lines.of(way(1), before_its_end), Some(carrying(1e6)));
        assert_eq!(lines.of(way(2), now), None);
        assert_eq!(lines.of(way(1), now + FRESH), None);
    }

    #[test]
    fn nothing_is_known_after_the_computer_moved_nor_learned_from_before() {
        let (lines, now) = (Arc::new(KnownLines::default()), Instant::now());
        let before = lines.to(way(1).0);
        before.note(way(1), all(1e6), now);
        lines.forget();
        assert_eq!(lines.of(way(1), now), None);
        before.note(way(1), all(1e6), now);
        assert_eq!(lines.of(way(1), now), None);
        lines.to(way(1).0).note(way(1), all(1e5), now);
        assert_eq!(lines.of(way(1), now), Some(carrying(1e5)));
    }

    #[test]
    fn who_had_little_to_send_says_only_that_a_line_carries_as_much() {
        let (lines, now) = (Arc::new(KnownLines::default()), Instant::now());
        let to = lines.to(way(1).0);
        for (found, known) in
            [(all(1e6), 1e6), (at_least(1e5), 1e6), (at_least(2e6), 2e6), (all(5e5), 5e5)]
        {
            to.note(way(1), found, now);
            assert_eq!(lines.of(way(1), now), Some(carrying(known)), "{found:?}");
        }
    }

    #[test]
    fn as_many_lines_are_known_as_may_be_and_the_oldest_goes() {
        let (lines, now) = (Arc::new(KnownLines::default()), Instant::now());
        let to = lines.to(way(1).0);
        for n in 0..=LINES_MAX as u32 {
            to.note(way(n), all(1e6), now + Duration::from_millis(n.into()));
        }
        assert_eq!(lines.lines().by_way.len(), LINES_MAX);
        assert_eq!(lines.of(way(0), now), None);
    }
}
