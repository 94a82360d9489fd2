//! Tasks from submission to end, with agents that say what a test wants.

use std::time::{Duration, Instant};

use outport_protocol::{
    control::{
        AgentMessage, Candidate, CandidateKind, FileKind, HubMessage, RevokeReason, SessionState,
    },
    orders::Work,
    report::{Counts, Difference, Happening, Report, Skipped, Transferred},
    ticket::Role,
};
use outport_types::{
    Code, Conflict, Differences, Digest, EventCode, Extras, FilterKind, FilterRule, Finding, Line,
    Names, Problem, Purpose, RateLimit, SessionId, Symlinks, SyncLevel, Tally, TaskId,
    TransferOptions, UnixTime,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    agents::{Agent, Owner, finished, transfer, with},
    support::{TestHub, text},
};

#[tokio::test]
async fn a_transfer_runs_from_submission_to_its_end() {
    let (hub, owner, mut a, mut b) = rig().await;
    let task = hub.submit(&owner, transfer(a.endpoint, b.endpoint)).await;
    let (from, to) = (a.hear_start().await, b.hear_start().await);
    assert_eq!((from.role, to.role), (Role::Sender, Role::Receiver));
    assert_eq!((from.session, &from.ticket), (to.session, &to.ticket), "the very same bytes");
    assert_eq!(from.peer.unwrap().key, b.key.public());
    let statement = b.statement.clone().unwrap();
    let (ticket, role) = to
        .ticket
        .verify(&statement, &b.key.public(), &to.orders.digest(), hub.clock.now())
        .unwrap();
    assert_eq!((role, ticket.task), (Role::Receiver, task));
    assert_eq!(ticket.sender.grants[0].path.to_string(), "/data/a");
    assert_eq!(ticket.receiver.grants[0].path.to_string(), "/in");
    let Work::Transfer(orders) = &to.orders.work else { panic!("{:?}", to.orders) };
    assert_eq!(orders.items[0].recursive, None);
    assert_eq!(orders.source_name, "smith#A");

    let address = "192.0.2.7:4433".parse().unwrap();
    let candidates = vec![Candidate { address, kind: CandidateKind::Local }];
    let session = from.session;
    a.say(AgentMessage::Candidates { session, candidates: candidates.clone() }).await;
    let heard = b.hear_until(|message| match message {
        HubMessage::PeerCandidates { session, candidates } => Some((session, candidates)),
        _ => None,
    });
    assert_eq!(heard.await, (session, candidates));

    b.link_up(session).await;
    hub.wait_for_task(&owner, task, "nice_status", json!("OK")).await;
    let counts = Counts { files_found: 2, bytes_found: 10, bytes_done: 4, ..Counts::default() };
    b.say(AgentMessage::Progress { task, session, counts, rate: 7 }).await;
    let body = hub.wait_for_task(&owner, task, "bytes_transferred", json!(4)).await;
    assert_eq!(body["outport"]["rate"], 7);
    assert_eq!(body["outport"]["route"], "lan");
    assert_eq!(body["completion_time"], Value::Null);

    b.report(task, 1, vec![file("x"), file("y"), skipped()]).await;
    assert_eq!(b.hear_ack().await, 3);
    let counts = Counts { files_found: 2, files_done: 2, bytes_done: 10, ..Counts::default() };
    b.report(task, 4, vec![changed(), finished(counts, None)]).await;
    assert_eq!(b.hear_ack().await, 5);
    for agent in [&mut a, &mut b] {
        let over = agent.hear_until(|message| match message {
            HubMessage::TaskOver { task } => Some(task),
            HubMessage::Revoke { .. } => panic!("the agents end it between themselves"),
            _ => None,
        });
        assert_eq!(over.await, task);
    }
    let body = hub.wait_for_task(&owner, task, "status", json!("SUCCEEDED")).await;
    assert_eq!(body["files_transferred"], 2);
    assert_eq!(body["source_endpoint"], "smith#A");
    assert_eq!(body["destination_endpoint_display_name"], "B");
    assert_eq!(body["sync_level"], 3);
    assert!(body["completion_time"].is_string());
    assert_eq!(body["fatal_error"], Value::Null);

    let (_, events) = get(&hub, &owner, task, "event_list?filter=").await;
    let codes: Vec<_> =
        events["DATA"].as_array().unwrap().iter().map(|event| text(&event["code"])).collect();
    assert_eq!(codes, ["SUCCEEDED", "FILE_SIZE_CHANGED", "STARTED"], "the newest first");
    let (_, events) = get(&hub, &owner, task, "event_list?filter=is_error:1").await;
    assert_eq!(events["total"], 1);
    let (_, files) = get(&hub, &owner, task, "successful_transfers").await;
    assert_eq!(files["DATA"][0]["destination_path"], "/in/a/x");
    assert_eq!(files["DATA"][1]["checksum_algorithm"], "BLAKE3");
    assert_eq!(files["next_marker"], Value::Null);
    let (_, files) = get(&hub, &owner, task, "successful_transfers?marker=1").await;
    assert_eq!(files["DATA"].as_array().unwrap().len(), 1);
    let (_, errors) = get(&hub, &owner, task, "skipped_errors").await;
    assert_eq!(errors["DATA"][0]["error_code"], "PERMISSION_DENIED");
}

/// Who receives does not see what gets lost.
#[tokio::test]
async fn how_the_line_does_is_what_the_source_says_and_only_while_its_session_lasts() {
    let (hub, owner, mut a, mut b) = rig().await;
    let task = hub.submit(&owner, transfer(a.endpoint, b.endpoint)).await;
    let session = a.hear_start().await.session;
    b.hear_start().await;
    b.link_up(session).await;
    hub.wait_for_task(&owner, task, "nice_status", json!("OK")).await;
    let says = |session, rtt_us| {
        let line = Line { rtt_us, lost_ppm: Some(1_234), connections: 2 };
        AgentMessage::Line { task, session, line }
    };
    b.say(says(session, 1)).await;
    let counts = Counts { bytes_done: 4, ..Counts::default() };
    b.say(AgentMessage::Progress { task, session, counts, rate: 7 }).await;
    let body = hub.wait_for_task(&owner, task, "bytes_transferred", json!(4)).await;
    assert_eq!(body.pointer("/outport/line"), None, "nothing was said by the source");
    a.say(says(session, 12_345)).await;
    let line = json!({ "rtt_us": 12_000, "lost_ppm": 1_200, "connections": 2 });
    hub.wait_for_task(&owner, task, "/outport/line", line.clone()).await;
    a.say(says(SessionId::from_bytes([9; 16]), 2)).await;
    a.say(AgentMessage::Candidates { session, candidates: Vec::new() }).await;
    let heard = b.hear_until(|message| match message {
        HubMessage::PeerCandidates { session, .. } => Some(session),
        _ => None,
    });
    assert_eq!(heard.await, session, "and what was said before that is known");
    let (_, list) = hub.call(&owner, Method::GET, "v0.10/task_list", None).await;
    assert_eq!(list["DATA"][0]["outport"]["line"], line);
    let broken = SessionState::Broken { problem: Problem::new(Code::Disk, []), retry: true };
    b.say(AgentMessage::Session { session, state: broken }).await;
    hub.wait_for_task(&owner, task, "/outport/line", Value::Null).await;
    a.say(says(session, 12_347)).await;
    let next = b.hear_start().await.session;
    b.link_up(next).await;
    let body = hub.wait_for_task(&owner, task, "/outport/route", json!("lan")).await;
    assert_eq!(body.pointer("/outport/line"), None, "nothing was said of the new session");
}

#[tokio::test]
async fn a_submission_counts_once() {
    let (hub, owner, a, b) = rig().await;
    let document = transfer(a.endpoint, b.endpoint);
    let task = hub.submit(&owner, document.clone()).await;
    let again = hub.call(&owner, Method::POST, "v0.10/transfer", Some(document.clone())).await;
    assert_eq!(again.0, StatusCode::ACCEPTED);
    assert_eq!(again.1["code"], "Duplicate");
    assert_eq!(again.1["task_id"], json!(task));
    let mut other = document;
    other["label"] = json!("another label");
    let (status, body) = hub.call(&owner, Method::POST, "v0.10/transfer", Some(other)).await;
    assert_eq!((status, &body["code"]), (StatusCode::CONFLICT, &json!("Conflict")));
    let (_, list) = hub.call(&owner, Method::GET, "v0.10/task_list?limit=1000", None).await;
    assert_eq!(list["total"], 1);
}

#[tokio::test]
async fn what_was_chosen_reaches_the_agents_and_is_shown_back() {
    let (hub, owner, mut a, mut b) = rig().await;
    let chosen = json!({
        "sync_level": 2, "verify_checksum": false, "preserve_timestamp": true,
        "delete_destination_extra": true,
        "skip_source_errors": true, "fail_on_quota_errors": true, "recursive_symlinks": "keep",
        "filter_rules": [
            {"DATA_TYPE": "filter_rule", "method": "include", "name": "a*"},
            {"DATA_TYPE": "filter_rule", "method": "exclude", "type": "dir", "name": "*"},
        ],
    });
    let extras = json!({
        "preserve_permissions": true, "preserve_xattrs": true, "preserve_hard_links": true,
        "keep_deleted": true, "allow_empty_source": true,
        "conflict": "skip", "names": "rename", "limit": 2_000_000, "background": true
    });
    let mut document = transfer(a.endpoint, b.endpoint);
    for (field, value) in chosen.as_object().unwrap() {
        document[field] = value.clone();
    }
    document["outport"] = extras.clone();
    let task = hub.submit(&owner, document).await;
    a.hear_start().await;
    let Work::Transfer(orders) = b.hear_start().await.orders.work else { panic!("a deletion") };
    let rule = |include, only, name: &str| FilterRule { include, only, name: name.to_owned() };
    let expected = TransferOptions {
        purpose: Purpose::Transfer,
        sync_level: Some(SyncLevel::Mtime),
        conflict: Conflict::Skip,
        names: Names::Rename,
        verify: false,
        preserve_times: true,
        preserve_permissions: true,
        preserve_xattrs: true,
        preserve_hard_links: true,
        symlinks: Symlinks::Keep,
        filters: vec![rule(true, None, "a*"), rule(false, Some(FilterKind::Dir), "*")],
        extras: Extras::Trash,
        empty_source: true,
        skip_source_errors: true,
        fail_on_quota: true,
        limit: RateLimit::new(2_000_000).ok(),
        background: true,
    };
    assert_eq!(orders.options, expected);
    let path = format!("v0.10/task/{task}");
    let (_, shown) = hub.call(&owner, Method::GET, &path, None).await;
    for (field, value) in chosen.as_object().unwrap() {
        assert_eq!(&shown[field], value, "{field}");
    }
    assert_eq!(shown["outport"]["options"], extras);
}

#[tokio::test]
async fn a_preview_is_named_as_one_and_tells_what_it_found_page_by_page() {
    let (hub, owner, mut a, mut b) = rig().await;
    let mut document = transfer(a.endpoint, b.endpoint);
    document["outport"] = json!({"purpose": "preview"});
    let task = hub.submit(&owner, document).await;
    a.hear_start().await;
    let start = b.hear_start().await;
    let Work::Transfer(orders) = &start.orders.work else { panic!("a deletion") };
    assert_eq!(orders.options.purpose, Purpose::Preview);
    b.link_up(start.session).await;

    let new = Tally { files: 1500, directories: 0, bytes: 1500 };
    let found = Differences { new, ..Differences::default() };
    let counts = Counts { files_found: 1500, differences: Some(found), ..Counts::default() };
    b.report(task, 1, (0..500).map(difference).collect()).await;
    assert_eq!(b.hear_ack().await, 500);
    // What comes again counts once.
    b.report(task, 1, (0..500).map(difference).collect()).await;
    b.report(task, 501, (500..1000).map(difference).collect()).await;
    b.report(task, 1001, (1000..1500).map(difference).collect()).await;
    b.report(task, 1501, vec![finished(counts, None)]).await;
    let body = hub.wait_for_task(&owner, task, "status", json!("SUCCEEDED")).await;
    assert_eq!((&body["type"], &body["files_transferred"]), (&json!("TRANSFER"), &json!(0)));
    assert_eq!(body["outport"]["options"]["purpose"], "preview");
    assert_eq!(body["outport"]["differences"]["new"]["files"], 1500);
    assert_eq!(body["subtasks_succeeded"], body["subtasks_total"]);

    let path = format!("outport/v1/task/{task}/differences");
    let (mut seen, mut marker) = (Vec::new(), String::new());
    loop {
        let (status, page) =
            hub.call(&owner, Method::GET, &format!("{path}?marker={marker}"), None).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        seen.extend(page["DATA"].as_array().unwrap().clone());
        match &page["next_marker"] {
            Value::Null => break,
            next => marker = next.to_string(),
        }
    }
    assert_eq!(seen.len(), 1500);
    let expected = json!({
        "DATA_TYPE": "difference", "finding": "new", "type": "file", "is_link": false,
        "source_path": "/data/a/1499", "destination_path": "/in/a/1499",
        "source_size": 1, "destination_size": null,
    });
    assert_eq!(seen[1499], expected);

    let jones = hub.owner("jones").await;
    let (status, body) = hub.call(&jones, Method::GET, &path, None).await;
    assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &json!("TASK_NOT_FOUND")));
    let (status, _) = hub.call(&owner, Method::GET, &format!("{path}?marker=x"), None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_check_may_read_at_both_sides_and_nothing_else() {
    let (hub, owner, mut a, mut b) = rig().await;
    let mut document = transfer(a.endpoint, b.endpoint);
    document["outport"] = json!({"purpose": "check"});
    hub.submit(&owner, document).await;
    a.hear_start().await;
    let start = b.hear_start().await;
    let statement = b.statement.clone().unwrap();
    let (ticket, _) = start
        .ticket
        .verify(&statement, &b.key.public(), &start.orders.digest(), hub.clock.now())
        .unwrap();
    assert_eq!(ticket.receiver.grants[0].path.to_string(), "/in/a");
    assert!(ticket.receiver.grants.iter().all(|grant| !grant.write && !grant.delete));
}

#[tokio::test]
async fn a_checksum_reaches_the_agents() {
    let (hub, owner, a, mut b) = rig().await;
    let mut document = transfer(a.endpoint, b.endpoint);
    let sum = "9E107D9D372BB6826BD81D3542A419D6";
    document["DATA"] = json!([
        {"source_path": "/data/a", "destination_path": "/in/a", "external_checksum": sum},
        {"source_path": "/data/b", "destination_path": "/in/b"},
    ]);
    hub.submit(&owner, document).await;
    let Work::Transfer(orders) = b.hear_start().await.orders.work else { panic!("a deletion") };
    let sums = orders.items.iter().map(|item| Some(item.checksum.as_ref()?.to_string()));
    assert_eq!(sums.collect::<Vec<_>>(), [Some(format!("MD5 {}", sum.to_lowercase())), None]);
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_at_submission() {
    let (hub, owner, a, b) = rig().await;
    let good = transfer(a.endpoint, b.endpoint);
    let with = |field: &str, value: Value| with(&good, field, value);
    let item = |from: &str, to: &str| json!([{"source_path": from, "destination_path": to}]);
    let inside = {
        let mut document = with("DATA", item("/x", "/x/y"));
        document["destination_endpoint"] = json!(a.endpoint);
        document
    };
    let both = {
        let mut document = with("delete_destination_extra", json!(true));
        document["outport"] = json!({"conflict": "rename"});
        document
    };
    for (document, part) in [
        (with("DATA", json!([])), "at least one"),
        (with("DATA", item("/a/../b", "/c")), "/a/../b"),
        (with("sync_level", json!(9)), "sync_level"),
        (with("filter_rules", json!([{"method": "exclude", "name": "a/b"}])), "filter_rules"),
        (with("recursive_symlinks", json!("perhaps")), "malformed"),
        (with("outport", json!({"unheard_of": true})), "malformed"),
        (with("outport", json!({"keep_deleted": true})), "keep_deleted"),
        (with("outport", json!({"allow_empty_source": true})), "allow_empty_source"),
        (with("outport", json!({"limit": 1023})), "the smallest limit is 1 KiB/s"),
        (with("outport", json!({"limit": "fast"})), "limit"),
        (with("outport", json!({"conflict": "perhaps"})), "malformed"),
        (with("outport", json!({"names": "perhaps"})), "malformed"),
        (both, "rename"),
        (with("outport", json!({"purpose": "perhaps"})), "malformed"),
        (with("outport", json!({"purpose": "check", "conflict": "skip"})), "conflict"),
        (with("outport", json!({"purpose": "check", "keep_deleted": true})), "keep_deleted"),
        (with("submission_id", json!("x")), "malformed"),
        (with("deadline", json!("2001-01-01 00:00:00")), "deadline"),
        (with("label", json!("x".repeat(500))), "label"),
        (with("verify_checksum", json!("yes")), "malformed"),
        (inside, "inside"),
        (json!([1]), "JSON object"),
    ] {
        refused(&hub, &owner, document, part).await;
    }
    let nowhere = with("source_endpoint", json!("11111111-2222-4333-8444-555555555555"));
    let (status, body) = hub.call(&owner, Method::POST, "v0.10/transfer", Some(nowhere)).await;
    assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &json!("EndpointNotFound")));
    let empty = json!({"submission_id": TaskId::random(), "endpoint": a.endpoint, "DATA": []});
    let (_, body) = hub.call(&owner, Method::POST, "v0.10/delete", Some(empty)).await;
    assert_eq!(body["code"], "ClientError.BadRequest.NoDeleteItems");
    let (_, list) = hub.call(&owner, Method::GET, "v0.10/task_list", None).await;
    assert_eq!(list["total"], 0);
}

#[tokio::test]
async fn a_checksum_that_cannot_be_held_to_is_refused_at_submission() {
    let (hub, owner, a, b) = rig().await;
    let good = transfer(a.endpoint, b.endpoint);
    let sum = "9e107d9d372bb6826bd81d3542a419d6";
    let checked = |fields: Value| {
        let mut item = json!({"source_path": "/a", "destination_path": "/b"});
        for (name, value) in fields.as_object().unwrap() {
            item[name] = value.clone();
        }
        with(&good, "DATA", json!([item]))
    };
    let of_a_check = {
        let mut document = checked(json!({"external_checksum": sum}));
        document["outport"] = json!({"purpose": "check"});
        document["sync_level"] = json!(3);
        document
    };
    for (document, part) in [
        (of_a_check, "external_checksum"),
        (checked(json!({"external_checksum": "xy"})), "hex digits"),
        (checked(json!({"external_checksum": "00"})), "2 hex digits"),
        (checked(json!({"external_checksum": sum, "checksum_algorithm": "SHA1"})), "SHA1"),
        (checked(json!({"external_checksum": sum, "checksum_algorithm": "CRC"})), "SHA512"),
        (checked(json!({"checksum_algorithm": "MD5"})), "needs an external_checksum"),
        (checked(json!({"external_checksum": sum, "recursive": true})), "single files"),
    ] {
        refused(&hub, &owner, document, part).await;
    }
}

/// The hub makes no task of this, and says why.
#[tokio::test]
async fn a_submission_may_name_its_endpoints() {
    let (hub, owner, mut a, mut b) = rig().await;
    let good = transfer(a.endpoint, b.endpoint);
    let named = |from: &str, to: &str| {
        with(&with(&good, "source_endpoint", json!(from)), "destination_endpoint", json!(to))
    };
    let (from, to) = (a.endpoint, b.endpoint);
    let task = hub.submit(&owner, named("smith#A", "b")).await;
    for agent in [&mut a, &mut b] {
        let orders = agent.hear_start().await.orders;
        let Work::Transfer(work) = orders.work else { panic!("a deletion") };
        assert_eq!((orders.task, work.source, work.destination), (task, from, to));
        assert_eq!(work.source_name, "smith#A");
    }
    // Two words for one endpoint.
    let inside = json!([{"source_path": "/x", "destination_path": "/x/y"}]);
    let id = a.endpoint.to_string();
    refused(&hub, &owner, with(&named("A", &id), "DATA", inside), "inside").await;
    // A name alone is one's own, and what others own privately does not exist.
    let jones = hub.owner("jones").await;
    for name in ["A", "smith#A", "smith#None", "nobody#A"] {
        let document = named(name, "smith#B");
        let (status, body) = hub.call(&jones, Method::POST, "v0.10/transfer", Some(document)).await;
        assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &json!("EndpointNotFound")));
        assert!(text(&body["message"]).contains(name), "{body}");
    }
    let delete = json!({"submission_id": TaskId::random(), "endpoint": "A",
                        "DATA": [{"path": "/x"}]});
    let (status, body) = hub.call(&owner, Method::POST, "v0.10/delete", Some(delete)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{body}");
}

async fn refused(hub: &TestHub, owner: &Owner, document: Value, part: &str) {
    let (status, body) =
        hub.call(owner, Method::POST, "v0.10/transfer", Some(document.clone())).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{document}");
    assert!(text(&body["message"]).contains(part), "{part}: {body}");
}

#[tokio::test]
async fn a_cancel_is_heard_by_both_agents_within_a_second() {
    let (hub, owner, mut a, mut b) = rig().await;
    let task = hub.submit(&owner, transfer(a.endpoint, b.endpoint)).await;
    let session = a.hear_start().await.session;
    b.hear_start().await;
    b.link_up(session).await;
    let asked = Instant::now();
    let path = format!("v0.10/task/{task}/cancel");
    let (status, body) = hub.call(&owner, Method::POST, &path, None).await;
    assert_eq!((status, &body["code"]), (StatusCode::OK, &json!("Canceled")));
    assert_eq!((a.hear_revoke().await, b.hear_revoke().await), (session, session));
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    let body = hub.wait_for_task(&owner, task, "status", json!("FAILED")).await;
    assert_eq!(body["fatal_error"]["code"], "CANCELED");
    let (_, body) = hub.call(&owner, Method::POST, &path, None).await;
    assert_eq!(body["code"], "TaskComplete");

    let jones = hub.owner("jones").await;
    for (method, path) in [(Method::POST, path), (Method::GET, format!("v0.10/task/{task}"))] {
        let (status, body) = hub.call(&jones, method, &path, None).await;
        assert_eq!(
            (status, &body["code"]),
            (StatusCode::NOT_FOUND, &json!("ClientError.NotFound"))
        );
    }
}

#[tokio::test]
async fn an_account_that_the_command_line_closes_stops_working_within_a_minute() {
    let (hub, owner, mut a, mut b) = rig().await;
    hub.submit(&owner, transfer(a.endpoint, b.endpoint)).await;
    let session = a.hear_start().await.session;
    b.hear_start().await;
    b.link_up(session).await;
    let admin = hub.admin().await;
    admin.set_disabled(&"smith".parse().unwrap(), true).await.unwrap();
    admin.close().await;
    hub.clock.advance_seconds(61);
    assert_eq!((a.hear_revoke().await, b.hear_revoke().await), (session, session));
    for agent in [&mut a, &mut b] {
        let refused = agent.hear_until(|message| match message {
            HubMessage::Refused { problem, .. } => Some(problem.code),
            _ => None,
        });
        assert_eq!(refused.await, Code::EndpointRemoved);
        assert!(agent.hear().await.is_none(), "the channel is closed");
    }
}

#[tokio::test]
async fn a_pause_is_shown_and_a_resume_goes_on() {
    let (hub, owner, mut a, mut b) = rig().await;
    let task = hub.submit(&owner, transfer(a.endpoint, b.endpoint)).await;
    let session = a.hear_start().await.session;
    b.hear_start().await;
    b.link_up(session).await;
    let paused = Instant::now();
    b.pause(true).await;
    b.say(AgentMessage::Session { session, state: SessionState::Stopped }).await;
    assert_eq!(a.hear_revoke().await, session);
    assert!(paused.elapsed() < Duration::from_secs(1));
    let body = hub.wait_for_task(&owner, task, "nice_status", json!("GC_PAUSED")).await;
    assert_eq!((&body["status"], &body["is_paused"]), (&json!("ACTIVE"), &json!(true)));
    assert_eq!(body["nice_status_details"], "smith#B is paused by its owner.");
    let (_, body) = get(&hub, &owner, task, "pause_info").await;
    assert_eq!(body["pause_rules"], json!([]));
    assert_eq!(body["destination_pause_message"], "smith#B is paused by its owner.");
    assert_eq!(body["source_pause_message"], Value::Null);
    b.pause(false).await;
    let next = a.hear_start().await;
    assert_ne!(next.session, session);
    let body = hub.wait_for_task(&owner, task, "is_paused", json!(false)).await;
    assert_eq!(body["status"], "ACTIVE");
}

#[tokio::test]
async fn a_task_waits_for_its_endpoints_and_says_so() {
    let (hub, owner, mut a, mut b) = rig().await;
    b.disconnect();
    hub.wait_for_endpoint(&owner, b.endpoint, "gcp_connected", json!(false)).await;
    let task = hub.submit(&owner, transfer(a.endpoint, b.endpoint)).await;
    let body = hub.wait_for_task(&owner, task, "nice_status", json!("GC_NOT_CONNECTED")).await;
    assert!(text(&body["nice_status_details"]).starts_with("smith#B is not connected"), "{body}");
    b.connect().await;
    assert_eq!(a.hear_start().await.session, b.hear_start().await.session);
    let (_, events) = get(&hub, &owner, task, "event_list").await;
    let codes: Vec<_> =
        events["DATA"].as_array().unwrap().iter().map(|event| text(&event["code"])).collect();
    assert_eq!(codes, ["GC_CONNECTED", "GC_NOT_CONNECTED"]);
}

#[tokio::test]
async fn a_deadline_ends_a_task() {
    let (hub, owner, a, mut b) = rig().await;
    b.disconnect();
    hub.wait_for_endpoint(&owner, b.endpoint, "gcp_connected", json!(false)).await;
    let task = hub.submit(&owner, transfer(a.endpoint, b.endpoint)).await;
    let later = hub.clock.now().plus_seconds(40 * 24 * 3600);
    let path = format!("v0.10/task/{task}");
    let body = json!({"DATA_TYPE": "task", "deadline": later, "label": "moved"});
    let (status, _) = hub.call(&owner, Method::PUT, &path, Some(body)).await;
    assert_eq!(status, StatusCode::OK);
    hub.clock.advance_seconds(31 * 24 * 3600);
    // The token is gone by then, so a new one is made.
    let owner = hub.again(&owner).await;
    let (_, body) = hub.call(&owner, Method::GET, &path, None).await;
    assert_eq!((&body["status"], &body["label"]), (&json!("ACTIVE"), &json!("moved")));
    hub.clock.advance_seconds(10 * 24 * 3600);
    let owner = hub.again(&owner).await;
    let body = hub.wait_for_task(&owner, task, "status", json!("FAILED")).await;
    assert_eq!(body["fatal_error"]["code"], "EXPIRED");
    let (_, events) = get(&hub, &owner, task, "event_list").await;
    assert_eq!(events["DATA"][0]["code"], "EXPIRED");
}

#[tokio::test]
async fn agents_are_believed_on_their_own_tasks_only() {
    let (hub, owner, mut a, mut b) = rig().await;
    let mut stranger = hub.agent(&hub.owner("jones").await, "C").await;
    let task = hub.submit(&owner, transfer(a.endpoint, b.endpoint)).await;
    let session = a.hear_start().await.session;
    b.hear_start().await;
    let problem = Problem::new(Code::Disk, []);
    let state = SessionState::Broken { problem: problem.clone(), retry: false };
    stranger.say(AgentMessage::Session { session, state }).await;
    stranger.report(task, 1, vec![finished(Counts::default(), None)]).await;
    let over = stranger.hear_until(|message| match message {
        HubMessage::TaskOver { task } => Some(task),
        _ => None,
    });
    over.await;
    a.report(task, 1, vec![finished(Counts::default(), None)]).await;
    let (_, body) = get(&hub, &owner, task, "").await;
    assert_eq!(body["status"], "ACTIVE", "the sender is not the one who says that it is done");
    let state = SessionState::Refused { problem, retry: false };
    b.say(AgentMessage::Session { session, state }).await;
    hub.wait_for_task(&owner, task, "status", json!("FAILED")).await;
    assert_eq!(a.hear_revoke().await, session);
}

#[tokio::test]
async fn reports_that_come_again_count_once() {
    let (hub, owner, mut a, mut b) = rig().await;
    let task = hub.submit(&owner, transfer(a.endpoint, b.endpoint)).await;
    a.hear_start().await;
    b.hear_start().await;
    b.report(task, 1, vec![file("x"), file("y")]).await;
    assert_eq!(b.hear_ack().await, 2);
    b.report(task, 1, vec![file("x"), file("y"), file("z")]).await;
    assert_eq!(b.hear_ack().await, 3);
    b.report(task, 9, vec![file("later")]).await;
    assert_eq!(b.hear_ack().await, 3, "what comes after a gap is asked for again");
    let (_, files) = get(&hub, &owner, task, "successful_transfers").await;
    assert_eq!(files["DATA"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn one_computer_is_both_sides_and_deletes_alone() {
    let (hub, owner, mut a, _b) = rig().await;
    hub.submit(&owner, transfer(a.endpoint, a.endpoint)).await;
    let start = a.hear_start().await;
    assert_eq!((start.role, start.peer), (Role::Both, None));
    let document = json!({
        "DATA_TYPE": "delete", "endpoint": a.endpoint, "recursive": true,
        "submission_id": TaskId::random(),
        "DATA": [{"DATA_TYPE": "delete_item", "path": "/data/old"}],
    });
    let task = hub.submit(&owner, document).await;
    let start = a.hear_start().await;
    assert_eq!(start.role, Role::Sender);
    assert!(matches!(start.orders.work, Work::Delete(_)));
    let (_, body) = get(&hub, &owner, task, "").await;
    assert_eq!(body["type"], "DELETE");
    assert_eq!(body["destination_endpoint"], Value::Null);
    let counts = Counts { deleted: 3, ..Counts::default() };
    a.report(task, 1, vec![finished(counts, None)]).await;
    hub.wait_for_task(&owner, task, "status", json!("SUCCEEDED")).await;
}

#[tokio::test]
async fn accounts_take_turns_and_have_a_bound() {
    let hub = TestHub::start_with(|config| config.max_active_tasks_per_user = 2).await;
    let owner = hub.owner("smith").await;
    let mut a = hub.agent(&owner, "A").await;
    let mut tasks = Vec::new();
    for _ in 0..4 {
        tasks.push(hub.submit(&owner, transfer(a.endpoint, a.endpoint)).await);
    }
    let first = a.hear_start().await.orders.task;
    a.hear_start().await;
    let (_, list) = hub
        .call(&owner, Method::GET, "v0.10/task_list?limit=10&orderby=request_time+ASC", None)
        .await;
    let waiting = list["DATA"].as_array().unwrap().iter();
    let waiting = waiting.filter(|task| task["nice_status"] == "QUEUED").count();
    assert_eq!((list["total"].clone(), waiting), (json!(4), 4), "no link is up yet");
    a.report(first, 1, vec![finished(Counts::default(), None)]).await;
    let next = a.hear_start().await.orders.task;
    assert!(tasks.contains(&next) && next != first);
    let filter = "v0.10/task_list?filter=status:SUCCEEDED/type:TRANSFER,DELETE&limit=10";
    hub.wait_for_task(&owner, first, "status", json!("SUCCEEDED")).await;
    let (_, list) = hub.call(&owner, Method::GET, filter, None).await;
    assert_eq!(list["DATA"][0]["task_id"], json!(first));
    assert_eq!(list["total"], 1);
}

#[tokio::test]
async fn a_deleted_endpoint_fails_its_tasks() {
    let (hub, owner, mut a, mut b) = rig().await;
    let task = hub.submit(&owner, transfer(a.endpoint, b.endpoint)).await;
    let session = a.hear_start().await.session;
    b.hear_start().await;
    let path = format!("v0.10/endpoint/{}", b.endpoint);
    hub.call(&owner, Method::DELETE, &path, None).await;
    let reason = a.hear_until(|message| match message {
        HubMessage::Revoke { session: revoked, reason } if revoked == session => Some(reason),
        _ => None,
    });
    assert_eq!(reason.await, RevokeReason::TaskOver);
    let body = hub.wait_for_task(&owner, task, "status", json!("FAILED")).await;
    assert_eq!(body["fatal_error"]["code"], "ENDPOINT_REMOVED");
}

/// Two agents of one owner.
pub(crate) async fn rig() -> (TestHub, Owner, Agent, Agent) {
    let hub = TestHub::start().await;
    let owner = hub.owner("smith").await;
    let a = hub.agent(&owner, "A").await;
    let b = hub.agent(&owner, "B").await;
    for agent in [&a, &b] {
        hub.wait_for_endpoint(&owner, agent.endpoint, "gcp_connected", json!(true)).await;
    }
    (hub, owner, a, b)
}

pub(crate) async fn get(
    hub: &TestHub,
    owner: &Owner,
    task: TaskId,
    rest: &str,
) -> (StatusCode, Value) {
    let path = format!("v0.10/task/{task}/{rest}");
    hub.call(owner, Method::GET, path.trim_end_matches('/'), None).await
}

pub(crate) fn file(name: &str) -> Report {
    Report::Transferred(Transferred {
        source: format!("/data/a/{name}").parse().unwrap(),
        destination: format!("/in/a/{name}").parse().unwrap(),
        size: 5,
        digest: Digest([7; 32]),
    })
}

fn difference(number: u64) -> Report {
    Report::Difference(Difference {
        source: format!("/data/a/{number}").parse().unwrap(),
        destination: format!("/in/a/{number}").parse().unwrap(),
        finding: Finding::New,
        kind: FileKind::File,
        source_size: Some(1),
        destination_size: None,
    })
}

fn skipped() -> Report {
    let args = [("path", "/data/a/secret".into()), ("endpoint", "smith#A".into())];
    Report::Skipped(Skipped {
        source: "/data/a/secret".parse().unwrap(),
        destination: None,
        is_directory: false,
        time: UnixTime::from_seconds(1_769_860_800),
        problem: Problem::new(Code::OsPermission, args),
    })
}

fn changed() -> Report {
    Report::Event(Happening {
        code: EventCode::FileChanged,
        time: UnixTime::from_seconds(1_769_860_800),
        problem: None,
        details: Some("/data/a/x".to_owned()),
    })
}
