//! A path to one endpoint that drops what is above some rate, of each connection or of all together.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    collections::{HashMap, hash_map::Entry},
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{net::UdpSocket, time::Instant};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::path::roomy_socket;

/// The path; gone when dropped.
pub(crate) struct Policed {
    pub(crate) entry: SocketAddr,
    /// From how many addresses packets came.
    callers: Arc<AtomicUsize>,
    _alive: DropGuard,
}

/// To whom the rate is given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    /// To each who calls, by address and port.
    Each,
    /// To all together.
    All,
}

impl Policed {
    pub(crate) fn to(target: SocketAddr, share: Share) -> Self {
        let front = Arc::new(roomy_socket());
        let entry = front.local_addr().unwrap();
        let (stop, callers) = (CancellationToken::new(), Arc::new(AtomicUsize::new(0)));
        let (running, counted) = (stop.clone(), callers.clone());
        let workers = TaskTracker::new();
        workers.clone().spawn(async move {
            let forward = forward(front, target, share, &counted, &workers, &running);
            running.run_until_cancelled(forward).await;
        });
        Self { entry, callers, _alive: stop.drop_guard() }
    }

    pub(crate) fn callers(&self) -> usize {
        self.callers.load(Ordering::SeqCst)
    }
}

async fn forward(
    front: Arc<UdpSocket>,
    target: SocketAddr,
    share: Share,
    callers: &AtomicUsize,
    workers: &TaskTracker,
    stop: &CancellationToken,
) {
    let of_all = [Bucket::new(), Bucket::new()];
    let mut backs: HashMap<SocketAddr, (Arc<UdpSocket>, Bucket)> = HashMap::new();
    let mut packet = vec![0; 65_536];
    loop {
        let Ok((length, from)) = front.recv_from(&mut packet).await else { continue };
        let (back, bucket) = match backs.entry(from) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                callers.fetch_add(1, Ordering::SeqCst);
                let back = Arc::new(roomy_socket());
                back.connect(target).await.unwrap();
                let [there, here] = match share {
                    Share::Each => [Bucket::new(), Bucket::new()],
                    Share::All => of_all.clone(),
                };
                let (front, answers, stop) = (front.clone(), back.clone(), stop.clone());
                workers.spawn(async move {
                    stop.run_until_cancelled(answer(front, from, answers, here)).await;
                });
                new.insert((back, there))
            }
        };
        if bucket.lets(length) {
            // A packet that cannot be sent is one more that is lost.
            drop(back.try_send(&packet[..length]));
        }
    }
}

async fn answer(front: Arc<UdpSocket>, to: SocketAddr, back: Arc<UdpSocket>, bucket: Bucket) {
    let mut packet = vec![0; 65_536];
    loop {
        let Ok(length) = back.recv(&mut packet).await else { continue };
        if bucket.lets(length) {
            drop(front.try_send_to(&packet[..length], to));
        }
    }
}

/// What may still pass, and when that was true.
#[derive(Clone)]
struct Bucket(Arc<Mutex<(f64, Instant)>>);

impl Bucket {
    fn new() -> Self {
        Self(Arc::new(Mutex::new((BURST, Instant::now()))))
    }

    fn lets(&self, bytes: usize) -> bool {
        if PACKET_BYTES_MAX < bytes {
            return false;
        }
        let mut bucket = self.0.lock().unwrap();
        let now = Instant::now();
        let filled = bucket.0 + RATE * now.duration_since(bucket.1).as_secs_f64();
        let passes = bytes as f64 <= filled;
        *bucket = (filled.min(BURST) - if passes { bytes as f64 } else { 0.0 }, now);
        passes
    }
}

/// Bytes per second, little for any machine.
const RATE: f64 = 2_000_000.0;
const BURST: f64 = 60_000.0;
const PACKET_BYTES_MAX: usize = 1_472;
