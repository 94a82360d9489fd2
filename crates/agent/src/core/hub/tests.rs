//! What waits for the channel.

use outport_protocol::control::{Listing, Paused};
use outport_types::{CollectionPath, RequestId, SessionId};

use super::*;

#[test]
fn a_pause_takes_back_the_answers_that_wait_and_is_told_before_everything_else() {
    let (out, _channel) = mpsc::channel(1);
    let mut hub = Hub { channel: Some(out), ..Hub::default() };
    let session = SessionId::random();
    let (listed, made) = (RequestId::random(), RequestId::random());
    let listing = Listing { path: CollectionPath::ROOT, entries: vec![], total: 0 };
    for message in [
        AgentMessage::Answer { request: listed, outcome: Outcome::Listing(listing) },
        AgentMessage::Status(AgentStatus::default()),
        AgentMessage::Session { session, state: SessionState::Stopped },
        AgentMessage::Answer { request: made, outcome: Outcome::Done },
    ] {
        hub.say(message);
    }

    let refusal = Problem::new(Code::EndpointPaused, [("endpoint", "smith#WorkPC".into())]);
    let paused = AgentStatus { paused: Some(Paused { until: None }), ..AgentStatus::default() };
    hub.pause(paused.clone(), &refusal);

    let refused = |request| {
        let outcome = Outcome::Failed(refusal.clone());
        AgentMessage::Answer { request, outcome }
    };
    let told: Vec<_> = hub.outgoing.into_iter().collect();
    assert_eq!(
        told,
        [
            AgentMessage::Status(paused),
            refused(listed),
            AgentMessage::Session { session, state: SessionState::Stopped },
            refused(made),
        ]
    );
}

#[test]
fn a_pause_without_a_channel_is_left_to_the_hello() {
    let mut hub = Hub::default();
    let refusal = Problem::new(Code::EndpointPaused, [("endpoint", "smith#WorkPC".into())]);
    hub.pause(AgentStatus::default(), &refusal);
    assert!(hub.outgoing.is_empty());
}

#[test]
fn what_becomes_of_a_session_after_the_hello_is_told_once_the_hub_lets_it_in() {
    let mut hub = Hub::default();
    let ended = || {
        let session = SessionId::from_bytes([1; 16]);
        AgentMessage::Session { session, state: SessionState::Stopped }
    };
    hub.say(ended());
    assert!(hub.outgoing.is_empty(), "the hello says it");
    hub.greeted = true;
    hub.say(ended());
    hub.say(AgentMessage::Status(AgentStatus::default()));
    assert_eq!(hub.outgoing, [ended()]);
    hub.down();
    assert!(hub.outgoing.is_empty(), "the next hello names what there is then");
}
