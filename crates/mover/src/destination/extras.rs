//! What stands at the destination and not at the source: found, kept in a file without a name, and
//! removed or moved away at the end.
//!
//! Nothing is removed by its path alone. From the item down each directory is opened anew and no link
//! is followed, and what is removed must be the very thing that was found. What the filter hides, what
//! is mounted from elsewhere and what an earlier transfer moved away stays, wherever it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, BufReader, BufWriter, Read as _, Seek as _, Write as _},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use outport_protocol::{
    control::FileKind,
    journal::Way,
    session::{
        Dir, EffectId, FileStamp, NameHash, TRASH_NAME, is_trash,
        receiver::{ExtraLeft, ReceiverEvent},
        temp_prefix,
    },
};
use outport_types::{CollectionPath, Extras, Filter, FilterKind, Name, UnixTime};

use super::{Destination, lock, spelling::Spellings};
use crate::{
    ops::{DeleteTree, DeleteWatch, Deleted, Spared, TreeFault, is_mounted, move_place},
    refused::Refused,
    resolver::{Directory, Place, Right},
    stat::{FileId, Stat, time as unix_time},
};

/// What was found and is still there.
#[derive(Debug, Default)]
pub(super) enum Kept {
    #[default]
    Nothing,
    Finding(BufWriter<File>),
    Removing(BufReader<File>),
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Extra {
    pub(super) entry: Way,
    /// What changed since may be something else: numbers of files are given again.
    stamp: FileStamp,
    pub(super) is_directory: bool,
    /// When it was found, by the clock of its disk.
    found: UnixTime,
}

/// What one portion came to.
struct Portion<'a> {
    destination: &'a Destination,
    time: UnixTime,
    /// The rules of the orders, read once.
    filter: Arc<Filter>,
    /// What is removed now.
    entry: Way,
    /// How many names the path of its directory has.
    above_names: usize,
    removed: u64,
    left: Vec<ExtraLeft>,
    /// Directories that something went from or to, with the times that they had.
    touched: BTreeMap<FileId, (Directory, UnixTime)>,
}

impl Destination {
    /// Keeps what stands in a directory under none of these names.
    pub(super) fn find_extras(&self, dir: &Dir, names: &[NameHash]) -> Result<u64, Refused> {
        if self.checks() {
            return self.find_all(dir, names);
        }
        let way = dir.local_way();
        let top = match self.own_top(way.item) {
            // Told once, where the item itself is searched.
            Err(Refused::DestinationLink) if !way.names.is_empty() => return Ok(0),
            top => top?,
        };
        let directory = self.dirs.directory(dir)?;
        let physical = outport_protocol::session::below(&top.physical(), way.names.clone());
        // What a link of the destination leads to is not the item's to clean up.
        let is_own = Some(directory.physical()) == physical;
        if !is_own || way.names.iter().any(|name| is_trash(name.as_bytes())) {
            return Ok(0);
        }
        // An empty directory of the source is often nothing but the place for a drive.
        if is_mounted(&top, &directory) {
            return Ok(0);
        }
        // What is only told needs no time, and asking for it would leave a trace.
        let moment = if self.looks() { LATE } else { clock_of(&directory) };
        let may_go = |name: &Name| directory.allow(name, Right::Delete).is_ok();
        self.keep_others(&way, &directory, names, moment, may_go)
    }

    /// Keeps what stands in a directory under none of these names, and is asked for; says how much.
    pub(super) fn keep_others(
        &self,
        way: &Way,
        directory: &Directory,
        names: &[NameHash],
        moment: UnixTime,
        is_asked_for: impl Fn(&Name) -> bool,
    ) -> Result<u64, Refused> {
        let filter = Filter::new(&self.dirs.orders().options.filters);
        let mut spellings = Spellings::default();
        let (mut count, mut records) = (0, Vec::new());
        for entry in directory.entries()? {
            self.unless_stopped()?;
            let name = entry?.name;
            let hash = NameHash::of(&name);
            if hash.is_among(names) || !is_asked_for(&name) {
                continue;
            }
            if hash.may_be_among(names)
                && spellings.may_be_another(&*self.store, directory, &name)?
            {
                continue;
            }
            let Some(stat) = shown(directory, &name, &filter)? else { continue };
            let mut entry = way.clone();
            entry.names.push(name);
            Extra::new(entry, &stat, moment).encode(&mut records);
            count += 1;
            if RECORDS_BYTES_MAX < records.len() {
                lock(&self.extras).keep(&std::mem::take(&mut records))?;
            }
        }
        lock(&self.extras).keep(&records)?;
        Ok(count)
    }

    /// Removes some of what was found.
    pub(super) fn remove_extras(&self, id: EffectId, time: UnixTime) -> ReceiverEvent {
        let mut portion = Portion {
            destination: self,
            time,
            filter: Arc::new(Filter::new(&self.dirs.orders().options.filters)),
            entry: Way { item: 0, names: Vec::new() },
            above_names: 0,
            removed: 0,
            left: Vec::new(),
            touched: BTreeMap::new(),
        };
        let more = match self.unless_items_nest() {
            Ok(()) => portion.run(),
            Err(refused) => {
                portion.tell(true, &refused);
                false
            }
        };
        portion.settle();
        ReceiverEvent::ExtrasRemoved { id, removed: portion.removed, left: portion.left, more }
    }

    /// The directory of an item; a link in its place is refused.
    pub(super) fn own_top(&self, item: u32) -> Result<Directory, Refused> {
        let path = self.dirs.item(&Dir::above(item))?;
        match self.resolver().place(path, Right::Write) {
            Ok(place) => {
                let top = self.own_child(place.directory(), place.name());
                top.map_err(|refused| refused.or_if_no_directory(Refused::DestinationLink))
            }
            // What the owner opened is what it is.
            Err(Refused::FolderItself) => self.resolver().directory(path, Right::Write),
            Err(refused) => Err(refused),
        }
    }

    pub(super) fn own_child(&self, parent: &Directory, name: &Name) -> Result<Directory, Refused> {
        self.resolver().child_nofollow(parent, name, Right::Write)
    }

    /// Whether a directory holds anything that stays where it is, however deep. Each directory is
    /// opened anew from the top, so that neither width nor depth takes handles.
    pub(super) fn holds_spared(&self, place: &Place, spared: &Spared) -> Result<bool, Refused> {
        let top = self.own_child(place.directory(), place.name())?;
        if is_mounted(place.directory(), &top) {
            return Err(Refused::OtherDisk);
        }
        // Where in the way each of the names that are still to be searched stands.
        let (mut way, mut todo) = (Vec::new(), Vec::new());
        let mut directory = top.clone();
        loop {
            if is_mounted(&top, &directory) {
                return Err(Refused::OtherDisk);
            }
            if directory.reserved_names()?.iter().any(|name| spared.is_on_its_way(name)) {
                return Ok(true);
            }
            for entry in directory.entries()? {
                self.unless_stopped()?;
                let name = entry?.name;
                let stat = match directory.stat(&name) {
                    Err(Refused::NotFound) => continue,
                    stat => stat?,
                };
                if spared.hides(&name, &stat) {
                    return Ok(true);
                }
                spared.unless_later(&stat)?;
                if stat.kind == FileKind::Dir {
                    todo.push((way.len(), name));
                }
            }
            directory = loop {
                let Some((depth, name)) = todo.pop() else { return Ok(false) };
                way.truncate(depth);
                way.push(name);
                let mut down = way.iter();
                let below = down.try_fold(top.clone(), |above, name| self.own_child(&above, name));
                match below.map_err(|refused| refused.or_if_no_directory(Refused::NotFound)) {
                    // What went since is nothing to move.
                    Err(Refused::NotFound) => {}
                    below => break below?,
                }
            };
        }
    }

    /// What one item brings must be no extra of another: by where they really are.
    pub(super) fn unless_items_nest(&self) -> Result<(), Refused> {
        let items = &self.dirs.orders().items;
        if items.len() < 2 {
            return Ok(());
        }
        // What was passed on the way to one tells its place, and so does the path: a folder of its
        // own is reached without passing what it is in.
        let (mut tops, mut above) = (BTreeSet::new(), BTreeSet::new());
        let (mut paths, mut paths_above) = (BTreeSet::new(), BTreeSet::new());
        let up = |path: &CollectionPath| path.parent();
        for item in items {
            match self.resolver().directory(&item.destination, Right::Write) {
                Ok(top) => {
                    above.extend(top.above());
                    tops.insert(top.id());
                    let path = top.physical();
                    paths_above.extend(std::iter::successors(path.parent(), up));
                    paths.insert(path);
                }
                Err(_) => {
                    let place = self.resolver().place(&item.destination, Right::Write)?;
                    above.extend(place.directory().above());
                    above.insert(place.directory().id());
                    let path = place.directory().physical();
                    paths_above.extend(std::iter::successors(Some(path), up));
                }
            }
        }
        if !above.is_disjoint(&tops) || !paths_above.is_disjoint(&paths) {
            return Err(Refused::ItemInside);
        }
        Ok(())
    }
}

impl Refused {
    /// Another reason, where something else than a directory stands.
    pub(super) fn or_if_no_directory(self, other: Self) -> Self {
        if matches!(self, Self::NotADirectory) { other } else { self }
    }
}

impl Portion<'_> {
    /// Removes until the time is over; `true` when there is more.
    fn run(&mut self) -> bool {
        let until = Instant::now() + PORTION_TIME;
        while self.left.len() < LEFT_MAX && Instant::now() < until {
            if self.destination.stop.is_cancelled() {
                return true;
            }
            // One by one: nothing else waits while something is removed.
            let next = lock(&self.destination.extras).next();
            match next {
                Ok(Some(extra)) => match self.remove(&extra) {
                    // What went by itself is gone as well.
                    Ok(()) | Err(Refused::NotFound | Refused::Stopped) => {}
                    Err(refused) => self.tell(extra.is_directory, &refused),
                },
                Ok(None) => return false,
                Err(error) => {
                    self.tell(true, &error.into());
                    return false;
                }
            }
        }
        true
    }

    fn remove(&mut self, extra: &Extra) -> Result<(), Refused> {
        self.entry = extra.entry.clone();
        let destination = self.destination;
        let (name, above) = extra.entry.names.split_last().ok_or(Refused::NotFound)?;
        let top = destination.own_top(extra.entry.item)?;
        let parent = above
            .iter()
            .try_fold(top.clone(), |parent, name| destination.own_child(&parent, name))
            // Something else stands there now than what was searched.
            .map_err(|refused| refused.or_if_no_directory(Refused::NotFound))?;
        if is_mounted(&top, &parent) {
            return Err(Refused::OtherDisk);
        }
        parent.allow(name, Right::Delete)?;
        if parent.stat(name)?.stamp() != extra.stamp {
            return Err(Refused::NotFound);
        }
        let options = &destination.dirs.orders().options;
        let spared = Spared {
            filter: Arc::clone(&self.filter),
            own_prefix: temp_prefix(destination.task),
            found: extra.found,
        };
        self.touch(&parent)?;
        self.above_names = parent.asked().names().len();
        let place = parent.place(name.clone());
        match options.extras {
            Extras::Stay => Ok(()),
            Extras::Delete => {
                DeleteTree::new(destination.resolver(), true, true).sparing(spared).at(&place, self)
            }
            Extras::Trash => {
                if extra.is_directory && destination.holds_spared(&place, &spared)? {
                    return Ok(());
                }
                let folder = self.trash(&top, above)?;
                self.touch(&folder)?;
                let to = folder.place(free_name(&folder, name)?);
                move_place(destination.resolver(), &place, &to)?;
                self.removed += 1;
                Ok(())
            }
        }
    }

    /// Where things of one directory go to, made if need be; no link is followed.
    fn trash(&mut self, top: &Directory, above: &[Name]) -> Result<Directory, Refused> {
        let destination = self.destination;
        let date: String = self.time.to_string().chars().take(10).collect();
        let task: String = destination.task.to_string().chars().take(8).collect();
        let own = [TRASH_NAME.to_owned(), format!("{date}-{task}")];
        let own = own.into_iter().map(|name| Name::from_bytes(name.into_bytes()));
        let own = own.collect::<Result<Vec<_>, _>>().map_err(|_| Refused::NotFound)?;
        own.iter().chain(above).try_fold(top.clone(), |parent, name| {
            parent.allow(name, Right::Write)?;
            if !parent.is_taken(name) {
                // Its time is remembered before something new changes it.
                self.touch(&parent)?;
            }
            match destination.store.make_directory(&parent, name) {
                Ok(()) => destination.store.sync_directory(&parent)?,
                Err(Refused::Exists) => {}
                Err(refused) => return Err(refused),
            }
            destination.own_child(&parent, name)
        })
    }

    fn touch(&mut self, directory: &Directory) -> Result<(), Refused> {
        if TOUCHED_MAX <= self.touched.len() && !self.touched.contains_key(&directory.id()) {
            self.settle();
        }
        if let std::collections::btree_map::Entry::Vacant(slot) = self.touched.entry(directory.id())
        {
            let before = Stat::new(&directory.dir().dir_metadata()?).modified;
            slot.insert((directory.clone(), before));
        }
        Ok(())
    }

    /// Gives the directories that something went from their times back, and flushes them.
    fn settle(&mut self) {
        for (directory, before) in std::mem::take(&mut self.touched).into_values() {
            let store = &self.destination.store;
            let modified = self.destination.dirs.orders().options.preserve_times.then_some(before);
            let dated = store.finish_directory(&directory, None, modified);
            match dated.and_then(|()| store.sync_directory(&directory)) {
                Ok(()) => {}
                // It was somebody else's, or is gone itself by now: what was removed is.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => self.tell(true, &error.into()),
            }
        }
    }

    fn tell(&mut self, is_directory: bool, refused: &Refused) {
        let entry = self.entry.clone();
        self.left.push(ExtraLeft { entry, is_directory, fault: refused.fault() });
    }
}

impl DeleteWatch for Portion<'_> {
    fn deleted(&mut self, _: Deleted) {
        self.removed += 1;
    }

    fn fault(&mut self, fault: TreeFault) {
        let mut entry = self.entry.clone();
        entry.names.extend(fault.path.names().iter().skip(self.above_names + 1).cloned());
        let (is_directory, fault) = (fault.is_directory, fault.refused.fault());
        if self.left.len() < LEFT_MAX {
            self.left.push(ExtraLeft { entry, is_directory, fault });
        }
    }

    fn stopped(&self) -> bool {
        self.destination.stop.is_cancelled()
    }
}

impl Kept {
    pub(super) fn keep(&mut self, records: &[u8]) -> io::Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        if let Self::Nothing = self {
            *self = Self::Finding(BufWriter::new(tempfile::tempfile()?));
        }
        match self {
            Self::Finding(file) => file.write_all(records),
            // All was found before the first was removed.
            Self::Nothing | Self::Removing(_) => Ok(()),
        }
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Extra>> {
        if let Self::Finding(_) = self
            && let Self::Finding(file) = std::mem::take(self)
        {
            let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.rewind()?;
            *self = Self::Removing(BufReader::new(file));
        }
        match self {
            Self::Removing(file) => Extra::read(file),
            Self::Nothing | Self::Finding(_) => Ok(None),
        }
    }
}

impl Extra {
    pub(super) fn new(entry: Way, stat: &Stat, found: UnixTime) -> Self {
        Self { entry, stamp: stat.stamp(), is_directory: stat.kind == FileKind::Dir, found }
    }

    pub(super) fn encode(&self, into: &mut Vec<u8>) {
        let FileStamp { device, inode, size, mtime } = self.stamp;
        into.extend(device.to_le_bytes());
        into.extend(inode.to_le_bytes());
        into.extend(size.to_le_bytes());
        into.extend(mtime.seconds.to_le_bytes());
        into.extend(mtime.nanos.to_le_bytes());
        into.extend(self.found.seconds.to_le_bytes());
        into.extend(self.found.nanos.to_le_bytes());
        into.push(u8::from(self.is_directory));
        into.extend(self.entry.item.to_le_bytes());
        into.extend((self.entry.names.len() as u64).to_le_bytes());
        for name in &self.entry.names {
            into.extend((name.as_bytes().len() as u64).to_le_bytes());
            into.extend(name.as_bytes());
        }
    }

    fn read(file: &mut BufReader<File>) -> io::Result<Option<Self>> {
        let mut device = [0; 8];
        match file.read_exact(&mut device) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let device = u64::from_le_bytes(device);
        let (inode, size) = (number(file)?, number(file)?);
        let (mtime, found) = (moment(file)?, moment(file)?);
        let mut fixed = [0; 5];
        file.read_exact(&mut fixed)?;
        let [is_directory, item @ ..] = fixed;
        let names = (0..number(file)?).map(|_| {
            let bytes = number(file)?;
            let mut name = Vec::new();
            file.take(bytes).read_to_end(&mut name)?;
            Name::from_bytes(name).map_err(io::Error::other)
        });
        let names = names.collect::<io::Result<Vec<_>>>()?;
        let entry = Way { item: u32::from_le_bytes(item), names };
        let stamp = FileStamp { device, inode, size, mtime };
        Ok(Some(Self { entry, stamp, is_directory: is_directory != 0, found }))
    }
}

fn number(file: &mut BufReader<File>) -> io::Result<u64> {
    let mut number = [0; 8];
    file.read_exact(&mut number)?;
    Ok(u64::from_le_bytes(number))
}

fn moment(file: &mut BufReader<File>) -> io::Result<UnixTime> {
    let seconds = number(file)?.cast_signed();
    let mut nanos = [0; 4];
    file.read_exact(&mut nanos)?;
    Ok(UnixTime { seconds, nanos: u32::from_le_bytes(nanos) })
}

/// What time it is for the disk of a directory: a network disk has its own clock.
fn clock_of(directory: &Directory) -> UnixTime {
    let changed = || Some(Stat::new(&directory.dir().dir_metadata().ok()?).changed);
    let before = changed();
    let here = SystemTime::now().checked_sub(CLOCK_DIFFERENCE).map(unix_time).unwrap_or_default();
    let after = if mark(directory).is_ok() { changed() } else { None };
    // A disk that does not say when something changed says what it said before.
    after.filter(|after| here <= *after || before != Some(*after)).unwrap_or(here)
}

/// Makes a disk say what time it is: the directory was read now, and nothing else changes.
#[cfg(unix)]
fn mark(directory: &Directory) -> io::Result<()> {
    use rustix::fs::{AtFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, utimensat};
    let times = Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
        last_modification: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
    };
    Ok(utimensat(directory.dir(), c".", &times, AtFlags::empty())?)
}

#[cfg(not(unix))]
fn mark(_: &Directory) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The name, or the first form of it with a number that nothing has.
fn free_name(folder: &Directory, name: &Name) -> Result<Name, Refused> {
    if !folder.is_taken(name) {
        return Ok(name.clone());
    }
    let numbered = (1..SAME_NAMES_MAX).filter_map(|number| {
        let mut bytes = name.as_bytes().to_vec();
        bytes.truncate(NUMBERED_BYTES_MAX);
        bytes.extend(format!(".{number}").into_bytes());
        Name::from_bytes(bytes).ok()
    });
    let mut free = numbered.filter(|name| !folder.is_taken(name));
    free.next().ok_or(Refused::Exists)
}

pub(super) fn kind_of(stat: &Stat) -> FilterKind {
    if stat.kind == FileKind::Dir { FilterKind::Dir } else { FilterKind::File }
}

/// What stands at a name, if the filter admits it and it is no trash.
pub(super) fn shown(
    directory: &Directory,
    name: &Name,
    filter: &Filter,
) -> Result<Option<Stat>, Refused> {
    if is_trash(name.as_bytes()) {
        return Ok(None);
    }
    match directory.stat(name) {
        Ok(stat) => Ok(filter.admits(name, kind_of(&stat)).then_some(stat)),
        Err(Refused::NotFound | Refused::NotShared) => Ok(None),
        Err(refused) => Err(refused),
    }
}

/// How long one portion takes: a pause comes between two of them.
const PORTION_TIME: Duration = Duration::from_millis(200);
/// What stays and is told, in one portion.
const LEFT_MAX: usize = 100;
/// What is found in one directory is kept in portions.
pub(super) const RECORDS_BYTES_MAX: usize = 64 * 1024;
/// The time of what is found in order to be told: after whatever changes.
pub(super) const LATE: UnixTime = UnixTime { seconds: i64::MAX, nanos: 0 };
/// How far the clock of a disk that is not asked may be behind.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(2);
/// Directories of one portion that are flushed at its end.
const TOUCHED_MAX: usize = 128;
/// How often one name can be moved away by one task.
const SAME_NAMES_MAX: u32 = 1000;
/// Leaves room for the number in the longest name that there is.
const NUMBERED_BYTES_MAX: usize = 250;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::name;

    #[test]
    fn what_was_found_is_told_again_in_full_and_once() {
        let extra = |item, names: &[&[u8]], is_directory| Extra {
            entry: Way { item, names: names.iter().map(name).collect() },
            stamp: FileStamp {
                device: u64::MAX,
                inode: 7,
                size: 1 << 40,
                mtime: UnixTime { seconds: -1, nanos: 999_999_999 },
            },
            is_directory,
            found: UnixTime { seconds: 1 << 33, nanos: 1 },
        };
        let extras = [extra(0, &[b"a"], false), extra(70_000, &[b"\xff\xfe", b"b"], true)];
        let mut kept = Kept::default();
        for extra in &extras {
            let mut record = Vec::new();
            extra.encode(&mut record);
            kept.keep(&record).unwrap();
        }
        for extra in extras {
            assert_eq!(kept.next().unwrap(), Some(extra));
        }
        assert_eq!(kept.next().unwrap(), None);
        assert_eq!(Kept::default().next().unwrap(), None);
    }
}
