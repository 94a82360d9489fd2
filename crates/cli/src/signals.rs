//! Being asked to stop: Ctrl-C, and what service managers send.

use std::io;

/// Waits until somebody asks this process to stop.
///
/// # Errors
/// When the system does not let signals be listened for.
pub(crate) async fn asked_to_stop() -> io::Result<()> {
    #[cfg(unix)]
    {
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
    {
        use tokio::signal::windows;

        let mut shutdown = windows::ctrl_shutdown()?;
        let mut close = windows::ctrl_close()?;
        let mut stop = windows::ctrl_break()?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed,
            _ = shutdown.recv() => Ok(()),
            _ = close.recv() => Ok(()),
            _ = stop.recv() => Ok(()),
        }
    }
}
