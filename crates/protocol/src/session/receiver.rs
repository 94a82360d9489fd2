//! The side that writes, and leads.

mod effect;

use std::collections::VecDeque;

pub use effect::{
    AtDestination, Compare, CompareWhat, Compared, Finish, ReadBlock, ReceiverEffect,
    ReceiverEvent, SyncFile, Temp, Write, WriteResult,
};

use super::{BufferId, Config, Fault, Frame, Now, Pieces, Violation};
use crate::{journal::Recovered, report::Counts};

/// The side that writes.
///
/// Feed it frames, the headers of data frames and answers, and after each carry out what
/// [`Receiver::poll_frame`] and [`Receiver::poll_effect`] give until both are empty.
#[derive(Debug)]
pub struct Receiver {
    config: Config,
    frames: VecDeque<Frame>,
    effects: VecDeque<ReceiverEffect>,
}

/// How a session ended at the receiver.
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
}

impl Receiver {
    /// Begins the work, or goes on from what a journal says; both hellos have been exchanged.
    pub fn new(config: Config, _recovered: Recovered) -> Self {
        Self { config, frames: VecDeque::new(), effects: VecDeque::new() }
    }

    /// Takes a frame of the sender, who may be hostile.
    ///
    /// # Errors
    /// When the sender broke the rules: the session is over.
    pub fn handle_frame(&mut self, _frame: Frame, _now: Now) -> Result<(), Violation> {
        Ok(())
    }

    /// Takes the header of a data frame whose body the shell holds as `buffer`.
    ///
    /// # Errors
    /// When the sender broke the rules: the session is over.
    pub fn handle_pieces(
        &mut self,
        _buffer: BufferId,
        _pieces: Pieces,
        _now: Now,
    ) -> Result<(), Violation> {
        Ok(())
    }

    /// Takes what the disk answered.
    pub fn handle_event(&mut self, _event: ReceiverEvent, _now: Now) {}

    /// Does what is due.
    pub fn handle_timeout(&mut self, _now: Now) {}

    /// When [`Receiver::handle_timeout`] is to be called next.
    pub fn poll_timeout(&self) -> Option<Now> {
        None
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
    /// [`Receiver::outcome`] says [`Outcome::Stopped`].
    pub fn stop(&mut self, _now: Now) {}

    /// How the session ended, once it has.
    pub fn outcome(&self) -> Option<&Outcome> {
        let _ = &self.config;
        None
    }

    /// How far the task is, earlier sessions included.
    pub fn counts(&self) -> Counts {
        Counts::default()
    }

    /// The number of the last report that is durable in the journal; the hub may be told up to here.
    pub fn reports_durable(&self) -> u64 {
        0
    }
}
