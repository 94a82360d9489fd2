//! What stands in a journal, record by record.

use outport_types::{Digest, EventCode, Finding, Name, TaskId, UnixTime};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::NODES_PER_RECORD_MAX;
use crate::{
    blocks::HeldNode,
    control::FileKind,
    report::Counts,
    session::{Fault, FileStamp, Naming, VersionToken, WAY_NAMES_MAX, bounded},
};

/// One record of a journal.
#[expect(
    clippy::large_enum_variant,
    reason = "a journal has one of the largest, and nobody keeps many"
)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// The first record: whose journal this is.
    Header {
        /// The version of the format, [`FORMAT_VERSION`](super::FORMAT_VERSION).
        version: u16,
        /// The task.
        task: TaskId,
        /// The digest of its orders.
        orders: [u8; 32],
    },
    /// Temporary files may stand in this directory from now on.
    Touched {
        /// The directory, by its names at the destination; for an item that is a file, the item
        /// itself, whose parent is meant.
        dir: Way,
        /// Whether the item itself is a file.
        above: bool,
    },
    /// Blocks of an unfinished file are durable, in addition to those of earlier records of the
    /// same file, version and temporary file.
    Held {
        /// The file.
        file: Way,
        /// Which version of it.
        token: VersionToken,
        /// Its size.
        size: u64,
        /// The temporary file.
        temp: FileStamp,
        /// The blocks.
        #[serde(deserialize_with = "bounded::list::<_, _, NODES_PER_RECORD_MAX>")]
        nodes: Vec<HeldNode>,
    },
    /// A file is whole and durable under its temporary name, and is about to be renamed.
    Placing {
        /// The file.
        file: Way,
        /// Which version of it.
        token: VersionToken,
        /// The temporary file; it keeps its stamp when it is renamed.
        temp: FileStamp,
        /// The digest.
        digest: Digest,
        /// Which name it gets.
        naming: Naming,
    },
    /// Report: a file is durable under its final name.
    Done {
        /// The file.
        file: Way,
        /// Which version of it.
        token: VersionToken,
        /// What stands at the destination now.
        stamp: FileStamp,
        /// The digest.
        digest: Digest,
        /// Which name it has.
        naming: Naming,
        /// The names from the item down to it at the destination; none where they are the same.
        #[serde(deserialize_with = "bounded::list::<_, _, WAY_NAMES_MAX>")]
        at: Vec<Name>,
    },
    /// Report: something was left out.
    Skipped {
        /// What.
        entry: Way,
        /// Whether it is a directory with all that it holds.
        is_directory: bool,
        /// Whether it is an error rather than something that is never transferred.
        is_error: bool,
        /// Whether the fault is the destination's.
        at_destination: bool,
        /// When.
        time: UnixTime,
        /// Why.
        fault: Fault,
    },
    /// Report: something happened that a person may want to know.
    Event {
        /// What kind of event.
        #[serde(serialize_with = "write_event", deserialize_with = "read_event")]
        code: EventCode,
        /// When.
        time: UnixTime,
        /// What it happened to.
        entry: Way,
        /// Whether the fault is the destination's.
        at_destination: bool,
        /// What went wrong.
        fault: Fault,
    },
    /// What the counts came to that no other record tells.
    Sums {
        /// Bytes of content received over links, repeated ones too.
        bytes_received: u64,
        /// Faults that were overcome by trying again.
        faults: u64,
        /// Extras that were removed.
        deleted: u64,
    },
    /// Report: the work is over.
    Finished {
        /// When.
        time: UnixTime,
        /// The first problem that cannot be overcome, and where; `None` is success.
        failure: Option<Failure>,
        /// What was done in all sessions together.
        counts: Counts,
    },
    /// Report: something differs; in previews and checks only.
    Difference {
        /// What.
        entry: Way,
        /// How.
        finding: Finding,
        /// What it is.
        kind: FileKind,
        /// The size of the file at the source.
        source_size: Option<u64>,
        /// The size of the file at the destination.
        destination_size: Option<u64>,
        /// Which name it has at the destination, or would get.
        naming: Naming,
        /// The names from the item down to it there; none where they are the same.
        #[serde(deserialize_with = "bounded::list::<_, _, WAY_NAMES_MAX>")]
        at: Vec<Name>,
    },
}

/// Why the work failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What could not be done.
    pub entry: Way,
    /// Whether the fault is the destination's.
    pub at_destination: bool,
    /// Why.
    pub fault: Fault,
}

/// An entry by its item and the names from there down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// The item.
    pub item: u32,
    /// The names; none for the item itself.
    #[serde(deserialize_with = "bounded::list::<_, _, WAY_NAMES_MAX>")]
    pub names: Vec<Name>,
}

impl Record {
    /// Whether the hub is told of it; such records are numbered 1, 2, 3 …
    pub const fn is_report(&self) -> bool {
        match self {
            Self::Done { .. }
            | Self::Skipped { .. }
            | Self::Event { .. }
            | Self::Finished { .. }
            | Self::Difference { .. } => true,
            Self::Header { .. }
            | Self::Touched { .. }
            | Self::Held { .. }
            | Self::Placing { .. }
            | Self::Sums { .. } => false,
        }
    }
}

/// Events are stored by their words: the order of the list is not part of the format.
fn write_event<S: Serializer>(code: &EventCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.word())
}

fn read_event<'de, D: Deserializer<'de>>(deserializer: D) -> Result<EventCode, D::Error> {
    let word = <&str>::deserialize(deserializer)?;
    Ok(EventCode::from_word(word).unwrap_or(EventCode::EndpointError))
}
