//! Checks step by step what a working endpoint needs, and says what to do where a step fails.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use outport_api::{
    auth::names::server,
    client::{Auth, HubUrl, Trust},
};
use outport_control::{Check, DoctorReport, FolderStatus, Paths, ProxySource, Verdict};
use outport_link::Endpoint;
use outport_types::{Access, Chain, Code, Problem};
use tokio::{net::lookup_host, time::timeout};

use crate::{
    clock::local_now,
    commands,
    config::{Config, FolderConfig, Ports},
    folders,
    hub_link::{DialError, Step, dial, knock},
    proxy::{self, ProxyChoice},
    registration::Registration,
    tokens::TokenStore,
    trust,
};

/// Checks everything; what depends on a step that failed is skipped.
///
/// The file is checked as it is; the rest goes by the config in force, where an agent has one.
pub(crate) async fn examine(
    paths: &Paths,
    tokens: &TokenStore,
    in_force: Option<Arc<Config>>,
) -> DoctorReport {
    let mut report = Report::default();
    let config = config(paths, in_force, &mut report).await;
    let certificates = certificates(config.as_deref(), &mut report).await;
    let registration = registration(paths, &mut report).await;
    let hub = match &registration {
        Some(registration) => Some(registration.hub.clone()),
        None => match tokens.account().await {
            Ok(account) => account.and_then(|account| account.hub.parse().ok()),
            Err(_) => None,
        },
    };
    let mut trust = Trust { extra_roots_pem: certificates, proxy: None };
    let mut way_known = true;
    match &hub {
        Some(hub) => {
            let choice = config.as_deref().map_or(&ProxyChoice::System, |config| &config.proxy);
            way_known = way(paths, choice, hub, &mut trust, &mut report).await;
            if way_known {
                reach(hub, &trust, &mut report).await;
            }
        }
        None => report.skip(&["proxy", "name", "tcp", "tls", "clock"], "no hub is known yet"),
    }
    sign_in(tokens, &mut report).await;
    match &registration {
        Some(_) if !way_known => report.skip(&["channel", "udp", "tunnel"], NO_WAY),
        Some(registration) => {
            channel(paths, registration, &trust, &mut report).await;
            tunnel(&registration.hub, &trust, &mut report).await;
        }
        None => report.skip(&["channel", "udp", "tunnel"], "this computer is not set up"),
    }
    if let Some(config) = config {
        folder_checks(config, &mut report).await;
    }
    DoctorReport { checks: report.checks }
}

#[derive(Default)]
struct Report {
    checks: Vec<Check>,
}

impl Report {
    fn add(&mut self, name: &str, verdict: Verdict, text: impl Into<String>) {
        self.push(name, verdict, text.into(), None);
    }

    fn skip(&mut self, names: &[&str], why: &str) {
        for name in names {
            self.add(name, Verdict::Skipped, why);
        }
    }

    fn problem(&mut self, name: &str, problem: &Problem) {
        self.judge(name, Verdict::Failed, problem.clone());
    }

    fn judge(&mut self, name: &str, verdict: Verdict, problem: Problem) {
        self.push(name, verdict, problem.message.clone(), Some(problem));
    }

    fn push(&mut self, name: &str, verdict: Verdict, text: String, problem: Option<Problem>) {
        let (name, title) = (name.to_owned(), title(name));
        self.checks.push(Check { name, title, verdict, text, problem });
    }
}

fn title(name: &str) -> String {
    let title = match name {
        "config" => "Config file",
        "ca" => "Extra certificates",
        "setup" => "Set-up and key",
        "proxy" => "Proxy",
        "name" => "Name of the hub",
        "tcp" => "Connection to the hub",
        "tls" => "Encryption and certificate",
        "clock" => "Clock",
        "sign-in" => "Sign-in",
        "channel" => "Control channel",
        "udp" => "UDP",
        "tunnel" => "Way through the hub",
        "folders" => "Folders",
        other => other,
    };
    title.to_owned()
}

async fn config(
    paths: &Paths,
    in_force: Option<Arc<Config>>,
    report: &mut Report,
) -> Option<Arc<Config>> {
    let of = paths.clone();
    match crate::blocking(move || Config::load(&of)).await {
        Ok(config) => {
            report.add("config", Verdict::Ok, "read without a mistake");
            Some(in_force.unwrap_or_else(|| Arc::new(config)))
        }
        Err(error) => {
            report.problem("config", &error.problem());
            in_force
        }
    }
}

async fn certificates(config: Option<&Config>, report: &mut Report) -> Option<Vec<u8>> {
    let ca_file = config.and_then(|config| config.ca_file.clone());
    trust::certificates(ca_file).await.unwrap_or_else(|error| {
        let text = format!("the extra certificates cannot be read: {error}");
        report.add("ca", Verdict::Failed, text);
        None
    })
}

/// Finds which way goes to the hub, and whether it is known.
async fn way(
    paths: &Paths,
    choice: &ProxyChoice,
    hub: &HubUrl,
    trust: &mut Trust,
    report: &mut Report,
) -> bool {
    match proxy::choose(paths, choice, hub).await {
        Ok(None) => report.add("proxy", Verdict::Ok, "none: the way to the hub is straight"),
        Ok(Some(way)) => {
            let shown = way.shown();
            let user = shown.user.map(|user| format!(" as {user}")).unwrap_or_default();
            let source = match shown.source {
                ProxySource::Config => "the config",
                ProxySource::Environment => "the environment",
                ProxySource::System => "the operating system",
            };
            report.add("proxy", Verdict::Ok, format!("{}{user}, by {source}", shown.address));
            trust.proxy = Some(way.proxy);
        }
        Err(error) => {
            report.problem("proxy", &error.problem());
            report.skip(&["name", "tcp", "tls", "clock"], NO_WAY);
            return false;
        }
    }
    true
}

async fn registration(paths: &Paths, report: &mut Report) -> Option<Registration> {
    let of = paths.clone();
    let found = crate::blocking(move || {
        let registration = Registration::load(&of).map_err(|error| error.problem())?;
        let key = crate::identity::load(&of, registration.key_place, &registration.key);
        let usable = key.map(drop).map_err(|error| error.problem());
        Ok::<_, Problem>((registration, usable))
    })
    .await;
    match found {
        Ok((registration, Ok(()))) => {
            report.add(
                "setup",
                Verdict::Ok,
                format!("{} at {}", registration.name, registration.hub),
            );
            Some(registration)
        }
        Ok((registration, Err(problem))) => {
            report.problem("setup", &problem);
            Some(registration)
        }
        Err(problem) => {
            report.problem("setup", &problem);
            None
        }
    }
}

async fn reach(hub: &HubUrl, trust: &Trust, report: &mut Report) {
    // A proxy finds the hub's address itself.
    let host = match &trust.proxy {
        Some(proxy) => proxy.address.host().to_owned(),
        None => hub.host_and_port().0,
    };
    match timeout(STEP_TIMEOUT, lookup_host((host.as_str(), 0))).await {
        Ok(Ok(addresses)) => {
            let count = addresses.count();
            report.add("name", Verdict::Ok, format!("{host} has {count} addresses"));
        }
        Ok(Err(_)) | Err(_) => {
            let problem = Problem::new(Code::HubNameUnknown, [("host", host.as_str().into())]);
            report.problem("name", &problem);
            return report.skip(&["tcp", "tls", "clock"], "there is no address to connect to");
        }
    }
    let connected = timeout(STEP_TIMEOUT, crate::hub_link::connect(hub, trust)).await;
    let stream = match connected {
        Ok(Ok((stream, _))) => stream,
        Ok(Err(error @ DialError::Proxy(_))) => {
            report.problem("tcp", &error.problem(hub));
            return report.skip(&["tls", "clock"], "there is no connection");
        }
        Ok(Err(_)) | Err(_) => {
            let reason = "it takes no connection; it may be down, or a firewall blocks the way";
            report.problem("tcp", &about(hub, Code::HubUnreachable, reason));
            return report.skip(&["tls", "clock"], "there is no connection");
        }
    };
    report.add("tcp", Verdict::Ok, "connected");
    if !hub.is_encrypted() {
        drop(stream);
        report.add("tls", Verdict::Ok, "not needed: the hub is on this computer");
    } else {
        match timeout(STEP_TIMEOUT, crate::hub_link::encrypt(hub, trust, stream)).await {
            Ok(Ok(_)) => report.add("tls", Verdict::Ok, "the certificate is accepted"),
            Ok(Err(error)) => report.problem("tls", &error.problem(hub)),
            Err(_) => report.problem("tls", &about(hub, Code::HubUnreachable, TOO_LATE)),
        }
    }
    clock(hub, trust, report).await;
}

async fn clock(hub: &HubUrl, trust: &Trust, report: &mut Report) {
    let asked = async {
        let auth = Auth::new(hub.clone(), trust)?;
        let before = SystemTime::now();
        let info = auth.hub_info().await?;
        let took = before.elapsed().unwrap_or_default();
        Ok::<_, outport_api::client::ClientError>((info, took))
    };
    match timeout(STEP_TIMEOUT, asked).await {
        Ok(Ok((info, took))) => {
            let half = i64::try_from(took.as_secs() / 2).unwrap_or(0);
            let skew = local_now().seconds - half - info.hub_time.seconds;
            let seconds = skew.unsigned_abs();
            if seconds <= SKEW_SECONDS_MAX {
                report.add("clock", Verdict::Ok, format!("{seconds} seconds apart from the hub"));
            } else {
                let problem = Problem::new(Code::ClockWrong, [("seconds", seconds.into())]);
                report.judge("clock", Verdict::Warning, problem);
            }
        }
        Ok(Err(error)) => report.judge("clock", Verdict::Warning, error.problem_at(hub)),
        Err(_) => {
            let problem = about(hub, Code::HubUnreachable, TOO_LATE);
            report.judge("clock", Verdict::Warning, problem);
        }
    }
}

async fn sign_in(tokens: &TokenStore, report: &mut Report) {
    match tokens.account().await {
        Ok(Some(account)) => match tokens.token(server::TRANSFER).await {
            Ok(_) => {
                let text = format!("{} at {}", account.username, account.hub);
                report.add("sign-in", Verdict::Ok, text);
            }
            Err(error) => report.problem("sign-in", &error.problem()),
        },
        Ok(None) => report.add(
            "sign-in",
            Verdict::Skipped,
            "nobody is signed in; an endpoint works without it",
        ),
        Err(error) => report.problem("sign-in", &error.problem()),
    }
}

/// Proves both keys to each other without saying hello, so a running agent keeps its channel.
async fn channel(paths: &Paths, registration: &Registration, trust: &Trust, report: &mut Report) {
    let identity = match commands::load_identity(paths, Ports::default()).await {
        Ok(identity) => identity,
        Err(problem) => {
            report.problem("channel", &problem);
            return report.skip(&["udp"], "the key cannot be used");
        }
    };
    let mut pinned = registration.clone();
    let check = async |signed| match pinned.accept(&signed) {
        Ok((statement, _)) => Ok(statement),
        Err(error) => {
            let hub = [("hub", pinned.hub.to_string().into())];
            tracing::debug!(error = %Chain(&error), "the doctor saw other keys");
            Err(DialError::OtherHub(Problem::new(Code::HubKeyChanged, hub)))
        }
    };
    let dialled = dial(&registration.hub, &identity.key, trust, check);
    match timeout(STEP_TIMEOUT, dialled).await {
        Ok(Ok(_)) => report.add("channel", Verdict::Ok, "the hub proved its key"),
        Ok(Err(DialError::OtherHub(problem))) => report.problem("channel", &problem),
        Ok(Err(error)) => {
            let reason = match error.step() {
                Step::Name | Step::Tcp | Step::Tls => "see above".to_owned(),
                Step::WebSocket => {
                    format!("{}; a proxy in between may not let WebSockets pass", Chain(&error))
                }
                Step::Statement | Step::Keys => Chain(&error).to_string(),
            };
            let hub = &registration.hub;
            report.problem("channel", &about(hub, Code::HubUnreachable, &reason));
        }
        Err(_) => {
            let problem = about(&registration.hub, Code::HubUnreachable, TOO_LATE);
            report.problem("channel", &problem);
        }
    }
    udp(&registration.hub, trust, &identity.endpoint, report).await;
}

async fn udp(hub: &HubUrl, trust: &Trust, endpoint: &Endpoint, report: &mut Report) {
    let asked = async {
        let info = Auth::new(hub.clone(), trust).ok()?.hub_info().await.ok()?;
        info.udp
    };
    let Ok(Some(place)) = timeout(STEP_TIMEOUT, asked).await else {
        return report.add("udp", Verdict::Skipped, "the hub names no UDP port");
    };
    let Ok(mut addresses) = lookup_host(&place).await else {
        return report.judge("udp", Verdict::Warning, unknown(&place));
    };
    let Some(address) = addresses.next() else {
        return report.judge("udp", Verdict::Warning, unknown(&place));
    };
    match endpoint.observed_address(address).await {
        Ok(seen) => report.add("udp", Verdict::Ok, format!("the hub sees this computer as {seen}")),
        Err(_) => {
            let problem = Problem::new(Code::UdpBlocked, [("place", place.as_str().into())]);
            report.judge("udp", Verdict::Warning, problem);
        }
    }
}

/// Whether content could go through the hub's own port, as where UDP does not get out.
async fn tunnel(hub: &HubUrl, trust: &Trust, report: &mut Report) {
    let is_udp_out =
        report.checks.iter().any(|check| check.name == "udp" && check.verdict == Verdict::Ok);
    match timeout(STEP_TIMEOUT, knock(hub, trust)).await {
        Ok(Ok(())) if is_udp_out => report.add("tunnel", Verdict::Ok, "open, and not needed here"),
        Ok(Ok(())) => report.add("tunnel", Verdict::Ok, "open: files go this way here"),
        Ok(Err(error)) => {
            let reason = format!("{}; files cannot go through its HTTPS port", Chain(&error));
            let problem = about(hub, Code::HubUnreachable, &reason);
            report.judge("tunnel", Verdict::Warning, problem);
        }
        Err(_) => {
            report.judge("tunnel", Verdict::Warning, about(hub, Code::HubUnreachable, TOO_LATE))
        }
    }
}

async fn folder_checks(config: Arc<Config>, report: &mut Report) {
    if config.folders.is_empty() {
        let problem = Problem::new(Code::NothingShared, []);
        return report.judge("folders", Verdict::Warning, problem);
    }
    let looked = crate::blocking(move || {
        let looked: Vec<_> = folders::list(&config)
            .into_iter()
            .zip(&config.folders)
            .map(|(folder, of)| look(folder, of))
            .collect();
        looked
    })
    .await;
    for look in looked {
        match look {
            Ok(text) => report.add("folders", Verdict::Ok, text),
            Err(problem) => report.problem("folders", &problem),
        }
    }
}

fn look(folder: outport_control::Folder, of: &FolderConfig) -> Result<String, Problem> {
    let path = folder.path;
    let wrong = |code| Err(Problem::new(code, [("path", path.as_str().into())]));
    match folder.status {
        FolderStatus::Missing => wrong(Code::FolderMissing),
        FolderStatus::NotADirectory => wrong(Code::FolderReplaced),
        FolderStatus::Unreadable => wrong(Code::FolderUnreadable),
        FolderStatus::Available if of.access == Access::ReadWrite && !is_writable(&of.path) => {
            wrong(Code::FolderUnwritable)
        }
        FolderStatus::Available => {
            let access = if of.access.can_write() { "read and write" } else { "read only" };
            Ok(format!("{path}: {access}"))
        }
    }
}

fn about(hub: &HubUrl, code: Code, reason: &str) -> Problem {
    Problem::new(code, [("hub", hub.to_string().into()), ("reason", reason.into())])
}

/// A place whose host has no address.
fn unknown(place: &str) -> Problem {
    let host = place.rsplit_once(':').map_or(place, |(host, _)| host);
    Problem::new(Code::HubNameUnknown, [("host", host.into())])
}

/// Whether the system would let us write, asked without leaving anything behind.
fn is_writable(dir: &Path) -> bool {
    #[cfg(unix)]
    {
        use rustix::fs::{Access as Right, AtFlags, CWD, accessat};
        accessat(CWD, dir, Right::WRITE_OK | Right::EXEC_OK, AtFlags::EACCESS)
            .or_else(|_| accessat(CWD, dir, Right::WRITE_OK | Right::EXEC_OK, AtFlags::empty()))
            .is_ok()
    }
    #[cfg(not(unix))]
    std::fs::metadata(dir).is_ok_and(|metadata| !metadata.permissions().readonly())
}

/// Longer than any of the steps takes where it works.
const STEP_TIMEOUT: Duration = Duration::from_secs(15);
/// Leases run in hub time, so a wrong clock harms little but what people read.
const SKEW_SECONDS_MAX: u64 = 60;
const NO_WAY: &str = "nobody can say which way goes to the hub";
const TOO_LATE: &str = "it did not answer in time";
