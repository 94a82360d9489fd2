//! A text file, its lines, and which of them are tests.

use super::Finding;

/// One file as the rules see it.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
    lines: Vec<&'a str>,
    /// How many lines come before the tests at the end of a Rust file.
    production: usize,
}

impl<'a> Source<'a> {
    pub(super) fn new(name: &'a str, text: &'a str) -> Self {
        let lines: Vec<_> = text.lines().collect();
        let production = production_lines(&lines);
        Self { name, text, lines, production }
    }

    /// The lines with their numbers, from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &'a str)> {
        self.lines.iter().enumerate().map(|(index, line)| (index + 1, *line))
    }

    pub(super) fn production(&self) -> usize {
        self.production
    }

    /// Whether the line belongs to tests: the tests at the end of a file, or a file of tests.
    pub(super) fn is_test(&self, line: usize) -> bool {
        let in_tests = |part| matches!(part, "tests" | "tests.rs");
        self.production < line || self.name.split('/').any(in_tests)
    }

    /// Whether the line itself, or the one above, says that it may break the rule, and why.
    pub(super) fn allows(&self, line: usize, rule: &str) -> bool {
        let marker = format!("tidy: allow({rule}): ");
        let says = |number: usize| {
            let line = number.checked_sub(1).and_then(|index| self.lines.get(index));
            let reason = line.and_then(|line| line.split_once(&marker)).map(|(_, reason)| reason);
            reason.is_some_and(|reason| !reason.trim().is_empty())
        };
        says(line) || says(line.saturating_sub(1))
    }

    pub(super) fn finding(
        &self,
        line: usize,
        rule: &'static str,
        text: impl Into<String>,
    ) -> Finding {
        Finding { file: self.name.to_owned(), line, rule, text: text.into() }
    }
}

fn production_lines(lines: &[&str]) -> usize {
    let is_start = |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ");
    let block = |pair: &[&str]| is_start(pair) && pair[1].ends_with('{');
    lines.windows(2).position(block).unwrap_or(lines.len())
}
