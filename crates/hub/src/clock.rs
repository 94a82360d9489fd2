//! The hub's clock, which tests can move.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use outport_types::UnixTime;
use tokio::sync::watch;

/// Tells the time of day; all of the hub asks the same one.
///
/// What waits for a span (timeouts, pauses of a loop) uses tokio's clock instead.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Milliseconds added to the system's clock; only tests move it.
    offset_ms: Arc<watch::Sender<i64>>,
}

impl Clock {
    /// A clock that shows the system's time.
    pub fn system() -> Self {
        Self::default()
    }

    /// The present moment.
    pub fn now(&self) -> UnixTime {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let system_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        UnixTime::from_millis(system_ms.saturating_add(*self.offset_ms.borrow()))
    }

    /// Waits until the clock shows `moment`, however it gets there.
    pub async fn sleep_until(&self, moment: UnixTime) {
        let mut moved = self.offset_ms.subscribe();
        loop {
            let missing = moment.millis().saturating_sub(self.now().millis());
            let Some(missing) = u64::try_from(missing).ok().filter(|missing| *missing != 0) else {
                return;
            };
            let wait = Duration::from_millis(missing).min(LOOK_AGAIN);
            // An error would mean that the clock is gone, and `self` is one.
            tokio::time::timeout(wait, moved.changed()).await.ok();
        }
    }

    /// Moves this clock and all its clones forward, for tests.
    pub fn advance_seconds(&self, seconds: i64) {
        self.offset_ms
            .send_modify(|offset| *offset = offset.saturating_add(seconds.saturating_mul(1000)));
    }
}

/// The system's clock may be set, and waiting does not notice: so it is read again in between.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_for_a_moment_notices_that_the_clock_is_moved() {
        let clock = Clock::system();
        let moment = clock.now().plus_seconds(3600);
        tokio::join!(clock.sleep_until(moment), async {
            tokio::task::yield_now().await;
            clock.advance_seconds(3601);
        });
        clock.sleep_until(moment).await;
        assert!(moment < clock.now());
    }
}
