//! Where entries stand: directories by their way from an item, files in them.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use data_encoding::HEXLOWER;
use outport_types::{CollectionPath, Name, PathError, TaskId};
use unicode_normalization::UnicodeNormalization as _;

use super::naming::Naming;
use crate::{journal::Way, orders::TransferOrders};

/// A directory that the session knows; cheap to share, gone when nothing in it is left to do.
#[derive(Clone)]
pub struct Dir(Arc<Node>);

/// A file or directory by the directory that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The directory that holds it.
    pub dir: Dir,
    /// Its name there; `None` when `dir` is [`Dir::above`]: then it is the item itself.
    pub name: Option<Name>,
    /// How its name at the destination comes from that.
    pub naming: Naming,
}

/// The same place in every session of a task: a hash of the item and the way from it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key(pub [u8; 16]);

/// A name of the source, as far as it is remembered to tell whether it was there.
///
/// One half is a hash of the form in which disks that take several names for one compare them, the
/// other of the name itself. Two names that share both are both taken to be there, which keeps what
/// could go and never takes what must stay.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NameHash(u64);

impl NameHash {
    /// The hash of a name.
    pub fn of(name: &Name) -> Self {
        let text = name.text();
        let folded = match text.is_ascii() {
            true => text.to_ascii_lowercase(),
            false => text.nfd().flat_map(char::to_lowercase).collect(),
        };
        // Some disks drop these at the end of a name.
        let folded = folded.trim_end_matches(['.', ' ']);
        Self(short_hash(folded.as_bytes()) << 32 | short_hash(name.as_bytes()))
    }

    /// Whether the name is among `names`, which ascend.
    pub fn is_among(self, names: &[Self]) -> bool {
        names.binary_search(&self).is_ok()
    }

    /// Whether some disk could take the name for one of `names`, which ascend.
    pub fn may_be_among(self, names: &[Self]) -> bool {
        let first = names.partition_point(|name| name.0 >> 32 < self.0 >> 32);
        names.get(first).is_some_and(|name| name.0 >> 32 == self.0 >> 32)
    }
}

fn short_hash(bytes: &[u8]) -> u64 {
    let hash = blake3::hash(bytes);
    hash.as_bytes().iter().take(4).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

struct Node {
    /// The entry that announced it; for what stands above an item a number of its own.
    id: DirId,
    item: u32,
    parent: Option<Dir>,
    name: Option<Name>,
    /// How its name at the destination comes from that, once it is another one.
    naming: OnceLock<Naming>,
    key: Key,
    names: usize,
    bytes: usize,
}

/// Which directory it is, within one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DirId {
    /// Whatever holds an item.
    Above(u32),
    /// An item that is a directory, or a directory below one, by the number of its entry.
    Entry(u64),
}

impl Dir {
    /// What holds the item: the parent of its path.
    pub fn above(item: u32) -> Self {
        let key = Key::above(item);
        let id = DirId::Above(item);
        Self(Arc::new(Node {
            id,
            item,
            parent: None,
            name: None,
            naming: OnceLock::new(),
            key,
            names: 0,
            bytes: 0,
        }))
    }

    /// The directory at `place`, announced by the entry of that number.
    ///
    /// # Errors
    /// When the way is longer than a path may be.
    pub fn at(place: &Place, entry: u64) -> Result<Self, PathError> {
        let above = &place.dir.0;
        if !place.fits() {
            return Err(PathError::TooLong);
        }
        let (names, bytes) = place.length();
        Ok(Self(Arc::new(Node {
            id: DirId::Entry(entry),
            item: above.item,
            parent: Some(place.dir.clone()),
            name: place.name.clone(),
            naming: OnceLock::new(),
            key: place.key(),
            names,
            bytes,
        })))
    }

    /// Which one it is, in this session.
    pub fn id(&self) -> DirId {
        self.0.id
    }

    /// The number of the item that it belongs to.
    pub fn item(&self) -> u32 {
        self.0.item
    }

    /// Where it stands itself; `None` for what holds an item.
    pub fn place(&self) -> Option<Place> {
        let parent = self.0.parent.clone()?;
        Some(Place { dir: parent, name: self.0.name.clone(), naming: self.naming() })
    }

    /// The names from the item down to it; empty for the item itself and what holds it.
    pub fn names(&self) -> Vec<Name> {
        let mut names = Vec::with_capacity(self.0.names);
        let mut dir = Some(self);
        while let Some(Self(node)) = dir {
            names.extend(node.name.clone());
            dir = node.parent.as_ref();
        }
        names.reverse();
        names
    }

    /// The same names as they are at the destination.
    pub fn local_names(&self) -> Vec<Name> {
        let mut names = Vec::with_capacity(self.0.names);
        let mut dir = Some(self);
        while let Some(Self(node)) = dir {
            names.extend(node.name.as_ref().map(|name| dir_naming(node).of(name)));
            dir = node.parent.as_ref();
        }
        names.reverse();
        names
    }

    /// How its name at the destination comes from its own.
    pub fn naming(&self) -> Naming {
        dir_naming(&self.0)
    }

    /// Says how its name at the destination comes from its own: once, before anything in it is
    /// looked at.
    pub(crate) fn rename(&self, naming: Naming) {
        let _ = self.0.naming.set(naming); // the first answer stays
    }

    /// Whether it or something that it is in has another name at the destination.
    pub(crate) fn is_renamed(&self) -> bool {
        let mut dir = Some(self);
        while let Some(Self(node)) = dir {
            if !dir_naming(node).is_own() {
                return true;
            }
            dir = node.parent.as_ref();
        }
        false
    }

    /// The item and the names, as the journal has them.
    pub fn way(&self) -> Way {
        Way { item: self.item(), names: self.names() }
    }

    /// The item and the names as they are at the destination.
    pub fn local_way(&self) -> Way {
        Way { item: self.item(), names: self.local_names() }
    }

    /// The same directory in every session of the task.
    pub fn key(&self) -> Key {
        self.0.key
    }
}

impl Place {
    /// The item itself.
    pub fn item(item: u32) -> Self {
        Self { dir: Dir::above(item), name: None, naming: Naming::OWN }
    }

    /// The same place in every session of the task.
    pub fn key(&self) -> Key {
        self.dir.key().below(self.name.as_ref())
    }

    /// Whether the way from the item is short enough for a path.
    pub fn fits(&self) -> bool {
        let (names, bytes) = self.length();
        names <= WAY_NAMES_MAX && bytes <= WAY_BYTES_MAX
    }

    fn length(&self) -> (usize, usize) {
        let above = &self.dir.0;
        match &self.name {
            Some(name) => (above.names + 1, above.bytes + name.as_bytes().len() + 1),
            None => (0, 0),
        }
    }

    /// The names from the item down; empty for the item itself.
    pub fn names(&self) -> Vec<Name> {
        let mut names = self.dir.names();
        names.extend(self.name.clone());
        names
    }

    /// The item and the names, as the journal has them.
    pub fn way(&self) -> Way {
        Way { item: self.dir.item(), names: self.names() }
    }

    /// The same names as they are at the destination.
    pub fn local_names(&self) -> Vec<Name> {
        let mut names = self.dir.local_names();
        names.extend(self.name.as_ref().map(|name| self.naming.of(name)));
        names
    }

    /// Its name at the destination, where an item is called `item`.
    pub fn local_name(&self, item: &Name) -> Name {
        self.naming.of(self.name.as_ref().unwrap_or(item))
    }

    /// Its path at the source; `None` when it would be longer than a path may be.
    pub fn source(&self, orders: &TransferOrders) -> Option<CollectionPath> {
        let item = orders.items.get(self.dir.item() as usize)?;
        below(&item.source, self.names())
    }

    /// Its path at the destination; `None` when it would be longer than a path may be.
    pub fn destination(&self, orders: &TransferOrders) -> Option<CollectionPath> {
        let item = &orders.items.get(self.dir.item() as usize)?.destination;
        match (&self.name, item.file_name()) {
            (None, Some(name)) if !self.naming.is_own() => {
                item.parent()?.join(&self.naming.of(name)).ok()
            }
            _ => below(item, self.local_names()),
        }
    }
}

impl Key {
    /// The key of what holds an item.
    pub(crate) fn above(item: u32) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&item.to_le_bytes());
        finish(&hasher)
    }

    /// The key of an item, or of what stands below it.
    pub(crate) fn of_way(item: u32, names: &[Name]) -> Self {
        let item = Self::above(item).below(None);
        names.iter().fold(item, |key, name| key.below(Some(name)))
    }

    fn below(self, name: Option<&Name>) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0);
        if let Some(name) = name {
            hasher.update(name.as_bytes());
        }
        finish(&hasher)
    }
}

fn dir_naming(node: &Node) -> Naming {
    node.naming.get().copied().unwrap_or_default()
}

impl PartialEq for Dir {
    fn eq(&self, other: &Self) -> bool {
        (self.0.id, self.0.key) == (other.0.id, other.0.key)
    }
}

impl Eq for Dir {}

impl Drop for Node {
    /// Deep trees are taken apart in a loop: each level would need a call frame otherwise.
    fn drop(&mut self) {
        let mut parent = self.parent.take();
        while let Some(Dir(node)) = parent {
            parent = Arc::into_inner(node).and_then(|mut node| node.parent.take());
        }
    }
}

impl fmt::Debug for Dir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dir({:?}, item {}", self.0.id, self.0.item)?;
        self.names().iter().try_for_each(|name| write!(f, "/{name}"))?;
        f.write_str(")")
    }
}

/// The path of what stands `names` below `path`.
pub fn below(path: &CollectionPath, names: Vec<Name>) -> Option<CollectionPath> {
    let mut all = path.names().to_vec();
    all.extend(names);
    CollectionPath::from_names(all).ok()
}

/// The name under which a file is written until it is whole, beside its final name.
///
/// It depends on the task and the place alone, so that a later session finds it again, and no two
/// files of a task share one even if both come to stand at the same destination.
pub fn temp_name(prefix: &str, key: &Key) -> Name {
    let name = format!("{prefix}{}", HEXLOWER.encode(&key.0[..12]));
    Name::from_bytes(name.into_bytes()).expect("prefix and hex digits are a name")
}

/// What all temporary names of one task begin with.
pub fn temp_prefix(task: TaskId) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("outport 2025 temporary prefix");
    hasher.update(task.as_bytes());
    format!("{RESERVED_PREFIX}{}", HEXLOWER.encode(&hasher.finalize().as_bytes()[..4]))
}

/// Whether a name is reserved for unfinished files: never listed, sent, or deleted as an extra.
pub fn is_reserved(name: &[u8]) -> bool {
    // Case does not matter: it does not to the disks of some systems.
    name.get(..RESERVED_PREFIX.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(RESERVED_PREFIX.as_bytes()))
}

/// Whether a name is that of a directory with what a transfer moved away; case does not matter.
pub fn is_trash(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(TRASH_NAME.as_bytes())
}

/// The directory at the destination of an item that holds what a transfer moved away. Transfers that
/// remove extras neither send nor remove anything of this name.
pub const TRASH_NAME: &str = ".outport-trash";

/// What the names of unfinished files begin with; 8 hex digits for the task and 24 for the place follow.
pub const RESERVED_PREFIX: &str = ".outport-part-";

fn finish(hasher: &blake3::Hasher) -> Key {
    let mut key = [0; 16];
    key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    Key(key)
}

/// As deep as a collection path goes.
pub(crate) const WAY_NAMES_MAX: usize = 2000;
/// Leaves room for the item's own path within the longest collection path.
const WAY_BYTES_MAX: usize = 30 * 1024;
