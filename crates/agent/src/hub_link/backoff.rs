//! Growing pauses between tries, each a little different, so that a thousand agents do not come
//! back in the same instant.

use std::time::Duration;

/// The pause before the next try.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The next pause: soon at first, then longer and longer.
    pub(crate) fn next(&mut self) -> Duration {
        self.tries = self.tries.saturating_add(1);
        let ceiling = match self.tries {
            1 => FIRST,
            tries => MAX.min(SECOND * 2_u32.saturating_pow(tries.saturating_sub(2).min(16))),
        };
        ceiling.mul_f64(0.5 + fastrand::f64() / 2.0)
    }

    /// The next pause, no shorter than the hub asked for.
    pub(crate) fn at_least(&mut self, asked: Duration) -> Duration {
        asked.mul_f64(1.0 + fastrand::f64() / 5.0).max(self.next())
    }
}

/// A dropped connection is most often back at once.
const FIRST: Duration = Duration::from_millis(400);
const SECOND: Duration = Duration::from_secs(1);
/// Quick enough that nobody thinks of a restart when the hub is back.
const MAX: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_half_a_minute() {
        let mut backoff = Backoff::default();
        let pauses: Vec<_> = (0..40).map(|_| backoff.next()).collect();
        assert!(pauses[0] <= FIRST);
        assert!(pauses[1] <= SECOND);
        assert!(Duration::from_secs(2) <= pauses[4]);
        assert!(pauses.iter().all(|pause| *pause <= MAX));
        assert!(pauses[10..].iter().all(|pause| MAX / 2 <= *pause));
        let asked = Duration::from_secs(100);
        assert!((asked..asked * 2).contains(&backoff.at_least(asked)));
    }
}
