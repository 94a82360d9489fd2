//! What stands at the destination and not at the source: found directory by directory, removed at
//! the very end.
//!
//! 1. Only a directory that the sender read to its end, and of which it told every name, is searched,
//!    and only after everything in it was looked at. An empty item is searched, but what is found there
//!    fails the task unless the orders allow it: its drive may not be connected.
//! 2. What is found is kept by the shell, on its disk, until the end.
//! 3. Nothing is removed before every entry of the manifest is settled, and nothing at all when anything
//!    failed.
//! 4. A later session finds all of it anew; nothing that an earlier one found is believed.

use std::collections::HashMap;

use outport_types::Code;

use super::{
    Ending, Mode, Receiver,
    effect::{ExtraLeft, ReceiverEffect},
    manifest::{NAMES_MAX, TooMany},
    sums,
};
use crate::{
    journal::{Failure, Record},
    session::{
        EffectId, Fault,
        dir::{Dir, NameHash},
    },
};

#[derive(Debug, Default)]
pub(super) struct ExtrasFound {
    searching: HashMap<EffectId, Search>,
    found: u64,
}

#[derive(Debug)]
struct Search {
    dir: Dir,
    /// How many names it has at the source.
    names: usize,
}

impl ExtrasFound {
    pub(super) fn any(&self) -> bool {
        0 < self.found
    }

    pub(super) fn forget(&mut self) {
        self.found = 0;
    }
}

impl Receiver {
    /// Looks for what else stands in a directory all of whose names came.
    pub(super) fn find_extras(&mut self, number: u64, names: Result<Vec<NameHash>, TooMany>) {
        let Some(dir) = self.manifest.expect_in(number) else {
            return self.manifest.forget_names(Some(names));
        };
        match names {
            Ok(mut names) => {
                names.sort_unstable();
                let id = self.ids.next();
                let search = Search { dir: dir.clone(), names: names.len() };
                self.extras.searching.insert(id, search);
                self.effects.push_back(ReceiverEffect::FindExtras { id, dir, names });
            }
            Err(TooMany) => {
                if let Some(place) = dir.place() {
                    let fault = Fault::never(Code::ListingTooLong, NAMES_MAX.to_string());
                    self.fail(&place, fault, true);
                }
                self.settled_in(&dir);
            }
        }
    }

    pub(super) fn extras_found(&mut self, id: EffectId, result: Result<u64, Fault>) {
        let Some(Search { dir, names }) = self.extras.searching.remove(&id) else { return };
        self.manifest.names_searched(names);
        if let Some(place) = dir.place() {
            let is_empty = place.name.is_none() && names == 0;
            let is_allowed = self.config.orders.options.empty_source || self.checks();
            match result {
                Ok(0) => {}
                // Whether source errors are skipped does not matter: this is none of reading.
                Ok(_) if is_empty && !is_allowed => {
                    self.fail_entry(&place, Fault::never(Code::SourceEmpty, ""), false);
                }
                Ok(found) => self.extras.found = self.extras.found.saturating_add(found),
                Err(fault) => self.fail(&place, fault, true),
            }
        }
        self.settled_in(&dir);
    }

    /// Whether there is something to remove, and nothing speaks against it.
    pub(super) fn may_remove_extras(&self) -> bool {
        let removes = self.extras.any() && !self.looks();
        removes && self.failure.is_none() && self.mode == Mode::Working
    }

    pub(super) fn remove_extras(&mut self) {
        let id = self.ids.next();
        self.ending = Ending::Removing { id };
        self.effects.push_back(ReceiverEffect::RemoveExtras { id, time: self.time() });
    }

    pub(super) fn extras_removed(
        &mut self,
        id: EffectId,
        removed: u64,
        left: Vec<ExtraLeft>,
        more: bool,
    ) {
        if self.ending != (Ending::Removing { id }) {
            return;
        }
        self.counts.deleted = self.counts.deleted.saturating_add(removed);
        self.log.push(&sums(&self.counts), self.now);
        for ExtraLeft { entry, is_directory, fault } in left {
            let record = Record::Skipped {
                entry: entry.clone(),
                is_directory,
                is_error: true,
                at_destination: true,
                time: self.time(),
                fault: fault.clone(),
            };
            self.log.push(&record, self.now);
            self.failures = self.failures.saturating_add(1);
            self.failure.get_or_insert(Failure { entry, at_destination: true, fault });
        }
        self.ending = Ending::NotYet;
        if more && self.mode == Mode::Working && self.failures < LEFT_MAX {
            return self.remove_extras();
        }
        self.extras.forget();
    }
}

/// So many extras that stay have one cause: the others are not tried.
const LEFT_MAX: u32 = 1000;
