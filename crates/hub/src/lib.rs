//! The hub: accounts, collections, tasks, tickets and presence, served over HTTP.
//!
//! A library with `bind`, `join` and `shutdown`; the `outport hub` command parses flags and calls it.

mod about;
mod accounts;
mod auth;
mod clock;
mod config;
mod endpoints;
mod events;
mod http;
mod keys;
mod limiter;
mod listen;
mod measure;
mod metrics;
mod pages;
mod presence;
mod probes;
mod random;
mod relays;
mod reports;
mod rights;
mod scheduler;
mod secrets;
mod server;
mod services;
mod sockets;
mod state;
mod store;
mod task_events;
mod transfer;
mod tunnel;

pub use accounts::{
    Admin, AdminError, AppAdded, AppRow, NewUser, Password, PasswordError, UserAdded, UserRow,
};
pub use clock::Clock;
pub use config::{
    ConfigError, HubConfig, HubOverrides, Limits, OtherRelay, Registration, TokenLifetimes,
    default_data_dir,
};
pub use keys::KeysError;
pub use outport_relay::RelayLimits;
pub use relays::{LoneRelay, LoneRelayError, LoneRelayOptions, RelayKeyError};
pub use server::{Hub, StartError};
pub use store::StoreError;
