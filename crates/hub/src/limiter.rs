//! Growing pauses for those who guess.
//!
//! Every attempt counts when it begins, so that many at once gain nothing, and is forgiven when it
//! turns out right.
//! A key (an address, an account) has some attempts free; each further one makes it wait twice as
//! long as the one before, up to a maximum, and time heals: after a quiet while all is forgotten.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use outport_types::UnixTime;

use crate::clock::Clock;

/// What is attempted; each kind is counted on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Attempt {
    /// A password for an account, from a browser that never signed in to it.
    PasswordOfAccount,
    /// A password for an account, from a browser that signed in to it before.
    PasswordOfKnownBrowser,
    /// Any secret that an address presents: password, client secret, one-time link.
    SecretFromAddress,
    /// A code typed on the device page.
    DeviceCode,
    /// A client secret, by client and address together.
    ClientSecret,
    /// A setup key.
    SetupKey,
    /// Something that anybody may make without signing in: clients, device codes, accounts.
    AnonymousCreation,
    /// A place-holder identity.
    Provision,
}

/// How long to wait before trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany {
    pub(crate) retry_after: Duration,
}

/// What one kind of attempt is allowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) free: u32,
    pub(crate) pause_max: Duration,
}

/// Counts attempts by kind and key.
#[derive(Debug)]
pub(crate) struct Limiter {
    clock: Clock,
    rules: fn(&crate::config::Limits, Attempt) -> Rule,
    limits: crate::config::Limits,
    seen: Mutex<HashMap<(Attempt, String), Seen>>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    count: u32,
    last: UnixTime,
    free_at: UnixTime,
}

impl Limiter {
    pub(crate) fn new(limits: crate::config::Limits, clock: Clock) -> Self {
        Self { clock, rules, limits, seen: Mutex::default() }
    }

    /// Counts an attempt, or refuses it.
    pub(crate) fn attempt(&self, attempt: Attempt, key: &str) -> Result<(), TooMany> {
        let now = self.clock.now();
        let rule = (self.rules)(&self.limits, attempt);
        let key = (attempt, key.to_owned());
        let mut seen = self.lock();
        if KEYS_MAX <= seen.len() && !seen.contains_key(&key) {
            forget_oldest(&mut seen);
        }
        count(seen.entry(key), rule, now)
    }

    /// Forgets the attempts of a key that turned out to be right.
    pub(crate) fn forgive(&self, attempt: Attempt, key: &str) {
        self.lock().remove(&(attempt, key.to_owned()));
    }

    /// Takes back one attempt that was right, without wiping out the wrong ones before it.
    pub(crate) fn take_back(&self, attempt: Attempt, key: &str) {
        if let Some(seen) = self.lock().get_mut(&(attempt, key.to_owned())) {
            seen.count = seen.count.saturating_sub(1);
            seen.free_at = UnixTime::default();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(Attempt, String), Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The key under which an address is counted: one customer of an IPv6 provider has a whole /64.
pub(crate) fn address_key(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// Makes room for a while, so that a flood of keys does not mean a search for each of them.
fn forget_oldest(seen: &mut HashMap<(Attempt, String), Seen>) {
    let mut ages: Vec<i64> = seen.values().map(|seen| seen.last.millis()).collect();
    let mut spare = KEYS_FORGOTTEN;
    let (_, cut, _) = ages.select_nth_unstable(KEYS_FORGOTTEN - 1);
    let cut = *cut;
    seen.retain(|_, seen| {
        let forget = 0 < spare && seen.last.millis() <= cut;
        spare -= usize::from(forget);
        !forget
    });
}

fn count(
    entry: std::collections::hash_map::Entry<'_, (Attempt, String), Seen>,
    rule: Rule,
    now: UnixTime,
) -> Result<(), TooMany> {
    let fresh = Seen { count: 0, last: now, free_at: UnixTime::default() };
    let seen = entry.or_insert(fresh);
    if seen.last.plus_seconds(FORGET_SECONDS) <= now {
        *seen = fresh;
    }
    if now < seen.free_at {
        let wait_ms = seen.free_at.millis().saturating_sub(now.millis());
        return Err(TooMany { retry_after: Duration::from_millis(wait_ms.unsigned_abs()) });
    }
    seen.last = now;
    seen.count = seen.count.saturating_add(1);
    if rule.free <= seen.count {
        let doublings = (seen.count - rule.free).min(16);
        let pause = Duration::from_secs(1 << doublings).min(rule.pause_max);
        seen.free_at = now.plus_seconds(pause.as_secs().cast_signed());
    }
    Ok(())
}

fn rules(limits: &crate::config::Limits, attempt: Attempt) -> Rule {
    let account_pause = Duration::from_secs(limits.account_pause_seconds.into());
    let address_pause = Duration::from_secs(limits.address_pause_seconds.into());
    match attempt {
        Attempt::PasswordOfAccount | Attempt::PasswordOfKnownBrowser => {
            Rule { free: limits.guesses_per_account, pause_max: account_pause }
        }
        Attempt::SecretFromAddress | Attempt::DeviceCode | Attempt::SetupKey => {
            Rule { free: limits.guesses_per_address, pause_max: address_pause }
        }
        // Many processes of one application may come at once; its secrets are beyond guessing.
        Attempt::ClientSecret => Rule { free: 1000, pause_max: account_pause },
        // A course that begins has a hundred people behind one address.
        Attempt::AnonymousCreation => Rule { free: 300, pause_max: address_pause },
        Attempt::Provision => Rule { free: 500, pause_max: address_pause },
    }
}

/// How many keys are remembered; about 10 MB.
const KEYS_MAX: usize = 50_000;
/// How many of them make room when there are too many.
const KEYS_FORGOTTEN: usize = KEYS_MAX / 10;
/// After this quiet time, a key starts anew.
const FORGET_SECONDS: i64 = 3600;

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter() -> (Limiter, Clock) {
        let clock = Clock::system();
        (Limiter::new(crate::config::Limits::default(), clock.clone()), clock)
    }

    #[test]
    fn pauses_grow_and_end() {
        let (limiter, clock) = limiter();
        let attempt = || limiter.attempt(Attempt::SecretFromAddress, "192.0.2.1");
        for _ in 0..20 {
            assert!(attempt().is_ok());
        }
        let mut waits = Vec::new();
        for _ in 0..12 {
            let wait = attempt().unwrap_err().retry_after;
            waits.push(wait.as_secs_f64().ceil() as i64);
            clock.advance_seconds(waits[waits.len() - 1]);
            assert!(attempt().is_ok());
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert!(limiter.attempt(Attempt::SecretFromAddress, "192.0.2.2").is_ok());
        clock.advance_seconds(FORGET_SECONDS);
        assert!(attempt().is_ok() && attempt().is_ok());
    }

    #[test]
    fn strangers_cannot_lock_an_account_for_long_nor_its_known_browser_at_all() {
        let (limiter, clock) = limiter();
        for _ in 0..50 {
            if let Err(pause) = limiter.attempt(Attempt::PasswordOfAccount, "smith") {
                assert!(pause.retry_after.as_secs() <= 30);
                clock.advance_seconds(pause.retry_after.as_secs().cast_signed() + 1);
            }
        }
        assert!(limiter.attempt(Attempt::PasswordOfKnownBrowser, "smith").is_ok());
    }

    #[test]
    fn a_right_attempt_is_forgiven() {
        let (limiter, _) = limiter();
        for _ in 0..100 {
            assert!(limiter.attempt(Attempt::DeviceCode, "a").is_ok());
            limiter.take_back(Attempt::DeviceCode, "a");
            assert!(limiter.attempt(Attempt::SetupKey, "a").is_ok());
            limiter.forgive(Attempt::SetupKey, "a");
        }
    }

    #[test]
    fn a_flood_of_keys_locks_nobody_out_and_forgets_the_oldest() {
        let (limiter, clock) = limiter();
        let guess = |key: &str| limiter.attempt(Attempt::SecretFromAddress, key);
        for n in 0..KEYS_MAX {
            assert!(guess(&format!("flood {n}")).is_ok());
        }
        clock.advance_seconds(1);
        // Twenty free ones, then ten more, each after its pause.
        for _ in 0..40 {
            if let Err(pause) = guess("guesser") {
                clock.advance_seconds(pause.retry_after.as_secs().cast_signed() + 1);
            }
        }
        assert!(guess("guesser").is_err(), "for minutes");
        for n in 0..2 * KEYS_FORGOTTEN {
            assert!(guess(&format!("more {n}")).is_ok(), "everybody is counted alone");
        }
        assert!(guess("guesser").is_err(), "a key that is in use is not forgotten");
        assert!(limiter.lock().len() <= KEYS_MAX);
    }

    #[test]
    fn neighbours_in_one_ipv6_network_count_as_one() {
        let key = |text: &str| address_key(text.parse().unwrap());
        assert_eq!(key("2001:db8::1"), key("2001:db8::2"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
