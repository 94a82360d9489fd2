//! A path between two endpoints that delays, loses and can be cut; the seed decides what is lost.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use fastrand::Rng;
use socket2::{Domain, Socket, Type};
use tokio::{
    net::UdpSocket,
    time::{Instant, sleep_until},
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::rig;

/// What a path does to packets.
#[derive(Clone, Copy)]
pub(crate) struct Character {
    pub(crate) seed: u64,
    pub(crate) loss: f64,
    pub(crate) delay: Duration,
    /// Longer packets do not get through.
    pub(crate) packet_bytes_max: usize,
}

/// A path to one endpoint; gone when dropped.
pub(crate) struct Path {
    pub(crate) entry: SocketAddr,
    cut: Arc<AtomicBool>,
    _alive: DropGuard,
}

impl Path {
    pub(crate) async fn to(target: SocketAddr, character: Character) -> Self {
        let (front, back) = (roomy_socket(), roomy_socket());
        back.connect(target).await.unwrap();
        let (entry, cut) = (front.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
        let stop = CancellationToken::new();
        let carrying = Carrying {
            front,
            back,
            client: None,
            rng: Rng::with_seed(character.seed),
            character,
            cut: cut.clone(),
            queue: VecDeque::new(),
        };
        let workers = TaskTracker::new();
        let running = stop.clone();
        workers.spawn(async move { running.run_until_cancelled(carrying.run()).await });
        Self { entry, cut, _alive: stop.drop_guard() }
    }

    /// From now on nothing gets through, and nobody is told.
    pub(crate) fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }
}

struct Carrying {
    front: UdpSocket,
    back: UdpSocket,
    client: Option<SocketAddr>,
    rng: Rng,
    character: Character,
    cut: Arc<AtomicBool>,
    queue: VecDeque<(Instant, Direction, Vec<u8>)>,
}

#[derive(Clone, Copy)]
enum Direction {
    ToTarget,
    ToClient,
}

impl Carrying {
    async fn run(mut self) {
        let (mut there, mut here) = (vec![0; 65_536], vec![0; 65_536]);
        loop {
            let due = self.queue.front().map(|(due, ..)| *due);
            let (direction, packet) = tokio::select! {
                Ok((length, from)) = self.front.recv_from(&mut there) => {
                    self.client = Some(from);
                    (Direction::ToTarget, &there[..length])
                }
                Ok(length) = self.back.recv(&mut here) => (Direction::ToClient, &here[..length]),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.deliver();
                    continue;
                }
            };
            let lost = self.rng.f64() < self.character.loss
                || self.character.packet_bytes_max < packet.len()
                || QUEUE_MAX <= self.queue.len()
                || self.cut.load(Ordering::SeqCst);
            if !lost {
                let due = Instant::now() + self.character.delay;
                self.queue.push_back((due, direction, packet.to_vec()));
            }
        }
    }

    fn deliver(&mut self) {
        let now = Instant::now();
        while let Some((_, direction, packet)) = self.queue.pop_front_if(|(due, ..)| *due <= now) {
            // A packet that cannot be sent is one more that is lost.
            match (direction, self.client) {
                (Direction::ToTarget, _) => drop(self.back.try_send(&packet)),
                (Direction::ToClient, Some(to)) => drop(self.front.try_send_to(&packet, to)),
                (Direction::ToClient, None) => {}
            }
        }
    }
}

/// A socket that holds a burst while this process waits for a processor.
pub(crate) fn roomy_socket() -> UdpSocket {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
    socket.bind(&rig::any_port().into()).unwrap();
    socket.set_recv_buffer_size(4 * 1024 * 1024).unwrap();
    socket.set_nonblocking(true).unwrap();
    UdpSocket::from_std(socket.into()).unwrap()
}

/// Packets under way at once, as a router's queue has an end.
const QUEUE_MAX: usize = 20_000;
