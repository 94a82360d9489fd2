//! The half of the sender that reads files and sends what is wanted of them.
//!
//! Small files are read whole, many in one buffer that becomes one data frame. Large files are opened
//! once, their blocks read side by side. Either way the version that the open handle shows before the
//! first byte and after the last must be the one that the receiver knows of; otherwise the receiver
//! is told what the file is now, and asks again.

mod holes;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    ops::Range,
};

use outport_types::{Code, Digest};
use rustc_hash::FxHashMap;

use self::holes::{Holes, Next, Telling};
use super::{Digested, Load, Loaded, Sender, Sent, Source, effect::SenderEffect};
use crate::{
    blocks::{BlockTree, Blocks, Cv, HeldNode, NODES_PER_WANT_MAX, NodeId},
    session::{
        Attributes, EffectId, Fault, Limits, Meta, Violation,
        frame::{ATTRIBUTES_PER_FRAME, Ask, ENDS_PER_FRAME_MAX, FileEnd, Frame, HowEnded, Want},
        pieces::{Piece, Pieces},
    },
};

#[derive(Debug)]
pub(super) struct Serve {
    limits: Limits,
    /// Files of one block that wait to be read.
    small: VecDeque<u64>,
    /// Other files that wait.
    large: VecDeque<u64>,
    /// Large files that are being read.
    jobs: BTreeMap<u64, Job>,
    /// The job that was served last, so that each gets its turn.
    served: u64,
    /// What the disk works on.
    loads: HashMap<EffectId, Vec<Loading>>,
    /// Frames that the link has not taken yet, and how long they are.
    sending: HashMap<EffectId, u64>,
    /// Bytes read or being read that the link has not taken yet.
    ahead: u64,
    /// Content sent or about to be, and how much of it there may be.
    content: u64,
    credit: u64,
    looks: HashMap<EffectId, u64>,
    /// Holes of which the values are being computed.
    tellings: HashMap<EffectId, Telling>,
    /// Held ranges in wants that are not answered yet.
    held: usize,
    ends: Vec<FileEnd>,
}

/// A piece that the disk works on.
#[derive(Clone, Copy, Debug)]
struct Loading {
    file: u64,
    attempt: u16,
    block: u32,
    bytes: u32,
    whole: bool,
}

/// A large file that is being read.
#[derive(Debug)]
struct Job {
    attempt: u16,
    meta: Meta,
    blocks: Blocks,
    phase: Phase,
    /// What is known of the content as it is now.
    tree: BlockTree,
    /// What is to be sent.
    todo: VecDeque<Range<u32>>,
    /// Where it has holes.
    holes: Holes,
    /// What the receiver holds and is not compared yet.
    held: VecDeque<HeldNode>,
    hashing: Option<(EffectId, Vec<HeldNode>)>,
    loading: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Opening,
    Reading,
    /// Nothing is read any more; when nothing is on its way, the file is looked at and closed.
    Leaving(Option<Fault>),
    Closing(Option<Fault>),
    /// Only its digest is wanted.
    Digesting,
}

impl Serve {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            small: VecDeque::new(),
            large: VecDeque::new(),
            jobs: BTreeMap::new(),
            served: 0,
            loads: HashMap::new(),
            sending: HashMap::new(),
            ahead: 0,
            content: 0,
            credit: limits.content_bytes,
            looks: HashMap::new(),
            tellings: HashMap::new(),
            held: 0,
            ends: Vec::new(),
        }
    }

    pub(super) fn credit(&mut self, total: u64) -> Result<(), Violation> {
        if total < self.credit {
            return Err(Violation::Shrinks);
        }
        self.credit = total;
        Ok(())
    }

    /// The link has taken a frame.
    pub(super) fn took(&mut self, id: EffectId) {
        if let Some(bytes) = self.sending.remove(&id) {
            self.ahead -= bytes;
        }
    }

    fn may_read(&self, bytes: u32) -> bool {
        let bytes = u64::from(bytes);
        self.ahead + bytes <= AHEAD_BYTES.max(u64::from(self.limits.block_bytes))
            && self.loads.len() + self.sending.len() < FRAMES_AHEAD_MAX
            && self.content + bytes <= self.credit
    }

    fn reserve(&mut self, bytes: u32) {
        self.ahead += u64::from(bytes);
        self.content += u64::from(bytes);
    }

    /// Bytes that were to be read and will not be sent.
    fn unreserve(&mut self, bytes: u32) {
        self.ahead -= u64::from(bytes);
        self.content -= u64::from(bytes);
    }

    fn take_ends(&mut self, frames: &mut VecDeque<Frame>) {
        while !self.ends.is_empty() {
            let mut bytes = 0;
            let fitting = self.ends.iter().take_while(|end| {
                let fits = bytes < ATTRIBUTES_PER_FRAME;
                if let HowEnded::Complete { attributes, .. } = &end.how {
                    bytes += attributes.bytes();
                }
                fits
            });
            let count = fitting.take(ENDS_PER_FRAME_MAX).count();
            let rest = self.ends.split_off(count);
            frames.push_back(Frame::Ends(std::mem::replace(&mut self.ends, rest)));
        }
    }
}

impl Sender {
    /// Takes a want of the receiver, who may be hostile.
    pub(super) fn want(&mut self, want: Want) -> Result<(), Violation> {
        let Some(Sent::File(source)) = self.sent.get_mut(&want.file) else {
            return Err(Violation::File);
        };
        if source.attempt.checked_add(1) != Some(want.attempt) {
            return Err(Violation::Attempt);
        }
        let content = matches!(want.ask, Ask::Content { .. });
        if content && self.config.orders.options.only_looks() {
            return Err(Violation::Unexpected);
        }
        let is_current = want.token == source.meta.token;
        let blocks = blocks_of(&self.config.limits, source.meta.size);
        if let Ask::Content { held } = &want.ask {
            if is_current && !held.is_empty() {
                check_held(blocks, held)?;
            }
            self.serve.held += held.len();
        }
        self.serve.held -= held_in(source.ask.as_ref());
        if HELD_OPEN_MAX < self.serve.held {
            return Err(Violation::Window);
        }
        // What an earlier attempt sent is sent again, but for what is confirmed now.
        self.done.bytes -= source.part();
        source.sent = 0;
        source.attempt = want.attempt;
        source.ask = Some(want.ask);
        if !is_current {
            let meta = source.meta;
            self.end_file(want.file, HowEnded::Changed { meta });
            return Ok(());
        }
        if let Some(job) = self.serve.jobs.get_mut(&want.file) {
            job.leave(None); // of an earlier attempt
        }
        if !source.queued {
            source.queued = true;
            let whole = blocks.is_single() && matches!(source.ask, Some(Ask::Content { .. }));
            let queue = if whole { &mut self.serve.small } else { &mut self.serve.large };
            queue.push_back(want.file);
        }
        Ok(())
    }

    /// Lets go of a file that the receiver released.
    pub(super) fn forget(&mut self, file: u64, source: &Source) {
        self.serve.held -= held_in(source.ask.as_ref());
        if let Some(job) = self.serve.jobs.get_mut(&file) {
            job.leave(None);
        }
    }

    pub(super) fn pump_serve(&mut self) {
        let files: Vec<u64> = self.serve.jobs.keys().copied().collect();
        files.into_iter().for_each(|file| self.advance(file));
        loop {
            self.open_large();
            let small = self.load_small();
            let large = self.load_block();
            if !small && !large {
                break;
            }
        }
        self.serve.take_ends(&mut self.frames);
    }

    pub(super) fn loaded(&mut self, id: EffectId, results: Vec<Result<Loaded, Fault>>) {
        let Some(loads) = self.serve.loads.remove(&id) else { return };
        let mut results = results.into_iter();
        let (mut pieces, mut picks, mut bytes) = (Vec::new(), Vec::new(), 0);
        for (index, load) in loads.into_iter().enumerate() {
            let result = results.next().unwrap_or_else(|| Err(unread()));
            match self.read(load, result) {
                Some(piece) => {
                    bytes += u64::from(piece.bytes);
                    pieces.push(piece);
                    picks.push(index as u16);
                }
                None => self.serve.unreserve(load.bytes),
            }
        }
        if pieces.is_empty() {
            self.effects.push_back(SenderEffect::Forget { id });
        } else {
            self.serve.sending.insert(id, bytes);
            let pieces = Pieces { pieces };
            self.effects.push_back(SenderEffect::Send { id, pieces, picks });
        }
    }

    pub(super) fn looked(
        &mut self,
        id: EffectId,
        meta: Result<Meta, Fault>,
        attributes: Attributes,
    ) {
        let Some(file) = self.serve.looks.remove(&id) else { return };
        let Some(job) = self.serve.jobs.get_mut(&file) else { return };
        match (job.phase.clone(), meta) {
            (Phase::Opening, Ok(meta)) if meta.token == job.meta.token => {
                job.phase = Phase::Reading;
            }
            // It is open, and not what it should be.
            (Phase::Opening, Ok(_)) => job.leave(None),
            (Phase::Opening, Err(fault)) => {
                let attempt = job.attempt;
                self.serve.jobs.remove(&file);
                self.end_attempt(file, attempt, HowEnded::Failed(fault));
            }
            (Phase::Leaving(fault), Ok(meta)) => {
                // Given up while it was being opened.
                job.phase = Phase::Leaving(fault);
                let _ = meta;
            }
            (Phase::Leaving(_), Err(_)) => {
                self.serve.jobs.remove(&file);
            }
            (Phase::Closing(fault), meta) => self.closed(file, fault, meta, attributes),
            (Phase::Reading | Phase::Digesting, _) => {}
        }
    }

    pub(super) fn hashed(&mut self, id: EffectId, values: Result<Vec<Option<Cv>>, Fault>) {
        let mut jobs = self.serve.jobs.iter_mut();
        let of = |job: &Job| job.hashing.as_ref().is_some_and(|(hashing, _)| *hashing == id);
        let Some((file, job)) = jobs.find(|(_, job)| of(job)) else { return };
        let Some((_, nodes)) = job.hashing.take() else { return };
        if job.phase != Phase::Reading {
            return;
        }
        let values = match values {
            Ok(values) => values,
            Err(fault) => return job.leave(Some(fault)),
        };
        let mut matched = Vec::new();
        for (node, value) in
            nodes.into_iter().zip(values.into_iter().chain(std::iter::repeat(None)))
        {
            if value == Some(node.cv) && job.tree.insert(node.id, node.cv).is_ok() {
                matched.push(node.id);
            } else if let Some(span) = job.blocks.span(node.id) {
                job.todo.push_back(span);
            }
        }
        if !matched.is_empty() {
            let (file, attempt) = (*file, job.attempt);
            let spans = matched.iter().filter_map(|node| job.blocks.span(*node));
            let bytes =
                spans.map(|span| job.blocks.offset(span.end) - job.blocks.offset(span.start)).sum();
            self.moved(file, attempt, bytes);
            self.frames.push_back(Frame::Matched { file, attempt, nodes: matched });
        }
    }

    pub(super) fn digested(&mut self, id: EffectId, result: Result<Digested, Fault>) {
        let Some(file) = self.serve.looks.remove(&id) else { return };
        let Some(job) = self.serve.jobs.remove(&file) else { return };
        let how = match result {
            Err(fault) => HowEnded::Failed(fault),
            Ok(Digested { before, after, digest }) => {
                same_version(job.meta, before, after, digest, Attributes::default())
            }
        };
        self.end_attempt(file, job.attempt, how);
    }

    /// Begins with large files while there are few of them.
    fn open_large(&mut self) {
        while self.serve.jobs.len() < JOBS_MAX
            && let Some(file) = self.serve.large.pop_front()
        {
            if self.serve.jobs.contains_key(&file) {
                // The earlier attempt is not closed yet.
                self.serve.large.push_front(file);
                break;
            }
            let Some(source) = wanted(&mut self.sent, file) else { continue };
            let (meta, attempt, place) = (source.meta, source.attempt, source.place.clone());
            let Some(ask) = &source.ask else { continue };
            let blocks = blocks_of(&self.config.limits, meta.size);
            if blocks.is_single() && matches!(ask, Ask::Content { .. }) {
                source.queued = true; // it shrank
                self.serve.small.push_back(file);
                continue;
            }
            let id = self.ids.next();
            let (phase, effect, held) = match ask {
                Ask::Content { held } => {
                    let effect = SenderEffect::Open { id, file, place };
                    (Phase::Opening, effect, held.iter().copied().collect())
                }
                Ask::Digest => {
                    let effect = SenderEffect::Digest { id, file, place };
                    (Phase::Digesting, effect, VecDeque::new())
                }
            };
            let todo = without(blocks, &held);
            let (tree, holes) = (BlockTree::new(blocks), Holes::new(meta, blocks));
            self.serve.looks.insert(id, file);
            self.effects.push_back(effect);
            let (hashing, loading) = (None, 0);
            let job =
                Job { attempt, meta, blocks, phase, tree, todo, holes, held, hashing, loading };
            self.serve.jobs.insert(file, job);
        }
    }

    /// Reads the next small files into one frame; `false` when there is nothing to read, or no room.
    fn load_small(&mut self) -> bool {
        let (mut loads, mut loading, mut bytes) = (Vec::new(), Vec::new(), 0);
        while loads.len() < LOADS_PER_FRAME_MAX
            && bytes < self.config.limits.frame_bytes
            && let Some(file) = self.serve.small.front().copied()
        {
            let Some(source) = wanted(&mut self.sent, file) else {
                self.serve.small.pop_front();
                continue;
            };
            let size = source.meta.size as u32; // one block
            let whole = matches!(source.ask, Some(Ask::Content { .. }))
                && blocks_of(&self.config.limits, source.meta.size).is_single();
            if !whole {
                source.queued = true; // it grew, or another thing is wanted of it
                self.serve.small.pop_front();
                self.serve.large.push_back(file);
                continue;
            }
            if !self.serve.may_read(size) {
                source.queued = true;
                break;
            }
            self.serve.small.pop_front();
            self.serve.reserve(size);
            bytes += size;
            let attempt = source.attempt;
            loads.push(Load::Whole { file, place: source.place.clone(), bytes: size });
            loading.push(Loading { file, attempt, block: 0, bytes: size, whole: true });
        }
        if loads.is_empty() {
            return false;
        }
        let id = self.ids.next();
        self.serve.loads.insert(id, loading);
        self.effects.push_back(SenderEffect::Load { id, loads });
        true
    }

    /// Reads the next block of the next large file, or tells its next hole; `false` when there is none,
    /// or no room.
    fn load_block(&mut self) -> bool {
        let served = self.serve.served;
        let jobs = self.serve.jobs.range(served + 1..).chain(self.serve.jobs.range(..=served));
        let reading = jobs.filter(|(_, job)| job.phase == Phase::Reading).map(|(file, _)| *file);
        for file in reading.collect::<Vec<u64>>() {
            let next = self.serve.jobs.get(&file).map_or(Next::Nothing, Job::next);
            match next {
                Next::Data(block) => return self.load_data(file, block),
                Next::Hole(hole) if self.load_hole(file, &hole) => return true,
                Next::Unknown(_) => self.ask_for_holes(file),
                Next::Hole(_) | Next::Nothing => {}
            }
        }
        false
    }

    fn load_data(&mut self, file: u64, block: u32) -> bool {
        let Some(job) = self.serve.jobs.get(&file) else { return false };
        let (blocks, attempt) = (job.blocks, job.attempt);
        let bytes = blocks.bytes(block);
        if !self.serve.may_read(bytes) {
            return false;
        }
        self.serve.reserve(bytes);
        if let Some(job) = self.serve.jobs.get_mut(&file) {
            job.loading += 1;
            job.take_blocks(1);
        }
        self.serve.served = file;
        let id = self.ids.next();
        self.serve.loads.insert(id, vec![Loading { file, attempt, block, bytes, whole: false }]);
        let loads = vec![Load::Block { file, blocks, block }];
        self.effects.push_back(SenderEffect::Load { id, loads });
        true
    }

    /// Takes a piece that was read; `None` when it is not to be sent.
    fn read(&mut self, load: Loading, result: Result<Loaded, Fault>) -> Option<Piece> {
        let Loading { file, attempt, block, bytes, whole } = load;
        // Attributes come with an end.
        let complete = whole && !self.config.orders.options.preserve_xattrs;
        let piece = |hash| Piece { file, attempt, block, bytes, hash, complete };
        if whole {
            let source = current(&mut self.sent, file, attempt)?;
            let meta = source.meta;
            let how = match result {
                Ok(Loaded::Whole { before, after, hash, attributes }) => {
                    match same_version(meta, before, after, Digest(hash), attributes) {
                        how @ HowEnded::Complete { .. } => {
                            if complete {
                                self.answered(file);
                            } else {
                                self.end_file(file, how);
                            }
                            return Some(piece(hash));
                        }
                        how @ (HowEnded::Changed { .. } | HowEnded::Failed(_)) => how,
                    }
                }
                Ok(Loaded::Block { .. }) => HowEnded::Failed(unread()),
                Err(fault) => HowEnded::Failed(fault),
            };
            self.end_file(file, how);
            return None;
        }
        let job = self.serve.jobs.get_mut(&file)?;
        job.loading -= 1;
        if job.attempt != attempt || job.phase != Phase::Reading {
            return None;
        }
        match result {
            Ok(Loaded::Block { bytes: got, hash, zeros: true })
                if got == bytes && job.meta.sparse && self.config.limits.hole_bytes() <= bytes =>
            {
                self.serve.content += u64::from(self.config.limits.hole_bytes());
                let id = NodeId { first: block, level: 0 };
                self.tell_holes(file, vec![HeldNode { id, cv: hash }]);
                None
            }
            Ok(Loaded::Block { bytes: got, hash, .. }) if got == bytes => {
                job.tree.insert(NodeId { first: block, level: 0 }, hash).ok()?;
                self.moved(file, attempt, u64::from(bytes));
                Some(piece(hash))
            }
            Ok(Loaded::Block { .. } | Loaded::Whole { .. }) => {
                job.leave(None);
                None
            }
            Err(fault) => {
                job.leave(Some(fault));
                None
            }
        }
    }

    /// Counts what of a file is on its way, or need not be.
    fn moved(&mut self, file: u64, attempt: u16, bytes: u64) {
        if let Some(source) = current(&mut self.sent, file, attempt) {
            let before = source.part();
            source.sent = source.sent.saturating_add(bytes);
            self.done.bytes += source.part() - before;
        }
    }

    /// Takes the next step with a large file.
    fn advance(&mut self, file: u64) {
        let Some(job) = self.serve.jobs.get_mut(&file) else { return };
        if job.phase == Phase::Reading && job.hashing.is_none() && !job.held.is_empty() {
            let nodes = job.next_held();
            let id = self.ids.next();
            let (blocks, ids) = (job.blocks, nodes.iter().map(|node| node.id).collect());
            job.hashing = Some((id, nodes));
            self.effects.push_back(SenderEffect::Hash { id, file, blocks, nodes: ids });
        }
        let quiet = job.hashing.is_none() && job.loading == 0 && !job.holes.is_asking();
        let all = job.todo.is_empty() && job.held.is_empty();
        let opened = !self.serve.looks.values().any(|looked| *looked == file);
        let fault = match &job.phase {
            Phase::Reading if quiet && all => None,
            Phase::Leaving(fault) if quiet && opened => fault.clone(),
            Phase::Opening
            | Phase::Reading
            | Phase::Leaving(_)
            | Phase::Closing(_)
            | Phase::Digesting => return,
        };
        job.phase = Phase::Closing(fault);
        let id = self.ids.next();
        self.serve.looks.insert(id, file);
        self.effects.push_back(SenderEffect::Close { id, file });
    }

    /// A large file is closed: tells the receiver how it ended.
    fn closed(
        &mut self,
        file: u64,
        fault: Option<Fault>,
        meta: Result<Meta, Fault>,
        attributes: Attributes,
    ) {
        let Some(job) = self.serve.jobs.remove(&file) else { return };
        let how = match (fault, meta) {
            (_, Ok(meta)) if meta.token != job.meta.token => HowEnded::Changed { meta },
            (Some(fault), _) | (None, Err(fault)) => HowEnded::Failed(fault),
            (None, Ok(_)) => match job.tree.digest() {
                Some(digest) => HowEnded::Complete { digest, attributes },
                None => HowEnded::Failed(unread()),
            },
        };
        self.end_attempt(file, job.attempt, how);
    }

    /// Ends an attempt unless the receiver has begun another one or let the file go.
    fn end_attempt(&mut self, file: u64, attempt: u16, how: HowEnded) {
        if current(&mut self.sent, file, attempt).is_some() {
            self.end_file(file, how);
        }
    }

    fn end_file(&mut self, file: u64, how: HowEnded) {
        let Some(Sent::File(source)) = self.sent.get_mut(&file) else { return };
        let mut how = how;
        if let HowEnded::Changed { meta } = &how {
            if Blocks::new(meta.size).is_none() {
                let reason = "it is larger than any file that can be sent";
                how = HowEnded::Failed(Fault::never(Code::Disk, reason));
            } else {
                source.meta = *meta;
            }
        }
        let attempt = source.attempt;
        self.serve.ends.push(FileEnd { file, attempt, how });
        self.answered(file);
    }

    fn answered(&mut self, file: u64) {
        if let Some(Sent::File(source)) = self.sent.get_mut(&file) {
            self.serve.held -= held_in(source.ask.take().as_ref());
        }
    }
}

impl Job {
    fn leave(&mut self, fault: Option<Fault>) {
        match self.phase {
            Phase::Opening | Phase::Reading => self.phase = Phase::Leaving(fault),
            Phase::Leaving(_) | Phase::Closing(_) | Phase::Digesting => {}
        }
    }

    /// The next blocks are being dealt with.
    fn take_blocks(&mut self, blocks: u32) {
        if let Some(span) = self.todo.front_mut() {
            span.start += blocks;
            if span.start == span.end {
                self.todo.pop_front();
            }
        }
    }

    /// The next held ranges to compare: not so many that the content behind them waits long.
    fn next_held(&mut self) -> Vec<HeldNode> {
        let (mut nodes, mut bytes) = (Vec::new(), 0);
        while bytes < HASH_BYTES
            && let Some(node) = self.held.pop_front()
        {
            bytes += self.blocks.span(node.id).map_or(0, |span| self.blocks.span_bytes(&span));
            nodes.push(node);
        }
        nodes
    }
}

fn same_version(
    known: Meta,
    before: Meta,
    after: Meta,
    digest: Digest,
    attributes: Attributes,
) -> HowEnded {
    if before.token == known.token && after.token == known.token {
        HowEnded::Complete { digest, attributes }
    } else {
        HowEnded::Changed { meta: after }
    }
}

/// The file behind a place in a queue, if something is still wanted of it.
fn wanted(sent: &mut FxHashMap<u64, Sent>, file: u64) -> Option<&mut Source> {
    match sent.get_mut(&file) {
        Some(Sent::File(source)) => {
            source.queued = false;
            source.ask.is_some().then_some(source)
        }
        Some(Sent::Plain) | None => None,
    }
}

/// The file, if this attempt is the one that waits for an answer.
fn current(sent: &mut FxHashMap<u64, Sent>, file: u64, attempt: u16) -> Option<&mut Source> {
    match sent.get_mut(&file) {
        Some(Sent::File(source)) if source.attempt == attempt && source.ask.is_some() => {
            Some(source)
        }
        Some(Sent::File(_) | Sent::Plain) | None => None,
    }
}

/// Held ranges must be parts of the file, in order, and cover nothing twice.
fn check_held(blocks: Blocks, held: &[HeldNode]) -> Result<(), Violation> {
    let mut free = 0;
    for node in held {
        let span = blocks.span(node.id).ok_or(Violation::Blocks)?;
        if span.start < free || blocks.is_single() {
            return Err(Violation::Blocks);
        }
        free = span.end;
    }
    Ok(())
}

/// The rows of blocks that no held range covers.
fn without(blocks: Blocks, held: &VecDeque<HeldNode>) -> VecDeque<Range<u32>> {
    let mut rows = VecDeque::new();
    let mut free = 0;
    for span in held.iter().filter_map(|node| blocks.span(node.id)) {
        if free < span.start {
            rows.push_back(free..span.start);
        }
        free = span.end;
    }
    if free < blocks.count() {
        rows.push_back(free..blocks.count());
    }
    rows
}

fn blocks_of(limits: &Limits, size: u64) -> Blocks {
    limits.blocks(size).expect("sizes are checked before they enter the manifest")
}

fn held_in(ask: Option<&Ask>) -> usize {
    match ask {
        Some(Ask::Content { held }) => held.len(),
        Some(Ask::Digest) | None => 0,
    }
}

fn unread() -> Fault {
    Fault::backoff(Code::Disk, "it could not be read to its end")
}

/// Held ranges in all wants that wait for their end; receivers keep to it, so that a list of them
/// costs a sender a few megabytes at most.
pub(in crate::session) const HELD_OPEN_MAX: usize = 32 * NODES_PER_WANT_MAX;
/// Content that is read before the link has taken it: enough for every stream to be busy, little
/// enough that a pause throws little away.
const AHEAD_BYTES: u64 = 16 * 1024 * 1024;
/// Frames that are read before the link has taken them.
const FRAMES_AHEAD_MAX: usize = 32;
/// Small files that one thread reads one after the other into one frame.
const LOADS_PER_FRAME_MAX: usize = 128;
/// Large files that are open at once: while one is opened or closed, others are read.
const JOBS_MAX: usize = 3;
/// Held content that is hashed by one effect.
const HASH_BYTES: u64 = 64 * 1024 * 1024;
