//! A desktop for the app without a screen: an X server, a session bus, a tray and a browser driver.
//!
//! Everything is private to one test: its own display, its own bus, its own home.

mod browser;
mod person;
mod tray;

use std::{
    fs,
    os::fd::AsRawFd as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

pub use self::{
    browser::Browser,
    person::sign_in,
    tray::{Entry, Tray, TrayHost},
};
use crate::{
    process::{Process, beside_this_test, run, wait_until},
    skip::skip,
};

/// The `outport-desktop` program that was built beside this test.
///
/// # Panics
/// When it was not built.
pub fn outport_desktop() -> PathBuf {
    match std::env::var_os("OUTPORT_DESKTOP_BIN") {
        Some(path) => path.into(),
        None => beside_this_test("outport-desktop"),
    }
}

/// A screen and a session bus that nobody else uses.
#[derive(Debug)]
pub struct Desktop {
    /// The address of the session bus.
    pub bus: String,
    display: String,
    dir: TempDir,
    _bus_process: Process,
    _screen: Process,
}

impl Desktop {
    /// Starts a screen and a bus; `None` when this machine has not got what it takes.
    ///
    /// # Errors
    /// When they do not come up.
    pub fn start() -> Result<Option<Self>> {
        for program in ["Xvfb", "dbus-daemon", "WebKitWebDriver", "xdotool"] {
            if !is_installed(program) {
                skip(&format!("{program} is not installed (`cargo xtask setup`)"));
                return Ok(None);
            }
        }
        let dir = tempfile::Builder::new().prefix("outport-desktop-").tempdir()?;
        for name in ["config", "data", "cache", "run", "bin"] {
            fs::create_dir(dir.path().join(name))?;
        }
        write_browser(dir.path())?;
        let (screen, display) = start_screen(dir.path())?;
        let (bus_process, bus) = start_bus(dir.path())?;
        Ok(Some(Self { bus, display, dir, _bus_process: bus_process, _screen: screen }))
    }

    /// Gives a command this desktop, and nothing of the tester's own.
    pub fn show<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let dir = self.dir.path();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = [dir.join("bin")].into_iter().chain(std::env::split_paths(&path));
        command
            .env("PATH", std::env::join_paths(path).expect("a search path of search paths"))
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env("HOME", dir)
            .env("XDG_CONFIG_HOME", dir.join("config"))
            .env("XDG_DATA_HOME", dir.join("data"))
            .env("XDG_CACHE_HOME", dir.join("cache"))
            .env("XDG_RUNTIME_DIR", dir.join("run"))
            .env("GDK_BACKEND", "x11")
            .env("GTK_A11Y", "none")
            .env("NO_AT_BRIDGE", "1")
            .env("GTK_USE_PORTAL", "0")
            .env("LANG", "C.UTF-8")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("LC_ALL")
    }

    /// The app as the owner of a home starts it.
    pub fn app(&self, home: &Path) -> Command {
        let mut command = Command::new(outport_desktop());
        self.show(&mut command);
        command.env("OUTPORT_HOME", home).env("NO_COLOR", "1");
        command
    }

    /// A file in the home of the desktop's user.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The ids of the windows that can be seen and have such a title.
    ///
    /// # Errors
    /// When the screen cannot be asked.
    pub fn windows(&self, title: &str) -> Result<Vec<String>> {
        let mut search = Command::new("xdotool");
        self.show(&mut search).args(["search", "--onlyvisible", "--name", title]);
        Ok(run(&mut search, LIMIT)?.stdout.lines().map(str::to_owned).collect())
    }

    /// Waits until a window with such a title can be seen, or until none can.
    ///
    /// # Errors
    /// When that does not come.
    pub fn wait_window(&self, title: &str, there: bool) -> Result<()> {
        let as_wanted = || Ok((self.windows(title)?.is_empty() != there).then_some(()));
        wait_until(LIMIT, as_wanted).with_context(|| format!("a window `{title}`: wanted {there}"))
    }

    /// Waits until a page was opened in the system's browser, and returns its address.
    ///
    /// # Errors
    /// When none is.
    pub fn wait_opened(&self) -> Result<String> {
        let opened = || {
            let all = fs::read_to_string(self.path("opened")).unwrap_or_default();
            Ok(all.lines().last().map(str::to_owned))
        };
        wait_until(LIMIT, opened).context("no page was opened in the browser")
    }

    /// Picks a folder in the system's own dialog, as somebody does who knows its path.
    ///
    /// # Errors
    /// When the dialog does not come or go.
    pub fn pick_folder(&self, dialog: &str, folder: &Path) -> Result<()> {
        self.wait_window(dialog, true)?;
        self.press(dialog, &["ctrl+l"])?;
        let mut typing = Command::new("xdotool");
        self.show(&mut typing).args(["type", "--delay", "4", "--"]).arg(folder);
        let done = run(&mut typing, LIMIT)?;
        ensure!(done.code == Some(0), "cannot type: {}", done.stderr);
        wait_until(LIMIT, || {
            self.press(dialog, &["Return"]).ok(); // it may have gone with the last one
            Ok(self.windows(dialog)?.is_empty().then_some(()))
        })
        .with_context(|| format!("`{dialog}` stays open"))
    }

    /// Presses keys in a window.
    ///
    /// # Errors
    /// When there is no such window.
    pub fn press(&self, title: &str, keys: &[&str]) -> Result<()> {
        let windows = self.windows(title)?;
        let window = windows.last().with_context(|| format!("no window `{title}`"))?;
        let mut press = Command::new("xdotool");
        self.show(&mut press).args(["windowfocus", "--sync", window, "key", "--clearmodifiers"]);
        let done = run(press.args(keys), LIMIT)?;
        ensure!(done.code == Some(0), "cannot press {keys:?}: {}", done.stderr);
        Ok(())
    }
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

/// The server picks a free number by itself and says which.
fn start_screen(dir: &Path) -> Result<(Process, String)> {
    let number = dir.join("display");
    let file = fs::File::create(&number)?;
    // The file goes to the server as its standard input would: inherited, under a known number.
    let fd = rustix::io::dup(&file)?;
    rustix::io::fcntl_setfd(&fd, rustix::io::FdFlags::empty())?;
    let mut command = Command::new("Xvfb");
    // Without `-noreset` it starts afresh when its last client goes, and whoever comes just then is refused.
    command.args(["-displayfd", &fd.as_raw_fd().to_string(), "-noreset"]).args([
        "-screen",
        "0",
        "1280x800x24",
        "-nolisten",
        "tcp",
    ]);
    let screen = Process::start("Xvfb", &mut command, &dir.join("xvfb.log"))?;
    drop(fd);
    let number = wait_until(LIMIT, || {
        let text = fs::read_to_string(&number)?;
        Ok(text.ends_with('\n').then(|| text.trim().to_owned()))
    });
    Ok((screen, format!(":{}", number.context("Xvfb names no display")?)))
}

/// A bus that starts nothing by itself: no portal, no accessibility, no keyring.
fn start_bus(dir: &Path) -> Result<(Process, String)> {
    let config = dir.join("bus.conf");
    fs::write(&config, BUS.replace("DIR", &dir.join("run").display().to_string()))?;
    let mut command = Command::new("dbus-daemon");
    command.arg(format!("--config-file={}", config.display()));
    command.args(["--nofork", "--print-address=1"]).stdin(Stdio::null());
    let mut bus = Process::start("the session bus", &mut command, &dir.join("bus.log"))?;
    let address = bus.wait_for("unix:", LIMIT)?;
    Ok((bus, address.trim().to_owned()))
}

/// The system's browser: it only notes what it was asked to open.
fn write_browser(dir: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let program = dir.join("bin/xdg-open");
    let notes = dir.join("opened");
    fs::write(&program, format!("#!/bin/sh\nprintf '%s\\n' \"$1\" >> '{}'\n", notes.display()))?;
    Ok(fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?)
}

const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir=DIR</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// What a busy machine may take for any one step.
const LIMIT: Duration = Duration::from_secs(30);
