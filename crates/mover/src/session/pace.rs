//! How fast a session's content travels: what each side holds to.
//!
//! The sender holds to the task's limit, to its owner's upload limit and to what the receiver lets
//! through. The receiver turns its owner's download limit into small allowances, so that what it
//! does not want never travels: nothing waits in the buffers of the path, and a pause is as quick as
//! without a limit. All sessions of an agent share its limits, of which two hold through a relay only.

use std::{pin::pin, time::Duration};

use outport_link::{LinkHandle, Throttle, step};
use outport_protocol::session::Frame;
use outport_types::{RateLimit, Route};
use tokio::{sync::mpsc, time::sleep};

/// The limits of an agent, shared by all its sessions.
#[derive(Clone, Debug, Default)]
pub struct AgentLimits {
    /// For content that leaves this computer.
    pub upload: Throttle,
    /// For content that comes to this computer.
    pub download: Throttle,
    /// For content that leaves this computer through a relay.
    pub relay_upload: Throttle,
    /// For content that comes to this computer through a relay.
    pub relay_download: Throttle,
}

/// Has a link hold to what limits a sender; `others` is what leaves room for others.
pub(super) fn hold_to(
    handle: &LinkHandle,
    agent: &AgentLimits,
    task: Option<RateLimit>,
    others: Throttle,
) {
    let mut throttles = Vec::new();
    throttles.extend(task.map(|limit| Throttle::new(Some(limit))));
    throttles.push(others);
    if handle.route() != Route::Local {
        throttles.push(agent.upload.clone());
    }
    handle.hold_to(throttles);
    handle.hold_relayed_to(agent.relay_upload.clone());
}

/// Lets a sender go on as fast as this computer may receive.
pub(super) struct Pacer {
    download: Throttle,
    relayed: Throttle,
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
        let (download, relayed) = (agent.download.clone(), agent.relay_download.clone());
        let pacer = Self { download, relayed, handle, frames };
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
                let changed = self.changed();
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
            let changed = self.changed();
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
            let bytes = self.take(wanted).await as u64;
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
        let route = self.handle.route();
        let relayed = if route.is_relayed() { self.relayed.limit() } else { None };
        match (self.download.limit(), relayed) {
            _ if route == Route::Local => None,
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// Waits until some may come, by all limits that hold.
    async fn take(&self, wanted: usize) -> usize {
        let bytes = self.download.take(wanted).await;
        let mut missing = if self.handle.route().is_relayed() { bytes } else { 0 };
        while missing != 0 {
            missing -= self.relayed.take(missing).await;
        }
        bytes
    }

    /// Waits until another limit may hold, be it for another way. To be called before the look.
    fn changed(&self) -> impl Future<Output = ()> + '_ {
        let (download, relayed) = (self.download.changed(), self.relayed.changed());
        let has_relayed = self.relayed.limit().is_some();
        async move {
            tokio::select! {
                () = download => {}
                () = relayed => {}
                () = sleep(LOOK_EVERY), if has_relayed => {}
            }
        }
    }

    async fn say(&self, more: Option<u64>) {
        self.frames.send(Frame::Pace(more)).await.ok(); // nobody hears it when the session ends
    }
}

/// How often it is looked whether the link goes through a relay by now.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Beside a round trip, what may be on its way; also what a burst can be.
const AHEAD: Duration = Duration::from_millis(100);
