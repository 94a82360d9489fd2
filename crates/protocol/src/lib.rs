//! What crosses between agents, and between agent and hub, without I/O.
//!
//! State machines and encodings only: no socket, no file, no clock, no thread.
//! The caller brings bytes and the time and carries out what comes back, which is why everything
//! here can be run in simulated time on simulated disks.
#![warn(missing_docs)]

pub mod blocks;
pub mod codec;
pub mod control;
pub mod discovery;
pub mod journal;
pub mod measure;
pub mod orders;
pub mod relay;
pub mod report;
pub mod secret;
pub mod session;
pub mod setup_key;
pub mod statement;
pub mod ticket;
pub mod tls;
pub mod tunnel;
