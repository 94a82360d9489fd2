//! What the sources of a member name that has no place there.
//!
//! Reads paths as the compiler would, `use` trees with their braces included, without comments and
//! texts; so `use std::{fmt, fs}` names `std::fs`.

use std::{fs, io, path::Path};

/// Modules and items of which nothing may be named.
const IMPURE: &[&str] = &[
    "async_std",
    "libc",
    "mio",
    "quinn",
    "rustix",
    "socket2",
    "std::env",
    "std::fs",
    "std::io::stderr",
    "std::io::stdin",
    "std::io::stdout",
    "std::os",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::time::UNIX_EPOCH",
    "tokio",
];

/// Addresses are data; all else of `std::net` is sockets.
const ADDRESSES: [&str; 7] = [
    "AddrParseError",
    "IpAddr",
    "Ipv4Addr",
    "Ipv6Addr",
    "SocketAddr",
    "SocketAddrV4",
    "SocketAddrV6",
];

/// Named as a whole, these would hide what is taken from them.
const TOO_MUCH: [&str; 6] =
    ["std", "std::*", "std::net", "std::net::*", "std::time", "std::time::*"];

/// Functions of other libraries that read a clock.
const CLOCKS: [&str; 4] = ["now_local", "now_utc", "now_v1", "now_v7"];

/// The public fields of a struct, read off its source as rustfmt leaves it.
pub(crate) fn fields<'a>(source: &'a str, name: &str) -> Vec<&'a str> {
    let head = format!("pub struct {name} {{");
    let body = source.lines().skip_while(|line| *line != head).skip(1);
    let field = |line: &'a str| line.trim().strip_prefix("pub ")?.split(':').next();
    body.take_while(|line| *line != "}").filter_map(field).collect()
}

/// Every place in the folder that names something impure, as `file:line: path`.
pub(crate) fn impure_paths(folder: &Path) -> io::Result<Vec<String>> {
    let mut findings = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            findings.extend(impure_paths(&path)?);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path)?;
            let impure = paths_in(&text).into_iter().filter(|(_, named)| is_impure(named));
            findings
                .extend(impure.map(|(line, named)| format!("{}:{line}: {named}", path.display())));
        }
    }
    Ok(findings)
}

fn is_impure(path: &str) -> bool {
    let last = path.rsplit("::").next().unwrap_or(path);
    if TOO_MUCH.contains(&path) || CLOCKS.contains(&last) {
        return true;
    }
    if let Some(item) = path.strip_prefix("std::net::") {
        return !ADDRESSES.contains(&item.split("::").next().unwrap_or(item));
    }
    let inside = |module: &str| {
        path.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    IMPURE.iter().any(|module| inside(module))
}

/// Every path that a source names, with its line; the braces of `use` are multiplied out.
fn paths_in(source: &str) -> Vec<(usize, String)> {
    let mut reader = Reader { tokens: tokens_of(source), at: 0, paths: Vec::new() };
    while let Some(token) = reader.peek() {
        if token.is_word() && token.text != "use" {
            reader.read_tree("");
        } else {
            reader.at += 1;
        }
    }
    reader.paths
}

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    paths: Vec<(usize, String)>,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    fn takes(&mut self, text: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.text == text);
        self.at += usize::from(found);
        found
    }

    /// Reads one path, or what stands for several of them.
    fn read_tree(&mut self, prefix: &str) {
        let line = self.peek().map_or(0, |token| token.line);
        let mut path = prefix.to_owned();
        while let Some(token) = self.peek() {
            if token.text == "{" && !path.is_empty() {
                self.at += 1;
                return self.read_group(&path);
            }
            if !token.is_word() && token.text != "*" {
                break;
            }
            self.at += 1;
            if token.text != "self" || path.is_empty() {
                let separator = if path.is_empty() { "" } else { "::" };
                path = format!("{path}{separator}{}", token.text);
            }
            if !self.takes("::") {
                break;
            }
        }
        self.paths.push((line, path));
    }

    fn read_group(&mut self, prefix: &str) {
        while let Some(token) = self.peek() {
            if self.takes("}") {
                return;
            }
            if self.takes("as") {
                self.at += 1; // the new name is no path
            } else if token.is_word() || token.text == "*" {
                self.read_tree(prefix);
            } else {
                self.at += 1;
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Token<'a> {
    line: usize,
    text: &'a str,
}

impl Token<'_> {
    fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphanumeric() || c == '_')
    }
}

/// Words, `::` and single characters, without comments, texts and characters in quotes.
fn tokens_of(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = source;
    let mut line = 1;
    while let Some(c) = rest.chars().next() {
        let (len, is_token) = match skipped_len(rest) {
            0 if rest.starts_with("::") => (2, true),
            0 if c.is_alphanumeric() || c == '_' => (word_len(rest), true),
            0 => (c.len_utf8(), !c.is_whitespace()),
            len => (len, false),
        };
        let (text, after) = rest.split_at(len);
        if is_token {
            tokens.push(Token { line, text });
        }
        line += text.matches('\n').count();
        rest = after;
    }
    tokens
}

fn word_len(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())
}

/// How long the comment, the text or the character is that starts here; 0 if none does.
fn skipped_len(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return text.find("*/").map_or(text.len(), |at| at + 2);
    }
    let raw = text.trim_start_matches(['b', 'c']).strip_prefix('r').unwrap_or("");
    let hashes = raw.len() - raw.trim_start_matches('#').len();
    if raw[hashes..].starts_with('"') && text.len() - raw.len() < 3 {
        let end = format!("\"{}", "#".repeat(hashes));
        let start = text.len() - raw.len() + hashes + 1;
        return text[start..].find(&end).map_or(text.len(), |at| start + at + end.len());
    }
    if text.starts_with('"') {
        return quoted_len(text, '"');
    }
    // A lifetime has no second quote right after one character.
    let character = text.strip_prefix('\'').unwrap_or("");
    let mut chars = character.chars();
    match (chars.next(), chars.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) => quoted_len(text, '\''),
        (Some(_) | None, _) => 0,
    }
}

fn quoted_len(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn impure(source: &str) -> Vec<String> {
        let paths = paths_in(source).into_iter().map(|(_, path)| path);
        paths.filter(|path| is_impure(path)).collect()
    }

    #[test]
    fn impure_paths_are_found_in_every_spelling() {
        for (source, found) in [
            ("use std::fs;", "std::fs"),
            ("use std::{fmt, fs::File};", "std::fs::File"),
            ("use std::{fmt, fs::{self, File as F}};", "std::fs"),
            ("use std::{net::{IpAddr, TcpStream}};", "std::net::TcpStream"),
            ("let x = std::time::Instant::now();", "std::time::Instant::now"),
            ("use std::time::{Duration, SystemTime};", "std::time::SystemTime"),
            ("use ::tokio::sync::mpsc;", "tokio::sync::mpsc"),
            ("use std::*;", "std::*"),
            ("use std::time;", "std::time"),
            ("OffsetDateTime::now_utc()", "OffsetDateTime::now_utc"),
        ] {
            let paths = impure(source);
            assert_eq!(paths.first().map(String::as_str), Some(found), "{source}");
        }
    }

    #[test]
    fn what_is_pure_and_what_is_only_talked_about_is_left_alone() {
        for source in [
            "use std::net::{IpAddr as Ip, SocketAddr};",
            "use std::{fmt, time::Duration};",
            "// use std::fs;",
            "/// as [`tokio`](https://tokio.rs) does with std::fs",
            "/* std::fs */",
            "let x = \"std::fs \\\" std::fs\";",
            "let x = r#\"std::fs \" std::fs\"#;",
            "fn f<'a>(x: &'a str) -> char { '\"' }",
            "mod time; use crate::time::Instant;",
        ] {
            assert_eq!(impure(source), [""; 0], "{source}");
        }
    }

    #[test]
    fn lines_are_counted_over_comments_and_texts() {
        let source = "/* one\ntwo */\nlet x = \"a\nb\";\nuse std::fs;";
        assert!(paths_in(source).contains(&(5, "std::fs".to_owned())));
    }
}
