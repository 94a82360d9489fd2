//! Two agents' endpoints on loopback and a session that both expect.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use outport_link::{DataFrame, Endpoint, EndpointOptions, EstablishError, Expectation, Link, Ways};
use outport_protocol::{
    control::{Candidate, CandidateKind},
    secret::SecretKey,
};
use outport_types::SessionId;

/// Two agents that may hold a session.
pub(crate) struct Pair {
    pub(crate) left: Agent,
    pub(crate) right: Agent,
}

/// One agent's endpoint and what it expects.
pub(crate) struct Agent {
    pub(crate) endpoint: Endpoint,
    pub(crate) expectation: Expectation,
}

/// Which of both dials.
#[derive(Clone, Copy)]
pub(crate) enum Side {
    Left,
    Right,
}

impl Pair {
    pub(crate) fn new() -> Self {
        let (left, right) = (endpoint(1), endpoint(2));
        Self::between(&left, &right)
    }

    /// The same two agents; the right one follows here and leads elsewhere.
    pub(crate) fn swapped() -> Self {
        let (left, right) = (endpoint(2), endpoint(1));
        Self::between(&left, &right)
    }

    /// Two agents that change over to TCP, as near ones do unless an owner wants none of it.
    pub(crate) fn with_tcp(left: bool, right: bool) -> Self {
        let bind = |n, tcp: bool| {
            let options = EndpointOptions {
                address: Some(any_port()),
                without_tcp: !tcp,
                // A busy machine answers late.
                near: Some(LIMIT),
                ..EndpointOptions::default()
            };
            Endpoint::bind(key(n), &options).unwrap()
        };
        Self::between(&bind(1, left), &bind(2, right))
    }

    /// The same where a side goes through a relay or not at all.
    pub(crate) fn only_relayed(self, left: bool, right: bool) -> Self {
        let ways = |only| if only { Ways::Relayed } else { Ways::All };
        self.only(ways(left), ways(right))
    }

    /// The same where a side takes no other ways than these.
    pub(crate) fn only(self, left: Ways, right: Ways) -> Self {
        let only = |Agent { endpoint, expectation }, ways| Agent {
            endpoint,
            expectation: expectation.only(ways),
        };
        Self { left: only(self.left, left), right: only(self.right, right) }
    }

    /// The same where a side wants no TCP for this session.
    pub(crate) fn without_tcp(self, left: bool, right: bool) -> Self {
        let without = |Agent { endpoint, expectation }, without| Agent {
            endpoint,
            expectation: expectation.without_tcp(without),
        };
        Self { left: without(self.left, left), right: without(self.right, right) }
    }

    /// Another session of the same two agents.
    pub(crate) fn another_session(&self) -> Self {
        Self::between(&self.left.endpoint, &self.right.endpoint)
    }

    pub(crate) fn between(left: &Endpoint, right: &Endpoint) -> Self {
        let session = SessionId::random();
        let agent = |own: &Endpoint, other: &Endpoint| Agent {
            endpoint: own.clone(),
            expectation: own.expect(session, other.public_key()).unwrap(),
        };
        Self { left: agent(left, right), right: agent(right, left) }
    }

    /// Tells one side where the other one is.
    pub(crate) fn tell(&self, dialler: Side) {
        let (who, whom) = match dialler {
            Side::Left => (&self.left, &self.right),
            Side::Right => (&self.right, &self.left),
        };
        who.expectation.add_candidates(&[candidate(whom.endpoint.local_address().unwrap())]);
    }

    pub(crate) async fn establish(
        &self,
    ) -> (Result<Link, EstablishError>, Result<Link, EstablishError>) {
        tokio::join!(
            self.left.expectation.establish(LIMIT),
            self.right.expectation.establish(LIMIT)
        )
    }

    /// Two linked agents.
    pub(crate) async fn links(&self) -> (Link, Link) {
        self.tell(Side::Left);
        self.tell(Side::Right);
        let (left, right) = self.establish().await;
        (left.unwrap(), right.unwrap())
    }

    pub(crate) async fn shutdown(&self) {
        self.left.endpoint.shutdown(LIMIT).await;
        self.right.endpoint.shutdown(LIMIT).await;
    }
}

/// What every carrier must keep to.
pub(crate) async fn ends_by_direction(pair: &Pair) {
    let (left, mut right) = pair.links().await;
    for n in 0..100_u8 {
        left.data_out.send(DataFrame::new(vec![n], vec![n; 10_000])).await.unwrap();
    }
    left.data_out.finish().await.unwrap();
    left.control_out.send(Bytes::from_static(b"last")).await.unwrap();
    left.control_out.finish().await.unwrap();

    let mut seen = Vec::new();
    while let Some(frame) = right.data_in.recv().await.unwrap() {
        assert_eq!(frame.body, vec![frame.header[0]; 10_000]);
        seen.push(frame.header[0]);
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..100).collect::<Vec<u8>>());
    assert_eq!(right.control_in.recv().await.unwrap().unwrap(), "last");
    assert_eq!(right.control_in.recv().await, Ok(None));
    left.handle.delivered().await.unwrap();
    right.control_out.send(Bytes::from_static(b"back")).await.unwrap();
    let mut control_in = left.control_in;
    assert_eq!(control_in.recv().await.unwrap().unwrap(), "back");
}

pub(crate) fn key(n: u8) -> SecretKey {
    SecretKey::from_seed(&[n; 32])
}

pub(crate) fn endpoint(n: u8) -> Endpoint {
    let options = EndpointOptions {
        address: Some(any_port()),
        without_tcp: true,
        ..EndpointOptions::default()
    };
    Endpoint::bind(key(n), &options).unwrap()
}

pub(crate) fn candidate(address: SocketAddr) -> Candidate {
    Candidate { address, kind: CandidateKind::Local }
}

pub(crate) fn any_port() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// Longer than anything here takes, so that a hanging test fails.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);
