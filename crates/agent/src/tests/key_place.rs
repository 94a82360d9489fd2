//! A key that goes from the file to the keyring and back.

use super::*;
use crate::{Registration, identity::testing::Keyring};

#[tokio::test]
async fn the_key_moves_while_the_agent_runs_and_is_the_same_after_a_restart() {
    let _keyring = Keyring::install();
    let mut rig = Rig::new().await;
    let channel = rig.hub.accept().await;
    assert_eq!(key_files(&rig), 1);
    rig.client().await.move_key(KeyPlace::Keyring).await.unwrap();
    assert_eq!(key_files(&rig), 0);
    assert_eq!(Registration::load(&rig.paths).unwrap().key_place, KeyPlace::Keyring);
    drop(channel);
    rig.stop().await;

    rig.start().await;
    let mut channel = rig.hub.accept().await;
    let online = rig.wait_for(|state| state.state == AgentState::Online).await;
    assert_eq!(online.endpoint.unwrap().fingerprint, rig.key.fingerprint().to_string());
    // What is written later knows of it too.
    channel.say(&HubMessage::Renamed { name: "smith#Lab".parse().unwrap() }).await;
    wait_until(|| Registration::load(&rig.paths).unwrap().name.to_string() == "smith#Lab").await;
    assert_eq!(Registration::load(&rig.paths).unwrap().key_place, KeyPlace::Keyring);
    drop(channel);
    rig.stop().await;

    let mut offline = Client::in_memory(std::sync::Arc::new(Offline::new(&rig.paths)));
    offline.move_key(KeyPlace::File).await.unwrap();
    offline.move_key(KeyPlace::File).await.unwrap();
    assert_eq!(key_files(&rig), 1);
    let registration = Registration::load(&rig.paths).unwrap();
    assert_eq!(registration.key_place, KeyPlace::File);
    let left = crate::identity::load(&rig.paths, KeyPlace::Keyring, &registration.key);
    assert!(left.is_err(), "nothing is left in the keyring");
}

#[tokio::test]
async fn a_key_that_the_keyring_does_not_take_stays_where_it_is() {
    let keyring = Keyring::install();
    let rig = Rig::new().await;
    let channel = rig.hub.accept().await;
    keyring.lock_once(&rig.paths, &rig.key);
    let refused = rig.client().await.move_key(KeyPlace::Keyring).await.unwrap_err();
    assert_eq!(refused.problem().code, Code::KeyUnavailable);
    assert_eq!(key_files(&rig), 1);
    assert_eq!(Registration::load(&rig.paths).unwrap().key_place, KeyPlace::File);
    rig.end(channel).await;
}

fn key_files(rig: &Rig) -> usize {
    let names = fs::read_dir(&rig.paths.state_dir).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().ends_with(".key")).count()
}
