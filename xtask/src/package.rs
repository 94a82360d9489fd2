//! `cargo xtask package`: builds the installers that this system can build.
//!
//! What they hold stands in `src-tauri/tauri.conf.json` and `installers/package.json`; the builder
//! is Tauri's own, which the screens bring along (`ui/node_modules`).

#[cfg(target_os = "linux")]
mod verify;

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use crate::{screens, sh::Sh, tree};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which kinds: deb, rpm, appimage, nsis, msi, dmg, app; all that this system can build when
    /// none is named
    kinds: Vec<String>,
    /// Build for another processor: a target of the compiler, `universal-apple-darwin` for both
    /// processors of macOS
    #[arg(long)]
    target: Option<String>,
    /// A file with more configuration: where updates come from, who signs
    #[arg(long)]
    config: Vec<PathBuf>,
    /// Then install the .deb into a clean tree, start the app there and remove it again (Linux, as
    /// root)
    #[arg(long)]
    verify: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    screens::install()?;
    stage(args.target.as_deref())?;
    let mut build = Sh::new(screens::tauri()).words("build --ci");
    build = build.arg("--config").arg("installers/package.json");
    for config in &args.config {
        build = build.arg("--config").arg(config);
    }
    let kinds = if args.kinds.is_empty() { default_kinds() } else { args.kinds.join(",") };
    build = build.arg("--bundles").arg(kinds);
    if let Some(target) = &args.target {
        build = build.arg("--target").arg(target);
    }
    build.run()?;
    let made = collect(args.target.as_deref())?;
    ensure!(!made.is_empty(), "nothing was built");
    for file in &made {
        println!("  {} ({} kB)", file.display(), fs::metadata(file)?.len() / 1000);
    }
    if args.verify {
        #[cfg(target_os = "linux")]
        return verify::deb(&place().join("outport.deb"));
        #[cfg(not(target_os = "linux"))]
        anyhow::bail!("only a .deb can be verified, and only on Linux");
    }
    Ok(())
}

/// Everything that the system's own tools suffice for.
fn default_kinds() -> String {
    let kinds = if cfg!(windows) {
        "nsis,msi"
    } else if cfg!(target_os = "macos") {
        "dmg"
    } else {
        "deb,rpm"
    };
    kinds.to_owned()
}

/// Builds the command that goes into the package too, and puts it where the builder looks for it.
fn stage(target: Option<&str>) -> Result<()> {
    let bin = place().join("bin");
    fs::create_dir_all(&bin)?;
    let unit = fs::read_to_string(tree::root().join("installers/linux/outport-agent.service"))?;
    fs::write(
        place().join("outport-agent.service"),
        unit.replace("@OUTPORT@", "/usr/bin/outport"),
    )?;
    match target {
        // Both halves are built and joined by the system's own tool.
        Some("universal-apple-darwin") => {
            let halves = ["aarch64-apple-darwin", "x86_64-apple-darwin"];
            let mut join = Sh::new("lipo").words("-create -output");
            join = join.arg(bin.join("outport-universal-apple-darwin"));
            for half in halves {
                let built = build_command(Some(half))?;
                fs::copy(&built, bin.join(format!("outport-{half}")))?;
                join = join.arg(built);
            }
            join.run()
        }
        _ => {
            let built = build_command(target)?;
            let triple = target.map_or_else(host_triple, |target| Ok(target.to_owned()))?;
            let name = format!("outport-{triple}{}", env::consts::EXE_SUFFIX);
            fs::copy(&built, bin.join(&name)).with_context(|| built.display().to_string())?;
            Ok(())
        }
    }
}

fn build_command(target: Option<&str>) -> Result<PathBuf> {
    let mut build = Sh::cargo().words("build --release --locked --package outport");
    if let Some(target) = target {
        build = build.arg("--target").arg(target);
    }
    build.run()?;
    let name = format!("outport{}", env::consts::EXE_SUFFIX);
    Ok(release_dir(target).join(name))
}

fn release_dir(target: Option<&str>) -> PathBuf {
    let dir = tree::target_dir();
    target.map_or_else(|| dir.clone(), |target| dir.join(target)).join("release")
}

fn host_triple() -> Result<String> {
    let version = Sh::new("rustc").arg("-vV").output()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names its host")?.to_owned())
}

/// Where packages and what goes into them are put, whatever the target directory is.
fn place() -> PathBuf {
    tree::root().join("target/package")
}

/// Copies what was built to one place, under names without a version.
fn collect(target: Option<&str>) -> Result<Vec<PathBuf>> {
    let mut made = Vec::new();
    let bundles = release_dir(target).join("bundle");
    for kind in fs::read_dir(&bundles).with_context(|| bundles.display().to_string())? {
        for file in fs::read_dir(kind?.path())? {
            let file = file?.path();
            let ending = file.extension().unwrap_or_default().to_string_lossy().into_owned();
            if !["deb", "rpm", "AppImage", "exe", "msi", "dmg"].contains(&ending.as_str()) {
                continue;
            }
            let copy = place().join(format!("outport.{ending}"));
            fs::copy(&file, &copy)?;
            made.push(relative(&copy));
        }
    }
    made.sort();
    Ok(made)
}

fn relative(file: &Path) -> PathBuf {
    file.strip_prefix(tree::root()).unwrap_or(file).to_owned()
}
