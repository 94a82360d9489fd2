//! The program of the desktop app; everything is in the library.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]
#![expect(clippy::print_stderr, reason = "a start that fails has no window to say so")]

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match outport_desktop::run(outport_desktop::Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", outport_desktop::Chain(&error));
            ExitCode::FAILURE
        }
    }
}
