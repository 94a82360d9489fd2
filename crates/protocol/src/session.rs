//! A session: how two agents move the files of one task.

mod attributes;
pub(crate) mod bounded;
mod dir;
mod entry;
mod fault;
mod frame;
mod hello;
mod naming;
mod pieces;
pub mod receiver;
pub mod sender;
mod version;
mod violation;

use std::{sync::Arc, time::Duration};

use outport_types::{TaskId, UnixTime};

pub use attributes::{
    ATTRIBUTE_BYTES_MAX, ATTRIBUTE_NAME_BYTES_MAX, ATTRIBUTES_MAX, Attribute, Attributes,
};
pub(crate) use dir::WAY_NAMES_MAX;
pub use dir::{
    Dir, DirId, Key, NameHash, Place, RESERVED_PREFIX, TRASH_NAME, below, is_reserved, is_trash,
    temp_name, temp_prefix,
};
pub use entry::{
    DirMeta, Entry, FileStamp, HARD_LINKS_OPEN_MAX, ItemRoot, LINK_BYTES_MAX, LeftKind, LinkRole,
    LinkTarget, Meta, Totals, VersionToken,
};
pub use fault::{Fault, REASON_BYTES_MAX};
pub use frame::{
    Ask, ENDS_PER_FRAME_MAX, ENTRIES_PER_FRAME_MAX, FRAME_BYTES_MAX, FileEnd, Frame,
    HOLES_PER_FRAME_MAX, HowEnded, SPANS_PER_FRAME_MAX, Span, WANTS_PER_FRAME_MAX, Want,
};
pub use hello::{HELLO_BYTES, Hello};
pub(crate) use naming::COPIES_MAX;
pub use naming::{Naming, looks_replaced, replacement};
pub use pieces::{HEADER_BYTES_MAX, PIECES_PER_FRAME_MAX, Piece, Pieces};
pub use receiver::{Outcome, Receiver, ReceiverEffect, ReceiverEvent};
pub use sender::{Sender, SenderEffect, SenderEvent};
pub use version::ProtocolVersion;
pub use violation::Violation;

use crate::{
    blocks::{BLOCK_BYTES, Blocks},
    orders::TransferOrders,
};

/// The time since the session began, by whatever clock the caller has.
pub type Now = Duration;

/// Names an effect and its answer, once in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectId(pub u64);

/// Names the body of an arrived data frame; the shell gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BufferId(pub u64);

/// How much a session may have open at once. Both sides must agree: the protocol's version says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Entries sent and not yet released.
    pub window: u32,
    /// Bytes of content sent and not yet durable; what a kill can cost.
    pub content_bytes: u64,
    /// Content in a batch before it is flushed.
    pub batch_bytes: u64,
    /// Finished files in a batch before it is flushed.
    pub batch_files: usize,
    /// How long content waits for its batch to fill.
    pub batch_age: Duration,
    /// The size of a block.
    pub block_bytes: u32,
    /// Content in one data frame of small files.
    pub frame_bytes: u32,
}

/// What both sides need to know before they begin.
#[derive(Clone, Debug)]
pub struct Config {
    /// The task.
    pub task: TaskId,
    /// What is to be done; both sides have the same bytes, as the ticket's digest makes sure.
    pub orders: Arc<TransferOrders>,
    /// How much may be open at once.
    pub limits: Limits,
    /// The hub's time at the moment where [`Now`] is zero, for what is reported.
    pub started: UnixTime,
}

impl Limits {
    /// What version 1 of the protocol says.
    pub const V1: Self = Self {
        window: 16 * 1024,
        content_bytes: 56 * 1024 * 1024,
        batch_bytes: 16 * 1024 * 1024,
        batch_files: 4096,
        batch_age: Duration::from_secs(1),
        block_bytes: BLOCK_BYTES,
        frame_bytes: 512 * 1024,
    };

    /// How a file of `size` bytes lies in blocks; `None` when no file is that large.
    pub const fn blocks(&self, size: u64) -> Option<Blocks> {
        Blocks::with_block_bytes(size, self.block_bytes)
    }

    /// What a hole counts as against [`content_bytes`](Self::content_bytes) and
    /// [`batch_bytes`](Self::batch_bytes), however large it is: so many of them may be open at once.
    pub const fn hole_bytes(&self) -> u32 {
        self.block_bytes / 256
    }
}
