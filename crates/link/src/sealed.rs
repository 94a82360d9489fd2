//! Data streams over TLS and whatever carries bytes both ways: a TCP connection to the other side, or
//! one that a relay splices with one of its own. Each is sealed with the same pinned keys as QUIC, and
//! named before it carries anything.
//!
//! The end of a stream is confirmed over QUIC, on the stream of the same number that it replaces:
//! TCP itself does not tell when the other side has read all.

use std::{
    fmt::Debug,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use bytes::{Buf as _, Bytes};
use outport_protocol::{
    secret::SecretKey,
    tls::{self, ALPN_LINK, AllowPeer, SERVER_NAME},
};
use outport_types::{PublicKey, SessionId};
use quinn::{RecvStream, SendStream, VarInt};
use rustls::pki_types::ServerName;
use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf, ReadHalf, WriteHalf,
};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use crate::pump::StreamOut;

/// What carries bytes both ways.
pub(crate) trait Line: AsyncRead + AsyncWrite + Send + Unpin + Debug {}
impl<L: AsyncRead + AsyncWrite + Send + Unpin + Debug> Line for L {}

/// A stream, sealed.
pub(crate) type Sealed = TlsStream<Box<dyn Line>>;

/// A data stream beside QUIC: what carries it, and the QUIC stream that it replaces.
#[derive(Debug)]
pub(crate) struct SealedStreams {
    sealed: Sealed,
    replaced: (SendStream, RecvStream),
}

/// Who the two are to each other, and how many streams they want.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parties<'a> {
    pub(crate) key: &'a SecretKey,
    pub(crate) peer: PublicKey,
    pub(crate) naming: Naming,
    pub(crate) count: usize,
}

/// What makes streams of lines that this side dialled.
pub(crate) struct Caller {
    connector: TlsConnector,
    name: ServerName<'static>,
    naming: Naming,
}

/// What makes streams of lines that the other side dialled.
pub(crate) struct Host {
    acceptor: TlsAcceptor,
    naming: Naming,
}

impl Parties<'_> {
    pub(crate) fn caller(&self) -> io::Result<Caller> {
        let config =
            tls::client_config(self.key, self.peer, ALPN_LINK).map_err(io::Error::other)?;
        let name = ServerName::try_from(SERVER_NAME).map_err(io::Error::other)?;
        Ok(Caller { connector: TlsConnector::from(Arc::new(config)), name, naming: self.naming })
    }

    pub(crate) fn host(&self) -> io::Result<Host> {
        let only = Arc::new(Only(self.peer));
        let config = tls::server_config(self.key, only, ALPN_LINK).map_err(io::Error::other)?;
        Ok(Host { acceptor: TlsAcceptor::from(Arc::new(config)), naming: self.naming })
    }

    /// The streams' numbers.
    pub(crate) fn numbers(&self) -> std::ops::Range<u8> {
        0..u8::try_from(self.count).unwrap_or(u8::MAX)
    }
}

impl Caller {
    /// Makes a line the stream of this number.
    pub(crate) async fn call(&self, line: Box<dyn Line>, number: u8) -> io::Result<Sealed> {
        let name = self.name.clone();
        let connecting =
            self.connector.connect_with(name, line, |tls| tls.set_buffer_limit(Some(BUFFER_BYTES)));
        let mut sealed = connecting.await?;
        sealed.write_all(&self.naming.encode(number)).await?;
        sealed.flush().await?;
        let mut answer = [0];
        sealed.read_exact(&mut answer).await?;
        if answer == [number] { Ok(sealed.into()) } else { Err(out_of_turn()) }
    }
}

impl Host {
    /// Takes in who dialled, if it is the peer and names this session; says which stream it is.
    pub(crate) async fn greet(&self, line: Box<dyn Line>) -> io::Result<(u8, Sealed)> {
        let accepted =
            self.acceptor.accept_with(line, |tls| tls.set_buffer_limit(Some(BUFFER_BYTES)));
        let mut sealed = accepted.await?;
        let mut named = [0; Naming::BYTES];
        sealed.read_exact(&mut named).await?;
        let number = named[Naming::BYTES - 1];
        if named != self.naming.encode(number) {
            return Err(out_of_turn());
        }
        sealed.write_all(&[number]).await?;
        sealed.flush().await?;
        Ok((number, sealed.into()))
    }
}

/// Pairs what came up with the streams that it replaces.
pub(crate) fn replace(
    sealed: Vec<Sealed>,
    replaced: Vec<(SendStream, RecvStream)>,
) -> Vec<SealedStreams> {
    let pairs = sealed.into_iter().zip(replaced);
    pairs.map(|(sealed, replaced)| SealedStreams { sealed, replaced }).collect()
}

/// What who dials says first on a line: magic 4, version 1, session 16, the attempt of who
/// dialled QUIC 8, the stream's number 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Naming {
    pub(crate) session: SessionId,
    pub(crate) attempt: u64,
}

impl Naming {
    const BYTES: usize = 30;

    fn encode(self, number: u8) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..5].copy_from_slice(b"OPLt\x01");
        bytes[5..21].copy_from_slice(self.session.as_bytes());
        bytes[21..29].copy_from_slice(&self.attempt.to_be_bytes());
        bytes[29] = number;
        bytes
    }
}

/// Lets one key in.
#[derive(Debug)]
struct Only(PublicKey);

impl AllowPeer for Only {
    fn allows(&self, key: &PublicKey) -> bool {
        *key == self.0
    }
}

pub(crate) fn out_of_turn() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the other side does not keep to the exchange")
}

/// Bytes that went beside QUIC, as QUIC counts its own.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub(crate) sent: AtomicU64,
    pub(crate) received: AtomicU64,
}

impl SealedStreams {
    /// Both directions, each for a worker of its own.
    pub(crate) fn split(self, counted: &Arc<Counted>) -> (SealedOut, SealedIn) {
        let (back, out) = tokio::io::split(self.sealed);
        let (confirmed, confirm) = self.replaced;
        (
            SealedOut { half: out, confirmed, counted: counted.clone() },
            SealedIn { half: back, confirm, counted: counted.clone() },
        )
    }
}

/// The sending half of such a stream.
#[derive(Debug)]
pub(crate) struct SealedOut {
    half: WriteHalf<Sealed>,
    confirmed: SendStream,
    counted: Arc<Counted>,
}

/// The receiving half of such a stream.
#[derive(Debug)]
pub(crate) struct SealedIn {
    half: ReadHalf<Sealed>,
    confirm: RecvStream,
    counted: Arc<Counted>,
}

impl SealedIn {
    /// Tells the other side that all has been read.
    pub(crate) fn confirm(mut self) {
        // Fails only when the connection is gone, which whoever waits for this learns by itself.
        let _ = self.confirm.stop(ALL_READ);
    }
}

impl StreamOut for SealedOut {
    async fn write_some(&mut self, pieces: &mut [Bytes]) -> io::Result<usize> {
        let Some(first) = pieces.first_mut() else { return Ok(0) };
        let written = self.half.write(first).await?;
        first.advance(written);
        self.counted.sent.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.half.flush().await
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.half.shutdown().await?;
        match self.confirmed.stopped().await {
            Ok(Some(ALL_READ)) => Ok(()),
            Ok(_) => Err(io::Error::other("the other side stopped reading")),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsyncRead for SealedIn {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.half).poll_read(cx, buffer);
        let bytes = buffer.filled().len() - before;
        self.counted.received.fetch_add(bytes as u64, Ordering::Relaxed);
        read
    }
}

/// What TLS may hold sealed: several records in one call.
const BUFFER_BYTES: usize = 256 * 1024;
const ALL_READ: VarInt = VarInt::from_u32(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_naming_is_pinned() {
        let naming = Naming { session: SessionId::from_bytes([7; 16]), attempt: 258 };
        let bytes = naming.encode(3);
        assert_eq!(bytes[..5], *b"OPLt\x01");
        assert_eq!(bytes[5..21], [7; 16]);
        assert_eq!(bytes[21..], [0, 0, 0, 0, 0, 0, 1, 2, 3]);
    }
}
