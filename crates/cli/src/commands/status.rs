//! `outport status`

use outport_control::{Direction, HoldReason, LimitsView, Phase, SessionView, Severity, Snapshot};
use outport_types::{AgentState, Bytes, Rate, RateLimit};

use crate::{
    context::Context,
    failure::Failure,
    follow,
    human::{count, distance, duration, now},
    printer::{Paint, Printer, Table, Text},
    signals::asked_to_stop,
};

/// Show what the agent of this computer is doing
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Go on showing it whenever it changes, until Ctrl-C; with --json, one document a line
    #[arg(short, long)]
    watch: bool,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let mut agent = context.agent().await?;
    let printer = &context.printer;
    if !args.watch {
        let snapshot = agent.status().await?;
        printer.fact(&snapshot, |printer| show(printer, &snapshot));
        return Ok(());
    }
    let mut snapshots = agent.subscribe().await?;
    while !printer.is_closed() {
        let next = tokio::select! {
            next = snapshots.next() => next?,
            _ = asked_to_stop() => break,
        };
        let Some(snapshot) = next else {
            printer.note("The agent has stopped.");
            break;
        };
        if printer.is_json() {
            printer.json_line(&snapshot);
        } else {
            show(printer, &snapshot);
            printer.line("");
        }
    }
    Ok(())
}

fn show(printer: &Printer, snapshot: &Snapshot) {
    let mut table = Table::pairs();
    let endpoint = snapshot.endpoint.as_ref();
    let name = endpoint.map_or("not set up", |endpoint| &endpoint.name);
    table.pair("endpoint", Text::new().add(Paint::Strong, name));
    table.pair("state", state(printer, snapshot));
    if let Some(endpoint) = endpoint {
        let since = snapshot.connected_since.map(|since| distance(since, now()));
        let since = since.map(|since| format!(", connected {since}")).unwrap_or_default();
        table.pair("hub", format!("{}{since}", endpoint.hub));
    }
    if let Some(proxy) = &snapshot.proxy {
        table.pair("proxy", super::proxy::word(proxy));
    }
    for address in &snapshot.reach.advertised {
        table.pair("reached at", address);
    }
    if let Some(address) = &snapshot.reach.mapped {
        table.pair("reached at", format!("{address}, a port that the router has opened"));
    }
    if let Some(account) = &snapshot.account {
        table.pair("signed in", &account.username);
    }
    let shared: Vec<_> = snapshot
        .folders
        .iter()
        .map(|folder| format!("{} ({})", folder.path, word(folder)))
        .collect();
    match shared.as_slice() {
        [] => table.pair("folders", "none: `outport folders add PATH` shares one"),
        [first, others @ ..] => {
            table.pair("folders", first);
            others.iter().for_each(|folder| table.pair("", folder));
        }
    }
    if let Some(limits) = limits(printer, &snapshot.limits) {
        table.pair("limits", limits);
    }
    printer.table(&table);
    for session in &snapshot.sessions {
        printer.line(line(session));
    }
    for notice in &snapshot.notices {
        let paint = match notice.severity {
            Severity::Error => Paint::Bad,
            Severity::Warning => Paint::Warn,
            Severity::Information => Paint::Dim,
        };
        printer.line(Text::new().add(paint, format!("{}: ", notice.title)).plain(&notice.text));
    }
}

fn state(printer: &Printer, snapshot: &Snapshot) -> Text {
    let word = snapshot.state.to_string();
    let paint = match snapshot.state {
        AgentState::Online | AgentState::Transferring => Paint::Good,
        AgentState::Offline | AgentState::Connecting | AgentState::Paused => Paint::Warn,
        AgentState::Attention => Paint::Bad,
    };
    let text = Text::new().add(paint, word);
    match (snapshot.paused.map(|pause| pause.until), snapshot.held.map(|held| held.reason)) {
        (Some(Some(until)), _) => text.plain(format!(" until {}", printer.date(until))),
        (None, Some(HoldReason::Battery)) => text.plain(" while on battery"),
        (None, Some(HoldReason::Metered)) => text.plain(" while the network is metered"),
        (Some(None), _) | (None, None) => text,
    }
}

/// The limits in force; nothing where nothing is ever limited.
fn limits(printer: &Printer, limits: &LimitsView) -> Option<Text> {
    let way = |name: &str, limit: Option<RateLimit>, holds: bool| {
        let text = Text::from(format!("{name} "));
        match limit {
            Some(limit) if holds => {
                text.add(Paint::Warn, format!("{limit} (holds transfers back)"))
            }
            limit => text.plain(super::limits::word(limit)),
        }
    };
    let text = way("upload", limits.upload, limits.holds_upload).plain(", ");
    let text = text.then(way("download", limits.download, limits.holds_download));
    let until = limits.until.map(|until| format!(", until {}", printer.date(until)));
    let mut text = text.plain(until.unwrap_or_default());
    // That holds at all times.
    if limits.set.relay.is_some() {
        let relay = way("through a relay", limits.set.relay, limits.holds_relay);
        text = text.plain(", ").then(relay);
    }
    (!limits.set.is_empty()).then_some(text)
}

/// What a session does, in a line.
fn line(session: &SessionView) -> Text {
    let peer = session.peer.as_deref().unwrap_or("this computer");
    let what = match session.direction {
        Direction::Sending => format!("sending to {peer}"),
        Direction::Receiving => format!("receiving from {peer}"),
        Direction::Copying => "copying on this computer".to_owned(),
        Direction::Deleting => "deleting".to_owned(),
    };
    let text = Text::from("  ").add(Paint::Strong, what);
    let progress = &session.progress;
    let more = match session.phase {
        Phase::Connecting => ", looking for a route".to_owned(),
        Phase::Ending => ", ending".to_owned(),
        Phase::Working if progress.files_found == 0 && !progress.scan_done => {
            match session.direction {
                Direction::Sending | Direction::Receiving | Direction::Copying => {
                    ", looking at the source".to_owned()
                }
                Direction::Deleting => ", looking at what is there".to_owned(),
            }
        }
        Phase::Working => {
            let plus = if progress.scan_done { "" } else { "+" };
            let mut more = format!(
                ", {}/{}{plus} files, {}/{}{plus}",
                count(progress.files_done),
                count(progress.files_found),
                Bytes(progress.bytes_settled),
                Bytes(progress.bytes_found)
            );
            if progress.rate != 0 {
                more += &format!(", {}", Rate(progress.rate));
            }
            if let Some(eta) = progress.eta_seconds {
                more += &format!(", {} left", duration(eta));
            }
            more
        }
    };
    let travels = session.route.map(|route| follow::travels(route, session.line));
    let route = travels.map(|travels| format!(" ({travels})")).unwrap_or_default();
    text.plain(more).add(Paint::Dim, route)
}

fn word(folder: &outport_control::Folder) -> &'static str {
    if folder.access.can_write() { "read-write" } else { "read-only" }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::printer::Captured;

    #[test]
    fn the_state_is_shown_with_what_goes_on() {
        let mut snapshot: Snapshot = serde_json::from_value(json!({
            "version": "0.1.0", "profile": "default", "pid": 7, "state": "transferring",
            "endpoint": {
                "id": "00000000-0000-0000-0000-000000000001", "name": "smith#WorkPC",
                "owner": "smith", "hub": "https://hub", "fingerprint": "SHA256:x"
            },
            "account": null, "connected_since": null,
            "proxy": {
                "address": "http://proxy.lan:3128", "user": "ann", "source": "environment"
            },
            "reach": { "advertised": [], "mapped": "11.213.1.2:41000" },
            "paused": null, "held": null, "sign_in": null, "suggested_name": "WorkPC",
            "power": { "on_battery": null, "metered": null, "awake": true },
            "settings": {
                "pause_on_battery": false, "pause_on_metered": false, "keep_awake": "on_mains"
            },
            "limits": {
                "set": { "upload": 20_000_000, "download": null, "timetable": [] },
                "upload": 20_000_000, "download": null, "row": null, "until": null,
                "holds_upload": true, "holds_download": false,
                "holds_relay": false
            },
            "tasks": { "state": "idle", "problem": null, "as_of": null, "tasks": [] },
            "speed": [],
            "folders": [{
                "path": "/data", "collection_path": "/data", "access": "read-only",
                "shareable": false, "local_only": false, "deny": [], "status": "available"
            }],
            "default_directory": null,
            "sessions": [{
                "session": "00000000-0000-0000-0000-000000000002",
                "task": "00000000-0000-0000-0000-000000000003", "direction": "sending",
                "peer": "smith#Cluster", "phase": "working", "route": "direct",
                "line": { "rtt_us": 24_000, "lost_ppm": 1_200, "connections": 1 },
                "progress": {
                    "files_found": 5000, "bytes_found": 5_000_000_000_u64, "scan_done": true,
                    "files_done": 10, "bytes_done": 800_000_000, "bytes_settled": 1_000_000_000,
                    "skipped": 0,
                    "rate": 100_000_000, "eta_seconds": 40
                },
                "started": "2026-01-31T12:00:00+00:00"
            }],
            "events": [],
            "notices": [{
                "code": "BAD_CONFIG", "title": "Settings", "text": "line 3", "severity": "warning",
                "problem": { "code": "BAD_CONFIG", "message": "line 3" }
            }]
        }))
        .unwrap();
        let mut begins = snapshot.sessions[0].clone();
        (begins.progress.files_found, begins.progress.scan_done) = (0, false);
        snapshot.sessions.push(begins);
        let screen = Captured::text();
        show(&screen.printer(), &snapshot);
        insta::assert_snapshot!(screen.out(), @"
        endpoint    smith#WorkPC
        state       transferring
        hub         https://hub
        proxy       http://proxy.lan:3128 as ann, named by the environment
        reached at  11.213.1.2:41000, a port that the router has opened
        folders     /data (read-only)
        limits      upload 20 MB/s (holds transfers back), download unlimited
          sending to smith#Cluster, 10/5,000 files, 1.0 GB/5.0 GB, 100 MB/s, 40 s left (direct, 24 ms, 0.12 % lost)
          sending to smith#Cluster, looking at the source (direct, 24 ms, 0.12 % lost)
        Settings: line 3
        ");
    }
}
