//! An agent without files: its key, its channel, and what a test makes it say.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf as _, Bytes};
use futures_util::{Sink as _, Stream as _, StreamExt as _};
use outport_protocol::{
    control::{
        AgentMessage, AgentStatus, CHANNEL_MESSAGE_BYTES_MAX, CONTROL_PATH, CONTROL_VERSION,
        FrameDecoder, Hello, HubMessage, Paused, SessionState, Start, Welcome, encode_frame,
    },
    report::{Counts, Finished, Report},
    secret::SecretKey,
    setup_key::SetupKey,
    statement::{SignedStatement, Statement},
    tls::{ALPN_CONTROL, SERVER_NAME, client_config},
};
use outport_types::{
    EndpointId, Problem, PublicKey, Route, SessionId, SyncLevel, TaskId, UnixTime,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf, WriteHalf},
    net::TcpStream,
    sync::mpsc,
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message},
};

use crate::support::{Instance, TRANSFER, TestHub, json as read_json, text};

/// An application's token for the Transfer API, and whose it is.
pub(crate) struct Owner {
    pub(crate) token: String,
    app: Instance,
}

impl TestHub {
    /// Adds an application that owns endpoints.
    pub(crate) async fn owner(&self, name: &str) -> Owner {
        let app: Instance = self.add_app(name).await.into();
        self.signed_in(app).await
    }

    /// The same owner with a token that is good now.
    pub(crate) async fn again(&self, owner: &Owner) -> Owner {
        self.signed_in(owner.app.clone()).await
    }

    async fn signed_in(&self, app: Instance) -> Owner {
        let form = [("grant_type", "client_credentials"), ("scope", TRANSFER)];
        let (_, body) = self.post("v2/oauth2/token", &app, &form).await;
        Owner { token: text(&body["access_token"]), app }
    }

    /// Calls a route with a document.
    pub(crate) async fn call(
        &self,
        owner: &Owner,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let mut request = self.http.request(method, self.url(path)).bearer_auth(&owner.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        read_json(request.send().await.unwrap()).await
    }

    pub(crate) async fn create(&self, owner: &Owner, name: &str) -> SetupKey {
        let body =
            json!({"DATA_TYPE": "endpoint", "display_name": name, "is_globus_connect": true});
        let (status, body) = self.call(owner, Method::POST, "v0.10/endpoint", Some(body)).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        assert_eq!(body["code"], "Created");
        text(&body["globus_connect_setup_key"]).parse().unwrap()
    }

    pub(crate) async fn bind(&self, setup: &SetupKey, key: &SecretKey) -> (StatusCode, Value) {
        let request = setup.request(key, "laptop");
        let url = self.url("outport/v1/setup");
        read_json(self.http.post(url).json(&request).send().await.unwrap()).await
    }

    /// Makes an endpoint and an agent for it, connected.
    pub(crate) async fn agent(&self, owner: &Owner, name: &str) -> Agent {
        let setup = self.create(owner, name).await;
        let key = SecretKey::from_seed(&rand_seed());
        let (status, body) = self.bind(&setup, &key).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let mut agent = Agent::new(self, &setup, key);
        agent.connect().await;
        agent
    }

    /// Waits until the field of an endpoint's document has a value.
    pub(crate) async fn wait_for_endpoint(
        &self,
        owner: &Owner,
        id: EndpointId,
        field: &str,
        value: Value,
    ) {
        let path = format!("v0.10/endpoint/{id}");
        self.wait_for(owner, &path, field, &value).await;
    }

    pub(crate) async fn wait_for_task(
        &self,
        owner: &Owner,
        id: TaskId,
        field: &str,
        value: Value,
    ) -> Value {
        let path = format!("v0.10/task/{id}");
        self.wait_for(owner, &path, field, &value).await
    }

    async fn wait_for(&self, owner: &Owner, path: &str, field: &str, value: &Value) -> Value {
        let waiting = async {
            loop {
                let (_, body) = self.call(owner, Method::GET, path, None).await;
                let found = body.pointer(field).unwrap_or(&body[field]);
                if found == value {
                    return body;
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{field} is never {value}"))
    }

    pub(crate) async fn submit(&self, owner: &Owner, document: Value) -> TaskId {
        let kind = text(&document["DATA_TYPE"]);
        let path = format!("v0.10/{kind}");
        let (status, body) = self.call(owner, Method::POST, &path, Some(document)).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{body}");
        assert_eq!(body["code"], "Accepted");
        text(&body["task_id"]).parse().unwrap()
    }
}

pub(crate) fn transfer(from: EndpointId, to: EndpointId) -> Value {
    json!({
        "DATA_TYPE": "transfer",
        "submission_id": outport_types::SubmissionId::random(),
        "source_endpoint": from,
        "destination_endpoint": to,
        "label": "a label",
        "sync_level": SyncLevel::Checksum.number(),
        "DATA": [{"DATA_TYPE": "transfer_item", "source_path": "/data/a", "destination_path": "/in/a"}],
    })
}

/// A document with another value in one field.
pub(crate) fn with(document: &Value, field: &str, value: Value) -> Value {
    let mut document = document.clone();
    document[field] = value;
    document
}

/// An agent, connected or not.
pub(crate) struct Agent {
    pub(crate) endpoint: EndpointId,
    pub(crate) key: SecretKey,
    pub(crate) root: PublicKey,
    pub(crate) url: String,
    pub(crate) status: AgentStatus,
    pub(crate) outstanding: Vec<TaskId>,
    pub(crate) sessions: Vec<SessionId>,
    pub(crate) statement: Option<Statement>,
    channel: Option<Channel>,
}

/// How a knock on the hub's door ended.
#[derive(Debug)]
pub(crate) enum Knock {
    Welcome(Welcome),
    Refused(Problem),
    /// No WebSocket: the status of the answer, and when to come back.
    Http(StatusCode, Option<String>),
    Closed(#[expect(dead_code, reason = "shown when a test fails")] io::Error),
}

struct Channel {
    writer: WriteHalf<TlsStream<ClientBytes>>,
    heard: mpsc::Receiver<HubMessage>,
    _reader: JoinSet<()>,
}

impl Agent {
    pub(crate) fn new(hub: &TestHub, setup: &SetupKey, key: SecretKey) -> Self {
        Self {
            endpoint: setup.endpoint,
            key,
            root: setup.root,
            url: hub.hub.url().to_string(),
            status: AgentStatus::default(),
            outstanding: Vec::new(),
            sessions: Vec::new(),
            statement: None,
            channel: None,
        }
    }

    pub(crate) async fn connect(&mut self) -> Welcome {
        match self.knock().await {
            Knock::Welcome(welcome) => welcome,
            other => panic!("not welcome: {other:?}"),
        }
    }

    pub(crate) fn disconnect(&mut self) {
        self.channel = None;
    }

    pub(crate) async fn knock(&mut self) -> Knock {
        self.knock_with((CONTROL_VERSION, CONTROL_VERSION)).await
    }

    pub(crate) async fn knock_with(&mut self, versions: (u32, u32)) -> Knock {
        let socket = match open(&self.url).await {
            Ok(socket) => socket,
            Err(knock) => return knock,
        };
        let stream = match seal(socket, &self.key, self.root).await {
            Ok((stream, statement)) => {
                self.statement = Some(statement);
                stream
            }
            Err(error) => return Knock::Closed(error),
        };
        let (mut reader, mut writer) = tokio::io::split(stream);
        let hello = AgentMessage::Hello(Hello {
            versions,
            software: "outport 0.0.0".to_owned(),
            system: "test".to_owned(),
            status: self.status.clone(),
            outstanding: self.outstanding.clone(),
            sessions: self.sessions.clone(),
        });
        if let Err(error) = write(&mut writer, &hello).await {
            return Knock::Closed(error);
        }
        let mut decoder = FrameDecoder::default();
        match read(&mut reader, &mut decoder).await {
            Ok(HubMessage::Welcome(welcome)) => {
                let (tell, heard) = mpsc::channel(1024);
                let mut pump = JoinSet::new();
                pump.spawn(async move {
                    while let Ok(message) = read(&mut reader, &mut decoder).await {
                        if tell.send(message).await.is_err() {
                            return;
                        }
                    }
                });
                self.channel = Some(Channel { writer, heard, _reader: pump });
                Knock::Welcome(welcome)
            }
            Ok(HubMessage::Refused { problem, .. }) => Knock::Refused(problem),
            Ok(other) => panic!("{other:?} instead of a welcome"),
            Err(error) => Knock::Closed(error),
        }
    }

    pub(crate) async fn say(&mut self, message: AgentMessage) {
        let channel = self.channel.as_mut().expect("the agent is connected");
        write(&mut channel.writer, &message).await.unwrap();
    }

    /// Writes bytes that need be no message.
    pub(crate) async fn say_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let channel = self.channel.as_mut().expect("the agent is connected");
        channel.writer.write_all(bytes).await?;
        channel.writer.flush().await
    }

    /// The next message that is no ping; `None` when the hub closed the channel.
    pub(crate) async fn hear(&mut self) -> Option<HubMessage> {
        let channel = self.channel.as_mut().expect("the agent is connected");
        let hearing = async {
            loop {
                match channel.heard.recv().await? {
                    HubMessage::Ping { .. } => {
                        write(&mut channel.writer, &AgentMessage::Pong).await.ok();
                    }
                    message => return Some(message),
                }
            }
        };
        timeout(PATIENCE, hearing).await.expect("the hub says something")
    }

    /// The next message of a kind, whatever comes before it.
    pub(crate) async fn hear_until<T>(&mut self, pick: impl Fn(HubMessage) -> Option<T>) -> T {
        loop {
            let message = self.hear().await.expect("the channel is open");
            if let Some(found) = pick(message) {
                return found;
            }
        }
    }

    pub(crate) async fn hear_start(&mut self) -> Start {
        let start = self.hear_until(|message| match message {
            HubMessage::Start(start) => Some(*start),
            _ => None,
        });
        start.await
    }

    pub(crate) async fn hear_revoke(&mut self) -> SessionId {
        let revoked = self.hear_until(|message| match message {
            HubMessage::Revoke { session, .. } => Some(session),
            _ => None,
        });
        revoked.await
    }

    pub(crate) async fn hear_ack(&mut self) -> u64 {
        let ack = self.hear_until(|message| match message {
            HubMessage::ReportAck { last, .. } => Some(last),
            _ => None,
        });
        ack.await
    }

    pub(crate) async fn link_up(&mut self, session: SessionId) {
        let state = SessionState::Connected { route: Route::Lan };
        self.say(AgentMessage::Session { session, state }).await;
    }

    pub(crate) async fn pause(&mut self, paused: bool) {
        self.status.paused = paused.then_some(Paused { until: None });
        self.say(AgentMessage::Status(self.status.clone())).await;
    }

    pub(crate) async fn report(&mut self, task: TaskId, first: u64, reports: Vec<Report>) {
        self.say(AgentMessage::Reports { task, first, reports }).await;
    }
}

pub(crate) fn finished(counts: Counts, failure: Option<Problem>) -> Report {
    Report::Finished(Finished { time: UnixTime::from_seconds(4_000_000_000), failure, counts })
}

/// Opens a WebSocket at the hub.
pub(crate) async fn open(url: &str) -> Result<Socket, Knock> {
    open_at(url, CONTROL_PATH).await
}

/// The same at another path.
pub(crate) async fn open_at(url: &str, path: &str) -> Result<Socket, Knock> {
    let url = format!("{}{path}", url.replacen("http", "ws", 1).trim_end_matches('/'));
    match connect_async(url).await {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(response)) => {
            let wait = response.headers().get("retry-after");
            let wait = wait.and_then(|value| value.to_str().ok()).map(str::to_owned);
            Err(Knock::Http(StatusCode::from_u16(response.status().as_u16()).unwrap(), wait))
        }
        Err(error) => Err(Knock::Closed(io::Error::other(error))),
    }
}

/// Reads the hub's statement and shakes hands inside the WebSocket.
pub(crate) async fn seal(
    socket: Socket,
    key: &SecretKey,
    root: PublicKey,
) -> io::Result<(TlsStream<ClientBytes>, Statement)> {
    seal_for(socket, key, root, ALPN_CONTROL).await
}

/// The same for another protocol.
pub(crate) async fn seal_for(
    mut socket: Socket,
    key: &SecretKey,
    root: PublicKey,
    alpn: &[u8],
) -> io::Result<(TlsStream<ClientBytes>, Statement)> {
    let first = loop {
        match socket.next().await {
            Some(Ok(Message::Binary(bytes))) => break bytes,
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(io::Error::other(error)),
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
    };
    let statement = SignedStatement::from_bytes(&first).unwrap().verify(&root, 0).unwrap();
    let config = client_config(key, statement.channel_key, alpn).unwrap();
    let name = rustls::pki_types::ServerName::try_from(SERVER_NAME).unwrap();
    let bytes = ClientBytes { socket, arrived: Bytes::new() };
    let stream = TlsConnector::from(Arc::new(config)).connect(name, bytes).await?;
    Ok((stream, statement))
}

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A WebSocket as a stream of bytes.
pub(crate) struct ClientBytes {
    socket: Socket,
    arrived: Bytes,
}

impl AsyncRead for ClientBytes {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.arrived.is_empty() {
            match ready!(Pin::new(&mut this.socket).poll_next(cx)) {
                Some(Ok(Message::Binary(bytes))) => this.arrived = bytes,
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                None => return Poll::Ready(Ok(())),
            }
        }
        let bytes = this.arrived.len().min(buffer.remaining());
        buffer.put_slice(&this.arrived[..bytes]);
        this.arrived.advance(bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ClientBytes {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(Pin::new(&mut self.socket).poll_ready(cx)).map_err(io::Error::other)?;
        let taken = bytes.len().min(CHANNEL_MESSAGE_BYTES_MAX);
        let message = Message::Binary(Bytes::copy_from_slice(&bytes[..taken]));
        Pin::new(&mut self.socket).start_send(message).map_err(io::Error::other)?;
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx).map_err(io::Error::other)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_close(cx).map_err(io::Error::other)
    }
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), message: &AgentMessage) -> io::Result<()> {
    stream.write_all(&encode_frame(message).unwrap()).await?;
    stream.flush().await
}

async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    decoder: &mut FrameDecoder,
) -> io::Result<HubMessage> {
    loop {
        if let Some(message) = decoder.poll().unwrap() {
            return Ok(message);
        }
        let mut chunk = [0; 16 * 1024];
        let bytes = stream.read(&mut chunk).await?;
        if bytes == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        decoder.push(&chunk[..bytes]);
    }
}

pub(crate) fn rand_seed() -> [u8; 32] {
    let (a, b) = (outport_types::TaskId::random(), outport_types::TaskId::random());
    let mut seed = [0; 32];
    seed[..16].copy_from_slice(a.as_bytes());
    seed[16..].copy_from_slice(b.as_bytes());
    seed
}

/// How long a test waits for what must come; only a failure takes so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
