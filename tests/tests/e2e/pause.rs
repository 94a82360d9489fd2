//! Paused is paused: within a second nothing of a file moves, on a fast wire and on a slow one.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use outport_tests::{
    net::Wire,
    process::{run, wait_since, wait_until},
    skip,
    tree::{self, Held, Plan},
    world::World,
};

#[test]
fn on_loopback_nothing_moves_a_second_after_pause() -> Result<()> {
    let mut world = World::new()?;
    let (pc, cluster) = (world.add_agent("WorkPC")?, world.add_agent("Cluster")?);
    let (pc, cluster) = (&world.agents[pc], &world.agents[cluster]);
    tree::make(&pc.folder.join("tree"), PLAN, 1)?;
    let task = pc.submit(&[&pc.at("tree"), &cluster.at("copy"), "--recursive"])?;
    pc.wait_task(&task, LIMIT, |task| task["bytes_transferred"].as_u64() > Some(0))?;

    let asked = Instant::now();
    pc.outport(&["pause"])?;
    wait_since(asked, Duration::from_secs(1))?;
    let before = Held::of(&cluster.folder)?;
    let shown = pc.wait_task(&task, LIMIT, |task| task["is_paused"] == true)?;
    assert_eq!(shown["nice_status"], "GC_PAUSED", "{shown:#}");
    assert_eq!(Held::of(&cluster.folder)?, before, "content moved after the pause");

    let listing = run(pc.command().args(["ls", &pc.at("")]), LIMIT)?;
    assert!(listing.stderr.contains("paused"), "{}", listing.stderr);

    pc.outport(&["resume"])?;
    pc.wait_task(&task, LIMIT, |task| task["status"] == "SUCCEEDED")?;
    tree::compare(&pc.folder.join("tree"), &cluster.folder.join("copy"))
}

#[test]
fn on_a_slow_wire_nothing_moves_a_second_after_pause_whoever_pauses() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let world = World::two_on_wire()?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    let wire = world.wire.as_ref().context("the world is on a wire")?;
    tree::make(&pc.folder.join("tree"), SLOW_PLAN, 1)?;
    let started = wire_bytes(wire)?;
    wire.limit("50mbit")?;
    let task = pc.submit(&[&pc.at("tree"), &cluster.at("copy"), "--recursive"])?;

    // There is something to go on from.
    wait_until(LIMIT, || Ok((started + HELD_BYTES < wire_bytes(wire)?).then_some(())))?;
    wire.limit("1mbit")?;
    for owner in [pc, cluster] {
        let before = wire_bytes(wire)?;
        wait_until(LIMIT, || Ok((before + MOVING_BYTES < wire_bytes(wire)?).then_some(())))?;
        let asked = Instant::now();
        owner.outport(&["pause"])?;
        wait_since(asked, Duration::from_secs(1))?;
        let stopped = wire_bytes(wire)?;
        wait_since(asked, Duration::from_secs(4))?;
        let after = wire_bytes(wire)? - stopped;
        assert!(after < CHATTER_BYTES, "{after} bytes on the wire after {} paused", owner.name);
        owner.outport(&["resume"])?;
    }

    wire.limit("1gbit")?;
    pc.wait_task(&task, LIMIT, |task| task["status"] == "SUCCEEDED")?;
    tree::compare(&pc.folder.join("tree"), &cluster.folder.join("copy"))?;
    let repeated = (wire_bytes(wire)? - started).saturating_sub(SLOW_PLAN.large_bytes);
    println!("{repeated} bytes beside the content, over two pauses");
    assert!(repeated < REPEATED_BYTES_MAX, "{repeated} bytes came again over two pauses");
    Ok(())
}

/// Bytes that crossed the wire, in both directions.
fn wire_bytes(wire: &Wire) -> Result<u64> {
    let (sent, received) = wire.right_bytes()?;
    Ok(sent + received)
}

const PLAN: Plan = Plan { small_files: 500, large_files: 1, large_bytes: 1_500_000_000 };
const SLOW_PLAN: Plan = Plan { small_files: 0, large_files: 1, large_bytes: 12_000_000 };
/// More than the talk with the hub in any second: content moves.
const MOVING_BYTES: u64 = 400_000;
/// Half of the file.
const HELD_BYTES: u64 = 6_000_000;
/// What was in flight at two pauses, headers, and the talk with the hub: much less than what was held.
const REPEATED_BYTES_MAX: u64 = 5_000_000;
/// What the talk with the hub and closing packets may come to in three seconds.
const CHATTER_BYTES: u64 = 24_000;
const LIMIT: Duration = Duration::from_secs(180);
