//! A judge and what it is shown.

use super::*;

#[test]
fn losses_that_go_on_when_less_is_sent_are_chance() {
    let mut court = Court::new();
    for patience in [1, 2, 4, 8, 16, 30, 30].map(|times| PATIENCE_MIN * times) {
        assert_eq!(court.until_changed(0.05, 1e6), Verdict::Still);
        assert_eq!(court.until_changed(0.05, 1e6), Verdict::Free);
        let quiet = patience - Duration::from_secs(3);
        assert!(
            court.silent_for(quiet, 0.05, 1e6),
            "asked less often while the answer is the same"
        );
    }
}

#[test]
fn losses_that_end_when_less_is_sent_are_its_own() {
    let mut court = Court::new();
    assert_eq!(court.until_changed(0.3, 1e6), Verdict::Still);
    assert_eq!(court.until_changed(0.001, 1e6), Verdict::Cubic);
    assert!(court.silent_for(YIELD_MAX - Duration::from_secs(5), 0.001, 0.9e6));
    assert_eq!(court.until_changed(0.001, 0.9e6), Verdict::Free, "lines change");
}

#[test]
fn where_some_losses_are_chance_and_some_its_own_bbr_goes_on_gently() {
    let mut court = Court::new();
    assert_eq!(court.until_changed(0.3, 1e6), Verdict::Still);
    assert_eq!(court.until_changed(0.03, 1e6), Verdict::Gentle);
    assert!(court.silent_for(PATIENCE_MIN - Duration::from_secs(2), 0.05, 1e6));
    assert_eq!(court.until_changed(0.05, 1e6), Verdict::Free);
}

#[test]
fn where_cubic_is_slow_bbr_goes_on_gently() {
    let mut court = Court::new();
    for patience in [1, 2, 4, 8, 16, 30, 30].map(|times| PATIENCE_MIN * times) {
        assert_eq!(court.until_changed(0.3, 1e6), Verdict::Still);
        assert_eq!(court.until_changed(0.0, 1e6), Verdict::Cubic);
        assert!(court.silent_for(YIELD_MIN - Duration::from_secs(2), 0.03, 0.3e6));
        assert_eq!(court.until_changed(0.03, 0.3e6), Verdict::Gentle);
        assert!(court.silent_for(patience - Duration::from_secs(2), 0.05, 1e6));
        assert_eq!(court.until_changed(0.05, 1e6), Verdict::Free);
    }
}

#[test]
fn few_losses_those_of_a_moment_and_those_of_who_has_little_to_send_are_nothing() {
    let mut court = Court::new();
    for _ in 0..20 {
        assert!(court.silent_for(Duration::from_secs(1), 0.015, 1e6));
        assert!(court.silent_for(Duration::from_millis(300), 0.5, 1e6));
        assert!(court.silent_for(Duration::from_secs(1), 0.0, 1e6));
    }
    court.full = false;
    assert!(court.silent_for(Duration::from_secs(60), 0.2, 1e6));
}

/// A judge who looks ten times a second.
struct Court {
    judge: Judge,
    now: Instant,
    full: bool,
}

impl Court {
    fn new() -> Self {
        let now = Instant::now();
        Self { judge: Judge::new(now), now, full: true }
    }

    fn see(&mut self, share: f64, rate: f64) -> Option<Verdict> {
        self.now += ROUND_TRIP;
        let acked = rate * ROUND_TRIP.as_secs_f64();
        let lost = (acked * share / (1.0 - share)) as u64;
        let look = Look { acked: acked as u64, lost, passed: ROUND_TRIP, full: self.full };
        self.judge.see(look, self.now)
    }

    /// Shows it such losses until it changes something.
    fn until_changed(&mut self, share: f64, rate: f64) -> Verdict {
        let all = (0..10_000).find_map(|_| self.see(share, rate));
        all.expect("it says something within minutes")
    }

    /// Whether it changes nothing for so long.
    fn silent_for(&mut self, time: Duration, share: f64, rate: f64) -> bool {
        let until = self.now + time;
        while self.now < until {
            if self.see(share, rate).is_some() {
                return false;
            }
        }
        true
    }
}

const ROUND_TRIP: Duration = Duration::from_millis(100);
