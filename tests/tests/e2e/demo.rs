//! The demo that newcomers run first: it shows what it says, and leaves nothing behind.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use outport_tests::process::{Process, outport, wait_until};
use rustix::process::Signal;

#[test]
fn the_demo_that_somebody_interrupts_ends_in_order_and_leaves_nothing() -> Result<()> {
    for (signal, at) in [(Signal::INT, "A tree of files"), (Signal::TERM, "Paused in the middle")] {
        let (mut demo, folder) = start(100)?;
        demo.wait_for(at, LIMIT)?;
        ensure!(folder.is_dir());
        demo.signal(signal)?;
        let status = demo.wait_end(LIMIT)?;
        assert_eq!(status.code(), Some(130), "{}", demo.printed());
        // The last line may be read a little after the end.
        let said = || Ok(demo.printed().contains("Nothing is left running").then_some(()));
        wait_until(Duration::from_secs(5), said).with_context(|| demo.printed())?;
        nothing_left(&folder)?;
    }
    Ok(())
}

/// Starts the demo; answers with its folder too.
fn start(megabytes: u64) -> Result<(Process, PathBuf)> {
    let log = tempfile::NamedTempFile::new()?;
    let xtask = outport().with_file_name(format!("xtask{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(xtask);
    command.args(["demo", "--no-build", "--megabytes", &megabytes.to_string()]);
    let mut demo = Process::start("the demo", &mut command, log.path())?;
    let line = demo.wait_for("Everything happens in", LIMIT)?;
    let folder = line.rsplit(' ').next().context("the line ends with the folder")?;
    Ok((demo, folder.into()))
}

/// Looks for itself, not for what the demo says.
fn nothing_left(folder: &Path) -> Result<()> {
    ensure!(!folder.exists(), "{} is left", folder.display());
    let name = folder.to_str().context("a plain name")?;
    for entry in fs::read_dir("/proc").into_iter().flatten() {
        let process = entry?.path();
        for file in ["cmdline", "environ"] {
            let text = fs::read(process.join(file)).unwrap_or_default(); // it ended, or is no process
            let text = String::from_utf8_lossy(&text).into_owned();
            ensure!(!text.contains(name), "{} is left: {text}", process.display());
        }
    }
    Ok(())
}

const LIMIT: Duration = Duration::from_secs(120);
