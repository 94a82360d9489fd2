//! Live events, as a listener reads them.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    agents::{Owner, PATIENCE, transfer},
    support::TestHub,
    tasks::rig,
};

#[tokio::test]
async fn a_listener_hears_of_its_own_tasks_and_endpoints_only() {
    let (hub, owner, a, b) = rig().await;
    let mut listener = Listener::new(&hub, &owner, "", None).await;
    assert_eq!(listener.next().await["type"], "hello");
    let mut other = Listener::new(&hub, &hub.owner("jones").await, "", None).await;
    other.next().await;
    let task = hub.submit(&owner, transfer(a.endpoint, b.endpoint)).await;
    let event = listener.until("task").await;
    assert_eq!(event["task"]["task_id"], json!(task));
    assert_eq!(event["task"]["status"], "ACTIVE");
    drop(b);
    // Which of the two is told first is nobody's promise.
    let (mut endpoint, mut happening) = (None, None);
    while endpoint.is_none() || happening.is_none() {
        let event = listener.next().await;
        match event["type"].as_str() {
            Some("endpoint") => endpoint = Some(event["endpoint"]["gcp_connected"].clone()),
            Some("task_event") => happening = Some(event["event"]["code"].clone()),
            _ => {}
        }
    }
    assert_eq!((endpoint, happening), (Some(json!(false)), Some(json!("GC_NOT_CONNECTED"))));
    let path = format!("v0.10/task/{task}/cancel");
    hub.call(&owner, Method::POST, &path, None).await;
    loop {
        let event = listener.until("task").await;
        if event["task"]["status"] == "FAILED" {
            break;
        }
    }
    let setup = hub.create(&hub.owner("brown").await, "X").await;
    let jones = hub.again(&other.owner).await;
    let own = hub.create(&jones, "Y").await;
    let event = other.next().await;
    assert_eq!(event["endpoint"]["id"], json!(own.endpoint));
    assert_ne!(own.endpoint, setup.endpoint);
}

#[tokio::test]
async fn a_listener_can_follow_one_task_and_is_told_to_read_anew_when_it_comes_back() {
    let (hub, owner, a, b) = rig().await;
    let first = hub.submit(&owner, transfer(a.endpoint, b.endpoint)).await;
    let second = hub.submit(&owner, transfer(a.endpoint, b.endpoint)).await;
    let query = format!("?task={second}");
    let mut listener = Listener::new(&hub, &owner, &query, Some("17")).await;
    assert_eq!(listener.next().await["type"], "hello");
    assert_eq!(listener.next().await["type"], "resync");
    for task in [first, second] {
        hub.call(&owner, Method::POST, &format!("v0.10/task/{task}/cancel"), None).await;
    }
    let event = listener.until("task").await;
    assert_eq!(event["task"]["task_id"], json!(second));
}

#[tokio::test]
async fn nobody_listens_without_a_token() {
    let hub = TestHub::start().await;
    let status = hub.http.get(hub.url("outport/v1/events")).send().await.unwrap().status();
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let owner = hub.owner("smith").await;
    let (status, _) = hub.call(&owner, Method::GET, "outport/v1/events?task=x", None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_listener_whose_sign_in_was_ended_is_cut_off() {
    let (hub, owner, ..) = rig().await;
    let mut listener = Listener::new(&hub, &owner, "", None).await;
    assert_eq!(listener.next().await["type"], "hello");
    let admin = hub.admin().await;
    admin.sign_out(&"smith".parse().unwrap()).await.unwrap();
    admin.close().await;
    hub.clock.advance_seconds(61);
    let ended = async { while listener.response.chunk().await.unwrap().is_some() {} };
    tokio::time::timeout(PATIENCE, ended).await.expect("nothing more is told");
}

struct Listener {
    response: reqwest::Response,
    text: String,
    owner: Owner,
}

impl Listener {
    async fn new(hub: &TestHub, owner: &Owner, query: &str, last: Option<&str>) -> Self {
        let owner = hub.again(owner).await;
        let url = hub.url(&format!("outport/v1/events{query}"));
        let mut request = hub.http.get(url).bearer_auth(&owner.token);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Self { response, text: String::new(), owner }
    }

    async fn next(&mut self) -> Value {
        let reading = async {
            loop {
                if let Some((message, rest)) = self.text.split_once("\n\n") {
                    let data = message.lines().find_map(|line| line.strip_prefix("data: "));
                    let data = data.map(|data| serde_json::from_str(data).unwrap());
                    self.text = rest.to_owned();
                    match data {
                        Some(data) => return data,
                        None => continue,
                    }
                }
                let chunk = self.response.chunk().await.unwrap().expect("the stream is open");
                self.text.push_str(str::from_utf8(&chunk).unwrap());
            }
        };
        tokio::time::timeout(PATIENCE, reading).await.expect("something is told")
    }

    async fn until(&mut self, kind: &str) -> Value {
        loop {
            let event = self.next().await;
            if event["type"] == kind {
                return event;
            }
        }
    }
}
