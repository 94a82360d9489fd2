//! New versions, where the build names a place to look for them; packages of a distribution name none.

use std::sync::atomic::{AtomicU64, Ordering};

use outport_types::{Chain, Code, Problem};
use tauri::{AppHandle, Manager as _};
use tauri_plugin_updater::UpdaterExt as _;

use crate::{
    controller::Event,
    shell::{Shell, Update},
};

/// Whether this build has updates at all.
pub(crate) fn are_configured(config: &tauri::Config) -> bool {
    config.plugins.0.contains_key("updater")
}

/// Looks for a new version and tells the controller what was found.
pub(crate) async fn check(app: &AppHandle, shell: &Shell) {
    if !are_configured(app.config()) {
        return;
    }
    shell.tell(Event::Updates(Update::Checking)).await;
    let found = match app.updater() {
        Ok(updater) => updater.check().await,
        Err(error) => Err(error),
    };
    let update = match found {
        Ok(None) => Update::None,
        Ok(Some(update)) => Update::Available {
            version: update.version.clone(),
            notes: update.body.clone().unwrap_or_default(),
        },
        Err(error) => failed(&error),
    };
    shell.tell(Event::Updates(update)).await;
}

/// Fetches the new version, verifies its signature, installs it and starts it.
pub(crate) async fn install(app: &AppHandle, shell: &Shell) {
    if !are_configured(app.config()) {
        return;
    }
    if let Err(error) = fetch_and_install(app, shell).await {
        shell.tell(Event::Updates(failed(&error))).await;
    }
}

async fn fetch_and_install(
    app: &AppHandle,
    shell: &Shell,
) -> Result<(), tauri_plugin_updater::Error> {
    let Some(update) = app.updater()?.check().await? else {
        shell.tell(Event::Updates(Update::None)).await;
        return Ok(());
    };
    shell.tell(Event::Updates(Update::Installing { percent: None })).await;
    let done = AtomicU64::new(0);
    let progress = |chunk: usize, total: Option<u64>| {
        let chunk = u64::try_from(chunk).unwrap_or(u64::MAX);
        let done = done.fetch_add(chunk, Ordering::Relaxed).saturating_add(chunk);
        let percent = total.and_then(|total| (done.min(total) * 100).checked_div(total));
        let percent = percent.and_then(|percent| u32::try_from(percent).ok());
        shell.tell_now(Event::Updates(Update::Installing { percent }));
    };
    let content = update.download(progress, || {}).await?;
    update.install(content)?;
    // The agent must have ended before its successor takes the profile.
    app.state::<Restart>().0.store(true, Ordering::Relaxed);
    shell.tell(Event::Terminate).await;
    Ok(())
}

/// Whether the program starts again after its end.
#[derive(Debug, Default)]
pub(crate) struct Restart(pub(crate) std::sync::atomic::AtomicBool);

fn failed(error: &tauri_plugin_updater::Error) -> Update {
    tracing::warn!(error = %Chain(error), "no update");
    let problem = Problem::new(Code::UpdateFailed, [("reason", error.to_string().into())]);
    Update::Failed { problem }
}
