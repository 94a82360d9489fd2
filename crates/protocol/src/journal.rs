//! The journal: what a receiver has done for a task, so that a later session can go on, and the
//! durable outbox of what the hub must be told.

mod record;

pub use record::{Record, Way};

/// What a journal says about earlier sessions of its task.
#[derive(Debug, Default)]
pub struct Recovered {}

/// The version of the format.
pub const FORMAT_VERSION: u16 = 1;
