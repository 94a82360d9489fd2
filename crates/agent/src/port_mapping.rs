//! A port of the router's that leads to this computer, for as long as files move.
//!
//! 1. The core says by a [`Wish`] where packets shall be led, and whether files move now.
//! 2. The worker asks the router, renews what it was given, and tells the core the address by which
//!    others come in. A router that refuses is asked again, more and more rarely.
//! 3. A while after the last session, in another network, when the owner wants it no more and when the
//!    agent ends, the port is given back.
//!
//! Sessions never wait for any of it.

mod router;

use std::{net::SocketAddr, time::Duration};

use outport_types::Chain;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) use self::router::HomeRouter;
use self::router::{MapError, Mapping};
use crate::core::News;

/// What the core wants of the router.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    /// The socket that packets shall be led to; none where the router is to be left alone.
    pub(crate) to: Option<SocketAddr>,
    /// Whether files move, or are about to.
    pub(crate) busy: bool,
    /// Counts the networks that this computer was in.
    pub(crate) moves: u64,
}

/// Who can be asked for a port.
pub(crate) trait Router: Clone + Send + Sync + 'static {
    /// What a port is held by.
    type Grip: Send + 'static;

    /// Opens a port that leads to a socket of this computer; the answer comes within seconds.
    fn map(
        self,
        to: SocketAddr,
    ) -> impl Future<Output = Result<Mapping<Self::Grip>, MapError>> + Send + 'static;

    /// Has it stay open; its address may become another one.
    fn renew(
        &self,
        mapping: &mut Mapping<Self::Grip>,
    ) -> impl Future<Output = Result<(), MapError>> + Send;

    /// Gives it back.
    fn release(&self, mapping: Mapping<Self::Grip>) -> impl Future<Output = ()> + Send;
}

/// Does what the core wishes, until `stop`.
pub(crate) async fn hold<R: Router>(
    router: R,
    mut wishes: watch::Receiver<Wish>,
    news: mpsc::Sender<News>,
    tracker: TaskTracker,
    stop: CancellationToken,
) {
    loop {
        let wanted = wishes.wait_for(|wish| wish.busy && wish.to.is_some());
        let wish = match stop.run_until_cancelled(wanted).await {
            Some(Ok(wish)) => *wish,
            Some(Err(_)) | None => return,
        };
        let Some(to) = wish.to else { continue };
        let (router, news, tracker) = (router.clone(), news.clone(), tracker.clone());
        let mut holder = Holder { router, news, tracker, asked: None, held: None };
        tokio::select! {
            () = stop.cancelled() => {}
            () = unwanted(&mut wishes, wish) => {}
            () = holder.keep(to) => {}
        }
        holder.let_go().await;
    }
}

/// Waits until a wish is another one, or for a while nothing moved.
async fn unwanted(wishes: &mut watch::Receiver<Wish>, wish: Wish) {
    loop {
        let now = *wishes.borrow_and_update();
        if (now.to, now.moves) != (wish.to, wish.moves) {
            return;
        }
        let idle = if now.busy { Duration::MAX } else { KEPT_FOR };
        match timeout(idle, wishes.changed()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return,
        }
    }
}

/// A port that is asked for, or held.
struct Holder<R: Router> {
    router: R,
    news: mpsc::Sender<News>,
    tracker: TaskTracker,
    /// A question on its way. It is not forgotten, as the router may open a port all the same.
    asked: Option<JoinHandle<Result<Mapping<R::Grip>, MapError>>>,
    held: Option<Mapping<R::Grip>>,
}

impl<R: Router> Holder<R> {
    /// Has a port and keeps it; never ends.
    async fn keep(&mut self, to: SocketAddr) {
        let mut pause = PAUSE_FIRST;
        loop {
            match self.ask(to).await {
                Ok(mapping) => {
                    tracing::info!("the router opened a port");
                    tracing::debug!(address = %mapping.address, "which leads here");
                    self.news.send(News::Mapped(Some(mapping.address))).await.ok();
                    self.held = Some(mapping);
                    pause = PAUSE_FIRST;
                    let error = self.renew().await;
                    tracing::info!(error = %Chain(&error), "the router's port is lost");
                    self.release().await;
                }
                Err(error) => {
                    tracing::debug!(error = %Chain(&error), "the router opens no port");
                }
            }
            sleep(pause).await;
            pause = (2 * pause).min(PAUSE_MAX);
        }
    }

    async fn ask(&mut self, to: SocketAddr) -> Result<Mapping<R::Grip>, MapError> {
        let asked = self.asked.insert(self.tracker.spawn(self.router.clone().map(to)));
        let answer = asked.await;
        self.asked = None;
        answer.unwrap_or(Err(MapError::Broken))
    }

    /// Keeps what is held for as long as the router lets it.
    async fn renew(&mut self) -> MapError {
        loop {
            let Some(mapping) = &mut self.held else { return MapError::Broken };
            let before = mapping.address;
            sleep(mapping.lasts.clamp(LASTS_MIN, LASTS_MAX) / 2).await;
            if let Err(error) = self.router.renew(mapping).await {
                return error;
            }
            if mapping.address != before {
                self.news.send(News::Mapped(Some(mapping.address))).await.ok();
            }
        }
    }

    async fn release(&mut self) {
        let Some(mapping) = self.held.take() else { return };
        self.news.send(News::Mapped(None)).await.ok();
        if timeout(RELEASE_LIMIT, self.router.release(mapping)).await.is_err() {
            tracing::debug!("the router does not say whether it closed the port");
        }
    }

    /// Gives back what is held or still comes.
    async fn let_go(mut self) {
        if let Some(asked) = self.asked.take()
            && let Ok(Ok(Ok(mapping))) = timeout(ANSWER_LIMIT, asked).await
        {
            self.held = Some(mapping);
        }
        self.release().await;
    }
}

/// How long a port stays open after the last session: the next files of a day's work often follow.
const KEPT_FOR: Duration = Duration::from_secs(120);
/// The pause before a router that opened no port is asked again, doubled each time.
const PAUSE_FIRST: Duration = Duration::from_secs(30);
const PAUSE_MAX: Duration = Duration::from_secs(15 * 60);
/// Whatever a router says, it is asked no more often than twice in this time, and no more rarely
/// than twice in the longest.
const LASTS_MIN: Duration = Duration::from_secs(60);
const LASTS_MAX: Duration = Duration::from_secs(2 * 60 * 60);
/// How long an agent that ends waits for an answer, and then for the end of the port.
const ANSWER_LIMIT: Duration = Duration::from_millis(800);
const RELEASE_LIMIT: Duration = Duration::from_millis(800);

#[cfg(test)]
mod tests;
