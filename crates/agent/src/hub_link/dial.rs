//! From a URL to a stream that only the right hub and this computer can read.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use outport_api::client::{HubUrl, ProxyError, Trust};
use outport_protocol::{
    codec::DecodeError,
    control::{CHANNEL_MESSAGE_BYTES_MAX, CONTROL_PATH},
    secret::SecretKey,
    statement::{SignedStatement, Statement},
    tls::{self, ALPN_CONTROL, SERVER_NAME, TlsConfigError},
};
use outport_types::{Chain, Code, Problem};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        self, Message, handshake::client::generate_key, http, protocol::WebSocketConfig,
    },
};

use super::messages::{ChannelBytes, channel_bytes, io_error};
use crate::{
    proxy::WayError,
    trust::{self, TrustError},
};

/// A stream whatever carries it.
pub(crate) trait Carrier: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Carrier for S {}

/// A channel on which both sides proved their keys.
pub(crate) type Sealed = TlsStream<ChannelBytes>;

/// How far dialling comes; `doctor` asks for one step after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Name,
    Tcp,
    Tls,
    WebSocket,
    Statement,
    Keys,
}

/// Why the hub could not be dialled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum DialError {
    #[error("the name {host} cannot be resolved")]
    Name { host: String, source: io::Error },
    #[error("cannot connect to {host}")]
    Tcp { host: String, source: io::Error },
    #[error("nobody can say which way goes to the hub")]
    Way(#[source] WayError),
    #[error("the way through the proxy is closed")]
    Proxy(#[source] ProxyError),
    #[error("the outer encryption cannot be set up")]
    Trust(#[source] TrustError),
    #[error("the certificate of {host} is not accepted")]
    Tls { host: String, source: io::Error },
    #[error("what answers at {hub} is no hub")]
    WebSocket { hub: HubUrl, source: Box<tungstenite::Error> },
    #[error("the hub closed the connection before it showed its keys")]
    NoStatement,
    #[error(
        "the hub takes no connection for its relay; its administrator may have switched it off"
    )]
    NoRelay,
    #[error("the hub showed no statement of keys")]
    BadStatement(#[source] DecodeError),
    #[error("the hub is another one")]
    OtherHub(#[source] Problem),
    #[error("this computer's key cannot be used")]
    Key(#[source] TlsConfigError),
    #[error("the hub did not prove its key")]
    Seal(#[source] io::Error),
    #[error("the agent stops")]
    Stopped,
}

impl DialError {
    /// How long the hub asks to stay away.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let Self::WebSocket { source, .. } = self else { return None };
        let tungstenite::Error::Http(response) = &**source else { return None };
        let seconds: u64 = response.headers().get("retry-after")?.to_str().ok()?.parse().ok()?;
        Some(Duration::from_secs(seconds.min(RETRY_SECONDS_MAX)))
    }

    /// Whether it may be the network that answers in the hub's place, or lets nothing out.
    pub(crate) fn may_be_the_network(&self) -> bool {
        matches!(self, Self::Tcp { .. } | Self::Tls { .. })
    }

    /// What a person is told.
    pub(crate) fn problem(&self, hub: &HubUrl) -> Problem {
        let (code, reason) = match self {
            Self::OtherHub(problem) => return problem.clone(),
            Self::Way(error) => return error.problem(),
            Self::Proxy(error) => return error.problem(),
            Self::Trust(error) => (Code::HubUntrusted, Chain(error).to_string()),
            Self::Tls { source, .. } if distrusts(source) => {
                (Code::HubUntrusted, source.to_string())
            }
            Self::Name { .. }
            | Self::Tcp { .. }
            | Self::Tls { .. }
            | Self::WebSocket { .. }
            | Self::NoStatement
            | Self::NoRelay
            | Self::BadStatement(_)
            | Self::Key(_)
            | Self::Seal(_)
            | Self::Stopped => (Code::HubUnreachable, innermost(self)),
        };
        Problem::new(code, [("hub", hub.to_string().into()), ("reason", reason.into())])
    }

    /// Which step failed.
    pub(crate) fn step(&self) -> Step {
        match self {
            Self::Name { .. } => Step::Name,
            Self::Tcp { .. } | Self::Way(_) | Self::Proxy(_) => Step::Tcp,
            Self::Trust(_) | Self::Tls { .. } => Step::Tls,
            Self::WebSocket { .. } | Self::NoRelay => Step::WebSocket,
            Self::NoStatement | Self::BadStatement(_) | Self::OtherHub(_) | Self::Stopped => {
                Step::Statement
            }
            Self::Key(_) | Self::Seal(_) => Step::Keys,
        }
    }
}

/// Whether a handshake failed because of the certificate, and not because of the network.
fn distrusts(error: &io::Error) -> bool {
    let tls = error.get_ref().and_then(|inside| inside.downcast_ref());
    matches!(tls, Some(rustls::Error::InvalidCertificate(_)))
}

/// The cause that says most to a person.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}

/// Dials the hub; `check` decides about the statement of keys that it shows. Answers with the sealed
/// stream, the statement, and the address of this computer that the stream uses.
pub(crate) async fn dial(
    hub: &HubUrl,
    key: &SecretKey,
    trust: &Trust,
    check: impl AsyncFnOnce(SignedStatement) -> Result<Statement, DialError>,
) -> Result<(Sealed, Statement, Option<IpAddr>), DialError> {
    dial_inside(hub, key, trust, (CONTROL_PATH, ALPN_CONTROL), check).await
}

/// The same for a protocol that has a path and a name of its own.
pub(crate) async fn dial_inside(
    hub: &HubUrl,
    key: &SecretKey,
    trust: &Trust,
    (path, alpn): (&str, &[u8]),
    check: impl AsyncFnOnce(SignedStatement) -> Result<Statement, DialError>,
) -> Result<(Sealed, Statement, Option<IpAddr>), DialError> {
    let (stream, local) = connect(hub, trust).await?;
    let stream = encrypt(hub, trust, stream).await?;
    let mut socket = upgrade(hub, stream, path, CHANNEL_MESSAGE_BYTES_MAX).await?;
    let signed = first_message(&mut socket).await?;
    let statement = check(signed).await?;
    let config = tls::client_config(key, statement.channel_key, alpn).map_err(DialError::Key)?;
    let name = ServerName::try_from(SERVER_NAME).expect("the constant is a name");
    let connector = TlsConnector::from(Arc::new(config));
    let sealed = connector.connect(name, channel_bytes(socket)).await.map_err(DialError::Seal)?;
    if sealed.get_ref().1.alpn_protocol() != Some(alpn) {
        let error = io::Error::new(io::ErrorKind::InvalidData, "it speaks another protocol");
        return Err(DialError::Seal(error));
    }
    Ok((sealed, statement, local))
}

/// Connects to the first address of the hub that answers, or through the proxy where there is one.
pub(crate) async fn connect(
    hub: &HubUrl,
    trust: &Trust,
) -> Result<(TcpStream, Option<IpAddr>), DialError> {
    let (host, port) = hub.host_and_port();
    let stream = match trust.proxy.as_ref().filter(|_| !hub.is_loopback()) {
        None => connect_to(host, port).await?,
        Some(proxy) => {
            let unreachable = |source| {
                DialError::Proxy(ProxyError::Unreachable { proxy: proxy.address.clone(), source })
            };
            let address = &proxy.address;
            let stream = match connect_to(address.host().to_owned(), address.port()).await {
                Ok(stream) => stream,
                Err(DialError::Name { source, .. } | DialError::Tcp { source, .. }) => {
                    return Err(unreachable(source));
                }
                Err(other) => return Err(other),
            };
            proxy.tunnel(stream, &host, port).await.map_err(DialError::Proxy)?
        }
    };
    stream.set_nodelay(true).ok();
    let local = stream.local_addr().ok().map(|address| address.ip());
    Ok((stream, local))
}

/// Connects to the first address of a name that answers.
pub(crate) async fn connect_to(host: String, port: u16) -> Result<TcpStream, DialError> {
    let addresses = lookup_host((host.as_str(), port))
        .await
        .map_err(|source| DialError::Name { host: host.clone(), source })?;
    let addresses = interleave(addresses.take(ADDRESSES_MAX).collect());
    race(addresses, TcpStream::connect).await.map_err(|source| DialError::Tcp { host, source })
}

/// The outer encryption, where the URL asks for it.
async fn encrypt(
    hub: &HubUrl,
    trust: &Trust,
    stream: TcpStream,
) -> Result<Box<dyn Carrier>, DialError> {
    if !hub.is_encrypted() {
        return Ok(Box::new(stream));
    }
    encrypt_with(hub, outer_config(trust).await?, stream).await
}

/// Whom the outer encryption trusts.
pub(super) async fn outer_config(trust: &Trust) -> Result<Arc<ClientConfig>, DialError> {
    let trust = trust.clone();
    // Reading the system's certificates takes a while and is done on the disk.
    let config = crate::blocking(move || trust::client_config(&trust)).await;
    Ok(Arc::new(config.map_err(DialError::Trust)?))
}

/// The outer encryption, where the URL asks for it, by what was read before.
pub(crate) async fn encrypt_with(
    hub: &HubUrl,
    config: Arc<ClientConfig>,
    stream: impl Carrier + 'static,
) -> Result<Box<dyn Carrier>, DialError> {
    if !hub.is_encrypted() {
        return Ok(Box::new(stream)); // the URL's type lets that through on loopback only
    }
    let (host, _) = hub.host_and_port();
    let invalid = |error| DialError::Tls {
        host: host.clone(),
        source: io::Error::new(io::ErrorKind::InvalidInput, error),
    };
    let name = ServerName::try_from(host.clone()).map_err(invalid)?;
    let connector = TlsConnector::from(config);
    let stream = connector.connect(name, stream).await;
    Ok(Box::new(stream.map_err(|source| DialError::Tls { host, source })?))
}

/// Makes it a WebSocket at a path of the hub, for messages up to a length.
pub(super) async fn upgrade(
    hub: &HubUrl,
    stream: Box<dyn Carrier>,
    path: &str,
    message_bytes_max: usize,
) -> Result<WebSocketStream<Box<dyn Carrier>>, DialError> {
    let url = hub.at(path);
    let scheme = if hub.is_encrypted() { "wss" } else { "ws" };
    let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let request = http::Request::builder()
        .uri(format!("{scheme}://{authority}{path}"))
        .header("Host", authority)
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", generate_key())
        .header("User-Agent", concat!("outport/", env!("CARGO_PKG_VERSION")))
        .body(());
    let failed = |source: tungstenite::Error| DialError::WebSocket {
        hub: hub.clone(),
        source: Box::new(source),
    };
    let request = request.map_err(|error| failed(error.into()))?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(message_bytes_max))
        .max_frame_size(Some(message_bytes_max))
        .write_buffer_size(0);
    let (socket, _) =
        client_async_with_config(request, stream, Some(config)).await.map_err(failed)?;
    Ok(socket)
}

/// The hub's statement of keys, which it sends before anything else.
async fn first_message(
    socket: &mut WebSocketStream<Box<dyn Carrier>>,
) -> Result<SignedStatement, DialError> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Binary(bytes))) => {
                return SignedStatement::from_bytes(&bytes).map_err(DialError::BadStatement);
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Ok(Message::Text(_) | Message::Close(_))) | None => {
                return Err(DialError::NoStatement);
            }
            Some(Err(error)) => return Err(DialError::Seal(io_error(error))),
        }
    }
}

/// Tries one address after the other without waiting for the slow ones; the first answer wins.
async fn race<S, F: Future<Output = io::Result<S>>>(
    addresses: Vec<SocketAddr>,
    connect: impl Fn(SocketAddr) -> F,
) -> io::Result<S> {
    let mut tries = FuturesUnordered::new();
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        tries.push(connect(address));
        match timeout(TRY_EVERY, tries.next()).await {
            Ok(Some(Ok(stream))) => return Ok(stream),
            Ok(Some(Err(error))) => failure = error,
            Ok(None) | Err(_) => {}
        }
    }
    while let Some(tried) = tries.next().await {
        match tried {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Takes turns between the two kinds of address, so that one that does not work costs little. The
/// system put first what it has a way to.
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let begins_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (one, other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == begins_v6);
    let longest = one.len().max(other.len());
    let turns = (0..longest).flat_map(|place| [one.get(place), other.get(place)]);
    turns.flatten().copied().collect()
}

impl fmt::Debug for dyn Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Carrier")
    }
}

/// A quarter of a second is what browsers give an address before they try the next.
const TRY_EVERY: Duration = Duration::from_millis(250);
/// How long a hub, or whatever answers in its place, may ask us to stay away.
pub(super) const RETRY_SECONDS_MAX: u64 = 600;
/// A name with more addresses than this is tried no further.
const ADDRESSES_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[test]
    fn the_two_kinds_of_address_take_turns() {
        let [a, b, c]: [SocketAddr; 3] =
            ["192.0.2.1:1", "192.0.2.2:1", "[2001:db8::1]:1"].map(|text| text.parse().unwrap());
        assert_eq!(interleave(vec![a, b, c]), [a, c, b]);
        assert_eq!(interleave(vec![c, a, b]), [c, a, b]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_refuses_costs_nothing_and_a_silent_one_a_quarter_of_a_second() {
        let [refuses, silent, answers] =
            [1, 2, 3].map(|port| SocketAddr::from(([192, 0, 2, 1], port)));
        let connect = async |address: SocketAddr| match address.port() {
            1 => Err(io::ErrorKind::ConnectionRefused.into()),
            2 => std::future::pending().await,
            _ => Ok(address),
        };
        for (first, pause) in [(refuses, Duration::ZERO), (silent, TRY_EVERY)] {
            let began = Instant::now();
            assert_eq!(race(vec![first, answers], connect).await.unwrap(), answers);
            assert_eq!(began.elapsed(), pause, "{first}");
        }
        assert!(race(vec![refuses, refuses], connect).await.is_err());
    }
}
