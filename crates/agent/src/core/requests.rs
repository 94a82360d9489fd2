//! Questions of the hub about files: list, stat, make, rename.

use std::sync::Arc;

use outport_mover::{
    ops::{self, NotRenamed, RenamePath},
    refused::Refused,
    resolver::Resolver,
    rules::LiveRules,
};
use outport_protocol::{
    control::{AgentMessage, Operation, Outcome},
    ticket::Grant,
};
use outport_types::{Chain, Code, CollectionPath, Problem, RequestId};
use tokio::sync::{Semaphore, TryAcquireError};
use tokio_util::sync::CancellationToken;

use super::{Core, News};

/// Requests that are being carried out.
#[derive(Debug)]
pub(super) struct Requests {
    places: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Default for Requests {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(REQUESTS_MAX)), stop: CancellationToken::new() }
    }
}

impl Requests {
    /// Nobody waits for the answers any more, or nobody may have them.
    pub(super) fn cancel(&mut self) {
        self.stop.cancel();
        self.stop = CancellationToken::new();
    }
}

impl Core {
    pub(super) fn request(&mut self, request: RequestId, operation: Operation, grants: Vec<Grant>) {
        let endpoint = self.name();
        let refused = |code| {
            let problem = Problem::new(code, [("endpoint", endpoint.as_str().into())]);
            AgentMessage::Answer { request, outcome: Outcome::Failed(problem) }
        };
        if self.is_paused() {
            return self.hub.say(refused(Code::EndpointPaused));
        }
        let place = match Arc::clone(&self.requests.places).try_acquire_owned() {
            Ok(place) => place,
            Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => {
                return self.hub.say(refused(Code::EndpointBusy));
            }
        };
        let (rules, stop) = (self.rules.clone(), self.requests.stop.clone());
        let (channel, news) = (self.hub.number, self.news.clone());
        self.tracker.spawn(async move {
            let stopped = stop.clone();
            let work = crate::blocking(move || {
                let outcome = carry_out(operation, &grants, rules, &endpoint, &stopped);
                drop(place); // as long as the disk works on it, it has its place
                outcome
            });
            // An answer that nobody may have is not waited for; the disk is left to finish.
            if let Some(outcome) = stop.run_until_cancelled(work).await {
                news.send(News::Answered { channel, request, outcome }).await.ok();
            }
        });
    }

    /// What is said instead of an answer while this computer is paused.
    pub(super) fn paused_refusal(&self) -> Problem {
        Problem::new(Code::EndpointPaused, [("endpoint", self.name().into())])
    }

    pub(super) fn request_answered(&mut self, channel: u64, request: RequestId, outcome: Outcome) {
        if channel != self.hub.number {
            return; // asked on a channel that is no more
        }
        let outcome =
            if self.is_paused() { Outcome::Failed(self.paused_refusal()) } else { outcome };
        self.hub.say(AgentMessage::Answer { request, outcome });
    }
}

fn carry_out(
    operation: Operation,
    grants: &[Grant],
    rules: LiveRules,
    endpoint: &str,
    stop: &CancellationToken,
) -> Outcome {
    let resolver = Resolver::new(rules, grants, endpoint);
    let (path, done) = match operation {
        Operation::List(query) => {
            let path = query.path.clone().unwrap_or_default();
            let listed = ops::list(&resolver, &query, || stop.is_cancelled());
            (path, listed.map(Outcome::Listing))
        }
        Operation::Stat { path } => {
            let found = ops::stat(&resolver, &path).map(Outcome::File);
            (path, found)
        }
        Operation::Mkdir { path } => match ops::make_directory(&resolver, &path, false) {
            Ok(()) => (path, Ok(Outcome::Done)),
            Err(refused) => (to_blame(path, &refused), Err(refused)),
        },
        Operation::Rename { from, to } => match ops::rename(&resolver, &from, &to) {
            Ok(()) => (from, Ok(Outcome::Done)),
            Err(NotRenamed { about: RenamePath::From, refused }) => (from, Err(refused)),
            Err(NotRenamed { about: RenamePath::To, refused }) => {
                (to_blame(to, &refused), Err(refused))
            }
        },
    };
    done.unwrap_or_else(|refused| {
        tracing::debug!(%path, error = %Chain(&refused), "a request is refused");
        Outcome::Failed(refused.problem(&path, endpoint))
    })
}

/// Where something was to be made and nothing is found, it is the directory that is missing.
fn to_blame(made: CollectionPath, refused: &Refused) -> CollectionPath {
    match made.parent() {
        Some(parent) if matches!(refused, Refused::NotFound) => parent,
        Some(_) | None => made,
    }
}

/// Requests that a disk works on at the same time; more wait at whoever asks.
const REQUESTS_MAX: usize = 32;
