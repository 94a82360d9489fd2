//! How an agent learns the address that the hub's UDP port sees.
//!
//! A request is 48 bytes or, to see which sizes get through, more; an answer is 48 bytes, so the port
//! cannot be used to amplify.
//! The first byte has QUIC's fixed bit (0x40) clear, so a socket shared with QUIC can tell the two apart.

use core::net::{IpAddr, Ipv6Addr, SocketAddr};

/// What an agent asks: "where do you see me?", with a nonce that nobody can guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiscoveryRequest {
    /// Comes back in the answer; an answer without it is not ours.
    pub nonce: [u8; 16],
}

/// A request of a certain size: "does this much arrive?". It is answered as a [`DiscoveryRequest`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathProbe {
    /// As in a [`DiscoveryRequest`].
    pub nonce: [u8; 16],
}

/// What the hub answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiscoveryAnswer {
    /// The nonce of the request.
    pub nonce: [u8; 16],
    /// Where the request came from.
    pub observed: SocketAddr,
}

impl DiscoveryRequest {
    /// The packet to send.
    pub fn encode(&self) -> [u8; PACKET_BYTES] {
        let mut packet = [0; PACKET_BYTES];
        packet[..8].copy_from_slice(&REQUEST_MAGIC);
        packet[8..24].copy_from_slice(&self.nonce);
        packet
    }

    /// Reads a packet; `None` when it is something else.
    pub fn decode(packet: &[u8]) -> Option<Self> {
        if packet.len() != PACKET_BYTES || !packet.starts_with(&REQUEST_MAGIC) {
            return None;
        }
        Some(Self { nonce: packet[8..24].try_into().ok()? })
    }
}

impl PathProbe {
    /// The packet to send, of so many bytes, within what a probe may have.
    pub fn encode(&self, bytes: usize) -> Vec<u8> {
        let mut packet = vec![0; bytes.clamp(PACKET_BYTES, PROBE_BYTES_MAX)];
        packet[..8].copy_from_slice(&PROBE_MAGIC);
        packet[8..24].copy_from_slice(&self.nonce);
        packet
    }

    /// Reads a packet; `None` when it is something else.
    pub fn decode(packet: &[u8]) -> Option<Self> {
        let fits = (PACKET_BYTES..=PROBE_BYTES_MAX).contains(&packet.len());
        let (head, padding) = packet.split_at_checked(24)?;
        if !fits || !head.starts_with(&PROBE_MAGIC) || padding.iter().any(|byte| *byte != 0) {
            return None;
        }
        Some(Self { nonce: head[8..].try_into().ok()? })
    }
}

impl DiscoveryAnswer {
    /// The packet to send. The address is masked with the nonce, as some routers rewrite
    /// any bytes that look like an address of theirs.
    pub fn encode(&self) -> [u8; PACKET_BYTES] {
        let mut packet = [0; PACKET_BYTES];
        packet[..8].copy_from_slice(&ANSWER_MAGIC);
        packet[8..24].copy_from_slice(&self.nonce);
        let (family, address) = masked(self.observed, &self.nonce);
        packet[24] = family;
        packet[26..44].copy_from_slice(&address);
        packet
    }

    /// Reads a packet; `None` when it is something else.
    pub fn decode(packet: &[u8]) -> Option<Self> {
        if packet.len() != PACKET_BYTES || !packet.starts_with(&ANSWER_MAGIC) {
            return None;
        }
        let nonce: [u8; 16] = packet[8..24].try_into().ok()?;
        let observed = unmasked(packet[24], packet[26..44].try_into().ok()?, &nonce)?;
        Some(Self { nonce, observed })
    }
}

/// Whether a packet that came on a shared socket is one of ours rather than QUIC's.
pub fn is_discovery(packet: &[u8]) -> bool {
    packet.len() == PACKET_BYTES
        && (packet.starts_with(&REQUEST_MAGIC) || packet.starts_with(&ANSWER_MAGIC))
}

/// An address as packets carry it: its family, then port and address XORed with `key`.
pub(crate) fn masked(address: SocketAddr, key: &[u8; 16]) -> (u8, [u8; MASKED_BYTES]) {
    let (family, octets) = match address.ip() {
        IpAddr::V4(ip) => (4, ip.to_ipv6_mapped().octets()),
        IpAddr::V6(ip) => (6, ip.octets()),
    };
    let mut bytes = [0; MASKED_BYTES];
    bytes[..2].copy_from_slice(&address.port().to_be_bytes());
    bytes[2..].copy_from_slice(&octets);
    mask(&mut bytes, key);
    (family, bytes)
}

/// Reads what [`masked`] makes; `None` when it is no address that a packet can come from.
pub(crate) fn unmasked(
    family: u8,
    mut bytes: [u8; MASKED_BYTES],
    key: &[u8; 16],
) -> Option<SocketAddr> {
    mask(&mut bytes, key);
    let port = u16::from_be_bytes([bytes[0], bytes[1]]);
    let octets: [u8; 16] = bytes[2..].try_into().ok()?;
    let address = Ipv6Addr::from(octets);
    let ip = match family {
        4 => IpAddr::V4(address.to_ipv4_mapped()?),
        6 => IpAddr::V6(address),
        _ => return None,
    };
    let usable = port != 0 && !ip.is_unspecified();
    usable.then(|| SocketAddr::new(ip, port))
}

fn mask(bytes: &mut [u8], key: &[u8; 16]) {
    for (byte, key) in bytes.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

/// A port and an address.
pub(crate) const MASKED_BYTES: usize = 18;

/// The longest probe, more than what any usual network carries.
pub const PROBE_BYTES_MAX: usize = 9_000;
/// Requests and answers are equally long.
pub const PACKET_BYTES: usize = 48;
const REQUEST_MAGIC: [u8; 8] = *b"\x0eOPrtDQ1";
const PROBE_MAGIC: [u8; 8] = *b"\x0eOPrtDP1";
const ANSWER_MAGIC: [u8; 8] = *b"\x0eOPrtDA1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_back() {
        for observed in ["192.0.2.7:4433", "[2001:db8::7]:1"] {
            let answer = DiscoveryAnswer { nonce: [9; 16], observed: observed.parse().unwrap() };
            assert_eq!(DiscoveryAnswer::decode(&answer.encode()), Some(answer));
            assert!(is_discovery(&answer.encode()));
        }
        let request = DiscoveryRequest { nonce: [3; 16] };
        assert_eq!(DiscoveryRequest::decode(&request.encode()), Some(request));
    }

    #[test]
    fn a_probe_is_as_long_as_asked_and_reads_back() {
        let probe = PathProbe { nonce: [5; 16] };
        for bytes in [PACKET_BYTES, 1200, PROBE_BYTES_MAX] {
            let packet = probe.encode(bytes);
            assert_eq!((packet.len(), PathProbe::decode(&packet)), (bytes, Some(probe)));
            assert_eq!(packet[0] & 0x40, 0, "QUIC's fixed bit is clear");
        }
        assert_eq!(probe.encode(70_000).len(), PROBE_BYTES_MAX);
        assert_eq!(PathProbe::decode(&probe.encode(48)[..47]), None);
        let mut padded = probe.encode(100);
        padded[99] = 1;
        assert_eq!(PathProbe::decode(&padded), None);
        assert_eq!(PathProbe::decode(&DiscoveryRequest { nonce: [5; 16] }.encode()), None);
    }

    #[test]
    fn other_packets_are_left_alone() {
        assert_eq!(DiscoveryRequest::decode(&[0; 48]), None);
        assert_eq!(DiscoveryAnswer::decode(&[]), None);
        let request = DiscoveryRequest { nonce: [3; 16] }.encode();
        assert_eq!(DiscoveryRequest::decode(&request[..47]), None);
        assert_eq!(REQUEST_MAGIC[0] & 0x40, 0, "QUIC's fixed bit is clear");
    }

    #[test]
    fn the_wire_form_is_pinned() {
        let answer = DiscoveryAnswer { nonce: [0; 16], observed: "192.0.2.7:258".parse().unwrap() };
        let hex: String = answer.encode().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(
            hex,
            "0e4f507274444131000000000000000000000000000000000400010200000000000000000000ffffc000020700000000"
        );
    }
}
