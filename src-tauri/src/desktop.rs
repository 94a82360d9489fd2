//! The real desktop behind [`Gui`]: Tauri's tray, window, dialogs and plugins.

use std::sync::{Mutex, MutexGuard, PoisonError, atomic::Ordering};

use arboard::Clipboard as SystemClipboard;
use outport_types::{Chain, Code, Problem};
use tauri::{
    AppHandle, Manager as _, Theme, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent,
};
use tauri_plugin_autostart::ManagerExt as _;
use tauri_plugin_dialog::{DialogExt as _, MessageDialogButtons, MessageDialogKind};
use tauri_plugin_notification::NotificationExt as _;
use tauri_plugin_opener::OpenerExt as _;
use tauri_specta::Event as _;
use tokio::sync::oneshot;

use crate::{
    bridge::{GoTo, ShellChanged, SnapshotChanged},
    controller::Event,
    gui::{Gui, Notification, Question, ToPage},
    page::Page,
    shell::Shell,
    tray::{ShownTray, TrayView},
    updates::Restart,
};

/// The desktop of the owner.
#[derive(Debug)]
pub(crate) struct Desktop {
    app: AppHandle,
    shell: Shell,
    tray: Mutex<Option<ShownTray>>,
    clicks: Mutex<Vec<(i32, Page)>>,
}

impl Desktop {
    pub(crate) fn new(app: AppHandle, shell: Shell) -> Self {
        Self { app, shell, tray: Mutex::new(None), clicks: Mutex::new(Vec::new()) }
    }

    /// Opens what a notification is about. Called when one was clicked.
    pub(crate) fn notification_clicked(&self, id: i32) {
        let page =
            lock(&self.clicks).iter().find(|(of, _)| *of == id).map(|(_, page)| page.clone());
        self.shell.tell_now(Event::Open(page));
    }

    /// The window, made now if there is none.
    fn window(&self) -> Option<WebviewWindow> {
        if let Some(window) = self.app.get_webview_window(WINDOW) {
            return Some(window);
        }
        match self.make_window() {
            Ok(window) => Some(window),
            Err(error) => {
                tracing::error!(error = %Chain(&error), "the window cannot be made");
                None
            }
        }
    }

    fn make_window(&self) -> tauri::Result<WebviewWindow> {
        let window = WebviewWindowBuilder::new(&self.app, WINDOW, WebviewUrl::default())
            .title("Outport")
            .inner_size(1080.0, 720.0)
            .min_inner_size(720.0, 480.0)
            .visible(false)
            // Nothing but our own pages: a link that a page follows by mistake leads nowhere.
            .on_navigation(is_own_page)
            .build()?;
        let shell = self.shell.clone();
        window.on_window_event(move |event| {
            #[expect(clippy::wildcard_enum_match_arm, reason = "the type is open")]
            match event {
                WindowEvent::CloseRequested { api, .. } => {
                    api.prevent_close();
                    shell.tell_now(Event::CloseWindow);
                }
                WindowEvent::ThemeChanged(_) => shell.tell_now(Event::Repaint),
                _ => {} // nothing else matters here
            }
        });
        Ok(window)
    }

    /// How bright the panel is that holds the tray, as far as the system says.
    fn panel(&self) -> Theme {
        let window = self.app.get_webview_window(WINDOW);
        window.and_then(|window| window.theme().ok()).unwrap_or(Theme::Dark)
    }
}

impl Gui for Desktop {
    fn show_tray(&self, view: TrayView) {
        let mut tray = lock(&self.tray);
        let panel = self.panel();
        let done = match tray.as_mut() {
            Some(shown) => shown.update(view, panel),
            None => {
                let (chosen, clicked) = (self.shell.clone(), self.shell.clone());
                ShownTray::put(
                    &self.app,
                    view,
                    panel,
                    move |choice| chosen.tell_now(Event::Chosen(choice)),
                    move || clicked.tell_now(Event::Open(None)),
                )
                .map(|shown| *tray = Some(shown))
            }
        };
        if let Err(error) = done {
            tracing::warn!(error = %Chain(&error), "the tray cannot be shown");
        }
    }

    fn show_window(&self) {
        let Some(window) = self.window() else { return };
        logged("show the window", window.show());
        logged("restore the window", window.unminimize());
        logged("focus the window", window.set_focus());
    }

    fn show_window_minimized(&self) {
        let Some(window) = self.window() else { return };
        logged("show the window", window.show());
        logged("minimise the window", window.minimize());
    }

    fn hide_window(&self) {
        if let Some(window) = self.app.get_webview_window(WINDOW) {
            logged("hide the window", window.hide());
        }
    }

    fn drop_window(&self) {
        if let Some(window) = self.app.get_webview_window(WINDOW) {
            logged("end the window", window.destroy());
        }
    }

    fn is_in_front(&self) -> bool {
        let window = self.app.get_webview_window(WINDOW);
        window.is_some_and(|window| {
            window.is_visible().unwrap_or(false) && window.is_focused().unwrap_or(false)
        })
    }

    fn tell(&self, news: ToPage<'_>) {
        let told = match news {
            ToPage::Snapshot(snapshot) => SnapshotChanged(snapshot.clone()).emit(&self.app),
            ToPage::Shell(state) => ShellChanged(state.clone()).emit(&self.app),
            ToPage::GoTo(page) => GoTo(page.clone()).emit(&self.app),
        };
        logged("tell the page", told);
    }

    fn notify(&self, notification: Notification) {
        let Notification { title, text, page } = notification;
        let id = {
            let mut clicks = lock(&self.clicks);
            let id = clicks.last().map_or(1, |(last, _)| last.wrapping_add(1));
            clicks.push((id, page));
            let old = clicks.len().saturating_sub(CLICKS_MAX);
            clicks.drain(..old);
            id
        };
        let shown = self.app.notification().builder().id(id).title(title).body(text).show();
        if let Err(error) = shown {
            tracing::warn!(%error, "no notification");
        }
    }

    fn ask(&self, question: Question, answer: oneshot::Sender<bool>) {
        let Question { title, text, yes, no } = question;
        self.app
            .dialog()
            .message(text)
            .title(title)
            .kind(MessageDialogKind::Warning)
            .buttons(MessageDialogButtons::OkCancelCustom(yes, no))
            .show(move |said| {
                answer.send(said).ok();
            });
    }

    fn open_url(&self, url: &str) {
        if !crate::bridge::is_web(url) {
            return;
        }
        if let Err(error) = self.app.opener().open_url(url, None::<&str>) {
            tracing::warn!(%error, "the browser cannot be opened");
        }
    }

    fn copy(&self, text: String) {
        self.app.state::<Clipboard>().copy(text);
    }

    fn starts_at_login(&self) -> bool {
        self.app.autolaunch().is_enabled().unwrap_or(false)
    }

    fn set_start_at_login(&self, on: bool) -> Result<(), Problem> {
        let autostart = self.app.autolaunch();
        let done = if on { autostart.enable() } else { autostart.disable() };
        done.map_err(|error| {
            tracing::warn!(%error, "the start at login cannot be changed");
            Problem::new(Code::AutostartFailed, [("reason", error.to_string().into())])
        })
    }

    fn exit(&self) {
        if self.app.state::<Restart>().0.load(Ordering::Relaxed) {
            self.app.request_restart();
        } else {
            self.app.exit(0);
        }
    }
}

/// The system's clipboard. On some systems what was copied is gone with this.
pub(crate) struct Clipboard(Mutex<Option<SystemClipboard>>);

impl Clipboard {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(None))
    }

    pub(crate) fn copy(&self, text: String) {
        let mut clipboard = lock(&self.0);
        if clipboard.is_none() {
            *clipboard = SystemClipboard::new()
                .inspect_err(|error| tracing::warn!(%error, "no clipboard"))
                .ok();
        }
        if let Some(clipboard) = clipboard.as_mut()
            && let Err(error) = clipboard.set_text(text)
        {
            tracing::warn!(%error, "the clipboard takes nothing");
        }
    }
}

impl std::fmt::Debug for Clipboard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clipboard")
    }
}

fn is_own_page(url: &tauri::Url) -> bool {
    let inside = matches!(url.scheme(), "tauri" | "ipc");
    // Windows serves the pages below a name that no network has.
    let on_windows = url.host_str() == Some("tauri.localhost");
    let by_vite = cfg!(not(feature = "custom-protocol")) && url.host_str() == Some("localhost");
    inside || on_windows || by_vite || url.as_str() == "about:blank"
}

fn logged(what: &str, done: tauri::Result<()>) {
    if let Err(error) = done {
        tracing::warn!(error = %Chain(&error), "cannot {what}");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The label of the one window.
const WINDOW: &str = "main";
/// Notifications that can still be clicked.
const CLICKS_MAX: usize = 32;
