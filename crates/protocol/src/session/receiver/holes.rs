//! Takes in the parts of sparse files that are nothing but zeros: like pieces, but without bytes.

use std::collections::HashMap;

use super::{
    Mode, Receiver,
    effect::{ReceiverEffect, WriteResult},
    file::{Phase, Then},
};
use crate::{
    blocks::{HOLE_LEVEL_MAX, HeldNode},
    session::{EffectId, Fault, Violation},
};
use outport_types::Code;

/// Holes that are being made, by the file that they are in.
pub(super) type Making = HashMap<EffectId, (u64, Vec<HeldNode>)>;

impl Receiver {
    /// Takes holes of a file.
    pub(super) fn holes(
        &mut self,
        number: u64,
        attempt: u16,
        nodes: Vec<HeldNode>,
    ) -> Result<(), Violation> {
        let each = u64::from(self.config.limits.hole_bytes());
        let bytes = each * nodes.len() as u64;
        self.content.receive(bytes)?;
        if !self.is_wanted(number, attempt)? || nodes.is_empty() {
            self.content.settle(bytes);
            return Ok(());
        }
        let Some(file) = self.files.get_mut(&number) else { return Ok(()) };
        if !file.meta.sparse || file.blocks.is_single() {
            return Err(Violation::Unexpected);
        }
        for node in &nodes {
            if HOLE_LEVEL_MAX < node.id.level || file.tree.insert(node.id, node.cv).is_err() {
                return Err(Violation::Blocks);
            }
        }
        file.writes_out += 1;
        file.pieces_came = true;
        let (temp, blocks) = (file.temp(number, &self.temp_prefix), file.blocks);
        let id = self.ids.next();
        self.content.making.insert(id, (number, nodes.clone()));
        self.effects.push_back(ReceiverEffect::MakeHoles { id, temp, blocks, nodes });
        self.check_whole(number)
    }

    /// Takes what became of holes.
    pub(super) fn holes_made(&mut self, id: EffectId, results: Vec<WriteResult>) {
        let Some((number, nodes)) = self.content.making.remove(&id) else { return };
        if let Some(file) = self.files.get_mut(&number) {
            file.writes_out -= 1;
        }
        let unanswered =
            || WriteResult::Failed(Fault::backoff(Code::Disk, "the disk did not answer"));
        let results = results.into_iter().chain(std::iter::repeat_with(unanswered));
        let mut worst = WriteResult::Written;
        for (node, result) in nodes.into_iter().zip(results) {
            if result == WriteResult::Written {
                self.batch_hole(number, node);
                continue;
            }
            self.content.settle(u64::from(self.config.limits.hole_bytes()));
            if let Some(file) = self.files.get_mut(&number) {
                file.tree.forget(node.id.first);
            }
            worst = result;
        }
        match worst {
            WriteResult::Written => {
                self.complete_if_whole(number);
                self.try_leave(number);
            }
            WriteResult::Differs => self.differs(number),
            WriteResult::Failed(fault) => {
                let then = Then::Want { fresh: false, later: true };
                self.destination_failed(number, fault, then);
            }
        }
    }

    /// Whether content is wanted of a file; that of an attempt that is over is not, and no fault of the
    /// sender.
    pub(super) fn is_wanted(&self, number: u64, attempt: u16) -> Result<bool, Violation> {
        if !self.is_answer(number, attempt)? || self.mode != Mode::Working {
            return Ok(false);
        }
        match self.files.get(&number).map(|file| &file.phase) {
            Some(Phase::Wanted) => Ok(true),
            Some(Phase::Digesting { .. }) => Err(Violation::Unexpected),
            Some(
                Phase::Comparing
                | Phase::Joining
                | Phase::Linking
                | Phase::CheckingHeld
                | Phase::Queued
                | Phase::Creating
                | Phase::Leaving(_)
                | Phase::Waiting(_)
                | Phase::Complete,
            )
            | None => Ok(false),
        }
    }
}
