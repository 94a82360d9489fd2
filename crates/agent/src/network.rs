//! Notices that the computer woke from sleep or changed its network.

use std::{
    collections::BTreeSet,
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::power::Surroundings;

/// Something happened after which connections may be dead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NetworkEvent {
    /// The computer slept.
    Woke {
        /// How long the steady clock stood still meanwhile.
        slept: Duration,
    },
    /// The computer has other addresses than before.
    Changed {
        /// All that it has now.
        addresses: BTreeSet<IpAddr>,
        /// Whether it lost one that it had.
        lost: bool,
    },
}

/// Looks every [`LOOK_EVERY`], until `stop`; dead connections are then redialled within seconds
/// instead of when their timers notice.
pub(crate) async fn watch(
    surroundings: Arc<dyn Surroundings>,
    events: mpsc::Sender<NetworkEvent>,
    stop: CancellationToken,
) {
    let mut last = Look::now(&*surroundings).await;
    while stop.run_until_cancelled(sleep(LOOK_EVERY)).await.is_some() {
        let look = Look::now(&*surroundings).await;
        for event in look.since(&last) {
            if events.send(event).await.is_err() {
                return;
            }
        }
        last = look;
    }
}

#[derive(Clone, Debug)]
struct Look {
    steady: Instant,
    wall: SystemTime,
    addresses: Option<BTreeSet<IpAddr>>,
}

impl Look {
    async fn now(surroundings: &dyn Surroundings) -> Self {
        let addresses = crate::blocking(addresses).await;
        Self { steady: Instant::now(), wall: surroundings.wall_clock(), addresses }
    }

    fn since(&self, last: &Self) -> Vec<NetworkEvent> {
        let steady = self.steady.saturating_duration_since(last.steady);
        let wall = self.wall.duration_since(last.wall).unwrap_or_default();
        let slept = wall.saturating_sub(steady);
        let mut events = Vec::new();
        // Some systems' steady clocks go on during sleep: there the look itself comes late.
        if SLEEP_MIN < slept || LOOK_EVERY + SLEEP_MIN < steady {
            events.push(NetworkEvent::Woke { slept });
        }
        if let (Some(now), Some(before)) = (&self.addresses, &last.addresses)
            && now != before
        {
            let lost = !before.is_subset(now);
            events.push(NetworkEvent::Changed { addresses: now.clone(), lost });
        }
        events
    }
}

/// The addresses that others may reach; `None` when the system does not tell.
fn addresses() -> Option<BTreeSet<IpAddr>> {
    let interfaces = if_addrs::get_if_addrs().ok()?;
    Some(interfaces.iter().filter(|it| !it.is_loopback()).map(if_addrs::Interface::ip).collect())
}

/// Quick enough for "within seconds", rare enough not to wake a laptop's processor noticeably.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A starved computer is late by less, and a nap that is shorter breaks nothing.
const SLEEP_MIN: Duration = Duration::from_secs(8);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_shows_as_clocks_that_part_or_as_a_late_look() {
        let start = look();
        let later = |steady, wall| Look {
            steady: start.steady + Duration::from_secs(steady),
            wall: start.wall + Duration::from_secs(wall),
            ..start.clone()
        };
        assert_eq!(later(2, 2).since(&start), []);
        assert_eq!(later(5, 7).since(&start), []);
        let slept = Duration::from_secs(3600);
        assert_eq!(later(2, 3602).since(&start), [NetworkEvent::Woke { slept }]);
        let slept = Duration::ZERO;
        assert_eq!(later(3602, 3602).since(&start), [NetworkEvent::Woke { slept }]);
        let set_back = Look { wall: SystemTime::UNIX_EPOCH, ..later(2, 2) };
        assert_eq!(set_back.since(&start), []);
    }

    #[test]
    fn other_addresses_are_a_change_and_a_silent_system_is_none() {
        let start = look();
        let addresses = BTreeSet::from([IpAddr::from([192, 0, 2, 7])]);
        let moved = Look { addresses: Some(addresses.clone()), ..start.clone() };
        let both = addresses.union(start.addresses.as_ref().unwrap()).copied().collect();
        assert_eq!(moved.since(&start), [NetworkEvent::Changed { addresses, lost: true }]);
        let more = Look { addresses: Some(both), ..start.clone() };
        let addresses = more.addresses.clone().unwrap();
        assert_eq!(more.since(&start), [NetworkEvent::Changed { addresses, lost: false }]);
        let silent = Look { addresses: None, ..start.clone() };
        assert_eq!(silent.since(&start), []);
        assert_eq!(start.since(&silent), []);
    }

    fn look() -> Look {
        Look {
            steady: Instant::now(),
            wall: SystemTime::now(),
            addresses: Some(BTreeSet::from([IpAddr::from([192, 0, 2, 1])])),
        }
    }
}
