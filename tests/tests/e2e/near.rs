//! What an owner wants inside the local network only, and what may go through a relay how fast.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use outport_tests::{
    net::{Joined, Wire},
    skip,
    tree::{self, Plan},
    world::{Agent, World},
};
use serde_json::Value;

#[test]
fn a_folder_for_the_local_network_only_waits_and_says_so_until_its_owner_opens_it() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let world = World::two_on_internet([Joined::Translated; 2])?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    tree::make(&pc.folder.join("tree"), PLAN, 1)?;
    // Whoever owns one of both decides.
    for (owner, copy) in [(pc, "one"), (cluster, "other")] {
        share(owner, &["--local-only"])?;
        let task = pc.submit(&[&pc.at("tree"), &cluster.at(copy), "--recursive"])?;
        let told = pc
            .wait_task(&task, LIMIT, |task| task["outport"]["problem"] == "LOCAL_NETWORK_ONLY")
            .with_context(|| world.logs())?;
        ensure!(told["nice_status"] == "CONNECT_FAILED", "{told:#}");
        let details = told["nice_status_details"].as_str().unwrap_or_default();
        ensure!(details.contains("inside its local network only"), "{told:#}");
        ensure!(told["bytes_transferred"] == 0, "{told:#}");
        share(owner, &[])?;
        world.arrives(&task, "direct", LIMIT)?;
        world.succeeds(&task, LIMIT)?;
        tree::compare(&pc.folder.join("tree"), &cluster.folder.join(copy))?;
    }
    Ok(())
}

#[test]
fn what_is_for_the_local_network_only_is_left_out_of_what_goes_elsewhere() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let world = World::two_on_internet([Joined::Translated; 2])?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    tree::make(&pc.folder.join("tree"), PLAN, 1)?;
    tree::make(&pc.folder.join("tree/inside"), PLAN, 2)?;
    let inside = pc.folder.join("tree/inside");
    let path = inside.to_str().context("a path in UTF-8")?;
    pc.outport(&["folders", "add", "--local-only", path])?;
    let tested = pc.outport(&["folders", "test", path])?;
    ensure!(tested.contains("inside the local network only"), "{tested}");
    let task = pc.submit(&[&pc.at("tree"), &cluster.at("copy"), "--recursive"])?;
    world.succeeds(&task, LIMIT)?;
    ensure!(cluster.folder.join("copy/large-0.bin").exists(), "the rest comes");
    ensure!(!cluster.folder.join("copy/inside").exists(), "and that does not");
    // Who reads the result learns of it.
    let left = pc.outport(&["tasks", "show", &task, "--skipped", "--json"])?;
    let left: Value = serde_json::from_str(&left)?;
    ensure!(left["error_code"] == "PERMISSION_DENIED", "{left:#}");
    let details = left["error_details"].as_str().unwrap_or_default();
    ensure!(details.contains("inside its local network only and was left out"), "{left:#}");
    Ok(())
}

#[test]
fn inside_one_network_a_folder_for_that_only_moves_as_any_other() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let world = World::two_on_wire()?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    tree::make(&pc.folder.join("tree"), PLAN, 1)?;
    for agent in [pc, cluster] {
        share(agent, &["--local-only"])?;
    }
    let task = pc.submit(&[&pc.at("tree"), &cluster.at("copy"), "--recursive"])?;
    world.ends_well(&task, LIMIT)
}

/// A laptop that is carried away from its network in the middle, and back.
#[test]
fn a_session_for_the_local_network_only_ends_when_its_computer_leaves_that_and_goes_on_later()
-> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let world = World::two_on_wire()?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    let wire = world.wire.as_ref().context("the world is on a wire")?;
    tree::make(&pc.folder.join("tree"), PLAN, 1)?;
    share(cluster, &["--local-only"])?;
    wire.limit("20mbit")?;
    let task = pc.submit(&[&pc.at("tree"), &cluster.at("copy"), "--recursive"])?;
    world.arrives(&task, "tcp", LIMIT)?;
    wire.right_leaves_network()?;
    let left = Instant::now();
    let told =
        pc.wait_task(&task, LIMIT, |task| task["outport"]["problem"] == "LOCAL_NETWORK_ONLY");
    let told = told.with_context(|| world.logs())?;
    println!("said after {:?}", left.elapsed());
    ensure!(left.elapsed() < SOON, "said after {:?} only\n{}", left.elapsed(), world.logs());
    ensure!(told["status"] == "ACTIVE", "it waits: {told:#}");
    let (_, before) = wire.right_bytes()?;
    wire.right_comes_back()?;
    let (_, after) = wire.right_bytes()?;
    ensure!(after - before < 100_000, "nothing moves meanwhile: {}", after - before);
    world.arrives(&task, "tcp", LIMIT)?;
    wire.limit("1gbit")?;
    world.ends_well(&task, LIMIT)
}

#[test]
fn what_goes_through_a_relay_keeps_to_the_limit_that_either_owner_set_for_that() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let world = World::two_on_internet([Joined::Scrambled; 2])?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    tree::make(&pc.folder.join("tree"), PLAN, 1)?;
    for (owner, copy) in [(pc, "sent"), (cluster, "received")] {
        owner.outport(&["limits", "set", "--relay", "2 MB/s"])?;
        let began = Instant::now();
        let task = pc.submit(&[&pc.at("tree"), &cluster.at(copy), "--recursive"])?;
        world.arrives(&task, "relay", LIMIT)?;
        let held = pc.wait_task(&task, LIMIT, |task| {
            let rate = task["outport"]["rate"].as_u64();
            rate.is_some_and(|rate| (1_000_000..3_000_000).contains(&rate))
        });
        held.with_context(|| world.logs())?;
        let limits = owner.status()?["limits"].clone();
        ensure!(limits["holds_relay"] == true && limits["holds_upload"] == false, "{limits:#}");
        world.succeeds(&task, LIMIT)?;
        let took = began.elapsed();
        ensure!(AT_2_MB < took, "{copy}: {took:?}");
        owner.outport(&["limits", "clear"])?;
    }
    Ok(())
}

fn share(agent: &Agent, how: &[&str]) -> Result<()> {
    let folder = agent.folder.to_str().context("a path in UTF-8")?;
    agent.outport(&[&["folders", "add", "--read-write", folder], how].concat())?;
    Ok(())
}

/// Half a second at 200 Mbit/s.
const PLAN: Plan = Plan { small_files: 10, large_files: 1, large_bytes: 10_000_000 };
/// What ten megabytes take under the limit, less what may go at once.
const AT_2_MB: Duration = Duration::from_millis(4_300);
const LIMIT: Duration = Duration::from_secs(120);
/// A look a second, a session that finds no other way, and what the hub lets pass between two.
const SOON: Duration = Duration::from_secs(20);
