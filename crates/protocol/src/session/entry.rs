//! What the manifest says about the source, entry by entry.

use outport_types::{Code, Name, UnixTime};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::{bounded, fault::Fault};

/// One line of the manifest.
///
/// Entries are numbered 0, 1, 2 … by their order alone; a file is known by the number of its entry.
/// Directories are numbered the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// What stands at the path of an item of the orders; items come in their order.
    Item(ItemRoot),
    /// A directory that was announced earlier is read now; what follows is in it, until [`Entry::Close`].
    Open {
        /// The entry that announced it.
        dir: u64,
    },
    /// A regular file in the open directory.
    File {
        /// Its name; names in a directory are in strictly ascending order of bytes.
        name: Name,
        /// What is known of it.
        meta: Meta,
    },
    /// A directory in the open directory; it will be opened later.
    Dir {
        /// Its name.
        name: Name,
        /// What is known of it.
        meta: DirMeta,
    },
    /// A symbolic link in the open directory; only where the orders say that links are kept.
    Link {
        /// Its name.
        name: Name,
        /// What it says.
        target: LinkTarget,
    },
    /// Something in the open directory that is never transferred.
    Left {
        /// Its name.
        name: Name,
        /// What it is.
        kind: LeftKind,
    },
    /// Something in the open directory that cannot be read.
    Unreadable {
        /// Its name.
        name: Name,
        /// Why.
        fault: Fault,
    },
    /// The open directory was read to its end, or why not.
    Close {
        /// `None`: every entry was listed.
        incomplete: Option<Fault>,
        /// Whether there are names that the receiver is not told: what it has and was not told of may
        /// stand at the source all the same.
        part: bool,
    },
    /// Nothing comes after this.
    End(Totals),
    /// A regular file in the open directory that has several names at the source; only where the
    /// orders say that hard links are kept.
    HardLink {
        /// Its name.
        name: Name,
        /// What is known of it, from a look of its own.
        meta: Meta,
        /// What the manifest says of its other names.
        role: LinkRole,
    },
}

/// What the manifest says of the other names of a file that has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkRole {
    /// It is the first of them; others may follow, in the same item.
    First,
    /// It is another name of a file that was told before.
    Further {
        /// The entry of its first name.
        first: u64,
        /// Whether no entry will refer to that one any more.
        last: bool,
    },
    /// Others are not told: so many files with several names are open that no more are remembered.
    Apart,
}

/// Files with several names of which more may be told, at once; the protocol's version says it. Each
/// costs the sender some 50 bytes and the receiver some 200.
pub const HARD_LINKS_OPEN_MAX: usize = 400_000;

/// What stands at the path of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ItemRoot {
    /// One file.
    File(Meta),
    /// A directory; it will be opened later.
    Dir(DirMeta),
    /// Nothing that can be read.
    Unreadable(Fault),
}

/// What is never transferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LeftKind {
    /// A symbolic link that the sender does not follow.
    Link,
    /// A named pipe.
    Pipe,
    /// A socket.
    Socket,
    /// A device.
    Device,
    /// Something else that is neither file nor directory.
    Other,
    /// A symbolic link that leads back to a directory that it is in.
    Loop,
    /// A symbolic link to nothing that the sender may read.
    Nowhere,
    /// Something that the orders leave out: told only where extras are removed, so that it is none.
    Hidden,
    /// A folder that is only for computers in the same network, which the receiver is not.
    LocalOnly,
}

impl LeftKind {
    /// What is said of it at its path.
    pub fn fault(self) -> Fault {
        match self {
            Self::LocalOnly => Fault::never(Code::LocalOnlySkipped, ""),
            Self::Link
            | Self::Pipe
            | Self::Socket
            | Self::Device
            | Self::Other
            | Self::Loop
            | Self::Nowhere
            | Self::Hidden => Fault::never(Code::SkippedKind, self.word()),
        }
    }

    /// The words for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Link => "symbolic link",
            Self::Pipe => "named pipe",
            Self::Socket => "socket",
            Self::Device => "device",
            Self::Other => "special file",
            Self::Loop => "symbolic link to a directory above it",
            Self::Nowhere => "symbolic link to nothing in the folders",
            Self::Hidden => "thing that was to be left out",
            Self::LocalOnly => "folder for the local network only",
        }
    }
}

/// What is known of a file at the source, from one look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Its size in bytes.
    pub size: u64,
    /// When its content changed.
    pub mtime: UnixTime,
    /// Its permission bits.
    pub mode: u32,
    /// Which version of it this is.
    pub token: VersionToken,
    /// Whether it takes less room on its disk than it has bytes: there may be holes in it.
    pub sparse: bool,
}

/// What is known of a directory at the source, from one look at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirMeta {
    /// When its names changed.
    pub mtime: UnixTime,
    /// Its permission bits.
    pub mode: u32,
}

/// The text of a symbolic link. Nobody follows it here: it is content, as that of a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct LinkTarget(Vec<u8>);

impl LinkTarget {
    /// Takes the text of a link; `None` when no link can say it.
    pub fn new(text: impl Into<Vec<u8>>) -> Option<Self> {
        let text = text.into();
        let fits = !text.is_empty() && text.len() <= LINK_BYTES_MAX && !text.contains(&0);
        fits.then_some(Self(text))
    }

    /// The text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for LinkTarget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = bounded::list::<_, u8, LINK_BYTES_MAX>(deserializer)?;
        Self::new(text).ok_or_else(|| D::Error::custom("no link says this"))
    }
}

/// As long as a link can be on any of our systems.
pub const LINK_BYTES_MAX: usize = 4096;

/// Which version of which file it is: two looks with the same token saw the same content.
///
/// A hash, so that device and inode numbers of one computer stay there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VersionToken(pub [u8; 16]);

impl VersionToken {
    /// The token of a file from what its *open handle* says.
    pub fn of(device: u64, inode: u64, size: u64, mtime: UnixTime, ctime: UnixTime) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("outport 2025 version token");
        for number in [device, inode, size] {
            hasher.update(&number.to_le_bytes());
        }
        for time in [mtime, ctime] {
            hasher.update(&time.seconds.to_le_bytes()).update(&time.nanos.to_le_bytes());
        }
        let mut token = [0; 16];
        hasher.finalize_xof().fill(&mut token);
        Self(token)
    }
}

/// Which file stands at the destination and in which state; it stays the same when it is renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileStamp {
    /// The device.
    pub device: u64,
    /// The inode.
    pub inode: u64,
    /// The size in bytes.
    pub size: u64,
    /// When the content changed.
    pub mtime: UnixTime,
}

impl FileStamp {
    /// Whether it is the same file, whatever it holds now.
    pub fn is_same_file(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    /// A value that is the same for the same stamp and the same `of_what`, where whether it is the
    /// recorded one is all that is ever asked: a quarter of the room.
    pub(crate) fn check(&self, of_what: &[u8]) -> u64 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(of_what);
        for number in [self.device, self.inode, self.size] {
            hasher.update(&number.to_le_bytes());
        }
        hasher.update(&self.mtime.seconds.to_le_bytes()).update(&self.mtime.nanos.to_le_bytes());
        let mut check = [0; 8];
        hasher.finalize_xof().fill(&mut check);
        u64::from_le_bytes(check)
    }
}

/// What the whole manifest held; a sender that miscounts has lost something on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Directories.
    pub directories: u64,
}
