//! How much of a connection may be under way: BBR or Cubic says so, by what the line shows.
//!
//! BBR takes what a line carries, whatever gets lost on it by chance; there Cubic halves its pace again
//! and again, and is left with next to nothing. But where a line has hardly a queue, or a network
//! drops what is above some rate, BBR goes on sending far more than gets through, and leaves nothing
//! to others; Cubic finds the pace at which next to nothing is lost, and shares.
//!
//! So BBR begins, and a [`Judge`] watches what gets lost. Both are told of all that happens, so that
//! BBR knows the line when it takes over again.
//!
//! A connection may be told what an earlier one found out about the line ([`expect`]): it then begins
//! with half of that, if packets take about as long as they did.

use std::{
    any::Any,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use quinn::{
    Connection,
    congestion::{Controller, ControllerFactory, Cubic, CubicConfig},
};
use quinn_proto::RttEstimator;
use tracing::debug;

use bbr::Bbr;
use judge::{Judge, Look, Verdict};

pub(crate) use bbr::BURST;

mod bbr;
mod judge;

/// The bytes a second that a line carries, and how long packets take when none wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Capacity {
    pub(crate) rate: f64,
    pub(crate) rtt: Duration,
}

/// What a connection found out about its line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) capacity: Capacity,
    /// Whether the line carries no more, as far as it could see.
    pub(crate) is_all: bool,
}

/// Tells a connection what its line carried a while ago.
pub(crate) fn expect(connection: &Connection, capacity: Capacity) {
    if let Some(chosen) = of(connection) {
        // One that was told before knows.
        chosen.expected.set(capacity).ok();
    }
}

/// What a connection found out about its line; nothing where it sent next to nothing, or where losses had
/// it feel its way.
pub(crate) fn found_by(connection: &Connection) -> Option<Found> {
    of(connection).filter(|chosen| chosen.cubic.is_none())?.bbr.found()
}

/// A copy of what is in charge of a connection's path.
fn of(connection: &Connection) -> Option<Box<Chosen>> {
    connection.congestion_state().into_any().downcast().ok()
}

/// Makes what chooses, for each path of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choosing;

/// BBR and Cubic, one of them in charge.
#[derive(Clone, Debug)]
struct Chosen {
    bbr: Bbr,
    /// There while it is in charge.
    cubic: Option<Cubic>,
    judge: Judge,
    counted: Counted,
    last_sent: u64,
    mtu: u16,
    /// What an earlier connection found; copies share it.
    expected: Arc<OnceLock<Capacity>>,
}

/// What happened since the last look.
#[derive(Clone, Debug)]
struct Counted {
    began: Instant,
    /// The last packet that was sent before: what comes back of later ones is of another round trip.
    before: u64,
    acked: u64,
    /// Of these, what came back while there was nothing more to send.
    idle: u64,
    lost: u64,
}

impl ControllerFactory for Choosing {
    fn build(self: Arc<Self>, now: Instant, mtu: u16) -> Box<dyn Controller> {
        Box::new(Chosen::new(now, mtu))
    }
}

impl Chosen {
    fn new(now: Instant, mtu: u16) -> Self {
        Self {
            bbr: Bbr::new(now, mtu),
            cubic: None,
            judge: Judge::new(now),
            counted: Counted::since(now, 0),
            last_sent: 0,
            mtu,
            expected: Arc::default(),
        }
    }

    fn look(&mut self, now: Instant) {
        let counted = std::mem::replace(&mut self.counted, Counted::since(now, self.last_sent));
        let look = Look {
            acked: counted.acked,
            lost: counted.lost,
            passed: now.saturating_duration_since(counted.began),
            full: counted.idle < counted.acked / 2,
        };
        if self.bbr.is_starting() {
            // What gets lost while it finds out what the line carries is nothing to judge by.
            return self.judge.wait();
        }
        let Some(verdict) = self.judge.see(look, now) else { return };
        debug!(?verdict, "how much is sent changes, by what gets lost");
        self.cubic = None;
        match verdict {
            Verdict::Free => self.bbr.be_free(),
            Verdict::Still => self.bbr.be_still(),
            Verdict::Gentle => self.bbr.be_gentle(),
            Verdict::Cubic => {
                self.cubic = Some(cubic(self.bbr.window(), now, self.mtu));
                self.bbr.be_gentle();
            }
        }
    }
}

/// Cubic with this window, as if it had come down to it after a loss.
fn cubic(window: u64, now: Instant, mtu: u16) -> Cubic {
    let mut config = CubicConfig::default();
    config.initial_window((window as f64 / CUBIC_KEEPS) as u64);
    let mut cubic = Cubic::new(Arc::new(config), now, mtu);
    cubic.on_congestion_event(now, now, false, 0);
    cubic
}

impl Controller for Chosen {
    fn on_sent(&mut self, now: Instant, bytes: u64, last_packet_number: u64) {
        self.last_sent = last_packet_number;
        self.bbr.sent(now, last_packet_number);
        if let Some(cubic) = &mut self.cubic {
            cubic.on_sent(now, bytes, last_packet_number);
        }
    }

    fn on_ack(
        &mut self,
        now: Instant,
        sent: Instant,
        bytes: u64,
        app_limited: bool,
        rtt: &RttEstimator,
    ) {
        self.counted.acked += bytes;
        if app_limited {
            self.counted.idle += bytes;
        }
        self.bbr.acked(now, sent, bytes);
        if let Some(cubic) = &mut self.cubic {
            cubic.on_ack(now, sent, bytes, app_limited, rtt);
        }
    }

    fn on_end_acks(
        &mut self,
        now: Instant,
        in_flight: u64,
        app_limited: bool,
        largest_packet_num_acked: Option<u64>,
    ) {
        if let Some(expected) = self.expected.get() {
            self.bbr.expect(*expected);
        }
        self.bbr.all_acked(now, in_flight, !app_limited, largest_packet_num_acked);
        if let Some(cubic) = &mut self.cubic {
            cubic.on_end_acks(now, in_flight, app_limited, largest_packet_num_acked);
        }
        if self.counted.is_enough(now, largest_packet_num_acked) {
            self.look(now);
        }
    }

    fn on_congestion_event(
        &mut self,
        now: Instant,
        sent: Instant,
        is_persistent_congestion: bool,
        lost_bytes: u64,
    ) {
        self.counted.lost += lost_bytes;
        self.bbr.lost(lost_bytes);
        if let Some(cubic) = &mut self.cubic {
            cubic.on_congestion_event(now, sent, is_persistent_congestion, lost_bytes);
        }
    }

    fn on_mtu_update(&mut self, new_mtu: u16) {
        self.mtu = new_mtu;
        self.bbr.packet_bytes_are(new_mtu);
        if let Some(cubic) = &mut self.cubic {
            cubic.on_mtu_update(new_mtu);
        }
    }

    fn window(&self) -> u64 {
        match &self.cubic {
            Some(cubic) => cubic.window(),
            None => self.bbr.window(),
        }
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(self.clone())
    }

    fn initial_window(&self) -> u64 {
        bbr::WINDOW_START
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl Counted {
    fn since(now: Instant, before: u64) -> Self {
        Self { began: now, before, acked: 0, idle: 0, lost: 0 }
    }

    /// Whether it tells something: of a round trip, and of some packets.
    fn is_enough(&self, now: Instant, largest_acked: Option<u64>) -> bool {
        LOOK_BYTES <= self.acked + self.lost
            && LOOK_TIME <= now.saturating_duration_since(self.began)
            && largest_acked.is_some_and(|largest| self.before < largest)
    }
}

/// What Cubic keeps of its window when something gets lost.
const CUBIC_KEEPS: f64 = 0.7;
/// Some fifty packets.
const LOOK_BYTES: u64 = 64 * 1024;
/// Where round trips are short, what disturbs for a moment is as short.
const LOOK_TIME: Duration = Duration::from_millis(50);

#[cfg(test)]
mod line;
#[cfg(test)]
mod tests;
