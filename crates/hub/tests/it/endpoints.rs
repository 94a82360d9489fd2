//! Endpoints over the Transfer API.

use outport_protocol::control::HubMessage;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    agents::{Owner, transfer},
    support::{TestHub, text},
};

#[tokio::test]
async fn names_are_unique_for_each_owner_whatever_their_case() {
    let hub = TestHub::start().await;
    let (smith, jones) = (hub.owner("smith").await, hub.owner("jones").await);
    let first = hub.create(&smith, "WorkPC").await;
    hub.create(&jones, "WorkPC").await;
    let body = json!({"display_name": "workpc", "is_globus_connect": true});
    let (status, body) = hub.call(&smith, Method::POST, "v0.10/endpoint", Some(body)).await;
    assert_eq!((status, &body["code"]), (StatusCode::CONFLICT, &json!("Exists")), "{body}");

    let by_name = async |owner: &Owner, name: &str| {
        let path = format!("outport/v1/endpoint_by_name/{}", name.replace('#', "%23"));
        hub.call(owner, Method::GET, &path, None).await
    };
    let (_, body) = by_name(&smith, "smith#WORKPC").await;
    assert_eq!(body["id"], json!(first.endpoint));
    let (status, _) = by_name(&jones, "smith#WorkPC").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "a private endpoint does not exist for others");
    let (status, _) = by_name(&smith, "nonsense").await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    let path = format!("v0.10/endpoint/{}", first.endpoint);
    hub.call(&smith, Method::DELETE, &path, None).await;
    let (status, body) = hub.call(&smith, Method::GET, &path, None).await;
    assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &json!("EndpointDeleted")));
    hub.create(&smith, "WorkPC").await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_its_reason() {
    let hub = TestHub::start().await;
    let smith = hub.owner("smith").await;
    for (body, part) in [
        (json!({"display_name": "x"}), "is_globus_connect"),
        (json!({"is_globus_connect": true}), "display_name"),
        (json!({"is_globus_connect": true, "display_name": "a#b"}), "letters"),
        (json!({"is_globus_connect": true, "display_name": "x".repeat(65)}), "64"),
        (
            json!({"is_globus_connect": true, "display_name": "x", "description": "y".repeat(5000)}),
            "description",
        ),
        (
            json!({"is_globus_connect": true, "display_name": "x", "subscription_id": "DEFAULT"}),
            "subscription_id",
        ),
    ] {
        let (status, answer) =
            hub.call(&smith, Method::POST, "v0.10/endpoint", Some(body.clone())).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert!(text(&answer["message"]).contains(part), "{answer}");
        assert!(answer["request_id"].is_string() && answer["resource"] == "/endpoint");
    }
    for id in ["not-an-id", "11111111-2222-4333-8444-555555555555"] {
        let path = format!("v0.10/endpoint/{id}");
        let (status, body) = hub.call(&smith, Method::GET, &path, None).await;
        assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &json!("EndpointNotFound")));
    }
    let status = hub.http.get(hub.url("v0.10/task_list")).send().await.unwrap().status();
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_the_agent_hears_its_new_name() {
    let hub = TestHub::start().await;
    let smith = hub.owner("smith").await;
    let mut agent = hub.agent(&smith, "WorkPC").await;
    let path = format!("v0.10/endpoint/{}", agent.endpoint);
    let body = json!({"DATA_TYPE": "endpoint", "description": "A PC", "keywords": "pc,lab"});
    let (status, body) = hub.call(&smith, Method::PUT, &path, Some(body)).await;
    assert_eq!((status, &body["code"]), (StatusCode::OK, &json!("Updated")));
    let body = json!({"display_name": "Office", "keywords": null, "public": true});
    hub.call(&smith, Method::PUT, &path, Some(body)).await;
    let (_, body) = hub.call(&smith, Method::GET, &path, None).await;
    assert_eq!(body["canonical_name"], "smith#Office");
    assert_eq!(body["description"], "A PC");
    assert_eq!(body["keywords"], Value::Null);
    let name = agent
        .hear_until(|message| match message {
            HubMessage::Renamed { name } => Some(name.to_string()),
            _ => None,
        })
        .await;
    assert_eq!(name, "smith#Office");

    let jones = hub.owner("jones").await;
    let (_, body) = hub.call(&jones, Method::GET, &path, None).await;
    assert_eq!(body["display_name"], "Office", "a public endpoint is seen");
    assert_eq!(body["outport"], Value::Null, "but not how it is set up");
    for (method, body) in [(Method::PUT, Some(json!({}))), (Method::DELETE, None)] {
        let (status, body) = hub.call(&jones, method, &path, body).await;
        assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("PermissionDenied")));
    }
    let ls = format!("v0.10/operation/endpoint/{}/ls", agent.endpoint);
    let (status, _) = hub.call(&jones, Method::GET, &ls, None).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let own = hub.agent(&jones, "Mine").await;
    let document = transfer(agent.endpoint, own.endpoint);
    let (status, _) = hub.call(&jones, Method::POST, "v0.10/transfer", Some(document)).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn searches_find_words_and_come_in_pages() {
    let hub = TestHub::start().await;
    let (smith, jones) = (hub.owner("smith").await, hub.owner("jones").await);
    for n in 0..5 {
        hub.create(&smith, &format!("PC {n}")).await;
    }
    hub.create(&jones, "PC of Jones").await;
    let search = async |query: &str| {
        let path = format!("v0.10/endpoint_search?{query}");
        let (status, body) = hub.call(&smith, Method::GET, &path, None).await;
        let names = body["DATA"]
            .as_array()
            .map(|data| data.iter().map(|one| text(&one["display_name"])).collect::<Vec<_>>());
        (status, names.unwrap_or_default(), body["has_next_page"].clone())
    };
    let (_, names, more) = search("filter_scope=my-endpoints&limit=2").await;
    assert_eq!((names, more), (vec!["PC 0".to_owned(), "PC 1".to_owned()], json!(true)));
    let (_, names, more) = search("filter_scope=my-endpoints&limit=2&offset=4").await;
    assert_eq!((names, more), (vec!["PC 4".to_owned()], json!(false)));
    let (_, names, _) = search("filter_fulltext=pc+3").await;
    assert_eq!(names, ["PC 3"]);
    assert_eq!(search("filter_fulltext=jones").await.1.len(), 0, "it is private");
    assert_eq!(search("filter_fulltext=%25").await.1.len(), 0, "a percent sign is one");
    assert_eq!(search("filter_scope=all").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(search("filter_scope=nonsense").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(search("filter_scope=shared-with-me").await.1.len(), 0);
    assert_eq!(search("filter_scope=recently-used").await.1.len(), 0);
}
