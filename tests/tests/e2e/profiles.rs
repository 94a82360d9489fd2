//! Several endpoints on one computer: they run at once and know nothing of each other.

use std::{fs, time::Duration};

use anyhow::{Context as _, Result};
use outport_tests::{
    process::run,
    tree::{self, Plan},
    world::World,
};

#[test]
fn two_profiles_of_one_computer_run_at_once_and_apart() -> Result<()> {
    let mut world = World::new()?;
    let lab = world.add_agent("LabPC")?;
    let archive = world.add_profile(lab, "Archive")?;
    let (lab, archive) = (&world.agents[lab], &world.agents[archive]);
    assert_eq!(lab.home, archive.home, "one computer, one installation");

    let mut keys = Vec::new();
    for (agent, profile) in [(lab, "default"), (archive, "archive")] {
        let status = agent.status()?;
        let pid = agent.process.as_ref().context("it runs")?.id();
        assert_eq!(status["pid"], pid, "{status:#}");
        assert_eq!(status["profile"], profile, "{status:#}");
        assert_eq!(status["endpoint"]["name"], format!("smith#{}", agent.name), "{status:#}");
        assert_eq!(status["folders"].as_array().map(Vec::len), Some(1), "{status:#}");
        keys.push(status["endpoint"]["fingerprint"].to_string());
    }
    assert_ne!(keys[0], keys[1], "each has a key of its own");

    // Files move between them as between two computers, each by its own rules.
    tree::make(&lab.folder.join("tree"), PLAN, 4)?;
    lab.outport(&["transfer", &lab.at("tree"), &archive.at("copy"), "--recursive", "--wait"])?;
    tree::compare(&lab.folder.join("tree"), &archive.folder.join("copy"))?;
    fs::write(archive.folder.join("own"), b"x")?;
    let theirs = format!("{}:{}", lab.name, archive.folder.display());
    let refused = run(lab.command().args(["ls", &theirs]), LIMIT)?;
    assert_ne!(refused.code, Some(0), "the folder of one is not the other's: {}", refused.stdout);

    // A pause or an end of one is none of the other's business.
    archive.outport(&["pause"])?;
    archive.wait_state(&["paused"])?;
    lab.wait_state(&["online"])?;
    lab.outport(&["ls", &lab.at("")])?;
    archive.outport(&["resume"])?;
    lab.outport(&["stop"])?;
    let gone = run(lab.command().arg("status"), LIMIT)?;
    assert_eq!(gone.code, Some(5), "{}", gone.stderr);
    archive.wait_state(&["online"])?;
    archive.outport(&["ls", &archive.at("")])?;
    assert!(!lab.is_online(archive)?);
    Ok(())
}

#[test]
fn after_a_kill_commands_say_that_no_agent_runs() -> Result<()> {
    let mut world = World::new()?;
    let pc = world.add_agent("WorkPC")?;
    world.agents[pc].kill()?;
    let told = run(world.agents[pc].command().args(["status", "--json"]), LIMIT)?;
    assert_eq!(told.code, Some(5), "{}", told.stderr);
    assert!(told.stderr.contains("No agent is running here"), "{}", told.stderr);
    world.start_agent(pc)?;
    let agent = &world.agents[pc];
    let second = run(agent.command().arg("agent"), LIMIT)?;
    assert!(second.stderr.contains("runs already"), "{}", second.stderr);
    Ok(())
}

const PLAN: Plan = Plan { small_files: 50, large_files: 1, large_bytes: 3_000_001 };
const LIMIT: Duration = Duration::from_secs(120);
