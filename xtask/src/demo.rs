//! `cargo xtask demo`: a hub and two computers on this one, and a tree of files that arrives
//! whatever happens on the way.
//!
//! Everything runs in a temporary folder with homes of its own; nothing of this user's is touched.
//! The program is the one that people run; the demo only types its commands.

mod computer;
mod interrupt;
mod narrator;
mod sample;
mod stage;

use anyhow::{Context as _, Result};
use clap::value_parser;

use self::{narrator::Narrator, stage::Stage};
use crate::{setup, test};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Leave the hub and both computers running, and say how to look around
    #[arg(long)]
    keep: bool,
    /// How much the sample tree holds, in megabytes
    #[arg(long, default_value_t = 500, value_parser = value_parser!(u64).range(10..=100_000))]
    megabytes: u64,
    /// Take the programs as they were built last
    #[arg(long)]
    no_build: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if !args.no_build {
        setup::for_tests()?;
        println!("building outport (the first time this takes some minutes)");
        test::build()?;
    }

    interrupt::listen()?;
    let narrator = Narrator::new();
    // The build puts the program beside this one.
    let xtask = std::env::current_exe()?;
    let programs = xtask.parent().context("a program stands in a folder")?;
    let mut stage = Stage::set(programs, &narrator)?;
    let shown = show(&mut stage, &narrator, args.megabytes);
    if interrupt::asked() {
        narrator.say("Interrupted. Cleaning up.");
        stage.clear().context("something was left behind")?;
        narrator.good(NOTHING_LEFT);
        std::process::exit(interrupt::EXIT_CODE);
    }
    if let Err(err) = shown {
        stage.print_logs();
        return Err(err);
    }
    if args.keep {
        stage.keep(&narrator);
        return Ok(());
    }
    narrator.say("Cleaning up.");
    stage.clear().context("something was left behind")?;
    narrator.good(NOTHING_LEFT);
    Ok(())
}

fn show(stage: &mut Stage, narrator: &Narrator, megabytes: u64) -> Result<()> {
    narrator.title("A hub, and two computers that join it");
    stage.raise_hub()?;
    stage.join("WorkPC")?;
    stage.join("Cluster")?;
    stage.work_pc().run("endpoints list")?;

    narrator.title("A tree of files from one to the other");
    sample::make(&stage.work_pc().folder, megabytes)?;
    stage.work_pc().run("folders list")?;
    stage.transfer_and_wait("first")?;
    stage.check_with_sha256sum("first")?;

    narrator.title("Paused in the middle, resumed");
    // As long on every machine, so that there is a middle.
    let task = stage.transfer_at("second", (megabytes / SECONDS).max(1))?;
    stage.wait_until_moving(&task)?;
    stage.cluster().run("pause")?;
    stage.wait_for_reason(&task, "paused")?;
    stage.work_pc().run(&format!("tasks show {task}"))?;
    stage.cluster().run("resume")?;

    narrator.title("Killed in the middle, started again");
    stage.wait_until_moving_on(&task)?;
    stage.kill_cluster()?;
    stage.wait_for_reason(&task, "connected")?;
    stage.work_pc().run(&format!("tasks show {task}"))?;
    stage.start("Cluster")?;
    stage.work_pc().run(&format!("tasks wait {task}"))?;
    stage.check_with_sha256sum("second")?;
    stage.work_pc().run(&format!("tasks events {task}"))?;
    narrator.good("Nothing was lost.");
    Ok(())
}

/// What the second transfer takes at least.
const SECONDS: u64 = 8;
const NOTHING_LEFT: &str = "Nothing is left running, and the temporary folder is gone.";
