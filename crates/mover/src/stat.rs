//! What a disk says about a file, in words that are the same on every system.

use std::time::{Duration, SystemTime};

use cap_fs_ext::{FileTypeExt as _, MetadataExt as _};
use cap_std::fs::Metadata;
use outport_protocol::{
    control::FileKind,
    session::{DirMeta, FileStamp, LeftKind, Meta, VersionToken},
};
use outport_types::UnixTime;

/// Which file or directory it is, whatever it is called and however it was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId {
    /// The device, or the volume's serial number.
    pub device: u64,
    /// The inode, or the file's index.
    pub inode: u64,
}

/// What is known of a file, a directory, a link itself, or something special.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// What it is; a link is a link.
    pub kind: FileKind,
    /// Which one it is.
    pub id: FileId,
    /// Its size in bytes; zero for what is no file.
    pub size: u64,
    /// How many names it has, wherever they are.
    pub names: u64,
    /// Whether it takes less room than it has bytes: there may be holes in it.
    pub is_sparse: bool,
    /// When its content changed.
    pub modified: UnixTime,
    /// When anything about it changed; where the system does not say, when it was made.
    pub changed: UnixTime,
    /// Permission bits.
    pub mode: u32,
    /// Number of the owning user.
    pub user: u32,
    /// Number of the owning group.
    pub group: u32,
    /// What it is when it is never transferred.
    pub left: Option<LeftKind>,
}

impl Stat {
    /// Reads what the system said about an open file, or about a name without following it.
    pub fn new(metadata: &Metadata) -> Self {
        let kind = if metadata.is_symlink() {
            FileKind::Link
        } else if metadata.is_dir() {
            FileKind::Dir
        } else if metadata.is_file() {
            FileKind::File
        } else {
            FileKind::Special
        };
        let left = match kind {
            FileKind::Dir | FileKind::File => None,
            FileKind::Link => Some(LeftKind::Link),
            FileKind::Special => Some(left_kind(metadata)),
        };
        let system = system::Fields::new(metadata);
        Self {
            kind,
            id: FileId { device: metadata.dev(), inode: metadata.ino() },
            size: if kind == FileKind::File { metadata.len() } else { 0 },
            names: metadata.nlink(),
            is_sparse: kind == FileKind::File && system.room < metadata.len(),
            modified: metadata
                .modified()
                .map_or_else(|_| UnixTime::default(), |t| time(t.into_std())),
            changed: system.changed,
            mode: system.mode,
            user: system.user,
            group: system.group,
            left,
        }
    }

    /// What an open file says.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn of_open(file: &std::fs::File) -> std::io::Result<Self> {
        Ok(Self::new(&Metadata::from_file(file)?))
    }

    /// What a manifest says of it.
    pub fn meta(&self) -> Meta {
        Meta {
            size: self.size,
            mtime: self.modified,
            mode: self.mode,
            token: VersionToken::of(
                self.id.device,
                self.id.inode,
                self.size,
                self.modified,
                self.changed,
            ),
            sparse: self.is_sparse,
        }
    }

    /// What a manifest says of a directory.
    pub fn dir_meta(&self) -> DirMeta {
        DirMeta { mtime: self.modified, mode: self.mode }
    }

    /// What a journal says of it.
    pub fn stamp(&self) -> FileStamp {
        FileStamp {
            device: self.id.device,
            inode: self.id.inode,
            size: self.size,
            mtime: self.modified,
        }
    }
}

fn left_kind(metadata: &Metadata) -> LeftKind {
    let kind = metadata.file_type();
    if kind.is_fifo() {
        LeftKind::Pipe
    } else if kind.is_socket() {
        LeftKind::Socket
    } else if kind.is_block_device() || kind.is_char_device() {
        LeftKind::Device
    } else {
        LeftKind::Other
    }
}

/// A moment of ours as one of the system; `None` when it cannot be said there.
pub(crate) fn system_time(moment: UnixTime) -> Option<SystemTime> {
    let seconds = Duration::from_secs(moment.seconds.unsigned_abs());
    let whole = if moment.seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(seconds)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(seconds)
    };
    whole?.checked_add(Duration::from_nanos(moment.nanos.into()))
}

/// A moment of the system as one of ours.
pub(crate) fn time(moment: SystemTime) -> UnixTime {
    match moment.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => UnixTime {
            seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            nanos: since.subsec_nanos(),
        },
        Err(before) => {
            let before = before.duration();
            let seconds = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            match before.subsec_nanos() {
                0 => UnixTime { seconds: -seconds, nanos: 0 },
                nanos => UnixTime { seconds: -seconds - 1, nanos: 1_000_000_000 - nanos },
            }
        }
    }
}

#[cfg(unix)]
mod system {
    use cap_std::fs::{Metadata, MetadataExt as _};
    use outport_types::UnixTime;

    pub(super) struct Fields {
        pub(super) changed: UnixTime,
        pub(super) mode: u32,
        pub(super) user: u32,
        pub(super) group: u32,
        pub(super) room: u64,
    }

    impl Fields {
        pub(super) fn new(metadata: &Metadata) -> Self {
            let nanos = u32::try_from(metadata.ctime_nsec()).unwrap_or_default();
            Self {
                changed: UnixTime { seconds: metadata.ctime(), nanos },
                mode: metadata.mode() & 0o7777,
                user: metadata.uid(),
                group: metadata.gid(),
                room: metadata.blocks().saturating_mul(512),
            }
        }
    }
}

#[cfg(windows)]
mod system {
    use cap_std::fs::Metadata;
    use outport_types::UnixTime;

    pub(super) struct Fields {
        pub(super) changed: UnixTime,
        pub(super) mode: u32,
        pub(super) user: u32,
        pub(super) group: u32,
        pub(super) room: u64,
    }

    impl Fields {
        pub(super) fn new(metadata: &Metadata) -> Self {
            let made = metadata.created();
            let writable = if metadata.permissions().readonly() { 0o444 } else { 0o666 };
            Self {
                changed: made.map_or_else(|_| UnixTime::default(), |t| super::time(t.into_std())),
                mode: if metadata.is_dir() { writable | 0o111 } else { writable },
                user: 0,
                group: 0,
                room: metadata.len(), // a file that has holes is read there
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_1970_keep_their_nanoseconds() {
        let moment = SystemTime::UNIX_EPOCH - Duration::from_millis(1500);
        assert_eq!(time(moment), UnixTime { seconds: -2, nanos: 500_000_000 });
        let moment = SystemTime::UNIX_EPOCH + Duration::from_millis(1500);
        assert_eq!(time(moment), UnixTime { seconds: 1, nanos: 500_000_000 });
        for moment in [
            UnixTime { seconds: -2, nanos: 500_000_000 },
            UnixTime { seconds: 1, nanos: 1 },
            UnixTime::from_seconds(0),
        ] {
            assert_eq!(time(system_time(moment).unwrap()), moment);
        }
        let moment = SystemTime::UNIX_EPOCH - Duration::from_secs(3);
        assert_eq!(time(moment), UnixTime { seconds: -3, nanos: 0 });
    }
}
