//! The whole app, as somebody meets it who has never seen it.

use std::{fs, path::Path};

use anyhow::Result;
use outport_tests::{
    desktop::{Browser, Tray, sign_in},
    process::wait_until,
    tree::{self, Plan},
};

use crate::rig::{LIMIT, Rig};

#[test]
fn somebody_new_signs_in_shares_a_folder_and_moves_files_from_the_window() -> Result<()> {
    let Some(mut rig) = Rig::fresh()? else { return Ok(()) };
    let cluster = rig.world.add_agent("Cluster")?;
    let folder = rig.world.path("Mouse brain");
    fs::create_dir(&folder)?;
    let home = rig.world.path("home-new");
    fs::create_dir(&home)?;

    let browser = Browser::start(&rig.desktop, &home, &[])?;
    let tray = rig.host.wait_item()?;
    tray.wait_headline("Outport, not set up yet")?;
    set_up(&rig, &browser, &folder)?;
    tray.wait_headline("smith#WorkPC, online")?;

    tree::make(&folder.join("raw"), LARGE, 5)?;
    ask_for_transfer(&browser)?;
    tray.wait_headline("smith#WorkPC, transferring")?;
    browser.click("Watch")?;
    browser.wait_text("of 3 files")?;

    pause_and_resume(&rig, cluster, &tray, &browser)?;
    browser.wait_text("Ended")?;
    tray.wait_headline("smith#WorkPC, online")?;
    let copy = rig.world.agents[cluster].folder.join("raw");
    tree::compare(&folder.join("raw"), &copy)
}

/// The six steps of the first run.
fn set_up(rig: &Rig, browser: &Browser, folder: &Path) -> Result<()> {
    browser.wait_text("Which hub do you use?")?;
    browser.fill("input", &rig.world.url)?;
    browser.click("Look for the hub")?;
    browser.click("Continue")?;

    browser.click("Sign in with the browser")?;
    sign_in(&rig.desktop.wait_opened()?, "smith")?;

    browser.wait_text("What is this computer called?")?;
    browser.fill("input", "Cluster")?;
    browser.wait_text("smith#Cluster")?;
    browser.wait_text("Another computer of yours has this name.")?;
    browser.fill("input", "WorkPC")?;
    browser.wait_text("smith#WorkPC")?;
    browser.click("Register this computer")?;
    // This desktop has no keyring, and the owner is asked before the key goes elsewhere.
    browser.click("Keep the key in a file")?;

    browser.wait_text("Which folders may be reached?")?;
    browser.click("Add a folder…")?;
    rig.desktop.pick_folder("Choose a folder to share", folder)?;
    browser.wait_text("Mouse brain")?;
    browser.click("Continue")?;

    browser.wait_text("When should it work?")?;
    browser.click("Continue")?;
    browser.wait_text("Everything works.")?;
    browser.click("Finish")
}

/// From the folder on the left to the other computer on the right.
fn ask_for_transfer(browser: &Browser) -> Result<()> {
    browser.click("Files")?;
    browser
        .click_path("//section[@data-pane='right']//button[contains(., 'Choose a collection')]")?;
    browser.click_path("//dialog//button[contains(., 'smith#Cluster')]")?;
    browser.click_path("//section[@data-pane='left']//*[@role='row'][contains(., 'raw')]")?;
    browser.click("Transfer to smith#Cluster")
}

/// The tray pauses; the window, the hub and the other computer's owner see it.
fn pause_and_resume(rig: &Rig, cluster: usize, tray: &Tray, browser: &Browser) -> Result<()> {
    tray.click("Until resumed")?;
    tray.wait_headline("smith#WorkPC, paused")?;
    browser.wait_text("Paused")?;
    let other = &rig.world.agents[cluster];
    let paused = || other.json(&["endpoints", "show", "WorkPC"]);
    wait_until(LIMIT, || Ok((paused()?["gcp_paused"] == true).then_some(())))?;
    tray.click("Resume")?;
    wait_until(LIMIT, || Ok((paused()?["gcp_paused"] == false).then_some(())))
}

const LARGE: Plan = Plan { small_files: 1, large_files: 2, large_bytes: 600_000_000 };
