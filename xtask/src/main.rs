//! What developers run: `cargo xtask …`.
//!
//! `cargo xtask test` is exactly what the continuous integration runs, and every part of it is a
//! subcommand or a step of its own: one file each, below.
//! Nothing here uses a member of the workspace, so this program builds while the rest is broken.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool that talks to its developer on the terminal"
)]

mod args;
mod audit;
mod bench;
mod check;
mod demo;
mod deny;
mod fuzz;
mod icons;
mod measure;
mod nextest;
mod package;
mod platforms;
mod screens;
mod screenshots;
mod setup;
mod sh;
mod sim;
mod skips;
mod soak;
mod steps;
mod test;
mod tidy;
mod tree;

use std::process::ExitCode;

fn main() -> ExitCode {
    match args::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("error: {err:#}");
            ExitCode::FAILURE
        }
    }
}
