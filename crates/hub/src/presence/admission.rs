//! How many agents may shake hands at the same time.
//!
//! After a restart of the hub all agents come back at once; what they cost it (signatures, reads,
//! writes) is bounded, and the others are told to come back in a few seconds.
//! No address gets more than half of the places, so that one that dribbles cannot shut out all
//! others.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::limiter::address_key;

/// The places for handshakes; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Admission(Arc<Mutex<Places>>);

#[derive(Debug, Default)]
struct Places {
    taken: usize,
    most: usize,
    of_address: HashMap<String, usize>,
}

/// A place in the handshake; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    admission: Admission,
    address: String,
}

impl Admission {
    /// Takes a place for a client at `address`, if there is one.
    pub(crate) fn enter(&self, address: IpAddr) -> Option<Place> {
        let address = address_key(address);
        let mut places = self.lock();
        let of_address = places.of_address.get(&address).copied().unwrap_or_default();
        if HANDSHAKES_MAX <= places.taken || HANDSHAKES_PER_ADDRESS_MAX <= of_address {
            return None;
        }
        places.taken += 1;
        places.most = places.most.max(places.taken);
        places.of_address.insert(address.clone(), of_address + 1);
        drop(places);
        Some(Place { admission: self.clone(), address })
    }

    /// The most handshakes that ever went on at once.
    pub(crate) fn most(&self) -> usize {
        self.lock().most
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.admission.lock();
        places.taken -= 1;
        if let Some(count) = places.of_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                places.of_address.remove(&self.address);
            }
        }
    }
}

/// Handshakes at the same time. One costs some milliseconds of a processor and two short reads, so
/// a thousand agents pass in a few seconds, and the hub stays quick for everybody else.
pub(crate) const HANDSHAKES_MAX: usize = 64;
/// Handshakes of one address at the same time.
pub(crate) const HANDSHAKES_PER_ADDRESS_MAX: usize = HANDSHAKES_MAX / 2;
/// Who finds no place comes back after so many seconds, or up to twice as many.
pub(crate) const COME_BACK_SECONDS: u64 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_never_takes_all_places() {
        let admission = Admission::default();
        let greedy = "192.0.2.1".parse().unwrap();
        let held: Vec<_> = std::iter::from_fn(|| admission.enter(greedy)).collect();
        assert_eq!(held.len(), HANDSHAKES_PER_ADDRESS_MAX);
        let other = admission.enter("192.0.2.2".parse().unwrap());
        assert!(other.is_some());
        drop(held);
        assert!(admission.enter(greedy).is_some());
        assert_eq!(admission.most(), HANDSHAKES_PER_ADDRESS_MAX + 1);
    }
}
