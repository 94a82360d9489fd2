//! Tests that cannot run everywhere, and those that have a long form.
//!
//! `cargo xtask test` sets the variables read here.

use std::{env, fs::OpenOptions, io::Write as _};

/// Ends a test that cannot run on this machine; the caller returns right after.
///
/// The reason is listed at the end of the run.
///
/// # Panics
/// Where nothing may be skipped: as root on Linux, and in continuous integration.
pub fn skip(reason: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    assert!(env::var_os(NO_SKIP).is_none(), "must not be skipped here: {reason}");
    let line = format!("SKIPPED: {test}: {reason}\n");
    if let Some(file) = env::var_os(SKIPPED) {
        let mut file = OpenOptions::new().append(true).create(true).open(file).expect("the list");
        file.write_all(line.as_bytes()).expect("one line of the list"); // one write, many tests
    }
    std::io::stderr().write_all(line.as_bytes()).expect("the standard error is there");
}

/// Whether the long form was asked for: `cargo xtask test --full`.
pub fn full() -> bool {
    env::var_os(FULL).is_some()
}

const NO_SKIP: &str = "OUTPORT_NO_SKIP";
const SKIPPED: &str = "OUTPORT_SKIPPED";
const FULL: &str = "OUTPORT_FULL";
