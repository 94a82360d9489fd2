//! Whether the desktop shows a tray at all. Windows and macOS always do.

use crate::shell::Shell;

#[cfg(not(target_os = "linux"))]
pub(crate) async fn watch(shell: Shell) {
    shell.tell(crate::controller::Event::TrayThere(true)).await;
}

/// Follows whether somebody on the session bus shows status items, which the desktop itself or an
/// extension of it does.
#[cfg(target_os = "linux")]
pub(crate) async fn watch(shell: Shell) {
    if let Err(error) = linux::follow(&shell).await {
        tracing::warn!(%error, "cannot ask the desktop for its tray");
        shell.tell(crate::controller::Event::TrayThere(false)).await;
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use zbus::{Connection, fdo::DBusProxy, names::WellKnownName};

    use crate::{controller::Event, shell::Shell};

    pub(super) async fn follow(shell: &Shell) -> zbus::Result<()> {
        let bus = DBusProxy::new(&Connection::session().await?).await?;
        let mut changes = bus.receive_name_owner_changed_with_args(&[(0, WATCHER)]).await?;
        let there = bus.name_has_owner(WellKnownName::from_static_str(WATCHER)?.into()).await?;
        shell.tell(Event::TrayThere(there)).await;
        while let Some(change) = futures_util::StreamExt::next(&mut changes).await {
            let there = change.args()?.new_owner().is_some();
            shell.tell(Event::TrayThere(there)).await;
        }
        Ok(())
    }

    /// The name that whoever shows status items has on the session bus.
    const WATCHER: &str = "org.kde.StatusNotifierWatcher";
}
