//! The options of a transfer: the words of the API, and what the agents are told.

use outport_types::{
    Conflict, Extras, FilterKind, FilterRule as Rule, Names, Purpose, RateLimit, Symlinks,
    TaskKind, TransferOptions,
};
use serde::{Deserialize, Serialize};

use super::{FilterMethod, FilterRule, FilterType, Task, TransferSubmission};
use crate::wire::or_default;

/// What becomes of symbolic links below an item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecursiveSymlinks {
    /// They are left out and listed.
    #[default]
    Ignore,
    /// They are made at the destination.
    Keep,
    /// What they lead to is copied.
    Copy,
}

/// What becomes of a file whose place is taken by another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConflictPolicy {
    /// It takes the place.
    #[default]
    Overwrite,
    /// It is not copied.
    Skip,
    /// It takes the place if it is newer.
    Newer,
    /// It gets a free name beside the one that is there.
    Rename,
}

/// What becomes of a name that cannot be at the destination, or is another one there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NamePolicy {
    /// What has it is not copied, and the task fails.
    #[default]
    Fail,
    /// What has it gets another name.
    Rename,
}

/// What Outport can be asked for beyond the contract.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransferExtras {
    /// Whether files are moved, or only what would be (`preview`) or what differs (`check`) is told.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_transfer")]
    pub purpose: Purpose,
    /// Whether files and directories get the permission bits of the source as they are.
    pub preserve_permissions: bool,
    /// Whether files have the extended attributes of the source.
    pub preserve_xattrs: bool,
    /// Whether names below an item that are one file at the source are one file at the destination.
    pub preserve_hard_links: bool,
    /// What becomes of a file whose place is taken by another one.
    #[serde(deserialize_with = "or_default")]
    pub conflict: ConflictPolicy,
    /// What becomes of a name below an item that cannot be at the destination.
    #[serde(deserialize_with = "or_default")]
    pub names: NamePolicy,
    /// Whether extras at the destination are moved to a dated folder in `.outport-trash` there, and
    /// not deleted.
    pub keep_deleted: bool,
    /// Whether extras go for an item too whose directory is empty at the source.
    pub allow_empty_source: bool,
    /// How many bytes of content a second may travel at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<RateLimit>,
    /// Whether it gives way to other programs of both computers, and on the line between them.
    pub background: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_transfer(purpose: &Purpose) -> bool {
    *purpose == Purpose::Transfer
}

impl TransferExtras {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl TransferSubmission {
    /// What the agents are told.
    pub fn options(&self) -> TransferOptions {
        TransferOptions {
            purpose: self.outport.purpose,
            sync_level: self.sync_level,
            conflict: self.outport.conflict.into(),
            names: self.outport.names.into(),
            verify: self.verify_checksum,
            preserve_times: self.preserve_timestamp,
            preserve_permissions: self.outport.preserve_permissions,
            preserve_xattrs: self.outport.preserve_xattrs,
            preserve_hard_links: self.outport.preserve_hard_links,
            symlinks: self.recursive_symlinks.into(),
            filters: self.filter_rules.iter().map(FilterRule::rule).collect(),
            extras: self.outport.extras(self.delete_destination_extra),
            empty_source: self.outport.allow_empty_source,
            skip_source_errors: self.skip_source_errors,
            fail_on_quota: self.fail_on_quota_errors,
            limit: self.outport.limit,
            background: self.outport.background,
        }
    }
}

impl TransferSubmission {
    /// The same, done so.
    #[must_use]
    pub fn with_options(self, options: &TransferOptions) -> Self {
        Self {
            sync_level: options.sync_level,
            verify_checksum: options.verify,
            preserve_timestamp: options.preserve_times,
            recursive_symlinks: options.symlinks.into(),
            filter_rules: options.filters.iter().map(FilterRule::from).collect(),
            delete_destination_extra: options.extras != Extras::Stay,
            skip_source_errors: options.skip_source_errors,
            fail_on_quota_errors: options.fail_on_quota,
            outport: TransferExtras::of(options),
            ..self
        }
    }
}

impl Task {
    /// What the agents were told; `None` for a deletion.
    pub fn options(&self) -> Option<TransferOptions> {
        let extras = self.outport.as_ref().map(|extras| extras.options.clone()).unwrap_or_default();
        let filters = self.filter_rules.iter().flatten();
        let symlinks = self.recursive_symlinks.as_deref().and_then(RecursiveSymlinks::read);
        (self.kind == TaskKind::Transfer).then(|| TransferOptions {
            purpose: extras.purpose,
            sync_level: self.sync_level,
            conflict: extras.conflict.into(),
            names: extras.names.into(),
            verify: self.verify_checksum,
            preserve_times: self.preserve_timestamp,
            preserve_permissions: extras.preserve_permissions,
            preserve_xattrs: extras.preserve_xattrs,
            preserve_hard_links: extras.preserve_hard_links,
            symlinks: symlinks.unwrap_or_default().into(),
            filters: filters.map(FilterRule::rule).collect(),
            extras: extras.extras(self.delete_destination_extra),
            empty_source: extras.allow_empty_source,
            skip_source_errors: self.skip_source_errors,
            fail_on_quota: self.fail_on_quota_errors,
            limit: extras.limit,
            background: extras.background,
        })
    }
}

impl TransferExtras {
    /// What of the options the contract has no field for.
    pub fn of(options: &TransferOptions) -> Self {
        Self {
            purpose: options.purpose,
            preserve_permissions: options.preserve_permissions,
            preserve_xattrs: options.preserve_xattrs,
            preserve_hard_links: options.preserve_hard_links,
            conflict: options.conflict.into(),
            names: options.names.into(),
            keep_deleted: options.extras == Extras::Trash,
            allow_empty_source: options.empty_source,
            limit: options.limit,
            background: options.background,
        }
    }

    fn extras(&self, are_deleted: bool) -> Extras {
        match (are_deleted, self.keep_deleted) {
            (false, _) => Extras::Stay,
            (true, false) => Extras::Delete,
            (true, true) => Extras::Trash,
        }
    }
}

impl From<ConflictPolicy> for Conflict {
    fn from(policy: ConflictPolicy) -> Self {
        match policy {
            ConflictPolicy::Overwrite => Self::Overwrite,
            ConflictPolicy::Skip => Self::Skip,
            ConflictPolicy::Newer => Self::Newer,
            ConflictPolicy::Rename => Self::Rename,
        }
    }
}

impl From<Conflict> for ConflictPolicy {
    fn from(conflict: Conflict) -> Self {
        match conflict {
            Conflict::Overwrite => Self::Overwrite,
            Conflict::Skip => Self::Skip,
            Conflict::Newer => Self::Newer,
            Conflict::Rename => Self::Rename,
        }
    }
}

impl From<NamePolicy> for Names {
    fn from(policy: NamePolicy) -> Self {
        match policy {
            NamePolicy::Fail => Self::Fail,
            NamePolicy::Rename => Self::Rename,
        }
    }
}

impl From<Names> for NamePolicy {
    fn from(names: Names) -> Self {
        match names {
            Names::Fail => Self::Fail,
            Names::Rename => Self::Rename,
        }
    }
}

impl FilterRule {
    fn rule(&self) -> Rule {
        Rule {
            include: self.method == FilterMethod::Include,
            only: self.filter_type.map(|kind| match kind {
                FilterType::File => FilterKind::File,
                FilterType::Dir => FilterKind::Dir,
            }),
            name: self.name.clone(),
        }
    }
}

impl From<&Rule> for FilterRule {
    fn from(rule: &Rule) -> Self {
        Self {
            method: if rule.include { FilterMethod::Include } else { FilterMethod::Exclude },
            filter_type: rule.only.map(|kind| match kind {
                FilterKind::File => FilterType::File,
                FilterKind::Dir => FilterType::Dir,
            }),
            name: rule.name.clone(),
        }
    }
}

impl From<RecursiveSymlinks> for Symlinks {
    fn from(symlinks: RecursiveSymlinks) -> Self {
        match symlinks {
            RecursiveSymlinks::Ignore => Self::Skip,
            RecursiveSymlinks::Keep => Self::Keep,
            RecursiveSymlinks::Copy => Self::Follow,
        }
    }
}

impl From<Symlinks> for RecursiveSymlinks {
    fn from(symlinks: Symlinks) -> Self {
        match symlinks {
            Symlinks::Skip => Self::Ignore,
            Symlinks::Keep => Self::Keep,
            Symlinks::Follow => Self::Copy,
        }
    }
}

impl RecursiveSymlinks {
    /// Reads the word of a document.
    pub fn read(word: &str) -> Option<Self> {
        [Self::Ignore, Self::Keep, Self::Copy].into_iter().find(|known| known.word() == word)
    }

    /// The word that documents use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Keep => "keep",
            Self::Copy => "copy",
        }
    }
}

#[cfg(test)]
mod tests {
    use outport_types::{EndpointId, SubmissionId, SyncLevel};

    use super::*;

    #[test]
    fn every_option_goes_into_the_document_and_comes_out_again() {
        let options = TransferOptions {
            purpose: Purpose::Preview,
            sync_level: Some(SyncLevel::Mtime),
            conflict: Conflict::Newer,
            names: Names::Rename,
            verify: false,
            preserve_times: true,
            preserve_permissions: true,
            preserve_xattrs: true,
            preserve_hard_links: true,
            symlinks: Symlinks::Follow,
            filters: vec![Rule {
                include: true,
                only: Some(FilterKind::File),
                name: "*.fastq".to_owned(),
            }],
            extras: Extras::Trash,
            empty_source: true,
            skip_source_errors: true,
            fail_on_quota: true,
            limit: Some(RateLimit::MIN),
            background: true,
        };
        let (a, b) = (EndpointId::from_bytes([1; 16]), EndpointId::from_bytes([2; 16]));
        let plain = TransferSubmission::new(SubmissionId::random(), a, b, Vec::new());
        assert_eq!(plain.options(), TransferOptions::default());
        assert_eq!(plain.with_options(&options).options(), options);
    }
}
