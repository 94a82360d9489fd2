//! The `outport` command: one binary for everything headless.
//!
//! `args` says what may be typed, each file of `commands` is one command, and `printer` is the only
//! place that writes to the screen.

mod args;
mod commands;
mod context;
mod differences;
mod failure;
mod follow;
#[cfg(test)]
mod hub_tests;
mod human;
mod location;
mod password;
mod printer;
mod service;
mod signals;

use std::process::ExitCode;

use args::Cli;
use clap::Parser as _;
use context::Context;
use failure::{Exit, Failure};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            error.print().ok(); // nobody may be reading
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() };
        }
    };
    let context = Context::new(&cli.global);
    let outcome = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let outcome = runtime.block_on(commands::run(cli.command, &context));
            // A blocking read of the terminal must not keep a finished command alive.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(Failure::new(Exit::Failed, "no threads can be started").because(error)),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            context.printer.failure(&failure);
            failure.exit.into()
        }
    }
}
