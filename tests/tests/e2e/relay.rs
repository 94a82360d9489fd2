//! Networks in which two computers cannot reach each other, and the relay of the hub between them.

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
    world::{Agent, World},
};
use serde_json::Value;

#[test]
fn computers_that_cannot_reach_each_other_meet_at_the_relay_which_reads_nothing() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let world = World::two_on_internet([Joined::Scrambled; 2])?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    tree::make(&pc.folder.join("tree"), PLAN, 1)?;
    let ear = Ear::in_host(world.internet.as_ref().context("there is an internet")?.hub())?;
    moves(&world, [pc, cluster], ["tree", "copy"], "relay")?;
    let heard = ear.heard()?;
    let bytes: usize = heard.iter().map(Vec::len).sum();
    ensure!(2 * PLAN.large_bytes < bytes as u64, "all of it passed here twice: {bytes} bytes");
    let content = fs::read(pc.folder.join("tree/large-0.bin"))?;
    let relay_secret = fs::read(world.path("hub/relay.key"))?;
    for secret in [&content[1000..1024], b"large-0.bin", &relay_secret] {
        let is_plain = |packet: &Vec<u8>| packet.windows(secret.len()).any(|part| part == secret);
        ensure!(!heard.iter().any(is_plain), "the hub's host heard {secret:02x?}");
    }
    Ok(())
}

#[test]
fn a_straight_way_is_taken_where_one_leads_there_unless_the_owner_wants_a_relay_only() -> Result<()>
{
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    // Whoever comes gets in at the second one, so the first one's strange ports do not matter.
    let world = World::two_on_internet([Joined::Scrambled, Joined::Open])?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    tree::make(&pc.folder.join("tree"), SMALL_PLAN, 1)?;
    moves(&world, [pc, cluster], ["tree", "direct"], "direct")?;
    wish(cluster, "only")?;
    moves(&world, [pc, cluster], ["tree", "relayed"], "relay")
}

#[test]
fn an_owner_who_wants_no_relay_waits_until_there_is_a_way() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let world = World::two_on_internet([Joined::Scrambled, Joined::Translated])?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    tree::make(&pc.folder.join("tree"), SMALL_PLAN, 1)?;
    wish(pc, "never")?;
    let task = pc.submit(&[&pc.at("tree"), &cluster.at("copy"), "--recursive"])?;
    pc.wait_task(&task, LIMIT, |task| task["nice_status"] == "CONNECT_FAILED")
        .with_context(|| world.logs())?;
    wish(pc, "auto")?;
    pc.wait_task(&task, LIMIT, |task| task["outport"]["route"] == "relay")
        .with_context(|| world.logs())?;
    world.ends_well(&task, LIMIT)
}

#[test]
fn a_relayed_transfer_goes_on_with_its_session_when_a_computer_gets_another_address() -> Result<()>
{
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let (world, task, session) = relayed()?;
    world.wire.as_ref().context("the world is on a wire")?.move_right()?;
    let now = goes_on(&world, &task)?;
    for part in ["session", "started", "route"] {
        assert_eq!(now[part], session[part], "{part}: {now:#}");
    }
    ends_well(&world, &task)
}

#[test]
fn a_relayed_transfer_goes_on_when_the_hub_and_with_it_the_relay_is_killed_and_comes_back()
-> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let (mut world, task, session) = relayed()?;
    world.hub.take().context("the hub runs")?.kill()?;
    let killed = Instant::now();
    world.restart_hub()?;
    let away = killed.elapsed();
    let now = goes_on(&world, &task)?;
    assert_eq!(now["route"], "relay");
    println!("the hub was away for {away:?}");
    if away < SURELY_BORNE {
        assert_eq!(now["session"], session["session"], "the link bore it: {now:#}");
    }
    ends_well(&world, &task)
}

#[test]
fn a_relayed_transfer_goes_over_to_a_cable_that_is_plugged_in_with_its_session() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let world = World::two_on_internet([Joined::Scrambled; 2])?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    let internet = world.internet.as_ref().context("there is an internet")?;
    internet.limit("20mbit")?;
    tree::make(&pc.folder.join("tree"), PLAN, 1)?;
    let task = pc.submit(&[&pc.at("tree"), &cluster.at("copy"), "--recursive"])?;
    world.arrives(&task, "relay", LIMIT)?;
    let session = pc.status()?["sessions"][0].clone();
    internet.plug("40mbit")?;
    let plugged = Instant::now();
    world.arrives(&task, "tcp", LIMIT)?;
    println!("content arrives over the cable after {:?}", plugged.elapsed());
    let now = pc.status()?["sessions"][0].clone();
    for part in ["session", "started"] {
        assert_eq!(now[part], session[part], "{part}: {now:#}");
    }
    assert_eq!(now["route"], "tcp");
    world.ends_well(&task, LIMIT)?;
    let events = pc.outport(&["tasks", "events", &task])?;
    ensure!(events.contains("ROUTE_CHANGED"), "{events}");
    ensure!(!events.contains("CONNECTION_BROKEN"), "{events}");
    Ok(())
}

#[test]
fn a_hub_names_relays_on_other_computers_and_one_that_goes_away_is_replaced() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let mut world = World::two_and_relays([Joined::Scrambled; 2], 2)?;
    let internet = world.internet.as_ref().context("there is an internet")?;
    internet.limit("20mbit")?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    tree::make(&pc.folder.join("tree"), PLAN, 1)?;
    let came = || -> Result<[u64; 2]> { Ok([internet.bytes_to(2)?, internet.bytes_to(3)?]) };
    let before = came()?;
    let task = pc.submit(&[&pc.at("tree"), &cluster.at("copy"), "--recursive"])?;
    pc.wait_task(&task, LIMIT, |task| moved(task) > Some(4_000_000))
        .with_context(|| world.logs())?;
    world.arrives(&task, "relay", LIMIT)?;
    let [one, other] = came()?;
    let taken = usize::from(one - before[0] < other - before[1]);
    let carried = [one - before[0], other - before[1]];
    ensure!(4_000_000 < carried[taken], "one of both carried it: {carried:?}");
    ensure!(carried[1 - taken] < 100_000, "and the other one nothing: {carried:?}");
    let at_the_other = came()?[1 - taken];
    let gone = Instant::now();
    world.relays[taken].kill()?;
    let internet = world.internet.as_ref().context("there is an internet")?;
    let pc = &world.agents[0];
    pc.wait_task(&task, LIMIT, |_| {
        internet.bytes_to(3 - taken).is_ok_and(|came| at_the_other + 4_000_000 < came)
    })
    .with_context(|| world.logs())?;
    println!("content arrives by the other relay after {:?}", gone.elapsed());
    ensure!(gone.elapsed() < RELAY_GONE, "{:?}\n{}", gone.elapsed(), world.logs());
    internet.limit("200mbit")?;
    world.ends_well(&task, LIMIT)
}

#[test]
fn a_relay_elsewhere_whose_day_is_used_up_is_told_as_the_hubs_own() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let flags = ["--user-bytes-per-day", "3000000"];
    let world = World::two_and_relays_with([Joined::Scrambled; 2], 1, &flags)?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    tree::make(&pc.folder.join("tree"), PLAN, 1)?;
    let task = pc.submit(&[&pc.at("tree"), &cluster.at("copy"), "--recursive"])?;
    let used = |task: &Value| task["outport"]["problem"] == "RELAY_DAY_USED";
    let told = pc.wait_task(&task, LIMIT, used).with_context(|| world.logs())?;
    let details = told["nice_status_details"].as_str().unwrap_or_default();
    ensure!(details.contains("Today's allowance at the hub's relay is used up"), "{told:#}");
    Ok(())
}

/// Two computers on a slow wire, a transfer through the relay that has begun, and its session.
fn relayed() -> Result<(World, String, Value)> {
    let world = World::two_on_wire()?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    tree::make(&pc.folder.join("tree"), SMALL_PLAN, 1)?;
    wish(cluster, "only")?;
    world.wire.as_ref().context("the world is on a wire")?.limit("20mbit")?;
    let task = pc.submit(&[&pc.at("tree"), &cluster.at("copy"), "--recursive"])?;
    pc.wait_task(&task, LIMIT, |task| moved(task) > Some(2_000_000))?;
    let session = pc.status()?["sessions"][0].clone();
    assert_eq!(session["route"], "relay");
    Ok((world, task, session))
}

/// Waits until content arrives again; the session then.
fn goes_on(world: &World, task: &str) -> Result<Value> {
    let (pc, since) = (&world.agents[0], Instant::now());
    let known = pc.wait_task(task, LIMIT, |task| moved(task).is_some())?;
    let before = moved(&known);
    pc.wait_task(task, LIMIT, |task| before < moved(task)).with_context(|| world.logs())?;
    println!("content arrives again after {:?}", since.elapsed());
    Ok(pc.status()?["sessions"][0].clone())
}

fn ends_well(world: &World, task: &str) -> Result<()> {
    world.wire.as_ref().context("the world is on a wire")?.limit("1gbit")?;
    world.ends_well(task, LIMIT)
}

fn moved(task: &Value) -> Option<u64> {
    task["bytes_transferred"].as_u64()
}

/// Moves a tree from one computer to the other, and sees how it travels.
fn moves(
    world: &World,
    [from, to]: [&Agent; 2],
    [name, copy]: [&str; 2],
    route: &str,
) -> Result<()> {
    let task = from.submit(&[&from.at(name), &to.at(copy), "--recursive"])?;
    from.wait_task(&task, LIMIT, |task| task["outport"]["route"] == route)
        .with_context(|| format!("{copy}\n{}", world.logs()))?;
    for agent in [from, to] {
        let status = agent.status()?;
        assert_eq!(status["sessions"][0]["route"], route, "{status:#}");
    }
    let over = |task: &Value| task["status"] == "SUCCEEDED";
    from.wait_task(&task, LIMIT, over).with_context(|| world.logs())?;
    tree::compare(&from.folder.join(name), &to.folder.join(copy))
}

/// Has an owner say something about relays; in force when this returns.
fn wish(agent: &Agent, wish: &str) -> Result<()> {
    let config = agent.home.join("default/config/config.toml");
    let text = fs::read_to_string(&config)?;
    let before = text.split("\n[network]").next().unwrap_or_default();
    fs::write(&config, format!("{before}\n[network]\nrelay = \"{wish}\"\n"))?;
    // The agent reads its file in the background; a change of folders through it comes after.
    let folder = agent.folder.join("another");
    fs::create_dir_all(&folder)?;
    let folder = folder.to_str().context("a path in UTF-8")?;
    agent.outport(&["folders", "add", folder])?;
    agent.outport(&["folders", "remove", folder])?;
    Ok(())
}

/// What the laboratory promises: 64 MiB, three seconds at 200 Mbit/s.
const PLAN: Plan = Plan { small_files: 0, large_files: 1, large_bytes: 64 << 20 };
/// Two seconds at 200 Mbit/s.
const SMALL_PLAN: Plan = Plan { small_files: 20, large_files: 1, large_bytes: 50_000_000 };
/// Two seconds of silence, a new session, and two seconds of the line.
const RELAY_GONE: Duration = Duration::from_secs(8);
/// Less than the silence after which a link is given up, with time to say hello to the relay.
const SURELY_BORNE: Duration = Duration::from_secs(5);
const LIMIT: Duration = Duration::from_secs(120);
