//! Who signed the certificate that is shown for the hub, and who vouches for that.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use x509_parser::{parse_x509_certificate, x509::X509Name};

use crate::trust::{Authorities, TrustError};

/// Decides as the control channel's encryption does, and remembers what was shown.
#[derive(Debug)]
pub(super) struct Witness {
    verifier: Arc<WebPkiServerVerifier>,
    shown: Mutex<Option<Shown>>,
}

/// The certificates that a server showed.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    own: CertificateDer<'static>,
    between: Vec<CertificateDer<'static>>,
}

/// Why a certificate is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voucher {
    /// An authority that everybody trusts.
    Public,
    /// One that the owner named.
    Owner,
    /// One that this computer's system has beside them.
    System,
}

impl Witness {
    pub(super) fn new(authorities: &Authorities) -> Result<Arc<Self>, TrustError> {
        let mut all = authorities.system.clone();
        all.extend(authorities.extra.roots.iter().cloned());
        let verifier = verifier(all).map_err(TrustError::Certificate)?;
        Ok(Arc::new(Self { verifier, shown: Mutex::default() }))
    }

    /// What a handshake needs that is watched.
    pub(super) fn config(self: &Arc<Self>) -> Result<ClientConfig, TrustError> {
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(TrustError::Certificate)?
            .dangerous()
            .with_custom_certificate_verifier(self.clone())
            .with_no_client_auth();
        Ok(config)
    }

    /// What the server showed, if it came so far.
    pub(super) fn shown(&self) -> Option<Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Shown {
    /// Who signed it, as it says itself.
    pub(super) fn issuer(&self) -> String {
        match parse_x509_certificate(&self.own) {
            Ok((_, certificate)) => name_of(certificate.issuer()),
            Err(_) => "?".to_owned(),
        }
    }

    /// Why it is trusted, when it is.
    pub(super) fn voucher(&self, authorities: &Authorities, name: &ServerName<'_>) -> Voucher {
        let trusts = |roots: &RootCertStore| {
            let Ok(verifier) = verifier(roots.clone()) else { return false };
            let now = UnixTime::now();
            verifier.verify_server_cert(&self.own, &self.between, name, &[], now).is_ok()
        };
        if trusts(&authorities.public) {
            Voucher::Public
        } else if trusts(&authorities.extra) {
            Voucher::Owner
        } else {
            Voucher::System
        }
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let between = intermediates.iter().take(CHAIN_MAX);
        let shown = Shown {
            own: end_entity.clone().into_owned(),
            between: between.map(|certificate| certificate.clone().into_owned()).collect(),
        };
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

fn verifier(roots: RootCertStore) -> Result<Arc<WebPkiServerVerifier>, Error> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .map_err(|error| Error::General(error.to_string()))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// The common name and the organisation, as far as there are any.
fn name_of(name: &X509Name<'_>) -> String {
    let common = name.iter_common_name().find_map(|part| part.as_str().ok());
    let organisation = name.iter_organization().find_map(|part| part.as_str().ok());
    match (common.map(shown_text), organisation.map(shown_text)) {
        (Some(common), Some(organisation)) if common.contains(&organisation) => common,
        (Some(common), Some(organisation)) => format!("{common} ({organisation})"),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => shown_text(&name.to_string()),
    }
}

/// Text of a stranger: short, and nothing in it that moves a cursor or turns a line round.
fn shown_text(text: &str) -> String {
    let odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let text: String = text.chars().filter(|c| !odd(*c)).take(NAME_CHARS_MAX).collect();
    if text.trim().is_empty() { "?".to_owned() } else { text.trim().to_owned() }
}

/// Longer than any honest chain.
const CHAIN_MAX: usize = 16;
/// As much of a name as fits on a line.
const NAME_CHARS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
    use rustls::CertificateError;

    use super::*;

    #[test]
    fn who_vouches_is_told_apart() {
        let (ours, theirs) = (Authority::new("Ours"), Authority::new("Inspection"));
        let name = ServerName::try_from(HUB).unwrap();
        let authorities = Authorities {
            public: RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
            system: theirs.store(),
            extra: ours.store(),
        };
        for (authority, voucher) in [(&ours, Voucher::Owner), (&theirs, Voucher::System)] {
            let shown = authority.signs(HUB);
            assert_eq!(shown.voucher(&authorities, &name), voucher);
        }
        let public = Authorities { public: theirs.store(), ..authorities };
        assert_eq!(theirs.signs(HUB).voucher(&public, &name), Voucher::Public);
    }

    #[test]
    fn what_was_shown_is_remembered_also_when_it_is_refused() {
        let stranger = Authority::new("Stranger\u{202e}\n");
        let authorities = Authorities {
            public: RootCertStore::empty(),
            system: Authority::new("System").store(),
            extra: RootCertStore::empty(),
        };
        let witness = Witness::new(&authorities).unwrap();
        let name = ServerName::try_from(HUB).unwrap();
        let Shown { own, between } = stranger.signs(HUB);
        let refused = witness.verify_server_cert(&own, &between, &name, &[], UnixTime::now());
        let unknown = Error::InvalidCertificate(CertificateError::UnknownIssuer);
        assert_eq!(refused.unwrap_err(), unknown);
        assert_eq!(witness.shown().unwrap().issuer(), "Stranger (Example Institute)");
    }

    #[test]
    fn what_is_no_certificate_has_no_name() {
        let shown = Shown { own: CertificateDer::from(vec![0x30; 40]), between: Vec::new() };
        assert_eq!(shown.issuer(), "?");
        assert_eq!(shown_text(&"x".repeat(1000)).len(), NAME_CHARS_MAX);
        assert_eq!(shown_text("\u{1b}\u{7}"), "?");
    }

    struct Authority {
        issuer: Issuer<'static, KeyPair>,
        own: CertificateDer<'static>,
    }

    impl Authority {
        fn new(name: &str) -> Self {
            let mut params = CertificateParams::default();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.distinguished_name.push(DnType::CommonName, name);
            params.distinguished_name.push(DnType::OrganizationName, "Example Institute");
            let key = KeyPair::generate().unwrap();
            let own = params.self_signed(&key).unwrap().der().clone();
            Self { issuer: Issuer::new(params, key), own }
        }

        fn store(&self) -> RootCertStore {
            let mut store = RootCertStore::empty();
            store.add(self.own.clone()).unwrap();
            store
        }

        fn signs(&self, host: &str) -> Shown {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new([host.to_owned()]).unwrap();
            let own = params.signed_by(&key, &self.issuer).unwrap().der().clone();
            Shown { own, between: Vec::new() }
        }
    }

    const HUB: &str = "hub.example.org";
}
