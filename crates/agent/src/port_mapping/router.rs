//! The router of this computer's network, in whichever of three ways it can be asked.
//!
//! PCP and NAT-PMP, its predecessor, are spoken with the gateway of the default route. UPnP is asked
//! of the whole network, but only that gateway is believed. Whatever comes back is a stranger's word:
//! an address that nobody outside can reach is no use, and is given back at once.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    num::NonZeroU16,
    pin::pin,
    time::Duration,
};

use crab_nat::{
    InternetProtocol, MappingFailure, PortMapping, PortMappingOptions, PortMappingType,
    TimeoutConfig, natpmp, pcp,
};
use futures_util::future::{Either, select};
use igd_next::{
    AddAnyPortError, AddPortError, GetExternalIpError, PortMappingProtocol, SearchError,
    SearchOptions,
    aio::{
        Gateway,
        tokio::{Tokio, search_gateway},
    },
};
use tokio::time::timeout;

use super::Router;

/// A port that a router holds open.
#[derive(Debug)]
pub(crate) struct Mapping<G> {
    /// By which others come in.
    pub(super) address: SocketAddr,
    /// For how long, unless it is renewed.
    pub(super) lasts: Duration,
    pub(super) grip: G,
}

/// Why there is no port.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MapError {
    #[error("the system names no router for IPv4")]
    NoRouter,
    #[error("packets for {to} do not come by {local}, which the router knows")]
    Elsewhere { to: SocketAddr, local: Ipv4Addr },
    #[error("the router opens none (PCP and NAT-PMP: {pcp}; UPnP: {upnp})")]
    Refused { pcp: String, upnp: String },
    #[error("it is not renewed: {reason}")]
    NotRenewed { reason: String },
    #[error("nobody outside can reach {address}, which the router names")]
    NotPublic { address: IpAddr },
    #[error("the question broke off")]
    Broken,
}

/// The router of the network that this computer is in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HomeRouter;

/// What a port is held by.
#[derive(Debug)]
pub(crate) enum Grip {
    /// PCP or NAT-PMP.
    Pcp(PortMapping),
    Upnp {
        gateway: Box<Gateway<Tokio>>,
        to: SocketAddr,
    },
}

/// Where this computer stands in its network.
#[derive(Clone, Copy, Debug)]
struct Place {
    router: Ipv4Addr,
    local: Ipv4Addr,
}

impl Router for HomeRouter {
    type Grip = Grip;

    async fn map(self, to: SocketAddr) -> Result<Mapping<Grip>, MapError> {
        let place = crate::blocking(place).await?;
        let Some(port) = NonZeroU16::new(to.port()) else { return Err(MapError::Broken) };
        let ip = to.ip().to_canonical();
        if !ip.is_unspecified() && ip != place.local {
            return Err(MapError::Elsewhere { to, local: place.local });
        }
        let mapping = ask(place, port).await?;
        if is_public(mapping.address.ip()) {
            return Ok(mapping);
        }
        let address = mapping.address.ip();
        self.release(mapping).await;
        Err(MapError::NotPublic { address })
    }

    async fn renew(&self, mapping: &mut Mapping<Grip>) -> Result<(), MapError> {
        let renewed = match &mut mapping.grip {
            Grip::Pcp(held) => renew_by_pcp(held).await.map_err(|error| error.to_string()),
            Grip::Upnp { gateway, to } => {
                let renewed = renew_by_upnp(gateway, *to, mapping.address.port());
                match timeout(UPNP_LIMIT, renewed).await {
                    Ok(renewed) => renewed.map_err(|error| error.to_string()),
                    Err(_) => Err(NO_ANSWER.to_owned()),
                }
            }
        };
        let (address, lasts) = renewed.map_err(|reason| MapError::NotRenewed { reason })?;
        if !is_public(address.ip()) {
            return Err(MapError::NotPublic { address: address.ip() });
        }
        (mapping.address, mapping.lasts) = (address, lasts);
        Ok(())
    }

    async fn release(&self, mapping: Mapping<Grip>) {
        let closed = match mapping.grip {
            Grip::Pcp(held) => held.try_drop().await.map_err(|(error, _)| error.to_string()),
            Grip::Upnp { gateway, .. } => gateway
                .remove_port(PortMappingProtocol::UDP, mapping.address.port())
                .await
                .map_err(|error| error.to_string()),
        };
        if let Err(error) = closed {
            tracing::debug!(error, "the router does not close the port");
        }
    }
}

/// The router by which packets leave for the internet. Another one may belong to a network that is
/// nobody's business, such as the one under a VPN.
fn place() -> Result<Place, MapError> {
    let local = leaving_from().map_err(|_| MapError::NoRouter)?;
    let interfaces = netdev::get_interfaces();
    let is_here = |interface: &&netdev::Interface| {
        interface.ipv4.iter().any(|network| network.addr() == local)
    };
    let router = interfaces.iter().find(is_here).and_then(|interface| interface.gateway.as_ref());
    let router = router.and_then(|router| router.ipv4.first()).ok_or(MapError::NoRouter)?;
    Ok(Place { router: *router, local })
}

/// The address from which the system would send far away; nothing is sent.
fn leaving_from() -> io::Result<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.connect((FAR_AWAY, 9))?;
    match socket.local_addr()? {
        SocketAddr::V4(local) => Ok(*local.ip()),
        SocketAddr::V6(_) => Err(io::ErrorKind::AddrNotAvailable.into()),
    }
}

/// Asks in all ways at once; the better ones count first where several are answered.
async fn ask(place: Place, port: NonZeroU16) -> Result<Mapping<Grip>, MapError> {
    let (by_pcp, found) = (pin!(by_pcp(place, port)), pin!(search(place)));
    let (refused, found) = match select(by_pcp, found).await {
        Either::Left((Ok(mapping), _)) => return Ok(mapping),
        Either::Left((Err(refused), found)) => (refused, found.await),
        Either::Right((found, by_pcp)) => match by_pcp.await {
            Ok(mapping) => return Ok(mapping),
            Err(refused) => (refused, found),
        },
    };
    let by_upnp = async {
        let gateway = found.map_err(|error| error.to_string())?;
        let opened =
            timeout(UPNP_LIMIT, by_upnp(gateway, SocketAddr::new(place.local.into(), port.get())));
        let opened = opened.await.map_err(|_| NO_ANSWER.to_owned())?;
        opened.map_err(|error| error.to_string())
    };
    by_upnp.await.map_err(|upnp| MapError::Refused { pcp: refused.to_string(), upnp })
}

async fn by_pcp(place: Place, port: NonZeroU16) -> Result<Mapping<Grip>, MappingFailure> {
    let (gateway, udp) = (place.router.into(), InternetProtocol::Udp);
    let options = PortMappingOptions {
        external_port: Some(port), // a suggestion, which people recognise in their router's list
        lifetime_seconds: Some(LEASE_SECONDS),
        timeout_config: Some(TIMES),
    };
    let request = pcp::BaseMapRequest::new(gateway, place.local.into(), udp, port);
    let held = match pcp::port_mapping(request, None, None, options).await {
        Ok(held) => held,
        // Both are spoken on one port: where nothing is heard there, the older one is not either.
        Err(error @ (pcp::Failure::Timeout | pcp::Failure::Socket(_))) => return Err(error.into()),
        Err(error) => {
            tracing::debug!(%error, "the router does not speak PCP");
            natpmp::port_mapping(gateway, udp, port, options).await?
        }
    };
    match outside(&held).await {
        Ok((address, lasts)) => Ok(Mapping { address, lasts, grip: Grip::Pcp(held) }),
        Err(error) => {
            held.try_drop().await.ok(); // of no use without its address
            Err(error)
        }
    }
}

async fn renew_by_pcp(held: &mut PortMapping) -> Result<(SocketAddr, Duration), MappingFailure> {
    held.renew().await?;
    outside(held).await
}

/// Where others come in, and for how long.
async fn outside(held: &PortMapping) -> Result<(SocketAddr, Duration), MappingFailure> {
    let ip = match held.mapping_type() {
        PortMappingType::Pcp { external_ip, .. } => external_ip.to_canonical(),
        PortMappingType::NatPmp => {
            natpmp::external_address(held.gateway(), Some(TIMES)).await?.into()
        }
    };
    let lasts = Duration::from_secs(held.lifetime().into());
    Ok((SocketAddr::new(ip, held.external_port().get()), lasts))
}

async fn search(place: Place) -> Result<Gateway<Tokio>, SearchError> {
    let mut options = SearchOptions::default();
    options.bind_addr = SocketAddr::new(place.local.into(), 0);
    options.timeout = Some(SEARCH_LIMIT);
    let gateway = search_gateway(options).await?;
    if gateway.addr.ip() == place.router { Ok(gateway) } else { Err(SearchError::InvalidResponse) }
}

async fn by_upnp(
    gateway: Gateway<Tokio>,
    to: SocketAddr,
) -> Result<Mapping<Grip>, AddAnyPortError> {
    let ip = gateway.get_external_ip().await?;
    // A router that opens ports for ever only is not asked to: nobody would close them after a crash.
    let port =
        gateway.add_any_port(PortMappingProtocol::UDP, to, LEASE_SECONDS, DESCRIPTION).await?;
    let lasts = Duration::from_secs(LEASE_SECONDS.into());
    let grip = Grip::Upnp { gateway: Box::new(gateway), to };
    Ok(Mapping { address: SocketAddr::new(ip, port), lasts, grip })
}

#[derive(Debug, thiserror::Error)]
enum RenewError {
    #[error("the router does not open it again")]
    Port(#[from] AddPortError),
    #[error("the router does not name its address")]
    Address(#[from] GetExternalIpError),
}

async fn renew_by_upnp(
    gateway: &Gateway<Tokio>,
    to: SocketAddr,
    port: u16,
) -> Result<(SocketAddr, Duration), RenewError> {
    gateway.add_port(PortMappingProtocol::UDP, port, to, LEASE_SECONDS, DESCRIPTION).await?;
    let ip = gateway.get_external_ip().await?;
    Ok((SocketAddr::new(ip, port), Duration::from_secs(LEASE_SECONDS.into())))
}

/// Whether computers elsewhere could reach an address.
fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            let behind_a_provider = a == 100 && (64..128).contains(&b);
            let for_protocols = (a, b, c) == (192, 0, 0);
            let for_measuring = a == 198 && (18..20).contains(&b);
            !(a == 0
                || 224 <= a
                || ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                || ip.is_documentation()
                || behind_a_provider
                || for_protocols
                || for_measuring)
        }
        IpAddr::V6(ip) => {
            let [a, b, ..] = ip.segments();
            (0x2000..0x4000).contains(&a) && (a, b) != (0x2001, 0xdb8)
        }
    }
}

/// An address of nobody's (RFC 5737), to which only the default route leads.
const FAR_AWAY: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// For how long a port is asked for. It is renewed halfway; one that a crash left behind is closed then.
const LEASE_SECONDS: u32 = 30 * 60;
/// What people read in the list of their router.
const DESCRIPTION: &str = "Outport";
/// A router on this network answers at once or not at all: three quarters of a second in all.
const TIMES: TimeoutConfig = TimeoutConfig {
    initial_timeout: Duration::from_millis(250),
    max_retries: 1,
    max_retry_timeout: None,
};
/// Some take a second to say that they are there.
const SEARCH_LIMIT: Duration = Duration::from_secs(3);
/// Some take their time to open a port.
const UPNP_LIMIT: Duration = Duration::from_secs(5);
const NO_ANSWER: &str = "no answer";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_others_can_reach_are_believed() {
        for public in ["11.213.1.2", "100.63.255.255", "100.128.0.1", "198.20.0.1", "2a01::1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for not in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "169.254.0.1",
            "172.16.0.1",
            "192.0.0.1",
            "192.168.1.1",
            "198.18.0.1",
            "203.0.113.7",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(not.parse().unwrap()), "{not}");
        }
    }
}
