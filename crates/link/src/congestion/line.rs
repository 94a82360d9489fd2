//! A line in virtual time, and real connections on it.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::BytesMut;
use outport_protocol::{secret::SecretKey, tls::AllowPeer};
use outport_types::PublicKey;
use quinn::congestion::ControllerFactory;
use quinn_proto::{
    Connection, ConnectionHandle, DatagramEvent, Dir, Endpoint, Event, ReadError, StreamEvent,
    StreamId,
};

use crate::transport;

/// What a line is like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Character {
    /// Bytes a second.
    pub(super) rate: f64,
    pub(super) rtt_ms: u64,
    /// How long the queue before it is.
    pub(super) queue_ms: f64,
    /// Which part is lost by chance.
    pub(super) loss: f64,
    /// Above this rate packets are dropped before the line, but for so many bytes at once.
    pub(super) police: Option<(f64, f64)>,
    /// So many bytes pass at once after a rest, as where a bucket of tokens makes the rate.
    pub(super) at_once: f64,
    /// After so many milliseconds each, who sends does something else for so many.
    pub(super) naps_ms: Option<(u64, u64)>,
}

/// A line on which some send to others as much as they may.
pub(super) struct Line {
    pub(super) character: Character,
    flows: Vec<Flow>,
    under_way: BinaryHeap<Reverse<Arrival>>,
    /// When the line has sent all that waits.
    free: Instant,
    bucket: Bucket,
    dice: fastrand::Rng,
    began: Instant,
    now: Instant,
    packets: u64,
}

/// What happened on a line, to one connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// Which part of the line's rate was content that came.
    pub(super) share: f64,
    /// Which part of the packets was lost.
    pub(super) lost: f64,
    pub(super) rtt: Duration,
    pub(super) packet_bytes: u16,
}

struct Flow {
    near: Side,
    far: Side,
    came: u64,
}

struct Side {
    endpoint: Endpoint,
    address: SocketAddr,
    connection: Option<(ConnectionHandle, Connection)>,
    streams: Vec<StreamId>,
    due: Option<Instant>,
}

#[derive(Debug)]
struct Bucket {
    filled: f64,
    at: Instant,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Arrival {
    at: Instant,
    order: u64,
    flow: usize,
    outward: bool,
    packet: BytesMut,
}

impl Line {
    pub(super) fn new(character: Character) -> Self {
        let now = Instant::now();
        Self {
            character,
            flows: Vec::new(),
            under_way: BinaryHeap::new(),
            free: now,
            bucket: Bucket { filled: character.police.map_or(0.0, |(_, most)| most), at: now },
            dice: fastrand::Rng::with_seed(1),
            began: now,
            now,
            packets: 0,
        }
    }

    /// Begins to send as this congestion control says.
    pub(super) fn add(&mut self, control: Arc<dyn ControllerFactory + Send + Sync>) {
        let number = self.flows.len();
        let keys = [1, 2].map(|n| SecretKey::from_seed(&[n; 32]));
        let mut client = transport::client(&keys[0], keys[1].public()).unwrap();
        let mut how = transport::transport(Some(PACKET_MAX));
        how.congestion_controller_factory(control);
        client.transport_config(Arc::new(how));
        let server = transport::server(&keys[1], Arc::new(Only(keys[0].public()))).unwrap();
        let side = |server, n: u8| {
            let seed = [n + number as u8; 32];
            let endpoint = Endpoint::new(Arc::new(transport::endpoint()), server, true, Some(seed));
            let address = SocketAddr::from(([10, 0, n, number as u8], 7));
            Side { endpoint, address, connection: None, streams: Vec::new(), due: None }
        };
        let (mut near, far) = (side(None, 1), side(Some(Arc::new(server)), 2));
        near.connection =
            Some(near.endpoint.connect(self.now, client, far.address, "outport").unwrap());
        near.due = Some(self.now);
        self.flows.push(Flow { near, far, came: 0 });
    }

    /// Lets time pass; what became of each connection in it.
    pub(super) fn pass(&mut self, time: Duration) -> Vec<Seen> {
        let before: Vec<_> = self.flows.iter().map(Flow::counts).collect();
        let until = self.now + time;
        while self.now < until {
            self.now += TICK;
            self.deliver();
            if self.naps() {
                continue;
            }
            for number in 0..self.flows.len() {
                for outward in [true, false] {
                    let side = self.flows[number].side(outward);
                    if side.due.is_some_and(|due| due <= self.now) {
                        self.turn(number, outward);
                    }
                }
            }
        }
        let whole = self.character.rate * time.as_secs_f64();
        let seen = self.flows.iter().zip(before).map(|(flow, (came, sent, lost))| {
            let after = flow.counts();
            let path = flow.near.connection.as_ref().unwrap().1.stats().path;
            Seen {
                share: (after.0 - came) as f64 / whole,
                lost: (after.2 - lost) as f64 / ((after.1 - sent) as f64).max(1.0),
                rtt: path.rtt,
                packet_bytes: path.current_mtu,
            }
        });
        seen.collect()
    }

    fn naps(&self) -> bool {
        let passed = (self.now - self.began).as_millis() as u64;
        self.character.naps_ms.is_some_and(|(every, long)| every <= passed % (every + long))
    }

    fn deliver(&mut self) {
        let mut buffer = Vec::new();
        while self.under_way.peek().is_some_and(|Reverse(first)| first.at <= self.now) {
            let Some(Reverse(Arrival { flow, outward, packet, .. })) = self.under_way.pop() else {
                return;
            };
            let now = self.now;
            let from = self.flows[flow].side(outward).address;
            let side = self.flows[flow].side(!outward);
            side.due = Some(now);
            buffer.clear();
            let answer = match side.endpoint.handle(now, from, None, None, packet, &mut buffer) {
                Some(DatagramEvent::NewConnection(incoming)) => {
                    let taken = side.endpoint.accept(incoming, now, &mut buffer, None);
                    side.connection = Some(taken.ok().unwrap());
                    continue;
                }
                Some(DatagramEvent::ConnectionEvent(handle, event)) => {
                    if let Some((own, connection)) = &mut side.connection
                        && *own == handle
                    {
                        connection.handle_event(event);
                    }
                    continue;
                }
                Some(DatagramEvent::Response(answer)) => answer,
                None => continue,
            };
            let packet = BytesMut::from(&buffer[..answer.size]);
            self.carry(flow, !outward, packet);
        }
    }

    /// Has one side of a connection do what is due.
    fn turn(&mut self, number: usize, outward: bool) {
        let now = self.now;
        let flow = &mut self.flows[number];
        let side = flow.side(outward);
        side.due = None;
        let Some((handle, connection)) = &mut side.connection else { return };
        if connection.poll_timeout().is_some_and(|due| due <= now) {
            connection.handle_timeout(now);
        }
        let mut came = 0;
        while let Some(event) = connection.poll() {
            match event {
                Event::Connected if outward => {
                    // As much as a link lets wait on a fast line.
                    connection.set_send_window(16 * 1024 * 1024);
                    for _ in 0..STREAMS {
                        side.streams.push(connection.streams().open(Dir::Bi).unwrap());
                    }
                }
                Event::Stream(StreamEvent::Opened { dir }) => {
                    while let Some(id) = connection.streams().accept(dir) {
                        came += read(connection, id);
                    }
                }
                Event::Stream(StreamEvent::Readable { id }) => came += read(connection, id),
                Event::ConnectionLost { reason } => panic!("a connection was lost: {reason}"),
                Event::Connected
                | Event::HandshakeDataReady
                | Event::Stream(_)
                | Event::DatagramReceived
                | Event::DatagramsUnblocked => {}
            }
        }
        if outward {
            for id in &side.streams {
                while connection.send_stream(*id).write(&CONTENT).is_ok() {}
            }
        }
        let mut out = Vec::new();
        loop {
            let mut buffer = Vec::new();
            while let Some(transmit) = connection.poll_transmit(now, 10, &mut buffer) {
                let each = transmit.segment_size.unwrap_or(transmit.size);
                out.extend(buffer[..transmit.size].chunks(each).map(BytesMut::from));
                buffer.clear();
            }
            let Some(event) = connection.poll_endpoint_events() else { break };
            if let Some(event) = side.endpoint.handle_event(*handle, event) {
                connection.handle_event(event);
            }
        }
        side.due = connection.poll_timeout();
        flow.came += came;
        for packet in out {
            self.carry(number, outward, packet);
        }
    }

    /// Takes a packet, which may never arrive; what comes back meets no others.
    fn carry(&mut self, flow: usize, outward: bool, packet: BytesMut) {
        let Character { rate, rtt_ms, queue_ms, loss, police, at_once, .. } = self.character;
        let bytes = packet.len() as f64;
        if usize::from(PACKET_MAX) < packet.len() {
            return;
        }
        let mut at = self.now + Duration::from_millis(rtt_ms) / 2;
        if outward {
            if let Some((rate, most)) = police {
                let bucket = &mut self.bucket;
                let passed = self.now.saturating_duration_since(bucket.at).as_secs_f64();
                (bucket.filled, bucket.at) = (most.min(bucket.filled + rate * passed), self.now);
                if bucket.filled < bytes {
                    return;
                }
                bucket.filled -= bytes;
            }
            let waits = self.free.saturating_duration_since(self.now);
            if Duration::from_secs_f64(queue_ms / 1000.0) < waits || self.dice.f64() < loss {
                return;
            }
            let rested = self.now - Duration::from_secs_f64(at_once / rate);
            self.free = self.free.max(rested) + Duration::from_secs_f64(bytes / rate);
            at += self.free.saturating_duration_since(self.now);
        }
        self.packets += 1;
        self.under_way.push(Reverse(Arrival { at, order: self.packets, flow, outward, packet }));
    }
}

impl Flow {
    fn side(&mut self, outward: bool) -> &mut Side {
        if outward { &mut self.near } else { &mut self.far }
    }

    /// Bytes of content that came; packets that were sent, and lost.
    fn counts(&self) -> (u64, u64, u64) {
        let (_, connection) = self.near.connection.as_ref().unwrap();
        let path = connection.stats().path;
        (self.came, path.sent_packets, path.lost_packets)
    }
}

fn read(connection: &mut Connection, id: StreamId) -> u64 {
    let mut bytes = 0;
    let mut stream = connection.recv_stream(id);
    let Ok(mut chunks) = stream.read(true) else { return 0 };
    loop {
        match chunks.next(usize::MAX) {
            Ok(Some(chunk)) => bytes += chunk.bytes.len() as u64,
            Ok(None) | Err(ReadError::Blocked) => break,
            Err(error) => panic!("a stream broke: {error}"),
        }
    }
    // All that there is to send is asked for in the same turn.
    let _ = chunks.finalize();
    bytes
}

#[derive(Debug)]
struct Only(PublicKey);

impl AllowPeer for Only {
    fn allows(&self, key: &PublicKey) -> bool {
        *key == self.0
    }
}

/// As fine as a system's timers.
const TICK: Duration = Duration::from_millis(1);
const STREAMS: usize = 4;
pub(super) const PACKET_MAX: u16 = 1_472;
static CONTENT: [u8; 16 * 1024] = [0; 16 * 1024];
