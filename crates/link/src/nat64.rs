//! The way from a network that has IPv6 only to computers that have IPv4 only: a translator (NAT64)
//! that has an IPv6 address for each of IPv4.
//!
//! Names are translated by the network's DNS, addresses that the hub tells are not. Which addresses the
//! translator takes is seen in how the DNS translates a name that has IPv4 addresses only, and always
//! the same ones (RFC 7050).

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use outport_protocol::control::{Candidate, CandidateKind};
use tokio::{net::lookup_host, time::timeout};

use crate::address::{self, Interface};

/// The other side's IPv4 addresses as a computer reaches them that has IPv6 only; none where it has
/// IPv4 itself, or nothing translates.
///
/// A private address is left out, as it means another network to the translator.
pub async fn through_nat64(theirs: &[Candidate]) -> Vec<Candidate> {
    let with_ipv4 = theirs.iter().filter_map(|candidate| match candidate.address.ip() {
        IpAddr::V4(ip) if leads_there(candidate.kind, ip) => Some((candidate, ip)),
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    });
    let with_ipv4: Vec<_> = with_ipv4.collect();
    let Ok(interfaces) = address::interfaces() else { return Vec::new() };
    if with_ipv4.is_empty() || has_ipv4(&interfaces) {
        return Vec::new();
    }
    let Ok(Ok(found)) = timeout(LOOKUP_TIMEOUT, lookup_host((KNOWN_NAME, 0))).await else {
        return Vec::new();
    };
    let Some(translator) = found.map(|address| address.ip()).find_map(Translator::from_example)
    else {
        return Vec::new();
    };
    let through = |(candidate, ip): (&Candidate, Ipv4Addr)| {
        let ip = translator.address_of(ip).into();
        Candidate { address: SocketAddr::new(ip, candidate.address.port()), ..*candidate }
    };
    with_ipv4.into_iter().map(through).collect()
}

/// Whether an address is the same everywhere: of a computer's own only a public one is.
fn leads_there(kind: CandidateKind, ip: Ipv4Addr) -> bool {
    let is_own = kind == CandidateKind::Local;
    !(is_own && (ip.is_private() || ip.is_loopback() || ip.is_link_local() || is_shared(ip)))
}

/// What providers use between themselves and their customers (RFC 6598).
fn is_shared(ip: Ipv4Addr) -> bool {
    let [first, second, ..] = ip.octets();
    first == 100 && (64..128).contains(&second)
}

fn has_ipv4(interfaces: &[Interface]) -> bool {
    let is_usable = |ip: Ipv4Addr| !ip.is_loopback() && !ip.is_link_local();
    interfaces.iter().any(|interface| match interface.ip {
        IpAddr::V4(ip) => is_usable(ip),
        IpAddr::V6(_) => false,
    })
}

/// What has an IPv6 address for each of IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Translator {
    /// One of its addresses.
    example: [u8; 16],
    /// Which bytes of it are the IPv4 address.
    places: [usize; 4],
}

impl Translator {
    /// Recognises it by one of its addresses, if that stands for one of [`KNOWN`].
    fn from_example(example: IpAddr) -> Option<Self> {
        let IpAddr::V6(example) = example else { return None };
        let example = example.octets();
        let held = |places: [usize; 4]| Ipv4Addr::from(places.map(|place| example[place]));
        let places = PLACES.into_iter().find(|places| KNOWN.contains(&held(*places)))?;
        Some(Self { example, places })
    }

    fn address_of(&self, ip: Ipv4Addr) -> Ipv6Addr {
        let mut octets = self.example;
        for (place, octet) in self.places.into_iter().zip(ip.octets()) {
            octets[place] = octet;
        }
        octets.into()
    }
}

/// A name that has these addresses, everywhere and for ever.
const KNOWN_NAME: &str = "ipv4only.arpa";
const KNOWN: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 0, 170), Ipv4Addr::new(192, 0, 0, 171)];
/// Where an IPv4 address may stand in one of IPv6, for prefixes of 96 to 32 bits (RFC 6052); the byte
/// at 8 is always left out.
const PLACES: [[usize; 4]; 6] =
    [[12, 13, 14, 15], [9, 10, 11, 12], [7, 9, 10, 11], [6, 7, 9, 10], [5, 6, 7, 9], [4, 5, 6, 7]];
/// The network's own DNS answers within this, or files go another way.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 6052, and the prefix that most networks use.
    #[test]
    fn an_address_is_written_as_the_translator_writes_the_known_one() {
        for (example, expected) in [
            ("64:ff9b::192.0.0.171", "64:ff9b::192.0.2.33"),
            ("2001:db8:122:344::192.0.0.170", "2001:db8:122:344::192.0.2.33"),
            ("2001:db8:122:344:c0:0:aa00::", "2001:db8:122:344:c0:2:2100::"),
            ("2001:db8:122:3c0:0:aa::", "2001:db8:122:3c0:0:221::"),
            ("2001:db8:122:c000:0:aa00::", "2001:db8:122:c000:2:2100::"),
            ("2001:db8:1c0:0:aa::", "2001:db8:1c0:2:21::"),
            ("2001:db8:c000:aa::", "2001:db8:c000:221::"),
        ] {
            let translator = Translator::from_example(example.parse().unwrap()).unwrap();
            let ip = Ipv4Addr::new(192, 0, 2, 33);
            assert_eq!(translator.address_of(ip), expected.parse::<Ipv6Addr>().unwrap());
        }
    }

    #[test]
    fn what_stands_for_no_known_address_is_no_translator() {
        for other in ["192.0.0.170", "64:ff9b::192.0.2.33", "2001:db8::1", "::"] {
            assert_eq!(Translator::from_example(other.parse().unwrap()), None, "{other}");
        }
    }

    #[test]
    fn private_addresses_are_not_sought_beyond_the_translator() {
        use CandidateKind::{Local, Observed};
        for (kind, ip, leads) in [
            (Local, "203.0.113.7", true),
            (Observed, "203.0.113.7", true),
            (Local, "192.168.1.5", false),
            (Local, "100.64.3.4", false),
            (Local, "127.0.0.1", false),
        ] {
            assert_eq!(leads_there(kind, ip.parse().unwrap()), leads, "{kind:?} {ip}");
        }
    }

    #[test]
    fn a_computer_with_an_ipv4_address_of_some_use_needs_none() {
        let at = |ip: &str| Interface { ip: ip.parse().unwrap(), prefix_bits: 24 };
        assert!(has_ipv4(&[at("2001:db8::5"), at("192.168.1.5")]));
        assert!(!has_ipv4(&[at("2001:db8::5"), at("127.0.0.1"), at("169.254.3.4")]));
    }
}
