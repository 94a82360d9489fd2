//! `cargo xtask bench transfers`: transfers beside those of other programs.
//!
//! What is measured and how stands in `tests/bench`; here the programs are installed and built, and
//! the results of a whole run go into the document of results.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

use super::TransfersArgs;
use crate::{setup, sh::Sh, tree};

pub(crate) fn run(args: &TransfersArgs) -> Result<()> {
    setup::for_bench_of_transfers()?;
    let program = match &args.program {
        Some(program) => fs::canonicalize(program)
            .with_context(|| format!("cannot find {}", program.display()))?,
        None => {
            Sh::cargo().words("build --release --locked --package outport").run()?;
            tree::target_dir().join("release/outport")
        }
    };
    Sh::cargo().words("build --workspace --locked --bin outport-bench").run()?;
    let results = tree::target_dir().join("bench-transfers.md");
    let mut bench = Sh::new(tree::target_dir().join("debug/outport-bench"));
    bench = bench.arg("--runs").arg(args.runs.to_string()).arg("--write").arg(&results);
    for (option, names) in [("--cases", &args.cases), ("--peers", &args.peers)] {
        if !names.is_empty() {
            bench = bench.arg(option).arg(names.join(","));
        }
    }
    // Everything lies in memory: disks of test machines are slow in ways of their own.
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        bench = bench.env("TMPDIR", memory);
    }
    bench.env("OUTPORT_BIN", program).run()?;
    if args.cases.is_empty() && args.peers.is_empty() {
        write_down(&fs::read_to_string(results)?)?;
    }
    Ok(())
}

/// Puts the tables between their marks.
fn write_down(tables: &str) -> Result<()> {
    let path = tree::root().join("docs/performance.md");
    let text = fs::read_to_string(&path)?;
    let parts = text.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) = parts.context("docs/performance.md has lost its marks")?;
    fs::write(path, format!("{before}{BEGIN}\n{tables}\n{END}{after}"))?;
    Ok(())
}

const BEGIN: &str = "<!-- measured: transfers -->";
const END: &str = "<!-- end of transfers -->";
