//! The control channel: who comes in, who does not, and what the hub survives.

use outport_protocol::{
    control::{AgentMessage, CONTROL_VERSION, HubMessage},
    secret::SecretKey,
    setup_key::SetupKey,
};
use outport_types::{Code, UnixTime};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::{
    agents::{Agent, Knock, open, rand_seed, seal},
    support::{TestHub, text},
};

#[tokio::test]
async fn an_agent_is_welcomed_and_seen() {
    let hub = TestHub::start().await;
    let owner = hub.owner("smith").await;
    let setup = hub.create(&owner, "WorkPC").await;
    let key = SecretKey::from_seed(&rand_seed());
    hub.bind(&setup, &key).await;
    let mut agent = Agent::new(&hub, &setup, key);
    let welcome = agent.connect().await;
    assert_eq!(welcome.name.to_string(), "smith#WorkPC");
    assert_eq!(welcome.endpoint, setup.endpoint);
    assert!(welcome.udp.unwrap().starts_with("127.0.0.1:"));
    hub.wait_for_endpoint(&owner, setup.endpoint, "gcp_connected", json!(true)).await;
    let software = json!("outport 0.0.0");
    hub.wait_for_endpoint(&owner, setup.endpoint, "/outport/software", software).await;
    let path = format!("v0.10/endpoint/{}", setup.endpoint);
    let (_, body) = hub.call(&owner, Method::GET, &path, None).await;
    assert_eq!(body["canonical_name"], "smith#WorkPC");
    assert_eq!(body["gcp_paused"], false);
    let fingerprint = agent.key.public().fingerprint().to_string();
    assert_eq!(body["outport"]["fingerprint"], fingerprint);

    agent.pause(true).await;
    hub.wait_for_endpoint(&owner, setup.endpoint, "gcp_paused", json!(true)).await;
    agent.disconnect();
    hub.wait_for_endpoint(&owner, setup.endpoint, "gcp_connected", json!(false)).await;
    let (_, body) = hub.call(&owner, Method::GET, &path, None).await;
    assert_eq!(body["gcp_paused"], true, "what was said last stays");
}

#[tokio::test]
async fn only_registered_keys_come_in_and_the_others_hear_why() {
    let hub = TestHub::start().await;
    let owner = hub.owner("smith").await;
    let setup = hub.create(&owner, "WorkPC").await;
    let mut stranger = Agent::new(&hub, &setup, SecretKey::from_seed(&rand_seed()));
    assert_refused(stranger.knock().await, Code::KeyUnknown);

    let mut first = hub.agent(&owner, "Laptop").await;
    let path = format!("outport/v1/endpoint/{}/setup_key", first.endpoint);
    let (status, body) = hub.call(&owner, Method::POST, &path, None).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    let again: SetupKey = text(&body["setup_key"]).parse().unwrap();
    let new_key = SecretKey::from_seed(&rand_seed());
    hub.bind(&again, &new_key).await;
    let told = first.hear_until(refusal).await;
    assert_eq!(told, Code::KeyReplaced, "the agent that was there is sent away");
    assert!(first.hear().await.is_none());
    assert_refused(first.knock().await, Code::KeyReplaced);

    let mut second = Agent::new(&hub, &again, new_key);
    second.connect().await;
    let path = format!("v0.10/endpoint/{}", second.endpoint);
    let (status, _) = hub.call(&owner, Method::DELETE, &path, None).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(second.hear_until(refusal).await, Code::EndpointRemoved);
    assert_refused(second.knock().await, Code::EndpointRemoved);
}

#[tokio::test]
async fn a_newer_connection_takes_the_place_of_an_older_one() {
    let hub = TestHub::start().await;
    let owner = hub.owner("smith").await;
    let mut first = hub.agent(&owner, "WorkPC").await;
    let other = hub.create(&owner, "Other").await;
    let mut second = Agent::new(&hub, &other, first.key.clone());
    second.endpoint = first.endpoint;
    second.connect().await;
    assert!(first.hear().await.is_none(), "the older one is closed");
    hub.wait_for_endpoint(&owner, second.endpoint, "gcp_connected", json!(true)).await;
    second.say(AgentMessage::Pong).await;
}

#[tokio::test]
async fn a_setup_key_binds_once_and_for_a_day() {
    let hub = TestHub::start().await;
    let owner = hub.owner("smith").await;
    let setup = hub.create(&owner, "WorkPC").await;
    let key = SecretKey::from_seed(&rand_seed());
    let (status, body) = hub.bind(&setup, &key).await;
    assert_eq!((status, &body["name"]), (StatusCode::OK, &json!("smith#WorkPC")));
    let (status, _) = hub.bind(&setup, &key).await;
    assert_eq!(status, StatusCode::OK, "the answer may have been lost on its way");
    let (status, body) = hub.bind(&setup, &SecretKey::from_seed(&rand_seed())).await;
    assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("BAD_SETUP_KEY")));
    assert!(text(&body["message"]).contains("used already"), "{body}");

    let old = hub.create(&owner, "Laptop").await;
    let path = format!("outport/v1/endpoint/{}/setup_key", old.endpoint);
    hub.call(&owner, Method::POST, &path, None).await;
    let (status, _) = hub.bind(&old, &SecretKey::from_seed(&rand_seed())).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "a newer key makes the older one useless");

    let late = hub.create(&owner, "Late").await;
    hub.clock.advance_seconds(24 * 3600 + 1);
    let (status, body) = hub.bind(&late, &SecretKey::from_seed(&rand_seed())).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(text(&body["message"]).contains("expired"), "{body}");

    let wrong_hub = SetupKey { root: outport_types::PublicKey([9; 32]), ..setup };
    let (status, _) = hub.bind(&wrong_hub, &key).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_computer_is_one_endpoint() {
    let hub = TestHub::start().await;
    let owner = hub.owner("smith").await;
    let agent = hub.agent(&owner, "WorkPC").await;
    let other = hub.create(&owner, "Other").await;
    let (status, body) = hub.bind(&other, &agent.key).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(text(&body["message"]).contains("another endpoint"), "{body}");
}

#[tokio::test]
async fn malformed_and_oversized_messages_end_the_channel_only() {
    let hub = TestHub::start().await;
    let owner = hub.owner("smith").await;
    let mut agent = hub.agent(&owner, "WorkPC").await;
    for bytes in [
        &u32::MAX.to_be_bytes()[..],
        b"\0\0\0\x02{}",
        b"\0\0\0\x10{\"type\":\"sesame\"",
        b"\0\0\0\x01\xff",
    ] {
        agent.say_bytes(bytes).await.unwrap();
        assert!(agent.hear().await.is_none(), "{bytes:?}");
        agent.connect().await;
    }
    let hello = AgentMessage::Hello(outport_protocol::control::Hello {
        versions: (CONTROL_VERSION, CONTROL_VERSION),
        software: String::new(),
        system: String::new(),
        status: Default::default(),
        outstanding: Vec::new(),
        sessions: Vec::new(),
    });
    agent.say(hello).await;
    assert!(agent.hear().await.is_none(), "a second hello");
    agent.connect().await;
}

#[tokio::test]
async fn a_stranger_is_heard_only_so_long() {
    let hub = TestHub::start().await;
    let owner = hub.owner("smith").await;
    let mut agent = hub.agent(&owner, "WorkPC").await;
    agent.disconnect();
    let socket = open(&agent.url).await.unwrap();
    let (stream, _) = seal(socket, &agent.key, agent.root).await.unwrap();
    let (mut reader, mut writer) = tokio::io::split(stream);
    // A hello of ten million bytes is announced, which a message of that size may be; but not this.
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    writer.write_all(&10_000_000_u32.to_be_bytes()).await.unwrap();
    let flood = async {
        while writer.write_all(&[b' '; 64 * 1024]).await.is_ok() {
            writer.flush().await.ok();
        }
    };
    tokio::time::timeout(crate::agents::PATIENCE, flood).await.expect("the hub closes");
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).await.ok();
    agent.connect().await;
}

#[tokio::test]
async fn versions_without_one_in_common_are_refused() {
    let hub = TestHub::start().await;
    let owner = hub.owner("smith").await;
    let mut agent = hub.agent(&owner, "WorkPC").await;
    assert_refused(agent.knock_with((CONTROL_VERSION + 1, 9)).await, Code::VersionUnsupported);
    assert!(matches!(agent.knock_with((0, 9)).await, Knock::Welcome(_)));
}

#[tokio::test]
async fn whatever_comes_instead_of_a_handshake_is_survived() {
    use futures_util::SinkExt as _;
    let hub = TestHub::start().await;
    let owner = hub.owner("smith").await;
    let mut agent = hub.agent(&owner, "WorkPC").await;
    agent.disconnect();
    for message in [
        Message::Text("hello".into()),
        Message::Binary(vec![0; 1000].into()),
        Message::Binary(vec![0x16; 200_000].into()),
        Message::Close(None),
    ] {
        let mut socket = open(&agent.url).await.unwrap();
        socket.send(message).await.ok();
        use futures_util::StreamExt as _;
        while let Some(Ok(_)) = socket.next().await {}
    }
    agent.connect().await;
}

#[tokio::test]
async fn those_who_dribble_take_only_half_of_the_places() {
    let hub = TestHub::start().await;
    let owner = hub.owner("smith").await;
    let mut agent = hub.agent(&owner, "WorkPC").await;
    agent.disconnect();
    let mut slow = Vec::new();
    let refused = loop {
        match open(&agent.url).await {
            Ok(socket) => slow.push(socket),
            Err(knock) => break knock,
        }
        assert!(slow.len() < 100, "nothing bounds them");
    };
    let Knock::Http(StatusCode::SERVICE_UNAVAILABLE, Some(wait)) = refused else {
        panic!("{refused:?}");
    };
    assert!((1..=10).contains(&wait.parse::<u64>().unwrap()), "{wait}");
    assert_eq!(slow.len(), 32);
    drop(slow);
    let welcome = async {
        while !matches!(agent.knock().await, Knock::Welcome(_)) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::agents::PATIENCE, welcome).await.unwrap();
}

#[tokio::test]
async fn new_keys_reach_those_who_are_there() {
    let hub = TestHub::start().await;
    let owner = hub.owner("smith").await;
    let mut agent = hub.agent(&owner, "WorkPC").await;
    let before = agent.statement.clone().unwrap();
    hub.clock.advance_seconds(16 * 24 * 3600);
    let statement = agent
        .hear_until(|message| match message {
            HubMessage::Statement { statement } => Some(statement),
            _ => None,
        })
        .await;
    let after = statement.verify(&agent.root, before.serial + 1).unwrap();
    assert_ne!(after.ticket_key, before.ticket_key);
    agent.disconnect();
    agent.connect().await;
    assert_eq!(agent.statement, Some(after.clone()));
    assert!(UnixTime::from_seconds(0) < after.not_before);
}

fn assert_refused(knock: Knock, code: Code) {
    match knock {
        Knock::Refused(problem) => assert_eq!(problem.code, code),
        other => panic!("{other:?} instead of {code}"),
    }
}

fn refusal(message: HubMessage) -> Option<Code> {
    match message {
        HubMessage::Refused { problem, .. } => Some(problem.code),
        _ => None,
    }
}
