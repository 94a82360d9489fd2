//! Names that something gets at the destination where its own cannot be there, or is taken.
//!
//! Both kinds follow from the own name alone, so that every later session and every later task finds
//! again what an earlier one made.

use std::fmt::Write as _;

use outport_types::Name;
use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// How the name at the destination comes from the one at the source.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Naming {
    /// Whether a name that can be anywhere takes the place of the own one.
    pub is_replaced: bool,
    /// How many names before it were taken: the first free one has a number.
    pub copy: u16,
}

impl Naming {
    /// The own name.
    pub const OWN: Self = Self { is_replaced: false, copy: 0 };

    /// Whether it is the own name.
    pub fn is_own(self) -> bool {
        self == Self::OWN
    }

    /// The name that something of this name has.
    pub fn of(self, name: &Name) -> Name {
        let replaced = if self.is_replaced { replacement(name) } else { name.clone() };
        match self.copy {
            0 => replaced,
            copy => numbered(&replaced, u32::from(copy) + 1),
        }
    }
}

/// Whether a name looks as if it had taken the place of another one. Where names are replaced, such a
/// name is as well: else it could be the one that another name of the directory gets.
pub fn looks_replaced(name: &Name) -> bool {
    let bytes = name.as_bytes();
    bytes.iter().enumerate().any(|(at, byte)| {
        let tag = bytes.get(at + 1..at + 1 + TAG_DIGITS);
        let after = bytes.get(at + 1 + TAG_DIGITS);
        *byte == TAG_MARK
            && tag.is_some_and(|tag| tag.iter().all(u8::is_ascii_hexdigit))
            && after.is_none_or(|byte| *byte == b'.')
    })
}

/// A name that can be on any disk, for one that cannot be on some: what is no letter to all of them
/// becomes `_`, and a hash of the whole name stands before the extension.
pub fn replacement(name: &Name) -> Name {
    let text = name.text();
    let mut clean: String = text.chars().filter_map(plain).collect();
    clean.truncate(clean.trim_end_matches(['.', ' ']).len());
    let (stem, extension) = split(&clean);
    // The system of the device's name looks at what stands before the first dot.
    let stem = if is_device(stem) { format!("_{stem}") } else { stem.to_owned() };
    let hash = blake3::hash(name.as_bytes()).to_hex();
    let tag = &hash.as_str()[..TAG_DIGITS];
    let room = REPLACED_BYTES_MAX - 1 - TAG_DIGITS;
    let (stem, extension) = shortened(&stem, extension, room);
    let text = format!("{stem}{}{tag}{extension}", char::from(TAG_MARK));
    Name::from_bytes(text.into_bytes()).unwrap_or_else(|_| name.clone())
}

/// The name with a number before its extension: `data (2).csv`.
fn numbered(name: &Name, number: u32) -> Name {
    let bytes = name.as_bytes();
    let Ok(text) = std::str::from_utf8(bytes) else {
        let number = format!(" ({number})");
        let whole = bytes.len().min(NUMBERED_BYTES_MAX - number.len());
        let bytes = [&bytes[..whole], number.as_bytes()].concat();
        return Name::from_bytes(bytes).unwrap_or_else(|_| name.clone());
    };
    let (stem, extension) = split(text);
    let mut end = String::new();
    let _ = write!(end, " ({number})"); // writing to text does not fail
    let (stem, extension) = shortened(stem, extension, NUMBERED_BYTES_MAX - end.len());
    let text = format!("{stem}{end}{extension}");
    Name::from_bytes(text.into_bytes()).unwrap_or_else(|_| name.clone())
}

/// A character that every disk keeps as it is; `None` for one that is dropped.
fn plain(c: char) -> Option<char> {
    match c {
        '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*' => Some('_'),
        c if c.is_control() || is_escape(c) => Some('_'),
        c if c.is_ascii() => Some(c),
        c if is_combining_mark(c) => None,
        c => {
            let mut apart = std::iter::once(c).nfd();
            let (base, more) = (apart.next(), apart.next());
            match base {
                Some(base) if base == c => Some(c),
                // The letter without its accent; what falls into parts of a letter is none.
                Some(base) if more.is_some_and(is_combining_mark) => Some(base),
                Some(_) | None => Some('_'),
            }
        }
    }
}

/// Whether a character stands for a byte that is no text.
fn is_escape(c: char) -> bool {
    ('\u{e000}'..='\u{f8ff}').contains(&c)
}

/// The name before its last dot and from there on; a dot at the beginning is no such one.
fn split(text: &str) -> (&str, &str) {
    match text.rfind('.') {
        Some(dot) if 0 < dot && text.len() - dot <= EXTENSION_BYTES_MAX => text.split_at(dot),
        Some(_) | None => (text, ""),
    }
}

fn shortened<'a>(stem: &'a str, extension: &'a str, room: usize) -> (&'a str, &'a str) {
    let mut bytes = stem.len().min(room.saturating_sub(extension.len()));
    while !stem.is_char_boundary(bytes) {
        bytes -= 1;
    }
    (&stem[..bytes], extension)
}

/// Whether Windows takes it for a device.
fn is_device(text: &str) -> bool {
    let first = text.split('.').next().unwrap_or_default().trim_end().to_uppercase();
    let numbered = ["COM", "LPT"].into_iter().any(|device| {
        first.strip_prefix(device).is_some_and(|rest| {
            let mut rest = rest.chars();
            matches!(rest.next(), Some('0'..='9' | '¹' | '²' | '³')) && rest.next().is_none()
        })
    });
    numbered || matches!(&*first, "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
}

/// Names with a number that are tried.
pub(crate) const COPIES_MAX: u16 = 1000;
/// The shortest longest name of a file system that people use (eCryptfs).
const REPLACED_BYTES_MAX: usize = 143;
/// The longest name of most file systems.
const NUMBERED_BYTES_MAX: usize = 255;
/// What is longer is no extension.
const EXTENSION_BYTES_MAX: usize = 32;
/// Two names of a directory share as many digits of their hashes once in a million directories of
/// 20,000 such names.
const TAG_DIGITS: usize = 12;
const TAG_MARK: u8 = b'~';

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn name(bytes: impl AsRef<[u8]>) -> Name {
        Name::from_bytes(bytes.as_ref()).unwrap()
    }

    fn replaced(bytes: impl AsRef<[u8]>) -> String {
        let name = replacement(&name(bytes));
        let text = name.text().into_owned();
        let at = text.find('~').unwrap();
        format!("{}#{}", &text[..at], &text[at + 1 + TAG_DIGITS..])
    }

    #[test]
    fn a_replaced_name_can_be_anywhere_and_still_says_what_it_was() {
        for (odd, plain) in [
            ("a:b.txt", "a_b#.txt"),
            ("CON", "_CON#"),
            ("con.tar.gz", "_con.tar#.gz"),
            ("LPT1 .x", "_LPT1 #.x"),
            ("COM10", "COM10#"),
            ("end. .", "end#"),
            ("...", "#"),
            (".hidden?", ".hidden_#"),
            ("tab\there", "tab_here#"),
            ("caf\u{e9}", "cafe#"),
            ("cafe\u{301}", "cafe#"),
            ("\u{d55c}\u{ae00}.hwp", "__#.hwp"),
            ("\u{65e5}\u{672c}", "\u{65e5}\u{672c}#"),
        ] {
            assert_eq!(replaced(odd), plain, "{odd}");
        }
        assert_eq!(replaced(b"\xff\xfe.bin"), "__#.bin");
        let long = replacement(&name(format!("{}.fastq", "é".repeat(400))));
        assert!(long.as_bytes().len() <= REPLACED_BYTES_MAX, "{long}");
        assert!(long.text().ends_with(".fastq"), "{long}");
    }

    #[test]
    fn names_that_differ_are_replaced_by_names_that_differ_on_every_disk() {
        let odd =
            ["README", "readme", "ReadMe", "caf\u{e9}", "cafe\u{301}", "cafe", "a:", "a*", "a"];
        let folded = |odd: &str| replacement(&name(odd)).text().to_lowercase();
        let all: BTreeSet<_> = odd.into_iter().map(folded).collect();
        assert_eq!(all.len(), odd.len());
        for odd in odd {
            assert!(looks_replaced(&replacement(&name(odd))));
            assert!(!looks_replaced(&name(odd)));
        }
        assert!(!looks_replaced(&name("x~0123456789abc")));
        assert!(!looks_replaced(&name("x~0123456789ag")));
        assert!(!looks_replaced(&name("x~0123")));
    }

    #[test]
    fn a_numbered_name_keeps_its_extension_and_is_no_longer_than_names_are() {
        let copy = |bytes: &[u8], copy| {
            Naming { is_replaced: false, copy }.of(&name(bytes)).text().into_owned()
        };
        assert_eq!(copy(b"data.csv", 1), "data (2).csv");
        assert_eq!(copy(b"data.csv", 9), "data (10).csv");
        assert_eq!(copy(b".profile", 1), ".profile (2)");
        assert_eq!(copy(b"data", 0), "data");
        let long = copy(format!("{}.csv", "x".repeat(251)).as_bytes(), 1);
        assert_eq!(long, format!("{} (2).csv", "x".repeat(247)));
        let raw = Naming { is_replaced: false, copy: 1 }.of(&name([0xff; 255]));
        assert_eq!(raw.as_bytes().len(), 255);
        assert!(raw.as_bytes().ends_with(b" (2)"));
        let both = Naming { is_replaced: true, copy: 1 }.of(&name("a:b.txt"));
        assert!(both.text().ends_with(" (2).txt"), "{both}");
    }
}
