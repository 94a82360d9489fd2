//! A link as whoever uses it sees it: one control stream, many data streams behind one sender, an end.
//!
//! What carries the streams stands behind [`Carrier`]; nothing here names it.

use std::{
    fmt,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use outport_types::Route;
use tokio::sync::{Mutex, mpsc, watch};

use crate::{
    address,
    budget::{Budget, Reserved},
    buffers::BufferPool,
    carrier::Carrier,
    end::{CloseCode, End, LinkEnd},
    flow::Flow,
    frame::{ArrivedFrame, CONTROL_FRAME_BYTES_MAX, DATA_FRAME_BYTES_MAX, DataFrame},
    throttle::Throttle,
};

/// A bundle of sealed streams between two agents; its parts may live in different places.
///
/// When every part is dropped the link is closed with [`CloseCode::Dropped`].
#[derive(Debug)]
pub struct Link {
    /// Sends control frames, in order.
    pub control_out: ControlSender,
    /// Receives control frames, in order.
    pub control_in: ControlReceiver,
    /// Sends data frames, over whichever stream has room.
    pub data_out: DataSender,
    /// Receives data frames, in no promised order.
    pub data_in: DataReceiver,
    /// Closes the link, watches its end, tells how it does.
    pub handle: LinkHandle,
}

/// Sends control frames. Frames of one clone stay in order.
#[derive(Clone, Debug)]
pub struct ControlSender {
    queue: mpsc::Sender<Item<Bytes>>,
    finished: Arc<AtomicBool>,
    core: Arc<Core>,
}

/// Receives control frames.
#[derive(Debug)]
pub struct ControlReceiver {
    queue: mpsc::Receiver<Item<Bytes>>,
    ended: bool,
    core: Arc<Core>,
}

/// Sends data frames.
#[derive(Clone, Debug)]
pub struct DataSender {
    queue: mpsc::Sender<Item<DataFrame>>,
    finished: Arc<AtomicBool>,
    budget: Arc<Budget>,
    core: Arc<Core>,
}

/// Receives data frames.
#[derive(Debug)]
pub struct DataReceiver {
    queue: mpsc::Receiver<Item<DataFrame>>,
    ended: bool,
    core: Arc<Core>,
}

/// Closes a link, watches its end, tells how it does.
#[derive(Clone, Debug)]
pub struct LinkHandle {
    core: Arc<Core>,
}

/// Why a frame was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The frame is longer than a link carries; a mistake of the caller.
    #[error("a frame of {bytes} bytes is longer than the {max} that a link carries")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The most.
        max: usize,
    },
    /// This direction was finished before; a mistake of the caller.
    #[error("this direction of the link was finished before")]
    Finished,
    /// The link is no more.
    #[error("the link is no more")]
    Ended(#[source] LinkEnd),
}

/// How a link does at the moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkStats {
    /// How it travels.
    pub route: Route,
    /// Where the other side is, when the route has an address.
    pub remote: Option<SocketAddr>,
    /// How long a packet and its answer take.
    pub rtt: Duration,
    /// The shortest that one took since the way was opened.
    pub rtt_min: Duration,
    /// Packets sent since the start.
    pub sent_packets: u64,
    /// Packets lost since the start, as far as is known.
    pub lost_packets: u64,
    /// Bytes put on the wire since the start, all headers and repetitions included.
    pub bytes_sent: u64,
    /// Bytes taken from the wire since the start.
    pub bytes_received: u64,
    /// Bytes per second put on the wire lately.
    pub rate_sent: u64,
    /// Bytes per second taken from the wire lately.
    pub rate_received: u64,
    /// The largest packet that the path takes by now.
    pub packet_bytes: u16,
    /// How many connections it travels by.
    pub connections: u8,
    /// Bytes accepted from above that are not yet on their way.
    pub unsent_bytes: u64,
}

impl LinkStats {
    /// Those of a link on which nothing has happened, and whose way has no address.
    pub const fn still(route: Route) -> Self {
        Self {
            route,
            remote: None,
            rtt: Duration::ZERO,
            rtt_min: Duration::ZERO,
            sent_packets: 0,
            lost_packets: 0,
            bytes_sent: 0,
            bytes_received: 0,
            rate_sent: 0,
            rate_received: 0,
            packet_bytes: 0,
            connections: 1,
            unsent_bytes: 0,
        }
    }
}

/// What the parts of a link share; when the last one goes, the link is closed.
#[derive(Debug)]
struct Core {
    carrier: Box<dyn Carrier>,
    end: Arc<End>,
    flow: Arc<Flow>,
    undelivered: watch::Receiver<usize>,
}

/// What travels through the queues between the parts of a link and its carrier.
#[derive(Debug)]
pub(crate) enum Item<T> {
    /// A frame, and the share of the budget that it holds while it is here.
    Frame(T, Option<Reserved>),
    /// Nothing comes after this.
    End,
}

/// The carrier's side of a link's queues.
#[derive(Clone, Debug)]
pub(crate) struct Wires {
    pub(crate) control_out: Outgoing<Bytes>,
    pub(crate) control_in: mpsc::Sender<Item<Bytes>>,
    pub(crate) data_out: Outgoing<DataFrame>,
    pub(crate) data_in: mpsc::Sender<Item<DataFrame>>,
    /// Streams of this side whose end the other side has not confirmed.
    pub(crate) undelivered: watch::Sender<usize>,
    /// Where frames of data arrive.
    pub(crate) buffers: BufferPool,
}

/// A queue that several streams take frames from.
#[derive(Debug)]
pub(crate) struct Outgoing<T>(Arc<Mutex<Option<mpsc::Receiver<Item<T>>>>>);

impl<T> Outgoing<T> {
    fn new(queue: mpsc::Receiver<Item<T>>) -> Self {
        Self(Arc::new(Mutex::new(Some(queue))))
    }

    /// The next frame for whoever has room; `None` when nothing comes any more. A dropped future has
    /// taken nothing.
    pub(crate) async fn next(&self) -> Option<(T, Option<Reserved>)> {
        let mut queue = self.0.lock().await;
        match queue.as_mut()?.recv().await {
            Some(Item::Frame(frame, room)) => Some((frame, room)),
            Some(Item::End) => {
                *queue = None;
                None
            }
            // Dropped without a finish: the other side must not take that for an end.
            None => std::future::pending().await,
        }
    }
}

impl<T> Clone for Outgoing<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// The ends of one direction's queues, before they are made into parts of a link.
#[derive(Debug)]
pub(crate) struct Lanes {
    pub(crate) control_out: mpsc::Sender<Item<Bytes>>,
    pub(crate) control_in: mpsc::Receiver<Item<Bytes>>,
    pub(crate) data_out: mpsc::Sender<Item<DataFrame>>,
    pub(crate) data_in: mpsc::Receiver<Item<DataFrame>>,
    pub(crate) undelivered: watch::Receiver<usize>,
}

/// Makes the queues between a link and its carrier.
pub(crate) fn lanes() -> (Lanes, Wires) {
    let (control_out, wire_control_out) = mpsc::channel(CONTROL_QUEUE);
    let (wire_control_in, control_in) = mpsc::channel(CONTROL_QUEUE);
    let (data_out, wire_data_out) = mpsc::channel(DATA_OUT_QUEUE);
    let (wire_data_in, data_in) = mpsc::channel(DATA_IN_QUEUE);
    let (wire_undelivered, undelivered) = watch::channel(0);
    let lanes = Lanes { control_out, control_in, data_out, data_in, undelivered };
    let wires = Wires {
        control_out: Outgoing::new(wire_control_out),
        control_in: wire_control_in,
        data_out: Outgoing::new(wire_data_out),
        data_in: wire_data_in,
        undelivered: wire_undelivered,
        buffers: BufferPool::new(ARRIVING_BYTES, ARRIVING_FREE_MAX),
    };
    (lanes, wires)
}

/// Makes the queues of two links that lead to each other.
pub(crate) fn crossed_lanes() -> [(Lanes, watch::Sender<usize>); 2] {
    let (left_control_out, right_control_in) = mpsc::channel(CONTROL_QUEUE);
    let (right_control_out, left_control_in) = mpsc::channel(CONTROL_QUEUE);
    let (left_data_out, right_data_in) = mpsc::channel(DATA_OUT_QUEUE);
    let (right_data_out, left_data_in) = mpsc::channel(DATA_OUT_QUEUE);
    let (left_sender, left_undelivered) = watch::channel(2);
    let (right_sender, right_undelivered) = watch::channel(2);
    let left = Lanes {
        control_out: left_control_out,
        control_in: left_control_in,
        data_out: left_data_out,
        data_in: left_data_in,
        undelivered: left_undelivered,
    };
    let right = Lanes {
        control_out: right_control_out,
        control_in: right_control_in,
        data_out: right_data_out,
        data_in: right_data_in,
        undelivered: right_undelivered,
    };
    [(left, left_sender), (right, right_sender)]
}

impl Link {
    pub(crate) fn assemble(
        lanes: Lanes,
        budget: Arc<Budget>,
        flow: Arc<Flow>,
        end: Arc<End>,
        carrier: Box<dyn Carrier>,
    ) -> Self {
        let core = Arc::new(Core { carrier, end, flow, undelivered: lanes.undelivered });
        Self {
            control_out: ControlSender {
                queue: lanes.control_out,
                finished: Arc::default(),
                core: core.clone(),
            },
            control_in: ControlReceiver {
                queue: lanes.control_in,
                ended: false,
                core: core.clone(),
            },
            data_out: DataSender {
                queue: lanes.data_out,
                finished: Arc::default(),
                budget,
                core: core.clone(),
            },
            data_in: DataReceiver { queue: lanes.data_in, ended: false, core: core.clone() },
            handle: LinkHandle { core },
        }
    }
}

impl ControlSender {
    /// Hands over a frame; waits while too many wait already. A dropped future has sent nothing.
    ///
    /// # Errors
    /// When the frame is too long, the direction finished, or the link ended.
    pub async fn send(&self, frame: Bytes) -> Result<(), SendError> {
        if CONTROL_FRAME_BYTES_MAX < frame.len() {
            return Err(SendError::TooLong { bytes: frame.len(), max: CONTROL_FRAME_BYTES_MAX });
        }
        let slot = self.core.unless_ended(self.queue.reserve()).await?;
        if self.finished.load(Ordering::SeqCst) {
            return Err(SendError::Finished);
        }
        match slot {
            Ok(slot) => slot.send(Item::Frame(frame, None)),
            Err(_) => return Err(SendError::Ended(self.core.end.wait().await)),
        }
        Ok(())
    }

    /// Ends this direction after what was handed over; the other one goes on.
    ///
    /// # Errors
    /// When it was finished before or the link ended.
    pub async fn finish(self) -> Result<(), SendError> {
        self.core.finish(&self.queue, &self.finished).await
    }
}

impl DataSender {
    /// Hands over a frame; waits while as much waits as the path takes in a quarter of a second.
    /// A dropped future has sent nothing.
    ///
    /// # Errors
    /// When the frame is too long, the direction finished, or the link ended.
    pub async fn send(&self, frame: DataFrame) -> Result<(), SendError> {
        if !frame.fits() {
            return Err(SendError::TooLong { bytes: frame.len(), max: DATA_FRAME_BYTES_MAX });
        }
        let ready = async {
            // A carrier with streams of its own holds back what is on them, not whole frames.
            if self.core.carrier.arrives_at_once() {
                self.core.flow.admit_all(frame.len()).await;
            }
            (self.queue.reserve().await, self.budget.reserve(frame.len()).await)
        };
        let (slot, room) = self.core.unless_ended(ready).await?;
        if self.finished.load(Ordering::SeqCst) {
            return Err(SendError::Finished);
        }
        match slot {
            Ok(slot) => slot.send(Item::Frame(frame, Some(room))),
            Err(_) => return Err(SendError::Ended(self.core.end.wait().await)),
        }
        Ok(())
    }

    /// Ends this direction after what was handed over; the other one goes on.
    ///
    /// # Errors
    /// When it was finished before or the link ended.
    pub async fn finish(self) -> Result<(), SendError> {
        self.core.finish(&self.queue, &self.finished).await
    }
}

impl ControlReceiver {
    /// The next frame; `None` when the other side finished this direction. A dropped future has
    /// taken nothing. What had arrived before the other side closed still comes; after a close on
    /// this side nothing does.
    ///
    /// # Errors
    /// When the link ended.
    pub async fn recv(&mut self) -> Result<Option<Bytes>, LinkEnd> {
        self.core.next(&mut self.queue, &mut self.ended).await
    }
}

impl DataReceiver {
    /// The next frame of any stream; `None` when the other side finished this direction. As
    /// [`ControlReceiver::recv`] otherwise.
    ///
    /// # Errors
    /// When the link ended.
    pub async fn recv(&mut self) -> Result<Option<ArrivedFrame>, LinkEnd> {
        let frame = self.core.next(&mut self.queue, &mut self.ended).await?;
        if let Some(frame) = frame.as_ref().filter(|_| self.core.carrier.arrives_at_once()) {
            self.core.flow.came(frame.len());
        }
        Ok(frame.map(DataFrame::arrive))
    }
}

impl LinkHandle {
    /// Closes the link at once, whatever is still on its way; the first close decides.
    pub fn close(&self, code: CloseCode, reason: &str) {
        self.core.close(code, reason);
    }

    /// Waits until the link has ended, on whichever side, and says why.
    pub async fn closed(&self) -> LinkEnd {
        self.core.end.wait().await
    }

    /// Why the link ended, if it has.
    pub fn end(&self) -> Option<LinkEnd> {
        self.core.end.now()
    }

    /// Waits until both directions that this side sends on are finished and the other side has
    /// confirmed all of it.
    ///
    /// # Errors
    /// When the link ends before.
    pub async fn delivered(&self) -> Result<(), LinkEnd> {
        let mut undelivered = self.core.undelivered.clone();
        tokio::select! {
            biased;
            // What is waited for holds a lock, so it is let go of before anything else.
            done = async { undelivered.wait_for(|streams| *streams == 0).await.map(drop) } => {
                match done {
                    Ok(()) => Ok(()),
                    Err(_) => Err(self.core.end.wait().await),
                }
            }
            end = self.core.end.wait() => Err(end),
        }
    }

    /// Holds the data that this side sends to limits, each shared with whoever else has a clone; to
    /// be called once, before the first frame. Control frames are never held back.
    pub fn hold_to(&self, throttles: Vec<Throttle>) {
        self.core.flow.hold_to(throttles);
    }

    /// Holds it to one more limit while the link goes through a relay; to be called once, as above.
    pub fn hold_relayed_to(&self, throttle: Throttle) {
        self.core.flow.hold_relayed_to(throttle);
    }

    /// Lets this side send so many bytes of data frames more, as the other side says; `None` is as
    /// many as there are, which is how a link begins.
    pub fn allow(&self, more: Option<u64>) {
        self.core.flow.allow(more);
    }

    /// Bytes of data frames that this side sent, heads and unfinished frames included.
    pub fn data_sent(&self) -> u64 {
        self.core.flow.sent()
    }

    /// Bytes of data frames that came to this side, heads and unfinished frames included.
    pub fn data_received(&self) -> u64 {
        self.core.flow.received()
    }

    /// Waits until more data came than `than` bytes.
    pub async fn data_received_more(&self, than: u64) {
        self.core.flow.received_more(than).await;
    }

    /// Whether it goes from one computer to another of the same network, as the networks of this one are
    /// now, or does not leave the computer.
    pub fn is_near(&self) -> bool {
        let LinkStats { route, remote, .. } = self.stats();
        match route {
            Route::Local => true,
            Route::Lan | Route::Tcp | Route::Direct => {
                let interfaces = address::interfaces().unwrap_or_default();
                remote.is_some_and(|at| address::route(&interfaces, at.ip()) == Route::Lan)
            }
            Route::Relay | Route::Tunnel => false,
        }
    }

    /// How the link does at the moment.
    pub fn stats(&self) -> LinkStats {
        self.core.carrier.stats()
    }

    /// How the link travels.
    pub fn route(&self) -> Route {
        self.core.carrier.stats().route
    }
}

impl Core {
    fn close(&self, code: CloseCode, reason: &str) {
        let reason = crate::end::cut_reason(reason);
        let end = LinkEnd::Local { code, reason: reason.to_owned() };
        self.end.settle_after(end, || self.carrier.close(code, reason));
    }

    async fn unless_ended<T>(&self, ready: impl Future<Output = T>) -> Result<T, SendError> {
        tokio::select! {
            biased;
            end = self.end.wait() => Err(SendError::Ended(end)),
            value = ready => Ok(value),
        }
    }

    async fn finish<T>(
        &self,
        queue: &mpsc::Sender<Item<T>>,
        finished: &AtomicBool,
    ) -> Result<(), SendError> {
        let slot = self.unless_ended(queue.reserve()).await?;
        if finished.swap(true, Ordering::SeqCst) {
            return Err(SendError::Finished);
        }
        match slot {
            Ok(slot) => slot.send(Item::End),
            Err(_) => return Err(SendError::Ended(self.end.wait().await)),
        }
        self.carrier.finished();
        Ok(())
    }

    async fn next<T>(
        &self,
        queue: &mut mpsc::Receiver<Item<T>>,
        ended: &mut bool,
    ) -> Result<Option<T>, LinkEnd> {
        if *ended {
            return Ok(None);
        }
        let item = tokio::select! {
            biased;
            end = self.end.wait_local() => return Err(end),
            item = queue.recv() => item,
            end = self.end.wait(), if self.carrier.arrives_at_once() => return Err(end),
        };
        match item {
            Some(Item::Frame(frame, _room)) => Ok(Some(frame)),
            Some(Item::End) => {
                *ended = true;
                Ok(None)
            }
            None => Err(self.end.wait().await),
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.close(CloseCode::Dropped, "");
    }
}

impl fmt::Display for LinkStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.route)?;
        if let Some(remote) = self.remote {
            write!(f, " {remote}")?;
        }
        write!(
            f,
            ", rtt {:?}, {} of {} packets lost, {} B sent, {} B received, packets of {} B",
            self.rtt,
            self.lost_packets,
            self.sent_packets,
            self.bytes_sent,
            self.bytes_received,
            self.packet_bytes
        )?;
        if 1 < self.connections {
            write!(f, ", {} connections", self.connections)?;
        }
        Ok(())
    }
}

/// Control frames that wait on either side of a link; 4 of 256 KiB are one MiB.
const CONTROL_QUEUE: usize = 4;
/// Data frames that wait for a stream: bytes are bounded by the budget, this bounds tiny frames.
const DATA_OUT_QUEUE: usize = 64;
/// Data frames that arrived and were not fetched; every stream holds one more.
const DATA_IN_QUEUE: usize = 4;
/// A block of a file, and what stands before it.
const ARRIVING_BYTES: usize = (1024 + 64) * 1024;
/// Unused buffers kept by one link.
const ARRIVING_FREE_MAX: usize = 16;
