//! Looks what stands at the destination, makes directories, and decides what is wanted.

use std::collections::{HashMap, VecDeque};

use outport_types::{Code, Conflict, Digest, EventCode, Name, Names, Retry, SyncLevel, UnixTime};

use super::{
    Receiver,
    effect::{AtDestination, Compare, CompareWhat, Compared, Linked, ReceiverEffect},
    file::{Phase, RETRY_MIN},
    hard_links::Stands,
    manifest::{DirState, TooMany},
};
use crate::{
    blocks::{BlockTree, Cv, HeldNode},
    journal::{HeldFile, PlacingFile},
    session::{
        COPIES_MAX, EffectId, Fault, FileStamp, LinkTarget, Meta, Naming, Now,
        dir::{Dir, NameHash, Place, temp_name},
    },
};

#[derive(Debug, Default)]
pub(super) struct Compares {
    queue: VecDeque<Queued>,
    out: HashMap<EffectId, Vec<Queued>>,
    pub(super) digests: HashMap<EffectId, u64>,
    checks: HashMap<EffectId, u64>,
    /// After a fault that may pass, nothing is compared before this.
    until: Option<Now>,
}

/// An entry that waits to be looked at, in the order of the manifest.
#[derive(Debug)]
pub(super) enum Queued {
    Dir {
        number: u64,
        place: Place,
        tries: u32,
    },
    File {
        number: u64,
        tries: u32,
    },
    Link {
        number: u64,
        place: Place,
        target: LinkTarget,
        tries: u32,
    },
    /// All entries of a directory came before this.
    Closed {
        number: u64,
        dir: u64,
        /// The names in it, where what else stands at the destination is looked for.
        names: Option<Result<Vec<NameHash>, TooMany>>,
    },
}

impl Compares {
    pub(super) fn push(&mut self, queued: Queued) {
        self.queue.push_back(queued);
    }

    /// Whether nothing is looked at or waits for it.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.out.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.queue.clear();
    }

    pub(super) fn wakes(&self) -> Option<Now> {
        self.until
    }
}

impl Receiver {
    /// Has entries looked at; `false` when there was none to look at.
    pub(super) fn pump_compares(&mut self) -> bool {
        if self.compares.until.is_some_and(|until| self.now < until) {
            return false;
        }
        self.compares.until = None;
        let mut went_on = false;
        while self.compares.out.len() < COMPARES_MAX {
            let (mut batch, mut entries) = (Vec::new(), Vec::new());
            while entries.len() < COMPARED_MAX
                && let Some(queued) = self.compares.queue.pop_front()
            {
                match self.comparable(&queued) {
                    Some(Ok(entry)) => {
                        entries.push(entry);
                        batch.push(queued);
                    }
                    Some(Err(())) => self.unreachable(queued),
                    None => {
                        self.compares.queue.push_front(queued);
                        break;
                    }
                }
                went_on = true;
            }
            if entries.is_empty() {
                break;
            }
            let id = self.ids.next();
            self.compares.out.insert(id, batch);
            self.effects.push_back(ReceiverEffect::Compare { id, entries });
        }
        went_on
    }

    pub(super) fn compared(&mut self, id: EffectId, results: Vec<Result<Compared, Fault>>) {
        let Some(batch) = self.compares.out.remove(&id) else { return };
        let unanswered = || Err(Fault::backoff(Code::Disk, "the disk did not answer"));
        let results = results.into_iter().chain(std::iter::repeat_with(unanswered));
        let mut again = Vec::new();
        for (queued, result) in batch.into_iter().zip(results) {
            match (queued, result) {
                (Queued::Dir { number, place, .. }, Ok(Compared::Dir { made })) => {
                    self.counts.directories_done += 1;
                    if self.looks() {
                        self.saw_directory(&place, made);
                    // What an earlier session made may not have reached the disk.
                    } else if made || self.resumed {
                        self.batch.made(place.dir.clone(), self.now);
                    }
                    if made {
                        self.tell_renamed(&place);
                    }
                    self.manifest.settle_dir(number, DirState::Ready);
                    self.settled_in(&place.dir);
                    self.release(number);
                }
                (queued @ Queued::Link { .. }, Ok(Compared::Link(Linked::Kept)))
                    if self.gives_free_names() && !self.is_enough_that_exists() =>
                {
                    if let Err(queued) = next_name(queued, &mut again) {
                        let fault = Fault::never(Code::Exists, "");
                        self.compare_failed(queued, fault, &mut again);
                    }
                }
                (Queued::Link { number, place, .. }, Ok(Compared::Link(linked))) => {
                    self.counts.links_done += 1;
                    let made = matches!(linked, Linked::Made | Linked::Replaced);
                    if self.looks() {
                        self.saw_link(&place, linked);
                    } else if made || self.resumed {
                        self.batch.made(place.dir.clone(), self.now);
                    }
                    if made {
                        self.tell_renamed(&place);
                    }
                    self.settled_in(&place.dir);
                    self.release(number);
                }
                (Queued::File { number, .. }, Ok(Compared::File { found, temp })) => {
                    self.decide(number, found, temp);
                }
                (Queued::Closed { .. }, _) => {}
                (queued, Ok(Compared::Dir { .. } | Compared::File { .. } | Compared::Link(_))) => {
                    let fault = Fault::never(Code::Disk, "the disk answered something else");
                    self.compare_failed(queued, fault, &mut again);
                }
                (queued, Err(fault)) => self.compare_failed(queued, fault, &mut again),
            }
        }
        for queued in again.into_iter().rev() {
            self.compares.queue.push_front(queued);
        }
    }

    /// Takes the digest of the file at the destination.
    pub(super) fn digested(&mut self, id: EffectId, result: Result<Digest, Fault>) {
        let Some(number) = self.compares.digests.remove(&id) else { return };
        let Some(file) = self.files.get_mut(&number) else { return };
        // The sender may have said meanwhile that there is nothing to compare with.
        let Phase::Digesting { here, there } = &mut file.phase else { return };
        match (result, *there) {
            (Ok(digest), None) => *here = Some(digest),
            (Ok(digest), Some(there)) => self.compare_digests(number, digest, there),
            // What nobody can read is nothing to be linked.
            (Err(_), _) if self.compares_no_more(number) => self.take_over(number),
            (Err(fault), _) if self.looks() => self.unreadable_here(number, fault),
            (Err(_), _) => self.go_on(number),
        }
    }

    /// Takes the digest of the file at the source.
    pub(super) fn digested_there(&mut self, number: u64, digest: Digest) {
        let Some(file) = self.files.get_mut(&number) else { return };
        let Phase::Digesting { here, there } = &mut file.phase else { return };
        match *here {
            None => *there = Some(digest),
            Some(here) => self.compare_digests(number, here, digest),
        }
    }

    pub(super) fn compare_digests(&mut self, number: u64, here: Digest, there: Digest) {
        let Some(file) = self.files.get_mut(&number) else { return };
        file.digest_there = Some(there);
        if self.compared_with_bearer(number, here == there) {
            return;
        }
        if here == there {
            if let Some(file) = self.files.get_mut(&number) {
                file.end = Some(there);
            }
            return self.keep(number);
        }
        if self.gives_free_names() { self.try_next_name(number) } else { self.go_on(number) }
    }

    /// Whether a file whose place is taken gets a free name.
    pub(super) fn gives_free_names(&self) -> bool {
        self.config.orders.options.conflict == Conflict::Rename && !self.checks()
    }

    /// Whether what stands at a name stays, whatever it is.
    fn is_enough_that_exists(&self) -> bool {
        self.config.orders.options.sync_level == Some(SyncLevel::Exists)
    }

    /// Looks at the next name that a file could have.
    pub(super) fn try_next_name(&mut self, number: u64) {
        let Some(file) = self.files.get_mut(&number) else { return };
        let place = file.place.clone();
        if file.rename_copy() {
            self.compare_again(number);
        } else {
            self.fail(&place, Fault::never(Code::Exists, ""), true);
            self.give_up_file(number);
        }
    }

    /// Looks once more at the name that a file is to have.
    pub(super) fn compare_again(&mut self, number: u64) {
        self.enter(number, Phase::Comparing);
        self.compares.queue.push_front(Queued::File { number, tries: 0 });
    }

    /// Tells that something has another name at the destination.
    pub(super) fn tell_renamed(&mut self, place: &Place) {
        if place.naming.is_own() || self.looks() || !self.may_tell_renamed() {
            return;
        }
        let orders = &self.config.orders;
        let Some(path) = place.destination(orders) else { return };
        let name = path.file_name().map(|name| name.text().into_owned()).unwrap_or_default();
        let code = if place.naming.copy == 0 { Code::Renamed } else { Code::RenamedBeside };
        self.event(EventCode::Renamed, place, Fault::never(code, name), true);
    }

    /// Takes the values of blocks that an earlier session left: what still agrees is held.
    pub(super) fn held_checked(&mut self, id: EffectId, values: &[Option<Cv>]) {
        let Some(number) = self.compares.checks.remove(&id) else { return };
        let Some(file) = self.files.get_mut(&number) else { return };
        let mut held = std::mem::take(&mut file.held);
        let mut values = values.iter().copied().chain(std::iter::repeat(None));
        held.retain(|node| values.next().flatten() == Some(node.cv));
        let spans = held.iter().filter_map(|node| file.blocks.span(node.id));
        let bytes = spans.map(|span| file.blocks.span_bytes(&span)).sum();
        file.temp_made = !held.is_empty();
        file.held = held;
        self.add_durable(number, bytes);
        self.queue_want(number);
    }

    /// What to ask the disk about an entry; `None` when its directory is not known yet, an error
    /// when that cannot be made.
    fn comparable(&mut self, queued: &Queued) -> Option<Result<Compare, ()>> {
        let (number, place, what) = match queued {
            Queued::Dir { number, place, .. } => (*number, place.clone(), CompareWhat::Dir),
            Queued::File { number, .. } => {
                let Some(file) = self.files.get(number) else { return Some(Err(())) };
                let place = file.place.clone();
                let temp = self.left_by_earlier(&place);
                (*number, place, CompareWhat::File { temp })
            }
            Queued::Link { number, place, target, .. } => {
                // Where it takes the place of something else it is made under a temporary name.
                if !self.looks()
                    && self.manifest.dir_state(&place.dir) == DirState::Ready
                    && self.log.durable() < self.touch(&place.dir)
                {
                    return None;
                }
                let temp = temp_name(&self.temp_prefix, &place.key());
                let options = &self.config.orders.options;
                let replace = options.sync_level != Some(SyncLevel::Exists)
                    && options.conflict == Conflict::Overwrite;
                let what = CompareWhat::Link { target: target.clone(), temp, replace };
                (*number, place.clone(), what)
            }
            // An empty directory is closed before anything in it could wait for it.
            Queued::Closed { dir, .. } if self.manifest.is_unknown(*dir) => return None,
            Queued::Closed { .. } => return Some(Err(())),
        };
        match self.manifest.dir_state(&place.dir) {
            DirState::Unknown => None,
            DirState::Failed => Some(Err(())),
            DirState::Ready => Some(Ok(Compare { entry: number, place, what })),
        }
    }

    /// Settles an entry that is not looked at.
    fn unreachable(&mut self, queued: Queued) {
        match queued {
            Queued::Dir { number, place, .. } => {
                self.manifest.settle_dir(number, DirState::Failed);
                self.settled_in(&place.dir);
                self.release(number);
            }
            Queued::Link { number, place, .. } => {
                self.settled_in(&place.dir);
                self.release(number);
            }
            Queued::File { number, .. } => self.give_up_file(number),
            Queued::Closed { number, dir, names } => {
                if let Some(names) = names {
                    self.find_extras(dir, names);
                }
                if self.manifest.close_dir(dir, number) {
                    self.dir_settled(dir);
                }
            }
        }
    }

    /// An entry of a directory is settled; with the last one the directory is finished.
    pub(super) fn settled_in(&mut self, dir: &Dir) {
        if let Some(number) = self.manifest.settled_in(dir) {
            self.dir_settled(number);
        }
    }

    fn left_by_earlier(&self, place: &Place) -> Option<Name> {
        let known = &self.recovered;
        if known.held.is_empty() && known.placing.is_empty() {
            return None;
        }
        let key = place.key();
        let left = known.held.contains_key(&key) || known.placing.contains_key(&key);
        left.then(|| temp_name(&self.temp_prefix, &key))
    }

    fn compare_failed(&mut self, queued: Queued, fault: Fault, again: &mut Vec<Queued>) {
        if self.saw_other_kind(&queued, &fault) {
            return self.unreachable(queued);
        }
        let (number, tries) = match &queued {
            Queued::Dir { number, tries, .. }
            | Queued::File { number, tries }
            | Queued::Link { number, tries, .. } => (*number, *tries),
            Queued::Closed { .. } => return,
        };
        if fault.code == Code::BadName && self.replace_name(&queued, again) {
            return;
        }
        let full = fault.is_no_space();
        let quota = full && self.config.orders.options.fail_on_quota;
        let may = fault.retry == Retry::Backoff && !quota;
        if may && (full || tries < TRIES_MAX) {
            self.compares.until = Some(self.now + RETRY_MIN * (tries.min(TRIES_MAX) + 1));
            self.counts.faults += 1;
            again.push(match queued {
                Queued::Dir { number, place, tries } => {
                    Queued::Dir { number, place, tries: tries + 1 }
                }
                Queued::File { number, tries } => Queued::File { number, tries: tries + 1 },
                Queued::Link { number, place, target, tries } => {
                    Queued::Link { number, place, target, tries: tries + 1 }
                }
                closed @ Queued::Closed { .. } => closed,
            });
            return;
        }
        let place = match &queued {
            Queued::Dir { place, .. } | Queued::Link { place, .. } => Some(place.clone()),
            Queued::File { .. } | Queued::Closed { .. } => {
                self.files.get(&number).map(|file| file.place.clone())
            }
        };
        if let Some(place) = place {
            self.fail(&place, taken(fault), true);
        }
        self.unreachable(queued);
        if quota {
            self.give_up();
        }
    }

    /// Has something looked at again under a name that can be on any disk; `false` when its name
    /// stays as it is.
    fn replace_name(&mut self, queued: &Queued, again: &mut Vec<Queued>) -> bool {
        if self.config.orders.options.names != Names::Rename {
            return false;
        }
        match queued {
            Queued::Dir { number, place, tries } => {
                let Some(place) = replaced(place) else { return false };
                self.manifest.rename_dir(*number, place.naming);
                again.push(Queued::Dir { number: *number, place, tries: *tries });
            }
            Queued::Link { number, place, target, tries } => {
                let Some(place) = replaced(place) else { return false };
                let target = target.clone();
                again.push(Queued::Link { number: *number, place, target, tries: *tries });
            }
            Queued::File { number, tries } => {
                let Some(file) = self.files.get_mut(number) else { return false };
                if !file.replace_name() {
                    return false;
                }
                again.push(Queued::File { number: *number, tries: *tries });
            }
            Queued::Closed { .. } => return false,
        }
        true
    }

    /// Decides about a file, from what stands at the destination and what earlier sessions did.
    fn decide(&mut self, number: u64, found: AtDestination, temp: Option<FileStamp>) {
        let Some(file) = self.files.get_mut(&number) else { return };
        (file.temp_left, file.found) = (temp, found);
        let (meta, place) = (file.meta, file.place.clone());
        let key = place.key();
        let stamp = match found {
            AtDestination::File(stamp) => Some(stamp),
            AtDestination::Nothing | AtDestination::Link => None,
            AtDestination::Dir | AtDestination::Special if self.checks() => {
                return self.saw_file(number);
            }
            AtDestination::Dir | AtDestination::Special if self.gives_free_names() => None,
            AtDestination::Dir | AtDestination::Special => {
                let code =
                    if found == AtDestination::Dir { Code::TakenByDirectory } else { Code::Exists };
                self.fail(&place, Fault::never(code, ""), true);
                return self.give_up_file(number);
            }
        };
        // What was brought in another version stays as well where nothing is replaced: a second copy
        // beside it is not what was asked for.
        let was_brought = self.gives_free_names() && self.recovered.was_done(&key);
        if let Some(stamp) = stamp
            && (was_brought || self.recovered.is_done(&key, meta.token, &stamp))
        {
            self.recovered.forget_done(&key); // it stays counted
            if let Some(file) = self.files.get_mut(&number) {
                file.stands = Stands::As(stamp);
            }
            return self.settle(number);
        }
        // Another version goes there, and is counted then.
        if let Some(bytes) = self.recovered.forget_done(&key) {
            self.counts.files_done -= 1;
            self.counts.bytes_done = self.counts.bytes_done.saturating_sub(bytes);
        }
        let stays = self.stays(&meta, found, stamp);
        // What somebody put there since an earlier session stays, unless that session did.
        if let Some(placing) = self.recovered.placing.remove(&key)
            && placing.token == meta.token
            && (stays != Some(true) || stamp == Some(placing.temp))
            && self.take_up(number, placing, stamp)
        {
            return;
        }
        if !self.joins(number, stays) {
            self.decide_alone(number, stays);
        }
    }

    /// Decides about a file that is no further name of another one.
    pub(super) fn decide_alone(&mut self, number: u64, stays: Option<bool>) {
        let Some(file) = self.files.get(&number) else { return };
        let (meta, place) = (file.meta, file.place.clone());
        let stamp = match file.found {
            AtDestination::File(stamp) => Some(stamp),
            AtDestination::Nothing
            | AtDestination::Dir
            | AtDestination::Link
            | AtDestination::Special => None,
        };
        let is_taken = file.found != AtDestination::Nothing && self.gives_free_names();
        match stays {
            Some(true) if self.is_kept(&meta, stamp) => self.saw_kept(number),
            Some(true) => self.keep(number),
            Some(false) if is_taken => self.try_next_name(number),
            Some(false) => self.go_on(number),
            None => {
                // Both sides read at once.
                let id = self.ids.next();
                self.compares.digests.insert(id, number);
                let there = self.files.get(&number).and_then(|file| file.digest_there);
                self.enter(number, Phase::Digesting { here: None, there });
                self.effects.push_back(ReceiverEffect::Digest { id, place });
                if there.is_none() {
                    self.want_digest(number);
                }
            }
        }
    }

    /// Whether what stands at the destination of a file stays; `None` when only its content can tell.
    fn stays(&self, meta: &Meta, found: AtDestination, stamp: Option<FileStamp>) -> Option<bool> {
        if found == AtDestination::Nothing {
            return Some(false);
        }
        let options = &self.config.orders.options;
        // A link has no time that would say anything.
        let older = stamp.is_some_and(|stamp| is_newer(meta.mtime, stamp.mtime));
        match options.conflict {
            Conflict::Overwrite | Conflict::Rename => {}
            Conflict::Newer if older => {}
            Conflict::Skip | Conflict::Newer => return Some(true),
        }
        match (options.sync_level, stamp) {
            (None, _) | (Some(_), None) => Some(false),
            (Some(SyncLevel::Mtime), Some(stamp)) if self.checks() => {
                let same = meta.size == stamp.size && is_as_old(meta.mtime, stamp.mtime);
                Some(same)
            }
            (Some(level), Some(stamp)) => unchanged(level, meta, &stamp),
        }
    }

    /// Goes on with a file that an earlier session was about to rename; `false` when it cannot.
    fn take_up(&mut self, number: u64, placing: PlacingFile, stamp: Option<FileStamp>) -> bool {
        let Some(file) = self.files.get_mut(&number) else { return false };
        let is_placed = stamp == Some(placing.temp);
        if !is_placed && file.temp_left != Some(placing.temp) {
            return false;
        }
        file.end = Some(placing.digest);
        file.placed = is_placed.then_some(placing.temp);
        file.temp_made = true;
        self.enter(number, Phase::Complete);
        self.batch_complete(number);
        true
    }

    /// Wants a file, after checking what an earlier session left of it.
    pub(super) fn go_on(&mut self, number: u64) {
        if self.looks() {
            return self.saw_file(number);
        }
        let Some(file) = self.files.get_mut(&number) else { return };
        let held = self.recovered.held.remove(&file.place.key());
        let is_left = |held: &HeldFile| file.temp_left.is_some_and(|t| t.is_same_file(&held.temp));
        let held = held.filter(is_left);
        let Some(held) = held.filter(|_| !file.blocks.is_single()) else {
            return self.queue_want(number);
        };
        let whole = held.size.min(file.meta.size);
        let (mut free, mut nodes) = (0, Vec::<HeldNode>::new());
        for node in held.nodes.into_values() {
            let Some(span) = file.blocks.span(node.id) else { continue };
            // The last block of a file of another size is another block.
            let inside = held.size == file.meta.size || file.blocks.offset(span.end) <= whole;
            if inside && free <= span.start {
                free = span.end;
                nodes.push(node);
            }
        }
        // Few enough for one want, by way of the tree, which joins them.
        let mut tree = BlockTree::new(file.blocks);
        nodes.retain(|node| tree.insert(node.id, node.cv).is_ok());
        file.held = tree.nodes().collect();
        if file.held.is_empty() {
            return self.queue_want(number);
        }
        let nodes = file.held.iter().map(|node| node.id).collect();
        let (blocks, sparse) = (file.blocks, file.meta.sparse);
        let temp = file.temp(number, &self.temp_prefix);
        let id = self.ids.next();
        self.compares.checks.insert(id, number);
        self.enter(number, Phase::CheckingHeld);
        self.effects.push_back(ReceiverEffect::CheckHeld { id, temp, blocks, sparse, nodes });
    }

    /// Leaves a file as it stands at the destination.
    pub(super) fn keep(&mut self, number: u64) {
        self.counts.files_unchanged += 1;
        if let Some(file) = self.files.get_mut(&number)
            && let AtDestination::File(stamp) = file.found
        {
            file.stands = Stands::As(stamp);
        }
        self.saw_same(number);
        let bytes = self.files.get(&number).map_or(0, |file| file.meta.size);
        self.counts.bytes_unchanged = self.counts.bytes_unchanged.saturating_add(bytes);
        self.settle(number);
    }
}

/// Has a link looked at under the next name that it could have; it comes back when there is none.
fn next_name(queued: Queued, again: &mut Vec<Queued>) -> Result<(), Queued> {
    match queued {
        Queued::Link { number, ref place, ref target, .. } if place.naming.copy < COPIES_MAX => {
            let (mut place, target) = (place.clone(), target.clone());
            place.naming.copy += 1;
            again.push(Queued::Link { number, place, target, tries: 0 });
            Ok(())
        }
        Queued::Dir { .. } | Queued::File { .. } | Queued::Link { .. } | Queued::Closed { .. } => {
            Err(queued)
        }
    }
}

/// The same place under a name that can be on any disk; `None` when it has that name already, and for
/// an item, whose name somebody chose.
fn replaced(place: &Place) -> Option<Place> {
    let free = place.name.is_some() && !place.naming.is_replaced;
    let naming = Naming { is_replaced: true, ..place.naming };
    free.then(|| Place { naming, ..place.clone() })
}

/// Whether a file needs no copy; `None` when only its content can tell.
pub(super) fn unchanged(level: SyncLevel, meta: &Meta, stamp: &FileStamp) -> Option<bool> {
    let same_size = meta.size == stamp.size;
    match level {
        SyncLevel::Exists => Some(true),
        SyncLevel::Size => Some(same_size),
        SyncLevel::Mtime => Some(same_size && !is_newer(meta.mtime, stamp.mtime)),
        SyncLevel::Checksum if same_size => None,
        SyncLevel::Checksum => Some(false),
    }
}

/// Whether a time of the source is later than one of the destination, as far as a disk there that
/// keeps tenths of microseconds, or whole seconds, could have kept it.
fn is_newer(source: UnixTime, destination: UnixTime) -> bool {
    let grain = match destination.nanos {
        0 => 1_000_000_000,
        nanos if nanos.is_multiple_of(100) => 100,
        _ => 1,
    };
    destination < UnixTime { nanos: source.nanos / grain * grain, ..source }
}

/// A fault about the kind of what stands at the destination, as who chose the names reads it.
fn taken(fault: Fault) -> Fault {
    let code = if fault.code == Code::IsADirectory {
        Code::TakenByDirectory
    } else if fault.code == Code::NotADirectory {
        Code::TakenByFile
    } else {
        fault.code
    };
    Fault { code, ..fault }
}

/// Whether two times are the same, as far as either disk could have kept that of the other.
fn is_as_old(source: UnixTime, destination: UnixTime) -> bool {
    !is_newer(source, destination) && !is_newer(destination, source)
}

/// Compare effects that are out at once: enough to keep a disk busy.
const COMPARES_MAX: usize = 8;
/// Entries in one of them.
const COMPARED_MAX: usize = 256;
/// How often an entry is looked at again after a fault.
const TRIES_MAX: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_a_disk_could_not_keep_in_full_is_no_older_one() {
        let time = |seconds, nanos| UnixTime { seconds, nanos };
        for (source, destination, newer) in [
            (time(5, 123_456_789), time(5, 123_456_789), false),
            (time(5, 123_456_789), time(5, 123_456_700), false),
            (time(5, 123_456_789), time(5, 0), false),
            (time(5, 123_456_789), time(5, 123_456_600), true),
            (time(5, 123_456_789), time(5, 123_456_788), true),
            (time(6, 0), time(5, 0), true),
            (time(5, 0), time(6, 0), false),
        ] {
            assert_eq!(is_newer(source, destination), newer, "{source:?} {destination:?}");
        }
    }
}
