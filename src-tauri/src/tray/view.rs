//! What the tray shows, computed from the state and nothing else.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan as _, Zoned, tz::TimeZone};
use outport_control::{HoldReason, LimitsView, SessionView, Severity, Snapshot};
use outport_types::{AgentState, Language, Problem, RateLimit, UnixTime};

use crate::words::{Words, fill};

/// What is known of the agent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seen<'a> {
    /// It starts, or is being looked for.
    Starting,
    /// It runs.
    Running {
        snapshot: &'a Snapshot,
        /// Whether it runs outside of the app, and stays when the app goes.
        elsewhere: bool,
    },
    /// There is none, and this is why.
    Absent(&'a Problem),
}

/// The whole tray.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrayView {
    pub(crate) glyph: Glyph,
    pub(crate) tooltip: String,
    pub(crate) menu: Vec<Item>,
}

/// The picture; each has a shape of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Glyph {
    Offline,
    Connecting,
    Online,
    Transferring,
    Paused,
    Attention,
    Error,
}

/// One line of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// Something to read.
    Line(String),
    Action(Choice, String),
    Submenu(String, Vec<Self>),
    Separator,
}

/// Something that can be chosen in the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Choice {
    Open,
    OpenHub,
    Pause(PauseFor),
    Resume,
    Folders,
    Activity,
    Settings,
    Check,
    CopyDiagnostics,
    ShowLog,
    About,
    Quit,
}

/// How long a pause chosen in the menu lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PauseFor {
    HalfHour,
    TwoHours,
    Tomorrow,
    Resumed,
}

impl TrayView {
    /// What the tray shows of an agent at a moment, in a language.
    pub(crate) fn new(seen: Seen<'_>, words: &Words, now: &Zoned) -> Self {
        let glyph = Glyph::of(seen);
        let headline = headline(seen, glyph, words);
        let details = details(seen, words, now.time_zone());
        let mut tooltip = headline.clone();
        for line in &details {
            tooltip.push('\n');
            tooltip.push_str(line);
        }
        let mut menu = vec![Item::Line(headline)];
        menu.extend(details.into_iter().map(Item::Line));
        menu.push(Item::Separator);
        menu.push(Item::Action(Choice::Open, words.open.to_owned()));
        menu.extend(hub_item(seen, words));
        menu.extend(pause_item(seen, words, now));
        menu.push(Item::Action(Choice::Folders, words.folders.to_owned()));
        menu.push(Item::Action(Choice::Activity, words.activity.to_owned()));
        menu.push(Item::Action(Choice::Settings, words.settings.to_owned()));
        menu.push(help_item(words));
        menu.push(Item::Separator);
        menu.push(Item::Action(Choice::Quit, words.quit.to_owned()));
        Self { glyph, tooltip, menu }
    }
}

impl Glyph {
    fn of(seen: Seen<'_>) -> Self {
        let snapshot = match seen {
            Seen::Starting => return Self::Connecting,
            Seen::Absent(_) => return Self::Error,
            Seen::Running { snapshot, .. } => snapshot,
        };
        let gravest = snapshot.notices.iter().map(|notice| notice.severity).min();
        match (snapshot.state, gravest) {
            // A computer that nobody has set up yet waits for its owner; nothing is broken.
            (AgentState::Attention, _) if snapshot.endpoint.is_none() => Self::Attention,
            (_, Some(Severity::Error)) => Self::Error,
            (AgentState::Attention, _) => Self::Attention,
            (AgentState::Paused, _) => Self::Paused,
            (AgentState::Offline, _) => Self::Offline,
            (AgentState::Connecting, _) => Self::Connecting,
            (AgentState::Transferring, _) => Self::Transferring,
            (AgentState::Online, Some(Severity::Warning)) => Self::Attention,
            (AgentState::Online, Some(Severity::Information) | None) => Self::Online,
        }
    }

    #[cfg(test)]
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Connecting => "connecting",
            Self::Online => "online",
            Self::Transferring => "transferring",
            Self::Paused => "paused",
            Self::Attention => "attention",
            Self::Error => "error",
        }
    }
}

impl Choice {
    const ALL: [Self; 15] = [
        Self::Open,
        Self::OpenHub,
        Self::Pause(PauseFor::HalfHour),
        Self::Pause(PauseFor::TwoHours),
        Self::Pause(PauseFor::Tomorrow),
        Self::Pause(PauseFor::Resumed),
        Self::Resume,
        Self::Folders,
        Self::Activity,
        Self::Settings,
        Self::Check,
        Self::CopyDiagnostics,
        Self::ShowLog,
        Self::About,
        Self::Quit,
    ];

    /// What the menu calls it between us and the desktop.
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::OpenHub => "open-hub",
            Self::Pause(PauseFor::HalfHour) => "pause-half-hour",
            Self::Pause(PauseFor::TwoHours) => "pause-two-hours",
            Self::Pause(PauseFor::Tomorrow) => "pause-tomorrow",
            Self::Pause(PauseFor::Resumed) => "pause-until-resumed",
            Self::Resume => "resume",
            Self::Folders => "folders",
            Self::Activity => "activity",
            Self::Settings => "settings",
            Self::Check => "check",
            Self::CopyDiagnostics => "copy-diagnostics",
            Self::ShowLog => "show-log",
            Self::About => "about",
            Self::Quit => "quit",
        }
    }

    /// The choice behind an id.
    pub(crate) fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.id() == id)
    }
}

impl PauseFor {
    /// When a pause that begins now ends by itself.
    pub(crate) fn until(self, now: &Zoned) -> Option<UnixTime> {
        let end = match self {
            Self::HalfHour => now.checked_add(30.minutes()),
            Self::TwoHours => now.checked_add(2.hours()),
            Self::Tomorrow => now
                .tomorrow()
                .and_then(|day| day.with().hour(MORNING_HOUR).minute(0).second(0).build()),
            Self::Resumed => return None,
        };
        // A clock at the end of time has no later moment; then the owner resumes by hand.
        end.ok().map(|end| UnixTime::from_seconds(end.timestamp().as_second()))
    }
}

fn headline(seen: Seen<'_>, glyph: Glyph, words: &Words) -> String {
    let states = &words.states;
    let state = match glyph {
        Glyph::Offline => states.offline,
        Glyph::Connecting => states.connecting,
        Glyph::Online => states.online,
        Glyph::Transferring => states.transferring,
        Glyph::Paused => states.paused,
        Glyph::Attention => states.attention,
        Glyph::Error => states.error,
    };
    let (snapshot, elsewhere) = match seen {
        Seen::Running { snapshot, elsewhere } => (snapshot, elsewhere),
        Seen::Starting | Seen::Absent(_) => return format!("Outport, {state}"),
    };
    let line = match &snapshot.endpoint {
        Some(endpoint) => {
            // A warning does not keep a computer from being reached: both are said.
            let state = if snapshot.state == AgentState::Online { states.online } else { state };
            format!("{}, {state}", endpoint.name)
        }
        None => words.not_set_up.to_owned(),
    };
    if elsewhere { fill(words.elsewhere, &[&line]) } else { line }
}

/// What there is to say beside the headline.
fn details(seen: Seen<'_>, words: &Words, zone: &TimeZone) -> Vec<String> {
    let snapshot = match seen {
        Seen::Starting => return Vec::new(),
        Seen::Absent(problem) => return vec![shorten(&problem.text(words.language()))],
        Seen::Running { snapshot, .. } => snapshot,
    };
    let mut lines = Vec::new();
    lines.extend(work(&snapshot.sessions, words));
    lines.extend(held_back(&snapshot.limits, words));
    let until = snapshot.paused.and_then(|pause| pause.until);
    lines.extend(until.map(|until| fill(words.paused_until, &[&clock(until, zone)])));
    if let Some(held) = snapshot.held.filter(|_| snapshot.paused.is_none()) {
        lines.push(match held.reason {
            HoldReason::Battery => words.on_battery.to_owned(),
            HoldReason::Metered => words.on_metered.to_owned(),
        });
    }
    if let Some(notice) = snapshot.notices.iter().min_by_key(|notice| notice.severity)
        && snapshot.endpoint.is_some()
        && notice.severity < Severity::Information
    {
        // Titles are in English; the whole sentence is in every language.
        lines.push(match words.language() {
            Language::En => shorten(&notice.title),
            Language::Fr => shorten(&notice.problem.text(Language::Fr)),
        });
    }
    lines
}

/// The limits that hold transfers back at the moment: `sending at most 2.0 MB/s`
fn held_back(limits: &LimitsView, words: &Words) -> Option<String> {
    let rate = |limit: RateLimit| words.rate(limit.bytes_per_second());
    let upload = limits.upload.filter(|_| limits.holds_upload).map(rate);
    let download = limits.download.filter(|_| limits.holds_download).map(rate);
    let relayed = limits.set.relay.filter(|_| limits.holds_relay).map(rate);
    match (upload, download) {
        (Some(upload), None) => Some(fill(words.sending_held, &[&upload])),
        (None, Some(download)) => Some(fill(words.receiving_held, &[&download])),
        (Some(upload), Some(download)) => Some(fill(words.both_held, &[&upload, &download])),
        (None, None) => relayed.map(|relayed| fill(words.relayed_held, &[&relayed])),
    }
}

/// `2 transfers, 68 %, 94 MB/s, 12 min left`
fn work(sessions: &[SessionView], words: &Words) -> Option<String> {
    let tasks: BTreeSet<_> = sessions.iter().map(|session| session.task).collect();
    let count = match tasks.len() {
        0 => return None,
        1 => words.one_transfer.to_owned(),
        many => fill(words.many_transfers, &[&many.to_string()]),
    };
    let mut parts = vec![count];
    let sum = |part: fn(&SessionView) -> u64| -> u64 {
        sessions.iter().map(part).fold(0, u64::saturating_add)
    };
    // As long as files are still being found, a share of them would go down again.
    if sessions.iter().all(|session| session.progress.scan_done) {
        let (done, found) = (sum(|s| s.progress.bytes_settled), sum(|s| s.progress.bytes_found));
        let share = u128::from(done.min(found)) * 100;
        parts.extend(share.checked_div(u128::from(found)).map(|percent| format!("{percent} %")));
    }
    let rate = sum(|s| s.progress.rate);
    if rate != 0 {
        parts.push(words.rate(rate));
    }
    let etas: Option<Vec<_>> =
        sessions.iter().map(|session| session.progress.eta_seconds).collect();
    let longest = etas.and_then(|etas| etas.into_iter().max());
    parts.extend(longest.map(|seconds| fill(words.time_left, &[&words.duration(seconds)])));
    Some(parts.join(", "))
}

fn hub_item(seen: Seen<'_>, words: &Words) -> Option<Item> {
    match seen {
        Seen::Running { snapshot, .. } if hub_of(snapshot).is_some() => {
            Some(Item::Action(Choice::OpenHub, words.open_hub.to_owned()))
        }
        Seen::Running { .. } | Seen::Starting | Seen::Absent(_) => None,
    }
}

/// The hub's page for people, as far as it is known.
pub(crate) fn hub_of(snapshot: &Snapshot) -> Option<&str> {
    let of_endpoint = snapshot.endpoint.as_ref().map(|endpoint| endpoint.hub.as_str());
    of_endpoint.or_else(|| snapshot.account.as_ref().map(|account| account.hub.as_str()))
}

/// Resume stands at the first level: who wants it wants it now.
fn pause_item(seen: Seen<'_>, words: &Words, now: &Zoned) -> Option<Item> {
    let Seen::Running { snapshot, .. } = seen else { return None };
    snapshot.endpoint.as_ref()?;
    if snapshot.paused.is_some() || snapshot.held.is_some() {
        return Some(Item::Action(Choice::Resume, words.resume.to_owned()));
    }
    let tomorrow = PauseFor::Tomorrow.until(now).map(|until| clock(until, now.time_zone()));
    let tomorrow = fill(words.pause_tomorrow, &[&tomorrow.unwrap_or_default()]);
    let lengths = [
        (PauseFor::HalfHour, words.pause_half_hour.to_owned()),
        (PauseFor::TwoHours, words.pause_two_hours.to_owned()),
        (PauseFor::Tomorrow, tomorrow),
        (PauseFor::Resumed, words.pause_until_resumed.to_owned()),
    ];
    let items = lengths.map(|(length, label)| Item::Action(Choice::Pause(length), label));
    Some(Item::Submenu(words.pause.to_owned(), items.into()))
}

fn help_item(words: &Words) -> Item {
    let items = [
        (Choice::Check, words.check),
        (Choice::CopyDiagnostics, words.copy_diagnostics),
        (Choice::ShowLog, words.show_log),
        (Choice::About, words.about),
    ];
    let items = items.map(|(choice, label)| Item::Action(choice, label.to_owned()));
    Item::Submenu(words.help.to_owned(), items.into())
}

/// `14:30` today's way; a pause is never so long that the day would be missed.
fn clock(time: UnixTime, zone: &TimeZone) -> String {
    match Timestamp::from_second(time.seconds) {
        Ok(moment) => moment.to_zoned(zone.clone()).strftime("%H:%M").to_string(),
        Err(_) => time.to_string(),
    }
}

/// A menu is as wide as its longest line.
fn shorten(text: &str) -> String {
    if text.chars().count() <= LINE_CHARS_MAX {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(LINE_CHARS_MAX - 1).collect();
    short.truncate(short.trim_end().len());
    short + "…"
}

/// When tomorrow begins for somebody who works.
const MORNING_HOUR: i8 = 7;
/// Wider menus are cut by some desktops, in the middle of a word.
const LINE_CHARS_MAX: usize = 64;

#[cfg(test)]
#[path = "view_tests.rs"]
mod tests;
