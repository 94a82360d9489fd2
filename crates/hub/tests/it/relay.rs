//! The relay as the hub runs it: who is told of it, and what its port does for them.

use std::time::Duration;

use outport_api::hub::AboutHub;
use outport_hub::{LoneRelay, LoneRelayOptions, OtherRelay, RelayLimits};
use outport_protocol::{
    control::{AgentMessage, RelayOffer, SessionState},
    discovery::{DiscoveryAnswer, DiscoveryRequest, PathProbe},
    relay::{RelayAnswer, RelayHello, RelayPass, RelaySide},
};
use outport_types::{Code, Problem, SessionId};
use serde_json::json;
use tokio::{net::UdpSocket, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    agents::transfer,
    measure::ask_left,
    restart::{restart, start},
    support::TestHub,
    tasks::rig,
};

#[tokio::test]
async fn both_sides_of_a_session_get_one_token_and_packets_pass_between_them() {
    let (hub, owner, mut a, mut b) = rig().await;
    hub.submit(&owner, transfer(a.endpoint, b.endpoint)).await;
    let (from, to) = (a.hear_start().await, b.hear_start().await);
    assert_eq!(from.relays, to.relays);
    let [offer] = &from.relays[..] else { panic!("{:?}", from.relays) };
    let address = hub.hub.local_addr();
    assert_eq!(offer.address, format!("127.0.0.1:{}", address.port()));
    let sender = bound(offer, from.session, RelaySide::Sender).await;
    let receiver = bound(offer, to.session, RelaySide::Receiver).await;
    sender.send(&[0x40; 1000]).await.unwrap();
    assert_eq!(receive(&receiver).await, [0x40; 1000]);
    let metrics = hub.http.get(hub.url("metrics")).send().await.unwrap().text().await.unwrap();
    for line in [
        "outport_hub_relay_sessions 1\n",
        "outport_hub_relay_bound 2\n",
        "outport_hub_relay_proofs_total 2\n",
        "outport_hub_relay_packets_total 1\n",
        "outport_hub_relay_bytes_total 1000\n",
        "outport_hub_relay_dropped_limits_total 0\n",
    ] {
        assert!(metrics.contains(line), "{line}{metrics}");
    }
}

#[tokio::test]
async fn a_second_port_says_where_it_sees_whoever_asks_and_relays_nothing() {
    let (hub, owner, mut a, mut b) = rig().await;
    hub.submit(&owner, transfer(a.endpoint, b.endpoint)).await;
    let (start, _) = (a.hear_start().await, b.hear_start().await);
    let about = hub.http.get(hub.url("outport/v1/hub")).send().await.unwrap();
    let about: AboutHub = about.json().await.unwrap();
    assert_eq!(about.relays, [about.udp.clone().unwrap()]);
    let second = about.udp_second.unwrap();
    assert_ne!(Some(&second), about.udp.as_ref());
    let socket = socket_to(&second).await;
    // It knows no session, so this has no answer and the next thing is the first to come.
    let hello = RelayHello { session: start.session, side: RelaySide::Sender };
    socket.send(&hello.encode()).await.unwrap();
    for packet in [
        DiscoveryRequest { nonce: [1; 16] }.encode().to_vec(),
        PathProbe { nonce: [1; 16] }.encode(1_472),
    ] {
        socket.send(&packet).await.unwrap();
        let answer = DiscoveryAnswer::decode(&receive(&socket).await).unwrap();
        assert_eq!(answer.nonce, [1; 16]);
        assert_eq!(answer.observed, socket.local_addr().unwrap());
    }
}

#[tokio::test]
async fn a_session_inside_one_computer_needs_no_relay() {
    let (hub, owner, mut a, _b) = rig().await;
    hub.submit(&owner, transfer(a.endpoint, a.endpoint)).await;
    assert_eq!(a.hear_start().await.relays, []);
}

#[tokio::test]
async fn a_hub_that_relays_nothing_gives_no_token() {
    let hub = TestHub::start_with(|config| config.relay.enabled = false).await;
    let owner = hub.owner("smith").await;
    let (mut a, mut b) = (hub.agent(&owner, "A").await, hub.agent(&owner, "B").await);
    hub.submit(&owner, transfer(a.endpoint, b.endpoint)).await;
    assert_eq!(a.hear_start().await.relays, []);
    assert_eq!(b.hear_start().await.relays, []);
}

#[tokio::test]
async fn a_limit_of_the_operator_is_kept() {
    let hub = TestHub::start_with(|config| config.relay.user_bytes_per_day = 3000).await;
    let owner = hub.owner("smith").await;
    let (mut a, mut b) = (hub.agent(&owner, "A").await, hub.agent(&owner, "B").await);
    hub.submit(&owner, transfer(a.endpoint, b.endpoint)).await;
    let (start, _) = (a.hear_start().await, b.hear_start().await);
    let [offer] = &start.relays[..] else { panic!("{:?}", start.relays) };
    let sender = bound(offer, start.session, RelaySide::Sender).await;
    let receiver = bound(offer, start.session, RelaySide::Receiver).await;
    for n in 0..3 {
        sender.send(&[0x40 + n; 1000]).await.unwrap();
        assert_eq!(receive(&receiver).await, [0x40 + n; 1000]);
    }
    sender.send(&[0x40; 1000]).await.unwrap();
    // What comes after it has been through the port, so this is known to be dropped.
    ask(&sender, start.session, RelaySide::Sender).await;
    assert!(receiver.try_recv(&mut [0; 2000]).is_err());
}

#[tokio::test]
async fn a_day_that_is_used_up_is_told_in_the_task_and_counts_after_a_restart() {
    let hub = TestHub::start_with(|config| config.relay.user_bytes_per_day = 3000).await;
    let owner = hub.owner("smith").await;
    let (mut a, mut b) = (hub.agent(&owner, "A").await, hub.agent(&owner, "B").await);
    let task = hub.submit(&owner, transfer(a.endpoint, b.endpoint)).await;
    let (start, _) = (a.hear_start().await, b.hear_start().await);
    let offer = &start.relays[0];
    let sender = bound(offer, start.session, RelaySide::Sender).await;
    let receiver = bound(offer, start.session, RelaySide::Receiver).await;
    for n in 0..4 {
        sender.send(&[0x40 + n; 1000]).await.unwrap();
    }
    for n in 0..3 {
        assert_eq!(receive(&receiver).await, [0x40 + n; 1000]);
    }
    // It has been through the port once this is answered.
    ask(&sender, start.session, RelaySide::Sender).await;
    assert_eq!(ask_left(&a).await.bytes, Some(0));

    b.say(no_route(start.session)).await;
    let used = json!("RELAY_DAY_USED");
    let told = hub.wait_for_task(&owner, task, "/outport/problem", used.clone()).await;
    let details = told["nice_status_details"].as_str().unwrap();
    assert!(details.contains("Today's allowance at the hub's relay is used up"), "{told}");
    assert_eq!(told["nice_status"], "CONNECT_FAILED");

    let hub = restart(hub, [&mut a, &mut b]).await;
    a.connect().await;
    b.connect().await;
    let start = b.hear_start().await;
    assert_eq!(ask_left(&a).await.bytes, Some(0), "a restart gives nobody more");
    b.say(no_route(start.session)).await;
    hub.wait_for_task(&owner, task, "/outport/problem", used).await;
}

fn no_route(session: SessionId) -> AgentMessage {
    let problem = Problem::new(Code::NoRoute, []);
    AgentMessage::Session { session, state: SessionState::Broken { problem, retry: true } }
}

#[tokio::test]
async fn a_relay_on_another_computer_lets_in_whom_the_hub_gave_a_pass_and_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("relay.key");
    let relay = |options| LoneRelay::bind(LoneRelayOptions { key: key.clone(), ..options });
    let options = LoneRelayOptions {
        listen: Some("127.0.0.1:0".parse().unwrap()),
        key: key.clone(),
        limits: RelayLimits::default(),
        metrics: Some("127.0.0.1:0".parse().unwrap()),
    };
    let lone = relay(options.clone()).await.unwrap();
    assert!(lone.has_made_key() && !relay(options).await.unwrap().has_made_key());
    let (address, metrics) = (lone.address().unwrap(), lone.metrics_address().unwrap());
    let stop = CancellationToken::new();
    let serving = TaskTracker::new().spawn(lone.serve(stop.clone().cancelled_owned()));

    let other = OtherRelay { address: address.to_string(), key };
    let hub = TestHub::start_with(|config| {
        config.relay.enabled = false;
        config.relay.others = vec![other];
    });
    let hub = hub.await;
    let owner = hub.owner("smith").await;
    let (mut a, mut b) = (hub.agent(&owner, "A").await, hub.agent(&owner, "B").await);
    hub.submit(&owner, transfer(a.endpoint, b.endpoint)).await;
    let (from, to) = (a.hear_start().await, b.hear_start().await);
    assert_eq!(from.relays, to.relays);
    let [offer] = &from.relays[..] else { panic!("{:?}", from.relays) };
    assert_eq!(offer.address, address.to_string());
    let about = hub.http.get(hub.url("outport/v1/hub")).send().await.unwrap();
    let about: AboutHub = about.json().await.unwrap();
    assert_eq!(about.relays, [address.to_string()], "its own is off");

    // Whoever changes the pass, or takes it for another session, is not let in.
    let pass = offer.pass.unwrap();
    let stranger = socket_to(&offer.address).await;
    for (session, pass) in [
        (from.session, RelayPass { until: pass.until + 1, ..pass }),
        (from.session, RelayPass { user: [0; 16], ..pass }),
        (SessionId::random(), pass),
    ] {
        let answer = ask(&stranger, session, RelaySide::Sender).await;
        let proof = offer.token.prove(session, RelaySide::Sender, answer.nonce, answer.observed);
        stranger.send(&proof.encode_with(&pass)).await.unwrap();
        assert!(!ask(&stranger, session, RelaySide::Sender).await.bound);
    }

    let sender = bound(offer, from.session, RelaySide::Sender).await;
    let receiver = bound(offer, to.session, RelaySide::Receiver).await;
    sender.send(&[0x40; 1000]).await.unwrap();
    assert_eq!(receive(&receiver).await, [0x40; 1000]);
    let shown = hub.http.get(format!("http://{metrics}/metrics")).send().await.unwrap();
    let shown = shown.text().await.unwrap();
    for line in ["outport_relay_sessions 1\n", "outport_relay_refused_total 3\n"] {
        assert!(shown.contains(line), "{line}{shown}");
    }
    stop.cancel();
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_relayed_session_is_known_to_the_hub_after_its_restart() {
    let (hub, owner, mut a, mut b) = rig().await;
    let (_, session) = start(&hub, &owner, &mut a, &mut b).await;
    let _hub = restart(hub, [&mut a, &mut b]).await;
    a.sessions = vec![session];
    let udp = a.connect().await.udp.unwrap();
    let socket = socket_to(&udp).await;
    let answered = async {
        // The tasks are taken over while the first agents come in.
        while timeout(Duration::from_millis(50), ask(&socket, session, RelaySide::Sender))
            .await
            .is_err()
        {}
    };
    timeout(LIMIT, answered).await.unwrap();
    let stranger = ask(&socket, SessionId::random(), RelaySide::Sender);
    assert!(timeout(Duration::from_millis(50), stranger).await.is_err());
}

/// A socket that is bound to a side of the session.
pub(crate) async fn bound(offer: &RelayOffer, session: SessionId, side: RelaySide) -> UdpSocket {
    let socket = socket_to(&offer.address).await;
    let answer = ask(&socket, session, side).await;
    assert!(!answer.bound);
    let proof = offer.token.prove(session, side, answer.nonce, answer.observed);
    match &offer.pass {
        Some(pass) => socket.send(&proof.encode_with(pass)).await.unwrap(),
        None => socket.send(&proof.encode()).await.unwrap(),
    };
    assert!(RelayAnswer::decode(&receive(&socket).await).unwrap().bound);
    socket
}

async fn socket_to(address: &str) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(address).await.unwrap();
    socket
}

async fn ask(socket: &UdpSocket, session: SessionId, side: RelaySide) -> RelayAnswer {
    socket.send(&RelayHello { session, side }.encode()).await.unwrap();
    RelayAnswer::decode(&receive(socket).await).unwrap()
}

pub(crate) async fn receive(socket: &UdpSocket) -> Vec<u8> {
    let mut packet = [0; 2000];
    let length = timeout(LIMIT, socket.recv(&mut packet)).await.unwrap().unwrap();
    packet[..length].to_vec()
}

const LIMIT: Duration = Duration::from_secs(30);
