//! The computer's own addresses, and whether another one is in the same network.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
};

use outport_protocol::control::{Candidate, CandidateKind};
use outport_types::Route;

/// An address of one of the computer's interfaces and the network that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interface {
    pub(crate) ip: IpAddr,
    pub(crate) prefix_bits: u8,
}

/// The addresses of all interfaces that are up.
pub(crate) fn interfaces() -> io::Result<Vec<Interface>> {
    let found = if_addrs::get_if_addrs()?;
    Ok(found
        .into_iter()
        .map(|interface| match interface.addr {
            if_addrs::IfAddr::V4(v4) => Interface { ip: v4.ip.into(), prefix_bits: v4.prefixlen },
            if_addrs::IfAddr::V6(v6) => Interface { ip: v6.ip.into(), prefix_bits: v6.prefixlen },
        })
        .collect())
}

/// Where a socket bound to `bound` can be reached inside the computer's own networks.
///
/// One loopback address is among them, last: two agents of one computer that is in no network find
/// each other by it.
pub(crate) fn candidates(interfaces: &[Interface], bound: SocketAddr) -> Vec<Candidate> {
    let local =
        |ip| Candidate { address: SocketAddr::new(ip, bound.port()), kind: CandidateKind::Local };
    if !bound.ip().is_unspecified() {
        return vec![local(bound.ip().to_canonical())];
    }
    let speaks = |ip: &IpAddr| ip.is_ipv4() || bound.is_ipv6();
    let mut usable: Vec<IpAddr> =
        interfaces.iter().map(|interface| interface.ip).filter(speaks).collect();
    usable.sort();
    usable.dedup();
    let (loopback, outside): (Vec<IpAddr>, Vec<IpAddr>) =
        usable.into_iter().filter(|ip| !needs_a_zone(ip)).partition(IpAddr::is_loopback);
    let outside = outside.into_iter().take(CANDIDATES_MAX - 1);
    outside.chain(loopback.into_iter().take(1)).map(local).collect()
}

/// How a link to `remote` travels.
pub(crate) fn route(interfaces: &[Interface], remote: IpAddr) -> Route {
    let remote = remote.to_canonical();
    let near = interfaces.iter().any(|interface| interface.network_holds(remote));
    if remote.is_loopback() || near { Route::Lan } else { Route::Direct }
}

/// Which of the other side's addresses are worth a try.
///
/// Its loopback address is, if it seems to be the same computer: when one of its other addresses is
/// one of ours, or when it has no other.
pub(crate) fn worth_dialling(interfaces: &[Interface], theirs: &[Candidate]) -> Vec<SocketAddr> {
    let ip_of = |candidate: &Candidate| candidate.address.ip().to_canonical();
    let is_ours = |ip: IpAddr| interfaces.iter().any(|interface| interface.ip == ip);
    let outside = || theirs.iter().map(ip_of).filter(|ip| !ip.is_loopback());
    let same_computer = outside().next().is_none() || outside().any(is_ours);
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for candidate in theirs {
        let ip = ip_of(candidate);
        let sensible = candidate.address.port() != 0 && !ip.is_unspecified() && !ip.is_multicast();
        let address = SocketAddr::new(ip, candidate.address.port());
        if sensible && (same_computer || !ip.is_loopback()) && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses.truncate(CANDIDATES_MAX);
    addresses
}

/// What is known of the other side's addresses after it named some: those first, as one that moves
/// often is at the last ones, and no more of the older ones than [`KNOWN_MAX`] in all.
pub(crate) fn newest_first(named: &[Candidate], known: &[Candidate]) -> Vec<Candidate> {
    let mut all: Vec<Candidate> = Vec::new();
    for candidate in named.iter().chain(known) {
        if all.len() < KNOWN_MAX && !all.contains(candidate) {
            all.push(*candidate);
        }
    }
    all
}

impl Interface {
    fn network_holds(&self, other: IpAddr) -> bool {
        match (self.ip, other) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                same_prefix(own.to_bits().into(), other.to_bits().into(), 32, self.prefix_bits)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                same_prefix(own.to_bits(), other.to_bits(), 128, self.prefix_bits)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

fn same_prefix(a: u128, b: u128, width: u32, prefix: u8) -> bool {
    let prefix = u32::from(prefix).min(width);
    // A prefix of nothing would hold everybody: a point-to-point tunnel without a network.
    prefix != 0 && (a ^ b) >> (width - prefix) == 0
}

/// Link-local addresses mean nothing without the interface that they belong to.
fn needs_a_zone(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local() || *ip == Ipv4Addr::UNSPECIFIED,
        IpAddr::V6(ip) => ip.is_unicast_link_local() || ip.is_unspecified(),
    }
}

/// A socket of the address that the system would reach `remote` from.
pub(crate) fn socket_toward(remote: SocketAddr) -> io::Result<UdpSocket> {
    let any: IpAddr = match remote.ip() {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(remote)?;
    Ok(socket)
}

/// The content of the largest UDP packet that goes to `remote` in one piece as far as this computer knows;
/// `None` where the system does not tell.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn largest_datagram(remote: SocketAddr) -> Option<u16> {
    use rustix::net::sockopt::{ip_mtu, ipv6_mtu};

    let remote = SocketAddr::new(remote.ip().to_canonical(), remote.port());
    let socket = socket_toward(remote).ok()?;
    let (packet, heads) = match remote {
        SocketAddr::V4(_) => (ip_mtu(&socket).ok()?, 28),
        SocketAddr::V6(_) => (ipv6_mtu(&socket).ok()?, 48),
    };
    Some(u16::try_from(packet).unwrap_or(u16::MAX).saturating_sub(heads))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn largest_datagram(_remote: SocketAddr) -> Option<u16> {
    None
}

/// The most addresses of one agent; a computer with more has virtual ones that nobody reaches.
pub const CANDIDATES_MAX: usize = 16;
/// Addresses of the other side that are kept: those of its network, and of the one before.
const KNOWN_MAX: usize = 2 * CANDIDATES_MAX;

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[test]
    fn the_system_tells_how_large_packets_may_be() {
        for loopback in ["127.0.0.1:9", "[::1]:9", "[::ffff:127.0.0.1]:9"] {
            let largest = largest_datagram(loopback.parse().unwrap());
            assert!(largest.is_none_or(|largest| 8_952 < largest), "{loopback}: {largest:?}");
        }
        assert!(largest_datagram("127.0.0.1:9".parse().unwrap()).is_some());
    }

    #[test]
    fn own_addresses_come_without_those_that_mean_nothing_elsewhere() {
        let all = [
            at("127.0.0.1", 8),
            at("::1", 128),
            at("192.168.1.5", 24),
            at("fe80::1", 64),
            at("2001:db8::5", 64),
            at("169.254.3.4", 16),
        ];
        let found = addresses(&candidates(&all, "[::]:7".parse().unwrap()));
        assert_eq!(found, ["192.168.1.5:7", "[2001:db8::5]:7", "127.0.0.1:7"]);
        let found = addresses(&candidates(&all, "0.0.0.0:7".parse().unwrap()));
        assert_eq!(found, ["192.168.1.5:7", "127.0.0.1:7"]);
        let found = addresses(&candidates(&all, "127.0.0.1:7".parse().unwrap()));
        assert_eq!(found, ["127.0.0.1:7"]);
    }

    #[test]
    fn the_same_network_is_lan_and_all_else_direct() {
        let own = [at("192.168.1.5", 24), at("10.8.0.1", 0), at("2001:db8:1::5", 64)];
        for (remote, expected) in [
            ("127.0.0.1", Route::Lan),
            ("192.168.1.77", Route::Lan),
            ("::ffff:192.168.1.77", Route::Lan),
            ("192.168.2.77", Route::Direct),
            ("2001:db8:1::77", Route::Lan),
            ("2001:db8:2::77", Route::Direct),
            ("203.0.113.1", Route::Direct),
        ] {
            assert_eq!(route(&own, remote.parse().unwrap()), expected, "{remote}");
        }
    }

    #[test]
    fn a_loopback_address_is_dialled_only_on_what_seems_the_same_computer() {
        let own = [at("192.168.1.5", 24)];
        let dialled = |theirs: &[&str]| {
            let theirs: Vec<Candidate> = theirs.iter().map(|text| candidate(text)).collect();
            worth_dialling(&own, &theirs).len()
        };
        assert_eq!(dialled(&["127.0.0.1:7"]), 1);
        assert_eq!(dialled(&["192.168.1.5:7", "127.0.0.1:7"]), 2);
        assert_eq!(dialled(&["192.168.1.6:7", "127.0.0.1:7"]), 1);
        assert_eq!(dialled(&["0.0.0.0:7", "192.168.1.6:0", "224.0.0.1:7"]), 0);
        assert_eq!(dialled(&["10.0.0.1:7", "[::ffff:10.0.0.1]:7"]), 1);
    }

    #[test]
    fn who_moves_often_is_dialled_where_it_is_now() {
        let named = |network: u8| -> Vec<Candidate> {
            (1..=4).map(|host| candidate(&format!("10.0.{network}.{host}:7"))).collect()
        };
        let known =
            (1..=20).fold(Vec::new(), |known, network| newest_first(&named(network), &known));
        assert_eq!(known.len(), KNOWN_MAX);
        let dialled = worth_dialling(&[at("192.168.1.5", 24)], &known);
        let [now, before] = [named(20), named(19)];
        for candidate in now.iter().chain(&before) {
            assert!(dialled.contains(&candidate.address), "{candidate:?} in {dialled:?}");
        }
        assert_eq!(dialled[0], now[0].address);
        assert_eq!(newest_first(&now, &known), known, "what is said twice changes nothing");
    }

    #[test]
    fn this_computer_has_addresses() {
        assert!(!interfaces().unwrap().is_empty());
    }

    fn at(ip: &str, prefix_bits: u8) -> Interface {
        Interface { ip: ip.parse().unwrap(), prefix_bits }
    }

    fn candidate(address: &str) -> Candidate {
        Candidate { address: address.parse().unwrap(), kind: CandidateKind::Local }
    }

    fn addresses(candidates: &[Candidate]) -> Vec<String> {
        candidates.iter().map(|candidate| candidate.address.to_string()).collect()
    }
}
