//! What takes too long for every run: a tree of a million files, and a file that is far larger than
//! memory. Both are moved once undisturbed, and once with killed agents; it fails where memory, speed
//! or the way back are worse than promised.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it talks to who measures")]

#[cfg(target_os = "linux")]
mod large;
#[cfg(target_os = "linux")]
mod million;
#[cfg(target_os = "linux")]
mod watch;

use std::process::ExitCode;

use clap::Parser as _;

#[derive(Debug, clap::Parser)]
#[command(about = "Moves what is larger than any memory, and kills who moves it")]
struct Args {
    /// What to move; all unless given
    #[arg(value_enum)]
    what: Vec<What>,
    /// How many files the tree has
    #[arg(long, default_value_t = 1_000_000)]
    files: usize,
    /// How large the file is, in GiB; a hundredth of it is data, the rest holes
    #[arg(long, default_value_t = 100)]
    gibibytes: u64,
    /// Where the table goes besides the screen
    #[arg(long)]
    write: Option<std::path::PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// A tree of a million files of 1 KiB
    Million,
    /// A sparse file of 100 GiB
    Large,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(target_os = "linux")]
fn run(args: &Args) -> anyhow::Result<()> {
    let wanted = |what: What| args.what.is_empty() || args.what.contains(&what);
    let mut found = watch::Findings::default();
    if wanted(What::Million) {
        million::run(args.files, &mut found)?;
    }
    if wanted(What::Large) {
        large::run(args.gibibytes, &mut found)?;
    }
    let table = found.table();
    println!("{table}");
    if let Some(path) = &args.write {
        std::fs::write(path, &table)?;
    }
    found.verdict()
}

#[cfg(not(target_os = "linux"))]
fn run(_args: &Args) -> anyhow::Result<()> {
    anyhow::bail!("measured on Linux only: it reads what the system tells of processes")
}
