//! What is left of BBR where a window is all that can be set: as much is under way as arrives in a round
//! trip, and some more.
//!
//! How fast data arrive is measured over whole round trips, as the BBR drafts have it: for a packet that
//! is acknowledged, what arrived since it was sent. (What QUIC's library calls BBR measures between two
//! acknowledgements, and its window follows whatever comes in bursts: six packets of ten were
//! lost by it on a simulated line that loses one of a hundred by chance.) Many lines let some packets
//! through at once before they hold to their rate; so where round trips are short it is measured over
//! ten milliseconds in which something was under way.
//!
//! At first the window grows by all that arrives, until that does not make it faster. Where the line is
//! known, it begins with half of what that carried: others may be on it by now. From then on it
//! follows the best rate of the last ten round trips, or of the last moment. A quarter more than fits
//! on the line shows when there is more room.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{Capacity, Found};

/// A window that follows the rate.
#[derive(Clone, Debug)]
pub(super) struct Bbr {
    window: u64,
    packet_bytes: u64,
    delivered: Delivered,
    /// When the last acknowledgement came, or what is under way was begun with.
    delivered_at: Instant,
    /// What had arrived when what is under way was sent, oldest first.
    sent: VecDeque<(Instant, Delivered)>,
    /// When the youngest was sent of the packets that were just acknowledged.
    youngest: Option<Instant>,
    rates: Rates,
    rounds: Rounds,
    base: Base,
    manner: Manner,
    /// Until the line is full: the best rate so far, and for how many rounds it has been.
    startup: Option<(f64, u32)>,
    /// Whether what is expected of the line has been made use of.
    was_told: bool,
    acked: u64,
    lost: u64,
    is_idle: bool,
}

/// How much more than fits on the line is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Some more.
    Free,
    /// Nothing.
    Still,
    /// Nothing, but for one round trip in eight since this one.
    Gentle(u64),
}

/// Bytes that arrived, and how long something was under way until the last of them were acknowledged.
#[derive(Clone, Copy, Debug, Default)]
struct Delivered {
    bytes: u64,
    within: Duration,
}

/// The best rates of some rounds and of some time, falling.
#[derive(Clone, Debug, Default)]
struct Rates(VecDeque<Seen>);

/// A rate, and when it was.
#[derive(Clone, Copy, Debug)]
struct Seen {
    rate: f64,
    round: u64,
    at: Instant,
}

/// Counts round trips by the numbers of packets.
#[derive(Clone, Copy, Debug, Default)]
struct Rounds {
    number: u64,
    last_sent: u64,
    ends_with: u64,
}

/// How long packets take when none wait.
#[derive(Clone, Debug)]
struct Base {
    rtt: Duration,
    /// When it was seen last.
    seen_at: Instant,
    /// While little is sent to find it out: until when, and what was seen.
    drained: Option<Drained>,
}

#[derive(Clone, Copy, Debug)]
struct Drained {
    from: Instant,
    until: Instant,
    sum: Duration,
    samples: u32,
}

impl Bbr {
    pub(super) fn new(now: Instant, packet_bytes: u16) -> Self {
        Self {
            window: WINDOW_START,
            packet_bytes: packet_bytes.into(),
            delivered: Delivered::default(),
            delivered_at: now,
            sent: VecDeque::new(),
            youngest: None,
            rates: Rates::default(),
            rounds: Rounds::default(),
            base: Base { rtt: Duration::from_secs(3600), seen_at: now, drained: None },
            manner: Manner::Free,
            startup: Some((0.0, 0)),
            was_told: false,
            acked: 0,
            lost: 0,
            is_idle: true,
        }
    }

    pub(super) fn sent(&mut self, now: Instant, last_packet: u64) {
        self.rounds.last_sent = last_packet;
        if std::mem::replace(&mut self.is_idle, false) {
            self.delivered_at = now;
        }
        if self.sent.back().is_none_or(|(at, _)| *at < now) {
            self.sent.push_back((now, self.delivered));
        }
    }

    pub(super) fn acked(&mut self, now: Instant, sent: Instant, bytes: u64) {
        self.delivered.bytes += bytes;
        self.delivered.within += now.saturating_duration_since(self.delivered_at);
        self.delivered_at = now;
        self.acked += bytes;
        self.youngest = Some(self.youngest.map_or(sent, |youngest| youngest.max(sent)));
    }

    pub(super) fn lost(&mut self, bytes: u64) {
        self.lost += bytes;
    }

    /// Takes account of acknowledgements that came together. `has_more` is whether there was more
    /// to send.
    pub(super) fn all_acked(
        &mut self,
        now: Instant,
        in_flight: u64,
        has_more: bool,
        largest: Option<u64>,
    ) {
        self.is_idle = in_flight == 0;
        let Some(sent) = self.youngest.take() else { return };
        self.base.see(now.saturating_duration_since(sent), now, has_more);
        if let Some(rate) = self.rate_since(sent)
            && (has_more || self.rates.best() < rate)
        {
            self.rates.put(Seen { rate, round: self.rounds.number, at: now });
        }
        let acked = std::mem::take(&mut self.acked);
        if self.rounds.is_over(largest) {
            self.end_round(has_more);
        }
        self.adjust(acked, has_more);
    }

    /// Begins with a part of what the line carried a while ago, as soon as packets take about as long as
    /// then: another line shows itself by that.
    pub(super) fn expect(&mut self, line: Capacity) {
        let rtt = self.base.rtt;
        if self.was_told || !self.is_starting() || 2 * line.rtt < rtt {
            return;
        }
        self.was_told = true;
        if line.rtt / 2 <= rtt {
            let part = EXPECTED_PART * line.rate * rtt.min(line.rtt).as_secs_f64();
            self.window = self.window.max(part as u64);
        }
    }

    /// What it found out about the line; nothing where that is no more than every connection assumes.
    pub(super) fn found(&self) -> Option<Found> {
        let capacity = Capacity { rate: self.rates.best(), rtt: self.base.rtt };
        let is_something = WINDOW_START < self.on_the_line(1.0);
        is_something.then_some(Found { capacity, is_all: !self.is_starting() })
    }

    pub(super) fn packet_bytes_are(&mut self, bytes: u16) {
        self.packet_bytes = bytes.into();
    }

    pub(super) fn be_free(&mut self) {
        self.manner = Manner::Free;
    }

    pub(super) fn be_still(&mut self) {
        self.manner = Manner::Still;
    }

    pub(super) fn be_gentle(&mut self) {
        self.manner = Manner::Gentle(self.rounds.number);
    }

    /// Whether it has not found out yet what the line carries.
    pub(super) fn is_starting(&self) -> bool {
        self.startup.is_some()
    }

    pub(super) fn window(&self) -> u64 {
        match self.base.drained {
            None => self.window,
            Some(_) => self.on_the_line(DRAINED).min(self.window),
        }
        .max(PACKETS_MIN * self.packet_bytes)
    }

    /// How fast data arrived since a packet was sent, or since one before it: long enough that it tells.
    fn rate_since(&mut self, sent: Instant) -> Option<f64> {
        let now = self.delivered;
        let tells = |(at, before): &(Instant, Delivered)| {
            *at <= sent && before.within + BURST <= now.within
        };
        while self.sent.get(1).is_some_and(tells) {
            self.sent.pop_front();
        }
        let (_, before) = self.sent.front().filter(|first| tells(first))?;
        let time = (now.within - before.within).max(self.base.rtt);
        Some((now.bytes - before.bytes) as f64 / time.as_secs_f64())
    }

    fn end_round(&mut self, has_more: bool) {
        let lost = std::mem::take(&mut self.lost);
        let Some((best, flat)) = &mut self.startup else { return };
        if !has_more {
            return;
        }
        let rate = self.rates.best();
        if *best * GROWS <= rate {
            (*best, *flat) = (rate, 0);
            return;
        }
        *flat += 1;
        if ROUNDS_FLAT <= *flat || self.window / 4 < lost {
            self.startup = None;
        }
    }

    fn adjust(&mut self, acked: u64, has_more: bool) {
        if self.startup.is_some() {
            let most = WINDOW_START.max(self.on_the_line(GAIN_START) + self.in_a_burst());
            if has_more && self.window < most {
                self.window = most.min(self.window + acked);
            }
            return;
        }
        let target = match self.manner {
            Manner::Free => self.on_the_line(GAIN) + self.in_a_burst(),
            Manner::Still => self.on_the_line(1.0),
            Manner::Gentle(since) => {
                let round = (self.rounds.number - since) as usize;
                self.on_the_line(GAINS_GENTLE[round % GAINS_GENTLE.len()])
            }
        };
        self.window = target.min(self.window + acked);
    }

    /// As much as arrives in so many round trips.
    fn on_the_line(&self, round_trips: f64) -> u64 {
        (round_trips * self.rates.best() * self.base.rtt.as_secs_f64()) as u64
    }

    fn in_a_burst(&self) -> u64 {
        (self.rates.best() * BURST.as_secs_f64()) as u64
    }
}

impl Rates {
    fn best(&self) -> f64 {
        self.0.front().map_or(0.0, |seen| seen.rate)
    }

    fn put(&mut self, new: Seen) {
        while self.0.back().is_some_and(|seen| seen.rate <= new.rate) {
            self.0.pop_back();
        }
        self.0.push_back(new);
        while self.0.front().is_some_and(|seen| seen.is_forgotten(&new)) {
            self.0.pop_front();
        }
    }
}

impl Seen {
    fn is_forgotten(&self, now: &Self) -> bool {
        self.round + ROUNDS_REMEMBERED < now.round && self.at + REMEMBERED_FOR < now.at
    }
}

impl Rounds {
    fn is_over(&mut self, largest: Option<u64>) -> bool {
        let is_over = largest.is_some_and(|largest| self.ends_with < largest);
        if is_over {
            self.number += 1;
            self.ends_with = self.last_sent;
        }
        is_over
    }
}

impl Base {
    /// Takes account of a round trip. `fills` is whether this connection sends as much as it may; one that
    /// does not makes no queue that it would have to empty.
    fn see(&mut self, rtt: Duration, now: Instant, fills: bool) {
        if let Some(drained) = &mut self.drained {
            if drained.from <= now {
                drained.sum += rtt;
                drained.samples += 1;
            }
            if drained.until <= now && 0 < drained.samples {
                self.rtt = drained.sum / drained.samples;
                self.seen_at = now;
                self.drained = None;
            }
            return;
        }
        if rtt < self.rtt {
            self.rtt = rtt;
            self.seen_at = now;
        } else if fills && self.seen_at + BASE_LASTS <= now {
            // What is under way tells of the queue that there was.
            let from = now + rtt;
            let until = from + DRAINED_FOR.max(rtt);
            self.drained = Some(Drained { from, until, sum: Duration::ZERO, samples: 0 });
        }
    }
}

/// As QUIC's library has it for BBR: two hundred small packets.
pub(super) const WINDOW_START: u64 = 240_000;
const PACKETS_MIN: u64 = 4;
/// How far ahead of the rate the window may be at first, so that both double in a round trip.
const GAIN_START: f64 = 2.89;
/// How much of what fitted on the line a while ago is under way at first.
const EXPECTED_PART: f64 = 0.5;
/// How much of what fits on the line is under way: enough that packets never run out and that more room
/// shows, and little enough that a queue of a quarter of a round trip holds it.
const GAIN: f64 = 1.25;
/// The same by rounds where that is too much: room is looked for in one of eight, as BBR does.
const GAINS_GENTLE: [f64; 8] = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.25, 0.75];
/// How fast a line gets faster at least while it is not full, and for how many rounds it need not.
const GROWS: f64 = 1.25;
const ROUNDS_FLAT: u32 = 3;
/// For how many rounds a rate is remembered, and for how long at least: where round trips are short, ten
/// of them are over while a computer does something else for a moment.
const ROUNDS_REMEMBERED: u64 = 10;
const REMEMBERED_FOR: Duration = Duration::from_millis(200);
/// What arrives at once where radio, systems and acknowledgements hold packets back for a moment.
pub(crate) const BURST: Duration = Duration::from_millis(10);
/// How long it is known how long packets take when none wait; and what is sent to see it anew, and
/// for how long.
const BASE_LASTS: Duration = Duration::from_secs(10);
const DRAINED: f64 = 0.75;
const DRAINED_FOR: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest window in half a minute of packets every 10 ms, which take 20 ms, and a little longer
    /// after the first second.
    fn smallest_window(has_more: bool) -> u64 {
        let began = Instant::now();
        let mut bbr = Bbr::new(began, 1200);
        let mut smallest = u64::MAX;
        for packet in 0..3000_u64 {
            let sent = began + Duration::from_millis(10 * packet);
            let took = Duration::from_millis(if packet < 100 { 20 } else { 25 });
            bbr.sent(sent, packet);
            bbr.acked(sent + took, sent, 1200);
            bbr.all_acked(sent + took, 1200, has_more, Some(packet));
            smallest = smallest.min(bbr.window());
        }
        smallest
    }

    /// Its owner may hold it back, and what it keeps for that moment would all come at once after it.
    #[test]
    fn who_sends_less_than_it_may_empties_no_queue() {
        assert_eq!(smallest_window(false), WINDOW_START);
        assert_eq!(smallest_window(true), PACKETS_MIN * 1200);
    }
}
