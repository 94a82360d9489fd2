//! Brings two agents of one account together that want to see by which ways they reach each other.
//!
//! 1. An agent names another one. Whether it may, and whether that one could, is decided here.
//! 2. Both are told of a session, of each other's key and of the relays, as for a transfer, but without
//!    a ticket: there is no task, and no file is touched.
//! 3. Where each may be reached is handed on to the other.
//! 4. The session is over when the one that asked says so, and after [`PROBE_LIMIT`] in any case.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use outport_protocol::control::{Candidate, HubMessage, Peer, Probe, SessionState};
use outport_types::{
    AccountId, Chain, Code, EndpointId, EndpointRef, Problem, PublicKey, RequestId, SessionId,
};
use sea_orm::DbErr;
use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    endpoints::Endpoints, presence::Presence, relays::Relays, scheduler::Surroundings,
    store::entity::endpoint,
};

/// Those that go on; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Probes {
    pub(crate) presence: Presence,
    pub(crate) endpoints: Endpoints,
    pub(crate) relays: Relays,
    pub(crate) workers: TaskTracker,
    pub(crate) stop: CancellationToken,
    pub(crate) running: Running,
}

/// Each with its two sides.
pub(crate) type Running = Arc<Mutex<BTreeMap<SessionId, Sides>>>;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Sides {
    asker: EndpointId,
    request: RequestId,
    peer: EndpointId,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
enum ProbeError {
    #[error("{}", .0.message)]
    Refused(Problem),
    #[error("the database does not answer")]
    Store(#[from] DbErr),
}

impl Probes {
    pub(crate) fn new(of: &Surroundings, workers: &TaskTracker, stop: &CancellationToken) -> Self {
        Self {
            presence: of.presence.clone(),
            endpoints: of.endpoints.clone(),
            relays: of.relays.clone(),
            workers: workers.clone(),
            stop: stop.clone(),
            running: Running::default(),
        }
    }

    /// Brings an agent together with the one that it names, or tells it why not.
    pub(crate) async fn ask(&self, asker: EndpointId, request: RequestId, peer: &str) {
        let problem = match self.begin(asker, request, peer).await {
            Ok(()) => return,
            Err(ProbeError::Refused(problem)) => problem,
            Err(error @ ProbeError::Store(_)) => {
                tracing::error!(%asker, error = %Chain(&error), "cannot look up a peer");
                Problem::new(Code::Internal, [("request", request.to_string().into())])
            }
        };
        self.presence.send(asker, HubMessage::ProbeRefused { request, problem }).await;
    }

    /// Hands on where a side may be reached; says whether the session is one of these.
    pub(crate) async fn candidates(
        &self,
        side: EndpointId,
        session: SessionId,
        candidates: &[Candidate],
    ) -> bool {
        let Some(sides) = self.sides(session) else { return false };
        if let Some(other) = sides.other(side) {
            let candidates = candidates.to_vec();
            let message = HubMessage::PeerCandidates { session, candidates };
            self.presence.send(other, message).await;
        }
        true
    }

    /// Takes what became of a session on one side; says whether it is one of these.
    pub(crate) async fn state(
        &self,
        side: EndpointId,
        session: SessionId,
        state: &SessionState,
    ) -> bool {
        let Some(sides) = self.sides(session) else { return false };
        let is_peer = side == sides.peer;
        match state {
            SessionState::Refused { problem, .. } if is_peer => {
                let (request, problem) = (sides.request, problem.clone());
                let refused = HubMessage::ProbeRefused { request, problem };
                self.presence.send(sides.asker, refused).await;
                self.end(session).await;
            }
            SessionState::Connected { .. } => {}
            SessionState::Refused { .. }
            | SessionState::Broken { .. }
            | SessionState::Stopped
            | SessionState::Done => {
                if side == sides.asker {
                    self.end(session).await;
                }
            }
        }
        true
    }

    async fn begin(
        &self,
        asker: EndpointId,
        request: RequestId,
        peer: &str,
    ) -> Result<(), ProbeError> {
        let own = self.endpoints.find(asker).await?;
        let own = own.ok_or_else(|| refused(Code::EndpointNotFound, &asker.to_string()))?;
        let account = AccountId::from_uuid(own.account_id);
        let found = self.find(account, peer).await?;
        let found = found.ok_or_else(|| refused(Code::EndpointNotFound, &shown(peer)))?;
        let names = self.endpoints.names([own.id, found.id]).await?;
        let name_of = |row: &endpoint::Model| names.get(&row.id).cloned();
        let (Some(own_name), Some(peer_name)) = (name_of(&own), name_of(&found)) else {
            return Err(refused(Code::EndpointNotFound, &shown(peer)));
        };
        let name = peer_name.to_string();
        let other = EndpointId::from_uuid(found.id);
        self.check(&own, &found, &name).await?;
        let sides = Sides { asker, request, peer: other };
        let session = SessionId::random();
        self.enter(session, sides).map_err(|code| refused(code, &own_name.to_string()))?;
        let relays = self.relays.open(session, account).await;
        self.end_in_time(session);
        let (Some(own_key), Some(peer_key)) = (key_of(&own), key_of(&found)) else {
            return Err(refused(Code::NotConnected, &name));
        };
        let probe = |asked, key, name| {
            let peer = Peer { key, name, candidates: Vec::new() };
            let relays = relays.clone();
            HubMessage::Probe(Box::new(Probe { session, asked, peer, relays }))
        };
        self.presence.send(other, probe(None, own_key, own_name)).await;
        self.presence.send(asker, probe(Some(request), peer_key, peer_name)).await;
        Ok(())
    }

    /// Whether the other one is the account's, there, and able to.
    async fn check(
        &self,
        own: &endpoint::Model,
        found: &endpoint::Model,
        name: &str,
    ) -> Result<(), ProbeError> {
        if found.account_id != own.account_id {
            return Err(refused(Code::PeerNotYours, name));
        }
        if found.deleted_at.is_some() {
            return Err(refused(Code::EndpointRemoved, name));
        }
        if found.id == own.id {
            return Err(refused(Code::PeerIsHere, name));
        }
        let id = EndpointId::from_uuid(found.id);
        let seen = self.presence.look(vec![id]).await.remove(&id);
        let seen = seen.ok_or_else(|| refused(Code::NotConnected, name))?;
        if seen.status.paused.is_some() {
            return Err(refused(Code::EndpointPaused, name));
        }
        if !seen.status.probes {
            return Err(refused(Code::PeerTooOld, name));
        }
        Ok(())
    }

    /// The endpoint of that id or name, if the account may know of it.
    async fn find(&self, own: AccountId, peer: &str) -> Result<Option<endpoint::Model>, DbErr> {
        let Ok(named) = peer.parse::<EndpointRef>() else { return Ok(None) };
        let found = self.endpoints.find_named(own, &named).await?;
        Ok(found.filter(|row| row.account_id == own.uuid() || row.public))
    }

    /// One at a time for who asks, and not too many in all.
    fn enter(&self, session: SessionId, sides: Sides) -> Result<(), Code> {
        let mut running = self.locked();
        let is_asking = running.values().any(|other| other.asker == sides.asker);
        if is_asking || RUNNING_MAX <= running.len() {
            return Err(Code::EndpointBusy);
        }
        running.insert(session, sides);
        Ok(())
    }

    fn end_in_time(&self, session: SessionId) {
        let probes = self.clone();
        self.workers.spawn(async move {
            let limit = probes.stop.run_until_cancelled(sleep(PROBE_LIMIT));
            if limit.await.is_some() {
                probes.end(session).await;
            }
        });
    }

    async fn end(&self, session: SessionId) {
        if self.locked().remove(&session).is_some() {
            self.relays.own.close(session).await;
        }
    }

    fn sides(&self, session: SessionId) -> Option<Sides> {
        self.locked().get(&session).copied()
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<SessionId, Sides>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sides {
    fn other(self, side: EndpointId) -> Option<EndpointId> {
        if side == self.asker { Some(self.peer) } else { (side == self.peer).then_some(self.asker) }
    }
}

fn refused(code: Code, endpoint: &str) -> ProbeError {
    ProbeError::Refused(Problem::new(code, [("endpoint", endpoint.into())]))
}

/// What an agent named, as much of it as is shown.
fn shown(peer: &str) -> String {
    peer.chars().filter(|c| !c.is_control()).take(NAME_CHARS_SHOWN).collect()
}

fn key_of(row: &endpoint::Model) -> Option<PublicKey> {
    row.key.as_deref().and_then(|key| key.try_into().ok()).map(PublicKey)
}

/// Longer than two agents take for all ways and a measurement.
const PROBE_LIMIT: Duration = Duration::from_secs(30);
/// At once, in all.
const RUNNING_MAX: usize = 256;
/// A full name and a little.
const NAME_CHARS_SHOWN: usize = 150;
