//! Takes the manifest in, entry by entry, and trusts none of it.
//!
//! Only an order that an honest sender produces is accepted: items in turn, directories once each
//! and announced before, names ascending, so that nothing can be named twice and no path can lead
//! out of an item.

use outport_types::{Conflict, Name, Names, Symlinks};
use rustc_hash::FxHashMap;

use super::{Receiver, compare::Queued, file::File};
use crate::{
    journal::Record,
    session::{
        DirMeta, Entry, Fault, ItemRoot, LeftKind, Meta, Naming, Totals, Violation,
        dir::{Dir, DirId, NameHash, Place, is_reserved},
        looks_replaced, replacement, sender,
    },
};

#[derive(Debug, Default)]
pub(super) struct Manifest {
    next_entry: u64,
    /// Whether names that cannot be at the destination are replaced.
    replaces: bool,
    next_item: u32,
    open: Option<Open>,
    /// Directories that were announced and are not settled.
    dirs: FxHashMap<u64, Slot>,
    unopened: usize,
    totals: Totals,
    ended: bool,
    /// Entries that were sent and not released.
    unreleased: u32,
    /// Names that are remembered, of all directories together.
    names: usize,
}

#[derive(Debug)]
struct Open {
    number: u64,
    dir: Dir,
    last: Option<Name>,
    /// The names in it; `None` when nobody asks for them.
    names: Option<Result<Vec<NameHash>, TooMany>>,
}

/// A directory has more names than are remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany;

#[derive(Debug)]
struct Slot {
    dir: Dir,
    meta: DirMeta,
    opened: bool,
    state: DirState,
    /// Entries in it to which something will still happen.
    unsettled: u32,
    /// The entry that closed it, once all before that were looked at.
    closed: Option<u64>,
    /// How often finishing it failed.
    tries: u8,
}

/// What is known of a directory at the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DirState {
    /// It was not looked at yet.
    Unknown,
    /// It stands there.
    Ready,
    /// It cannot be made.
    Failed,
}

impl Manifest {
    pub(super) fn new(names: Names) -> Self {
        Self { replaces: names == Names::Rename, ..Self::default() }
    }

    /// Gives a directory that was not looked at yet another name at the destination.
    pub(super) fn rename_dir(&self, number: u64, naming: Naming) {
        if let Some(slot) = self.dirs.get(&number) {
            slot.dir.rename(naming);
        }
    }

    /// Whether every entry came, and every one was released.
    pub(super) fn is_settled(&self) -> bool {
        self.ended && self.unreleased == 0
    }

    /// Whether an entry of this number was ever sent.
    pub(super) fn has_seen(&self, entry: u64) -> bool {
        entry < self.next_entry
    }

    pub(super) fn released(&mut self) {
        self.unreleased -= 1;
    }

    pub(super) fn dir_state(&self, dir: &Dir) -> DirState {
        match dir.id() {
            DirId::Above(_) => DirState::Ready,
            // Gone means closed, and it was ready then.
            DirId::Entry(number) => {
                self.dirs.get(&number).map_or(DirState::Ready, |slot| slot.state)
            }
        }
    }

    /// Whether a directory was not looked at yet.
    pub(super) fn is_unknown(&self, number: u64) -> bool {
        self.dirs.get(&number).is_some_and(|slot| slot.state == DirState::Unknown)
    }

    pub(super) fn settle_dir(&mut self, number: u64, state: DirState) {
        if let Some(slot) = self.dirs.get_mut(&number) {
            slot.state = state;
        }
    }

    /// Forgets a directory all of whose entries were looked at.
    pub(super) fn forget_dir(&mut self, number: u64) {
        self.dirs.remove(&number);
    }

    /// All entries of a directory were looked at; `true` when all of them are settled too.
    pub(super) fn close_dir(&mut self, number: u64, entry: u64) -> bool {
        self.dirs.get_mut(&number).is_none_or(|slot| {
            slot.closed = Some(entry);
            slot.unsettled == 0
        })
    }

    /// Something more will happen in a directory that stands at the destination; where it is.
    pub(super) fn expect_in(&mut self, number: u64) -> Option<Dir> {
        let slot = self.dirs.get_mut(&number)?;
        if slot.state != DirState::Ready {
            return None;
        }
        slot.unsettled += 1;
        Some(slot.dir.clone())
    }

    /// The names of a directory that was searched are forgotten.
    pub(super) fn names_searched(&mut self, names: usize) {
        self.names -= names;
    }

    /// Names are no longer remembered here.
    pub(super) fn forget_names(&mut self, names: Option<Result<Vec<NameHash>, TooMany>>) {
        if let Some(Ok(names)) = names {
            self.names -= names.len();
        }
    }

    /// An entry in a directory is settled: nothing more happens to its name. The number of the
    /// directory comes back when it was the last one.
    pub(super) fn settled_in(&mut self, dir: &Dir) -> Option<u64> {
        let DirId::Entry(number) = dir.id() else { return None };
        let slot = self.dirs.get_mut(&number)?;
        slot.unsettled -= 1;
        (slot.unsettled == 0 && slot.closed.is_some()).then_some(number)
    }

    /// Counts a failure to finish a directory; `false` when there were too many.
    pub(super) fn may_finish_again(&mut self, number: u64) -> bool {
        self.dirs.get_mut(&number).is_some_and(|slot| {
            slot.tries += 1;
            slot.tries <= FINISH_TRIES_MAX
        })
    }

    /// A closed directory, its meta, and the entry that closed it.
    pub(super) fn closed(&self, number: u64) -> Option<(&Dir, DirMeta, u64, DirState)> {
        let slot = self.dirs.get(&number)?;
        Some((&slot.dir, slot.meta, slot.closed?, slot.state))
    }

    /// The place of the next name in the open directory.
    fn place(&mut self, name: &Name) -> Result<Place, Violation> {
        let open = self.open.as_mut().ok_or(Violation::Order)?;
        let ascends = open.last.as_ref().is_none_or(|last| last < name);
        let is_replaced = self.replaces && looks_replaced(name);
        let naming = Naming { is_replaced, copy: 0 };
        let place = Place { dir: open.dir.clone(), name: Some(name.clone()), naming };
        if !ascends || is_reserved(name.as_bytes()) || !place.fits() {
            return Err(Violation::Name);
        }
        open.last = Some(name.clone());
        match &mut open.names {
            Some(Ok(names)) if self.names < NAMES_MAX => {
                names.push(NameHash::of(name));
                self.names += 1;
                // Under that name it may stand there.
                if self.replaces {
                    names.push(NameHash::of(&replacement(name)));
                    self.names += 1;
                }
            }
            Some(names @ Ok(_)) => {
                self.names -= names.as_ref().map_or(0, Vec::len);
                *names = Err(TooMany);
            }
            Some(Err(TooMany)) | None => {}
        }
        Ok(place)
    }

    /// Something will happen to a name in the open directory.
    fn expect_in_open(&mut self) {
        if let Some(slot) = self.open.as_ref().and_then(|open| self.dirs.get_mut(&open.number)) {
            slot.unsettled += 1;
        }
    }

    fn announce(&mut self, number: u64, place: &Place, meta: DirMeta) -> Result<(), Violation> {
        let dir = Dir::at(place, number).map_err(|_| Violation::Name)?;
        if !place.naming.is_own() {
            dir.rename(place.naming);
        }
        if sender::DIRS_UNOPENED_MAX <= self.unopened {
            return Err(Violation::Directories);
        }
        self.unopened += 1;
        self.totals.directories += 1;
        let slot = Slot {
            dir,
            meta,
            opened: false,
            state: DirState::Unknown,
            unsettled: 0,
            closed: None,
            tries: 0,
        };
        self.dirs.insert(number, slot);
        Ok(())
    }
}

impl Receiver {
    /// Takes the entries of a frame.
    pub(super) fn entries(&mut self, entries: Vec<Entry>) -> Result<(), Violation> {
        let bytes_before = self.manifest.totals.bytes;
        for entry in entries {
            if self.manifest.ended {
                return Err(Violation::Order);
            }
            if self.config.limits.window <= self.manifest.unreleased {
                return Err(Violation::Window);
            }
            let number = self.manifest.next_entry;
            self.manifest.next_entry += 1;
            self.manifest.unreleased += 1;
            self.entry(number, entry)?;
        }
        let (found, totals) = (&mut self.counts, &self.manifest.totals);
        found.files_found = totals.files;
        // Files may have turned out larger or smaller since they were announced.
        found.bytes_found = found.bytes_found.saturating_add(totals.bytes - bytes_before);
        found.directories_found = totals.directories;
        found.scan_done = self.manifest.ended;
        Ok(())
    }

    fn entry(&mut self, number: u64, entry: Entry) -> Result<(), Violation> {
        match entry {
            Entry::Item(root) => return self.item(number, root),
            Entry::Open { dir } => {
                let slot = self.manifest.dirs.get_mut(&dir).ok_or(Violation::Order)?;
                if slot.opened || self.manifest.open.is_some() {
                    return Err(Violation::Order);
                }
                slot.opened = true;
                let options = &self.config.orders.options;
                // What got a free name is none of those at the source.
                let asked = options.seeks_extras() && options.conflict != Conflict::Rename;
                let names = asked.then(|| Ok(Vec::new()));
                let open = Open { number: dir, dir: slot.dir.clone(), last: None, names };
                self.manifest.open = Some(open);
                self.manifest.unopened -= 1;
                self.release(number);
            }
            Entry::File { name, meta } => {
                let place = self.manifest.place(&name)?;
                self.manifest.expect_in_open();
                self.file(number, place, meta)?;
            }
            Entry::HardLink { name, meta, role } => {
                let place = self.manifest.place(&name)?;
                self.manifest.expect_in_open();
                self.hard_link(number, place, meta, role)?;
            }
            Entry::Dir { name, meta } => {
                let place = self.manifest.place(&name)?;
                self.manifest.expect_in_open();
                self.manifest.announce(number, &place, meta)?;
                self.compares.push(Queued::Dir { number, place, tries: 0 });
            }
            Entry::Link { name, target } => {
                if self.config.orders.options.symlinks != Symlinks::Keep {
                    return Err(Violation::Order);
                }
                let place = self.manifest.place(&name)?;
                self.manifest.expect_in_open();
                self.compares.push(Queued::Link { number, place, target, tries: 0 });
            }
            Entry::Left { name, kind } => {
                let place = self.manifest.place(&name)?;
                if kind != LeftKind::Hidden {
                    self.left(number, &place, kind);
                } else if !self.config.orders.options.seeks_extras() {
                    return Err(Violation::Order);
                } else {
                    self.release(number);
                }
            }
            Entry::Unreadable { name, fault } => {
                let place = self.manifest.place(&name)?;
                self.source_fault(&place, fault, false);
                self.release(number);
            }
            Entry::Close { incomplete, part } => self.close(number, incomplete, part)?,
            Entry::End(totals) => {
                let items = self.config.orders.items.len() as u64;
                let all = u64::from(self.manifest.next_item) == items;
                if self.manifest.open.is_some() || self.manifest.unopened != 0 || !all {
                    return Err(Violation::Order);
                }
                if totals != self.manifest.totals {
                    return Err(Violation::Totals);
                }
                self.manifest.ended = true;
                self.release(number);
            }
        }
        Ok(())
    }

    /// The open directory was read, to its end or not.
    fn close(
        &mut self,
        number: u64,
        incomplete: Option<Fault>,
        part: bool,
    ) -> Result<(), Violation> {
        let open = self.manifest.open.take().ok_or(Violation::Order)?;
        let mut names = open.names;
        // What the receiver was not told of may be there all the same.
        if incomplete.is_some() || part {
            self.manifest.forget_names(names.take());
        }
        if let (Some(fault), Some(place)) = (incomplete, open.dir.place()) {
            self.source_fault(&place, fault, true);
        }
        self.compares.push(Queued::Closed { number, dir: open.number, names });
        Ok(())
    }

    fn item(&mut self, number: u64, root: ItemRoot) -> Result<(), Violation> {
        let item = self.manifest.next_item;
        let ordered = self.config.orders.items.get(item as usize).ok_or(Violation::Order)?;
        if self.manifest.open.is_some() {
            return Err(Violation::Order);
        }
        self.manifest.next_item += 1;
        let place = Place::item(item);
        match (root, ordered.must_be_directory()) {
            (ItemRoot::File(_), Some(true)) | (ItemRoot::Dir(_), Some(false)) => {
                Err(Violation::Order)
            }
            (ItemRoot::File(meta), Some(false) | None) => self.file(number, place, meta),
            (ItemRoot::Dir(meta), Some(true) | None) => {
                self.manifest.announce(number, &place, meta)?;
                self.compares.push(Queued::Dir { number, place, tries: 0 });
                Ok(())
            }
            (ItemRoot::Unreadable(fault), _) => {
                self.source_fault(&place, fault, false);
                self.release(number);
                Ok(())
            }
        }
    }

    pub(super) fn file(
        &mut self,
        number: u64,
        mut place: Place,
        meta: Meta,
    ) -> Result<(), Violation> {
        let earlier = self.recovered.naming(&place.key());
        if !earlier.is_own() {
            place.naming = earlier;
        }
        let blocks = self.config.limits.blocks(meta.size).ok_or(Violation::Size)?;
        self.manifest.totals.files += 1;
        self.manifest.totals.bytes = self.manifest.totals.bytes.saturating_add(meta.size);
        self.files.insert(number, File::new(place, meta, blocks));
        self.active += 1;
        self.compares.push(Queued::File { number, tries: 0 });
        Ok(())
    }

    /// Something that is never transferred: listed once, whatever sessions it takes.
    fn left(&mut self, number: u64, place: &Place, kind: LeftKind) {
        self.counts.links_skipped += 1;
        let fault = kind.fault();
        if !self.recovered.skipped.contains(&place.key()) {
            let record = Record::Skipped {
                entry: place.way(),
                is_directory: false,
                is_error: false,
                at_destination: false,
                time: self.time(),
                fault,
            };
            self.log.push(&record, self.now);
        }
        self.release(number);
    }
}

/// Names of directories whose extras are to be found, remembered at once: 32 MiB.
pub(super) const NAMES_MAX: usize = 4 * 1024 * 1024;
/// How often finishing a directory is tried again.
const FINISH_TRIES_MAX: u8 = 5;
