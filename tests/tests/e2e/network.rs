//! Real networks: routers that translate addresses, computers that sleep and move.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use outport_tests::{
    ear::Ear,
    net::{Internet, Joined, Spoilt, Wire},
    process::{wait_since, wait_until},
    skip,
    tree::{self, Plan},
    world::{Agent, World},
};
use rustix::process::Signal;
use serde_json::Value;

#[test]
fn computers_behind_ordinary_routers_and_firewalls_reach_each_other_directly() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    for joined in [[Joined::Translated, Joined::Firewalled], [Joined::Translated; 2]] {
        let world = World::two_on_internet(joined)?;
        let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
        let homes = world.internet.as_ref().context("the world is on an internet")?.homes();
        tree::make(&pc.folder.join("tree"), PLAN, 1)?;
        let mut called = Vec::new();
        for (from, to, name) in [(pc, cluster, "tree"), (cluster, pc, "back")] {
            let ears = [Ear::in_host(&homes[0])?, Ear::in_host(&homes[1])?];
            let copy = if name == "tree" { "back" } else { "again" };
            let task = from.submit(&[&from.at(name), &to.at(copy), "--recursive"])?;
            let direct = |task: &Value| task["outport"]["route"] == "direct";
            from.wait_task(&task, LIMIT, direct)
                .with_context(|| format!("{joined:?}, {name}\n{}", world.logs()))?;
            for agent in [from, to] {
                let status = agent.status()?;
                assert_eq!(status["sessions"][0]["route"], "direct", "{joined:?}: {status:#}");
            }
            from.wait_task(&task, LIMIT, |task| task["status"] == "SUCCEEDED")?;
            tree::compare(&from.folder.join(name), &to.folder.join(copy))?;
            let [one, other] = ears.map(Ear::heard);
            called.push(one?.iter().chain(&other?).filter(|packet| calls_a_peer(packet)).count());
        }
        // TCP gets through in neither direction; the first session found that out by waiting for it.
        println!("{joined:?}: {called:?} calls over TCP");
        ensure!(called.contains(&0), "TCP is tried again and again: {called:?}");
    }
    Ok(())
}

/// Whether a packet of Ethernet and IPv4 begins a TCP connection to somebody else than the hub.
fn calls_a_peer(packet: &[u8]) -> bool {
    const SYN: u8 = 2;
    const ACK: u8 = 16;
    let Some((&[_, _, _, _, _, _, _, _, _, _, _, _, 8, 0], ip)) = packet.split_first_chunk() else {
        return false;
    };
    let [first, _, _, _, _, _, _, _, _, 6, _, _, _, _, _, _, a, b, c, d, ..] = *ip else {
        return false;
    };
    let to_hub = format!("{a}.{b}.{c}.{d}") == Internet::HUB[0];
    let tcp = ip.get(usize::from(first & 15) * 4..).unwrap_or_default();
    !to_hub && tcp.get(13).is_some_and(|flags| flags & (SYN | ACK) == SYN)
}

/// As most of them are behind which there is IPv6: it is the same way for every kind of connection.
#[test]
fn computers_with_ipv6_alone_reach_each_other_directly_through_their_firewalls() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let world = World::two_on_internet([Joined::Ipv6Only; 2])?;
    goes_straight(&world)
}

/// The hub has addresses of both families, and to one of them packets leave and nothing comes back.
#[test]
fn a_computer_whose_ipv6_leads_nowhere_does_not_wait_for_it() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let mut world = World::on_internet(&[Joined::Translated; 2])?;
    let internet = world.internet.as_ref().context("the world is on an internet")?;
    internet.lead_ipv6_nowhere(0)?;
    internet.limit("200mbit")?;
    world.add_agent("WorkPC")?;
    world.add_agent("Cluster")?;
    goes_straight(&world)
}

/// Moves a tree, which goes straight from the first byte on.
fn goes_straight(world: &World) -> Result<()> {
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    tree::make(&pc.folder.join("tree"), PLAN, 1)?;
    let task = pc.submit(&[&pc.at("tree"), &cluster.at("copy"), "--recursive"])?;
    world.ends_well(&task, LIMIT)?;
    let done = pc.task(&task)?;
    let route = &done["outport"]["route"];
    ensure!(route == "direct" || route == "tcp", "{done:#}\n{}", world.logs());
    let events = pc.outport(&["tasks", "events", &task])?;
    ensure!(!events.contains("ROUTE_CHANGED"), "{events}\n{}", world.logs());
    Ok(())
}

/// While it slept, the routers on its way forgot its connection: nobody tells it so, and only its
/// waking does not leave it to a minute of silence.
#[test]
fn a_computer_that_slept_is_connected_anew_within_seconds_and_its_transfer_goes_on() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let (world, task) = moving()?;
    let [_, cluster] = &world.agents[..] else { unreachable!("there are two") };
    let wire = world.wire.as_ref().context("the world is on a wire")?;
    let process = cluster.process.as_ref().context("it runs")?;
    let before = connected_since(cluster)?;
    let ports = wire.ports_to_left(world.port()?)?;
    ensure!(ports.len() == 1, "one connection, to the hub: {ports:?}");

    process.signal(Signal::STOP)?;
    let asleep = Instant::now();
    wire.forget(ports[0])?;
    wait_since(asleep, NAP)?;
    process.signal(Signal::CONT)?;
    let woke = Instant::now();
    back_again(&world, before, woke)?;
    goes_on(&world, &task, woke)?;
    wire.limit("1gbit")?;
    world.ends_well(&task, LIMIT)
}

#[test]
fn an_agent_at_work_listens_for_no_connection() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let (world, _task) = moving()?;
    let wire = world.wire.as_ref().context("the world is on a wire")?;
    let ports = wire.ports_to_left(world.port()?)?;
    assert_eq!(ports.len(), 1, "its connection to the hub is seen");
    assert_eq!(wire.listeners_right()?, "");
    Ok(())
}

#[test]
fn a_computer_that_changes_its_network_is_connected_anew_within_seconds_and_its_transfer_goes_on()
-> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let (world, task) = moving()?;
    let [_, cluster] = &world.agents[..] else { unreachable!("there are two") };
    let wire = world.wire.as_ref().context("the world is on a wire")?;
    let before = connected_since(cluster)?;
    wire.move_right()?;
    let moved = Instant::now();
    back_again(&world, before, moved)?;
    goes_on(&world, &task, moved)?;
    wire.limit("1gbit")?;
    world.ends_well(&task, LIMIT)
}

#[test]
fn a_transfer_whose_tcp_connections_are_cut_goes_on_by_itself_over_quic() -> Result<()> {
    goes_on_without_tcp(Spoilt::Cut, AFTER_A_CUT)
}

#[test]
fn a_transfer_whose_tcp_connections_fall_silent_goes_on_by_itself_over_quic() -> Result<()> {
    goes_on_without_tcp(Spoilt::Silent, WITHOUT_TCP)
}

/// So it is behind some tunnels: connections come up, and stand still.
#[test]
fn a_transfer_whose_tcp_connections_carry_only_small_packets_goes_on_by_itself_over_quic()
-> Result<()> {
    goes_on_without_tcp(Spoilt::OnlySmall, WITHOUT_TCP)
}

fn goes_on_without_tcp(how: Spoilt, within: Duration) -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let (world, task) = moving()?;
    let [_, cluster] = &world.agents[..] else { unreachable!("there are two") };
    let wire = world.wire.as_ref().context("the world is on a wire")?;
    let route = || anyhow::Ok(cluster.status()?["sessions"][0]["route"].clone());
    ensure!(route()? == "tcp", "the two are near each other\n{}", world.logs());
    wire.spoil_tcp(how, world.port()?)?;
    let spoilt = Instant::now();
    let other = wait_until(LIMIT, || Ok((route()? == "lan").then_some(())));
    other.with_context(|| world.logs())?;
    let took = spoilt.elapsed();
    println!("over QUIC after {took:?}");
    ensure!(took < within, "over QUIC after {took:?} only\n{}", world.logs());
    goes_on(&world, &task, Instant::now())?;
    ensure!(route()? == "lan", "TCP is not tried again so soon");
    tells_how_it_does(&world, &task)?;
    wire.limit("1gbit")?;
    world.ends_well(&task, LIMIT)
}

/// What plain TCP gets of a line beside a transfer, as a part of what it gets alone; and what the
/// transfer gets before and after.
#[test]
fn a_transfer_in_the_background_leaves_the_line_to_others_and_takes_it_when_they_are_gone()
-> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let world = World::two_on_internet([Joined::Translated; 2])?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    let internet = world.internet.as_ref().context("there is an internet")?;
    internet.limit_routers("20mbit")?;
    tree::make(&pc.folder.join("tree"), LONG_PLAN, 1)?;
    let alone = internet.plain_tcp(OTHERS_BYTES)?;
    let task = pc.submit(&[&pc.at("tree"), &cluster.at("copy"), "--recursive", "--background"])?;
    world.arrives(&task, "direct", LIMIT)?;
    // Some of this comes while it still finds out how fast the line is.
    comes_to(internet, 5_000_000)?;
    let before = comes_to(internet, 15_000_000)?;
    let beside = internet.plain_tcp(OTHERS_BYTES)?;
    let gone = Instant::now();
    comes_to(internet, 5_000_000)?;
    let back = gone.elapsed();
    let after = comes_to(internet, 15_000_000)?;
    println!(
        "plain TCP alone {alone:.0} B/s, beside a transfer {beside:.0} B/s; \
         the transfer before {before:.0} B/s, back after {back:?} with {after:.0} B/s"
    );
    ensure!(0.75 * alone < beside, "plain TCP: {beside} of {alone}");
    ensure!(0.8 * alone < before, "the transfer before: {before} of {alone}");
    ensure!(back < BACK, "the transfer came back after {back:?} only");
    ensure!(0.8 * alone < after, "the transfer after: {after} of {alone}");
    internet.limit_routers("1gbit")?;
    world.ends_well(&task, LIMIT)
}

/// The source is told by the destination, whose owner set it for all transfers.
#[test]
fn a_destination_that_works_in_the_background_has_the_source_leave_the_line_to_others() -> Result<()>
{
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let mut world = World::on_internet(&[Joined::Translated; 2])?;
    world.add_agent("WorkPC")?;
    world.add_agent_with("Cluster", "tcp = true\n[transfer]\nbackground = true", &[])?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    let internet = world.internet.as_ref().context("there is an internet")?;
    internet.limit_routers("20mbit")?;
    tree::make(&pc.folder.join("tree"), LONG_PLAN, 1)?;
    let alone = internet.plain_tcp(OTHERS_BYTES)?;
    let task = pc.submit(&[&pc.at("tree"), &cluster.at("copy"), "--recursive"])?;
    world.arrives(&task, "direct", LIMIT)?;
    comes_to(internet, 5_000_000)?;
    let beside = internet.plain_tcp(OTHERS_BYTES)?;
    println!("plain TCP alone {alone:.0} B/s, beside a transfer {beside:.0} B/s");
    ensure!(0.75 * alone < beside, "plain TCP: {beside} of {alone}");
    internet.limit_routers("1gbit")?;
    world.ends_well(&task, LIMIT)
}

/// How fast so many bytes more come to the second computer.
fn comes_to(internet: &Internet, bytes: u64) -> Result<f64> {
    let (began, before) = (Instant::now(), internet.bytes_to(1)?);
    wait_until(LIMIT, || Ok((before + bytes <= internet.bytes_to(1)?).then_some(())))?;
    Ok(bytes as f64 / began.elapsed().as_secs_f64())
}

/// Two computers on a wire, and a transfer that will take its time.
fn moving() -> Result<(World, String)> {
    let world = World::two_on_wire()?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    tree::make(&pc.folder.join("tree"), SLOW_PLAN, 1)?;
    world.wire.as_ref().context("the world is on a wire")?.limit("20mbit")?;
    let task = pc.submit(&[&pc.at("tree"), &cluster.at("copy"), "--recursive"])?;
    pc.wait_task(&task, LIMIT, |task| task["bytes_transferred"].as_u64() > Some(2_000_000))?;
    Ok((world, task))
}

/// Waits for the second computer's next connection to the hub, which must come soon.
fn back_again(world: &World, before: String, since: Instant) -> Result<()> {
    let cluster = &world.agents[1];
    let again = wait_until(LIMIT, || {
        let now = connected_since(cluster).ok();
        Ok(now.filter(|now| *now != before))
    });
    again.with_context(|| world.logs())?;
    let took = since.elapsed();
    println!("connected anew after {took:?}");
    ensure!(took < ANEW, "connected anew after {took:?} only\n{}", world.logs());
    Ok(())
}

/// Waits until content arrives again, which must be soon.
fn goes_on(world: &World, task: &str, since: Instant) -> Result<()> {
    let pc = &world.agents[0];
    let moved = |task: &Value| task["bytes_transferred"].as_u64();
    let before = moved(&pc.task(task)?);
    let again = pc.wait_task(task, LIMIT, |task| before < moved(task));
    again.with_context(|| world.logs())?;
    let took = since.elapsed();
    println!("content arrives again after {took:?}");
    ensure!(took < MOVING_AGAIN, "content arrived after {took:?} only\n{}", world.logs());
    Ok(())
}

/// Waits until both computers and the hub's task tell of the line by UDP between them.
fn tells_how_it_does(world: &World, task: &str) -> Result<()> {
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    let told = wait_until(LIMIT, || {
        let [sent, came] =
            [pc, cluster].map(|agent| anyhow::Ok(agent.status()?["sessions"][0]["line"].clone()));
        let lines = [sent?, came?, pc.task(task)?["outport"]["line"].clone()];
        let by_udp = lines[0]["lost_ppm"].is_u64() && lines[2]["lost_ppm"].is_u64();
        Ok(by_udp.then_some(lines))
    });
    let lines = told.with_context(|| world.logs())?;
    println!("sent, received, at the hub: {lines:?}");
    for line in &lines {
        ensure!((1..1_000_000).contains(&line["rtt_us"].as_u64().unwrap_or(0)), "{line}");
        ensure!((1..=4).contains(&line["connections"].as_u64().unwrap_or(0)), "{line}");
    }
    ensure!(lines[1]["lost_ppm"].is_null(), "who receives cannot know: {lines:?}");
    Ok(())
}

fn connected_since(agent: &Agent) -> Result<String> {
    let status = agent.status()?;
    Ok(status["connected_since"].as_str().context("it is connected")?.to_owned())
}

/// About two seconds at 200 Mbit/s.
const PLAN: Plan = Plan { small_files: 20, large_files: 1, large_bytes: 50_000_000 };
/// Eight seconds at 20 Mbit/s.
const OTHERS_BYTES: u64 = 20_000_000;
/// In which a transfer in the background finds out that others are gone, and brings what takes two
/// seconds.
const BACK: Duration = Duration::from_secs(20);
/// A minute at 20 Mbit/s.
const LONG_PLAN: Plan = Plan { small_files: 0, large_files: 1, large_bytes: 150_000_000 };
/// Half a minute at 20 Mbit/s.
const SLOW_PLAN: Plan = Plan { small_files: 0, large_files: 1, large_bytes: 80_000_000 };
/// Longer than an agent takes for a hiccup of its computer.
const NAP: Duration = Duration::from_secs(11);
/// An agent looks every two seconds; the hub's silence is believed after a minute only.
const ANEW: Duration = Duration::from_secs(10);
/// Less than the silence after which a link is given up that nobody says is dead.
const MOVING_AGAIN: Duration = Duration::from_secs(9);
/// Ten seconds of silence, and a new session.
/// Who is told that a connection is gone needs not wait to see it.
const AFTER_A_CUT: Duration = Duration::from_secs(5);
const WITHOUT_TCP: Duration = Duration::from_secs(20);
const LIMIT: Duration = Duration::from_secs(120);
