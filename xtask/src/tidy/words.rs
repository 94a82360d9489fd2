//! One word for one thing, as DESIGN.md §1 has them.

use super::{Finding, source::Source};

/// A word that stands for nothing here, and the one to use.
struct Word {
    wrong: &'static str,
    right: &'static str,
    why: &'static str,
}

/// Looked for in every identifier, comment and text, whole and in any case.
const EVERYWHERE: &[Word] = &[
    Word { wrong: "daemon", right: "agent", why: "the background part of an endpoint" },
    Word { wrong: "whitelist", right: "allow list", why: "says what it does" },
    Word { wrong: "blacklist", right: "deny list", why: "says what it does" },
    Word { wrong: "whitelisted", right: "allowed", why: "says what it does" },
    Word { wrong: "blacklisted", right: "denied", why: "says what it does" },
];

/// Names that others gave to their things.
const FOREIGN: [&str; 3] = ["dbus-daemon", "daemon-reload", "--daemon"];

/// Looked for in the names of types of several words, as one of these.
const IN_TYPES: &[Word] = &[
    Word { wrong: "Share", right: "Folder", why: "what an owner shares is a folder" },
    Word { wrong: "Shares", right: "Folders", why: "what an owner shares is a folder" },
    Word { wrong: "Daemon", right: "Agent", why: "the background part of an endpoint" },
];

/// Last words of a type's name that say nothing.
const EMPTY_ENDINGS: &[&str] =
    &["Manager", "Helper", "Helpers", "Util", "Utils", "Info", "Data", "Stuff", "Wrapper"];

pub(super) fn check(source: &Source<'_>) -> Vec<Finding> {
    if source.name.starts_with("xtask/src/tidy") {
        return Vec::new(); // it holds the words themselves
    }
    let mut findings = Vec::new();
    for (number, line) in source.lines() {
        let own = FOREIGN.iter().fold(line.to_owned(), |line, name| line.replace(name, ""));
        let words: Vec<_> = words_of(&own).map(str::to_lowercase).collect();
        for Word { wrong, right, why } in EVERYWHERE {
            if words.iter().any(|word| word == wrong) {
                let text = format!("say `{right}`, not `{wrong}`: {why}");
                findings.push(source.finding(number, "words", text));
            }
        }
        if let Some(name) = declared(line, &TYPE_KEYWORDS) {
            findings.extend(type_name(source, number, name));
        }
        if let Some(name) = declared(line, &["fn "])
            && name.starts_with("get_")
        {
            let text = format!("`{name}`: a getter is called as what it gets");
            findings.push(source.finding(number, "words", text));
        }
    }
    findings
}

const TYPE_KEYWORDS: [&str; 5] = ["struct ", "enum ", "trait ", "type ", "union "];

fn type_name(source: &Source<'_>, number: usize, name: &str) -> Vec<Finding> {
    let words: Vec<_> = words_of(name).collect();
    let mut findings = Vec::new();
    for Word { wrong, right, why } in IN_TYPES {
        if 1 < words.len() && words.contains(wrong) {
            let text = format!("`{name}`: say `{right}`: {why}");
            findings.push(source.finding(number, "words", text));
        }
    }
    if let Some(ending) = words.last().filter(|word| EMPTY_ENDINGS.contains(word))
        && 1 < words.len()
    {
        let text = format!("`{name}`: `{ending}` says nothing; name what it does or holds");
        findings.push(source.finding(number, "words", text));
    }
    findings
}

/// The name that a line declares by one of the keywords, unless the line is a comment.
fn declared<'a>(line: &'a str, keywords: &[&str]) -> Option<&'a str> {
    let mut code = line.trim_start();
    for before in ["pub(crate) ", "pub(super) ", "pub ", "const ", "async ", "unsafe "] {
        code = code.strip_prefix(before).unwrap_or(code);
    }
    let rest = keywords.iter().find_map(|keyword| code.strip_prefix(keyword))?;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    Some(&rest[..end])
}

/// The words of a text: `SessionManager`, `session_manager` and `session manager` all have two.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).flat_map(camel_words).filter(|word| !word.is_empty())
}

fn camel_words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut previous = ' ';
    for (at, c) in text.char_indices() {
        if c.is_uppercase() && (previous.is_lowercase() || previous.is_ascii_digit()) {
            words.push(&text[start..at]);
            start = at;
        }
        previous = c;
    }
    words.push(&text[start..]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_every_spelling() {
        let words: Vec<_> = words_of("SessionManager session_log, a2B http_URL").collect();
        assert_eq!(words, ["Session", "Manager", "session", "log", "a2", "B", "http", "URL"]);
    }

    #[test]
    fn declarations_are_told_from_uses() {
        assert_eq!(declared("    pub(crate) struct Rules {", &TYPE_KEYWORDS), Some("Rules"));
        assert_eq!(declared("let x: PhantomData = y;", &TYPE_KEYWORDS), None);
        assert_eq!(declared("// struct Rules", &TYPE_KEYWORDS), None);
        assert_eq!(declared("pub const fn get_x() {", &["fn "]), Some("get_x"));
    }
}
