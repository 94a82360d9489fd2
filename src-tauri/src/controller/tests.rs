//! The app played through with a recorded desktop: what is shown, told and asked, and how it ends.

use std::sync::{Mutex, MutexGuard, PoisonError};

use outport_control::{BoxFuture, Command, Handler, Notice, Profile, Reply, Severity};
use outport_types::{AgentState, Code, Purpose, TaskStatus, TransferOptions};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::*;
use crate::{
    gui::Question,
    settings::Notify,
    shell::Shell,
    testing::smith,
    tray::{Choice, PauseFor},
};

#[tokio::test(start_paused = true)]
async fn the_window_comes_at_once_and_the_tray_follows_the_state() {
    let mut rig = Rig::start(|_| {});
    rig.seen("show window").await;
    rig.agent.set(|snapshot| snapshot.state = AgentState::Online);
    rig.seen("tray online smith#WorkPC, online").await;
    rig.agent.set(|snapshot| snapshot.state = AgentState::Offline);
    rig.seen("tray offline smith#WorkPC, offline").await;
}

#[tokio::test(start_paused = true)]
async fn started_hidden_it_shows_no_window_until_it_is_asked_for() {
    let mut rig = Rig::start(|start| start.hidden = true);
    rig.tell(Event::TrayThere(true)).await;
    rig.seen("tray online smith#WorkPC, online").await;
    assert!(!rig.log().contains(&"show window".to_owned()), "{:?}", rig.log());
    rig.tell(Event::Chosen(Choice::Open)).await;
    rig.seen("show window").await;
}

#[tokio::test(start_paused = true)]
async fn where_no_tray_is_a_hidden_start_shows_a_window_that_closing_ends() {
    let mut rig = Rig::start(|start| start.hidden = true);
    rig.tell(Event::TrayThere(false)).await;
    rig.seen("show window minimized").await;
    rig.tell(Event::CloseWindow).await;
    rig.ends().await;
}

#[tokio::test(start_paused = true)]
async fn closing_hides_and_says_so_once() {
    let mut rig = Rig::start(|_| {});
    rig.tell(Event::TrayThere(true)).await;
    rig.tell(Event::CloseWindow).await;
    rig.seen("hide window").await;
    rig.seen("notify Outport keeps running").await;
    rig.tell(Event::Open(None)).await;
    rig.tell(Event::CloseWindow).await;
    rig.settled().await;
    let hints = rig.log().iter().filter(|line| line.starts_with("notify")).count();
    assert_eq!(hints, 1);
    assert!(ShellSettings::load(&rig.paths).seen_close_hint);
}

#[tokio::test(start_paused = true)]
async fn a_window_hidden_for_long_is_given_up_and_made_again() {
    let mut rig = Rig::start(|_| {});
    rig.tell(Event::CloseWindow).await;
    rig.seen("hide window").await;
    tokio::time::advance(HIDDEN_WINDOW_KEPT).await;
    rig.seen("drop window").await;
    rig.tell(Event::Open(None)).await;
    rig.seen("show window").await;
}

#[tokio::test(start_paused = true)]
async fn a_page_asked_for_early_waits_until_the_window_can_show_it() {
    let mut rig = Rig::start(|start| start.page = Some(Page::Folders));
    let page = rig.shell.ask(Ask::TakePage).await.unwrap();
    assert_eq!(page, Some(Page::Folders));
    assert_eq!(rig.shell.ask(Ask::TakePage).await.unwrap(), None);
    // From now on somebody listens, so the next one is told.
    rig.tell(Event::Chosen(Choice::Settings)).await;
    rig.seen("go to Settings").await;
    assert_eq!(rig.shell.ask(Ask::TakePage).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn pause_and_resume_reach_the_agent() {
    let mut rig = Rig::start(|_| {});
    rig.settled().await;
    rig.tell(Event::Chosen(Choice::Pause(PauseFor::Resumed))).await;
    rig.seen("agent pause").await;
    rig.tell(Event::Chosen(Choice::Resume)).await;
    rig.seen("agent resume").await;
}

#[tokio::test(start_paused = true)]
async fn what_the_agent_refuses_is_told() {
    let mut rig = Rig::start(|_| {});
    rig.settled().await;
    rig.agent.refuse.store(true, std::sync::atomic::Ordering::Relaxed);
    rig.tell(Event::Chosen(Choice::Resume)).await;
    rig.seen("notify Outport needs you").await;
}

#[tokio::test(start_paused = true)]
async fn quitting_asks_when_transfers_run_and_names_them() {
    let mut rig = Rig::start(|_| {});
    rig.settled().await;
    rig.agent.set(|snapshot| snapshot.sessions = vec![session()]);
    rig.settled().await;
    rig.tell(Event::Quit).await;
    rig.seen("ask • smith#Cluster").await;
    rig.answer(false);
    rig.settled().await;
    assert!(!rig.has_ended());

    rig.tell(Event::Quit).await;
    rig.settled().await;
    rig.answer(true);
    rig.ends().await;
}

#[tokio::test(start_paused = true)]
async fn quitting_with_nothing_to_lose_asks_nothing() {
    let mut rig = Rig::start(|_| {});
    rig.settled().await;
    rig.tell(Event::Chosen(Choice::Quit)).await;
    rig.ends().await;
    assert!(!rig.log().iter().any(|line| line.starts_with("ask")));
}

#[tokio::test(start_paused = true)]
async fn the_system_is_not_kept_waiting_by_a_question() {
    let mut rig = Rig::start(|_| {});
    rig.settled().await;
    rig.agent.set(|snapshot| snapshot.sessions = vec![session()]);
    rig.settled().await;
    rig.tell(Event::Terminate).await;
    rig.ends().await;
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_ends_is_shown_as_gone() {
    let mut rig = Rig::start(|_| {});
    rig.settled().await;
    rig.tell(Event::AgentGone(Problem::new(Code::AgentNotRunning, []))).await;
    rig.seen("tray error Outport, not working").await;
    let state = rig.shell.ask(Ask::State).await.unwrap();
    assert!(matches!(state.host, HostView::None { .. }));
    assert!(rig.shell.client().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn tasks_that_end_together_are_told_together() {
    let mut rig = Rig::start(|_| {});
    rig.settled().await;
    rig.agent.set(|snapshot| {
        snapshot.tasks.tasks = (1..=4).map(|n| task(n, TaskStatus::Active)).collect();
        snapshot.tasks.tasks.push(preview(5, TaskStatus::Active));
    });
    rig.settled().await;
    rig.agent.set(|snapshot| {
        snapshot.tasks.tasks = vec![
            task(1, TaskStatus::Succeeded),
            task(2, TaskStatus::Succeeded),
            task(3, TaskStatus::Failed),
            task(4, TaskStatus::Active),
            preview(5, TaskStatus::Succeeded),
        ];
    });
    rig.seen("notify 2 transfers finished").await;
    rig.seen("notify Transfer failed").await;
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_what_the_window_shows_or_what_is_not_wanted() {
    let rig = Rig::start(|_| {});
    rig.settled().await;
    let finish = |rig: &Rig, n| {
        rig.agent.set(|snapshot| snapshot.tasks.tasks = vec![task(n, TaskStatus::Active)]);
    };
    rig.gui.in_front(true);
    finish(&rig, 1);
    rig.settled().await;
    rig.agent.set(|snapshot| snapshot.tasks.tasks = vec![task(1, TaskStatus::Succeeded)]);
    rig.settled().await;

    rig.gui.in_front(false);
    let notify = Notify { finished: false, ..Notify::default() };
    let settings = ShellSettings { notify, ..ShellSettings::default() };
    rig.shell.ask(|answer| Ask::Save(settings, answer)).await.unwrap();
    finish(&rig, 2);
    rig.settled().await;
    rig.agent.set(|snapshot| snapshot.tasks.tasks = vec![task(2, TaskStatus::Succeeded)]);
    rig.settled().await;
    assert!(!rig.log().iter().any(|line| line.starts_with("notify")), "{:?}", rig.log());
}

#[tokio::test(start_paused = true)]
async fn a_new_grave_notice_is_told_once() {
    let mut rig = Rig::start(|_| {});
    rig.settled().await;
    let problem = Problem::new(Code::SignedOut, []);
    rig.agent.set(|snapshot| {
        snapshot.notices = vec![Notice {
            code: problem.code,
            title: "Signed out".into(),
            text: problem.message.clone(),
            severity: Severity::Error,
            problem: problem.clone(),
        }];
    });
    rig.seen("notify Outport needs you").await;
    rig.agent.set(|snapshot| snapshot.state = AgentState::Attention);
    rig.settled().await;
    let told = rig.log().iter().filter(|line| line.starts_with("notify")).count();
    assert_eq!(told, 1);
}

#[tokio::test(start_paused = true)]
async fn the_language_changes_while_it_runs() {
    let mut rig = Rig::start(|_| {});
    rig.seen("tray online smith#WorkPC, online").await;
    let settings = ShellSettings { language: Some(Language::Fr), ..ShellSettings::default() };
    rig.shell.ask(|answer| Ask::Save(settings, answer)).await.unwrap();
    rig.seen("tray online smith#WorkPC, en ligne").await;
}

#[tokio::test(start_paused = true)]
async fn the_page_is_told_each_state_once_it_listens() {
    let mut rig = Rig::start(|_| {});
    rig.settled().await;
    rig.agent.set(|snapshot| snapshot.state = AgentState::Offline);
    rig.settled().await;
    assert!(!rig.log().iter().any(|line| line.starts_with("snapshot")), "{:?}", rig.log());
    rig.shell.ask(Ask::State).await.unwrap();
    rig.agent.set(|snapshot| snapshot.state = AgentState::Online);
    rig.seen("snapshot online").await;
}

/// A controller with an agent and a desktop that only remember.
struct Rig {
    shell: Shell,
    gui: Arc<Recorder>,
    agent: Arc<Puppet>,
    paths: Paths,
    running: JoinHandle<()>,
    _home: TempDir,
}

impl Rig {
    fn start(change: impl FnOnce(&mut Start)) -> Self {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::below(home.path(), Profile::default());
        let mut start = Start {
            paths: paths.clone(),
            demo: false,
            hidden: false,
            page: None,
            system_language: Language::En,
            locale: "en".to_owned(),
            updates: Update::Off,
        };
        change(&mut start);
        let gui = Arc::new(Recorder::default());
        let agent = Arc::new(Puppet::new(Arc::clone(&gui)));
        let channels = channels();
        let (link, linked) = watch::channel(Link::Starting);
        let shell = Shell::new(channels.0.clone(), linked);
        let mut controller = Controller::new(Arc::clone(&gui) as _, start, link, channels);
        controller.finder = Finder::Fixed(Arc::clone(&agent) as _);
        let running = TaskTracker::new().spawn(controller.run());
        Self { shell, gui, agent, paths, running, _home: home }
    }

    async fn tell(&self, event: Event) {
        self.shell.tell(event).await;
    }

    /// Waits until the desktop was told this, for at most a minute of simulated time.
    async fn seen(&mut self, line: &str) {
        for _ in 0..600 {
            if self.log().iter().any(|seen| seen.starts_with(line)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("no `{line}` in {:#?}", self.log());
    }

    /// Lets everything happen that is on its way.
    async fn settled(&self) {
        tokio::time::sleep(Duration::from_secs(5)).await;
    }

    async fn ends(&mut self) {
        self.seen("exit").await;
        (&mut self.running).await.unwrap();
    }

    fn has_ended(&self) -> bool {
        self.running.is_finished()
    }

    fn answer(&self, yes: bool) {
        let answer = lock(&self.gui.question).take().expect("a question was asked");
        answer.send(yes).unwrap();
    }

    fn log(&self) -> Vec<String> {
        lock(&self.gui.log).clone()
    }
}

/// A desktop that writes down what it is told.
#[derive(Default)]
struct Recorder {
    log: Mutex<Vec<String>>,
    question: Mutex<Option<oneshot::Sender<bool>>>,
    in_front: std::sync::atomic::AtomicBool,
}

impl Recorder {
    fn add(&self, line: impl Into<String>) {
        lock(&self.log).push(line.into());
    }

    fn in_front(&self, yes: bool) {
        self.in_front.store(yes, std::sync::atomic::Ordering::Relaxed);
    }
}

impl Gui for Recorder {
    fn show_tray(&self, view: TrayView) {
        let line = view.tooltip.lines().next().unwrap_or_default().to_owned();
        self.add(format!("tray {} {line}", view.glyph.word()));
    }
    fn show_window(&self) {
        self.add("show window");
    }
    fn show_window_minimized(&self) {
        self.add("show window minimized");
    }
    fn hide_window(&self) {
        self.add("hide window");
    }
    fn drop_window(&self) {
        self.add("drop window");
    }
    fn is_in_front(&self) -> bool {
        self.in_front.load(std::sync::atomic::Ordering::Relaxed)
    }
    fn tell(&self, news: ToPage<'_>) {
        self.add(match news {
            ToPage::Snapshot(snapshot) => format!("snapshot {}", snapshot.state),
            ToPage::Shell(_) => "shell".to_owned(),
            ToPage::GoTo(page) => format!("go to {page:?}"),
        });
    }
    fn notify(&self, notification: Notification) {
        self.add(format!("notify {}", notification.title));
    }
    fn ask(&self, question: Question, answer: oneshot::Sender<bool>) {
        let names = question.text.lines().skip(2).collect::<Vec<_>>().join(" ");
        *lock(&self.question) = Some(answer);
        self.add(format!("ask {names}"));
    }
    fn open_url(&self, url: &str) {
        self.add(format!("open {url}"));
    }
    fn copy(&self, text: String) {
        self.add(format!("copy {text}"));
    }
    fn starts_at_login(&self) -> bool {
        false
    }
    fn set_start_at_login(&self, _: bool) -> Result<(), Problem> {
        Ok(())
    }
    fn exit(&self) {
        self.add("exit");
    }
}

/// An agent whose state the test sets.
struct Puppet {
    gui: Arc<Recorder>,
    state: watch::Sender<Arc<Snapshot>>,
    refuse: std::sync::atomic::AtomicBool,
}

impl Puppet {
    fn new(gui: Arc<Recorder>) -> Self {
        let (state, _) = watch::channel(Arc::new(smith(AgentState::Online)));
        Self { gui, state, refuse: false.into() }
    }

    fn set(&self, change: impl FnOnce(&mut Snapshot)) {
        self.state.send_modify(|state| change(Arc::make_mut(state)));
    }
}

impl Handler for Puppet {
    fn snapshots(&self) -> Result<watch::Receiver<Arc<Snapshot>>, Problem> {
        Ok(self.state.subscribe())
    }

    fn call(&self, command: Command) -> BoxFuture<'_, Result<Reply, Problem>> {
        let answer = if self.refuse.load(std::sync::atomic::Ordering::Relaxed) {
            Err(Problem::new(Code::SignedOut, []))
        } else {
            Ok(Reply::Done)
        };
        #[expect(clippy::wildcard_enum_match_arm, reason = "the others are printed as they are")]
        match command {
            Command::Pause { .. } => self.gui.add("agent pause"),
            Command::Resume => self.gui.add("agent resume"),
            other => self.gui.add(format!("agent {other:?}")),
        }
        Box::pin(std::future::ready(answer))
    }

    fn log(&self, _: usize, _: bool) -> BoxFuture<'_, Result<mpsc::Receiver<String>, Problem>> {
        Box::pin(std::future::ready(Err(Problem::new(Code::AgentNotRunning, []))))
    }
}

fn session() -> outport_control::SessionView {
    serde_json::from_value(serde_json::json!({
        "session": "0193b2c4-0000-7000-8000-000000000011",
        "task": "0193b2c4-0000-7000-8000-000000000021",
        "direction": "sending",
        "peer": "smith#Cluster",
        "phase": "working",
        "route": null,
        "progress": outport_control::Progress::default(),
        "started": "2026-01-31T12:00:00+00:00",
        "waiting": null,
    }))
    .unwrap()
}

fn task(number: u32, status: TaskStatus) -> outport_control::TaskView {
    serde_json::from_value(serde_json::json!({
        "id": format!("0193b2c4-0000-7000-8000-00000000{number:04}"),
        "kind": "TRANSFER",
        "status": status,
        "label": format!("Task {number}"),
        "source": { "id": "0193b2c4-0000-7000-8000-000000000009", "name": "smith#WorkPC" },
        "destination": null,
        "here": null,
        "requested": "2026-01-31T12:00:00+00:00",
        "completed": null,
        "deadline": null,
        "waiting": null,
        "failure": null,
        "progress": outport_control::Progress::default(),
        "route": null,
        "faults": 0,
        "sync_level": null,
        "verify": true,
        "preserve_times": true,
        "skip_source_errors": false,
        "differences": null,
        "can_retry": false,
    }))
    .unwrap()
}

/// A task that only looks: nobody is told of its end.
fn preview(number: u32, status: TaskStatus) -> outport_control::TaskView {
    let options = TransferOptions { purpose: Purpose::Preview, ..TransferOptions::default() };
    outport_control::TaskView { options: Some(options), ..task(number, status) }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
