//! Decides when tasks run, and has it done.
//!
//! The decisions are the [`machine`]'s, which knows neither clock nor store nor network.
//! Around it stands one [worker] that feeds it what happens and carries out what it says:
//! revocations first, then everything that has to be durable in one transaction, then what agents
//! may hear only after that.

mod machine;
mod start;
mod worker;
mod writes;

use std::collections::BTreeMap;

use outport_protocol::report::Counts;
use outport_types::{AccountId, EndpointId, Line, SessionId, TaskId, UnixTime};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

pub(crate) use self::{
    machine::{ConnectionId, Input, Standing, TaskSpec},
    worker::{Surroundings, Worker},
};

/// The way to the scheduler; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Scheduler {
    inbox: mpsc::Sender<Command>,
    holder: Uuid,
}

/// How an active task is doing at this moment.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) standing: Standing,
    /// What its agent said last, if anything yet.
    pub(crate) counts: Option<Counts>,
    /// Bytes of content per second.
    pub(crate) rate: u64,
    /// How what its session travels over does, if its agent said so.
    pub(crate) line: Option<Line>,
}

/// A task that was just stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewTask {
    pub(crate) id: TaskId,
    pub(crate) owner: AccountId,
    pub(crate) source: EndpointId,
    pub(crate) destination: EndpointId,
    pub(crate) deadline: UnixTime,
}

impl Scheduler {
    /// Makes the way and its end.
    pub(crate) fn channel() -> (Self, Inbox) {
        let (inbox, commands) = mpsc::channel(COMMANDS_MAX);
        let holder = Uuid::new_v4();
        (Self { inbox, holder }, Inbox { commands, holder })
    }

    /// The process that holds the tasks, as rows name it.
    pub(crate) fn holder(&self) -> Uuid {
        self.holder
    }

    /// Says that something happened.
    pub(crate) async fn tell(&self, input: Input) {
        self.inbox.send(Command::Input(Box::new(input), None)).await.ok(); // the hub stops
    }

    /// Says that something happened, and returns when what follows from it is done.
    pub(crate) async fn settle(&self, input: Input) {
        let (done, settled) = oneshot::channel();
        if self.inbox.send(Command::Input(Box::new(input), Some(done))).await.is_ok() {
            settled.await.ok(); // the hub stops
        }
    }

    /// Says that a task was stored.
    pub(crate) async fn submitted(&self, task: NewTask) {
        let NewTask { id, owner, source, destination, deadline } = task;
        let spec =
            TaskSpec { id, owner, source, destination, deadline, is_new: true, session: None };
        self.tell(Input::Submitted(spec)).await;
    }

    /// Passes on how far a task is; left out when the scheduler has enough to do.
    pub(crate) fn progress(
        &self,
        endpoint: EndpointId,
        task: TaskId,
        session: SessionId,
        counts: Counts,
        rate: u64,
    ) {
        let progress = Progress { endpoint, task, session, counts, rate };
        self.inbox.try_send(Command::Progress(Box::new(progress))).ok();
    }

    /// Passes on how what a session travels over does; left out as [`Self::progress`] is.
    pub(crate) fn line(&self, endpoint: EndpointId, task: TaskId, session: SessionId, line: Line) {
        self.inbox.try_send(Command::Line { endpoint, task, session, line }).ok();
    }

    /// How these tasks are doing; those that are over are left out.
    pub(crate) async fn live(&self, tasks: Vec<TaskId>) -> BTreeMap<TaskId, Live> {
        let (reply, live) = oneshot::channel();
        if self.inbox.send(Command::Live { tasks, reply }).await.is_err() {
            return BTreeMap::new();
        }
        live.await.unwrap_or_default()
    }
}

/// The scheduler's end of the way.
#[derive(Debug)]
pub(crate) struct Inbox {
    commands: mpsc::Receiver<Command>,
    holder: Uuid,
}

#[derive(Debug)]
enum Command {
    Input(Box<Input>, Option<oneshot::Sender<()>>),
    Progress(Box<Progress>),
    Line { endpoint: EndpointId, task: TaskId, session: SessionId, line: Line },
    Live { tasks: Vec<TaskId>, reply: oneshot::Sender<BTreeMap<TaskId, Live>> },
}

#[derive(Clone, Copy, Debug)]
struct Progress {
    endpoint: EndpointId,
    task: TaskId,
    session: SessionId,
    counts: Counts,
    rate: u64,
}

/// Commands that wait; whoever has one more waits to hand it in.
const COMMANDS_MAX: usize = 1024;
