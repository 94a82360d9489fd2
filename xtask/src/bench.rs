//! `cargo xtask bench`: measures what users feel, and fails where it is worse than promised.

#[cfg(target_os = "linux")]
mod desktop;

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
        #[cfg(target_os = "linux")]
        What::Desktop(args) => desktop::run(args),
        #[cfg(not(target_os = "linux"))]
        What::Desktop(_) => anyhow::bail!("measured on Linux only: it needs a screen of its own"),
    }
}
