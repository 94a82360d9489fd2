//! A network that wants a sign-in in a browser before it lets anything out, as in a hotel: it answers in
//! the place of everybody, until somebody signs in.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Result;
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    net::{Internet, nft},
    service::Service,
};

/// What it does to whoever did not sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Pages lead to its own (302), and elsewhere it shows its own certificate.
    ItsCertificate,
    /// Pages say that it wants a sign-in (511), and elsewhere it is silent.
    Silence,
}

/// Keeps a network shut until it is dropped or somebody signs in.
#[derive(Debug)]
pub struct Portal {
    router: String,
    _service: Service,
}

impl Portal {
    /// Shuts the network of the computer at `place`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn before(internet: &Internet, place: usize, manner: Manner) -> Result<Self> {
        let router = internet.router_of(place)?;
        let acceptor = acceptor()?;
        let (service, ports) = Service::on(&router, async move || {
            let any = SocketAddr::from(([0, 0, 0, 0], 0));
            let (pages, others) = (TcpListener::bind(any).await?, TcpListener::bind(any).await?);
            let ports = (pages.local_addr()?.port(), others.local_addr()?.port());
            let serve = async move {
                tokio::join!(show_pages(pages, manner), shake_hands(others, acceptor));
            };
            Ok((ports, serve))
        })?;
        let (pages, others) = ports;
        nft(&router, &rules(manner, pages, others))?;
        Ok(Self { router, _service: service })
    }

    /// Somebody signs in: from now on everything goes.
    ///
    /// # Errors
    /// When the system's `nft` refuses.
    pub fn sign_in(&self) -> Result<()> {
        nft(&self.router, "delete table inet portal")
    }
}

async fn show_pages(listener: TcpListener, manner: Manner) {
    let page = match manner {
        Manner::ItsCertificate => "302 Found\r\nLocation: http://portal.hotel.test/welcome",
        Manner::Silence => "511 Network Authentication Required",
    };
    let page = format!("HTTP/1.1 {page}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let mut visitors = JoinSet::new();
    loop {
        let Ok((mut visitor, _)) = listener.accept().await else { continue };
        let page = page.clone();
        visitors.spawn(async move {
            if visitor.read(&mut [0; 4096]).await.ok()? == 0 {
                return None;
            }
            visitor.write_all(page.as_bytes()).await.ok()?;
            visitor.shutdown().await.ok()
        });
    }
}

/// Whoever comes sees the portal's certificate, and nothing after.
async fn shake_hands(listener: TcpListener, acceptor: TlsAcceptor) {
    let mut visitors = JoinSet::new();
    loop {
        let Ok((visitor, _)) = listener.accept().await else { continue };
        let acceptor = acceptor.clone();
        visitors.spawn(async move { acceptor.accept(visitor).await.map(drop).ok() });
    }
}

fn acceptor() -> Result<TlsAcceptor> {
    let own = rcgen::generate_simple_self_signed(["portal.hotel.test".to_owned()])?;
    let key =
        PrivateKeyDer::try_from(own.signing_key.serialize_der()).map_err(anyhow::Error::msg)?;
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// New connections go to the portal or nowhere; nothing but TCP passes at all.
fn rules(manner: Manner, pages: u16, others: u16) -> String {
    let elsewhere = match manner {
        Manner::ItsCertificate => format!("redirect to :{others}"),
        Manner::Silence => String::from("accept"),
    };
    let passing = match manner {
        Manner::ItsCertificate => "meta l4proto udp drop",
        Manner::Silence => "drop",
    };
    format!(
        r#"table inet portal {{
            chain inwards {{
                type nat hook prerouting priority dstnat;
                iifname "in" tcp dport 80 redirect to :{pages}
                iifname "in" meta l4proto tcp {elsewhere}
            }}
            chain through_it {{
                type filter hook forward priority filter - 1;
                iifname "in" {passing}
            }}
        }}"#
    )
}
