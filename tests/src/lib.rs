//! What only the whole can show: real processes, real networks.

pub mod net;
pub mod process;
mod skip;
pub mod tree;
pub mod world;

pub use skip::{full, skip};
