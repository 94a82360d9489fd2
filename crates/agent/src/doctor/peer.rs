//! The ways to another computer, as they are told.

use std::time::Duration;

use outport_control::{DoctorReport, Verdict};
use outport_link::{DialFailure, Way};
use outport_protocol::control::CandidateKind;
use outport_types::{Arg, Code, Fact, FactCode, Problem, Route};

use super::{
    report::{Report, Topic},
    speed::mbit,
};
use crate::probe::{Probed, Taken};

/// Tells what came of looking for the ways from this computer, `here`, to the one that was asked for.
pub(crate) fn examine(here: &str, asked: &str, probed: Result<Probed, Problem>) -> DoctorReport {
    let mut report = Report::new(crate::config::home());
    let summary = match probed {
        Ok(probed) => tell(here, &probed, &mut report),
        Err(mut problem) => {
            for arg in problem.args.values_mut() {
                if let Arg::Text(text) = arg {
                    *text = without_owner(text).to_owned();
                }
            }
            report.fail(Topic::Peer, problem);
            Fact::new(FactCode::PeerNotTried, [("peer", without_owner(asked).into())])
        }
    };
    report.conclude_with(vec![summary])
}

fn tell(here: &str, probed: &Probed, report: &mut Report) -> Fact {
    let Probed { peer, only_relayed, ways, taken } = probed;
    let peer = without_owner(peer);
    let peer_arg = ("peer", Arg::from(peer));
    report.ok(Topic::Peer, FactCode::PeerThere, [peer_arg.clone()]);
    if *only_relayed {
        report.skip(&[Topic::RouteLocal], FactCode::RouteNotWanted);
    }
    for way in ways {
        tell_way(way, report);
    }
    let Some(taken) = taken else {
        let args = [("source", without_owner(here).into()), ("destination", peer.into())];
        report.fail(Topic::Way, Problem::new(Code::NoRoute, args));
        return Fact::new(FactCode::PeerOutOfReach, [peer_arg]);
    };
    let ms = ("ms", millis(taken.stats.rtt).into());
    tell_taken(taken, report);
    let code = match taken.route {
        Route::Local | Route::Lan => FactCode::PeerNear,
        Route::Direct | Route::Tcp => FactCode::PeerStraight,
        Route::Relay => FactCode::PeerByRelay,
        Route::Tunnel => FactCode::PeerByTunnel,
    };
    Fact::new(code, [peer_arg, ms])
}

fn tell_way(way: &Way, report: &mut Report) {
    let Way { address, kind, route, inwards, outcome } = way;
    let topic = match (route, kind) {
        _ if *inwards => Topic::RouteInwards,
        (Route::Relay, _) => Topic::RouteRelay,
        (Route::Tunnel, _) => Topic::RouteTunnel,
        (_, Some(CandidateKind::Observed)) => Topic::RouteObserved,
        (_, Some(CandidateKind::Mapped)) => Topic::RouteMapped,
        (_, Some(CandidateKind::Advertised)) => Topic::RouteAdvertised,
        (_, Some(CandidateKind::Local) | None) => Topic::RouteLocal,
    };
    let place = address.map_or_else(|| "HTTPS".to_owned(), |address| address.to_string());
    let place = ("place", Arg::from(place));
    match outcome {
        Ok(rtt) => {
            let code = if *inwards { FactCode::RouteInwards } else { FactCode::RouteOpen };
            report.ok(topic, code, [place, ("ms", millis(*rtt).into())]);
        }
        Err(DialFailure::NoAnswer) => {
            report.found(topic, Verdict::Skipped, Fact::new(FactCode::RouteSilent, [place]));
        }
        Err(failure) => {
            let args = [place, ("reason", failure.to_string().into())];
            report.found(topic, Verdict::Skipped, Fact::new(FactCode::RouteRefused, args));
        }
    }
}

fn tell_taken(taken: &Taken, report: &mut Report) {
    let Taken { route, stats, up, down } = taken;
    let way = match stats.remote {
        Some(remote) => format!("{route}, {remote}"),
        None => route.to_string(),
    };
    let args = [
        ("way", way.into()),
        ("ms", millis(stats.rtt).into()),
        ("lost", stats.lost_packets.into()),
        ("sent", stats.sent_packets.into()),
    ];
    report.ok(Topic::Way, FactCode::WayTaken, args);
    match (up, down) {
        (Some(up), Some(down)) => {
            let args = [("up", mbit(*up).into()), ("down", mbit(*down).into())];
            report.ok(Topic::PeerSpeed, FactCode::PeerSpeed, args);
        }
        (None, _) | (_, None) => report.skip(&[Topic::PeerSpeed], FactCode::PeerSpeedUnknown),
    }
}

/// The name of a computer alone, as a report names nobody.
fn without_owner(name: &str) -> &str {
    name.rsplit('#').next().unwrap_or(name)
}

/// Rounded up: nothing takes no time.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_micros().div_ceil(1000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use outport_control::Check;
    use outport_link::LinkStats;

    use super::*;

    #[test]
    fn every_way_is_told_by_what_it_is_and_what_came_of_it() {
        let way = |address: &str, kind, route, outcome| Way {
            address: address.parse().ok(),
            kind,
            route,
            inwards: false,
            outcome,
        };
        let silent = || Err(DialFailure::NoAnswer);
        let (local, seen) = (Some(CandidateKind::Local), Some(CandidateKind::Observed));
        let ways = vec![
            way("10.0.0.1:7", local, Route::Direct, silent()),
            way("198.51.100.1:7", seen, Route::Direct, Err(DialFailure::WrongKey)),
            way("203.0.113.1:443", None, Route::Relay, Ok(Duration::from_micros(20_100))),
            way("", None, Route::Tunnel, silent()),
            Way {
                inwards: true,
                ..way("198.51.100.9:9", None, Route::Direct, Ok(Duration::from_millis(1)))
            },
        ];
        let probed = Probed { ways, taken: Some(taken(Route::Relay)), ..nothing() };
        let report = examine("smith#PC", "Cluster", Ok(probed));
        let code = |check: &Check| check.fact.as_ref().map(|fact| fact.code).unwrap();
        let told = report.checks.iter().map(|check| (check.name.as_str(), code(check)));
        let told: Vec<_> = told.collect();
        assert_eq!(
            told,
            [
                ("peer", FactCode::PeerThere),
                ("route-local", FactCode::RouteSilent),
                ("route-observed", FactCode::RouteRefused),
                ("route-relay", FactCode::RouteOpen),
                ("route-tunnel", FactCode::RouteSilent),
                ("route-inwards", FactCode::RouteInwards),
                ("way", FactCode::WayTaken),
                ("peer-speed", FactCode::PeerSpeed),
            ]
        );
        assert!(report.checks[3].text.contains("203.0.113.1:443 answers within 21 ms"));
        assert_eq!(report.summary[0].code, FactCode::PeerByRelay);
        assert!(report.is_well());
    }

    #[test]
    fn the_verdict_is_the_way_that_files_would_go() {
        for (route, code) in [
            (Route::Lan, FactCode::PeerNear),
            (Route::Direct, FactCode::PeerStraight),
            (Route::Tcp, FactCode::PeerStraight),
            (Route::Relay, FactCode::PeerByRelay),
            (Route::Tunnel, FactCode::PeerByTunnel),
        ] {
            let probed = Probed { taken: Some(taken(route)), ..nothing() };
            let report = examine("smith#PC", "Cluster", Ok(probed));
            assert_eq!(report.summary[0].code, code, "{route}");
        }
        let report = examine("smith#PC", "Cluster", Ok(nothing()));
        assert_eq!(report.summary[0].code, FactCode::PeerOutOfReach);
        assert!(report.checks[1].text.contains("PC and Cluster cannot reach"));
        let away = Problem::new(Code::NotConnected, [("endpoint", "smith#Cluster".into())]);
        let report = examine("smith#PC", "Cluster", Err(away));
        assert_eq!(report.summary[0].code, FactCode::PeerNotTried);
        assert!(!report.is_well());
        let json = serde_json::to_string(&report).unwrap();
        assert!(json.contains("Cluster is not connected") && !json.contains("smith"), "{json}");
    }

    fn nothing() -> Probed {
        let peer = "smith#Cluster".to_owned();
        Probed { peer, only_relayed: false, ways: Vec::new(), taken: None }
    }

    fn taken(route: Route) -> Taken {
        let stats = LinkStats { rtt: Duration::from_millis(20), ..LinkStats::still(route) };
        Taken { route, stats, up: Some(1_000_000), down: Some(2_000_000) }
    }
}
