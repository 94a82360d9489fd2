//! The control channel to the hub: dialled, kept, dialled again.
//!
//! One worker per registration. It decides nothing: what arrives goes to the agent's core, what the
//! core wants said goes out, and in between it sees to it that a dead channel is noticed and
//! replaced: after silence, after waking from sleep, after a change of network, with growing pauses
//! where the hub does not answer, and short ones where the network wants a sign-in in a browser first.

mod backoff;
mod dial;
mod messages;
mod tunnel;

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use outport_api::client::{HubUrl, ProxyError, Trust};
use outport_control::{Paths, ProxyUse};
use outport_protocol::{
    control::{
        AgentMessage, CONTROL_VERSION, FrameDecoder, FrameError, Hello, HubMessage, Outcome,
        Welcome, encode_frame,
    },
    secret::SecretKey,
    statement::{SignedStatement, Statement},
};
use outport_types::{Chain, Code, Problem};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use self::{backoff::Backoff, dial::RETRY_SECONDS_MAX};
#[cfg(test)]
pub(crate) use self::{
    dial::Carrier,
    messages::{ChannelBytes, channel_bytes},
};
pub(crate) use self::{
    dial::{DialError, Step, connect, connect_to, dial, dial_inside, encrypt_with, innermost},
    tunnel::{HubTunnels, knock},
};
use crate::{
    config::InForce,
    portal,
    proxy::{self, Way},
    trust,
};

/// What the channel tells the agent's core.
#[derive(Debug)]
pub(crate) enum HubEvent {
    /// A hub answered and shows its keys: are they those of our hub?
    Statement { signed: SignedStatement, answer: oneshot::Sender<Result<Statement, Problem>> },
    /// The hub proved its key: what do we say first?
    Greet { answer: oneshot::Sender<Hello> },
    /// The hub lets us in; what is sent into `out` is for this channel only.
    Connected { welcome: Welcome, statement: Statement, out: mpsc::Sender<AgentMessage> },
    /// The hub says something.
    Message(HubMessage),
    /// There is no channel now.
    Down { problem: Problem, what_next: WhatNext },
    /// A new try begins.
    Dialling,
    /// What the hub is dialled through; straight without one.
    Way(Option<ProxyUse>),
}

/// What the channel does after it broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhatNext {
    /// It tries again after this pause, or at once when the network changes.
    Retry(Duration),
    /// Nothing, because trying again cannot help.
    Rest,
}

/// How the worker reaches its hub and who it is there.
#[derive(Debug)]
pub(crate) struct HubLink {
    pub(crate) paths: Paths,
    pub(crate) hub: HubUrl,
    pub(crate) key: SecretKey,
    /// Names certificates to trust and the proxy.
    pub(crate) config: InForce,
    pub(crate) events: mpsc::Sender<HubEvent>,
    pub(crate) shakes: watch::Receiver<Shake>,
    /// While the owner has this computer paused, what is said instead of answers.
    pub(crate) recall: watch::Receiver<Option<Problem>>,
}

/// Counts the moments after which a channel may be dead, or must be built anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shake {
    /// Times that the computer woke up.
    pub(crate) wakes: u64,
    /// Changes of network.
    pub(crate) changes: u64,
    /// The computer's addresses after the last of them.
    pub(crate) addresses: BTreeSet<IpAddr>,
    /// Times that the owner named other certificates to trust, or another way to the hub.
    pub(crate) trusts: u64,
}

/// Why a channel ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ChannelError {
    #[error("the hub cannot be reached")]
    Dial(#[source] DialError),
    #[error("the connection failed")]
    Io(#[source] std::io::Error),
    #[error("the hub sent what is no message")]
    Frame(#[source] FrameError),
    #[error("the hub was silent for too long")]
    Silent,
    #[error("the network wants a sign-in in a browser first")]
    SignInFirst,
    #[error("the network wants no sign-in any more")]
    LetThrough,
    #[error("the hub closed the connection")]
    Closed,
    #[error("the computer slept, or its network or the way to the hub changed")]
    Shaken,
    #[error("the owner paused while an answer was on its way")]
    Recalled,
    #[error("the hub did not let this computer in")]
    Refused { problem: Problem, retry_after: Option<Duration> },
    #[error("the hub answered something else than a welcome")]
    NotWelcome,
    #[error("the hub speaks version {0} of the control channel")]
    Version(u32),
    #[error("the hub is not the one that this computer knows")]
    OtherHub(#[source] Problem),
    #[error("the agent stops")]
    Stopped,
}

impl HubLink {
    /// Keeps a channel until `stop`.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut backoff = Backoff::default();
        let mut waits_for_sign_in = false;
        loop {
            if self.events.send(HubEvent::Dialling).await.is_err() {
                return;
            }
            let before = self.shakes.borrow_and_update().clone();
            let started = Instant::now();
            let ended = match stop.run_until_cancelled(self.open(waits_for_sign_in)).await {
                Some(Ok(channel)) => self.keep(channel, &before).await,
                Some(Err(error)) => error,
                None => return,
            };
            if stop.is_cancelled() {
                return;
            }
            if STEADY < started.elapsed() {
                backoff = Backoff::default();
            }
            tracing::info!(reason = %Chain(&ended), "the channel to the hub is down");
            waits_for_sign_in = matches!(ended, ChannelError::SignInFirst);
            let what_next = ended.what_next(&mut backoff);
            let problem = ended.problem(&self.hub);
            if self.events.send(HubEvent::Down { problem, what_next }).await.is_err() {
                return;
            }
            let pause = match what_next {
                WhatNext::Retry(pause) => pause,
                WhatNext::Rest => return,
            };
            let shaken = self.shakes.changed();
            if stop.run_until_cancelled(timeout(pause, shaken)).await.is_none() {
                return;
            }
        }
    }

    /// Dials, checks whose the hub is, and is let in. Where the network wanted a sign-in before, it does
    /// not wait for what hangs longer than the network does.
    async fn open(&self, waits_for_sign_in: bool) -> Result<Channel, ChannelError> {
        let statement = async |signed: SignedStatement| {
            let (answer, answered) = oneshot::channel();
            let asked = HubEvent::Statement { signed, answer };
            self.events.send(asked).await.map_err(|_| DialError::Stopped)?;
            answered.await.map_err(|_| DialError::Stopped)?.map_err(DialError::OtherHub)
        };
        let trust = timeout(DIAL_TIMEOUT, self.trust()).await;
        let trust = trust.map_err(|_| ChannelError::Silent)?.map_err(ChannelError::of_dial)?;
        let dialling = timeout(DIAL_TIMEOUT, dial(&self.hub, &self.key, &trust, statement));
        let dialled = tokio::select! {
            dialled = dialling => dialled.map_err(|_| ChannelError::Silent)
                .and_then(|dialled| dialled.map_err(ChannelError::of_dial)),
            () = self.let_through(&trust), if waits_for_sign_in => Err(ChannelError::LetThrough),
        };
        let is_suspicious = dialled.as_ref().is_err_and(ChannelError::may_be_the_network);
        if is_suspicious && portal::wants_sign_in(&self.hub, &trust).await {
            return Err(ChannelError::SignInFirst);
        }
        let (stream, statement, local) = dialled?;
        let (mut reader, mut writer) = tokio::io::split(stream);
        let (answer, answered) = oneshot::channel();
        self.events.send(HubEvent::Greet { answer }).await.map_err(|_| ChannelError::Stopped)?;
        let hello = answered.await.map_err(|_| ChannelError::Stopped)?;
        let welcomed = async {
            write(&mut writer, &AgentMessage::Hello(hello)).await?;
            let mut decoder = FrameDecoder::default();
            let first = read(&mut reader, &mut decoder, WELCOME_TIMEOUT).await?;
            Ok((first, decoder))
        };
        let (first, decoder) =
            timeout(WELCOME_TIMEOUT, welcomed).await.map_err(|_| ChannelError::Silent)??;
        let welcome = check_welcome(first)?;
        let (reader, writer): (Reader, Writer) = (Box::new(reader), Box::new(writer));
        Ok(Channel { reader, writer, decoder, welcome, statement, local })
    }

    /// Waits until the network no longer wants a sign-in.
    async fn let_through(&self, trust: &Trust) {
        loop {
            sleep(SIGN_IN_LOOK).await;
            if !portal::wants_sign_in(&self.hub, trust).await {
                return;
            }
        }
    }

    /// How the hub is reached and recognised now.
    async fn trust(&self) -> Result<Trust, DialError> {
        let config = self.config.borrow().clone();
        let certificates = trust::certificates(config.ca_file.clone()).await;
        let extra_roots_pem = certificates.unwrap_or_else(|error| {
            tracing::warn!(%error, "the extra certificates cannot be read");
            None
        });
        let chosen = proxy::choose(&self.paths, &config.proxy, &self.hub).await;
        let way = chosen.map_err(DialError::Way)?;
        if let Some(way) = &way {
            tracing::info!(named_by = ?way.source, "the hub is dialled through a proxy");
        }
        let shown = way.as_ref().map(Way::shown);
        self.events.send(HubEvent::Way(shown)).await.map_err(|_| DialError::Stopped)?;
        Ok(Trust { extra_roots_pem, proxy: way.map(|way| way.proxy) })
    }

    /// Carries messages both ways until the channel ends. What shook this computer since `before`,
    /// when it was dialled, ends it too.
    async fn keep(&mut self, channel: Channel, before: &Shake) -> ChannelError {
        let Channel { mut reader, mut writer, mut decoder, welcome, statement, local } = channel;
        let silence =
            Duration::from_secs(welcome.silence_seconds_max.clamp(1, SILENCE_SECONDS_MAX));
        let (out, mut outgoing) = mpsc::channel(OUT_MAX);
        tracing::info!("connected to the hub");
        tracing::debug!(hub = %self.hub, name = %welcome.name, "the hub's welcome");
        let connected = HubEvent::Connected { welcome, statement, out };
        if self.events.send(connected).await.is_err() {
            return ChannelError::Stopped;
        }
        let reading = async {
            loop {
                match read(&mut reader, &mut decoder, silence).await {
                    Ok(message) => {
                        if self.events.send(HubEvent::Message(message)).await.is_err() {
                            return ChannelError::Stopped;
                        }
                    }
                    Err(error) => return error,
                }
            }
        };
        let mut recall = self.recall.clone();
        let writing = async {
            while let Some(message) = outgoing.recv().await {
                if let Err(error) = write_unless(&mut recall, &mut writer, message).await {
                    return error;
                }
            }
            // The core let go of the channel: what it said last has been written.
            timeout(CLOSE_TIMEOUT, writer.shutdown()).await.ok();
            ChannelError::Stopped
        };
        let mut shakes = self.shakes.clone();
        let shaken = async {
            loop {
                let now = shakes.borrow_and_update().clone();
                let moved = now.changes != before.changes
                    && local.is_some_and(|ip| !ip.is_loopback() && !now.addresses.contains(&ip));
                if (now.wakes, now.trusts) != (before.wakes, before.trusts) || moved {
                    return ChannelError::Shaken;
                }
                if shakes.changed().await.is_err() {
                    return std::future::pending().await;
                }
            }
        };
        tokio::select! {
            error = reading => error,
            error = writing => error,
            error = shaken => error,
        }
    }
}

type Reader = Box<dyn AsyncRead + Send + Unpin>;
type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// A channel on which the hub let us in.
struct Channel {
    reader: Reader,
    writer: Writer,
    decoder: FrameDecoder,
    welcome: Welcome,
    statement: Statement,
    /// The address of this computer that it uses.
    local: Option<IpAddr>,
}

impl ChannelError {
    fn of_dial(error: DialError) -> Self {
        if let DialError::OtherHub(problem) = error {
            return Self::OtherHub(problem);
        }
        if matches!(error, DialError::Stopped) { Self::Stopped } else { Self::Dial(error) }
    }

    fn may_be_the_network(&self) -> bool {
        match self {
            Self::Dial(error) => error.may_be_the_network(),
            Self::Silent => true,
            Self::Io(_)
            | Self::Frame(_)
            | Self::SignInFirst
            | Self::LetThrough
            | Self::Closed
            | Self::Shaken
            | Self::Recalled
            | Self::Refused { .. }
            | Self::NotWelcome
            | Self::Version(_)
            | Self::OtherHub(_)
            | Self::Stopped => false,
        }
    }

    fn problem(&self, hub: &HubUrl) -> Problem {
        match self {
            Self::SignInFirst | Self::LetThrough => portal::problem(hub),
            Self::Refused { problem, .. } | Self::OtherHub(problem) => problem.clone(),
            Self::Version(theirs) => Problem::new(
                Code::VersionUnsupported,
                [
                    ("ours", u64::from(CONTROL_VERSION).into()),
                    ("theirs", u64::from(*theirs).into()),
                ],
            ),
            Self::Dial(error) => error.problem(hub),
            Self::Io(_)
            | Self::Frame(_)
            | Self::Silent
            | Self::Closed
            | Self::Shaken
            | Self::Recalled
            | Self::NotWelcome
            | Self::Stopped => Problem::new(
                Code::HubUnreachable,
                [("hub", hub.to_string().into()), ("reason", innermost(self).into())],
            ),
        }
    }

    fn what_next(&self, backoff: &mut Backoff) -> WhatNext {
        match self {
            Self::Refused { problem, retry_after } => match (problem.code, retry_after) {
                (Code::EndpointRemoved | Code::KeyReplaced | Code::KeyUnknown, None) => {
                    WhatNext::Rest
                }
                (_, Some(pause)) => WhatNext::Retry(backoff.at_least(*pause)),
                (_, None) => WhatNext::Retry(backoff.next()),
            },
            // Somebody else's hub will not become ours within seconds.
            Self::OtherHub(_) | Self::Version(_) => {
                WhatNext::Retry(backoff.at_least(STRANGER_PAUSE))
            }
            Self::SignInFirst => {
                *backoff = Backoff::default();
                WhatNext::Retry(SIGN_IN_PAUSE)
            }
            Self::Shaken | Self::Recalled | Self::LetThrough => {
                *backoff = Backoff::default();
                WhatNext::Retry(Duration::ZERO)
            }
            // Many tries with a wrong password lock people out elsewhere too; a new one is tried at once.
            Self::Dial(DialError::Proxy(
                ProxyError::LoginWrong { .. } | ProxyError::NeedsLogin { .. },
            )) => WhatNext::Retry(backoff.at_least(STRANGER_PAUSE)),
            Self::Dial(error) => WhatNext::Retry(match error.retry_after() {
                Some(pause) => backoff.at_least(pause),
                None => backoff.next(),
            }),
            Self::Io(_)
            | Self::Frame(_)
            | Self::Silent
            | Self::Closed
            | Self::NotWelcome
            | Self::Stopped => WhatNext::Retry(backoff.next()),
        }
    }
}

fn check_welcome(first: HubMessage) -> Result<Welcome, ChannelError> {
    let refused = |problem, seconds: Option<u64>| {
        let pause = seconds.map(|seconds| Duration::from_secs(seconds.min(RETRY_SECONDS_MAX)));
        ChannelError::Refused { problem, retry_after: pause }
    };
    match first {
        HubMessage::Welcome(welcome) if welcome.version == CONTROL_VERSION => Ok(welcome),
        HubMessage::Welcome(welcome) => Err(ChannelError::Version(welcome.version)),
        HubMessage::Refused { problem, retry_after_seconds } => {
            Err(refused(problem, retry_after_seconds))
        }
        HubMessage::Start(_)
        | HubMessage::PeerCandidates { .. }
        | HubMessage::Renew { .. }
        | HubMessage::Revoke { .. }
        | HubMessage::TaskOver { .. }
        | HubMessage::ReportAck { .. }
        | HubMessage::Request { .. }
        | HubMessage::Probe(_)
        | HubMessage::ProbeRefused { .. }
        | HubMessage::Ping { .. }
        | HubMessage::Statement { .. }
        | HubMessage::Renamed { .. } => Err(ChannelError::NotWelcome),
    }
}

/// Writes a message. While the owner has this computer paused, no answer is begun, and one that is on
/// its way is cut off with the channel: the hub learns of the pause from the next hello.
async fn write_unless<W>(
    recall: &mut watch::Receiver<Option<Problem>>,
    writer: &mut W,
    mut message: AgentMessage,
) -> Result<(), ChannelError>
where
    W: AsyncWrite + Unpin,
{
    let AgentMessage::Answer { outcome, .. } = &mut message else {
        return write(writer, &message).await;
    };
    let refusal = recall.borrow().clone();
    if let Some(refusal) = refusal {
        *outcome = Outcome::Failed(refusal);
        return write(writer, &message).await;
    }
    let recalled = async {
        if recall.wait_for(Option::is_some).await.is_err() {
            std::future::pending().await
        }
        sleep(RECALL_GRACE).await;
    };
    tokio::select! {
        sent = write(writer, &message) => sent,
        () = recalled => Err(ChannelError::Recalled),
    }
}

async fn write<W>(writer: &mut W, message: &AgentMessage) -> Result<(), ChannelError>
where
    W: AsyncWrite + Unpin,
{
    let frame = encode_frame(message).map_err(ChannelError::Frame)?;
    let sending = async {
        writer.write_all(&frame).await?;
        writer.flush().await
    };
    match timeout(WRITE_TIMEOUT, sending).await {
        Ok(sent) => sent.map_err(ChannelError::Io),
        Err(_) => Err(ChannelError::Silent),
    }
}

/// The next message. A dropped future loses nothing but the rest of the channel.
async fn read<R>(
    reader: &mut R,
    decoder: &mut FrameDecoder,
    silence: Duration,
) -> Result<HubMessage, ChannelError>
where
    R: AsyncRead + Unpin,
{
    let mut buffer = vec![0; READ_BYTES];
    loop {
        if let Some(message) = decoder.poll().map_err(ChannelError::Frame)? {
            return Ok(message);
        }
        let got = match timeout(silence, reader.read(&mut buffer)).await {
            Ok(got) => got.map_err(ChannelError::Io)?,
            Err(_) => return Err(ChannelError::Silent),
        };
        if got == 0 {
            return Err(ChannelError::Closed);
        }
        decoder.push(&buffer[..got]);
    }
}

/// A name, a connection, two handshakes and a statement, over a slow line.
const DIAL_TIMEOUT: Duration = Duration::from_secs(20);
/// A hub that is busy with others says so.
const WELCOME_TIMEOUT: Duration = Duration::from_secs(20);
/// The largest frame over a line of 10 Mbit/s.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// An answer that is nearly out is not worth a channel; a pause takes a second at most.
const RECALL_GRACE: Duration = Duration::from_millis(500);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// A channel that lasted this long was a good one: the next pause is short again.
const STEADY: Duration = Duration::from_secs(10);
/// How long a hub may claim that silence is normal.
const SILENCE_SECONDS_MAX: u64 = 600;
/// Between tries at an address where another hub answers, or at a proxy that does not take the password.
const STRANGER_PAUSE: Duration = Duration::from_secs(60);
/// Between tries while the network wants a sign-in: whoever signs in is back before the page is closed.
const SIGN_IN_PAUSE: Duration = Duration::from_secs(2);
/// How often the network is asked whether it still does while a try hangs.
const SIGN_IN_LOOK: Duration = Duration::from_secs(1);
/// The message that is next; the core keeps the rest, where it can merge and recall them.
const OUT_MAX: usize = 1;
/// One TLS record.
const READ_BYTES: usize = 16 * 1024;

#[cfg(test)]
mod tests;
