//! What only the whole can show: real processes, real networks.

mod skip;

pub use skip::{full, skip};
