//! `cargo xtask check-platforms`: type-checks the crates for Windows and macOS on a Debian machine.
//!
//! The standard library of the other system is checked from its source (`-Z build-std`) by a
//! compiler that Debian builds with it; no toolchain is added and nothing is linked or run.
//! What is found here are the errors of code under `cfg(windows)` and `cfg(target_os = "macos")`.
//! Build scripts that compile C are given [`stub`] tools.

mod compiler;
mod stub;

use anyhow::{Result, bail};
use clap::ValueEnum;

use self::compiler::Compiler;
use crate::{
    sh::{self, Sh, Stream},
    steps::Outcome,
};

pub(crate) use self::stub::{run as run_stub_tool, tool_name as stub_tool_name};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Check one platform only
    #[arg(long)]
    only: Option<Platform>,
    /// Check the desktop app too, with all that it is made of (the first time some ten minutes)
    #[arg(long)]
    desktop: bool,
}

/// How much is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Everything without a window.
    Headless,
    /// The desktop app as well.
    Desktop,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Platform {
    Windows,
    Macos,
}

pub(crate) const ALL: [Platform; 2] = [Platform::Windows, Platform::Macos];

pub(crate) fn run(args: &Args) -> Result<()> {
    let platforms = args.only.map_or(ALL.to_vec(), |only| vec![only]);
    let extent = if args.desktop { Extent::Desktop } else { Extent::Headless };
    match check(&platforms, extent)? {
        Outcome::Passed => Ok(()),
        Outcome::Skipped(reason) => bail!("{reason}"),
    }
}

/// Type-checks libraries and programs of the workspace; warnings are errors.
pub(crate) fn check(platforms: &[Platform], extent: Extent) -> Result<Outcome> {
    if sh::which("apt-get").is_none() || !cfg!(target_arch = "x86_64") {
        let reason = "needs Debian's packages for x86_64 (rustc-web, rust-web-src)";
        return Ok(Outcome::Skipped(reason.to_owned()));
    }
    let compiler = Compiler::obtain()?;
    // Builds ask for their tools by path, so these stay at one place.
    let tools = stub::install(&compiler::cache_dir()?.join("tools"))?;

    let mut command = compiler
        .cargo()
        .words("check --workspace --lib --bins --locked --keep-going")
        .words(NOT_SHIPPED)
        .words("-Z build-std=std")
        .words(UNOPTIMISED)
        .words("--color")
        .arg(sh::color())
        // Apart from the usual builds, which another compiler would throw away, and outside of the
        // clone: what was checked once of the dependencies serves every clone on this machine.
        .env("CARGO_TARGET_DIR", compiler::cache_dir()?.join("target"))
        .env("CARGO_INCREMENTAL", "0") // what it would keep is kept for one clone only
        .env("PATH", tools.search_path()?);
    if extent == Extent::Headless {
        command = command.words("--exclude outport-desktop");
    }
    for platform in platforms {
        command = platform.configure(command, &tools);
    }
    let mut warned = Vec::new();
    command.run_watching(Stream::Stderr, |line| warned.extend(crate_with_warnings(line)))?;
    if !warned.is_empty() {
        bail!("warnings in {}", warned.join(", "));
    }
    Ok(Outcome::Passed)
}

/// Members that only ever run where they are developed.
const NOT_SHIPPED: &str = "--exclude xtask --exclude outport-tests --exclude outport-sim";

/// The standard library is compiled even for a check; nothing of it is ever run.
const UNOPTIMISED: &str = "--config profile.dev.opt-level=0 --config profile.dev.debug=false \
                           --config profile.dev.package.\"*\".opt-level=0";

impl Platform {
    fn target(self) -> &'static str {
        match self {
            Self::Windows => "x86_64-pc-windows-msvc",
            Self::Macos => "aarch64-apple-darwin",
        }
    }

    /// Adds the target, and the tools that build scripts use for it.
    fn configure(self, command: Sh, tools: &stub::Tools) -> Sh {
        let target = self.target();
        let suffix = target.replace('-', "_");
        command
            .arg("--target")
            .arg(target)
            .env(format!("CC_{suffix}"), &tools.cc)
            .env(format!("CXX_{suffix}"), &tools.cc)
            .env(format!("AR_{suffix}"), &tools.ar)
            .env(format!("RC_{suffix}"), &tools.rc)
    }
}

/// The crate that a closing line of cargo says warnings were found in.
fn crate_with_warnings(line: &str) -> Option<String> {
    let (before, _) = line.split_once(" generated ")?;
    let (_, name) = before.split_once('`')?;
    Some(name.split('`').next()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_found_in_what_cargo_prints() {
        let line = "warning: `outport-link` (lib) generated 2 warnings (run `cargo fix` …)";
        assert_eq!(crate_with_warnings(line), Some("outport-link".to_owned()));
        assert_eq!(crate_with_warnings("    Checking outport-link v0.1.0"), None);
    }
}
