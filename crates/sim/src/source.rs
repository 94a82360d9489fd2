//! The disk that is read: files that change, grow, vanish and fail while they are read.

use std::{collections::BTreeMap, sync::Arc};

use outport_protocol::session::{
    Attribute, Attributes, DirMeta, Fault, LeftKind, LinkTarget, Meta, VersionToken,
};
use outport_types::{Code, Name, UnixTime};

/// The names from the root to something.
pub type Way = Vec<Name>;

/// The disk that is read.
#[derive(Debug, Default)]
pub struct Source {
    tree: BTreeMap<Way, Node>,
    files: BTreeMap<u64, File>,
    next: u64,
    clock: i64,
    /// Whether files have holes.
    pub holes: bool,
    /// Every content that a file ever had, by where it stood.
    pub versions: BTreeMap<Way, Vec<Arc<Vec<u8>>>>,
    /// Files that were changed or removed since the beginning.
    pub edited: BTreeMap<Way, Edited>,
}

/// What became of a file since the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edited {
    /// Its content changed.
    Changed,
    /// It is gone.
    Gone,
}

/// What stands somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A directory.
    Dir,
    /// A file, by its number.
    File(u64),
    /// A link.
    Link(LinkTarget),
    /// A special file.
    Left(LeftKind),
    /// Something that cannot be read.
    Broken(Fault),
}

#[derive(Debug)]
struct File {
    data: Arc<Vec<u8>>,
    mtime: UnixTime,
    ctime: UnixTime,
}

impl Source {
    /// Puts something that is no file into the tree.
    pub fn put(&mut self, way: Way, node: Node) {
        self.tree.insert(way, node);
    }

    /// Puts a file into the tree, as a new file.
    pub fn put_file(&mut self, way: Way, data: Vec<u8>, mtime: UnixTime) {
        self.next += 1;
        let data = Arc::new(if self.holes { dug(data) } else { data });
        self.versions.entry(way.clone()).or_default().push(data.clone());
        let ctime = self.tick();
        self.files.insert(self.next, File { data, mtime, ctime });
        self.tree.insert(way, Node::File(self.next));
    }

    /// Makes something one more name of a file.
    pub fn tie(&mut self, way: &Way, ino: u64) {
        if let Some(file) = self.files.get(&ino) {
            self.versions.entry(way.clone()).or_default().push(file.data.clone());
            self.tree.insert(way.clone(), Node::File(ino));
        }
    }

    /// The names of a file.
    pub fn names_of(&self, ino: u64) -> Vec<Way> {
        let names = self.tree.iter().filter(|(_, node)| **node == Node::File(ino));
        names.map(|(way, _)| way.clone()).collect()
    }

    /// What stands somewhere.
    pub fn at(&self, way: &[Name]) -> Option<&Node> {
        self.tree.get(way)
    }

    /// The names directly below a directory, in order.
    pub fn list(&self, dir: &[Name]) -> Vec<Name> {
        let below = self.tree.range(dir.to_vec()..).skip(1);
        let below = below.take_while(|(way, _)| way.starts_with(dir));
        below
            .filter(|(way, _)| way.len() == dir.len() + 1)
            .filter_map(|(way, _)| way.last().cloned())
            .collect()
    }

    /// All files that stand now.
    pub fn all_files(&self) -> Vec<Way> {
        let files = self.tree.iter().filter(|(_, node)| matches!(node, Node::File(_)));
        files.map(|(way, _)| way.clone()).collect()
    }

    /// All directories that stand now.
    pub fn all_dirs(&self) -> Vec<Way> {
        let dirs = self.tree.iter().filter(|(_, node)| **node == Node::Dir);
        dirs.map(|(way, _)| way.clone()).collect()
    }

    /// All links that stand now, and what they say.
    pub fn all_links(&self) -> Vec<(Way, LinkTarget)> {
        let link = |(way, node): (&Way, &Node)| match node {
            Node::Link(target) => Some((way.clone(), target.clone())),
            Node::Dir | Node::File(_) | Node::Left(_) | Node::Broken(_) => None,
        };
        self.tree.iter().filter_map(link).collect()
    }

    /// What is known of a directory.
    pub fn dir_meta(way: &[Name]) -> DirMeta {
        let letters = way.iter().flat_map(Name::as_bytes).map(|byte| i64::from(*byte));
        DirMeta { mtime: UnixTime::from_seconds(1000 + letters.sum::<i64>()), mode: 0o755 }
    }

    /// What a handle of a file says.
    pub fn meta(&self, ino: u64) -> Option<Meta> {
        let file = self.files.get(&ino)?;
        let size = file.data.len() as u64;
        let token = VersionToken::of(1, ino, size, file.mtime, file.ctime);
        let sparse = self.holes && file.data.chunks(BLOCK).any(is_hole);
        Some(Meta { size, mtime: file.mtime, mode: 0o644, token, sparse })
    }

    /// The extended attributes of a file, which follow from its content.
    pub fn attributes(&self, ino: u64) -> Attributes {
        let Some(file) = self.files.get(&ino) else { return Attributes::default() };
        attributes_of(&file.data)
    }

    /// Some bytes of an open file; fewer at its end.
    pub fn read(&self, ino: u64, offset: u64, bytes: usize) -> Vec<u8> {
        let data = self.files.get(&ino).map(|file| file.data.as_slice()).unwrap_or_default();
        let rest = data.get(offset as usize..).unwrap_or_default();
        rest[..rest.len().min(bytes)].to_vec()
    }

    /// Does one thing to one file that users do; returns how large it was before.
    pub fn edit(&mut self, rng: &mut fastrand::Rng, now: UnixTime) -> usize {
        let files = self.all_files();
        let Some(way) = rng.choice(files) else { return 0 };
        let Some(Node::File(ino)) = self.tree.get(&way).cloned() else { return 0 };
        let Some(data) = self.files.get(&ino).map(|file| file.data.to_vec()) else { return 0 };
        let mut data = data;
        let mut ways = self.names_of(ino);
        let size_before = data.len() * ways.len();
        let mut edited = Edited::Changed;
        match rng.u8(..10) {
            0 => {
                self.tree.remove(&way);
                edited = Edited::Gone;
                ways = vec![way];
            }
            1..=2 => {
                // Replaced by rename, as editors do: open handles keep the old content.
                let size = rng.usize(..=data.len().max(1) * 2);
                self.put_file(way.clone(), random_bytes(rng, size), now);
                ways = vec![way];
            }
            kind => {
                match kind {
                    3..=4 if self.holes => data = dug([data, random_bytes(rng, 1500)].concat()),
                    3..=4 => data.extend(random_bytes(rng, 1500)),
                    5 => data.truncate(rng.usize(..=data.len())),
                    _ => {
                        let start = rng.usize(..=data.len());
                        data[start..].iter_mut().for_each(|byte| *byte ^= 0x55);
                    }
                }
                let data = Arc::new(data);
                let ctime = self.tick();
                if let Some(file) = self.files.get_mut(&ino) {
                    *file = File { data: data.clone(), mtime: now, ctime };
                }
                for way in &ways {
                    self.versions.entry(way.clone()).or_default().push(data.clone());
                }
            }
        }
        self.edited.extend(ways.into_iter().map(|way| (way, edited)));
        size_before
    }

    fn tick(&mut self) -> UnixTime {
        self.clock += 1;
        UnixTime::from_seconds(self.clock)
    }
}

/// The extended attributes of a file with this content.
pub fn attributes_of(data: &[u8]) -> Attributes {
    let value = data.first().map(|byte| vec![*byte]);
    Attributes::new(value.map(|value| Attribute { name: b"tag".to_vec(), value }))
}

/// The fault of something that was there a moment ago.
pub fn vanished() -> Fault {
    Fault::never(Code::NotFound, "")
}

/// The same content with holes: which, follows from it.
pub fn dug(mut data: Vec<u8>) -> Vec<u8> {
    for hole in data.chunks_mut(2 * BLOCK).skip(1) {
        if hole[0].is_multiple_of(2) {
            hole.fill(0);
        }
    }
    data
}

/// Whether a block is a hole.
pub fn is_hole(block: &[u8]) -> bool {
    block.iter().all(|byte| *byte == 0)
}

/// What a file lies in, on this disk and on the wire.
pub const BLOCK: usize = 1024;

/// Content that no two files share.
pub fn random_bytes(rng: &mut fastrand::Rng, bytes: usize) -> Vec<u8> {
    let mut data = vec![0; bytes];
    rng.fill(&mut data);
    data
}
