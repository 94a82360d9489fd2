//! One file at the receiver, from its entry to its release.
//!
//! ```text
//! Comparing → (Digesting) → (CheckingHeld) → Queued → (Creating) → Wanted → Complete → released
//!     └─→ Joining → (Digesting) → Linking ──────────────────────────────────────┘
//!                                              ↑                     ↓         ↓
//!                                              └── (Waiting) ←──── Leaving ←───┘
//! ```
//!
//! `Leaving` is how an attempt ends early: first everything that is on its way for the file comes
//! home, writes and flushes alike, so that no write of an old attempt can meet one of a new.

use std::{sync::Arc, time::Duration};

use outport_types::{Code, Digest, EventCode, Retry};

use super::{
    Mode, Receiver,
    effect::{AtDestination, Checked, Temp},
    hard_links::{Member, Stands},
};
use crate::{
    blocks::{BlockTree, Blocks, HeldNode},
    orders::TransferOrders,
    session::{Attributes, COPIES_MAX, Fault, FileStamp, Meta, Now, dir::Place, dir::temp_name},
};

#[derive(Debug)]
pub(super) struct File {
    pub(super) place: Place,
    pub(super) meta: Meta,
    pub(super) blocks: Blocks,
    pub(super) phase: Phase,
    /// What stands in its place.
    pub(super) found: AtDestination,
    /// The last attempt that was wanted; 0 is none.
    pub(super) attempt: u16,
    /// What of the content is in the temporary file, or on its way into it.
    pub(super) tree: BlockTree,
    /// The digest at the source, where it was told to compare.
    pub(super) digest_there: Option<Digest>,
    /// What the next want offers.
    pub(super) held: Vec<HeldNode>,
    /// What the last want offered and the sender has not confirmed.
    pub(super) offered: Vec<HeldNode>,
    /// How many held ranges the sender keeps for it.
    pub(super) held_open: usize,
    /// How the sender says that it ended.
    pub(super) end: Option<Digest>,
    /// Its extended attributes at the source, once they are told.
    pub(super) attributes: Option<Attributes>,
    /// Whether any content came in this attempt: what was offered may be overwritten then.
    pub(super) pieces_came: bool,
    pub(super) temp: Option<Arc<Temp>>,
    /// What an earlier session left under the temporary name.
    pub(super) temp_left: Option<FileStamp>,
    /// Whether the temporary file was made, or found again.
    pub(super) temp_made: bool,
    /// Whether its name would survive a crash.
    pub(super) temp_durable: bool,
    pub(super) writes_out: u32,
    /// In how many batches it has a part: the one that fills and the one that is flushed.
    pub(super) in_batches: u8,
    pub(super) faults: u8,
    pub(super) changes: u8,
    /// Bytes of unfinished content that count as done.
    pub(super) durable_bytes: u64,
    /// It stands at its final name already, by an earlier session.
    pub(super) placed: Option<FileStamp>,
    /// What it is among the names that its file has at the source, if these are to stay one file.
    pub(super) member: Option<Member>,
    /// What became of it, for its other names.
    pub(super) stands: Stands,
    /// Its temporary name is one more of this file, which stands elsewhere already.
    pub(super) linked: Option<FileStamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The disk says what stands at the destination.
    Comparing,
    /// The files at the destination and at the source are hashed, to be compared.
    Digesting {
        /// What came out here.
        here: Option<Digest>,
        /// What came out at the source.
        there: Option<Digest>,
    },
    /// Another name of the same file is to stand first.
    Joining,
    /// That file is given its temporary name.
    Linking,
    /// Blocks that an earlier session left are hashed.
    CheckingHeld,
    /// It waits until its want can be sent.
    Queued,
    /// Its temporary file is made.
    Creating,
    /// Its content is on its way.
    Wanted,
    /// Its attempt is over; when nothing is on its way any more, it goes on.
    Leaving(Then),
    /// It is tried again later.
    Waiting(Again),
    /// All of it is written; its batch does the rest.
    Complete,
}

/// What happens to a file whose attempt is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// It is wanted again.
    Want {
        /// Nothing of the temporary file is to be trusted.
        fresh: bool,
        /// After a while.
        later: bool,
    },
    /// It is compared again after a while.
    Compare,
    /// It is wanted again as what it is now.
    Changed(Meta),
    /// It is renamed again after a while.
    Place,
    /// It is given up.
    Fail { fault: Fault, at_destination: bool },
}

/// What is tried again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    Compare,
    Want,
    Place,
}

impl File {
    pub(super) fn new(place: Place, meta: Meta, blocks: Blocks) -> Self {
        Self {
            place,
            meta,
            blocks,
            phase: Phase::Comparing,
            found: AtDestination::Nothing,
            attempt: 0,
            digest_there: None,
            tree: BlockTree::new(blocks),
            held: Vec::new(),
            offered: Vec::new(),
            held_open: 0,
            end: None,
            attributes: None,
            pieces_came: false,
            temp: None,
            temp_left: None,
            temp_made: false,
            temp_durable: false,
            writes_out: 0,
            in_batches: 0,
            faults: 0,
            changes: 0,
            durable_bytes: 0,
            placed: None,
            member: None,
            stands: Stands::Not,
            linked: None,
        }
    }

    /// Whether all of it is known, the sender said that this is all, and nothing is being written.
    pub(super) fn is_whole(&self) -> bool {
        self.phase == Phase::Wanted
            && self.end.is_some()
            && self.writes_out == 0
            && self.tree.covered() == self.blocks.count()
    }

    /// The unfinished form of the file.
    pub(super) fn temp(&mut self, number: u64, prefix: &str) -> Arc<Temp> {
        let temp = self.temp.get_or_insert_with(|| {
            let name = temp_name(prefix, &self.place.key());
            Arc::new(Temp { file: number, place: self.place.clone(), name })
        });
        temp.clone()
    }

    /// What somebody said that it must be, once all of it is there.
    pub(super) fn checked(&self, orders: &TransferOrders) -> Option<Checked> {
        if self.place.name.is_some() {
            return None;
        }
        let item = orders.items.get(self.place.dir.item() as usize)?;
        let checksum = item.checksum.clone()?;
        Some(Checked { checksum, blocks: self.blocks, digest: self.end? })
    }

    /// Gives it the next name that may be free; `false` when there is none.
    pub(super) fn rename_copy(&mut self) -> bool {
        let may = self.place.naming.copy < COPIES_MAX;
        if may {
            self.place.naming.copy += 1;
            self.temp = None;
        }
        may
    }

    /// Gives it a name that can be on any disk; `false` when it has that already, and for an item,
    /// whose name somebody chose.
    pub(super) fn replace_name(&mut self) -> bool {
        let may = self.place.name.is_some() && !self.place.naming.is_replaced;
        if may {
            self.place.naming.is_replaced = true;
            self.temp = None;
        }
        may
    }

    /// Another version takes the place of this one: keeps the blocks that may be the same.
    fn change(&mut self, meta: Meta, blocks: Blocks) {
        let whole = self.blocks.size().min(blocks.size());
        let keeps = |node: &HeldNode| {
            let same = self
                .blocks
                .span(node.id)
                .filter(|span| Some(span) == blocks.span(node.id).as_ref());
            same.is_some_and(|span| blocks.offset(span.end) <= whole)
        };
        let both = !self.blocks.is_single() && !blocks.is_single();
        self.held = if both { self.tree.nodes().filter(keeps).collect() } else { Vec::new() };
        self.meta = meta;
        self.digest_there = None;
        self.blocks = blocks;
    }
}

impl Phase {
    /// Whether something will happen to the file without its batch being flushed.
    const fn is_active(&self) -> bool {
        match self {
            Self::Comparing
            | Self::Digesting { .. }
            | Self::Linking
            | Self::CheckingHeld
            | Self::Queued
            | Self::Creating
            | Self::Wanted => true,
            // Its other name may wait in a batch, and that for nothing else to do.
            Self::Joining | Self::Leaving(_) | Self::Waiting(_) | Self::Complete => false,
        }
    }
}

impl Receiver {
    pub(super) fn enter(&mut self, number: u64, phase: Phase) {
        if let Some(file) = self.files.get_mut(&number) {
            self.active -= u64::from(file.phase.is_active());
            self.active += u64::from(phase.is_active());
            file.phase = phase;
        }
    }

    /// Ends the attempt of a file early. A second reason may only make things worse for it.
    pub(super) fn leave(&mut self, number: u64, then: Then) {
        let Some(file) = self.files.get_mut(&number) else { return };
        let then = match (&file.phase, then) {
            (Phase::Leaving(first @ Then::Fail { .. }), _) => first.clone(),
            (Phase::Leaving(Then::Want { fresh, later }), Then::Want { fresh: f, later: l }) => {
                Then::Want { fresh: *fresh || f, later: *later || l }
            }
            // The temporary file is not to be trusted, or holds less than it did: all anew.
            (Phase::Leaving(Then::Changed(_) | Then::Place), Then::Want { .. }) => {
                Then::Want { fresh: true, later: false }
            }
            (_, then) => then,
        };
        if matches!(then, Then::Want { fresh: true, .. }) {
            self.drop_part_of_batch(number);
        }
        self.enter(number, Phase::Leaving(then));
        self.batch.reopen(number);
        self.batch.hurry();
        self.try_leave(number);
    }

    /// Goes on with a file whose attempt is over, once nothing is on its way for it.
    pub(super) fn try_leave(&mut self, number: u64) {
        let Some(file) = self.files.get_mut(&number) else { return };
        let quiet = file.writes_out == 0 && file.in_batches == 0;
        let Phase::Leaving(then) = &file.phase else { return };
        if !quiet {
            return;
        }
        let then = then.clone();
        if then != Then::Place {
            file.end = None;
        }
        let rejoins = self.compares_no_more(number) && matches!(then, Then::Changed(_));
        let Some(file) = self.files.get_mut(&number) else { return };
        // What the sender did not get to is offered again.
        for held in std::mem::take(&mut file.offered) {
            if !file.pieces_came {
                let _ = file.tree.insert(held.id, held.cv); // refused where it was confirmed
            }
        }
        let later = match then {
            Then::Fail { fault, at_destination } => {
                let place = file.place.clone();
                self.sweep |= file.attempt != 0 || file.temp_made || file.linked.is_some();
                self.drop_durable(number);
                self.fail(&place, fault, at_destination);
                return self.give_up_file(number);
            }
            Then::Place => Some(Again::Place),
            Then::Compare => Some(Again::Compare),
            Then::Changed(meta) => {
                if let Some(blocks) = self.config.limits.blocks(meta.size) {
                    let found = self.counts.bytes_found.saturating_sub(file.meta.size);
                    self.counts.bytes_found = found.saturating_add(meta.size);
                    file.change(meta, blocks);
                }
                file.tree = BlockTree::new(file.blocks);
                self.drop_durable(number);
                None
            }
            Then::Want { fresh, later } => {
                let fresh = fresh || file.blocks.is_single();
                file.held = if fresh { Vec::new() } else { file.tree.nodes().collect() };
                file.temp_made &= !fresh;
                file.temp_durable &= !fresh;
                file.tree = BlockTree::new(file.blocks);
                if fresh {
                    self.drop_durable(number);
                }
                later.then_some(Again::Want)
            }
        };
        match later {
            Some(again) => self.wait(number, again),
            None if rejoins => self.join_again(number),
            None => self.queue_want(number),
        }
    }

    /// Tries again with a file after a while, longer each time.
    fn wait(&mut self, number: u64, again: Again) {
        let Some(file) = self.files.get(&number) else { return };
        let doubled = u32::from(file.faults.saturating_sub(1)).min(RETRY_DOUBLINGS);
        let until = self.now + RETRY_MIN * 2_u32.pow(doubled);
        self.retries.insert((until, number));
        self.enter(number, Phase::Waiting(again));
    }

    /// Goes on with the files whose time has come; `false` when there was none.
    pub(super) fn pump_retries(&mut self) -> bool {
        let mut went_on = false;
        while let Some((until, number)) = self.retries.first().copied()
            && until <= self.now
        {
            self.retries.pop_first();
            went_on = true;
            if self.mode != Mode::Working {
                continue;
            }
            let Some(File { phase: Phase::Waiting(again), .. }) = self.files.get(&number) else {
                continue;
            };
            match again {
                Again::Compare => self.compare_again(number),
                Again::Want => self.queue_want(number),
                Again::Place => {
                    self.enter(number, Phase::Complete);
                    self.batch_complete(number);
                }
            }
        }
        went_on
    }

    /// Counts a fault that is overcome by trying again; `false` when it happened too often.
    pub(super) fn may_retry(&mut self, number: u64) -> bool {
        let Some(file) = self.files.get_mut(&number) else { return false };
        file.faults = file.faults.saturating_add(1);
        let may = file.faults <= FAULTS_MAX;
        self.counts.faults += u64::from(may);
        may
    }

    /// Content differs from its hash, on arrival or when it was read back.
    pub(super) fn differs(&mut self, number: u64) {
        let Some(file) = self.files.get(&number) else { return };
        let place = file.place.clone();
        let fault = Fault::backoff(Code::DigestMismatch, "");
        self.event(EventCode::ChecksumMismatch, &place, fault.clone(), true);
        let then = if self.may_retry(number) {
            Then::Want { fresh: false, later: false }
        } else {
            Then::Fail { fault, at_destination: true }
        };
        self.leave(number, then);
    }

    /// Something at the destination failed for a file; trying again may help.
    pub(super) fn destination_failed(&mut self, number: u64, fault: Fault, then: Then) {
        let full = fault.is_no_space();
        let quota = full && self.config.orders.options.fail_on_quota;
        if full && !quota {
            self.no_space(number);
        }
        let again = fault.retry == Retry::Backoff && !quota;
        let again = again && (full || self.may_retry(number));
        let then = if again { then } else { Then::Fail { fault, at_destination: true } };
        self.leave(number, then);
        if quota {
            self.give_up();
        }
    }

    /// Lets go of a file that could not be brought to its destination.
    pub(super) fn give_up_file(&mut self, number: u64) {
        let bytes = self.files.get(&number).map_or(0, |file| file.meta.size);
        self.counts.files_given_up += 1;
        self.counts.bytes_given_up = self.counts.bytes_given_up.saturating_add(bytes);
        self.settle(number);
    }

    /// Lets go of a file: nothing more will happen to it.
    pub(super) fn settle(&mut self, number: u64) {
        if let Some(file) = self.files.remove(&number) {
            self.active -= u64::from(file.phase.is_active());
            self.wants.held_open -= file.held_open;
            self.settled_in(&file.place.dir);
            self.settled_name(file);
            self.release(number);
        }
    }

    /// What was counted as done of an unfinished file is so no longer.
    fn drop_durable(&mut self, number: u64) {
        if let Some(file) = self.files.get_mut(&number) {
            self.counts.bytes_done -= std::mem::take(&mut file.durable_bytes);
        }
    }

    pub(super) fn add_durable(&mut self, number: u64, bytes: u64) {
        if let Some(file) = self.files.get_mut(&number) {
            file.durable_bytes += bytes;
            self.counts.bytes_done = self.counts.bytes_done.saturating_add(bytes);
        }
    }

    pub(super) fn retries_wake(&self) -> Option<Now> {
        self.retries.first().map(|(until, _)| *until)
    }
}

/// How often a file is tried again after a fault.
const FAULTS_MAX: u8 = 5;
/// How often a file may change while it is read.
pub(super) const CHANGES_MAX: u8 = 5;
/// The first pause after a fault; each is twice as long as the one before, up to 16 seconds.
pub(super) const RETRY_MIN: Duration = Duration::from_secs(1);
const RETRY_DOUBLINGS: u32 = 4;
