//! Runs tests by cargo-nextest where it is present, else by `cargo test`.

use anyhow::Result;

use crate::{
    sh::{self, Sh},
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
    if is_present() {
        let command =
            Sh::cargo().words("nextest run").words(what).words("--color").arg(sh::color());
        let result = prepare(command).run_watching(|line| {
            if is_summary(line) {
                closing.clear();
            }
            if is_summary(line) || !closing.is_empty() {
                closing.push(line.to_owned());
            }
        });
        return result.map(|()| Outcome::Passed);
    }
    println!("  cargo-nextest is not there (`cargo xtask setup` installs it): using cargo test");
    let command = Sh::cargo().words("test --no-fail-fast").words(what);
    prepare(command).run()?;
    Ok(Outcome::Passed)
}

/// Whether this is the line with nextest's counts; after it come only the names of what failed.
fn is_summary(line: &str) -> bool {
    let counts = line.contains(" tests run: ") || line.contains(" test run: ");
    counts && line.contains("Summary")
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
}
