//! A thousand agents, and a hub that is restarted under them.

use std::time::{Duration, Instant};

use outport_hub::Hub;
use outport_protocol::secret::SecretKey;
use reqwest::{Method, StatusCode};
use tokio::task::JoinSet;

use crate::{
    agents::{Agent, Knock, rand_seed},
    support::TestHub,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_agents_are_back_within_a_minute_of_a_restart() {
    let hub = TestHub::start_with(|config| {
        config.limits.connections_per_address = 5000;
        config.limits.connections = 5000;
    })
    .await;
    let owner = hub.owner("smith").await;
    let mut agents = Vec::new();
    for n in 0..AGENTS {
        let setup = hub.create(&owner, &format!("PC {n}")).await;
        let key = SecretKey::from_seed(&rand_seed());
        let (status, body) = hub.bind(&setup, &key).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        agents.push(Agent::new(&hub, &setup, key));
    }
    let (agents, _) = all_connect(agents).await;
    let TestHub { hub: running, clock, http, config, dir } = hub;
    running.shutdown().await;
    let running = Hub::bind_with_clock(config.clone(), clock.clone()).await.unwrap();
    let hub = TestHub { hub: running, clock, http, config, dir };
    let url = hub.hub.url().to_string();
    let agents = agents.into_iter().map(|agent| {
        let mut agent = agent;
        agent.disconnect();
        agent.url = url.clone();
        agent
    });
    let (agents, back) = all_connect(agents.collect()).await;
    assert!(back < Duration::from_secs(60), "{back:?}");
    let text = hub.http.get(hub.url("metrics")).send().await.unwrap().text().await.unwrap();
    let most = metric(&text, "outport_hub_handshakes_most");
    assert!((1..=64).contains(&most), "{most} handshakes at once");
    assert_eq!(metric(&text, "outport_hub_agents"), AGENTS);
    let owner = hub.again(&owner).await;
    let path = "v0.10/endpoint_search?filter_scope=my-endpoints&limit=1000";
    let (_, body) = hub.call(&owner, Method::GET, path, None).await;
    let online = body["DATA"].as_array().unwrap().iter();
    let online = online.filter(|one| one["gcp_connected"] == true).count();
    assert_eq!(online as u64, AGENTS);
    drop(agents);
}

const AGENTS: u64 = 1000;

/// Lets all agents knock until each is in; returns how long the last one took.
async fn all_connect(agents: Vec<Agent>) -> (Vec<Agent>, Duration) {
    let started = Instant::now();
    let mut knocking = JoinSet::new();
    for mut agent in agents {
        knocking.spawn(async move {
            loop {
                match agent.knock().await {
                    Knock::Welcome(_) => return agent,
                    Knock::Http(StatusCode::SERVICE_UNAVAILABLE, Some(wait)) => {
                        let seconds = wait.parse().unwrap();
                        // tidy: allow(sleep): the hub said how long to wait
                        tokio::time::sleep(Duration::from_secs(seconds)).await;
                    }
                    other => panic!("{other:?}"),
                }
            }
        });
    }
    let mut agents = Vec::new();
    while let Some(agent) = knocking.join_next().await {
        agents.push(agent.unwrap());
    }
    (agents, started.elapsed())
}

fn metric(text: &str, name: &str) -> u64 {
    let line = text.lines().find(|line| line.split(' ').next() == Some(name));
    let value = line.and_then(|line| line.split(' ').nth(1));
    value.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}
