//! The owner at the hub: signed in, registered, asking for files and tasks, through the agent.

use std::{fs, sync::Arc, time::Duration};

use outport_api::auth::names::route;
use outport_control::{
    Account, BoardState, Client, CollectionQuery, CollectionScope, KeyPlace, ListQuery, NameState,
    NewComputer, NewDeletion, NewItem, NewTransfer, Paths, Profile, Secret, SignIn, SignInState,
    SignInWay, Snapshot, Snapshots, SortBy, TaskQuery, TaskView, TokenSet,
};
use outport_protocol::{secret::SecretKey, setup_key::SetupKey};
use outport_types::{
    AgentState, Code, EndpointId, FilterKind, FilterRule, PublicKey, Symlinks, SyncLevel, TaskId,
    TaskStatus, TransferOptions, UnixTime,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::{
    fake_api::FakeApi,
    fake_hub::{ENDPOINT, LONG},
    start, until,
};
use crate::{Agent, Offline, clock::local_now};

const OTHER: EndpointId = EndpointId::from_bytes([2; 16]);

#[tokio::test]
async fn a_hub_is_known_by_its_address_and_what_is_none_is_said() {
    let rig = Rig::new().await;
    let root = SecretKey::from_seed(&[1; 32]).public();
    rig.api.on(
        "GET /outport/v1/hub",
        200,
        &json!({
            "software": "outport 0.1.0", "name": "Example", "public_url": rig.api.url(),
            "root": root, "hub_time": local_now().plus_seconds(90).to_string(), "udp": null,
        }),
    );
    let link = rig.api.url().replace("http://", "outport://");
    let facts = rig.client().await.check_hub(link + "/activity").await.unwrap();
    assert_eq!((facts.url, facts.name), (rig.api.url(), "Example".to_owned()));
    assert_eq!(facts.fingerprint, root.fingerprint().to_string());
    assert!((80..=100).contains(&facts.clock_off_seconds), "{}", facts.clock_off_seconds);

    let refusal = async |address: String| {
        rig.client().await.check_hub(address).await.unwrap_err().problem().code
    };
    assert_eq!(refusal("http://hub.example.org".into()).await, Code::BadHubAddress);
    rig.api.clear("GET /outport/v1/hub");
    rig.api.on("GET /outport/v1/hub", 200, &json!("hello"));
    assert_eq!(refusal(rig.api.url()).await, Code::NotAHub);
    let closed = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    assert_eq!(refusal(closed.to_string()).await, Code::HubUnreachable);
    rig.end().await;
}

#[tokio::test]
async fn a_certificate_that_nobody_knows_is_said_to_be_that() {
    let rig = Rig::new().await;
    let (certificate, key) = {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (made.cert.der().clone(), made.signing_key.serialize_der())
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.try_into().unwrap())
        .unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let serving = async {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            acceptor.accept(stream).await.ok();
        }
    };
    let mut client = rig.client().await;
    let problem = tokio::select! {
        checked = client.check_hub(format!("https://localhost:{port}")) => {
            checked.unwrap_err().problem()
        }
        () = serving => unreachable!(),
    };
    assert_eq!(problem.code, Code::HubUntrusted, "{problem}");
    drop(client);
    rig.end().await;
}

#[tokio::test]
async fn somebody_signs_in_by_browser_and_the_snapshot_tells() {
    let rig = Rig::new().await;
    rig.offers_sign_in();
    rig.api.on(&format!("POST {}", route::TOKEN), 200, &token_answer());
    let mut client = rig.client().await;
    let view = client.begin_sign_in(rig.api.url(), SignInWay::Browser).await.unwrap();
    assert_eq!((view.state, view.code), (SignInState::Waiting, None));
    let shown = rig.wait_for(|state| state.sign_in.is_some()).await.sign_in.unwrap();
    assert_eq!(shown.url, view.url);

    let url: url::Url = view.url.parse().unwrap();
    let pair = |name: &str| {
        let found = url.query_pairs().find(|(key, _)| key == name);
        found.unwrap_or_else(|| panic!("no {name} in {url}")).1.into_owned()
    };
    assert_eq!(pair("code_challenge_method"), "S256");
    let back: url::Url = pair("redirect_uri").parse().unwrap();
    let page = visit(&back, &format!("/?code=c&state={}", pair("state"))).await;
    assert!(page.contains("You are signed in"));
    let state = rig.wait_for(|state| state.account.is_some() && state.sign_in.is_none()).await;
    assert_eq!(state.account.unwrap().username, "smith@hub");
    assert!(rig.api.asked(&format!("POST {}", route::TOKEN))[0].body.contains("code_verifier="));
    assert_eq!(client.account().await.unwrap().unwrap().handle, "smith");
    drop(client);
    rig.end().await;
}

#[tokio::test]
async fn a_code_is_shown_and_a_refusal_stays_until_it_is_put_away() {
    let rig = Rig::new().await;
    rig.offers_sign_in();
    rig.api.on(
        &format!("POST {}", route::DEVICE),
        200,
        &json!({
            "device_code": "secret", "user_code": "ABCD-EFGH", "expires_in": 600, "interval": 1,
            "verification_uri": "http://hub/device",
            "verification_uri_complete": "http://hub/device?code=ABCD-EFGH",
        }),
    );
    rig.api.on(
        &format!("POST {}", route::TOKEN),
        400,
        &json!({ "error": "access_denied", "error_description": "the person said no" }),
    );
    let mut client = rig.client().await;
    let view = client.begin_sign_in(rig.api.url(), SignInWay::Code).await.unwrap();
    assert_eq!(view.code.as_deref(), Some("ABCD-EFGH"));
    assert!(view.url.ends_with("?code=ABCD-EFGH"));
    let is_over = |state: &Snapshot| {
        state.sign_in.as_ref().is_some_and(|view| view.state == SignInState::Failed)
    };
    let failed = rig.wait_for(is_over).await.sign_in.unwrap();
    let problem = failed.problem.unwrap();
    assert_eq!(problem.code, Code::SignInRefused);
    assert!(problem.message.contains("the person said no"));
    client.cancel_sign_in().await.unwrap();
    assert_eq!(client.status().await.unwrap().sign_in, None);
    drop(client);
    rig.end().await;
}

#[tokio::test]
async fn a_sign_in_that_is_given_up_listens_no_more_and_changes_nothing() {
    let rig = Rig::new().await;
    rig.offers_sign_in();
    let mut client = rig.client().await;
    let first = client.begin_sign_in(rig.api.url(), SignInWay::Browser).await.unwrap();
    let second = client.begin_sign_in(rig.api.url(), SignInWay::Browser).await.unwrap();
    let port = |url: &str| {
        let url: url::Url = url.parse().unwrap();
        let back = url.query_pairs().find(|(key, _)| key == "redirect_uri").unwrap().1.into_owned();
        back.parse::<url::Url>().unwrap().port().unwrap()
    };
    assert_ne!(port(&first.url), port(&second.url));
    client.cancel_sign_in().await.unwrap();
    for view in [first, second] {
        let port = port(&view.url);
        let refused = async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                tokio::task::yield_now().await;
            }
        };
        timeout(LONG, refused).await.expect("nobody listens any more");
    }
    assert_eq!(client.status().await.unwrap().account, None);
    drop(client);
    rig.end().await;
}

#[tokio::test]
async fn a_name_is_checked_before_it_is_taken() {
    let rig = Rig::signed_in().await;
    let mut client = rig.client().await;
    let mut check = async |name: &str| client.check_name(name.to_owned()).await.unwrap();
    let free = check("Free").await;
    assert_eq!((free.state, free.full_name.as_str()), (NameState::Free, "smith#Free"));
    let by_name = |name: &str| format!("GET /outport/v1/endpoint_by_name/{name}");
    rig.api.on(&by_name("Old"), 200, &endpoint(OTHER, "Old", None));
    rig.api.on(&by_name("Used"), 200, &endpoint(OTHER, "Used", Some("fingerprint")));
    assert_eq!(check("Old").await.state, NameState::YoursUnused);
    let used = check("Used").await;
    assert_eq!(used.state, NameState::YoursInUse);
    assert_eq!(used.problem.unwrap().code, Code::NameTaken);
    let bad = check(" a").await;
    assert_eq!(bad.state, NameState::Invalid);
    assert_eq!(bad.problem.unwrap().code, Code::BadEndpointName);
    drop(client);
    rig.end().await;
}

#[tokio::test]
async fn a_computer_is_registered_even_when_answers_are_lost() {
    let rig = Rig::signed_in().await;
    let key = rig.setup_key();
    rig.api.on("POST /v0.10/endpoint", 201, &created(&key));
    rig.api.lose("POST /outport/v1/setup");
    let computer =
        || NewComputer { name: "WorkPC".to_owned(), replace: false, place: KeyPlace::File };
    let mut client = rig.client().await;
    let lost = client.register(computer()).await.unwrap_err();
    assert_eq!(lost.problem().code, Code::HubUnreachable);
    let first = rig.api.asked("POST /outport/v1/setup")[0].clone();

    // The hub bound the key; only the answer was lost. The same again is the same computer.
    let key_of = |body: &str| serde_json::from_str::<Value>(body).unwrap()["key"].clone();
    let bound: PublicKey = serde_json::from_value(key_of(&first.body)).unwrap();
    let bound = bound.fingerprint().to_string();
    rig.api.clear("POST /outport/v1/setup");
    rig.api.clear("POST /v0.10/endpoint");
    rig.api.on("POST /outport/v1/setup", 200, &rig.set_up_answer());
    rig.api.on("POST /v0.10/endpoint", 409, &taken());
    let found = endpoint(ENDPOINT, "WorkPC", Some(&bound));
    rig.api.on("GET /outport/v1/endpoint_by_name/WorkPC", 200, &found);
    let fresh = format!("POST /outport/v1/endpoint/{ENDPOINT}/setup_key");
    rig.api.on(&fresh, 201, &rig.fresh_setup_key());
    let before = rig.api.asked("POST /outport/v1/setup").len();
    let set_up = client.register(computer()).await.unwrap();
    assert_eq!((set_up.name.as_str(), set_up.endpoint), ("smith#WorkPC", ENDPOINT));
    assert_eq!(set_up.fingerprint, bound);
    let again = &rig.api.asked("POST /outport/v1/setup")[before];
    assert_eq!(key_of(&again.body), key_of(&first.body));
    let state = rig.wait_for(|state| state.endpoint.is_some()).await;
    assert_eq!(state.endpoint.unwrap().fingerprint, set_up.fingerprint);

    // Asked once more, it is what it is; by another name, it is renamed.
    let path = format!("GET /v0.10/endpoint/{ENDPOINT}");
    rig.api.on(&path, 200, &endpoint(ENDPOINT, "WorkPC", Some(&set_up.fingerprint)));
    assert_eq!(client.register(computer()).await.unwrap(), set_up);
    let put = format!("PUT /v0.10/endpoint/{ENDPOINT}");
    rig.api.on(&put, 200, &result("Updated"));
    let renamed = NewComputer { name: "Bench".to_owned(), ..computer() };
    assert_eq!(client.register(renamed).await.unwrap().name, "smith#Bench");
    assert!(rig.api.asked(&put)[0].body.contains("\"Bench\""));
    assert_eq!(rig.api.asked("POST /outport/v1/setup").len(), before + 1);
    drop(client);
    rig.end().await;
}

#[tokio::test]
async fn a_taken_name_needs_the_owners_word_and_removing_leaves_nothing_behind() {
    let rig = Rig::signed_in().await;
    rig.api.on("POST /v0.10/endpoint", 409, &taken());
    let found = endpoint(ENDPOINT, "WorkPC", Some("other"));
    rig.api.on("GET /outport/v1/endpoint_by_name/WorkPC", 200, &found);
    let mut client = rig.client().await;
    let computer =
        |replace| NewComputer { name: "WorkPC".to_owned(), replace, place: KeyPlace::File };
    let refused = client.register(computer(false)).await.unwrap_err().problem();
    assert_eq!(refused.code, Code::NameTaken);
    assert!(refused.message.contains("smith#WorkPC"), "{refused}");

    let path = format!("POST /outport/v1/endpoint/{ENDPOINT}/setup_key");
    rig.api.on(&path, 201, &rig.fresh_setup_key()).on(
        "POST /outport/v1/setup",
        200,
        &rig.set_up_answer(),
    );
    client.register(computer(true)).await.unwrap();
    rig.wait_for(|state| state.endpoint.is_some()).await;

    let delete = format!("DELETE /v0.10/endpoint/{ENDPOINT}");
    rig.api.on(&delete, 503, &json!({ "message": "later" }));
    rig.api.on(&delete, 200, &result("Deleted"));
    client.remove_computer(false).await.unwrap();
    assert_eq!(rig.api.asked(&delete).len(), 2, "a busy hub is asked again");
    let state = rig.wait_for(|state| state.endpoint.is_none()).await;
    assert_eq!(state.state, AgentState::Attention);
    assert!(state.notices.iter().any(|notice| notice.code == Code::NotSetUp));
    let left: Vec<_> = fs::read_dir(&rig.paths.state_dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("identity") || name.contains("registration"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
    drop(client);
    rig.end().await;
}

#[tokio::test]
async fn collections_and_directories_come_as_screens_show_them() {
    let rig = Rig::signed_in().await;
    let list = json!({ "DATA": [endpoint(OTHER, "Cluster", Some("f"))] });
    rig.api.on("GET /v0.10/endpoint_search", 200, &list);
    let mut client = rig.client().await;
    let query = CollectionQuery { scope: CollectionScope::Mine, text: None, limit: 10 };
    let [found] = &client.collections(query.clone()).await.unwrap()[..] else { panic!() };
    assert_eq!((found.name.as_str(), found.is_mine), ("smith#Cluster", true));
    assert_eq!((found.online, found.is_this_computer), (Some(true), false));
    let everything = CollectionQuery { scope: CollectionScope::All, ..query };
    assert_eq!(client.collections(everything).await.unwrap(), []);

    let ls = format!("GET /v0.10/operation/endpoint/{OTHER}/ls");
    rig.api.on(
        &ls,
        200,
        &json!({
            "endpoint": OTHER, "path": "/data/", "total": 2, "length": 2, "rename_supported": true,
            "DATA": [
                { "name": "sub", "type": "dir", "size": 0, "last_modified": "2026-01-31 12:00:00+00:00" },
                { "name": "x", "type": "file", "size": 7, "permissions": "0644" },
            ],
        }),
    );
    let query = ListQuery {
        collection: OTHER,
        path: Some("/data/".to_owned()),
        show_hidden: false,
        sort: SortBy::Size,
        descending: true,
        filter: Some("x".to_owned()),
        offset: 0,
        limit: 100,
    };
    let listing = client.list(query).await.unwrap();
    assert_eq!((listing.total, listing.entries[1].size), (2, 7));
    assert_eq!(listing.entries[0].modified, Some(UnixTime::from_seconds(1_769_860_800)));
    let asked = &rig.api.asked(&ls)[0].query;
    assert!(asked.contains("orderby=type+ASC%2Csize+DESC%2Cname+ASC"), "{asked}");
    assert!(asked.contains("filter=name%3A%7E*%5BxX%5D*"), "{asked}");

    let mkdir = format!("POST /v0.10/operation/endpoint/{OTHER}/mkdir");
    let away =
        outport_types::Problem::new(Code::NotConnected, [("endpoint", "smith#Cluster".into())]);
    rig.api.on(&mkdir, 502, &json!({ "code": "ExternalError", "message": "x", "problem": away }));
    let problem = client.make_folder(OTHER, "/new".to_owned()).await.unwrap_err().problem();
    assert_eq!(problem, away);
    let missing = client.stat(OTHER, "/none".to_owned()).await.unwrap_err().problem();
    assert_eq!(missing.code, Code::HubRefused, "in the hub's own words");
    drop(client);
    rig.end().await;
}

#[tokio::test]
async fn a_transfer_is_asked_for_once_and_can_be_asked_for_again() {
    let rig = Rig::signed_in().await;
    let (first, second) = (TaskId::random(), TaskId::random());
    rig.api.lose("POST /v0.10/transfer");
    rig.api.on("POST /v0.10/transfer", 202, &submitted("transfer_result", first));
    rig.api.on("POST /v0.10/transfer", 202, &submitted("transfer_result", second));
    let mut client = rig.client().await;
    assert_eq!(client.transfer(transfer()).await.unwrap(), first);
    let asked = rig.api.asked("POST /v0.10/transfer");
    assert_eq!(asked.len(), 2, "an answer was lost");
    assert_eq!(asked[0].body, asked[1].body, "the same submission is the same task");
    let body: Value = serde_json::from_str(&asked[0].body).unwrap();
    assert_eq!(body["sync_level"], 3);
    assert_eq!(body["verify_checksum"], false);
    assert_eq!(body["recursive_symlinks"], "keep");
    assert_eq!(body["outport"]["preserve_permissions"], true);
    assert_eq!(body["outport"]["preserve_xattrs"], true);
    assert_eq!(body["outport"]["preserve_hard_links"], true);
    let rule = &body["filter_rules"][0];
    assert_eq!((&rule["method"], &rule["name"]), (&json!("exclude"), &json!(".git")));
    assert_eq!(body["label"], "raw reads");
    assert_eq!(body["DATA"][0]["source_path"], "/a/");

    assert_eq!(client.retry_task(first).await.unwrap(), second);
    let unknown = client.retry_task(TaskId::random()).await.unwrap_err();
    assert_eq!(unknown.problem().code, Code::CannotRetry);

    rig.api.on(&format!("GET /v0.10/task/{first}"), 200, &task(first, "FAILED"));
    rig.api.on(
        &format!("GET /v0.10/task/{first}/event_list"),
        200,
        &json!({ "total": 1, "DATA": [
            { "code": "STARTED", "time": "2026-01-31T12:00:00+00:00", "description": "started" },
        ]}),
    );
    let detail = client.task(first).await.unwrap();
    assert!(detail.task.can_retry);
    assert_eq!(detail.task.failure.unwrap().code, "PERMISSION_DENIED");
    assert_eq!(detail.events[0].code, "STARTED");
    let delete = NewDeletion {
        collection: OTHER,
        paths: vec!["/old".to_owned()],
        recursive: true,
        ignore_missing: false,
        label: None,
        deadline: None,
        submission: None,
    };
    rig.api.on("POST /v0.10/delete", 202, &submitted("delete_result", second));
    assert_eq!(client.delete_files(delete).await.unwrap(), second);
    drop(client);
    rig.end().await;
}

#[tokio::test]
async fn the_owners_tasks_are_live_while_somebody_looks() {
    let rig = Rig::signed_in().await;
    let (running, done) = (TaskId::random(), TaskId::random());
    let list = json!({ "total": 2, "DATA": [task(done, "SUCCEEDED"), task(running, "ACTIVE")] });
    rig.api.on("GET /v0.10/task_list", 200, &list);
    assert_eq!(rig.api.listeners(), 0, "nobody looks, nobody asks");

    let mut states = rig.watch().await;
    let live = until(&mut states, |state| state.tasks.state == BoardState::Live).await;
    let ids: Vec<_> = live.tasks.tasks.iter().map(|task| task.id).collect();
    assert_eq!(ids, [running, done]);
    assert_eq!(live.tasks.tasks[0].waiting.as_ref().unwrap().code, "GC_PAUSED");

    rig.api.tell(&json!({
        "type": "progress", "task_id": running, "files": 9, "directories": 0,
        "progress": { "bytes_found": 1000, "bytes_done": 300, "bytes_settled": 400, "rate": 100, "scan_done": true,
                      "files_done": 4, "deleted": 0, "route": "direct" },
    }));
    let moved = |state: &Snapshot| state.tasks.tasks[0].progress.bytes_settled == 400;
    let state = until(&mut states, moved).await;
    assert_eq!(state.tasks.tasks[0].progress.eta_seconds, Some(6));
    rig.api.tell(&json!({ "type": "task", "task": task(running, "SUCCEEDED") }));
    let ended = |state: &Snapshot| {
        state.tasks.tasks.iter().all(|task| task.status == TaskStatus::Succeeded)
    };
    until(&mut states, ended).await;

    // The hub goes away: what was known stays, and it is said why nothing changes.
    rig.api.on("GET /outport/v1/events", 503, &json!({ "message": "closing" }));
    rig.api.cut();
    let away = until(&mut states, |state| state.tasks.state == BoardState::Away).await;
    assert_eq!(away.tasks.problem.unwrap().code, Code::HubUnreachable);
    assert_eq!(away.tasks.tasks.len(), 2);
    rig.api.clear("GET /outport/v1/events");
    until(&mut states, |state| state.tasks.state == BoardState::Live).await;

    let mut client = rig.client().await;
    client.sign_out().await.unwrap();
    let out = until(&mut states, |state| state.tasks.state == BoardState::SignedOut).await;
    assert_eq!(out.tasks.tasks, Vec::<TaskView>::new());
    drop((client, states));
    rig.end().await;
}

#[tokio::test]
async fn a_sign_in_that_is_over_is_said_and_asked_for() {
    let rig = Rig::signed_in_for(-10).await;
    rig.api.on(&format!("POST {}", route::TOKEN), 400, &json!({ "error": "invalid_grant" }));
    let mut states = rig.watch().await;
    let away = until(&mut states, |state| state.tasks.state == BoardState::Away).await;
    assert_eq!(away.tasks.problem.unwrap().code, Code::SignedOut);
    assert!(away.notices.iter().any(|notice| notice.code == Code::SignedOut));
    let query = TaskQuery { status: None, kind: None, label: None, limit: 1 };
    let refused = rig.client().await.tasks(query).await.unwrap_err();
    assert_eq!(refused.problem().code, Code::SignedOut);
    drop(states);
    rig.end().await;
}

#[tokio::test]
async fn without_an_agent_the_hub_can_be_asked_all_the_same() {
    let rig = Rig::signed_in().await;
    let Rig { api, _home, paths, agent } = rig;
    agent.stop();
    agent.join().await.unwrap();
    api.on(
        "GET /v0.10/task_list",
        200,
        &json!({ "total": 1, "DATA": [task(TaskId::random(), "ACTIVE")] }),
    );
    let mut offline = Client::in_memory(Arc::new(Offline::new(&paths)));
    let query = TaskQuery { status: None, kind: None, label: None, limit: 1 };
    assert_eq!(offline.tasks(query).await.unwrap().len(), 1);
    let refused = offline.begin_sign_in(api.url(), SignInWay::Browser).await.unwrap_err();
    assert_eq!(refused.problem().code, Code::AgentNotRunning);
}

#[tokio::test]
async fn diagnostics_hold_what_helps_and_no_secret() {
    let rig = Rig::signed_in().await;
    let found = rig.client().await.diagnostics().await.unwrap();
    assert!(found.name.starts_with("outport-diagnostics-2") && found.name.ends_with(".txt"));
    for part in ["## State", "signed in: yes", "## Checks", "## Config", "## Log"] {
        assert!(found.text.contains(part), "no {part} in {}", found.text);
    }
    for secret in ["access-0123456789abcdef", "refresh-0123456789abcdef", "smith@"] {
        assert!(!found.text.contains(secret), "{secret}");
    }
    rig.end().await;
}

/// An agent of a profile of its own, and an API that it may be signed in at.
struct Rig {
    api: FakeApi,
    _home: TempDir,
    paths: Paths,
    agent: Agent,
}

impl Rig {
    async fn new() -> Self {
        let home = TempDir::new().unwrap();
        let paths = Paths::below(home.path(), Profile::default());
        let agent = start(&paths).await;
        Self { api: FakeApi::start().await, _home: home, paths, agent }
    }

    async fn signed_in() -> Self {
        Self::signed_in_for(3600).await
    }

    /// Signed in with tokens that are good for so many seconds.
    async fn signed_in_for(seconds: i64) -> Self {
        let rig = Self::new().await;
        let account = Account {
            hub: rig.api.url(),
            handle: "smith".to_owned(),
            username: "smith@hub".to_owned(),
        };
        let set = TokenSet {
            resource_server: outport_api::auth::names::server::TRANSFER.to_owned(),
            access_token: Secret::new("access-0123456789abcdef"),
            refresh_token: Some(Secret::new("refresh-0123456789abcdef")),
            expires: local_now().plus_seconds(seconds),
            scope: "all".to_owned(),
        };
        let sign_in = SignIn { account, client_id: "client".to_owned(), tokens: vec![set] };
        rig.client().await.sign_in(sign_in).await.unwrap();
        rig
    }

    fn offers_sign_in(&self) {
        let root = SecretKey::from_seed(&[1; 32]).public();
        let about = json!({
            "software": "outport 0.1.0", "name": "Example", "public_url": self.api.url(),
            "root": root, "hub_time": local_now().to_string(), "udp": null,
        });
        self.api.on("GET /outport/v1/hub", 200, &about);
        let person = json!({
            "sub": "00000000-0000-0000-0000-000000000009", "preferred_username": "smith@hub",
        });
        self.api.on(&format!("GET {}", route::USERINFO), 200, &person);
    }

    fn setup_key(&self) -> SetupKey {
        let root = SecretKey::from_seed(&[1; 32]).public();
        SetupKey { hub: self.api.url(), root, endpoint: ENDPOINT, secret: [7; 16] }
    }

    fn set_up_answer(&self) -> Value {
        let root = SecretKey::from_seed(&[1; 32]).public();
        json!({ "endpoint": ENDPOINT, "name": "smith#WorkPC", "root": root })
    }

    fn fresh_setup_key(&self) -> Value {
        json!({
            "endpoint": ENDPOINT, "setup_key": self.setup_key().to_string(),
            "expires": local_now().plus_seconds(60).to_string(),
        })
    }

    async fn client(&self) -> Client {
        Client::connect(&self.paths).await.unwrap()
    }

    async fn watch(&self) -> Snapshots {
        Client::in_memory(self.agent.handler()).subscribe().await.unwrap()
    }

    async fn wait_for(&self, wanted: impl Fn(&Snapshot) -> bool) -> Snapshot {
        until(&mut self.watch().await, wanted).await
    }

    async fn end(self) -> FakeApi {
        self.agent.stop();
        timeout(Duration::from_secs(11), self.agent.join()).await.expect("closed in time").unwrap();
        self.api
    }
}

async fn visit(back: &url::Url, target: &str) -> String {
    let address = (back.host_str().unwrap().to_owned(), back.port().unwrap());
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).await.unwrap();
    page
}

fn endpoint(id: EndpointId, name: &str, fingerprint: Option<&str>) -> Value {
    json!({
        "id": id, "entity_type": "GCP_mapped_collection", "display_name": name,
        "owner_id": "00000000-0000-0000-0000-000000000009", "owner_string": "smith@hub",
        "canonical_name": format!("smith#{name}"), "gcp_connected": true, "gcp_paused": false,
        "outport": { "fingerprint": fingerprint, "software": null, "system": "linux",
                     "last_seen": null, "paused_until": null },
    })
}

fn created(key: &SetupKey) -> Value {
    json!({
        "code": "Created", "message": "made", "id": ENDPOINT,
        "globus_connect_setup_key": key.to_string(),
        "request_id": "00000000-0000-0000-0000-000000000001",
    })
}

fn taken() -> Value {
    json!({ "code": "Exists", "message": "taken", "request_id": "r", "resource": "/" })
}

fn result(code: &str) -> Value {
    json!({ "code": code, "message": "", "request_id": "00000000-0000-0000-0000-000000000001" })
}

fn submitted(kind: &str, task: TaskId) -> Value {
    json!({
        "DATA_TYPE": kind, "code": "Accepted", "message": "", "task_id": task,
        "submission_id": "00000000-0000-0000-0000-000000000005",
        "task_link": { "href": "", "rel": "", "resource": "", "title": "" },
        "request_id": "00000000-0000-0000-0000-000000000001",
    })
}

fn task(id: TaskId, status: &str) -> Value {
    let active = status == "ACTIVE";
    json!({
        "task_id": id, "type": "TRANSFER", "status": status,
        "owner_id": "00000000-0000-0000-0000-000000000009",
        "request_time": "2026-01-31T12:00:00+00:00",
        "completion_time": if active { Value::Null } else { json!("2026-01-31T12:05:00+00:00") },
        "source_endpoint_id": OTHER, "source_endpoint": "smith#Cluster",
        "destination_endpoint_id": ENDPOINT, "destination_endpoint": "smith#WorkPC",
        "nice_status": if active { json!("GC_PAUSED") } else { Value::Null },
        "nice_status_details": "smith#WorkPC is paused by its owner.",
        "fatal_error": if status == "FAILED" {
            json!({ "code": "PERMISSION_DENIED", "description": "no" })
        } else {
            Value::Null
        },
    })
}

fn token_answer() -> Value {
    let token = |server: &str| {
        json!({
            "access_token": "access", "scope": "s", "resource_server": server, "expires_in": 3600,
            "token_type": "Bearer", "refresh_token": "refresh",
        })
    };
    let mut answer = token(outport_api::auth::names::server::AUTH);
    answer["other_tokens"] = json!([token(outport_api::auth::names::server::TRANSFER)]);
    answer
}

fn transfer() -> NewTransfer {
    NewTransfer {
        source: OTHER,
        destination: ENDPOINT,
        items: vec![NewItem {
            source_path: "/a/".to_owned(),
            destination_path: "/b/".to_owned(),
            recursive: Some(true),
        }],
        label: Some(" raw reads ".to_owned()),
        options: TransferOptions {
            sync_level: Some(SyncLevel::Checksum),
            verify: false,
            preserve_permissions: true,
            preserve_xattrs: true,
            preserve_hard_links: true,
            symlinks: Symlinks::Keep,
            filters: vec![FilterRule {
                include: false,
                only: Some(FilterKind::Dir),
                name: ".git".to_owned(),
            }],
            ..TransferOptions::default()
        },
        deadline: None,
        submission: None,
    }
}
