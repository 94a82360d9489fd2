//! The checks as they are made.

use std::path::PathBuf;

use outport_control::{Check, DoctorReport, Verdict};
use outport_types::{Arg, Fact, FactCode, Problem};

use super::{discreet::discreet, verdict};

/// What is checked, by the words that programs know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    Config,
    Certificates,
    SetUp,
    Proxy,
    Name,
    Tcp,
    Tls,
    Clock,
    SignIn,
    Channel,
    Udp,
    Nat,
    Packets,
    Relays,
    Tunnel,
    Speed,
    UdpSpeed,
    Allowance,
    Folders,
    Peer,
    RouteLocal,
    RouteObserved,
    RouteMapped,
    RouteAdvertised,
    RouteRelay,
    RouteTunnel,
    RouteInwards,
    Way,
    PeerSpeed,
}

impl Topic {
    /// The stable word.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Certificates => "ca",
            Self::SetUp => "setup",
            Self::Proxy => "proxy",
            Self::Name => "name",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Clock => "clock",
            Self::SignIn => "sign-in",
            Self::Channel => "channel",
            Self::Udp => "udp",
            Self::Nat => "nat",
            Self::Packets => "packets",
            Self::Relays => "relays",
            Self::Tunnel => "tunnel",
            Self::Speed => "speed",
            Self::UdpSpeed => "udp-speed",
            Self::Allowance => "allowance",
            Self::Folders => "folders",
            Self::Peer => "peer",
            Self::RouteLocal => "route-local",
            Self::RouteObserved => "route-observed",
            Self::RouteMapped => "route-mapped",
            Self::RouteAdvertised => "route-advertised",
            Self::RouteRelay => "route-relay",
            Self::RouteTunnel => "route-tunnel",
            Self::RouteInwards => "route-inwards",
            Self::Way => "way",
            Self::PeerSpeed => "peer-speed",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Config => "Config file",
            Self::Certificates => "Extra certificates",
            Self::SetUp => "Set-up and key",
            Self::Proxy => "Proxy",
            Self::Name => "Name of the hub",
            Self::Tcp => "Connection to the hub",
            Self::Tls => "Encryption and certificate",
            Self::Clock => "Clock",
            Self::SignIn => "Sign-in",
            Self::Channel => "Control channel",
            Self::Udp => "UDP",
            Self::Nat => "Translation of addresses",
            Self::Packets => "Size of packets",
            Self::Relays => "Relays",
            Self::Tunnel => "Way through the hub",
            Self::Speed => "Speed through the hub",
            Self::UdpSpeed => "Speed by UDP through the relay",
            Self::Allowance => "Allowance at the relay",
            Self::Folders => "Folders",
            Self::Peer => "The other computer",
            Self::RouteLocal => "An address of its own",
            Self::RouteObserved => "The address at which the hub sees it",
            Self::RouteMapped => "The port that its router opened",
            Self::RouteAdvertised => "An address that its owner names",
            Self::RouteRelay => "A relay",
            Self::RouteTunnel => "The hub's HTTPS port",
            Self::RouteInwards => "From the other computer",
            Self::Way => "The way taken",
            Self::PeerSpeed => "Speed to the other computer",
        }
    }
}

/// Collects checks; what they say of the home and its owner is left out.
#[derive(Debug)]
pub(super) struct Report {
    checks: Vec<Check>,
    home: Option<PathBuf>,
}

impl Report {
    pub(super) fn new(home: Option<PathBuf>) -> Self {
        Self { checks: Vec::new(), home }
    }

    /// It is as it should be.
    pub(super) fn ok<const N: usize>(
        &mut self,
        topic: Topic,
        code: FactCode,
        args: [(&str, Arg); N],
    ) {
        self.found(topic, Verdict::Ok, Fact::new(code, args));
    }

    /// It was not checked, for one reason.
    pub(super) fn skip(&mut self, topics: &[Topic], why: FactCode) {
        for topic in topics {
            self.found(*topic, Verdict::Skipped, Fact::new(why, []));
        }
    }

    /// It does not work.
    pub(super) fn fail(&mut self, topic: Topic, problem: Problem) {
        self.wrong(topic, Verdict::Failed, problem);
    }

    /// It works, but not as well as it could.
    pub(super) fn warn(&mut self, topic: Topic, problem: Problem) {
        self.wrong(topic, Verdict::Warning, problem);
    }

    /// Something that is no problem.
    pub(super) fn found(&mut self, topic: Topic, verdict: Verdict, mut fact: Fact) {
        for arg in fact.args.values_mut() {
            self.veil(arg);
        }
        let fact = Fact::with_args(fact.code, fact.args);
        let text = fact.message.clone();
        self.push(topic, verdict, text, Some(fact), None);
    }

    fn wrong(&mut self, topic: Topic, verdict: Verdict, mut problem: Problem) {
        for (name, arg) in &mut problem.args {
            self.veil(arg);
            if name == "user" {
                *arg = "…".into();
            }
        }
        let problem = Problem::with_args(problem.code, problem.args);
        let text = problem.message.clone();
        self.push(topic, verdict, text, None, Some(problem));
    }

    /// Whether something did not work.
    pub(super) fn failed(&self, topic: Topic) -> bool {
        self.verdict_of(topic) == Some(Verdict::Failed)
    }

    /// Whether something works.
    pub(super) fn is_ok(&self, topic: Topic) -> bool {
        self.verdict_of(topic) == Some(Verdict::Ok)
    }

    /// Whether anything was found to work where several were checked.
    pub(super) fn has_ok(&self, topic: Topic) -> bool {
        let mut of = self.checks.iter().filter(|check| check.name == topic.word());
        of.any(|check| check.verdict == Verdict::Ok)
    }

    /// Whether there is something to remark.
    pub(super) fn warns(&self, topic: Topic) -> bool {
        self.verdict_of(topic) == Some(Verdict::Warning)
    }

    /// All of it, with what it comes to.
    pub(super) fn conclude(self) -> DoctorReport {
        DoctorReport { summary: verdict::summary(&self.checks), checks: self.checks }
    }

    /// The same, where what it comes to is said by the checks' maker.
    pub(super) fn conclude_with(self, summary: Vec<Fact>) -> DoctorReport {
        DoctorReport { summary, checks: self.checks }
    }

    /// What counts of the checks of a topic: the first that says anything.
    fn verdict_of(&self, topic: Topic) -> Option<Verdict> {
        let of = self.checks.iter().filter(|check| check.name == topic.word());
        of.map(|check| check.verdict).find(|verdict| *verdict != Verdict::Skipped)
    }

    fn veil(&self, arg: &mut Arg) {
        if let Arg::Text(text) = arg {
            *text = discreet(text, self.home.as_deref());
        }
    }

    fn push(
        &mut self,
        topic: Topic,
        verdict: Verdict,
        text: String,
        fact: Option<Fact>,
        problem: Option<Problem>,
    ) {
        let (name, title) = (topic.word().to_owned(), topic.title().to_owned());
        self.checks.push(Check { name, title, verdict, text, fact, problem });
    }
}

#[cfg(test)]
mod tests {
    use outport_types::Code;

    use super::*;

    #[test]
    fn neither_the_home_nor_a_name_gets_into_a_report() {
        let mut report = Report::new(Some("/home/ann".into()));
        let path = || [("path", "/home/ann/data".into())];
        report.ok(Topic::Folders, FactCode::FolderReadOnly, path());
        report.fail(Topic::Folders, Problem::new(Code::FolderMissing, path()));
        let login = [("proxy", "http://proxy:3128".into()), ("user", "ann".into())];
        report.fail(Topic::Tcp, Problem::new(Code::ProxyLoginWrong, login));
        let json = serde_json::to_string(&report.conclude()).unwrap();
        assert!(json.contains("~/data") && !json.contains("ann"), "{json}");
    }
}
