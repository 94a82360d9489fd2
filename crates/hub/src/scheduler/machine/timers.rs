//! What wakes the machine up, and when.

use std::collections::{BTreeMap, BTreeSet};

use outport_types::{SessionId, TaskId, UnixTime};

/// What a timer is for; each can be set once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// The task has to be finished.
    Deadline(TaskId),
    /// The next try of a task.
    BackOff(TaskId),
    /// The lease is to be renewed.
    Renew(SessionId),
    /// The lease is over.
    Lease(SessionId),
    /// The link has to be up.
    Connect(SessionId),
    /// The report of a session that is done has to be here.
    Report(SessionId),
}

/// A table of timers.
#[derive(Debug, Default)]
pub(super) struct Timers {
    at: BTreeMap<Timer, UnixTime>,
    queue: BTreeSet<(UnixTime, Timer)>,
}

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: UnixTime) {
        self.clear(timer);
        self.at.insert(timer, at);
        self.queue.insert((at, timer));
    }

    pub(super) fn clear(&mut self, timer: Timer) {
        if let Some(at) = self.at.remove(&timer) {
            self.queue.remove(&(at, timer));
        }
    }

    pub(super) fn is_set(&self, timer: Timer) -> bool {
        self.at.contains_key(&timer)
    }

    /// The earliest timer that is due, taken out.
    pub(super) fn pop(&mut self, now: UnixTime) -> Option<Timer> {
        let (at, timer) = *self.queue.first()?;
        if now < at {
            return None;
        }
        self.clear(timer);
        Some(timer)
    }

    pub(super) fn next(&self) -> Option<UnixTime> {
        self.queue.first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_fire_in_order_once_and_can_be_moved() {
        let mut timers = Timers::default();
        let task = |n| Timer::Deadline(TaskId::from_bytes([n; 16]));
        let at = UnixTime::from_seconds;
        timers.set(task(1), at(10));
        timers.set(task(2), at(20));
        timers.set(task(1), at(30));
        assert_eq!(timers.next(), Some(at(20)));
        assert_eq!(timers.pop(at(19)), None);
        assert_eq!(timers.pop(at(99)), Some(task(2)));
        assert_eq!(timers.pop(at(99)), Some(task(1)));
        timers.clear(task(1));
        assert_eq!((timers.pop(at(99)), timers.next()), (None, None));
    }
}
