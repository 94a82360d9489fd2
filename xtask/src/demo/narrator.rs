//! What the demo says, apart from what the program prints.

use std::io::IsTerminal as _;

/// Speaks to whoever watches, in colour where there is a terminal.
#[derive(Debug)]
pub(super) struct Narrator {
    colored: bool,
}

impl Narrator {
    pub(super) fn new() -> Self {
        let colored = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { colored }
    }

    /// Begins an act.
    pub(super) fn title(&self, text: &str) {
        self.print(BOLD, &format!("\n── {text}"));
    }

    /// Explains what comes.
    pub(super) fn say(&self, text: &str) {
        self.print(DIM, text);
    }

    /// Says that something was shown to be so.
    pub(super) fn good(&self, text: &str) {
        self.print(GREEN, &format!("✔ {text}"));
    }

    /// Shows a command before it runs.
    pub(super) fn command(&self, computer: &str, words: &str) {
        self.print(BLUE, &format!("{computer} $ outport {words}"));
    }

    fn print(&self, style: &str, text: &str) {
        if self.colored {
            println!("\x1b[{style}m{text}\x1b[0m");
        } else {
            println!("{text}");
        }
    }
}

const BOLD: &str = "1";
const DIM: &str = "2";
const GREEN: &str = "32";
const BLUE: &str = "34";
