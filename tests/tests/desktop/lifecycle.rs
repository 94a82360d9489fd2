//! Tray, window, start and end.

use std::{process::Command, time::Duration};

use anyhow::{Context as _, Result, ensure};
use outport_tests::process::{run, wait_until};

use crate::rig::{LIMIT, Rig};

#[test]
fn the_tray_pauses_and_resumes_and_everything_shows_it() -> Result<()> {
    let Some(rig) = Rig::new()? else { return Ok(()) };
    let (mut app, tray) = rig.start_app(&["--hidden"])?;
    tray.wait_headline("smith#WorkPC, online")?;
    assert_eq!(tray.depth_of("Until resumed")?, Some(1));
    assert_eq!(tray.depth_of("Resume")?, None);
    let online = tray.icon()?;

    tray.click("Until resumed")?;
    tray.wait_headline("smith#WorkPC, paused")?;
    assert_eq!(rig.state()?, "paused");
    assert_eq!(tray.depth_of("Resume")?, Some(0));
    assert!(tray.icon()? != online, "the icon does not show it");
    assert!(hub_says_paused(&rig)?);

    tray.click("Resume")?;
    tray.wait_headline("smith#WorkPC, online")?;
    assert!(!hub_says_paused(&rig)?);

    tray.click("Quit")?;
    assert!(app.wait_end(QUIT)?.success());
    rig.wait_nothing_runs()
}

#[test]
fn closing_leaves_an_agent_of_its_own_alone_and_says_so() -> Result<()> {
    let Some(mut rig) = Rig::new()? else { return Ok(()) };
    rig.start_agent()?;
    let (mut app, tray) = rig.start_app(&["--hidden"])?;
    tray.wait_headline("smith#WorkPC, online (runs without this window)")?;
    tray.click("Quit")?;
    assert!(app.wait_end(QUIT)?.success());
    assert_eq!(rig.state()?, "online");
    Ok(())
}

#[test]
fn a_second_start_shows_the_window_of_the_first() -> Result<()> {
    let Some(rig) = Rig::new()? else { return Ok(()) };
    let (_app, tray) = rig.start_app(&["--hidden"])?;
    tray.wait_headline("smith#WorkPC, online")?;
    assert!(rig.desktop.windows("^Outport$")?.is_empty());

    // Like a second icon at login: nothing is shown.
    let mut again = rig.start_without_waiting(&["--hidden"])?;
    assert!(again.wait_end(LIMIT)?.success());
    assert!(rig.desktop.windows("^Outport$")?.is_empty());

    let mut again = rig.start_without_waiting(&["outport://folders"])?;
    assert!(again.wait_end(LIMIT)?.success());
    rig.desktop.wait_window("^Outport$", true)
}

#[test]
fn the_system_ends_it_in_order() -> Result<()> {
    let Some(rig) = Rig::new()? else { return Ok(()) };
    let (mut app, tray) = rig.start_app(&["--hidden"])?;
    tray.wait_headline("smith#WorkPC, online")?;
    assert!(app.terminate(QUIT)?.success());
    rig.wait_nothing_runs()?;
    let log = rig.world.agents[rig.pc].outport(&["log", "--lines", "20"])?;
    ensure!(log.contains("closed"), "the agent did not end in order:\n{log}");
    Ok(())
}

#[test]
fn without_a_window_it_is_one_small_process() -> Result<()> {
    let Some(rig) = Rig::new()? else { return Ok(()) };
    let (app, tray) = rig.start_app(&["--hidden"])?;
    tray.wait_headline("smith#WorkPC, online")?;
    let id = app.id();
    let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"))?;
    ensure!(children.trim().is_empty(), "a web view runs for nobody: {children}");
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    // Its own memory; the code is much larger in this build than in a release.
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let own = line.and_then(|own| own.split_whitespace().next()?.parse::<u64>().ok());
    let own = own.context("the process has its size")? / 1000;
    ensure!(own < OWN_MB_MAX, "{own} MB, at most {OWN_MB_MAX} are expected");
    Ok(())
}

#[test]
fn invented_data_touch_nothing() -> Result<()> {
    let Some(rig) = Rig::new()? else { return Ok(()) };
    let home = rig.desktop.path("empty");
    std::fs::create_dir(&home)?;
    let mut command = rig.desktop.app(&home);
    command.args(["--demo", "--hidden"]);
    let log = rig.desktop.path("demo.log");
    let mut app = outport_tests::process::Process::start("the demo", &mut command, &log)?;
    let tray = rig.host.wait_item()?;
    wait_until(LIMIT, || Ok(tray.headline()?.contains('#').then_some(())))?;
    app.terminate(QUIT)?;
    assert_eq!(std::fs::read_dir(&home)?.count(), 0);
    Ok(())
}

#[test]
fn without_a_screen_it_says_what_to_use_instead() -> Result<()> {
    let Some(rig) = Rig::new()? else { return Ok(()) };
    let mut command: Command = rig.desktop.app(&rig.world.agents[rig.pc].home);
    let done = run(command.env_remove("DISPLAY"), LIMIT)?;
    assert_eq!(done.code, Some(1));
    assert!(done.stderr.contains("outport agent"), "{}", done.stderr);
    Ok(())
}

/// What the hub's own document says of `WorkPC`.
fn hub_says_paused(rig: &Rig) -> Result<bool> {
    let endpoint = rig.world.agents[rig.pc].json(&["endpoints", "show", "WorkPC"])?;
    Ok(endpoint["paused"] == true || endpoint["gcp_paused"] == true)
}

/// An app whose window nobody sees is promised to stay below 120 MB with its code.
const OWN_MB_MAX: u64 = 80;
/// What quitting may take at most.
const QUIT: Duration = Duration::from_secs(12);
