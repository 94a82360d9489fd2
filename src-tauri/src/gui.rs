//! What the controller asks of the desktop. Tests put a recorder in its place.

use outport_control::Snapshot;
use outport_types::Problem;
use tokio::sync::oneshot;

use crate::{page::Page, shell::ShellState, tray::TrayView};

/// The desktop: a tray, one window, notifications, dialogs.
///
/// Nothing here waits for a person; what a person answers comes back through a channel.
pub(crate) trait Gui: Send + Sync + 'static {
    /// Puts the tray there, or changes it.
    fn show_tray(&self, view: TrayView);
    /// Brings the window to the front; makes it when there is none.
    fn show_window(&self);
    /// Makes the window if there is none, and leaves it in the list of windows, not in front.
    fn show_window_minimized(&self);
    fn hide_window(&self);
    /// Ends the window with all that it costs; [`Gui::show_window`] makes a new one.
    fn drop_window(&self);
    /// Whether the owner is looking at the window.
    fn is_in_front(&self) -> bool;
    /// Tells the page in the window, if there is one.
    fn tell(&self, news: ToPage<'_>);
    fn notify(&self, notification: Notification);
    /// Asks a yes-or-no question in a dialog of its own.
    fn ask(&self, question: Question, answer: oneshot::Sender<bool>);
    fn open_url(&self, url: &str);
    fn copy(&self, text: String);
    fn starts_at_login(&self) -> bool;
    /// # Errors
    /// When the system does not let that be changed.
    fn set_start_at_login(&self, on: bool) -> Result<(), Problem>;
    /// Ends the program.
    fn exit(&self);
}

/// What the page is told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ToPage<'a> {
    Snapshot(&'a Snapshot),
    Shell(&'a ShellState),
    GoTo(&'a Page),
}

/// Something shown by the desktop for some seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notification {
    pub(crate) title: String,
    pub(crate) text: String,
    /// Where a click leads.
    pub(crate) page: Page,
}

/// A yes-or-no question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) yes: String,
    pub(crate) no: String,
}
