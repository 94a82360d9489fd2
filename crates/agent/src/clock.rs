//! The time of this computer, and the hub's.

use std::time::{Duration, SystemTime};

use outport_types::UnixTime;
use tokio::time::Instant;

/// The time of this computer: for what people see, never for leases.
pub(crate) fn local_now() -> UnixTime {
    match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => UnixTime {
            seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            nanos: since.subsec_nanos(),
        },
        Err(_) => UnixTime::default(),
    }
}

/// The hub's time, as learnt on the control channel and carried on by this computer's steady clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HubClock {
    at: Instant,
    hub_time: UnixTime,
}

impl HubClock {
    /// Sets the clock by what the hub just said.
    pub(crate) fn set(hub_time: UnixTime, now: Instant) -> Self {
        Self { at: now, hub_time }
    }

    /// Adds time that the steady clock slept through.
    pub(crate) fn slept(&mut self, time: Duration) {
        self.hub_time =
            self.hub_time.plus_seconds(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
    }

    /// The hub's time.
    pub(crate) fn hub_time(&self, now: Instant) -> UnixTime {
        let since = now.saturating_duration_since(self.at);
        let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        UnixTime::from_millis(self.hub_time.millis().saturating_add(millis))
    }

    /// When, by the steady clock, the hub's clock will say `moment`.
    pub(crate) fn instant_of(&self, moment: UnixTime) -> Instant {
        let ahead = moment.millis().saturating_sub(self.hub_time.millis());
        let ahead = Duration::from_millis(u64::try_from(ahead).unwrap_or(0));
        self.at + ahead.min(FAR)
    }
}

/// Further ahead than any lease; keeps sums inside what an instant can hold.
const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hub_time_goes_on_by_the_steady_clock() {
        let start = Instant::now();
        let mut clock = HubClock::set(UnixTime::from_seconds(1000), start);
        let later = start + Duration::from_secs(30);
        assert_eq!(clock.hub_time(later), UnixTime::from_seconds(1030));
        assert_eq!(clock.instant_of(UnixTime::from_seconds(1030)), later);
        assert_eq!(clock.instant_of(UnixTime::from_seconds(1)), start);
        clock.slept(Duration::from_secs(3600));
        assert_eq!(clock.hub_time(later), UnixTime::from_seconds(4630));
    }
}
