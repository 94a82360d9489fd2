//! What only the whole can show: real processes, real networks.

#[cfg(target_os = "linux")]
pub mod desktop;
#[cfg(target_os = "linux")]
pub mod ear;
#[cfg(target_os = "linux")]
pub mod inspector;
#[cfg(target_os = "linux")]
pub mod mount;
pub mod net;
#[cfg(target_os = "linux")]
pub mod portal;
pub mod process;
#[cfg(target_os = "linux")]
pub mod proxy;
#[cfg(target_os = "linux")]
pub mod router;
#[cfg(target_os = "linux")]
mod service;
mod skip;
pub mod tree;
pub mod world;

pub use skip::{full, skip};
