//! TLS from the administrator's certificate.

use std::{error::Error, path::Path, sync::Arc};

use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use tokio_rustls::TlsAcceptor;

use super::StartError;
use crate::config::HubConfig;

/// The acceptor for the settings, if they ask for TLS.
pub(super) fn acceptor(config: &HubConfig) -> Result<Option<TlsAcceptor>, StartError> {
    let (Some(cert), Some(key)) = (&config.tls_cert, &config.tls_key) else {
        return Ok(None);
    };
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|source| unusable(cert, source))?;
    let key_der = PrivateKeyDer::from_pem_file(key).map_err(|source| unusable(key, source))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key_der))
        .map_err(|source| unusable(cert, source))?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(server))))
}

fn unusable(path: &Path, source: impl Into<Box<dyn Error + Send + Sync>>) -> StartError {
    StartError::Tls { path: path.to_owned(), source: source.into() }
}
