//! A hub that talks nonsense, goes away or lets the agent go, and a computer that sleeps.

use outport_protocol::control::{CONTROL_VERSION, Hello, Welcome};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::*;
use crate::{
    config::Config,
    hub_link::{HubEvent, HubLink, Shake},
};

#[tokio::test]
async fn nonsense_from_the_hub_ends_the_channel_and_nothing_else() {
    let rig = Rig::new().await;
    let mut channel = rig.hub.accept().await;
    for bytes in [
        &u32::MAX.to_be_bytes()[..],
        b"\0\0\0\x02{}",
        b"\0\0\0\x11{\"type\":\"sesame\"}",
        b"\0\0\0\x01\xff",
    ] {
        channel.say_bytes(bytes).await;
        while channel.hear().await.is_some() {}
        channel = rig.hub.accept().await;
    }
    rig.wait_for(|state| state.state == AgentState::Online).await;
    let listed = channel.ask(list(&rig.folder()), everything()).await;
    assert!(matches!(listed, Outcome::Listing(_)), "{listed:?}");
    rig.end(channel).await;
}

#[tokio::test]
async fn a_hub_of_another_version_is_not_worked_with_and_the_owner_hears_why() {
    let mut rig = Rig::unconnected().await;
    let newer = Welcome { version: 9, ..fake_hub::welcome(30) };
    rig.hub.refuse = Some(HubMessage::Welcome(newer));
    rig.start().await;
    drop(rig.hub.accept().await);
    rig.wait_for(|state| told(state, Code::VersionUnsupported)).await;
    rig.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_is_removed_while_it_is_connected_stops_knocking() {
    let mut rig = Rig::new().await;
    let mut channel = rig.hub.accept().await;
    let problem = outport_types::Problem::new(Code::EndpointRemoved, [("endpoint", NAME.into())]);
    let refusal = HubMessage::Refused { problem, retry_after_seconds: None };
    rig.hub.refuse = Some(refusal.clone());
    channel.say(&refusal).await; // what the hub says before it hangs up
    drop(channel);
    drop(rig.hub.accept().await);
    rig.wait_for(|state| told(state, Code::EndpointRemoved)).await;
    assert!(!rig.hub.knocked_within(Duration::from_secs(2)).await);
    rig.stop().await;
}

#[tokio::test]
async fn a_computer_that_woke_dials_its_hub_anew_at_once() {
    let rig = Rig::unconnected().await;
    let mut link = Link::to(&rig).await;
    let _dead = rig.hub.accept().await; // never says anything again, and is not closed
    link.connected().await;
    let woke = Instant::now();
    link.shake.send_modify(|shake| shake.wakes += 1);
    let _new = rig.hub.accept().await;
    link.connected().await;
    assert!(woke.elapsed() < Duration::from_secs(2), "{:?}", woke.elapsed());
    link.end().await;
}

#[tokio::test]
async fn a_change_of_network_that_leaves_the_channel_its_address_is_none_of_its_business() {
    let rig = Rig::unconnected().await;
    let mut link = Link::to(&rig).await;
    let mut channel = rig.hub.accept().await;
    let out = link.connected().await;
    link.shake.send_modify(|shake| shake.changes += 1);
    out.send(AgentMessage::Goodbye).await.unwrap();
    assert_eq!(channel.hear().await, Some(AgentMessage::Goodbye));
    drop(out);
    assert!(!rig.hub.knocked_within(Duration::from_secs(1)).await);
    link.end().await;
}

fn told(state: &Snapshot, code: Code) -> bool {
    state.notices.iter().any(|notice| notice.code == code)
}

/// A channel's worker without the rest of an agent.
struct Link {
    shake: watch::Sender<Shake>,
    connections: mpsc::Receiver<mpsc::Sender<AgentMessage>>,
    stop: CancellationToken,
    tracker: TaskTracker,
}

impl Link {
    async fn to(rig: &Rig) -> Self {
        let identity = crate::commands::load_identity(&rig.paths, crate::config::Ports::default())
            .await
            .unwrap();
        let (events, inbox) = mpsc::channel(16);
        let (connected, connections) = mpsc::channel(4);
        let (shake, stop) = (watch::Sender::new(Shake::default()), CancellationToken::new());
        let link = HubLink {
            paths: rig.paths.clone(),
            hub: identity.registration.hub.clone(),
            key: identity.key,
            config: watch::Sender::new(Config::load(&rig.paths).unwrap().into()).subscribe(),
            events,
            shakes: shake.subscribe(),
            recall: watch::Sender::new(None).subscribe(),
        };
        let tracker = TaskTracker::new();
        tracker.spawn(link.run(stop.clone()));
        let answering = answer(inbox, identity.registration, connected);
        // As the core does, it lets go of the channel before the worker can end.
        tracker.spawn(stop.clone().run_until_cancelled_owned(answering));
        Self { shake, connections, stop, tracker }
    }

    async fn connected(&mut self) -> mpsc::Sender<AgentMessage> {
        timeout(LONG, self.connections.recv()).await.expect("it connects").unwrap()
    }

    async fn end(self) {
        self.stop.cancel();
        self.tracker.close();
        timeout(LONG, self.tracker.wait()).await.expect("it ends");
    }
}

/// What an agent's core answers its channel.
async fn answer(
    mut inbox: mpsc::Receiver<HubEvent>,
    mut registration: crate::Registration,
    connected: mpsc::Sender<mpsc::Sender<AgentMessage>>,
) {
    let mut kept = None; // a channel whose sender is dropped is let go of
    while let Some(event) = inbox.recv().await {
        match event {
            HubEvent::Statement { signed, answer } => {
                answer.send(Ok(registration.accept(&signed).unwrap().0)).ok();
            }
            HubEvent::Greet { answer } => {
                let hello = Hello {
                    versions: (CONTROL_VERSION, CONTROL_VERSION),
                    software: String::new(),
                    system: String::new(),
                    status: Default::default(),
                    outstanding: vec![],
                    sessions: vec![],
                };
                answer.send(hello).ok();
            }
            HubEvent::Connected { out, .. } => {
                connected.send(out.clone()).await.unwrap();
                kept = Some(out);
            }
            HubEvent::Down { .. } => kept = None,
            HubEvent::Message(_) | HubEvent::Dialling | HubEvent::Way(_) => {}
        }
    }
    drop(kept);
}
