//! What a receiver asks of the disk that it writes to, and what the disk answers.

use std::sync::Arc;

use outport_types::{Digest, ExternalChecksum, Name, Tally, UnixTime};

use crate::{
    blocks::{Blocks, Cv, HeldNode, NodeId},
    control::FileKind,
    journal::Way,
    session::{
        BufferId, EffectId,
        attributes::Attribute,
        dir::{Dir, NameHash, Place},
        entry::{DirMeta, FileStamp, LinkTarget},
        fault::Fault,
    },
};

/// Something for the shell to do. Effects may be carried out side by side and in any order: the
/// receiver waits by itself where one must come after another. Each that has an `id` is answered by
/// one [`ReceiverEvent`] with the same `id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiverEffect {
    /// Look what stands at the destination of some entries, and make the directories among them; in a
    /// preview or a check nothing is made.
    /// Answer: [`ReceiverEvent::Compared`].
    Compare {
        /// Names the answer.
        id: EffectId,
        /// The entries; those of one directory stand together.
        entries: Vec<Compare>,
    },
    /// Hash a file that stands at the destination.
    /// Answer: [`ReceiverEvent::Digested`].
    Digest {
        /// Names the answer.
        id: EffectId,
        /// The file.
        place: Place,
    },
    /// Hash parts of an unfinished file, through a new handle.
    /// Answer: [`ReceiverEvent::Hashed`], one value for each part.
    CheckHeld {
        /// Names the answer.
        id: EffectId,
        /// The unfinished file.
        temp: Arc<Temp>,
        /// How the file lies in blocks.
        blocks: Blocks,
        /// Whether the file has holes, as for [`ReadPart`].
        sparse: bool,
        /// Which parts.
        nodes: Vec<NodeId>,
    },
    /// Make the temporary file of a large file: remove whatever has this name, then make a new file
    /// that nothing else can be (`O_EXCL`).
    /// Answer: [`ReceiverEvent::Created`].
    Create {
        /// Names the answer.
        id: EffectId,
        /// The file.
        temp: Arc<Temp>,
        /// How much room it needs, for the file system to plan with; `None` when it has holes, and
        /// needs less than its size.
        room: Option<u64>,
    },
    /// Check pieces of an arrived data frame against their values, and write those that agree. The
    /// buffer is kept until [`Forget`](Self::Forget).
    /// Answer: [`ReceiverEvent::Written`], one result for each piece.
    Write {
        /// Names the answer.
        id: EffectId,
        /// The frame's body.
        buffer: BufferId,
        /// What is written.
        writes: Vec<Write>,
    },
    /// Check that the values of parts of a sparse file are those of zeros ([`Blocks::zeros`]), and
    /// make them zeros, without giving them room where the disk can do without: whatever else stands
    /// there goes. What lies behind the end of the file needs nothing: it gets its size in the end.
    /// Answer: [`ReceiverEvent::HolesMade`], one result for each part.
    MakeHoles {
        /// Names the answer.
        id: EffectId,
        /// The file.
        temp: Arc<Temp>,
        /// How the file lies in blocks.
        blocks: Blocks,
        /// The parts.
        nodes: Vec<HeldNode>,
    },
    /// Drop the body of a data frame.
    Forget {
        /// The frame's body.
        buffer: BufferId,
    },
    /// Bring files to the disk for good (`fsync`), after giving the finished ones their final size,
    /// time and permissions.
    /// Answer: [`ReceiverEvent::Synced`], one result for each file.
    SyncFiles {
        /// Names the answer.
        id: EffectId,
        /// The files.
        files: Vec<SyncFile>,
    },
    /// Read parts back, through new handles unless all handles are known to show the same, and hash
    /// them.
    /// Answer: [`ReceiverEvent::ReadBack`], one result for each part.
    ReadBack {
        /// Names the answer.
        id: EffectId,
        /// The parts; those of one file stand together.
        parts: Vec<ReadPart>,
    },
    /// Append to the journal and bring it to the disk for good. On failure the journal must be as
    /// long as before.
    /// Answer: [`ReceiverEvent::Done`].
    AppendJournal {
        /// Names the answer.
        id: EffectId,
        /// What is appended.
        bytes: Vec<u8>,
    },
    /// Rename finished files into place, replacing what is there unless it is a directory. Where the
    /// task gives free names, whatever is there stays: [`Code::Exists`](outport_types::Code::Exists)
    /// answers then.
    /// Answer: [`ReceiverEvent::Placed`], one result for each file.
    Place {
        /// Names the answer.
        id: EffectId,
        /// The files.
        files: Vec<Arc<Temp>>,
    },
    /// Give files that stand at their final names other names as well, temporary ones, in place of
    /// whatever has these. Only a regular file that the rules show gets one, never what a link leads
    /// to, and never through a handle that could write.
    /// Answer: [`ReceiverEvent::HardLinked`], one result for each.
    HardLink {
        /// Names the answer.
        id: EffectId,
        /// The files and their names.
        links: Vec<HardLink>,
    },
    /// Bring directories to the disk for good, so that names in them stay.
    /// Answer: [`ReceiverEvent::Done`], when all of them are.
    SyncDirs {
        /// Names the answer.
        id: EffectId,
        /// The directories.
        dirs: Vec<Dir>,
    },
    /// Look what stands in a directory under none of these names, and keep it for
    /// [`RemoveExtras`](Self::RemoveExtras): but what is reserved, what the rules hide, what is called
    /// [`TRASH_NAME`](crate::session::TRASH_NAME) at an item, what the filter of the orders hides as
    /// a file or as a directory, and what another item of the orders is or is in.
    /// Answer: [`ReceiverEvent::ExtrasFound`].
    FindExtras {
        /// Names the answer.
        id: EffectId,
        /// The directory.
        dir: Dir,
        /// The names that stand at the source, in ascending order.
        names: Vec<NameHash>,
    },
    /// Remove some of what was found, directories with all that they hold but what the filter hides,
    /// links themselves; or move it to the trash of its item, if the orders say so. Then bring it to
    /// the disk for good. When the task preserves times, a directory has the same after as before.
    /// Answer: [`ReceiverEvent::ExtrasRemoved`].
    RemoveExtras {
        /// Names the answer.
        id: EffectId,
        /// The hub's time now.
        time: UnixTime,
    },
    /// In a preview, tell some of what [`RemoveExtras`](Self::RemoveExtras) would remove of what was
    /// found, directories with all that they hold; in a check, all that was found.
    /// Answer: [`ReceiverEvent::ExtrasSeen`].
    SeeExtras {
        /// Names the answer.
        id: EffectId,
    },
    /// Give directories in which nothing more will change what they get, and bring it to the disk
    /// for good.
    /// Answer: [`ReceiverEvent::DirsFinished`], one result for each directory.
    FinishDirs {
        /// Names the answer.
        id: EffectId,
        /// The directories.
        dirs: Vec<FinishDir>,
    },
    /// Remove the task's temporary files from every directory that the journal names (see
    /// [`temp_prefix`](crate::session::temp_prefix)) and bring those directories to the disk for good;
    /// when the task preserves times, a directory has the same after as before.
    /// Answer: [`ReceiverEvent::Done`].
    Sweep {
        /// Names the answer.
        id: EffectId,
    },
}

/// One entry to compare.
///
/// Its name is the one that the place has at the destination ([`Place::local_name`]). Where the task
/// replaces names and that is still the own one, [`Code::BadName`](outport_types::Code::BadName) also
/// answers for a name at which nothing stands while something stands at its
/// [`replacement`](crate::session::replacement): an earlier transfer put it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compare {
    /// The entry.
    pub entry: u64,
    /// Where it comes to stand.
    pub place: Place,
    /// What it is.
    pub what: CompareWhat,
}

/// What an entry to compare is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompareWhat {
    /// A directory: make it if nothing stands there.
    ///
    /// For an item (a place without a name), make what is missing above it first, and flush every
    /// directory on the way to it that holds another one of the way, from the top down: once in a
    /// session is enough for each, whether it was made just now, by another effect, or by an earlier
    /// session that was killed before it could flush.
    Dir,
    /// A file: look what stands there. For an item, make what is missing above it, as above.
    File {
        /// The temporary name that an earlier session may have left; look at it too.
        temp: Option<Name>,
    },
    /// A symbolic link: make it if nothing stands there. What is no directory and no such link is
    /// replaced in one step, if `replace` says so; else it stays.
    Link {
        /// What the link says.
        target: LinkTarget,
        /// The name under which it is made before it takes the place of something.
        temp: Name,
        /// Whether it takes the place of something else.
        replace: bool,
    },
}

/// The unfinished form of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Temp {
    /// The entry of the file.
    pub file: u64,
    /// Where it will stand.
    pub place: Place,
    /// Its name until then, in the same directory.
    pub name: Name,
}

/// A piece to check and write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The file.
    pub temp: Arc<Temp>,
    /// Whether the temporary file is made by this write (as [`ReceiverEffect::Create`] says): files
    /// of one block are.
    pub create: bool,
    /// How the file lies in blocks.
    pub blocks: Blocks,
    /// Whether the file has holes: zeros in it are made one, as [`ReceiverEffect::MakeHoles`] does.
    pub sparse: bool,
    /// Which block.
    pub block: u32,
    /// Where its bytes begin in the body of the frame.
    pub start: usize,
    /// How many there are.
    pub bytes: u32,
    /// The value that they must have.
    pub hash: Cv,
}

/// A file to bring to the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncFile {
    /// The file.
    pub temp: Arc<Temp>,
    /// What it gets first if all of its content is there.
    pub finish: Option<Finish>,
}

/// What a finished file gets before it is brought to the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finish {
    /// Its size: an earlier, longer version may have been written to the same temporary file.
    pub size: u64,
    /// Its modification time, when the task preserves times.
    pub mtime: Option<UnixTime>,
    /// The permission bits at the source.
    pub mode: u32,
    /// Whether it gets them as they are, and not less what is taken away from new files here.
    pub exact: bool,
    /// The extended attributes that it is to have, and no other ones of that kind; `None` leaves them
    /// as they are.
    pub attributes: Option<Vec<Attribute>>,
    /// What it must be before it gets any of that; if it is not,
    /// [`Code::ExternalChecksum`](outport_types::Code::ExternalChecksum) answers.
    pub checked: Option<Checked>,
}

/// What a file must be, by somebody else's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The checksum.
    pub checksum: ExternalChecksum,
    /// How the file lies in blocks.
    pub blocks: Blocks,
    /// The digest at the source: what was hashed along the way may have been another version.
    pub digest: Digest,
}

/// A file that gets another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HardLink {
    /// The name that it gets, and where it will stand under its final one.
    pub temp: Arc<Temp>,
    /// Where the file stands.
    pub first: Place,
}

/// Something that stands at the destination only, and could not be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraLeft {
    /// What it is.
    pub entry: Way,
    /// Whether it is a directory.
    pub is_directory: bool,
    /// Why.
    pub fault: Fault,
}

/// Something that stands at the destination only, and would be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraSeen {
    /// What it is.
    pub entry: Way,
    /// What kind of thing.
    pub kind: FileKind,
    /// Its size, if it is a file.
    pub size: u64,
}

/// What was told of extras.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What is listed.
    pub listed: Vec<ExtraSeen>,
    /// What is only counted, because enough is listed.
    pub rest: Tally,
}

/// A directory that gets its time and permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishDir {
    /// The directory.
    pub dir: Dir,
    /// What is known of it at the source.
    pub meta: DirMeta,
    /// Whether it gets the modification time.
    pub times: bool,
    /// Whether it gets the permission bits; its owner keeps all rights, so that a later session can
    /// go on in it.
    pub permissions: bool,
}

/// A part of a file to read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadPart {
    /// The file.
    pub temp: Arc<Temp>,
    /// How the file lies in blocks.
    pub blocks: Blocks,
    /// Whether the file has holes: these need not be read where the disk tells them, and what is
    /// behind its end so far counts as zeros.
    pub sparse: bool,
    /// Which part, and the value that it must have.
    pub part: HeldNode,
}

/// What the disk answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiverEvent {
    /// What stands at the destination, one for each entry.
    Compared {
        /// The effect.
        id: EffectId,
        /// The results, in the order of the entries.
        results: Vec<Result<Compared, Fault>>,
    },
    /// The digest of a file at the destination.
    Digested {
        /// The effect.
        id: EffectId,
        /// The digest, or why there is none.
        result: Result<Digest, Fault>,
    },
    /// The values of parts, in their order; a part that could not be read in full has none.
    Hashed {
        /// The effect.
        id: EffectId,
        /// The values.
        values: Vec<Option<Cv>>,
    },
    /// A temporary file was made.
    Created {
        /// The effect.
        id: EffectId,
        /// How it went.
        result: Result<(), Fault>,
    },
    /// What became of pieces.
    Written {
        /// The effect.
        id: EffectId,
        /// The results, in the order of the writes.
        results: Vec<WriteResult>,
    },
    /// What became of files that were to be brought to the disk.
    Synced {
        /// The effect.
        id: EffectId,
        /// What each is now.
        results: Vec<Result<FileStamp, Fault>>,
        /// Which of them do not have all attributes that they were to have: their places in the list,
        /// and what is told of them.
        refused: Vec<(usize, String)>,
    },
    /// What became of holes.
    HolesMade {
        /// The effect.
        id: EffectId,
        /// The results, in the order of the parts.
        results: Vec<WriteResult>,
    },
    /// What became of files that were to get other names.
    HardLinked {
        /// The effect.
        id: EffectId,
        /// The results, in the order of the files.
        results: Vec<HardLinked>,
    },
    /// Whether parts read back as they were written.
    ReadBack {
        /// The effect.
        id: EffectId,
        /// The results, in the order of the parts; unreadable is `false`.
        agree: Vec<bool>,
    },
    /// What became of renames.
    Placed {
        /// The effect.
        id: EffectId,
        /// The results, in the order of the files.
        results: Vec<Result<(), Fault>>,
    },
    /// What became of directories that were to be finished.
    DirsFinished {
        /// The effect.
        id: EffectId,
        /// The results, in the order of the directories.
        results: Vec<Result<(), Fault>>,
    },
    /// How much stands in a directory that was not at the source.
    ExtrasFound {
        /// The effect.
        id: EffectId,
        /// How much.
        result: Result<u64, Fault>,
    },
    /// What became of what was found.
    ExtrasRemoved {
        /// The effect.
        id: EffectId,
        /// Entries that are gone.
        removed: u64,
        /// What could not be removed.
        left: Vec<ExtraLeft>,
        /// Whether there is more to remove.
        more: bool,
    },
    /// What would be removed of what was found.
    ExtrasSeen {
        /// The effect.
        id: EffectId,
        /// What would be removed, or why that cannot be told.
        seen: Result<Told, ExtraLeft>,
        /// Whether there is more to tell.
        more: bool,
    },
    /// How an effect went that has nothing more to say.
    Done {
        /// The effect.
        id: EffectId,
        /// How it went.
        result: Result<(), Fault>,
    },
}

/// What became of a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteResult {
    /// It agreed and is written.
    Written,
    /// Its bytes are not what their value says.
    Differs,
    /// It could not be written.
    Failed(Fault),
}

/// What became of a file that was to get another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HardLinked {
    /// It has the name; what stands there now.
    Made(FileStamp),
    /// No file stands there, or it has as many names as it can have.
    NotThere,
    /// Its disk, or the one of the name, gives no such names, for this reason.
    Apart(String),
    /// The disk failed.
    Failed(Fault),
}

/// What stands at the destination of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// For a directory: it stands there.
    Dir {
        /// Whether it was made just now; in a preview or a check, whether nothing stands there.
        made: bool,
    },
    /// For a link: what became of it, or would.
    Link(Linked),
    /// For a file: what stands at its final and at its temporary name.
    File {
        /// At the final name.
        found: AtDestination,
        /// A regular file under the temporary name, if that is its only name: what another one stands
        /// for too must not be written to.
        temp: Option<FileStamp>,
    },
}

/// What became of a link; in a preview or a check, what would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linked {
    /// Such a link stood there.
    Stood,
    /// It was made where nothing stood.
    Made,
    /// It was made in the place of something else.
    Replaced,
    /// Something else stands there and stays.
    Kept,
}

/// What stands at a final name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtDestination {
    /// Nothing.
    Nothing,
    /// A regular file.
    File(FileStamp),
    /// A directory.
    Dir,
    /// A symbolic link, which a file replaces and which is never followed.
    Link,
    /// Something that a file must not replace.
    Special,
}
