//! What a link runs on: one leg at a time, which is a connection, or several ([`strands`]).
//!
//! A link begins on the best way that there was when both sides looked. When a better one turns up, it
//! moves there:
//!
//! 1. Both race for a connection over a better way, as for a new link ([`crate::establish`]), and data
//!    may change over to TCP there. The link does not notice.
//! 2. Each side begins to read the new data streams, and then says that the link is heard there.
//! 3. Who is told that puts frames on the new streams from then on. The frame under way on an old
//!    stream is its last: the stream says so ([`crate::frame`]) and ends.
//! 4. Data frames have no order, so both legs are read side by side. Control frames of the new one
//!    wait until those of the old one have all been read.
//! 5. The old connection is closed when all of it was read and confirmed.
//!
//! Nothing is sent twice, and nobody above the link notices. A leg that breaks after step 2 may take
//! frames with it, and then the link is lost; before that only the attempt is.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use outport_types::Route;
use quinn::{ConnectionError, RecvStream, SendStream};
use tokio::{
    sync::{Semaphore, watch},
    time::timeout,
};
use tokio_util::task::TaskTracker;

use crate::{
    budget::Budget,
    carrier::Carrier,
    end::{CloseCode, End, LinkEnd},
    flow::Flow,
    leg::{DataIn, DataOut, Leg, Prepared, Streams},
    link::{Item, Link, LinkStats, Wires, lanes},
    meter::{self, Over, UNSENT_BYTES_MIN},
    pump::{self, Fault, Shared, StreamEnd},
    quic::{close, why_ended},
    sealed::out_of_turn,
    word::Word,
};

pub(crate) use strands::{MEASURE, Widener};

mod strands;
mod width;

/// The legs of a link, and what outlasts them.
#[derive(Debug)]
pub(crate) struct Legs {
    /// This side's attempt, see [`crate::hello`].
    attempt: u64,
    /// The other side's.
    peer_attempt: u64,
    standing: Mutex<Standing>,
    /// Gone with the end of the link.
    wires: Mutex<Option<Wires>>,
    inward: Inward,
    end: Arc<End>,
    flow: Arc<Flow>,
    budget: Arc<Budget>,
    /// One for each strand that there may be beside.
    places: Arc<Semaphore>,
    workers: TaskTracker,
}

/// The leg that the link runs on, and those before it.
#[derive(Debug)]
struct Standing {
    now: Arc<Leg>,
    /// More connections of that leg.
    strands: Vec<Arc<Leg>>,
    /// What the link has left, strands too.
    before: Vec<Arc<Leg>>,
}

/// How far the other side's frames have been read.
#[derive(Debug)]
struct Inward {
    /// The leg whose control frames come next.
    turn: watch::Sender<u8>,
    control_over: AtomicBool,
    data: Mutex<DataInward>,
}

#[derive(Debug, Default)]
struct DataInward {
    /// Streams that are read, of all legs.
    open: usize,
    /// Whether one of them ended with the direction.
    over: bool,
    told: bool,
}

impl Legs {
    /// Makes the link whose first leg this is; its workers run on `workers` until it ends.
    pub(crate) fn begin(
        prepared: Prepared,
        attempt: u64,
        workers: &TaskTracker,
    ) -> (Link, Arc<Self>) {
        let (lanes, wires) = lanes();
        let (end, flow) = (Arc::new(End::new()), Flow::new());
        let budget = Budget::new(UNSENT_BYTES_MIN);
        let peer_attempt = prepared.joined.peer_attempt;
        let (leg, streams) = Leg::new(0, prepared);
        let leg = Arc::new(leg);
        let legs = Arc::new(Self {
            attempt,
            peer_attempt,
            standing: Mutex::new(Standing {
                now: leg.clone(),
                strands: Vec::new(),
                before: Vec::new(),
            }),
            wires: Mutex::new(Some(wires.clone())),
            inward: Inward {
                turn: watch::Sender::new(0),
                control_over: AtomicBool::new(false),
                data: Mutex::default(),
            },
            end: end.clone(),
            flow: flow.clone(),
            budget: budget.clone(),
            places: Arc::new(Semaphore::new(strands::STRANDS_MAX)),
            workers: workers.clone(),
        });
        let Streams { control, data } = streams;
        let data = legs.read(&leg, data, &wires);
        legs.run(&leg, control, data, &wires);
        let until = legs.clone();
        workers.spawn(async move {
            until.end.wait().await;
            until.wires().take();
        });
        let link = Link::assemble(lanes, budget, flow, end, Box::new(Carrying(legs.clone())));
        (link, legs)
    }

    /// Moves the link to its next leg.
    ///
    /// # Errors
    /// When that goes wrong; the link is lost then, unless it had ended.
    pub(crate) async fn move_to(self: &Arc<Self>, prepared: Prepared) -> io::Result<()> {
        let Some(wires) = self.wires().clone() else { return Err(ended()) };
        let (leg, Streams { mut control, data }) = Leg::new(self.next(), prepared);
        let leg = Arc::new(leg);
        let mut unless_moved = LostUnlessMoved { legs: self, leg: &leg, moved: false };
        let data = self.read(&leg, data, &wires);
        self.say_heard(&mut control).await?;
        unless_moved.moved = true;
        let before = self.standing().go_over(leg.clone());
        self.run(&leg, control, data, &wires);
        before.iter().for_each(|leg| leg.leave());
        Ok(())
    }

    /// Tells the other side that this one reads the data streams of a connection, and waits until it
    /// says the same.
    async fn say_heard(&self, control: &mut (SendStream, RecvStream)) -> io::Result<()> {
        let words = async {
            Word::Heard.say(&mut control.0).await?;
            match Word::hear(&mut control.1).await? {
                Word::Heard => Ok(()),
                Word::Port(_) | Word::Up | Word::Splice(_) => Err(out_of_turn()),
            }
        };
        tokio::select! {
            biased;
            _ = self.end.wait() => Err(ended()),
            said = timeout(HEARD_LIMIT, words) => said.unwrap_or_else(|late| Err(late.into())),
        }
    }

    /// Gives the link up, because it is known or said to be dead.
    pub(crate) fn lose(&self, cause: &str) {
        let end = LinkEnd::Lost { cause: cause.to_owned() };
        self.end_with(end, CloseCode::Superseded, "");
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.end.now().is_some()
    }

    pub(crate) async fn ended(&self) {
        self.end.wait().await;
    }

    pub(crate) fn attempt(&self) -> u64 {
        self.attempt
    }

    pub(crate) fn peer_attempt(&self) -> u64 {
        self.peer_attempt
    }

    /// The number of the leg that it could move to.
    pub(crate) fn next(&self) -> u8 {
        self.standing().now.number().saturating_add(1)
    }

    /// The way that its QUIC goes.
    pub(crate) fn path(&self) -> Route {
        self.standing().now.path()
    }

    /// The worse of the ways that it goes: where the relay splices its data, the QUIC of one side may
    /// go by UDP all the same.
    pub(crate) fn way(&self) -> Route {
        let path = self.path();
        if path.is_relayed() { self.route() } else { path }
    }

    /// How it travels.
    pub(crate) fn route(&self) -> Route {
        self.standing().now.stats().route
    }

    /// Whether it can follow a change of this side's address.
    pub(crate) fn follows(&self) -> bool {
        self.standing().now.follows()
    }

    /// Datagrams received so far; a living link gets some every few seconds.
    pub(crate) fn received(&self) -> u64 {
        self.standing().now.connection().stats().udp_rx.datagrams
    }

    /// Begins to read the data streams of a connection; what comes back carries nothing yet.
    fn read(
        self: &Arc<Self>,
        leg: &Arc<Leg>,
        streams: Vec<(DataOut, DataIn)>,
        wires: &Wires,
    ) -> Vec<DataOut> {
        self.inward.data().open += streams.len();
        let mut waiting = Vec::with_capacity(streams.len());
        for (outward, inward) in streams {
            waiting.push(outward);
            self.spawn(leg, self.clone().read_data(leg.clone(), inward, wires.clone()));
        }
        waiting
    }

    /// Has the streams of a connection carry data.
    fn write(
        self: &Arc<Self>,
        leg: &Arc<Leg>,
        streams: Vec<DataOut>,
        calm: &watch::Receiver<bool>,
        wires: &Wires,
    ) {
        wires.undelivered.send_modify(|undelivered| *undelivered += streams.len());
        for outward in streams {
            let (queue, shared) = (wires.data_out.clone(), self.shared(leg, wires));
            self.spawn(leg, pump::write_data(queue, outward, calm.clone(), shared));
        }
    }

    /// Has a leg carry the link.
    fn run(
        self: &Arc<Self>,
        leg: &Arc<Leg>,
        control: (SendStream, RecvStream),
        data: Vec<DataOut>,
        wires: &Wires,
    ) {
        self.flow.go_through_relay(leg.path().is_relayed());
        let (urgent, calm) = watch::channel(false);
        wires.undelivered.send_modify(|streams| *streams += 1);
        self.write(leg, data, &calm, wires);
        let (outward, inward) = control;
        // What is asked for goes before what is carried; this fails on a closed stream only.
        let _ = outward.set_priority(CONTROL_PRIORITY);
        let (queue, shared) = (wires.control_out.clone(), self.shared(leg, wires));
        self.spawn_on_quic(leg, pump::write_control(queue, outward, urgent, shared).boxed());
        let reading = self.clone().read_control(leg.number(), inward, wires.clone());
        self.spawn_on_quic(leg, reading.boxed());
        self.workers.spawn(self.clone().see_to(leg.clone()));
    }

    fn shared(&self, leg: &Leg, wires: &Wires) -> Shared {
        Shared {
            end: self.end.clone(),
            flow: self.flow.clone(),
            left: leg.left(),
            undelivered: wires.undelivered.clone(),
            buffers: wires.buffers.clone(),
        }
    }

    async fn read_data(
        self: Arc<Self>,
        leg: Arc<Leg>,
        mut stream: DataIn,
        wires: Wires,
    ) -> Result<(), Fault> {
        let shared = self.shared(&leg, &wires);
        let Some(end) = pump::read_data(&mut stream, &wires.data_in, &shared).await? else {
            return Ok(());
        };
        stream.confirm();
        if end == StreamEnd::GoesOn && leg.is_strand() {
            self.leave(&leg);
        }
        if self.inward.data().one_ended(end) {
            pump::hand_over(&wires.data_in, Item::End, &self.end).await;
        }
        Ok(())
    }

    async fn read_control(
        self: Arc<Self>,
        leg: u8,
        mut stream: RecvStream,
        wires: Wires,
    ) -> Result<(), Fault> {
        let mut turn = self.inward.turn.subscribe();
        tokio::select! {
            // The sender lives in self.
            _ = turn.wait_for(|turn| *turn == leg) => {}
            () = pump::forgotten(&self.end) => return Ok(()),
        }
        match pump::read_control(&mut stream, &wires.control_in, &self.end).await? {
            None => return Ok(()),
            Some(StreamEnd::GoesOn) => {}
            Some(StreamEnd::Over) => {
                if !self.inward.control_over.swap(true, Ordering::SeqCst) {
                    pump::hand_over(&wires.control_in, Item::End, &self.end).await;
                }
            }
        }
        self.inward.turn.send_replace(leg.saturating_add(1));
        Ok(())
    }

    /// A worker of a data stream.
    fn spawn(
        self: &Arc<Self>,
        leg: &Arc<Leg>,
        moving: impl Future<Output = Result<(), Fault>> + Send + 'static,
    ) {
        if leg.is_beside() {
            self.spawn_on_quic(leg, unless_ended(self.end.clone(), moving).boxed());
        } else {
            self.spawn_on_quic(leg, moving.boxed());
        }
    }

    fn spawn_on_quic(
        self: &Arc<Self>,
        leg: &Arc<Leg>,
        moving: BoxFuture<'static, Result<(), Fault>>,
    ) {
        leg.one_more_works();
        let (legs, leg) = (self.clone(), leg.clone());
        self.workers.spawn(async move {
            match moving.await {
                Ok(()) => leg.one_is_done(),
                Err(fault) => legs.judge(&leg, &fault).await,
            }
        });
    }

    async fn follow(&self, leg: &Arc<Leg>) -> Over {
        meter::follow(leg, || self.flow.is_limited(), || self.bound_what_waits(leg)).await
    }

    /// Watches over a leg until it is of no use any more.
    async fn see_to(self: Arc<Self>, leg: Arc<Leg>) {
        let empty = async {
            leg.is_empty().await;
            // Whoever closes first must not outrun its own last confirmations.
            timeout(EMPTY_LINGER, leg.connection().closed()).await.ok();
        };
        tokio::select! {
            biased;
            _ = self.end.wait() => {}
            () = empty => close(leg.connection(), CloseCode::Superseded, ""),
            over = self.follow(&leg) => match over {
                Over::Silent => self.lose("nothing was heard from the other side"),
                // The other side is done with it; what it sent before is read all the same.
                Over::Closed(ConnectionError::ApplicationClosed(_)) if leg.is_left() => {}
                Over::Closed(error) => {
                    self.end.settle(self.end.intended().unwrap_or_else(|| why_ended(&error)));
                }
            },
        }
        leg.close_way();
    }

    /// A stream of QUIC that breaks while its connection lives was broken by the other side; one of TCP
    /// breaks by itself.
    async fn judge(&self, leg: &Leg, fault: &Fault) {
        // Most often the other side closed the link, and its word comes over QUIC.
        if let Fault::Broken(error) = fault
            && leg.is_beside()
            && timeout(WORD_WAIT, self.end.wait()).await.is_err()
        {
            leg.broke(error);
        }
        let what = match fault {
            Fault::Broken(_) if leg.connection().close_reason().is_some() => {
                if leg.is_left() {
                    self.lose("a connection broke that was about to be left");
                }
                return;
            }
            Fault::Broken(error) if leg.is_beside() => {
                return self.lose(&format!("a TCP connection broke ({error})"));
            }
            Fault::Broken(error) => format!("a stream was broken off ({error})"),
            Fault::TooLong(_) | Fault::AfterEnd => fault.to_string(),
        };
        let reason = crate::end::cut_reason(&what).to_owned();
        self.end_with(LinkEnd::Violation { what }, CloseCode::Violation, &reason);
    }

    fn end_with(&self, end: LinkEnd, code: CloseCode, reason: &str) {
        self.end.settle_after(end, || self.close(code, reason));
    }

    fn close(&self, code: CloseCode, reason: &str) {
        let standing = self.standing();
        for leg in standing.before.iter().chain(&standing.strands).chain([&standing.now]) {
            close(leg.connection(), code, reason);
        }
    }

    /// What waits above a link follows the rate of all its connections.
    fn bound_what_waits(&self, leg: &Leg) {
        if leg.is_left() || leg.is_strand() {
            return;
        }
        let standing = self.standing();
        let rate = |leg: &Arc<Leg>| leg.rates().sent.load(Ordering::Relaxed);
        let rates = standing.strands.iter().chain([&standing.now]).map(rate);
        self.budget.set_limit(meter::may_wait(rates.sum()));
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wires(&self) -> MutexGuard<'_, Option<Wires>> {
        self.wires.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standing {
    /// Makes this the leg that the link runs on; what is to be left now comes back.
    fn go_over(&mut self, leg: Arc<Leg>) -> Vec<Arc<Leg>> {
        let mut left = std::mem::take(&mut self.strands);
        left.push(std::mem::replace(&mut self.now, leg));
        self.before.extend(left.iter().cloned());
        left
    }
}

impl Inward {
    fn data(&self) -> MutexGuard<'_, DataInward> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DataInward {
    /// Counts a stream that ended; whether the direction did with it.
    fn one_ended(&mut self, end: StreamEnd) -> bool {
        self.open -= 1;
        self.over |= end == StreamEnd::Over;
        let is_over = self.over && self.open == 0 && !self.told;
        self.told |= is_over;
        is_over
    }
}

/// Ends the link when moving is broken off half-way: the other side may have moved.
struct LostUnlessMoved<'a> {
    legs: &'a Legs,
    leg: &'a Leg,
    moved: bool,
}

impl Drop for LostUnlessMoved<'_> {
    fn drop(&mut self) {
        if !self.moved {
            close(self.leg.connection(), CloseCode::Superseded, "");
            self.leg.close_way();
            self.legs.lose("it was about to move to another connection, which broke");
        }
    }
}

/// What a link sees of its legs.
#[derive(Debug)]
struct Carrying(Arc<Legs>);

impl Carrier for Carrying {
    fn close(&self, code: CloseCode, reason: &str) {
        self.0.close(code, reason);
    }

    fn stats(&self) -> LinkStats {
        let standing = self.0.standing();
        let mut stats = standing.now.stats();
        for strand in &standing.strands {
            let rates = strand.rates();
            stats.rate_sent += rates.sent.load(Ordering::Relaxed);
            stats.rate_received += rates.received.load(Ordering::Relaxed);
            stats.connections += 1;
        }
        for leg in standing.before.iter().chain(&standing.strands) {
            let before = leg.stats();
            stats.sent_packets += before.sent_packets;
            stats.lost_packets += before.lost_packets;
            stats.bytes_sent += before.bytes_sent;
            stats.bytes_received += before.bytes_received;
        }
        stats.unsent_bytes = self.0.budget.used() as u64;
        stats
    }
}

/// What QUIC does by itself when a connection ends: nothing moves after the end of the link.
async fn unless_ended(
    end: Arc<End>,
    moving: impl Future<Output = Result<(), Fault>>,
) -> Result<(), Fault> {
    tokio::select! {
        biased;
        _ = end.wait() => Ok(()),
        moved = moving => moved,
    }
}

fn ended() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the link has ended")
}

/// How long the other side may take to say that it hears.
const HEARD_LIMIT: Duration = Duration::from_secs(3);
/// How long a connection stays open after all of it was confirmed.
const EMPTY_LINGER: Duration = Duration::from_secs(2);
/// How long the other side's reason may come after a TCP connection that broke.
const WORD_WAIT: Duration = Duration::from_millis(500);
const CONTROL_PRIORITY: i32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direction_is_over_once_when_all_legs_are_read() {
        let mut data = DataInward { open: 4, ..DataInward::default() };
        assert!(!data.one_ended(StreamEnd::GoesOn));
        assert!(!data.one_ended(StreamEnd::Over), "the new leg is read still");
        assert!(!data.one_ended(StreamEnd::Over));
        assert!(data.one_ended(StreamEnd::Over));
        data.open += 1;
        assert!(!data.one_ended(StreamEnd::Over), "it was told before");

        let mut moved = DataInward { open: 2, ..DataInward::default() };
        assert!(!moved.one_ended(StreamEnd::GoesOn));
        assert!(!moved.one_ended(StreamEnd::GoesOn), "nothing said that it is over");
    }
}
