//! `GET /outport/v1/events`: one listener's stream of server-sent events.
//!
//! A listener that comes back names the last event that it saw. What it missed is not kept, so
//! unless that event is of this stream's moment it is told to read its lists anew.

use std::{collections::BTreeSet, convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::HeaderMap,
    response::{
        Sse,
        sse::{Event as SseEvent, KeepAlive},
    },
};
use futures_util::{Stream, stream};
use outport_api::live::LiveEvent;
use outport_types::{Chain, EndpointId, TaskId};
use sea_orm::{DbErr, EntityTrait as _};
use tokio::sync::{OwnedSemaphorePermit, broadcast, broadcast::error::RecvError, mpsc};

use super::Change;
use crate::{
    http::{Caller, OutportApi, OutportError, Params, current_id},
    rights::rights,
    state::HubState,
    store::entity::{endpoint, task},
};

/// Answers with a stream that lasts until the listener goes, its sign-in ends or the hub stops.
pub(crate) async fn listen(
    State(hub): State<HubState>,
    caller: Caller<OutportApi>,
    params: Params,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<SseEvent, Infallible>>>, OutportError> {
    let only = match params.get("task") {
        None => None,
        Some(text) => Some(
            text.parse::<TaskId>()
                .map_err(|_| OutportError::bad_request("task must be the id of a task."))?,
        ),
    };
    let Ok(place) = hub.listeners.clone().try_acquire_owned() else {
        let status = axum::http::StatusCode::SERVICE_UNAVAILABLE;
        let message = "Too many listen already. Try again later.";
        return Err(OutportError::new(status, "HUB_BUSY", message));
    };
    let changes = hub.events.subscribe();
    let came_back = headers.contains_key("last-event-id");
    let hello = LiveEvent::Hello { hub_time: hub.clock.now(), request_id: current_id() };
    let first = came_back.then_some(LiveEvent::Resync);
    let (send, sent) = mpsc::channel(MESSAGES_MAX);
    let listener = Listener {
        caller,
        only,
        changes,
        send,
        number: 0,
        pending: Pending::default(),
        _place: place,
    };
    let stop = hub.stop.clone();
    let workers = hub.workers.clone();
    workers.spawn(async move {
        stop.run_until_cancelled(listener.run(hub, hello, first)).await;
    });
    let messages = stream::unfold(sent, |mut sent| async move {
        let event: SseEvent = sent.recv().await?;
        Some((Ok(event), sent))
    });
    Ok(Sse::new(messages).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

struct Listener {
    caller: Caller<OutportApi>,
    only: Option<TaskId>,
    changes: broadcast::Receiver<Change>,
    send: mpsc::Sender<SseEvent>,
    number: u64,
    pending: Pending,
    _place: OwnedSemaphorePermit,
}

/// Changes that wait to be told, each once.
#[derive(Default)]
struct Pending {
    resync: bool,
    tasks: BTreeSet<TaskId>,
    progress: BTreeSet<TaskId>,
    endpoints: BTreeSet<EndpointId>,
    ready: Vec<LiveEvent>,
}

impl Pending {
    fn is_empty(&self) -> bool {
        !self.resync
            && self.tasks.is_empty()
            && self.progress.is_empty()
            && self.endpoints.is_empty()
            && self.ready.is_empty()
    }

    fn take(&mut self, change: Change) {
        match change {
            Change::Task { task, .. } => {
                self.tasks.insert(task);
            }
            Change::Progress { task, .. } => {
                self.progress.insert(task);
            }
            Change::TaskEvent { task, event, .. } => {
                let event = (*event).clone();
                self.ready.push(LiveEvent::TaskEvent { task_id: task, event });
            }
            Change::Endpoint { endpoint, .. } => {
                self.endpoints.insert(endpoint);
            }
            Change::EndpointRemoved { endpoint, .. } => {
                self.endpoints.remove(&endpoint);
                self.ready.push(LiveEvent::EndpointRemoved { id: endpoint });
            }
        }
    }
}

impl Listener {
    async fn run(mut self, hub: HubState, hello: LiveEvent, first: Option<LiveEvent>) {
        for event in [Some(hello), first].into_iter().flatten() {
            if self.tell(&event).await.is_err() {
                return;
            }
        }
        let mut look_at = hub.clock.now().plus_seconds(STANDING_SECONDS);
        loop {
            let change = tokio::select! {
                change = self.changes.recv() => change,
                () = self.send.closed() => return,
                () = hub.clock.sleep_until(look_at) => match self.caller.may_go_on(&hub).await {
                    Ok(true) => {
                        look_at = hub.clock.now().plus_seconds(STANDING_SECONDS);
                        continue;
                    }
                    Ok(false) => return,
                    Err(error) => {
                        tracing::warn!(error = %Chain(&error), "a listener's token is not known");
                        return; // it may ask again
                    }
                },
            };
            match change {
                Ok(change) => self.note(change),
                Err(RecvError::Lagged(_)) => self.pending.resync = true,
                Err(RecvError::Closed) => return,
            }
            // Whatever else has come by now is told together.
            loop {
                match self.changes.try_recv() {
                    Ok(change) => self.note(change),
                    Err(broadcast::error::TryRecvError::Lagged(_)) => self.pending.resync = true,
                    Err(_) => break,
                }
                if READY_MAX <= self.pending.ready.len() {
                    break;
                }
            }
            if !self.pending.is_empty() && self.flush(&hub).await.is_err() {
                return;
            }
        }
    }

    fn note(&mut self, change: Change) {
        if change.owner() != self.caller.account {
            return;
        }
        let about = match &change {
            Change::Task { task, .. }
            | Change::Progress { task, .. }
            | Change::TaskEvent { task, .. } => Some(*task),
            Change::Endpoint { .. } | Change::EndpointRemoved { .. } => None,
        };
        if self.only.is_none() || self.only == about {
            self.pending.take(change);
        }
    }

    /// Makes the documents of what changed and hands them to the stream, which may take its time.
    async fn flush(&mut self, hub: &HubState) -> Result<(), Gone> {
        let Pending { resync, tasks, progress, endpoints, ready } =
            std::mem::take(&mut self.pending);
        if resync {
            return self.tell(&LiveEvent::Resync).await;
        }
        for event in ready {
            self.tell(&event).await?;
        }
        for task in &tasks {
            let found = self.task(hub, *task).await;
            self.tell_found(found).await?;
        }
        for task in progress.difference(&tasks) {
            if let Some((counts, progress)) = hub.task_documents().progress(*task).await {
                let (files, directories) = (counts.files_found, counts.directories_found);
                let task_id = *task;
                self.tell(&LiveEvent::Progress { task_id, files, directories, progress }).await?;
            }
        }
        for endpoint in endpoints {
            let found = self.endpoint(hub, endpoint).await;
            self.tell_found(found).await?;
        }
        Ok(())
    }

    async fn task(&self, hub: &HubState, id: TaskId) -> Result<Option<LiveEvent>, DbErr> {
        let row = task::Entity::find_by_id(id.uuid()).one(hub.store.read()).await?;
        let documents = hub.task_documents().tasks(row.into_iter().collect()).await?;
        Ok(documents.into_iter().next().map(|task| LiveEvent::Task { task: Box::new(task) }))
    }

    async fn endpoint(&self, hub: &HubState, id: EndpointId) -> Result<Option<LiveEvent>, DbErr> {
        let row = endpoint::Entity::find_by_id(id.uuid()).one(hub.store.read()).await?;
        let row = row.filter(|row| row.deleted_at.is_none());
        let rows = row.into_iter().map(|row| {
            let rights = rights(&self.caller, &row);
            (row, rights)
        });
        let documents = hub.documents().endpoints(rows.collect()).await?;
        let endpoint = documents.into_iter().next();
        Ok(endpoint.map(|endpoint| LiveEvent::Endpoint { endpoint: Box::new(endpoint) }))
    }

    async fn tell_found(&mut self, found: Result<Option<LiveEvent>, DbErr>) -> Result<(), Gone> {
        match found {
            Ok(Some(event)) => self.tell(&event).await,
            Ok(None) => Ok(()),
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "a listener misses a change");
                self.tell(&LiveEvent::Resync).await
            }
        }
    }

    async fn tell(&mut self, event: &LiveEvent) -> Result<(), Gone> {
        self.number += 1;
        let message = SseEvent::default().event(event.name()).id(self.number.to_string());
        match message.json_data(event) {
            Ok(message) => self.send.send(message).await.map_err(|_| Gone),
            Err(error) => {
                tracing::error!(%error, "a live event has no JSON form");
                Ok(())
            }
        }
    }
}

/// The listener is gone.
struct Gone;

/// People and programs that listen at the same time, at the whole hub.
pub(crate) const LISTENERS_MAX: usize = 4096;
/// Messages on their way to one listener.
const MESSAGES_MAX: usize = 16;
/// Events of tasks that are told together.
const READY_MAX: usize = 256;
/// How long somebody may listen after the sign-in was ended.
const STANDING_SECONDS: i64 = 60;
/// Keeps proxies from taking a quiet stream for a dead one.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
