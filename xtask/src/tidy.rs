//! `cargo xtask tidy`: checks what no compiler checks.
//!
//! Each rule reads one file and says what is wrong on which line.
//! A line that must be as it is says so itself, or the line above it does:
//! `tidy: allow(rule): why`.

mod rust;
mod source;
mod text;
mod words;

use std::{fmt, fs, path::Path};

use anyhow::{Context as _, Result, bail};

use self::source::Source;
use crate::{icons, tree};

pub(crate) fn run() -> Result<()> {
    let files = tree::files()?;
    let mut findings = Vec::new();
    for file in &files {
        let bytes = fs::read(tree::root().join(file))
            .with_context(|| format!("cannot read {}", file.display()))?;
        findings.extend(check(file, &bytes));
    }
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} things are not tidy", findings.len());
    }
    icons::check()?;
    println!("{} files are tidy", files.len());
    Ok(())
}

/// One thing that is not as it should be.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    file: String,
    /// From 1; 0 where the file as a whole is meant.
    line: usize,
    rule: &'static str,
    text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, rule, text } = self;
        write!(f, "{file}:{line}: {rule}: {text}")
    }
}

fn check(file: &Path, bytes: &[u8]) -> Vec<Finding> {
    let name = file.to_string_lossy().replace('\\', "/");
    let Ok(text) = std::str::from_utf8(bytes) else { return text::check_binary(&name) };
    let source = Source::new(&name, text);
    let mut findings = text::check(&source);
    if name.ends_with(".rs") {
        findings.extend(rust::check(&source));
        findings.extend(words::check(&source));
    }
    findings.retain(|finding| !source.allows(finding.line, finding.rule));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(file: &str, text: &str) -> Vec<&'static str> {
        check(Path::new(file), text.as_bytes()).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn a_good_file_is_tidy() {
        let good = "//! What this is for.\n\nfn open_folder() {}\n";
        assert_eq!(rules("crates/agent/src/folders.rs", good), [""; 0]);
    }

    #[test]
    fn every_rule_finds_what_it_is_for() {
        let long = format!("//! Head.\n{}", "fn f() {}\n".repeat(801));
        for (file, text, rule) in [
            ("a/src/x.rs", "fn f() {}\n", "head"),
            ("a/src/x.rs", long.as_str(), "size"),
            ("a/src/x/mod.rs", "//! Head.\n", "layout"),
            ("a/src/utils.rs", "//! Head.\n", "layout"),
            ("a/src/x.rs", concat!("//! Head.\n// TO", "DO: later\n"), "todo"),
            ("a/src/x.rs", concat!("//! Head.\nfn f() { to", "do!() }\n"), "todo"),
            ("a/src/x.rs", "//! Head.\n#[ignore]\nfn f() {}\n", "ignore"),
            (
                "a/tests/x.rs",
                concat!("//! Head.\nfn f() { thread::", "sleep(SECOND); }\n"),
                "sleep",
            ),
            ("a/src/x.rs", "//! Head.\nfn get_name() {}\n", "words"),
            ("a/src/x.rs", "//! Head.\nstruct SessionManager;\n", "words"),
            ("a/src/x.rs", "//! Head.\nfn f(daemon: u8) {}\n", "words"),
            ("a/src/x.rs", "//! Head.\nstruct SharePath;\n", "words"),
            ("docs/x.md", concat!("see /wo", "rk/main\n"), "machine"),
            ("docs/x.md", "trailing \n", "whitespace"),
            ("docs/x.md", "no end", "whitespace"),
        ] {
            assert_eq!(rules(file, text), [rule], "{text}");
        }
        assert_eq!(check(Path::new("x.dat"), b"\xff\0")[0].rule, "binary");
    }

    #[test]
    fn a_line_can_say_why_it_must_be_so() {
        let same = "//! Head.\nfn f(daemon: u8) {} // tidy: allow(words): systemd's own word\n";
        assert_eq!(rules("a/src/x.rs", same), [""; 0]);
        let above = "//! Head.\n// tidy: allow(words): systemd's own word\nfn f(daemon: u8) {}\n";
        assert_eq!(rules("a/src/x.rs", above), [""; 0]);
        let other_rule = "//! Head.\nfn f(daemon: u8) {} // tidy: allow(size): no\n";
        assert_eq!(rules("a/src/x.rs", other_rule), ["words"]);
        let no_reason = "//! Head.\nfn f(daemon: u8) {} // tidy: allow(words):\n";
        assert_eq!(rules("a/src/x.rs", no_reason), ["words"]);
    }

    #[test]
    fn tests_at_the_end_do_not_count_as_production_lines() {
        let text = format!(
            "//! Head.\n{}#[cfg(test)]\nmod tests {{\n{}}}\n",
            "fn f() {}\n".repeat(700),
            "fn g() {}\n".repeat(700)
        );
        assert_eq!(rules("a/src/x.rs", &text), [""; 0]);
    }
}
