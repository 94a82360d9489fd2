//! QUIC through a connection to the relay's HTTPS port, one packet a message, where UDP does not get
//! out.
//!
//! To QUIC this is a socket whose only other end is [`FAR_END`]. The relay hands the packets on to the
//! other side on whatever way that one is joined. The connection is opened anew when it breaks, when
//! it is silent for longer than a living link is, and after a change of network; QUIC repeats what got
//! lost meanwhile, as on any line.

use std::{
    fmt,
    io::{self, IoSliceMut},
    net::{IpAddr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use outport_protocol::tunnel::TunnelUse;
use quinn::{
    AsyncUdpSocket, UdpPoller,
    udp::{RecvMeta, Transmit},
};
use tokio::{
    sync::{mpsc, watch},
    time::{sleep, timeout},
};
use tokio_util::sync::PollSender;
use tracing::debug;

use crate::tunnels::{Bearer, Messages, Tunnels};

/// What QUIC takes for the address of the other side: one that stands for nobody.
pub(crate) const FAR_END: SocketAddr =
    SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 1)), 443);

/// A socket that is a connection to the relay.
#[derive(Debug)]
pub(crate) struct WireSocket {
    out: mpsc::Sender<Bytes>,
    back: Mutex<mpsc::Receiver<Bytes>>,
}

/// What carries a socket's packets.
#[derive(Debug)]
pub(crate) struct Wire {
    packets: mpsc::Receiver<Bytes>,
    arrived: mpsc::Sender<Bytes>,
}

/// A socket, and what carries its packets.
pub(crate) fn wire() -> (Arc<WireSocket>, Wire) {
    let (out, packets) = mpsc::channel(PACKETS_MAX);
    let (arrived, back) = mpsc::channel(PACKETS_MAX);
    (Arc::new(WireSocket { out, back: Mutex::new(back) }), Wire { packets, arrived })
}

impl Wire {
    /// Keeps a connection to the relay, for ever. `stands` hears of every one that stands, `fails` why
    /// one does not.
    pub(crate) async fn keep(
        mut self,
        tunnels: &dyn Tunnels,
        bearer: &Bearer,
        mut moved: watch::Receiver<u64>,
        stands: impl Fn(),
        fails: impl Fn(&io::Error),
    ) {
        let mut pause = PAUSE_FIRST;
        loop {
            let opened = async { bearer.join(tunnels, TunnelUse::Packets).await?.ready().await };
            moved.mark_unchanged();
            let ended = match opened.await {
                Ok(messages) => {
                    stands();
                    pause = PAUSE_FIRST;
                    tokio::select! {
                        ended = self.carry(messages) => ended,
                        Ok(()) = moved.changed() => Ok(()),
                    }
                }
                Err(error) => {
                    fails(&error);
                    Err(error)
                }
            };
            if let Err(error) = ended {
                debug!(%error, "the connection to the relay");
            }
            sleep(pause).await;
            pause = (2 * pause).min(PAUSE_MAX);
        }
    }

    async fn carry(&mut self, messages: Box<dyn Messages>) -> io::Result<()> {
        let (mut out, mut back) = messages.split();
        let packets = &mut self.packets;
        let outwards = async {
            while let Some(packet) = packets.recv().await {
                out.feed(packet).await?;
                while let Ok(packet) = packets.try_recv() {
                    out.feed(packet).await?;
                }
                out.flush().await?;
            }
            Ok(())
        };
        let inwards = async {
            while let Some(packet) = timeout(SILENCE_MAX, back.next()).await? {
                if self.arrived.send(packet?).await.is_err() {
                    break;
                }
            }
            Ok(())
        };
        tokio::select! {
            ended = outwards => ended,
            ended = inwards => ended,
        }
    }
}

impl AsyncUdpSocket for WireSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Room(PollSender::new(self.out.clone())))
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        let packet = Bytes::copy_from_slice(transmit.contents);
        self.out.try_send(packet).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => io::ErrorKind::WouldBlock.into(),
            mpsc::error::TrySendError::Closed(_) => io::ErrorKind::BrokenPipe.into(),
        })
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let mut back = self.back.lock().unwrap_or_else(PoisonError::into_inner);
        let mut count = 0;
        for (buffer, meta) in buffers.iter_mut().zip(metas) {
            let packet = match back.poll_recv(cx) {
                Poll::Ready(Some(packet)) => packet,
                // The relay's keeper is gone, and with it the link.
                Poll::Ready(None) | Poll::Pending => break,
            };
            let bytes = packet.len().min(buffer.len());
            buffer[..bytes].copy_from_slice(&packet[..bytes]);
            *meta = RecvMeta { addr: FAR_END, len: bytes, stride: bytes, ecn: None, dst_ip: None };
            count += 1;
        }
        if count == 0 { Poll::Pending } else { Poll::Ready(Ok(count)) }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), 0))
    }

    fn may_fragment(&self) -> bool {
        false
    }
}

/// Waits until the connection takes packets again.
struct Room(PollSender<Bytes>);

impl UdpPoller for Room {
    fn poll_writable(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.0.poll_reserve(cx)).map_err(|_| io::ErrorKind::BrokenPipe)?;
        self.0.abort_send(); // it was asked whether there is room, not for it
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room").finish_non_exhaustive()
    }
}

/// Packets that wait on either side of a connection.
const PACKETS_MAX: usize = 64;
/// A living link says something every half second.
const SILENCE_MAX: Duration = Duration::from_secs(4);
/// The pause before a connection is opened anew, doubled each time up to [`PAUSE_MAX`].
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);
