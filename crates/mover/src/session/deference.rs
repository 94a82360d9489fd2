//! Gives way on the network: a transfer in the background takes what others on its line leave.
//!
//! Packets that wait in a queue take longer. So whoever sees round trips grow beyond the shortest ones
//! knows that the line is full, by its own packets or by others', and goes slower; other programs,
//! which fill a queue until packets get lost, get all the room that they want. Alone on the line this
//! holds the queue short and the line full. Where the round trip says nothing, as between two computers
//! on a fast network, nothing is held back.

use std::{collections::VecDeque, time::Duration};

use outport_link::{LinkHandle, Throttle};
use outport_types::{RateLimit, Route};
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Holds one side of a link back while others want the line.
pub(super) struct Deference {
    handle: LinkHandle,
    throttle: Throttle,
}

impl Deference {
    /// Something for a link to hold to, as long as the other is [run](Self::run).
    pub(super) fn new(handle: LinkHandle) -> (Self, Throttle) {
        let throttle = Throttle::default();
        (Self { handle, throttle: throttle.clone() }, throttle)
    }

    /// Watches the line for as long as it is polled; never returns.
    pub(super) async fn run(self) {
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut governor, mut route) = (Governor::default(), self.handle.route());
        let (mut sent, mut at) = (self.handle.data_sent(), Instant::now());
        loop {
            let now = ticks.tick().await;
            let (stats, all) = (self.handle.stats(), self.handle.data_sent());
            if stats.route != route {
                (governor, route) = (Governor::default(), stats.route);
            }
            let passed = now.saturating_duration_since(at);
            // Beside QUIC its round trips are measured by the few packets of the control stream.
            if passed < pause(route) {
                continue;
            }
            let rate = (all - sent) as f64 / passed.as_secs_f64();
            (sent, at) = (all, now);
            let limit = governor.look(stats.rtt, rate as u64, now);
            self.throttle.set(limit.and_then(|bytes| RateLimit::new(bytes).ok()));
        }
    }
}

fn pause(route: Route) -> Duration {
    match route {
        Route::Local | Route::Lan | Route::Direct | Route::Relay => LOOK_EVERY,
        Route::Tcp | Route::Tunnel => 5 * LOOK_EVERY,
    }
}

/// Decides how fast to go.
#[derive(Debug, Default)]
struct Governor {
    /// The shortest round trips of the last while, each with when its part of it began.
    shortest: VecDeque<(Instant, Duration)>,
    limit: Option<u64>,
    /// Looks in a row at which the limit held nothing back.
    idle: u32,
}

impl Governor {
    /// Takes a round trip and how fast it went lately; how fast it may go, if not freely.
    fn look(&mut self, rtt: Duration, rate: u64, now: Instant) -> Option<u64> {
        let queued = rtt.saturating_sub(self.shortest(rtt, now));
        if TARGET < queued {
            let from = self.limit.map_or(rate, |limit| limit.min(rate.max(limit / 2)));
            self.limit = Some(((from as f64 * SLOWER) as u64).max(RATE_MIN));
            self.idle = 0;
            return self.limit;
        }
        let limit = self.limit?;
        self.idle = if rate < limit / 2 { self.idle + 1 } else { 0 };
        let room = 1.0 - queued.as_secs_f64() / TARGET.as_secs_f64();
        let faster = (limit as f64 * (1.0 + FASTER * room)) as u64;
        self.limit = (self.idle < IDLE_MAX).then_some(faster.max(RATE_MIN));
        self.limit
    }

    /// The shortest round trip lately, this one included.
    fn shortest(&mut self, rtt: Duration, now: Instant) -> Duration {
        match self.shortest.back_mut() {
            Some((began, shortest)) if now < *began + PART => *shortest = (*shortest).min(rtt),
            Some(_) | None => self.shortest.push_back((now, rtt)),
        }
        if PARTS < self.shortest.len() {
            self.shortest.pop_front();
        }
        self.shortest.iter().map(|(_, shortest)| *shortest).min().unwrap_or(rtt)
    }
}

const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long packets may wait: less than people notice, and more than a busy computer or a wireless
/// network adds by itself.
const TARGET: Duration = Duration::from_millis(25);
/// For so long the shortest round trip is remembered, in parts: a line may become longer.
const PART: Duration = Duration::from_secs(60);
const PARTS: usize = 4;
const SLOWER: f64 = 0.8;
const FASTER: f64 = 0.06;
/// What is always taken, so that a transfer on a busy line goes on.
const RATE_MIN: u64 = 64 * 1024;
/// After so many looks at which it was not needed a limit is given up.
const IDLE_MAX: u32 = 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alone_on_a_line_it_fills_the_line_and_not_the_queue() {
        let mut line = Line::new(2_500_000);
        let rates: Vec<u64> = (0..600).map(|_| line.pass(0)).collect();
        let late: u64 = rates[300..].iter().sum::<u64>() / 300;
        assert!(2_200_000 < late, "{late}");
        assert!(line.queued_most < Duration::from_millis(60), "{:?}", line.queued_most);
    }

    #[test]
    fn others_that_fill_the_queue_get_the_line_and_it_comes_back_when_they_are_gone() {
        let mut line = Line::new(2_500_000);
        for _ in 0..100 {
            line.pass(0);
        }
        let beside: Vec<u64> = (0..100).map(|_| line.pass(2_500_000)).collect();
        let late: u64 = beside[50..].iter().sum::<u64>() / 50;
        assert!(late < 250_000, "{late}");
        assert!(RATE_MIN / 2 < late, "it goes on all the same: {late}");
        let after: Vec<u64> = (0..200).map(|_| line.pass(0)).collect();
        assert!(2_000_000 < after[150..].iter().sum::<u64>() / 50, "{:?}", &after[150..]);
    }

    #[test]
    fn where_the_round_trip_does_not_grow_nothing_is_held_back() {
        let (mut governor, mut now) = (Governor::default(), Instant::now());
        for n in 0..100 {
            now += LOOK_EVERY;
            let rtt = Duration::from_millis(2 + n % 10);
            assert_eq!(governor.look(rtt, 100_000_000, now), None);
        }
    }

    #[test]
    fn a_line_that_became_longer_is_not_taken_for_a_full_one_for_ever() {
        let (mut governor, mut now) = (Governor::default(), Instant::now());
        governor.look(Duration::from_millis(10), 1_000_000, now);
        let mut limit = None;
        for _ in 0..4000 {
            now += LOOK_EVERY;
            let rate = limit.unwrap_or(1_000_000_u64).min(1_000_000);
            limit = governor.look(Duration::from_millis(80), rate, now);
        }
        assert!(limit.is_none_or(|limit| 1_000_000 < limit), "{limit:?}");
    }

    /// A line with a queue of 100 ms, and a round trip of 20 ms when that is empty.
    struct Line {
        rate: u64,
        queued: f64,
        queued_most: Duration,
        limit: Option<u64>,
        governor: Governor,
        now: Instant,
        looks: u32,
    }

    impl Line {
        fn new(rate: u64) -> Self {
            Self {
                rate,
                queued: 0.0,
                queued_most: Duration::ZERO,
                limit: None,
                governor: Governor::default(),
                now: Instant::now(),
                looks: 0,
            }
        }

        /// A tenth of a second, in which others send so much; how fast we went.
        fn pass(&mut self, others: u64) -> u64 {
            let seconds = LOOK_EVERY.as_secs_f64();
            let wanted = self.limit.unwrap_or(self.rate * 11 / 10) as f64;
            let (ours, all) = (wanted, wanted + others as f64);
            let held = self.queued + all * seconds;
            let left = (held - self.rate as f64 * seconds).max(0.0);
            // What others send again fills the queue to its end.
            let full = self.rate as f64 * 0.1;
            self.queued = if others == 0 { left.min(full) } else { left.max(full * 0.8).min(full) };
            let share = if all <= self.rate as f64 { 1.0 } else { self.rate as f64 / all };
            let went = (ours * share) as u64;
            let queued = Duration::from_secs_f64(self.queued / self.rate as f64);
            self.looks += 1;
            if 100 < self.looks && others == 0 {
                self.queued_most = self.queued_most.max(queued);
            }
            self.now += LOOK_EVERY;
            let rtt = Duration::from_millis(20) + queued;
            self.limit = self.governor.look(rtt, went, self.now);
            went
        }
    }
}
