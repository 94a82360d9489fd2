//! What a sender asks of the disk that it reads from, and what the disk answers.

use std::ops::Range;

use crate::{
    blocks::{Blocks, Cv, NodeId},
    session::{
        EffectId,
        attributes::Attributes,
        dir::{Dir, Place},
        entry::{DirMeta, LeftKind, LinkTarget, Meta},
        fault::Fault,
        pieces::Pieces,
    },
};
use outport_types::{Digest, Name};

/// Something for the shell to do. Effects may be carried out side by side and in any order, unless
/// one says otherwise; each that has an `id` is answered by one [`SenderEvent`] with the same `id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SenderEffect {
    /// Look what stands at an item's path, following links inside the folders.
    /// Answer: [`SenderEvent::Root`].
    Root {
        /// Names the answer.
        id: EffectId,
        /// The item.
        item: u32,
    },
    /// Begin to read a directory; every name once, in ascending order of bytes, without `.` and `..`.
    /// Answer: [`SenderEvent::Scanned`] with the first entries.
    Scan {
        /// Names the answer.
        id: EffectId,
        /// The directory.
        dir: Dir,
        /// Entries to answer at most.
        entries_max: usize,
    },
    /// Go on with the directory whose [`Scan`](Self::Scan) had this id.
    /// Answer: [`SenderEvent::Scanned`] with the next entries.
    ScanMore {
        /// The id of the scan.
        id: EffectId,
        /// Entries to answer at most.
        entries_max: usize,
    },
    /// Read pieces of files into one buffer, hash them, and keep the buffer under this id until
    /// [`Send`](Self::Send) or [`Forget`](Self::Forget).
    /// Answer: [`SenderEvent::Loaded`].
    Load {
        /// Names the answer and the buffer.
        id: EffectId,
        /// What is read.
        loads: Vec<Load>,
    },
    /// Send a data frame: the encoded header, then those bytes of the buffer that `picks` names,
    /// in this order; then forget the buffer.
    /// Answer: [`SenderEvent::Sent`] when the link has taken the frame.
    Send {
        /// The id of the load.
        id: EffectId,
        /// The header.
        pieces: Pieces,
        /// For each piece of the header, which of the loads it is.
        picks: Vec<u16>,
    },
    /// Drop a buffer.
    Forget {
        /// The id of the load.
        id: EffectId,
    },
    /// Open a large file and keep it open until [`Close`](Self::Close), for the loads that name it.
    /// Answer: [`SenderEvent::Looked`] with what the open handle says.
    Open {
        /// Names the answer.
        id: EffectId,
        /// The entry of the file.
        file: u64,
        /// Where it stands.
        place: Place,
    },
    /// Hash parts of a file that is open.
    /// Answer: [`SenderEvent::Hashed`].
    Hash {
        /// Names the answer.
        id: EffectId,
        /// The entry of the file.
        file: u64,
        /// How the file lies in blocks.
        blocks: Blocks,
        /// Which parts.
        nodes: Vec<NodeId>,
    },
    /// Tell which blocks of an open file, from one on, are nothing but holes: as far as that is
    /// known at once, and only where the disk can be believed. A file that cannot be asked has none.
    /// Answer: [`SenderEvent::Mapped`].
    Map {
        /// Names the answer.
        id: EffectId,
        /// The entry of the file.
        file: u64,
        /// How the file lies in blocks.
        blocks: Blocks,
        /// The first block.
        from: u32,
    },
    /// Compute the values of parts that are nothing but zeros ([`Blocks::zeros`]).
    /// Answer: [`SenderEvent::Zeros`].
    Zeros {
        /// Names the answer.
        id: EffectId,
        /// How the file lies in blocks.
        blocks: Blocks,
        /// Which parts.
        nodes: Vec<NodeId>,
    },
    /// Look at an open file once more through its handle, and close it.
    /// Answer: [`SenderEvent::Looked`]; [`Fault`]s of a file that is not open are never shown.
    Close {
        /// Names the answer.
        id: EffectId,
        /// The entry of the file.
        file: u64,
    },
    /// Open a file, hash all of it, look again through the handle, and close it.
    /// Answer: [`SenderEvent::Digested`].
    Digest {
        /// Names the answer.
        id: EffectId,
        /// The entry of the file.
        file: u64,
        /// Where it stands.
        place: Place,
    },
}

/// A piece to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Load {
    /// A whole file of one block: open it, look at it through the handle, read `bytes` bytes, look
    /// again, close it. Answer: [`Loaded::Whole`].
    Whole {
        /// The entry of the file.
        file: u64,
        /// Where it stands.
        place: Place,
        /// Its size.
        bytes: u32,
    },
    /// A block of a file that is open. Answer: [`Loaded::Block`].
    Block {
        /// The entry of the file.
        file: u64,
        /// How the file lies in blocks.
        blocks: Blocks,
        /// Which block.
        block: u32,
    },
}

/// What the disk answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SenderEvent {
    /// What stands at an item's path.
    Root {
        /// The effect.
        id: EffectId,
        /// What is there.
        found: Result<Found, Fault>,
    },
    /// The next entries of a directory.
    Scanned {
        /// The effect.
        id: EffectId,
        /// The entries.
        entries: Vec<Listed>,
        /// Whether this is the end: the directory was read in full, or why not. When there is more
        /// to come, the shell waits for [`SenderEffect::ScanMore`].
        end: Option<Result<Told, Fault>>,
    },
    /// What was read, one result for each load.
    Loaded {
        /// The effect.
        id: EffectId,
        /// The results, in the order of the loads.
        results: Vec<Result<Loaded, Fault>>,
    },
    /// The link has taken a data frame.
    Sent {
        /// The load whose buffer it was.
        id: EffectId,
    },
    /// What an open handle says.
    Looked {
        /// The effect.
        id: EffectId,
        /// What is known of the file.
        meta: Result<Meta, Fault>,
        /// Its extended attributes as it is closed, if the orders keep them, read before that look.
        attributes: Attributes,
    },
    /// The values of the parts, in their order; a part that could not be read in full has none.
    Hashed {
        /// The effect.
        id: EffectId,
        /// The values.
        values: Result<Vec<Option<Cv>>, Fault>,
    },
    /// Which blocks are nothing but holes.
    Mapped {
        /// The effect.
        id: EffectId,
        /// Rows of them, ascending.
        holes: Vec<Range<u32>>,
        /// The block up to which this is known; more than was asked from.
        until: u32,
    },
    /// The values of parts of zeros, in their order; one that cannot be told has none.
    Zeros {
        /// The effect.
        id: EffectId,
        /// The values.
        values: Vec<Option<Cv>>,
    },
    /// The digest of a file, and what the handle said before and after.
    Digested {
        /// The effect.
        id: EffectId,
        /// The result.
        result: Result<Digested, Fault>,
    },
}

/// What stands somewhere at the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A regular file, or a link to one that the resolver follows.
    File(Meta),
    /// A regular file that has several names, itself and not by a link; only if the orders keep hard
    /// links.
    HardLink {
        /// What is known of it.
        meta: Meta,
        /// Which file it is.
        id: LinkedId,
        /// How many names it has, wherever they are.
        names: u64,
    },
    /// A directory, or a link to one that the resolver follows.
    Dir(DirMeta),
    /// A symbolic link that is not followed; it is sent only if the orders keep links.
    Link(LinkTarget),
    /// Something that is never transferred.
    Left(LeftKind),
}

/// Which file it is, on the computer that reads: two names with the same are one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkedId {
    /// The device.
    pub device: u64,
    /// The inode.
    pub inode: u64,
}

/// How much of a directory that was read in full was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Every entry.
    All,
    /// Rules speak of entries in it that are not told.
    Part,
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: Name,
    /// What it is, or why that cannot be said.
    pub found: Result<Found, Fault>,
}

/// A piece that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// A whole file.
    Whole {
        /// What the handle said before the first byte was read.
        before: Meta,
        /// What it said after the last; fewer bytes than asked for are told by a size that differs.
        after: Meta,
        /// The digest of what was read.
        hash: Cv,
        /// Its extended attributes, if the orders keep them, read between the two looks.
        attributes: Attributes,
    },
    /// A block.
    Block {
        /// How many bytes could be read.
        bytes: u32,
        /// The block's value.
        hash: Cv,
        /// Whether it is nothing but zeros, as far as anybody looked: only in sparse files.
        zeros: bool,
    },
}

/// A file's digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digested {
    /// What the handle said before the first byte was read.
    pub before: Meta,
    /// What it said after the last.
    pub after: Meta,
    /// The digest of what was read.
    pub digest: Digest,
}
