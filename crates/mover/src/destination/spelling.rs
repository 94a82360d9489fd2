//! How directories take names: which two names are one to them.
//!
//! Some disks take `README` and `readme` for the same name, or both ways to write an accent; some
//! write a name in their own way, without the dot at its end. Two files of a source must not become
//! one there, so what stands at a name must be called exactly so.
//!
//! Any system can have any disk, so the directories themselves are asked: first by a look at
//! another spelling of the name, which nearly everywhere finds nothing; only where it finds
//! something are the names listed.

use std::collections::{BTreeSet, HashMap};

use outport_types::Name;
use unicode_normalization::UnicodeNormalization as _;

use crate::{
    refused::Refused,
    resolver::Directory,
    stat::FileId,
    store::Store,
    system_path::{System, name_from_host},
};

/// What directories told while one batch was looked at; kept no longer, because they change.
#[derive(Debug, Default)]
pub(super) struct Spellings {
    directories: HashMap<FileId, Habits>,
}

/// How one directory takes names.
#[derive(Debug, Default)]
struct Habits {
    /// Whether it may take upper and lower case for the same.
    folds_case: Option<bool>,
    /// Whether it may take both ways to write an accent for the same.
    folds_accents: Option<bool>,
    /// Names that it listed.
    names: BTreeSet<Name>,
}

impl Spellings {
    /// Whether what stands at a name is called exactly so, and not by another name that the
    /// directory takes for the same.
    ///
    /// # Errors
    /// When the directory cannot be asked.
    pub(super) fn is_exact(
        &mut self,
        store: &dyn Store,
        directory: &Directory,
        name: &Name,
    ) -> Result<bool, Refused> {
        let may_differ = self.may_be_another(store, directory, name)?;
        let habits = self.directories.entry(directory.id()).or_default();
        Ok(!may_differ || habits.is_listed(directory, name)?)
    }

    /// Whether the directory may take the name for another one.
    ///
    /// # Errors
    /// When the directory cannot be asked.
    pub(super) fn may_be_another(
        &mut self,
        store: &dyn Store,
        directory: &Directory,
        name: &Name,
    ) -> Result<bool, Refused> {
        let habits = self.directories.entry(directory.id()).or_default();
        Ok(habits.folds_case(store, directory, name)?
            || habits.folds_accents(store, directory, name)?
            || trimmed(name).is_some()
            || System::Windows.may_be_short_name(name))
    }

    /// Whether a name that was just given is listed as it was given.
    ///
    /// # Errors
    /// When the directory cannot be asked.
    pub(super) fn is_kept(
        &mut self,
        store: &dyn Store,
        directory: &Directory,
        name: &Name,
    ) -> Result<bool, Refused> {
        let habits = self.directories.entry(directory.id()).or_default();
        let may_differ = habits.folds_accents(store, directory, name)?
            || is_there(store, directory, trimmed(name).as_ref())?;
        Ok(!may_differ || habits.is_listed(directory, name)?)
    }
}

/// Whether a disk could write a name in another way than it was given.
pub(super) fn may_be_respelled(name: &Name) -> bool {
    other_accents(name).is_some() || trimmed(name).is_some()
}

impl Habits {
    fn folds_case(
        &mut self,
        store: &dyn Store,
        directory: &Directory,
        name: &Name,
    ) -> Result<bool, Refused> {
        if self.folds_case.is_none()
            && let Some(other) = other_case(name)
        {
            self.folds_case = Some(is_there(store, directory, Some(&other))?);
        }
        // No disk folds other letters only. Where none of these was seen, the names tell.
        Ok(self.folds_case.unwrap_or_else(|| !name.as_bytes().is_ascii()))
    }

    fn folds_accents(
        &mut self,
        store: &dyn Store,
        directory: &Directory,
        name: &Name,
    ) -> Result<bool, Refused> {
        let Some(other) = other_accents(name) else {
            return Ok(false);
        };
        match self.folds_accents {
            Some(folds) => Ok(folds),
            None => {
                let folds = is_there(store, directory, Some(&other))?;
                self.folds_accents = Some(folds);
                Ok(folds)
            }
        }
    }

    fn is_listed(&mut self, directory: &Directory, name: &Name) -> Result<bool, Refused> {
        if self.names.contains(name) {
            return Ok(true);
        }
        // It may have come since the names were listed.
        self.names.clear();
        let mut is_listed = false;
        for entry in directory.dir().entries()? {
            let Ok(listed) = name_from_host(&entry?.file_name()) else {
                continue;
            };
            is_listed |= listed == *name;
            if self.names.len() < NAMES_KEPT_MAX {
                self.names.insert(listed);
            }
        }
        Ok(is_listed)
    }
}

fn is_there(
    store: &dyn Store,
    directory: &Directory,
    name: Option<&Name>,
) -> Result<bool, Refused> {
    match name {
        Some(name) => Ok(store.stat(directory, name)?.is_some()),
        None => Ok(false),
    }
}

/// The name with the case of its ASCII letters turned, which is the same to every disk that folds.
fn other_case(name: &Name) -> Option<Name> {
    let turn = |byte: &u8| match byte {
        b'a'..=b'z' => byte.to_ascii_uppercase(),
        other => other.to_ascii_lowercase(),
    };
    other_than(name, name.as_bytes().iter().map(turn).collect())
}

/// The name with its accents written in the other way.
fn other_accents(name: &Name) -> Option<Name> {
    let bytes = name.as_bytes();
    if bytes.is_ascii() {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let apart = other_than(name, text.nfd().collect::<String>().into_bytes());
    apart.or_else(|| other_than(name, text.nfc().collect::<String>().into_bytes()))
}

/// The name without what FAT drops at its end.
fn trimmed(name: &Name) -> Option<Name> {
    let bytes = name.as_bytes();
    let kept = bytes.iter().rposition(|byte| !matches!(byte, b'.' | b' '))?;
    other_than(name, bytes[..=kept].to_vec())
}

fn other_than(name: &Name, bytes: Vec<u8>) -> Option<Name> {
    Name::from_bytes(bytes).ok().filter(|other| other != name)
}

/// Names of one directory that are kept until its batch is over: some megabytes.
const NAMES_KEPT_MAX: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::name;

    #[test]
    fn a_name_has_other_spellings_only_where_a_disk_could_fold_it() {
        assert_eq!(other_case(&name("README.md")), Some(name("readme.MD")));
        assert_eq!(other_case(&name("2024-01.7")), None);
        assert_eq!(other_accents(&name("plain")), None);
        assert_eq!(other_accents(&name("\u{e9}")), Some(name("e\u{301}")));
        assert_eq!(other_accents(&name("e\u{301}")), Some(name("\u{e9}")));
        assert_eq!(other_accents(&name("\u{65e5}")), None);
        assert_eq!(trimmed(&name("a. .")), Some(name("a")));
        assert_eq!(trimmed(&name("a")), None);
        assert_eq!(trimmed(&name("...")), None);
    }
}
