//! What is shown and done goes by the config in force, not by a file that has a mistake.

use std::sync::Arc;

use outport_control::{FolderDecision, NewProxy, Secret, Verdict};
use rustls_pki_types::PrivatePkcs8KeyDer;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::*;
use crate::{
    config::Config,
    hub_link::{HubEvent, HubLink, Shake, WhatNext},
};

#[tokio::test]
async fn after_a_bad_edit_the_folders_are_shown_as_they_are_in_force() {
    let rig = Rig::new().await;
    let channel = rig.hub.accept().await;
    fs::write(config_file(&rig.paths), "version = 1\n[[folders]]\npath = 3\n").unwrap();
    let bad = |state: &Snapshot| state.notices.iter().any(|it| it.code == Code::BadConfig);
    rig.wait_for(bad).await;
    let mut client = rig.client().await;
    let folders = client.folders().await.unwrap();
    let folder = rig.folder().display().to_string();
    let paths: Vec<_> = folders.iter().map(|folder| folder.path.as_str()).collect();
    assert_eq!(paths, [folder.as_str()]);
    let test = client.test_folder(format!("{folder}/x")).await.unwrap();
    assert_eq!((test.decision, test.rule), (FolderDecision::ReadWrite, Some(folder)));
    assert!(bad(&client.status().await.unwrap()), "the mistake is still told");

    let report = examine(&rig, &mut client).await;
    assert_eq!(verdicts(&report, "config"), [Verdict::Failed]);
    assert_eq!(verdicts(&report, "folders"), [Verdict::Ok]);

    drop(client);
    let mut offline = Client::in_memory(Arc::new(Offline::new(&rig.paths)));
    let refused = offline.folders().await.unwrap_err();
    assert_eq!(refused.problem().code, Code::BadConfig, "without an agent nothing is in force");
    rig.end(channel).await;
}

#[tokio::test]
async fn an_address_that_somebody_else_has_is_named_until_it_can_be_had() {
    let mut rig = Rig::unconnected().await;
    let other = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let file = config_file(&rig.paths);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}[network]\nlisten = \"{address}\"\n")).unwrap();
    let notice = |state: &Snapshot| {
        let missed = state.notices.iter().find(|it| it.code == Code::ListenUnavailable);
        missed.map(|it| it.text.clone())
    };
    rig.start().await;
    let channel = rig.hub.accept().await;
    let shown = rig.wait_for(|state| notice(state).is_some()).await;
    assert!(notice(&shown).unwrap().contains(&format!("at {address} (UDP)")), "{shown:?}");
    let works = rig.wait_for(|state| state.state == AgentState::Online).await;
    assert!(notice(&works).is_some(), "it works, and says so still");
    drop(channel);
    rig.stop().await;

    drop(other);
    rig.start().await;
    let channel = rig.hub.accept().await;
    let works = rig.wait_for(|state| state.state == AgentState::Online).await;
    assert_eq!(notice(&works), None);
    rig.end(channel).await;
}

#[tokio::test]
async fn another_file_of_certificates_is_dialled_with_at_once_and_known_to_the_doctor() {
    let rig = Rig::new().await;
    let old = rig.hub.accept().await;
    rig.wait_for(|state| state.state == AgentState::Online).await;
    let file = config_file(&rig.paths);
    let text = fs::read_to_string(&file).unwrap();
    let absent = rig.home.path().join("absent.pem");
    fs::write(&file, format!("{text}[network]\nca_file = \"{}\"\n", absent.display())).unwrap();
    let channel = rig.hub.accept().await; // the old one is open still
    drop(old);
    // A mistake that comes after it takes nothing back.
    fs::write(&file, "version = true").unwrap();
    rig.wait_for(|state| state.notices.iter().any(|it| it.code == Code::BadConfig)).await;
    let mut client = rig.client().await;
    let report = examine(&rig, &mut client).await;
    assert_eq!(verdicts(&report, "ca"), [Verdict::Failed], "{report:?}");
    drop(client);
    rig.end(channel).await;
}

#[tokio::test]
async fn another_proxy_in_the_config_is_dialled_with_at_once() {
    let rig = Rig::new().await;
    let old = rig.hub.accept().await;
    rig.wait_for(|state| state.state == AgentState::Online).await;
    let file = config_file(&rig.paths);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}[network]\nproxy = \"http://proxy.invalid:1\"\n")).unwrap();
    let channel = rig.hub.accept().await; // a hub on this computer is reached straight all the same
    drop(old);
    let mut client = rig.client().await;
    let shown = client.proxy().await.unwrap();
    assert_eq!((shown.set.as_str(), shown.used), ("http://proxy.invalid:1", None));
    // A password changes nothing in the config, and is in force at once too.
    let saved = client.save_proxy(NewProxy {
        proxy: "http://proxy.invalid:1".to_owned(),
        user: Some("ann".to_owned()),
        password: Some(Secret::new("geheim")),
        place: None,
    });
    let (saved, again) = tokio::join!(saved, rig.hub.accept());
    assert_eq!(saved.unwrap().login.unwrap().user, "ann");
    drop(channel);
    let (cleared, last) = tokio::join!(client.clear_proxy(), rig.hub.accept());
    let cleared = cleared.unwrap();
    assert_eq!((cleared.set.as_str(), cleared.login), ("system", None));
    drop((again, client));
    rig.end(last).await;
}

#[tokio::test]
async fn a_hub_elsewhere_is_dialled_through_the_proxy_and_a_wrong_password_is_told() {
    let home = TempDir::new().unwrap();
    let paths = Paths::below(home.path(), Profile::default());
    outport_control::ensure_private_dir(&paths.config_dir).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    fs::write(config_file(&paths), format!("[network]\nproxy = \"{proxy}\"")).unwrap();
    let mut offline = Client::in_memory(Arc::new(Offline::new(&paths)));
    let wish = NewProxy {
        proxy: proxy.clone(),
        user: Some("ann".to_owned()),
        password: Some(Secret::new("geheim")),
        place: None,
    };
    offline.save_proxy(wish).await.unwrap();

    let in_force = watch::Sender::new(Arc::new(Config::load(&paths).unwrap()));
    let Dialling { shake, mut inbox, tracker, stop } =
        Dialling::of(&paths, "https://hub.invalid", &in_force);
    let (mut stream, _) = timeout(LONG, listener.accept()).await.unwrap().unwrap();
    let asked = read_head(&mut stream).await;
    assert!(asked.starts_with("CONNECT hub.invalid:443 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("Proxy-Authorization: Basic YW5uOmdlaGVpbQ==\r\n"), "{asked}");
    stream.write_all(b"HTTP/1.1 407 No\r\n\r\n").await.unwrap();
    let (mut way, mut down) = (None, None);
    while down.is_none() {
        let event = timeout(LONG, inbox.recv()).await.unwrap().unwrap();
        if let HubEvent::Way(used) = event {
            way = used;
        } else if let HubEvent::Down { problem, what_next } = event {
            down = Some((problem.code, what_next));
        }
    }
    let way = way.unwrap();
    assert_eq!((way.address, way.user.as_deref()), (proxy, Some("ann")));
    let (code, what_next) = down.unwrap();
    assert_eq!(code, Code::ProxyLoginWrong);
    let WhatNext::Retry(pause) = what_next else { panic!("it never tries again") };
    assert!(Duration::from_secs(60) <= pause, "{pause:?}: nobody shall be locked out");
    shake.send_modify(|shake| shake.trusts += 1);
    timeout(LONG, listener.accept()).await.expect("a new password is tried at once").unwrap();
    stop.cancel();
    tracker.close();
    timeout(LONG, tracker.wait()).await.unwrap();
}

/// A channel that is being dialled.
struct Dialling {
    shake: watch::Sender<Shake>,
    inbox: mpsc::Receiver<HubEvent>,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Dialling {
    fn of(paths: &Paths, hub: &str, in_force: &watch::Sender<Arc<Config>>) -> Self {
        let (shake, stop) = (watch::Sender::new(Shake::default()), CancellationToken::new());
        let (events, inbox) = mpsc::channel(16);
        let link = HubLink {
            paths: paths.clone(),
            hub: hub.parse().unwrap(),
            key: SecretKey::from_seed(&[5; 32]),
            config: in_force.subscribe(),
            events,
            shakes: shake.subscribe(),
            recall: watch::Sender::new(None).subscribe(),
        };
        let tracker = TaskTracker::new();
        tracker.spawn(link.run(stop.clone()));
        Self { shake, inbox, tracker, stop }
    }
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn a_certificate_that_is_named_while_the_agent_runs_is_trusted() {
    let home = TempDir::new().unwrap();
    let paths = Paths::below(home.path(), Profile::default());
    outport_control::ensure_private_dir(&paths.config_dir).unwrap();
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let pem = home.path().join("hub.pem");
    fs::write(&pem, own.cert.pem()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key.into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let accept = async || acceptor.accept(listener.accept().await.unwrap().0).await;

    let in_force = watch::Sender::new(Arc::new(Config::load(&paths).unwrap()));
    let Dialling { shake, mut inbox, tracker, stop } =
        Dialling::of(&paths, &format!("https://{}", listener.local_addr().unwrap()), &in_force);

    timeout(LONG, accept()).await.unwrap().expect_err("nobody vouches for it");
    let told = async {
        loop {
            if let HubEvent::Down { problem, .. } = inbox.recv().await.unwrap() {
                return problem.code;
            }
        }
    };
    assert_eq!(timeout(LONG, told).await.unwrap(), Code::HubUntrusted);
    tracker.spawn(async move { while inbox.recv().await.is_some() {} });
    fs::write(config_file(&paths), format!("[network]\nca_file = \"{}\"", pem.display())).unwrap();
    in_force.send_replace(Arc::new(Config::load(&paths).unwrap()));
    shake.send_modify(|shake| shake.trusts += 1);
    let trusted = async { while accept().await.is_err() {} };
    timeout(LONG, trusted).await.expect("the owner does");
    stop.cancel();
    tracker.close();
    timeout(LONG, tracker.wait()).await.unwrap();
}

/// The doctor's report; the hub answers whom it dials.
async fn examine(rig: &Rig, client: &mut Client) -> outport_control::DoctorReport {
    let hub = async {
        loop {
            drop(rig.hub.accept().await);
        }
    };
    tokio::select! {
        report = client.doctor() => report.unwrap(),
        () = hub => unreachable!(),
    }
}

fn verdicts(report: &outport_control::DoctorReport, name: &str) -> Vec<Verdict> {
    let named = report.checks.iter().filter(|check| check.name == name);
    named.map(|check| check.verdict).collect()
}
