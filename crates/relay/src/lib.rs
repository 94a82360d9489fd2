//! The relay: what helps two agents to reach each other, run inside the hub or alone.
//!
//! One UDP port tells agents where it sees them, and forwards sealed packets between the two sides of
//! a session that proved their addresses with the session's token; [`outport_protocol::relay`] tells
//! how. Everything else that comes to the port is dropped unread. Where UDP does not get out, a side
//! joins by [connections](Relay::tunnel) to the HTTPS port of whoever runs the relay.
//!
//! [`Relay::new`] makes the way to it for the hub and the [`Port`] that serves a socket.

mod batch;
mod counts;
mod discovery;
mod limiter;
mod limits;
mod port;
mod table;
mod tunnel;
mod uses;

pub use counts::{Counted, Counts};
pub use limits::RelayLimits;
pub use port::{Left, Port, Relay, RelayOptions};
pub use tunnel::{Messages, TunnelError};
pub use uses::DayUses;
