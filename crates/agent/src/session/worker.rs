//! The worker of one session.

use std::{
    convert::Infallible, future::pending, io, net::SocketAddr, path::PathBuf, pin::pin, sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt as _, future::join_all, stream::FuturesUnordered};
use outport_control::RelayUse;
use outport_link::{
    CloseCode, DialFailure, ESTABLISH_LIMIT, Endpoint, EstablishError, Expectation, Link, LinkEnd,
    LinkHandle, RelayWay, Tunnels, Ways, through_nat64,
};
use outport_mover::{
    deletion::{DeleteParams, run_deletion},
    digests::DigestCache,
    session::{
        AgentLimits, Broken, JournalParams, Progress, SessionEnd, SessionParams, run_local,
        run_receiver, run_sender,
    },
    store::Disk,
};
use outport_protocol::{
    control::{Candidate, Peer, RELAYS_MAX, RelayOffer, SessionState, Start},
    orders::{DeleteOrders, TransferOrders, Work},
    relay::RelaySide,
    ticket::{Grant, Role},
};
use outport_types::{Chain, Code, Problem, Retry, Route, SessionId, UnixTime};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Admitted, SessionEvent, Stop, TicketLog, admission::Places, line::watch_line, seen,
    whereabouts::Whereabouts,
};
use crate::{core::Reach, lookup::lookup, outbox::prepare_task};

/// All that a session needs.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) start: Start,
    pub(crate) admitted: Admitted,
    pub(crate) endpoint: Endpoint,
    /// This computer's full name.
    pub(crate) name: String,
    /// The hub's time now.
    pub(crate) hub_time: UnixTime,
    /// Where the hub sees UDP packets from.
    pub(crate) udp: Option<String>,
    /// How others reach this computer, as far as the agent knows.
    pub(crate) reach: watch::Receiver<Reach>,
    /// Whether packets may go through a relay.
    pub(crate) relay: RelayUse,
    /// What opens connections to the hub's relay.
    pub(crate) tunnels: Arc<dyn Tunnels>,
    pub(crate) peer_candidates: mpsc::Receiver<Vec<Candidate>>,
    /// Sessions of the same task that must be quiet first.
    pub(crate) before: Vec<CancellationToken>,
    pub(crate) state_dir: PathBuf,
    pub(crate) tickets: TicketLog,
    /// How fast content may leave and come, all sessions together.
    pub(crate) limits: AgentLimits,
    /// Whether the owner wants transfers to give way to other programs.
    pub(crate) background: bool,
    pub(crate) stop: Stop,
    pub(crate) events: mpsc::Sender<(SessionId, SessionEvent)>,
    pub(crate) tracker: TaskTracker,
}

/// How the work of a session ended, as this side sees it.
enum Worked {
    /// This side knows best what happened.
    Said(SessionState),
    /// It was told to stop.
    Stopped,
    /// The link broke; where somebody stopped the session, that is why.
    Lost(SessionState),
    /// The other side stopped it on purpose, and says itself why.
    PeerStopped,
}

impl Job {
    /// Whether content leaves the line to others, as the task or the owner wants it.
    fn gives_way(&self) -> bool {
        let asked_for = match &self.start.orders.work {
            Work::Transfer(orders) => orders.options.background,
            Work::Delete(_) => false,
        };
        self.background || asked_for
    }
}

/// Works on a session until its end, and says how it ended.
pub(crate) async fn run(job: Job) {
    let (session, events) = (job.start.session, job.events.clone());
    let (stop, name) = (job.stop.clone(), job.name.clone());
    let stopped = || match stop.reason() {
        Some(reason) => reason.state(&name),
        None => SessionState::Stopped,
    };
    let state = match work(job).await {
        Worked::Said(state) => state,
        Worked::Stopped => stopped(),
        Worked::Lost(state) if stop.reason().is_none() => state,
        Worked::Lost(_) => stopped(),
        Worked::PeerStopped => {
            // Two tellings would race; the hub answers the other side's with a revocation here.
            timeout(PEER_SPEAKS_FIRST, stop.stopped()).await.ok();
            stopped()
        }
    };
    events.send((session, SessionEvent::Ended(state))).await.ok();
}

async fn work(mut job: Job) -> Worked {
    for session in std::mem::take(&mut job.before) {
        session.cancelled().await;
    }
    let journal = match write_down(&job).await {
        Ok(journal) => journal,
        Err(error) => {
            tracing::error!(%error, "cannot write down that a session begins");
            let problem = state_unusable(&job.state_dir, &error);
            return Worked::Said(SessionState::Refused { problem, retry: true });
        }
    };
    if job.stop.reason().is_some() {
        return Worked::Stopped;
    }
    let (progress, follow) = watch::channel(Progress::default());
    let over = CancellationToken::new();
    let (session, events) = (job.start.session, job.events.clone());
    let following = follow_progress(session, follow, events, over.clone());
    let following = job.tracker.spawn(following);
    let name = job.name.clone();
    let journal = JournalParams { path: journal, orders: job.start.orders.digest() };
    let end = match job.start.orders.work.clone() {
        Work::Delete(orders) => Ok(delete(&job, Arc::new(orders), journal, progress).await),
        Work::Transfer(orders) => move_files(job, Arc::new(orders), journal, progress).await,
    };
    over.cancel();
    following.await.ok(); // the last counts come before the end
    match end {
        Ok(end) => worked(end, &name),
        Err(worked) => worked,
    }
}

async fn delete(
    job: &Job,
    orders: Arc<DeleteOrders>,
    journal: JournalParams,
    progress: watch::Sender<Progress>,
) -> SessionEnd {
    let params = DeleteParams {
        task: job.start.orders.task,
        orders,
        grants: job.admitted.ticket.sender.grants.clone(),
        rules: job.admitted.rules.near.clone(),
        hub_time: job.hub_time,
        stop: job.stop.mover().clone(),
        progress,
    };
    tell(job, SessionEvent::Connected(Route::Local)).await;
    run_deletion(params, journal).await
}

/// Makes it last that this session began: with this its id and its ticket are used up.
async fn write_down(job: &Job) -> io::Result<PathBuf> {
    let (seen_file, session) = (seen::file(&job.state_dir), job.start.session);
    let (tickets, ticket, role) =
        (job.tickets.clone(), job.admitted.ticket.clone(), job.admitted.role);
    let (state_dir, orders, now) = (job.state_dir.clone(), job.start.orders.clone(), job.hub_time);
    crate::blocking(move || {
        seen::write_down(&seen_file, session)?;
        tickets.append(now, role, &ticket)?;
        match (role, &orders.work) {
            (Role::Sender, Work::Transfer(_)) => Ok(PathBuf::new()), // it keeps no journal
            (Role::Sender | Role::Receiver | Role::Both, _) => prepare_task(&state_dir, &orders),
        }
    })
    .await
}

/// What this agent read before; without it everything is read again.
async fn open_digests(job: &Job) -> Option<Arc<DigestCache>> {
    let path = job.state_dir.join("digests");
    match crate::blocking(move || DigestCache::open(&path)).await {
        Ok(digests) => Some(Arc::new(digests)),
        Err(error) => {
            tracing::warn!(error = %Chain(&error), "digests are not remembered");
            None
        }
    }
}

async fn move_files(
    mut job: Job,
    orders: Arc<TransferOrders>,
    journal: JournalParams,
    progress: watch::Sender<Progress>,
) -> Result<SessionEnd, Worked> {
    let digests = open_digests(&job).await;
    let ticket = &job.admitted.ticket;
    let params = |grants: &[Grant], progress: watch::Sender<Progress>| SessionParams {
        task: job.start.orders.task,
        orders: orders.clone(),
        ticket: job.start.ticket.body.clone(),
        grants: grants.to_vec(),
        rules: job.admitted.rules.near.clone(),
        hub_time: job.hub_time,
        stop: job.stop.mover().clone(),
        progress,
        store: Arc::new(Disk),
        digests: digests.clone(),
        limits: job.limits.clone(),
        background: job.background,
    };
    let (sends, receives) = (&ticket.sender.grants, &ticket.receiver.grants);
    let far = job.admitted.rules.far.clone();
    // What is only for the local network is closed to who is not in it.
    let beyond = move |params: SessionParams, link: &Link| match link.handle.is_near() {
        true => params,
        false => SessionParams { rules: far, ..params },
    };
    match job.admitted.role {
        Role::Both => {
            let (unheard, _) = watch::channel(Progress::default());
            let (source, destination) = (params(sends, unheard), params(receives, progress));
            tell(&job, SessionEvent::Connected(Route::Local)).await;
            Ok(run_local(source, destination, journal).await)
        }
        Role::Sender => {
            let params = params(sends, progress);
            over_link(&mut job, |link| run_sender(beyond(params, &link), link)).await
        }
        Role::Receiver => {
            let params = params(receives, progress);
            over_link(&mut job, |link| run_receiver(beyond(params, &link), journal, link)).await
        }
    }
}

/// Finds a route to the other side, and works over it; goes over to a better one when there is one.
async fn over_link<W: Future<Output = SessionEnd>>(
    job: &mut Job,
    work: impl FnOnce(Link) -> W,
) -> Result<SessionEnd, Worked> {
    let (session, began) = (job.start.session, Instant::now());
    let Some(peer) = job.start.peer.clone() else {
        return Err(Worked::Stopped); // admission lets no transfer between two through without
    };
    let expected = job.endpoint.expect(session, peer.key).map_err(|error| {
        tracing::warn!(%session, error = %Chain(&error), "the other side cannot be expected");
        let problem = broken(&job.name, &peer, &error);
        Worked::Said(SessionState::Refused { problem, retry: true })
    })?;
    let is_local = job.admitted.local_only.is_some();
    let expected = expected.only(match job.relay {
        _ if is_local => Ways::Near,
        RelayUse::Only => Ways::Relayed,
        RelayUse::Auto | RelayUse::Never => Ways::All,
    });
    // What gives way on the line goes by the round trips of QUIC.
    let expected = expected.without_tcp(job.gives_way());
    let whereabouts = Whereabouts::new(
        session,
        job.endpoint.clone(),
        job.udp.clone(),
        job.reach.clone(),
        job.events.clone(),
    );
    let mut around = pin!(keep_in_touch(Touch {
        expected: &expected,
        peer: &peer,
        offers: &job.start.relays,
        role: job.admitted.role,
        relay: job.relay,
        tunnels: &job.tunnels,
        whereabouts,
        inbox: &mut job.peer_candidates,
    }));
    let found = tokio::select! {
        found = expected.establish(if is_local { NEAR_LIMIT } else { ESTABLISH_LIMIT }) => found,
        never = &mut around => match never {},
        () = job.stop.stopped() => return Err(Worked::Stopped),
    };
    let link = found.map_err(|error| {
        tracing::info!(%session, error = %Chain(&error), "no route to the other side");
        let now = job.hub_time.plus_seconds(began.elapsed().as_secs().cast_signed());
        let problem = day_used(&error, now);
        let problem = problem.unwrap_or_else(|| no_route(&job.name, &peer, &job.admitted));
        Worked::Lost(SessionState::Broken { problem, retry: true })
    })?;
    let staying = stay_near(&job.admitted.rules, link.handle.clone());
    let moving = keep_moving(&expected, link.handle.route(), &job.events);
    let watching = watch_line(link.handle.clone(), session, job.admitted.role, &job.events);
    let working = work(link);
    // The link is no longer expected once this is over, so it goes first.
    tokio::select! {
        end = working => Ok(end),
        never = staying => match never {},
        never = around => match never {},
        never = moving => match never {},
        never = watching => match never {},
    }
}

/// Closes a link that began inside one network when it is not any more, where folders are only for that.
async fn stay_near(rules: &Places, link: LinkHandle) -> Infallible {
    if link.is_near() {
        while !rules.differ() || link.is_near() {
            sleep(NEAR_LOOKS_EVERY).await;
        }
        link.close(CloseCode::Superseded, "it left the local network, for which a folder is only");
    }
    pending().await
}

/// What two sides tell each other while they look for ways to each other.
pub(crate) struct Touch<'a> {
    pub(crate) expected: &'a Expectation,
    pub(crate) peer: &'a Peer,
    pub(crate) offers: &'a [RelayOffer],
    pub(crate) role: Role,
    /// Whether packets may go through a relay.
    pub(crate) relay: RelayUse,
    pub(crate) tunnels: &'a Arc<dyn Tunnels>,
    pub(crate) whereabouts: Whereabouts,
    /// Where the other side is, as it says later.
    pub(crate) inbox: &'a mut mpsc::Receiver<Vec<Candidate>>,
}

/// Tells the other side where this one is, and the link where the other one and the relays are.
pub(crate) async fn keep_in_touch(touch: Touch<'_>) -> Infallible {
    let Touch { expected, peer, offers, role, relay, tunnels, whereabouts, inbox } = touch;
    let telling = async {
        // Who goes through a relay only tells nobody where it is.
        if relay != RelayUse::Only {
            whereabouts.tell().await;
        }
    };
    let offers = match relay {
        RelayUse::Never => &[],
        RelayUse::Auto | RelayUse::Only => offers,
    };
    let relaying = add_relays(expected, offers, role, tunnels);
    let hearing = async {
        let mut told = Some(peer.candidates.clone());
        while let Some(candidates) = told {
            expected.add_candidates(&candidates);
            expected.add_candidates(&through_nat64(&candidates).await);
            told = inbox.recv().await;
        }
    };
    tokio::join!(telling, relaying, hearing);
    pending().await
}

/// Has the link go over to better ways, and says how it travels.
async fn keep_moving(
    expected: &Expectation,
    mut route: Route,
    events: &mpsc::Sender<(SessionId, SessionEvent)>,
) -> Infallible {
    loop {
        events.send((expected.session(), SessionEvent::Connected(route))).await.ok();
        route = expected.better().await;
    }
}

/// Looks up where the relays are, and adds them to the ways to the other side.
async fn add_relays(
    expected: &Expectation,
    offers: &[RelayOffer],
    role: Role,
    tunnels: &Arc<dyn Tunnels>,
) {
    let Some(side) = RelaySide::of(role) else { return };
    let adding = offers.iter().take(RELAYS_MAX).map(async |offer| {
        let RelayOffer { address, token, pass } = offer;
        let addresses = lookup(address, RELAY_LOOKUP_TIMEOUT).await;
        // The hub's HTTPS port leads to its own relay.
        let tunnels = pass.is_none().then(|| tunnels.clone());
        expected.add_relay(RelayWay {
            addresses,
            token: token.clone(),
            pass: *pass,
            side,
            tunnels,
        });
    });
    join_all(adding).await;
}

/// Where the hub sees UDP packets of this computer come from. Links remember whether it does at all.
pub(crate) async fn seen_by_hub(endpoint: &Endpoint, udp: &str) -> Vec<SocketAddr> {
    let hubs = lookup(udp, LOOKUP_TIMEOUT).await;
    let ask = |hub| async move {
        let seen = endpoint.observed_address(hub).await;
        if let Err(error) = &seen {
            tracing::debug!(%hub, error = %Chain(error), "not seen by the hub");
        }
        seen.ok()
    };
    let mut asking: FuturesUnordered<_> = hubs.into_iter().map(ask).collect();
    let mut seen = Vec::new();
    loop {
        let next = asking.next();
        let answer = match seen.is_empty() {
            true => next.await,
            // Another of the hub's addresses may lead nowhere.
            false => timeout(OTHER_ANSWERS_WAIT, next).await.unwrap_or(None),
        };
        match answer {
            Some(address) => seen.extend(address),
            None => return seen,
        }
    }
}

/// Hands on how far the work is, a few times a second, and once more at the end; what can be reported
/// at once.
async fn follow_progress(
    session: SessionId,
    mut follow: watch::Receiver<Progress>,
    events: mpsc::Sender<(SessionId, SessionEvent)>,
    over: CancellationToken,
) {
    let (mut durable, mut due, mut is_told) = (0, Instant::now(), true);
    loop {
        let next = over.run_until_cancelled(async {
            tokio::select! {
                changed = follow.changed() => changed,
                () = sleep_until(due), if !is_told => Ok(()),
            }
        });
        let is_over = !matches!(next.await, Some(Ok(())));
        let Progress { counts, rate, reports_durable } = *follow.borrow_and_update();
        if durable < reports_durable {
            durable = reports_durable;
            events.send((session, SessionEvent::Reported(durable))).await.ok();
        }
        is_told = is_over || due <= Instant::now();
        if is_told {
            events.send((session, SessionEvent::Progress { counts, rate })).await.ok();
            due = Instant::now() + PROGRESS_EVERY;
        }
        if is_over {
            return;
        }
    }
}

fn worked(end: SessionEnd, name: &str) -> Worked {
    match end {
        SessionEnd::Finished { .. } => Worked::Said(SessionState::Done),
        SessionEnd::Stopped(_) => Worked::Stopped,
        SessionEnd::Broken {
            why:
                Broken::Link(LinkEnd::Peer {
                    code: CloseCode::Paused | CloseCode::Shutdown | CloseCode::Revoked,
                    ..
                }),
        } => Worked::PeerStopped,
        SessionEnd::Broken { why: Broken::Disk(reason) } => {
            let args = [
                ("endpoint", name.into()),
                ("path", "its own files".into()),
                ("reason", reason.into()),
            ];
            let problem = Problem::new(Code::Disk, args);
            Worked::Said(SessionState::Broken { problem, retry: true })
        }
        SessionEnd::Broken { why } => {
            let args = [
                ("endpoint", name.into()),
                ("peer", "the other side".into()),
                ("reason", Chain(&why).to_string().into()),
            ];
            let problem = Problem::new(Code::LinkBroken, args);
            Worked::Lost(SessionState::Broken { problem, retry: true })
        }
        SessionEnd::Violation(violation) => {
            let args =
                [("endpoint", name.into()), ("reason", Chain(&violation).to_string().into())];
            let problem = Problem::new(Code::PeerViolation, args);
            Worked::Said(SessionState::Broken { problem, retry: false })
        }
        SessionEnd::Refused { problem, retry } => {
            let retry = retry == Retry::Backoff;
            Worked::Said(SessionState::Refused { problem, retry })
        }
    }
}

fn broken(name: &str, peer: &Peer, error: &dyn std::error::Error) -> Problem {
    Problem::new(
        Code::LinkBroken,
        [
            ("endpoint", name.into()),
            ("peer", peer.name.to_string().into()),
            ("reason", Chain(error).to_string().into()),
        ],
    )
}

/// What is behind it where a relay says that it forwards nothing more today for who owns the session.
fn day_used(error: &EstablishError, now: UnixTime) -> Option<Problem> {
    let EstablishError::NoRoute { tried, .. } = error else { return None };
    let minutes = tried.0.iter().find_map(|tried| {
        let DialFailure::UsedUp { minutes } = tried.failure else { return None };
        Some(i64::from(minutes))
    })?;
    // They were rounded up, as this minute is down: days end with a minute.
    let until = UnixTime::from_seconds((now.seconds / 60 + minutes) * 60);
    Some(Problem::new(Code::RelayDayUsed, [("until", until.to_string().into())]))
}

fn no_route(name: &str, peer: &Peer, admitted: &Admitted) -> Problem {
    let peer = peer.name.to_string();
    if let Some(path) = &admitted.local_only {
        let args = [("path", path.to_string()), ("endpoint", name.to_owned()), ("peer", peer)];
        return Problem::new(Code::LocalNetworkOnly, args.map(|(key, value)| (key, value.into())));
    }
    let (source, destination) = match admitted.role {
        Role::Sender | Role::Both => (name.to_owned(), peer),
        Role::Receiver => (peer, name.to_owned()),
    };
    Problem::new(Code::NoRoute, [("source", source.into()), ("destination", destination.into())])
}

fn state_unusable(dir: &std::path::Path, error: &io::Error) -> Problem {
    Problem::new(
        Code::StateUnusable,
        [("path", dir.display().to_string().into()), ("reason", error.to_string().into())],
    )
}

async fn tell(job: &Job, event: SessionEvent) {
    job.events.send((job.start.session, event)).await.ok();
}

/// Computers of one network answer sooner; and what it says is to come before the other side's word.
const NEAR_LIMIT: Duration = Duration::from_secs(5);
const NEAR_LOOKS_EVERY: Duration = Duration::from_millis(200);
/// As often as a screen is drawn anew.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);
/// Longer than a receiver takes to settle and its hub to answer.
const PEER_SPEAKS_FIRST: Duration = Duration::from_secs(3);
/// How long the hub's name may take where something else waits for it; the hub was found before.
const RELAY_LOOKUP_TIMEOUT: Duration = Duration::from_secs(1);
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the hub's other addresses may take to answer once one has: a question and its repetition.
const OTHER_ANSWERS_WAIT: Duration = Duration::from_millis(300);

#[cfg(test)]
mod tests {
    use outport_link::{Tried, Try};

    use super::*;

    #[test]
    fn a_relay_whose_day_is_used_up_is_what_is_told_of_all_that_failed() {
        let found = |failures: Vec<DialFailure>| {
            let address = "192.0.2.7:7440".parse().unwrap();
            let one = |failure| Try { address, route: Route::Relay, failure };
            let tried = Tried(failures.into_iter().map(one).collect());
            let error = EstablishError::NoRoute { waited: ESTABLISH_LIMIT, tried };
            day_used(&error, UnixTime::from_seconds(1_800_000_000 - 90))
        };
        let told = found(vec![DialFailure::NoAnswer, DialFailure::UsedUp { minutes: 2 }]).unwrap();
        assert_eq!(told.code, Code::RelayDayUsed);
        assert!(told.message.contains("2027-01-15T08:00:00"), "{told}");
        assert_eq!(found(vec![DialFailure::NoAnswer]), None);
        assert_eq!(day_used(&EstablishError::Stopped, UnixTime::from_seconds(0)), None);
    }
}
