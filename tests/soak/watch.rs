//! What is found out, and what was promised of it.

use std::{
    fmt::Write as _,
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use outport_tests::{
    process::wait_until,
    world::{Agent, World},
};
use serde_json::Value;

/// One line for each thing that was looked at.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    what: String,
    promised: String,
    measured: String,
    kept: bool,
}

impl Findings {
    /// Notes something that is only told.
    pub(crate) fn tell(&mut self, what: impl Into<String>, measured: impl Into<String>) {
        self.note(what.into(), String::new(), measured.into(), true);
    }

    /// Notes something that must be at most so much.
    pub(crate) fn at_most(
        &mut self,
        what: impl Into<String>,
        measured: f64,
        most: f64,
        unit: &str,
    ) {
        let told = |figure: f64, digits| format!("{figure:.digits$} {unit}").trim_end().to_owned();
        let promised = format!("at most {}", told(most, if most.fract() == 0.0 { 0 } else { 2 }));
        self.note(what.into(), promised, told(measured, 2), measured <= most);
    }

    /// Notes something that must be at least so much.
    pub(crate) fn at_least(&mut self, what: impl Into<String>, measured: f64, least: f64) {
        let promised = format!("at least {least:.2}");
        self.note(what.into(), promised, format!("{measured:.2}"), least <= measured);
    }

    fn note(&mut self, what: String, promised: String, measured: String, kept: bool) {
        println!("{what}: {measured}{}", if kept { "" } else { " (worse than promised)" });
        self.lines.push(Line { what, promised, measured, kept });
    }

    /// All of it, for the document of results.
    pub(crate) fn table(&self) -> String {
        let mut text = String::from("| | promised | measured |\n| --- | --- | --- |\n");
        for Line { what, promised, measured, .. } in &self.lines {
            writeln!(text, "| {what} | {promised} | {measured} |").expect("a string takes all");
        }
        text
    }

    /// Fails when something is worse than promised.
    pub(crate) fn verdict(&self) -> Result<()> {
        let broken: Vec<&str> =
            self.lines.iter().filter(|line| !line.kept).map(|line| &*line.what).collect();
        if !broken.is_empty() {
            bail!("worse than promised: {}", broken.join("; "));
        }
        Ok(())
    }
}

/// The most memory that a running agent ever had, in MB.
pub(crate) fn peak_megabytes(agent: &Agent) -> Result<f64> {
    let process = agent.process.as_ref().context("the agent runs")?;
    let status = fs::read_to_string(format!("/proc/{}/status", process.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()).context("a peak")?;
    Ok(kibibytes.parse::<f64>()? * 1024.0 / 1e6)
}

/// Notes the peaks of both agents.
pub(crate) fn note_peaks(world: &World, what: &str, most: f64, found: &mut Findings) -> Result<()> {
    for (agent, side) in world.agents.iter().zip(["source", "destination"]) {
        found.at_most(format!("{what}: memory of the {side}"), peak_megabytes(agent)?, most, "MB");
    }
    Ok(())
}

/// How far a task is, as everybody sees it.
pub(crate) fn figure(task: &Value, field: &str) -> u64 {
    task[field].as_u64().unwrap_or_default()
}

/// Kills an agent the hard way, starts it again, and returns how long it took from then until more
/// bytes of the task were safe at the destination than before.
pub(crate) fn kill(world: &mut World, index: usize, task: &str) -> Result<Duration> {
    world.agents[index].kill()?;
    let before = figure(&world.agents[0].task(task).unwrap_or_default(), "bytes_transferred");
    let began = Instant::now();
    world.start_agent(index)?;
    let asker = &world.agents[0];
    wait_until(BACK_LIMIT, || {
        let now = asker.task(task).map(|task| figure(&task, "bytes_transferred")).unwrap_or(0);
        Ok((before < now).then_some(()))
    })?;
    Ok(began.elapsed())
}

/// Longer than any promise: what is broken is told with its number.
const BACK_LIMIT: Duration = Duration::from_secs(120);
