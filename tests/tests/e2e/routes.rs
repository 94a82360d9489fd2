//! Every kind of network with every other: the best route that there is, and how soon it carries.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use outport_tests::{
    full,
    net::{Internet, Joined, Wire},
    process::wait_until,
    proxy::Proxy,
    skip,
    tree::{self, Plan},
    world::World,
};
use serde_json::Value;

#[test]
fn every_two_kinds_of_network_move_files_by_the_best_route_that_there_is() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let mut kinds = KINDS.to_vec();
    if !Internet::translates() {
        skip("a network with NAT64 needs tayga");
        kinds.retain(|(kind, _)| *kind != Joined::Nat64);
    }
    let joined: Vec<_> = kinds.iter().map(|(kind, _)| *kind).collect();
    let mut world = World::on_internet(&joined)?;
    let mut proxies = Vec::new();
    for (place, kind) in joined.iter().enumerate() {
        let (name, internet) = (format!("{kind:?}"), world.internet.as_ref());
        match internet.and_then(|internet| internet.proxy_of(place)) {
            Some((host, address)) => {
                let proxy = Proxy::in_host(host, address)?;
                let login = (Proxy::USER, Proxy::PASSWORD);
                world.add_agent_behind(&name, &proxy.http(), login)?;
                proxies.push(proxy);
            }
            None => {
                world.add_agent(&name)?;
            }
        }
    }
    // Two of a kind, each in a network of its own, meet where they have not met elsewhere.
    let (plan, rate) = if full() { (PLAN, "200mbit") } else { (SMALL_PLAN, "50mbit") };
    for agent in &world.agents {
        tree::make(&agent.folder.join("tree"), plan, 1)?;
    }
    world.internet.as_ref().context("the world is on an internet")?.limit(rate)?;
    let mut table = String::from("from, to, route, first bytes, whole");
    for (from, sender) in joined.iter().enumerate() {
        for (to, receiver) in joined.iter().enumerate() {
            // Without the long form one direction of each pair.
            if from == to || !full() && to < from {
                continue;
            }
            let route = best(kinds[from].1, kinds[to].1);
            let (first, whole) = moves(&world, from, to, route)?;
            write!(table, "\n{sender:?}, {receiver:?}, {route}, {first:.2?}, {whole:.2?}")?;
        }
    }
    println!("{table}");
    Ok(())
}

/// Moves a tree; how long after the submission content came, and all of it had.
fn moves(world: &World, from: usize, to: usize, route: &str) -> Result<(Duration, Duration)> {
    let internet = world.internet.as_ref().context("the world is on an internet")?;
    let (sender, receiver) = (&world.agents[from], &world.agents[to]);
    let copy = format!("from-{}", sender.name);
    let before = internet.bytes_to(to)?;
    let began = Instant::now();
    let task = sender.submit(&[&sender.at("tree"), &receiver.at(&copy), "--recursive"])?;
    let flows = || Ok((before + SURELY_CONTENT < internet.bytes_to(to)?).then_some(()));
    wait_until(LIMIT, flows)
        .with_context(|| format!("{} to {copy}\n{}", receiver.name, world.logs()))?;
    let first = began.elapsed();
    let over = |task: &Value| task["status"] == "SUCCEEDED";
    let known = |task: &Value| over(task) || !task["outport"]["route"].is_null();
    let taken = sender.wait_task(&task, LIMIT, known).with_context(|| world.logs())?;
    let taken = &taken["outport"]["route"];
    sender.wait_task(&task, LIMIT, over).with_context(|| world.logs())?;
    let whole = began.elapsed();
    // Data leave QUIC where TCP gets through as well; that way is as straight.
    let is_best = taken == route || taken == "tcp" && route == "direct";
    ensure!(is_best, "{copy} at {}: {taken}, not {route}\n{}", receiver.name, world.logs());
    ensure!(first < FIRST_BYTES, "{copy} at {}: first bytes after {first:?}", receiver.name);
    tree::compare(&sender.folder.join("tree"), &receiver.folder.join(&copy))?;
    Ok((first, whole))
}

/// What can be had between two kinds of network.
fn best(one: Reach, other: Reach) -> &'static str {
    use Reach::{Everybody, Ipv6, NewPorts, NoUdp, WhomItCalls};
    match (one, other) {
        (NoUdp, _) | (_, NoUdp) => "tunnel",
        (Ipv6 { .. }, Ipv6 { .. }) => "direct",
        (Ipv6 { translated: false }, _) | (_, Ipv6 { translated: false }) => "relay",
        (Everybody, _) | (_, Everybody) => "direct",
        (NewPorts, _) | (_, NewPorts) => "relay",
        (WhomItCalls | Ipv6 { .. }, WhomItCalls | Ipv6 { .. }) => "direct",
    }
}

/// Who reaches a computer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Everybody,
    /// Whom it sends to, as its address is the same for all.
    WhomItCalls,
    /// Nobody whom it did not ask, as every target sees another port.
    NewPorts,
    NoUdp,
    /// Whom it sends to, by IPv6; by IPv4 too where a translator has one address for it.
    Ipv6 {
        translated: bool,
    },
}

/// One of each kind; two of a kind meet in other tests.
const KINDS: [(Joined, Reach); 9] = [
    (Joined::Public, Reach::Everybody),
    (Joined::Open, Reach::Everybody),
    (Joined::Firewalled, Reach::WhomItCalls),
    (Joined::Translated, Reach::WhomItCalls),
    (Joined::Scrambled, Reach::NewPorts),
    (Joined::Walled, Reach::NoUdp),
    (Joined::Proxied, Reach::NoUdp),
    (Joined::Ipv6Only, Reach::Ipv6 { translated: false }),
    (Joined::Nat64, Reach::Ipv6 { translated: true }),
];
/// What the laboratory promises: 64 MiB, three seconds at 200 Mbit/s; and one and a half at 50.
const PLAN: Plan = Plan { small_files: 20, large_files: 1, large_bytes: 64 << 20 };
const SMALL_PLAN: Plan = Plan { small_files: 20, large_files: 1, large_bytes: 8 << 20 };
/// More than all handshakes together.
const SURELY_CONTENT: u64 = 500_000;
/// On a busy machine; what it is on a quiet one stands in docs/network.md.
const FIRST_BYTES: Duration = Duration::from_secs(10);
const LIMIT: Duration = Duration::from_secs(120);
