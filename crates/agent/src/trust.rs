//! Which certificates are trusted for the outer encryption to the hub.

use std::{env, io, path::PathBuf, sync::Arc};

use outport_api::client::Trust;
use outport_control::Paths;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};

use crate::{config::Config, files::read_bounded};

/// The extra certificates that the owner named: by environment, else by `ca_file` of the config.
pub(crate) async fn load(ca_file: Option<PathBuf>) -> io::Result<Trust> {
    let named = env::var_os(CA_VARIABLE).filter(|file| !file.is_empty()).map(PathBuf::from);
    let Some(file) = named.or(ca_file) else { return Ok(Trust::default()) };
    let content = crate::blocking(move || {
        read_bounded(&file, CA_FILE_BYTES_MAX)?.ok_or_else(|| {
            io::Error::new(io::ErrorKind::NotFound, format!("{} does not exist", file.display()))
        })
    });
    Ok(Trust { extra_roots_pem: Some(content.await?) })
}

/// The same by the config file, where no agent says which config is in force.
pub(crate) async fn load_by_file(paths: &Paths) -> io::Result<Trust> {
    let paths = paths.clone();
    // A config with a mistake in it must not keep anybody from signing in.
    let config = crate::blocking(move || Config::load(&paths).ok()).await;
    load(config.and_then(|config| config.ca_file)).await
}

/// The outer encryption of the control channel: the system's certificates, those that ship with
/// Outport where the system has none, and the extra ones. What is said inside is sealed once more
/// between pinned keys, so a certificate too many lets somebody carry it, not read it.
pub(crate) fn client_config(trust: &Trust) -> Result<ClientConfig, TrustError> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(system.certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    if let Some(pem) = &trust.extra_roots_pem {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| TrustError::Pem(error.to_string()))?;
            roots.add(certificate).map_err(TrustError::Certificate)?;
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TrustError::Certificate)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// Why the outer encryption cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum TrustError {
    /// The file with extra certificates is no PEM.
    #[error("the extra certificates are not in PEM form: {0}")]
    Pem(String),
    /// A certificate cannot be used.
    #[error("a certificate cannot be used")]
    Certificate(#[source] rustls::Error),
}

const CA_VARIABLE: &str = "OUTPORT_CA_FILE";
/// A whole system's store is half a megabyte.
const CA_FILE_BYTES_MAX: usize = 4 * 1024 * 1024;
