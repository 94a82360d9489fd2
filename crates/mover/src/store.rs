//! The small set of things that a session does to a disk.

mod sync;

pub(crate) use self::sync::sync_directory;
