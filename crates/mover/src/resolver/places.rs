//! Looking up where rules stand, so that a drive that does not answer holds up nobody else.
//!
//! Each path is looked up in a thread of its own, which nobody waits for longer than
//! [`PATIENCE`]: a call to a dead network drive can last for ever and cannot be called off. As long
//! as one lasts, its path has no second one, and what was known of it before stands.

use std::{
    collections::BTreeMap,
    fmt, io,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use outport_types::CollectionPath;

use super::anchors::Seen;

/// What is known of the paths of rules, for all who follow the same rules.
pub(crate) struct Places {
    known: Mutex<BTreeMap<CollectionPath, Known>>,
    /// Told when a look is over.
    seen: Condvar,
    look: Look,
    patience: Duration,
}

/// How a path is looked up.
pub(super) type Look = Box<dyn Fn(&CollectionPath) -> Seen + Send + Sync>;

/// What is known of one path.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// What stood there when it last answered; `None` when it never has.
    pub(super) seen: Option<Arc<Seen>>,
    /// It does not answer now.
    pub(super) hangs: bool,
}

#[derive(Debug, Default)]
struct Known {
    /// The last answer, and when it was asked for.
    last: Option<(Arc<Seen>, Instant)>,
    /// When the look that is going on began.
    looking: Option<Instant>,
}

impl Places {
    pub(crate) fn new() -> Self {
        Self::with(Box::new(Seen::look), PATIENCE)
    }

    pub(super) fn with(look: Look, patience: Duration) -> Self {
        Self { known: Mutex::default(), seen: Condvar::new(), look, patience }
    }

    /// Looks all of `paths` up anew, and waits a while for the answers.
    pub(super) fn look(self: &Arc<Self>, paths: &[&CollectionPath]) -> Vec<Answer> {
        let since = Instant::now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // What no rule names any more is forgotten.
        known.retain(|path, place| place.looking.is_some() || paths.contains(&path));
        loop {
            let mut is_open = false;
            for path in paths.iter().copied() {
                let place = known.entry(path.clone()).or_default();
                if place.is_known(since) {
                    continue;
                }
                match place.looking {
                    Some(began) => is_open |= began.elapsed() < self.patience,
                    None => {
                        let began = Instant::now();
                        if self.start(path, began).is_ok() {
                            place.looking = Some(began);
                            is_open = true;
                        }
                    }
                }
            }
            let left = self.patience.saturating_sub(since.elapsed());
            if !is_open || left.is_zero() {
                break;
            }
            known = self.seen.wait_timeout(known, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let answer = |path: &CollectionPath| {
            let place = known.get(path);
            Answer {
                seen: place.and_then(|place| place.last.as_ref()).map(|(seen, _)| seen.clone()),
                hangs: !place.is_some_and(|place| place.is_known(since)),
            }
        };
        paths.iter().copied().map(answer).collect()
    }

    /// Looks one path up in a thread that nobody has to wait for.
    fn start(self: &Arc<Self>, path: &CollectionPath, began: Instant) -> io::Result<()> {
        let (places, path) = (self.clone(), path.clone());
        let look = move || {
            let seen = Arc::new((places.look)(&path));
            let mut known = places.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(place) = known.get_mut(&path) {
                *place = Known { last: Some((seen, began)), looking: None };
            }
            drop(known);
            places.seen.notify_all();
        };
        std::thread::Builder::new().name("outport-look".into()).spawn(look).map(drop)
    }
}

impl Known {
    fn is_known(&self, since: Instant) -> bool {
        self.last.as_ref().is_some_and(|(_, began)| since <= *began)
    }
}

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Places").field("known", &self.known).finish_non_exhaustive()
    }
}

/// How long a disk may take to answer before it counts as dead; those that sleep are slow.
const PATIENCE: Duration = Duration::from_secs(3);
