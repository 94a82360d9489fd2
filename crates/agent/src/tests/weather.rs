//! Battery, metered networks and sleep, on a computer that says what a test wants.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use outport_control::{Happening, HoldReason, KeepAwake, Settings, Snapshot};
use outport_protocol::control::{HubMessage, SessionState};
use outport_types::{AgentState, Code};
use tokio::time::timeout;

use super::{Rig, config_file, everything, list, paused, refusal};
use crate::{Agent, AgentOptions, power::Surroundings};

#[tokio::test]
async fn a_battery_holds_work_back_and_mains_let_it_go_on() {
    let weather = Arc::new(Weather::default());
    let mut rig = Rig::unconnected().await;
    rig.start_in(weather.clone()).await;
    let mut channel = rig.hub.accept().await;
    rig.wait_for(|state| state.state == AgentState::Online).await;
    weather.set(Some(true), None);
    let mut client = rig.client().await;
    let careful = Settings { pause_on_battery: true, ..Settings::default() };
    // A change of the settings looks at once.
    assert_eq!(client.save_settings(careful).await.unwrap(), careful);
    let held = rig.wait_for(|state| state.held.is_some()).await;
    assert_eq!(held.held.unwrap().reason, HoldReason::Battery);
    assert_eq!((held.state, held.paused), (AgentState::Paused, None), "not the owner's pause");
    assert!(channel.hear_until(paused).await);
    assert_eq!(refusal(channel.ask(list(&rig.folder()), everything()).await), Code::EndpointPaused);
    let sample = rig.sample("a", "b");
    channel.say(&sample.message(&rig.hub)).await;
    let end = channel.end_of(sample.ticket.session).await;
    assert!(matches!(end, SessionState::Refused { retry: true, .. }), "{end:?}");

    // The owner may go on all the same, until the battery was left once.
    client.resume().await.unwrap();
    assert!(!channel.hear_until(paused).await);
    assert_eq!(client.status().await.unwrap().held, None);
    weather.set(Some(false), None);
    client.save_settings(Settings { keep_awake: KeepAwake::Never, ..careful }).await.unwrap();
    rig.wait_for(|state| state.power.on_battery == Some(false)).await;
    weather.set(Some(true), None);
    client.save_settings(careful).await.unwrap();
    rig.wait_for(|state| state.held.is_some()).await;
    assert!(channel.hear_until(paused).await);
    let text = std::fs::read_to_string(config_file(&rig.paths)).unwrap();
    assert!(text.contains("[power]") && text.contains("pause_on_battery = true"), "{text}");

    // It holds from the first moment after a restart.
    drop((client, channel));
    rig.stop().await;
    rig.start_in(weather.clone()).await;
    let mut channel = rig.hub.accept().await;
    assert!(channel.hello.status.paused.is_some());
    weather.set(Some(false), None);
    rig.client()
        .await
        .save_settings(Settings { pause_on_battery: false, ..careful })
        .await
        .unwrap();
    assert!(!channel.hear_until(paused).await);
    rig.wait_for(|state| state.held.is_none() && state.state == AgentState::Online).await;
    rig.end(channel).await;
}

#[tokio::test]
async fn a_metered_network_is_asked_about_only_when_it_matters() {
    let weather = Arc::new(Weather::default());
    weather.set(None, Some(true));
    let mut rig = Rig::unconnected().await;
    rig.start_in(weather.clone()).await;
    let channel = rig.hub.accept().await;
    let online = rig.wait_for(|state| state.state == AgentState::Online).await;
    assert_eq!(online.power.metered, None);
    let careful = Settings { pause_on_metered: true, ..Settings::default() };
    rig.client().await.save_settings(careful).await.unwrap();
    let held = rig.wait_for(|state| state.held.is_some()).await;
    assert_eq!(held.held.unwrap().reason, HoldReason::Metered);
    rig.end(channel).await;
}

#[tokio::test]
async fn the_computer_stays_awake_while_a_session_works_and_no_longer() {
    let weather = Arc::new(Weather::default());
    let mut rig = Rig::unconnected().await;
    rig.start_in(weather.clone()).await;
    let mut channel = rig.hub.accept().await;
    let (sample, start) = rig.with_a_silent_peer(900);
    channel.say(&HubMessage::Start(Box::new(start))).await;
    rig.wait_for(|state| state.power.awake).await;
    assert_eq!(weather.guards.load(Ordering::SeqCst), 1);
    let reason = outport_protocol::control::RevokeReason::TaskOver;
    channel.say(&HubMessage::Revoke { session: sample.ticket.session, reason }).await;
    rig.wait_for(|state| !state.power.awake && state.sessions.is_empty()).await;
    assert_eq!(weather.guards.load(Ordering::SeqCst), 0);

    let never = Settings { keep_awake: KeepAwake::Never, ..Settings::default() };
    rig.client().await.save_settings(never).await.unwrap();
    let (sample, start) = rig.with_a_silent_peer(900);
    channel.say(&HubMessage::Start(Box::new(start))).await;
    rig.wait_for(|state| !state.sessions.is_empty()).await;
    channel.say(&HubMessage::Revoke { session: sample.ticket.session, reason }).await;
    rig.wait_for(|state| state.sessions.is_empty()).await;
    assert_eq!(weather.asked.load(Ordering::SeqCst), 1);
    rig.end(channel).await;
}

#[tokio::test]
async fn a_computer_that_slept_is_connected_again_within_five_seconds() {
    let weather = Arc::new(Weather::default());
    let mut rig = Rig::unconnected().await;
    rig.start_in(weather.clone()).await;
    let asleep = rig.hub.accept().await; // from here on the hub says nothing on it
    rig.wait_for(|state| state.state == AgentState::Online).await;
    weather.slept.store(3600, Ordering::SeqCst);
    let again = timeout(Duration::from_secs(5), rig.hub.accept()).await.expect("at once");
    let is_woken = |state: &Snapshot| {
        let woke = state.events.iter().any(|event| event.what == Happening::Woke);
        woke && state.state == AgentState::Online
    };
    rig.wait_for(is_woken).await;
    drop(asleep);
    rig.end(again).await;
}

/// A computer that says what it is told to say.
#[derive(Debug, Default)]
struct Weather {
    says: Mutex<(Option<bool>, Option<bool>)>,
    /// Seconds that it slept so far.
    slept: AtomicU64,
    /// Guards that are held now.
    guards: Arc<AtomicUsize>,
    /// Guards that were asked for.
    asked: AtomicUsize,
}

impl Weather {
    fn set(&self, on_battery: Option<bool>, metered: Option<bool>) {
        *self.says.lock().unwrap() = (on_battery, metered);
    }
}

struct Held(Arc<AtomicUsize>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Surroundings for Weather {
    fn on_battery(&self) -> Option<bool> {
        self.says.lock().unwrap().0
    }

    fn is_metered(&self) -> Option<bool> {
        self.says.lock().unwrap().1
    }

    fn wall_clock(&self) -> SystemTime {
        SystemTime::now() + Duration::from_secs(self.slept.load(Ordering::SeqCst))
    }

    fn stay_awake(&self) -> Result<Box<dyn Send>, String> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.guards.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Held(Arc::clone(&self.guards))))
    }
}

impl Rig {
    async fn start_in(&mut self, weather: Arc<Weather>) {
        let options = AgentOptions::new(self.paths.clone(), None);
        self.agent = Some(Agent::start_in(options, weather).await.unwrap());
    }
}
