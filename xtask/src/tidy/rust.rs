//! Rules for Rust files.

use super::{Finding, source::Source};

pub(super) fn check(source: &Source<'_>) -> Vec<Finding> {
    let mut findings = layout(source);
    for (number, line) in source.lines() {
        findings.extend(left_undone(source, number, line));
        if line.trim_start().starts_with(concat!("#[ig", "nore")) {
            let text = "a test that does not run is no test; call `skip`, or choose the long form \
                        by OUTPORT_FULL";
            findings.push(source.finding(number, "ignore", text));
        }
        if source.is_test(number) && sleeps(source, line) {
            let text = "a sleep in a test is a race; wait for the condition, or pause the clock";
            findings.push(source.finding(number, "sleep", text));
        }
    }
    findings
}

/// Past this, two things share a room.
const PRODUCTION_LINES_MAX: usize = 800;

fn layout(source: &Source<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let first = source.lines().find(|(_, line)| !line.trim().is_empty());
    let file = source.name.rsplit('/').next().unwrap_or(source.name);
    // What `tests.rs` beside a module is for stands in its name.
    if file != "tests.rs" && !first.is_some_and(|(_, line)| line.starts_with("//!")) {
        findings.push(source.finding(1, "head", "starts without `//!` that says what it is for"));
    }
    if PRODUCTION_LINES_MAX < source.production() {
        let text = format!("{} lines before its tests; split it", source.production());
        findings.push(source.finding(0, "size", text));
    }
    let advice = match file {
        "mod.rs" => "write `foo.rs` beside `foo/`",
        "util.rs" | "utils.rs" | "helper.rs" | "helpers.rs" | "misc.rs" | "common.rs" => {
            "name the file after what it does"
        }
        _ => return findings,
    };
    findings.push(source.finding(0, "layout", advice));
    findings
}

fn left_undone(source: &Source<'_>, number: usize, line: &str) -> Option<Finding> {
    let has = |word: &str| line.contains(word);
    if has(concat!("to", "do!(")) || has(concat!("unimpl", "emented!(")) {
        return Some(source.finding(number, "todo", "not written yet"));
    }
    if has(concat!("FIX", "ME")) || has(concat!("XX", "X:")) {
        return Some(source.finding(number, "todo", "mend it, or say TODO and because of what"));
    }
    let word = concat!("TO", "DO");
    let is_note =
        line.contains("//") && line.split(|c: char| !c.is_alphanumeric()).any(|w| w == word);
    (is_note && !has("because"))
        .then(|| source.finding(number, "todo", "say why it is left: TODO … because …"))
}

/// A sleep on the real clock; in a file of paused clocks tokio's is simulated time.
fn sleeps(source: &Source<'_>, line: &str) -> bool {
    let paused = source.text.contains("start_paused") || source.text.contains("time::pause()");
    line.contains("thread::sleep(") || (line.contains("time::sleep(") && !paused)
}
