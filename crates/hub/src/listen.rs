//! The hub's ports. One for every address of IPv6 takes IPv4 as well, whatever the system's habit.

use std::{io, net::SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};

/// Listens for connections.
pub(crate) fn tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = open(address, Type::STREAM, Protocol::TCP)?;
    // On Windows this would let others listen there too.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(WAITING_MAX)?;
    TcpListener::from_std(socket.into())
}

/// Opens a port for packets.
pub(crate) fn udp(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = open(address, Type::DGRAM, Protocol::UDP)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

fn open(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Connections that the system holds until they are accepted.
const WAITING_MAX: i32 = 1024;

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn one_port_takes_both_families() {
        if UdpSocket::bind("[::1]:0").await.is_err() {
            return; // a system without IPv6
        }
        let any = SocketAddr::from(([0_u16; 8], 0));
        let (tcp, udp) = (tcp(any).unwrap(), udp(any).unwrap());
        let (to_tcp, to_udp) = (tcp.local_addr().unwrap().port(), udp.local_addr().unwrap().port());
        let mut packet = [0; 4];
        for (from, host) in [("0.0.0.0:0", "127.0.0.1"), ("[::]:0", "::1")] {
            let connecting = TcpStream::connect((host, to_tcp));
            let (accepted, connected) = tokio::join!(tcp.accept(), connecting);
            assert!(accepted.is_ok() && connected.is_ok(), "{host}");
            let asker = UdpSocket::bind(from).await.unwrap();
            asker.send_to(b"ask", (host, to_udp)).await.unwrap();
            let (_, source) = udp.recv_from(&mut packet).await.unwrap();
            udp.send_to(b"told", source).await.unwrap();
            assert_eq!(asker.recv(&mut packet).await.unwrap(), 4, "{host}");
        }
        let v4 = super::udp((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        assert!(v4.local_addr().unwrap().is_ipv4());
    }
}
