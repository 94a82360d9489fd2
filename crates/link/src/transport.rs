//! How QUIC is set up: congestion control, windows, datagram sizes, timers. All by measurement.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use outport_protocol::{
    secret::SecretKey,
    tls::{self, ALPN_LINK, AllowPeer, TlsConfigError},
};
use outport_types::PublicKey;
use quinn::{
    ClientConfig, EndpointConfig, IdleTimeout, MtuDiscoveryConfig, ServerConfig, TransportConfig,
    ValidationTokenConfig, VarInt,
    crypto::rustls::{NoInitialCipherSuite, QuicClientConfig, QuicServerConfig},
};

use crate::{address, congestion::Choosing, hello::STREAMS_MAX, wire::FAR_END};

/// The installation's cryptographic library cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetUpError {
    /// TLS does not take the key.
    #[error("TLS cannot be set up")]
    Tls(#[from] TlsConfigError),
    /// QUIC does not take the TLS configuration.
    #[error("QUIC cannot be set up")]
    Quic(#[from] NoInitialCipherSuite),
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The system gives none.
    #[error("cannot open a UDP socket")]
    Socket(#[source] io::Error),
    /// The cryptographic library cannot be used.
    #[error("cannot set up encryption")]
    SetUp(#[from] SetUpError),
}

/// What dials `peer` and nobody else.
pub(crate) fn client(own: &SecretKey, peer: PublicKey) -> Result<ClientConfig, SetUpError> {
    let tls = tls::client_config(own, peer, ALPN_LINK)?;
    Ok(ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?)))
}

/// What accepts whom `allow` names; connections from one address as [`transport_to`] says.
pub(crate) fn server(
    own: &SecretKey,
    allow: Arc<dyn AllowPeer>,
) -> Result<ServerConfig, SetUpError> {
    let tls = tls::server_config(own, allow, ALPN_LINK)?;
    let mut config = ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?));
    let mut no_tokens = ValidationTokenConfig::default();
    no_tokens.sent(0);
    config
        .validation_token_config(no_tokens)
        .max_incoming(UNANSWERED_MAX)
        .incoming_buffer_size(UNANSWERED_BYTES_MAX)
        .incoming_buffer_size_total(UNANSWERED_BYTES_TOTAL_MAX);
    Ok(config)
}

/// What the socket's endpoint as a whole does.
pub(crate) fn endpoint() -> EndpointConfig {
    let mut config = EndpointConfig::default();
    config.supported_versions(vec![QUIC_V1]);
    // Our own packets are told from QUIC's by the bit that greasing would make random.
    config.grease_quic_bit(false);
    config
        .max_udp_payload_size(DATAGRAM_BYTES_MAX)
        .expect("the constant is within QUIC's limits, as the tests see");
    config
}

/// How packets travel to this address.
pub(crate) fn transport_to(remote: SocketAddr) -> Arc<TransportConfig> {
    // A relay's connection takes what fits into its messages.
    let largest = (remote != FAR_END).then(|| address::largest_datagram(remote)).flatten();
    Arc::new(transport(largest))
}

/// `largest` is what the computer's own network takes, where the system tells.
pub(crate) fn transport(largest: Option<u16>) -> TransportConfig {
    // The search begins in the middle between the smallest packets and its bound. So the first try is
    // what the own network takes, which most ways take; without that it takes some twenty round trips,
    // and a short transfer is over before.
    let bound = largest.map_or(DATAGRAM_BYTES_MAX, |largest| {
        largest.saturating_mul(2).saturating_sub(DATAGRAM_BYTES_MIN).min(DATAGRAM_BYTES_MAX)
    });
    let mut mtu = MtuDiscoveryConfig::default();
    mtu.upper_bound(bound);
    let idle = IdleTimeout::try_from(IDLE_TIMEOUT).expect("ten seconds are within QUIC's limits");
    let streams = VarInt::from_u32(u32::from(STREAMS_MAX) + 1);
    let mut config = TransportConfig::default();
    config
        .congestion_controller_factory(Arc::new(Choosing))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW_BYTES))
        .receive_window(VarInt::from_u32(CONNECTION_WINDOW_BYTES))
        .send_window(SEND_WINDOW_BYTES_START)
        .max_concurrent_bidi_streams(streams)
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .datagram_receive_buffer_size(None)
        .initial_rtt(INITIAL_RTT)
        .mtu_discovery_config(Some(mtu))
        .keep_alive_interval(Some(KEEP_ALIVE))
        .max_idle_timeout(Some(idle));
    config
}

/// The largest datagram that is tried: what a jumbo frame of 9,000 bytes holds. Path-MTU discovery
/// finds what the path takes: all of it on loopback, 1,472 at most on most networks. Measured on
/// loopback: 11.3 Gbit/s, against 10.5 with 6,500 bytes and 11.8 with 16,000.
pub(crate) const DATAGRAM_BYTES_MAX: u16 = 8_952;
/// What every way takes.
const DATAGRAM_BYTES_MIN: u16 = 1_200;
/// More than 1,024 separate chunks waiting in one stream end a connection; a window of this size
/// cannot hold as many gaps even with the smallest datagrams.
const STREAM_WINDOW_BYTES: u32 = 2_400_000;
/// All streams at their most: what bounds memory is the streams' own windows.
const CONNECTION_WINDOW_BYTES: u32 = STREAM_WINDOW_BYTES * (STREAMS_MAX as u32 + 1);
/// What QUIC keeps for repetition at first; it then follows the congestion window.
pub(crate) const SEND_WINDOW_BYTES_START: u64 = 640 * 1024;
/// Dead links are noticed within seconds, and NAT mappings stay open.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_millis(500);
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);
/// First packets are repeated after three of these: soon, as they also open NAT mappings.
const INITIAL_RTT: Duration = Duration::from_millis(100);
const QUIC_V1: u32 = 1;
/// Connections that nobody has looked at yet, and what they may have sent meanwhile.
const UNANSWERED_MAX: usize = 256;
const UNANSWERED_BYTES_MAX: u64 = 16 * 1024;
const UNANSWERED_BYTES_TOTAL_MAX: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_are_within_limits() {
        endpoint();
        transport(None);
        transport(Some(0));
        transport(Some(u16::MAX));
        const { assert!(STREAM_WINDOW_BYTES <= 2_500_000) };
    }
}
