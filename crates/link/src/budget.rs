//! How many bytes may be accepted from above and not yet be on their way.
//!
//! The limit follows the measured rate, so that pausing is quick on a slow path and a fast one is
//! kept full. A frame is let in while less than the limit is used: one frame may overshoot, and a
//! limit below the size of a frame still lets one through at a time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Bytes in use and how many may be.
#[derive(Debug)]
pub(crate) struct Budget {
    state: Mutex<State>,
    room: Notify,
}

#[derive(Debug)]
struct State {
    used: usize,
    limit: usize,
}

/// A share of the budget; given back when dropped.
#[derive(Debug)]
pub(crate) struct Reserved {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        let state = Mutex::new(State { used: 0, limit });
        Arc::new(Self { state, room: Notify::new() })
    }

    /// Waits for room and takes `bytes` of it. Dropping the future takes nothing.
    pub(crate) async fn reserve(self: &Arc<Self>, bytes: usize) -> Reserved {
        loop {
            let mut freed = std::pin::pin!(self.room.notified());
            // Registered before the look, so that room made in between is not missed.
            freed.as_mut().enable();
            if self.take(bytes) {
                return Reserved { budget: self.clone(), bytes };
            }
            freed.await;
        }
    }

    pub(crate) fn set_limit(&self, limit: usize) {
        self.locked().limit = limit;
        self.room.notify_waiters();
    }

    pub(crate) fn used(&self) -> usize {
        self.locked().used
    }

    fn take(&self, bytes: usize) -> bool {
        let mut state = self.locked();
        let room = state.used < state.limit;
        if room {
            state.used += bytes;
        }
        room
    }

    fn give(&self, bytes: usize) {
        self.locked().used -= bytes;
        self.room.notify_waiters();
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reserved {
    /// Gives back a part: so many bytes are on their way now.
    pub(crate) fn release(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.budget.give(bytes);
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.budget.give(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn one_frame_may_overshoot_and_the_next_one_waits() {
        let budget = Budget::new(10);
        let mut first = budget.reserve(100).await;
        assert!(budget.reserve(1).now_or_never().is_none());
        first.release(90);
        assert!(budget.reserve(1).now_or_never().is_none());
        first.release(1);
        let second = budget.reserve(1).now_or_never().unwrap();
        drop((first, second));
        assert_eq!(budget.used(), 0);
    }

    #[tokio::test]
    async fn a_waiter_wakes_when_the_limit_grows() {
        let budget = Budget::new(1);
        let held = budget.reserve(5).await;
        let mut waiting = std::pin::pin!(budget.reserve(5));
        assert!(waiting.as_mut().now_or_never().is_none());
        budget.set_limit(100);
        let more = waiting.await;
        drop((held, more));
        assert_eq!(budget.used(), 0);
    }
}
