//! Listing, stat, mkdir and rename, by way of the agent.

use outport_protocol::control::{
    AgentMessage, FileEntry, FileKind, HubMessage, Listing, Operation, Outcome,
};
use outport_types::{Code, Problem, UnixTime};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    agents::{Agent, Owner},
    support::TestHub,
};

#[tokio::test]
async fn a_listing_is_asked_of_the_agent() {
    let (hub, owner, mut agent) = rig().await;
    let path = "ls?path=/data&show_hidden=0&orderby=size+DESC&filter=type:dir&filter=name:~*.txt";
    let listing = Listing {
        path: "/data".parse().unwrap(),
        entries: vec![entry("b.txt", FileKind::File), entry("sub", FileKind::Dir)],
        total: 2,
    };
    let (operation, status, body) =
        ask(&hub, &owner, &mut agent, path, None, Outcome::Listing(listing)).await;
    let Operation::List(query) = operation else { panic!("{operation:?}") };
    assert!(!query.show_hidden && query.filters.len() == 2 && query.order[0].descending);
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["path"], "/data/", "clients append names to it");
    assert_eq!(body["DATA"][0]["name"], "b.txt");
    assert_eq!(body["DATA"][0]["permissions"], "0644");
    assert_eq!(body["DATA"][0]["last_modified"], "2026-01-31 12:00:00+00:00");
    assert_eq!(body["DATA"][1]["type"], "dir");
    assert_eq!(body["total"], 2);

    let root = Listing { path: "/".parse().unwrap(), entries: Vec::new(), total: 0 };
    let (operation, _, body) =
        ask(&hub, &owner, &mut agent, "ls", None, Outcome::Listing(root)).await;
    let Operation::List(query) = operation else { panic!("{operation:?}") };
    assert_eq!((query.path, query.show_hidden), (None, true));
    assert_eq!(body["path"], "/");
}

#[tokio::test]
async fn every_problem_has_its_word_in_the_contract() {
    let (hub, owner, mut agent) = rig().await;
    let failed = "ExternalError.DirListingFailed";
    for (code, status, word) in [
        (Code::NotFound, 404, "ClientError.NotFound".to_owned()),
        (Code::NotADirectory, 502, format!("{failed}.NotDirectory")),
        (Code::OsPermission, 502, format!("{failed}.PermissionDenied")),
        (Code::ListingTooLong, 502, format!("{failed}.SizeLimit")),
        (Code::NotConnected, 502, format!("{failed}.GCDisconnected")),
        (Code::EndpointPaused, 502, format!("{failed}.GCPaused")),
        (Code::NotShared, 403, "EndpointPermissionDenied".to_owned()),
        (Code::Disk, 502, failed.to_owned()),
    ] {
        let outcome = Outcome::Failed(problem(code));
        let (_, got, body) = ask(&hub, &owner, &mut agent, "ls?path=/x", None, outcome).await;
        assert_eq!((got.as_u16(), &body["code"]), (status, &json!(word)), "{code}");
        assert_eq!(body["problem"]["code"], code.word());
    }
    for (path, body, code, status, word) in [
        ("stat?path=/x", None, Code::NotFound, 404, "NotFound"),
        (
            "mkdir",
            Some(json!({"path": "/x"})),
            Code::Exists,
            502,
            "ExternalError.MkdirFailed.Exists",
        ),
        (
            "mkdir",
            Some(json!({"path": "/x"})),
            Code::OsPermission,
            502,
            "ExternalError.MkdirFailed.PermissionDenied",
        ),
        ("mkdir", Some(json!({"path": "/x"})), Code::ReadOnly, 403, "EndpointPermissionDenied"),
        (
            "rename",
            Some(json!({"old_path": "/x", "new_path": "/y"})),
            Code::NotFound,
            404,
            "ClientError.NotFound",
        ),
    ] {
        let outcome = Outcome::Failed(problem(code));
        let (_, got, answer) = ask(&hub, &owner, &mut agent, path, body, outcome).await;
        assert_eq!((got.as_u16(), &answer["code"]), (status, &json!(word)), "{path} {code}");
    }
}

#[tokio::test]
async fn small_changes_answer_with_their_codes() {
    let (hub, owner, mut agent) = rig().await;
    let body = Some(json!({"DATA_TYPE": "mkdir", "path": "new"}));
    let (operation, status, body) =
        ask(&hub, &owner, &mut agent, "mkdir", body, Outcome::Done).await;
    assert_eq!(operation, Operation::Mkdir { path: "~/new".parse().unwrap() });
    assert_eq!((status, &body["code"]), (StatusCode::OK, &json!("DirectoryCreated")));
    let body = Some(json!({"old_path": "/a", "new_path": "/b"}));
    let (_, _, body) = ask(&hub, &owner, &mut agent, "rename", body, Outcome::Done).await;
    assert_eq!(body["code"], "FileRenamed");
    let outcome = Outcome::File(entry("x", FileKind::File));
    let (_, _, body) = ask(&hub, &owner, &mut agent, "stat?path=/x", None, outcome).await;
    assert_eq!((&body["name"], &body["type"]), (&json!("x"), &json!("file")));
    let (_, status, body) =
        ask(&hub, &owner, &mut agent, "stat?path=/x", None, Outcome::Done).await;
    assert_eq!((status, &body["code"]), (StatusCode::BAD_GATEWAY, &json!("EndpointError")));
}

#[tokio::test]
async fn what_is_no_path_never_reaches_the_agent() {
    let (hub, owner, mut agent) = rig().await;
    for path in ["ls?path=/a/../b", "stat?path=/a%00b", "stat", "ls?path=/&filter=colour:red"] {
        let path = format!("v0.10/operation/endpoint/{}/{path}", agent.endpoint);
        let (status, body) = hub.call(&owner, Method::GET, &path, None).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {body}");
    }
    agent.disconnect();
    hub.wait_for_endpoint(&owner, agent.endpoint, "gcp_connected", json!(false)).await;
    let path = format!("v0.10/operation/endpoint/{}/ls", agent.endpoint);
    let (status, body) = hub.call(&owner, Method::GET, &path, None).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert_eq!(body["code"], "ExternalError.DirListingFailed.GCDisconnected");
    assert!(body["message"].as_str().unwrap().starts_with("smith#WorkPC is not connected"));
}

async fn rig() -> (TestHub, Owner, Agent) {
    let hub = TestHub::start().await;
    let owner = hub.owner("smith").await;
    let agent = hub.agent(&owner, "WorkPC").await;
    (hub, owner, agent)
}

/// Calls a route while the agent answers with `outcome`.
async fn ask(
    hub: &TestHub,
    owner: &Owner,
    agent: &mut Agent,
    path: &str,
    body: Option<Value>,
    outcome: Outcome,
) -> (Operation, StatusCode, Value) {
    let path = format!("v0.10/operation/endpoint/{}/{path}", agent.endpoint);
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let answering = async {
        let (request, operation) = agent
            .hear_until(|message| match message {
                HubMessage::Request { request, operation, grants } => {
                    assert!(!grants.is_empty());
                    Some((request, operation))
                }
                _ => None,
            })
            .await;
        agent.say(AgentMessage::Answer { request, outcome }).await;
        operation
    };
    let (operation, (status, body)) = tokio::join!(answering, hub.call(owner, method, &path, body));
    (operation, status, body)
}

fn entry(name: &str, kind: FileKind) -> FileEntry {
    FileEntry {
        name: Some(outport_types::Name::from_bytes(name.as_bytes()).unwrap()),
        kind,
        size: 5,
        modified: UnixTime::from_seconds(1_769_860_800),
        mode: 0o100_644,
        user: "ann".to_owned(),
        group: "lab".to_owned(),
        link_target: None,
    }
}

fn problem(code: Code) -> Problem {
    let args = [("path", "/x".into()), ("endpoint", "smith#WorkPC".into()), ("max", 5.into())];
    Problem::new(code, args)
}
