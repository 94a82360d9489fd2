//! How far something is: a bar that is drawn over itself on a terminal, now and then a line elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Printer, escape};

/// A progress display; it goes away when dropped.
#[derive(Debug)]
pub(crate) struct Progress<'a> {
    printer: &'a Printer,
    bar: Option<ProgressBar>,
    /// The words of the last line, and when it was printed.
    last: Option<(String, Instant)>,
}

/// What is shown at one moment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Moment {
    /// How much is done, from 0 to 1; `None` while nobody knows.
    pub fraction: Option<f64>,
    /// The state in words, which is worth a line of its own when it changes: `waiting: …`.
    pub state: String,
    /// The numbers, which change all the time.
    pub numbers: String,
}

impl<'a> Progress<'a> {
    pub(super) fn new(printer: &'a Printer) -> Self {
        let bar = printer.draws.then(|| {
            let bar = ProgressBar::with_draw_target(Some(STEPS), ProgressDrawTarget::stderr());
            bar.set_style(style(false, printer.color_err));
            bar.enable_steady_tick(TICK);
            bar
        });
        Self { printer, bar, last: None }
    }

    pub(crate) fn show(&mut self, moment: &Moment) {
        if self.printer.json || self.printer.quiet {
            return;
        }
        let text = match (moment.state.is_empty(), moment.numbers.is_empty()) {
            (false, false) => format!("{} · {}", moment.state, moment.numbers),
            (true, _) => moment.numbers.clone(),
            (_, true) => moment.state.clone(),
        };
        if let Some(bar) = &self.bar {
            bar.set_style(style(moment.fraction.is_some(), self.printer.color_err));
            let fraction = moment.fraction.unwrap_or(0.0).clamp(0.0, 1.0);
            bar.set_position((fraction * STEPS as f64) as u64);
            bar.set_message(escape(&text).into_owned());
            return;
        }
        let due = match &self.last {
            Some((state, at)) => *state != moment.state || LINE_PAUSE <= at.elapsed(),
            None => true,
        };
        if due {
            self.printer.note(text);
            self.last = Some((moment.state.clone(), Instant::now()));
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn style(known: bool, color: bool) -> ProgressStyle {
    let template = match (known, color) {
        (true, true) => "{spinner:.green} {bar:16.green/dim} {percent:>3}%  {wide_msg}",
        (true, false) => "{spinner} {bar:16} {percent:>3}%  {wide_msg}",
        (false, true) => "{spinner:.green} {wide_msg}",
        (false, false) => "{spinner} {wide_msg}",
    };
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─")
}

/// Finer than any terminal's bar.
const STEPS: u64 = 10_000;
/// Often enough that the display looks alive.
const TICK: Duration = Duration::from_millis(120);
/// A log that is read later wants few lines.
const LINE_PAUSE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::printer::Captured;

    #[test]
    fn without_a_terminal_only_changes_of_state_are_lines() {
        let screen = Captured::text();
        let printer = screen.printer();
        let mut progress = printer.progress();
        let moment = |state: &str, numbers: &str| Moment {
            fraction: None,
            state: state.to_owned(),
            numbers: numbers.to_owned(),
        };
        progress.show(&moment("", "1 file"));
        progress.show(&moment("", "2 files"));
        progress.show(&moment("waiting: paused", "2 files"));
        progress.show(&moment("waiting: paused", "2 files"));
        progress.show(&moment("", "3 files"));
        assert_eq!(screen.err(), "1 file\nwaiting: paused · 2 files\n3 files\n");
        assert_eq!(screen.out(), "");
    }

    #[test]
    fn programs_see_no_progress() {
        let screen = Captured::json();
        let moment = Moment { fraction: None, state: "waiting".to_owned(), numbers: String::new() };
        screen.printer().progress().show(&moment);
        assert_eq!(screen.err(), "");
    }

    #[test]
    fn the_bar_is_drawn_in_each_style() {
        for (known, color) in [(true, true), (true, false), (false, true), (false, false)] {
            let bar = ProgressBar::hidden();
            bar.set_style(style(known, color));
            bar.tick();
        }
    }
}
