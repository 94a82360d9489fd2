//! How many connections a link has: as many as make it faster, found out by trying.
//!
//! One is enough nearly everywhere: its window follows what the line carries. Where a network gives each
//! connection a share, or one processor is busy with one, several carry more. So while a link carries
//! steadily, it is given one more for a moment, which stays if that made the link a fifth faster.
//!
//! Whether that comes from the line or from others on it cannot be told; so there are few at most, and
//! none where the owner of either side wants to give way.

use std::time::Duration;

use tokio::time::Instant;

/// Decides by what a link carries.
#[derive(Debug)]
pub(super) struct Width {
    pace: Pace,
    processors: usize,
    connections: usize,
    /// How long it rests when the next try is in vain.
    rest: Duration,
    state: State,
}

/// How long things take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// The rate is measured for so long.
    pub(super) measure: Duration,
    /// A new connection finds out for so long what there is for it.
    pub(super) settle: Duration,
    /// Nothing is tried for so long at first, and after the first try in vain.
    pub(super) rest: Duration,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing yet.
    Wait,
    /// Open one more connection, and say what came of it.
    More,
    /// Give up the youngest.
    Fewer,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Resting { until: Instant },
    Measuring { since: Mark, half: Option<Mark> },
    Asked { before: f64 },
    Settling { until: Instant, before: f64 },
    Trying { since: Mark, before: f64 },
}

/// What had been carried at a moment.
#[derive(Clone, Copy, Debug)]
struct Mark {
    at: Instant,
    bytes: u64,
}

impl Width {
    pub(super) fn new(pace: Pace, processors: usize, now: Instant) -> Self {
        let state = State::Resting { until: now + pace.measure };
        Self { pace, processors, connections: 1, rest: pace.rest, state }
    }

    /// Looks at what the link has carried so far.
    pub(super) fn see(&mut self, now: Instant, bytes: u64) -> Step {
        let mark = Mark { at: now, bytes };
        match self.state {
            State::Resting { until } if until <= now => self.measure(mark),
            State::Measuring { since, half: None } if since.at + self.pace.measure / 2 <= now => {
                self.state = State::Measuring { since, half: Some(mark) };
            }
            State::Measuring { since, half: Some(half) } if since.at + self.pace.measure <= now => {
                let (first, second) = (half.rate_since(since), mark.rate_since(half));
                let rate = mark.rate_since(since);
                let is_steady = rate * (1.0 - STEADY) <= first.min(second);
                if is_steady && RATE_MIN <= rate && self.connections < self.most(rate) {
                    self.state = State::Asked { before: rate };
                    return Step::More;
                }
                self.measure(mark);
            }
            State::Settling { until, before } if until <= now => {
                self.state = State::Trying { since: mark, before };
            }
            State::Trying { since, before } if since.at + self.pace.measure <= now => {
                if before * WORTH_IT <= mark.rate_since(since) {
                    self.measure(mark);
                } else {
                    self.connections -= 1;
                    self.rest_after_vain(now);
                    return Step::Fewer;
                }
            }
            State::Resting { .. }
            | State::Measuring { .. }
            | State::Asked { .. }
            | State::Settling { .. }
            | State::Trying { .. } => {}
        }
        Step::Wait
    }

    /// What came of asking for one more connection.
    pub(super) fn came(&mut self, now: Instant, is_up: bool) {
        let State::Asked { before } = self.state else { return };
        if is_up {
            self.connections += 1;
            self.state = State::Settling { until: now + self.pace.settle, before };
        } else {
            self.rest_after_vain(now);
        }
    }

    /// What was found out is of no use any more, as the link goes another way or is held back.
    pub(super) fn begin_anew(&mut self, now: Instant, connections: usize) {
        *self = Self { connections, ..Self::new(self.pace, self.processors, now) };
    }

    fn measure(&mut self, mark: Mark) {
        self.state = State::Measuring { since: mark, half: None };
    }

    fn rest_after_vain(&mut self, now: Instant) {
        self.state = State::Resting { until: now + self.rest };
        self.rest = (2 * self.rest).min(RESTS_MAX * self.pace.rest);
    }

    /// How many connections are worth a try at this rate: where it is processors that decide, each takes
    /// one of them on both sides.
    fn most(&self, rate: f64) -> usize {
        let most = CONNECTIONS_MAX;
        if rate < FAST { most } else { most.min(self.processors / 2) }
    }
}

impl Mark {
    fn rate_since(self, before: Self) -> f64 {
        let seconds = self.at.saturating_duration_since(before.at).as_secs_f64();
        self.bytes.saturating_sub(before.bytes) as f64 / seconds.max(1e-9)
    }
}

/// The most connections of a link.
pub(super) const CONNECTIONS_MAX: usize = 4;
/// How much faster a link must be with one connection more for that to stay.
const WORTH_IT: f64 = 1.2;
/// How far apart both halves of a measurement may be.
const STEADY: f64 = 0.15;
/// What is slower than this many bytes a second is not worth a packet more.
const RATE_MIN: f64 = 64.0 * 1024.0;
/// From about here on it is processors that decide.
const FAST: f64 = 150e6;
const RESTS_MAX: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace {
        measure: Duration::from_secs(3),
        settle: Duration::from_secs(1),
        rest: Duration::from_secs(30),
    };

    /// Runs a link for a while that carries so much with so many connections; how many it had in the
    /// end, and how often one was tried.
    fn run(seconds: u32, processors: usize, rate: impl Fn(f64, usize) -> f64) -> (usize, u32) {
        let began = Instant::now();
        let mut width = Width::new(PACE, processors, began);
        let (mut bytes, mut tries) = (0.0, 0);
        for look in 1..=seconds * 4 {
            let now = began + look * Duration::from_millis(250);
            bytes += rate(f64::from(look) / 4.0, width.connections) / 4.0;
            if width.see(now, bytes as u64) == Step::More {
                tries += 1;
                width.came(now, true);
            }
        }
        (width.connections, tries)
    }

    #[tokio::test(start_paused = true)]
    async fn connections_are_added_while_each_makes_the_link_faster() {
        assert_eq!(run(60, 2, |_, connections| 4e6 * connections as f64), (4, 3));
        assert_eq!(run(60, 2, |_, connections| 4e6 * connections.min(2) as f64).0, 2);
        assert_eq!(run(60, 2, |_, connections| 4e4 * connections as f64), (1, 0), "too slow");
        let fast = |_, connections| 400e6 * connections as f64;
        assert_eq!([run(60, 2, fast).0, run(60, 4, fast).0, run(60, 16, fast).0], [1, 2, 4]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_makes_nothing_faster_is_tried_less_and_less_often() {
        let hardly = |_, connections| 4e6 * (1.0 + 0.1 * (connections as f64 - 1.0));
        let (connections, tries) = run(3600, 2, hardly);
        assert_eq!(connections, 1);
        assert!((6..=12).contains(&tries), "{tries}");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_tried_while_the_rate_is_not_steady() {
        let restless = |at: f64, _| if at % 4.0 < 2.0 { 4e6 } else { 1e6 };
        assert_eq!(run(300, 2, restless).1, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_does_not_come_up_is_a_try_in_vain() {
        let began = Instant::now();
        let mut width = Width::new(PACE, 2, began);
        let mut asked = Vec::new();
        for look in 1..=400_u32 {
            let now = began + look * Duration::from_millis(250);
            if width.see(now, u64::from(look) * 1_000_000) == Step::More {
                asked.push(look / 4);
                width.came(now, false);
            }
        }
        assert_eq!((width.connections, asked), (1, vec![6, 39]));
    }
}
