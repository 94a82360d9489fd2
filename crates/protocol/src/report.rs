//! What the agent that is the authority for a task tells the hub, once and in order.
//!
//! Reports are kept in the task's journal, numbered 1, 2, 3 …, and sent until the hub has
//! acknowledged their number; the hub applies each number once.

use outport_types::{CollectionPath, Differences, Digest, EventCode, Finding, Problem, UnixTime};
use serde::{Deserialize, Serialize};

use crate::control::FileKind;

/// One thing that the hub must know.
#[expect(clippy::large_enum_variant, reason = "a task has one of the largest")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// A file is durable at the destination.
    Transferred(Transferred),
    /// Something was left out.
    Skipped(Skipped),
    /// Something happened that a person may want to know.
    Event(Happening),
    /// The work is over.
    Finished(Finished),
    /// Source and destination differ in something: what a preview or a check finds.
    Difference(Difference),
}

/// A file that is durable at the destination, with the digest that source and destination share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transferred {
    /// Where it was read.
    pub source: CollectionPath,
    /// Where it is now.
    pub destination: CollectionPath,
    /// Its size in bytes.
    pub size: u64,
    /// Its BLAKE3 digest.
    pub digest: Digest,
}

/// Something that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// What was left out.
    pub source: CollectionPath,
    /// What it would have become.
    pub destination: Option<CollectionPath>,
    /// Whether it is a directory with all that it holds.
    pub is_directory: bool,
    /// When, by the agent's knowledge of hub time.
    pub time: UnixTime,
    /// Why.
    pub problem: Problem,
}

/// Something in which source and destination differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Where it is at the source, or would be.
    pub source: CollectionPath,
    /// Where it is at the destination, or would be.
    pub destination: CollectionPath,
    /// How it differs.
    pub finding: Finding,
    /// What it is, at the source if it stands there.
    pub kind: FileKind,
    /// The size of the file at the source.
    pub source_size: Option<u64>,
    /// The size of the file at the destination.
    pub destination_size: Option<u64>,
}

/// An event of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happening {
    /// What kind of event.
    pub code: EventCode,
    /// When, by the agent's knowledge of hub time.
    pub time: UnixTime,
    /// What went wrong, when something did.
    pub problem: Option<Problem>,
    /// Anything more, for people.
    pub details: Option<String>,
}

/// How the work ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// When, by the agent's knowledge of hub time.
    pub time: UnixTime,
    /// The reason why it failed; `None` is success.
    pub failure: Option<Problem>,
    /// What was done in all sessions together.
    pub counts: Counts,
}

/// How far a task is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Files found at the source so far.
    pub files_found: u64,
    /// Their bytes.
    pub bytes_found: u64,
    /// Directories found at the source so far.
    pub directories_found: u64,
    /// Whether everything is found that there is.
    pub scan_done: bool,
    /// Files durable at the destination.
    pub files_done: u64,
    /// Bytes of content durable at the destination, of unfinished files too.
    pub bytes_done: u64,
    /// Files that needed no copy.
    pub files_unchanged: u64,
    /// Their bytes.
    pub bytes_unchanged: u64,
    /// Directories made or found at the destination.
    pub directories_done: u64,
    /// Symbolic links made or found at the destination.
    pub links_done: u64,
    /// Links and special files left out.
    pub links_skipped: u64,
    /// Files and directories left out for an error.
    pub errors_skipped: u64,
    /// Files that were given up, with `errors_skipped` or as a failure.
    pub files_given_up: u64,
    /// Bytes of files that were given up.
    pub bytes_given_up: u64,
    /// Entries deleted, or moved away, because they stand at the source no longer; for deletions all.
    pub deleted: u64,
    /// Bytes of content received over links, repeated ones too.
    pub bytes_received: u64,
    /// Faults that were overcome by trying again.
    pub faults: u64,
    /// Whether the destination has no room at the moment, and what is left waits for it.
    pub no_room: bool,
    /// What a preview or a check found by now.
    pub differences: Option<Differences>,
}

impl Counts {
    /// Bytes that nothing more will happen to: durable, unchanged or given up.
    pub const fn bytes_settled(&self) -> u64 {
        self.bytes_done.saturating_add(self.bytes_unchanged).saturating_add(self.bytes_given_up)
    }

    /// Files that nothing more will happen to.
    pub const fn files_settled(&self) -> u64 {
        self.files_done.saturating_add(self.files_unchanged).saturating_add(self.files_given_up)
    }

    /// Bytes that are to be moved, as far as is known; `None` while more may be found.
    pub const fn bytes_left(&self) -> Option<u64> {
        if self.scan_done {
            Some(self.bytes_found.saturating_sub(self.bytes_settled()))
        } else {
            None
        }
    }
}

/// Reports that one message carries at most.
pub const REPORTS_PER_MESSAGE_MAX: usize = 512;
