//! What ends a transfer before its time: its owner, the owner of a folder, the end of an agent.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use outport_tests::{
    net::Wire,
    process::{wait_since, wait_until},
    skip,
    tree::{self, Held, Plan},
    world::{Agent, World, succeed},
};
use rustix::process::Signal;

#[test]
fn a_cancelled_transfer_stops_at_both_ends_and_leaves_nothing_behind() -> Result<()> {
    let mut world = World::new()?;
    let (pc, cluster) = (world.add_agent("WorkPC")?, world.add_agent("Cluster")?);
    let (pc, cluster) = (&world.agents[pc], &world.agents[cluster]);
    tree::make(&pc.folder.join("tree"), LARGE, 3)?;
    let task = begin(pc, cluster)?;

    let asked = Instant::now();
    pc.outport(&["tasks", "cancel", &task])?;
    wait_since(asked, Duration::from_secs(1))?;
    let held = Held::of(&cluster.folder)?;
    for agent in [pc, cluster] {
        let status = agent.status()?;
        assert_eq!(status["sessions"].as_array().map(Vec::len), Some(0), "{status:#}");
    }
    let ended = pc.wait_task(&task, LIMIT, |task| task["status"] == "FAILED")?;
    assert_eq!(ended["fatal_error"]["code"], "CANCELED", "{ended:#}");
    wait_until(SWEPT, || Ok(cluster.unfinished()?.is_empty().then_some(())))?;
    assert!(Held::of(&cluster.folder)?.is_rest_of(&held), "content arrived after the end");
    assert!(!cluster.folder.join("copy/large-0.bin").exists());
    for agent in [pc, cluster] {
        let kept = agent.home.join("default/state/tasks").join(&task);
        assert!(!kept.exists(), "{} is left", kept.display());
        agent.wait_state(&["online"])?;
    }
    Ok(())
}

#[test]
fn a_folder_that_is_removed_at_either_end_cuts_its_transfer_within_a_second() -> Result<()> {
    let mut world = World::new()?;
    let (pc, cluster) = (world.add_agent("WorkPC")?, world.add_agent("Cluster")?);
    let (pc, cluster) = (&world.agents[pc], &world.agents[cluster]);
    tree::make(&pc.folder.join("tree"), LARGE, 3)?;
    for owner in [cluster, pc] {
        let task = begin(pc, cluster)?;
        let folder = &owner.folder;
        succeed(owner.command().args(["folders", "remove"]).arg(folder))?;
        let in_force = Instant::now();
        wait_since(in_force, Duration::from_secs(1))?;
        let held = Held::of(&cluster.folder)?;
        let status = owner.status()?;
        assert_eq!(status["sessions"].as_array().map(Vec::len), Some(0), "{status:#}");
        let events = wait_until(Duration::from_secs(5), || {
            let events = pc.outport(&["tasks", "events", &task])?;
            Ok(events.contains("PERMISSION_DENIED").then_some(events))
        });
        let events = events.with_context(|| format!("{} removed\n{}", owner.name, world.logs()))?;
        assert!(!events.contains("SUCCEEDED"), "{events}");
        wait_since(in_force, Duration::from_secs(2))?;
        assert!(Held::of(&cluster.folder)?.is_rest_of(&held), "content arrived after the end");
        assert!(!cluster.folder.join("copy/large-0.bin").exists(), "no half file");
        succeed(owner.command().args(["folders", "add", "--read-write"]).arg(folder))?;
        pc.outport(&["tasks", "cancel", &task]).ok(); // it may have failed for good by then
    }
    Ok(())
}

/// Ctrl-C, the end of a session and the end of a terminal, each in the middle of the content, at both
/// ends: the transfer waits, and what was verified crosses the wire once.
#[test]
fn signals_end_an_agent_in_order_and_nothing_verified_is_sent_again() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let mut world = World::two_on_wire()?;
    tree::make(&world.agents[SENDER].folder.join("tree"), PACED, 5)?;
    let started = arrived(&world)?;
    world.wire.as_ref().context("the world is on a wire")?.limit("100mbit")?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    let task = begin(pc, cluster)?;
    let copy = cluster.folder.join("copy/large-0.bin");

    let rounds = [
        (Signal::TERM, RECEIVER, SENDER),
        (Signal::INT, SENDER, RECEIVER),
        (Signal::HUP, RECEIVER, SENDER),
    ];
    for (round, (signal, victim, other)) in (1..).zip(rounds) {
        let target = started + STEP_BYTES * round;
        wait_until(LIMIT, || Ok((target < arrived(&world)?).then_some(())))?;
        let mut process = world.agents[victim].process.take().context("it runs")?;
        process.signal(signal)?;
        let status = process.wait_end(Duration::from_secs(10))?;
        ensure!(status.code() == Some(0), "{signal:?}: {status}\n{}", process.printed());
        let [victim_agent, other_agent] = [&world.agents[victim], &world.agents[other]];
        wait_until(Duration::from_secs(1), || {
            Ok((!victim_agent.is_online(other_agent)?).then_some(()))
        })
        .with_context(|| format!("the hub shows {} connected", victim_agent.name))?;
        let shown = other_agent.task(&task)?;
        assert_eq!(shown["status"], "ACTIVE", "{shown:#}");
        let unfinished = world.agents[RECEIVER].unfinished()?;
        assert_eq!(unfinished.len(), 1, "what is verified is kept: {unfinished:?}");
        let journals = world.agents[RECEIVER].home.join("default/state/tasks").join(&task);
        assert!(journals.is_dir(), "the journal is kept");
        assert!(!copy.exists(), "no half file");
        world.start_agent(victim)?;
    }

    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    pc.wait_task(&task, LIMIT, |task| task["status"] == "SUCCEEDED")?;
    tree::compare(&pc.folder.join("tree"), &cluster.folder.join("copy"))?;
    let beside = (arrived(&world)? - started).saturating_sub(PACED.large_bytes);
    println!("{beside} bytes beside the content, over three ends");
    assert!(beside < BESIDE_BYTES_MAX, "{beside} bytes came beside the content");
    Ok(())
}

/// Starts a transfer and waits until content moves.
fn begin(pc: &Agent, cluster: &Agent) -> Result<String> {
    // However fast the machine is, it does not end before what is done to it.
    let (from, to) = (pc.at("tree"), cluster.at("copy"));
    let task = pc.submit(&[&from, &to, "--recursive", "--limit", "50 MB/s"])?;
    pc.wait_task(&task, LIMIT, |task| task["bytes_transferred"].as_u64() > Some(0))?;
    Ok(task)
}

/// Bytes that came to the receiver's computer.
fn arrived(world: &World) -> Result<u64> {
    Ok(world.wire.as_ref().context("the world is on a wire")?.right_bytes()?.1)
}

const SENDER: usize = 0;
const RECEIVER: usize = 1;
const LARGE: Plan = Plan { small_files: 10, large_files: 1, large_bytes: 1_500_000_000 };
/// Some seven seconds at 100 Mbit/s.
const PACED: Plan = Plan { small_files: 0, large_files: 1, large_bytes: 80_000_000 };
const STEP_BYTES: u64 = 20_000_000;
/// What was in flight at three ends, headers, and the talk with the hub: less than one step.
const BESIDE_BYTES_MAX: u64 = 18_000_000;
const SWEPT: Duration = Duration::from_secs(20);
const LIMIT: Duration = Duration::from_secs(120);
