//! What is answered, and what it does to the data.

use outport_control::{
    Check, Collection, CollectionScope, Command, Diagnostics, DoctorReport, Failure, Folder,
    FolderDecision, FolderStatus, FolderTest, Happening, HubFacts, KeptLogin, KeyPlace, NameCheck,
    NameState, NewDeletion, NewFolder, NewItem, NewTransfer, Pause, Preset, Progress, ProxySource,
    ProxyUse, Reply, Secret, SetUp, SignInState, SignInView, SignInWay, TaskDetail, TaskDifference,
    TaskDifferences, TaskEvent, TaskFile, TaskFiles, TaskSkips, TaskView, Token, Verdict,
};
use outport_types::{
    Arg, Code, Differences, Fact, FactCode, FilterKind, Finding, Problem, Tally, TaskId, TaskKind,
    TaskStatus,
};

use super::{
    data::{self, HERE, HUB},
    world::World,
};
use crate::clock::local_now;

pub(super) fn answer(world: &mut World, command: Command) -> Result<Reply, Problem> {
    match command {
        Command::Pause { .. }
        | Command::Resume
        | Command::Stop
        | Command::FoldersList
        | Command::FoldersAdd(_)
        | Command::FoldersRemove { .. }
        | Command::FoldersTest { .. }
        | Command::Doctor
        | Command::DoctorTo { .. }
        | Command::SaveSettings(_)
        | Command::SaveLimits(_)
        | Command::Limits
        | Command::Proxy
        | Command::SaveProxy(_)
        | Command::ClearProxy
        | Command::Diagnostics
        | Command::Preset => computer(world, command),
        Command::Setup { .. }
        | Command::MoveKey { .. }
        | Command::SignIn(_)
        | Command::SignOut
        | Command::Account
        | Command::Token { .. }
        | Command::CheckHub { .. }
        | Command::BeginSignIn { .. }
        | Command::CancelSignIn
        | Command::CheckName { .. }
        | Command::Register(_)
        | Command::RenameComputer { .. }
        | Command::RemoveComputer { .. } => identity(world, command),
        Command::Collections(_)
        | Command::Collection { .. }
        | Command::List(_)
        | Command::Stat { .. }
        | Command::MakeFolder { .. }
        | Command::RenameFile(_) => files(world, command),
        Command::Transfer(_)
        | Command::Delete(_)
        | Command::Tasks(_)
        | Command::Task { .. }
        | Command::TaskFiles { .. }
        | Command::TaskSkips { .. }
        | Command::TaskDifferences { .. }
        | Command::CancelTask { .. }
        | Command::RetryTask { .. }
        | Command::UpdateTask(_) => tasks(world, command),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "`answer` sorted the commands")]
fn computer(world: &mut World, command: Command) -> Result<Reply, Problem> {
    Ok(match command {
        Command::Pause { until } => {
            world.shown.paused = Some(Pause { since: local_now(), until });
            world.happened(None, Happening::Paused, "paused by the owner");
            Reply::Done
        }
        Command::Resume => {
            world.shown.paused = None;
            world.shown.held = None;
            world.happened(None, Happening::Resumed, "resumed by the owner");
            Reply::Done
        }
        Command::FoldersAdd(folder) => {
            add_folder(world, folder)?;
            Reply::Folders(world.shown.folders.clone())
        }
        Command::FoldersRemove { path } => {
            world.shown.folders.retain(|folder| folder.path != path);
            Reply::Folders(world.shown.folders.clone())
        }
        Command::FoldersList => Reply::Folders(world.shown.folders.clone()),
        Command::FoldersTest { path } => Reply::FolderTest(test(world, path)),
        Command::Doctor => Reply::Doctor(doctor()),
        Command::DoctorTo { peer } => Reply::Doctor(doctor_to(&peer)),
        Command::SaveSettings(settings) => {
            world.shown.settings = settings;
            Reply::Settings(settings)
        }
        Command::SaveLimits(limits) => {
            // A demonstration has no clock: what is set for all times is in force.
            let shown = &mut world.shown.limits;
            (shown.upload, shown.download) = (limits.upload, limits.download);
            shown.set = limits.clone();
            Reply::Limits(limits)
        }
        Command::Limits => Reply::Limits(world.shown.limits.set.clone()),
        Command::Proxy => Reply::Proxy(world.proxy.clone()),
        Command::ClearProxy => {
            world.proxy = data::no_proxy();
            world.shown.proxy = None;
            Reply::Proxy(world.proxy.clone())
        }
        Command::SaveProxy(wish) => {
            let is_address = !matches!(wish.proxy.as_str(), "system" | "none");
            world.proxy.login = wish.user.clone().map(|user| KeptLogin {
                proxy: wish.proxy.clone(),
                user,
                place: KeyPlace::Keyring,
            });
            world.shown.proxy = is_address.then(|| ProxyUse {
                address: wish.proxy.clone(),
                user: wish.user,
                source: ProxySource::Config,
            });
            world.proxy.set = wish.proxy;
            world.proxy.used = world.shown.proxy.clone();
            Reply::Proxy(world.proxy.clone())
        }
        Command::Diagnostics => Reply::Diagnostics(Diagnostics {
            name: "outport-diagnostics-demo.txt".to_owned(),
            text: format!("Outport, demonstration\n\n## Log\n\n{}\n", data::log().join("\n")),
        }),
        Command::Preset => Reply::Preset(Preset::default()),
        _ => Reply::Done,
    })
}

fn add_folder(world: &mut World, folder: NewFolder) -> Result<(), Problem> {
    let is_home = folder.path.trim_end_matches('/') == "/home/smith";
    if is_home && !folder.confirmed {
        let args = [
            ("path", folder.path.as_str().into()),
            ("what", "your whole home".into()),
            ("kind", "home".into()),
        ];
        return Err(Problem::new(Code::FolderNeedsConfirm, args));
    }
    let added = Folder {
        collection_path: folder.path.parse().unwrap_or_default(),
        path: folder.path,
        access: folder.access,
        shareable: folder.shareable,
        local_only: folder.local_only,
        deny: folder.deny,
        status: FolderStatus::Available,
    };
    let folders = &mut world.shown.folders;
    match folders.iter_mut().find(|folder| folder.path == added.path) {
        Some(folder) => *folder = added,
        None => folders.push(added),
    }
    Ok(())
}

fn test(world: &World, path: String) -> FolderTest {
    let inside = |root: &str| path == root || path.starts_with(&format!("{root}/"));
    let folder = world.shown.folders.iter().find(|folder| inside(&folder.path));
    let denied = folder.and_then(|folder| folder.deny.iter().find(|deny| inside(deny)));
    let decision = match (folder, denied) {
        (Some(_), Some(_)) => FolderDecision::Denied,
        (Some(folder), None) if folder.access.can_write() => FolderDecision::ReadWrite,
        (Some(_), None) => FolderDecision::ReadOnly,
        (None, _) => FolderDecision::NotShared,
    };
    FolderTest {
        resolved: Some(path.clone()),
        decision,
        shareable: folder.is_some_and(|folder| folder.shareable) && denied.is_none(),
        local_only: folder.is_some_and(|folder| folder.local_only) && denied.is_none(),
        rule: denied.or(folder.map(|folder| &folder.path)).cloned(),
        path,
    }
}

fn doctor_to(peer: &str) -> DoctorReport {
    let found = |name: &str, title: &str, verdict, fact: Fact| Check {
        name: name.to_owned(),
        title: title.to_owned(),
        verdict,
        text: fact.message.clone(),
        fact: Some(fact),
        problem: None,
    };
    let peer = || ("peer", Arg::from(peer));
    let local = Fact::new(FactCode::RouteSilent, [("place", "10.20.0.7:40117".into())]);
    let seen = [("place", "198.51.100.20:40117".into()), ("ms", 12.into())];
    let speed = [("up", "88".into()), ("down", "190".into())];
    let title = "The address at which the hub sees it";
    DoctorReport {
        summary: vec![Fact::new(FactCode::PeerStraight, [peer(), ("ms", 12.into())])],
        checks: vec![
            found(
                "peer",
                "The other computer",
                Verdict::Ok,
                Fact::new(FactCode::PeerThere, [peer()]),
            ),
            found("route-local", "An address of its own", Verdict::Skipped, local),
            found("route-observed", title, Verdict::Ok, Fact::new(FactCode::RouteOpen, seen)),
            found(
                "peer-speed",
                "Speed to the other computer",
                Verdict::Ok,
                Fact::new(FactCode::PeerSpeed, speed),
            ),
        ],
    }
}

fn doctor() -> DoctorReport {
    let check = |name: &str, title: &str, verdict, fact: Fact| Check {
        name: name.to_owned(),
        title: title.to_owned(),
        verdict,
        text: fact.message.clone(),
        fact: Some(fact),
        problem: None,
    };
    let ok = |name: &str, title: &str, code, args: &[(&str, Arg)]| {
        let args = args.iter().map(|(name, arg)| ((*name).to_owned(), arg.clone())).collect();
        check(name, title, Verdict::Ok, Fact::with_args(code, args))
    };
    let hub = || ("hub", "https://hub.alliance.example".into());
    let missing = Problem::new(Code::FolderMissing, [("path", "/media/field-drive".into())]);
    let issuer = [("issuer", "Example Trust CA 3 (Example Trust)".into())];
    let seen = "192.0.2.17:40117";
    DoctorReport {
        summary: vec![Fact::new(FactCode::FailsFolders, [])],
        checks: vec![
            ok("config", "Config file", FactCode::ConfigRead, &[]),
            ok("setup", "Set-up and key", FactCode::SetUp, &[("name", "WorkPC".into()), hub()]),
            ok("proxy", "Proxy", FactCode::StraightWay, &[]),
            ok("tcp", "Connection to the hub", FactCode::Connected, &[("ms", 14.into())]),
            ok("tls", "Encryption and certificate", FactCode::CertificatePublic, &issuer),
            ok("clock", "Clock", FactCode::ClockRight, &[("seconds", 0.into())]),
            ok("sign-in", "Sign-in", FactCode::SignedIn, &[hub()]),
            ok("channel", "Control channel", FactCode::KeysProved, &[]),
            ok(
                "udp",
                "UDP",
                FactCode::UdpOpen,
                &[("family", "IPv4".into()), ("address", seen.into()), ("ms", 15.into())],
            ),
            ok(
                "nat",
                "Translation of addresses",
                FactCode::NatKeepsPort,
                &[("family", "IPv4".into()), ("address", seen.into())],
            ),
            ok("packets", "Size of packets", FactCode::PacketsWhole, &[("bytes", 1_500.into())]),
            ok("tunnel", "Way through the hub", FactCode::TunnelSpare, &[]),
            ok(
                "speed",
                "Speed through the hub",
                FactCode::Speed,
                &[("up", "94".into()), ("down", "212".into())],
            ),
            Check {
                fact: None,
                problem: Some(missing.clone()),
                text: missing.message,
                name: "folders".to_owned(),
                title: "Folders".to_owned(),
                verdict: Verdict::Failed,
            },
        ],
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "`answer` sorted the commands")]
fn identity(world: &mut World, command: Command) -> Result<Reply, Problem> {
    Ok(match command {
        Command::SignIn(sign_in) => {
            world.shown.account = Some(sign_in.account);
            Reply::Done
        }
        Command::SignOut => {
            world.shown.account = None;
            Reply::Done
        }
        Command::Account => Reply::Account(world.shown.account.clone()),
        Command::Token { .. } => Reply::Token(Token {
            hub: HUB.to_owned(),
            access_token: Secret::new("demo"),
            expires: local_now().plus_seconds(3600),
        }),
        Command::CheckHub { address } => Reply::Hub(check_hub(&address)?),
        Command::BeginSignIn { hub, way } => {
            let view = sign_in(hub, way);
            world.shown.sign_in = Some(view.clone());
            Reply::SignIn(view)
        }
        Command::CancelSignIn => {
            world.shown.sign_in = None;
            Reply::Done
        }
        Command::CheckName { name } => Reply::NameCheck(check_name(world, name)),
        Command::Register(computer) => {
            world.shown.endpoint = Some(data::endpoint(&computer.name));
            world.shown.connected_since = Some(local_now());
            Reply::SetUp(set_up(&computer.name, computer.place))
        }
        Command::Setup { place, .. } => {
            world.shown.endpoint = Some(data::endpoint("WorkPC"));
            Reply::SetUp(set_up("WorkPC", place))
        }
        Command::MoveKey { .. } => Reply::Done,
        Command::RenameComputer { name } => {
            world.shown.endpoint = Some(data::endpoint(&name));
            Reply::Done
        }
        Command::RemoveComputer { .. } => {
            if let Some(gone) = world.shown.endpoint.take() {
                let text = format!("no longer {}", gone.name);
                world.happened(None, Happening::Removed { name: gone.name }, &text);
            }
            world.shown.connected_since = None;
            Reply::Done
        }
        _ => Reply::Done,
    })
}

fn check_hub(address: &str) -> Result<HubFacts, Problem> {
    if !address.contains('.') && !address.contains("localhost") {
        let args = [
            ("address", address.into()),
            ("reason", "write it like https://hub.example.org".into()),
        ];
        return Err(Problem::new(Code::BadHubAddress, args));
    }
    Ok(HubFacts {
        url: HUB.to_owned(),
        name: "Alliance research data".to_owned(),
        software: concat!("outport ", env!("CARGO_PKG_VERSION")).to_owned(),
        fingerprint: data::FINGERPRINT.to_owned(),
        clock_off_seconds: 0,
    })
}

fn sign_in(hub: String, way: SignInWay) -> SignInView {
    SignInView {
        hub,
        way,
        state: SignInState::Waiting,
        url: format!("{HUB}/device"),
        code: match way {
            SignInWay::Browser => None,
            SignInWay::Code => Some("KTRW-8F3M".to_owned()),
        },
        expires: local_now().plus_seconds(900),
        problem: None,
    }
}

fn check_name(world: &World, name: String) -> NameCheck {
    let full_name = format!("smith#{name}");
    let own = world.shown.endpoint.as_ref().is_some_and(|own| own.name == full_name);
    let taken = world.collections.iter().any(|other| other.id != HERE && other.name == full_name);
    let (state, problem) = match name.parse::<outport_types::EndpointName>() {
        Err(error) => {
            let args = [("name", name.as_str().into()), ("reason", error.to_string().into())];
            (NameState::Invalid, Some(Problem::new(Code::BadEndpointName, args)))
        }
        Ok(_) if own => (NameState::ThisComputer, None),
        Ok(_) if taken => {
            let args = [("endpoint", full_name.as_str().into())];
            (NameState::YoursInUse, Some(Problem::new(Code::NameTaken, args)))
        }
        Ok(_) => (NameState::Free, None),
    };
    NameCheck { name, full_name, state, problem }
}

fn set_up(name: &str, place: KeyPlace) -> SetUp {
    SetUp {
        endpoint: HERE,
        name: format!("smith#{name}"),
        hub: HUB.to_owned(),
        fingerprint: data::FINGERPRINT.to_owned(),
        place,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "`answer` sorted the commands")]
fn files(world: &mut World, command: Command) -> Result<Reply, Problem> {
    Ok(match command {
        Command::Collections(query) => {
            let text = query.text.unwrap_or_default().to_lowercase();
            let fits = |found: &&Collection| match query.scope {
                CollectionScope::Mine => found.is_mine,
                CollectionScope::Recent => found.online != Some(false),
                CollectionScope::Shared => !found.is_mine,
                CollectionScope::All => !text.is_empty(),
            };
            let named = |found: &&Collection| {
                let about = format!("{} {:?}", found.name, found.description);
                about.to_lowercase().contains(&text)
            };
            let found = world.collections.iter().filter(fits).filter(named);
            Reply::Collections(found.take(query.limit as usize).cloned().collect())
        }
        Command::Collection { name } => {
            let wanted = name.to_lowercase();
            let fits = |found: &&Collection| {
                let own = found.display_name.as_deref().unwrap_or_default().to_lowercase();
                found.name.to_lowercase() == wanted
                    || own == wanted
                    || found.id.to_string() == wanted
            };
            let found = world.collections.iter().find(fits).cloned();
            let args = [("endpoint", name.into())];
            Reply::Collection(found.ok_or_else(|| Problem::new(Code::EndpointNotFound, args))?)
        }
        Command::List(query) => {
            world.reachable(query.collection)?;
            Reply::Listing(world.files.list(&query)?)
        }
        Command::Stat { collection, path } => {
            world.reachable(collection)?;
            Reply::Entry(world.files.stat(collection, &path)?)
        }
        Command::MakeFolder { collection, path } => {
            world.reachable(collection)?;
            let path = format!("{}/", path.trim_end_matches('/'));
            world.files.put(collection, &path, 0, local_now());
            Reply::Done
        }
        Command::RenameFile(rename) => {
            world.reachable(rename.collection)?;
            world.files.rename(rename.collection, &rename.old_path, &rename.new_path)?;
            Reply::Done
        }
        _ => Reply::Done,
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "`answer` sorted the commands")]
fn tasks(world: &mut World, command: Command) -> Result<Reply, Problem> {
    Ok(match command {
        Command::Transfer(asked) => Reply::Submitted(transfer(world, asked)),
        Command::Delete(asked) => Reply::Submitted(delete(world, &asked)),
        Command::Tasks(query) => {
            let label = query.label.unwrap_or_default().replace('*', "").to_lowercase();
            let found = world.tasks.iter().filter(|task| {
                query.status.is_none_or(|status| status == task.status)
                    && query.kind.is_none_or(|kind| kind == task.kind)
                    && task.label.clone().unwrap_or_default().to_lowercase().contains(&label)
            });
            Reply::Tasks(found.take(query.limit as usize).cloned().collect())
        }
        Command::Task { task } => {
            let task = world.task(task)?.clone();
            Reply::Task(Box::new(detail(task)))
        }
        Command::TaskFiles { task, .. } => {
            let view = world.task(task)?;
            let files = (1..=view.progress.files_done.min(8)).map(|n| TaskFile {
                source_path: format!("/home/smith/Data/cohorts/045/raw/S{n:02}_R1.fastq.gz"),
                destination_path: format!("/projects/cohorts/045/raw/S{n:02}_R1.fastq.gz"),
                size: Some(5_412_880_113 - n * 77_123),
                checksum: Some(format!("{:064x}", n * 0x9e37_79b9_7f4a_7c15)),
                algorithm: Some("BLAKE3".to_owned()),
                local_path: None,
            });
            Reply::TaskFiles(TaskFiles { files: files.collect(), next: None })
        }
        Command::TaskSkips { task, .. } => {
            world.task(task)?;
            Reply::TaskSkips(TaskSkips { entries: Vec::new(), next: None })
        }
        Command::TaskDifferences { task, .. } => {
            Reply::TaskDifferences(differences(world.task(task)?))
        }
        Command::CancelTask { task } => {
            let view = world.task(task)?;
            if view.status == TaskStatus::Active {
                view.status = TaskStatus::Failed;
                view.completed = Some(local_now());
                view.waiting = None;
                view.failure = Some(Failure {
                    code: "CANCELED".to_owned(),
                    text: "The task was cancelled by smith@alliance.example.".to_owned(),
                });
            }
            Reply::Done
        }
        Command::RetryTask { task } => Reply::Submitted(retry(world, task)?),
        Command::UpdateTask(change) => {
            let view = world.task(change.task)?;
            if let Some(label) = change.label {
                view.label = Some(label).filter(|label| !label.is_empty());
            }
            view.deadline = change.deadline.or(view.deadline);
            Reply::Done
        }
        _ => Reply::Done,
    })
}

fn retry(world: &mut World, task: TaskId) -> Result<TaskId, Problem> {
    let old = world.task(task)?.clone();
    let destination = old.destination.as_ref().map(|place| place.id);
    let fresh = data::task(old.source.id, destination, local_now());
    let progress = Progress {
        files_done: 0,
        bytes_done: 0,
        bytes_settled: 0,
        files_found: old.progress.files_found.max(12),
        bytes_found: old.progress.bytes_found.max(900_000_000),
        ..old.progress
    };
    Ok(world.add(TaskView { label: old.label, progress, kind: old.kind, ..fresh }))
}

fn differences(task: &TaskView) -> TaskDifferences {
    let found = task.differences.unwrap_or_default();
    let entries = (0..found.new.files.min(DIFFERENCES_SHOWN)).map(|n| TaskDifference {
        finding: Finding::New,
        kind: FilterKind::File,
        source_path: format!("/home/smith/Data/cohorts/045/raw/S{n:02}_R1.fastq.gz"),
        destination_path: format!("/projects/cohorts/045/raw/S{n:02}_R1.fastq.gz"),
        source_size: Some(5_412_880_113 - n * 77_123),
        destination_size: None,
    });
    TaskDifferences { entries: entries.collect(), next: None }
}

/// A preview is over at once: all that is sent is new there.
fn preview(world: &mut World, asked: NewTransfer) -> TaskId {
    let below = |item: &NewItem| world.files.below(asked.source, &item.source_path);
    let (files, bytes) =
        asked.items.iter().map(below).fold((0, 0), |all, found| (all.0 + found.0, all.1 + found.1));
    let new = Tally { files, directories: 0, bytes };
    world.add(TaskView {
        label: asked.label,
        status: TaskStatus::Succeeded,
        completed: Some(local_now()),
        progress: Progress {
            files_found: files,
            files_done: files,
            bytes_found: bytes,
            scan_done: true,
            ..Progress::default()
        },
        differences: Some(Differences { new, ..Differences::default() }),
        options: Some(asked.options),
        ..data::task(asked.source, Some(asked.destination), local_now())
    })
}

fn transfer(world: &mut World, asked: NewTransfer) -> TaskId {
    if asked.options.only_looks() {
        return preview(world, asked);
    }
    let mut found = (0, 0);
    for item in &asked.items {
        let (files, bytes) = world.files.below(asked.source, &item.source_path);
        found = (found.0 + files, found.1 + bytes);
        let now = local_now();
        world.files.put(asked.destination, &item.destination_path, bytes, now);
    }
    let progress = Progress {
        files_found: found.0.max(1),
        bytes_found: found.1.max(1_000_000),
        scan_done: true,
        rate: 60_000_000,
        ..Progress::default()
    };
    world.add(TaskView {
        label: asked.label,
        progress,
        deadline: asked.deadline,
        options: Some(asked.options),
        ..data::task(asked.source, Some(asked.destination), local_now())
    })
}

fn delete(world: &mut World, asked: &NewDeletion) -> TaskId {
    let now = local_now();
    for path in &asked.paths {
        world.files.remove(asked.collection, path);
    }
    world.add(TaskView {
        kind: TaskKind::Delete,
        status: TaskStatus::Succeeded,
        completed: Some(now),
        label: asked.label.clone(),
        progress: Progress {
            files_found: asked.paths.len() as u64,
            files_done: asked.paths.len() as u64,
            scan_done: true,
            ..Progress::default()
        },
        ..data::task(asked.collection, None, now)
    })
}

fn detail(task: TaskView) -> TaskDetail {
    let event = |code: &str, seconds: i64, is_error, text: &str| TaskEvent {
        code: code.to_owned(),
        time: task.requested.plus_seconds(seconds),
        is_error,
        text: text.to_owned(),
        details: String::new(),
    };
    let mut events = vec![event("STARTED", 2, false, "started")];
    if 0 < task.faults {
        events.push(event("CONNECTION_BROKEN", 95, true, "the connection broke; trying again"));
        events.push(event("STARTED", 99, false, "started"));
    }
    events.push(event("PROGRESS", 120, false, "progress"));
    match task.status {
        TaskStatus::Active => {}
        TaskStatus::Succeeded => events.push(event("SUCCEEDED", 360, false, "succeeded")),
        TaskStatus::Failed => events.push(event("FAILED", 300, true, "failed")),
    }
    events.reverse();
    let pauses = task.waiting.as_ref().and_then(|waiting| waiting.text.clone());
    let comes_here = task.destination.as_ref().is_some_and(|place| place.id == HERE);
    let local_path = comes_here.then(|| "/home/smith/Data/cohorts/045".to_owned());
    TaskDetail { events, pauses: pauses.into_iter().collect(), local_path, task }
}

/// Lines that a preview of the demonstration lists.
const DIFFERENCES_SHOWN: u64 = 500;
