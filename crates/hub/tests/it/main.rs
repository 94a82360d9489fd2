//! The hub as its clients see it: in process, over loopback HTTP, with a real database.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a test waits for one message of many")]

mod accounts;
mod agents;
mod channel;
mod code_flow;
mod crowd;
mod device_flow;
mod endpoints;
mod files;
mod live;
mod measure;
mod official_clients;
mod pages;
mod probes;
mod relay;
mod resources;
mod restart;
mod server;
mod support;
mod tasks;
mod tokens;
