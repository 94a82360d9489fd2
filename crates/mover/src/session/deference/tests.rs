//! A governor on a simulated line, with and without others.

use super::*;

#[test]
fn alone_on_a_line_it_fills_the_line_and_not_the_queue() {
    for (rtt_ms, rates, least) in [
        (1, &[NARROW, USUAL, WIDE][..], 0.95),
        (20, &[NARROW, USUAL, WIDE], 0.9),
        (100, &[USUAL, WIDE], 0.9),
        (200, &[USUAL, WIDE], 0.85),
    ] {
        for rate in rates {
            let mut line = Line::new(*rate, rtt_ms);
            line.pass(15);
            let seen = line.pass(45);
            assert!(least < seen.ours, "{rtt_ms} ms, {rate}: {seen:?}");
            assert!(seen.queued < 1.5 * TARGET.as_secs_f64(), "{rtt_ms} ms, {rate}: {seen:?}");
        }
    }
}

/// On a long line TCP itself takes some time to find out how much it may have.
#[test]
fn others_get_the_line_and_it_comes_back_when_they_are_gone() {
    for (rtt_ms, settle_seconds) in [(1, 0), (20, 5), (100, 10)] {
        let mut line = Line::new(USUAL, rtt_ms);
        line.pass(20);
        line.other_comes();
        line.pass(settle_seconds);
        let beside = line.pass(10);
        assert!(0.85 < beside.others, "{rtt_ms} ms: {beside:?}");
        assert!(0.005 < beside.ours, "it goes on all the same: {beside:?}");
        line.other_goes();
        line.pass(10);
        let after = line.pass(20);
        assert!(0.9 < after.ours, "{rtt_ms} ms: {after:?}");
    }
}

/// Its first round trips are those of a full line, which it must not take for an empty one.
#[test]
fn others_that_were_first_keep_the_line() {
    for rtt_ms in [1, 5, 10, 20, 40, 100] {
        let mut line = Line::new(USUAL, rtt_ms);
        line.other_comes();
        line.governor = None;
        line.pass(10);
        line.begin();
        line.pass(5);
        let beside = line.pass(20);
        assert!(0.75 < beside.others, "{rtt_ms} ms: {beside:?}");
    }
}

#[test]
fn round_trips_of_busy_computers_are_not_taken_for_a_full_line() {
    let mut line = Line::new(USUAL, 5);
    line.jitter_seconds = 0.005;
    line.pass(10);
    let seen = line.pass(50);
    assert!(0.9 < seen.ours, "{seen:?}");
}

#[test]
fn a_line_that_became_longer_is_not_taken_for_a_full_one_for_ever() {
    let mut line = Line::new(USUAL, 10);
    line.pass(20);
    line.rtt = 0.08;
    line.pass(20);
    assert!(line.pass(10).ours < 0.1, "it cannot know yet");
    line.pass(600);
    let seen = line.pass(30);
    assert!(0.9 < seen.ours, "{seen:?}");
}

#[test]
fn what_it_may_take_does_not_grow_nor_shrink_while_the_disk_is_slow() {
    let mut line = Line::new(USUAL, 20);
    line.pass(20);
    line.disk = 300_000.0;
    line.pass(2);
    let before = line.limit();
    line.pass(20);
    let after = line.limit();
    assert!((0.9..1.1).contains(&(after / before)), "{before} {after}");
    line.disk = f64::INFINITY;
    assert!(0.8 < line.pass(5).ours, "it goes on where it was");
}

/// Below the limit, congestion control keeps the queue shorter than a governor would, and takes steps
/// as it has room for them.
#[test]
fn what_else_holds_back_is_not_taken_for_others_on_the_line() {
    let began = Instant::now();
    let mut governor = Governor::new(Duration::from_micros(300), began);
    let (mut waiting, mut dice) = (0.0, 1);
    for look in 1..600_u32 {
        let mut sent = 0.0;
        let takes = USUAL.min(governor.limit) / STEPS_PER_SECOND;
        for _ in 0..5 {
            let step = governor.limit / STEPS_PER_SECOND;
            if waiting <= WAITS_BELOW {
                sent += step;
                waiting += step;
            }
            // A busy computer comes late for some of it, and makes up for it.
            waiting = (waiting - takes * (0.6 + 0.8 * roll(&mut dice))).max(0.0);
        }
        let queued = if governor.limit < 0.9 * USUAL { 0.004 } else { 0.01 };
        let look_at = began + look * LOOK_EVERY;
        let rtt = Duration::from_secs_f64(0.0003 + queued);
        governor.look(Look { rtt, sent: sent as u64, passed: LOOK_EVERY }, look_at);
        let goes_slow = look < 100 || governor.resume.is_some();
        assert!(goes_slow || 0.8 * USUAL < governor.limit, "{look}: {governor:?}");
    }
}

/// A line with a queue of a tenth of a second, a governor on it, and somebody else who sends by TCP; in
/// steps of a millisecond.
struct Line {
    rate: f64,
    rtt: f64,
    /// Bytes that wait.
    queue: f64,
    /// How long packets waited that are acknowledged now, oldest first.
    waits: VecDeque<f64>,
    jitter_seconds: f64,
    /// How fast there is something to send.
    disk: f64,
    governor: Option<Governor>,
    smoothed: f64,
    acks: f64,
    /// What was let out, in steps as a [`Throttle`] does, and how much of the last step is not on the line.
    sent: f64,
    let_out: f64,
    looked_at: f64,
    look_at: f64,
    other: Option<Tcp>,
    began: Instant,
    now: f64,
    dice: u64,
}

/// What grows until packets get lost, as Cubic (RFC 9438) does on Linux.
struct Tcp {
    window: f64,
    ceiling: f64,
    slow_start: bool,
    /// Since when it grows as it does, and how long it takes to come back to the ceiling.
    since: f64,
    plateau: f64,
    shortest: f64,
}

/// Shares of the line, and the mean time in its queue.
#[derive(Debug)]
struct Seen {
    ours: f64,
    others: f64,
    queued: f64,
}

impl Line {
    fn new(rate: f64, rtt_ms: u32) -> Self {
        let mut line = Self {
            rate,
            rtt: f64::from(rtt_ms) / 1000.0,
            queue: 0.0,
            waits: VecDeque::new(),
            jitter_seconds: 0.0,
            disk: f64::INFINITY,
            governor: None,
            smoothed: 0.0,
            acks: 0.0,
            sent: 0.0,
            let_out: 0.0,
            looked_at: 0.0,
            look_at: 0.0,
            other: None,
            began: Instant::now(),
            now: 0.0,
            dice: 1,
        };
        line.begin();
        line
    }

    /// A handshake, and a transfer.
    fn begin(&mut self) {
        self.smoothed = self.rtt + self.queue / self.rate;
        let first = Duration::from_secs_f64(self.smoothed);
        self.governor = Some(Governor::new(first, self.instant()));
        (self.looked_at, self.look_at) = (self.now, self.now + 0.1);
    }

    fn other_comes(&mut self) {
        let window = 10.0 * PACKET;
        self.other = Some(Tcp {
            window,
            ceiling: window,
            slow_start: true,
            since: self.now,
            plateau: 0.0,
            shortest: f64::INFINITY,
        });
    }

    fn other_goes(&mut self) {
        self.other = None;
    }

    fn limit(&self) -> f64 {
        self.governor.as_ref().map_or(0.0, |governor| governor.limit)
    }

    fn pass(&mut self, seconds: u32) -> Seen {
        let (mut ours, mut others, mut queued) = (0.0, 0.0, 0.0);
        let steps = seconds * 1000;
        for _ in 0..steps {
            let (mine, theirs) = self.step();
            ours += mine;
            others += theirs;
            queued += self.queue / self.rate;
        }
        let all = self.rate * f64::from(steps);
        Seen { ours: ours / all, others: others / all, queued: queued / f64::from(steps) }
    }

    /// A millisecond; how fast both went.
    fn step(&mut self) -> (f64, f64) {
        self.now += STEP;
        let waited = self.queue / self.rate;
        let ours = self.limit().min(self.disk);
        let others = self.other.as_ref().map_or(0.0, |tcp| tcp.window / (self.rtt + waited));
        let wanted = ours + others;
        let out = if self.queue == 0.0 { wanted.min(self.rate) } else { self.rate };
        self.queue = (self.queue + (wanted - self.rate) * STEP).max(0.0);
        let full = self.rate * QUEUE_SECONDS;
        let is_lost = full < self.queue;
        self.queue = self.queue.min(full);
        let round_trip = self.rtt + waited;
        if let Some(tcp) = &mut self.other {
            tcp.pass(others, round_trip, is_lost, self.now);
        }
        self.let_out -= ours * STEP;
        while self.let_out < 0.0 {
            let step = self.limit() / STEPS_PER_SECOND;
            self.sent += step;
            self.let_out += step;
        }
        self.hear(ours, waited);
        if wanted == 0.0 { (0.0, 0.0) } else { (out * ours / wanted, out * others / wanted) }
    }

    /// What comes back after a round trip.
    fn hear(&mut self, ours: f64, waited: f64) {
        self.waits.push_back(waited);
        let behind = (self.rtt / STEP) as usize;
        while behind + 1 < self.waits.len() {
            self.waits.pop_front();
        }
        let Some(mut governor) = self.governor.take() else { return };
        self.acks += (ours / PACKET / 2.0).max(20.0) * STEP;
        while 1.0 <= self.acks {
            self.acks -= 1.0;
            let sample = self.rtt + self.waits[0] + self.jitter();
            self.smoothed += (sample - self.smoothed) / 8.0;
        }
        if self.look_at <= self.now {
            let rtt = Duration::from_secs_f64(self.smoothed);
            let passed = Duration::from_secs_f64(self.now - self.looked_at);
            governor.look(Look { rtt, sent: self.sent as u64, passed }, self.instant());
            self.sent = 0.0;
            self.looked_at = self.now;
            self.look_at = self.now + governor.pause(rtt).as_secs_f64();
        }
        self.governor = Some(governor);
    }

    /// Exponentially distributed.
    fn jitter(&mut self) -> f64 {
        -roll(&mut self.dice).ln() * self.jitter_seconds
    }

    fn instant(&self) -> Instant {
        self.began + Duration::from_secs_f64(self.now)
    }
}

/// More than nothing, and one at most.
fn roll(dice: &mut u64) -> f64 {
    *dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    let even = ((*dice >> 33) as f64 + 1.0) / f64::from(1_u32 << 31);
    even.min(1.0)
}

impl Tcp {
    fn pass(&mut self, rate: f64, round_trip: f64, is_lost: bool, now: f64) {
        self.shortest = self.shortest.min(round_trip);
        if now < self.since + round_trip && !self.slow_start {
            return;
        }
        if is_lost {
            (self.ceiling, self.since, self.slow_start) = (self.window, now, false);
            self.plateau = (self.ceiling / PACKET * 0.3 / 0.4).cbrt();
            self.window *= 0.7;
        } else if self.slow_start {
            self.window += rate * STEP;
            // HyStart: it looks as if the line were full.
            let longer = (self.shortest / 8.0).clamp(0.004, 0.016);
            if self.shortest + longer < round_trip && 16.0 * PACKET < self.window {
                (self.ceiling, self.since, self.slow_start) = (self.window, now, false);
            }
        } else {
            let cubic = 0.4 * (now - self.since - self.plateau).powi(3) + self.ceiling / PACKET;
            self.window = self.window.max(cubic * PACKET);
        }
    }
}

/// Bytes a second.
const NARROW: f64 = 125_000.0;
const USUAL: f64 = 2_500_000.0;
const WIDE: f64 = 125_000_000.0;
const STEP: f64 = 0.001;
/// Of the throttle.
const STEPS_PER_SECOND: f64 = 50.0;
/// Hardly anything waits below a limit.
const WAITS_BELOW: f64 = 40_000.0;
const PACKET: f64 = 1400.0;
const QUEUE_SECONDS: f64 = 0.1;
