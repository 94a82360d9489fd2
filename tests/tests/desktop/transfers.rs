//! Transfers while the app comes and goes.

use std::time::Duration;

use anyhow::Result;
use outport_tests::tree::{self, Plan};

use crate::rig::{LIMIT, Rig};

#[test]
fn quitting_during_a_transfer_asks_first_and_the_transfer_goes_on_at_the_next_start() -> Result<()>
{
    let Some(mut rig) = Rig::new()? else { return Ok(()) };
    let cluster = rig.world.add_agent("Cluster")?;
    tree::make(&rig.folder().join("tree"), LARGE, 11)?;
    let (mut app, tray) = rig.start_app(&["--hidden"])?;
    tray.wait_headline("smith#WorkPC, online")?;
    let (pc, cluster) = (&rig.world.agents[rig.pc], &rig.world.agents[cluster]);
    let task = pc.submit(&[&pc.at("tree"), &cluster.at("copy"), "--recursive"])?;
    tray.wait_headline("smith#WorkPC, transferring")?;

    tray.click("Quit")?;
    rig.desktop.wait_window(QUESTION, true)?;
    rig.desktop.press(QUESTION, &["Escape"])?;
    rig.desktop.wait_window(QUESTION, false)?;
    assert_ne!(rig.state()?, "offline");

    tray.click("Quit")?;
    rig.desktop.wait_window(QUESTION, true)?;
    // The answer that loses nothing is the one that Return gives; Quit is beside it.
    rig.desktop.press(QUESTION, &["alt+q"]).ok();
    rig.desktop.press(QUESTION, &["Return"]).ok();
    assert!(app.wait_end(QUIT)?.success());
    rig.wait_nothing_runs()?;
    let waiting = rig.world.agents[1].task(&task)?;
    assert_eq!(waiting["status"], "ACTIVE", "{waiting:#}");

    let (mut app, _tray) = rig.start_app(&["--hidden"])?;
    let (pc, cluster) = (&rig.world.agents[rig.pc], &rig.world.agents[1]);
    pc.wait_task(&task, LIMIT * 3, |task| task["status"] == "SUCCEEDED")?;
    tree::compare(&pc.folder.join("tree"), &cluster.folder.join("copy"))?;
    app.terminate(QUIT)?;
    Ok(())
}

const QUESTION: &str = "^Quit while files are being transferred";
const QUIT: Duration = Duration::from_secs(12);
const LARGE: Plan = Plan { small_files: 10, large_files: 2, large_bytes: 1_500_000_000 };
