//! The relay: what helps two agents to reach each other, run inside the hub or alone.
//!
//! Now it tells agents where it sees them ([`discovery`]); packets and streams forwarded for those
//! who hold a token come beside it, on the same port.

pub mod discovery;
mod limiter;
