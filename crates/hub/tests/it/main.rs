//! The hub as its clients see it: in process, over loopback HTTP, with a real database.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod accounts;
mod code_flow;
mod device_flow;
mod pages;
mod resources;
mod server;
mod support;
mod tokens;
