//! How the app ends, and what it asks the agent on its own behalf.

use std::time::Duration;

use outport_control::{CallError, Client, SessionView};
use outport_types::Chain;
use tokio::{sync::oneshot, time::timeout};

use super::{Controller, Ending, Event, notices};
use crate::{
    gui::{Notification, Question},
    host::{self, Host},
    page::Page,
    words::fill,
};

impl Controller {
    /// Ends the app, or asks first when transfers would stop.
    pub(super) fn quit(&mut self) {
        if self.ending != Ending::No {
            return;
        }
        let running = self.transfers_that_would_stop();
        if running.is_empty() {
            self.ending = Ending::Now;
            return;
        }
        let words = self.words();
        let question = Question {
            title: words.quit_title.to_owned(),
            text: fill(words.quit_text, &[&list(&running, words.and_more)]),
            yes: words.quit_yes.to_owned(),
            no: words.quit_no.to_owned(),
        };
        self.ending = Ending::Asking;
        let (answer, answered) = oneshot::channel();
        self.gui.ask(question, answer);
        let events = self.events.clone();
        self.workers.spawn(async move {
            // A dialog that went away without an answer is no yes.
            let yes = answered.await.unwrap_or(false);
            events.send(Event::QuitAnswered(yes)).await.ok();
        });
    }

    /// Ends the agent, if it is ours, and then the program.
    pub(super) async fn end(mut self) {
        self.gui.drop_window();
        // An agent that is just starting is let start, so that it can be ended in order.
        if matches!(self.host, Host::Starting) {
            let found = timeout(START_LIMIT, async {
                loop {
                    match self.inbox.recv().await {
                        Some(Event::Found(host)) => return Some(host),
                        Some(_) => {}
                        None => return None,
                    }
                }
            });
            if let Ok(Some(host)) = found.await {
                self.host = *host;
            }
        }
        self.inbox.close();
        std::mem::replace(&mut self.host, Host::Starting).end().await;
        self.stop.cancel();
        self.gui.exit();
    }

    /// The running transfers, by name, when the agent is going to end with the app.
    fn transfers_that_would_stop(&self) -> Vec<String> {
        match (&self.host, &self.snapshot) {
            (Host::Own(_) | Host::Demo(_), Some(snapshot)) => {
                let mut names: Vec<_> = Vec::new();
                for session in &snapshot.sessions {
                    let name = self.name_of(session);
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                names
            }
            (Host::Own(_) | Host::Demo(_), None)
            | (Host::Starting | Host::None(_) | Host::Attached { .. }, _) => Vec::new(),
        }
    }

    /// Asks the agent for something that the owner chose in the tray; what fails is told.
    pub(super) fn ask_agent<F>(&self, question: impl FnOnce(Client) -> F + Send + 'static)
    where
        F: Future<Output = Result<(), CallError>> + Send + 'static,
    {
        let (gui, link, words) = (self.gui.clone(), self.link.borrow().clone(), self.words());
        self.workers.spawn(async move {
            let problem = match host::client(link).await {
                Ok(client) => match question(client).await {
                    Ok(()) => return,
                    Err(error) => {
                        tracing::warn!(error = %Chain(&error), "the agent did not do it");
                        error.problem()
                    }
                },
                Err(problem) => problem,
            };
            gui.notify(Notification {
                title: words.needs_you.to_owned(),
                text: problem.text(words.language()),
                page: Page::Overview,
            });
        });
    }

    /// Puts the diagnostics on the clipboard.
    pub(super) fn copy_diagnostics(&self) {
        let (gui, words) = (self.gui.clone(), self.words());
        self.ask_agent(move |mut client| async move {
            let diagnostics = client.diagnostics().await?;
            gui.copy(diagnostics.text);
            gui.notify(Notification {
                title: words.diagnostics_copied.to_owned(),
                text: words.diagnostics_text.to_owned(),
                page: Page::About,
            });
            Ok(())
        });
    }

    /// The task's label, else where its files go.
    fn name_of(&self, session: &SessionView) -> String {
        let tasks = self.snapshot.iter().flat_map(|snapshot| &snapshot.tasks.tasks);
        match tasks.into_iter().find(|task| task.id == session.task) {
            Some(task) => notices::name_of(task),
            None => match &session.peer {
                Some(peer) => notices::one_line(peer),
                None => session.task.to_string(),
            },
        }
    }
}

/// One name a line; a dialog has room for a few.
fn list(names: &[String], and_more: &str) -> String {
    let mut lines: Vec<_> = names.iter().take(NAMES_MAX).map(|name| format!("• {name}")).collect();
    if NAMES_MAX < names.len() {
        lines.push(fill(and_more, &[&(names.len() - NAMES_MAX).to_string()]));
    }
    lines.join("\n")
}

/// An agent starts in well under a second; one that does not is stuck on something.
const START_LIMIT: Duration = Duration::from_secs(5);
/// Transfers named in the question; a longer list would push the buttons off the screen.
const NAMES_MAX: usize = 8;
