//! A better way for a link that lives: see [`crate::legs`].

use std::time::Duration;

use outport_types::Route;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tracing::debug;

use crate::{
    end::CloseCode,
    endpoint::Expectation,
    establish::{Race, Ways},
    hello::Hello,
    quic::{close, remote_address},
    relayed::RelayWay,
};

impl Expectation {
    /// Looks for a better way for the link, moves it there, and says how it travels then. It looks
    /// when either side has other addresses, and now and then while the link goes through a relay;
    /// all that only while it is polled, and in vain unless the other side does the same.
    ///
    /// A link that is just being moved when this is dropped is lost.
    pub async fn better(&self) -> Route {
        let mut candidates = self.candidates.subscribe();
        let mut readdressed = self.inner.readdressed.subscribe();
        let mut pause = PAUSE_FIRST;
        loop {
            tokio::select! {
                () = sleep(pause), if self.goes_through_a_relay() => {
                    pause = (2 * pause).min(PAUSE_MAX);
                }
                Ok(()) = candidates.changed() => pause = PAUSE_FIRST,
                Ok(()) = readdressed.changed() => pause = PAUSE_FIRST,
                () = self.somebody_came() => {}
            }
            let found = self.look().await;
            candidates.mark_unchanged();
            if let Some(route) = found {
                return route;
            }
        }
    }

    fn goes_through_a_relay(&self) -> bool {
        let link = self.inner.registry.link(self.peer, self.session);
        link.is_some_and(|link| link.path().is_relayed())
    }

    /// Waits until the other side has dialled anew.
    async fn somebody_came(&self) {
        let registry = &self.inner.registry;
        loop {
            if registry.link(self.peer, self.session).is_some()
                && registry.has_arrivals(self.peer, self.session)
            {
                return;
            }
            self.arrived.notified().await;
        }
    }

    /// Looks once.
    async fn look(&self) -> Option<Route> {
        let _turn = self.establishing.lock().await;
        let registry = &self.inner.registry;
        let link = registry.link(self.peer, self.session)?;
        let path = link.way();
        let relays = self.second_seats(path);
        let nothing_is_better =
            path <= Route::Lan || self.ways == Ways::Relayed && relays.is_empty();
        if nothing_is_better && !registry.has_arrivals(self.peer, self.session) {
            return None;
        }
        let hello = Hello {
            streams: self.inner.streams,
            session: self.session,
            attempt: link.attempt(),
            leg: link.next(),
            strand: 0,
        };
        let relays = watch::Sender::new(relays);
        let mut race = Race::new(self.course(hello, relays.subscribe(), Some(path)));
        let (joined, better) = tokio::select! {
            biased;
            () = self.inner.stop.cancelled() => return None,
            () = link.ended() => return None,
            found = timeout(LOOK_LIMIT, race.run()) => found.ok()?,
        };
        let relayed = race.take_relayed(remote_address(&joined.connection));
        drop(race);
        if joined.peer_attempt != link.peer_attempt() {
            close(&joined.connection, CloseCode::Superseded, "for another link");
            return None;
        }
        let remote = remote_address(&joined.connection);
        let prepared = self.prepare(joined, better, relayed, hello.attempt).await;
        match link.move_to(prepared).await {
            Ok(()) => {
                let route = link.route();
                debug!(session = %self.session, %path, %route, %remote, "the link has moved");
                Some(route)
            }
            Err(error) => {
                debug!(session = %self.session, %remote, %error, "the link could not move");
                None
            }
        }
    }

    /// The relays that are worth another try by UDP: those of what goes through the HTTPS port. What it
    /// goes by has its seat there and must not lose it, so the try is made on the second one.
    fn second_seats(&self, path: Route) -> Vec<RelayWay> {
        if path != Route::Tunnel {
            return Vec::new();
        }
        let known = self.relays.borrow();
        let by_udp = known.iter().filter(|way| !way.addresses.is_empty());
        let again = |way: &RelayWay| {
            let side = way.side.again();
            RelayWay { side, tunnels: None, ..way.clone() }
        };
        by_udp.map(again).collect()
    }
}

/// How long a look may take: the first packets of both sides open the way, the repeated ones get
/// through.
const LOOK_LIMIT: Duration = Duration::from_secs(4);
/// The pause before what goes through a relay is looked at again, doubled each time.
const PAUSE_FIRST: Duration = Duration::from_secs(3);
const PAUSE_MAX: Duration = Duration::from_secs(300);
