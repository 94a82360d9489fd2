//! What goes wrong on the computer and around it: the tray and the window say so while it lasts.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use outport_tests::{
    desktop::{Browser, Tray},
    mount::SmallDisk,
    process::wait_until,
    skip, world,
};

use crate::rig::{LIMIT, Rig};

#[test]
fn what_goes_wrong_is_said_while_it_lasts_and_not_longer() -> Result<()> {
    let Some(mut rig) = Rig::new()? else { return Ok(()) };
    let browser = Browser::start(&rig.desktop, &rig.world.agents[rig.pc].home, &[])?;
    let tray = rig.host.wait_item()?;
    tray.wait_headline("smith#WorkPC, online")?;
    let well = tray.icon()?;

    let folder = rig.folder();
    let away = rig.world.path("away");
    fs::rename(&folder, &away)?;
    wait_line(&tray, "A folder cannot be used")?;
    browser.wait_text(&format!("{} is not there", folder.display()))?;
    ensure!(tray.icon()? != well, "the icon shows nothing of it");
    fs::rename(&away, &folder)?;
    tray.wait_headline("smith#WorkPC, online")?;
    wait_no_line(&tray, "A folder cannot be used")?;

    let config = rig.world.agents[rig.pc].home.join("default/config/config.toml");
    let good = fs::read_to_string(&config)?;
    fs::write(&config, format!("{good}\nno such thing\n"))?;
    wait_line(&tray, "The config has a mistake")?;
    browser.wait_text("The rules in force stay as they were")?;
    fs::write(&config, good)?;
    wait_no_line(&tray, "The config has a mistake")?;

    rig.world.hub.take().context("the hub runs")?.kill()?;
    wait_line(&tray, "The hub cannot be reached")?;
    browser.wait_text("cannot be reached")?;
    rig.world.restart_hub()?;
    tray.wait_headline("smith#WorkPC, online")?;
    wait_no_line(&tray, "The hub cannot be reached")?;
    ensure!(tray.icon()? == well, "the icon stays at what is over");

    let cluster = rig.world.add_agent("Cluster")?;
    rig.world.agents[cluster].outport(&["endpoints", "delete", "WorkPC", "--yes"])?;
    tray.wait_headline("smith#WorkPC, not working")?;
    wait_line(&tray, "Removed from the hub")?;
    browser.wait_text("was removed from the hub")
}

#[test]
fn a_hub_with_another_certificate_and_a_sign_in_that_ended_say_what_to_do() -> Result<()> {
    let Some(mut rig) = Rig::encrypted()? else { return Ok(()) };
    let known = fs::read_to_string(rig.world.path("cert.pem"))?;
    let key = fs::read_to_string(rig.world.path("key.pem"))?;
    let trusted = rig.world.path("trusted.pem");
    fs::write(&trusted, &known)?;
    let config = rig.own("config").join("config.toml");
    let folders = fs::read_to_string(&config)?;
    fs::write(&config, format!("{folders}\n[network]\nca_file = '{}'\n", trusted.display()))?;
    let browser = Browser::start(&rig.desktop, &rig.world.agents[rig.pc].home, &[])?;
    let tray = rig.host.wait_item()?;
    tray.wait_headline("smith#WorkPC, online")?;

    rig.world.hub.take().context("the hub runs")?.kill()?;
    rig.world.certify(&["127.0.0.1"])?;
    rig.world.restart_hub()?;
    wait_line(&tray, "The hub's certificate is not trusted")?;
    tray.wait_headline("smith#WorkPC, not working")?;
    browser.wait_text("is not trusted here")?;
    browser.wait_text("Check connection")?;
    rig.world.hub.take().context("the hub runs")?.kill()?;
    fs::write(rig.world.path("cert.pem"), known)?;
    fs::write(rig.world.path("key.pem"), key)?;
    rig.world.restart_hub()?;
    tray.wait_headline("smith#WorkPC, online")?;
    wait_no_line(&tray, "The hub's certificate is not trusted")?;

    world::succeed(rig.world.hub_command().args(["user", "sign-out", "smith"]))?;
    // The hub looks once a minute whether those who listen may still.
    wait_until(2 * LIMIT, || Ok(tray.depth_of("Sign in again")?.map(drop)))?;
    browser.wait_text("Sign in to see tasks and files.")?;
    tray.wait_headline("smith#WorkPC, online")
}

#[test]
fn a_disk_that_takes_nothing_loses_nothing() -> Result<()> {
    if !SmallDisk::possible() {
        skip("only root may mount");
        return Ok(());
    }
    let Some(rig) = Rig::new()? else { return Ok(()) };
    let config = rig.own("config").join("config.toml");
    let config_disk = SmallDisk::in_place_of(&rig.own("config"))?;
    let state_disk = SmallDisk::in_place_of(&rig.own("state"))?;
    let before = fs::read_to_string(&config)?;
    let browser = Browser::start(&rig.desktop, &rig.world.agents[rig.pc].home, &[])?;
    let tray = rig.host.wait_item()?;
    tray.wait_headline("smith#WorkPC, online")?;

    config_disk.set_read_only(true)?;
    browser.click("Settings")?;
    browser.click("Pause while on battery")?;
    browser.wait_text("cannot be written")?;
    ensure!(fs::read_to_string(&config)? == before, "the config changed on the way");
    tray.wait_headline("smith#WorkPC, online")?;
    config_disk.set_read_only(false)?;
    browser.click("Pause while on battery")?;
    wait_until(LIMIT, || Ok((fs::read_to_string(&config)? != before).then_some(())))?;

    let everything = state_disk.fill()?;
    tray.click("Until resumed")?;
    tray.wait_headline("smith#WorkPC, paused")?;
    wait_line(&tray, "Files of Outport cannot be used")?;
    browser.click("Overview")?;
    browser.wait_text("Outport cannot use its own files")?;
    fs::remove_file(everything)?;
    wait_no_line(&tray, "Files of Outport cannot be used")?;
    ensure!(rig.own("state").join("paused.json").exists(), "the pause will not last");
    tray.click("Quit")?;
    rig.wait_nothing_runs()?;

    let (_app, tray) = rig.start_app(&[])?;
    tray.wait_headline("smith#WorkPC, paused")?;
    tray.click("Resume")?;
    tray.wait_headline("smith#WorkPC, online")
}

fn wait_line(tray: &Tray, wanted: &str) -> Result<()> {
    wait_until(LIMIT, || Ok(tray.depth_of(wanted)?.map(drop)))
        .with_context(|| format!("no `{wanted}` in the tray but {:#?}", tray.menu()))
}

fn wait_no_line(tray: &Tray, unwanted: &str) -> Result<()> {
    wait_until(LIMIT, || Ok(tray.depth_of(unwanted)?.is_none().then_some(())))
        .with_context(|| format!("`{unwanted}` stays in the tray: {:#?}", tray.menu()))
}
