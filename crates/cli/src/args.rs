//! What may be typed.

use clap::{ArgAction, Args, Parser, ValueEnum};
use outport_api::client::HubUrl;
use outport_control::Profile;

use crate::commands::Command;

/// Moves files between computers, verified, whatever happens on the way.
///
/// `outport hub` runs the service, `outport agent` makes this computer an endpoint, and the other
/// commands use them.
#[derive(Debug, Parser)]
#[command(
    name = "outport",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = EXIT_STATUS
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// The endpoint of this computer that is meant, when it has several
    #[arg(
        long,
        global = true,
        env = "OUTPORT_PROFILE",
        hide_env_values = true,
        default_value = "default",
        value_name = "NAME",
        hide_default_value = true
    )]
    pub profile: Profile,
    /// The hub that is meant; the one that you are signed in at, unless given
    #[arg(
        long = "hub",
        global = true,
        env = "OUTPORT_HUB",
        hide_env_values = true,
        value_name = "URL",
        id = "hub_url"
    )]
    pub hub: Option<HubUrl>,
    /// Print facts as JSON, and errors too
    #[arg(long, global = true)]
    pub json: bool,
    /// Leave out notes and progress
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say what lies behind an error
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// When to use colours; NO_COLOR is respected
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        hide_default_value = true
    )]
    pub color: Color,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On terminals
    #[default]
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// The short form of what the manual says about the numbers.
const EXIT_STATUS: &str = "\
Exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 not found, 4 sign-in or set-up needed, \
5 something is away or paused, 6 waited long enough, 130 Ctrl-C.";

#[cfg(test)]
mod tests;
