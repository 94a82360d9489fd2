//! Real processes of the real program: started, read, killed and never left behind.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Condvar, Mutex,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

/// The `outport` program that was built beside this test.
///
/// # Panics
/// When it was not built: a test that silently used another one would prove nothing.
pub fn outport() -> PathBuf {
    match std::env::var_os("OUTPORT_BIN") {
        Some(path) => path.into(),
        None => beside_this_test("outport"),
    }
}

/// A program that was built with this test.
///
/// # Panics
/// When it was not built.
pub(crate) fn beside_this_test(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a process knows its program");
    let folder = test.parent().and_then(Path::parent).expect("tests run from target/*/deps");
    let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "{} is missing: run `cargo build` first", program.display());
    program
}

/// A running process whose output is kept and can be waited for.
///
/// It is killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: String,
    output: Arc<Output>,
}

#[derive(Debug, Default)]
struct Output {
    lines: Mutex<Vec<String>>,
    more: Condvar,
}

impl Process {
    /// Starts `command`; `name` stands in messages, and all output goes to `log` too.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let output = Arc::new(Output::default());
        let log = File::options().create(true).append(true).open(log)?;
        let log = Arc::new(Mutex::new(log));
        let stdout = child.stdout.take().context("stdout is piped")?;
        let stderr = child.stderr.take().context("stderr is piped")?;
        collect(stdout, Arc::clone(&output), Arc::clone(&log));
        collect(stderr, Arc::clone(&output), log);
        Ok(Self { child, name: name.to_owned(), output })
    }

    /// Waits for a line that contains `needle`, and returns it.
    ///
    /// # Errors
    /// When it does not come within `limit` or the process ends before.
    pub fn wait_for(&mut self, needle: &str, limit: Duration) -> Result<String> {
        let until = Instant::now() + limit;
        let mut lines = self.output.lines.lock().expect("no reader panics");
        loop {
            if let Some(line) = lines.iter().find(|line| line.contains(needle)) {
                return Ok(line.clone());
            }
            let left = until.saturating_duration_since(Instant::now());
            let ended = self.child.try_wait()?.is_some();
            if left.is_zero() || ended {
                let why = if ended { "ended" } else { "was silent" };
                bail!("{} {why} before it said `{needle}`:\n{}", self.name, lines.join("\n"));
            }
            let step = left.min(Duration::from_millis(100));
            lines = self.output.more.wait_timeout(lines, step).expect("no reader panics").0;
        }
    }

    /// Everything that it printed.
    pub fn printed(&self) -> String {
        self.output.lines.lock().expect("no reader panics").join("\n")
    }

    /// Whether it has not ended yet.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn runs(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`: nothing of it runs any more when this returns.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Sends it a signal, as a terminal or a service manager does.
    ///
    /// # Errors
    /// When it does not run any more.
    #[cfg(unix)]
    pub fn signal(&self, signal: rustix::process::Signal) -> Result<()> {
        use rustix::process::{Pid, kill_process};
        let id = i32::try_from(self.child.id())?;
        Ok(kill_process(Pid::from_raw(id).context("a child has an id")?, signal)?)
    }

    /// Asks it to end, as a service manager does, and waits until it has.
    ///
    /// # Errors
    /// When it does not end within `limit`.
    #[cfg(unix)]
    pub fn terminate(&mut self, limit: Duration) -> Result<ExitStatus> {
        self.signal(rustix::process::Signal::TERM)?;
        self.wait_end(limit)
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    /// When it does not within `limit`.
    pub fn wait_end(&mut self, limit: Duration) -> Result<ExitStatus> {
        let (name, printed) = (self.name.clone(), Arc::clone(&self.output));
        wait_until(limit, || Ok(self.child.try_wait()?)).with_context(|| {
            let lines = printed.lines.lock().expect("no reader panics").join("\n");
            format!("{name} does not end; it printed:\n{lines}")
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill().ok(); // it may be gone already
    }
}

/// What a finished command did.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to its standard output.
    pub stdout: String,
    /// What it wrote to its standard error.
    pub stderr: String,
}

/// Runs a command to its end, or kills it at `limit`.
///
/// # Errors
/// When it cannot be started or does not end.
pub fn run(command: &mut Command, limit: Duration) -> Result<Finished> {
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start a command")?;
    let id = child.id();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    match receiver.recv_timeout(limit) {
        Ok(output) => {
            let output = output?;
            Ok(Finished {
                code: output.status.code(),
                stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
                stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            })
        }
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
            kill_id(id);
            bail!("{command:?} did not end within {limit:?}")
        }
    }
}

/// Asks `probe` again and again until it has an answer.
///
/// # Errors
/// When it has none within `limit`, or fails.
pub fn wait_until<T>(limit: Duration, mut probe: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let until = Instant::now() + limit;
    loop {
        if let Some(answer) = probe()? {
            return Ok(answer);
        }
        if until < Instant::now() {
            bail!("nothing within {limit:?}");
        }
        thread::park_timeout(POLL);
    }
}

/// Waits until `time` has passed since `start`: for what must have happened, or ended, by then.
///
/// # Errors
/// Never; it only looks like the other waits.
pub fn wait_since(start: Instant, time: Duration) -> Result<()> {
    wait_until(time * 2, || Ok((time <= start.elapsed()).then_some(())))
}

fn collect(from: impl io::Read + Send + 'static, output: Arc<Output>, log: Arc<Mutex<File>>) {
    use std::io::Write as _;
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            writeln!(log.lock().expect("no writer panics"), "{line}").ok();
            output.lines.lock().expect("no reader panics").push(line);
            output.more.notify_all();
        }
    });
}

#[cfg(unix)]
fn kill_id(id: u32) {
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        kill_process(pid, Signal::KILL).ok(); // it may have ended meanwhile
    }
}

#[cfg(not(unix))]
fn kill_id(_id: u32) {}

/// How often a condition outside this process is looked at; nothing can notify us of it.
const POLL: Duration = Duration::from_millis(15);
