//! Hears every packet that a host sends and receives.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow};
use socket2::{Domain, Protocol, Socket, Type};

use crate::service::begin;

/// Hears the packets of a host until it is asked what they were.
#[derive(Debug)]
pub struct Ear {
    stop: Arc<AtomicBool>,
    hearing: JoinHandle<io::Result<Vec<Vec<u8>>>>,
}

impl Ear {
    /// Begins to hear in a namespace.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn in_host(host: &str) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let (hearing, ()) = begin(host, move |stands| {
            let socket = open()?;
            stands.send(()).ok(); // it is waited for
            hear(&socket, &stopped)
        })?;
        Ok(Self { stop, hearing })
    }

    /// Everything that was heard, headers included.
    ///
    /// # Errors
    /// When hearing failed.
    pub fn heard(self) -> Result<Vec<Vec<u8>>> {
        self.stop.store(true, Ordering::SeqCst);
        let heard = self.hearing.join().map_err(|_| anyhow!("the ear panicked"))?;
        heard.context("the ear heard no more")
    }
}

fn open() -> io::Result<Socket> {
    let everything = Protocol::from(i32::from(ETH_P_ALL.to_be()));
    let socket = Socket::new(Domain::PACKET, Type::RAW, Some(everything))?;
    socket.set_recv_buffer_size(BUFFER_BYTES)?;
    socket.set_read_timeout(Some(Duration::from_millis(100)))?;
    Ok(socket)
}

fn hear(socket: &Socket, stop: &AtomicBool) -> io::Result<Vec<Vec<u8>>> {
    let (mut packets, mut packet) = (Vec::new(), vec![0; 128 * 1024]);
    loop {
        match io::Read::read(&mut &*socket, &mut packet) {
            Ok(length) => packets.push(packet[..length].to_vec()),
            Err(error) if is_late(&error) => {
                if stop.load(Ordering::SeqCst) {
                    return Ok(packets);
                }
            }
            Err(error) => return Err(error),
        }
    }
}

fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Every kind of packet, as the kernel numbers them.
const ETH_P_ALL: u16 = 3;
/// Room for what comes while this process waits for a processor.
const BUFFER_BYTES: usize = 64 << 20;
