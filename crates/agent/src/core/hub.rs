//! What the hub says, and what it is told.

use std::{collections::VecDeque, future::pending, mem, time::Duration};

use outport_control::ProxyUse;
use outport_protocol::{
    control::{
        AgentMessage, AgentStatus, CONTROL_VERSION, HELLO_LIST_MAX, Hello, HubMessage, Outcome,
        RevokeReason, SessionState,
    },
    statement::{SignedStatement, Statement},
};
use outport_types::{Code, Problem, UnixTime};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{Core, Identity};
use crate::{
    clock::{HubClock, local_now},
    hub_link::{HubEvent, HubLink, WhatNext},
    session::{self, StopReason},
};

/// What is known of the hub, and the channel to it while there is one.
#[derive(Debug, Default)]
pub(super) struct Hub {
    pub(super) phase: HubPhase,
    pub(super) events: Option<mpsc::Receiver<HubEvent>>,
    worker: Option<CancellationToken>,
    channel: Option<mpsc::Sender<AgentMessage>>,
    /// Counts channels: what was asked on one is not answered on another.
    pub(super) number: u64,
    /// The keys of the day; sessions need them while the channel is down too.
    pub(super) statement: Option<Statement>,
    pub(super) clock: Option<HubClock>,
    /// Where the hub sees UDP packets from.
    pub(super) udp: Option<String>,
    /// Whether it brings agents together that look for ways.
    pub(super) probes: bool,
    pub(super) connected_since: Option<UnixTime>,
    /// What the hub is reached through, or was last looked for.
    pub(super) proxy: Option<ProxyUse>,
    /// Messages that wait for room on the channel.
    pub(super) outgoing: VecDeque<AgentMessage>,
    /// The hello is on its way: what becomes of the sessions that it names is told after it.
    greeted: bool,
}

/// How far the agent is with its hub.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum HubPhase {
    /// There is no hub to reach: not set up, or no key.
    #[default]
    None,
    /// It tries.
    Dialling,
    /// It tries again later.
    Waiting,
    /// It does not try any more.
    Resting,
    /// The hub let it in.
    Connected,
}

impl Hub {
    /// The next event of the channel; never, where there is no channel worker.
    pub(super) async fn event(events: &mut Option<mpsc::Receiver<HubEvent>>) -> HubEvent {
        if let Some(inbox) = events
            && let Some(event) = inbox.recv().await
        {
            return event;
        }
        *events = None; // the worker rests
        pending().await
    }

    /// The channel, while something waits for room on it.
    pub(super) fn wanted(&self) -> Option<mpsc::Sender<AgentMessage>> {
        self.channel.clone().filter(|_| !self.outgoing.is_empty())
    }

    /// Waits for room on a channel.
    pub(super) async fn room(
        channel: Option<mpsc::Sender<AgentMessage>>,
    ) -> mpsc::OwnedPermit<AgentMessage> {
        if let Some(channel) = channel
            && let Ok(permit) = channel.reserve_owned().await
        {
            return permit;
        }
        pending().await // a channel that broke says so with an event
    }

    pub(super) fn send_next(&mut self, permit: mpsc::OwnedPermit<AgentMessage>) {
        if let Some(message) = self.outgoing.pop_front() {
            permit.send(message);
        }
    }

    /// Says something to the hub, if it is there to hear it.
    pub(super) fn say(&mut self, message: AgentMessage) {
        let follows_hello = self.greeted && matches!(message, AgentMessage::Session { .. });
        if self.channel.is_none() && !follows_hello {
            return; // what must not get lost is said again by the hello or the outbox
        }
        match self.outgoing.iter_mut().find(|waiting| is_newer(&message, waiting)) {
            Some(stale) => *stale = message,
            None => self.outgoing.push_back(message),
        }
    }

    /// The owner paused: answers that wait become `refusal`, and the status, which says why, goes
    /// before everything that waits.
    pub(super) fn pause(&mut self, status: AgentStatus, refusal: &Problem) {
        if self.channel.is_none() {
            return; // the hello says it
        }
        self.outgoing.retain(|message| !matches!(message, AgentMessage::Status(_)));
        for message in &mut self.outgoing {
            if let AgentMessage::Answer { outcome, .. } = message {
                *outcome = Outcome::Failed(refusal.clone());
            }
        }
        self.outgoing.push_front(AgentMessage::Status(status));
    }

    pub(super) fn is_connected(&self) -> bool {
        self.channel.is_some()
    }

    /// Lets go of the channel; what waits is sent first.
    pub(super) fn hang_up(
        &mut self,
    ) -> Option<(mpsc::Sender<AgentMessage>, VecDeque<AgentMessage>)> {
        let channel = self.channel.take()?;
        Some((channel, std::mem::take(&mut self.outgoing)))
    }

    fn down(&mut self) {
        self.channel = None;
        self.connected_since = None;
        self.outgoing.clear();
        self.greeted = false;
    }
}

impl Core {
    /// Takes a new identity, and connects with it.
    pub(super) fn take_identity(&mut self, identity: Result<Identity, Problem>) {
        if let Some(worker) = self.hub.worker.take() {
            worker.cancel();
        }
        self.hub = Hub { number: self.hub.number + 1, ..Hub::default() };
        self.stop_sessions(&StopReason::Revoked);
        self.board_kick.send_modify(|kicks| *kicks += 1);
        for code in [
            Code::NotSetUp,
            Code::EndpointRemoved,
            Code::KeyReplaced,
            Code::KeyUnknown,
            Code::KeyUnavailable,
        ] {
            self.shown.clear_notice(code);
        }
        let identity = match identity {
            Ok(identity) => identity,
            Err(problem) => {
                self.show_missed(None);
                self.shown.notice_problem(problem);
                self.identity = None;
                return;
            }
        };
        self.show_missed(identity.missed.clone());
        let (events, inbox) = mpsc::channel(HUB_EVENTS_MAX);
        let link = HubLink {
            paths: self.paths.clone(),
            hub: identity.registration.hub.clone(),
            key: identity.key.clone(),
            config: self.in_force.subscribe(),
            events,
            shakes: self.shake.subscribe(),
            recall: self.recall.subscribe(),
        };
        let worker = CancellationToken::new();
        self.tracker.spawn(link.run(worker.clone()));
        self.hub.worker = Some(worker);
        self.hub.events = Some(inbox);
        self.hub.phase = HubPhase::Dialling;
        self.identity = Some(identity);
    }

    /// Waits until the channel's worker has let go of its events.
    pub(super) async fn wait_for_hub_worker(&mut self) {
        self.end_hub_worker();
        if let Some(events) = &mut self.hub.events {
            while events.recv().await.is_some() {}
        }
    }

    /// Ends the channel's worker once it has written what it was given.
    pub(super) fn end_hub_worker(&mut self) {
        if let Some(worker) = self.hub.worker.take() {
            worker.cancel();
        }
    }

    pub(super) fn hub_event(&mut self, event: HubEvent, now: Instant) {
        match event {
            HubEvent::Dialling => self.hub.phase = HubPhase::Dialling,
            HubEvent::Way(proxy) => self.hub.proxy = proxy,
            HubEvent::Statement { signed, answer } => self.check_statement(&signed, answer),
            HubEvent::Greet { answer } => {
                answer.send(self.hello()).ok(); // a channel that is gone needs no greeting
                self.hub.greeted = true;
            }
            HubEvent::Connected { welcome, statement, out } => {
                self.hub.number += 1;
                self.hub.phase = HubPhase::Connected;
                self.hub.channel = Some(out);
                self.hub.clock = Some(HubClock::set(welcome.hub_time, now));
                self.hub.connected_since = Some(local_now());
                self.hub.udp = welcome.udp;
                self.hub.probes = welcome.probes;
                self.look_for_udp();
                self.hub.statement = Some(statement);
                self.renamed(welcome.name, Some(welcome.owner));
                self.clear_channel_notices();
                self.say_where_sessions_are();
                self.outbox.connected();
                self.send_reports();
            }
            HubEvent::Message(message) => self.hub_message(message, now),
            HubEvent::Down { problem, what_next } => self.hub_down(problem, what_next),
        }
    }

    fn clear_channel_notices(&mut self) {
        for code in CHANNEL_NOTICES {
            self.shown.clear_notice(code);
        }
    }

    fn hub_down(&mut self, problem: Problem, what_next: WhatNext) {
        self.hub.down();
        self.requests.cancel();
        self.probes.refuse(problem.clone());
        self.hub.phase = match what_next {
            WhatNext::Retry(_) => HubPhase::Waiting,
            WhatNext::Rest => HubPhase::Resting,
        };
        match what_next {
            // One lost connection is nothing to bother anybody with.
            WhatNext::Retry(pause) if pause < BOTHER_AFTER => {}
            WhatNext::Retry(_) | WhatNext::Rest => {
                // What stood in the way before may be gone; this is what does now.
                self.clear_channel_notices();
                self.shown.notice_problem(problem);
            }
        }
    }

    fn hub_message(&mut self, message: HubMessage, now: Instant) {
        match message {
            HubMessage::Ping { hub_time } => {
                self.hub.clock = Some(HubClock::set(hub_time, now));
                self.hub.say(AgentMessage::Pong);
            }
            HubMessage::Start(start) => self.start_session(*start, now),
            HubMessage::PeerCandidates { session, candidates } => {
                self.peer_candidates(session, candidates);
            }
            HubMessage::Probe(probe) => self.start_probe(*probe),
            HubMessage::ProbeRefused { request, problem } => self.probe_refused(request, problem),
            HubMessage::Renew { session, expires } => {
                if let Some(running) = self.sessions.get_mut(&session) {
                    running.expires = expires;
                }
            }
            HubMessage::Revoke { session, reason } => match reason {
                RevokeReason::Shutdown => {} // it can do without the hub until its lease is over
                RevokeReason::TaskOver
                | RevokeReason::Rights
                | RevokeReason::PeerAway
                | RevokeReason::Replaced => self.stop_session(session, StopReason::Revoked),
            },
            HubMessage::TaskOver { task } => self.task_over(task),
            HubMessage::ReportAck { task, last } => {
                self.report_ack(task, last);
            }
            HubMessage::Request { request, operation, grants } => {
                self.request(request, operation, grants);
            }
            HubMessage::Statement { statement } => {
                let (answer, _) = oneshot::channel();
                self.check_statement(&statement, answer);
            }
            HubMessage::Renamed { name } => self.renamed(name, None),
            // Only as first messages; a hub that says them later is not understood.
            HubMessage::Welcome(_) | HubMessage::Refused { .. } => {
                tracing::warn!("the hub said something out of turn");
            }
        }
    }

    /// Believes a statement of keys or not. What it changes is on the disk before a channel is built
    /// on it.
    fn check_statement(
        &mut self,
        signed: &SignedStatement,
        answer: oneshot::Sender<Result<Statement, Problem>>,
    ) {
        let Some(identity) = &mut self.identity else { return };
        let registration = &mut identity.registration;
        let hub = registration.hub.to_string();
        let (statement, changed) = match registration.accept(signed) {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::error!(error = %outport_types::Chain(&error), "not the keys of our hub");
                // An old hub database that was put back shows old keys; so would a thief.
                let problem = Problem::new(Code::HubKeyChanged, [("hub", hub.into())]);
                self.shown.notice_problem(problem.clone());
                answer.send(Err(problem)).ok();
                return;
            }
        };
        if self.hub.is_connected() {
            self.hub.statement = Some(statement.clone());
        }
        if !changed {
            answer.send(Ok(statement)).ok();
            return;
        }
        let (paths, registration) = (self.paths.clone(), registration.clone());
        self.disk.after_all(move || {
            let kept = registration.save(&paths).map_err(|error| error.problem());
            answer.send(kept.map(|()| statement)).ok();
        });
    }

    fn hello(&self) -> Hello {
        Hello {
            versions: (CONTROL_VERSION, CONTROL_VERSION),
            software: concat!("outport ", env!("CARGO_PKG_VERSION")).to_owned(),
            system: std::env::consts::OS.to_owned(),
            status: self.status(),
            outstanding: self.outbox.tasks().take(HELLO_LIST_MAX).collect(),
            sessions: self.sessions.keys().copied().take(HELLO_LIST_MAX).collect(),
        }
    }

    /// Sees whether UDP gets through to the hub, so that no session need wait for that.
    fn look_for_udp(&self) {
        let (Some(identity), Some(udp)) = (&self.identity, self.hub.udp.clone()) else { return };
        let endpoint = identity.endpoint.clone();
        self.tracker.spawn(async move {
            session::seen_by_hub(&endpoint, &udp).await;
        });
    }

    /// A hub that was away learns again what it did not hear.
    fn say_where_sessions_are(&mut self) {
        for (session, running) in &self.sessions {
            let session = *session;
            if let Some(route) = running.route {
                let state = SessionState::Connected { route };
                self.hub.outgoing.push_back(AgentMessage::Session { session, state });
            }
            if !running.candidates.is_empty() {
                let candidates = running.candidates.clone();
                self.hub.outgoing.push_back(AgentMessage::Candidates { session, candidates });
            }
        }
    }

    fn renamed(&mut self, name: outport_types::CanonicalName, owner: Option<String>) {
        let Some(identity) = &mut self.identity else { return };
        let registration = &mut identity.registration;
        let before = (registration.name.clone(), registration.owner.clone());
        registration.name = name;
        if let Some(owner) = owner {
            registration.owner = owner;
        }
        if before == (registration.name.clone(), registration.owner.clone()) {
            return;
        }
        let (paths, registration) = (self.paths.clone(), registration.clone());
        self.disk.after_all(move || {
            if let Err(error) = registration.save(&paths) {
                tracing::warn!(error = %outport_types::Chain(&error), "the new name is not kept");
            }
        });
    }
}

/// Whether a message says anew what another one says that waits, where only the latest counts.
fn is_newer(message: &AgentMessage, waiting: &AgentMessage) -> bool {
    let about = |message: &AgentMessage| match message {
        AgentMessage::Progress { session, .. } | AgentMessage::Line { session, .. } => {
            Some((mem::discriminant(message), *session))
        }
        AgentMessage::Hello(_)
        | AgentMessage::Status(_)
        | AgentMessage::Candidates { .. }
        | AgentMessage::Session { .. }
        | AgentMessage::Reports { .. }
        | AgentMessage::Answer { .. }
        | AgentMessage::Probe { .. }
        | AgentMessage::Pong
        | AgentMessage::Goodbye => None,
    };
    about(message).is_some_and(|of| about(waiting) == Some(of))
}

/// Events of the channel that wait; the channel reads no further while they do.
const HUB_EVENTS_MAX: usize = 16;
/// A pause this long says that the hub is really away.
const BOTHER_AFTER: Duration = Duration::from_millis(1500);
/// What a connection proves to be over.
const CHANNEL_NOTICES: [Code; 14] = [
    Code::HubUnreachable,
    Code::NetworkSignIn,
    Code::BadProxy,
    Code::ProxyUnreachable,
    Code::ProxyNeedsLogin,
    Code::ProxyLoginWrong,
    Code::ProxyRefused,
    Code::ProxyLoginUnavailable,
    Code::HubUntrusted,
    Code::HubKeyChanged,
    Code::VersionUnsupported,
    Code::HubBusy,
    Code::EndpointRemoved,
    Code::KeyUnknown,
];

#[cfg(test)]
mod tests;
