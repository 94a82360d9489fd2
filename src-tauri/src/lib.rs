//! The desktop app: tray, window, and the bridge between the agent and the screens.
//!
//! It has no rule of its own. The agent runs in this process, or it runs already and the app
//! attaches to it (`host`); either way every question goes through `outport_control`.
//! One `controller` decides what is shown and when; it knows the desktop as a trait (`gui`), so
//! tests play the desktop. What the page in the window may call stands in one list (`bridge`).

mod app;
mod args;
mod bridge;
mod controller;
mod desktop;
mod gui;
mod host;
mod local_path;
mod page;
mod presence;
mod settings;
mod shell;
mod signals;
#[cfg(test)]
mod testing;
mod tray;
mod updates;
mod words;

pub use app::{StartError, run};
pub use args::Args;
pub use outport_types::Chain;
