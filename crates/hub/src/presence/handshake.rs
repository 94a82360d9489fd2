//! How hub and agent come to trust a channel.
//!
//! 1. The hub sends its statement of keys: the agent sees whether this is the hub it pinned.
//! 2. TLS inside the WebSocket: the hub proves the channel key of the statement, the agent its own
//!    key. A proxy in between, even one that ends the outer TLS, can neither read nor add anything.
//! 3. The hub looks up what the key stands for. A key that was never bound, was replaced, or
//!    belongs to a deleted endpoint is told so, and the channel closes.
//! 4. The agent's hello names the versions it speaks; one without a common version is told so.
//!
//! All of it has a time limit, and a stranger's bytes are counted before they are kept.

use std::{sync::Arc, time::Duration};

use axum::extract::ws::{Message, WebSocket};
use outport_protocol::{
    control::{AgentMessage, CONTROL_VERSION, HELLO_LIST_MAX, Hello, HubMessage},
    tls::{ALPN_CONTROL, ALPN_MEASURE, peer_key},
};
use outport_types::{Code, Problem, PublicKey};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{
    frames::{ChannelError, FrameReader, HELLO_BYTES_MAX, write_frame},
    stream::ByteStream,
};
use crate::{
    endpoints::{Registered, Standing},
    keys::DayKeys,
    state::HubState,
    store::StoreError,
};

/// An agent that may come in.
pub(super) struct Guest {
    pub(super) reader: FrameReader<ReadHalf<TlsStream<ByteStream>>>,
    pub(super) writer: WriteHalf<TlsStream<ByteStream>>,
    pub(super) registered: Registered,
    pub(super) key: PublicKey,
    pub(super) hello: Hello,
    /// The keys that it was told of.
    pub(super) keys: Arc<DayKeys>,
}

/// Why nobody came in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeError {
    #[error("the handshake took too long")]
    TooSlow,
    #[error("the WebSocket broke")]
    WebSocket(#[from] axum::Error),
    #[error("the TLS handshake failed")]
    Tls(#[source] std::io::Error),
    #[error("the agent did not say that it speaks the control channel")]
    OtherProtocol,
    #[error("the agent showed no key")]
    NoKey,
    #[error(transparent)]
    Channel(#[from] ChannelError),
    #[error("the agent did not begin with a hello")]
    NotHello,
    #[error("refused: {}", .0.message)]
    Refused(Problem),
    #[error("the database does not answer")]
    Store(#[from] StoreError),
}

/// Goes through the handshake, within its time.
pub(super) async fn shake(hub: &HubState, socket: WebSocket) -> Result<Guest, HandshakeError> {
    match timeout(HANDSHAKE_TIMEOUT, shake_slowly(hub, socket)).await {
        Ok(result) => result,
        Err(_) => Err(HandshakeError::TooSlow),
    }
}

/// Proves both keys to each other, for one of the protocols that go on inside.
async fn prove(
    hub: &HubState,
    mut socket: WebSocket,
    alpn: &[u8],
) -> Result<(TlsStream<ByteStream>, PublicKey, Arc<DayKeys>), HandshakeError> {
    let keys = hub.ring.day();
    socket.send(Message::Binary(keys.statement.to_bytes().into())).await?;
    let acceptor = TlsAcceptor::from(Arc::clone(&keys.channel));
    let stream = acceptor.accept(ByteStream::new(socket)).await.map_err(HandshakeError::Tls)?;
    // Where a client offers no protocol at all, TLS leaves the refusal to us.
    if stream.get_ref().1.alpn_protocol() != Some(alpn) {
        return Err(HandshakeError::OtherProtocol);
    }
    let shown = stream.get_ref().1.peer_certificates().and_then(peer_key);
    let key = shown.ok_or(HandshakeError::NoKey)?;
    Ok((stream, key, keys))
}

/// Goes so far with somebody who wants to measure, within the same time.
pub(crate) async fn shake_to_measure(
    hub: &HubState,
    socket: WebSocket,
) -> Result<(TlsStream<ByteStream>, Registered), HandshakeError> {
    let shaking = async {
        let (stream, key, _) = prove(hub, socket, ALPN_MEASURE).await?;
        match hub.endpoints.standing_of(&key).await? {
            Standing::Registered(registered) => Ok((stream, registered)),
            Standing::Refused(problem) => Err(HandshakeError::Refused(problem)),
        }
    };
    match timeout(HANDSHAKE_TIMEOUT, shaking).await {
        Ok(result) => result,
        Err(_) => Err(HandshakeError::TooSlow),
    }
}

async fn shake_slowly(hub: &HubState, socket: WebSocket) -> Result<Guest, HandshakeError> {
    let (stream, key, keys) = prove(hub, socket, ALPN_CONTROL).await?;
    let (reader, mut writer) = tokio::io::split(stream);
    let mut reader = FrameReader::new(reader, HELLO_BYTES_MAX);
    let registered = match hub.endpoints.standing_of(&key).await? {
        Standing::Registered(registered) => registered,
        Standing::Refused(problem) => {
            // Its hello is read, so that the close does not cut the answer off.
            reader.next::<serde_json::Value>().await.ok();
            return Err(refuse(writer, reader, problem, None).await);
        }
    };
    let AgentMessage::Hello(hello) = reader.next().await? else {
        return Err(HandshakeError::NotHello);
    };
    if HELLO_LIST_MAX < hello.outstanding.len() || HELLO_LIST_MAX < hello.sessions.len() {
        return Err(HandshakeError::NotHello);
    }
    let (oldest, newest) = hello.versions;
    if !(oldest..=newest).contains(&CONTROL_VERSION) {
        let problem = Problem::new(
            Code::VersionUnsupported,
            [
                ("ours", CONTROL_VERSION.to_string().into()),
                ("theirs", format!("{oldest} to {newest}").into()),
            ],
        );
        return Err(refuse(writer, reader, problem, None).await);
    }
    reader.trust();
    writer.flush().await.map_err(ChannelError::Io)?;
    Ok(Guest { reader, writer, registered, key, hello, keys })
}

/// Tells an agent why it may not come in, and sees to it that the words arrive.
pub(super) async fn refuse(
    mut writer: WriteHalf<TlsStream<ByteStream>>,
    mut reader: FrameReader<ReadHalf<TlsStream<ByteStream>>>,
    problem: Problem,
    retry_after_seconds: Option<u64>,
) -> HandshakeError {
    let message = HubMessage::Refused { problem: problem.clone(), retry_after_seconds };
    let told = async {
        write_frame(&mut writer, &message).await.ok();
        writer.shutdown().await.ok();
        reader.drain().await;
    };
    timeout(LAST_WORDS_TIMEOUT, told).await.ok();
    HandshakeError::Refused(problem)
}

impl<R: tokio::io::AsyncRead + Unpin> FrameReader<R> {
    /// Reads until the other end closes; nothing is kept.
    async fn drain(&mut self) {
        let stream = self.stream_mut();
        let mut scratch = [0; 1024];
        while stream.read(&mut scratch).await.is_ok_and(|bytes| bytes != 0) {}
    }
}

/// Round trips of a satellite line, and a slow disk; who dribbles is out.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an agent has to read why it was refused.
const LAST_WORDS_TIMEOUT: Duration = Duration::from_secs(2);
