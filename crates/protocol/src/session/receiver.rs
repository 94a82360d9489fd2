//! The side that writes, and leads.
//!
//! It takes the manifest in (`manifest`), looks what stands at the destination (`compare`), asks for
//! what is missing (`want`), has it verified and written (`content`), or gives one file further names
//! (`hard_links`), and makes it durable batch by batch (`batch`). `file` is the life of one file through all of these.

mod attributes;
mod batch;
mod compare;
mod content;
mod dirs;
mod effect;
mod extras;
mod failure;
mod file;
mod hard_links;
mod holes;
mod log;
mod look;
mod manifest;
mod want;

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use outport_types::{Differences, UnixTime};
use rustc_hash::FxHashMap;

pub use effect::{
    AtDestination, Checked, Compare, CompareWhat, Compared, ExtraLeft, ExtraSeen, Finish,
    FinishDir, HardLink, HardLinked, Linked, ReadPart, ReceiverEffect, ReceiverEvent, SyncFile,
    Temp, Told, Write, WriteResult,
};

use self::{
    batch::{Batch, Flush},
    compare::Compares,
    content::Content,
    dirs::Dirs,
    extras::ExtrasFound,
    file::File,
    hard_links::HardLinks,
    log::Log,
    look::Listed,
    manifest::Manifest,
    want::Wants,
};
use super::{
    BufferId, Config, EffectId, Fault, Frame, Now, Pieces, Span, Violation, dir::temp_prefix,
    frame::SPANS_PER_FRAME_MAX, sender::Ids,
};
use crate::{
    journal::{Failure, Record, Recovered},
    report::Counts,
};

/// The side that writes.
///
/// Feed it frames, the headers of data frames and answers, and after each carry out what
/// [`Receiver::poll_frame`] and [`Receiver::poll_effect`] give until both are empty.
#[derive(Debug)]
pub struct Receiver {
    config: Config,
    now: Now,
    ids: Ids,
    frames: VecDeque<Frame>,
    effects: VecDeque<ReceiverEffect>,
    recovered: Recovered,
    temp_prefix: String,
    manifest: Manifest,
    /// Files that are not settled; the window bounds them.
    files: FxHashMap<u64, File>,
    /// How many of them something will happen to without a flush.
    active: u64,
    compares: Compares,
    hard_links: HardLinks,
    wants: Wants,
    dirs: Dirs,
    extras: ExtrasFound,
    /// What a preview or a check lists.
    listed: Listed,
    content: Content,
    /// The disk is full: nothing is written or wanted before this.
    space_until: Option<Now>,
    retries: BTreeSet<(Now, u64)>,
    batch: Batch,
    flush: Option<Flush>,
    /// Until then only a whole batch is brought to the disk.
    disk_rested: Now,
    log: Log,
    released: Vec<u64>,
    counts: Counts,
    failure: Option<Failure>,
    failures: u32,
    events: u32,
    /// Whether temporary files may be left that no file will take up.
    sweep: bool,
    /// Whether an earlier session worked on the task.
    resumed: bool,
    ending: Ending,
    mode: Mode,
    outcome: Option<Outcome>,
    said_bye: bool,
}

/// How a session ended at the receiver.
///
/// Effects may still be under way then. The next session of the task must not begin before all of
/// them are over: an old one could touch what a new one made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The work is over and its outcome is in the journal.
    Finished {
        /// Whether everything was done.
        succeeded: bool,
    },
    /// The receiver was told to stop, and what was verified is in the journal.
    Stopped,
    /// The own disk or journal does not work: the session is over, the task is not.
    Broken(Fault),
    /// The sender broke the rules.
    Violated(Violation),
}

/// What the receiver is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// It takes in what comes.
    Working,
    /// It brings to the disk what it has, and no more.
    Stopping,
    /// The same; then the task is over, and failed.
    GivingUp,
}

/// The last steps of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    NotYet,
    /// What stands at the source no longer is removed.
    Removing {
        id: EffectId,
    },
    Sweeping {
        id: EffectId,
        tries: u32,
    },
    /// Sweeping failed; it is tried again then.
    SweepAgain {
        until: Now,
        tries: u32,
    },
    Recording {
        position: u64,
    },
}

impl Receiver {
    /// Begins the work, or goes on from what a journal says; both hellos have been exchanged.
    pub fn new(config: Config, mut recovered: Recovered) -> Self {
        let mut frames = VecDeque::new();
        let outcome = recovered.outline.finished().map(|succeeded| {
            frames.push_back(Frame::Finished { succeeded });
            Outcome::Finished { succeeded }
        });
        let mut counts = std::mem::take(&mut recovered.counts);
        if config.orders.options.only_looks() && outcome.is_none() {
            // Whatever an earlier session found, this one looks at all of it again.
            counts.differences = Some(Differences::default());
        }
        let listed = Listed::new(&mut recovered);
        Self {
            now: Now::ZERO,
            ids: Ids::default(),
            frames,
            effects: VecDeque::new(),
            temp_prefix: temp_prefix(config.task),
            manifest: Manifest::new(config.orders.options.names),
            files: FxHashMap::default(),
            active: 0,
            compares: Compares::default(),
            hard_links: HardLinks::default(),
            wants: Wants::default(),
            dirs: Dirs::default(),
            extras: ExtrasFound::default(),
            listed,
            content: Content::new(config.limits.content_bytes),
            space_until: None,
            retries: BTreeSet::new(),
            batch: Batch::default(),
            flush: None,
            disk_rested: Now::ZERO,
            log: Log::new(recovered.outline.reports()),
            released: Vec::new(),
            counts,
            failure: None,
            failures: 0,
            events: 0,
            sweep: !recovered.touched.is_empty(),
            resumed: recovered.is_resumed(),
            ending: Ending::NotYet,
            mode: Mode::Working,
            outcome,
            said_bye: false,
            config,
            recovered,
        }
    }

    /// Takes a frame of the sender, who may be hostile.
    ///
    /// # Errors
    /// When the sender broke the rules: the session is over.
    pub fn handle_frame(&mut self, frame: Frame, now: Now) -> Result<(), Violation> {
        if matches!(self.outcome, Some(Outcome::Finished { .. })) && frame == Frame::Bye {
            self.said_bye = true;
        }
        if self.outcome.is_some() || self.mode != Mode::Working {
            return Ok(());
        }
        self.now = now;
        let result = match frame {
            Frame::Manifest(entries) => self.entries(entries),
            Frame::Matched { file, attempt, nodes } => self.matched(file, attempt, &nodes),
            Frame::Ends(ends) => self.ends(ends),
            Frame::Holes { file, attempt, nodes } => self.holes(file, attempt, nodes),
            Frame::Release(_)
            | Frame::Want(_)
            | Frame::Credit { .. }
            | Frame::Finished { .. }
            | Frame::Pace(_)
            | Frame::GiveWay
            | Frame::Bye => Err(Violation::Unexpected),
        };
        self.after(result)
    }

    /// Takes the header of a data frame whose body the shell holds as `buffer`, until an effect says
    /// to forget it.
    ///
    /// # Errors
    /// When the sender broke the rules: the session is over.
    pub fn handle_pieces(
        &mut self,
        buffer: BufferId,
        pieces: Pieces,
        now: Now,
    ) -> Result<(), Violation> {
        if self.outcome.is_some() {
            self.effects.push_back(ReceiverEffect::Forget { buffer });
            return Ok(());
        }
        self.now = now;
        let result = self.pieces(buffer, pieces);
        self.after(result)
    }

    /// Takes what the disk answered.
    pub fn handle_event(&mut self, event: ReceiverEvent, now: Now) {
        if self.outcome.is_some() {
            return;
        }
        self.now = now;
        match event {
            ReceiverEvent::Compared { id, results } => self.compared(id, results),
            ReceiverEvent::Digested { id, result } => self.digested(id, result),
            ReceiverEvent::Hashed { id, values } => self.held_checked(id, &values),
            ReceiverEvent::Created { id, result } => self.created(id, result),
            ReceiverEvent::Written { id, results } => self.wrote(id, results),
            ReceiverEvent::Synced { id, results, refused } => self.synced(id, results, &refused),
            ReceiverEvent::HolesMade { id, results } => self.holes_made(id, results),
            ReceiverEvent::HardLinked { id, results } => self.hard_linked(id, results),
            ReceiverEvent::ReadBack { id, agree } => self.read_back_done(id, &agree),
            ReceiverEvent::Placed { id, results } => self.placed(id, results),
            ReceiverEvent::DirsFinished { id, results } => self.dirs_finished(id, results),
            ReceiverEvent::ExtrasFound { id, result } => self.extras_found(id, result),
            ReceiverEvent::ExtrasRemoved { id, removed, left, more } => {
                self.extras_removed(id, removed, left, more);
            }
            ReceiverEvent::ExtrasSeen { id, seen, more } => self.extras_seen(id, seen, more),
            ReceiverEvent::Done { id, result } => self.done(id, &result),
        }
        self.pump();
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Now) {
        self.now = now;
        self.pump();
    }

    /// When [`Receiver::handle_timeout`] is to be called next.
    pub fn poll_timeout(&self) -> Option<Now> {
        if self.outcome.is_some() {
            return None;
        }
        let sweep = match self.ending {
            Ending::SweepAgain { until, .. } => Some(until),
            Ending::NotYet
            | Ending::Removing { .. }
            | Ending::Sweeping { .. }
            | Ending::Recording { .. } => None,
        };
        let work = [self.compares.wakes(), self.space_wakes(), self.retries_wake()];
        let work = work.into_iter().flatten().filter(|_| self.mode == Mode::Working).min();
        [work, self.flush_wakes(), self.log.wakes(self.config.limits.batch_age), sweep]
            .into_iter()
            .flatten()
            .min()
    }

    /// The next frame for the control stream.
    pub fn poll_frame(&mut self) -> Option<Frame> {
        self.frames.pop_front()
    }

    /// The next thing for the shell to do.
    pub fn poll_effect(&mut self) -> Option<ReceiverEffect> {
        self.effects.pop_front()
    }

    /// Takes nothing more in, and brings what is verified to the disk and the journal; then
    /// [`Receiver::outcome`] says [`Outcome::Stopped`]. For a link that is gone, a pause, a shutdown.
    pub fn stop(&mut self, now: Now) {
        self.now = now;
        if self.outcome.is_none() && self.mode == Mode::Working {
            self.mode = Mode::Stopping;
            self.compares.clear();
            self.drop_stalled();
        }
        self.pump();
    }

    /// How the session ended, once it has.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Whether the sender has seen that the work is over: the link may be closed.
    pub fn is_closed(&self) -> bool {
        self.said_bye
    }

    /// How far the task is, earlier sessions included.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The number of the last report that is durable in the journal; the hub may be told up to here.
    pub fn reports_durable(&self) -> u64 {
        self.log.reports_durable()
    }

    fn after(&mut self, result: Result<(), Violation>) -> Result<(), Violation> {
        match result {
            Ok(()) => self.pump(),
            Err(violation) => {
                self.end(Outcome::Violated(violation));
                self.frames.clear();
            }
        }
        result
    }

    /// Takes the next steps, whatever they are.
    fn pump(&mut self) {
        if self.outcome.is_some() {
            return;
        }
        // One step may make room for another: go round until none was taken.
        while self.pump_steps() {}
        self.pump_end();
        let age = self.config.limits.batch_age;
        self.log.pump(&mut self.ids, &mut self.effects, age, self.now);
        self.pump_frames();
    }

    /// Takes the steps that are due now; `false` when none was.
    fn pump_steps(&mut self) -> bool {
        let mut went_on = false;
        if self.mode == Mode::Working {
            went_on |= self.pump_space();
            went_on |= self.pump_retries();
            went_on |= self.pump_compares();
            went_on |= self.pump_hard_links();
            went_on |= self.pump_wants();
            went_on |= self.pump_dirs();
        }
        self.pump_flush() || went_on
    }

    /// Takes the last steps, once nothing else is to be done.
    fn pump_end(&mut self) {
        let settled = match self.mode {
            Mode::Working => self.manifest.is_settled(),
            Mode::Stopping | Mode::GivingUp => true,
        };
        let quiet = self.flush.is_none() && self.batch.is_empty() && self.content.is_quiet();
        if !settled || !quiet {
            return;
        }
        if self.mode == Mode::Stopping {
            self.log.hurry();
            if self.log.is_quiet() {
                self.end(Outcome::Stopped);
            }
            return;
        }
        match self.ending {
            Ending::NotYet if self.may_see_extras() => self.see_extras(),
            Ending::NotYet if self.may_remove_extras() => self.remove_extras(),
            Ending::NotYet if self.sweep && !self.looks() => self.begin_sweep(0),
            Ending::NotYet => self.record_end(),
            Ending::SweepAgain { until, tries } if until <= self.now => self.begin_sweep(tries),
            Ending::Recording { position } if position <= self.log.durable() => {
                let succeeded = self.failure.is_none();
                self.end(Outcome::Finished { succeeded });
                self.frames.push_back(Frame::Finished { succeeded });
            }
            Ending::Removing { .. }
            | Ending::Sweeping { .. }
            | Ending::SweepAgain { .. }
            | Ending::Recording { .. } => {}
        }
    }

    fn begin_sweep(&mut self, tries: u32) {
        let id = self.ids.next();
        self.ending = Ending::Sweeping { id, tries };
        self.effects.push_back(ReceiverEffect::Sweep { id });
    }

    fn record_end(&mut self) {
        let (time, failure, counts) = (self.time(), self.failure.clone(), self.counts);
        let record = Record::Finished { time, failure, counts };
        let position = self.log.push(&record, self.now);
        self.log.hurry();
        self.ending = Ending::Recording { position };
    }

    /// Takes the answer to an effect that has nothing more to say than how it went.
    fn done(&mut self, id: EffectId, result: &Result<(), Fault>) {
        match self.log.done(id, result, self.now) {
            Some(Ok(())) if result.is_ok() || self.mode != Mode::Stopping => return,
            // No waiting for room on the way out.
            Some(Ok(())) => return self.end(Outcome::Stopped),
            Some(Err(fault)) => return self.break_off(fault),
            None => {}
        }
        if self.dirs_synced(id, result) {
            return;
        }
        if let Ending::Sweeping { id: asked, tries } = self.ending
            && asked == id
        {
            match result {
                Err(_) if tries < SWEEP_TRIES_MAX => {
                    let until = self.now + SWEEP_AGAIN;
                    self.ending = Ending::SweepAgain { until, tries: tries + 1 };
                }
                // Remains of unfinished files are a nuisance, no reason to keep a task open.
                Ok(()) | Err(_) => self.record_end(),
            }
        }
    }

    /// Turns what was settled meanwhile into frames.
    fn pump_frames(&mut self) {
        let mut released = std::mem::take(&mut self.released);
        if !released.is_empty() {
            released.sort_unstable();
            let mut spans: Vec<Span> = Vec::new();
            for entry in released {
                match spans.last_mut() {
                    Some(span) if span.first + u64::from(span.count) == entry => span.count += 1,
                    Some(_) | None => spans.push(Span { first: entry, count: 1 }),
                }
            }
            let frames =
                spans.chunks(SPANS_PER_FRAME_MAX).map(|spans| Frame::Release(spans.into()));
            self.frames.extend(frames);
        }
        self.frames.extend(self.content.grown());
    }

    fn release(&mut self, entry: u64) {
        self.manifest.released();
        self.released.push(entry);
    }

    /// Ends the task as failed, with what is whole so far.
    fn give_up(&mut self) {
        if self.mode == Mode::Working {
            self.mode = Mode::GivingUp;
            self.sweep = true;
            self.compares.clear();
            self.drop_stalled();
        }
    }

    fn break_off(&mut self, fault: Fault) {
        self.end(Outcome::Broken(fault));
    }

    fn end(&mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
        self.effects.clear();
    }

    /// The hub's time, as far as this side knows it.
    fn time(&self) -> UnixTime {
        let now = i64::try_from(self.now.as_millis()).unwrap_or(i64::MAX);
        UnixTime::from_millis(self.config.started.millis().saturating_add(now))
    }
}

/// The counts that no other record tells.
fn sums(counts: &Counts) -> Record {
    let Counts { bytes_received, faults, deleted, .. } = *counts;
    Record::Sums { bytes_received, faults, deleted }
}

/// How often sweeping is tried again, and when.
const SWEEP_TRIES_MAX: u32 = 3;
const SWEEP_AGAIN: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
