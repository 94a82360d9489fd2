//! What `outport doctor` says of networks that let more or less through.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result, ensure};
use outport_tests::{
    net::{Internet, Joined, Wire},
    process::run,
    skip,
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
        ] {
            assert_eq!(code_of(&report, check), code, "{check} of {}", told());
        }
    }
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
    let done = run(agent.command().args(["doctor", "--json"]), LIMIT)?;
    let report = serde_json::from_str(&done.stdout);
    Ok((done.code, report.with_context(|| format!("{}{}", done.stdout, done.stderr))?))
}

fn check_named<'a>(report: &'a Value, name: &str) -> &'a Value {
    let checks = report["checks"].as_array().map(Vec::as_slice).unwrap_or_default();
    checks.iter().find(|check| check["name"] == name).unwrap_or(&Value::Null)
}

/// What a check says, good or bad.
fn code_of(report: &Value, name: &str) -> String {
    let check = check_named(report, name);
    let code = check["fact"]["code"].as_str().or_else(|| check["problem"]["code"].as_str());
    code.unwrap_or_default().to_owned()
}

const LIMIT: Duration = Duration::from_secs(120);
