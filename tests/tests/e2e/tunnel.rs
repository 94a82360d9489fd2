//! Networks that let no UDP out, and the hub's HTTPS port as the way through.

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use outport_tests::{
    ear::Ear,
    net::{Joined, Wire},
    skip,
    tree::{self, Plan},
    world::World,
};
use serde_json::Value;

#[test]
fn computers_that_have_no_udp_move_files_through_the_hubs_https_port() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let world = World::two_on_internet([Joined::Walled; 2])?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    tree::make(&pc.folder.join("tree"), PLAN, 1)?;
    let ear = Ear::in_host(world.internet.as_ref().context("there is an internet")?.hub())?;
    let began = Instant::now();
    let task = pc.submit(&[&pc.at("tree"), &cluster.at("copy"), "--recursive"])?;
    world.arrives(&task, "tunnel", LIMIT)?;
    println!("content arrives {:?} after the submission", began.elapsed());
    world.ends_well(&task, LIMIT)?;
    let heard = ear.heard()?;
    let content = fs::read(pc.folder.join("tree/large-0.bin"))?;
    for secret in [&content[1000..1024], b"large-0.bin"] {
        let is_plain = |packet: &Vec<u8>| packet.windows(secret.len()).any(|part| part == secret);
        ensure!(!heard.iter().any(is_plain), "the hub's host heard {secret:02x?}");
    }
    Ok(())
}

#[test]
fn a_computer_that_has_no_udp_and_one_that_has_meet_both_ways() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let world = World::two_on_internet([Joined::Walled, Joined::Open])?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    tree::make(&pc.folder.join("tree"), PLAN, 1)?;
    for (from, to, name, copy) in [(pc, cluster, "tree", "back"), (cluster, pc, "back", "again")] {
        let task = from.submit(&[&from.at(name), &to.at(copy), "--recursive"])?;
        world.arrives(&task, "tunnel", LIMIT)?;
        let over = |task: &Value| task["status"] == "SUCCEEDED";
        pc.wait_task(&task, LIMIT, over).with_context(|| world.logs())?;
    }
    tree::compare(&pc.folder.join("tree"), &pc.folder.join("again"))
}

#[test]
fn the_tunnel_carries_nine_tenths_of_what_plain_tcp_does_on_the_same_path() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let world = World::two_on_internet([Joined::Walled; 2])?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    let internet = world.internet.as_ref().context("there is an internet")?;
    internet.limit("100mbit")?;
    let plain = internet.plain_tcp(GOODPUT_PLAN.large_bytes / 2)?;
    tree::make(&pc.folder.join("tree"), GOODPUT_PLAN, 1)?;
    let task = pc.submit(&[&pc.at("tree"), &cluster.at("copy"), "--recursive"])?;
    world.arrives(&task, "tunnel", LIMIT)?;
    let (began, before) = (Instant::now(), moved(&pc.task(&task)?));
    let over = |task: &Value| task["status"] == "SUCCEEDED";
    pc.wait_task(&task, LIMIT, over).with_context(|| world.logs())?;
    let bytes = GOODPUT_PLAN.large_bytes - before;
    let tunnel = bytes as f64 / began.elapsed().as_secs_f64();
    ensure!(GOODPUT_PLAN.large_bytes / 2 < bytes, "most of it was moved too soon: {before} bytes");
    let ratio = tunnel / plain;
    println!("tunnel {tunnel:.0} B/s, plain TCP {plain:.0} B/s, ratio {ratio:.3}");
    ensure!(0.9 < ratio, "{ratio}");
    world.ends_well(&task, LIMIT)
}

#[test]
fn a_transfer_whose_udp_is_blocked_in_its_middle_goes_on_through_the_https_port() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let world = World::two_on_internet([Joined::Translated; 2])?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    let internet = world.internet.as_ref().context("there is an internet")?;
    internet.limit("20mbit")?;
    tree::make(&pc.folder.join("tree"), PLAN, 1)?;
    let task = pc.submit(&[&pc.at("tree"), &cluster.at("copy"), "--recursive"])?;
    world.arrives(&task, "direct", LIMIT)?;
    internet.wall_in(0)?;
    let walled = Instant::now();
    world.arrives(&task, "tunnel", LIMIT)?;
    let took = walled.elapsed();
    println!("content arrives again after {took:?}");
    ensure!(took < AROUND_THE_WALL, "content arrived after {took:?} only\n{}", world.logs());
    internet.limit("1gbit")?;
    world.ends_well(&task, LIMIT)
}

#[test]
fn a_transfer_through_the_https_port_goes_over_to_udp_with_its_session_when_that_gets_out_again()
-> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let world = World::two_on_internet([Joined::Scrambled; 2])?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    let internet = world.internet.as_ref().context("there is an internet")?;
    internet.limit("20mbit")?;
    internet.wall_in(0)?;
    internet.wall_in(1)?;
    tree::make(&pc.folder.join("tree"), PLAN, 1)?;
    let task = pc.submit(&[&pc.at("tree"), &cluster.at("copy"), "--recursive"])?;
    world.arrives(&task, "tunnel", LIMIT)?;
    let session = pc.status()?["sessions"][0].clone();
    internet.open_wall(0)?;
    internet.open_wall(1)?;
    let opened = Instant::now();
    world.arrives(&task, "relay", LIMIT)?;
    let took = opened.elapsed();
    println!("content arrives by UDP after {took:?}");
    ensure!(took < NEXT_LOOK, "content arrived by UDP after {took:?} only\n{}", world.logs());
    let now = pc.status()?["sessions"][0].clone();
    for part in ["session", "started"] {
        assert_eq!(now[part], session[part], "{part}: {now:#}");
    }
    internet.limit("1gbit")?;
    world.ends_well(&task, LIMIT)?;
    let events = pc.outport(&["tasks", "events", &task])?;
    ensure!(events.contains("ROUTE_CHANGED"), "{events}");
    ensure!(!events.contains("CONNECTION_BROKEN"), "{events}");
    Ok(())
}

fn moved(task: &Value) -> u64 {
    task["bytes_transferred"].as_u64().unwrap_or_default()
}

/// Eight seconds at 100 Mbit/s: the start and the end take little of it.
const GOODPUT_PLAN: Plan = Plan { small_files: 0, large_files: 1, large_bytes: 96 << 20 };
/// What the laboratory promises: 64 MiB, three seconds at 200 Mbit/s.
const PLAN: Plan = Plan { small_files: 20, large_files: 1, large_bytes: 64 << 20 };
/// The second look, six seconds after the first one was over, and what it takes.
const NEXT_LOOK: Duration = Duration::from_secs(18);
/// Ten seconds of silence, and a new link.
const AROUND_THE_WALL: Duration = Duration::from_secs(20);
const LIMIT: Duration = Duration::from_secs(120);
