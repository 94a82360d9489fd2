//! The hub goes away in the middle, and comes back.

use outport_hub::Hub;
use outport_protocol::{control::HubMessage, report::Counts};
use outport_types::TaskId;
use serde_json::json;

use crate::{
    agents::{Agent, Owner, finished, transfer},
    support::TestHub,
    tasks::{file, get, rig},
};

#[tokio::test]
async fn a_running_session_is_adopted_and_its_reports_count_once() {
    let (hub, owner, mut a, mut b) = rig().await;
    let (task, session) = start(&hub, &owner, &mut a, &mut b).await;
    b.report(task, 1, vec![file("x"), file("y")]).await;
    assert_eq!(b.hear_ack().await, 2);
    let hub = restart(hub, [&mut a, &mut b]).await;
    for agent in [&mut a, &mut b] {
        agent.sessions = vec![session];
    }
    b.outstanding = vec![task];
    a.connect().await;
    b.connect().await;
    assert_eq!(b.hear_ack().await, 2, "the hub says what it has");
    // The acknowledgement was lost in the agent's eyes, so it says all of it again.
    b.report(task, 1, vec![file("x"), file("y"), file("z"), finished(Counts::default(), None)])
        .await;
    let last = b.hear_until(|message| match message {
        HubMessage::ReportAck { last, .. } => Some(last),
        HubMessage::Start(_) | HubMessage::Revoke { .. } => panic!("the session goes on"),
        _ => None,
    });
    assert_eq!(last.await, 4);
    hub.wait_for_task(&owner, task, "status", json!("SUCCEEDED")).await;
    let (_, files) = get(&hub, &owner, task, "successful_transfers").await;
    assert_eq!(files["DATA"].as_array().unwrap().len(), 3);
    let heard = a.hear_until(|message| match message {
        HubMessage::TaskOver { task } => Some(task),
        HubMessage::Start(_) | HubMessage::Revoke { .. } => panic!("the session goes on"),
        _ => None,
    });
    assert_eq!(heard.await, task);
}

#[tokio::test]
async fn a_session_that_one_agent_lost_starts_anew() {
    let (hub, owner, mut a, mut b) = rig().await;
    let (task, session) = start(&hub, &owner, &mut a, &mut b).await;
    let hub = restart(hub, [&mut a, &mut b]).await;
    a.sessions = vec![session];
    a.connect().await;
    b.connect().await;
    assert_eq!(a.hear_revoke().await, session);
    let next = b.hear_start().await;
    assert_eq!(next.orders.task, task);
    assert_ne!(next.session, session);
    drop(hub);
}

#[tokio::test]
async fn what_ended_while_the_hub_was_away_is_told() {
    let (hub, owner, mut a, mut b) = rig().await;
    let (task, session) = start(&hub, &owner, &mut a, &mut b).await;
    for agent in [&mut a, &mut b] {
        agent.disconnect();
    }
    let path = format!("v0.10/task/{task}/cancel");
    hub.call(&owner, reqwest::Method::POST, &path, None).await;
    let hub = restart(hub, [&mut a, &mut b]).await;
    a.sessions = vec![session];
    a.outstanding = vec![task, TaskId::random()];
    a.connect().await;
    let mut over = Vec::new();
    let revoked = a.hear_until(|message| match message {
        HubMessage::Revoke { session, .. } => Some(session),
        _ => None,
    });
    assert_eq!(revoked.await, session);
    a.disconnect();
    a.connect().await;
    for _ in 0..2 {
        let task = a.hear_until(|message| match message {
            HubMessage::TaskOver { task } => Some(task),
            _ => None,
        });
        over.push(task.await);
    }
    assert!(over.contains(&task));
    drop(hub);
}

pub(crate) async fn start(
    hub: &TestHub,
    owner: &Owner,
    a: &mut Agent,
    b: &mut Agent,
) -> (TaskId, outport_types::SessionId) {
    let task = hub.submit(owner, transfer(a.endpoint, b.endpoint)).await;
    let session = a.hear_start().await.session;
    b.hear_start().await;
    b.link_up(session).await;
    hub.wait_for_task(owner, task, "nice_status", json!("OK")).await;
    (task, session)
}

/// Stops the hub and starts it on the same data; its port may be another one.
pub(crate) async fn restart(hub: TestHub, agents: [&mut Agent; 2]) -> TestHub {
    let TestHub { hub: running, clock, http, config, dir } = hub;
    running.shutdown().await;
    let hub = Hub::bind_with_clock(config.clone(), clock.clone()).await.unwrap();
    for agent in agents {
        agent.disconnect();
        agent.url = hub.url().to_string();
    }
    TestHub { hub, clock, http, config, dir }
}
