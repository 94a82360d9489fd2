//! `cargo xtask soak`: a million files, and a file of 100 GiB, with agents that are killed meanwhile.

use std::{fs, path::PathBuf};

use anyhow::Result;

use crate::{measure, sh::Sh, tree};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to move: million, large; all unless given, and then the document of results is written
    /// anew
    what: Vec<String>,
    /// Move it with this program instead of building a release
    #[arg(long)]
    program: Option<PathBuf>,
    /// How many files the tree has
    #[arg(long, default_value_t = 1_000_000)]
    files: usize,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let program = measure::release(args.program.as_deref())?;
    Sh::cargo().words("build --workspace --locked --bin outport-soak").run()?;
    let results = tree::target_dir().join("soak.md");
    let mut soak = Sh::new(tree::target_dir().join("debug/outport-soak"));
    for what in &args.what {
        soak = soak.arg(what);
    }
    soak = soak.arg("--files").arg(args.files.to_string()).arg("--write").arg(&results);
    measure::in_memory(soak).env("OUTPORT_BIN", program).run()?;
    if args.what.is_empty() {
        measure::write_down("soak", &fs::read_to_string(results)?)?;
    }
    Ok(())
}
