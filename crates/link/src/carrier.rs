//! What carries a link's streams, behind one small interface.
//!
//! A carrier takes the queues of a link ([`Wires`](crate::link::Wires)) and moves what they hold
//! until the link ends. QUIC is one, memory another; TLS over TCP and the relay's tunnel will be
//! more. What is above a link never learns which one it has, except by its route.

use std::fmt::Debug;

use crate::{end::CloseCode, link::LinkStats};

/// What a link asks of its carrier.
pub(crate) trait Carrier: Debug + Send + Sync {
    /// Ends it at once, telling the other side why; called once at most.
    fn close(&self, code: CloseCode, reason: &str);

    /// How it does at the moment.
    fn stats(&self) -> LinkStats;

    /// Whether what was sent has arrived in the same moment.
    fn arrives_at_once(&self) -> bool {
        false
    }

    /// One direction was finished from above.
    fn finished(&self) {}
}
