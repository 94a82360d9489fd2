//! The states and events that hub, agents and screens speak of.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "specta", derive(specta::Type))]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every value, in the order in which they are declared.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word that documents and stores use.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The value behind a word.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.word() == word)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }
    )+};
}

words! {
    /// What kind of work a task is.
    TaskKind {
        /// Files copied from one collection to another.
        Transfer = "TRANSFER",
        /// Files deleted from a collection.
        Delete = "DELETE",
    }

    /// Whether a task still goes on, and how it ended.
    TaskStatus {
        /// Queued, waiting, paused or running; see [`NiceStatus`] for which.
        Active = "ACTIVE",
        /// Everything asked for is done.
        Succeeded = "SUCCEEDED",
        /// Cancelled, expired or given up.
        Failed = "FAILED",
    }

    /// Why an active task stands where it stands.
    NiceStatus {
        /// It runs.
        Ok = "OK",
        /// It waits for its turn.
        Queued = "QUEUED",
        /// An endpoint is not connected to the hub.
        NotConnected = "GC_NOT_CONNECTED",
        /// An endpoint is paused by its owner.
        Paused = "GC_PAUSED",
        /// The two agents cannot reach each other.
        ConnectFailed = "CONNECT_FAILED",
        /// A path is refused.
        PermissionDenied = "PERMISSION_DENIED",
        /// An agent reports a fault and tries again.
        EndpointError = "ENDPOINT_ERROR",
        /// The destination has no room.
        Quota = "QUOTA_EXCEEDED",
        /// An administrator paused it.
        PausedByAdmin = "PAUSED_BY_ADMIN",
    }

    /// What happened to a task.
    EventCode {
        /// The session began.
        Started = "STARTED",
        /// The session goes on over a better route.
        RouteChanged = "ROUTE_CHANGED",
        /// Work is going on; the details say how much.
        Progress = "PROGRESS",
        /// The task is done.
        Succeeded = "SUCCEEDED",
        /// The task failed for good.
        Failed = "FAILED",
        /// Somebody cancelled the task.
        Canceled = "CANCELED",
        /// The deadline passed.
        Expired = "EXPIRED",
        /// An owner paused an endpoint.
        Paused = "PAUSED_BY_OWNER",
        /// The endpoint was resumed.
        Unpaused = "UNPAUSED",
        /// An endpoint went away; its work waits.
        NotConnected = "GC_NOT_CONNECTED",
        /// An endpoint came back.
        Connected = "GC_CONNECTED",
        /// The agents found no route to each other.
        ConnectFailed = "CONNECT_FAILED",
        /// The link between the agents broke.
        ConnectionBroken = "CONNECTION_BROKEN",
        /// Rules or file permissions refuse a path.
        PermissionDenied = "PERMISSION_DENIED",
        /// A source path does not exist.
        FileNotFound = "FILE_NOT_FOUND",
        /// A file changed while it was read.
        FileChanged = "FILE_SIZE_CHANGED",
        /// A digest did not agree; the range is sent again.
        ChecksumMismatch = "VERIFY_CHECKSUM",
        /// The destination has no room.
        Quota = "QUOTA_EXCEEDED",
        /// A name cannot exist at the destination.
        NameNotRepresentable = "NAME_NOT_REPRESENTABLE",
        /// Something got another name at the destination than it has at the source.
        Renamed = "RENAMED",
        /// A file does not have all extended attributes at the destination that it has at the source.
        AttributesNotKept = "ATTRIBUTES_NOT_KEPT",
        /// A name that is one file with others at the source is a file of its own at the destination.
        HardLinksNotKept = "HARD_LINKS_NOT_KEPT",
        /// A directory stands where a file comes, or the other way round.
        WrongType = "WRONG_TYPE",
        /// Any other fault that an agent reports.
        EndpointError = "ENDPOINT_ERROR",
        /// Links or special files were left out.
        Skipped = "SKIPPED",
    }

    /// How a link travels.
    Route {
        /// Both sides are one agent.
        Local = "local",
        /// Straight, inside one network.
        Lan = "lan",
        /// Straight, through the addresses that the hub sees.
        Direct = "direct",
        /// Straight, over TCP.
        Tcp = "tcp",
        /// UDP through the relay.
        Relay = "relay",
        /// TCP through the relay.
        Tunnel = "tunnel",
    }

    /// When an existing destination file is copied again.
    SyncLevel {
        /// Never.
        Exists = "exists",
        /// When the sizes differ.
        Size = "size",
        /// When the source is newer or the sizes differ.
        Mtime = "mtime",
        /// When the contents differ.
        Checksum = "checksum",
    }

    /// What a filter rule looks at.
    FilterKind {
        /// Whatever is no directory.
        File = "file",
        /// Directories; one that is left out takes with it all that it holds.
        Dir = "dir",
    }

    /// What becomes of a file whose place is taken by another one.
    Conflict {
        /// It takes the place.
        Overwrite = "overwrite",
        /// It is not copied.
        Skip = "skip",
        /// It takes the place if it is newer.
        Newer = "newer",
        /// It gets a free name beside the one that is there.
        Rename = "rename",
    }

    /// How a checksum that somebody gave for a file was computed.
    ChecksumAlgorithm {
        /// 128 bits; it tells damage, and no intent.
        Md5 = "MD5",
        /// 160 bits; it tells damage, and no intent.
        Sha1 = "SHA1",
        /// 256 bits.
        Sha256 = "SHA256",
        /// 512 bits.
        Sha512 = "SHA512",
    }

    /// What becomes of a name that cannot be at the destination, or is another one there.
    Names {
        /// What has it is not copied, and the task fails.
        Fail = "fail",
        /// What has it gets another name.
        Rename = "rename",
    }

    /// What becomes of what stands at the destination and not at the source.
    Extras {
        /// It stays.
        Stay = "stay",
        /// It is deleted.
        Delete = "delete",
        /// It is moved to a dated folder in `.outport-trash` at the destination.
        Trash = "trash",
    }

    /// What a transfer is asked for.
    #[derive(Default)]
    Purpose {
        /// To move files.
        #[default]
        Transfer = "transfer",
        /// To tell what it would do, and to do nothing of it.
        Preview = "preview",
        /// To tell how the two sides differ; it needs no right to write.
        Check = "check",
    }

    /// How something that stands at one side or both differs. Journals have the order of this list.
    Finding {
        /// It stands at the source only.
        New = "new",
        /// Something else stands in its place.
        Different = "different",
        /// Something else stands in its place and keeps it, because the task says so.
        Kept = "kept",
        /// It stands at the destination only.
        Extra = "extra",
    }

    /// What becomes of symbolic links below an item.
    Symlinks {
        /// They are left out, counted and listed.
        Skip = "skip",
        /// They are made at the destination, with the same text.
        Keep = "keep",
        /// What they lead to is copied, where that is inside the folders and no loop.
        Follow = "follow",
    }

    /// What an agent is doing, as its owner sees it.
    AgentState {
        /// It does not reach its hub.
        Offline = "offline",
        /// It tries to reach its hub.
        Connecting = "connecting",
        /// It is connected and idle.
        Online = "online",
        /// It is connected and moves files.
        Transferring = "transferring",
        /// Its owner paused it.
        Paused = "paused",
        /// It needs its owner: signed out, removed, a bad config.
        Attention = "attention",
    }
}

impl Route {
    /// Whether it leads through a relay.
    pub const fn is_relayed(self) -> bool {
        match self {
            Self::Relay | Self::Tunnel => true,
            Self::Local | Self::Lan | Self::Direct | Self::Tcp => false,
        }
    }

    /// Whether content itself goes in packets of QUIC, so that their round trips and losses are its own.
    pub const fn is_quic(self) -> bool {
        match self {
            Self::Lan | Self::Direct | Self::Relay => true,
            Self::Local | Self::Tcp | Self::Tunnel => false,
        }
    }
}

impl SyncLevel {
    /// The number that the public API uses.
    pub const fn number(self) -> u8 {
        match self {
            Self::Exists => 0,
            Self::Size => 1,
            Self::Mtime => 2,
            Self::Checksum => 3,
        }
    }

    /// The level behind the number that the public API uses.
    pub const fn from_number(number: u64) -> Option<Self> {
        match number {
            0 => Some(Self::Exists),
            1 => Some(Self::Size),
            2 => Some(Self::Mtime),
            3 => Some(Self::Checksum),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for code in EventCode::ALL {
            assert_eq!(EventCode::from_word(code.word()), Some(*code));
            assert_eq!(serde_json::to_value(code).unwrap(), code.word());
        }
        assert_eq!(TaskStatus::from_word("INACTIVE"), None);
    }
}
