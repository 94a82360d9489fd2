//! What UDP does on the way to the hub, which is the way to its relay too: whether it gets out, what a
//! router makes of this computer's address, and how large packets may be.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use outport_api::{client::HubUrl, hub::AboutHub};
use outport_control::Verdict;
use outport_link::Endpoint;
use outport_types::{Code, Fact, FactCode, Problem};
use tokio::time::timeout;

use super::{
    STEP_TIMEOUT,
    reach::ms_since,
    report::{Report, Topic},
};
use crate::lookup::lookup;

pub(super) async fn examine(
    hub: &HubUrl,
    about: Option<&AboutHub>,
    endpoint: &Endpoint,
    report: &mut Report,
) {
    let Some(place) = about.and_then(|about| about.udp.as_deref()) else {
        return report.skip(&[Topic::Udp, Topic::Nat, Topic::Packets], FactCode::NoUdpPort);
    };
    let mut ports = lookup(place, STEP_TIMEOUT).await;
    // What most networks have stands first in the report.
    ports.sort_by_key(SocketAddr::is_ipv6);
    if ports.is_empty() {
        let host = place.rsplit_once(':').map_or(place, |(host, _)| host);
        report.warn(Topic::Udp, Problem::new(Code::HubNameUnknown, [("host", host.into())]));
        return report.skip(&[Topic::Nat, Topic::Packets], FactCode::NoUdp);
    }
    let asked = ports.iter().map(|port| async move {
        let began = Instant::now();
        let seen = endpoint.observed_address(*port).await;
        (*port, seen.map(|seen| (seen, ms_since(began))))
    });
    let asked = join_all(asked).await;
    let seen: Vec<_> =
        asked.iter().filter_map(|(port, seen)| Some((*port, *seen.as_ref().ok()?))).collect();
    if seen.is_empty() {
        report.warn(Topic::Udp, Problem::new(Code::UdpBlocked, [("place", place.into())]));
        return report.skip(&[Topic::Nat, Topic::Packets], FactCode::NoUdp);
    }
    for (port, seen) in &asked {
        let family = ("family", family_of(*port).into());
        match seen {
            Ok((address, ms)) => {
                let args = [family, ("address", address.to_string().into()), ("ms", (*ms).into())];
                report.ok(Topic::Udp, FactCode::UdpOpen, args);
            }
            Err(_) => {
                let fact = Fact::new(FactCode::UdpFamilyAway, [family]);
                report.found(Topic::Udp, Verdict::Skipped, fact);
            }
        }
    }
    if hub.is_loopback() {
        return report.skip(&[Topic::Nat, Topic::Packets], FactCode::HubIsHere);
    }
    let second = about.and_then(|about| about.udp_second.as_deref()).and_then(port_of);
    let own = &own_addresses(endpoint);
    let kinds = seen.iter().map(|(port, (seen, _))| async move {
        (family_of(*port), *seen, nat_of(endpoint, *port, second, *seen, own).await)
    });
    let (kinds, carried) = tokio::join!(join_all(kinds), carried(endpoint, seen[0].0));
    for (family, seen, nat) in kinds {
        tell_nat(family, seen, nat, report);
    }
    tell_packets(&carried, place, report);
}

/// What a router makes of this computer's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nat {
    /// Nothing.
    None,
    /// The same for every target.
    Keeps,
    /// Another one for the hub's second port.
    Changes(SocketAddr),
    /// One port alone does not tell.
    Unknown,
}

/// What became of packets of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Carried {
    /// The whole packet with its headers.
    bytes: usize,
    through: bool,
}

/// What all sizes came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packets {
    Whole(usize),
    UpTo {
        bytes: usize,
        lost: usize,
    },
    /// Not even those without which QUIC does not begin.
    Lost(usize),
    Unknown,
}

async fn nat_of(
    endpoint: &Endpoint,
    port: SocketAddr,
    second: Option<u16>,
    seen: SocketAddr,
    own: &BTreeSet<IpAddr>,
) -> Nat {
    if own.contains(&seen.ip()) {
        return Nat::None;
    }
    let Some(second) = second else { return Nat::Unknown };
    let asked = endpoint.observed_address(SocketAddr::new(port.ip(), second));
    match timeout(SECOND_PORT_LIMIT, asked).await {
        Ok(Ok(other)) if other == seen => Nat::Keeps,
        Ok(Ok(other)) => Nat::Changes(other),
        Ok(Err(_)) | Err(_) => Nat::Unknown,
    }
}

fn tell_nat(family: &str, seen: SocketAddr, nat: Nat, report: &mut Report) {
    let family = ("family", family.into());
    let address = ("address", seen.to_string().into());
    match nat {
        Nat::None => report.ok(Topic::Nat, FactCode::NatNone, [family]),
        Nat::Keeps => report.ok(Topic::Nat, FactCode::NatKeepsPort, [family, address]),
        Nat::Changes(other) => {
            let args = [family, address, ("other", other.to_string().into())];
            let fact = Fact::new(FactCode::NatChangesPort, args);
            report.found(Topic::Nat, Verdict::Warning, fact);
        }
        Nat::Unknown => report.skip(&[Topic::Nat], FactCode::NatUnknown),
    }
}

/// Sends packets of several sizes at once; the first is small, to see whether the hub answers to any.
async fn carried(endpoint: &Endpoint, port: SocketAddr) -> Vec<Carried> {
    let headers = if port.is_ipv4() { V4_HEADERS } else { V6_HEADERS };
    let sizes = [SMALL, QUIC_MIN + headers].into_iter().chain(SIZES);
    let tried = sizes.map(|bytes| async move {
        let through = endpoint.path_carries(port, bytes - headers).await.is_ok();
        Carried { bytes, through }
    });
    join_all(tried).await
}

fn packets(carried: &[Carried]) -> Packets {
    let [small, rest @ ..] = carried else { return Packets::Unknown };
    let largest = rest.iter().rev().find(|carried| carried.through);
    match (largest, rest.iter().rev().find(|carried| !carried.through)) {
        (Some(largest), _) => {
            let lost = rest.iter().find(|other| largest.bytes < other.bytes);
            match lost {
                Some(lost) => Packets::UpTo { bytes: largest.bytes, lost: lost.bytes },
                None => Packets::Whole(largest.bytes),
            }
        }
        (None, Some(_)) if small.through => Packets::Lost(rest[0].bytes),
        (None, _) => Packets::Unknown,
    }
}

fn tell_packets(carried: &[Carried], place: &str, report: &mut Report) {
    let number = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX).into();
    match packets(carried) {
        Packets::Whole(bytes) => {
            report.ok(Topic::Packets, FactCode::PacketsWhole, [("bytes", number(bytes))]);
        }
        Packets::UpTo { bytes, lost } => {
            let args = [("bytes", number(bytes)), ("lost", number(lost))];
            report.ok(Topic::Packets, FactCode::PacketsUpTo, args);
        }
        Packets::Lost(bytes) => {
            let args = [("bytes", number(bytes)), ("place", place.into())];
            report.warn(Topic::Packets, Problem::new(Code::PacketsLost, args));
        }
        Packets::Unknown => report.skip(&[Topic::Packets], FactCode::PacketsUnknown),
    }
}

fn own_addresses(endpoint: &Endpoint) -> BTreeSet<IpAddr> {
    let candidates = endpoint.local_candidates().unwrap_or_default();
    candidates.iter().map(|candidate| candidate.address.ip()).collect()
}

fn port_of(place: &str) -> Option<u16> {
    place.rsplit_once(':')?.1.parse().ok()
}

const fn family_of(address: SocketAddr) -> &'static str {
    if address.is_ipv4() { "IPv4" } else { "IPv6" }
}

/// The first port has answered, so the second one is not far, if it can be reached at all.
const SECOND_PORT_LIMIT: Duration = Duration::from_secs(2);
/// A packet that gets through wherever any does.
const SMALL: usize = 128;
/// The payload of the packets with which QUIC begins.
const QUIC_MIN: usize = 1_200;
/// Packets that are tried, with their headers: the least of IPv6, common VPNs and lines, Ethernet.
const SIZES: [usize; 6] = [1_280, 1_380, 1_420, 1_460, 1_492, 1_500];
/// IP and UDP.
const V4_HEADERS: usize = 28;
const V6_HEADERS: usize = 48;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_packets_of_all_sizes_came_to() {
        let of = |small: bool, rest: &[bool]| {
            let sizes = [SMALL, 1_228, 1_280, 1_500];
            let through = [&[small], rest].concat();
            let carried: Vec<_> = sizes
                .into_iter()
                .zip(through)
                .map(|(bytes, through)| Carried { bytes, through })
                .collect();
            packets(&carried)
        };
        assert_eq!(of(true, &[true, true, true]), Packets::Whole(1_500));
        assert_eq!(of(true, &[true, true, false]), Packets::UpTo { bytes: 1_280, lost: 1_500 });
        // One that was lost by chance is not the size's fault.
        assert_eq!(of(true, &[true, false, true]), Packets::Whole(1_500));
        assert_eq!(of(true, &[false, false, false]), Packets::Lost(1_228));
        assert_eq!(of(false, &[false, false, false]), Packets::Unknown);
        assert_eq!(packets(&[]), Packets::Unknown);
    }

    #[test]
    fn the_port_of_a_place() {
        assert_eq!(port_of("[2001:db8::1]:9"), Some(9));
        assert_eq!(port_of("hub"), None);
    }
}
