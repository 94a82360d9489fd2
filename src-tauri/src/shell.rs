//! What commands and listeners hold of the app: a way to the agent and a way to the controller.

use outport_control::Client;
use outport_types::{Code, Language, Problem};
use serde::{Deserialize, Serialize};
use specta::Type;
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    controller::{Ask, Event},
    host::{self, Link},
    settings::ShellSettings,
};

/// All that the screens show of the app itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub(crate) struct ShellState {
    pub(crate) version: String,
    pub(crate) os: Os,
    pub(crate) host: HostView,
    /// Whether the desktop shows a tray; without one the window is an ordinary one.
    pub(crate) tray: bool,
    pub(crate) settings: ShellSettings,
    pub(crate) autostart: bool,
    pub(crate) system_language: Language,
    /// As BCP 47 has it, `fr-CA`.
    pub(crate) locale: String,
    pub(crate) update: Update,
}

/// The operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Os {
    Linux,
    Macos,
    Windows,
}

/// Where the agent runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum HostView {
    /// It is being started.
    Starting,
    /// In the app: it ends with it.
    Own,
    /// On its own: it stays when the app ends.
    Attached { pid: u32 },
    /// Nowhere; everything is invented.
    Demo,
    /// Nowhere, and this is why.
    None { problem: Problem },
}

/// Whether there is a newer version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Update {
    /// The system's own packages bring it, or nobody configured updates.
    Off,
    /// None is known.
    None,
    Checking,
    Available {
        version: String,
        notes: String,
    },
    Installing {
        percent: Option<u32>,
    },
    Failed {
        problem: Problem,
    },
}

impl Os {
    /// The one that this was built for.
    pub(crate) const fn here() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::Macos
        } else {
            Self::Linux
        }
    }
}

/// Two channels; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    events: mpsc::Sender<Event>,
    link: watch::Receiver<Link>,
}

impl Shell {
    pub(crate) fn new(events: mpsc::Sender<Event>, link: watch::Receiver<Link>) -> Self {
        Self { events, link }
    }

    /// A conversation with the agent. Waits for one that is just being started.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) async fn client(&self) -> Result<Client, Problem> {
        let mut link = self.link.clone();
        let there = link.wait_for(|link| !matches!(link, Link::Starting)).await;
        let link = there.map_err(|_| closing())?.clone();
        host::client(link).await
    }

    /// Tells the controller. It takes events at once, so waiting is short.
    pub(crate) async fn tell(&self, event: Event) {
        self.events.send(event).await.ok(); // without a controller the program is ending
    }

    /// Tells the controller from where nothing can wait: callbacks of the desktop.
    pub(crate) fn tell_now(&self, event: Event) {
        if let Err(mpsc::error::TrySendError::Full(event)) = self.events.try_send(event) {
            tracing::warn!(?event, "the desktop is faster than the controller");
        }
    }

    /// Asks the controller.
    ///
    /// # Errors
    /// When it says no, or the program is ending.
    pub(crate) async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<Result<T, Problem>>) -> Ask,
    ) -> Result<T, Problem> {
        let (answer, answered) = oneshot::channel();
        self.tell(Event::Ask(question(answer))).await;
        answered.await.unwrap_or_else(|_| Err(closing()))
    }
}

fn closing() -> Problem {
    Problem::new(Code::AgentNotRunning, [])
}
