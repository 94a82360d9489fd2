//! The handshake of TLS, by rustls; what it agreed on seals the records afterwards.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use rustls::{
    ClientConfig, ConnectionTrafficSecrets, Error, ExtractedSecrets, ServerConfig,
    SupportedCipherSuite,
    client::{ClientConnectionData, UnbufferedClientConnection},
    kernel::KernelConnection,
    pki_types::ServerName,
    server::{ServerConnectionData, UnbufferedServerConnection},
    unbuffered::{ConnectionState, EncodeError, UnbufferedStatus},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::Line;

/// What a handshake leaves.
pub(super) struct Shaken {
    pub(super) secrets: ExtractedSecrets,
    pub(super) keys: Keys,
    /// Content that came with the end of the handshake.
    pub(super) plain: Vec<u8>,
    /// What came and is still sealed.
    pub(super) came: Vec<u8>,
}

/// Where keys come from when those in use have sealed enough.
#[derive(Debug)]
pub(super) struct Keys {
    side: Mutex<Side>,
    /// How many records one key may seal.
    pub(super) records_max: u64,
}

enum Side {
    Client(KernelConnection<ClientConnectionData>),
    Server(KernelConnection<ServerConnectionData>),
}

/// A key, and the number of the first record that it seals.
pub(super) type Secret = (u64, ConnectionTrafficSecrets);

impl Keys {
    pub(super) fn next_to_send(&self) -> Result<Secret, Error> {
        match &mut *self.side.lock().unwrap_or_else(PoisonError::into_inner) {
            Side::Client(side) => side.update_tx_secret(),
            Side::Server(side) => side.update_tx_secret(),
        }
    }

    pub(super) fn next_to_receive(&self) -> Result<Secret, Error> {
        match &mut *self.side.lock().unwrap_or_else(PoisonError::into_inner) {
            Side::Client(side) => side.update_rx_secret(),
            Side::Server(side) => side.update_rx_secret(),
        }
    }
}

/// Proves both keys over a line that this side dialled.
pub(super) async fn as_client(
    line: &mut Box<dyn Line>,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
) -> io::Result<Shaken> {
    shake(line, UnbufferedClientConnection::new(config, name).map_err(invalid)?).await
}

/// The same over a line that the other side dialled.
pub(super) async fn as_server(
    line: &mut Box<dyn Line>,
    config: Arc<ServerConfig>,
) -> io::Result<Shaken> {
    shake(line, UnbufferedServerConnection::new(config).map_err(invalid)?).await
}

async fn shake(line: &mut Box<dyn Line>, mut shaking: impl Shaking) -> io::Result<Shaken> {
    let mut came = Vec::new();
    let mut said = Said::default();
    loop {
        let (used, next) = shaking.go_on(&mut came, &mut said);
        came.drain(..used);
        match next {
            Ok(Next::GoOn) => {}
            Ok(Next::Hear) => {
                say(line, &mut said.out).await?;
                if HANDSHAKE_BYTES_MAX < came.len() {
                    return Err(invalid("a handshake without end"));
                }
                if line.read_buf(&mut came).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            Ok(Next::Over) => {
                say(line, &mut said.out).await?;
                let (secrets, side, suite) = shaking.into_parts().map_err(invalid)?;
                // What came in the same packet as the last word belongs to what follows.
                let records_max = records_max(suite);
                let keys = Keys { side: Mutex::new(side), records_max };
                return Ok(Shaken { secrets, keys, plain: said.content, came });
            }
            Err(error) => {
                // The other side is told why, if it still listens: what is to be said now is only
                // that, and nothing more may be asked of the connection afterwards.
                let _ = shaking.go_on(&mut came, &mut said);
                say(line, &mut said.out).await.ok();
                return Err(invalid(error));
            }
        }
    }
}

async fn say(line: &mut Box<dyn Line>, out: &mut Vec<u8>) -> io::Result<()> {
    if !out.is_empty() {
        line.write_all(out).await?;
        line.flush().await?;
        out.clear();
    }
    Ok(())
}

/// Half of what the suite's own limit is: nothing has to be counted exactly.
fn records_max(suite: SupportedCipherSuite) -> u64 {
    match suite {
        SupportedCipherSuite::Tls13(suite) => suite.common.confidentiality_limit / 2,
        // The configuration has no such suite.
        SupportedCipherSuite::Tls12(_) => 0,
    }
}

/// What a handshake has to say, and what it heard beyond itself.
#[derive(Debug, Default)]
struct Said {
    out: Vec<u8>,
    content: Vec<u8>,
}

/// What to do next in a handshake.
enum Next {
    GoOn,
    Hear,
    Over,
}

/// One side of a handshake.
trait Shaking {
    /// Takes a step with what came; says how much of that is used up.
    fn go_on(&mut self, came: &mut [u8], said: &mut Said) -> (usize, Result<Next, Error>);

    fn into_parts(self) -> Result<(ExtractedSecrets, Side, SupportedCipherSuite), Error>;
}

impl Shaking for UnbufferedClientConnection {
    fn go_on(&mut self, came: &mut [u8], said: &mut Said) -> (usize, Result<Next, Error>) {
        take(self.process_tls_records(came), said)
    }

    fn into_parts(self) -> Result<(ExtractedSecrets, Side, SupportedCipherSuite), Error> {
        let (secrets, kernel) = self.dangerous_into_kernel_connection()?;
        let suite = kernel.negotiated_cipher_suite();
        Ok((secrets, Side::Client(kernel), suite))
    }
}

impl Shaking for UnbufferedServerConnection {
    fn go_on(&mut self, came: &mut [u8], said: &mut Said) -> (usize, Result<Next, Error>) {
        take(self.process_tls_records(came), said)
    }

    fn into_parts(self) -> Result<(ExtractedSecrets, Side, SupportedCipherSuite), Error> {
        let (secrets, kernel) = self.dangerous_into_kernel_connection()?;
        let suite = kernel.negotiated_cipher_suite();
        Ok((secrets, Side::Server(kernel), suite))
    }
}

fn take<Data>(
    status: UnbufferedStatus<'_, '_, Data>,
    said: &mut Said,
) -> (usize, Result<Next, Error>) {
    let UnbufferedStatus { discard, state } = status;
    let next = state.and_then(|state| match state {
        ConnectionState::EncodeTlsData(mut record) => {
            let room = match record.encode(&mut []) {
                Ok(written) => written,
                Err(EncodeError::InsufficientSize(short)) => short.required_size,
                Err(error @ EncodeError::AlreadyEncoded) => return Err(general(error)),
            };
            let start = said.out.len();
            said.out.resize(start + room, 0);
            record.encode(&mut said.out[start..]).map_err(general)?;
            Ok(Next::GoOn)
        }
        ConnectionState::TransmitTlsData(said) => {
            said.done();
            Ok(Next::GoOn)
        }
        ConnectionState::ReadTraffic(mut records) => {
            while let Some(record) = records.next_record() {
                said.content.extend_from_slice(record?.payload);
            }
            Ok(Next::GoOn)
        }
        ConnectionState::BlockedHandshake => Ok(Next::Hear),
        ConnectionState::WriteTraffic(_) => Ok(Next::Over),
        ConnectionState::PeerClosed | ConnectionState::Closed => {
            Err(Error::General("the other side left".into()))
        }
        ConnectionState::ReadEarlyData(_) | _ => {
            Err(Error::General("an unknown state of the handshake".into()))
        }
    });
    (discard, next)
}

fn general(error: EncodeError) -> Error {
    Error::General(error.to_string())
}

pub(super) fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl std::fmt::Debug for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Client(_) => "Client",
            Self::Server(_) => "Server",
        })
    }
}

/// As much as one message of a handshake may hold, with room for what follows.
const HANDSHAKE_BYTES_MAX: usize = 128 * 1024;
