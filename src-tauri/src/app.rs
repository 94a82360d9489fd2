//! Puts the parts together and runs until the app ends.

use std::sync::Arc;

use outport_control::{Paths, PathsError, Profile};
use outport_types::Language;
use tauri::{AppHandle, Builder, Manager as _, RunEvent, Wry};
use tauri_plugin_notification::NotificationExt as _;
use tauri_plugin_window_state::StateFlags;
use tokio::sync::watch;

use crate::{
    args::Args,
    bridge::boundary,
    controller::{self, Controller, Event, Start},
    desktop::{Clipboard, Desktop},
    host::Link,
    page::Page,
    presence,
    shell::{Shell, Update},
    signals, updates,
};

/// Why the app cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The profile has no place.
    #[error("the files of the profile have no place")]
    Paths(#[source] PathsError),
    /// Nobody could see it.
    #[error("there is no screen here; `outport agent` makes this computer reachable without one")]
    NoScreen,
    /// The toolkit fails.
    #[error("the desktop does not let the app start")]
    Tauri(#[source] tauri::Error),
}

/// Runs the app until it ends.
///
/// # Errors
/// When it cannot start.
pub fn run(args: Args) -> Result<(), StartError> {
    if !has_screen() {
        return Err(StartError::NoScreen);
    }
    let paths = Paths::locate(args.profile.clone()).map_err(StartError::Paths)?;
    let mut context = tauri::generate_context!();
    context.config_mut().identifier = identifier(&args);
    let boundary = boundary();
    let commands = boundary.invoke_handler();
    let app = plugins(Builder::default(), &args, updates::are_configured(context.config()))
        .invoke_handler(commands)
        .setup(move |app| {
            boundary.mount_events(app);
            begin(app.handle(), paths, &args);
            Ok(())
        })
        .build(context)
        .map_err(StartError::Tauri)?;
    app.run(|app, event| match event {
        // Without a window the app goes on in the tray; only the controller ends it.
        RunEvent::ExitRequested { code: None, api, .. } => api.prevent_exit(),
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => app.state::<Shell>().tell_now(Event::Open(None)),
        RunEvent::Exit => tracing::debug!(name = app.package_info().name, "ended"),
        _ => {} // the type is open; nothing else matters here
    });
    Ok(())
}

/// Starts the controller and all that tells it something.
fn begin(app: &AppHandle, paths: Paths, args: &Args) {
    let channels = controller::channels();
    let (link, linked) = watch::channel(Link::Starting);
    let shell = Shell::new(channels.0.clone(), linked);
    let desktop = Arc::new(Desktop::new(app.clone(), shell.clone()));
    app.manage(shell.clone());
    app.manage(Clipboard::new());
    app.manage(updates::Restart::default());

    let clicked = Arc::clone(&desktop);
    let heard = app.notification().on_action(move |action| {
        if let Some(id) = action.notification().map(|notification| notification.id()) {
            clicked.notification_clicked(id);
        }
    });
    if let Err(error) = heard {
        tracing::warn!(%error, "clicks on notifications are not heard");
    }
    listen_to_links(app, &shell);

    let locale = sys_locale::get_locale().unwrap_or_else(|| "en".to_owned());
    let configured = updates::are_configured(app.config());
    let start = Start {
        paths,
        demo: args.demo,
        hidden: args.hidden,
        page: args.link.as_deref().map(page_of),
        system_language: language_of(&locale),
        locale,
        updates: if configured { Update::None } else { Update::Off },
    };
    let controller = Controller::new(desktop, start, link, channels);
    let running = tauri::async_runtime::spawn(controller.run());
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        if let Err(error) = running.await {
            // Without its decider the app would only pretend.
            tracing::error!(%error, "the controller failed");
            app.exit(1);
        }
    });
    tauri::async_runtime::spawn(presence::watch(shell.clone()));
    tauri::async_runtime::spawn(signals::watch(shell));
}

fn plugins(builder: Builder<Wry>, args: &Args, with_updates: bool) -> Builder<Wry> {
    let single = tauri_plugin_single_instance::Builder::new().dbus_id(identifier(args)).callback(
        |app, argv, _| {
            // Two starts at login are no wish to see the window.
            if argv.iter().any(|arg| arg == "--hidden") {
                return;
            }
            let page = Args::link_of(&argv).as_deref().map(page_of);
            app.state::<Shell>().tell_now(Event::Open(page));
        },
    );
    let mut autostart = tauri_plugin_autostart::Builder::new().arg("--hidden");
    if args.profile != Profile::default() {
        let name = format!("Outport ({})", args.profile);
        autostart = autostart.args(["--profile", args.profile.as_str()]).app_name(name);
    }
    // Whether the window is visible is decided at every start anew.
    let remembered = StateFlags::all() & !StateFlags::VISIBLE;
    let builder = builder
        .plugin(single.build()) // first, so that a second start ends before it does anything
        .plugin(autostart.build())
        .plugin(tauri_plugin_deep_link::init())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_window_state::Builder::new().with_state_flags(remembered).build());
    if with_updates {
        builder.plugin(tauri_plugin_updater::Builder::new().build())
    } else {
        builder
    }
}

/// On macOS the system brings links by itself; elsewhere they come as arguments of a start.
#[cfg(target_os = "macos")]
fn listen_to_links(app: &AppHandle, shell: &Shell) {
    use tauri_plugin_deep_link::DeepLinkExt as _;

    let shell = shell.clone();
    app.deep_link().on_open_url(move |event| {
        if let Some(url) = event.urls().first() {
            shell.tell_now(Event::Open(Some(page_of(url.as_str()))));
        }
    });
}

/// An AppImage is installed by nobody, so it registers its links itself.
#[cfg(not(target_os = "macos"))]
fn listen_to_links(app: &AppHandle, _: &Shell) {
    use tauri_plugin_deep_link::DeepLinkExt as _;

    #[cfg(target_os = "linux")]
    let is_portable = app.env().appimage.is_some();
    #[cfg(not(target_os = "linux"))]
    let is_portable = false;
    if is_portable && let Err(error) = app.deep_link().register_all() {
        tracing::warn!(error = %outport_types::Chain(&error), "links will not open the app");
    }
}

/// Profiles are apps of their own to the system: each has its window, its tray and its one instance.
fn identifier(args: &Args) -> String {
    let base = "dev.outport.Outport";
    if args.demo {
        return format!("{base}.demo");
    }
    if args.profile == Profile::default() {
        return base.to_owned();
    }
    format!("{base}.profile-{}", args.profile)
}

/// Where a link leads; one that leads nowhere opens the window as it is.
fn page_of(link: &str) -> Page {
    Page::from_link(link).unwrap_or_else(|error| {
        tracing::warn!(%error, "opened by a link that leads nowhere");
        Page::Overview
    })
}

fn language_of(locale: &str) -> Language {
    if locale.to_lowercase().starts_with("fr") { Language::Fr } else { Language::En }
}

/// Whether windows can be shown at all.
fn has_screen() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn french_is_known_in_each_of_its_countries() {
        assert_eq!(language_of("fr-CA"), Language::Fr);
        assert_eq!(language_of("FR"), Language::Fr);
        assert_eq!(language_of("en-GB"), Language::En);
        assert_eq!(language_of("C"), Language::En);
    }

    #[test]
    fn each_profile_is_an_app_of_its_own() {
        let args = |words: &str| {
            let words = ["outport-desktop"].into_iter().chain(words.split_whitespace());
            <Args as clap::Parser>::parse_from(words)
        };
        assert_eq!(identifier(&args("")), "dev.outport.Outport");
        assert_eq!(identifier(&args("--profile 2")), "dev.outport.Outport.profile-2");
        assert_eq!(identifier(&args("--demo")), "dev.outport.Outport.demo");
    }
}
