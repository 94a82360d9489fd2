//! Previews and checks: what differs is told, and nothing is done about it.
//!
//! The decisions are those of a transfer. Only where a transfer would begin to change something, what
//! it would change is counted and listed, and the entry is settled.
//!
//! A session that goes on from an earlier one looks at everything again: the counts are its own, and
//! what was listed before is not listed again.

use std::collections::HashMap;

use outport_types::{
    Code, Conflict, DIFFERENCES_LISTED_MAX, Differences, Finding, Name, Purpose, SyncLevel,
};

use super::{
    Ending, Mode, Receiver,
    compare::{Queued, unchanged},
    effect::{AtDestination, ExtraLeft, ExtraSeen, Linked, ReceiverEffect, Told},
    file::Phase,
    hard_links::Stands,
};
use crate::{
    control::FileKind,
    journal::{Failure, Record, Recovered, Way},
    session::{EffectId, Fault, FileStamp, Key, Meta, Naming, dir::Place},
};

/// What is listed already.
#[derive(Debug)]
pub(super) struct Listed {
    /// What earlier sessions listed.
    before: HashMap<Key, Finding>,
    /// How many of each finding, in the order of [`Finding::ALL`].
    lines: [u64; Finding::ALL.len()],
}

/// Something that differs.
struct Seen {
    entry: Way,
    finding: Finding,
    kind: FileKind,
    source_size: Option<u64>,
    destination_size: Option<u64>,
    naming: Naming,
    /// The names down to it at the destination; none where they are those of the entry.
    at: Vec<Name>,
}

impl Listed {
    pub(super) fn new(recovered: &mut Recovered) -> Self {
        let before = std::mem::take(&mut recovered.listed);
        let mut lines = [0; Finding::ALL.len()];
        for (at, finding) in Finding::ALL.iter().enumerate() {
            lines[at] = before.values().filter(|listed| *listed == finding).count() as u64;
        }
        Self { before, lines }
    }

    /// Whether there is room for one more line, and it is a new one.
    fn takes(&mut self, entry: &Way, finding: Finding) -> bool {
        let Some(at) = Finding::ALL.iter().position(|known| *known == finding) else {
            return false;
        };
        let is_known = !self.before.is_empty() && self.before.get(&entry.key()) == Some(&finding);
        if is_known || DIFFERENCES_LISTED_MAX <= self.lines[at] {
            return false;
        }
        self.lines[at] += 1;
        true
    }
}

impl Receiver {
    /// Whether nothing is to be changed.
    pub(super) fn looks(&self) -> bool {
        self.config.orders.options.only_looks()
    }

    /// Whether the two sides are compared for their own sake.
    pub(super) fn checks(&self) -> bool {
        self.config.orders.options.purpose == Purpose::Check
    }

    /// A directory of the source was looked for.
    pub(super) fn saw_directory(&mut self, place: &Place, is_new: bool) {
        if is_new {
            return self.saw(Seen::of(place, Finding::New, FileKind::Dir));
        }
        self.differences().same.add_directory();
    }

    /// A link of the source was looked for.
    pub(super) fn saw_link(&mut self, place: &Place, linked: Linked) {
        let finding = match linked {
            Linked::Stood => return self.differences().same.add_file(0),
            Linked::Made => Finding::New,
            Linked::Replaced => Finding::Different,
            Linked::Kept if self.checks() => Finding::Different,
            Linked::Kept => Finding::Kept,
        };
        self.saw(Seen::of(place, finding, FileKind::Link));
    }

    /// A file would be copied.
    pub(super) fn saw_file(&mut self, number: u64) {
        let finding = match self.files.get(&number).map(|file| file.found) {
            Some(AtDestination::Nothing) | None => Finding::New,
            Some(_) => Finding::Different,
        };
        self.saw_file_as(number, finding);
    }

    /// A file would be copied if its place was not kept by another one.
    pub(super) fn saw_kept(&mut self, number: u64) {
        self.saw_file_as(number, Finding::Kept);
    }

    /// A file needs no copy.
    pub(super) fn saw_same(&mut self, number: u64) {
        if let Some(file) = self.files.get(&number)
            && let Some(differences) = &mut self.counts.differences
        {
            differences.same.add_file(file.meta.size);
        }
    }

    /// Whether a file of a preview stays for the sake of what has its place, and not because it is
    /// the same.
    pub(super) fn is_kept(&self, meta: &Meta, stamp: Option<FileStamp>) -> bool {
        let options = &self.config.orders.options;
        let same = |level: SyncLevel, stamp| unchanged(level, meta, &stamp) == Some(true);
        let is_same = options.sync_level.zip(stamp).is_some_and(|(level, at)| same(level, at));
        self.looks() && options.conflict != Conflict::Overwrite && !is_same
    }

    /// The file at the destination cannot be read to be compared.
    pub(super) fn unreadable_here(&mut self, number: u64, fault: Fault) {
        // Who was told to stop did not read: nothing is known of the file.
        if self.mode != Mode::Working || fault.code == Code::EndpointPaused {
            return;
        }
        let checks = self.checks();
        let Some(file) = self.files.get_mut(&number) else { return };
        if fault.code == Code::NotFound {
            file.found = AtDestination::Nothing;
        } else if checks {
            let place = file.place.clone();
            self.fail(&place, fault, true);
            return self.give_up_file(number);
        } else if self.gives_free_names() {
            return self.try_next_name(number);
        }
        self.saw_file(number);
    }

    /// A file whose state at the source changed meanwhile is compared again.
    pub(super) fn look_again(&mut self, number: u64) {
        self.enter(number, Phase::Comparing);
        self.compares.push(Queued::File { number, tries: 0 });
    }

    /// In a check, something of another kind in the place of a directory or a link is a difference
    /// and no failure.
    pub(super) fn saw_other_kind(&mut self, queued: &Queued, fault: &Fault) -> bool {
        const KINDS: &[Code] = &[Code::NotADirectory, Code::IsADirectory, Code::Exists];
        if !self.checks() || !KINDS.contains(&fault.code) {
            return false;
        }
        let (place, kind) = match queued {
            Queued::Dir { place, .. } => (place.clone(), FileKind::Dir),
            Queued::Link { place, .. } => (place.clone(), FileKind::Link),
            Queued::File { .. } | Queued::Closed { .. } => return false,
        };
        self.saw(Seen::of(&place, Finding::Different, kind));
        true
    }

    /// Whether there are extras to tell. A preview of what fails removes none.
    pub(super) fn may_see_extras(&self) -> bool {
        let would = self.checks() || self.failure.is_none();
        self.looks() && self.extras.any() && would && self.mode == Mode::Working
    }

    pub(super) fn see_extras(&mut self) {
        let id = self.ids.next();
        self.ending = Ending::Removing { id };
        self.effects.push_back(ReceiverEffect::SeeExtras { id });
    }

    pub(super) fn extras_seen(&mut self, id: EffectId, seen: Result<Told, ExtraLeft>, more: bool) {
        if self.ending != (Ending::Removing { id }) {
            return;
        }
        match seen {
            Ok(Told { listed, rest }) => {
                self.differences().extra.add(&rest);
                for ExtraSeen { entry, kind, size } in listed {
                    let destination_size = (kind == FileKind::File).then_some(size);
                    let extra = Seen::at(entry, Finding::Extra, kind);
                    self.saw(Seen { destination_size, ..extra });
                }
            }
            Err(ExtraLeft { entry, fault, .. }) => {
                self.failures = self.failures.saturating_add(1);
                self.failure.get_or_insert(Failure { entry, at_destination: true, fault });
            }
        }
        self.ending = Ending::NotYet;
        if more && self.mode == Mode::Working {
            return self.see_extras();
        }
        self.extras.forget();
    }

    fn saw_file_as(&mut self, number: u64, finding: Finding) {
        let Some(file) = self.files.get_mut(&number) else { return };
        file.stands = match (finding, file.found) {
            (Finding::New | Finding::Different, _) => Stands::ToCome,
            (Finding::Kept | Finding::Extra, AtDestination::File(stamp)) => Stands::As(stamp),
            (Finding::Kept | Finding::Extra, _) => Stands::Not,
        };
        let destination_size = match file.found {
            AtDestination::File(stamp) => Some(stamp.size),
            AtDestination::Nothing
            | AtDestination::Dir
            | AtDestination::Link
            | AtDestination::Special => None,
        };
        let source_size = Some(file.meta.size);
        let seen = Seen::of(&file.place, finding, FileKind::File);
        self.saw(Seen { source_size, destination_size, ..seen });
        self.settle(number);
    }

    /// Counts and lists a difference.
    fn saw(&mut self, seen: Seen) {
        let Seen { entry, finding, kind, source_size, destination_size, naming, at } = seen;
        let tally = self.differences().of_mut(finding);
        match kind {
            FileKind::Dir => tally.add_directory(),
            FileKind::File | FileKind::Link | FileKind::Special => {
                tally.add_file(source_size.or(destination_size).unwrap_or_default());
            }
        }
        if self.listed.takes(&entry, finding) {
            let record = Record::Difference {
                entry,
                finding,
                kind,
                source_size,
                destination_size,
                naming,
                at,
            };
            self.log.push(&record, self.now);
        }
    }

    fn differences(&mut self) -> &mut Differences {
        self.counts.differences.get_or_insert_default()
    }
}

impl Seen {
    fn of(place: &Place, finding: Finding, kind: FileKind) -> Self {
        let naming = place.naming;
        let differs = !naming.is_own() || place.dir.is_renamed();
        let at = if differs { place.local_names() } else { Vec::new() };
        Self { naming, at, ..Self::at(place.way(), finding, kind) }
    }

    /// Something that has its own name at the destination.
    fn at(entry: Way, finding: Finding, kind: FileKind) -> Self {
        let (source_size, destination_size) = (None, None);
        let (naming, at) = (Naming::OWN, Vec::new());
        Self { entry, finding, kind, source_size, destination_size, naming, at }
    }
}
