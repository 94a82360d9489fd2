//! Ways in through routers: a port that an owner forwards by hand, and one that the router opens.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use outport_tests::{
    net::{Internet, Joined, Wire},
    process::wait_until,
    router::{PortOpener, Speaks},
    skip,
    tree::{self, Plan},
    world::{Agent, World},
};
use serde_json::Value;

/// The first one's router takes another port for each target: it can only dial what it was told.
#[test]
fn a_computer_behind_a_forwarded_port_is_reached_straight_by_one_behind_a_strict_router()
-> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let mut world = World::on_internet(&STRICT_AND_ORDINARY)?;
    world.add_agent_with("WorkPC", "relay = \"never\"", &[])?;
    internet(&world)?.forward(1, PORT)?;
    let (listen, outside) = (format!("0.0.0.0:{PORT}"), Internet::public(1));
    let advertise = format!("{outside}:{PORT}");
    world.add_agent_with("Cluster", "", &["--listen", &listen, "--advertise", &advertise])?;
    internet(&world)?.count_questions(1)?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    assert_eq!(cluster.status()?["reach"]["advertised"], serde_json::json!([advertise]));
    moves_straight(&world, [pc, cluster], ["tree", "copy"])?;
    moves_straight(&world, [cluster, pc], ["copy", "back"])?;
    assert_eq!(internet(&world)?.questions(1)?, 0, "who names an address needs no port");
    Ok(())
}

#[test]
fn a_router_that_speaks_pcp_opens_a_port_by_which_a_strict_one_leads_straight() -> Result<()> {
    opens(Speaks::Pcp)
}

#[test]
fn a_router_that_speaks_upnp_opens_a_port_by_which_a_strict_one_leads_straight() -> Result<()> {
    opens(Speaks::Upnp)
}

fn opens(speaks: Speaks) -> Result<()> {
    if !Wire::possible() || !PortOpener::possible() {
        skip("network namespaces need root on Linux, and miniupnpd");
        return Ok(());
    }
    let mut world = World::on_internet(&STRICT_AND_ORDINARY)?;
    let router = PortOpener::on(internet(&world)?, 1, speaks)?;
    internet(&world)?.count_questions(1)?;
    world.add_agent_with("WorkPC", "relay = \"never\"", &[])?;
    world.add_agent("Cluster")?;
    assert_eq!(internet(&world)?.questions(1)?, 0, "nobody asks while nothing moves");
    ensure!(router.open_ports()?.is_empty(), "no port is open");
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    moves_straight(&world, [pc, cluster], ["tree", "copy"])?;
    let ports = router.open_ports()?;
    let [port] = ports[..] else { anyhow::bail!("one port is open: {ports:?}") };
    let mapped = &cluster.status()?["reach"]["mapped"];
    assert_eq!(*mapped, format!("{}:{port}", Internet::public(1)));
    assert_ne!(internet(&world)?.questions(1)?, 0, "questions are counted");

    let agent = world.agents[1].process.as_mut().context("it runs")?;
    ensure!(agent.terminate(LIMIT)?.success(), "{}", world.logs());
    let closed = wait_until(CLOSED, || Ok(router.open_ports()?.is_empty().then_some(())));
    closed.with_context(|| world.logs())
}

#[test]
fn an_owner_who_wants_no_port_of_the_router_has_none_asked_for() -> Result<()> {
    if !Wire::possible() || !PortOpener::possible() {
        skip("network namespaces need root on Linux, and miniupnpd");
        return Ok(());
    }
    let mut world = World::on_internet(&STRICT_AND_ORDINARY)?;
    let router = PortOpener::on(internet(&world)?, 1, Speaks::Pcp)?;
    internet(&world)?.count_questions(1)?;
    world.add_agent("WorkPC")?;
    world.add_agent_with("Cluster", "port_mapping = false", &[])?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    moves(&world, [pc, cluster], ["tree", "copy"], "relay")?;
    assert_eq!(internet(&world)?.questions(1)?, 0);
    ensure!(router.open_ports()?.is_empty(), "no port is open");
    Ok(())
}

fn moves_straight(world: &World, agents: [&Agent; 2], names: [&str; 2]) -> Result<()> {
    moves(world, agents, names, "direct")
}

/// Moves a tree from one computer to the other, and sees how it travels.
fn moves(
    world: &World,
    [from, to]: [&Agent; 2],
    [name, copy]: [&str; 2],
    route: &str,
) -> Result<()> {
    let tree = from.folder.join(name);
    if !tree.exists() {
        tree::make(&tree, PLAN, 1)?;
    }
    let task = from.submit(&[&from.at(name), &to.at(copy), "--recursive"])?;
    let travels = |task: &Value| task["outport"]["route"] == route;
    from.wait_task(&task, LIMIT, travels).with_context(|| format!("{copy}\n{}", world.logs()))?;
    let over = |task: &Value| task["status"] == "SUCCEEDED";
    from.wait_task(&task, LIMIT, over).with_context(|| world.logs())?;
    tree::compare(&tree, &to.folder.join(copy))
}

fn internet(world: &World) -> Result<&Internet> {
    world.internet.as_ref().context("the world is on an internet")
}

/// Two that do not meet without help.
const STRICT_AND_ORDINARY: [Joined; 2] = [Joined::Scrambled, Joined::Translated];
/// In a network of its own nobody else has it.
const PORT: u16 = 7441;
const PLAN: Plan = Plan { small_files: 20, large_files: 1, large_bytes: 8 << 20 };
/// An agent that ends has closed its port by then.
const CLOSED: Duration = Duration::from_secs(2);
const LIMIT: Duration = Duration::from_secs(120);
