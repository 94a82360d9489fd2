//! An agent with real files and sockets, and a hub that says what a test wants.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test waits for one message among many")]

mod channel_trouble;
mod fake_api;
mod fake_hub;
mod in_force;
mod key_place;
mod owner;
mod pair;
mod taken_over;
mod weather;

use std::{fs, path::PathBuf, time::Duration};

use outport_control::{Client, KeyPlace, NewFolder, Paths, Profile, Secret, Snapshot, Snapshots};
use outport_protocol::{
    control::{
        AgentMessage, CONTROL_VERSION, HubMessage, ListQuery, Operation, Outcome, SessionState,
    },
    orders::{DeleteOrders, Orders, Work},
    report::Report,
    secret::SecretKey,
    ticket::{Grant, Role},
};
use outport_types::{
    Access, AgentState, Code, CollectionPath, FactCode, PublicKey, SessionId, TaskId,
};
use tempfile::TempDir;
use tokio::time::timeout;

use self::fake_hub::{Channel, ENDPOINT, FakeHub, LONG, NAME, Sample};
use crate::{Agent, AgentOptions, Offline, clock::local_now, config_file};

#[tokio::test]
async fn an_agent_connects_and_comes_back_after_a_cut() {
    let rig = Rig::new().await;
    let channel = rig.hub.accept().await;
    assert_eq!(channel.hello.versions, (CONTROL_VERSION, CONTROL_VERSION));
    assert_eq!(channel.hello.status.paused, None);
    let online = rig.wait_for(|state| state.state == AgentState::Online).await;
    let endpoint = online.endpoint.unwrap();
    assert_eq!((endpoint.name.as_str(), endpoint.owner.as_str()), (NAME, "smith@hub"));
    assert_eq!(endpoint.fingerprint, rig.key.fingerprint().to_string());
    drop(channel);
    let channel = rig.hub.accept().await;
    rig.wait_for(|state| state.state == AgentState::Online).await;
    rig.end(channel).await;
}

#[tokio::test]
async fn set_up_binds_a_fresh_key_through_a_running_agent() {
    let hub = FakeHub::start().await;
    let home = TempDir::new().unwrap();
    let paths = Paths::below(&home.path().join("own"), Profile::default());
    let agent = start(&paths).await;
    let mut client = Client::connect(&paths).await.unwrap();
    let state = client.status().await.unwrap();
    assert_eq!(state.state, AgentState::Attention);
    let key = Secret::new(hub.setup_key().to_string());
    let setting_up = client.set_up(key, KeyPlace::File);
    let (set_up, channel) = tokio::join!(setting_up, hub.accept());
    let set_up = set_up.unwrap();
    assert_eq!((set_up.name.as_str(), set_up.endpoint), (NAME, ENDPOINT));
    drop(channel);
    agent.stop();
    agent.join().await.unwrap();
    let kept = crate::Registration::load(&paths).unwrap();
    assert_eq!(kept.key.fingerprint().to_string(), set_up.fingerprint);
}

#[tokio::test]
async fn a_set_up_whose_answer_is_lost_goes_on_with_the_same_key() {
    let hub = FakeHub::start().await;
    let home = TempDir::new().unwrap();
    let paths = Paths::below(home.path(), Profile::default());
    let mut client = Client::in_memory(std::sync::Arc::new(Offline::new(&paths)));
    let key = Secret::new(hub.setup_key().to_string());
    // The first try asks three times, and its owner tries again.
    hub.lost_answers.store(4, std::sync::atomic::Ordering::Relaxed);
    let trying = async {
        client.set_up(key.clone(), KeyPlace::File).await.unwrap_err();
        assert!(crate::Registration::load(&paths).is_err());
        client.set_up(key, KeyPlace::File).await.unwrap()
    };
    let set_up = tokio::select! {
        set_up = trying => set_up,
        _ = hub.accept() => panic!("nothing but the set-up comes"),
    };
    let asked = hub.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 5);
    assert!(asked.iter().all(|key| key.fingerprint().to_string() == set_up.fingerprint));
    let files = fs::read_dir(&paths.state_dir).unwrap().map(|file| file.unwrap().file_name());
    let keys = files.filter(|name| name.to_string_lossy().ends_with(".key"));
    assert_eq!(keys.count(), 1);
    assert!(!paths.state_dir.join("setup-pending.json").exists());
}

#[tokio::test]
async fn folders_added_at_once_are_all_kept() {
    let rig = Rig::new().await;
    let channel = rig.hub.accept().await;
    let names: Vec<_> = (0..8).map(|n| rig.home.path().join(format!("many-{n}"))).collect();
    let mut adding = tokio::task::JoinSet::new();
    for (n, path) in names.iter().enumerate() {
        fs::create_dir(path).unwrap();
        let folder = outport_control::NewFolder {
            path: path.display().to_string(),
            access: outport_types::Access::ReadOnly,
            shareable: false,
            local_only: false,
            deny: Vec::new(),
            confirmed: true,
        };
        // Half of them as commands do that run beside the agent.
        let mut client = if n % 2 == 0 {
            rig.client().await
        } else {
            Client::in_memory(std::sync::Arc::new(Offline::new(&rig.paths)))
        };
        adding.spawn(async move { client.add_folder(folder).await });
    }
    for added in adding.join_all().await {
        added.unwrap();
    }
    rig.wait_for(|state| state.folders.len() == 9).await;
    rig.end(channel).await;
}

#[tokio::test]
async fn a_hub_with_another_root_hears_nothing() {
    let mut rig = Rig::unconnected().await;
    rig.hub.root = SecretKey::from_seed(&[99; 32]);
    rig.hub.statement.root = rig.hub.root.public();
    rig.start().await;
    let serving = timeout(Duration::from_secs(2), rig.hub.accept());
    assert!(serving.await.is_err(), "no hello for a stranger");
    let state = rig.wait_for(|state| !state.notices.is_empty()).await;
    assert!(state.notices.iter().any(|notice| notice.code == Code::HubKeyChanged));
    rig.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_was_removed_stops_knocking_and_says_so() {
    let mut rig = Rig::unconnected().await;
    let problem = outport_types::Problem::new(Code::EndpointRemoved, [("endpoint", NAME.into())]);
    rig.hub.refuse = Some(HubMessage::Refused { problem, retry_after_seconds: None });
    rig.start().await;
    drop(rig.hub.accept().await);
    let state = rig.wait_for(|state| state.state == AgentState::Attention).await;
    assert!(state.notices.iter().any(|notice| notice.code == Code::EndpointRemoved));
    assert!(!rig.hub.knocked_within(Duration::from_secs(2)).await);
    rig.stop().await;
}

#[tokio::test]
async fn a_hub_that_falls_silent_is_dialled_again() {
    let mut rig = Rig::unconnected().await;
    rig.hub.silence_seconds_max = 1;
    rig.start().await;
    let silent = rig.hub.accept().await;
    let channel = rig.hub.accept().await;
    drop(silent);
    rig.end(channel).await;
}

#[tokio::test]
async fn the_doctor_finds_what_works_and_what_does_not() {
    let mut rig = Rig::new().await;
    let channel = rig.hub.accept().await;
    let mut client = rig.client().await;
    let hub = async {
        loop {
            drop(rig.hub.accept().await);
        }
    };
    let report = tokio::select! {
        report = client.doctor() => report.unwrap(),
        () = hub => unreachable!(),
    };
    let verdict = |name: &str| {
        let check = report.checks.iter().find(|check| check.name == name);
        check.unwrap_or_else(|| panic!("no check {name}: {report:?}")).verdict
    };
    use outport_control::Verdict;
    assert_eq!(report.summary[0].code, FactCode::WorksWithHub, "{report:?}");
    for name in ["config", "setup", "name", "tcp", "tls", "channel", "folders"] {
        assert_eq!(verdict(name), Verdict::Ok, "{report:?}");
    }
    drop((client, channel));
    rig.stop().await;
    fs::remove_dir_all(rig.folder()).unwrap();
    fs::write(config_file(&rig.paths).with_file_name("x"), b"").unwrap();
    let url = rig.hub.url();
    drop(std::mem::replace(&mut rig.hub, FakeHub::start().await));
    let mut offline = Client::in_memory(std::sync::Arc::new(Offline::new(&rig.paths)));
    let report = offline.doctor().await.unwrap();
    let failed: Vec<_> = report
        .checks
        .iter()
        .filter(|check| check.verdict == Verdict::Failed)
        .map(|check| check.name.as_str())
        .collect();
    assert_eq!(failed, ["tcp", "folders"], "{url}: {report:?}");
    assert_eq!(report.summary[0].code, FactCode::FailsConnection);
    let port = url.rsplit(':').next().unwrap();
    assert!(report.summary[0].message.contains(&format!("port {port}")), "{report:?}");
    assert!(!report.is_well());
}

#[tokio::test]
async fn paused_is_paused_over_restarts_until_resumed() {
    let mut rig = Rig::new().await;
    let mut channel = rig.hub.accept().await;
    rig.wait_for(|state| state.state == AgentState::Online).await;
    rig.client().await.pause(None).await.unwrap();
    assert!(channel.hear_until(paused).await);
    assert_eq!(refusal(channel.ask(list(&rig.folder()), everything()).await), Code::EndpointPaused);
    let sample = rig.sample("a", "b");
    channel.say(&sample.message(&rig.hub)).await;
    let SessionState::Refused { problem, retry: true } =
        channel.end_of(sample.ticket.session).await
    else {
        panic!("a paused agent declines");
    };
    assert_eq!(problem.code, Code::EndpointPaused);

    rig.stop().await;
    rig.start().await;
    let mut channel = rig.hub.accept().await;
    assert!(channel.hello.status.paused.is_some());
    assert_eq!(rig.wait_for(|state| state.paused.is_some()).await.state, AgentState::Paused);
    rig.client().await.resume().await.unwrap();
    assert!(!channel.hear_until(paused).await);
    assert!(matches!(channel.ask(list(&rig.folder()), everything()).await, Outcome::Listing(_)));
    rig.end(channel).await;
}

#[tokio::test]
async fn a_pause_that_the_disk_does_not_take_is_shown_until_it_does() {
    let mut rig = Rig::new().await;
    let channel = rig.hub.accept().await;
    let kept = rig.paths.state_dir.join("paused.json");
    fs::create_dir(&kept).unwrap();
    let refused = rig.client().await.pause(None).await.unwrap_err();
    assert_eq!(refused.problem().code, Code::StateUnusable);
    let unkept =
        |state: &Snapshot| state.notices.iter().any(|notice| notice.code == Code::StateUnusable);
    assert!(rig.wait_for(unkept).await.paused.is_some(), "it is paused all the same");
    fs::remove_dir(&kept).unwrap();
    rig.wait_for(|state| !unkept(state)).await;

    rig.stop().await;
    rig.start().await;
    drop(channel);
    let channel = rig.hub.accept().await;
    assert!(channel.hello.status.paused.is_some());
    rig.end(channel).await;
}

#[tokio::test]
async fn a_pause_with_an_end_ends_by_itself() {
    let rig = Rig::new().await;
    let channel = rig.hub.accept().await;
    let mut client = rig.client().await;
    let past = client.pause(Some(local_now().plus_seconds(-1))).await.unwrap_err();
    assert_eq!(past.problem().code, Code::TimeIsPast);
    client.pause(Some(local_now().plus_seconds(2))).await.unwrap();
    assert!(rig.client().await.status().await.unwrap().paused.is_some());
    rig.wait_for(|state| state.paused.is_none()).await;
    rig.end(channel).await;
}

#[tokio::test]
async fn a_hostile_hub_gets_nothing_outside_the_folders() {
    let rig = Rig::new().await;
    let mut channel = rig.hub.accept().await;
    let secret = rig.home.path().join("secret");
    fs::write(&secret, b"hush").unwrap();
    std::os::unix::fs::symlink(&secret, rig.folder().join("link")).unwrap();
    fs::write(rig.folder().join("file"), b"x").unwrap();
    let at = |path: &std::path::Path| path.display().to_string().parse::<CollectionPath>().unwrap();
    let outside = rig.home.path().join("made");
    for operation in [
        list(std::path::Path::new("/etc")),
        Operation::Stat { path: "/etc/passwd".parse().unwrap() },
        Operation::Stat { path: at(&secret) },
        Operation::Stat { path: at(&rig.folder().join("link")) },
        Operation::Stat { path: at(&rig.paths.state_dir.join("registration.json")) },
        Operation::Stat { path: "/no/such/thing".parse().unwrap() },
        Operation::Mkdir { path: at(&outside) },
        Operation::Rename { from: at(&rig.folder().join("file")), to: at(&outside) },
        Operation::Rename { from: at(&secret), to: at(&rig.folder().join("stolen")) },
    ] {
        let told = format!("{operation:?}");
        let code = refusal(channel.ask(operation, everything()).await);
        // The same answer whether something stands there or not.
        assert_eq!(code, Code::NotShared, "{told}");
    }
    assert!(!outside.exists());

    let inside = rig.folder().join("copy").display().to_string();
    for source in ["/etc/passwd", &secret.display().to_string(), "/etc"] {
        let sample = Sample::local(&rig.hub, rig.key, source, &inside);
        channel.say(&sample.message(&rig.hub)).await;
        assert_eq!(channel.failure_of(&sample).await.code, Code::NotShared);
        assert!(!std::path::Path::new(&inside).exists(), "nothing of {source} was written");
    }
    let list = channel.ask(list(&rig.folder()), everything()).await;
    assert!(matches!(list, Outcome::Listing(_)), "the agent is still there");
    rig.end(channel).await;
}

#[tokio::test]
async fn a_refusal_names_the_path_that_is_to_blame() {
    let rig = Rig::new().await;
    let mut channel = rig.hub.accept().await;
    let at = |name: &str| rig.folder().join(name).display().to_string();
    let path = |name: &str| at(name).parse::<CollectionPath>().unwrap();
    fs::write(at("one"), b"1").unwrap();
    fs::write(at("two"), b"2").unwrap();
    for (operation, code, blamed) in [
        (Operation::Mkdir { path: path("no/sub") }, Code::NotFound, "no"),
        (Operation::Mkdir { path: path("one") }, Code::Exists, "one"),
        (Operation::Rename { from: path("none"), to: path("two") }, Code::NotFound, "none"),
        (Operation::Rename { from: path("one"), to: path("two") }, Code::Exists, "two"),
        (Operation::Rename { from: path("one"), to: path("no/one") }, Code::NotFound, "no"),
    ] {
        let told = format!("{operation:?}");
        let Outcome::Failed(problem) = channel.ask(operation, everything()).await else {
            panic!("{told}");
        };
        assert_eq!(problem.code, code, "{told}");
        assert!(problem.message.starts_with(&format!("{} ", at(blamed))), "{}", problem.message);
    }
    rig.end(channel).await;
}

#[tokio::test]
async fn requests_are_held_to_their_grants() {
    let rig = Rig::new().await;
    let mut channel = rig.hub.accept().await;
    fs::create_dir(rig.folder().join("sub")).unwrap();
    let sub = rig.folder().join("sub").display().to_string().parse().unwrap();
    let grants = vec![Grant::read(sub)];
    let code = refusal(channel.ask(list(&rig.folder()), grants.clone()).await);
    assert_eq!(code, Code::NotShared);
    let listed = channel.ask(list(&rig.folder().join("sub")), grants.clone()).await;
    assert!(matches!(listed, Outcome::Listing(_)));
    let path = rig.folder().join("sub/new").display().to_string().parse().unwrap();
    let made = channel.ask(Operation::Mkdir { path }, grants).await;
    assert!(matches!(made, Outcome::Failed(_)));
    rig.end(channel).await;
}

#[tokio::test]
async fn a_copy_inside_the_computer_is_reported_once_and_leaves_nothing_behind() {
    let rig = Rig::new().await;
    let mut channel = rig.hub.accept().await;
    fs::create_dir(rig.folder().join("a")).unwrap();
    fs::write(rig.folder().join("a/file"), b"content").unwrap();
    let sample = rig.sample("a", "b");
    channel.say(&sample.message(&rig.hub)).await;
    let reports = channel.reports(sample.orders.task).await;
    let Some(Report::Finished(finished)) = reports.last() else { panic!() };
    assert_eq!(finished.failure, None);
    assert!(matches!(&reports[0], Report::Transferred(file) if file.size == 7));
    assert_eq!(fs::read(rig.folder().join("b/file")).unwrap(), b"content");
    let dir = rig.paths.state_dir.join("tasks").join(sample.orders.task.to_string());
    wait_until(|| !dir.exists()).await;

    channel.say(&sample.message(&rig.hub)).await;
    let state = channel.end_of(sample.ticket.session).await;
    // The first answer may still be the end of the session itself.
    let state = if state == SessionState::Done {
        channel.end_of(sample.ticket.session).await
    } else {
        state
    };
    assert!(
        matches!(state, SessionState::Refused { problem, .. } if problem.code == Code::BadTicket)
    );
    rig.end(channel).await;
}

#[tokio::test]
async fn a_session_that_began_is_refused_after_a_restart() {
    let mut rig = Rig::new().await;
    let mut channel = rig.hub.accept().await;
    fs::write(rig.folder().join("a"), b"x").unwrap();
    let sample = rig.sample("a", "b");
    channel.say(&sample.message(&rig.hub)).await;
    channel.reports(sample.orders.task).await;
    drop(channel);
    rig.stop().await;
    rig.start().await;
    let mut channel = rig.hub.accept().await;
    channel.say(&sample.message(&rig.hub)).await;
    let state = channel.end_of(sample.ticket.session).await;
    assert!(
        matches!(state, SessionState::Refused { problem, .. } if problem.code == Code::BadTicket)
    );
    rig.end(channel).await;
}

#[tokio::test]
async fn reports_that_were_not_acknowledged_come_again_after_a_restart() {
    let mut rig = Rig::new().await;
    let mut channel = rig.hub.accept().await;
    fs::write(rig.folder().join("a"), b"x").unwrap();
    let sample = rig.sample("a", "b");
    let task = sample.orders.task;
    channel.say(&sample.message(&rig.hub)).await;
    assert_eq!(channel.end_of(sample.ticket.session).await, SessionState::Done);
    drop(channel);
    rig.stop().await;
    rig.start().await;
    let mut channel = rig.hub.accept().await;
    assert_eq!(channel.hello.outstanding, [task]);
    channel.say(&HubMessage::ReportAck { task, last: 0 }).await;
    let reports = channel.reports(task).await;
    assert!(matches!(reports[..], [Report::Transferred(_), Report::Finished(_)]), "{reports:?}");
    rig.end(channel).await;
}

#[tokio::test]
async fn a_deletion_removes_what_it_may_and_says_what_stays() {
    let rig = Rig::new().await;
    let mut channel = rig.hub.accept().await;
    fs::create_dir_all(rig.folder().join("old/sub")).unwrap();
    fs::write(rig.folder().join("old/sub/file"), b"x").unwrap();
    let paths = [rig.folder().join("old").display().to_string(), "/etc/passwd".to_owned()];
    let orders = Orders {
        task: TaskId::random(),
        work: Work::Delete(DeleteOrders {
            endpoint: ENDPOINT,
            endpoint_name: NAME.to_owned(),
            paths: paths.iter().map(|path| path.parse().unwrap()).collect(),
            recursive: true,
            ignore_missing: false,
            globs: false,
        }),
    };
    let mut sample = rig.sample("a", "b");
    sample.ticket.task = orders.task;
    sample.ticket.orders = orders.digest();
    sample.orders = orders;
    sample.role = Role::Sender;
    channel.say(&sample.message(&rig.hub)).await;
    let reports = channel.reports(sample.orders.task).await;
    let Some(Report::Finished(finished)) = reports.last() else { panic!() };
    assert_eq!(finished.failure.as_ref().unwrap().code, Code::NotShared);
    assert_eq!(finished.counts.deleted, 3);
    assert!(!rig.folder().join("old").exists());
    assert!(std::path::Path::new("/etc/passwd").exists());
    rig.end(channel).await;
}

#[tokio::test]
async fn an_edit_of_the_config_is_in_force_at_once_and_a_bad_one_is_not() {
    let rig = Rig::new().await;
    let mut channel = rig.hub.accept().await;
    let file = config_file(&rig.paths);
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, "version = 1\n[[folders]]\npath = 3\n").unwrap();
    let state = rig.wait_for(|state| !state.notices.is_empty()).await;
    let notice = state.notices.iter().find(|notice| notice.code == Code::BadConfig).unwrap();
    assert!(notice.text.contains("config.toml") && notice.text.contains("line 3"), "{notice:?}");
    let listed = channel.ask(list(&rig.folder()), everything()).await;
    assert!(matches!(listed, Outcome::Listing(_)), "the old rules are in force");
    fs::write(&file, "version = 1\n").unwrap();
    rig.wait_for(|state| state.notices.is_empty() && state.folders.is_empty()).await;
    let code = refusal(channel.ask(list(&rig.folder()), everything()).await);
    assert_eq!(code, Code::NotShared);
    fs::write(&file, good).unwrap();
    rig.wait_for(|state| state.folders.len() == 1).await;
    rig.end(channel).await;
}

#[tokio::test]
async fn folders_are_added_tested_and_removed_by_command_with_and_without_an_agent() {
    let mut rig = Rig::new().await;
    let channel = rig.hub.accept().await;
    let more = rig.home.path().join("more");
    fs::create_dir(&more).unwrap();
    let folder = NewFolder {
        path: more.display().to_string(),
        access: Access::ReadOnly,
        shareable: false,
        local_only: false,
        deny: vec!["private".to_owned()],
        confirmed: false,
    };
    let mut client = rig.client().await;
    assert_eq!(client.add_folder(folder.clone()).await.unwrap().len(), 2);
    assert_eq!(client.status().await.unwrap().folders.len(), 2);
    let test = client.test_folder(more.join("private/x").display().to_string()).await.unwrap();
    assert_eq!(test.decision, outport_control::FolderDecision::Denied);
    assert_eq!(test.rule, Some(more.join("private").display().to_string()));
    assert_eq!(client.remove_folder(folder.path.clone()).await.unwrap().len(), 1);
    drop((client, channel));
    rig.stop().await;
    let mut offline = Client::in_memory(std::sync::Arc::new(Offline::new(&rig.paths)));
    assert_eq!(offline.folders().await.unwrap().len(), 1);
    assert_eq!(offline.status().await.unwrap_err().problem().code, Code::AgentNotRunning);
}

#[tokio::test]
async fn a_lease_that_is_not_renewed_ends_its_session() {
    let rig = Rig::new().await;
    let mut channel = rig.hub.accept().await;
    let (sample, start) = rig.with_a_silent_peer(2);
    channel.say(&HubMessage::Start(Box::new(start))).await;
    let state = channel.end_of(sample.ticket.session).await;
    assert!(
        matches!(state, SessionState::Broken { problem, retry: true } if problem.code == Code::LeaseOver)
    );
    rig.end(channel).await;
}

#[tokio::test]
async fn a_revoked_session_stops_within_a_second() {
    let rig = Rig::new().await;
    let mut channel = rig.hub.accept().await;
    let (sample, start) = rig.with_a_silent_peer(900);
    let session = sample.ticket.session;
    channel.say(&HubMessage::Start(Box::new(start))).await;
    channel
        .hear_until(|message| matches!(message, AgentMessage::Candidates { .. }).then_some(()))
        .await;
    let reason = outport_protocol::control::RevokeReason::TaskOver;
    channel.say(&HubMessage::Revoke { session, reason }).await;
    let ended = timeout(Duration::from_secs(1), channel.end_of(session)).await;
    assert_eq!(ended.expect("within a second"), SessionState::Stopped);
    rig.end(channel).await;
}

#[tokio::test]
async fn closing_says_goodbye_and_leaves_nothing_running() {
    let rig = Rig::new().await;
    let mut channel = rig.hub.accept().await;
    let client = rig.client().await;
    let stopping = timeout(Duration::from_secs(10), client.stop());
    let listening = async {
        while let Some(message) = channel.hear().await {
            if message == AgentMessage::Goodbye {
                return true;
            }
        }
        false
    };
    let (stopped, said_goodbye) = tokio::join!(stopping, listening);
    stopped.expect("within ten seconds").unwrap();
    assert!(said_goodbye);
    assert!(!rig.paths.runtime_dir.join("control.sock").exists());
    assert!(!rig.paths.state_dir.join("agent.holder").exists());
    let again = Agent::start(AgentOptions::new(rig.paths.clone(), None)).await.unwrap();
    again.stop();
    again.join().await.unwrap();
}

#[tokio::test]
async fn a_second_agent_for_the_profile_is_refused_by_name() {
    let rig = Rig::new().await;
    let channel = rig.hub.accept().await;
    let second = Agent::start(AgentOptions::new(rig.paths.clone(), None)).await;
    let problem = second.unwrap_err().problem();
    assert_eq!(problem.code, Code::AgentRunning);
    assert!(problem.message.contains(&std::process::id().to_string()));
    rig.end(channel).await;
}

/// An agent that is set up at a fake hub, with one read-write folder.
struct Rig {
    hub: FakeHub,
    home: TempDir,
    paths: Paths,
    key: PublicKey,
    agent: Option<Agent>,
}

impl Rig {
    async fn new() -> Self {
        let mut rig = Self::unconnected().await;
        rig.start().await;
        rig
    }

    async fn unconnected() -> Self {
        let hub = FakeHub::start().await;
        let home = TempDir::new().unwrap();
        let paths = Paths::below(&home.path().join("own"), Profile::default());
        let folder = home.path().join("folder");
        for dir in [&paths.config_dir, &paths.state_dir, &folder] {
            outport_control::ensure_private_dir(dir).unwrap();
        }
        let config =
            format!("[[folders]]\npath = \"{}\"\naccess = \"read-write\"\n", folder.display());
        fs::write(config_file(&paths), config).unwrap();
        let key = Secret::new(hub.setup_key().to_string());
        let setting_up = crate::registration::set_up(&paths, &key, KeyPlace::File);
        let (registration, _) = tokio::select! {
            set_up = setting_up => set_up.unwrap(),
            _ = hub.accept() => panic!("nothing but the set-up comes"),
        };
        Self { hub, home, paths, key: registration.key, agent: None }
    }

    async fn start(&mut self) {
        self.agent = Some(start(&self.paths).await);
    }

    async fn stop(&mut self) {
        let agent = self.agent.take().unwrap();
        agent.stop();
        let ended = timeout(Duration::from_secs(11), agent.join()).await;
        ended.expect("closed within ten seconds").unwrap();
    }

    async fn end(mut self, channel: Channel) {
        drop(channel);
        self.stop().await;
    }

    async fn client(&self) -> Client {
        Client::connect(&self.paths).await.unwrap()
    }

    async fn wait_for(&self, wanted: impl Fn(&Snapshot) -> bool) -> Snapshot {
        let handler = self.agent.as_ref().unwrap().handler();
        until(&mut Client::in_memory(handler).subscribe().await.unwrap(), wanted).await
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("folder")
    }

    fn sample(&self, source: &str, destination: &str) -> Sample {
        let [source, destination] =
            [source, destination].map(|name| self.folder().join(name).display().to_string());
        Sample::local(&self.hub, self.key, &source, &destination)
    }

    /// A session with a computer that does not answer, whose lease ends in so many seconds.
    fn with_a_silent_peer(&self, seconds: i64) -> (Sample, outport_protocol::control::Start) {
        let mut sample = self.sample("a", "b");
        let peer = SecretKey::from_seed(&[42; 32]).public();
        let elsewhere = outport_types::EndpointId::from_bytes([2; 16]);
        let Work::Transfer(orders) = &mut sample.orders.work else { panic!() };
        orders.destination = elsewhere;
        sample.ticket.orders = sample.orders.digest();
        sample.ticket.receiver.key = peer;
        sample.ticket.session = SessionId::random();
        sample.ticket.expires = local_now().plus_seconds(seconds);
        sample.role = Role::Sender;
        let mut start = sample.start(&self.hub);
        start.peer = Some(outport_protocol::control::Peer {
            key: peer,
            name: "smith#Cluster".parse().unwrap(),
            candidates: vec![],
        });
        (sample, start)
    }
}

async fn start(paths: &Paths) -> Agent {
    Agent::start(AgentOptions::new(paths.clone(), None)).await.unwrap()
}

fn list(dir: &std::path::Path) -> Operation {
    Operation::List(ListQuery {
        path: Some(dir.display().to_string().parse().unwrap()),
        show_hidden: false,
        order: vec![],
        filters: vec![],
        offset: 0,
        limit: 100,
    })
}

fn everything() -> Vec<Grant> {
    vec![Grant::all(CollectionPath::ROOT)]
}

/// Waits for a state of an agent.
async fn until(states: &mut Snapshots, wanted: impl Fn(&Snapshot) -> bool) -> Snapshot {
    let mut last = None;
    let waiting = async {
        while let Some(state) = states.next().await.unwrap() {
            if wanted(&state) {
                return state;
            }
            last = Some(state);
        }
        panic!("the agent ended");
    };
    let found = timeout(LONG, waiting).await;
    found.unwrap_or_else(|_| panic!("the state never came: {last:?}"))
}

/// Whether the agent says that its owner paused it, or that it is held.
fn paused(message: &AgentMessage) -> Option<bool> {
    match message {
        AgentMessage::Status(status) => Some(status.paused.is_some()),
        _ => None,
    }
}

fn refusal(outcome: Outcome) -> Code {
    match outcome {
        Outcome::Failed(problem) => problem.code,
        other => panic!("{other:?}"),
    }
}

/// Waits for something on the disk that nobody tells of.
async fn wait_until(done: impl Fn() -> bool) {
    let waiting = async {
        while !done() {
            // tidy: allow(sleep): looks again and again until it is so
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LONG, waiting).await.expect("it happens");
}
