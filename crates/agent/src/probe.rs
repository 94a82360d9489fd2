//! Finds every way between this computer and another one of its account, and sees for a moment what the
//! best of them carries. Both sides run this at the same time; no file is touched.

mod flow;

pub(crate) use self::flow::across;
use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use outport_control::RelayUse;
use outport_link::{CloseCode, Endpoint, Link, LinkStats, Survey, Tunnels, Way, Ways};
use outport_mover::session::AgentLimits;
use outport_protocol::{
    control::{Candidate, Probe},
    ticket::Role,
};
use outport_types::{Chain, Code, Problem, Route};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::session::{Touch, Whereabouts, keep_in_touch};

/// All that one needs.
#[derive(Debug)]
pub(crate) struct ProbeJob {
    /// This computer's full name.
    pub(crate) name: String,
    pub(crate) probe: Probe,
    pub(crate) endpoint: Endpoint,
    pub(crate) whereabouts: Whereabouts,
    pub(crate) relay: RelayUse,
    pub(crate) tunnels: Arc<dyn Tunnels>,
    pub(crate) peer_candidates: mpsc::Receiver<Vec<Candidate>>,
    /// As for transfers.
    pub(crate) limits: AgentLimits,
    /// Cancelled when the owner pauses, or the agent ends.
    pub(crate) stop: CancellationToken,
}

/// What came of it.
#[derive(Clone, Debug)]
pub(crate) struct Probed {
    /// The other side's full name.
    pub(crate) peer: String,
    /// Whether straight ways were left out, as the owner wants.
    pub(crate) only_relayed: bool,
    pub(crate) ways: Vec<Way>,
    /// The way that files would go; `None` when there is none.
    pub(crate) taken: Option<Taken>,
}

/// A way that was taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) route: Route,
    pub(crate) stats: LinkStats,
    /// Bytes per second from here to there.
    pub(crate) up: Option<u64>,
    /// And back.
    pub(crate) down: Option<u64>,
}

/// Runs one side.
///
/// # Errors
/// When the agent ends or is paused meanwhile, or the link cannot be looked for.
pub(crate) async fn run(mut job: ProbeJob) -> Result<Probed, Problem> {
    let (name, stop) = (job.name.clone(), job.stop.clone());
    let paused = || Problem::new(Code::EndpointPaused, [("endpoint", name.into())]);
    stop.run_until_cancelled(look(&mut job)).await.unwrap_or_else(|| Err(paused()))
}

async fn look(job: &mut ProbeJob) -> Result<Probed, Problem> {
    let Probe { session, asked, peer, relays } = &job.probe;
    let broken = |error: &dyn std::error::Error| {
        let args = [
            ("endpoint", job.name.as_str().into()),
            ("peer", peer.name.to_string().into()),
            ("reason", Chain(error).to_string().into()),
        ];
        Problem::new(Code::LinkBroken, args)
    };
    let only_relayed = job.relay == RelayUse::Only;
    let expected = job.endpoint.expect(*session, peer.key).map_err(|error| broken(&error))?;
    let expected = expected.only(if only_relayed { Ways::Relayed } else { Ways::All });
    let asks = asked.is_some();
    let around = pin!(keep_in_touch(Touch {
        expected: &expected,
        peer,
        offers: relays,
        role: if asks { Role::Sender } else { Role::Receiver },
        relay: job.relay,
        tunnels: &job.tunnels,
        whereabouts: job.whereabouts.clone(),
        inbox: &mut job.peer_candidates,
    }));
    let looking = async {
        let Survey { ways, link } = expected.survey(SURVEY_LIMIT).await.map_err(|e| broken(&e))?;
        let taken = match link {
            Some(link) => Some(take(link, asks, &job.limits).await),
            None => None,
        };
        Ok(Probed { peer: peer.name.to_string(), only_relayed, ways, taken })
    };
    tokio::select! {
        probed = looking => probed,
        never = around => { let never: Infallible = never; match never {} }
    }
}

/// Sees what a link carries, and closes it.
async fn take(mut link: Link, asks: bool, limits: &AgentLimits) -> Taken {
    link.handle.hold_to(vec![limits.upload.clone()]);
    let (handle, route) = (link.handle.clone(), link.handle.route());
    if asks {
        let (up, down) = timeout(FLOW_LIMIT, flow::lead(&mut link)).await.unwrap_or_default();
        let stats = handle.stats();
        handle.close(CloseCode::Done, "");
        return Taken { route, stats, up, down };
    }
    timeout(FLOW_LIMIT, flow::follow(&mut link)).await.ok();
    timeout(FLOW_LIMIT, handle.closed()).await.ok(); // the one that asked closes
    Taken { route, stats: handle.stats(), up: None, down: None }
}

/// Every way has its time; the rest is for what comes up late.
const SURVEY_LIMIT: Duration = Duration::from_secs(12);
/// Both directions, and what a slow line needs to begin.
const FLOW_LIMIT: Duration = Duration::from_secs(4);
