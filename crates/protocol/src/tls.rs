//! TLS 1.3 between two keys: raw public keys (RFC 7250) on both sides, both pinned.
//!
//! The same configurations seal links between agents and the control channel between agent and hub.
//!
//! 1. The dialler shows its key and accepts exactly one key in return, the one it was told of.
//!    Who sits at an address that the dialler was given, but holds another key, learns nothing.
//! 2. The acceptor asks [`AllowPeer`] during the handshake, so a stranger is turned away before a
//!    single byte of the protocol inside is read.
//! 3. No resumption and no early data: every connection proves both keys anew, and nothing that was
//!    recorded can be played again.
//! 4. The application protocol is named by both sides; there is no fallback to another one.
//!
//! Nothing here opens a socket; the configurations are handed to whoever does.

use std::{fmt::Debug, sync::Arc};

use outport_types::PublicKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error,
    PeerIncompatible, ServerConfig, SignatureScheme,
    client::{
        AlwaysResolvesClientRawPublicKeys, Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{
        CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls13_signature_with_raw_key,
    },
    pki_types::{
        CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer,
        UnixTime,
    },
    server::{
        AlwaysResolvesServerRawPublicKeys, NoServerSessionStorage,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
    sign::CertifiedKey,
};

use crate::secret::{SecretKey, public_key_from_spki_der, public_key_to_spki_der};

/// The application protocol of links between agents.
pub const ALPN_LINK: &[u8] = b"outport/1";
/// The application protocol of the control channel between agent and hub.
pub const ALPN_CONTROL: &[u8] = b"outport-control/1";
/// The application protocol of measurements between agent and hub.
pub const ALPN_MEASURE: &[u8] = b"outport-measure/1";
/// What stands where TLS wants a server name; keys are what is checked.
pub const SERVER_NAME: &str = "outport.invalid";

/// Says whether the holder of a key may connect; asked in every handshake, so the answer may change
/// from one to the next.
pub trait AllowPeer: Debug + Send + Sync {
    /// Whether the holder of `key` may connect now.
    fn allows(&self, key: &PublicKey) -> bool;
}

/// A key that cannot be used with TLS.
#[derive(Debug, thiserror::Error)]
#[error("the cryptographic library does not take the key")]
pub struct TlsConfigError(#[from] Error);

/// What the dialler needs: shows `own` and accepts `peer` only.
///
/// # Errors
/// When the cryptographic library refuses the key, which is a fault of the installation.
pub fn client_config(
    own: &SecretKey,
    peer: PublicKey,
    alpn: &[u8],
) -> Result<ClientConfig, TlsConfigError> {
    let provider = provider();
    let shown = Arc::new(AlwaysResolvesClientRawPublicKeys::new(certified(own, &provider)?));
    let algorithms = provider.signature_verification_algorithms;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(ExactlyThisKey { peer, algorithms }))
        .with_client_cert_resolver(shown);
    config.alpn_protocols = vec![alpn.to_vec()];
    config.resumption = Resumption::disabled();
    config.enable_sni = false;
    Ok(config)
}

/// What the acceptor needs: shows `own` and accepts whom `allow` names.
///
/// # Errors
/// When the cryptographic library refuses the key, which is a fault of the installation.
pub fn server_config(
    own: &SecretKey,
    allow: Arc<dyn AllowPeer>,
    alpn: &[u8],
) -> Result<ServerConfig, TlsConfigError> {
    let provider = provider();
    let shown = Arc::new(AlwaysResolvesServerRawPublicKeys::new(certified(own, &provider)?));
    let algorithms = provider.signature_verification_algorithms;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(Arc::new(AllowedKeys { allow, algorithms }))
        .with_cert_resolver(shown);
    config.alpn_protocols = vec![alpn.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Ok(config)
}

/// The key that the other side proved, out of what TLS calls its certificates.
pub fn peer_key(certificates: &[CertificateDer<'_>]) -> Option<PublicKey> {
    match certificates {
        [only] => public_key_from_spki_der(only),
        [] | [_, _, ..] => None,
    }
}

/// The one place that chooses a cryptographic library. AES-128 first: it is the fastest that every
/// current processor has in hardware, and sealing is on the path of every byte.
fn provider() -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites = vec![
        aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256,
        aws_lc_rs::cipher_suite::TLS13_AES_256_GCM_SHA384,
        aws_lc_rs::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    ];
    Arc::new(provider)
}

fn certified(own: &SecretKey, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, Error> {
    let der = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own.to_pkcs8_der()));
    let key = provider.key_provider.load_private_key(der)?;
    let spki = public_key_to_spki_der(&own.public())
        .ok_or_else(|| Error::General("the public half is no key".into()))?;
    Ok(Arc::new(CertifiedKey::new(vec![CertificateDer::from(spki)], key)))
}

fn shown_key(
    end_entity: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
) -> Result<PublicKey, Error> {
    match (public_key_from_spki_der(end_entity), intermediates) {
        (Some(key), []) => Ok(key),
        (None, _) | (Some(_), [_, ..]) => Err(CertificateError::BadEncoding.into()),
    }
}

fn verify_raw(
    message: &[u8],
    shown: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let spki = SubjectPublicKeyInfoDer::from(shown.as_ref());
    verify_tls13_signature_with_raw_key(message, &spki, signed, algorithms)
}

#[derive(Debug)]
struct ExactlyThisKey {
    peer: PublicKey,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for ExactlyThisKey {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if shown_key(end_entity, intermediates)? == self.peer {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls13RequiredForQuic.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_raw(message, cert, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct AllowedKeys {
    allow: Arc<dyn AllowPeer>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for AllowedKeys {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if self.allow.allows(&shown_key(end_entity, intermediates)?) {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls13RequiredForQuic.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_raw(message, cert, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use rustls::{AlertDescription, ClientConnection, HandshakeKind, ServerConnection};

    use super::*;

    #[test]
    fn two_pinned_keys_shake_hands_and_learn_each_other() {
        let (mut client, mut server) = pair(key(1), key(2).public(), key(2), key(1).public());
        shake(&mut client, &mut server).unwrap();
        let proved = peer_key(server.peer_certificates().unwrap());
        assert_eq!(proved, Some(key(1).public()));
        assert_eq!(peer_key(client.peer_certificates().unwrap()), Some(key(2).public()));
        assert_eq!(client.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    }

    #[test]
    fn a_stranger_is_refused_by_the_acceptor_in_the_handshake() {
        let (mut client, mut server) = pair(key(3), key(2).public(), key(2), key(1).public());
        let refused = shake(&mut client, &mut server).unwrap_err();
        assert!(matches!(refused, Error::InvalidCertificate(_)), "{refused:?}");
        let mut alert = Vec::new();
        server.write_tls(&mut alert).unwrap();
        client.read_tls(&mut alert.as_slice()).unwrap();
        let told = client.process_new_packets().unwrap_err();
        assert_eq!(told, Error::AlertReceived(AlertDescription::AccessDenied));
    }

    #[test]
    fn an_acceptor_with_another_key_is_refused_by_the_dialler() {
        let (mut client, mut server) = pair(key(1), key(9).public(), key(2), key(1).public());
        let refused = shake(&mut client, &mut server).unwrap_err();
        assert!(matches!(refused, Error::InvalidCertificate(_)), "{refused:?}");
    }

    #[test]
    fn another_application_protocol_is_refused() {
        let client = client_config(&key(1), key(2).public(), ALPN_CONTROL).unwrap();
        let server = server_config(&key(2), Arc::new(Only(key(1).public())), ALPN_LINK).unwrap();
        let (mut client, mut server) = connections(client, server);
        let refused = shake(&mut client, &mut server).unwrap_err();
        assert_eq!(refused, Error::NoApplicationProtocol);
    }

    #[test]
    fn a_second_connection_proves_the_keys_anew() {
        let client = Arc::new(client_config(&key(1), key(2).public(), ALPN_LINK).unwrap());
        let server =
            Arc::new(server_config(&key(2), Arc::new(Only(key(1).public())), ALPN_LINK).unwrap());
        for _ in 0..2 {
            let name = ServerName::try_from(SERVER_NAME).unwrap();
            let mut client = ClientConnection::new(client.clone(), name).unwrap();
            let mut server = ServerConnection::new(server.clone()).unwrap();
            shake(&mut client, &mut server).unwrap();
            assert_ne!(client.handshake_kind(), Some(HandshakeKind::Resumed));
        }
    }

    #[derive(Debug)]
    struct Only(PublicKey);

    impl AllowPeer for Only {
        fn allows(&self, key: &PublicKey) -> bool {
            *key == self.0
        }
    }

    fn key(n: u8) -> SecretKey {
        SecretKey::from_seed(&[n; 32])
    }

    fn pair(
        dialler: SecretKey,
        pinned: PublicKey,
        acceptor: SecretKey,
        allowed: PublicKey,
    ) -> (ClientConnection, ServerConnection) {
        connections(
            client_config(&dialler, pinned, ALPN_LINK).unwrap(),
            server_config(&acceptor, Arc::new(Only(allowed)), ALPN_LINK).unwrap(),
        )
    }

    fn connections(
        client: ClientConfig,
        server: ServerConfig,
    ) -> (ClientConnection, ServerConnection) {
        let name = ServerName::try_from(SERVER_NAME).unwrap();
        let client = ClientConnection::new(Arc::new(client), name).unwrap();
        (client, ServerConnection::new(Arc::new(server)).unwrap())
    }

    fn shake(client: &mut ClientConnection, server: &mut ServerConnection) -> Result<(), Error> {
        for _ in 0..8 {
            let mut wire = Vec::new();
            client.write_tls(&mut wire).unwrap();
            if !wire.is_empty() {
                server.read_tls(&mut wire.as_slice()).unwrap();
            }
            server.process_new_packets()?;
            let mut wire = Vec::new();
            server.write_tls(&mut wire).unwrap();
            if !wire.is_empty() {
                client.read_tls(&mut wire.as_slice()).unwrap();
            }
            client.process_new_packets()?;
        }
        assert!(!client.is_handshaking() && !server.is_handshaking());
        Ok(())
    }
}
