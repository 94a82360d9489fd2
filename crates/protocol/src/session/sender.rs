//! The side that reads: it scans the items, streams the manifest, and sends what is wanted.

mod effect;

use std::collections::VecDeque;

use outport_types::UnixTime;

pub use effect::{Digested, Found, Listed, Load, Loaded, SenderEffect, SenderEvent};

use super::{Config, Frame, Now, Violation};

/// The side that reads.
///
/// Feed it frames and answers, and after each carry out what [`Sender::poll_frame`] and
/// [`Sender::poll_effect`] give until both are empty.
#[derive(Debug)]
pub struct Sender {
    config: Config,
    frames: VecDeque<Frame>,
    effects: VecDeque<SenderEffect>,
}

impl Sender {
    /// Begins the work; both hellos have been exchanged.
    pub fn new(config: Config) -> Self {
        Self { config, frames: VecDeque::new(), effects: VecDeque::new() }
    }

    /// Takes a frame of the receiver, who may be hostile.
    ///
    /// # Errors
    /// When the receiver broke the rules: the session is over.
    pub fn handle_frame(&mut self, _frame: Frame, _now: Now) -> Result<(), Violation> {
        Ok(())
    }

    /// Takes what the disk or the link answered.
    pub fn handle_event(&mut self, _event: SenderEvent, _now: Now) {}

    /// Does what is due.
    pub fn handle_timeout(&mut self, _now: Now) {}

    /// When [`Sender::handle_timeout`] is to be called next.
    pub fn poll_timeout(&self) -> Option<Now> {
        None
    }

    /// The next frame for the control stream.
    pub fn poll_frame(&mut self) -> Option<Frame> {
        self.frames.pop_front()
    }

    /// The next thing for the shell to do.
    pub fn poll_effect(&mut self) -> Option<SenderEffect> {
        self.effects.pop_front()
    }

    /// Whether the receiver said that the work is over; the link may be closed once all frames
    /// have been sent.
    pub fn is_done(&self) -> bool {
        let _ = (&self.config, UnixTime::default());
        false
    }
}
