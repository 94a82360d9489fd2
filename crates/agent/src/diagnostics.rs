//! What helps whoever helps, in one text that can be sent to anybody.
//!
//! It has no tokens and keys (nothing here reads them), and what looks like one is taken out all the
//! same; the home becomes `~` and people's addresses lose what stands before the `@`.

use std::{fmt::Write as _, path::Path};

use outport_control::{Diagnostics, DoctorReport, Paths, Snapshot, Verdict};
use tokio::sync::mpsc;

use crate::{clock::local_now, config::config_file, files::read_bounded, log};

/// Puts it together; without an agent there is no state to show.
pub(crate) async fn collect(
    paths: &Paths,
    report: &DoctorReport,
    state: Option<Snapshot>,
) -> Diagnostics {
    let now = local_now();
    let (out, mut lines) = mpsc::channel(LINES);
    let reading = log::send(log::file(paths), LINES, false, out);
    let collecting = async {
        let mut log = Vec::new();
        while let Some(line) = lines.recv().await {
            log.push(line);
        }
        log
    };
    let ((), log) = tokio::join!(reading, collecting);
    let file = config_file(paths);
    let config = crate::blocking(move || read_bounded(&file, CONFIG_BYTES_MAX)).await;
    let config = match config {
        Ok(Some(content)) => without_logins(&String::from_utf8_lossy(&content)),
        Ok(None) => "(no file: everything is as by default)".to_owned(),
        Err(error) => format!("(cannot be read: {error})"),
    };
    let mut text = String::new();
    head(&mut text, paths, &now.to_string());
    section(&mut text, "State", &state.map_or_else(|| "(no agent runs)".to_owned(), |s| facts(&s)));
    section(&mut text, "Checks", &checks(report));
    section(&mut text, "Config", &config);
    section(&mut text, "Log", &log.join("\n"));
    let home = crate::config::home();
    let text = redact(&text, home.as_deref());
    let date: String = now.to_string().chars().filter(char::is_ascii_digit).take(14).collect();
    Diagnostics { name: format!("outport-diagnostics-{date}.txt"), text }
}

fn head(text: &mut String, paths: &Paths, now: &str) {
    writeln!(
        text,
        "Outport {} · {} {} · profile {} · {now}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        paths.profile,
    )
    .expect("writing into a text does not fail");
}

fn section(text: &mut String, title: &str, content: &str) {
    write!(text, "\n## {title}\n\n{}\n", content.trim_end())
        .expect("writing into a text does not fail");
}

fn facts(state: &Snapshot) -> String {
    let none = || "none".to_owned();
    let mut lines = vec![
        format!("state: {}", state.state),
        format!("endpoint: {}", state.endpoint.as_ref().map_or_else(none, |e| e.name.clone())),
        format!("hub: {}", state.endpoint.as_ref().map_or_else(none, |e| e.hub.clone())),
        format!("signed in: {}", if state.account.is_some() { "yes" } else { "no" }),
        format!("connected since: {}", state.connected_since.map_or_else(none, |t| t.to_string())),
        format!(
            "proxy: {}",
            state
                .proxy
                .as_ref()
                .map_or_else(none, |it| format!("{} ({:?})", it.address, it.source))
        ),
        format!(
            "advertised: {} · port of the router: {}",
            state.reach.advertised.len(),
            if state.reach.mapped.is_some() { "yes" } else { "no" }
        ),
        format!("paused: {}", if state.paused.is_some() { "yes" } else { "no" }),
        format!(
            "held: {:?} · power: {:?} · settings: {:?}",
            state.held, state.power, state.settings
        ),
        format!("folders: {} · sessions: {}", state.folders.len(), state.sessions.len()),
        format!("tasks: {} ({:?})", state.tasks.tasks.len(), state.tasks.state),
    ];
    for session in &state.sessions {
        let route = session.route.map_or_else(none, |route| route.to_string());
        let line = session.line.map_or_else(none, |line| line.to_string());
        lines.push(format!(
            "session of task {}: {:?}, {:?}, route {route} ({line}), {} B/s",
            session.task, session.direction, session.phase, session.progress.rate
        ));
    }
    lines.extend(
        state.notices.iter().map(|notice| format!("notice {}: {}", notice.code, notice.text)),
    );
    lines.extend(state.events.iter().map(|event| match &event.problem {
        Some(problem) => format!("{} {}: {}", event.time, event.text, problem.message),
        None => format!("{} {}", event.time, event.text),
    }));
    lines.join("\n")
}

fn checks(report: &DoctorReport) -> String {
    let line = |check: &outport_control::Check| {
        let verdict = match check.verdict {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Failed => "FAILED",
            Verdict::Skipped => "skipped",
        };
        format!("{verdict:8} {}: {}", check.title, check.text)
    };
    let summary = report.summary.iter().map(|fact| fact.message.clone());
    summary.chain(report.checks.iter().map(line)).collect::<Vec<_>>().join("\n")
}

/// Takes out what is nobody's business.
fn redact(text: &str, home: Option<&Path>) -> String {
    let homeless = match home.and_then(Path::to_str).filter(|home| 1 < home.len()) {
        Some(home) => text.replace(home, "~"),
        None => text.to_owned(),
    };
    let mut clean = String::with_capacity(homeless.len());
    let mut word = String::new();
    for c in homeless.chars() {
        if c.is_alphanumeric() || "@._-+:/#~".contains(c) {
            word.push(c);
        } else {
            clean.push_str(&redact_word(&word));
            word.clear();
            clean.push(c);
        }
    }
    clean.push_str(&redact_word(&word));
    clean
}

/// A config in which somebody wrote user and password into an address is refused, but it is there.
fn without_logins(config: &str) -> String {
    let clean = |line: &str| match (line.split_once("://"), line.rsplit_once('@')) {
        (Some((before, rest)), Some((_, after))) if rest.contains('@') => {
            format!("{before}://…@{after}")
        }
        _ => line.to_owned(),
    };
    config.lines().map(clean).collect::<Vec<_>>().join("\n")
}

fn redact_word(word: &str) -> String {
    let person = word.rsplit_once('@').filter(|(name, host)| !name.is_empty() && !host.is_empty());
    if let Some((_, host)) = person {
        return format!("…@{host}");
    }
    // A key or token: long, without a break, of letters and digits mixed.
    word.split_inclusive(['/', ':', '.', '#', '~'])
        .map(|part| if looks_secret(part) { "…" } else { part })
        .collect()
}

fn looks_secret(part: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let longest = part.split(|c| !plain(c)).map(str::len).max().unwrap_or_default();
    let is_id = part.trim_end_matches(|c| !plain(c)).parse::<outport_types::TaskId>().is_ok();
    SECRET_CHARS_MIN <= longest
        && !is_id
        && part.contains(|c: char| c.is_ascii_digit())
        && part.contains(|c: char| c.is_ascii_alphabetic())
}

/// Lines of the log: some hours of an agent that says little.
const LINES: usize = 1000;
/// As the config itself is bounded.
const CONFIG_BYTES_MAX: usize = 1024 * 1024;
/// Shorter than any token or key; names that people give are not as long without a break.
const SECRET_CHARS_MIN: usize = 22;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_of_the_config_is_taken_out() {
        let config = "[network]\nproxy = \"http://ann:ge!he@im@proxy.lan:3128\"\nudp_port = 5";
        let clean = without_logins(config);
        assert_eq!(clean, "[network]\nproxy = \"http://…@proxy.lan:3128\"\nudp_port = 5");
    }

    #[test]
    fn secrets_and_people_are_taken_out_and_the_rest_is_left() {
        let id = outport_types::TaskId::random();
        let text = format!(
            "\"/home/ann/data\" of ann.smith@example.org, task {id}\n\
             key OUTP-abc123DEF456ghi789JKL012mno at hub.example.org:7440, at 2026-01-31T12:00:00+00:00\n\
             token=abc123DEF456ghi789JKL012 path /srv/a-long-name-without-any-number-in-it/x"
        );
        let clean = redact(&text, Some(Path::new("/home/ann")));
        assert!(clean.contains("\"~/data\" of …@example.org"), "{clean}");
        assert!(clean.contains(&id.to_string()), "{clean}");
        assert!(clean.contains("hub.example.org:7440, at 2026-01-31T12:00:00+00:00"), "{clean}");
        assert!(clean.contains("/srv/a-long-name-without-any-number-in-it/x"), "{clean}");
        assert!(!clean.contains("DEF456"), "{clean}");
    }
}
