//! Moves some GiB from memory to memory between two endpoints of one process over loopback, and
//! prints how fast and at what cost: `cargo run --release -p outport-link --example loopback --
//! [GiB [LINKS]]`. Several links side by side show what several connections of QUIC would bring.
//!
//! Each endpoint has a runtime of its own, as two agents have.
#![expect(clippy::print_stdout, reason = "a measurement prints what it measured")]

use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow};
use bytes::Bytes;
use futures_util::future::try_join_all;
use outport_link::{DataFrame, ESTABLISH_LIMIT, Endpoint, EndpointOptions, Link};
use outport_protocol::{
    control::{Candidate, CandidateKind},
    secret::SecretKey,
};
use outport_types::{PublicKey, SessionId};

fn main() -> Result<()> {
    let number = |at: usize, otherwise: u64| match std::env::args().nth(at) {
        Some(text) => text.parse().context("the arguments are numbers: of GiB, of links"),
        None => Ok(otherwise),
    };
    let (gib, links) = (number(1, 4)?, number(2, 1)?.max(1));
    let sessions: Vec<_> = (0..links).map(|_| SessionId::random()).collect();
    let (tell, told) = mpsc::channel();
    let expected = sessions.clone();
    let receiver = thread::spawn(move || runtime()?.block_on(receive(expected, tell)));
    let address = told.recv().context("the receiver stopped early")?;
    let (started, cpu) = (Instant::now(), cpu_seconds()?);
    let stats = runtime()?.block_on(send(sessions, address, gib))?;
    let bytes = receiver.join().map_err(|_| anyhow!("the receiver panicked"))??;
    let (wall, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
    println!(
        "{gib} GiB over {links} links in {wall:.2} s: {:.2} GB/s, {:.2} Gbit/s, {:.2} CPU s per GiB of both ends",
        bytes as f64 / wall / 1e9,
        bytes as f64 * 8.0 / wall / 1e9,
        cpu / gib as f64
    );
    stats.iter().for_each(|stats| println!("{stats}"));
    Ok(())
}

async fn send(sessions: Vec<SessionId>, address: Candidate, gib: u64) -> Result<Vec<String>> {
    let endpoint = endpoint(1)?;
    let blocks = gib * (1 << 30) / BLOCK_BYTES as u64 / sessions.len() as u64;
    let sending = sessions.into_iter().map(async |session| {
        let expectation = endpoint.expect(session, public(2))?;
        expectation.add_candidates(&[address]);
        let link = expectation.establish(ESTABLISH_LIMIT).await?;
        let Link { control_out, data_out, handle, .. } = link;
        let body = vec![Bytes::from(vec![7_u8; BLOCK_BYTES])];
        for _ in 0..blocks {
            let header = Bytes::from_static(b"header");
            data_out.send(DataFrame { header, body: body.clone() }).await?;
        }
        data_out.finish().await?;
        control_out.finish().await?;
        handle.delivered().await?;
        anyhow::Ok(handle.stats().to_string())
    });
    let stats = try_join_all(sending).await?;
    endpoint.shutdown(Duration::from_secs(1)).await;
    Ok(stats)
}

async fn receive(sessions: Vec<SessionId>, tell: mpsc::Sender<Candidate>) -> Result<u64> {
    let endpoint = endpoint(2)?;
    let expected = sessions.into_iter().map(|session| endpoint.expect(session, public(1)));
    let expected = expected.collect::<Result<Vec<_>, _>>()?;
    tell.send(Candidate { address: endpoint.local_address()?, kind: CandidateKind::Local })?;
    let receiving = expected.iter().map(async |expectation| {
        let mut link = expectation.establish(ESTABLISH_LIMIT).await?;
        let mut bytes = 0;
        while let Some(frame) = link.data_in.recv().await? {
            bytes += frame.body.len() as u64;
        }
        link.handle.closed().await;
        anyhow::Ok(bytes)
    });
    Ok(try_join_all(receiving).await?.into_iter().sum())
}

fn endpoint(own: u8) -> Result<Endpoint> {
    let options = EndpointOptions {
        address: Some("127.0.0.1:0".parse()?),
        without_tcp: true,
        ..EndpointOptions::default()
    };
    Ok(Endpoint::bind(key(own), &options)?)
}

fn public(of: u8) -> PublicKey {
    key(of).public()
}

fn key(of: u8) -> SecretKey {
    SecretKey::from_seed(&[of; 32])
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

/// What this process has used, both ends together; Linux only, elsewhere nothing.
fn cpu_seconds() -> Result<f64> {
    if !cfg!(target_os = "linux") {
        return Ok(0.0);
    }
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().context("a line of /proc")?;
    let ticks = after_name.split_whitespace().skip(11).take(2);
    let ticks = ticks.map(str::parse::<f64>).sum::<Result<f64, _>>()?;
    Ok(ticks / TICKS_PER_SECOND)
}

const BLOCK_BYTES: usize = 1024 * 1024;
/// Of Linux's clock for users.
const TICKS_PER_SECOND: f64 = 100.0;
