//! Moves some GiB from memory to memory between two endpoints of one process over loopback, and
//! prints how fast and at what cost: `cargo run -p outport-link --example loopback -- [GiB]`.
#![expect(clippy::print_stdout, reason = "a measurement prints what it measured")]

use std::time::Instant;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use outport_link::{DataFrame, ESTABLISH_LIMIT, Endpoint, EndpointOptions, Link};
use outport_protocol::{
    control::{Candidate, CandidateKind},
    secret::SecretKey,
};
use outport_types::SessionId;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let gib: u64 = match std::env::args().nth(1) {
        Some(text) => text.parse().context("the argument is a number of GiB")?,
        None => 4,
    };
    let (left, mut right, _endpoints) = links().await?;
    let (started, cpu) = (Instant::now(), cpu_seconds()?);
    let (stats, bytes) = tokio::try_join!(send(&left, gib), receive(&mut right))?;
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

async fn send(link: &Link, gib: u64) -> Result<String> {
    let block = Bytes::from(vec![7_u8; BLOCK_BYTES]);
    for _ in 0..gib * (1 << 30) / BLOCK_BYTES as u64 {
        let frame = DataFrame { header: Bytes::from_static(b"header"), body: vec![block.clone()] };
        link.data_out.send(frame).await?;
    }
    link.data_out.clone().finish().await?;
    link.control_out.clone().finish().await?;
    link.handle.delivered().await?;
    Ok(link.handle.stats().to_string())
}

async fn receive(link: &mut Link) -> Result<u64> {
    let mut bytes = 0;
    while let Some(frame) = link.data_in.recv().await? {
        bytes += frame.body.len() as u64;
    }
    Ok(bytes)
}

async fn links() -> Result<(Link, Link, [Endpoint; 2])> {
    let options = EndpointOptions { address: Some("127.0.0.1:0".parse()?), streams: None };
    let left = Endpoint::bind(SecretKey::from_seed(&[1; 32]), &options)?;
    let right = Endpoint::bind(SecretKey::from_seed(&[2; 32]), &options)?;
    let session = SessionId::random();
    let to_right = left.expect(session, right.public_key())?;
    let to_left = right.expect(session, left.public_key())?;
    let address = right.local_address()?;
    to_right.add_candidates(&[Candidate { address, kind: CandidateKind::Local }]);
    let (left_link, right_link) =
        tokio::join!(to_right.establish(ESTABLISH_LIMIT), to_left.establish(ESTABLISH_LIMIT));
    Ok((left_link?, right_link?, [left, right]))
}

/// What this process has used, both ends together; Linux only, elsewhere nothing.
fn cpu_seconds() -> Result<f64> {
    if !cfg!(target_os = "linux") {
        return Ok(0.0);
    }
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().context("a line of /proc")?;
    let ticks: Vec<&str> = after_name.split_whitespace().skip(11).take(2).collect();
    let ticks = ticks.iter().map(|text| text.parse::<f64>()).sum::<Result<f64, _>>()?;
    Ok(ticks / TICKS_PER_SECOND)
}

const BLOCK_BYTES: usize = 1024 * 1024;
/// Of Linux's clock for users.
const TICKS_PER_SECOND: f64 = 100.0;
