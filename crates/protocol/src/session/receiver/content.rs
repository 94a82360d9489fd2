//! Takes content in: checks that it was asked for, has it verified and written, and counts the credit.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use outport_types::{Code, EventCode};

use super::{
    Mode, Receiver,
    effect::{ReceiverEffect, Write, WriteResult},
    file::{RETRY_MIN, Then},
    holes::Making,
};
use crate::{
    blocks::NodeId,
    session::{
        BufferId, EffectId, Fault, Frame, Now, Violation,
        pieces::{Piece, Pieces},
    },
};

#[derive(Debug)]
pub(super) struct Content {
    /// Bytes that arrived, and how many of them are settled: durable, or dropped.
    received: u64,
    settled: u64,
    /// What the sender was told that it may have sent.
    credit: u64,
    limit: u64,
    writes: HashMap<EffectId, (BufferId, Vec<Part>)>,
    pub(super) making: Making,
    /// How many pieces of a buffer are not written yet.
    buffers: HashMap<BufferId, u32>,
    /// Pieces that wait for room on the disk.
    stalled: VecDeque<(BufferId, Part)>,
    space_delay: Duration,
    /// Whether the hub was told that there is no room, since there last was.
    told_full: bool,
}

/// A piece that is on its way to the disk.
#[derive(Clone, Copy, Debug)]
struct Part {
    piece: Piece,
    start: usize,
}

impl Content {
    pub(super) fn new(limit: u64) -> Self {
        Self {
            received: 0,
            settled: 0,
            credit: limit,
            limit,
            writes: HashMap::new(),
            making: Making::new(),
            buffers: HashMap::new(),
            stalled: VecDeque::new(),
            space_delay: RETRY_MIN,
            told_full: false,
        }
    }

    /// Bytes that count against the credit.
    pub(super) fn receive(&mut self, bytes: u64) -> Result<(), Violation> {
        self.received += bytes;
        if self.credit < self.received { Err(Violation::Credit) } else { Ok(()) }
    }

    /// Bytes that count against the credit no more.
    pub(super) fn settle(&mut self, bytes: u64) {
        self.settled += bytes;
    }

    /// Whether nothing is on its way to the disk.
    pub(super) fn is_quiet(&self) -> bool {
        self.writes.is_empty() && self.making.is_empty() && self.stalled.is_empty()
    }

    /// The credit to announce, if it grew.
    pub(super) fn grown(&mut self) -> Option<Frame> {
        let total = self.settled + self.limit;
        let grew = self.credit < total;
        self.credit = total;
        grew.then_some(Frame::Credit { total })
    }

    fn written(&mut self, buffer: BufferId, effects: &mut VecDeque<ReceiverEffect>) {
        if let Some(left) = self.buffers.get_mut(&buffer) {
            *left -= 1;
            if *left == 0 {
                self.buffers.remove(&buffer);
                effects.push_back(ReceiverEffect::Forget { buffer });
            }
        }
    }
}

impl Receiver {
    /// Takes the header of a data frame.
    pub(super) fn pieces(&mut self, buffer: BufferId, pieces: Pieces) -> Result<(), Violation> {
        let bytes = pieces.body_bytes();
        self.content.receive(bytes)?;
        self.counts.bytes_received = self.counts.bytes_received.saturating_add(bytes);
        if self.mode != Mode::Working {
            self.content.settle(bytes);
            self.effects.push_back(ReceiverEffect::Forget { buffer });
            return Ok(());
        }
        let (mut parts, mut start) = (Vec::with_capacity(pieces.pieces.len()), 0);
        for piece in pieces.pieces {
            if self.expect(&piece)? {
                parts.push(Part { piece, start });
            } else {
                self.content.settle(u64::from(piece.bytes));
            }
            start += piece.bytes as usize;
        }
        if parts.is_empty() {
            self.effects.push_back(ReceiverEffect::Forget { buffer });
            return Ok(());
        }
        self.content.buffers.insert(buffer, parts.len() as u32);
        if self.space_until.is_some() {
            self.content.stalled.extend(parts.into_iter().map(|part| (buffer, part)));
        } else {
            self.write(buffer, parts);
        }
        Ok(())
    }

    /// Takes what became of pieces that were to be written.
    pub(super) fn wrote(&mut self, id: EffectId, results: Vec<WriteResult>) {
        let Some((buffer, parts)) = self.content.writes.remove(&id) else { return };
        let unanswered =
            || WriteResult::Failed(Fault::backoff(Code::Disk, "the disk did not answer"));
        let results = results.into_iter().chain(std::iter::repeat_with(unanswered));
        for (part, result) in parts.into_iter().zip(results) {
            self.wrote_part(buffer, part, result);
        }
    }

    /// The disk is full: nothing more is written or wanted for a while.
    pub(super) fn no_space(&mut self, number: u64) {
        if self.space_until.is_none() {
            self.space_until = Some(self.now + self.content.space_delay);
            self.content.space_delay = (self.content.space_delay * 2).min(SPACE_DELAY_MAX);
        }
        self.counts.no_room = true;
        if !std::mem::replace(&mut self.content.told_full, true)
            && let Some(file) = self.files.get(&number)
        {
            let place = file.place.clone();
            self.counts.faults += 1;
            self.event(EventCode::Quota, &place, Fault::backoff(Code::NoSpace, ""), true);
        }
    }

    /// Tries again what found no room; `false` when it is not time for it.
    pub(super) fn pump_space(&mut self) -> bool {
        if self.space_until.is_none_or(|until| self.now < until) {
            return false;
        }
        self.space_until = None;
        let stalled = std::mem::take(&mut self.content.stalled);
        for (buffer, part) in stalled {
            self.write(buffer, vec![part]);
        }
        true
    }

    /// Drops what waits for room: the session stops.
    pub(super) fn drop_stalled(&mut self) {
        for (buffer, part) in std::mem::take(&mut self.content.stalled) {
            self.drop_part(buffer, part, Then::Want { fresh: true, later: true });
        }
    }

    /// Whether a piece is wanted; a piece of an attempt that is over is not, and no fault of the sender.
    fn expect(&mut self, piece: &Piece) -> Result<bool, Violation> {
        if !self.is_wanted(piece.file, piece.attempt)? {
            return Ok(false);
        }
        let keeps_attributes = self.keeps_attributes();
        let Some(file) = self.files.get_mut(&piece.file) else { return Ok(false) };
        let fits = piece.block < file.blocks.count()
            && piece.bytes == file.blocks.bytes(piece.block)
            && piece.complete <= (file.blocks.is_single() && !keeps_attributes);
        let node = NodeId { first: piece.block, level: 0 };
        if !fits || file.tree.insert(node, piece.hash).is_err() {
            return Err(Violation::Blocks);
        }
        file.writes_out += 1;
        file.pieces_came = true;
        if piece.complete {
            self.ended(piece.file, outport_types::Digest(piece.hash))?;
        } else {
            self.check_whole(piece.file)?;
        }
        Ok(true)
    }

    fn write(&mut self, buffer: BufferId, parts: Vec<Part>) {
        let mut writes = Vec::with_capacity(parts.len());
        for Part { piece, start } in &parts {
            let Some(file) = self.files.get_mut(&piece.file) else { continue };
            let temp = file.temp(piece.file, &self.temp_prefix);
            writes.push(Write {
                temp,
                create: file.blocks.is_single(),
                blocks: file.blocks,
                sparse: file.meta.sparse,
                block: piece.block,
                start: *start,
                bytes: piece.bytes,
                hash: piece.hash,
            });
        }
        debug_assert_eq!(writes.len(), parts.len(), "a file stays while it is written");
        let id = self.ids.next();
        self.content.writes.insert(id, (buffer, parts));
        self.effects.push_back(ReceiverEffect::Write { id, buffer, writes });
    }

    fn wrote_part(&mut self, buffer: BufferId, part: Part, result: WriteResult) {
        let number = part.piece.file;
        match result {
            WriteResult::Written => {
                self.content.written(buffer, &mut self.effects);
                if self.space_until.is_none() {
                    self.content.space_delay = RETRY_MIN;
                    self.content.told_full = false;
                    self.counts.no_room = false;
                }
                if let Some(file) = self.files.get_mut(&number) {
                    file.writes_out -= 1;
                }
                self.batch_block(number, part.piece.block, part.piece.hash, part.piece.bytes);
                self.complete_if_whole(number);
                self.try_leave(number);
            }
            WriteResult::Differs => {
                self.forget_part(buffer, part);
                self.differs(number);
            }
            WriteResult::Failed(fault)
                if fault.is_no_space()
                    && !self.config.orders.options.fail_on_quota
                    && self.mode == Mode::Working =>
            {
                self.no_space(number);
                self.content.stalled.push_back((buffer, part));
            }
            WriteResult::Failed(fault) => {
                self.forget_part(buffer, part);
                self.destination_failed(number, fault, Then::Want { fresh: false, later: true });
            }
        }
    }

    fn drop_part(&mut self, buffer: BufferId, part: Part, then: Then) {
        self.forget_part(buffer, part);
        self.leave(part.piece.file, then);
    }

    /// A piece that will not be written: it is not part of the content any more.
    fn forget_part(&mut self, buffer: BufferId, part: Part) {
        self.content.written(buffer, &mut self.effects);
        self.content.settle(u64::from(part.piece.bytes));
        if let Some(file) = self.files.get_mut(&part.piece.file) {
            file.writes_out -= 1;
            file.tree.forget(part.piece.block);
        }
    }

    pub(super) fn space_wakes(&self) -> Option<Now> {
        self.space_until
    }
}

/// The longest pause between two attempts to find room.
const SPACE_DELAY_MAX: Duration = Duration::from_secs(30);
