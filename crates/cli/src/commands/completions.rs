//! `outport completions`

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::{args::Cli, context::Context};

/// Print what makes a shell complete `outport` commands
///
/// For bash: `outport completions bash > ~/.local/share/bash-completion/completions/outport`.
/// Packages install these files themselves.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(args: &Args, context: &Context) {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "outport", &mut script);
    context.printer.file(&String::from_utf8_lossy(&script));
}
