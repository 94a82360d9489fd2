//! Notices when the config file may have changed.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use notify::{RecursiveMode, Watcher as _};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;

/// Sends something into `changed` whenever the file may have changed, until `stop`.
///
/// The directory is watched, because editors replace files; and the file is looked at now and then,
/// because changes made on another computer of a shared home are not told.
pub(crate) async fn watch(file: PathBuf, changed: mpsc::Sender<()>, stop: CancellationToken) {
    let (told, mut hints) = mpsc::channel(1);
    let watcher = start(&file, told);
    if let Err(error) = &watcher {
        tracing::warn!(%error, "the config directory cannot be watched, looking now and then");
    }
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = stamp(&file).await;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = looks.tick() => {}
            hint = hints.recv(), if watcher.is_ok() => {
                if hint.is_none() {
                    return;
                }
                sleep(SETTLE).await; // editors write in several steps
            }
        }
        let now = stamp(&file).await;
        if now != seen {
            seen = now;
            changed.try_send(()).ok(); // one that waits already says the same
        }
    }
}

fn start(file: &Path, told: mpsc::Sender<()>) -> notify::Result<notify::RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |_| {
        told.try_send(()).ok(); // one that waits already says the same
    })?;
    if let Some(dir) = file.parent() {
        watcher.watch(dir, RecursiveMode::NonRecursive)?;
    }
    Ok(watcher)
}

async fn stamp(file: &Path) -> Option<(SystemTime, u64)> {
    let file = file.to_owned();
    let look = move || {
        let metadata = fs::metadata(file).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    tokio::task::spawn_blocking(look).await.ok().flatten()
}

/// Also how long an edit on another computer may take to be seen.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Longer than an editor takes between truncating and writing, shorter than anybody waits.
const SETTLE: Duration = Duration::from_millis(150);
