//! What `outport doctor` says of networks that let more or less through.

use std::{fs, net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result, ensure};
use outport_tests::{
    net::{Internet, Joined, Wire},
    process::{run, wait_until},
    skip,
    tree::{self, Plan},
    world::{Agent, World},
};
use serde_json::Value;

#[test]
fn each_kind_of_network_is_told_by_what_it_lets_through() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let kinds = [Joined::Public, Joined::Translated, Joined::Scrambled, Joined::Walled];
    let mut world = World::on_internet(&kinds)?;
    for kind in kinds {
        world.add_agent(&format!("{kind:?}"))?;
    }
    for (agent, (verdict, udp, nat)) in world.agents.iter().zip([
        ("WORKS", "UDP_OPEN", "NAT_NONE"),
        ("WORKS", "UDP_OPEN", "NAT_KEEPS_PORT"),
        ("WORKS_BY_RELAY", "UDP_OPEN", "NAT_CHANGES_PORT"),
        ("WORKS_BY_TUNNEL", "UDP_BLOCKED", "NO_UDP"),
    ]) {
        let (status, report) = doctor(agent)?;
        let told = || format!("{}: {report:#}\n{}", agent.name, world.logs());
        assert_eq!(status, Some(0), "{}", told());
        assert_eq!(report["summary"][0]["code"], verdict, "{}", told());
        for (check, code) in [
            ("tls", "CERTIFICATE_BY_FILE"),
            ("clock", "CLOCK_RIGHT"),
            ("channel", "KEYS_PROVED"),
            ("udp", udp),
            ("nat", nat),
            ("packets", if udp == "UDP_OPEN" { "PACKETS_WHOLE" } else { "NO_UDP" }),
            ("tunnel", if udp == "UDP_OPEN" { "TUNNEL_SPARE" } else { "TUNNEL_USED" }),
            ("speed", "SPEED"),
            ("udp-speed", if udp == "UDP_OPEN" { "UDP_SPEED" } else { "UDP_SPEED_WITHOUT_UDP" }),
        ] {
            assert_eq!(code_of(&report, check), code, "{check} of {}", told());
        }
    }
    let text = run(world.agents[2].command().arg("doctor"), LIMIT)?.stdout;
    let measured = format!("Measured just now by UDP through the relay {}:", Internet::NAME);
    ensure!(text.contains(&measured), "{text}");
    let walled = &world.agents[3];
    let text = run(walled.command().arg("doctor"), LIMIT)?.stdout;
    let [first, second, ..] = &text.lines().collect::<Vec<_>>()[..] else {
        anyhow::bail!("{text}");
    };
    assert!(first.contains("UDP is blocked here"), "{text}");
    assert!(second.starts_with("Measured just now") && second.contains("Mbit/s out"), "{text}");
    assert!(text.trim_end().ends_with(second), "it ends as it begins: {text}");
    ensure!(!text.contains("smith"), "a name got into {text}");
    Ok(())
}

#[test]
fn the_size_of_packets_that_get_through_is_found() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let mut world = World::on_internet(&[Joined::Translated])?;
    world.add_agent("WorkPC")?;
    world.internet.as_ref().context("the world is on an internet")?.narrow(0, 1_400)?;
    let (_, report) = doctor(&world.agents[0])?;
    assert_eq!(code_of(&report, "packets"), "PACKETS_UP_TO", "{report:#}");
    let args = &check_named(&report, "packets")["fact"]["args"];
    assert_eq!((&args["bytes"], &args["lost"]), (&1_380.into(), &1_420.into()), "{report:#}");
    Ok(())
}

#[test]
fn relays_elsewhere_are_checked_and_one_that_is_down_is_named() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let mut world = World::two_and_relays([Joined::Translated; 2], 2)?;
    let (_, report) = doctor(&world.agents[0])?;
    let relays = checks_named(&report, "relays");
    let told: Vec<_> = relays.iter().map(|check| code(check)).collect();
    assert_eq!(told, ["RELAY_ANSWERS", "RELAY_ANSWERS", "RELAY_NEAREST"], "{report:#}");
    assert_eq!(code_of(&report, "udp-speed"), "UDP_SPEED", "{report:#}");
    world.relays[0].kill()?;
    let (status, report) = doctor(&world.agents[0])?;
    let relays = checks_named(&report, "relays");
    let told: Vec<_> = relays.iter().map(|check| code(check)).collect();
    assert_eq!(told, ["RELAY_SILENT", "RELAY_ANSWERS"], "{report:#}");
    let taken = &check_named(&report, "udp-speed")["fact"]["args"]["place"];
    assert_eq!(taken, &relays[1]["fact"]["args"]["place"], "{report:#}");
    assert_eq!((status, &report["summary"][0]["code"]), (Some(0), &"WORKS".into()), "{report:#}");
    Ok(())
}

#[test]
fn the_ways_to_another_computer_are_told_one_by_one_and_the_best_is_measured() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let mut world = World::on_internet(&[Joined::Scrambled, Joined::Scrambled, Joined::Walled])?;
    for name in ["WorkPC", "Cluster", "Office"] {
        world.add_agent(name)?;
    }
    let [pc, cluster, office] = &world.agents[..] else { unreachable!("there are three") };
    let told = |report: &Value| format!("{report:#}\n{}", world.logs());
    let (status, report) = doctor_to(pc, "Cluster")?;
    assert_eq!(status, Some(0), "{}", told(&report));
    assert_eq!(report["summary"][0]["code"], "PEER_BY_RELAY", "{}", told(&report));
    for (check, code) in [
        ("peer", "PEER_THERE"),
        ("route-local", "ROUTE_SILENT"),
        ("route-observed", "ROUTE_SILENT"),
        ("route-relay", "ROUTE_OPEN"),
        ("way", "WAY_TAKEN"),
        ("peer-speed", "PEER_SPEED"),
    ] {
        assert_eq!(code_of(&report, check), code, "{check}: {}", told(&report));
    }
    // From behind the wall, and to it: there the relay itself is reached by UDP.
    let both = [(office, "smith#WorkPC", "route-tunnel"), (pc, "Office", "route-relay")];
    for (from, to, way) in both {
        let (_, report) = doctor_to(from, to)?;
        assert_eq!(report["summary"][0]["code"], "PEER_BY_TUNNEL", "{}", told(&report));
        assert_eq!(code_of(&report, way), "ROUTE_OPEN", "{}", told(&report));
        assert_eq!(code_of(&report, "peer-speed"), "PEER_SPEED", "{}", told(&report));
        ensure!(!report.to_string().contains("smith"), "a name got into {report:#}");
    }
    for agent in [pc, cluster, office] {
        let status = agent.status()?;
        assert_eq!(status["sessions"], Value::Array(Vec::new()), "nothing is left: {status:#}");
    }
    Ok(())
}

#[test]
fn why_another_computer_cannot_be_tried_is_told() -> Result<()> {
    let mut world = World::new()?;
    world.add_agent("WorkPC")?;
    world.add_agent("Cluster")?;
    let problem = |world: &World, of: usize, peer: &str| -> Result<String> {
        let (status, report) = doctor_to(&world.agents[of], peer)?;
        assert_eq!(status, Some(1), "{report:#}");
        assert_eq!(report["summary"][0]["code"], "PEER_NOT_TRIED", "{report:#}");
        Ok(code_of(&report, "peer"))
    };
    assert_eq!(problem(&world, 0, "Nobody")?, "ENDPOINT_NOT_FOUND");
    assert_eq!(problem(&world, 0, "WorkPC")?, "PEER_IS_HERE");
    world.agents[1].outport(&["pause"])?;
    assert_eq!(problem(&world, 0, "Cluster")?, "ENDPOINT_PAUSED");
    assert_eq!(problem(&world, 1, "WorkPC")?, "ENDPOINT_PAUSED", "its own owner paused it");
    world.agents[1].outport(&["resume"])?;
    let (status, report) = doctor_to(&world.agents[0], "Cluster")?;
    assert_eq!((status, code_of(&report, "peer-speed").as_str()), (Some(0), "PEER_SPEED"));
    assert_eq!(report["summary"][0]["args"]["peer"], "Cluster", "{report:#}");
    world.agents[1].kill()?;
    let gone = || Ok((!world.agents[1].is_online(&world.agents[0])?).then_some(()));
    wait_until(LIMIT, gone)?;
    assert_eq!(problem(&world, 0, "Cluster")?, "NOT_CONNECTED");
    world.agents[0].outport(&["stop"])?;
    let done = run(world.agents[0].command().args(["doctor", "--peer", "Cluster"]), LIMIT)?;
    assert!(done.stderr.contains("outport agent"), "{}", done.stderr);
    Ok(())
}

#[test]
fn an_allowance_that_is_used_up_is_told_and_outlives_the_hub() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let mut world = World::two_on_internet([Joined::Scrambled; 2])?;
    fs::write(world.path("hub.toml"), "[relay]\nuser_bytes_per_day = 3_000_000\n")?;
    world.hub.take().context("the hub runs")?.kill()?;
    world.restart_hub()?;
    let (_, report) = doctor(&world.agents[0])?;
    assert_eq!(code_of(&report, "allowance"), "ALLOWANCE_LEFT", "{report:#}");
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    tree::make(&pc.folder.join("tree"), PLAN, 1)?;
    let task = pc.submit(&[&pc.at("tree"), &cluster.at("copy"), "--recursive"])?;
    let used = |task: &Value| task["outport"]["problem"] == "RELAY_DAY_USED";
    let told = pc.wait_task(&task, LIMIT, used).with_context(|| world.logs())?;
    let details = told["nice_status_details"].as_str().unwrap_or_default();
    ensure!(details.contains("Today's allowance at the hub's relay is used up"), "{told:#}");
    let tells = |world: &World| -> Result<()> {
        let (status, report) = doctor(&world.agents[0])?;
        assert_eq!(code_of(&report, "allowance"), "RELAY_DAY_USED", "{report:#}");
        let told = report["summary"].as_array().into_iter().flatten();
        ensure!(told.into_iter().any(|fact| fact["code"] == "RELAY_DAY_OVER"), "{report:#}");
        assert_eq!(status, Some(0), "{report:#}");
        Ok(())
    };
    tells(&world)?;
    world.hub.take().context("the hub runs")?.terminate(LIMIT)?;
    world.restart_hub()?;
    tells(&world)
}

#[test]
fn a_hub_that_is_down_is_one_sentence_and_a_port() -> Result<()> {
    let mut world = World::encrypted()?;
    world.add_agent("WorkPC")?;
    let port = world.port()?;
    world.hub = None;
    let (status, report) = doctor(&world.agents[0])?;
    assert_eq!(status, Some(1), "{report:#}");
    assert_eq!(report["summary"][0]["code"], "FAILS_CONNECTION", "{report:#}");
    assert_eq!(report["summary"][0]["args"]["port"], port.to_string());
    assert_eq!(code_of(&report, "tcp"), "HUB_CLOSED");
    for check in ["tls", "clock", "channel", "udp", "nat", "packets", "tunnel", "speed"] {
        assert_eq!(check_named(&report, check)["verdict"], "skipped", "{report:#}");
    }
    Ok(())
}

#[test]
fn a_hub_whose_certificate_nobody_knows_is_not_trusted_and_its_signer_named() -> Result<()> {
    let mut world = World::encrypted()?;
    world.add_agent("WorkPC")?;
    let agent = &mut world.agents[0];
    agent.process = None;
    let done =
        run(agent.command().args(["doctor", "--json"]).env_remove("OUTPORT_CA_FILE"), LIMIT)?;
    let report: Value = serde_json::from_str(&done.stdout).with_context(|| done.stderr.clone())?;
    assert_eq!(report["summary"][0]["code"], "FAILS_CERTIFICATE", "{report:#}");
    let problem = &check_named(&report, "tls")["problem"];
    assert_eq!(problem["code"], "UNKNOWN_ISSUER", "{report:#}");
    assert_eq!(problem["args"]["issuer"], "rcgen self signed cert", "{report:#}");
    Ok(())
}

#[test]
#[cfg(target_os = "linux")]
fn a_proxy_that_inspects_is_named_and_outport_works_through_it() -> Result<()> {
    use outport_tests::{inspector::Inspector, proxy::Proxy};
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let mut world = World::on_internet(&[Joined::Proxied])?;
    let internet = world.internet.as_ref().context("the world is on an internet")?;
    let (edge, place) = internet.proxy_of(0).context("there is an edge to run it on")?;
    let hub: SocketAddr = format!("{}:{}", Internet::HUB[0], world.port()?).parse()?;
    let (trusted, authority) = (world.path("cert.pem"), world.path("inspector.pem"));
    let inspector = Inspector::in_host(edge, hub, &trusted, &authority)?;
    let proxy = Proxy::with_inspector(edge, place, &inspector)?;
    // The office's computers trust its authority, and nobody told Outport of any.
    world.trust_by_system(&authority);
    world.add_agent_behind("WorkPC", &proxy.http(), (Proxy::USER, Proxy::PASSWORD))?;
    let agent = &world.agents[0];
    let (status, report) = doctor(agent)?;
    assert_eq!(status, Some(0), "{report:#}");
    let codes: Vec<_> = report["summary"].as_array().into_iter().flatten().collect();
    let codes: Vec<_> = codes.iter().map(|fact| fact["code"].as_str()).collect();
    assert_eq!(codes, ["WORKS_BY_TUNNEL", "INSPECTED", "MEASURED"].map(Some), "{report:#}");
    assert_eq!(report["summary"][1]["args"]["issuer"], Inspector::NAME);
    assert_eq!(code_of(&report, "tls"), "CERTIFICATE_BY_SYSTEM");
    assert_eq!(code_of(&report, "channel"), "KEYS_PROVED");
    let text = report.to_string();
    ensure!(!text.contains(Proxy::PASSWORD) && !text.contains(Proxy::USER), "{report:#}");
    Ok(())
}

/// The exit status, and the report.
fn doctor(agent: &Agent) -> Result<(Option<i32>, Value)> {
    examined(agent, &["doctor", "--json"])
}

/// The same for the ways to another computer.
fn doctor_to(agent: &Agent, peer: &str) -> Result<(Option<i32>, Value)> {
    examined(agent, &["doctor", "--peer", peer, "--json"])
}

fn examined(agent: &Agent, words: &[&str]) -> Result<(Option<i32>, Value)> {
    let done = run(agent.command().args(words), LIMIT)?;
    let report = serde_json::from_str(&done.stdout);
    Ok((done.code, report.with_context(|| format!("{}{}", done.stdout, done.stderr))?))
}

fn check_named<'a>(report: &'a Value, name: &str) -> &'a Value {
    checks_named(report, name).first().copied().unwrap_or(&Value::Null)
}

fn checks_named<'a>(report: &'a Value, name: &str) -> Vec<&'a Value> {
    let checks = report["checks"].as_array().map(Vec::as_slice).unwrap_or_default();
    checks.iter().filter(|check| check["name"] == name).collect()
}

/// What the first check of a name says, good or bad.
fn code_of(report: &Value, name: &str) -> String {
    code(check_named(report, name))
}

fn code(check: &Value) -> String {
    let code = check["fact"]["code"].as_str().or_else(|| check["problem"]["code"].as_str());
    code.unwrap_or_default().to_owned()
}

/// More than the allowance, and soon through the line.
const PLAN: Plan = Plan { small_files: 0, large_files: 1, large_bytes: 16 << 20 };
const LIMIT: Duration = Duration::from_secs(120);
