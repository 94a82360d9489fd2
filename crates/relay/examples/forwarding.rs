//! Forwards packets between two sockets on loopback through the relay, and through programs that do
//! nothing but forward, and prints how fast and at what cost:
//! `cargo run --release -p outport-relay --example forwarding -- [GiB]`.
//!
//! Packets are 1,452 bytes long, as a link's are on most networks. The sender keeps a few megabytes
//! under way, so that nothing is lost, and what is compared is the processor time of the forwarder.
#![expect(clippy::print_stdout, reason = "a measurement prints what it measured")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on ends")]

use std::{
    fs,
    io::IoSliceMut,
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use outport_protocol::relay::{RelayAnswer, RelayHello, RelaySide, RelayToken};
use outport_relay::{Counts, Relay, RelayLimits, RelayOptions};
use outport_types::{AccountId, SessionId};
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};
use socket2::SockRef;
use tokio_util::sync::CancellationToken;

fn main() {
    let gib: u64 = std::env::args().nth(1).map_or(2, |text| text.parse().unwrap());
    let mut costs = Vec::new();
    for (name, forwarder) in [
        ("one packet at a time", one_by_one as fn(Setting)),
        ("in batches", in_batches),
        ("the relay", relay),
    ] {
        let runs: Vec<_> = (0..RUNS).map(|_| measure(forwarder, gib << 30)).collect();
        let mut cpu: Vec<f64> = runs.iter().map(|run| run.cpu_seconds / run.gib).collect();
        let mut rate: Vec<f64> = runs.iter().map(|run| run.gib / run.seconds).collect();
        cpu.sort_by(f64::total_cmp);
        rate.sort_by(f64::total_cmp);
        let (cpu, rate) = (cpu[RUNS / 2], rate[RUNS / 2]);
        let lost: u64 = runs.iter().map(|run| run.lost).sum();
        println!("{name}: {rate:.2} GiB/s, {cpu:.3} CPU s a GiB, {lost} packets lost");
        costs.push(cpu);
    }
    let (one, batches, relay) = (costs[0], costs[1], costs[2]);
    println!(
        "the relay forwards {:.2} as much in the same time as one packet at a time",
        one / relay
    );
    println!("and {:.2} as much as in batches", batches / relay);
}

/// What a forwarder is given.
struct Setting {
    socket: UdpSocket,
    left: SocketAddr,
    right: SocketAddr,
    stop: Arc<AtomicBool>,
    cpu: mpsc::Sender<f64>,
}

struct Run {
    seconds: f64,
    gib: f64,
    cpu_seconds: f64,
    lost: u64,
}

fn measure(forwarder: fn(Setting), bytes: u64) -> Run {
    let (left, right) = (roomy(), roomy());
    let socket = roomy();
    let (entry, stop) = (socket.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
    let (cpu, told) = mpsc::channel();
    let setting = Setting {
        socket,
        left: left.local_addr().unwrap(),
        right: right.local_addr().unwrap(),
        stop: stop.clone(),
        cpu,
    };
    let forwarding = thread::spawn(move || forwarder(setting));
    bind(&left, entry, RelaySide::Sender);
    bind(&right, entry, RelaySide::Receiver);
    let received = Arc::new(AtomicU64::new(0));
    let receiving = thread::spawn({
        let (received, stop) = (received.clone(), stop.clone());
        move || receive(&right, &received, &stop)
    });
    let started = Instant::now();
    let lost = send(&left, entry, bytes, &received);
    let seconds = started.elapsed().as_secs_f64();
    stop.store(true, Ordering::SeqCst);
    // Whoever waits for a packet sees that it is over.
    left.send_to(&[PACKET; 8], entry).unwrap();
    forwarding.join().unwrap();
    receiving.join().unwrap();
    let gib = received.load(Ordering::SeqCst) as f64 / (1_u64 << 30) as f64;
    Run { seconds, gib, cpu_seconds: told.recv().unwrap(), lost }
}

/// Sends in batches, with so much under way at most.
fn send(socket: &UdpSocket, to: SocketAddr, bytes: u64, received: &AtomicU64) -> u64 {
    let state = UdpSocketState::new(socket.into()).unwrap();
    let batch = vec![PACKET; PACKET_BYTES * AT_ONCE];
    let (mut sent, mut lost) = (0_u64, 0_u64);
    while sent < bytes {
        let mut waited = Instant::now();
        let mut before = received.load(Ordering::Relaxed);
        while UNDER_WAY_BYTES < (sent - lost).saturating_sub(before) {
            thread::yield_now();
            let now = received.load(Ordering::Relaxed);
            if now != before {
                (before, waited) = (now, Instant::now());
            } else if Duration::from_millis(200) < waited.elapsed() {
                lost = sent.saturating_sub(now);
            }
        }
        let transmit = Transmit {
            destination: to,
            ecn: None,
            contents: &batch,
            segment_size: Some(PACKET_BYTES),
            src_ip: None,
        };
        if state.try_send(socket.into(), &transmit).is_ok() {
            sent += batch.len() as u64;
        } else {
            thread::yield_now();
        }
    }
    lost / PACKET_BYTES as u64
}

fn receive(socket: &UdpSocket, received: &AtomicU64, stop: &AtomicBool) {
    let mut batches = Batches::new(socket);
    while !stop.load(Ordering::Relaxed) {
        let count = batches.receive(socket);
        let bytes: usize = batches.metas[..count].iter().map(|meta| meta.len).sum();
        received.fetch_add(bytes as u64, Ordering::Relaxed);
        if count == 0 {
            thread::yield_now();
        }
    }
}

/// What everybody writes first: receive one, send one.
fn one_by_one(setting: Setting) {
    let Setting { socket, left, right, stop, cpu } = setting;
    socket.set_nonblocking(false).unwrap();
    let mut packet = vec![0; 65_536];
    while !stop.load(Ordering::Relaxed) {
        let (length, from) = socket.recv_from(&mut packet).unwrap();
        let to = if from == left { right } else { left };
        // What finds no room is lost.
        let _ = socket.send_to(&packet[..length], to);
    }
    cpu.send(cpu_seconds()).unwrap();
}

/// The same with as many packets at a time as the system takes.
fn in_batches(setting: Setting) {
    let Setting { socket, left, right, stop, cpu } = setting;
    let mut batches = Batches::new(&socket);
    while !stop.load(Ordering::Relaxed) {
        let count = batches.receive(&socket);
        for n in 0..count {
            let meta = batches.metas[n];
            let contents = &batches.storage[n * PLACE_BYTES..][..meta.len];
            let transmit = Transmit {
                destination: if meta.addr == left { right } else { left },
                ecn: meta.ecn,
                contents,
                segment_size: (meta.stride < meta.len).then_some(meta.stride),
                src_ip: None,
            };
            // What finds no room is lost.
            let _ = batches.state.try_send((&socket).into(), &transmit);
        }
        if count == 0 {
            // As a program that waits for packets would, and not in a circle.
            wait_readable(&socket);
        }
    }
    cpu.send(cpu_seconds()).unwrap();
}

fn relay(setting: Setting) {
    let Setting { socket, stop, cpu, .. } = setting;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = RelayOptions {
            limits: Some(RelayLimits::default()),
            secret: SECRET,
            nonces: [2; 32],
            alone: false,
        };
        let (relay, port) = Relay::new(options, Arc::new(Counts::default()));
        relay.open(SESSION, AccountId::from_bytes([3; 16])).await.unwrap();
        socket.set_nonblocking(true).unwrap();
        let socket = tokio::net::UdpSocket::from_std(socket).unwrap();
        let over = CancellationToken::new();
        let watching = async {
            while !stop.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            over.cancel();
        };
        tokio::join!(port.serve(&socket, &over), watching).0.unwrap();
    });
    cpu.send(cpu_seconds()).unwrap();
}

/// Proves an address, where that is asked for; others forward what is said, and nobody minds.
fn bind(socket: &UdpSocket, relay: SocketAddr, side: RelaySide) {
    let token = RelayToken::of_session(&SECRET, SESSION);
    socket.set_nonblocking(false).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut packet = [0; 2000];
    socket.send_to(&RelayHello { session: SESSION, side }.encode(), relay).unwrap();
    if let Ok(length) = socket.recv(&mut packet)
        && let Some(answer) = RelayAnswer::decode(&packet[..length])
    {
        let proof = token.prove(SESSION, side, answer.nonce, answer.observed);
        socket.send_to(&proof.encode(), relay).unwrap();
        socket.recv(&mut packet).unwrap();
    }
}

struct Batches {
    state: UdpSocketState,
    storage: Vec<u8>,
    metas: [RecvMeta; BATCH_SIZE],
}

impl Batches {
    fn new(socket: &UdpSocket) -> Self {
        let state = UdpSocketState::new(socket.into()).unwrap();
        let storage = vec![0; BATCH_SIZE * PLACE_BYTES];
        Self { state, storage, metas: [RecvMeta::default(); BATCH_SIZE] }
    }

    /// How many places were filled; none when there was nothing.
    fn receive(&mut self, socket: &UdpSocket) -> usize {
        let mut places = self.storage.chunks_exact_mut(PLACE_BYTES);
        let mut buffers: [IoSliceMut<'_>; BATCH_SIZE] =
            std::array::from_fn(|_| IoSliceMut::new(places.next().unwrap()));
        self.state.recv(socket.into(), &mut buffers, &mut self.metas).unwrap_or(0)
    }
}

fn wait_readable(socket: &UdpSocket) {
    socket.set_nonblocking(false).unwrap();
    socket.peek(&mut [0]).ok();
    socket.set_nonblocking(true).unwrap();
}

fn roomy() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    // With nothing else set: who forwards one packet at a time gets one packet at a time.
    let plain = SockRef::from(&socket);
    plain.set_recv_buffer_size(8 << 20).unwrap();
    plain.set_send_buffer_size(8 << 20).unwrap();
    socket
}

/// What this thread had of the processor.
fn cpu_seconds() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1e9
}

const SESSION: SessionId = SessionId::from_bytes([1; 16]);
const SECRET: [u8; 32] = [4; 32];
const PACKET_BYTES: usize = 1452;
/// The first byte of a packet of QUIC, and all others.
const PACKET: u8 = 0x40;
const AT_ONCE: usize = 44;
const UNDER_WAY_BYTES: u64 = 1 << 20;
const PLACE_BYTES: usize = 65_535;
const RUNS: usize = 5;
