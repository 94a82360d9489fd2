//! A line with a delay, a rate and losses of its own, between two network namespaces.
//!
//! The kernels of small virtual machines have no emulator, so packets pass through this program: one
//! thread a direction takes them from a device of one namespace and says when each leaves, another
//! puts them into the device of the other one at that time.

use std::{
    fs::File,
    net::UdpSocket,
    os::fd::AsFd as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use nix::sched::{CloneFlags, setns};
use outport_tests::{net::Wire, process::run};
use tun_rs::{DeviceBuilder, SyncDevice};

/// What a line is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    name: &'static str,
    round_trip: Duration,
    /// Packets lost of a million, each way.
    lost_of_million: u32,
    bits_per_second: u64,
}

pub(crate) const CAMPUS: Path = Path {
    name: "10 ms, 0.01 % loss, 1 Gbit/s",
    round_trip: Duration::from_millis(10),
    lost_of_million: 100,
    bits_per_second: 1_000_000_000,
};
pub(crate) const WAN: Path = Path {
    name: "80 ms, 0.1 % loss, 500 Mbit/s",
    round_trip: Duration::from_millis(80),
    lost_of_million: 1_000,
    bits_per_second: 500_000_000,
};
pub(crate) const BAD: Path = Path {
    name: "200 ms, 1 % loss, 100 Mbit/s",
    round_trip: Duration::from_millis(200),
    lost_of_million: 10_000,
    bits_per_second: 100_000_000,
};

/// The far end's address.
pub(crate) const FAR: &str = Wire::RIGHT;

/// A line in the place of a wire; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Line {
    path: Path,
    near: String,
    far: String,
    stop: Arc<AtomicBool>,
}

impl Line {
    /// Takes the addresses from the wire between two hosts and leads them over a line.
    pub(crate) fn lay(path: Path, near: &str, far: &str) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let ends = [(near, Wire::LEFT, Wire::RIGHT), (far, Wire::RIGHT, Wire::LEFT)];
        let mut devices = Vec::new();
        for (host, own, other) in ends {
            ip(host, &["link", "set", "wire", "down"])?;
            ip(host, &["addr", "del", &format!("{own}/24"), "dev", "wire"])?;
            devices.push(Arc::new(device(host, own)?));
            ip(host, &["route", "replace", &format!("{other}/32"), "dev", "line"])?;
        }
        let [near_end, far_end] = devices.try_into().ok().context("a line has two ends")?;
        let line = Self { path, near: near.to_owned(), far: far.to_owned(), stop };
        line.lead(&near_end, &far_end, 1);
        line.lead(&far_end, &near_end, 2);
        Ok(line)
    }

    fn lead(&self, from: &Arc<SyncDevice>, to: &Arc<SyncDevice>, seed: u64) {
        let (sender, receiver) = sync_channel(QUEUE_PACKETS);
        let (path, from, to) = (self.path, from.clone(), to.clone());
        let (stop, stopped) = (self.stop.clone(), self.stop.clone());
        thread::spawn(move || path.take(&from, &sender, &stop, seed));
        thread::spawn(move || deliver(&to, &receiver, &stopped));
    }

    /// What the line is and what it measures by itself, before anything is copied over it.
    pub(crate) fn describe(&self) -> Result<String> {
        let round_trip = self.round_trip()?;
        let goodput = self.goodput()?;
        Ok(format!(
            "{}. By itself the line takes {:.1} ms there and back and carries {:.0} Mbit/s of content in datagrams of {PROBE_BYTES} bytes.",
            self.path.name,
            round_trip.as_secs_f64() * 1e3,
            goodput / 1e6
        ))
    }

    /// How long one small packet and its answer take, the median of some.
    fn round_trip(&self) -> Result<Duration> {
        let echo = in_host(&self.far, || Ok(UdpSocket::bind((FAR, 0))?))?;
        let caller = in_host(&self.near, || Ok(UdpSocket::bind((Wire::LEFT, 0))?))?;
        caller.connect(echo.local_addr()?)?;
        for socket in [&echo, &caller] {
            socket.set_read_timeout(Some(Duration::from_secs(1)))?;
        }
        let mut times = Vec::new();
        let mut byte = [0];
        for _ in 0..PROBES {
            let began = Instant::now();
            caller.send(&byte)?;
            // One that the line lost is no measure of its length.
            if let Ok((_, from)) = echo.recv_from(&mut byte)
                && echo.send_to(&byte, from).is_ok()
                && caller.recv(&mut byte).is_ok()
            {
                times.push(began.elapsed());
            }
        }
        times.sort();
        times.get(times.len() / 2).copied().context("nothing came back over the line")
    }

    /// Bits per second that arrive when more is sent than fits.
    fn goodput(&self) -> Result<f64> {
        let (near, far) = (self.near.clone(), self.far.clone());
        let sink = in_host(&far, || Ok(UdpSocket::bind((FAR, 0))?))?;
        sink.set_read_timeout(Some(Duration::from_millis(500)))?;
        let to = sink.local_addr()?;
        let source = in_host(&near, || Ok(UdpSocket::bind((Wire::LEFT, 0))?))?;
        let rate = self.path.bits_per_second;
        let sending = thread::spawn(move || {
            let (began, packet, mut sent) = (Instant::now(), [0; PROBE_BYTES], 0_u64);
            while began.elapsed() < PROBE_TIME {
                let due = began.elapsed().as_secs_f64() * rate as f64 * 1.1 / 8.0;
                if sent as f64 <= due {
                    source.send_to(&packet, to).ok(); // a full queue is what is looked for
                    sent += PROBE_BYTES as u64;
                } else {
                    thread::park_timeout(Duration::from_micros(100));
                }
            }
        });
        let mut buffer = [0; 2 * PROBE_BYTES];
        let (mut first, mut bytes, mut last) = (None, 0_u64, Instant::now());
        while let Ok(length) = sink.recv(&mut buffer) {
            last = Instant::now();
            if first.replace(first.unwrap_or(last)).is_some() {
                bytes += length as u64;
            }
        }
        sending.join().ok(); // it only counts
        let first = first.context("nothing came over the line")?;
        ensure!(first < last, "next to nothing came over the line");
        Ok(bytes as f64 * 8.0 / (last - first).as_secs_f64())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

type Packet = (Instant, Vec<u8>);

impl Path {
    /// Takes packets and says when each arrives, if it does.
    fn take(self, from: &SyncDevice, onward: &SyncSender<Packet>, stop: &AtomicBool, seed: u64) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut free = Instant::now();
        let mut buffer = [0; 2048];
        while !stop.load(Ordering::Relaxed) {
            let length = match from.recv(&mut buffer) {
                Ok(length) => length,
                Err(_) => return, // the namespace is gone
            };
            let now = Instant::now();
            let start = free.max(now);
            if self.round_trip.max(QUEUE_LEAST) < start - now {
                continue; // the queue before the line is full
            }
            let nanos = length as u64 * 8 * 1_000_000_000 / self.bits_per_second;
            free = start + Duration::from_nanos(nanos);
            if rng.u32(..1_000_000) < self.lost_of_million {
                continue;
            }
            let packet = (free + self.round_trip / 2, buffer[..length].to_vec());
            if onward.send(packet).is_err() {
                return;
            }
        }
    }
}

fn deliver(to: &SyncDevice, packets: &Receiver<Packet>, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let Ok((at, packet)) = packets.recv_timeout(Duration::from_millis(200)) else { continue };
        // Shorter waits than the system can make are left out; what follows is late by as little.
        while let Some(left) = at.checked_duration_since(Instant::now())
            && Duration::from_micros(50) < left
        {
            thread::park_timeout(left);
        }
        if to.send(&packet).is_err() {
            return; // the namespace is gone
        }
    }
}

/// A device of a host, with an address.
fn device(host: &str, address: &str) -> Result<SyncDevice> {
    in_host(host, || {
        let builder = DeviceBuilder::new().name("line").ipv4(address, 32, None).mtu(1500);
        Ok(builder.build_sync()?)
    })
}

/// Does something as a program on a host would.
fn in_host<T: Send + 'static>(host: &str, act: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let place = File::open(format!("/var/run/netns/{host}"))?;
    thread::scope(|scope| {
        let there = scope.spawn(move || {
            setns(place.as_fd(), CloneFlags::CLONE_NEWNET)?;
            act()
        });
        there.join().map_err(|_| anyhow::anyhow!("a thread in {host} panicked"))?
    })
}

fn ip(host: &str, words: &[&str]) -> Result<()> {
    let mut command = std::process::Command::new("ip");
    let done = run(command.args(["-n", host]).args(words), Duration::from_secs(10))?;
    ensure!(done.code == Some(0), "ip {words:?} in {host}: {}", done.stderr.trim());
    Ok(())
}

/// More than a line ever holds: a quarter of a second at a gigabit.
const QUEUE_PACKETS: usize = 32 * 1024;
/// What the queue before a line holds at least.
const QUEUE_LEAST: Duration = Duration::from_millis(20);
const PROBES: usize = 21;
const PROBE_BYTES: usize = 1_452;
const PROBE_TIME: Duration = Duration::from_secs(3);
