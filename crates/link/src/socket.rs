//! The agent's UDP socket as QUIC sees it: with our own small packets split off, and never more in
//! one call than the kernel takes.

use std::{
    fmt,
    io::{self, IoSliceMut},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use quinn::{
    AsyncUdpSocket, UdpPoller,
    udp::{RecvMeta, Transmit, UdpSocketState},
};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{io::Interest, time::Sleep};

use crate::transport::DATAGRAM_BYTES_MAX;

/// What takes the packets of our own that come to a socket.
pub(crate) trait OwnPackets: fmt::Debug + Send + Sync {
    /// Whether packets from there are for anybody here.
    fn hears(&self, _from: SocketAddr) -> bool {
        true
    }

    /// Takes a packet that is not one of QUIC's, if it is one of ours.
    fn take(&self, packet: &[u8], from: SocketAddr) -> bool;

    /// Whether QUIC sends from whatever address the computer has then, not from the one at which a
    /// connection began.
    fn roams(&self) -> bool {
        false
    }
}

/// A UDP socket that QUIC and our own small packets share.
#[derive(Debug)]
pub(crate) struct SharedSocket {
    io: tokio::net::UdpSocket,
    state: UdpSocketState,
    own: Arc<dyn OwnPackets>,
    /// Until when nothing is received, because only errors came.
    pause: Mutex<Option<Pin<Box<Sleep>>>>,
}

impl SharedSocket {
    /// Opens a socket at an address; without one for both families, or for IPv4 where the system has
    /// no IPv6. `otherwise_any` has any port of the same family do where that address cannot be had.
    pub(crate) fn bind(
        address: Option<SocketAddr>,
        otherwise_any: bool,
        own: Arc<dyn OwnPackets>,
    ) -> io::Result<Self> {
        let any = || open(ANY_V6).or_else(|_| open(ANY_V4));
        let socket = match address {
            Some(SocketAddr::V4(at)) if otherwise_any => {
                open(at.into()).or_else(|_| open(ANY_V4))?
            }
            Some(SocketAddr::V6(at)) if otherwise_any => open(at.into()).or_else(|_| any())?,
            Some(address) => open(address)?,
            None => any()?,
        };
        enlarge_buffers(&socket);
        let socket = std::net::UdpSocket::from(socket);
        let state = UdpSocketState::new((&socket).into())?;
        Ok(Self {
            io: tokio::net::UdpSocket::from_std(socket)?,
            state,
            own,
            pause: Mutex::default(),
        })
    }

    /// Waits until the pause is over, if there is one.
    fn poll_pause(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(over) = pause.as_mut() {
            ready!(over.as_mut().poll(cx));
            *pause = None;
        }
        Poll::Ready(())
    }

    fn start_pause(&self) {
        let over = Box::pin(tokio::time::sleep(PAUSE));
        *self.pause.lock().unwrap_or_else(PoisonError::into_inner) = Some(over);
    }

    /// Sends a small packet of our own.
    pub(crate) async fn send_own(&self, packet: &[u8], to: SocketAddr) -> io::Result<()> {
        let v6 = self.io.local_addr()?.is_ipv6();
        let to = match to {
            SocketAddr::V4(to) if v6 => {
                SocketAddrV6::new(to.ip().to_ipv6_mapped(), to.port(), 0, 0).into()
            }
            SocketAddr::V4(_) | SocketAddr::V6(_) => to,
        };
        self.io.send_to(packet, to).await.map(|_| ())
    }

    fn send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.io.try_io(Interest::WRITABLE, || self.state.send((&self.io).into(), transmit))
    }

    /// Takes our own packets out of a received batch, which comes from one address.
    fn split_off_own(&self, batch: &mut [u8], meta: &mut RecvMeta) {
        if !self.own.hears(meta.addr) {
            meta.len = 0;
            return;
        }
        if self.own.roams() {
            meta.dst_ip = None;
        }
        // One look at the first byte settles it for nearly all: QUIC sets the fixed bit.
        let stride = meta.stride.max(1);
        let has_own = |packet: &[u8]| packet.first().is_some_and(|byte| byte & FIXED_BIT == 0);
        if !batch[..meta.len].chunks(stride).any(has_own) {
            return;
        }
        let (mut kept, mut at) = (0, 0);
        while at < meta.len {
            let next = (at + stride).min(meta.len);
            let packet = &batch[at..next];
            if !has_own(packet) || !self.own.take(packet, meta.addr) {
                batch.copy_within(at..next, kept);
                kept += next - at;
            }
            at = next;
        }
        meta.len = kept;
    }
}

impl AsyncUdpSocket for SharedSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Writable { socket: self, waiting: None })
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        let Some(segment) = transmit.segment_size else { return self.send(transmit) };
        // A batch beyond what one UDP packet may hold is refused by the kernel, and QUIC would
        // take that for loss.
        let whole = (UDP_PAYLOAD_MAX / segment).max(1) * segment;
        for contents in transmit.contents.chunks(whole) {
            let segment_size = (segment < contents.len()).then_some(segment);
            self.send(&Transmit { contents, segment_size, ..transmit.clone() })?;
        }
        Ok(())
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let mut failed = 0;
        loop {
            ready!(self.poll_pause(cx));
            ready!(self.io.poll_recv_ready(cx))?;
            let received = self
                .io
                .try_io(Interest::READABLE, || self.state.recv((&self.io).into(), buffers, metas));
            let count = match received {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                // Whatever one packet's error was, it says nothing about the socket; where they do
                // not end, others must have their turn.
                Err(_) => {
                    failed += 1;
                    if FAILED_MAX <= failed {
                        failed = 0;
                        self.start_pause();
                    }
                    continue;
                }
            };
            for (buffer, meta) in buffers.iter_mut().zip(metas.iter_mut()).take(count) {
                self.split_off_own(buffer, meta);
            }
            return Poll::Ready(Ok(count));
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }

    fn may_fragment(&self) -> bool {
        self.state.may_fragment()
    }

    fn max_transmit_segments(&self) -> usize {
        self.state.max_gso_segments()
    }

    /// As many as a buffer must hold so that it takes whatever the kernel puts together, which is
    /// one UDP packet's worth; more would only make QUIC's buffers large.
    fn max_receive_segments(&self) -> usize {
        let fill_a_packet = usize::from(u16::MAX).div_ceil(usize::from(DATAGRAM_BYTES_MAX));
        self.state.gro_segments().min(fill_a_packet)
    }
}

/// Waits until the socket takes packets again.
struct Writable {
    socket: Arc<SharedSocket>,
    waiting: Option<Pin<Box<dyn Future<Output = io::Result<()>> + Send + Sync>>>,
}

impl UdpPoller for Writable {
    fn poll_writable(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let socket = self.socket.clone();
        let waiting =
            self.waiting.get_or_insert_with(|| Box::pin(async move { socket.io.writable().await }));
        let writable = ready!(waiting.as_mut().poll(cx));
        self.waiting = None;
        Poll::Ready(writable)
    }
}

impl fmt::Debug for Writable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writable").finish_non_exhaustive()
    }
}

fn open(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Asks for roomy buffers; systems give what they allow, some refuse what is beyond it.
fn enlarge_buffers(socket: &Socket) {
    for bytes in SOCKET_BUFFER_BYTES {
        if socket.set_recv_buffer_size(bytes).is_ok() {
            break;
        }
    }
    for bytes in SOCKET_BUFFER_BYTES {
        if socket.set_send_buffer_size(bytes).is_ok() {
            break;
        }
    }
}

/// Errors in a row before receiving pauses: as many packets may have been refused one by one.
const FAILED_MAX: usize = 32;
/// How long receiving pauses then: short for a person, long for a processor.
const PAUSE: Duration = Duration::from_millis(20);
/// Set in the first byte of every QUIC packet, and clear in ours.
const FIXED_BIT: u8 = 0x40;
/// What one UDP packet over IPv4 holds, and so one batch that the kernel cuts up.
const UDP_PAYLOAD_MAX: usize = 65_507;
/// Sizes to ask for, the best first: 4 MiB hold 30 ms of a gigabit.
const SOCKET_BUFFER_BYTES: [usize; 3] = [4 * 1024 * 1024, 2 * 1024 * 1024, 512 * 1024];
const ANY_V6: SocketAddr = SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0);
const ANY_V4: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
