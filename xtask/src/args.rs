//! The subcommands and what they take.

use clap::{Parser, Subcommand};

use crate::{
    audit, bench, check, demo, fuzz, icons, package, platforms, screenshots, setup, sim, soak,
    test, tidy,
};

/// Runs what the command line asks for.
pub(crate) fn run() -> anyhow::Result<()> {
    if let Some(tool) = platforms::stub_tool_name() {
        return platforms::run_stub_tool(&tool);
    }
    match Args::parse().command {
        Command::Demo(args) => demo::run(&args),
        Command::Setup(args) => setup::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Check => check::run(),
        Command::Tidy => tidy::run(),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Sim(args) => sim::run(&args),
        Command::Audit => audit::run(),
        Command::Icons => icons::run(),
        Command::Package(args) => package::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Soak(args) => soak::run(&args),
        Command::Screenshots => screenshots::run(),
        Command::CheckPlatforms(args) => platforms::run(&args),
    }
}

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "What developers run", long_about = None)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows the main job: a hub, two computers, and files that arrive whatever happens
    Demo(demo::Args),
    /// Says which system packages and tools are missing, and installs them
    Setup(setup::Args),
    /// Runs everything that the continuous integration runs
    Test(test::Args),
    /// Runs the fast part of `test`: format, tidy, clippy and the unit tests of the libraries
    Check,
    /// Checks what no compiler checks: module heads, sizes, words, stray paths
    Tidy,
    /// Fuzzes the parsers that face a peer (needs a nightly compiler)
    Fuzz(fuzz::Args),
    /// Runs the long campaign of the simulation
    Sim(sim::Args),
    /// Looks the dependencies up in the database of security advisories (needs the network)
    Audit,
    /// Renders the icons from their drawings
    Icons,
    /// Builds the installers that this system can build
    Package(package::Args),
    /// Measures what users feel: how fast the app is there, and what it costs while it idles
    Bench(bench::Args),
    /// Moves a million files and a file of 100 GiB, and kills who moves them
    Soak(soak::Args),
    /// Makes the pictures of the user's guide: every page, light and dark, in each language
    Screenshots,
    /// Type-checks the crates for Windows and macOS
    CheckPlatforms(platforms::Args),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Args::command().debug_assert();
    }
}
