//! What opens TLS on its way to a server to look inside, as some offices do: with certificates of its
//! own authority, which the computers of the office trust.

use std::{fs, net::SocketAddr, path::Path, sync::Arc};

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::{net::Internet, service::Service};

/// Inspects until it is dropped.
#[derive(Debug)]
pub struct Inspector {
    address: SocketAddr,
    _service: Service,
}

impl Inspector {
    /// Begins to inspect on a host what goes to the hub of an internet at an address, whose certificate is in `trusted`; that of
    /// its own authority is written to `authority`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn in_host(
        host: &str,
        server: SocketAddr,
        trusted: &Path,
        authority: &Path,
    ) -> Result<Self> {
        let (acceptor, own) = acceptor()?;
        fs::write(authority, own)?;
        let connector = connector(trusted)?;
        let (service, address) = Service::on(host, async move || {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            Ok((listener.local_addr()?, serve(listener, server, acceptor, connector)))
        })?;
        Ok(Self { address, _service: service })
    }

    /// Where it takes connections, on its host.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its authority is called.
    pub const NAME: &str = "Example Office Inspection";
}

async fn serve(
    listener: TcpListener,
    server: SocketAddr,
    acceptor: TlsAcceptor,
    connector: TlsConnector,
) {
    let mut visitors = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        let (acceptor, connector) = (acceptor.clone(), connector.clone());
        visitors.spawn(async move {
            // Whoever asked sees the connection end.
            let mut client = acceptor.accept(client).await.ok()?;
            let stream = TcpStream::connect(server).await.ok()?;
            let name = ServerName::from(server.ip());
            let mut stream = connector.connect(name, stream).await.ok()?;
            copy_bidirectional(&mut client, &mut stream).await.ok()
        });
    }
}

/// What shows a certificate for the hub, and the authority's that signed it.
fn acceptor() -> Result<(TlsAcceptor, String)> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, Inspector::NAME);
    let key = KeyPair::generate()?;
    let authority = params.self_signed(&key)?.pem();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate()?;
    let shown = CertificateParams::new([Internet::NAME.to_owned()])?.signed_by(&key, &issuer)?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![shown.der().clone()], key)?;
    Ok((TlsAcceptor::from(Arc::new(config)), authority))
}

fn connector(trusted: &Path) -> Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(trusted)? {
        roots.add(certificate?)?;
    }
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
