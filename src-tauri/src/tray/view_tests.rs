//! The tray of every state, as a person would read it.

use jiff::civil::date;
use outport_control::{Account, Direction, Hold, Notice, Pause, Phase, Progress, SessionView};
use outport_types::{Code, SessionId, TaskId};

use super::*;
use crate::testing::smith;

#[test]
fn offline() {
    let tray = shown(&smith(AgentState::Offline), Language::En);
    assert_eq!(tray, menu("offline", "smith#WorkPC, offline", PAUSE));
}

#[test]
fn connecting() {
    let tray = shown(&smith(AgentState::Connecting), Language::En);
    assert_eq!(tray, menu("connecting", "smith#WorkPC, connecting", PAUSE));
}

#[test]
fn online() {
    let tray = shown(&smith(AgentState::Online), Language::En);
    assert_eq!(tray, menu("online", "smith#WorkPC, online", PAUSE));
}

#[test]
fn transferring() {
    let mut snapshot = smith(AgentState::Transferring);
    snapshot.sessions = vec![session(1, 680, 1000, 54_000_000), session(2, 680, 1000, 40_000_000)];
    let head = "smith#WorkPC, transferring\n2 transfers, 68 %, 94 MB/s, 12 min left";
    assert_eq!(shown(&snapshot, Language::En), menu("transferring", head, PAUSE));
}

#[test]
fn transferring_as_fast_as_the_limits_let_it() {
    let mut snapshot = smith(AgentState::Transferring);
    snapshot.sessions = vec![session(1, 680, 1000, 2_000_000)];
    snapshot.limits.upload = RateLimit::new(2_000_000).ok();
    snapshot.limits.download = RateLimit::new(8_000_000).ok();
    assert!(!shown(&snapshot, Language::En).contains("at most"), "nothing is held back");
    snapshot.limits.holds_upload = true;
    let shown_now = shown(&snapshot, Language::En);
    assert!(shown_now.contains("\nsending at most 2.0 MB/s\n"), "{shown_now}");
    snapshot.limits.holds_download = true;
    let shown_now = shown(&snapshot, Language::Fr);
    assert!(shown_now.contains("\nenvoi limité à 2,0 Mo/s, réception à 8,0 Mo/s\n"), "{shown_now}");
    (snapshot.limits.holds_upload, snapshot.limits.holds_download) = (false, false);
    snapshot.limits.set.relay = RateLimit::new(500_000).ok();
    snapshot.limits.holds_relay = true;
    let shown_now = shown(&snapshot, Language::En);
    assert!(shown_now.contains("\nat most 500 kB/s through a relay\n"), "{shown_now}");
}

#[test]
fn paused_until_a_moment() {
    let mut snapshot = smith(AgentState::Paused);
    let until = now().checked_add(30.minutes()).unwrap();
    let until = UnixTime::from_seconds(until.timestamp().as_second());
    snapshot.paused = Some(Pause { since: UnixTime::from_seconds(0), until: Some(until) });
    let head = "smith#WorkPC, paused\nuntil 15:00";
    assert_eq!(shown(&snapshot, Language::En), menu("paused", head, "[resume] Resume\n"));
}

#[test]
fn held_back_by_a_setting() {
    let mut snapshot = smith(AgentState::Paused);
    snapshot.held = Some(Hold { reason: HoldReason::Battery, since: UnixTime::from_seconds(0) });
    let head = "smith#WorkPC, paused\non battery";
    assert_eq!(shown(&snapshot, Language::En), menu("paused", head, "[resume] Resume\n"));
}

#[test]
fn attention() {
    let mut snapshot = smith(AgentState::Online);
    snapshot.notices = vec![notice(Severity::Warning, "A shared folder is missing")];
    let head = "smith#WorkPC, online\nA shared folder is missing";
    assert_eq!(shown(&snapshot, Language::En), menu("attention", head, PAUSE));

    let mut snapshot = smith(AgentState::Attention);
    snapshot.notices = vec![notice(Severity::Warning, "Sign in again")];
    let head = "smith#WorkPC, needs you\nSign in again";
    assert_eq!(shown(&snapshot, Language::En), menu("attention", head, PAUSE));
}

#[test]
fn error() {
    let mut snapshot = smith(AgentState::Attention);
    snapshot.notices = vec![
        notice(Severity::Warning, "A shared folder is missing"),
        notice(Severity::Error, "This computer was removed from the hub"),
    ];
    let head = "smith#WorkPC, not working\nThis computer was removed from the hub";
    assert_eq!(shown(&snapshot, Language::En), menu("error", head, PAUSE));
}

#[test]
fn no_agent_says_why_and_still_offers_help() {
    let problem = Problem::new(Code::AgentNotRunning, []);
    let view = TrayView::new(Seen::Absent(&problem), Words::of(Language::En), &now());
    let text = text(&view);
    assert!(text.starts_with("(error)\nOutport, not working\n"), "{text}");
    assert!(!text.contains("[pause") && !text.contains("[open-hub]"), "{text}");
    assert!(text.contains("[check]") && text.contains("[quit]"), "{text}");
}

#[test]
fn starting() {
    let view = TrayView::new(Seen::Starting, Words::of(Language::En), &now());
    assert_eq!(view.glyph, Glyph::Connecting);
    assert_eq!(view.tooltip, "Outport, connecting");
}

#[test]
fn a_computer_that_is_not_set_up_waits_for_its_owner() {
    let mut snapshot = Snapshot::begun("0.1.0", "default", 7);
    snapshot.state = AgentState::Attention;
    snapshot.notices = vec![notice(Severity::Error, "Not set up")];
    let text = shown(&snapshot, Language::En);
    assert!(text.starts_with("(attention)\nOutport, not set up yet\n---\n"), "{text}");
    assert!(!text.contains("[pause"), "{text}");
    snapshot.account = Some(Account {
        hub: "https://hub.example.org".into(),
        handle: "smith".into(),
        username: "smith@example.org".into(),
    });
    assert!(shown(&snapshot, Language::En).contains("[open-hub]"));
}

#[test]
fn an_agent_of_its_own_is_told_apart() {
    let snapshot = smith(AgentState::Online);
    let seen = Seen::Running { snapshot: &snapshot, elsewhere: true };
    let view = TrayView::new(seen, Words::of(Language::En), &now());
    assert_eq!(view.tooltip, "smith#WorkPC, online (runs without this window)");
}

#[test]
fn the_whole_menu_in_french() {
    let mut snapshot = smith(AgentState::Transferring);
    snapshot.sessions = vec![session(1, 680, 1000, 94_000_000)];
    let expected = "\
(transferring)
smith#WorkPC, transfert en cours
1 transfert, 68 %, 94 Mo/s, encore 12 min
---
[open] Ouvrir Outport
[open-hub] Ouvrir le hub dans le navigateur
> Mettre en pause
  [pause-half-hour] Pendant 30 minutes
  [pause-two-hours] Pendant 2 heures
  [pause-tomorrow] Jusqu'à demain, 07:00
  [pause-until-resumed] Jusqu'à la reprise
[folders] Dossiers…
[activity] Activité…
[settings] Réglages…
> Aide
  [check] Vérifier la connexion…
  [copy-diagnostics] Copier le diagnostic
  [show-log] Afficher le journal…
  [about] À propos d'Outport
---
[quit] Quitter
";
    assert_eq!(shown(&snapshot, Language::Fr), expected);
}

#[test]
fn progress_says_only_what_is_known() {
    let mut searching = session(1, 10, 20, 0);
    searching.progress.scan_done = false;
    searching.progress.eta_seconds = None;
    let words = Words::of(Language::En);
    assert_eq!(work(&[searching], words).as_deref(), Some("1 transfer"));
    assert_eq!(work(&[], words), None);
    let mut empty = session(1, 0, 0, 0);
    empty.progress.eta_seconds = None;
    assert_eq!(work(&[empty], words).as_deref(), Some("1 transfer"));
    let huge = [session(1, u64::MAX, u64::MAX, u64::MAX), session(2, 1, u64::MAX, u64::MAX)];
    assert!(work(&huge, words).unwrap().starts_with("2 transfers, 100 %"));
}

#[test]
fn every_choice_comes_back_by_its_id() {
    for choice in Choice::ALL {
        assert_eq!(Choice::from_id(choice.id()), Some(choice));
    }
    assert_eq!(Choice::from_id("something else"), None);
}

#[test]
fn pauses_end_when_they_say() {
    let seconds = |length: PauseFor| {
        let until = length.until(&now())?;
        Some(until.seconds - now().timestamp().as_second())
    };
    assert_eq!(seconds(PauseFor::HalfHour), Some(1800));
    assert_eq!(seconds(PauseFor::TwoHours), Some(7200));
    assert_eq!(seconds(PauseFor::Tomorrow), Some((16 * 60 + 30) * 60));
    assert_eq!(seconds(PauseFor::Resumed), None);
}

#[test]
fn no_line_is_wider_than_a_menu() {
    let mut snapshot = smith(AgentState::Online);
    snapshot.notices = vec![notice(Severity::Warning, &"long words ".repeat(50))];
    let text = shown(&snapshot, Language::En);
    let longest = text.lines().map(|line| line.chars().count()).max();
    assert_eq!(longest, Some(LINE_CHARS_MAX));
}

/// The tray of `smith#WorkPC` with a head and what stands in the place of Pause.
fn menu(glyph: &str, head: &str, pause: &str) -> String {
    format!(
        "({glyph})\n{head}\n---\n[open] Open Outport\n[open-hub] Open hub in browser\n{pause}{REST}"
    )
}

const PAUSE: &str = "\
> Pause
  [pause-half-hour] For 30 minutes
  [pause-two-hours] For 2 hours
  [pause-tomorrow] Until tomorrow, 07:00
  [pause-until-resumed] Until resumed
";
const REST: &str = "\
[folders] Folders…
[activity] Activity…
[settings] Settings…
> Help
  [check] Check connection…
  [copy-diagnostics] Copy diagnostics
  [show-log] Show log…
  [about] About Outport
---
[quit] Quit
";

fn shown(snapshot: &Snapshot, language: Language) -> String {
    let seen = Seen::Running { snapshot, elsewhere: false };
    text(&TrayView::new(seen, Words::of(language), &now()))
}

fn text(view: &TrayView) -> String {
    fn add(text: &mut String, items: &[Item], indent: &str) {
        for item in items {
            match item {
                Item::Line(line) => *text += &format!("{indent}{line}\n"),
                Item::Action(choice, label) => {
                    *text += &format!("{indent}[{}] {label}\n", choice.id());
                }
                Item::Submenu(label, items) => {
                    *text += &format!("{indent}> {label}\n");
                    add(text, items, "  ");
                }
                Item::Separator => *text += "---\n",
            }
        }
    }
    let mut text = format!("({})\n", view.glyph.word());
    add(&mut text, &view.menu, "");
    text
}

fn now() -> Zoned {
    date(2026, 1, 31).at(14, 30, 0, 0).in_tz("Europe/Paris").unwrap()
}

fn session(task: u8, done: u64, found: u64, rate: u64) -> SessionView {
    let id = |kind: u8| format!("0193b2c4-0000-7000-8000-0000000000{kind}{task}");
    SessionView {
        session: id(1).parse::<SessionId>().unwrap(),
        task: id(2).parse::<TaskId>().unwrap(),
        direction: Direction::Sending,
        peer: Some("smith#Cluster".into()),
        phase: Phase::Working,
        route: None,
        line: None,
        progress: Progress {
            files_found: 1,
            bytes_found: found,
            scan_done: true,
            files_done: 0,
            bytes_done: done,
            bytes_settled: done,
            skipped: 0,
            rate,
            eta_seconds: Some(720),
        },
        started: UnixTime::from_seconds(0),
    }
}

fn notice(severity: Severity, title: &str) -> Notice {
    let problem = Problem::new(Code::AgentNotRunning, []);
    let (code, title) = (problem.code, title.to_owned());
    Notice { code, title, text: problem.message.clone(), severity, problem }
}
