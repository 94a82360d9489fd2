//! Addresses that an owner names: where the agent listens, and where others reach it.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU16,
};

/// Where the UDP socket for sessions listens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listen {
    /// At every address of the computer, on whatever port is free.
    #[default]
    Any,
    /// At every address, on this port.
    Port(NonZeroU16),
    /// There and nowhere else.
    At(SocketAddr),
}

/// Why a text is no address for that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// It is no address with a port.
    #[error(
        "an address with a port is needed, such as `203.0.113.7:7441` or `[2001:db8::7]:7441`; names of hosts are not looked up"
    )]
    NoAddress,
    /// Nothing is ever at port 0.
    #[error("the port must be one from 1 to 65535")]
    NoPort,
    /// Many computers have it, or none.
    #[error("it is not the address of one computer")]
    NotOne,
    /// It means something on this computer or cable only.
    #[error("other computers cannot use it: name the one at which they reach this computer")]
    OnlyHere,
}

/// Reads an address to listen at.
///
/// # Errors
/// When nothing can listen there.
pub fn listen_address(text: &str) -> Result<SocketAddr, AddressError> {
    let address: SocketAddr = text.trim().parse().map_err(|_| AddressError::NoAddress)?;
    check_port(address)?;
    if is_for_many(address.ip()) {
        return Err(AddressError::NotOne);
    }
    Ok(address)
}

/// Reads an address at which other computers reach this one.
///
/// # Errors
/// When none can.
pub fn advertised_address(text: &str) -> Result<SocketAddr, AddressError> {
    let address = listen_address(text)?;
    let ip = address.ip().to_canonical();
    let needs_a_cable = match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    if ip.is_unspecified() {
        return Err(AddressError::NotOne);
    }
    if ip.is_loopback() || needs_a_cable {
        return Err(AddressError::OnlyHere);
    }
    Ok(SocketAddr::new(ip, address.port()))
}

fn check_port(address: SocketAddr) -> Result<(), AddressError> {
    NonZeroU16::new(address.port()).map(|_| ()).ok_or(AddressError::NoPort)
}

fn is_for_many(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    ip.is_multicast() || ip == Ipv4Addr::BROADCAST
}

/// More than anybody has providers, fewer than one side may name for a session.
pub const ADVERTISED_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_listens_where_something_can() {
        for text in ["0.0.0.0:7441", "[::]:7441", "192.168.1.5:1", " [2001:db8::7]:7441 "] {
            assert_eq!(listen_address(text).unwrap(), text.trim().parse().unwrap(), "{text}");
        }
        for (text, error) in [
            ("", AddressError::NoAddress),
            ("7441", AddressError::NoAddress),
            (":7441", AddressError::NoAddress),
            ("192.168.1.5", AddressError::NoAddress),
            ("lab.example.org:7441", AddressError::NoAddress),
            ("192.168.1.5:65536", AddressError::NoAddress),
            ("192.168.1.5:0", AddressError::NoPort),
            ("224.0.0.1:7441", AddressError::NotOne),
            ("255.255.255.255:7441", AddressError::NotOne),
            ("[ff02::1]:7441", AddressError::NotOne),
        ] {
            assert_eq!(listen_address(text), Err(error), "{text}");
        }
    }

    #[test]
    fn what_is_told_to_others_must_be_of_use_to_them() {
        for (text, address) in [
            ("203.0.113.7:7441", "203.0.113.7:7441"),
            ("10.1.2.3:7441", "10.1.2.3:7441"),
            ("[::ffff:203.0.113.7]:7441", "203.0.113.7:7441"),
            ("[2001:db8::7]:7441", "[2001:db8::7]:7441"),
        ] {
            assert_eq!(advertised_address(text).unwrap(), address.parse().unwrap(), "{text}");
        }
        for (text, error) in [
            ("lab:7441", AddressError::NoAddress),
            ("203.0.113.7:0", AddressError::NoPort),
            ("0.0.0.0:7441", AddressError::NotOne),
            ("[::]:7441", AddressError::NotOne),
            ("[::ffff:0.0.0.0]:7441", AddressError::NotOne),
            ("239.1.2.3:7441", AddressError::NotOne),
            ("127.0.0.1:7441", AddressError::OnlyHere),
            ("[::1]:7441", AddressError::OnlyHere),
            ("169.254.1.2:7441", AddressError::OnlyHere),
            ("[fe80::1]:7441", AddressError::OnlyHere),
        ] {
            assert_eq!(advertised_address(text), Err(error), "{text}");
        }
    }
}
