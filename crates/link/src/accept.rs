//! The acceptor: from a first packet to a connection that named its session.
//!
//! Who may be anybody is given little. Nobody expects anything: packets are not even answered. Many
//! handshakes at once: addresses must be proved first, then nothing more is taken on, from one
//! address or in all. A key that no session expects is turned away inside the handshake. A known
//! key that names no session in time is closed.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use outport_protocol::{secret::SecretKey, tls::peer_key};
use outport_types::{Chain, PublicKey};
use quinn::{AsyncUdpSocket, Connection, Incoming, ServerConfig, TokioRuntime};
use rustls::pki_types::CertificateDer;
use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::debug;

use crate::{
    end::CloseCode,
    join,
    quic::close,
    registry::Registry,
    transport::{self, BindError, transport_to},
};

/// Puts QUIC on a socket, and takes connections in on it until told to stop.
pub(crate) fn listen(
    socket: Arc<dyn AsyncUdpSocket>,
    key: &SecretKey,
    registry: Arc<Registry>,
    workers: &TaskTracker,
    stop: CancellationToken,
) -> Result<quinn::Endpoint, BindError> {
    let server = transport::server(key, registry.clone())?;
    let quinn = quinn::Endpoint::new_with_abstract_socket(
        transport::endpoint(),
        Some(server.clone()),
        socket,
        Arc::new(TokioRuntime),
    )
    .map_err(BindError::Socket)?;
    workers.spawn(run(quinn.clone(), server, registry, workers.clone(), stop));
    Ok(quinn)
}

async fn run(
    endpoint: quinn::Endpoint,
    server: ServerConfig,
    registry: Arc<Registry>,
    workers: TaskTracker,
    stop: CancellationToken,
) {
    let crowd = Arc::new(Crowd::default());
    while let Some(Some(incoming)) = stop.run_until_cancelled(endpoint.accept()).await {
        match crowd.admit(&incoming, registry.is_empty()) {
            Admission::In(place) => {
                let (server, registry, stop) = (server.clone(), registry.clone(), stop.clone());
                workers.spawn(async move {
                    stop.run_until_cancelled(receive(incoming, server, &registry)).await;
                    drop(place);
                });
            }
            Admission::ProveAddress => {
                if let Err(proved) = incoming.retry() {
                    proved.into_incoming().ignore();
                }
            }
            // It tries again by itself, and an answer would only tell strangers that we are here.
            Admission::Silence => incoming.ignore(),
        }
    }
}

async fn receive(incoming: Incoming, mut server: ServerConfig, registry: &Registry) {
    let remote = incoming.remote_address();
    server.transport_config(transport_to(remote));
    let connecting = match incoming.accept_with(Arc::new(server)) {
        Ok(connecting) => connecting,
        Err(error) => return debug!(%remote, %error, "no handshake"),
    };
    let connection = match timeout(HANDSHAKE_LIMIT, connecting).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return debug!(%remote, %error, "handshake failed"),
        Err(_) => return debug!(%remote, "handshake took too long"),
    };
    let Some(peer) = proved_key(&connection) else {
        return close(&connection, CloseCode::Violation, "no key was shown");
    };
    match timeout(NAMING_LIMIT, join::hear(connection.clone())).await {
        Ok(Ok(arrival)) => registry.arrived(peer, arrival),
        Ok(Err(error)) => {
            debug!(%remote, error = %Chain(&error), "no session was named");
            if error.is_violation() {
                close(&connection, CloseCode::Violation, "the first bytes are not those of a link");
            }
        }
        Err(_) => close(&connection, CloseCode::NotExpected, "no session was named in time"),
    }
}

fn proved_key(connection: &Connection) -> Option<PublicKey> {
    let identity = connection.peer_identity()?;
    peer_key(identity.downcast_ref::<Vec<CertificateDer<'static>>>()?)
}

/// What is done with somebody's first packet.
enum Admission {
    In(Place),
    ProveAddress,
    Silence,
}

/// Everybody who has not named a session yet.
#[derive(Debug, Default)]
struct Crowd(Mutex<BTreeMap<IpAddr, usize>>);

/// One place in the crowd; free again when dropped.
struct Place {
    crowd: Arc<Crowd>,
    source: IpAddr,
}

impl Crowd {
    fn admit(self: &Arc<Self>, incoming: &Incoming, nobody_expected: bool) -> Admission {
        let (source, proved) = (source_of(incoming), incoming.remote_address_validated());
        self.place(source, proved, nobody_expected)
    }

    fn place(self: &Arc<Self>, source: IpAddr, proved: bool, nobody_expected: bool) -> Admission {
        let mut crowd = self.locked();
        let all: usize = crowd.values().sum();
        let of_source = crowd.get(&source).copied().unwrap_or(0);
        if nobody_expected || CROWD_MAX <= all || CROWD_OF_SOURCE_MAX <= of_source {
            return Admission::Silence;
        }
        if !proved && CROWD_UNPROVED_MAX <= all {
            return Admission::ProveAddress;
        }
        *crowd.entry(source).or_default() += 1;
        Admission::In(Place { crowd: self.clone(), source })
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut crowd = self.crowd.locked();
        if let Some(count) = crowd.get_mut(&self.source) {
            *count -= 1;
            if *count == 0 {
                crowd.remove(&self.source);
            }
        }
    }
}

/// One computer's address; in IPv6 it may have any address of its network.
fn source_of(incoming: &Incoming) -> IpAddr {
    match incoming.remote_address().ip().to_canonical() {
        IpAddr::V4(ip) => ip.into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64)).into(),
    }
}

/// A handshake is two round trips; the slowest satellite needs three seconds.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);
/// The dialler names a session as soon as it has chosen among its connections.
const NAMING_LIMIT: Duration = Duration::from_secs(5);
/// Handshakes and unnamed connections at once. Each may hold some 100 kB.
const CROWD_MAX: usize = 128;
/// Beyond this many, whoever comes must prove that its address is its own.
const CROWD_UNPROVED_MAX: usize = 32;
/// Of one address: an agent dials each of ours at once, and several agents may share an address.
const CROWD_OF_SOURCE_MAX: usize = 48;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_must_prove_its_addresses_and_is_bounded_by_source_and_in_all() {
        let crowd = Arc::new(Crowd::default());
        let place = |n: u8, proved| crowd.place(IpAddr::from([10, 0, 0, n]), proved, false);
        let mut inside = Vec::new();
        let mut enter = |admission| match admission {
            Admission::In(place) => inside.push(place),
            Admission::ProveAddress | Admission::Silence => panic!("was turned away"),
        };
        (0..CROWD_UNPROVED_MAX).for_each(|_| enter(place(1, false)));
        assert!(matches!(place(2, false), Admission::ProveAddress));
        (CROWD_UNPROVED_MAX..CROWD_OF_SOURCE_MAX).for_each(|_| enter(place(1, true)));
        assert!(matches!(place(1, true), Admission::Silence));
        (CROWD_OF_SOURCE_MAX..CROWD_MAX).for_each(|n| enter(place(n as u8, true)));
        assert!(matches!(place(200, true), Admission::Silence));
        inside.clear();
        assert!(crowd.locked().is_empty());
        assert!(matches!(place(1, false), Admission::In(_)));
    }

    #[test]
    fn nobody_is_answered_while_nobody_is_expected() {
        let crowd = Arc::new(Crowd::default());
        let admission = crowd.place(IpAddr::from([10, 0, 0, 1]), true, true);
        assert!(matches!(admission, Admission::Silence));
    }
}
