//! `cargo xtask setup`: what a build and its tests need from the system.
//!
//! Says what is missing and why it is needed, then installs it by the platform's package manager.
//! It asks first, unless told `--yes` or nobody is there to answer.

use std::{io::Write as _, path::PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::{
    deny, nextest,
    sh::{self, Sh},
    skips,
    steps::Outcome,
    tree,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Install without asking
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    system_packages(args.yes, NEEDS.iter().chain(LINUX_NEEDS).chain(wishes()))?;
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
    system_packages(false, NEEDS.iter().chain(LINUX_NEEDS).chain(wishes()))?;
    fuse();
    Ok(Outcome::Passed)
}

/// What measuring needs beside.
#[cfg(target_os = "linux")]
pub(crate) fn for_bench() -> Result<()> {
    system_packages(false, NEEDS.iter().chain(LINUX_NEEDS).chain(BENCH_NEEDS))
}

/// What measuring transfers needs beside: the programs that they are measured against.
pub(crate) fn for_bench_of_transfers() -> Result<()> {
    system_packages(false, NEEDS.iter().chain(LINUX_NEEDS).chain(PEERS))
}

/// Builds the one of them that no system has a package for, in a folder of ours, and says where its
/// program lies.
pub(crate) fn sendme() -> Result<PathBuf> {
    let root = tree::target_dir().join("bench-programs");
    let install = "install --locked --no-default-features --version =0.32.0 sendme --root";
    Sh::cargo().words(install).arg(&root).run()?;
    Ok(root.join("bin"))
}

/// Something that must be on the machine, and the packages that bring it.
struct Need {
    what: What,
    why: &'static str,
    /// The package's name for each manager of [`MANAGERS`], in that order; empty where it has none.
    packages: [&'static str; MANAGERS.len()],
}

/// How something is found on the machine.
enum What {
    /// Any one of these programs will do.
    Programs(&'static [&'static str]),
    /// What a program is linked with, as pkg-config calls it.
    Library(&'static str),
}

const NEEDS: &[Need] = &[
    Need {
        what: What::Programs(if cfg!(windows) {
            &["cl", "link", "clang-cl"]
        } else {
            &["cc", "gcc", "clang"]
        }),
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
        what: What::Programs(&["git"]),
        why: "the list of files that belong to the project",
        packages: ["git", "git", "git", "git", "git", "Git.Git"],
    },
    Need {
        what: What::Programs(&["npm"]),
        why: "the screens of the desktop app (Node 20.19 or newer)",
        packages: [
            "nodejs npm",
            "nodejs npm",
            "nodejs npm",
            "nodejs npm",
            "node",
            "OpenJS.NodeJS.LTS",
        ],
    },
];

/// Needed by tests that build networks of their own; only Linux can.
#[cfg(target_os = "linux")]
const LINUX_NEEDS: &[Need] = &[
    Need {
        what: What::Programs(&["ip"]),
        why: "test networks (namespaces, addresses)",
        packages: ["iproute2", "iproute", "iproute2", "iproute2", "", ""],
    },
    Need {
        what: What::Programs(&["tc"]),
        why: "test networks (delay, loss, limited rate)",
        packages: ["iproute2", "iproute-tc", "iproute2", "iproute2", "", ""],
    },
    Need {
        what: What::Programs(&["nft"]),
        why: "test networks (address translation)",
        packages: ["nftables", "nftables", "nftables", "nftables", "", ""],
    },
    Need {
        what: What::Programs(&["miniupnpd"]),
        why: "test networks (a router that opens ports)",
        packages: ["miniupnpd-nftables", "miniupnpd", "miniupnpd", "miniupnpd", "", ""],
    },
    Need {
        what: What::Programs(&["mkfs.btrfs"]),
        why: "a test disk with quotas",
        packages: ["btrfs-progs", "btrfs-progs", "btrfs-progs", "btrfsprogs", "", ""],
    },
    Need {
        what: What::Programs(&["pkg-config"]),
        why: "finds the libraries of the desktop",
        packages: ["pkg-config", "pkgconf", "pkgconf", "pkg-config", "", ""],
    },
    Need {
        what: What::Library("webkit2gtk-4.1"),
        why: "the window of the desktop app",
        packages: [
            "libwebkit2gtk-4.1-dev",
            "webkit2gtk4.1-devel",
            "webkit2gtk-4.1",
            "webkit2gtk3-soup2-devel",
            "",
            "",
        ],
    },
    Need {
        what: What::Library("ayatana-appindicator3-0.1"),
        why: "the tray of the desktop app",
        packages: [
            "libayatana-appindicator3-dev",
            "libayatana-appindicator-gtk3-devel",
            "libayatana-appindicator",
            "libayatana-appindicator3-devel",
            "",
            "",
        ],
    },
    Need {
        what: What::Programs(&["Xvfb"]),
        why: "a screen for the tests of the desktop app",
        packages: [
            "xvfb",
            "xorg-x11-server-Xvfb",
            "xorg-server-xvfb",
            "xorg-x11-server-Xvfb",
            "",
            "",
        ],
    },
    Need {
        what: What::Programs(&["dbus-daemon"]),
        why: "a session bus for the tests of the desktop app",
        packages: ["dbus", "dbus-daemon", "dbus", "dbus-1", "", ""],
    },
    Need {
        what: What::Programs(&["WebKitWebDriver"]),
        why: "hands in the window for the tests of the desktop app",
        packages: [
            "webkit2gtk-driver",
            "webkit2gtk4.1",
            "webkit2gtk-4.1",
            "webkit2gtk-4_1-driver",
            "",
            "",
        ],
    },
    Need {
        what: What::Programs(&["xdotool"]),
        why: "looks at the screen for the tests of the desktop app",
        packages: ["xdotool", "xdotool", "xdotool", "xdotool", "", ""],
    },
    Need {
        what: What::Programs(&["chromium", "chromium-browser", "google-chrome"]),
        why: "looks at the screens for the tests of the desktop app",
        packages: ["chromium", "chromium", "chromium", "chromium", "", ""],
    },
    Need {
        what: What::Programs(&["xauth"]),
        why: "a screen for the test of the packages",
        packages: ["xauth", "xauth", "xorg-xauth", "xauth", "", ""],
    },
];
#[cfg(not(target_os = "linux"))]
const LINUX_NEEDS: &[Need] = &[];

/// Needed by some of those tests, which are skipped without: not every system has a package for it.
#[cfg(target_os = "linux")]
const LINUX_WISHES: &[Need] = &[Need {
    what: What::Programs(&["tayga"]),
    why: "test networks (IPv6 with a translator to IPv4)",
    packages: ["tayga", "tayga", "", "", "", ""],
}];
#[cfg(not(target_os = "linux"))]
const LINUX_WISHES: &[Need] = &[];

/// Needed by the bench of the desktop app only.
#[cfg(target_os = "linux")]
const BENCH_NEEDS: &[Need] = &[Need {
    what: What::Programs(&["dbus-test-tool"]),
    why: "stands in for a desktop that shows tray icons",
    packages: ["dbus-tests", "dbus-tools", "", "dbus-1-devel", "", ""],
}];

/// The programs that transfers are measured against. One that is not there fails the bench.
const PEERS: &[Need] = &[
    Need {
        what: What::Programs(&["rsync"]),
        why: "measured against",
        packages: ["rsync", "rsync", "rsync", "rsync", "", ""],
    },
    Need {
        what: What::Programs(&["sshd"]),
        why: "rsync over ssh and scp are measured against",
        packages: ["openssh-server", "openssh-server", "openssh", "openssh-server", "", ""],
    },
    Need {
        what: What::Programs(&["rclone"]),
        why: "measured against",
        packages: ["rclone", "rclone", "rclone", "rclone", "", ""],
    },
    Need {
        what: What::Programs(&["globus-gridftp-server"]),
        why: "GridFTP is measured against",
        packages: ["globus-gridftp-server-progs", "globus-gridftp-server-progs", "", "", "", ""],
    },
    Need {
        what: What::Programs(&["globus-url-copy"]),
        why: "GridFTP is measured against",
        packages: ["globus-gass-copy-progs", "globus-gass-copy-progs", "", "", "", ""],
    },
    Need {
        what: What::Programs(&["syncthing"]),
        why: "measured against",
        packages: ["syncthing", "syncthing", "syncthing", "syncthing", "", ""],
    },
    Need {
        what: What::Programs(&["openssl"]),
        why: "makes GridFTP's certificates",
        packages: ["openssl", "openssl", "openssl", "openssl", "", ""],
    },
];

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
        match self.what {
            What::Programs(programs) => {
                programs.iter().any(|program| sh::which(program).is_some() || in_sbin(program))
            }
            What::Library(name) => Sh::new("pkg-config").words("--exists").arg(name).succeeds(),
        }
    }

    const fn name(&self) -> &'static str {
        match self.what {
            What::Programs(programs) => programs[0],
            What::Library(name) => name,
        }
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

fn system_packages(yes: bool, needs: impl Iterator<Item = &'static Need>) -> Result<()> {
    let missing: Vec<_> = needs.filter(|need| !need.is_met()).collect();
    if missing.is_empty() {
        println!("the system has what is needed");
        return Ok(());
    }
    println!("missing:");
    for need in &missing {
        println!("  {:<26} {}", need.name(), need.why);
    }
    let Some((index, manager)) = manager() else {
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
        Some(need) => bail!("`{}` is still missing: {}", need.name(), need.why),
        None => Ok(()),
    }
}

/// The system's package manager, and its place in the list.
fn manager() -> Option<(usize, &'static Manager)> {
    MANAGERS.iter().enumerate().find(|(_, manager)| sh::which(manager.program).is_some())
}

/// What is installed where the system has a package for it.
fn wishes() -> impl Iterator<Item = &'static Need> {
    let index = manager().map(|(index, _)| index);
    LINUX_WISHES.iter().filter(move |need| index.is_some_and(|at| !need.packages[at].is_empty()))
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
