//! The client against a hub of a few lines that says what the test wants.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use outport_types::{Code, EndpointId, Problem, TaskId};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::*;
use crate::live::LiveEvent;

const ANSWER_TOKEN: &str = r#"{"access_token":"a","scope":"s","resource_server":"r",
    "expires_in":100,"token_type":"Bearer","other_tokens":[]}"#;

#[tokio::test]
async fn a_busy_hub_is_asked_again_when_it_says() {
    let hub = Script::serve([
        answer(503, "Retry-After: 0\r\n", "{}"),
        answer(429, "Retry-After: 0\r\n", "{}"),
        answer(
            200,
            "",
            r#"{"DATA_TYPE":"submission_id","value":"00000000-0000-0000-0000-000000000005"}"#,
        ),
    ])
    .await;
    hub.client().submission_id().await.unwrap();
    let asked = hub.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked[0].starts_with("GET /v0.10/submission_id HTTP/1.1"));
    assert!(asked[0].to_lowercase().contains("authorization: bearer token-of-transfer.api"));
}

#[tokio::test]
async fn a_hub_that_stays_busy_is_not_waited_for_beyond_reason() {
    let hub = Script::serve([answer(503, "Retry-After: 3600\r\n", r#"{"message":"later"}"#)]).await;
    let error = hub.client().submission_id().await.unwrap_err();
    assert_eq!(error.refusal().map(|refusal| refusal.status), Some(503));
    assert!(error.is_transient());
}

#[tokio::test]
async fn other_errors_are_not_asked_again_and_keep_the_hubs_words() {
    let hub = Script::serve([answer(
        502,
        "",
        r#"{"code":"ExternalError","message":"a#b is not connected.","request_id":"r",
            "problem":{"code":"NOT_CONNECTED","args":{"endpoint":"a#b"},"message":"a#b is not connected."}}"#,
    )])
    .await;
    let error = hub.client().submission_id().await.unwrap_err();
    assert_eq!(error.problem().map(|problem| problem.code), Some(Code::NotConnected));
    assert_eq!(hub.asked().len(), 1);
}

#[tokio::test]
async fn a_hub_that_is_away_is_a_problem_with_its_name_and_no_secrets() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let client = client(&address);
    let error = client.submission_id().await.unwrap_err();
    let problem = error.problem().unwrap();
    assert_eq!(problem.code, Code::HubUnreachable);
    assert!(problem.message.contains(&address));
    assert!(!format!("{error:?}").contains("token-of"));
}

#[tokio::test]
async fn what_a_proxy_says_no_with_is_told_and_does_not_end_a_sign_in() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let place = listener.local_addr().unwrap();
    let (asked, mut heard) = tokio::sync::mpsc::channel(8);
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            asked.send(read_request(&mut stream).await).await.unwrap();
            let no = "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(no.as_bytes()).await.unwrap();
        }
    });
    for (login, code) in [("", Code::ProxyNeedsLogin), ("ann:geheim@", Code::ProxyLoginWrong)] {
        let proxy = Proxy::with_login(&format!("http://{login}{place}")).unwrap();
        let trust = Trust { proxy: Some(proxy), ..Trust::default() };
        let hub = "https://hub.example.org".parse().unwrap();
        let client = Client::new(hub, &trust, Arc::new(Somebody)).unwrap();
        let error = client.submission_id().await.unwrap_err();
        assert_eq!(error.problem().map(|problem| problem.code), Some(code));
        assert!(error.is_transient(), "a sign-in is not over because of a proxy");
        assert!(!format!("{error:?}").contains("geheim"));
        let connect = heard.recv().await.unwrap();
        assert!(connect.starts_with("CONNECT hub.example.org:443 "), "{connect}");
        let says_who = connect.to_lowercase().contains("proxy-authorization: basic");
        assert_eq!(says_who, !login.is_empty(), "{connect}");
        heard.recv().await.unwrap(); // asked once more, for the words
    }
}

#[tokio::test]
async fn a_hub_on_this_computer_is_reached_straight_and_no_other_without_its_proxy() {
    let id = r#"{"DATA_TYPE":"submission_id","value":"00000000-0000-0000-0000-000000000005"}"#;
    let hub = Script::serve([answer(200, "", id)]).await;
    let proxy = Proxy::with_login("http://127.0.0.1:9").unwrap();
    let trust = Trust { proxy: Some(proxy.clone()), ..Trust::default() };
    let client = Client::new(hub.url(), &trust, Arc::new(Somebody)).unwrap();
    client.submission_id().await.unwrap();
    let elsewhere = "https://hub.example.org".parse().unwrap();
    let client = Client::new(elsewhere, &trust, Arc::new(Somebody)).unwrap();
    let problem = client.submission_id().await.unwrap_err().problem().unwrap();
    assert_eq!(problem.code, Code::ProxyUnreachable);
    assert!(problem.message.contains("http://127.0.0.1:9"), "{problem}");
}

#[tokio::test]
async fn requests_go_through_a_socks_proxy_that_is_told_the_name_of_the_hub() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let place = listener.local_addr().unwrap();
    let proxy = Proxy::with_login(&format!("socks5://ann:p%40ss@{place}")).unwrap();
    let trust = Trust { proxy: Some(proxy), ..Trust::default() };
    let hub = "https://hub.example.org".parse().unwrap();
    let client = Client::new(hub, &trust, Arc::new(Somebody)).unwrap();
    let serving = async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut exactly = async |count: usize, answer: &[u8]| {
            let mut bytes = vec![0; count];
            stream.read_exact(&mut bytes).await.unwrap();
            stream.write_all(answer).await.unwrap();
            bytes
        };
        assert_eq!(exactly(3, &[5, 2]).await, [5, 1, 2]);
        assert_eq!(exactly(10, &[1, 0]).await, b"\x01\x03ann\x04p@ss");
        exactly(7 + "hub.example.org".len(), &[5, 5, 0, 1, 0, 0, 0, 0, 0, 0]).await
    };
    let (asked, target) = tokio::join!(client.submission_id(), serving);
    asked.unwrap_err();
    assert_eq!(target, b"\x05\x01\x00\x03\x0fhub.example.org\x01\xbb");
}

#[tokio::test]
async fn redirects_do_not_carry_the_token_away() {
    let hub = Script::serve([answer(302, "Location: http://127.0.0.1:9/\r\n", "")]).await;
    let error = hub.client().submission_id().await.unwrap_err();
    assert_eq!(error.refusal().map(|refusal| refusal.status), Some(302));
}

#[tokio::test]
async fn what_is_no_document_says_so() {
    let hub = Script::serve([answer(200, "", "<html>")]).await;
    let error = hub.client().submission_id().await.unwrap_err();
    assert!(matches!(error, ClientError::Garbled { what: "submission id", .. }));
}

#[tokio::test]
async fn without_a_sign_in_nothing_is_sent() {
    let hub = Script::serve([]).await;
    let bearer = Arc::new(Nobody);
    let client = Client::new(hub.url(), &Trust::default(), bearer).unwrap();
    let error = client.submission_id().await.unwrap_err();
    assert!(error.needs_sign_in());
    assert!(hub.asked().is_empty());
}

#[tokio::test]
async fn endpoints_are_found_by_whatever_names_them() {
    let one = |id: u8, name: &str| {
        format!(
            r#"{{"id":"00000000-0000-0000-0000-0000000000{id:02x}","entity_type":"GCP_mapped_collection",
                "owner_id":"00000000-0000-0000-0000-000000000009","display_name":"{name}",
                "canonical_name":"smith#{name}"}}"#
        )
    };
    let hub = Script::serve([
        answer(200, "", &one(2, "WorkPC")),
        answer(200, "", &one(3, "WorkPC")),
        answer(200, "", &one(4, "WorkPC")),
    ])
    .await;
    let client = hub.client();
    let find = async |name: &str| client.find_endpoint(&name.parse().unwrap()).await;
    let id = EndpointId::from_bytes([4; 16]);
    for name in ["Büro 2", "smith#WorkPC", &id.to_string()] {
        assert_eq!(find(name).await.unwrap().title(), "smith#WorkPC");
    }
    let asked = hub.asked();
    assert!(asked[0].starts_with("GET /outport/v1/endpoint_by_name/B%C3%BCro%202 "), "{asked:?}");
    assert!(asked[1].starts_with("GET /outport/v1/endpoint_by_name/smith%23WorkPC "));
    assert!(asked[2].starts_with(&format!("GET /v0.10/endpoint/{id} ")));
}

#[tokio::test]
async fn live_events_are_read_until_the_hub_closes() {
    let task = TaskId::random();
    let body = format!(
        ": hello\n\nevent: resync\ndata: {{\"type\":\"resync\"}}\n\n\
         data: {{\"type\":\"from_later\",\"x\":1}}\n\n\
         data: {{\"type\":\"progress\",\"task_id\":\"{task}\",\"files\":1,\"directories\":0,\"progress\":{{}}}}\n\n"
    );
    let hub = Script::serve([answer(200, "Content-Type: text/event-stream\r\n", &body)]).await;
    let mut events = hub.client().events(Some(task)).await.unwrap();
    assert_eq!(events.next().await.unwrap(), Some(LiveEvent::Resync));
    let Some(LiveEvent::Progress { task_id, .. }) = events.next().await.unwrap() else {
        panic!("the unknown event is left out");
    };
    assert_eq!(task_id, task);
    assert_eq!(events.next().await.unwrap(), None);
    assert!(hub.asked()[0].starts_with(&format!("GET /outport/v1/events?task={task} ")));
}

#[tokio::test]
async fn the_browser_comes_back_with_a_code_that_becomes_tokens() {
    let hub = Script::serve([answer(200, "", ANSWER_TOKEN)]).await;
    let auth = Auth::new(hub.url(), &Trust::default()).unwrap();
    let sign_in = auth.browser().await.unwrap();
    let pair = |name: &str| {
        let pairs = sign_in.url().query_pairs();
        pairs.into_iter().find(|(key, _)| key == name).unwrap().1.into_owned()
    };
    let back = pair("redirect_uri").replace("http://", "").replace('/', "");
    let state = pair("state");
    let browser = async {
        let wrong = visit(&back, "/?code=stolen&state=guess").await;
        assert!(wrong.starts_with("HTTP/1.1 400"));
        let icon = visit(&back, "/favicon.ico").await;
        assert!(icon.starts_with("HTTP/1.1 404"));
        let _ahead = TcpStream::connect(&back).await.unwrap(); // opened ahead, never used
        let done = visit(&back, &format!("/?code=c0de&state={state}")).await;
        assert!(done.starts_with("HTTP/1.1 200") && done.contains("You are signed in"));
    };
    let (tokens, ()) = tokio::join!(sign_in.finish(), browser);
    assert_eq!(tokens.unwrap().first.access_token.expose(), "a");
    let asked = hub.asked();
    assert!(asked[0].starts_with("POST /v2/oauth2/token "));
    assert!(asked[0].contains("code=c0de") && asked[0].contains("code_verifier="));
    assert!(asked[0].contains("grant_type=authorization_code"));
}

#[tokio::test]
async fn a_refusal_in_the_browser_ends_the_sign_in() {
    let hub = Script::serve([]).await;
    let auth = Auth::new(hub.url(), &Trust::default()).unwrap();
    let sign_in = auth.browser().await.unwrap();
    let url = sign_in.url().clone();
    let pair = |name: &str| url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    let back = pair("redirect_uri").replace("http://", "").replace('/', "");
    let target =
        format!("/?error=access_denied&error_description=No+thanks&state={}", pair("state"));
    let (outcome, page) = tokio::join!(sign_in.finish(), visit(&back, &target));
    assert!(page.contains("Not signed in") && !page.contains("No thanks"));
    assert!(matches!(outcome, Err(SignInError::Denied { message }) if message == "No thanks"));
}

#[tokio::test]
async fn a_device_waits_for_the_person() {
    let start = r#"{"device_code":"d","user_code":"WDJB-MJHT","verification_uri":"http://h/device",
        "expires_in":900,"interval":1}"#;
    let pending = r#"{"error":"authorization_pending","error_description":"wait","errors":[]}"#;
    let hub = Script::serve([
        answer(200, "", start),
        answer(400, "", pending),
        answer(200, "", ANSWER_TOKEN),
    ])
    .await;
    let auth = Auth::new(hub.url(), &Trust::default()).unwrap();
    let mut device = auth.device().await.unwrap();
    assert_eq!(device.user_code(), "WDJB-MJHT");
    assert!(matches!(device.poll().await.unwrap(), DevicePoll::Pending));
    assert!(matches!(device.poll().await.unwrap(), DevicePoll::Done(_)));
    assert!(hub.asked()[0].contains("offline_access"));
}

#[tokio::test]
async fn a_refresh_keeps_the_old_refresh_token_where_no_new_one_comes() {
    let rotated = ANSWER_TOKEN.replace("\"other", "\"refresh_token\":\"new\",\"other");
    let hub = Script::serve([answer(200, "", ANSWER_TOKEN), answer(200, "", &rotated)]).await;
    let auth = Auth::new(hub.url(), &Trust::default()).unwrap();
    let old = Secret::new("old");
    let kept = auth.refresh(&old).await.unwrap();
    assert_eq!(kept.refresh_token, Some(old.clone()));
    let replaced = auth.refresh(&old).await.unwrap();
    assert_eq!(replaced.refresh_token, Some(Secret::new("new")));
}

/// A hub that gives its answers in order, and keeps what it was asked.
#[derive(Debug)]
struct Script {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
    _serving: JoinSet<()>,
}

impl Script {
    async fn serve<const N: usize>(answers: [String; N]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let mut answers = VecDeque::from(answers);
        let mut serving = JoinSet::new();
        let kept = Arc::clone(&asked);
        serving.spawn(async move {
            while let Some(answer) = answers.pop_front() {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read_request(&mut stream).await;
                kept.lock().unwrap().push(request);
                stream.write_all(answer.as_bytes()).await.unwrap();
                stream.shutdown().await.unwrap();
            }
        });
        Self { address, asked, _serving: serving }
    }

    fn url(&self) -> HubUrl {
        self.address.parse().unwrap()
    }

    fn client(&self) -> Client {
        client(&self.address)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn client(address: &str) -> Client {
    Client::new(address.parse().unwrap(), &Trust::default(), Arc::new(Somebody)).unwrap()
}

#[derive(Debug)]
struct Somebody;

impl Bearer for Somebody {
    fn token<'a>(&'a self, server: &'a str) -> BoxFuture<'a, Result<Secret, Problem>> {
        Box::pin(async move { Ok(Secret::new(format!("token-of-{server}"))) })
    }
}

#[derive(Debug)]
struct Nobody;

impl Bearer for Nobody {
    fn token<'a>(&'a self, _server: &'a str) -> BoxFuture<'a, Result<Secret, Problem>> {
        Box::pin(async { Err(Problem::new(Code::SignedOut, [("hub", "h".into())])) })
    }
}

fn answer(status: u16, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
        body.len()
    )
}

async fn visit(address: &str, target: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).await.unwrap();
    page
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut chunk = [0; 4096];
    loop {
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut chunk));
        let read = read.await.unwrap().unwrap();
        text.push_str(std::str::from_utf8(&chunk[..read]).unwrap());
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.to_lowercase().lines().find_map(|line| {
            line.strip_prefix("content-length: ").map(|length| length.parse::<usize>().unwrap())
        });
        if length.unwrap_or(0) <= body.len() {
            return text;
        }
    }
}
