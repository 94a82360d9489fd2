//! How what a session travels over does, looked at now and then.

use std::{convert::Infallible, time::Duration};

use outport_link::{LinkHandle, LinkStats};
use outport_protocol::ticket::Role;
use outport_types::{Line, SessionId};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use super::SessionEvent;

/// Tells of a link for as long as it is polled.
pub(super) async fn watch_line(
    link: LinkHandle,
    session: SessionId,
    role: Role,
    events: &mpsc::Sender<(SessionId, SessionEvent)>,
) -> Infallible {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut lost, mut told) = (Lost::default(), None);
    loop {
        looks.tick().await;
        let stats = link.stats();
        let share = lost.lately(&stats);
        let line = Line {
            rtt_us: u32::try_from(stats.rtt.as_micros()).unwrap_or(u32::MAX),
            // What the other side sends gets lost before it is here.
            lost_ppm: share.filter(|_| role == Role::Sender),
            connections: stats.connections,
        }
        .rounded();
        if told.replace(line) != Some(line) {
            events.send((session, SessionEvent::Line(line))).await.ok();
        }
    }
}

/// Packets that were sent and lost lately: what was counted before weighs less with every look.
#[derive(Debug, Default)]
struct Lost {
    counted: (u64, u64),
    sent: f64,
    lost: f64,
}

impl Lost {
    /// Takes account of what was counted since the last look; of a million packets, how many got lost.
    fn lately(&mut self, stats: &LinkStats) -> Option<u32> {
        let (sent, lost) = (stats.sent_packets, stats.lost_packets);
        let before = std::mem::replace(&mut self.counted, (sent, lost));
        self.sent = self.sent * KEPT + sent.saturating_sub(before.0) as f64;
        self.lost = self.lost * KEPT + lost.saturating_sub(before.1) as f64;
        let share = (self.lost / self.sent).clamp(0.0, 1.0);
        (stats.route.is_quic() && PACKETS_MIN <= self.sent).then_some((share * 1e6) as u32)
    }
}

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How much of what was counted still weighs a second later: some ten seconds are looked at.
const KEPT: f64 = 0.9;
/// Fewer packets say nothing of losses.
const PACKETS_MIN: f64 = 100.0;

#[cfg(test)]
mod tests {
    use outport_types::Route;

    use super::*;

    fn stats(route: Route, sent_packets: u64, lost_packets: u64) -> LinkStats {
        LinkStats { sent_packets, lost_packets, ..LinkStats::still(route) }
    }

    #[test]
    fn losses_are_those_of_the_last_seconds() {
        let mut lost = Lost::default();
        assert_eq!(lost.lately(&stats(Route::Direct, 50, 25)), None, "too few");
        let tenth = lost.lately(&stats(Route::Direct, 10_050, 1_025));
        assert!(tenth.is_some_and(|lost| lost.abs_diff(100_000) < 2_000), "{tenth:?}");
        for second in 2..60 {
            lost.lately(&stats(Route::Direct, 10_050 * second, 1_025));
        }
        assert!(lost.lately(&stats(Route::Direct, 700_000, 1_025)).is_some_and(|lost| lost < 300));
        assert_eq!(lost.lately(&stats(Route::Tcp, 800_000, 1_025)), None, "the system repeats");
    }
}
