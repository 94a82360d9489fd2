//! The hub: accounts, collections, tasks, tickets and presence, served over HTTP.
//!
//! A library with `bind`, `join` and `shutdown`; the `outport hub` command parses flags and calls it.

mod accounts;
mod auth;
mod clock;
mod config;
mod http;
mod limiter;
mod metrics;
mod pages;
mod random;
mod scheduler;
mod secrets;
mod server;
mod state;
mod store;

pub use accounts::{
    Admin, AdminError, AppAdded, AppRow, NewUser, Password, PasswordError, UserAdded, UserRow,
};
pub use auth::client::OUTPORT_CLIENT;
pub use clock::Clock;
pub use config::{
    ConfigError, HubConfig, HubOverrides, Limits, Registration, TokenLifetimes, default_data_dir,
};
pub use server::{Hub, StartError};
pub use store::StoreError;
