//! Moves some GiB from memory to memory between two endpoints of one process over loopback, and
//! prints how fast and at what cost: `cargo run -p outport-link --example loopback -- [GiB]`.
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
use outport_link::{DataFrame, ESTABLISH_LIMIT, Endpoint, EndpointOptions, Expectation, Link};
use outport_protocol::{
    control::{Candidate, CandidateKind},
    secret::SecretKey,
};
use outport_types::SessionId;

fn main() -> Result<()> {
    let gib: u64 = match std::env::args().nth(1) {
        Some(text) => text.parse().context("the argument is a number of GiB")?,
        None => 4,
    };
    let session = SessionId::random();
    let (tell, told) = mpsc::channel();
    let receiver = thread::spawn(move || runtime()?.block_on(receive(session, tell)));
    let address = told.recv().context("the receiver stopped early")?;
    let (started, cpu) = (Instant::now(), cpu_seconds()?);
    let stats = runtime()?.block_on(send(session, address, gib))?;
    let bytes = receiver.join().map_err(|_| anyhow!("the receiver panicked"))??;
    let (wall, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
    println!(
        "{gib} GiB in {wall:.2} s: {:.2} GB/s, {:.2} Gbit/s, {:.2} CPU s per GiB of both ends",
        bytes as f64 / wall / 1e9,
        bytes as f64 * 8.0 / wall / 1e9,
        cpu / gib as f64
    );
    println!("{stats}");
    Ok(())
}

async fn send(session: SessionId, address: Candidate, gib: u64) -> Result<String> {
    let (endpoint, expectation) = endpoint(1, 2, session)?;
    expectation.add_candidates(&[address]);
    let link = expectation.establish(ESTABLISH_LIMIT).await?;
    let Link { control_out, data_out, handle, .. } = link;
    let block = Bytes::from(vec![7_u8; BLOCK_BYTES]);
    for _ in 0..gib * (1 << 30) / BLOCK_BYTES as u64 {
        let frame = DataFrame { header: Bytes::from_static(b"header"), body: vec![block.clone()] };
        data_out.send(frame).await?;
    }
    data_out.finish().await?;
    control_out.finish().await?;
    handle.delivered().await?;
    let stats = handle.stats().to_string();
    endpoint.shutdown(Duration::from_secs(1)).await;
    Ok(stats)
}

async fn receive(session: SessionId, tell: mpsc::Sender<Candidate>) -> Result<u64> {
    let (endpoint, expectation) = endpoint(2, 1, session)?;
    tell.send(Candidate { address: endpoint.local_address()?, kind: CandidateKind::Local })?;
    let mut link = expectation.establish(ESTABLISH_LIMIT).await?;
    let mut bytes = 0;
    while let Some(frame) = link.data_in.recv().await? {
        bytes += frame.body.len() as u64;
    }
    link.handle.closed().await;
    Ok(bytes)
}

fn endpoint(own: u8, other: u8, session: SessionId) -> Result<(Endpoint, Expectation)> {
    let options = EndpointOptions {
        address: Some("127.0.0.1:0".parse()?),
        without_tcp: true,
        ..EndpointOptions::default()
    };
    let endpoint = Endpoint::bind(SecretKey::from_seed(&[own; 32]), &options)?;
    let expectation = endpoint.expect(session, SecretKey::from_seed(&[other; 32]).public())?;
    Ok((endpoint, expectation))
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
