//! Tells agents where the hub's UDP port sees them.
//!
//! A request carries a nonce, the answer brings it back with the address that the request came
//! from. An answer is no longer than a request, so nobody gains by asking in another's name, and each
//! source is answered only so often.

use std::{net::SocketAddr, time::Duration};

use outport_protocol::discovery::{DiscoveryAnswer, DiscoveryRequest, PACKET_BYTES, PathProbe};

use crate::{counts::Counts, limiter::Limiter};

/// Answers, and counts whom it answered.
#[derive(Debug)]
pub(crate) struct Discovery {
    limiter: Limiter,
}

impl Discovery {
    pub(crate) fn new() -> Self {
        Self { limiter: Limiter::new(ANSWERS_MAX) }
    }

    /// The nonce of a packet that is to be answered.
    pub(crate) fn nonce(packet: &[u8]) -> Option<[u8; 16]> {
        let request = DiscoveryRequest::decode(packet).map(|request| request.nonce);
        request.or_else(|| PathProbe::decode(packet).map(|probe| probe.nonce))
    }

    /// What is sent back to where a request came from, if anything.
    pub(crate) fn answer(
        &mut self,
        nonce: [u8; 16],
        source: SocketAddr,
        now: Duration,
        counts: &Counts,
    ) -> Option<[u8; PACKET_BYTES]> {
        if !self.limiter.allows(source.ip(), now) {
            counts.discovery_limited.add(1);
            return None;
        }
        counts.discovery_answered.add(1);
        let observed = SocketAddr::new(source.ip().to_canonical(), source.port());
        Some(DiscoveryAnswer { nonce, observed }.encode())
    }
}

/// Answers for one source in ten seconds: an agent asks four times at most for each session, and some
/// thirty times when its owner has the connection checked; an institute of many agents may stand
/// behind one address.
const ANSWERS_MAX: u32 = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_not_longer_than_its_request() {
        let (mut discovery, counts) = (Discovery::new(), Counts::default());
        let request = DiscoveryRequest { nonce: [1; 16] }.encode().to_vec();
        for packet in [request, PathProbe { nonce: [1; 16] }.encode(0)] {
            let nonce = Discovery::nonce(&packet).unwrap();
            let source = "[2001:db8::1]:9".parse().unwrap();
            let answer = discovery.answer(nonce, source, Duration::ZERO, &counts).unwrap();
            assert!(answer.len() <= packet.len());
        }
    }
}
