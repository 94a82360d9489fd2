//! How two trees differ, in numbers: what a preview or a check comes to.

use serde::{Deserialize, Serialize};

use crate::Finding;

/// How many entries there are, and how large they are together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(default)]
pub struct Tally {
    /// Whatever is no directory.
    pub files: u64,
    /// Directories.
    pub directories: u64,
    /// The bytes of the files.
    pub bytes: u64,
}

/// What a preview or a check came to, exact however long its list would be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(default)]
pub struct Differences {
    /// What is the same at both sides.
    pub same: Tally,
    /// What stands at the source only.
    pub new: Tally,
    /// What has something else in its place; the bytes are those at the source.
    pub different: Tally,
    /// What has something else in its place that keeps it; the bytes are those at the source.
    pub kept: Tally,
    /// What stands at the destination only.
    pub extra: Tally,
}

impl Tally {
    /// Adds a file.
    pub fn add_file(&mut self, bytes: u64) {
        self.files = self.files.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Adds a directory.
    pub fn add_directory(&mut self) {
        self.directories = self.directories.saturating_add(1);
    }

    /// Adds what another one has.
    pub fn add(&mut self, other: &Self) {
        self.files = self.files.saturating_add(other.files);
        self.directories = self.directories.saturating_add(other.directories);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }

    /// Files and directories.
    pub const fn entries(&self) -> u64 {
        self.files.saturating_add(self.directories)
    }
}

impl Differences {
    /// What there is of one finding.
    pub const fn of(&self, finding: Finding) -> &Tally {
        match finding {
            Finding::New => &self.new,
            Finding::Different => &self.different,
            Finding::Kept => &self.kept,
            Finding::Extra => &self.extra,
        }
    }

    /// The same, to be added to.
    pub const fn of_mut(&mut self, finding: Finding) -> &mut Tally {
        match finding {
            Finding::New => &mut self.new,
            Finding::Different => &mut self.different,
            Finding::Kept => &mut self.kept,
            Finding::Extra => &mut self.extra,
        }
    }

    /// Whether nothing differs.
    pub fn is_none(&self) -> bool {
        Finding::ALL.iter().all(|finding| self.of(*finding).entries() == 0)
    }

    /// Files of the source that were looked at.
    pub const fn files(&self) -> u64 {
        let known = self.same.files.saturating_add(self.new.files);
        known.saturating_add(self.different.files).saturating_add(self.kept.files)
    }
}

/// Entries of one finding that are listed; what comes after is only counted.
pub const DIFFERENCES_LISTED_MAX: u64 = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_entry_of_any_finding_is_a_difference_and_what_is_the_same_is_none() {
        let mut differences = Differences::default();
        differences.same.add_file(5);
        differences.same.add_directory();
        assert!(differences.is_none());
        for finding in Finding::ALL {
            let mut one = differences;
            one.of_mut(*finding).add_directory();
            assert!(!one.is_none(), "{finding}");
        }
    }
}
