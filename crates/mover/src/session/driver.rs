//! What both drivers share: the hello, the frames that wait, the meter, the check of new rules.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use outport_link::{ControlReceiver, ControlSender, Link, LinkEnd, SendError};
use outport_protocol::{
    orders::TransferOrders,
    session::{Frame, Hello, Violation},
};
use outport_types::{Access, Code, CollectionPath, Problem, Purpose, Retry};
use tokio::{sync::watch, time::timeout};

use super::{Broken, Progress, SessionEnd};
use crate::{dirs::Side, resolver::Resolver};

/// Frames that wait for the control stream.
#[derive(Debug)]
pub(super) struct Outbox {
    control: ControlSender,
    frames: VecDeque<Bytes>,
}

impl Outbox {
    pub(super) fn new(control: ControlSender) -> Self {
        Self { control, frames: VecDeque::new() }
    }

    /// Whether the machine may be asked for another frame; what is not asked for waits in it.
    pub(super) fn has_room(&self) -> bool {
        self.frames.len() < OUTBOX_FRAMES_MAX
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    pub(super) fn push(&mut self, frame: &Frame) {
        self.frames.push_back(frame.encode().into());
    }

    /// Sends one frame; never returns while none waits. May be dropped and called again.
    pub(super) async fn send_one(&mut self) -> Result<(), SendError> {
        match self.frames.front() {
            Some(frame) => {
                self.control.send(frame.clone()).await?;
                self.frames.pop_front();
                Ok(())
            }
            None => std::future::pending().await,
        }
    }

    /// Ends this direction of the control stream.
    pub(super) async fn finish(self) -> Result<(), SendError> {
        self.control.finish().await
    }
}

/// Exchanges hellos: nothing else is sent or read before they agree.
pub(super) async fn exchange_hellos(link: &mut Link, ticket: &[u8]) -> Result<(), SessionEnd> {
    let own = Hello::new(ticket);
    let both = async {
        link.control_out.send(own.encode().into()).await.map_err(send_failed)?;
        receive(&mut link.control_in).await
    };
    let frame = match timeout(HELLO_TIMEOUT, both).await {
        Ok(frame) => frame?,
        Err(_) => return Err(SessionEnd::Broken { why: Broken::Left }),
    };
    let theirs = Hello::decode(&frame).map_err(SessionEnd::Violation)?;
    own.agree(&theirs).map_err(SessionEnd::Violation)?;
    Ok(())
}

/// The next frame of the control stream, while there must be one.
pub(super) async fn receive(control: &mut ControlReceiver) -> Result<Bytes, SessionEnd> {
    match control.recv().await {
        Ok(Some(frame)) => Ok(frame),
        Ok(None) => Err(SessionEnd::Broken { why: Broken::Left }),
        Err(end) => Err(link_ended(end)),
    }
}

/// Reads a frame of the control stream.
pub(super) fn decode(frame: &[u8]) -> Result<Frame, SessionEnd> {
    Frame::decode(frame).map_err(|error| SessionEnd::Violation(Violation::Frame(error)))
}

pub(super) fn link_ended(end: LinkEnd) -> SessionEnd {
    SessionEnd::Broken { why: Broken::Link(end) }
}

pub(super) fn send_failed(error: SendError) -> SessionEnd {
    if let SendError::Ended(end) = error {
        return link_ended(end);
    }
    // Our own frames are bounded by the protocol, and we finish a direction last.
    SessionEnd::Broken { why: Broken::Disk(error.to_string()) }
}

/// Publishes progress, at most four times a second.
#[derive(Debug)]
pub(super) struct Meter {
    progress: watch::Sender<Progress>,
    published: Instant,
    bytes: u64,
    /// Bytes per second lately.
    rate: f64,
}

impl Meter {
    pub(super) fn new(progress: watch::Sender<Progress>) -> Self {
        Self { progress, published: Instant::now(), bytes: 0, rate: 0.0 }
    }

    /// When the next figures are due.
    pub(super) fn due(&self) -> Instant {
        self.published + PROGRESS_INTERVAL
    }

    /// Publishes at once that more reports are durable: the hub waits for them, at the end with the
    /// person who waits for the task.
    pub(super) fn reported(&self, reports_durable: u64) {
        self.progress.send_if_modified(|slot| {
            std::mem::replace(&mut slot.reports_durable, reports_durable) != reports_durable
        });
    }

    /// Publishes figures if they are due; `bytes` is all that this session moved so far, of unfinished
    /// frames too.
    pub(super) fn update(&mut self, bytes: u64, mut now: Progress, force: bool) {
        let since = self.published.elapsed();
        if !force && since < PROGRESS_INTERVAL {
            return;
        }
        if !force {
            let seconds = since.as_secs_f64().max(0.001);
            let moved = bytes.saturating_sub(self.bytes) as f64 / seconds;
            // A figure that people can read while it changes, and that is true at once when it begins.
            let weight = if self.rate < 1.0 { 1.0 } else { 1.0 - (-seconds / RATE_MEMORY).exp() };
            self.rate += weight * (moved - self.rate);
            self.bytes = bytes;
        }
        now.rate = self.rate as u64;
        self.published = Instant::now();
        self.progress.send_if_modified(|slot| std::mem::replace(slot, now) != now);
    }
}

/// What a side's items may no longer be used for, if anything.
pub(super) fn check_items(
    resolver: &Arc<Resolver>,
    orders: &TransferOrders,
    side: Side,
) -> Result<(), (CollectionPath, Option<Access>)> {
    for item in &orders.items {
        let (path, needs_write) = match side {
            Side::Source => (&item.source, false),
            Side::Destination => (&item.destination, orders.options.purpose != Purpose::Check),
        };
        let Ok(path) = resolver.full_path(path) else {
            return Err((path.clone(), None));
        };
        let access = resolver.explain(&path).access;
        if access.is_none_or(|access| needs_write && !access.can_write()) {
            return Err((path, access));
        }
    }
    Ok(())
}

/// The end of a session whose folder the owner took away.
pub(super) fn folder_removed(path: &CollectionPath, endpoint: &str) -> SessionEnd {
    let args = [("path", path.to_string().into()), ("endpoint", endpoint.into())];
    SessionEnd::Refused { problem: Problem::new(Code::FolderRemoved, args), retry: Retry::Never }
}

/// Frames taken from a machine before the link has taken those before them.
const OUTBOX_FRAMES_MAX: usize = 8;
/// How long the other side may take to say hello once the link is up.
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// Seconds over which a rate is an average.
const RATE_MEMORY: f64 = 1.5;
/// Four times a second is as often as anybody looks.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);
