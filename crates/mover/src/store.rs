//! The small set of things that a session does to a disk, behind a seam.
//!
//! Every method works on names in open directories, which the [resolver](crate::resolver) gave, and
//! blocks the thread that calls it.
//! [`Disk`] is the real thing; tests put something in its place that is full, slow, or forgets.

mod attributes;
mod holes;
mod sync;

use std::{
    fmt,
    fs::{File, FileTimes},
    io,
};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::OpenOptions;
use outport_protocol::{
    control::FileKind,
    session::{Attribute, Attributes, LinkTarget, receiver::Finish},
};
use outport_types::{Name, UnixTime};

pub(crate) use self::{
    holes::{is_zeros, map as map_holes, write_sparse},
    sync::{open_directory, sync_directory},
};
use crate::{
    refused::Refused,
    resolver::{Directory, OpenFile, never_wait},
    stat::{Stat, system_time},
    system_path::name_to_host,
};

/// What a session does to a disk.
///
/// The methods are the real ones, so that something else says only what is different.
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// Opens a regular file to read it.
    ///
    /// # Errors
    /// When it is no regular file, denied, or cannot be opened.
    fn open(&self, directory: &Directory, name: &Name) -> Result<OpenFile, Refused> {
        directory.open_file(name)
    }

    /// Reads from `offset` on until the buffer is full or the file ends.
    ///
    /// # Errors
    /// When the disk fails.
    fn read_at(&self, file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match system::read_at(file, &mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(bytes) => filled += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    /// Makes the file of this reserved name anew, to be written and read: whatever had the name is
    /// removed, and nothing else can be what is opened.
    ///
    /// # Errors
    /// When it cannot be made.
    fn create(&self, directory: &Directory, name: &Name) -> Result<File, Refused> {
        let host = name_to_host(name);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).follow(FollowSymlinks::No);
        system::private(&mut options);
        for _ in 0..CREATE_TRIES {
            match directory.dir().open_with(&host, &options) {
                Ok(file) => return Ok(file.into_std()),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    self.remove(directory, name)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refused::Exists)
    }

    /// Opens a file of a reserved name again, to be read and, if `write` says so, written.
    ///
    /// # Errors
    /// When it is no regular file or cannot be opened.
    fn reopen(&self, directory: &Directory, name: &Name, write: bool) -> Result<File, Refused> {
        let mut options = OpenOptions::new();
        options.read(true).write(write).follow(FollowSymlinks::No);
        never_wait(&mut options);
        let open = |options: &OpenOptions| directory.dir().open_with(name_to_host(name), options);
        let file = match open(&options) {
            // It has the permissions of its source already, which may forbid even its owner to write.
            Err(error) if write && error.kind() == io::ErrorKind::PermissionDenied => {
                let file = open(options.clone().write(false))?.into_std();
                if Stat::of_open(&file)?.kind != FileKind::File {
                    return Err(Refused::Special);
                }
                system::set_mode(&file, 0o600, true)?;
                open(&options)?
            }
            opened => opened?,
        };
        let file = file.into_std();
        match Stat::of_open(&file)?.kind {
            FileKind::File => Ok(file),
            FileKind::Dir | FileKind::Link | FileKind::Special => Err(Refused::Special),
        }
    }

    /// What stands at a name, links not followed; `None` when nothing does.
    ///
    /// # Errors
    /// When it cannot be said.
    fn stat(&self, directory: &Directory, name: &Name) -> Result<Option<Stat>, Refused> {
        match directory.dir().symlink_metadata(name_to_host(name)) {
            Ok(found) => Ok(Some(Stat::new(&found))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Refused::of_name(error)),
        }
    }

    /// Plans room for a file of `size` bytes where the file system can.
    ///
    /// # Errors
    /// When it says that there is no room.
    fn reserve(&self, file: &File, size: u64) -> io::Result<()> {
        system::reserve(file, size)
    }

    /// Writes all bytes at `offset`.
    ///
    /// # Errors
    /// When the disk fails or is full.
    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut written = 0;
        while written < bytes.len() {
            match system::write_at(file, &bytes[written..], offset + written as u64) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(bytes) => written += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether what this file's disk tells of its holes can be believed; else it has none.
    fn tells_holes(&self, file: &File) -> bool {
        holes::system::tells_holes(file)
    }

    /// Where content of a file begins, at or behind a place; `None` when there is none up to its end.
    ///
    /// # Errors
    /// When the disk fails.
    fn next_data(&self, file: &File, from: u64) -> io::Result<Option<u64>> {
        holes::system::next_data(file, from)
    }

    /// Where a hole of a file begins, at or behind a place where there is content.
    ///
    /// # Errors
    /// When the disk fails.
    fn next_hole(&self, file: &File, from: u64) -> io::Result<u64> {
        holes::system::next_hole(file, from)
    }

    /// Makes part of a file zeros, without room on the disk where that can be; its size stays.
    ///
    /// # Errors
    /// When the disk fails.
    fn zero(&self, file: &File, offset: u64, bytes: u64) -> io::Result<()> {
        if 0 < bytes && !holes::system::punch(file, offset, bytes)? {
            holes::overwrite(&Disk, file, offset..offset.saturating_add(bytes))?;
        }
        Ok(())
    }

    /// The extended attributes of a file.
    fn attributes(&self, file: &File) -> Attributes {
        attributes::read(file)
    }

    /// Gives a file these extended attributes and no others; the names of those that it cannot have.
    ///
    /// # Errors
    /// When the disk fails.
    fn give_attributes(&self, file: &File, wanted: &[Attribute]) -> io::Result<Vec<Vec<u8>>> {
        attributes::give(file, wanted)
    }

    /// Gives a finished file its size, permissions and time, and says what it is then.
    ///
    /// # Errors
    /// When the disk fails.
    fn finish(&self, file: &File, finish: &Finish) -> io::Result<Stat> {
        system::set_mode(file, finish.mode, finish.exact)?;
        let set_time = || match finish.mtime.and_then(system_time) {
            Some(modified) => file.set_times(FileTimes::new().set_modified(modified)),
            None => Ok(()),
        };
        set_time()?;
        let stat = Stat::of_open(file)?;
        if stat.size == finish.size {
            return Ok(stat);
        }
        // Seldom: an earlier, longer version was written to it.
        file.set_len(finish.size)?;
        set_time()?;
        Stat::of_open(file)
    }

    /// Gives a directory its permissions and time. Its owner keeps all rights in it.
    ///
    /// # Errors
    /// When the disk fails, or the directory is somebody else's.
    fn finish_directory(
        &self,
        directory: &Directory,
        mode: Option<u32>,
        modified: Option<UnixTime>,
    ) -> io::Result<()> {
        if let Some(mode) = mode {
            system::set_directory_mode(directory.dir(), mode)?;
        }
        match modified {
            Some(modified) => system::set_directory_time(directory.dir(), modified),
            None => Ok(()),
        }
    }

    /// What a link says; `None` when that is no text that a link can have elsewhere.
    ///
    /// # Errors
    /// When it is no link, or cannot be read.
    fn read_link(&self, directory: &Directory, name: &Name) -> io::Result<Option<LinkTarget>> {
        let target = directory.dir().read_link_contents(name_to_host(name))?;
        Ok(system::link_text(target).and_then(LinkTarget::new))
    }

    /// Makes a link.
    ///
    /// # Errors
    /// When something has the name, or the system makes no links.
    fn make_link(
        &self,
        directory: &Directory,
        name: &Name,
        target: &LinkTarget,
    ) -> Result<(), Refused> {
        system::make_link(directory.dir(), &name_to_host(name), target).map_err(Refused::of_name)
    }

    /// Gives a file another name, where nothing has that name; never what a link leads to.
    ///
    /// # Errors
    /// When something has the name, or the disk does not give such names.
    fn hard_link(
        &self,
        (from, name): (&Directory, &Name),
        (to, other): (&Directory, &Name),
    ) -> io::Result<()> {
        from.dir().hard_link(name_to_host(name), to.dir(), name_to_host(other))
    }

    /// Brings the content of a file to the disk for good.
    ///
    /// # Errors
    /// When the disk fails.
    fn sync_file(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    /// Whether a file system answers a read through the handle that wrote with the same as one through
    /// any other. Those that ask another computer or program may do so only when a file is opened.
    fn shows_all_handles_the_same(&self, on_it: &File) -> bool {
        sync::is_local(on_it)
    }

    /// Whether a file system plans room faster than it can be written. One that lies in memory takes
    /// it page by page, and holds up the content that could be on its way.
    fn plans_room(&self, on_it: &File) -> bool {
        !sync::is_memory(on_it)
    }

    /// Brings everything on a file's file system to the disk for good: one call for many files.
    /// `None` where the system cannot promise that, and each file must be synced by itself.
    fn sync_file_system(&self, on_it: &File) -> Option<io::Result<()>> {
        sync::sync_file_system(on_it)
    }

    /// Brings the names in a directory to the disk for good.
    ///
    /// # Errors
    /// When the disk fails.
    fn sync_directory(&self, directory: &Directory) -> io::Result<()> {
        sync_directory(directory.dir())
    }

    /// Gives a finished file its final name, where nothing has that name.
    ///
    /// # Errors
    /// [`Refused::Exists`] when something has it, or a name that the disk takes for the same;
    /// another when the disk fails.
    fn place_new(&self, directory: &Directory, temp: &Name, name: &Name) -> Result<(), Refused> {
        rename_new(directory, temp, name)
    }

    /// Gives a finished file its final name, in the place of what has that name.
    ///
    /// # Errors
    /// When a directory has that name, or the disk fails.
    fn place(&self, directory: &Directory, temp: &Name, name: &Name) -> Result<(), Refused> {
        let dir = directory.dir();
        dir.rename(name_to_host(temp), dir, name_to_host(name)).map_err(Refused::of_name)
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// When something stands there, or the disk fails.
    fn make_directory(&self, directory: &Directory, name: &Name) -> Result<(), Refused> {
        directory.dir().create_dir(name_to_host(name)).map_err(Refused::of_name)
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// When it is not empty, or the disk fails.
    fn remove_directory(&self, directory: &Directory, name: &Name) -> Result<(), Refused> {
        Ok(directory.dir().remove_dir(name_to_host(name))?)
    }

    /// Removes a file of a reserved name, or a link.
    ///
    /// # Errors
    /// When the disk fails; that it was not there is fine.
    fn remove(&self, directory: &Directory, name: &Name) -> Result<(), Refused> {
        match directory.dir().remove_file(name_to_host(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// One call that looks and renames, so that nothing comes in between.
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn rename_new(directory: &Directory, old: &Name, new: &Name) -> Result<(), Refused> {
    use rustix::{fs::RenameFlags, io::Errno};
    let dir = directory.dir();
    let (from, to) = (name_to_host(old), name_to_host(new));
    match rustix::fs::renameat_with(dir, &from, dir, &to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        // Some file systems and old kernels lack the flag.
        Err(error) if [Errno::INVAL, Errno::NOSYS, Errno::NOTSUP].contains(&error) => {
            look_and_rename(directory, old, new)
        }
        Err(error) => Err(Refused::of_name(error.into())),
    }
}

#[cfg(windows)]
fn rename_new(directory: &Directory, old: &Name, new: &Name) -> Result<(), Refused> {
    use crate::system_path::to_host;
    let physical = directory.physical();
    let host = |name| {
        let path = physical.join(name).map_err(|_| Refused::NotFound)?;
        to_host(&path).map_err(Refused::BadName)
    };
    let mut from = tempfile::TempPath::try_from_path(host(old)?)?;
    from.disable_cleanup(true);
    let placed = from.persist_noclobber(host(new)?);
    placed.map_err(|failed| Refused::of_name(failed.error))
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple", windows)))]
fn rename_new(directory: &Directory, old: &Name, new: &Name) -> Result<(), Refused> {
    look_and_rename(directory, old, new)
}

/// The next best where the system has no such call.
#[cfg(unix)]
fn look_and_rename(directory: &Directory, old: &Name, new: &Name) -> Result<(), Refused> {
    let dir = directory.dir();
    match dir.symlink_metadata(name_to_host(new)) {
        Ok(_) => Err(Refused::Exists),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            dir.rename(name_to_host(old), dir, name_to_host(new)).map_err(Refused::of_name)
        }
        Err(error) => Err(error.into()),
    }
}

/// A name that comes back more often than this is somebody's on purpose.
const CREATE_TRIES: usize = 4;

/// The disks of this computer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Store for Disk {}

#[cfg(unix)]
mod system {
    use std::{fs::File, io, os::unix::fs::FileExt as _, sync::OnceLock};

    use std::{ffi::OsString, os::unix::ffi::OsStringExt as _, path::PathBuf};

    use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
    use outport_protocol::session::LinkTarget;
    use outport_types::UnixTime;
    use rustix::fs::{AtFlags, Mode, RawMode, Timespec, Timestamps, UTIME_OMIT};

    pub(super) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        file.read_at(buffer, offset)
    }

    pub(super) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
        file.write_at(bytes, offset)
    }

    /// Nobody else reads what is not whole yet.
    pub(super) fn private(options: &mut OpenOptions) {
        options.mode(0o600);
    }

    /// What the source has, unless `exact` less what this computer's user takes away from new
    /// files; never what would let others act as that user.
    pub(super) fn set_mode(file: &File, mode: u32, exact: bool) -> io::Result<()> {
        static UMASK: OnceLock<Mode> = OnceLock::new();
        let umask = *UMASK.get_or_init(|| {
            let umask = rustix::process::umask(Mode::RWXG | Mode::RWXO);
            rustix::process::umask(umask);
            umask
        });
        let mode = Mode::from_raw_mode((mode & 0o777) as RawMode);
        Ok(rustix::fs::fchmod(file, if exact { mode } else { mode.difference(umask) })?)
    }

    /// The bits that make new entries belong to a group, and those that keep others from removing
    /// them, are this computer's own: what the directory has of them stays.
    pub(super) fn set_directory_mode(dir: &Dir, mode: u32) -> io::Result<()> {
        let own = rustix::fs::statat(dir, c".", AtFlags::empty())?.st_mode as RawMode & 0o7000;
        let mode = Mode::from_raw_mode((mode & 0o777 | 0o700) as RawMode | own);
        Ok(rustix::fs::chmodat(dir, c".", mode, AtFlags::empty())?)
    }

    pub(super) fn set_directory_time(dir: &Dir, modified: UnixTime) -> io::Result<()> {
        let times = Timestamps {
            last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
            last_modification: Timespec {
                tv_sec: modified.seconds,
                tv_nsec: modified.nanos.into(),
            },
        };
        Ok(rustix::fs::utimensat(dir, c".", &times, AtFlags::empty())?)
    }

    pub(super) fn link_text(target: PathBuf) -> Option<Vec<u8>> {
        Some(target.into_os_string().into_vec())
    }

    pub(super) fn make_link(dir: &Dir, name: &OsString, target: &LinkTarget) -> io::Result<()> {
        Ok(rustix::fs::symlinkat(target.as_bytes(), dir, name)?)
    }

    #[cfg(target_os = "linux")]
    pub(super) fn reserve(file: &File, size: u64) -> io::Result<()> {
        use rustix::{fs::FallocateFlags, io::Errno};
        loop {
            return match rustix::fs::fallocate(file, FallocateFlags::KEEP_SIZE, 0, size) {
                Err(Errno::INTR) => continue,
                Err(error @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG)) => Err(error.into()),
                // A file system that cannot plan is as good without.
                Ok(()) | Err(_) => Ok(()),
            };
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn reserve(_: &File, _: u64) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(windows)]
mod system {
    use std::{fs::File, io, os::windows::fs::FileExt as _};

    use std::{ffi::OsStr, path::PathBuf};

    use cap_fs_ext::{DirExt as _, SystemTimeSpec};
    use cap_std::{
        fs::{Dir, OpenOptions},
        time::SystemTime,
    };
    use outport_protocol::session::LinkTarget;
    use outport_types::UnixTime;

    pub(super) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match file.seek_read(buffer, offset) {
            // Reading past the end is an error there.
            Err(error) if error.raw_os_error() == Some(ERROR_HANDLE_EOF) => Ok(0),
            other => other,
        }
    }

    pub(super) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
        file.seek_write(bytes, offset)
    }

    pub(super) fn private(_: &mut OpenOptions) {}

    pub(super) fn set_mode(_: &File, _: u32, _: bool) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn set_directory_mode(_: &Dir, _: u32) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn set_directory_time(dir: &Dir, modified: UnixTime) -> io::Result<()> {
        let Some(modified) = crate::stat::system_time(modified) else {
            return Ok(());
        };
        let modified = SystemTimeSpec::Absolute(SystemTime::from_std(modified));
        dir.set_mtime(".", modified)
    }

    pub(super) fn link_text(target: PathBuf) -> Option<Vec<u8>> {
        Some(target.into_os_string().into_string().ok()?.replace('\\', "/").into_bytes())
    }

    /// A link there is one to a file or one to a directory, and needs a right that few have.
    pub(super) fn make_link(_: &Dir, _: &OsStr, _: &LinkTarget) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn reserve(_: &File, _: u64) -> io::Result<()> {
        Ok(())
    }

    const ERROR_HANDLE_EOF: i32 = 38;
}
