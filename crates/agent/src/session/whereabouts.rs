//! Tells the other side of a session where this computer can be reached, for as long as it lasts.
//!
//! What is known is told at once: the computer's own addresses, those that its owner names, the port
//! that its router has opened. What the hub's UDP port sees follows. All of it is told again when it
//! changes; in another network the hub is asked again.

use std::{collections::BTreeSet, future::pending, net::SocketAddr};

use outport_link::{CANDIDATES_MAX, Endpoint};
use outport_protocol::control::{Candidate, CandidateKind};
use outport_types::SessionId;
use tokio::{
    pin,
    sync::{mpsc, watch},
};

use super::{SessionEvent, worker::seen_by_hub};
use crate::core::Reach;

/// What is told, and to whom.
#[derive(Clone, Debug)]
pub(crate) struct Whereabouts {
    session: SessionId,
    endpoint: Endpoint,
    /// Where the hub sees UDP packets from.
    udp: Option<String>,
    reach: watch::Receiver<Reach>,
    events: mpsc::Sender<(SessionId, SessionEvent)>,
    told: Vec<Candidate>,
}

impl Whereabouts {
    pub(crate) fn new(
        session: SessionId,
        endpoint: Endpoint,
        udp: Option<String>,
        reach: watch::Receiver<Reach>,
        events: mpsc::Sender<(SessionId, SessionEvent)>,
    ) -> Self {
        Self { session, endpoint, udp, reach, events, told: Vec::new() }
    }

    /// Tells, now and whenever it changes, until this is dropped.
    pub(super) async fn tell(mut self) {
        loop {
            self.tell_of_one_network().await;
        }
    }

    async fn tell_of_one_network(&mut self) {
        let moves = self.reach.borrow().moves;
        let (endpoint, udp) = (self.endpoint.clone(), self.udp.clone());
        let asking = async move {
            match udp {
                Some(udp) => seen_by_hub(&endpoint, &udp).await,
                None => Vec::new(),
            }
        };
        pin!(asking);
        let mut seen = None;
        loop {
            let reach = self.reach.borrow_and_update().clone();
            if reach.moves != moves {
                return;
            }
            self.tell_once(&reach, seen.as_deref().unwrap_or_default()).await;
            tokio::select! {
                found = &mut asking, if seen.is_none() => {
                    self.tell_whether_translated(&found).await;
                    seen = Some(found);
                }
                changed = self.reach.changed() => {
                    if changed.is_err() {
                        pending::<()>().await; // the agent ends, and with it the session
                    }
                }
            }
        }
    }

    async fn tell_once(&mut self, reach: &Reach, seen: &[SocketAddr]) {
        let candidates = candidates(reach, seen, &self.own());
        if self.told != candidates {
            self.told.clone_from(&candidates);
            let event = SessionEvent::Candidates(candidates);
            self.events.send((self.session, event)).await.ok();
        }
    }

    async fn tell_whether_translated(&self, seen: &[SocketAddr]) {
        if !seen.is_empty() {
            let event = SessionEvent::Seen { translated: is_translated(seen, &self.own()) };
            self.events.send((self.session, event)).await.ok();
        }
    }

    fn own(&self) -> Vec<Candidate> {
        self.endpoint.local_candidates().unwrap_or_else(|error| {
            tracing::warn!(%error, "the system does not tell this computer's addresses");
            Vec::new()
        })
    }
}

/// All of it, each address once, first what is likeliest to lead through whatever is in between.
fn candidates(reach: &Reach, seen: &[SocketAddr], own: &[Candidate]) -> Vec<Candidate> {
    let of = |kind, addresses: &[SocketAddr]| {
        addresses
            .iter()
            .map(move |address| Candidate { address: *address, kind })
            .collect::<Vec<_>>()
    };
    let mut all = of(CandidateKind::Advertised, &reach.advertised);
    all.extend(of(CandidateKind::Mapped, reach.mapped.as_slice()));
    all.extend(of(CandidateKind::Observed, seen));
    // The kind that says most stands where one address is of several.
    let is_own = |address| own.iter().any(|candidate| candidate.address == address);
    all.retain(|candidate| {
        candidate.kind == CandidateKind::Advertised || !is_own(candidate.address)
    });
    all.extend(own);
    let mut addresses = BTreeSet::new();
    all.retain(|candidate| addresses.insert(candidate.address));
    all.truncate(CANDIDATES_MAX);
    all
}

/// Whether packets leave this network from another address than they leave this computer from. So far
/// nobody translates IPv6, and routers that open ports do so for IPv4.
fn is_translated(seen: &[SocketAddr], own: &[Candidate]) -> bool {
    let is_own = |seen: &SocketAddr| own.iter().any(|own| own.address.ip() == seen.ip());
    seen.iter().any(|seen| seen.is_ipv4() && !is_own(seen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_through_routers_comes_first_and_each_address_once() {
        let own = [local("192.168.1.5:7"), local("10.8.0.2:7"), local("127.0.0.1:7")];
        let reach = Reach {
            advertised: addresses(&["203.0.113.7:7441"]),
            mapped: Some("198.51.100.7:41000".parse().unwrap()),
            moves: 0,
        };
        let seen = addresses(&["198.51.100.7:41000", "198.51.100.7:50000"]);
        let texts = |reach: &Reach, seen: &[SocketAddr], own: &[Candidate]| -> Vec<String> {
            let text = |it: &Candidate| format!("{:?} {}", it.kind, it.address);
            candidates(reach, seen, own).iter().map(text).collect()
        };
        assert_eq!(
            texts(&reach, &seen, &own),
            [
                "Advertised 203.0.113.7:7441",
                "Mapped 198.51.100.7:41000",
                "Observed 198.51.100.7:50000",
                "Local 192.168.1.5:7",
                "Local 10.8.0.2:7",
                "Local 127.0.0.1:7",
            ]
        );
        let public = [local("203.0.113.7:7441")];
        let seen = addresses(&["203.0.113.7:7441"]);
        assert_eq!(texts(&reach, &seen, &public)[0], "Advertised 203.0.113.7:7441");
        assert_eq!(texts(&Reach::default(), &seen, &public), ["Local 203.0.113.7:7441"]);
        let many: Vec<_> = (1..30).map(|n| local(&format!("10.0.0.{n}:7"))).collect();
        let told = texts(&reach, &seen, &many);
        assert_eq!(told.len(), CANDIDATES_MAX);
        assert_eq!(told[0], "Advertised 203.0.113.7:7441");
    }

    #[test]
    fn a_router_translates_where_the_hub_sees_an_address_that_is_not_ours() {
        let own = [local("192.168.1.5:7"), local("[2001:db8::5]:7")];
        for (seen, translated) in [
            (&["198.51.100.7:7"][..], true),
            (&["192.168.1.5:9"], false),
            (&["[2001:db8::5]:7", "198.51.100.7:7"], true),
            (&["[2001:db8::6]:7"], false),
            (&[], false),
        ] {
            assert_eq!(is_translated(&addresses(seen), &own), translated, "{seen:?}");
        }
    }

    fn local(address: &str) -> Candidate {
        Candidate { address: address.parse().unwrap(), kind: CandidateKind::Local }
    }

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }
}
