//! What the port did since the start, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters that the port writes and others read.
#[derive(Debug, Default)]
pub struct Counts {
    pub(crate) discovery_answered: Count,
    pub(crate) discovery_limited: Count,
    pub(crate) ignored: Count,
    pub(crate) sessions: Count,
    pub(crate) bound: Count,
    pub(crate) hellos: Count,
    pub(crate) hellos_limited: Count,
    pub(crate) proofs: Count,
    pub(crate) proofs_refused: Count,
    pub(crate) forwarded_packets: Count,
    pub(crate) forwarded_bytes: Count,
    pub(crate) dropped_strangers: Count,
    pub(crate) dropped_alone: Count,
    pub(crate) dropped_limits: Count,
    pub(crate) dropped_unsent: Count,
    pub(crate) evicted: Count,
    pub(crate) tunnels: Count,
    pub(crate) spliced_bytes: Count,
    pub(crate) streams_refused: Count,
}

/// The counters at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Requests for the own address that were answered.
    pub discovery_answered: u64,
    /// Requests for the own address left without an answer, because their source asked too often.
    pub discovery_limited: u64,
    /// Packets that are nothing that the port knows.
    pub ignored: u64,
    /// Sessions that may use the relay now.
    pub sessions: u64,
    /// Addresses that are bound to a side of a session now.
    pub bound: u64,
    /// Hellos that were answered.
    pub hellos: u64,
    /// Hellos and proofs left without an answer, because their source sent too many.
    pub hellos_limited: u64,
    /// Proofs that held, and connections to the HTTPS port that did.
    pub proofs: u64,
    /// Hellos and proofs of sessions that are not known, and proofs that did not hold.
    pub proofs_refused: u64,
    /// Packets that were forwarded.
    pub forwarded_packets: u64,
    /// Bytes of these packets, without the headers of UDP and IP.
    pub forwarded_bytes: u64,
    /// Packets of QUIC from an address that is bound to no session.
    pub dropped_strangers: u64,
    /// Packets for a side that is not bound.
    pub dropped_alone: u64,
    /// Packets beyond a limit.
    pub dropped_limits: u64,
    /// Packets that the system did not take.
    pub dropped_unsent: u64,
    /// Sessions that lost their place to others, because there were too many.
    pub evicted: u64,
    /// Connections to the HTTPS port that carry packets or streams now.
    pub tunnels: u64,
    /// Bytes of streams that went over from one side to the other.
    pub spliced_bytes: u64,
    /// Streams beyond those that a session may have.
    pub streams_refused: u64,
}

impl Counts {
    /// The counters now.
    pub fn now(&self) -> Counted {
        Counted {
            discovery_answered: self.discovery_answered.get(),
            discovery_limited: self.discovery_limited.get(),
            ignored: self.ignored.get(),
            sessions: self.sessions.get(),
            bound: self.bound.get(),
            hellos: self.hellos.get(),
            hellos_limited: self.hellos_limited.get(),
            proofs: self.proofs.get(),
            proofs_refused: self.proofs_refused.get(),
            forwarded_packets: self.forwarded_packets.get(),
            forwarded_bytes: self.forwarded_bytes.get(),
            dropped_strangers: self.dropped_strangers.get(),
            dropped_alone: self.dropped_alone.get(),
            dropped_limits: self.dropped_limits.get(),
            dropped_unsent: self.dropped_unsent.get(),
            evicted: self.evicted.get(),
            tunnels: self.tunnels.get(),
            spliced_bytes: self.spliced_bytes.get(),
            streams_refused: self.streams_refused.get(),
        }
    }
}

/// One number, read by whoever wants to know.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, more: usize) {
        self.0.fetch_add(more as u64, Ordering::Relaxed);
    }

    pub(crate) fn take(&self, less: usize) {
        self.0.fetch_sub(less as u64, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, now: usize) {
        self.0.store(now as u64, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
