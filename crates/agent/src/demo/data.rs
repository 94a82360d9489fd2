//! What there is at the beginning: people, computers, folders, tasks and an hour of speed.

use outport_control::{
    Account, Collection, CollectionKind, EndpointFacts, Event, Failure, Folder, FolderStatus,
    Happening, Here, Place, Progress, ProxyView, SpeedPoint, TaskView, Waiting,
};
use outport_types::{
    Access, EndpointId, Line, Route, SyncLevel, TaskId, TaskKind, TaskStatus, TransferOptions,
    UnixTime,
};

pub(super) const HERE: EndpointId = EndpointId::from_bytes([0xa1; 16]);
pub(super) const CLUSTER: EndpointId = EndpointId::from_bytes([0xb2; 16]);
pub(super) const MICROSCOPE: EndpointId = EndpointId::from_bytes([0xc3; 16]);
pub(super) const ARCHIVE: EndpointId = EndpointId::from_bytes([0xd4; 16]);
pub(super) const SHARED: EndpointId = EndpointId::from_bytes([0xe5; 16]);
pub(super) const HUB: &str = "https://hub.alliance.example";

pub(super) fn account() -> Account {
    Account {
        hub: HUB.to_owned(),
        handle: "smith".to_owned(),
        username: "smith@alliance.example".to_owned(),
    }
}

pub(super) fn no_proxy() -> ProxyView {
    ProxyView { set: "system".to_owned(), login: None, used: None, problem: None }
}

pub(super) fn endpoint(name: &str) -> EndpointFacts {
    EndpointFacts {
        id: HERE,
        name: format!("smith#{name}"),
        owner: "smith@alliance.example".to_owned(),
        hub: HUB.to_owned(),
        fingerprint: FINGERPRINT.to_owned(),
    }
}

pub(super) const FINGERPRINT: &str = "7f3a 91c2 0be4 d85f 22a7 6c19 e3b0 48d1";

pub(super) fn collections(now: UnixTime) -> Vec<Collection> {
    let computer = |id, name: &str, owner: &str, description: &str| Collection {
        id,
        name: name.to_owned(),
        display_name: name.split('#').nth(1).map(str::to_owned),
        owner: format!("{owner}@alliance.example"),
        kind: CollectionKind::Computer,
        description: Some(description.to_owned()).filter(|text| !text.is_empty()),
        online: Some(true),
        paused: Some(false),
        paused_until: None,
        is_this_computer: id == HERE,
        is_mine: owner == "smith",
        system: Some("linux".to_owned()),
        last_seen: Some(now),
        default_directory: None,
    };
    vec![
        computer(HERE, "smith#WorkPC", "smith", ""),
        computer(CLUSTER, "alliance#rorqual", "alliance", "National cluster, project space"),
        Collection {
            paused: Some(true),
            system: Some("windows".to_owned()),
            ..computer(MICROSCOPE, "lab#Scope2", "lab", "Confocal microscope, basement")
        },
        Collection {
            online: Some(false),
            last_seen: Some(now.plus_seconds(-3 * 86_400)),
            ..computer(ARCHIVE, "smith#Archive", "smith", "Box under the desk")
        },
        Collection {
            kind: CollectionKind::Guest,
            name: "Reference genomes".to_owned(),
            display_name: Some("Reference genomes".to_owned()),
            online: None,
            paused: None,
            ..computer(SHARED, "lab#genomes", "lab", "Shared with the Osei group, read only")
        },
    ]
}

pub(super) fn folders() -> Vec<Folder> {
    let folder = |path: &str, access, shareable, status| Folder {
        path: path.to_owned(),
        collection_path: path.parse().unwrap_or_default(),
        access,
        shareable,
        local_only: false,
        deny: Vec::new(),
        status,
    };
    vec![
        Folder {
            local_only: true,
            deny: vec!["/home/smith/Data/cohorts/consent".to_owned()],
            ..folder("/home/smith/Data/cohorts", Access::ReadWrite, true, FolderStatus::Available)
        },
        folder("/home/smith/Papers/figures", Access::ReadOnly, false, FolderStatus::Available),
        folder("/media/field-drive", Access::ReadOnly, false, FolderStatus::Missing),
    ]
}

pub(super) fn tasks(now: UnixTime) -> Vec<TaskView> {
    let ago = |minutes: i64| now.plus_seconds(-60 * minutes);
    vec![
        TaskView {
            label: Some("Cohort 045, raw reads".to_owned()),
            progress: progress(1_911, 105_000_000_000, 68),
            route: Some(Route::Direct),
            line: Some(Line { rtt_us: 24_000, lost_ppm: Some(120), connections: 1 }),
            ..task(HERE, Some(CLUSTER), ago(41))
        },
        TaskView {
            label: Some("Reference genomes, release 42".to_owned()),
            progress: progress(36, 12_400_000_000, 23),
            route: Some(Route::Lan),
            line: Some(Line { rtt_us: 310, lost_ppm: Some(0), connections: 1 }),
            ..task(SHARED, Some(HERE), ago(4))
        },
        TaskView {
            label: Some("Microscope, 20 November".to_owned()),
            waiting: Some(Waiting {
                code: "GC_PAUSED".to_owned(),
                text: Some("lab#Scope2 is paused by its owner.".to_owned()),
            }),
            progress: Progress { rate: 0, eta_seconds: None, ..progress(420, 10_000_000_000, 31) },
            faults: 2,
            ..task(MICROSCOPE, Some(HERE), ago(125))
        },
        TaskView {
            status: TaskStatus::Succeeded,
            label: Some("Figures for the review".to_owned()),
            completed: Some(ago(17)),
            progress: progress(58, 3_200_000_000, 100),
            options: Some(TransferOptions {
                sync_level: Some(SyncLevel::Checksum),
                ..TransferOptions::default()
            }),
            ..task(HERE, Some(CLUSTER), ago(23))
        },
        TaskView {
            status: TaskStatus::Failed,
            label: Some("Old runs to the archive".to_owned()),
            completed: Some(ago(180)),
            failure: Some(Failure {
                code: "PERMISSION_DENIED".to_owned(),
                text: "/srv/runs is in a read-only folder of smith#Archive. Its owner can allow \
                       writing with `outport folders add --read-write`."
                    .to_owned(),
            }),
            progress: Progress::default(),
            ..task(HERE, Some(ARCHIVE), ago(185))
        },
        TaskView {
            kind: TaskKind::Delete,
            status: TaskStatus::Succeeded,
            label: None,
            destination: None,
            here: None,
            completed: Some(ago(1_500)),
            progress: progress(211, 0, 100),
            differences: None,
            can_retry: false,
            ..task(CLUSTER, None, ago(1_501))
        },
    ]
}

/// A task that has just been asked for.
pub(super) fn task(
    source: EndpointId,
    destination: Option<EndpointId>,
    requested: UnixTime,
) -> TaskView {
    TaskView {
        id: TaskId::random(),
        kind: TaskKind::Transfer,
        status: TaskStatus::Active,
        label: None,
        source: place(source),
        destination: destination.map(place),
        here: match (source == HERE, destination == Some(HERE)) {
            (true, true) => Some(Here::Both),
            (true, false) => Some(Here::Source),
            (false, true) => Some(Here::Destination),
            (false, false) => None,
        },
        requested,
        completed: None,
        deadline: None,
        waiting: None,
        failure: None,
        progress: Progress::default(),
        route: None,
        line: None,
        faults: 0,
        options: destination
            .map(|_| TransferOptions { preserve_times: true, ..TransferOptions::default() }),
        differences: None,
        can_retry: true,
    }
}

pub(super) fn place(id: EndpointId) -> Place {
    let found = collections(UnixTime::default()).into_iter().find(|found| found.id == id);
    Place { id, name: found.map_or_else(|| id.to_string(), |found| found.name) }
}

pub(super) fn progress(files: u64, bytes: u64, percent: u64) -> Progress {
    Progress {
        files_found: files,
        bytes_found: bytes,
        scan_done: true,
        files_done: files * percent / 100,
        bytes_done: bytes / 100 * percent,
        bytes_settled: bytes / 100 * percent,
        skipped: 0,
        rate: 94_000_000,
        eta_seconds: None,
    }
}

pub(super) fn events(now: UnixTime) -> Vec<Event> {
    let event = |minutes: i64, what, text: &str| Event {
        time: now.plus_seconds(-60 * minutes),
        task: None,
        what,
        text: text.to_owned(),
        problem: None,
    };
    let peer = || Some("alliance#rorqual".to_owned());
    let sending = outport_control::Direction::Sending;
    vec![
        event(52, Happening::NetworkChanged, "the network changed"),
        event(
            41,
            Happening::SessionBegan { direction: sending, peer: peer() },
            "sending to alliance#rorqual",
        ),
        event(
            40,
            Happening::SessionRoute { route: Route::Direct, peer: peer() },
            "connected with alliance#rorqual: direct",
        ),
        event(17, Happening::SessionFinished { direction: sending, peer: peer() }, "finished"),
        event(5, Happening::ConfigRead, "the config was read"),
    ]
}

/// An hour of a line that rises, falls and rises again.
pub(super) fn speed(now: UnixTime) -> Vec<SpeedPoint> {
    let step = SpeedPoint::SECONDS as i64;
    let line = |n: i64| {
        let wave = ((n as f64) / 17.0).sin() + 0.4 * ((n as f64) / 5.0).cos();
        (62.0 + 34.0 * wave).max(0.0) * 1_000_000.0
    };
    (0..220)
        .filter(|n| !(120..138).contains(n)) // nothing moved for a while
        .map(|n| SpeedPoint {
            time: now.plus_seconds((n - 220) * step),
            sent: line(n) as u64,
            received: (line(n + 40) / 5.0) as u64,
        })
        .collect()
}

pub(super) fn log() -> Vec<String> {
    [
        "INFO the agent starts profile=default",
        "INFO the hub let this computer in",
        "INFO a session begins direction=Sending",
        "INFO the network of this computer changed",
        "WARN the channel to the hub broke; dialling again",
        "INFO the hub let this computer in",
        "INFO a session is over outcome=finished",
    ]
    .map(|line| format!("2026-01-31T12:00:00Z {line}"))
    .into()
}
