//! The frames of the control stream.

use outport_types::Digest;
use serde::{Deserialize, Serialize};

use super::{
    attributes::Attributes,
    bounded,
    entry::{Entry, Meta, VersionToken},
    fault::Fault,
};
use crate::{
    blocks::{HeldNode, NODES_PER_WANT_MAX, NodeId},
    codec::{self, DecodeError},
};

/// A frame of the control stream, after both hellos.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Frame {
    /// Sender: the next entries of the manifest.
    Manifest(
        #[serde(deserialize_with = "bounded::list::<_, _, ENTRIES_PER_FRAME_MAX>")] Vec<Entry>,
    ),
    /// Receiver: entries that are settled; their places in the window are free again.
    Release(#[serde(deserialize_with = "bounded::list::<_, _, SPANS_PER_FRAME_MAX>")] Vec<Span>),
    /// Receiver: files whose content it wants.
    Want(#[serde(deserialize_with = "bounded::list::<_, _, WANTS_PER_FRAME_MAX>")] Vec<Want>),
    /// Receiver: how many bytes of content the sender may have sent since the session began.
    Credit {
        /// The sum; it only grows.
        total: u64,
    },
    /// Sender: held ranges that agree with the source and are not sent.
    Matched {
        /// The entry of the file.
        file: u64,
        /// The attempt that offered them.
        attempt: u16,
        /// Those of the offered ranges that agree.
        #[serde(deserialize_with = "bounded::list::<_, _, NODES_PER_WANT_MAX>")]
        nodes: Vec<NodeId>,
    },
    /// Sender: how reading files ended.
    Ends(#[serde(deserialize_with = "bounded::list::<_, _, ENDS_PER_FRAME_MAX>")] Vec<FileEnd>),
    /// Receiver: the work is over, and what it came to is durable.
    Finished {
        /// Whether everything was done.
        succeeded: bool,
    },
    /// Sender: seen; nothing comes any more.
    Bye,
    /// Receiver: how many bytes of data frames more the sender may put on the link, counted from what
    /// it had sent when the first such number came; `None` is as many as there are, as at the start.
    Pace(Option<u64>),
    /// Sender: parts of a sparse file that are nothing but zeros, in place of pieces.
    Holes {
        /// The entry of the file.
        file: u64,
        /// The attempt that wanted them.
        attempt: u16,
        /// The parts, none of a level above [`HOLE_LEVEL_MAX`](crate::blocks::HOLE_LEVEL_MAX), and
        /// their values.
        #[serde(deserialize_with = "bounded::list::<_, _, HOLES_PER_FRAME_MAX>")]
        nodes: Vec<HeldNode>,
    },
    /// Receiver: its owner wants content to give way to what else is on the line.
    GiveWay,
}

/// A row of entries, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The first.
    pub first: u64,
    /// How many.
    pub count: u32,
}

/// A file whose content is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    /// The entry of the file.
    pub file: u64,
    /// 1 the first time, then one more each time.
    pub attempt: u16,
    /// The version that the receiver knows of; a sender that knows of another one says so.
    pub token: VersionToken,
    /// What is wanted of it.
    pub ask: Ask,
}

/// What is wanted of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// Its content, but for the held ranges that agree with it.
    Content {
        /// What the receiver has already, in ascending order.
        #[serde(deserialize_with = "bounded::list::<_, _, NODES_PER_WANT_MAX>")]
        held: Vec<HeldNode>,
    },
    /// Only its digest, to compare by content.
    Digest,
}

/// How reading a file ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEnd {
    /// The entry of the file.
    pub file: u64,
    /// The attempt.
    pub attempt: u16,
    /// How.
    pub how: HowEnded,
}

/// How reading a file ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HowEnded {
    /// All of it was read, and it was of one version from the first byte to the last.
    Complete {
        /// The digest of the whole content.
        digest: Digest,
        /// Its extended attributes, where its content was wanted and the orders keep them.
        attributes: Attributes,
    },
    /// It is of another version than the manifest, or than the last `Changed`, said.
    Changed {
        /// What it is now.
        meta: Meta,
    },
    /// It could not be read.
    Failed(Fault),
}

impl Frame {
    /// The bytes of the frame.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads a frame that the other side sent.
    ///
    /// # Errors
    /// When it is too long, malformed, or followed by other bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode(bytes, FRAME_BYTES_MAX)
    }
}

/// The longest frame. Lists are cut so that their longest form stays below it.
pub const FRAME_BYTES_MAX: usize = 256 * 1024;
/// Entries in a manifest frame.
pub const ENTRIES_PER_FRAME_MAX: usize = 1024;
/// What a sender puts into one manifest frame before it begins the next: far below the limit, so
/// that the longest entry still fits.
pub(crate) const MANIFEST_BYTES: usize = 64 * 1024;
/// Rows in a release frame.
pub const SPANS_PER_FRAME_MAX: usize = 4096;
/// Parts in a frame of holes.
pub const HOLES_PER_FRAME_MAX: usize = 256;
/// Files in a want frame.
pub const WANTS_PER_FRAME_MAX: usize = 1024;
/// Held ranges in all wants of one frame that a receiver sends, so that the frame stays below its limit.
pub(crate) const HELD_PER_FRAME: usize = NODES_PER_WANT_MAX;
/// How much of attributes a sender puts into one frame of ends before it begins the next.
pub(crate) const ATTRIBUTES_PER_FRAME: usize = 64 * 1024;
/// Ends in a frame; a failure's reason makes them long.
pub const ENDS_PER_FRAME_MAX: usize = 512;
