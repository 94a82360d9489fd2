//! `cargo xtask bench`: measures what users feel, and fails where it is worse than promised.

#[cfg(target_os = "linux")]
mod desktop;
mod transfers;

use anyhow::Result;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// The desktop app: from start to window, and CPU and memory while its window is hidden
    Desktop(DesktopArgs),
    /// Transfers beside rsync, scp, rclone, GridFTP, Syncthing and sendme, here and over lines with delay and losses
    Transfers(TransfersArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct TransfersArgs {
    /// Measure this program instead of building a release
    #[arg(long)]
    program: Option<std::path::PathBuf>,
    /// Cases to measure, by name; all unless given, and then the document of results is written anew
    #[arg(long, value_delimiter = ',')]
    cases: Vec<String>,
    /// Other programs to measure, by name; all unless given
    #[arg(long, value_delimiter = ',')]
    peers: Vec<String>,
    /// Runs of each
    #[arg(long, default_value_t = 5)]
    runs: usize,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DesktopArgs {
    /// Measure this program instead of building a release
    #[arg(long)]
    program: Option<std::path::PathBuf>,
    /// Starts that are timed
    #[arg(long, default_value_t = 5)]
    starts: u32,
    /// Seconds of idling that are measured
    #[arg(long, default_value_t = 60)]
    idle: u64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.what {
        What::Transfers(args) => transfers::run(args),
        #[cfg(target_os = "linux")]
        What::Desktop(args) => desktop::run(args),
        #[cfg(not(target_os = "linux"))]
        What::Desktop(_) => anyhow::bail!("measured on Linux only: it needs a screen of its own"),
    }
}
