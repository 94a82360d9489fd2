//! One channel's actor, with a clock that runs only while everybody waits.

use std::sync::Arc;

use outport_protocol::control::SessionState;
use outport_relay::{Relay, RelayOptions};
use outport_types::SessionId;
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

use super::*;
use crate::{
    endpoints::Endpoints,
    events::Events,
    keys::KeyRing,
    relays::Relays,
    reports::{self, Reports},
    scheduler::Inbox,
    store::Store,
};

#[tokio::test]
async fn a_quiet_agent_is_pinged_and_a_silent_one_is_taken_for_gone() {
    let mut rig = Rig::new().await;
    for _ in 0..5 {
        assert!(matches!(rig.to_write.recv().await, Some(HubMessage::Ping { .. })));
        rig.hear.send(AgentMessage::Pong).await.unwrap();
    }
    let started = Instant::now();
    while rig.to_write.recv().await.is_some() {}
    assert_eq!(rig.ended().await, "the agent is silent");
    // The clock of a test goes by milliseconds.
    let late = started.elapsed().saturating_sub(SILENCE_MAX);
    assert!(late < Duration::from_millis(10), "{late:?}");
}

#[tokio::test]
async fn an_agent_that_reads_nothing_is_cut() {
    let rig = Rig::new().await;
    let mut sent = 0;
    while !rig.cut.is_cancelled() {
        rig.handle.order(Order::Send(HubMessage::Ping { hub_time: rig.clock.now() }));
        tokio::task::yield_now().await;
        sent += 1;
    }
    assert!(sent <= ORDERS_MAX + OUTBOX_MAX + 3, "{sent} messages wait");
}

#[tokio::test]
async fn an_agent_is_read_no_further_than_the_scheduler_takes() {
    let mut rig = Rig::new().await;
    let state = SessionState::Stopped;
    let message = AgentMessage::Session { session: SessionId::random(), state };
    let mut said = 0;
    while timeout(Duration::from_secs(1), rig.hear.send(message.clone())).await.is_ok() {
        said += 1;
        assert!(said < 5000, "nothing holds it back");
    }
    // Waiting for the scheduler is no silence of the agent's.
    tokio::time::sleep(2 * SILENCE_MAX).await;
    assert!(rig.running.try_join_next().is_none(), "the channel is still there");
}

#[tokio::test]
async fn questions_are_bounded_and_answers_find_their_way() {
    let mut rig = Rig::new().await;
    let mut answers = Vec::new();
    for _ in 0..=ASKED_MAX {
        let (reply, answer) = oneshot::channel();
        let operation = Operation::Stat { path: "/x".parse().unwrap() };
        rig.handle.order(Order::Ask { operation, grants: Vec::new(), reply });
        answers.push(answer);
        tokio::task::yield_now().await;
    }
    let mut request = None;
    for _ in 0..ASKED_MAX {
        let asked = rig.to_write.recv().await.unwrap();
        let HubMessage::Request { request: number, .. } = asked else { panic!("{asked:?}") };
        request = Some(number);
    }
    assert_eq!(answers.pop().unwrap().await.unwrap(), Err(AskError::Busy));
    let (request, outcome) = (request.unwrap(), Outcome::Done);
    let other = AgentMessage::Answer { request: RequestId::random(), outcome: outcome.clone() };
    rig.hear.send(other).await.unwrap();
    rig.hear.send(AgentMessage::Answer { request, outcome: outcome.clone() }).await.unwrap();
    assert_eq!(answers.pop().unwrap().await.unwrap(), Ok(outcome));
    rig.running.abort_all();
    rig.running.join_next().await;
    assert!(answers.pop().unwrap().await.is_err(), "who still waits hears that it is gone");
}

#[tokio::test]
async fn a_dismissal_is_written_before_the_channel_closes() {
    let mut rig = Rig::new().await;
    let name = "smith#WorkPC".parse().unwrap();
    rig.handle.order(Order::Dismiss(HubMessage::Renamed { name }));
    assert!(matches!(rig.to_write.recv().await, Some(HubMessage::Renamed { .. })));
    assert!(rig.to_write.recv().await.is_none());
    assert_eq!(rig.ended().await, "dismissed");
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_given_up_after_half_a_minute() {
    let rig = Rig::new().await;
    let operation = Operation::Stat { path: "/x".parse().unwrap() };
    let presence = &rig.ears.presence;
    let endpoint = EndpointId::random();
    let asked = presence.ask(endpoint, operation.clone(), Vec::new()).await;
    assert_eq!(asked, Err(AskError::NotConnected));
    presence.register(endpoint, rig.handle.clone(), Default::default()).await.unwrap();
    let started = Instant::now();
    let asked = presence.ask(endpoint, operation, Vec::new()).await;
    assert_eq!(asked, Err(AskError::Timeout));
    assert_eq!(started.elapsed().as_secs(), 30);
}

struct Rig {
    hear: mpsc::Sender<AgentMessage>,
    to_write: mpsc::Receiver<HubMessage>,
    handle: Handle,
    cut: CancellationToken,
    running: JoinSet<&'static str>,
    ears: Ears,
    clock: Clock,
    /// Nobody reads them.
    _inboxes: (Inbox, reports::Inbox),
    _stop: tokio_util::sync::DropGuard,
    _dir: tempfile::TempDir,
}

impl Rig {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (workers, stop) = (TaskTracker::new(), CancellationToken::new());
        let clock = Clock::system();
        let store = Store::open(dir.path(), &workers).await.unwrap();
        let ring = KeyRing::open(dir.path(), &clock, &workers, stop.clone()).unwrap();
        let presence = Presence::spawn(&ring, &workers, stop.clone());
        let (scheduler, commands) = Scheduler::channel();
        let (reports, jobs) = Reports::channel(store.clone(), presence.clone());
        let endpoints = Endpoints::new(store.clone(), clock.clone(), Events::new());
        let options = RelayOptions { limits: None, secret: [0; 32], nonces: [0; 32], alone: false };
        let (relay, _) = Relay::new(options, Arc::default());
        let probes = Probes {
            presence: presence.clone(),
            endpoints: endpoints.clone(),
            relays: Relays::new(relay, None, Vec::new(), clock.clone()),
            workers: workers.clone(),
            stop: stop.clone(),
            running: crate::probes::Running::default(),
        };
        let ears = Ears { presence, scheduler, reports, endpoints, probes, clock: clock.clone() };
        // The store is not asked from here on: its threads do not know this clock.
        tokio::time::pause();
        let cut = CancellationToken::new();
        let (handle, orders) = Handle::new(cut.clone());
        let endpoint = EndpointId::random();
        let (connection, hear, to_write) =
            Connection::new(endpoint, ConnectionId(1), ears.clone(), orders);
        let mut running = JoinSet::new();
        running.spawn(connection.run());
        Self {
            hear,
            to_write,
            handle,
            cut,
            running,
            ears,
            clock,
            _inboxes: (commands, jobs),
            _stop: stop.drop_guard(),
            _dir: dir,
        }
    }

    async fn ended(&mut self) -> &'static str {
        self.running.join_next().await.expect("it was started").unwrap()
    }
}
