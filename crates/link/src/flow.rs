//! What the data of one link waits for before it goes out, and how much of it passed.
//!
//! | waits for | set by |
//! | --- | --- |
//! | the other side's allowance | the other side, who receives no faster than its owner wants |
//! | throttles | this side: of the task, of the whole agent, of what goes through a relay |
//!
//! Control frames wait for none of it.

use std::{
    pin::pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use tokio::sync::{Mutex, MutexGuard, Notify};

use crate::throttle::Throttle;

/// The gate that data of a link passes. Without a limit it counts, and nothing else.
#[derive(Debug)]
pub(crate) struct Flow {
    throttles: OnceLock<Vec<Throttle>>,
    /// One more, while the link goes through a relay.
    relayed: OnceLock<Throttle>,
    goes_through_relay: AtomicBool,
    /// Bytes that the other side lets this one send since the link began; all, unless it says.
    allowed: AtomicU64,
    allowed_more: Notify,
    sent: AtomicU64,
    received: AtomicU64,
    arrived: Notify,
    /// Whether anybody ever waited for what comes; as long as nobody did, nobody is told.
    watched: AtomicBool,
    /// Where data is limited, one stream at a time: what is slow arrives whole, file by file.
    turn: Mutex<()>,
    /// Paid for by a send in memory that was dropped before all of its frame was.
    paid: AtomicUsize,
}

impl Flow {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            throttles: OnceLock::new(),
            relayed: OnceLock::new(),
            goes_through_relay: AtomicBool::new(false),
            allowed: AtomicU64::new(u64::MAX),
            allowed_more: Notify::new(),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            arrived: Notify::new(),
            watched: AtomicBool::new(false),
            turn: Mutex::new(()),
            paid: AtomicUsize::new(0),
        })
    }

    /// Holds what is sent to these limits; only the first call counts.
    pub(crate) fn hold_to(&self, throttles: Vec<Throttle>) {
        self.throttles.set(throttles).ok();
    }

    /// Holds what is sent through a relay to one more; only the first call counts.
    pub(crate) fn hold_relayed_to(&self, throttle: Throttle) {
        self.relayed.set(throttle).ok();
    }

    /// From now on the link goes that way, or does not.
    pub(crate) fn go_through_relay(&self, does: bool) {
        self.goes_through_relay.store(does, Ordering::SeqCst);
    }

    /// Takes the other side's word: so many bytes more, or (`None`) as many as there are.
    pub(crate) fn allow(&self, more: Option<u64>) {
        let allowed = match (more, self.allowed.load(Ordering::SeqCst)) {
            (None, _) => u64::MAX,
            // Until now it let everything through: what is on its way already is not counted.
            (Some(more), u64::MAX) => self.sent().saturating_add(more).min(u64::MAX - 1),
            (Some(more), allowed) => allowed.saturating_add(more).min(u64::MAX - 1),
        };
        self.allowed.store(allowed, Ordering::SeqCst);
        self.allowed_more.notify_waiters();
    }

    /// Waits for the turn to send a frame, where turns are taken.
    pub(crate) async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        if self.is_limited() { Some(self.turn.lock().await) } else { None }
    }

    /// Waits until some of `wanted` bytes may go, and counts them as sent.
    pub(crate) async fn admit(&self, wanted: usize) -> usize {
        let mut bytes = self.admit_by_other(wanted).await;
        let mut is_step = false;
        for throttle in self.throttles() {
            // The first that limits decides about the size of steps.
            if !is_step && throttle.limit().is_some() {
                bytes = throttle.take(bytes).await;
                is_step = true;
            } else {
                throttle.take_all(bytes).await;
            }
        }
        self.sent.fetch_add(bytes as u64, Ordering::SeqCst);
        bytes
    }

    /// Waits until all of `wanted` bytes may go. A dropped future keeps for the next what it paid.
    pub(crate) async fn admit_all(&self, wanted: usize) {
        loop {
            let paid = self.paid.load(Ordering::SeqCst);
            if wanted <= paid {
                self.paid.fetch_sub(wanted, Ordering::SeqCst);
                return;
            }
            let bytes = self.admit(wanted - paid).await;
            self.paid.fetch_add(bytes, Ordering::SeqCst);
        }
    }

    /// Counts what came.
    pub(crate) fn came(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::SeqCst);
        if self.watched.load(Ordering::SeqCst) {
            self.arrived.notify_waiters();
        }
    }

    /// Bytes of data frames that went out, or are about to.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    /// Bytes of data frames that came, of unfinished ones too.
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::SeqCst)
    }

    /// Waits until more came than `than`.
    pub(crate) async fn received_more(&self, than: u64) {
        self.watched.store(true, Ordering::SeqCst);
        loop {
            let mut arrived = pin!(self.arrived.notified());
            arrived.as_mut().enable();
            if than < self.received() {
                return;
            }
            arrived.await;
        }
    }

    pub(crate) fn is_limited(&self) -> bool {
        let limited = |throttle: &Throttle| throttle.limit().is_some();
        self.allowed.load(Ordering::SeqCst) != u64::MAX || self.throttles().any(limited)
    }

    /// Those in force on the way that the link goes.
    fn throttles(&self) -> impl Iterator<Item = &Throttle> {
        let relayed = self.relayed.get();
        let relayed = relayed.filter(|_| self.goes_through_relay.load(Ordering::SeqCst));
        self.throttles.get().into_iter().flatten().chain(relayed)
    }

    async fn admit_by_other(&self, wanted: usize) -> usize {
        if self.allowed.load(Ordering::SeqCst) == u64::MAX {
            return wanted;
        }
        loop {
            let mut more = pin!(self.allowed_more.notified());
            // Registered before the look, so that room made in between is not missed.
            more.as_mut().enable();
            let allowed = self.allowed.load(Ordering::SeqCst);
            let room = allowed.saturating_sub(self.sent());
            if room != 0 {
                return wanted.min(usize::try_from(room).unwrap_or(usize::MAX));
            }
            more.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use outport_types::RateLimit;
    use tokio::time::{Duration, Instant};

    use super::*;

    #[tokio::test]
    async fn without_a_limit_everything_goes_at_once() {
        let flow = Flow::new();
        assert!(flow.turn().await.is_none());
        assert_eq!(flow.admit(1 << 30).now_or_never(), Some(1 << 30));
        assert_eq!(flow.sent(), 1 << 30);
    }

    #[tokio::test]
    async fn the_other_side_lets_through_what_it_says_and_no_more() {
        let flow = Flow::new();
        flow.admit(500).await;
        flow.allow(Some(100));
        assert!(flow.turn().await.is_some());
        assert_eq!(flow.admit(80).now_or_never(), Some(80));
        assert_eq!(flow.admit(80).now_or_never(), Some(20));
        let mut waiting = Box::pin(flow.admit(80));
        assert!(waiting.as_mut().now_or_never().is_none());
        flow.allow(Some(50));
        assert_eq!(waiting.await, 50);
        flow.allow(Some(u64::MAX));
        flow.allow(None);
        assert_eq!(flow.admit(80).now_or_never(), Some(80));
    }

    #[tokio::test(start_paused = true)]
    async fn one_limit_holds_only_through_a_relay_and_in_small_steps() {
        let flow = Flow::new();
        flow.hold_to(vec![Throttle::default()]);
        flow.hold_relayed_to(Throttle::new(RateLimit::new(1_000_000).ok()));
        assert_eq!(flow.admit(1 << 30).now_or_never(), Some(1 << 30));
        flow.go_through_relay(true);
        assert!(flow.is_limited());
        let (began, before) = (Instant::now(), flow.sent());
        while flow.sent() < before + 3_000_000 {
            assert!(flow.admit(2 << 20).await <= 100_000);
        }
        let took = began.elapsed().as_secs_f64();
        assert!((2.8..3.2).contains(&took), "{took}");
        flow.go_through_relay(false);
        assert_eq!(flow.admit(1 << 30).now_or_never(), Some(1 << 30));
    }

    #[tokio::test(start_paused = true)]
    async fn the_smallest_of_several_limits_decides() {
        let throttles = [3_000_000, 1_000_000].map(|rate| Throttle::new(RateLimit::new(rate).ok()));
        let flow = Flow::new();
        flow.hold_to(throttles.to_vec());
        let began = Instant::now();
        while flow.sent() < 5_000_000 {
            flow.admit(256 * 1024).await;
        }
        let took = began.elapsed().as_secs_f64();
        assert!((4.8..5.2).contains(&took), "{took}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_send_that_is_dropped_again_and_again_still_gets_there() {
        let flow = Flow::new();
        flow.hold_to(vec![Throttle::new(RateLimit::new(1_000_000).ok())]);
        let began = Instant::now();
        let often = Duration::from_millis(30);
        while tokio::time::timeout(often, flow.admit_all(1_000_000)).await.is_err() {}
        let took = began.elapsed().as_secs_f64();
        assert!((0.9..1.1).contains(&took), "{took}");
    }
}
