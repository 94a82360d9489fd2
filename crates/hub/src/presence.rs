//! Which agents are connected, and the channels to them.
//!
//! 1. An agent asks for a WebSocket at `CONTROL_PATH`. Only a bounded number of handshakes goes
//!    on at a time ([`admission`]); who comes in between is told when to try again.
//! 2. Inside the WebSocket, hub and agent prove their keys ([`handshake`]); what key belongs to
//!    what endpoint is the database's to say, after the handshake, so that an agent whose endpoint
//!    was deleted hears that instead of a closed door.
//! 3. From then on one actor owns the channel ([`connection`]). Its queues are bounded both ways:
//!    what it cannot hand on makes it read no more, and an agent that does not read is
//!    disconnected.
//! 4. One more actor, the registry, knows the connection of each endpoint. A newer connection
//!    takes the place of an older one.

mod admission;
mod connection;
mod frames;
mod handshake;
mod registry;
mod route;
mod stream;

pub(crate) use self::{
    admission::{Admission, Place},
    handshake::{HandshakeError, shake_to_measure},
    registry::{ANSWER_TIMEOUT, AskError, Presence, Seen},
    route::{come_back, connect},
};
