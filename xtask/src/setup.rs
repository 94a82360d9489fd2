//! `cargo xtask setup`: what a build and its tests need from the system.
//!
//! Says what is missing and why it is needed, then installs it by the platform's package manager.
//! It asks first, unless told `--yes` or nobody is there to answer.

use std::io::Write as _;

use anyhow::{Context as _, Result, bail};

use crate::{
    deny, nextest,
    sh::{self, Sh},
    skips,
    steps::Outcome,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Install without asking
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    system_packages(args.yes)?;
    fuse();
    if nextest::is_present() {
        println!("cargo-nextest is there");
    } else {
        println!("cargo-nextest is missing (runs the tests in parallel); building it");
        Sh::cargo().words("install --locked cargo-nextest").run()?;
    }
    deny::install_if_missing()?;
    println!("everything is there");
    Ok(())
}

/// What a test run needs, as its first step.
/// The tools that have a substitute are left out; building them takes longer than it saves once.
pub(crate) fn for_tests() -> Result<Outcome> {
    system_packages(false)?;
    fuse();
    Ok(Outcome::Passed)
}

/// Something that must be on the machine, and the packages that bring it.
struct Need {
    /// Any one of these programs will do.
    programs: &'static [&'static str],
    why: &'static str,
    /// The package's name for each manager of [`MANAGERS`], in that order; empty where it has none.
    packages: [&'static str; MANAGERS.len()],
}

const NEEDS: &[Need] = &[
    Need {
        programs: if cfg!(windows) { &["cl", "link", "clang-cl"] } else { &["cc", "gcc", "clang"] },
        why: "a C compiler, for the cryptography (aws-lc) and the database (SQLite)",
        packages: [
            "gcc libc6-dev",
            "gcc glibc-devel",
            "gcc",
            "gcc glibc-devel",
            "",
            "Microsoft.VisualStudio.2022.BuildTools",
        ],
    },
    Need {
        programs: &["git"],
        why: "the list of files that belong to the project",
        packages: ["git", "git", "git", "git", "git", "Git.Git"],
    },
];

/// Needed by tests that build networks of their own; only Linux can.
#[cfg(target_os = "linux")]
const LINUX_NEEDS: &[Need] = &[
    Need {
        programs: &["ip"],
        why: "test networks (namespaces, addresses)",
        packages: ["iproute2", "iproute", "iproute2", "iproute2", "", ""],
    },
    Need {
        programs: &["tc"],
        why: "test networks (delay, loss, limited rate)",
        packages: ["iproute2", "iproute-tc", "iproute2", "iproute2", "", ""],
    },
    Need {
        programs: &["nft"],
        why: "test networks (address translation)",
        packages: ["nftables", "nftables", "nftables", "nftables", "", ""],
    },
];
#[cfg(not(target_os = "linux"))]
const LINUX_NEEDS: &[Need] = &[];

/// A package manager and how it is told to install.
struct Manager {
    program: &'static str,
    /// Run before an install, so that the names are known on a fresh machine.
    refresh: &'static str,
    install: &'static str,
    as_root: bool,
}

const MANAGERS: [Manager; 6] = [
    Manager {
        program: "apt-get",
        refresh: "update --quiet",
        install: "install --yes --no-install-recommends",
        as_root: true,
    },
    Manager { program: "dnf", refresh: "", install: "install --assumeyes", as_root: true },
    Manager {
        program: "pacman",
        refresh: "--sync --refresh",
        install: "--sync --needed --noconfirm",
        as_root: true,
    },
    Manager { program: "zypper", refresh: "", install: "--non-interactive install", as_root: true },
    Manager { program: "brew", refresh: "", install: "install", as_root: false },
    Manager { program: "winget", refresh: "", install: "install --exact", as_root: false },
];

impl Need {
    fn is_met(&self) -> bool {
        // System tools live where the search path of a plain user may not lead.
        let in_sbin = |program: &&str| {
            ["/usr/sbin", "/sbin"]
                .iter()
                .any(|dir| std::path::Path::new(dir).join(program).is_file())
        };
        self.programs.iter().any(|program| sh::which(program).is_some() || in_sbin(program))
    }
}

/// A test mounts a file system of its own, which the kernel asks through this device.
#[cfg(target_os = "linux")]
fn fuse() {
    let device = std::path::Path::new("/dev/fuse");
    if device.exists() {
        return;
    }
    println!("/dev/fuse is missing (disks that take upper and lower case for the same)");
    if skips::is_root() && Sh::new("modprobe").arg("fuse").run().is_ok() && device.exists() {
        println!("loaded the kernel's module fuse");
        return;
    }
    // A container cannot load modules; what needs it then says so itself.
    println!("load it with `modprobe fuse`, or start the container with --device /dev/fuse");
}

#[cfg(not(target_os = "linux"))]
fn fuse() {}

fn system_packages(yes: bool) -> Result<()> {
    let missing: Vec<_> = NEEDS.iter().chain(LINUX_NEEDS).filter(|need| !need.is_met()).collect();
    if missing.is_empty() {
        println!("the system has what is needed");
        return Ok(());
    }
    println!("missing:");
    for need in &missing {
        println!("  {:<10} {}", need.programs[0], need.why);
    }
    let Some((index, manager)) =
        MANAGERS.iter().enumerate().find(|(_, manager)| sh::which(manager.program).is_some())
    else {
        bail!("no package manager that is known here; install the above by hand");
    };
    let mut packages: Vec<_> =
        missing.iter().flat_map(|need| need.packages[index].split_whitespace()).collect();
    packages.dedup();
    if packages.is_empty() {
        bail!("{} has no package for it; install the above by hand", manager.program);
    }
    println!("to be installed by {}: {}", manager.program, packages.join(" "));
    if !yes && sh::is_interactive() && !confirmed()? {
        bail!("nothing was installed");
    }
    if !manager.refresh.is_empty() {
        privileged(manager)?.words(manager.refresh).run()?;
    }
    privileged(manager)?.words(manager.install).words(&packages.join(" ")).run()?;
    match missing.iter().find(|need| !need.is_met()) {
        Some(need) => bail!("`{}` is still missing: {}", need.programs[0], need.why),
        None => Ok(()),
    }
}

fn privileged(manager: &Manager) -> Result<Sh> {
    if !manager.as_root || skips::is_root() {
        return Ok(Sh::new(manager.program).env("DEBIAN_FRONTEND", "noninteractive"));
    }
    if sh::which("sudo").is_none() {
        bail!("needs root: run the above with it, or install sudo");
    }
    // Without somebody to type a password, sudo must fail rather than wait.
    let sudo = Sh::new("sudo");
    let sudo =
        if sh::is_interactive() { sudo.interactive() } else { sudo.arg("--non-interactive") };
    Ok(sudo.arg(manager.program))
}

fn confirmed() -> Result<bool> {
    print!("go on? [Y/n] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes"))
}
