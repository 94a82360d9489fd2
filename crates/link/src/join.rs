//! Both sides' part in making a connection into a link: see [`crate::hello`] for the exchange.

use std::{io, time::Duration};

use quinn::{Connection, ConnectionError, ReadExactError, TransportErrorCode};
use tokio::{io::AsyncWriteExt as _, time::timeout};

use crate::{
    end::CloseCode,
    hello::{Hello, HelloError, Welcome},
    quic::{Joined, close},
    registry::Arrival,
};

/// Why an address led to no link.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialFailure {
    /// Nothing came back: nobody is there, or a firewall stands between.
    #[error("no answer")]
    NoAnswer,
    /// The agent that answered does not expect this one (yet).
    #[error("it answers, but does not expect this session")]
    NotExpected,
    /// Somebody else answered.
    #[error("who answers there holds another key or speaks another protocol")]
    WrongKey,
    /// The system has no way to send there.
    #[error("not reachable from this computer ({reason})")]
    Unreachable {
        /// What it says.
        reason: String,
    },
    /// The relay forwards nothing more for who owns the session.
    #[error(
        "the relay forwards nothing more for {minutes} minutes, as the day's bytes are used up"
    )]
    UsedUp {
        /// In how many minutes it does again, rounded up.
        minutes: u16,
    },
    /// The connection came up and broke.
    #[error("the connection broke ({reason})")]
    Broken {
        /// What is known about it.
        reason: String,
    },
}

/// The dialler's part: names the session, opens the streams and waits to be taken.
pub(crate) async fn offer(connection: Connection, hello: Hello) -> Result<Joined, DialFailure> {
    let offered = async {
        let (mut out, mut back) = connection.open_bi().await?;
        out.write_all(&hello.encode()).await?;
        let mut data = Vec::with_capacity(usize::from(hello.streams));
        for number in 0..hello.streams {
            let (mut out, back) = connection.open_bi().await?;
            out.write_u8(number).await?;
            data.push((out, back));
        }
        let mut answer = [0; Welcome::BYTES];
        back.read_exact(&mut answer).await?;
        let welcome = Welcome::decode(&answer)?;
        Ok::<_, JoinError>(((out, back), data, welcome))
    };
    match offered.await {
        Ok((control, data, welcome)) => {
            Ok(Joined { connection, control, data, peer_attempt: welcome.attempt, dialled: true })
        }
        Err(error) => Err(error.failure(&connection)),
    }
}

/// The acceptor's part until a session is named.
pub(crate) async fn hear(connection: Connection) -> Result<Arrival, JoinError> {
    let (out, mut back) = connection.accept_bi().await?;
    let mut hello = [0; Hello::BYTES];
    back.read_exact(&mut hello).await?;
    let hello = Hello::decode(&hello)?;
    let mut data = Vec::with_capacity(usize::from(hello.streams));
    for number in 0..hello.streams {
        let (out, mut back) = connection.accept_bi().await?;
        let mut told = [0];
        back.read_exact(&mut told).await?;
        if told != [number] {
            return Err(JoinError::Order);
        }
        data.push((out, back));
    }
    Ok(Arrival { connection, hello, control: (out, back), data })
}

/// The acceptor's part once it takes the connection.
pub(crate) async fn welcome(arrival: Arrival, attempt: u64) -> Result<Joined, DialFailure> {
    let Arrival { connection, hello, mut control, data } = arrival;
    let answered = timeout(WELCOME_LIMIT, control.0.write_all(&Welcome { attempt }.encode())).await;
    match answered {
        Ok(Ok(())) => {
            Ok(Joined { connection, control, data, peer_attempt: hello.attempt, dialled: false })
        }
        Ok(Err(error)) => Err(JoinError::from(io::Error::from(error)).failure(&connection)),
        Err(_) => Err(DialFailure::NoAnswer),
    }
}

/// Why the exchange failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JoinError {
    #[error("the connection broke")]
    Connection(#[from] ConnectionError),
    #[error("a stream broke")]
    Stream(#[from] io::Error),
    #[error(transparent)]
    Hello(#[from] HelloError),
    #[error("the data streams are out of order")]
    Order,
}

impl From<ReadExactError> for JoinError {
    fn from(error: ReadExactError) -> Self {
        match error {
            ReadExactError::FinishedEarly(_) => Self::Stream(io::ErrorKind::UnexpectedEof.into()),
            ReadExactError::ReadError(error) => Self::Stream(error.into()),
        }
    }
}

impl From<quinn::WriteError> for JoinError {
    fn from(error: quinn::WriteError) -> Self {
        Self::Stream(error.into())
    }
}

impl JoinError {
    /// Whether the other side spoke, and wrongly.
    pub(crate) fn is_violation(&self) -> bool {
        match self {
            Self::Hello(_) | Self::Order => true,
            Self::Connection(_) | Self::Stream(_) => false,
        }
    }

    fn failure(&self, connection: &Connection) -> DialFailure {
        match connection.close_reason() {
            Some(reason) => dial_failure(&reason),
            None => {
                close(connection, CloseCode::Violation, "");
                DialFailure::Broken { reason: self.to_string() }
            }
        }
    }
}

/// What a connection's end says about the address that was dialled.
pub(crate) fn dial_failure(error: &ConnectionError) -> DialFailure {
    let broken = |reason: String| DialFailure::Broken { reason };
    match error {
        ConnectionError::TimedOut | ConnectionError::Reset => DialFailure::NoAnswer,
        ConnectionError::ApplicationClosed(closed) => {
            let code = CloseCode::from_number(closed.error_code.into_inner());
            if code == CloseCode::NotExpected {
                DialFailure::NotExpected
            } else {
                broken(code.to_string())
            }
        }
        ConnectionError::ConnectionClosed(closed) if is_refusal(closed.error_code) => {
            DialFailure::NotExpected
        }
        ConnectionError::ConnectionClosed(closed) => broken(closed.error_code.to_string()),
        ConnectionError::TransportError(error) if is_tls(error.code) => DialFailure::WrongKey,
        ConnectionError::TransportError(error) => broken(error.code.to_string()),
        ConnectionError::VersionMismatch => DialFailure::WrongKey,
        ConnectionError::LocallyClosed | ConnectionError::CidsExhausted => {
            broken(error.to_string())
        }
    }
}

/// The acceptor turned this key away in the handshake, or takes nobody at the moment.
fn is_refusal(code: TransportErrorCode) -> bool {
    code == TransportErrorCode::crypto(TLS_ACCESS_DENIED)
        || code == TransportErrorCode::CONNECTION_REFUSED
}

/// QUIC shows every alert of TLS as a code of its own, in one range.
fn is_tls(code: TransportErrorCode) -> bool {
    (0x100..0x200).contains(&u64::from(code))
}

const TLS_ACCESS_DENIED: u8 = 49;
/// The few bytes of a welcome go out at once unless the connection is dead.
const WELCOME_LIMIT: Duration = Duration::from_secs(2);
