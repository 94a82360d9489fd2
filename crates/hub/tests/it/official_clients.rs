//! What the `globus` command 3.43 sends, word for word, and the fields that it reads of the
//! answers: without one of these it ends in a Python traceback.

use outport_protocol::report::Counts;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    agents::{Owner, finished, transfer, with},
    support::{TestHub, text},
    tasks::{file, rig},
};

#[tokio::test]
async fn the_task_commands_get_every_field_that_they_read() {
    let (hub, owner, mut a, mut b) = rig().await;
    let (status, body) = hub.call(&owner, Method::GET, "v0.10/submission_id", None).await;
    assert_eq!(status, StatusCode::OK);
    // globus transfer A:a B:r -r --label 'nightly/one' -s checksum --notify off …
    let document = json!({
        "DATA_TYPE": "transfer",
        "DATA": [{
            "DATA_TYPE": "transfer_item", "source_path": "a", "destination_path": "r",
            "recursive": true,
        }],
        "source_endpoint": a.endpoint, "destination_endpoint": b.endpoint,
        "label": "nightly/one", "submission_id": body["value"],
        "deadline": "2126-01-01 00:00:00", "verify_checksum": true, "preserve_timestamp": true,
        "encrypt_data": false, "skip_source_errors": false, "fail_on_quota_errors": false,
        "delete_destination_extra": false, "notify_on_succeeded": false,
        "notify_on_failed": false, "notify_on_inactive": false, "sync_level": 3,
    });
    let task = hub.submit(&owner, document).await;
    let session = a.hear_start().await.session;
    b.hear_start().await;
    b.link_up(session).await;
    let active = "task_list?limit=1000\
                  &filter=type%3ATRANSFER%2CDELETE%2Fstatus%3AACTIVE%2CINACTIVE&fields=task_id";
    assert_eq!(get(&hub, &owner, active).await["DATA"][0]["task_id"], json!(task));
    let counts = Counts { files_found: 1, files_done: 1, scan_done: true, ..Counts::default() };
    b.report(task, 1, vec![file("x"), finished(counts, None)]).await;
    hub.wait_for_task(&owner, task, "status", json!("SUCCEEDED")).await;

    let shown = get(&hub, &owner, &format!("task/{task}")).await;
    for key in OF_A_TASK {
        assert!(shown.get(key).is_some(), "{key} of {shown}");
    }
    for query in [
        "type%3ATRANSFER%2CDELETE",
        "status%3ASUCCEEDED%2Ftype%3ATRANSFER%2CDELETE%2Flabel%3A~nightly%2Fo%2A\
         %2Frequest_time%3A2026-01-01+00%3A00%3A00%2C",
        "type%3ATRANSFER%2CDELETE%2Flabel%3A%3Dnightly%2Fone",
    ] {
        let path = format!("task_list?limit=1000&orderby=request_time+DESC&filter={query}");
        let list = get(&hub, &owner, &path).await;
        assert_eq!((&list["total"], &list["DATA"][0]["task_id"]), (&json!(1), &json!(task)));
    }
    for filter in ["", "is_error%3A0"] {
        let path = format!("task/{task}/event_list?limit=1000&filter={filter}");
        let list = get(&hub, &owner, &path).await;
        assert_eq!((&list["total"], list["DATA"].as_array().unwrap().len()), (&json!(2), 2));
        for event in list["DATA"].as_array().unwrap() {
            let texts = ["time", "code", "details", "description"];
            assert!(texts.iter().all(|key| event[key].is_string()), "{event}");
            assert!(event["is_error"].is_boolean(), "{event}");
        }
    }
    let done = get(&hub, &owner, &format!("task/{task}/successful_transfers")).await;
    for key in ["source_path", "destination_path", "checksum", "checksum_algorithm"] {
        assert!(done["DATA"][0][key].is_string(), "{key} of {done}");
    }
    let left_out = get(&hub, &owner, &format!("task/{task}/skipped_errors")).await;
    assert_eq!((&left_out["DATA"], &left_out["next_marker"]), (&json!([]), &Value::Null));
    let pause = get(&hub, &owner, &format!("task/{task}/pause_info")).await;
    assert_eq!(pause["pause_rules"], json!([]));
    for key in ["source_pause_message", "destination_pause_message"] {
        assert!(pause.get(key).is_some(), "{key} of {pause}");
    }
    let path = format!("v0.10/task/{task}/cancel");
    let (_, body) = hub.call(&owner, Method::POST, &path, None).await;
    assert!(body["message"].is_string() && body["request_id"].is_string(), "{body}");
}

#[tokio::test]
async fn the_endpoint_commands_get_every_field_that_they_read() {
    let (hub, owner, a, _b) = rig().await;
    let shown = get(&hub, &owner, &format!("endpoint/{}", a.endpoint)).await;
    for key in OF_AN_ENDPOINT {
        assert!(shown.get(key).is_some(), "{key} of {shown}");
    }
    let found = get(&hub, &owner, "endpoint_search?filter_scope=my-endpoints&limit=100").await;
    assert_eq!(
        (found["DATA"].as_array().unwrap().len(), &found["has_next_page"]),
        (2, &json!(false))
    );
    // globus gcp create mapped Rec
    let body = json!({
        "DATA_TYPE": "endpoint", "is_globus_connect": true, "display_name": "Rec", "public": true,
    });
    let (_, made) = hub.call(&owner, Method::POST, "v0.10/endpoint", Some(body)).await;
    let texts = ["message", "id", "globus_connect_setup_key"];
    assert!(texts.iter().all(|key| made[key].is_string()), "{made}");
    let path = format!("v0.10/endpoint/{}", text(&made["id"]));
    let body = json!({"DATA_TYPE": "endpoint", "is_globus_connect": true, "description": "e"});
    let (_, body) = hub.call(&owner, Method::PUT, &path, Some(body)).await;
    assert!(body["message"].is_string(), "{body}");
    let (_, body) = hub.call(&owner, Method::DELETE, &path, None).await;
    assert!(body["message"].is_string(), "{body}");
    let (status, body) = hub.call(&owner, Method::GET, &path, None).await;
    assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &json!("EndpointDeleted")));
    assert!(text(&body["message"]).starts_with("smith#Rec "), "people know the name: {body}");
}

#[tokio::test]
async fn what_the_hub_lacks_is_named_in_the_shape_of_its_api() {
    let hub = TestHub::start().await;
    let owner = hub.owner("smith").await;
    let id = "11111111-2222-4333-8444-555555555555";
    for (path, part) in [
        ("bookmark_list".to_owned(), "bookmarks"),
        (format!("bookmark/{id}"), "bookmarks"),
        ("shared_endpoint".to_owned(), "guest collections"),
        (format!("endpoint/{id}/role_list"), "roles"),
        (format!("endpoint/{id}/access_list"), "access rules"),
        (format!("endpoint/{id}/subscription"), "subscriptions"),
        (format!("endpoint/{id}/my_shared_endpoint_list"), "guest collections"),
        ("endpoint_manager/task_list".to_owned(), "endpoint manager"),
    ] {
        let path = format!("v0.10/{path}");
        let (status, body) = hub.call(&owner, Method::GET, &path, None).await;
        assert_eq!(
            (status, &body["code"]),
            (StatusCode::NOT_FOUND, &json!("ClientError.NotFound"))
        );
        assert!(text(&body["message"]).contains(part), "{path}: {body}");
    }
    let (_, body) = hub.call(&owner, Method::GET, "v2/groups/my_groups", None).await;
    assert!(text(&body["errors"][0]["detail"]).contains("groups"), "{body}");
    for (path, part) in [("jobs/", "timers"), ("v2/timer", "timers"), ("flows", "flows")] {
        let (_, body) = hub.call(&owner, Method::GET, path, None).await;
        assert_eq!(body["error"]["code"], "NOT_FOUND");
        assert!(text(&body["error"]["detail"]).contains(part), "the command reads this: {body}");
    }
    let (_, body) = hub.call(&owner, Method::GET, "v0.10/nothing", None).await;
    assert_eq!(body["message"], "There is nothing at this address.");
}

#[tokio::test]
async fn a_refusal_says_which_field_or_option_it_means() {
    let (hub, owner, a, b) = rig().await;
    let good = transfer(a.endpoint, b.endpoint);
    let with = |field: &str, value: Value| with(&good, field, value);
    let item = json!([{"source_path": "a", "destination_path": "b", "recursive": "yes"}]);
    let summed = json!([
        {"source_path": "a", "destination_path": "b", "external_checksum": "00"}
    ]);
    for (document, part) in [
        (with("source_endpoint", json!("x/y")), "source_endpoint: "),
        (with("deadline", json!("tomorrow")), "deadline: "),
        (with("DATA", item), "DATA[0].recursive: "),
        (with("DATA", json!([{"source_path": "a"}])), "destination_path"),
        (with("DATA", summed), "--external-checksum"),
        (with("keep_owners", json!(true)), "keep_owners"),
    ] {
        let (status, body) = hub.call(&owner, Method::POST, "v0.10/transfer", Some(document)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert!(text(&body["message"]).contains(part), "{part}: {body}");
    }
    let jones = hub.owner("jones").await;
    let path = format!("v0.10/endpoint/{}", a.endpoint);
    hub.call(&owner, Method::PUT, &path, Some(json!({"public": true}))).await;
    let path = format!("v0.10/operation/endpoint/{}/ls?path=sub&show_hidden=0", a.endpoint);
    let (status, body) = hub.call(&jones, Method::GET, &path, None).await;
    assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("PermissionDenied")));
    assert!(text(&body["message"]).starts_with("You may not "), "{body}");
}

async fn get(hub: &TestHub, owner: &Owner, path: &str) -> Value {
    let (status, body) = hub.call(owner, Method::GET, &format!("v0.10/{path}"), None).await;
    assert_eq!(status, StatusCode::OK, "{path}: {body}");
    body
}

/// What `globus task show`, `list` and `wait` read.
const OF_A_TASK: &[&str] = &[
    "task_id",
    "status",
    "type",
    "label",
    "is_paused",
    "nice_status",
    "directories",
    "files",
    "faults",
    "request_time",
    "completion_time",
    "deadline",
    "subtasks_total",
    "subtasks_succeeded",
    "subtasks_pending",
    "subtasks_retrying",
    "subtasks_failed",
    "subtasks_canceled",
    "subtasks_expired",
    "subtasks_skipped_errors",
    "source_endpoint_display_name",
    "source_endpoint_id",
    "destination_endpoint_display_name",
    "destination_endpoint_id",
    "bytes_transferred",
    "effective_bytes_per_second",
];
/// What `globus endpoint show` and `search` read.
const OF_AN_ENDPOINT: &[&str] = &[
    "id",
    "entity_type",
    "is_globus_connect",
    "display_name",
    "canonical_name",
    "owner_string",
    "tlsftp_server",
    "gcs_manager_url",
    "description",
    "shareable",
    "keywords",
    "info_link",
    "contact_email",
    "organization",
    "department",
    "contact_info",
    "public",
    "default_directory",
    "force_encryption",
    "subscription_id",
    "local_user_info_available",
    "gcp_connected",
    "gcp_paused",
];
