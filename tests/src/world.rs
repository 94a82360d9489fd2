//! A hub and its agents as real processes on this computer.

#[cfg(unix)]
use std::os::unix::{
    fs::{PermissionsExt as _, chown},
    process::CommandExt as _,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    net::{self, Internet, Joined, Wire},
    process::{Finished, Process, outport, run, wait_until},
    tree,
};

/// A hub with an account `smith`, and the agents that were added to it.
///
/// Everything it made is gone when it is dropped, processes first.
#[derive(Debug)]
pub struct World {
    /// The hub; `None` while it is down.
    pub hub: Option<Process>,
    /// The hub's URL, the same after a restart.
    pub url: String,
    /// The agents, in the order in which they were added.
    pub agents: Vec<Agent>,
    /// The wire that it lives on, if it does.
    pub wire: Option<Wire>,
    /// The internet that it lives on, if it does.
    pub internet: Option<Internet>,
    /// The hub's host, and those of the agents; all others are on the last one. Without any, all are
    /// on this computer.
    hosts: Vec<String>,
    ca: Option<Authority>,
    /// The relays that run on computers of their own.
    pub relays: Vec<Process>,
    dir: TempDir,
}

/// One computer: its own home, its own agent.
#[derive(Debug)]
pub struct Agent {
    /// The endpoint's name without its owner.
    pub name: String,
    /// Where it keeps its config, state and logs.
    pub home: PathBuf,
    /// The folder that it shares.
    pub folder: PathBuf,
    /// The running agent; `None` while it is down.
    pub process: Option<Process>,
    profile: Option<String>,
    host: Option<String>,
    ca: Option<Authority>,
    user: Option<u32>,
    /// What its owner starts it with.
    flags: Vec<String>,
}

/// Which certificates a computer trusts, and who told it so.
#[derive(Clone, Debug)]
struct Authority {
    variable: &'static str,
    file: PathBuf,
}

impl World {
    /// Starts a hub with an empty store and makes the account `smith`.
    ///
    /// # Errors
    /// When any part of that fails.
    pub fn new() -> Result<Self> {
        let mut world = Self::empty()?;
        world.start_hub("127.0.0.1:0")?;
        world.add_smith()?;
        Ok(world)
    }

    /// The same with a hub that encrypts, with a certificate of its own.
    ///
    /// # Errors
    /// When any part of that fails.
    pub fn encrypted() -> Result<Self> {
        Self::empty()?.on_network(&["127.0.0.1"], "127.0.0.1:0")
    }

    /// The same on a network of its own: the hub and the first agent on the left host, all others
    /// on the right one.
    ///
    /// # Errors
    /// When any part of that fails.
    pub fn on_wire() -> Result<Self> {
        let wire = Wire::lay()?;
        let hosts = [wire.left(), wire.left(), wire.right()].map(str::to_owned).to_vec();
        let world = Self { wire: Some(wire), hosts, ..Self::empty()? };
        world.on_network(&[Wire::LEFT], &format!("{}:0", Wire::LEFT))
    }

    /// Two computers on a wire, `WorkPC` with the hub on the left host and `Cluster` on the right one.
    ///
    /// # Errors
    /// When any part of that fails.
    pub fn two_on_wire() -> Result<Self> {
        let mut world = Self::on_wire()?;
        world.add_agent("WorkPC")?;
        world.add_agent("Cluster")?;
        Ok(world)
    }

    /// The same on an internet of its own, to which the agents are joined in this order.
    ///
    /// # Errors
    /// When any part of that fails.
    pub fn on_internet(homes: &[Joined]) -> Result<Self> {
        let internet = Internet::lay(homes)?;
        let hosts = [&[internet.hub().to_owned()], internet.homes()].concat();
        let world = Self { internet: Some(internet), hosts, ..Self::empty()? };
        world.on_network(&HUB_ON_INTERNET, LISTEN_ON_INTERNET)
    }

    /// Two computers on an internet, `WorkPC` and `Cluster`, each on a line of 200 Mbit/s.
    ///
    /// # Errors
    /// When any part of that fails.
    pub fn two_on_internet(joined: [Joined; 2]) -> Result<Self> {
        let mut world = Self::on_internet(&joined)?;
        world.add_agent("WorkPC")?;
        world.add_agent("Cluster")?;
        world.internet.as_ref().context("the world is on an internet")?.limit("200mbit")?;
        Ok(world)
    }

    /// The same with a hub that relays nothing itself, and so many relays on computers of their own.
    ///
    /// # Errors
    /// When any part of that fails.
    pub fn two_and_relays(joined: [Joined; 2], relays: usize) -> Result<Self> {
        Self::two_and_relays_with(joined, relays, &[])
    }

    /// The same with relays that are started with flags.
    ///
    /// # Errors
    /// When any part of that fails.
    pub fn two_and_relays_with(joined: [Joined; 2], relays: usize, flags: &[&str]) -> Result<Self> {
        let homes = [joined.to_vec(), vec![Joined::Public; relays]].concat();
        let internet = Internet::lay(&homes)?;
        let hosts = [&[internet.hub().to_owned()], internet.homes()].concat();
        let mut world = Self { internet: Some(internet), hosts, ..Self::empty()? };
        let mut settings = "[relay]\nenabled = false\n".to_owned();
        for place in joined.len()..homes.len() {
            settings.push_str(&world.start_relay(place, flags)?);
        }
        fs::write(world.path(HUB_SETTINGS), settings)?;
        let mut world = world.on_network(&HUB_ON_INTERNET, LISTEN_ON_INTERNET)?;
        world.add_agent("WorkPC")?;
        world.add_agent("Cluster")?;
        world.internet.as_ref().context("the world is on an internet")?.limit("200mbit")?;
        Ok(world)
    }

    /// Starts a relay on the computer at `place`; what the hub's settings say of it.
    fn start_relay(&mut self, place: usize, flags: &[&str]) -> Result<String> {
        let host = self.hosts.get(place + 1).context("there is such a computer")?;
        let key = self.path(&format!("relay-{place}.key"));
        let mut command = base_command(&outport(), self.dir.path(), Some(host));
        command.arg("relay").arg("--key").arg(&key).args(flags);
        command.args(["--listen", &format!("{}:0", Internet::public(place))]);
        let log = self.path(&format!("relay-{place}.log"));
        let mut relay = Process::start("a relay", &mut command, &log)?;
        let line = relay.wait_for("listening", STARTUP)?;
        let address = line.rsplit(' ').next().context("the line ends with the address")?;
        self.relays.push(relay);
        Ok(format!("[[relay.others]]\naddress = {address:?}\nkey = {key:?}\n"))
    }

    /// Waits until a task of the first computer has brought its `tree` to the second one as `copy`, and
    /// compares the two.
    ///
    /// # Errors
    /// When the task ends otherwise or not in time, or the trees differ.
    pub fn ends_well(&self, task: &str, limit: Duration) -> Result<()> {
        self.succeeds(task, limit)?;
        let [first, second] = &self.agents[..] else { bail!("there are two computers") };
        tree::compare(&first.folder.join("tree"), &second.folder.join("copy"))
    }

    /// Waits until a task is over, and has succeeded.
    ///
    /// # Errors
    /// When it ends otherwise or not in time.
    pub fn succeeds(&self, task: &str, limit: Duration) -> Result<()> {
        let first = self.agents.first().context("there is a computer")?;
        let over = first.wait_task(task, limit, |task| task["status"] != "ACTIVE");
        let over = over.with_context(|| self.logs())?;
        ensure!(over["status"] == "SUCCEEDED", "{over:#}\n{}", self.logs());
        Ok(())
    }

    /// Waits until more content of a task arrives, on this route.
    ///
    /// # Errors
    /// When that takes too long.
    pub fn arrives(&self, task: &str, route: &str, limit: Duration) -> Result<()> {
        let first = self.agents.first().context("there is a computer")?;
        let on_route = |task: &Value| task["outport"]["route"] == route;
        let now = first.wait_task(task, limit, on_route).with_context(|| self.logs())?;
        let before = now["bytes_transferred"].as_u64();
        let more = |task: &Value| {
            task["status"] == "SUCCEEDED" || before < task["bytes_transferred"].as_u64()
        };
        first.wait_task(task, limit, more).with_context(|| self.logs())?;
        Ok(())
    }

    fn on_network(mut self, hub: &[&str], listen: &str) -> Result<Self> {
        self.certify(hub)?;
        self.ca = Some(Authority { variable: "OUTPORT_CA_FILE", file: self.path("cert.pem") });
        self.start_hub(listen)?;
        self.add_smith()?;
        Ok(self)
    }

    /// Makes another certificate for the hub's names, which shows it after its next start.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn certify(&self, hub: &[&str]) -> Result<()> {
        let names: Vec<_> = hub.iter().map(|&name| name.to_owned()).collect();
        let pair = rcgen::generate_simple_self_signed(names)?;
        fs::write(self.path("cert.pem"), pair.cert.pem())?;
        fs::write(self.path("key.pem"), pair.signing_key.serialize_pem())?;
        Ok(())
    }

    /// Has the computers that are added from now on trust these certificates by their systems, and no
    /// others.
    pub fn trust_by_system(&mut self, file: &Path) {
        self.ca = Some(Authority { variable: "SSL_CERT_FILE", file: file.to_owned() });
    }

    fn empty() -> Result<Self> {
        Ok(Self {
            hub: None,
            url: String::new(),
            agents: Vec::new(),
            wire: None,
            internet: None,
            hosts: Vec::new(),
            ca: None,
            relays: Vec::new(),
            dir: tempfile::Builder::new().prefix("outport-world-").tempdir()?,
        })
    }

    fn add_smith(&self) -> Result<()> {
        fs::write(self.path("password"), format!("{PASSWORD}\n"))?;
        let mut add = self.hub_command();
        add.args(["user", "add", "smith", "--password-file"]).arg(self.path("password"));
        succeed(&mut add)?;
        Ok(())
    }

    /// The hub's port.
    ///
    /// # Errors
    /// When its URL names none.
    pub fn port(&self) -> Result<u16> {
        let port = self.url.rsplit(':').next().context("the URL names a port")?;
        Ok(port.parse()?)
    }

    /// Starts the hub again after it was stopped or killed, at the same address.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn restart_hub(&mut self) -> Result<()> {
        let address = match &self.internet {
            Some(_) => LISTEN_ON_INTERNET.to_owned(),
            None => self.url.rsplit('/').next().unwrap_or_default().to_owned(),
        };
        self.start_hub(&address)
    }

    /// Adds a computer: signs in, registers it as `smith#NAME`, shares its folder, starts its agent.
    ///
    /// # Errors
    /// When any part of that fails.
    pub fn add_agent(&mut self, name: &str) -> Result<usize> {
        let agent = self.computer(name);
        self.join(agent)
    }

    /// The same with an owner who sets a proxy first, with a user and a password for it.
    ///
    /// # Errors
    /// When any part of that fails.
    pub fn add_agent_behind(
        &mut self,
        name: &str,
        proxy: &str,
        login: (&str, &str),
    ) -> Result<usize> {
        let agent = self.computer(name);
        fs::create_dir_all(&agent.home)?;
        agent.set_proxy(proxy, Some(login))?;
        self.join(agent)
    }

    /// The same with an owner who wrote something into the table `[network]` of the config, and starts
    /// the agent with flags.
    ///
    /// # Errors
    /// When any part of that fails.
    pub fn add_agent_with(&mut self, name: &str, network: &str, flags: &[&str]) -> Result<usize> {
        let flags = flags.iter().map(ToString::to_string).collect();
        let agent = Agent { flags, ..self.computer(name) };
        let dir = agent.home.join("default/config");
        fs::create_dir_all(&dir)?;
        fs::write(dir.join("config.toml"), format!("[network]\n{network}\n"))?;
        self.join(agent)
    }

    /// The same with an owner who is the system's user of this number, and not the tester.
    ///
    /// # Errors
    /// When any part of that fails.
    #[cfg(unix)]
    pub fn add_agent_of(&mut self, user: u32, name: &str) -> Result<usize> {
        let agent = Agent { user: Some(user), ..self.computer(name) };
        fs::set_permissions(self.dir.path(), fs::Permissions::from_mode(0o711))?;
        // She may have no way to where the program was built.
        fs::copy(outport(), agent.program())?;
        for folder in [&agent.home, &agent.folder] {
            fs::create_dir_all(folder)?;
            chown(folder, Some(user), Some(user))?;
        }
        self.join(agent)
    }

    fn computer(&self, name: &str) -> Agent {
        let last = self.hosts.len().saturating_sub(1);
        Agent {
            name: name.to_owned(),
            home: self.path(&format!("home-{name}")),
            folder: self.path(&format!("data-{name}")),
            process: None,
            profile: None,
            host: self.hosts.get(last.min(self.agents.len() + 1)).cloned(),
            ca: self.ca.clone(),
            user: None,
            flags: Vec::new(),
        }
    }

    /// Adds another endpoint to the computer of an agent: a profile of the same name, with a folder
    /// of its own.
    ///
    /// # Errors
    /// When any part of that fails.
    pub fn add_profile(&mut self, of: usize, name: &str) -> Result<usize> {
        let Agent { home, host, ca, user, .. } = &self.agents[of];
        let agent = Agent {
            name: name.to_owned(),
            home: home.clone(),
            folder: self.path(&format!("data-{name}")),
            process: None,
            profile: Some(name.to_lowercase()),
            host: host.clone(),
            ca: ca.clone(),
            user: *user,
            flags: Vec::new(),
        };
        self.join(agent)
    }

    fn join(&mut self, agent: Agent) -> Result<usize> {
        fs::create_dir_all(&agent.home)?;
        fs::create_dir_all(&agent.folder)?;
        self.sign_in(&agent)?;
        let name = &agent.name;
        succeed(agent.command().args(["setup", "--name", name]))?;
        succeed(agent.command().args(["folders", "add", "--read-write"]).arg(&agent.folder))?;
        self.agents.push(agent);
        self.start_agent(self.agents.len() - 1)?;
        Ok(self.agents.len() - 1)
    }

    /// Starts an agent that is down, and waits until it is online.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_agent(&mut self, index: usize) -> Result<()> {
        let log = self.path(&format!("agent-{index}.log"));
        let agent = &mut self.agents[index];
        let mut command = agent.command();
        command.arg("agent").args(&agent.flags);
        agent.process = Some(Process::start(&agent.name, &mut command, &log)?);
        agent.wait_state(&["online", "transferring", "paused"])
    }

    /// A file or folder in the world's own directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Everything that the processes logged, for a failure's message.
    pub fn logs(&self) -> String {
        let mut text = String::new();
        let agents = (0..self.agents.len()).map(|index| format!("agent-{index}.log"));
        for name in std::iter::once("hub.log".to_owned()).chain(agents) {
            let log = fs::read_to_string(self.path(&name)).unwrap_or_default();
            let tail: Vec<_> = log.lines().rev().take(60).collect();
            text += &format!("--- {name}\n");
            tail.iter().rev().for_each(|line| text += &format!("{line}\n"));
        }
        text
    }

    /// A command of the hub's administrator, to be followed by what he does.
    pub fn hub_command(&self) -> Command {
        let host = self.hosts.first().map(String::as_str);
        let mut command = base_command(&outport(), self.dir.path(), host);
        command.args(["hub", "--data"]).arg(self.path("hub"));
        command
    }

    fn start_hub(&mut self, address: &str) -> Result<()> {
        let log = self.path("hub.log");
        let mut command = self.hub_command();
        command.args(["--listen", address]);
        let settings = self.path(HUB_SETTINGS);
        if settings.exists() {
            command.arg("--config").arg(settings);
        }
        if self.internet.is_some() {
            command.arg("--public-url").arg(format!("https://{}:7440", Internet::NAME));
        }
        if self.ca.is_some() {
            command.arg("--tls-cert").arg(self.path("cert.pem"));
            command.arg("--tls-key").arg(self.path("key.pem"));
        }
        let mut hub = Process::start("the hub", &mut command, &log)?;
        let line = hub.wait_for("listening http", STARTUP)?;
        let url = line.split_whitespace().find(|word| word.starts_with("http"));
        self.url = url.context("the line names the URL")?.trim_end_matches('/').to_owned();
        self.hub = Some(hub);
        Ok(())
    }

    fn sign_in(&self, agent: &Agent) -> Result<()> {
        let log = self.path("login.log");
        let mut command = agent.command();
        command.args(["login", &self.url, "--no-browser"]);
        let mut login = Process::start("login", &mut command, &log)?;
        let line = login.wait_for("code:", STARTUP)?;
        let code = line.rsplit(' ').next().context("the line ends with the code")?;
        succeed(self.hub_command().args(["user", "approve", "smith", code]))?;
        let status = login.wait_end(STARTUP)?;
        ensure!(status.success(), "login failed: {}", login.printed());
        Ok(())
    }
}

impl Agent {
    /// The `outport` command as this computer's owner runs it.
    pub fn command(&self) -> Command {
        let mut command = base_command(&self.program(), &self.home, self.host.as_deref());
        command.env("OUTPORT_HOME", &self.home);
        if let Some(profile) = &self.profile {
            command.env("OUTPORT_PROFILE", profile);
        }
        if let Some(ca) = &self.ca {
            command.env(ca.variable, &ca.file);
        }
        #[cfg(unix)]
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command
    }

    fn program(&self) -> PathBuf {
        match self.user {
            None => outport(),
            Some(_) => self.home.with_extension("program"),
        }
    }

    /// Runs a command that must succeed, and returns what it printed.
    ///
    /// # Errors
    /// When it fails.
    pub fn outport(&self, words: &[&str]) -> Result<String> {
        Ok(succeed(self.command().args(words))?.stdout)
    }

    /// Runs a command with `--json` that must succeed.
    ///
    /// # Errors
    /// When it fails or prints something else.
    pub fn json(&self, words: &[&str]) -> Result<Value> {
        let text = succeed(self.command().args(words).arg("--json"))?.stdout;
        serde_json::from_str(&text).with_context(|| text)
    }

    /// Sets the proxy, with user and password if it wants to know; answers with what comes of it.
    ///
    /// # Errors
    /// When it is refused.
    pub fn set_proxy(&self, proxy: &str, login: Option<(&str, &str)>) -> Result<Value> {
        let Some((user, password)) = login else { return self.json(&["proxy", "set", proxy]) };
        let file = self.home.join("proxy-password");
        fs::write(&file, password)?;
        let file = file.to_str().context("a path in UTF-8")?;
        self.json(&["proxy", "set", proxy, "--user", user, "--password-file", file])
    }

    /// A path in the shared folder, as the collection names it.
    pub fn at(&self, path: &str) -> String {
        format!("{}:{}/{path}", self.name, self.folder.display())
    }

    /// Submits a transfer and returns its task id.
    ///
    /// # Errors
    /// When the hub refuses it.
    pub fn submit(&self, words: &[&str]) -> Result<String> {
        let task = self.json(&[&["transfer"], words].concat())?;
        Ok(task["task_id"].as_str().context("a task id")?.to_owned())
    }

    /// The task's document.
    ///
    /// # Errors
    /// When the hub does not answer.
    pub fn task(&self, task: &str) -> Result<Value> {
        self.json(&["tasks", "show", task])
    }

    /// Waits until the task's document passes `test`.
    ///
    /// # Errors
    /// When it does not in time, or the task ends in another way.
    pub fn wait_task(
        &self,
        task: &str,
        limit: Duration,
        test: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let mut last = Value::Null;
        let found = wait_until(limit, || {
            if let Ok(document) = self.task(task) {
                last = document; // a hub that is down for the moment is no answer
            }
            let over = last["status"] == "FAILED" || last["status"] == "SUCCEEDED";
            if !test(&last) && over {
                bail!("the task ended: {last:#}");
            }
            Ok(test(&last).then(|| last.clone()))
        });
        found.with_context(|| format!("the task does not get there: {last:#}"))
    }

    /// Waits until the agent says that it is in one of `states`.
    ///
    /// # Errors
    /// When it does not in time.
    pub fn wait_state(&self, states: &[&str]) -> Result<()> {
        let mut last = String::new();
        let found = wait_until(STARTUP, || {
            let status = run(self.command().args(["status", "--json"]), STARTUP)?;
            let answer: Value = serde_json::from_str(&status.stdout).unwrap_or_default();
            last = status.stdout + &status.stderr;
            let there = answer["state"].as_str().is_some_and(|state| states.contains(&state));
            Ok(there.then_some(()))
        });
        found.with_context(|| format!("{} is not {states:?} but: {last}", self.name))
    }

    /// What the agent says of itself.
    ///
    /// # Errors
    /// When it does not run.
    pub fn status(&self) -> Result<Value> {
        self.json(&["status"])
    }

    /// Whether the hub sees the agent connected.
    ///
    /// # Errors
    /// When the hub does not answer `asker`, an agent of the same owner.
    pub fn is_online(&self, asker: &Self) -> Result<bool> {
        let endpoint = asker.json(&["endpoints", "show", &self.name])?;
        endpoint["gcp_connected"].as_bool().context("an endpoint is online or not")
    }

    /// Files in the shared folder that no session has finished yet.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn unfinished(&self) -> Result<Vec<PathBuf>> {
        let names = tree::names(&self.folder)?;
        let is_unfinished = |path: &PathBuf| path.to_string_lossy().contains(".outport-part-");
        Ok(names.into_iter().filter(is_unfinished).collect())
    }

    /// Kills the agent the hard way.
    ///
    /// # Errors
    /// When it was not running.
    pub fn kill(&mut self) -> Result<()> {
        Ok(self.process.take().context("the agent runs")?.kill()?)
    }
}

/// Runs a command that must succeed.
///
/// # Errors
/// When it fails, with all that it printed.
pub fn succeed(command: &mut Command) -> Result<Finished> {
    let done = run(command, COMMAND)?;
    if done.code != Some(0) {
        bail!("{command:?} failed ({:?}):\n{}{}", done.code, done.stdout, done.stderr);
    }
    Ok(done)
}

/// The program with nothing of the tester's own surroundings.
fn base_command(program: &Path, home: &Path, host: Option<&str>) -> Command {
    let mut command = match host {
        Some(host) => net::inside(host, program),
        None => Command::new(program),
    };
    for (name, _) in std::env::vars_os() {
        let word = name.to_string_lossy();
        if word.starts_with("OUTPORT_") || word.to_lowercase().ends_with("_proxy") {
            command.env_remove(name);
        }
    }
    command.env("HOME", home).env("NO_COLOR", "1").env("LANG", "C.UTF-8");
    command
}

/// How a hub is known on an internet.
const HUB_ON_INTERNET: [&str; 3] = [Internet::NAME, Internet::HUB[0], Internet::HUB[1]];
/// Every address of a host that is the hub's alone.
const LISTEN_ON_INTERNET: &str = "[::]:7440";
/// The password of every account of a world.
pub const PASSWORD: &str = "correct horse battery staple";
/// How long a process may take to come up on a busy machine.
const STARTUP: Duration = Duration::from_secs(60);
/// The hub's settings file in a world, where it has one.
const HUB_SETTINGS: &str = "hub.toml";
/// How long a command may take on a busy machine.
const COMMAND: Duration = Duration::from_secs(120);
