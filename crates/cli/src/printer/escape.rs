//! Text from outside, made safe to show.

use std::{borrow::Cow, fmt::Write as _};

/// The text in one line, with everything that could steer a terminal or hide itself spelt out.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            c if !is_unsafe(c) => safe.push(c),
            c => match hidden_byte(c) {
                Some(byte) => write_escape(&mut safe, format_args!("\\x{byte:02x}")),
                None if u32::from(c) < 0x100 => {
                    write_escape(&mut safe, format_args!("\\x{:02x}", u32::from(c)));
                }
                None => write_escape(&mut safe, format_args!("\\u{{{:x}}}", u32::from(c))),
            },
        }
    }
    Cow::Owned(safe)
}

/// JSON with everything that could steer a terminal as `\u` escapes: it means the same.
pub(crate) fn escape_json(json: &str) -> Cow<'_, str> {
    let steers = |c: char| c != '\n' && is_unsafe(c) && hidden_byte(c).is_none();
    if !json.chars().any(steers) {
        return Cow::Borrowed(json);
    }
    let mut safe = String::with_capacity(json.len() + 16);
    let mut units = [0; 2];
    for c in json.chars() {
        if steers(c) {
            for unit in c.encode_utf16(&mut units) {
                write_escape(&mut safe, format_args!("\\u{unit:04x}"));
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

fn is_unsafe(c: char) -> bool {
    c.is_control() || is_invisible(c) || hidden_byte(c).is_some()
}

/// Characters that turn the direction of what follows, or break a line.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The byte behind a character that stands for a byte that is not UTF-8.
fn hidden_byte(c: char) -> Option<u8> {
    match c {
        '\u{ef80}'..='\u{efff}' => Some((u32::from(c) & 0xff) as u8),
        _ => None,
    }
}

fn write_escape(text: &mut String, escape: std::fmt::Arguments<'_>) {
    text.write_fmt(escape).expect("a String takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in ["plain", "Büro ☃", "日本語", "with space", r"back\slash", "👩‍🔬"]
        {
            assert!(matches!(escape(name), Cow::Borrowed(_)), "{name}");
        }
    }

    #[test]
    fn what_steers_or_hides_is_spelt_out() {
        for (name, shown) in [
            ("a\nb\r\t", r"a\nb\r\t"),
            ("\u{1b}]0;title\u{7}", r"\x1b]0;title\x07"),
            ("\u{7f}\u{9b}", r"\x7f\x9b"),
            ("latin\u{efe9}", r"latin\xe9"),
            ("exe\u{202e}txt.", r"exe\u{202e}txt."),
        ] {
            assert_eq!(escape(name), shown);
        }
    }

    #[test]
    fn json_keeps_its_meaning() {
        let text = serde_json::to_string("\u{7f}\u{9b}\u{202e}\u{1b}\u{efe9}x").unwrap();
        let safe = escape_json(&text);
        assert!(safe.chars().all(|c| !c.is_control() && c != '\u{202e}'));
        let back: String = serde_json::from_str(&safe).unwrap();
        assert_eq!(back, "\u{7f}\u{9b}\u{202e}\u{1b}\u{efe9}x");
    }
}
