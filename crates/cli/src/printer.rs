//! The only place that writes to the screen.
//!
//! Facts go to standard output: text for people, or JSON. What accompanies them (progress, notes,
//! errors) goes to standard error. Everything that is printed passes `escape`, so that no file
//! name or label can move the cursor or forge a line. A reader that goes away ends the printing,
//! not the program.

mod escape;
mod progress;
mod table;
mod text;

use std::{
    fmt::Display,
    io::{self, BufRead as _, IsTerminal as _, Write},
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use anstream::{AutoStream, ColorChoice};
use jiff::tz::TimeZone;
use outport_types::UnixTime;
use serde::Serialize;
use serde_json::json;

pub(crate) use self::{
    escape::{escape, escape_json},
    progress::{Moment, Progress},
    table::{Align, Table},
    text::{Paint, Text},
};
use crate::{
    args::{Color, Global},
    failure::Failure,
    human::local_minute,
};

/// Writes for people or for programs.
#[derive(Debug)]
pub(crate) struct Printer {
    json: bool,
    quiet: bool,
    verbose: bool,
    /// Whether progress can be drawn over itself.
    draws: bool,
    color_out: bool,
    color_err: bool,
    /// Looked up when the first time is printed: that takes as long as a short command.
    zone: LazyLock<TimeZone>,
    out: Sink,
    err: Sink,
    closed: AtomicBool,
}

#[derive(Debug)]
enum Sink {
    Out(Mutex<AutoStream<io::Stdout>>),
    Err(Mutex<AutoStream<io::Stderr>>),
    #[cfg_attr(not(test), expect(dead_code, reason = "what is printed is looked at in tests only"))]
    Memory(Arc<Mutex<Vec<u8>>>),
}

impl Printer {
    pub(crate) fn new(global: &Global) -> Self {
        let choice = match global.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::AlwaysAnsi,
            Color::Never => ColorChoice::Never,
        };
        let out = AutoStream::new(io::stdout(), choice);
        let err = AutoStream::new(io::stderr(), choice);
        let colors = |choice| !matches!(choice, ColorChoice::Never);
        Self {
            json: global.json,
            quiet: global.quiet,
            verbose: 0 < global.verbose,
            draws: !global.json && !global.quiet && io::stderr().is_terminal(),
            color_out: colors(out.current_choice()),
            color_err: colors(err.current_choice()),
            zone: LazyLock::new(TimeZone::system),
            out: Sink::Out(Mutex::new(out)),
            err: Sink::Err(Mutex::new(err)),
            closed: AtomicBool::new(false),
        }
    }

    /// Prints a document as JSON, or what `text` prints.
    pub(crate) fn fact(&self, document: &impl Serialize, text: impl FnOnce(&Self)) {
        if self.json {
            self.json(document);
        } else {
            text(self);
        }
    }

    /// One line of facts.
    pub(crate) fn line(&self, text: impl Into<Text>) {
        self.write(&self.out, &text.into().render(self.color_out));
    }

    /// A document as JSON over several lines.
    pub(crate) fn json(&self, document: &impl Serialize) {
        let text = serde_json::to_string_pretty(document).unwrap_or_else(|_| "null".to_owned());
        self.write(&self.out, &escape_json(&text));
    }

    /// A document as JSON in one line, for streams of documents.
    pub(crate) fn json_line(&self, document: &impl Serialize) {
        let text = serde_json::to_string(document).unwrap_or_else(|_| "null".to_owned());
        self.write(&self.out, &escape_json(&text));
    }

    /// A file of our own making, as it is.
    pub(crate) fn file(&self, text: &str) {
        self.write(&self.out, text.trim_end_matches('\n'));
    }

    pub(crate) fn table(&self, table: &Table) {
        for line in table.lines() {
            self.line(line);
        }
    }

    /// Something that accompanies the facts; `--quiet` leaves it out.
    pub(crate) fn note(&self, text: impl Into<Text>) {
        if !self.quiet {
            self.write(&self.err, &text.into().render(self.color_err));
        }
    }

    /// Something that is said whatever was asked for: a code to type, a question.
    pub(crate) fn say(&self, text: impl Into<Text>) {
        self.write(&self.err, &text.into().render(self.color_err));
    }

    /// Why the command did not do what it was asked to.
    pub(crate) fn failure(&self, failure: &Failure) {
        if self.json {
            let document = json!({
                "code": failure.code,
                "message": failure.message,
                "exit": failure.exit as u8,
                "request_id": failure.request_id,
                "causes": self.verbose.then(|| failure.causes()).flatten(),
            });
            self.write(&self.err, &escape_json(&document.to_string()));
            return;
        }
        let text = Text::new().add(Paint::Bad, "error: ").plain(&failure.message);
        self.write(&self.err, &text.render(self.color_err));
        if !self.verbose {
            return;
        }
        if let Some(causes) = failure.causes() {
            let text = Text::new().add(Paint::Dim, "cause: ").plain(causes);
            self.write(&self.err, &text.render(self.color_err));
        }
        if let Some(id) = &failure.request_id {
            let text = Text::new().add(Paint::Dim, "request: ").plain(id);
            self.write(&self.err, &text.render(self.color_err));
        }
    }

    /// Asks a question that is answered with yes or no; `None` when nobody is there to answer.
    pub(crate) fn confirm(&self, question: &str) -> Option<bool> {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return None;
        }
        let prompt =
            Text::new().add(Paint::Strong, question).plain(" [y/N]").render(self.color_err);
        self.write(&self.err, &prompt);
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).ok()?;
        Some(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }

    /// Asks for a secret, which is not shown while it is typed; nothing, when nobody can be asked.
    pub(crate) fn ask_secret(&self, question: &str) -> Option<String> {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return None;
        }
        let prompt = Text::new().add(Paint::Strong, question).render(self.color_err);
        self.write(&self.err, &prompt);
        console::Term::stderr().read_secure_line().ok()
    }

    /// A fresh progress display.
    pub(crate) fn progress(&self) -> Progress<'_> {
        Progress::new(self)
    }

    /// A moment in the local time zone, to the minute.
    pub(crate) fn date(&self, time: UnixTime) -> String {
        local_minute(time, &self.zone)
    }

    pub(crate) const fn is_quiet(&self) -> bool {
        self.quiet
    }

    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// Whether the reader went away: what streams can end.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    fn write(&self, sink: &Sink, line: &str) {
        if self.is_closed() && matches!(sink, Sink::Out(_)) {
            return;
        }
        if sink.write(line).is_err() && matches!(sink, Sink::Out(_)) {
            self.closed.store(true, Ordering::Relaxed);
        }
    }
}

impl Sink {
    fn write(&self, line: &str) -> io::Result<()> {
        match self {
            Self::Out(stream) => put(&mut *stream.lock().expect("no writer panics"), line),
            Self::Err(stream) => put(&mut *stream.lock().expect("no writer panics"), line),
            Self::Memory(bytes) => put(&mut *bytes.lock().expect("no writer panics"), line),
        }
    }
}

fn put(stream: &mut impl Write, line: impl Display) -> io::Result<()> {
    writeln!(stream, "{line}")?;
    stream.flush()
}

#[cfg(test)]
pub(crate) use capture::Captured;

#[cfg(test)]
mod capture {
    use super::*;

    /// What a printer without a screen printed.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Captured {
        json: bool,
        out: Arc<Mutex<Vec<u8>>>,
        err: Arc<Mutex<Vec<u8>>>,
    }

    impl Captured {
        pub(crate) fn text() -> Self {
            Self::default()
        }

        pub(crate) fn json() -> Self {
            Self { json: true, ..Self::default() }
        }

        pub(crate) fn printer(&self) -> Printer {
            Printer {
                json: self.json,
                quiet: false,
                verbose: false,
                draws: false,
                color_out: false,
                color_err: false,
                zone: LazyLock::new(|| TimeZone::UTC),
                out: Sink::Memory(Arc::clone(&self.out)),
                err: Sink::Memory(Arc::clone(&self.err)),
                closed: AtomicBool::new(false),
            }
        }

        pub(crate) fn out(&self) -> String {
            String::from_utf8(self.out.lock().unwrap().clone()).unwrap()
        }

        pub(crate) fn err(&self) -> String {
            String::from_utf8(self.err.lock().unwrap().clone()).unwrap()
        }
    }
}

#[cfg(test)]
mod tests {
    use outport_types::{Code, Problem};

    use super::*;

    #[test]
    fn nothing_that_is_printed_can_steer_the_terminal() {
        let evil = "a\u{1b}[2J\nb\u{9b}31m\u{202e}c";
        let screen = Captured::text();
        screen.printer().line(evil);
        screen.printer().note(evil);
        screen.printer().failure(&Failure::new(crate::failure::Exit::Failed, evil));
        let mut table = Table::new(&[("NAME", Align::Left)]);
        table.row([Text::from(evil)]);
        screen.printer().table(&table);
        screen.printer().json(&json!({ "name": evil }));
        let printed = screen.out() + &screen.err();
        assert!(printed.chars().all(|c| c == '\n' || !c.is_control()), "{printed:?}");
        assert!(!printed.contains('\u{202e}'));
        assert_eq!(screen.out().lines().next(), Some(r"a\x1b[2J\nb\x9b31m\u{202e}c"));
    }

    #[test]
    fn json_stays_json_and_reads_back() {
        let evil = json!({ "name": "a\u{1b}\u{7f}\u{9b}\u{202e}\n" });
        let screen = Captured::json();
        screen.printer().fact(&evil, |_| panic!("text was not asked for"));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&screen.out()).unwrap(), evil);
    }

    #[test]
    fn errors_are_one_sentence_and_for_programs_an_object() {
        let failure = Failure::from(Problem::new(Code::AgentNotRunning, []));
        let screen = Captured::text();
        screen.printer().failure(&failure);
        assert_eq!(
            screen.err(),
            "error: No agent is running here. Start it with `outport agent`.\n"
        );
        let screen = Captured::json();
        screen.printer().failure(&failure);
        let document: serde_json::Value = serde_json::from_str(&screen.err()).unwrap();
        assert_eq!(document["code"], "AGENT_NOT_RUNNING");
        assert_eq!(document["exit"], 5);
    }
}
