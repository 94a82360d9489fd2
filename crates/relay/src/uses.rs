//! What each user had forwarded today, where the hub reads it: to keep it over a restart, and to say
//! who has nothing left.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use outport_types::AccountId;

/// The day so far, as the port tells it every second.
#[derive(Debug, Default)]
pub(crate) struct Uses(Mutex<Today>);

#[derive(Debug, Default)]
struct Today {
    day: u64,
    bytes: BTreeMap<AccountId, u64>,
    changed: BTreeSet<AccountId>,
}

/// Bytes of users on one day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayUses {
    /// The day in the world's time, by number.
    pub day: u64,
    /// All that each of them had forwarded on it.
    pub bytes: Vec<(AccountId, u64)>,
}

impl Uses {
    /// A day began, and nobody has had anything.
    pub(crate) fn begin(&self, day: u64) {
        *self.locked() = Today { day, ..Today::default() };
    }

    /// Takes in what users had by now.
    pub(crate) fn note(&self, had: impl Iterator<Item = (AccountId, u64)>) {
        let mut today = self.locked();
        for (user, bytes) in had {
            if USERS_MAX <= today.bytes.len() && !today.bytes.contains_key(&user) {
                continue;
            }
            today.bytes.insert(user, bytes);
            today.changed.insert(user);
        }
    }

    /// What a user had today.
    pub(crate) fn of(&self, user: AccountId) -> u64 {
        self.locked().bytes.get(&user).copied().unwrap_or(0)
    }

    /// When the day ends, in seconds of the world's time.
    pub(crate) fn day_ends(&self) -> u64 {
        (self.locked().day + 1) * DAY_SECONDS
    }

    /// What changed since this was asked last.
    pub(crate) fn changed(&self) -> DayUses {
        let mut today = self.locked();
        let changed = std::mem::take(&mut today.changed);
        let bytes = changed.into_iter().filter_map(|user| Some((user, *today.bytes.get(&user)?)));
        DayUses { day: today.day, bytes: bytes.collect() }
    }

    fn locked(&self) -> MutexGuard<'_, Today> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A day of the world's time.
pub(crate) const DAY_SECONDS: u64 = 86_400;
/// More than one relay's line serves in a day.
const USERS_MAX: usize = 100_000;
