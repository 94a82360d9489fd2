//! Whether an order of the hub may be carried out. Everything is checked before anything is done,
//! and what is refused leaves no trace but a line in the log.

use outport_mover::rules::LiveRules;
use outport_protocol::{
    control::Start,
    orders::{ITEMS_MAX, Work},
    statement::Statement,
    ticket::{Party, Role, Ticket, TicketError},
};
use outport_types::{Code, CollectionPath, EndpointId, Problem, PublicKey, UnixTime};

use super::SeenSessions;

/// What this computer knows when an order comes.
#[derive(Debug)]
pub(crate) struct Gate<'a> {
    /// The hub's keys of the day, verified against the pinned root.
    pub(crate) statement: &'a Statement,
    /// The hub's time.
    pub(crate) now: UnixTime,
    /// This computer's key.
    pub(crate) own: &'a PublicKey,
    /// The endpoint that it is.
    pub(crate) endpoint: EndpointId,
    /// Whether the owner paused it.
    pub(crate) paused: bool,
    /// Sessions that ever began here.
    pub(crate) seen: &'a SeenSessions,
    /// Sessions that run.
    pub(crate) running: usize,
    /// Sessions that may run.
    pub(crate) sessions_max: usize,
    /// The rules for sessions with people's computers, in the same network.
    pub(crate) rules: &'a LiveRules,
    /// The same for those elsewhere.
    pub(crate) far_rules: &'a LiveRules,
    /// The rules for sessions with a gateway.
    pub(crate) gateway_rules: &'a LiveRules,
}

/// An order that may be carried out.
#[derive(Clone, Debug)]
pub(crate) struct Admitted {
    /// What lets it.
    pub(crate) ticket: Ticket,
    /// Which side this computer is.
    pub(crate) role: Role,
    /// The rules that it works under, in the same network and elsewhere.
    pub(crate) rules: Places,
    /// What is asked for of this computer that may move inside the local network only.
    pub(crate) local_only: Option<CollectionPath>,
}

/// What holds in the same network and what elsewhere, where folders may be closed.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) near: LiveRules,
    pub(crate) far: LiveRules,
}

impl Places {
    /// Whether some folder is only for the local network, now.
    pub(crate) fn differ(&self) -> bool {
        self.near.now().folders().count() != self.far.now().folders().count()
    }

    fn only_near(&self, path: &CollectionPath) -> bool {
        let is_open = |rules: &LiveRules| rules.now().explain(path).access.is_some();
        is_open(&self.near) && !is_open(&self.far)
    }
}

/// Why an order is not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Refusal {
    #[error("the ticket is not valid")]
    Ticket(#[source] TicketError),
    #[error("the order and its ticket speak of different things ({0})")]
    Mismatch(&'static str),
    #[error("the session was held before")]
    Replayed,
    #[error("more items than a task may have")]
    TooManyItems,
    #[error("the owner paused this computer")]
    Paused,
    #[error("as many sessions run as may")]
    Busy,
    #[error("the owner allows no gateway")]
    NoGateway,
}

impl Refusal {
    /// What the hub, and whoever waits for the task, is told.
    pub(crate) fn problem(&self, endpoint: &str) -> Problem {
        let only = |code| Problem::new(code, [("endpoint", endpoint.into())]);
        match self {
            Self::Ticket(_) | Self::Mismatch(_) | Self::Replayed | Self::TooManyItems => {
                let reason = outport_types::Chain(self).to_string();
                let args = [("endpoint", endpoint.into()), ("reason", reason.into())];
                Problem::new(Code::BadTicket, args)
            }
            Self::Paused => only(Code::EndpointPaused),
            Self::Busy => only(Code::EndpointBusy),
            Self::NoGateway => only(Code::NoGateway),
        }
    }

    /// Whether the hub may order the same again later.
    pub(crate) fn retry(&self) -> bool {
        match self {
            // A hub that restarted, or whose lease ran out on the way, makes a new ticket.
            Self::Ticket(TicketError::Expired { .. } | TicketError::KeyExpired { .. })
            | Self::Replayed
            | Self::Paused
            | Self::Busy => true,
            Self::Ticket(_) | Self::Mismatch(_) | Self::TooManyItems | Self::NoGateway => false,
        }
    }
}

/// Checks an order.
pub(crate) fn admit(start: &Start, gate: &Gate<'_>) -> Result<Admitted, Refusal> {
    let digest = start.orders.digest();
    let (ticket, role) = start
        .ticket
        .verify(gate.statement, gate.own, &digest, gate.now)
        .map_err(Refusal::Ticket)?;
    agree(start, &ticket, role, gate)?;
    if gate.seen.contains(&ticket.session) {
        return Err(Refusal::Replayed);
    }
    if gate.paused {
        return Err(Refusal::Paused);
    }
    if gate.sessions_max <= gate.running {
        return Err(Refusal::Busy);
    }
    let rules = if other_side(&ticket, role).gateway {
        let (open, for_gateways) = (gate.rules.now(), gate.gateway_rules.now());
        if for_gateways.folders().next().is_none() && open.folders().next().is_some() {
            return Err(Refusal::NoGateway);
        }
        Places { near: gate.gateway_rules.clone(), far: gate.gateway_rules.clone() }
    } else {
        Places { near: gate.rules.clone(), far: gate.far_rules.clone() }
    };
    let local_only = match rules.differ() {
        true => asked_for(start, role).find(|path| rules.only_near(path)).cloned(),
        false => None,
    };
    Ok(Admitted { ticket, role, rules, local_only })
}

/// The paths of this computer that content is to leave or come to.
fn asked_for(start: &Start, role: Role) -> impl Iterator<Item = &CollectionPath> {
    let items = match &start.orders.work {
        Work::Transfer(orders) => orders.items.as_slice(),
        Work::Delete(_) => &[],
    };
    items.iter().filter_map(move |item| match role {
        Role::Sender => Some(&item.source),
        Role::Receiver => Some(&item.destination),
        // Nothing leaves the computer.
        Role::Both => None,
    })
}

/// The order names the same session, task, sides and peer as the ticket, and this endpoint is where
/// the ticket has it.
fn agree(start: &Start, ticket: &Ticket, role: Role, gate: &Gate<'_>) -> Result<(), Refusal> {
    let mismatch = |what| Err(Refusal::Mismatch(what));
    if ticket.session != start.session {
        return mismatch("session");
    }
    if ticket.task != start.orders.task {
        return mismatch("task");
    }
    match (&start.orders.work, role) {
        (Work::Transfer(orders), _) => {
            let here = |wanted: bool, endpoint| !wanted || endpoint == gate.endpoint;
            let sends = matches!(role, Role::Sender | Role::Both);
            let receives = matches!(role, Role::Receiver | Role::Both);
            if !here(sends, orders.source) || !here(receives, orders.destination) {
                return mismatch("endpoint");
            }
            if role != start.role {
                return mismatch("role");
            }
            if ITEMS_MAX < orders.items.len() {
                return Err(Refusal::TooManyItems);
            }
        }
        // In a deletion there is one side, whatever it is called.
        (Work::Delete(orders), Role::Sender | Role::Both) => {
            if orders.endpoint != gate.endpoint {
                return mismatch("endpoint");
            }
            if start.role == Role::Receiver {
                return mismatch("role");
            }
            if ITEMS_MAX < orders.paths.len() {
                return Err(Refusal::TooManyItems);
            }
        }
        (Work::Delete(_), Role::Receiver) => return mismatch("role"),
    }
    let needs_peer = matches!(start.orders.work, Work::Transfer(_)) && role != Role::Both;
    match &start.peer {
        Some(_) if !needs_peer => mismatch("peer"),
        Some(peer) if peer.key != ticket.peer_of(gate.own) => mismatch("peer"),
        None if needs_peer => mismatch("peer"),
        Some(_) | None => Ok(()),
    }
}

fn other_side(ticket: &Ticket, role: Role) -> &Party {
    match role {
        Role::Sender | Role::Both => &ticket.receiver,
        Role::Receiver => &ticket.sender,
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
