//! Measures transfers beside those of other programs, on one machine and in the same run.
//!
//! Every program copies the same trees from one place in memory to another, all in turn, again and
//! again, so that what disturbs the machine disturbs all of them; the medians are compared. A run of
//! Outport is the whole command, from its start until the task reads SUCCEEDED, with encryption and
//! verification; the other programs run as their manuals say (see [`peers`]). After each run the copy
//! is compared with its source.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it talks to who measures")]

#[cfg(target_os = "linux")]
mod cases;
#[cfg(target_os = "linux")]
mod data;
#[cfg(target_os = "linux")]
mod group;
#[cfg(target_os = "linux")]
mod line;
#[cfg(target_os = "linux")]
mod peers;
#[cfg(target_os = "linux")]
mod syncthing;
#[cfg(target_os = "linux")]
mod table;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
use anyhow::Context as _;
use anyhow::Result;
use clap::Parser as _;

#[derive(Debug, clap::Parser)]
#[command(about = "Measures transfers beside those of other programs")]
struct Args {
    /// Cases to measure; all unless given
    #[arg(long, value_delimiter = ',')]
    cases: Vec<String>,
    /// Programs to measure; all unless given
    #[arg(long, value_delimiter = ',')]
    peers: Vec<String>,
    /// Runs of each
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Where the tables go besides the screen
    #[arg(long)]
    write: Option<std::path::PathBuf>,
}

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(target_os = "linux")]
fn run(Args { cases, peers, runs, write }: Args) -> Result<()> {
    let text = cases::run(&cases, &peers, runs)?;
    if let Some(path) = write {
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn run(Args { .. }: Args) -> Result<()> {
    anyhow::bail!("measured on Linux only: it needs control groups and network namespaces")
}
