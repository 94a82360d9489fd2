//! The one reversible escape for file names that are not UTF-8.
//!
//! A byte that is no part of valid UTF-8 becomes one character of the private-use block
//! `U+EF80..=U+EFFF` (its low byte is the byte).
//! A real character of that block is escaped byte by byte itself, so nothing is ambiguous.

use std::borrow::Cow;

/// The text form of a name.
pub fn escape_bytes(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() || !text.chars().any(is_escape) => Cow::Borrowed(text),
        Ok(_) | Err(_) => Cow::Owned(escape_slow(bytes)),
    }
}

/// The bytes behind a text form; any text has one.
pub fn unescape_str(text: &str) -> Vec<u8> {
    if text.is_ascii() {
        return text.as_bytes().to_vec();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut buffer = [0; 4];
    for c in text.chars() {
        if is_escape(c) {
            bytes.push((u32::from(c) & 0xff) as u8);
        } else {
            bytes.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
        }
    }
    bytes
}

fn escape_slow(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if is_escape(c) {
                let mut buffer = [0; 4];
                text.extend(c.encode_utf8(&mut buffer).bytes().map(escape_byte));
            } else {
                text.push(c);
            }
        }
        text.extend(chunk.invalid().iter().copied().map(escape_byte));
    }
    text
}

fn is_escape(c: char) -> bool {
    ('\u{ef80}'..='\u{efff}').contains(&c)
}

fn escape_byte(byte: u8) -> char {
    char::from_u32(ESCAPE_BASE + u32::from(byte)).expect("U+EF00..=U+EFFF are characters")
}

/// Added to a byte to make its escape; only bytes from 0x80 on are ever escaped.
const ESCAPE_BASE: u32 = 0xef00;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_comes_back() {
        for name in [
            b"plain".as_slice(),
            "Büro ☃".as_bytes(),
            b"latin\xe9",
            b"\xff\xfe\x80",
            "\u{ef80}".as_bytes(),
            "\u{efff}x".as_bytes(),
            b"\xc3",
            b"",
        ] {
            assert_eq!(unescape_str(&escape_bytes(name)), name);
        }
    }

    #[test]
    fn ordinary_names_stay_as_they_are() {
        assert!(matches!(escape_bytes("Büro".as_bytes()), Cow::Borrowed("Büro")));
    }
}
