//! Paths of a collection and paths of an operating system, each from the other.
//!
//! Everything here is a pure function of a [`System`], so what happens on Windows is tested on
//! Linux too; only the last section speaks of the system that this program runs on.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use outport_protocol::session::RESERVED_PREFIX;
use outport_types::{CollectionPath, Name, PathError};

/// An operating system, as far as names of files go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Names are bytes.
    Linux,
    /// Names are Unicode; disks usually take upper and lower case for the same.
    MacOs,
    /// Names are UTF-16 with many exceptions; disks take upper and lower case for the same.
    Windows,
}

/// A path as the system spells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// Bytes, on Linux and macOS.
    Bytes(Vec<u8>),
    /// UTF-16 units, on Windows.
    Wide(Vec<u16>),
}

/// Why a name cannot exist on a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameProblem {
    /// A device has that name on Windows.
    #[error("it is the name of a device there")]
    Device,
    /// Windows drops trailing dots and spaces.
    #[error("a name there cannot end in a dot or a space")]
    TrailingDotOrSpace,
    /// A character that is not allowed.
    #[error("a name there cannot contain `{0}`")]
    Forbidden(char),
    /// A control character.
    #[error("a name there cannot contain control characters")]
    Control,
    /// Not text.
    #[error("a name there must be Unicode")]
    NotUnicode,
    /// Too long.
    #[error("a name there has at most {max} {unit}")]
    TooLong {
        /// How long it may be.
        max: usize,
        /// Counted in these.
        unit: &'static str,
    },
    /// Reserved by Outport for files that are on their way.
    #[error("names that start with {RESERVED_PREFIX} are reserved for files on their way")]
    Reserved,
    /// On Windows, the short form of another, longer name.
    #[error("it is the short form of another name there")]
    Short,
    /// On Windows the first name of a path is a drive.
    #[error("the first name of a path there is a drive, as in /C/Users")]
    NoDrive,
    /// Another name there differs only in case or in the way that accents are written.
    #[error("another name there differs only in case or in the way that accents are written")]
    Clash,
    /// The file system refuses it, whatever the operating system says.
    #[error(
        "the disk there does not take it; it may be too long or have a character that is not allowed"
    )]
    NotTaken,
    /// Something stands at the name that takes its place, and nothing at it.
    #[error("an earlier transfer gave it another name there")]
    Replaced,
    /// The disk would write it in another way, in which it is another name.
    #[error("the disk there writes it in another way")]
    Respelled,
}

/// Why a path of the system is no path of a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SystemPathError {
    /// It is relative, or on Windows without a drive.
    #[error("a full path is needed")]
    NotAbsolute,
    /// One of its names, or the whole, cannot be.
    #[error("{0}")]
    Path(PathError),
}

impl System {
    /// The system that this program runs on.
    pub const HOST: Self = if cfg!(windows) {
        Self::Windows
    } else if cfg!(target_vendor = "apple") {
        Self::MacOs
    } else {
        Self::Linux
    };

    /// Whether disks usually take `a` and `A` for the same name.
    pub const fn folds_case(self) -> bool {
        match self {
            Self::Linux => false,
            Self::MacOs | Self::Windows => true,
        }
    }

    /// Whether a name can exist on this system.
    ///
    /// # Errors
    /// When it cannot, and why.
    pub fn check_name(self, name: &Name) -> Result<(), NameProblem> {
        let bytes = name.as_bytes();
        match self {
            Self::Linux if UNIX_NAME_BYTES_MAX < bytes.len() => {
                Err(NameProblem::TooLong { max: UNIX_NAME_BYTES_MAX, unit: "bytes" })
            }
            Self::Linux => Ok(()),
            Self::MacOs => {
                let text = std::str::from_utf8(bytes).map_err(|_| NameProblem::NotUnicode)?;
                check_units(text.encode_utf16().count())
            }
            Self::Windows => check_windows_name(bytes),
        }
    }

    /// How the system spells a path.
    ///
    /// # Errors
    /// When one of its names cannot exist there.
    pub fn spell(self, path: &CollectionPath) -> Result<Spelling, NameProblem> {
        match self {
            Self::Linux | Self::MacOs => {
                let mut bytes = Vec::new();
                for name in path.names() {
                    self.check_name(name)?;
                    bytes.push(b'/');
                    bytes.extend_from_slice(name.as_bytes());
                }
                if bytes.is_empty() {
                    bytes.push(b'/');
                }
                Ok(Spelling::Bytes(bytes))
            }
            Self::Windows => spell_windows(path),
        }
    }

    /// What a path of the system is called in the collection.
    ///
    /// # Errors
    /// When it is not absolute or contains `..`.
    pub fn read(self, spelling: &Spelling) -> Result<CollectionPath, SystemPathError> {
        match (self, spelling) {
            (Self::Linux | Self::MacOs, Spelling::Bytes(bytes)) => {
                let rest = bytes.strip_prefix(b"/").ok_or(SystemPathError::NotAbsolute)?;
                collect(rest.split(|byte| *byte == b'/').map(<[u8]>::to_vec))
            }
            (Self::Windows, Spelling::Wide(wide)) => read_windows(wide),
            (Self::Linux | Self::MacOs, Spelling::Wide(_))
            | (Self::Windows, Spelling::Bytes(_)) => Err(SystemPathError::NotAbsolute),
        }
    }

    /// A form in which names are equal that the system's disks may take for the same.
    pub fn fold(self, name: &Name) -> Vec<u8> {
        if self.folds_case() {
            name.text().to_lowercase().into_bytes()
        } else {
            name.as_bytes().to_vec()
        }
    }

    /// Whether Windows may take this for the short form of another, longer name (`PROGRA~1`).
    pub fn may_be_short_name(self, name: &Name) -> bool {
        let Self::Windows = self else {
            return false;
        };
        let bytes = name.as_bytes();
        let (stem, extension) = match bytes.iter().position(|b| *b == b'.') {
            Some(dot) => (&bytes[..dot], &bytes[dot + 1..]),
            None => (bytes, &bytes[..0]),
        };
        let Some(tilde) = stem.iter().rposition(|b| *b == b'~') else {
            return false;
        };
        let digits = &stem[tilde + 1..];
        stem.len() <= 8
            && extension.len() <= 3
            && !digits.is_empty()
            && digits.iter().all(u8::is_ascii_digit)
    }
}

/// Whether a name is one of ours: never listed, sent or touched for somebody else.
pub fn is_reserved(name: &Name) -> bool {
    outport_protocol::session::is_reserved(name.as_bytes())
}

fn check_windows_name(bytes: &[u8]) -> Result<(), NameProblem> {
    let wide = wtf8_to_wide(bytes).ok_or(NameProblem::NotUnicode)?;
    check_units(wide.len())?;
    let text = String::from_utf16_lossy(&wide);
    for c in text.chars() {
        if matches!(c, '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*') {
            return Err(NameProblem::Forbidden(c));
        }
        if u32::from(c) < 32 {
            return Err(NameProblem::Control);
        }
    }
    if text.ends_with(['.', ' ']) {
        return Err(NameProblem::TrailingDotOrSpace);
    }
    let stem = text.split('.').next().unwrap_or_default().trim_end().to_uppercase();
    let numbered = |prefix| {
        stem.strip_prefix(prefix).is_some_and(|digit| {
            let mut chars = digit.chars();
            matches!(chars.next(), Some('0'..='9' | '¹' | '²' | '³')) && chars.next().is_none()
        })
    };
    let named = matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$");
    if named || numbered("COM") || numbered("LPT") { Err(NameProblem::Device) } else { Ok(()) }
}

fn check_units(units: usize) -> Result<(), NameProblem> {
    if WIDE_NAME_UNITS_MAX < units {
        Err(NameProblem::TooLong { max: WIDE_NAME_UNITS_MAX, unit: "characters" })
    } else {
        Ok(())
    }
}

fn spell_windows(path: &CollectionPath) -> Result<Spelling, NameProblem> {
    // The `\\?\` form has no length limit and no names that mean something else.
    let mut wide: Vec<u16> = r"\\?".encode_utf16().collect();
    let (first, rest) = path.names().split_first().ok_or(NameProblem::NoDrive)?;
    match first.as_bytes() {
        [letter] if letter.is_ascii_alphabetic() => {
            wide.extend([u16::from(b'\\'), letter.to_ascii_uppercase().into(), b':'.into()]);
            if rest.is_empty() {
                wide.push(b'\\'.into());
            }
        }
        b"UNC" if 2 <= rest.len() => wide.extend(r"\UNC".encode_utf16()),
        _ => return Err(NameProblem::NoDrive),
    }
    for name in rest {
        System::Windows.check_name(name)?;
        wide.push(b'\\'.into());
        wide.extend(wtf8_to_wide(name.as_bytes()).ok_or(NameProblem::NotUnicode)?);
    }
    Ok(Spelling::Wide(wide))
}

fn read_windows(wide: &[u16]) -> Result<CollectionPath, SystemPathError> {
    let units = |text: &str| text.encode_utf16().collect::<Vec<_>>();
    let is_separator = |unit: &u16| *unit == u16::from(b'\\') || *unit == u16::from(b'/');
    let verbatim = wide.strip_prefix(&*units(r"\\?\"));
    let (share, rest) = match (verbatim, wide.strip_prefix(&*units(r"\\"))) {
        (Some(rest), _) => match rest.strip_prefix(&*units(r"UNC\")) {
            Some(share) => (true, share),
            None => (false, rest),
        },
        (None, Some(share)) => (true, share),
        (None, None) => (false, wide),
    };
    let mut names = Vec::new();
    let rest = if share {
        names.push(b"UNC".to_vec());
        rest
    } else {
        let [letter, colon, rest @ ..] = rest else {
            return Err(SystemPathError::NotAbsolute);
        };
        let letter = u8::try_from(*letter).unwrap_or_default();
        let full = rest.is_empty() || rest.first().is_some_and(is_separator);
        if !letter.is_ascii_alphabetic() || *colon != u16::from(b':') || !full {
            return Err(SystemPathError::NotAbsolute);
        }
        names.push(vec![letter.to_ascii_uppercase()]);
        rest
    };
    names.extend(rest.split(is_separator).map(wide_to_wtf8));
    collect(names.into_iter())
}

fn collect(names: impl Iterator<Item = Vec<u8>>) -> Result<CollectionPath, SystemPathError> {
    let names = names.filter(|name| !name.is_empty() && name != b".").map(Name::from_bytes);
    let names = names.collect::<Result<_, _>>().map_err(SystemPathError::Path)?;
    CollectionPath::from_names(names).map_err(SystemPathError::Path)
}

/// UTF-8 in which an unpaired surrogate takes three bytes, so any name on NTFS comes back.
fn wide_to_wtf8(wide: &[u16]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(wide.len());
    for unit in char::decode_utf16(wide.iter().copied()) {
        match unit {
            Ok(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(lone) => {
                let unit = lone.unpaired_surrogate();
                bytes.push(0xe0 | (unit >> 12) as u8);
                bytes.push(0x80 | ((unit >> 6) & 0x3f) as u8);
                bytes.push(0x80 | (unit & 0x3f) as u8);
            }
        }
    }
    bytes
}

/// The UTF-16 units behind such bytes; `None` when they are none.
fn wtf8_to_wide(bytes: &[u8]) -> Option<Vec<u16>> {
    let mut wide = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        match std::str::from_utf8(rest) {
            Ok(text) => {
                wide.extend(text.encode_utf16());
                break;
            }
            Err(error) => {
                let (valid, bad) = rest.split_at(error.valid_up_to());
                wide.extend(std::str::from_utf8(valid).ok()?.encode_utf16());
                let [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, after @ ..] = bad else {
                    return None;
                };
                wide.push(0xd000 | u16::from(second & 0x3f) << 6 | u16::from(third & 0x3f));
                rest = after;
            }
        }
    }
    Some(wide)
}

/// The path of this system behind a path of the collection.
///
/// # Errors
/// When one of its names cannot exist here.
pub fn to_host(path: &CollectionPath) -> Result<PathBuf, NameProblem> {
    System::HOST.spell(path).map(|spelling| PathBuf::from(host::join(spelling)))
}

/// The path of the collection behind a path of this system.
///
/// # Errors
/// When it is not absolute or contains `..`.
pub fn from_host(path: &Path) -> Result<CollectionPath, SystemPathError> {
    System::HOST.read(&host::split(path.as_os_str()))
}

/// A single name as this system's calls take it.
pub fn name_to_host(name: &Name) -> OsString {
    host::name_to_os(name.as_bytes())
}

/// A single name as this system's calls give it.
///
/// # Errors
/// When it is no single name.
pub fn name_from_host(name: &OsStr) -> Result<Name, PathError> {
    match host::split(name) {
        Spelling::Bytes(bytes) => Name::from_bytes(bytes),
        Spelling::Wide(wide) => Name::from_bytes(wide_to_wtf8(&wide)),
    }
}

#[cfg(unix)]
mod host {
    use std::{
        ffi::{OsStr, OsString},
        os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    };

    use super::Spelling;

    pub(super) fn join(spelling: Spelling) -> OsString {
        match spelling {
            Spelling::Bytes(bytes) => OsString::from_vec(bytes),
            Spelling::Wide(wide) => OsString::from(String::from_utf16_lossy(&wide)),
        }
    }

    pub(super) fn split(text: &OsStr) -> Spelling {
        Spelling::Bytes(text.as_bytes().to_vec())
    }

    pub(super) fn name_to_os(bytes: &[u8]) -> OsString {
        OsString::from_vec(bytes.to_vec())
    }
}

#[cfg(windows)]
mod host {
    use std::{
        ffi::{OsStr, OsString},
        os::windows::ffi::{OsStrExt as _, OsStringExt as _},
    };

    use super::{Spelling, wtf8_to_wide};

    pub(super) fn join(spelling: Spelling) -> OsString {
        match spelling {
            Spelling::Bytes(bytes) => name_to_os(&bytes),
            Spelling::Wide(wide) => OsString::from_wide(&wide),
        }
    }

    pub(super) fn split(text: &OsStr) -> Spelling {
        Spelling::Wide(text.encode_wide().collect())
    }

    pub(super) fn name_to_os(bytes: &[u8]) -> OsString {
        match wtf8_to_wide(bytes) {
            Some(wide) => OsString::from_wide(&wide),
            None => OsString::from(String::from_utf8_lossy(bytes).into_owned()),
        }
    }
}

/// What every Linux file system takes.
const UNIX_NAME_BYTES_MAX: usize = 255;
/// What NTFS, HFS+ and APFS take.
const WIDE_NAME_UNITS_MAX: usize = 255;

#[cfg(test)]
mod tests;
