//! The owner's tasks at the hub, kept current while somebody looks.
//!
//! 1. Nobody subscribes to snapshots: the hub is not asked. A headless agent costs it nothing.
//! 2. Somebody does: the lists are read once, then the hub tells every change.
//! 3. The hub cannot be asked: what was known stays, marked as old, with the reason; it is tried
//!    again with growing pauses, and at once after a sign-in, a new network or a sleep.

use std::{collections::BTreeMap, pin::pin, sync::Arc, time::Duration};

use outport_api::{
    client::{Client, ClientError, EventStream, TaskFilter},
    live::LiveEvent,
};
use outport_control::{BoardState, Snapshot, TaskBoard, TaskView};
use outport_types::{Chain, Code, Problem, TaskId, TaskStatus, UnixTime};
use tokio::{
    sync::{Notify, mpsc, watch},
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::local_now,
    core::News,
    owner::{Asker, Owner, follow, refusal, task_view},
};

/// Follows the owner's tasks.
#[derive(Debug)]
pub(crate) struct BoardWorker {
    pub(crate) owner: Owner,
    pub(crate) news: mpsc::Sender<News>,
    /// Changes when what was connected to may be another hub, or gone.
    pub(crate) kicks: watch::Receiver<u64>,
    pub(crate) watchers: Watchers,
    pub(crate) stop: CancellationToken,
}

/// Who looks at snapshots.
#[derive(Clone, Debug)]
pub(crate) struct Watchers {
    pub(crate) states: watch::Sender<Arc<Snapshot>>,
    /// Rung when somebody begins to look.
    pub(crate) bell: Arc<Notify>,
}

impl Watchers {
    /// Whether anybody looks, beside the handler, which has one receiver to copy from.
    fn any(&self) -> bool {
        1 < self.states.receiver_count()
    }
}

/// Why a connection to the hub is over.
enum End {
    /// Nobody looks any more.
    Unwatched,
    /// Begin anew at once.
    Kicked,
    /// There is nobody whose tasks they could be.
    Nobody,
    /// It broke, or was never had.
    Broken(Problem),
    /// The agent ends.
    Stop,
}

impl BoardWorker {
    pub(crate) async fn run(mut self) {
        let mut board = Board::default();
        let mut pauses = PAUSE_MIN;
        loop {
            if !self.watchers.any() {
                self.show(&board, BoardState::Idle, None).await;
                if self.wait_for_watcher().await.is_none() {
                    return;
                }
                continue;
            }
            self.kicks.mark_unchanged();
            let end = match self.owner.account().await {
                Err(problem) if problem.code == Code::SignedOut => {
                    board = Board::default();
                    self.show(&board, BoardState::SignedOut, None).await;
                    End::Nobody
                }
                Err(problem) => End::Broken(problem),
                Ok(_) => {
                    self.show(&board, BoardState::Connecting, None).await;
                    self.follow(&mut board, &mut pauses).await
                }
            };
            let pause = match end {
                End::Stop => return,
                End::Unwatched => continue,
                End::Kicked => {
                    pauses = PAUSE_MIN;
                    continue;
                }
                // A sign-in kicks; looking now and then is for one that a command made meanwhile.
                End::Nobody => PAUSE_MAX,
                End::Broken(problem) => {
                    let is_over = problem.code == Code::SignedOut;
                    self.show(&board, BoardState::Away, Some(problem)).await;
                    let pause = if is_over { PAUSE_MAX } else { pauses };
                    pauses = (pauses * 2).min(PAUSE_MAX);
                    pause
                }
            };
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = sleep(pause) => {}
                kicked = self.kicks.changed() => {
                    if kicked.is_err() {
                        return;
                    }
                    pauses = PAUSE_MIN;
                }
            }
        }
    }

    /// Waits until somebody looks; `None` when the agent ends first.
    async fn wait_for_watcher(&self) -> Option<()> {
        loop {
            let rung = self.watchers.bell.notified();
            if self.watchers.any() {
                return Some(());
            }
            self.stop.run_until_cancelled(rung).await?;
        }
    }

    /// Reads the lists and follows what changes, for as long as it goes well.
    async fn follow(&mut self, board: &mut Board, pauses: &mut Duration) -> End {
        let stop = self.stop.clone();
        let begun = stop.run_until_cancelled(async {
            let client = self.owner.client().await?;
            let asker = self.owner.asker().await?;
            // First the stream, then the lists: what happens in between is told.
            let opened = async {
                let stream = client.events(None).await?;
                let tasks = read(&client).await?;
                Ok::<_, ClientError>((stream, tasks))
            };
            let (stream, tasks) = opened.await.map_err(|error| refusal(&error, client.hub()))?;
            Ok::<_, Problem>((client, asker, stream, tasks))
        });
        let (client, asker, stream, tasks) = match begun.await {
            None => return End::Stop,
            Some(Err(problem)) => return End::Broken(problem),
            Some(Ok(begun)) => begun,
        };
        board.replace(tasks.into_iter().map(|task| task_view(task, &asker)).collect());
        *pauses = PAUSE_MIN;
        self.show(board, BoardState::Live, None).await;
        self.listen(&client, &asker, stream, board).await
    }

    async fn listen(
        &mut self,
        client: &Client,
        asker: &Asker,
        mut stream: EventStream,
        board: &mut Board,
    ) -> End {
        let mut show_at: Option<Instant> = None;
        let mut look_at = Instant::now() + LOOK_EVERY;
        loop {
            let event = {
                // Kept until it is there: asking anew would forget how long the hub is silent.
                let mut next = pin!(stream.next());
                loop {
                    let due = show_at.unwrap_or(look_at);
                    tokio::select! {
                        () = self.stop.cancelled() => return End::Stop,
                        _ = self.kicks.changed() => return End::Kicked,
                        event = &mut next => break event,
                        () = sleep_until(due), if show_at.is_some() => {
                            show_at = None;
                            self.show(board, BoardState::Live, None).await;
                        }
                        () = sleep_until(look_at) => {
                            look_at = Instant::now() + LOOK_EVERY;
                            if !self.watchers.any() {
                                return End::Unwatched;
                            }
                        }
                    }
                }
            };
            match event {
                Ok(Some(event)) => match self.apply(client, asker, event, board).await {
                    Ok(true) => {
                        show_at.get_or_insert_with(|| Instant::now() + SHOW_EVERY);
                    }
                    Ok(false) => {}
                    Err(problem) => return End::Broken(problem),
                },
                // A hub that restarts closes its streams; it is dialled again after a moment.
                Ok(None) => {
                    let args = [
                        ("hub", client.hub().to_string().into()),
                        ("reason", "it closed the connection".into()),
                    ];
                    return End::Broken(Problem::new(Code::HubUnreachable, args));
                }
                Err(error) => {
                    tracing::debug!(error = %Chain(&error), "live events broke off");
                    return End::Broken(refusal(&error, client.hub()));
                }
            }
        }
    }

    /// Takes in what the hub tells; says whether anything is to be shown.
    async fn apply(
        &self,
        client: &Client,
        asker: &Asker,
        event: LiveEvent,
        board: &mut Board,
    ) -> Result<bool, Problem> {
        match event {
            LiveEvent::Resync => {
                let tasks = read(client).await.map_err(|error| refusal(&error, client.hub()))?;
                board.replace(tasks.into_iter().map(|task| task_view(task, asker)).collect());
                Ok(true)
            }
            LiveEvent::Task { task } => {
                board.put(task_view(*task, asker));
                Ok(true)
            }
            LiveEvent::Progress { task_id, files, progress, .. } => {
                board.heard = Some(local_now());
                let Some(view) = board.tasks.get_mut(&task_id) else { return Ok(false) };
                follow(view, files, &progress);
                // The first word of a new task may come before it is known who asked for it.
                view.can_retry = asker.submissions.holds(task_id);
                Ok(true)
            }
            LiveEvent::Hello { .. }
            | LiveEvent::TaskEvent { .. }
            | LiveEvent::Endpoint { .. }
            | LiveEvent::EndpointRemoved { .. }
            | LiveEvent::Unknown => Ok(false),
        }
    }

    async fn show(&self, board: &Board, state: BoardState, problem: Option<Problem>) {
        let shown = board.shown(state, problem);
        self.news.send(News::Board(shown)).await.ok(); // an agent that ends shows nothing
    }
}

/// The tasks that are going on, and those that ended lately.
async fn read(client: &Client) -> Result<Vec<outport_api::transfer::Task>, ClientError> {
    let active = TaskFilter { status: Some(TaskStatus::Active), ..TaskFilter::default() };
    let mut tasks = client.tasks(&TaskFilter::default(), LATELY).await?;
    tasks.extend(client.tasks(&active, TaskBoard::TASKS_MAX).await?);
    Ok(tasks)
}

/// What is known of the tasks.
#[derive(Debug, Default)]
struct Board {
    tasks: BTreeMap<TaskId, TaskView>,
    heard: Option<UnixTime>,
}

impl Board {
    fn replace(&mut self, tasks: Vec<TaskView>) {
        self.tasks = tasks.into_iter().map(|task| (task.id, task)).collect();
        self.heard = Some(local_now());
    }

    fn put(&mut self, task: TaskView) {
        self.tasks.insert(task.id, task);
        self.heard = Some(local_now());
        if TaskBoard::TASKS_MAX * 2 < self.tasks.len() {
            let kept = self.shown(BoardState::Live, None).tasks;
            self.tasks = kept.into_iter().map(|task| (task.id, task)).collect();
        }
    }

    /// Those that go on come first, the newest of them; then those that ended, the last one first.
    fn shown(&self, state: BoardState, problem: Option<Problem>) -> TaskBoard {
        let (mut going, mut ended): (Vec<_>, Vec<_>) =
            self.tasks.values().cloned().partition(|task| task.status == TaskStatus::Active);
        going.sort_by_key(|task| (std::cmp::Reverse(task.requested), task.id));
        ended.sort_by_key(|task| {
            (std::cmp::Reverse(task.completed.unwrap_or(task.requested)), task.id)
        });
        going.extend(ended);
        going.truncate(TaskBoard::TASKS_MAX);
        TaskBoard { state, problem, as_of: self.heard, tasks: going }
    }
}

/// Tasks that ended lately: some screenfuls.
const LATELY: usize = 50;
/// As often as screens may change.
const SHOW_EVERY: Duration = Duration::from_millis(250);
/// How soon a hub that nobody looks at is left alone.
const LOOK_EVERY: Duration = Duration::from_secs(30);
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// A person who waits for the hub to come back looks about as often.
const PAUSE_MAX: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use outport_control::{Place, Progress};
    use outport_types::{EndpointId, TaskKind};

    use super::*;

    #[test]
    fn what_goes_on_comes_first_and_the_oldest_make_room() {
        let mut board = Board::default();
        for n in 0..150 {
            let status = if n % 50 == 0 { TaskStatus::Active } else { TaskStatus::Succeeded };
            board.put(task(n, status));
        }
        let shown = board.shown(BoardState::Live, None).tasks;
        assert_eq!(shown.len(), TaskBoard::TASKS_MAX);
        let seconds: Vec<_> = shown.iter().map(|task| task.requested.seconds).collect();
        assert_eq!(seconds[..5], [100, 50, 0, 149, 148]);
    }

    fn task(seconds: i64, status: TaskStatus) -> TaskView {
        let at = UnixTime::from_seconds(seconds);
        TaskView {
            id: TaskId::random(),
            kind: TaskKind::Transfer,
            status,
            label: None,
            source: Place { id: EndpointId::from_bytes([1; 16]), name: "a#b".to_owned() },
            destination: None,
            here: None,
            requested: at,
            completed: (status != TaskStatus::Active).then_some(at),
            deadline: None,
            waiting: None,
            failure: None,
            progress: Progress::default(),
            route: None,
            line: None,
            faults: 0,
            options: None,
            differences: None,
            can_retry: false,
        }
    }
}
