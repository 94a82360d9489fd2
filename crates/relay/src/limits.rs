//! How much may be forwarded, and whose turn it is when not all can be.
//!
//! All of it drops packets, as a router does; both sides of a session then slow down by themselves.

use std::time::Duration;

/// What an operator allows; `None` is as much as comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RelayLimits {
    /// Bytes per second of all sessions together, shared fairly among them.
    pub rate: Option<u64>,
    /// Bytes per second of one session, both directions together.
    pub session_rate: Option<u64>,
    /// Bytes per second of all sessions of one user.
    pub user_rate: Option<u64>,
    /// Bytes that one user's sessions may forward in a day of the hub.
    pub user_bytes_per_day: Option<u64>,
}

/// Lets bytes through at a rate, and a quarter of a second's worth at once after a rest.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bucket {
    /// What may go now; below zero after a packet that was larger than what was left.
    level: i64,
    filled: Option<Duration>,
}

impl Bucket {
    /// How many of `bytes`, in packets of `packet` bytes, may go now.
    pub(crate) fn room(&mut self, rate: u64, now: Duration, bytes: usize, packet: usize) -> usize {
        let most = i64::try_from(rate / 4).unwrap_or(i64::MAX).max(BURST_BYTES_MIN);
        let Some(filled) = self.filled else {
            (self.level, self.filled) = (most, Some(now));
            return whole_packets(most, bytes, packet);
        };
        let passed = now.saturating_sub(filled);
        let gained = u128::from(rate).saturating_mul(passed.as_micros()) / 1_000_000;
        // What is less than a byte stays to be counted.
        let counted = gained.saturating_mul(1_000_000).checked_div(rate.into()).unwrap_or(0);
        self.filled = Some(filled + Duration::from_micros(counted.try_into().unwrap_or(u64::MAX)));
        let gained = i64::try_from(gained).unwrap_or(i64::MAX);
        self.level = self.level.saturating_add(gained).min(most);
        whole_packets(self.level, bytes, packet)
    }

    pub(crate) fn take(&mut self, bytes: usize) {
        self.level = self.level.saturating_sub_unsigned(bytes as u64);
    }
}

/// The first packets of a batch, as long as anything is left for the next.
fn whole_packets(left: i64, bytes: usize, packet: usize) -> usize {
    let left = usize::try_from(left).unwrap_or(0);
    bytes.min(left.div_ceil(packet.max(1)).saturating_mul(packet.max(1)))
}

/// Shares a rate among sessions, anew in every [`WINDOW`]: who wants less than its share gets all
/// that it wants, and what it leaves is shared among the others.
#[derive(Debug)]
pub(crate) struct Shares {
    window: u64,
    level: u64,
    wanted: Vec<u64>,
}

/// What one session wanted and got in a window.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Share {
    window: u64,
    place: usize,
    got: u64,
}

impl Shares {
    pub(crate) fn new() -> Self {
        Self { window: 0, level: u64::MAX, wanted: Vec::new() }
    }

    /// How many of `bytes` may go now.
    pub(crate) fn room(
        &mut self,
        rate: u64,
        now: Duration,
        share: &mut Share,
        bytes: usize,
        packet: usize,
    ) -> usize {
        // The first window is number 1, so that a new share is always of an earlier one.
        let window = 1 + (now.as_millis() / WINDOW.as_millis()) as u64;
        if window != self.window {
            let capacity = rate.saturating_mul(WINDOW.as_millis() as u64) / 1000;
            self.level = level(&mut self.wanted, capacity);
            self.wanted.clear();
            self.window = window;
        }
        if share.window != window {
            *share = Share { window, place: self.wanted.len(), got: 0 };
            self.wanted.push(0);
        }
        if let Some(wanted) = self.wanted.get_mut(share.place) {
            *wanted += bytes as u64;
        }
        let left = self.level.saturating_sub(share.got);
        whole_packets(i64::try_from(left).unwrap_or(i64::MAX), bytes, packet)
    }

    pub(crate) fn take(share: &mut Share, bytes: usize) {
        share.got += bytes as u64;
    }
}

/// How much each may have at most, so that all together have `capacity`.
fn level(wanted: &mut [u64], capacity: u64) -> u64 {
    wanted.sort_unstable();
    let mut left = capacity;
    for (served, want) in wanted.iter().enumerate() {
        let share = left / (wanted.len() - served) as u64;
        if share < *want {
            return share;
        }
        left -= want;
    }
    // All had enough, and newcomers may have what was left over.
    capacity
}

/// Long enough for a few packets of a slow session, short enough that a newcomer need not wait.
pub(crate) const WINDOW: Duration = Duration::from_millis(100);
/// One batch of packets, as a system puts them together.
const BURST_BYTES_MIN: i64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_lets_its_rate_through_and_no_more() {
        let (mut bucket, mut through) = (Bucket::default(), 0);
        for millis in 0..10_000 {
            let room = bucket.room(1_000_000, Duration::from_millis(millis), 12_000, 1_200);
            bucket.take(room);
            through += room;
        }
        assert!((10_000_000..10_300_000).contains(&through), "{through}");
    }

    #[test]
    fn a_slow_bucket_counts_what_is_less_than_a_byte() {
        let (mut bucket, mut through) = (Bucket::default(), 0);
        for micros in 0..1_000_000 {
            let now = Duration::from_micros(100 * micros);
            let room = bucket.room(1024, now, 1_200, 1_200);
            bucket.take(room);
            through += room;
        }
        let expected = 100 * 1024 + BURST_BYTES_MIN as usize;
        assert!(through.abs_diff(expected) < 2_400, "{through}");
    }

    #[test]
    fn only_whole_packets_pass() {
        let mut bucket = Bucket::default();
        let room = bucket.room(1, Duration::ZERO, 120_000, 1_200);
        assert_eq!((room, room % 1_200), (66_000, 0));
        bucket.take(room);
        assert_eq!(bucket.room(1, Duration::ZERO, 1_200, 1_200), 0);
    }

    #[test]
    fn who_wants_little_gets_it_and_the_others_share_the_rest() {
        assert_eq!(level(&mut [10, 200, 300], 210), 100);
        assert_eq!(level(&mut [100, 100], 210), 210);
        assert_eq!(level(&mut [], 210), 210);
        assert_eq!(level(&mut [1000; 4], 200), 50);
    }

    #[test]
    fn a_greedy_session_leaves_a_modest_one_its_own() {
        let (mut shares, rate) = (Shares::new(), 1_000_000);
        let (mut greedy, mut modest) = (Share::default(), Share::default());
        let (mut greedy_got, mut modest_got) = (0, 0);
        for millis in 0..2000 {
            let now = Duration::from_millis(millis);
            for _ in 0..10 {
                let room = shares.room(rate, now, &mut greedy, 1_000, 1_000);
                Shares::take(&mut greedy, room);
                greedy_got += room;
            }
            if millis % 10 == 0 {
                let room = shares.room(rate, now, &mut modest, 1_000, 1_000);
                Shares::take(&mut modest, room);
                modest_got += room;
            }
        }
        assert_eq!(modest_got, 200_000, "all that it wanted");
        assert!((1_700_000..1_900_000).contains(&greedy_got), "{greedy_got}");
    }
}
