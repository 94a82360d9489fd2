//! Why an operation on files was not carried out.

use std::io;

use outport_protocol::session::Fault;
use outport_types::{ChecksumAlgorithm, Code, CollectionPath, Problem, Retry};

use crate::system_path::NameProblem;

/// Why something was refused or failed on the disk.
///
/// [`NotShared`](Self::NotShared) is the one answer for everything outside the folders: it never
/// tells whether anything stands there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Not in any folder, denied, or not granted.
    #[error("not accessible")]
    NotShared,
    /// In a folder that may only be read.
    #[error("read-only folder")]
    ReadOnly,
    /// A shared folder, or something that a rule of the owner names: it stays where it is.
    #[error("a rule of the owner stands on it")]
    FolderItself,
    /// Nothing stands there.
    #[error("not found")]
    NotFound,
    /// Something else than a directory.
    #[error("not a directory")]
    NotADirectory,
    /// A directory where a file was expected.
    #[error("is a directory")]
    IsADirectory,
    /// Something stands there already.
    #[error("exists already")]
    Exists,
    /// A directory that holds something.
    #[error("not empty")]
    NotEmpty,
    /// A directory would be moved into itself.
    #[error("inside itself")]
    InsideItself,
    /// A link where a transfer was to remove extras.
    #[error("a link where extras were to be removed")]
    DestinationLink,
    /// Another file system, where a removal ends.
    #[error("another file system is mounted there")]
    OtherDisk,
    /// One item of a transfer in the destination of another, from which extras were to be removed.
    #[error("an item inside another one's destination")]
    ItemInside,
    /// A device, socket or pipe.
    #[error("neither file nor directory")]
    Special,
    /// The name cannot be here.
    #[error("bad name")]
    BadName(#[source] NameProblem),
    /// No default directory is set.
    #[error("no default directory")]
    NoDefaultDirectory,
    /// A file is not what somebody said that it must be.
    #[error("another checksum")]
    Checksum {
        /// How it was computed.
        algorithm: ChecksumAlgorithm,
        /// What the file has, in hex digits.
        found: String,
        /// What it was to have.
        wanted: String,
    },
    /// Links lead in circles.
    #[error("too many links")]
    LinkLoop,
    /// More entries than one listing may have.
    #[error("too many entries")]
    ListingTooLong,
    /// Somebody stopped the operation.
    #[error("stopped")]
    Stopped,
    /// The disk or its quota is full.
    #[error("no space")]
    NoSpace(#[source] io::Error),
    /// The operating system refuses.
    #[error("permission denied")]
    Permission(#[source] io::Error),
    /// Nobody can write to the disk.
    #[error("a disk that can only be read")]
    ReadOnlyDisk(#[source] io::Error),
    /// Anything else that the system said.
    #[error("disk")]
    Disk(#[source] io::Error),
}

impl Refused {
    /// Why a call with a new name failed: the disk may not take the name, though the system does.
    pub(crate) fn of_name(error: io::Error) -> Self {
        #[expect(clippy::wildcard_enum_match_arm, reason = "io::ErrorKind is open")]
        match error.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidFilename => {
                Self::BadName(NameProblem::NotTaken)
            }
            _ if is_no_text(&error) => Self::BadName(NameProblem::NotTaken),
            _ => error.into(),
        }
    }

    /// What a person is told.
    pub fn problem(&self, path: &CollectionPath, endpoint: &str) -> Problem {
        self.fault().problem(path, endpoint)
    }

    /// The same without path and endpoint, as it crosses a link and enters a journal.
    pub fn fault(&self) -> Fault {
        let (code, reason) = match self {
            Self::NotShared => (Code::NotShared, String::new()),
            Self::ReadOnly => (Code::ReadOnly, String::new()),
            Self::FolderItself => (Code::FolderItself, String::new()),
            Self::NotFound => (Code::NotFound, String::new()),
            Self::NotADirectory => (Code::NotADirectory, String::new()),
            Self::IsADirectory => (Code::IsADirectory, String::new()),
            Self::Exists => (Code::Exists, String::new()),
            Self::NotEmpty => (Code::NotEmpty, String::new()),
            Self::InsideItself => (Code::Disk, "a directory cannot go into itself".into()),
            Self::DestinationLink => (Code::DestinationLink, String::new()),
            Self::OtherDisk => (Code::Disk, "another file system is mounted there".into()),
            Self::ItemInside => (Code::Disk, "another item of the transfer is inside".into()),
            Self::Special => (Code::SkippedKind, "special file".into()),
            Self::BadName(problem) => (Code::BadName, problem.to_string()),
            Self::NoDefaultDirectory => (Code::NoDefaultDirectory, String::new()),
            Self::Checksum { algorithm, found, wanted } => {
                (Code::ExternalChecksum, format!("{algorithm} {found}, not {wanted}"))
            }
            Self::LinkLoop => (Code::Disk, "links lead in circles".into()),
            Self::ListingTooLong => {
                (Code::ListingTooLong, crate::ops::LISTING_ENTRIES_MAX.to_string())
            }
            Self::Stopped => (Code::EndpointPaused, String::new()),
            Self::NoSpace(_) => (Code::NoSpace, String::new()),
            Self::Permission(_) => (Code::OsPermission, String::new()),
            Self::ReadOnlyDisk(_) => (Code::DiskReadOnly, String::new()),
            Self::Disk(error) => (Code::Disk, error.to_string()),
        };
        match self.retry() {
            Retry::Backoff => Fault::backoff(code, reason),
            Retry::Never => Fault::never(code, reason),
        }
    }

    /// Whether trying again later can help without anybody changing anything.
    pub fn retry(&self) -> Retry {
        match self {
            Self::NoSpace(_) | Self::Disk(_) | Self::Stopped => Retry::Backoff,
            Self::NotShared
            | Self::ReadOnly
            | Self::FolderItself
            | Self::NotFound
            | Self::NotADirectory
            | Self::IsADirectory
            | Self::Exists
            | Self::NotEmpty
            | Self::InsideItself
            | Self::DestinationLink
            | Self::OtherDisk
            | Self::ItemInside
            | Self::Special
            | Self::BadName(_)
            | Self::NoDefaultDirectory
            | Self::Checksum { .. }
            | Self::LinkLoop
            | Self::ListingTooLong
            | Self::Permission(_)
            | Self::ReadOnlyDisk(_) => Retry::Never,
        }
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        refused.fault()
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        #[expect(clippy::wildcard_enum_match_arm, reason = "io::ErrorKind is open")]
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::PermissionDenied => Self::Permission(error),
            io::ErrorKind::AlreadyExists => Self::Exists,
            io::ErrorKind::NotADirectory => Self::NotADirectory,
            io::ErrorKind::IsADirectory => Self::IsADirectory,
            io::ErrorKind::DirectoryNotEmpty => Self::NotEmpty,
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnlyDisk(error),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace(error),
            _ => Self::Disk(error),
        }
    }
}

/// Whether a disk whose names are text found that one is none.
fn is_no_text(error: &io::Error) -> bool {
    #[cfg(unix)]
    let code = Some(rustix::io::Errno::ILSEQ.raw_os_error());
    #[cfg(not(unix))]
    let code = None;
    code.is_some() && error.raw_os_error() == code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_becomes_a_problem_with_a_code() {
        let path: CollectionPath = "/data/x".parse().unwrap();
        for (kind, code) in [
            (io::ErrorKind::NotFound, Code::NotFound),
            (io::ErrorKind::PermissionDenied, Code::OsPermission),
            (io::ErrorKind::StorageFull, Code::NoSpace),
            (io::ErrorKind::QuotaExceeded, Code::NoSpace),
            (io::ErrorKind::ReadOnlyFilesystem, Code::DiskReadOnly),
            (io::ErrorKind::DirectoryNotEmpty, Code::NotEmpty),
            (io::ErrorKind::Other, Code::Disk),
        ] {
            let problem = Refused::from(io::Error::from(kind)).problem(&path, "smith#WorkPC");
            assert_eq!(problem.code, code);
            assert!(!problem.message.contains('?'), "{}", problem.message);
        }
    }
}
