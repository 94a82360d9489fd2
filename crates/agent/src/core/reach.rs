//! How other computers reach this one from outside, beside what sessions find out themselves.

use std::net::SocketAddr;

use outport_control::RelayUse;
use outport_types::{Code, Problem};
use tokio::sync::watch;

use super::Core;
use crate::port_mapping::Wish;

/// What sessions tell the other sides, now and whenever it changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// What the owner names, to be told to others.
    pub(crate) advertised: Vec<SocketAddr>,
    /// The port that the router has opened.
    pub(crate) mapped: Option<SocketAddr>,
    /// Counts the networks that this computer was in: in another one everything is another.
    pub(crate) moves: u64,
}

/// What is known about it, and who is told.
#[derive(Debug)]
pub(crate) struct Reaching {
    /// What the owner named when the agent was started, in the place of what the config has.
    given: Vec<SocketAddr>,
    /// Whether somebody outside sees this computer at an address that is not its own.
    translated: bool,
    reach: watch::Sender<Reach>,
    wish: watch::Sender<Wish>,
}

impl Reaching {
    /// Begins with what the owner named at the start, and the worker that asks the router.
    pub(crate) fn new(given: Vec<SocketAddr>, wish: watch::Sender<Wish>) -> Self {
        Self { given, translated: false, reach: watch::Sender::default(), wish }
    }

    /// What sessions follow.
    pub(super) fn follow(&self) -> watch::Receiver<Reach> {
        self.reach.subscribe()
    }

    /// What screens show.
    pub(super) fn shown(&self) -> outport_control::Reach {
        let reach = self.reach.borrow();
        outport_control::Reach {
            advertised: reach.advertised.iter().map(ToString::to_string).collect(),
            mapped: reach.mapped.map(|address| address.to_string()),
        }
    }

    /// The router opened a port, or closed it.
    pub(super) fn mapped(&self, address: Option<SocketAddr>) {
        self.reach
            .send_if_modified(|reach| std::mem::replace(&mut reach.mapped, address) != address);
    }

    /// A session learnt whether the network translates addresses.
    pub(super) fn seen(&mut self, translated: bool) {
        self.translated = translated;
    }

    /// The computer may be in another network.
    pub(super) fn moved(&mut self) {
        self.translated = false;
        self.reach.send_modify(|reach| reach.moves += 1);
    }
}

impl Core {
    /// Tells sessions and the worker that asks the router what follows from the state as it is.
    pub(super) fn review_reach(&self) {
        let Reaching { given, translated, reach, wish } = &self.reaching;
        let settings = &self.config.settings;
        let advertised: &[SocketAddr] = match settings.relay {
            RelayUse::Only => &[], // nobody is told where this computer is
            RelayUse::Auto | RelayUse::Never if given.is_empty() => &self.config.advertise,
            RelayUse::Auto | RelayUse::Never => given,
        };
        reach.send_if_modified(|reach| {
            let differs = reach.advertised != advertised;
            if differs {
                reach.advertised = advertised.to_vec();
            }
            differs
        });
        let may_ask = settings.port_mapping
            && settings.relay != RelayUse::Only
            && *translated
            && advertised.is_empty();
        let endpoint =
            self.identity.as_ref().filter(|_| may_ask).map(|identity| &identity.endpoint);
        let fresh = Wish {
            to: endpoint.and_then(|endpoint| endpoint.local_address().ok()),
            busy: self.sessions.values().any(|running| running.peer.is_some()),
            moves: reach.borrow().moves,
        };
        wish.send_if_modified(|wish| std::mem::replace(wish, fresh) != fresh);
    }

    /// Moves the socket of the sessions to another network.
    pub(super) fn rebind(&mut self) {
        let Some(identity) = &mut self.identity else { return };
        if let Err(error) = identity.endpoint.rebind() {
            tracing::warn!(error = %outport_types::Chain(&error), "no new UDP socket");
        }
        if identity.missed.is_some() && identity.endpoint.is_where_asked() {
            identity.missed = None;
            self.shown.clear_notice(Code::ListenUnavailable);
        }
    }

    /// Shows why this computer does not listen where its owner wants it to.
    pub(super) fn show_missed(&mut self, missed: Option<Problem>) {
        self.shown.clear_notice(Code::ListenUnavailable);
        if let Some(problem) = missed {
            self.shown.notice_problem(problem);
        }
    }
}
