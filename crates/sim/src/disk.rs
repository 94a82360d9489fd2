//! A disk that forgets whatever was not flushed.
//!
//! It is as forgetful as POSIX allows, and more so than any real file system: after a crash
//! a file that was not flushed holds any mixture of old, new and no content, and of the names that were
//! made, renamed or removed in a directory since it was flushed, any part may be gone.
//! A rename is one change: it is there in full or not at all.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use outport_protocol::session::Attribute;
use outport_types::{Name, UnixTime};

/// Number of a file or directory on a disk.
pub type Ino = u64;

/// The number of the topmost directory.
pub const ROOT: Ino = 1;

/// A disk with one tree.
#[derive(Clone, Debug)]
pub struct Disk {
    nodes: BTreeMap<Ino, Node>,
    next: Ino,
    /// Bytes that files may have in all; `None` is no limit.
    pub room: Option<u64>,
    /// Counts changes, so that an observer knows when to look again.
    pub changes: u64,
    /// Files that nothing may ever write to.
    pub precious: BTreeSet<Ino>,
    /// What somebody did that must never be done.
    pub crime: Option<String>,
}

#[derive(Clone, Debug)]
enum Node {
    File(File),
    Dir(Dir),
    Link(Vec<u8>),
}

/// A file's content as programs see it, and as it was flushed last.
#[derive(Clone, Debug)]
struct File {
    data: Arc<Vec<u8>>,
    durable: Arc<Vec<u8>>,
    mtime: UnixTime,
    durable_mtime: UnixTime,
    attributes: Vec<Attribute>,
    durable_attributes: Vec<Attribute>,
    clean: bool,
}

/// The names are shared between copies of a disk: an observer makes one at every step.
#[derive(Clone, Debug, Default)]
struct Dir {
    entries: Arc<BTreeMap<Name, Ino>>,
    durable: Arc<BTreeMap<Name, Ino>>,
    /// Changes since the last flush; each is there in full or not at all.
    pending: Vec<Vec<(Name, Option<Ino>)>>,
    mtime: UnixTime,
    durable_mtime: UnixTime,
}

/// What stands at a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stands {
    /// A file of that many bytes.
    File {
        /// Its number.
        ino: Ino,
        /// Its size.
        size: u64,
        /// When it changed.
        mtime: UnixTime,
    },
    /// A directory.
    Dir(Ino),
    /// A symbolic link.
    Link,
}

/// Why the disk refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing stands there.
    #[error("not found")]
    NotFound,
    /// A directory stands there, or should.
    #[error("wrong kind")]
    WrongKind,
    /// There is no room.
    #[error("no space")]
    NoSpace,
}

impl Default for Disk {
    fn default() -> Self {
        let nodes = BTreeMap::from([(ROOT, Node::Dir(Dir::default()))]);
        Self {
            nodes,
            next: ROOT + 1,
            room: None,
            changes: 0,
            precious: BTreeSet::new(),
            crime: None,
        }
    }
}

impl Disk {
    /// What stands at `name` in a directory.
    pub fn at(&self, dir: Ino, name: &Name) -> Option<Stands> {
        let ino = *self.dir(dir)?.entries.get(name)?;
        self.stands(ino)
    }

    /// What a number is.
    pub fn stands(&self, ino: Ino) -> Option<Stands> {
        Some(match self.nodes.get(&ino)? {
            Node::File(file) => {
                Stands::File { ino, size: file.data.len() as u64, mtime: file.mtime }
            }
            Node::Dir(_) => Stands::Dir(ino),
            Node::Link(_) => Stands::Link,
        })
    }

    /// The directory at the end of a way from the root.
    pub fn walk(&self, names: &[Name]) -> Option<Ino> {
        names.iter().try_fold(ROOT, |dir, name| match self.at(dir, name)? {
            Stands::Dir(ino) => Some(ino),
            Stands::File { .. } | Stands::Link => None,
        })
    }

    /// The names in a directory.
    pub fn names(&self, dir: Ino) -> Vec<Name> {
        self.dir(dir).map(|dir| dir.entries.keys().cloned().collect()).unwrap_or_default()
    }

    /// Names that may appear in a directory after a crash, or stand there now.
    pub fn possible_names(&self, dir: Ino) -> BTreeSet<Name> {
        let Some(dir) = self.dir(dir) else { return BTreeSet::new() };
        let pending = dir.pending.iter().flatten().filter(|(_, ino)| ino.is_some());
        let pending = pending.map(|(name, _)| name.clone());
        dir.entries.keys().chain(dir.durable.keys()).cloned().chain(pending).collect()
    }

    /// What may stand at a name after a crash, or stands there now.
    pub fn possible(&self, dir: Ino, name: &Name) -> BTreeSet<Ino> {
        let Some(dir) = self.dir(dir) else { return BTreeSet::new() };
        let stands = [dir.entries.get(name), dir.durable.get(name)].into_iter().flatten().copied();
        let pending = dir.pending.iter().flatten().filter(|(changed, _)| changed == name);
        stands.chain(pending.filter_map(|(_, ino)| *ino)).collect()
    }

    /// The content of a file.
    pub fn data(&self, ino: Ino) -> Option<Arc<Vec<u8>>> {
        match self.nodes.get(&ino)? {
            Node::File(file) => Some(file.data.clone()),
            Node::Dir(_) | Node::Link(_) => None,
        }
    }

    /// Whether a file is on the disk for good as it is now.
    pub fn is_durable(&self, ino: Ino) -> bool {
        matches!(self.nodes.get(&ino), Some(Node::File(file)) if file.clean)
    }

    /// Whether a name stands for the same thing after whatever crash.
    pub fn is_name_durable(&self, dir: Ino, name: &Name) -> bool {
        self.dir(dir).is_some_and(|dir| {
            let pending = dir.pending.iter().flatten().any(|(changed, _)| changed == name);
            !pending && dir.entries.get(name) == dir.durable.get(name)
        })
    }

    /// Makes a directory.
    pub fn mkdir(&mut self, parent: Ino, name: &Name) -> Ino {
        let ino = self.add(Node::Dir(Dir::default()));
        self.change(parent, vec![(name.clone(), Some(ino))]);
        ino
    }

    /// Makes a symbolic link.
    pub fn symlink(&mut self, parent: Ino, name: &Name, target: &[u8]) {
        let ino = self.add(Node::Link(target.to_vec()));
        self.change(parent, vec![(name.clone(), Some(ino))]);
    }

    /// Makes an empty file under a name, in place of whatever has that name.
    pub fn create(&mut self, parent: Ino, name: &Name, now: UnixTime) -> Ino {
        let empty = Arc::new(Vec::new());
        let ino = self.add(Node::File(File {
            data: empty.clone(),
            durable: empty,
            mtime: now,
            durable_mtime: now,
            attributes: Vec::new(),
            durable_attributes: Vec::new(),
            clean: false,
        }));
        self.change(parent, vec![(name.clone(), Some(ino))]);
        ino
    }

    /// How many names a file has.
    pub fn names_of(&self, ino: Ino) -> usize {
        let names = self.nodes.values().filter_map(Node::entries).flatten();
        names.filter(|named| *named == ino).count()
    }

    /// Gives a file another name in the same disk.
    pub fn hard_link(&mut self, parent: Ino, name: &Name, ino: Ino) {
        self.change(parent, vec![(name.clone(), Some(ino))]);
    }

    /// Removes a name.
    pub fn remove(&mut self, parent: Ino, name: &Name) {
        self.change(parent, vec![(name.clone(), None)]);
    }

    /// Renames within a directory, replacing what stands there unless it is a directory.
    pub fn rename(&mut self, parent: Ino, from: &Name, to: &Name) -> Result<(), Refused> {
        let dir = self.dir(parent).ok_or(Refused::NotFound)?;
        let ino = *dir.entries.get(from).ok_or(Refused::NotFound)?;
        if let Some(Stands::Dir(_)) = self.at(parent, to) {
            return Err(Refused::WrongKind);
        }
        self.change(parent, vec![(from.clone(), None), (to.clone(), Some(ino))]);
        Ok(())
    }

    /// Writes into a file.
    pub fn write(
        &mut self,
        ino: Ino,
        offset: u64,
        bytes: &[u8],
        now: UnixTime,
    ) -> Result<(), Refused> {
        let used: u64 = self.used();
        self.guard(ino);
        let room = self.room;
        let Some(Node::File(file)) = self.nodes.get_mut(&ino) else {
            return Err(Refused::NotFound);
        };
        let end = offset as usize + bytes.len();
        let grows = end.saturating_sub(file.data.len()) as u64;
        if room.is_some_and(|room| room < used + grows) && 0 < grows {
            return Err(Refused::NoSpace);
        }
        let data = Arc::make_mut(&mut file.data);
        if data.len() < end {
            data.resize(end, 0);
        }
        data[offset as usize..end].copy_from_slice(bytes);
        file.mtime = now;
        file.clean = false;
        self.changes += 1;
        Ok(())
    }

    /// Makes what a file has of a range zeros.
    pub fn punch(&mut self, ino: Ino, offset: u64, bytes: u64, now: UnixTime) {
        self.guard(ino);
        if let Some(Node::File(file)) = self.nodes.get_mut(&ino) {
            let end = file.data.len().min((offset + bytes) as usize);
            let start = end.min(offset as usize);
            Arc::make_mut(&mut file.data)[start..end].fill(0);
            file.mtime = now;
            file.clean = false;
        }
        self.changes += 1;
    }

    /// Cuts or extends a file.
    pub fn set_size(&mut self, ino: Ino, size: u64) {
        self.guard(ino);
        if let Some(Node::File(file)) = self.nodes.get_mut(&ino)
            && file.data.len() as u64 != size
        {
            Arc::make_mut(&mut file.data).resize(size as usize, 0);
            file.clean = false;
        }
        self.changes += 1;
    }

    /// Sets a file's modification time.
    pub fn set_mtime(&mut self, ino: Ino, mtime: UnixTime) {
        if let Some(Node::File(file)) = self.nodes.get_mut(&ino) {
            file.clean &= file.mtime == mtime;
            file.mtime = mtime;
        }
        self.changes += 1;
    }

    /// Gives a file extended attributes.
    pub fn set_attributes(&mut self, ino: Ino, attributes: &[Attribute]) {
        if let Some(Node::File(file)) = self.nodes.get_mut(&ino) {
            file.clean &= file.attributes == attributes;
            file.attributes = attributes.to_vec();
        }
        self.changes += 1;
    }

    /// The extended attributes of a file.
    pub fn attributes(&self, ino: Ino) -> &[Attribute] {
        match self.nodes.get(&ino) {
            Some(Node::File(file)) => &file.attributes,
            Some(Node::Dir(_) | Node::Link(_)) | None => &[],
        }
    }

    /// What a link says.
    pub fn link(&self, dir: Ino, name: &Name) -> Option<&[u8]> {
        match self.nodes.get(self.dir(dir)?.entries.get(name)?)? {
            Node::Link(target) => Some(target),
            Node::File(_) | Node::Dir(_) => None,
        }
    }

    /// When the names of a directory changed.
    pub fn dir_mtime(&self, dir: Ino) -> Option<UnixTime> {
        self.dir(dir).map(|dir| dir.mtime)
    }

    /// Sets a directory's modification time.
    pub fn set_dir_mtime(&mut self, ino: Ino, mtime: UnixTime) {
        if let Some(Node::Dir(dir)) = self.nodes.get_mut(&ino) {
            dir.mtime = mtime;
        }
        self.changes += 1;
    }

    /// Flushes a file: its content and its time.
    pub fn sync_file(&mut self, ino: Ino) {
        if let Some(Node::File(file)) = self.nodes.get_mut(&ino) {
            file.durable = file.data.clone();
            file.durable_mtime = file.mtime;
            file.durable_attributes = file.attributes.clone();
            file.clean = true;
        }
        self.changes += 1;
    }

    /// Flushes a directory: the names in it.
    pub fn sync_dir(&mut self, ino: Ino) {
        if let Some(Node::Dir(dir)) = self.nodes.get_mut(&ino) {
            dir.durable = dir.entries.clone();
            dir.durable_mtime = dir.mtime;
            dir.pending.clear();
        }
        self.changes += 1;
    }

    /// Flushes everything.
    pub fn sync_all(&mut self) {
        for ino in self.nodes.keys().copied().collect::<Vec<_>>() {
            self.sync_file(ino);
            self.sync_dir(ino);
        }
    }

    /// Forgets what was not flushed, or only part of it, as chance wills.
    pub fn crash(&mut self, rng: &mut fastrand::Rng) {
        for node in self.nodes.values_mut() {
            match node {
                Node::File(file) => file.crash(rng),
                Node::Dir(dir) => dir.crash(rng),
                Node::Link(_) => {}
            }
        }
        self.changes += 1;
    }

    /// Loses what of a file was not flushed, as a flush that fails may.
    pub fn tear(&mut self, ino: Ino, rng: &mut fastrand::Rng) {
        if let Some(Node::File(file)) = self.nodes.get_mut(&ino) {
            file.crash(rng);
        }
    }

    /// Turns a bit of a file, as a failing disk does.
    pub fn rot(&mut self, ino: Ino, at: u64) {
        if let Some(Node::File(file)) = self.nodes.get_mut(&ino)
            && let Some(byte) = Arc::make_mut(&mut file.data).get_mut(at as usize)
        {
            *byte ^= 1;
        }
    }

    fn guard(&mut self, ino: Ino) {
        if self.precious.contains(&ino) {
            self.crime = Some(format!("a write to file {ino}, which is none of the session's"));
        }
    }

    fn used(&self) -> u64 {
        if self.room.is_none() {
            return 0;
        }
        let live: BTreeSet<Ino> = self.nodes.values().filter_map(Node::entries).flatten().collect();
        let size = |ino| self.data(ino).map_or(0, |data| data.len() as u64);
        live.into_iter().map(size).sum()
    }

    fn add(&mut self, node: Node) -> Ino {
        self.next += 1;
        self.nodes.insert(self.next, node);
        self.next
    }

    fn change(&mut self, parent: Ino, change: Vec<(Name, Option<Ino>)>) {
        if let Some(Node::Dir(dir)) = self.nodes.get_mut(&parent) {
            apply(Arc::make_mut(&mut dir.entries), &change);
            dir.pending.push(change);
            // No directory of a source has such a time.
            dir.mtime = UnixTime::from_seconds(5_000_000_000 + self.changes as i64);
        }
        self.changes += 1;
    }

    fn dir(&self, ino: Ino) -> Option<&Dir> {
        match self.nodes.get(&ino)? {
            Node::Dir(dir) => Some(dir),
            Node::File(_) | Node::Link(_) => None,
        }
    }
}

impl Node {
    fn entries(&self) -> Option<Vec<Ino>> {
        match self {
            Self::Dir(dir) => Some(dir.entries.values().copied().collect()),
            Self::File(_) | Self::Link(_) => None,
        }
    }
}

impl File {
    fn crash(&mut self, rng: &mut fastrand::Rng) {
        if self.clean {
            return;
        }
        let (old, new) = (self.durable.clone(), self.data.clone());
        self.data = match rng.u8(..4) {
            0 => old.clone(),
            1 => new.clone(),
            _ => {
                // The size may be ahead of the content: what was never written reads as zeros.
                let (least, most) = (old.len().min(new.len()), old.len().max(new.len()));
                let size = if rng.bool() { new.len() } else { rng.usize(least..=most) };
                let mut torn = vec![0; size];
                for (at, sector) in torn.chunks_mut(SECTOR).enumerate() {
                    let old = old.get(at * SECTOR..).unwrap_or_default();
                    let new = new.get(at * SECTOR..).unwrap_or_default();
                    let written = rng.bool();
                    for (at, byte) in sector.iter_mut().enumerate() {
                        let (old, new) = (old.get(at), new.get(at));
                        *byte = *if written { new.or(old) } else { old }.unwrap_or(&0);
                    }
                }
                Arc::new(torn)
            }
        };
        if rng.bool() {
            self.mtime = self.durable_mtime;
        }
        if rng.bool() {
            self.attributes = self.durable_attributes.clone();
        }
        self.durable_attributes = self.attributes.clone();
        self.durable = self.data.clone();
        self.durable_mtime = self.mtime;
        self.clean = true;
    }
}

impl Dir {
    fn crash(&mut self, rng: &mut fastrand::Rng) {
        if self.mtime != self.durable_mtime {
            self.mtime = if rng.bool() { self.mtime } else { self.durable_mtime };
            self.durable_mtime = self.mtime;
        }
        if self.pending.is_empty() {
            return;
        }
        let pending = std::mem::take(&mut self.pending);
        self.entries = self.durable.clone();
        // A journalling file system loses the last changes; another one any of them.
        let prefix = rng.bool().then(|| rng.usize(..=pending.len()));
        for (at, change) in pending.into_iter().enumerate() {
            let kept = match prefix {
                Some(prefix) => at < prefix,
                None => rng.bool(),
            };
            if kept {
                apply(Arc::make_mut(&mut self.entries), &change);
            }
        }
        self.durable = self.entries.clone();
    }
}

fn apply(entries: &mut BTreeMap<Name, Ino>, change: &[(Name, Option<Ino>)]) {
    for (name, ino) in change {
        match ino {
            Some(ino) => entries.insert(name.clone(), *ino),
            None => entries.remove(name),
        };
    }
}

/// What a disk writes at once.
const SECTOR: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::from_bytes(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_was_flushed_survives_every_crash() {
        for seed in 0..200 {
            let mut rng = fastrand::Rng::with_seed(seed);
            let mut disk = Disk::default();
            let ino = disk.create(ROOT, &name("a"), UnixTime::default());
            disk.write(ino, 0, &[7; 3000], UnixTime::default()).unwrap();
            disk.sync_file(ino);
            disk.sync_dir(ROOT);
            disk.crash(&mut rng);
            assert!(matches!(disk.at(ROOT, &name("a")), Some(Stands::File { size: 3000, .. })));
            assert_eq!(*disk.data(ino).unwrap(), [7; 3000]);
        }
    }

    #[test]
    fn what_was_not_flushed_is_lost_in_some_crash() {
        let (mut lost_name, mut lost_content, mut torn) = (false, false, false);
        for seed in 0..200 {
            let mut rng = fastrand::Rng::with_seed(seed);
            let mut disk = Disk::default();
            let ino = disk.create(ROOT, &name("a"), UnixTime::default());
            disk.write(ino, 0, &[7; 3000], UnixTime::default()).unwrap();
            disk.crash(&mut rng);
            lost_name |= disk.at(ROOT, &name("a")).is_none();
            let data = disk.data(ino).unwrap();
            lost_content |= data.is_empty();
            torn |= data.contains(&0) && data.contains(&7);
        }
        assert!(lost_name && lost_content && torn);
    }

    #[test]
    fn a_rename_is_there_in_full_or_not_at_all() {
        for seed in 0..200 {
            let mut rng = fastrand::Rng::with_seed(seed);
            let mut disk = Disk::default();
            let ino = disk.create(ROOT, &name("a"), UnixTime::default());
            disk.sync_file(ino);
            disk.sync_dir(ROOT);
            disk.rename(ROOT, &name("a"), &name("b")).unwrap();
            disk.crash(&mut rng);
            let found = [name("a"), name("b")].map(|name| disk.at(ROOT, &name).is_some());
            assert!(matches!(found, [true, false] | [false, true]));
        }
    }
}
