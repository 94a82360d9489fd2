//! The window: what runs in it, and what it may not do.

use anyhow::Result;
use outport_tests::desktop::Browser;
use serde_json::json;

use crate::rig::Rig;

#[test]
fn the_page_reaches_the_agent_by_commands_and_nothing_else_at_all() -> Result<()> {
    let Some(rig) = Rig::new()? else { return Ok(()) };
    let home = &rig.world.agents[rig.pc].home;
    let browser = Browser::start(&rig.desktop, home, &[])?;
    let tray = rig.host.wait_item()?;
    tray.wait_headline("smith#WorkPC, online")?;

    let snapshot = browser.invoke("status", &json!({}))?;
    assert_eq!(snapshot["endpoint"]["name"], "smith#WorkPC");
    let shell = browser.invoke("shell_state", &json!({}))?;
    assert_eq!(shell["host"]["kind"], "own");

    // What is not in the list of commands is refused: tokens, plugins, the core of Tauri.
    for (command, args) in [
        ("token", json!({ "resource_server": "transfer.api.globus.org" })),
        ("stop", json!({})),
        ("plugin:opener|open_url", json!({ "url": "https://example.org" })),
        ("plugin:dialog|open", json!({ "options": {} })),
        ("plugin:autostart|enable", json!({})),
        ("plugin:window|close", json!({ "label": "main" })),
        ("plugin:event|emit", json!({ "event": "x", "payload": null })),
    ] {
        assert!(browser.invoke(command, &args).is_err(), "{command}");
    }
    assert_eq!(browser.script("return typeof window.__TAURI__")?, "undefined");

    // No network and no file by itself.
    let fetch = |url: &str| {
        browser.script_answer(&format!(
            "const done = arguments[arguments.length - 1];
             fetch({url:?}).then(() => done('reached'), () => done('refused'));"
        ))
    };
    assert_eq!(fetch(&rig.world.url)?, "refused");
    assert_eq!(fetch("file:///etc/passwd")?, "refused");

    browser.invoke("pause", &json!({ "until": null }))?;
    tray.wait_headline("smith#WorkPC, paused")?;
    Ok(())
}
