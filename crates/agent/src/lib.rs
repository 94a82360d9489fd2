//! The agent: config, folders, talk with the hub, sessions, lifecycle.
//!
//! A library: `outport agent` hosts it headless, the desktop app in its own process; either way one
//! control socket answers, and closed is closed.

mod agent;
mod board;
mod clock;
mod commands;
mod config;
mod core;
#[cfg(feature = "demo")]
pub mod demo;
mod diagnostics;
mod disk;
mod doctor;
mod files;
mod folders;
mod handler;
mod host;
mod hub_link;
mod identity;
mod lock;
pub mod log;
mod lookup;
mod network;
mod outbox;
mod owner;
mod pause;
mod port_mapping;
mod portal;
mod power;
mod preset;
mod probe;
mod proxy;
mod registration;
mod session;
mod shutdown;
mod sign_in;
mod tokens;
mod trust;

pub use agent::{Agent, AgentOptions, EndError, StartError};
pub use config::{
    ADVERTISED_MAX, AddressError, Config, ConfigError, FolderConfig, Listen, LogLevel,
    advertised_address, config_file, listen_address, reference,
};
pub use handler::Offline;
pub use identity::KeyError;
pub use lock::{Holder, LockError, holder};
pub use proxy::ProxyChoice;
pub use registration::{Registration, RegistrationError, SetupError};
pub use sign_in::signed_in;
pub use tokens::{TokenError, TokenStore, expires_in};
pub use trust::trust_for;

/// Runs work on the disk where it keeps nobody waiting.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only a runtime that is being torn down cancels what it was given.
            Err(_) => std::process::abort(),
        },
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
