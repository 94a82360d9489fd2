//! Whose turn it is.
//!
//! Tasks that could run now wait in lanes, one for each account and pair of endpoints, the oldest
//! first.
//! Of the lanes, that one goes first whose account was served longest ago at the lane's endpoints.
//! So at each endpoint the accounts take turns, however many tasks one of them has and whatever
//! else they do elsewhere.
//! A task that needs two endpoints could be overtaken for ever by tasks that need only one of them:
//! once it has waited long, free places at its endpoints are kept for it.

use std::collections::{BTreeMap, BTreeSet};

use outport_types::{AccountId, EndpointId, TaskId, UnixTime};

use super::words::Bounds;

/// Whose task it is, and between whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Lane {
    pub(super) owner: AccountId,
    pub(super) source: EndpointId,
    pub(super) destination: EndpointId,
}

/// A task in its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    number: u64,
    since: UnixTime,
    task: TaskId,
}

/// The queue of tasks that could run, and who holds how many places.
#[derive(Debug)]
pub(super) struct Turns {
    bounds: Bounds,
    lanes: BTreeMap<Lane, BTreeSet<Place>>,
    places: BTreeMap<TaskId, (Lane, Place)>,
    running_of_user: BTreeMap<AccountId, usize>,
    running_at: BTreeMap<EndpointId, usize>,
    /// When an account was last served at an endpoint, by [`Turns::number`].
    served: BTreeMap<(EndpointId, AccountId), u64>,
    number: u64,
}

impl Turns {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            lanes: BTreeMap::new(),
            places: BTreeMap::new(),
            running_of_user: BTreeMap::new(),
            running_at: BTreeMap::new(),
            served: BTreeMap::new(),
            number: 0,
        }
    }

    /// Puts a task in the queue, at the end of its lane.
    pub(super) fn join(&mut self, task: TaskId, lane: Lane, now: UnixTime) {
        if self.places.contains_key(&task) {
            return;
        }
        self.number += 1;
        let place = Place { number: self.number, since: now, task };
        self.places.insert(task, (lane, place));
        self.lanes.entry(lane).or_default().insert(place);
    }

    /// Takes a task out of the queue.
    pub(super) fn leave(&mut self, task: TaskId) {
        let Some((lane, place)) = self.places.remove(&task) else { return };
        if let Some(waiting) = self.lanes.get_mut(&lane) {
            waiting.remove(&place);
            if waiting.is_empty() {
                self.lanes.remove(&lane);
            }
        }
    }

    /// The task whose turn it is, with its places taken.
    pub(super) fn next(&mut self, now: UnixTime) -> Option<TaskId> {
        let mut order: Vec<_> = self
            .lanes
            .iter()
            .filter_map(|(lane, waiting)| {
                Some((self.turn(lane, waiting.first()?), lane, waiting.first()?))
            })
            .collect();
        order.sort();
        let mut kept = BTreeSet::new();
        let mut chosen = None;
        for (_, lane, place) in order {
            if self.bounds.sessions_per_user <= count(&self.running_of_user, &lane.owner) {
                continue;
            }
            let ends = lane.ends();
            let free = |end: &EndpointId| {
                count(&self.running_at, end) < self.bounds.sessions_per_endpoint
                    && !kept.contains(end)
            };
            if ends.iter().all(free) {
                chosen = Some((*lane, place.task));
                break;
            }
            if place.since.plus_seconds(KEEP_AFTER_SECONDS) <= now {
                kept.extend(ends);
            }
        }
        let (lane, task) = chosen?;
        self.leave(task);
        self.take(lane);
        Some(task)
    }

    /// Counts a session that goes on already, without a turn.
    pub(super) fn take(&mut self, lane: Lane) {
        self.number += 1;
        *self.running_of_user.entry(lane.owner).or_default() += 1;
        for end in lane.ends() {
            *self.running_at.entry(end).or_default() += 1;
            self.served.insert((end, lane.owner), self.number);
        }
    }

    /// Gives the places of an ended session back.
    pub(super) fn give_back(&mut self, lane: Lane) {
        decrease(&mut self.running_of_user, lane.owner);
        for end in lane.ends() {
            decrease(&mut self.running_at, end);
        }
    }

    /// Forgets when an account was served at an endpoint at which it has no tasks any more.
    pub(super) fn forget(&mut self, endpoint: EndpointId, owner: AccountId) {
        self.served.remove(&(endpoint, owner));
    }

    /// The smaller, the sooner.
    fn turn(&self, lane: &Lane, first: &Place) -> u64 {
        let served = lane.ends().into_iter().filter_map(|end| self.served.get(&(end, lane.owner)));
        served.copied().max().unwrap_or_default().max(first.number)
    }

    #[cfg(test)]
    pub(super) fn running_of(&self, owner: AccountId) -> usize {
        count(&self.running_of_user, &owner)
    }

    #[cfg(test)]
    pub(super) fn running_at(&self, endpoint: EndpointId) -> usize {
        count(&self.running_at, &endpoint)
    }
}

impl Lane {
    /// Its endpoints, each once.
    fn ends(&self) -> BTreeSet<EndpointId> {
        [self.source, self.destination].into()
    }
}

fn count<K: Ord>(counts: &BTreeMap<K, usize>, key: &K) -> usize {
    counts.get(key).copied().unwrap_or_default()
}

fn decrease<K: Ord>(counts: &mut BTreeMap<K, usize>, key: K) {
    if let Some(number) = counts.get_mut(&key) {
        *number -= 1;
        if *number == 0 {
            counts.remove(&key);
        }
    }
}

/// How long a task waits in the queue before free places are kept for it. Short against what
/// sessions last, long against the time in which a queue of small tasks moves.
const KEEP_AFTER_SECONDS: i64 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_take_turns_whatever_the_length_of_their_queues() {
        let mut turns = turns(1);
        for n in 0..100 {
            turns.join(task(n), lane(1, 1, 2), NOW);
        }
        for n in 100..103 {
            turns.join(task(n), lane(2, 1, 2), NOW);
        }
        let mut owners = Vec::new();
        for _ in 0..6 {
            let next = turns.next(NOW).unwrap();
            let owner = if next < task(100) { 1 } else { 2 };
            owners.push(owner);
            turns.give_back(lane(owner, 1, 2));
        }
        assert_eq!(owners, [1, 2, 1, 2, 1, 2]);
    }

    #[test]
    fn work_elsewhere_does_not_cost_a_turn_here() {
        let mut turns = turns(1);
        turns.take(lane(1, 1, 1)); // one session of the first account holds the only place at 1
        for n in 0..10 {
            turns.join(task(n), lane(1, 1, 1), NOW);
        }
        turns.join(task(50), lane(2, 1, 1), NOW);
        for n in 60..70 {
            turns.join(task(n), lane(2, 2, 2), NOW);
            assert_eq!(turns.next(NOW), Some(task(n)), "the second account is served at 2");
            turns.give_back(lane(2, 2, 2));
        }
        turns.give_back(lane(1, 1, 1));
        assert_eq!(turns.next(NOW), Some(task(0)), "the first account asked first");
        turns.give_back(lane(1, 1, 1));
        assert_eq!(turns.next(NOW), Some(task(50)), "then the second has its turn at 1");
    }

    #[test]
    fn a_task_between_two_busy_endpoints_is_not_overtaken_for_ever() {
        let mut turns = turns(1);
        turns.take(lane(2, 1, 1));
        turns.take(lane(3, 2, 2));
        turns.join(task(200), lane(1, 1, 2), NOW);
        let mut now = NOW;
        let mut n = 0;
        for round in 0..40 {
            // Both endpoints are kept busy with small tasks that end in turn, never both at once.
            let (owner, end) = if round % 2 == 0 { (2, 1) } else { (3, 2) };
            now = now.plus_seconds(10);
            n += 1;
            turns.join(task(n), lane(owner, end, end), now);
            turns.give_back(lane(owner, end, end));
            match turns.next(now) {
                Some(next) if next == task(200) => return,
                Some(_) | None => {}
            }
        }
        panic!("starved");
    }

    #[test]
    fn an_account_at_its_bound_keeps_nobody_waiting() {
        let bounds = Bounds { sessions_per_user: 1, sessions_per_endpoint: 5 };
        let mut turns = Turns::new(bounds);
        turns.join(task(1), lane(1, 1, 2), NOW);
        turns.join(task(2), lane(1, 1, 2), NOW);
        turns.join(task(3), lane(2, 1, 2), NOW);
        assert_eq!(turns.next(NOW), Some(task(1)));
        let later = NOW.plus_seconds(1000);
        assert_eq!(turns.next(later), Some(task(3)));
        assert_eq!(turns.next(later), None);
        assert_eq!((turns.running_of(account(1)), turns.running_at(end(1))), (1, 2));
    }

    const NOW: UnixTime = UnixTime::from_seconds(1000);

    fn turns(sessions_per_endpoint: usize) -> Turns {
        Turns::new(Bounds { sessions_per_user: 100, sessions_per_endpoint })
    }

    fn lane(owner: u8, source: u8, destination: u8) -> Lane {
        Lane { owner: account(owner), source: end(source), destination: end(destination) }
    }

    fn account(n: u8) -> AccountId {
        AccountId::from_bytes([n; 16])
    }

    fn end(n: u8) -> EndpointId {
        EndpointId::from_bytes([n; 16])
    }

    fn task(n: u8) -> TaskId {
        TaskId::from_bytes([n; 16])
    }
}
