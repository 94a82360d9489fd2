//! What the window may ask of the app itself.

use outport_types::{Code, Problem};
use tauri::{AppHandle, Manager as _, State};
use tauri_plugin_dialog::DialogExt as _;
use tauri_plugin_opener::OpenerExt as _;
use tokio::sync::oneshot;
use url::{Host, Url};

use crate::{
    controller::{Ask, Event},
    desktop::Clipboard,
    local_path,
    page::Page,
    settings::ShellSettings,
    shell::{Shell, ShellState},
    updates,
};

/// The state of the app itself. Calling it says that the page listens to events from now on.
#[tauri::command]
#[specta::specta]
pub(super) async fn shell_state(shell: State<'_, Shell>) -> Result<ShellState, Problem> {
    shell.ask(Ask::State).await
}

/// Keeps the settings of tray and window.
#[tauri::command]
#[specta::specta]
pub(super) async fn save_shell_settings(
    shell: State<'_, Shell>,
    settings: ShellSettings,
) -> Result<ShellState, Problem> {
    shell.ask(|answer| Ask::Save(settings, answer)).await
}

/// Lets the app start when the owner signs in to the computer, or not.
#[tauri::command]
#[specta::specta]
pub(super) async fn set_autostart(
    shell: State<'_, Shell>,
    on: bool,
) -> Result<ShellState, Problem> {
    shell.ask(|answer| Ask::StartAtLogin(on, answer)).await
}

/// The page that was asked for before the window could show it, once.
#[tauri::command]
#[specta::specta]
pub(super) async fn take_page(shell: State<'_, Shell>) -> Result<Option<Page>, Problem> {
    shell.ask(Ask::TakePage).await
}

/// Looks for an agent again, after there was none.
#[tauri::command]
#[specta::specta]
pub(super) async fn retry_agent(shell: State<'_, Shell>) -> Result<ShellState, Problem> {
    shell.ask(Ask::Retry).await
}

/// Lets the owner pick a folder in the system's own dialog; `null` when nothing was picked.
#[tauri::command]
#[specta::specta]
pub(super) async fn pick_folder(app: AppHandle, title: String) -> Result<Option<String>, Problem> {
    let (answer, answered) = oneshot::channel();
    let dialog = app.dialog().file().set_title(title).set_can_create_directories(true);
    // Where people's folders are; some systems would begin with the files used last, which are none.
    let dialog = match app.path().home_dir() {
        Ok(home) => dialog.set_directory(home),
        Err(_) => dialog,
    };
    let dialog = match app.get_webview_window("main") {
        Some(window) => dialog.set_parent(&window),
        None => dialog,
    };
    dialog.pick_folder(move |picked| {
        answer.send(picked).ok();
    });
    let picked = answered.await.ok().flatten().and_then(|picked| picked.into_path().ok());
    Ok(picked.map(|path| local_path::to_text(&path)))
}

/// Lets the owner choose where to keep a text, and writes it there; `null` when nothing was chosen.
#[tauri::command]
#[specta::specta]
pub(super) async fn save_text(
    app: AppHandle,
    name: String,
    text: String,
) -> Result<Option<String>, Problem> {
    let (answer, answered) = oneshot::channel();
    app.dialog().file().set_file_name(name).save_file(move |picked| {
        answer.send(picked).ok();
    });
    let Some(file) = answered.await.ok().flatten().and_then(|picked| picked.into_path().ok())
    else {
        return Ok(None);
    };
    match tokio::fs::write(&file, text).await {
        Ok(()) => Ok(Some(file.display().to_string())),
        Err(error) => {
            let (path, reason) = (file.display().to_string(), error.to_string());
            let endpoint = "this computer".into();
            let args = [("endpoint", endpoint), ("path", path.into()), ("reason", reason.into())];
            Err(Problem::new(Code::Disk, args))
        }
    }
}

/// Puts a text on the system's clipboard.
#[tauri::command]
#[specta::specta]
pub(super) fn copy_text(clipboard: State<'_, Clipboard>, text: String) -> Result<(), Problem> {
    clipboard.copy(text);
    Ok(())
}

/// Opens a page in the system's browser. Only addresses of the web, never a program or a file.
#[tauri::command]
#[specta::specta]
#[expect(clippy::needless_pass_by_value, reason = "commands own what they are sent")]
pub(super) fn open_url(app: AppHandle, url: String) -> Result<(), Problem> {
    let refused = |reason: String| {
        let args = [("address", url.as_str().into()), ("reason", reason.into())];
        Problem::new(Code::BadHubAddress, args)
    };
    if !is_web(&url) {
        return Err(refused("only addresses of the web are opened".to_owned()));
    }
    app.opener().open_url(&url, None::<&str>).map_err(|error| {
        tracing::warn!(%error, "the browser cannot be opened");
        refused(error.to_string())
    })
}

/// Shows a file in the system's own file browser.
#[tauri::command]
#[specta::specta]
#[expect(clippy::needless_pass_by_value, reason = "commands own what they are sent")]
pub(super) fn show_in_folder(app: AppHandle, path: String) -> Result<(), Problem> {
    let missing = || {
        let args = [("endpoint", "this computer".into()), ("path", path.as_str().into())];
        Problem::new(Code::NotFound, args)
    };
    let file = local_path::from_text(&path);
    if !file.is_absolute() || !file.exists() {
        return Err(missing());
    }
    app.opener().reveal_item_in_dir(&file).map_err(|error| {
        tracing::warn!(%error, "the file browser cannot be opened");
        missing()
    })
}

/// Closes the window as its own button does.
#[tauri::command]
#[specta::specta]
pub(super) async fn hide_window(shell: State<'_, Shell>) -> Result<(), Problem> {
    shell.tell(Event::CloseWindow).await;
    Ok(())
}

/// Ends the app; it asks first when transfers run.
#[tauri::command]
#[specta::specta]
pub(super) async fn quit(shell: State<'_, Shell>) -> Result<(), Problem> {
    shell.tell(Event::Quit).await;
    Ok(())
}

/// Looks for a new version, where updates are configured.
#[tauri::command]
#[specta::specta]
pub(super) async fn check_for_update(
    app: AppHandle,
    shell: State<'_, Shell>,
) -> Result<ShellState, Problem> {
    updates::check(&app, &shell).await;
    shell.ask(Ask::State).await
}

/// Installs the new version and starts it.
#[tauri::command]
#[specta::specta]
pub(super) async fn install_update(
    app: AppHandle,
    shell: State<'_, Shell>,
) -> Result<ShellState, Problem> {
    updates::install(&app, &shell).await;
    shell.ask(Ask::State).await
}

/// Whether an address may be handed to the browser: encrypted, or on this very computer.
pub(crate) fn is_web(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    match url.scheme() {
        "https" => url.has_host(),
        "http" => match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        },
        _ => false,
    }
}
