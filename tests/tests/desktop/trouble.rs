//! What goes wrong on the computer and around it: the tray and the window say so while it lasts.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use outport_tests::{
    desktop::{Browser, Tray},
    process::wait_until,
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

fn wait_line(tray: &Tray, wanted: &str) -> Result<()> {
    wait_until(LIMIT, || Ok(tray.depth_of(wanted)?.map(drop)))
        .with_context(|| format!("no `{wanted}` in the tray but {:#?}", tray.menu()))
}

fn wait_no_line(tray: &Tray, unwanted: &str) -> Result<()> {
    wait_until(LIMIT, || Ok(tray.depth_of(unwanted)?.is_none().then_some(())))
        .with_context(|| format!("`{unwanted}` stays in the tray: {:#?}", tray.menu()))
}
