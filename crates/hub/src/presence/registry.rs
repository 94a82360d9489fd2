//! The connection of each endpoint, and who asks for it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use outport_protocol::{
    control::{AgentStatus, HubMessage, Operation, Outcome},
    ticket::Grant,
};
use outport_types::EndpointId;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::connection::{Handle, Order};
use crate::{
    keys::{DayKeys, KeyRing},
    scheduler::ConnectionId,
};

/// The way to all agents; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Presence {
    commands: mpsc::Sender<Command>,
}

/// What is known of a connected agent.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) connection: ConnectionId,
    pub(crate) status: AgentStatus,
}

/// Why an agent gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AskError {
    #[error("the endpoint is not connected")]
    NotConnected,
    #[error("too many requests wait for the endpoint")]
    Busy,
    #[error("the endpoint did not answer in time")]
    Timeout,
}

impl Presence {
    /// Starts the registry; it runs on `workers` until `stop`.
    pub(crate) fn spawn(keys: &KeyRing, workers: &TaskTracker, stop: CancellationToken) -> Self {
        let (commands, inbox) = mpsc::channel(COMMANDS_MAX);
        let registry =
            Registry { connections: BTreeMap::new(), inbox, keys: keys.follow(), next: 0 };
        workers.spawn(async move {
            stop.run_until_cancelled(registry.run()).await;
        });
        Self { commands }
    }

    /// Puts a new connection in place of whatever the endpoint had.
    pub(super) async fn register(
        &self,
        endpoint: EndpointId,
        handle: Handle,
        status: AgentStatus,
    ) -> Option<ConnectionId> {
        let (done, number) = oneshot::channel();
        let command = Command::Register { endpoint, handle, status, done };
        self.commands.send(command).await.ok()?;
        number.await.ok()
    }

    /// Takes out a connection that ended; says whether it was still the endpoint's.
    pub(super) async fn unregister(&self, endpoint: EndpointId, connection: ConnectionId) -> bool {
        let (done, was_present) = oneshot::channel();
        let command = Command::Unregister { endpoint, connection, done };
        if self.commands.send(command).await.is_err() {
            return false;
        }
        was_present.await.unwrap_or(false)
    }

    /// Keeps what an agent said about itself.
    pub(super) async fn set_status(
        &self,
        endpoint: EndpointId,
        connection: ConnectionId,
        status: AgentStatus,
    ) {
        let command = Command::Status { endpoint, connection, status };
        self.commands.send(command).await.ok(); // the hub stops
    }

    /// Tells an agent something; nothing happens when it is not connected.
    pub(crate) async fn send(&self, endpoint: EndpointId, message: HubMessage) {
        self.commands.send(Command::Send { endpoint, message }).await.ok(); // the hub stops
    }

    /// Sends a last word to the agent of an endpoint and closes its connection.
    pub(crate) async fn dismiss(&self, endpoint: EndpointId, message: HubMessage) {
        self.commands.send(Command::Dismiss { endpoint, message }).await.ok(); // the hub stops
    }

    /// Asks an agent about its files and waits for the answer.
    pub(crate) async fn ask(
        &self,
        endpoint: EndpointId,
        operation: Operation,
        grants: Vec<Grant>,
    ) -> Result<Outcome, AskError> {
        let (reply, answer) = oneshot::channel();
        let order = Order::Ask { operation, grants, reply };
        let command = Command::Ask { endpoint, order };
        self.commands.send(command).await.map_err(|_| AskError::NotConnected)?;
        match tokio::time::timeout(ANSWER_TIMEOUT, answer).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(AskError::NotConnected),
            Err(_) => Err(AskError::Timeout),
        }
    }

    /// Which of these endpoints are connected, and what their agents said.
    pub(crate) async fn look(&self, endpoints: Vec<EndpointId>) -> BTreeMap<EndpointId, Seen> {
        let (reply, seen) = oneshot::channel();
        if self.commands.send(Command::Look { endpoints, reply }).await.is_err() {
            return BTreeMap::new();
        }
        seen.await.unwrap_or_default()
    }
}

#[derive(Debug)]
enum Command {
    Register {
        endpoint: EndpointId,
        handle: Handle,
        status: AgentStatus,
        done: oneshot::Sender<ConnectionId>,
    },
    Unregister {
        endpoint: EndpointId,
        connection: ConnectionId,
        done: oneshot::Sender<bool>,
    },
    Status {
        endpoint: EndpointId,
        connection: ConnectionId,
        status: AgentStatus,
    },
    Send {
        endpoint: EndpointId,
        message: HubMessage,
    },
    Dismiss {
        endpoint: EndpointId,
        message: HubMessage,
    },
    Ask {
        endpoint: EndpointId,
        order: Order,
    },
    Look {
        endpoints: Vec<EndpointId>,
        reply: oneshot::Sender<BTreeMap<EndpointId, Seen>>,
    },
}

#[derive(Debug)]
enum Event {
    NewKeys,
    Command(Command),
}

#[derive(Debug)]
struct Registry {
    connections: BTreeMap<EndpointId, Entry>,
    inbox: mpsc::Receiver<Command>,
    keys: watch::Receiver<Arc<DayKeys>>,
    next: u64,
}

#[derive(Debug)]
struct Entry {
    handle: Handle,
    seen: Seen,
}

impl Registry {
    async fn run(mut self) {
        while let Some(event) = self.next_event().await {
            self.apply(event);
        }
    }

    async fn next_event(&mut self) -> Option<Event> {
        tokio::select! {
            // First, so that an agent hears of new keys before it sees a ticket signed by them.
            biased;
            Ok(()) = self.keys.changed() => Some(Event::NewKeys),
            command = self.inbox.recv() => command.map(Event::Command),
        }
    }

    /// Never waits: whoever cannot take a message is disconnected.
    fn apply(&mut self, event: Event) {
        match event {
            Event::NewKeys => {
                let statement = self.keys.borrow_and_update().statement.clone();
                for entry in self.connections.values() {
                    let statement = statement.clone();
                    entry.handle.order(Order::Send(HubMessage::Statement { statement }));
                }
            }
            Event::Command(command) => self.obey(command),
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Register { endpoint, handle, status, done } => {
                self.next += 1;
                let connection = ConnectionId(self.next);
                let seen = Seen { connection, status };
                if let Some(older) = self.connections.insert(endpoint, Entry { handle, seen }) {
                    older.handle.cut();
                }
                done.send(connection).ok(); // the handshake was given up; its end unregisters
            }
            Command::Unregister { endpoint, connection, done } => {
                let present = self.is_present(endpoint, connection);
                if present {
                    self.connections.remove(&endpoint);
                }
                done.send(present).ok();
            }
            Command::Status { endpoint, connection, status } => {
                if self.is_present(endpoint, connection)
                    && let Some(entry) = self.connections.get_mut(&endpoint)
                {
                    entry.seen.status = status;
                }
            }
            Command::Send { endpoint, message } => {
                if let Some(entry) = self.connections.get(&endpoint) {
                    entry.handle.order(Order::Send(message));
                }
            }
            Command::Dismiss { endpoint, message } => {
                if let Some(entry) = self.connections.get(&endpoint) {
                    entry.handle.order(Order::Dismiss(message));
                }
            }
            Command::Ask { endpoint, order } => {
                if let Some(entry) = self.connections.get(&endpoint) {
                    entry.handle.order(order);
                }
            }
            Command::Look { endpoints, reply } => {
                let seen = |id| Some((id, self.connections.get(&id)?.seen.clone()));
                reply.send(endpoints.into_iter().filter_map(seen).collect()).ok();
            }
        }
    }

    fn is_present(&self, endpoint: EndpointId, connection: ConnectionId) -> bool {
        self.connections.get(&endpoint).is_some_and(|entry| entry.seen.connection == connection)
    }
}

/// Commands on their way; the registry never waits, so this is only for bursts.
const COMMANDS_MAX: usize = 1024;
/// How long a person waits for a listing; clients give up at 60 seconds.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
