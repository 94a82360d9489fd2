//! Rules for every text file, and for files that are no text.

use super::{Finding, source::Source};

pub(super) fn check(source: &Source<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in source.lines() {
        if line.ends_with([' ', '\t', '\r']) && !is_verbatim(source.name) {
            findings.push(source.finding(number, "whitespace", "ends with a blank"));
        }
        if !is_lock(source.name)
            && let Some(word) = MACHINE.iter().find(|word| line.contains(**word))
        {
            let text = format!("`{word}` is a place of one machine or one registry");
            findings.push(source.finding(number, "machine", text));
        }
    }
    if !source.text.is_empty() && !source.text.ends_with('\n') && !is_verbatim(source.name) {
        findings.push(source.finding(0, "whitespace", "does not end with a newline"));
    }
    if FILE_BYTES_MAX < source.text.len() {
        findings.push(source.finding(0, "size", format!("more than {FILE_BYTES_MAX} bytes")));
    }
    findings
}

/// What a file that is no text is told, unless it is one of those that have to be.
pub(super) fn check_binary(name: &str) -> Vec<Finding> {
    if is_verbatim(name) || PICTURES.iter().any(|ending| name.ends_with(ending)) {
        return Vec::new();
    }
    let text = "not UTF-8; made files are not tracked".to_owned();
    vec![Finding { file: name.to_owned(), line: 0, rule: "binary", text }]
}

/// Files whose every byte is meant: inputs of fuzz targets, golden bytes, printed output.
fn is_verbatim(name: &str) -> bool {
    ["fuzz/corpus/", "/golden/", "/snapshots/", "/seeds/"]
        .iter()
        .any(|part| name.starts_with(part) || name.contains(part))
}

/// Lock files name registries; that is what they are for.
fn is_lock(name: &str) -> bool {
    name.ends_with("Cargo.lock") || name.ends_with("package-lock.json")
}

/// A file larger than this is made by something, and belongs to what makes it.
const FILE_BYTES_MAX: usize = 512 * 1024;

const PICTURES: [&str; 4] = [".png", ".ico", ".icns", ".woff2"];

/// Split, so that this file does not find itself.
const MACHINE: [&str; 7] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!(".libr", "ary/"),
    concat!("deb.deb", "ian.org"),
    concat!("index.crates", ".io"),
    concat!("static.crates", ".io"),
    concat!("registry.npm", "js.org"),
];
