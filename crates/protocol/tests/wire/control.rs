//! Messages between an agent and its hub.

use outport_protocol::{
    control::{
        AgentMessage, AgentStatus, CONTROL_VERSION, Candidate, CandidateKind, Clause, FileEntry,
        FileKind, Filter, FrameDecoder, Hello, HubMessage, ListQuery, Listing, ListingOrder,
        Operation, OrderField, Outcome, Pattern, Paused, Peer, Probe, RelayOffer, RevokeReason,
        SessionState, Start, Welcome, encode_frame,
    },
    orders::{Orders, TransferItem, TransferOrders, Work},
    relay::{RelayPass, RelayToken},
    report::{Counts, Difference, Finished, Happening, Report, Skipped, Transferred},
    secret::SecretKey,
    statement::{SignedStatement, Statement},
    ticket::{Grant, Party, Role, SignedTicket, Ticket},
};
use outport_types::{
    Digest, EndpointId, EventCode, Finding, Line, RequestId, Route, SessionId, SyncLevel, TaskId,
    TicketId, TransferOptions, UnixTime,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{complete, name, path, pinned, problem};

#[test]
fn every_message_of_an_agent_keeps_its_bytes() {
    let messages = agent_messages();
    complete(messages.iter().map(agent_kind), 11);
    let forms: Vec<_> =
        messages.iter().map(|message| (agent_kind(message), form(message))).collect();
    pinned("agent_messages", &forms);
}

#[test]
fn every_message_of_a_hub_keeps_its_bytes() {
    let messages = hub_messages();
    complete(messages.iter().map(hub_kind), 14);
    let forms: Vec<_> = messages.iter().map(|message| (hub_kind(message), form(message))).collect();
    pinned("hub_messages", &forms);
}

/// The frame without its length; reading it again gives the same message.
fn form<M: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(message: &M) -> String {
    let frame = encode_frame(message).expect("it is short");
    let mut decoder = FrameDecoder::default();
    decoder.push(&frame);
    assert_eq!(decoder.poll::<M>().expect("our own frame").as_ref(), Some(message));
    assert_eq!(frame[..4], (frame.len() as u32 - 4).to_be_bytes());
    String::from_utf8(frame[4..].to_vec()).expect("JSON")
}

fn agent_messages() -> Vec<AgentMessage> {
    let status = AgentStatus {
        paused: Some(Paused { until: Some(UnixTime::from_seconds(60)) }),
        default_directory: Some(path("/home/smith")),
        probes: true,
    };
    let states = [
        SessionState::Connected { route: Route::Lan },
        SessionState::Refused { problem: problem(), retry: false },
        SessionState::Broken { problem: problem(), retry: true },
        SessionState::Stopped,
        SessionState::Done,
    ];
    let outcomes = [
        Outcome::Listing(Listing { path: path("/data"), entries: vec![file()], total: 1 }),
        Outcome::File(file()),
        Outcome::Done,
        Outcome::Failed(problem()),
    ];
    let mut messages = vec![
        AgentMessage::Hello(Hello {
            versions: (CONTROL_VERSION, CONTROL_VERSION),
            software: "outport 0.1.0".into(),
            system: "linux".into(),
            status: status.clone(),
            outstanding: vec![TASK],
            sessions: vec![SESSION],
        }),
        AgentMessage::Status(status),
        AgentMessage::Candidates { session: SESSION, candidates: candidates() },
        AgentMessage::Reports { task: TASK, first: 7, reports: reports() },
        AgentMessage::Progress { task: TASK, session: SESSION, counts: counts(), rate: 1_000_000 },
        AgentMessage::Line { task: TASK, session: SESSION, line: LINE },
    ];
    let session = |state| AgentMessage::Session { session: SESSION, state };
    let answer = |outcome| AgentMessage::Answer { request: REQUEST, outcome };
    messages.extend(states.into_iter().map(session));
    messages.extend(outcomes.into_iter().map(answer));
    messages.push(AgentMessage::Probe { request: REQUEST, peer: "smith#Cluster".into() });
    messages.extend([AgentMessage::Pong, AgentMessage::Goodbye]);
    messages
}

fn hub_messages() -> Vec<HubMessage> {
    let operations = [
        Operation::List(query()),
        Operation::Stat { path: path("/data/a") },
        Operation::Mkdir { path: path("/data/new") },
        Operation::Rename { from: path("/data/a"), to: path("/data/b") },
    ];
    let reasons = [
        RevokeReason::TaskOver,
        RevokeReason::Rights,
        RevokeReason::PeerAway,
        RevokeReason::Replaced,
        RevokeReason::Shutdown,
    ];
    let at = UnixTime::from_seconds(1_769_860_800);
    let mut messages = vec![
        HubMessage::Welcome(Welcome {
            version: CONTROL_VERSION,
            hub_time: at,
            endpoint: EndpointId::from_bytes([4; 16]),
            name: "smith#WorkPC".parse().expect("a name"),
            owner: "smith@example.org".into(),
            udp: Some("hub.example.org:443".into()),
            silence_seconds_max: 45,
            probes: true,
        }),
        HubMessage::Refused { problem: problem(), retry_after_seconds: Some(30) },
        HubMessage::Start(Box::new(start())),
        HubMessage::PeerCandidates { session: SESSION, candidates: candidates() },
        HubMessage::Renew { session: SESSION, expires: at },
        HubMessage::TaskOver { task: TASK },
        HubMessage::ReportAck { task: TASK, last: 9 },
        HubMessage::Ping { hub_time: at },
        HubMessage::Statement { statement: SignedStatement::sign(&statement(), &key(1)) },
        HubMessage::Renamed { name: "smith#Desk".parse().expect("a name") },
        HubMessage::ProbeRefused { request: REQUEST, problem: problem() },
    ];
    let probe = |asked| {
        let Start { session, peer, relays, .. } = start();
        let peer = peer.expect("it is between two");
        HubMessage::Probe(Box::new(Probe { session, asked, peer, relays }))
    };
    messages.extend([Some(REQUEST), None].map(probe));
    let revoke = |reason| HubMessage::Revoke { session: SESSION, reason };
    let request = |operation| HubMessage::Request {
        request: REQUEST,
        operation,
        grants: vec![Grant::read(path("/data/"))],
    };
    messages.extend(reasons.into_iter().map(revoke));
    messages.extend(operations.into_iter().map(request));
    messages
}

fn agent_kind(message: &AgentMessage) -> &'static str {
    match message {
        AgentMessage::Hello(_) => "hello",
        AgentMessage::Status(_) => "status",
        AgentMessage::Candidates { .. } => "candidates",
        AgentMessage::Session { .. } => "session",
        AgentMessage::Reports { .. } => "reports",
        AgentMessage::Progress { .. } => "progress",
        AgentMessage::Line { .. } => "line",
        AgentMessage::Answer { .. } => "answer",
        AgentMessage::Probe { .. } => "probe",
        AgentMessage::Pong => "pong",
        AgentMessage::Goodbye => "goodbye",
    }
}

fn hub_kind(message: &HubMessage) -> &'static str {
    match message {
        HubMessage::Welcome(_) => "welcome",
        HubMessage::Refused { .. } => "refused",
        HubMessage::Start(_) => "start",
        HubMessage::PeerCandidates { .. } => "peer_candidates",
        HubMessage::Renew { .. } => "renew",
        HubMessage::Revoke { .. } => "revoke",
        HubMessage::TaskOver { .. } => "task_over",
        HubMessage::ReportAck { .. } => "report_ack",
        HubMessage::Request { .. } => "request",
        HubMessage::Probe(_) => "probe",
        HubMessage::ProbeRefused { .. } => "probe_refused",
        HubMessage::Ping { .. } => "ping",
        HubMessage::Statement { .. } => "statement",
        HubMessage::Renamed { .. } => "renamed",
    }
}

const TASK: TaskId = TaskId::from_bytes([1; 16]);
const SESSION: SessionId = SessionId::from_bytes([2; 16]);
const LINE: Line = Line { rtt_us: 12_000, lost_ppm: Some(1_200), connections: 2 };
const REQUEST: RequestId = RequestId::from_bytes([3; 16]);

fn key(number: u8) -> SecretKey {
    SecretKey::from_seed(&[number; 32])
}

fn start() -> Start {
    let work = Work::Transfer(TransferOrders {
        source: EndpointId::from_bytes([4; 16]),
        source_name: "smith#WorkPC".into(),
        destination: EndpointId::from_bytes([5; 16]),
        destination_name: "smith#Cluster".into(),
        items: vec![TransferItem {
            source: path("/data/"),
            destination: path("/scratch/data/"),
            recursive: Some(true),
            checksum: None,
        }],
        options: TransferOptions {
            sync_level: Some(SyncLevel::Mtime),
            preserve_times: true,
            ..TransferOptions::default()
        },
    });
    let orders = Orders { task: TASK, work };
    let party =
        |number, grant| Party { key: key(number).public(), grants: vec![grant], gateway: false };
    let ticket = Ticket {
        id: TicketId::from_bytes([6; 16]),
        hub: key(1).public(),
        session: SESSION,
        task: TASK,
        sender: party(10, Grant::read(path("/data/"))),
        receiver: party(11, Grant::write(path("/scratch/data/"))),
        orders: orders.digest(),
        issued: UnixTime::from_seconds(100),
        expires: UnixTime::from_seconds(1000),
    };
    Start {
        session: SESSION,
        role: Role::Receiver,
        ticket: SignedTicket::sign(&ticket, &key(2)),
        orders,
        peer: Some(Peer {
            key: key(10).public(),
            name: "smith#WorkPC".parse().expect("a name"),
            candidates: candidates(),
        }),
        reported: 6,
        relays: vec![
            RelayOffer {
                address: "hub.example.org:443".into(),
                token: RelayToken::from_bytes([8; 32]),
                pass: None,
            },
            RelayOffer {
                address: "relay.example.org:7440".into(),
                token: RelayToken::from_bytes([9; 32]),
                pass: Some(RelayPass { user: [7; 16], until: 1_800_000_000 }),
            },
        ],
    }
}

fn statement() -> Statement {
    Statement {
        root: key(1).public(),
        serial: 5,
        ticket_key: key(2).public(),
        channel_key: key(3).public(),
        not_before: UnixTime::from_seconds(0),
        not_after: UnixTime::from_seconds(3000),
        successor: Some(key(4).public()),
    }
}

fn candidates() -> Vec<Candidate> {
    let candidate =
        |address: &str, kind| Candidate { address: address.parse().expect("one"), kind };
    vec![
        candidate("192.0.2.7:40000", CandidateKind::Local),
        candidate("[2001:db8::7]:40000", CandidateKind::Observed),
        candidate("198.51.100.7:41000", CandidateKind::Mapped),
        candidate("203.0.113.7:7441", CandidateKind::Advertised),
    ]
}

fn reports() -> Vec<Report> {
    let (source, destination, time) =
        (path("/data/a"), path("/scratch/data/a"), UnixTime::from_seconds(9));
    vec![
        Report::Transferred(Transferred {
            source: source.clone(),
            destination: destination.clone(),
            size: 3000,
            digest: Digest([6; 32]),
        }),
        Report::Difference(Difference {
            source: source.clone(),
            destination: destination.clone(),
            finding: Finding::Different,
            kind: FileKind::File,
            source_size: Some(3000),
            destination_size: Some(2000),
        }),
        Report::Skipped(Skipped {
            source,
            destination: Some(destination),
            is_directory: false,
            time,
            problem: problem(),
        }),
        Report::Event(Happening {
            code: EventCode::Quota,
            time,
            problem: Some(problem()),
            details: None,
        }),
        Report::Finished(Finished { time, failure: None, counts: counts() }),
    ]
}

fn counts() -> Counts {
    Counts {
        files_found: 2,
        bytes_found: 6000,
        files_done: 1,
        bytes_done: 3000,
        ..Counts::default()
    }
}

fn query() -> ListQuery {
    let clauses = vec![
        Clause::Name(vec![Pattern { text: "*.csv".into(), glob: true, negated: false }]),
        Clause::Kind(vec![FileKind::File, FileKind::Dir]),
        Clause::Modified { from: Some(UnixTime::from_seconds(5)), to: None },
        Clause::Size { from: None, to: Some(1000) },
    ];
    ListQuery {
        path: Some(path("/data/")),
        show_hidden: false,
        order: vec![ListingOrder { field: OrderField::LastModified, descending: true }],
        filters: vec![Filter { clauses }],
        offset: 0,
        limit: 100,
    }
}

fn file() -> FileEntry {
    FileEntry {
        name: Some(name(b"a\xff")),
        kind: FileKind::File,
        size: 3000,
        modified: UnixTime::from_seconds(8),
        mode: 0o644,
        user: "smith".into(),
        group: "users".into(),
        link_target: None,
    }
}
