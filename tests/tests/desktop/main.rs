//! The desktop app as its owner meets it: a real app on a real screen, a real hub, real agents.
#![cfg(target_os = "linux")]

mod lifecycle;
mod rig;
mod scenario;
mod transfers;
mod trouble;
mod window;
