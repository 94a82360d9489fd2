//! A world with a computer whose owner uses the desktop app.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Context as _, Result};
use outport_tests::{
    desktop::{Desktop, Tray, TrayHost},
    process::{Process, wait_until},
    world::World,
};

/// A hub, the computer `WorkPC` with the app, and a screen.
pub(crate) struct Rig {
    pub(crate) world: World,
    pub(crate) desktop: Desktop,
    pub(crate) host: TrayHost,
    /// Where `WorkPC` is among the agents.
    pub(crate) pc: usize,
}

impl Rig {
    /// `WorkPC` is set up and its agent does not run; `None` where there can be no screen.
    pub(crate) fn new() -> Result<Option<Self>> {
        let Some(rig) = Self::fresh()? else { return Ok(None) };
        rig.joined().map(Some)
    }

    /// The same with a hub that has a certificate of its own.
    pub(crate) fn encrypted() -> Result<Option<Self>> {
        let Some(rig) = Self::fresh()? else { return Ok(None) };
        Self { world: World::encrypted()?, ..rig }.joined().map(Some)
    }

    fn joined(mut self) -> Result<Self> {
        self.pc = self.world.add_agent("WorkPC")?;
        self.stop_agent()?;
        Ok(self)
    }

    /// A hub and a screen, and no computer yet.
    pub(crate) fn fresh() -> Result<Option<Self>> {
        let Some(desktop) = Desktop::start()? else { return Ok(None) };
        let host = TrayHost::start(&desktop.bus)?;
        Ok(Some(Self { world: World::new()?, desktop, host, pc: 0 }))
    }

    /// Starts the app and waits until its item is in the tray.
    pub(crate) fn start_app(&self, args: &[&str]) -> Result<(Process, Tray)> {
        let app = self.start_without_waiting(args)?;
        let tray = self.host.wait_item().with_context(|| self.app_log())?;
        Ok((app, tray))
    }

    /// Starts the app.
    pub(crate) fn start_without_waiting(&self, args: &[&str]) -> Result<Process> {
        let mut command = self.desktop.app(&self.world.agents[self.pc].home);
        Process::start("the app", command.args(args), &self.desktop.path("app.log"))
    }

    /// Starts the headless agent of `WorkPC`.
    pub(crate) fn start_agent(&mut self) -> Result<()> {
        self.world.start_agent(self.pc)
    }

    /// Ends the headless agent of `WorkPC`.
    pub(crate) fn stop_agent(&mut self) -> Result<()> {
        let agent = self.world.agents[self.pc].process.take();
        agent.context("the agent runs")?.terminate(LIMIT)?;
        Ok(())
    }

    /// The state of `WorkPC` as `outport status` tells it.
    pub(crate) fn state(&self) -> Result<String> {
        let status = self.world.agents[self.pc].json(&["status"])?;
        Ok(status["state"].as_str().unwrap_or_default().to_owned())
    }

    /// Waits until nothing answers for `WorkPC` any more.
    pub(crate) fn wait_nothing_runs(&self) -> Result<()> {
        wait_until(LIMIT, || Ok(self.state().is_err().then_some(())))
            .context("something still answers")
    }

    /// What the app printed.
    pub(crate) fn app_log(&self) -> String {
        fs::read_to_string(self.desktop.path("app.log")).unwrap_or_default()
    }

    /// Where `WorkPC` keeps a part of its own: `config`, `state` and so on.
    pub(crate) fn own(&self, part: &str) -> PathBuf {
        self.world.agents[self.pc].home.join("default").join(part)
    }

    /// The folder that `WorkPC` shares.
    pub(crate) fn folder(&self) -> PathBuf {
        self.world.agents[self.pc].folder.clone()
    }
}

/// What a busy machine may take for any one step.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
