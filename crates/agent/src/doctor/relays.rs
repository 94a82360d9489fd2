//! The relays that the hub names, wherever they run: which of them answer, and which is nearest.

use std::time::Instant;

use futures_util::future::join_all;
use outport_api::hub::AboutHub;
use outport_link::Endpoint;
use outport_types::{Code, FactCode, Problem};

use super::{
    STEP_TIMEOUT,
    reach::ms_since,
    report::{Report, Topic},
};
use crate::lookup::lookup;

/// Asks all of them at once; the hub's own alone was asked before.
pub(super) async fn examine(about: Option<&AboutHub>, endpoint: &Endpoint, report: &mut Report) {
    let Some(about) = about else { return };
    let is_own = |place: &String| about.udp.as_ref() == Some(place);
    if about.relays.iter().all(is_own) {
        return;
    }
    let asked = about.relays.iter().take(RELAYS_MAX).map(|place| async move {
        let ms = fastest(endpoint, lookup(place, STEP_TIMEOUT).await).await;
        (place.as_str(), ms)
    });
    let asked = join_all(asked).await;
    for (place, ms) in &asked {
        let is_told = about.udp.as_deref() == Some(*place) && !report.is_ok(Topic::Udp);
        let place = ("place", (*place).into());
        match ms {
            None if is_told => {} // with the reason
            Some(ms) => {
                report.ok(Topic::Relays, FactCode::RelayAnswers, [place, ("ms", (*ms).into())]);
            }
            None => report.warn(Topic::Relays, Problem::new(Code::RelaySilent, [place])),
        }
    }
    let answered = asked.iter().filter_map(|(place, ms)| Some((*place, (*ms)?)));
    let answered: Vec<_> = answered.collect();
    if let [_, _, ..] = answered[..]
        && let Some((place, ms)) = answered.into_iter().min_by_key(|(_, ms)| *ms)
    {
        let args = [("place", place.into()), ("ms", ms.into())];
        report.ok(Topic::Relays, FactCode::RelayNearest, args);
    }
}

/// How long the first of its addresses takes to answer.
async fn fastest(endpoint: &Endpoint, ports: Vec<std::net::SocketAddr>) -> Option<u64> {
    let asked = ports.into_iter().map(|port| async move {
        let began = Instant::now();
        endpoint.observed_address(port).await.ok().map(|_| ms_since(began))
    });
    join_all(asked).await.into_iter().flatten().min()
}

/// The hub's own, and as many elsewhere as a session is told of.
const RELAYS_MAX: usize = outport_protocol::control::RELAYS_MAX;
