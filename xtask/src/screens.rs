//! The screens (`ui/`): their tools, their checks, their build. By npm, with what the lock names.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result};

use crate::{sh::Sh, skips::Skips, steps::Outcome, tree};

/// Installs what the lock names, unless that was done since it last changed.
pub(crate) fn install() -> Result<()> {
    let lock = ui().join("package-lock.json");
    // npm writes this file last, as a copy of the lock.
    let installed = ui().join("node_modules/.package-lock.json");
    let time = |file: &PathBuf| fs::metadata(file).and_then(|found| found.modified()).ok();
    if time(&installed).is_some_and(|at| time(&lock).is_some_and(|lock| lock <= at)) {
        return Ok(());
    }
    npm().words("ci --no-audit --no-fund").run()
}

/// Checks types, messages and components, then builds the pages that go into the app.
pub(crate) fn check_and_build(skips: &Skips) -> Result<Outcome> {
    install()?;
    skips.apply(npm().words("run check")).run()?;
    build()?;
    Ok(Outcome::Passed)
}

/// Builds the pages that go into the app.
pub(crate) fn build() -> Result<()> {
    install()?;
    npm().words("run build").run()?;
    let page = ui().join("dist/index.html");
    fs::metadata(&page).with_context(|| format!("the build made no {}", page.display()))?;
    Ok(())
}

/// Tauri's own command, which comes with the screens.
pub(crate) fn tauri() -> PathBuf {
    let name = if cfg!(windows) { "tauri.cmd" } else { "tauri" };
    ui().join("node_modules/.bin").join(name)
}

/// Runs one of the scripts of the screens.
pub(crate) fn script(name: &str) -> Sh {
    npm().words("run").arg(name)
}

fn npm() -> Sh {
    Sh::new(if cfg!(windows) { "npm.cmd" } else { "npm" }).current_dir(&ui())
}

fn ui() -> PathBuf {
    tree::root().join("ui")
}
