//! `cargo xtask sim`: the long campaign of the simulation.

use anyhow::Result;

use crate::sh::Sh;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many seeds to run
    #[arg(long, default_value_t = 10_000)]
    pub(crate) seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    pub(crate) from: u64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    Sh::cargo()
        .words("run --quiet --locked --bin campaign --")
        .words(&format!("--seeds {} --from {}", args.seeds, args.from))
        .run()
}
