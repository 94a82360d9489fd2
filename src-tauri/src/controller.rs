//! The app's one decider: it takes what happens, one thing at a time, and tells the desktop.
//!
//! What an agent may do is decided by the agent; here it is only decided what is shown and when,
//! and how the app ends.

mod ending;
mod notices;

use std::{sync::Arc, time::Duration};

use jiff::Zoned;
use outport_control::{Paths, Snapshot};
use outport_types::{Language, Problem};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep_until},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::notices::Notices;
use crate::{
    gui::{Gui, Notification, ToPage},
    host::{self, Host, Link},
    page::Page,
    settings::ShellSettings,
    shell::{HostView, Os, ShellState, Update},
    tray::{Choice, Seen, TrayView},
    words::Words,
};

/// Something that happened.
#[derive(Debug)]
pub(crate) enum Event {
    /// The search for an agent is over.
    Found(Box<Host>),
    Snapshot(Box<Snapshot>),
    /// The agent that was followed is gone.
    AgentGone(Problem),
    Chosen(Choice),
    /// A page shall be shown; `None` is the one where the window is.
    Open(Option<Page>),
    /// The owner closes the window.
    CloseWindow,
    /// The desktop has a tray now, or has none any more.
    TrayThere(bool),
    /// The desktop's colours changed, and pictures with them.
    Repaint,
    Updates(Update),
    /// The owner wants the program to end.
    Quit,
    /// The owner said what shall happen to running transfers.
    QuitAnswered(bool),
    /// The system wants the program to end; nobody is there to be asked.
    Terminate,
    Ask(Ask),
}

/// A question of a command, with where its answer goes.
#[derive(Debug)]
pub(crate) enum Ask {
    State(Answer<ShellState>),
    Save(ShellSettings, Answer<ShellState>),
    StartAtLogin(bool, Answer<ShellState>),
    /// The page that was asked for before anything could show it.
    TakePage(Answer<Option<Page>>),
    /// Look for an agent again.
    Retry(Answer<ShellState>),
}

type Answer<T> = oneshot::Sender<Result<T, Problem>>;

/// What the app is started with.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) paths: Paths,
    pub(crate) demo: bool,
    pub(crate) hidden: bool,
    /// What a link on the command line names.
    pub(crate) page: Option<Page>,
    pub(crate) system_language: Language,
    pub(crate) locale: String,
    pub(crate) updates: Update,
}

/// The controller; see the head of this file.
pub(crate) struct Controller {
    gui: Arc<dyn Gui>,
    start: Start,
    settings: ShellSettings,
    host: Host,
    /// Where commands find the agent.
    link: watch::Sender<Link>,
    snapshot: Option<Box<Snapshot>>,
    /// Whether there is a tray; `None` until the desktop was asked.
    tray: Option<bool>,
    window: Window,
    /// Asked for, but not shown yet.
    page: Option<Page>,
    update: Update,
    notices: Notices,
    ending: Ending,
    finder: Finder,
    workers: TaskTracker,
    /// Ends the workers that live as long as the app.
    stop: CancellationToken,
    events: mpsc::Sender<Event>,
    inbox: mpsc::Receiver<Event>,
}

/// How an agent is come by.
#[derive(Clone)]
enum Finder {
    /// The one that runs for the profile, else a new one in this process.
    Profile(Paths),
    /// Invented data.
    Demo,
    #[cfg(test)]
    Fixed(Arc<dyn outport_control::Handler>),
}

/// What became of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Window {
    /// There is none.
    None,
    /// It is there; what runs in it says when it listens.
    Shown { listening: bool },
    /// It is there and can be shown at once, until it costs too much.
    Hidden { listening: bool, since: Instant },
}

/// How far the end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    No,
    /// The owner is asked.
    Asking,
    /// Nothing can stop it any more.
    Now,
}

/// Makes a controller and the channels to it.
pub(crate) fn channels() -> (mpsc::Sender<Event>, mpsc::Receiver<Event>) {
    mpsc::channel(EVENTS_MAX)
}

impl Controller {
    pub(crate) fn new(
        gui: Arc<dyn Gui>,
        start: Start,
        link: watch::Sender<Link>,
        (events, inbox): (mpsc::Sender<Event>, mpsc::Receiver<Event>),
    ) -> Self {
        let settings =
            if start.demo { ShellSettings::default() } else { ShellSettings::load(&start.paths) };
        let finder = if start.demo { Finder::Demo } else { Finder::Profile(start.paths.clone()) };
        Self {
            gui,
            finder,
            settings,
            host: Host::Starting,
            link,
            snapshot: None,
            tray: None,
            window: Window::None,
            page: start.page.clone(),
            update: start.updates.clone(),
            notices: Notices::default(),
            ending: Ending::No,
            workers: TaskTracker::new(),
            stop: CancellationToken::new(),
            events,
            inbox,
            start,
        }
    }

    /// Works until the program shall end, and ends the agent before it returns.
    pub(crate) async fn run(mut self) {
        self.look_for_agent();
        if !self.start.hidden {
            self.show_window();
        }
        while self.ending != Ending::Now {
            let Some(event) = self.next_event().await else { break };
            match event {
                Some(event) => self.apply(event),
                None => self.apply_time(Instant::now()),
            }
        }
        self.end().await;
    }

    /// The only wait of the loop; `Some(None)` when a moment came that was waited for.
    async fn next_event(&mut self) -> Option<Option<Event>> {
        let due = [self.drop_window_at(), self.notices.due()].into_iter().flatten().min();
        let far = Instant::now() + IDLE;
        tokio::select! {
            event = self.inbox.recv() => event.map(Some),
            () = sleep_until(due.unwrap_or(far)) => Some(None),
        }
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Found(host) => self.take_host(*host),
            Event::Snapshot(snapshot) => self.take_snapshot(snapshot),
            Event::AgentGone(problem) => self.lose_agent(problem),
            Event::Chosen(choice) => self.choose(choice),
            Event::Open(page) => {
                if let Some(page) = page {
                    self.page = Some(page);
                }
                self.show_window();
            }
            Event::CloseWindow => self.close_window(),
            Event::TrayThere(there) => self.take_tray(there),
            Event::Repaint => self.show_tray(),
            Event::Updates(update) => self.take_update(update),
            Event::Quit => self.quit(),
            Event::QuitAnswered(yes) => {
                self.ending = if yes { Ending::Now } else { Ending::No };
            }
            Event::Terminate => self.ending = Ending::Now,
            Event::Ask(ask) => self.answer(ask),
        }
    }

    fn apply_time(&mut self, now: Instant) {
        if self.drop_window_at().is_some_and(|at| at <= now) {
            self.gui.drop_window();
            self.window = Window::None;
        }
        if self.notices.due().is_some_and(|at| at <= now) {
            self.flush_notices();
        }
    }

    fn take_host(&mut self, host: Host) {
        let link = host.link();
        if !matches!(host, Host::None(_)) {
            self.workers.spawn(host::follow(link.clone(), self.events.clone()));
        }
        self.host = host;
        self.link.send_replace(link);
        self.show_all();
    }

    fn take_snapshot(&mut self, snapshot: Box<Snapshot>) {
        if self.snapshot.as_ref() == Some(&snapshot) {
            return;
        }
        self.notices.compare(self.snapshot.as_deref(), &snapshot, Instant::now());
        self.snapshot = Some(snapshot);
        self.show_tray();
        if let Some(snapshot) = &self.snapshot
            && self.window.is_listening()
        {
            self.gui.tell(ToPage::Snapshot(snapshot));
        }
    }

    fn lose_agent(&mut self, problem: Problem) {
        self.snapshot = None;
        self.host = Host::None(problem);
        self.link.send_replace(self.host.link());
        self.show_all();
    }

    fn take_tray(&mut self, there: bool) {
        let first = self.tray.is_none();
        self.tray = Some(there);
        self.show_all();
        // Nobody could reach the app otherwise.
        if !there && self.window.is_hidden_or_none() {
            if first && self.start.hidden {
                self.gui.show_window_minimized();
                self.window = Window::Shown { listening: false };
            } else {
                self.show_window();
            }
        }
    }

    fn take_update(&mut self, update: Update) {
        if let Update::Available { version, .. } = &update
            && self.update != update
            && self.settings.notify.update
        {
            let words = self.words();
            self.notify(Notification {
                title: crate::words::fill(words.update_ready, &[version]),
                text: words.update_text.to_owned(),
                page: Page::Settings,
            });
        }
        self.update = update;
        self.tell_shell();
    }

    fn choose(&mut self, choice: Choice) {
        match choice {
            Choice::Open => self.show_window(),
            Choice::OpenHub => {
                if let Some(hub) = self.snapshot.as_deref().and_then(crate::tray::hub_of) {
                    self.gui.open_url(hub);
                }
            }
            Choice::Pause(length) => {
                let until = length.until(&Zoned::now());
                self.ask_agent(move |mut client| async move { client.pause(until).await });
            }
            Choice::Resume => {
                self.ask_agent(|mut client| async move { client.resume().await });
            }
            Choice::Folders => self.go_to(Page::Folders),
            Choice::Activity => self.go_to(Page::Activity { task: None }),
            Choice::Settings => self.go_to(Page::Settings),
            Choice::Check => self.go_to(Page::Check),
            Choice::CopyDiagnostics => self.copy_diagnostics(),
            Choice::ShowLog => self.go_to(Page::Log),
            Choice::About => self.go_to(Page::About),
            Choice::Quit => self.quit(),
        }
    }

    fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::State(answer) => {
                if !self.window.is_listening() {
                    tracing::info!("the window is ready");
                }
                self.window.listens();
                answer.send(Ok(self.state())).ok();
            }
            Ask::Save(settings, answer) => {
                let saved = if self.start.demo { Ok(()) } else { settings.save(&self.start.paths) };
                if saved.is_ok() {
                    self.settings = settings;
                    self.show_all();
                }
                answer.send(saved.map(|()| self.state())).ok();
            }
            Ask::StartAtLogin(on, answer) => {
                let done = if self.start.demo { Ok(()) } else { self.gui.set_start_at_login(on) };
                answer.send(done.map(|()| self.state())).ok();
            }
            Ask::TakePage(answer) => {
                self.window.listens();
                answer.send(Ok(self.page.take())).ok();
            }
            Ask::Retry(answer) => {
                if matches!(self.host, Host::None(_)) {
                    self.look_for_agent();
                }
                answer.send(Ok(self.state())).ok();
            }
        }
    }

    fn look_for_agent(&mut self) {
        self.host = Host::Starting;
        self.link.send_replace(Link::Starting);
        self.show_all();
        let (finder, events) = (self.finder.clone(), self.events.clone());
        let (workers, stop) = (self.workers.clone(), self.stop.clone());
        self.workers.spawn(async move {
            let host = match finder {
                Finder::Profile(paths) => Host::find(&paths).await,
                Finder::Demo => Host::demo(outport_agent::demo::start(&workers, &stop)),
                #[cfg(test)]
                Finder::Fixed(handler) => Host::demo(handler),
            };
            if let Err(unheard) = events.send(Event::Found(Box::new(host))).await
                && let Event::Found(host) = unheard.0
            {
                host.end().await; // the app ended while its agent was starting
            }
        });
    }

    fn go_to(&mut self, page: Page) {
        self.page = Some(page);
        self.show_window();
    }

    /// Brings the window to the front and hands it the page that was asked for.
    fn show_window(&mut self) {
        self.gui.show_window();
        let listening = self.window.is_listening();
        self.window = Window::Shown { listening };
        if listening && let Some(page) = self.page.take() {
            self.gui.tell(ToPage::GoTo(&page));
        }
    }

    fn close_window(&mut self) {
        if self.tray == Some(false) {
            // What nobody could open again must not run on.
            self.quit();
            return;
        }
        self.gui.hide_window();
        let (listening, since) = (self.window.is_listening(), Instant::now());
        self.window = Window::Hidden { listening, since };
        if !self.settings.seen_close_hint {
            self.settings.seen_close_hint = true;
            if !self.start.demo {
                self.settings.save(&self.start.paths).ok(); // then it is said once more
            }
            let words = self.words();
            let (title, text) = (words.hidden_title.to_owned(), words.hidden_text.to_owned());
            self.notify(Notification { title, text, page: Page::Overview });
        }
    }

    fn drop_window_at(&self) -> Option<Instant> {
        match self.window {
            Window::Hidden { since, .. } => Some(since + HIDDEN_WINDOW_KEPT),
            Window::None | Window::Shown { .. } => None,
        }
    }

    fn show_all(&mut self) {
        self.show_tray();
        self.tell_shell();
    }

    fn show_tray(&mut self) {
        if self.tray == Some(false) {
            return;
        }
        let elsewhere = matches!(self.host, Host::Attached { .. });
        let seen = match (&self.host, &self.snapshot) {
            (Host::None(problem), _) => Seen::Absent(problem),
            (Host::Starting, _) | (_, None) => Seen::Starting,
            (_, Some(snapshot)) => Seen::Running { snapshot, elsewhere },
        };
        self.gui.show_tray(TrayView::new(seen, self.words(), &Zoned::now()));
    }

    fn tell_shell(&mut self) {
        if self.window.is_listening() {
            let state = self.state();
            self.gui.tell(ToPage::Shell(&state));
        }
    }

    fn notify(&self, notification: Notification) {
        self.gui.notify(notification);
    }

    fn words(&self) -> &'static Words {
        Words::of(self.settings.language.unwrap_or(self.start.system_language))
    }

    fn state(&self) -> ShellState {
        ShellState {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            os: Os::here(),
            host: match &self.host {
                Host::Starting => HostView::Starting,
                Host::None(problem) => HostView::None { problem: problem.clone() },
                Host::Own(_) => HostView::Own,
                Host::Attached { pid, .. } => HostView::Attached { pid: *pid },
                Host::Demo(_) => HostView::Demo,
            },
            tray: self.tray != Some(false),
            settings: self.settings.clone(),
            autostart: self.gui.starts_at_login(),
            system_language: self.start.system_language,
            locale: self.start.locale.clone(),
            update: self.update.clone(),
        }
    }
}

impl Window {
    const fn is_listening(self) -> bool {
        match self {
            Self::None => false,
            Self::Shown { listening } | Self::Hidden { listening, .. } => listening,
        }
    }

    const fn is_hidden_or_none(self) -> bool {
        match self {
            Self::None | Self::Hidden { .. } => true,
            Self::Shown { .. } => false,
        }
    }

    const fn listens(&mut self) {
        match self {
            Self::None => {}
            Self::Shown { listening } | Self::Hidden { listening, .. } => *listening = true,
        }
    }
}

impl std::fmt::Debug for Controller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Controller").field("host", &self.host).finish_non_exhaustive()
    }
}

/// A window that was hidden for this long is not about to be opened again: its memory is given back.
const HIDDEN_WINDOW_KEPT: Duration = Duration::from_secs(5 * 60);
/// Nothing is due; the timer only needs some moment.
const IDLE: Duration = Duration::from_secs(24 * 3600);
/// Clicks, states and questions that wait; the controller never waits itself.
const EVENTS_MAX: usize = 64;

#[cfg(test)]
#[path = "controller/tests.rs"]
mod tests;
