//! The half of the sender that reads directories and streams the manifest.
//!
//! Directories that are known but not read yet wait on a stack, so the tree is walked into its depth
//! and the stack stays short. A few are read ahead, because a disk answers slower than it could;
//! they enter the manifest one after the other, each whole before the next.

use std::{collections::VecDeque, time::Duration};

use outport_types::{Code, Filter, FilterKind, Name, Retry, Symlinks};

use super::{
    Ids, Listed, Sender,
    effect::{Found, SenderEffect, Told},
    hard_links::HardLinks,
};
use crate::{
    blocks::Blocks,
    orders::{TransferItem, TransferOrders},
    session::{
        EffectId, Entry, Fault, ItemRoot, LeftKind, Naming, Now, REASON_BYTES_MAX, Totals,
        dir::{Dir, DirId, Place, is_reserved, is_trash},
        frame::{ENTRIES_PER_FRAME_MAX, Frame, MANIFEST_BYTES},
    },
};

#[derive(Debug)]
pub(super) struct Scan {
    items: u32,
    item_next: u32,
    entry_next: u64,
    /// Announced, not read yet.
    stack: Vec<Dir>,
    /// Being read, in the order in which they enter the manifest.
    slots: VecDeque<Slot>,
    frame: Vec<Entry>,
    frame_bytes: usize,
    totals: Totals,
    ended: bool,
    filter: Filter,
    keeps_links: bool,
    hard_links: HardLinks,
    /// Whether the receiver removes what it is not told of.
    removes_extras: bool,
}

/// An item or directory that is being read.
#[derive(Debug)]
struct Slot {
    id: EffectId,
    what: What,
    state: State,
    tries: u32,
}

#[derive(Debug)]
enum What {
    Root(u32),
    Dir { dir: Dir, opened: bool, last: Option<Name>, listed: VecDeque<Listed> },
}

#[derive(Debug)]
enum State {
    /// The disk works on it.
    Asked,
    /// There is more, but it was not asked for.
    More,
    /// It is tried again at this time.
    Waiting(Now),
    /// What stands at an item's path.
    Found(Found),
    /// It is read to its end, or failed.
    Ended(Result<Told, Fault>),
}

impl Scan {
    /// What was announced so far.
    pub(super) fn totals(&self) -> Totals {
        self.totals
    }

    /// Whether everything was announced.
    pub(super) fn is_over(&self) -> bool {
        self.ended
    }

    pub(super) fn new(orders: &TransferOrders) -> Self {
        Self {
            items: u32::try_from(orders.items.len()).unwrap_or(u32::MAX),
            item_next: 0,
            entry_next: 0,
            stack: Vec::new(),
            slots: VecDeque::new(),
            frame: Vec::new(),
            frame_bytes: 0,
            totals: Totals::default(),
            ended: false,
            filter: Filter::new(&orders.options.filters),
            keeps_links: orders.options.symlinks == Symlinks::Keep,
            hard_links: HardLinks::default(),
            removes_extras: orders.options.seeks_extras(),
        }
    }

    /// The number of the next entry; it is taken by asking.
    pub(super) fn number(&mut self) -> u64 {
        self.entry_next += 1;
        self.entry_next - 1
    }

    pub(super) fn rooted(&mut self, id: EffectId, found: Result<Found, Fault>, now: Now) {
        let Some(slot) = self.slot(id) else { return };
        match found {
            Ok(found) => slot.state = State::Found(found),
            Err(fault) => slot.fail(fault, true, now),
        }
    }

    pub(super) fn scanned(
        &mut self,
        id: EffectId,
        entries: Vec<Listed>,
        end: Option<Result<Told, Fault>>,
        now: Now,
    ) {
        let Some(slot) = self.slot(id) else { return };
        let What::Dir { listed, opened, .. } = &mut slot.what else { return };
        listed.extend(entries);
        let untouched = listed.is_empty() && !*opened;
        match end {
            None => slot.state = State::More,
            Some(Ok(told)) => slot.state = State::Ended(Ok(told)),
            Some(Err(fault)) => slot.fail(fault, untouched, now),
        }
    }

    /// Whether an entry of a directory is not left out by the orders.
    fn takes_part(&self, name: &Name, found: &Result<Found, Fault>) -> bool {
        if self.removes_extras && is_trash(name.as_bytes()) {
            return false;
        }
        let admits = |kind| self.filter.admits(name, kind);
        match found {
            Ok(Found::Dir(_)) => admits(FilterKind::Dir),
            Ok(Found::File(_) | Found::HardLink { .. } | Found::Link(_) | Found::Left(_))
            | Err(_) => admits(FilterKind::File),
        }
    }

    pub(super) fn wakes(&self) -> Option<Now> {
        let waiting = self.slots.iter().filter_map(|slot| match slot.state {
            State::Waiting(until) => Some(until),
            State::Asked | State::More | State::Found(_) | State::Ended(_) => None,
        });
        waiting.min()
    }

    fn slot(&mut self, id: EffectId) -> Option<&mut Slot> {
        let asked = |slot: &&mut Slot| slot.id == id && matches!(slot.state, State::Asked);
        self.slots.iter_mut().find(asked)
    }

    /// Asks the disk for what is not read yet.
    fn ask(&mut self, ids: &mut Ids, effects: &mut VecDeque<SenderEffect>, now: Now) {
        while self.slots.len() < SLOTS_MAX {
            let id = ids.next();
            let what = if let Some(dir) = self.stack.pop() {
                What::Dir { dir, opened: false, last: None, listed: VecDeque::new() }
            } else if self.item_next < self.items {
                self.item_next += 1;
                What::Root(self.item_next - 1)
            } else {
                break;
            };
            effects.push_back(what.effect(id));
            self.slots.push_back(Slot { id, what, state: State::Asked, tries: 0 });
        }
        for slot in &mut self.slots {
            match (&slot.state, &slot.what) {
                (State::Waiting(until), what) if *until <= now => {
                    slot.id = ids.next();
                    effects.push_back(what.effect(slot.id));
                    slot.state = State::Asked;
                }
                (State::More, What::Dir { listed, .. }) if listed.len() <= LISTED_LOW => {
                    let entries_max = LISTED_MAX;
                    effects.push_back(SenderEffect::ScanMore { id: slot.id, entries_max });
                    slot.state = State::Asked;
                }
                (
                    State::Waiting(_)
                    | State::More
                    | State::Asked
                    | State::Found(_)
                    | State::Ended(_),
                    What::Root(_) | What::Dir { .. },
                ) => {}
            }
        }
    }

    fn push(&mut self, entry: Entry) {
        self.frame_bytes += bytes_max(&entry);
        self.frame.push(entry);
    }

    fn take_frame(&mut self) -> Option<Frame> {
        self.frame_bytes = 0;
        let entries = std::mem::take(&mut self.frame);
        (!entries.is_empty()).then_some(Frame::Manifest(entries))
    }
}

impl Slot {
    /// A fault that may pass is tried again while nothing of the slot is in the manifest.
    fn fail(&mut self, fault: Fault, untouched: bool, now: Now) {
        if fault.retry == Retry::Backoff && untouched && self.tries < TRIES_MAX {
            self.tries += 1;
            self.state = State::Waiting(now + TRY_AGAIN * self.tries);
        } else {
            self.state = State::Ended(Err(fault));
        }
    }
}

impl What {
    fn effect(&self, id: EffectId) -> SenderEffect {
        match self {
            Self::Root(item) => SenderEffect::Root { id, item: *item },
            Self::Dir { dir, .. } => {
                SenderEffect::Scan { id, dir: dir.clone(), entries_max: LISTED_MAX }
            }
        }
    }
}

impl Sender {
    pub(super) fn pump_scan(&mut self, now: Now) {
        loop {
            self.scan.ask(&mut self.ids, &mut self.effects, now);
            if !self.emit_head() {
                break;
            }
        }
        if let Some(frame) = self.scan.take_frame() {
            self.frames.push_back(frame);
        }
    }

    /// Puts what is read of the first slot into the manifest; `true` when the next slot is first.
    fn emit_head(&mut self) -> bool {
        let Some(mut slot) = self.scan.slots.pop_front() else {
            let done = self.scan.stack.is_empty() && self.scan.item_next == self.scan.items;
            if done && !self.scan.ended && self.room() {
                self.scan.ended = true;
                self.emit(Entry::End(self.scan.totals), None);
            }
            return false;
        };
        let settled = match &mut slot.what {
            What::Root(item) => self.emit_root(*item, &mut slot.state),
            What::Dir { dir, opened, last, listed } => {
                self.emit_dir(dir, opened, last, listed, &mut slot.state)
            }
        };
        if !settled {
            self.scan.slots.push_front(slot);
        }
        settled
    }

    fn emit_root(&mut self, item: u32, state: &mut State) -> bool {
        if matches!(state, State::Asked | State::More | State::Waiting(_)) || !self.room() {
            return false;
        }
        let ordered = self.config.orders.items.get(item as usize);
        let recursive = ordered.and_then(TransferItem::must_be_directory);
        let is_checked = ordered.is_some_and(|item| item.checksum.is_some());
        let found = match std::mem::replace(state, State::Asked) {
            State::Found(found) => Ok(found),
            State::Ended(Err(fault)) => Err(fault),
            State::Ended(Ok(_)) | State::Asked | State::More | State::Waiting(_) => return true,
        };
        let place = Place::item(item);
        let root = match (found, recursive) {
            (Ok(Found::File(_) | Found::HardLink { .. }), Some(true)) => {
                ItemRoot::Unreadable(Fault::never(Code::NotADirectory, ""))
            }
            (Ok(Found::Dir(_)), Some(false)) if is_checked => {
                ItemRoot::Unreadable(Fault::never(Code::ChecksumOfDirectory, ""))
            }
            (Ok(Found::Dir(_)), Some(false)) => {
                ItemRoot::Unreadable(Fault::never(Code::IsADirectory, ""))
            }
            (Ok(Found::File(meta) | Found::HardLink { meta, .. }), Some(false) | None) => {
                match Blocks::new(meta.size) {
                    Some(_) => ItemRoot::File(meta),
                    None => ItemRoot::Unreadable(too_large()),
                }
            }
            (Ok(Found::Dir(meta)), Some(true) | None) => ItemRoot::Dir(meta),
            (Ok(Found::Link(_)), _) => ItemRoot::Unreadable(LeftKind::Link.fault()),
            (Ok(Found::Left(kind)), _) => ItemRoot::Unreadable(kind.fault()),
            (Err(fault), _) => ItemRoot::Unreadable(fault),
        };
        let is_dir = matches!(root, ItemRoot::Dir(_));
        let entry = self.emit(Entry::Item(root), Some(place.clone()));
        if is_dir && let Ok(dir) = Dir::at(&place, entry) {
            self.scan.stack.push(dir);
        }
        true
    }

    fn emit_dir(
        &mut self,
        dir: &Dir,
        opened: &mut bool,
        last: &mut Option<Name>,
        listed: &mut VecDeque<Listed>,
        state: &mut State,
    ) -> bool {
        let ready = !listed.is_empty() || matches!(state, State::Ended(_));
        if !ready || !self.room() {
            return false;
        }
        if !*opened {
            *opened = true;
            let DirId::Entry(number) = dir.id() else { return true };
            self.emit(Entry::Open { dir: number }, None);
        }
        while self.room()
            && let Some(next) = listed.pop_front()
        {
            if is_reserved(next.name.as_bytes()) {
                continue;
            }
            if last.as_ref().is_some_and(|last| next.name <= *last) {
                // A name twice or too late: the listing cannot be trusted to be complete.
                listed.clear();
                let reason = "the directory changed while it was read";
                *state = State::Ended(Err(Fault::backoff(Code::Disk, reason)));
                break;
            }
            *last = Some(next.name.clone());
            self.emit_listed(dir, next);
        }
        let State::Ended(end) = state else { return false };
        if !listed.is_empty() || !self.room() {
            return false;
        }
        let (incomplete, part) = match std::mem::replace(end, Ok(Told::All)) {
            Ok(told) => (None, told == Told::Part),
            Err(fault) => (Some(fault), false),
        };
        self.emit(Entry::Close { incomplete, part }, None);
        true
    }

    fn emit_listed(&mut self, dir: &Dir, listed: Listed) {
        let Listed { name, found } = listed;
        if !self.scan.takes_part(&name, &found) {
            if self.scan.removes_extras {
                self.emit(Entry::Left { name, kind: LeftKind::Hidden }, None);
            }
            return;
        }
        let place = Place { dir: dir.clone(), name: Some(name.clone()), naming: Naming::OWN };
        let unreadable = |fault| Entry::Unreadable { name: name.clone(), fault };
        let entry = match found {
            Ok(Found::File(meta)) => match Blocks::new(meta.size) {
                _ if !place.fits() => unreadable(too_long()),
                Some(_) => Entry::File { name, meta },
                None => unreadable(too_large()),
            },
            Ok(Found::HardLink { meta, id, names }) => match Blocks::new(meta.size) {
                _ if !place.fits() => unreadable(too_long()),
                Some(_) => {
                    let entry = self.scan.entry_next;
                    let role = self.scan.hard_links.meet((dir.item(), id), names, entry);
                    Entry::HardLink { name, meta, role }
                }
                None => unreadable(too_large()),
            },
            Ok(Found::Dir(meta)) => {
                if self.scan.stack.len() < DIRS_MAX && place.fits() {
                    Entry::Dir { name, meta }
                } else if place.fits() {
                    unreadable(Fault::never(Code::ListingTooLong, DIRS_MAX.to_string()))
                } else {
                    unreadable(too_long())
                }
            }
            Ok(Found::Link(_)) if !place.fits() => unreadable(too_long()),
            Ok(Found::Link(target)) if self.scan.keeps_links => Entry::Link { name, target },
            Ok(Found::Link(_)) => Entry::Left { name, kind: LeftKind::Link },
            Ok(Found::Left(kind)) => Entry::Left { name, kind },
            Err(fault) => unreadable(fault),
        };
        let is_dir = matches!(entry, Entry::Dir { .. });
        let number = self.emit(entry, Some(place.clone()));
        if is_dir && let Ok(below) = Dir::at(&place, number) {
            self.scan.stack.push(below);
        }
    }

    fn emit(&mut self, entry: Entry, place: Option<Place>) -> u64 {
        match &entry {
            Entry::File { meta, .. }
            | Entry::HardLink { meta, .. }
            | Entry::Item(ItemRoot::File(meta)) => {
                self.scan.totals.files += 1;
                self.scan.totals.bytes += meta.size;
            }
            Entry::Dir { .. } | Entry::Item(ItemRoot::Dir(_)) => self.scan.totals.directories += 1,
            Entry::Item(ItemRoot::Unreadable(_))
            | Entry::Open { .. }
            | Entry::Link { .. }
            | Entry::Left { .. }
            | Entry::Unreadable { .. }
            | Entry::Close { .. }
            | Entry::End(_) => {}
        }
        let number = self.note(&entry, place);
        self.scan.push(entry);
        let full = ENTRIES_PER_FRAME_MAX <= self.scan.frame.len();
        if (full || MANIFEST_BYTES <= self.scan.frame_bytes)
            && let Some(frame) = self.scan.take_frame()
        {
            self.frames.push_back(frame);
        }
        number
    }

    fn room(&self) -> bool {
        self.sent.len() < self.config.limits.window as usize
    }
}

/// How long an entry is on the wire, or a little less: a byte that is no UTF-8 takes three.
fn bytes_max(entry: &Entry) -> usize {
    match entry {
        Entry::File { name, .. }
        | Entry::HardLink { name, .. }
        | Entry::Dir { name, .. }
        | Entry::Left { name, .. } => ENTRY_BYTES + 3 * name.as_bytes().len(),
        Entry::Link { name, target } => {
            ENTRY_BYTES + 3 * name.as_bytes().len() + target.as_bytes().len()
        }
        Entry::Unreadable { name, .. } => ENTRY_BYTES + FAULT_BYTES + 3 * name.as_bytes().len(),
        Entry::Item(ItemRoot::Unreadable(_)) | Entry::Close { incomplete: Some(_), .. } => {
            ENTRY_BYTES + FAULT_BYTES
        }
        Entry::Item(ItemRoot::File(_) | ItemRoot::Dir(_))
        | Entry::Open { .. }
        | Entry::Close { incomplete: None, .. }
        | Entry::End(_) => ENTRY_BYTES,
    }
}

fn too_large() -> Fault {
    Fault::never(Code::Disk, "it is larger than any file that can be sent")
}

fn too_long() -> Fault {
    Fault::never(Code::BadPath, "it is longer than a path may be")
}

/// Items and directories that are read at once: enough to hide the latency of a disk.
const SLOTS_MAX: usize = 16;
/// Entries of one answer of the disk.
const LISTED_MAX: usize = 1024;
/// When so few entries wait, the disk is asked for more.
const LISTED_LOW: usize = 256;
/// Directories that wait to be read.
const DIRS_MAX: usize = 1_000_000;
/// Directories that are announced and not opened; receivers refuse more.
pub(in crate::session) const DIRS_UNOPENED_MAX: usize = DIRS_MAX + SLOTS_MAX;
/// How often an unreadable directory is tried again, and how much longer each time.
const TRIES_MAX: u32 = 3;
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// The longest an entry can be beside its name and a fault.
const ENTRY_BYTES: usize = 64;
/// The longest a fault can be: its code and its reason.
const FAULT_BYTES: usize = 64 + REASON_BYTES_MAX;
