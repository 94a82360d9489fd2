//! The desktop app on a screen of its own: start, idle CPU, memory.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};

use super::DesktopArgs;
use crate::{screens, setup, sh::Sh, tree};

/// What is promised: from start to usable window, and with a hidden window.
const START_MAX: Duration = Duration::from_millis(1500);
const CPU_PERCENT_MAX: f64 = 1.0;
const RSS_MB_MAX: f64 = 120.0;

pub(super) fn run(args: &DesktopArgs) -> Result<()> {
    setup::for_bench()?;
    let program = match &args.program {
        Some(program) => program.clone(),
        None => build()?,
    };
    let home = tree::target_dir().join("bench-desktop");
    fs::remove_dir_all(&home).ok(); // there is none the first time
    fs::create_dir_all(home.join("run"))?;
    let screen = Screen::start(&home)?;

    let mut times = Vec::new();
    for _ in 0..args.starts.max(1) {
        times.push(time_start(&screen, &program)?);
    }
    times.sort();
    let median = times[times.len() / 2];
    println!("  start to window: median {median:?} of {times:?}");

    let idle = measure_idle(&screen, &program, Duration::from_secs(args.idle.max(5)))?;
    println!("  hidden: {:.2} % CPU, {:.1} MB resident", idle.cpu_percent, idle.rss_mb);

    ensure!(median <= START_MAX, "the window takes {median:?}; promised are {START_MAX:?}");
    ensure!(idle.cpu_percent < CPU_PERCENT_MAX, "{:.2} % CPU while idle", idle.cpu_percent);
    ensure!(idle.rss_mb < RSS_MB_MAX, "{:.1} MB while idle", idle.rss_mb);
    Ok(())
}

fn build() -> Result<PathBuf> {
    screens::build()?;
    Sh::cargo().words("build --release --locked --package outport-desktop").run()?;
    Ok(tree::target_dir().join("release/outport-desktop"))
}

/// From the start until the page in the window asks for what it shows.
fn time_start(screen: &Screen, program: &Path) -> Result<Duration> {
    let log = screen.home.join("app.log");
    let begun = Instant::now();
    let app = screen.app(program, &[], fs::File::create(&log)?.into())?;
    while !fs::read_to_string(&log)?.contains(READY) {
        ensure!(
            begun.elapsed() < START_LIMIT,
            "no window after {START_LIMIT:?}; see {}",
            log.display()
        );
        thread::sleep(POLL);
    }
    let took = begun.elapsed();
    drop(app);
    Ok(took)
}

struct Idle {
    cpu_percent: f64,
    rss_mb: f64,
}

/// The program started as at login on a desktop that shows tray icons, together with all that it
/// started; without a tray its window could not be hidden.
fn measure_idle(screen: &Screen, program: &Path, span: Duration) -> Result<Idle> {
    let _tray = screen.tray()?;
    let app = screen.app(program, &["--hidden"], Stdio::null())?;
    thread::sleep(SETTLE);
    let before = Usage::of(app.0.id())?;
    thread::sleep(span);
    let after = Usage::of(app.0.id())?;
    let ticks = after.ticks.saturating_sub(before.ticks) as f64;
    Ok(Idle {
        cpu_percent: ticks / TICKS_PER_SECOND / span.as_secs_f64() * 100.0,
        rss_mb: after.rss_kb as f64 / 1000.0,
    })
}

/// What a process and its children used so far.
struct Usage {
    ticks: u64,
    rss_kb: u64,
}

impl Usage {
    fn of(id: u32) -> Result<Self> {
        let mut sum = Self { ticks: 0, rss_kb: 0 };
        let mut ids = vec![id];
        while let Some(id) = ids.pop() {
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).context("it has ended")?;
            // The name may hold anything, blanks and brackets too; what is counted comes after it.
            let (_, fields) = stat.rsplit_once(')').context("stat has a name")?;
            let field = |index: usize| fields.split_whitespace().nth(index)?.parse::<u64>().ok();
            sum.ticks += field(11).unwrap_or(0) + field(12).unwrap_or(0);
            let status = fs::read_to_string(format!("/proc/{id}/status"))?;
            let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
            sum.rss_kb +=
                rss.and_then(|rss| rss.split_whitespace().next()?.parse().ok()).unwrap_or(0);
            let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
            ids.extend(
                children
                    .unwrap_or_default()
                    .split_whitespace()
                    .filter_map(|id| id.parse::<u32>().ok()),
            );
        }
        Ok(sum)
    }
}

/// A screen and a session bus that nobody else uses.
struct Screen {
    home: PathBuf,
    display: String,
    bus: String,
    _processes: [Ended; 2],
}

/// A process that is ended when dropped.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        Sh::new("kill").arg(self.0.id().to_string()).succeeds();
        let begun = Instant::now();
        while begun.elapsed() < END_LIMIT {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(POLL);
        }
        self.0.kill().ok(); // it had its time
        self.0.wait().ok();
    }
}

impl Screen {
    fn start(home: &Path) -> Result<Self> {
        let mut xvfb = Command::new("Xvfb");
        // As on a desktop, what one program tells the server stays when it ends: GTK looks there before it
        // loads all of GL to ask which visuals there are.
        xvfb.args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1280x800x24",
            "-nolisten",
            "tcp",
            "-noreset",
        ]);
        let (xvfb, number) = started(&mut xvfb).context("Xvfb")?;
        let mut bus = Command::new("dbus-daemon");
        bus.args(["--session", "--nofork", "--print-address=1"]);
        let (bus, address) = started(&mut bus).context("dbus-daemon")?;
        let _processes = [xvfb, bus];
        Ok(Self { home: home.to_owned(), display: format!(":{number}"), bus: address, _processes })
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env("HOME", &self.home)
            .env("XDG_RUNTIME_DIR", self.home.join("run"))
            .env("OUTPORT_HOME", self.home.join("outport"))
            .env("NO_AT_BRIDGE", "1")
            .env("GTK_A11Y", "none")
            .env_remove("WAYLAND_DISPLAY")
            .stdin(Stdio::null());
        command
    }

    /// Something under the name of what shows tray icons.
    fn tray(&self) -> Result<Ended> {
        let mut echo = self.command("dbus-test-tool");
        echo.arg("echo").arg(format!("--name={WATCHER}")).stdout(Stdio::null());
        let echo = Ended(echo.spawn().context("dbus-test-tool")?);
        let there = || {
            let mut ask = self.command("dbus-send");
            ask.args(["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/"])
                .args(["org.freedesktop.DBus.NameHasOwner", &format!("string:{WATCHER}")]);
            let answer = ask.output()?.stdout;
            anyhow::Ok(String::from_utf8_lossy(&answer).contains("boolean true"))
        };
        let begun = Instant::now();
        while !there()? {
            ensure!(begun.elapsed() < START_LIMIT, "{WATCHER} did not appear");
            thread::sleep(POLL);
        }
        Ok(echo)
    }

    fn app(&self, program: &Path, args: &[&str], says: Stdio) -> Result<Ended> {
        let mut command = self.command(program);
        command.args(args).stdout(Stdio::null()).stderr(says);
        Ok(Ended(command.spawn().with_context(|| program.display().to_string())?))
    }
}

/// Starts something that says one line about itself.
fn started(command: &mut Command) -> Result<(Ended, String)> {
    use std::io::{BufRead as _, BufReader};

    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut line = String::new();
    let output = child.stdout.take().context("its output was piped")?;
    BufReader::new(output).read_line(&mut line)?;
    ensure!(!line.trim().is_empty(), "it said nothing");
    Ok((Ended(child), line.trim().to_owned()))
}

/// What the app's log says when the page in its window is there.
const READY: &str = "the window is ready";
const WATCHER: &str = "org.kde.StatusNotifierWatcher";
const POLL: Duration = Duration::from_millis(10);
const START_LIMIT: Duration = Duration::from_secs(30);
const END_LIMIT: Duration = Duration::from_secs(15);
/// What happens after the start belongs to the start.
const SETTLE: Duration = Duration::from_secs(10);
/// `getconf CLK_TCK`, which is the same on all systems that this runs on.
const TICKS_PER_SECOND: f64 = 100.0;
