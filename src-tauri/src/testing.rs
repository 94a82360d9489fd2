//! A computer for tests.

use outport_control::{EndpointFacts, Snapshot};
use outport_types::AgentState;

/// `smith#WorkPC` in some state, with nothing else to tell.
pub(crate) fn smith(state: AgentState) -> Snapshot {
    let mut snapshot = Snapshot::begun("0.1.0", "default", 7);
    snapshot.state = state;
    snapshot.endpoint = Some(EndpointFacts {
        id: "0193b2c4-0000-7000-8000-000000000009".parse().unwrap(),
        name: "smith#WorkPC".into(),
        owner: "smith".into(),
        hub: "https://hub.example.org".into(),
        fingerprint: "SHA256:x".into(),
    });
    snapshot
}
