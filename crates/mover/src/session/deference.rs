//! Gives way on the network: content in the background takes what others on its line leave.
//!
//! Packets that wait in a queue take longer. Whoever sees round trips grow beyond the shortest ones
//! knows that the line is full, by its own packets or by others', and goes slower; other programs,
//! which fill a queue until packets get lost, get all the room that they want. Alone on the line this
//! keeps the queue short and the line full.
//!
//! The shortest round trip is what all rests upon. The connection knows it from its handshake, before
//! any content fills a queue; from then on this begins slowly, and goes slow for a moment now and
//! then, so that a line that became longer is known as such. That is the way of LEDBAT (RFC 6817) and
//! its successor LEDBAT++, with a rate in the place of a window.
//!
//! Only round trips of the content itself tell, so this is for QUIC: where content goes over TCP,
//! nothing is held back.

use std::{collections::VecDeque, time::Duration};

use outport_link::{LinkHandle, LinkStats, Throttle};
use outport_types::RateLimit;
use tokio::time::{Instant, sleep};

/// Holds one side of a link back while others want the line.
pub(super) struct Deference {
    handle: LinkHandle,
    throttle: Throttle,
}

impl Deference {
    /// Something for a link to hold to; holds nothing back before it [runs](Self::run).
    pub(super) fn new(handle: LinkHandle) -> (Self, Throttle) {
        let throttle = Throttle::default();
        (Self { handle, throttle: throttle.clone() }, throttle)
    }

    /// Watches the line for as long as it is polled; never returns.
    pub(super) async fn run(self) {
        let mut governor: Option<Governor> = None;
        loop {
            let (before, began, sent) =
                (self.handle.stats(), Instant::now(), self.handle.data_sent());
            if !before.route.is_quic() {
                governor = None;
            } else if governor.is_none() {
                governor = Some(Governor::new(before.rtt_min, began));
            }
            self.throttle.set(governor.as_ref().map(Governor::limit));
            let pause = governor.as_ref().map_or(LOOK_EVERY, |g| g.pause(before.rtt));
            sleep(pause).await;
            let (after, now) = (self.handle.stats(), Instant::now());
            if is_another_way(&before, &after) {
                governor = None;
            }
            if let Some(governor) = &mut governor {
                let passed = now.saturating_duration_since(began);
                let sent = self.handle.data_sent() - sent;
                governor.look(Look { rtt: after.rtt, sent, passed }, now);
            }
        }
    }
}

/// The shortest round trip of a way only becomes shorter.
fn is_another_way(before: &LinkStats, after: &LinkStats) -> bool {
    before.route != after.route || before.rtt_min < after.rtt_min
}

/// What was seen since the last look.
#[derive(Clone, Copy, Debug)]
struct Look {
    /// How long packets take by now.
    rtt: Duration,
    /// Bytes of content.
    sent: u64,
    passed: Duration,
}

/// Decides how fast to go.
#[derive(Debug)]
struct Governor {
    limit: f64,
    usage: Usage,
    /// How many bytes a second passed the line at the last look, and at best lately.
    passed_on: f64,
    best: f64,
    base: Base,
    /// How many seconds packets waited at the last look.
    queued: f64,
    /// Looks in a row at which the queue was short enough.
    quiet: u32,
    /// The limit to go back to after going slow to see the line empty.
    resume: Option<f64>,
    slow_at: Instant,
}

impl Governor {
    /// For a way with such a round trip when nothing fills it.
    fn new(rtt_min: Duration, now: Instant) -> Self {
        Self {
            limit: RATE_START,
            usage: Usage::default(),
            passed_on: 0.0,
            best: 0.0,
            base: Base::new(rtt_min, now),
            queued: 0.0,
            quiet: 0,
            resume: None,
            slow_at: now + SLOW_EVERY,
        }
    }

    fn limit(&self) -> RateLimit {
        RateLimit::new(self.limit as u64).unwrap_or(RateLimit::MAX)
    }

    /// How long until the next look: what the last one changed must have come back.
    fn pause(&self, rtt: Duration) -> Duration {
        match self.resume {
            None => LOOK_EVERY.max(rtt * 3 / 2).max(self.enough()),
            Some(_) => SLOW_FOR + rtt * 2,
        }
    }

    /// How long it takes until so many packets came back that they tell.
    fn enough(&self) -> Duration {
        Duration::from_secs_f64(ENOUGH_BYTES / self.limit).min(ENOUGH_MAX)
    }

    fn look(&mut self, look: Look, now: Instant) {
        let queued = look.rtt.saturating_sub(self.base.learn(look.rtt, now)).as_secs_f64();
        let before = std::mem::replace(&mut self.queued, queued);
        if let Some(limit) = self.resume.take() {
            self.limit = limit;
            return;
        }
        let seconds = look.passed.as_secs_f64().max(f64::EPSILON);
        let (used, rate) = self.usage.learn(look.sent as f64, self.limit, seconds);
        let is_held = USED < used;
        // Of what was sent, a growing queue kept a part.
        let growth = (queued - before) / seconds;
        let passed = 1.0 / (1.0 + growth).clamp(0.5, 2.0);
        let is_shared = self.is_shared(rate * passed) && is_held;
        // What is nearly all of the limit is all of it, or this would never become faster.
        let passed_on = passed * if USED_UP < used { self.limit } else { rate };
        let room = 1.0 - queued / self.target(is_shared);
        self.quiet = if room < 0.0 { 0 } else { self.quiet.saturating_add(1) };
        // Where something else holds back, nobody knows how fast the line is.
        let (from, most) = if is_held { (passed_on, f64::INFINITY) } else { (self.limit, 1.0) };
        let strength = match room {
            ..0.0 => SLOWER,
            _ if self.quiet < QUIET || room < EMPTY => FASTER_NEAR_FULL,
            _ => FASTER,
        };
        let change = (1.0 + strength * room).clamp(CHANGE_MIN, most);
        tracing::trace!(
            before = self.limit,
            used,
            sent = look.sent,
            passed_on,
            best = self.best,
            queued_ms = queued * 1e3,
            rtt_ms = look.rtt.as_secs_f64() * 1e3,
            looked_ms = seconds * 1e3,
            is_shared,
            quiet = self.quiet,
            "a look at the line"
        );
        self.limit = (from * change).clamp(RATE_MIN, RATE_MAX);
        if 0.0 < room && self.slow_at <= now {
            self.slow_at = now + SLOW_EVERY;
            self.resume = Some(self.limit);
            self.limit = (self.limit * SLOW).max(RATE_MIN);
        }
    }

    /// Whether less passes the line than did lately, so that others have the rest of it.
    fn is_shared(&mut self, passed_on: f64) -> bool {
        let before = std::mem::replace(&mut self.passed_on, passed_on);
        self.best = (self.best * FORGETS).max(passed_on);
        before.max(passed_on) < SHARED * self.best
    }

    /// For how many seconds packets may wait.
    fn target(&self, is_shared: bool) -> f64 {
        let target = TARGET.as_secs_f64();
        if !is_shared {
            return target;
        }
        // On a slow line every packet waits for the one before.
        (TARGET_BESIDE.as_secs_f64() + TWO_PACKETS_BYTES / self.best).min(target)
    }
}

/// How much of what the limit let through was sent lately. Content goes out in steps, of which a look
/// sees one more or less; so some looks count together.
#[derive(Debug, Default)]
struct Usage {
    sent: f64,
    let_through: f64,
    seconds: f64,
}

impl Usage {
    /// Which part of it, and how many bytes a second that is.
    fn learn(&mut self, sent: f64, limit: f64, seconds: f64) -> (f64, f64) {
        self.sent = self.sent * USAGE_KEPT + sent;
        self.let_through = self.let_through * USAGE_KEPT + limit * seconds;
        self.seconds = self.seconds * USAGE_KEPT + seconds;
        (self.sent / self.let_through.max(f64::EPSILON), limit.min(self.sent / self.seconds))
    }
}

/// The shortest round trips of the last while, each with when its part of it began.
#[derive(Debug)]
struct Base(VecDeque<(Instant, Duration)>);

impl Base {
    fn new(rtt: Duration, now: Instant) -> Self {
        Self(VecDeque::from([(now, rtt)]))
    }

    /// The shortest one, this one included.
    fn learn(&mut self, rtt: Duration, now: Instant) -> Duration {
        match self.0.back_mut() {
            Some((began, shortest)) if now < *began + PART => *shortest = rtt.min(*shortest),
            Some(_) | None => self.0.push_back((now, rtt)),
        }
        if PARTS < self.0.len() {
            self.0.pop_front();
        }
        self.0.iter().map(|(_, shortest)| *shortest).min().unwrap_or(rtt)
    }
}

const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Round trips are smoothed over eight, one for every second packet.
const ENOUGH_BYTES: f64 = 32_000.0;
const ENOUGH_MAX: Duration = Duration::from_millis(300);
/// How long packets may wait: less than people notice, less than the queue of a full line shrinks when
/// TCP gives way for a moment, and more than busy computers and wireless networks add by themselves.
const TARGET: Duration = Duration::from_millis(20);
/// The same beside others, some of which go slower themselves for a queue that is shorter than that:
/// TCP that has just begun does.
const TARGET_BESIDE: Duration = Duration::from_millis(7);
const TWO_PACKETS_BYTES: f64 = 3000.0;
/// A full line of which less than this part passes, of the best lately, is shared; and what is left of
/// that best at the next look.
const SHARED: f64 = 0.8;
const FORGETS: f64 = 0.98;
/// For so long the shortest round trip is remembered, in parts, as RFC 6817 has it.
const PART: Duration = Duration::from_secs(60);
const PARTS: usize = 10;
/// How much faster at each look, on an empty line and on one that was full lately; and how much slower
/// for each time by which packets wait too long. From a simulated line, for round trips up to 200 ms.
const FASTER: f64 = 0.25;
const FASTER_NEAR_FULL: f64 = 0.06;
const SLOWER: f64 = 0.4;
const CHANGE_MIN: f64 = 0.3;
/// Which part of the room must be left on a line that counts as empty.
const EMPTY: f64 = 0.5;
/// After so many looks without a long queue others are gone.
const QUIET: u32 = 20;
/// From which part of the limit on it is the limit that holds back.
const USED: f64 = 0.75;
/// What counts as all of it; and what is left of a look at the next one.
const USED_UP: f64 = 0.9;
const USAGE_KEPT: f64 = 0.8;
/// Less than most lines carry; a fast one is reached within seconds.
const RATE_START: f64 = 256.0 * 1024.0;
/// What is always taken, so that a transfer on a busy line goes on.
const RATE_MIN: f64 = 32.0 * 1024.0;
/// No line is as fast.
const RATE_MAX: f64 = 1e12;
/// How often, how much and how long to go slow, to see how long packets take when none wait: less than
/// a fiftieth of what the line carries.
const SLOW_EVERY: Duration = Duration::from_secs(30);
const SLOW: f64 = 0.125;
const SLOW_FOR: Duration = Duration::from_millis(300);

#[cfg(test)]
mod tests;
