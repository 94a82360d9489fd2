//! How many answers one source may have.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

/// Counts the answers to each source in periods of time.
///
/// Memory is bounded: when too many sources were seen in one period, all share one more allowance,
/// so that a flood from made-up addresses costs the answers of strangers, never memory.
#[derive(Debug)]
pub(crate) struct Limiter {
    answers_max: u32,
    period: u64,
    seen: BTreeMap<IpAddr, u32>,
    others: u32,
}

impl Limiter {
    /// Lets each source have so many answers in ten seconds.
    pub(crate) fn new(answers_max: u32) -> Self {
        Self { answers_max, period: 0, seen: BTreeMap::new(), others: 0 }
    }

    /// Whether `source` may be answered at `now`, the time since the start.
    pub(crate) fn allows(&mut self, source: IpAddr, now: Duration) -> bool {
        let period = now.as_secs() / PERIOD_SECONDS;
        if period != self.period {
            *self = Self { period, ..Self::new(self.answers_max) };
        }
        let source = network_of(source);
        let full = SOURCES_MAX <= self.seen.len() && !self.seen.contains_key(&source);
        let (count, max) = if full {
            (&mut self.others, OTHERS_MAX)
        } else {
            (self.seen.entry(source).or_default(), self.answers_max)
        };
        *count = count.saturating_add(1);
        *count <= max
    }
}

/// One customer of a provider: an IPv4 address, or an IPv6 network, which has addresses without number.
fn network_of(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V4(ip) => ip.into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64)).into(),
    }
}

const PERIOD_SECONDS: u64 = 10;
/// Sources remembered in a period, some megabytes.
const SOURCES_MAX: usize = 50_000;
/// Answers for all sources beyond those.
const OTHERS_MAX: u32 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWERS_MAX: u32 = 200;

    #[test]
    fn one_source_is_answered_so_often_and_others_still_are() {
        let mut limiter = Limiter::new(ANSWERS_MAX);
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let answered = (0..1000).filter(|_| limiter.allows(one, Duration::ZERO)).count();
        assert_eq!(answered, ANSWERS_MAX as usize);
        assert!(limiter.allows(other, Duration::ZERO));
        assert!(limiter.allows(one, Duration::from_secs(PERIOD_SECONDS)));
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_source() {
        let mut limiter = Limiter::new(ANSWERS_MAX);
        let answered = (0..1000_u128).filter(|n| {
            let ip = Ipv6Addr::from_bits((0x2001_0db8_u128 << 96) | n);
            limiter.allows(ip.into(), Duration::ZERO)
        });
        assert_eq!(answered.count(), ANSWERS_MAX as usize);
    }

    #[test]
    fn a_flood_of_sources_takes_bounded_memory_and_bounded_answers() {
        let mut limiter = Limiter::new(ANSWERS_MAX);
        let answered = (0..100_000_u32)
            .filter(|n| limiter.allows(IpAddr::from(n.to_be_bytes()), Duration::ZERO));
        assert_eq!(answered.count(), SOURCES_MAX + OTHERS_MAX as usize);
        assert_eq!(limiter.seen.len(), SOURCES_MAX);
    }
}
