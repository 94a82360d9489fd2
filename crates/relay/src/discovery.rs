//! Tells agents where the hub's UDP port sees them.
//!
//! A request carries a nonce, the answer brings it back with the address that the request came
//! from. An answer is as long as a request, so nobody gains by asking in another's name, and each
//! source is answered only so often. Everything else that comes to the port is dropped unread.

use std::{
    io,
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use outport_protocol::discovery::{DiscoveryAnswer, DiscoveryRequest, PACKET_BYTES};
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::limiter::Limiter;

/// What the port did since the start, for metrics.
#[derive(Debug, Default)]
pub struct DiscoveryCounts {
    answered: AtomicU64,
    limited: AtomicU64,
    ignored: AtomicU64,
}

impl DiscoveryCounts {
    /// Requests that were answered.
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Requests left without an answer, because their source asked too often.
    pub fn limited(&self) -> u64 {
        self.limited.load(Ordering::Relaxed)
    }

    /// Packets that are no requests.
    pub fn ignored(&self) -> u64 {
        self.ignored.load(Ordering::Relaxed)
    }
}

/// Answers on `socket` until told to stop.
///
/// # Errors
/// When the runtime's I/O is gone; what packets cause is no reason.
pub async fn serve(
    socket: &UdpSocket,
    counts: &DiscoveryCounts,
    stop: &CancellationToken,
) -> io::Result<()> {
    match stop.run_until_cancelled(answer_all(socket, counts)).await {
        Some(stopped) => stopped,
        None => Ok(()),
    }
}

async fn answer_all(socket: &UdpSocket, counts: &DiscoveryCounts) -> io::Result<()> {
    let (started, mut limiter) = (Instant::now(), Limiter::new());
    // Room for any packet: some systems make an error of one that does not fit.
    let mut packet = vec![0; usize::from(u16::MAX)];
    let mut failures = 0_u32;
    loop {
        socket.readable().await?;
        for _ in 0..BATCH {
            match socket.try_recv_from(&mut packet) {
                Ok((length, source)) => {
                    failures = 0;
                    match answer(&packet[..length], source, &mut limiter, started) {
                        Verdict::Answer(answer) => send(socket, &answer, source, counts),
                        Verdict::Limited => count(&counts.limited),
                        Verdict::NotOurs => count(&counts.ignored),
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // Systems report here that an earlier answer found nobody. Whoever can cause that
                // can cause it often, so it never ends the service.
                Err(error) => {
                    debug!(%error, "a packet could not be received");
                    failures = failures.saturating_add(1);
                    break;
                }
            }
        }
        if failures < FAILURES_MAX {
            // So that a flood does not keep others from running.
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(FAILURE_PAUSE).await;
        }
    }
}

/// What is done with one packet.
enum Verdict {
    Answer([u8; PACKET_BYTES]),
    Limited,
    NotOurs,
}

fn answer(packet: &[u8], source: SocketAddr, limiter: &mut Limiter, started: Instant) -> Verdict {
    let Some(DiscoveryRequest { nonce }) = DiscoveryRequest::decode(packet) else {
        return Verdict::NotOurs;
    };
    if !limiter.allows(source.ip(), started.elapsed()) {
        return Verdict::Limited;
    }
    let observed = SocketAddr::new(source.ip().to_canonical(), source.port());
    Verdict::Answer(DiscoveryAnswer { nonce, observed }.encode())
}

/// Sends at once or not at all: who gets no answer asks again.
fn send(socket: &UdpSocket, packet: &[u8], to: SocketAddr, counts: &DiscoveryCounts) {
    match socket.try_send_to(packet, to) {
        Ok(_) => count(&counts.answered),
        Err(error) => debug!(%error, "an answer could not be sent"),
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Packets taken in one go.
const BATCH: usize = 64;
/// After so many failures in a row there is a pause between them, lest they take a whole processor.
const FAILURES_MAX: u32 = 1000;
const FAILURE_PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::JoinHandle;
    use tokio_util::task::TaskTracker;

    use super::*;

    #[tokio::test]
    async fn a_request_is_answered_with_the_address_that_it_came_from() {
        let port = Port::open().await;
        let asker = Asker::new(&port).await;
        asker.send(&DiscoveryRequest { nonce: [7; 16] }.encode()).await;
        let answer = asker.answer().await;
        assert_eq!(answer.nonce, [7; 16]);
        assert_eq!(answer.observed, asker.0.local_addr().unwrap());
        port.close().await;
    }

    #[tokio::test]
    async fn anything_else_is_dropped_and_the_port_goes_on() {
        let port = Port::open().await;
        let asker = Asker::new(&port).await;
        let request = DiscoveryRequest { nonce: [8; 16] }.encode();
        let answer = DiscoveryAnswer { nonce: [1; 16], observed: "192.0.2.1:1".parse().unwrap() };
        let long = [&request[..], &[0]].concat();
        for junk in [&b""[..], &[0; 1], &request[1..], &[255; 1400], &long, &answer.encode()] {
            asker.send(junk).await;
        }
        asker.send(&request).await;
        assert_eq!(asker.answer().await.nonce, [8; 16]);
        assert_eq!((port.counts.ignored(), port.counts.answered()), (6, 1));
        port.close().await;
    }

    #[tokio::test]
    async fn who_asks_too_often_is_left_without_an_answer() {
        let port = Port::open().await;
        let asker = Asker::new(&port).await;
        for n in 0..2000_u128 {
            asker.send(&DiscoveryRequest { nonce: n.to_be_bytes() }.encode()).await;
            if n % 50 == 0 {
                tokio::task::yield_now().await;
            }
        }
        while port.counts.limited() == 0 {
            tokio::task::yield_now().await;
        }
        assert!(port.counts.answered() <= 400, "at most two periods' worth");
        port.close().await;
    }

    #[test]
    fn an_answer_is_not_longer_than_its_request() {
        let request = DiscoveryRequest { nonce: [0; 16] }.encode();
        let (mut limiter, source) = (Limiter::new(), "[2001:db8::1]:9".parse().unwrap());
        let Verdict::Answer(answer) = answer(&request, source, &mut limiter, Instant::now()) else {
            panic!("it is a request");
        };
        assert!(answer.len() <= request.len());
    }

    struct Port {
        address: SocketAddr,
        counts: Arc<DiscoveryCounts>,
        stop: CancellationToken,
        serving: JoinHandle<io::Result<()>>,
    }

    impl Port {
        async fn open() -> Self {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let address = socket.local_addr().unwrap();
            let (counts, stop) = (Arc::new(DiscoveryCounts::default()), CancellationToken::new());
            let serving = TaskTracker::new().spawn({
                let (counts, stop) = (counts.clone(), stop.clone());
                async move { serve(&socket, &counts, &stop).await }
            });
            Self { address, counts, stop, serving }
        }

        async fn close(self) {
            self.stop.cancel();
            self.serving.await.unwrap().unwrap();
        }
    }

    struct Asker(UdpSocket);

    impl Asker {
        async fn new(port: &Port) -> Self {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            socket.connect(port.address).await.unwrap();
            Self(socket)
        }

        async fn send(&self, packet: &[u8]) {
            self.0.send(packet).await.unwrap();
        }

        async fn answer(&self) -> DiscoveryAnswer {
            let mut packet = [0; 100];
            let length = self.0.recv(&mut packet).await.unwrap();
            DiscoveryAnswer::decode(&packet[..length]).unwrap()
        }
    }
}
