//! How a hub is reached and recognised: which certificates are trusted for the outer encryption, and
//! which proxy is on the way.

use std::{env, io, path::PathBuf, sync::Arc};

use outport_api::client::{HubUrl, Trust};
use outport_control::Paths;
use outport_types::{Code, Problem};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};

use crate::{
    config::{Config, config_file},
    files::read_bounded,
    proxy,
};

/// How a hub is reached and recognised by the files of a profile, where no agent says which config is
/// in force.
///
/// # Errors
/// When the certificates that the owner named cannot be read, or the proxy cannot be used.
pub async fn trust_for(paths: &Paths, hub: &HubUrl) -> Result<Trust, Problem> {
    load(paths, None, hub).await
}

/// The same by the config in force, or by the file without one.
pub(crate) async fn load(
    paths: &Paths,
    in_force: Option<Arc<Config>>,
    hub: &HubUrl,
) -> Result<Trust, Problem> {
    let config = match in_force {
        Some(config) => Some(config),
        None => {
            let of = paths.clone();
            // A config with a mistake in it must not keep anybody from signing in.
            crate::blocking(move || Config::load(&of).ok()).await.map(Arc::new)
        }
    };
    let (ca_file, choice) = match &config {
        Some(config) => (config.ca_file.clone(), config.proxy.clone()),
        None => Default::default(),
    };
    let extra_roots_pem = certificates(ca_file).await.map_err(|error| {
        let file = config_file(paths).display().to_string();
        let reason = format!("the extra certificates cannot be read: {error}");
        let args = [("file", file.into()), ("line", 0.into()), ("reason", reason.into())];
        Problem::new(Code::BadConfig, args)
    })?;
    let way = proxy::choose(paths, &choice, hub).await.map_err(|error| error.problem())?;
    Ok(Trust { extra_roots_pem, proxy: way.map(|way| way.proxy) })
}

/// The extra certificates that the owner named: by environment, else by `ca_file` of the config.
pub(crate) async fn certificates(ca_file: Option<PathBuf>) -> io::Result<Option<Vec<u8>>> {
    let named = env::var_os(CA_VARIABLE).filter(|file| !file.is_empty()).map(PathBuf::from);
    let Some(file) = named.or(ca_file) else { return Ok(None) };
    let content = crate::blocking(move || {
        read_bounded(&file, CA_FILE_BYTES_MAX)?.ok_or_else(|| {
            io::Error::new(io::ErrorKind::NotFound, format!("{} does not exist", file.display()))
        })
    });
    content.await.map(Some)
}

/// The outer encryption of the control channel: the system's certificates, those that ship with
/// Outport where the system has none, and the extra ones. What is said inside is sealed once more
/// between pinned keys, so a certificate too many lets somebody carry it, not read it.
pub(crate) fn client_config(trust: &Trust) -> Result<ClientConfig, TrustError> {
    let Authorities { system, extra, .. } = Authorities::load(trust)?;
    let mut roots = system;
    roots.extend(extra.roots);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TrustError::Certificate)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// Whom the outer encryption trusts, by who says so.
#[derive(Clone, Debug)]
pub(crate) struct Authorities {
    /// Those that ship with Outport, which browsers trust.
    pub(crate) public: RootCertStore,
    /// The operating system's, or the public ones where it has none.
    pub(crate) system: RootCertStore,
    /// Those that the owner named.
    pub(crate) extra: RootCertStore,
}

impl Authorities {
    /// Reads them; this takes a while and is done on the disk.
    pub(crate) fn load(trust: &Trust) -> Result<Self, TrustError> {
        let mut public = RootCertStore::empty();
        public.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let mut system = RootCertStore::empty();
        system.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if system.is_empty() {
            system.extend(public.roots.iter().cloned());
        }
        let mut extra = RootCertStore::empty();
        for certificate in
            CertificateDer::pem_slice_iter(trust.extra_roots_pem.as_deref().unwrap_or_default())
        {
            let certificate = certificate.map_err(|error| TrustError::Pem(error.to_string()))?;
            extra.add(certificate).map_err(TrustError::Certificate)?;
        }
        Ok(Self { public, system, extra })
    }
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
