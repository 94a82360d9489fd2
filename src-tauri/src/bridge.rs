//! What the window may call and hear: the one list, from which `ui/src/platform/bindings.ts` is made.

mod agent;
mod app;

use outport_control::Snapshot;
use serde::{Deserialize, Serialize};
use specta::Type;
use tauri::Wry;
use tauri_specta::{Builder, Event, collect_commands, collect_events};

pub(crate) use self::app::is_web;
use crate::{page::Page, shell::ShellState};

/// The whole state of the agent, at most four times a second.
#[derive(Clone, Debug, Serialize, Deserialize, Type, Event)]
pub(crate) struct SnapshotChanged(pub(crate) Snapshot);

/// The whole state of the app itself.
#[derive(Clone, Debug, Serialize, Deserialize, Type, Event)]
pub(crate) struct ShellChanged(pub(crate) ShellState);

/// A page to be shown now.
#[derive(Clone, Debug, Serialize, Deserialize, Type, Event)]
pub(crate) struct GoTo(pub(crate) Page);

/// Every command and event.
pub(crate) fn boundary() -> Builder<Wry> {
    Builder::<Wry>::new()
        // Sizes and times stay far below the numbers that JavaScript counts exactly.
        .dangerously_cast_bigints_to_number()
        .disable_serde_phases()
        .commands(collect_commands![
            agent::status,
            agent::log,
            agent::pause,
            agent::resume,
            agent::folders,
            agent::add_folder,
            agent::remove_folder,
            agent::test_folder,
            agent::doctor,
            agent::doctor_to,
            agent::set_up,
            agent::sign_out,
            agent::account,
            agent::check_hub,
            agent::begin_sign_in,
            agent::cancel_sign_in,
            agent::check_name,
            agent::register,
            agent::rename_computer,
            agent::remove_computer,
            agent::preset,
            agent::save_settings,
            agent::save_limits,
            agent::proxy,
            agent::save_proxy,
            agent::clear_proxy,
            agent::diagnostics,
            agent::collections,
            agent::collection,
            agent::list,
            agent::stat,
            agent::make_folder,
            agent::rename_file,
            agent::transfer,
            agent::delete_files,
            agent::tasks,
            agent::task,
            agent::task_files,
            agent::task_skipped,
            agent::task_differences,
            agent::cancel_task,
            agent::retry_task,
            agent::update_task,
            app::shell_state,
            app::save_shell_settings,
            app::set_autostart,
            app::take_page,
            app::retry_agent,
            app::pick_folder,
            app::save_text,
            app::copy_text,
            app::open_url,
            app::show_in_folder,
            app::hide_window,
            app::quit,
            app::check_for_update,
            app::install_update,
        ])
        .events(collect_events![SnapshotChanged, ShellChanged, GoTo])
}

#[cfg(test)]
#[path = "bridge/tests.rs"]
mod tests;
