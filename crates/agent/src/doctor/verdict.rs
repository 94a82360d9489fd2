//! What all checks come to: the sentence or two that count.

use outport_control::{Check, Verdict};
use outport_types::{Arg, Code, Fact, FactCode};

use super::report::Topic;

/// The verdict first, then what else is worth knowing of it.
pub(super) fn summary(checks: &[Check]) -> Vec<Fact> {
    let checks = Checks(checks);
    if let Some(failure) = checks.failure() {
        return vec![failure];
    }
    let mut summary = vec![checks.way()];
    if checks.fact(FactCode::CertificateBySystem).is_some() {
        let issuer = checks.arg(Topic::Tls, "issuer");
        summary.push(Fact::new(FactCode::Inspected, [("issuer", issuer)]));
    }
    let by_tunnel =
        matches!(summary[0].code, FactCode::WorksByTunnel | FactCode::WorksBySmallPackets);
    let speed = checks.fact(FactCode::Speed).or_else(|| checks.fact(FactCode::SpeedHeld));
    if let Some(speed) = speed.filter(|_| by_tunnel) {
        summary.push(Fact::with_args(FactCode::Measured, speed.args.clone()));
    }
    if let Some(speed) = checks.fact(FactCode::UdpSpeed).filter(|_| !by_tunnel) {
        summary.push(Fact::with_args(FactCode::MeasuredByUdp, speed.args.clone()));
    }
    if checks.problem(Code::RelayDayUsed) {
        let until = checks.arg(Topic::Allowance, "until");
        summary.push(Fact::new(FactCode::RelayDayOver, [("until", until)]));
    }
    let own = [(Topic::SignIn, FactCode::FailsSignIn), (Topic::Folders, FactCode::FailsFolders)];
    let failed: Vec<_> =
        own.into_iter().filter(|(topic, _)| checks.failed(*topic).is_some()).collect();
    if !failed.is_empty() && summary[0].code == FactCode::Works {
        summary.remove(0); // what fails says so
    }
    failed.into_iter().map(|(_, code)| Fact::new(code, [])).chain(summary).collect()
}

#[derive(Clone, Copy, Debug)]
struct Checks<'a>(&'a [Check]);

impl Checks<'_> {
    /// What keeps everything from working, the first thing to mend.
    fn failure(self) -> Option<Fact> {
        let plain = |code| Some(Fact::new(code, []));
        if let Some(check) = self.failed(Topic::SetUp) {
            let is_new = code_of(check) == Some(Code::NotSetUp);
            return plain(if is_new { FactCode::FailsWithoutSetUp } else { FactCode::FailsHere });
        }
        if self.failed(Topic::Proxy).is_some() {
            return plain(FactCode::FailsProxy);
        }
        if self.failed(Topic::Name).is_some() {
            let host = self.arg(Topic::Name, "host");
            return Some(Fact::new(FactCode::FailsName, [("host", host)]));
        }
        if self.problem(Code::NetworkSignIn) {
            let at = if self.failed(Topic::Tcp).is_some() { Topic::Tcp } else { Topic::Tls };
            let address = self.arg(at, "address");
            return Some(Fact::new(FactCode::FailsNetworkSignIn, [("address", address)]));
        }
        if let Some(check) = self.failed(Topic::Tcp) {
            if code_of(check) != Some(Code::HubClosed) {
                return plain(FactCode::FailsProxy);
            }
            let (host, port) = (self.arg(Topic::Tcp, "host"), self.arg(Topic::Tcp, "port"));
            return Some(Fact::new(FactCode::FailsConnection, [("host", host), ("port", port)]));
        }
        if self.failed(Topic::Tls).is_some() {
            return plain(FactCode::FailsCertificate);
        }
        if self.failed(Topic::Channel).is_some() {
            return plain(FactCode::FailsChannel);
        }
        let here = [Topic::Certificates, Topic::Config].map(|topic| self.failed(topic));
        here.iter().flatten().next().and_then(|_| plain(FactCode::FailsHere))
    }

    /// By which way files go.
    fn way(self) -> Fact {
        let open = self.has(Topic::Tunnel, Verdict::Ok);
        let place = |topic| [("place", self.arg(topic, "place"))];
        let relay = self.nearest_relay();
        if let Some(relay) = relay.filter(|_| self.problem(Code::UdpBlocked)) {
            return Fact::new(FactCode::WorksByOtherRelay, [("place", relay)]);
        }
        if self.problem(Code::UdpBlocked) {
            let code = if open { FactCode::WorksByTunnel } else { FactCode::OnlyOwnNetwork };
            return Fact::new(code, place(Topic::Udp));
        }
        if self.problem(Code::PacketsLost) {
            let code = if open { FactCode::WorksBySmallPackets } else { FactCode::OnlyOwnNetwork };
            return Fact::new(code, place(Topic::Packets));
        }
        let keeps = self.has(Topic::Nat, Verdict::Ok);
        if self.fact(FactCode::NatChangesPort).is_some() && !keeps {
            return Fact::new(FactCode::WorksByRelay, []);
        }
        let is_out = self.has(Topic::Udp, Verdict::Ok);
        Fact::new(if is_out { FactCode::Works } else { FactCode::WorksWithHub }, [])
    }

    /// Of the relays that answer over UDP.
    fn nearest_relay(self) -> Option<Arg> {
        let nearest = self.fact(FactCode::RelayNearest);
        let found = nearest.or_else(|| self.fact(FactCode::RelayAnswers))?;
        found.args.get("place").cloned()
    }

    fn failed(&self, topic: Topic) -> Option<&Check> {
        let failed =
            |check: &&Check| check.name == topic.word() && check.verdict == Verdict::Failed;
        self.0.iter().find(failed)
    }

    fn has(self, topic: Topic, verdict: Verdict) -> bool {
        self.0.iter().any(|check| check.name == topic.word() && check.verdict == verdict)
    }

    fn problem(self, code: Code) -> bool {
        self.0.iter().any(|check| code_of(check) == Some(code))
    }

    fn fact(&self, code: FactCode) -> Option<&Fact> {
        self.0.iter().filter_map(|check| check.fact.as_ref()).find(|fact| fact.code == code)
    }

    /// An argument of what a check says.
    fn arg(self, topic: Topic, name: &str) -> Arg {
        let of = self.0.iter().filter(|check| check.name == topic.word());
        let mut args = of.filter_map(|check| match (&check.problem, &check.fact) {
            (Some(problem), _) => problem.args.get(name),
            (None, Some(fact)) => fact.args.get(name),
            (None, None) => None,
        });
        args.next().cloned().unwrap_or_else(|| "?".into())
    }
}

fn code_of(check: &Check) -> Option<Code> {
    check.problem.as_ref().map(|problem| problem.code)
}

#[cfg(test)]
mod tests {
    use outport_types::Problem;

    use super::{super::report::Report, *};

    #[test]
    fn a_network_that_lets_everything_out_is_well() {
        assert_eq!(verdict(well), [FactCode::Works]);
        assert_eq!(
            verdict(|report| report.skip(&[Topic::Udp], FactCode::NoUdpPort)),
            [FactCode::WorksWithHub]
        );
    }

    #[test]
    fn without_udp_the_speed_of_the_other_way_is_told() {
        let blocked = |report: &mut Report| {
            let place = [("place", "hub.example.org:443".into())];
            report.warn(Topic::Udp, Problem::new(Code::UdpBlocked, place));
        };
        let by_tunnel = conclude(|report| {
            blocked(report);
            report.ok(Topic::Tunnel, FactCode::TunnelUsed, []);
            let speed = [("up", "40".into()), ("down", "90".into())];
            report.ok(Topic::Speed, FactCode::Speed, speed);
        });
        let texts: Vec<_> = by_tunnel.iter().map(|fact| fact.message.as_str()).collect();
        assert!(texts[0].contains("UDP is blocked here"), "{texts:?}");
        assert!(texts[0].contains("hub.example.org:443"), "{texts:?}");
        assert!(texts[1].contains("40 Mbit/s out, 90 Mbit/s in"), "{texts:?}");
        assert_eq!(verdict(blocked), [FactCode::OnlyOwnNetwork]);
    }

    #[test]
    fn a_relay_that_udp_reaches_makes_up_for_a_hub_that_it_does_not() {
        let elsewhere = conclude(|report| {
            report.warn(Topic::Udp, Problem::new(Code::UdpBlocked, [("place", "hub:443".into())]));
            let answer = [("place", "relay:7440".into()), ("ms", 7.into())];
            report.ok(Topic::Relays, FactCode::RelayAnswers, answer);
        });
        assert_eq!(elsewhere[0].code, FactCode::WorksByOtherRelay);
        assert!(elsewhere[0].message.contains("relay:7440"), "{elsewhere:?}");
    }

    #[test]
    fn where_udp_works_its_speed_through_the_relay_is_told() {
        let args = || [("place", "relay:7440".into()), ("rate", "80".into())];
        let open = conclude(|report| {
            well(report);
            report.ok(Topic::UdpSpeed, FactCode::UdpSpeed, args());
        });
        assert_eq!(open[0].code, FactCode::Works);
        assert!(open[1].message.contains("relay relay:7440: 80 Mbit/s"), "{open:?}");
        let small = verdict(|report| {
            report.ok(Topic::Udp, FactCode::UdpOpen, []);
            report.warn(Topic::Packets, Problem::new(Code::PacketsLost, []));
            report.ok(Topic::Tunnel, FactCode::TunnelUsed, []);
            report.ok(Topic::UdpSpeed, FactCode::UdpSpeed, args());
        });
        assert_eq!(small, [FactCode::WorksBySmallPackets], "files do not go this way");
    }

    #[test]
    fn an_allowance_that_is_used_up_is_told_beside_the_way() {
        let used = conclude(|report| {
            well(report);
            let until = [("until", "2026-01-02T00:00:00Z".into())];
            report.warn(Topic::Allowance, Problem::new(Code::RelayDayUsed, until));
        });
        let codes: Vec<_> = used.iter().map(|fact| fact.code).collect();
        assert_eq!(codes, [FactCode::Works, FactCode::RelayDayOver]);
        assert!(used[1].message.contains("2026-01-02T00:00:00Z"), "{used:?}");
    }

    #[test]
    fn packets_that_are_lost_for_their_size_are_as_none() {
        let lost = |report: &mut Report| {
            report.ok(Topic::Udp, FactCode::UdpOpen, []);
            let args = [("bytes", 1_228.into()), ("place", "hub:443".into())];
            report.warn(Topic::Packets, Problem::new(Code::PacketsLost, args));
        };
        assert_eq!(verdict(lost), [FactCode::OnlyOwnNetwork]);
        let open = |report: &mut Report| {
            lost(report);
            report.ok(Topic::Tunnel, FactCode::TunnelUsed, []);
        };
        assert_eq!(verdict(open), [FactCode::WorksBySmallPackets]);
    }

    #[test]
    fn a_router_that_changes_ports_means_the_relay_unless_another_family_has_none() {
        let changes = |report: &mut Report| {
            report.ok(Topic::Udp, FactCode::UdpOpen, []);
            let fact = Fact::new(FactCode::NatChangesPort, []);
            report.found(Topic::Nat, Verdict::Warning, fact);
        };
        assert_eq!(verdict(changes), [FactCode::WorksByRelay]);
        let other = |report: &mut Report| {
            changes(report);
            report.ok(Topic::Nat, FactCode::NatNone, []);
        };
        assert_eq!(verdict(other), [FactCode::Works]);
    }

    #[test]
    fn an_inspecting_proxy_is_named_beside_what_works() {
        let inspected = conclude(|report| {
            well(report);
            let issuer = [("issuer", "Example Inspection CA".into())];
            report.ok(Topic::Tls, FactCode::CertificateBySystem, issuer);
        });
        let codes: Vec<_> = inspected.iter().map(|fact| fact.code).collect();
        assert_eq!(codes, [FactCode::Works, FactCode::Inspected]);
        assert!(inspected[1].message.contains("Example Inspection CA"));
    }

    #[test]
    fn what_fails_first_is_the_verdict() {
        let fail =
            |topic, code| move |report: &mut Report| report.fail(topic, Problem::new(code, []));
        for (topic, code, expected) in [
            (Topic::SetUp, Code::NotSetUp, FactCode::FailsWithoutSetUp),
            (Topic::SetUp, Code::KeyUnavailable, FactCode::FailsHere),
            (Topic::Proxy, Code::BadProxy, FactCode::FailsProxy),
            (Topic::Name, Code::HubNameUnknown, FactCode::FailsName),
            (Topic::Tcp, Code::HubClosed, FactCode::FailsConnection),
            (Topic::Tcp, Code::ProxyNeedsLogin, FactCode::FailsProxy),
            (Topic::Tcp, Code::NetworkSignIn, FactCode::FailsNetworkSignIn),
            (Topic::Tls, Code::NetworkSignIn, FactCode::FailsNetworkSignIn),
            (Topic::Tls, Code::UnknownIssuer, FactCode::FailsCertificate),
            (Topic::Channel, Code::NoWebSocket, FactCode::FailsChannel),
            (Topic::Config, Code::BadConfig, FactCode::FailsHere),
            (Topic::Certificates, Code::CaFileUnreadable, FactCode::FailsHere),
        ] {
            assert_eq!(verdict(fail(topic, code)), [expected], "{topic:?}: {code}");
        }
        let both = |report: &mut Report| {
            fail(Topic::Channel, Code::HubUnreachable)(report);
            let args = [("host", "hub".into()), ("port", "443".into())];
            report.fail(Topic::Tcp, Problem::new(Code::HubClosed, args));
        };
        let closed = conclude(both);
        assert!(closed[0].message.contains("TCP out to hub, port 443"), "{closed:?}");
    }

    #[test]
    fn a_folder_or_the_sign_in_is_no_fault_of_the_connection() {
        let folder = |report: &mut Report| {
            well(report);
            report.fail(Topic::Folders, Problem::new(Code::FolderMissing, []));
        };
        assert_eq!(verdict(folder), [FactCode::FailsFolders]);
        let both = |report: &mut Report| {
            report.fail(Topic::Folders, Problem::new(Code::FolderMissing, []));
            report.warn(Topic::Udp, Problem::new(Code::UdpBlocked, []));
            report.ok(Topic::Tunnel, FactCode::TunnelUsed, []);
        };
        assert_eq!(verdict(both), [FactCode::FailsFolders, FactCode::WorksByTunnel]);
    }

    fn well(report: &mut Report) {
        report.ok(Topic::Udp, FactCode::UdpOpen, []);
        report.ok(Topic::Nat, FactCode::NatKeepsPort, []);
        report.ok(Topic::Tunnel, FactCode::TunnelSpare, []);
    }

    fn verdict(checks: impl FnOnce(&mut Report)) -> Vec<FactCode> {
        conclude(checks).into_iter().map(|fact| fact.code).collect()
    }

    fn conclude(checks: impl FnOnce(&mut Report)) -> Vec<Fact> {
        let mut report = Report::new(None);
        checks(&mut report);
        report.conclude().summary
    }
}
