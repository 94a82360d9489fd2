//! Networks whose only way out is a proxy that demands a password.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use outport_tests::{
    net::{Internet, Joined, Wire},
    process::{run, wait_until},
    proxy::Proxy,
    skip,
    world::{Agent, World},
};
use serde_json::Value;

#[test]
fn a_computer_whose_only_way_out_is_a_proxy_with_a_password_signs_in_and_answers() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    for speak in [Proxy::http, Proxy::socks] {
        let (world, proxy) = office(speak)?;
        let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
        let address = speak(&proxy);
        lists_both_ways(pc, cluster).with_context(|| world.logs())?;
        let status = pc.status()?;
        let used = &status["proxy"];
        assert_eq!(used["address"], address, "{status:#}");
        assert_eq!((&used["user"], &used["source"]), (&Proxy::USER.into(), &"config".into()));
        assert_eq!(cluster.status()?["proxy"], Value::Null);
        let (http, socks) = proxy.made();
        let (by_it, by_other) =
            if address.starts_with("http:") { (http, socks) } else { (socks, http) };
        // The sign-in, the set-up and the listings are requests; the agent has a channel and a board.
        ensure!(3 <= by_it && by_other == 0, "{address}: {http} by HTTP, {socks} by SOCKS");
        assert_eq!(proxy.strangers(), 0, "{address}");
        let doctor: Value = serde_json::from_str(&doctor(pc)?)?;
        for (check, word) in
            [("proxy", address.as_str()), ("tcp", "Connected"), ("channel", "proved")]
        {
            let found = check_named(&doctor, check);
            let text = found["text"].as_str().unwrap_or_default();
            assert!(found["verdict"] == "ok" && text.contains(word), "{check}: {doctor:#}");
        }
        tells_nobody(pc, &world)?;
    }
    Ok(())
}

#[test]
fn another_password_or_proxy_is_in_force_at_once_and_a_wrong_one_says_so() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let (world, proxy) = office(Proxy::http)?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    for speak in [Proxy::http, Proxy::socks] {
        let address = speak(&proxy);
        pc.set_proxy(&address, Some((Proxy::USER, "wrong")))?;
        notice(pc, "PROXY_LOGIN_WRONG").with_context(|| world.logs())?;
        assert_eq!(code_of(pc, &["ls", &cluster.at("")])?, "PROXY_LOGIN_WRONG");
        let found = doctor(pc)?;
        assert_eq!(
            check_named(&serde_json::from_str(&found)?, "tcp")["problem"]["code"],
            "PROXY_LOGIN_WRONG"
        );
        pc.set_proxy(&address, None)?;
        notice(pc, "PROXY_NEEDS_LOGIN").with_context(|| world.logs())?;
        assert_eq!(code_of(pc, &["ls", &cluster.at("")])?, "PROXY_NEEDS_LOGIN");

        let since = Instant::now();
        let shown = pc.set_proxy(&address, Some((Proxy::USER, Proxy::PASSWORD)))?;
        assert_eq!(shown["used"]["address"], address, "{shown:#}");
        pc.wait_state(&["online"]).with_context(|| world.logs())?;
        ensure!(since.elapsed() < AT_ONCE, "{address}: online after {:?}", since.elapsed());
        assert_eq!(pc.status()?["proxy"]["address"], address);
        lists_both_ways(pc, cluster).with_context(|| world.logs())?;
    }
    tells_nobody(pc, &world)
}

#[test]
fn the_environment_names_the_proxy_unless_the_config_says_none_or_another() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    let (world, proxy) = office(Proxy::http)?;
    let [pc, cluster] = &world.agents[..] else { unreachable!("there are two") };
    let listing = |variables: &[(&str, &str)]| {
        let mut command = pc.command();
        command.args(["ls", &cluster.at(""), "--json"]).envs(variables.iter().copied());
        run(&mut command, LIMIT)
    };
    let refused_with = |variables: &[(&str, &str)]| {
        let done = listing(variables)?;
        ensure!(done.code != Some(0), "{variables:?}: {}", done.stdout);
        let error: Value =
            serde_json::from_str(&done.stderr).with_context(|| done.stderr.clone())?;
        Ok(error["code"].as_str().unwrap_or_default().to_owned())
    };
    let named = proxy.http_with_login();
    let nobody = [("HTTPS_PROXY", "http://192.0.2.1:9")];
    assert_eq!(listing(&nobody)?.code, Some(0), "an address in the config counts first");
    pc.outport(&["proxy", "set", "none"])?;
    assert_eq!(refused_with(&[("HTTPS_PROXY", &named)])?, "HUB_UNREACHABLE");
    let shown = pc.json(&["proxy", "clear"])?;
    assert_eq!((&shown["set"], &shown["login"]), (&"system".into(), &Value::Null));
    let done = listing(&[("HTTPS_PROXY", &named)])?;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let host = Internet::NAME;
    assert_eq!(refused_with(&[("HTTPS_PROXY", &named), ("NO_PROXY", host)])?, "HUB_UNREACHABLE");
    assert_eq!(refused_with(&[("ALL_PROXY", &proxy.http())])?, "PROXY_NEEDS_LOGIN");
    assert_eq!(refused_with(&[("ALL_PROXY", "ftp://proxy")])?, "BAD_PROXY");
    Ok(())
}

/// A hub, `WorkPC` in an office that lets nothing out but its proxy, and `Cluster` elsewhere.
fn office(speak: fn(&Proxy) -> String) -> Result<(World, Proxy)> {
    let mut world = World::on_internet(&[Joined::Proxied, Joined::Firewalled])?;
    let internet = world.internet.as_ref().context("the world is on an internet")?;
    let (edge, place) = internet.proxy_of(0).context("there is an edge to run it on")?;
    let proxy = Proxy::in_host(edge, place)?;
    let login = (Proxy::USER, Proxy::PASSWORD);
    world.add_agent_behind("WorkPC", &speak(&proxy), login)?;
    world.add_agent("Cluster")?;
    Ok((world, proxy))
}

fn lists_both_ways(pc: &Agent, cluster: &Agent) -> Result<()> {
    for (asker, other) in [(pc, cluster), (cluster, pc)] {
        std::fs::write(other.folder.join("here"), &other.name)?;
        let listed = asker.outport(&["ls", &other.at("")])?;
        ensure!(listed.contains("here"), "{}: {listed}", asker.name);
    }
    Ok(())
}

/// Waits until the owner is told, and the agent is not connected.
fn notice(agent: &Agent, code: &str) -> Result<()> {
    let mut last = Value::Null;
    let told = wait_until(LIMIT, || {
        last = agent.status()?;
        let notices = last["notices"].as_array().context("a list")?;
        let is_told = notices.iter().any(|notice| notice["code"] == code);
        Ok((is_told && last["connected_since"].is_null()).then_some(()))
    });
    told.with_context(|| format!("{code} is not told: {last:#}"))
}

/// The code that a command fails with.
fn code_of(agent: &Agent, words: &[&str]) -> Result<String> {
    let done = run(agent.command().args(words).arg("--json"), LIMIT)?;
    ensure!(done.code != Some(0), "{words:?} succeeded: {}", done.stdout);
    let error: Value = serde_json::from_str(&done.stderr).with_context(|| done.stderr.clone())?;
    Ok(error["code"].as_str().with_context(|| done.stderr)?.to_owned())
}

fn doctor(agent: &Agent) -> Result<String> {
    Ok(run(agent.command().args(["doctor", "--json"]), LIMIT)?.stdout)
}

fn check_named<'a>(report: &'a Value, name: &str) -> &'a Value {
    let checks = report["checks"].as_array().map(Vec::as_slice).unwrap_or_default();
    checks.iter().find(|check| check["name"] == name).unwrap_or(&Value::Null)
}

/// Neither the config nor a log holds the password.
fn tells_nobody(agent: &Agent, world: &World) -> Result<()> {
    let config = std::fs::read_to_string(agent.home.join("default/config/config.toml"))?;
    let secret = |text: &str| text.contains(Proxy::PASSWORD) || text.contains(Proxy::USER);
    ensure!(!secret(&config), "{config}");
    let logs = world.logs();
    ensure!(!logs.contains(Proxy::PASSWORD), "{logs}");
    Ok(())
}

/// A new password is used without waiting for the next try, on a busy machine too.
const AT_ONCE: Duration = Duration::from_secs(20);
const LIMIT: Duration = Duration::from_secs(90);
