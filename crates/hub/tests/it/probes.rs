//! Two agents of one account that look for the ways to each other, as the hub brings them together.

use outport_protocol::control::{
    AgentMessage, Candidate, CandidateKind, HubMessage, Probe, SessionState,
};
use outport_types::{Code, Problem, RequestId, SessionId};
use reqwest::Method;
use serde_json::json;

use crate::{
    agents::{Agent, Owner},
    support::TestHub,
    tasks::rig,
};

#[tokio::test]
async fn both_are_told_of_each_other_and_what_they_say_is_handed_on() {
    let (hub, _owner, mut a, mut b) = able().await;
    let request = ask(&mut a, "B").await;
    let (to_b, to_a) = (hear_probe(&mut b).await, hear_probe(&mut a).await);
    assert_eq!((to_a.asked, to_b.asked), (Some(request), None));
    assert_eq!((to_a.session, &to_a.relays), (to_b.session, &to_b.relays));
    assert_eq!(to_a.relays.len(), 1, "the hub's own");
    assert_eq!((to_a.peer.key, to_b.peer.key), (b.key.public(), a.key.public()));
    assert_eq!((to_a.peer.name.to_string(), to_b.peer.name.to_string()), names());
    let session = to_a.session;
    let candidates =
        vec![Candidate { address: "192.0.2.7:7".parse().unwrap(), kind: CandidateKind::Local }];
    for (from, to) in [(0, 1), (1, 0)] {
        let sides = [&mut a, &mut b];
        let said = AgentMessage::Candidates { session, candidates: candidates.clone() };
        sides[from].say(said).await;
        let heard = sides[to].hear_until(|message| match message {
            HubMessage::PeerCandidates { session, candidates } => Some((session, candidates)),
            _ => None,
        });
        assert_eq!(heard.await, (session, candidates.clone()));
    }

    let again = ask(&mut a, "B").await;
    assert_eq!(hear_refusal(&mut a).await, (again, Code::EndpointBusy), "one at a time");
    a.say(AgentMessage::Session { session, state: SessionState::Done }).await;
    ask(&mut a, &b.endpoint.to_string()).await;
    assert_ne!(hear_probe(&mut a).await.session, session);
    drop(hub);
}

#[tokio::test]
async fn one_that_will_not_take_part_says_so_to_the_one_that_asked() {
    let (_hub, _owner, mut a, mut b) = able().await;
    let request = ask(&mut a, "smith#B").await;
    let probe = hear_probe(&mut b).await;
    refuse(&mut b, SessionId::random()).await;
    refuse(&mut b, probe.session).await;
    hear_probe(&mut a).await;
    assert_eq!(hear_refusal(&mut a).await, (request, Code::EndpointPaused));
    ask(&mut a, "B").await;
    hear_probe(&mut a).await;
}

#[tokio::test]
async fn who_may_not_or_cannot_is_told_why() {
    let (hub, owner, mut a, mut b) = able().await;
    let jones = hub.owner("jones").await;
    let (theirs, seen) = (hub.agent(&jones, "Hers").await, hub.agent(&jones, "Seen").await);
    let public = json!({"public": true});
    let path = format!("v0.10/endpoint/{}", seen.endpoint);
    hub.call(&jones, Method::PUT, &path, Some(public)).await;
    let away = hub.create(&owner, "Away").await;
    for (peer, code) in [
        ("A".to_owned(), Code::PeerIsHere),
        ("Nobody".to_owned(), Code::EndpointNotFound),
        ("no name at all !".to_owned(), Code::EndpointNotFound),
        ("jones#Hers".to_owned(), Code::EndpointNotFound),
        (theirs.endpoint.to_string(), Code::EndpointNotFound),
        (seen.endpoint.to_string(), Code::PeerNotYours),
        (away.endpoint.to_string(), Code::NotConnected),
    ] {
        let request = ask(&mut a, &peer).await;
        assert_eq!(hear_refusal(&mut a).await, (request, code), "{peer}");
    }
    b.pause(true).await;
    hub.wait_for_endpoint(&owner, b.endpoint, "gcp_paused", json!(true)).await;
    let request = ask(&mut a, "B").await;
    assert_eq!(hear_refusal(&mut a).await, (request, Code::EndpointPaused));
    b.status.probes = false;
    b.pause(false).await;
    hub.wait_for_endpoint(&owner, b.endpoint, "gcp_paused", json!(false)).await;
    let request = ask(&mut a, "B").await;
    assert_eq!(hear_refusal(&mut a).await, (request, Code::PeerTooOld));
}

/// Two agents that know what a probe is.
async fn able() -> (TestHub, Owner, Agent, Agent) {
    let (hub, owner, mut a, mut b) = rig().await;
    for agent in [&mut a, &mut b] {
        agent.status.probes = true;
        agent.disconnect();
        assert!(agent.connect().await.probes);
    }
    (hub, owner, a, b)
}

async fn ask(agent: &mut Agent, peer: &str) -> RequestId {
    let request = RequestId::random();
    agent.say(AgentMessage::Probe { request, peer: peer.to_owned() }).await;
    request
}

async fn refuse(agent: &mut Agent, session: SessionId) {
    let problem = Problem::new(Code::EndpointPaused, [("endpoint", "smith#B".into())]);
    let state = SessionState::Refused { problem, retry: true };
    agent.say(AgentMessage::Session { session, state }).await;
}

async fn hear_probe(agent: &mut Agent) -> Probe {
    let probe = agent.hear_until(|message| match message {
        HubMessage::Probe(probe) => Some(*probe),
        HubMessage::ProbeRefused { problem, .. } => panic!("{}", problem.message),
        _ => None,
    });
    probe.await
}

async fn hear_refusal(agent: &mut Agent) -> (RequestId, Code) {
    let refused = agent.hear_until(|message| match message {
        HubMessage::ProbeRefused { request, problem } => Some((request, problem.code)),
        _ => None,
    });
    refused.await
}

fn names() -> (String, String) {
    ("smith#B".to_owned(), "smith#A".to_owned())
}
