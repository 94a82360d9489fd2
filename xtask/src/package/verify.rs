//! Installs a .deb into a clean tree, starts the app there and removes it again.
//!
//! The tree is this system seen through an overlay, so that everything below stays as it is and
//! what was written can be listed: after the removal nothing but the user's own files may be there.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{sh::Sh, skips, tree};

pub(super) fn deb(package: &Path) -> Result<()> {
    ensure!(skips::is_root(), "a package is installed by root; run this with sudo");
    ensure!(package.is_file(), "{} is missing: build the kind `deb`", package.display());
    let tree = Tree::lay()?;
    fs::copy(package, tree.path("outport.deb"))?;
    println!("  installing");
    tree.run("apt-get install --yes --no-install-recommends /outport.deb >/install.log 2>&1")?;
    for file in [
        "usr/bin/outport-desktop",
        "usr/bin/outport",
        "usr/share/applications/Outport.desktop",
        "usr/lib/systemd/user/outport-agent.service",
        "usr/share/man/man1/outport.1",
        "usr/share/doc/outport/copyright",
    ] {
        ensure!(tree.path(file).is_file(), "the package brings no /{file}");
    }
    let desktop = fs::read_to_string(tree.path("usr/share/applications/Outport.desktop"))?;
    ensure!(desktop.contains("x-scheme-handler/outport"), "links do not open it:\n{desktop}");
    println!("  starting");
    tree.run(START)?;
    println!("  removing");
    tree.run("apt-get purge --yes outport >/purge.log 2>&1")?;
    let left = tree.left_over()?;
    if !left.is_empty() {
        bail!("left behind after the removal:\n{}", left.join("\n"));
    }
    println!("  installed, started and removed; nothing was left but user data");
    Ok(())
}

/// Starts the command and the app, and ends the app as the system does.
const START: &str = r#"
set -eu
outport --version
export HOME=/home/tester XDG_RUNTIME_DIR=/run/tester NO_AT_BRIDGE=1 GTK_A11Y=none
mkdir -p $HOME $XDG_RUNTIME_DIR
exec dbus-run-session -- xvfb-run --auto-servernum --server-args='-screen 0 1280x800x24 -noreset' sh -eu -c '
  outport-desktop >/home/tester/app.log 2>&1 &
  app=$!
  for _ in $(seq 100); do xdotool search --onlyvisible --name "^Outport$" >/dev/null 2>&1 && break; sleep 0.2; done
  xdotool search --onlyvisible --name "^Outport$" >/dev/null || { cat /home/tester/app.log; exit 1; }
  outport status >/home/tester/status.log 2>&1 || true
  kill -TERM $app
  wait $app
'
"#;

/// This system through an overlay; gone when dropped.
struct Tree {
    dir: PathBuf,
}

impl Tree {
    fn lay() -> Result<Self> {
        let dir = tree::root().join("target/package/tree");
        if dir.exists() {
            Self { dir: dir.clone() }.fold();
        }
        for name in ["upper", "work", "root"] {
            fs::create_dir_all(dir.join(name))?;
        }
        let tree = Self { dir };
        // The overlay's own files must not lie on the overlay below: a file system of their own.
        Sh::new("mount").words("-t tmpfs tmpfs").arg(&tree.dir).run()?;
        for name in ["upper", "work", "root"] {
            fs::create_dir_all(tree.dir.join(name))?;
        }
        let options = format!("lowerdir=/,upperdir={0}/upper,workdir={0}/work", tree.dir.display());
        let root = tree.dir.join("root");
        Sh::new("mount").words("-t overlay overlay -o").arg(options).arg(&root).run()?;
        for (kind, name) in [("proc", "proc"), ("sysfs", "sys"), ("tmpfs", "tmp"), ("tmpfs", "run")]
        {
            Sh::new("mount").arg("-t").arg(kind).arg(kind).arg(root.join(name)).run()?;
        }
        Sh::new("mount").words("--bind /dev").arg(root.join("dev")).run()?;
        // An earlier installation on this machine would make this one an update.
        tree.run("dpkg --purge outport >/dev/null 2>&1 || true")?;
        Ok(tree)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join("root").join(name)
    }

    fn run(&self, script: &str) -> Result<()> {
        let done = Sh::new("chroot")
            .arg(self.dir.join("root"))
            .words("/bin/sh -c")
            .arg(script)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .run();
        done.with_context(|| {
            let log = fs::read_to_string(self.path("install.log")).unwrap_or_default();
            format!("in the clean tree:\n{log}")
        })
    }

    /// What was written and is still there, besides logs and the user's home.
    fn left_over(&self) -> Result<Vec<String>> {
        let upper = self.dir.join("upper");
        let list = Sh::new("find").arg(&upper).words("-type f -printf %P\\n").output()?;
        let known = [
            "var/lib/apt/",
            "var/lib/dpkg/",
            "var/cache/",
            "var/log/",
            "etc/ld.so.cache",
            "home/tester/",
            "outport.deb",
            "install.log",
            "purge.log",
            "root/.cache/",
        ];
        let is_ours =
            |file: &&str| file.contains("outport") || file.contains("Outport") || is_new(file);
        let unknown =
            list.lines().filter(|file| !known.iter().any(|known| file.starts_with(known)));
        Ok(unknown.filter(is_ours).map(str::to_owned).collect())
    }

    fn fold(&self) {
        let root = self.dir.join("root");
        for mounted in ["dev", "run", "tmp", "sys", "proc"] {
            Sh::new("umount").arg("--lazy").arg(root.join(mounted)).succeeds();
        }
        Sh::new("umount").arg("--lazy").arg(&root).succeeds();
        Sh::new("umount").arg("--lazy").arg(&self.dir).succeeds();
        fs::remove_dir_all(&self.dir).ok(); // empty once all is unmounted
    }
}

/// Whether a file was not there before: one that is there below was only touched by the system's
/// own triggers (caches of icons and links).
fn is_new(file: &str) -> bool {
    !Path::new("/").join(file).exists() && !file.ends_with(".cache")
}

impl Drop for Tree {
    fn drop(&mut self) {
        self.fold();
    }
}
