//! What only the whole can show: a real hub, real agents, real links, real kills.
#![expect(clippy::print_stdout, reason = "seeds and counts belong to the output of a test")]

mod demo;
mod doctor;
mod ending;
#[cfg(target_os = "linux")]
mod faults;
mod journey;
mod kills;
mod looks;
#[cfg(target_os = "linux")]
mod near;
mod network;
mod pause;
#[cfg(target_os = "linux")]
mod portal;
#[cfg(target_os = "linux")]
mod ports;
mod profiles;
#[cfg(target_os = "linux")]
mod proxy;
#[cfg(target_os = "linux")]
mod relay;
mod routes;
mod tunnel;
