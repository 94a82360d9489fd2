//! Networks that want a sign-in in a browser before they let anything out.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use outport_tests::{
    net::{Internet, Joined, Wire},
    portal::{Manner, Portal},
    process::{Process, run, wait_until},
    skip,
    world::World,
};
use serde_json::Value;

#[test]
fn a_network_that_wants_a_sign_in_is_told_and_the_agent_is_back_right_after_it() -> Result<()> {
    if !Wire::possible() {
        skip("network namespaces need root on Linux");
        return Ok(());
    }
    for manner in [Manner::ItsCertificate, Manner::Silence] {
        let mut world = World::on_internet(&[Joined::Translated])?;
        world.add_agent("WorkPC")?;
        world.agents[0].process.take().context("it runs")?.terminate(LIMIT)?;
        let internet = world.internet.as_ref().context("the world is on an internet")?;
        let portal = Portal::before(internet, 0, manner)?;
        let mut command = world.agents[0].command();
        let log = world.path("agent-0.log");
        let agent = Process::start("WorkPC", command.arg("agent"), &log)?;
        let pc = &mut world.agents[0];
        pc.process = Some(agent);
        let pc = &world.agents[0];
        let told = || {
            let status = run(pc.command().args(["status", "--json"]), LIMIT)?;
            let status: Value = serde_json::from_str(&status.stdout).unwrap_or_default();
            let notices = status["notices"].as_array().into_iter().flatten();
            Ok(notices.into_iter().find(|notice| notice["code"] == "NETWORK_SIGN_IN").cloned())
        };
        let notice = wait_until(LIMIT, told).with_context(|| world.logs())?;
        let address = format!("http://{}/", Internet::NAME);
        assert_eq!(notice["problem"]["args"]["address"], address, "{notice:#}");
        assert_eq!(pc.status()?["state"], "attention", "{:#}", pc.status()?);
        let done = run(pc.command().args(["doctor", "--json"]), LIMIT)?;
        let report: Value = serde_json::from_str(&done.stdout)?;
        assert_eq!(report["summary"][0]["code"], "FAILS_NETWORK_SIGN_IN", "{report:#}");
        ensure!(report["summary"][0]["message"].to_string().contains(&address), "{report:#}");

        let signed_in = Instant::now();
        portal.sign_in()?;
        let online = || Ok((pc.status()?["state"] == "online").then_some(()));
        wait_until(LIMIT, online).with_context(|| world.logs())?;
        let took = signed_in.elapsed();
        println!("{manner:?}: online {took:?} after the sign-in");
        ensure!(took < BACK_AFTER, "online after {took:?} only\n{}", world.logs());
        assert_eq!(pc.status()?["notices"], Value::Array(Vec::new()));
    }
    Ok(())
}

/// What is promised.
const BACK_AFTER: Duration = Duration::from_secs(3);
const LIMIT: Duration = Duration::from_secs(60);
