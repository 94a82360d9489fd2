//! Asks for content, and takes the sender's answers about it.
//!
//! A want goes out when whatever must be durable first is so: the journal knows each directory that
//! holds temporary files before the first of them is made, so that none is ever left behind.

use std::collections::{HashMap, VecDeque};

use outport_types::{Code, Digest, EventCode, Retry};

use super::{
    Receiver,
    effect::ReceiverEffect,
    file::{CHANGES_MAX, Phase, Then},
};
use crate::{
    blocks::NodeId,
    journal::Record,
    session::{
        EffectId, Fault, Key, Meta, Violation,
        dir::{Dir, DirId},
        frame::{Ask, FileEnd, Frame, HELD_PER_FRAME, HowEnded, WANTS_PER_FRAME_MAX, Want},
        sender::HELD_OPEN_MAX,
    },
};

#[derive(Debug, Default)]
pub(super) struct Wants {
    /// Files that wait until the journal is durable up to a position.
    queue: VecDeque<(u64, u64)>,
    /// Files that wait for nothing.
    ready: VecDeque<u64>,
    /// Directories that the journal knows, or will at this position.
    touched: HashMap<Key, u64>,
    creates: HashMap<EffectId, u64>,
    /// Held ranges in wants that the sender has not answered.
    pub(super) held_open: usize,
}

impl Receiver {
    /// Lines a file up to be wanted.
    pub(super) fn queue_want(&mut self, number: u64) {
        if self.looks() {
            return self.look_again(number);
        }
        let Some(file) = self.files.get(&number) else { return };
        let dir = file.place.dir.clone();
        let position = self.touch(&dir);
        self.enter(number, Phase::Queued);
        self.wants.queue.push_back((position, number));
    }

    /// Asks for the digest of a file, to compare by content.
    pub(super) fn want_digest(&mut self, number: u64) {
        self.wants.ready.push_back(number);
    }

    /// Prepares files, and asks for those that are ready; `false` when there was none.
    pub(super) fn pump_wants(&mut self) -> bool {
        let mut went_on = false;
        if self.space_until.is_none() {
            while let Some((position, number)) = self.wants.queue.front().copied()
                && position <= self.log.durable()
            {
                self.wants.queue.pop_front();
                self.prepare(number);
                went_on = true;
            }
        }
        while let Some(frame) = self.next_wants() {
            self.frames.push_back(frame);
            went_on = true;
        }
        went_on
    }

    pub(super) fn created(&mut self, id: EffectId, result: Result<(), Fault>) {
        let Some(number) = self.wants.creates.remove(&id) else { return };
        match result {
            Ok(()) => {
                if let Some(file) = self.files.get_mut(&number) {
                    file.temp_made = true;
                    self.wants.ready.push_back(number);
                }
            }
            Err(fault) => {
                let then = Then::Want { fresh: true, later: true };
                self.destination_failed(number, fault, then);
            }
        }
    }

    /// Takes how the sender says that files ended.
    pub(super) fn ends(&mut self, ends: Vec<FileEnd>) -> Result<(), Violation> {
        let keeps_attributes = self.keeps_attributes();
        for FileEnd { file: number, attempt, how } in ends {
            if !self.is_answer(number, attempt)? {
                continue;
            }
            let Some(file) = self.files.get_mut(&number) else { continue };
            self.wants.held_open -= std::mem::take(&mut file.held_open);
            let of_digest = match file.phase {
                Phase::Wanted => false,
                Phase::Digesting { .. } => true,
                // Given up here before the answer came.
                Phase::Comparing
                | Phase::Joining
                | Phase::Linking
                | Phase::CheckingHeld
                | Phase::Queued
                | Phase::Creating
                | Phase::Leaving(_)
                | Phase::Waiting(_)
                | Phase::Complete => continue,
            };
            match (how, of_digest) {
                (HowEnded::Complete { attributes, .. }, of_digest)
                    if !attributes.is_empty() && (of_digest || !keeps_attributes) =>
                {
                    return Err(Violation::Unexpected);
                }
                (HowEnded::Complete { digest, attributes }, false) => {
                    file.attributes = Some(attributes);
                    self.ended(number, digest)?;
                }
                (HowEnded::Complete { digest, .. }, true) => self.digested_there(number, digest),
                (HowEnded::Changed { meta }, _) => self.changed(number, meta)?,
                (HowEnded::Failed(fault), of_digest) => {
                    self.source_failed(number, fault, of_digest);
                }
            }
        }
        Ok(())
    }

    /// Takes which held ranges the sender confirms.
    pub(super) fn matched(
        &mut self,
        number: u64,
        attempt: u16,
        nodes: &[NodeId],
    ) -> Result<(), Violation> {
        if !self.is_answer(number, attempt)? {
            return Ok(());
        }
        let Some(file) = self.files.get_mut(&number) else { return Ok(()) };
        if file.phase != Phase::Wanted {
            return Ok(());
        }
        for node in nodes {
            let at = file.offered.binary_search_by_key(&node.first, |offered| offered.id.first);
            let offered =
                at.ok().and_then(|at| file.offered.get(at)).filter(|held| held.id == *node);
            let cv = offered.ok_or(Violation::Blocks)?.cv;
            file.tree.insert(*node, cv).map_err(|_| Violation::Blocks)?;
        }
        self.check_whole(number)
    }

    /// The sender's word that a file was read to its end, in one version.
    pub(super) fn ended(&mut self, number: u64, digest: Digest) -> Result<(), Violation> {
        let Some(file) = self.files.get_mut(&number) else { return Ok(()) };
        if file.end.replace(digest).is_some() {
            return Err(Violation::Unexpected);
        }
        self.check_whole(number)
    }

    /// Completes a file that is whole, unless the sender's digest of it is another one.
    pub(super) fn check_whole(&mut self, number: u64) -> Result<(), Violation> {
        let Some(file) = self.files.get(&number) else { return Ok(()) };
        if let (Some(said), Some(seen)) = (file.end, file.tree.digest())
            && said != seen
        {
            return Err(Violation::Digest);
        }
        self.complete_if_whole(number);
        Ok(())
    }

    pub(super) fn complete_if_whole(&mut self, number: u64) {
        if self.files.get(&number).is_some_and(super::file::File::is_whole) {
            self.enter(number, Phase::Complete);
            self.batch_complete(number);
        }
    }

    /// Whether a frame answers the last attempt of a file; an earlier one is over and forgotten.
    pub(super) fn is_answer(&self, number: u64, attempt: u16) -> Result<bool, Violation> {
        match self.files.get(&number) {
            _ if attempt == 0 => Err(Violation::Attempt),
            Some(file) if file.attempt < attempt => Err(Violation::Attempt),
            Some(file) => Ok(file.attempt == attempt),
            None if self.manifest.has_seen(number) => Ok(false),
            None => Err(Violation::File),
        }
    }

    fn prepare(&mut self, number: u64) {
        let Some(file) = self.files.get_mut(&number) else { return };
        if file.phase != Phase::Queued {
            return;
        }
        let temp = file.temp(number, &self.temp_prefix);
        if file.blocks.is_single() || file.temp_made {
            self.wants.ready.push_back(number);
            return;
        }
        let room = (!file.meta.sparse).then_some(file.blocks.size());
        let id = self.ids.next();
        self.wants.creates.insert(id, number);
        self.enter(number, Phase::Creating);
        self.effects.push_back(ReceiverEffect::Create { id, temp, room });
    }

    /// The journal's position at which it knows that temporary files stand in this directory.
    pub(super) fn touch(&mut self, dir: &Dir) -> u64 {
        let key = if dir.is_renamed() { dir.local_way().key() } else { dir.key() };
        if self.recovered.touched.contains(&key) {
            return 0;
        }
        if let Some(position) = self.wants.touched.get(&key) {
            return *position;
        }
        let above = matches!(dir.id(), DirId::Above(_));
        let record = Record::Touched { dir: dir.local_way(), above };
        let position = self.log.push(&record, self.now);
        self.log.hurry();
        self.wants.touched.insert(key, position);
        position
    }

    /// The next frame of wants, as many as fit and as the sender takes.
    fn next_wants(&mut self) -> Option<Frame> {
        let (mut wants, mut held_in_frame) = (Vec::new(), 0);
        let mut turned = 0;
        while wants.len() < WANTS_PER_FRAME_MAX
            && let Some(number) = self.wants.ready.front().copied()
        {
            let Some(file) = self.files.get_mut(&number) else {
                self.wants.ready.pop_front();
                continue;
            };
            let (ask, phase) = match &file.phase {
                Phase::Queued | Phase::Creating => (false, Phase::Wanted),
                digesting @ Phase::Digesting { .. } => (true, digesting.clone()),
                Phase::Comparing
                | Phase::Joining
                | Phase::Linking
                | Phase::CheckingHeld
                | Phase::Wanted
                | Phase::Leaving(_)
                | Phase::Waiting(_)
                | Phase::Complete => {
                    self.wants.ready.pop_front();
                    continue;
                }
            };
            let held = if ask { 0 } else { file.held.len() };
            let open = self.wants.held_open - file.held_open + held;
            let Some(attempt) = file.attempt.checked_add(1) else {
                self.wants.ready.pop_front();
                let fault = Fault::never(Code::FileChanging, "");
                self.leave(number, Then::Fail { fault, at_destination: false });
                continue;
            };
            if HELD_PER_FRAME < held_in_frame + held || self.wants.ready.len() < turned {
                break;
            }
            self.wants.ready.pop_front();
            if HELD_OPEN_MAX < open {
                // Those that wait behind it may be the ones that have the places.
                self.wants.ready.push_back(number);
                turned += 1;
                continue;
            }
            held_in_frame += held;
            (self.wants.held_open, file.held_open) = (open, held);
            (file.attempt, file.pieces_came) = (attempt, false);
            let ask = if ask {
                Ask::Digest
            } else {
                file.offered = std::mem::take(&mut file.held);
                Ask::Content { held: file.offered.clone() }
            };
            wants.push(Want { file: number, attempt, token: file.meta.token, ask });
            self.enter(number, phase);
        }
        (!wants.is_empty()).then_some(Frame::Want(wants))
    }

    fn changed(&mut self, number: u64, meta: Meta) -> Result<(), Violation> {
        self.config.limits.blocks(meta.size).ok_or(Violation::Size)?;
        let Some(file) = self.files.get_mut(&number) else { return Ok(()) };
        file.changes += 1;
        let (often, place) = (CHANGES_MAX < file.changes, file.place.clone());
        let first = file.changes == 1;
        self.counts.faults += 1;
        if first {
            let fault = Fault::backoff(Code::FileChanged, "");
            self.event(EventCode::FileChanged, &place, fault, false);
        }
        let fault = Fault::backoff(Code::FileChanging, "");
        let then =
            if often { Then::Fail { fault, at_destination: false } } else { Then::Changed(meta) };
        self.leave(number, then);
        Ok(())
    }

    fn source_failed(&mut self, number: u64, fault: Fault, of_digest: bool) {
        let is_tied = self.is_compared_with_first(number);
        let then = if fault.retry == Retry::Backoff && self.may_retry(number) {
            // What could not be read to be compared may still be what stands there.
            if of_digest && !is_tied {
                Then::Compare
            } else {
                Then::Want { fresh: false, later: true }
            }
        } else {
            Then::Fail { fault, at_destination: false }
        };
        self.leave(number, then);
    }
}
