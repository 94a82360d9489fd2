//! How fast a session's content travels: what each side holds to.
//!
//! The sender holds to the task's limit, to its owner's upload limit and to what the receiver lets
//! through. The receiver turns its owner's download limit into small allowances, so that what it
//! does not want never travels: nothing waits in the buffers of the path, and a pause is as quick as
//! without a limit. All sessions of an agent share its two limits.

use std::{pin::pin, time::Duration};

use outport_link::{LinkHandle, Throttle, step};
use outport_protocol::session::Frame;
use outport_types::{RateLimit, Route};
use tokio::sync::mpsc;

/// The limits of an agent, shared by all its sessions.
#[derive(Clone, Debug, Default)]
pub struct AgentLimits {
    /// For content that leaves this computer.
    pub upload: Throttle,
    /// For content that comes to this computer.
    pub download: Throttle,
}

/// Has a link hold to what limits a sender; `others` is what leaves room for others.
pub(super) fn hold_to(
    handle: &LinkHandle,
    agent: &AgentLimits,
    task: Option<RateLimit>,
    others: Throttle,
) {
    let mut throttles = Vec::new();
    // The first decides about the size of steps, so what is the session's alone stands there.
    throttles.extend(task.map(|limit| Throttle::new(Some(limit))));
    throttles.push(others);
    if handle.route() != Route::Local {
        throttles.push(agent.upload.clone());
    }
    handle.hold_to(throttles);
}

/// Lets a sender go on as fast as this computer may receive.
pub(super) struct Pacer {
    download: Throttle,
    handle: LinkHandle,
    frames: mpsc::Sender<Frame>,
}

impl Pacer {
    /// A pacer, and the frames that it has for the sender; they must go out before the first wants.
    pub(super) fn new(
        agent: &AgentLimits,
        handle: LinkHandle,
    ) -> (Self, mpsc::Receiver<Frame>, Option<Frame>) {
        let (frames, out) = mpsc::channel(1);
        let download = agent.download.clone();
        let pacer = Self { download, handle, frames };
        let first = pacer.limit().map(|_| Frame::Pace(Some(0)));
        (pacer, out, first)
    }

    /// Paces for as long as it is polled; never returns.
    pub(super) async fn run(self) {
        let mut paced = self.limit().is_some();
        loop {
            if paced {
                self.pace().await;
                self.say(None).await;
            }
            loop {
                let changed = self.download.changed();
                if self.limit().is_some() {
                    break;
                }
                changed.await;
            }
            self.say(Some(0)).await;
            paced = true;
        }
    }

    /// Hands out allowances while there is a limit.
    async fn pace(&self) {
        let (mut base, mut granted) = (self.handle.data_received(), 0_u64);
        loop {
            let changed = self.download.changed();
            let Some(limit) = self.limit() else { return };
            let received = self.handle.data_received();
            // What was on its way when the limit began is none of what was granted.
            base = base.max(received.saturating_sub(granted));
            let outstanding = granted - received.saturating_sub(base).min(granted);
            let room = self.ahead(limit).saturating_sub(outstanding);
            if room == 0 {
                let more = pin!(self.handle.data_received_more(received));
                tokio::select! {
                    () = changed => {}
                    () = more => {}
                }
                continue;
            }
            let wanted = step(limit).min(usize::try_from(room).unwrap_or(usize::MAX));
            let bytes = self.download.take(wanted).await as u64;
            granted += bytes;
            self.say(Some(bytes)).await;
        }
    }

    /// How far ahead of what arrived a sender may be: a round trip, and a little for wakers that
    /// come late.
    fn ahead(&self, limit: RateLimit) -> u64 {
        let time = self.handle.stats().rtt + AHEAD;
        let bytes = limit.bytes_per_second() as f64 * time.as_secs_f64();
        (bytes as u64).max(2 * step(limit) as u64)
    }

    /// The limit in force; none for a link inside this computer.
    fn limit(&self) -> Option<RateLimit> {
        if self.handle.route() == Route::Local { None } else { self.download.limit() }
    }

    async fn say(&self, more: Option<u64>) {
        self.frames.send(Frame::Pace(more)).await.ok(); // nobody hears it when the session ends
    }
}

/// Beside a round trip, what may be on its way; also what a burst can be.
const AHEAD: Duration = Duration::from_millis(100);
