//! One computer of the demo: a home of its own and the `outport` command in it.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::{interrupt, narrator::Narrator};

/// A computer, with its agent while that runs.
#[derive(Debug)]
pub(super) struct Computer {
    pub(super) name: String,
    pub(super) home: PathBuf,
    /// The folder that it shares.
    pub(super) folder: PathBuf,
    program: PathBuf,
    agent: Option<Child>,
}

impl Computer {
    pub(super) fn new(stage: &Path, program: &Path, name: &str) -> Result<Self> {
        let home = stage.join(name);
        let folder = home.join("Data");
        fs::create_dir_all(&folder)?;
        Ok(Self { name: name.to_owned(), home, folder, program: program.to_owned(), agent: None })
    }

    /// The command in this computer's home.
    pub(super) fn command(&self, words: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words.split_whitespace()).envs(self.environment());
        command
    }

    /// What sets this computer apart from the one that it runs on.
    pub(super) fn environment(&self) -> [(&'static str, PathBuf); 2] {
        [("OUTPORT_HOME", self.home.join("outport")), ("HOME", self.home.clone())]
    }

    /// Shows a command, runs it and lets it print.
    pub(super) fn run(&self, words: &str) -> Result<()> {
        self.run_command(words, &mut self.command(words))
    }

    /// Shows `words` and runs `command`.
    pub(super) fn run_command(&self, words: &str, command: &mut Command) -> Result<()> {
        Narrator::new().command(&self.name, words);
        let status = interrupt::wait(command.stdin(Stdio::null()).spawn()?)?;
        ensure!(status.success(), "`outport {words}` failed: {status}");
        Ok(())
    }

    /// Runs a command in silence and returns what it printed.
    pub(super) fn read(&self, words: &str) -> Result<String> {
        let output = self.command(words).stdin(Stdio::null()).output()?;
        if !output.status.success() {
            bail!("`outport {words}` failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Starts the agent and waits until it is online.
    pub(super) fn start(&mut self) -> Result<()> {
        let log = File::options().create(true).append(true).open(self.log())?;
        let mut command = self.command("agent");
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.agent = Some(command.spawn().context("cannot start the agent")?);
        wait_until("the agent is online", || {
            let status = self.read("status --json").unwrap_or_default();
            Ok(["online", "transferring"].iter().any(|state| has_word(&status, state)))
        })
    }

    /// `kill -9`.
    pub(super) fn kill(&mut self) -> Result<()> {
        let mut agent = self.agent.take().context("the agent runs")?;
        agent.kill()?;
        agent.wait()?;
        Ok(())
    }

    /// Ends the agent as its owner would, and waits until it is gone.
    pub(super) fn stop(&mut self) -> Result<()> {
        let Some(mut agent) = self.agent.take() else { return Ok(()) };
        if agent.try_wait()?.is_some() {
            return Ok(()); // Ctrl-C reached it too
        }
        if let Err(error) = self.read("stop")
            && end_within(&mut agent, PATIENCE).is_err()
        {
            return Err(error);
        }
        end_within(&mut agent, PATIENCE)
    }

    /// Leaves the agent running when the demo ends.
    pub(super) fn let_go(&mut self) -> Option<u32> {
        self.agent.take().map(|agent| agent.id())
    }

    /// What the agent printed.
    pub(super) fn log(&self) -> PathBuf {
        self.home.join("agent.log")
    }
}

impl Drop for Computer {
    fn drop(&mut self) {
        self.kill().ok(); // usually it has ended by then
    }
}

/// Asks `probe` until it says yes.
pub(super) fn wait_until(what: &str, mut probe: impl FnMut() -> Result<bool>) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    while !probe()? {
        interrupt::check()?;
        if until < Instant::now() {
            bail!("waited for {PATIENCE:?}, but not yet: {what}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Waits for a process that was told to end; one that does not is killed, and that is an error.
pub(super) fn end_within(child: &mut Child, limit: Duration) -> Result<()> {
    let until = Instant::now() + limit;
    while child.try_wait()?.is_none() {
        if until < Instant::now() {
            child.kill()?;
            child.wait()?;
            bail!("process {} did not end within {limit:?} and was killed", child.id());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Whether a JSON text has this string as a value.
pub(super) fn has_word(json: &str, word: &str) -> bool {
    json.contains(&format!("\"{word}\""))
}

pub(super) const PATIENCE: Duration = Duration::from_secs(60);
