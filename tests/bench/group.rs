//! A control group: all processes of one measurement, whoever started them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use outport_tests::process::run;

/// All processes of one program.
#[derive(Debug)]
pub(crate) struct Group {
    folder: PathBuf,
    usage: Usage,
}

/// How the system tells what a group used.
#[derive(Clone, Copy, Debug)]
enum Usage {
    /// `cpu.stat` of the unified hierarchy.
    Unified,
    /// `cpuacct.usage` of the one before.
    Accounting,
}

/// What one run took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) wall: Duration,
    /// Of all processes together.
    pub(crate) cpu: Duration,
    /// Of the largest process.
    pub(crate) peak_bytes: u64,
}

impl Group {
    pub(crate) fn new(name: &str) -> Result<Self> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("outport-bench-{}-{number}-{name}", std::process::id());
        let places = [
            ("/sys/fs/cgroup/cgroup.controllers", "/sys/fs/cgroup", Usage::Unified),
            ("/sys/fs/cgroup/cpuacct", "/sys/fs/cgroup/cpuacct", Usage::Accounting),
        ];
        for (sign, top, usage) in places {
            let folder = Path::new(top).join(&name);
            if Path::new(sign).exists() && fs::create_dir(&folder).is_ok() {
                return Ok(Self { folder, usage });
            }
        }
        bail!("no control group can be made: run this as root")
    }

    /// Takes a running process and what it starts from now on.
    pub(crate) fn take(&self, process: u32) -> Result<()> {
        let list = self.folder.join("cgroup.procs");
        fs::write(list, process.to_string()).context("cannot put a process into its group")
    }

    /// A command that runs in the group.
    pub(crate) fn command(&self, command: &Command) -> Command {
        let mut inside = Command::new("sh");
        inside.args(["-c", r#"echo $$ > "$0" && exec "$@""#]);
        inside.arg(self.folder.join("cgroup.procs")).arg(command.get_program());
        inside.args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => inside.env(name, value),
                None => inside.env_remove(name),
            };
        }
        inside
    }

    /// Runs a command that must succeed, and measures it and all that works for it.
    pub(crate) fn measure(&self, command: &Command) -> Result<Sample> {
        let mut inside = self.command(command);
        self.measure_work(|| {
            let done = run(&mut inside, RUN_LIMIT)?;
            ensure!(done.code == Some(0), "{command:?} failed:\n{}{}", done.stdout, done.stderr);
            Ok(())
        })
    }

    /// Measures what the group does for something that must succeed.
    pub(crate) fn measure_work(&self, work: impl FnOnce() -> Result<()>) -> Result<Sample> {
        let sampler = Sampler::start(self.folder.join("cgroup.procs"));
        let (before, began) = (self.used()?, Instant::now());
        let done = work();
        let wall = began.elapsed();
        let peak_bytes = sampler.stop();
        done?;
        Ok(Sample { wall, cpu: self.used()?.saturating_sub(before), peak_bytes })
    }

    fn used(&self) -> Result<Duration> {
        match self.usage {
            Usage::Unified => {
                let text = fs::read_to_string(self.folder.join("cpu.stat"))?;
                let line = text.lines().find_map(|line| line.strip_prefix("usage_usec "));
                Ok(Duration::from_micros(line.context("the group's usage")?.parse()?))
            }
            Usage::Accounting => {
                let text = fs::read_to_string(self.folder.join("cpuacct.usage"))?;
                Ok(Duration::from_nanos(text.trim().parse()?))
            }
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Only an empty group goes, and processes that were killed leave it a moment later.
        let until = Instant::now() + Duration::from_secs(2);
        while fs::remove_dir(&self.folder).is_err() && Instant::now() < until {
            thread::park_timeout(Duration::from_millis(20));
        }
    }
}

/// Looks many times a second how large the processes are.
struct Sampler {
    stop: Arc<AtomicBool>,
    largest: Arc<AtomicU64>,
    thread: thread::JoinHandle<()>,
}

impl Sampler {
    fn start(list: PathBuf) -> Self {
        let (stop, largest) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, seen) = (stop.clone(), largest.clone());
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                for process in fs::read_to_string(&list).unwrap_or_default().lines() {
                    seen.fetch_max(resident_bytes(process), Ordering::Relaxed);
                }
                thread::park_timeout(Duration::from_millis(25));
            }
        });
        Self { stop, largest, thread }
    }

    fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        self.thread.join().ok(); // what it saw counts all the same
        self.largest.load(Ordering::Relaxed)
    }
}

fn resident_bytes(process: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let resident = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = resident.and_then(|text| text.trim().strip_suffix(" kB"));
    number.and_then(|number| number.parse().ok()).unwrap_or(0) * 1024
}

/// Longer than any program takes for one case.
pub(crate) const RUN_LIMIT: Duration = Duration::from_secs(600);
