//! A hub for one agent: the real handshake and frames, with a test deciding what is said.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use outport_protocol::{
    control::{
        AgentMessage, CONTROL_VERSION, FrameDecoder, Hello, HubMessage, Operation, Outcome,
        SessionState, Start, Welcome, encode_frame,
    },
    orders::{Orders, TransferItem, TransferOrders, Work},
    report::Report,
    secret::SecretKey,
    setup_key::{SetupAnswer, SetupKey, SetupRequest},
    statement::{SignedStatement, Statement},
    ticket::{Grant, Party, Role, SignedTicket, Ticket},
    tls::{self, ALPN_CONTROL, AllowPeer},
};
use outport_types::{
    CollectionPath, EndpointId, Problem, PublicKey, RequestId, SessionId, TaskId, TicketId,
    TransferOptions, UnixTime,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    clock::local_now,
    hub_link::{Carrier, ChannelBytes, channel_bytes},
};

/// The endpoint that the agent under test is.
pub(super) const ENDPOINT: EndpointId = EndpointId::from_bytes([1; 16]);
pub(super) const NAME: &str = "smith#WorkPC";

pub(super) struct FakeHub {
    listener: TcpListener,
    pub(super) root: SecretKey,
    pub(super) ticket_key: SecretKey,
    channel_key: SecretKey,
    pub(super) statement: Statement,
    /// What the next agent is refused with, if it is.
    pub(super) refuse: Option<HubMessage>,
    /// How long it says that silence is normal.
    pub(super) silence_seconds_max: u64,
    /// Answers to set-ups that get lost on their way.
    pub(super) lost_answers: AtomicUsize,
    /// The keys that asked to be set up.
    pub(super) asked: Mutex<Vec<PublicKey>>,
}

/// The hub's side of a channel.
pub(super) struct Channel {
    stream: TlsStream<ChannelBytes>,
    decoder: FrameDecoder,
    pub(super) hello: Hello,
}

#[derive(Debug)]
struct Everybody;

impl AllowPeer for Everybody {
    fn allows(&self, _: &PublicKey) -> bool {
        true
    }
}

impl FakeHub {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let [root, ticket_key, channel_key] = [1, 2, 3].map(|n| SecretKey::from_seed(&[n; 32]));
        let statement = Statement {
            root: root.public(),
            serial: 1,
            ticket_key: ticket_key.public(),
            channel_key: channel_key.public(),
            not_before: UnixTime::from_seconds(0),
            not_after: local_now().plus_seconds(3600),
            successor: None,
        };
        Self {
            listener,
            root,
            ticket_key,
            channel_key,
            statement,
            refuse: None,
            lost_answers: AtomicUsize::new(0),
            asked: Mutex::default(),
            silence_seconds_max: 30,
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    pub(super) fn setup_key(&self) -> SetupKey {
        SetupKey { hub: self.url(), root: self.root.public(), endpoint: ENDPOINT, secret: [7; 16] }
    }

    /// Waits for the agent, welcomes it (or refuses it), and hands over its channel.
    pub(super) async fn accept(&self) -> Channel {
        timeout(LONG, async {
            loop {
                let (stream, _) = self.listener.accept().await.unwrap();
                if let Some(channel) = self.serve(stream).await {
                    return channel;
                }
            }
        })
        .await
        .expect("the agent connects")
    }

    async fn serve(&self, mut stream: TcpStream) -> Option<Channel> {
        let mut first = [0; 4];
        stream.peek(&mut first).await.ok()?;
        if &first == b"POST" {
            self.answer_setup(&mut stream).await;
            return None;
        }
        let carrier: Box<dyn Carrier> = Box::new(stream);
        let mut socket = tokio_tungstenite::accept_async(carrier).await.ok()?;
        let signed = SignedStatement::sign(&self.statement, &self.root);
        let statement = Message::Binary(signed.to_bytes().into());
        futures_util::SinkExt::send(&mut socket, statement).await.ok()?;
        let config =
            tls::server_config(&self.channel_key, Arc::new(Everybody), ALPN_CONTROL).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let mut stream = acceptor.accept(channel_bytes(socket)).await.ok()?;
        let mut decoder = FrameDecoder::default();
        let AgentMessage::Hello(hello) = read(&mut stream, &mut decoder).await? else {
            panic!("the first message is a hello");
        };
        let mut channel = Channel { stream, decoder, hello };
        match &self.refuse {
            Some(refusal) => channel.say(refusal).await,
            None => channel.say(&HubMessage::Welcome(welcome(self.silence_seconds_max))).await,
        }
        Some(channel)
    }

    async fn answer_setup(&self, stream: &mut TcpStream) {
        let mut request = Vec::new();
        let body = loop {
            let mut buffer = [0; 4096];
            let got = stream.read(&mut buffer).await.unwrap();
            request.extend_from_slice(&buffer[..got]);
            let text = String::from_utf8_lossy(&request).into_owned();
            if let Some((_, body)) = text.split_once("\r\n\r\n")
                && let Ok(body) = serde_json::from_str::<SetupRequest>(body)
            {
                break body;
            }
            assert!(got != 0, "the request ends early: {text}");
        };
        assert_eq!(body.endpoint, ENDPOINT);
        assert_eq!(body.secret_bytes(), Some([7; 16]));
        body.verify(&self.root.public()).expect("the proof fits the key");
        self.asked.lock().unwrap().push(body.key);
        let fewer = |count: usize| count.checked_sub(1);
        if self.lost_answers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer).is_ok() {
            return;
        }
        let answer =
            SetupAnswer { endpoint: ENDPOINT, name: NAME.to_owned(), root: self.root.public() };
        let answer = serde_json::to_string(&answer).unwrap();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            answer.len()
        );
        stream.write_all((head + &answer).as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
    }

    /// Waits until an agent knocks, and closes the door; `false` when none comes within `limit`.
    pub(super) async fn knocked_within(&self, limit: Duration) -> bool {
        timeout(limit, self.listener.accept()).await.is_ok()
    }
}

impl Channel {
    pub(super) async fn say(&mut self, message: &HubMessage) {
        self.say_bytes(&encode_frame(message).unwrap()).await;
    }

    /// Says what need not be a message.
    pub(super) async fn say_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// The next message, pongs left out; `None` when the agent closed.
    pub(super) async fn hear(&mut self) -> Option<AgentMessage> {
        let hearing = read(&mut self.stream, &mut self.decoder);
        timeout(LONG, hearing).await.expect("the agent says something")
    }

    /// Waits for the first message that `wanted` wants.
    pub(super) async fn hear_until<T>(&mut self, wanted: impl Fn(&AgentMessage) -> Option<T>) -> T {
        loop {
            let message = self.hear().await.expect("the agent closed");
            if let Some(found) = wanted(&message) {
                return found;
            }
        }
    }

    pub(super) async fn ask(&mut self, operation: Operation, grants: Vec<Grant>) -> Outcome {
        let request = RequestId::random();
        self.say(&HubMessage::Request { request, operation, grants }).await;
        self.hear_until(|message| match message {
            AgentMessage::Answer { request: of, outcome } if *of == request => {
                Some(outcome.clone())
            }
            _ => None,
        })
        .await
    }

    /// How a session ends, what it said in between left out.
    pub(super) async fn end_of(&mut self, session: SessionId) -> SessionState {
        self.hear_until(|message| match message {
            AgentMessage::Session { session: of, state }
                if *of == session && !matches!(state, SessionState::Connected { .. }) =>
            {
                Some(state.clone())
            }
            _ => None,
        })
        .await
    }

    /// Why a session's work is refused or failed.
    pub(super) async fn failure_of(&mut self, sample: &Sample) -> Problem {
        self.hear_until(|message| match message {
            AgentMessage::Session { session, state: SessionState::Refused { problem, .. } }
                if *session == sample.ticket.session =>
            {
                Some(problem.clone())
            }
            AgentMessage::Reports { task, reports, .. } if *task == sample.orders.task => {
                reports.iter().find_map(|report| match report {
                    Report::Finished(finished) => finished.failure.clone(),
                    _ => None,
                })
            }
            _ => None,
        })
        .await
    }

    /// All reports of a task up to the end of its work.
    pub(super) async fn reports(&mut self, task: TaskId) -> Vec<Report> {
        let mut all = Vec::new();
        loop {
            let (first, reports) = self
                .hear_until(|message| match message {
                    AgentMessage::Reports { task: of, first, reports } if *of == task => {
                        Some((*first, reports.clone()))
                    }
                    _ => None,
                })
                .await;
            assert_eq!(first, all.len() as u64 + 1, "in order and without gaps");
            all.extend(reports);
            self.say(&HubMessage::ReportAck { task, last: all.len() as u64 }).await;
            if matches!(all.last(), Some(Report::Finished(_))) {
                return all;
            }
        }
    }
}

/// Orders and tickets as the real hub makes them.
pub(super) struct Sample {
    pub(super) ticket: Ticket,
    pub(super) orders: Orders,
    pub(super) role: Role,
}

impl Sample {
    /// A copy from one place of the agent to another.
    pub(super) fn local(hub: &FakeHub, key: PublicKey, source: &str, destination: &str) -> Self {
        let [source, destination] =
            [source, destination].map(|path| path.parse::<CollectionPath>().unwrap());
        let orders = Orders {
            task: TaskId::random(),
            work: Work::Transfer(TransferOrders {
                source: ENDPOINT,
                source_name: NAME.to_owned(),
                destination: ENDPOINT,
                destination_name: NAME.to_owned(),
                items: vec![TransferItem { source, destination, recursive: None, checksum: None }],
                options: TransferOptions::default(),
            }),
        };
        let everything =
            || Party { key, grants: vec![Grant::all(CollectionPath::ROOT)], gateway: false };
        let ticket = Ticket {
            id: TicketId::random(),
            hub: hub.root.public(),
            session: SessionId::random(),
            task: orders.task,
            sender: everything(),
            receiver: everything(),
            orders: orders.digest(),
            issued: local_now(),
            expires: local_now().plus_seconds(900),
        };
        Self { ticket, orders, role: Role::Both }
    }

    pub(super) fn start(&self, hub: &FakeHub) -> Start {
        Start {
            session: self.ticket.session,
            role: self.role,
            ticket: SignedTicket::sign(&self.ticket, &hub.ticket_key),
            orders: self.orders.clone(),
            peer: None,
            reported: 0,
            relays: Vec::new(),
        }
    }

    pub(super) fn message(&self, hub: &FakeHub) -> HubMessage {
        HubMessage::Start(Box::new(self.start(hub)))
    }
}

pub(super) fn welcome(silence_seconds_max: u64) -> Welcome {
    Welcome {
        version: CONTROL_VERSION,
        hub_time: local_now(),
        endpoint: ENDPOINT,
        name: NAME.parse().unwrap(),
        owner: "smith@hub".to_owned(),
        udp: None,
        silence_seconds_max,
        probes: false,
    }
}

async fn read(
    stream: &mut TlsStream<ChannelBytes>,
    decoder: &mut FrameDecoder,
) -> Option<AgentMessage> {
    loop {
        match decoder.poll().expect("agents send what hubs understand") {
            Some(AgentMessage::Pong) => {}
            Some(message) => return Some(message),
            None => {
                let mut buffer = vec![0; 16 * 1024];
                match stream.read(&mut buffer).await {
                    Ok(0) | Err(_) => return None,
                    Ok(got) => decoder.push(&buffer[..got]),
                }
            }
        }
    }
}

/// Longer than anything takes that happens at all.
pub(super) const LONG: Duration = Duration::from_secs(20);
