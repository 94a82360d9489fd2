//! `cargo xtask bench transfers`: transfers beside those of other programs.
//!
//! What is measured and how stands in `tests/bench`; here the programs are installed and built, and
//! the results of a whole run go into the document of results.

use std::{env, fs};

use anyhow::Result;

use super::TransfersArgs;
use crate::{measure, setup, sh::Sh, tree};

pub(crate) fn run(args: &TransfersArgs) -> Result<()> {
    setup::for_bench_of_transfers()?;
    let program = measure::release(args.program.as_deref())?;
    Sh::cargo().words("build --workspace --locked --bin outport-bench").run()?;
    let results = tree::target_dir().join("bench-transfers.md");
    let mut bench = Sh::new(tree::target_dir().join("debug/outport-bench"));
    bench = bench.arg("--runs").arg(args.runs.to_string()).arg("--write").arg(&results);
    for (option, names) in [("--cases", &args.cases), ("--peers", &args.peers)] {
        if !names.is_empty() {
            bench = bench.arg(option).arg(names.join(","));
        }
    }
    bench = measure::in_memory(bench).env("OUTPORT_BIN", program);
    if args.peers.is_empty() || args.peers.iter().any(|peer| peer == "sendme") {
        let found = env::var_os("PATH").unwrap_or_default();
        let all = std::iter::once(setup::sendme()?).chain(env::split_paths(&found));
        bench = bench.env("PATH", env::join_paths(all)?);
    }
    bench.run()?;
    if args.cases.is_empty() && args.peers.is_empty() {
        measure::write_down("transfers", &fs::read_to_string(results)?)?;
    }
    Ok(())
}
