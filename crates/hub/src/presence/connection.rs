//! One agent's channel: an actor between its reader and its writer.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use futures_util::future::BoxFuture;
use outport_protocol::{
    control::{AgentMessage, CANDIDATES_MAX, HubMessage, Operation, Outcome},
    ticket::Grant,
};
use outport_types::{Chain, EndpointId, RequestId};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    frames::{ChannelError, FrameReader, write_frame},
    registry::{AskError, Presence},
};
use crate::{
    clock::Clock,
    probes::Probes,
    scheduler::{ConnectionId, Input, Scheduler},
};

/// What others may ask of a connection.
#[derive(Debug)]
pub(super) enum Order {
    /// Send this.
    Send(HubMessage),
    /// Send this and close.
    Dismiss(HubMessage),
    /// Ask the agent and hand its answer on.
    Ask {
        operation: Operation,
        grants: Vec<Grant>,
        reply: oneshot::Sender<Result<Outcome, AskError>>,
    },
}

/// The way to a connection.
#[derive(Clone, Debug)]
pub(super) struct Handle {
    orders: mpsc::Sender<Order>,
    cut: CancellationToken,
}

impl Handle {
    pub(super) fn new(cut: CancellationToken) -> (Self, mpsc::Receiver<Order>) {
        let (orders, inbox) = mpsc::channel(ORDERS_MAX);
        (Self { orders, cut }, inbox)
    }

    /// Hands an order to the connection; one that cannot take it is cut: the agent does not read.
    pub(super) fn order(&self, order: Order) {
        if self.orders.try_send(order).is_err() {
            tracing::debug!("the agent does not read; its channel is cut");
            self.cut.cancel();
        }
    }

    pub(super) fn cut(&self) {
        self.cut.cancel();
    }
}

/// What a connection does with what it hears.
#[derive(Clone, Debug)]
pub(super) struct Ears {
    pub(super) presence: Presence,
    pub(super) scheduler: Scheduler,
    pub(super) reports: crate::reports::Reports,
    pub(super) endpoints: crate::endpoints::Endpoints,
    pub(super) probes: Probes,
    pub(super) clock: Clock,
}

/// The state of one channel.
pub(super) struct Connection {
    endpoint: EndpointId,
    id: ConnectionId,
    ears: Ears,
    heard: mpsc::Receiver<AgentMessage>,
    orders: mpsc::Receiver<Order>,
    writer: mpsc::Sender<HubMessage>,
    /// Decided on, not yet taken by the writer.
    outbox: VecDeque<HubMessage>,
    /// What was heard last, on its way to whom it concerns; until it is there, nothing is read.
    handing_on: Option<BoxFuture<'static, ()>>,
    asked: BTreeMap<RequestId, oneshot::Sender<Result<Outcome, AskError>>>,
    heard_at: Instant,
    ping_at: Instant,
    closing: bool,
}

enum Event {
    Heard(AgentMessage),
    HandedOn,
    Order(Order),
    CanSend(mpsc::OwnedPermit<HubMessage>),
    PingDue,
    /// The other end, or the connection's own side, is done with the channel.
    Over(&'static str),
}

impl Connection {
    pub(super) fn new(
        endpoint: EndpointId,
        id: ConnectionId,
        ears: Ears,
        orders: mpsc::Receiver<Order>,
    ) -> (Self, mpsc::Sender<AgentMessage>, mpsc::Receiver<HubMessage>) {
        let (hear, heard) = mpsc::channel(1);
        let (writer, to_write) = mpsc::channel(1);
        let now = Instant::now();
        let connection = Self {
            endpoint,
            id,
            ears,
            heard,
            orders,
            writer,
            outbox: VecDeque::new(),
            handing_on: None,
            asked: BTreeMap::new(),
            heard_at: now,
            ping_at: now + PING_INTERVAL,
            closing: false,
        };
        (connection, hear, to_write)
    }

    /// Serves the channel until it is over; returns why.
    pub(super) async fn run(mut self) -> &'static str {
        loop {
            let event = self.next_event().await;
            if let Some(why) = self.apply(event, Instant::now()) {
                return why;
            }
        }
    }

    /// The only await of the loop. Every branch may be dropped and polled anew.
    async fn next_event(&mut self) -> Event {
        let hears = self.handing_on.is_none() && self.outbox.len() < OUTBOX_MAX;
        let takes_orders = self.outbox.len() < OUTBOX_MAX && !self.closing;
        let has_output = !self.outbox.is_empty();
        if self.closing && !has_output {
            return Event::Over("dismissed");
        }
        let silent_at = self.heard_at + SILENCE_MAX;
        tokio::select! {
            message = self.heard.recv(), if hears => {
                message.map_or(Event::Over("the agent is gone"), Event::Heard)
            }
            () = hand_on(&mut self.handing_on), if self.handing_on.is_some() => Event::HandedOn,
            order = self.orders.recv(), if takes_orders => {
                order.map_or(Event::Over("replaced"), Event::Order)
            }
            permit = self.writer.clone().reserve_owned(), if has_output => {
                permit.map_or(Event::Over("the channel broke"), Event::CanSend)
            }
            () = self.writer.closed() => Event::Over("the channel broke"),
            () = sleep_until(self.ping_at) => Event::PingDue,
            () = sleep_until(silent_at), if hears => Event::Over("the agent is silent"),
        }
    }

    /// Changes state only: no await, no socket. Says why the channel is over, if it is.
    fn apply(&mut self, event: Event, now: Instant) -> Option<&'static str> {
        match event {
            Event::Heard(message) => {
                self.heard_at = now;
                return self.hear(message);
            }
            Event::HandedOn => {
                self.handing_on = None;
                self.heard_at = now; // nothing was read meanwhile
            }
            Event::Order(order) => self.obey(order),
            Event::CanSend(permit) => {
                if let Some(message) = self.outbox.pop_front() {
                    permit.send(message);
                }
            }
            Event::PingDue => {
                self.ping_at = now + PING_INTERVAL;
                if self.outbox.is_empty() {
                    let hub_time = self.ears.clock.now();
                    self.outbox.push_back(HubMessage::Ping { hub_time });
                }
            }
            Event::Over(why) => return Some(why),
        }
        None
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Send(message) => self.outbox.push_back(message),
            Order::Dismiss(message) => {
                self.outbox.push_back(message);
                self.closing = true;
            }
            Order::Ask { operation, grants, reply } => {
                self.asked.retain(|_, waiting| !waiting.is_closed());
                if ASKED_MAX <= self.asked.len() {
                    reply.send(Err(AskError::Busy)).ok(); // the asker gave up
                    return;
                }
                let request = RequestId::random();
                self.asked.insert(request, reply);
                self.outbox.push_back(HubMessage::Request { request, operation, grants });
            }
        }
    }

    fn hear(&mut self, message: AgentMessage) -> Option<&'static str> {
        let (endpoint, connection) = (self.endpoint, self.id);
        let ears = self.ears.clone();
        match message {
            AgentMessage::Hello(_) => return Some("a second hello"),
            AgentMessage::Goodbye => return Some("goodbye"),
            AgentMessage::Pong => {}
            AgentMessage::Status(status) => self.hand_on(async move {
                let paused = status.paused.is_some();
                ears.endpoints.status(endpoint, &status).await;
                ears.presence.set_status(endpoint, connection, status).await;
                ears.scheduler.tell(Input::Paused { endpoint, connection, paused }).await;
                ears.endpoints.changed(endpoint).await;
            }),
            AgentMessage::Candidates { session, candidates } => {
                if CANDIDATES_MAX < candidates.len() {
                    return Some("too many candidates");
                }
                self.hand_on(async move {
                    if !ears.probes.candidates(endpoint, session, &candidates).await {
                        let input = Input::Candidates { endpoint, session, candidates };
                        ears.scheduler.tell(input).await;
                    }
                });
            }
            AgentMessage::Session { session, state } => self.hand_on(async move {
                if !ears.probes.state(endpoint, session, &state).await {
                    ears.scheduler.tell(Input::Session { endpoint, session, state }).await;
                }
            }),
            AgentMessage::Probe { request, peer } => {
                self.hand_on(async move { ears.probes.ask(endpoint, request, &peer).await });
            }
            AgentMessage::Reports { task, first, reports } => {
                self.hand_on(async move {
                    ears.reports.take(endpoint, task, first, reports).await;
                });
            }
            AgentMessage::Progress { task, session, counts, rate } => {
                // Only the latest counts, so one that finds no room is left out.
                ears.scheduler.progress(endpoint, task, session, counts, rate);
            }
            AgentMessage::Line { task, session, line } => {
                ears.scheduler.line(endpoint, task, session, line);
            }
            AgentMessage::Answer { request, outcome } => {
                if let Some(reply) = self.asked.remove(&request) {
                    reply.send(Ok(outcome)).ok(); // the asker gave up
                }
            }
        }
        None
    }

    fn hand_on(&mut self, future: impl Future<Output = ()> + Send + 'static) {
        self.handing_on = Some(Box::pin(future));
    }
}

async fn hand_on(future: &mut Option<BoxFuture<'static, ()>>) {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

/// Reads messages for a connection until either is gone.
pub(super) async fn read_all<R: AsyncRead + Unpin>(
    mut reader: FrameReader<R>,
    hear: mpsc::Sender<AgentMessage>,
) {
    loop {
        match reader.next().await {
            Ok(message) => {
                if hear.send(message).await.is_err() {
                    return;
                }
            }
            Err(ChannelError::Closed) => return,
            Err(error) => {
                tracing::debug!(error = %Chain(&error), "the channel to an agent ends");
                return;
            }
        }
    }
}

/// Writes what a connection decides on, until it is gone or the agent takes nothing more.
pub(super) async fn write_all<W: AsyncWrite + Unpin>(
    mut stream: W,
    mut messages: mpsc::Receiver<HubMessage>,
) {
    while let Some(message) = messages.recv().await {
        match timeout(WRITE_TIMEOUT, write_frame(&mut stream, &message)).await {
            Ok(Ok(())) => {}
            Ok(Err(ChannelError::Frame(error))) => {
                tracing::error!(error = %Chain(&error), "a message for an agent is too long");
            }
            Ok(Err(error)) => {
                tracing::debug!(error = %Chain(&error), "an agent cannot be written to");
                return;
            }
            Err(_) => {
                tracing::debug!("an agent takes nothing more");
                return;
            }
        }
    }
    timeout(GOODBYE_TIMEOUT, stream.shutdown()).await.ok(); // a courtesy, not a promise
}

/// Orders that wait for a connection. A burst of sessions and candidates fits; an agent that reads
/// nothing for so long is cut.
const ORDERS_MAX: usize = 256;
/// Messages that wait for the writer before no more orders are taken.
const OUTBOX_MAX: usize = 64;
/// Questions that wait for answers of one agent.
const ASKED_MAX: usize = 64;
/// How often a quiet agent is asked whether it is there.
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// After how long a silent agent is taken for gone; agents hear the same number.
pub(super) const SILENCE_MAX: Duration = Duration::from_secs(60);
/// How long one message may take; 32 MiB on a slow line.
const WRITE_TIMEOUT: Duration = Duration::from_secs(120);
/// How long a connection may take to close in good order.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
