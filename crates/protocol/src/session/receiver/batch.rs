//! Makes what was written durable, batch by batch, in the one order that loses nothing.
//!
//! While one batch is flushed the next one fills. A disk that is quick is asked soon again, so that
//! little is left to do when the last content arrives; between small batches it rests as long as it
//! took to flush, whatever the batch held. Every step waits for the one before:
//!
//! 1. the files of the batch are brought to the disk (`SyncFiles`); a finished one gets its size, time
//!    and permissions first, so that they are flushed with it
//! 2. with verify on, the blocks of the batch are read back (`ReadBack`)
//! 3. the directories of temporary files that stay for longer are flushed, once for each such file
//!    (`SyncDirs`): without its name the content could not be found again
//! 4. the journal learns what is held and what is about to be renamed, and is flushed: after a
//!    crash it never speaks of content that is not on the disk
//! 5. finished files are renamed into place (`Place`): a final name never shows unflushed content
//! 6. the directories are flushed (`SyncDirs`): before that a crash could undo the rename
//! 7. the journal learns that the files are done, and is flushed; only now are they counted,
//!    reported, and released to the sender

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::Duration,
};

use outport_types::{Code, Conflict, Names};

use super::{
    Mode, Receiver,
    effect::{Finish, ReadPart, ReceiverEffect, SyncFile},
    file::{Phase, RETRY_MIN, Then},
    hard_links::Stands,
    sums,
};
use crate::{
    blocks::{Cv, HeldNode, NodeId},
    journal::{NODES_PER_RECORD_MAX, Record},
    session::{
        EffectId, Fault, FileStamp, Limits, Now,
        dir::{Dir, DirId},
    },
};

/// What was written since the last batch was closed.
#[derive(Debug, Default)]
pub(super) struct Batch {
    parts: BTreeMap<u64, Part>,
    bytes: u64,
    complete: usize,
    /// Directories in which others were made.
    made: BTreeMap<DirId, Dir>,
    since: Option<Now>,
    urgent: bool,
}

/// What a batch holds of one file.
#[derive(Debug, Default)]
struct Part {
    nodes: Vec<HeldNode>,
    /// What it counts against the credit.
    bytes: u64,
    /// How much of the file it is.
    content: u64,
    complete: bool,
    /// What the file is, since it is on the disk.
    stamp: Option<FileStamp>,
    /// Whether it stands at its final name.
    placed: bool,
}

/// A batch on its way to the disk.
#[derive(Debug)]
pub(super) struct Flush {
    parts: BTreeMap<u64, Part>,
    made: BTreeMap<DirId, Dir>,
    stage: Stage,
    /// Since when it is at this stage.
    since: Now,
    /// How long the disk took by now for what costs much the same for few files as for many.
    flushing: Duration,
    dir_tries: u32,
}

#[derive(Debug)]
enum Stage {
    SyncingFiles {
        id: EffectId,
        files: Vec<u64>,
    },
    ReadingBack {
        id: EffectId,
        parts: Vec<(u64, u32)>,
    },
    /// The journal is being told what is held and what is placed next.
    Telling {
        position: u64,
    },
    Placing {
        id: EffectId,
        files: Vec<u64>,
    },
    SyncingDirs {
        id: EffectId,
        of: Dirs,
    },
    /// Flushing the directories failed; it is tried again then.
    RetryingDirs {
        until: Now,
        of: Dirs,
    },
    /// The journal is being told what is done.
    Noting {
        position: u64,
    },
}

impl Flush {
    fn go_on(&mut self, stage: Stage, now: Now) {
        if self.stage.flushes() {
            self.flushing += now.saturating_sub(self.since);
        }
        (self.stage, self.since) = (stage, now);
    }
}

impl Stage {
    /// Whether the disk is asked to make something durable.
    fn flushes(&self) -> bool {
        match self {
            Self::SyncingFiles { .. }
            | Self::Telling { .. }
            | Self::SyncingDirs { .. }
            | Self::Noting { .. } => true,
            Self::ReadingBack { .. } | Self::Placing { .. } | Self::RetryingDirs { .. } => false,
        }
    }
}

/// Why directories are flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dirs {
    /// They hold temporary files that the journal is about to speak of.
    Temps,
    /// Files were renamed, or directories made, in them.
    Placed,
}

impl Batch {
    /// A directory was made in this one.
    pub(super) fn made(&mut self, dir: Dir, now: Now) {
        self.since.get_or_insert(now);
        self.made.insert(dir.id(), dir);
    }

    /// A file is not whole after all.
    pub(super) fn reopen(&mut self, number: u64) {
        if let Some(part) = self.parts.get_mut(&number) {
            self.complete -= usize::from(part.complete);
            part.complete = false;
        }
    }

    /// Something waits for the batch.
    pub(super) fn hurry(&mut self) {
        self.urgent = true;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.made.is_empty()
    }

    /// When it is to be flushed, if nothing comes to it meanwhile. The disk rests until `rested` unless
    /// there is enough to do for it.
    fn due(&self, limits: &Limits, rested: Now) -> Option<Now> {
        let since = self.since?;
        if self.urgent || limits.batch_bytes <= self.bytes || limits.batch_files <= self.complete {
            return Some(since);
        }
        let is_worth_it = limits.batch_bytes / SMALL_PART_OF_BYTES <= self.bytes
            || limits.batch_files / SMALL_PART_OF_FILES <= self.complete;
        let aged = since + limits.batch_age;
        Some(if is_worth_it { aged.min(rested) } else { aged })
    }
}

impl Receiver {
    /// A block of a file is written.
    pub(super) fn batch_block(&mut self, number: u64, block: u32, cv: Cv, bytes: u32) {
        let id = NodeId { first: block, level: 0 };
        self.batch_node(number, HeldNode { id, cv }, u64::from(bytes), u64::from(bytes));
    }

    /// A hole of a file is made.
    pub(super) fn batch_hole(&mut self, number: u64, hole: HeldNode) {
        let content = self.files.get(&number).and_then(|file| {
            let span = file.blocks.span(hole.id)?;
            Some(file.blocks.span_bytes(&span))
        });
        let bytes = u64::from(self.config.limits.hole_bytes());
        self.batch_node(number, hole, bytes, content.unwrap_or_default());
    }

    fn batch_node(&mut self, number: u64, node: HeldNode, bytes: u64, content: u64) {
        let part = self.batch_part(number);
        part.nodes.push(node);
        part.bytes += bytes;
        part.content += content;
        self.batch.bytes += bytes;
    }

    /// All of a file is written.
    pub(super) fn batch_complete(&mut self, number: u64) {
        let placed = self.files.get(&number).and_then(|file| file.placed);
        let part = self.batch_part(number);
        part.complete = true;
        part.placed = placed.is_some();
        part.stamp = placed;
        self.batch.complete += 1;
    }

    fn batch_part(&mut self, number: u64) -> &mut Part {
        self.batch.since.get_or_insert(self.now);
        if !self.batch.parts.contains_key(&number)
            && let Some(file) = self.files.get_mut(&number)
        {
            file.in_batches += 1;
        }
        self.batch.parts.entry(number).or_default()
    }

    /// Brings batches to the disk; `false` when that did not get on.
    pub(super) fn pump_flush(&mut self) -> bool {
        let mut went_on = false;
        loop {
            let Some(flush) = &self.flush else {
                if !self.close_batch() {
                    return went_on;
                }
                went_on = true;
                continue;
            };
            match flush.stage {
                Stage::Telling { position } if position <= self.log.durable() => self.place(),
                Stage::Noting { position } if position <= self.log.durable() => self.flushed(),
                Stage::RetryingDirs { until, of } if until <= self.now => match of {
                    Dirs::Temps => self.sync_temps(),
                    Dirs::Placed => self.sync_dirs(),
                },
                Stage::SyncingFiles { .. }
                | Stage::ReadingBack { .. }
                | Stage::Telling { .. }
                | Stage::Placing { .. }
                | Stage::SyncingDirs { .. }
                | Stage::RetryingDirs { .. }
                | Stage::Noting { .. } => return went_on,
            }
            went_on = true;
        }
    }

    pub(super) fn flush_wakes(&self) -> Option<Now> {
        match &self.flush {
            None => self.batch.due(&self.config.limits, self.disk_rested),
            Some(Flush { stage: Stage::RetryingDirs { until, .. }, .. }) => Some(*until),
            Some(_) => None,
        }
    }

    /// Takes what became of files that were to be brought to the disk.
    pub(super) fn synced(
        &mut self,
        id: EffectId,
        results: Vec<Result<FileStamp, Fault>>,
        refused: &[(usize, String)],
    ) {
        let Some(flush) = &mut self.flush else { return };
        let Stage::SyncingFiles { id: asked, files } = &mut flush.stage else { return };
        if *asked != id {
            return;
        }
        let files = std::mem::take(files);
        let is_whole = |number: &u64| flush.parts.get(number).is_some_and(|part| part.complete);
        let whole: Vec<u64> = files.iter().copied().filter(is_whole).collect();
        let refused = refused.iter().filter_map(|(at, names)| Some((*files.get(*at)?, names)));
        let refused = refused.map(|(number, names)| (number, names.clone())).collect();
        self.tell_attributes(&whole, refused);
        let mut results = results.into_iter();
        for number in files {
            match results.next() {
                Some(Ok(stamp)) => {
                    if let Some(part) = self.flush.as_mut().and_then(|f| f.parts.get_mut(&number)) {
                        part.stamp = Some(stamp);
                    }
                }
                other => {
                    let fault = match other {
                        Some(Err(fault)) => fault,
                        Some(Ok(_)) | None => Fault::backoff(Code::Disk, "the disk did not answer"),
                    };
                    // After a failed flush the pages are gone: nothing of the file is to be trusted.
                    self.drop_part_of_flush(number);
                    let then = Then::Want { fresh: true, later: true };
                    self.destination_failed(number, fault, then);
                }
            }
        }
        self.read_back();
    }

    /// Takes whether blocks read back as they were written.
    pub(super) fn read_back_done(&mut self, id: EffectId, agree: &[bool]) {
        let Some(Flush { stage: Stage::ReadingBack { id: asked, parts }, .. }) = &mut self.flush
        else {
            return;
        };
        if *asked != id {
            return;
        }
        let parts = std::mem::take(parts);
        let mut bad = BTreeSet::new();
        for (index, (number, first)) in parts.into_iter().enumerate() {
            if agree.get(index) != Some(&true) {
                bad.insert(number);
                if let Some(file) = self.files.get_mut(&number) {
                    file.tree.forget(first);
                }
            }
        }
        for number in bad {
            self.drop_part_of_flush(number);
            self.differs(number);
        }
        self.sync_temps();
    }

    /// Takes what became of renames.
    pub(super) fn placed(&mut self, id: EffectId, results: Vec<Result<(), Fault>>) {
        let Some(Flush { stage: Stage::Placing { id: asked, files }, .. }) = &mut self.flush else {
            return;
        };
        if *asked != id {
            return;
        }
        let files = std::mem::take(files);
        let mut results = results.into_iter();
        for number in files {
            match results.next() {
                Some(Ok(())) => {
                    if let Some(part) = self.flush.as_mut().and_then(|f| f.parts.get_mut(&number)) {
                        part.placed = true;
                    }
                }
                other => {
                    let fault = match other {
                        Some(Err(fault)) => fault,
                        Some(Ok(())) | None => {
                            Fault::backoff(Code::Disk, "the disk did not answer")
                        }
                    };
                    self.drop_part_of_flush(number);
                    if self.renames(number, &fault) {
                        self.batch_complete(number);
                        continue;
                    }
                    self.destination_failed(number, fault, Then::Place);
                }
            }
        }
        self.sync_dirs();
    }

    /// Whether a file that could not get its name tries another one: what stands there came since it
    /// was compared.
    fn renames(&mut self, number: u64, fault: &Fault) -> bool {
        let options = &self.config.orders.options;
        let replaces = fault.code == Code::BadName && options.names == Names::Rename;
        let gives = fault.code == Code::Exists && options.conflict == Conflict::Rename;
        let Some(file) = self.files.get_mut(&number) else { return false };
        let is_complete = file.phase == Phase::Complete;
        is_complete && (replaces && file.replace_name() || gives && file.rename_copy())
    }

    /// Takes how flushing the directories went; `false` when the answer is for something else.
    pub(super) fn dirs_synced(&mut self, id: EffectId, result: &Result<(), Fault>) -> bool {
        let Some(flush) = &mut self.flush else { return false };
        let Stage::SyncingDirs { id: asked, of } = flush.stage else { return false };
        if asked != id {
            return false;
        }
        match (result, of) {
            (Ok(()), Dirs::Temps) => {
                flush.made.clear();
                for (number, _) in flush.parts.iter().filter(|(_, part)| !part.complete) {
                    if let Some(file) = self.files.get_mut(number) {
                        file.temp_durable = true;
                    }
                }
                self.tell();
            }
            (Ok(()), Dirs::Placed) => self.note(),
            (Err(fault), _) => {
                flush.dir_tries += 1;
                if DIR_TRIES_MAX < flush.dir_tries {
                    self.break_off(fault.clone());
                } else {
                    let until = self.now + RETRY_MIN * flush.dir_tries;
                    flush.go_on(Stage::RetryingDirs { until, of }, self.now);
                    self.counts.faults += 1;
                }
            }
        }
        true
    }

    /// Begins to flush what was written, when it is time.
    fn close_batch(&mut self) -> bool {
        let idle = self.active == 0 && self.content.is_quiet() && self.compares.is_idle();
        let ending = self.mode != Mode::Working && self.content.is_quiet();
        let due = self.batch.due(&self.config.limits, self.disk_rested);
        let due = idle || ending || due.is_some_and(|due| due <= self.now);
        if self.batch.is_empty() || !due {
            return false;
        }
        let mut batch = std::mem::take(&mut self.batch);
        let options = &self.config.orders.options;
        let (preserve, exact) = (options.preserve_times, options.preserve_permissions);
        let keeps = options.preserve_xattrs;
        let (mut files, mut numbers) = (Vec::new(), Vec::new());
        for (number, part) in &mut batch.parts {
            let Some(file) = self.files.get_mut(number) else { continue };
            if part.placed {
                continue;
            }
            // What it is a name of is on the disk for good, and has all that it gets.
            if let Some(stamp) = file.linked {
                part.stamp = Some(stamp);
                continue;
            }
            let finish = part.complete.then(|| Finish {
                size: file.meta.size,
                mtime: preserve.then_some(file.meta.mtime),
                mode: file.meta.mode,
                exact,
                attributes: file
                    .attributes
                    .as_ref()
                    .filter(|_| keeps)
                    .map(|all| all.list().to_vec()),
                checked: file.checked(&self.config.orders),
            });
            files.push(SyncFile { temp: file.temp(*number, &self.temp_prefix), finish });
            numbers.push(*number);
        }
        let id = self.ids.next();
        let stage = Stage::SyncingFiles { id, files: numbers };
        let (parts, made) = (batch.parts, batch.made);
        let (since, flushing) = (self.now, Duration::ZERO);
        self.flush = Some(Flush { parts, made, stage, since, flushing, dir_tries: 0 });
        if files.is_empty() {
            self.read_back();
        } else {
            self.effects.push_back(ReceiverEffect::SyncFiles { id, files });
        }
        true
    }

    fn read_back(&mut self) {
        let Some(flush) = &mut self.flush else { return };
        let (mut parts, mut list) = (Vec::new(), Vec::new());
        if self.config.orders.options.verify {
            for (number, part) in &flush.parts {
                let Some(file) = self.files.get_mut(number) else { continue };
                let temp = file.temp(*number, &self.temp_prefix);
                let (blocks, sparse) = (file.blocks, file.meta.sparse);
                for node in &part.nodes {
                    parts.push(ReadPart { temp: temp.clone(), blocks, sparse, part: *node });
                    list.push((*number, node.id.first));
                }
            }
        }
        if parts.is_empty() {
            return self.sync_temps();
        }
        let id = self.ids.next();
        flush.go_on(Stage::ReadingBack { id, parts: list }, self.now);
        self.effects.push_back(ReceiverEffect::ReadBack { id, parts });
    }

    /// Makes the names of unfinished files durable, and the directories above them.
    fn sync_temps(&mut self) {
        let Some(flush) = &mut self.flush else { return };
        let mut dirs: BTreeMap<DirId, Dir> = BTreeMap::new();
        for (number, part) in &flush.parts {
            if !part.complete
                && let Some(file) = self.files.get(number)
                && !file.temp_durable
            {
                dirs.insert(file.place.dir.id(), file.place.dir.clone());
            }
        }
        if dirs.is_empty() {
            return self.tell();
        }
        dirs.extend(flush.made.clone());
        let id = self.ids.next();
        flush.go_on(Stage::SyncingDirs { id, of: Dirs::Temps }, self.now);
        let dirs = dirs.into_values().collect();
        self.effects.push_back(ReceiverEffect::SyncDirs { id, dirs });
    }

    /// Tells the journal what the batch holds and what is about to be renamed.
    fn tell(&mut self) {
        let Some(flush) = &mut self.flush else { return };
        let mut position = 0;
        for (number, part) in &flush.parts {
            let (Some(file), Some(temp)) = (self.files.get(number), part.stamp) else { continue };
            let (way, token) = (file.place.way(), file.meta.token);
            if let (true, Some(digest)) = (part.complete, file.end) {
                if !part.placed {
                    let naming = file.place.naming;
                    let record = Record::Placing { file: way, token, temp, digest, naming };
                    position = self.log.push(&record, self.now);
                }
                continue;
            }
            for nodes in part.nodes.chunks(NODES_PER_RECORD_MAX) {
                let nodes = nodes.to_vec();
                let (file, size) = (way.clone(), file.meta.size);
                position =
                    self.log.push(&Record::Held { file, token, size, temp, nodes }, self.now);
            }
        }
        if position != 0 {
            position = self.log.push(&sums(&self.counts), self.now);
            self.log.hurry();
        }
        flush.go_on(Stage::Telling { position }, self.now);
    }

    fn place(&mut self) {
        let Some(flush) = &mut self.flush else { return };
        let (mut files, mut numbers) = (Vec::new(), Vec::new());
        for (number, part) in &flush.parts {
            if part.complete
                && !part.placed
                && let Some(file) = self.files.get_mut(number)
            {
                files.push(file.temp(*number, &self.temp_prefix));
                numbers.push(*number);
            }
        }
        if files.is_empty() {
            return self.sync_dirs();
        }
        let id = self.ids.next();
        flush.go_on(Stage::Placing { id, files: numbers }, self.now);
        self.effects.push_back(ReceiverEffect::Place { id, files });
    }

    fn sync_dirs(&mut self) {
        let Some(flush) = &mut self.flush else { return };
        let mut dirs: Vec<Dir> = flush.made.values().cloned().collect();
        let mut seen: HashSet<DirId> = flush.made.keys().copied().collect();
        for (number, part) in &flush.parts {
            if part.placed
                && let Some(file) = self.files.get(number)
                && seen.insert(file.place.dir.id())
            {
                dirs.push(file.place.dir.clone());
            }
        }
        if dirs.is_empty() {
            return self.note();
        }
        let id = self.ids.next();
        flush.go_on(Stage::SyncingDirs { id, of: Dirs::Placed }, self.now);
        self.effects.push_back(ReceiverEffect::SyncDirs { id, dirs });
    }

    /// Tells the journal what is done.
    fn note(&mut self) {
        let Some(flush) = &mut self.flush else { return };
        let (mut position, mut renamed) = (0, Vec::new());
        for (number, part) in &flush.parts {
            let (Some(file), Some(stamp)) = (self.files.get(number), part.stamp) else { continue };
            if let (true, Some(digest)) = (part.placed, file.end) {
                let (way, token) = (file.place.way(), file.meta.token);
                let naming = file.place.naming;
                let differs = !naming.is_own() || file.place.dir.is_renamed();
                let at = if differs { file.place.local_names() } else { Vec::new() };
                if !naming.is_own() {
                    renamed.push(file.place.clone());
                }
                let record = Record::Done { file: way, token, stamp, digest, naming, at };
                position = self.log.push(&record, self.now);
            }
        }
        if position != 0 {
            self.log.hurry();
        }
        flush.go_on(Stage::Noting { position }, self.now);
        renamed.iter().for_each(|place| self.tell_renamed(place));
    }

    /// The batch is on the disk and in the journal.
    fn flushed(&mut self) {
        let Some(flush) = self.flush.take() else { return };
        let flushing = flush.flushing + self.now.saturating_sub(flush.since);
        self.disk_rested = self.now + flushing;
        for (number, part) in flush.parts {
            self.content.settle(part.bytes);
            let Some(file) = self.files.get_mut(&number) else { continue };
            file.in_batches -= 1;
            if part.placed {
                let rest = file.meta.size - file.durable_bytes.min(file.meta.size);
                self.counts.files_done += 1;
                self.counts.bytes_done = self.counts.bytes_done.saturating_add(rest);
                file.stands = part.stamp.map_or(Stands::Not, Stands::As);
                self.settle(number);
            } else {
                self.add_durable(number, part.content);
                self.try_leave(number);
            }
        }
    }

    /// Takes a file out of the batch that fills: nothing of it is to be trusted.
    pub(super) fn drop_part_of_batch(&mut self, number: u64) {
        self.batch.reopen(number);
        let Some(part) = self.batch.parts.remove(&number) else { return };
        self.batch.bytes -= part.bytes;
        if self.batch.is_empty() {
            self.batch = Batch::default(); // nothing waits since whenever it began
        }
        self.content.settle(part.bytes);
        if let Some(file) = self.files.get_mut(&number) {
            file.in_batches -= 1;
        }
    }

    /// Takes a file out of the batch that is flushed.
    fn drop_part_of_flush(&mut self, number: u64) {
        let Some(part) = self.flush.as_mut().and_then(|flush| flush.parts.remove(&number)) else {
            return;
        };
        self.content.settle(part.bytes);
        if let Some(file) = self.files.get_mut(&number) {
            file.in_batches -= 1;
        }
    }
}

/// How often flushing directories is tried before the session is broken off.
const DIR_TRIES_MAX: u32 = 5;
/// What part of a batch is worth a flush of its own when the disk has nothing to do: what is left for the
/// end takes some milliseconds then, of content as of files.
const SMALL_PART_OF_BYTES: u64 = 4;
const SMALL_PART_OF_FILES: usize = 16;
