//! A UDP socket that receives and sends many packets in one go.
//!
//! The system puts packets of one sender together (GRO) and takes them apart again (GSO), so that a
//! flow costs a few calls for every 64 KiB.

use std::io::{self, IoSliceMut};

use quinn_udp::{BATCH_SIZE, EcnCodepoint, RecvMeta, Transmit, UdpSocketState};
use tokio::{io::Interest, net::UdpSocket};

use crate::table::Place;

/// The socket, and what it can do.
#[derive(Debug)]
pub(crate) struct BatchSocket<'a> {
    io: &'a UdpSocket,
    state: UdpSocketState,
}

/// Room for what one call receives.
pub(crate) struct Batch {
    storage: Vec<u8>,
    metas: [RecvMeta; BATCH_SIZE],
}

/// Packets of one sender, all of `packet` bytes but the last, which may be shorter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packets<'a> {
    pub(crate) from: Place,
    pub(crate) bytes: &'a [u8],
    pub(crate) packet: usize,
    ecn: Option<EcnCodepoint>,
}

impl<'a> BatchSocket<'a> {
    pub(crate) fn new(io: &'a UdpSocket) -> io::Result<Self> {
        let state = UdpSocketState::new(io.into())?;
        for bytes in BUFFER_BYTES {
            if state.set_recv_buffer_size(io.into(), bytes).is_ok() {
                break;
            }
        }
        for bytes in BUFFER_BYTES {
            if state.set_send_buffer_size(io.into(), bytes).is_ok() {
                break;
            }
        }
        Ok(Self { io, state })
    }

    pub(crate) async fn readable(&self) -> io::Result<()> {
        self.io.readable().await
    }

    /// Receives what is there; the number of the batch's places that were filled.
    pub(crate) fn receive(&self, batch: &mut Batch) -> io::Result<usize> {
        let mut places = batch.storage.chunks_exact_mut(PLACE_BYTES);
        let mut buffers: [IoSliceMut<'_>; BATCH_SIZE] =
            std::array::from_fn(|_| IoSliceMut::new(places.next().unwrap_or_default()));
        let metas = &mut batch.metas;
        self.io.try_io(Interest::READABLE, || self.state.recv(self.io.into(), &mut buffers, metas))
    }

    /// Sends packets of one length (the last may be shorter) at once or not at all; how many were
    /// not taken.
    pub(crate) fn send(
        &self,
        bytes: &[u8],
        packet: usize,
        to: Place,
        ecn: Option<EcnCodepoint>,
    ) -> usize {
        let packet = packet.max(1);
        let at_once = self.state.max_gso_segments().min(UDP_PAYLOAD_MAX / packet).max(1);
        let mut unsent = 0;
        for contents in bytes.chunks(packet.saturating_mul(at_once)) {
            let segment_size = (packet < contents.len()).then_some(packet);
            let transmit =
                Transmit { destination: to.address, ecn, contents, segment_size, src_ip: to.own };
            let sent = self
                .io
                .try_io(Interest::WRITABLE, || self.state.try_send(self.io.into(), &transmit));
            if sent.is_err() {
                // A full buffer, a packet too large for the next network: dropped, as a router would.
                unsent += contents.len().div_ceil(packet);
            }
        }
        unsent
    }
}

impl Batch {
    pub(crate) fn new() -> Self {
        let storage = vec![0; BATCH_SIZE * PLACE_BYTES];
        Self { storage, metas: [RecvMeta::default(); BATCH_SIZE] }
    }

    /// What stands in the first `count` places.
    pub(crate) fn filled(&self, count: usize) -> impl Iterator<Item = Packets<'_>> {
        let places = self.storage.chunks_exact(PLACE_BYTES).zip(&self.metas).take(count);
        places.map(|(place, meta)| Packets {
            from: Place { address: meta.addr, own: meta.dst_ip },
            bytes: &place[..meta.len.min(place.len())],
            packet: meta.stride.max(1),
            ecn: meta.ecn,
        })
    }
}

impl<'a> Packets<'a> {
    /// The mark of congestion on the way that they carry.
    pub(crate) fn ecn(&self) -> Option<EcnCodepoint> {
        self.ecn
    }

    /// Runs of packets that are all forwarded, and those that are not, one by one.
    pub(crate) fn runs(self, is_forwarded: fn(&[u8]) -> bool) -> impl Iterator<Item = Run<'a>> {
        let mut rest = self.bytes;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let mut end = 0;
            for packet in rest.chunks(self.packet) {
                if !is_forwarded(packet) {
                    break;
                }
                end += packet.len();
            }
            let forwarded = 0 < end;
            let end = if forwarded { end } else { self.packet.min(rest.len()) };
            let (run, after) = rest.split_at(end);
            rest = after;
            Some(if forwarded { Run::Forwarded(run) } else { Run::Own(run) })
        })
    }
}

/// A part of what was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run<'a> {
    /// Packets of QUIC.
    Forwarded(&'a [u8]),
    /// One packet for the port itself.
    Own(&'a [u8]),
}

/// What the system may put together in one place.
const PLACE_BYTES: usize = u16::MAX as usize;
/// What one UDP packet over IPv4 holds, and so one batch that the system cuts up.
const UDP_PAYLOAD_MAX: usize = 65_507;
/// Sizes to ask for, the best first: 8 MiB hold 60 ms of a gigabit.
const BUFFER_BYTES: [usize; 4] = [8 << 20, 4 << 20, 2 << 20, 512 << 10];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_of_the_port_are_split_off_wherever_they_stand() {
        let from = Place { address: "192.0.2.1:1".parse().unwrap(), own: None };
        let bytes = b"QQQQooQQo";
        let packets = Packets { from, bytes, packet: 2, ecn: None };
        let runs: Vec<_> = packets.runs(|packet| packet[0] == b'Q').collect();
        let expected =
            [Run::Forwarded(b"QQQQ"), Run::Own(b"oo"), Run::Forwarded(b"QQ"), Run::Own(b"o")];
        assert_eq!(runs, expected);
        let none = Packets { bytes: b"", ..packets };
        assert_eq!(none.runs(|_| true).count(), 0);
    }
}
