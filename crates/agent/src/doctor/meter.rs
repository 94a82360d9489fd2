//! Turns what came by when into a rate.

use std::time::Duration;

/// How much had come at each moment.
#[derive(Debug, Default)]
pub(crate) struct Meter(Vec<(Duration, u64)>);

impl Meter {
    /// Notes that `total` bytes have come by `at`, counted from the beginning.
    pub(crate) fn note(&mut self, at: Duration, total: u64) {
        if self.0.len() < NOTES_MAX {
            self.0.push((at, total));
        } else if let Some(last) = self.0.last_mut() {
            *last = (at, total);
        }
    }

    /// Bytes per second without the first third, in which a connection finds its speed; `None` when
    /// too little came to tell.
    pub(crate) fn rate(&self) -> Option<u64> {
        let &(end, total) = self.0.last()?;
        let &(began, before) = self.0.iter().find(|(at, _)| end / 3 <= *at)?;
        let over_steady = over(end.checked_sub(began)?, total.checked_sub(before)?);
        over_steady.or_else(|| over(end, total))
    }
}

fn over(time: Duration, bytes: u64) -> Option<u64> {
    let micros = u64::try_from(time.as_micros()).ok().filter(|micros| 0 < *micros)?;
    let is_enough = SPAN_MIN <= time && 0 < bytes;
    is_enough.then(|| bytes.saturating_mul(1_000_000) / micros)
}

/// More than are read of what a hub sends in a measurement.
const NOTES_MAX: usize = 16 * 1024;
/// What came in less says nothing.
const SPAN_MIN: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slow_beginning_does_not_count() {
        let mut meter = Meter::default();
        for (ms, total) in [(0, 0), (300, 1_000), (400, 2_000), (700, 302_000), (1_000, 602_000)] {
            meter.note(Duration::from_millis(ms), total);
        }
        assert_eq!(meter.rate(), Some(1_000_000));
    }

    #[test]
    fn a_single_note_or_none_is_no_rate() {
        let mut meter = Meter::default();
        assert_eq!(meter.rate(), None);
        meter.note(Duration::from_millis(1), 9_000_000);
        assert_eq!(meter.rate(), None);
    }

    #[test]
    fn notes_are_bounded_and_the_last_one_counts() {
        let mut meter = Meter::default();
        for n in 0..2 * NOTES_MAX as u64 {
            meter.note(Duration::from_millis(n), n * 1_000);
        }
        assert_eq!(meter.0.len(), NOTES_MAX);
        assert_eq!(meter.rate(), Some(1_000_000));
    }
}
