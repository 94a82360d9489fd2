//! QUIC's connections and streams, as links use them.

use std::{io, net::SocketAddr};

use bytes::Bytes;
use quinn::{Connection, ConnectionError, RecvStream, SendStream};

use crate::{
    end::{CloseCode, LinkEnd, shown_reason},
    pump::StreamOut,
};

/// A connection on which both sides agreed, with all its streams.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) connection: Connection,
    pub(crate) control: (SendStream, RecvStream),
    pub(crate) data: Vec<(SendStream, RecvStream)>,
    /// The other side's attempt, see [`crate::hello`].
    pub(crate) peer_attempt: u64,
    /// Whether this side dialled; only then can a straight connection follow a change of address.
    pub(crate) dialled: bool,
}

/// Closes a connection, telling the other side why.
pub(crate) fn close(connection: &Connection, code: CloseCode, reason: &str) {
    connection.close(code.into(), reason.as_bytes());
}

/// Why a connection is no more, in the words of a link.
pub(crate) fn why_ended(error: &ConnectionError) -> LinkEnd {
    let lost = |cause: String| LinkEnd::Lost { cause };
    match error {
        ConnectionError::ApplicationClosed(close) => LinkEnd::Peer {
            code: CloseCode::from_number(close.error_code.into_inner()),
            reason: shown_reason(&close.reason),
        },
        ConnectionError::LocallyClosed => {
            LinkEnd::Local { code: CloseCode::Shutdown, reason: "the agent shuts down".into() }
        }
        ConnectionError::TimedOut => lost("nothing was heard from the other side".into()),
        ConnectionError::Reset => lost("the other side does not know the link any more".into()),
        ConnectionError::ConnectionClosed(close) => {
            lost(format!("the other side's transport gave up ({})", close.error_code))
        }
        ConnectionError::TransportError(error) => {
            lost(format!("the transport gave up ({})", error.code))
        }
        ConnectionError::VersionMismatch => lost("no common version of QUIC".into()),
        ConnectionError::CidsExhausted => lost("too many connections at once".into()),
    }
}

/// Where the other side is, in the plain form of its family.
pub(crate) fn remote_address(connection: &Connection) -> SocketAddr {
    let remote = connection.remote_address();
    SocketAddr::new(remote.ip().to_canonical(), remote.port())
}

impl StreamOut for SendStream {
    async fn write_some(&mut self, pieces: &mut [Bytes]) -> io::Result<usize> {
        Ok(self.write_chunks(pieces).await?.bytes)
    }

    async fn finish(&mut self) -> io::Result<()> {
        Self::finish(self).map_err(io::Error::other)?;
        match self.stopped().await {
            Ok(None) => Ok(()),
            Ok(Some(_)) => Err(io::Error::other("the other side stopped reading")),
            Err(error) => Err(error.into()),
        }
    }
}
