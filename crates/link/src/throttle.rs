//! How fast data may go: one throttle for everything that shares a limit, in steps so small that the
//! flow is even.
//!
//! A throttle is a clock of what is paid for: so many bytes at the rate take so long, and who comes
//! before that time waits for it. Time that nobody used is forgotten but for a moment, so a pause is
//! not followed by a burst. Those who wait take turns, each for one step.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use outport_types::RateLimit;
use tokio::{
    sync::{Mutex as Turns, Notify},
    time::{Instant, sleep_until},
};

/// One limit, shared by all that hold a clone of it. Unlimited, it costs a look at a flag.
#[derive(Clone, Debug, Default)]
pub struct Throttle(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    limited: AtomicBool,
    bucket: Mutex<Bucket>,
    /// One at a time takes a step; the others stand in line.
    turn: Turns<()>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Bucket {
    limit: Option<RateLimit>,
    /// Until when time is used up.
    paid_until: Option<Instant>,
    /// When somebody was last held back.
    held_at: Option<Instant>,
}

impl Throttle {
    /// A throttle that holds to a limit, or to none.
    pub fn new(limit: Option<RateLimit>) -> Self {
        let throttle = Self::default();
        throttle.set(limit);
        throttle
    }

    /// Holds to another limit from now on, for those too who wait.
    pub fn set(&self, limit: Option<RateLimit>) {
        let mut bucket = self.bucket();
        if bucket.limit == limit {
            return;
        }
        bucket.change(limit, Instant::now());
        self.0.limited.store(limit.is_some(), Ordering::Relaxed);
        drop(bucket);
        self.0.changed.notify_waiters();
    }

    /// The limit in force.
    pub fn limit(&self) -> Option<RateLimit> {
        if self.0.limited.load(Ordering::Relaxed) { self.bucket().limit } else { None }
    }

    /// Whether somebody was held back just now.
    pub fn holds_back(&self) -> bool {
        let held_at = self.bucket().held_at;
        self.limit().is_some() && held_at.is_some_and(|at| at.elapsed() < HOLDS_FOR)
    }

    /// Waits until some of `wanted` bytes may go, and says how many; at least one, if any is wanted.
    /// A dropped future has taken nothing.
    pub async fn take(&self, wanted: usize) -> usize {
        if !self.0.limited.load(Ordering::Relaxed) || wanted == 0 {
            return wanted;
        }
        let _turn = self.0.turn.lock().await;
        loop {
            let mut changed = std::pin::pin!(self.0.changed.notified());
            // Registered before the look, so that a change in between is not missed.
            changed.as_mut().enable();
            let at = match self.bucket().take(wanted, Instant::now()) {
                Ok(bytes) => return bytes,
                Err(at) => at,
            };
            tokio::select! {
                () = sleep_until(at) => {}
                () = changed => {}
            }
        }
    }

    /// Waits until all of `wanted` bytes may go.
    pub(crate) async fn take_all(&self, wanted: usize) {
        let mut missing = wanted;
        while missing != 0 {
            missing -= self.take(missing).await;
        }
    }

    /// Waits until there is another limit, or none. To be called before the look at
    /// [`Self::limit`], and awaited after it.
    pub fn changed(&self) -> impl Future<Output = ()> + '_ {
        let mut changed = Box::pin(self.0.changed.notified());
        changed.as_mut().enable();
        changed
    }

    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.0.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bucket {
    /// Takes another limit. A step that was paid for at a slow rate must not hold back a fast one, so
    /// what is left of its time becomes shorter.
    fn change(&mut self, limit: Option<RateLimit>, now: Instant) {
        let before = (self.paid_until.take(), self.limit);
        if let ((Some(until), Some(before)), Some(after)) = (before, limit) {
            let faster = after.bytes_per_second() as f64 / before.bytes_per_second() as f64;
            let left = until.saturating_duration_since(now).div_f64(faster.max(1.0));
            self.paid_until = Some(until.min(now) + left);
        }
        self.limit = limit;
    }

    /// Takes a step, or says when one can be taken.
    fn take(&mut self, wanted: usize, now: Instant) -> Result<usize, Instant> {
        let Some(limit) = self.limit else { return Ok(wanted) };
        let earliest = now.checked_sub(SLACK).unwrap_or(now);
        let paid = self.paid_until.unwrap_or(now).max(earliest);
        if now < paid {
            self.held_at = Some(now);
            return Err(paid);
        }
        let step = step(limit).min(wanted);
        let nanos = (step as u128 * NANOS_PER_SECOND) / u128::from(limit.bytes_per_second());
        self.paid_until = Some(paid + Duration::from_nanos(nanos as u64));
        Ok(step)
    }
}

/// How many bytes go at once under a limit.
pub fn step(limit: RateLimit) -> usize {
    let bytes = limit.bytes_per_second() / STEPS_PER_SECOND;
    usize::try_from(bytes).unwrap_or(usize::MAX).clamp(STEP_BYTES_MIN, STEP_BYTES_MAX)
}

const NANOS_PER_SECOND: u128 = 1_000_000_000;
/// Often enough to be even to everybody else on the wire, seldom enough to cost nothing.
const STEPS_PER_SECOND: u64 = 50;
/// A limit of 1 KiB/s is two steps a second.
const STEP_BYTES_MIN: usize = 512;
/// Beyond a gigabit, steps come more often instead.
const STEP_BYTES_MAX: usize = 512 * 1024;
/// How far a waker that comes late may be made up for: what a burst can be.
const SLACK: Duration = Duration::from_millis(40);
/// How long somebody counts as held back: longer than the longest step takes.
const HOLDS_FOR: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn limit(bytes: u64) -> Option<RateLimit> {
        RateLimit::new(bytes).ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_is_kept_within_a_hundredth_at_every_rate() {
        for rate in [1024, 10_000, 1_000_000, 20_000_000, 3_000_000_000] {
            let throttle = Throttle::new(limit(rate));
            let (began, mut taken) = (Instant::now(), 0);
            while began.elapsed() < Duration::from_secs(10) {
                taken += throttle.take(256 * 1024).await as u64;
            }
            let off = (taken as f64 / (rate * 10) as f64 - 1.0).abs();
            assert!(off < 0.01 || taken.abs_diff(rate * 10) <= 1024, "{taken} at {rate}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_a_tenth_of_a_second_goes_at_once_even_after_a_rest() {
        let throttle = Throttle::new(limit(1_000_000));
        throttle.take(1).await;
        tokio::time::advance(Duration::from_secs(60)).await;
        let mut burst = 0;
        while let Some(taken) = throttle.take(usize::MAX).now_or_never() {
            burst += taken;
        }
        assert!(burst <= 100_000, "{burst}");
        assert!(throttle.holds_back());
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_share_a_limit_get_the_same_and_all_of_it() {
        let throttle = Throttle::new(limit(1_000_000));
        let takers = (0..4).map(|_| {
            let throttle = throttle.clone();
            async move {
                let (began, mut taken) = (Instant::now(), 0);
                while began.elapsed() < Duration::from_secs(5) {
                    taken += throttle.take(100_000).await;
                }
                taken
            }
        });
        let taken = futures_util::future::join_all(takers).await;
        for one in &taken {
            assert!((1_150_000..1_350_000).contains(one), "{taken:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_that_changes_again_and_again_is_kept_all_the_same() {
        let throttle = Throttle::new(limit(1_000_000));
        let (began, mut taken, mut changed) = (Instant::now(), 0, 0);
        while began.elapsed() < Duration::from_secs(10) {
            taken += throttle.take(100_000).await;
            if changed < began.elapsed().as_millis() / 50 {
                changed += 1;
                throttle.set(limit(if changed % 2 == 0 { 900_000 } else { 1_100_000 }));
            }
        }
        // The step under way keeps its time where the limit falls.
        assert!((9_700_000..10_600_000).contains(&taken), "{taken}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_is_in_force_at_once_for_those_who_wait() {
        let throttle = Throttle::new(limit(1024));
        throttle.take(1_000_000).await;
        let mut waiting = Box::pin(throttle.take(1_000_000));
        assert!(waiting.as_mut().now_or_never().is_none());
        throttle.set(limit(1_000_000_000));
        let began = Instant::now();
        assert!(1 < waiting.await);
        assert!(began.elapsed() < Duration::from_millis(2), "{:?}", began.elapsed());
        throttle.set(None);
        assert_eq!(throttle.take(7_000_000).now_or_never(), Some(7_000_000));
        assert!(!throttle.holds_back());
    }
}
