//! The hub, the two computers and what the demo does with them.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::{
    computer::{Computer, PATIENCE, end_within, wait_until},
    interrupt,
    narrator::Narrator,
};

/// Everything that runs, in one temporary folder.
#[derive(Debug)]
pub(super) struct Stage {
    folder: PathBuf,
    program: PathBuf,
    hub: Option<Child>,
    url: String,
    computers: Vec<Computer>,
    narrator: Narrator,
    /// Whether the folder stays when this is dropped.
    kept: bool,
}

impl Stage {
    pub(super) fn set(programs: &Path, narrator: &Narrator) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("outport-demo-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        narrator.say(&format!("Everything happens in {}", folder.display()));
        let program = programs.join(format!("outport{}", std::env::consts::EXE_SUFFIX));
        Ok(Self {
            folder,
            program,
            hub: None,
            url: String::new(),
            computers: Vec::new(),
            narrator: Narrator::new(),
            kept: false,
        })
    }

    /// Starts the hub on a free port and makes the account of Smith.
    pub(super) fn raise_hub(&mut self) -> Result<()> {
        self.narrator.command("hub", "hub --listen 127.0.0.1:0");
        let log = File::create(self.folder.join("hub.log"))?;
        let mut command = self.hub_command();
        command.args(["--listen", "127.0.0.1:0"]);
        let mut hub = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn()?;
        let mut lines = BufReader::new(hub.stdout.take().context("stdout is piped")?).lines();
        self.hub = Some(hub);
        let url = loop {
            let line = lines.next().context("the hub ended before it listened")??;
            println!("{line}");
            if let Some(url) = line.strip_prefix("listening ") {
                break url.trim().to_owned();
            }
        };
        // Read on, so that the hub never waits for us to take what it prints.
        std::thread::spawn(move || lines.for_each(drop));
        self.url = url;
        let password = self.folder.join("password");
        File::create(&password)?.write_all(b"correct horse battery staple\n")?;
        self.narrator.command("hub", "hub user add smith --password-file …");
        let mut add = self.hub_command();
        add.args(["user", "add", "smith", "--password-file"]).arg(password);
        ensure!(add.status()?.success(), "cannot add the account");
        Ok(())
    }

    /// Signs a computer in, registers it and starts its agent.
    pub(super) fn join(&mut self, name: &str) -> Result<()> {
        let computer = Computer::new(&self.folder, &self.program, name)?;
        self.sign_in(&computer)?;
        computer.run(&format!("setup --name {name}"))?;
        let mut share = computer.command("folders add --read-write");
        share.arg(&computer.folder);
        computer.run_command("folders add --read-write ~/Data", &mut share)?;
        self.computers.push(computer);
        self.start(name)
    }

    /// Starts the agent of a computer.
    pub(super) fn start(&mut self, name: &str) -> Result<()> {
        self.narrator.command(name, "agent &");
        let computer = self.computers.iter_mut().find(|computer| computer.name == name);
        let computer = computer.context("a computer of the demo")?;
        computer.start()?;
        computer.run("status")
    }

    /// Transfers the sample, with the progress bar that people see.
    pub(super) fn transfer_and_wait(&self, name: &str) -> Result<()> {
        let (words, mut command) = self.transfer_command(name, " --wait");
        self.work_pc().run_command(&words, &mut command)
    }

    /// Starts a transfer of the sample that takes its time, and returns its task.
    pub(super) fn transfer_at(&self, name: &str, megabytes_per_second: u64) -> Result<String> {
        let limit = format!(" --limit {megabytes_per_second}MB/s");
        let (words, mut command) = self.transfer_command(name, &limit);
        self.narrator.command("WorkPC", &words);
        let output = command.arg("--json").output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let answer: Value = serde_json::from_slice(&output.stdout)?;
        let task = answer["task_id"].as_str().context("the answer names the task")?;
        println!("task {task}");
        Ok(task.to_owned())
    }

    /// Compares both trees with the system's own tool, which knows nothing of Outport.
    pub(super) fn check_with_sha256sum(&self, name: &str) -> Result<()> {
        let (source, copy) = (self.source(), self.copy(name));
        let names = files_below(&source)?;
        ensure!(names == files_below(&copy)?, "the copy has other files than the source");
        let sums = sha256sum(&source, &names)?;
        ensure!(sums == sha256sum(&copy, &names)?, "sha256sum sees differences");
        let count = names.len();
        self.narrator.good(&format!("sha256sum agrees: {count} files are the same at both ends."));
        Ok(())
    }

    /// Waits until some content of the task has arrived.
    pub(super) fn wait_until_moving(&self, task: &str) -> Result<()> {
        wait_until("the transfer moves", || Ok(0 < self.bytes_moved(task)?))
    }

    /// Waits until more content has arrived than by now.
    pub(super) fn wait_until_moving_on(&self, task: &str) -> Result<()> {
        let before = self.bytes_moved(task)?;
        wait_until("the transfer moves on", || Ok(before < self.bytes_moved(task)?))
    }

    /// Waits until the hub says why the task does not move.
    pub(super) fn wait_for_reason(&self, task: &str, word: &str) -> Result<()> {
        wait_until("the hub says why the transfer waits", || {
            let task = self.task(task)?;
            ensure!(task["status"] == "ACTIVE", "the task ended too early to show this: {task:#}");
            let reason = task["nice_status_short_description"].as_str().unwrap_or_default();
            Ok(reason.to_lowercase().contains(word))
        })
    }

    /// `kill -9` for the agent that receives.
    pub(super) fn kill_cluster(&mut self) -> Result<()> {
        self.narrator.say("Cluster $ kill -9 (the agent, in the middle of the transfer)");
        self.computers[1].kill()
    }

    pub(super) fn work_pc(&self) -> &Computer {
        &self.computers[0]
    }

    pub(super) fn cluster(&self) -> &Computer {
        &self.computers[1]
    }

    /// Leaves all running and says how to look around and how to end it.
    pub(super) fn keep(&mut self, narrator: &Narrator) {
        narrator.title("Everything is left running");
        println!("The portal:  {}   (smith, correct horse battery staple)", self.url);
        for computer in &mut self.computers {
            let names =
                computer.environment().map(|(name, value)| format!("{name}='{}'", value.display()));
            println!("{}:  {} {}", computer.name, names.join(" "), self.program.display());
        }
        let agents = self.computers.iter_mut().filter_map(Computer::let_go);
        let hub = self.hub.take().map(|hub| hub.id());
        let ids: Vec<_> = agents.chain(hub).map(|id| id.to_string()).collect();
        println!("To end it:   kill {} && rm -r '{}'", ids.join(" "), self.folder.display());
        self.kept = true;
    }

    /// Ends all, removes the folder, and looks whether anything is left.
    pub(super) fn clear(mut self) -> Result<()> {
        self.computers.iter_mut().try_for_each(Computer::stop)?;
        if let Some(mut hub) = self.hub.take() {
            ask_to_end(&mut hub)?;
            end_within(&mut hub, PATIENCE).context("the hub")?;
        }
        let left = processes_of(&self.folder);
        ensure!(left.is_empty(), "still running: {left:?}");
        fs::remove_dir_all(&self.folder)?;
        ensure!(!self.folder.exists(), "{} is still there", self.folder.display());
        self.kept = true; // nothing is left to remove
        Ok(())
    }

    /// What the processes said, when something went wrong.
    pub(super) fn print_logs(&self) {
        let logs = self.computers.iter().map(Computer::log);
        for log in logs.chain([self.folder.join("hub.log")]) {
            let text = fs::read_to_string(&log).unwrap_or_default();
            let lines: Vec<_> = text.lines().rev().take(30).collect();
            println!("--- {}", log.display());
            lines.iter().rev().for_each(|line| println!("{line}"));
        }
    }

    fn sign_in(&self, computer: &Computer) -> Result<()> {
        let words = format!("login {} --no-browser", self.url);
        self.narrator.command(&computer.name, &words);
        let mut login = computer.command(&words);
        let mut login = login.stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        // What is said to people goes to the standard error.
        let said = login.stderr.take().context("stderr is piped")?;
        for line in BufReader::new(said).lines() {
            let line = line?;
            println!("{line}");
            if let Some((_, code)) = line.split_once("code:") {
                let code = code.trim();
                self.narrator.command("hub", &format!("hub user approve smith {code}"));
                let mut approve = self.hub_command();
                approve.args(["user", "approve", "smith", code]);
                ensure!(approve.status()?.success(), "the sign-in was not approved");
            }
        }
        ensure!(interrupt::wait(login)?.success(), "the sign-in failed");
        Ok(())
    }

    fn hub_command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["hub", "--data"]).arg(self.folder.join("hub")).env("HOME", &self.folder);
        command
    }

    fn transfer_command(&self, name: &str, options: &str) -> (String, Command) {
        let words = format!("transfer WorkPC:~/expedition Cluster:~/{name} --recursive{options}");
        let mut command = self.work_pc().command(&words);
        command.stdin(Stdio::null());
        (words, command)
    }

    fn source(&self) -> PathBuf {
        self.work_pc().folder.join("expedition")
    }

    fn copy(&self, name: &str) -> PathBuf {
        self.cluster().folder.join(name)
    }

    fn task(&self, task: &str) -> Result<Value> {
        let text = self.work_pc().read(&format!("tasks show {task} --json"))?;
        serde_json::from_str(&text).context(text)
    }

    fn bytes_moved(&self, task: &str) -> Result<u64> {
        let task = self.task(task)?;
        ensure!(task["status"] == "ACTIVE", "the task ended too early to show this: {task:#}");
        Ok(task["bytes_transferred"].as_u64().unwrap_or_default())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(mut hub) = self.hub.take() {
            hub.kill().and_then(|()| hub.wait()).ok(); // it may be gone already
        }
        self.computers.clear();
        if !self.kept {
            fs::remove_dir_all(&self.folder).ok(); // best effort: we are failing already
        }
    }
}

/// Asks the hub to end as a service manager does.
#[cfg(unix)]
fn ask_to_end(hub: &mut Child) -> Result<()> {
    if hub.try_wait()?.is_none() {
        Command::new("kill").arg(hub.id().to_string()).status()?;
    }
    Ok(())
}

/// Windows has no such request for a program without a window.
#[cfg(not(unix))]
fn ask_to_end(hub: &mut Child) -> Result<()> {
    Ok(hub.kill()?)
}

/// The processes that were started for a folder: each has it among its arguments or in its
/// environment. Whoever started none of their own would still be found by these.
#[cfg(target_os = "linux")]
fn processes_of(folder: &Path) -> Vec<u32> {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = folder.as_os_str().as_bytes();
    let names_it = |id: u32| {
        ["cmdline", "environ"].iter().any(|file| {
            let text = fs::read(format!("/proc/{id}/{file}")).unwrap_or_default();
            text.windows(folder.len()).any(|part| part == folder)
        })
    };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|id| *id != std::process::id() && names_it(*id)).collect()
}

/// Elsewhere the processes that the demo started itself, and waited for, are all that is known.
#[cfg(not(target_os = "linux"))]
fn processes_of(_folder: &Path) -> Vec<u32> {
    Vec::new()
}

fn files_below(root: &Path) -> Result<Vec<PathBuf>> {
    let mut names = Vec::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                names.push(path.strip_prefix(root)?.to_owned());
            }
        }
    }
    names.sort();
    Ok(names)
}

/// What `sha256sum` (or macOS's `shasum`) prints for these files.
fn sha256sum(root: &Path, names: &[PathBuf]) -> Result<String> {
    let tool = ["sha256sum", "shasum"].into_iter().find(|tool| crate::sh::which(tool).is_some());
    let tool = tool.context("neither sha256sum nor shasum is on this machine")?;
    let mut sums = String::new();
    for some in names.chunks(500) {
        let mut command = Command::new(tool);
        if tool == "shasum" {
            command.args(["-a", "256"]);
        }
        interrupt::check()?;
        let output = command.current_dir(root).args(some).output()?;
        if !output.status.success() {
            bail!("{tool}: {}", String::from_utf8_lossy(&output.stderr));
        }
        sums += &String::from_utf8_lossy(&output.stdout);
    }
    Ok(sums)
}
