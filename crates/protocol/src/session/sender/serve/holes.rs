//! Holes of a large file: the disk says where they are, and they are told and not read.
//!
//! A part of zeros has a value as any other, so the receiver learns it like a piece without bytes. It
//! costs as much of the credit as a small piece, however large it is, so that a file of countless
//! holes runs no further ahead of the receiver than any other.

use std::ops::Range;

use super::{Job, Phase};
use crate::{
    blocks::{Blocks, Cv, HeldNode, NodeId},
    session::{
        EffectId, Meta,
        frame::{Frame, HOLES_PER_FRAME_MAX},
        sender::{Sender, SenderEffect},
    },
};

/// What is known of where a file has holes.
#[derive(Debug)]
pub(super) struct Holes {
    /// Of which blocks it is known.
    known: Range<u32>,
    /// Rows of them that are holes, ascending.
    rows: Vec<Range<u32>>,
    asking: Option<EffectId>,
}

/// Holes of which the values are being computed.
#[derive(Debug)]
pub(super) struct Telling {
    file: u64,
    attempt: u16,
    nodes: Vec<NodeId>,
}

/// What comes next of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A block that is read.
    Data(u32),
    /// Blocks that are a hole.
    Hole(Range<u32>),
    /// The disk must say first what it is.
    Unknown(u32),
    /// Nothing.
    Nothing,
}

impl Holes {
    /// A file that does not look as if it had holes is not asked for them.
    pub(super) fn new(meta: Meta, blocks: Blocks) -> Self {
        let known = if meta.sparse { 0..0 } else { 0..blocks.count() };
        Self { known, rows: Vec::new(), asking: None }
    }

    pub(super) fn is_asking(&self) -> bool {
        self.asking.is_some()
    }
}

impl Job {
    /// What comes next of the content.
    pub(super) fn next(&self) -> Next {
        let Some(todo) = self.todo.front() else { return Next::Nothing };
        let block = todo.start;
        if !self.holes.known.contains(&block) {
            return Next::Unknown(block);
        }
        let at = self.holes.rows.partition_point(|row| row.end <= block);
        match self.holes.rows.get(at) {
            Some(row) if row.start <= block => Next::Hole(block..row.end.min(todo.end)),
            Some(_) | None => Next::Data(block),
        }
    }

    /// Begins to tell part of a hole that comes next.
    fn next_hole(&mut self, hole: &Range<u32>) -> Vec<NodeId> {
        let (mut nodes, mut blocks) = (Vec::new(), 0);
        for node in self.blocks.hole_nodes(hole.clone()) {
            if HOLES_PER_FRAME_MAX <= nodes.len() || HOLE_BLOCKS_MAX <= blocks {
                break;
            }
            blocks += self.blocks.span(node).map_or(0, |span| span.end - span.start);
            nodes.push(node);
        }
        self.take_blocks(blocks);
        nodes
    }
}

impl Sender {
    /// Has the disk say where a file has holes, once that must be known.
    pub(super) fn ask_for_holes(&mut self, file: u64) {
        let Some(job) = self.serve.jobs.get_mut(&file) else { return };
        if job.phase != Phase::Reading || job.holes.is_asking() {
            return;
        }
        if let Next::Unknown(from) = job.next() {
            let (id, blocks) = (self.ids.next(), job.blocks);
            job.holes.asking = Some(id);
            self.effects.push_back(SenderEffect::Map { id, file, blocks, from });
        }
    }

    /// Takes where a file has holes.
    pub(in crate::session::sender) fn mapped(
        &mut self,
        id: EffectId,
        holes: Vec<Range<u32>>,
        until: u32,
    ) {
        let mut jobs = self.serve.jobs.values_mut();
        let Some(job) = jobs.find(|job| job.holes.asking == Some(id)) else { return };
        job.holes.asking = None;
        // Whatever the disk says, the next block is known now.
        let from = job.todo.front().map_or(0, |todo| todo.start);
        job.holes.known = from..until.max(from.saturating_add(1));
        job.holes.rows = holes;
    }

    /// Begins to tell a hole that comes next; `false` when there is no room for it.
    pub(super) fn load_hole(&mut self, file: u64, hole: &Range<u32>) -> bool {
        let Some(job) = self.serve.jobs.get_mut(&file) else { return false };
        let each = u64::from(self.config.limits.hole_bytes());
        let room = self.serve.credit.saturating_sub(self.serve.content);
        let busy = TELLINGS_MAX <= self.serve.tellings.len();
        if busy || room < each * HOLES_PER_FRAME_MAX as u64 {
            return false;
        }
        let nodes = job.next_hole(hole);
        job.loading += 1;
        self.serve.served = file;
        self.serve.content += each * nodes.len() as u64;
        let (id, blocks, attempt) = (self.ids.next(), job.blocks, job.attempt);
        self.serve.tellings.insert(id, Telling { file, attempt, nodes: nodes.clone() });
        self.effects.push_back(SenderEffect::Zeros { id, blocks, nodes });
        true
    }

    /// Takes the values of holes, and tells them.
    pub(in crate::session::sender) fn zeros(&mut self, id: EffectId, values: Vec<Option<Cv>>) {
        let Some(Telling { file, attempt, nodes }) = self.serve.tellings.remove(&id) else {
            return;
        };
        let each = u64::from(self.config.limits.hole_bytes());
        let reserved = each * nodes.len() as u64;
        let values = values.into_iter().chain(std::iter::repeat(None));
        let told = |(id, cv): (NodeId, Option<Cv>)| Some(HeldNode { id, cv: cv? });
        let held: Option<Vec<HeldNode>> = nodes.into_iter().zip(values).map(told).collect();
        if let Some(job) = self.serve.jobs.get_mut(&file) {
            job.loading -= 1;
            if job.attempt == attempt && job.phase == Phase::Reading {
                match held {
                    Some(held) => return self.tell_holes(file, held),
                    None => job.leave(None), // stopped
                }
            }
        }
        self.serve.content -= reserved;
    }

    /// Tells parts that are nothing but zeros; what they cost is reserved.
    pub(super) fn tell_holes(&mut self, file: u64, nodes: Vec<HeldNode>) {
        let Some(job) = self.serve.jobs.get_mut(&file) else { return };
        let (attempt, mut bytes) = (job.attempt, 0);
        for node in &nodes {
            bytes += job.blocks.span(node.id).map_or(0, |span| job.blocks.span_bytes(&span));
            if job.tree.insert(node.id, node.cv).is_err() {
                return job.leave(None);
            }
        }
        self.moved(file, attempt, bytes);
        self.frames.push_back(Frame::Holes { file, attempt, nodes });
    }
}

/// Values of holes that are computed side by side.
const TELLINGS_MAX: usize = 4;
/// Blocks of holes of which the values are computed by one effect: 4 GiB, a second's work at most.
const HOLE_BLOCKS_MAX: u32 = 4 << crate::blocks::HOLE_LEVEL_MAX;
