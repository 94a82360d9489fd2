//! Packets between an agent and a relay.

use std::net::SocketAddr;

use outport_protocol::relay::{NonceKey, RelayAnswer, RelayHello, RelaySide, RelayToken};
use outport_types::SessionId;

use crate::{hex, pinned};

#[test]
fn every_packet_of_a_relay_keeps_its_bytes() {
    let observed: SocketAddr = "192.0.2.7:258".parse().expect("an address");
    let observed6: SocketAddr = "[2001:db8::7]:258".parse().expect("an address");
    let side = RelaySide::Receiver;
    let token = RelayToken::of_session(&[1; 32], SESSION);
    let nonce = NonceKey::from_bytes([2; 32]).issue(259, SESSION, side, observed);
    let answer = |bound, observed| RelayAnswer {
        session: SESSION,
        side,
        bound,
        observed,
        used_up: None,
        nonce,
    };
    pinned(
        "relay",
        &[
            ("hello", hex(&RelayHello { session: SESSION, side }.encode())),
            ("answer", hex(&answer(false, observed).encode())),
            ("answer", hex(&answer(true, observed6).encode())),
            ("proof", hex(&token.prove(SESSION, side, nonce, observed).encode())),
            ("proof", hex(&token.prove(SESSION, side, nonce, observed6).encode())),
            ("token", hex(token.as_bytes())),
        ],
    );
}

const SESSION: SessionId = SessionId::from_bytes([7; 16]);
