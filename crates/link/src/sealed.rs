//! Data streams over TLS and whatever carries bytes both ways: a TCP connection to the other side, or
//! one that a relay splices with one of its own. Each is sealed with the same pinned keys as QUIC, and
//! named before it carries anything.
//!
//! The end of a stream is confirmed over QUIC, on the stream of the same number that it replaces:
//! TCP itself does not tell when the other side has read all.

mod handshake;
mod records;
mod stream;

use std::{
    fmt::Debug,
    future::poll_fn,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use outport_protocol::{
    secret::SecretKey,
    tls::{self, ALPN_LINK, AllowPeer, SERVER_NAME},
};
use outport_types::{PublicKey, SessionId};
use quinn::{RecvStream, SendStream, VarInt};
use rustls::{ClientConfig, ServerConfig, pki_types::ServerName};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

use self::stream::{Reader, Writer, halves};
use crate::pump::StreamOut;

/// What carries bytes both ways.
pub(crate) trait Line: AsyncRead + AsyncWrite + Send + Unpin + Debug {}
impl<L: AsyncRead + AsyncWrite + Send + Unpin + Debug> Line for L {}

/// A line, sealed.
#[derive(Debug)]
pub(crate) struct Sealed {
    writer: Writer,
    reader: Reader,
}

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
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    naming: Naming,
}

/// What makes streams of lines that the other side dialled.
pub(crate) struct Host {
    config: Arc<ServerConfig>,
    naming: Naming,
}

impl Parties<'_> {
    pub(crate) fn caller(&self) -> io::Result<Caller> {
        let mut config =
            tls::client_config(self.key, self.peer, ALPN_LINK).map_err(io::Error::other)?;
        // The records are sealed here, with what the handshake agrees on.
        config.enable_secret_extraction = true;
        let name = ServerName::try_from(SERVER_NAME).map_err(io::Error::other)?;
        Ok(Caller { config: Arc::new(config), name, naming: self.naming })
    }

    pub(crate) fn host(&self) -> io::Result<Host> {
        let only = Arc::new(Only(self.peer));
        let mut config = tls::server_config(self.key, only, ALPN_LINK).map_err(io::Error::other)?;
        config.enable_secret_extraction = true;
        Ok(Host { config: Arc::new(config), naming: self.naming })
    }

    /// The streams' numbers.
    pub(crate) fn numbers(&self) -> std::ops::Range<u8> {
        0..u8::try_from(self.count).unwrap_or(u8::MAX)
    }
}

impl Caller {
    /// Makes a line the stream of this number.
    pub(crate) async fn call(&self, mut line: Box<dyn Line>, number: u8) -> io::Result<Sealed> {
        let shaken =
            handshake::as_client(&mut line, self.config.clone(), self.name.clone()).await?;
        let (writer, reader) = halves(line, shaken)?;
        let mut sealed = Sealed { writer, reader };
        sealed.say(&self.naming.encode(number)).await?;
        let mut answer = [0];
        sealed.reader.read_exact(&mut answer).await?;
        if answer == [number] { Ok(sealed) } else { Err(out_of_turn()) }
    }
}

impl Host {
    /// Takes in who dialled, if it is the peer and names this session; says which stream it is.
    pub(crate) async fn greet(&self, mut line: Box<dyn Line>) -> io::Result<(u8, Sealed)> {
        let shaken = handshake::as_server(&mut line, self.config.clone()).await?;
        let (writer, reader) = halves(line, shaken)?;
        let mut sealed = Sealed { writer, reader };
        let mut named = [0; Naming::BYTES];
        sealed.reader.read_exact(&mut named).await?;
        let number = named[Naming::BYTES - 1];
        if named != self.naming.encode(number) {
            return Err(out_of_turn());
        }
        sealed.say(&[number]).await?;
        Ok((number, sealed))
    }
}

impl Sealed {
    async fn say(&mut self, word: &[u8]) -> io::Result<()> {
        let mut pieces = [Bytes::copy_from_slice(word)];
        while !pieces[0].is_empty() {
            poll_fn(|cx| self.writer.poll_write(cx, &mut pieces)).await?;
        }
        poll_fn(|cx| self.writer.poll_flush(cx)).await
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
        let Sealed { writer, reader } = self.sealed;
        let (confirmed, confirm) = self.replaced;
        (
            SealedOut { half: writer, confirmed, counted: counted.clone() },
            SealedIn { half: reader, confirm, counted: counted.clone() },
        )
    }
}

/// The sending half of such a stream.
#[derive(Debug)]
pub(crate) struct SealedOut {
    half: Writer,
    confirmed: SendStream,
    counted: Arc<Counted>,
}

/// The receiving half of such a stream.
#[derive(Debug)]
pub(crate) struct SealedIn {
    half: Reader,
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
        let written = poll_fn(|cx| self.half.poll_write(cx, pieces)).await?;
        self.counted.sent.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.half.poll_flush(cx)).await
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.half.finish().await?;
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
