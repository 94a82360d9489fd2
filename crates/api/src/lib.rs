//! The documents of the hub's public API and, behind the feature `client`, its typed client.
//!
//! Hub and clients share these types, so that neither can drift from the other.
//! Reading is tolerant: unknown fields are ignored, what may be absent may also be null, and
//! `DATA_TYPE` is never asked for. Writing is exact: every key that a client of the Globus APIs
//! indexes is there, null when unknown.
#![cfg_attr(test, recursion_limit = "256")]

pub mod auth;
#[cfg(feature = "client")]
pub mod client;
#[cfg(test)]
mod golden;
pub mod hub;
pub mod live;
pub mod transfer;
mod wire;

pub use wire::{Secret, Word};
