//! Debian's second Rust compiler, which brings the source of the standard library it was built with.
//!
//! The packages are unpacked, not installed: they conflict with an installed Rust.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use crate::{sh::Sh, skips};

/// A compiler unpacked to a folder.
#[derive(Debug)]
pub(super) struct Compiler {
    usr: PathBuf,
}

/// The compiler and the sources; the rest follows from what these depend on.
const PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];
/// How the packages are called that the compiler needs besides those of any Debian system.
const NEEDED_WITH: [&str; 2] = ["libstd-rust-web-", "libllvm"];

impl Compiler {
    /// Finds the compiler in the cache, or fetches it: 140 MB, unpacked 850 MB.
    pub(super) fn obtain() -> Result<Self> {
        let version = candidate_version()?;
        let home = cache_dir()?.join(format!("rustc-web_{version}"));
        if !home.is_dir() {
            unpack_to(&home).context("cannot fetch Debian's rustc-web")?;
        }
        let compiler = Self { usr: home.join("usr") };
        println!("  {}", compiler.rustc().arg("--version").output()?.trim());
        Ok(compiler)
    }

    /// A cargo that compiles with it.
    pub(super) fn cargo(&self) -> Sh {
        self.with_libraries(Sh::cargo())
            .env("RUSTC", self.usr.join("bin/rustc"))
            .env("RUSTDOC", self.usr.join("bin/rustdoc"))
            .env("RUSTC_BOOTSTRAP", "1") // lets a stable compiler take -Z build-std
    }

    fn rustc(&self) -> Sh {
        self.with_libraries(Sh::new(self.usr.join("bin/rustc")))
    }

    fn with_libraries(&self, sh: Sh) -> Sh {
        sh.env("LD_LIBRARY_PATH", self.usr.join("lib/x86_64-linux-gnu"))
    }
}

/// The version that Debian has now, as a file name.
fn candidate_version() -> Result<String> {
    let mut policy = Sh::new("apt-cache").words("policy rustc-web").output()?;
    if !policy.contains("Candidate: 1.") && skips::is_root() {
        Sh::new("apt-get").words("update --quiet").run()?;
        policy = Sh::new("apt-cache").words("policy rustc-web").output()?;
    }
    let candidate = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: "));
    match candidate {
        Some(version) if version.starts_with("1.") => Ok(version.replace(['/', ':'], "-")),
        Some(_) | None => bail!("apt knows no package rustc-web; run `apt-get update`"),
    }
}

/// Where this step keeps what it fetched and built, for all clones of the repository.
pub(super) fn cache_dir() -> Result<PathBuf> {
    let base = match env::var_os("XDG_CACHE_HOME") {
        Some(dir) if !dir.is_empty() => PathBuf::from(dir),
        Some(_) | None => {
            PathBuf::from(env::var_os("HOME").context("HOME is not set")?).join(".cache")
        }
    };
    Ok(base.join("outport-xtask"))
}

/// Downloads and unpacks beside the final folder, which appears only when it is whole.
fn unpack_to(home: &Path) -> Result<()> {
    let part = home.with_extension(format!("part-{}", std::process::id()));
    fs::create_dir_all(part.join("deb"))?;
    let download = || {
        let names: Vec<_> = PACKAGES.iter().map(|&name| name.to_owned()).collect();
        let names = [names, needed_packages()?].concat();
        let deb = part.join("deb");
        Sh::new("apt-get").words("download").words(&names.join(" ")).current_dir(&deb).run()
    };
    let refresh = || Sh::new("apt-get").words("update --quiet").run();
    // The list of packages may be older than what the servers still have.
    download().or_else(|_| refresh().and_then(|()| download()))?;
    for package in fs::read_dir(part.join("deb"))? {
        Sh::new("dpkg").arg("-x").arg(package?.path()).arg(&part).run()?;
    }
    fs::remove_dir_all(part.join("deb"))?;
    fs::rename(&part, home).context("cannot move the unpacked compiler into place")
}

/// The packages among all that the compiler depends on which hold parts of a compiler.
fn needed_packages() -> Result<Vec<String>> {
    let tree = Sh::new("apt-cache")
        .words("depends --recurse --no-pre-depends --no-recommends --no-suggests --no-conflicts")
        .words("--no-breaks --no-replaces --no-enhances rustc-web")
        .output()?;
    let needed =
        tree.lines().filter(|name| NEEDED_WITH.iter().any(|start| name.starts_with(start)));
    Ok(needed.map(str::to_owned).collect())
}
