//! The side that reads: it scans the items, streams the manifest, and sends what is wanted.
//!
//! Two halves that share one window: `scan` numbers what stands at the source, `serve` reads what
//! the receiver asks for. An entry lives here from the moment it is sent until it is released, so
//! memory follows the window and not the tree.

mod effect;
mod hard_links;
mod scan;
mod serve;

use std::collections::VecDeque;

pub use effect::{
    Digested, Found, LinkedId, Listed, Load, Loaded, SenderEffect, SenderEvent, Told,
};

use super::{
    Config, EffectId, Entry, ItemRoot, Meta, Now, Violation,
    dir::Place,
    frame::{Frame, Span},
};
use rustc_hash::FxHashMap;
pub(super) use scan::DIRS_UNOPENED_MAX;
use scan::Scan;
pub(super) use serve::HELD_OPEN_MAX;
use serve::Serve;

use crate::report::Counts;

/// The side that reads.
///
/// Feed it frames and answers, and after each carry out what [`Sender::poll_frame`] and
/// [`Sender::poll_effect`] give until both are empty.
#[derive(Debug)]
pub struct Sender {
    config: Config,
    ids: Ids,
    frames: VecDeque<Frame>,
    effects: VecDeque<SenderEffect>,
    /// Every entry that was sent and not yet released.
    sent: FxHashMap<u64, Sent>,
    scan: Scan,
    serve: Serve,
    done: Done,
    end: End,
}

/// What the receiver is done with, as far as this side knows.
#[derive(Clone, Copy, Debug, Default)]
struct Done {
    files: u64,
    bytes: u64,
}

/// How far the end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// There is work.
    Open,
    /// The receiver said that the work is over.
    Finished { succeeded: bool },
    /// The receiver broke the rules.
    Broken,
}

/// An entry that was sent and not yet released.
#[derive(Debug)]
enum Sent {
    /// Nothing can be asked about it.
    Plain,
    /// A file: its content may be wanted.
    File(Box<Source>),
}

/// A file that the receiver may want.
#[derive(Debug)]
struct Source {
    place: Place,
    /// The version that the receiver was last told of.
    meta: Meta,
    /// The last attempt that the receiver began; 0 is none.
    attempt: u16,
    /// What it wants, until that is answered by an end.
    ask: Option<super::frame::Ask>,
    /// Whether it waits in a queue.
    queued: bool,
    /// Its size as it was announced.
    announced: u64,
    /// How much of it was sent, or confirmed, in the last attempt.
    sent: u64,
}

impl Source {
    /// How much of it counts as done before it is released.
    fn part(&self) -> u64 {
        self.sent.min(self.announced)
    }
}

/// Gives each effect its id.
#[derive(Debug, Default)]
pub(super) struct Ids(u64);

impl Ids {
    pub(super) fn next(&mut self) -> EffectId {
        self.0 += 1;
        EffectId(self.0)
    }
}

impl Sender {
    /// Begins the work; both hellos have been exchanged.
    pub fn new(config: Config) -> Self {
        let mut sender = Self {
            scan: Scan::new(&config.orders),
            serve: Serve::new(config.limits),
            config,
            ids: Ids::default(),
            frames: VecDeque::new(),
            effects: VecDeque::new(),
            sent: FxHashMap::default(),
            done: Done::default(),
            end: End::Open,
        };
        sender.pump(Now::ZERO);
        sender
    }

    /// Takes a frame of the receiver, who may be hostile.
    ///
    /// # Errors
    /// When the receiver broke the rules: the session is over.
    pub fn handle_frame(&mut self, frame: Frame, now: Now) -> Result<(), Violation> {
        if self.end != End::Open {
            return Ok(());
        }
        let result = match frame {
            Frame::Release(spans) => self.release(&spans),
            Frame::Want(wants) => wants.into_iter().try_for_each(|want| self.want(want)),
            Frame::Credit { total } => self.serve.credit(total),
            Frame::Finished { succeeded } => {
                self.end = End::Finished { succeeded };
                self.effects.clear();
                self.frames.push_back(Frame::Bye);
                return Ok(());
            }
            // The shell keeps to these, byte by byte.
            Frame::Pace(_) | Frame::GiveWay => return Ok(()),
            Frame::Manifest(_)
            | Frame::Matched { .. }
            | Frame::Ends(_)
            | Frame::Holes { .. }
            | Frame::Bye => Err(Violation::Unexpected),
        };
        match result {
            Ok(()) => self.pump(now),
            Err(_) => {
                self.end = End::Broken;
                self.effects.clear();
                self.frames.clear();
            }
        }
        result
    }

    /// Takes what the disk or the link answered.
    pub fn handle_event(&mut self, event: SenderEvent, now: Now) {
        if self.end != End::Open {
            return;
        }
        match event {
            SenderEvent::Root { id, found } => self.scan.rooted(id, found, now),
            SenderEvent::Scanned { id, entries, end } => self.scan.scanned(id, entries, end, now),
            SenderEvent::Loaded { id, results } => self.loaded(id, results),
            SenderEvent::Sent { id } => self.serve.took(id),
            SenderEvent::Looked { id, meta, attributes } => self.looked(id, meta, attributes),
            SenderEvent::Hashed { id, values } => self.hashed(id, values),
            SenderEvent::Digested { id, result } => self.digested(id, result),
            SenderEvent::Mapped { id, holes, until } => self.mapped(id, holes, until),
            SenderEvent::Zeros { id, values } => self.zeros(id, values),
        }
        self.pump(now);
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.end == End::Open {
            self.pump(now);
        }
    }

    /// When [`Sender::handle_timeout`] is to be called next.
    pub fn poll_timeout(&self) -> Option<Now> {
        if self.end == End::Open { self.scan.wakes() } else { None }
    }

    /// The next frame for the control stream.
    pub fn poll_frame(&mut self) -> Option<Frame> {
        self.frames.pop_front()
    }

    /// The next thing for the shell to do.
    pub fn poll_effect(&mut self) -> Option<SenderEffect> {
        self.effects.pop_front()
    }

    /// Whether the receiver said that the work is over, and whether all of it succeeded; the link
    /// may be closed once all frames have been sent.
    pub fn finished(&self) -> Option<bool> {
        match self.end {
            End::Finished { succeeded } => Some(succeeded),
            End::Open | End::Broken => None,
        }
    }

    /// How far the work is, as this side sees it: what the receiver released is done, whatever became
    /// of it, and of what is on its way as much as was sent.
    pub fn counts(&self) -> Counts {
        let found = self.scan.totals();
        Counts {
            files_found: found.files,
            bytes_found: found.bytes,
            directories_found: found.directories,
            scan_done: self.scan.is_over(),
            files_done: self.done.files,
            bytes_done: self.done.bytes,
            ..Counts::default()
        }
    }

    fn pump(&mut self, now: Now) {
        self.pump_scan(now);
        self.pump_serve();
    }

    fn release(&mut self, spans: &[Span]) -> Result<(), Violation> {
        for span in spans {
            let end = span.first.checked_add(u64::from(span.count)).ok_or(Violation::File)?;
            for entry in span.first..end {
                let sent = self.sent.remove(&entry).ok_or(Violation::File)?;
                if let Sent::File(source) = sent {
                    self.done.files += 1;
                    self.done.bytes += source.announced - source.part();
                    self.forget(entry, &source);
                }
            }
        }
        Ok(())
    }

    /// Takes note of an entry that is about to be sent, and returns its number.
    fn note(&mut self, entry: &Entry, place: Option<Place>) -> u64 {
        let number = self.scan.number();
        let sent = match (entry, place) {
            (
                Entry::File { meta, .. }
                | Entry::HardLink { meta, .. }
                | Entry::Item(ItemRoot::File(meta)),
                Some(place),
            ) => Sent::File(Box::new(Source {
                place,
                meta: *meta,
                attempt: 0,
                ask: None,
                queued: false,
                announced: meta.size,
                sent: 0,
            })),
            (
                Entry::Item(_)
                | Entry::Open { .. }
                | Entry::File { .. }
                | Entry::HardLink { .. }
                | Entry::Dir { .. }
                | Entry::Link { .. }
                | Entry::Left { .. }
                | Entry::Unreadable { .. }
                | Entry::Close { .. }
                | Entry::End(_),
                _,
            ) => Sent::Plain,
        };
        self.sent.insert(number, sent);
        number
    }
}

#[cfg(test)]
mod tests;
