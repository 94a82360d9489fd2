//! Checks of the ways to another computer of the account: those that the owner asks for, and those in
//! which this computer is the other one.

use std::{collections::BTreeMap, sync::Arc};

use outport_protocol::control::{AgentMessage, Candidate, Probe, SessionState};
use outport_types::{Code, Problem, RequestId, SessionId};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::Core;
use crate::{
    hub_link::HubTunnels,
    probe::{self, ProbeJob, Probed},
    session::{SessionEvent, Whereabouts},
};

/// Where what came of a check goes.
pub(crate) type Told = oneshot::Sender<Result<Probed, Problem>>;

/// Those that are asked for, and those that go on.
#[derive(Debug, Default)]
pub(super) struct Probes {
    asked: Option<(RequestId, Told)>,
    running: BTreeMap<SessionId, Running>,
}

#[derive(Debug)]
struct Running {
    /// Whether this computer's owner asked for it.
    is_own: bool,
    peer_candidates: mpsc::Sender<Vec<Candidate>>,
    stop: CancellationToken,
}

impl Probes {
    /// Whether a session is one of these.
    pub(super) fn has(&self, session: SessionId) -> bool {
        self.running.contains_key(&session)
    }

    /// Whether one of the owner's goes on, or waits for the hub.
    fn is_busy(&self) -> bool {
        let waits = |(_, told): &(RequestId, Told)| !told.is_closed();
        let is_own = |running: &Running| running.is_own;
        self.running.values().any(is_own) || self.asked.as_ref().is_some_and(waits)
    }

    /// Ends all of them.
    pub(super) fn stop(&mut self, why: &Problem) {
        self.refuse(why.clone());
        for running in self.running.values() {
            running.stop.cancel();
        }
    }

    /// Tells whoever asked that nothing comes of it.
    pub(super) fn refuse(&mut self, why: Problem) {
        if let Some((_, told)) = self.asked.take() {
            told.send(Err(why)).ok(); // who asked did not wait
        }
    }
}

impl Core {
    /// The owner wants to know the ways to another computer.
    pub(super) fn ask_probe(&mut self, peer: String, told: Told) {
        let refusal = |code| Problem::new(code, [("endpoint", self.name().into())]);
        let refused = if self.is_paused() {
            Some(refusal(Code::EndpointPaused))
        } else if !self.hub.is_connected() {
            Some(refusal(Code::NotConnected))
        } else if !self.hub.probes {
            Some(Problem::new(Code::HubTooOld, []))
        } else if self.probes.is_busy() {
            Some(refusal(Code::EndpointBusy))
        } else {
            None
        };
        if let Some(problem) = refused {
            told.send(Err(problem)).ok(); // who asked did not wait
            return;
        }
        let request = RequestId::random();
        self.probes.asked = Some((request, told));
        self.hub.say(AgentMessage::Probe { request, peer });
    }

    pub(super) fn probe_refused(&mut self, request: RequestId, problem: Problem) {
        if self.probes.asked.as_ref().is_some_and(|(asked, _)| *asked == request) {
            self.probes.refuse(problem);
        }
    }

    /// The hub brings this computer together with another one.
    pub(super) fn start_probe(&mut self, probe: Probe) {
        let session = probe.session;
        let told = match probe.asked {
            Some(request) => {
                let asked = self.probes.asked.take_if(|(asked, _)| *asked == request);
                let Some((_, told)) = asked else {
                    return self.say_probe(session, SessionState::Stopped);
                };
                Some(told)
            }
            None => None,
        };
        let code = if self.is_paused() {
            Code::EndpointPaused
        } else if RUNNING_MAX <= self.probes.running.len() || self.probes.has(session) {
            Code::EndpointBusy
        } else {
            return self.spawn_probe(probe, told);
        };
        let problem = Problem::new(code, [("endpoint", self.name().into())]);
        self.say_probe(session, SessionState::Refused { problem: problem.clone(), retry: true });
        if let Some(told) = told {
            told.send(Err(problem)).ok(); // who asked did not wait
        }
    }

    fn spawn_probe(&mut self, probe: Probe, told: Option<Told>) {
        let Some(identity) = &self.identity else { return };
        let (session, endpoint) = (probe.session, identity.endpoint.clone());
        tracing::info!(%session, peer = %probe.peer.name, "the ways to another computer are tried");
        let (peer_candidates, inbox) = mpsc::channel(CANDIDATE_LISTS_MAX);
        let stop = self.stop.child_token();
        let (udp, reach) = (self.hub.udp.clone(), self.reaching.follow());
        let events = self.session_events.clone();
        let whereabouts = Whereabouts::new(session, endpoint.clone(), udp, reach, events.clone());
        let job = ProbeJob {
            name: self.name(),
            probe,
            endpoint,
            whereabouts,
            relay: self.config.settings.relay,
            tunnels: Arc::new(HubTunnels::new(
                identity.registration.hub.clone(),
                self.paths.clone(),
                self.in_force.subscribe(),
            )),
            peer_candidates: inbox,
            limits: self.limits.throttles.clone(),
            stop: stop.clone(),
        };
        let is_own = told.is_some();
        self.tracker.spawn(async move {
            let probed = probe::run(job).await;
            // First, so that who hears what came of it may ask again.
            events.send((session, SessionEvent::Ended(SessionState::Done))).await.ok();
            if let Some(told) = told {
                told.send(probed).ok(); // who asked did not wait
            }
        });
        self.probes.running.insert(session, Running { is_own, peer_candidates, stop });
    }

    pub(super) fn probe_candidates(&self, session: SessionId, list: Vec<Candidate>) {
        if let Some(running) = self.probes.running.get(&session) {
            running.peer_candidates.try_send(list).ok(); // who sent so many sends more
        }
    }

    pub(super) fn probe_event(&mut self, session: SessionId, event: SessionEvent) {
        match event {
            SessionEvent::Candidates(candidates) => {
                self.hub.say(AgentMessage::Candidates { session, candidates });
            }
            SessionEvent::Seen { translated } => self.reaching.seen(translated),
            SessionEvent::Ended(state) => {
                self.probes.running.remove(&session);
                self.say_probe(session, state);
            }
            // No task works here.
            SessionEvent::Connected(_)
            | SessionEvent::Line(_)
            | SessionEvent::Progress { .. }
            | SessionEvent::Reported(_) => {}
        }
    }

    fn say_probe(&mut self, session: SessionId, state: SessionState) {
        self.hub.say(AgentMessage::Session { session, state });
    }
}

/// The one that the owner asked for, and one of another computer.
const RUNNING_MAX: usize = 2;
const CANDIDATE_LISTS_MAX: usize = 8;
