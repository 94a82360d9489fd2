//! Runs tests by cargo-nextest where it is present, else by `cargo test`.

use anyhow::Result;

use crate::{
    sh::{self, Sh, Stream},
    steps::Outcome,
};

/// Runs all tests of the workspace and keeps the runner's last word in `closing`.
pub(crate) fn workspace(closing: &mut Vec<String>, prepare: impl Fn(Sh) -> Sh) -> Result<Outcome> {
    run("--workspace --locked", closing, prepare)
}

/// Runs the unit tests of the libraries only.
pub(crate) fn libraries(closing: &mut Vec<String>, prepare: impl Fn(Sh) -> Sh) -> Result<Outcome> {
    run("--workspace --locked --lib", closing, prepare)
}

/// Whether cargo-nextest can be run.
pub(crate) fn is_present() -> bool {
    Sh::cargo().words("nextest --version").succeeds()
}

fn run(what: &str, closing: &mut Vec<String>, prepare: impl Fn(Sh) -> Sh) -> Result<Outcome> {
    let result = if is_present() {
        let command =
            Sh::cargo().words("nextest run").words(what).words("--color").arg(sh::color());
        prepare(command).run_watching(Stream::Stderr, |line| {
            if is_summary(line) {
                closing.clear();
            }
            if is_summary(line) || !closing.is_empty() {
                closing.push(line.to_owned());
            }
        })
    } else {
        println!(
            "  cargo-nextest is not there (`cargo xtask setup` installs it): using cargo test"
        );
        let command = Sh::cargo().words("test --no-fail-fast").words(what);
        let mut all = Counts::default();
        let result = prepare(command).run_watching(Stream::Stdout, |line| all.add(line));
        closing
            .push(format!("{} passed, {} failed, {} skipped", all.passed, all.failed, all.ignored));
        result
    };
    result.map(|()| Outcome::Passed)
}

/// Whether this is the line with nextest's counts; after it come only the names of what failed.
fn is_summary(line: &str) -> bool {
    let counts = line.contains(" tests run: ") || line.contains(" test run: ");
    counts && line.contains("Summary")
}

/// The sum over the programs that `cargo test` runs one after the other.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u32,
    failed: u32,
    ignored: u32,
}

impl Counts {
    /// Adds what one program says at its end.
    fn add(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|l| l.split_once(". "))
        else {
            return;
        };
        for count in counts.split("; ") {
            let (number, name) = count.split_once(' ').unwrap_or_default();
            let sum = match name {
                "passed" => &mut self.passed,
                "failed" => &mut self.failed,
                "ignored" => &mut self.ignored,
                _ => continue,
            };
            *sum += number.parse::<u32>().unwrap_or(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_known_by_its_counts() {
        assert!(is_summary("     Summary [   0.012s] 22 tests run: 22 passed, 0 skipped"));
        assert!(is_summary("     Summary [   0.012s] 1 test run: 1 passed, 0 skipped"));
        assert!(!is_summary("        PASS [   0.012s] outport-types name::Summary"));
    }

    #[test]
    fn the_counts_of_cargo_test_are_added() {
        let mut all = Counts::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
            "test result: FAILED. 1 passed; 2 failed; 4 ignored; 0 measured; 0 filtered out",
        ] {
            all.add(line);
        }
        assert_eq!(all, Counts { passed: 4, failed: 2, ignored: 4 });
    }
}
