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
use outport_control::{Check, DoctorReport, FolderStatus, Paths, Verdict};
use outport_link::Endpoint;
use outport_types::{Access, Chain, Problem};
use tokio::{net::lookup_host, time::timeout};

use crate::{
    clock::local_now,
    commands,
    config::{Config, FolderConfig},
    folders,
    hub_link::{DialError, Step, dial},
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
    let trust = trust(config.as_deref(), &mut report).await;
    let registration = registration(paths, &mut report).await;
    let hub = match &registration {
        Some(registration) => Some(registration.hub.clone()),
        None => match tokens.account().await {
            Ok(account) => account.and_then(|account| account.hub.parse().ok()),
            Err(_) => None,
        },
    };
    match &hub {
        Some(hub) => reach(hub, &trust, &mut report).await,
        None => report.skip(&["name", "tcp", "tls", "clock"], "no hub is known yet"),
    }
    sign_in(tokens, &mut report).await;
    match &registration {
        Some(registration) => channel(paths, registration, &trust, &mut report).await,
        None => report.skip(&["channel", "udp"], "this computer is not set up"),
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
        let check = Check { name: name.to_owned(), title: title(name), verdict, text: text.into() };
        self.checks.push(check);
    }

    fn skip(&mut self, names: &[&str], why: &str) {
        for name in names {
            self.add(name, Verdict::Skipped, why);
        }
    }

    fn problem(&mut self, name: &str, problem: &Problem) {
        self.add(name, Verdict::Failed, problem.message.clone());
    }
}

fn title(name: &str) -> String {
    let title = match name {
        "config" => "Config file",
        "ca" => "Extra certificates",
        "setup" => "Set-up and key",
        "name" => "Name of the hub",
        "tcp" => "Connection to the hub",
        "tls" => "Encryption and certificate",
        "clock" => "Clock",
        "sign-in" => "Sign-in",
        "channel" => "Control channel",
        "udp" => "UDP",
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

async fn trust(config: Option<&Config>, report: &mut Report) -> Trust {
    let ca_file = config.and_then(|config| config.ca_file.clone());
    trust::load(ca_file).await.unwrap_or_else(|error| {
        let text = format!("the extra certificates cannot be read: {error}");
        report.add("ca", Verdict::Failed, text);
        Trust::default()
    })
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
    let host = hub.as_url().host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    match timeout(STEP_TIMEOUT, lookup_host((host.as_str(), 0))).await {
        Ok(Ok(addresses)) => {
            let count = addresses.count();
            report.add("name", Verdict::Ok, format!("{host} has {count} addresses"));
        }
        Ok(Err(_)) | Err(_) => {
            report.add(
                "name",
                Verdict::Failed,
                format!("{host} cannot be resolved. Check the name, and this computer's network."),
            );
            return report.skip(&["tcp", "tls", "clock"], "the hub has no address");
        }
    }
    let connected = timeout(STEP_TIMEOUT, crate::hub_link::connect(hub)).await;
    let stream = match connected {
        Ok(Ok((stream, _))) => stream,
        Ok(Err(_)) | Err(_) => {
            report.add(
                "tcp",
                Verdict::Failed,
                format!("{hub} does not take a connection. The hub may be down, or a firewall blocks the way."),
            );
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
            Ok(Err(error)) => {
                let text = format!(
                    "{}. If the hub's certificate is not publicly known, name it with `ca_file` in the config.",
                    Chain(&error)
                );
                report.add("tls", Verdict::Failed, text);
            }
            Err(_) => report.add("tls", Verdict::Failed, "the hub did not answer in time"),
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
            let text = format!("{} seconds apart from the hub", skew.abs());
            let verdict =
                if skew.abs() <= SKEW_SECONDS_MAX { Verdict::Ok } else { Verdict::Warning };
            report.add("clock", verdict, text);
        }
        Ok(Err(error)) => {
            let text = format!("the hub does not tell its time: {}", Chain(&error));
            report.add("clock", Verdict::Warning, text);
        }
        Err(_) => report.add("clock", Verdict::Warning, "the hub did not answer in time"),
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
    let identity = match commands::load_identity(paths, 0).await {
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
            Err(DialError::OtherHub(Problem::new(outport_types::Code::HubKeyChanged, hub)))
        }
    };
    let dialled = dial(&registration.hub, &identity.key, trust, check);
    match timeout(STEP_TIMEOUT, dialled).await {
        Ok(Ok(_)) => report.add("channel", Verdict::Ok, "the hub proved its key"),
        Ok(Err(DialError::OtherHub(problem))) => report.problem("channel", &problem),
        Ok(Err(error)) => {
            let text = match error.step() {
                Step::Name | Step::Tcp | Step::Tls => {
                    "the hub cannot be reached, see above".to_owned()
                }
                Step::WebSocket => {
                    format!("{}. A proxy in between may not let WebSockets pass.", Chain(&error))
                }
                Step::Statement | Step::Keys => Chain(&error).to_string(),
            };
            report.add("channel", Verdict::Failed, text);
        }
        Err(_) => report.add("channel", Verdict::Failed, "the hub did not answer in time"),
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
        return report.add("udp", Verdict::Warning, format!("{place} cannot be resolved"));
    };
    let Some(address) = addresses.next() else {
        return report.add("udp", Verdict::Warning, format!("{place} has no address"));
    };
    match endpoint.observed_address(address).await {
        Ok(seen) => report.add("udp", Verdict::Ok, format!("the hub sees this computer as {seen}")),
        Err(_) => report.add(
            "udp",
            Verdict::Warning,
            format!("{place} does not answer: outgoing UDP is blocked somewhere. Only computers in the same network can be reached directly."),
        ),
    }
}

async fn folder_checks(config: Arc<Config>, report: &mut Report) {
    if config.folders.is_empty() {
        return report.add(
            "folders",
            Verdict::Warning,
            "nothing is shared yet. Share a folder with `outport folders add`.",
        );
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
    for (verdict, text) in looked {
        report.add("folders", verdict, text);
    }
}

fn look(folder: outport_control::Folder, of: &FolderConfig) -> (Verdict, String) {
    let path = folder.path;
    match folder.status {
        FolderStatus::Missing => (Verdict::Failed, format!("{path} is not there")),
        FolderStatus::NotADirectory => (Verdict::Failed, format!("{path} is not a directory")),
        FolderStatus::Unreadable => {
            (Verdict::Failed, format!("the operating system does not let you open {path}"))
        }
        FolderStatus::Available if of.access == Access::ReadWrite && !is_writable(&of.path) => {
            (Verdict::Failed, format!("the operating system does not let you write in {path}"))
        }
        FolderStatus::Available => {
            let access = if of.access.can_write() { "read and write" } else { "read only" };
            (Verdict::Ok, format!("{path}: {access}"))
        }
    }
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
const SKEW_SECONDS_MAX: i64 = 60;
