//! Looks at a leg many times a second: how fast it is, what may wait for it, whether anybody is there.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use quinn::{ConnectionError, ConnectionStats, PathStats};
use tokio::time::{Instant, sleep_until};

use crate::{congestion, leg::Leg};

/// How a leg is over.
#[derive(Debug)]
pub(crate) enum Over {
    /// Its connection ended.
    Closed(ConnectionError),
    /// It heard nothing for too long.
    Silent,
}

/// Bytes per second lately.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    pub(crate) sent: AtomicU64,
    pub(crate) received: AtomicU64,
}

/// Measures a leg and sets its windows, and says each time that it has, until the connection is of no
/// use any more. `is_limited` is whether something above it holds back what is sent.
pub(crate) async fn follow(leg: &Leg, is_limited: impl Fn() -> bool, looked: impl Fn()) -> Over {
    let began = Instant::now();
    let mut looks_at = began;
    let (mut sent, mut received, mut at) = (0, 0, began);
    let mut silence = Silence::default();
    loop {
        tokio::select! {
            biased;
            error = leg.connection().closed() => return Over::Closed(error),
            () = sleep_until(looks_at) => {
                let now = Instant::now();
                let grows = now.saturating_duration_since(began) < STARTS_WITHIN;
                looks_at = now + if grows { METER_PERIOD_START } else { METER_PERIOD };
                let stats = leg.connection().stats();
                let passed = now.saturating_duration_since(at);
                let (all_sent, all_received) = leg.bytes(&stats);
                smooth(&leg.rates().sent, all_sent - sent, passed);
                smooth(&leg.rates().received, all_received - received, passed);
                (sent, received, at) = (all_sent, all_received, now);
                adjust(leg, &stats.path, is_limited());
                looked();
                if silence.is_dead(&stats, passed, leg.silence_max()) {
                    return Over::Silent;
                }
            }
        }
    }
}

/// How much may wait above connections that together are this fast.
pub(crate) fn may_wait(bytes_per_second: u64) -> usize {
    let quarter_second = usize::try_from(bytes_per_second / 4).unwrap_or(UNSENT_BYTES_MAX);
    quarter_second.clamp(UNSENT_BYTES_MIN, UNSENT_BYTES_MAX)
}

/// What QUIC keeps follows the congestion window, with as much again for what is acknowledged behind a
/// gap, and a little to wake up on; and on a short path it stays below what the other side's socket
/// holds while its process waits for a processor, which congestion control does not know of: of its
/// window it is what comes in bursts that the socket holds, and what is on the path that it does not.
///
/// Where something above limits what is sent, hardly anything may wait here: what congestion control
/// keeps back for a moment would all go at once after it, and nobody above would know of that queue.
fn adjust(leg: &Leg, path: &PathStats, is_limited: bool) {
    let rate = leg.rates().sent.load(Ordering::Relaxed);
    let wanted = if is_limited {
        path.cwnd.saturating_add(LIMITED_SLACK_BYTES_MIN + rate / 100)
    } else {
        let wake_up = SEND_SLACK_BYTES_MIN + (rate / 20).min(SEND_SLACK_BYTES_MAX);
        path.cwnd.saturating_mul(2).saturating_add(wake_up)
    };
    let on_the_path = on_the_path(path.cwnd, path.min_rtt);
    let bearable = SOCKET_HOLDS_BYTES.saturating_add(on_the_path.saturating_mul(2));
    leg.connection().set_send_window(wanted.min(bearable).min(SEND_WINDOW_BYTES_MAX));
}

/// How much of a window is on a path that takes so long. It is the window that tells, as the rate of
/// lately does not while a connection begins.
fn on_the_path(window: u64, rtt: Duration) -> u64 {
    let bursts = congestion::BURST.as_secs_f64();
    (window as f64 * rtt.as_secs_f64() / (rtt.as_secs_f64() + bursts)) as u64
}

/// For how long a connection that speaks has heard nothing.
#[derive(Debug, Default)]
struct Silence {
    heard: u64,
    said: u64,
    lasted: Duration,
}

impl Silence {
    /// Takes what was counted, `passed` after the last time; whether the other side is gone.
    fn is_dead(&mut self, stats: &ConnectionStats, passed: Duration, max: Duration) -> bool {
        let (heard, said) = (stats.udp_rx.datagrams, stats.udp_tx.datagrams);
        if heard != self.heard {
            *self = Self { heard, said, lasted: Duration::ZERO };
            return false;
        }
        // While this computer slept or had no time for us, nothing could be heard.
        self.lasted += passed.min(2 * METER_PERIOD);
        max.max(4 * stats.path.rtt) <= self.lasted && self.said + 2 <= said
    }
}

/// An exponential average over about half a second.
fn smooth(rate: &AtomicU64, bytes: u64, passed: Duration) {
    let seconds = passed.as_secs_f64();
    if seconds <= 0.0 {
        return;
    }
    let weight = 1.0 - (-seconds / RATE_MEMORY_SECONDS).exp();
    let before = rate.load(Ordering::Relaxed) as f64;
    let now = bytes as f64 / seconds;
    rate.store((before + weight * (now - before)) as u64, Ordering::Relaxed);
}

/// How often the meter looks.
const METER_PERIOD: Duration = Duration::from_millis(50);
/// The same while a connection begins: then windows double with every round trip.
const METER_PERIOD_START: Duration = Duration::from_millis(5);
const STARTS_WITHIN: Duration = Duration::from_secs(1);
/// A living connection says something every half second; it is given up when four of these are missing,
/// and another way is looked for.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(2);
/// The same through the only relay that there is: it may start anew, and computers change networks
/// without a word to QUIC.
pub(crate) const LAST_RELAY_SILENCE_MAX: Duration = Duration::from_secs(10);
const RATE_MEMORY_SECONDS: f64 = 0.5;
/// Bytes accepted and not yet on their way, whatever the rate: a few packs of small files.
pub(crate) const UNSENT_BYTES_MIN: usize = 256 * 1024;
/// A quarter of a second at half a gigabit; faster paths do not need more to be kept full.
const UNSENT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// With a hundredth of a second of what is sent: less than a step of a limit.
const LIMITED_SLACK_BYTES_MIN: u64 = 16 * 1024;
const SEND_SLACK_BYTES_MIN: u64 = 64 * 1024;
const SEND_SLACK_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// What a socket's buffer surely holds: half of what is asked for. Measured on loopback: with 2 MiB
/// nothing is lost, with 32 MiB every sixth packet.
const SOCKET_HOLDS_BYTES: u64 = 2 * 1024 * 1024;
/// All that may be under way at once, and kept in memory for repetition.
const SEND_WINDOW_BYTES_MAX: u64 = 32 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_window_puts_on_a_path_is_next_to_nothing_where_that_is_short() {
        let of = |micros| on_the_path(1_000_000, Duration::from_micros(micros));
        assert_eq!([of(0), of(100), of(10_000), of(90_000)], [0, 9_900, 500_000, 900_000]);
    }
}
