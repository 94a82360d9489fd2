//! Carries out sessions on real storage.
//!
//! The agent gives it [`rules`]; whatever then happens to a file goes through the [`resolver`],
//! which no path leads out of.

pub mod deletion;
mod destination;
pub mod digests;
mod dirs;
mod hashing;
pub mod journal_file;
pub mod ops;
pub mod refused;
pub mod reports;
pub mod resolver;
pub mod rules;
pub mod session;
mod source;
pub mod stat;
pub mod store;
pub mod system_path;

#[cfg(test)]
mod testing;
