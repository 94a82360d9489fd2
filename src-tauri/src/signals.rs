//! Being asked to end by the system: a session that closes, a service manager, Ctrl-C.

use crate::{controller::Event, shell::Shell};

/// Ends the app in order when the system asks for it.
pub(crate) async fn watch(shell: Shell) {
    match asked_to_end().await {
        Ok(()) => shell.tell(Event::Terminate).await,
        Err(error) => tracing::warn!(%error, "signals cannot be listened for"),
    }
}

#[cfg(unix)]
async fn asked_to_end() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = terminate.recv() => Ok(()),
        _ = hang_up.recv() => Ok(()),
    }
}

#[cfg(windows)]
async fn asked_to_end() -> std::io::Result<()> {
    use tokio::signal::windows;

    let mut shutdown = windows::ctrl_shutdown()?;
    let mut log_off = windows::ctrl_logoff()?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = shutdown.recv() => Ok(()),
        _ = log_off.recv() => Ok(()),
    }
}
