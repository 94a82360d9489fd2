//! How fast content moved in the last hour.

use std::{collections::VecDeque, time::Duration};

use outport_control::{Direction, Snapshot, SpeedPoint};
use outport_types::UnixTime;
use tokio::time::Instant;

/// Points of the last hour, and what belongs to the next one.
#[derive(Debug, Default)]
pub(super) struct Speed {
    points: VecDeque<SpeedPoint>,
    sent: f64,
    received: f64,
    /// When the next point is due; none while nothing moves.
    pub(super) due: Option<Instant>,
}

impl Speed {
    /// Something begins to move.
    pub(super) fn begin(&mut self, now: Instant) {
        self.due.get_or_insert(now + STEP);
    }

    /// Content moved at a rate for a while.
    pub(super) fn moved(&mut self, direction: Direction, rate: u64, time: Duration) {
        let bytes = rate as f64 * time.as_secs_f64();
        match direction {
            Direction::Sending => self.sent += bytes,
            Direction::Receiving | Direction::Copying => self.received += bytes,
            Direction::Deleting => {}
        }
    }

    /// Makes the point that is due; `busy` says whether anything goes on.
    pub(super) fn step(&mut self, busy: bool, time: UnixTime, now: Instant) {
        let per_second = |bytes: f64| (bytes / STEP.as_secs_f64()).round() as u64;
        let point = SpeedPoint {
            time,
            sent: per_second(std::mem::take(&mut self.sent)),
            received: per_second(std::mem::take(&mut self.received)),
        };
        let moved = point.sent != 0 || point.received != 0;
        // One zero after the last movement, so that a line falls to the ground.
        let fell = self.points.back().is_some_and(|last| last.sent != 0 || last.received != 0);
        if moved || fell {
            self.points.push_back(point);
        }
        let hour_ago = time.plus_seconds(-3600);
        while self.points.len() > Snapshot::SPEED_MAX
            || self.points.front().is_some_and(|point| point.time < hour_ago)
        {
            self.points.pop_front();
        }
        self.due = (busy || moved).then_some(now + STEP);
    }

    pub(super) fn points(&self) -> Vec<SpeedPoint> {
        self.points.iter().copied().collect()
    }
}

const STEP: Duration = Duration::from_secs(SpeedPoint::SECONDS);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_rises_falls_to_the_ground_and_is_forgotten_after_an_hour() {
        let mut speed = Speed::default();
        let now = Instant::now();
        let at = UnixTime::from_seconds;
        speed.begin(now);
        speed.moved(Direction::Sending, 3_000, Duration::from_secs(5));
        speed.moved(Direction::Copying, 1_500, Duration::from_secs(15));
        speed.step(false, at(100), now);
        let point = SpeedPoint { time: at(100), sent: 1_000, received: 1_500 };
        assert_eq!(speed.points(), [point]);
        assert!(speed.due.is_some(), "one more, to fall");
        speed.step(false, at(115), now);
        assert_eq!(speed.points()[1], SpeedPoint { time: at(115), sent: 0, received: 0 });
        assert_eq!(speed.due, None, "nothing wakes an idle computer");
        speed.step(true, at(3705), now);
        assert_eq!(speed.points().len(), 1);
        assert!(speed.due.is_some());
    }
}
