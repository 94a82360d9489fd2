//! A client and an agent over a real socket of a temporary profile.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc, time::Duration};

use outport_types::{AgentState, Code, Problem};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    sync::{mpsc, watch},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    BoxFuture, CallError, Client, Command, ConnectError, Handler, ListenError, Listener, Paths,
    Profile, Reply, Secret, Snapshot, serve,
    wire::{self, ClientHello, RESPONSE_BYTES_MAX, ServerHello},
};

#[tokio::test]
async fn a_client_sees_the_state_and_its_changes() {
    let rig = Rig::start();
    let mut client = rig.connect().await;
    assert_eq!(client.status().await.unwrap().state, AgentState::Online);
    let mut states = client.subscribe().await.unwrap();
    assert_eq!(states.next().await.unwrap().unwrap().state, AgentState::Online);
    rig.state.send_modify(|state| Arc::make_mut(state).state = AgentState::Paused);
    assert_eq!(states.next().await.unwrap().unwrap().state, AgentState::Paused);
    rig.stop.cancel();
    assert_eq!(states.next().await.unwrap(), None);
}

#[tokio::test]
async fn commands_are_answered_in_turn_and_refusals_are_problems() {
    let rig = Rig::start();
    let mut client = rig.connect().await;
    client.pause(None).await.unwrap();
    let refused = client.token("transfer").await.unwrap_err();
    assert_eq!(refused.problem().code, Code::SignedOut);
    assert_eq!(client.folders().await.unwrap(), vec![]);
    let lines = rig.connect().await.log(2, false).await.unwrap();
    assert_eq!(all(lines).await, ["one", "two"]);
}

#[tokio::test]
async fn a_handler_in_memory_answers_as_one_behind_the_socket() {
    let (state, states) = watch::channel(Arc::new(snapshot()));
    let mut client = Client::in_memory(Arc::new(Fake { states }));
    assert_eq!(client.status().await.unwrap().profile, "default");
    assert!(client.resume().await.is_ok());
    let mut states = client.subscribe().await.unwrap();
    assert!(states.next().await.unwrap().is_some());
    drop(state);
    assert_eq!(states.next().await.unwrap(), None);
}

#[tokio::test]
async fn stop_returns_when_the_agent_is_gone() {
    let rig = Rig::start();
    let client = rig.connect().await;
    let stop = rig.stop.clone();
    let stopping = client.stop();
    let (stopped, ()) = tokio::join!(stopping, async {
        tokio::task::yield_now().await;
        stop.cancel();
    });
    stopped.unwrap();
}

#[tokio::test]
async fn only_the_owner_can_open_the_socket() {
    let rig = Rig::start();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&rig.paths.runtime_dir), 0o700);
    assert_eq!(mode(&rig.socket()), 0o600);
}

#[tokio::test]
async fn a_socket_left_behind_is_replaced_and_anything_else_is_not() {
    let home = TempDir::new().unwrap();
    let paths = Paths::below(home.path(), Profile::default());
    let socket = paths.runtime_dir.join("control.sock");
    assert!(matches!(Client::connect(&paths).await, Err(ConnectError::NotRunning)));
    crate::ensure_private_dir(&paths.runtime_dir).unwrap();
    crate::ensure_private_dir(&paths.state_dir).unwrap();
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    fs::write(paths.state_dir.join("control.address"), socket.as_os_str().as_encoded_bytes())
        .unwrap();
    assert!(matches!(Client::connect(&paths).await, Err(ConnectError::NotRunning)));
    drop(Listener::bind(&paths).unwrap());
    assert!(!socket.exists(), "the socket goes with its agent");

    fs::write(&socket, b"precious").unwrap();
    assert!(matches!(Listener::bind(&paths), Err(ListenError::InTheWay { .. })));
    assert_eq!(fs::read(&socket).unwrap(), b"precious");
}

#[tokio::test]
async fn a_client_with_another_runtime_directory_finds_the_agent() {
    let rig = Rig::start();
    let elsewhere = Paths { runtime_dir: "/nowhere".into(), ..rig.paths.clone() };
    assert!(Client::connect(&elsewhere).await.unwrap().status().await.is_ok());
}

#[tokio::test]
async fn an_address_that_others_could_have_taken_is_not_believed() {
    let rig = Rig::start();
    let open = rig.paths.runtime_dir.parent().unwrap().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    let socket = open.join("control.sock");
    let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    fs::write(rig.paths.state_dir.join("control.address"), socket.as_os_str().as_encoded_bytes())
        .unwrap();
    assert!(matches!(Client::connect(&rig.paths).await, Err(ConnectError::Socket(_))));
}

#[tokio::test]
async fn a_long_path_gets_a_random_private_place() {
    let home = TempDir::new().unwrap();
    let long = home.path().join("x".repeat(120));
    let rig = Rig::start_at(Paths::below(&long, Profile::default()), home);
    let mut client = rig.connect().await;
    assert!(client.status().await.is_ok());
    let address = rig.paths.state_dir.join("control.address");
    let socket = fs::read_to_string(address).unwrap();
    let dir = Path::new(&socket).parent().unwrap().to_owned();
    assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    drop(client);
    rig.end().await;
    assert!(!dir.exists());
}

#[tokio::test]
async fn an_oversized_frame_ends_the_connection() {
    let rig = Rig::start();
    for frame in [u32::MAX.to_be_bytes(), 100_000_u32.to_be_bytes()] {
        let mut stream = UnixStream::connect(rig.socket()).await.unwrap();
        stream.write_all(&frame).await.unwrap();
        let mut rest = Vec::new();
        assert_eq!(stream.read_to_end(&mut rest).await.unwrap_or(0), 0);
    }
    let mut stream = rig.greeted((wire::VERSION, wire::VERSION)).await.unwrap();
    stream.write_all(&(wire::REQUEST_BYTES_MAX as u32 + 1).to_be_bytes()).await.unwrap();
    assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0);
    assert!(rig.connect().await.status().await.is_ok(), "the agent is still there");
}

#[tokio::test]
async fn nonsense_ends_the_connection() {
    let rig = Rig::start();
    let mut stream = rig.greeted((wire::VERSION, wire::VERSION)).await.unwrap();
    let request = serde_json::json!({"ask": "open_sesame"});
    wire::write(&mut stream, &request, 1000).await.unwrap();
    assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn an_unknown_version_is_refused_with_a_reason() {
    let rig = Rig::start();
    assert!(rig.greeted((1, 9)).await.is_ok());
    let problem = rig.greeted((wire::VERSION + 1, wire::VERSION + 7)).await.unwrap_err();
    assert_eq!(problem.code, Code::VersionUnsupported);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_dropped() {
    let (ours, mut theirs) = tokio::io::duplex(64);
    let (_state, states) = watch::channel(Arc::new(snapshot()));
    let fake = Fake { states };
    let served = crate::server::serve_stream(ours, &fake);
    tokio::time::timeout(Duration::from_secs(6), served).await.unwrap();
    assert_eq!(theirs.read(&mut [0]).await.unwrap(), 0);
}

#[test]
fn secrets_are_not_printed() {
    let command = Command::Setup { key: Secret::new("hush"), place: crate::KeyPlace::File };
    assert!(!format!("{command:?}").contains("hush"));
    let json = serde_json::to_string(&command).unwrap();
    assert_eq!(json, r#"{"command":"setup","key":"hush","place":"file"}"#);
}

struct Rig {
    paths: Paths,
    state: watch::Sender<Arc<Snapshot>>,
    stop: CancellationToken,
    tracker: TaskTracker,
    _home: TempDir,
}

impl Rig {
    fn start() -> Self {
        let home = TempDir::new().unwrap();
        Self::start_at(Paths::below(home.path(), Profile::default()), home)
    }

    fn start_at(paths: Paths, home: TempDir) -> Self {
        let listener = Listener::bind(&paths).unwrap();
        let (state, states) = watch::channel(Arc::new(snapshot()));
        let (stop, tracker) = (CancellationToken::new(), TaskTracker::new());
        let handler = Arc::new(Fake { states });
        tracker.spawn(serve(listener, handler, tracker.clone(), stop.clone()));
        Self { paths, state, stop, tracker, _home: home }
    }

    async fn connect(&self) -> Client {
        Client::connect(&self.paths).await.unwrap()
    }

    async fn greeted(&self, versions: (u32, u32)) -> Result<UnixStream, Problem> {
        let mut stream = UnixStream::connect(self.socket()).await.unwrap();
        let hello = ClientHello { versions, program: "test".to_owned() };
        wire::write(&mut stream, &hello, 1000).await.unwrap();
        match wire::read(&mut stream, RESPONSE_BYTES_MAX).await.unwrap() {
            ServerHello::Welcome { version, .. } => {
                assert_eq!(version, wire::VERSION);
                Ok(stream)
            }
            ServerHello::Refused { problem } => Err(problem),
        }
    }

    fn socket(&self) -> std::path::PathBuf {
        self.paths.runtime_dir.join("control.sock")
    }

    async fn end(self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

async fn all(mut lines: crate::LogLines) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(batch) = lines.next().await.unwrap() {
        all.extend(batch);
    }
    all
}

struct Fake {
    states: watch::Receiver<Arc<Snapshot>>,
}

impl Handler for Fake {
    fn snapshots(&self) -> Result<watch::Receiver<Arc<Snapshot>>, Problem> {
        Ok(self.states.clone())
    }

    fn call(&self, command: Command) -> BoxFuture<'_, Result<Reply, Problem>> {
        Box::pin(async move {
            #[expect(clippy::wildcard_enum_match_arm, reason = "two are enough to tell them apart")]
            match command {
                Command::FoldersList => Ok(Reply::Folders(vec![])),
                Command::Token { .. } => {
                    Err(Problem::new(Code::SignedOut, [("hub", "hub.example.org".into())]))
                }
                _ => Ok(Reply::Done),
            }
        })
    }

    fn log(
        &self,
        lines: usize,
        _follow: bool,
    ) -> BoxFuture<'_, Result<mpsc::Receiver<String>, Problem>> {
        Box::pin(async move {
            let (sender, receiver) = mpsc::channel(8);
            for line in ["one", "two", "three"].iter().take(lines) {
                sender.send((*line).to_owned()).await.unwrap();
            }
            Ok(receiver)
        })
    }
}

fn snapshot() -> Snapshot {
    Snapshot { state: AgentState::Online, ..Snapshot::begun("0.1.0", "default", 1) }
}

/// What screens are written against; a change here changes them.
#[test]
fn the_words_of_the_boundary_are_stable() {
    use crate::{Happening, HoldReason, KeepAwake, Settings, SignInState, SignInWay};
    fn json(value: &impl serde::Serialize) -> String {
        serde_json::to_string(value).unwrap()
    }
    let held = Happening::Held { reason: HoldReason::Battery };
    assert_eq!(json(&held), r#"{"kind":"held","reason":"battery"}"#);
    assert_eq!(json(&Happening::PauseOver), r#"{"kind":"pause_over"}"#);
    let later: Happening = serde_json::from_str(r#"{"kind":"from_later","x":1}"#).unwrap();
    assert_eq!(later, Happening::Other);
    let settings = Settings { keep_awake: KeepAwake::OnMains, ..Settings::default() };
    assert_eq!(
        json(&settings),
        r#"{"pause_on_battery":false,"pause_on_metered":false,"keep_awake":"on_mains","background":false,"relay":"auto","port_mapping":true}"#
    );
    let before = r#"{"pause_on_battery":false,"pause_on_metered":false,"keep_awake":"on_mains"}"#;
    assert_eq!(serde_json::from_str::<Settings>(before).unwrap(), settings);
    assert_eq!(json(&(SignInWay::Code, SignInState::Waiting)), r#"["code","waiting"]"#);
    let command = Command::BeginSignIn { hub: "h".to_owned(), way: SignInWay::Browser };
    assert_eq!(json(&command), r#"{"command":"begin_sign_in","hub":"h","way":"browser"}"#);
    let text = json(&snapshot());
    let read: Snapshot = serde_json::from_str(&text).unwrap();
    assert_eq!(read, snapshot());
    for absent in ["held", "sign_in", "connected_since"] {
        assert!(text.contains(&format!("\"{absent}\":null")), "null and never left out: {text}");
    }
}

/// A refusal keeps its problem as the cause, for the log.
#[test]
fn refusals_print_their_cause() {
    let refused = CallError::Refused(Problem::new(Code::SignedOut, [("hub", "h".into())]));
    let text = outport_types::Chain(&refused).to_string();
    assert_eq!(text, "the agent refused: Nobody is signed in. Run `outport login h`.");
}
